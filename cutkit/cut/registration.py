"""Print and cut: from where printed marks are to where every point of the marker lies on the table.

Printers and cloth shrink along and across, the sheet is laid a little askew, and knits are pulled out of square. So the
fit is affine where three marks or more do not lie on one line: it turns, shifts, scales along x and y and shears. Two
marks, or marks on one line, tell no more than turn, shift and one scale; a single one tells the shift alone. Fits are
least squares over all marks. What the marks say against one another remains as residuals, and no cut is made by marks
that contradict one another: one of them was measured wrong, and nobody knows yet which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cutkit.errors import InputError
from cutkit.model import Notice
from cutkit.toolpath import Registration, RegistrationMark

FitKind = Literal["affine", "similarity", "shift"]
SPREAD_MM = 1.0
"""Marks nearer to each other, or to one line, than this tell nothing about what is across."""
USUAL_STRETCH, USUAL_SHEAR_DEG = 0.02, 1.0
"""Cloth stretches and printers err; beyond this it is more likely that a mark was measured wrong."""
Array = NDArray[np.float64]


@dataclass(frozen=True)
class RegistrationFit:
    """A fit of measured marks: the map, by which model, and how far each mark is off it (mm)."""

    registration: Registration
    kind: FitKind
    marks: tuple[RegistrationMark, ...]
    residuals_mm: tuple[float, ...]

    @property
    def rms_mm(self) -> float:
        """The root of the mean square of the residuals."""
        return float(np.sqrt(np.mean(np.square(self.residuals_mm))))

    @property
    def scale(self) -> tuple[float, float]:
        """How much longer the print is along its x, and across."""
        a, b, d, e, _, _ = self.registration.matrix
        along = hypot(a, d)
        return along, (a * e - b * d) / along

    @property
    def shear_deg(self) -> float:
        """How far the print's y axis leans from square towards its x axis."""
        a, b, d, e, _, _ = self.registration.matrix
        return degrees(atan2(a * b + d * e, a * e - b * d))

    @property
    def shift_mm(self) -> tuple[float, float]:
        """Where the marker's origin lies on the table."""
        return self.registration.matrix[4], self.registration.matrix[5]

    @property
    def is_checked(self) -> bool:
        """Whether there are more marks than the fit needs, so that one that is wrong shows."""
        return len(self.marks) > {"shift": 1, "similarity": 2, "affine": 3}[self.kind]


def fit_registration(marks: Sequence[RegistrationMark], where: str) -> RegistrationFit:
    """The least-squares fit of the marks; InputError, naming ``where``, where they tell no place or a mirror image."""
    kind = _kind(marks, where)
    registration = _fitted(marks, kind)
    a, b, d, e, _, _ = registration.matrix
    if a * e - b * d <= 0:
        raise InputError(
            "by these marks the print is a mirror image of the marker, or has no width",
            where=where,
            hint="Are marks mixed up, or was the cloth laid with the print down?",
        )
    return RegistrationFit(registration, kind, tuple(marks), tuple(_residuals(registration, marks)))


def refuse_contradictions(fit: RegistrationFit, tolerance_mm: float, where: str) -> None:
    """InputError where a mark is farther off the fit than ``tolerance_mm``.

    Bad input rather than a limit of the machine: the file says things of which not all can be right. It names the mark
    without which all the others agree (or marks, where that is true of several); else the one that is off the most.
    """
    worst = int(np.argmax(fit.residuals_mm))
    if fit.residuals_mm[worst] <= tolerance_mm:
        return
    suspects = _suspects(fit.marks, tolerance_mm)
    mark = fit.marks[suspects[0] if suspects else worst]
    off = fit.residuals_mm[worst]
    words = f"the marks contradict one another: {fit.marks[worst].name} is {off:.2f} mm off their common fit"
    if suspects:
        words += f"; without mark {' or '.join(fit.marks[k].name for k in suspects)} the others agree"
    raise InputError(
        f"{words} ({tolerance_mm:g} mm allowed)",
        where=f"{where}, line {mark.line}",
        hint=f"Measure mark {mark.name} again; --registration-tolerance allows more.",
    )


