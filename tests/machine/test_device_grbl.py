"""The emulated Grbl as a device: what it answers, what it loses, and when it gets where."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from device_samples import GRBL_LINK, ask, count_characters, device_of, started
from machine_samples import codes, drag, gcode_program, right_lines, sample_marker

from cutkit.formats.profile import load_profile
from cutkit.machine.device.grbl import GrblDevice
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.toolpath import Link, Plunge

FIRMWARE_JOBS = Path(__file__).resolve().parents[2] / "../shared/gcode"
BANNER = GrblDevice.BANNER
UNLOCK = "[MSG:'$H'|'$X' to unlock]\r\n"


def test_it_greets():
    assert ask(device_of(GRBL_LINK), "") == BANNER


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("", "ok"),
        ("(only a comment)", "ok"),
        ("G21", "ok"),
        ("g1 x1 f100 ; lower case, blanks", "ok"),
        ("%", "error:1"),
        ("M6 T1", "error:20"),
        ("M1", "ok"),
        ("G64", "error:20"),
        ("G41", "error:20"),
        ("G5", "error:20"),
        ("M7", "error:20"),
        ("G59.1", "error:23"),
        ("A10", "error:20"),
        ("#1=5", "error:1"),
        ("G1 X1", "error:22"),
        ("G90 G91", "error:21"),
        ("G1 G92 X1", "error:24"),
        ("G1 X1 X2 F100", "error:25"),
        ("G2 X1 Y1 I5 F100", "error:33"),
        ("G2 X10 R1 F100", "error:34"),
        ("G2 X10 F100", "error:35"),
        ("G1 X1 F100 " + "0" * 82, "error:11"),
        ("G21 " + " " * 100, "ok"),
        ("$20=1", "error:10"),
        ("$0=1", "error:6"),
        ("$99=1", "error:3"),
        ("$foo", "error:2"),
        ("$H", "error:5"),
        ("$J=X10", "error:22"),
        ("$J=X10 F100 M3", "error:16"),
    ],
)
def test_answers(line, answer):
    assert ask(started(), line + "\n") == answer + "\r\n"


def test_cr_and_lf_each_end_a_line_and_are_one_line_of_the_program():
    device = started()
    assert ask(device, "G21\r\nG90\r\n") == "ok\r\n" * 4
    ask(device, "G41\r\n")
    assert [(v.code, v.line) for v in device.run().violations] == [("error:20", 3)]


def test_lists():
    device = started()
    settings = ask(device, "$$\n").splitlines()
    assert settings[-1] == "ok"
    assert {"$11=0.010", "$100=250.000", "$110=6000.000", "$120=500.000", "$20=0"} <= set(settings)
    assert ask(device, "$I\n").startswith("[VER:1.1h")
    assert ask(device, "$G\n") == "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\nok\r\n"
    assert ask(device, "$N\n") == "$N0=\r\n$N1=\r\nok\r\n"
    assert ask(device, "$\n").startswith("[HLP:")
    places = ask(device, "$#\n").splitlines()
    assert places[0] == "[G54:0.000,0.000,0.000]"
    assert "[G92:0.000,0.000,0.000]" in places


def test_real_time_bytes_are_obeyed_at_once_also_inside_comments():
    device = started()
    answer = ask(device, "G21 (what? no)\n")
    assert answer.startswith("<Idle|MPos:0.000,0.000,0.000|Bf:15,")
    assert answer.endswith("|FS:0,0|WCO:0.000,0.000,0.000>\r\nok\r\n")
    ask(device, b"G1 X100 F6000 (\xc4\x84rmel)\n", 0.5)
    assert device.state == "Door:2" or device.state == "Door:0"
    device.advance(5)
    assert device.place[0] < 100


def test_states():
    device = started()
    ask(device, "G1 X100 F6000\n", 0.5)
    assert "<Run|" in ask(device, "?", 0.01)
    assert "<Hold:1|" in ask(device, "!?", 0.01)
    device.advance(1.0)
    assert "<Hold:0|" in ask(device, "?", 0.01)
    assert "<Run|" in ask(device, "~?", 0.01)
    device.advance(3.0)
    assert "<Idle|MPos:100.000," in ask(device, "?", 0.01)


def test_the_planner_takes_fifteen_blocks_and_the_next_line_waits():
    device = started()
    answers = ask(device, "G1 F60 X1\n" + "".join(f"X{k}\n" for k in range(2, 21)), 0.1)
    assert answers.count("ok") == 15
    assert ask(device, "?", 0.01).startswith("<Run|MPos:0.")
    assert device.mechanics.blocks == 15
    assert ask(device, "", 0.95).count("ok") == 1


def test_dwell_and_spindle_wait_for_the_planner():
    device = started()
    assert ask(device, "G1 X100 F6000\nG4 P0.5\n", 1.0) == "ok\r\n"
    assert ask(device, "", 0.6) == ""
    assert ask(device, "", 0.2) == "ok\r\n"


def test_pause_waits_for_cycle_start():
    device = started()
    assert ask(device, "G1 X1 F6000\nM0\nG1 X2\n", 5.0) == "ok\r\n"
    assert device.state == "Hold:0"
    assert ask(device, "~", 5.0) == "ok\r\nok\r\n"
    assert device.place == pytest.approx((2, 0))


def test_check_mode_answers_alike_and_moves_nothing():
    device = started()
    assert ask(device, "$C\n") == "[MSG:Enabled]\r\nok\r\n"
    assert ask(device, "G1 X50 F100\nG41\nG1 X60\n", 60.0) == "ok\r\nerror:20\r\nok\r\n"
    assert "<Check|MPos:0.000,0.000,0.000|" in ask(device, "?")
    assert ask(device, "$C\n") == "[MSG:Disabled]\r\nok\r\n" + BANNER
    assert device.state == "Idle"


def test_reset_in_motion_locks_and_the_position_stays():
    device = started()
    ask(device, "G1 X100 F6000\nG1 X200\n", 0.6)
    assert ask(device, b"\x18", 0.1) == "ALARM:3\r\n" + BANNER + UNLOCK
    stopped = device.place
    assert 40 < stopped[0] < 60
    assert ask(device, "G1 X1 F100\n") == "error:9\r\n"
    assert "<Alarm|" in ask(device, "?")
    assert ask(device, "$X\n", 5.0) == "[MSG:Caution: Unlocked]\r\nok\r\n"
    assert device.place == stopped
    assert ask(device, "G91 G1 X10 F6000\n", 5.0) == "ok\r\n"
    assert device.place[0] == pytest.approx(stopped[0] + 10, abs=0.01)


def test_reset_at_rest_is_no_alarm():
    assert ask(started(), b"\x18") == BANNER


def test_a_limit_silences_it_until_a_reset():
    device = started(GRBL_LINK, "limit@0.6s")
    assert ask(device, "G1 X100 F6000\n", 1.0) == "ok\r\nALARM:1\r\n[MSG:Reset to continue]\r\n"
    assert ask(device, "?\nG1 X1\n$X\n", 5.0) == ""
    assert ask(device, b"\x18") == BANNER + UNLOCK
    assert 30 < device.place[0] < 60


def test_soft_limits_stop_before_a_move_beyond_the_travel():
    device = started()
    assert ask(device, "$22=1\n") == "ok\r\n"
    assert ask(device, "$20=1\n") == "ok\r\n"
    assert ask(device, "$H\n", 60.0) == "ok\r\n"
    assert device.place == pytest.approx((-2499, -1499))
    assert ask(device, "G91 G1 X10 F6000\n", 5.0) == "ok\r\n"
    assert ask(device, "X-50\nX5\n", 5.0) == "ALARM:2\r\n[MSG:Reset to continue]\r\n"
    assert device.place[0] == pytest.approx(-2489)
    assert [(v.code, v.line) for v in device.run().violations] == [("soft-limit", 5)]


def test_a_soft_limit_brakes_what_is_under_way():
    device = started()
    for line in ("$22=1\n", "$20=1\n", "$H\n"):
        ask(device, line, 60.0)
    assert ask(device, "G91 G1 X100 F6000\n", 0.5) == "ok\r\n"
    assert "ALARM:2" in ask(device, "X-500\n", 5.0)
    assert -2470 < device.place[0] < -2440


def test_homing_is_wanted_first_where_it_is_switched_on():
    device = started()
    ask(device, "$22=1\n")
    device.power_off()
    device.power_on()
    assert ask(device, "") == BANNER + UNLOCK
    assert ask(device, "G1 X1 F100\n") == "error:9\r\n"
    assert ask(device, "$H\n", 60.0) == "ok\r\n"
    assert ask(device, "G91 G1 X1 F100\n") == "ok\r\n"


def test_work_zero():
    device = started()
    ask(device, "G1 X10 Y20 F6000\n", 5.0)
    assert ask(device, "G10 L20 P1 X0 Y0\n") == "ok\r\n"
    assert "WCO:10.000,20.000,0.000" in ask(device, "?")
    ask(device, "G1 X5 Y0\n", 5.0)
    assert device.place == pytest.approx((15, 20))
    ask(device, "G92 X0\nG1 X1\n", 5.0)
    assert device.place == pytest.approx((16, 20))
    assert "[G92:5.000,0.000,0.000]" in ask(device, "$#\n")
    ask(device, b"\x18")
    assert "[G92:0.000,0.000,0.000]" in ask(device, "$#\n")
    assert "[G54:10.000,20.000,0.000]" in ask(device, "$#\n")


def test_settings_stay_when_the_power_goes_and_change_the_motion():
    device = started()
    ask(device, "$110=600\n")
    ask(device, "$111=600\n")
    device.power_off()
    with pytest.raises(OSError, match="off"):
        device.connect()
    device.power_on()
    assert "$110=600.000" in ask(device, "$$\n")
    before = device.now_s
    device.receive(b"G1 X100 F6000\n")
    device.finish()
    assert device.now_s - before == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize("name", ["$100", "$110", "$120", "$11"])
def test_a_setting_of_zero_ends_nothing(name):
    device = started()
    ask(device, f"{name}=0\n")
    ask(device, "G1 X1 Y1 F600\nX0\nX2\n", 1e6)
    assert device.state in ("Idle", "Run")


def test_what_arrives_while_a_setting_is_written_is_lost():
    device = started()
    assert ask(device, "$110=600\nG1 X5 F600\nG1 X9\n", 5.0) == "ok\r\n"
    assert device.place == (0, 0)
    assert "link-overrun" in codes(device.run().violations)


def test_settings_are_refused_in_motion():
    device = started()
    ask(device, "G1 X100 F600\n", 0.1)
    assert ask(device, "$$\n", 0.1) == "error:8\r\n"
    assert ask(device, "$C\n", 0.1) == "error:8\r\n"


def test_jog_and_its_cancelling():
    device = started()
    assert ask(device, "$J=G91 X100 F6000\n", 0.4) == "ok\r\n"
    assert device.state == "Jog"
    assert ask(device, "G1 X1 F10\n", 0.05) == "error:9\r\n"
    ask(device, b"\x85", 1.0)
    assert device.state == "Idle"
    assert 15 < device.place[0] < 60
    assert ask(device, "$G\n").startswith("[GC:G0 G54 G17 G21 G90 ")


def test_overrides_change_the_speed_also_of_the_move_being_made():
    device = started()
    device.receive(b"G1 X200 F3000\n")
    device.advance(1.0)
    device.receive(bytes([0x92] * 5))
    device.advance(1.5)
    assert device.mechanics.where(device.now_s)[1] == pytest.approx(25)
    device.take_output()
    reports = ask(device, "??", 0.1)
    assert "Ov:50,100,100" in reports
    device.receive(bytes([0x90]))
    device.advance(2.5)
    assert device.mechanics.where(device.now_s)[1] == pytest.approx(50)
    device.finish()
    assert device.place == pytest.approx((200, 0))


def test_sleep_lasts_until_a_reset():
    device = started()
    assert ask(device, "$SLP\n") == "ok\r\n[MSG:Sleeping]\r\n"
    assert ask(device, "?\nG21\n").startswith("<Sleep|")
    assert ask(device, b"\x18") == BANNER + UNLOCK


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("$$$", "error:3"),
        ("$GX", "error:3"),
        ("$Q", "error:2"),
        ("$20=a", "error:2"),
        ("$20=", "error:2"),
        ("$12=1x", "error:3"),
        ("$20", "error:3"),
        ("$200=1", "error:3"),
        ("$HX", "error:5"),
        ("$J", "error:3"),
        ("$NX", "error:2"),
        ("$I=table 3", "ok"),
        ("$RST=x", "error:3"),
        ("$N0=G41", "error:20"),
        ("$J=G1X1F100", "error:16"),
        ("$J=G54X1F100", "error:16"),
        ("$J=X1F100S1", "error:36"),
        ("$J=G21G91G53X1F100", "ok"),
        ("G10 L2 P1", "error:26"),
        ("G10 L2 X1", "error:28"),
        ("G10 L2 P7 X1", "error:29"),
        ("G10 L3 P1 X1", "error:20"),
        ("G0 G10 L2 P1 X1", "error:24"),
        ("G43.1 X1", "error:37"),
    ],
)
def test_answers_to_what_is_stored_or_asked(line, answer):
    assert ask(started(), line + "\n") == answer + "\r\n"


def test_the_zero_and_the_overrides_are_told_again_every_tenth_report_at_rest():
    device = started()
    reports = [ask(device, "?") for _ in range(22)]
    assert [k for k, text in enumerate(reports) if "|WCO:" in text] == [0, 10, 20]
    assert [k for k, text in enumerate(reports) if "|Ov:" in text] == [1, 11, 21]
    device = started()
    ask(device, "??")
    assert "|Ov:110,100,100>" in ask(device, b"\x91?")


def test_what_turns_is_told_with_the_overrides():
    device = started()
    ask(device, "?")
    ask(device, "M3 S2000\nM8\n")
    report = ask(device, "?")
    assert "|FS:0,1000|" in report  # $30
    assert report.endswith("|A:SF>\r\n")
    assert "M3 M8 T0 F0 S2000]" in ask(device, "$G\n")


def test_the_modes_have_the_tool_and_rounded_speeds():
    device = started()
    ask(device, "T3 F100.6 S12.7\n")
    assert ask(device, "$G\n") == "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T3 F101 S13]\r\nok\r\n"


def test_reports_in_inches():
    device = started()
    ask(device, "$13=1\n")
    ask(device, "G1 X25.4 F254\n", 10.0)
    assert "MPos:1.0000,0.0000,0.0000|" in ask(device, "?")
    assert " F10.0 S0]" in ask(device, "$G\n")
    assert ask(device, "$#\n").startswith("[G54:0.0000,0.0000,0.0000]")


def test_stored_lines_are_carried_out_when_it_starts():
    device = started()
    assert ask(device, "$N0=G20 G54\n") == "ok\r\n"
    assert ask(device, "$N1=G0 X1\n", 5.0) == "ok\r\n"
    assert device.place[0] == pytest.approx(25.4)  # the first one, too, was carried out when it was stored
    assert ask(device, b"\x18", 5.0) == BANNER + ">G20G54:ok\r\n>G0X1:ok\r\n"
    assert device.place[0] == pytest.approx(25.4)
    assert "G20" in ask(device, "$G\n")
    assert ask(device, "$RST=*\n") == "[MSG:Restoring defaults]\r\nok\r\n" + BANNER
    assert ask(device, "$N\n") == "$N0=\r\n$N1=\r\nok\r\n"


def test_in_check_mode_only_what_needs_no_rest_is_answered():
    device = started()
    ask(device, "$C\n")
    assert ask(device, "$#\n$I\n$H\n") == "error:8\r\n" * 3
    assert ask(device, "$$\n").startswith("$0=10")
    assert ask(device, "$C\n") == "[MSG:Disabled]\r\nok\r\n" + BANNER


@pytest.mark.parametrize("byte", [b"!", b"\x85"])
def test_a_hold_ends_a_jog(byte):
    device = started()
    ask(device, "$J=X100 F600\n", 0.5)
    ask(device, byte)
    assert device.state == "Idle"
    assert 4 < device.place[0] < 6
    assert ask(device, "G0 X0\n") == "ok\r\n"


def test_a_door_is_told_of():
    device = started()
    assert ask(device, b"\x84") == "[MSG:Check Door]\r\n"
    assert device.state == "Door:0"


def test_reset_while_homing():
    device = started()
    ask(device, "G1 X100 F6000\n", 5.0)
    ask(device, "$22=1\n")
    ask(device, "$H\n", 0.5)
    assert ask(device, b"\x18", 0.1) == "ALARM:6\r\n" + BANNER + UNLOCK


def test_the_end_of_a_program_chooses_the_first_zero_and_forgets_overrides():
    device = started()
    ask(device, "G55 G18 G91\n")
    ask(device, b"\x91")
    ask(device, "M2\n")
    assert ask(device, "$G\n").startswith("[GC:G1 G54 G17 G21 G90 G94 M5 ")
    assert "Ov:100,100,100" in ask(device, "??")


def test_zeros_and_places_that_are_stored():
    device = started()
    ask(device, "G0 X10 Y20\nG28.1\n", 5.0)
    assert ask(device, "G10 P2 L20 X1 Y0\n") == "ok\r\n"
    assert "[G55:9.000,20.000,0.000]" in ask(device, "$#\n")
    assert ask(device, "G21 G90 G10 L2 P1 X5\n") == "ok\r\n"
    assert ask(device, "G55 G0 X2 Y2\n", 5.0) == "ok\r\n"
    assert device.place == pytest.approx((11, 22))
    assert "WCO:9.000,20.000,0.000" in ask(device, "?")
    ask(device, "G54 G0 X2 Y2\n", 5.0)
    assert device.place == pytest.approx((7, 2))
    ask(device, "G91 G28 Y5\n", 5.0)
    assert device.place == pytest.approx((7, 20))
    ask(device, "G28\n", 5.0)
    assert device.place == pytest.approx((10, 20))
    assert ask(device, "$G\n").startswith("[GC:G0 G54 G17 G21 G91 ")
    assert device.run().violations == ()


def test_the_tools_length():
    device = started()
    ask(device, "G43.1 Z2\n")
    assert "WCO:0.000,0.000,2.000" in ask(device, "?")
    assert "[TLO:2.000]" in ask(device, "$#\n")
    assert "[G92:0.000,0.000,0.000]" in ask(device, "$#\n")
    ask(device, "G49\n")
    assert "WCO:0.000,0.000,0.000" in ask(device, "?")


# ---- the stream


def _random_lines(count, seed=5):
    rng = np.random.default_rng(seed)
    return "".join(f"G1 X{x:.3f} Y{y:.3f} F6000\n" for x, y in rng.uniform(0, 200, (count, 2)))


def test_blasting_without_counting_loses_bytes_and_fails_the_run():
    device = started()
    program = _random_lines(185)
    device.receive(program.encode())
    run = device.finish()
    assert device.ring.figures.lost > 1000
    assert "link-overrun" in codes(run.violations)
    assert device.answered < 100
    last = [float(word[1:]) for word in program.splitlines()[-1].split()[1:3]]
    assert math.dist(run.trace.holder_mm[-1], last) > 1


def test_counting_never_overruns():
    device = started()
    program = _random_lines(185)
    answers = count_characters(device, program.encode())
    run = device.finish()
    assert answers.count("ok\r\n") == 185
    assert device.ring.figures.lost == 0
    assert run.trace.holder_mm[-1] == pytest.approx([float(w[1:]) for w in program.splitlines()[-1].split()[1:3]])
    assert device.figures.planner.starved == 0
    assert device.figures.planner.mean_blocks > 14
    assert device.figures.ring.over_half > 0.8


def test_the_ring_holds_128_bytes():
    device = started()
    device.receive(b"G4 P100\n")
    device.advance(device.now_s + 1)
    assert "|Bf:15,128|" in ask(device, "?", 0.01)
    device.receive(b"x" * 128)
    device.advance(device.now_s + 1)
    assert (device.ring.free, device.ring.figures.lost) == (0, 0)
    device.receive(b"x")
    device.advance(device.now_s + 1)
    assert device.ring.figures.lost == 1


def test_real_time_bytes_take_no_room():
    device = started()
    device.receive(b"G4 P100\n")
    device.advance(device.now_s + 1)
    assert ask(device, b"x" * 128 + b"?").startswith("<Idle|")
    assert device.ring.figures.lost == 0


def test_bytes_arrive_at_the_rate_of_the_line():
    slow = replace(GRBL_LINK, link=Link("count", 128, 9600))
    device = started(slow)
    assert ask(device, "G21\n", 4 * 10 / 9600 + 4 * 10 / 9600 - 0.0001) == ""
    assert ask(device, "", 0.0002) == "ok\r\n"


def test_a_slow_stream_starves_the_planner():
    slow = replace(GRBL_LINK, link=Link("count", 128, 1200))
    device = started(slow)
    count_characters(device, "".join(f"G1 X{k} F6000\n" for k in range(1, 30)).encode())
    device.finish()
    assert device.figures.planner.starved > 20


@pytest.mark.parametrize("profile", [GRBL_LINK, drag(GRBL_LINK), drag(GRBL_LINK, 0.6, None)])
def test_a_counted_stream_does_what_the_program_does(profile):
    program = gcode_program(right_lines(sample_marker()))
    device = started(profile)
    began = device.now_s
    count_characters(device, program)
    run, whole = device.finish(), run_program(program, profile)
    assert run.violations == whole.violations == ()
    assert run.cut_mm == pytest.approx(whole.cut_mm, rel=1e-6)
    assert run.tool_downs == whole.tool_downs
    assert run.time_s - began == pytest.approx(whole.time_s, abs=0.2)
    verdict, wanted = judge(run, sample_marker()), judge(whole, sample_marker())
    assert codes(verdict.violations) == codes(wanted.violations)
    assert verdict.cut_once == wanted.cut_once
    if profile is GRBL_LINK:
        assert (verdict.violations, verdict.cut_once) == ((), 3)


def test_a_z_axis():
    profile = replace(GRBL_LINK, lift="z", plunge=Plunge(3.0, 0.0, 20.0, 200.0))
    program = b"G0 Z10\nG0 X50 Y50\nG1 Z-0.5 F600\nG1 X150 F6000\nY150\nG0 Z10\nG0 X0 Y0\nM2\n"
    device = started(profile)
    answers = count_characters(device, program)
    run, whole = device.finish(), run_program(program, profile)
    assert "[MSG:Pgm End]" in answers
    assert run.cut_mm == pytest.approx(whole.cut_mm) == pytest.approx(200)
    assert run.violations == whole.violations == ()
    assert run.time_s == pytest.approx(whole.time_s + 0.1, abs=0.05)


def test_a_z_axis_stops_where_it_is():
    profile = replace(GRBL_LINK, lift="z", plunge=Plunge(3.0, 0.0, 20.0, 200.0))
    device = started(profile)
    ask(device, "G0 Z10\n", 5.0)
    # From 10 mm down at 20 mm/s and 200 mm/s2: 0.1 s to speed up, the first 1 mm; then 20 mm/s.
    ask(device, "G1 Z-0.5 F1200\n", 0.25 + 16 * device.wire.byte_s)
    assert device.mechanics.height(device.now_s) == pytest.approx(10 - 1 - 0.15 * 20, abs=0.02)
    assert "<Run|" in ask(device, "?", 0.01)
    assert "ALARM:3" in ask(device, b"\x18", 0.1)
    assert 3 < device.mechanics.height(device.now_s) < 6
    assert not device.run().trace.down.any()


def test_a_z_axis_that_stops_in_the_cloth_is_down():
    profile = replace(GRBL_LINK, lift="z", plunge=Plunge(3.0, 0.0, 20.0, 200.0))
    device = device_of(profile, "power@1.05s")
    device.receive(b"G0 Z10\nG4 P0\nG1 Z-0.5 F1200\n")
    device.advance(2.0)
    assert 0 < device.mechanics.machine.height_mm < 3
    assert device.run().trace.down[-1]


@pytest.mark.skipif(not FIRMWARE_JOBS.is_dir(), reason="the timed jobs are not beside the project")
@pytest.mark.parametrize("name", ["line", "circle", "random60", "zigzag"])
def test_times_on_a_full_planner_are_those_of_the_whole_program(name):
    data = (FIRMWARE_JOBS / f"{name}.gcode").read_bytes()
    device = started()
    count_characters(device, data)
    device.finish()
    assert device.figures.planner.busy_s == pytest.approx(run_program(data, GRBL_LINK).time_s, rel=0.002)


@pytest.mark.skipif(not FIRMWARE_JOBS.is_dir(), reason="the timed jobs are not beside the project")
@pytest.mark.parametrize(
    ("name", "firmware_s"), [("line", 1.200), ("circle", 7.776), ("random60", 42.125), ("zigzag", 6.133)]
)
def test_a_streamed_job_takes_as_long_as_on_real_firmware(name, firmware_s):
    device = started(load_profile("grbl-servo"))
    began = device.now_s
    count_characters(device, (FIRMWARE_JOBS / f"{name}.gcode").read_bytes())
    device.finish()
    assert device.now_s - began == pytest.approx(firmware_s, rel=0.02)


@pytest.mark.parametrize("line", ["G0 Z-50", "G0 A720"])
def test_a_move_of_another_axis_is_a_run_too(line):
    device = started(load_profile("grblhal-tangential"))
    assert ask(device, line + "\n", 0.2) == "ok\r\n"
    assert device.state == "Run"
    assert ask(device, "$#\n", 0.1) == "error:8\r\n"
    ask(device, "!", 0.05)
    assert device.state == "Hold:1"
    device.advance(60.0)
    assert device.state == "Hold:0"
    ask(device, "~")
    assert device.state == "Idle"
    ask(device, line.replace("-50", "0").replace("720", "0") + "\n", 0.2)
    assert ask(device, b"\x18", 0.1).startswith("ALARM:3")


def test_it_sets_out_when_its_planner_is_full_or_nothing_more_has_come():
    profile = replace(GRBL_LINK, motion=replace(GRBL_LINK.motion, line_s=0.1))
    one, many = started(profile), started(profile)
    assert ask(one, "G1 X100 F6000\n", 0.11) == "ok\r\n"
    assert one.mechanics.moving()
    many.receive("".join(f"G1 X{100 * k} F6000\n" for k in range(1, 10)).encode())
    many.advance(0.9)
    assert not many.mechanics.moving()
    many.advance(1.1)
    assert many.mechanics.moving()
    assert many.finish().trace.holder_mm[-1] == pytest.approx((900, 0))


def test_many_short_moves_take_the_time_of_the_whole_program():
    points = [(100 + 40 * math.cos(k / 60), 100 + 40 * math.sin(k / 60)) for k in range(378)]
    program = "".join(f"G1 X{x:.3f} Y{y:.3f} F6000\n" for x, y in points).encode()
    device = started()
    count_characters(device, program)
    device.finish()
    assert device.figures.planner.busy_s == pytest.approx(run_program(program, GRBL_LINK).time_s, rel=0.002)


# ---- hold


def test_hold_brakes_along_the_path_and_the_cut_is_the_same():
    program = gcode_program(right_lines(sample_marker()))
    plain, held = started(drag(GRBL_LINK)), started(drag(GRBL_LINK), "hold@3s:2s", "hold@11.7s:0.9s")
    for device in (plain, held):
        count_characters(device, program)
    one, two = plain.finish(), held.finish()
    assert two.violations == ()
    assert two.cut_mm == pytest.approx(one.cut_mm, abs=1e-6)
    assert 2.5 < two.time_s - one.time_s < 4.0
    assert codes(two.remarks) == {"fault"}
    assert judge(two, sample_marker()).worst_deviation_mm == judge(one, sample_marker()).worst_deviation_mm


def test_nothing_moves_while_held():
    device = started()
    device.receive(b"G1 X100 F6000\n")
    device.advance(0.6)
    before = device.place[0]
    device.receive(b"!")
    device.advance(1.0)
    place = device.place
    # From 100 mm/s at 500 mm/s2 it needs 10 mm to stop, and one byte's time until it begins.
    assert place[0] == pytest.approx(before + 10 + 100 * device.wire.byte_s)
    device.advance(100.0)
    assert device.place == place
