"""Length before nesting: what an order takes, from the areas and shapes of its pieces, with an honest interval.

The area of the pieces over the usable width would be the length of a marker without waste. How much longer the marker
is, is learned: the logarithm of that ratio is linear in a dozen features of pieces and cloth. The coefficients come
from nests of this cutkit (``estimate.json``, made by ``benchmarks/estimate_jobs.py``), and a shop's own markers teach
more: to Bayes' rule they are further observations, and the shop itself is a constant that they settle first.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from math import ceil, exp, floor, log, sqrt
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from cutkit.errors import InfeasibleError
from cutkit.geometry import size_after_turn
from cutkit.model import Fabric, Marker, OrderedPiece

Floats = NDArray[np.float64]

FEATURES = (
    "one",
    "gap",
    "hollows",
    "corners",
    "ends",
    "height",
    "width_fit",
    "few",
    "small",
    "directions",
    "types",
    "packing",
)
"""What the columns of the calibration are, in their order; see ``features_of``."""

FEW = FEATURES.index("few")
"""The feature that is one over the root of the number of pieces: the fewer, the more a single one decides."""
SHARE = 0.9
"""The interval holds the length of so many orders out of one."""
SMALL_SHARE = 0.15
"""A piece is small below this share of the largest one's area: it finds room in what the others leave."""
CELLS = 256
"""Into how many the width is divided where boxes are packed."""
RIDGE = 0.3
"""Draws coefficients that the nests say little about towards 0, in units of an observation."""
SHOP_SD = 0.03
"""How far a shop's markers are off the calibration as a whole, before any is known: its search times, its cloth."""


@dataclass(frozen=True)
class Observation:
    """An order's features, and the length that its marker came to."""

    features: Features
    length_mm: float

    @property
    def log_excess(self) -> float:
        """The logarithm of the length over the one without waste."""
        return log(self.length_mm / self.features.least_mm)

    @property
    def certain(self) -> bool:
        """Whether the length is the least that there can be: such a marker does not tell how much waste there is."""
        return self.length_mm <= self.features.at_least_mm * (1 + 1e-6)


@dataclass(frozen=True)
class Features:
    """What the length depends on: ``values`` as named in FEATURES; ``least_mm`` is area / usable width.

    ``longest_mm`` is the longest piece along the cloth: no marker is shorter. ``boxes_mm`` is the length of a plain
    packing of the pieces' boxes, gaps and all: it can be laid as it is, so a nest that is worth its time is no longer.
    """

    values: tuple[float, ...]
    least_mm: float
    longest_mm: float
    boxes_mm: float

    @property
    def at_least_mm(self) -> float:
        """What area and longest piece take."""
        return max(self.least_mm, self.longest_mm)

    @property
    def log_boxes(self) -> float:
        """The logarithm of the boxes' length over the least."""
        return log(self.boxes_mm / self.least_mm)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The length that an order takes once it is nested. In SHARE of all orders it lies from ``low_mm`` to ``high_mm``.

    ``history`` counts the shop's own markers that were learned from.
    """

    length_mm: float
    low_mm: float
    high_mm: float
    area_mm2: float
    usable_width_mm: float
    history: int

    @property
    def efficiency(self) -> float:
        """The efficiency that the length stands for, a fraction."""
        return self.area_mm2 / (self.usable_width_mm * self.length_mm)


def estimate_length(
    pieces: Sequence[OrderedPiece], fabric: Fabric, gap_mm: float, history: Sequence[Observation] = ()
) -> Estimate:
    """The length of a marker of ``pieces`` on ``fabric``, before it is nested; a matter of milliseconds.

    InfeasibleError names a piece that is wider than the cloth at every angle allowed.
    """
    features = features_of(pieces, fabric, gap_mm)
    model = shipped_model().learned(history)
    low, length, high = model.lengths_mm(features)
    area = features.least_mm * fabric.usable_width_mm
    return Estimate(length, low, high, area, fabric.usable_width_mm, len(history))


def observation_of(marker: Marker) -> Observation:
    """What a marker that was nested teaches; ValueError where nothing is placed."""
    counts = {piece.id: 0 for piece in marker.pieces}
    for placement in marker.placements:
        counts[placement.piece] += 1
    placed = [(piece, counts[piece.id]) for piece in marker.pieces if counts[piece.id]]
    if not placed:
        raise ValueError("an empty marker teaches nothing")
    return Observation(_features(placed, marker.fabric, marker.settings.gap_mm), marker.length_mm)


def features_of(pieces: Sequence[OrderedPiece], fabric: Fabric, gap_mm: float) -> Features:
    """The features of an order; InfeasibleError where a piece fits the cloth at no angle that it may lie at."""
    for piece in pieces:
        if not piece.tilt_deg and _laid(piece)[1] > fabric.usable_width_mm + 1e-3:
            raise InfeasibleError(
                f"piece {piece.id!r} is {_laid(piece)[1]:.1f} mm wide across the cloth, "
                f"which has {fabric.usable_width_mm:.1f} mm"
            )
    return _features([(piece, piece.total) for piece in pieces if piece.total], fabric, gap_mm)


def _features(counted: Sequence[tuple[OrderedPiece, int]], fabric: Fabric, gap_mm: float) -> Features:
    """Means over the pieces are weighted by their area; lengths are measured by the cloth."""
    outlines = np.array([piece.outline for piece, _ in counted], dtype=object)
    copies = np.array([count for _, count in counted], dtype=float)
    laid = np.array([_laid(piece) for piece, _ in counted])
    areas = shapely.area(outlines)
    weights = copies * areas / float(copies @ areas)
    total = float(copies @ areas)
    width = fabric.usable_width_mm
    least = total / width
    heights = np.minimum(laid[:, 1] / width, 1.0)
    fit = [1.0 - floor(1.0 / h + 1e-9) * h if h > 1 / 6 else 0.0 for h in heights.tolist()]
    small = areas < SMALL_SHARE * areas.max()
    one_way = fabric.nap != "two-way"
    angles = [1 if one_way else len(piece.allowed_angles_deg) for piece, _ in counted]
    values = (
        1.0,
        log(1.0 + float(copies @ shapely.length(outlines)) * gap_mm / 2 / total),
        1.0 - float(weights @ (areas / shapely.area(shapely.convex_hull(outlines)))),
        1.0 - float(weights @ (areas / (laid[:, 0] * laid[:, 1]))),
        min(float(weights @ laid[:, 0]) / least, 4.0),
        float(weights @ heights),
        float(weights @ np.array(fit)),
        1.0 / sqrt(float(copies.sum())),
        float(weights[small].sum()),
        float(weights @ np.log2(angles)),
        log(len(counted)),
        log(
            _packed(np.repeat(laid * np.sqrt(areas / laid.prod(axis=1))[:, None], copies.astype(int), axis=0), width)
            / least
        ),
    )
    boxes = _packed(np.repeat(laid + gap_mm, copies.astype(int), axis=0), width + gap_mm) - gap_mm
    return Features(values, least, float(laid[:, 0].max()), boxes)


def _packed(sizes: Floats, width: float) -> float:
    """The length that boxes (n, 2) take, laid one by one where they come to lie lowest, longest first.

    The width is counted in CELLS, and a box takes all of a cell that it touches: what comes back can be laid.
    """
    skyline = np.zeros(CELLS)
    for length, height in sizes[np.argsort(-sizes[:, 0], kind="stable")]:
        cells = min(CELLS, max(1, ceil(height / width * CELLS - 1e-9)))
        lowest = np.lib.stride_tricks.sliding_window_view(skyline, cells).max(axis=1)
        at = int(lowest.argmin())
        skyline[at : at + cells] = lowest[at] + length
    return float(skyline.max())


def _laid(piece: OrderedPiece) -> tuple[float, float]:
    """The piece's length along the cloth and width across it, at the allowed angle at which it is narrowest across."""
    return _narrowest(piece.outline, piece.allowed_angles_deg)


