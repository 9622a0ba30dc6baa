"""The legend of the rules that a marker shows: what is drawn, and what it means. What does not occur has no entry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cutkit.formats.svg.lines import Line, cross_lines, diamond_line, hatch_lines
from cutkit.formats.svg.marker_labels import arrow_lines, pin_lines, sign_lines
from cutkit.formats.svg.pieces import INK
from cutkit.formats.svg.rules import (
    BLOCK_INK,
    MARGIN,
    SELVEDGE,
    SPLICE_INK,
    TIE_INK,
    Ink,
    Rule,
    RuledCloth,
    Shape,
    flaw_text,
    link_ink,
    match_text,
    repeat_text,
    tilt_deg,
)
from cutkit.formats.svg.text import clean_text

WIDE, HIGH = 1.6, 1.05
"""The size of a sample, in text units."""
_NAMED = 4


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """A sample of what is drawn, within ``WIDE`` x ``HIGH`` text units from its lower left corner (y upwards, in mm),
    and what it means."""

    rule: Rule
    text: str
    sample: tuple[Shape, ...]


def rule_entries(cloth: RuledCloth) -> list[LegendEntry]:
    """The entries of the rules that occur: of the pieces first, then of the cloth."""
    legend = _Legend(cloth)
    return [*legend.of_pieces(), *legend.of_matches(), *legend.of_cloth()]


class _Legend:
    def __init__(self, cloth: RuledCloth) -> None:
        self.cloth, self.marker, self.fabric = cloth, cloth.marker, cloth.marker.fabric
        self.unit = cloth.unit_mm
        self.wide, self.high = WIDE * self.unit, HIGH * self.unit
        self.middle = (self.wide / 2, self.high / 2)
        shapes = [*cloth.below(), *cloth.above()]
        self.shown = {shape.rule: shape for shape in shapes}
        """The last shape of every rule of the cloth that is drawn."""

    # ---------------------------------------------------------------------------------------------------- samples

    def _box(self, rule: Rule, ink: Ink) -> Shape:
        corners = ((0.0, 0.0), (self.wide, 0.0), (self.wide, self.high), (0.0, self.high))
        return Shape(rule, (corners,), ink, closed=True)

    def _dash(self, rule: Rule, ink: Ink) -> Shape:
        y = self.middle[1]
        return Shape(rule, (((0.0, y), (self.wide, y)),), ink)

    def _upright(self, rule: Rule, ink: Ink) -> Shape:
        x = self.middle[0]
        return Shape(rule, (((x, 0.0), (x, self.high)),), ink)

    def _arrow(self, rule: Rule, turn_deg: float = 0.0, **signs: bool) -> Shape:
        """A grain arrow with its signs; y is turned upwards."""
        one_way = self.fabric.nap != "two-way"
        lines = arrow_lines(self.wide, 0.9 * self.unit, turn_deg, one_way=one_way)
        if signs:
            lines += sign_lines(0.9 * self.unit, turn_deg, **{"mirrored": False, "may_mirror": False} | signs)
        return Shape(rule, self._upwards(lines, self.middle), Ink(INK, 1.8))

    @staticmethod
    def _upwards(lines: tuple[Line, ...], origin: tuple[float, float]) -> tuple[Line, ...]:
        return tuple(tuple((origin[0] + x, origin[1] - y) for x, y in line) for line in lines)

    # ---------------------------------------------------------------------------------------------------- entries

    def of_pieces(self) -> Iterator[LegendEntry]:
        """How pieces may lie and do lie."""
        along = "grain, along the nap" if self.fabric.nap != "two-way" else "grain"
        yield LegendEntry("grain", along, (self._arrow("grain"),))
        placed = self.marker.placements
        pieces = {p.piece: self.marker.by_id[p.piece] for p in placed}.values()
        if any(p.mirrored for p in placed):
            yield LegendEntry("mirrored", "mirrored", (self._arrow("mirrored", mirrored=True),))
        if any(piece.may_mirror for piece in pieces):
            yield LegendEntry("may-mirror", "may be mirrored", (self._arrow("may-mirror", may_mirror=True),))
        if tilts := sorted({abs(tilt_deg(p)) for p in placed} - {0.0}):
            most = f"off grain, {tilts[-1]:g}° at most"
            yield LegendEntry("tilt", most, (self._arrow("tilt", 12.0),))
        if any(p.locked for p in placed):
            pin = self._upwards(pin_lines((0.0, 0.0), 1.2 * self.unit), (self.middle[0], 0.05 * self.unit))
            yield LegendEntry("locked", "locked in its place", (Shape("locked", pin, Ink(INK, 1.8)),))
        if blocked := [piece for piece in pieces if piece.block is not None]:
            buffers = sorted({piece.buffer_mm for piece in blocked} - {0.0})
            least = f"{buffers[0]:g} to " if len(buffers) > 1 else ""
            text = f"block, buffer {least}{buffers[-1]:g} mm" if buffers else "block"
            yield LegendEntry("block", text, (self._box("block", BLOCK_INK),))

    def of_matches(self) -> Iterator[LegendEntry]:
        """Match points by the colour of their groups; groups that share a colour share an entry."""
        by_colour: dict[str, list[str]] = {}
        for group, colour in self.cloth.groups.items():
            by_colour.setdefault(colour, []).append(group)
        linked = any(shape.rule == "link" for shape in self.cloth.above())
        for colour, groups in by_colour.items():
            names = ", ".join(match_text(group) for group in groups[:_NAMED]) + ("…" if len(groups) > _NAMED else "")
            worst = self.cloth.worst_mm(groups)
            text = clean_text(names) + ("" if worst is None else f", {worst:.2f} mm off at most")
            cross = tuple(cross_lines(self.middle, 0.32 * self.unit))
            sample = [Shape("match", cross, Ink(colour, 1.8))]
            if linked and groups != [""]:
                sample.insert(0, self._dash("link", link_ink(colour)))
            yield LegendEntry("match", text, tuple(sample))

    def of_cloth(self) -> Iterator[LegendEntry]:
        """What the cloth is like, and where."""
        shown = self.shown
        if "tie" in shown:
            diamond = Shape("tie", (diamond_line(self.middle, 0.26 * self.unit),), TIE_INK, closed=True)
            yield LegendEntry("tie", "tied to a place of the cloth", (diamond,))
        if self.fabric.repeat and "repeat" in shown:
            yield LegendEntry("repeat", self._repeat_text(), tuple(self._grid_sample()))
        if "zone" in shown:
            names = [clean_text(zone.name) for zone in self.fabric.zones]
            text = f"zones {', '.join(names[:_NAMED])}" + ("…" if len(names) > _NAMED else "")
            yield LegendEntry("zone", text, (self._box("zone", shown["zone"].ink),))
        for number, (allows, colour) in enumerate(self.cloth.classes.items()):
            frame = self._box("flaw", Ink(colour, 2.0))
            hatch = tuple(hatch_lines(frame.lines[0], 0.3 * self.unit, falling=number % 2))
            yield LegendEntry("flaw", flaw_text(allows), (Shape("flaw", hatch, Ink(colour, 0.6)), frame))
        for rule, text in (("fold", "fold of the cloth"), ("section", "between sections")):
            if rule in shown:
                yield LegendEntry(
                    rule, text, ((self._dash if rule == "fold" else self._upright)(rule, shown[rule].ink),)
                )
        yield from self._of_edges()

    def _of_edges(self) -> Iterator[LegendEntry]:
        if "splice" in self.shown:
            bands = len(self.cloth.splices)
            text = f"splice, {bands} bands" if bands > 1 else "splice"
            edges = tuple(((x, 0.0), (x, self.high)) for x in (0.0, self.wide))
            yield LegendEntry(
                "splice", text, (self._box("splice", SPLICE_INK), Shape("splice", edges, self.shown["splice"].ink))
            )
        start, finish = self.fabric.start_margin_mm, self.fabric.end_margin_mm
        if start or finish:
            ends = [f"{size:g} mm at the {end}" for end, size in (("start", start), ("end", finish)) if size]
            text = f"margin {', '.join(ends)}"
            yield LegendEntry("margin", text, (self._box("margin", Ink(INK, 0.5, fill=MARGIN)),))
        low, high = self.cloth.selvedges_mm
        if low or high:
            sides = [f"{size:g} mm {side}" for side, size in (("low", low), ("high", high)) if size]
            text = f"selvedge {low:g} mm" if low == high else f"selvedge {', '.join(sides)}"
            yield LegendEntry("selvedge", text, (self._box("selvedge", Ink(INK, 0.5, fill=SELVEDGE)),))

    def _grid_sample(self) -> Iterator[Shape]:
        repeat, ink = self.fabric.repeat, self.shown["repeat"].ink
        yield self._box("repeat", ink)
        if repeat and repeat.x_mm:
            yield self._upright("repeat", ink)
        if repeat and repeat.y_mm:
            yield self._dash("repeat", ink)

    def _repeat_text(self) -> str:
        repeat = self.fabric.repeat
        if repeat is None:
            return ""
        every = max(self.cloth.every(step) for step in (repeat.x_mm, repeat.y_mm))
        drawn = {1: "", 2: ", every second line drawn"}.get(every, f", every {every}th line drawn")
        return repeat_text(repeat) + drawn
