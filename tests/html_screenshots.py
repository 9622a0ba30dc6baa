"""Screenshots of the report page, to be looked at: two widths, light and dark, the first screen of each, a piece under
the pointer, and printed.

    python tests/html_screenshots.py [--out out/report] [--page PAGE]

Without a page it draws one of sample markers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chromium import Page, find_chromium

sys.path.insert(0, str(Path(__file__).resolve().parent / "formats"))

from sample_reports import sample_page

from cutkit.formats.html.report import report_html

SCREENS = {1280: 900, 390: 844}
"""Widths with the height of their screens."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("out/report"))
    parser.add_argument("--page", type=Path, help="a page that is there already")
    a = parser.parse_args()
    program = find_chromium()
    if program is None:
        sys.exit("no Chromium is installed (apt-get install chromium)")
    a.out.mkdir(parents=True, exist_ok=True)
    page_path = a.page or a.out / "report.html"
    if a.page is None:
        page_path.write_text(report_html(sample_page()), encoding="utf-8")
    with Page(program) as page:
        take(page, page_path, a.out)
        print("\n".join(page.messages) or "no console message")
    print(f"written to {a.out}")


def take(page: Page, path: Path, out: Path) -> None:
    """All pictures of the page at ``path``, to a folder that is there."""
    for width, height in SCREENS.items():
        for scheme in ("light", "dark"):
            page.open(path, width=width, height=height, dark=scheme == "dark")
            page.screenshot(out / f"{width}-{scheme}.png")
        page.open(path, width=width, height=height)
        page.screenshot(out / f"{width}-first.png", whole=False)
    page.open(path)
    if page.evaluate("document.querySelector('.sheet') !== null"):
        _look_closer(page)
        page.screenshot(out / "closer.png", whole=False)
    (out / "printed.pdf").write_bytes(page.printed())


def _look_closer(page: Page) -> None:
    """Zoom into the first marker and lay the pointer on a piece."""
    page.evaluate("document.querySelector('.sheet').scrollIntoView({behavior: 'instant'})")
    page.evaluate("document.querySelector('[data-do=in]').click(); document.querySelector('[data-do=in]').click()")
    box = page.evaluate("(r => [r.x, r.y, r.width, r.height])(document.querySelector('.view').getBoundingClientRect())")
    page.mouse("mouseMoved", box[0] + box[2] / 2, box[1] + box[3] / 2)


if __name__ == "__main__":
    main()
