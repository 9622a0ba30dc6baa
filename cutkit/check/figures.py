"""The rules that hold in a marker, each with the figure that comes nearest to breaking it.

For people who want to know how much room a rule leaves, and where. It judges nothing: that is ``check_marker``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import box

from cutkit.check.faults import MATCH_TOLERANCE_MM, PLACE_TOLERANCE_MM
from cutkit.check.garments import most_off_grain, off_grain, stretches, turn_of
from cutkit.check.matching import match_residuals
from cutkit.check.places import bears, fold_off, reserved, sound, tie_off, zone_spare
from cutkit.model import Fabric, Marker

Rule = Literal[
    "edges",
    "length",
    "gap",
    "blocks",
    "grain",
    "nap",
    "face",
    "spread",
    "fold",
    "flaws",
    "zones",
    "match",
    "tie",
    "span",
    "sections",
    "locked",
]
Unit = Literal["mm", "deg", ""]
_Figures = dict[tuple[int, ...], float]
"""A figure for each of some placements, or of some pairs of them."""


@dataclass(frozen=True, slots=True)
class RuleFigure:
    """A rule that holds in a marker. ``holds`` is what it says, ``figure`` what ``worst`` is a figure of.

    ``worst`` is the one that comes nearest to the rule's ``limit`` or is farthest beyond it, in ``unit``; None where
    the rule has no figure, or nothing that it could be measured on. ``placements`` are those that it was measured on.
    """

    rule: Rule
    holds: str
    figure: str = ""
    worst: float | None = None
    limit: float | None = None
    unit: Unit = "mm"
    placements: tuple[int, ...] = ()


def rule_figures(marker: Marker) -> list[RuleFigure]:
    """The rules of cloth that hold in a marker with their worst figures; none for a marker on plain open cloth.

    The marker must be measurable (see ``UNMEASURABLE``). Takes about as long as the referee.
    """
    return [*_cloth_figures(marker), *_piece_figures(marker), *_order_figures(marker)]


@dataclass(frozen=True, slots=True)
class _Worst:
    """The worst of some figures, and the placements it is of."""

    value: float | None = None
    placements: tuple[int, ...] = ()


def _least(values: _Figures) -> _Worst:
    return _pick(values, 1.0)


def _most(values: _Figures) -> _Worst:
    return _pick(values, -1.0)


def _pick(values: _Figures, sign: float) -> _Worst:
    finite = {at: value for at, value in values.items() if isfinite(value)}
    if not finite:
        return _Worst()
    at = min(finite, key=lambda at: sign * finite[at])
    return _Worst(finite[at], at)


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


# --- the cloth ---------------------------------------------------------------------------------------------------


def _cloth_figures(marker: Marker) -> Iterator[RuleFigure]:
    fabric = marker.fabric
    shapes = sound(reserved(marker))
    if edges := _edges_text(fabric):
        worst = _least(_edge_distances(fabric, shapes))
        yield RuleFigure("edges", edges, "nearest to an edge", worst.value, 0.0, "mm", worst.placements)
    if fabric.max_length_mm is not None:
        margins = fabric.start_margin_mm + fabric.end_margin_mm
        holds = f"at most {fabric.max_length_mm:g} mm" + (", margins in it" if margins else "")
        yield RuleFigure("length", holds, "length", marker.length_mm + margins, fabric.max_length_mm)
    gap = marker.settings.gap_mm
    if gap > 0:
        worst = _least(_distances(shapes, range(len(shapes))))
        yield RuleFigure("gap", f"at least {gap:g} mm", "least distance", worst.value, gap, "mm", worst.placements)
    blocked = [i for i, p in enumerate(marker.placements) if marker.by_id[p.piece].block is not None]
    if blocked:
        worst = _least(_distances(shapes, blocked))
        holds = f"{_counted(len(blocked), 'piece')} with a block"
        yield RuleFigure("blocks", holds, "least distance", worst.value, max(gap, 0.0), "mm", worst.placements)
    if not fabric.has_face:
        yield RuleFigure("face", "both sides alike", unit="")
    if fabric.spread != "face-up":
        each = "half sets" if marker.planned.sets == "half" else f"{_counted(fabric.layers, 'layer')} a ply"
        yield RuleFigure("spread", f"{fabric.spread}, {each}", unit="")


def _edges_text(fabric: Fabric) -> str:
    high = fabric.selvedge_mm if fabric.high_selvedge_mm is None else fabric.high_selvedge_mm
    texts = []
    for what, low_mm, high_mm in (
        ("selvedges", fabric.selvedge_mm, high),
        ("margins", fabric.start_margin_mm, fabric.end_margin_mm),
    ):
        if low_mm or high_mm:
            texts.append(f"{what} {low_mm:g} mm" if low_mm == high_mm else f"{what} {low_mm:g} and {high_mm:g} mm")
    return ", ".join(texts)


def _edge_distances(fabric: Fabric, shapes: NDArray[np.object_]) -> _Figures:
    """How far every shape is from the start and the edges of the usable cloth; negative beyond them."""
    width = fabric.usable_width_mm
    return {(i,): min(x0, y0, width - y1) for i, (x0, y0, _, y1) in enumerate(shapely.bounds(shapes).tolist())}


def _distances(shapes: NDArray[np.object_], of: range | list[int]) -> _Figures:
    """How far each of some shapes is from the nearest other one."""
    if len(shapes) < 2:
        return {}
    which = np.array(of, dtype=np.int64)
    tree = shapely.STRtree(shapes)
    (first, second), distance = tree.query_nearest(
        shapes[which], exclusive=True, all_matches=False, return_distance=True
    )
    pairs = zip(which[first].tolist(), second.tolist(), distance.tolist(), strict=True)
    return {(min(i, j), max(i, j)): d for i, j, d in pairs}


# --- pieces ------------------------------------------------------------------------------------------------------


def _piece_figures(marker: Marker) -> Iterator[RuleFigure]:
    yield from _grain_figure(marker)
    yield from _flaw_figure(marker)
    pieces = [marker.by_id[p.piece] for p in marker.placements]
    laid = list(zip(marker.placements, pieces, strict=True))
    zoned: _Figures = {
        (i,): zone_spare(marker.fabric, piece, polygon)
        for i, (piece, polygon) in enumerate(zip(pieces, marker.polygons, strict=True))
        if piece.zones
    }
    if zoned:
        holds = f"{_counted(len(zoned), 'piece')} in zones"
        yield _figure("zones", holds, "least spare", _least(zoned), 0.0)
    folded: _Figures = {(i,): fold_off(marker.fabric, piece, p) for i, (p, piece) in enumerate(laid) if piece.fold}
    if folded:
        holds = f"{_counted(len(folded), 'piece')} on a fold"
        yield _figure("fold", holds, "most off it", _most(folded), PLACE_TOLERANCE_MM)
    residuals = match_residuals(marker)
    if residuals:
        off = {(k,): r.distance_mm for k, r in enumerate(residuals)}
        worst = max(off, key=lambda at: off[at])
        r = residuals[worst[0]]
        at = (r.placement,) if r.partner is None else (min(r.placement, r.partner), max(r.placement, r.partner))
        holds = f"{_counted(len(residuals), 'point')}, {_repeat_text(marker.fabric)}"
        yield _figure("match", holds, "worst residual", _Worst(off[worst], at), MATCH_TOLERANCE_MM)
    tied: _Figures = {
        (i,): max(abs(v) for tie in piece.ties for v in tie_off(p, tie))
        for i, (p, piece) in enumerate(laid)
        if piece.ties
    }
    if tied:
        holds = f"{_counted(len(tied), 'piece')} tied to places"
        yield _figure("tie", holds, "most off", _most(tied), PLACE_TOLERANCE_MM)


def _figure(rule: Rule, holds: str, figure: str, worst: _Worst, limit: float) -> RuleFigure:
    return RuleFigure(rule, holds, figure, worst.value, limit, "mm", worst.placements)


def _repeat_text(fabric: Fabric) -> str:
    repeat = fabric.repeat
    assert repeat is not None
    sizes = ["plain" if size is None else f"{size:g}" for size in (repeat.x_mm, repeat.y_mm)]
    return f"repeat {' x '.join(sizes)} mm"


def _grain_figure(marker: Marker) -> Iterator[RuleFigure]:
    """How far pieces are off their grain, where any may be, or may lie at other angles than along the cloth."""
    placed = [marker.by_id[p.piece] for p in marker.placements]
    angles = sorted({turn_of(a) for piece in placed for a in piece.allowed_angles_deg})
    held = {i: piece for i, piece in enumerate(placed) if piece.tilt_deg < 180.0}
    most, free = max(map(most_off_grain, held.values()), default=0.0), len(placed) - len(held)
    if most or free or not set(angles) <= {0.0, 180.0}:
        worst = _most({(i,): off_grain(piece, marker.placements[i]) for i, piece in held.items()})
        holds = _angles_text(angles) + (f", up to {most:g} deg off" if most else "")
        holds += f"; {_counted(free, 'piece')} at any angle" if free else ""
        yield RuleFigure("grain", holds, "most off grain", worst.value, most, "deg", worst.placements)
    if marker.fabric.nap != "two-way":
        free = sum(piece.ignores_nap for piece in placed)
        holds = marker.fabric.nap + (f"; {_counted(free, 'piece')} free of it" if free else "")
        yield RuleFigure("nap", holds, unit="")


def _angles_text(angles: list[float]) -> str:
    shown = ", ".join(f"{a:g}" for a in angles[:4])
    return f"{shown} deg" if len(angles) <= 4 else f"{shown}, ... ({len(angles)} angles)"


def _flaw_figure(marker: Marker) -> Iterator[RuleFigure]:
    """How near the pieces that must not lie on flaws come to them."""
    flaws = marker.fabric.defects
    if not flaws:
        return
    outlines = sound(marker.polygons)
    found: _Figures = {}
    for flaw in flaws:
        distances = shapely.distance(outlines, box(*flaw.box_mm)).tolist()
        for i, (p, distance) in enumerate(zip(marker.placements, distances, strict=True)):
            if not bears(flaw, marker.by_id[p.piece].quality):
                found[i,] = min(distance, found.get((i,), inf))
    classes = sum(bool(flaw.allows) for flaw in flaws)
    holds = _counted(len(flaws), "flaw") + (f", {classes} for some qualities" if classes else "")
    yield _figure("flaws", holds, "nearest to one", _least(found), 0.0)


# --- garments ----------------------------------------------------------------------------------------------------


def _order_figures(marker: Marker) -> Iterator[RuleFigure]:
    span = marker.settings.bundle_span_mm
    found = stretches(marker) if marker.placements else {}
    if span is not None:
        widest = max(found, key=lambda b: found[b][1] - found[b][0], default=None)
        worst = None if widest is None else found[widest][1] - found[widest][0]
        at = tuple(i for i, p in enumerate(marker.placements) if p.bundle == widest)
        yield RuleFigure("span", f"a garment within {span:g} mm", "widest garment", worst, span, "mm", at)
    if marker.settings.bundling == "sections":
        ordered = sorted(found.values())
        apart = min((b[0] - a[1] for a, b in pairwise(ordered)), default=None)
        holds = f"{_counted(len(found), 'garment')} one after another"
        yield RuleFigure("sections", holds, "least distance", apart, 0.0)
    locked = tuple(i for i, p in enumerate(marker.placements) if p.locked)
    if locked:
        yield RuleFigure("locked", f"{_counted(len(locked), 'piece')} locked in place", unit="", placements=locked)
