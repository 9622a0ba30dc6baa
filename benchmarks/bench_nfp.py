"""What a no-fit polygon costs: milliseconds per pair (least of several runs, one core) by the number of points.

Run it with ``python benchmarks/bench_nfp.py``. The outlines are smooth closed curves with hollows, like garment pieces.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

POINTS = (8, 20, 44, 88, 150)
SHAPES = 6
RUNS = 7


def outline(points: int, seed: int) -> NDArray[np.float64]:
    """A wavy closed curve, about 600 mm wide, through ``points`` points."""
    rng = np.random.default_rng(seed)
    angle = np.arange(points) * 2 * np.pi / points
    waves = sum(0.25 / k * rng.normal() * np.cos(k * angle + rng.uniform(0, 7)) for k in range(1, 6))
    radius = np.maximum(1 + np.asarray(waves), 0.3) * 300
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle) * rng.uniform(0.4, 1)])


def cost_ms(points: int) -> tuple[float, float, float]:
    """Milliseconds per pair, edges per NFP and parts per shape, over all ordered pairs of ``SHAPES`` outlines."""
    from cutkit.kernels.convex import convex_parts
    from cutkit.kernels.nfp import SLIVER, no_fit_batch

    shapes = [convex_parts(outline(points, seed), np.array([0, points])) for seed in range(SHAPES)]
    xy = np.concatenate([vertices for vertices, _ in shapes])
    shape_offsets = np.cumsum([0] + [len(offsets) - 1 for _, offsets in shapes])
    part_offsets = np.cumsum(np.concatenate([[0]] + [np.diff(offsets) for _, offsets in shapes]))
    pairs = np.array([(a, b) for a in range(SHAPES) for b in range(SHAPES)])
    best = np.inf
    for _ in range(RUNS):
        start = time.perf_counter()
        _, starts, status = no_fit_batch(xy, part_offsets, shape_offsets, pairs, SLIVER)
        best = min(best, time.perf_counter() - start)
        assert (status == 0).all()
    return 1e3 * best / len(pairs), starts[-1] / len(pairs), shape_offsets[-1] / SHAPES


def main() -> None:
    """Print the table."""
    cost_ms(POINTS[0])
    print("points  parts  edges  ms/pair")
    for points in POINTS:
        cost, edges, parts = cost_ms(points)
        print(f"{points:6d} {parts:6.1f} {edges:6.1f} {cost:8.4f}")


if __name__ == "__main__":
    main()
