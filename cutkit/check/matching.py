"""Stripes and checks: how far matched points are from where they should be in the cloth's repeat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, hypot, isfinite, radians, sin

from cutkit.check.faults import MATCH_TOLERANCE_MM, Fault, named
from cutkit.model import Marker, Match, Point, Repeat

_ROUNDING_MM = 1e-6


@dataclass(frozen=True, slots=True)
class MatchResidual:
    """How far one matched point of a placed piece is off, within the repeat.

    ``x_mm`` and ``y_mm`` are where it lies on the cloth. ``along_mm`` and ``across_mm`` are signed, in the repeat's own
    directions, and at most half a repeat; None where the match does not ask for that direction, or the cloth is plain
    in it. They are measured from the repeat's own place where ``group`` is "", else from the point of the group in
    the same garment that it is farthest from: ``partner`` is that one's placement, None where it is alone.
    """

    placement: int
    piece: str
    bundle: int
    name: str
    group: str
    x_mm: float
    y_mm: float
    along_mm: float | None
    across_mm: float | None
    partner: int | None = None

    @property
    def distance_mm(self) -> float:
        """How far the point is off in both directions together."""
        return hypot(self.along_mm or 0.0, self.across_mm or 0.0)


def match_residuals(marker: Marker) -> list[MatchResidual]:
    """The residual of every match of every placement, in their order; none where the cloth has no repeat.

    The marker's shapes and its repeat must be right (``check_marker`` says so).
    """
    repeat = marker.fabric.repeat
    if repeat is None or not _is_sound(repeat):
        return []
    points = [
        _Point(index, p.bundle, match, *p.points((match.point,))[0])
        for index, p in enumerate(marker.placements)
        for match in marker.by_id[p.piece].matches
    ]
    groups: dict[tuple[int, str], list[_Point]] = {}
    for point in points:
        groups.setdefault((point.bundle, point.match.group), []).append(point)
    return [
        _residual(marker, point, *_off_cloth(repeat, point))
        if not point.match.group
        else _residual(marker, point, *_off_group(repeat, point, groups[point.bundle, point.match.group]))
        for point in points
    ]


def match_faults(marker: Marker) -> Iterator[Fault]:
    """Matched points that an eye would see not to match; of a group's pairs only the later one is told."""
    for r in match_residuals(marker):
        told = r.partner is not None and r.partner > r.placement
        if r.distance_mm > MATCH_TOLERANCE_MM + _ROUNDING_MM and not told:
            ways = [
                f"{v:+.3f} mm {way}" for way, v in (("along", r.along_mm), ("across", r.across_mm)) if v is not None
            ]
            other = "the cloth's repeat" if r.partner is None else f"{named(marker, r.partner)} (group {r.group})"
            message = f"{named(marker, r.placement)}: match {r.name} is {r.distance_mm:.3f} mm off {other}: "
            shown = (r.placement,) if r.partner is None else (r.partner, r.placement)
            yield Fault("match", message + ", ".join(ways), shown)


@dataclass(frozen=True, slots=True)
class _Point:
    """A matched point as it lies on the cloth."""

    placement: int
    bundle: int
    match: Match
    x_mm: float
    y_mm: float


_Off = tuple[float | None, float | None]


def _is_sound(repeat: Repeat) -> bool:
    sizes = [size for size in (repeat.x_mm, repeat.y_mm) if size is not None]
    rest = (repeat.offset_x_mm, repeat.offset_y_mm, repeat.angle_deg)
    return all(size > 0 for size in sizes) and all(map(isfinite, (*sizes, *rest)))


def _residual(marker: Marker, point: _Point, off: _Off, partner: int | None) -> MatchResidual:
    match, piece = point.match, marker.placements[point.placement].piece
    place = (point.placement, piece, point.bundle, match.name, match.group, point.x_mm, point.y_mm)
    return MatchResidual(*place, *off, partner)


def _off_cloth(repeat: Repeat, point: _Point) -> tuple[_Off, None]:
    along, across = _in_repeat(repeat, point.x_mm - repeat.offset_x_mm, point.y_mm - repeat.offset_y_mm)
    match = point.match
    x = _nearest(along - match.at_mm[0], repeat.x_mm) if match.along else None
    y = _nearest(across - match.at_mm[1], repeat.y_mm) if match.across else None
    return (x, y), None


def _off_group(repeat: Repeat, point: _Point, group: list[_Point]) -> tuple[_Off, int | None]:
    """The residual to the point of the group that is farthest off, and that one's placement."""
    others = [(_apart(repeat, point, other), other.placement) for other in group if other is not point]
    return max(others, key=lambda entry: _size(entry[0])) if others else (_apart(repeat, point, point), None)


def _apart(repeat: Repeat, point: _Point, other: _Point) -> _Off:
    """How far two points are apart within the repeat, in the directions that both ask for."""
    along, across = _in_repeat(repeat, point.x_mm - other.x_mm, point.y_mm - other.y_mm)
    x = _nearest(along, repeat.x_mm) if point.match.along and other.match.along else None
    y = _nearest(across, repeat.y_mm) if point.match.across and other.match.across else None
    return x, y


def _size(off: _Off) -> float:
    return hypot(off[0] or 0.0, off[1] or 0.0)


def _in_repeat(repeat: Repeat, dx_mm: float, dy_mm: float) -> Point:
    """A step on the cloth in the repeat's own directions."""
    turn = radians(repeat.angle_deg)
    return dx_mm * cos(turn) + dy_mm * sin(turn), dy_mm * cos(turn) - dx_mm * sin(turn)


def _nearest(step_mm: float, repeat_mm: float | None) -> float | None:
    """What a step is off the nearest whole number of repeats, signed; None in a plain direction."""
    return None if repeat_mm is None else step_mm - repeat_mm * round(step_mm / repeat_mm)
