"""``cutkit explain``: what each rule of a marker costs, and where its waste lies."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import (
    DURATION,
    EXIT_INTERRUPTED,
    first_interrupt_stops,
    json_option,
    print_json,
    quiet_option,
    say,
)
from cutkit.errors import UsageError, did_you_mean
from cutkit.units import format_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cutkit.explain.prices import Effort, Prices
    from cutkit.explain.rules import Rule
    from cutkit.model import Marker
    from cutkit.nest import Listener

OUT = click.Path(path_type=Path)


@click.command("explain")
@click.argument("marker_path", metavar="MARKER")
@click.option("--time", "time_s", type=DURATION, help="Time of every search (20s, 2m); by the order if not given.")
@click.option("--rounds", type=click.IntRange(1), help="Effort in search rounds instead: same seed, same prices.")
@click.option("--seeds", type=click.IntRange(1, 100), default=3, show_default=True, help="Searches of each kind.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The first of their seeds.")
@click.option("--workers", type=click.IntRange(1, 256), help="Threads of a search; all processors if not given.")
@click.option("--anew", is_flag=True, help="No search goes on from the marker: prices for an order not nested yet.")
@click.option("--rule", "names", multiple=True, metavar="NAME", help="Only this rule, as often as wanted: --rule gap.")
@click.option("--no-prices", is_flag=True, help="No search: only where the waste lies.")
@click.option("--holes", "most", type=click.IntRange(0, 99), default=12, show_default=True, help="Holes to be listed.")
@click.option("--price", type=click.FloatRange(0, 1e9), metavar="NUMBER", help="Price of a running metre of cloth.")
@click.option("--currency", metavar="TEXT", default="", help="What the price is in (EUR).")
@click.option("--svg", "svg_path", type=OUT, help="Draw the waste, coloured by size, its largest holes numbered.")
@click.option("--png", "png_path", type=OUT, help="The same picture as PNG (needs cutkit[png]).")
@json_option
@quiet_option
def command(
    marker_path: str,
    names: tuple[str, ...],
    no_prices: bool,
    most: int,
    price: float | None,
    currency: str,
    svg_path: Path | None,
    png_path: Path | None,
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> int:
    """Explain a marker: what each rule of the cloth costs, and where the waste lies.

    The order is nested again with every rule, without each of them in turn, and without all: in metres of cloth and
    points of efficiency, with the spread over the seeds. Half of a search begins anew, the other half goes on from the
    marker or from what it has found, so what a rule costs is rather told too low than too high. The marker file is all
    that is needed.

    The waste is told by place, hole by hole with the pieces around, and by which pieces it lies between. Ctrl-C once
    ends the searches; the seeds that are done count.
    """
    from cutkit.cli.explain_tables import Explained, explained_json, print_explained, waste_picture
    from cutkit.formats.files import refuse_bad_outputs, refuse_unwritable
    from cutkit.formats.marker import read_valid_marker
    from cutkit.report.holes import waste_map

    if price is not None and isnan(price):  # within every range
        raise UsageError("--price is not a number")
    _refuse_senseless(options, no_prices=no_prices, names=names)
    refuse_bad_outputs([svg_path, png_path], [marker_path])
    for path in (svg_path, png_path):
        if path is not None:
            refuse_unwritable(path)
    marker = read_valid_marker(marker_path)
    rules = () if no_prices else _chosen(marker, names)
    rate = marker.fabric.price_per_m if price is None else price
    explained = Explained(marker_path, marker, waste_map(marker), most, rate, currency)
    _draw(waste_picture(explained), svg_path, png_path, marker_path, quiet)
    interrupted = False
    if not no_prices:
        effort = _effort(marker, options)
        explained, interrupted = _priced(explained, rules, effort, quiet)
    if as_json:
        print_json(explained_json(explained))
    else:
        print_explained(explained)
    if interrupted:
        say("interrupted: only seeds that all searches were made with count", quiet=quiet)
        return EXIT_INTERRUPTED
    return 0


def _refuse_senseless(options: dict[str, Any], *, no_prices: bool, names: tuple[str, ...]) -> None:
    from cutkit.cli.nest import MOST_TIME_S

    if options["time_s"] is not None and options["rounds"] is not None:
        raise UsageError("--time and --rounds exclude each other", hint="Give the effort in one of them.")
    if options["time_s"] is not None and not 0 < options["time_s"] <= MOST_TIME_S:
        raise UsageError("--time must be above 0 and at most a week (168h)")
    if no_prices and (names or options["time_s"] is not None or options["rounds"] is not None or options["anew"]):
        raise UsageError("--no-prices makes no search", hint="Leave out --time, --rounds, --rule and --anew.")


def _chosen(marker: Marker, names: tuple[str, ...]) -> tuple[Rule, ...]:
    """The rules to be priced; UsageError for one that does not hold."""
    from cutkit.explain.rules import rules_of

    rules = rules_of(marker)
    held = [rule.name for rule in rules]
    for name in names:
        if name not in held:
            hint = f"Those that hold are {', '.join(held) or 'none'}. {did_you_mean(name, held)}".strip()
            raise UsageError(f"no rule {name!r} holds in this marker", hint=hint)
    return tuple(rule for rule in rules if not names or rule.name in names)


def _effort(marker: Marker, options: dict[str, Any]) -> Effort:
    from cutkit.batch.workers import processors
    from cutkit.explain.prices import Effort
    from cutkit.nest import default_time_s

    time_s, rounds = options["time_s"], options["rounds"]
    if time_s is None and rounds is None:
        time_s = default_time_s(sum(piece.total for piece in marker.pieces))
    seeds = tuple(range(options["seed"], options["seed"] + options["seeds"]))
    return Effort(seeds, time_s, rounds, options["workers"] or processors(), options["anew"])


def _priced(explained: Any, rules: Sequence[Rule], effort: Effort, quiet: bool) -> tuple[Any, bool]:
    """What is explained, with the prices; and whether Ctrl-C came."""
    from dataclasses import replace

    from cutkit.explain.prices import price_rules, searches_needed

    if rules:
        count = searches_needed(rules, len(effort.seeds))
        rounds = f"{effort.rounds} round{'s' if effort.rounds != 1 else ''}"
        each = rounds if effort.time_s is None else format_duration(effort.time_s)
        about = "" if effort.time_s is None else f", {format_duration(count * effort.time_s)} in all"
        say(f"{count} searches of {each}{about}", quiet=quiet)
    watcher = _Searching(quiet)
    with first_interrupt_stops() as interrupted:
        try:
            prices: Prices = price_rules(explained.marker, rules, effort, watcher, interrupted)
        finally:
            watcher.close()
        return replace(explained, prices=prices, effort=effort), interrupted()


class _Searching:
    """Shows how far the search in hand is, and which of how many it is."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._close: Callable[[], None] = lambda: None

    def __call__(self, number: int, count: int, left_out: tuple[Rule, ...], seed: int) -> Listener:
        from cutkit.cli.progress import ProgressLine

        self.close()
        without = left_out[0].without if len(left_out) == 1 else "no rules" if left_out else "all rules"
        line = ProgressLine(f"{number} of {count}, {without}, seed {seed}", quiet=self._quiet)
        self._close = line.close
        return line

    def close(self) -> None:
        """Take the line away."""
        self._close()


def _draw(picture: Any, svg_path: Path | None, png_path: Path | None, marker_path: str, quiet: bool) -> None:
    """Write the picture of the waste, where it is wanted."""
    if svg_path is None and png_path is None:
        return
    from cutkit.cli.notices import say_notices
    from cutkit.formats.files import write_whole
    from cutkit.formats.svg.waste import waste_svg, width_units

    text = waste_svg(picture)
    if svg_path is not None:
        write_whole(svg_path, text, inputs=[marker_path])
    if png_path is not None:
        from cutkit.formats.png import svg_to_png

        png, notices = svg_to_png(text, width_units(picture))
        write_whole(png_path, png, inputs=[marker_path])
        say_notices(notices, quiet=quiet, all_of_them="")
