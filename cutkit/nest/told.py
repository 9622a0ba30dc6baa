"""What a nest tells of the marker that it went on from, as notices with stable codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cutkit.check import Fault
from cutkit.model import Marker, Notice, OrderedPiece
from cutkit.nest.resume import Taken
from cutkit.nest.shapes import Choice

Tell = Callable[[Notice], None]
"""Hears a notice."""

FAULTS_TOLD = 3
PIECES_TOLD = 6
SAME_OUTLINE_MM = 1e-5
LONGER_MM = 1e-3
"""A marker that is longer than its start by no more than this is as long: rounding."""


@dataclass(frozen=True)
class Told:
    """What is to be said of a start: who of the ordered ``pieces`` lies where, and what is wrong with it on this
    cloth."""

    start: Marker
    pieces: Mapping[str, OrderedPiece]
    choice: Choice
    taken: Taken
    faults: Sequence[Fault]

    def as_it_is(self) -> Iterator[Notice]:
        """The search goes on from it without a change, but for what is not ordered."""
        yield from self._of_pieces()
        yield Notice("start-used", f"the search goes on from the start as it is, {_long(self.start.length_mm)} long")

    def mended(self, length_mm: float) -> Iterator[Notice]:
        """It had faults, or lacked pieces, or had others; made sound it takes ``length_mm``."""
        became = f"made sound it is {_long(length_mm)} long, and was {_long(self.start.length_mm)}"
        pieces = list(self._of_pieces())
        yield from pieces
        faults = self._faults_told()
        if faults and not self._has_substitutes:
            yield Notice("start-mended", f"the start had {faults}; {became}")
        elif pieces:
            yield Notice("start-mended", f"the start has made room for these pieces; {became}")
        else:
            yield Notice("start-mended", f"the start lay so near that the search had to move pieces; {became}")

    def not_used(self, reason: str) -> Iterator[Notice]:
        """The search began anew."""
        faults = self._faults_told()
        why = f"{reason}; it had {faults}" if faults else reason
        yield Notice("start-not-used", f"the search began anew: {why}")

    @property
    def _has_substitutes(self) -> bool:
        return any(
            p is not None and p.piece != c.piece for p, c in zip(self.taken.lying, self.choice.copies, strict=True)
        )

    def _of_pieces(self) -> Iterator[Notice]:
        """Which pieces took the place of others, were not there, or were there too often."""
        pairs = list(zip(self.choice.copies, self.taken.lying, strict=True))
        put_in = Counter(f"{c.piece} for {p.piece}" for c, p in pairs if p is not None and p.piece != c.piece)
        if put_in:
            count = put_in.total()
            verb = "copy takes the place of another" if count == 1 else "copies take the places of others"
            yield Notice("start-substituted", f"{count} {verb} of the start: {_listed(put_in)}")
        missing = Counter(c.piece for c, p in pairs if p is None)
        if missing:
            yield Notice("start-lacks", f"not in the start, and laid anew: {_listed(missing)}")
        reshaped = Counter(c.piece for c, p in pairs if p is not None and self._is_reshaped(c.piece))
        if reshaped:
            yield Notice("start-reshaped", f"the outline is another now than in the start: {_listed(reshaped)}")
        extra = Counter(p.piece for p in self.taken.left)
        if extra:
            yield Notice("start-left-out", f"in the start, but not ordered, and left out: {_listed(extra)}")

    def _is_reshaped(self, piece: str) -> bool:
        """Whether a piece's outline is another than that of its id in the start."""
        was, now = self.start.by_id[piece].outline, self.pieces[piece].outline
        return was is not now and not was.equals_exact(now, SAME_OUTLINE_MM)

    def _faults_told(self) -> str:
        """The first of the faults in words; empty where there are none."""
        if not self.faults:
            return ""
        told = "; ".join(fault.message for fault in self.faults[:FAULTS_TOLD])
        more = len(self.faults) - FAULTS_TOLD
        count = "a fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        return f"{count} on this cloth: {told}" + (f"; and {more} more" if more > 0 else "")


def longer_than_start(marker: Marker, start: Marker) -> Iterator[Notice]:
    """A word where a start with faults has become longer for good, with both lengths."""
    if marker.length_mm > start.length_mm + LONGER_MM:
        message = f"the marker is {_long(marker.length_mm)}, longer than its start of {_long(start.length_mm)}"
        yield Notice("start-longer", f"{message}, which could not stay as it was")


def _long(length_mm: float) -> str:
    return f"{length_mm:.2f} mm"


def _listed(counts: Counter[str]) -> str:
    """The names with their counts, the first of many."""
    named = [name if count == 1 else f"{name} ({count})" for name, count in list(counts.items())[:PIECES_TOLD]]
    more = len(counts) - PIECES_TOLD
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
