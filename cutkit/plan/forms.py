"""How the copies of a piece may lie: what its rules, the cloth and the spread make of it together.

What the plan decides where they do not say it plainly:

- a piece that may look another way than the cloth's nap, or may be turned off its grain, is free of the nap;
- on cloth without a face, and where every copy gives a left and a right piece, copies may lie mirrored;
- a piece drawn as a half with its mirror line along the grain lies as a half on a fold, unless its rule says else;
- matched pieces do not tilt; those matched to one another stay on the grain, all at one angle, and as many of them lie
  mirrored as were ordered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cutkit.errors import InfeasibleError, InputError, did_you_mean
from cutkit.model import FoldSide, Match, Notice, OrderedPiece, Piece, Tie, in_steps
from cutkit.plan.blocks import block_of
from cutkit.plan.points import name_of, point_of
from cutkit.plan.shaping import Shaped, before_shrinking, fold_mm, half, is_symmetric, whole
from cutkit.plan.terms import Terms
from cutkit.rules import MOST_OFF_GRAIN_DEG, PieceNap, PieceRules

Say = Callable[[str, str], None]
"""Notes a notice on the piece: its code and what it says."""


@dataclass(frozen=True)
class Source:
    """A piece of a pattern on its way into a demand: under which id and style, and with its fellows by their name."""

    piece: Piece
    id: str
    style: str
    material: str
    fellows: tuple[Piece, ...]

    def other(self, name: str) -> Piece:
        """Another piece of the style in this piece's size; InputError where there is none."""
        named = [p for p in self.fellows if p.name.strip().casefold() == name.strip().casefold()]
        for piece in named:
            if piece.size in (self.piece.size, ""):
                return piece
        size = f" in size {self.piece.size}" if named and self.piece.size else ""
        hint = did_you_mean(name, [p.name for p in self.fellows])
        raise InputError(f"its block is to be piece {name!r}, which is not there{size}", where=self.where, hint=hint)

    @property
    def where(self) -> str:
        """What the piece is called in errors."""
        return name_of(self.piece)


@dataclass(frozen=True)
class Form:
    """How the copies of a piece lie.

    ``laid`` is the piece without its numbers of copies, ``on_fold`` the same as a half (None: it is cut whole), and
    ``fold_last`` says that only what is odd lies so. One garment needs ``as_drawn`` and ``mirrored`` pieces; ``free``:
    the search chooses which lie mirrored; ``either``: a left one serves as a right one. ``nap`` is what holds for the
    piece, and ``grouped`` it is matched to others.
    """

    laid: OrderedPiece
    on_fold: OrderedPiece | None
    fold_last: bool
    as_drawn: int
    mirrored: int
    free: bool
    either: bool
    nap: PieceNap

    @property
    def per_garment(self) -> int:
        """How many pieces one garment needs."""
        return self.as_drawn + self.mirrored

    @property
    def grouped(self) -> bool:
        """Whether it is matched to other pieces."""
        return any(match.group for match in self.laid.matches)


def form_of(source: Source, terms: Terms, notices: list[Notice]) -> Form:
    """How the copies of a piece may lie.

    InputError (exit 3), naming the piece, where its rules name what is not there or contradict one another;
    InfeasibleError (exit 4) where they cannot hold on this cloth.
    """
    piece = source.piece

    def say(code: str, message: str) -> None:
        notices.append(Notice(code, message, piece.name))

    rules = _allowed_by_cloth(terms.rules.rules_for(source.style, piece), terms, say)
    _refuse_wide_tilt(source, rules, terms)
    _refuse_unknown_names(source, rules, terms)
    _tell_of_unused_quality(rules, terms, say)
    if _is_recut(rules) and (rules.buffer_mm or rules.edge_buffers):
        say("block-with-buffer", "its block is cut with the buffer round it: both are one shape")
    as_drawn, mirrored = _counts(piece, rules)
    nap = _nap(rules, terms)
    laid = _laid(source, rules, terms, nap)
    free = _is_free(source, rules, terms, mirrored, say)
    if rules.mirror == "forbidden":
        as_drawn, mirrored = as_drawn + mirrored, 0
    folded = _on_fold(source, rules, terms, nap, laid)
    either = terms.twins and _serves_both_sides(piece, rules, terms, nap)
    laid = replace(laid, may_mirror=free, per_copy=terms.fabric.layers)
    return Form(laid, folded, rules.fold == "may", as_drawn, mirrored, free, either, nap)


def _serves_both_sides(piece: Piece, rules: PieceRules, terms: Terms, nap: PieceNap) -> bool:
    """Whether a left piece serves as a right one: it is alike on both sides, or the cloth is."""
    if not terms.fabric.has_face and rules.mirror != "forced":
        return True
    return is_symmetric(piece, may_turn=nap in ("two-way", "ignore"))


# --- what the cloth does not allow


