"""Files of batch jobs: TOML with ``[[job]]`` tables, or a CSV with a line for every made-to-measure garment.

Reading is strict, and finds every fault of every job rather than the first: a night is not worth a typo. Each key is
explained in ``docs/jobs.md``. Paths in a file are relative to its folder.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from cutkit.errors import CutkitError, InputError, did_you_mean
from cutkit.formats import keys
from cutkit.formats.csv_table import parse_rows
from cutkit.formats.fabrics import FABRIC_KEYS
from cutkit.formats.files import is_toml_path, read_bytes
from cutkit.formats.keys import Key, Keys
from cutkit.formats.toml_text import parse_toml
from cutkit.model import MarkerSet, Nap, Spread, Units
from cutkit.rules import KINDS
from cutkit.toolpath import BlockCut, NotchTime, OrderStyle

OUTPUTS = ("marker", "svg", "dxf", "pdf", "html", "picklist", "program")
"""The keys that name what a job writes."""
OF_A_PROGRAM = (
    "notches",
    "cut_order",
    "common_lines",
    "bridges",
    "bridge",
    "registration",
    "registration_tolerance",
    "picklist",
)
"""The keys that say how a program is made."""
SUFFIXES = (".toml", ".csv")
_NAME = re.compile(r"[\w.+-][\w .+-]*")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One job: patterns and an order to markers, pictures and programs. Lengths in mm, times in seconds.

    Paths are absolute; ``given`` has those of the inputs as they were written. ``due_at`` is in seconds since 1970, and
    ``order`` an order as ``formats.orders`` reads it, or the path of one.
    """

    name: str
    source: str
    patterns: tuple[str, ...]
    marker: str
    order: str | None = None
    fabric: str | None = None
    rules: tuple[str, ...] = ()
    width_mm: float | None = None
    selvedge_mm: float | None = None
    selvedge_low_mm: float | None = None
    selvedge_high_mm: float | None = None
    margin_start_mm: float | None = None
    margin_end_mm: float | None = None
    gap_mm: float | None = None
    max_length_mm: float | None = None
    span_mm: float | None = None
    tilt_deg: float | None = None
    nap: Nap | None = None
    spread: Spread | None = None
    face: bool | None = None
    order_plies: int | None = None
    sets: MarkerSet | None = None
    remainder: bool = False
    material: str | None = None
    units: Units | None = None
    rul: str | None = None
    start: str | None = None
    cut_layer: tuple[str, ...] = ()
    mark_layer: tuple[str, ...] = ()
    ignore_layer: tuple[str, ...] = ()
    time_s: float | None = None
    rounds: int | None = None
    seed: int = 0
    extend: bool = True
    min_efficiency: float | None = None
    cutter: str | None = None
    windows: Literal["auto", "off"] = "auto"
    notches: NotchTime | None = None
    cut_order: OrderStyle | None = None
    common_lines: bool | None = None
    bridges: int | None = None
    bridge_mm: float | None = None
    blocks: BlockCut | None = None
    registration: str | None = None
    registration_tolerance_mm: float = 0.5
    svg: str | None = None
    dxf: str | None = None
    pdf: str | None = None
    html: str | None = None
    picklist: str | None = None
    program: str | None = None
    due_at: float | None = None
    priority: int = 0
    cloth: str = ""
    plies: int | None = None
    end_allowance_mm: float | None = None
    given: dict[str, str] = {}

    def outputs(self) -> dict[str, str]:
        """The paths of what the job writes, by key."""
        paths = {key: getattr(self, key) for key in OUTPUTS}
        return {key: path for key, path in paths.items() if path is not None}

    def strokes(self) -> dict[str, Any]:
        """What the job chooses in place of its machine's ``[strokes]``; None for what the machine's profile says."""
        return {
            "notches": self.notches,
            "order": self.cut_order,
            "common_lines": self.common_lines,
            "bridges": self.bridges,
            "bridge_mm": self.bridge_mm,
            "blocks": self.blocks,
        }


@dataclass(frozen=True, slots=True)
class JobFault:
    """What is wrong with a job, where, and what to do about it."""

    file: str
    job: str
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        inside = os.path.relpath(self.file)
        shown = self.file if inside.startswith("..") else inside
        place = [shown, *([f"job {self.job}"] if self.job else []), *([f"key '{self.key}'"] if self.key else [])]
        return f"{', '.join(place)}: {self.message}" + (f" {self.hint}" if self.hint else "")


