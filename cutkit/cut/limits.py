"""What a machine can take. A position beyond it is refused, with the piece and the limit; never clamped or cropped."""

from __future__ import annotations

from collections.abc import Sequence

from shapely.geometry import Polygon

from cutkit.errors import LimitError
from cutkit.model import Marker, Point
from cutkit.toolpath import CutterProfile, Stroke
from cutkit.units import format_length

ROUNDING_MM = 1e-3
"""What a marker's coordinates may be off by their rounding, as the referee sees it."""


def refuse_long_marker(marker: Marker, profile: CutterProfile, outlines: Sequence[Polygon]) -> None:
    """LimitError where the marker is longer than the table, with the piece that reaches farthest.

    ``outlines`` are those of its placements as they lie on the table.
    """
    limit = profile.table.length_mm
    way_out = (
        "Let it be cut in windows (--windows auto)"
        if profile.windows is not None
        else "This cutter's profile has no windows, between which the cloth is moved on"
    )
    shorter = "" if limit is None else f"nest with --max-length {limit / 10:g}cm, or "
    reach = [outline.bounds[2] for outline in outlines]
    _refuse_farther(marker, profile, reach, "length", limit, f"{way_out}, {shorter}choose a longer cutter.")


def refuse_wide_marker(marker: Marker, profile: CutterProfile, outlines: Sequence[Polygon]) -> None:
    """LimitError where the marker is wider than the table, with the piece that reaches farthest."""
    hint = "Nest on a narrower fabric, or choose a wider cutter."
    reach = [outline.bounds[3] for outline in outlines]
    _refuse_farther(marker, profile, reach, "width", profile.table.width_mm, hint)


def _refuse_farther(
    marker: Marker, profile: CutterProfile, reach: list[float], what: str, limit: float | None, hint: str
) -> None:
    farthest = max(range(len(reach)), key=reach.__getitem__)
    if limit is not None and reach[farthest] > limit + ROUNDING_MM:
        far, takes = format_length(reach[farthest]), format_length(limit)
        if far == takes:
            far, takes = f"{reach[farthest]:.3f} mm", f"{limit:.3f} mm"
        raise LimitError(
            f"{placement_name(marker, farthest)} reaches {far} along the {what} of the table, which takes {takes}",
            where=f"cutter {profile.name}",
            hint=hint,
        )


def refuse_beyond(strokes: Sequence[Stroke], marker: Marker, profile: CutterProfile, start_mm: float = 0.0) -> None:
    """LimitError where a tip leaves the table, a holder its margin, or a number its range; names the piece.

    ``start_mm`` is where along the marker the machine's zero lies.
    """
    for stroke in strokes:
        name = placement_name(marker, stroke.placement)
        points = tuple((x - start_mm, y) for x, y in stroke.points)
        path = tuple((x - start_mm, y) for x, y in stroke.path)
        _refuse_off_table(points, 0.0, name, profile)
        _refuse_off_table(path, profile.table.margin_mm, f"the holder at {name}", profile)
        _refuse_out_of_range(path, name, profile)


def _refuse_off_table(points: tuple[Point, ...], margin: float, name: str, profile: CutterProfile) -> None:
    table = profile.table
    for axis, limit in ((0, table.length_mm), (1, table.width_mm)):
        low, high = min(p[axis] for p in points), max(p[axis] for p in points)
        beyond = low if low < -margin - ROUNDING_MM else high
        if low < -margin - ROUNDING_MM or (limit is not None and high > limit + margin + ROUNDING_MM):
            end = "without end" if limit is None else f"to {limit + margin:g} mm"
            raise LimitError(
                f"{name} reaches {'xy'[axis]} = {beyond:.3f} mm; the machine goes from {-margin:g} {end}",
                where=f"cutter {profile.name}",
            )


def _refuse_out_of_range(points: tuple[Point, ...], name: str, profile: CutterProfile) -> None:
    form = profile.coordinates
    for axis in (0, 1):
        low, high = min(p[axis] for p in points), max(p[axis] for p in points)
        for value, limit, sign in ((low, form.lowest_units, -1), (high, form.highest_units, 1)):
            if limit is not None and sign * round(value * form.units_per_mm, form.decimals) > sign * limit:
                raise LimitError(
                    f"{name} reaches {'xy'[axis]} = {value:.1f} mm, {value * form.units_per_mm:.0f} units; "
                    f"the machine's numbers end at {limit:.0f} units ({limit / form.units_per_mm:.1f} mm)",
                    where=f"cutter {profile.name}",
                    hint="Choose a cutter with wider numbers, or nest a shorter marker.",
                )


def placement_name(marker: Marker, index: int) -> str:
    """A placement for people: ``piece front-M (placement 3, bundle 2)``."""
    if index < 0:
        return "the turning of the blade"
    placement = marker.placements[index]
    return f"piece {placement.piece} (placement {index}, bundle {placement.bundle})"
