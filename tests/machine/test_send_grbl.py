"""Streaming to an emulated Grbl: the buffer is kept full and never overrun, and what is certain stays certain."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from machine_samples import GRBL, gcode_program
from send_samples import Bench, profile_of, sample_job

from cutkit.errors import MachineError
from cutkit.machine.device.choice import make_device
from cutkit.machine.device.faults import parse_fault
from cutkit.machine.device.transport import DeviceTransport
from cutkit.machine.judge import judge
from cutkit.machine.send.job import read_job
from cutkit.machine.send.journal import JournalFile, read_journal
from cutkit.machine.send.link import Fault, Greeting
from cutkit.machine.send.resume import rest_of


@pytest.fixture(scope="module", params=["grbl-servo", "grbl-z"])
def job(request):
    return sample_job(profile_of(request.param))


@pytest.fixture(scope="module")
def servo():
    return sample_job(profile_of("grbl-servo"))


def device_with(job, *faults):
    return make_device(job.profile, [parse_fault(text) for text in faults])


class Spied(DeviceTransport):
    """Notes what is written, with the journal as it was then."""

    def __init__(self, device):
        super().__init__(device)
        self.written: list[tuple[bytes, int]] = []

    def write(self, data):
        journal = self.journal.read_bytes() if self.journal.exists() else b""
        self.written.append((data, journal.count(b'"done": true')))
        super().write(data)


class Garbled(DeviceTransport):
    """A line of the third cut comes out wrong."""

    LINE = b"G1 X209.4 Y110"

    def write(self, data):
        super().write(data.replace(self.LINE, b"G1 X--9.4 Y110"))


def test_a_job_is_made_whole_in_hardly_more_than_its_time(job, tmp_path):
    from machine_samples import sample_marker

    bench = Bench(job, tmp_path)
    outcome = bench.send()
    run = bench.device.finish()
    assert (outcome.ended, outcome.doubt, outcome.fault) == ("finished", None, None)
    assert outcome.done == tuple(cut.number for cut in job.cuts)
    assert run.violations == ()
    assert judge(run, sample_marker()).violations == ()
    assert outcome.figures.time_s < outcome.planned_s + 0.03 * len(job.cuts)
    assert read_journal(bench.journal_path).finished


def test_the_buffer_is_more_than_half_full_on_short_moves_and_never_overrun(tmp_path):
    """Zigzags of a quarter of a millimetre, as fast as 115200 baud allow."""
    zigzag = [(20 + 0.25 * k, 20 + 0.25 * (k % 2)) for k in range(600)]
    job = read_job(gcode_program([("knife", zigzag)]), GRBL, "zigzag")
    bench = Bench(job, tmp_path)
    outcome = bench.send()
    ring = bench.device.figures.ring
    print(
        f"\nmean fill: {outcome.figures.mean_fill_bytes:.0f} bytes by the sender, {ring.mean_bytes:.0f} by the machine"
    )
    assert outcome.figures.most_bytes <= 127
    assert ring.lost == 0
    assert ring.mean_bytes > 64
    assert outcome.figures.mean_fill_bytes > 64
    assert bench.device.figures.planner.starved == 0


def test_no_tool_goes_down_before_the_cut_before_is_on_disk(job, tmp_path):
    bench = Bench(job, tmp_path)

    def spied(device):
        port = Spied(device)
        port.journal = bench.journal_path
        bench.port = port
        return port

    bench.send(transport=spied)
    down = (b"M3 S1000\n", b"G1 Z-0.5 F600\n")
    assert [done for data, done in bench.port.written if data in down] == list(range(len(job.cuts)))


def test_a_refused_line_stops_the_feed_at_once_and_is_named(servo, tmp_path):
    bench = Bench(servo, tmp_path)
    outcome = bench.send(transport=Garbled)
    assert (outcome.ended, outcome.fault.kind) == ("fault", "refused")
    assert outcome.fault.line.raw == Garbled.LINE
    number = servo.lines.index(outcome.fault.line) + 1
    assert f"line {number}, {Garbled.LINE.decode()}: error:2 (not a number)" in outcome.fault.message
    assert outcome.held
    assert outcome.doubt == 3
    last = json.loads(bench.journal_path.read_bytes().splitlines()[-1])
    assert last["stopped"] == "fault"


def test_an_alarm_says_what_it_means(servo, tmp_path):
    outcome = Bench(servo, tmp_path, device_with(servo, "limit@9s")).send()
    assert outcome.fault.kind == "alarm"
    assert "a limit switch was hit" in outcome.fault.message
    assert outcome.done == (1, 2)


def test_a_lost_answer_is_made_up_for_where_the_machine_stands_right(servo, tmp_path):
    outcome = Bench(servo, tmp_path, device_with(servo, "lost-ok@60")).send()
    assert outcome.ended == "finished"
    assert outcome.figures.lost_answers == 1


def test_a_machine_that_leaves_the_path_is_stopped(servo, tmp_path):
    """A digit that is lost makes another line of the same length; only the position tells."""
    program = b"".join(line.raw + b"\n" for line in servo.lines)
    at = program.index(b"G1 X210.6 Y10") + len(b"G1 X2") + len(b"?$\n$G\n$I\n$$\n")
    outcomes = []
    for byte in range(at, at + 12):
        bench = Bench(servo, tmp_path / str(byte), device_with(servo, f"drop@byte:{byte}"))
        bench.folder.mkdir()
        outcomes.append(bench.send())
    kinds = {outcome.fault.kind for outcome in outcomes if outcome.fault}
    assert "astray" in kinds


def test_pause_holds_and_r_goes_on(servo, tmp_path):
    bench = Bench(servo, tmp_path, keys=[(10.0, "p"), (25.0, "r")])
    outcome = bench.send()
    assert outcome.ended == "finished"
    assert outcome.figures.time_s == pytest.approx(outcome.planned_s + 15, abs=1)
    assert any(progress.paused and progress.state == "Hold" for progress in bench.watcher.seen)


def test_q_stops_when_the_cut_in_work_is_made(servo, tmp_path):
    bench = Bench(servo, tmp_path, keys=[(10.0, "q")])
    outcome = bench.send()
    assert (outcome.ended, outcome.doubt) == ("operator", None)
    assert outcome.done == (1, 2, 3)
    assert not bench.device.mechanics.machine.down


def test_ctrl_c_holds_and_the_journal_is_right(servo, tmp_path):
    bench = Bench(servo, tmp_path, keys=[(10.0, "^C")])
    outcome = bench.send()
    assert (outcome.ended, outcome.doubt, outcome.held) == ("interrupted", 3, True)
    place = bench.device.place
    bench.device.advance(bench.device.now_s + 60)
    assert bench.device.place == place
    assert read_journal(bench.journal_path).next_cut == 3


def test_a_held_machine_is_not_started_but_after_a_reset(servo, tmp_path):
    bench = Bench(servo, tmp_path, keys=[(10.0, "^C")])
    bench.send()
    rest = rest_of(servo, 3, len(servo.cuts), "sample")
    with pytest.raises(Fault, match="Hold"):
        bench.send(rest)
    assert bench.send(rest, Greeting(reset=True)).ended == "finished"


def test_a_locked_machine_is_not_started_but_unlocked_when_asked(servo, tmp_path):
    bench = Bench(servo, tmp_path, device_with(servo, "reset@9s"))
    assert "ALARM:3" in bench.send().fault.message
    rest = rest_of(servo, 3, len(servo.cuts), "sample")
    with pytest.raises(Fault, match="--unlock"):
        bench.send(rest)
    assert bench.send(rest, Greeting(unlock=True)).ended == "finished"


def test_the_rest_of_a_broken_line_in_the_machine_moves_nothing(servo, tmp_path):
    bench = Bench(servo, tmp_path)
    bench.device.receive(b"G1 X77 F600")
    bench.device.advance(bench.device.now_s + 1)
    bench.sender = None
    outcome = bench.send()
    assert outcome.ended == "finished"
    assert not any(math.isclose(x, 77.0) for x in bench.device.run().trace.holder_mm[:, 0].tolist()[:5])
    assert bench.device.run().violations[0].code == "error:1"


def test_a_machine_that_is_off_is_said_to_be(servo, tmp_path):
    bench = Bench(servo, tmp_path, device_with(servo, "power@9s"))
    outcome = bench.send()
    assert outcome.fault.kind == "gone"
    assert outcome.done == (1, 2)
    assert outcome.doubt == 3


class Mute(DeviceTransport):
    """The wrong port: what is there never answers."""

    def read(self, timeout_s):
        super().read(timeout_s)
        return b""


def test_who_never_answers_is_no_machine(servo, tmp_path):
    with pytest.raises(Fault, match="no answer from the machine") as fault:
        Bench(servo, tmp_path).send(transport=Mute)
    assert "115200 baud" in fault.value.remedy


def test_the_time_left_is_told(servo, tmp_path):
    bench = Bench(servo, tmp_path)
    bench.send()
    middle = next(p for p in bench.watcher.seen if p.share > 0.5)
    assert middle.left_s == pytest.approx(0.5 * servo.run.time_s, rel=0.1)
    assert middle.cuts == len(servo.cuts)


def test_after_a_pulled_cable_the_cut_in_work_is_all_that_is_made_again(servo, tmp_path):
    """The judge takes the alignment that is repeated for what it is, and sees the one cut that is made again."""
    from machine_samples import sample_marker

    bench = Bench(servo, tmp_path, device_with(servo, "cable@10s"))
    assert bench.send().doubt == 3
    bench.device.connect()
    assert bench.send(rest_of(servo, 3, len(servo.cuts), "sample")).ended == "finished"
    verdict = judge(bench.device.finish(), sample_marker())
    assert {violation.code for violation in verdict.violations} == {"cut-twice"}
    assert (verdict.missed, verdict.cut_twice) == (0, 1)


def test_comments_are_not_sent_so_that_one_cut_short_moves_nothing(tmp_path):
    program = gcode_program([("knife", [(10, 10), (60, 10)])]).replace(b"P0.1", b"P0.2")
    program = program.replace(b"X60 Y10 F6000", b"X60 Y10 F6000 (a comment) ; another")
    assert b"comment" in program
    bench = Bench(read_job(program, profile_of("grbl-servo"), "commented"), tmp_path)
    ports = []

    def port(device):
        ports.append(Spied(device))
        ports[0].journal = bench.journal_path
        return ports[0]

    assert bench.send(transport=port).ended == "finished"
    assert not any(b"comment" in data for data, _ in ports[0].written)


def test_where_the_journal_cannot_be_written_the_machine_is_held(servo, tmp_path, monkeypatch):
    bench = Bench(servo, tmp_path)
    write = JournalFile.write

    def full(self, entry):
        if entry.get("cut") == 3:
            raise MachineError("the journal cannot be written: No space left on device")
        write(self, entry)

    monkeypatch.setattr(JournalFile, "write", full)
    with pytest.raises(MachineError, match="No space left"):
        bench.send()
    assert bench.device.state.startswith("Hold")
    assert read_journal(bench.journal_path).next_cut == 3


class Chatty(DeviceTransport):
    """Has something to say behind every answer."""

    def read(self, timeout_s):
        return super().read(timeout_s).replace(b"ok\r\n", b"ok\r\n[MSG:still here]\r\n")


def test_messages_may_stand_anywhere(servo, tmp_path):
    assert Bench(servo, tmp_path).send(transport=Chatty).ended == "finished"


class Waiting(DeviceTransport):
    """A grblHAL that waits for a tool to be changed."""

    def read(self, timeout_s):
        return super().read(timeout_s).replace(b"<Idle|", b"<Tool|")


def test_a_machine_in_a_state_of_its_own_is_not_started(servo, tmp_path):
    with pytest.raises(Fault, match="in the state Tool: see at the machine"):
        Bench(servo, tmp_path).send(transport=Waiting)


def test_to_resume_a_machine_that_has_just_started_its_zero_is_set_anew(servo, tmp_path):
    bench = Bench(servo, tmp_path)
    bench.device.places["G54"] = [-300.0, -200.0, 0.0, 0.0]
    bench.device.power_off()
    bench.device.power_on()
    with pytest.raises(Fault, match="does not know where it stands, but its tool is told to be at x 300"):
        bench.send(greeting=Greeting(zero_matters=True))
    bench.device.receive(b"G10 L20 P1 X0 Y0\n")
    bench.device.advance(bench.device.now_s + 1.0)
    assert bench.send(greeting=Greeting(zero_matters=True)).ended == "finished"


def test_a_machine_that_has_just_started_is_told_of(servo, tmp_path):
    bench = Bench(servo, tmp_path)
    assert bench.send().ended == "finished"
    assert "just started" in bench.watcher.notes[0]


class Checked(DeviceTransport):
    """In the middle of the job somebody else makes the machine check programs only: it answers, and does not move."""

    def read(self, timeout_s):
        data = super().read(timeout_s)
        return data.replace(b"<Run|", b"<Check|") if self.device.now_s > 9 else data


def test_a_machine_that_only_checks_has_cut_nothing(servo, tmp_path):
    outcome = Bench(servo, tmp_path).send(transport=Checked)
    assert outcome.fault.kind == "state"
    assert "it only checks programs" in outcome.fault.message


@pytest.mark.parametrize("between_s", [0.0, 0.01, 0.05, 0.1, 0.2])
def test_whoever_goes_on_while_it_still_brakes_goes_on(servo, between_s, tmp_path):
    slow = replace(servo.profile, motion=replace(servo.profile.motion, acceleration_mm_s2=200.0))
    bench = Bench(sample_job(slow), tmp_path, keys=[(9.0, "p"), (9.0 + between_s, "r")])
    outcome = bench.send()
    assert outcome.ended == "finished"
    assert outcome.figures.time_s < outcome.planned_s + 5
