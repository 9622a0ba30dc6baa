"""The order of strokes: inner before outer, small before large, and a short way between.

Tools are changed as seldom as can be: everything drawn, then everything punched, then everything cut. Within a tool
the pieces are put in order as a salesman's stops (``kernels/route``), each with the ways to begin and to end it
(``visits``). An operator who takes pieces off while the machine cuts may want it otherwise: all of a piece before the
next one, or all of a column before the next column (``StrokeRules.order``).
"""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from math import floor, hypot

import numpy as np
import shapely
from shapely.geometry import Polygon

from cutkit.cut.strokes import PieceStrokes
from cutkit.cut.visits import Visit, modes_of, shortest, visit_of
from cutkit.model import Point
from cutkit.toolpath import CutTool, Stroke, StrokeRules

TOOL_ORDER: tuple[CutTool, ...] = ("pen", "punch", "fine", "knife")
SMALL_MM2 = 64_500.0
"""A piece up to this area is small: fabric cutters cut it first, while the cloth about it still holds it."""
NEIGHBOUR_MM = 20.0
"""A small piece goes before a large one (twice its area or more) that lies this near."""
COLUMN_ROUNDING_MM = 1e-3
"""A piece that ends at a column's end, but for the rounding of its coordinates, belongs to that column."""
PULL = 0.1
"""Weight of a pull to the start of the marker in the first order, so that no piece is left behind."""
KICKS_PER_PIECE = 15
KICKS_FOR_FEW = 60
FEW_KICKS = 6_000
MOST_KICKS = 45_000
"""How long a shorter way is looked for: exchanges tried for each piece, more where that is quickly done."""


def ordered_strokes(
    pieces: Sequence[PieceStrokes],
    rules: StrokeRules | None = None,
    also_before: Sequence[set[int]] = (),
    start: Point = (0.0, 0.0),
) -> list[Stroke]:
    """All strokes of all pieces in the order in which they are to be made, by a machine that stands at ``start``.

    A piece whose cloth lies in another's cut-out is cut before it, so nothing is ever cut in cloth already freed.
    ``also_before``: for every piece the numbers of more that should go before it; where pieces would wait for one
    another by that, it is left.
    """
    rules, here = rules or StrokeRules(), start
    done: list[Stroke] = []
    before = predecessors([p.outline for p in pieces])
    if also_before:
        more = [those | also for those, also in zip(before, also_before, strict=True)]
        before = before if _go_round(more) else more
    batches = [range(len(pieces))] if rules.order != "column" else in_columns(pieces, before, rules.column_mm)
    for batch in batches:
        for tools in [TOOL_ORDER] if rules.order == "piece" else [(tool,) for tool in TOOL_ORDER]:
            found = (visit(k, pieces[k], *tools) for k in batch)
            visits = [one for one in found if one is not None]
            if visits:
                done += routed(visits, before, here)
                here = done[-1].points[-1]
    return done


def _go_round(before: Sequence[set[int]]) -> bool:
    """Whether some wait for one another."""
    try:
        tuple(TopologicalSorter(dict(enumerate(before))).static_order())
    except CycleError:
        return True
    return False


def in_columns(pieces: Sequence[PieceStrokes], before: Sequence[set[int]], column_mm: float) -> list[list[int]]:
    """The pieces (their numbers) of each column along the cloth, in the order of the columns.

    A piece belongs to the column in which it ends; one that must go before another comes into its column at the latest.
    """
    column = [floor((piece.outline.bounds[2] - COLUMN_ROUNDING_MM) / column_mm) for piece in pieces]
    moved = True
    while moved:
        moved = False
        for k, those in enumerate(before):
            for other in those:
                if column[other] > column[k]:
                    column[other], moved = column[k], True
    return [[k for k in range(len(pieces)) if column[k] == c] for c in sorted(set(column))]


def visit(number: int, piece: PieceStrokes, *tools: CutTool) -> Visit | None:
    """The ways to make the strokes of piece ``number`` with some tools, in their order; None where it has none."""
    strokes = [stroke for tool in tools for stroke in piece.strokes if stroke.tool == tool]
    return visit_of(number, float(piece.outline.bounds[0]), strokes)


def routed(visits: Sequence[Visit], before: Sequence[set[int]], here: Point) -> list[Stroke]:
    """The strokes of all visits in a short order that keeps what must go before what."""
    place = {one.piece: k for k, one in enumerate(visits)}
    waits = [{place[p] for p in before[one.piece] if p in place} for one in visits]
    choices = [one.modes() for one in visits]
    modes = modes_of(
        [
            [(v.ways[w].entry(k), v.ways[w].lasts[k].exit, float(v.ways[w].within[k])) for w, k in of_visit]
            for v, of_visit in zip(visits, choices, strict=True)
        ]
    )
    lag = PULL * np.array([one.start_x for one in visits])
    for_few = min(KICKS_FOR_FEW * len(visits), FEW_KICKS)
    kicks = min(max(KICKS_PER_PIECE * len(visits), for_few), MOST_KICKS)
    order, mode = shortest(modes, waits, lag, here, kicks)
    chosen = [choices[k][int(mode[k] - modes.first[k])] for k in order]
    return _with_best_starts([visits[k] for k in order], chosen, here)


def _with_best_starts(visits: Sequence[Visit], chosen: list[tuple[int, int]], here: Point) -> list[Stroke]:
    """The strokes of visits in their order, each begun and ended where it is best between those beside it.

    While the order was sought only a few starts of every line were weighed; now all are.
    """
    strokes: list[Stroke] = []
    for position, one in enumerate(visits):
        then = None
        if position + 1 < len(visits):
            w, k = chosen[position + 1]
            then = visits[position + 1].ways[w].entry(k)
        w, k = one.best(here, then)
        strokes += one.ways[w].strokes(k)
        here = one.ways[w].lasts[k].exit
    return strokes


def travel_mm(strokes: Sequence[Stroke], start: Point) -> float:
    """The way with the tool up, from ``start``, at the tip."""
    here, total = start, 0.0
    for stroke in strokes:
        total += hypot(stroke.points[0][0] - here[0], stroke.points[0][1] - here[1])
        here = stroke.points[-1]
    return total


def predecessors(outlines: Sequence[Polygon]) -> list[set[int]]:
    """For every piece those that must be cut before it: pieces in its cut-outs, and small ones beside a large one.

    Both go from the smaller to the larger area within the outer line, so no two can wait for one another.
    """
    before: list[set[int]] = [set() for _ in outlines]
    shapes = np.array(outlines, dtype=object)
    tree = shapely.STRtree(shapes)
    for k, outline in enumerate(outlines):
        for hole in outline.interiors:
            cloth = Polygon(hole)
            for other in tree.query(cloth, predicate="intersects").tolist():
                if other != k and cloth.covers(shapes[other].representative_point()):
                    before[k].add(other)
    areas = shapely.area(shapely.polygons(shapely.get_exterior_ring(shapes)))
    small, large = tree.query(shapes, predicate="dwithin", distance=NEIGHBOUR_MM)
    for a, b in zip(small.tolist(), large.tolist(), strict=True):
        if areas[a] <= SMALL_MM2 and areas[b] >= 2 * areas[a]:
            before[b].add(a)
    return before
