"""Marker files that were edited: what cannot be understood is refused by name, what is wrong is left to the referee."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace

import pytest
from builders import make_marker, rectangle
from hypothesis import given
from hypothesis import strategies as st
from rule_markers import rule_marker
from shapely.geometry import Polygon

from cutkit.check import check_marker
from cutkit.errors import InputError
from cutkit.formats.marker import marker_text, marker_to_json, parse_marker, read_marker, write_marker
from cutkit.model import (
    Defect,
    Fabric,
    InputFile,
    Mark,
    Match,
    NestSettings,
    OrderedPiece,
    Placement,
    Planned,
    Repeat,
    Stretch,
    Tie,
    Zone,
    in_steps,
)

NOTCH = Mark("notch", ((50.0, 0.0),), "knife", depth_mm=5.0, angle_deg=90.0)


@pytest.fixture
def value():
    """A valid marker's JSON."""
    piece = OrderedPiece("FRONT-M", "FRONT", "M", rectangle(100, 50), 1, marks=(NOTCH,))
    return marker_to_json(make_marker([piece], [Placement("FRONT-M", 1, 0.0, 0.0, 0.0)]))


def parsed(value):
    return parse_marker(json.dumps(value).encode(), where="m.marker.json")


def test_what_is_written_is_read(value):
    assert marker_to_json(parsed(value)) == value


def test_the_stretch_of_a_roll_is_kept_and_splices_are_told():
    piece = OrderedPiece("P", "P", "M", rectangle(100, 50), 2)
    places = [Placement("P", 1, 0.0, 0.0, 0.0), Placement("P", 2, 80.0, 60.0, 0.0)]
    marker = make_marker([piece], places, stretch=Stretch("R1", 1200.5, 1420.5, 33.25))
    value = marker_to_json(marker)
    assert value["stretch"] == {"roll": "R1", "from_mm": 1200.5, "to_mm": 1420.5, "left_mm": 33.25}
    assert value["splices"] == [{"x0_mm": 80.0, "x1_mm": 100.0}]
    assert parsed(value).stretch == marker.stretch
    for wrong in ({"from_mm": 1500.0}, {"left_mm": -1.0}, {"to_mm": 1e12}, {"roll": 5}):
        with pytest.raises(InputError):
            parsed(value | {"stretch": value["stretch"] | wrong})


OLD_KEYS = {
    "fabric": "name material width_mm usable_width_mm selvedge_mm nap max_length_mm defects",
    "settings": "gap_mm",
    "pieces": "id name size style material ordered ordered_mirrored allowed_angles_deg tilt_deg may_mirror ignores_nap "
    "outline holes marks",
    "placements": "piece bundle x_mm y_mm angle_deg mirrored",
}


def test_a_marker_without_rules_has_no_keys_of_rules(value):
    """Byte for byte what was written before there were any: the same keys in the same order, and no others."""
    for part, keys in OLD_KEYS.items():
        entry = value[part][0] if isinstance(value[part], list) else value[part]
        assert list(entry) == keys.split()


RULED = replace(
    make_marker(
        [
            OrderedPiece(
                "FRONT-M",
                "FRONT",
                "M",
                rectangle(100, 50),
                1,
                block=Polygon(rectangle(120, 60).exterior, [rectangle(5, 5).exterior]),
                buffer_mm=4.5,
                quality="B",
                zones=("left",),
                fold="high",
                matches=(
                    Match("cf", (1.0, 2.0)),
                    Match("pocket", (3.0, 4.0), "pocket", (5.0, 6.0), along=False),
                    Match("hem", (3.0, 4.0), "hem", across=False),
                ),
                ties=(Tie((1.0, 1.0), 50.0), Tie((2.0, 2.0), None, 60.0)),
                per_copy=2,
                category="front",
                cut_block=True,
            )
        ],
        [Placement("FRONT-M", 1, 0.0, 0.0, 0.0, locked=True)],
        fabric=Fabric(
            200.0,
            0.0,
            defects=(Defect((1, 2, 3, 4)), Defect((5, 6, 7, 8), ("A", "B"))),
            high_selvedge_mm=12.5,
            start_margin_mm=20.0,
            end_margin_mm=30.0,
            spread="folded",
            has_face=False,
            zones=(Zone("left", 0.0, 80.0), Zone("right", 80.0, 187.5)),
            repeat=Repeat(None, 80.0, 1.5, -2.5, 30.0),
            shrinkage=(0.02, -0.01),
            weight_gsm=180.0,
            price_per_m=7.5,
        ),
    ),
    settings=NestSettings(2.0, seed=3, bundle_span_mm=900.0, bundling="sections"),
    planned=Planned(20, "half", ((1, 2), (7, 1))),
)
"""A marker in which every field that came with the rules of cloth is set."""


