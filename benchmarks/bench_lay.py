"""Orders over several markers: the cloth that ``nest --max-length`` takes, beside what a person does first.

In turn: the garments go into the markers in the order in which they stand in it, each marker filled until one more does
not fit; and as ``cutkit.lay`` deals them out. Both judge by the same short nests, and the markers of both get the same
rounds, so that a busy machine does not decide. Then ten rolls with thirty flaws and five remnants: what becomes of
them, and by how much the balance is off.

    python benchmarks/bench_lay.py --rounds 20
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
from rich.console import Console
from rich.table import Table as RichTable

from cutkit.formats.dxf.layers import Overrides
from cutkit.formats.files import read_bytes
from cutkit.formats.orders import read_order
from cutkit.formats.patterns import parse_pattern
from cutkit.lay import LayRules, lay
from cutkit.lay.garments import Lot, stock_of
from cutkit.lay.judge import Effort, Judge
from cutkit.model import Defect, Demand, Fabric, Marker, NestSettings, Roll
from cutkit.nest import nest
from cutkit.plan.demand import make_plan
from cutkit.plan.terms import Terms
from cutkit.report.summary import Cut, summarize

PATTERNS = Path(__file__).resolve().parents[1] / "patterns"
ORDERS = (
    ("shirt", "S=2,M=4,L=3,XL=2", 3400.0),
    ("trousers", "32=3,34=4,36=3", 3000.0),
    ("dress", "36=2,38=3,40=3,42=2", 4000.0),
    ("tote", "M=8,L=5", 1200.0),
)
"""Pattern, order, and the length limit in mm."""
WIDTH_MM = 1500.0


def demand_of(pattern: str, order: str) -> Demand:
    """The first material that an order of one of the patterns needs."""
    path = PATTERNS / f"{pattern}.dxf"
    read = parse_pattern(read_bytes(path), where=path.name, told=Overrides())
    return make_plan([read], read_order(order), terms=Terms(Fabric(WIDTH_MM))).demands[0]


def nester(fabric: Fabric, demand: Demand, settings: NestSettings, start: Marker | None) -> Marker:
    """The search."""
    return nest(fabric, demand, settings, start=start)


def as_ordered(demand: Demand, fabric: Fabric, settings: NestSettings) -> list[Marker]:
    """The markers of garments taken as they stand in the order, each marker as full as short nests find it."""
    stock, effort = stock_of(demand), Effort(settings)
    judge = Judge(replace(fabric, max_length_mm=None), stock, effort, nester)
    lots: list[Lot] = []
    lot: Lot = (0,) * len(stock.kinds)
    for kind, garments in enumerate(stock.kinds):
        for _ in garments:
            more = tuple(n + (k == kind) for k, n in enumerate(lot))
            if any(lot) and judge.judged_mm(more) > (fabric.longest_mm or 0.0):
                lots.append(lot)
                more = tuple(int(k == kind) for k in range(len(lot)))
            lot = more
    return [judge.nested(each, settings) for each in (*lots, lot)]


def stock_of_cloth(seed: int) -> tuple[Roll, ...]:
    """Ten rolls and five remnants, with thirty flaws strewn over them."""
    rng = np.random.default_rng(seed)
    rolls = [Roll(f"roll {k}", float(rng.choice([1500, 1480, 1400])), rng.uniform(5e3, 2e4)) for k in range(10)]
    rolls += [Roll(f"remnant {k}", float(rng.choice([1500, 1400])), rng.uniform(1e3, 4e3), "remnant") for k in range(5)]
    for _ in range(30):
        k = int(rng.integers(len(rolls)))
        x, y = rng.uniform(0, rolls[k].length_mm), rng.uniform(0, rolls[k].width_mm)
        flaw = Defect((x, y, x + rng.uniform(10, 200), y + rng.uniform(10, 100)))
        rolls[k] = replace(rolls[k], flaws=(*rolls[k].flaws, flaw))
    return tuple(rolls)


def splitting(settings: NestSettings) -> RichTable:
    """A row for every order: markers and metres, as ordered and as dealt out."""
    table = RichTable(title=f"Orders over several markers, {settings.rounds} rounds a marker")
    for name in ("order", "limit m", "as ordered: markers", "m", "s", "dealt out: markers", "m", "s", "less cloth %"):
        table.add_column(name, justify="left" if name == "order" else "right")
    for pattern, order, limit in ORDERS:
        demand, fabric = demand_of(pattern, order), Fabric(WIDTH_MM, max_length_mm=limit)
        begin = perf_counter()
        plain = as_ordered(demand, fabric, settings)
        between = perf_counter()
        dealt = lay(fabric, demand, settings, LayRules()).markers
        end = perf_counter()
        before, after = (sum(marker.length_mm for marker in markers) / 1000 for markers in (plain, dealt))
        cells = (str(len(plain)), f"{before:.3f}", f"{between - begin:.0f}")
        cells += (str(len(dealt)), f"{after:.3f}", f"{end - between:.0f}", f"{100 * (1 - after / before):.2f}")
        table.add_row(f"{pattern} {order}", f"{limit / 1000:g}", *cells)
    return table


def rolls(settings: NestSettings) -> RichTable:
    """Where the cloth of ten rolls and five remnants went, and by how much the balance is off."""
    fabric = Fabric(WIDTH_MM, 10.0, start_margin_mm=15.0, end_margin_mm=15.0, max_length_mm=6000.0)
    found = lay(fabric, demand_of("shirt", "S=6,M=8,L=6"), settings, LayRules(rolls=stock_of_cloth(1)))
    balance = summarize(Cut(marker=marker) for marker in found.markers).total.balance
    issued = sum(use.roll.width_mm * use.roll.length_mm for use in found.rolls if use.used_mm)
    table = RichTable(title="Ten rolls with thirty flaws, five remnants: 20 shirts")
    table.add_column("where the cloth went")
    table.add_column("m2", justify="right")
    for part, area in balance.parts.items():
        table.add_row(part, f"{area / 1e6:.4f}")
    table.add_section()
    table.add_row("sum of it", f"{sum(balance.parts.values()) / 1e6:.6f}")
    table.add_row(f"issued ({sum(use.used_mm > 0 for use in found.rolls)} rolls and remnants)", f"{issued / 1e6:.6f}")
    table.add_row("off by, in mm2", f"{issued - sum(balance.parts.values()):.4f}")
    return table


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6, help="rounds a marker")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    settings = NestSettings(gap_mm=2.0, seed=args.seed, rounds=args.rounds)
    console = Console(width=130)
    console.print(splitting(settings))
    console.print(rolls(settings))


if __name__ == "__main__":
    main()