def _allowed_by_cloth(rules: PieceRules, terms: Terms, say: Say) -> PieceRules:
    """The rules without what cannot hold on this cloth and may be left out; every one of these is told."""
    warp, weft = terms.fabric.shrinkage
    if warp != weft and rules.turns in ("quarter", "any"):
        say("grain-for-shrinkage", "it stays on its grain: the cloth shrinks by other parts along than across")
        rules = replace(rules, turns="grain", tilt_deg=None, tilt_steps_deg=None)
    if terms.fabric.repeat is None and rules.matches:
        say("no-repeat", "its match points are not used: the cloth has no repeat")
        rules = replace(rules, matches=None)
    return _straight_where_matched(rules, say) if rules.matches else rules


def _straight_where_matched(rules: PieceRules, say: Say) -> PieceRules:
    """The rules of a matched piece without tilt, and without turns where it is matched to others."""
    if rules.tilt_deg or rules.tilt_steps_deg or rules.turns == "any":
        say("matched-straight", "it does not tilt: it is matched, and stripes would run askew in it")
        rules = replace(rules, tilt_deg=0.0, tilt_steps_deg=None)
    if any(match.group for match in rules.matches or ()) and rules.turns in ("quarter", "any"):
        say("matched-on-grain", "it stays on its grain: it is matched to other pieces")
        rules = replace(rules, turns="grain")
    return rules


def _refuse_wide_tilt(source: Source, rules: PieceRules, terms: Terms) -> None:
    """A tilt that a rule asks for is small, unless the piece may lie at any angle anyway."""
    if rules.turns == "any":
        return
    origins = terms.rules.origins(source.style, source.piece)
    widest = {"tilt_deg": rules.tilt_deg or 0.0, "tilt_steps_deg": max(rules.tilt_steps_deg or (0.0,), key=abs)}
    for key, angle in widest.items():
        rule = origins.get(key)
        if rule is not None and not 0 <= angle <= MOST_OFF_GRAIN_DEG:
            raise InputError(
                f"a tilt of {angle:g} degrees is not 0 to {MOST_OFF_GRAIN_DEG:g} ({rule.where or 'a rule'})",
                where=source.where,
                hint='Say turns = "any" of pieces whose grain does not matter.',
            )


def _refuse_unknown_names(source: Source, rules: PieceRules, terms: Terms) -> None:
    zones = [zone.name for zone in terms.fabric.zones]
    for name in rules.zones or ():
        if name not in zones:
            has = f"It has {', '.join(zones)}." if zones else "It has no zones."
            hint = f"{has} {did_you_mean(name, zones)}".strip()
            raise InputError(
                f"it is to lie in zone {name!r}, which the cloth does not have", where=source.where, hint=hint
            )
    if rules.quality and terms.qualities and rules.quality not in terms.qualities:
        hint = f"It has {', '.join(terms.qualities)}. {did_you_mean(rules.quality, terms.qualities)}".strip()
        message = f"it is of quality class {rules.quality!r}, which the cloth does not know"
        raise InputError(message, where=source.where, hint=hint)


def _tell_of_unused_quality(rules: PieceRules, terms: Terms, say: Say) -> None:
    """Say that a piece's class opens no flaw to it, where some flaws are open to others."""
    allowed = sorted({quality for defect in terms.fabric.defects for quality in defect.allows})
    if rules.quality and allowed and rules.quality not in allowed:
        say("quality-unused", f"no flaw allows its quality class {rules.quality!r}, only {', '.join(allowed)}")


# --- counts, nap, angles


