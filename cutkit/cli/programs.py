"""What ``simulate`` and ``check`` share: programs run as one job on the emulated cutter and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutkit.errors import UsageError

if TYPE_CHECKING:
    from cutkit.machine.actions import Violation
    from cutkit.machine.judge import Verdict
    from cutkit.machine.trace import Run
    from cutkit.model import Marker
    from cutkit.toolpath import CutterProfile, Registration

SAME_WINDOW_MM = 0.05


@dataclass(frozen=True)
class Sources:
    """The programs of a job, whose lines are counted through: which program and line a joint line number means."""

    paths: tuple[Path, ...]
    first_line: tuple[int, ...]

    def of(self, line: int | None) -> tuple[int, int | None]:
        """The index of the program, and the line in it."""
        if line is None:
            return 0, None
        index = max(k for k, first in enumerate(self.first_line) if first < line or k == 0)
        return index, line - self.first_line[index]

    def where(self, line: int | None) -> str:
        """``FILE:LINE``, or the program as a whole."""
        index, own = self.of(line)
        return str(self.paths[index]) + (f":{own}" if own is not None else "")


@dataclass(frozen=True)
class Outcome:
    """A run and, where there is a marker, the judge's verdict; positions are on the cloth on the table."""

    run: Run
    marker: Marker | None
    verdict: Verdict | None
    sources: Sources
    remarks: tuple[Violation, ...]
    registration: Registration | None = None

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The machine's and the judge's, in this order."""
        return (*self.run.violations, *(self.verdict.violations if self.verdict else ()))


def judged(
    programs: Sequence[Path], profile: CutterProfile, marker: Marker | None, registration: Registration | None = None
) -> Outcome:
    """Run the programs one after the other, as one job, and judge them where there is a marker.

    UsageError where the marker is cut in windows on this machine, a program each, and their number is another one.
    """
    from cutkit.cut.plan import window_starts
    from cutkit.machine.judge import judge
    from cutkit.machine.registered import laid_back, laid_out

    starts = window_starts(marker, profile, registration) if marker is not None and marker.placements else [0.0]
    run, sources = _run_all(programs, profile, _zeros_mm(programs, profile, starts))
    if marker is None:
        return Outcome(run, None, None, sources, run.remarks)
    remarks = (*run.remarks, *_other_windows(run, profile, starts))
    if registration is None:
        return Outcome(run, marker, judge(run, marker), sources, remarks)
    verdict = judge(laid_back(run, registration), marker)
    verdict = replace(verdict, violations=laid_out(verdict.violations, registration))
    return Outcome(run, marker, verdict, sources, remarks, registration)


def _zeros_mm(programs: Sequence[Path], profile: CutterProfile, starts: list[float]) -> list[float] | None:
    """Where along the cloth the machine's zero lies when each program begins, if people move the cloth between."""
    if profile.feeds_cloth or starts == [0.0]:
        return None
    if len(programs) != len(starts):
        raise UsageError(
            f"on {profile.name} this marker is cut in {len(starts)} windows, and {len(programs)} programs are given",
            hint="Give the programs of all windows, in their order.",
        )
    return starts


def _other_windows(run: Run, profile: CutterProfile, starts: list[float]) -> list[Violation]:
    """A word where a program moves the cloth on otherwise than ``cut`` would for this marker; no fault by itself."""
    from cutkit.machine.actions import Violation

    found = run.windows_mm
    alike = len(found) == len(starts) and all(abs(a - b) <= SAME_WINDOW_MM for a, b in zip(found, starts, strict=True))
    if not profile.feeds_cloth or not found or alike:
        return []
    words = f"the cloth is cut in windows from {_list(found)} mm; this marker's begin at {_list(starts)} mm"
    return [Violation("other-windows", words)]


def _list(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.1f}" for number in numbers)


def _run_all(programs: Sequence[Path], profile: CutterProfile, zeros_mm: list[float] | None) -> tuple[Run, Sources]:
    from cutkit.formats.files import read_bytes
    from cutkit.machine.emulator import run_program
    from cutkit.machine.trace import join_runs

    runs, first_lines, lines = [], [], 0
    for path in programs:
        data = read_bytes(path)
        runs.append(run_program(data, profile))
        first_lines.append(lines)
        lines += data.count(b"\n") + 1
    return join_runs(runs, first_lines, zeros_mm), Sources(tuple(programs), tuple(first_lines))


def violation_json(violation: Violation, sources: Sources) -> dict[str, Any]:
    """A violation for scripts; its program is named where there are several."""
    index, line = sources.of(violation.line)
    entry: dict[str, Any] = {"code": violation.code, "message": violation.message, "line": line}
    if violation.at_mm is not None:
        entry["at_mm"] = [round(value, 3) for value in violation.at_mm]
    if len(sources.paths) > 1 and line is not None:
        entry["program"] = str(sources.paths[index])
    return entry
