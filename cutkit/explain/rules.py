"""The rules that hold in a marker, and the same marker with one of them relaxed.

A rule is what turns a marker into one of which less is asked: a layout that keeps all rules keeps those that are left,
so a search without the rule may begin at it. A rule holds where relaxing it changes the marker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from cutkit.model import Marker, Nap, OrderedPiece, Repeat, Tie
from cutkit.units import format_length

RuleName = Literal[
    "nap",
    "grain",
    "face",
    "gap",
    "edges",
    "blocks",
    "zones",
    "flaws",
    "fold",
    "match",
    "tie",
    "span",
    "sections",
    "length",
    "locked",
]
"""The names are those by which ``check`` shows the rules."""
RELAXED_TILT_DEG = 5.0
"""No cloth is cut farther off its grain: what pieces that may tilt less are allowed when tilt is relaxed."""
_NAP_TEXTS: dict[Nap, str] = {"two-way": "pieces", "one-way": "one way", "per-bundle": "one way per garment"}


@dataclass(frozen=True)
class Rule:
    """A rule of cloth. ``relax`` gives a marker without it, ``text`` says how it holds, ``without`` what holds then."""

    name: RuleName
    title: str
    relax: Callable[[Marker], Marker]
    text: Callable[[Marker], str]
    without: str


def rules_of(marker: Marker) -> tuple[Rule, ...]:
    """The rules that hold in ``marker``, in the order in which they are told."""
    return tuple(rule for rule in RULES if rule.relax(marker) != marker)


def relaxed(marker: Marker, rules: Iterable[Rule | RuleName]) -> Marker:
    """The same layout without ``rules``; all else holds as before.

    To nest its order again is to nest ``demand_of`` it, with its fabric and settings, from it.
    """
    for rule in rules:
        marker = (_BY_NAME[rule] if isinstance(rule, str) else rule).relax(marker)
    return marker


def _with_fabric(marker: Marker, **changes: object) -> Marker:
    return replace(marker, fabric=replace(marker.fabric, **changes))  # type: ignore[arg-type]


def _with_pieces(marker: Marker, change: Callable[[OrderedPiece], OrderedPiece]) -> Marker:
    return replace(marker, pieces=tuple(map(change, marker.pieces)))


def _with_settings(marker: Marker, **changes: object) -> Marker:
    return replace(marker, settings=replace(marker.settings, **changes))  # type: ignore[arg-type]


def _counted(marker: Marker, holds: Callable[[OrderedPiece], object]) -> str:
    """``3 of 11 pieces``: for how many kinds of pieces something holds."""
    return f"{sum(bool(holds(piece)) for piece in marker.pieces)} of {len(marker.pieces)} pieces"


# --- nap, grain, face


def _without_nap(marker: Marker) -> Marker:
    """Every piece at its angles and turned by 180 degrees from them."""
    if all(piece.ignores_nap for piece in marker.pieces):
        return marker
    return _with_fabric(_with_pieces(marker, lambda p: p if p.ignores_nap else _two_way(p)), nap="two-way")


def _two_way(piece: OrderedPiece) -> OrderedPiece:
    both = dict.fromkeys(angle for a in piece.allowed_angles_deg for angle in (a, (a + 180.0) % 360.0))
    return replace(piece, allowed_angles_deg=tuple(both))


def _without_tilt_limit(marker: Marker) -> Marker:
    return _with_pieces(marker, lambda piece: replace(piece, tilt_deg=max(piece.tilt_deg, RELAXED_TILT_DEG)))


def _tilt_text(marker: Marker) -> str:
    least = min(piece.tilt_deg for piece in marker.pieces)
    return f"tilt {least:g}°" if least else "on grain"


def _without_face(marker: Marker) -> Marker:
    return _with_pieces(marker, lambda piece: replace(piece, may_mirror=True))


# --- gap, edges, blocks


def _without_gap(marker: Marker) -> Marker:
    return _with_settings(marker, gap_mm=0.0)


def _without_edges(marker: Marker) -> Marker:
    """The whole cloth, from selvedge to selvedge and end to end; all that has a place on it keeps it."""
    fabric, move = marker.fabric, _move_to_edges(marker)
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
    if not _edges_text(marker):
        return marker
    lying = tuple(replace(p, x_mm=p.x_mm + move.x_mm, y_mm=p.y_mm + move.y_mm) for p in marker.placements)
    tied = _with_pieces(marker, lambda piece: replace(piece, ties=tuple(map(move.tie, piece.ties))))
    return replace(tied, fabric=moved, placements=lying, stated=None)


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


def _move_to_edges(marker: Marker) -> _Move:
    """Along the cloth nothing is moved where nothing has a place there: the marker just begins where the cloth does."""
    fabric = marker.fabric
    tied = any(piece.ties for piece in marker.pieces) or any(placement.locked for placement in marker.placements)
    bound = fabric.defects or fabric.repeat or tied
    return _Move(fabric.start_margin_mm if bound else 0.0, fabric.selvedge_mm)


def _edges_text(marker: Marker) -> str:
    fabric = marker.fabric
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


def _without_blocks(marker: Marker) -> Marker:
    return _with_pieces(marker, lambda piece: replace(piece, block=None, buffer_mm=0.0, cut_block=False))


# --- where pieces may lie


def _without_zones(marker: Marker) -> Marker:
    return _with_pieces(marker, lambda piece: replace(piece, zones=()))


def _without_flaws(marker: Marker) -> Marker:
    return _with_fabric(marker, defects=())


def _without_fold(marker: Marker) -> Marker:
    return _with_pieces(marker, lambda piece: replace(piece, fold=None))


def _without_matches(marker: Marker) -> Marker:
    return _with_pieces(marker, lambda piece: replace(piece, matches=()))


def _without_ties(marker: Marker) -> Marker:
    return _with_pieces(marker, lambda piece: replace(piece, ties=()))


# --- garments, length, locks


def _without_span(marker: Marker) -> Marker:
    return _with_settings(marker, bundle_span_mm=None)


def _without_sections(marker: Marker) -> Marker:
    return _with_settings(marker, bundling="mixed")


def _without_limit(marker: Marker) -> Marker:
    return _with_fabric(marker, max_length_mm=None)


def _without_locks(marker: Marker) -> Marker:
    return replace(marker, placements=tuple(replace(placement, locked=False) for placement in marker.placements))


def _repeat_text(marker: Marker) -> str:
    repeat, matched = marker.fabric.repeat, _counted(marker, lambda piece: piece.matches)
    if repeat is None:
        return matched
    size = " x ".join("plain" if mm is None else f"{mm:g}" for mm in (repeat.x_mm, repeat.y_mm))
    return f"repeat {size} mm, {matched}"


RULES: tuple[Rule, ...] = (
    Rule("nap", "Nap", _without_nap, lambda marker: _NAP_TEXTS[marker.fabric.nap], "two-way"),
    Rule("grain", "Grain", _without_tilt_limit, _tilt_text, f"tilt {RELAXED_TILT_DEG:g}°"),
    Rule(
        "face",
        "Not mirrored",
        _without_face,
        lambda marker: _counted(marker, lambda piece: not piece.may_mirror),
        "free to mirror",
    ),
    Rule("gap", "Gap", _without_gap, lambda marker: f"{marker.settings.gap_mm:g} mm", "no gap"),
    Rule("edges", "Edges", _without_edges, _edges_text, "to the edge"),
    Rule(
        "blocks",
        "Blocks",
        _without_blocks,
        lambda marker: _counted(marker, lambda piece: piece.block),
        "outlines alone",
    ),
    Rule("zones", "Zones", _without_zones, lambda marker: _counted(marker, lambda piece: piece.zones), "anywhere"),
    Rule("flaws", "Flaws", _without_flaws, lambda marker: f"{len(marker.fabric.defects)} on the cloth", "no flaws"),
    Rule("fold", "Fold", _without_fold, lambda marker: _counted(marker, lambda piece: piece.fold), "off the fold"),
    Rule("match", "Matches", _without_matches, _repeat_text, "unmatched"),
    Rule("tie", "Ties", _without_ties, lambda marker: _counted(marker, lambda piece: piece.ties), "untied"),
    Rule(
        "span",
        "Garment span",
        _without_span,
        lambda marker: format_length(marker.settings.bundle_span_mm or 0.0),
        "any span",
    ),
    Rule("sections", "Sections", _without_sections, lambda _marker: "a stretch each", "mixed"),
    Rule(
        "length",
        "Length limit",
        _without_limit,
        lambda marker: format_length(marker.fabric.max_length_mm or 0.0),
        "any length",
    ),
    Rule(
        "locked",
        "Locked",
        _without_locks,
        lambda marker: f"{sum(placement.locked for placement in marker.placements)} placements",
        "free",
    ),
)
"""Every rule that can be relaxed, in the order in which they are told."""
_BY_NAME = {rule.name: rule for rule in RULES}
