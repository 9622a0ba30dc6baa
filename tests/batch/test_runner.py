"""The runner, with workers that answer from a script: what it does next, and what becomes of what they say."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import pytest
from jobs_for_tests import DirectExecutor, write_jobs
from test_store import AFAR, result, states

from cutkit.batch import runner as runner_module
from cutkit.batch.perform import Done, Failed
from cutkit.batch.runner import Runner, RunOptions
from cutkit.batch.store import MOST_DEATHS, Store
from cutkit.batch.workers import LocalExecutor, Lost
from cutkit.errors import MachineError


@dataclass
class Scripted:
    """An executor: ``answer`` says what a task comes back as, by the job's name and how often it was sent.

    Where it says None, the task goes on until it was stopped, and then comes back as one that was cut short.
    """

    answer: object
    places: int = 1
    sent: list = field(default_factory=list)
    stopped: list = field(default_factory=list)
    waiting: list = field(default_factory=list)

    def free(self):
        return self.places - len(self.waiting)

    def submit(self, task):
        self.sent.append(task)
        self.waiting.append(task)

    def wait(self, timeout_s):
        tasks, self.waiting = self.waiting, []
        names = [task.bundle.job.name for task in self.sent]
        events = []
        for task in tasks:
            event = self.answer(task, task.bundle.job.name, names.count(task.bundle.job.name))
            if event is None and task.id not in self.stopped:
                self.waiting.append(task)
            else:
                events.append(event or Done(task.id, (nested(task, cut_short=True),)))
        return events

    def stop(self, task):
        self.stopped.append(task)

    def close(self):
        pass


@dataclass
class Noting:
    """A listener that remembers."""

    seen: list = field(default_factory=list)

    def news(self, news):
        self.seen.append((news.what, news.job))

    def tick(self, running):
        pass


class Claimed:
    """What ``result`` needs to know of a claim."""

    def __init__(self, task):
        self.job = task.bundle.job


def nested(task, length_mm=1000.0, **more):
    figures = {"length_mm": length_mm, "usable_width_mm": 100.0, "efficiency": 0.8, "search_s": 1.0}
    figures["pieces"] = {"unplaced": len(more.get("unplaced", ()))}
    search = task.searches[0]
    spent = search.spent_s + (search.seconds or 1.0)
    text = more.pop("text", f"{length_mm}".encode())
    return result(Claimed(task), text, index=search.index, figures=figures, spent_s=spent, **more)


def done(task, *_):
    return Done(task.id, (nested(task),))


@pytest.fixture
def clock(monkeypatch):
    """The runner's time of day, which stands until a test moves it."""

    class Clock:
        now = 1000.0
        monotonic = staticmethod(time.monotonic)

        def time(self):
            return self.now

    monkeypatch.setattr(runner_module, "time", found := Clock())
    return found


def run(store, answer, until=None, stop=lambda: False, places=1, feed=None):
    executor, noting = Scripted(answer, places), Noting()
    Runner(store, executor, RunOptions(places, until), noting, stop, feed).run()
    return executor, noting.seen


def test_every_job_is_done_once(store, three_jobs):
    store.add(three_jobs)
    executor, seen = run(store, done)
    assert [task.bundle.job.name for task in executor.sent] == ["j00", "j01", "j02"]
    assert [job for what, job in seen if what == "done"] == ["j00", "j01", "j02"]
    assert states(store) == dict.fromkeys(["j00", "j01", "j02"], "done")


def test_one_broken_job_does_not_stop_the_others(store, three_jobs):
    store.add(three_jobs)
    run(store, lambda task, name, n: Failed(task.id, 4, "too wide") if name == "j01" else done(task))
    assert states(store) == {"j00": "done", "j01": "failed", "j02": "done"}
    (row,) = store.jobs(["j01"])
    assert (row.exit_code, row.message) == (4, "too wide")


