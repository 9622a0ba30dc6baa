"""What the nest search costs and gives, on two garments of ``patterns/``: preparation, moves a second, efficiency.

Run it with ``python benchmarks/bench_search.py [SECONDS] [SEEDS]`` on an idle machine (defaults: 10 s, seeds 1 to 3).
A first, uncounted run compiles the kernels.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from cutkit.formats.dxf import read_pattern
from cutkit.formats.orders import read_order
from cutkit.model import Demand, Fabric, NestSettings
from cutkit.nest import Progress, nest
from cutkit.plan.demand import plan_demands

PATTERNS = Path(__file__).resolve().parents[1] / "patterns"
ORDERS = {"shirt.dxf": "S=2,M=2,L=2", "trousers.dxf": "32=2,34=2,36=2"}
FABRIC = Fabric(1500.0)


def demand_of(name: str) -> Demand:
    """The first material of six garments in three sizes."""
    return plan_demands([read_pattern(PATTERNS / name)], read_order(ORDERS[name]), nap="two-way")[0]


def run(demand: Demand, seconds: float, seed: int) -> tuple[float, float, float]:
    """Preparation in seconds, and the efficiency in percent of the first layout and of the result."""
    first: list[Progress] = []

    def listen(progress: Progress) -> None:
        if progress.stage == "searching" and not first:
            first.append(progress)

    marker = nest(FABRIC, demand, NestSettings(time_s=seconds, seed=seed), listener=listen)
    begin = first[0]
    return begin.elapsed_s, 100 * (begin.efficiency or 0), 100 * marker.efficiency


def kernel_rates(demand: Demand) -> tuple[float, float]:
    """Exact evaluations a second and microseconds per move of one chain, over two seconds."""
    import numpy as np

    from cutkit.kernels import moves
    from cutkit.nest.chain import Chain, Problem, SearchPlan
    from cutkit.nest.shapes import shapes_of
    from cutkit.nest.start import first_layout, shelf_layout
    from cutkit.nest.tables import build_tables

    width = FABRIC.usable_width_mm
    shapes = shapes_of(demand, 5e-5 * width)
    tables = build_tables(shapes, width, 0.0, 2, lambda: False)
    assert tables is not None
    options = [shapes.options(copy) for copy in demand.copies]
    problem = Problem(tables, options, {}, 1.0)
    start = first_layout(problem, shelf_layout(tables.half, options, width, 0.0))
    chain = Chain(problem, SearchPlan(), np.random.default_rng(1), start)
    begin = time.perf_counter()
    for _ in chain.run():
        if time.perf_counter() - begin > 2:
            break
    spent = time.perf_counter() - begin
    evaluations, count = chain.layout.tally[moves.EVALUATIONS], chain.layout.tally[moves.MOVES]
    return evaluations / spent, 1e6 * spent / count


def main() -> None:
    """Print a row per garment."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    seeds = range(1, 1 + (int(sys.argv[2]) if len(sys.argv) > 2 else 3))
    run(demand_of("shirt.dxf"), 1.0, 0)
    print(f"{'pattern':<14}{'copies':>7}{'ready s':>9}{'first %':>9}{'result %':>10}{'M eval/s':>10}{'us/move':>9}")
    for name in ORDERS:
        demand = demand_of(name)
        runs = [run(demand, seconds, seed) for seed in seeds]
        ready, first, result = (statistics.mean(r[k] for r in runs) for k in range(3))
        rate, move = kernel_rates(demand)
        print(
            f"{name:<14}{len(demand.copies):>7}{ready:>9.2f}{first:>9.2f}{result:>10.2f}{rate / 1e6:>10.2f}{move:>9.1f}"
        )


if __name__ == "__main__":
    main()
