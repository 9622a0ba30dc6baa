"""The nest search: from the copies that an order needs to a marker.

::

    shapes    what the search sees of the pieces: outlines in each orientation, simplified outward
    stands    where on the cloth each may stand: zones, folds, ties
    matching  which are tied to the cloth's repeat, or over it to one another
    rules     what a layout has to keep as a whole: flaws, locked pieces, matches, spans of garments
    angles    at which angles: in stages, where pieces may tilt
    tables    no-fit polygons of all pairs, tabulated
    start     a first layout
    resume    or the layout of a marker to go on from
    repair    also one whose pieces overlap, or are others now
    told      what became of it, in words
    problem   what a search works on
    chain     explore, disrupt, compress: one thread's search
    disrupt   what shakes a layout that will not become shorter
    search    several chains, stopped by time or rounds
    settle    from the search's layouts back to a marker that the referee passes
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from cutkit.model import Demand, Fabric, InputFile, Marker, NestSettings, Notice

Stage = Literal["compiling", "preparing", "searching"]

SECONDS_AT_LEAST = 10.0
SECONDS_PER_COPY = 0.5
SECONDS_AT_MOST = 120.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a nest is. Length and efficiency are None until there is a layout; times are in seconds."""

    stage: Stage
    copies: int
    elapsed_s: float
    left_s: float | None = None
    rounds: int = 0
    rounds_left: int | None = None
    length_mm: float | None = None
    efficiency: float | None = None


class Listener(Protocol):
    """Whoever wants to know how far a nest is; called a few times a second, in the caller's thread."""

    def __call__(self, progress: Progress) -> None: ...


def default_time_s(copies: int) -> float:
    """The search time where none is given: it grows with the number of copies, from 10 s to 2 min."""
    return min(SECONDS_AT_MOST, SECONDS_AT_LEAST + SECONDS_PER_COPY * copies)


def nest(
    fabric: Fabric,
    demand: Demand,
    settings: NestSettings,
    *,
    inputs: Sequence[InputFile] = (),
    listener: Listener | None = None,
    stop: Callable[[], bool] | None = None,
    start: Marker | None = None,
    tell: Callable[[Notice], None] | None = None,
) -> Marker:
    """The best marker found within ``settings.time_s`` or ``settings.rounds``, free of faults.

    Copies that fit the fabric in none of their orientations, or lie beyond its length limit, are in
    ``Marker.unplaced`` with the reason. The time counts from this call, the preparation of the tables included; where
    the kernels have to be compiled first (the first run on a machine), it counts from then on. ``stop`` is asked often:
    once it is true, the best so far is returned within a fraction of a second. With ``rounds`` the same seed gives the
    same marker, whatever ``workers`` is.

    ``start`` is a marker to go on from. One that is sound on this cloth is taken as it is, and what comes back is no
    longer. One with faults is made sound first: pieces that overlap are moved apart; copies that it lacks are laid
    anew, or take the places of pieces of their name in other sizes. Its locked placements stay. ``tell`` hears what
    became of it, as notices (see ``told``). InfeasibleError where something is locked that cannot stay, InputError
    where it holds unknown pieces.
    """
    from cutkit.nest.run import Run

    def unheard(_: Notice) -> None: ...

    run = Run(fabric, demand, settings, listener, stop or (lambda: False), time.monotonic(), start, tell or unheard)
    return run.marker(tuple(inputs))
