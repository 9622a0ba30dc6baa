"""A program is parted into cuts, whoever wrote it; one with violations is refused."""

from __future__ import annotations

import itertools

import pytest
from machine_samples import GRBL, HPGL, gcode_program
from send_samples import profile_of, sample_job

from cutkit.errors import CheckError
from cutkit.machine.send.job import read_job
from cutkit.machine.send.lines import numbered, program_lines

ONE_LINE = b"IN;SP1;PU400,400;PD800,400;PU800,800PD800,1200,1200,1200;PU0,0;SP0;"


@pytest.mark.parametrize(
    "name", ["grbl-servo", "grbl-z", "hpgl-generic", "gpgl-graphtec", "dmpl", "gerber-cut", "marlin"]
)
def test_a_cut_for_every_time_the_tool_goes_down_and_no_line_is_lost(name):
    job = sample_job(profile_of(name))
    assert len(job.cuts) == job.run.tool_downs
    ranges = [(0, job.preamble), *((cut.first, cut.end) for cut in job.cuts)]
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(ranges))
    assert job.cuts[-1].end + len(job.ending) == len(job.lines)
    assert all(cut.first <= cut.down < cut.end for cut in job.cuts)


def test_the_parts_of_an_hpgl_program_are_its_bytes():
    data = b"IN;SP1;LBa;b\x03PU1,1PD2,2;\nPE<=AB;\x1b.B PU;DT@;LBx;y@PD3,3"
    lines = program_lines(data, "hpgl")
    assert b"".join(line.raw for line in lines) == data
    texts = [line.raw.strip() for line in lines]
    assert texts[:5] == [b"IN;", b"SP1;", b"LBa;b\x03", b"PU1,1", b"PD2,2;"]
    assert b"LBx;y@" in texts


def test_one_endless_line_of_hpgl_has_cuts():
    job = read_job(ONE_LINE, HPGL, "one line")
    assert [cut.work.tolist() for cut in job.cuts] == [
        [[10.0, 10.0], [20.0, 10.0], [20.0, 20.0]],
        [[20.0, 20.0], [20.0, 30.0], [30.0, 30.0], [0.0, 0.0]],
    ]
    assert [line.raw for line in job.lines[job.cuts[1].down : job.cuts[1].end]] == [b"PD800,1200,1200,1200;", b"PU0,0;"]


def test_the_dwell_after_the_lift_belongs_to_the_cut():
    job = read_job(gcode_program([("knife", [(10, 10), (20, 10)]), ("knife", [(30, 10), (40, 10)])]), GRBL, "two")
    assert [job.lines[cut.end - 1].raw for cut in job.cuts] == [b"G4 P0.1", b"G4 P0.1"]
    assert all(cut.synced for cut in job.cuts)
    assert job.preamble == 4
    assert job.file_lines(job.cuts[0]) == "lines 6 to 10"


def test_a_program_with_a_violation_is_refused_with_its_line():
    program = gcode_program([("knife", [(10, 10), (20, 10)])]).replace(b"G1 X20", b"G5 X20")
    with pytest.raises(CheckError, match="in line 8: unsupported command") as refused:
        read_job(program, GRBL, "job.gcode")
    assert refused.value.where == "job.gcode"


def test_the_copy_for_the_parsers_has_a_line_for_every_part():
    lines = program_lines(ONE_LINE, "hpgl")
    assert numbered(lines, "hpgl").count(b"\n") == len(lines)