def _counts(piece: Piece, rules: PieceRules) -> tuple[int, int]:
    """The copies of one garment, as drawn and mirrored."""
    total = piece.per_garment
    if rules.pairs is None:
        return piece.as_drawn, piece.mirrored
    return (total - total // 2, total // 2) if rules.pairs else (total, 0)


def _nap(rules: PieceRules, terms: Terms) -> PieceNap:
    """The stricter one of the cloth's nap and the piece's own; a piece that may be turned off the grain has none."""
    cloth, own = terms.fabric.nap, rules.nap
    if rules.turns in ("quarter", "any") or own in ("ignore", "two-way"):
        return "two-way" if cloth == "two-way" else "ignore"
    return own if own == "one-way" or (own is not None and cloth == "two-way") else cloth


def _angles(rules: PieceRules, nap: PieceNap) -> tuple[float, ...]:
    turns = (0.0, 90.0, 180.0, 270.0) if rules.turns == "quarter" else (0.0,) if nap == "one-way" else (0.0, 180.0)
    return in_steps(turns, rules.tilt_steps_deg) if rules.tilt_steps_deg else turns


def _tilt(rules: PieceRules) -> float:
    if rules.tilt_steps_deg:
        return 0.0
    return (180.0 if rules.turns == "any" else 0.0) if rules.tilt_deg is None else rules.tilt_deg


def _is_free(source: Source, rules: PieceRules, terms: Terms, mirrored: int, say: Say) -> bool:
    """Whether the search chooses which copies lie mirrored."""
    one_hand = terms.fabric.has_face and not terms.twins
    grouped = any(match.group for match in rules.matches or ())
    if rules.mirror == "forbidden" and mirrored and one_hand:
        raise InputError(
            f"{mirrored} of its {source.piece.per_garment} copies are mirrored, which its rule forbids",
            where=source.where,
            hint="Say pairs = false if it is cut as drawn alone, or lay the cloth folded or face to face.",
        )
    if rules.mirror == "free" and one_hand and not grouped:
        say("mirrored-freely", "it may lie mirrored as its rule says, though the cloth has a face and lies face up")
    return not grouped and (rules.mirror == "free" or (rules.mirror is None and not one_hand))


# --- shapes and points


def _laid(source: Source, rules: PieceRules, terms: Terms, nap: PieceNap) -> OrderedPiece:
    """The piece whole, without the numbers of its copies."""
    block = block_of(source.piece, rules, terms.fabric.repeat, source.other)
    shaped = before_shrinking(whole(source.piece, block), terms.fabric.shrinkage)
    return OrderedPiece(
        id=source.id,
        name=source.piece.name,
        size=source.piece.size,
        outline=shaped.outline,
        ordered=0,
        marks=shaped.marks,
        allowed_angles_deg=_angles(rules, nap),
        tilt_deg=_tilt(rules),
        ignores_nap=nap == "ignore",
        material=source.material,
        style=source.style,
        block=shaped.block,
        buffer_mm=rules.buffer_mm or 0.0,
        quality=rules.quality or "",
        zones=rules.zones or (),
        matches=_matches(source, rules, shaped),
        ties=_ties(source, rules, shaped),
        category=source.piece.category,
        cut_block=shaped.block is not None and _is_recut(rules),
    )


def _is_recut(rules: PieceRules) -> bool:
    """Whether the piece is cut again, out of its block: what is kept clear alone is no reason to cut it twice."""
    return rules.block is not None or bool(rules.allowance_mm)


def _matches(source: Source, rules: PieceRules, shaped: Shaped) -> tuple[Match, ...]:
    found = []
    for rule in rules.matches or ():
        if not (rule.along or rule.across):
            raise InputError(f"match {rule.name!r} holds neither along nor across the repeat", where=source.where)
        point = shaped.moved(point_of(source.piece, rule.at, f"match {rule.name!r}"))
        found.append(Match(rule.name, point, rule.group, rule.phase_mm, rule.along, rule.across))
    return tuple(found)


def _ties(source: Source, rules: PieceRules, shaped: Shaped) -> tuple[Tie, ...]:
    found = []
    for rule in rules.ties or ():
        if rule.x_mm is None and rule.y_mm is None:
            raise InputError(
                f"its tie at {rule.at} names no place of the cloth", where=source.where, hint="Give x or y."
            )
        found.append(Tie(shaped.moved(point_of(source.piece, rule.at, "a tie")), rule.x_mm, rule.y_mm))
    return tuple(found)


def _on_fold(source: Source, rules: PieceRules, terms: Terms, nap: PieceNap, laid: OrderedPiece) -> OrderedPiece | None:
    """The piece as a half that lies on a fold of the cloth; None where it is cut whole."""
    if rules.fold == "must":
        _refuse_without_fold(source, terms)
    if not terms.fabric.folds_mm or rules.fold == "never":
        return None
    block = block_of(source.piece, rules, terms.fabric.repeat, source.other)
    shape = half(source.piece, block)
    if shape is None:
        if rules.fold == "must":
            message = "it must lie on the fold, and its two halves are not alike"
            raise InfeasibleError(message, where=source.where, hint='Say fold = "never" to cut it whole.')
        return None
    shaped = before_shrinking(shape, terms.fabric.shrinkage)
    side: FoldSide = "low"
    return replace(
        laid,
        id=f"{laid.id}/fold" if rules.fold == "may" else laid.id,
        outline=shaped.outline,
        marks=shaped.marks,
        block=shaped.block,
        allowed_angles_deg=(0.0,) if nap == "one-way" else (0.0, 180.0),
        tilt_deg=0.0,
        may_mirror=True,
        fold=side,
        matches=_matches(source, rules, shaped),
        ties=_ties(source, rules, shaped),
    )


def _refuse_without_fold(source: Source, terms: Terms) -> None:
    """A piece that must lie on the fold needs a fold, and a mirror line along its grain."""
    if not terms.fabric.folds_mm:
        raise InfeasibleError(
            f"it must lie on a fold, and the cloth is spread {terms.fabric.spread}",
            where=source.where,
            hint="Spread the cloth folded or tubular, or leave the rule out.",
        )
    if fold_mm(source.piece) is None:
        what = "its mirror line lies across the grain" if source.piece.unfolded else "it is not drawn as a half"
        raise InfeasibleError(
            f"it must lie on the fold, and {what}",
            where=source.where,
            hint='Say fold = "never" to cut it whole, or draw its half with a mirror line (layer 6) along the grain.',
        )
