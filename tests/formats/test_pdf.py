"""PDF, measured back from the paths on its pages: full size is full size, tiles meet, nothing is lost between them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from pdf_reader import DrawnPage, read_pages, texts_of
from ruled_markers import SPLICES, ruled_marker
from sample_markers import marker_of
from sample_reports import HOSTILE, renamed, sample_page
from shapely.geometry import LineString, box

from cutkit.errors import LimitError
from cutkit.formats.pdf import paper
from cutkit.formats.pdf.marker import MARGIN_MM, SHARED_MM, Tile, marker_pdf, tiles_of
from cutkit.formats.pdf.paper import Paper
from cutkit.formats.pdf.report import report_pdf
from cutkit.formats.svg.rules import sections_of
from cutkit.model import Marker

WITHIN_MM = 0.1
DATE = "2026-11-27"


@pytest.fixture(scope="module")
def short() -> Marker:
    return marker_of(["M", "L"])


@pytest.fixture(scope="module")
def small() -> Marker:
    return marker_of(["M"], pieces=3, width_mm=620.0)


@pytest.fixture(scope="module")
def long() -> Marker:
    return marker_of(["S", "M", "L", "M", "M", "L"])


def outlines_on(page: DrawnPage, tile: Tile, marker: Marker) -> np.ndarray:
    """For each placement whether its outline is on the page, every corner where it belongs."""
    shift = np.array([MARGIN_MM - tile.window[0], MARGIN_MM - tile.window[1] + marker.fabric.selvedge_mm])
    drawn = {}
    for path in page.paths:
        drawn.setdefault(len(path.points), []).append(np.array(path.points))
    found = []
    for polygon in marker.polygons:
        wanted = np.concatenate([shapely.get_coordinates(r)[:-1] for r in (polygon.exterior, *polygon.interiors)])
        candidates = np.array(drawn.get(len(wanted), np.empty((0, len(wanted), 2))))
        off = np.abs(candidates - (wanted + shift)).max(axis=(1, 2)) if len(candidates) else np.array([np.inf])
        found.append(off.min())
    return np.array(found)


def test_a_marker_on_one_page_is_right_to_a_tenth_of_a_millimetre(short):
    first, page = read_pages(marker_pdf(short, title="m", date=DATE))
    assert (first.width_mm, first.height_mm) == (pytest.approx(297), pytest.approx(210))
    assert page.width_mm == pytest.approx(short.length_mm + 2 * MARGIN_MM, abs=WITHIN_MM)
    assert page.height_mm == pytest.approx(short.fabric.width_mm + 2 * MARGIN_MM, abs=WITHIN_MM)
    (tile,) = tiles_of(short, "roll")
    assert outlines_on(page, tile, short).max() < WITHIN_MM


@pytest.mark.parametrize("kind", ["a4", "a0", "roll"])
def test_tiles_show_every_outline_in_place_and_whole(long, small, kind):
    marker = small if kind == "a4" else long  # 8 m are 300 pages of A4
    tiles = tiles_of(marker, kind)
    pages = read_pages(marker_pdf(marker, title="m", date=DATE, page=kind))[1:]
    assert len(pages) == len(tiles) > 1
    cover = []
    for page, tile in zip(pages, tiles, strict=True):
        assert max(page.width_mm, page.height_mm) <= 5080.001
        assert (page.width_mm, page.height_mm) == pytest.approx(tile.page_mm, abs=WITHIN_MM)
        assert page.user_unit == 1.0
        assert outlines_on(page, tile, marker).max() < WITHIN_MM
        clips = {clip for path in page.paths for clip in path.clips}
        x0, y0, x1, y1 = tile.window
        window = (MARGIN_MM, MARGIN_MM, MARGIN_MM + x1 - x0, MARGIN_MM + y1 - y0)
        assert any(clip == pytest.approx(window, abs=0.01) for clip in clips)
        cover.append(box(*tile.window))
    whole = shapely.union_all(cover)
    assert whole.buffer(1e-6).contains(box(0, 0, marker.length_mm, marker.fabric.width_mm))


# -------------------------------------------------------------------------------------------- the rules of cloth


@pytest.fixture(scope="module")
def ruled() -> Marker:
    return ruled_marker(3)


@pytest.fixture(scope="module")
def ruled_pages(ruled) -> list[DrawnPage]:
    return read_pages(marker_pdf(ruled, title="m", date=DATE, splices=SPLICES[3]))


def drawn_on(page: DrawnPage, marker: Marker, points: object, *, alone: bool = False) -> bool:
    """Whether these points follow one another on a path of the page to a tenth of a millimetre; ``alone``: on a path
    that has no others."""
    wanted = np.array(points, dtype=float) + [MARGIN_MM, MARGIN_MM + marker.fabric.selvedge_mm]
    for path in page.paths:
        found = np.array(path.points)
        if alone and len(found) != len(wanted):
            continue
        for start in range(len(found) - len(wanted) + 1):
            if np.abs(found[start : start + len(wanted)] - wanted).max() < WITHIN_MM:
                return True
    return False


def test_match_points_are_on_the_full_size_page_where_they_are_on_the_cloth(ruled, ruled_pages):
    ends = np.concatenate([np.array(path.points) for path in ruled_pages[1].paths])
    points = [at for p in ruled.placements for m in ruled.by_id[p.piece].matches for at in p.points((m.point,))]
    assert len(points) == 18
    for x, y in points:
        at = np.array([x + MARGIN_MM, y + MARGIN_MM])
        for side in ((4.48, 0), (-4.48, 0), (0, 4.48), (0, -4.48)):
            assert np.abs(ends - (at + side)).max(axis=1).min() < WITHIN_MM


def test_folds_splices_flaws_sections_and_blocks_are_on_the_full_size_page(ruled, ruled_pages):
    length, width = ruled.length_mm, ruled.fabric.usable_width_mm
    page = ruled_pages[1]
    assert drawn_on(page, ruled, [(0, 0), (length, 0)], alone=True)
    for x0, x1 in SPLICES[3]:
        assert drawn_on(page, ruled, [(x0, 0), (x0, width)])
        assert drawn_on(page, ruled, [(x1, 0), (x1, width)])
    for defect in ruled.fabric.defects:
        x0, y0, x1, y1 = defect.box_mm
        x1, y1 = min(x1, length), min(y1, width)
        assert drawn_on(page, ruled, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    for one, other in pairwise(sections_of(ruled)):
        middle = (one.x1_mm + other.x0_mm) / 2
        assert drawn_on(page, ruled, [(middle, 0), (middle, width)])
    blocked = [p for p in ruled.placements if ruled.by_id[p.piece].block is not None]
    assert len(blocked) == 15
    for placement in blocked:
        block = ruled.by_id[placement.piece].block
        assert drawn_on(page, ruled, placement.points(tuple(block.exterior.coords[:-1])))


def test_nothing_of_the_rules_is_on_the_page_of_a_plain_marker(short):
    (page,) = read_pages(marker_pdf(short, title="m", date=DATE))[1:]
    length = short.length_mm
    assert not drawn_on(page, short, [(0, 0), (length, 0)], alone=True)
    assert not any("°" in text or text == "fold" for text, _, _ in page.texts)


def test_the_first_page_has_the_legend_and_the_full_size_page_the_tilts(ruled):
    first, full = texts_of(marker_pdf(ruled, title="m", date=DATE, splices=SPLICES[3]))
    words = ("off grain, 3° at most", "fold of the cloth", "splice, 4 bands", "flaw, only for class C", "match side,")
    for text in (*words, "repeat 80 mm along, 60 mm across", "selvedge 22 mm high", "locked in its place"):
        assert text in first
    for text in ("+3.0°", "-2.2°", "fold"):
        assert text in full
    assert "grain" in texts_of(marker_pdf(marker_of(["M"]), title="m", date=DATE))[0]


def test_what_shows_the_rules_keeps_within_the_pages(ruled_pages):
    for page in ruled_pages:
        points = np.array([point for path in page.paths for point in path.points])
        assert points.min() > 0
        assert points[:, 0].max() < page.width_mm
        assert points[:, 1].max() < page.height_mm


def test_neighbours_share_a_strip_with_crosses_on_both(long):
    tiles = tiles_of(long, "a0")
    pages = read_pages(marker_pdf(long, title="m", date=DATE, page="a0"))[1:]
    crosses = []
    for page, tile in zip(pages, tiles, strict=True):
        window = box(*tile.window)
        # A cross is two arms of 10 mm through one point.
        arms = [LineString(path.points[:2]) for path in page.paths if len(path.points) == 4]
        shift = (tile.window[0] - MARGIN_MM, tile.window[1] - MARGIN_MM)
        at = [(arm.centroid.x + shift[0], arm.centroid.y + shift[1]) for arm in arms if abs(arm.length - 10) < 0.01]
        crosses.append({(round(x, 1), round(y, 1)) for x, y in at if window.contains(shapely.Point(x, y))})
    for index, tile in enumerate(tiles):
        for other, neighbour in enumerate(tiles[index + 1 :], index + 1):
            if abs(tile.row - neighbour.row) + abs(tile.column - neighbour.column) == 1:
                strip = box(*tile.window).intersection(box(*neighbour.window))
                assert min(strip.bounds[2] - strip.bounds[0], strip.bounds[3] - strip.bounds[1]) == pytest.approx(
                    SHARED_MM
                )
                assert len(crosses[index] & crosses[other]) >= 2


@pytest.mark.parametrize("kind", ["a4", "roll"])
def test_the_square_and_the_bars_measure_100_mm(small, kind):
    first, *pages = read_pages(marker_pdf(small, title="m", date=DATE, page=kind))
    sides = [np.ptp(np.array(path.points), axis=0) for path in first.paths if len(path.points) == 4 and not path.clips]
    assert any(side == pytest.approx([100, 100], abs=WITHIN_MM) for side in sides)
    for page in pages:
        bars = [np.ptp(np.array(p.points), axis=0) for p in page.paths if len(p.points) == 6 and not p.clips]
        assert any(bar[0] == pytest.approx(100, abs=WITHIN_MM) for bar in bars)
        assert any(bar[1] == pytest.approx(100, abs=WITHIN_MM) for bar in bars)


def test_pages_name_their_row_and_column(long):
    tiles = tiles_of(long, "a0")
    texts = texts_of(marker_pdf(long, title="week 48", date=DATE, page="a0"))
    assert f"{len(tiles)} pages at full size" in texts[0]
    for number, (tile, text) in enumerate(zip(tiles, texts[1:], strict=True), 2):
        assert f"row {tile.row + 1}, column {tile.column + 1}" in text
        assert f"page {number} of {len(texts)}" in text


def test_tiles_turn_so_that_fewer_are_needed(long):
    upright = -(-(long.length_mm - SHARED_MM) // (190 - SHARED_MM)) * -(-(1500 - SHARED_MM) // (277 - SHARED_MM))
    lying = -(-(long.length_mm - SHARED_MM) // (277 - SHARED_MM)) * -(-(1500 - SHARED_MM) // (190 - SHARED_MM))
    assert len(tiles_of(long, "a4")) == min(upright, lying)


def test_the_same_marker_gives_the_same_bytes(short):
    assert marker_pdf(short, title="m", date=DATE) == marker_pdf(short, title="m", date=DATE)


@pytest.mark.parametrize("name", [HOSTILE, "Ärmel (links)", "Рукав", "袖", "\x00\x1b[31m", "(((", "\\"])
def test_any_name_can_be_written(short, name):
    data = marker_pdf(renamed(short, Front=name), title=name, date=DATE)
    assert len(read_pages(data)) == 2


@pytest.mark.parametrize("name", ["Ärmel ‘links’ – 2", "Łódź", "Рукав"])
def test_names_in_other_letters_are_read_back(small, name):
    if not name.isascii() and not paper._other_fonts():
        pytest.skip("this machine has none of the fonts that are looked for")
    assert name in texts_of(marker_pdf(small, title=name, date=DATE))[0]


def test_signs_that_no_font_has_are_written_as_near_as_can_be(monkeypatch):
    monkeypatch.setattr(paper, "_other_fonts", tuple)
    assert paper._writable("Łódź Å 袖", bold=True) == ("?ódz Å ?", "Helvetica-Bold")


def test_more_pages_than_anybody_tapes_are_refused(small):
    far = replace(small, placements=(*small.placements[:-1], replace(small.placements[-1], x_mm=3e6)))
    with pytest.raises(LimitError, match="pages"):
        marker_pdf(far, title="m", date=DATE, page="a4")


def test_a_page_beyond_the_limit_is_refused():
    with pytest.raises(ValueError, match="larger than PDF"):
        Paper("t").new_page(5081, 100)


def test_the_report_says_what_the_page_says():
    page = sample_page()
    text = "\n".join(texts_of(report_pdf(page)))
    for figure in page.headlines:
        assert figure.name in text
        assert figure.value in text
    for line in page.balance:
        assert f"{line.area_mm2 / 1e6:.4f}" in text
    assert all(sheet.title in text for sheet in page.sheets)
    assert "no room in 4 m" in text


def test_the_report_keeps_within_its_pages():
    for page in read_pages(report_pdf(sample_page())):
        assert (page.width_mm, page.height_mm) == (pytest.approx(210), pytest.approx(297))
        points = np.array([point for path in page.paths for point in path.points])
        assert points.min() > 5
        assert points[:, 0].max() < 205
        assert points[:, 1].max() < 292


@pytest.mark.parametrize("word", ["w49-dress-viscose-LINING.plt", "W" * 40, "-" * 60])
def test_a_word_longer_than_its_line_is_broken_and_nothing_of_it_lost(word):
    paper = Paper("t")
    parts = paper.wrapped(word, 22.0, 7.5)
    assert "".join(parts) == word
    assert max(paper.text_width_mm(part, 7.5) for part in parts) <= 22.0
    assert len(parts) > 1
    assert parts[0].endswith("-") == ("-" in word)


def test_lines_are_not_broken_at_blanks_that_keep_together():
    sheet = Paper("t")
    width = sheet.text_width_mm("140 cm wide", 9) + 0.01
    assert sheet.wrapped("silk, 140 cm wide", width, 9) == ["silk, 140 cm", "wide"]
    assert sheet.wrapped("silk, 140\u00a0cm\u00a0wide", width, 9) == ["silk,", "140 cm wide"]


def test_what_must_not_be_done_is_told_in_answer_and_list():
    text = " ".join(texts_of(report_pdf(sample_page()))[0].split())
    assert text.count("must not be cut") == 2
    assert text.count("Due: in winter") == 2
