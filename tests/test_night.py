"""A short night by ``benchmarks/night.py``: from job files to a morning page that is right; one that is not is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import drafts  # noqa: F401  (puts the repository's root on the path)
import pytest
from chromium import Page, find_chromium
from conftest import REPOSITORY
from html_screenshots import SCREENS

from benchmarks.night import NARROW, faults_of, jobs_of, run_night, write_night

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Eight jobs of one round: their folder, the jobs, and what the morning said."""
    folder = tmp_path_factory.mktemp("night") / "short"
    jobs = write_night(folder, 8, rounds=1)
    return folder, jobs, run_night(folder, minutes=10, workers=2)


def test_the_morning_page_of_a_short_night_is_right(night):
    folder, jobs, seen = night
    assert len(jobs) == 8
    assert faults_of(folder, jobs, seen) == []


def test_a_page_that_is_wrong_is_found_out(night):
    folder, jobs, seen = night
    report = json.loads(json.dumps(seen.report))
    report["night"]["cut"][:2] = reversed(report["night"]["cut"][:2])
    report["night"]["cloth"][0]["issued_mm"] += 1.0
    report["total"]["balance"]["pieces_mm2"] *= 1.001
    report["night"]["left"].clear()
    faults = faults_of(folder, jobs, replace(seen, report=report, text=seen.text.replace("silk,", "sulk,")))
    words = (
        "cut 1 of the JSON",
        "mm are issued",
        "pieces_mm2",
        "left are []",
        "not to be cut are []",
        "the table does not tell of silk",
    )
    assert [word for word in words if not any(word in fault for fault in faults)] == []
    assert len(faults) == len(words)


def test_the_first_screen_answers_all_three_questions(night):
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed")
    folder, _, seen = night
    with Page(program) as page:
        for width, height in SCREENS.items():
            page.open(folder / "morning.html", width=width, height=height)
            assert page.evaluate("document.querySelector('.answers').getBoundingClientRect().bottom") <= height
            told = page.evaluate("document.querySelector('.answers').innerText")
            assert seen.report["night"]["cut"][0]["job"] in told
            assert NARROW in told
            told = " ".join(told.split())
            assert "FRONT-46 is 796.0 mm across, the usable width is 580.0 mm" in told
            assert f"{NARROW}.plt: incomplete: lacks FRONT-46; do not cut" in told
            assert "width 60 cm, usable 580 mm" in told
            assert "To do: " in told
            for row in seen.page["Which cloth to issue"].rows:
                assert f"{row['To issue m']} m" in told
        assert page.messages == []
        assert {Path(url).name for url in page.requests if not url.startswith("data:")} == {"morning.html"}


def test_the_whole_night_has_thirty_jobs_of_all_patterns():
    ordered, measured = jobs_of(30)
    assert len(ordered) + len(measured) == 30
    assert len({job.name for job in (*ordered, *measured)}) == 30
    assert {job.pattern for job in ordered} == {path.name for path in (REPOSITORY / "patterns").glob("*.dxf")}
