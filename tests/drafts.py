"""What the pattern tests share: the drafting program, and a small reader of its files that knows nothing of cutkit.

The program lies in ``patterns/`` and is not installed, so the repository's root is put on the path here.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import ezdxf
import numpy as np
from ezdxf.path import make_path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

PATTERNS = ROOT / "patterns"


@dataclass
class FilePiece:
    """A block of a pattern file: its texts by lower-case key, and its geometry in millimetres by layer."""

    texts: dict[str, str] = field(default_factory=dict)
    paths: dict[str, list[np.ndarray]] = field(default_factory=dict)
    points: dict[str, list[np.ndarray]] = field(default_factory=dict)
    labels: list[tuple[str, int, np.ndarray]] = field(default_factory=list)

    def ring(self, layer: str) -> np.ndarray:
        """The closed line on a layer, its paths taken end to end; asserts that they meet."""
        paths = self.paths[layer]
        for one, other in zip(paths, paths[1:] + paths[:1], strict=True):
            assert np.allclose(one[-1], other[0], atol=1e-3)
        return np.concatenate([path[:-1] for path in paths])


@dataclass
class PatternFile:
    """A pattern file: the texts of its style and its pieces by (name, size)."""

    style: dict[str, str]
    pieces: dict[tuple[str, str], FilePiece]


def read(name: str) -> PatternFile:
    """A file of ``patterns/`` in the ASTM or AAMA form, read with ezdxf alone."""
    document = ezdxf.readfile(PATTERNS / name)
    style = dict(_key_value(text.dxf.text) for text in document.modelspace().query("TEXT"))
    per_unit = 25.4 if style["units"] == "ENGLISH" else 1.0
    pieces = {}
    for insert in document.modelspace().query("INSERT"):
        piece = _piece(document.blocks[insert.dxf.name], per_unit)
        pieces[piece.texts["piece name"], piece.texts["size"]] = piece
    return PatternFile(style, pieces)


def _key_value(text: str) -> tuple[str, str]:
    key, _, value = text.partition(":")
    return key.strip().lower(), value.strip()


def _piece(block, per_unit: float) -> FilePiece:
    piece = FilePiece()
    for entity in block:
        layer, kind = entity.dxf.layer, entity.dxftype()
        if kind == "TEXT":
            rule = re.fullmatch(r"# (\d+)", entity.dxf.text)
            if rule:
                where = np.array(entity.dxf.insert)[:2] * per_unit
                piece.labels.append((layer, int(rule[1]), where))
            elif layer == "1":
                piece.texts.update([_key_value(entity.dxf.text)])
        elif kind == "POINT":
            piece.points.setdefault(layer, []).append(np.array(entity.dxf.location)[:2] * per_unit)
        elif kind in ("POLYLINE", "LINE"):
            vertices = np.array([(v.x, v.y) for v in make_path(entity).flattening(0.01)]) * per_unit
            piece.paths.setdefault(layer, []).append(vertices)
    return piece
