"""The rest of a job: modes said again, the blade turned as the first cut expects it, the same cuts as before."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from machine_samples import GRBL, HPGL, drag, gcode_program
from send_samples import profile_of, sample_job

from cutkit.errors import CheckError, UsageError
from cutkit.machine.send.job import read_job
from cutkit.machine.send.resume import alignment, rest_of
from cutkit.toolpath import Windows

LINES = [("knife", [(10, 10), (60, 10), (60, 40)]), ("knife", [(80, 10), (90, 30)]), ("knife", [(100, 10), (99, 50)])]


def test_the_alignment_is_cut_again_turned_to_the_heading_that_is_needed():
    job = sample_job(profile_of("grbl-servo"))
    assert alignment(job) is job.cuts[0]
    for first in range(2, len(job.cuts) + 1):
        rest = rest_of(job, first, len(job.cuts), "sample")
        assert rest.aligned
        assert rest.point_deg is None
        meant = job.of(first).heading_deg
        assert abs(math.remainder(rest.job.cuts[1].heading_deg - meant, 360)) < 0.5
        assert [cut.number for cut in rest.job.cuts] == [0, *range(first, len(job.cuts) + 1)]


def test_the_turned_alignment_stays_in_the_circle_of_the_first():
    job = sample_job(profile_of("grbl-servo"))
    corners = job.cuts[0].work[-3:]
    middle = (corners[0] + corners[2]) / 2
    reach = np.hypot(*(corners - middle).T).max()
    for first in range(2, len(job.cuts) + 1):
        again = rest_of(job, first, len(job.cuts), "sample").job.cuts[0].work
        assert np.hypot(*(again - middle).T).max() <= reach + 0.002


def test_before_the_alignment_nothing_is_turned():
    job = sample_job(profile_of("grbl-servo"))
    assert not rest_of(job, 1, 3, "sample").aligned


def test_a_blade_that_the_operator_points_must_be_pointed_again():
    job = read_job(gcode_program(LINES), drag(GRBL), "three")
    rest = rest_of(job, 3, 3, "three")
    assert not rest.aligned
    assert rest.point_deg == pytest.approx(job.cuts[2].heading_deg)
    assert rest.job.cuts[0].heading_deg == pytest.approx(rest.point_deg)


def test_a_machine_without_a_drag_knife_needs_no_pointing():
    assert rest_of(read_job(gcode_program(LINES), GRBL, "three"), 2, 3, "three").point_deg is None


def test_modes_of_the_skipped_part_are_said_again():
    """Feed, inches and relative moves hold on; a machine that was reset has forgotten them."""
    program = b"\n".join(
        [b"G90", b"M5", b"G4 P0.1", b"G0 X20 Y10", b"M3 S500", b"G4 P0.2", b"G20 G1 X1 F100", b"M5", b"G4 P0.2"]
        + [b"G91", b"G0 X1", b"M3", b"G4 P0.2", b"G1 Y1", b"M5", b"G4 P0.2"]
        + [b"X1", b"M3", b"G4 P0.2", b"Y1", b"M5", b"G4 P0.2", b"G90", b"G0 X0 Y0", b"M2", b""]
    )
    job = read_job(program, GRBL, "inches")
    rest = rest_of(job, 3, 3, "inches")
    assert np.allclose(rest.job.cuts[0].work, job.cuts[2].work, atol=0.001)
    assert rest.job.run.cut_mm == pytest.approx(25.4)
    texts = [line.raw for line in rest.job.lines if line.number is None]
    assert b"G20 F100 S500" in texts
    assert texts[-2:] == [b"G91", b"G1"]


def test_hpgl_states_of_the_skipped_part_are_said_again():
    program = b"IN;SP1;VS20;PU400,400;PD800,400;PU;PR;PU100,100;PD0,400;PU;PU100,0;PD0,-400;PU;PA;PU0,0;"
    profile = replace(HPGL, motion=replace(HPGL.motion, feed_per_mm_s=0.1))
    job = read_job(program, profile, "relative")
    rest = rest_of(job, 3, 3, "relative")
    assert rest.job.cuts[0].work.tolist() == job.cuts[2].work.tolist()
    assert rest.job.cuts[0].tool == "knife"
    assert b"VS20;\n" in [line.raw for line in rest.job.lines]


def test_the_tool_is_lifted_before_anything_else_moves():
    rest = rest_of(sample_job(profile_of("grbl-servo")), 4, 6, "sample")
    texts = [line.raw for line in rest.job.lines]
    assert texts.index(b"M5") < next(k for k, text in enumerate(texts) if text.startswith(b"G0"))


def test_behind_a_moved_zero_there_is_no_way_in():
    program = gcode_program(LINES).replace(b"G0 X80 Y10", b"G92 X0 Y0\nG0 X20 Y-30")
    job = read_job(program, GRBL, "moved")
    with pytest.raises(CheckError, match="G92 in line 12 moves the zero"):
        rest_of(job, 3, 3, "moved")


@pytest.mark.parametrize(("first", "last"), [(0, 3), (4, 4), (3, 2)])
def test_cuts_that_are_not_there_are_refused(first, last):
    with pytest.raises(UsageError, match="there are no cuts"):
        rest_of(read_job(gcode_program(LINES), GRBL, "three"), first, last, "three")


def test_until_ends_with_the_programs_ending():
    rest = rest_of(read_job(gcode_program(LINES), GRBL, "three"), 1, 2, "three")
    assert [cut.number for cut in rest.job.cuts] == [1, 2]
    assert not rest.to_the_end
    assert rest.job.lines[-2].raw == b"M2"


FEEDING = b"IN;SP1;PU400,400;PD800,400;PU;PG4000;PU400,400;PD400,800;PU;PU800,400;PD800,800;PU;PU0,0;"


@pytest.fixture
def feeding():
    return read_job(FEEDING, replace(HPGL, windows=Windows(feed="PG{advance};")), "feeding")


def test_whether_the_cloth_was_moved_on_only_the_operator_can_see(feeding):
    with pytest.raises(UsageError, match="right before cut 2 the program moves the cloth on"):
        rest_of(feeding, 2, 3, "feeding")


@pytest.mark.parametrize(("cloth", "feeds"), [("moved", 0), ("waits", 1)])
def test_the_cloth_is_moved_on_only_where_it_waits(feeding, cloth, feeds):
    rest = rest_of(feeding, 2, 3, "feeding", cloth)
    assert sum(line.raw.startswith(b"PG") for line in rest.job.lines) == feeds
    assert rest.job.cuts[0].work.tolist() == feeding.cuts[1].work.tolist()


def test_behind_a_feed_the_cloth_stays_where_it_is(feeding):
    assert not any(line.raw.startswith(b"PG") for line in rest_of(feeding, 3, 3, "feeding").job.lines)


FOREIGN = (
    b"G21\nG90\nF6000\nG0 X10 Y10\nM3 S1000\nG4 P0.2\nG1 X60\nM5\nG4 P0.2\nG0 X80\nM3 S1000\nG4 P0.2\nG1 Y40\nM5\nM2\n"
)


def test_to_resume_before_the_first_cut_the_tool_is_lifted_too():
    job = read_job(FOREIGN, replace(profile_of("grbl-servo"), knife=GRBL.knife), "foreign")
    assert rest_of(job, 1, 2, "foreign").job.lines == job.lines
    lines = [line.raw for line in rest_of(job, 1, 2, "foreign", resumed=True).job.lines]
    assert lines.index(b"M5") < lines.index(b"G0 X10 Y10")


@pytest.mark.parametrize("name", ["grbl-servo", "grbl-z", "hpgl-generic", "marlin", "grblhal-tangential", "dmpl"])
def test_lifting_before_the_first_cut_changes_nothing_else(name):
    job = sample_job(profile_of(name))
    rest = rest_of(job, 1, len(job.cuts), "sample", resumed=True)
    assert [cut.work.tolist() for cut in rest.job.cuts] == [cut.work.tolist() for cut in job.cuts]


@pytest.mark.parametrize("first", [1, 2])
def test_a_program_that_zeroes_the_machine_where_it_stands_is_not_resumed(first):
    job = read_job(b"G92 X0 Y0\n" + FOREIGN, GRBL, "foreign")
    assert rest_of(job, 1, 2, "foreign").job.lines == job.lines
    with pytest.raises(CheckError, match="takes the place where the machine stands for its zero"):
        rest_of(job, first, 2, "foreign", resumed=True)
