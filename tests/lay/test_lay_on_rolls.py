"""Orders on rolls and remnants: ten rolls with thirty flaws and five remnants, and every step alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from boxes import BoxNester, copies_of, order, wanted_of
from shapely.affinity import translate
from shapely.geometry import box

import cutkit.lay.work
from cutkit.check import check_marker
from cutkit.errors import InfeasibleError
from cutkit.formats.rolls import parse_rolls, rolls_csv
from cutkit.lay import LayRules, lay
from cutkit.lay.rolls import RollUse, in_turn, roll_cloth
from cutkit.model import Defect, Demand, Fabric, Marker, NestSettings, Roll
from cutkit.report.summary import Cut, summarize

SIZES = {"S": [(300.0, 200.0), (180.0, 150.0), (90.0, 60.0)], "L": [(360.0, 240.0), (220.0, 150.0), (110.0, 70.0)]}
ROUNDS = NestSettings(gap_mm=2.0, rounds=1, workers=1)
CLOTH = Fabric(600.0, 10.0, start_margin_mm=15.0, end_margin_mm=25.0)


@pytest.fixture
def nester(monkeypatch):
    """Boxes are nested by the tests' own nester."""
    boxes = BoxNester()

    def nest(fabric, demand, settings, *, start=None, **_more):
        return boxes(fabric, demand, settings, start)

    monkeypatch.setattr(cutkit.lay.work, "nest", nest)
    return boxes


