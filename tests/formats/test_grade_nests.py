"""Grading held against graded nests of AccuMark: the sample size and a rule table derived from the nest give its sizes.

The table has a rule for every point that the sample size labels with one ("# n"), with the moves that the nest shows;
all other points have to come out by themselves. Read with ezdxf alone; skipped where the real files are not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ezdxf
import numpy as np
import pytest
from dxf_builder import block, file_of, polyline, save, text
from line_dxf import MM_PER_UNIT, size_of, texts_of
from shapely.geometry import Polygon

from cutkit.formats.patterns import read_pattern

FOLDER = Path(__file__).parents[2] / "../shared/dxf"
NESTS = sorted([*FOLDER.glob("ksons_G*.DXF"), *FOLDER.glob("ksons_O*.DXF"), *FOLDER.glob("ksons_W*.DXF")])
AT_POINT_MM = 0.5
WITHIN_MM = 0.02
"""The files have three digits of an inch or a millimetre; a size is the sum of two of their numbers."""

pytestmark = pytest.mark.skipif(not NESTS, reason="the real files are not here")


@dataclass(frozen=True)
class Nest:
    """One piece in its sizes, in mm as drawn; ``labelled`` are the points of the sample size with a grade rule."""

    name: str
    sample: str
    rings: dict[str, np.ndarray]
    labelled: list[int]

    @property
    def others(self) -> list[str]:
        return [size for size in self.rings if size != self.sample]


def nests_of(path: Path) -> list[Nest]:
    """The pieces of a file in those sizes whose edges have the points of the sample size, edge by edge."""
    drawing = ezdxf.readfile(path)
    style = texts_of(drawing.modelspace())
    mm, sample = MM_PER_UNIT[style["UNITS"].upper()], style["SAMPLE SIZE"]
    blocks: dict[str, dict[str, list]] = {}
    for entities in drawing.blocks:
        if not entities.name.startswith("*"):
            words = texts_of(entities)
            blocks.setdefault(words["PIECE NAME"], {})[size_of(words)] = list(entities)
    nests = []
    for name, sizes in blocks.items():
        edges = {size: edges_of(entities, mm) for size, entities in sizes.items()}
        counts = {size: [len(edge) for edge in found] for size, found in edges.items()}
        rings = {size: np.concatenate([e[:-1] for e in found]) for size, found in edges.items()}
        same = {size: ring for size, ring in rings.items() if counts[size] == counts[sample]}
        nests.append(Nest(name, sample, same, labelled_points(sizes[sample], rings[sample], mm)))
    return nests


def edges_of(entities: list, mm: float) -> list[np.ndarray]:
    paths = [e for e in entities if e.dxftype() == "POLYLINE" and e.dxf.layer == "1"]
    return [np.array([(v.dxf.location.x, v.dxf.location.y) for v in path.vertices]) * mm for path in paths]


def labelled_points(entities: list, ring: np.ndarray, mm: float) -> list[int]:
    at = [np.array(e.dxf.insert)[:2] * mm for e in entities if e.dxftype() == "TEXT" and e.dxf.text.startswith("#")]
    gaps = [np.hypot(*(ring - point).T) for point in at]
    return sorted({int(gap.argmin()) for gap in gaps if gap.min() < AT_POINT_MM})


@pytest.mark.parametrize("path", NESTS, ids=lambda path: path.name)
def test_the_sample_size_and_a_table_give_the_sizes_of_the_nest(path, tmp_path, record_property):
    nests = [nest for nest in nests_of(path) if len(nest.labelled) > 1 and nest.others]
    rules: dict[int, str] = {}
    blocks = []
    sizes = list(dict.fromkeys(size for nest in nests for size in nest.rings))
    for nest in nests:
        ring = nest.rings[nest.sample]
        first = len(rules) + 1
        labels = [text(f"# {first + k}", tuple(ring[i]), 2) for k, i in enumerate(nest.labelled)]
        for k, i in enumerate(nest.labelled):
            moves = [nest.rings[size][i] - ring[i] if size in nest.rings else (0.0, 0.0) for size in sizes]
            rules[first + k] = " ".join(f"{x:.6f},{y:.6f}" for x, y in moves)
        words = [text(f"Piece Name: {nest.name}"), text(f"Size: {nest.sample}")]
        blocks.append(block(nest.name, *words, polyline(ring.tolist()), *labels))
    head = f"UNITS: METRIC\nSIZE LIST: {' '.join(sizes)}\nSAMPLE SIZE: {nests[0].sample}\n"
    save(tmp_path, head + "".join(f"RULE: DELTA {n}\n{moves}\n" for n, moves in rules.items()) + "END\n", "demo.rul")
    style = ("Units: METRIC", f"Sample Size: {nests[0].sample}")
    pattern = read_pattern(save(tmp_path, file_of(blocks, style=style)), units="mm")
    graded = {(piece.name, piece.size): piece.outline for piece in pattern.pieces}
    free = sum((len(nest.rings[nest.sample]) - len(nest.labelled)) * len(nest.others) for nest in nests)
    worst = {
        (nest.name, size): apart_mm(graded[nest.name, size], nest.rings[size])
        for nest in nests
        for size in nest.others
        if Polygon(nest.rings[size]).is_valid
    }
    record_property("compared", f"{len(worst)} outlines, {free} points without a rule, {max(worst.values()):.4f} mm")
    assert len(worst) >= 20
    assert {key: gap for key, gap in worst.items() if gap > WITHIN_MM} == {}


def apart_mm(outline: Polygon, ring: np.ndarray) -> float:
    """How far an outline, which lies at the origin, is from a ring that is moved there."""
    return float(outline.exterior.hausdorff_distance(Polygon(ring - ring.min(axis=0)).exterior))
