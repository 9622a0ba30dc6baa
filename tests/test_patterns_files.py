"""The files in patterns/: they are what the program writes, and they say what the table says, read without cutkit."""

from __future__ import annotations

import re
import subprocess
import sys

import drafts
import ezdxf
import numpy as np
import pytest
import shapely
from ezdxf.path import make_path
from shapely.geometry import LineString, Polygon

from patterns.draft import tote
from patterns.draft.allowance import with_allowance
from patterns.draft.files import AAMA, GARMENTS, HABITS, drafted_files, nest
from patterns.draft.geometry import length

FOLD = True
TABLE = {
    "tshirt": {
        "FRONT": ("1,0", "SHELL", FOLD),
        "BACK": ("1,0", "SHELL", FOLD),
        "SLEEVE": ("1,1", "SHELL", False),
        "NECKBAND": ("1,0", "SHELL", False),
        "NECK_TAPE": ("1,0", "SHELL", False),
    },
    "hoodie": {
        "FRONT": ("1,0", "SHELL", FOLD),
        "BACK": ("1,0", "SHELL", FOLD),
        "SLEEVE": ("1,1", "SHELL", False),
        "HOOD_SIDE": ("2,2", "SHELL", False),
        "HOOD_CENTRE": ("2,0", "SHELL", FOLD),
        "POCKET": ("1,0", "SHELL", FOLD),
        "NECK_TAPE": ("1,0", "SHELL", False),
        "RIB_HEM": ("1,0", "RIB", FOLD),
        "RIB_CUFF": ("2,0", "RIB", False),
    },
    "shirt": {
        "FRONT_L": ("1,0", "SHELL", False),
        "FRONT_R": ("1,0", "SHELL", False),
        "BACK": ("1,0", "SHELL", FOLD),
        "YOKE": ("2,0", "SHELL", FOLD),
        "COLLAR_TOP": ("1,0", "SHELL", FOLD),
        "COLLAR_UNDER": ("1,0", "SHELL", FOLD),
        "STAND": ("2,0", "SHELL", FOLD),
        "SLEEVE": ("1,1", "SHELL", False),
        "CUFF": ("2,2", "SHELL", False),
        "PLACKET_TOP": ("1,1", "SHELL", False),
        "PLACKET_UNDER": ("1,1", "SHELL", False),
        "POCKET": ("1,0", "SHELL", False),
        "FRONT_BAND": ("1,0", "SHELL", False),
        "LOOP": ("1,0", "SHELL", False),
    },
    "trousers": {
        "FRONT": ("1,1", "SHELL", False),
        "BACK": ("1,1", "SHELL", False),
        "BACK_YOKE": ("1,1", "SHELL", False),
        "POCKET_FACING": ("1,1", "SHELL", False),
        "COIN_POCKET": ("1,0", "SHELL", False),
        "BACK_POCKET": ("1,1", "SHELL", False),
        "FLY_FACING": ("1,0", "SHELL", False),
        "FLY_SHIELD": ("1,0", "SHELL", False),
        "WAISTBAND": ("1,0", "SHELL", False),
        "BELT_LOOPS": ("1,0", "SHELL", False),
        "POCKET_BAG": ("1,1", "POCKETING", False),
    },
    "dress": {
        "FRONT": ("1,0", "SHELL", FOLD),
        "BACK": ("1,1", "SHELL", False),
        "FACING_FRONT": ("1,0", "SHELL", FOLD),
        "FACING_BACK": ("1,1", "SHELL", False),
        "BINDING": ("1,1", "SHELL", False),
        "LINING_FRONT": ("1,0", "LINING", FOLD),
        "LINING_BACK": ("1,1", "LINING", False),
        "POCKET": ("2,2", "LINING", False),
    },
}


@pytest.fixture(scope="module")
def written():
    return drafted_files()


@pytest.fixture(scope="module")
def files():
    return {name: drafts.read(f"{name}.dxf") for name in TABLE}


def test_the_files_in_the_folder_are_what_the_program_writes(written):
    here = {path.name for path in drafts.PATTERNS.iterdir() if path.suffix in (".dxf", ".rul")}
    assert here == set(written)
    for name, data in written.items():
        assert (drafts.PATTERNS / name).read_bytes() == data, f"{name}: run python -m patterns.draft"


def test_every_file_opens_without_a_complaint_and_is_small(written):
    for name, data in written.items():
        assert len(data) < 2_000_000
        if name.endswith(".dxf"):
            audit = ezdxf.readfile(drafts.PATTERNS / name).audit()
            assert not audit.errors, name
            assert not audit.fixes, name


