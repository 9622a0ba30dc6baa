"""Marker files that were edited: what cannot be understood is refused by name, what is wrong is left to the referee."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest
from builders import make_marker, rectangle

from cutkit.check import check_marker
from cutkit.errors import InputError
from cutkit.formats.marker import marker_to_json, parse_marker, read_marker, write_marker
from cutkit.model import InputFile, Mark, OrderedPiece, Placement

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


def test_a_byte_order_mark_is_no_fault(value):
    data = b"\xef\xbb\xbf" + json.dumps(value).encode()
    assert marker_to_json(parse_marker(data, where="m")) == value


def test_nesting_without_end_is_refused():
    with pytest.raises(InputError, match="not JSON"):
        parse_marker(b"[" * 100_000, where="m")


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