def registration_notices(fit: RegistrationFit) -> list[Notice]:
    """What an operator should know before trusting a fit."""
    found = []
    if not fit.is_checked:
        count = len(fit.marks)
        words = "one mark tells" if count == 1 else f"{count} marks tell"
        found.append(
            Notice("unchecked-marks", f"{words} no more than the fit needs: a mark measured wrong cannot show")
        )
    x, y = fit.scale
    if max(abs(x - 1), abs(y - 1)) > USUAL_STRETCH or abs(fit.shear_deg) > USUAL_SHEAR_DEG:
        words = (
            f"the print is {x:.4f} times as long, {y:.4f} times as wide and {fit.shear_deg:.2f} degrees out of square"
        )
        found.append(Notice("distorted-print", f"{words}: is every mark measured right?"))
    return found


def _kind(marks: Sequence[RegistrationMark], where: str) -> FitKind:
    """The richest model that the marks can tell."""
    if len(marks) == 1:
        return "shift"
    along, across = _spread_mm(marks)
    if along < SPREAD_MM:
        raise InputError("all marks are at the same place", where=where)
    return "affine" if len(marks) >= 3 and across >= SPREAD_MM else "similarity"


def _spread_mm(marks: Sequence[RegistrationMark]) -> tuple[float, float]:
    """How far marks lie about their middle: along the line that fits them best, and off it."""
    at = np.array([mark.at_mm for mark in marks])
    along, across = np.linalg.svd(at - at.mean(axis=0), compute_uv=False)
    return float(along), float(across)


def _fitted(marks: Sequence[RegistrationMark], kind: FitKind) -> Registration:
    at, measured = np.array([mark.at_mm for mark in marks]), np.array([mark.measured_mm for mark in marks])
    middle, there = at.mean(axis=0), measured.mean(axis=0)
    turned = _linear(at - middle, measured - there, kind)
    x, y = there - turned @ middle
    return Registration((*turned[0].tolist(), *turned[1].tolist(), float(x), float(y)))


def _linear(at: Array, measured: Array, kind: FitKind) -> Array:
    """The linear part of a fit of points about their middle: a matrix of 2 x 2."""
    if kind == "shift":
        return np.eye(2)
    if kind == "affine":
        return np.array(np.linalg.lstsq(at, measured, rcond=None)[0].T, dtype=float)
    # A similarity multiplies complex numbers by one factor; its least squares have this closed form.
    z, w = at[:, 0] + 1j * at[:, 1], measured[:, 0] + 1j * measured[:, 1]
    factor = complex(np.vdot(z, w) / np.vdot(z, z))
    rows: list[list[float]] = [[factor.real, -factor.imag], [factor.imag, factor.real]]
    return np.array(rows, dtype=float)


def _residuals(registration: Registration, marks: Sequence[RegistrationMark]) -> list[float]:
    found = registration.points(mark.at_mm for mark in marks)
    return [hypot(x - m.measured_mm[0], y - m.measured_mm[1]) for (x, y), m in zip(found, marks, strict=True)]


def _suspects(marks: Sequence[RegistrationMark], tolerance_mm: float) -> list[int]:
    """The marks without each of which all others agree; where they are several, those whose others also agree without
    a distortion, which a print should hardly have.

    Fewer than four others fit any affine map, so they are held against a similarity from the first.
    """
    others = [[*marks[:k], *marks[k + 1 :]] for k in range(len(marks))]
    if len(marks) < 4:
        return []
    square = [k for k, left in enumerate(others) if _agree(left, "similarity", tolerance_mm)]
    if len(marks) == 4:
        return square
    found = [
        k for k, left in enumerate(others) if _spread_mm(left)[1] >= SPREAD_MM and _agree(left, "affine", tolerance_mm)
    ]
    return square if len(found) > 1 and square else found


def _agree(marks: Sequence[RegistrationMark], kind: FitKind, tolerance_mm: float) -> bool:
    if _spread_mm(marks)[0] < SPREAD_MM:
        return False
    return max(_residuals(_fitted(marks, kind), marks)) <= tolerance_mm
