"""A marker as the programs of a cutter, one for every window or one for all, and the pick list that goes with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cutkit.cut.registration import RegistrationFit, fit_registration, refuse_contradictions
from cutkit.model import Marker
from cutkit.outputs.names import of_windows
from cutkit.toolpath import CutterProfile, ToolPath


@dataclass(frozen=True)
class Programs:
    """What was planned, and the program of every window, or the one of all."""

    marker: Marker
    profile: CutterProfile
    path: ToolPath
    texts: tuple[bytes, ...]

    def names(self, output: Path) -> list[Path]:
        """Where they go: ``output``, with a number before the suffix where they are several."""
        return of_windows(output, len(self.texts))

    def pick_list(self, marker_path: str) -> str:
        """Which piece comes free when, and where it lies, as JSON."""
        return _pick_list_text(self, marker_path)


def with_strokes(profile: CutterProfile, choices: Mapping[str, Any]) -> CutterProfile:
    """The profile with what an operator chose in place of its own ``[strokes]``: fields of StrokeRules, None for what
    the profile says."""
    given = {name: value for name, value in choices.items() if value is not None}
    return replace(profile, strokes=replace(profile.strokes, **given))


def make_programs(
    marker: Marker, profile: CutterProfile, *, name: str, windows: bool, fit: RegistrationFit | None = None
) -> Programs:
    """The programs that cut a marker; ``name`` is what they say they were made of, ``fit`` where its print lies.

    LimitError where the machine cannot reach or write it.
    """
    from cutkit.cut.plan import plan_cut
    from cutkit.formats.program import program_texts

    path = plan_cut(marker, profile, windows=windows, registration=fit.registration if fit else None)
    texts = program_texts(path, profile, f"cutkit {name}")
    return Programs(marker, profile, path, tuple(text.encode("ascii") for text in texts))


def print_fit(data: bytes, tolerance_mm: float, *, where: str) -> RegistrationFit:
    """The fit of the measured marks in a file's bytes; InputError, naming file and line, where they are wrong or are
    farther off one another than ``tolerance_mm``."""
    from cutkit.formats.registration import parse_registration

    fit = fit_registration(parse_registration(data, where=where), where)
    refuse_contradictions(fit, tolerance_mm, where)
    return fit


def _pick_list_text(programs: Programs, marker_path: str) -> str:
    from cutkit.cut.picklist import pick_list

    picks = [
        {
            "placement": pick.placement,
            "piece": pick.piece,
            "name": pick.name,
            "size": pick.size,
            "bundle": pick.bundle,
            "centre_mm": [round(value, 3) + 0.0 for value in pick.centre_mm],
            "angle_deg": pick.angle_deg,
            "mirrored": pick.mirrored,
            "area_cm2": round(pick.area_mm2 / 100, 3),
            "pieces": pick.pieces,
            "window": pick.window,
            "cut_s": round(pick.cut_s, 2),
            "free_s": round(pick.free_s, 2),
        }
        for pick in pick_list(programs.marker, programs.path, programs.profile)
    ]
    head = {"schema": "cutkit.picklist/1", "marker": marker_path, "cutter": programs.profile.name}
    return json.dumps({**head, "pieces": picks}, indent=1, ensure_ascii=False) + "\n"
