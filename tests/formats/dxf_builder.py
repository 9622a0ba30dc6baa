"""Small DXF texts for the tests: tags, entities, blocks and files as pattern CADs write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

Point = tuple[float, float]
BOX: tuple[Point, ...] = ((0, 0), (400, 0), (400, 300), (0, 300))
"""A piece of 400 x 300 mm: 1200 cm²."""


def tags(*pairs: object) -> str:
    """Group codes and values, each on its line."""
    return "".join(f"{pair}\n" for pair in pairs)


def line(a: Point, b: Point, layer: object = 1) -> str:
    return tags(0, "LINE", 8, layer, 10, a[0], 20, a[1], 11, b[0], 21, b[1])


def grain(a: Point = (50, 100), b: Point = (250, 100)) -> str:
    return line(a, b, 7)


def point(at: Point, layer: object, *more: object) -> str:
    return tags(0, "POINT", 8, layer, 10, at[0], 20, at[1], *more)


def text(words: str, at: Point = (10, 10), layer: object = 1) -> str:
    return tags(0, "TEXT", 8, layer, 10, at[0], 20, at[1], 40, 5, 1, words)


def polyline(
    points: Sequence[Point], layer: object = 1, *, closed: bool = True, bulges: dict[int, float] | None = None
) -> str:
    out = tags(0, "POLYLINE", 8, layer, 66, 1, 70, int(closed))
    for index, (x, y) in enumerate(points):
        bulge = (42, bulges[index]) if bulges and index in bulges else ()
        out += tags(0, "VERTEX", 8, layer, 10, x, 20, y, *bulge)
    return out + tags(0, "SEQEND")


def block(name: str, *entities: str) -> str:
    return tags(0, "BLOCK", 8, 0, 2, name, 70, 64, 10, 0, 20, 0) + "".join(entities) + tags(0, "ENDBLK")


def insert(name: str, *more: object) -> str:
    return tags(0, "INSERT", 8, 1, 2, name, 10, 0, 20, 0, *more)


def section(name: str, content: str) -> str:
    return tags(0, "SECTION", 2, name) + content + tags(0, "ENDSEC")


def file_of(
    blocks: Iterable[str] = (),
    style: Iterable[str] = ("Style Name: DEMO", "Units: METRIC", "Sample Size: M"),
    entities: str = "",
    header: str = "",
) -> str:
    """A whole file; the style texts stand on layer 1 among the entities."""
    out = section("HEADER", header) if header else ""
    out += section("BLOCKS", "".join(blocks))
    return out + section("ENTITIES", "".join(text(words) for words in style) + entities) + tags(0, "EOF")


def piece(
    name: str, *entities: str, size: str = "M", quantity: str | None = "1", outline: Sequence[Point] = BOX
) -> str:
    """A block with a name, a size, a quantity, a closed outline and a grain along x."""
    texts = text(f"Piece Name: {name}") + (text(f"Size: {size}") if size else "")
    texts += text(f"Quantity: {quantity}") if quantity is not None else ""
    return block(f"{name}_{size}", texts, polyline(outline) if outline else "", grain(), *entities)


def save(folder: Path, content: str | bytes, name: str = "demo.dxf") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
