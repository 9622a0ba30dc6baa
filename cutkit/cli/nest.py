"""``cutkit nest``: pattern files, or one strip-packing instance, to markers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import isnan
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import (
    DURATION,
    EXIT_INTERRUPTED,
    LENGTH,
    first_interrupt_stops,
    json_option,
    print_json,
    quiet_option,
    say,
)
from cutkit.cli.explain_config import print_config
from cutkit.cli.lays import (
    lay_options,
    lay_rules,
    refuse_odd_rolls,
    remnant_paths,
    rolls_json,
    rolls_table,
    used_together,
    write_remnants,
)
from cutkit.cli.nest_options import job_options, prepared
from cutkit.cli.notices import say_notices
from cutkit.errors import CheckError, InfeasibleError, UsageError

if TYPE_CHECKING:
    from cutkit.formats.pdf.marker import PageKind
    from cutkit.lay import Lay, LayRules, RollUse
    from cutkit.model import Demand, Marker, NestSettings, Notice
    from cutkit.outputs.drawings import DrawingKind
    from cutkit.prepare.prepare import Prepared
    from cutkit.report import MarkerFigures

MOST_TIME_S = 7 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where one marker's files go: the marker, and its drawings by their kind."""

    marker: Path
    drawings: dict[DrawingKind, Path]

    def with_ending(self, ending: str) -> Outputs:
        """The names for one of several markers: ``NAME-MATERIAL`` and the suffixes."""
        from cutkit.outputs.names import with_ending

        drawings = {kind: with_ending(path, ending) for kind, path in self.drawings.items()}
        return Outputs(with_ending(self.marker, ending), drawings)

    def paths(self) -> list[Path]:
        """All of them."""
        return [self.marker, *self.drawings.values()]


