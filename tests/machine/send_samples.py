"""Jobs, listeners and runs for the tests of the sender; the machine is the emulated device, on its own clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from machine_samples import sample_marker

from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.machine.device.base import Device
from cutkit.machine.device.choice import make_device
from cutkit.machine.device.transport import DeviceTransport
from cutkit.machine.send.job import Job, read_job
from cutkit.machine.send.journal import Header, JournalFile, read_journal
from cutkit.machine.send.link import Greeting
from cutkit.machine.send.resume import Rest, whole
from cutkit.machine.send.sender import Outcome, Progress, Sender
from cutkit.toolpath import CutterProfile, StrokeRules


def profile_of(name: str, **link) -> CutterProfile:
    """A profile with another link; notches are cuts of their own."""
    profile = load_profile(name)
    return replace(profile, strokes=StrokeRules(notches="before"), link=replace(profile.link, **link))


def sample_job(profile: CutterProfile) -> Job:
    """The sample marker, cut for a machine."""
    profile = replace(profile, strokes=StrokeRules(notches="before"))
    program = program_text(plan_cut(sample_marker(), profile), profile, "sample")
    return read_job(program.encode("ascii"), profile, "sample")


def fresh_journal(path: Path, job: Job, confirms: bool = True) -> JournalFile:
    return JournalFile(path, Header("sample", "0", job.profile.name, "here", len(job.cuts), confirms))


@dataclass
class Watcher:
    """Presses ``keys`` at their times on the device's clock; a key "^C" is Ctrl-C. Keeps what was said."""

    device: Device
    keys: list[tuple[float, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seen: list[Progress] = field(default_factory=list)

    def progress(self, progress: Progress) -> None:
        self.seen.append(progress)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def key(self) -> str | None:
        if self.keys and self.device.now_s >= self.keys[0][0]:
            key = self.keys.pop(0)[1]
            if key == "^C":
                raise KeyboardInterrupt
            return key
        return None


@dataclass
class Bench:
    """A job, a device and a journal; ``send`` runs the sender once."""

    job: Job
    folder: Path
    device: Device | None = None
    keys: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device = self.device or make_device(self.job.profile)
        self.journal_path = self.folder / "sample.journal"
        self.watcher = Watcher(self.device, self.keys)

    def send(self, rest: Rest | None = None, greeting: Greeting | None = None, transport=DeviceTransport) -> Outcome:
        port = transport(self.device)
        self.sender = Sender(rest or whole(self.job), port, self.watcher)
        self.sender.greet(greeting or Greeting())
        if self.journal_path.exists():
            journal = JournalFile.going_on(self.journal_path, read_journal(self.journal_path))
        else:
            journal = fresh_journal(self.journal_path, self.job, self.sender.link.confirms)
        outcome = self.sender.run(journal)
        journal.close()
        port.close()
        return outcome
