"""Damage pattern files and read them: ``python tests/formats/fuzz.py [COUNT] [FIRST]``.

Every mutation of the files in ``patterns/`` (and of a picture in SVG) must end in a pattern with good outlines or in an
error that says where, within ten seconds; and a pattern that has fewer pieces than the undamaged file must say
something that the undamaged file does not. A mutation is made from its number alone, so ``fuzz.py 1 NUMBER`` repeats
it. Prints the counts, and exits 1 where there is a finding.
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from cutkit.errors import InputError
from cutkit.formats.patterns import read_pattern
from cutkit.model import Pattern

FOLDER = Path(__file__).resolve().parents[2] / "patterns"
LARGEST = 300_000
"""Larger files take their time, and damage does the same to small ones."""
LONGEST_S = 10
PICTURE = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://www.inkscape.org/namespaces/inkscape"
 width="90cm" height="80cm" viewBox="0 0 900 800">
<g i:groupmode="layer" i:label="Cut" transform="translate(10,10)">
<path id="front" d="M 0,0 C 50,20 80,40 120,40 L 200,40 C 220,150 250,200 300,220 L 300,600 L 0,600 z"/>
<path d="M 400 0 h 300 v 500 a 50 50 0 0 1 -50 50 h -250 z m 50 50 h 20 v 20 h -20 z" stroke="#ff0000"/>
<text x="150" y="300">
<tspan x="150" y="300">FRONT</tspan>
<tspan x="150" y="320">Cut 2</tspan>
</text>
</g>
<g class="note">
<circle cx="500" cy="300" r="20"/>
<use href="#front" x="0" y="0" transform="scale(0.1) rotate(20)"/>
<polyline points="50,50 50,550 60,540"/>
</g>
</svg>
"""
ODD_VALUES = (
    b"nan",
    b"1e308",
    b"-1e9",
    b"0",
    b"",
    b"-1",
    b"\xff\xfe",
    b"POLYLINE",
    b"INSERT",
    b"SPLINE",
    b"ARC",
    b"84",
    b"70",
)


class TooLongError(Exception):
    """A reading took longer than ``LONGEST_S``."""


@cache
def sources() -> tuple[tuple[str, bytes], ...]:
    """The undamaged files: suffix and bytes."""
    files = [path for path in sorted(FOLDER.glob("*.dxf")) if path.stat().st_size < LARGEST]
    return (*((".dxf", path.read_bytes()) for path in files), (".svg", PICTURE))


def damaged(number: int) -> tuple[str, bytes, int]:
    """Mutation ``number``: suffix, bytes, and the index of its source."""
    rng = random.Random(number)
    index = rng.randrange(len(sources()))
    suffix, data = sources()[index]
    if rng.random() < 0.15:
        return suffix, _bytes_changed(rng, bytearray(data)), index
    return suffix, b"\n".join(_lines_changed(rng, data.split(b"\n"))), index


def _bytes_changed(rng: random.Random, data: bytearray) -> bytes:
    for _ in range(rng.choice((1, 3, 30))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _lines_changed(rng: random.Random, lines: list[bytes]) -> list[bytes]:
    in_pairs = rng.random() < 0.6  # group codes and values of a DXF stay in step: more is read, and reaches further
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at, kind = rng.randrange(len(lines)), rng.random()
        start = at - at % 2 if in_pairs else at
        if kind < 0.4:
            lines[min(start + in_pairs, len(lines) - 1)] = rng.choice(ODD_VALUES)
        elif kind < 0.55:
            del lines[start : start + rng.choice((2, 4, 20) if in_pairs else (1, 2, 4, 20))]
        elif kind < 0.7:
            other = rng.randrange(0, len(lines), 2 if in_pairs else 1)
            lines[start:start] = lines[other : other + rng.choice((2, 4, 20, 200))]
        elif kind < 0.8 and in_pairs:
            lines[start + 1 : start + 2] = [rng.choice(lines[1::2] or [b""])]
        elif kind < 0.8:
            del lines[max(at, 4) :]
        else:
            lines[at] = rng.choice(lines)
        lines = lines or [b""]
    return lines


@cache
def undamaged(index: int) -> Pattern:
    suffix, data = sources()[index]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"whole{suffix}"
        path.write_bytes(data)
        return read_pattern(path)


@contextmanager
def at_most(seconds: int):
    """Raise TooLongError in what takes longer; without an alarm clock (Windows) it may."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(*_):
        raise TooLongError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(number: int, folder: Path) -> str:
    """What comes of a mutation: "accepted", "refused", or the finding."""
    suffix, data, index = damaged(number)
    path = folder / f"mutant{suffix}"
    path.write_bytes(data)
    try:
        with at_most(LONGEST_S):
            pattern = read_pattern(path)
    except InputError as error:
        return "refused" if error.where else "an error that does not say where"
    except TooLongError:
        return f"more than {LONGEST_S} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {error}"
    if not all(piece.outline.is_valid and piece.outline.area > 0 for piece in pattern.pieces):
        return "an outline that is not valid"
    whole = undamaged(index)
    fewer = len(pattern.pieces) < len(whole.pieces)
    known = {(notice.code, notice.message) for notice in whole.notices}
    new = {(notice.code, notice.message) for notice in pattern.notices} - known
    return "a piece is lost and nothing is said" if fewer and not new else "accepted"


def main() -> int:
    """Read the mutations; 1 where there is a finding."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    begin = time.process_time()
    results: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, first + count):
            result = outcome(number, Path(folder))
            results["finding" if result not in ("accepted", "refused") else result] += 1
            if result not in ("accepted", "refused"):
                print(f"mutation {number}: {result}", flush=True)
    told = ", ".join(f"{results[name]} {name}" for name in ("accepted", "refused", "finding"))
    print(f"{count} mutations from {first} on: {told}; {time.process_time() - begin:.0f} CPU seconds")
    return min(results["finding"], 1)


if __name__ == "__main__":
    sys.exit(main())
