"""The store: states, leases, tokens, what is done again and what is not."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from jobs_for_tests import write_instance, write_jobs

from cutkit.batch import database
from cutkit.batch.owner import is_dead, this_runner
from cutkit.batch.perform import Nested, OutputFile
from cutkit.batch.publish import stage_files
from cutkit.batch.schema import MIGRATIONS
from cutkit.batch.store import MOST_DEATHS, Outcome, Store
from cutkit.errors import InputError, MachineError, UsageError
from cutkit.formats.jobs import Asked

ME = this_runner()
GONE = ME.replace(":", ":9", 1)
"""A runner on this machine whose process does not exist (numbers are shorter)."""
AFAR = "elsewhere:1:1:aa"


DONE = Outcome("done", 0)


def result(claim, text=b"{}", **more):
    """A result for a claim's first marker, with one file."""
    figures = {"length_mm": 1000.0, "usable_width_mm": 100.0, "efficiency": 0.8, "search_s": 1.0}
    files = (OutputFile(claim.job.marker, text),)
    fields = {"index": 0, "text": text, "figures": figures, "files": files, "spent_s": 1.0, "search_s": 1.0}
    return Nested(**{**fields, "unplaced": (), "trace": (), "cut_short": False, "ended_early": False, **more})


def do(store, claim, text=b"{}", outcome=DONE):
    nested = [result(claim, text)]
    return store.publish(claim, nested, stage_files(claim, nested, store.path), outcome)


def states(store):
    return {row.name: row.state for row in store.jobs()}


def test_a_job_goes_from_queued_to_done(store, three_jobs):
    assert store.add(three_jobs) == {"j00": "new", "j01": "new", "j02": "new"}
    claim = store.claim(ME)
    assert (claim.job.name, claim.token, claim.wishes_s, claim.kept) == ("j00", 1, (0.4,), {})
    assert states(store) == {"j00": "running", "j01": "queued", "j02": "queued"}
    assert do(store, claim, b'{"a": 1}')
    (row,) = store.jobs(["j00"])
    assert (row.state, row.exit_code, row.attempts, row.outputs) == ("done", 0, 1, (claim.job.marker,))
    assert Path(claim.job.marker).read_text() == '{"a": 1}'
    told = [text for _, text in store.log("j00")]
    assert (told[0], told[1].partition(" ")[0], *told[2:]) == (
        "queued: new",
        "begun",
        "written: 80.00 %, 1.000 m after 1 s",
        "done",
    )
    assert store.counts() == {"queued": 2, "running": 0, "done": 1, "failed": 0, "cancelled": 0}


def test_due_dates_go_before_priorities_and_those_before_the_order_of_coming(store, tmp_path, checked):
    keys = {
        "j00": "",
        "j01": "priority = 2",
        "j02": "due = 2026-12-02",
        "j03": "due = 2026-12-01",
        "j04": "priority = 2",
    }
    text = ""
    for n, (name, more) in enumerate(keys.items()):
        write_instance(tmp_path / f"{name}.json", n)
        text += f'[[job]]\nname = "{name}"\npatterns = "{name}.json"\nrounds = 1\n{more}\n'
    (tmp_path / "night.toml").write_text(text)
    store.add(checked(tmp_path / "night.toml"))
    assert [store.claim(ME).job.name for _ in keys] == ["j03", "j02", "j01", "j04", "j00"]
    assert store.claim(ME) is None


def test_what_is_done_and_unchanged_is_not_done_again(store, three_jobs):
    store.add(three_jobs)
    do(store, store.claim(ME))
    assert store.add(three_jobs) == {"j00": "unchanged", "j01": "waiting", "j02": "waiting"}
    assert store.add(three_jobs, force=True)["j00"] == "again"


def test_what_is_done_but_gone_is_done_again(store, three_jobs, tmp_path):
    store.add(three_jobs)
    do(store, store.claim(ME))
    (tmp_path / "out" / "j00.marker.json").unlink()
    assert store.add(three_jobs)["j00"] == "again"


