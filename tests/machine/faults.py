"""Seeded faults against the sender; ``make faults`` (COUNT=200 FIRST=0) prints a table by kind of fault.

Each run sends a small marker, cut by ``cutkit cut``'s own planner, to an emulated device with one fault. Then a fresh
sender resumes on the same cloth, from nothing but the journal and what the operator sees, until the job is finished.
What was cut is taken from the device's trace alone, never from the sender's word:

skipped     cuts that no run made whole with an unbroken blade
doubled     cuts begun again although they were not the one in work when the run before ended
unasked     motions after a reconnect, before anything is sent
off line    millimetres that the tool went down off the program's own lines: only damaged bytes can do that
again       cuts in work that were begun anew, which is what resuming is
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from machine_samples import sample_marker

from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.device.base import Device
from cutkit.machine.device.choice import make_device
from cutkit.machine.device.faults import FaultSpec
from cutkit.machine.device.transport import DeviceTransport
from cutkit.machine.send.job import Cut, Job, read_job
from cutkit.machine.send.journal import Header, JournalFile, read_journal
from cutkit.machine.send.link import Fault, Greeting
from cutkit.machine.send.resume import rest_of, whole
from cutkit.machine.send.sender import Sender

KINDS = ("power", "cable", "limit", "reset", "knife", "lost-ok", "drop", "corrupt", "kill", "hold", "slow")
MACHINES = ("grbl-servo", "grbl-z", "hpgl-generic", "marlin")
NOT_OF = {"hpgl-generic": ("reset", "lost-ok"), "marlin": ("reset",)}
"""Faults that a machine does not have, or that nobody could see: who presses reset on a plotter must send anew."""
LONGEST_S = 1500.0
MOST_RUNS = 6
NEAR_MM = 0.3
"""How near the holder's way with the tool down is to that of its cut."""
ASIDE_MM = 0.5


class Killed(BaseException):
    """The sender's process is gone, without a chance to say anything."""


class KilledTransport(DeviceTransport):
    """A transport whose sender is killed when it has written so many bytes; the last ones are cut short."""

    def __init__(self, device: Device, after_bytes: int | None) -> None:
        super().__init__(device)
        self._left = after_bytes

    def write(self, data: bytes) -> None:
        if self._left is not None and len(data) > self._left:
            super().write(data[: self._left])
            raise Killed
        self._left = None if self._left is None else self._left - len(data)
        super().write(data)


@dataclass
class Operator:
    """Who stands by: lets go on what is held at the machine, and stops a job ``at_s`` whose blade is broken."""

    device: Device
    at_s: float = math.inf
    sender: Sender | None = None

    def progress(self, progress: object) -> None:
        if self.device.now_s > LONGEST_S:
            raise AssertionError("the job does not end")

    def note(self, text: str) -> None:
        pass

    def key(self) -> str | None:
        if self.device.now_s > self.at_s:
            raise KeyboardInterrupt
        waits = self.sender is not None and self.sender.link.state in ("Hold", "Door") and not self.sender.link.held
        return "r" if waits else None


@dataclass
class Story:
    """What happened in one seeded run."""

    kind: str
    machine: str
    runs: int = 0
    skipped: list[int] = field(default_factory=list)
    doubled: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    unasked: int = 0
    off_mm: float = 0.0
    messages: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """No cut left out, none doubled but the one in work, no motion by itself, nothing cut off the lines (but by
        bytes that were damaged, which an HP-GL machine or a Grbl cannot see)."""
        aside = self.off_mm > ASIDE_MM and self.kind not in ("drop", "corrupt")
        left_out = self.skipped and self.kind not in ("drop", "corrupt")
        return not (left_out or self.doubled or self.unasked or aside)


@cache
def job_for(machine: str) -> tuple[Job, bytes]:
    """The program of the small marker for a machine."""
    profile = load_profile(machine)
    if profile.dialect == "hpgl":
        link = replace(profile.link, flow="xonxoff", buffer_bytes=1024, baud=9600, barrier="OA;")
        profile = replace(profile, link=link, tools={"knife": profile.tools["knife"]})
    program = program_text(plan_cut(sample_marker(), profile), profile, "faults").encode("ascii")
    return read_job(program, profile, machine), program


def play(seed: int) -> Story:
    """One seeded fault, and everything until the job is finished."""
    rng = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    machine = rng.choice([m for m in MACHINES if kind not in NOT_OF.get(m, ())])
    job, program = job_for(machine)
    fault, kill_after = _draw(rng, kind, job, len(program))
    profile = job.profile
    start_deg = rng.uniform(0, 360) if profile.knife.kind == "drag" else None
    device = make_device(profile, [fault] if fault else [], start_deg=start_deg)
    story = Story(kind, machine)
    with tempfile.TemporaryDirectory() as folder:
        Play(rng, job, device, story, Path(folder) / "job.journal").through(fault, kill_after)
    return story


