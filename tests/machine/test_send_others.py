"""Streaming to the emulated machines that are no Grbl: HP-GL by XON/XOFF or by questions, Marlin line by line."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from machine_samples import sample_marker
from send_samples import Bench, profile_of, sample_job

from cutkit.errors import UsageError
from cutkit.machine.device.choice import make_device
from cutkit.machine.device.faults import parse_fault
from cutkit.machine.device.transport import DeviceTransport
from cutkit.machine.judge import judge
from cutkit.machine.send.journal import read_journal
from cutkit.machine.send.resume import rest_of


def plotter(**link):
    profile = profile_of("hpgl-generic", **link)
    return replace(profile, tools={"knife": profile.tools["knife"]})


@pytest.mark.parametrize(
    "link",
    [
        {"flow": "xonxoff", "buffer_bytes": 256, "baud": 9600, "barrier": "OA;"},
        {"flow": "xonxoff", "buffer_bytes": 256, "baud": 115200, "barrier": "OA;"},
        {"flow": "query", "buffer_bytes": 128, "baud": 9600, "barrier": "OA;"},
        {"flow": "hardware", "buffer_bytes": 128, "baud": 115200, "barrier": "OA;"},
    ],
    ids=["xonxoff", "fast xonxoff", "query", "hardware"],
)
def test_hpgl_is_made_whole_and_no_byte_is_lost(link, tmp_path):
    job = sample_job(plotter(**link))
    bench = Bench(job, tmp_path)
    outcome = bench.send()
    run = bench.device.finish()
    assert (outcome.ended, outcome.confirmed) == ("finished", True)
    assert outcome.done == tuple(cut.number for cut in job.cuts)
    assert bench.device.figures.ring.lost == 0
    assert run.violations == ()
    assert judge(run, sample_marker()).cut_once == 3


def test_a_cut_that_ends_elsewhere_is_not_confirmed(tmp_path):
    """OA; tells where the pen is: a digit that was lost shows there."""
    job = sample_job(plotter(flow="xonxoff", barrier="OA;"))
    text = b"".join(line.raw for line in job.lines)
    cut = job.cuts[2]
    byte = len(b"\x1b.KOA;\n") + len(b"OA;\n") * 2 + text.rindex(job.lines[cut.end - 2].raw) + 3
    device = make_device(job.profile, [parse_fault(f"drop@byte:{byte}")])
    outcome = Bench(job, tmp_path, device).send()
    assert outcome.fault.kind == "astray"
    assert outcome.done == (1, 2)
    assert outcome.doubt == 3


def test_a_machine_that_cannot_tell_leaves_cuts_handed_over(tmp_path):
    job = sample_job(plotter(flow="xonxoff", barrier=None))
    bench = Bench(job, tmp_path)
    outcome = bench.send()
    assert not outcome.confirmed
    journal = read_journal(bench.journal_path)
    assert journal.done == set()
    assert journal.sent == set(outcome.done)
    assert not journal.header.confirms


def test_a_plotter_that_stops_answering_is_told_of(tmp_path):
    job = sample_job(plotter(flow="xonxoff", barrier="OA;"))
    outcome = Bench(job, tmp_path, make_device(job.profile, [parse_fault("limit@6s")])).send()
    assert outcome.fault.kind == "silent"
    assert outcome.doubt is not None


def test_pause_of_a_plotter_takes_hold_after_the_cut(tmp_path):
    job = sample_job(plotter(flow="xonxoff", barrier="OA;"))
    bench = Bench(job, tmp_path, keys=[(3.0, "p"), (30.0, "r")])
    outcome = bench.send()
    assert outcome.ended == "finished"
    assert outcome.figures.time_s > outcome.planned_s + 20


@pytest.mark.parametrize("fault", [None, "drop@byte:700", "corrupt@byte:900", "lost-ok@40"])
def test_marlin_asks_again_for_what_was_damaged(fault, tmp_path):
    job = sample_job(profile_of("marlin"))
    bench = Bench(job, tmp_path, make_device(job.profile, [parse_fault(fault)] if fault else []))
    outcome = bench.send()
    run = bench.device.finish()
    assert (outcome.ended, outcome.fault) == ("finished", None)
    assert judge(run, sample_marker()).cut_once == 3
    assert outcome.figures.lost_answers == (0 if fault is None else 1)


def test_marlin_resumes(tmp_path):
    job = sample_job(profile_of("marlin"))
    bench = Bench(job, tmp_path, make_device(job.profile, [parse_fault("power@15s")]))
    outcome = bench.send()
    assert outcome.fault.kind == "gone"
    bench.device.power_on()
    rest = rest_of(job, read_journal(bench.journal_path).next_cut, len(job.cuts), "sample")
    assert bench.send(rest).ended == "finished"


def test_linuxcnc_is_not_streamed_to(tmp_path):
    job = sample_job(profile_of("grbl-servo"))
    other = replace(job, profile=replace(job.profile, controller="linuxcnc"))
    bench = Bench(other, tmp_path, make_device(job.profile))
    with pytest.raises(UsageError, match="reads programs itself"):
        bench.send()


class Booting(DeviceTransport):
    """Opening the port has restarted the board: what comes in its first seconds is swallowed."""

    def write(self, data):
        if self.device.now_s > 3:
            super().write(data)


def test_marlin_may_take_its_time_to_start(tmp_path):
    assert Bench(sample_job(profile_of("marlin")), tmp_path).send(transport=Booting).ended == "finished"


@pytest.mark.parametrize("rest", [b"N1 G0 X77*80", b"N1 G0 X77*8", b"N1 G0 X7", b"N1 G0 X77 Y"])
def test_the_rest_of_a_broken_line_in_a_marlin_moves_nothing(rest, tmp_path):
    bench = Bench(sample_job(profile_of("marlin")), tmp_path)
    bench.device.receive(b"M110 N0\n" + rest)
    bench.device.advance(2.0)
    assert bench.send().ended == "finished"
    assert not any(math.isclose(x, 77.0) for x in bench.device.run().trace.holder_mm[:, 0].tolist()[:5])
