"""From a job to what it needs, a nest and a cutter; and every fault before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from cutkit.batch.bundle import Bundle, KnownInput, files_of, known, read_input, wanted_of
from cutkit.cut.registration import RegistrationFit
from cutkit.errors import CutkitError, InputError, UsageError
from cutkit.formats.jobs import Job, JobFault, fault_of
from cutkit.model import Notice, Pattern
from cutkit.outputs.names import with_ending
from cutkit.outputs.programs import print_fit, with_strokes
from cutkit.prepare.cloth import senseless
from cutkit.prepare.finding import fabric_path, has_instance, rules_found
from cutkit.prepare.layers import config_of, layer_files, read_layer
from cutkit.prepare.prepare import Prepared, Preparer, order_of
from cutkit.prepare.sources import Role, SourceFile
from cutkit.prepare.wanted import Wanted
from cutkit.toolpath import CutterProfile

T = TypeVar("T")


@dataclass(frozen=True)
class PreparedJob:
    """A job ready to be nested, the machine that cuts it, and where its print lies."""

    bundle: Bundle
    nest: Prepared
    profile: CutterProfile | None
    fit: RegistrationFit | None

    def outputs(self, index: int) -> dict[str, str]:
        """Where the files of one of the markers go, by key: ``NAME-MATERIAL`` where there are several materials."""
        ending = self.nest.endings[index]
        return {key: str(with_ending(Path(path), ending)) for key, path in self.bundle.job.outputs().items()}


def prepare_job(bundle: Bundle, preparer: Preparer) -> PreparedJob:
    """A bundle as demands, with its machine; the error of the first thing that is wrong with it."""
    profile, fit = profile_of(bundle), fit_of(bundle)
    nest = preparer.prepare(wanted_of(bundle.job), bundle.files)
    if fit is not None and len(nest.demands) > 1:
        hint = "Give each material a job of its own, by the key material."
        raise UsageError(f"registration is of one printed marker, and the job has {len(nest.demands)}", hint=hint)
    return PreparedJob(bundle, nest, profile, fit)


def profile_of(bundle: Bundle) -> CutterProfile | None:
    """The machine of a bundle, with the job's choices; UsageError or InputError where there is none of that name, or
    its file is wrong."""
    from cutkit.formats.profile import load_profile, parse_profile

    job, files = bundle.job, bundle.of_role("cutter")
    if job.cutter is None:
        return None
    profile = (
        parse_profile(files[0].data, Path(files[0].path).stem, files[0].given) if files else load_profile(job.cutter)
    )
    return with_strokes(profile, job.strokes())


def fit_of(bundle: Bundle) -> RegistrationFit | None:
    """Where the print of a bundle's marker lies; InputError where its marks are wrong."""
    files = bundle.of_role("registration")
    if not files:
        return None
    return print_fit(files[0].data, bundle.job.registration_tolerance_mm, where=files[0].path)


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
        files: list[SourceFile] = []
        faults: list[JobFault] = []

        def read(key: str, role: Role, path: str) -> None:
            _note(faults, job, key, lambda: files.append(read_input(job, path, role)))

        for named in files_of(job):
            read(*named)
        if not has_instance(files):
            wanted = wanted_of(job)
            for role, path in _note(faults, job, "rules", lambda: list(rules_found(wanted))) or ():
                read("rules", role, path)
            asked = "fabric" if job.fabric is not None else "rules"
            fabric = _note(faults, job, asked, lambda: fabric_path(wanted, files))
            if fabric is not None and fabric != job.fabric:
                read("fabric", "fabric", fabric)
        return Bundle(job, tuple(files)), faults

    def check(self, job: Job) -> tuple[Checked | None, list[JobFault]]:
        """The job, able to run; None with all its faults where it is not."""
        bundle, faults = self.gather(job)
        wanted = wanted_of(job)
        faults += _cloth_faults(job, wanted, bundle.files, faults)
        bad = {fault.key for fault in faults}
        _note(faults, job, "cutter", lambda: profile_of(bundle))
        _note(faults, job, "registration", lambda: fit_of(bundle))
        if not bad & {"patterns", "rul"}:
            bundle = self._with_rule_tables(bundle, faults)
        if "order" not in bad:
            _note(faults, job, "order", lambda: order_of(wanted, bundle.files))
        prepared = None
        if not any(fault.key not in ("cutter", "registration") for fault in faults):
            prepared = _note(faults, job, "", lambda: self._prepared(bundle, faults))
        outputs = list(job.outputs().values())
        if prepared is not None:
            outputs = [path for k in range(len(prepared.nest.demands)) for path in prepared.outputs(k).values()]
            faults += _ply_faults(job, prepared)
        faults += _output_faults(job, bundle, outputs)
        if prepared is None or faults:
            return None, list(dict.fromkeys(faults))
        return _checked(prepared, bundle, outputs), faults

    def _prepared(self, bundle: Bundle, faults: Sequence[JobFault]) -> PreparedJob:
        """The job without what is known to be wrong with its machine: the nest may have faults of its own."""
        if not faults:
            return prepare_job(bundle, self._preparer)
        without = [file for file in bundle.files if file.role not in ("cutter", "registration")]
        job = msgspec.structs.replace(bundle.job, cutter=None, registration=None)
        return prepare_job(Bundle(job, tuple(without)), self._preparer)

    def _with_rule_tables(self, bundle: Bundle, faults: list[JobFault]) -> Bundle:
        """The bundle with the rule tables that its patterns have beside them, and a fault for each bad pattern."""
        from cutkit.formats.strip_packing import is_strip_packing

        files = list(bundle.files)

        def read(file: SourceFile) -> Pattern:
            return self._preparer.pattern(wanted_of(bundle.job), file, bundle.files)

        for file in bundle.of_role("pattern"):
            if is_strip_packing(file.path, file.data):
                continue
            pattern = _note(faults, bundle.job, "patterns", lambda file=file: read(file))  # type: ignore[misc]
            if pattern is not None and pattern.rule_table is not None and bundle.job.rul is None:
                files.append(read_input(bundle.job, pattern.rule_table.path, "rules", owner=file.path))
        return Bundle(bundle.job, tuple(files))


