"""How many copies of a piece a marker needs, garment by garment, and from which plies an order is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cutkit.errors import InputError
from cutkit.model import Notice, OrderedPiece
from cutkit.plan.forms import Form
from cutkit.plan.garments import Garment, Style
from cutkit.plan.terms import Terms


class Entry(NamedTuple):
    """So many ``copies`` for one garment, each giving ``pieces``; ``mirrored`` None: as the search chooses."""

    piece: OrderedPiece
    mirrored: bool | None
    ordered_mirrored: bool
    copies: int
    pieces: int


def entries_of(form: Form, terms: Terms, number: int, of: int) -> list[Entry]:
    """The copies of a piece in the marker for one garment, the ``number``-th (from 0) ``of`` so many of its size.

    Where a copy gives two pieces that serve alike, garments of one size share it: that for the first of two has the
    second one's too.
    """
    if not terms.twins:
        hands = ((False, form.as_drawn), (True, form.mirrored))
        return [Entry(form.laid, None if form.free else hand, hand, count, 1) for hand, count in hands if count]
    total = form.per_garment
    if form.on_fold is not None and not form.fold_last:
        return [Entry(form.on_fold, None, False, total, 1)]
    whole, odd = _twins(form, terms, number, of)
    entries = [Entry(form.laid, None if form.free else False, False, whole, 2)]
    if form.on_fold is not None:
        entries.append(Entry(form.on_fold, None, False, odd, 1))
    return [entry for entry in entries if entry.copies]


def _twins(form: Form, terms: Terms, number: int, of: int) -> tuple[int, int]:
    """Copies that give two pieces each, and pieces that lie on the fold; for one garment."""
    total = form.per_garment * terms.garments_of_twins
    if not form.either:
        return max(form.as_drawn, form.mirrored) * terms.garments_of_twins, 0
    own = form.grouped or terms.garments_of_twins == 2
    if own:
        here, odd = -(-total // 2), total % 2
    else:
        here = -(-(number + 1) * total // 2) + (-number * total // 2)
        odd = total * of % 2 if number == of - 1 else 0
    return (here - odd, odd) if form.on_fold is not None else (here, 0)


@dataclass(frozen=True)
class Part:
    """Garments that are cut from one spread, on the terms of that."""

    terms: Terms
    garments: list[Garment]


def parts_of(styles: Sequence[Style], garments: list[Garment], terms: Terms, notices: list[Notice]) -> list[Part]:
    """The garments of the marker, of all plies one each, and where ``terms`` ask for it those that are left over.

    InputError (exit 3) where the plies are more than the garments of every size, and nothing would be left to cut.
    """
    if terms.plies is None:
        return [Part(terms, garments)]
    per_bundle = terms.garments_per_bundle
    in_marker, left = [], []
    count, seen = Counter((g.style, g.size) for g in garments), Counter[tuple[int, str]]()
    for garment in garments:
        kind = (garment.style, garment.size)
        seen[kind] += 1
        bundles = count[kind] // per_bundle
        if seen[kind] <= bundles:
            in_marker.append(garment)  # and those of the other plies are not numbered
        elif seen[kind] > bundles * per_bundle:
            left.append(garment)
    if left:
        notices.append(_left_over(styles, left, terms))
    if not in_marker and not terms.remainder and left:
        raise InputError(
            f"no size is ordered often enough for {terms.spread_plies} plies, which give {per_bundle} of each",
            where="order",
            hint="Spread fewer plies, or cut what is left over in a marker of its own (remainder).",
        )
    parts = [Part(terms, in_marker)] if in_marker else []
    if terms.remainder and left:
        parts.append(Part(terms.of_remainder, left))
    return parts or [Part(terms, garments)]


def _left_over(styles: Sequence[Style], left: Sequence[Garment], terms: Terms) -> Notice:
    count = Counter((g.style, g.size) for g in left)
    listed = []
    for (style, size), n in count.items():
        of_size = f" of size {size}" if size else ""
        of_style = f" of {styles[style].label}" if len(styles) > 1 else ""
        listed.append(f"{n}{of_size}{of_style}")
    then = "they are cut in a marker of their own" if terms.remainder else "they are not cut"
    several = "garments are" if len(left) > 1 else "garment is"
    then = then if len(left) > 1 else then.replace("they are", "it is").replace("their", "its")
    return Notice(
        "left-over",
        f"{len(left)} {several} left over ({', '.join(listed)}): {terms.spread_plies} plies give"
        f" {terms.garments_per_bundle} of a size at a time; {then}",
    )


def sharing_of(garments: Sequence[Garment], with_copies: Collection[int]) -> tuple[tuple[int, int], ...]:
    """The garments that have no copy of their own, by the number of the one of their size that bears theirs: of those
    ``with_copies`` the last one before, else the first one behind."""
    count = Counter[int]()
    kinds: dict[tuple[int, str], list[int]] = {}
    for garment in garments:
        kinds.setdefault((garment.style, garment.size), []).append(garment.bundle)
    for bundles in kinds.values():
        bearer = next((bundle for bundle in bundles if bundle in with_copies), None)
        for bundle in bundles:
            bearer = bundle if bundle in with_copies else bearer
            if bundle not in with_copies and bearer is not None:
                count[bearer] += 1
    return tuple(sorted(count.items()))


def surplus_of(form: Form, entries: Sequence[Entry], garments: int, terms: Terms) -> int:
    """How many pieces more than the garments of a marker need are cut on all plies."""
    given = sum(entry.copies * entry.pieces for entry in entries)
    needed = form.per_garment * garments * (terms.garments_of_twins if terms.twins else 1)
    times = terms.spread_plies // 2 if terms.in_pairs else terms.spread_plies
    return (given - needed) * times
