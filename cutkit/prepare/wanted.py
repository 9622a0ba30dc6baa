"""What is asked of a nest, and how its keys are called where it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cutkit.model import MarkerSet, Units


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
    """What is asked of a nest: patterns, an order, rules and cloth. None is a key that was not given.

    ``order`` is one as ``formats.orders`` reads it from a text, ``order_path`` the table of one. ``rul``, ``start``,
    ``order_path``, ``rolls`` and ``rules`` are paths, ``fabric`` is one or a name; ``rule_texts`` are rules themselves.
    ``locks`` name the pieces and garments of the start that are to stay (see ``start``). ``cloth`` is what is said of
    the cloth, by the keys of a fabric file, lengths in mm. With ``order_plies`` the order counts the garments of so
    many plies together. A project's file is looked for upward of the folder ``base``, and ``where`` says where all of
    this stands (a job; empty: on the command line). How long to search is no part of it: that decides nothing about
    what is to be nested.
    """

    words: Words
    patterns: tuple[str, ...]
    order: str | None = None
    order_path: str | None = None
    start: str | None = None
    locks: tuple[str, ...] = ()
    material: str | None = None
    units: Units | None = None
    rul: str | None = None
    cut_layer: tuple[str, ...] = ()
    mark_layer: tuple[str, ...] = ()
    ignore_layer: tuple[str, ...] = ()
    fabric: str | None = None
    rules: tuple[str, ...] = ()
    rolls: str | None = None
    rule_texts: tuple[str, ...] = ()
    cloth: Mapping[str, Any] = field(default_factory=dict)
    order_plies: int | None = None
    sets: MarkerSet | None = None
    remainder: bool = False
    base: str = "."
    where: str = ""

    def place(self, key: str) -> str:
        """Where a key of it stands, in words."""
        name = self.words.name(key)
        return f"{self.where}, {name}" if self.where else name
