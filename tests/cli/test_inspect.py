"""``cutkit inspect``: table, JSON, picture, exit codes."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from cutkit.cli.inspect import command, head_lines, piece_table
from cutkit.cli.notices import notice_lines
from cutkit.errors import InputError
from cutkit.formats.patterns import read_pattern
from cutkit.model import Notice

sys.path.insert(0, str(Path(__file__).parents[1] / "formats"))
from dxf_builder import file_of, line, piece, point, save, text

PATTERNS = Path(__file__).parents[2] / "patterns"
PIECE_KEYS = {"name", "size", "material", "quantity", "area_cm2", "perimeter_mm", "bbox_mm", "unfolded", "grain_deg"}
PIECE_KEYS |= {"notches", "drills", "internal_lines", "cutouts", "vertices"}


def run(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments])


@pytest.fixture
def folded(tmp_path):
    upright = [(0, 0), (300, 0), (300, 400), (0, 400)]
    entities = (line((0, 0), (0, 400), 6), point((300, 100), 4, 30, 5), point((100, 100), 13), line((9, 9), (99, 9), 8))
    content = file_of([piece("FRONT", *entities, outline=upright, quantity="1,1")])
    return save(
        tmp_path, content.replace("7\n10\n50\n20\n100\n11\n250\n21\n100", "7\n10\n50\n20\n100\n11\n50\n21\n250")
    )


def test_json_follows_the_contract(folded):
    result = run(folded, "--json")
    assert result.exit_code == 0
    assert result.stderr == ""
    (file,) = json.loads(result.stdout)["files"]
    assert json.loads(result.stdout)["schema"] == "cutkit.inspect/1"
    assert {k: file[k] for k in ("path", "style", "dialect", "units", "units_from", "sample_size", "sizes")} == {
        "path": str(folded),
        "style": "DEMO",
        "dialect": "AAMA-292",
        "units": "mm",
        "units_from": "text",
        "sample_size": "M",
        "sizes": ["M"],
    }
    (entry,) = file["pieces"]
    assert entry.keys() >= PIECE_KEYS
    assert entry["quantity"] == {"as_drawn": 1, "mirrored": 1}
    assert (entry["area_cm2"], entry["perimeter_mm"]) == (2400.0, 2000.0)
    assert (entry["bbox_mm"], entry["grain_deg"], entry["unfolded"]) == ([600.0, 400.0], 90.0, True)
    assert (entry["notches"], entry["drills"], entry["internal_lines"], entry["cutouts"]) == (2, 2, 2, 0)
    assert file["warnings"] == []


def test_warnings_have_codes_and_pieces(tmp_path):
    path = save(tmp_path, file_of([piece("A", quantity=None)], style=()))
    (file,) = json.loads(run(path, "--json").stdout)["files"]
    assert [(w["code"], w.get("piece")) for w in file["warnings"]] == [
        ("units-assumed", None),
        ("quantity-missing", "A"),
    ]
    text = run(path).stdout
    assert "units-assumed: the file does not say its unit" in text
    assert "quantity-missing: A: it has no quantity" in text


def test_the_units_option_is_taken(tmp_path):
    path = save(tmp_path, file_of([piece("A")], style=()))
    (file,) = json.loads(run(path, "--units", "cm", "--json").stdout)["files"]
    assert (file["units"], file["units_from"]) == ("cm", "option")
    assert file["pieces"][0]["bbox_mm"] == [4000.0, 3000.0]


def test_the_picture_is_whole_xml_and_an_input_is_never_replaced(folded, tmp_path):
    picture = tmp_path / "out.svg"
    result = run(folded, "--svg", picture)
    assert result.exit_code == 0
    root = ET.fromstring(picture.read_text())
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"DEMO", "FRONT"} <= set(texts)
    before = folded.read_bytes()
    assert run(folded, "--svg", folded).exit_code != 0
    assert folded.read_bytes() == before


def test_the_picture_nests_the_sizes_and_repeats_byte_for_byte(tmp_path):
    first, second = tmp_path / "1.svg", tmp_path / "2.svg"
    for out in (first, second):
        assert run(PATTERNS / "tshirt.dxf", "--svg", out, "--quiet").exit_code == 0
    assert first.read_bytes() == second.read_bytes()
    root = ET.fromstring(first.read_text())
    outlines = [e for e in root.iter("{http://www.w3.org/2000/svg}path") if (e.get("stroke") or "").startswith("#")]
    sizes = read_pattern(PATTERNS / "tshirt.dxf").sizes
    assert len(outlines) >= 5 * (len(sizes) - 1)


def test_several_files_one_of_them_bad(folded, tmp_path):
    bad = save(tmp_path, b"nonsense\n", "bad.dxf")
    result = run(folded, bad, "--json")
    assert result.exit_code == 3
    assert len(json.loads(result.stdout)["files"]) == 1
    assert "bad.dxf" in result.stderr
    alone = run(bad)
    assert isinstance(alone.exception, InputError)
    assert alone.exception.exit_code == 3


def test_a_table_row_per_piece_fits_a_hundred_columns(capsys):
    from cutkit.cli.tables import table_text

    for path in sorted(PATTERNS.glob("*.dxf")):
        pattern = read_pattern(path)
        text = table_text(piece_table(pattern, every_size=False), width=100, plain=True)
        lines = text.splitlines()
        assert all(len(row) <= 100 for row in [*lines, *head_lines(pattern), *notice_lines(pattern.notices)])
        names = list(dict.fromkeys(piece.name for piece in pattern.pieces))
        assert [row.split("  ")[0] for row in lines[-len(names) :]] == names
        every = table_text(piece_table(pattern, every_size=True), width=100, plain=True)
        assert len(every.splitlines()) == len(lines) - len(names) + len(pattern.pieces)


def test_equal_warnings_are_told_once():
    notices = [Notice("quantity-missing", "one", name) for name in "ABCDEF"]
    assert notice_lines(notices) == ["quantity-missing: A, B, C, D and 2 more: one"]


def test_the_picture_shows_the_texts_on_a_piece_that_have_room(tmp_path):
    labels = [text("3/4 LENGTH", (150, 200), 15), text("3/4 LENGTH", (152, 201), 15), text("UPPER", (20, 280), 15)]
    path, svg = save(tmp_path, file_of([piece("A", *labels)])), tmp_path / "a.svg"
    assert run(path, "--svg", svg, "--quiet").exit_code == 0
    texts = [element.text for element in ET.parse(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert (texts.count("3/4 LENGTH"), texts.count("UPPER")) == (1, 1)
