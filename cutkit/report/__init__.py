"""The figures of markers and of the cloth they are cut from. Numbers only; ``formats`` draws them, ``cli`` prints them.

::

    figures   length, efficiency, pieces and garments of a marker
    places    where in a marker the cloth lies that no piece covers
    balance   the cloth that was issued for a spread, to the last square millimetre
    summary   marker by marker, order by order, and in total: cloth, money, weight, footprint, time
    tables    a summary as JSON and as rows
    compare   waste against waste
"""

from cutkit.report.figures import (
    ClothFigures,
    MarkerFigures,
    TotalFigures,
    garments_by_size,
    marker_figures,
    nest_entry,
    total_figures,
)

__all__ = [
    "ClothFigures",
    "MarkerFigures",
    "TotalFigures",
    "garments_by_size",
    "marker_figures",
    "nest_entry",
    "total_figures",
]
