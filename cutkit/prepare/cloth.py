"""The fabric that comes of all that was said, and what cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isnan

from cutkit.errors import CutkitError, InputError, UsageError
from cutkit.formats.keys import FARTHEST_MM
from cutkit.model import Fabric, Notice, Roll
from cutkit.prepare.layers import Config
from cutkit.prepare.wanted import Wanted, Words

NOT_NEGATIVE = ("selvedge", "selvedge_low", "selvedge_high", "margin_start", "margin_end", "gap")
ABOVE_ZERO = ("width", "max_length", "span")


@dataclass(frozen=True, slots=True)
class Senseless:
    """A key whose value cannot be meant, and the error that says why."""

    key: str
    error: CutkitError


def senseless_words(wanted: Wanted) -> Iterator[Senseless]:
    """Every value that by itself cannot be meant. Those in files were judged when they were read."""
    name, cloth = wanted.words.name, wanted.cloth
    for key in (*NOT_NEGATIVE, *ABOVE_ZERO):
        value = cloth.get(key)
        if value is None:
            continue
        if key in NOT_NEGATIVE and value < 0:
            yield Senseless(key, UsageError(f"{name(key)} must not be negative"))
        if key in ABOVE_ZERO and value <= 0:
            yield Senseless(key, UsageError(f"{name(key)} must be above 0"))
        if value > FARTHEST_MM:
            yield Senseless(key, UsageError(f"{name(key)} must be at most {FARTHEST_MM / 1e6:g} km"))
    if isnan(cloth.get("tilt") or 0.0):
        yield Senseless("tilt", UsageError(f"{name('tilt')} is not a number"))


def senseless(config: Config, words: Words) -> Iterator[Senseless]:
    """What does not go together, as far as it shows without the patterns."""
    tilt, nap = config["tilt"], config["nap"]
    if nap != "two-way" and tilt > 90:
        message = f"{words.name('tilt')} {tilt:g} turns pieces against a {nap} nap"
        hint = f"Give at most 90 degrees, or {words.example('nap', 'two-way')}."
        yield Senseless("tilt", UsageError(message, hint=hint))
    if config["width"] is None:
        return
    fabric = fabric_of(config, "")
    if fabric.usable_width_mm <= 0:
        message = f"no usable width is left of {fabric.width_mm:g} mm between selvedges of {_selvedges(fabric)}"
        yield Senseless("selvedge", UsageError(message))
        return
    if (error := wide_gap(config["gap"], fabric.usable_width_mm, words)) is not None:
        yield Senseless("gap", error)
    if fabric.longest_mm is not None and fabric.longest_mm <= 0:
        margins = f"{fabric.start_margin_mm:g} mm and {fabric.end_margin_mm:g} mm"
        message = f"no length is left of {fabric.max_length_mm:g} mm between margins of {margins}"
        yield Senseless("max_length", UsageError(message))
    yield from _zones(config, fabric)
    yield from _flaws(config, fabric)


def _selvedges(fabric: Fabric) -> str:
    low, high = fabric.selvedge_mm, fabric.high_selvedge_mm
    return f"{low:g} mm" if high is None else f"{low:g} mm and {high:g} mm"


def _zones(config: Config, fabric: Fabric) -> Iterator[Senseless]:
    for zone in fabric.zones:
        if zone.y1_mm > fabric.usable_width_mm + 1e-6:
            usable = f"{fabric.usable_width_mm:g} mm"
            message = f"zone {zone.name!r} ends at {zone.y1_mm:g} mm, beyond the usable width of {usable}"
            where = config.setting("zones").where
            hint = "Zones are measured from the low selvedge on."
            yield Senseless("zones", InputError(message, where=where, hint=hint))


def _flaws(config: Config, fabric: Fabric) -> Iterator[Senseless]:
    """Flaws that are not on the cloth at all: nothing would be kept clear for them."""
    low, high = 0.0 - fabric.selvedge_mm, fabric.width_mm - fabric.selvedge_mm
    for flaw in fabric.defects:
        _, y0, _, y1 = flaw.box_mm
        if y0 >= high or y1 <= low:
            message = f"a flaw reaches from {y0:g} to {y1:g} mm across, and the cloth from {low:g} to {high:g}"
            hint = "Flaws are measured from the low selvedge on"
            hint += f", on {fabric.spread} cloth from the fold at the low edge, as it lies." if fabric.folds_mm else "."
            yield Senseless("flaws", InputError(message + " mm", where=config.setting("flaws").where, hint=hint))


def wide_gap(gap_mm: float, usable_mm: float, words: Words) -> UsageError | None:
    """The error that says that a gap is wider than the cloth; None where it is not."""
    if gap_mm <= usable_mm:
        return None
    return UsageError(
        f"the gap of {gap_mm:g} mm is wider than the usable width of {usable_mm:g} mm",
        hint=f"Give the least distance between two pieces, for example {words.example('gap', '2mm')}.",
    )


def fabric_of(config: Config, name: str) -> Fabric:
    """The cloth as it lies on the table, called ``name`` where it has no name of its own.

    A folded cloth lies half as wide, with a fold, and no selvedge, at its low edge; a tube has folds at both edges.
    """
    spread = config["spread"]
    low = 0.0 if spread in ("folded", "tubular") else config["selvedge_low"]
    high = 0.0 if spread == "tubular" else config["selvedge_high"]
    return Fabric(
        width_mm=config["width"] / 2 if spread == "folded" else config["width"],
        selvedge_mm=low,
        high_selvedge_mm=None if high == low else high,
        nap=config["nap"],
        name=config["name"] or name,
        max_length_mm=config["max_length"],
        defects=config["flaws"],
        start_margin_mm=config["margin_start"],
        end_margin_mm=config["margin_end"],
        spread=spread,
        has_face=config["face"],
        zones=config["zones"],
        repeat=config["repeat"],
        shrinkage=config["shrinkage"],
        weight_gsm=config["weight"],
        price_per_m=config["price"],
    )


def cloth_notices(config: Config, fabric: Fabric, rolls: Sequence[Roll]) -> Iterator[Notice]:
    """What was made of the cloth's width and selvedges because of its spread, what holds of rolls in its place, and
    that rolls are left alone where no file of them is among the sources."""
    if config["rolls"] is not None and not rolls:
        yield Notice(
            "rolls-not-used", f"the rolls of {config['rolls']} are not used here: `cutkit nest` deals them out"
        )
    others = [roll.name for roll in rolls if abs(roll.width_mm - config["width"]) > 1e-6]
    if len(others) == len(rolls) > 0:
        width = f"{config['width']:g} mm"
        yield Notice("rolls-width", f"no roll is {width} wide, as {config.setting('width').where} says: theirs hold")
    if rolls and fabric.defects:
        where = config.setting("flaws").where
        yield Notice("rolls-flaws", f"the flaws of {where} are not used: each roll has its own")
    if fabric.spread == "folded":
        yield Notice("folded", f"a layer is {fabric.width_mm:g} mm wide, half of {config['width']:g} mm")
    dropped = {"folded": ("selvedge_low",), "tubular": ("selvedge_low", "selvedge_high")}.get(fabric.spread, ())
    if any(config[key] for key in dropped):
        edges = "its low edge is" if fabric.spread == "folded" else "both of its edges are"
        yield Notice("fold-without-selvedge", f"the cloth lies {fabric.spread}: {edges} a fold, without selvedge")
