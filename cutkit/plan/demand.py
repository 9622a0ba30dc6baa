"""What an order needs to be cut: garments by size, expanded into the copies of each material.

``garments`` reads the order, ``forms`` makes of each piece's rules, the cloth and the spread how its copies may lie,
``counting`` how many of them there are, and ``matching`` judges at which angles the matches of a garment can hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf

from cutkit.errors import InfeasibleError, InputError, UsageError, did_you_mean
from cutkit.model import Copy, Demand, Fabric, Nap, Notice, Order, OrderedPiece, Pattern, Piece
from cutkit.plan.counting import Entry, Part, entries_of, parts_of, sharing_of, surplus_of
from cutkit.plan.directions import Directions, Hand
from cutkit.plan.forms import Form, Source, form_of
from cutkit.plan.garments import (
    Key,
    Style,
    garments_of,
    needs_of,
    order_of_samples,
    refuse_too_many,
    styles_of,
    styles_of_line,
)
from cutkit.plan.terms import Terms
from cutkit.rules import PieceRules, RuleBook


@dataclass(frozen=True)
class Plan:
    """What is to be cut: the order in full, one demand per material, and what was assumed on the way.

    ``remainder`` are the demands of a second marker per material, for garments that are left over of the plies.
    """

    order: Order
    demands: tuple[Demand, ...]
    notices: tuple[Notice, ...]
    remainder: tuple[Demand, ...] = ()


def plan_demands(
    patterns: Sequence[Pattern],
    order: Order | None,
    *,
    nap: Nap,
    material: str | None = None,
    tilt_deg: float = 0.0,
) -> tuple[Demand, ...]:
    """The demands of ``make_plan`` on plain cloth, one per material in order of first appearance."""
    return make_plan(patterns, order, nap=nap, material=material, tilt_deg=tilt_deg).demands


def make_plan(
    patterns: Sequence[Pattern],
    order: Order | None,
    *,
    nap: Nap = "two-way",
    material: str | None = None,
    tilt_deg: float = 0.0,
    terms: Terms | None = None,
) -> Plan:
    """The copies that an order of garments needs, materials apart, never an empty job.

    Garments are numbered in the order of the lines, pieces without a material are a material of their own (""), and
    material names are compared without regard to case. ``material`` selects one. ``terms`` are the cloth, its spread
    and the rules of pieces; without them the cloth is plain and lies face up, with ``nap`` and ``tilt_deg``.

    InputError (exit 3) where a size or a style does not exist, a piece misses an ordered size, nothing is left to cut,
    or rules name what is not there; UsageError (exit 2) for an unknown ``material``, and plies that the spread cannot
    have; InfeasibleError (exit 4) where rules cannot hold on this cloth. All of them name the piece.
    """
    terms = terms or Terms(Fabric(inf, nap=nap), RuleBook(default=PieceRules(tilt_deg=tilt_deg)))
    terms.refuse_senseless()
    notices: list[Notice] = []
    styles = styles_of(patterns)
    if order is None:
        order, notices = order_of_samples(styles)
    refuse_too_many(sum(line.count * len(styles_of_line(styles, line)) for line in order.lines), "garments")
    parts = parts_of(styles, garments_of(styles, order, notices), terms, notices)
    jobs = [_job(styles, part, material, notices) for part in parts]
    _tell_of_shrinkage(terms.fabric, notices)
    demands, *others = (tuple(_demand(name, job, notices) for name in job.selected) for job in jobs)
    return Plan(order, demands, tuple(dict.fromkeys(notices)), *others)


def _job(styles: Sequence[Style], part: Part, material: str | None, notices: list[Notice]) -> _Job:
    """What the demands of a part are made from; refuses one that is empty or too large."""
    keys = needs_of(styles, part.garments, notices)
    refuse_too_many(sum(styles[s].pattern.pieces[i].per_garment for needed in keys for s, i in needed), "pieces")
    if not any(keys):
        where = ", ".join(style.pattern.path for style in styles)
        reason = "every piece that was ordered has quantity 0" if part.garments else "the order is empty"
        raise InputError(f"nothing to cut: {reason}", where=where)
    materials = _materials(styles, keys)
    return _Job(styles, part, keys, materials, _selected(list(dict.fromkeys(materials.values())), material))


def _tell_of_shrinkage(fabric: Fabric, notices: list[Notice]) -> None:
    warp, weft = fabric.shrinkage
    if warp or weft:
        longer, wider = (100 / (1 - part) - 100 for part in fabric.shrinkage)
        notices.append(
            Notice(
                "shrinkage",
                f"pieces are cut {longer:.2f} % longer and {wider:.2f} % wider, for cloth that shrinks"
                f" by {100 * warp:g} % and {100 * weft:g} %",
            )
        )


# --- materials


def folded_material(material: str) -> str:
    """A material's name as materials are compared: without regard to case and to how many blanks there are."""
    return " ".join(material.split()).casefold()


