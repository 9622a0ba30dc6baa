"""The marker to go on from: read, of whatever form, and with those pieces locked that are to stay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from cutkit.errors import UsageError, did_you_mean
from cutkit.model import Demand, Fabric, Marker, Placement
from cutkit.prepare.sources import SourceFile
from cutkit.prepare.wanted import Words

BUNDLE = "bundle:"
"""What begins a lock of all pieces of a garment."""


def read_start(file: SourceFile, demands: Sequence[Demand], fabric: Fabric) -> Marker:
    """The marker in a file: one of cutkit's, or another nester's solution of the instance that is nested."""
    from cutkit.formats.marker import parse_marker
    from cutkit.formats.strip_solution import is_solution, parse_solution

    if not is_solution(file.data):
        return parse_marker(file.data, where=file.path)
    pieces = [piece for demand in demands for piece in demand.pieces]
    return parse_solution(file.data, where=file.path, pieces=pieces, fabric=fabric)


def concerns(start: Marker, demand: Demand) -> bool:
    """Whether a marker has pieces of a demand, or such of their names and material in other sizes."""
    lying = [start.by_id[p.piece] for p in start.placements if p.piece in start.by_id]
    ids = {placement.piece for placement in start.placements}
    names = {(piece.name, piece.material) for piece in lying}
    return any(piece.id in ids or (piece.name, piece.material) in names for piece in demand.pieces)


def with_locks(start: Marker, locks: Iterable[str], words: Words) -> Marker:
    """The marker with those placements locked that one of ``locks`` names, and those that are locked already.

    A lock is the id or the name of pieces, ``*`` and ``?`` standing for any letters, or ``bundle:`` and the number of a
    garment. UsageError where one names nothing in the marker.
    """
    locked = [placement.locked for placement in start.placements]
    for lock in locks:
        hits = [_is_named(lock, placement, start) for placement in start.placements]
        if not any(hits):
            raise _nothing_named(lock, start, words)
        locked = [was or hit for was, hit in zip(locked, hits, strict=True)]
    kept = zip(start.placements, locked, strict=True)
    return replace(start, placements=tuple(replace(placement, locked=stays) for placement, stays in kept))


def _is_named(lock: str, placement: Placement, start: Marker) -> bool:
    if lock.startswith(BUNDLE):
        return lock.removeprefix(BUNDLE).strip() == str(placement.bundle)
    piece = start.by_id.get(placement.piece)
    names = {placement.piece, piece.name if piece else placement.piece}
    return any(fnmatchcase(name.casefold(), lock.strip().casefold()) for name in names)


def _nothing_named(lock: str, start: Marker, words: Words) -> UsageError:
    known = {placement.piece for placement in start.placements}
    garments = ", ".join(map(str, start.bundles))
    hint = f"Its garments are {garments}." if lock.startswith(BUNDLE) else did_you_mean(lock, known)
    return UsageError(
        f"{words.name('lock')} {lock}: nothing in the marker to start from is called so",
        hint=hint or f"It has {', '.join(sorted(known)[:8])}; or give bundle:N.",
    )
