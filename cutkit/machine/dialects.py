"""Programs read by the dialect of their machine: which parser, and how its lines are counted."""

from __future__ import annotations

import re

from cutkit.machine.actions import Device, Program
from cutkit.machine.dmpl import command_count, parse_dmpl
from cutkit.machine.feeds import feed_form
from cutkit.machine.gcode import parse_gcode
from cutkit.machine.gcode_marlin import parse_marlin
from cutkit.machine.gcode_rules import rules_of
from cutkit.machine.gerber import parse_gerber
from cutkit.machine.gpgl import parse_gpgl
from cutkit.machine.hpgl import parse_hpgl
from cutkit.toolpath import CutterProfile


def parse_program(data: bytes, profile: CutterProfile) -> Program:
    """The program's actions, by the dialect of the machine."""
    at = profile.coordinates
    feed_per_mm_s, feed = profile.motion.feed_per_mm_s, feed_form(profile)
    device = Device(at.units_per_mm, at.lowest_units, at.highest_units, feed_per_mm_s, feed)
    if profile.dialect == "gcode":
        return _parse_gcode(data, profile)
    if profile.dialect == "gpgl":
        return parse_gpgl(data, device)
    if profile.dialect == "dmpl":
        return parse_dmpl(data, device)
    if profile.dialect == "gerber":
        return parse_gerber(data, device.feed)
    return parse_hpgl(data, device)


def _parse_gcode(data: bytes, profile: CutterProfile) -> Program:
    feed, spindle = profile.motion.feed_per_mm_s, profile.lift == "spindle"
    if profile.controller == "marlin":
        servo = servo_down_deg(profile) if spindle else None
        return parse_marlin(data, feed_per_mm_s=feed, knife_on_spindle=spindle, servo_down_deg=servo)
    rules = rules_of(profile.controller, turning_axis=profile.program.turn is not None)
    return parse_gcode(data, feed_per_mm_s=feed, knife_on_spindle=spindle, rules=rules, feed=feed_form(profile))


def servo_down_deg(profile: CutterProfile) -> float | None:
    """The angle of the servo (M280) that lets the knife down, as the profile says it; None where it has no servo."""
    knife = profile.tools.get("knife")
    told = re.search(r"M280\s[^\n]*S(-?\d+(?:\.\d+)?)", knife.down) if knife else None
    return float(told[1]) if told else None


def line_count(data: bytes, profile: CutterProfile) -> int:
    """How many lines a program has, as its violations count them: instructions or blocks, in some languages."""
    if profile.dialect == "dmpl":
        return command_count(data)
    if profile.dialect == "gerber":
        return data.count(b"*") + 1
    return data.count(b"\n") + 1 + (data.count(b"\x03") if profile.dialect == "gpgl" else 0)
