"""Files of jobs: every key, and every fault at once."""

from __future__ import annotations

from datetime import datetime

import pytest
from conftest import REPOSITORY

from cutkit.errors import InputError
from cutkit.formats.jobs import _KEYS, Asked, Job, read_jobs


def jobs_of(folder, text, name="night.toml"):
    path = folder / name
    path.write_text(text)
    return read_jobs([path])


def test_one_job_with_every_key(tmp_path):
    found = jobs_of(
        tmp_path,
        """
        [[job]]
        name = "shirt 42"
        patterns = ["a.dxf", "sub/b.dxf"]
        order = {S = 1, "M/L" = 2}
        width = "150cm"
        selvedge = "1cm"
        gap = "2mm"
        max_length = "6m"
        tilt = 2.5
        nap = "one-way"
        material = "shell"
        units = "cm"
        rul = "a.rul"
        start = "a.marker.json"
        fabric = "denim"
        rules = ["r.toml"]
        selvedge_low = "2cm"
        selvedge_high = "3cm"
        margin_start = "4cm"
        margin_end = "5cm"
        span = "2m"
        spread = "face-to-face"
        face = false
        order_plies = 6
        sets = "half"
        remainder = true
        cut_layer = "CUT*"
        mark_layer = ["A", "B"]
        ignore_layer = []
        time = "10m"
        seed = 3
        extend = false
        min_efficiency = 80
        cutter = "own/table.toml"
        windows = "off"
        marker = "out/{name}.marker.json"
        svg = "out/{name}.svg"
        dxf = "out/{name}.dxf"
        program = "out/{name}.plt"
        html = "out/{name}.html"
        picklist = "out/{name}.picks.json"
        notches = "after"
        cut_order = "column"
        common_lines = true
        bridges = 2
        bridge = "3mm"
        registration = "marks.csv"
        registration_tolerance = "1mm"
        due = 2026-11-28
        priority = 5
        """,
    )
    assert found.faults == ()
    (job,) = found.jobs
    base = str(tmp_path)
    assert job == Job(
        name="shirt 42",
        source=f"{base}/night.toml",
        patterns=(f"{base}/a.dxf", f"{base}/sub/b.dxf"),
        order="S=1,M/L=2",
        width_mm=1500.0,
        selvedge_mm=10.0,
        gap_mm=2.0,
        max_length_mm=6000.0,
        tilt_deg=2.5,
        nap="one-way",
        material="shell",
        units="cm",
        rul=f"{base}/a.rul",
        start=f"{base}/a.marker.json",
        fabric="denim",
        rules=(f"{base}/r.toml",),
        selvedge_low_mm=20.0,
        selvedge_high_mm=30.0,
        margin_start_mm=40.0,
        margin_end_mm=50.0,
        span_mm=2000.0,
        spread="face-to-face",
        face=False,
        order_plies=6,
        sets="half",
        remainder=True,
        cut_layer=("CUT*",),
        mark_layer=("A", "B"),
        time_s=600.0,
        seed=3,
        extend=False,
        min_efficiency=80.0,
        cutter=f"{base}/own/table.toml",
        windows="off",
        marker=f"{base}/out/shirt 42.marker.json",
        svg=f"{base}/out/shirt 42.svg",
        dxf=f"{base}/out/shirt 42.dxf",
        program=f"{base}/out/shirt 42.plt",
        html=f"{base}/out/shirt 42.html",
        picklist=f"{base}/out/shirt 42.picks.json",
        notches="after",
        cut_order="column",
        common_lines=True,
        bridges=2,
        bridge_mm=3.0,
        registration=f"{base}/marks.csv",
        registration_tolerance_mm=1.0,
        due_at=datetime(2026, 11, 28, 23, 59, 59).timestamp(),
        priority=5,
        given={
            f"{base}/a.dxf": "a.dxf",
            f"{base}/sub/b.dxf": "sub/b.dxf",
            f"{base}/a.rul": "a.rul",
            f"{base}/a.marker.json": "a.marker.json",
            f"{base}/r.toml": "r.toml",
            f"{base}/marks.csv": "marks.csv",
            f"{base}/own/table.toml": "own/table.toml",
        },
    )


def test_defaults_hold_for_all_and_a_job_overrules_them(tmp_path):
    text = """
    [defaults]
    width = "150cm"
    rounds = 5
    [[job]]
    patterns = "a.dxf"
    [[job]]
    name = "b"
    patterns = "b.dxf"
    rounds = 7
    """
    found = jobs_of(tmp_path, text)
    assert [(j.name, j.width_mm, j.rounds, j.marker) for j in found.jobs] == [
        ("night-1", 1500.0, 5, str(tmp_path / "night-1.marker.json")),
        ("b", 1500.0, 7, str(tmp_path / "b.marker.json")),
    ]


def test_a_file_of_one_job_alone_is_named_after_it(tmp_path):
    found = jobs_of(tmp_path, 'patterns = "a.dxf"\nwidth = "1m"\norder = 2\n', "apron.toml")
    assert [(job.name, job.order) for job in found.jobs] == [("apron", "2")]


