"""What is asked of a nest, and how its keys are called where it was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutkit.model import Nap, Units


@dataclass(frozen=True, slots=True)
class Words:
    """How the keys of a nest are called by who asks: ``--max-length 6m``, or ``max_length = "6m"`` in a job."""

    options: bool

    def name(self, key: str) -> str:
        """The key as it is written there."""
        return f"--{key.replace('_', '-')}" if self.options else key

    def example(self, key: str, value: str) -> str:
        """The key with a value."""
        return f"{self.name(key)} {value}" if self.options else f'{key} = "{value}"'


OPTIONS = Words(options=True)
"""On the command line."""
KEYS = Words(options=False)
"""In a file of jobs."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked of a nest: patterns, an order and cloth. None is a key that was not given; lengths are in mm.

    ``order`` is one as ``formats.orders`` reads it from a text, ``order_path`` the table of one. ``rul``, ``start`` and
    ``order_path`` are paths. How long to search is no part of it: that decides nothing about what is to be nested.
    """

    words: Words
    patterns: tuple[str, ...]
    order: str | None = None
    order_path: str | None = None
    start: str | None = None
    material: str | None = None
    units: Units | None = None
    rul: str | None = None
    cut_layer: tuple[str, ...] = ()
    mark_layer: tuple[str, ...] = ()
    ignore_layer: tuple[str, ...] = ()
    width_mm: float | None = None
    selvedge_mm: float | None = None
    gap_mm: float | None = None
    max_length_mm: float | None = None
    tilt_deg: float | None = None
    nap: Nap | None = None