@pytest.mark.parametrize(
    ("change", "becomes"),
    [
        (lambda folder, text: write_instance(folder / "j00.json", 99) and text, "changed"),
        (lambda folder, text: text.replace("rounds = 1", "rounds = 2"), "changed"),
        (lambda folder, text: text.replace("out/{name}", "new/{name}"), "changed"),
        (lambda folder, text: text.replace("rounds = 1", "rounds = 1\npriority = 3\ndue = 2026-12-01"), "unchanged"),
    ],
)
def test_what_has_changed_is_done_again(store, tmp_path, checked, change, becomes):
    path = write_jobs(tmp_path, 1)
    store.add(checked(path))
    do(store, store.claim(ME))
    path.write_text(change(tmp_path, path.read_text()))
    assert store.add(checked(path)) == {"j00": becomes}


def test_another_cutkit_is_a_change(store, tmp_path, checked, monkeypatch):
    path = write_jobs(tmp_path, 1)
    store.add(checked(path))
    do(store, store.claim(ME))
    monkeypatch.setattr("cutkit.batch.bundle.__version__", "9.9")
    assert store.add(checked(path)) == {"j00": "changed"}


def test_a_change_overtakes_the_runner_at_work(store, tmp_path, checked):
    path = write_jobs(tmp_path, 1)
    store.add(checked(path))
    claim = store.claim(ME)
    assert store.add(checked(path)) == {"j00": "running"}
    path.write_text(path.read_text().replace("rounds = 1", "rounds = 2"))
    assert store.add(checked(path)) == {"j00": "changed"}
    assert not do(store, claim)
    assert store.claim(ME).job.rounds == 2


def test_a_silent_runner_afar_is_overtaken_after_its_lease(store, three_jobs):
    store.add(three_jobs[:1])
    late = store.claim(AFAR, lease_s=0.0)
    time.sleep(0.01)
    claim = store.claim(ME)
    assert (claim.id, claim.token) == (late.id, late.token + 1)
    assert not do(store, late, b"late")
    assert store.end(late, Outcome("done", 0)) is None
    assert not store.keep(late, [result(late)])
    assert do(store, claim, b"in time")
    assert Path(claim.job.marker).read_text() == "in time"
    assert not do(store, late, b"later still")
    assert Path(claim.job.marker).read_text() == "in time"


def test_a_lease_that_is_renewed_is_kept(store, three_jobs):
    store.add(three_jobs[:1])
    claim = store.claim(AFAR, lease_s=0.0)
    assert store.heartbeat(AFAR, 60.0) == {(claim.id, claim.token)}
    assert store.heartbeat(ME) == set()
    assert store.claim(ME) is None


def test_a_runner_seen_to_be_dead_is_overtaken_at_once(store, three_jobs):
    store.add(three_jobs[:1])
    store.claim(GONE)
    assert store.claim(ME).token == 2
    assert any("is dead" in text for _, text in store.log("j00"))


def test_who_is_dead():
    assert not is_dead(ME)
    assert is_dead(GONE)
    assert not is_dead(AFAR)
    machine, number, _, rest = ME.split(":")
    assert is_dead(f"{machine}:{number}:12345:{rest}")  # another process has got its number since


def test_what_an_overtaken_runner_left_is_swept_and_what_is_new_is_not(store, three_jobs, tmp_path):
    store.add(three_jobs[:1])
    dead = store.claim(GONE)
    stage_files(dead, [result(dead, b"half a")], store.path)
    assert len(list((tmp_path / "out").iterdir())) == 1
    claim = store.claim(ME)
    staged = stage_files(claim, [result(claim, b"whole")], store.path)
    assert [p.read_bytes() for p in (tmp_path / "out").iterdir()] == [b"whole"]
    stage_files(dead, [result(dead, b"late")], store.path)
    assert all(file.temporary.exists() for file in staged)


def test_the_best_so_far_is_kept_for_the_next_holder(store, three_jobs):
    store.add(three_jobs[:1])
    claim = store.claim(GONE)
    do(store, claim, b"first", Outcome("running"))
    again = store.claim(ME)
    assert {k: (v.text, v.spent_s) for k, v in again.kept.items()} == {0: (b"first", 1.0)}
    do(store, again, b"second")
    assert store.claim(ME) is None