@dataclass(frozen=True, slots=True)
class Asked:
    """A job as it was asked for, whether it could be understood or not: its name, its file, and when it is due, as far
    as that can be read."""

    name: str
    source: str
    due_at: float | None = None
    priority: int = 0


@dataclass(frozen=True, slots=True)
class JobList:
    """The jobs that could be understood, the faults of the others, the files of a folder that hold something else
    (orders, machines), and what was asked for in all of them."""

    jobs: tuple[Job, ...]
    faults: tuple[JobFault, ...]
    left_alone: tuple[str, ...] = ()
    asked: tuple[Asked, ...] = ()


def shown_due(at: float | None) -> str:
    """A due date, year first: the day alone where its end is meant; empty where there is none."""
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at)
    day_ends = (moment.hour, moment.minute, moment.second) == (23, 59, 59)
    return moment.strftime("%Y-%m-%d" if day_ends else "%Y-%m-%d %H:%M")


def fault_of(error: CutkitError, file: str, job: str, key: str) -> JobFault:
    """An error as a fault of a job."""
    message = f"{error.where}: {error.message}" if error.where else error.message
    hint = error.hint or ""
    ended = message.endswith((".", "?")) or not hint
    return JobFault(file, job, key, message if ended else f"{message}.", " ".join(hint.split()))


def read_jobs(paths: Sequence[str | Path]) -> JobList:
    """The jobs of several files and folders (their .toml and .csv files), with every fault that the files alone show.

    InputError where a path does not exist or a folder holds no jobs.
    """
    jobs: list[Job] = []
    faults: list[JobFault] = []
    asked: list[Asked] = []
    files, left_alone = _files(paths)
    for path in map(os.path.abspath, files):
        try:
            tables = _csv_tables(path) if path.lower().endswith(".csv") else _toml_tables(path)
        except InputError as error:
            faults.append(fault_of(error, path, "", ""))
            continue
        for table in tables:
            asked.append(_asked(table))
            job, found = _job(table)
            faults += found
            if job is not None:
                jobs.append(job)
    return JobList(tuple(jobs), (*faults, *_named_twice(jobs)), tuple(left_alone), tuple(asked))


def is_job_file(path: str) -> bool:
    """Whether a file of a folder is meant to hold jobs: not so a table without a column of patterns, such as an order,
    and not a machine's profile, a fabric or rules. One that cannot be read is: its faults have to be told."""
    if not path.lower().endswith(SUFFIXES):
        return False
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        if path.lower().endswith(".csv"):
            first = next((line for line in text.splitlines() if line.strip()), "")
            return any(word.strip(' "').casefold() in ("pattern", "patterns") for word in re.split(r"[,;\t]", first))
        found = tomllib.loads(text).keys()
    except (OSError, ValueError):
        return True
    other = found & {"dialect", "base", "nest", *KINDS} or found <= FABRIC_KEYS.keys()
    return not other or bool(found & {"job", "patterns"})


def _files(paths: Sequence[str | Path]) -> tuple[list[str], list[str]]:
    """The job files among files and folders, and what was left alone of the folders."""
    files: list[str] = []
    left: list[str] = []
    for path in map(str, paths):
        if not os.path.exists(path):
            raise InputError("no such file or folder", where=path, hint="Check the name and the folder.")
        if not os.path.isdir(path):
            files.append(path)
            continue
        inside = sorted(
            os.path.join(path, n)
            for n in os.listdir(path)
            if n.lower().endswith(SUFFIXES) and not n.startswith(".") and os.path.isfile(os.path.join(path, n))
        )
        jobs = [file for file in inside if is_job_file(file)]
        if not jobs:
            raise InputError("the folder holds no job files (.toml, .csv)", where=path)
        files += jobs
        left += [file for file in inside if file not in jobs]
    return list(dict.fromkeys(files)), left


def _named_twice(jobs: Iterable[Job]) -> list[JobFault]:
    listed = list(jobs)
    counts = Counter(job.name.casefold() for job in listed)
    return [
        JobFault(job.source, job.name, "name", "two jobs have this name.", "Give each a name of its own.")
        for job in listed
        if counts[job.name.casefold()] > 1
    ]


# --- tables of either form


@dataclass(frozen=True, slots=True)
class _Table:
    """A job's keys as its file has them; ``number`` counts the jobs of the file."""

    file: str
    number: int
    label: str
    values: Mapping[str, Any]
    texts: bool
    """True where every value is text, as in a CSV: numbers are then read from it."""


