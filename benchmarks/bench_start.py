"""Starting from a marker: what ``nest --start`` makes of another nester's solution, and of a marker in other sizes.

First sparrow nests every instance, and cutkit goes on from what it found. The table tells how deep pieces overlap in
that solution, the length before and after, and when the first gain came. Then a marker of the shirt in two sizes gets
the next sizes put in, and is nested for so many rounds; beside it the same order from the beginning.

    python benchmarks/bench_start.py INSTANCE.json...              20 s of sparrow, then 60 s of cutkit, for each
    python benchmarks/bench_start.py --sizes-only --rounds 8       the other sizes alone
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from bench_race import made_instances, seeds_of
from contest import Job, run

if TYPE_CHECKING:
    from cutkit.model import Demand, Fabric, Marker
    from cutkit.nest import Progress

SHIRT = Path(__file__).resolve().parents[1] / "patterns" / "shirt.dxf"
SHIRT_WIDTH_MM = 1500.0
SIZES = (("S=2,M=2", "M=2,L=2"), ("M=2,L=2", "L=2,XL=2"), ("L=2,XL=2", "S=2,M=2"))
"""What was nested, and what is put into its places."""
GAIN_MM = 1e-6


@dataclass
class Gains:
    """Listens to a nest: when it began to search, and when its length first fell below that of the start."""

    before_mm: float
    begin: float = field(default_factory=time.monotonic)
    first_s: float | None = None

    def __call__(self, progress: Progress) -> None:
        is_shorter = progress.length_mm is not None and progress.length_mm < self.before_mm - GAIN_MM
        if self.first_s is None and progress.stage == "searching" and is_shorter:
            self.first_s = time.monotonic() - self.begin


def solution_of(job: Job, out: Path) -> Marker:
    """sparrow's solution as a marker, which is also written as a file, whatever its faults."""
    from cutkit.formats.marker import marker_text
    from cutkit.model import Marker, NestSettings, Placement

    solved = run("sparrow", job)
    if solved.outcome is None:
        raise SystemExit(f"sparrow cannot nest {job.name}: {solved.remark}")
    fabric, demand = job.load()
    lying = solved.outcome.lying
    placements = tuple(Placement(p.piece, 1, p.x_mm, p.y_mm, p.angle_deg, p.mirrored) for p in lying)
    marker = Marker(fabric, demand.pieces, placements, NestSettings())
    path = out / f"{job.name}.sparrow.marker.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(marker_text(marker))
    return marker


def deepest_mm(marker: Marker) -> float:
    """The width of the widest overlap of two pieces, by their area over half their outline where it is a sliver."""
    import numpy as np
    import shapely

    shapes = np.array(marker.polygons, dtype=object)
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    common = shapely.intersection(shapes[a[a < b]], shapes[b[a < b]])
    return max((2 * c.area / c.length for c in common if c.length > 0), default=0.0)


def improved_row(job: Job, seconds: float, out: Path) -> str:
    """A line of the first table: a solution of sparrow's, and what ``seconds`` of cutkit make of it."""
    from cutkit.check import check_marker
    from cutkit.model import NestSettings, Notice
    from cutkit.nest import nest

    start = solution_of(job, out)
    fabric, demand = job.load()
    told: list[Notice] = []
    gains = Gains(start.length_mm)
    settings = NestSettings(seed=job.seed, time_s=seconds, workers=job.workers)
    found = nest(fabric, demand, settings, start=start, listener=gains, tell=told.append)
    taken_s = time.monotonic() - gains.begin
    faults = len(check_marker(start)), len(check_marker(found))
    first = "never" if gains.first_s is None else f"{gains.first_s:.1f}"
    codes = ", ".join(notice.code for notice in told)
    gain = 100 * (1 - found.length_mm / start.length_mm)
    return (
        f"{job.name:<14}{deepest_mm(start):>11.6f}{faults[0]:>5}/{faults[1]:<4}{start.length_mm:>12.3f}"
        f"{found.length_mm:>12.3f}{gain:>8.3f}{first:>9}{taken_s:>7.1f}  {codes}"
    )


def improved(a: argparse.Namespace) -> None:
    """The first table."""
    print(f"load {os.getloadavg()[0]:.1f}; {a.sparrow_time} s of sparrow, then {a.time} s of cutkit")
    print(f"{'instance':<14}{'overlap mm':>11}{'faults':>9}{'before mm':>13}{'after mm':>12}{'gain %':>8}", end="")
    print(f"{'first s':>9}{'end s':>7}")
    for path in a.instances or made_instances(a.out):
        print(improved_row(Job(str(path), a.sparrow_time, a.seed, a.workers), a.time, a.out), flush=True)
    print(f"load {os.getloadavg()[0]:.1f}")


# --- other sizes


def shirt(order: str) -> tuple[Fabric, Demand]:
    """The cloth and the copies of an order of shirts."""
    return Job(str(SHIRT), 0, order=order, width_mm=SHIRT_WIDTH_MM).load()


def sizes_row(was: str, now: str, seeds: list[int], rounds: int) -> str:
    """A line of the second table: metres of the old sizes, of the new ones in their places, and of these from anew."""
    from cutkit.model import NestSettings
    from cutkit.nest import nest

    lengths: dict[str, list[float]] = {"old": [], "first": [], "put in": [], "anew": []}
    for seed in seeds:
        settings = NestSettings(seed=seed, rounds=rounds)
        start = nest(*shirt(was), settings)
        first: list[float] = []

        def listen(progress: Progress, first: list[float] = first) -> None:
            if progress.stage == "searching" and progress.length_mm:
                first.append(progress.length_mm)

        lengths["old"].append(start.length_mm)
        lengths["put in"].append(nest(*shirt(now), settings, start=start, listener=listen).length_mm)
        lengths["first"].append(first[0])
        lengths["anew"].append(nest(*shirt(now), settings).length_mm)
    means = {name: mean(values) / 1000 for name, values in lengths.items()}
    ahead = 100 * (means["anew"] / means["put in"] - 1)
    text = "".join(f"{means[name]:>10.3f}" for name in ("old", "first", "put in", "anew"))
    return f"{was:<12}{now:<12}{text}{ahead:>+9.2f}"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("instances", nargs="*", type=Path, metavar="INSTANCE.json")
    parser.add_argument("--sparrow-time", type=int, default=20, help="seconds of sparrow")
    parser.add_argument("--time", type=float, default=60.0, help="seconds of cutkit, from sparrow's solution")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=8, help="effort of every nest of the second table")
    parser.add_argument("--seeds", type=seeds_of, default=[1, 2], help="of the second table, such as 1,2,3")
    parser.add_argument("--sizes-only", action="store_true", help="only the second table")
    parser.add_argument("--out", type=Path, default=Path("out/bench/start"), help="folder of sparrow's solutions")
    a = parser.parse_args()
    if not a.sizes_only:
        improved(a)
    print(f"\nmetres of the shirt on 150 cm, {a.rounds} rounds each, mean of {len(a.seeds)} seeds")
    print(f"{'was':<12}{'is':<12}{'was m':>10}{'first':>10}{'put in':>10}{'anew':>10}{'ahead %':>9}")
    for was, now in SIZES:
        print(sizes_row(was, now, a.seeds, a.rounds), flush=True)


if __name__ == "__main__":
    main()
