"""The figures of markers: length, efficiency, waste, pieces, garments. Numbers only; ``cli`` prints them.

Efficiency is the area of the placed pieces over the cloth that the marker takes (usable width x length). Several
markers of an order are summed by cloth, so that a short marker with much waste does not weigh like a long one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cutkit.model import Marker, Spread, Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class ClothFigures:
    """Cloth against pieces. ``area_mm2`` is the cloth that is taken: usable width x length.

    ``garments`` are those in the marker; one ply gives ``garments_per_ply``: half of them where it holds half sets.
    """

    length_mm: float
    area_mm2: float
    placed_area_mm2: float
    ordered: int
    placed: int
    unplaced: int
    garments: int
    garments_per_ply: float
    search_s: float | None = None

    @property
    def efficiency(self) -> float:
        """Area of the placed pieces / cloth, a fraction; 0 where no cloth is taken."""
        return self.placed_area_mm2 / self.area_mm2 if self.area_mm2 > 0 else 0.0

    @property
    def waste_pct(self) -> float:
        """The share of the cloth that no piece covers, in percent; 0 where no cloth is taken."""
        return 100.0 * (1.0 - self.efficiency) if self.area_mm2 > 0 else 0.0

    @property
    def length_per_garment_mm(self) -> float | None:
        """The length of the plies that a garment takes, or its share of one; None without garments."""
        return self.length_mm / self.garments_per_ply if self.garments_per_ply else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerFigures(ClothFigures):
    """What one marker comes to.

    ``garments`` counts the bundles that have a piece in the marker, placed or not where the bundle is known, and those
    that share the copies of one; ``garments_by_size`` keeps the pattern's order of sizes. ``search_s`` is None where
    nobody measured it. ``margins_mm`` is what a ply is longer than the marker at both ends, for margins and for blocks
    that are cut beyond its length, and ``garments_again`` how many of the garments have been counted already in another
    marker of the same lay: their pieces went to several.
    """

    styles: tuple[str, ...]
    fabric: str
    material: str
    width_mm: float
    usable_width_mm: float
    garments_by_size: tuple[tuple[str, int], ...]
    seed: int
    rounds: int
    start_s: float | None = None
    path: str = ""
    margins_mm: float = 0.0
    stretch: Stretch | None = None
    spread: Spread = "face-up"
    garments_again: int = 0

    @property
    def laid_mm(self) -> float:
        """The length of cloth that a ply takes."""
        return self.length_mm + self.margins_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalFigures(ClothFigures):
    """Several markers together, of whatever width; the efficiency is the markers' mean weighted by their cloth.

    ``garments`` counts a garment once that has pieces in several materials.
    """

    markers: int


def marker_figures(
    marker: Marker, *, path: str = "", start_s: float | None = None, search_s: float | None = None
) -> MarkerFigures:
    """The figures of ``marker``. ``search_s`` stands in where the marker itself keeps no time (a run by rounds)."""
    by_size = garments_by_size(marker)
    return MarkerFigures(
        styles=tuple(dict.fromkeys(piece.style for piece in marker.pieces if piece.style)),
        fabric=marker.fabric.name,
        material=marker.fabric.material or _common_material(marker),
        width_mm=marker.fabric.width_mm,
        usable_width_mm=marker.fabric.usable_width_mm,
        spread=marker.fabric.spread,
        length_mm=marker.length_mm,
        area_mm2=marker.fabric.usable_width_mm * marker.length_mm,
        placed_area_mm2=marker.placed_area_mm2,
        ordered=sum(piece.total for piece in marker.pieces),
        placed=len(marker.placements),
        unplaced=sum(entry.count for entry in marker.unplaced),
        garments=sum(count for _, count in by_size),
        garments_per_ply=sum(count for _, count in by_size) / marker.planned.plies_per_garment,
        garments_by_size=by_size,
        seed=marker.settings.seed,
        rounds=marker.search.rounds,
        search_s=search_s if search_s is not None else marker.search.time_s,
        start_s=start_s,
        path=path,
        margins_mm=marker.fabric.start_margin_mm + marker.fabric.end_margin_mm + marker.overhang_mm,
        stretch=marker.stretch,
    )


def garments_by_size(marker: Marker) -> tuple[tuple[str, int], ...]:
    """How many garments of each size have a piece in the marker, in the order in which the sizes appear in it.

    A garment counts under the size that most of its pieces have: a piece for all sizes does not make a second one.
    """
    sizes_of: dict[int, Counter[str]] = defaultdict(Counter)
    for placement in marker.placements:
        sizes_of[placement.bundle][marker.by_id[placement.piece].size] += 1
    sharing = dict(marker.planned.sharing)
    counts = Counter[str]()
    for bundle, sizes in sizes_of.items():
        counts[sizes.most_common(1)[0][0]] += 1 + sharing.get(bundle, 0)
    order = dict.fromkeys(piece.size for piece in marker.pieces)
    return tuple((size, counts[size]) for size in order if counts[size])


def total_figures(figures: Iterable[MarkerFigures]) -> TotalFigures:
    """The sums over several markers; an efficiency of the total is weighted by cloth."""
    rows = list(figures)
    times = [row.search_s for row in rows if row.search_s is not None]
    return TotalFigures(
        markers=len(rows),
        length_mm=sum(row.length_mm for row in rows),
        area_mm2=sum(row.area_mm2 for row in rows),
        placed_area_mm2=sum(row.placed_area_mm2 for row in rows),
        ordered=sum(row.ordered for row in rows),
        placed=sum(row.placed for row in rows),
        unplaced=sum(row.unplaced for row in rows),
        garments=round(_garments_once([(row, row.garments) for row in rows])),
        garments_per_ply=_garments_once([(row, row.garments_per_ply) for row in rows]),
        search_s=sum(times) if times else None,
    )


def nest_entry(figures: MarkerFigures) -> dict[str, Any]:
    """The figures as an entry of ``markers`` in ``nest --json``. ``garments`` is a count; the sizes stand beside it."""
    return {
        "path": figures.path,
        "fabric": figures.fabric,
        "material": figures.material,
        "width_mm": figures.width_mm,
        "usable_width_mm": figures.usable_width_mm,
        "spread": figures.spread,
        "length_mm": figures.length_mm,
        "laid_mm": figures.laid_mm,
        "efficiency": figures.efficiency,
        "waste_pct": figures.waste_pct,
        "pieces": {"ordered": figures.ordered, "placed": figures.placed, "unplaced": figures.unplaced},
        "garments": figures.garments,
        "garments_by_size": dict(figures.garments_by_size),
        "garments_per_ply": figures.garments_per_ply,
        "length_per_garment_mm": figures.length_per_garment_mm,
        "styles": list(figures.styles),
        "seed": figures.seed,
        "start_s": figures.start_s,
        "search_s": figures.search_s,
        "rounds": figures.rounds,
        "stretch": stretch_json(figures.stretch),
    }


def stretch_json(stretch: Stretch | None) -> dict[str, Any] | None:
    """Where on which roll a marker is cut, and what is left behind it; None where that is not known."""
    return None if stretch is None else asdict(stretch)


def _common_material(marker: Marker) -> str:
    """The material of the pieces where they all name the same one."""
    materials = {piece.material for piece in marker.pieces}
    return materials.pop() if len(materials) == 1 else ""


def _garments_once(rows: Sequence[tuple[MarkerFigures, float]]) -> float:
    """Garments of several markers: those of one style in several materials are the same garments, counted once."""
    by_style: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for row, garments in rows:
        of_style = by_style[row.styles]
        once = garments * (1 - row.garments_again / row.garments) if row.garments else garments
        of_style[row.material] = of_style.get(row.material, 0) + once
    return sum(max(by_material.values()) for by_material in by_style.values())
