"""The options for cutting what is printed, and how a fit of its marks is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import LENGTH, F

if TYPE_CHECKING:
    from cutkit.cli.tables import TableData
    from cutkit.cut.registration import RegistrationFit


def registration_options(command: F) -> F:
    """``--registration FILE`` and ``--registration-tolerance LEN``."""
    for option in (
        click.option(
            "--registration-tolerance",
            "registration_tolerance_mm",
            type=LENGTH,
            default="0.5mm",
            show_default=True,
            help="How far a mark may be off the fit of all.",
        ),
        click.option(
            "--registration",
            "registration_path",
            metavar="MARKS.csv",
            type=click.Path(path_type=Path),
            help="The marker is printed on the cloth and lies where these marks were measured:"
            " mark,x_mm,y_mm,measured_x_mm,measured_y_mm.",
        ),
    ):
        command = option(command)
    return command


def registration_fit(path: Path | None, tolerance_mm: float) -> RegistrationFit | None:
    """The fit of the marks in a file; InputError, naming file and line, where they are wrong or contradict."""
    if path is None:
        return None
    from cutkit.formats.files import read_bytes
    from cutkit.outputs.programs import print_fit

    return print_fit(read_bytes(path), tolerance_mm, where=str(path))


def fit_rows(fit: RegistrationFit) -> Iterator[tuple[str, str]]:
    """The fit in words."""
    (x, y), (along, across) = fit.shift_mm, fit.scale
    marks = f"{len(fit.marks)} mark{'s' * (len(fit.marks) != 1)}"
    yield "print", f"turned by {fit.registration.turn_deg:.4f} degrees, its origin at x {x:.2f} mm, y {y:.2f} mm"
    yield "", f"scale {along:.5f} along, {across:.5f} across, shear {fit.shear_deg:.4f} degrees"
    yield "", f"{fit.kind} fit of {marks}, {fit.rms_mm:.3f} mm off (RMS), at most {max(fit.residuals_mm):.3f} mm"


def mark_table(fit: RegistrationFit) -> TableData:
    """How far every mark is off the fit."""
    from cutkit.cli.tables import Column, TableData

    columns = (
        Column("mark", "left"),
        Column("x, mm"),
        Column("y, mm"),
        Column("measured\nx, mm"),
        Column("y, mm"),
        Column("off, mm"),
    )
    rows = tuple(
        (mark.name, *(f"{value:.2f}" for value in (*mark.at_mm, *mark.measured_mm)), f"{off:.3f}")
        for mark, off in zip(fit.marks, fit.residuals_mm, strict=True)
    )
    return TableData(columns, rows)


def fit_json(fit: RegistrationFit) -> dict[str, Any]:
    """The fit for scripts; ``matrix`` is (a, b, d, e, x, y): x' = a x + b y + x, y' = d x + e y + y."""
    return {
        "kind": fit.kind,
        "matrix": [round(value, 9) + 0.0 for value in fit.registration.matrix],
        "turn_deg": round(fit.registration.turn_deg, 6) + 0.0,
        "shift_mm": [round(value, 4) + 0.0 for value in fit.shift_mm],
        "scale": [round(value, 7) for value in fit.scale],
        "shear_deg": round(fit.shear_deg, 6) + 0.0,
        "rms_mm": round(fit.rms_mm, 4),
        "marks": [
            {"mark": mark.name, "residual_mm": round(off, 4)}
            for mark, off in zip(fit.marks, fit.residuals_mm, strict=True)
        ],
    }
