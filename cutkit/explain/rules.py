"""The rules that hold in a marker, and the same order with one of them relaxed.

A rule is what turns a task into one that allows more: every layout of the task is one of the relaxed task, too, so a
search may begin at it. A rule holds where relaxing it changes the task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from cutkit.model import Demand, Fabric, Marker, Nap, NestSettings, OrderedPiece, Repeat, Tie
from cutkit.plan.again import demand_of
from cutkit.units import format_length

RuleName = Literal[
    "nap",
    "tilt",
    "mirror",
    "gap",
    "edges",
    "blocks",
    "zones",
    "flaws",
    "fold",
    "matches",
    "ties",
    "span",
    "sections",
    "length",
    "locked",
]
RELAXED_TILT_DEG = 5.0
"""No cloth is cut farther off its grain: what pieces that may tilt less are allowed when tilt is relaxed."""
_NAP_TEXTS: dict[Nap, str] = {"two-way": "pieces", "one-way": "one way", "per-bundle": "one way per garment"}


@dataclass(frozen=True)
class Task:
    """A nest to be done: what ``nest`` is called with. ``start`` is a layout that keeps all its rules."""

    fabric: Fabric
    demand: Demand
    settings: NestSettings
    start: Marker


@dataclass(frozen=True)
class Rule:
    """A rule of cloth. ``relax`` gives the task without it, ``text`` says how it holds, ``without`` what holds then."""

    name: RuleName
    title: str
    relax: Callable[[Task], Task]
    text: Callable[[Task], str]
    without: str


def task_of(marker: Marker) -> Task:
    """The nest that ``marker`` is the result of. Effort and seed are the marker's own, and whoever nests sets them."""
    return Task(marker.fabric, demand_of(marker), marker.settings, marker)


def rules_of(task: Task) -> tuple[Rule, ...]:
    """The rules that hold in ``task``, in the order in which they are told."""
    return tuple(rule for rule in RULES if rule.relax(task) != task)


def relaxed(task: Task, rules: Iterable[Rule | RuleName]) -> Task:
    """``task`` without ``rules``; all else holds as before."""
    for rule in rules:
        task = (_BY_NAME[rule] if isinstance(rule, str) else rule).relax(task)
    return task


def _with_fabric(task: Task, **changes: object) -> Task:
    return replace(task, fabric=replace(task.fabric, **changes))  # type: ignore[arg-type]


def _with_pieces(task: Task, change: Callable[[OrderedPiece], OrderedPiece]) -> Task:
    demand = replace(task.demand, pieces=tuple(map(change, task.demand.pieces)))
    return replace(task, demand=demand)


def _counted(task: Task, holds: Callable[[OrderedPiece], object]) -> str:
    """``3 of 11 pieces``: for how many kinds of pieces something holds."""
    return f"{sum(bool(holds(p)) for p in task.demand.pieces)} of {len(task.demand.pieces)} pieces"


# --- nap, tilt, mirroring


def _bound_to_nap(task: Task, piece: OrderedPiece) -> bool:
    """Whether a copy of ``piece`` may not lie at an angle, or upside down, where nothing but the nap stands against."""
    turned = {(angle + 180.0) % 360.0 for angle in piece.allowed_angles_deg}
    one_way = not turned <= {angle % 360.0 for angle in piece.allowed_angles_deg}
    fixed = any(set(c.angles_deg) < set(piece.allowed_angles_deg) for c in task.demand.copies if c.piece == piece.id)
    return not piece.ignores_nap and (one_way or fixed)


def _without_nap(task: Task) -> Task:
    bound = {piece.id for piece in task.demand.pieces if _bound_to_nap(task, piece)}
    if not bound:
        return task
    turned = _with_pieces(task, lambda piece: _two_way(piece) if piece.id in bound else piece)
    angles = {piece.id: piece.allowed_angles_deg for piece in turned.demand.pieces}
    copies = tuple(replace(c, angles_deg=angles[c.piece]) if c.piece in bound else c for c in turned.demand.copies)
    return _with_fabric(replace(turned, demand=replace(turned.demand, copies=copies)), nap="two-way")


