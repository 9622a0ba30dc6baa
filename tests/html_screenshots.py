"""Screenshots of the report page, to be looked at: two widths, light and dark, a piece under the pointer, and printed.

    python tests/html_screenshots.py [--out out/report] [MARKER...]

Without markers it draws a page of sample markers.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from chromium import Page, find_chromium

sys.path.insert(0, str(Path(__file__).resolve().parent / "formats"))

from sample_reports import sample_page

from cutkit.formats.html.report import report_html

SIZES = ((1280, False), (1280, True), (390, False), (390, True))


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
        for width, dark in SIZES:
            page.open(page_path, width=width, dark=dark)
            name = f"{width}-{'dark' if dark else 'light'}"
            page.screenshot(a.out / f"{name}.png")
        page.open(page_path)
        _look_closer(page)
        page.screenshot(a.out / "closer.png", whole=False)
        (a.out / "printed.pdf").write_bytes(page.printed())
        print("\n".join(page.messages) or "no console message")
    print(f"written to {a.out}")


def _look_closer(page: Page) -> None:
    """Zoom into the first marker and lay the pointer on a piece."""
    page.evaluate("document.querySelector('.sheet').scrollIntoView({behavior: 'instant'})")
    page.evaluate("document.querySelector('[data-do=in]').click(); document.querySelector('[data-do=in]').click()")
    box = page.evaluate("(r => [r.x, r.y, r.width, r.height])(document.querySelector('.view').getBoundingClientRect())")
    page.mouse("mouseMoved", box[0] + box[2] / 2, box[1] + box[3] / 2)


if __name__ == "__main__":
    main()