def _draw(rng: random.Random, kind: str, job: Job, size: int) -> tuple[FaultSpec | None, int | None]:
    time_s = job.run.time_s
    if kind == "kill":
        return None, rng.randint(1, size)
    if kind in ("drop", "corrupt"):
        return FaultSpec(kind, count=rng.randint(1, size)), None
    if kind == "cable" and rng.random() < 0.5:
        return FaultSpec("cable", count=rng.randint(1, size)), None
    if kind == "lost-ok":
        return FaultSpec("lost-ok", count=rng.randint(1, len(job.lines))), None
    if kind == "slow":
        return FaultSpec("slow", lasts_s=round(rng.uniform(0.005, 0.1), 3)), None
    lasts = round(rng.uniform(0.1, 8.0), 2) if kind == "hold" else 0.0
    return FaultSpec(kind, at_s=round(rng.uniform(0.2, time_s), 3), lasts_s=lasts), None


@dataclass
class Play:
    """The device, the cloth on it, and the runs of the sender one after the other."""

    rng: random.Random
    job: Job
    device: Device
    story: Story
    journal: Path
    begins: list[int] = field(default_factory=list)
    """How many samples of the trace there were when each run began."""

    def through(self, fault: FaultSpec | None, kill_after: int | None) -> None:
        stop_s = math.inf
        if fault is not None and fault.kind == "knife" and fault.at_s is not None:
            stop_s = fault.at_s + self.rng.uniform(0.5, 6.0)
        first: int | None = None
        for number in range(MOST_RUNS):
            self.story.runs += 1
            ended = self._run(number, first, kill_after if number == 0 else None, stop_s)
            broken = math.isfinite(self.device.mechanics.machine.broken_at_s)
            if ended == "finished" and not broken:
                break
            first, stop_s = self._put_right(broken=broken), math.inf
        self._judge()

    def _run(self, number: int, told: int | None, kill_after: int | None, stop_s: float) -> str:
        """One run of the sender; how it ended."""
        device, job = self.device, self.job
        self.begins.append(len(device.run().trace.t_s))
        begun = self.journal.exists()
        first = told or (read_journal(self.journal).next_cut if begun else 1)
        if first > len(job.cuts):  # only the way home was missing
            return "finished"
        operator = Operator(device, stop_s)
        rest = rest_of(job, first, len(job.cuts), "faults", resumed=True) if begun else whole(job)
        try:
            port = KilledTransport(device, kill_after)
            sender = Sender(rest, port, operator)
            operator.sender = sender
            sender.greet(self._greeting() if number else Greeting())
            file = self._journal_file(told, first)
            outcome = sender.run(file)
            file.close()
            port.close()
        except Killed:
            self._tear_journal()
            device.disconnect()
            return "killed"
        except (Fault, OSError) as fault:
            self.story.messages.append(f"greeting: {fault}")
            device.disconnect()
            return "fault"
        if outcome.fault is not None:
            self.story.messages.append(outcome.fault.message)
        return outcome.ended

    def _greeting(self) -> Greeting:
        """What the operator says when he resumes: he has looked at the machine."""
        return Greeting(unlock=True, reset=True) if self.job.profile.dialect == "gcode" else Greeting()

    def _journal_file(self, told: int | None, first: int) -> JournalFile:
        if not self.journal.exists():
            return JournalFile(
                self.journal, Header("faults", "0", self.story.machine, "here", len(self.job.cuts), True)
            )
        file = JournalFile.going_on(self.journal, read_journal(self.journal))
        file.write({"resumed": first, **({"told": True} if told else {})})
        return file

    def _tear_journal(self) -> None:
        """Where the computer loses its power with the sender, the last line may be torn."""
        if self.journal.exists() and self.rng.random() < 0.5:
            data = self.journal.read_bytes()
            last = data[:-1].rfind(b"\n") + 1
            if last:
                self.journal.write_bytes(data + b'{"cut": 3, "do')

    def _put_right(self, *, broken: bool) -> int | None:
        """The operator comes: power, cable, blade. The cut to go on with, where he must say it."""
        device = self.device
        device.advance(device.now_s + self.rng.uniform(5.0, 60.0))
        told = None
        if broken:
            told = self._cut_at_break()
            device.mechanics.flush(device.now_s)  # what was made until now was made with the broken one
            device.mechanics.machine.broken_at_s = math.inf
            device.mechanics.machine.blade.heading_rad = self.rng.uniform(0, math.tau)
        if self.story.kind == "limit" and self.story.machine in ("hpgl-generic", "marlin"):
            device.power_off()  # nothing else wakes it
        if not device.powered:
            device.power_on()
        device.advance(device.now_s + 3.0)
        place = device.place
        device.connect()
        device.advance(device.now_s + 3.0)
        self.story.unasked += math.dist(place, device.place) > 1e-6
        return told

    def _cut_at_break(self) -> int:
        """Which cut was in work when the blade broke: the operator sees it on the cloth."""
        strokes = list(self._strokes())
        return strokes[-1].cut if strokes else 1

    # ---- what was cut, by the device's trace

    def _strokes(self) -> Iterator[Stroke]:
        trace = self.device.run().trace
        ways = {cut.number: shapely.LineString(_two(cut.work)) for cut in self.job.cuts}
        for a, b in trace.runs():
            way = shapely.LineString(_two(trace.holder_mm[a:b]))
            if way.length == 0:  # a new blade, put in while the head still was down
                continue
            near = [n for n, line in ways.items() if _along(way, line)]
            start = trace.holder_mm[a]
            cut = min(near, key=lambda n: math.dist(start, self.job.of(n).work[0]), default=0)
            made = (
                cut > 0 and way.length > ways[cut].length - ASIDE_MM and _ends(trace.holder_mm[b - 1], self.job.of(cut))
            )
            off_mm = 0.0 if cut or _short(way) else way.length
            yield Stroke(cut, a, made, off_mm)

    def _judge(self) -> None:
        story = self.story
        self.device.advance(self.device.now_s + 60.0)
        strokes = list(self._strokes())
        made = {stroke.cut for stroke in strokes if stroke.made}
        story.skipped = [cut.number for cut in self.job.cuts if cut.number not in made]
        story.off_mm = sum(stroke.off_mm for stroke in strokes)
        bounds = [*self.begins[1:], sys.maxsize]
        begun: set[int] = set()
        last: int | None = None
        for number, (since, until) in enumerate(zip(self.begins, bounds, strict=True)):
            now = [s.cut for s in strokes if since <= s.sample < until and s.cut and not self._aligns(s.cut, number)]
            twice = [cut for cut, count in Counter(now).items() if count > 1]
            repeated = {cut for cut in now if cut in begun}
            story.doubled += [*twice, *(cut for cut in repeated if cut != last)]
            story.again += [cut for cut in repeated if cut == last]
            begun |= set(now)
            last = now[-1] if now else last

    def _aligns(self, cut: int, number: int) -> bool:
        """The alignment in the waste is repeated by every run."""
        return cut == 1 and number > 0 and self.job.profile.knife.start_deg is None