def _cloth_faults(
    job: Job, wanted: Wanted, files: Sequence[SourceFile], before: Sequence[JobFault]
) -> Iterator[JobFault]:
    """What is wrong with a job's cloth and rules: in the job itself, in their files, or with all of it together."""
    faults: list[JobFault] = []
    instance = has_instance(files)
    for file in () if instance else layer_files(files):
        _note(faults, job, "fabric" if file.role == "fabric" else "rules", lambda file=file: read_layer(file))  # type: ignore[misc]
    if not instance and not before and not faults:
        config = _note(faults, job, "order" if job.order else "", lambda: config_of(wanted, files))
        found = senseless(config, wanted.words) if config is not None else ()
        faults += [fault_of(one.error, job.source, job.name, one.key) for one in found]
    yield from faults


def _ply_faults(job: Job, prepared: PreparedJob) -> Iterator[JobFault]:
    """Plies that should lie face to face, and do not come out even."""
    if prepared.nest.fabric.spread == "face-to-face" and (job.plies or 0) % 2:
        error = UsageError(f"{job.plies} plies do not lie face to face: they come in pairs")
        yield fault_of(error, job.source, job.name, "plies")


def _checked(prepared: PreparedJob, bundle: Bundle, outputs: Sequence[str]) -> Checked:
    from cutkit.nest import default_time_s

    job, nest = bundle.job, prepared.nest
    by_rounds = SECONDS_A_ROUND * job.rounds if job.rounds else None
    return Checked(
        job=job,
        key=bundle.key,
        inputs=tuple(map(known, bundle.files)),
        materials=tuple(demand.material for demand in nest.demands),
        wishes_s=tuple(job.time_s or by_rounds or default_time_s(len(demand.copies)) for demand in nest.demands),
        writes=tuple(outputs),
        notices=nest.notices,
    )


def gathered_again(job: Job, inputs: Iterable[KnownInput]) -> Bundle:
    """The bundle of a job whose inputs were checked before.

    InputError where one of them has changed since, or is gone: what would be nested is not what was checked.
    """
    files = []
    for before in inputs:
        file = read_input(job, before.path, before.role, before.owner)
        if file.sha256 != before.sha256:
            hint = "Run the batch again with its job file: it takes the job up as a changed one."
            raise InputError("the file has changed since the job was queued", where=before.path, hint=hint)
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
    inputs = {os.path.realpath(path): one.job for one in checked for path in (i.path for i in one.inputs)}
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
