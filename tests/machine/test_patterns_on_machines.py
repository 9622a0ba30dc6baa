"""Every pattern on every machine: nested for a moment, cut and simulated, all in this process.

A machine that is too small must say so. The markers are made once for a worker of the tests and used for all machines.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from line_tools import PATTERNS, markers_of, nest
from machines import PROFILES, WORST_MM

from cutkit.cut.plan import plan_cut
from cutkit.errors import LimitError
from cutkit.formats.marker import read_marker
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_texts
from cutkit.machine.dialects import line_count
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.machine.trace import join_runs
from cutkit.model import Marker
from cutkit.toolpath import CutterProfile


@lru_cache
def markers(pattern: Path, order: str | None = None) -> tuple[Marker, ...]:
    """The markers of a pattern for an order, else for one garment in its sample size."""
    output = Path(mkdtemp(prefix="cutkit-test-")) / "m.marker.json"
    ran = nest(pattern, order, output, "--quiet")
    assert ran.code == 0, ran.err
    return tuple(read_marker(path) for path, _ in markers_of(ran))


def cut_and_judge(marker: Marker, profile: CutterProfile):
    """The run of all windows' programs as one, the verdict on it, and how many windows there were."""
    path = plan_cut(marker, profile)
    runs, first_lines, lines = [], [], 0
    for text in program_texts(path, profile, "test"):
        data = text.encode("ascii")
        runs.append(run_program(data, profile))
        first_lines.append(lines)
        lines += line_count(data, profile)
    run = join_runs(runs, first_lines, [window.start_mm for window in path.all_windows])
    return run, judge(run, marker), len(runs)


def fits(marker: Marker, profile: CutterProfile) -> bool:
    """Whether the machine is wide enough and, by windows or at once, long enough."""
    x1, y1 = (max(p.bounds[axis] for p in marker.polygons) for axis in (2, 3))
    table = profile.table
    long_enough = table.length_mm is None or profile.windows is not None or x1 <= table.length_mm
    return y1 <= table.width_mm and long_enough


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda path: path.stem)
@pytest.mark.parametrize("name", PROFILES)
def test_every_pattern_is_cut_right_by_every_machine_that_is_large_enough(name, pattern):
    profile = load_profile(name)
    for marker in markers(pattern):
        if fits(marker, profile):
            run, verdict, _ = cut_and_judge(marker, profile)
            assert (run.violations, verdict.violations) == ((), ())
            assert verdict.cut_once == verdict.expected == len(marker.placements)
            assert verdict.worst_deviation_mm <= WORST_MM[name]
        else:
            with pytest.raises(LimitError, match=name):
                cut_and_judge(marker, profile)


def test_a_long_marker_is_cut_in_windows_by_a_flatbed():
    profile = load_profile("hpgl-flatbed")
    pattern = next(path for path in PATTERNS if path.stem == "trousers")
    marker = max(markers(pattern, "34=3"), key=lambda marker: marker.length_mm)
    run, verdict, windows = cut_and_judge(marker, profile)
    assert marker.length_mm > 2500
    assert windows > 1
    assert (run.violations, verdict.violations) == ((), ())
    assert verdict.cut_once == verdict.expected