@dataclass(frozen=True)
class Stroke:
    """A time that the tool was down: which cut it was (0: none), from which sample, whether it made it whole."""

    cut: int
    sample: int
    made: bool
    off_mm: float


def _two(points: np.ndarray) -> np.ndarray:
    return points if len(points) > 1 else np.vstack([points, points])


def _along(way: shapely.LineString, line: shapely.LineString) -> bool:
    return bool(line.buffer(NEAR_MM).covers(way))


def _ends(point: np.ndarray, cut: Cut) -> bool:
    return math.dist(point, cut.work[-1]) < ASIDE_MM


def _short(way: shapely.LineString) -> bool:
    """An alignment that is turned: it is short, and the judge of markers knows where it may lie."""
    return way.length < 20.0


def table(stories: list[Story]) -> str:
    """A line for every kind of fault."""
    head = (
        f"{'fault':<9}{'jobs':>6}{'runs':>6}{'skipped':>9}{'doubled':>9}{'unasked':>9}{'off line, mm':>14}{'again':>7}"
    )
    lines = [head]
    for kind in [*KINDS, "all"]:
        of = [s for s in stories if kind in (s.kind, "all")]
        if of:
            counts = [sum(len(getattr(s, name)) for s in of) for name in ("skipped", "doubled")]
            lines.append(
                f"{kind:<9}{len(of):>6}{sum(s.runs for s in of):>6}{counts[0]:>9}{counts[1]:>9}"
                f"{sum(s.unasked for s in of):>9}{sum(s.off_mm for s in of):>14.1f}{sum(len(s.again) for s in of):>7}"
            )
    return "\n".join([*lines, damaged(stories)])


def damaged(stories: list[Story]) -> str:
    """What became of damaged bytes. Grbl and HP-GL have no checksums: only what they lead to can be seen."""
    of = [s for s in stories if s.kind in ("drop", "corrupt")]
    noticed = [s for s in of if s.messages]
    unseen = Counter(s.machine for s in of if not s.messages and (s.skipped or s.off_mm > 0))
    names = ", ".join(f"{machine} {count}" for machine, count in sorted(unseen.items())) or "none"
    harmless = len(of) - len(noticed) - sum(unseen.values())
    return f"damaged bytes: {len(of)} jobs, noticed in {len(noticed)}, harmless in {harmless}, unseen in: {names}"


def main() -> int:
    """Play the runs that the command line asks for; 1 where one went wrong."""
    count, first = (int(text) for text in (sys.argv[1:3] + ["200", "0"][len(sys.argv) - 1 :]))
    stories = []
    bad = 0
    for seed in range(first, first + count):
        story = play(seed)
        stories.append(story)
        if not story.good:
            bad += 1
            print(f"seed {seed}: {story}")
    print(table(stories))
    print(f"{count - bad} of {count} as they should be")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
