"""Random rules of cloth on the patterns, every marker judged: ``python tests/rules_soak.py [COUNT] [FIRST]``.

A job is a garment, an order, a cloth with flaws, zones and repeats, rules of pieces, and how the order is dealt out to
markers, all made from its number alone; ``rules_soak.py 1 NUMBER`` repeats it. Each marker is judged by the referee, by
its naive twins and by the shared referee, where that is at hand. A job that cannot be must be refused by an error that
says why. Prints a table by rule, and exits 1 where any marker has a fault or a copy is lost.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent / "nest"))

from drafts import PATTERNS
from naive_rules import twin_faults
from random_terms import random_order, random_terms
from soak import shared_check

from cutkit.check import check_marker
from cutkit.errors import InfeasibleError, InputError, UsageError
from cutkit.formats.marker import marker_text, parse_marker
from cutkit.formats.patterns import read_pattern
from cutkit.lay import LayRules, Sections, lay
from cutkit.model import Defect, Demand, Marker, NestSettings, OrderLine, Pattern, Roll
from cutkit.nest import nest, search
from cutkit.plan.demand import make_plan
from cutkit.plan.terms import Terms

GARMENTS = ("tshirt", "tshirt", "tote", "hoodie", "trousers", "dress", "shirt")
ROUND_WORK = 40_000
"""Far shorter rounds than in earnest: what is tried here is validity."""


@dataclass(frozen=True)
class Job:
    """One combination of rules, pattern and order."""

    pattern: Pattern
    order: object
    terms: Terms
    settings: NestSettings
    rules: LayRules
    locks: bool


@dataclass
class Outcome:
    """What became of a job: markers, copies left out with a reason, what it was refused for, and faults."""

    markers: list[Marker] = field(default_factory=list)
    refused: str = ""
    faults: list[str] = field(default_factory=list)


@cache
def pattern_of(garment: str) -> Pattern:
    """A pattern of the repository."""
    return read_pattern(PATTERNS / f"{garment}.dxf")


def random_job(number: int) -> Job:
    """The job of a number."""
    rng = random.Random(f"rules {number}")
    pattern = pattern_of(rng.choice(GARMENTS))
    terms = random_terms(rng, pattern)
    fabric = terms.fabric
    if rng.random() < 0.5:
        fabric = replace(fabric, defects=tuple(_flaw(rng) for _ in range(rng.randint(1, 12))))
    if fabric.repeat is not None and rng.random() < 0.2:
        fabric = replace(fabric, repeat=replace(fabric.repeat, angle_deg=rng.choice([30.0, 45.0])))
    if rng.random() < 0.3:
        low, high = {"folded": (0.0, 15.0), "tubular": (0.0, 0.0)}.get(fabric.spread, (10.0, rng.choice([None, 15.0])))
        fabric = replace(fabric, selvedge_mm=low, high_selvedge_mm=high, start_margin_mm=20.0)
    if rng.random() < 0.25:
        fabric = replace(fabric, max_length_mm=rng.choice([1200.0, 2000.0, 3000.0]))
    order = random_order(rng, pattern)
    few = tuple(OrderLine(line.size, min(line.count, 2)) for line in order.lines)
    order = order if terms.plies is not None else replace(order, lines=few[: rng.randint(1, 2)])
    settings = NestSettings(
        gap_mm=rng.choice([0.0, 0.0, 1.5, 4.0]),
        seed=number,
        rounds=rng.randint(1, 3),
        bundle_span_mm=rng.choice([None, None, None, 1500.0]),
    )
    rules = LayRules(
        garments_per_marker=rng.choice([None, None, None, 2]),
        parts_garments=rng.random() < 0.1,
        sections=rng.choice([None, None, None, Sections(), Sections(2)]),
        rolls=tuple(_roll(rng, k) for k in range(3)) if rng.random() < 0.15 else (),
    )
    return Job(pattern, order, replace(terms, fabric=fabric), settings, rules, locks=rng.random() < 0.2)


def _flaw(rng: random.Random) -> Defect:
    x, y = rng.uniform(-20, 3000), rng.uniform(-20, 1500)
    size = (rng.uniform(1, 60), rng.uniform(1, 40)) if rng.random() < 0.9 else (4000.0, rng.uniform(1, 10))
    return Defect((x, y, x + size[0], y + size[1]), ("B",) if rng.random() < 0.4 else ())


def _roll(rng: random.Random, k: int) -> Roll:
    flaws = tuple(_flaw(rng) for _ in range(rng.randint(0, 4)))
    length = rng.uniform(800, 6000)
    return Roll(f"R{k}", rng.choice([1000.0, 1500.0]), length, "remnant" if length < 1500 else "roll", flaws)


def run(job: Job) -> Outcome:
    """Nest a job, and judge what comes out of it."""
    outcome = Outcome()
    try:
        plan = make_plan([job.pattern], job.order, terms=job.terms)
    except (InputError, UsageError, InfeasibleError) as error:
        outcome.refused = str(error)
        return outcome
    for demand in (*plan.demands, *plan.remainder):
        try:
            laid = lay(job.terms.fabric, demand, job.settings, job.rules)
        except (InputError, UsageError, InfeasibleError) as error:
            outcome.refused = str(error)
            continue
        outcome.faults += _lost(demand, laid.markers)
        outcome.markers += laid.markers
        if (
            job.locks
            and len(laid.markers) == 1
            and laid.markers[0].placements
            and job.rules.holds_nothing(job.terms.fabric)
        ):
            outcome.markers.append(_gone_on_from(laid.markers[0], job, demand, outcome.faults))
    outcome.faults += [fault for marker in outcome.markers for fault in faults_of(marker)]
    return outcome


def _gone_on_from(marker: Marker, job: Job, demand: Demand, faults: list[str]) -> Marker:
    """A marker nested again from one with every third piece locked; adds the faults of that."""
    locked = tuple(replace(p, locked=k % 3 == 0) for k, p in enumerate(marker.placements))
    again = nest(marker.fabric, demand, job.settings, start=replace(marker, placements=locked, stated=None))
    if not {p for p in locked if p.locked} <= set(again.placements):
        faults.append("a locked piece has moved")
    return again


def _lost(demand: Demand, markers: tuple[Marker, ...]) -> Iterator[str]:
    """Copies that are neither placed nor named as unplaced with a reason."""
    wanted = Counter(copy.piece for copy in demand.copies)
    found = Counter(p.piece for marker in markers for p in marker.placements)
    for marker in markers:
        for unplaced in marker.unplaced:
            found[unplaced.piece] += unplaced.count
            if not unplaced.reason:
                yield f"{unplaced.piece}: unplaced without a reason"
    for piece in wanted | found:
        if wanted[piece] != found[piece]:
            yield f"{piece}: {wanted[piece]} wanted, {found[piece]} placed or named"


def faults_of(marker: Marker) -> list[str]:
    """What any judge finds wrong with a marker, in the form in which it is written."""
    if not marker.placements:
        return [] if marker.unplaced else ["nothing is placed, and nothing said of it"]
    text = marker_text(marker)
    read = parse_marker(text.encode(), where="marker")
    faults = [f"referee: {fault.code}: {fault.message}" for fault in check_marker(read)]
    faults += [f"twin: {fault}" for fault in twin_faults(read)]
    check = shared_check()
    return faults + [f"shared referee: {fault}" for fault in (check(json.loads(text))[0] if check else [])]


def rules_in(marker: Marker, job: Job) -> Iterator[str]:
    """The rules that hold in a marker, by the names of the table's rows."""
    fabric, pieces = marker.fabric, marker.pieces
    tests = {
        "flaws": bool(fabric.defects),
        "flaws with classes": any(d.allows for d in fabric.defects) and any(p.quality for p in pieces),
        "zones": any(p.zones for p in pieces),
        "fold": any(p.fold for p in pieces),
        "match, cloth": fabric.repeat is not None and any(m.group == "" for p in pieces for m in p.matches),
        "match, groups": fabric.repeat is not None and any(m.group for p in pieces for m in p.matches),
        "ties": any(p.ties for p in pieces),
        "blocks": any(p.block is not None for p in pieces),
        "tilt": any(p.tilt_deg for p in pieces),
        "free mirroring": any(p.may_mirror for p in pieces),
        "turns": any(len(p.allowed_angles_deg) > 2 for p in pieces),
        "gap": marker.settings.gap_mm > 0,
        "span": marker.settings.bundle_span_mm is not None,
        "sections": job.rules.sections is not None,
        "rolls": bool(job.rules.rolls),
        "length limit": fabric.max_length_mm is not None,
        "locked": any(p.locked for p in marker.placements),
        f"nap {fabric.nap}": True,
        f"spread {fabric.spread}": True,
        "selvedges, margins": fabric.selvedge_mm > 0 or fabric.start_margin_mm > 0,
        "shrinkage": any(fabric.shrinkage),
    }
    return (rule for rule, holds in tests.items() if holds)


