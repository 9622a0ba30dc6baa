"""``cutkit nest``: pattern files, or one strip-packing instance, to markers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import (
    DURATION,
    EXIT_INTERRUPTED,
    LENGTH,
    F,
    first_interrupt_stops,
    json_option,
    layer_options,
    layer_roles,
    print_json,
    quiet_option,
    say,
)
from cutkit.cli.notices import say_notices
from cutkit.errors import CheckError, InfeasibleError, UsageError

if TYPE_CHECKING:
    from cutkit.formats.pdf.marker import PageKind
    from cutkit.model import Demand, Fabric, InputFile, Marker, NestSettings, Notice, Pattern
    from cutkit.report import MarkerFigures

MOST_TIME_S = 7 * 24 * 3600.0
FARTHEST_MM = 1e7
START_LOST_MM = 1e-3
"""A marker that is longer than the one it should have gone on from by more than this did not go on from it."""


@dataclass(frozen=True)
class Job:
    """What the options ask for, ready to nest: a demand for every marker, and what was said on the way."""

    demands: tuple[Demand, ...]
    fabric: Fabric
    inputs: tuple[InputFile, ...]
    notices: tuple[Notice, ...]
    start: Marker | None = None

    def start_of(self, demand: Demand) -> Marker | None:
        """The marker to go on from, where it is one of this demand's pieces."""
        pieces = {piece.id for piece in demand.pieces}
        if self.start is None or not self.start.placements or not {p.piece for p in self.start.placements} <= pieces:
            return None
        return self.start


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where one marker's files go."""

    marker: Path
    svg: Path | None
    dxf: Path | None
    pdf: Path | None

    def of_material(self, material: str) -> Outputs:
        """The names for one of several materials: ``NAME-MATERIAL`` and the suffixes."""
        name = "".join(c if c.isalnum() or c in "-_." else "-" for c in material).strip("-.") or "no-material"
        return Outputs(*(path and _with_ending(path, name) for path in self.all))  # type: ignore[arg-type]

    @property
    def all(self) -> tuple[Path | None, ...]:
        """Every kind of output, None where it is not wanted."""
        return self.marker, self.svg, self.dxf, self.pdf

    def paths(self) -> list[Path]:
        """Those that are wanted."""
        return [path for path in self.all if path is not None]


def job_options(command: F) -> F:
    """What is ordered, of which pieces, on which cloth: the options that ``nest_job`` reads."""
    for option in reversed(
        (
            click.option(
                "--width", type=LENGTH, help="The fabric's width, selvedges included (150cm, 60in). Not for JSON."
            ),
            click.option(
                "--order", metavar="S=1,M=2|FILE.csv", help="Garments per size; without it one of the sample size."
            ),
            click.option("--units", type=click.Choice(["mm", "cm", "in"]), help="The unit of the pattern files."),
            click.option(
                "--rul", metavar="FILE", help="The grade rule table; found beside the DXF where it has its name."
            ),
            layer_options,
            click.option("--material", metavar="NAME", help="Only the pieces of this material."),
            click.option("--selvedge", type=LENGTH, default="0mm", help="Unusable edge on either side of the fabric."),
            click.option("--gap", type=LENGTH, default="0mm", help="Least distance between two pieces."),
            click.option(
                "--tilt",
                "tilt_deg",
                type=click.FloatRange(0, 180),
                metavar="DEG",
                default=0.0,
                help="How far pieces may be turned off their grain, in degrees; 180: freely.",
            ),
            click.option(
                "--nap",
                type=click.Choice(["two-way", "one-way", "per-bundle"]),
                default="two-way",
                show_default=True,
                help="Whether pieces may lie upside down: each, none, or whole garments.",
            ),
        )
    ):
        command = option(command)
    return command


