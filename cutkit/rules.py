"""The rules that hold for pieces: what may be said of them, and which of several rules wins.

A *rule* is one table of a rules file: a kind (style, category or piece), a name that may hold ``*``, and what it says.
A rule book is all of them in the order of their layers: built in, user, project, order, options. Of what rules say of
one piece, each key for itself, that of a piece wins over that of a category, and this over a style's; among rules of
one kind the one of the higher ``priority``, and among equals the later one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any, Literal

from cutkit.model import Nap, Piece, Point

PieceNap = Nap | Literal["ignore"]
Turns = Literal["grain", "quarter", "any"]
MirrorRule = Literal["free", "forced", "forbidden"]
FoldRule = Literal["never", "may", "must"]
RuleKind = Literal["style", "category", "piece"]
Side = Literal["top", "bottom", "left", "right"]
PointKind = Literal["notch", "drill", "corner", "layer"]

KINDS: tuple[RuleKind, ...] = ("style", "category", "piece")
"""The kinds of rules, those that win last."""
SIDES: tuple[Side, ...] = ("top", "bottom", "left", "right")
MOST_OFF_GRAIN_DEG = 5.0
"""Pieces whose ``turns`` are not "any" may be said to lie off the grain by this much at most."""


@dataclass(frozen=True, slots=True)
class PointName:
    """A point of a piece by a name: the ``number``-th of its notches, drill holes, corners or points of a layer.

    Notches and corners are counted from 1 along the outline, counter-clockwise from the point at which the pattern file
    begins to draw it; the others in the order of the file. ``layer`` is that of a "layer" point, else empty.
    """

    kind: PointKind
    number: int
    layer: str = ""

    def __str__(self) -> str:
        return f"layer:{self.layer}:{self.number}" if self.kind == "layer" else f"{self.kind}:{self.number}"


At = PointName | Point
"""Where on a piece: a named point, or millimetres in the piece's own coordinates (grain along +x, box from (0, 0))."""

_POINT = re.compile(r"\s*(?:(notch|drill|corner)|layer\s*:\s*([^:]+?))\s*:\s*(\d{1,6})\s*")


def parse_point(text: str) -> PointName:
    """The point that ``notch:3``, ``drill:1``, ``corner:2`` or ``layer:9:1`` names; ValueError where it names none."""
    match = _POINT.fullmatch(text)
    if match is None or int(match[3]) < 1:
        raise ValueError(f"{text!r} is no point of a piece; write notch:3, drill:1, corner:2, layer:9:1 or [x, y]")
    kind: PointKind = match[1] or "layer"  # type: ignore[assignment]
    return PointName(kind, int(match[3]), match[2] or "")


@dataclass(frozen=True, slots=True)
class Edge:
    """A part of a piece's outline: one of its sides, or from the one of two points to the other, counter-clockwise.

    The sides are as the piece lies with its grain along +x: "top" is the part of the outline that faces +y.
    """

    side: Side | None = None
    ends: tuple[PointName, ...] = ()

    def __str__(self) -> str:
        return self.side or "-".join(map(str, self.ends))


def parse_edge(text: str) -> Edge:
    """The edge that ``top`` or ``notch:1-notch:3`` names; ValueError where it names none."""
    wanted = text.strip()
    for side in SIDES:
        if wanted == side:
            return Edge(side)
    begin, dash, end = wanted.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no edge of a piece; write {', '.join(SIDES)} or notch:1-notch:3")
    return Edge(None, (parse_point(begin), parse_point(end)))


@dataclass(frozen=True, slots=True)
class EdgeBuffer:
    """What is to be kept clear along one edge of a piece, in mm."""

    edge: Edge
    buffer_mm: float


@dataclass(frozen=True, slots=True)
class BlockRule:
    """The larger shape that a piece reserves: exactly one of these.

    ``offset_mm`` goes round the outline with mitred corners, ``box`` is the rectangle round it, ``piece`` another
    piece's outline in the same size (their boxes' middles on one another), ``layer`` a closed line drawn on the piece.
    """

    offset_mm: float | None = None
    box: bool = False
    piece: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class MatchRule:
    """A point that must lie at a place of the repeat: of all points of its ``group`` the same, else ``phase_mm``."""

    name: str
    at: At
    group: str = ""
    phase_mm: Point = (0.0, 0.0)
    along: bool = True
    across: bool = True


@dataclass(frozen=True, slots=True)
class TieRule:
    """A point that must lie at a place of the cloth, in mm from its origin; None: anywhere that way."""

    at: At
    x_mm: float | None = None
    y_mm: float | None = None


