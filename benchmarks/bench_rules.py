"""What the rules of cloth cost the search: evaluations a second and efficiency, with and without each rule.

A shirt in three sizes on 150 cm, and an instance where one is given, by rounds, the rules in turn within every seed.
Evaluations are exact ones (see ``nest/search.ROUND_WORK``), per second of a processor, so that a busy machine does less
harm; efficiency is what the same rounds came to. Every marker is judged by the referee.

With ``--against CHECKOUT`` two checkouts of cutkit are compared, without rules: both nest the same instances with the
same seeds in turn, each in a process of its own, and both run their kernels' benchmark.

    python benchmarks/bench_rules.py
    python benchmarks/bench_rules.py INSTANCE.json --seeds 1,2,3 --rounds 20
    python benchmarks/bench_rules.py INSTANCE.json... --against CHECKOUT --time 10 --seeds 1,2,3,4
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from bench_race import made_instances, seeds_of
from contest import Job, environment, run

if TYPE_CHECKING:
    from cutkit.model import Demand, Fabric, Marker, NestSettings, OrderedPiece

ROOT = Path(__file__).resolve().parents[1]
SHIRT = Job(str(ROOT / "patterns" / "shirt.dxf"), 0, order="S=1,M=1,L=1", width_mm=1500.0)
KERNEL_RUNS = 3


@dataclass(frozen=True)
class Case:
    """What is nested: cloth, copies, settings, and a marker with locked pieces to start from."""

    fabric: Fabric
    demand: Demand
    settings: NestSettings
    start: Marker | None = None

    @property
    def mm(self) -> float:
        """What a millimetre of a garment is on this cloth: instances come in many scales."""
        return self.fabric.usable_width_mm / 1500.0

    def with_pieces(self, change: Callable[[OrderedPiece], OrderedPiece], every: int = 3) -> Case:
        """Every third piece, or so, changed."""
        pieces = [change(p) if k % every == 0 else p for k, p in enumerate(self.demand.pieces)]
        return replace(self, demand=replace(self.demand, pieces=tuple(pieces)))

    def with_angles(self, angles: Callable[[int], tuple[float, ...]], **fabric: Any) -> Case:
        """The copies at the angles that their garment may have."""
        copies = tuple(replace(copy, angles_deg=angles(copy.bundle)) for copy in self.demand.copies)
        return replace(self, demand=replace(self.demand, copies=copies), fabric=replace(self.fabric, **fabric))


def flaws(case: Case) -> Case:
    from cutkit.model import Defect

    mm = case.mm
    boxes = [(300 * k * mm, (211 * k % 1400) * mm, (300 * k + 60) * mm, (211 * k % 1400 + 40) * mm) for k in range(8)]
    return replace(case, fabric=replace(case.fabric, defects=tuple(Defect(box) for box in boxes)))


def zones(case: Case) -> Case:
    from cutkit.model import Zone

    width = case.fabric.usable_width_mm
    named = (Zone("low", 0.0, 0.6 * width), Zone("high", 0.4 * width, width))
    zoned = case.with_pieces(lambda piece: replace(piece, zones=(named[len(piece.id) % 2].name,)))
    return replace(zoned, fabric=replace(case.fabric, zones=named))


def _matched(case: Case, group: str) -> Case:
    from cutkit.model import Match, Repeat

    def tied(piece: OrderedPiece) -> OrderedPiece:
        point = piece.outline.representative_point()
        return replace(piece, matches=(Match("middle", (point.x, point.y), group),))

    repeat = Repeat(60.0 * case.mm, 80.0 * case.mm)
    return replace(case.with_pieces(tied), fabric=replace(case.fabric, repeat=repeat))


def matched_to_cloth(case: Case) -> Case:
    return _matched(case, "")


def matched_in_groups(case: Case) -> Case:
    return _matched(case, "front")


def span(case: Case) -> Case:
    areas = {piece.id: piece.outline.area for piece in case.demand.pieces}
    garments = len({copy.bundle for copy in case.demand.copies})
    length = sum(areas[copy.piece] for copy in case.demand.copies) / case.fabric.usable_width_mm / 0.8
    return replace(case, settings=replace(case.settings, bundle_span_mm=length * (0.4 + 0.8 / garments)))


def blocks(case: Case) -> Case:
    return case.with_pieces(lambda piece: replace(piece, block=piece.outline.buffer(6.0 * case.mm, join_style="mitre")))


def locked(case: Case) -> Case:
    """A quarter of the pieces; none at the end, which would fix the length."""
    from cutkit.nest import nest

    start = nest(case.fabric, case.demand, replace(case.settings, rounds=2))
    early = [polygon.bounds[2] < 0.8 * start.length_mm for polygon in start.polygons]
    lying = tuple(replace(p, locked=k % 3 == 0 and early[k]) for k, p in enumerate(start.placements))
    return replace(case, start=replace(start, placements=lying))


def folds(case: Case) -> Case:
    """The smallest piece lies on the fold."""
    smallest = min(case.demand.pieces, key=lambda piece: piece.outline.area).id
    pieces = [replace(p, fold="low") if p.id == smallest else p for p in case.demand.pieces]
    copies = [replace(c, angles_deg=(0.0,), mirrored=False) if c.piece == smallest else c for c in case.demand.copies]
    counted = [replace(p, ordered=p.total, ordered_mirrored=0) if p.id == smallest else p for p in pieces]
    demand = replace(case.demand, pieces=tuple(counted), copies=tuple(copies))
    return replace(case, demand=demand, fabric=replace(case.fabric, spread="folded"))


def one_way(case: Case) -> Case:
    return case.with_angles(lambda _: (0.0,), nap="one-way")


def per_bundle(case: Case) -> Case:
    return case.with_angles(lambda bundle: (180.0 * (bundle % 2),), nap="per-bundle")


def tilt(case: Case) -> Case:
    return case.with_pieces(lambda piece: replace(piece, tilt_deg=3.0), every=1)


def gap(case: Case) -> Case:
    return replace(case, settings=replace(case.settings, gap_mm=2.0 * case.mm))


RULES: dict[str, Callable[[Case], Case]] = {
    "none": lambda case: case,
    "flaws": flaws,
    "zones": zones,
    "matches to cloth": matched_to_cloth,
    "matches in groups": matched_in_groups,
    "span": span,
    "blocks": blocks,
    "locked": locked,
    "folds": folds,
    "one-way": one_way,
    "per-bundle": per_bundle,
    "tilt 3": tilt,
    "gap 2 mm": gap,
}


@dataclass
class Figures:
    """What the nests under one rule came to."""

    million_s: list[float] = field(default_factory=list)
    efficiency: list[float] = field(default_factory=list)
    remark: str = ""


@dataclass
class Watch:
    """Listens to a nest: the processor's clock when its search began."""

    searching_s: float | None = None

    def __call__(self, progress: Any) -> None:
        if progress.stage == "searching" and self.searching_s is None:
            self.searching_s = time.process_time()


