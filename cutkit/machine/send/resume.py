"""The rest of an interrupted job as a program of its own: preamble, the state of the skipped part, the blade turned to
the heading that the first cut expects, then the cuts that are left and the ending.

The blade: programs for drag knives count on the heading in which each cut leaves the blade. Where the program itself
turned a blade of unknown heading in the waste (an L of two legs, its first knife cut), the same L is cut again, turned
about its centre so that it leaves the heading that is needed now. Its three corners are those of a square, so a turned
L stays in the circle about that square, and the tip within an offset of it: the waste that was found clear for any
heading. Where the operator had pointed the blade, he must point it again, to another angle.

What is made here is run on the emulated machine before it is sent, and its cuts must be those of the program.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cutkit.errors import CheckError, UsageError
from cutkit.machine.feeds import feed_form
from cutkit.machine.send.job import Cut, Job, job_of, renumbered
from cutkit.machine.send.lines import Line
from cutkit.machine.send.modal import catch_up, command_lines, refuse_own_zero
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, ToolTexts

SQUARE_DEG = 2.0
"""How far the legs of an alignment may be from a right angle: its corners are rounded to the machine's units."""
HEADING_DEG = 1.0
"""How far the blade may be from the heading that a cut expects."""
ROUNDING_MM = 0.02
Cloth = Literal["moved", "waits"]


@dataclass(frozen=True, eq=False)
class Rest:
    """What is left of a job. ``point_deg``: the operator must point the blade there first; None: he need not.
    ``aligned``: the first cut of ``job`` is an alignment that the sender put in; it has the number 0.
    ``to_the_end``: no cut of the program is left behind it."""

    job: Job
    first: int
    last: int
    point_deg: float | None = None
    aligned: bool = False
    to_the_end: bool = True


def whole(job: Job) -> Rest:
    """The job from its beginning."""
    turns_itself = alignment(job) is not None
    return Rest(job, 1, len(job.cuts), None if turns_itself else _pointed(job.profile))


def _pointed(profile: CutterProfile) -> float | None:
    return profile.knife.start_deg if profile.knife.kind == "drag" else None


def rest_of(job: Job, first: int, last: int, where: str, cloth: Cloth | None = None, *, resumed: bool = False) -> Rest:
    """The cuts ``first`` to ``last`` of a job, the tool up before them.

    ``resumed``: the machine stands where it was interrupted, maybe with the tool down, also before the first cut.
    Where the program moves the cloth on right before cut ``first``, ``cloth`` says whether it did. UsageError where
    that is missing or there are no such cuts, CheckError where the program cannot be entered there.
    """
    count = len(job.cuts)
    if not 1 <= first <= last <= count:
        raise UsageError(f"there are no cuts {first} to {last}: the program has {count}", where=where)
    if first > 1 or resumed:
        refuse_own_zero(job, where)
    if first == 1 and last == count and not resumed:
        return whole(job)
    start, end = job.of(first), job.of(last)
    turn = alignment(job)
    heading = _heading_needed(job, first, last)
    if turn is not None and heading is not None and first <= turn.number:
        heading = None
    again = _alignment_lines(turn, heading, job.profile) if turn is not None and heading is not None else []
    lines = [*job.lines[: job.preamble]]
    if first == 1 and resumed:
        lines = _lifted_first(lines, job.profile)
    if first > 1:
        state = catch_up(job, first, where)
        lines += [*_lifted(job.profile), *again, *_selected(job, start, state), *state]
    lines += [*_approach(job, start, where, cloth), *job.lines[start.down : end.end], *job.ending]
    point = None if again else heading if first > 1 else _pointed(job.profile)
    rest = job_of(lines, job.profile, where, start_deg=point)
    numbers = [*([0] if again else []), *range(first, last + 1)]
    made = Rest(renumbered(rest, numbers), first, last, point, bool(again), last == count)
    return _checked(made, job, where)


def _approach(job: Job, cut: Cut, where: str, cloth: Cloth | None) -> list[Line]:
    """The way to the cut at which the program is entered; without the feed of the cloth that was made already."""
    lines = list(job.lines[cut.first : cut.down])
    form = feed_form(job.profile) if cut.number > 1 else None
    feeds = [] if form is None else [line for line in lines if form.match(line.raw.decode("latin-1").strip())]
    if feeds and cloth is None:
        raise UsageError(
            f"right before cut {cut.number} the program moves the cloth on; whether it did only you can see",
            where=where,
            hint="Look at the cloth: --cloth moved, or --cloth waits.",
        )
    return [line for line in lines if line not in feeds] if cloth == "moved" else lines


