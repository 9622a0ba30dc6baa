"""Fills that people with any colour vision can tell apart: tints of the eight hues of Okabe and Ito (2008).

The hues are mixed with white so that black text reads well on all of them. The amounts are chosen so that the two most
alike of the first eight are as far apart as can be, also as people without red, green or blue cones see them (by the
matrices of Machado, Oliveira and Fernandes, 2009): 12 units of CIE 1976 colour difference.
"""

from __future__ import annotations

from collections.abc import Sequence

LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#7A7A7A")
"""Colours of lines that people with any colour vision can tell apart (after Okabe and Ito); they repeat."""
_HUES = (
    ("#56B4E9", 0.55),  # sky blue
    ("#E69F00", 0.70),  # orange
    ("#009E73", 0.59),  # bluish green
    ("#F0E442", 0.50),  # yellow
    ("#CC79A7", 1.00),  # reddish purple
    ("#0072B2", 0.74),  # blue
    ("#D55E00", 0.68),  # vermilion
    ("#000000", 0.16),  # black, as a grey
)
_PALE = 0.45
"""How much of its colour a fill of the second round keeps."""


def _tint(hue: str, share: float) -> str:
    parts = (int(hue[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - share * (255 - part)):02X}" for part in parts)


FILLS: tuple[str, ...] = tuple(_tint(h, s) for h, s in _HUES) + tuple(_tint(h, s * _PALE) for h, s in _HUES)
"""Eight fills that are easy to tell apart, then eight paler ones; after those they repeat."""


def fills_of(keys: Sequence[str]) -> dict[str, str]:
    """A fill for every key, in order; from the seventeenth key on they repeat."""
    return {key: FILLS[index % len(FILLS)] for index, key in enumerate(keys)}
