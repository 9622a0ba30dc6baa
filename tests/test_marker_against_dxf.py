"""The line judged from outside: a marker against its pattern file, read here by ezdxf and shapely alone.

Nothing of cutkit's reader is used: what the blocks of the file say (outline, fold, grain, quantity, material) must be
what lies in the marker, as often as ordered, turned only as the nap allows.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import ezdxf
import pytest
from conftest import REPOSITORY
from shapely.affinity import affine_transform, rotate, scale, translate
from shapely.geometry import LineString, Polygon
from shapely.ops import linemerge, unary_union

MM = {"METRIC": 1.0, "ENGLISH": 25.4}
CASES = [
    ("shirt.dxf", {"S": 1, "M": 2}, "two-way"),
    ("tshirt.dxf", {"M": 1, "XL": 1}, "per-bundle"),
    ("hoodie.dxf", {"L": 2}, "one-way"),
    ("dress.dxf", {"36": 1, "40": 1}, "per-bundle"),
    ("trousers.dxf", {"32": 1, "36": 1}, "two-way"),
]


@dataclass(frozen=True)
class Block:
    """One block of a pattern file: a piece in one size, whole, its grain along x, in millimetres."""

    name: str
    size: str
    outline: Polygon
    as_drawn: int
    mirrored: int
    material: str


def texts_of(entities) -> dict[str, str]:
    pairs = [e.dxf.text.partition(":") for e in entities if e.dxftype() == "TEXT" and e.dxf.layer == "1"]
    return {key.strip().upper(): value.strip() for key, colon, value in pairs if colon}


def points_of(polyline) -> list[tuple[float, float]]:
    points = [(v.dxf.location.x, v.dxf.location.y) for v in polyline.vertices]
    return [*points, points[0]] if polyline.is_closed else points


def boundary_of(block) -> Polygon:
    edges = [LineString(points_of(e)) for e in block if e.dxftype() == "POLYLINE" and e.dxf.layer == "1"]
    merged = edges[0] if len(edges) == 1 else linemerge(edges)
    assert merged.geom_type == "LineString"
    return Polygon(merged.coords)


def lines_on(block, layer: str) -> list:
    return [e for e in block if e.dxftype() == "LINE" and e.dxf.layer == layer]


def unfolded(half: Polygon, fold) -> Polygon:
    """The half and its image in the fold line."""
    x0, y0 = fold.dxf.start.x, fold.dxf.start.y
    angle = math.atan2(fold.dxf.end.y - y0, fold.dxf.end.x - x0)
    c, s = math.cos(2 * angle), math.sin(2 * angle)
    image = affine_transform(half, (c, s, s, -c, x0 - c * x0 - s * y0, y0 - s * x0 + c * y0))
    return unary_union([half.buffer(1e-6), image.buffer(1e-6)])


def read_blocks(path) -> list[Block]:
    drawing = ezdxf.readfile(path)
    factor = MM[texts_of(drawing.modelspace())["UNITS"].upper()]
    named = [(texts_of(block), block) for block in drawing.blocks if not block.name.startswith("*")]
    in_full = {texts["PIECE NAME"]: texts for texts, _ in named if "QUANTITY" in texts}
    blocks = []
    for own, block in named:
        texts = in_full[own["PIECE NAME"]] | own  # some CADs write all only into the sample size's block
        outline = boundary_of(block)
        folds, (grain,) = lines_on(block, "6"), lines_on(block, "7")
        if folds:
            outline = unfolded(outline, folds[0])
        dx, dy = grain.dxf.end.x - grain.dxf.start.x, grain.dxf.end.y - grain.dxf.start.y
        outline = rotate(outline, -math.degrees(math.atan2(dy, dx)), origin=(0, 0))
        outline = scale(outline, factor, factor, origin=(0, 0))
        as_drawn, mirrored = (int(n) for n in texts["QUANTITY"].split(","))
        material = texts["FABRIC" if "FABRIC" in texts else "MATERIAL"]
        blocks.append(Block(texts["PIECE NAME"], texts["SIZE"], outline, as_drawn, mirrored, material))
    return blocks


def off_mm2(a: Polygon, b: Polygon) -> float:
    """How far two outlines differ, each moved to the origin, the better of as drawn and upside down."""

    def homed(shape):
        x0, y0, *_ = shape.bounds
        return translate(shape, -x0, -y0)

    return min(homed(a).symmetric_difference(homed(turned)).area for turned in (b, rotate(b, 180)))


@pytest.mark.parametrize(("name", "order", "nap"), CASES, ids=[case[0] for case in CASES])
def test_the_marker_holds_what_the_file_the_order_and_the_nap_say(cutkit, tmp_path, name, order, nap):
    path = REPOSITORY / "patterns" / name
    typed = ",".join(f"{size}={count}" for size, count in order.items())
    ran = cutkit(
        *("nest", path, "--width", "150cm", "--order", typed, "--nap", nap),
        *("--rounds", "1", "--json", "--quiet", "-o", tmp_path / "m.marker.json"),
    )
    assert ran.code == 0, ran.err
    markers = [json.loads(Path(entry["path"]).read_text()) for entry in json.loads(ran.out)["markers"]]
    blocks = [block for block in read_blocks(path) if block.size in order]
    assert_pieces(blocks, order, nap, markers)
    for marker in markers:
        assert_copies(blocks, order, marker)
        assert_angles(nap, sum(order.values()), marker)


def assert_pieces(blocks, order, nap, markers):
    """Each piece of the ordered sizes is there once, with its outline, count, material and angles."""
    wanted = {(b.name, b.size): b for b in blocks if b.as_drawn + b.mirrored}
    pieces = [piece for marker in markers for piece in marker["pieces"]]
    assert sorted((p["name"], p["size"]) for p in pieces) == sorted(wanted)
    for piece in pieces:
        block = wanted[piece["name"], piece["size"]]
        garments = order[block.size]
        assert (piece["ordered"], piece["ordered_mirrored"]) == (block.as_drawn * garments, block.mirrored * garments)
        assert piece["material"] == block.material
        assert not piece["may_mirror"]
        outline = Polygon(piece["outline"], piece["holes"])
        assert outline.area == pytest.approx(block.outline.area, rel=1e-3)
        assert off_mm2(outline, block.outline) < 1e-3 * block.outline.area
        assert piece["allowed_angles_deg"] == ([0.0] if nap == "one-way" else [0.0, 180.0])


def assert_copies(blocks, order, marker):
    """Every copy, as drawn and mirrored, is laid as often as ordered, and no other."""
    size_of = {p["id"]: (p["name"], p["size"]) for p in marker["pieces"]}
    (material,) = {p["material"] for p in marker["pieces"]}
    laid = Counter((*size_of[p["piece"]], p["mirrored"]) for p in marker["placements"])
    assert laid == {
        (b.name, b.size, flipped): count * order[b.size]
        for b in blocks
        if b.material == material
        for flipped, count in ((False, b.as_drawn), (True, b.mirrored))
        if count
    }


def assert_angles(nap, garments, marker):
    assert {p["bundle"] for p in marker["placements"]} == set(range(1, garments + 1))
    for bundle in range(1, garments + 1):
        angles = {p["angle_deg"] for p in marker["placements"] if p["bundle"] == bundle}
        assert angles <= ({0.0} if nap == "one-way" else {0.0, 180.0})
        assert nap == "two-way" or len(angles) == 1
