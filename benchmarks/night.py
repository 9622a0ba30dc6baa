"""A night from jobs to the morning page: 30 jobs of the garments in ``patterns/``, two workers, ten minutes.

    python benchmarks/night.py [--minutes 10] [--workers 2] [--jobs 30] [--rounds N] [--out out/night]

It writes the job files, runs ``cutkit batch run --until`` and ``cutkit report --night`` on them, and judges the morning
page by a way of its own: what the files of jobs and markers say is sorted and added up anew, and held against the
table, the JSON and the HTML. One of the jobs cannot be done: its cloth is narrower than one of its pieces. ``--jobs``
and ``--rounds`` make a short night of it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
PATTERNS = REPOSITORY / "patterns"
SUFFIXES = {"hpgl-generic": ".plt", "hpgl-summa": ".plt", "grbl-servo": ".gcode", "gerber-cut": ".cut"}
END_ALLOWANCE_MM = 40.0
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
NARROW = "w49-dress-rest"
"""The job that fails: a dress on what is left of a narrow cloth."""
LATE_S = 20.0
"""How long after the end of the night the run may take to write its last files."""


@dataclass(frozen=True)
class NightJob:
    """A job as its file has it. ``due`` counts days from today; None: no date. ``keys`` are further keys of the job."""

    name: str
    pattern: str
    order: str
    cloth: str
    width_cm: int
    plies: int
    due: int | None = None
    priority: int = 0
    cutter: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    @property
    def day(self) -> str:
        """The due date, year first; empty where there is none."""
        return "" if self.due is None else (date.today() + timedelta(days=self.due)).isoformat()

    @property
    def shown_day(self) -> str:
        """The due date as the page has it."""
        return f"{WEEKDAYS[date.fromisoformat(self.day).weekday()]} {self.day}" if self.day else "no date"

    @property
    def values(self) -> dict[str, str | int]:
        """The keys of the job."""
        made = {"name": self.name, "patterns": self.pattern, "order": self.order, "width": f"{self.width_cm}cm"}
        told: dict[str, str | int] = {**made, "cloth": self.cloth, "plies": self.plies, "priority": self.priority}
        if self.cutter:
            told |= {"cutter": self.cutter, "program": f"../out/{{name}}{SUFFIXES[self.cutter]}"}
        return told | self.keys | ({"due": self.day} if self.day else {})


ONE_WAY = {"nap": "one-way"}
PER_BUNDLE = {"nap": "per-bundle"}
SHELL = {"material": "SHELL"}
ORDERED = (
    NightJob("w49-shirt-poplin", "shirt.dxf", "S=1,M=2,L=2", "poplin white", 150, 20, 3, 0, "hpgl-generic"),
    NightJob(NARROW, "dress.dxf", "46=1", "viscose rest", 60, 1, 2, 0, "hpgl-generic", SHELL),
    NightJob("w49-tote-s", "tote.dxf", "S=4,M=2", "canvas natural", 140, 12, 6, 0, "gerber-cut"),
    NightJob("w49-dress-viscose", "dress.dxf", "38=1,40=1", "", 140, 8, 4, 2, "hpgl-generic", ONE_WAY),
    NightJob("w49-trousers-denim", "trousers.dxf", "32=1,34=2", "denim indigo", 150, 15, 2, 0, "gerber-cut", SHELL),
    NightJob("w49-pockets", "trousers.dxf", "32=4,34=8", "pocketing", 150, 15, 2, 0, "", {"material": "POCKETING"}),
    NightJob("w49-tee-navy", "tshirt.dxf", "S=2,M=2,L=1", "jersey navy", 160, 40, 1, 0, "hpgl-summa"),
    NightJob("w49-hoodie-grey", "hoodie.dxf", "M=1,L=1", "", 180, 10, 5, 1, "grbl-servo"),
    NightJob("w49-tee-aama", "tshirt-aama.dxf", "XS=1,M=1,3XL=1", "jersey navy", 160, 24, 3, 3, "hpgl-summa"),
    NightJob("w49-shirt-flannel", "shirt.dxf", "XL=1,XXL=1", "flannel check", 140, 6, 8, 0, "", PER_BUNDLE),
    NightJob(
        "w50-trousers-cord", "trousers.dxf", "28=1,38=1", "corduroy", 145, 5, 7, 0, "hpgl-generic", SHELL | ONE_WAY
    ),
    NightJob("w50-tote-l", "tote.dxf", "L=3,XL=2", "canvas natural", 140, 12, 9, 0, "gerber-cut"),
    NightJob("w50-dress-linen", "dress.dxf", "34=1,44=1", "linen", 150, 6, 9, 0, "hpgl-generic", SHELL),
    NightJob("w50-dress-lining", "dress.dxf", "34=1,44=1", "cupro", 140, 6, 9, 0, "", {"material": "LINING"}),
    NightJob("w50-shirt-poplin", "shirt.dxf", "XS=1,S=1", "poplin white", 150, 10, 10, 0, "hpgl-generic"),
    NightJob("w50-hoodie-black", "hoodie.dxf", "S=1,XL=1", "", 180, 10, 10, 0, "grbl-servo"),
    NightJob(
        "w50-tee-white", "tshirt.dxf", "M=2,XXL=1", "jersey white", 170, 30, 11, 0, "hpgl-generic", {"gap": "2mm"}
    ),
    NightJob("w50-trousers-chino", "trousers.dxf", "30=1,36=1", "twill sand", 150, 18, 11, 5, "gerber-cut", SHELL),
    NightJob("stock-tote-xxl", "tote.dxf", "XXL=3", "canvas natural", 140, 4),
    NightJob("stock-tee-white", "tshirt.dxf", "XS=2,L=2", "jersey white", 170, 20, None, 1, "hpgl-generic"),
    NightJob(
        "w50-trousers-velvet", "trousers.dxf", "40=1", "velvet", 140, 2, 12, 0, "hpgl-generic", SHELL | PER_BUNDLE
    ),
    NightJob("w50-dress-samples", "dress.dxf", "36=1,42=1", "", 150, 1, 12, -1),
)
MEASURED = (
    NightJob("anna-dress", "anna-dress.dxf", "38=1", "silk", 140, 1, 1, 2, "hpgl-generic", SHELL),
    NightJob("bert-shirt", "bert-shirt.dxf", "L=1", "poplin white", 150, 1, 1, 0, "hpgl-generic"),
    NightJob("cleo-trousers", "cleo-trousers.dxf", "30=1", "wool", 150, 1, 2, 0, "hpgl-generic", SHELL | ONE_WAY),
    NightJob("dora-hoodie", "dora-hoodie.dxf", "S=1", "", 180, 1, 4, 0, "grbl-servo"),
    NightJob("emil-shirt", "emil-shirt.dxf", "XXL=1", "poplin white", 150, 1, 5, 0, "hpgl-generic"),
    NightJob("fred-tshirt", "fred-tshirt.dxf", "3XL=1", "jersey navy", 160, 1, 6, 0, "hpgl-summa"),
    NightJob("gina-dress", "gina-dress.dxf", "46=1", "silk", 140, 1, 13, 0, "hpgl-generic", SHELL),
    NightJob("hugo-tote", "hugo-tote.dxf", "M=1", "canvas natural", 140, 1, None, 0, "gerber-cut"),
)
"""Garments made to measure, each from a pattern file of its own; they stand in a CSV."""


def jobs_of(count: int) -> tuple[tuple[NightJob, ...], tuple[NightJob, ...]]:
    """The first jobs of both files, the narrow one among them: a quarter of them is made to measure."""
    measured = MEASURED[: max(1, count * len(MEASURED) // (len(ORDERED) + len(MEASURED)))]
    return ORDERED[: max(2, count - len(measured))], measured


def write_night(folder: Path, count: int, rounds: int | None) -> tuple[NightJob, ...]:
    """The folder ``jobs`` with its TOML, its CSV and all patterns; the jobs in the order of the files."""
    ordered, measured = jobs_of(count)
    jobs = folder / "jobs"
    jobs.mkdir(parents=True)
    for one in (*ordered, *measured):
        for path in PATTERNS.glob(one.pattern.rpartition("-")[2] if one in measured else f"{Path(one.pattern).stem}.*"):
            shutil.copy(path, jobs / (one.pattern if one in measured else path.name))
    effort = {} if rounds is None else {"rounds": rounds}
    common = {"marker": "../out/{name}.marker.json", "selvedge": "1cm", **effort}
    common |= {"end_allowance": f"{END_ALLOWANCE_MM:g}mm"}
    tables = ["[defaults]\n" + _toml(common), *("[[job]]\n" + _toml(one.values) for one in ordered)]
    (jobs / "night.toml").write_text("\n".join(tables))
    rows = [{**common, **one.values} for one in measured]
    with (jobs / "made-to-measure.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(key for row in rows for key in row)), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return (*measured, *ordered)  # files are read by name


def _toml(values: dict[str, Any]) -> str:
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items())


# --- the night and the morning


def cutkit(folder: Path, *words: str, log: str) -> subprocess.CompletedProcess[str]:
    """Run cutkit in the folder; what it says on stderr goes to a log."""
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"}
    with (folder / log).open("w") as stream:
        command = [sys.executable, "-m", "cutkit", *words]
        return subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=stream, text=True)


@dataclass(frozen=True)
class Morning:
    """What the run and the reports said."""

    batch: dict[str, Any]
    exit_code: int
    late_s: float
    text: str
    report: dict[str, Any]
    page: Sections


def run_night(folder: Path, minutes: float, workers: int) -> Morning:
    """The night from its job files to its morning page; all that it makes lies in the folder."""
    end = time.time() + 60 * minutes
    words = ("batch", "run", "jobs", "--store", "night.sqlite", "--workers", str(workers), "--json", "--keep-going")
    ran = cutkit(folder, *words, "--until", f"{60 * minutes:g}s", "--junit", "night.xml", log="night.log")
    late = time.time() - end
    (folder / "night.json").write_text(ran.stdout)
    report = ("report", "--store", "night.sqlite", "--night")
    text = cutkit(folder, *report, log="morning.log").stdout
    (folder / "morning.txt").write_text(text)
    pages = ("--html", "morning.html", "--pdf", "morning.pdf", "--csv", "morning.csv")
    told = cutkit(folder, *report, *pages, "--json", log="morning.log").stdout
    (folder / "morning.json").write_text(told)
    page = read_page((folder / "morning.html").read_text(encoding="utf-8"))
    return Morning(json.loads(ran.stdout), ran.returncode, late, text, json.loads(told), page)


@dataclass
class Section:
    """A section of the page: its table as one dict of texts by column for every row, and its list as texts."""

    title: str = ""
    rows: list[dict[str, str]] = field(default_factory=list)
    items: list[str] = field(default_factory=list)


Sections = dict[str, Section]


class _PageReader(HTMLParser):
    """Reads tables and lists of a page, section by section."""

    def __init__(self) -> None:
        super().__init__()
        self.sections: list[Section] = []
        self._into: list[str] | None = None
        self._names: list[str] = []
        self._cells: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.sections.append(Section())
        elif tag in ("h2", "th", "td", "li") and self.sections:
            self._into = []
        elif tag == "thead":
            self._names = []
        elif tag == "tr":
            self._cells = []

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h2", "th", "td", "li") and self._into is not None:
            self._take(tag, " ".join("".join(self._into).split()))
            self._into = None
        elif tag == "thead":
            self._names = self._cells
        elif tag == "tr" and self.sections and self._names and len(self._cells) == len(self._names):
            self.sections[-1].rows.append(dict(zip(self._names, self._cells, strict=True)))

    def _take(self, tag: str, text: str) -> None:
        if tag == "h2":
            self.sections[-1].title = text
        elif tag == "li":
            self.sections[-1].items.append(text)
        else:
            self._cells.append(text)


def read_page(text: str) -> Sections:
    """The sections of a page by their titles, in its order; a title that comes twice keeps its first section."""
    reader = _PageReader()
    reader.feed(text)
    found: Sections = {}
    for section in reader.sections:
        found.setdefault(section.title, section)
    return found


# --- by a way of its own


@dataclass(frozen=True)
class Cloth:
    """A marker file with what has to be issued for it."""

    job: NightJob
    material: str
    width_mm: float
    issued_mm: float
    pieces_mm2: float


def markers_of(folder: Path, jobs: Sequence[NightJob]) -> list[Cloth]:
    """The marker files that a night wrote, by job in the order of cutting: due date, priority, as they came."""
    found = []
    for one in sorted(jobs, key=lambda job: (not job.day, job.day, -job.priority)):
        names = sorted((folder / "out").glob(f"{one.name}*.marker.json"))
        mine = [path for path in names if re.fullmatch(rf"{one.name}(-[A-Z]+)?\.marker\.json", path.name)]
        found += [_cloth(one, json.loads(path.read_text())) for path in mine]
    return found


def _cloth(job: NightJob, marker: dict[str, Any]) -> Cloth:
    """Cloth for all plies, and how much of it becomes pieces by the shoelace formula."""
    outlines = {piece["id"]: piece for piece in marker["pieces"]}
    area = 0.0
    for placed in marker["placements"]:
        piece = outlines[placed["piece"]]
        area += _shoelace(piece["outline"]) - sum(_shoelace(hole) for hole in piece.get("holes", []))
    issued = job.plies * (marker["length_mm"] + END_ALLOWANCE_MM)
    material = marker["fabric"].get("material") or _material(marker)
    return Cloth(job, material, marker["fabric"]["width_mm"], issued, job.plies * area)


def _material(marker: dict[str, Any]) -> str:
    return next((piece["material"] for piece in marker["pieces"] if piece.get("material")), "")


def _shoelace(ring: list[list[float]]) -> float:
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def faults_of(folder: Path, jobs: Sequence[NightJob], seen: Morning) -> list[str]:
    """What the morning page has wrong; empty where it is right."""
    cut = markers_of(folder, [one for one in jobs if one.name != NARROW])
    checks = (_night_faults, _order_faults, _failure_faults, _cloth_faults, _balance_faults)
    return [fault for check in checks for fault in check(folder, jobs, cut, seen)]


def _night_faults(folder: Path, jobs: Sequence[NightJob], cut: Sequence[Cloth], seen: Morning) -> Iterator[str]:
    """The run itself: every job done but one, exit 5 for that one, over in time."""
    states = {job["name"]: job["state"] for job in seen.batch["jobs"]}
    wanted = {one.name: "failed" if one.name == NARROW else "done" for one in jobs}
    yield from (f"{name} is {states.get(name)}, not {state}" for name, state in wanted.items() if states[name] != state)
    if seen.exit_code != 5:
        yield f"exit code {seen.exit_code} with one job failed"
    if seen.late_s > LATE_S:
        yield f"the run ended {seen.late_s:.0f} s after the end of the night"
    for one in seen.report["night"]["cut"]:
        yield from (f"no program {path}" for path in one["programs"] if not Path(path).stat().st_size)


def _order_faults(folder: Path, jobs: Sequence[NightJob], cut: Sequence[Cloth], seen: Morning) -> Iterator[str]:
    """What is cut first: by JSON, page and table the same, and as the job files say; with cutter and program."""
    wanted = [name for name, _ in groupby(each.job.name for each in cut)]
    rows = next(iter(seen.page.values())).rows
    told = {
        "JSON": [name for name, _ in groupby(one["job"] for one in seen.report["night"]["cut"])],
        "page": [name for name, _ in groupby(row["Job"].partition(", ")[0] for row in rows)],
        "table": [name for name, _ in groupby(_names_in(seen.text, jobs))],
    }
    for where, names in told.items():
        pairs = zip_longest(names, wanted)
        if first := next(((k, *pair) for k, pair in enumerate(pairs, 1) if pair[0] != pair[1]), None):
            yield "cut {} of the {} is {}, not {}".format(first[0], where, *first[1:])
    by_name = {one.name: one for one in jobs}
    for row in rows:
        one = by_name[row["Job"].partition(", ")[0]]
        if (row["Due"], row["Cutter"]) != (one.shown_day, one.cutter or "none"):
            yield f"{one.name} is due {row['Due']} on {row['Cutter']}, says the page"
        if one.cutter and not re.match(rf"{one.name}\S*\{SUFFIXES[one.cutter]}", row["Program"]):
            yield f"the program of {one.name} is {row['Program']!r}, says the page"


def _names_in(text: str, jobs: Sequence[NightJob]) -> Iterator[str]:
    """The jobs in the rows of the terminal's first table: they begin with a number."""
    names = {one.name for one in jobs}
    for line in text.split("\nfailed: ")[0].splitlines():
        words = line.split()
        if len(words) > 1 and words[0].isdigit() and words[1].rstrip(",") in names:
            yield words[1].rstrip(",")


