"""``python -m patterns.draft [--out FOLDER]``: drafts every garment and writes its files."""

from __future__ import annotations

import argparse
from pathlib import Path

from patterns.draft.files import drafted_files


def main() -> None:
    """Writes all files and says which."""
    parser = argparse.ArgumentParser(prog="python -m patterns.draft", description=__doc__)
    here = Path(__file__).resolve().parent.parent
    parser.add_argument("--out", type=Path, default=here, help="folder to write to (default: beside the program)")
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    for name, data in drafted_files().items():
        (out / name).write_bytes(data)
        print(f"{name}: {len(data) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