def test_every_rule_is_written_and_read():
    value = marker_to_json(RULED)
    got = parsed(value)
    assert (got.fabric, got.pieces, got.placements) == (RULED.fabric, RULED.pieces, RULED.placements)
    assert got.settings == RULED.settings
    assert got.planned == RULED.planned
    assert value["planned"] == {"plies": 20, "sets": "half", "sharing": {"1": 2, "7": 1}}
    assert marker_to_json(got) == value
    assert value["fabric"]["defects"] == [{"box_mm": [1, 2, 3, 4]}]
    assert value["fabric"]["flaws"] == [{"box_mm": [5, 6, 7, 8], "allows": ["A", "B"]}]
    assert value["placements"][0]["locked"] is True


@given(seed=st.integers(0, 10_000))
def test_random_rules_come_back(seed):
    """But for the order of flaws: those that allow nobody are in a list of their own, and come first."""
    marker = rule_marker(seed)
    got = parse_marker(marker_text(marker).encode(), where="m")
    again = parse_marker(marker_text(got).encode(), where="m")
    assert (again.fabric, again.pieces, again.placements) == (got.fabric, got.pieces, got.placements)
    assert sorted(map(_plain, got.fabric.defects)) == sorted(map(_plain, marker.fabric.defects))
    assert replace(got.fabric, defects=()) == replace(marker.fabric, defects=())
    assert (got.unplaced, got.settings) == (marker.unplaced, marker.settings)
    assert [p.locked for p in got.placements] == [p.locked for p in marker.placements]
    for ours, theirs in zip(marker.pieces, got.pieces, strict=True):
        assert _plain(replace(theirs, outline=None, block=None)) == _plain(replace(ours, outline=None, block=None))
        assert theirs.outline.equals_exact(ours.outline, 1e-8)
        assert (theirs.block is None) == (ours.block is None)
        assert ours.block is None or theirs.block.equals_exact(ours.block, 1e-8)
    assert check_marker(got) == []


def _plain(noun) -> str:
    """A noun as text, with numbers in thousandths: what is written is rounded, but far below that."""
    return re.sub(r"-?\d+\.\d+(e-\d+)?", lambda found: f"{float(found[0]) + 1e-7:.3f}", repr(noun))


@pytest.mark.parametrize("turns", [(0.0,), (180.0,), (0.0, 180.0), (0.0, 90.0, 180.0, 270.0)])
@pytest.mark.parametrize("steps", [(0.0, 2.0), (1.3,), (0.0, 0.7, 1.4, 5.0)])
def test_steps_are_told_as_a_tilt(turns, steps):
    """Who knows nothing of steps must not take a piece that lies a step off for one that lies wrong."""
    allowed = in_steps(turns, steps)
    assert len(allowed) == len(turns) * sum(2 if step else 1 for step in steps)
    piece = OrderedPiece("F", "F", "M", rectangle(10, 10), 1, allowed_angles_deg=allowed)
    value = marker_to_json(make_marker([piece], [Placement("F", 1, 50.0, 50.0, allowed[0])]))
    told = value["pieces"][0]
    assert (told["allowed_angles_deg"], told["tilt_deg"], told["tilt_steps_deg"]) == (
        list(turns),
        steps[-1],
        list(steps),
    )
    assert parsed(value).pieces[0] == piece


@pytest.mark.parametrize(
    "allowed", [(), (0.0, 45.0), (1.0, 180.0), (0.0, 2.0, 358.0, 180.0), (2.0, 358.0, 0.0), (7.0,)]
)
def test_angles_that_are_no_steps_are_told_as_they_are(allowed):
    piece = OrderedPiece("F", "F", "M", rectangle(10, 10), 1, allowed_angles_deg=allowed)
    value = marker_to_json(make_marker([piece], []))
    assert value["pieces"][0]["allowed_angles_deg"] == list(allowed)
    assert "tilt_steps_deg" not in value["pieces"][0]
    assert parsed(value).pieces[0] == piece