def main() -> int:
    """Run the jobs and print the table; 1 where there was a fault."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    begin = time.process_time()
    search.ROUND_WORK = ROUND_WORK
    rows: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    for number in range(first, first + count):
        job = random_job(number)
        try:
            outcome = run(job)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            outcome = Outcome(faults=[f"{type(error).__name__}: {error}"])
        totals["refused"] += bool(outcome.refused)
        totals["bad"] += bool(outcome.faults)
        if outcome.faults:
            print(f"job {number}: {'; '.join(outcome.faults[:3])}", flush=True)
        for marker in outcome.markers:
            for rule in ("all", *rules_in(marker, job)):
                row = rows.setdefault(rule, Counter())
                row["markers"] += 1
                row["invalid"] += bool(outcome.faults)
                row["placed"] += len(marker.placements)
                row["unplaced"] += sum(u.count for u in marker.unplaced)
    print(f"{'rule':<22}{'markers':>9}{'invalid':>9}{'placed':>9}{'unplaced':>10}")
    for rule in sorted(rows, key=lambda rule: (rule != "all", rule)):
        row = rows[rule]
        print(f"{rule:<22}{row['markers']:>9}{row['invalid']:>9}{row['placed']:>9}{row['unplaced']:>10}")
    judges = "referee, twins, shared referee" if shared_check() else "referee and twins: the shared one is not here"
    print(f"{count} jobs from {first} on: {totals['bad']} with faults, {totals['refused']} refused; {judges};")
    print(f"{time.process_time() - begin:.0f} processor seconds")
    return min(totals["bad"], 1)


if __name__ == "__main__":
    sys.exit(main())
