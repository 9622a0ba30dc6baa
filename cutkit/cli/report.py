"""``cutkit report``: where the cloth of markers went, and what it cost."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import LENGTH, json_option, print_json, quiet_option, say
from cutkit.errors import LimitError, UsageError

if TYPE_CHECKING:
    from cutkit.batch.night import Night
    from cutkit.formats.factors import Factors
    from cutkit.formats.jobs import Job
    from cutkit.formats.report_page import ReportPage
    from cutkit.model import Marker
    from cutkit.report.balance import Spread
    from cutkit.report.summary import Cut, Summary, Terms

COUNT = click.IntRange(1, 10_000)
AMOUNT = click.FloatRange(0, 1e9)
OUT = click.Path(path_type=Path)


@click.command("report")
@click.argument("markers", metavar="[MARKER]...", nargs=-1)
@click.option("--store", metavar="FILE", help="Report the jobs of a batch's store instead (CUTKIT_STORE if not given).")
@click.option("--night", is_flag=True, help="Of the store: since yesterday's noon, or the noon before the last run.")
@click.option("--since", metavar="WHEN", help="Of the store: jobs that ended since 2026-11-27, 18:00, 12h or 4w ago.")
@click.option("--until", metavar="WHEN", help="Of the store: jobs that ended until then; now if not given.")
@click.option("--plies", type=COUNT, help="Plies that are cut at once; those of the marker's plan if not given.")
@click.option(
    "--end-allowance", type=LENGTH, default="0mm", help="What every ply is longer than the marker, both ends."
)
@click.option("--splices", type=click.IntRange(0, 10_000), default=0, help="Splices in the spread.")
@click.option(
    "--splice", type=LENGTH, default="0mm", help="Cloth that a splice takes; what the pieces need if not given."
)
@click.option("--flaws", type=LENGTH, default="0mm", help="Cloth cut away for flaws while spreading.")
@click.option("--issued", type=LENGTH, help="Cloth that came off the roll; of one marker. More than laid: a remnant.")
@click.option("--remnants", type=LENGTH, help="Cloth that was put back; of one marker.")
@click.option(
    "--spreads", metavar="FILE.csv", help="All of this by marker: columns marker, order, due, plies, price ..."
)
@click.option("--price", type=AMOUNT, metavar="NUMBER", help="Price of a running metre of cloth.")
@click.option("--currency", metavar="TEXT", default="", help="What the price is in (EUR).")
@click.option("--weight", type=AMOUNT, metavar="G/M2", help="Weight of the cloth, grams per square metre.")
@click.option("--factors", metavar="FILE", help="CO2e and water of the cloth, each with its citation (TOML).")
@click.option("--cutter", metavar="NAME|FILE", help="Also the time on this cutter, for each marker that fits it.")
@click.option("--order", metavar="NAME", help="What the order is called; by its styles if not given.")
@click.option("--due", metavar="DATE", default="", help="When it is due, as the page shall show it.")
@click.option("--csv", "csv_path", type=OUT, help="Also write the figures as CSV.")
@click.option("--html", "html_path", type=OUT, help="Also write them as one self-contained HTML page.")
@click.option("--pdf", "pdf_path", type=OUT, help="Also write them as PDF, with a small picture of every marker.")
@json_option
@quiet_option
def command(
    markers: tuple[str, ...],
    csv_path: Path | None,
    html_path: Path | None,
    pdf_path: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Report where the cloth of markers went: a balance to the square millimetre, cloth, money, weight, time.

    MARKER is a marker file, or a folder of them. The spread's options hold for every marker that --spreads tells
    nothing else about.

    Over the store of a batch (--store, --night, --since, --until) it is the page for the morning: what to cut first,
    which job failed and why, how much cloth to issue, and the trend by weeks. Plies and end allowances are the jobs'
    own, where they have them. Marker files that were moved are found again where MARKER names their folder.
    """
    from cutkit.cli.marker_files import marker_paths
    from cutkit.formats.files import refuse_bad_outputs, write_whole
    from cutkit.report.summary import summarize

    _refuse_senseless(options)
    span = {name: options.pop(name) for name in ("store", "night", "since", "until")}
    of_store = any(span.values())
    if not (markers or of_store):
        raise UsageError("no marker is named", hint="Name marker files or folders, or a batch's --store.")
    paths = marker_paths(markers) if markers else []
    if (of_store or len(paths) > 1) and (options["issued"] is not None or options["remnants"] is not None):
        raise UsageError("--issued and --remnants are of one marker", hint="Report that marker alone.")
    inputs = [*paths, *(options[name] for name in ("factors", "spreads") if options[name])]
    if of_store:
        from cutkit.batch.store import store_path

        inputs.append(store_path(span["store"]))
    refuse_bad_outputs([csv_path, html_path, pdf_path], inputs)
    night = _night(paths, span, options, quiet) if of_store else None
    summary = summarize(night.cuts if night is not None else _cuts(paths, options, quiet))
    if csv_path is not None:
        write_whole(csv_path, csv_text(summary, night), inputs=inputs)
    if html_path is not None or pdf_path is not None:
        page = _page(summary, night, night_only=span["night"])
        inputs += _files_of(night)
    if html_path is not None:
        from cutkit.formats.html.report import report_html

        write_whole(html_path, report_html(page), inputs=inputs)
    if pdf_path is not None:
        from cutkit.formats.pdf.report import report_pdf

        write_whole(pdf_path, report_pdf(page), inputs=inputs)
    _warn(summary, quiet)
    _print(summary, night, as_json)


