"""``nest --explain-config``, and fabrics and rules on the command line and in jobs."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import fields
from pathlib import Path

import pytest
from conftest import REPOSITORY

from cutkit.batch.night import Ready
from cutkit.batch.prepare import Checker, check_jobs, gathered_again
from cutkit.formats.jobs import Job, read_jobs

PATTERNS = REPOSITORY / "patterns"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with a shirt, cloths and rules."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(PATTERNS / "shirt.dxf", tmp_path)
    shutil.copy(PATTERNS / "tote.dxf", tmp_path)
    shutil.copytree(PATTERNS / "fabrics", tmp_path / "fabrics")
    shutil.copy(PATTERNS / "rules" / "shirts.toml", tmp_path)
    (tmp_path / "cutkit.toml").write_text(
        '[nest]\ngap = "1mm"\n[piece."SLEEVE"]\ntilt = "3deg"\n[piece.SLEVE]\ntilt = 1\n'
    )
    return tmp_path


ARGS = ("shirt.dxf", "--order", "M=1", "--fabric", "velvet", "--rules", "shirts.toml", "--margin-end", "2cm")


def test_every_value_with_where_it_comes_from(folder, cutkit):
    ran = cutkit("nest", *ARGS, "--rule", 'piece.POCKET.quality="B"', "--explain-config", "--json", "--quiet")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["schema"] == "cutkit.config/1"
    cloth = {key: (entry["value"], entry["layer"], entry["where"]) for key, entry in told["cloth"].items()}
    assert cloth["width"] == (1400.0, "fabric", "fabrics/velvet.toml, line 3")
    assert cloth["gap"] == (1.0, "project", "cutkit.toml, line 2")
    assert cloth["margin_end"] == (20.0, "options", "--margin-end")
    assert cloth["tilt"] == (2.0, "rules", "shirts.toml, line 3")
    assert cloth["spread"] == ("face-up", "built in", "built in")
    assert told["cloth"]["gap"]["instead_of"] == [{"value": 0.0, "layer": "built in", "where": "built in"}]
    (sleeve,) = [each["rules"]["tilt"] for each in told["pieces"] if each["piece"] == "SLEEVE"]
    where = {"layer": "project", "where": "cutkit.toml, line 4", "rule": "piece SLEEVE"}
    assert sleeve == {"value": 3.0, **where}
    rules = {each["piece"]: {key: rule["value"] for key, rule in each["rules"].items()} for each in told["pieces"]}
    assert rules["SLEEVE"] == {"tilt": 3.0}
    assert rules["COLLAR_TOP"] == {"tilt": 0.0, "quality": "A"}
    assert rules["POCKET"] == {"quality": "B"}
    assert rules["BACK"] == {}
    (unused,) = told["unused"]
    assert unused == {"rule": "piece SLEVE", "layer": "project", "where": "cutkit.toml, line 5"}
    assert [entry["layer"] for entry in told["files"]] == ["project", "fabric", "rules"]


def test_as_a_table(folder, cutkit):
    ran = cutkit("nest", *ARGS, "--explain-config")
    assert ran.code == 0, ran.err
    lines = [line.split() for line in ran.out.splitlines()]
    assert ["gap", "1.0", "mm", "project,", "line", "2"] in lines
    assert ["margin_end", "20.0", "mm", "--margin-end"] in lines
    assert ["SLEEVE", "tilt", "3", "deg", "project,", "line", "4"] in lines
    assert max(map(len, ran.out.splitlines()[:20])) <= 80
    assert "Matches no piece: piece 'SLEVE' (project: cutkit.toml, line 5)." in ran.out
    assert "No rule: FRONT_L, FRONT_R, BACK, YOKE and" in ran.out
    assert "rule-unused: cutkit.toml: piece 'SLEVE' (line 5) matches no piece" in ran.err


def test_it_writes_nothing_and_needs_no_output(folder, cutkit):
    before = sorted(folder.iterdir())
    ran = cutkit("nest", *ARGS, "--explain-config", "-o", "m.marker.json", "--svg", "m.svg")
    assert ran.code == 0
    assert sorted(folder.iterdir()) == before
    ran = cutkit("nest", *ARGS)
    assert (ran.code, ran.err.splitlines()[0]) == (2, "cutkit: Missing option '-o' / '--output'.")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[piece.SLEEVE]\ntlit = "1deg"\n', "[piece.SLEEVE], key 'tlit': the key is unknown.\n  Did you mean 'tilt'?"),
        ('[nest]\ngap = "1"\n', "[nest], key 'gap': '1' has no unit"),
        ("[rules]\n", "'rules': the table is unknown"),
    ],
)
def test_a_wrong_project_file_is_bad_input(folder, cutkit, text, says):
    (folder / "cutkit.toml").write_text(text)
    ran = cutkit("nest", *ARGS, "--explain-config")
    assert ran.code == 3
    assert ran.err.startswith("cutkit: cutkit.toml, line ")
    assert says in ran.err


@pytest.mark.parametrize("fabric", ["oxford", "check-60x80", "velvet"])
def test_a_marker_keeps_its_cloth_and_names_its_files(folder, cutkit, fabric):
    rule = 'piece.POCKET.zones="right"' if fabric == "velvet" else 'piece.POCKET.quality="B"'
    ran = cutkit("nest", "tote.dxf", "--fabric", fabric, "--rule", rule, "--rounds", 1, "-o", "m.marker.json")
    assert ran.code == 0, ran.err
    marker = json.loads((folder / "m.marker.json").read_text())
    files = ["tote.dxf", f"fabrics/{fabric}.toml", "cutkit.toml"]
    wanted = [{"path": path, "sha256": hashlib.sha256((folder / path).read_bytes()).hexdigest()} for path in files]
    assert marker["inputs"] == wanted
    name, gap = {
        "oxford": ("Oxford white", 1.0),
        "check-60x80": ("Check 60 x 80", 2.0),
        "velvet": ("Cotton velvet", 1.0),
    }[fabric]
    assert (marker["fabric"]["name"], marker["settings"]["gap_mm"]) == (name, gap)
    kept = {
        "oxford": {"shrinkage": [0.02, 0.01], "has_face": False},
        "check-60x80": {"end_margin_mm": 20.0},
        "velvet": {"defects": [{"box_mm": [400.0, 300.0, 440.0, 320.0]}], "weight_gsm": 310.0},
    }[fabric]
    assert {key: marker["fabric"][key] for key in kept} == kept
    assert {piece["name"] for piece in marker["pieces"] if piece.get("zones") or piece.get("quality")} == {"POCKET"}


def test_estimate_takes_a_fabric(folder, cutkit):
    ran = cutkit("estimate", "tote.dxf", "--fabric", "oxford", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["markers"][0]["usable_width_mm"] == 1480.0


# --- in jobs

JOB = """
name = "bag"
patterns = "tote.dxf"
fabric = "oxford"
rules = "shirts.toml"
margin_start = "1cm"
rounds = 1
"""


def checked(folder, text):
    (folder / "night.toml").write_text(text)
    found = read_jobs([folder / "night.toml"])
    ready, faults = check_jobs(found.jobs, Checker())
    return ready, [*found.faults, *faults]


def test_fabric_and_rules_travel_with_a_job(folder, cutkit, monkeypatch):
    from cutkit.batch.perform import Search, Task, perform
    from cutkit.prepare.prepare import Preparer

    (one,), faults = checked(folder, JOB)
    assert faults == []
    roles = [(Path(known.path).name, known.role) for known in one.inputs]
    assert roles == [
        ("tote.dxf", "pattern"),
        ("shirts.toml", "own-rules"),
        ("cutkit.toml", "project-rules"),
        ("oxford.toml", "fabric"),
    ]
    bundle = gathered_again(one.job, one.inputs)
    assert bundle.key == one.key
    args = ("tote.dxf", "--fabric", "oxford", "--rules", "shirts.toml", "--margin-start", "1cm", "--rounds", 1)
    ran = cutkit("nest", *args, "-o", "by-hand.marker.json")
    assert ran.code == 0, ran.err
    by_hand = (folder / "by-hand.marker.json").read_bytes()
    for path in ("cutkit.toml", "fabrics/oxford.toml", "shirts.toml"):
        (folder / path).unlink()  # what a worker elsewhere has is the bundle
    done = perform(Task(1, bundle, (Search(0, None, 1, 0),)), lambda: False, lambda *_: None, Preparer())
    assert done.nested[0].text == by_hand
    assert done.nested[0].figures["cloth"] == "Oxford white"
    assert done.nested[0].figures["width_mm"] == 1500.0


@pytest.mark.parametrize("path", ["cutkit.toml", "fabrics/oxford.toml", "shirts.toml"])
def test_another_rule_is_another_job(folder, path):
    (before,), _ = checked(folder, JOB)
    with (folder / path).open("a") as file:
        file.write("# changed\n")
    (after,), _ = checked(folder, JOB)
    assert before.key != after.key


@pytest.mark.parametrize(
    ("change", "key", "says"),
    [
        (('fabric = "oxford"', 'fabric = "oxfrd"'), "fabric", "Did you mean 'oxford'?"),
        (('fabric = "oxford"', 'fabric = "none.toml"'), "fabric", "no such file"),
        (('rules = "shirts.toml"', 'rules = "none.toml"'), "rules", "no such file"),
        (('rules = "shirts.toml"', 'rules = "fabrics/oxford.toml"'), "rules", "the table is unknown"),
        (('fabric = "oxford"', 'fabric = "shirts.toml"'), "fabric", "the key is unknown"),
        (('margin_start = "1cm"', 'gap = "3m"'), "gap", "wider than the usable width"),
    ],
)
def test_what_is_wrong_with_the_files_of_a_job(folder, change, key, says):
    ready, faults = checked(folder, JOB.replace(*change))
    assert ready == []
    assert [fault.key for fault in faults] == [key]
    assert says in str(faults[0])


def test_cloths_and_rules_in_a_folder_of_jobs_are_no_jobs(folder):
    shutil.copy(folder / "fabrics" / "velvet.toml", folder)
    (folder / "bag.toml").write_text(JOB)
    found = read_jobs([folder])
    assert [job.name for job in found.jobs] == ["bag"]
    assert found.faults == ()
    assert [Path(path).name for path in found.left_alone] == ["cutkit.toml", "shirts.toml", "velvet.toml"]


@pytest.mark.parametrize(
    ("own", "figures", "cloth"),
    [
        ({"cloth": "denim"}, {"cloth": "Oxford", "width_mm": 1500.0}, ("denim", "SHELL", 1500.0)),
        ({}, {"cloth": "Oxford", "width_mm": 1500.0}, ("Oxford", "SHELL", 1500.0)),
        ({"width_mm": 1400.0}, {}, ("", "SHELL", 1400.0)),
        ({}, {}, ("", "SHELL", 1480.0)),
    ],
)
def test_the_morning_page_calls_the_cloth_as_the_job_or_its_fabric_does(own, figures, cloth):
    job = Job(name="a", source="", patterns=(), marker="", **own)
    told = {"material": "SHELL", "usable_width_mm": 1480.0} | figures
    unknown = dict.fromkeys(field.name for field in fields(Ready))
    assert Ready(**(unknown | {"job": job, "figures": told})).cloth == cloth


def test_plies_of_a_job_that_should_lie_in_pairs_come_out_even(folder):
    job = f'{JOB}order = "M=5"\nspread = "face-to-face"\n'
    _, faults = checked(folder, f"{job}plies = 3\n")
    assert [(fault.key, "3 plies do not lie face to face" in fault.message) for fault in faults] == [("plies", True)]
    assert checked(folder, f"{job}plies = 4\n")[1] == []


def test_plies_of_an_order_are_those_of_the_report(folder):
    from cutkit.batch.perform import Search, Task, perform
    from cutkit.prepare.prepare import Preparer

    (one,), faults = checked(folder, f'{JOB}order = "M=5"\norder_plies = 2\nremainder = true\nhtml = "a.html"\n')
    assert faults == []
    assert [Path(path).name for path in one.writes][:2] == ["bag.marker.json", "a.html"]
    assert [Path(path).name for path in one.writes][2:] == ["bag-remainder.marker.json", "a-remainder.html"]
    searches = tuple(Search(k, None, 1, 0) for k in range(2))
    done = perform(Task(1, gathered_again(one.job, one.inputs), searches), lambda: False, lambda *_: None, Preparer())
    assert [nested.figures.get("plies", 1) for nested in done.nested] == [2, 1]
    assert [b"2 plies" in nested.files[1].data for nested in done.nested] == [True, False]
