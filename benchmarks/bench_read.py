"""Reading pattern files: cutkit beside ezdxf's ``readfile`` on the same file, and one very large file.

``python benchmarks/bench_read.py [FILE.dxf ...] [--repeat N] [--blocks N]``; without files the project's own patterns.
ezdxf only takes the container apart; cutkit makes pieces of it. Both run in turn in this process, each with a warm
start; medians, and cutkit's time over ezdxf's. The project wants 1.5 over all files together, and for 20 MB with 5,000
blocks 20 s and 1 GB.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import ezdxf
from ezdxf.lldxf.const import DXFError

from cutkit.errors import InputError
from cutkit.formats.patterns import read_pattern

PATTERNS = Path(__file__).resolve().parents[1] / "patterns"
SIZES = ("XS", "S", "M", "L", "XL")
POINTS = 42
"""Points of an outline in the large file: 5,000 blocks take 20 MB."""


def seconds(call: Callable[[], object]) -> float | None:
    """How long a call takes; None where the file is refused."""
    begin = time.perf_counter()
    try:
        call()
    except (DXFError, InputError):
        return None
    return time.perf_counter() - begin


def median_pair(path: Path, repeat: int) -> tuple[float | None, float | None]:
    """The medians of cutkit and ezdxf on a file, each None where it refuses it."""
    ours, theirs = [], []
    for _ in range(repeat):
        ours.append(seconds(lambda: read_pattern(path)))
        theirs.append(seconds(lambda: ezdxf.readfile(path)))
    return _median(ours), _median(theirs)


def _median(times: list[float | None]) -> float | None:
    taken = [t for t in times if t is not None]
    return statistics.median(taken) if taken else None


def compare(files: list[Path], repeat: int) -> None:
    """A row per file, and the sums over those that both read."""
    print("| file | kB | cutkit, ms | ezdxf, ms | ratio |")
    print("|---|---|---|---|---|")
    sums = [0.0, 0.0]
    for path in files:
        ours, theirs = median_pair(path, repeat)
        both = ours is not None and theirs is not None
        if both:
            sums = [sums[0] + ours, sums[1] + theirs]
        ratio = f"{ours / theirs:.2f}" if both else "-"
        shown = ["refused" if t is None else f"{1000 * t:.1f}" for t in (ours, theirs)]
        print(f"| {path.name} | {path.stat().st_size / 1000:.0f} | {shown[0]} | {shown[1]} | {ratio} |", flush=True)
    if sums[1]:
        print(f"| all that both read | | {1000 * sums[0]:.1f} | {1000 * sums[1]:.1f} | {sums[0] / sums[1]:.2f} |")


def large_file(path: Path, blocks: int) -> None:
    """Write an ASTM file with so many blocks, each a piece in one of five sizes with notches, a grain and texts."""
    with open(path, "w", encoding="ascii") as out:
        out.write("0\nSECTION\n2\nHEADER\n0\nENDSEC\n0\nSECTION\n2\nBLOCKS\n")
        for number in range(blocks):
            size = SIZES[number % 5]
            name = f"PIECE{number // 5}"
            out.write(f"0\nBLOCK\n8\n1\n2\n{name}_{size}\n70\n64\n10\n0.0\n20\n0.0\n")
            for layer in ("1", "84", "14"):
                out.write(f"0\nPOLYLINE\n8\n{layer}\n66\n1\n70\n1\n")
                for k in range(POINTS):
                    x, y = _on_rim(k, 300.0 + number % 5, 200.0, 0.0 if layer != "14" else 10.0)
                    out.write(f"0\nVERTEX\n8\n{layer}\n10\n{x:.4f}\n20\n{y:.4f}\n")
                out.write(f"0\nSEQEND\n8\n{layer}\n")
            for k in range(4):
                x, y = _on_rim(7 * k, 300.0 + number % 5, 200.0, 0.0)
                out.write(f"0\nPOINT\n8\n4\n10\n{x:.4f}\n20\n{y:.4f}\n30\n5.0\n39\n0.0\n")
            out.write("0\nLINE\n8\n7\n10\n50.0\n20\n100.0\n11\n250.0\n21\n100.0\n")
            for text in (f"Piece Name: {name}", f"Size: {size}", "Quantity: 1,1", "Material: SHELL"):
                out.write(f"0\nTEXT\n8\n1\n10\n100.0\n20\n100.0\n40\n5.0\n1\n{text}\n")
            out.write("0\nENDBLK\n8\n1\n")
        out.write("0\nENDSEC\n0\nSECTION\n2\nENTITIES\n")
        out.write("0\nTEXT\n8\n1\n10\n0.0\n20\n0.0\n40\n5.0\n1\nUnits: METRIC\n")
        for number in range(blocks):
            size = SIZES[number % 5]
            out.write(f"0\nINSERT\n8\n1\n2\nPIECE{number // 5}_{size}\n10\n0.0\n20\n0.0\n")
        out.write("0\nENDSEC\n0\nEOF\n")


def _on_rim(k: int, width: float, height: float, inset: float) -> tuple[float, float]:
    """Point ``k`` of POINTS on the rim of a box, ``inset`` inside it."""
    along = 4.0 * (k % POINTS) / POINTS
    side, share = int(along), along - int(along)
    w, h = width - 2 * inset, height - 2 * inset
    x, y = ((share * w, 0.0), (w, share * h), ((1 - share) * w, h), (0.0, (1 - share) * h))[side]
    return x + inset, y + inset


def measure_large(blocks: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.dxf"
        large_file(path, blocks)
        begin = time.perf_counter()
        pieces = len(read_pattern(path).pieces)
        taken = time.perf_counter() - begin
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        size = path.stat().st_size / 1e6
        print(f"\n{size:.0f} MB, {blocks} blocks: {pieces} pieces in {taken:.1f} s, {memory:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--blocks", type=int, default=5000, help="blocks of the large file; 0: none")
    options = parser.parse_args()
    if options.blocks:  # first: the memory is the process's
        measure_large(options.blocks)
    compare(options.files or sorted(PATTERNS.glob("*.dxf")), options.repeat)


if __name__ == "__main__":
    sys.exit(main())
