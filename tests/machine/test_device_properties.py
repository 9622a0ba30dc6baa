"""What holds of emulated devices whatever is sent to them and whenever they are disturbed; seeded, so it repeats."""

import random
from dataclasses import replace

import numpy as np
import pytest
from device_samples import GRBL_LINK, HARDWARE, XONXOFF, count_characters, device_of, started
from machine_samples import GRBL, drag, gcode_program, hpgl_program, right_lines, sample_marker

from cutkit.formats.profile import load_profile
from cutkit.machine.actions import MoveTo
from cutkit.machine.device import DeviceTransport, draw_fault
from cutkit.machine.device.planner import Planner
from cutkit.machine.emulator import run_program
from cutkit.machine.kinematics import Limits, Ramp, plan_ramps
from cutkit.toolpath import CutterProfile, Link

PROGRAM = gcode_program(right_lines(sample_marker()))
PLOT = hpgl_program(right_lines(sample_marker()))
MARLIN = replace(GRBL, controller="marlin", link=Link("wait", 96, 115200, "M400"))
LINUXCNC = replace(GRBL, controller="linuxcnc")
ZAXIS, TURNED = load_profile("grbl-z"), load_profile("grblhal-tangential")


def points_of(trace):
    """The tip's path as points, repeated ones once."""
    tips = trace.tip_mm
    return tips[np.concatenate([[True], np.abs(np.diff(tips, axis=0)).max(axis=1) > 1e-9])]


def length_of(points):
    return np.hypot(*np.diff(points, axis=0).T).sum()


@pytest.mark.parametrize("seed", range(12))
def test_disturbed_by_holds_and_overrides_the_way_is_the_same(seed):
    rng = random.Random(seed)
    rough = np.random.default_rng(seed).uniform(0, 60, (60, 2)).round(3).tolist()
    program = gcode_program([("knife", [(x + 50, y + 50) for x, y in rough])])
    device = started(drag(GRBL_LINK))
    port = DeviceTransport(device)
    lines, unanswered = program.splitlines(keepends=True), []
    for _ in range(4000):
        while lines and sum(unanswered) + len(lines[0]) <= 127:
            unanswered.append(len(lines[0]))
            port.write(lines.pop(0))
        if not lines and not unanswered:
            break
        if rng.random() < 0.3:
            port.write(rng.choice([b"!", b"~", b"~", b"~", bytes([rng.choice([0x90, 0x91, 0x92, 0x95, 0x96, 0x97])])]))
        answer = port.read(rng.uniform(0.001, 0.3)).decode()
        del unanswered[: answer.count("ok")]
    port.write(b"~")
    device.advance(device.now_s + 30)
    port.write(b"~")
    run, whole = device.finish(), run_program(program, drag(GRBL_LINK))
    assert run.violations == ()
    assert run.cut_mm == pytest.approx(whole.cut_mm, abs=0.01)
    assert run.trace.tip_mm[-1] == pytest.approx(whole.trace.tip_mm[-1], abs=1e-6)
    assert (np.diff(run.trace.t_s) >= -1e-9).all()


@pytest.mark.parametrize("seed", range(12))
def test_a_run_cut_off_by_power_is_the_beginning_of_the_whole_run(seed):
    at_s = round(random.Random(seed).uniform(0.2, 36.0), 3)
    whole, cut = started(drag(GRBL_LINK)), started(drag(GRBL_LINK), f"power@{at_s}s")
    count_characters(whole, PROGRAM)
    with pytest.raises(OSError, match="gone"):
        count_characters(cut, PROGRAM)
    run, wanted = cut.run(), whole.finish()
    assert run.trace.t_s[-1] <= at_s + 1e-9
    assert run.time_s == pytest.approx(at_s, abs=0.2)
    before = wanted.trace.t_s <= run.trace.t_s[-1] + 1e-9
    part = points_of(run.trace)
    sofar = wanted.trace.tip_mm[before]
    assert length_of(part) >= length_of(sofar) - 1e-6
    assert length_of(part) <= length_of(wanted.trace.tip_mm[: len(sofar) + 1]) + 1e-6


@pytest.mark.parametrize("profile", [GRBL_LINK, MARLIN, LINUXCNC, ZAXIS, TURNED, XONXOFF, HARDWARE])
@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_sent_and_goes_wrong_the_device_goes_on_and_ends(profile: CutterProfile, seed):
    rng = random.Random(seed)
    program = PROGRAM if profile.dialect == "gcode" else PLOT
    faults = [str(draw_fault(rng, 20.0, len(program), 60)) for _ in range(3)]
    device = device_of(profile, *faults)
    for _ in range(60):
        try:
            device.connect()
        except OSError:
            device.power_on(zeroed=rng.random() < 0.5)
        kind = rng.random()
        start = rng.randrange(len(program))
        sent = program[start : start + rng.randrange(200)]
        if kind < 0.3:
            sent = bytes(rng.randrange(256) for _ in range(rng.randrange(60)))
        elif kind < 0.6:
            sent = rng.choice(
                [
                    b"G0 Z9 A70\n",
                    b"G1 Z-1 F600\nX9 A9\n",
                    b"!",
                    b"~",
                    b"?",
                    b"\x18",
                    b"$X\n",
                    b"$H\n",
                    b"$C\n",
                    b"$J=X9 F900\n",
                    b"\x1b.K;OA;",
                ]
            )
        device.receive(sent)
        device.advance(device.now_s + rng.choice([0.0, 0.001, 0.1, 3.0]))
        device.take_output()
    run = device.finish()
    assert np.isfinite(run.trace.tip_mm).all()
    assert (np.diff(run.trace.t_s) >= -1e-9).all()
    assert run.time_s >= 0


# ---- the planner, by itself


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("step_mm", [0.05, 0.5, 5.0, 50.0])
def test_a_planner_kept_full_plans_as_the_whole_path(seed, step_mm):
    rng = np.random.default_rng(seed)
    turns = np.cumsum(rng.normal(0, 0.5, 120))
    points = np.cumsum(np.column_stack([np.cos(turns), np.sin(turns)]) * step_mm, axis=0).tolist()
    limits = Limits(500.0, 0.01, True, 100.0)
    speeds = rng.uniform(20, 200, 120).tolist()
    planner, start, todo, now_s = Planner(limits), (0.0, 0.0), list(zip(points, speeds, strict=True)), 0.0
    while todo or planner.blocks:
        while todo and len(planner.blocks) < 15:
            (x, y), speed = todo.pop(0)
            planner.add(MoveTo(1, x, y), start, speed, now_s)
            start = (x, y)
        now_s = planner.next_s()
        planner.finish(now_s)
    ramps = plan_ramps((0.0, 0.0), [tuple(p) for p in points], speeds, limits)
    assert now_s == pytest.approx(sum(ramp.time_s for ramp in ramps), rel=1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_where_a_ramp_is_and_when_agree(seed):
    rng = np.random.default_rng(seed)
    a, length = rng.uniform(100, 1000), rng.uniform(1, 50)
    entry, leave = rng.uniform(0, 20, 2)
    top = max(entry, leave, min(rng.uniform(30, 100), np.sqrt((2 * a * length + entry**2 + leave**2) / 2)))
    ramp = Ramp(length, entry, top, leave, a)
    for way in np.linspace(0, length, 23):
        assert ramp.at(ramp.time_at_s(way))[0] == pytest.approx(way, abs=1e-6)
    assert ramp.at(0.0) == (0.0, entry)
    assert ramp.at(ramp.time_s)[1] == pytest.approx(leave, abs=1e-6)
