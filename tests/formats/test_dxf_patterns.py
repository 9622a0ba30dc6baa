"""The project's own patterns: read without a surprise, in every size, twins equal; and mutations of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import shapely
from fuzz import outcome

from cutkit.formats.patterns import read_pattern

FOLDER = Path(__file__).parents[2] / "patterns"
FILES = sorted(FOLDER.glob("*.dxf"))
EXPECTED_NOTICES = {
    "tote": {"units-assumed", "plain-drawing", "sizes-from-names", "name-twice", "grain-missing", "quantity-missing"},
    "tshirt-aama": {"quantity-pair-assumed"},
}
DIALECTS = {"tote": "plain", "tshirt-aama": "AAMA-292"}
MUTATIONS = 120


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_pattern_is_read_whole(path):
    pattern = read_pattern(path)
    assert pattern.dialect == DIALECTS.get(path.stem, "ASTM D6673")
    assert {notice.code for notice in pattern.notices} == EXPECTED_NOTICES.get(path.stem, set())
    names = {piece.name for piece in pattern.pieces}
    assert len(pattern.sizes) >= 5
    assert {(p.name, p.size) for p in pattern.pieces} == {(n, s) for n in names for s in pattern.sizes}
    for piece in pattern.pieces:
        assert piece.outline.is_valid
        assert piece.outline.bounds[:2] == (0, 0)
        assert piece.per_garment > 0
        assert bool(piece.material) == (path.stem != "tote")
        assert (piece.grain_deg is None) == (path.stem == "tote")
        for mark in piece.marks:
            if mark.kind == "notch":
                assert piece.outline.exterior.distance(shapely.Point(mark.points[0])) < 1e-4


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sizes_grow(path):
    pattern = read_pattern(path)
    areas = [sum(p.outline.area for p in pattern.pieces if p.size == size) for size in pattern.sizes]
    assert areas == sorted(areas)


def test_a_rule_table_gives_the_sizes_of_the_nest():
    """The same shirt as a graded nest and as one size with a rule table: the outlines lie within half a millimetre."""
    nest, graded = read_pattern(FOLDER / "tshirt.dxf"), read_pattern(FOLDER / "tshirt-aama.dxf")
    assert nest.sizes == graded.sizes
    of_table = {(p.name, p.size): p for p in graded.pieces}
    for piece in nest.pieces:
        other = of_table[piece.name, piece.size]
        assert shapely.hausdorff_distance(piece.outline.exterior, other.outline.exterior) < 0.5
        assert (other.as_drawn, other.mirrored, other.material) == (piece.as_drawn, piece.mirrored, piece.material)
        for kind in ("notch", "internal"):
            ours = [m.points for m in piece.marks if m.kind == kind]
            theirs = [m.points for m in other.marks if m.kind == kind]
            assert len(ours) == len(theirs)
            assert all(min(_apart(a, b) for b in theirs) < 0.5 for a in ours)


def _apart(a, b):
    return max(abs(p - q) for x, y in zip(a, b, strict=True) for p, q in zip(x, y, strict=True))


def test_mutations_end_in_a_pattern_or_an_input_error(tmp_path):
    """Seeded damage of every kind; ``make fuzz`` runs twenty thousand of them."""
    results = Counter(outcome(number, tmp_path) for number in range(MUTATIONS))
    assert set(results) <= {"accepted", "refused"}
    assert len(results) == 2