def _failure_faults(folder: Path, jobs: Sequence[NightJob], cut: Sequence[Cloth], seen: Morning) -> Iterator[str]:
    """Which job failed and why: named on the page with its piece, the cloth's width and the due date."""
    left = seen.report["night"]["left"]
    if [one["job"] for one in left] != [NARROW]:
        yield f"left are {[one['job'] for one in left]}"
    items = [item for section in list(seen.page.values())[:3] for item in section.items]
    day = next(one.day for one in jobs if one.name == NARROW)
    why = ("FRONT-46: 1 not placed: it is 796.0 mm across, the usable width is 580.0 mm", "width 60 cm, usable 580 mm")
    danger = f"{NARROW}.plt: incomplete: lacks FRONT-46; do not cut"
    wanted = (NARROW, "failed", day, *why, "viscose rest, SHELL", danger, "To do:")
    told = " ".join(items)
    if [Path(file["path"]).name for one in left for file in one["do_not_cut"]] != [f"{NARROW}.plt"]:
        yield f"not to be cut are {[one['do_not_cut'] for one in left]}"
    if danger not in seen.text:
        yield f"the terminal does not warn of the program of {NARROW}"
    yield from (f"the page does not tell {word!r} of what failed: {told}" for word in wanted if word not in told)
    if len(items) != 1:
        yield f"the page tells of {len(items)} jobs that failed"


