"""Short nests to calibrate ``cutkit estimate`` on, and to judge it: jobs by number, and their nested lengths as a
table.

Jobs below 1000 are orders of the garments of ``patterns/`` where even, and random garment pieces (``garments.py``)
where odd, on cloth of many widths, with and without gaps, napped or not. Those from 1000 on are of random pieces that
are nearly rectangles: bags, cushions, aprons. A job is made from its number alone, so a line of the table is enough to
have its pieces again. A nest stops on rounds: the table does not depend on how busy the machine was.

    nice python benchmarks/estimate_jobs.py --jobs 240 --boxes 40      nests what is not yet in estimate_nests.csv
    python benchmarks/estimate_jobs.py --fit                  writes cutkit/plan/estimate.json from it (a second)
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import shapely
from garments import garment_pieces
from shapely.geometry import Polygon

from cutkit import __version__
from cutkit.formats.patterns import read_pattern
from cutkit.model import Copy, Demand, Fabric, NestSettings, Order, OrderedPiece, OrderLine, Pattern
from cutkit.nest import nest
from cutkit.plan.demand import plan_demands
from cutkit.plan.estimate import LengthModel, Observation, calibrate, features_of

HERE = Path(__file__).resolve().parent
TABLE = HERE / "estimate_nests.csv"
COEFFICIENTS = HERE.parent / "cutkit" / "plan" / "estimate.json"
PATTERNS = ("dress", "hoodie", "shirt", "tote", "trousers", "tshirt")
FIRST_BOXES = 1000
"""The first number of the jobs whose pieces are nearly rectangles."""
ROUNDS = 10
COLUMNS = ("job", "style", "copies", "width_mm", "gap_mm", "rounds", "length_mm", "efficiency")


@dataclass(frozen=True)
class EstimateJob:
    """What is nested: ``style`` groups the jobs whose pieces come from one pattern."""

    number: int
    style: str
    fabric: Fabric
    demand: Demand
    gap_mm: float

    @property
    def kind(self) -> str:
        """What sort of goods it is: ``garments``, ``random`` garment pieces or ``boxes``."""
        return self.style.partition("-")[0] if "-" in self.style else "garments"


@dataclass(frozen=True)
class Nested:
    """A job with the length that its nest came to."""

    job: EstimateJob
    length_mm: float

    @cached_property
    def observation(self) -> Observation:
        """What the estimate learns from."""
        job = self.job
        return Observation(features_of(job.demand.pieces, job.fabric, job.gap_mm), self.length_mm)


def job_of(number: int) -> EstimateJob:
    """Job ``number``: nearly rectangles from FIRST_BOXES on; else a garment of ``patterns/`` where it is even, random
    garment pieces where it is odd."""
    rng = np.random.default_rng([6, number])
    gap = float(rng.choice([0.0, 0.0, 2.0, 5.0]))
    nap = str(rng.choice(["two-way", "two-way", "one-way"]))
    fabric = Fabric(float(rng.choice([900, 1120, 1400, 1500, 1600, 1800])), float(rng.choice([0.0, 10.0])), nap)
    if number >= FIRST_BOXES:
        return EstimateJob(number, f"boxes-{number}", fabric, _box_demand(rng, fabric), gap)
    if number % 2:
        return EstimateJob(number, f"random-{number}", fabric, _random_demand(rng, number, nap), gap)
    name = PATTERNS[number // 2 % len(PATTERNS)]
    return EstimateJob(number, name, fabric, _pattern_demand(rng, name, nap), gap)


@lru_cache
def _pattern(name: str) -> Pattern:
    return read_pattern(HERE.parent / "patterns" / f"{name}.dxf")


def _pattern_demand(rng: np.random.Generator, name: str, nap: str) -> Demand:
    """One to eight garments in up to four sizes; one of the materials."""
    pattern = _pattern(name)
    sizes = rng.choice(pattern.sizes, int(rng.integers(1, min(4, len(pattern.sizes)) + 1)), replace=False)
    lines = tuple(OrderLine(str(size), int(rng.integers(1, 3))) for size in sizes)
    demands = plan_demands([pattern], Order(lines), nap=nap)
    return demands[0] if rng.random() < 0.7 else demands[-1]


def _random_demand(rng: np.random.Generator, number: int, nap: str) -> Demand:
    pieces = garment_pieces(int(rng.integers(3, 26)), 40, number)
    garments = int(rng.integers(1, 5))
    return _demand([(p.name, Polygon(p.outline), p.per_garment * garments) for p in pieces], nap)


def _box_demand(rng: np.random.Generator, fabric: Fabric) -> Demand:
    """Two to eight kinds of rectangles from 6 to 70 cm, every third with a corner or two cut off."""
    garments = int(rng.integers(1, 9))
    pieces = []
    for kind in range(int(rng.integers(2, 9))):
        length, height = np.exp(rng.uniform(np.log(60), np.log(700), 2))
        height = min(float(height), 0.9 * fabric.usable_width_mm)
        cut = float(rng.uniform(0.1, 0.4)) * min(length, height)
        corners = [(0.0, 0.0), (length, 0.0), (length, height), (0.0, height)]
        if rng.random() < 1 / 3:
            corners[2:3] = [(length, height - cut), (length - cut, height)]
            if rng.random() < 0.5:
                corners[-1:] = [(cut, height), (0.0, height - cut)]
        pieces.append((f"box-{kind}", Polygon(corners), int(rng.integers(1, 4)) * garments))
    return _demand(pieces, fabric.nap)


def _demand(pieces: list[tuple[str, Polygon, int]], nap: str) -> Demand:
    """A demand for so many copies of each outline."""
    angles = (0.0,) if nap == "one-way" else (0.0, 180.0)
    ordered = tuple(
        OrderedPiece(str(k), name, "", outline, count, allowed_angles_deg=angles)
        for k, (name, outline, count) in enumerate(pieces)
    )
    copies = tuple(Copy(p.id, n + 1, False, angles) for p in ordered for n in range(p.total))
    return Demand("", ordered, copies)


def nested(job: EstimateJob) -> dict[str, object]:
    """The line of the table for a job, nested now."""
    marker = nest(job.fabric, job.demand, NestSettings(job.gap_mm, job.number, rounds=ROUNDS, workers=1))
    if marker.unplaced:
        raise ValueError(f"job {job.number}: {len(marker.unplaced)} pieces find no place")
    values = (job.number, job.style, len(job.demand.copies), job.fabric.width_mm, job.gap_mm, ROUNDS)
    return dict(zip(COLUMNS, (*values, round(marker.length_mm, 3), round(marker.efficiency, 5)), strict=True))


def read_table() -> list[Nested]:
    """Every line of the table with its job made anew."""
    with TABLE.open(newline="") as stream:
        return [Nested(job_of(int(row["job"])), float(row["length_mm"])) for row in csv.DictReader(stream)]


def nest_missing(jobs: int, boxes: int) -> None:
    """Nest the first ``jobs`` jobs, and the first ``boxes`` of nearly rectangles, as far as the table lacks them; each
    is written as soon as it is done."""
    known = set()
    if TABLE.exists():
        with TABLE.open(newline="") as stream:
            known = {int(row["job"]) for row in csv.DictReader(stream)}
    with TABLE.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        if not known:
            writer.writeheader()
        for number in sorted({*range(jobs), *range(FIRST_BOXES, FIRST_BOXES + boxes)} - known):
            job = job_of(number)
            if not _fits(job):
                continue
            row = nested(job)
            writer.writerow(row)
            stream.flush()
            print(" ".join(str(value) for value in row.values()), flush=True)


def _fits(job: EstimateJob) -> bool:
    heights = [shapely.bounds(piece.outline)[3] - shapely.bounds(piece.outline)[1] for piece in job.demand.pieces]
    return max(heights) <= job.fabric.usable_width_mm


def model_of(rows: Sequence[Nested]) -> LengthModel:
    """What these nests teach."""
    jobs = [row.job for row in rows]
    return calibrate([row.observation for row in rows], [job.style for job in jobs], [job.kind for job in jobs])


def fit() -> None:
    """Write the coefficients that the package carries, with how they were made."""
    rows = read_table()
    made = f"benchmarks/estimate_jobs.py --fit, {len(rows)} nests of {ROUNDS} rounds, cutkit {__version__}"
    COEFFICIENTS.write_text(json.dumps({"made": made, **model_of(rows).to_json()}, indent=1) + "\n")
    print(f"{COEFFICIENTS.name}: {made}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=0, help="nest the jobs below this number")
    parser.add_argument("--boxes", type=int, default=0, help="nest so many of those that are nearly rectangles")
    parser.add_argument("--fit", action="store_true", help="write the coefficients")
    a = parser.parse_args()
    if a.jobs or a.boxes:
        nest_missing(a.jobs, a.boxes)
    if a.fit:
        fit()


if __name__ == "__main__":
    main()
