"""The whole line as a user runs it: every pattern from its DXF to a program that the emulated cutter cuts right.

What a step leaves behind is judged from the files alone, by shapely and by the contract's referee where it is at hand.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import REPOSITORY
from line_tools import (
    LONGEST_START_S,
    PATTERNS,
    Ran,
    assert_valid,
    finish,
    laid,
    markers_of,
    nest,
    ordered,
    run,
    start,
)
from machines import WORST_MM
from shapely.geometry import box

TSHIRT = REPOSITORY / "patterns" / "tshirt.dxf"
SHIRT = REPOSITORY / "patterns" / "shirt.dxf"
HOODIE = REPOSITORY / "patterns" / "hoodie.dxf"
CUTTERS = ("hpgl-generic", "hpgl-7475", "grbl-servo", "grbl-z", "pen-plotter", "gerber-cut")
"""Machines of every kind; ``machine/test_patterns_on_machines.py`` has all of them, without the command line."""


@dataclass(frozen=True)
class Line:
    """A pattern, what ``inspect`` says of it, and its markers for three of its sizes."""

    pattern: dict
    sizes: list[str]
    nested: Ran
    markers: list[tuple[Path, dict]]


@pytest.fixture(scope="module", params=PATTERNS, ids=lambda path: path.stem)
def line(request, tmp_path_factory):
    inspected = run("inspect", request.param, "--json", "--quiet")
    assert (inspected.code, inspected.err) == (0, "")
    (pattern,) = json.loads(inspected.out)["files"]
    sizes = pattern["sizes"]
    sizes = [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    output = tmp_path_factory.mktemp(request.param.stem) / "m.marker.json"
    nested = nest(request.param, ordered(*sizes), output)
    assert nested.code == 0, nested.err
    return Line(pattern, sizes, nested, markers_of(nested))


def test_every_pattern_is_drafted():
    assert {"tshirt", "hoodie", "shirt", "trousers", "dress", "tote"} <= {path.stem for path in PATTERNS}


def test_inspect_tells_what_is_in_the_file(line):
    assert {"path", "style", "dialect", "cad", "units", "units_from", "sample_size"} <= set(line.pattern)
    assert len(line.pattern["sizes"]) >= 5
    for piece in line.pattern["pieces"]:
        assert piece["size"] in line.pattern["sizes"]
        assert set(piece["quantity"]) == {"as_drawn", "mirrored"}
        assert 0 < piece["area_cm2"] * 100 <= 1.001 * piece["bbox_mm"][0] * piece["bbox_mm"][1]
        assert piece["perimeter_mm"] >= 1.41 * sum(piece["bbox_mm"])
        assert piece["grain_deg"] is None or 0 <= piece["grain_deg"] < 180
        counts = [piece[key] for key in ("notches", "drills", "internal_lines", "cutouts", "vertices")]
        assert all(isinstance(count, int) and count >= 0 for count in counts)
    assert all({"code", "message"} <= set(warning) for warning in line.pattern["warnings"])


def test_every_piece_of_the_order_is_laid(line):
    wanted = [piece for piece in line.pattern["pieces"] if piece["size"] in line.sizes]
    copies = sum(piece["quantity"]["as_drawn"] + piece["quantity"]["mirrored"] for piece in wanted)
    assert sum(len(marker["placements"]) for _, marker in line.markers) == copies
    assert sorted((piece["name"], piece["size"]) for piece in wanted) == sorted(
        (piece["name"], piece["size"]) for _, marker in line.markers for piece in marker["pieces"]
    )
    materials = {piece["material"] for piece in wanted}
    assert len(line.markers) == len(materials)
    for path, marker in line.markers:
        assert marker["unplaced"] == []
        assert_valid(path, marker)
        assert run("check", path).code == 0


def test_every_machine_cuts_every_piece_once_or_refuses(line, tmp_path):
    cutters = json.loads(run("cutters", "--json").out)["cutters"]
    cutters = [cutter for cutter in cutters if cutter["name"] in CUTTERS]
    assert len(cutters) == len(CUTTERS)
    for path, marker in line.markers:
        for cutter in cutters:
            program = tmp_path / f"{path.stem}.{cutter['name']}"
            cut = run("cut", path, "--cutter", cutter["name"], "-o", program)
            if fits(marker, cutter):
                assert cut.code == 0, cut.err
                assert_cuts_right(program, cutter["name"], path, marker)
            else:
                assert_too_small(cut, program, cutter["name"], marker)


@pytest.mark.parametrize("spread", ["folded", "tubular", "face-to-face"])
def test_a_shirt_on_folded_and_paired_cloth_goes_down_the_whole_line(spread, tmp_path):
    """Halves lie on the fold and are cut but for that side; each piece is cut once, and the report has whole shirts."""
    nested = nest(SHIRT, "M=2", tmp_path / "m.marker.json", "--spread", spread, "--order-plies", 2)
    assert nested.code == 0, nested.err
    for path, marker in markers_of(nested):
        assert_valid(path, marker)
        halves = {piece["id"] for piece in marker["pieces"] if piece.get("fold")}
        assert bool(halves) == (spread != "face-to-face")
        for cutter in ("hpgl-generic", "grbl-servo", "pen-plotter", "linuxcnc-tangential"):
            program = tmp_path / f"p.{cutter}"
            cut = run("cut", path, "--cutter", cutter, "-o", program, "--svg", tmp_path / "cut.svg")
            assert cut.code == 0, cut.err
            assert_cuts_right(program, cutter, path, marker)
        reported = run("report", path, "--json")
        assert reported.code == 0, reported.err
        (told,) = json.loads(reported.out)["markers"]
        assert (told["plies"], told["garments"], told["garments_by_size"]) == (2, 2, {"M": 2})
        assert told["issued_per_garment_mm"] == pytest.approx(marker["length_mm"], abs=1e-3)
        assert told["balance"]["closes"]
    odd = run("report", tmp_path / "m.marker.json", "--plies", 3)
    assert (odd.code, "pairs" in odd.err) == ((2, True) if spread == "face-to-face" else (0, False))


def fits(marker: dict, cutter: dict) -> bool:
    length, width = cutter["table_mm"]
    widest = max(polygon.bounds[3] for polygon in laid(marker))
    return widest <= width and (length is None or marker["length_mm"] <= length)


def assert_cuts_right(program: Path, cutter: str, path: Path, marker: dict) -> None:
    ran = run("simulate", program, "--cutter", cutter, "--marker", path, "--json")
    assert ran.code == 0, ran.both
    report, copies = json.loads(ran.out), len(marker["placements"])
    assert report["schema"] == "cutkit.simulate/1"
    assert (report["ok"], report["violations"]) == (True, [])
    assert report["pieces"] == {"expected": copies, "cut_once": copies, "missed": 0, "cut_twice": 0}
    assert 0 <= report["worst_deviation_mm"] <= WORST_MM[cutter]
    outlines = sum(polygon.exterior.length for polygon in laid(marker))
    assert report["cut_mm"] + report["drawn_mm"] > 0.999 * (outlines - on_folds_mm(marker))
    assert min(report["time_s"], report["travel_mm"]) > 0
    assert report["tool_downs"] >= copies


def on_folds_mm(marker: dict) -> float:
    """How much of the outlines lies on a fold of the cloth, and is not cut."""
    halves = {piece["id"] for piece in marker["pieces"] if piece.get("fold")}
    width = marker["fabric"]["usable_width_mm"]
    folds = [box(-1, y - 1e-3, 1e6, y + 1e-3) for y in (0.0, width)]
    polygons = zip(marker["placements"], laid(marker), strict=True)
    return sum(p.exterior.intersection(fold).length for at, p in polygons if at["piece"] in halves for fold in folds)


def assert_too_small(cut: Ran, program: Path, cutter: str, marker: dict) -> None:
    assert (cut.code, cut.out) == (4, ""), cut.both
    assert cutter in cut.err
    assert "table" in cut.err
    assert any(piece["id"] in cut.err for piece in marker["pieces"])
    assert not program.exists()


# --- the same again ----------------------------------------------------------------------------------------------


def test_same_rounds_and_seed_give_the_same_bytes(tmp_path):
    """Twice, with another number of workers, and in a process of its own, where sets and dicts hash otherwise."""

    def bytes_of(name, *options):
        output = tmp_path / f"{name}.marker.json"
        ran = nest(SHIRT, ordered("M"), output, "--rounds", 2, *options)
        assert ran.code == 0, ran.err
        return output.read_bytes()

    first = bytes_of("first", "--seed", 7)
    assert [bytes_of(f"by-{n}", "--seed", 7, "--workers", n) for n in (1, 2, 4)] == [first] * 3
    output = tmp_path / "process.marker.json"
    typed = ("--width", "1.5m", "--order", ordered("M"), "--rounds", 2, "--seed", 7, "--workers", 3)
    assert finish(start("nest", SHIRT, *typed, "--quiet", "-o", output)).code == 0
    assert output.read_bytes() == first
    marker, other = json.loads(first), json.loads(bytes_of("other", "--seed", 8))
    assert marker["search"] == {"time_s": None, "rounds": 2, "workers": None}
    assert marker["placements"] != other["placements"], "the search did something, and the seed matters to it"


# --- what the cloth asks for -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nap", "gap_mm", "selvedge_mm"), [("one-way", 0, 20), ("per-bundle", 3, 0), ("two-way", 5, 15)]
)
def test_nap_gap_and_selvedge_are_kept(tmp_path, nap, gap_mm, selvedge_mm):
    rules = ("--nap", nap, "--gap", f"{gap_mm}mm", "--selvedge", f"{selvedge_mm / 10}cm")
    ran = nest(TSHIRT, ordered("S", "M", "M", "L"), tmp_path / "m.marker.json", *rules)
    assert ran.code == 0, ran.err
    ((path, marker),) = markers_of(ran)
    fabric = marker["fabric"]
    assert (fabric["width_mm"], fabric["usable_width_mm"], fabric["nap"]) == (1500, 1500 - 2 * selvedge_mm, nap)
    assert marker["settings"]["gap_mm"] == gap_mm
    assert_valid(path, marker)
    angles = {(p["bundle"], p["angle_deg"]) for p in marker["placements"]}
    assert {bundle for bundle, _ in angles} == {1, 2, 3, 4}
    if nap == "one-way":
        assert len({angle for _, angle in angles}) == 1
    elif nap == "per-bundle":
        assert len(angles) == 4
    else:
        assert len(angles) > 4, "where it may, the search turns pieces: the other two cases prove something"


def test_several_materials_give_a_marker_each_and_a_total(tmp_path):
    typed = ("nest", HOODIE, "--width", "150cm", "--order", ordered("S", "L"), "--rounds", 1)
    ran = run(*typed, "-o", tmp_path / "h1.2.marker.json", "--svg", tmp_path / "h1.2.svg")
    assert ran.code == 0, ran.err
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"h1.2-SHELL.marker.json", "h1.2-RIB.marker.json", "h1.2-SHELL.svg", "h1.2-RIB.svg"}
    rows = ran.out.splitlines()
    lengths = [json.loads((tmp_path / f"h1.2-{m}.marker.json").read_text())["length_mm"] for m in ("SHELL", "RIB")]
    total = next(row for row in rows if row.startswith("Total of 2"))
    assert f"{sum(lengths) / 1000:.3f}" in total
    for material, length in zip(("SHELL", "RIB"), lengths, strict=True):
        assert any(material in row and f"{length / 1000:.3f}" in row for row in rows)


def test_one_material_alone_keeps_the_name(tmp_path):
    ran = nest(HOODIE, ordered("S"), tmp_path / "h.marker.json", "--material", "RIB")
    assert [path.name for path, _ in markers_of(ran)] == ["h.marker.json"]
    ((_, marker),) = markers_of(ran)
    assert {piece["material"] for piece in marker["pieces"]} == {"RIB"}


@pytest.mark.parametrize(("percent", "code"), [("99.5", 5), ("20", 0)])
def test_below_the_wanted_efficiency(tmp_path, percent, code):
    ran = nest(TSHIRT, ordered("M"), tmp_path / "m.marker.json", "--min-efficiency", percent)
    assert ran.code == code
    ((path, marker),) = markers_of(ran)
    assert_valid(path, marker)
    if code:
        assert str(path) in ran.err
        assert f"{100 * marker['efficiency']:.2f} %" in ran.err
        assert "99.5" in ran.err


# --- what cannot be ----------------------------------------------------------------------------------------------


def test_a_width_narrower_than_the_widest_piece(tmp_path):
    """Named with what it needs and what there is; all others are nested, and that marker is as good as any."""
    ((_, whole),) = markers_of(nest(SHIRT, ordered("M"), tmp_path / "whole.marker.json"))
    across = {piece["id"]: max(y for _, y in piece["outline"]) for piece in whole["pieces"]}
    *_, second, widest = sorted(across, key=across.__getitem__)
    width_mm = (across[second] + across[widest]) / 2
    assert across[widest] - across[second] > 1
    ran = nest(SHIRT, ordered("M"), tmp_path / "m.marker.json", "--min-efficiency", 99, width=f"{width_mm:.2f}mm")
    assert ran.code == 4, ran.both
    (line,) = [line for line in ran.err.splitlines() if "not placed" in line]
    assert widest in line
    assert f"{across[widest]:.1f} mm" in line
    assert f"{width_mm:.1f} mm" in line
    ((path, marker),) = markers_of(ran)
    left = sum(p["piece"] == widest for p in whole["placements"])
    assert [(entry["piece"], entry["count"]) for entry in marker["unplaced"]] == [(widest, left)]
    assert len(marker["placements"]) == len(whole["placements"]) - left
    assert_valid(path, marker)


def test_a_width_narrower_than_every_piece(tmp_path):
    ran = nest(TSHIRT, ordered("M"), tmp_path / "m.marker.json", width="1cm")
    assert ran.code == 4
    assert json.loads(ran.out)["markers"] == []
    assert list(tmp_path.iterdir()) == []


def block_of(text: str, name: str) -> tuple[int, int]:
    """Where a block begins and ends in the text of a DXF."""
    begin = re.search(rf"^ *2\n{name}\n", text, re.M).end()
    return begin, text.index("ENDBLK", begin)


def without_an_edge(text: str) -> str:
    begin, end = block_of(text, "BACK_S")
    first = re.compile(r"^ *0\nPOLYLINE\n *8\n1\n.*?^ *0\nSEQEND\n(?: *8\n1\n)?", re.M | re.S)
    assert first.search(text, begin, end)
    block = first.sub("", text[begin:end], count=1)
    return text[:begin] + block + text[end:]


def with_a_word_for_a_number(text: str) -> str:
    begin, end = block_of(text, "BACK_S")
    block = re.sub(r"(VERTEX\n *8\n1\n *10\n)[^\n]*", r"\g<1>12,5mm", text[begin:end], count=1)
    return text[:begin] + block + text[end:]


def cut_off(text: str) -> str:
    begin, end = block_of(text, "BACK_S")
    return text[: (begin + end) // 2]


@pytest.mark.parametrize("damage", [without_an_edge, with_a_word_for_a_number, cut_off])
def test_a_damaged_block(tmp_path, damage):
    text = SHIRT.read_text()
    pattern = tmp_path / "damaged.dxf"
    pattern.write_text(damage(text))
    assert pattern.read_text() != text
    for ran in (run("inspect", pattern), nest(pattern, ordered("S"), tmp_path / "m.marker.json")):
        assert (ran.code, ran.out) == (3, ""), ran.both
        assert str(pattern) in ran.err
        assert re.search(r"BACK_S\b|line \d+", ran.err)
        assert "Traceback" not in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["damaged.dxf"]


def test_a_marker_edited_so_that_two_pieces_overlap(tmp_path):
    ((path, marker),) = markers_of(nest(TSHIRT, ordered("M"), tmp_path / "m.marker.json"))
    first, second = (p for p in marker["placements"] if p["piece"] in ("FRONT-M", "BACK-M"))
    second["x_mm"], second["y_mm"] = first["x_mm"] + 20, first["y_mm"]
    path.write_text(json.dumps(marker))
    program = tmp_path / "m.plt"
    checked, cut = run("check", path), run("cut", path, "--cutter", "hpgl-generic", "-o", program)
    assert (checked.code, cut.code) == (5, 5)
    for text in (checked.out, cut.err):
        assert any("overlap" in row and "FRONT-M" in row and "BACK-M" in row for row in text.splitlines())
    assert not program.exists()


# --- streams, terminals and signals ------------------------------------------------------------------------------

NEST_KEYS = {
    *("path", "fabric", "material", "usable_width_mm", "length_mm", "efficiency", "waste_pct", "pieces", "garments"),
    *("seed", "start_s", "search_s", "rounds"),
}
SIMULATE_KEYS = {
    *("schema", "ok", "violations", "time_s", "cut_mm", "travel_mm", "tool_downs", "bounds_mm", "pieces"),
    "worst_deviation_mm",
}


@pytest.fixture
def instance(tmp_path):
    """A strip-packing instance of eight pieces."""
    ell = [[0, 0], [60, 0], [60, 20], [20, 20], [20, 50], [0, 50], [0, 0]]
    item = {"id": 0, "demand": 8, "allowed_orientations": [0, 180], "shape": {"type": "simple_polygon", "data": ell}}
    path = tmp_path / "ells.json"
    path.write_text(json.dumps({"name": "ells", "strip_height": 100.0, "items": [item]}))
    return path


def test_every_command_keeps_results_on_stdout_and_talk_on_stderr(tmp_path):
    marker, program = tmp_path / "m.marker.json", tmp_path / "m.gcode"
    pattern = REPOSITORY / "patterns" / "tote.dxf"
    told = nest(pattern, ordered("M"), marker)
    assert "units-assumed" in told.err
    commands = {
        "inspect": ("inspect", pattern),
        "nest": ("nest", pattern, "--width", "150cm", "--order", "M=1", "--rounds", 1, "-o", marker),
        "cut": ("cut", marker, "--cutter", "grbl-servo", "-o", program),
        "simulate": ("simulate", program, "--cutter", "grbl-servo", "--marker", marker),
        "check": ("check", marker, program, "--cutter", "grbl-servo"),
        "cutters": ("cutters",),
    }
    reports = {}
    for name, typed in commands.items():
        plain, as_json = run(*typed, "--quiet"), run(*typed, "--json", "--quiet")
        assert (plain.code, plain.err, as_json.code, as_json.err) == (0, "", 0, ""), name
        assert plain.out.strip()
        reports[name] = json.loads(as_json.out)
        assert reports[name]["schema"] == f"cutkit.{name}/1"
    (entry,) = reports["nest"]["markers"]
    assert set(entry) >= NEST_KEYS
    assert set(entry["pieces"]) == {"ordered", "placed", "unplaced"}
    assert entry["waste_pct"] == pytest.approx(100 * (1 - entry["efficiency"]))
    assert set(reports["simulate"]) >= SIMULATE_KEYS
    (cutter, *_) = reports["cutters"]["cutters"]
    assert set(cutter) >= {"name", "dialect", "title", "table_mm", "tried_on_hardware"}


def test_an_instance_is_nested_without_importing_ezdxf(instance, tmp_path):
    output = tmp_path / "m.marker.json"
    environment = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}
    ran = finish(start("nest", instance, "--rounds", 1, "--json", "-o", output, env=environment))
    assert ran.code == 0, ran.err
    imported = {row.rpartition("|")[2].strip() for row in ran.err.splitlines() if row.startswith("import time:")}
    assert {"numba", "shapely"} <= imported
    assert not {"ezdxf", "svgwrite"} & imported
    ((path, marker),) = markers_of(ran)
    assert path == output
    assert_valid(path, marker)
    (piece,) = marker["pieces"]
    assert (piece["id"], piece["ordered"], marker["fabric"]["usable_width_mm"]) == ("0", 8, 100.0)


def on_a_terminal(*args: object, streams: tuple[str, ...], at: str = "", **variables: str) -> tuple[Ran, str]:
    """A process whose ``streams`` are a terminal, and what the terminal got; SIGINT once that matches ``at``."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"TERM": "xterm-256color", **variables}
    process = start(*args, env=environment, **dict.fromkeys(streams, theirs))
    os.close(theirs)
    shown, deadline = "", time.monotonic() + LONGEST_START_S
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                data = os.read(ours, 4096)
            except OSError:  # Linux says so where the other end is closed
                break
            if not data:
                break
            shown += data.decode()
        if at and re.search(at, shown):
            time.sleep(0.3)
            process.send_signal(signal.SIGINT)
            at = ""
    os.close(ours)
    return finish(process), shown


