"""``cutkit report`` over a store: the morning's three questions, moved files, spans of time."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import REPOSITORY
from drafts import PATTERNS
from jobs_for_tests import write_instance

sys.path.insert(0, str(REPOSITORY / "tests" / "formats"))

from pdf_reader import texts_of

from cutkit.cli.report_store import moment_of, night_began
from cutkit.errors import UsageError

JOBS = """[defaults]
rounds = 1
marker = "out/{name}.marker.json"
svg = "out/{name}.svg"
pdf = "out/{name}.pdf"
program = "out/{name}.plt"
cutter = "hpgl-generic"
cloth = "canvas"
plies = 10
end_allowance = "4cm"

[[job]]
name = "late"
patterns = "a.json"
due = 2031-12-09

[[job]]
name = "soon"
patterns = "b.json"
due = 2031-12-01
cloth = "twill"
plies = 3

[[job]]
name = "first of its day"
patterns = "c.json"
due = 2031-12-01
priority = 7

[[job]]
name = "too low"
patterns = "d.json"
min_efficiency = 99.9

[[job]]
name = "broken"
patterns = "cut-off.json"
due = 2031-12-02
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A night of five jobs: three are done, one fails its check, one could not be read."""
    folder = tmp_path_factory.mktemp("night")
    for seed, name in enumerate("abcd"):
        write_instance(folder / f"{name}.json", seed)
    (folder / "cut-off.json").write_text((folder / "a.json").read_text()[:200])
    (folder / "night.toml").write_text(JOBS)
    ran = subprocess.run(
        [sys.executable, "-m", "cutkit", "batch", "run", "night.toml", "--keep-going", "--workers", "1"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout.count(" done ")) == (5, 3), ran.stdout + ran.stderr
    return folder


@pytest.fixture
def store(night, tmp_path, monkeypatch):
    """The store of a copy of the night's folder, by the paths of the copy."""
    folder = tmp_path / "copy"
    shutil.copytree(night, folder)
    monkeypatch.chdir(folder)
    with sqlite3.connect("cutkit-batch.sqlite") as db:
        for table in ("outputs", "inputs", "writes"):
            db.execute(f"UPDATE {table} SET path = replace(path, ?, ?)", (str(night), str(folder)))
        db.execute("UPDATE markers SET figures = replace(figures, ?, ?)", (str(night), str(folder)))
        db.execute("UPDATE jobs SET spec = replace(spec, ?, ?)", (str(night), str(folder)))
    db.close()
    return Path("cutkit-batch.sqlite")


def up_to_cm(mm: float) -> int:
    """Whole centimetres that are not shorter."""
    centimetres = round(mm / 10)
    return centimetres if centimetres * 10 >= mm - 1e-3 else centimetres + 1


def told(ran) -> dict:
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_what_to_cut_first_what_failed_and_how_much_cloth(cutkit, store):
    report = told(cutkit("report", "--store", store, "--night", "--json"))
    night = report["night"]
    assert [one["job"] for one in night["cut"]] == ["first of its day", "soon", "late"]
    for one in night["cut"]:
        assert [Path(path).name for path in one["programs"]] == [f"{one['job']}.plt"]
        marker = json.loads(Path(one["marker"]).read_text())
        assert one["issued_mm"] == pytest.approx(one["plies"] * (marker["length_mm"] + 40))
        by_hand = told(cutkit("report", one["marker"], "--cutter", "hpgl-generic", "--json"))
        assert one["cut_s"] == pytest.approx(by_hand["total"]["cut_s"])
        assert not one["lost"]
        assert not one["programs_lost"]
    left = {one["job"]: one for one in night["left"]}
    assert {name: one["state"] for name, one in left.items()} == {"too low": "failed", "broken": "failed"}
    assert "99.9" in left["too low"]["reason"]
    assert "is written" in left["too low"]["todo"]
    assert "cut-off.json" in left["broken"]["reason"]
    assert left["broken"]["due"].startswith("2031-12-02T23:59:59")
    cloth = {each["cloth"]: each for each in night["cloth"]}
    lengths = {one["job"]: one["issued_mm"] for one in night["cut"]}
    assert cloth["twill"]["issued_mm"] == pytest.approx(lengths["soon"])
    assert cloth["canvas"]["issued_mm"] == pytest.approx(lengths["late"] + lengths["first of its day"])
    assert (cloth["canvas"]["plies"], cloth["canvas"]["ends_mm"]) == (20, 800)
    assert report["total"]["issued_mm"] == pytest.approx(sum(lengths.values()))
    assert report["total"]["balance"]["closes"]
    assert report["orders"][0]["due"] == "2031-12-01"


