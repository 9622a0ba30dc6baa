"""Grade rule tables, ``.RUL``: by how much a numbered point moves in each size.

Deltas are cumulative from the sample size and in the table's own unit. The layout of the numbers is free (all sizes on
a line, one a line, beside the rule's name), so numbers are read, not lines::

    UNITS: METRIC
    SIZE LIST: S M L
    SAMPLE SIZE: M
    RULE: DELTA 1
      -5.0, 0.0  0.0, 0.0  5.0, 0.0
    END
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from pathlib import Path

from cutkit.errors import InputError
from cutkit.formats.dxf.meaning import unit_named
from cutkit.formats.files import read_bytes, sha256_of
from cutkit.model import InputFile, Point, Units
from cutkit.units import MM_PER

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_RULE = re.compile(r"^[ \t]*RULE[ \t]*:[ \t]*(?:DELTA)?[ \t]*#?[ \t]*(\d+)", re.IGNORECASE | re.MULTILINE)
_KEY = re.compile(r"^[ \t]*([A-Z][A-Z /]*?)[ \t]*:[ \t]*(.*?)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_SIZE_LIST = re.compile(r"^[ \t]*SIZE[ \t]+LIST[ \t]*:([^:]*?\S[^:]*?)(?=\n[^:\n]*:|\Z)", re.IGNORECASE | re.MULTILINE)
MOST_SIZES = 500
LONGEST_HEAD, LONGEST_LINE = 100_000, 2000
MOST_DELTA_MM = 5000.0
USUAL_STEP_MM = (1.0, 120.0)
"""From one size to the next the point that moves the most moves by something between these."""


@dataclass(frozen=True)
class RuleTable:
    """A grade rule table: for each rule one move (dx, dy) in mm per size, from the sample size; ``sizes`` in order.

    ``remarks`` (code and message) are for the user.
    """

    file: InputFile
    name: str
    sizes: tuple[str, ...]
    sample_size: str
    rules: dict[int, tuple[Point, ...]]
    remarks: tuple[tuple[str, str], ...] = ()

    def delta(self, rule: int, size: str, base: str) -> Point:
        """How a point of a rule moves from the size ``base`` to ``size``, in mm; KeyError for an unknown rule."""
        moves = self.rules[rule]
        to, start = moves[self.sizes.index(size)], moves[self.sizes.index(base)]
        return to[0] - start[0], to[1] - start[1]


def find_rule_table(pattern: str | Path, named: str = "") -> Path | None:
    """The rule table beside a pattern file, however it is capitalised: of the same name with the suffix ``.rul``, else
    of the name that the pattern calls its table by (``named``)."""
    path = Path(pattern)
    try:
        beside = sorted(path.parent.iterdir())
    except OSError:
        return None
    for stem in (path.stem, named):
        wanted = stem.casefold() if stem.casefold().endswith(".rul") else f"{stem}.rul".casefold()
        found = next((other for other in beside if stem and other.name.casefold() == wanted), None)
        if found is not None:
            return found
    return None


def read_rule_table(path: str | Path, pattern_units: Units = "mm") -> RuleTable:
    """The rule table in a file; a table without a unit is in the pattern's.

    InputError with the line where it is no rule table, or where a rule has not one pair of numbers for every size.
    """
    return parse_rule_table(read_bytes(path), pattern_units, where=str(path))


def parse_rule_table(data: bytes, pattern_units: Units, *, where: str) -> RuleTable:
    """The rule table in the bytes of its file; ``where`` names it in errors."""
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    starts = list(_RULE.finditer(text))
    head = text[: starts[0].start()] if starts else text[:LONGEST_HEAD]
    head = "\n".join(line[:LONGEST_LINE] for line in head[:LONGEST_HEAD].split("\n"))
    keys = {" ".join(m.group(1).upper().split()): m.group(2) for m in _KEY.finditer(head)}
    sizes = _size_list(head)
    if not sizes or not starts:
        missing = "SIZE LIST" if not sizes else "RULE: DELTA"
        raise InputError(f"this is no grade rule table: it has no {missing!r}", where=where)
    _check_sizes(sizes, keys, where)
    mm = MM_PER[_units(keys, pattern_units, where)]
    end_mark = re.compile(r"^[ \t]*END\b", re.IGNORECASE | re.MULTILINE).search(text, starts[-1].end())
    ends = [m.start() for m in starts[1:]] + [end_mark.start() if end_mark else len(text)]
    rules: dict[int, tuple[Point, ...]] = {}
    for match, end in zip(starts, ends, strict=True):
        line = text.count("\n", 0, match.start()) + 1
        place = f"{where}, line {line}, rule {match.group(1)}"
        moves = _moves(text[match.end() : end], len(sizes), mm, place)
        if rules.setdefault(int(match.group(1)), moves) != moves:
            raise InputError("the rule is given twice, with different numbers", where=place)
    sample = _sample_size(keys.get("SAMPLE SIZE", ""), sizes, rules, where)
    remarks = _remarks(where, rules, ended=end_mark is not None)
    if any(moves[sizes.index(sample)] != (0.0, 0.0) for moves in rules.values()):
        message = f"{where}: points move in the sample size {sample} itself: the moves are taken from there on"
        remarks = (*remarks, ("grade-sample-moves", message))
    return RuleTable(InputFile(where, sha256_of(data)), keys.get("GRADE RULE TABLE", ""), sizes, sample, rules, remarks)


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return text.translate({0x2212: "-", 0x2013: "-"})  # a minus sign or a dash, as a text program makes them of "-"


def _size_list(head: str) -> tuple[str, ...]:
    """The sizes of a table in their order; a long list may run over several lines."""
    listed = _SIZE_LIST.search(head)
    return tuple(re.split(r"[\s,;]+", listed.group(1).strip(" \t\n,;"))) if listed else ()


def _units(keys: dict[str, str], pattern_units: Units, where: str) -> Units:
    named = keys.get("UNITS", "").strip()
    units = unit_named(named) if named else pattern_units
    if units is None:
        raise InputError(f"its UNITS {named!r} are not known", where=where, hint="Write METRIC or ENGLISH (inches).")
    return units


def _remarks(where: str, rules: dict[int, tuple[Point, ...]], *, ended: bool) -> tuple[tuple[str, str], ...]:
    """What is odd about the table as a whole: no end, or moves that no grading has."""
    remarks: list[tuple[str, str]] = []
    if not ended:
        remarks.append(("rules-without-end", f"{where}: the rule table has no END: it may be cut off"))
    steps = (math.dist(a, b) for moves in rules.values() for a, b in itertools.pairwise(moves))
    largest = max(steps, default=0.0)
    if largest and not USUAL_STEP_MM[0] <= largest <= USUAL_STEP_MM[1]:
        message = f"from one size to the next points move by up to {largest:.3g} mm: is the unit of {where} right?"
        remarks.append(("grade-implausible", message))
    return tuple(remarks)


def _check_sizes(sizes: tuple[str, ...], keys: dict[str, str], where: str) -> None:
    if len(set(sizes)) < len(sizes) or len(sizes) > MOST_SIZES:
        raise InputError(f"its SIZE LIST names a size twice, or too many: {' '.join(sizes[:20])}", where=where)
    count = keys.get("NUMBER OF SIZES", "").strip()
    if count.isdigit() and int(count) != len(sizes):
        raise InputError(
            f"it says NUMBER OF SIZES: {count}, but its SIZE LIST has {len(sizes)}: {' '.join(sizes)}", where=where
        )


def _moves(text: str, sizes: int, mm: float, place: str) -> tuple[Point, ...]:
    if odd := re.search(r"[^\s,;()]+", _NUMBER.sub(" ", text)):
        raise InputError(f"{odd.group()[:20]!r} among the numbers of a rule", where=place)
    numbers = [float(n) * mm for n in _NUMBER.findall(text)]
    if len(numbers) != 2 * sizes:
        raise InputError(
            f"{len(numbers)} numbers where {sizes} sizes need {2 * sizes}",
            where=place,
            hint="Every rule has one pair dx, dy for every size of the SIZE LIST.",
        )
    if any(abs(n) > MOST_DELTA_MM for n in numbers):
        raise InputError(f"a point would move by more than {MOST_DELTA_MM / 1000:g} m", where=place)
    return tuple(zip(numbers[0::2], numbers[1::2], strict=True))


def _sample_size(named: str, sizes: tuple[str, ...], rules: dict[int, tuple[Point, ...]], where: str) -> str:
    """The named sample size, else the one in which no point moves."""
    if named.strip() in sizes:
        return named.strip()
    still = [s for i, s in enumerate(sizes) if all(moves[i] == (0.0, 0.0) for moves in rules.values())]
    if named.strip() or len(still) != 1:
        raise InputError(
            f"its SAMPLE SIZE {named.strip()!r} is not in its SIZE LIST: {' '.join(sizes)}"
            if named.strip()
            else "it has no SAMPLE SIZE",
            where=where,
        )
    return still[0]
