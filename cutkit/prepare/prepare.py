"""What was asked for, ready to be nested: a demand for every marker, the cloth, and what was said on the way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cutkit.errors import UsageError
from cutkit.model import Demand, Fabric, InputFile, Marker, NestSettings, Notice, Order, Pattern
from cutkit.prepare.sense import senseless, wide_gap
from cutkit.prepare.sources import SourceFile, of_role
from cutkit.prepare.wanted import Wanted, Words

PATTERNS_KEPT = 32
"""Patterns that are kept after they were read: jobs of one night often share them."""


@dataclass(frozen=True)
class Prepared:
    """A nest that is ready: a demand for each of its markers, all on one fabric.

    ``settings`` has all of them but the effort; ``start`` is a marker to go on from.
    """

    demands: tuple[Demand, ...]
    fabric: Fabric
    settings: NestSettings
    inputs: tuple[InputFile, ...]
    notices: tuple[Notice, ...]
    start: Marker | None = None

    def fabric_of(self, demand: Demand) -> Fabric:
        """The cloth of one of the demands."""
        return replace(self.fabric, material=demand.material)

    def start_of(self, demand: Demand) -> Marker | None:
        """The marker to go on from, where it is one of this demand's pieces."""
        pieces = {piece.id for piece in demand.pieces}
        if self.start is None or not self.start.placements or not {p.piece for p in self.start.placements} <= pieces:
            return None
        return self.start


class Preparer:
    """Prepares nests, and remembers the patterns that it read by what is in their files."""

    def __init__(self) -> None:
        self._patterns: OrderedDict[object, Pattern] = OrderedDict()

    def prepare(self, wanted: Wanted, files: Sequence[SourceFile]) -> Prepared:
        """What is wanted of these files, ready to be nested.

        UsageError for what cannot be meant or does not go together, InputError for files that cannot be understood or
        lack what is ordered: the first that is found.
        """
        from cutkit.formats.strip_packing import is_strip_packing

        for found in senseless(wanted):
            raise found.error
        patterns = of_role(files, "pattern")
        if any(is_strip_packing(file.path, file.data) for file in patterns):
            prepared = _instance(wanted, patterns)
        else:
            prepared = self._from_patterns(wanted, files)
        return _with_start(prepared, of_role(files, "start"), wanted.words)

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

        if wanted.width_mm is None:
            example = wanted.words.example("width", "150cm")
            raise UsageError("the fabric's width is missing", hint=f"Give it, for example {example}.")
        nap, tilt_deg = wanted.nap or "two-way", wanted.tilt_deg or 0.0
        patterns = [self.pattern(wanted, file, files) for file in of_role(files, "pattern")]
        plan = make_plan(patterns, order_of(wanted, files), nap=nap, material=wanted.material, tilt_deg=tilt_deg)
        fabric = Fabric(
            wanted.width_mm,
            wanted.selvedge_mm or 0.0,
            nap,
            name=", ".join(dict.fromkeys(pattern.style for pattern in patterns)),
            max_length_mm=wanted.max_length_mm,
        )
        return Prepared(
            demands=plan.demands,
            fabric=fabric,
            settings=NestSettings(gap_mm=wanted.gap_mm or 0.0),
            inputs=_inputs(patterns, files),
            notices=tuple(notice for pattern in patterns for notice in pattern.notices) + plan.notices,
        )


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
    named += [InputFile(file.given, file.sha256) for file in of_role(files, "order")]
    return tuple(dict.fromkeys(named))


def _instance(wanted: Wanted, files: Sequence[SourceFile]) -> Prepared:
    from cutkit.formats.strip_packing import parse_instance

    file, *others = files
    if others:
        raise UsageError("a strip-packing instance is nested alone", hint="Give one JSON file, or pattern files.")
    _refuse_beside_instance(wanted)
    instance = parse_instance(file.data, where=file.path)
    fabric = Fabric(instance.strip_height_mm, name=instance.name, max_length_mm=wanted.max_length_mm)
    gap_mm = wanted.gap_mm or 0.0
    if (error := wide_gap(gap_mm, fabric.usable_width_mm, wanted.words)) is not None:
        raise error
    pieces = tuple(replace(piece, tilt_deg=wanted.tilt_deg or 0.0) for piece in instance.demand.pieces)
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
        "width": wanted.width_mm,
        "order": wanted.order if wanted.order is not None else wanted.order_path,
        "material": wanted.material,
        "units": wanted.units,
        "rul": wanted.rul,
        "cut_layer": wanted.cut_layer or None,
        "mark_layer": wanted.mark_layer or None,
        "ignore_layer": wanted.ignore_layer or None,
    }
    for key, value in given.items():
        if value is not None:
            raise UsageError(f"{name(key)} does not go with a strip-packing instance, which says all of that itself")
    for key, said in (("selvedge", bool(wanted.selvedge_mm)), ("nap", wanted.nap not in (None, "two-way"))):
        if said:
            raise UsageError(
                f"{name(key)} does not go with a strip-packing instance",
                hint="Its strip height is the usable width, and each item says how it may lie.",
            )


def _with_start(prepared: Prepared, files: Sequence[SourceFile], words: Words) -> Prepared:
    """The nest with the marker to go on from; UsageError where that is one of other pieces."""
    from cutkit.formats.marker import parse_marker

    if not files:
        return prepared
    (file,) = files
    start = parse_marker(file.data, where=file.path)
    started = replace(prepared, start=start, inputs=(*prepared.inputs, InputFile(file.given, file.sha256)))
    if not any(started.start_of(demand) for demand in started.demands):
        hint = "Give a marker that `cutkit nest` made of the same patterns and sizes."
        raise UsageError(f"{words.name('start')} is a marker of other pieces", where=file.path, hint=hint)
    return started
