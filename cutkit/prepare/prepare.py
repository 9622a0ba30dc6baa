"""What was asked for, ready to be nested: a demand for every marker, the cloth, and what was said on the way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cutkit.errors import UsageError, did_you_mean
from cutkit.model import Demand, Fabric, InputFile, Marker, NestSettings, Notice, Order, OrderLine, Pattern, Roll
from cutkit.plan.garments import styles_of, styles_of_line
from cutkit.prepare.cloth import cloth_notices, fabric_of, senseless, senseless_words, wide_gap
from cutkit.prepare.finding import has_instance
from cutkit.prepare.layers import Config, Layer, Setting, config_of
from cutkit.prepare.sources import Role, SourceFile, of_role
from cutkit.prepare.start import concerns, read_start, with_locks
from cutkit.prepare.wanted import Wanted
from cutkit.rules import Rule, RuleKind

PATTERNS_KEPT = 32
"""Patterns that are kept after they were read: jobs of one night often share them."""
_NO_START = "Name that marker with --start."
_OF_INSTANCES = ("gap", "tilt", "max_length")
"""What is said of the cloth that holds for a strip-packing instance, too."""


@dataclass(frozen=True)
class Prepared:
    """A nest that is ready: a demand for each of its markers, all on one fabric.

    ``settings`` has all of them but the effort; ``start`` is a marker to go on from, ``endings`` tell the names of
    several markers apart, ``rolls`` are the cloth there is, where it is told. ``config`` (None for a strip-packing
    instance) tells where each value comes from, and ``patterns`` are all that were read.
    """

    demands: tuple[Demand, ...]
    fabric: Fabric
    settings: NestSettings
    inputs: tuple[InputFile, ...]
    notices: tuple[Notice, ...]
    endings: tuple[str, ...] = ("",)
    start: Marker | None = None
    rolls: tuple[Roll, ...] = ()
    config: Config | None = None
    patterns: tuple[Pattern, ...] = ()

    def fabric_of(self, demand: Demand) -> Fabric:
        """The cloth of one of the demands."""
        return replace(self.fabric, material=demand.material)

    @property
    def cloth_name(self) -> str:
        """What the cloth is called; empty where it has no name of its own."""
        return (self.config["name"] or "") if self.config is not None else ""

    def start_of(self, demand: Demand) -> Marker | None:
        """The marker to go on from, where it has pieces of this demand, or such in other sizes."""
        return self.start if self.start is not None and concerns(self.start, demand) else None


class Preparer:
    """Prepares nests, and remembers the patterns that it read by what is in their files."""

    def __init__(self) -> None:
        self._patterns: OrderedDict[object, Pattern] = OrderedDict()

    def prepare(self, wanted: Wanted, files: Sequence[SourceFile]) -> Prepared:
        """What is wanted of these files, ready to be nested.

        UsageError for what cannot be meant or does not go together, InputError for files that cannot be understood or
        lack what is ordered: the first that is found.
        """
        for found in senseless_words(wanted):
            raise found.error
        if has_instance(files):
            prepared = _instance(wanted, of_role(files, "pattern"))
        else:
            prepared = self._from_patterns(wanted, files)
        return _with_start(prepared, of_role(files, "start"), wanted)

    def pattern(self, wanted: Wanted, file: SourceFile, files: Iterable[SourceFile]) -> Pattern:
        """The pattern in one of the files, with the rule table that is among them for it, else with the one beside
        it."""
        from cutkit.formats.dxf.layers import LayerRoles, Overrides
        from cutkit.formats.patterns import parse_pattern

        table = _table_of(file, files)
        try:
            layers = LayerRoles(wanted.cut_layer, wanted.mark_layer, wanted.ignore_layer)
        except ValueError as error:
            raise UsageError(str(error)) from error
        key = (file.path, file.sha256, table and (table.path, table.sha256), wanted.units, layers)
        if key not in self._patterns:
            told = Overrides(wanted.units, layers=layers)
            if table is not None:
                told = replace(told, rul=table.path, rul_data=table.data)
            self._patterns[key] = parse_pattern(file.data, where=file.path, told=told)
            if len(self._patterns) > PATTERNS_KEPT:
                self._patterns.popitem(last=False)
        self._patterns.move_to_end(key)
        return self._patterns[key]

    def _from_patterns(self, wanted: Wanted, files: Sequence[SourceFile]) -> Prepared:
        from cutkit.plan.demand import make_plan
        from cutkit.plan.terms import Terms

        rolls = rolls_of(files)
        config = _sound_config(wanted, files, rolls)
        patterns = [self.pattern(wanted, file, files) for file in of_role(files, "pattern")]
        fabric = fabric_of(config, ", ".join(dict.fromkeys(pattern.style for pattern in patterns)))
        config = _with_labels(config, patterns)
        # The flaws there are, for what is said of quality classes: those of the rolls, where these are told.
        flaws = tuple(flaw for roll in rolls for flaw in roll.flaws) if rolls else fabric.defects
        terms = Terms(
            replace(fabric, defects=flaws),
            config.book,
            wanted.order_plies,
            wanted.sets or "full",
            wanted.remainder,
            config["qualities"],
        )
        plan = make_plan(patterns, order_of(wanted, files), material=wanted.material, terms=terms)
        of_patterns = [notice for pattern in patterns for notice in pattern.notices]
        return Prepared(
            demands=(*plan.demands, *plan.remainder),
            fabric=fabric,
            settings=NestSettings(gap_mm=config["gap"], bundle_span_mm=config["span"]),
            inputs=_inputs(patterns, files),
            notices=(
                *of_patterns,
                *cloth_notices(config, fabric, rolls),
                *idle_notices(config, patterns),
                *plan.notices,
            ),
            endings=_endings(plan.demands, plan.remainder),
            rolls=rolls,
            config=config,
            patterns=tuple(patterns),
        )


def _sound_config(wanted: Wanted, files: Sequence[SourceFile], rolls: Sequence[Roll]) -> Config:
    """All that is said; UsageError or InputError where that makes no cloth."""
    config = config_of(wanted, files)
    if config["width"] is None and rolls:
        config = config.with_setting("width", _widest(config, rolls))
    if config["width"] is None:
        example = wanted.words.example("width", "150cm")
        raise UsageError("the fabric's width is missing", hint=f"Give it, for example {example}.")
    for found in senseless(config, wanted.words):
        raise found.error
    return config


def _with_labels(config: Config, patterns: Sequence[Pattern]) -> Config:
    """The configuration with the styles of an order's rules called as the plan calls them: an order may name a style by
    its file, too."""
    styles = styles_of(patterns)

    def labelled(rule: Rule, layer: Layer) -> Rule:
        if layer != "order" or rule.kind != "style" or rule.name == "*":
            return rule
        (index,) = styles_of_line(styles, OrderLine("", 1, rule.name))
        return replace(rule, name=styles[index].label)

    rules = tuple(map(labelled, config.book.rules, config.rule_layers))
    return replace(config, book=replace(config.book, rules=rules))


def rolls_of(files: Iterable[SourceFile]) -> tuple[Roll, ...]:
    """The rolls that are told; none where no file of them is among these."""
    from cutkit.formats.rolls import parse_rolls

    return tuple(roll for file in of_role(files, "rolls") for roll in parse_rolls(file.data, file.given))


def _widest(config: Config, rolls: Sequence[Roll]) -> Setting:
    """The width of the widest roll, where no other one is told: where the rolls were named."""
    named = config.setting("rolls")
    return Setting(max(roll.width_mm for roll in rolls), named.layer, named.where)


def _endings(demands: Sequence[Demand], remainder: Sequence[Demand]) -> tuple[str, ...]:
    """What tells the markers' names apart: materials, and which are of the garments that are left over."""
    if len(demands) + len(remainder) == 1:
        return ("",)
    several = len({demand.material for demand in (*demands, *remainder)}) > 1
    named = [(d.material or "no-material") if several else "" for d in demands]
    rest = [f"{d.material or 'no-material'}-remainder" if several else "remainder" for d in remainder]
    return (*named, *rest)


