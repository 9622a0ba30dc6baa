"""Whether a looser rule makes a tighter marker: naps, gaps and tilt on six shirts, each on the mean of several seeds.

The kinds take turns within every seed, so that a busy machine does all of them the same harm. Exits 1 where the means
do not come in the order in which they must: two-way, per-bundle, one-way; gaps of 0, 2 and 5 mm; tilt not below none.

    python benchmarks/bench_orderings.py --time 20 --seeds 1,2,3,4
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path
from statistics import mean

from cutkit.formats.patterns import read_pattern
from cutkit.model import Fabric, Nap, NestSettings, Order, OrderLine
from cutkit.nest import nest
from cutkit.plan.demand import make_plan

SHIRT = Path(__file__).resolve().parent.parent / "patterns" / "shirt.dxf"
WIDTH_MM = 1500.0
ORDER = Order((OrderLine("S", 2), OrderLine("M", 2), OrderLine("L", 2)))
KINDS: dict[str, tuple[Nap, float, float]] = {
    "two-way": ("two-way", 0.0, 0.0),
    "per-bundle": ("per-bundle", 0.0, 0.0),
    "one-way": ("one-way", 0.0, 0.0),
    "gap 2 mm": ("two-way", 2.0, 0.0),
    "gap 5 mm": ("two-way", 5.0, 0.0),
    "tilt 3 degrees": ("two-way", 0.0, 3.0),
}
"""Nap, gap in mm and tilt in degrees of each kind."""
FALLING = (("two-way", "per-bundle", "one-way"), ("two-way", "gap 2 mm", "gap 5 mm"), ("tilt 3 degrees", "two-way"))


def efficiency(kind: str, time_s: float, seed: int) -> float:
    """The efficiency of one nest, in percent."""
    nap, gap_mm, tilt_deg = KINDS[kind]
    (demand,) = make_plan([read_pattern(SHIRT)], ORDER, nap=nap, tilt_deg=tilt_deg).demands
    marker = nest(Fabric(WIDTH_MM, nap=nap), demand, NestSettings(gap_mm=gap_mm, seed=seed, time_s=time_s))
    return 100 * marker.efficiency


def main() -> int:
    """Nest all kinds, print the table; 1 where the order is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--time", type=float, default=20.0, help="seconds for each nest")
    parser.add_argument("--seeds", default="1,2,3,4", help="such as 1,2,3")
    told = parser.parse_args()
    seeds = [int(seed) for seed in told.seeds.split(",")]
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for seed in seeds:
        for kind, values in found.items():
            values.append(efficiency(kind, told.time, seed))
    for kind, values in found.items():
        print(f"{kind:<16} {mean(values):6.2f} %    " + "  ".join(f"{value:.2f}" for value in values))
    wrong = [(a, b) for row in FALLING for a, b in pairwise(row) if mean(found[a]) < mean(found[b])]
    for a, b in wrong:
        print(f"{a} is below {b}")
    return min(1, len(wrong))


if __name__ == "__main__":
    sys.exit(main())
