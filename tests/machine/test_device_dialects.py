"""Devices of all profiles: a program that is streamed does what the program does; and what Marlin answers."""

from dataclasses import replace

import pytest
from device_samples import HARDWARE, ask, count_characters, device_of
from machine_samples import GRBL, codes
from test_programs_of_cut import shirt_like

from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile, profile_names
from cutkit.formats.program import program_text
from cutkit.machine.device import DeviceTransport
from cutkit.machine.device.grbl import GrblDevice
from cutkit.machine.device.marlin import MarlinDevice
from cutkit.machine.device.stream import StreamDevice
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.toolpath import Link, Windows

MARLIN = replace(GRBL, controller="marlin", link=Link("wait", 96, 115200, "M400"))


@pytest.mark.parametrize("name", [name for name in profile_names() if name != "hpgl-7475"])
def test_a_streamed_program_does_what_the_program_does(name):
    profile, marker = load_profile(name), shirt_like()
    program = program_text(plan_cut(marker, profile), profile, "test").encode("ascii")
    if profile.controller == "marlin":  # it does not answer comments
        program = b"\n".join(line for line in program.splitlines() if line[:1] != b";") + b"\n"
    device = device_of(profile)
    device.advance(0.1)
    device.take_output()
    if isinstance(device, (GrblDevice, MarlinDevice)):
        count_characters(device, program, room=127 if isinstance(device, GrblDevice) else 96)
    else:
        device.faults.clear()
        device.profile = profile = replace(profile, link=replace(profile.link, flow="hardware"))
        DeviceTransport(device).write(program)
    run, whole = device.finish(), run_program(program, profile)
    assert codes(run.violations) == codes(whole.violations)
    assert run.cut_mm == pytest.approx(whole.cut_mm, rel=1e-6)
    assert run.drawn_mm == pytest.approx(whole.drawn_mm, rel=1e-6)
    assert run.tool_downs == whole.tool_downs
    assert run.time_s == pytest.approx(whole.time_s, rel=0.02, abs=0.3)
    verdict, wanted = judge(run, marker), judge(whole, marker)
    assert (codes(verdict.violations), verdict.cut_once) == (codes(wanted.violations), wanted.cut_once)


def test_what_has_no_answers_is_executed_as_it_comes():
    profile = load_profile("linuxcnc-tangential")
    device = device_of(profile)
    assert isinstance(device, StreamDevice)
    device.receive(b"G21 G90\nG0 Z10\nG0 X100 Y0\n")
    device.advance(5.0)
    assert device.place == pytest.approx((100, 0))
    assert device.done
    device.receive(b"G0 X20")
    device.advance(10.0)
    assert device.place == pytest.approx((100, 0))
    device.finish()
    assert device.place == pytest.approx((20, 0))


def test_hold_on_a_machine_without_answers():
    profile = load_profile("linuxcnc-tangential")
    device = device_of(profile, "hold@1s:30s")
    device.receive(b"G21 G90\nG0 Z10\nG0 X900 Y0\n")
    device.advance(5.0)
    assert 0 < device.place[0] < 500
    device.advance(60.0)
    assert device.place == pytest.approx((900, 0))


# ---- Marlin


def marlin(*faults):
    device = device_of(MARLIN, *faults)
    assert ask(device, "", 0.1) == "start\necho:Marlin 2.1.2\n"
    return device


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("G21\n", "ok\n"),
        ("\n; a comment\n", ""),
        ("G21\r\n", "ok\n"),
        ("G98765\n", 'echo:Unknown command: "G98765"\nok\n'),
        ("M114\n", "X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0\nok\n"),
        ("N1 G21*17\n", "Error:checksum mismatch, Last Line: 0\nResend: 1\nok\n"),
        ("N1 G21*27\n", "ok\n"),
        ("N1 G21\n", "Error:No Checksum with line number, Last Line: 0\nResend: 1\nok\n"),
        ("N2 G21*24\n", "Error:Line Number is not Last Line Number+1, Last Line: 0\nResend: 1\nok\n"),
        ("M110 N7\nN8 G21*18\n", "ok\nok\n"),
    ],
)
def test_answers_of_marlin(sent, answer):
    assert ask(marlin(), sent) == answer


def test_marlin_says_that_it_is_busy_and_ok_when_all_is_done():
    device = marlin()
    assert ask(device, "G1 X500 F6000\n", 0.1) == "ok\n"
    answers = ask(device, "M400\n", 10.0)
    assert answers == "echo:busy: processing\n" * 2 + "ok\n"


def test_marlin_does_not_obey_a_spoilt_line():
    line = "N1 G1 X10 F600*%d\n"
    plain, spoilt = marlin(), marlin("corrupt@byte:8")
    for device in (plain, spoilt):
        answers = ask(device, line % 0, 3.0)
        assert answers == ("ok\n" if device is plain else "Error:checksum mismatch, Last Line: 0\nResend: 1\nok\n")
    assert (plain.place, spoilt.place) == (pytest.approx((10, 0)), (0, 0))


def test_marlin_pauses_until_the_operator_goes_on():
    device = marlin()
    assert ask(device, "M0\nG1 X10 F6000\n", 3.0).startswith("echo:busy: paused for user\n")
    assert device.place == (0, 0)
    assert "ok\n" in ask(device, "M108\n", 3.0)
    assert device.place == pytest.approx((10, 0))


def test_a_marlin_that_waits_for_the_operator_can_be_finished():
    device = marlin()
    ask(device, "M0\n", 1.0)
    run = device.finish()
    assert device.now_s < 2
    assert codes(run.remarks) >= {"pause", "unfinished"}


def test_marlin_halts_for_good_at_a_limit():
    device = marlin("limit@1s")
    assert "kill() called" in ask(device, "G1 X500 F6000\n", 3.0)
    assert ask(device, "M114\n", 3.0) == ""
    assert 50 < device.place[0] < 100


def test_grblhal_takes_cr_lf_as_one_end_and_more_codes():
    device = device_of(replace(GRBL, controller="grblhal"))
    assert ask(device, "").startswith("\r\nGrblHAL")
    assert ask(device, "G21\r\nM7\r\nG41\r\n") == "ok\r\nok\r\nerror:20\r\n"
    assert ask(device, "M1\n") == ""
    assert device.state == "Hold:0"


def test_the_cloth_is_moved_on_by_the_stream():
    profile = replace(HARDWARE, windows=Windows(feed="FR{advance_mm};", feed_mm_s=100.0))
    program = b"IN;SP1;PU400,400;PD800,400;PU;PU0,0;FR500;PU400,400;PD800,400;PU0,0;"
    device = device_of(profile)
    DeviceTransport(device).write(program)
    run, whole = device.finish(), run_program(program, profile)
    assert run.zeros_mm == whole.zeros_mm == (0.0, 500.0)
    assert run.bounds_mm == whole.bounds_mm == (10, 10, 520, 10)
    assert run.time_s == pytest.approx(whole.time_s, abs=0.2)


def test_after_power_loss_the_cloth_lies_where_it_was_moved_to():
    profile = replace(HARDWARE, windows=Windows(feed="FR{advance_mm};", feed_mm_s=100.0))
    device = device_of(profile, "power@7s")
    device.receive(b"IN;SP1;PU400,400;PD800,400;PU;PU0,0;FR500;" + b"PU80000,0;PU0,0;" * 5)
    device.advance(10.0)
    device.power_on()
    device.receive(b"IN;SP1;PU400,800;PD800,800;PU0,0;")
    assert device.finish().bounds_mm == pytest.approx((10, 10, 520, 20))
