"""What ``explain`` tells, as tables, as JSON, and as what the picture of the waste shows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

import click

from cutkit.explain.prices import Effort, Outcome, Price, Prices
from cutkit.explain.rules import Rule
from cutkit.formats.svg.waste import DrawnHole, WastePicture, area_text
from cutkit.model import Marker
from cutkit.report.holes import Hole, Neighbour, Pair, WasteMap
from cutkit.report.places import Place

if TYPE_CHECKING:
    from cutkit.cli.tables import TableData

PLACE_TEXTS: dict[Place, str] = {
    "between": "between",
    "cutouts": "cut-out",
    "edges": "edge",
    "ends": "end",
    "flaws": "flaw",
}
SIDES = {"edge": "the edge", "end": "the end", "flaw": "a flaw"}
MOST_PAIRS = 10
LEAST_TOLD = 1e-3
"""What has less of the waste is not told by itself."""
LEAST_SHARE = 0.02
"""A neighbour with less of a hole is not named."""


@dataclass(frozen=True)
class Explained:
    """A marker with all that is told about it; without ``prices`` only where its waste lies."""

    path: str
    marker: Marker
    waste: WasteMap
    most_holes: int
    price_per_m: float | None = None
    currency: str = ""
    prices: Prices | None = None
    effort: Effort | None = None

    @property
    def listed(self) -> tuple[Hole, ...]:
        """The holes that are listed, by their number less one."""
        return self.waste.holes[: self.most_holes]

    def money(self, saved_mm: float) -> float | None:
        """What so much cloth costs, in one ply; None where the price is not known."""
        return None if self.price_per_m is None else saved_mm / 1000 * self.price_per_m


# --- names


def piece_text(marker: Marker, placement: int) -> str:
    """``FRONT M #3``: a placed piece."""
    placed = marker.placements[placement]
    piece = marker.by_id[placed.piece]
    return " ".join(part for part in (piece.name or piece.id, piece.size, f"#{placed.bundle}") if part)


def around_text(marker: Marker, hole: Hole) -> str:
    """What lies around a hole, in the order of how much of it they have; sides of the cloth once."""
    named = [n for n, area in hole.around if area >= LEAST_SHARE * hole.area_mm2 or n == hole.around[0][0]]
    return ", ".join(_neighbour_text(marker, neighbour) for neighbour in named)


def _neighbour_text(marker: Marker, neighbour: Neighbour) -> str:
    return piece_text(marker, neighbour.placement) if neighbour.kind == "piece" else SIDES[neighbour.kind]


def pair_text(marker: Marker, pair: Pair) -> str:
    """``BACK and FRONT``: between which pieces waste lies, by their names alone."""
    if pair[0] == pair[1]:
        kind = pair[0].kind
        return f"within {_name(marker, pair[0])}" if kind == "piece" else f"at {SIDES[kind]}"
    return " and ".join(sorted((_name(marker, n) for n in pair), key=lambda name: (name in SIDES.values(), name)))


def _name(marker: Marker, neighbour: Neighbour) -> str:
    if neighbour.kind != "piece":
        return SIDES[neighbour.kind]
    placed = marker.placements[neighbour.placement].piece
    return marker.by_id[placed].name or placed


def between(marker: Marker, waste: WasteMap) -> list[tuple[str, float]]:
    """The waste in mm2 by what it lies between, the most first."""
    areas: defaultdict[str, float] = defaultdict(float)
    for pair, area in waste.pairs.items():
        areas[pair_text(marker, pair)] += area
    return sorted(areas.items(), key=lambda entry: (-entry[1], entry[0]))


# --- the picture


def waste_picture(explained: Explained) -> WastePicture:
    """What the picture of the waste shows: the listed holes carry the numbers of the list."""
    marker, waste = explained.marker, explained.waste
    listed = len(explained.listed)
    holes = tuple(
        _numbered(marker, hole, k + 1) if k < listed else DrawnHole(hole.region) for k, hole in enumerate(waste.holes)
    )
    styles = dict.fromkeys(piece.style for piece in marker.pieces if piece.style)
    figures = (
        ("Length", f"{marker.length_mm / 1000:.3f} m"),
        ("Efficiency", f"{100 * marker.efficiency:.2f} %"),
        ("Waste", f"{waste.area_mm2 / 1e6:.3f} m²"),
        (f"In the {listed} numbered holes", _share(sum(h.area_mm2 for h in explained.listed), waste)),
        (f"In seams below {waste.neck_mm:.0f} mm", _share(waste.seams.area, waste)),
    )
    title = f"Waste of {' + '.join(styles) or marker.fabric.name or 'the marker'}"
    return WastePicture(marker, title, figures, holes, waste.seams)