@dataclass(frozen=True, slots=True)
class PieceRules:
    """What rules say of a piece; None where they say nothing. Lengths in mm, angles in degrees.

    ``nap``         how its copies may point; "ignore": it has no direction, whatever the cloth's nap
    ``turns``       "grain": along the grain, "quarter": also across it, "any": at any angle
    ``tilt_deg``    up to how far off the grain; at most 5 where ``turns`` is not "any"
    ``tilt_steps_deg``  the angles off the grain that it may lie at, to both sides, and no others between
    ``mirror``      "free": the search chooses how many lie mirrored, "forced": as many as ordered, "forbidden": none
    ``pairs``       true: its copies are lefts and rights in turn, false: all as drawn, whatever the pattern says
    ``quality``     its class: it may lie on flaws that allow this
    ``zones``       names of the cloth's zones that it may lie in
    ``buffer_mm``, ``edge_buffers``  what is kept clear round it, and along some of its edges
    ``block``       the larger shape that it reserves
    ``allowance_mm``  cloth round it for matching by hand, along and across the repeat
    ``fold``        whether a piece drawn as a half lies on the cloth's fold: "must"; "never": it is cut whole; "may":
                    those copies alone that would be one too many if they were cut whole out of two layers
    ``matches``, ``ties``  points tied to the repeat and to places of the cloth
    """

    nap: PieceNap | None = None
    turns: Turns | None = None
    tilt_deg: float | None = None
    tilt_steps_deg: tuple[float, ...] | None = None
    mirror: MirrorRule | None = None
    pairs: bool | None = None
    quality: str | None = None
    zones: tuple[str, ...] | None = None
    buffer_mm: float | None = None
    edge_buffers: tuple[EdgeBuffer, ...] | None = None
    block: BlockRule | None = None
    allowance_mm: float | None = None
    fold: FoldRule | None = None
    matches: tuple[MatchRule, ...] | None = None
    ties: tuple[TieRule, ...] | None = None

    def over(self, other: PieceRules) -> PieceRules:
        """These rules, and what ``other`` says where these say nothing."""
        return PieceRules(**(dict(other.said()) | dict(self.said())))

    def said(self) -> list[tuple[str, Any]]:
        """The keys that are not None, with their values."""
        pairs = ((f.name, getattr(self, f.name)) for f in fields(self))
        return [(name, value) for name, value in pairs if value is not None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One table of rules: for which pieces it holds, what it says, and ``where`` it stands (file and line, or layer).

    ``name`` may hold ``*`` and ``?``; case and blanks around it do not count. ``places`` tell where each key stands, by
    its field of ``rules``.
    """

    kind: RuleKind
    name: str
    rules: PieceRules
    where: str = ""
    priority: int = 0
    places: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)

    def place(self, key: str) -> str:
        """Where a key stands, by its field of ``rules``; where the table does if that is not known."""
        return dict(self.places).get(key, self.where)

    def holds_for(self, style: str, piece: Piece) -> bool:
        """Whether this rule is about a piece of a style."""
        own = {"style": style, "category": piece.category, "piece": piece.name}[self.kind]
        pattern = self.name.strip().casefold().replace("[", "[[]")
        return fnmatchcase(own.strip().casefold(), pattern)


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rules, in the order of their layers, and what holds where none of them says a thing (``default``)."""

    rules: tuple[Rule, ...] = ()
    default: PieceRules = PieceRules()

    def chain(self, style: str, piece: Piece) -> list[Rule]:
        """The rules for a piece, those that win last."""
        held = [(KINDS.index(r.kind), r.priority, k) for k, r in enumerate(self.rules) if r.holds_for(style, piece)]
        return [self.rules[k] for _, _, k in sorted(held)]

    def rules_for(self, style: str, piece: Piece) -> PieceRules:
        """What all rules together say of a piece."""
        result = self.default
        for rule in self.chain(style, piece):
            result = rule.rules.over(result)
        return result

    def origins(self, style: str, piece: Piece) -> dict[str, Rule | None]:
        """For each key that is said of a piece the rule that it comes from; None: the default."""
        origins: dict[str, Rule | None] = {key: None for key, _ in self.default.said()}
        for rule in self.chain(style, piece):
            origins.update({key: rule for key, _ in rule.rules.said()})
        return origins

    def idle(self, pieces: Iterable[tuple[str, Piece]]) -> list[Rule]:
        """The rules that hold for none of the pieces, given each with its style's name."""
        all_pieces: Sequence[tuple[str, Piece]] = list(pieces)
        return [rule for rule in self.rules if not any(rule.holds_for(style, piece) for style, piece in all_pieces)]


NO_RULES = RuleBook()
"""A book without rules: the cloth alone says how pieces lie."""