def idle_notices(config: Config, patterns: Sequence[Pattern]) -> Iterator[Notice]:
    """A word for every file, option and order in which rules match no piece; not so of the user's own rules, which are
    for all patterns that he will ever have."""
    idle: dict[str, list[str]] = {}
    hints: dict[str, str] = {}
    for rule in idle_rules(config, patterns):
        if config.layer_of(rule) != "user":
            file, _, line = rule.where.partition(", line ")
            near = did_you_mean(rule.name, _names_of(rule.kind, patterns))
            hints[file] = hints.get(file, "") + (f" ({near})" if near else "")
            idle.setdefault(file, []).append(f"{rule.kind} {rule.name!r}" + (f" (line {line})" if line else ""))
    for file, rules in idle.items():
        verb = "matches" if len(rules) == 1 else "match"
        hint = hints.get(file, "")
        yield Notice("rule-unused", f"{file}: {', '.join(rules)} {verb} no piece{hint}")


def _names_of(kind: RuleKind, patterns: Sequence[Pattern]) -> list[str]:
    """The names that rules of a kind can be about, each once."""
    pieces = [(style.label, piece) for style in styles_of(patterns) for piece in style.pattern.pieces]
    names = {"style": [style for style, _ in pieces], "category": [piece.category for _, piece in pieces]}
    return list(dict.fromkeys(names.get(kind, [piece.name for _, piece in pieces])))


def idle_rules(config: Config, patterns: Sequence[Pattern]) -> list[Rule]:
    """The rules that hold for no piece of any of the patterns."""
    return config.book.idle((style.label, piece) for style in styles_of(patterns) for piece in style.pattern.pieces)