def _two_way(piece: OrderedPiece) -> OrderedPiece:
    both = dict.fromkeys(angle for a in piece.allowed_angles_deg for angle in (a, (a + 180.0) % 360.0))
    return replace(piece, allowed_angles_deg=tuple(both))


def _without_tilt_limit(task: Task) -> Task:
    return _with_pieces(task, lambda piece: replace(piece, tilt_deg=max(piece.tilt_deg, RELAXED_TILT_DEG)))


def _tilt_text(task: Task) -> str:
    least = min(piece.tilt_deg for piece in task.demand.pieces)
    return f"tilt {least:g}°" if least else "on grain"


def _without_face(task: Task) -> Task:
    free = {piece.id for piece in task.demand.pieces if not piece.may_mirror}
    if not free:
        return task
    copies = tuple(replace(copy, mirrored=None) if copy.piece in free else copy for copy in task.demand.copies)
    freed = _with_pieces(task, lambda piece: replace(piece, may_mirror=True))
    return replace(freed, demand=replace(freed.demand, copies=copies))


# --- gap, edges, blocks


def _without_gap(task: Task) -> Task:
    return replace(task, settings=replace(task.settings, gap_mm=0.0))


def _without_edges(task: Task) -> Task:
    """The whole cloth, from selvedge to selvedge and end to end; all that has a place on it keeps it."""
    fabric, move = task.fabric, _move_to_edges(task)
    moved = replace(
        fabric,
        selvedge_mm=0.0,
        high_selvedge_mm=None,
        start_margin_mm=0.0,
        end_margin_mm=0.0,
        defects=tuple(replace(defect, box_mm=move.box(defect.box_mm)) for defect in fabric.defects),
        zones=tuple(replace(zone, y0_mm=zone.y0_mm + move.y_mm, y1_mm=zone.y1_mm + move.y_mm) for zone in fabric.zones),
        repeat=fabric.repeat and move.repeat(fabric.repeat),
    )
    if replace(moved, high_selvedge_mm=fabric.high_selvedge_mm) == fabric:
        return task
    lying = tuple(replace(p, x_mm=p.x_mm + move.x_mm, y_mm=p.y_mm + move.y_mm) for p in task.start.placements)
    tied = _with_pieces(task, lambda piece: replace(piece, ties=tuple(map(move.tie, piece.ties))))
    return replace(tied, fabric=moved, start=replace(task.start, placements=lying))