def test_a_foreign_file_that_names_no_selvedge_has_two_alike(value):
    value["fabric"].update(width_mm=230.0)
    del value["fabric"]["selvedge_mm"]
    fabric = parsed(value).fabric
    assert (fabric.selvedge_mm, fabric.high_selvedge_mm, fabric.usable_width_mm) == (15.0, None, 200.0)


def test_a_byte_order_mark_is_no_fault(value):
    data = b"\xef\xbb\xbf" + json.dumps(value).encode()
    assert marker_to_json(parse_marker(data, where="m")) == value


def test_nesting_without_end_is_refused():
    with pytest.raises(InputError, match="not JSON"):
        parse_marker(b"[" * 100_000, where="m")


@pytest.mark.parametrize(
    ("planned", "says"),
    [
        ({"plies": 0}, "planned for 0 plies"),
        ({"plies": 3, "sets": "half"}, "planned for 3 plies"),
        ({"plies": 10_001}, "planned for 10001 plies"),
        ({"sets": "whole"}, "planned.sets"),
        ({"sharing": {"1": 0}}, "are no numbers of garments"),
        ({"sharing": {"one": 1}}, "planned.sharing"),
    ],
)
def test_a_plan_that_no_spread_can_have_is_refused(value, planned, says):
    with pytest.raises(InputError, match=says):
        parsed(value | {"planned": planned})


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda v: v["pieces"][0]["marks"][0].update(points=[]), "a mark .notch. has no points"),
        (lambda v: v["pieces"][0]["marks"][0].update(depth_mm=-5), "negative depth"),
        (lambda v: v["pieces"][0]["marks"][0].update(width_mm=-5), "negative depth or width"),
        (lambda v: v["pieces"][0]["marks"][0].update(points=[[1e300, 0]]), "a mark of piece 'FRONT-M' reaches beyond"),
        (lambda v: v["pieces"][0]["outline"].append([0, 1e300]), "piece 'FRONT-M' reaches beyond"),
        (lambda v: v["pieces"][0].update(outline=[[0, 0], [1, 1]]), "three points"),
        (lambda v: v["placements"][0].update(x_mm=1e200), "a placement of 'FRONT-M' reaches beyond"),
        (lambda v: v["fabric"].update(width_mm=1e308, usable_width_mm=1e308), "the fabric reaches beyond"),
        (lambda v: v["fabric"].update(defects=[{"box_mm": [0, 0, 1e308, 1]}]), "a defect reaches beyond"),
        (lambda v: v["settings"].update(gap_mm=1e308), "the fabric reaches beyond"),
    ],
)
def test_what_makes_no_sense_is_refused(value, edit, says):
    edit(value)
    with pytest.raises(InputError, match=says):
        parsed(value)


