"""``cutkit send``: what it refuses, what it says, and whole jobs against ``cutkit emulate`` in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from builders import make_marker
from shapely.geometry import Polygon, box

from cutkit.cut.plan import plan_cut
from cutkit.formats.marker import write_marker
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.model import Fabric, Mark, OrderedPiece, Placement
from cutkit.toolpath import StrokeRules

GRBL = ("--cutter", "grbl-servo")
CUTS = 6


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a marker and its program."""
    folder = tmp_path_factory.mktemp("shop")
    notch = Mark("notch", ((100.0, 0.0),), "knife", depth_mm=6.0, angle_deg=90.0)
    hole = Polygon(box(0, 0, 200, 120).exterior, [box(60, 30, 140, 90).exterior])
    pieces = [
        OrderedPiece("A", "Front", "M", box(0, 0, 200, 100), 1, marks=(notch,)),
        OrderedPiece("B", "Facing", "M", hole, 1),
        OrderedPiece("C", "Flap", "M", Polygon([(0, 0), (150, 0), (75, 90)]), 1),
    ]
    places = [(10.0, 10.0), (10.0, 130.0), (400.0, 200.0)]
    placements = [Placement(p.id, 1, x, y, 0.0) for p, (x, y) in zip(pieces, places, strict=True)]
    marker = make_marker(pieces, placements, fabric=Fabric(400.0))
    write_marker(folder / "m.marker.json", marker)
    profile = replace(load_profile("grbl-servo"), strokes=StrokeRules(notches="before"))
    (folder / "m.gcode").write_text(program_text(plan_cut(marker, profile), profile, "m"))
    return folder


@pytest.fixture
def program(shop, tmp_path):
    path = tmp_path / "m.gcode"
    path.write_bytes((shop / "m.gcode").read_bytes())
    return path


@contextmanager
def emulated(*options):
    """``cutkit emulate`` running, and the address that it tells."""
    command = [sys.executable, "-m", "cutkit", "emulate", *GRBL, *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process, process.stderr.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def report_of(process):
    """End the emulated machine, and what it says was cut."""
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    return json.loads(output)


def wait_for(journal, text):
    """Until the journal holds a text."""
    for _ in range(600):
        if journal.exists() and text in journal.read_text():
            return
        time.sleep(0.05)
    raise AssertionError(f"no {text} in {journal.read_text() if journal.exists() else 'no journal'}")


def test_the_port_is_left_up_so_that_opening_it_again_restarts_nothing():
    import pty
    import termios

    from cutkit.machine.send.transport import open_port

    master, own = pty.openpty()
    modes = termios.tcgetattr(own)
    modes[2] |= termios.HUPCL
    termios.tcsetattr(own, termios.TCSANOW, modes)
    port = open_port(os.ttyname(own), load_profile("grbl-servo").link)
    assert not termios.tcgetattr(own)[2] & termios.HUPCL
    port.close()
    os.close(own)
    os.close(master)


# What is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--port", "socket://127.0.0.1:1"], 6, "no connection"),
        (["--port", "/dev/no-such-port"], 6, "cannot be opened"),
        (["--port", "/dev/null"], 6, "this is no serial line"),
        (["--port", "/tmp"], 6, "this is no serial line"),
        (["--port", ""], 2, "--port is missing"),
        (["--port", "x", "--journal", "/dev/full"], 3, "a journal is a file"),
        (["--port", "socket://localhost"], 2, "socket://HOST:PORT"),
        (["--port", "ftp://localhost"], 2, "protocol 'ftp' not known"),
        ([], 2, "--port is missing"),
        (["--port", "x", "--from", "2"], 2, "--from goes with --resume"),
        (["--port", "x", "--resume"], 3, "no journal here"),
        (["--port", "x", "--resume", "--fresh"], 2, "choose one"),
        (["--dry-run", "--until", "99"], 2, "there are no cuts 1 to 99: the program has 6"),
    ],
)
def test_what_cannot_be_done_is_said(cutkit, program, options, code, said):
    ran = cutkit("send", program, *GRBL, *options)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_program_for_another_machine_is_not_sent(cutkit, program):
    ran = cutkit("send", program, "--cutter", "hpgl-generic", "--port", "socket://127.0.0.1:1")
    assert ran.code == 5
    assert "nothing is sent" in ran.err


def test_several_windows_need_somebody_to_move_the_cloth(cutkit, program):
    ran = cutkit("send", program, program, *GRBL, "--port", "x")
    assert ran.code == 2
    assert "--windows-ready" in ran.err


HEAD = {"schema": "cutkit.journal/1", "program": "m.gcode", "cutter": "grbl-servo", "port": "x", "cuts": CUTS}


def write_journal(program, *entries, **head):
    import hashlib

    sha256 = hashlib.sha256(program.read_bytes()).hexdigest()
    lines = [{**HEAD, "sha256": sha256, "confirms": True, **head}, *entries]
    path = program.with_name("m.gcode.journal")
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_job_half_made_is_not_begun_anew_by_mistake(cutkit, program):
    write_journal(program, {"cut": 1, "done": True})
    ran = cutkit("send", program, *GRBL, "--port", "x")
    assert ran.code == 2
    assert "1 of 6 cuts are made" in ran.err
    assert "--resume" in ran.err


