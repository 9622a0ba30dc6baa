"""From a marker to a tool path: strokes, order, blade, limits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cutkit.cut.blade import align_stroke, cloth_outline, heading_after, lead_blade
from cutkit.cut.bridges import with_bridges
from cutkit.cut.common_lines import cut_once, left_to_cut, near_others
from cutkit.cut.flush import Edges, contours_of
from cutkit.cut.limits import refuse_beyond, refuse_long_marker, refuse_wide_marker
from cutkit.cut.order import ordered_strokes
from cutkit.cut.passing import in_passing, set_aside
from cutkit.cut.strokes import PieceStrokes, all_strokes
from cutkit.cut.turned import Ground, all_fine, too_short_for, turn_blade, with_fine_knife
from cutkit.cut.windows import ROUNDING_MM, WindowWork, in_windows, window_length_mm
from cutkit.errors import InfeasibleError
from cutkit.model import Marker, Notice, OrderedPiece, Point
from cutkit.recut import as_cut, is_recut
from cutkit.toolpath import CutterProfile, PathWindow, Registration, Stroke, ToolPath


def plan_cut(
    marker: Marker, profile: CutterProfile, *, windows: bool = True, registration: Registration | None = None
) -> ToolPath:
    """The strokes that cut every piece of ``marker`` once on the machine of ``profile``, in the order of cutting.

    A marker longer than the machine reaches is cut in windows, where the profile has them and they are not refused. One
    that is printed on the cloth is cut where its print lies by ``registration``: every line is laid there before the
    order, the blade and the limits are thought of.

    Outlines go to the machine as they are, never simplified; what is inside a piece comes before its boundary.
    Where the profile's choices have a block cut in place of an outline, that is what becomes of the piece here.
    ``notices`` say what is cut otherwise than drawn. LimitError where the machine cannot reach a piece or write its
    coordinates; InfeasibleError for a marker without pieces. The marker is taken to be valid: see ``check_marker``.
    """
    if not marker.placements:
        raise InfeasibleError("the marker holds no pieces: there is nothing to cut")
    blocks = profile.strokes.blocks
    recut = [piece for piece in marker.pieces if is_recut(piece, blocks)]
    marker = as_cut(marker, blocks)
    pieces = _pieces(marker, profile, registration)
    outlines = [piece.outline for piece in pieces]
    refuse_wide_marker(marker, profile, outlines)
    if not windows or profile.windows is None:
        refuse_long_marker(marker, profile, outlines)
    strokes: list[Stroke] = []
    parts: list[PathWindow] = []
    saved_mm = 0.0
    works = _windows(pieces, profile) if windows else [_whole(pieces, profile)]
    cloth = _Cloth(marker, registration, contours_of(pieces))
    for work, (made, saved) in zip(works, _all_led(works, cloth, profile), strict=True):
        saved_mm += saved
        refuse_beyond(made, marker, profile, work.start_mm)
        parts.append(PathWindow(work.start_mm, len(strokes), len(strokes) + len(made)))
        strokes += made
    names = tuple(_name(marker, index) for index in range(len(marker.placements)))
    notices = (
        *_recut_notices(recut, marker),
        *_notices(marker, pieces),
        *_turned_behind(strokes, marker, registration),
    )
    return ToolPath(tuple(strokes), notices, names, _told(parts), registration, saved_mm)


def window_starts(marker: Marker, profile: CutterProfile, registration: Registration | None = None) -> list[float]:
    """Where along the cloth the machine's zero lies in each window that ``plan_cut`` makes."""
    marker = as_cut(marker, profile.strokes.blocks)
    return [work.start_mm for work in _windows(_pieces(marker, profile, registration), profile)]


def _pieces(marker: Marker, profile: CutterProfile, registration: Registration | None) -> list[PieceStrokes]:
    """The strokes of all pieces, where they lie on the table."""
    pieces: Iterable[PieceStrokes] = all_strokes(marker, profile)
    if registration is not None:
        pieces = [_registered(piece, registration) for piece in pieces]
    return with_bridges(with_fine_knife(list(pieces), profile), profile.strokes)


