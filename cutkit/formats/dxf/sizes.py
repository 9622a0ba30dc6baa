"""What the blocks of a file mean together: names and sizes of pieces, and what other sizes take from the sample size.

Gerber writes quantity, material, category, annotation and notches in the sample size's block alone; the other sizes of
a piece inherit them. A notch is inherited where the outlines of two sizes correspond point by point.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cutkit.formats.dxf.draft import Draft
from cutkit.formats.dxf.meaning import (
    Labels,
    Quantity,
    material_in_words,
    name_without_size,
    read_quantity,
    says_on_fold,
    spoken_quantity,
)
from cutkit.formats.dxf.remarks import Remarks
from cutkit.geometry import signed_area

_INHERITED = ("quantity", "material", "category", "annotation", "fold")


def name_drafts(drafts: Sequence[Draft], sample_size: str | None, remarks: Remarks) -> None:
    """Give every draft its name and size. Two blocks of one name and size stay two pieces, and it is said."""
    if not any(draft.labels.size for draft in drafts):
        _sizes_from_names(drafts, remarks)
    graded = any(draft.labels.size for draft in drafts)
    names_hold_sizes = _names_hold_sizes(drafts)
    by_name: dict[str, list[Draft]] = defaultdict(list)
    for number, draft in enumerate(drafts, 1):
        draft.size = draft.labels.size or ""
        draft.name = (draft.labels.name or name_without_size(draft.block, draft.size)).strip()
        if names_hold_sizes:
            draft.name = name_without_size(draft.name, draft.size)
        if not draft.name:
            draft.name = f"piece {number}"
            remarks.add("name-missing", "neither its block nor a text names it", draft.name)
        if graded and not draft.size and sample_size:
            draft.size = sample_size
            remarks.add("size-assumed", f"it has no size: taken for the sample size {sample_size}", draft.name)
        by_name[draft.name].append(draft)
    for name, same in by_name.items():
        _tell_apart(name, same, set(by_name), remarks)


def _names_hold_sizes(drafts: Sequence[Draft]) -> bool:
    """Whether every piece's name ends in its size ("FRONT_S" of size S), in a file of several."""
    named = [(d.labels.name, d.labels.size) for d in drafts if d.labels.name and d.labels.size]
    several = len({size for _, size in named}) > 1 and len(named) == len(drafts)
    return several and all(name_without_size(name, size) != name for name, size in named)


MOST_GRADED = 6.0
"""A piece of the largest size has no more than so many times the area of the smallest."""
_NAME_AND_SIZE = re.compile(r"(.+?)[ _-]+((?:\d|X{0,3})X?[SL]|M|\d{1,3})", re.IGNORECASE)


def _sizes_from_names(drafts: Sequence[Draft], remarks: Remarks) -> None:
    """Take the sizes from names such as "BODY S", "BODY M": where every name ends in one, every piece has the same
    ones, and looks alike in all of them. Numbers must be a row of three or more, as 36 38 40, and grow with the piece.
    """
    found = [_NAME_AND_SIZE.fullmatch(draft.labels.name or draft.block) if draft.named else None for draft in drafts]
    of_piece: dict[str, dict[str, float]] = defaultdict(dict)
    for draft, match in zip(drafts, found, strict=True):
        if match is None:
            return
        areas, size = of_piece[match.group(1)], match.group(2).upper()
        areas[size] = max(abs(signed_area(draft.ring)), areas.get(size, 0.0))
    sizes = list(dict.fromkeys(match.group(2).upper() for match in found if match))
    if len(sizes) < 2 or any(set(areas) != set(sizes) for areas in of_piece.values()):
        return
    if any(max(areas.values()) > MOST_GRADED * min(areas.values()) for areas in of_piece.values()):
        return
    if any(size.isdigit() for size in sizes):
        numbers = sorted(size for size in sizes if size.isdigit())
        grows = all(_grows(areas) for areas in of_piece.values())
        steps = {b - a for a, b in itertools.pairwise(sorted(map(int, numbers)))}
        is_row = len(numbers) > 2 and len(steps) == 1 and steps <= {2, 4}
        if len(numbers) < len(sizes) or len(of_piece) < 2 or not grows or not is_row:
            return
    for draft, match in zip(drafts, found, strict=True):
        if match:
            draft.labels.name, draft.labels.size = match.group(1), match.group(2).upper()
    remarks.add("sizes-from-names", f"the sizes {' '.join(sizes)} are taken from the ends of the names")