def _refuse_senseless(options: dict[str, Any]) -> None:
    from math import isfinite

    for name in ("end_allowance", "splice", "flaws", "issued", "remnants"):
        if not 0 <= (options[name] or 0.0) <= 1e8:
            raise UsageError(f"--{name.replace('_', '-')} must be from 0 to 100 km")
    for name in ("price", "weight"):
        if options[name] is not None and not isfinite(options[name]):
            raise UsageError(f"--{name} is not a number")


def _night(paths: list[Path], span: dict[str, Any], options: dict[str, Any], quiet: bool) -> Night:
    """The span of the store that is asked for. How a marker is spread: as the table of spreads says, else the job,
    else the options."""
    from cutkit.cli.report_store import read_store, say_lost
    from cutkit.formats.factors import read_factors
    from cutkit.formats.spreads import name_of, read_spreads

    if options["splices"] and not options["splice"]:
        raise UsageError("--splices of a store needs --splice, the overlap of each", hint="--splices 2 --splice 5cm")
    for name in ("order", "due", "cutter"):
        if options[name]:
            raise UsageError(f"--{name} is not for a store", hint="Its jobs say it themselves.")
    spreads = read_spreads(options["spreads"]) if options["spreads"] else {}
    factors = read_factors(options["factors"]) if options["factors"] else None

    def conditions(path: str, job: Job, figures: Mapping[str, Any]) -> tuple[Spread, Terms]:
        own = {"plies": job.plies or figures.get("plies"), "end_allowance": job.end_allowance_mm}
        own = {name: value for name, value in own.items() if value is not None}
        told = options | own | spreads.get(name_of(path), {})
        return _spread(told), _terms(told, factors)

    night = read_store(span.pop("store"), conditions, elsewhere=paths, **span)
    say_lost(night, quiet)
    return night


def _files_of(night: Night | None) -> list[str]:
    """What the jobs of a night wrote: a report must not replace any of it."""
    return [file.path for one in (night.ready if night else ()) for file in one.record.written]


def _cuts(paths: list[Path], options: dict[str, Any], quiet: bool) -> Iterator[Cut]:
    """Every marker with what the options say about cutting it. CheckError where the referee finds a fault."""
    from cutkit.formats.factors import read_factors
    from cutkit.formats.marker import read_valid_marker
    from cutkit.formats.spreads import name_of, read_spreads, unknown_markers
    from cutkit.report.summary import Cut, order_of

    spreads = read_spreads(options["spreads"]) if options["spreads"] else {}
    factors = read_factors(options["factors"]) if options["factors"] else None
    for name in unknown_markers(spreads, map(str, paths)):
        say(f"note: {options['spreads']} tells of {name!r}, which is not reported here", quiet=quiet)
    for path in paths:
        marker = read_valid_marker(path)
        told = options | spreads.get(name_of(str(path)), {})
        told = told | {"plies": _plies(told["plies"], marker, str(path))}
        yield Cut(
            marker=marker,
            path=str(path),
            order=told["order"] or order_of(marker),
            due=told["due"],
            spread=_with_splices(_spread(told), marker),
            terms=_terms(told, factors),
            cut_s=cut_time_s(marker, options["cutter"], path, quiet) if options["cutter"] else None,
        )


def _plies(told: int | None, marker: Marker, path: str) -> int:
    """The plies that a marker is cut from. UsageError where they should lie in pairs, and one is left over."""
    plies = marker.planned.plies if told is None else told
    if marker.fabric.spread == "face-to-face" and plies % 2:
        raise UsageError(
            f"{plies} plies do not lie face to face: they come in pairs",
            where=path,
            hint=f"Say --plies {plies + 1}, or whatever was spread.",
        )
    return plies