def test_the_journal_of_another_program_is_refused(cutkit, program):
    write_journal(program, sha256="0" * 64)
    ran = cutkit("send", program, *GRBL, "--port", "x", "--resume", "--registered")
    assert ran.code == 3
    assert "another program" in ran.err


def test_a_second_sender_is_sent_away(cutkit, program):
    from cutkit.machine.send.journal import claimed

    with claimed(program.with_name("m.gcode.journal"), None):
        ran = cutkit("send", program, *GRBL, "--port", "socket://127.0.0.1:1")
    assert ran.code == 6
    assert "another cutkit send works by this journal" in ran.err


def test_a_journal_that_counts_other_cuts_is_not_gone_on_with(cutkit, program):
    write_journal(program, {"cut": 1, "done": True}, cuts=3)
    ran = cutkit("send", program, *GRBL, "--port", "x", "--resume", "--registered")
    assert ran.code == 2
    assert "the journal counts 3 cuts" in ran.err


def test_to_resume_the_zero_must_be_sure(cutkit, program):
    write_journal(program, {"cut": 1, "done": True}, {"cut": 2, "done": True})
    ran = cutkit("send", program, *GRBL, "--port", "x", "--resume")
    assert ran.code == 2
    assert "--home" in ran.err
    assert "--registered" in ran.err


def test_a_machine_that_cannot_tell_needs_the_operators_word(cutkit, program):
    write_journal(program, {"cut": 1, "sent": True}, {"cut": 2, "sent": True}, confirms=False)
    ran = cutkit("send", program, *GRBL, "--port", "x", "--resume", "--registered")
    assert ran.code == 2
    assert "cuts up to 2 of 6 were handed over" in ran.err
    assert "--from CUT" in ran.err


def test_what_is_finished_is_not_sent_again(cutkit, program):
    write_journal(program, {"cut": 6, "done": True}, {"finished": True})
    ran = cutkit("send", program, *GRBL, "--port", "x", "--resume", "--registered")
    assert ran.code == 0
    assert "all 6 cuts are made already" in ran.err


# What is shown ------------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_what_would_be_sent(cutkit, program):
    ran = cutkit("send", program, *GRBL, "--dry-run")
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"# {program}: 6 cuts, about ")
    assert lines[1].split() == ["preamble", "1", "G21"]
    assert lines[-1].split()[0] == "ending"
    shown = [line.split(maxsplit=2)[2] if line[:3] != "cut" else line.split(maxsplit=3)[3] for line in lines[1:]]
    assert shown == program.read_text().splitlines()


def test_a_dry_run_of_the_rest_shows_how_the_blade_is_turned(cutkit, program):
    write_journal(program, {"cut": 1, "done": True}, {"cut": 2, "done": True})
    ran = cutkit("send", program, *GRBL, "--dry-run", "--resume")
    names = [line.split()[0] + line.split()[1] * (line[:3] == "cut") for line in ran.out.splitlines()[1:]]
    assert list(dict.fromkeys(names)) == ["preamble", "align", "cut3", "cut4", "cut5", "cut6", "ending"]


def test_the_list_of_cuts_tells_what_is_made_and_where(cutkit, program):
    write_journal(program, {"cut": 1, "done": True}, {"cut": 2, "done": True})
    ran = cutkit("send", program, *GRBL, "--cuts")
    rows = [line for line in ran.out.splitlines() if line.strip()[:1].isdigit()]
    assert ran.code == 0
    assert len(rows) == CUTS
    assert [row.rstrip().endswith("made") for row in rows] == [True, True, False, False, False, False]
    assert "Front M bundle 1" in rows[1]
    assert rows[1].split()[-6:-4] == ["10.0", "7"]


# Whole jobs ---------------------------------------------------------------------------------------------------------


def test_a_job_over_tcp(cutkit, program, shop):
    with emulated("--tcp", "127.0.0.1:0", "--once", "--json", "--marker", shop / "m.marker.json") as (process, address):
        ran = cutkit("send", program, *GRBL, "--port", address, "--json")
        output, _ = process.communicate(timeout=60)
    assert ran.code == 0
    sent, cut = json.loads(ran.out), json.loads(output)
    assert (sent["schema"], sent["ok"]) == ("cutkit.send/1", True)
    part = sent["programs"][0]
    assert (part["state"], part["cuts_made"], part["in_doubt"]) == ("finished", CUTS, None)
    assert part["most_bytes_waiting"] <= 127
    assert (cut["ok"], cut["pieces"]["cut_once"], cut["stream"]["lost_bytes"]) == (True, 3, 0)
    assert "\r" not in ran.err
    done = [json.loads(line).get("cut") for line in (program.with_name("m.gcode.journal")).read_text().splitlines()]
    assert done == [None, *range(1, CUTS + 1), None]


