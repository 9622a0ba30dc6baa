"""``cutkit cut``: a marker to a program for a cutter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, order_option, print_json, quiet_option, say, stroke_options, with_choices
from cutkit.cli.notices import say_notices
from cutkit.cli.registration import fit_json, fit_rows, mark_table, registration_fit, registration_options

if TYPE_CHECKING:
    from cutkit.cli.tables import TableData
    from cutkit.cut.figures import CutFigures
    from cutkit.cut.registration import RegistrationFit
    from cutkit.model import Marker, Notice
    from cutkit.toolpath import CutterProfile, PathWindow, ToolPath


@click.command("cut")
@click.argument("marker_path", metavar="MARKER", type=click.Path(path_type=Path))
@click.option("--cutter", required=True, metavar="NAME|FILE", help="A machine profile, or a TOML file of your own.")
@click.option(
    "--windows",
    type=click.Choice(["auto", "off"]),
    default="auto",
    show_default=True,
    help="Cut a long marker window by window; a marker that fits is one window.",
)
@click.option(
    "-o", "--output", required=True, metavar="PROGRAM", type=click.Path(path_type=Path), help="The program to write."
)
@click.option("--svg", metavar="OUT", type=click.Path(path_type=Path), help="Draw the path: order, directions, travel.")
@click.option(
    "--picklist",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write which piece comes free when, and where it lies, as JSON.",
)
@registration_options
@stroke_options
@order_option
@json_option
@quiet_option
def command(
    marker_path: Path,
    cutter: str,
    windows: str,
    output: Path,
    svg: Path | None,
    picklist: Path | None,
    registration_path: Path | None,
    registration_tolerance_mm: float,
    as_json: bool,
    quiet: bool,
    **choices: Any,
) -> None:
    """Turn a marker into a program for a cutter.

    The referee checks the marker first; one with faults is refused (exit 5). Positions that the machine cannot reach or
    write are refused too (exit 4), never clamped. With --registration the cut goes where the printed marker lies,
    turned, shifted, stretched and sheared as its marks tell; marks that contradict one another are refused (exit 3).
    """
    from cutkit.cut.figures import cut_figures
    from cutkit.formats.files import is_toml_path, refuse_bad_outputs, write_whole
    from cutkit.formats.marker import read_valid_marker
    from cutkit.formats.profile import load_profile
    from cutkit.kernels import cache
    from cutkit.outputs.programs import make_programs

    profile = with_choices(load_profile(cutter), choices)
    inputs: list[str | Path] = [marker_path, *([cutter] if is_toml_path(cutter) else [])]
    inputs += [registration_path] if registration_path else []
    refuse_bad_outputs([output, svg, picklist], inputs)
    marker = read_valid_marker(marker_path)
    if not cache.holds("route"):
        say("compiling the search for short ways: once, about five seconds", quiet=quiet)
    fit = registration_fit(registration_path, registration_tolerance_mm)
    made = make_programs(marker, profile, name=marker_path.name, windows=windows == "auto", fit=fit)
    path, programs = made.path, made.names(output)
    refuse_bad_outputs([*programs, svg, picklist], inputs)
    for program, text in zip(programs, made.texts, strict=True):
        write_whole(program, text, inputs=inputs)
    if svg is not None:
        write_whole(svg, _picture(path, profile, marker, output), inputs=inputs)
    if picklist is not None:
        write_whole(picklist, made.pick_list(str(marker_path)), inputs=inputs)
    figures = cut_figures(path, profile)
    job = CutJob(path, profile, marker, tuple(programs), fit)
    say_notices(job.notices, quiet=quiet, all_of_them="--json lists them all")
    if as_json:
        print_json(_json(figures, job))
    else:
        _print_table(figures, job)


@dataclass(frozen=True)
class CutJob:
    """What was planned and written: a program for every window, or one for all."""

    path: ToolPath
    profile: CutterProfile
    marker: Marker
    programs: tuple[Path, ...]
    fit: RegistrationFit | None = None

    @property
    def notices(self) -> list[Notice]:
        """What was done otherwise than drawn, and what is doubtful about the print."""
        from cutkit.cut.registration import registration_notices

        return [*(registration_notices(self.fit) if self.fit else ()), *self.path.notices]

    @property
    def windows(self) -> list[tuple[Path, PathWindow, float]]:
        """Every window with its program, which may be the same for all, and how far the cloth is moved on before."""
        windows = self.path.all_windows
        programs = self.programs if len(self.programs) > 1 else self.programs * len(windows)
        return list(zip(programs, windows, self.path.advances_mm, strict=True))


def _picture(path: ToolPath, profile: CutterProfile, marker: Marker, output: Path) -> str:
    """The planned path as a picture: what the tip shall do, and the ways of the axis between."""
    from cutkit.cut.figures import cut_figures, ways_begin
    from cutkit.formats.svg.cut import CutLine, CutPicture, cut_svg

    begins = ways_begin(path, profile)
    here = (0.0, 0.0)
    travels = []
    for index, stroke in enumerate(path.strokes):
        here = begins.get(index, here)
        if stroke.path[0] != here:
            travels.append((here, stroke.path[0]))
        here = stroke.path[-1]
    rings = tuple(
        tuple(tuple((float(x), float(y)) for x, y, *_ in ring.coords) for ring in (p.exterior, *p.interiors))
        for p in ((p if path.registration is None else path.registration.outline(p)) for p in marker.polygons)
    )
    figures = tuple(f"{name} {value}" for name, value in _rows(cut_figures(path, profile), marker))
    cuts = tuple(CutLine(stroke.tool, stroke.points) for stroke in path.strokes)
    title = f"{output.name} as planned for {profile.name}"
    borders = tuple(window.start_mm for window in path.windows)
    return cut_svg(CutPicture(title, figures, cuts, tuple(travels), (), rings, borders))


def _print_table(figures: CutFigures, job: CutJob) -> None:
    """A small table that an operator reads before pressing start."""
    profile = job.profile
    several = len(job.programs) > 1
    windows = len(job.path.all_windows)
    from cutkit.cli.tables import Column, TableData, print_table
    from cutkit.units import format_duration

    rows = [
        ("program", f"{job.programs[0]} to {job.programs[-1].name}" if several else str(job.programs[0])),
        ("cutter", f"{profile.name}: {profile.title}"),
        *_rows(figures, job.marker),
        *(fit_rows(job.fit) if job.fit else ()),
        *([("saved", f"{job.path.common_mm / 1000:.2f} m of common lines")] if job.path.common_mm else []),
        ("axis goes", _bounds_text(figures)),
        ("time", f"about {format_duration(figures.time_s)} (cutkit simulate tells it exactly)"),
    ]
    for name, value in rows:
        click.echo(f"{name:<10}  {value}")
    click.echo()
    columns = (
        Column("stage", "left"),
        Column("strokes"),
        Column("length, m"),
        Column("travel to it, m"),
        Column("time"),
    )
    print_table(
        TableData(
            columns,
            tuple(
                (
                    stage.name,
                    str(stage.strokes),
                    f"{stage.length_mm / 1000:.2f}",
                    f"{stage.travel_mm / 1000:.2f}",
                    format_duration(stage.time_s),
                )
                for stage in figures.stages
            ),
        )
    )

    if job.fit:
        click.echo()
        print_table(mark_table(job.fit))
    if windows > 1:
        click.echo()
        print_table(_window_table(job))
        click.echo(
            "\nRun the programs in this order. Before each, move the cloth on as told and zero\nthe machine there."
            if several
            else f"\nThe program moves the cloth on by itself, {windows - 1} time{'s' * (windows > 2)}."
        )


def _window_table(job: CutJob) -> TableData:
    """A row for every window: the program, how far to move the cloth before it, and what it cuts."""
    from cutkit.cli.tables import Column, TableData
    from cutkit.cut.figures import finished_in, stroke_costs
    from cutkit.units import format_duration

    costs = stroke_costs(job.path, job.profile)
    rows = []
    for number, (program, window, advance) in enumerate(job.windows, 1):
        strokes = job.path.strokes[window.first : window.end]
        finished = finished_in(job.path, window)
        time = sum(cost.time_s for cost in costs[window.first : window.end])
        x1 = max(x for stroke in strokes for x, _ in stroke.points) - window.start_mm
        name = program.name if len(job.programs) > 1 else f"window {number}"
        row = (name, f"{advance:.1f}", f"{x1:.0f}", str(finished), str(len(strokes)), format_duration(time))
        rows.append(row)
    columns = (
        Column("program" if len(job.programs) > 1 else "", "left"),
        Column("move cloth\nby, mm"),
        Column("cuts up to\nx, mm"),
        Column("outlines"),
        Column("strokes"),
        Column("time"),
    )
    return TableData(columns, tuple(rows))


def _rows(figures: CutFigures, marker: Marker) -> list[tuple[str, str]]:
    """The figures of the whole path, in words."""
    from cutkit.units import format_length

    return [
        ("pieces", str(len(marker.placements))),
        ("marker", f"{format_length(marker.length_mm)} x {format_length(marker.fabric.usable_width_mm)}"),
        ("strokes", str(figures.strokes)),
        ("cut", f"{figures.cut_mm / 1000:.2f} m"),
        *([("drawn", f"{figures.drawn_mm / 1000:.2f} m")] if figures.drawn_mm else []),
        ("travel", f"{figures.travel_mm / 1000:.2f} m"),
        ("tool downs", str(figures.tool_downs)),
    ]


def _bounds_text(figures: CutFigures) -> str:
    x0, y0, x1, y1 = (round(value, 1) + 0.0 for value in figures.bounds_mm)
    return f"x {x0:.1f} to {x1:.1f} mm, y {y0:.1f} to {y1:.1f} mm"


def _json(figures: CutFigures, job: CutJob) -> dict[str, Any]:
    marker = job.marker
    return {
        "schema": "cutkit.cut/1",
        "cutter": job.profile.name,
        "programs": [str(program) for program in job.programs],
        "windows": [
            {
                "program": str(program),
                "start_mm": round(window.start_mm, 3),
                "advance_mm": round(advance, 3),
                "strokes": window.end - window.first,
            }
            for program, window, advance in job.windows
        ],
        "pieces": len(marker.placements),
        "length_mm": round(marker.length_mm, 3),
        "strokes": figures.strokes,
        "cut_mm": round(figures.cut_mm, 1),
        "drawn_mm": round(figures.drawn_mm, 1),
        "travel_mm": round(figures.travel_mm, 1),
        "common_mm": round(job.path.common_mm, 1),
        "tool_downs": figures.tool_downs,
        "bounds_mm": [round(value, 3) + 0.0 for value in figures.bounds_mm],
        "time_s": round(figures.time_s, 1),
        "stages": [
            {
                "name": stage.name,
                "strokes": stage.strokes,
                "length_mm": round(stage.length_mm, 1),
                "travel_mm": round(stage.travel_mm, 1),
                "time_s": round(stage.time_s, 1),
            }
            for stage in figures.stages
        ],
        "notices": [{"code": n.code, "message": n.message, "piece": n.piece} for n in job.notices],
        **({"registration": fit_json(job.fit)} if job.fit else {}),
    }
