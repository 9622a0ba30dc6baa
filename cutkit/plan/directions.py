"""At which angles the copies of a garment may lie: as its nap, its ties and its matches allow, all together.

Where the nap is per bundle, and where pieces are matched to one another, all pieces concerned of one garment lie in one
direction; garments alternate as far as their matches can hold in both. Of a piece that may tilt by any angle, ties and
matches of its own are left to the search: it may lie where they hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cutkit.errors import InfeasibleError
from cutkit.model import OrderedPiece, Placement
from cutkit.plan.counting import Entry
from cutkit.plan.forms import Form
from cutkit.plan.garments import Key
from cutkit.plan.matching import Member, conflict_of, tie_conflict_of, tied_together
from cutkit.plan.terms import Terms

DIRECTIONS = (0.0, 180.0)
HINT = "Change the phase or the point of one of them, or let it hold in one direction alone (along, across)."
OUTSIDE_MM = 1e-3


class Hand(NamedTuple):
    """A piece by its id, as drawn or mirrored; None: either."""

    piece: str
    mirrored: bool | None


class Against(NamedTuple):
    """Why pieces cannot lie at an angle, and at which piece it shows."""

    piece: str
    why: str


@dataclass
class Directions:
    """The directions of garments on the terms of a cloth; what is alike is judged once."""

    terms: Terms
    forms: Mapping[Key, Form]
    _own: dict[Hand, tuple[float, ...]] = field(default_factory=dict)
    _possible: dict[tuple[Hand, ...], tuple[float, ...]] = field(default_factory=dict)

    def angles(self, entries: Mapping[Key, Sequence[Entry]], position: int) -> dict[Hand, tuple[float, ...]]:
        """The angles of a garment's copies; ``position`` is the garment's in the order.

        InfeasibleError (exit 4), naming pieces and matches with the figures, where they can hold at no angle.
        """
        taken = [entry for of_piece in entries.values() for entry in of_piece]
        angles = {Hand(e.piece.id, e.mirrored): self._angles_of(e.piece, e.mirrored) for e in taken}
        directed = [e for key, of_piece in entries.items() if _is_directed(self.forms[key]) for e in of_piece]
        if directed:
            one_way = any(self.forms[key].nap == "one-way" for key in entries)
            direction = self._direction(directed, position, one_way)
            hands = [Hand(e.piece.id, e.mirrored) for e in directed]
            angles |= {hand: _towards(angles[hand], direction) for hand in hands}
        return angles

    def _angles_of(self, piece: OrderedPiece, mirrored: bool | None) -> tuple[float, ...]:
        """The allowed angles at which the piece's own ties and matches can hold."""
        hand = Hand(piece.id, mirrored)
        if hand not in self._own:
            self._own[hand] = self._holding(piece, mirrored)
        return self._own[hand]

    def _holding(self, piece: OrderedPiece, mirrored: bool | None) -> tuple[float, ...]:
        if piece.tilt_deg > 0 or not (piece.matches or piece.ties):
            return piece.allowed_angles_deg
        flips = (False, True) if mirrored is None else (mirrored,)
        found = {
            a: [self._against([self._member(piece, flip, a)], a) for flip in flips] for a in piece.allowed_angles_deg
        }
        holding = tuple(angle for angle, against in found.items() if None in against)
        if not holding:
            raise _infeasible(next(a for against in found.values() for a in against if a is not None))
        return holding

    def _member(self, piece: OrderedPiece, mirrored: bool, angle_deg: float) -> Member:
        """A piece as it lies; a half on folded cloth always with its fold at the lower edge."""
        if piece.fold is None or self.terms.fabric.spread != "folded":
            return Member(piece, mirrored)
        return Member(piece, angle_deg == 180.0, fold_y_mm=0.0)

    def _against(self, members: Sequence[Member], angle_deg: float) -> Against | None:
        """What keeps matched pieces from lying at one angle; None where nothing does."""
        for member in members:
            tied = tie_conflict_of(member, angle_deg)
            outside = self._tied_outside(member, angle_deg) if tied is None else str(tied)
            if outside is not None:
                return Against(member.piece.id, outside)
        repeat = self.terms.fabric.repeat
        conflict = None if repeat is None else conflict_of(members, repeat, angle_deg)
        return None if conflict is None else Against(conflict.piece, str(conflict))

    def _tied_outside(self, member: Member, angle_deg: float) -> str | None:
        """Which tie would have a piece lie outside the cloth; None where none has."""
        width = self.terms.fabric.usable_width_mm
        lying = Placement("", 0, 0.0, 0.0, angle_deg, member.mirrored)
        x0, y0, _, y1 = lying.polygon(member.piece.outline).bounds
        for tie in member.piece.ties:
            ((px, py),) = lying.points((tie.point,))
            if tie.x_mm is not None and tie.x_mm - px + x0 < -OUTSIDE_MM:
                return f"tied to x = {tie.x_mm:g} mm, it reaches {px - x0 - tie.x_mm:.1f} mm out of the cloth's start"
            beyond = 0.0 if tie.y_mm is None else max(py - y0 - tie.y_mm, tie.y_mm - py + y1 - width)
            if beyond > OUTSIDE_MM:
                return (
                    f"tied to y = {tie.y_mm:g} mm, it reaches {beyond:.1f} mm out of the usable width of {width:g} mm"
                )
        return None

    def _direction(self, directed: Sequence[Entry], position: int, one_way: bool) -> float:
        wanted = DIRECTIONS[0] if one_way else DIRECTIONS[position % 2]
        like = tuple(Hand(e.piece.id, e.mirrored) for e in directed)
        if like not in self._possible:
            self._possible[like] = self._directions(directed, DIRECTIONS[:1] if one_way else DIRECTIONS)
        possible = self._possible[like]
        return wanted if wanted in possible else possible[0]

    def _directions(self, directed: Sequence[Entry], among: Iterable[float]) -> tuple[float, ...]:
        """The directions in which pieces can lie together; InfeasibleError where there is none."""
        found = {direction: self._against_direction(directed, direction) for direction in among}
        possible = tuple(direction for direction, against in found.items() if against is None)
        if not possible:
            raise _infeasible(next(against for against in found.values() if against is not None))
        return possible

    def _against_direction(self, directed: Sequence[Entry], direction: float) -> Against | None:
        for entry in directed:
            if not _towards(self._angles_of(entry.piece, entry.mirrored), direction):
                return Against(entry.piece.id, "its matches hold in the other direction than those of its garment")
        members = [self._member(e.piece, bool(e.mirrored), direction) for e in directed if e.piece.matches]
        found = (self._against(held, direction) for held in tied_together(members))
        return next((against for against in found if against is not None), None)


def _is_directed(form: Form) -> bool:
    return form.nap == "per-bundle" or form.grouped


def _towards(angles: Sequence[float], direction: float) -> tuple[float, ...]:
    """The angles that point in a direction rather than against it."""
    return tuple(a for a in angles if abs((a - direction + 180.0) % 360.0 - 180.0) < 90.0)


def _infeasible(against: Against) -> InfeasibleError:
    return InfeasibleError(against.why, where=f"piece {against.piece}", hint=HINT)