@click.command("nest")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@job_options
@click.option("--max-length", type=LENGTH, help="The longest marker; an order that is longer takes several.")
@lay_options
@click.option("--time", "time_s", type=DURATION, help="Search time per marker (20s, 10m); by the order if not given.")
@click.option("--rounds", type=click.IntRange(1), help="Effort in search rounds instead: same seed, same bytes.")
@click.option("--workers", type=click.IntRange(1, 256), help="Threads of the search; all processors if not given.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another seed, another search.")
@click.option(
    "--start",
    metavar="MARKER",
    help="Go on from a marker, or from another nester's solution: a sound one gets no longer, pieces that overlap are"
    " moved apart, and other sizes take their places.",
)
@click.option(
    "--lock",
    multiple=True,
    metavar="GLOB|bundle:N",
    help="Pieces of --start that stay where they lie, by id or name, or those of a garment; as often as wanted.",
)
@click.option("--min-efficiency", type=click.FloatRange(0, 100), metavar="PCT", help="Exit 5 if a marker is below it.")
@click.option("--svg", type=click.Path(path_type=Path), help="Also draw the marker.")
@click.option("--dxf", type=click.Path(path_type=Path), help="Also write the marker as DXF.")
@click.option("--pdf", type=click.Path(path_type=Path), help="Also write the marker at full size as PDF.")
@click.option("--html", type=click.Path(path_type=Path), help="Also write a page with the marker and its figures.")
@click.option(
    "--pdf-page",
    type=click.Choice(["roll", "a4", "a0"]),
    default="roll",
    show_default=True,
    help="The PDF's pages: as large as the cloth, or sheets to tape together.",
)
@click.option("--explain-config", is_flag=True, help="Print every value with where it comes from, and nest nothing.")
@click.option(
    "-o",
    "--output",
    metavar="MARKER",
    type=click.Path(path_type=Path),
    help="The marker file to write; needed but for --explain-config.",
)
@json_option
@quiet_option
def command(
    inputs: tuple[str, ...],
    output: Path | None,
    explain_config: bool,
    svg: Path | None,
    dxf: Path | None,
    pdf: Path | None,
    html: Path | None,
    pdf_page: PageKind,
    min_efficiency: float | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Nest patterns on the fabric: pattern files or a strip-packing instance to a marker.

    INPUT is one or more pattern files (DXF, SVG), or one strip-packing JSON. Pieces of several materials make a marker
    each, NAME-MATERIAL.marker.json, and an order over several markers NAME-1.marker.json, NAME-2... Ctrl-C once ends
    the search and writes the best marker so far.
    """
    if min_efficiency is not None and isnan(min_efficiency):
        raise UsageError("--min-efficiency is not a number")
    _refuse_senseless_time(options)
    if output is None and not explain_config:
        raise UsageError("Missing option '-o' / '--output'.", hint="Name the marker file to write: -o m.marker.json")
    job = prepared(inputs, options)
    rules = lay_rules(options, job.rolls)
    refuse_odd_rolls(job.rolls, job.demands)
    if output is None or explain_config:
        say_notices(job.notices, quiet=quiet, all_of_them="`cutkit inspect` lists them")
        print_config(job, as_json)
        return 0
    drawings: dict[DrawingKind, Path | None] = {"svg": svg, "dxf": dxf, "pdf": pdf, "html": html}
    outputs = Outputs(output, {kind: path for kind, path in drawings.items() if path is not None})
    per_demand = [outputs.with_ending(ending) for ending in job.endings]
    sources = tuple(file.path for file in job.inputs)
    _refuse_bad_outputs(per_demand, sources)
    beside = _files_beside(per_demand, job, rules, output)
    _refuse_to_replace(beside, sources)
    say_notices(job.notices, quiet=quiet, all_of_them="`cutkit inspect` lists them")
    rows: list[MarkerFigures] = []
    unplaced: list[str] = []
    uses: list[tuple[RollUse, ...]] = []
    with first_interrupt_stops() as interrupted:
        for demand, files in zip(job.demands, per_demand, strict=True):
            if interrupted():
                say(f"not nested: {demand.material or files.marker}", quiet=quiet)
                continue
            laid, figures = _lay_one(job, demand, rules, options, interrupted, quiet)
            uses.append(laid.rolls)
            for number, (marker, row) in enumerate(zip(laid.markers, figures, strict=True), 1):
                unplaced += [f"{u.piece}: {u.count} not placed: {u.reason}" for u in marker.unplaced]
                own = files.with_ending(str(number)) if len(figures) > 1 else files
                if marker.placements:
                    _write(marker, own, sources, pdf_page, demand.plies)
                    rows.append(replace(row, path=str(own.marker)))
    if job.rolls:
        write_remnants(output, used_together(uses), rows, sources)
    _print_results(rows, used_together(uses), as_json)
    if interrupted():
        say("interrupted: the best marker so far is saved", quiet=quiet)
        return EXIT_INTERRUPTED
    _refuse_unplaced(unplaced)
    _refuse_waste(rows, min_efficiency)
    return 0


def _refuse_senseless_time(options: dict[str, Any]) -> None:
    if options["time_s"] is not None and options["rounds"] is not None:
        raise UsageError("--time and --rounds exclude each other", hint="Give the effort in one of them.")
    if options["time_s"] is not None and not 0 < options["time_s"] <= MOST_TIME_S:
        raise UsageError("--time must be above 0 and at most a week (168h)")


def _settings(job: Prepared, demand: Demand, options: dict[str, Any]) -> NestSettings:
    from cutkit.nest import default_time_s

    time_s = options["time_s"]
    if time_s is None and options["rounds"] is None:
        time_s = default_time_s(len(demand.copies))
    return replace(
        job.settings,
        seed=options["seed"],
        time_s=time_s,
        rounds=options["rounds"],
        bundle_span_mm=options["span"] or job.settings.bundle_span_mm,
        workers=options["workers"] or processors(),
    )


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _lay_one(
    job: Prepared, demand: Demand, rules: LayRules, options: dict[str, Any], stop: Callable[[], bool], quiet: bool
) -> tuple[Lay, list[MarkerFigures]]:
    """The markers of one demand and their figures; the progress is shown meanwhile. Several share the time equally."""
    from cutkit.cli.progress import ProgressLines
    from cutkit.lay import lay
    from cutkit.report import marker_figures

    progress = ProgressLines(demand.material, quiet=quiet)
    settings, start = _settings(job, demand, options), job.start_of(demand)
    fabric, talk = job.fabric_of(demand), progress.listening
    told: list[Notice] = []
    tell = told.append
    try:
        laid = lay(
            fabric, demand, settings, rules, inputs=job.inputs, listening=talk, stop=stop, start=start, tell=tell
        )
    finally:
        progress.close()
    say_notices(told, quiet=quiet, all_of_them="`cutkit check` lists them")
    seconds = round((time.monotonic() - progress.search_began) / len(laid.markers), 3)
    start_s = progress.start_s
    figures = [marker_figures(marker, start_s=start_s, search_s=seconds) for marker in laid.markers]
    seen = accumulate((set(marker.bundles) for marker in laid.markers), or_, initial=set[int]())
    pairs = zip(figures, laid.markers, seen, strict=False)
    return laid, [replace(row, garments_again=len(before.intersection(m.bundles))) for row, m, before in pairs]


def _files_beside(per_demand: list[Outputs], job: Prepared, rules: LayRules, output: Path) -> list[Path]:
    """The further files that there may be: of several markers, and what is left of rolls."""
    if rules.holds_nothing(job.fabric):
        return []
    most = [len({copy.bundle for copy in demand.copies}) for demand in job.demands]
    numbered = [
        path
        for files, count in zip(per_demand, most, strict=True)
        for number in range(1, count + 1)
        for path in files.with_ending(str(number)).paths()
    ]
    return [*numbered, *(remnant_paths(output) if rules.rolls else ())]


def _write(marker: Marker, files: Outputs, inputs: tuple[str, ...], pdf_page: PageKind, plies: int) -> None:
    """Write the marker, and its drawings where they are wanted."""
    from datetime import date

    from cutkit.formats.files import write_whole
    from cutkit.formats.marker import write_marker
    from cutkit.outputs.drawings import Drawing
    from cutkit.report.balance import Spread
    from cutkit.report.summary import Cut, order_of

    write_marker(files.marker, marker, inputs=inputs)
    cut = Cut(marker=marker, path=str(files.marker), order=order_of(marker), spread=Spread(plies=plies))
    drawing = Drawing(cut=cut, date=date.today().isoformat(), pdf_page=pdf_page)
    for kind, path in files.drawings.items():
        write_whole(path, drawing.of(kind), inputs=inputs)


def _print_results(rows: list[MarkerFigures], uses: Sequence[RollUse], as_json: bool) -> None:
    from cutkit.report import nest_entry

    if as_json:
        rolls = {"rolls": rolls_json(uses, rows)["rolls"]} if uses else {}
        print_json({"schema": "cutkit.nest/1", "markers": [nest_entry(row) for row in rows], **rolls})
        return
    from cutkit.cli.tables import print_table, waste_table

    if rows:
        print_table(waste_table(rows))
    if uses:
        click.echo()
        print_table(rolls_table(uses, rows))


def _refuse_bad_outputs(per_marker: list[Outputs], inputs: tuple[str, ...]) -> None:
    """Say before the search, not after it, that an output cannot be written or would replace an input or another."""
    from cutkit.formats.files import refuse_bad_outputs, refuse_unwritable

    paths = [path for files in per_marker for path in files.paths()]
    refuse_bad_outputs(paths, inputs)
    for path in paths:
        refuse_unwritable(path)


def _refuse_to_replace(paths: list[Path], inputs: tuple[str, ...]) -> None:
    from cutkit.formats.files import refuse_to_replace

    for path in paths:
        refuse_to_replace(path, inputs)


def _refuse_unplaced(unplaced: list[str]) -> None:
    if unplaced:
        raise InfeasibleError("pieces are left unplaced:", hint="\n".join(unplaced))


def _refuse_waste(rows: list[MarkerFigures], min_efficiency: float | None) -> None:
    if min_efficiency is None:
        return
    low = [f"{row.path}: {100 * row.efficiency:.2f} %" for row in rows if 100 * row.efficiency < min_efficiency]
    if low:
        raise CheckError(f"below the wanted efficiency of {min_efficiency:g} %:", hint="\n".join(low))
