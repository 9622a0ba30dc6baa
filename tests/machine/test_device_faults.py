"""Faults on cue: each does what it says, and the run tells the truth about what was cut."""

import random

import numpy as np
import pytest
from device_samples import GRBL_LINK, XONXOFF, ask, count_characters, device_of, started
from machine_samples import codes, drag, gcode_program, right_lines, sample_marker

from cutkit.errors import UsageError
from cutkit.machine.device import DeviceTransport, FaultSpec, draw_fault, parse_fault
from cutkit.machine.judge import judge

PROGRAM = gcode_program(right_lines(sample_marker()))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("power@12.5s", FaultSpec("power", at_s=12.5)),
        ("cable@20s", FaultSpec("cable", at_s=20.0)),
        ("cable@byte:7", FaultSpec("cable", count=7)),
        ("drop@byte:1000", FaultSpec("drop", count=1000)),
        ("corrupt@byte:1", FaultSpec("corrupt", count=1)),
        ("reset@3s", FaultSpec("reset", at_s=3.0)),
        ("limit@2m", FaultSpec("limit", at_s=120.0)),
        ("hold@5s:2s", FaultSpec("hold", at_s=5.0, lasts_s=2.0)),
        ("knife@9s", FaultSpec("knife", at_s=9.0)),
        ("lost-ok@40", FaultSpec("lost-ok", count=40)),
        ("slow@0.2s", FaultSpec("slow", lasts_s=0.2)),
    ],
)
def test_faults_as_text(text, fault):
    assert parse_fault(text) == fault
    assert parse_fault(str(fault)) == fault


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("powr@3s", "power"),
        ("power", "power@12.5s"),
        ("power@3", "power@12.5s"),
        ("power@-3s", "power@12.5s"),
        ("drop@3s", "drop@byte:1000"),
        ("drop@byte:0", "drop@byte:1000"),
        ("lost-ok@byte:3", "lost-ok@40"),
        ("hold@3s", "hold@5s:2s"),
        ("", "power@12.5s"),
    ],
)
def test_what_is_no_fault_is_refused_with_a_hint(text, hint):
    with pytest.raises(UsageError) as caught:
        parse_fault(text)
    assert hint in str(caught.value.hint)


def test_drawn_faults_repeat_and_can_be_written():
    first = [draw_fault(random.Random(k), 60.0, 5000, 200) for k in range(200)]
    assert first == [draw_fault(random.Random(k), 60.0, 5000, 200) for k in range(200)]
    assert {fault.kind for fault in first} >= {"power", "drop", "hold", "lost-ok", "slow", "knife"}
    assert all(parse_fault(str(fault)).kind == fault.kind for fault in first)


def test_power_loss_ends_the_motion_where_it_is():
    device = started(GRBL_LINK, "power@0.6s")
    device.receive(b"M3 S1\nG4 P0.1\nG1 X100 F6000\n")
    device.advance(2.0)
    run = device.run()
    # Down at 0.2 s and some bytes; then v = 500 t up to 100 mm/s.
    began = 0.2 + 14 * device.wire.byte_s
    assert run.trace.holder_mm[-1][0] == pytest.approx(10 + (0.6 - began - 0.2) * 100, abs=0.01)
    assert run.time_s == pytest.approx(0.6)
    assert run.cut_mm == pytest.approx(run.trace.holder_mm[-1][0])
    assert "down-at-end" not in codes(run.violations)


def test_after_power_loss_it_is_silent_and_nothing_moves_by_itself():
    device = started(GRBL_LINK, "power@5s")
    with pytest.raises(OSError, match="gone"):
        count_characters(device, PROGRAM)
    with pytest.raises(OSError, match="off"):
        DeviceTransport(device)
    before = device.run().cut_mm
    device.power_on()
    device.advance(device.now_s + 100)
    assert device.run().cut_mm == before
    assert device.take_output().decode().startswith("\r\nGrbl")
    assert ask(device, "$G\n").startswith("[GC:G0 G54 G17 G21 G90 G94 M5")


def test_a_job_done_anew_after_power_loss_is_seen_to_cut_twice():
    device = started(GRBL_LINK, "power@5s")
    with pytest.raises(OSError):
        count_characters(device, PROGRAM)
    device.power_on()
    count_characters(device, PROGRAM)
    run = device.finish()
    assert run.violations == ()
    assert len(run.starts) == 2
    verdict = judge(run, sample_marker())
    assert "cut-twice" in codes(verdict.violations)
    assert verdict.missed == 0
    assert (np.diff(run.trace.t_s) >= 0).all()


def test_without_zeroing_the_place_where_it_stood_is_the_zero():
    device = started(GRBL_LINK)
    ask(device, "G1 X100 Y50 F6000\n", 5.0)
    device.power_off()
    device.power_on(zeroed=False)
    ask(device, "M3 S1\nG4 P0.1\nG1 X10 F6000\nM5\n", 5.0)
    assert device.place == pytest.approx((10, 0))
    assert device.run().bounds_mm == pytest.approx((100, 50, 110, 50))


