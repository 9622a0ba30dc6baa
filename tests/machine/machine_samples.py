"""Machines, markers and the smallest program writers, for the tests of the emulator and the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from builders import make_marker
from shapely.geometry import Polygon, box

from cutkit.model import Fabric, Mark, Marker, OrderedPiece, Placement, Point
from cutkit.toolpath import Coordinates, CutterProfile, Knife, Motion, ProgramTexts, Table, ToolTexts

Line = tuple[str, Sequence[Point]]
"""A tool ("knife", "pen", "punch") and the points it goes through, down from the first to the last."""

NO_TEXTS = ProgramTexts("", "", "", "")
HPGL = CutterProfile(
    "test-hpgl",
    "a wide HP-GL cutter",
    "hpgl",
    Table(2000.0, 1000.0),
    Coordinates(40.0, 0, -100000, 100000),
    Motion(600.0, 300.0, 3000.0, 0.02, 0.1, 0.1, 0.1),
    NO_TEXTS,
    {"knife": ToolTexts("", "", "", 1), "pen": ToolTexts("", "", "", 2), "punch": ToolTexts("", "", "", 3)},
)
GRBL = CutterProfile(
    "test-grbl",
    "a Grbl table with a knife on the spindle output",
    "gcode",
    Table(2000.0, 1000.0, 5.0),
    Coordinates(1.0, 3),
    Motion(100.0, 100.0, 500.0, 0.01, 0.1, 0.1, 60.0),
    NO_TEXTS,
    {"knife": ToolTexts("", "", "")},
    lift="spindle",
)
PLOTTER = replace(HPGL, name="test-plotter", tools={"pen": ToolTexts("", "", "", 1)})


def drag(profile: CutterProfile, offset_mm: float = 0.6, start_deg: float | None = 0.0) -> CutterProfile:
    """The same machine with a drag knife."""
    return replace(profile, knife=Knife("drag", offset_mm, start_deg=start_deg))


def hpgl_program(lines: Sequence[Line], units_per_mm: float = 40.0, tools: dict[str, int] | None = None) -> bytes:
    """A plain HP-GL program, one command a line."""
    numbers = tools or {"knife": 1, "pen": 2, "punch": 3}
    text, last = ["IN;"], None
    for tool, points in lines:
        if tool != last:
            text.append(f"SP{numbers[tool]};")
            last = tool
        units = [(round(x * units_per_mm), round(y * units_per_mm)) for x, y in points]
        text += [f"PU{units[0][0]},{units[0][1]};", "PD;"]
        text += [f"PD{x},{y};" for x, y in units[1:]]
        text.append("PU;")
    return ("\n".join([*text, "PU0,0;", "SP0;"]) + "\n").encode()


def gcode_program(lines: Sequence[Line], scale: float = 1.0) -> bytes:
    """A plain Grbl program, one command a line; everything is made with the knife."""
    text = ["G21", "G90", "M5", "G4 P0.1"]
    for _, points in lines:
        at = [(round(x * scale, 3), round(y * scale, 3)) for x, y in points]
        text += [f"G0 X{at[0][0]:g} Y{at[0][1]:g}", "M3 S1000", "G4 P0.1"]
        text += [f"G1 X{x:g} Y{y:g} F6000" for x, y in at[1:]]
        text += ["M5", "G4 P0.1"]
    return ("\n".join([*text, "G0 X0 Y0", "M2"]) + "\n").encode()


WINDOWED = Polygon([(0, 0), (200, 0), (200, 120), (0, 120)], [[(60, 30), (140, 30), (140, 90), (60, 90)]])


def sample_marker() -> Marker:
    """A rectangle with a notch and two neighbours, one with a cut-out, well apart from each other."""
    notch = Mark("notch", ((100.0, 0.0),), "knife", depth_mm=6.0, angle_deg=90.0)
    pieces = [
        OrderedPiece("A", "Front", "M", box(0, 0, 200, 100), 1, marks=(notch,)),
        OrderedPiece("B", "Facing", "M", WINDOWED, 1),
        OrderedPiece("C", "Flap", "M", Polygon([(0, 0), (150, 0), (75, 90)]), 1),
    ]
    placements = [
        Placement("A", 1, 10.0, 10.0, 0.0),
        Placement("B", 1, 10.0, 130.0, 0.0),
        Placement("C", 1, 400.0, 200.0, 180.0, True),
    ]
    return make_marker(pieces, placements, fabric=Fabric(400.0))


def right_lines(marker: Marker) -> list[Line]:
    """The lines that cut the marker right: inner ones first, each piece by piece."""
    lines: list[Line] = []
    for placement, polygon in zip(marker.placements, marker.polygons, strict=True):
        for mark in marker.by_id[placement.piece].marks:
            (start,) = placement.points(mark.points)
            (end,) = placement.points(((mark.points[0][0], mark.points[0][1] + (mark.depth_mm or 0)),))
            lines.append(("knife", [start, end]))
        lines += [("knife", list(hole.coords)) for hole in polygon.interiors]
        lines.append(("knife", list(polygon.exterior.coords)))
    return lines


def codes(violations) -> set[str]:
    """The codes of violations, each once."""
    return {violation.code for violation in violations}
