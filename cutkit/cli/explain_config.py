"""``cutkit nest --explain-config``: every value of a nest with where it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import print_json
from cutkit.errors import UsageError

if TYPE_CHECKING:
    from cutkit.cli.tables import TableData
    from cutkit.model import Piece
    from cutkit.prepare.layers import Config, Layer, Setting
    from cutkit.prepare.prepare import Prepared
    from cutkit.rules import Rule

NAMES_SHOWN = 4
"""So many pieces of one kind are named; the others are counted."""


@dataclass(frozen=True)
class Ruled:
    """A piece of a style with what rules say of it: the key, its value, the rule, and where the key stands."""

    style: str
    piece: Piece
    values: tuple[tuple[str, Any, Rule, str], ...]


def print_config(job: Prepared, as_json: bool) -> None:
    """Print it as tables, or as JSON; UsageError for a strip-packing instance, which has no layers."""
    if job.config is None:
        raise UsageError("a strip-packing instance says all of it itself: there is nothing to explain")
    ruled = list(_ruled(job))
    if as_json:
        print_json(_json(job, job.config, ruled))
        return
    from cutkit.cli.tables import print_table

    print_table(_cloth_table(job.config))
    if any(each.values for each in ruled):
        click.echo()
        print_table(_piece_table(job.config, ruled))
    for line in _words(job, job.config, ruled):
        click.echo(f"\n{line}")


def _ruled(job: Prepared) -> Iterator[Ruled]:
    """Every piece by its name once, whatever its sizes."""
    from cutkit.formats.rules import RULE_KEYS
    from cutkit.plan.garments import styles_of

    assert job.config is not None
    book, key_of = job.config.book, {key.field: name for name, key in RULE_KEYS.items()}
    for style in styles_of(job.patterns):
        for piece in {piece.name: piece for piece in style.pattern.pieces}.values():
            said = dict(book.rules_for(style.label, piece).said())
            origins = book.origins(style.label, piece)
            values = tuple(
                (key_of[name], said[name], rule, rule.place(name)) for name, rule in origins.items() if rule is not None
            )
            yield Ruled(style.label, piece, values)


# --- for people


def _cloth_table(config: Config) -> TableData:
    from cutkit.cli.tables import Column, TableData

    columns = (
        Column("Cloth", "left", style="bold"),
        Column("Value", "left"),
        Column("From", "left"),
        Column("Instead of", "left", worth=1),
    )
    rows: list[tuple[str, ...]] = []
    for key, settings in config.cloth.items():
        *others, last = settings
        instead = "; ".join(f"{shown(key, other.value)} ({_near(config, other)})" for other in others[1:])
        rows.append((key, shown(key, last.value), _near(config, last), instead))
    if not any(instead for *_, instead in rows):
        return TableData(columns[:-1], tuple(row[:-1] for row in rows))
    return TableData(columns, tuple(rows))


def _near(config: Config, said: Setting) -> str:
    """Where a thing is said, short: the layer and the line, for the files are listed below the tables."""
    file, _, line = said.where.rpartition(", line ")
    if not file or said.layer == "options":
        return _place(said.layer, said.where)
    alone = [layer for layer, _ in config.files].count(said.layer) == 1
    return f"{said.layer if alone else Path(file).name}, line {line}"


def _place(layer: Layer, where: str) -> str:
    """The layer and where in it; an option is both."""
    return where if layer in ("built in", "options") else f"{layer}: {where}"


def _piece_table(config: Config, ruled: Sequence[Ruled]) -> TableData:
    from cutkit.cli.tables import Column, TableData
    from cutkit.prepare.layers import Setting

    columns = (
        Column("Pieces", "left", shrink_to=16, style="bold"),
        Column("Rule", "left"),
        Column("Value", "left"),
        Column("From", "left"),
    )
    groups: dict[Any, list[Ruled]] = {}
    for each in ruled:
        if each.values:
            groups.setdefault(tuple((key, repr(value), where) for key, value, _, where in each.values), []).append(each)
    rows = []
    for group in groups.values():
        names = _names(group, len({each.style for each in ruled}) > 1)
        for key, value, rule, where in group[0].values:
            said = Setting(value, config.layer_of(rule), where)
            rows.append((names, key, shown(key, value), _near(config, said)))
            names = ""
    return TableData(columns, tuple(rows))


def _names(pieces: Sequence[Ruled], several_styles: bool) -> str:
    names = [f"{each.style} {each.piece.name}" if several_styles else each.piece.name for each in pieces]
    more = len(names) - NAMES_SHOWN
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:NAMES_SHOWN])} and {more} more"


def _words(job: Prepared, config: Config, ruled: Sequence[Ruled]) -> Iterator[str]:
    """What no rule is about, which rules are about nothing, and which files were read."""
    from cutkit.prepare.prepare import idle_rules

    bare = [each for each in ruled if not each.values]
    if bare and config.book.rules:
        yield f"No rule: {_names(bare, len({each.style for each in ruled}) > 1)}."
    elif not config.book.rules:
        yield "No rules of pieces."
    for rule in idle_rules(config, job.patterns):
        yield f"Matches no piece: {rule.kind} {rule.name!r} ({_place(config.layer_of(rule), rule.where)})."
    if config.files:
        yield f"Read: {', '.join(f'{path} ({layer})' for layer, path in config.files)}."


LENGTHS = (
    "width",
    "selvedge_low",
    "selvedge_high",
    "margin_start",
    "margin_end",
    "gap",
    "max_length",
    "span",
    "buffer",
    "allowance",
)


def shown(key: str, value: Any) -> str:
    """A value for people."""
    from cutkit.units import format_length

    if value is None or value == ():
        return "-"
    if key in LENGTHS:
        return format_length(value) if value else "0"
    if isinstance(value, bool):
        return "yes" if value else "no"
    special = {
        "tilt": lambda: f"{value:g} deg",
        "tilt_steps": lambda: ", ".join(f"{step:g}" for step in value) + " deg",
        "shrinkage": lambda: f"warp {100 * value[0]:g} %, weft {100 * value[1]:g} %" if any(value) else "0",
        "weight": lambda: f"{value:g} g/m2",
        "price": lambda: f"{value:.2f}/m",
        "flaws": lambda: f"{len(value)} flaw{'s' * (len(value) != 1)}",
        "zones": lambda: ", ".join(each if isinstance(each, str) else each.name for each in value),
        "repeat": lambda: _repeat(value),
        "qualities": lambda: ", ".join(value),
        "block": lambda: _block(value),
        "buffer_edges": lambda: ", ".join(f"{each.edge} {each.buffer_mm:g} mm" for each in value),
        "match": lambda: ", ".join(
            f"{each.name} at {_at(each.at)}" + (f" ({each.group})" if each.group else "") for each in value
        ),
        "tie": lambda: ", ".join(f"{_at(each.at)} at {_of(each.x_mm)}, {_of(each.y_mm)}" for each in value),
    }
    return special[key]() if key in special else str(value)


def _repeat(value: Any) -> str:
    sizes = [f"{mm:g} mm {way}" for mm, way in ((value.x_mm, "along"), (value.y_mm, "across")) if mm]
    return ", ".join(sizes)


def _block(value: Any) -> str:
    if value.offset_mm is not None:
        return f"{value.offset_mm:g} mm round it"
    return "box" if value.box else (f"layer {value.layer}" if value.layer else f"piece {value.piece}")


def _at(value: Any) -> str:
    return f"[{value[0]:g}, {value[1]:g}]" if isinstance(value, tuple) else str(value)


def _of(mm: float | None) -> str:
    return "any" if mm is None else f"{mm:g} mm"


# --- for scripts


def _json(job: Prepared, config: Config, ruled: Sequence[Ruled]) -> dict[str, Any]:
    import msgspec

    from cutkit.prepare.layers import LAYERS
    from cutkit.prepare.prepare import idle_rules

    def said(setting: Setting) -> dict[str, Any]:
        return {"value": msgspec.to_builtins(setting.value), "layer": setting.layer, "where": setting.where}

    return {
        "schema": "cutkit.config/1",
        "layers": list(LAYERS),
        "files": [{"layer": layer, "path": path} for layer, path in config.files],
        "cloth": {
            key: {**said(last), "instead_of": [said(other) for other in others]}
            for key, (*others, last) in config.cloth.items()
        },
        "pieces": [
            {
                "style": each.style,
                "piece": each.piece.name,
                "category": each.piece.category,
                "rules": {
                    key: {
                        "value": msgspec.to_builtins(value),
                        "layer": config.layer_of(rule),
                        "where": where,
                        "rule": f"{rule.kind} {rule.name}",
                    }
                    for key, value, rule, where in each.values
                },
            }
            for each in ruled
        ],
        "unused": [
            {"rule": f"{rule.kind} {rule.name}", "layer": config.layer_of(rule), "where": rule.where}
            for rule in idle_rules(config, job.patterns)
        ],
    }
