"""Preparation: the tables of all pairs of shapes, worked out once before the search.

Symmetries save most of the work: NFP(B, A) = -NFP(A, B), and turning both shapes by 180 degrees negates it too.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon, box
from shapely.geometry.polygon import orient

from cutkit.kernels import field, nfp, state
from cutkit.kernels.convex import convex_parts
from cutkit.kernels.state import Tables
from cutkit.nest.matching import Matching
from cutkit.nest.shapes import ShapeSet, rings_of

CELLS_ALONG = ((0, 40), (1000, 28), (10_000, 14))
"""Cells along the longer side of an NFP's box, from so many pairs on: with many pairs the cells are coarser, for half
the memory each time, and the search begins the sooner."""
LATTICE_ROWS = 60
"""Lattice steps across the fabric."""
TOLERANCE = 1e-7
"""Depth, as a part of the fabric's width, up to which pieces count as touching."""
TOLERANCE_MM = 2e-4
"""The most that it may be: well below what the referee lets pass, however wide the fabric."""
INSET = 0.25
"""What outlines are inset by, as a part of that depth, and overlap the less for: so that a piece that fills a hole or a
slot exactly has some play there, for what has no width is no part of a no-fit polygon's boundary."""
SLIVER = 1e-9
"""Narrower holes of a no-fit polygon, as a part of its size, are dropped; what insets open is wider."""
FLOOR = 0.01
"""What every overlap costs at least, as a part of the mean size of the shapes."""
WINDOW = 1.25
"""Half the length of fabric that one scan looks at, in fabric widths."""

HAIR = 2e-6
"""What stands in for an outline whose no-fit polygon cannot be closed is larger by this part of its size."""
PAIRS_AT_A_TIME = 64
"""Pairs that a thread prepares before it asks whether to go on."""

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
Pair = tuple[int, int]


@dataclass(frozen=True)
class _PairTables:
    """The tables of some pairs of shapes: their NFPs' edges, cells and stamps, one after the other."""

    edges: Floats
    grid: Floats
    shape: NDArray[np.int32]
    cell_start: NDArray[np.int32]
    listed: NDArray[np.int32]
    stamps: NDArray[np.float32]
    stamp: NDArray[np.int32]


def build_tables(
    shapes: ShapeSet,
    height_mm: float,
    gap_mm: float,
    workers: int,
    is_over: Callable[[], bool],
    matching: Matching | None = None,
) -> Tables | None:
    """The tables of ``shapes`` on a fabric of usable width ``height_mm``; None where ``is_over`` became true meanwhile.

    ``workers`` threads share the work; the result does not depend on their number.
    """
    owners, _ = _share_pairs(shapes)
    outlines = _Outlines.of([kept_apart(form.outline, height_mm) for form in shapes.forms])
    parts = [owners[k : k + PAIRS_AT_A_TIME] for k in range(0, len(owners), PAIRS_AT_A_TIME)]
    plan = replace(_Plan.of(shapes, height_mm, gap_mm, len(owners)), matching=matching)

    def tables_of(pairs: list[Pair]) -> _PairTables | None:
        return None if is_over() else _pair_tables(plan, pairs, *no_fit_polygons(outlines, pairs))

    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        built = [part for part in pool.map(tables_of, parts) if part is not None]
    return _tables(shapes, plan, built) if len(built) == len(parts) else None


def tabulated(shapes: ShapeSet, height_mm: float, gap_mm: float, no_fit: list[tuple[Floats, Longs]]) -> Tables:
    """The tables of shapes whose NFPs are known: edges and where each one's begin, for all pairs in order."""
    owners, _ = _share_pairs(shapes)
    plan = _Plan.of(shapes, height_mm, gap_mm, len(owners))
    return _tables(shapes, plan, [_pair_tables(plan, owners, edges, starts) for edges, starts in no_fit])


@dataclass(frozen=True)
class _Plan:
    """What all tables of a preparation share: the forms' half boxes, height, step, gap, how fine the cells are."""

    half: Floats
    height_mm: float
    step_mm: float
    gap_mm: float
    cells_along: int
    matching: Matching | None = None

    @staticmethod
    def of(shapes: ShapeSet, height_mm: float, gap_mm: float, pairs: int) -> _Plan:
        """The plan for ``shapes`` on a fabric."""
        half = np.array([form.half_mm for form in shapes.forms]).reshape(-1, 2)
        cells_along = max((least, cells) for least, cells in CELLS_ALONG if least <= pairs)[1]
        return _Plan(half, height_mm, height_mm / LATTICE_ROWS, gap_mm, cells_along)


def _tolerance(height_mm: float) -> float:
    """The depth up to which pieces count as touching."""
    return min(TOLERANCE * height_mm, TOLERANCE_MM)


def kept_apart(outline: Polygon, height_mm: float) -> Polygon:
    """What the tables keep apart of an outline: all but a seam of ``INSET`` of the depth that counts as touching.

    Every edge is moved inward, point for point; where that leaves no valid polygon the outline stays as it is.
    """
    distance = INSET * _tolerance(height_mm)
    outer, *holes = (_inset_ring(ring, distance) for ring in rings_of(orient(outline)))
    smaller = Polygon(outer, holes)
    return smaller if smaller.is_valid else outline