def _grows(areas: dict[str, float]) -> bool:
    by_size = [area for _, area in sorted((int(size), area) for size, area in areas.items() if size.isdigit())]
    return all(a <= b for a, b in itertools.pairwise(by_size)) and by_size[0] < by_size[-1]


def _tell_apart(name: str, drafts: Sequence[Draft], taken: set[str], remarks: Remarks) -> None:
    """Give the second, third ... piece of a name names of their own, the same ones in every size."""
    by_size: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        by_size[draft.size].append(draft)
    pieces = max(by_size.values(), key=len)
    if len(pieces) == 1:
        return
    remarks.add("name-twice", f"{len(pieces)} blocks have this name and size: each is a piece of its own", name)
    free = (candidate for n in itertools.count(2) if (candidate := f"{name} ({n})") not in taken)
    names = [name, *itertools.islice(free, len(pieces) - 1)]
    taken.update(names)
    if len(by_size) == 1:
        for draft, own in zip(drafts, names, strict=True):
            draft.name = own
        return
    likeness = {(id(draft), k): _likeness(draft, piece) for draft in drafts for k, piece in enumerate(pieces)}
    for same_size in by_size.values():
        pairs = [(draft, k) for draft in same_size for k in range(len(pieces))]
        pairs.sort(key=lambda pair: -likeness[id(pair[0]), pair[1]])
        done: dict[int, int] = {}
        for draft, k in pairs:
            if id(draft) not in done and k not in done.values():
                done[id(draft)] = k
                draft.name = names[k]


def _likeness(draft: Draft, other: Draft) -> int:
    """How sure it is that two drafts of one name are one piece in two sizes: by the material, then the block's name."""
    materials = [(d.labels.material or "").casefold() for d in (draft, other)]
    stems = [name_without_size(d.block, d.size).casefold() for d in (draft, other)]
    by_material = 0 if not all(materials) else (2 if materials[0] == materials[1] else -2)
    return by_material + (stems[0] == stems[1])


def sizes_in_order(drafts: Iterable[Draft]) -> tuple[str, ...]:
    """The sizes in the file's order; one that the first pieces miss stands after the size it follows in another."""
    order: list[str] = []
    previous: dict[str, str] = {}
    for draft in drafts:
        if draft.size and draft.size not in order:
            before = previous.get(draft.name)
            order.insert(order.index(before) + 1 if before else len(order), draft.size)
        if draft.size:
            previous[draft.name] = draft.size
    return tuple(order)


def known_sample(named: str | None, sizes: Sequence[str], remarks: Remarks) -> str | None:
    """The sample size as the sizes are spelt, whatever the case; told, where it is none of them."""
    if named is None or named in sizes or not sizes:
        return named
    alike = next((size for size in sizes if size.casefold() == named.casefold()), None)
    if alike is None:
        remarks.add("sample-size-unknown", f"the sample size {named!r} is none of the file's sizes: {' '.join(sizes)}")
    return alike or named


def tell_of_missing_sizes(drafts: Sequence[Draft], sizes: Sequence[str], remarks: Remarks) -> None:
    """Say which pieces of a graded file lack which sizes."""
    has: dict[str, set[str]] = defaultdict(set)
    for draft in drafts:
        has[draft.name].add(draft.size)
    for name, own in has.items():
        missing = [size for size in sizes if size not in own]
        if missing and own != {""}:
            remarks.add("size-missing", f"the file has it in no size {', '.join(missing)}", name)


