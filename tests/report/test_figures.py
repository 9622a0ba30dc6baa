"""Figures of markers, against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely.geometry import box

from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement, SearchRecord, Unplaced
from cutkit.report import garments_by_size, marker_figures, nest_entry, total_figures


def piece(id_: str, size: str, ordered: int, *, width: float = 500.0, material: str = "Shell") -> OrderedPiece:
    return OrderedPiece(id_, id_, size, box(0, 0, 500, width), ordered, material=material, style="Tee")


def marker() -> Marker:
    """Four half-square-metre panels of 500 x 500 on 1000 mm of usable width, three of them placed."""
    pieces = (piece("front-S", "S", 1), piece("front-M", "M", 2), piece("huge", "M", 1, width=2000))
    spots = [("front-S", 1, 0, 0), ("front-M", 2, 0, 500), ("front-M", 3, 500, 0)]
    placements = tuple(Placement(id_, bundle, x, y, 0) for id_, bundle, x, y in spots)
    fabric = Fabric(1040.0, 20.0, name="Jersey")
    search = SearchRecord(12.0, 345, 2)
    return Marker(fabric, pieces, placements, NestSettings(seed=7), (Unplaced("huge", 1, "too wide"),), search=search)


def test_figures_of_a_marker():
    figures = marker_figures(marker(), path="tee.marker.json", start_s=0.4)
    assert (figures.width_mm, figures.usable_width_mm, figures.length_mm) == (1040, 1000, 1000)
    assert figures.area_mm2 == 1_000_000
    assert figures.efficiency == pytest.approx(0.75)
    assert figures.waste_pct == pytest.approx(25)
    assert (figures.ordered, figures.placed, figures.unplaced) == (4, 3, 1)
    assert figures.garments == 3
    assert figures.garments_by_size == (("S", 1), ("M", 2))
    assert figures.length_per_garment_mm == pytest.approx(1000 / 3)
    assert (figures.styles, figures.fabric, figures.material) == (("Tee",), "Jersey", "Shell")
    assert (figures.seed, figures.rounds, figures.search_s, figures.start_s) == (7, 345, 12.0, 0.4)


def test_the_marker_has_the_last_word_on_efficiency():
    assert marker_figures(marker()).efficiency == pytest.approx(marker().efficiency)


def test_a_measured_time_stands_in_for_a_run_by_rounds():
    by_rounds = replace(marker(), search=SearchRecord(None, 345, None))
    assert marker_figures(by_rounds).search_s is None
    assert marker_figures(by_rounds, search_s=3.5).search_s == 3.5


def test_the_entry_of_nest_json_has_the_keys_of_the_contract():
    entry = nest_entry(marker_figures(marker(), path="tee.marker.json", start_s=0.4))
    wanted = {
        "path": "tee.marker.json",
        "fabric": "Jersey",
        "material": "Shell",
        "usable_width_mm": 1000.0,
        "length_mm": 1000.0,
        "efficiency": pytest.approx(0.75),
        "waste_pct": pytest.approx(25.0),
        "pieces": {"ordered": 4, "placed": 3, "unplaced": 1},
        "garments": 3,
        "seed": 7,
        "start_s": 0.4,
        "search_s": 12.0,
        "rounds": 345,
    }
    assert {key: entry[key] for key in wanted} == wanted


def test_a_total_is_weighted_by_cloth():
    long = marker_figures(marker())
    short = replace(long, material="Fusible", length_mm=100.0, area_mm2=100_000.0, placed_area_mm2=10_000.0)
    total = total_figures([long, short])
    assert total.efficiency == pytest.approx(760_000 / 1_100_000)
    assert total.waste_pct == pytest.approx(100 - 76 / 1.1)
    assert (total.markers, total.ordered, total.placed, total.unplaced) == (2, 8, 6, 2)
    assert total.length_mm == 1100
    assert total.search_s == 24.0


def test_garments_in_two_materials_are_counted_once():
    shell = marker_figures(marker())
    lining = replace(shell, material="Lining", garments=2)
    other = replace(shell, styles=("Bag",), material="Canvas", garments=5)
    assert total_figures([shell, lining]).garments == 3
    assert total_figures([shell, shell, lining]).garments == 6
    assert total_figures([shell, lining, other]).garments == 8


def test_a_piece_for_all_sizes_makes_no_garment_of_its_own():
    base = marker()
    pocket = piece("pocket", "", 1)
    more = (*base.placements, Placement("pocket", 3, 500, 500, 0), Placement("front-M", 3, 500, 500, 0))
    assert garments_by_size(replace(base, pieces=(*base.pieces, pocket), placements=more)) == (("S", 1), ("M", 2))


def test_an_empty_marker_wastes_nothing_and_divides_by_nothing():
    figures = marker_figures(replace(marker(), placements=()))
    assert (figures.efficiency, figures.waste_pct, figures.garments) == (0, 0, 0)
    assert figures.length_per_garment_mm is None
    total = total_figures([])
    assert (total.efficiency, total.waste_pct, total.length_per_garment_mm, total.search_s) == (0, 0, None, None)
