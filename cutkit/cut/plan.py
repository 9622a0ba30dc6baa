"""From a marker to a tool path: strokes, order, blade, limits."""

from __future__ import annotations

from cutkit.cut.blade import align_stroke, lead_blade
from cutkit.cut.limits import refuse_beyond, refuse_long_marker, refuse_wide_marker
from cutkit.cut.order import ordered_strokes
from cutkit.cut.strokes import PieceStrokes, all_strokes
from cutkit.cut.turned import turn_blade, with_fine_knife
from cutkit.cut.windows import ROUNDING_MM, WindowWork, in_windows, window_length_mm
from cutkit.errors import InfeasibleError
from cutkit.model import Marker, Notice
from cutkit.toolpath import CutterProfile, PathWindow, Stroke, ToolPath


def plan_cut(marker: Marker, profile: CutterProfile, *, windows: bool = True) -> ToolPath:
    """The strokes that cut every piece of ``marker`` once on the machine of ``profile``, in the order of cutting.

    A marker longer than the machine reaches is cut in windows, where the profile has them and they are not refused.

    Outlines go to the machine as they are, never simplified; what is inside a piece comes before its boundary.
    ``notices`` say what is cut otherwise than drawn. LimitError where the machine cannot reach a piece or write its
    coordinates; InfeasibleError for a marker without pieces. The marker is taken to be valid: see ``check_marker``.
    """
    if not marker.placements:
        raise InfeasibleError("the marker holds no pieces: there is nothing to cut")
    refuse_wide_marker(marker, profile)
    if not windows or profile.windows is None:
        refuse_long_marker(marker, profile)
    pieces = with_fine_knife(list(all_strokes(marker, profile)), profile)
    strokes: list[Stroke] = []
    parts: list[PathWindow] = []
    for work in _windows(pieces, profile) if windows else [_whole(pieces, profile)]:
        made = _led(ordered_strokes(work.pieces), marker, profile, work)
        refuse_beyond(made, marker, profile, work.start_mm)
        parts.append(PathWindow(work.start_mm, len(strokes), len(strokes) + len(made)))
        strokes += made
    names = tuple(_name(marker, index) for index in range(len(marker.placements)))
    notices = (*_notices(marker, pieces), *_turned_behind(strokes, marker))
    return ToolPath(tuple(strokes), notices, names, tuple(parts) if len(parts) > 1 else ())


def window_starts(marker: Marker, profile: CutterProfile) -> list[float]:
    """Where along the marker the machine's zero lies in each window that ``plan_cut`` makes."""
    return [work.start_mm for work in _windows(list(all_strokes(marker, profile)), profile)]


def _windows(pieces: list[PieceStrokes], profile: CutterProfile) -> list[WindowWork]:
    whole = _whole(pieces, profile)
    if profile.windows is None or whole.end_mm <= window_length_mm(profile) + ROUNDING_MM:
        return [whole]
    return in_windows(pieces, profile, profile.windows.overlap_mm)


def _whole(pieces: list[PieceStrokes], profile: CutterProfile) -> WindowWork:
    """All pieces in one window, which reaches as far as they or the machine do."""
    reach = max(piece.outline.bounds[2] for piece in pieces)
    return WindowWork(0.0, max(reach, window_length_mm(profile)), tuple(pieces))


def _led(strokes: list[Stroke], marker: Marker, profile: CutterProfile, window: WindowWork) -> list[Stroke]:
    """The strokes with the blade taken into account; before them its alignment, where its heading is unknown."""
    knife = profile.knife
    if knife.kind in ("tangential", "rotary"):
        strokes = turn_blade(strokes, knife, marker)
        fine = profile.fine_knife
        return turn_blade(strokes, fine, marker, "fine") if fine.kind == "tangential" else strokes
    heading = knife.start_deg
    if heading is None and knife.kind == "drag":
        align, heading = align_stroke(marker, profile, (window.start_mm, window.end_mm))
        first = next((k for k, s in enumerate(strokes) if s.tool == "knife"), len(strokes))
        drawn, cut = strokes[:first], strokes[first:]
        return [*drawn, align, *lead_blade(cut, knife, heading)]
    return list(lead_blade(strokes, knife, heading or 0.0))


def _turned_behind(strokes: list[Stroke], marker: Marker) -> list[Notice]:
    """What must be said where the blade is turned behind the last piece: there must be cloth, or it does not turn."""
    reach = max((x for s in strokes if s.kind == "align" for x, _ in s.points), default=0.0)
    if reach <= marker.length_mm:
        return []
    return [
        Notice(
            "turned-behind",
            f"no room in the waste to turn the blade: it is turned behind the last piece, and the cloth must reach to "
            f"x = {reach + 1:.0f} mm (the marker ends at {marker.length_mm:.1f} mm)",
        )
    ]


def _notices(marker: Marker, pieces: list[PieceStrokes]) -> tuple[Notice, ...]:
    """What must be said, each thing once, however many copies of the piece there are."""
    said = [notice for piece in pieces for notice in piece.notices]
    said += [Notice("unplaced", f"{u.count} not in the marker: {u.reason}", u.piece) for u in marker.unplaced]
    return tuple(dict.fromkeys(said))


def _name(marker: Marker, index: int) -> str:
    placement = marker.placements[index]
    piece = marker.by_id[placement.piece]
    return " ".join(part for part in (piece.name, piece.size, f"bundle {placement.bundle}") if part)
