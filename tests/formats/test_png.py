"""PNG of a picture: its size, that words are in it, and what is said where it cannot be made."""

from __future__ import annotations

import struct
import sys

import pytest

from cutkit.errors import UsageError
from cutkit.formats import png
from cutkit.formats.svg.cut import CutLine, CutPicture, Play, cut_svg, width_units

PICTURE = CutPicture("a title", ("time 3 s",), (CutLine("knife", ((0, 0), (300, 0), (300, 200)), (0, 2)),))


def size(data: bytes) -> tuple[int, int]:
    """Width and height as the header of a PNG tells them."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", data[16:24])


def test_body_text_has_the_size_to_be_read():
    pytest.importorskip("resvg_py")
    data, _ = png.svg_to_png(cut_svg(PICTURE), width_units(PICTURE))
    assert size(data)[0] == 136 * png.PX_PER_UNIT
    assert size(png.svg_to_png(cut_svg(PICTURE), 1e6)[0])[0] == png.MOST_PX


def test_an_animation_shows_its_end():
    pytest.importorskip("resvg_py")
    words = CutPicture("a title", ("time 3 s",), PICTURE.cuts, play=Play(3, 30))
    drawn = [png.svg_to_png(cut_svg(p).replace(Play(3, 30).words, ""), 136)[0] for p in (words, PICTURE)]
    assert abs(len(drawn[0]) - len(drawn[1])) < 0.2 * len(drawn[1])


@pytest.mark.parametrize("fonts", [True, False])
def test_a_system_without_fonts_is_told(monkeypatch, fonts):
    pytest.importorskip("resvg_py")
    monkeypatch.setattr(png, "_has_fonts", lambda: fonts)
    _, notices = png.svg_to_png(cut_svg(PICTURE), 136)
    assert [notice.code for notice in notices] == ([] if fonts else ["no-fonts"])


def test_without_the_renderer_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(UsageError, match=r"pip install 'cutkit\[png\]'"):
        png.svg_to_png(cut_svg(PICTURE), 136)
