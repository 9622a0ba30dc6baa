"""From the sew line to the cut line: every edge moved out by its own allowance, corners joined.

Corners are mitred: both cut edges run on until they meet, however different their allowances. At a hem the corner is
the mirror image of the seam beside it, so that the hem lies flush when it is turned up; on a fold there is no seam.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from patterns.draft.geometry import (
    Path,
    Point,
    at,
    crossings,
    length,
    line,
    mirrored,
    nearest,
    split,
    stations,
    unit,
    with_vertex,
)
from patterns.draft.piece import Edge, Piece

MITRE_LIMIT = 3.0
"""How far, in allowances, a corner may stand out before it is cut off square."""

SMOOTH = 0.1
"""Two edges that run on into one another leave a gap of less than this, in allowances, and meet in its middle."""


@dataclass(frozen=True, eq=False)
class CutNotch:
    """A notch on the cut line: its point, the direction into the piece, and how deep to cut."""

    name: str
    point: Point
    inward: Point
    depth_mm: float


@dataclass(frozen=True, eq=False)
class CutPiece:
    """A piece with its cut line: one path per edge, end to end, counter-clockwise."""

    piece: Piece
    paths: tuple[Path, ...]
    notches: tuple[CutNotch, ...]

    @property
    def outline(self) -> Path:
        """The closed cut line, first point not repeated."""
        return np.concatenate([path[:-1] for path in self.paths])

    @property
    def mirror(self) -> tuple[Point, Point] | None:
        """The mirror line of a half piece, from end to end of the cut line."""
        for edge, path in zip(self.piece.edges, self.paths, strict=True):
            if edge.fold:
                return path[0], path[-1]
        return None


def outward(step: Point) -> Point:
    """The unit normal to the right of a step: out of a counter-clockwise outline."""
    along = unit(step)
    return np.array([along[1], -along[0]])


def offset(path: Path, distance: float) -> Path:
    """The path moved out by a distance, vertex by vertex along the bisector, so that chords stay parallel."""
    if distance == 0.0:
        return path.copy()
    normals = np.array([outward(step) for step in path[1:] - path[:-1]])
    before = np.concatenate([normals[:1], normals])
    after = np.concatenate([normals, normals[-1:]])
    bisector = before + after
    return path + bisector * (2.0 * distance / (bisector**2).sum(axis=1))[:, None]


def with_allowance(piece: Piece) -> CutPiece:
    """The piece with its cut line and the notches moved out to it; a vertex of the cut line lies at every notch."""
    edges = piece.edges
    moved = [offset(edge.path, edge.allowance_mm) for edge in edges]
    paths = list(moved)
    for i in range(len(edges)):
        j = (i + 1) % len(edges)
        paths[i], paths[j] = _corner(edges[i], paths[i], edges[j], paths[j])
    paths = [_tidy(path) for path in paths]
    notches: list[CutNotch] = []
    for i, edge in enumerate(edges):
        for notch in edge.notches:
            distance, inward = _on_cut_line(edge, notch.at_mm, moved[i], paths[i])
            paths[i] = with_vertex(paths[i], distance)
            notches.append(CutNotch(notch.name, at(paths[i], distance), inward, notch_depth(edge.allowance_mm)))
    return CutPiece(piece, tuple(paths), tuple(notches))


def notch_depth(allowance_mm: float) -> float:
    """A notch reaches at most half way to the sew line, and never deeper than 4 mm."""
    return min(4.0, 0.5 * allowance_mm) if allowance_mm > 0 else 3.0


def _on_cut_line(edge: Edge, at_mm: float, moved: Path, path: Path) -> tuple[float, Point]:
    """Where a notch of the sew line lies along the finished cut edge, and the direction into the piece.

    A notch at an edge's end goes to the corner of the cut line, where the two allowances meet.
    """
    s = stations(edge.path)
    for end, place in ((0, 0.0), (-1, s[-1])):
        if abs(at_mm - place) < 0.01 and edge.allowance_mm > 0:
            return (0.0 if end == 0 else length(path)), unit(edge.path[end] - path[end])
    chord = min(int(np.searchsorted(s, at_mm, side="right")) - 1, len(s) - 2)
    share = (at_mm - s[chord]) / (s[chord + 1] - s[chord])
    here = moved[chord] + share * (moved[chord + 1] - moved[chord])
    distance, gap = nearest(path, here)
    if gap > 0.5:
        raise ValueError(f"edge {edge.name}: a notch at {at_mm:.1f} mm lies {gap:.1f} mm off the cut line")
    return distance, -outward(edge.path[chord + 1] - edge.path[chord])


def _corner(left: Edge, a: Path, right: Edge, b: Path) -> tuple[Path, Path]:
    """Both cut edges, brought together at the corner where ``left`` ends and ``right`` starts."""
    if left.fold or right.fold:
        # The cut line runs straight on along the fold, whatever turns up beside it: the half has a twin there.
        return _mitred(left, a, right, b)
    if right.turn_up and not left.turn_up:
        return _turned_up(a, right.path, b, right.allowance_mm)
    if left.turn_up and not right.turn_up:
        tail, head = _turned_up(b[::-1], left.path[::-1], a[::-1], left.allowance_mm)
        return head[::-1], tail[::-1]
    return _mitred(left, a, right, b)


def _mitred(left: Edge, a: Path, right: Edge, b: Path) -> tuple[Path, Path]:
    if left.allowance_mm == right.allowance_mm and math.hypot(*(a[-1] - b[0])) <= SMOOTH * left.allowance_mm:
        middle = (a[-1:] + b[:1]) / 2
        return np.concatenate([a[:-1], middle]), np.concatenate([middle, b[1:]])
    corner = left.path[-1]
    reach = MITRE_LIMIT * max(left.allowance_mm, right.allowance_mm, 1.0)
    long_a = np.concatenate([a, [a[-1] + unit(a[-1] - a[-2]) * reach]])
    long_b = np.concatenate([[b[0] - unit(b[1] - b[0]) * reach], b])
    hits = crossings(long_a, long_b)
    if not hits:
        return a, np.concatenate([a[-1:], b])
    along_a, along_b, point = _nearest(hits, corner)
    head, tail = split(long_a, along_a)[0], split(long_b, along_b)[1]
    head[-1] = tail[0] = point
    return head, tail


def _turned_up(seam: Path, hem: Path, cut_hem: Path, depth: float) -> tuple[Path, Path]:
    """The corner where a seam runs into a hem: the seam's cut line mirrored about the hem line."""
    start, along = hem[0], unit(hem[1] - hem[0])
    outside = outward(along) if (cut_hem[0] - start) @ outward(along) > 0 else -outward(along)
    reach = along * 10 * depth
    far = np.concatenate([seam, [seam[-1] + unit(seam[-1] - seam[-2]) * 3 * depth]])
    knee = _nearest(crossings(far, line(start - reach, start + reach)), start)
    inside = line(start - reach, start + reach) - outside * depth
    level = _nearest(crossings(far, inside), start)
    image = mirrored(level[2][None, :], start, start + along)
    rest = cut_hem[(cut_hem - image[0]) @ along > 1e-6]
    return split(far, knee[0])[0], np.concatenate([knee[2][None, :], image, rest])


def _nearest(hits: list[tuple[float, float, Point]], corner: Point) -> tuple[float, float, Point]:
    if not hits:
        raise ValueError("two edges of the cut line do not meet at their corner")
    return min(hits, key=lambda hit: math.hypot(*(hit[2] - corner)))


def _tidy(path: Path) -> Path:
    """The path without vertices that lie on top of one another or, where an edge was run on, on a straight line."""
    apart = np.concatenate([[True], ((path[1:] - path[:-1]) ** 2).sum(axis=1) > 1e-8])
    tidy = path[apart]
    tidy[-1] = path[-1]
    arriving, leaving = tidy[1:-1] - tidy[:-2], tidy[2:] - tidy[1:-1]
    spread = np.abs(arriving[:, 0] * leaving[:, 1] - arriving[:, 1] * leaving[:, 0])
    bends = spread > 1e-7 * np.sqrt((arriving**2).sum(axis=1) * (leaving**2).sum(axis=1))
    return tidy[np.concatenate([[True], bends, [True]])]