def _registered(piece: PieceStrokes, registration: Registration) -> PieceStrokes:
    strokes = tuple(replace(stroke, points=registration.points(stroke.points)) for stroke in piece.strokes)
    rim = registration.points(piece.rim)
    return replace(piece, outline=registration.outline(piece.outline), strokes=strokes, rim=rim)


def _told(parts: list[PathWindow]) -> tuple[PathWindow, ...]:
    """The windows as a tool path tells them: none where the only one begins where the marker does."""
    return tuple(parts) if len(parts) > 1 or parts[0].start_mm else ()


@dataclass(frozen=True)
class _Cloth:
    """A marker, and where its print lies on the table if it is one.

    ``contours`` are those of all pieces, whatever their windows; ``begun``: the placements that are cut already.
    """

    marker: Marker
    registration: Registration | None
    contours: Edges
    begun: frozenset[int] = frozenset()

    def ground(self, window: WindowWork) -> Ground:
        """What lies on the table in a window."""
        to = self.registration
        outlines = tuple(self.marker.polygons if to is None else (to.outline(p) for p in self.marker.polygons))
        end = min(self.marker.length_mm, window.end_mm)
        return Ground(outlines, end, self.marker.fabric.usable_width_mm, window.start_mm)


def _in_order(
    pieces: Sequence[PieceStrokes], profile: CutterProfile, start: Point, contours: Edges
) -> tuple[list[Stroke], float]:
    """The strokes of a window in the order in which they are made by a machine that stands at ``start``, and how many
    mm of common lines that spares.

    Where a turned blade cannot make what a contour is parted into, it is not parted at notches or common lines; where
    that does not help, the fine knife makes all of the piece, if there is one.
    """
    whole: frozenset[int] = frozenset()
    strokes, saved_mm = _parted_in_order(pieces, profile, start, whole, contours)
    while poor := too_short_for(strokes, profile):
        finer = all_fine(pieces, poor) if poor <= whole and "fine" in profile.tools else list(pieces)
        if poor <= whole and finer == pieces:
            break
        pieces, whole = finer, whole | poor
        strokes, saved_mm = _parted_in_order(pieces, profile, start, whole, contours)
    return strokes, saved_mm


def _parted_in_order(
    pieces: Sequence[PieceStrokes], profile: CutterProfile, start: Point, whole: Collection[int], contours: Edges
) -> tuple[list[Stroke], float]:
    """As ``_in_order``; the contours of the placements ``whole`` are not parted."""
    rules = profile.strokes
    passed = {}
    if rules.notches == "with":
        common = near_others(pieces) if rules.common_lines else {}
        aside = [(p, []) if p.placement in whole else set_aside(p, common.get(p.placement)) for p in pieces]
        pieces = [piece for piece, _ in aside]
        passed = {piece.placement: notches for piece, notches in aside if notches}
    strokes, saved_mm = ordered_strokes(pieces, rules, start=start), 0.0
    if rules.common_lines:
        strokes, saved_mm = cut_once(strokes, pieces, profile.knife, rules, whole)
        pieces, earlier = left_to_cut(pieces, strokes)
        strokes, _ = cut_once(ordered_strokes(pieces, rules, earlier, start), pieces, profile.knife, rules, whole)
    return list(in_passing(strokes, passed, profile, contours)), saved_mm


def _windows(pieces: list[PieceStrokes], profile: CutterProfile) -> list[WindowWork]:
    whole = _whole(pieces, profile)
    if profile.windows is None or whole.end_mm <= window_length_mm(profile) + ROUNDING_MM:
        return [whole]
    return in_windows(pieces, profile, profile.windows)


def _whole(pieces: list[PieceStrokes], profile: CutterProfile) -> WindowWork:
    """All pieces in one window, which reaches as far as they or the machine do."""
    reach = max(piece.outline.bounds[2] for piece in pieces)
    return WindowWork(0.0, max(reach, window_length_mm(profile)), tuple(pieces))


