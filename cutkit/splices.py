"""Splices: where within a marker one length of cloth may end and the next one begin, and what that costs.

Within the overlap band [x0, x1] of a splice both lengths lie: the old one ends at x1, the new one begins at x0. Every
piece then lies whole on one of them: no piece that begins before x0 reaches beyond x1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from cutkit.model import Marker

SAME_MM = 1e-6
"""Ends of pieces that are so near are one place: rounding of placements."""


@dataclass(frozen=True, slots=True)
class SpliceBand:
    """Where a splice may be: the cloth overlaps from ``x0_mm`` to ``x1_mm``."""

    x0_mm: float
    x1_mm: float

    @property
    def length_mm(self) -> float:
        """The cloth that a splice here takes."""
        return self.x1_mm - self.x0_mm


def splice_bands(marker: Marker, *, apart_mm: float = 0.0) -> tuple[SpliceBand, ...]:
    """The bands within the marker, from its start on, none of which contains another one.

    Any other band contains one of them. Where a straight line parts the pieces, a band has no length. With ``apart_mm``
    only the shortest ones are kept that begin so far from one another. Both ends of the marker are left out: there
    every ply may begin and end.
    """
    if not marker.placements:
        return ()
    bounds = shapely.bounds(np.array(marker.polygons, dtype=object))
    begins = np.sort(bounds[:, 0])
    reach = np.maximum.accumulate(bounds[np.argsort(bounds[:, 0], kind="stable"), 2])
    bands: list[SpliceBand] = []
    for k in range(1, len(begins)):
        x0, x1 = float(begins[k]), float(max(begins[k], reach[k - 1]))
        if begins[k] - begins[k - 1] <= SAME_MM or x1 >= marker.length_mm - SAME_MM:
            continue
        if bands and x1 - bands[-1].x1_mm <= SAME_MM:
            bands.pop()  # this one lies within it
        bands.append(SpliceBand(x0, x1))
    return tuple(_thinned(bands, apart_mm))


def _thinned(bands: list[SpliceBand], apart_mm: float) -> list[SpliceBand]:
    kept: list[SpliceBand] = []
    for band in sorted(bands, key=lambda band: (band.length_mm, band.x0_mm)):
        if all(abs(band.x0_mm - other.x0_mm) >= apart_mm for other in kept):
            kept.append(band)
    return sorted(kept, key=lambda band: band.x0_mm)


def mean_splice_mm(marker: Marker) -> float:
    """The cloth that a splice takes on the mean, where a length ends anywhere in the marker with the same likelihood.

    The cloth is cut off at the last band that it reaches, and the next one begins where that band does; before the
    first band the ply is begun anew.
    """
    if not marker.placements:
        return 0.0
    bands = [SpliceBand(0.0, 0.0), *splice_bands(marker)]
    ends = [band.x1_mm for band in bands[1:]] + [marker.length_mm]
    lost = 0.0
    for band, end in zip(bands, ends, strict=True):
        # From where this band ends to where the next one does: the cloth from its beginning on is lost.
        lost += ((end - band.x0_mm) ** 2 - (band.x1_mm - band.x0_mm) ** 2) / 2
    return lost / marker.length_mm