@lru_cache(maxsize=4096)
def _narrowest(outline: Polygon, angles_deg: tuple[float, ...]) -> tuple[float, float]:
    """Length and width of an outline at the angle at which it is narrowest; lays ask for the same pieces again."""
    return min((size_after_turn(outline, angle) for angle in angles_deg), key=lambda size: size[1])


@dataclass(frozen=True)
class LengthModel:
    """A linear model of the logarithm: coefficients with their covariance, the deviation of an order of many pieces, by
    how much the variance grows where they are ``few``, and how many deviations the interval reaches to either side."""

    beta: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    sd: float
    few: float
    reach: float

    @cached_property
    def _arrays(self) -> tuple[Floats, Floats]:
        return np.array(self.beta), np.array(self.covariance)

    def lengths_mm(self, features: Features) -> tuple[float, float, float]:
        """The low end of the interval, the length, and the high end; all between what is certain."""
        beta, covariance = self._arrays
        x = np.array(features.values)
        middle = min(float(x @ beta), features.log_boxes)
        half = self.reach * sqrt(float(_variance(self.sd, self.few, x)) + float(x @ covariance @ x))
        low, length, high = (features.least_mm * exp(middle + step) for step in (-half, 0.0, half))
        least, most = features.at_least_mm, max(features.at_least_mm, features.boxes_mm)
        return max(least, low), max(least, length), max(least, min(most, high))

    def learned(self, history: Sequence[Observation]) -> LengthModel:
        """The model after a shop's own markers: Bayes' rule, the shop's constant being as open as SHOP_SD says."""
        if not history:
            return self
        beta, covariance = self._arrays
        prior = covariance + SHOP_SD**2 * np.outer(*[np.eye(len(beta))[0]] * 2)
        x = np.array([seen.features.values for seen in history])
        off = np.array([seen.log_excess for seen in history]) - _possible(x @ beta, history)
        gain = prior @ x.T @ np.linalg.inv(x @ prior @ x.T + np.diag(_variance(self.sd, self.few, x)))
        return LengthModel(_row(beta + gain @ off), _rows(prior - gain @ x @ prior), self.sd, self.few, self.reach)

    def to_json(self) -> dict[str, Any]:
        """The model as the package carries it."""
        return {
            "features": list(FEATURES),
            "beta": list(self.beta),
            "covariance": [list(row) for row in self.covariance],
            "sd": self.sd,
            "few": self.few,
            "reach": self.reach,
        }