def _share(area_mm2: float, waste: WasteMap) -> str:
    return f"{100 * area_mm2 / waste.area_mm2:.0f} %" if waste.area_mm2 else "-"


def _numbered(marker: Marker, hole: Hole, number: int) -> DrawnHole:
    middle, width = hole.disc
    texts = (area_text(hole.area_mm2), PLACE_TEXTS[hole.place], around_text(marker, hole))
    return DrawnHole(hole.region, number, middle, width, texts)


# --- the terminal


def print_explained(explained: Explained) -> None:
    """Print the tables: prices, the balance, holes, and what the waste lies between."""
    from cutkit.cli.report_tables import balance_table
    from cutkit.cli.tables import print_table
    from cutkit.report.summary import Cut, summarize

    if explained.prices is not None and explained.prices.seeds:
        print_table(prices_table(explained, explained.prices))
        click.echo(f"\n{_words(explained, explained.prices)}\n")
    elif explained.prices is not None:
        click.echo("No seed was tried with every rule.\n")
    print_table(balance_table(summarize([Cut(marker=explained.marker, path=explained.path)]).total))
    if explained.listed:
        click.echo()
        print_table(holes_table(explained))
    if explained.waste.pairs:
        click.echo()
        print_table(between_table(explained))


def _words(explained: Explained, prices: Prices) -> str:
    """What the searches were that the prices are from."""
    lengths = [outcome.length_mm for outcome in prices.kept]
    effort = explained.effort
    begin = "every search anew" if effort and effort.anew else "half of each search anew, half from the marker"
    return (
        f"With all rules the searches came to {fmean(lengths) / 1000:.3f} m; the marker has "
        f"{explained.marker.length_mm / 1000:.3f} m.\nSeeds: {len(prices.seeds)}; {begin}."
        + ("\nNine of ten times the mean lies within the +-." if len(prices.seeds) > 1 else "")
    )


def prices_table(explained: Explained, prices: Prices) -> TableData:
    """A row for every rule, and for all of them at once."""
    from cutkit.cli.tables import Column, TableData

    columns = (
        Column("Rule", "left", shrink_to=8, style="bold"),
        Column("as it\nholds", "left", worth=5, shrink_to=8),
        Column("relaxed\nto", "left", worth=4, shrink_to=8),
        Column("Length\nm", worth=3),
        Column("Saves\nm"),
        Column("+-\nm", worth=2),
        Column("Points", style="green"),
        Column("+-"),
        *((Column(explained.currency or "Cost"),) if explained.price_per_m is not None else ()),
        Column("Says", "left"),
    )
    rows = [_price_cells(explained, price) for price in prices.rules]
    all_off = _price_cells(explained, prices.all_off) if prices.all_off else None
    return TableData(columns, tuple(rows), all_off)


def _price_cells(explained: Explained, price: Price) -> tuple[str, ...]:
    rule, saved = price.rule, fmean(price.saved_mm)
    money = explained.money(saved)
    return (
        rule.title if rule else "All off",
        rule.text(explained.marker) if rule else "",
        rule.without if rule else "",
        f"{fmean(outcome.length_mm for outcome in price.without) / 1000:.3f}",
        f"{saved / 1000:.3f}",
        "-" if price.noise_mm is None else f"{price.noise_mm / 1000:.3f}",
        f"{fmean(price.points):.2f}",
        "-" if price.noise_points is None else f"{price.noise_points:.2f}",
        *((f"{money:.2f}",) if money is not None else ()),
        price.verdict,
    )


def holes_table(explained: Explained) -> TableData:
    """The largest holes, and what is left."""
    from cutkit.cli.tables import Column, TableData

    waste, marker = explained.waste, explained.marker
    columns = (
        Column("No"),
        Column("cm2", style="green"),
        Column("% of\nwaste"),
        Column("x\nm", worth=3),
        Column("y\nm", worth=2),
        Column("Place", "left"),
        Column("Around", "left", shrink_to=16),
    )
    rows = [
        (str(k), *_area_cells(hole.area_mm2, waste), *_spot_cells(hole), PLACE_TEXTS[hole.place], text)
        for k, hole in enumerate(explained.listed, 1)
        for text in (around_text(marker, hole),)
    ]
    rest = waste.holes[len(explained.listed) :]
    if rest:
        small = _area_cells(sum(hole.area_mm2 for hole in rest), waste)
        rows.append(("", *small, "", "", "", f"{len(rest)} smaller holes"))
    seams = f"seams narrower than {waste.neck_mm:.1f} mm"
    rows.append(("", *_area_cells(waste.seams.area, waste), "", "", "", seams))
    return TableData(columns, tuple(rows), ("", *_area_cells(waste.area_mm2, waste), "", "", "", "all waste"))