@dataclass(frozen=True, slots=True)
class _Move:
    """From the corner of the usable cloth to that of the whole cloth."""

    x_mm: float
    y_mm: float

    def box(self, box_mm: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        x0, y0, x1, y1 = box_mm
        return x0 + self.x_mm, y0 + self.y_mm, x1 + self.x_mm, y1 + self.y_mm

    def repeat(self, repeat: Repeat) -> Repeat:
        x, y = repeat.offset_x_mm + self.x_mm, repeat.offset_y_mm + self.y_mm
        return replace(repeat, offset_x_mm=x, offset_y_mm=y)

    def tie(self, tie: Tie) -> Tie:
        x = None if tie.x_mm is None else tie.x_mm + self.x_mm
        return replace(tie, x_mm=x, y_mm=None if tie.y_mm is None else tie.y_mm + self.y_mm)


def _move_to_edges(task: Task) -> _Move:
    """Along the cloth nothing is moved where nothing has a place there: the marker just begins where the cloth does."""
    bound = task.fabric.defects or task.fabric.repeat or any(piece.ties for piece in task.demand.pieces)
    return _Move(task.fabric.start_margin_mm if bound else 0.0, task.fabric.selvedge_mm)


def _edges_text(task: Task) -> str:
    fabric = task.fabric
    high = fabric.width_mm - fabric.usable_width_mm - fabric.selvedge_mm
    sides = [
        (_both(fabric.selvedge_mm, high), "selvedge"),
        (_both(fabric.start_margin_mm, fabric.end_margin_mm), "end"),
    ]
    return ", ".join(f"{name}s {text}" for text, name in sides if text)


def _both(one_mm: float, other_mm: float) -> str:
    if max(one_mm, other_mm) <= 0:
        return ""
    if abs(one_mm - other_mm) < 1e-6:
        return format_length(one_mm)
    return f"{format_length(one_mm)} + {format_length(other_mm)}"


def _without_blocks(task: Task) -> Task:
    return _with_pieces(task, lambda piece: replace(piece, block=None, buffer_mm=0.0))


# --- where pieces may lie


def _without_zones(task: Task) -> Task:
    return _with_pieces(task, lambda piece: replace(piece, zones=()))


def _without_flaws(task: Task) -> Task:
    return _with_fabric(task, defects=())


def _without_fold(task: Task) -> Task:
    return _with_pieces(task, lambda piece: replace(piece, fold=None))


def _without_matches(task: Task) -> Task:
    return _with_pieces(task, lambda piece: replace(piece, matches=()))


def _without_ties(task: Task) -> Task:
    return _with_pieces(task, lambda piece: replace(piece, ties=()))


# --- garments, length, locks


def _without_span(task: Task) -> Task:
    return replace(task, settings=replace(task.settings, bundle_span_mm=None))


def _without_sections(task: Task) -> Task:
    return replace(task, settings=replace(task.settings, bundling="mixed"))


def _without_limit(task: Task) -> Task:
    return _with_fabric(task, max_length_mm=None)


def _without_locks(task: Task) -> Task:
    free = tuple(replace(placement, locked=False) for placement in task.start.placements)
    return replace(task, start=replace(task.start, placements=free))


def _repeat_text(task: Task) -> str:
    repeat, matched = task.fabric.repeat, _counted(task, lambda piece: piece.matches)
    if repeat is None:
        return matched
    size = " x ".join("plain" if mm is None else f"{mm:g}" for mm in (repeat.x_mm, repeat.y_mm))
    return f"repeat {size} mm, {matched}"


RULES: tuple[Rule, ...] = (
    Rule("nap", "Nap", _without_nap, lambda task: _NAP_TEXTS[task.fabric.nap], "two-way"),
    Rule("tilt", "Grain", _without_tilt_limit, _tilt_text, f"tilt {RELAXED_TILT_DEG:g}°"),
    Rule(
        "mirror",
        "Not mirrored",
        _without_face,
        lambda task: _counted(task, lambda piece: not piece.may_mirror),
        "free to mirror",
    ),
    Rule("gap", "Gap", _without_gap, lambda task: f"{task.settings.gap_mm:g} mm", "no gap"),
    Rule("edges", "Edges", _without_edges, _edges_text, "to the edge"),
    Rule("blocks", "Blocks", _without_blocks, lambda task: _counted(task, lambda piece: piece.block), "outlines alone"),
    Rule("zones", "Zones", _without_zones, lambda task: _counted(task, lambda piece: piece.zones), "anywhere"),
    Rule("flaws", "Flaws", _without_flaws, lambda task: f"{len(task.fabric.defects)} on the cloth", "no flaws"),
    Rule("fold", "Fold", _without_fold, lambda task: _counted(task, lambda piece: piece.fold), "off the fold"),
    Rule("matches", "Matches", _without_matches, _repeat_text, "unmatched"),
    Rule("ties", "Ties", _without_ties, lambda task: _counted(task, lambda piece: piece.ties), "untied"),
    Rule(
        "span",
        "Garment span",
        _without_span,
        lambda task: format_length(task.settings.bundle_span_mm or 0.0),
        "any span",
    ),
    Rule("sections", "Sections", _without_sections, lambda _task: "a stretch each", "mixed"),
    Rule(
        "length",
        "Length limit",
        _without_limit,
        lambda task: format_length(task.fabric.max_length_mm or 0.0),
        "any length",
    ),
    Rule(
        "locked",
        "Locked",
        _without_locks,
        lambda task: f"{sum(placement.locked for placement in task.start.placements)} placements",
        "free",
    ),
)
"""Every rule that can be relaxed, in the order in which they are told."""
_BY_NAME = {rule.name: rule for rule in RULES}