def _cloth_faults(folder: Path, jobs: Sequence[NightJob], cut: Sequence[Cloth], seen: Morning) -> Iterator[str]:
    """How much cloth to issue: added up from the marker files, cloth by cloth."""
    wanted: dict[tuple[str, str, float], float] = defaultdict(float)
    for each in cut:
        wanted[each.job.cloth, each.material, each.width_mm] += each.issued_mm
    told = {(c["cloth"], c["material"], c["width_mm"]): c["issued_mm"] for c in seen.report["night"]["cloth"]}
    if told.keys() != wanted.keys():
        yield f"cloth of the report: {sorted(told)}; of the markers: {sorted(wanted)}"
    for cloth in wanted.keys() & told.keys():
        if abs(wanted[cloth] - told[cloth]) > 0.01:
            yield f"of {cloth} {told[cloth]:.2f} mm are issued, the markers take {wanted[cloth]:.2f} mm"
    needed: dict[tuple[str, str, float], str] = {}
    for each in cut:
        needed.setdefault((each.job.cloth, each.material, each.width_mm), each.job.name)
    if (order := [needed.get(cloth) for cloth in told]) != list(needed.values()):
        yield f"the cloth is in the order of {order}, it is needed in the order of {list(needed.values())}"
    *rows, total = seen.page["Which cloth to issue"].rows
    shown = {row["Cloth"]: row["To issue m"] for row in rows}
    if (added := f"{sum(map(float, shown.values())):.2f}") != total["To issue m"]:
        yield f"the rows add up to {added} m, {total['To issue m']} m is told for all cloth"
    for (name, material, width), length in wanted.items():
        named = ", ".join(filter(None, (name, material))) if name else f"no name: {material}"
        label = f"{named}, {width / 10:g} cm wide"
        if label not in shown or not 0 <= float(shown[label]) - length / 1000 + 1e-6 < 0.01:
            yield f"the page has {shown.get(label)} m of {label}, the markers take {length / 1000:.4f} m"
        if label not in " ".join(seen.text.split()):
            yield f"the table does not tell of {label}"