def test_a_pulled_cable_leaves_the_machine_running_on_with_what_it_has():
    device = started(GRBL_LINK, "cable@byte:33")
    device.receive(b"G1 X10 F600\nG1 X20\nG1 X30\nG1 X40\nG1 X50\n")
    assert not device.done
    device.advance(0.5)
    assert device.take_output() == b""
    run = device.finish()
    assert run.trace.holder_mm[-1][0] == pytest.approx(40)
    with pytest.raises(OSError):
        DeviceTransport(device_of(GRBL_LINK, "cable@0s")).read(1.0)


def test_a_cable_can_be_put_back():
    device = started(GRBL_LINK, "cable@0.5s")
    port = DeviceTransport(device)
    port.write(b"G1 X10 F60\n")
    assert port.read(1.0).startswith(b"ok")
    with pytest.raises(OSError, match="gone"):
        port.read(1.0)
    device.advance(3.0)
    again = DeviceTransport(device)
    again.write(b"?")
    assert b"<Run|" in again.read(1.0)


def test_lost_and_spoilt_bytes():
    device = started(GRBL_LINK, "drop@byte:8", "corrupt@byte:13")
    # Byte 8 is the 0 of X10; byte 13, the X of the next line, becomes an H.
    assert ask(device, "G1F60X10\nG1 X20\n", 5.0) == "ok\r\nerror:20\r\n"
    assert device.place[0] == pytest.approx(1)


def test_reset_by_hand():
    device = started(drag(GRBL_LINK), "reset@5s")
    count_characters(device, PROGRAM)
    run = device.finish()
    assert device.state == "Alarm"
    assert codes(run.remarks) >= {"fault", "alarm"}
    assert "missed" in codes(judge(run, sample_marker()).violations)


def test_a_broken_blade_cuts_no_more():
    device = started(GRBL_LINK, "knife@5s")
    count_characters(device, PROGRAM)
    run = device.finish()
    assert not run.trace.down[run.trace.t_s > 5.0].any()
    assert run.trace.t_s[run.trace.down].max() <= 5.0
    whole = started(GRBL_LINK)
    count_characters(whole, PROGRAM)
    assert run.time_s == pytest.approx(whole.finish().time_s)
    assert "missed" in codes(judge(run, sample_marker()).violations)


def test_a_new_blade_cuts_again():
    device = started(GRBL_LINK, "knife@0.2s")
    ask(device, "G0 X10\nM3 S1\nG4 P0.1\nG1 X60 F6000\nM5\nG4 P0.1\n", 5.0)
    assert device.run().cut_mm == 0
    device.change_blade()
    ask(device, "M3 S1\nG4 P0.1\nG1 X80 F6000\nM5\nG4 P0.1\n", 5.0)
    assert device.run().cut_mm == pytest.approx(20)


def test_a_lost_ok_is_done_all_the_same():
    device = started(GRBL_LINK, "lost-ok@2")
    assert ask(device, "G1 X1 F600\nX2\nX3\n", 5.0) == "ok\r\n" * 2
    assert device.place[0] == pytest.approx(3)


def test_a_slow_machine_takes_longer_and_loses_nothing_of_a_counted_stream():
    plain, slow = started(GRBL_LINK), started(GRBL_LINK, "slow@0.2s")
    for device in (plain, slow):
        count_characters(device, PROGRAM)
    one, two = plain.finish(), slow.finish()
    assert two.time_s > one.time_s + 1
    assert two.violations == ()


def test_a_slow_machine_starves_its_planner():
    device = started(GRBL_LINK, "slow@0.2s")
    count_characters(device, "".join(f"G1 X{k} F6000\n" for k in range(1, 11)).encode())
    device.finish()
    assert device.figures.planner.starved == 9


def test_hanging_up_too_early_is_told():
    device = started(GRBL_LINK)
    port = DeviceTransport(device)
    port.write(b"M3 S1\nG4 P.1\nG1 X50 F600\nM5\n")
    device.advance(0.2)
    port.close()
    with pytest.raises(OSError, match="closed"):
        port.read(1.0)
    assert codes(device.finish().violations) == {"closed-early"}


def test_down_at_the_end_is_told():
    device = started(GRBL_LINK, "cable@0.3s")
    device.receive(b"M3 S1\nG4 P0.1\nG1 X50 F600\n")
    assert "down-at-end" in codes(device.finish().violations)


def test_a_limit_on_an_hpgl_cutter_stops_it_for_good():
    device = device_of(XONXOFF, "limit@1s")
    device.receive(b"IN;SP1;PA0,0;PD20000,0;PU;PA0,0;")
    run = device.finish()
    assert 0 < run.cut_mm < 490
    assert codes(run.remarks) >= {"alarm", "unfinished"}


def test_the_same_faults_give_the_same_run():
    runs = []
    for _ in range(2):
        device = started(drag(GRBL_LINK), "hold@3s:1s", "knife@8s", "slow@0.01s")
        count_characters(device, PROGRAM)
        runs.append(device.finish())
    assert np.array_equal(runs[0].trace.tip_mm, runs[1].trace.tip_mm)
    assert np.array_equal(runs[0].trace.t_s, runs[1].trace.t_s)
