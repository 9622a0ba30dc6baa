"""Patterns drawn in SVG, as Inkscape, Valentina, Seamly, FreeSewing and Illustrator write them: ``parse_svg``.

svgelements resolves units, viewBox, transforms, styles, ``use`` and hidden groups. What is left are shapes on layers as
a plain DXF has them, and the same rule makes pieces of them (``formats/dxf/plain``). A layer is Inkscape's, else the
element's first class (FreeSewing's ``fabric``, ``lining``), else none; a piece is called what the topmost text in it
says, else what Inkscape calls its outline. Curves are flattened as a DXF's are.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cutkit.errors import InputError, UsageError
from cutkit.formats.dxf.layers import AS_THE_FILE_HAS_THEM, LayerRoles, Overrides, colour_of_rgb
from cutkit.formats.dxf.meaning import Style
from cutkit.formats.dxf.pattern import Source, pattern_of
from cutkit.formats.dxf.plain import plain_drafts
from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.shapes import FLAT_MM, LONGEST_TEXT, MOST_POINTS, MOST_SHAPES, Shape
from cutkit.formats.dxf.units import UnitChoice
from cutkit.formats.files import sha256_of
from cutkit.formats.svg.copies import refuse_endless_copies
from cutkit.model import Pattern, Point, Units
from cutkit.units import MM_PER

PIXELS_PER_INCH = 96.0
"""CSS says so; it holds where a drawing gives no size. Illustrator means 72, Inkscape before 0.92 meant 90."""
DEEPEST_GROUP = 100
FARTHEST_MM = 1e9
SAVE_AGAIN = "Save it again as plain SVG."
_UNIT_OF: dict[str, Units] = {"mm": "mm", "cm": "cm", "in": "in", "pt": "in", "pc": "in"}
_MM_OF = {**MM_PER, "pt": 25.4 / 72, "pc": 25.4 / 6}
_LENGTH = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(mm|cm|in|pt|pc)\s*", re.IGNORECASE)
_GROUPS_AND_WORDS = {"a", "switch", "defs", "title", "desc", "metadata", "style", "script", "namedview"}
"""Elements without a line of their own; what lies in them is read all the same."""
LONGEST_STYLE = 100_000
_ONLY_REFERRED_TO = {"clipPath", "mask", "marker", "pattern", "filter"}
_HIDDEN = re.compile(r"visibility\s*:\s*(?:hidden|collapse)")
_VISIBLE = re.compile(r"visibility\s*:\s*visible")
_INKSCAPE = "{http://www.inkscape.org/namespaces/inkscape}"
_MADE_BY = (("freesewing", "FreeSewing"), ("valentina", "Valentina"), ("seamly", "Seamly2D"), ("inkscape", "Inkscape"))


def parse_svg(data: bytes, *, where: str, told: Overrides) -> Pattern:
    """The pattern in the bytes of an SVG file, with a notice for everything that was assumed or could not be used.

    Units that are ``told`` are what one unit of its viewBox is, whatever size it gives itself. InputError (exit 3)
    where it is damaged, has no piece, or where its unit cannot be right; UsageError where a rule table is told: it has
    no grade points.
    """
    if told.rul is not None:
        raise UsageError("--rul does not go with an SVG: it has no grade points", hint="Give the pattern as DXF.")
    layers = told.layers
    remarks = Remarks()
    picture = _parse(data, where)
    choice = _choose_units(picture, told.units, remarks)
    reading = _Reading(where, choice.mm / _pixels_per_unit(picture), layers)
    shapes = reading.shapes(picture)
    drafts = plain_drafts([shapes], where, remarks, others_drawn=bool(layers.cut), counted="element")
    layers.tell_of_missing(reading.seen, remarks)
    reading.tell_of_ignored(remarks)
    if not drafts:
        hint = "Turn texts, images and strokes into closed paths." if layers == AS_THE_FILE_HAS_THEM else None
        raise InputError("no piece found: no line closes", where=where, hint=hint or "Name other layers, or none.")
    source = Source(where, Style(cad=_made_by(data)), choice, "plain", sha256_of(data))
    return pattern_of(drafts, source, None, remarks)


def _parse(data: bytes, where: str) -> Any:
    """The picture with all transforms carried out, in pixels; InputError where it is no SVG."""
    from svgelements import SVG

    try:
        root = ElementTree.fromstring(data)
        refuse_endless_copies(root)
        if any(len(e.text or "") > LONGEST_STYLE for e in root.iter() if str(e.tag).endswith("style")):
            raise ValueError(f"its style sheet has more than {LONGEST_STYLE} characters")
        if _take_out_unseen(root):
            data = ElementTree.tostring(root)
        picture = SVG.parse(io.BytesIO(data), ppi=PIXELS_PER_INCH, reify=True)
    except ElementTree.ParseError as error:
        line = error.position[0]
        raise InputError(f"damaged SVG: {error}", where=f"{where}, line {line}", hint=SAVE_AGAIN) from error
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, ZeroDivisionError, OverflowError) as error:
        raise InputError(f"damaged SVG: {error}", where=where, hint=SAVE_AGAIN) from error
    except RecursionError as error:
        raise InputError("its elements are nested too deep", where=where, hint=SAVE_AGAIN) from error
    if not isinstance(picture, SVG):
        raise InputError("this is XML, but no SVG picture", where=where, hint="Give a DXF or an SVG.")
    return picture


def _take_out_unseen(root: ElementTree.Element) -> bool:
    """Take out what nobody sees, wherever it stands: outlines that only clip others, and hidden elements.

    svgelements knows ``display: none`` and what is among the definitions.
    """
    unseen = [(parent, child) for parent in root.iter() for child in parent if _is_unseen(child)]
    for parent, child in unseen:
        parent.remove(child)
    return bool(unseen)


def _is_unseen(element: ElementTree.Element) -> bool:
    if str(element.tag).rpartition("}")[2] in _ONLY_REFERRED_TO:
        return True
    said = f"visibility:{element.get('visibility', '')};{element.get('style', '')}"
    return _HIDDEN.search(said) is not None and not any(_VISIBLE.search(e.get("style", "")) for e in element.iter())


def _pixels_per_unit(picture: Any) -> float:
    """How many pixels a unit of the viewBox is."""
    viewbox = picture.viewbox
    if viewbox is None or not viewbox.width or not viewbox.height:
        return 1.0
    return float(min(picture.width / viewbox.width, picture.height / viewbox.height)) or 1.0


def _choose_units(picture: Any, option: Units | None, remarks: Remarks) -> UnitChoice:
    """The unit of the viewBox: option, then the size the picture gives itself, then pixels."""
    per_unit = _pixels_per_unit(picture)
    if option is not None:
        return UnitChoice(option, "option")
    given = _LENGTH.fullmatch(str(picture.values.get("attributes", {}).get("width", "")))
    if given is not None and float(given.group(1)) > 0 and picture.width:
        name = given.group(2).lower()
        mm_per_pixel = float(given.group(1)) * _MM_OF[name] / picture.width
        return UnitChoice(_UNIT_OF[name], "text", given.group().strip(), measured=True, mm=per_unit * mm_per_pixel)
    said = f"the drawing gives no size: {PIXELS_PER_INCH:g} pixels to the inch assumed"
    remarks.add("units-assumed", f"{said} (Illustrator means 72; turn with --units, by what a unit of its viewBox is)")
    called = f"pixels of 1/{PIXELS_PER_INCH:g} in"
    return UnitChoice("in", "assumed", mm=per_unit * 25.4 / PIXELS_PER_INCH, called=called)


def _made_by(data: bytes) -> str:
    head = data[:20_000].decode("utf-8", "replace").lower()
    generator = re.search(r"generator:\s*([^,<>\n-]+)", head)
    if generator is not None:
        return generator.group(1).strip().title()
    return next((name for mark, name in _MADE_BY if mark in head), "")


@dataclass
class _Reading:
    """One picture on its way to shapes in mm, y upward. ``seen`` are the layers with the colours on them."""

    where: str
    mm_per_pixel: float
    roles: LayerRoles
    seen: dict[tuple[str, int | None], None] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)
    elements: int = 0

    def shapes(self, picture: Any) -> list[Shape]:
        """All that is drawn or written, but for what lies on layers to be ignored."""
        shapes: list[Shape] = []
        for element, layer, name in self._elements(picture, "", 0):
            shapes += self._shapes(element, layer, name)
            if len(shapes) > MOST_SHAPES:
                raise InputError(f"more than {MOST_SHAPES} lines", where=self.where, hint=SAVE_AGAIN)
        texts = sorted(
            (s for s in shapes if s.kind == "TEXT"), key=lambda text: (-text.points[0][1], text.points[0][0])
        )
        lines = [shape for shape in shapes if shape.kind != "TEXT"]
        return [shape for shape in (*lines, *texts) if shape.role != "ignore"]

    def tell_of_ignored(self, remarks: Remarks) -> None:
        """Say what is neither a line nor a text."""
        if self.ignored:
            listed = ", ".join(f"{kind} ({n})" for kind, n in sorted(self.ignored.items()))
            remarks.add("entity-ignored", f"elements that are neither line nor text are not used: {listed}")

    def _elements(self, group: Sequence[Any], layer: str, depth: int) -> Iterator[tuple[Any, str, str]]:
        """Every element that is no group, with its layer and its name, in the order of drawing."""
        from svgelements import Group, Use

        if depth > DEEPEST_GROUP:
            raise InputError("its groups are nested too deep", where=self.where, hint=SAVE_AGAIN)
        for element in group:
            own = element.values.get("attributes", {})
            label = str(own.get(f"{_INKSCAPE}label", "")).strip()
            is_layer = own.get(f"{_INKSCAPE}groupmode") == "layer"
            classes = str(own.get("class", "")).split()
            here = (label or str(own.get("id", ""))) if is_layer else layer
            if isinstance(element, (Group, Use)):
                yield from self._elements(element, here or (classes[0] if classes else ""), depth + 1)
            else:
                yield element, here or (classes[0] if classes else "0"), label or _told_name(own)

    def _shapes(self, element: Any, layer: str, name: str) -> list[Shape]:
        from svgelements import Path as SvgPath
        from svgelements import Shape as SvgShape
        from svgelements import Text

        self.elements += 1
        if isinstance(element, Text):
            return self._text(element, layer)
        if not isinstance(element, SvgShape):
            tag = str(element.values.get("tag", type(element).__name__))
            if tag not in _GROUPS_AND_WORDS:
                self.ignored[tag] += 1
            return []
        colour = _colour(element)
        self.seen[layer, colour] = None
        role = self.roles.of(layer, colour)
        found: list[Shape] = []
        try:
            for points, closed in _lines(SvgPath(element), FLAT_MM / self.mm_per_pixel):
                if len(points) > MOST_POINTS:
                    raise ValueError(f"it has more than {MOST_POINTS} points")
                placed = [self._place(x, y) for x, y in points]
                shape = Shape("PATH", layer, placed, self.elements, closed, name, colour=colour, role=role)
                found.append(shape)
        except (ValueError, TypeError, IndexError, ZeroDivisionError, OverflowError) as error:
            message = f"damaged {element.values.get('tag', 'path')} {name!r}: {error}"
            raise InputError(message, where=f"{self.where}, element {self.elements}", hint=SAVE_AGAIN) from error
        return found

    def _text(self, element: Any, layer: str) -> list[Shape]:
        text = " ".join(str(element.text or "").split())[:LONGEST_TEXT]
        if not text:
            return []
        x, y = element.transform.point_in_matrix_space((float(element.x), float(element.y)))
        self.seen[layer, None] = None
        role = self.roles.of(layer, None)
        return [Shape("TEXT", layer, [self._place(x, y)], self.elements, text=text, angle_deg=0.0, role=role)]

    def _place(self, x: float, y: float) -> Point:
        """A point in mm, y upward; ValueError where it is beyond any pattern."""
        placed = float(x) * self.mm_per_pixel, -float(y) * self.mm_per_pixel
        if not all(-FARTHEST_MM < value < FARTHEST_MM for value in placed):
            raise ValueError(f"({x}, {y}) is no coordinate of a pattern")
        return placed


def _told_name(attributes: dict[str, Any]) -> str:
    """What an element is called by its id, where that is no number that a program gave it.

    FreeSewing tells a grain line by its arrow heads alone.
    """
    if any("grainline" in str(attributes.get(f"marker-{end}", "")) for end in ("start", "end")):
        return "grainline"
    name = str(attributes.get("id", ""))
    return "" if re.fullmatch(r"[A-Za-z]*[-_]?\d+(?:-\d+)*", name) else name


def _colour(element: Any) -> int | None:
    """The stroke's colour, else the fill's; None for neither."""
    for paint in (element.stroke, element.fill):
        if paint is not None and paint.value is not None:
            return colour_of_rgb(int(paint.red) << 16 | int(paint.green) << 8 | int(paint.blue))
    return None


def _lines(path: Any, tolerance: float) -> Iterator[tuple[list[Point], bool]]:
    """The subpaths of a path as points, curves flattened, and whether each is closed."""
    from svgelements import Arc, Close, CubicBezier, Move, QuadraticBezier

    points: list[Point] = []
    for segment in path:
        if isinstance(segment, Move):
            if len(points) > 1:
                yield points, False
            points = [_xy(segment.end)]
        elif isinstance(segment, Close):
            if len(points) > 1:
                yield points, True
            points = [] if segment.end is None else [_xy(segment.end)]
        elif isinstance(segment, Arc):
            for curve in segment.as_cubic_curves():
                points += _curve((curve.start, curve.control1, curve.control2, curve.end), tolerance)
        elif isinstance(segment, CubicBezier):
            points += _curve((segment.start, segment.control1, segment.control2, segment.end), tolerance)
        elif isinstance(segment, QuadraticBezier):
            points += _curve((segment.start, segment.control, segment.end), tolerance)
        else:
            points.append(_xy(segment.end))
    if len(points) > 1:
        yield points, False


def _xy(point: Any) -> Point:
    return float(point.x), float(point.y)


def _curve(controls: Sequence[Any], tolerance: float) -> list[Point]:
    """The points of a Bezier curve after its start, no chord further off than ``tolerance``."""
    from ezdxf.math import Bezier3P, Bezier4P, Vec2

    points = [Vec2(_xy(control)) for control in controls]
    curve: Any = Bezier4P(points) if len(points) == 4 else Bezier3P(points)
    size = max(abs(value) for p in points for value in (p.x, p.y))
    return [(p.x, p.y) for p in curve.flattening(max(tolerance, 1e-9 * size), segments=4)][1:]
