"""Where on the cloth a piece may stand: zones, folds, ties and match points, as limits to its centre.

Every way in which a piece may lie gets one stand for each of the places that the rules leave it: one for each of its
zones, or for each fold that its fold side can lie on. Where nothing is asked, it stands anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from cutkit.model import Fabric, Match, OrderedPiece, Placement, Point, cos_sin_deg
from cutkit.nest.shapes import Pose, Shape, Stand

Room = tuple[float, float, float, float]
FITS = 1e-9
"""A piece may exceed the usable width by this part of it: rounding, not cloth."""
SLACK_MM = 1e-6
"""How far limits may cross for rounding."""


@dataclass(frozen=True)
class Cloth:
    """The cloth as far as it tells where pieces may stand, and within how much of its length a garment has to lie."""

    fabric: Fabric
    span_mm: float | None = None

    def stands(self, piece: OrderedPiece, pose: Pose, half_mm: Point) -> tuple[Stand, ...]:
        """The stands of a piece in a pose, whose shape's box has the half sides ``half_mm``; maybe none."""
        if not (piece.zones or piece.fold or piece.ties or piece.quality or piece.matches):
            return (Stand(),)
        anchor, matched = self._anchor(piece, pose), bool(piece.matches) and self.fabric.repeat is not None
        if not (piece.zones or piece.fold or piece.ties):
            return (Stand(None, piece.quality, anchor, matched),)
        lying = _Lying(piece, pose)
        whole = self._whole(half_mm)
        rooms: list[Room | None] = [whole]
        if piece.zones:
            rooms = [lying.in_zone(whole, y) for y in self._zones(piece)]
        if piece.fold:
            rooms = [
                lying.on_fold(room, fold, self.fabric)
                for room in map(_sound, rooms)
                if room
                for fold in self.fabric.folds_mm
            ]
        if piece.ties:
            rooms = [lying.tied(room) for room in rooms]
        found = dict.fromkeys(room for room in map(_sound, rooms) if room is not None)
        return tuple(Stand(room, piece.quality, anchor, matched) for room in found)

    def fits(self, shape: Shape) -> bool:
        """Whether a shape's box fits the cloth, its length limit, and its garment's span."""
        half_x, half_y = shape.half_mm
        limits = [limit for limit in (self.fabric.longest_mm, self.span_mm) if limit is not None]
        across = 2 * half_y <= self.fabric.usable_width_mm * (1 + FITS)
        return across and all(2 * half_x <= limit * (1 + FITS) for limit in limits)

    def _whole(self, half_mm: Point) -> Room:
        """Anywhere on the cloth."""
        low = half_mm[1]
        return half_mm[0], inf, low, max(low, self.fabric.usable_width_mm - low)

    def _zones(self, piece: OrderedPiece) -> list[tuple[float, float]]:
        return [(zone.y0_mm, zone.y1_mm) for zone in self.fabric.zones if zone.name in piece.zones]

    def _anchor(self, piece: OrderedPiece, pose: Pose) -> Point:
        """The repeat's coordinates, from the shape's centre, of the points that tie the piece along and across it."""
        repeat = self.fabric.repeat
        if repeat is None:
            return 0.0, 0.0
        lying = _Lying(piece, pose)
        return lying.repeat_coordinates(self.fabric)


@dataclass(frozen=True)
class _Lying:
    """A piece in a pose; lengths and limits are those of its shape's centre."""

    piece: OrderedPiece
    pose: Pose

    def from_centre(self, point: Point) -> Point:
        """Where a point of the piece lies, from the shape's centre."""
        ((x, y),) = self._placement.points((point,))
        return x - self.pose.centre_mm[0], y - self.pose.centre_mm[1]

    def repeat_coordinates(self, fabric: Fabric) -> Point:
        """The coordinate along the repeat of the piece's first match point along it, and likewise across; else 0."""
        found = [0.0, 0.0]
        for axis in (0, 1):
            match = first_match(self.piece, axis)
            if match is not None:
                found[axis] = float(repeat_axes(fabric)[axis] @ self.from_centre(match.point))
        return found[0], found[1]

    def in_zone(self, room: Room, zone: tuple[float, float]) -> Room:
        """The part of a room in which the whole outline is within a zone."""
        low, high = self._reach
        return room[0], room[1], max(room[2], zone[0] - low), min(room[3], zone[1] - high)

    def on_fold(self, room: Room, fold_mm: float, fabric: Fabric) -> Room | None:
        """The room in which the fold side lies on a fold; None where it lies on the other side of the piece."""
        low, high = self._reach
        _, y0, _, y1 = self.piece.outline.bounds
        x = self.piece.outline.bounds[0]
        side = self.from_centre((x, y0 if self.piece.fold == "low" else y1))[1]
        is_low = abs(side - low) <= abs(side - high)
        if is_low != (fold_mm < fabric.usable_width_mm / 2) or self.pose.angle_deg % 180.0 != 0.0:
            return None
        y = fold_mm - side
        return (room[0], room[1], y, y) if room[2] - SLACK_MM <= y <= room[3] + SLACK_MM else None

    def tied(self, room: Room | None) -> Room | None:
        """The part of a room in which the tied points lie at their places."""
        for tie in self.piece.ties:
            if room is None:
                return None
            dx, dy = self.from_centre(tie.point)
            x0, x1, y0, y1 = room
            if tie.x_mm is not None:
                x0, x1 = _only(x0, x1, tie.x_mm - dx)
            if tie.y_mm is not None:
                y0, y1 = _only(y0, y1, tie.y_mm - dy)
            room = _sound((x0, x1, y0, y1))
        return room

    @property
    def _placement(self) -> Placement:
        return Placement(self.piece.id, 0, 0.0, 0.0, self.pose.angle_deg, self.pose.mirrored)

    @property
    def _reach(self) -> tuple[float, float]:
        """From where to where across the cloth the outline reaches, from the shape's centre."""
        _, y0, _, y1 = self._placement.polygon(self.piece.outline).bounds
        return y0 - self.pose.centre_mm[1], y1 - self.pose.centre_mm[1]


def first_match(piece: OrderedPiece, axis: int) -> Match | None:
    """The piece's first match that ties it along (axis 0) or across (1) the repeat; None where there is none."""
    return next((m for m in piece.matches if (m.along, m.across)[axis]), None)


def repeat_axes(fabric: Fabric) -> NDArray[np.float64]:
    """The unit vectors along and across the repeat: (2, 2)."""
    c, s = cos_sin_deg(fabric.repeat.angle_deg) if fabric.repeat is not None else (1.0, 0.0)
    return np.array([[c, s], [-s, c]])


def _only(low: float, high: float, value: float) -> tuple[float, float]:
    """A range made of one value, where the value is in the range; an empty one else."""
    return (value, value) if low - SLACK_MM <= value <= high + SLACK_MM else (1.0, 0.0)


def _sound(room: Room | None) -> Room | None:
    """A room that is not empty but for rounding; None for an empty one."""
    if room is None:
        return None
    x0, x1, y0, y1 = room
    if x1 < x0 - SLACK_MM or y1 < y0 - SLACK_MM:
        return None
    return x0, max(x0, x1), y0, max(y0, y1)
