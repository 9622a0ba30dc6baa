"""The race: cutkit beside sparrow at equal time and workers, in turn, each run a process of its own.

Instances are strip-packing JSON files; without any, three are made of garment-like pieces. Who begins changes with
every seed, so that a machine that slows down slows both. Every layout is judged by shapely alone: a fault of cutkit's
scores nothing, and so does a nest of it that takes more than 3 s beyond its time. After every run it writes
``race.md``, ``race.svg`` (density over time) and ``race.json`` (every run, with its densities over time).

    python benchmarks/bench_race.py                                           10 s, two seeds, made instances
    python benchmarks/bench_race.py --time 60 --seeds 1,2,3 INSTANCE.json...
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import asdict
from pathlib import Path
from statistics import mean

from contest import Job, Run, in_turn, warm_up
from garments import garment_pieces, strip_instance, write_instance
from race_picture import Panel, draw_race

MADE = ((36, 11, 30), (60, 20, 44), (150, 40, 24))
"""Pieces, types and points of the instances that are made."""
WIDTH_MM = 1500.0
MADE_SEED = 2026

Pair = dict[str, Run]


def made_instances(folder: Path) -> list[Path]:
    """The instances of a race that is given none."""
    paths = []
    for count, types, points in MADE:
        name = f"garments-{count}"
        instance = strip_instance(garment_pieces(types, points, MADE_SEED), count, WIDTH_MM, name)
        paths.append(write_instance(instance, folder / f"{name}.json"))
    return paths


def difference(pair: Pair) -> float:
    """Points of density that cutkit is ahead."""
    return pair["cutkit"].score - pair["sparrow"].score


def table(races: list[Pair], heading: str) -> str:
    """The race as a Markdown table: a row per run, the mean per instance, and the mean of all differences."""
    lines = [
        heading,
        "",
        "| instance | seed | cutkit % | sparrow % | difference | remarks |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(pair["cutkit"].job.name for pair in races):
        of_it = [pair for pair in races if pair["cutkit"].job.name == name]
        for pair in of_it:
            ours, theirs = pair["cutkit"], pair["sparrow"]
            remarks = "; ".join(f"{r.side}: {r.remark}" for r in (ours, theirs) if r.remark)
            figures = f"{ours.score:.3f} | {theirs.score:.3f} | {difference(pair):+.2f}"
            lines.append(f"| {name} | {ours.job.seed} | {figures} | {remarks} |")
        if len(of_it) > 1:
            means = [mean(pair[side].score for pair in of_it) for side in ("cutkit", "sparrow")]
            lines.append(f"| **{name}** | mean | {means[0]:.3f} | {means[1]:.3f} | {means[0] - means[1]:+.2f} | |")
    ahead = sum(difference(pair) > 0 for pair in races)
    total = mean(difference(pair) for pair in races)
    lines += ["", f"Mean difference {total:+.3f} points over {len(races)} pairs of runs; cutkit ahead in {ahead}."]
    return "\n".join(lines) + "\n"


def heading(a: argparse.Namespace) -> str:
    """What was run, on what, and when."""
    from importlib.metadata import version

    from cutkit import __version__

    machine = f"{platform.machine()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end"
    versions = f"cutkit {__version__}, spyrrow {version('spyrrow')}, numba {version('numba')}"
    effort = f"{a.time} s, {a.workers} workers, seeds {', '.join(map(str, a.seeds))}"
    return f"{effort}; {versions}; {machine}; {time.strftime('%Y-%m-%d')}."


def write_results(races: list[Pair], a: argparse.Namespace) -> None:
    """The table, the picture and the figures behind them, in the folder ``--out``."""
    a.out.mkdir(parents=True, exist_ok=True)
    (a.out / "race.md").write_text(table(races, heading(a)))
    runs = [ran for pair in races for ran in pair.values()]
    names = dict.fromkeys(ran.job.name for ran in runs)
    panels = [Panel(name, a.time, [ran for ran in runs if ran.job.name == name]) for name in names]
    draw_race(panels, f"Density over time, {a.time} s, {a.workers} workers", a.out / "race.svg")
    (a.out / "race.json").write_text(json.dumps([_figures(ran) for ran in runs], indent=1))


def _figures(ran: Run) -> dict[str, object]:
    outcome = ran.outcome
    return {
        "side": ran.side,
        **asdict(ran.job),
        "source": ran.job.name,
        "density": ran.score,
        "wall_s": round(ran.wall_s, 2),
        "cpu_s": round(outcome.cpu_s, 2) if outcome else None,
        "remark": ran.remark,
        "trace": outcome.trace if outcome else [],
    }


def seeds_of(text: str) -> list[int]:
    """``1,2,3`` as numbers."""
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Race, and print a row per pair of runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instances", nargs="*", type=Path, metavar="INSTANCE.json")
    parser.add_argument("--time", type=int, default=10, help="seconds for each run, preparation included")
    parser.add_argument("--seeds", type=seeds_of, default=[1, 2], help="such as 1,2,3")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/bench"), help="folder of table and picture")
    a = parser.parse_args()
    paths = a.instances or made_instances(a.out)
    warm_up(Job(str(paths[0]), 0))
    races: list[Pair] = []
    print(f"{'instance':<16}{'seed':>5}{'cutkit %':>10}{'sparrow %':>11}{'diff':>7}{'wall c/s':>14}{'cpu c/s':>14}")
    for path in paths:
        for k, seed in enumerate(a.seeds):
            pair = in_turn(Job(str(path), a.time, seed, a.workers), sparrow_first=k % 2 == 1)
            races.append(pair)
            print(row(races[-1]), flush=True)
            write_results(races, a)
    print(table(races, heading(a)).splitlines()[-1])
    print(f"written: {a.out / 'race.md'}, {a.out / 'race.svg'}, {a.out / 'race.json'}")


def row(pair: Pair) -> str:
    """A line of the printed table."""
    ours, theirs = pair["cutkit"], pair["sparrow"]
    cpu = [ran.outcome.cpu_s if ran.outcome else 0.0 for ran in (ours, theirs)]
    return (
        f"{ours.job.name:<16}{ours.job.seed:>5}{ours.score:>10.3f}{theirs.score:>11.3f}{difference(pair):>+7.2f}"
        f"{ours.wall_s:>7.1f}/{theirs.wall_s:<6.1f}{cpu[0]:>7.1f}/{cpu[1]:<6.1f} {ours.remark}".rstrip()
    )


if __name__ == "__main__":
    main()
