"""Binary DXF: what it stands for is read as the text file is, whoever wrote it."""

from __future__ import annotations

import struct

import pytest
from dxf_builder import BOX, block, file_of, grain, piece, point, polyline, save, tags

from cutkit.errors import InputError
from cutkit.formats.dxf.binary import text_of_binary
from cutkit.formats.patterns import read_pattern

MARK = b"AutoCAD Binary DXF\r\n\x1a\x00"
CONTENT = file_of([piece("RÜCKEN", point((0, 150), 4, 30, 6.5, 50, 12.5)), piece("B", quantity="2,0")])


def binary(text: str, *, wide: bool, encoding: str = "utf-8") -> bytes:
    """The binary form of a text DXF; ``wide``: group codes of two bytes, as since R13 and always from libdxfrw."""
    lines = text.splitlines()
    out = MARK
    for code, value in zip(map(int, lines[0::2]), lines[1::2], strict=True):
        if wide:
            out += struct.pack("<H", code)
        else:
            out += bytes([code]) if code < 255 else b"\xff" + struct.pack("<H", code)
        out += packed(code, value, encoding)
    return out


def packed(code: int, value: str, encoding: str) -> bytes:
    if 10 <= code < 60 or 110 <= code < 150 or 210 <= code < 240:
        return struct.pack("<d", float(value))
    if 60 <= code < 80 or 170 <= code < 180 or 370 <= code < 390:
        return struct.pack("<h", int(value))
    if 90 <= code < 100 or 420 <= code < 430:
        return struct.pack("<i", int(value))
    if 290 <= code < 300:
        return bytes([int(value)])
    if code == 310:
        return bytes([len(value) // 2]) + bytes.fromhex(value)
    return value.encode(encoding) + b"\0"


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_both_widths_of_group_codes_give_the_text_s_pieces(tmp_path, wide, encoding):
    wanted = read_pattern(save(tmp_path, CONTENT)).pieces
    found = read_pattern(save(tmp_path, binary(CONTENT, wide=wide, encoding=encoding)))
    assert found.pieces == wanted
    assert [n.code for n in found.notices] == ([] if encoding == "utf-8" else ["encoding-assumed"])


def test_a_header_of_another_version_does_not_decide_the_width(tmp_path):
    r12_with_wide_codes = file_of([piece("A")], header=tags(9, "$ACADVER", 1, "AC1009"))
    assert read_pattern(save(tmp_path, binary(r12_with_wide_codes, wide=True))).pieces[0].name == "A"


@pytest.mark.parametrize("wide", [False, True])
def test_a_comment_at_the_start_and_values_of_every_type(tmp_path, wide):
    text = tags(999, "dxfrw 0.6.3") + file_of(
        [
            piece(
                "A",
                tags(0, "IMAGE", 8, 0, 90, 70_000, 290, 1, 370, -3, 420, 1 << 24, 310, "00FF0A0D", 1070 - 1069, "x"),
            )
        ]
    )
    pattern = read_pattern(save(tmp_path, binary(text, wide=wide)))
    assert pattern.cad.endswith("(dxfrw 0.6.3)")
    assert [n.code for n in pattern.notices] == ["entity-ignored"]
    assert b"00ff0a0d" in text_of_binary(binary(text, wide=wide))


def test_ezdxf_s_binary_files_are_read(tmp_path):
    import ezdxf

    for version in ("R12", "R2000", "R2018"):
        document = ezdxf.new(version)
        drawn = document.blocks.new("FRONT")
        drawn.add_polyline2d(BOX, close=True, dxfattribs={"layer": "1"})
        drawn.add_line((50, 100), (250, 100), dxfattribs={"layer": "7"})
        document.modelspace().add_blockref("FRONT", (0, 0))
        path = tmp_path / f"{version}.dxf"
        document.saveas(path, fmt="bin")
        assert [(p.name, p.outline.area) for p in read_pattern(path).pieces] == [("FRONT", 120_000)]


def test_lines_of_a_binary_file_keep_their_order_and_colours(tmp_path):
    inner = [(100, 100), (150, 100), (150, 150), (100, 150)]
    far = [(x + 500, y * 2) for x, y in BOX]

    def soup(ring, colour):
        return "".join(
            tags(0, "LINE", 8, 0, 62, colour, 10, a[0], 20, a[1], 11, b[0], 21, b[1])
            for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)
        )

    drawn = file_of(style=(), entities=soup(BOX, 7) + soup(inner, 1) + soup(far, 7))
    wanted = read_pattern(save(tmp_path, drawn)).pieces
    assert [len(p.marks) for p in wanted] == [1, 0]
    assert read_pattern(save(tmp_path, binary(drawn, wide=True))).pieces == wanted


def test_an_error_names_the_block_and_no_line(tmp_path):
    bad = file_of([block("SLEEVE", polyline(BOX[:2]), grain())])
    with pytest.raises(InputError, match="does not close") as caught:
        read_pattern(save(tmp_path, binary(bad, wide=True)))
    assert "SLEEVE" in caught.value.where
    assert "line" not in caught.value.where


@pytest.mark.parametrize("cut", [23, 24, 200, 333])
def test_a_binary_file_that_is_cut_off(tmp_path, cut):
    with pytest.raises(InputError, match=r"cut off|no entities|no end"):
        read_pattern(save(tmp_path, binary(CONTENT, wide=True)[:cut]))
