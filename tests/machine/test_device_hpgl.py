"""The emulated HP-GL cutter as a device: handshakes, device control, queries, and instructions in pieces."""

from dataclasses import replace

import numpy as np
import pytest
from device_samples import HARDWARE, XONXOFF, ask, device_of
from machine_samples import HPGL, codes, hpgl_program, right_lines, sample_marker

from cutkit.machine.actions import Device
from cutkit.machine.device import DeviceTransport
from cutkit.machine.emulator import run_program
from cutkit.machine.hpgl import StreamReader, parse_hpgl
from cutkit.machine.judge import judge
from cutkit.toolpath import Link

PROGRAM = hpgl_program(right_lines(sample_marker()))
LONG = ("IN;SP1;PU0,0;PD" + ",".join(f"{40 * k},{400 * (k % 2)}" for k in range(1, 400)) + ";PU;PU0,0;SP0;").encode()


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("\x1b.B", "255\r"),
        ("\x1b.L", "255\r"),
        ("\x1b.O", "8\r"),
        ("\x1b.E", "0\r"),
        ("IN;SP1;PU400,200;OA;", "400,200,0\r"),
        ("IN;SP1;PD400,200;OC;", "400,200,1\r"),
        ("OI;", "test-hpgl\r"),
        ("OE;", "0\r"),
        ("IN;OS;", "24\r"),
        ("IN;IP0,0,400,800;OP;", "0,0,400,800\r"),
        ("OH;", "0,0,80000,40000\r"),
    ],
)
def test_answers(sent, answer):
    assert ask(device_of(XONXOFF), sent, 5.0) == answer


def test_errors_are_told_once():
    device = device_of(HARDWARE)
    assert ask(device, "IN;SP1;QQ;OE;OE;PD1,2,3;OE;") == "1\r0\r2\r"
    overrun = device_of(replace(XONXOFF, link=Link("query", 255, 9600)))
    overrun.receive(b"IN;SP1;" + b"PU80000,0;PU0,0;" * 40)
    overrun.advance(3.0)
    assert ask(overrun, "\x1b.E\x1b.E", 0.1) == "16\r0\r"


def test_queries_are_answered_after_the_motion_before_them():
    device = device_of(XONXOFF)
    assert ask(device, "IN;SP1;PU24000,0;OA;", 0.5) == ""
    assert ask(device, "", 1.0) == "24000,0,0\r"


def test_device_control_is_obeyed_at_once_and_never_stored():
    device = device_of(HARDWARE)
    device.receive(b"IN;SP1;" + b"PU80000,0;PU0,0;" * 16)
    device.advance(1.0)
    assert device.ring.data
    before = bytes(device.ring.data)
    answer = ask(device, "\x1b.B\x1b.O", 0.02)
    assert answer == f"{device.ring.free}\r0\r"
    assert bytes(device.ring.data) == before


def test_device_control_may_come_in_pieces_and_within_an_instruction():
    device = device_of(XONXOFF)
    device.receive(b"IN;SP1;PU40")
    device.advance(0.1)
    device.receive(b"\x1b")
    device.advance(0.2)
    assert ask(device, ".B") == "255\r"
    assert ask(device, "0,200;OA;") == "400,200,0\r"


def test_abort_forgets_what_is_stored_and_ends_what_is_under_way():
    device = device_of(HARDWARE)
    device.receive(b"IN;SP1;" + b"PU80000,0;PU0,0;" * 16)
    device.advance(1.0)
    stored = device.mechanics.blocks
    assert ask(device, "\x1b.K", 0.02) == ""
    assert not device.ring.data
    assert device.mechanics.blocks == stored
    assert device.finish().travel_mm == pytest.approx(2000 * stored, rel=0.01)


def test_xoff_comes_in_time_and_xon_when_there_is_room_again():
    device = device_of(XONXOFF)
    sent, held, xoffs, position = [], False, 0, 0
    while position < len(LONG) or not device.done:
        for byte in device.take_output():
            held = byte == 19
            xoffs += held
        if position < len(LONG) and not held:
            device.receive(LONG[position : position + 1])
            position += 1
        step = device.wire.byte_s if not held else 0.05
        sent.append(device.ring.free)
        device.advance(device.now_s + step)
    assert xoffs > 3
    assert min(sent) > 60
    assert device.ring.figures.lost == 0
    assert device.finish().cut_mm == pytest.approx(run_program(LONG, XONXOFF).cut_mm)


