"""At which angles the copies of a garment may lie: as its nap and its matches allow, all together.

Where the nap is per bundle, and where pieces are matched to one another, all pieces concerned of one garment lie in one
direction; garments alternate as far as their matches can hold in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cutkit.errors import InfeasibleError
from cutkit.model import OrderedPiece, Tie
from cutkit.plan.counting import Entry
from cutkit.plan.forms import Form
from cutkit.plan.garments import Key
from cutkit.plan.matching import Conflict, Member, conflict_of, tie_conflict_of, tied_together
from cutkit.plan.terms import Terms

DIRECTIONS = (0.0, 180.0)
HINT = "Change the phase or the point of one of them, or let it hold in one direction alone (along, across)."


def narrowed(form: Form, terms: Terms) -> Form:
    """The form without the angles at which its own matches and ties contradict one another.

    InfeasibleError, naming the piece and the matches, where they do so at every angle. Matches with other pieces are
    left to ``Directions``.
    """
    if form.grouped or not (form.laid.matches or form.laid.ties):
        return form
    on_fold = None if form.on_fold is None else _narrowed(form.on_fold, terms, free=True)
    if on_fold is not None and not form.fold_last:
        return replace(form, on_fold=on_fold)
    return replace(form, laid=_narrowed(form.laid, terms, free=form.free), on_fold=on_fold)


def _narrowed(piece: OrderedPiece, terms: Terms, *, free: bool) -> OrderedPiece:
    first: Conflict | None = None
    angles = []
    for angle in piece.allowed_angles_deg:
        found = [_conflict([_member(piece, None if free else False, angle, terms)], terms, angle)]
        found += [] if free else [_conflict([_member(piece, True, angle, terms)], terms, angle)]
        if None in found:
            angles.append(angle)
        first = first or next((c for c in found if c is not None), None)
    if not angles:
        raise InfeasibleError(str(first), where=f"piece {piece.id}", hint=HINT)
    return replace(piece, allowed_angles_deg=tuple(angles))


def _member(piece: OrderedPiece, mirrored: bool | None, angle_deg: float, terms: Terms) -> Member:
    """A piece as it lies; a half with its fold at the lower edge of the cloth, as on all folded cloth."""
    if piece.fold is None:
        return Member(piece, bool(mirrored))
    ties = (*piece.ties, Tie((0.0, 0.0), y_mm=0.0)) if terms.fabric.spread == "folded" else piece.ties
    return Member(replace(piece, ties=ties), 90.0 < angle_deg % 360.0 < 270.0)


def _conflict(members: Sequence[Member], terms: Terms, angle_deg: float) -> Conflict | None:
    """The first conflict among the matches and the ties of pieces at one angle."""
    for member in members:
        found = tie_conflict_of(member.piece, member.mirrored, angle_deg)
        if found is not None:
            return found
    repeat = terms.fabric.repeat
    return None if repeat is None else conflict_of(members, repeat, angle_deg)


@dataclass
class Directions:
    """The directions of garments on the terms of a cloth, those of like garments judged once."""

    terms: Terms
    forms: Mapping[Key, Form]
    _known: dict[tuple[tuple[Key, str, bool | None], ...], tuple[float, ...]] = field(default_factory=dict)

    def angles(self, entries: Mapping[Key, Sequence[Entry]], position: int) -> dict[str, tuple[float, ...]]:
        """The angles of a garment's copies, by the id of their piece; ``position`` is the garment's in the order.

        InfeasibleError (exit 4), with the figures, where its matches can hold in no direction.
        """
        directed = [key for key in entries if self._is_directed(self.forms[key])]
        direction = self._direction(entries, directed, position) if directed else 0.0
        angles = {}
        for key, of_piece in entries.items():
            for entry in of_piece:
                allowed = entry.piece.allowed_angles_deg
                angles[entry.piece.id] = _towards(allowed, direction) if key in directed else allowed
        return angles

    @staticmethod
    def _is_directed(form: Form) -> bool:
        return form.nap == "per-bundle" or form.grouped

    def _direction(self, entries: Mapping[Key, Sequence[Entry]], directed: Sequence[Key], position: int) -> float:
        wanted = DIRECTIONS[position % 2]
        like = tuple((key, e.piece.id, e.mirrored) for key, of_piece in entries.items() for e in of_piece)
        if like not in self._known:
            one_way = any(self.forms[key].nap == "one-way" for key in entries)
            self._known[like] = self._possible([e for key in directed for e in entries[key]], one_way)
        possible = self._known[like]
        return wanted if wanted in possible else possible[0]

    def _possible(self, entries: Iterable[Entry], one_way: bool) -> tuple[float, ...]:
        """The directions in which pieces can lie together; InfeasibleError where there is none."""
        taken = list(entries)
        first: str = ""
        where = ""
        possible = []
        for direction in DIRECTIONS[:1] if one_way else DIRECTIONS:
            members = [_member(e.piece, e.mirrored, direction, self.terms) for e in taken]
            conflicts = [_conflict(held, self.terms, direction) for held in tied_together(members)]
            found = next((c for c in conflicts if c is not None), None)
            against = [e.piece.id for e in taken if not _towards(e.piece.allowed_angles_deg, direction)]
            if found is None and not against:
                possible.append(direction)
            elif not first:
                where = f"piece {found.piece if found else against[0]}"
                first = str(found) if found else "its matches hold in the other direction than those of its garment"
        if not possible:
            raise InfeasibleError(first, where=where, hint=HINT)
        return tuple(possible)


def _towards(angles: Sequence[float], direction: float) -> tuple[float, ...]:
    """The angles that point in a direction rather than against it."""
    return tuple(a for a in angles if abs((a - direction + 180.0) % 360.0 - 180.0) < 90.0)