def alignment(job: Job) -> Cut | None:
    """The cut with which the program turns a drag knife of unknown heading, an L with equal legs; None without one."""
    if job.profile.knife.kind != "drag" or job.profile.knife.start_deg is not None:
        return None
    cut = next((cut for cut in job.cuts if cut.tool == "knife"), None)
    if cut is None or len(cut.points) < 4:
        return None
    a, corner, b = cut.points[-3:]
    one, other = a - corner, b - corner
    lengths = np.hypot(*one), np.hypot(*other)
    if min(lengths) < 2 * job.profile.knife.offset_mm or abs(lengths[0] - lengths[1]) > ROUNDING_MM:
        return None
    sine_off = abs(float(one @ other)) / float(lengths[0] * lengths[1])
    return cut if sine_off < math.sin(math.radians(SQUARE_DEG)) else None


def _heading_needed(job: Job, first: int, last: int) -> float | None:
    """The heading that the blade must have before cut ``first``; None where no drag knife cuts from there on."""
    cut = next((cut for cut in job.cuts if first <= cut.number <= last and cut.tool == "knife"), None)
    if job.profile.knife.kind != "drag" or cut is None:
        return None
    return cut.heading_deg


def _alignment_lines(turn: Cut, heading_deg: float, profile: CutterProfile) -> list[Line]:
    """The alignment once more, turned about the centre of its square so that its second leg runs along the heading."""
    legs = turn.points[-3:]
    middle = (legs[0] + legs[2]) / 2
    last = legs[2] - legs[1]
    angle = math.radians(heading_deg) - math.atan2(last[1], last[0])
    turned = [_turned((x, y), (middle[0], middle[1]), angle) for x, y in legs.tolist()]
    texts = profile.tools["knife"]
    feed = _feed(texts, profile)
    form = profile.coordinates
    where = [[f"{v * form.units_per_mm:.{form.decimals}f}" for v in point] for point in turned]
    program = profile.program
    first_cut = program.cut if program.first_cut is None else program.first_cut
    parts = [
        texts.select.format(number=texts.number, feed=feed),
        program.travel.format(x=where[0][0], y=where[0][1], angle="0"),
        texts.down.format(number=texts.number, feed=feed),
        first_cut.format(x=where[1][0], y=where[1][1], feed=feed, angle="0"),
        program.cut.format(x=where[2][0], y=where[2][1], feed=feed, angle="0"),
        texts.up.format(number=texts.number, feed=feed),
    ]
    return [line for part in parts for line in command_lines(part, profile)]


def _turned(point: Point, middle: Point, angle_rad: float) -> Point:
    x, y = point[0] - middle[0], point[1] - middle[1]
    cosine, sine = math.cos(angle_rad), math.sin(angle_rad)
    return (middle[0] + x * cosine - y * sine, middle[1] + x * sine + y * cosine)


def _lifted(profile: CutterProfile) -> list[Line]:
    """The tool goes up, whatever the last run left: not every program's preamble says so."""
    texts = profile.tools.get("knife") or next(iter(profile.tools.values()))
    return command_lines(texts.up.format(number=texts.number, feed=_feed(texts, profile)), profile)


def _lifted_first(preamble: Sequence[Line], profile: CutterProfile) -> list[Line]:
    """The preamble, and the tool lifted before anything moves. The modes that the last run left say nothing; what the
    program takes for granted, it finds as after switching on."""
    if profile.dialect != "gcode":
        return [*preamble, *_lifted(profile)]
    return [*command_lines("G21\nG90", profile), *_lifted(profile), *preamble]


def _feed(texts: ToolTexts, profile: CutterProfile) -> str:
    """The tool's speed in the machine's own number."""
    speed = profile.motion.cut_mm_s if texts.cut_mm_s is None else texts.cut_mm_s
    return f"{speed * profile.motion.feed_per_mm_s:g}"


def _selected(job: Job, cut: Cut, state: Sequence[Line]) -> list[Line]:
    """The tool chosen again that was in use before the cut, where neither the state nor the cut itself says it."""
    texts = job.profile.tools.get(cut.tool) if cut.tool is not None else None
    if texts is None or not texts.select or any(b"SP" in line.raw for line in state):
        return []
    return command_lines(texts.select.format(number=texts.number, feed=_feed(texts, job.profile)), job.profile)


def _checked(rest: Rest, job: Job, where: str) -> Rest:
    """The rest, after a look that its cuts are those of the program and that the blade stands right."""
    for cut in rest.job.cuts[1 if rest.aligned else 0 :]:
        meant = job.of(cut.number)
        work, told = cut.work, meant.work
        off_deg = abs(math.remainder(cut.heading_deg - meant.heading_deg, 360))
        drags = job.profile.knife.kind == "drag" and cut.tool == "knife" and cut.number == rest.first
        same = work.shape == told.shape and np.allclose(work, told, atol=ROUNDING_MM) and cut.tool == meant.tool
        if not same or (drags and off_deg > HEADING_DEG):
            raise CheckError(
                f"the program cannot be entered at cut {rest.first}: cut {cut.number} would not come out the same",
                where=where,
                hint="Nothing is sent. Cut a program for the pieces that are left, from the marker.",
            )
    return rest


def until_text(rest: Rest) -> str:
    """``cuts 12 to 57``, for people."""
    return f"cut {rest.first}" if rest.first == rest.last else f"cuts {rest.first} to {rest.last}"