def calibrate(observations: Sequence[Observation], styles: Sequence[str], kinds: Sequence[str] = ()) -> LengthModel:
    """A model of these nests. Its interval is honest about styles it has not seen: each is left out in turn, and the
    deviation of a single order, and the reach that holds SHARE of them, are those of the ones left out.

    ``kinds`` tells what sort of goods each nest is of: the reach is that of the kind which needs most. Without, all are
    of one kind.
    """
    off, spread = _left_out(observations, styles)
    beta, inverse = _fitted(observations)
    x, _ = _table(observations)
    # Beside the deviation of one order stands that of the coefficients; both scale with the mean one.
    mean_variance = float(np.mean(off**2 / (1 + spread)))
    sd, few = _deviation(off, x, mean_variance * spread)
    standard = np.abs(off) / np.sqrt(_variance(sd, few, x) + mean_variance * spread)
    kind_of = np.array(kinds or [""] * len(observations))
    reach = max(_reach(standard[kind_of == kind]) for kind in set(kind_of.tolist()))
    return LengthModel(_row(beta), _rows(mean_variance * inverse), sd, few, reach)


def _reach(standard: Floats) -> float:
    """How many deviations hold SHARE. What so few nests say of that is uncertain itself: a deviation of their count is
    added, to be on the safe side."""
    share = SHARE + sqrt(SHARE * (1 - SHARE) / len(standard))
    rank = min(len(standard) - 1, ceil(share * (len(standard) + 1)) - 1)
    return float(np.sort(standard)[rank])


def _variance(sd: float, few: float, x: Floats) -> Floats:
    """The variance of orders (..., features) about what their features say."""
    return np.asarray(sd**2 * (1 + few * x[..., FEW] ** 2), dtype=np.float64)


def _deviation(off: Floats, x: Floats, known: Floats) -> tuple[float, float]:
    """The deviation and its growth with few pieces by which what was left out is likeliest off as it is; ``known`` is
    the variance that is there besides."""

    def unlikely(sd: float, few: float) -> float:
        variance = _variance(sd, few, x) + known
        return float(np.sum(np.log(variance) + off**2 / variance))

    tried = [(sd, few) for sd in np.geomspace(0.005, 0.2, 40).tolist() for few in (0.0, *np.geomspace(0.5, 50, 21))]
    sd, few = min(tried, key=lambda pair: unlikely(*pair))
    return float(f"{sd:.4g}"), float(f"{few:.4g}")


def _left_out(observations: Sequence[Observation], styles: Sequence[str]) -> tuple[Floats, Floats]:
    """How far each order is off what the other styles predict, and the variance of that prediction by an order's."""
    x, y = _table(observations)
    names = np.array(styles)
    off, spread = np.zeros(len(y)), np.zeros(len(y))
    for name in dict.fromkeys(styles):
        mine = names == name
        beta, inverse = _fitted([o for o, is_mine in zip(observations, mine, strict=True) if not is_mine])
        judged = [o for o, is_mine in zip(observations, mine, strict=True) if is_mine]
        off[mine] = y[mine] - _possible(x[mine] @ beta, judged)
        spread[mine] = np.einsum("ij,jk,ik->i", x[mine], inverse, x[mine])
    return off, spread


def _fitted(observations: Sequence[Observation]) -> tuple[Floats, Floats]:
    """Coefficients and the inverse of their precision, of the markers whose length was not certain before."""
    return _ridge(*_table([o for o in observations if not o.certain]))


def _table(observations: Sequence[Observation]) -> tuple[Floats, Floats]:
    return np.array([o.features.values for o in observations]), np.array([o.log_excess for o in observations])


def _possible(predicted: Floats, observations: Sequence[Observation]) -> Floats:
    """Logarithms as predicted, none below what is certain or above what boxes take."""
    least = np.array([log(o.features.at_least_mm / o.features.least_mm) for o in observations])
    most = np.array([o.features.log_boxes for o in observations])
    return np.asarray(np.maximum(least, np.minimum(predicted, most)), dtype=np.float64)


def _ridge(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Coefficients and the inverse of their precision; the constant is not drawn towards 0."""
    penalty = RIDGE * np.eye(x.shape[1])
    penalty[0, 0] = 1e-9
    inverse: Floats = np.linalg.inv(x.T @ x + penalty).astype(np.float64)
    return inverse @ x.T @ y, inverse


def shipped_model() -> LengthModel:
    """The model that the package carries."""
    data = json.loads(resources.files("cutkit.plan").joinpath("estimate.json").read_text())
    return LengthModel(
        tuple(data["beta"]), tuple(map(tuple, data["covariance"])), data["sd"], data["few"], data["reach"]
    )


def _row(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{value:.9g}") for value in values)


def _rows(values: Floats) -> tuple[tuple[float, ...], ...]:
    return tuple(_row(row) for row in values)