def test_a_lost_worker_costs_nothing_but_time(store, three_jobs):
    store.add(three_jobs)
    executor, seen = run(store, lambda task, name, n: Lost(task.id, "ended by SIGKILL") if n == 1 else done(task))
    assert len(executor.sent) == 6
    assert states(store) == dict.fromkeys(["j00", "j01", "j02"], "done")
    assert ("again", "j01") in seen


def test_a_job_that_kills_every_worker_is_given_up(store, three_jobs):
    store.add(three_jobs)
    executor, _ = run(store, lambda task, name, n: Lost(task.id, "ended by SIGKILL") if name == "j00" else done(task))
    assert len(executor.sent) == MOST_DEATHS + 2
    assert states(store) == {"j00": "failed", "j01": "done", "j02": "done"}


def test_an_input_that_changes_after_the_check_fails_its_job(store, three_jobs, tmp_path):
    store.add(three_jobs)
    (tmp_path / "j01.json").write_text("{}")
    run(store, done)
    assert states(store) == {"j00": "done", "j01": "failed", "j02": "done"}
    assert "has changed since the job was queued" in store.jobs(["j01"])[0].message


@pytest.mark.parametrize(
    ("more", "exit_code", "said"),
    [
        ({"unplaced": ("FRONT: 1 not placed: too wide",)}, 4, "FRONT"),
        ({"fault": (4, "beyond the table")}, 4, "beyond the table"),
        ({"wanted": 90}, 5, "80.00 %"),
    ],
)
def test_pieces_left_no_program_and_low_efficiencies_fail_a_job_whose_files_are_written(
    store, tmp_path, checked, more, exit_code, said
):
    more = dict(more)
    wanted = more.pop("wanted", 0)
    extend = "false" if wanted else "true"
    store.add(checked(write_jobs(tmp_path, 1, more=f'time = "40s"\nextend = {extend}\nmin_efficiency = {wanted}\n')))
    executor, _ = run(store, lambda task, *_: Done(task.id, (nested(task, **more),)), until=time.time() + 1e6)
    assert len(executor.sent) == 1
    (row,) = store.jobs()
    assert (row.state, row.exit_code) == ("failed", exit_code)
    assert said in row.message
    assert (tmp_path / "out" / "j00.marker.json").exists()


def test_output_that_cannot_be_written_fails_the_job_and_keeps_what_was_found(store, three_jobs, tmp_path):
    store.add(three_jobs)
    (tmp_path / "out").write_text("a file where the folder should be")
    run(store, done)
    assert states(store) == dict.fromkeys(["j00", "j01", "j02"], "failed")
    assert {row.exit_code for row in store.jobs()} == {MachineError.exit_code}
    (tmp_path / "out").unlink()
    store.add(three_jobs)
    executor, _ = run(store, lambda task, *_: Done(task.id, (nested(task, text=task.searches[0].start),)))
    assert [task.searches[0].seconds for task in executor.sent] == [0.0, 0.0, 0.0]
    assert states(store) == dict.fromkeys(["j00", "j01", "j02"], "done")


def timed(store, tmp_path, checked, count, more='time = "40s"\n'):
    store.add(checked(write_jobs(tmp_path, count, more=more)))


def test_a_night_too_short_is_shared(store, tmp_path, checked, clock):
    timed(store, tmp_path, checked, 4)

    def answer(task, *_):
        clock.now += task.searches[0].seconds
        return done(task)

    executor, _ = run(store, answer, until=clock.now + 82.0)
    assert [task.searches[0].seconds for task in executor.sent] == pytest.approx([20.0] * 4)
    assert states(store) == {f"j0{n}": "done" for n in range(4)}


def test_the_markers_of_one_job_share_what_is_left(store, tmp_path, checked, clock):
    (one,) = checked(write_jobs(tmp_path, 1, more='time = "40s"\n'))
    store.add([replace(one, materials=("a", "b"), wishes_s=(40.0, 40.0))])

    def answer(task, *_):
        clock.now += sum(search.seconds for search in task.searches)
        return done(task)

    executor, _ = run(store, answer, until=clock.now + 62.0, places=4)
    assert [search.seconds for search in executor.sent[0].searches] == pytest.approx([30.0, 30.0])