@pytest.mark.parametrize("name", TABLE)
def test_pieces_sizes_quantities_and_materials_are_as_tabled(files, name):
    order, found = GARMENTS[name], files[name]
    assert list(found.pieces) == [(piece, size) for piece in TABLE[name] for size in order.sizes]
    assert found.style["sample size"] == order.sample
    material_key = HABITS[name].material_key.lower()
    for (piece, size), block in found.pieces.items():
        quantity, material, on_fold = TABLE[name][piece]
        assert ("6" in block.paths) == on_fold
        if HABITS[name].sample_only and size != order.sample:
            assert "quantity" not in block.texts
        else:
            assert (block.texts["quantity"], block.texts[material_key]) == (quantity, material)


@pytest.mark.parametrize("name", TABLE)
def test_the_geometry_in_the_file_is_the_drafts(files, name):
    for size in GARMENTS[name].sizes:
        for piece in GARMENTS[name].draft(size).pieces:
            block = files[name].pieces[piece.name, size]
            outline, sewn = Polygon(block.ring("1")), Polygon(block.ring("14"))
            cut = with_allowance(piece)
            assert outline.is_valid
            assert sewn.is_valid
            assert outline.area == pytest.approx(Polygon(cut.outline).area, rel=5e-5)
            assert sewn.length == pytest.approx(length(np.vstack([piece.sew_line, piece.sew_line[:1]])), abs=0.1)
            assert len(block.points.get("4", [])) == len(cut.notches)
            assert len(block.points.get("13", [])) == len(piece.drills)
            _marks_lie_on_the_boundary(block, outline.exterior)


def _marks_lie_on_the_boundary(block, boundary):
    for notch in block.points.get("4", []):
        assert boundary.distance(shapely.Point(notch)) < 0.01
    for line in block.paths.get("6", []):
        assert all(boundary.distance(shapely.Point(end)) < 0.01 for end in line)
        assert boundary.buffer(0.01).covers(LineString(line))


def test_seams_measured_in_the_shirt_file_are_equally_long(files):
    """From the sew lines of the file alone: its edges stand in the draft's order."""
    for size in GARMENTS["shirt"].sizes:
        lines = {piece: files["shirt"].pieces[piece, size].paths["14"] for piece in TABLE["shirt"]}
        edge = {piece: [LineString(path).length for path in paths] for piece, paths in lines.items()}
        _hem, side, arm_front, yoke_front = edge["FRONT_L"][:4]
        assert edge["BACK"][1] == pytest.approx(side, abs=0.1)
        assert edge["YOKE"][2] == pytest.approx(yoke_front, abs=0.1)
        armhole = arm_front + edge["YOKE"][1] + edge["BACK"][2]
        assert edge["SLEEVE"][3] + edge["SLEEVE"][4] == pytest.approx(armhole + 8.0, abs=0.1)
        neck = edge["YOKE"][3] + edge["FRONT_L"][4] + edge["FRONT_L"][5]
        assert edge["STAND"][0] == pytest.approx(neck, abs=0.1)
        assert edge["COLLAR_TOP"][0] == pytest.approx(edge["STAND"][2], abs=0.1)


@pytest.mark.parametrize("name", TABLE)
def test_turn_and_curve_points_and_quality_lines_stand_in_the_sample_size(files, name):
    for (_, size), block in files[name].pieces.items():
        sample = size == GARMENTS[name].sample
        assert ("84" in block.paths) == sample
        if sample:
            assert Polygon(block.ring("84")).equals(Polygon(block.ring("1")))
            marked = {tuple(p.round(3)) for layer in "23" for p in block.points.get(layer, [])}
            assert marked == {tuple(p.round(3)) for p in block.ring("1")}
            assert 4 <= len(marked) <= 130


def test_each_file_has_its_dialect(files, written):
    assert files["hoodie"].style["units"] == "ENGLISH"
    assert {files[name].style["units"].upper() for name in ("tshirt", "shirt", "trousers", "dress")} == {"METRIC"}
    assert all("astm/d13proposal 1 version" in files[name].style for name in TABLE)
    assert len(files["shirt"].pieces["FRONT_L", "M"].paths["1"]) == 7, "an open polyline per edge"
    plain = written["tote.dxf"].decode()
    assert "UNITS" not in plain.upper()
    assert "INSUNITS" not in plain
    assert "BLOCK" not in plain