def test_the_page_answers_at_its_top(cutkit, store):
    assert cutkit("report", "--store", store, "--night", "--html", "m.html", "--pdf", "m.pdf", "--quiet").code == 0
    page = Path("m.html").read_text()
    titles = re.findall("<h2>(.*?)</h2>", page)
    assert titles[:3] == ["What to cut first", "What failed, and why", "Which cloth to issue"]
    rows = re.findall(r"<tr>(.*?)</tr>", page.split("<h2>What failed")[0])
    first = [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?</td>", rows[1])]
    assert first[:4] == ["1", "first of its day", "Mon 2031-12-01", "7"]
    assert "first of its day.plt" in first
    answers = re.findall(r'<div class="answer[ "].*?</div>\n', page.split("<h2>")[0] + "\n", re.DOTALL)
    said = [re.sub("<.*?>", " ", answer) for answer in answers]
    assert len(said) == 3
    assert all(word in said[0] for word in ("first of its day", "2031-12-01", "canvas", "first of its day.plt"))
    assert all(word in said[1] for word in ("2 jobs", "too low", "99.9", "broken", "cut-off.json", "2031-12-02"))
    cloths = told(cutkit("report", "--store", store, "--night", "--json"))["night"]["cloth"]
    assert [(cloth["cloth"], cloth["first_cut"], cloth["first_job"]) for cloth in cloths] == [
        ("canvas", 1, "first of its day"),
        ("twill", 2, "soon"),
    ]
    rounded = [up_to_cm(cloth["issued_mm"]) for cloth in cloths]
    assert all(f"{centimetres / 100:.2f} m" in said[2] for centimetres in (*rounded, sum(rounded)))
    assert said[2].index("canvas") < said[2].index("twill")
    assert "3 markers to cut" in page.split("</header>")[0]
    text = texts_of(Path("m.pdf").read_bytes())[0]
    assert text.index("Cut first") < text.index("Cloth to issue") < text.index("What to cut first")
    assert "first of its day.plt" in text
    assert "canvas" in text
    assert text.index("What to cut first") < text.index("What failed") < text.index("Which cloth to issue")


NARROW = """[[job]]
name = "narrow"
patterns = "e.dxf"
order = "S=1"
width = "{width}"
rounds = 1
cloth = "rest"
marker = "out/narrow.marker.json"
due = 2031-12-03
{program}
"""
PROGRAM = 'cutter = "hpgl-generic"\nprogram = "out/narrow.plt"'


@pytest.fixture
def told_of_narrow(cutkit, tmp_path, monkeypatch):
    """What report and page say of a job whose tote's body does not fit a cloth, with these further keys."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(REPOSITORY / "patterns" / "tote.dxf", "e.dxf")

    def tell(program: str, width: str = "30cm") -> tuple[dict, str, str]:
        Path("night.toml").write_text(NARROW.format(width=width, program=program))
        assert cutkit("batch", "run", "night.toml", "--quiet", "--workers", 1).code == 5
        ran = cutkit("report", "--store", "cutkit-batch.sqlite", "--night", "--html", "m.html", "--csv", "m.csv")
        assert ran.code == 0, ran.err
        (left,) = told(cutkit("report", "--store", "cutkit-batch.sqlite", "--night", "--json"))["night"]["left"]
        return left, ran.out, Path("m.html").read_text()

    return tell


def test_an_incomplete_program_is_not_to_be_cut(told_of_narrow):
    left, text, page = told_of_narrow(PROGRAM)
    ((file),) = left["do_not_cut"]
    assert (Path(file["path"]).name, Path(file["path"]).is_file()) == ("narrow.plt", True)
    warning = f"narrow.plt: incomplete: lacks {', '.join(file['lacks'])}; do not cut"
    top, below = page.split("<h2>What to cut")
    assert all(warning in place for place in (text, top, below, Path("m.csv").read_text()))
    for fact in ("Wed 2031-12-03", "rest", "width 30 cm", "To do: "):
        assert fact in re.sub(r"<.*?>", " ", top).replace("\u00a0", " ")


def test_where_no_program_was_written_the_page_says_so(told_of_narrow):
    left, text, page = told_of_narrow("")
    assert [Path(file["path"]).name for file in left["do_not_cut"]] == ["narrow.marker.json"]
    assert "narrow.marker.json: incomplete: lacks" in text
    assert "none was asked for" in page.split("<h2>What to cut")[0]


def test_what_is_merely_not_done_and_lacks_pieces_is_not_to_be_cut_either(told_of_narrow, cutkit):
    told_of_narrow(PROGRAM)
    with sqlite3.connect("cutkit-batch.sqlite") as db:
        db.execute("UPDATE jobs SET state = 'queued', ended_at = NULL")
    db.close()
    assert cutkit("report", "--store", "cutkit-batch.sqlite", "--html", "m.html", "--quiet").code == 0
    top, below = Path("m.html").read_text().split("<h2>What to cut")
    assert "narrow.plt: incomplete: lacks" in top
    assert "narrow.plt: incomplete: lacks" in below


def test_a_job_without_any_file_has_no_warning(told_of_narrow):
    left, text, page = told_of_narrow(PROGRAM, width="3cm")
    assert left["do_not_cut"] == []
    assert "do not cut" not in text + page
    assert "none was written" in page.split("<h2>What to cut")[0]


def test_the_links_of_the_page_lead_to_their_markers(cutkit, store):
    Path("out/first of its day.marker.json").unlink()
    assert cutkit("report", "--store", store, "--html", "m.html", "--quiet").code == 0
    page = Path("m.html").read_text()
    links = dict(re.findall(r'<a href="#([\w-]+)">(.*?)</a>', page.split("<h2>What failed")[0]))
    titles = {name: name for name in ("soon", "late")}
    titles |= {"2 jobs": "What failed, and why", "3.78 m in all": "Which cloth to issue"}
    assert set(links.values()) == set(titles)
    for anchor, name in links.items():
        assert re.search(rf'id="{anchor}">\s*<h2>{titles[name]}</h2>', page)


def test_moved_and_changed_files_are_told_and_found_again(cutkit, store):
    whole = told(cutkit("report", "--store", store, "--json"))
    Path("elsewhere").mkdir()
    shutil.move("out/soon.marker.json", "elsewhere/renamed.marker.json")
    changed = Path("out/late.marker.json")
    changed.write_text(changed.read_text() + "\n")
    Path("out/late.plt").write_text("IN;")
    ran = cutkit("report", "--store", store, "--json")
    report = told(ran)
    night = report["night"]
    assert {one["job"]: one["lost"] for one in night["cut"]} == {
        "first of its day": None,
        "soon": "moved",
        "late": "changed",
    }
    assert "soon: its marker file is not where" in ran.err
    assert "late: its program was moved or changed" in ran.err
    assert [Path(one["path"]).name for one in report["markers"]] == ["first of its day.marker.json"]
    assert night["cloth"] == whole["night"]["cloth"], "it is still to be issued"
    assert night["weeks"] == whole["night"]["weeks"]
    found = told(cutkit("report", "elsewhere", "--store", store, "--json"))
    assert "elsewhere/renamed.marker.json" in [one["path"] for one in found["markers"]]


def test_spans_of_time(cutkit, store):
    def jobs(*options):
        night = told(cutkit("report", "--store", store, "--json", *options))["night"]
        return {one["job"] for one in night["cut"]} | {one["job"] for one in night["left"]}

    long_ago = time.time() - 40 * 86400
    with sqlite3.connect(store) as db:
        db.execute("UPDATE jobs SET ended_at = ? WHERE name IN ('soon', 'too low')", (long_ago,))
    db.close()
    everything = {"late", "soon", "first of its day", "too low", "broken"}
    assert jobs() == everything
    assert jobs("--night") == everything - {"soon", "too low"}
    assert jobs("--since", "4w") == everything - {"soon", "too low"}
    assert jobs("--until", "2w") == {"soon", "too low"}
    weeks = told(cutkit("report", "--store", store, "--night", "--json"))["night"]["weeks"]
    week = "{}-W{:02}".format(*datetime.fromtimestamp(long_ago).isocalendar())
    assert [each["cloth"] for each in weeks if each["week"] == week] == ["twill"]
    assert len({each["week"] for each in weeks}) == 2


def test_the_shares_of_a_week_are_those_of_its_balance(cutkit, store):
    report = told(cutkit("report", "--store", store, "--json"))
    (soon,) = [one for one in report["markers"] if one["order"] == "soon"]
    (week,) = [each for each in report["night"]["weeks"] if each["cloth"] == "twill"]
    assert week["waste"] == pytest.approx(1 - soon["utilisation"])
    assert week["efficiency"] == pytest.approx(soon["efficiency"])


def test_folded_cloth_is_issued_as_it_is_bought(cutkit, tmp_path, monkeypatch):
    """Two layers, each half as wide: with an open one of the same cloth it comes off one roll."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(PATTERNS / "tote.dxf", tmp_path)
    common = '[defaults]\nrounds = 1\npatterns = "tote.dxf"\nwidth = "140cm"\n'
    (tmp_path / "n.toml").write_text(common + '[[job]]\nname = "a"\nspread = "folded"\n[[job]]\nname = "b"\n')
    ran = cutkit("batch", "run", "n.toml", "--workers", 1)
    assert ran.code == 0, ran.err
    report = told(cutkit("report", "--store", "cutkit-batch.sqlite", "--json"))
    (cloth,) = report["night"]["cloth"]
    assert (cloth["width_mm"], cloth["markers"]) == (1400.0, 2)
    (week,) = report["night"]["weeks"]
    assert week["waste"] == pytest.approx(1 - report["total"]["utilisation"])


def test_a_job_that_says_nothing_is_spread_by_the_options(cutkit, store):
    with sqlite3.connect(store) as db:
        db.execute("UPDATE jobs SET spec = json_remove(spec, '$.plies', '$.end_allowance_mm') WHERE name = 'soon'")
    db.close()
    report = told(cutkit("report", "--store", store, "--json", "--plies", 5, "--end-allowance", "2cm"))
    assert {one["order"]: one["plies"] for one in report["markers"]} == {"soon": 5, "late": 10, "first of its day": 10}


def test_jobs_that_are_open_or_cancelled_are_told(cutkit, store):
    with sqlite3.connect(store) as db:
        db.execute("UPDATE jobs SET state = 'queued', ended_at = NULL WHERE name = 'late'")
        db.execute("UPDATE jobs SET state = 'cancelled', message = 'cancelled by hand' WHERE name = 'soon'")
    db.close()
    left = {one["job"]: one for one in told(cutkit("report", "--store", store, "--json"))["night"]["left"]}
    assert left["late"]["state"] == "queued"
    assert "best so far" in left["late"]["reason"]
    assert left["soon"]["reason"] == "cancelled by hand"


def test_the_csv_has_programs_failures_and_weeks(cutkit, store):
    assert cutkit("report", "--store", store, "--csv", "m.csv").code == 0
    rows = list(csv.DictReader(io.StringIO(Path("m.csv").read_text())))
    markers = [row for row in rows if row["row"] == "marker"]
    assert [Path(row["program"]).name for row in markers] == [f"{row['order']}.plt" for row in markers]
    assert {row["order"]: row["state"] for row in rows if row["row"] == "job"} == {
        "too low": "failed",
        "broken": "failed",
    }
    assert all(row["reason"] and row["todo"] for row in rows if row["row"] == "job")
    assert {row["material"].partition(",")[0] for row in rows if row["row"] == "week"} == {"canvas", "twill"}


def test_a_night_without_anything_done_has_its_page(cutkit, store):
    ran = cutkit("report", "--store", store, "--until", "2001-01-01", "--html", "m.html", "--pdf", "m.pdf")
    assert ran.code == 0, ran.err
    assert "Nothing was done" in ran.out
    assert "no job was done in this time" in Path("m.html").read_text()


def test_new_plies_of_a_done_job_are_known_after_the_next_run(cutkit, store):
    good = JOBS.partition('[[job]]\nname = "too low"')[0]
    Path("night.toml").write_text(good)
    assert cutkit("batch", "run", "night.toml", "--quiet", "--workers", 1).code == 0
    Path("night.toml").write_text(good.replace("plies = 3", "plies = 4"))
    with sqlite3.connect(store) as db:
        keys = dict(db.execute("SELECT name, token FROM jobs"))
    ran = cutkit("batch", "run", "night.toml", "--quiet", "--workers", 1)
    assert ran.code == 0, ran.both
    with sqlite3.connect(store) as db:
        after = dict(db.execute("SELECT name, token FROM jobs"))
    db.close()
    plies = {one["job"]: one["plies"] for one in told(cutkit("report", "--store", store, "--json"))["night"]["cut"]}
    assert plies["soon"] == 4
    assert after == keys, "nothing was nested again"


@pytest.mark.parametrize(
    ("options", "code", "word"),
    [
        ((), 2, "no marker is named"),
        (("--store", "none.sqlite"), 3, "no such store"),
        (("--store", "cutkit-batch.sqlite", "--night", "--since", "4w"), 2, "exclude"),
        (("--store", "cutkit-batch.sqlite", "--since", "soonish"), 2, "no time"),
        (("--store", "cutkit-batch.sqlite", "--since", "1d", "--until", "2d"), 2, "later"),
        (("--store", "cutkit-batch.sqlite", "--order", "x"), 2, "--order"),
        (("--store", "cutkit-batch.sqlite", "--html", "cutkit-batch.sqlite"), 2, "input"),
        (("--store", "cutkit-batch.sqlite", "--html", "out/soon.plt"), 2, "input"),
    ],
)
def test_what_makes_no_sense_is_refused(cutkit, store, options, code, word):
    ran = cutkit("report", *options)
    assert (ran.code, word in ran.err) == (code, True), ran.err


NOW = datetime(2026, 11, 30, 7, 15)


def test_a_night_begins_at_noon_and_mondays_has_fridays():
    friday = datetime(2026, 11, 27, 22, 0)
    assert night_began(NOW, None) == datetime(2026, 11, 29, 12).timestamp()
    assert night_began(NOW, friday.timestamp()) == datetime(2026, 11, 27, 12).timestamp()
    after_midnight = datetime(2026, 11, 28, 0, 30)
    assert night_began(NOW, after_midnight.timestamp()) == datetime(2026, 11, 27, 12).timestamp()
    this_morning = datetime(2026, 11, 30, 6, 50)
    assert night_began(NOW, this_morning.timestamp()) == datetime(2026, 11, 29, 12).timestamp()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-28T06:00", datetime(2026, 11, 28, 6)),
        ("18:00", datetime(2026, 11, 29, 18)),
        ("07:00", datetime(2026, 11, 30, 7)),
        ("12h", NOW - timedelta(hours=12)),
        ("2w", NOW - timedelta(weeks=2)),
        ("2026-11-28", datetime(2026, 11, 28)),
    ],
)
def test_moments(text, moment):
    assert moment_of(text, "--since", NOW, end=False) == moment.timestamp()


def test_a_day_until_which_is_meant_to_its_end():
    assert moment_of("2026-11-28", "--until", NOW, end=True) == datetime(2026, 11, 28, 23, 59, 59).timestamp()
    with pytest.raises(UsageError):
        moment_of("25:00", "--since", NOW, end=False)