def test_without_an_end_every_job_has_its_time_and_no_more(store, tmp_path, checked):
    timed(store, tmp_path, checked, 2)
    executor, _ = run(store, done)
    assert [task.searches[0].seconds for task in executor.sent] == [40.0, 40.0]


def test_who_still_improves_goes_on_and_who_has_converged_does_not(store, tmp_path, checked):
    timed(store, tmp_path, checked, 2)
    lengths = {"j00": [1000.0, 1000.0, 1000.0], "j01": [1000.0, 900.0, 800.0, 750.0, 750.0, 750.0]}

    def answer(task, name, n):
        length = lengths[name][n - 1]
        spent = task.searches[0].spent_s
        return Done(task.id, (nested(task, length, trace=((spent + 1.0, length + 50), (spent + 30.0, length))),))

    executor, seen = run(store, answer, until=time.time() + 1e6)
    names = [task.bundle.job.name for task in executor.sent]
    assert (names.count("j00"), names.count("j01")) == (3, 6)
    slices = [task.searches[0] for task in executor.sent if task.bundle.job.name == "j01"]
    assert [s.start for s in slices] == [None, b"1000.0", b"900.0", b"800.0", b"750.0", b"750.0"]
    assert [s.seconds for s in slices] == [40.0, 40.0, 80.0, 160.0, 320.0, 600.0]
    assert len({s.seed for s in slices}) == 6
    assert (tmp_path / "out" / "j01.marker.json").read_text() == "750.0"
    assert ("improved", "j01") in seen
    assert states(store) == {"j00": "done", "j01": "done"}


@pytest.mark.parametrize("more", ['time = "40s"\nextend = false\n', "rounds = 3\n"])
def test_some_jobs_take_no_more_than_they_were_given(store, tmp_path, checked, more):
    timed(store, tmp_path, checked, 1, more=more)
    executor, _ = run(store, done, until=time.time() + 1e6)
    assert len(executor.sent) == 1


def test_a_slice_that_finds_nothing_shorter_keeps_the_file(store, tmp_path, checked):
    timed(store, tmp_path, checked, 1)
    stamps = []

    def answer(task, name, n):
        path = tmp_path / "out" / "j00.marker.json"
        stamps.append(path.stat().st_ino if path.exists() else None)
        return Done(task.id, (nested(task, 999.0 + n),))

    _, seen = run(store, answer, until=time.time() + 1e6)
    path = tmp_path / "out" / "j00.marker.json"
    assert path.read_text() == "1000.0"
    assert stamps == [None, path.stat().st_ino, path.stat().st_ino]
    assert [what for what, _ in seen] == ["begun", "improved", "done"]
    assert store.jobs()[0].spent_s == 160.0
    assert len(store.jobs()[0].outputs) == 1


def test_a_stop_after_a_job_has_had_its_time_leaves_it_done(store, tmp_path, checked):
    timed(store, tmp_path, checked, 1)
    sent = []

    def answer(task, name, n):
        sent.append(n)
        return done(task) if n == 1 else None

    executor, _ = run(store, answer, until=time.time() + 1e6, stop=lambda: len(sent) > 5)
    assert executor.stopped == [2]
    assert states(store) == {"j00": "done"}


def test_a_stop_writes_the_best_so_far_and_the_next_run_goes_on_from_there(store, tmp_path, checked):
    timed(store, tmp_path, checked, 2)
    asked = []
    executor, seen = run(store, lambda *_: None, stop=lambda: asked.append(1) or len(asked) > 20)
    assert executor.stopped == [1]
    assert states(store) == {"j00": "queued", "j01": "queued"}
    assert seen[-1] == ("stopped", "j00")
    assert (tmp_path / "out" / "j00.marker.json").read_text() == "1000.0"
    again, _ = run(store, done)
    assert [(t.searches[0].start, t.searches[0].spent_s) for t in again.sent] == [(b"1000.0", 40.0), (None, 0.0)]
    assert states(store) == {"j00": "done", "j01": "done"}