def test_a_table_of_single_garments(tmp_path):
    text = (
        "pattern;width;rounds;due;order;extend\nanna.dxf;150cm;4;2026-12-01T06:00;;no\nbert.dxf;60in;;;M=1;yes\n"
    ).replace("no\n", "false\n")
    found = jobs_of(tmp_path, text.replace("yes", "true"), "mtm.csv")
    assert found.faults == ()
    anna, bert = found.jobs
    assert (anna.name, anna.width_mm, anna.rounds, anna.extend) == ("anna", 1500.0, 4, False)
    assert anna.due_at == datetime(2026, 12, 1, 6).timestamp()
    assert (bert.name, bert.width_mm, bert.rounds, bert.order) == ("bert", 1524.0, None, "M=1")


def test_a_folder_holds_both_kinds_and_other_files(tmp_path):
    (tmp_path / "a.toml").write_text('patterns = "a.dxf"')
    (tmp_path / "b.csv").write_text("pattern,width\nb.dxf,1m\n")
    (tmp_path / "c.dxf").write_text("")
    (tmp_path / "order.csv").write_text("size;count\nM;1\n")
    (tmp_path / "table.toml").write_text('base = "hpgl-generic"\n')
    (tmp_path / "typo.toml").write_text('pattens = "a.dxf"\n')
    (tmp_path / ".hidden.toml").write_text("?")
    found = read_jobs([tmp_path])
    assert [job.name for job in found.jobs] == ["a", "b"]
    assert {fault.job for fault in found.faults} == {"typo"}
    assert found.left_alone == (str(tmp_path / "order.csv"), str(tmp_path / "table.toml"))


def test_all_faults_of_all_jobs_at_once(tmp_path):
    text = """
    [[job]]
    name = "a"
    pattens = "x.dxf"
    width = "150"
    nap = "oneway"
    time = "0s"
    tilt = "much"
    [[job]]
    name = "b"
    patterns = []
    rounds = 0
    cutter = "hpgl-generic"
    due = "someday"
    marker = "{nam}.json"
    [[job]]
    name = "c"
    patterns = "c.dxf"
    time = "1m"
    rounds = 3
    program = "c.plt"
    width = "10mm"
    selvedge = "5mm"
    priority = 1.5
    """
    found = jobs_of(tmp_path, text)
    assert found.jobs == ()
    seen = {(fault.job, fault.key) for fault in found.faults}
    assert seen == {
        *(("a", key) for key in ("pattens", "width", "nap", "time", "tilt", "patterns")),
        *(("b", key) for key in ("patterns", "rounds", "due", "program")),
        *(("c", key) for key in ("time", "cutter", "priority")),
    }
    texts = "\n".join(map(str, found.faults))
    for part in ("Did you mean 'patterns'?", "'150' has no unit", "Did you mean 'one-way'?", "exclude each other"):
        assert part in texts


def test_an_output_has_no_other_field_than_the_name(tmp_path):
    found = jobs_of(tmp_path, 'patterns = "a.dxf"\nmarker = "{size}.json"')
    assert [f.message for f in found.faults] == ["an output's name can hold {name}, and no other field ('size')"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("job = 3", "holds no jobs"),
        ("[[job]\n", "not TOML"),
        ("[defaults]\nwidth = '1m'", "holds no jobs"),
        ("[defalts]\n[[job]]\npatterns='a.dxf'", "stands outside of the jobs"),
    ],
)
def test_files_without_jobs(tmp_path, text, said):
    (fault,) = jobs_of(tmp_path, text).faults
    assert said in fault.message


def test_two_jobs_of_one_name(tmp_path):
    text = '[[job]]\nname="A"\npatterns="a.dxf"\n[[job]]\nname="a"\npatterns="b.dxf"\n'
    assert [fault.key for fault in jobs_of(tmp_path, text).faults] == ["name", "name"]


@pytest.mark.parametrize("name", ["../a", "a/b", "", " a", "a\n"])
def test_names_that_are_no_file_names(tmp_path, name):
    found = jobs_of(tmp_path, f'name = {name!r}\npatterns = "a.dxf"'.replace("'", '"'))
    assert [fault.key for fault in found.faults] == ["name"]


def test_what_does_not_exist(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        read_jobs([tmp_path / "nix"])
    with pytest.raises(InputError, match="holds no job files"):
        read_jobs([tmp_path])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pattern,width\n", "holds no jobs"),
        ("pattern,pattern\na.dxf,b.dxf\n", "twice"),
        ("pattern,width\na.dxf,1m,2\n", "more cells than columns"),
        ("pattern,colour\na.dxf,red\n", "unknown"),
    ],
)
def test_bad_tables(tmp_path, text, said):
    (fault,) = jobs_of(tmp_path, text, "t.csv").faults
    assert said in str(fault)


def test_every_key_is_explained():
    text = (REPOSITORY / "docs" / "jobs.md").read_text()
    assert [key for key in _KEYS if f"| `{key}` |" not in text] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "night.toml",
            "[defaults]\npriority = 3\n[[job]]\nname = 'misspelt'\nwidht = '1m'\ndue = 2026-11-28\n"
            "[[job]]\nname = 'when'\npatterns = 'a.dxf'\ndue = 'soon'\n",
        ),
        ("night.csv", "name,patterns,widht,due,priority\nmisspelt,,1m,2026-11-28,3\nwhen,a.dxf,,soon,3\n"),
    ],
)
def test_when_a_job_with_faults_is_due_is_known_all_the_same(tmp_path, name, text):
    found = jobs_of(tmp_path, text, name)
    assert found.jobs == ()
    due = datetime(2026, 11, 28, 23, 59, 59).timestamp()
    source = str(tmp_path / name)
    assert found.asked == (Asked("misspelt", source, due, 3), Asked("when", source, None, 3))
