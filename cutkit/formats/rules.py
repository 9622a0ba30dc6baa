"""Rules files: what holds for styles, categories of pieces and pieces, and for the cloth in general; TOML.

``docs/rules.md`` explains every key. The same keys stand in the columns of an order and behind ``--rule``. Reading is
strict: an unknown table or key, a wrong type and a length without a unit are refused, with file, line, table and key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from cutkit.errors import InputError, UsageError, did_you_mean
from cutkit.formats import keys
from cutkit.formats.fabrics import CLOTH_KEYS, Said, fault_error, point, said
from cutkit.formats.keys import Key, KeyFault, Keys
from cutkit.formats.toml_text import TomlText, parse_toml
from cutkit.rules import (
    KINDS,
    MOST_OFF_GRAIN_DEG,
    At,
    BlockRule,
    EdgeBuffer,
    FoldRule,
    MatchRule,
    MirrorRule,
    PieceRules,
    Rule,
    RuleKind,
    TieRule,
    Turns,
    parse_edge,
    parse_point,
)

NEST_TABLE = "nest"
"""The table of what holds for the cloth."""
PieceNapWord = Literal["two-way", "one-way", "per-bundle", "ignore"]


@dataclass(frozen=True)
class RulesFile:
    """What a rules file says: of the cloth, by its keys, and of pieces, in the order of its tables."""

    cloth: dict[str, Said]
    rules: tuple[Rule, ...]


def _at(value: str | list[str | float]) -> At:
    """A point of a piece: by its name, or two lengths (bare numbers are mm) in the piece's own coordinates."""
    if isinstance(value, str):
        return parse_point(value)
    if len(value) != 2:
        raise ValueError("a point is notch:3, drill:1, corner:2, layer:9:1 or two lengths")
    near = keys.within(-keys.FARTHEST_MM, keys.FARTHEST_MM)
    x, y = (keys.length(part) if isinstance(part, str) else near(float(part)) for part in value)
    return x, y


def _edge_buffers(value: dict[str, str]) -> tuple[EdgeBuffer, ...]:
    return tuple(EdgeBuffer(parse_edge(name), keys.not_negative(text)) for name, text in value.items())


def _block(value: str) -> BlockRule:
    """A length all round, the box, a layer, or else the name of a piece."""
    text = value.strip()
    if text[:1].isdigit() or text[:1] in "+-.,":
        return BlockRule(offset_mm=keys.above_zero(text))
    if text.casefold() == "box":
        return BlockRule(box=True)
    kind, colon, layer = text.partition(":")
    if colon and kind.strip().casefold() == "layer":
        return BlockRule(layer=layer.strip())
    if not text:
        raise ValueError("it is empty")
    return BlockRule(piece=text)


def _matches(value: dict[str, Any] | list[dict[str, Any]]) -> tuple[MatchRule, ...]:
    tables = [value] if isinstance(value, dict) else value
    found = [MatchRule(**keys.inner(table, _MATCH_KEYS, needed=("name", "at"))) for table in tables]
    for match in found:
        if not (match.along or match.across):
            raise ValueError(f"match {match.name!r} holds neither along nor across")
    return tuple(found)


def _ties(value: dict[str, Any] | list[dict[str, Any]]) -> tuple[TieRule, ...]:
    tables = [value] if isinstance(value, dict) else value
    found = [TieRule(**keys.inner(table, _TIE_KEYS, needed=("at",))) for table in tables]
    for tie in found:
        if tie.x_mm is None and tie.y_mm is None:
            raise ValueError("a tie names a place along the cloth (x), across it (y), or both")
    return tuple(found)


def _steps(value: list[str | float]) -> tuple[float, ...]:
    return tuple(keys.angle_within(0, 180)(step) for step in value)


def _words(value: str | list[str]) -> tuple[str, ...]:
    """Several texts, in one cell with ``+`` between them."""
    return keys.texts(value.split("+") if isinstance(value, str) else value)


