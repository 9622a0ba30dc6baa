"""The report page: whole, escaped, self-contained; and in a real browser, where one is there, quiet and of use."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import html_screenshots
import pytest
from chromium import Page, find_chromium
from sample_reports import FAILED, HOSTILE, ruled_page, sample_page

from cutkit.formats.html.report import report_html

VOID = {"meta", "link", "input", "br", "img"}


@pytest.fixture(scope="module")
def html() -> str:
    return report_html(sample_page())


class _Tags(HTMLParser):
    """Every tag with its attributes, every text, and whether all that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def parsed(html) -> _Tags:
    tags = _Tags()
    tags.feed(html)
    return tags


def test_every_tag_is_closed_and_no_slot_is_left(html, parsed):
    assert parsed.open == []
    slots = set(re.findall(r"\{\{\w+\}\}", html))
    assert slots == {"{{title}}"}, "one that a piece's name brought along"


def test_nothing_is_fetched_from_anywhere(html, parsed):
    for tag, attributes in parsed.tags:
        assert tag not in ("img", "iframe", "object", "embed", "base")
        assert "src" not in attributes
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    assert not re.search(r"@import|url\((?!#)", html)
    policy = next(a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy


def test_names_are_text_and_never_markup(parsed):
    assert [tag for tag, _ in parsed.tags].count("script") == 1
    assert "b" not in {tag for tag, _ in parsed.tags}
    assert HOSTILE in parsed.texts
    names = {attributes["data-name"] for tag, attributes in parsed.tags if tag == "use"}
    assert HOSTILE in names


def test_the_page_holds_what_the_report_has(parsed):
    page, text = sample_page(), "\n".join(parsed.texts)
    for figure in (*page.headlines, *(f for sheet in page.sheets for f in sheet.figures)):
        assert figure.value in text
    for line in page.balance:
        assert f"{line.area_mm2 / 1e6:.4f}" in text
    assert all(note in text for note in page.notes)
    for answer in page.answers:
        assert {answer.question, answer.answer, *sum(answer.lines + answer.then, ())} <= set(parsed.texts)
        for item in answer.items:
            assert {item.name, item.danger, item.todo, *sum(item.facts, ())} <= set(parsed.texts)
    assert text.count(FAILED.danger) == 2, "in its answer and further down"
    placed = sum(len(sheet.marker.placements) for sheet in page.sheets)
    assert sum(tag == "use" for tag, _ in parsed.tags) == placed


def test_ids_are_unique(parsed):
    ids = [attributes["id"] for _, attributes in parsed.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    targets = {(attributes.get("xlink:href") or "")[1:] for tag, attributes in parsed.tags if tag == "use"}
    assert targets <= set(ids)


def test_the_same_page_gives_the_same_text(html):
    assert report_html(sample_page()) == html


@pytest.fixture(scope="module")
def ruled_html() -> str:
    return report_html(ruled_page())


def test_the_marker_shows_the_rules_of_cloth_with_a_legend(ruled_html, parsed):
    ruled = _Tags()
    ruled.feed(ruled_html)
    assert ruled.open == []

    def rules(tags: _Tags) -> set[str]:
        kinds = [(attributes.get("class") or "") for tag, attributes in tags.tags if tag == "path"]
        return {kind.removeprefix("rule ") for kind in kinds if kind.startswith("rule ")}

    on_cloth = {"zone", "repeat", "splice", "tie", "block", "flaw", "link", "match", "section", "fold"}
    in_legend = {"margin", "selvedge", "grain", "mirrored", "may-mirror", "tilt", "locked"}
    assert rules(ruled) == on_cloth | in_legend
    assert rules(parsed) == {"grain", "mirrored", "selvedge", "flaw", "splice"}, (
        "the plain page has a flaw and no other rule"
    )
    for words in ("fold of the cloth", "flaw, only for class C", "splice, 4 bands", "off grain, 3° at most"):
        assert words in ruled.texts
        assert words not in parsed.texts


def test_pieces_tell_their_rules_and_the_cloth_begins_at_its_margin(ruled_html):
    tags = _Tags()
    tags.feed(ruled_html)
    told = [attributes.get("data-rules", "") for tag, attributes in tags.tags if tag == "use"]
    assert any("locked" in rules for rules in told)
    assert any("+3° off grain" in rules and "block, buffer 5 mm" in rules for rules in told)
    assert any("hem: match side, " in rules and "half, on the fold" in rules for rules in told)
    marker = ruled_page().sheets[0].marker
    view = next(a["viewbox"] for tag, a in tags.tags if tag == "svg" and a.get("class") == "marker")
    assert [float(v) for v in view.split(",")][:3:2] == pytest.approx([-30.0, marker.length_mm + 75.0], abs=1e-2)
    rects = {
        a["class"]: a for tag, a in tags.tags if tag == "rect" and a.get("class") in ("selvedge", "margin", "cloth")
    }
    assert [float(rects[kind]["y"]) for kind in ("selvedge", "margin", "cloth")] == [0, 22, 22]
    assert [float(rects[kind]["x"]) for kind in ("selvedge", "margin", "cloth")] == [-30, -30, 0]


# ------------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def browser():
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed")
    try:
        page = Page(program)
    except (OSError, RuntimeError, TimeoutError) as error:
        pytest.skip(f"Chromium does not start here: {error}")
    with page:
        yield page


@pytest.fixture
def page(browser, html, tmp_path) -> Page:
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    browser.messages.clear()
    browser.requests.clear()
    browser.open(path)
    return browser


def middle_of(page: Page, selector: str) -> tuple[int, int]:
    page.evaluate(f"document.querySelector('{selector}').scrollIntoView({{behavior: 'instant', block: 'center'}})")
    script = (
        f"(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector('{selector}').getBoundingClientRect())"
    )
    x, y = page.evaluate(script)
    return round(x), round(y)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_the_browser_has_nothing_to_say_and_asks_nobody(page, tmp_path, width, dark):
    page.open(tmp_path / "report.html", width=width, dark=dark)
    assert page.messages == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
    # Nothing hangs over the edge of the window.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", light)[:3])) < 200) is dark


MARKERS = "[...document.querySelectorAll('table.sortable')].filter(t => t.textContent.includes('Garments')).pop()"


def column(page: Page, index: int) -> list[str]:
    rows = f"[...{MARKERS}.tBodies[0].rows]"
    return page.evaluate(f"{rows}.map(r => r.cells[{index}].textContent)")


def test_a_click_sorts_numbers_by_value_and_names_by_name(page):
    heads = f"[...{MARKERS}.tHead.rows[0].cells]"
    titles = page.evaluate(heads + ".map(c => c.textContent)")
    garments = next(k for k, title in enumerate(titles) if title.startswith("Garments"))
    before = column(page, garments)
    click = heads + "[{}].firstElementChild.click()"
    page.evaluate(click.format(garments))
    assert column(page, garments) == sorted(before, key=int, reverse=True) != before[::-1]
    page.evaluate(click.format(garments))
    assert column(page, garments) == sorted(before, key=int)
    page.evaluate(click.format(0))
    assert column(page, 0) == ["a<b>", "rest", "shirt-shell"]
    assert page.messages == []


def test_the_pointer_on_a_piece_tells_what_it_is(page):
    x, y = middle_of(page, "#marker-2 use")
    page.mouse("mouseMoved", x, y)
    tip = page.evaluate("document.getElementById('tip').innerText")
    piece = sample_page().sheets[1].marker
    first = piece.by_id[piece.placements[0].piece]
    assert tip.startswith(first.name)
    assert f"{first.outline.area / 100:.1f} cm²" in tip
    assert f"garment {piece.placements[0].bundle}" in tip
    page.mouse("mouseMoved", 2, 2)
    assert page.evaluate("document.getElementById('tip').hidden")


def test_the_pointer_on_a_piece_tells_its_rules_through_what_lies_over_it(browser, ruled_html, tmp_path):
    path = tmp_path / "ruled.html"
    path.write_text(ruled_html, encoding="utf-8")
    browser.messages.clear()
    browser.open(path)
    marker = ruled_page().sheets[0].marker
    index = next(k for k, p in enumerate(marker.placements) if marker.by_id[p.piece].matches)
    (x, y), *_ = marker.placements[index].points((marker.by_id[marker.placements[index].piece].matches[0].point,))
    browser.evaluate("document.querySelector('.view').scrollIntoView({behavior: 'instant', block: 'center'})")
    frame = "document.querySelector('svg.marker .above').getScreenCTM()"
    at = browser.evaluate(f"(p => [p.x, p.y])(new DOMPoint({x}, {y}).matrixTransform({frame}))")
    browser.mouse("mouseMoved", round(at[0]), round(at[1]))
    tip = browser.evaluate("document.getElementById('tip').innerText")
    assert "match" in tip
    assert browser.messages == []
    assert browser.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_click_picks_the_garment(page):
    page.click(*middle_of(page, "#marker-2 use"))
    mine = page.evaluate("[...document.querySelectorAll('#marker-2 use.mine')].map(u => u.dataset.bundle)")
    bundle = sample_page().sheets[1].marker.placements[0].bundle
    assert len(mine) == sum(p.bundle == bundle for p in sample_page().sheets[1].marker.placements)
    assert set(mine) == {str(bundle)}


def view_box(page: Page) -> list[float]:
    box = page.evaluate("document.querySelector('#marker-1 svg').getAttribute('viewBox')")
    return [float(value) for value in re.split("[ ,]", box)]


def test_zoom_keeps_what_is_under_the_pointer_and_whole_brings_all_back(page):
    x, y = middle_of(page, "#marker-1 .view")
    whole = view_box(page)
    svg = "document.querySelector('#marker-1 svg')"
    under = f"(p => [p.x, p.y])(new DOMPoint({{}}, {{}}).matrixTransform({svg}.getScreenCTM().inverse()))"
    before = page.evaluate(under.format(x + 90, y + 20))
    page.mouse("mouseWheel", x + 90, y + 20, deltaX=0, deltaY=-400, modifiers=2)
    zoomed = view_box(page)
    assert zoomed[2] < 0.6 * whole[2]
    assert page.evaluate(under.format(x + 90, y + 20)) == pytest.approx(before, abs=0.5)
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    for step in range(1, 6):
        page.mouse("mouseMoved", x - 20 * step, y, button="left", buttons=1)
    page.mouse("mouseReleased", x - 100, y, button="left", clickCount=1)
    assert view_box(page)[0] > zoomed[0]
    page.evaluate("document.querySelector('#marker-1 [data-do=fit]').click()")
    assert view_box(page) == pytest.approx(whole)


def test_the_wheel_alone_scrolls_the_page(page):
    x, y = middle_of(page, "#marker-1 .view")
    whole = view_box(page)
    page.mouse("mouseWheel", x, y, deltaX=0, deltaY=-400)
    assert view_box(page) == whole


def test_it_prints_on_a_few_pages(page):
    from pdf_reader import texts_of

    pages = texts_of(page.printed())
    assert 1 < len(pages) <= 6
    assert "Where the cloth went" in pages[0] + pages[1]


PICTURES = {f"{width}-{kind}.png" for width in (1280, 390) for kind in ("light", "dark", "first")}


def test_the_screenshots_are_taken(browser, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["html_screenshots", "--out", str(tmp_path / "shots")])
    html_screenshots.main()
    taken = {path.name: path.stat().st_size for path in Path(tmp_path / "shots").glob("*.png")}
    assert set(taken) == PICTURES | {"closer.png"}
    assert min(taken.values()) > 20_000


def test_screenshots_are_taken_of_a_page_without_markers(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(report_html(replace(sample_page(), sheets=())), encoding="utf-8")
    html_screenshots.take(browser, path, tmp_path)
    assert {picture.name for picture in tmp_path.glob("*.png")} == PICTURES
    assert (tmp_path / "printed.pdf").stat().st_size > 1000


def test_keys_zoom_and_move(page):
    whole = view_box(page)
    key = "document.querySelector('#marker-1 .view').dispatchEvent(new KeyboardEvent('keydown', {{key: '{}'}}))"
    for name in ("+", "ArrowRight"):
        page.evaluate(key.format(name))
    moved = view_box(page)
    assert moved[2] < whole[2]
    assert moved[0] > (whole[2] - moved[2]) / 2
    page.evaluate(key.format("0"))
    assert view_box(page) == pytest.approx(whole)


def test_two_fingers_zoom_and_one_finger_scrolls_the_page(page, tmp_path):
    page.call("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
    page.open(tmp_path / "report.html", width=390)
    x, y = middle_of(page, "#marker-1 .view")
    whole = view_box(page)

    def touch(kind: str, *places: int) -> None:
        points = [{"x": x + dx, "y": y, "id": k} for k, dx in enumerate(places)]
        page.call("Input.dispatchTouchEvent", type=kind, touchPoints=points)

    touch("touchStart", -30, 30)
    for step in range(1, 6):
        touch("touchMove", -30 - 10 * step, 30 + 10 * step)
    touch("touchEnd")
    assert view_box(page)[2] < 0.6 * whole[2]
    assert page.evaluate("getComputedStyle(document.querySelector('#marker-1 .view')).touchAction") == "none"
    assert page.evaluate("getComputedStyle(document.querySelector('#marker-2 .view')).touchAction") == "pan-y"
    page.call("Emulation.setTouchEmulationEnabled", enabled=False)
