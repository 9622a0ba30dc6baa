"""The garments of an order, and the pieces that each of them needs.

The rules, each one said in the notices where it was used:

- no order means one garment of the sample size, of every style;
- an order line without a style holds for every style;
- a piece without a size, or in the sample size alone while the other pieces are graded, is cut for every size;
- a piece of quantity 0 is not cut.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cutkit.errors import InputError, UsageError, did_you_mean
from cutkit.model import Notice, Order, OrderLine, Pattern, Piece

MOST_COPIES = 100_000
"""Copies that one order may need; beyond it somebody has typed a zero too many."""

Key = tuple[int, int]
"""A piece of a job: the number of its style and its own number in the style's pattern."""


@dataclass(frozen=True)
class Style:
    """A pattern under the name that the order knows it by, with an id for each of its pieces."""

    label: str
    pattern: Pattern
    ids: tuple[str, ...]

    @property
    def sizes(self) -> tuple[str, ...]:
        return tuple(size for size in self.pattern.sizes if size)

    @property
    def sized_pieces(self) -> dict[str, set[str]]:
        """The sizes in which each piece, by its name, is drawn."""
        sizes: dict[str, set[str]] = {}
        for piece in self.pattern.pieces:
            sizes.setdefault(piece.name, set()).add(piece.size)
        return sizes

    @property
    def graded(self) -> bool:
        return any(len(sizes) > 1 for sizes in self.sized_pieces.values())


@dataclass(frozen=True)
class Garment:
    """One garment of the order: its number, the number of its style, and its size as the pattern spells it."""

    bundle: int
    style: int
    size: str


def default_order(patterns: Sequence[Pattern]) -> Order:
    """One garment of the sample size of each style; of the middle size where a pattern names no sample size."""
    return order_of_samples(styles_of(patterns))[0]


# --- styles and the ids of their pieces


def styles_of(patterns: Sequence[Pattern]) -> tuple[Style, ...]:
    if not patterns:
        raise UsageError("no pattern was given")
    labels = [pattern.style.strip() or Path(pattern.path).stem for pattern in patterns]
    folded = Counter(label.casefold() for label in labels)
    for index, pattern in enumerate(patterns):
        if folded[labels[index].casefold()] > 1:
            labels[index] = Path(pattern.path).stem
    twice = [label for label, count in Counter(label.casefold() for label in labels).items() if count > 1]
    if twice:
        paths = ", ".join(p.path for p, label in zip(patterns, labels, strict=True) if label.casefold() in twice)
        raise UsageError("two inputs are the same style", where=paths, hint="Give each style once; rename one of them.")
    prefixes = [f"{label}-" if len(patterns) > 1 else "" for label in labels]
    taken: set[str] = set()
    return tuple(
        Style(label, pattern, tuple(_free_id(prefix, piece, taken) for piece in pattern.pieces))
        for label, prefix, pattern in zip(labels, prefixes, patterns, strict=True)
    )


def _free_id(prefix: str, piece: Piece, taken: set[str]) -> str:
    """``FRONT-M``, or ``FRONT-M#2`` for a second one. Every piece of the file gets one: orders do not shift it."""
    wanted = prefix + "-".join(part for part in (piece.name.strip() or "piece", piece.size) if part)
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}#{count}"
    taken.add(name)
    return name


# --- the order, line by line


def order_of_samples(styles: Sequence[Style]) -> tuple[Order, list[Notice]]:
    lines, notices = [], []
    for style in styles:
        size, how = _sample_size(style)
        lines.append(OrderLine(size, 1, style.label if len(styles) > 1 else None))
        of_size = f" of size {size}" if size else ""
        of_style = f" of {style.label}" if len(styles) > 1 else ""
        notices.append(Notice("default-order", f"no order was given: one garment{of_size}{of_style} ({how})"))
    return Order(tuple(lines)), notices


