"""From a job to what it needs, a demand for each marker and a cutter; and every fault before anything runs."""

from __future__ import annotations

import os
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from cutkit.batch.bundle import Bundle, BundleFile, KnownInput, Role, is_order_file, read_input
from cutkit.errors import CutkitError, InputError, UsageError
from cutkit.formats.jobs import Job, JobFault, fault_of
from cutkit.model import Demand, Fabric, InputFile, Notice, Order, Pattern
from cutkit.toolpath import CutterProfile

PATTERNS_KEPT = 32
"""Patterns that are kept after they were read: jobs of one night often share them."""
T = TypeVar("T")


@dataclass(frozen=True)
class Prepared:
    """A job ready to be nested: a demand for each of its markers, and the machine that cuts them."""

    bundle: Bundle
    demands: tuple[Demand, ...]
    fabric: Fabric
    profile: CutterProfile | None
    notices: tuple[Notice, ...]

    @property
    def inputs(self) -> tuple[InputFile, ...]:
        """What the markers name as their inputs."""
        roles: tuple[Role, ...] = ("pattern", "rules", "order")
        files = [file for role in roles for file in self.bundle.of_role(role)]
        return tuple(dict.fromkeys(InputFile(file.given, file.sha256) for file in files))

    def outputs(self, index: int) -> dict[str, str]:
        """Where the files of one of the markers go, by key: ``NAME-MATERIAL`` where there are several materials."""
        paths = self.bundle.job.outputs()
        if len(self.demands) == 1:
            return paths
        material = self.demands[index].material
        ending = "".join(c if c.isalnum() or c in "-_." else "-" for c in material).strip("-.") or "no-material"
        return {key: _with_ending(path, ending) for key, path in paths.items()}


def _with_ending(path: str, ending: str) -> str:
    """``m.marker.json`` and ``shell`` to ``m-shell.marker.json``."""
    name = Path(path)
    suffix = ".marker.json" if name.name.endswith(".marker.json") else name.suffix
    return str(name.with_name(f"{name.name.removesuffix(suffix)}-{ending}{suffix}"))


class Preparer:
    """Prepares jobs, and remembers the patterns that it read by what is in their files."""

    def __init__(self) -> None:
        self._patterns: OrderedDict[object, Pattern] = OrderedDict()

    def prepare(self, bundle: Bundle) -> Prepared:
        """A bundle as demands; the error of the first thing that is wrong with it."""
        from cutkit.formats.strip_packing import is_strip_packing

        profile = profile_of(bundle)
        files = bundle.of_role("pattern")
        if any(is_strip_packing(file.path, file.data) for file in files):
            return _instance(bundle, profile)
        patterns = [self.pattern(bundle, file) for file in files]
        return _prepared(bundle, profile, patterns, order_of(bundle))

    def pattern(self, bundle: Bundle, file: BundleFile) -> Pattern:
        """The pattern in one of a bundle's files, with the rule table that the bundle has for it."""
        from cutkit.formats.dxf.layers import LayerRoles, Overrides
        from cutkit.formats.patterns import parse_pattern

        job = bundle.job
        rules = next((f for f in bundle.of_role("rules") if f.owner in ("", file.path)), None)
        try:
            layers = LayerRoles(job.cut_layer, job.mark_layer, job.ignore_layer)
        except ValueError as error:
            raise UsageError(str(error)) from error
        key = (file.path, file.sha256, rules and rules.sha256, job.units, job.rul, layers)
        if key not in self._patterns:
            with tempfile.TemporaryDirectory(prefix="cutkit-") as folder:
                told = Overrides(job.units, _laid_out(rules, folder) if rules is not None else None, layers)
                self._patterns[key] = parse_pattern(file.data, where=file.path, told=told)
            if len(self._patterns) > PATTERNS_KEPT:
                self._patterns.popitem(last=False)
        self._patterns.move_to_end(key)
        return self._patterns[key]


def _laid_out(file: BundleFile, folder: str) -> str:
    """A file of a bundle in a folder, for a reader that wants a path."""
    path = Path(folder) / Path(file.path).name
    path.write_bytes(file.data)
    return str(path)


def order_of(bundle: Bundle) -> Order | None:
    """The order of a bundle; None where the job has none."""
    from cutkit.formats.orders import read_order

    files = bundle.of_role("order")
    if not files:
        return read_order(bundle.job.order) if bundle.job.order is not None else None
    with tempfile.TemporaryDirectory(prefix="cutkit-") as folder:
        try:
            return read_order(_laid_out(files[0], folder))
        except CutkitError as error:
            where = (error.where or "").replace(folder + os.sep, "")
            raise InputError(error.message, where=where, hint=error.hint) from error