def test_the_end_of_the_night_ends_a_job_by_rounds(store, three_jobs, clock):
    store.add(three_jobs)
    answers = iter([None] * 100)

    def answer(task, *_):
        clock.now += 1.0
        return next(answers)

    executor, _ = run(store, answer, until=clock.now + 60.0)
    assert executor.stopped == [1]
    assert clock.now > 1000.0 + 60.0
    assert states(store) == dict.fromkeys(["j00", "j01", "j02"], "queued")


def test_a_cancelled_job_is_stopped_while_it_runs(store, three_jobs):
    store.add(three_jobs[:1])
    executor, noting = Scripted(lambda *_: None), Noting()
    runner = Runner(store, executor, RunOptions(1, lease_s=0.4), noting, lambda: False)
    noting.tick = lambda running: running and states(store)["j00"] == "running" and store.cancel(["j00"])
    runner.run()
    assert executor.stopped == [1]
    assert noting.seen[-1] == ("dropped", "j00")
    assert states(store) == {"j00": "cancelled"}


def test_a_job_taken_over_meanwhile_is_not_finished_here(store, three_jobs, tmp_path):
    store.add(three_jobs[:1])

    def answer(task, name, n):
        if n == 1:
            with Store(store.path) as other:
                other.cancel(["j00"])
        return done(task)

    _, seen = run(store, answer)
    assert seen[-1] == ("dropped", "j00")
    assert not (tmp_path / "out" / "j00.marker.json").exists()
    assert states(store) == {"j00": "cancelled"}


def test_a_job_of_a_silent_runner_is_waited_for_and_taken_over(store, three_jobs):
    store.add(three_jobs)
    store.claim(AFAR, lease_s=0.3)
    executor, _ = run(store, done)
    assert sorted(task.bundle.job.name for task in executor.sent) == ["j00", "j01", "j02"]
    assert states(store) == dict.fromkeys(["j00", "j01", "j02"], "done")
    assert [row.attempts for row in store.jobs(["j00"])] == [2]


def test_threads_where_there_are_more_workers_than_jobs(store, tmp_path, checked):
    timed(store, tmp_path, checked, 1)
    executor, _ = run(store, done, places=4)
    assert [task.threads for task in executor.sent] == [4]


def test_a_feed_is_waited_for(store, three_jobs):
    fed = []

    def feed():
        if not fed:
            store.add(three_jobs)
        fed.append(1)

    run(store, done, feed=feed, stop=lambda: store.counts()["done"] == 3)
    assert states(store) == dict.fromkeys(["j00", "j01", "j02"], "done")


# --- with real tasks


def test_two_runners_on_one_store_do_each_job_once(tmp_path, checked):
    import threading

    jobs = checked(write_jobs(tmp_path, 8))
    with Store(tmp_path / "s") as store:
        store.add(jobs)
    noted = [Noting(), Noting()]

    def work(noting):
        with Store(tmp_path / "s") as mine:
            Runner(mine, DirectExecutor(), RunOptions(1), noting, lambda: False).run()

    threads = [threading.Thread(target=work, args=(noting,)) for noting in noted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    finished = [job for noting in noted for what, job in noting.seen if what == "done"]
    assert sorted(finished) == [f"j0{n}" for n in range(8)]
    with Store(tmp_path / "s") as store:
        assert {row.attempts for row in store.jobs()} == {1}


def test_worker_processes_give_the_same_bytes_as_this_process(tmp_path, checked):
    texts = []
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        jobs = checked(write_jobs(folder, 3))
        with Store(folder / "s") as store:
            store.add(jobs)
            executor = DirectExecutor() if name == "here" else LocalExecutor(2)
            try:
                Runner(store, executor, RunOptions(2), Noting(), lambda: False).run()
            finally:
                executor.close()
            assert set(states(store).values()) == {"done"}
        texts.append({path.name: path.read_bytes() for path in (folder / "out").iterdir()})
    assert texts[0] == texts[1]
    assert len(texts[0]) == 3
