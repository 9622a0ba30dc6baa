"""Blades that the machine turns, on the emulated machine: what they cut, and what is wrong with how they are led."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import make_marker
from machine_samples import codes
from shapely.geometry import box
from test_programs_of_cut import shapely_round, shirt_like

from cutkit.cut.plan import plan_cut
from cutkit.errors import InfeasibleError
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.model import Fabric, Mark, OrderedPiece, Placement

TANGENTIAL = load_profile("grblhal-tangential")
ROTARY = load_profile("linuxcnc-rotary")


def with_knife(profile, **keys):
    return replace(profile, knife=replace(profile.knife, **keys))


def run_of(lines, profile=TANGENTIAL):
    return run_program(("G21\nG90\nG94\nG0 Z10\n" + lines + "G0 Z10\n").encode(), profile)


def judged(marker, profile, change=lambda text: text):
    run = run_program(change(program_text(plan_cut(marker, profile), profile, "test")).encode(), profile)
    verdict = judge(run, marker)
    return run, verdict, codes(run.violations) | codes(verdict.violations)


@pytest.mark.parametrize("length", [0.0, 0.5, 0.8])
@pytest.mark.parametrize("lift", [15, 30, 60])
@pytest.mark.parametrize("name", ["grblhal-tangential", "linuxcnc-tangential"])
def test_every_piece_is_cut_once_and_closely(name, lift, length):
    profile = with_knife(load_profile(name), lift_above_deg=lift, length_mm=length)
    _, verdict, faults = judged(shirt_like(), profile)
    assert faults == set()
    assert verdict.cut_once == 6
    assert verdict.worst_deviation_mm <= 0.05


def test_a_wheel_leaves_what_is_small_to_the_narrow_knife():
    path = plan_cut(shirt_like(), ROTARY)
    tools = {(s.tool, s.kind) for s in path.strokes}
    assert ("fine", "notch") in tools
    assert ("knife", "boundary") in tools
    order = [s.tool for s in path.strokes]
    assert order == sorted(order)  # one change of tools: "fine" before "knife"
    _, verdict, faults = judged(shirt_like(), ROTARY)
    assert faults == set()
    assert verdict.cut_once == 6


def test_a_piece_that_a_wheel_cannot_cut_is_cut_with_the_narrow_knife_whole():
    small, large = shapely_round(30.0), box(-90, -90, 90, 90)
    pieces = [OrderedPiece("S", "Small", "M", small, 1), OrderedPiece("L", "Large", "M", large, 1)]
    marker = make_marker(
        pieces, [Placement("S", 1, 40, 40, 0.0), Placement("L", 1, 200, 100, 0.0)], fabric=Fabric(300.0)
    )
    used = {s.placement: s.tool for s in plan_cut(marker, ROTARY).strokes}
    assert used == {0: "fine", 1: "knife"}
    assert judged(marker, ROTARY)[2] == set()


def test_what_lies_in_a_cut_out_goes_with_it_to_the_narrow_knife():
    window = box(100, 100, 190, 190).buffer(20, quad_segs=16)
    ring = box(0, 0, 400, 300).difference(window)
    within = OrderedPiece("W", "Within", "M", box(0, 0, 60, 60), 1)
    outer = OrderedPiece("O", "Outer", "M", ring, 1)
    marker = make_marker(
        [outer, within], [Placement("O", 1, 0, 0, 0.0), Placement("W", 1, 115, 115, 0.0)], fabric=Fabric(300.0)
    )
    tools = {(s.placement, s.kind): s.tool for s in plan_cut(marker, ROTARY).strokes}
    assert tools == {(0, "cutout"): "fine", (1, "boundary"): "fine", (0, "boundary"): "knife"}
    assert judged(marker, ROTARY)[2] == set()


def test_without_a_narrow_knife_it_is_refused_with_the_reason():
    alone = replace(ROTARY, tools={"knife": ROTARY.tools["knife"]})
    with pytest.raises(InfeasibleError, match="shorter than the blade's own cut of 12 mm"):
        plan_cut(shirt_like(), alone)


def test_a_blade_cuts_where_it_stands():
    knife = with_knife(TANGENTIAL, length_mm=4.0)
    run = run_of("G0 X10 Y10 A90\nG1 Z-0.5 F600\nG1 Y20 F6000\n", knife)
    cut = run.trace.tip_mm[run.trace.down]
    assert cut[:, 1].min() == pytest.approx(8.0)
    assert cut[:, 1].max() == pytest.approx(22.0)
    assert np.allclose(cut[:, 0], 10.0)
    wheel = with_knife(TANGENTIAL, length_mm=4.0, kind="rotary")
    rolled = run_of("G0 X10 Y10 A90\nG1 Z-0.5 F600\nG1 Y20 F6000\n", wheel)
    cut = rolled.trace.tip_mm[rolled.trace.down]
    assert (cut[:, 1].min(), cut[:, 1].max()) == pytest.approx((8.0, 22.0))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("G0 X10 Y10 A0\nG1 Z-0.5 F600\nG1 X50 F6000\n", None),
        ("G0 X10 Y10 A360\nG1 Z-0.5 F600\nG1 X50 F6000\n", None),
        ("G0 X10 Y10 A90\nG1 Z-0.5 F600\nG1 X50 F6000\n", "blade-across"),
        ("G0 X10 Y10 A180\nG1 Z-0.5 F600\nG1 X50 F6000\n", "blade-across"),
        ("G0 X10 Y10 A0\nG1 Z-0.5 F600\nG1 X50 F6000\nG1 A90\nG1 Y50\n", "turned-in-cloth"),
        ("G0 X10 Y10 A0\nG1 Z-0.5 F600\nG1 X50 F6000\nG1 A25\nG1 X90 Y28.65\n", None),
    ],
)
def test_how_a_blade_is_led(lines, code):
    assert codes(run_of(lines).violations) == ({code} if code else set())


def test_turning_takes_its_time():
    slow = replace(TANGENTIAL, motion=replace(TANGENTIAL.motion, turn_deg_s=10.0))
    lines = "G0 X10 Y10\nG0 A90\nG1 Z-0.5 F600\n"
    assert run_of(lines, slow).time_s - run_of(lines).time_s == pytest.approx(9.0 - 90 / TANGENTIAL.motion.turn_deg_s)
    along = "G0 X100 Y0 A90\nG1 Z-0.5 F600\n"
    assert run_of(along, slow).time_s > 9.0


def test_an_angle_left_out_is_found():
    def change(text):
        lines = text.splitlines()
        at = next(k for k, line in enumerate(lines) if line.startswith("G0 A90"))
        return "\n".join([*(line.replace("A90", "A0") for line in lines[: at + 1]), *lines[at + 1 :]]) + "\n"

    assert judged(shirt_like(), TANGENTIAL, change)[2] >= {"blade-across"}


def test_overcut_at_corners_is_no_fault_in_the_waste_and_one_in_a_piece():
    pieces = [OrderedPiece("A", "A", "M", box(0, 0, 100, 80), 2)]
    apart = make_marker(pieces, [Placement("A", 1, 0, 0, 0.0), Placement("A", 2, 105, 0, 0.0)], fabric=Fabric(200.0))
    knife = with_knife(TANGENTIAL, corner_overcut_mm=2.0)
    assert judged(apart, knife)[2] == set()
    text = program_text(plan_cut(apart, knife), knife, "test")
    strict = with_knife(TANGENTIAL, corner_overcut_mm=0.0)
    assert "off-outline" in codes(judge(run_program(text.encode(), strict), apart).violations)
    near = make_marker(pieces, [Placement("A", 1, 0, 0, 0.0), Placement("A", 2, 100.5, 0, 0.0)], fabric=Fabric(200.0))
    assert "off-outline" in codes(judge(run_program(text.encode(), knife), near).violations)


def test_notches_and_drills_with_a_blade():
    marks = (Mark("notch", ((50.0, 0.0),), "knife", 5.0, None, 90.0), Mark("drill", ((50.0, 40.0),), "punch"))
    pieces = [OrderedPiece("A", "A", "M", box(0, 0, 100, 80), 1, marks=marks)]
    marker = make_marker(pieces, [Placement("A", 1, 3.0, 2.0, 0.0)], fabric=Fabric(200.0))
    run, verdict, faults = judged(marker, TANGENTIAL)
    assert faults == set()
    assert run.tool_downs == 1 + 2 + 5  # the notch, the cross, and four sides, one of them parted by the notch
    assert verdict.cut_once == 1
