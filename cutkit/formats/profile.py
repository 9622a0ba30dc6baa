"""Cutter profiles: one machine as plain data, a TOML file. ``cutkit/profiles/README.md`` explains every key.

Reading is strict, because a profile that is misread cuts wrong: an unknown key, a missing one, a wrong type and an
unknown field in a command text are refused, with what was probably meant.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from importlib import resources
from math import isfinite
from pathlib import Path
from string import Formatter
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from cutkit.errors import InputError, UsageError
from cutkit.formats.files import is_toml_path, read_bytes
from cutkit.toolpath import CutterProfile

NAME_KEY = "name"
"""Not a key of the file: a profile is named after it."""
BASE_KEY = "base"
"""Not a key of a profile either: the profile whose values hold where the file has none of its own."""
WORDS_FOR_NONE = (("table", "length_mm", "endless"), ("knife", "start_deg", "unknown"), ("link", "barrier", "none"))
"""Where a word stands for None, which TOML cannot say: it must not come from forgetting the key, or takes away what the
base has."""

TEXT_FIELDS: Mapping[str, tuple[str, ...]] = {
    "program.header": (),
    "program.footer": (),
    "program.travel": ("x", "y", "angle"),
    "program.cut": ("x", "y", "feed", "angle"),
    "program.first_cut": ("x", "y", "feed", "angle"),
    "program.turn": ("angle", "feed"),
    "program.comment": ("text",),
    "program.piece": ("number",),
    "windows.feed": ("advance", "advance_mm"),
    "windows.zero": (),
    "link.barrier": (),
    "tools.*.select": ("number", "feed"),
    "tools.*.down": ("number", "feed"),
    "tools.*.up": ("number", "feed"),
}
"""The command texts of a profile and the fields in braces that each may use."""

REQUIRED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "program.travel": ("x", "y"),
    "program.cut": ("x", "y"),
    "program.first_cut": ("x", "y"),
    "program.turn": ("angle",),
    "program.comment": ("text",),
    "program.piece": ("number",),
}
"""The fields that a command text cannot do without."""

_POSITIVE = (
    "table.length_mm",
    "table.width_mm",
    "coordinates.units_per_mm",
    "motion.travel_mm_s",
    "motion.cut_mm_s",
    "motion.acceleration_mm_s2",
    "motion.junction_deviation_mm",
    "motion.feed_per_mm_s",
    "motion.steps_per_mm",
    "motion.turn_deg_s",
    "plunge.speed_mm_s",
    "plunge.acceleration_mm_s2",
    "tools.*.cut_mm_s",
    "program.longest_line",
    "program.longest_cut_mm",
    "windows.bite_mm",
    "windows.feed_mm_s",
    "strokes.column_mm",
    "strokes.bridge_mm",
    "link.buffer_bytes",
    "link.baud",
)
_NOT_NEGATIVE = (
    "table.margin_mm",
    "coordinates.decimals",
    "knife.offset_mm",
    "knife.swivel_above_deg",
    "knife.overcut_mm",
    "knife.lead_in_mm",
    "knife.lift_above_deg",
    "knife.length_mm",
    "knife.corner_overcut_mm",
    "knife.least_radius_mm",
    "fine_knife.lift_above_deg",
    "fine_knife.length_mm",
    "fine_knife.corner_overcut_mm",
    "fine_knife.least_radius_mm",
    "fine_knife.overcut_mm",
    "strokes.bridges",
    "windows.overlap_mm",
    "motion.tool_down_s",
    "motion.tool_up_s",
    "motion.line_s",
    "tools.*.number",
)


def profile_names() -> tuple[str, ...]:
    """The names of the profiles that come with cutkit, in alphabetical order."""
    folder = resources.files("cutkit") / "profiles"
    return tuple(sorted(f.name[: -len(".toml")] for f in folder.iterdir() if f.name.endswith(".toml")))


def load_profile(name_or_path: str) -> CutterProfile:
    """The profile of that name, or of a TOML file (see ``is_toml_path``).

    UsageError for a name that cutkit does not know, with the nearest one; InputError, naming file and key, for a file
    that is missing or says something that cannot be right.
    """
    if is_toml_path(name_or_path):
        return parse_profile(read_bytes(name_or_path), Path(name_or_path).stem, name_or_path)
    names = profile_names()
    if name_or_path not in names:
        near = get_close_matches(name_or_path.lower(), names, 1, cutoff=0.5)
        raise UsageError(
            f"unknown cutter {name_or_path!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            hint=f"Known are {', '.join(names)}; a profile of your own is given as FILE.toml.",
        )
    data = (resources.files("cutkit") / "profiles" / f"{name_or_path}.toml").read_bytes()
    return parse_profile(data, name_or_path, f"profile {name_or_path}")


def parse_profile(data: bytes, name: str, where: str) -> CutterProfile:
    """The profile that the bytes of a TOML file describe; InputError, naming ``where`` and the key, if it is wrong."""
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8 text (byte {error.start})", where=where) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not TOML: {error}", where=where) from error
    if NAME_KEY in table:
        raise InputError("key 'name': a profile is named after its file; leave the key out", where=where)
    if BASE_KEY in table:
        table = _on_its_base(table, where)
    table[NAME_KEY] = name
    faults = [*_key_faults(CutterProfile, table, "")]
    if not faults:
        _words_to_none(table)
        try:
            profile = msgspec.convert(table, CutterProfile)
        except msgspec.ValidationError as error:
            raise InputError(_type_fault(str(error)), where=where) from error
        faults = [*_text_faults(table), *_number_faults(table), *_sense_faults(profile)]
        if not faults:
            return profile
    raise InputError("; ".join(faults), where=where, hint="Every key is explained in cutkit/profiles/README.md.")


def _on_its_base(table: dict[str, Any], where: str) -> dict[str, Any]:
    """A table with all that it does not say itself taken from the profile that it names as its base.

    ``tried_on_hardware`` and ``sources`` are never taken over: they are of the other machine.
    """
    base = table.pop(BASE_KEY)
    names = profile_names()
    if base not in names:
        raise InputError(f"key 'base': {base!r} is unknown; {_meant(str(base), names)}", where=where)
    inherited = tomllib.loads((resources.files("cutkit") / "profiles" / f"{base}.toml").read_text(encoding="utf-8"))
    if BASE_KEY in inherited:
        inherited = _on_its_base(inherited, f"profile {base}")
    for own in ("tried_on_hardware", "sources"):
        inherited.pop(own, None)
    return _merged(inherited, table)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Two tables as one: of a key in both the one above counts, and tables are merged key by key."""
    merged = dict(below)
    for key, value in above.items():
        lower = merged.get(key)
        merged[key] = _merged(lower, value) if isinstance(lower, dict) and isinstance(value, dict) else value
    return merged