def _materials(styles: Sequence[Style], keys: list[list[Key]]) -> dict[str, str]:
    """Every material that is needed, folded, with its spelling of first appearance; in that order."""
    materials: dict[str, str] = {}
    for s, index in dict.fromkeys(key for garment in keys for key in garment):
        name = " ".join(styles[s].pattern.pieces[index].material.split())
        materials.setdefault(folded_material(name), name)
    return materials


def _selected(materials: list[str], wanted: str | None) -> list[str]:
    if wanted is None:
        return materials
    chosen = [name for name in materials if folded_material(name) == folded_material(wanted)]
    if not chosen:
        listed = ", ".join(name or "one without a name (--material '')" for name in materials)
        hint = f"The order needs {listed}. {did_you_mean(wanted, materials)}".strip()
        raise UsageError(f"no piece of the order is of material {wanted!r}", hint=hint)
    return chosen


@dataclass(frozen=True)
class _Job:
    """All that demands are made from: the garments with the pieces that each needs, and the terms of their cloth."""

    styles: Sequence[Style]
    part: Part
    keys: list[list[Key]]
    materials: dict[str, str]
    selected: list[str]

    def of_material(self, material: str) -> list[list[Key]]:
        folded = folded_material(material)
        return [[k for k in garment if folded_material(self.piece(k).material) == folded] for garment in self.keys]

    def piece(self, key: Key) -> Piece:
        return self.styles[key[0]].pattern.pieces[key[1]]

    def source(self, key: Key) -> Source:
        style, piece = self.styles[key[0]], self.piece(key)
        material = self.materials[folded_material(piece.material)]
        return Source(piece, style.ids[key[1]], style.label, material, style.pattern.pieces)


def _demand(material: str, job: _Job, notices: list[Notice]) -> Demand:
    """The pieces and copies of one material."""
    keys, terms = job.of_material(material), job.part.terms
    times = Counter(key for needed in keys for key in needed)
    forms = {key: form_of(job.source(key), terms, notices) for key in times}
    directions = Directions(terms, forms)
    of_kind, seen = Counter((g.style, g.size) for g in job.part.garments), Counter[tuple[int, str]]()
    made = _Made()
    for position, (garment, needed) in enumerate(zip(job.part.garments, keys, strict=True)):
        kind = (garment.style, garment.size)
        entries = {key: entries_of(forms[key], terms, seen[kind], of_kind[kind]) for key in needed}
        seen[kind] += 1
        made.add(garment.bundle, entries, directions.angles(entries, position))
    surplus = {forms[key].laid.id: surplus_of(forms[key], made.entries[key], times[key], terms) for key in times}
    _tell_of_surplus(forms, surplus, terms, notices)
    _tell_of_matches(forms, terms, notices)
    _refuse_stacked(made)
    over = tuple((piece, count) for piece, count in surplus.items() if count)
    needing = [garment for garment, needed in zip(job.part.garments, keys, strict=True) if needed]
    return Demand(
        material,
        made.pieces(),
        tuple(made.copies),
        terms.spread_plies,
        terms.garments_per_bundle,
        over,
        terms.sets,
        sharing_of(needing, {copy.bundle for copy in made.copies}),
    )


