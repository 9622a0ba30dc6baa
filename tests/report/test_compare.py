"""Waste against waste: which markers are compared, by how much, and what counts as a loss."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from shapely.geometry import box

from cutkit.formats.marker import write_marker
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement
from cutkit.report.compare import Measured, compare


def marker(length: float, *, size: float = 500.0) -> Marker:
    """Two pieces on cloth of 1000, the second one ending at ``length``: a waste that is set by it."""
    piece = OrderedPiece("P", "P", "M", box(0, 0, size, size), 2)
    placements = (Placement("P", 1, 0, 0, 0), Placement("P", 1, length - size, 500, 0))
    return Marker(Fabric(1000.0), (piece,), placements, NestSettings())


def test_the_gain_is_in_points_of_the_cloth():
    pair = compare([Measured("a", 100.0, 80.0)], [Measured("b", 96.0, 80.0)]).pairs[0]
    assert pair.gain_points == pytest.approx(20 - 100 * 16 / 96)
    assert pair.same_pieces


def test_a_total_is_weighted_by_cloth_and_leaves_out_what_stands_alone():
    before = [Measured("x/1", 100.0, 80.0), Measured("x/2", 300.0, 210.0), Measured("x/3", 50.0, 40.0)]
    after = [Measured("x/1", 110.0, 80.0), Measured("x/2", 280.0, 210.0), Measured("x/4", 50.0, 40.0)]
    comparison = compare(before, after)
    assert [pair.name for pair in comparison.pairs] == ["x/1", "x/2"]
    assert (comparison.only_before, comparison.only_after) == (("x/3",), ("x/4",))
    assert comparison.total.gain_points == pytest.approx(100 * (110 / 400 - 100 / 390))


def test_markers_of_one_file_name_in_two_folders_are_the_same():
    before, after = ([Measured(f"{day}/{n}.json", 100.0, 80.0) for n in "ab"] for day in ("mon", "tue"))
    assert [pair.name for pair in compare(before, after).pairs] == ["a.json", "b.json"]


def test_a_file_name_that_is_there_twice_tells_nothing():
    before = [Measured(f"mon/{n}/a.json", 100.0, 80.0) for n in "12"]
    assert compare(before, [Measured("tue/a.json", 100.0, 80.0)]).pairs == ()


def test_other_pieces_are_told_apart():
    (pair,) = compare([Measured("a", 100.0, 80.0)], [Measured("a", 90.0, 79.0)]).pairs
    assert not pair.same_pieces


# ------------------------------------------------------------------------------------------------- on the command line


@pytest.fixture
def days(tmp_path):
    """Two folders of markers: of the second one, ``a`` is better by far, ``b`` a little worse."""
    for day, lengths in (("mon", {"a": 1000, "b": 1000}), ("tue", {"a": 800, "b": 1010})):
        (tmp_path / day).mkdir()
        for name, length in lengths.items():
            write_marker(tmp_path / day / f"{name}.marker.json", marker(float(length)))
    return tmp_path / "mon", tmp_path / "tue"


def test_two_folders(cutkit, days):
    ran = cutkit("compare", *days, "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["schema"]) == (0, "cutkit.compare/1")
    assert {m["name"]: round(m["gain_points"], 3) for m in told["markers"]} == {
        "a.marker.json": 12.5,
        "b.marker.json": round(50 - 100 * 510 / 1010, 3),
    }
    assert told["total"]["gain_points"] == pytest.approx(50 - 100 * (1 - 1000 / 1810))


def test_a_loss_below_the_limit_is_exit_5(cutkit, days):
    before, after = days
    assert cutkit("compare", before, after, "--fail-below", "-0.2").code == 0
    assert cutkit("compare", before, after, "--fail-below", "6").code == 5
    each = cutkit("compare", before, after, "--fail-below", "-0.2", "--each")
    assert each.code == 5
    assert "b.marker.json: -0.495 points" in each.err
    one = before / "b.marker.json", after / "b.marker.json"
    assert cutkit("compare", *one, "--fail-below", "-0.5").code == 0
    assert cutkit("compare", *one, "--fail-below", "-0.4").code == 5


def test_two_reports_say_what_their_markers_say(cutkit, days):
    paths = []
    for folder in days:
        paths.append(folder / "report.json")
        paths[-1].write_text(cutkit("report", folder, "--json").out)
    reports, markers = (json.loads(cutkit("compare", *pair, "--json").out) for pair in (paths, days))
    assert reports["total"]["gain_points"] == pytest.approx(markers["total"]["gain_points"], abs=1e-6)
    mixed = json.loads(cutkit("compare", paths[0], days[1], "--json").out)
    assert mixed["total"]["gain_points"] == pytest.approx(markers["total"]["gain_points"], abs=1e-6)


def test_an_invalid_marker_is_no_comparison(cutkit, days, tmp_path):
    bad = marker(1000.0)
    overlapping = replace(bad, placements=(bad.placements[0], replace(bad.placements[0], x_mm=100.0)))
    from cutkit.formats.marker import marker_text

    (tmp_path / "bad.marker.json").write_text(marker_text(overlapping))
    ran = cutkit("compare", days[0] / "a.marker.json", tmp_path / "bad.marker.json")
    assert ran.code == 5
    assert "overlap" in ran.err


@pytest.mark.parametrize(
    ("text", "code"), [("{}", 3), ("not json", 3), ('{"schema": "cutkit.report/1"}', 3), ('{"schema": "other/1"}', 3)]
)
def test_what_is_no_marker_and_no_report(cutkit, days, tmp_path, text, code):
    (tmp_path / "x.json").write_text(text)
    ran = cutkit("compare", days[0] / "a.marker.json", tmp_path / "x.json")
    assert ran.code == code
    assert "x.json" in ran.err


def test_nothing_in_common(cutkit, days, tmp_path):
    other = tmp_path / "wed"
    other.mkdir()
    for name in "cd":
        write_marker(other / f"{name}.marker.json", marker(900.0))
    assert cutkit("compare", days[0], other).code == 3
    assert cutkit("compare", days[0], tmp_path / "nowhere").code == 3
