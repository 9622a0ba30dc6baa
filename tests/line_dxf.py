"""A second reader of pattern files, written for the tests from the format alone: ezdxf and shapely, none of cutkit.

It knows the habits of files that hold a block per piece and size (ASTM and AAMA): texts ``Key: value`` and the boundary
on layer 1, a mirror line on layer 6, the grain on layer 7, and what only the sample size says.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import ezdxf
import numpy as np
from shapely.affinity import rotate, translate
from shapely.geometry import LineString, Polygon
from shapely.ops import linemerge

MM_PER_UNIT = {"METRIC": 1.0, "ENGLISH": 25.4}
ON_FOLD_MM = 0.1
SAME_POINT_MM = 1e-3


@dataclass(frozen=True)
class FilePiece:
    """A piece of the file in one size: whole, in mm, and turned so that its grain lies along +x."""

    name: str
    size: str
    outline: Polygon
    as_drawn: int
    mirrored: int
    material: str
    folded: bool


def read_pieces(path: Path) -> dict[tuple[str, str], FilePiece]:
    """The pieces of a file by name and size."""
    drawing = ezdxf.readfile(path)
    style = texts_of(drawing.modelspace())
    mm = MM_PER_UNIT[style["UNITS"].upper()]
    blocks = [block for block in drawing.blocks if not block.name.startswith("*")]
    texts = [texts_of(block) for block in blocks]
    samples = {t["PIECE NAME"]: t for t in texts if size_of(t) == style["SAMPLE SIZE"]}
    pieces = {}
    for block, text in zip(blocks, texts, strict=True):
        text = {**samples.get(text["PIECE NAME"], {}), **text}
        ring = boundary_of(block) * mm
        folds, grain = lines_on(block, "6", mm), lines_on(block, "7", mm)[0]
        outline = Polygon(unfolded(ring, *folds[0]) if folds else ring)
        as_drawn, mirrored = quantity_of(text["QUANTITY"])
        key = (text["PIECE NAME"], size_of(text))
        assert key not in pieces
        material = text.get("MATERIAL", text.get("FABRIC", ""))
        whole = rotate(outline, -grain_deg(*grain), origin=(0, 0))
        pieces[key] = FilePiece(*key, whole, as_drawn, mirrored, material, bool(folds))
    return pieces


def texts_of(entities) -> dict[str, str]:
    """The texts ``Key: value``, by key in capitals."""
    pairs = [entity.dxf.text.partition(":") for entity in entities if entity.dxftype() == "TEXT"]
    return {key.strip().upper(): value.strip() for key, colon, value in pairs if colon}


def size_of(text: dict[str, str]) -> str:
    return text.get("SIZE NAME") or text["SIZE"]


def quantity_of(text: str) -> tuple[int, int]:
    """``R,L`` is said in so many words; in a single number a 2 is a pair, a left one and a right one."""
    if "," in text:
        first, second = (int(part) for part in text.split(","))
        return first, second
    return (1, 1) if int(text) == 2 else (int(text), 0)


def boundary_of(block) -> np.ndarray:
    """The ring of the piece: one closed polyline, or a chain of open ones, end to end; no point repeated."""
    paths = []
    for entity in block:
        if entity.dxf.layer == "1" and entity.dxftype() == "POLYLINE":
            points = [(v.dxf.location.x, v.dxf.location.y) for v in entity.vertices]
            paths.append([*points, points[0]] if entity.is_closed else points)
    merged = LineString(paths[0]) if len(paths) == 1 else linemerge(paths)
    assert merged.geom_type == "LineString", f"{block.name}: the boundary is not one chain"
    ring = np.array(merged.coords)
    assert np.hypot(*(ring[0] - ring[-1])) < SAME_POINT_MM, f"{block.name}: the boundary is open"
    return ring[:-1]


def lines_on(block, layer: str, mm: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """The ends of the lines on a layer, in mm."""
    lines = [entity for entity in block if entity.dxf.layer == layer and entity.dxftype() == "LINE"]
    return [(np.array(e.dxf.start)[:2] * mm, np.array(e.dxf.end)[:2] * mm) for e in lines]


def unfolded(ring: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The half's ring, its run along the mirror line left out, and its image back again."""
    along = (end - start) / np.hypot(*(end - start))
    across = (ring - start) @ np.array([-along[1], along[0]])
    on_line = np.abs(across) < ON_FOLD_MM
    leaves = [k for k in range(len(ring)) if on_line[k] and not on_line[(k + 1) % len(ring)]]
    assert len(leaves) == 1, "the piece meets its mirror line in one run"
    ring, on_line = np.roll(ring, -leaves[0], axis=0), np.roll(on_line, -leaves[0])
    back = next(k for k in range(1, len(ring)) if on_line[k])
    half = ring[: back + 1]
    image = half - 2 * np.outer((half - start) @ np.array([-along[1], along[0]]), [-along[1], along[0]])
    return np.concatenate([half, image[-2:0:-1]])


def grain_deg(start: np.ndarray, end: np.ndarray) -> float:
    """The grain's direction. Which end of the line comes first says nothing, so it is taken between -45 and 135."""
    angle = math.degrees(math.atan2(*(end - start)[::-1])) % 180
    return angle if angle <= 135 else angle - 180


def homed(outline: Polygon) -> Polygon:
    """The outline with the lower left corner of its bounding box at the origin."""
    x0, y0, *_ = outline.bounds
    return translate(outline, -x0, -y0)


def apart_mm(a: Polygon, b: Polygon) -> float:
    """How far two outlines lie apart at most, each at the origin: 0 for congruent ones that point the same way."""
    return float(homed(a).boundary.hausdorff_distance(homed(b).boundary))