def test_a_fault_ends_with_what_is_sure_and_the_command_that_goes_on(cutkit, program):
    with emulated("--tcp", "127.0.0.1:0", "--json", "--fault", "limit@9s") as (_, address):
        ran = cutkit("send", program, *GRBL, "--port", address)
        assert ran.code == 6
        assert "ALARM:1 (a limit switch was hit: the position is lost)" in ran.err
        assert "2 of 6 cuts are made. Cut 3 (lines " in ran.err
        resume = f"cutkit send {program} --cutter grbl-servo --port {address} --resume --reset"
        assert resume in ran.err
        again = cutkit(*resume.split()[1:], "--unlock")
    assert again.code == 0
    assert "6 of 6 made" in again.out


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_sender_that_is_killed_leaves_one_cut_in_doubt(program, shop, cutkit):
    """kill -9 in the middle of a cut; the next sender needs nothing but the journal."""
    journal = program.with_name("m.gcode.journal")
    options = ("--pty", "--json", "--speed", "20", "--marker", shop / "m.marker.json")
    with emulated(*options) as (process, address):
        command = [sys.executable, "-m", "cutkit", "send", str(program), *GRBL, "--port", address, "--quiet"]
        sender = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(journal, '{"cut": 2, "done": true}')
        sender.kill()
        sender.wait()
        made = journal.read_text().count('"done"')
        assert made < CUTS
        ran = cutkit("send", program, *GRBL, "--port", address, "--resume", "--registered", "--json")
        report = report_of(process)
    assert ran.code == 0
    assert json.loads(ran.out)["programs"][0]["cuts_sent_now"] == CUTS - made
    assert report["pieces"]["missed"] == 0
    assert report["pieces"]["cut_twice"] <= 1
    assert {v["code"] for v in report["violations"]} <= {"cut-twice", "closed-early"}


def test_windows_are_sent_one_after_the_other(cutkit, program):
    second = program.with_name("m-2.gcode")
    second.write_bytes(program.read_bytes())
    with emulated("--tcp", "127.0.0.1:0", "--json") as (_, address):
        ran = cutkit("send", program, second, *GRBL, "--port", address, "--windows-ready", "--json")
    assert ran.code == 0
    reports = json.loads(ran.out)["programs"]
    assert [(report["program"], report["cuts_made"]) for report in reports] == [(str(program), 6), (str(second), 6)]


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_sender_holds_the_machine(cutkit, program, name):
    journal = program.with_name("m.gcode.journal")
    with emulated("--tcp", "127.0.0.1:0", "--json", "--speed", "5") as (_, address):
        command = [sys.executable, "-m", "cutkit", "send", str(program), *GRBL, "--port", address, "--json"]
        sender = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_for(journal, '{"cut": 2, "done": true}')
        sender.send_signal(getattr(signal, name))
        output, talk = sender.communicate(timeout=60)
        refused = cutkit("send", program, *GRBL, "--port", address, "--resume", "--registered")
    assert sender.returncode == 130
    assert json.loads(output)["programs"][0]["state"] == "interrupted"
    assert "The machine is held" in talk
    assert "--resume --reset" in talk
    assert refused.code == 6
    assert "state Hold" in refused.err


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_on_a_terminal_keys_are_heard_and_progress_is_shown(program):
    journal = program.with_name("m.gcode.journal")
    with emulated("--tcp", "127.0.0.1:0", "--json", "--speed", "10") as (_, address):
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "cutkit", "send", str(program), *GRBL, "--port", address]
        environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"COLUMNS": "100"}
        sender = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        wait_for(journal, '{"cut": 1, "done": true}')
        os.write(ours, b"p")
        shown = read_until(ours, "PAUSED")
        os.write(ours, b"r")
        wait_for(journal, '{"cut": 2, "done": true}')
        os.write(ours, b"q")
        code = sender.wait(timeout=60)
        shown += read_until(ours, "--resume")
        os.close(ours)
    assert code == 130
    assert "p pauses, q stops, Ctrl-C holds" in shown
    assert "] cut 2 of 6, Front M bundle 1 " in shown
    assert "No cut is half made." in shown
    assert '{"stopped": "operator"}' in journal.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
@pytest.mark.parametrize(("answer", "code", "said"), [(b"y\n", 0, "6 of 6 made"), (b"\n", 2, "the zero is not sure")])
def test_on_a_terminal_the_zero_is_asked_for(program, answer, code, said):
    write_journal(program, *({"cut": k, "done": True} for k in range(1, 5)))
    with emulated("--tcp", "127.0.0.1:0", "--json") as (_, address):
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "cutkit", "send", str(program), *GRBL, "--port", address, "--resume"]
        sender = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        read_until(ours, "Is it set (without homing from here)?")
        os.write(ours, answer)
        read_until(ours, said)
        assert sender.wait(timeout=60) == code
        os.close(ours)


def read_until(terminal, text):
    """What the terminal shows, up to a text."""
    shown = ""
    while text not in shown:
        shown += os.read(terminal, 1000).decode()
    return shown
