"""cutkit beside sparrow on the garments of ``patterns/``: shirt and trousers, three sizes, two garments each, 150 cm.

Once with pieces that may touch and once 2 mm apart. Both sides get the same copies: sparrow the mirrored ones as items
of their own, and the gap as its separation between items. Every layout of cutkit's is judged on the original outlines
twice, by shapely alone and by the referee of the package; a fault scores nothing. Runs take turns, each in a process of
its own.

    python benchmarks/bench_garments.py                 10 s each
    python benchmarks/bench_garments.py --time 60
"""

from __future__ import annotations

import argparse
import itertools
from collections import defaultdict
from pathlib import Path
from statistics import mean

from contest import Job, Run, in_turn, warm_up

PATTERNS = Path(__file__).resolve().parents[1] / "patterns"
ORDERS = {"shirt.dxf": "S=2,M=2,L=2", "trousers.dxf": "32=2,34=2,36=2"}
GAPS_MM = (0.0, 2.0)
WIDTH_MM = 1500.0


def referees_faults(ran: Run) -> list[str]:
    """What the package's referee finds wrong with a layout, on the outlines of the pattern."""
    from cutkit.check import check_marker
    from cutkit.model import Marker, NestSettings, Placement

    assert ran.outcome is not None
    fabric, demand = ran.job.load()
    bundles = defaultdict(list)
    for copy in demand.copies:
        bundles[copy.piece, copy.mirrored].append(copy.bundle)
    placements = [
        Placement(p.piece, bundles[p.piece, p.mirrored].pop(), p.x_mm, p.y_mm, p.angle_deg, p.mirrored)
        for p in ran.outcome.lying
    ]
    settings = NestSettings(gap_mm=ran.job.gap_mm, time_s=ran.job.seconds)
    return [fault.message for fault in check_marker(Marker(fabric, demand.pieces, tuple(placements), settings))]


def length_m(ran: Run) -> float:
    """The fabric's length that a layout takes, in metres, by its density."""
    fabric, demand = ran.job.load()
    areas = {piece.id: piece.outline.area for piece in demand.pieces}
    return sum(areas[copy.piece] for copy in demand.copies) / (fabric.usable_width_mm * ran.score / 100) / 1000


def row(pattern: str, gap_mm: float, seed: int, ours: Run, theirs: Run) -> str:
    """A line of the table."""
    remarks = [f"{ran.side}: {ran.remark}" for ran in (ours, theirs) if ran.remark]
    if ours.outcome is not None and (faults := referees_faults(ours)):
        remarks.append(f"referee: {faults[0]}")
    count = len(ours.outcome.lying) if ours.outcome else 0
    text = f"{pattern:<14}{count:>7}{gap_mm:>7g}{seed:>6}{ours.score:>10.3f}{theirs.score:>11.3f}"
    lengths = "/".join(f"{length_m(ran):.3f}" if ran.score else "-" for ran in (ours, theirs))
    spent = "/".join(f"{ran.outcome.cpu_s:.0f}" if ran.outcome else "-" for ran in (ours, theirs))
    return f"{text}{ours.score - theirs.score:>+12.3f}{lengths:>16}{spent:>11}  {'; '.join(remarks)}".rstrip()


def main() -> None:
    """Print a row per pattern, gap and seed, and the mean difference."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time", type=int, default=10, help="seconds for each run, preparation included")
    parser.add_argument("--seeds", default="1", help="such as 1,2,3")
    parser.add_argument("--workers", type=int, default=2)
    a = parser.parse_args()
    seeds = [int(part) for part in a.seeds.split(",")]

    def job(pattern: str, gap_mm: float, seed: int, seconds: int) -> Job:
        return Job(str(PATTERNS / pattern), seconds, seed, a.workers, gap_mm, ORDERS[pattern], WIDTH_MM)

    warm_up(job("shirt.dxf", 0.0, 1, 0))
    columns = f"{'pattern':<14}{'pieces':>7}{'gap mm':>7}{'seed':>6}{'cutkit %':>10}{'sparrow %':>11}"
    print(f"{columns}{'difference':>12}{'metres c/s':>16}{'cpu s c/s':>11}")
    differences = []
    for k, (pattern, gap_mm, seed) in enumerate(itertools.product(ORDERS, GAPS_MM, seeds)):
        pair = in_turn(job(pattern, gap_mm, seed, a.time), sparrow_first=k % 2 == 1)
        print(row(pattern, gap_mm, seed, pair["cutkit"], pair["sparrow"]), flush=True)
        differences.append(pair["cutkit"].score - pair["sparrow"].score)
    print(f"mean difference {mean(differences):+.3f} points over {len(differences)} pairs of runs")


if __name__ == "__main__":
    main()
