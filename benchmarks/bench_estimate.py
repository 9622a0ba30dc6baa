"""Length before nesting, judged on styles that were not seen before, beside area / mean efficiency.

The nests are those of ``estimate_nests.csv``, made by ``estimate_jobs.py``. Each style is left out in turn: the model
is calibrated on all others, and so is the mean efficiency. Then the shop's history: of a style's nests half are given
as history, and the other half is judged. Nothing is nested here; it takes some seconds.

    python benchmarks/bench_estimate.py
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from statistics import mean
from time import perf_counter

import numpy as np
from estimate_jobs import Nested, model_of, read_table
from rich.console import Console
from rich.table import Table as RichTable

from cutkit.plan.estimate import LengthModel, estimate_length

Predict = Callable[[Nested], tuple[float, float, float]]
"""Length, and the interval that shall hold nine of ten."""


def by_mean_efficiency(known: Sequence[Nested]) -> Predict:
    """Area over usable width and the mean efficiency of the nests known; the interval is that of their efficiencies."""
    efficiencies = np.array([row.observation.features.least_mm / row.length_mm for row in known])
    low, high = np.quantile(efficiencies, (0.05, 0.95))

    def predict(row: Nested) -> tuple[float, float, float]:
        least = row.observation.features.least_mm
        return least / float(efficiencies.mean()), least / float(high), least / float(low)

    return predict


def by_model(model: LengthModel) -> Predict:
    """The estimate, never below what area and longest piece take."""

    def predict(row: Nested) -> tuple[float, float, float]:
        low, length, high = model.lengths_mm(row.observation.features)
        return length, low, high

    return predict


class Score:
    """How far off predictions were, and how many lengths lay in their intervals."""

    def __init__(self) -> None:
        self.off_pct: list[float] = []
        self.within: list[bool] = []
        self.width_pct: list[float] = []

    def add(self, predicted: tuple[float, float, float], length: float) -> None:
        middle, low, high = predicted
        self.off_pct.append(100 * abs(middle - length) / length)
        self.within.append(low <= length <= high)
        self.width_pct.append(100 * (high - low) / length)

    def cells(self) -> tuple[str, ...]:
        ninth = float(np.quantile(self.off_pct, 0.9))
        held = 100 * mean(self.within)
        return (f"{mean(self.off_pct):.2f}", f"{ninth:.2f}", f"{held:.0f}", f"{mean(self.width_pct):.1f}")


def left_out(rows: Sequence[Nested]) -> dict[str, Score]:
    """Every style judged by what the others taught; the estimate by kinds of goods, too."""
    scores = {"area / mean efficiency": Score(), "estimate": Score()}
    scores |= {f"estimate, {kind}": Score() for kind in dict.fromkeys(row.job.kind for row in rows)}
    for style in dict.fromkeys(row.job.style for row in rows):
        known = [row for row in rows if row.job.style != style]
        predictions = {"area / mean efficiency": by_mean_efficiency(known), "estimate": by_model(model_of(known))}
        for row in rows:
            if row.job.style == style:
                for name, predict in predictions.items():
                    scores[name].add(predict(row), row.length_mm)
                scores[f"estimate, {row.job.kind}"].add(predictions["estimate"](row), row.length_mm)
    return scores


def with_history(rows: Sequence[Nested]) -> dict[str, Score]:
    """Styles of several nests: half of them are history, the other half is judged."""
    names = ("mean efficiency of the history", "estimate", "estimate with history")
    scores = {name: Score() for name in names}
    for style in dict.fromkeys(row.job.style for row in rows):
        mine = [row for row in rows if row.job.style == style]
        if len(mine) < 4:
            continue
        model = model_of([row for row in rows if row.job.style != style])
        for history, judged in ((mine[::2], mine[1::2]), (mine[1::2], mine[::2])):
            learned = model.learned([row.observation for row in history])
            predictions = (by_mean_efficiency(history), by_model(model), by_model(learned))
            for row in judged:
                for name, predict in zip(names, predictions, strict=True):
                    scores[name].add(predict(row), row.length_mm)
    return scores


def table(title: str, scores: dict[str, Score]) -> RichTable:
    count = len(next(iter(scores.values())).off_pct)
    drawn = RichTable(title=f"{title}, {count} nests")
    drawn.add_column("", no_wrap=True)
    for name in ("off, mean %", "off, 9 of 10 %", "in interval %", "interval wide %"):
        drawn.add_column(name, justify="right", no_wrap=True)
    for name, score in scores.items():
        drawn.add_row(name, *score.cells())
    return drawn


def milliseconds(rows: Sequence[Nested]) -> float:
    """The time of one estimate, features and all, in the mean."""
    began = perf_counter()
    for row in rows:
        estimate_length(row.job.demand.pieces, row.job.fabric, row.job.gap_mm)
    return 1000 * (perf_counter() - began) / len(rows)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows = read_table()
    console = Console(width=110)
    console.print(table("Styles not seen before", left_out(rows)))
    console.print(table("Garments of patterns/, with a shop's history of the same style", with_history(rows)))
    console.print(f"one estimate takes {milliseconds(rows):.1f} ms after start-up")


if __name__ == "__main__":
    main()
