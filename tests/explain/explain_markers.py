"""Markers for the tests of ``explain``: one whose nap must cost, and one in which every rule holds."""

from __future__ import annotations

from dataclasses import replace

from shapely.geometry import Polygon, box

from cutkit.model import Defect, Fabric, Marker, Match, NestSettings, OrderedPiece, Placement, Repeat, Tie, Zone

WEDGE = Polygon([(0, 0), (100, 0), (0, 96)])
HOOK = Polygon([(0, 0), (60, 0), (60, 20), (20, 20), (20, 50), (0, 50)])


def wedges(**more: object) -> Marker:
    """Four wedges and four hooks one way on cloth of 100 that two wedges fill where one may be turned."""
    pieces = (
        OrderedPiece("wedge", "wedge", "M", WEDGE, 4, allowed_angles_deg=(0.0,)),
        OrderedPiece("hook", "hook", "M", HOOK, 2, 2, allowed_angles_deg=(0.0,)),
    )
    settings = NestSettings(gap_mm=1.0, rounds=1, workers=1)
    fabric = Fabric(104.0, 2.0, "one-way", start_margin_mm=3.0, end_margin_mm=5.0, max_length_mm=2000.0)
    placements = [Placement("wedge", k + 1, 101.0 * k, 0.0, 0.0) for k in range(4)]
    placements += [Placement("hook", k + 1, 404.0 + 61.0 * k, 50.0 * (k > 1), 0.0, k > 1) for k in range(4)]
    return replace(Marker(fabric, pieces, tuple(placements), settings), **more)  # type: ignore[arg-type]


def ruled() -> Marker:
    """A marker in which every rule holds; nothing is laid that could keep or break most of them."""
    piece = OrderedPiece(
        "a",
        "a",
        "M",
        box(0, 0, 10, 10),
        1,
        allowed_angles_deg=(0.0,),
        block=box(-1, -1, 11, 11),
        buffer_mm=1.0,
        zones=("left",),
        fold="low",
        matches=(Match("m", (5.0, 5.0)),),
        ties=(Tie((0.0, 0.0), 30.0, 40.0),),
    )
    fabric = Fabric(
        200.0,
        10.0,
        "one-way",
        max_length_mm=900.0,
        defects=(Defect((50.0, 60.0, 70.0, 80.0)),),
        high_selvedge_mm=20.0,
        start_margin_mm=7.0,
        end_margin_mm=9.0,
        zones=(Zone("left", 0.0, 80.0),),
        repeat=Repeat(60.0, 80.0, 1.0, 2.0),
    )
    settings = NestSettings(2.0, bundle_span_mm=500.0, bundling="sections")
    laid = Placement("a", 1, 30.0, 40.0, 0.0, locked=True)
    return Marker(fabric, (piece,), (laid,), settings)
