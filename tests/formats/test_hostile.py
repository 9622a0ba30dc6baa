"""Input that means harm: refused or read in a moment, and never a traceback. Each took a minute or failed once."""

from __future__ import annotations

import math

import pytest
from dxf_builder import BOX, block, file_of, grain, insert, line, piece, polyline, save, section, tags, text

from cutkit.errors import CutkitError
from cutkit.formats.patterns import read_pattern

DIGITS = "1" * 6000
WIDE = "a" + " " * 100_000 + "b"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="900mm" height="900mm" viewBox="0 0 900 900">{}</svg>'
FAN = "".join(
    line((0, 0), (300 * math.cos(k), 300 * math.sin(k)), 0) + line((k / 20, -300), (300 - k / 20, 300), 0)
    for k in range(3000)
)
RING = [(100 * math.cos(k / 3000), 100 * math.sin(k / 3000)) for k in range(18_000)]
NOTCHES = "".join(line((k / 8, 0), (k / 8, 5), 4) for k in range(3000))
HOSTILE = {
    "nested scales": file_of(
        [block("B", polyline(BOX)), block("A", insert("B", 41, 1e-200, 42, 1e-200), polyline(BOX))],
        entities=insert("A", 41, 1e-200, 42, 1e-200),
    ),
    "long insunits": section("HEADER", tags(9, "$INSUNITS", 70, DIGITS)) + file_of([piece("A")], style=()),
    "odd insunits": section("HEADER", tags(9, "$INSUNITS", 70, "\u00b2")) + file_of([piece("A")], style=()),
    "long rule label": file_of([piece("A", text(f"# {DIGITS}"))]),
    "long quantity": file_of([piece("A", quantity=DIGITS)]),
    "long count": file_of([piece("A", text(f"Cut {DIGITS}"), quantity=None)]),
    "long layer": file_of([piece("A", polyline(BOX, DIGITS))]),
    "wide text": file_of([piece("A", text(WIDE))]),
    "many digits": file_of([piece("A", text("1" * 1_000_000), text("1." * 100_000), quantity=None)]),
    "wide name": file_of([block(WIDE, polyline(BOX), grain())]),
    "a fan of lines": file_of(style=(), entities=FAN + polyline(BOX, 0)),
    "near copies": file_of([block("A", *(polyline([(x + k / 50, y) for x, y in RING]) for k in range(6)))]),
    "notch lines": file_of([piece("A", NOTCHES)]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_drawing_is_read_or_refused(tmp_path, name):
    refused = None
    try:
        read_pattern(save(tmp_path, HOSTILE[name]))
    except CutkitError as error:
        refused = str(error)
    assert refused is None or "demo.dxf" in refused


@pytest.mark.parametrize(
    "content",
    [
        "<style>" + ".a" * 200_000 + "</style>",
        '<path d="M0 0' + "L1 1L3 4" * 100_000 + 'Z"/>',
        "<g>" * 3000 + "</g>" * 3000,
    ],
    ids=["style", "zigzag", "groups"],
)
def test_a_hostile_picture_is_refused(tmp_path, content):
    with pytest.raises(CutkitError, match=r"demo\.svg"):
        read_pattern(save(tmp_path, SVG.format(content), "demo.svg"))


def test_a_hostile_rule_table_is_refused(tmp_path):
    path = save(tmp_path, file_of([piece("A")]))
    save(tmp_path, ("A" + " " * 60_000 + "\n") * 30, "demo.rul")
    with pytest.raises(CutkitError, match=r"demo\.rul"):
        read_pattern(path)