@dataclass
class _Made:
    """The copies of a demand so far, and the entries that they were made from, by their piece."""

    copies: list[Copy] = field(default_factory=list)
    entries: dict[Key, list[Entry]] = field(default_factory=dict)

    def add(self, bundle: int, entries: dict[Key, list[Entry]], angles: dict[Hand, tuple[float, ...]]) -> None:
        """Add the copies of one garment."""
        for key, of_piece in entries.items():
            self.entries.setdefault(key, []).extend(of_piece)
            for entry in of_piece:
                hand = Hand(entry.piece.id, entry.mirrored)
                self.copies += [Copy(hand.piece, bundle, hand.mirrored, angles[hand])] * entry.copies

    def pieces(self) -> tuple[OrderedPiece, ...]:
        """The pieces in order of first appearance, with the numbers of their copies."""
        pieces: dict[str, OrderedPiece] = {}
        ordered = Counter[tuple[str, bool]]()
        for entry in (entry for of_piece in self.entries.values() for entry in of_piece):
            pieces.setdefault(entry.piece.id, entry.piece)
            ordered[entry.piece.id, entry.ordered_mirrored] += entry.copies
        return tuple(
            replace(piece, ordered=ordered[piece.id, False], ordered_mirrored=ordered[piece.id, True])
            for piece in pieces.values()
        )


def _refuse_stacked(made: _Made) -> None:
    """InfeasibleError for a piece of which more copies are tied to one place of the cloth than can lie there."""
    places = Counter(copy.piece for copy in made.copies)
    for piece in made.pieces():
        fixed = all(any(getattr(tie, way) is not None for tie in piece.ties) for way in ("x_mm", "y_mm"))
        ways = len(piece.allowed_angles_deg) * (2 if piece.may_mirror or piece.ordered_mirrored else 1)
        if fixed and not piece.tilt_deg and places[piece.id] > ways:
            raise InfeasibleError(
                f"{places[piece.id]} copies are tied to one place of the cloth",
                where=f"piece {piece.id}",
                hint="Tie it along or across alone, or put fewer garments into a marker.",
            )


def _tell_of_surplus(forms: dict[Key, Form], surplus: dict[str, int], terms: Terms, notices: list[Notice]) -> None:
    """Say which pieces are cut more often than they were ordered, since a copy gives two of them."""
    of_name: dict[tuple[str, str], list[str]] = {}
    for form in forms.values():
        piece, over = form.laid, surplus[form.laid.id]
        if over:
            of_name.setdefault((piece.style, piece.name), []).append(
                f"{over}{f' of size {piece.size}' * bool(piece.size)}"
            )
    source = "every pair of plies" if terms.in_pairs else "every ply"
    for (_, name), counts in of_name.items():
        message = (
            f"cut more often than ordered, by {', '.join(counts)}: a copy gives a left and a right one of {source}"
        )
        notices.append(Notice("surplus", message, name))


def _tell_of_matches(forms: dict[Key, Form], terms: Terms, notices: list[Notice]) -> None:
    """Say that a repeat is not used at all, and which groups tie nothing."""
    if terms.fabric.repeat is None:
        return
    if not any(form.laid.matches for form in forms.values()):
        notices.append(Notice("repeat-unused", "the cloth has a repeat, and no rule matches a piece to it"))
    of_group: dict[tuple[str, str, str], list[Form]] = {}
    for form in forms.values():
        for match in form.laid.matches:
            if match.group:
                of_group.setdefault((form.laid.style, form.laid.size, match.group), []).append(form)
    for (_, _, group), matched in of_group.items():
        if len(matched) == 1 and matched[0].per_garment == 1:
            message = f"group {group!r} has no other point in its garment: it ties nothing"
            notices.append(Notice("match-alone", message, matched[0].laid.name))