def test_a_host_that_does_not_heed_xoff_loses_bytes_and_fails():
    device = device_of(XONXOFF)
    device.receive(LONG * 2)
    run = device.finish()
    assert device.ring.figures.lost > 500
    assert "link-overrun" in codes(run.violations)


def test_the_handshake_can_be_set():
    device = device_of(replace(XONXOFF, link=Link("none", 255, 9600)))
    ask(device, "\x1b.I100;;5:\x1b.N10;6:")
    assert (device.spare_bytes, device.xon_text, device.xoff_text) == (100, b"\x05", b"\x06")
    ask(device, "\x1b.R")
    assert (device.spare_bytes, device.xon_text, device.xoff_text) == (80, b"", b"")


@pytest.mark.parametrize("flow", ["hardware", "none"])
def test_a_line_with_flow_of_its_own_waits_and_loses_nothing(flow):
    profile = replace(HARDWARE, link=Link(flow, 255, 9600))
    device = device_of(profile)
    port = DeviceTransport(device)
    port.write(LONG)
    assert device.ring.figures.lost == 0
    run = device.finish()
    assert device.ring.figures.lost == 0
    assert device.figures.ring.over_half > 0.5
    assert run.cut_mm == pytest.approx(run_program(LONG, profile).cut_mm)


def test_clear_to_send_falls_when_the_ring_is_full():
    device = device_of(HARDWARE)
    assert device.clear_to_send
    device.receive(LONG[:600])
    device.advance(0.9)
    assert not device.clear_to_send
    device.advance(60.0)
    assert device.clear_to_send


@pytest.mark.parametrize("profile", [HPGL, HARDWARE, replace(HPGL, link=Link("none", 1024, 115200))])
def test_a_stream_does_what_the_program_does(profile):
    profile = replace(profile, link=replace(profile.link, flow="hardware"))
    device = device_of(profile)
    DeviceTransport(device).write(PROGRAM)
    run, whole = device.finish(), run_program(PROGRAM, profile)
    assert run.violations == whole.violations == ()
    assert run.cut_mm == pytest.approx(whole.cut_mm)
    assert run.tool_downs == whole.tool_downs
    assert np.allclose(run.trace.tip_mm[-1], whole.trace.tip_mm[-1])
    verdict = judge(run, sample_marker())
    assert (verdict.violations, verdict.cut_once) == ((), 3)
    assert run.trace.line[-1] == whole.trace.line[-1]


def test_hold_and_start_on_the_panel():
    device = device_of(HARDWARE, "hold@1s:3s")
    DeviceTransport(device).write(PROGRAM)
    run = device.finish()
    assert run.cut_mm == pytest.approx(run_program(PROGRAM, HARDWARE).cut_mm)
    assert codes(run.remarks) == {"fault"}


# ---- reading in pieces


def _read_in_pieces(data, size):
    reader = StreamReader(Device(40.0))
    taken = [item for k in range(0, len(data), size) for item in reader.take(data[k : k + size])]
    return [*taken, *reader.take(b"", last=True)], reader


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize(
    "data",
    [
        PROGRAM,
        LONG,
        b"IN;SP1;PA;PD1,2PU;PR10,10,20,20,30,30,40,40;\nLBtext; with; signs\x03PU0,0;DT*,1;LBa\x03b*PD;CI40;PU",
        b"IN;SP1PU0,0PD10,10,20,20PU;\r\n\x1b.I80;;17:VS10;PEhS`>;ESQQ7;!PG;",
        b"IN;PD1,2,3;PU;\nXX1;;hello world;",
    ],
)
def test_a_program_in_pieces_is_the_program(data, size):
    taken, reader = _read_in_pieces(data, size)
    whole = parse_hpgl(data, Device(40.0))
    assert taken == list(whole.actions)
    assert codes(reader.found.violations) == codes(whole.violations)


def test_a_long_list_is_made_while_it_comes():
    reader = StreamReader(Device(40.0))
    assert len(reader.take(b"IN;SP1;PD0,0,10,10,20,20,30,")) >= 4
