"""How the nest bears numbers: pieces, types and points, from a handful to a day's cutting.

Each case is a process of its own. The columns: seconds until the tables of all pairs are ready, on the clock and of the
processors; the same until the first layout of the search (a plain one by boxes, valid too, is there before the tables);
the most memory the process ever held; density at the end. ``--versus`` runs sparrow for the same time as well.

    python benchmarks/bench_scale.py                                       the short cases, 5 s each
    python benchmarks/bench_scale.py acceptance --time 120 --versus        1,000 pieces of 40 types, 44 points
    python benchmarks/bench_scale.py 500,30,60 --time 30                   pieces, types, points
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

from contest import Job, Run, run, warm_up
from garments import garment_pieces, strip_instance, write_instance

WIDTH_MM = 1500.0


@dataclass(frozen=True)
class Case:
    """A case: its name, how many pieces of how many types, and the points of each outline."""

    name: str
    pieces: int
    types: int
    points: int

    def instance(self, folder: Path, seed: int) -> Path:
        """The case as an instance in ``folder``."""
        made = garment_pieces(self.types, self.points, seed)
        return write_instance(strip_instance(made, self.pieces, WIDTH_MM, self.name), folder / f"{self.name}.json")


CASES = (
    Case("handful", 5, 5, 44),
    Case("alike", 60, 1, 44),
    Case("coarse", 60, 20, 8),
    Case("marker", 60, 20, 44),
    Case("fine", 60, 20, 400),
    Case("order", 300, 40, 44),
    Case("acceptance", 1000, 40, 44),
    Case("day", 3000, 40, 44),
    Case("styles", 3000, 100, 44),
    Case("all", 3000, 100, 400),
)
SHORT = ("handful", "alike", "coarse", "marker", "fine", "order", "acceptance")
"""The cases of a run that names none; the others take minutes or much memory."""


def case_of(text: str) -> Case:
    """A case by its name, or by its pieces, types and points."""
    for case in CASES:
        if case.name == text:
            return case
    try:
        pieces, types, points = map(int, text.split(","))
    except ValueError:
        names = ", ".join(case.name for case in CASES)
        raise argparse.ArgumentTypeError(f"{text!r} is none of {names}, and not PIECES,TYPES,POINTS") from None
    return Case(text.replace(",", "-"), pieces, types, points)


HEAD = (
    f"{'case':<12}{'pieces':>7}{'types':>6}{'points':>7}  {'side':<8}"
    f"{'tables s':>9}{'cpu s':>7}{'first s':>9}{'cpu s':>7}{'MB':>7}{'density %':>11}"
)


def row(case: Case, ran: Run) -> str:
    """A line of the table; a dash for what never came, or is not told."""

    def told(value: float | None, width: int) -> str:
        return f"{'-' if value is None else f'{value:.2f}':>{width}}"

    text = f"{case.name:<12}{case.pieces:>7}{case.types:>6}{case.points:>7}  {ran.side:<8}"
    if ran.outcome is None:
        return f"{text}  {ran.remark}"
    o = ran.outcome
    first_s = o.first_s if ran.side == "cutkit" else o.trace[0][0]
    text += told(o.prepared_s, 9) + told(o.prepared_cpu_s, 7) + told(first_s, 9) + told(o.first_cpu_s, 7)
    return f"{text}{o.peak_mb:>7.0f}{ran.density:>11.3f}  {ran.remark}".rstrip()


def difference(ours: Run, theirs: Run) -> str:
    """How far cutkit is ahead, and the processor seconds that both had: on a busy machine less than they asked for."""
    spent = " and ".join(f"{ran.outcome.cpu_s:.0f}" for ran in (ours, theirs) if ran.outcome)
    return f"{ours.job.name}: cutkit {ours.score - theirs.score:+.3f} points, with {spent} processor seconds"


def main() -> None:
    """Print a row per case and side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ", ".join(case.name for case in CASES)
    parser.add_argument("cases", nargs="*", type=case_of, metavar="CASE", help=f"{names}, or PIECES,TYPES,POINTS")
    parser.add_argument("--time", type=int, default=5, help="seconds for each, preparation included")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1, help="of the outlines and of the search")
    parser.add_argument("--versus", action="store_true", help="sparrow as well, which needs the extra 'bench'")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        warm_up(Job(str(CASES[0].instance(Path(folder), a.seed)), 0))
        print(HEAD, flush=True)
        for case in a.cases or [case_of(name) for name in SHORT]:
            job = Job(str(case.instance(Path(folder), a.seed)), a.time, a.seed, a.workers)
            ours = run("cutkit", job)
            print(row(case, ours), flush=True)
            if a.versus:
                theirs = run("sparrow", job)
                print(row(case, theirs), flush=True)
                if theirs.outcome is not None:
                    print(difference(ours, theirs), flush=True)


if __name__ == "__main__":
    main()