def _inset_ring(ring: Floats, distance: float) -> Floats:
    """A ring with the piece to its left, its edges moved to the left; points move by twice the distance at most."""
    ring = ring[(ring != np.roll(ring, 1, axis=0)).any(axis=1)]
    along = np.roll(ring, -1, axis=0) - ring
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    inward = normal + np.roll(normal, 1, axis=0)
    moved: Floats = ring + distance * inward / np.maximum(0.5, (inward**2).sum(axis=1) / 2)[:, None]
    return moved


def _tables(shapes: ShapeSet, plan: _Plan, built: list[_PairTables]) -> Tables:
    joined = _join(built)
    form = np.array([shape.form for shape in shapes.shapes])
    pair_grid, pair_shape = _by_shapes(_share_pairs(shapes)[1][np.ix_(form, form)], joined)
    _let_lie_on_flaws(shapes, pair_shape)
    size = np.array([shape.hull_side_mm for shape in shapes.shapes if shape.allows is None])
    longest = float(plan.half[:, 0].max())
    number = np.zeros(11)
    number[state.HEIGHT] = plan.height_mm
    number[state.STEP] = plan.step_mm
    number[state.TOLERANCE] = (1 - 2 * INSET) * _tolerance(plan.height_mm)
    number[state.FLOOR] = FLOOR * size.mean()
    number[state.GAP] = plan.gap_mm
    number[state.WINDOW] = max(WINDOW * plan.height_mm, 4 * longest)
    number[state.BUCKET] = longest
    number[[state.REPEAT_X, state.REPEAT_Y]] = plan.matching.repeat_mm if plan.matching else 1.0
    number[[state.REPEAT_COS, state.REPEAT_SIN]] = plan.matching.axes[0] if plan.matching else (1.0, 0.0)
    half = plan.half[form]
    return Tables(
        half=half,
        room=_rooms(shapes, half, plan.height_mm),
        anchor=np.array([shape.stand.anchor for shape in shapes.shapes]).reshape(-1, 2),
        hull=np.sqrt(np.array([shape.hull_side_mm for shape in shapes.shapes]) / size.mean()),
        pair_grid=pair_grid,
        pair_shape=pair_shape,
        cell_start=joined.cell_start,
        listed=joined.listed,
        edges=joined.edges,
        stamps=joined.stamps,
        number=number,
    )


def _rooms(shapes: ShapeSet, half: Floats, height_mm: float) -> Floats:
    """From where to where the centre of every shape may lie: low and high x, low and high y."""
    rooms = np.empty((len(half), 4))
    rooms[:, 0], rooms[:, 1] = half[:, 0], np.inf
    rooms[:, 2], rooms[:, 3] = half[:, 1], np.maximum(half[:, 1], height_mm - half[:, 1])
    for k, shape in enumerate(shapes.shapes):
        if shape.stand.room is not None:
            rooms[k] = shape.stand.room
    return rooms


def _let_lie_on_flaws(shapes: ShapeSet, pair_shape: NDArray[np.int32]) -> None:
    """Empty the tables of the pairs of a flaw and a shape that may lie on it: no cells, and a stamp of no size."""
    flaws = [k for k, shape in enumerate(shapes.shapes) if shape.allows]
    for k in flaws:
        for other, shape in enumerate(shapes.shapes):
            if shape.may_lie_on(shapes.shapes[k]):
                for a, b in ((k, other), (other, k)):
                    pair_shape[a, b, [state.COLUMNS, state.ROWS]] = 0
                    pair_shape[a, b, [state.STAMP_X, state.STAMP_Y]] = -1


def _share_pairs(shapes: ShapeSet) -> tuple[list[Pair], NDArray[np.int64]]:
    """The pairs of forms whose NFP is worked out, and for every pair (A, B) its owner's number and sign: (F, F, 2)."""
    count = len(shapes.forms)
    half_turn = [shapes.form_half_turn(k) for k in range(count)]
    owners: dict[Pair, int] = {}
    owner_of = np.zeros((count, count, 2), dtype=np.int64)
    for a in range(count):
        for b in range(count):
            twins: list[tuple[Pair, int]] = [((a, b), 1), ((b, a), -1)]
            turned_a, turned_b = half_turn[a], half_turn[b]
            if turned_a is not None and turned_b is not None:
                twins += [((turned_a, turned_b), -1), ((turned_b, turned_a), 1)]
            pair, sign = min(twins)
            owner_of[a, b] = owners.setdefault(pair, len(owners)), sign
    return list(owners), owner_of


def _pair_tables(plan: _Plan, pairs: list[Pair], edges: Floats, starts: Longs) -> _PairTables:
    extents = np.array([plan.half[a] + plan.half[b] for a, b in pairs]).reshape(-1, 2)
    grid, shape, cell_start, listed = field.build_cells(edges, starts, extents, plan.cells_along, plan.gap_mm)
    stamps, stamp = field.build_stamps(grid, shape, cell_start, listed, edges, extents, plan.step_mm, plan.gap_mm)
    return _PairTables(edges, grid, shape, cell_start, listed, stamps, stamp)