def inherit(drafts: Sequence[Draft], sample_size: str | None, remarks: Remarks) -> None:
    """Give every size what is written in the sample size's block of the same piece alone."""
    by_name: dict[str, list[Draft]] = defaultdict(list)
    for draft in drafts:
        by_name[draft.name].append(draft)
    for name, sizes in by_name.items():
        source = _source(sizes, sample_size)
        for draft in sizes:
            if draft is not source:
                _take(draft, source, name, remarks)


def _source(sizes: Sequence[Draft], sample_size: str | None) -> Draft:
    """The sample size's draft, else the one that says the most."""
    sample = [d for d in sizes if d.size == sample_size]
    return sample[0] if sample else max(sizes, key=lambda d: (d.labels.quantity is not None, len(d.notches)))


def _take(draft: Draft, source: Draft, name: str, remarks: Remarks) -> None:
    for key in _INHERITED:
        if getattr(draft.labels, key) is None:
            setattr(draft.labels, key, getattr(source.labels, key))
    if not source.notches or draft.notches:
        return
    if draft.parts and draft.parts == source.parts and len(draft.ring) == len(source.ring):
        draft.notches = [replace(notch) for notch in source.notches]
        remarks.add("notches-inherited", "notches are taken from the sample size, at the same points", name, draft.size)
    else:
        remarks.add(
            "notches-missing",
            "no notches: its outline does not match the sample size's point by point",
            name,
            draft.size,
        )


def quantity_of(labels: Labels, name: str, remarks: Remarks) -> Quantity:
    """How often a garment needs a piece: by its quantity, else by a label or annotation, else once, and it is said."""
    spoken = spoken_quantity(labels)
    if labels.quantity is not None:
        quantity = read_quantity(labels.quantity)
        if quantity is not None:
            _tell_of_quantity(quantity, spoken, labels.quantity, name, remarks)
            return quantity
        instead = "" if spoken is not None else ": one, as drawn"
        remarks.add("quantity-unreadable", f"its quantity {labels.quantity!r} is not understood{instead}", name)
    if spoken is not None:
        quantity, text = spoken
        how = f"; {quantity.assumed}" if quantity.assumed else ""
        remarks.add("quantity-from-label", f"its quantity is taken from the label {text!r}{how}", name)
        return quantity
    if labels.quantity is None:
        remarks.add("quantity-missing", "it has no quantity: one, as drawn", name)
    return Quantity(1, 0)


def _tell_of_quantity(
    quantity: Quantity, spoken: tuple[Quantity, str] | None, text: str, name: str, remarks: Remarks
) -> None:
    total = quantity.as_drawn + quantity.mirrored
    if total == 0:
        label = f", though a label says {spoken[1]!r}" if spoken and spoken[0].as_drawn else ""
        remarks.add("quantity-zero", f"its quantity is 0: it is not cut{label}", name)
    elif spoken and spoken[0].as_drawn + spoken[0].mirrored != total:
        remarks.add(
            "quantity-contradiction", f"its quantity is {text}, a label says {spoken[1]!r}: {text} counts", name
        )
    if quantity.assumed:
        remarks.add("quantity-pair-assumed", f"quantity {text}: {quantity.assumed}", name)


def fill_material(labels: Labels) -> None:
    """Take the material from a label such as "Fabric, Cut 2" where no text names it."""
    if labels.material is None:
        words = [*labels.free, *([labels.annotation] if labels.annotation else [])]
        labels.material = next((m for text in words if (m := material_in_words(text))), None)


def tell_of_fold_text(draft: Draft, remarks: Remarks) -> None:
    """Warn of a piece that a text puts on the fold while no mirror line says where."""
    text = says_on_fold([*draft.labels.free, draft.labels.annotation or "", draft.labels.fold or ""])
    if text and draft.fold is None:
        message = f"a text says {text!r} but there is no mirror line (layer 6): it is read as drawn, not unfolded"
        remarks.add("fold-in-text", message, draft.name, draft.size)
