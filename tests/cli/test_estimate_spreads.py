"""What ``estimate`` tells of plies and sets: the garments and the cloth of all of them."""

from __future__ import annotations

import json

import pytest
from conftest import REPOSITORY

SHIRT = REPOSITORY / "patterns" / "shirt.dxf"


@pytest.mark.parametrize(
    ("options", "plies", "garments", "plies_a_garment"),
    [
        ((), 1, 4, 1),
        (("--order-plies", 2), 2, 4, 1),
        (("--spread", "folded"), 1, 4, 1),
        (("--spread", "folded", "--order-plies", 4), 4, 4, 1),
        (("--spread", "face-to-face", "--order-plies", 2), 2, 4, 1),
        (("--spread", "face-to-face", "--order-plies", 4, "--sets", "half"), 4, 4, 2),
    ],
)
def test_garments_and_cloth_are_those_of_all_plies(cutkit, options, plies, garments, plies_a_garment):
    ran = cutkit("estimate", SHIRT, "--width", "300cm", "--order", "M=4", "--price", 5, *options, "--json", "--quiet")
    assert ran.code == 0, ran.err
    for marker in json.loads(ran.out)["markers"]:
        assert (marker["plies"], marker["garments"]) == (plies, garments)
        assert marker["cloth_mm"] == pytest.approx(plies * marker["length_mm"])
        in_marker = garments * plies_a_garment / plies
        assert marker["length_per_garment_mm"] == pytest.approx(plies_a_garment * marker["length_mm"] / in_marker)
        assert marker["cost"] == pytest.approx(5 * marker["cloth_mm"] / 1000)
    table = cutkit("estimate", SHIRT, "--width", "300cm", "--order", "M=4", *options, "--quiet")
    assert ("Plies" in table.out) == (plies > 1)