def profile_of(bundle: Bundle) -> CutterProfile | None:
    """The machine of a bundle; UsageError or InputError where there is none of that name, or its file is wrong."""
    from cutkit.formats.profile import load_profile, parse_profile

    files = bundle.of_role("cutter")
    if files:
        return parse_profile(files[0].data, Path(files[0].path).stem, files[0].given)
    return load_profile(bundle.job.cutter) if bundle.job.cutter is not None else None


def _instance(bundle: Bundle, profile: CutterProfile | None) -> Prepared:
    from cutkit.formats.strip_packing import parse_instance

    job, files = bundle.job, bundle.of_role("pattern")
    if len(files) > 1:
        raise UsageError("a strip-packing instance is nested alone", hint="Name one JSON file, or pattern files.")
    given = {"width": job.width_mm, "order": job.order, "material": job.material, "units": job.units, "rul": job.rul}
    given |= {"selvedge": job.selvedge_mm, "nap": job.nap if job.nap != "two-way" else None}
    for key, value in given.items():
        if value:
            raise UsageError(f"{key} does not go with a strip-packing instance, which says all of that itself")
    instance = parse_instance(files[0].data, where=files[0].path)
    fabric = Fabric(instance.strip_height_mm, name=instance.name, max_length_mm=job.max_length_mm)
    if job.gap_mm > fabric.usable_width_mm:
        raise UsageError(f"the gap of {job.gap_mm:g} mm is wider than the strip of {fabric.usable_width_mm:g} mm")
    pieces = tuple(replace(piece, tilt_deg=job.tilt_deg) for piece in instance.demand.pieces)
    return Prepared(bundle, (replace(instance.demand, pieces=pieces),), fabric, profile, instance.notices)


def _prepared(bundle: Bundle, profile: CutterProfile | None, patterns: list[Pattern], order: Order | None) -> Prepared:
    from cutkit.plan.demand import make_plan

    job = bundle.job
    if job.width_mm is None:
        raise UsageError("the fabric's width is missing", hint='Give it, for example width = "150cm".')
    plan = make_plan(patterns, order, nap=job.nap, material=job.material, tilt_deg=job.tilt_deg)
    styles = ", ".join(dict.fromkeys(pattern.style for pattern in patterns))
    fabric = Fabric(job.width_mm, job.selvedge_mm, job.nap, name=styles, max_length_mm=job.max_length_mm)
    notices = tuple(notice for pattern in patterns for notice in pattern.notices) + plan.notices
    return Prepared(bundle, plan.demands, fabric, profile, notices)


# --- before anything runs


@dataclass(frozen=True)
class Checked:
    """A job that can run: its inputs without their bytes, and the seconds that each marker is to be searched."""

    job: Job
    key: str
    inputs: tuple[KnownInput, ...]
    materials: tuple[str, ...]
    wishes_s: tuple[float, ...]
    writes: tuple[str, ...]
    notices: tuple[Notice, ...] = ()


SECONDS_A_ROUND = 0.4
"""About what a round takes, of both chains on one processor: for sharing a night only."""


class Checker:
    """Looks for faults of jobs, with all that reading their inputs shows."""

    def __init__(self) -> None:
        self._preparer = Preparer()

    def gather(self, job: Job) -> tuple[Bundle, list[JobFault]]:
        """The job with its inputs as they are now, and a fault for each one that cannot be read."""
        files: list[BundleFile] = []
        faults: list[JobFault] = []

        def read(path: str, role: Role, key: str) -> None:
            _note(faults, job, key, lambda: files.append(read_input(job, path, role)))

        for path in job.patterns:
            read(path, "pattern", "patterns")
        if job.rul is not None:
            read(job.rul, "rules", "rul")
        if job.order is not None and is_order_file(job):
            read(job.order, "order", "order")
        if job.cutter is not None and os.path.isabs(job.cutter):
            read(job.cutter, "cutter", "cutter")
        return Bundle(job, tuple(files)), faults

    def check(self, job: Job) -> tuple[Checked | None, list[JobFault]]:
        """The job, able to run; None with all its faults where it is not."""
        from cutkit.nest import default_time_s

        bundle, faults = self.gather(job)
        _note(faults, job, "cutter", lambda: profile_of(bundle))
        if not any(fault.key in ("patterns", "rul") for fault in faults):
            bundle = self._with_rule_tables(bundle, faults)
        if not any(fault.key == "order" for fault in faults):
            _note(faults, job, "order", lambda: order_of(bundle))
        prepared = None
        if not any(fault.key != "cutter" for fault in faults):
            without = replace(bundle, job=msgspec.structs.replace(job, cutter=None))
            prepared = _note(faults, job, "", lambda: self._preparer.prepare(without))
        outputs = list(job.outputs().values())
        if prepared is not None:
            outputs = [path for k in range(len(prepared.demands)) for path in prepared.outputs(k).values()]
        faults += _output_faults(job, bundle, outputs)
        if prepared is None or faults:
            return None, faults
        wishes = [
            job.time_s or (SECONDS_A_ROUND * job.rounds if job.rounds else default_time_s(len(demand.copies)))
            for demand in prepared.demands
        ]
        inputs = tuple(file.known for file in bundle.files)
        materials = tuple(demand.material for demand in prepared.demands)
        writes = tuple(outputs)
        return Checked(job, bundle.key, inputs, materials, tuple(wishes), writes, prepared.notices), faults

    def _with_rule_tables(self, bundle: Bundle, faults: list[JobFault]) -> Bundle:
        """The bundle with the rule tables that its patterns have beside them, and a fault for each bad pattern."""
        from cutkit.formats.strip_packing import is_strip_packing

        files = list(bundle.files)
        for file in bundle.of_role("pattern"):
            if is_strip_packing(file.path, file.data):
                continue
            pattern = _note(faults, bundle.job, "patterns", lambda file=file: self._preparer.pattern(bundle, file))  # type: ignore[misc]
            if pattern is not None and pattern.rule_table is not None and bundle.job.rul is None:
                files.append(read_input(bundle.job, pattern.rule_table.path, "rules", owner=file.path))
        return Bundle(bundle.job, tuple(files))