def measure(case: Case, figures: Figures) -> None:
    """Nest, and add the figures."""
    from cutkit.check import check_marker
    from cutkit.nest import nest
    from cutkit.nest.search import CHAINS_BY_ROUNDS, ROUND_WORK

    watch = Watch()
    marker = nest(case.fabric, case.demand, case.settings, start=case.start, listener=watch)
    spent_s = time.process_time() - (watch.searching_s or 0.0)
    figures.million_s.append(marker.search.rounds * CHAINS_BY_ROUNDS * ROUND_WORK / spent_s / 1e6)
    figures.efficiency.append(100 * marker.efficiency)
    faults = check_marker(marker)
    if faults or marker.unplaced:
        figures.remark = faults[0].message if faults else f"unplaced: {sum(u.count for u in marker.unplaced)}"


def with_and_without(job: Job, a: argparse.Namespace) -> None:
    """The table of one job: a line per rule."""
    from cutkit.model import NestSettings

    fabric, demand = job.load()
    if not job.order:  # an instance knows no garments: each copy of an item goes to one of its own
        seen: dict[str, int] = defaultdict(int)
        copies = []
        for copy in demand.copies:
            seen[copy.piece] += 1
            copies.append(replace(copy, bundle=seen[copy.piece]))
        demand = replace(demand, copies=tuple(copies))
    names = [name for name in RULES if not a.rules or name in a.rules]
    found = {name: Figures() for name in names}
    for seed in a.seeds:
        for name in names:
            settings = NestSettings(seed=seed, rounds=a.rounds, workers=a.workers)
            measure(RULES[name](Case(fabric, demand, settings)), found[name])
    print(f"\n{job.name}, {len(demand.copies)} copies, {a.rounds} rounds, mean of {len(a.seeds)} seeds")
    print(f"{'rule':<20}{'million/s':>10}{'%':>8}{'efficiency %':>14}{'points':>8}")
    base = found[names[0]]
    for name, figures in found.items():
        rate, efficiency = mean(figures.million_s), mean(figures.efficiency)
        print(
            f"{name:<20}{rate:>10.2f}{100 * (rate / mean(base.million_s) - 1):>+8.1f}"
            f"{efficiency:>14.2f}{efficiency - mean(base.efficiency):>+8.2f}  {figures.remark}".rstrip(),
            flush=True,
        )


