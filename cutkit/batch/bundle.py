"""A job with the bytes of its inputs: all that a worker needs, wherever it is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import msgspec

from cutkit import __version__
from cutkit.formats.jobs import Job
from cutkit.prepare.finding import given_of
from cutkit.prepare.sources import Role, SourceFile, files_named, of_role, read_source
from cutkit.prepare.wanted import KEYS, Wanted

_NOT_THE_WORK = ("source", "given", "priority", "extend", "cloth")
"""Fields of a job that say when it is done, or what it is called, not what comes of it."""
_OF_THE_PAGE = ("name", "due_at", "plies", "end_allowance_mm")
"""Fields of a job that change nothing but its page."""


@dataclass(frozen=True, slots=True)
class KnownInput:
    """An input without its bytes: what the store keeps of it."""

    path: str
    role: Role
    sha256: str
    owner: str = ""


def known(file: SourceFile) -> KnownInput:
    """An input without its bytes."""
    return KnownInput(file.path, file.role, file.sha256, file.owner)


@dataclass(frozen=True)
class Bundle:
    """A job and its inputs. ``key`` stands for all that decides what comes of it."""

    job: Job
    files: tuple[SourceFile, ...]

    @cached_property
    def key(self) -> str:
        """A hash of the settings, the inputs and cutkit's version; two jobs with the same key have the same result,
        as far as the effort is given in rounds."""
        settings = msgspec.to_builtins(self.job)
        for field in _NOT_THE_WORK if self.job.html is not None else (*_NOT_THE_WORK, *_OF_THE_PAGE):
            settings.pop(field)
        parts = [__version__, msgspec.json.encode(settings, order="sorted").hex()]
        parts += [f"{file.role} {file.path} {file.sha256}" for file in self.files]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def of_role(self, role: Role) -> list[SourceFile]:
        """The inputs that are ``role``, in the job's order."""
        return of_role(self.files, role)


def read_input(job: Job, path: str, role: Role, owner: str = "") -> SourceFile:
    """An input of a job as it is on disk now; InputError where it cannot be read."""
    return read_source(path, role, given=job.given.get(path, given_of(path, os.path.dirname(job.source))), owner=owner)


def wanted_of(job: Job) -> Wanted:
    """What a job asks of a nest."""
    is_table = job.order is not None and os.path.isabs(job.order)
    return Wanted(
        words=KEYS,
        patterns=job.patterns,
        order=None if is_table else job.order,
        order_path=job.order if is_table else None,
        material=job.material,
        units=job.units,
        rul=job.rul,
        start=job.start,
        cut_layer=job.cut_layer,
        mark_layer=job.mark_layer,
        ignore_layer=job.ignore_layer,
        fabric=job.fabric,
        rules=job.rules,
        cloth={
            "width": job.width_mm,
            "selvedge": job.selvedge_mm,
            "selvedge_low": job.selvedge_low_mm,
            "selvedge_high": job.selvedge_high_mm,
            "margin_start": job.margin_start_mm,
            "margin_end": job.margin_end_mm,
            "gap": job.gap_mm,
            "max_length": job.max_length_mm,
            "span": job.span_mm,
            "tilt": job.tilt_deg,
            "nap": job.nap,
            "spread": job.spread,
            "face": job.face,
        },
        order_plies=job.order_plies,
        sets=job.sets,
        remainder=job.remainder,
        base=os.path.dirname(job.source),
        where=f"job {job.name}",
    )


def files_of(job: Job) -> Iterator[tuple[str, Role, str]]:
    """The files that a job names as its inputs: the key that names each, what it is for, and its path."""
    yield from files_named(wanted_of(job))
    if job.cutter is not None and os.path.isabs(job.cutter):
        yield "cutter", "cutter", job.cutter
    if job.fabric is not None and os.path.isabs(job.fabric):
        yield "fabric", "fabric", job.fabric
    if job.registration is not None:
        yield "registration", "registration", job.registration
