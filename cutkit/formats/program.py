"""Programs for cutters: a tool path written in the command texts of a profile. The bytes are the text's ASCII.

One writer serves every dialect, because everything in which dialects differ is in the profile. Lines end with LF alone
(Grbl answers CR LF with two acknowledgements, and a sender that counts them overruns its buffer), or as the language
wants it: GP-GL with ETX, DM/PL and cutter code with nothing but what their texts say.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil, dist

from cutkit.errors import LimitError
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, CutTool, LineEnd, PathWindow, Stroke, ToolPath, ToolTexts

LINE_ENDS: Mapping[LineEnd, str] = {"lf": "\n", "etx": "\x03", "none": ""}

COMMENT_MARKS = " _-+.,:/#="
"""What a comment may hold besides letters and digits. Grbl takes ! ? ~ and every byte from 0x80 as real-time commands
even inside a comment, and a closing parenthesis ends it."""

ANGLE_DECIMALS = 3
FEED_DECIMALS = 3
"""Digits of a feed of the cloth in mm."""


def program_texts(path: ToolPath, profile: CutterProfile, title: str) -> list[str]:
    """The programs that make the strokes of ``path``: one for each of its windows, or a single one for all where the
    machine moves the cloth on by itself; see ``program_text``."""
    windows = path.all_windows
    if profile.feeds_cloth:
        return [_program_text(path, windows, profile, title)]
    texts: list[str] = []
    for number, window in enumerate(windows, 1):
        name = title if len(windows) == 1 else f"{title} window {number} of {len(windows)}"
        texts.append(_program_text(path, [window], profile, name))
    return texts


def program_text(path: ToolPath, profile: CutterProfile, title: str) -> str:
    """The program that makes the strokes of ``path``, in order, on the machine of ``profile``, in one window.

    Positions are rounded to the nearest unit the device knows; a position outside its range, or a line longer than it
    reads, is a LimitError, never clamped or cut off. The tool is up at the end, and before every feed of the cloth.
    """
    return _program_text(path, [PathWindow(0.0, 0, len(path.strokes))], profile, title)


def _program_text(path: ToolPath, windows: Sequence[PathWindow], profile: CutterProfile, title: str) -> str:
    """A program for one or more windows of a tool path, each in coordinates of its own."""
    lines = [*_text(profile.program.header), *_comment(title, profile)]
    tool: CutTool | None = None
    here_mm = 0.0
    for number, window in enumerate(windows, 1):
        if len(windows) > 1:
            lines += _comment(f"window {number} of {len(windows)}", profile)
        if profile.feeds_cloth and window.start_mm != here_mm:
            lines += _feed_lines(window.start_mm - here_mm, profile)
            here_mm = window.start_mm
        lines += _text((profile.windows.zero or "") if profile.windows else "")
        lines += _window_lines(path, window, profile, tool)
        tool = path.strokes[window.end - 1].tool if window.end > window.first else tool
    lines += _text(profile.program.footer)
    _refuse_long_lines(lines, profile)
    end = LINE_ENDS[profile.program.line_end]
    return "".join(line + end for line in lines)


def _feed_lines(by_mm: float, profile: CutterProfile) -> list[str]:
    """The commands that move the cloth on."""
    form, text = profile.coordinates, (profile.windows.feed or "") if profile.windows else ""
    units = number_text(by_mm * form.units_per_mm, form.decimals)
    return _text(text.format(advance=units, advance_mm=number_text(by_mm, FEED_DECIMALS)))


def _window_lines(path: ToolPath, window: PathWindow, profile: CutterProfile, tool: CutTool | None) -> Iterator[str]:
    """The strokes of a window, ``tool`` being in use before; the machine's zero lies at the window's start."""
    placement, number = -1, 0
    for made in path.strokes[window.first : window.end]:
        stroke = _shifted(made, -window.start_mm)
        if stroke.placement not in (placement, -1):
            number += 1
            yield from _piece_lines(stroke.placement, number, path, profile)
        placement = stroke.placement
        texts = profile.tools[stroke.tool]
        if stroke.tool != tool:
            yield from _fill(texts.select, texts, profile)
            tool = stroke.tool
        yield from _stroke_lines(stroke, texts, profile)


def _shifted(stroke: Stroke, by_mm: float) -> Stroke:
    if by_mm == 0:
        return stroke
    holder = None if stroke.holder is None else tuple((x + by_mm, y) for x, y in stroke.holder)
    return replace(stroke, points=tuple((x + by_mm, y) for x, y in stroke.points), holder=holder)


def _piece_lines(placement: int, number: int, path: ToolPath, profile: CutterProfile) -> Iterator[str]:
    """What stands before the strokes of a piece: its name, where the machine knows comments, and its number."""
    if placement < len(path.names):
        yield from _comment(f"piece {placement} {path.names[placement]}", profile)
    if profile.program.piece is not None:
        yield from _text(profile.program.piece.format(number=number))


def _stroke_lines(stroke: Stroke, texts: ToolTexts, profile: CutterProfile) -> Iterator[str]:
    """Travel to the start, tool down, along the path, tool up. Points that round to the same position come once."""
    program = profile.program
    feed = _feed(texts, profile)
    points = stroke.path if stroke.angles_deg else _in_short_cuts(stroke.path, program.longest_cut_mm)
    positions = [_position(point, stroke, profile) for point in points]
    angles = [number_text(a, ANGLE_DECIMALS) for a in stroke.angles_deg or [0.0] * len(positions)]
    x, y = positions[0]
    yield from _text(program.travel.format(x=x, y=y, angle=angles[0]))
    if stroke.angles_deg is not None and program.turn is not None:
        yield from _text(program.turn.format(angle=angles[0], feed=feed))
    yield from _fill(texts.down, texts, profile)
    cut = program.cut if program.first_cut is None else program.first_cut
    for (before, (x, y)), angle in zip(pairwise(positions), angles[1:], strict=True):
        if (x, y) != before:
            yield from _text(cut.format(x=x, y=y, feed=feed, angle=angle))
            cut = program.cut
    yield from _fill(texts.up, texts, profile)


def _in_short_cuts(points: Sequence[Point], longest_mm: float | None) -> Iterator[Point]:
    """The points, with others between them where they are farther apart than a machine cuts at once."""
    yield points[0]
    for a, b in pairwise(points):
        parts = 1 if longest_mm is None else max(1, ceil(dist(a, b) / longest_mm))
        for k in range(1, parts):
            yield (a[0] + (b[0] - a[0]) * k / parts, a[1] + (b[1] - a[1]) * k / parts)
        yield b


def _text(text: str) -> list[str]:
    """The lines of a command text, without empty ones: a machine answers those too."""
    return [line for line in text.split("\n") if line.strip()]


def _fill(text: str, texts: ToolTexts, profile: CutterProfile) -> list[str]:
    return _text(text.format(number=texts.number, feed=_feed(texts, profile)))


def _feed(texts: ToolTexts, profile: CutterProfile) -> str:
    speed = profile.motion.cut_mm_s if texts.cut_mm_s is None else texts.cut_mm_s
    return number_text(speed * profile.motion.feed_per_mm_s, 3)


def _position(point: Point, stroke: Stroke, profile: CutterProfile) -> tuple[str, str]:
    """A position in device units; LimitError outside the range of the device's numbers."""
    form = profile.coordinates
    units = [round(v * form.units_per_mm, form.decimals) for v in point]
    for axis, value in zip("xy", units, strict=True):
        low, high = form.lowest_units, form.highest_units
        if (low is not None and value < low) or (high is not None and value > high):
            raise LimitError(
                f"{axis} = {value:g} units ({value / form.units_per_mm:.1f} mm) lies outside the range "
                f"{low:g} to {high:g} that the machine's numbers have",
                where=f"{stroke.kind} of placement {stroke.placement}, cutter {profile.name}",
            )
    return number_text(units[0], form.decimals), number_text(units[1], form.decimals)