_MATCH_KEYS: Keys = {
    "name": Key("name", str),
    "at": Key("at", str | list[str | float], _at),
    "group": Key("group", str),
    "phase": Key("phase_mm", list[str], point),
    "along": Key("along", bool),
    "across": Key("across", bool),
}
_TIE_KEYS: Keys = {
    "at": Key("at", str | list[str | float], _at),
    "x": Key("x_mm", str, keys.length),
    "y": Key("y_mm", str, keys.length),
}
CELL_KEYS: Keys = {
    "nap": Key("nap", PieceNapWord),
    "turns": Key("turns", Turns),
    "tilt": Key("tilt_deg", str | float, keys.angle_within(0, 180)),
    "mirror": Key("mirror", MirrorRule),
    "pairs": Key("pairs", bool),
    "quality": Key("quality", str),
    "zones": Key("zones", str | list[str], _words),
    "buffer": Key("buffer_mm", str, keys.not_negative),
    "block": Key("block", str, _block),
    "allowance": Key("allowance_mm", str, keys.not_negative),
    "fold": Key("fold", FoldRule),
}
"""The keys of a rule that fit into a cell of a table."""
RULE_KEYS: Keys = {
    **CELL_KEYS,
    "tilt_steps": Key("tilt_steps_deg", list[str | float], _steps),
    "buffer_edges": Key("edge_buffers", dict[str, str], _edge_buffers),
    "match": Key("matches", dict[str, Any] | list[dict[str, Any]], _matches),
    "tie": Key("ties", dict[str, Any] | list[dict[str, Any]], _ties),
    "priority": Key("priority", int, keys.within(-keys.LARGE, keys.LARGE)),
}
"""All keys of a rule."""
NEST_KEYS: Keys = {"fabric": Key("fabric", str), **CLOTH_KEYS}
"""The keys of the table ``[nest]``."""


def parse_rules(data: bytes, where: str) -> RulesFile:
    """The rules in the bytes of a file; InputError for the first table or key that is unknown or wrong."""
    return _rules_of(parse_toml(data, where))


def parse_rule(text: str) -> RulesFile:
    """The rules in a text of the command line, such as ``piece."COLLAR*".tilt="1deg"``; UsageError where it has none.

    They are said to stand at ``--rule TEXT``.
    """
    where = f"--rule {text}"
    try:
        found = _rules_of(TomlText(where, parse_toml(text.encode("utf-8", "surrogateescape"), where).values, {}))
    except InputError as error:
        hint = error.hint or 'Write it like piece."COLLAR*".tilt="1deg", with KIND style, category or piece.'
        raise UsageError(error.message, where=where, hint=hint) from error
    return found


def _rules_of(text: TomlText) -> RulesFile:
    known = (NEST_TABLE, *KINDS)
    for name, value in text.values.items():
        if name not in known or not isinstance(value, dict):
            what = "a table is meant" if name in known else "the table is unknown"
            hint = did_you_mean(name, known) or f"The tables are {', '.join(f'[{each}]' for each in known)}."
            raise InputError(f"'{name}': {what}", where=text.place(name), hint=hint)
    cloth = said(text, (NEST_TABLE,), NEST_KEYS) if NEST_TABLE in text.values else {}
    return RulesFile(cloth, tuple(_rules(text)))


def _rules(text: TomlText) -> Iterator[Rule]:
    """The tables of rules, in the order in which they stand in the file."""
    found = [(kind, name) for kind in KINDS for name in text.values.get(kind, {})]
    for kind, name in sorted(found, key=lambda each: text.lines.get(each, 0)):
        table = text.values[kind][name]
        if not isinstance(table, dict):
            example = f'[{kind}."{name}"]' if kind != "piece" else f'[piece."{name}"]'
            message = "a rule is a table of its own"
            raise InputError(
                f"[{kind}], key '{name}': {message}", where=text.place(kind, name), hint=f"Write {example}"
            )
        fields, faults = keys.read_keys(table, RULE_KEYS)
        for fault in (*faults, *_sense_faults(fields)):
            raise fault_error(text, (kind, name), fault)
        places = tuple((RULE_KEYS[key].field, text.place(kind, name, key)) for key in table)
        yield replace(_rule(kind, name, fields, text.place(kind, name)), places=places)


def _rule(kind: RuleKind, name: str, fields: dict[str, Any], where: str) -> Rule:
    said = {field: value for field, value in fields.items() if field != "priority"}
    if said.get("turns") == "any":  # whatever the cloth's tilt is
        said.setdefault("tilt_deg", 180.0)
    return Rule(kind, name, PieceRules(**said), where, fields.get("priority", 0))


def _sense_faults(fields: dict[str, Any]) -> Iterator[KeyFault]:
    """What cannot be meant although every key by itself is right."""
    steps = fields.get("tilt_steps_deg", ())
    for key, tilt in (("tilt", fields.get("tilt_deg", 0.0)), ("tilt_steps", max(steps, default=0.0))):
        if tilt > MOST_OFF_GRAIN_DEG and fields.get("turns", "any") != "any":
            hint = 'Give at most 5deg, or turns = "any".'
            yield KeyFault(key, f"{tilt:g} degrees off the grain are more than {MOST_OFF_GRAIN_DEG:g}", hint)


def cell_rules(style: str, cells: dict[str, str], where: str) -> Rule:
    """What a line of an order says of its style's pieces; InputError where a cell is wrong. ``style`` may be ``*``."""
    fields, faults = keys.read_keys(cells, CELL_KEYS, texts=True)
    for fault in (*faults, *_sense_faults(fields)):
        raise InputError(f"column '{fault.key}': {fault.message}", where=where, hint=fault.hint or None)
    return _rule("style", style, fields, where)
