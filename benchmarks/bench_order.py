"""The order of cuts beside OR-tools' routing: the way with the tool up, on the same pieces with the same choices.

``contours`` are garment-like outlines alone; ``shirts`` are the pieces of patterns/shirt.dxf with their notches. Both
lie on a table in rows, not nested: the way between pieces then counts the more. OR-tools gets
the pieces as clusters of nodes, a node for each of cutkit's ways to begin and end a piece, and guided local search for
``--time`` seconds; which piece must go before which is left out on both sides, for it cannot say that of clusters.

    python benchmarks/bench_order.py                      300 pieces of each kind, 60 s for OR-tools
    python benchmarks/bench_order.py --pieces 3000 --alone
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from math import hypot
from pathlib import Path

from garments import garment_pieces
from shapely.geometry import Polygon

from cutkit.cut import order
from cutkit.cut.strokes import PieceStrokes, all_strokes
from cutkit.cut.visits import Visit
from cutkit.formats.patterns import read_pattern
from cutkit.formats.profile import load_profile
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement

PATTERN = Path(__file__).resolve().parents[1] / "patterns" / "shirt.dxf"
GAP_MM = 30.0
WIDTH_MM = 1500.0
START = (0.0, 0.0)


def contours(count: int) -> Marker:
    """Garment-like outlines of 40 types on rows."""
    made = garment_pieces(40, 44, 1)
    pieces = [OrderedPiece(p.name, p.name, "", Polygon(p.outline), 1) for p in made]
    return in_rows([pieces[k % len(pieces)] for k in range(count)])


def shirts(count: int) -> Marker:
    """The shirt's pieces in all sizes on rows, with their marks."""
    pattern = read_pattern(PATTERN)
    pieces = [OrderedPiece(f"{p.name}-{p.size}", p.name, p.size, p.outline, 1, marks=p.marks) for p in pattern.pieces]
    return in_rows([pieces[k % len(pieces)] for k in range(count)])


def in_rows(pieces: Sequence[OrderedPiece]) -> Marker:
    """Pieces side by side in columns across the fabric, in a random order that a seed decides."""
    shuffled = list(pieces)
    random.Random(1).shuffle(shuffled)
    placements = []
    x = y = depth = 0.0
    for piece in shuffled:
        _, _, long, wide = piece.outline.bounds
        if y and y + wide > WIDTH_MM:
            x, y, depth = x + depth + GAP_MM, 0.0, 0.0
        placements.append(Placement(piece.id, 1, x, y, 0.0))
        y += wide + GAP_MM
        depth = max(depth, long)
    named = {piece.id: piece for piece in pieces}
    return Marker(Fabric(WIDTH_MM), tuple(named.values()), tuple(placements), NestSettings())


def routed_by_or_tools(visits: Sequence[Visit], seconds: int) -> float:
    """The length of the way that OR-tools finds, in mm."""
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    entries, exits, within, clusters = [START], [START], [0.0], []
    for visit in visits:
        modes = visit.modes()
        clusters.append(range(len(entries), len(entries) + len(modes)))
        for w, k in modes:
            way = visit.ways[w]
            entries.append(way.entry(k))
            exits.append(way.lasts[k].exit)
            within.append(float(way.within[k]))
    # The way back is free: cutkit's ends where its last piece does. In hundredths of a mm, for it counts in integers.
    matrix = [
        [0 if j == 0 else round(100 * (hypot(b[0] - a[0], b[1] - a[1]) + within[j])) for j, b in enumerate(entries)]
        for a in exits
    ]
    manager = pywrapcp.RoutingIndexManager(len(entries), 1, 0)
    routing = pywrapcp.RoutingModel(manager)
    routing.SetArcCostEvaluatorOfAllVehicles(routing.RegisterTransitMatrix(matrix))
    for cluster in clusters:
        routing.AddDisjunction([manager.NodeToIndex(node) for node in cluster], 10**9, 1)
    search = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PATH_CHEAPEST_ARC
    search.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    search.time_limit.seconds = seconds
    solution = routing.SolveWithParameters(search)
    length = solution.ObjectiveValue() / 100
    if length > 1e6:
        raise RuntimeError("OR-tools left pieces out")
    return float(length)


def main() -> None:
    """Print a row for each kind of marker."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pieces", type=int, default=300)
    parser.add_argument("--time", type=int, default=60, help="seconds for OR-tools")
    parser.add_argument("--alone", action="store_true", help="without OR-tools")
    arguments = parser.parse_args()
    order.ordered_strokes(
        list(all_strokes(contours(3), load_profile("hpgl-generic")))
    )  # compiled before the clock runs
    print(f"{'marker':10} {'pieces':>6} {'cutkit m':>9} {'s':>6} {'OR-tools m':>11} {'ratio':>6}   with precedences m")
    for kind in (contours, shirts):
        profile = load_profile("hpgl-generic")
        profile = replace(profile, tools={"knife": profile.tools["knife"]})
        pieces = list(all_strokes(kind(arguments.pieces), profile))
        constrained = order.travel_mm(order.ordered_strokes(pieces), START)
        begun = time.perf_counter()
        free = order.travel_mm(without_precedences(pieces), START)
        taken = time.perf_counter() - begun
        row = f"{kind.__name__:10} {len(pieces):6d} {free / 1000:9.2f} {taken:6.2f}"
        if not arguments.alone:
            visits = [visit for k, piece in enumerate(pieces) if (visit := order.visit(k, piece, "knife"))]
            theirs = routed_by_or_tools(visits, arguments.time)
            row += f" {theirs / 1000:11.2f} {free / theirs:6.3f}"
        print(f"{row}   {constrained / 1000:.2f}", flush=True)


def without_precedences(pieces: Sequence[PieceStrokes]) -> list:
    """The strokes in the order that would be best if every piece could go before any other."""
    visits = [visit for k, piece in enumerate(pieces) if (visit := order.visit(k, piece, "knife"))]
    return order.routed(visits, [set() for _ in pieces], START)


if __name__ == "__main__":
    main()