def test_rounds_that_were_cut_short_are_not_gone_on_from(store, three_jobs):
    store.add(three_jobs[:1])
    claim = store.claim(ME)
    nested = [result(claim, cut_short=True)]
    staged = stage_files(claim, nested, store.path)
    assert store.publish(claim, nested, staged, Outcome("queued", None, "stopped"))
    assert store.claim(ME).kept == {}


def test_a_job_that_kills_its_workers_is_failed_at_last(store, three_jobs):
    store.add(three_jobs[:1])
    for _ in range(MOST_DEATHS - 1):
        assert store.end(store.claim(ME), Outcome("queued", None, "ended by SIGKILL"), died=True).state == "queued"
    became = store.end(store.claim(ME), Outcome("queued", None, "ended by SIGKILL"), died=True)
    assert (became.state, became.exit_code) == ("failed", 1)
    assert states(store) == {"j00": "failed"}


def test_retry_and_cancel(store, three_jobs):
    store.add(three_jobs)
    store.end(store.claim(ME), Outcome("failed", 3, "bad"))
    running = store.claim(ME)
    assert store.cancel(["j00", "j01", "j02"]) == ["j01", "j02"]
    assert not do(store, running)
    assert store.add(three_jobs) == {"j00": "failed before", "j01": "cancelled before", "j02": "cancelled before"}
    assert store.retry() == ["j00"]
    assert store.retry(["j01"]) == ["j01"]
    assert states(store) == {"j00": "queued", "j01": "queued", "j02": "cancelled"}
    with pytest.raises(UsageError, match="no job 'j0O'"):
        store.retry(["j0O"])


def test_what_failed_for_the_disk_is_tried_again_with_what_was_found(store, three_jobs):
    store.add(three_jobs[:1])
    claim = store.claim(ME)
    store.keep(claim, [result(claim, b"found")])
    store.end(claim, Outcome("failed", MachineError.exit_code, "full"))
    assert store.add(three_jobs[:1]) == {"j00": "again"}
    assert store.claim(ME).kept[0].text == b"found"


def test_a_refused_job_is_shown_and_waits_for_its_file(store, tmp_path, checked):
    store.refuse(Asked("j00", "night.toml", 1e9, 4), "no such file")
    (row,) = store.jobs()
    assert (row.state, row.exit_code, row.message) == ("failed", 3, "no such file")
    assert (row.due_at, row.priority) == (1e9, 4)
    assert store.retry() == []
    assert store.add(checked(write_jobs(tmp_path, 1))) == {"j00": "changed"}


def test_outputs_and_names_of_other_open_jobs_are_not_taken(store, three_jobs, tmp_path, checked):
    store.add(three_jobs)
    other = tmp_path / "other"
    other.mkdir()
    same_name = checked(write_jobs(other, 1))
    same_output = [
        replace(c, job=msgspec.structs.replace(c.job, name="new"), writes=three_jobs[0].writes) for c in same_name
    ]
    assert [fault.key for fault in store.foreign_writers(same_name)] == ["name"]
    assert [fault.key for fault in store.foreign_writers(same_output)] == ["marker"]
    over_an_input = [replace(same_output[0], writes=(three_jobs[1].inputs[0].path,))]
    assert [fault.message.partition(" is ")[2] for fault in store.foreign_writers(over_an_input)] == [
        "an input of job j01 of the store, still to be done."
    ]
    assert store.foreign_writers(three_jobs) == []


# --- the file


def test_two_stores_on_one_file(tmp_path, three_jobs):
    with Store(tmp_path / "s") as one, Store(tmp_path / "s") as two:
        one.add(three_jobs)
        names = [store.claim(ME).job.name for store in (one, two, one)]
        assert names == ["j00", "j01", "j02"]
        assert two.claim(ME) is None


def test_pragmas(store):
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
        assert store._db.execute(f"PRAGMA {pragma}").fetchone()[0] == value


def test_a_file_that_is_no_store(tmp_path):
    (tmp_path / "s").write_text("not a database at all, " * 100)
    with pytest.raises(InputError, match="not a store"):
        Store(tmp_path / "s")
    foreign = sqlite3.connect(tmp_path / "f")
    foreign.execute("CREATE TABLE mine (a)")
    foreign.commit()
    with pytest.raises(InputError, match="not a store"):
        Store(tmp_path / "f")
    assert foreign.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]
    with pytest.raises(InputError, match="no such store"):
        Store(tmp_path / "nix", create=False)
    assert not (tmp_path / "nix").exists()