def _area_cells(area_mm2: float, waste: WasteMap) -> tuple[str, str]:
    return f"{area_mm2 / 100:.1f}", f"{100 * area_mm2 / waste.area_mm2:.1f}" if waste.area_mm2 else "-"


def _spot_cells(hole: Hole) -> tuple[str, str]:
    (x, y), _ = hole.disc
    return f"{x / 1000:.2f}", f"{y / 1000:.2f}"


def between_table(explained: Explained) -> TableData:
    """Between which pieces the waste lies: those with the most, and the others together."""
    from cutkit.cli.tables import Column, TableData

    waste = explained.waste
    areas = between(explained.marker, waste)
    shown = [entry for entry in areas[:MOST_PAIRS] if entry[1] >= LEAST_TOLD * waste.area_mm2]
    rest = areas[len(shown) :]
    rows = [(name, *_area_cells(area, waste)) for name, area in shown]
    if rest:
        rows.append((f"{len(rest)} others", *_area_cells(sum(area for _, area in rest), waste)))
    columns = (Column("Waste between", "left", shrink_to=20), Column("cm2", style="green"), Column("% of\nwaste"))
    return TableData(columns, tuple(rows))


# --- JSON


def explained_json(explained: Explained) -> dict[str, Any]:
    """All of it as one object, ``cutkit.explain/1``."""
    marker = explained.marker
    return {
        "schema": "cutkit.explain/1",
        "marker": explained.path,
        "length_mm": marker.length_mm,
        "efficiency": marker.efficiency,
        "prices": explained.prices and _prices_json(explained, explained.prices),
        "waste": _waste_json(explained),
    }


def _prices_json(explained: Explained, prices: Prices) -> dict[str, Any]:
    effort = explained.effort
    return {
        "seeds": list(prices.seeds),
        "time_s": effort and effort.time_s,
        "rounds": effort and effort.rounds,
        "workers": effort and effort.workers,
        "begin": "anew" if effort and effort.anew else "anew and at the marker",
        "currency": explained.currency,
        "kept": _outcomes_json(prices.kept),
        "rules": [_price_json(explained, price, price.rule) for price in prices.rules],
        "all_off": prices.all_off and _price_json(explained, prices.all_off, None),
    }


def _price_json(explained: Explained, price: Price, rule: Rule | None) -> dict[str, Any]:
    saved = fmean(price.saved_mm) if price.saved_mm else None
    named = {"rule": rule.name, "holds": rule.text(explained.marker), "relaxed_to": rule.without} if rule else {}
    return {
        **named,
        **_outcomes_json(price.without),
        "saved_mm": saved,
        "saved_mm_by_seed": list(price.saved_mm),
        "saved_mm_spread": stdev(price.saved_mm) if len(price.saved_mm) > 1 else None,
        "noise_mm": price.noise_mm,
        "points": fmean(price.points) if price.points else None,
        "points_by_seed": list(price.points),
        "noise_points": price.noise_points,
        "money": None if saved is None else explained.money(saved),
        "verdict": price.verdict,
    }


def _outcomes_json(outcomes: tuple[Outcome, ...]) -> dict[str, Any]:
    return {
        "lengths_mm": [outcome.length_mm for outcome in outcomes],
        "efficiencies": [outcome.efficiency for outcome in outcomes],
    }


def _waste_json(explained: Explained) -> dict[str, Any]:
    marker, waste = explained.marker, explained.waste
    listed, rest = explained.listed, waste.holes[len(explained.listed) :]
    return {
        "area_mm2": waste.area_mm2,
        "places_mm2": {place: waste.places.area_mm2(place) for place in PLACE_TEXTS},
        "holes": [_hole_json(marker, hole, k) for k, hole in enumerate(listed, 1)],
        "smaller_holes": {"count": len(rest), "area_mm2": sum(hole.area_mm2 for hole in rest)},
        "seams": {"narrower_than_mm": waste.neck_mm, "area_mm2": float(waste.seams.area)},
        "between": [{"between": name, "area_mm2": area} for name, area in between(marker, waste)],
    }


def _hole_json(marker: Marker, hole: Hole, number: int) -> dict[str, Any]:
    middle, width = hole.disc
    return {
        "number": number,
        "area_mm2": hole.area_mm2,
        "place": hole.place,
        "at_mm": list(middle),
        "disc_mm": width,
        "bounds_mm": list(hole.region.bounds),
        "around": [_around_json(marker, neighbour, area) for neighbour, area in hole.around],
    }


def _around_json(marker: Marker, neighbour: Neighbour, area_mm2: float) -> dict[str, Any]:
    if neighbour.kind != "piece":
        return {"kind": neighbour.kind, "area_mm2": area_mm2}
    placed = marker.placements[neighbour.placement]
    return {"kind": "piece", "piece": placed.piece, "bundle": placed.bundle, "area_mm2": area_mm2}
