"""Small patterns and markers with known areas, for all tests."""

from __future__ import annotations

from shapely.geometry import Polygon, box

from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Pattern, Piece, Placement


def rectangle(width: float, height: float) -> Polygon:
    """A rectangle with a corner at the origin."""
    return box(0, 0, width, height)


def make_piece(name: str, size: str = "", quantity: tuple[int, int] = (1, 0), material: str = "", **more) -> Piece:
    """A rectangular piece of a pattern."""
    outline = more.pop("outline", rectangle(100, 50))
    return Piece(name, size, outline, quantity[0], quantity[1], material, **more)


def make_pattern(*pieces: Piece, style: str = "SHIRT", sizes=None, sample="M", path: str | None = None) -> Pattern:
    """A pattern; its sizes are those of its pieces in order of appearance unless given."""
    if sizes is None:
        sizes = tuple(dict.fromkeys(piece.size for piece in pieces if piece.size))
    return Pattern(path or f"{style.lower()}.dxf", style, tuple(sizes), sample, tuple(pieces))


def make_marker(pieces: list[OrderedPiece], placements: list[Placement], **more) -> Marker:
    """A marker on 200 mm of cloth, unless another fabric is given."""
    fabric = more.pop("fabric", Fabric(200.0))
    settings = NestSettings(gap_mm=more.pop("gap_mm", 0.0))
    return Marker(fabric, tuple(pieces), tuple(placements), settings, **more)
