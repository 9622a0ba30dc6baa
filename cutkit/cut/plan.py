"""From a marker to a tool path: strokes, order, blade, limits."""

from __future__ import annotations

from cutkit.cut.blade import align_stroke, lead_blade
from cutkit.cut.limits import refuse_beyond, refuse_long_marker
from cutkit.cut.order import ordered_strokes
from cutkit.cut.strokes import PieceStrokes, all_strokes
from cutkit.errors import InfeasibleError
from cutkit.model import Marker, Notice
from cutkit.toolpath import CutterProfile, Stroke, ToolPath


def plan_cut(marker: Marker, profile: CutterProfile) -> ToolPath:
    """The strokes that cut every piece of ``marker`` once on the machine of ``profile``, in the order of cutting.

    Outlines go to the machine as they are, never simplified; what is inside a piece comes before its boundary.
    ``notices`` say what is cut otherwise than drawn. LimitError where the machine cannot reach a piece or write its
    coordinates; InfeasibleError for a marker without pieces. The marker is taken to be valid: see ``check_marker``.
    """
    if not marker.placements:
        raise InfeasibleError("the marker holds no pieces: there is nothing to cut")
    refuse_long_marker(marker, profile)
    pieces = list(all_strokes(marker, profile))
    strokes = _led(ordered_strokes(pieces), marker, profile)
    refuse_beyond(strokes, marker, profile)
    names = tuple(_name(marker, index) for index in range(len(marker.placements)))
    notices = (*_notices(marker, pieces), *_turned_behind(strokes, marker))
    return ToolPath(tuple(strokes), notices, names)


def _led(strokes: list[Stroke], marker: Marker, profile: CutterProfile) -> list[Stroke]:
    """The strokes with the blade taken into account; before them its alignment, where its heading is unknown."""
    knife = profile.knife
    heading = knife.start_deg
    if heading is None and knife.kind == "drag":
        align, heading = align_stroke(marker, profile)
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