def test_ctrl_c_ends_the_search_and_saves_the_best_marker(tmp_path):
    """The interrupt comes when the progress line on the terminal shows an efficiency: the search has begun."""
    typed = ("nest", TSHIRT, "--width", "150cm", "--order", ordered("M", "XL"), "--time", "10m", "--json")
    began = r"\d+\.\d\d %   \d+\.\d{3} m   \S+.* left"
    ran, shown = on_a_terminal(*typed, "-o", tmp_path / "m.marker.json", streams=("stderr",), at=began)
    assert ran.code == 130, shown
    assert "interrupted" in shown
    assert "Traceback" not in shown
    ((path, marker),) = markers_of(ran)
    assert_valid(path, marker)
    assert len(marker["placements"]) == 12
    assert 0 < marker["search"]["time_s"] < 60
    assert [p.name for p in tmp_path.iterdir()] == ["m.marker.json"]


def test_no_escape_codes_and_no_progress_where_they_are_not_wanted(instance, tmp_path):
    typed = ("nest", instance, "--rounds", 1, "-o", tmp_path / "m.marker.json")
    both = ("stdout", "stderr")
    piped = finish(start(*typed))
    _, wanted = on_a_terminal(*typed, streams=both)
    _, plain = on_a_terminal(*typed, streams=both, NO_COLOR="1")
    progress = r"\d rounds? left"
    assert "ells" in piped.out
    assert piped.code == 0
    assert "\x1b" not in piped.both
    assert not re.search(progress, piped.both)
    assert "\x1b" in wanted
    assert re.search(progress, wanted)
    assert "ells" in plain
    assert "\x1b" not in plain
    assert not re.search(progress, plain)