def _toml_tables(path: str) -> list[_Table]:
    content = dict(parse_toml(read_bytes(path), path).values)
    defaults, jobs = content.pop("defaults", {}), content.pop("job", None)
    if content and jobs is None:
        jobs, content = [content], {}
    if content:
        known = ("job", "defaults")
        stray = next(iter(content))
        raise InputError(
            f"key {stray!r} stands outside of the jobs; {did_you_mean(stray, known)}".rstrip("; "),
            where=path,
            hint="A file holds [[job]] tables and may hold [defaults] for all of them, or the keys of one job alone.",
        )
    if not isinstance(jobs, list) or not all(isinstance(job, dict) for job in [*jobs, defaults]) or not jobs:
        raise InputError("it holds no jobs", where=path, hint="Write each as a table [[job]].")
    stem = Path(path).stem
    single = len(jobs) == 1
    return [
        _Table(path, number, stem if single else f"{stem}-{number}", {**defaults, **job}, texts=False)
        for number, job in enumerate(jobs, 1)
    ]


def _csv_tables(path: str) -> list[_Table]:
    rows = parse_rows(read_bytes(path), path)
    if len(rows) < 2:
        raise InputError("it holds no jobs", where=path, hint="The first line names the columns: pattern,width,...")
    names = ["patterns" if name.casefold() == "pattern" else name for name in rows[0][1]]
    if len(set(names)) < len(names):
        raise InputError("a column is there twice", where=f"{path}, line {rows[0][0]}")
    tables = []
    for number, row in rows[1:]:
        if len(row) > len(names):
            raise InputError("more cells than columns", where=f"{path}, line {number}")
        values = {name: cell for name, cell in zip(names, row, strict=False) if cell}
        label = Path(values["patterns"]).stem if "patterns" in values else f"line {number}"
        tables.append(_Table(path, number, label, values, texts=True))
    return tables


# --- one job, key by key


def _order(value: str | int | dict[str, int]) -> str:
    if isinstance(value, dict):
        return ",".join(f"{size}={count}" for size, count in value.items())
    return str(value)


def _due(value: Any) -> float:
    """A day means its end, by the clock of this machine."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > len("2026-11-27") else date.fromisoformat(value)
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, date):
        return (datetime.combine(value, time()) + timedelta(days=1, seconds=-1)).timestamp()
    raise ValueError("a day or a time is meant, such as 2026-11-28 or 2026-11-28T06:00")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r}: letters, digits, blanks and . _ + - only, for files are named after it")
    return value


_KEYS: Keys = {
    "name": Key("name", str, _name),
    "patterns": Key("patterns", str | list[str], keys.some_texts),
    "order": Key("order", str | int | dict[str, int], _order),
    "fabric": Key("fabric", str),
    "rules": Key("rules", str | list[str], keys.texts),
    "width": Key("width_mm", str, keys.above_zero),
    "selvedge": Key("selvedge_mm", str, keys.not_negative),
    "selvedge_low": Key("selvedge_low_mm", str, keys.not_negative),
    "selvedge_high": Key("selvedge_high_mm", str, keys.not_negative),
    "margin_start": Key("margin_start_mm", str, keys.not_negative),
    "margin_end": Key("margin_end_mm", str, keys.not_negative),
    "gap": Key("gap_mm", str, keys.not_negative),
    "max_length": Key("max_length_mm", str, keys.above_zero),
    "span": Key("span_mm", str, keys.above_zero),
    "tilt": Key("tilt_deg", float, keys.within(0, 180)),
    "nap": Key("nap", Nap),
    "spread": Key("spread", Spread),
    "face": Key("face", bool),
    "order_plies": Key("order_plies", int, keys.within(1, 10_000)),
    "sets": Key("sets", MarkerSet),
    "remainder": Key("remainder", bool),
    "material": Key("material", str),
    "units": Key("units", Units),
    "rul": Key("rul", str),
    "start": Key("start", str),
    "cut_layer": Key("cut_layer", str | list[str], keys.texts),
    "mark_layer": Key("mark_layer", str | list[str], keys.texts),
    "ignore_layer": Key("ignore_layer", str | list[str], keys.texts),
    "time": Key("time_s", str, keys.duration),
    "rounds": Key("rounds", int, keys.within(1, keys.LARGE)),
    "seed": Key("seed", int, keys.within(0, keys.LARGE)),
    "extend": Key("extend", bool),
    "min_efficiency": Key("min_efficiency", float, keys.within(0, 100)),
    "cutter": Key("cutter", str),
    "windows": Key("windows", Literal["auto", "off"]),
    "notches": Key("notches", NotchTime),
    "cut_order": Key("cut_order", OrderStyle),
    "common_lines": Key("common_lines", bool),
    "bridges": Key("bridges", int, keys.within(0, 10_000)),
    "bridge": Key("bridge_mm", str, keys.above_zero),
    "blocks": Key("blocks", BlockCut),
    "registration": Key("registration", str),
    "registration_tolerance": Key("registration_tolerance_mm", str, keys.not_negative),
    "marker": Key("marker", str),
    "svg": Key("svg", str),
    "dxf": Key("dxf", str),
    "pdf": Key("pdf", str),
    "html": Key("html", str),
    "picklist": Key("picklist", str),
    "program": Key("program", str),
    "due": Key("due_at", Any, _due),
    "priority": Key("priority", int, keys.within(-keys.LARGE, keys.LARGE)),
    "cloth": Key("cloth", str),
    "plies": Key("plies", int, keys.within(1, 10_000)),
    "end_allowance": Key("end_allowance_mm", str, keys.not_negative),
}
"""Every key of a job."""


def _asked(table: _Table) -> Asked:
    """Name and due date of a job that perhaps has faults elsewhere, or in these very keys."""
    asked = {key: table.values[key] for key in ("due", "priority") if key in table.values}
    told, _ = keys.read_keys(asked, _KEYS, texts=table.texts)
    return Asked(_label_of(table), table.file, **told)


def _label_of(table: _Table) -> str:
    """The name that a job's faults are told under."""
    return str(table.values.get("name", table.label))