def _words_to_none(table: dict[str, Any]) -> None:
    for group, key, word in WORDS_FOR_NONE:
        entries = table.get(group)
        if isinstance(entries, dict) and entries.get(key) == word:
            entries[key] = None


def _key_faults(noun: Any, table: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """Unknown and missing keys of a table that is to become the dataclass ``noun``."""
    known: dict[str, Field[Any]] = {f.name: f for f in fields(noun)}
    hints = get_type_hints(noun)
    for key in table:
        if key not in known:
            yield f"key {prefix + key!r} is unknown; {_meant(key, [k for k in known if k != NAME_KEY])}"
    for key, entry in known.items():
        if key in table:
            yield from _value_faults(hints[key], table[key], prefix + key)
        elif entry.default is MISSING and entry.default_factory is MISSING:
            yield f"key {prefix + key!r} is missing"


def _value_faults(hint: Any, value: Any, key: str) -> Iterator[str]:
    """The key faults inside a value, and words that are not of a fixed list; plain types are left to msgspec."""
    if is_dataclass(hint) and isinstance(value, dict):
        yield from _key_faults(hint, value, f"{key}.")
    elif get_origin(hint) is Literal and isinstance(value, str) and value not in get_args(hint):
        yield f"key {key!r}: {value!r} is unknown; {_meant(value, get_args(hint))}"
    elif get_origin(hint) is Mapping and isinstance(value, dict):
        inner_key, inner = get_args(hint)
        for name, entry in value.items():
            yield from _value_faults(inner_key, name, f"{key}.{name}")
            yield from _value_faults(inner, entry, f"{key}.{name}")


def _meant(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word.lower(), known, 1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def _type_fault(message: str) -> str:
    """msgspec's message with the key in front: "Expected `float`, got `str` - at `$.table.width_mm`"."""
    what, _, where = message.partition(" - at ")
    key = where.strip("`").removeprefix("$.").replace("[...]", "")
    what = what[:1].lower() + what[1:]
    return f"key {key!r}: {what}" if key else what


def _entries(table: Mapping[str, Any], pattern: str) -> Iterator[tuple[str, Any]]:
    """Every key that fits a dotted pattern ("tools.*.down") with its value."""
    found: list[tuple[str, Any]] = [("", table)]
    for part in pattern.split("."):
        found = [
            (f"{path}.{key}".lstrip("."), value[key])
            for path, value in found
            if isinstance(value, Mapping)
            for key in (value if part == "*" else [part])
            if value.get(key) is not None
        ]
    yield from found


def _text_faults(table: Mapping[str, Any]) -> Iterator[str]:
    """Command texts with characters or fields that they may not have."""
    for pattern, allowed in TEXT_FIELDS.items():
        for key, text in _entries(table, pattern):
            if not all(c == "\n" or " " <= c <= "~" for c in text):
                yield f"key {key!r}: only printable ASCII and line feeds may be sent to a machine"
            yield from _field_faults(key, text, allowed, REQUIRED_FIELDS.get(pattern, ()))


def _field_faults(key: str, text: str, allowed: tuple[str, ...], required: tuple[str, ...]) -> Iterator[str]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        yield f"key {key!r}: {error}; write {{{{ or }}}} for a brace of the text itself"
        return
    used = {name for _, name, _, _ in parts if name is not None}
    for name in sorted(used - set(allowed)):
        near = get_close_matches(name.lower(), allowed, 1)
        known = ", ".join(f"{{{a}}}" for a in allowed) or "none"
        meant = f"did you mean {{{near[0]}}}?" if near else f"it may use {known}"
        yield f"key {key!r}: unknown field {{{name}}}; {meant}"
    if any(form or conversion for _, _, form, conversion in parts):
        yield f"key {key!r}: a field takes no format; the profile's coordinates say how numbers are written"
    for name in required:
        if name not in used:
            yield f"key {key!r}: the field {{{name}}} is missing"


def _number_faults(table: Mapping[str, Any]) -> Iterator[str]:
    """Numbers that must be positive, or not negative, and are not; not a number and infinity are neither."""
    for pattern in _POSITIVE:
        for key, value in _entries(table, pattern):
            if not 0 < value < float("inf"):
                yield f"key {key!r}: {value} must be above 0"
    for pattern in _NOT_NEGATIVE:
        for key, value in _entries(table, pattern):
            if not 0 <= value < float("inf"):
                yield f"key {key!r}: {value} must not be below 0"


def _turned_faults(profile: CutterProfile) -> Iterator[str]:
    """What is wrong with a blade that the machine turns, or with the finer knife beside it."""
    turned = profile.knife.kind in ("tangential", "rotary")
    if turned and "{angle}" not in profile.program.cut:
        yield "key 'program.cut': the field {angle} is missing; the blade is turned along the way"
    if not turned and "fine" in profile.tools:
        yield "key 'tools.fine': a finer knife goes with a tangential knife or a rotary blade"
    if profile.fine_knife.kind not in ("none", "tangential"):
        yield 'key \'fine_knife.kind\': "none" or "tangential"'
    if profile.knife.kind == "drag" and profile.knife.length_mm:
        yield "key 'knife.length_mm': only a blade that the machine turns has it"
    if not 0 < profile.knife.lift_above_deg <= 90:
        yield "key 'knife.lift_above_deg': above 0, at most 90"


def _sense_faults(profile: CutterProfile) -> Iterator[str]:
    """What is wrong although every key by itself is right."""
    low, high = profile.coordinates.lowest_units, profile.coordinates.highest_units
    if not all(isfinite(value) for value in (low, high) if value is not None):
        yield "key 'coordinates.lowest_units', 'highest_units': leave out what has no limit"
    elif low is not None and high is not None and not low < high:
        yield "key 'coordinates.lowest_units': it must lie below highest_units"
    if (profile.lift == "pen") != (profile.dialect != "gcode"):
        yield 'key \'lift\': "spindle" (M3 S, M5) and "z" go with the dialect gcode, "pen" (PU, PD) with any other'
    if profile.program.line_end != "lf" and profile.dialect == "gcode":
        yield "key 'program.line_end': lines of G-code end with \"lf\""
    if profile.controller != "grbl" and profile.dialect != "gcode":
        yield "key 'controller': it goes with the dialect gcode"
    if (profile.lift == "z") != (profile.plunge is not None):
        yield "key 'plunge': a tool on a Z axis (lift = \"z\") has this table, and no other"
    if profile.plunge is not None and not profile.plunge.through_mm < profile.plunge.touch_mm:
        yield "key 'plunge.through_mm': it must lie below touch_mm"
    if profile.knife.start_deg is not None and not isfinite(profile.knife.start_deg):
        yield "key 'knife.start_deg': a direction in degrees, or \"unknown\""
    if profile.coordinates.decimals > 6:
        yield "key 'coordinates.decimals': at most 6"
    if "knife" not in profile.tools and "pen" not in profile.tools:
        yield "key 'tools': a cutter has a knife or a pen, or both"
    if profile.knife.kind == "drag" and profile.knife.offset_mm == 0:
        yield "key 'knife.offset_mm': a drag knife has an offset; without one its kind is \"none\""
    if profile.knife.kind != "drag" and profile.knife.offset_mm:
        yield "key 'knife.offset_mm': only a drag knife has an offset; set knife.kind = \"drag\""
    yield from _turned_faults(profile)
    turned = profile.knife.kind in ("tangential", "rotary")
    if turned != (profile.program.turn is not None):
        yield "key 'program.turn': a tangential knife or a rotary blade has this text, and no other"
    yield from _feed_faults(profile)
    numbers = [texts.number for texts in profile.tools.values() if texts.number is not None]
    if len(set(numbers)) < len(numbers):
        yield "key 'tools': two tools have the same number"
    for tool, texts in profile.tools.items():
        if texts.number == 0 and profile.dialect == "hpgl":
            yield f"key 'tools.{tool}.number': SP0 puts the tool away; numbers begin at 1"
        if texts.number is None and any("{number}" in t for t in (texts.select, texts.down, texts.up)):
            yield f"key 'tools.{tool}.number' is missing; the texts use {{number}}"


def _feed_faults(profile: CutterProfile) -> Iterator[str]:
    """Feeds of the cloth that no parser could tell from other commands, or whose length nobody knows."""
    windows = profile.windows
    if windows is None:
        return
    reach = profile.table.length_mm
    if windows.bite_mm is not None and reach is not None and windows.bite_mm > reach - windows.overlap_mm:
        yield "key 'windows.bite_mm': it must leave the overlap of the table's length, or cuts would be lost between"
    if windows.feed is None:
        return
    if profile.dialect in ("gpgl", "dmpl") or profile.controller == "marlin":
        yield "key 'windows.feed': this language has no feed of the cloth; without the key there is a program a window"
    lines = [line for line in windows.feed.split("\n") if line.strip()]
    telling = [line for line in lines if any(name is not None for _, name, _, _ in Formatter().parse(line))]
    if len(telling) > 1 or (not telling and len(lines) != 1):
        yield "key 'windows.feed': one line of it moves the cloth, that with {advance} or {advance_mm}, or the only one"
    elif not telling and windows.bite_mm is None:
        yield "key 'windows.bite_mm' is missing: the feed has no {advance}, so say how far it always moves the cloth"
    elif telling and sum(name is not None for _, name, _, _ in Formatter().parse(telling[0])) > 1:
        yield "key 'windows.feed': it says once how far, by {advance} or {advance_mm}"