def test_grain_lies_as_the_habit_says(files):
    expected = {"tshirt": 90.0, "shirt": 0.0, "trousers": 0.0, "hoodie": 0.0}
    for name, angle in expected.items():
        for block in files[name].pieces.values():
            assert _grain_deg(block) == pytest.approx(angle, abs=1e-3)
    assert _grain_deg(files["dress"].pieces["BINDING", "38"]) == pytest.approx(45.0, abs=1e-2)
    assert _grain_deg(files["dress"].pieces["FRONT", "38"]) == pytest.approx(90.0, abs=1e-3)


def _grain_deg(block):
    (line,) = block.paths["7"]
    run = line[-1] - line[0]
    return np.degrees(np.arctan2(run[1], run[0])) % 180


def read_rules(text):
    """A .RUL file, read anew here: its sizes, sample size and rules by number."""
    head, *rules = re.split(r"RULE: DELTA ", text)
    sizes = re.search(r"SIZE LIST: (.*)", head)[1].split()
    table = {}
    for rule in rules:
        number, *values = re.findall(r"-?\d+(?:\.\d+)?", rule)
        table[int(number)] = np.array(values, dtype=float).reshape(len(sizes), 2)
    return sizes, re.search(r"SAMPLE SIZE: (.*)", head)[1], table


def test_the_rule_table_turns_the_sample_into_every_size():
    sample_file = drafts.read("tshirt-aama.dxf")
    sizes, sample, rules = read_rules((drafts.PATTERNS / "tshirt-aama.rul").read_text())
    assert tuple(sizes) == GARMENTS["tshirt"].sizes
    assert sample == sample_file.style["sample size"]
    assert all((rule[sizes.index(sample)] == 0).all() for rule in rules.values())
    drafted = {(piece.name, piece.size): piece for piece in nest("tshirt", AAMA)}
    for (name, _), block in sample_file.pieces.items():
        ring = block.ring("1")
        labels, notch_labels = _labels(block, "23"), _labels(block, "4")
        numbers = [labels[tuple(vertex.round(3))] for vertex in ring]
        notches = block.points.get("4", [])
        for column, size in enumerate(sizes):
            graded = ring + np.array([rules[number][column] for number in numbers])
            wanted = Polygon(drafted[name, size].outline)
            assert Polygon(graded).hausdorff_distance(wanted) < 0.1, (name, size)
            assert Polygon(graded).area == pytest.approx(wanted.area, rel=5e-4)
            for notch, place in zip(notches, drafted[name, size].notches, strict=True):
                moved = notch + rules[notch_labels[tuple(notch.round(3))]][column]
                assert np.allclose(moved, place.point, atol=0.01)


def _labels(block, layers):
    """The rule numbers on some layers by the point they stand at; asserts that no point has two."""
    found = {}
    for layer, number, place in block.labels:
        if layer in layers:
            assert found.setdefault(tuple(place.round(3)), number) == number
    return found


def test_the_plain_drawing_holds_every_copy_with_arcs_and_holes():
    space = ezdxf.readfile(drafts.PATTERNS / "tote.dxf").modelspace()
    loops = list(space.query("POLYLINE"))
    names = [text.dxf.text for text in space.query("TEXT")]
    per_bag = sum(sum(piece.copies) for piece in tote.draft("M").pieces)
    assert len(loops) == len(names) == per_bag * len(tote.SIZES)
    assert all(loop.is_closed for loop in loops)
    shapes = [Polygon([(v.x, v.y) for v in make_path(loop).flattening(0.01)]) for loop in loops]
    for text in space.query("TEXT"):
        inside = [shape for shape in shapes if shape.contains(shapely.Point(text.dxf.insert.x, text.dxf.insert.y))]
        assert len(inside) == 1
    assert {loop.dxf.layer for loop in loops} == {f"TOTE_{size}" for size in tote.SIZES}
    foot = next(p for p in tote.draft("M").pieces if p.name == "FOOT")
    radius = tote.ROUNDED_MM["FOOT"]
    area = Polygon(with_allowance(foot).outline).area - (4 - np.pi) * radius**2
    assert min(abs(shape.area - area) for shape in shapes) < 1.0
    assert len(space.query("CIRCLE")) == 2 * len(tote.SIZES)


def test_the_readme_names_every_file_and_piece(written):
    text = (drafts.PATTERNS / "README.md").read_text()
    for name in written:
        assert f"`{name}`" in text
    for pieces in TABLE.values():
        assert all(piece in text for piece in pieces)


def test_the_program_run_again_elsewhere_writes_the_same_bytes(tmp_path, written):
    command = [sys.executable, "-m", "patterns.draft", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=drafts.ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert "shirt.dxf" in done.stdout
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == written