def stock_of_cloth(seed: int, rolls: int = 10, remnants: int = 5, flaws: int = 30) -> tuple[Roll, ...]:
    """Rolls of 600, 580 or 520 mm, and remnants, with flaws strewn over them, some over an edge or an end."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(rolls + remnants):
        length = rng.uniform(1500, 4000) if k < rolls else rng.uniform(350, 1100)
        kind = "roll" if k < rolls else "remnant"
        found.append(Roll(f"{kind} {k}", float(rng.choice([600, 580, 520])), float(np.round(length, 3)), kind))
    for _ in range(flaws):
        k = int(rng.integers(len(found)))
        x, y = rng.uniform(-20, found[k].length_mm), rng.uniform(-20, found[k].width_mm)
        flaw = Defect((x, y, x + rng.uniform(21, 90), y + rng.uniform(21, 60)))
        found[k] = replace(found[k], flaws=(*found[k].flaws, flaw))
    return tuple(found)


def on_the_roll(marker: Marker) -> list[shapely.Geometry]:
    """The pieces of a marker where they lie on its roll."""
    fabric = marker.fabric
    dx, dy = marker.stretch.from_mm + fabric.start_margin_mm, fabric.selvedge_mm
    return [translate(polygon, dx, dy) for polygon in marker.polygons]


@pytest.mark.slow
def test_ten_rolls_with_thirty_flaws_and_five_remnants():
    accounted_for(stock_of_cloth(1), order(SIZES, {"S": 9, "L": 7}))


@pytest.mark.parametrize("seed", range(2, 7))
def test_every_stock_of_cloth_is_accounted_for(nester, seed):
    accounted_for(stock_of_cloth(seed), order(SIZES, {"S": 14 + seed, "L": 12}))


def accounted_for(rolls: tuple[Roll, ...], demand: Demand) -> None:
    """Lay an order, and follow every square millimetre of every roll, with shapely alone."""
    assert sum(len(roll.flaws) for roll in rolls) == 30
    found = lay(replace(CLOTH, max_length_mm=1400.0), demand, ROUNDS, LayRules(rolls=rolls))
    assert copies_of(found.markers) == wanted_of(demand)
    assert all(check_marker(marker) == [] and marker.length_mm <= 1360.001 for marker in found.markers)
    by_name, uses = {roll.name: roll for roll in rolls}, {use.roll.name: use for use in found.rolls}
    issued = pieces = flaws = left = 0.0
    for name, roll in by_name.items():
        mine = [marker for marker in found.markers if marker.stretch.roll == name]
        if not mine:
            assert uses[name].remnant == roll
            continue
        # One marker begins where the one before it ends; what is behind the last one is left.
        ends = [0.0, *(marker.stretch.to_mm for marker in mine)]
        assert [marker.stretch.from_mm for marker in mine] == ends[:-1]
        assert ends[-1] == uses[name].used_mm <= roll.length_mm
        assert mine[-1].stretch.left_mm == pytest.approx(roll.length_mm - ends[-1], abs=1e-3)
        laid = [polygon for marker in mine for polygon in on_the_roll(marker)]
        faulty = shapely.union_all([box(*flaw.box_mm) for flaw in roll.flaws])
        assert max((polygon.intersection(faulty).area for polygon in laid), default=0.0) < 1e-2
        assert max(polygon.bounds[2] for polygon in laid) <= ends[-1] - 25.0 + 1e-6
        pieces += sum(polygon.area for polygon in laid)
        markers = [box(m.stretch.from_mm + 15.0, 10.0, m.stretch.to_mm - 25.0, roll.width_mm - 10.0) for m in mine]
        flaws += faulty.intersection(shapely.union_all(markers)).area
        issued += roll.length_mm * roll.width_mm
        left += (roll.length_mm - ends[-1]) * roll.width_mm
    balance = summarize(Cut(marker=marker) for marker in found.markers).total.balance
    assert balance.closes
    assert abs(balance.error_mm2) <= 1.0
    assert balance.issued_mm2 == pytest.approx(issued, abs=1.0)
    assert balance.parts["pieces"] == pytest.approx(pieces, abs=1.0)
    assert balance.parts["flaws"] == pytest.approx(flaws, abs=1.0)
    assert balance.parts["remnants"] == pytest.approx(left, abs=1.0)
    assert balance.parts["unaccounted"] == 0
    # What is left is the next stock: nothing gets lost on the way through the file.
    again = parse_rolls(rolls_csv([use.remnant for use in found.rolls if use.remnant]).encode(), "rest.csv")
    area = sum(roll.length_mm * roll.width_mm for roll in rolls)
    assert issued - left + sum(roll.length_mm * roll.width_mm for roll in again) == pytest.approx(area, abs=1.0)


def test_remnants_come_first_and_the_smallest_of_them(nester):
    rolls = (Roll("R", 600, 5000), Roll("long", 600, 1500, "remnant"), Roll("bit", 520, 700, "remnant"))
    assert [roll.name for roll in in_turn(rolls)] == ["bit", "long", "R"]
    demand = order(SIZES, {"S": 6, "L": 4})
    found = lay(CLOTH, demand, ROUNDS, LayRules(rolls=rolls))
    assert [marker.stretch.roll for marker in found.markers] == ["bit", "long", "R"]
    assert copies_of(found.markers) == wanted_of(demand)
    assert [use.roll.name for use in found.rolls] == ["R", "long", "bit"]


def test_a_remnant_takes_as_many_garments_as_fit(nester):
    # A garment of S takes 302 + 182 of the length beside another one, and the cloth has room for three columns.
    rolls = (Roll("bit", 600, 1000, "remnant"), Roll("R", 600, 20_000))
    demand = order(SIZES, {"S": 12})
    first, _ = lay(CLOTH, demand, ROUNDS, LayRules(rolls=rolls)).markers
    longer = BoxNester()(replace(CLOTH, width_mm=600.0), order(SIZES, {"S": len(first.bundles) + 1}), ROUNDS, None)
    assert first.length_mm <= 960.0 < longer.length_mm


def test_cloth_too_narrow_for_a_garment_is_left_alone(nester):
    rolls = (Roll("narrow", 230, 3000, "remnant"), Roll("R", 600, 9000))
    demand = order(SIZES, {"L": 2})
    found = lay(CLOTH, demand, ROUNDS, LayRules(rolls=rolls))
    assert [marker.stretch.roll for marker in found.markers] == ["R"]
    assert found.rolls[0].remnant == rolls[0]


def test_where_the_cloth_does_not_suffice_the_rest_is_named(nester):
    demand = order(SIZES, {"S": 9})
    found = lay(CLOTH, demand, ROUNDS, LayRules(rolls=(Roll("R", 600, 900),)))
    (marker,) = found.markers
    assert check_marker(marker) == []
    assert {entry.reason for entry in marker.unplaced} == {"no cloth is left for its garment on the rolls and remnants"}
    assert len(marker.placements) + sum(entry.count for entry in marker.unplaced) == len(demand.copies)
    assert 0 < len(marker.bundles) < 9


def test_no_cloth_at_all(nester):
    demand = order(SIZES, {"S": 1})
    found = lay(CLOTH, demand, ROUNDS, LayRules(rolls=(Roll("R", 600, 100),)))
    assert not found.markers[0].placements
    assert sum(entry.count for entry in found.markers[0].unplaced) == 3
    assert found.rolls[0].remnant == Roll("R", 600, 100)
    with pytest.raises(InfeasibleError, match="no usable width"):
        lay(CLOTH, demand, ROUNDS, LayRules(rolls=(Roll("strip", 20, 1000),)))


def test_cloth_of_another_material_is_not_touched(nester):
    demand = replace(order(SIZES, {"S": 1}), material="SHELL")
    rolls = (Roll("L1", 600, 9000, material="LINING"), Roll("S1", 600, 9000, material="SHELL"))
    found = lay(CLOTH, demand, ROUNDS, LayRules(rolls=rolls))
    assert [marker.stretch.roll for marker in found.markers] == ["S1"]
    assert [use.used_mm > 0 for use in found.rolls] == [False, True]


def test_materials_are_compared_without_regard_to_case_and_blanks(nester):
    demand = replace(order(SIZES, {"S": 1}), material="Shell  Grey")
    found = lay(CLOTH, demand, ROUNDS, LayRules(rolls=(Roll("S1", 600, 9000, material="SHELL GREY"),)))
    assert [marker.stretch.roll for marker in found.markers] == ["S1"]


def test_a_material_that_no_roll_is_of_is_named(nester):
    demand = replace(order(SIZES, {"S": 1}), material="SHELL")
    (marker,) = lay(CLOTH, demand, ROUNDS, LayRules(rolls=(Roll("S1", 600, 9000, material="SHEL"),))).markers
    assert {entry.reason for entry in marker.unplaced} == {
        "no roll or remnant is of its material 'SHELL': they are of SHEL"
    }


def test_what_is_left_has_the_flaws_that_lie_in_it():
    flaws = (Defect((100, 0, 200, 50)), Defect((900, 10, 1100, 60), ("B",)), Defect((1500, 0, 1600, 20)))
    roll = Roll("R", 600, 2000, flaws=flaws)
    rest = RollUse(roll, 1000.0).remnant
    assert rest == Roll("R", 600, 1000, "remnant", (Defect((0, 10, 100, 60), ("B",)), Defect((500, 0, 600, 20))))
    assert RollUse(roll, 0.0).remnant == roll
    assert RollUse(roll, 2000.0).remnant is None


def test_flaws_are_told_from_the_edge_of_the_cloth_and_laid_from_the_selvedge():
    roll = Roll("R", 600, 2000, flaws=(Defect((100, 30, 120, 50), ("B",)),))
    (flaw,) = roll_cloth(replace(CLOTH, high_selvedge_mm=4.0), roll).defects
    assert flaw == Defect((100, 20, 120, 40), ("B",))


def test_a_flaw_of_folded_cloth_is_one_of_both_layers():
    folded = Fabric(300.0, 0.0, high_selvedge_mm=10.0, spread="folded")
    boxes = {"low": (0, 100, 10, 140), "high": (0, 400, 10, 460), "across": (0, 280, 10, 350)}
    laid = {}
    for name, flaw in boxes.items():
        cloth = roll_cloth(folded, Roll("R", 600, 2000, flaws=(Defect(flaw),)))
        assert cloth.width_mm == 300
        laid[name] = cloth.defects[0].box_mm[1::2]
    # The fold is at 300 of the opened width: 160 to 200 from it on the one layer, 100 to 160 on the other.
    assert laid == {"low": (160, 200), "high": (100, 160), "across": (0, 50)}


def test_several_markers_on_a_roll_share_its_garments_evenly(nester):
    demand = order(SIZES, {"S": 20})
    found = lay(replace(CLOTH, max_length_mm=2000.0), demand, ROUNDS, LayRules(rolls=(Roll("R", 600, 60_000),)))
    counts = [len(marker.bundles) for marker in found.markers]
    assert len(counts) > 1
    assert max(counts) - min(counts) <= 2


def test_a_block_that_is_cut_beyond_the_last_piece_is_cloth_of_its_own():
    """The machine cuts blocks: the next marker begins behind them, and they lie on the roll that they are cut from."""
    demand = order({"S": [(300.0, 500.0)]}, {"S": 4})
    blocks = tuple(replace(p, block=p.outline.buffer(20.0, join_style="mitre"), cut_block=True) for p in demand.pieces)
    rolls = (Roll("A", 600, 710.0), Roll("B", 600, 719.0), Roll("C", 600, 2000.0))
    cloth = replace(CLOTH, max_length_mm=715.0)
    found = lay(cloth, replace(demand, pieces=blocks), replace(ROUNDS, gap_mm=0.0), LayRules(rolls=rolls))
    assert [(m.stretch.roll, len(m.placements)) for m in found.markers] == [("A", 1), ("B", 1), ("C", 1), ("C", 1)]
    for marker in found.markers:
        assert (marker.overhang_mm, marker.reach_mm) == pytest.approx((20.0, marker.length_mm + 20.0))
        length = 15.0 + marker.length_mm + 20.0 + 25.0
        assert marker.stretch.to_mm - marker.stretch.from_mm == pytest.approx(length)
    total = summarize(Cut(marker=marker) for marker in found.markers).total
    assert total.balance.closes
    assert total.issued_mm == pytest.approx(710.0 + 719.0 + 2000.0)