def _job(table: _Table) -> tuple[Job | None, list[JobFault]]:
    """The job of a table; None with the faults where there are any."""
    label = _label_of(table)
    faults: list[JobFault] = []

    def fault(key: str, message: str, hint: str = "") -> None:
        faults.append(JobFault(table.file, label, key, message, hint))

    fields: dict[str, Any] = {"name": table.label, "source": os.path.abspath(table.file)}
    read, wrong = keys.read_keys(table.values, _KEYS, texts=table.texts)
    fields |= read
    for found in wrong:
        unknown = "" if found.key in _KEYS else "docs/jobs.md lists the keys."
        fault(found.key, found.message, found.hint or unknown)
    for key, message, hint in _sense_faults(table.values):
        fault(key, message, hint)
    if faults:
        return None, faults
    try:
        return Job(**_with_paths(fields, os.path.dirname(os.path.abspath(table.file)))), []
    except (KeyError, IndexError, ValueError) as error:
        fault("", f"an output's name can hold {{name}}, and no other field ({error})")
        return None, faults


def _sense_faults(values: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What is missing, and what does not go together: key, message, what to do."""
    found = []
    if "patterns" not in values:
        found.append(("patterns", "the key is missing.", 'Name the pattern files: patterns = ["shirt.dxf"]'))
    if "time" in values and "rounds" in values:
        found.append(("time", "time and rounds exclude each other.", "Give the effort in one of them."))
    if "cutter" in values and "program" not in values:
        found.append(("program", "a cutter is named, but no program.", 'Name it: program = "{name}.plt"'))
    if "program" in values and "cutter" not in values:
        found.append(("cutter", "a program is wanted, but no cutter is named.", "`cutkit cutters` lists them."))
    for key in OF_A_PROGRAM:
        if key in values and "program" not in values and "cutter" not in values:
            found.append((key, "it is about a program, and none is wanted.", "Name a cutter and a program."))
    return found


def _with_paths(fields: dict[str, Any], folder: str) -> dict[str, Any]:
    """The fields with absolute paths, and ``{name}`` filled in where outputs have it."""

    def absolute(path: str) -> str:
        return os.path.normpath(os.path.join(folder, path))

    given: dict[str, str] = {}

    def input_path(path: str) -> str:
        given[absolute(path)] = path
        return absolute(path)

    out = dict(fields)
    out.setdefault("marker", "{name}.marker.json")
    for key in OUTPUTS:
        if out.get(key) is not None:
            out[key] = absolute(out[key].format(name=out["name"]))
    out["patterns"] = tuple(input_path(path) for path in out["patterns"])
    for key in ("rul", "start", "registration"):
        if out.get(key) is not None:
            out[key] = input_path(out[key])
    for key in ("cutter", "fabric"):
        if key in out and is_toml_path(out[key]):
            out[key] = input_path(out[key])
    out["rules"] = tuple(input_path(path) for path in out.get("rules", ()))
    if out.get("order", "").casefold().endswith((".csv", ".txt", ".tsv")):
        out["order"] = input_path(out["order"])
    out["given"] = given
    return out