def _all_led(
    works: Sequence[WindowWork], cloth: _Cloth, profile: CutterProfile
) -> Iterator[tuple[list[Stroke], float]]:
    """The strokes of every window in their order, with the blade taken into account.

    Where one program makes them all the blade keeps its heading from window to window; else each begins anew.
    """
    knife, heading = profile.knife, profile.knife.start_deg
    here: Point = (0.0, 0.0)
    before_mm = 0.0
    begun: set[int] = set()
    for work in works:
        stands = (here[0] + work.start_mm - before_mm, here[1]) if profile.feeds_cloth else (work.start_mm, 0.0)
        ordered, saved_mm = _in_order(work.pieces, profile, stands, cloth.contours)
        made = _led(ordered, replace(cloth, begun=frozenset(begun)), profile, work, heading)
        begun |= {piece.placement for piece in work.pieces}
        cuts = [stroke for stroke in made if stroke.tool == "knife"]
        if profile.feeds_cloth and cuts:
            heading = heading_after(cuts[-1], knife)
        here, before_mm = made[-1].points[-1], work.start_mm
        yield made, saved_mm


def _led(
    strokes: list[Stroke], cloth: _Cloth, profile: CutterProfile, window: WindowWork, heading: float | None
) -> list[Stroke]:
    """The strokes with the blade taken into account, which stands at ``heading`` before the first; where that is
    unknown, before them its alignment."""
    knife = profile.knife
    if knife.kind in ("tangential", "rotary"):
        ground = cloth.ground(window)
        strokes = turn_blade(strokes, knife, ground)
        fine = profile.fine_knife
        return turn_blade(strokes, fine, ground, "fine") if fine.kind == "tangential" else strokes
    if heading is None and knife.kind == "drag" and any(stroke.tool == "knife" for stroke in strokes):
        span_mm = (window.start_mm, window.end_mm)
        align, heading = align_stroke(cloth.marker, profile, span_mm, cloth.registration, cloth.begun)
        first = next(k for k, s in enumerate(strokes) if s.tool == "knife")
        drawn, cut = strokes[:first], strokes[first:]
        return [*drawn, align, *lead_blade(cut, knife, heading)]
    return list(lead_blade(strokes, knife, heading or 0.0))


def _turned_behind(strokes: list[Stroke], marker: Marker, registration: Registration | None) -> list[Notice]:
    """What must be said where the blade is turned behind the last piece: there must be cloth, or it does not turn."""
    reach = max((x for s in strokes if s.kind == "align" for x, _ in s.points), default=0.0)
    end = cloth_outline(marker, registration).bounds[2]
    if reach <= end:
        return []
    return [
        Notice(
            "turned-behind",
            f"no room in the waste to turn the blade: it is turned behind the last piece, and the cloth must reach to "
            f"x = {reach + 1:.0f} mm (the marker ends at {end:.1f} mm)",
        )
    ]


def _recut_notices(recut: Iterable[OrderedPiece], marker: Marker) -> list[Notice]:
    """That of some pieces the block is cut, if they lie in the marker."""
    laid = {placement.piece for placement in marker.placements}
    message = "its block is cut: the outline and all that lies within are left to the second cut"
    return [Notice("block-cut", message, piece.id) for piece in recut if piece.id in laid]


def _notices(marker: Marker, pieces: list[PieceStrokes]) -> tuple[Notice, ...]:
    """What must be said, each thing once, however many copies of the piece there are."""
    said = [notice for piece in pieces for notice in piece.notices]
    said += [Notice("unplaced", f"{u.count} not in the marker: {u.reason}", u.piece) for u in marker.unplaced]
    return tuple(dict.fromkeys(said))


def _name(marker: Marker, index: int) -> str:
    placement = marker.placements[index]
    piece = marker.by_id[placement.piece]
    return " ".join(part for part in (piece.name, piece.size, f"bundle {placement.bundle}") if part)