def no_fit_polygons(outlines: _Outlines, pairs: list[Pair]) -> tuple[Floats, Longs]:
    """The edges of the NFPs of ``pairs``, one after the other, and where each one's begin (see kernels/field).

    Where the exact boundary of a pair cannot be closed, that of simpler outlines serves, which keep the pieces farther
    apart: their convex hulls a hair larger (needles have none that is wide enough to tell its sides apart), then boxes.
    """
    edges, starts, status = nfp.no_fit_batch(*outlines.parts, np.array(pairs, dtype=np.int64), SLIVER)
    for stand_ins in (_hulls, _boxes):
        failed = np.flatnonzero(status == nfp.FAILED)
        if not len(failed):
            break
        rows = [edges[starts[k] : starts[k + 1]] for k in range(len(pairs))]
        again = np.array([pairs[k] for k in failed], dtype=np.int64)
        simple = _Outlines.of(stand_ins(outlines.polygons))
        rough, rough_starts, status[failed] = nfp.no_fit_batch(*simple.parts, again, SLIVER)
        for n, k in enumerate(failed):
            rows[k] = rough[rough_starts[n] : rough_starts[n + 1]]
        edges, starts = np.concatenate(rows), np.cumsum([0, *(len(r) for r in rows)]).astype(np.int64)
    return edges, starts


def _hulls(polygons: list[Polygon]) -> list[Polygon]:
    """The convex hulls, ``HAIR`` of their size larger all round."""
    return [p.convex_hull.buffer(HAIR * _size(p), join_style="mitre") for p in polygons]


def _boxes(polygons: list[Polygon]) -> list[Polygon]:
    """The boxes, ``HAIR`` of their size larger all round."""
    return [box(*p.bounds).buffer(HAIR * _size(p), join_style="mitre") for p in polygons]


def _size(polygon: Polygon) -> float:
    x0, y0, x1, y1 = polygon.bounds
    return float(max(x1 - x0, y1 - y0))


@dataclass(frozen=True)
class _Outlines:
    """Outlines with their convex parts as kernels/nfp takes them: points, where parts begin, where shapes begin."""

    polygons: list[Polygon]
    parts: tuple[Floats, Longs, Longs]

    @staticmethod
    def of(polygons: list[Polygon]) -> _Outlines:
        """Outlines taken apart."""
        points, part_sizes, part_counts = [], [], []
        for polygon in polygons:
            rings = rings_of(orient(polygon))
            ends = np.cumsum([0, *(len(ring) for ring in rings)]).astype(np.int64)
            xy, offsets = convex_parts(np.concatenate(rings), ends)
            points.append(xy)
            part_sizes.append(np.diff(offsets))
            part_counts.append(len(offsets) - 1)
        part_offsets = np.cumsum(np.concatenate([[0], *part_sizes])).astype(np.int64)
        shape_offsets = np.cumsum([0, *part_counts]).astype(np.int64)
        return _Outlines(polygons, (np.concatenate(points), part_offsets, shape_offsets))


def _join(parts: list[_PairTables]) -> _PairTables:
    """The tables of all parts as one; indices into edges, cells, lists and stamps move along."""
    edge0 = cell0 = listed0 = stamp0 = 0
    shape, cell_start, listed, stamp = [], [], [], []
    for part in parts:
        shape.append(part.shape + np.array([0, 0, cell0], dtype=np.int32))
        cell_start.append(part.cell_start[:-1] + np.int32(listed0))
        listed.append(part.listed + np.int32(edge0))
        stamp.append(part.stamp + np.array([0, 0, stamp0, stamp0], dtype=np.int32))
        edge0 += len(part.edges)
        cell0 += len(part.cell_start) - 1
        listed0 += len(part.listed)
        stamp0 += len(part.stamps)
    cell_start.append(np.array([listed0], dtype=np.int32))
    return _PairTables(
        edges=np.concatenate([p.edges for p in parts]),
        grid=np.concatenate([p.grid for p in parts]),
        shape=np.concatenate(shape),
        cell_start=np.concatenate(cell_start),
        listed=np.concatenate(listed),
        stamps=np.concatenate([p.stamps for p in parts]),
        stamp=np.concatenate(stamp),
    )


def _by_shapes(owner_of: NDArray[np.int64], joined: _PairTables) -> tuple[Floats, NDArray[np.int32]]:
    """``pair_grid`` and ``pair_shape`` of Tables: the owners' rows spread over all pairs of shapes."""
    owner, sign = owner_of[:, :, 0], owner_of[:, :, 1]
    pair_grid = np.concatenate([sign[:, :, None].astype(np.float64), joined.grid[owner]], axis=2)
    # A stamp read for a negated position is the reversed one.
    stamp = np.where(sign > 0, joined.stamp[owner, 2], joined.stamp[owner, 3])
    pair_shape = np.concatenate([joined.shape[owner], joined.stamp[owner, :2], stamp[:, :, None]], axis=2)
    return np.ascontiguousarray(pair_grid), np.ascontiguousarray(pair_shape.astype(np.int32))