def _balance_faults(folder: Path, jobs: Sequence[NightJob], cut: Sequence[Cloth], seen: Morning) -> Iterator[str]:
    """The balance of all of it: cloth issued and pieces as the marker files have them, and nothing left over."""
    balance = seen.report["total"]["balance"]
    issued = sum(each.issued_mm * each.width_mm for each in cut)
    pieces = sum(each.pieces_mm2 for each in cut)
    for name, wanted in (("issued_mm2", issued), ("pieces_mm2", pieces)):
        if abs(balance[name] - wanted) > 1e-6 * wanted:
            yield f"{name} of the balance is {balance[name]:.0f}, of the marker files {wanted:.0f}"
    if not balance["closes"]:
        yield f"the balance is off by {balance['error_mm2']} mm2"


# --- what it comes to


def tell(jobs: Sequence[NightJob], minutes: float, workers: int, seen: Morning) -> None:
    """The figures of the night."""
    searched = sum(job["search_s"] for job in seen.batch["jobs"])
    total, night = seen.report["total"], seen.report["night"]
    print("| jobs | done | failed | markers | searched, s | of workers' time | efficiency % | cloth, m | ended |")
    print("|---|---|---|---|---|---|---|---|---|")
    done = sum(job["state"] == "done" for job in seen.batch["jobs"])
    share = 100 * searched / (60 * minutes * workers)
    ended = f"{abs(seen.late_s):.1f} s {'after' if seen.late_s > 0 else 'before'} its end"
    figures = f"{searched:.0f} | {share:.1f} % | {100 * total['efficiency']:.2f} | {total['issued_mm'] / 1000:.2f}"
    print(f"| {len(jobs)} | {done} | {len(night['left'])} | {total['markers']} | {figures} | {ended} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="when the night ends")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=len(ORDERED) + len(MEASURED), help="how many jobs, two at least")
    parser.add_argument("--rounds", type=int, help="effort of each search, instead of the night's time")
    parser.add_argument("--out", type=Path, default=Path("out/night"), help="a folder that is made anew")
    options = parser.parse_args()
    if options.out.exists():
        shutil.rmtree(options.out)
    folder = options.out.resolve()
    jobs = write_night(folder, options.jobs, options.rounds)
    seen = run_night(folder, options.minutes, options.workers)
    tell(jobs, options.minutes, options.workers, seen)
    faults = faults_of(folder, jobs, seen)
    print("\n".join(faults) or f"the morning page is right: {options.out / 'morning.html'}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