def _spread(options: dict[str, Any]) -> Spread:
    from cutkit.report.balance import Spread

    return Spread(
        plies=options["plies"] or 1,
        end_allowance_mm=options["end_allowance"],
        splices=options["splices"],
        splice_mm=options["splice"],
        flaws_mm=options["flaws"],
        issued_mm=options["issued"],
        remnants_mm=options["remnants"],
    )


def _with_splices(spread: Spread, marker: Marker) -> Spread:
    """The spread, its splices as long as the marker's bands make them on the mean where nobody said how long."""
    from cutkit.splices import mean_splice_mm

    known = spread.splice_mm > 0 or not spread.splices
    return spread if known else replace(spread, splice_mm=mean_splice_mm(marker))


def _terms(options: dict[str, Any], factors: Factors | None) -> Terms:
    from cutkit.report.summary import Factor, Terms

    co2e, water = (factors.co2e, factors.water) if factors else (None, None)
    return Terms(
        price_per_m=options["price"],
        currency=options["currency"],
        weight_g_m2=options["weight"],
        co2e=Factor(co2e.value, co2e.unit, co2e.citation) if co2e else None,
        water=Factor(water.value, water.unit, water.citation) if water else None,
    )


def cut_time_s(marker: Marker, cutter: str, path: Path, quiet: bool) -> float | None:
    """The time that cutting one spread takes on a cutter; None, and a word, where the marker is beyond it."""
    from cutkit.cut.figures import cut_figures
    from cutkit.cut.plan import plan_cut
    from cutkit.formats.profile import load_profile
    from cutkit.kernels import cache

    profile = load_profile(cutter)
    if not cache.holds("route"):
        say("compiling the search for short ways: once, about five seconds", quiet=quiet)
    try:
        return cut_figures(plan_cut(marker, profile), profile).time_s
    except LimitError as error:
        say(f"note: no time for {path}: {error.message}", quiet=quiet)
        return None


def _warn(summary: Summary, quiet: bool) -> None:
    for row in summary.rows:
        if not row.sound:
            off = f"{row.balance.error_mm2:.1f} mm2, overlap {row.places.overlap_mm2:.1f} mm2"
            say(f"warning: {row.figures.path}: the balance is off: {off}", quiet=quiet)


def csv_text(summary: Summary, night: Night | None = None) -> str:
    """The summary as CSV: a line of names, then a line for every marker, order, and the total; and what else a night
    has."""
    from cutkit.report.tables import CSV_COLUMNS, csv_rows

    columns, rows = CSV_COLUMNS, csv_rows(summary)
    if night is not None:
        from cutkit.cli import report_store

        columns, rows = (*columns, *report_store.CSV_COLUMNS), [*report_store.night_rows(night, rows)]
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _page(summary: Summary, night: Night | None, *, night_only: bool) -> ReportPage:
    from datetime import datetime

    from cutkit.outputs.report_page import report_page

    if night is None:
        return report_page(summary, date=datetime.now().date().isoformat())
    from cutkit.cli.night_page import night_frame

    now = datetime.now().isoformat(" ", timespec="minutes")
    return report_page(summary, date=now, frame=night_frame(night, night_only=night_only))


def _print(summary: Summary, night: Night | None, as_json: bool) -> None:
    if as_json:
        from cutkit.cli.report_store import night_json
        from cutkit.report.tables import report_json

        print_json(report_json(summary) | ({"night": night_json(night)} if night is not None else {}))
        return
    if night is None:
        _print_figures(summary)
        return
    from cutkit.cli.report_store import print_night, print_trend

    print_night(night)
    if summary.rows:
        _print_figures(summary)
    print_trend(night)


def _print_figures(summary: Summary) -> None:
    from cutkit.cli.report_tables import balance_table, cloth_table, order_table
    from cutkit.cli.rule_tables import rule_table
    from cutkit.cli.tables import print_table

    print_table(cloth_table(summary))
    if len(summary.orders) > 1:
        click.echo()
        print_table(order_table(summary))
    rules = [rule_table(row.cut.marker) for row in summary.rows] if len(summary.rows) == 1 else []
    for table in (*(rule for rule in rules if rule.rows), balance_table(summary.total)):
        click.echo()
        print_table(table)
    click.echo(f"\nThe balance closes to {abs(summary.total.balance.error_mm2):.3f} mm2.")