@pytest.mark.parametrize(
    ("edit", "says", "hint"),
    [
        (lambda f, p: f.update(flaws=[{"box_mm": [0, 0, 1e300, 1], "allows": ["A"]}]), "a defect reaches beyond", None),
        (lambda f, p: f.update(flaws=[{"box_mm": [0, 0, 1]}]), r"fabric.flaws\[0\].box_mm", "Write it again"),
        (lambda f, p: f.update(high_selvedge_mm=-1), "the fabric's high_selvedge_mm is -1", "from 0 on"),
        (lambda f, p: f.update(high_selvedge_mm=20), "usable width is 187.5 mm, but its selvedges leave 180", "less"),
        (lambda f, p: f.update(start_margin_mm=-3), "the fabric's start_margin_mm is -3", "from 0 on"),
        (lambda f, p: f.update(end_margin_mm=1e300), "the fabric's end_margin_mm is 1e.300", "from 0 on"),
        (lambda f, p: f.update(weight_gsm=-1), "weight_gsm", "from 0 on"),
        (lambda f, p: f.update(price_per_m=-1), "price_per_m", "from 0 on"),
        (lambda f, p: f.update(max_length_mm=1e300), "the fabric reaches beyond", None),
        (lambda f, p: f.update(spread="inside-out"), "spread", "Write it again"),
        (lambda f, p: f.update(shrinkage=[2.0, 0.0]), "shrinkage is .2.0, 0.0.", "0.02"),
        (lambda f, p: f["zones"][0].update(y1_mm=0.0), "zone 'left' goes from 0 to 0 mm", "lower edge"),
        (lambda f, p: f["zones"][0].update(y0_mm=-1e300), "zone 'left' reaches beyond", None),
        (lambda f, p: f["zones"][0].update(name=""), "no name", 'by "name"'),
        (lambda f, p: f["repeat"].update(y_mm=0.0), "repeat has y_mm 0", "null where"),
        (lambda f, p: f["repeat"].update(x_mm=-60.0), "repeat has x_mm -60", "null where"),
        (lambda f, p: f["repeat"].update(x_mm=1e300), "repeat has x_mm 1e.300", "null where"),
        (lambda f, p: f["repeat"].update(offset_x_mm=1e300), "repeat reaches beyond", None),
        (lambda f, p: p.update(zones=["lefd"]), "'FRONT-M' lies in zone 'lefd'", "Did you mean 'left'"),
        (lambda f, p: p.update(zones=["x"]), "'FRONT-M' lies in zone 'x'", "Its zones: left, right"),
        (lambda f, p: p.update(tilt_steps_deg=[0.0, -1.0]), "'FRONT-M': tilt_steps_deg is .0.0, -1.0.", "from 0 to 5"),
        (lambda f, p: p.update(tilt_steps_deg=[7.0]), "tilt_steps_deg is .7.0.", "from 0 to 5"),
        (lambda f, p: p.update(fold="middle"), "fold", "Write it again"),
        (lambda f, p: p.update(per_copy=0), "'FRONT-M': per_copy is 0", "1, or 2"),
        (lambda f, p: p.update(buffer_mm=-1), "'FRONT-M': buffer_mm is -1", "from 0 on"),
        (lambda f, p: p.pop("block"), "'FRONT-M': its block is to be cut, and it has none", None),
        (lambda f, p: p["matches"][0].update(point=[1e300, 0]), "match 'cf' of piece 'FRONT-M' reaches beyond", None),
        (lambda f, p: p["matches"][0].update(at_mm=[0, 1e300]), "match 'cf' of piece 'FRONT-M' reaches beyond", None),
        (lambda f, p: p["ties"][0].update(x_mm=1e300), "a tie of piece 'FRONT-M' reaches beyond", None),
        (lambda f, p: p["ties"][0].update(x_mm=None), "a tie says neither x_mm nor y_mm", "along the cloth"),
        (lambda f, p: p["block"].update(outline=[[0, 0], [1, 1]]), "its block: a block needs at least three", None),
        (lambda f, p: p["block"].update(holes=[[[0, 0], [1, 1]]]), "its block: a block needs at least three", None),
        (lambda f, p: p["block"]["outline"].append([0, 1e300]), "its block reaches beyond", None),
        (lambda f, p: p.update(block=[[0, 0], [1, 1], [0, 1]]), "block", "Write it again"),
    ],
)
def test_rules_that_make_no_sense_are_refused(edit, says, hint):
    value = marker_to_json(RULED)
    edit(value["fabric"], value["pieces"][0])
    with pytest.raises(InputError, match=says) as caught:
        parsed(value)
    assert caught.value.where == "m.marker.json"
    assert (hint or "") in (caught.value.hint or "")


@pytest.mark.parametrize("span", [0.0, -5.0, 1e300])
def test_a_span_that_makes_no_sense_is_refused(span):
    value = marker_to_json(RULED)
    value["settings"]["bundle_span_mm"] = span
    with pytest.raises(InputError, match="bundle_span_mm") as caught:
        parsed(value)
    assert "above 0" in caught.value.hint


def test_no_allowed_angle_is_not_every_angle(value):
    value["pieces"][0]["allowed_angles_deg"] = []
    assert [fault.code for fault in check_marker(parsed(value))] == ["angle"]
    value["pieces"][0]["allowed_angles_deg"] = None
    assert check_marker(parsed(value)) == []


def test_the_path_of_an_input_need_not_be_text(tmp_path):
    piece = OrderedPiece("FRONT-M", "FRONT", "M", rectangle(100, 50), 1)
    marker = make_marker([piece], [Placement("FRONT-M", 1, 0.0, 0.0, 0.0)])
    path = os.fsdecode(b"b\xffd.dxf")
    write_marker(tmp_path / "m.marker.json", replace(marker, inputs=(InputFile(path, "0" * 64),)))
    assert read_marker(tmp_path / "m.marker.json").inputs[0].path == "b\ufffdd.dxf"