def number_text(value: float, decimals: int) -> str:
    """A number with at most ``decimals`` digits after the point, without trailing zeros, exponent or minus zero.

    >>> number_text(-0.0004, 3), number_text(12.5, 3), number_text(40.0, 0)
    ('0', '12.5', '40')
    """
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plain_ascii(text: str) -> str:
    """``text`` with accents taken off and everything that a machine could take for a command left out.

    >>> plain_ascii("Ärmel (a!b)?~ groß")
    'Armel ab gross'
    """
    parted = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("\t", " "))
    kept = (c for c in parted if c.isascii() and (c.isalnum() or c in COMMENT_MARKS))
    return " ".join("".join(kept).split())


def _comment(text: str, profile: CutterProfile) -> list[str]:
    """A comment line, shortened to the longest line; none where the machine knows no comments."""
    form, longest = profile.program.comment, profile.program.longest_line
    if form is None:
        return []
    words = plain_ascii(text)
    if longest is not None:
        words = words[: max(0, longest - len(form.format(text="")))].rstrip()
    return [form.format(text=words)] if words else []


def _refuse_long_lines(lines: list[str], profile: CutterProfile) -> None:
    longest = profile.program.longest_line
    for line in lines:
        if longest is not None and len(line) > longest:
            raise LimitError(
                f"the line {line!r} is longer than the {longest} characters that the machine reads",
                where=f"cutter {profile.name}",
            )
