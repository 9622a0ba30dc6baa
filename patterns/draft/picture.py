"""SVG pictures of the pieces of a garment, all sizes on top of one another: for looking at a draft."""

from __future__ import annotations

import numpy as np

from patterns.draft.geometry import Path
from patterns.draft.sheet import SheetPiece

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#555555")


def svg(pieces: list[SheetPiece], sample: str, width_px: int = 1600) -> str:
    """The picture: cut lines in a colour per size, and the sample size's sew line, notches, grain and marks."""
    low = np.min([piece.outline.min(axis=0) for piece in pieces], axis=0) - 30
    high = np.max([piece.outline.max(axis=0) for piece in pieces], axis=0) + 30
    sizes = list(dict.fromkeys(piece.size for piece in pieces))
    shapes = [_shape(piece, COLOURS[sizes.index(piece.size) % len(COLOURS)], piece.size == sample) for piece in pieces]
    width, height = high - low
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_px}" height="{width_px * height / width:.0f}" '
        f'viewBox="{low[0]:.1f} {-high[1]:.1f} {width:.1f} {height:.1f}">'
        f'<rect x="{low[0]:.1f}" y="{-high[1]:.1f}" width="{width:.1f}" height="{height:.1f}" fill="white"/>'
        f"<g fill='none' stroke-width='1.2'>{''.join(shapes)}</g></svg>"
    )


def _points(path: Path) -> str:
    return " ".join(f"{x:.2f},{-y:.2f}" for x, y in path)


def _shape(piece: SheetPiece, colour: str, sample: bool) -> str:
    parts = [f'<polygon points="{_points(piece.outline)}" stroke="{colour}"/>']
    if sample:
        parts.append(f'<polygon points="{_points(piece.sew_line)}" stroke="#999" stroke-dasharray="6 3"/>')
        parts.append(f'<polyline points="{_points(np.array(piece.grain))}" stroke="#d00" stroke-width="2"/>')
        parts += [
            f'<polyline points="{_points(i.path)}" stroke="#080" stroke-dasharray="3 3"/>' for i in piece.internals
        ]
        parts += [f'<circle cx="{x:.2f}" cy="{-y:.2f}" r="4" stroke="#d00"/>' for x, y in piece.drills]
        x, y = (piece.grain[0] + piece.grain[1]) / 2
        label = f"{piece.name} {piece.copies[0]},{piece.copies[1]}"
        parts.append(
            f'<text x="{x:.1f}" y="{-y:.1f}" font-size="22" fill="#000" font-family="sans-serif">{label}</text>'
        )
        if piece.mirror:
            parts.append(f'<polyline points="{_points(np.array(piece.mirror))}" stroke="#00d" stroke-width="4"/>')
    for notch in piece.notches:
        tip = notch.point + notch.inward * max(notch.depth_mm, 6.0)
        parts.append(f'<polyline points="{_points(np.array([notch.point, tip]))}" stroke="{colour}" stroke-width="2"/>')
    return "".join(parts)
