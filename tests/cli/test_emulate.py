"""``cutkit emulate`` in a process of its own, with pyserial as the sender, on a terminal and over TCP."""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
from builders import make_marker
from shapely.geometry import box

from cutkit.formats.marker import marker_text
from cutkit.model import Fabric, OrderedPiece, Placement

serial = pytest.importorskip("serial")

PROGRAM = b"G21\nG0 X50 Y50\nM3 S1000\nG4 P0.2\nG1 X150 F6000\nY150\nX50\nY50\nM5\nG4 P0.2\nG0 X0 Y0\nM2\n"
BLADE = ("--cutter", "grbl-servo")


@contextmanager
def emulated(*options):
    """The command running, and the address that it tells."""
    command = [sys.executable, "-m", "cutkit", "emulate", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        stream = process.stderr if "--json" in options else process.stdout
        yield process, stream.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def stream_by_count(port, program):
    """Send line by line, at most 127 bytes unanswered; the answers."""
    lines, unanswered, answers = program.splitlines(keepends=True), [], []
    while lines or unanswered:
        while lines and sum(unanswered) + len(lines[0]) <= 127:
            unanswered.append(len(lines[0]))
            port.write(lines.pop(0))
        raw = port.readline()
        assert raw, "no answer"
        answer = raw.decode().strip()
        answers.append(answer)
        if answer.startswith(("ok", "error")):
            unanswered.pop(0)
    return answers


def opened(address):
    return serial.serial_for_url(address, baudrate=115200, timeout=20)


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize("where", [("--pty",), ("--tcp", "127.0.0.1:0")])
def test_a_foreign_sender_streams_and_the_report_comes_at_the_end(where):
    with emulated(*BLADE, *where, "--once", "--json") as (process, address):
        with opened(address) as port:
            # What the machine said before the port was opened, opening it may have thrown away.
            port.write(b"\x18")
            assert port.read_until(b"help]\r\n").endswith(b"\r\nGrbl 1.1h ['$' for help]\r\n")
            answers = stream_by_count(port, PROGRAM + b"G4 P0\n")
            port.write(b"?")
            assert port.readline().startswith(b"<Idle|MPos:0.000,0.000,0.000|")
        output, _ = process.communicate(timeout=60)
    assert answers.count("ok") == 13
    report = json.loads(output)
    assert report["schema"] == "cutkit.emulate/1"
    assert report["cut_mm"] == pytest.approx(400, abs=4)
    assert (report["ok"], report["violations"]) == (True, [])
    assert (report["stream"]["lost_bytes"], report["stream"]["answered"]) == (0, 13)
    assert process.returncode == 0


def test_what_was_cut_is_judged(tmp_path):
    piece = OrderedPiece("A", "Front", "M", box(0, 0, 100, 50), 1)
    marker = tmp_path / "sample.marker.json"
    marker.write_text(marker_text(make_marker([piece], [Placement("A", 1, 10.0, 10.0, 0.0)], fabric=Fabric(400.0))))
    options = ("--cutter", "hpgl-generic", "--tcp", "127.0.0.1:0", "--once", "--json", "--marker", str(marker))
    for last, code in ((b"PD400,400;", 0), (b"", 5)):
        with emulated(*options) as (process, address):
            with opened(address) as port:
                port.write(b"IN;SP1;PU400,400;PD4400,400;PD4400,2400;PD400,2400;" + last + b"PU;PU0,0;OA;")
                assert port.read_until(b"\r") == b"0,0,0\r"
            output, _ = process.communicate(timeout=60)
        report = json.loads(output)
        assert (process.returncode, report["pieces"]["cut_once"]) == (code, int(code == 0))


def test_a_buffer_that_runs_over_ends_in_exit_code_5():
    blast = b"".join(b"G1 X%d.125 Y%d.5 F3000\n" % (k % 90, k % 7) for k in range(300))
    with emulated(*BLADE, "--tcp", "127.0.0.1:0", "--once", "--quiet") as (process, address):
        with opened(address) as port:
            port.write(b"G21\n" + blast)
            port.timeout = 1
            while port.readline():
                pass
        output, _ = process.communicate(timeout=60)
    assert "link-overrun" in output
    assert process.returncode == 5


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_the_port_survives_a_client_and_ctrl_c_ends_it_in_good_order(tmp_path):
    picture, trace = tmp_path / "run.svg", tmp_path / "run.jsonl"
    first = PROGRAM[:-3] + b"G4 P0\n"
    with emulated(*BLADE, "--pty", "--svg", str(picture), "--trace", str(trace)) as (process, address):
        for program in (first, b"G0 X50 Y20\nM3 S1\nG4 P0.2\nG1 X90 F6000\nM5\nG4 P0.2\n"):
            with opened(address) as port:
                stream_by_count(port, program)
        process.send_signal(signal.SIGINT)
        output, talk = process.communicate(timeout=60)
    assert process.returncode == 0, output + talk
    assert "tool downs       2" in output
    assert "Traceback" not in talk
    assert picture.read_text().startswith("<svg")
    assert len(trace.read_text().splitlines()) > 10


def test_an_hpgl_cutter_answers_over_tcp():
    with emulated("--cutter", "hpgl-generic", "--tcp", "127.0.0.1:0", "--once") as (process, address):
        with opened(address) as port:
            port.write(b"IN;SP1;PU400,400;PD800,400;PU;OA;")
            assert port.read_until(b"\r") == b"800,400,0\r"
            port.write(b"\x1b.O")
            assert port.read_until(b"\r") == b"8\r"
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "tool downs       1" in output


def test_power_fails_and_the_next_client_finds_the_machine_on_again():
    with emulated(*BLADE, "--tcp", "127.0.0.1:0", "--fault", "power@1.5s") as (process, address):
        with opened(address) as port:
            port.write(b"M3 S1\nG4 P0.2\nG1 X500 F6000\n")
            with pytest.raises(serial.SerialException):
                port.read(1000)
        with opened(address) as port:
            port.write(b"?")
            assert b"<Idle|MPos:0.000,0.000" in port.read_until(b">")
        process.send_signal(signal.SIGINT)
        output, talk = process.communicate(timeout=60)
    assert "the power has failed at 1.500 s" in talk
    assert "tool downs       1" in output


def test_at_a_speed_time_is_real():
    with emulated(*BLADE, "--tcp", "127.0.0.1:0", "--once", "--speed", "50", "--json") as (process, address):
        with opened(address) as port:
            stream_by_count(port, PROGRAM)
        output, _ = process.communicate(timeout=60)
    assert json.loads(output)["cut_mm"] == pytest.approx(400, abs=4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "one port"),
        (("--pty", "--tcp", "127.0.0.1:0"), "one port"),
        (("--tcp", "4001"), "HOST:PORT"),
        (("--tcp", "127.0.0.1:99999"), "HOST:PORT"),
        (("--pty", "--fault", "powr@3s"), "power"),
        (("--pty", "--speed", "0"), "speed"),
    ],
)
def test_wrong_usage(options, message):
    done = subprocess.run(
        [sys.executable, "-m", "cutkit", "emulate", *BLADE, *options], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert message in done.stderr


def test_a_port_that_is_taken_is_told():
    with emulated(*BLADE, "--tcp", "127.0.0.1:0") as (_, address):
        done = subprocess.run(
            [sys.executable, "-m", "cutkit", "emulate", *BLADE, "--tcp", address.removeprefix("socket://")],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 6
    assert "cannot listen" in done.stderr