def _table_of(file: SourceFile, files: Iterable[SourceFile]) -> SourceFile | None:
    return next((table for table in of_role(files, "rules") if table.owner in ("", file.path)), None)


def order_of(wanted: Wanted, files: Iterable[SourceFile]) -> Order | None:
    """The order that is wanted; None where there is none."""
    from cutkit.formats.orders import parse_order, parse_order_table

    tables = of_role(files, "order")
    if tables:
        return parse_order_table(tables[0].data, where=tables[0].path)
    if wanted.order is None:
        return None
    words = wanted.words
    return parse_order(wanted.order, called=words.name("order"), example=words.example("order", "S=1,M=2,L=1"))


def _inputs(patterns: Sequence[Pattern], files: Sequence[SourceFile]) -> tuple[InputFile, ...]:
    """What the markers name as their inputs: each file once, rule tables that were found beside their patterns too."""
    given = {file.path: file.given for file in files}
    tables = [pattern.rule_table for pattern in patterns if pattern.rule_table is not None]
    named = [InputFile(file.given, file.sha256) for file in of_role(files, "pattern")]
    named += [InputFile(given.get(table.path, table.path), table.sha256) for table in tables]
    others: tuple[Role, ...] = ("order", "rolls", "fabric", "own-rules", "project-rules", "user-rules")
    named += [InputFile(file.given, file.sha256) for role in others for file in of_role(files, role)]
    return tuple(dict.fromkeys(named))


def _instance(wanted: Wanted, files: Sequence[SourceFile]) -> Prepared:
    from cutkit.formats.strip_packing import parse_instance

    file, *others = files
    if others:
        raise UsageError("a strip-packing instance is nested alone", hint="Give one JSON file, or pattern files.")
    _refuse_beside_instance(wanted)
    instance = parse_instance(file.data, where=file.path)
    gap_mm, tilt_deg = wanted.cloth.get("gap") or 0.0, wanted.cloth.get("tilt") or 0.0
    fabric = Fabric(instance.strip_height_mm, name=instance.name, max_length_mm=wanted.cloth.get("max_length"))
    if (error := wide_gap(gap_mm, fabric.usable_width_mm, wanted.words)) is not None:
        raise error
    pieces = tuple(replace(piece, tilt_deg=tilt_deg) for piece in instance.demand.pieces)
    return Prepared(
        demands=(replace(instance.demand, pieces=pieces),),
        fabric=fabric,
        settings=NestSettings(gap_mm=gap_mm),
        inputs=(InputFile(file.given, file.sha256),),
        notices=instance.notices,
    )


def _refuse_beside_instance(wanted: Wanted) -> None:
    """UsageError for what an instance says itself: its strip height is the usable width, each item how it may lie."""
    name = wanted.words.name
    given = {
        "width": wanted.cloth.get("width"),
        "order": wanted.order if wanted.order is not None else wanted.order_path,
        "material": wanted.material,
        "units": wanted.units,
        "rul": wanted.rul,
        "cut_layer": wanted.cut_layer or None,
        "mark_layer": wanted.mark_layer or None,
        "ignore_layer": wanted.ignore_layer or None,
        "order_plies": wanted.order_plies,
        "sets": wanted.sets,
        "remainder": wanted.remainder or None,
    }
    for key, value in given.items():
        if value is not None:
            raise UsageError(f"{name(key)} does not go with a strip-packing instance, which says all of that itself")
    cloth = [key for key, value in wanted.cloth.items() if value and value != "two-way" and key not in _OF_INSTANCES]
    others = {"fabric": wanted.fabric, "rolls": wanted.rolls, "rules": wanted.rules, "rule": wanted.rule_texts}
    for key in (*cloth, *(key for key, value in others.items() if value)):
        raise UsageError(
            f"{name(key)} does not go with a strip-packing instance",
            hint="Its strip height is the usable width, and each item says how it may lie.",
        )


def _with_start(prepared: Prepared, files: Sequence[SourceFile], wanted: Wanted) -> Prepared:
    """The nest with the marker to go on from; UsageError where that is one of other pieces."""
    if not files:
        if wanted.locks:
            raise UsageError(f"{wanted.words.name('lock')} is for the pieces of a marker to start from", hint=_NO_START)
        return prepared
    (file,) = files
    start = with_locks(read_start(file, prepared.demands, prepared.fabric), wanted.locks, wanted.words)
    started = replace(prepared, start=start, inputs=(*prepared.inputs, InputFile(file.given, file.sha256)))
    if not any(started.start_of(demand) for demand in started.demands):
        hint = "Give a marker of the same patterns; sizes may be others."
        raise UsageError(f"{wanted.words.name('start')} is a marker of other pieces", where=file.path, hint=hint)
    return started
