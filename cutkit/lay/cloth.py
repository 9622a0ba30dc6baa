"""The cloth as it is seen from a place farther along it, and layouts moved along it."""

from __future__ import annotations

from dataclasses import replace

from cutkit.model import Defect, Fabric, Placement

DECIMALS = 9
"""Placements stay rounded as the marker file writes them."""


def cloth_from(fabric: Fabric, x_mm: float) -> Fabric:
    """The cloth with its origin ``x_mm`` farther along: flaws and repeat come nearer, what lies before it is gone."""
    flaws = tuple(_nearer(flaw, x_mm) for flaw in fabric.defects if flaw.box_mm[2] > x_mm)
    repeat = fabric.repeat
    if repeat is not None:
        repeat = replace(repeat, offset_x_mm=repeat.offset_x_mm - x_mm)
    return replace(fabric, defects=flaws, repeat=repeat)


def cloth_until(fabric: Fabric, x_mm: float) -> Fabric:
    """The cloth without the flaws that begin behind ``x_mm``."""
    return replace(fabric, defects=tuple(flaw for flaw in fabric.defects if flaw.box_mm[0] < x_mm))


def _nearer(flaw: Defect, x_mm: float) -> Defect:
    x0, y0, x1, y1 = flaw.box_mm
    return replace(flaw, box_mm=(x0 - x_mm, y0, x1 - x_mm, y1))


def moved(placement: Placement, dx_mm: float) -> Placement:
    """The placement farther along the cloth."""
    return replace(placement, x_mm=round(placement.x_mm + dx_mm, DECIMALS))


def turned(placement: Placement, length_mm: float, width_mm: float) -> Placement:
    """The placement after a half turn of all that lies from 0 to ``length_mm`` on cloth of this usable width."""
    x, y = round(length_mm - placement.x_mm, DECIMALS), round(width_mm - placement.y_mm, DECIMALS)
    return replace(placement, x_mm=x, y_mm=y, angle_deg=(placement.angle_deg + 180.0) % 360.0)
