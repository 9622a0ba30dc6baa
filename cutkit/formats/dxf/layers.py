"""What the user says of a file, whatever it says itself: its unit, its rule table, and what its layers are for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from cutkit.formats.dxf.remarks import Remarks
from cutkit.model import Units

Role = Literal["cut", "mark", "ignore"]
COLOURS = {"red": 1, "yellow": 2, "green": 3, "cyan": 4, "blue": 5, "magenta": 6, "white": 7, "black": 7}
"""Names of AutoCAD's colour numbers."""
_COLOUR_WORDS = ("colour:", "color:")
_BY_LAYER = (0, 256)
_NAMED_RGB = {0xFF0000: 1, 0xFFFF00: 2, 0x00FF00: 3, 0x00FFFF: 4, 0x0000FF: 5, 0xFF00FF: 6, 0xFFFFFF: 7, 0x000000: 7}


@dataclass(frozen=True, slots=True)
class LayerRoles:
    """The layers with a role that the user gave them: names, whatever their case, with ``*`` and ``?``; or colours as
    ``colour:red`` or ``colour:1``. The first role that fits counts: ignore, mark, cut."""

    cut: tuple[str, ...] = ()
    mark: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """ValueError where a colour is none."""
        for given in (*self.cut, *self.mark, *self.ignore):
            _colour_of(given)

    def of(self, layer: str, colour: int | None) -> Role | None:
        """The role of what lies on a layer in a colour (None: the layer's); None where the user gave none."""
        if not (self.ignore or self.mark or self.cut):
            return None
        named: tuple[tuple[Role, tuple[str, ...]], ...] = (
            ("ignore", self.ignore),
            ("mark", self.mark),
            ("cut", self.cut),
        )
        return next((role for role, all_given in named if any(_fits(g, layer, colour) for g in all_given)), None)

    def tell_of_missing(self, seen: Iterable[tuple[str, int | None]], remarks: Remarks) -> None:
        """Say which of the given names fit nothing in a file."""
        present = list(dict.fromkeys(seen))
        for option, all_given in (("cut", self.cut), ("mark", self.mark), ("ignore", self.ignore)):
            for given in all_given:
                if not any(_fits(given, layer, colour) for layer, colour in present):
                    has = _listed(present, by_colour=_colour_of(given) is not None)
                    remarks.add("layer-not-found", f"--{option}-layer {given}: nothing there; the file has {has}")


AS_THE_FILE_HAS_THEM = LayerRoles()
"""No layer has a role."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """What the user says of a pattern file: its unit, its grade rule table (with its bytes, where they were read
    before), and what its layers are for."""

    units: Units | None = None
    rul: str | Path | None = None
    layers: LayerRoles = AS_THE_FILE_HAS_THEM
    rul_data: bytes | None = None


def colour_of_rgb(rgb: int) -> int:
    """The number of a colour given as 0xRRGGBB: AutoCAD's for those with a name, else one above all of AutoCAD's."""
    return _NAMED_RGB.get(rgb, 256 + rgb)


def plain_colour(colour: int | None) -> int | None:
    """A colour number of an entity; None where it takes its layer's."""
    return None if colour is None or abs(colour) in _BY_LAYER else abs(colour)


def _fits(given: str, layer: str, colour: int | None) -> bool:
    wanted = _colour_of(given)
    if wanted is not None:
        return colour == wanted
    return fnmatchcase(layer.casefold(), given.casefold())


def _colour_of(given: str) -> int | None:
    """The colour number that ``colour:red``, ``colour:1`` or ``colour:#c08040`` names; None where a layer is meant."""
    word = given.casefold()
    prefix = next((p for p in _COLOUR_WORDS if word.startswith(p)), None)
    if prefix is None:
        return None
    name = word.removeprefix(prefix).strip()
    if re.fullmatch(r"#[0-9a-f]{6}", name):
        return colour_of_rgb(int(name[1:], 16))
    number = COLOURS.get(name, int(name) if name.isascii() and name.isdigit() else 0)
    if not 1 <= number <= 255:
        raise ValueError(f"{given!r} is no colour; give 1 to 255, #rrggbb or one of {', '.join(COLOURS)}")
    return number


def _called(colour: int) -> str:
    return f"colour {colour}" if colour <= 256 else f"colour #{colour - 256:06x}"


def _listed(present: Sequence[tuple[str, int | None]], *, by_colour: bool) -> str:
    names = {(_called(colour) if colour else "no colours") if by_colour else layer for layer, colour in present}
    if by_colour and len(names) > 1:
        names.discard("no colours")
    shown = sorted(names)
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "") or "no layers"