def _sample_size(style: Style) -> tuple[str, str]:
    """The size to cut where none is ordered, and how it was found."""
    if not style.sizes:
        return "", "the pattern has no sizes"
    sample = style.pattern.sample_size
    if sample in style.sizes:
        return sample, "the sample size"
    if len(style.sizes) == 1:
        return style.sizes[0], "the only size"
    return style.sizes[(len(style.sizes) - 1) // 2], "the middle size, for the pattern names no sample size"


def garments_of(styles: Sequence[Style], order: Order, notices: list[Notice]) -> list[Garment]:
    free = _free_numbers(_reserved_numbers(styles, order))
    garments = []
    for line in order.lines:
        of_line = styles_of_line(styles, line)
        if line.style is None and len(styles) > 1:
            names = ", ".join(styles[s].label for s in of_line)
            notices.append(Notice("every-style", f"the order names no style: it holds for each of {names}"))
        numbers = free if line.bundle is None else iter(range(line.bundle, line.bundle + len(of_line) * line.count))
        for s in of_line:
            size = _size_of(styles[s], line.size)
            garments += [Garment(next(numbers), s, size) for _ in range(line.count)]
    return garments


def _reserved_numbers(styles: Sequence[Style], order: Order) -> set[int]:
    """The garment numbers that lines with a bundle take: from the bundle's on, one for each of their garments."""
    reserved: set[int] = set()
    for line in order.lines:
        if line.bundle is None:
            continue
        numbers = range(line.bundle, line.bundle + len(styles_of_line(styles, line)) * line.count)
        twice = reserved.intersection(numbers)
        if twice:
            raise InputError(
                f"garment number {min(twice)} is given twice",
                where="order",
                hint="A line's bundle is the number of its first garment; it takes as many numbers as garments.",
            )
        reserved.update(numbers)
    return reserved


def _free_numbers(reserved: set[int]) -> Iterator[int]:
    number = 0
    while True:
        number += 1
        if number not in reserved:
            yield number


def styles_of_line(styles: Sequence[Style], line: OrderLine) -> list[int]:
    """The numbers of the styles that a line is about, by their names or their files' names."""
    if line.style is None:
        return list(range(len(styles)))
    wanted = line.style.strip().casefold()
    for s, style in enumerate(styles):
        if wanted in (style.label.casefold(), style.pattern.style.casefold(), Path(style.pattern.path).stem.casefold()):
            return [s]
    labels = [style.label for style in styles]
    hint = f"The styles are {', '.join(labels)}. {did_you_mean(line.style, labels)}".strip()
    raise InputError(
        f"the order asks for style {line.style!r}, which is not among the inputs", where="order", hint=hint
    )


def _size_of(style: Style, wanted: str) -> str:
    """The size as the pattern spells it; an empty one means the only size."""
    sizes = style.sizes
    folded = {size.casefold(): size for size in sizes}
    if wanted.strip().casefold() in folded:
        return wanted if wanted in sizes else folded[wanted.strip().casefold()]
    if not wanted.strip() and len(sizes) <= 1:
        return sizes[0] if sizes else ""
    if not sizes and wanted == style.pattern.sample_size:
        return ""
    if not sizes:
        raise InputError(
            f"size {wanted!r} is ordered, but the pattern has no sizes",
            where=style.pattern.path,
            hint="Order a number of garments alone, as in --order 2.",
        )
    which = f"size {wanted!r} is ordered, but the pattern does not have it" if wanted else "the order names no size"
    hint = f"It has {', '.join(sizes)}. {did_you_mean(wanted, sizes)}".strip()
    raise InputError(which, where=style.pattern.path, hint=hint)


# --- pieces of a garment


def needs_of(styles: Sequence[Style], garments: list[Garment], notices: list[Notice]) -> list[list[Key]]:
    """The pieces that each garment needs; found once for each size of a style."""
    found: dict[tuple[int, str], list[Key]] = {}
    for garment in garments:
        kind = (garment.style, garment.size)
        if kind not in found:
            found[kind] = [(garment.style, i) for i in _needed(styles[garment.style], garment.size, notices)]
    return [found[garment.style, garment.size] for garment in garments]


def _needed(style: Style, size: str, notices: list[Notice]) -> list[int]:
    """The numbers of the pieces that a garment of one size needs, in the file's order; quantity 0 left out."""
    found, missing = [], {}
    drawn = style.sized_pieces
    for index, piece in enumerate(style.pattern.pieces):
        sizes = drawn[piece.name]
        if size not in sizes and not _fits_all(style, sizes):
            missing[piece.name] = sizes
        elif size not in sizes or piece.size == size:
            found.append(index)
            if piece.size != size:
                notices.append(_one_size(piece))
    if missing:
        named = "; ".join(f"{name} (it has {', '.join(sorted(sizes))})" for name, sizes in missing.items())
        raise InputError(
            f"size {size!r} is ordered, but these pieces do not have it: {named}",
            where=style.pattern.path,
            hint="Order a size that every piece has, or export the missing ones.",
        )
    for index in found:
        piece = style.pattern.pieces[index]
        if not piece.per_garment:
            notices.append(Notice("quantity-zero", "quantity 0: it is not cut", piece.name))
    return [index for index in found if style.pattern.pieces[index].per_garment]


def _fits_all(style: Style, sizes: set[str]) -> bool:
    """True for a piece without sizes, and for one in a single size, the sample's if that is known, among graded ones.

    A piece in another single size is a part of that size alone (a gusset for XL), and not to be cut for the others.
    """
    if sizes == {""}:
        return True
    sample = style.pattern.sample_size
    return len(sizes) == 1 and style.graded and (sample is None or sizes == {sample})


def _one_size(piece: Piece) -> Notice:
    drawn = f"drawn in size {piece.size} only" if piece.size else "without a size"
    return Notice("one-size", f"{drawn}: it is cut for every size", piece.name)


def refuse_too_many(count: int, what: str) -> None:
    if count > MOST_COPIES:
        raise InputError(
            f"{count:,} {what} are ordered; a job takes {MOST_COPIES:,} at most",
            where="order",
            hint="Check the counts, or split the order.",
        )
