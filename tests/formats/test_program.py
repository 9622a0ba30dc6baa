"""Programs: what is written, and what independent software reads out of it."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import pytest
from garment_markers import garments
from independent import ask_hp2xx, hp2xx_polylines

from cutkit.cut.plan import plan_cut
from cutkit.errors import LimitError
from cutkit.formats.profile import load_profile
from cutkit.formats.program import plain_ascii, program_text
from cutkit.toolpath import Stroke, StrokeRules, ToolPath

HPGL = load_profile("hpgl-generic")
GRBL = load_profile("grbl-servo")
SQUARE = ((10.0, 10.0), (20.0, 10.0), (20.0, 20.0), (10.0, 20.0), (10.0, 10.0))


def one_stroke(*points, tool="knife", names=("Box",)) -> ToolPath:
    return ToolPath((Stroke(tool, "boundary", points or SQUARE, 0),), names=names)


def test_an_hpgl_program_from_its_first_byte_to_its_last():
    assert program_text(one_stroke(), HPGL, "t") == (
        "IN;\nSP1;\nPU400,400;\nPD;\nPD800,400;\nPD800,800;\nPD400,800;\nPD400,400;\nPU;\nPU0,0;\nSP0;\n"
    )


def test_a_grbl_program_from_its_first_byte_to_its_last():
    assert program_text(one_stroke(*SQUARE[:3]), GRBL, "cutkit m") == (
        "G21\nG90\nG17\nG94\nM5\nG4 P0.15\n(cutkit m)\n(piece 0 Box)\nG0 X10 Y10\nM3 S1000\nG4 P0.15\n"
        "G1 X20 Y10 F6000\nG1 X20 Y20\nM5\nG4 P0.15\nG0 X0 Y0\nM5\nM2\n"
    )


def test_programs_in_other_languages_from_their_first_byte_to_their_last():
    assert program_text(one_stroke(*SQUARE[:3]), load_profile("gpgl-graphtec"), "t") == (
        "H\x03O0,0\x03J1\x03!30\x03M200,200\x03D400,200\x03D400,400\x03M0,0\x03H\x03"
    )
    assert program_text(one_stroke(*SQUARE[:3]), load_profile("dmpl"), "t") == (
        ";:H A L0 ECN P1 U400,400 D D800,400 D800,800 U U0,0 @"
    )
    assert program_text(one_stroke(*SQUARE[:3]), load_profile("gerber-cut"), "t") == (
        "H1*G71*M15*N1*X100Y100*M14*X200Y100*X200Y200*M15*X0Y0*M0*"
    )
    assert program_text(one_stroke(*SQUARE[:3]), load_profile("marlin"), "cutkit m") == (
        "G21\nG90\nG0 Z10 F1200\n; cutkit m\n; piece 0 Box\nG0 X10 Y10 F9000\nG1 Z-0.5 F600\n"
        "G1 X20 Y10 F6000\nG1 X20 Y20\nG0 Z10 F1200\nG0 X0 Y0 F9000\nM400\n"
    )


def test_pieces_are_numbered_as_they_come_and_long_cuts_are_parted():
    gerber = load_profile("gerber-cut")
    strokes = [
        Stroke("knife", "notch", ((0.0, y), (3200.0, y)), placement) for y, placement in ((1, 5), (2, 5), (3, 2))
    ]
    text = program_text(ToolPath(tuple(strokes)), gerber, "t")
    assert [block for block in text.split("*") if block.startswith("N")] == ["N1", "N2"]
    assert "M14*X10667Y10*X21333Y10*X32000Y10*M15*" in text


def test_tools_are_chosen_once_and_have_their_own_feed():
    fast = replace(HPGL.tools["pen"], select="SP{number};\nVS{feed};", cut_mm_s=450.0)
    motion = replace(HPGL.motion, feed_per_mm_s=0.1)
    profile = replace(HPGL, tools={**HPGL.tools, "pen": fast}, motion=motion)
    strokes = [Stroke(t, "label", ((1.0, 1.0), (2.0, 1.0)), 0) for t in ("pen", "pen", "knife")]
    lines = program_text(ToolPath(tuple(strokes)), profile, "t").splitlines()
    assert [line for line in lines if line[:2] in ("SP", "VS")] == ["SP2;", "VS45;", "SP1;", "SP0;"]


def test_the_holder_is_written_where_there_is_one():
    path = ToolPath((Stroke("knife", "notch", ((1.0, 1.0), (2.0, 1.0)), 0, ((1.6, 1.0), (2.6, 1.0))),))
    assert "G0 X1.6 Y1\n" in program_text(path, GRBL, "t")


def test_positions_are_rounded_to_the_nearest_unit_and_repeated_ones_left_out():
    text = program_text(one_stroke((0.0124, 0.0126), (0.013, 0.013), (1.0, -0.001)), HPGL, "t")
    assert "PU0,1;\nPD;\nPD1,1;\nPD40,0;\n" in text
    assert "PD" not in program_text(one_stroke((1.0, 1.0), (1.001, 1.0)), HPGL, "t").replace("PD;", "")


@pytest.mark.parametrize("name", ["Ärmel", "(a!b)?~", "Ñandú\r\n$H", "\x18\x84%;", "袖", "MSG,hold" * 30])
def test_piece_names_cannot_stop_a_grbl(name):
    text = program_text(one_stroke(names=(name,)), GRBL, f"cutkit {name}")
    data = text.encode("ascii")
    assert not re.search(rb"[!?~$%;\r\x00-\x09\x0b-\x1f\x7f-\xff]", data)
    for line in text.splitlines():
        assert 0 < len(line) <= 80
        assert re.fullmatch(r"[^()]*|\([^()]+\)", line)
        assert not line.upper().startswith("(MSG")


def test_accents_come_off():
    assert plain_ascii("Ärmel größe") == "Armel grosse"


def test_what_the_numbers_cannot_say_is_refused():
    narrow = replace(HPGL.coordinates, lowest_units=-32767, highest_units=32767)
    with pytest.raises(LimitError, match="outside the range -32767 to 32767"):
        program_text(one_stroke((0.0, 0.0), (819.2, 0.0)), replace(HPGL, coordinates=narrow), "t")
    assert "PD32767,0" in program_text(one_stroke((0.0, 0.0), (819.175, 0.0)), replace(HPGL, coordinates=narrow), "t")


def test_a_line_longer_than_the_machine_reads_is_refused():
    short = replace(GRBL, program=replace(GRBL.program, longest_line=12))
    with pytest.raises(LimitError, match="longer than the 12 characters"):
        program_text(one_stroke((1000.001, 1000.001), (2000.001, 2000.001)), short, "t")


def outlines_of(marker):
    return [list(ring.coords) for p in marker.polygons for ring in (p.exterior, *p.interiors)]


def same_ring(found, wanted, tolerance):
    """Whether a polyline runs once round the wanted ring, from any of its points, either way."""
    if len(found) != len(wanted):
        return False
    ring = wanted[:-1]
    for way in (ring, ring[::-1]):
        near = [k for k, p in enumerate(way) if max(abs(p[0] - found[0][0]), abs(p[1] - found[0][1])) <= tolerance]
        for k in near:
            turned = [*way[k:], *way[:k], way[k]]
            if all(max(abs(a[0] - b[0]), abs(a[1] - b[1])) <= tolerance for a, b in zip(found, turned, strict=True)):
                return True
    return False


@pytest.mark.skipif(shutil.which("hp2xx") is None, reason="hp2xx is not installed")
def test_hp2xx_draws_every_outline(tmp_path):
    marker = garments()
    path = plan_cut(marker, replace(HPGL, strokes=StrokeRules(notches="before")))
    drawn, said = ask_hp2xx(program_text(path, HPGL, "m").encode(), tmp_path)
    assert said == ""
    units = [[round(v * 40) / 40 for v in p] for s in path.strokes for p in s.points]
    corner = (min(x for x, _ in units), min(y for _, y in units))
    lines = hp2xx_polylines(drawn, corner)
    assert len(lines) == len(path.strokes)
    half_a_unit = 0.5 / HPGL.coordinates.units_per_mm + 1e-3
    for ring in outlines_of(marker):
        assert sum(same_ring(line, ring, half_a_unit) for line in lines) == 1


def pygcode_polylines(text):
    """The program through pygcode: every block parsed, every word known, and the tool-down polylines."""
    from pygcode import Line, Machine

    machine, lines, down = Machine(), [], False
    for row in text.splitlines():
        block = Line(row).block
        words = [str(w) for w in block.words]
        machine.process_block(block)
        if "M03" in words or "M3" in words:
            down = True
            lines.append([machine.pos.vector])
        elif "M05" in words or "M5" in words:
            down = False
        elif down and words and words[0].startswith("G01"):
            lines[-1].append(machine.pos.vector)
    return [[(float(v[0]), float(v[1])) for v in line] for line in lines]


def test_pygcode_reads_the_holder_path():
    pytest.importorskip("pygcode")
    path = plan_cut(garments(), GRBL)
    lines = pygcode_polylines(program_text(path, GRBL, "m"))
    assert len(lines) == len(path.strokes)
    for line, stroke in zip(lines, path.strokes, strict=True):
        wanted = [
            p
            for k, p in enumerate(stroke.path)
            if k == 0 or any(round(a, 3) != round(b, 3) for a, b in zip(p, stroke.path[k - 1], strict=True))
        ]
        assert len(line) == len(wanted)
        for found, want in zip(line, wanted, strict=True):
            assert found == pytest.approx(want, abs=0.0006)
