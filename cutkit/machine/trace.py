"""What a tool did, sample by sample, and the figures of a run; runs of several programs as one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cutkit.machine.actions import Violation
from cutkit.toolpath import CutterProfile, CutTool


@dataclass(frozen=True, eq=False)
class Trace:
    """What the tool did, sample by sample; the stretch between two samples is cut where both are ``down``.

    Positions are on the cloth: where that is moved on under the machine, its zero lies farther along from then on.
    ``tool`` holds indices into ``tools``, negative where none is selected or an unknown one; ``line`` is the line of
    the program that led there.
    """

    t_s: NDArray[np.float64]
    tip_mm: NDArray[np.float64]
    holder_mm: NDArray[np.float64]
    blade_deg: NDArray[np.float64]
    down: NDArray[np.bool_]
    tool: NDArray[np.int64]
    line: NDArray[np.int64]
    tools: tuple[CutTool, ...]

    def runs(self) -> list[tuple[int, int]]:
        """The stretches with the tool down: first sample and one past the last of each."""
        edges = np.flatnonzero(np.diff(np.concatenate(([0], self.down.astype(np.int8), [0]))))
        return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


@dataclass(frozen=True, eq=False)
class Run:
    """One program's run on one machine: the trace, what was wrong, what is worth a remark, and the figures.

    Positions are on the cloth, which a program may move on (``Feed``).

    ``cut_mm`` is the way of the tip with the knife down, ``drawn_mm`` that of a pen, ``travel_mm`` the holder's with no
    tool down; ``bounds_mm`` encloses all that a lowered tool touched. ``starts`` are the samples of the trace at which
    its programs begin, or the cloth has been moved on; ``zeros_mm`` is where the machine's zero lay from then on.
    """

    profile: CutterProfile
    trace: Trace
    violations: tuple[Violation, ...]
    remarks: tuple[Violation, ...]
    time_s: float
    cut_mm: float
    drawn_mm: float
    travel_mm: float
    tool_downs: int
    bounds_mm: tuple[float, float, float, float]
    starts: tuple[int, ...] = (0,)
    zeros_mm: tuple[float, ...] = (0.0,)

    @property
    def windows_mm(self) -> tuple[float, ...]:
        """Where the machine's zero lay while something was cut, one after the other: the windows of the cloth."""
        ends = (*self.starts[1:], len(self.trace.t_s))
        used = [z for z, a, b in zip(self.zeros_mm, self.starts, ends, strict=True) if self.trace.down[a:b].any()]
        return tuple(z for k, z in enumerate(used) if k == 0 or z != used[k - 1])

    @property
    def cutting_tool(self) -> CutTool:
        """The tool that makes outlines on this machine: its knife, or the pen of a machine without one."""
        return "knife" if "knife" in self.profile.tools else "pen"

    @property
    def cutting_tools(self) -> frozenset[CutTool]:
        """All tools that cut lines: beside the knife a finer one."""
        return frozenset({self.cutting_tool, "fine"})


def join_runs(runs: list[Run], first_lines: list[int], zeros_mm: list[float] | None = None) -> Run:
    """Several programs run one after the other on one machine, as one run.

    Lines are counted through: ``first_lines`` is how many lines came before each program. ``zeros_mm`` is where along
    the cloth the machine's zero lay when each began: the cloth may have been moved on between; None: nobody did, it lay
    where the program before had left it.
    """
    if zeros_mm is None:
        zeros_mm = np.cumsum([0.0, *(run.zeros_mm[-1] for run in runs[:-1])]).tolist()
    runs = [run if zero == 0 else _laid_at(run, zero) for run, zero in zip(runs, zeros_mm, strict=True)]
    if len(runs) == 1:
        return runs[0]
    firsts = np.concatenate([[0], np.cumsum([len(run.trace.t_s) for run in runs])[:-1]]).tolist()
    times = np.concatenate([[0.0], np.cumsum([run.time_s for run in runs])])
    traces = [run.trace for run in runs]
    trace = Trace(
        np.concatenate([t.t_s + time for t, time in zip(traces, times[:-1], strict=True)]),
        np.concatenate([t.tip_mm for t in traces]),
        np.concatenate([t.holder_mm for t in traces]),
        np.concatenate([t.blade_deg for t in traces]),
        np.concatenate([t.down for t in traces]),
        np.concatenate([t.tool for t in traces]),
        np.concatenate([t.line + first for t, first in zip(traces, first_lines, strict=True)]),
        runs[0].trace.tools,
    )
    return Run(
        runs[0].profile,
        trace,
        tuple(_moved(v, first) for run, first in zip(runs, first_lines, strict=True) for v in run.violations),
        tuple(_moved(v, first) for run, first in zip(runs, first_lines, strict=True) for v in run.remarks),
        float(times[-1]),
        sum(run.cut_mm for run in runs),
        sum(run.drawn_mm for run in runs),
        sum(run.travel_mm for run in runs),
        sum(run.tool_downs for run in runs),
        _joint_bounds([run.bounds_mm for run in runs if run.tool_downs]),
        tuple(int(first + start) for first, run in zip(firsts, runs, strict=True) for start in run.starts),
        tuple(zero for run in runs for zero in run.zeros_mm),
    )


def _laid_at(run: Run, zero_mm: float) -> Run:
    """A run in the coordinates of a cloth on which the machine's zero lies at ``zero_mm``."""
    shift = np.array([zero_mm, 0.0])
    trace = replace(run.trace, tip_mm=run.trace.tip_mm + shift, holder_mm=run.trace.holder_mm + shift)
    x0, y0, x1, y1 = run.bounds_mm
    moved = [tuple(along_cloth(v, zero_mm) for v in found) for found in (run.violations, run.remarks)]
    bounds = (x0 + zero_mm, y0, x1 + zero_mm, y1)
    zeros = tuple(zero + zero_mm for zero in run.zeros_mm)
    return replace(run, trace=trace, violations=moved[0], remarks=moved[1], bounds_mm=bounds, zeros_mm=zeros)


def along_cloth(violation: Violation, by_mm: float) -> Violation:
    if violation.at_mm is None:
        return violation
    return replace(violation, at_mm=(violation.at_mm[0] + by_mm, violation.at_mm[1]))


def _moved(violation: Violation, lines: int) -> Violation:
    return violation if violation.line is None else replace(violation, line=violation.line + lines)


def _joint_bounds(boxes: list[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    if not boxes:
        return (0.0, 0.0, 0.0, 0.0)
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))