@click.command("nest")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@job_options
@click.option("--max-length", type=LENGTH, help="The longest marker; what finds no room is named and left out.")
@click.option("--time", "time_s", type=DURATION, help="Search time per marker (20s, 10m); by the order if not given.")
@click.option("--rounds", type=click.IntRange(1), help="Effort in search rounds instead: same seed, same bytes.")
@click.option("--workers", type=click.IntRange(1, 256), help="Threads of the search; all processors if not given.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, another search.")
@click.option("--start", metavar="MARKER", help="Go on from a marker of the same order; it gets no longer.")
@click.option("--min-efficiency", type=click.FloatRange(0, 100), metavar="PCT", help="Exit 5 if a marker is below it.")
@click.option("--svg", type=click.Path(path_type=Path), help="Also draw the marker.")
@click.option("--dxf", type=click.Path(path_type=Path), help="Also write the marker as DXF.")
@click.option("--pdf", type=click.Path(path_type=Path), help="Also write the marker at full size as PDF.")
@click.option(
    "--pdf-page",
    type=click.Choice(["roll", "a4", "a0"]),
    default="roll",
    show_default=True,
    help="The PDF's pages: as large as the cloth, or sheets to tape together.",
)
@click.option(
    "-o", "--output", required=True, metavar="MARKER", type=click.Path(path_type=Path), help="The marker file to write."
)
@json_option
@quiet_option
def command(
    inputs: tuple[str, ...],
    output: Path,
    svg: Path | None,
    dxf: Path | None,
    pdf: Path | None,
    pdf_page: PageKind,
    min_efficiency: float | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Nest patterns on the fabric: pattern files or a strip-packing instance to a marker.

    INPUT is one or more pattern files (DXF, SVG), or one strip-packing JSON. Pieces of several materials make a marker
    each, NAME-MATERIAL.marker.json. Ctrl-C once ends the search and writes the best marker so far.
    """
    if min_efficiency is not None and isnan(min_efficiency):
        raise UsageError("--min-efficiency is not a number")
    job = _with_start(nest_job(inputs, options), options["start"])
    outputs = Outputs(output, svg, dxf, pdf)
    per_marker = [outputs.of_material(d.material) if len(job.demands) > 1 else outputs for d in job.demands]
    sources = tuple(file.path for file in job.inputs)
    _refuse_bad_outputs(per_marker, sources)
    say_notices(job.notices, quiet=quiet, all_of_them="`cutkit inspect` lists them")
    rows: list[MarkerFigures] = []
    unplaced: list[str] = []
    with first_interrupt_stops() as interrupted:
        for demand, files in zip(job.demands, per_marker, strict=True):
            if interrupted():
                say(f"not nested: {demand.material or files.marker}", quiet=quiet)
                continue
            marker, figures = _nest_one(job, demand, options, interrupted, quiet)
            unplaced += [f"{u.piece}: {u.count} not placed: {u.reason}" for u in marker.unplaced]
            if marker.placements:
                _write(marker, files, sources, pdf_page)
                rows.append(replace(figures, path=str(files.marker)))
    _print_results(rows, as_json)
    if interrupted():
        say("interrupted: the best marker so far is saved", quiet=quiet)
        return EXIT_INTERRUPTED
    _refuse_unplaced(unplaced)
    _refuse_waste(rows, min_efficiency)
    return 0


def nest_job(inputs: tuple[str, ...], options: dict[str, Any]) -> Job:
    """The options as a job, from pattern files or from an instance; what does not go together is a UsageError."""
    from cutkit.formats.files import read_bytes
    from cutkit.formats.strip_packing import is_strip_packing

    if options["time_s"] is not None and options["rounds"] is not None:
        raise UsageError("--time and --rounds exclude each other", hint="Give the effort in one of them.")
    if options["time_s"] is not None and not 0 < options["time_s"] <= MOST_TIME_S:
        raise UsageError("--time must be above 0 and at most a week (168h)")
    _refuse_senseless_lengths(options)
    _refuse_senseless_tilt(options)
    files = [(path, read_bytes(path)) for path in inputs]  # once: an input may be a pipe
    if any(is_strip_packing(path, data) for path, data in files):
        return _instance_job(files, options)
    return _pattern_job(files, options)


def _with_start(job: Job, path: str | None) -> Job:
    """The job with the marker to go on from; UsageError where that is one of other pieces."""
    if path is None:
        return job
    from cutkit.formats.files import read_bytes, sha256_of
    from cutkit.formats.marker import parse_marker
    from cutkit.model import InputFile

    data = read_bytes(path)
    file = InputFile(path, sha256_of(data))
    started = replace(job, start=parse_marker(data, where=path), inputs=(*job.inputs, file))
    if not any(started.start_of(demand) for demand in job.demands):
        hint = "Give a marker that `cutkit nest` made of the same patterns and sizes."
        raise UsageError("--start is a marker of other pieces", where=path, hint=hint)
    return started


def _refuse_senseless_lengths(options: dict[str, Any]) -> None:
    for name in ("gap", "selvedge"):
        if options[name] < 0:
            raise UsageError(f"--{name} must not be negative")
    if options["max_length"] is not None and options["max_length"] <= 0:
        raise UsageError("--max-length must be above 0")
    for name in ("width", "gap", "selvedge", "max_length"):
        if (options[name] or 0) > FARTHEST_MM:
            raise UsageError(f"--{name.replace('_', '-')} must be at most {FARTHEST_MM / 1e6:g} km")


def _refuse_senseless_tilt(options: dict[str, Any]) -> None:
    if isnan(options["tilt_deg"]):
        raise UsageError("--tilt is not a number")
    if options["nap"] != "two-way" and options["tilt_deg"] > 90:
        raise UsageError(
            f"--tilt {options['tilt_deg']:g} turns pieces against a {options['nap']} nap",
            hint="Give at most 90 degrees, or --nap two-way.",
        )


def _refuse_wide_gap(gap_mm: float, fabric: Fabric) -> None:
    if gap_mm > fabric.usable_width_mm:
        raise UsageError(
            f"the gap of {gap_mm:g} mm is wider than the usable width of {fabric.usable_width_mm:g} mm",
            hint="Give the least distance between two pieces, for example --gap 2mm.",
        )


def _instance_job(files: Sequence[tuple[str, bytes]], options: dict[str, Any]) -> Job:
    from cutkit.formats.strip_packing import parse_instance
    from cutkit.model import Fabric, InputFile

    (path, data), *others = files
    if others:
        raise UsageError("a strip-packing instance is nested alone", hint="Give one JSON file, or pattern files.")
    for name in ("width", "order", "material", "units", "rul", "cut-layer", "mark-layer", "ignore-layer"):
        if options[name.replace("-", "_")] not in (None, ()):
            raise UsageError(f"--{name} does not go with a strip-packing instance, which says all of that itself")
    if options["selvedge"] or options["nap"] != "two-way":
        name = "selvedge" if options["selvedge"] else "nap"
        raise UsageError(
            f"--{name} does not go with a strip-packing instance",
            hint="Its strip height is the usable width, and each item says how it may lie.",
        )
    instance = parse_instance(data, where=path)
    fabric = Fabric(instance.strip_height_mm, name=instance.name, max_length_mm=options["max_length"])
    _refuse_wide_gap(options["gap"], fabric)
    pieces = tuple(replace(piece, tilt_deg=options["tilt_deg"]) for piece in instance.demand.pieces)
    return Job(
        (replace(instance.demand, pieces=pieces),), fabric, (InputFile(path, instance.sha256),), instance.notices
    )


def _pattern_job(inputs: Sequence[tuple[str, bytes]], options: dict[str, Any]) -> Job:
    from cutkit.formats.dxf.layers import Overrides
    from cutkit.formats.files import read_bytes, sha256_of
    from cutkit.formats.orders import read_order
    from cutkit.formats.patterns import parse_pattern
    from cutkit.model import Fabric, InputFile
    from cutkit.plan.demand import make_plan

    fabric = _fabric(options)
    told = Overrides(options["units"], options["rul"], layer_roles(options))
    patterns = [parse_pattern(data, where=path, told=told) for path, data in inputs]
    order = read_order(options["order"]) if options["order"] is not None else None
    rules = {"nap": options["nap"], "material": options["material"], "tilt_deg": options["tilt_deg"]}
    plan = make_plan(patterns, order, **rules)
    files = [InputFile(pattern.path, pattern.sha256) for pattern in patterns]
    files += dict.fromkeys(pattern.rule_table for pattern in patterns if pattern.rule_table is not None)
    if options["order"] and os.path.isfile(options["order"]):
        files.append(InputFile(options["order"], sha256_of(read_bytes(options["order"]))))
    fabric = Fabric(
        fabric.width_mm,
        fabric.selvedge_mm,
        options["nap"],
        name=", ".join(_styles(patterns)),
        max_length_mm=fabric.max_length_mm,
    )
    notices = tuple(notice for pattern in patterns for notice in pattern.notices) + plan.notices
    return Job(plan.demands, fabric, tuple(files), notices)


def _styles(patterns: list[Pattern]) -> list[str]:
    return list(dict.fromkeys(pattern.style for pattern in patterns))


def _fabric(options: dict[str, Any]) -> Fabric:
    """The cloth of the options; UsageError where it has no usable width."""
    from cutkit.model import Fabric

    if options["width"] is None:
        raise UsageError("the fabric's width is missing", hint="Give it with --width, for example --width 150cm.")
    fabric = Fabric(options["width"], options["selvedge"], options["nap"], max_length_mm=options["max_length"])
    if fabric.usable_width_mm <= 0:
        raise UsageError(
            f"no usable width is left of {fabric.width_mm:g} mm between selvedges of {fabric.selvedge_mm:g} mm"
        )
    _refuse_wide_gap(options["gap"], fabric)
    return fabric


def _settings(demand: Demand, options: dict[str, Any]) -> NestSettings:
    from cutkit.model import NestSettings
    from cutkit.nest import default_time_s

    time_s = options["time_s"]
    if time_s is None and options["rounds"] is None:
        time_s = default_time_s(len(demand.copies))
    return NestSettings(
        gap_mm=options["gap"],
        seed=options["seed"],
        time_s=time_s,
        rounds=options["rounds"],
        workers=options["workers"] or processors(),
    )


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _nest_one(
    job: Job, demand: Demand, options: dict[str, Any], stop: Callable[[], bool], quiet: bool
) -> tuple[Marker, MarkerFigures]:
    """One marker and its figures; the progress is shown meanwhile."""
    from cutkit.cli.progress import ProgressLine
    from cutkit.nest import nest
    from cutkit.report import marker_figures

    line = ProgressLine(demand.material, quiet=quiet)
    fabric = replace(job.fabric, material=demand.material)
    settings, start = _settings(demand, options), job.start_of(demand)
    try:
        marker = nest(fabric, demand, settings, inputs=job.inputs, listener=line, stop=stop, start=start)
    finally:
        line.close()
    if start is not None and marker.length_mm > start.length_mm + START_LOST_MM:
        say("note: start-not-used: --start has faults on this cloth, lacks pieces, or has some tilted", quiet=quiet)
    end = time.monotonic()
    began = line.search_began or end
    return marker, marker_figures(marker, start_s=line.start_s, search_s=round(end - began, 3))


def _write(marker: Marker, files: Outputs, inputs: tuple[str, ...], pdf_page: PageKind) -> None:
    """Write the marker, and its picture, DXF and PDF where they are wanted."""
    from datetime import date

    from cutkit.formats.files import write_whole
    from cutkit.formats.marker import write_marker

    write_marker(files.marker, marker, inputs=inputs)
    if files.svg is not None:
        from cutkit.formats.svg.marker import marker_svg

        write_whole(files.svg, marker_svg(marker, date=date.today().isoformat()), inputs=inputs)
    if files.dxf is not None:
        from cutkit.formats.dxf.marker import marker_dxf

        write_whole(files.dxf, marker_dxf(marker), inputs=inputs)
    if files.pdf is not None:
        from cutkit.formats.pdf.marker import marker_pdf

        title = files.marker.name.removesuffix(".json").removesuffix(".marker")
        pages = marker_pdf(marker, title=title, date=date.today().isoformat(), page=pdf_page)
        write_whole(files.pdf, pages, inputs=inputs)


def _print_results(rows: list[MarkerFigures], as_json: bool) -> None:
    from cutkit.report import nest_entry

    if as_json:
        print_json({"schema": "cutkit.nest/1", "markers": [nest_entry(row) for row in rows]})
    elif rows:
        from cutkit.cli.tables import print_table, waste_table

        print_table(waste_table(rows))


def _refuse_bad_outputs(per_marker: list[Outputs], inputs: tuple[str, ...]) -> None:
    """Say before the search, not after it, that an output cannot be written or would replace an input or another."""
    from cutkit.formats.files import refuse_bad_outputs, refuse_unwritable

    paths = [path for files in per_marker for path in files.paths()]
    refuse_bad_outputs(paths, inputs)
    for path in paths:
        refuse_unwritable(path)


def _refuse_unplaced(unplaced: list[str]) -> None:
    if unplaced:
        raise InfeasibleError("pieces are left unplaced:", hint="\n".join(unplaced))


def _refuse_waste(rows: list[MarkerFigures], min_efficiency: float | None) -> None:
    if min_efficiency is None:
        return
    low = [f"{row.path}: {100 * row.efficiency:.2f} %" for row in rows if 100 * row.efficiency < min_efficiency]
    if low:
        raise CheckError(f"below the wanted efficiency of {min_efficiency:g} %:", hint="\n".join(low))


def _with_ending(path: Path, ending: str) -> Path:
    """``m.marker.json`` and ``shell`` to ``m-shell.marker.json``; a dot within the name itself stays there."""
    suffix = ".marker.json" if path.name.endswith(".marker.json") else path.suffix
    return path.with_name(f"{path.name.removesuffix(suffix)}-{ending}{suffix}")