def gathered_again(job: Job, inputs: Iterable[KnownInput]) -> Bundle:
    """The bundle of a job whose inputs were checked before.

    InputError where one of them has changed since, or is gone: what would be nested is not what was checked.
    """
    files = []
    for known in inputs:
        file = read_input(job, known.path, known.role, known.owner)
        if file.sha256 != known.sha256:
            hint = "Run the batch again with its job file: it takes the job up as a changed one."
            raise InputError("the file has changed since the job was queued", where=known.path, hint=hint)
        files.append(file)
    return Bundle(job, tuple(files))


def _note(faults: list[JobFault], job: Job, key: str, do: Callable[[], T]) -> T | None:
    """What ``do`` returns; None where it fails, and then its error is among the faults."""
    try:
        return do()
    except CutkitError as error:
        faults.append(fault_of(error, job.source, job.name, key))
        return None


def _output_faults(job: Job, bundle: Bundle, outputs: Sequence[str]) -> list[JobFault]:
    """Outputs of a job that cannot be written, or would replace one of its inputs or one another."""
    from cutkit.formats.files import refuse_bad_outputs

    faults: list[JobFault] = []
    sources = [file.path for file in bundle.files] + [job.source]
    _note(faults, job, "marker", lambda: refuse_bad_outputs(outputs, sources))
    for path in outputs:
        _note(faults, job, "marker", lambda path=path: _refuse_unwritable(path))  # type: ignore[misc]
    return list(dict.fromkeys(faults))


def _refuse_unwritable(path: str) -> None:
    """MachineError where ``path`` cannot be written; its folder need not exist yet, only be possible."""
    from cutkit.formats.files import refuse_unwritable

    folder = Path(path).parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    refuse_unwritable(path if folder == Path(path).parent else folder / "x")


def check_jobs(jobs: Sequence[Job], checker: Checker) -> tuple[list[Checked], list[JobFault]]:
    """The jobs that can run, and every fault of the others; outputs of two jobs never have one name."""
    checked: list[Checked] = []
    faults: list[JobFault] = []
    for job in jobs:
        found, wrong = checker.check(job)
        faults += wrong
        if found is not None and not wrong:
            checked.append(found)
    clashes = _clashes(checked)
    stay = [one for one in checked if not any(c.file == one.job.source and c.job == one.job.name for c in clashes)]
    return stay, faults + clashes


def _clashes(checked: Sequence[Checked]) -> list[JobFault]:
    """A fault for every output that another job writes, too, or that another job reads."""
    writers: dict[str, list[Job]] = {}
    inputs = {os.path.realpath(path): one.job for one in checked for path in (known.path for known in one.inputs)}
    for one in checked:
        for path in one.writes:
            writers.setdefault(os.path.realpath(path), []).append(one.job)
    faults = []
    for path, jobs in writers.items():
        for job in jobs if len(jobs) > 1 else ():
            others = ", ".join(other.name for other in jobs if other is not job)
            hint = "Give each job its own name, or {name} in the output."
            faults.append(JobFault(job.source, job.name, "marker", f"{path} is written by job {others}, too.", hint))
        if path in inputs and jobs[0] is not inputs[path]:
            message = f"{path} would replace an input of job {inputs[path].name}."
            faults.append(JobFault(jobs[0].source, jobs[0].name, "marker", message, "Choose another name."))
    return faults