def test_a_store_of_a_newer_cutkit_is_left_alone(tmp_path, store):
    store._db.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="newer cutkit"):
        Store(store.path)


def test_migrations_lead_from_every_version_to_today(tmp_path, monkeypatch, three_jobs):
    with Store(tmp_path / "s") as store:
        store.add(three_jobs)
    added = (*MIGRATIONS, ("ALTER TABLE jobs ADD COLUMN shelf TEXT",))
    monkeypatch.setattr(database, "MIGRATIONS", added)
    with Store(tmp_path / "s") as store:
        assert store._db.execute("SELECT shelf FROM jobs").fetchall()[0][0] is None
        assert store.counts()["queued"] == 3


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch, three_jobs):
    with Store(tmp_path / "s") as store:
        store.add(three_jobs)
    added = (*MIGRATIONS, ("ALTER TABLE jobs ADD COLUMN shelf TEXT", "nonsense"))
    monkeypatch.setattr(database, "MIGRATIONS", added)
    with pytest.raises(MachineError, match="nonsense"):
        Store(tmp_path / "s")
    monkeypatch.undo()
    with Store(tmp_path / "s") as store:
        assert store.counts()["queued"] == 3


def test_a_full_disk_leaves_the_store_as_it_was(store, three_jobs):
    store.add(three_jobs[:1])
    pages = store._db.execute("PRAGMA page_count").fetchone()[0]
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    many = [replace(three_jobs[1], job=msgspec.structs.replace(three_jobs[1].job, name=f"k{n}")) for n in range(500)]
    with pytest.raises(MachineError, match="full"):
        store.add(many)
    assert states(store) == {"j00": "queued"}
    assert store._db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_file_that_cannot_be_put_in_its_place_leaves_the_job_running(store, three_jobs, tmp_path):
    store.add(three_jobs[:1])
    claim = store.claim(ME)
    nested = [result(claim)]
    staged = stage_files(claim, nested, store.path)
    (tmp_path / "out" / "j00.marker.json").mkdir()
    with pytest.raises(MachineError, match="cannot be written"):
        store.publish(claim, nested, staged, Outcome("done", 0))
    assert states(store) == {"j00": "running"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["j00.marker.json"]


def several(claim, *texts):
    """A result that writes PROGRAM-1, PROGRAM-2, ..."""
    program = claim.job.marker.replace(".marker.json", "")
    files = tuple(OutputFile(f"{program}-{n}.plt", text) for n, text in enumerate(texts, 1))
    return [result(claim, files=files)]


def test_windows_that_a_better_marker_does_not_need_are_taken_away(store, three_jobs, tmp_path):
    store.add(three_jobs[:1])
    claim = store.claim(ME)
    for texts in ((b"1", b"2", b"3"), (b"one",)):
        nested = several(claim, *texts)
        if len(texts) == 1:
            (tmp_path / "out" / "j00-2.plt").write_text("changed by hand")
        store.publish(claim, nested, stage_files(claim, nested, store.path), Outcome("running"))
    left = {path.name: path.read_text() for path in (tmp_path / "out").iterdir()}
    assert left == {"j00-1.plt": "one", "j00-2.plt": "changed by hand"}


def test_a_window_never_replaces_what_another_job_writes_or_reads(store, tmp_path, checked):
    path = write_jobs(tmp_path, 2)
    path.write_text(path.read_text().replace('name = "j01"', 'name = "j01"\nmarker = "out/j00-1.plt"'))
    store.add(checked(path))
    claim = store.claim(ME)
    nested = several(claim, b"1", b"2")
    with pytest.raises(InputError, match="is written by job j01"):
        store.publish(claim, nested, stage_files(claim, nested, store.path), DONE)
    reading = [result(claim, files=(OutputFile(str(tmp_path / "j01.json"), b"x"),))]
    with pytest.raises(InputError, match="is an input of job j01"):
        store.publish(claim, reading, stage_files(claim, reading, store.path), DONE)
    assert states(store) == {"j00": "running", "j01": "queued"}
    assert list((tmp_path / "out").iterdir()) == []