# --- two checkouts


def compare(paths: list[Path], a: argparse.Namespace) -> None:
    """Densities and evaluations a second of this checkout and another, side by side."""
    sides = {"here": ROOT, "there": a.against}
    density: dict[str, list[float]] = defaultdict(list)
    rate: dict[str, list[float]] = defaultdict(list)
    for checkout in sides.values():
        run("cutkit", Job(str(paths[0]), 0), checkout)  # lets it compile its kernels
    print(f"{'instance':<14}{'seed':>5}{'here %':>9}{'there %':>9}{'diff':>8}{'here M/s':>10}{'there M/s':>10}")
    for path in paths:
        for k, seed in enumerate(a.seeds):
            job = Job(str(path), a.time, seed, a.workers)
            order = list(sides) if k % 2 == 0 else list(sides)[::-1]
            runs = {side: run("cutkit", job, sides[side]) for side in order}
            for side, ran in runs.items():
                if ran.outcome is None or ran.remark:
                    print(f"{job.name} {side}: {ran.remark}")
                density[side].append(ran.score)
                rate[side].append(ran.outcome.million_evaluations_s if ran.outcome else 0.0)
            d, r = ([figures[side][-1] for side in sides] for figures in (density, rate))
            print(f"{job.name:<14}{seed:>5}{d[0]:>9.3f}{d[1]:>9.3f}{d[0] - d[1]:>+8.3f}{r[0]:>10.2f}{r[1]:>10.2f}")
            sys.stdout.flush()
    d, r = ([mean(figures[side]) for side in sides] for figures in (density, rate))
    print(f"{'mean':<14}{'':>5}{d[0]:>9.3f}{d[1]:>9.3f}{d[0] - d[1]:>+8.3f}{r[0]:>10.2f}{r[1]:>10.2f}")
    faster = f"{100 * (r[0] / r[1] - 1):+.1f} % evaluations a second" if r[1] else "no time for a search"
    print(f"here has {d[0] - d[1]:+.3f} points of density, and {faster}")
    compare_kernels(sides)


def compare_kernels(sides: dict[str, Path]) -> None:
    """The figures of both checkouts' own ``bench_kernels``, the medians of a few runs in turn."""
    pattern = re.compile(r"([\d.]+) million (?:evaluations )?a second")
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for k in range(KERNEL_RUNS):
        for side in list(sides) if k % 2 == 0 else list(sides)[::-1]:
            command = [sys.executable, str(sides[side] / "benchmarks" / "bench_kernels.py")]
            env = environment(sides[side])
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
            found[side].append(tuple(float(figure) for figure in pattern.findall(done.stdout)))
    print(f"\nkernels alone, medians of {KERNEL_RUNS} runs{'here M/s':>14}{'there M/s':>11}{'%':>8}")
    for k, name in enumerate(("an evaluation", "the search")):
        here, there = (median(figures[k] for figures in found[side]) for side in sides)
        print(f"{name:<32}{here:>12.2f}{there:>11.2f}{100 * (here / there - 1):>+8.1f}")


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instances", nargs="*", type=Path, metavar="INSTANCE.json")
    parser.add_argument("--rounds", type=int, default=10, help="effort of each nest with rules")
    parser.add_argument("--rules", type=lambda text: ["none", *text.split(",")], help="only some, such as flaws,span")
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="compare with another checkout instead")
    parser.add_argument("--time", type=int, default=10, help="seconds for each nest of two checkouts")
    parser.add_argument("--seeds", type=seeds_of, default=[1, 2], help="such as 1,2,3")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/bench"), help="folder of instances that are made")
    a = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}")
    if a.against is not None:
        compare(a.instances or made_instances(a.out), a)
    else:
        for job in [SHIRT, *(Job(str(path), 0) for path in a.instances)]:
            with_and_without(job, a)
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
