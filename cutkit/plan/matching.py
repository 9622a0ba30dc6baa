"""Whether the matches of a garment can hold together, and at which angles of its pieces.

Every match asks that a piece, moved by an unknown length, has a point at a place of the repeat. These unknowns and the
places of the groups are the nodes of a graph, in each direction of the repeat one; a match is an edge of known length
between a piece and its group, or between it and the cloth. Lengths are modulo the repeat. All matches can hold if the
lengths of every cycle add up to nothing, within ``MOST_RESIDUAL_MM``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cutkit.model import Match, OrderedPiece, Placement, Point, Repeat, Tie, cos_sin_deg

MOST_RESIDUAL_MM = 0.5
TIE_MM = 1e-3
_CLOTH = "the cloth"


@dataclass(frozen=True)
class Member:
    """A piece of a garment as its copies lie: mirrored or not, a half perhaps with its fold at a known place across."""

    piece: OrderedPiece
    mirrored: bool
    fold_y_mm: float | None = None

    @property
    def bounds(self) -> Iterator[tuple[str, Tie]]:
        """What ties the piece to places of the cloth, each with what to call it: its ties, and its fold."""
        for tie in self.piece.ties:
            places = [f"{way} = {at:g} mm" for way, at in (("x", tie.x_mm), ("y", tie.y_mm)) if at is not None]
            yield f"the tie to {', '.join(places)}", tie
        if self.fold_y_mm is not None:
            yield "the fold", Tie((0.0, 0.0), y_mm=self.fold_y_mm)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Matches of a garment that cannot all hold: at which piece it shows, by how much, and whose they are."""

    piece: str
    off_mm: float
    way: str
    matches: tuple[str, ...]
    repeat_mm: float | None

    def __str__(self) -> str:
        names = " and ".join(self.matches)
        repeat = f" (the repeat is {self.repeat_mm:g} mm)" if self.repeat_mm else ""
        return f"{names} cannot hold together: {abs(self.off_mm):.1f} mm off {self.way} at {self.piece}{repeat}"


@dataclass(frozen=True, slots=True)
class _Edge:
    """``at`` of a piece and of a node are one place: place of ``node`` = place of the piece + ``offset``."""

    piece: int
    node: str
    offset: float
    name: str


def tied_together(members: Sequence[Member]) -> list[list[Member]]:
    """The members in sets of those matched to one another, directly or over others; those in no group alone."""
    sets: list[tuple[set[str], list[Member]]] = []
    for member in members:
        groups = {match.group for match in member.piece.matches if match.group}
        joined = [entry for entry in sets if entry[0] & groups]
        sets = [entry for entry in sets if not entry[0] & groups]
        names = groups.union(*(entry[0] for entry in joined))
        sets.append((names, [m for entry in joined for m in entry[1]] + [member]))
    return [held for _, held in sets]


def conflict_of(members: Sequence[Member], repeat: Repeat, angle_deg: float) -> Conflict | None:
    """The first conflict among the matches of pieces that all lie at one angle; None where all can hold."""
    for way, length in (("along", repeat.x_mm), ("across", repeat.y_mm)):
        if length:
            found = _first_conflict(members, list(_edges(members, repeat, angle_deg, way)), way, length)
            if found is not None:
                return found
    return None


def tie_conflict_of(member: Member, angle_deg: float) -> Conflict | None:
    """Ties of a piece that contradict one another at an angle; None where all can hold."""
    for way in (0, 1):
        found: list[tuple[float, str]] = []
        for name, tie in member.bounds:
            wanted = (tie.x_mm, tie.y_mm)[way]
            if wanted is not None:
                found.append((wanted - _turned(tie.point, member.mirrored, angle_deg)[way], name))
        for moved, name in found[1:]:
            off = moved - found[0][0]
            if abs(off) > TIE_MM:
                way_of_cloth = ("along", "across")[way] + " the cloth"
                return Conflict(member.piece.id, off, way_of_cloth, (found[0][1], name), None)
    return None


def _turned(point: Point, mirrored: bool, angle_deg: float) -> Point:
    return Placement("", 0, 0.0, 0.0, angle_deg, mirrored).points((point,))[0]


def _edges(members: Sequence[Member], repeat: Repeat, angle_deg: float, way: str) -> Iterator[_Edge]:
    """What the matches in one direction of the repeat ask; ties too, where the repeat lies as the cloth does."""
    for number, member in enumerate(members):
        for match in member.piece.matches:
            if match.along if way == "along" else match.across:
                at = _in_repeat(_turned(match.point, member.mirrored, angle_deg), repeat, way)
                wanted = 0.0 if match.group else match.at_mm[way == "across"]
                yield _Edge(number, f"group {match.group!r}" if match.group else _CLOTH, at - wanted, _called(match))
        for name, tie in member.bounds if repeat.angle_deg % 360.0 == 0.0 else ():
            place = tie.x_mm if way == "along" else tie.y_mm
            if place is not None:
                at = _in_repeat(_turned(tie.point, member.mirrored, angle_deg), repeat, way)
                offset = repeat.offset_x_mm if way == "along" else repeat.offset_y_mm
                yield _Edge(number, _CLOTH, at - (place - offset), name)


def _in_repeat(vector: Point, repeat: Repeat, way: str) -> float:
    """How far a vector goes along the repeat, or across it."""
    c, s = cos_sin_deg(repeat.angle_deg)
    x, y = vector
    return c * x + s * y if way == "along" else c * y - s * x


def _called(match: Match) -> str:
    return f"match {match.name!r} of group {match.group!r}" if match.group else f"match {match.name!r}"


@dataclass
class _Tree:
    """What the edges so far determine: nodes in trees, each with its place relative to its root."""

    length: float
    root: dict[object, object] = field(default_factory=dict)
    place: dict[object, float] = field(default_factory=dict)
    near: dict[object, list[tuple[object, str]]] = field(default_factory=dict)

    def enter(self, node: object) -> None:
        if node not in self.root:
            self.root[node], self.place[node], self.near[node] = node, 0.0, []

    def off(self, edge: _Edge) -> float | None:
        """How far an edge is from what those before it determine; joined to them where they leave it open: None."""
        piece: object = edge.piece
        self.enter(piece)
        self.enter(edge.node)
        off = self.place[edge.node] - self.place[piece] - edge.offset
        if self.root[piece] == self.root[edge.node]:
            return (off + self.length / 2) % self.length - self.length / 2
        old = self.root[piece]
        for node in [n for n, root in self.root.items() if root == old]:
            self.root[node] = self.root[edge.node]
            self.place[node] += off
        self.near[piece].append((edge.node, edge.name))
        self.near[edge.node].append((piece, edge.name))
        return None

    def path(self, begin: object, end: object) -> list[str]:
        """The names of the matches on the way between two nodes of one tree."""
        ways: dict[object, list[str]] = {begin: []}
        waiting = [begin]
        while waiting:
            here = waiting.pop()
            for node, name in self.near[here]:
                if node not in ways:
                    ways[node] = [*ways[here], name]
                    waiting.append(node)
        return ways[end]


def _first_conflict(members: Sequence[Member], edges: Iterable[_Edge], way: str, length: float) -> Conflict | None:
    tree = _Tree(length)
    for edge in edges:
        off = tree.off(edge)
        if off is not None and abs(off) > MOST_RESIDUAL_MM:
            names = dict.fromkeys([*tree.path(edge.piece, edge.node), edge.name])
            piece = members[edge.piece].piece.id
            return Conflict(piece, off, f"{way} the repeat", tuple(names), length)
    return None
