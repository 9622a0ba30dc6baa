"""From jobs on real patterns to files: the same as the commands would write."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import REPOSITORY

from cutkit.batch.perform import Done, Search, Task, perform
from cutkit.batch.prepare import Checker, check_jobs, gathered_again
from cutkit.errors import InputError
from cutkit.formats.jobs import read_jobs
from cutkit.prepare.prepare import Preparer

PATTERNS = REPOSITORY / "patterns"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("tote.dxf", "hoodie.dxf", "tshirt-aama.dxf", "tshirt-aama.rul"):
        shutil.copy(PATTERNS / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(folder, text):
    (folder / "night.toml").write_text(text)
    found = read_jobs([folder / "night.toml"])
    checked, faults = check_jobs(found.jobs, Checker())
    return checked, [*found.faults, *faults]


def performed(one, **more):
    bundle = gathered_again(one.job, one.inputs)
    searches = tuple(Search(k, None, 1, one.job.seed, **more) for k in range(len(one.materials)))
    return perform(Task(1, bundle, searches), lambda: False, lambda *_: None, Preparer())


def test_a_job_writes_what_nest_and_cut_would(folder, cutkit):
    text = """
    name = "bag"
    patterns = "tote.dxf"
    width = "120cm"
    order = "M=2"
    gap = "1mm"
    rounds = 1
    seed = 4
    cutter = "hpgl-generic"
    marker = "{name}.marker.json"
    program = "{name}.plt"
    dxf = "{name}.dxf"
    svg = "{name}.svg"
    pdf = "{name}.pdf"
    """
    (one,), faults = check(folder, text)
    assert faults == []
    done = performed(one)
    files = {Path(file.path).name: file.data for file in done.nested[0].files}
    options = ["--width", "120cm", "--order", "M=2", "--gap", "1mm", "--rounds", 1, "--seed", 4]
    cutkit("nest", "tote.dxf", *options, "--dxf", "bag.dxf", "-o", "bag.marker.json")
    cutkit("cut", "bag.marker.json", "--cutter", "hpgl-generic", "-o", "bag.plt")
    assert sorted(files) == ["bag.dxf", "bag.marker.json", "bag.pdf", "bag.plt", "bag.svg"]
    for name in ("bag.dxf", "bag.marker.json", "bag.plt"):
        assert files[name] == (folder / name).read_bytes(), name
    assert files["bag.svg"].startswith(b"<?xml")
    assert files["bag.pdf"].startswith(b"%PDF")


def test_a_job_chooses_as_cut_and_has_its_page_and_pick_list(folder, cutkit):
    marks = "mark,x_mm,y_mm,measured_x_mm,measured_y_mm\n" + "".join(
        f"{name},{x},{y},{x + 20},{y + 30}\n" for name, x, y in (("a", 0, 0), ("b", 500, 0), ("c", 0, 400))
    )
    (folder / "marks.csv").write_text(marks)
    text = """
    name = "bag"
    patterns = "tote.dxf"
    width = "120cm"
    rounds = 1
    plies = 7
    due = 2026-11-28
    cutter = "hpgl-generic"
    notches = "before"
    cut_order = "piece"
    common_lines = true
    bridges = 1
    bridge = "2mm"
    registration = "marks.csv"
    registration_tolerance = "1mm"
    program = "bag.plt"
    picklist = "bag.picks.json"
    html = "bag.html"
    """
    (one,), faults = check(folder, text)
    assert faults == []
    nested = performed(one).nested[0]
    assert nested.fault is None
    files = {Path(file.path).name: file.data for file in nested.files}
    assert list(files) == ["bag.marker.json", "bag.html", "bag.picks.json", "bag.plt"]
    (folder / "bag.marker.json").write_bytes(files["bag.marker.json"])
    choices = ["--notches", "before", "--order", "piece", "--common-lines", "--bridges", 1, "--bridge", "2mm"]
    choices += ["--registration", "marks.csv", "--registration-tolerance", "1mm", "--picklist", "by-hand.json"]
    ran = cutkit("cut", "bag.marker.json", "--cutter", "hpgl-generic", *choices, "-o", "by-hand.plt")
    assert ran.code == 0, ran.err
    assert files["bag.plt"] == (folder / "by-hand.plt").read_bytes()
    theirs, ours = (json.loads(text) for text in (files["bag.picks.json"], (folder / "by-hand.json").read_bytes()))
    assert theirs["pieces"] == ours["pieces"]
    page = files["bag.html"].decode()
    assert "<h1>bag</h1>" in page
    assert "7 plies" in page
    assert "2026-11-28" in page


@pytest.mark.parametrize("more", ["plies = 3", "due = 2026-12-01", 'end_allowance = "4cm"'])
def test_what_only_the_page_shows_is_work_only_where_there_is_a_page(folder, more):
    keys = []
    for text in ("", more, 'html = "a.html"', f'html = "a.html"\n{more}'):
        (one,), faults = check(folder, f'patterns = "tote.dxf"\nwidth = "1m"\nrounds = 1\n{text}\n')
        assert faults == []
        keys.append(one.key)
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_a_print_is_of_one_marker(folder):
    (folder / "marks.csv").write_text("mark,x_mm,y_mm,measured_x_mm,measured_y_mm\na,0,0,1,1\n")
    text = """
    patterns = "hoodie.dxf"
    width = "160cm"
    cutter = "hpgl-generic"
    program = "h.plt"
    registration = "marks.csv"
    """
    _, faults = check(folder, text)
    assert ["one printed marker" in fault.message for fault in faults] == [True]


def test_marks_that_contradict_one_another_are_a_fault_of_their_key(folder):
    marks = "a,0,0,0,0\nb,500,0,500,0\nc,0,400,0,400\nd,500,400,540,400\n"
    (folder / "marks.csv").write_text(f"mark,x_mm,y_mm,measured_x_mm,measured_y_mm\n{marks}")
    text = (
        'patterns = "tote.dxf"\nwidth = "1m"\ncutter = "pen-plotter"\nprogram = "a.plt"\nregistration = "marks.csv"\n'
    )
    _, faults = check(folder, text)
    assert [fault.key for fault in faults] == ["registration"]


@pytest.mark.parametrize(
    ("more", "key", "says"),
    [
        ('selvedge = "60cm"', "selvedge", "no usable width is left"),
        ('gap = "2m"', "gap", 'for example gap = "2mm"'),
        ('nap = "one-way"\ntilt = 120', "tilt", "tilt 120 turns pieces against a one-way nap"),
    ],
)
def test_what_cannot_be_meant_is_a_fault_of_its_key(folder, more, key, says):
    _, faults = check(folder, f'patterns = "tote.dxf"\nwidth = "1m"\n{more}\n')
    assert [fault.key for fault in faults] == [key]
    assert says in str(faults[0])


def test_a_marker_for_every_material(folder, cutkit):
    text = 'patterns = "hoodie.dxf"\nwidth = "160cm"\nrounds = 1\nmarker = "out/h.marker.json"\n'
    (one,), faults = check(folder, text)
    assert faults == []
    assert len(one.materials) > 1
    names = [f"out/h-{m}.marker.json" for m in one.materials]
    assert [str(Path(path).relative_to(folder)) for path in one.writes] == names
    done = performed(one)
    assert [n.files[0].path for n in done.nested] == list(one.writes)
    (folder / "by-hand").mkdir()
    cutkit("nest", "hoodie.dxf", "--width", "160cm", "--rounds", 1, "-o", "by-hand/h.marker.json")
    for nested in done.nested:
        assert nested.text == (folder / "by-hand" / Path(nested.files[0].path).name).read_bytes()


def test_the_rule_table_beside_a_pattern_is_an_input(folder, tmp_path_factory):
    text = 'patterns = "tshirt-aama.dxf"\nwidth = "160cm"\norder = "M=1"\nrounds = 1\n'
    (one,), faults = check(folder, text)
    assert faults == []
    assert [(Path(i.path).name, i.role) for i in one.inputs] == [
        ("tshirt-aama.dxf", "pattern"),
        ("tshirt-aama.rul", "rules"),
    ]
    bundle = gathered_again(one.job, one.inputs)
    assert bundle.key == one.key
    (folder / "tshirt-aama.rul").unlink()  # what a worker elsewhere has is the bundle, not the folder
    task = Task(1, bundle, (Search(0, None, 1, 0),))
    done = perform(task, lambda: False, lambda *_: None, Preparer())
    assert isinstance(done, Done), done
    marker = json.loads(done.nested[0].text)
    assert [Path(entry["path"]).name for entry in marker["inputs"]] == ["tshirt-aama.dxf", "tshirt-aama.rul"]


def test_another_rule_table_is_another_job(folder):
    text = 'patterns = "tshirt-aama.dxf"\nwidth = "160cm"\norder = "M=1"\nrounds = 1\n'
    (before,), _ = check(folder, text)
    table = folder / "tshirt-aama.rul"
    table.write_bytes(table.read_bytes() + b"\r\n")
    (after,), _ = check(folder, text)
    assert before.key != after.key
    with pytest.raises(InputError, match="has changed since"):
        gathered_again(before.job, before.inputs)


def test_no_time_makes_the_files_of_the_start_again(folder):
    (one,), _ = check(folder, 'patterns = "tote.dxf"\nwidth = "1m"\nrounds = 1\n')
    first = performed(one).nested[0]
    bundle = gathered_again(one.job, one.inputs)
    search = Search(0, 0.0, None, 0, first.text, 1.5)
    again = perform(Task(1, bundle, (search,)), lambda: False, lambda *_: None, Preparer()).nested[0]
    assert (again.text, again.files, again.spent_s, again.search_s) == (first.text, first.files, 1.5, 0.0)


def test_further_time_only_shortens_and_adds_up(folder):
    (one,), _ = check(folder, 'patterns = "tote.dxf"\nwidth = "1m"\norder = {M = 3}\ntime = "1s"\nseed = 8\n')
    bundle = gathered_again(one.job, one.inputs)
    preparer = Preparer()

    def search(*more):
        """A search that ends once it has been told of."""
        told = []
        task = Task(1, bundle, (Search(0, 1000.0, None, *more),))
        return perform(task, lambda: "searching" in told, lambda stage, *_: told.append(stage), preparer).nested[0]

    first = search(8)
    second = search(99, first.text, first.spent_s)
    records = [json.loads(one.text) for one in (first, second)]
    assert records[1]["length_mm"] <= records[0]["length_mm"]
    assert records[1]["search"]["rounds"] > records[0]["search"]["rounds"]
    assert records[1]["search"]["time_s"] > records[0]["search"]["time_s"] > 0.0
    assert records[1]["seed"] == 8
    assert second.spent_s > first.spent_s
    assert [t for t, _ in second.trace if t < first.spent_s] == []


def test_a_job_goes_on_from_a_marker(folder, cutkit):
    cloth = ["--width", "1m", "--order", "M=2"]
    cutkit("nest", "tote.dxf", *cloth, "--rounds", 3, "-o", "before.marker.json")
    text = 'patterns = "tote.dxf"\nwidth = "1m"\norder = "M=2"\nrounds = 1\n'
    (one,), faults = check(folder, f'{text}start = "before.marker.json"\n')
    assert faults == []
    started = json.loads(performed(one).nested[0].text)
    cutkit("nest", "tote.dxf", *cloth, "--rounds", 1, "--start", "before.marker.json", "-o", "by-hand.marker.json")
    assert started == json.loads((folder / "by-hand.marker.json").read_text())
    (other,), _ = check(folder, text)
    assert other.key != one.key
    _, faults = check(folder, 'patterns = "tshirt-aama.dxf"\nwidth = "1m"\nstart = "before.marker.json"\n')
    assert ["start is a marker of other pieces" in fault.message for fault in faults] == [True]


def test_pieces_that_do_not_fit_are_named(folder):
    (one,), faults = check(folder, 'patterns = "tote.dxf"\nwidth = "20cm"\nrounds = 1\n')
    assert faults == []
    nested = performed(one).nested[0]
    assert nested.unplaced
    assert all("usable width is 200.0 mm" in line for line in nested.unplaced)


def test_a_marker_beyond_the_machine_is_written_without_its_program(folder):
    text = (
        'patterns = "tote.dxf"\nwidth = "3m"\norder = "M=12"\nrounds = 1\ncutter = "pen-plotter"\nprogram = "a.plt"\n'
    )
    (one,), faults = check(folder, text)
    assert faults == []
    nested = performed(one).nested[0]
    assert [Path(file.path).name for file in nested.files] == ["night.marker.json"]
    assert nested.fault is not None
    assert nested.fault[0] == 4


def test_all_faults_of_all_jobs_that_reading_the_inputs_shows(folder):
    (folder / "broken.dxf").write_text("0\nSECTION\n")
    (folder / "order.csv").write_text("size,number\nM,1\n")
    text = """
    [defaults]
    width = "150cm"
    [[job]]
    name = "a"
    patterns = ["nix.dxf", "broken.dxf"]
    order = "order.csv"
    cutter = "hpgl-genric"
    program = "a.plt"
    marker = "tote.dxf"
    [[job]]
    name = "b"
    patterns = "tshirt-aama.dxf"
    order = "Q=1"
    [[job]]
    name = "c"
    patterns = "tote.dxf"
    marker = "same.json"
    [[job]]
    name = "d"
    patterns = "tote.dxf"
    marker = "same.json"
    svg = "tshirt-aama.dxf"
    [[job]]
    name = "good"
    patterns = "tote.dxf"
    """
    checked, faults = check(folder, text)
    assert [one.job.name for one in checked] == ["good"]
    seen = sorted((fault.job, fault.key) for fault in faults)
    assert seen == [
        ("a", "cutter"),
        ("a", "order"),
        ("a", "patterns"),
        ("b", ""),
        ("c", "marker"),
        ("d", "marker"),
    ], "\n".join(map(str, faults))


def test_an_output_that_is_another_jobs_input_is_refused(folder):
    text = """
    [defaults]
    width = "150cm"
    [[job]]
    name = "a"
    patterns = "tote.dxf"
    [[job]]
    name = "b"
    patterns = "hoodie.dxf"
    dxf = "tote.dxf"
    material = "nix"
    [[job]]
    name = "c"
    patterns = "tshirt-aama.dxf"
    dxf = "tote.dxf"
    """
    _, faults = check(folder, text)
    assert ("c", "would replace an input of job a") in [
        (fault.job, "would replace an input of job a") for fault in faults if "input of job a" in fault.message
    ]
    assert any(fault.job == "b" and "nix" in fault.message for fault in faults)


def test_what_was_assumed_is_in_the_log(folder, store):
    checked, _ = check(folder, 'patterns = "tote.dxf"\nwidth = "1m"\nrounds = 1\n')
    store.add(checked)
    told = [text for _, text in store.log("night")]
    assert any(text.startswith("note: default-order: ") for text in told)
    assert len(told) == len(set(told))
