"""From a marker back to a layout that a search may go on from: which copy lies where one lies in the marker."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from cutkit.check import Fault, check_marker
from cutkit.errors import InfeasibleError, InputError
from cutkit.model import Copy, Demand, Fabric, Marker, NestSettings, OrderedPiece, Placement
from cutkit.nest.angles import off_deg
from cutkit.nest.problem import Found
from cutkit.nest.shapes import Choice, Floats, Pose

SAME_ANGLE_DEG = 1e-6
"""Angles of a marker that are as near as this are the same; the referee allows as much."""
OF_COUNTS = ("count", "mirrored-count", "pair", "stated-length", "stated-efficiency")
"""Faults that say nothing of where pieces lie."""
LOCKS_NAMED = 6


@dataclass(frozen=True)
class Taken:
    """A marker's placements, shared out: the one that each copy takes (None: none is left for it), and those that no
    copy takes."""

    lying: tuple[Placement | None, ...]
    left: tuple[Placement, ...]

    def own(self, copies: Sequence[Copy]) -> tuple[Placement, ...] | None:
        """The placements of ``copies`` where each lies where one of its own piece lay; None where one does not."""
        pairs = list(zip(self.lying, copies, strict=True))
        if any(lying is None or lying.piece != copy.piece for lying, copy in pairs):
            return None
        return tuple(
            replace(lying, bundle=copy.bundle, angle_deg=lying.angle_deg % 360.0, locked=copy.locked is not None)
            for lying, copy in pairs
            if lying is not None
        )


def with_pieces(start: Marker, demand: Demand) -> Marker:
    """A marker that knows the pieces of a demand, too. InputError where what lies in it is none that either knows."""
    by_id = {**{piece.id: piece for piece in demand.pieces}, **start.by_id}
    for number, placement in enumerate(start.placements):
        if placement.piece not in by_id:
            hint = "Describe it in the marker's pieces, or leave it out."
            raise InputError(
                f"the marker to start from: placement {number}: unknown piece {placement.piece!r}", hint=hint
            )
        if not all(map(isfinite, (placement.x_mm, placement.y_mm, placement.angle_deg))):
            raise InputError(f"the marker to start from: placement {number} ({placement.piece}) lies nowhere")
    return replace(start, pieces=tuple(by_id.values()))


def _name(piece: OrderedPiece) -> tuple[str, str]:
    return piece.name or piece.id, piece.material


def share_out(start: Marker, demand: Demand, copies: Sequence[Copy]) -> Taken:
    """Whose place in ``start`` each of ``copies`` takes.

    That of its own piece and garment where it may lie so, else of its piece in any garment, else one in which it has to
    turn over, else that of a piece of the same name in another size, the nearest in area. What is locked takes its own.
    """
    return _Sharing(start, demand, copies).shared()


class _Sharing:
    """The placements of a marker that no copy has taken yet, and what the copies have taken."""

    def __init__(self, start: Marker, demand: Demand, copies: Sequence[Copy]) -> None:
        self._placements = start.placements
        self._copies = copies
        self._pieces = {**start.by_id, **{piece.id: piece for piece in demand.pieces}}
        self._free = dict.fromkeys(k for k, p in enumerate(start.placements) if p.piece in self._pieces)
        self._taken: dict[int, int] = {}

    def shared(self) -> Taken:
        self._take_locked()
        for fits in (self._fits, _anyhow):
            self._take(lambda piece, bundle: (piece, bundle), fits)
            self._take(lambda piece, _: piece, fits)
        for fits in (self._fits, _anyhow):
            self._take(lambda piece, _: _name(self._pieces[piece]), fits, by_size=True)
        lying = (self._taken.get(i) for i in range(len(self._copies)))
        return Taken(
            tuple(None if k is None else self._placements[k] for k in lying),
            tuple(self._placements[k] for k in self._free),
        )

    def _take_locked(self) -> None:
        for i, copy in enumerate(self._copies):
            if copy.locked is not None:
                wanted = _place(copy.locked)
                here = next((k for k in self._free if _place(self._placements[k]) == wanted), None)
                if here is not None:
                    self._give(i, here)

    def _take(
        self, key: Callable[[str, int], object], fits: Callable[[Copy, Placement], bool], *, by_size: bool = False
    ) -> None:
        """Give the copies that have none a placement of equal ``key`` (of piece and garment), as far as one fits: the
        first one, or the one of the nearest size."""
        index: dict[object, list[int]] = defaultdict(list)
        for k in self._free:
            index[key(self._placements[k].piece, self._placements[k].bundle)].append(k)
        for i, copy in enumerate(self._copies):
            if i in self._taken:
                continue
            alike = index[key(copy.piece, copy.bundle)]
            here = (k for k in alike if fits(copy, self._placements[k]))
            found = min(here, key=lambda k: self._off_size(copy, k), default=None) if by_size else next(here, None)
            if found is not None:
                alike.remove(found)
                self._give(i, found)

    def _give(self, i: int, k: int) -> None:
        self._taken[i] = k
        del self._free[k]

    def _fits(self, copy: Copy, placement: Placement) -> bool:
        return may_lie_so(copy, self._pieces[copy.piece], placement)

    def _off_size(self, copy: Copy, k: int) -> float:
        """How far the areas of a copy and of what lies there are apart."""
        there = self._placements[k].piece
        return float(abs(self._pieces[copy.piece].outline.area - self._pieces[there].outline.area))


def _anyhow(_copy: Copy, _placement: Placement) -> bool:
    return True


def _place(placement: Placement) -> tuple[str, float, float, float, bool]:
    return placement.piece, placement.x_mm, placement.y_mm, placement.angle_deg % 360.0, placement.mirrored


def may_lie_so(copy: Copy, piece: OrderedPiece, placement: Placement) -> bool:
    """Whether a copy of ``piece`` may be mirrored and turned as ``placement`` is."""
    if copy.mirrored not in (None, placement.mirrored):
        return False
    return any(off_deg(a, placement.angle_deg) <= piece.tilt_deg + SAME_ANGLE_DEG for a in copy.angles_deg)


# --- layouts


def exact_layout(choice: Choice, lying: Sequence[Placement | None]) -> Found | None:
    """The layout in which every copy of a choice lies as one of its own piece lay; None where one does not, or must
    not."""
    place = np.zeros((len(choice.copies), 2))
    shape = np.zeros(len(choice.copies), dtype=np.int32)
    for i, placement in enumerate(lying):
        seat = None if placement is None else seat_of(choice, i, placement)
        if seat is None:
            return None
        shape[i], place[i] = seat
    length = float((place[:, 0] + choice.half_mm[shape, 0]).max(initial=0.0))
    return Found(place, shape, length)


def seat_of(choice: Choice, i: int, placement: Placement) -> tuple[int, Floats] | None:
    """The shape and the centre with which copy ``i`` may lie as ``placement`` does; None where it may not."""
    way = choice.ways[i]
    if placement.piece != way.piece or way.mirrored not in (None, placement.mirrored):
        return None
    angle = next((a for a in way.angles_deg if off_deg(a, placement.angle_deg) <= SAME_ANGLE_DEG), None)
    if angle is None:
        return None
    pose = choice.shapes.taken[placement.piece, placement.mirrored, angle][1]
    centre = np.array([placement.x_mm, placement.y_mm]) + pose.centre_mm
    shape = choice.shape_at(i, pose, centre)
    return None if shape is None else (shape, centre)


def nearest_pose(choice: Choice, i: int, placement: Placement) -> tuple[tuple[int, ...], Pose]:
    """The shapes and the pose in which copy ``i`` is turned most like a placement."""
    way = choice.ways[i]
    flips = (False, True) if way.mirrored is None else (way.mirrored,)
    poses = [choice.shapes.taken[way.piece, flip, angle] for flip in flips for angle in way.angles_deg]
    poses = [(tuple(s for s in shapes if s in choice.options[i]), pose) for shapes, pose in poses]

    def off(way: tuple[tuple[int, ...], Pose]) -> tuple[bool, float]:
        return way[1].mirrored != placement.mirrored, off_deg(way[1].angle_deg, placement.angle_deg)

    return min((way for way in poses if way[0]), key=off)


# --- the start on this cloth


def faults_here(start: Marker, fabric: Fabric, demand: Demand, settings: NestSettings) -> list[Fault]:
    """What is wrong with where the pieces of a marker lie, on this cloth and with the pieces of this demand."""
    if not start.placements:
        return []
    by_id = {**start.by_id, **{piece.id: piece for piece in demand.pieces}}
    here = replace(start, fabric=fabric, pieces=tuple(by_id.values()), settings=settings, unplaced=(), stated=None)
    return [fault for fault in check_marker(here) if fault.code not in OF_COUNTS]


# --- what is locked


def lock(demand: Demand, start: Marker | None, fabric: Fabric, settings: NestSettings) -> Demand:
    """The demand with those copies locked that are locked in a marker to go on from, unless it says so itself.

    InfeasibleError where what is locked cannot stay: it was not ordered, may not lie so here, overlaps something else
    that is locked, or lies outside of the cloth.
    """
    locked = [] if start is None else [p for p in start.placements if p.locked]
    if start is None or not locked:
        return demand
    held = [copy.locked for copy in demand.copies]
    demand = _with_locks(demand, [placement for placement in locked if placement not in held])
    wrong = [f for f in faults_here(start, fabric, demand, settings) if _is_of_locked(f, start)]
    if wrong:
        told = "\n".join(fault.message for fault in wrong[:LOCKS_NAMED])
        raise InfeasibleError("pieces that are locked cannot stay where they are:", hint=told)
    return demand


def _is_of_locked(fault: Fault, start: Marker) -> bool:
    """Whether a fault is of locked pieces alone; the direction of the nap is judged by the angles of the copies."""
    locked = bool(fault.placements) and all(start.placements[k].locked for k in fault.placements)
    return locked and fault.code != "nap"


def _with_locks(demand: Demand, locked: Iterable[Placement]) -> Demand:
    """The demand with a copy locked for each of ``locked``: of its garment where that has one, else of any other."""
    by_id = {piece.id: piece for piece in demand.pieces}
    copies = list(demand.copies)
    for placement in locked:
        free = [i for i, copy in enumerate(copies) if copy.piece == placement.piece and copy.locked is None]
        if not free:
            lies = (
                f"{placement.piece} (bundle {placement.bundle}, at x {placement.x_mm:.1f}, y {placement.y_mm:.1f} mm)"
            )
            hint = "Order it, or unlock it."
            raise InfeasibleError(f"{lies} is locked in the marker to start from, but not ordered", hint=hint)
        fitting = [i for i in free if may_lie_so(copies[i], by_id[placement.piece], placement)]
        if not fitting:
            raise _locked_askew(placement, copies[free[0]])
        here = min(fitting, key=lambda i: (copies[i].bundle != placement.bundle, i))
        stays = replace(placement, bundle=copies[here].bundle, angle_deg=placement.angle_deg % 360.0)
        copies[here] = replace(copies[here], locked=stays)
    return replace(demand, copies=tuple(copies))


def _locked_askew(placement: Placement, copy: Copy) -> InfeasibleError:
    way = f"{'mirrored, ' if placement.mirrored else ''}at {placement.angle_deg:g} degrees"
    may = f"at {', '.join(f'{angle:g}' for angle in copy.angles_deg)} degrees"
    mirrored = {None: "", True: "mirrored, ", False: "as drawn, "}[copy.mirrored]
    return InfeasibleError(
        f"{placement.piece} (bundle {placement.bundle}) is locked {way}; it may lie {mirrored}{may}",
        hint="Unlock it, or allow that angle.",
    )


def locked_way(copy: Copy) -> Copy:
    """A copy that is locked, with the one way in which it lies."""
    assert copy.locked is not None
    return replace(copy, mirrored=copy.locked.mirrored, angles_deg=(copy.locked.angle_deg,))
