"""The line judged from outside: markers against their pattern files, read a second time by ``line_dxf``.

What lies in a marker must be what the file, the order and the nap say: which pieces, how many as drawn and mirrored, of
which outline, and how they may be turned.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest
from conftest import REPOSITORY
from line_dxf import FilePiece, apart_mm, read_pieces
from line_tools import SHARED, markers_of, nest
from shapely.affinity import rotate, scale
from shapely.geometry import Polygon

OWN = [
    ("shirt.dxf", {"S": 1, "M": 2, "L": 1}, "two-way"),
    ("shirt.dxf", {"XXL": 1, "XS": 1}, "per-bundle"),
    ("tshirt.dxf", {"M": 1, "XL": 2}, "per-bundle"),
    ("tshirt.dxf", {"3XL": 1}, "one-way"),
    ("hoodie.dxf", {"L": 2}, "one-way"),
    ("dress.dxf", {"36": 1, "40": 1}, "per-bundle"),
    ("trousers.dxf", {"34": 1}, "two-way"),
    ("trousers.dxf", {"40": 1, "28": 1}, "one-way"),
]
ACCUMARK = [
    ("ksons_GLX0924S16_NEW.DXF", {"26": 1, "36": 1}, "one-way"),
    ("ksons_GLX4802S19_AAMA.DXF", {"30": 1}, "two-way"),
    ("ksons_GLX4802S19_ASTM.DXF", {"36": 1, "52": 1}, "per-bundle"),
    ("ksons_GMX1006S18-1.DXF", {"50": 1, "42": 1}, "two-way"),
    ("ksons_GMX1016S18_AAMA.DXF", {"70": 1}, "one-way"),
    ("ksons_GMX1016S18_ASTM.DXF", {"42": 1, "50": 2}, "per-bundle"),
    ("ksons_ORILEGWB_AAMA.DXF", {"26": 2}, "two-way"),
    ("ksons_ORILEGWB_ASTM.DXF", {"52": 1, "36": 1}, "one-way"),
    ("ksons_WM_SLIM_TANK.DXF", {"36": 1, "38": 1, "40": 1}, "per-bundle"),
]
CASES = [(REPOSITORY / "patterns" / name, order, nap) for name, order, nap in OWN] + [
    pytest.param(
        (SHARED / "dxf" / name, order, nap),
        marks=pytest.mark.skipif(not (SHARED / "dxf" / name).exists(), reason="the real files are not here"),
    )
    for name, order, nap in ACCUMARK
]
ALLOWED_DEG = {"two-way": [0.0, 180.0], "per-bundle": [0.0, 180.0], "one-way": [0.0]}
SAME_SHARE = 1e-4
SAME_MM = 0.1
"""A grain nearer than this in a metre to a quarter turn is laid by the exact quarter turn."""


@dataclass(frozen=True)
class Nested:
    """A pattern file read anew, an order and a nap, and the markers made of them."""

    wanted: dict[tuple[str, str], FilePiece]
    order: dict[str, int]
    nap: str
    markers: list[dict]

    @property
    def pieces(self) -> list[dict]:
        return [piece for marker in self.markers for piece in marker["pieces"]]

    def of(self, piece: dict) -> FilePiece:
        return self.wanted[piece["name"], piece["size"]]


@lru_cache
def pieces_of(path: Path) -> dict[tuple[str, str], FilePiece]:
    return read_pieces(path)


def case_name(case: object) -> str | None:
    return f"{case[0].stem}-{'-'.join(case[1])}-{case[2]}" if isinstance(case, tuple) else None


@pytest.fixture(scope="module", params=CASES, ids=case_name)
def nested(request, tmp_path_factory):
    path, order, nap = request.param
    typed = ",".join(f"{size}={count}" for size, count in order.items())
    ran = nest(path, typed, tmp_path_factory.mktemp("nested") / "m.marker.json", "--nap", nap, "--quiet")
    assert ran.code == 0, ran.err
    wanted = {
        key: piece for key, piece in pieces_of(path).items() if piece.size in order and piece.as_drawn + piece.mirrored
    }
    assert {size for _, size in wanted} == set(order)
    return Nested(wanted, order, nap, [marker for _, marker in markers_of(ran)])


def test_the_pieces_are_those_of_the_file_in_the_sizes_ordered(nested):
    assert Counter((piece["name"], piece["size"]) for piece in nested.pieces) == Counter(list(nested.wanted))
    for marker in nested.markers:
        assert {nested.of(piece).material for piece in marker["pieces"]} == {marker["pieces"][0]["material"]}
    materials = {piece.material for piece in nested.wanted.values()}
    assert len(nested.markers) == len(materials)


def test_as_many_as_drawn_and_mirrored_as_the_file_and_the_order_say(nested):
    for piece in nested.pieces:
        wanted, garments = nested.of(piece), nested.order[piece["size"]]
        counts = (piece["ordered"], piece["ordered_mirrored"])
        assert counts == (wanted.as_drawn * garments, wanted.mirrored * garments), piece["id"]
        assert not piece["may_mirror"]


def test_outlines_are_those_of_the_file_with_the_grain_along_x(nested):
    for piece in nested.pieces:
        wanted, outline = nested.of(piece).outline, Polygon(piece["outline"], piece["holes"])
        assert outline.is_valid
        assert outline.area == pytest.approx(wanted.area, rel=SAME_SHARE), piece["id"]
        assert outline.exterior.length == pytest.approx(wanted.exterior.length, rel=SAME_SHARE), piece["id"]
        assert apart_mm(outline, wanted) < SAME_MM, piece["id"]


def test_pieces_may_be_turned_as_the_nap_allows(nested):
    for piece in nested.pieces:
        assert piece["allowed_angles_deg"] == ALLOWED_DEG[nested.nap]
        assert piece["tilt_deg"] == 0.0


def test_every_copy_is_laid_once_in_its_bundle_along_the_nap(nested):
    garments = sum(nested.order.values())
    for marker in nested.markers:
        keys = {piece["id"]: (piece["name"], piece["size"]) for piece in marker["pieces"]}
        laid = Counter((*keys[p["piece"]], p["mirrored"]) for p in marker["placements"])
        wanted = [nested.wanted[key] for key in keys.values()]
        drawn = {(w.name, w.size, False): w.as_drawn * nested.order[w.size] for w in wanted}
        mirrored = {(w.name, w.size, True): w.mirrored * nested.order[w.size] for w in wanted}
        assert +laid == +Counter(drawn | mirrored)
        assert marker["unplaced"] == []
        for bundle in range(1, garments + 1):
            assert_one_garment(marker, keys, [p for p in marker["placements"] if p["bundle"] == bundle], nested)


def assert_one_garment(marker: dict, keys: dict, placements: list[dict], nested: Nested) -> None:
    """The placements of one bundle are one garment of one size, laid as the nap says."""
    sizes = {keys[p["piece"]][1] for p in placements}
    assert len(sizes) <= 1
    here = Counter((keys[p["piece"]], p["mirrored"]) for p in placements)
    for key in keys.values():
        piece, ours = nested.wanted[key], key[1] in sizes
        assert (here[key, False], here[key, True]) == ((piece.as_drawn, piece.mirrored) if ours else (0, 0))
    angles = {p["angle_deg"] for p in placements}
    assert angles <= set(ALLOWED_DEG[nested.nap])
    if nested.nap == "per-bundle":
        assert len(angles) <= 1


def test_the_comparison_sees_a_piece_that_is_turned_or_mirrored():
    sleeve = pieces_of(REPOSITORY / "patterns" / "shirt.dxf")["SLEEVE", "M"].outline
    assert apart_mm(sleeve, rotate(sleeve, 0.0)) == 0.0
    assert apart_mm(sleeve, rotate(sleeve, 180)) > 10 * SAME_MM
    assert apart_mm(sleeve, scale(sleeve, 1, -1)) > 10 * SAME_MM
