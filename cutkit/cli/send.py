"""``cutkit send``: stream a program to a cutter, and go on after an interruption."""

from __future__ import annotations

import contextlib
import shlex
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from cutkit.cli.common import EXIT_INTERRUPTED, json_option, print_json, quiet_option, say
from cutkit.cli.send_report import Part, list_cuts, print_lines, print_report, report_of
from cutkit.errors import InputError, MachineError, UsageError
from cutkit.units import format_duration

if TYPE_CHECKING:
    from cutkit.machine.send.job import Job
    from cutkit.machine.send.journal import Journal
    from cutkit.machine.send.sender import Outcome, Sender
    from cutkit.toolpath import CutterProfile


LARGE_BYTES = 500_000
"""Programs above this take some seconds to be checked."""


@dataclass(frozen=True)
class Wishes:
    """What the operator asked for on the command line, and what he says about the machine."""

    cutter: str
    port: str | None
    journal: Path | None
    resume: bool
    first: int | None
    until: int | None
    home: bool
    unlock: bool
    reset: bool
    registered: bool
    blade_set: bool
    cloth: Literal["moved", "waits"] | None
    fresh: bool
    windows_ready: bool
    only_cuts: bool
    dry_run: bool
    quiet: bool


@click.command("send")
@click.argument("programs", metavar="PROGRAM...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--cutter", required=True, metavar="NAME|FILE", help="A machine profile, or a TOML file of your own.")
@click.option("--port", metavar="URL", help="/dev/ttyUSB0, COM3, socket://HOST:PORT, or tcp://HOST (port 9100).")
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to write down which cuts are made; else PROGRAM.journal.",
)
@click.option("--resume", is_flag=True, help="Go on with the job that the journal tells of.")
@click.option(
    "--from", "first", metavar="CUT", type=click.IntRange(1), help="With --resume: go on with this cut, counted from 1."
)
@click.option("--until", metavar="CUT", type=click.IntRange(1), help="Stop behind this cut.")
@click.option("--home", is_flag=True, help="Send the machine home first ($H, G28): it moves.")
@click.option("--registered", is_flag=True, help="With --resume: the machine's zero is set on the cloth as before.")
@click.option("--unlock", is_flag=True, help="As --registered, and take off the lock of an alarm ($X).")
@click.option("--reset", is_flag=True, help="First throw away what the machine still holds of an earlier job (0x18).")
@click.option("--blade-set", is_flag=True, help="With --resume: the blade points where cutkit asks.")
@click.option(
    "--cloth",
    type=click.Choice(["moved", "waits"]),
    help="With --resume, where the program moves the cloth: whether it has done so.",
)
@click.option("--fresh", is_flag=True, help="Begin anew although the journal tells of a job half made.")
@click.option("--windows-ready", is_flag=True, help="Do not ask between the programs of several windows.")
@click.option("--cuts", "only_cuts", is_flag=True, help="Only list the cuts, and what the journal says of them.")
@click.option("--dry-run", is_flag=True, help="Only print what would be sent, line by line; no port is needed.")
@json_option
@quiet_option
def command(programs: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Stream a program to a cutter, and go on after an interruption.

    The program is run on the emulated machine first; one with violations is refused (exit 5). A cut counts as made when
    the machine says so, and the next one is begun only when that is on disk: after a fault at most one is in doubt.

    On a terminal, space or p pauses, r goes on, q stops when the cut in work is made; Ctrl-C holds the machine and
    ends (exit 130). A fault of the machine or the cable ends with exit 6 and the command that resumes. Nothing ever
    moves by itself on reconnecting: --resume asks for the machine's zero first.
    """
    from cutkit.formats.profile import load_profile

    wishes = Wishes(**options)
    profile = load_profile(wishes.cutter)
    _refuse_bad_wishes(wishes, programs)
    if wishes.only_cuts:
        for path in programs:
            list_cuts(path, profile, _journal_path(path, wishes))
        return
    parts = [_part(path, profile, wishes) for path in programs]
    if wishes.dry_run:
        for part in parts:
            if part.rest is not None:
                print_lines(part.path, part.rest)
        return
    reports: list[dict[str, Any]] = []
    ok = False
    try:
        for number, part in enumerate(part for part in parts if part.rest is not None):
            _send_part(part, wishes, number, reports)
        ok = True
    finally:
        if as_json:
            print_json({"schema": "cutkit.send/1", "ok": ok, "programs": reports})
    if not as_json:
        for report in reports:
            print_report(report)


def _refuse_bad_wishes(wishes: Wishes, programs: tuple[Path, ...]) -> None:
    """UsageError for options that do not go together, before anything is read or opened."""
    from cutkit.cli.send_talk import is_terminal

    if not wishes.port and not (wishes.dry_run or wishes.only_cuts):
        raise UsageError("--port is missing", hint="/dev/ttyUSB0, socket://HOST:PORT; --dry-run needs none.")
    if wishes.first is not None and not wishes.resume:
        raise UsageError("--from goes with --resume")
    if wishes.resume and wishes.fresh:
        raise UsageError("--resume goes on, --fresh begins anew: choose one")
    if len(programs) > 1 and (wishes.journal or wishes.first or wishes.until):
        raise UsageError("--journal, --from and --until are for one program", hint="Send the windows one by one.")
    if len(programs) > 1 and not (wishes.windows_ready or wishes.dry_run or is_terminal()):
        raise UsageError(
            "between windows the cloth is moved on by hand, and there is no terminal to ask",
            hint="Send the programs one by one, or give --windows-ready where the machine moves the cloth.",
        )


def _journal_path(path: Path, wishes: Wishes) -> Path:
    return wishes.journal or path.with_name(path.name + ".journal")


def _part(path: Path, profile: CutterProfile, wishes: Wishes) -> Part:
    from cutkit.formats.files import read_bytes, refuse_to_replace, sha256_of
    from cutkit.machine.send.job import read_job
    from cutkit.machine.send.journal import is_begun, read_journal
    from cutkit.machine.send.resume import rest_of

    data = read_bytes(path)
    journal_path = _journal_path(path, wishes)
    refuse_to_replace(journal_path, [path])
    journal = None
    if is_begun(journal_path) or (wishes.resume and wishes.first is None):
        journal = read_journal(journal_path)
    sha256 = sha256_of(data)
    if wishes.resume and journal is not None and journal.header.sha256 != sha256:
        raise InputError(
            f"the journal is about another program ({journal.header.program}, or {path.name} was written anew)",
            where=str(journal_path),
            hint="Resume with the very file that was sent; or send it from the beginning, without --resume.",
        )
    if wishes.resume and journal is not None and journal.header.cutter != profile.name:
        raise UsageError(f"the journal is about the cutter {journal.header.cutter}", where=str(journal_path))
    if len(data) > LARGE_BYTES:
        say(f"{path}: running it on the emulated machine first", quiet=wishes.quiet)
    job = read_job(data, profile, str(path))
    if wishes.resume and journal is not None and journal.header.cuts != len(job.cuts):
        raise UsageError(
            f"the journal counts {journal.header.cuts} cuts, the program now has {len(job.cuts)}: the profile "
            f"{profile.name} was changed",
            where=str(journal_path),
            hint="Resume with the profile that the job was begun with.",
        )
    if not wishes.resume:
        _refuse_half_made(journal, sha256, journal_path, wishes)
        whole = rest_of(job, 1, wishes.until or len(job.cuts), str(path))
        return Part(path, sha256, job, journal_path, None, whole, journal)
    first = _first_cut(journal, job, wishes, journal_path)
    if first is None:
        say(f"{path}: all {len(job.cuts)} cuts are made already", quiet=wishes.quiet)
        return Part(path, sha256, job, journal_path, journal, None)
    rest = rest_of(job, first, wishes.until or len(job.cuts), str(path), wishes.cloth, resumed=True)
    return Part(path, sha256, job, journal_path, journal, rest, journal)


def _refuse_half_made(journal: Journal | None, sha256: str, path: Path, wishes: Wishes) -> None:
    """UsageError where a job half made would be begun anew by mistake: its cuts would be cut twice."""
    if journal is None or wishes.fresh or wishes.dry_run or journal.finished or journal.header.sha256 != sha256:
        return
    made = len(journal.done | journal.sent)
    if made:
        raise UsageError(
            f"this program was begun before: {made} of {journal.header.cuts} cuts are made",
            where=str(path),
            hint="--resume goes on with it; --fresh begins anew, on other cloth.",
        )


def _first_cut(journal: Journal | None, job: Job, wishes: Wishes, path: Path) -> int | None:
    """The cut to go on with; None where all are made."""
    if wishes.first is not None:
        return wishes.first
    if journal is None or journal.finished:
        return None
    if not journal.header.confirms and journal.sent:
        raise UsageError(
            f"this machine cannot tell what is cut; cuts up to {max(journal.sent)} of {len(job.cuts)} were handed over",
            where=str(path),
            hint="Look at the cloth, and name the first cut that is not made: --from CUT.",
        )
    return journal.next_cut if journal.next_cut <= len(job.cuts) else None


def _send_part(part: Part, wishes: Wishes, number: int, reports: list[dict[str, Any]]) -> None:
    """Send one program; its report is added in any case. MachineError where the machine or the link failed."""
    from cutkit.machine.send.journal import claimed

    with claimed(part.journal_path, part.read):
        _send_claimed(part, wishes, number, reports)


def _send_claimed(part: Part, wishes: Wishes, number: int, reports: list[dict[str, Any]]) -> None:
    from cutkit.cli.keys import Keys
    from cutkit.cli.send_talk import Watcher
    from cutkit.machine.send.link import Fault
    from cutkit.machine.send.sender import Sender
    from cutkit.machine.send.transport import open_port

    assert part.rest is not None
    assert wishes.port is not None
    greeting = _agreed(part, wishes, number)
    port = open_port(wishes.port, part.job.profile.link)
    try:
        with Keys(wanted=not wishes.quiet) as keys:
            watcher = Watcher(keys, quiet=wishes.quiet)
            sender = Sender(part.rest, port, watcher)
            try:
                sender.greet(greeting)
            except Fault as fault:
                watcher.clear()
                hint = f"{fault.remedy} Nothing was sent.".strip()
                raise MachineError(fault.message, where=wishes.port, hint=hint) from fault
            watcher.note(_start_text(part, listening=keys.listening))
            outcome = _run(sender, part, wishes)
            watcher.clear()
    finally:
        port.close()
    reports.append(report_of(part, outcome))
    _raise_unfinished(part, wishes, outcome)


def _run(sender: Sender, part: Part, wishes: Wishes) -> Outcome:
    from cutkit.machine.send.journal import Header, JournalFile

    assert part.rest is not None
    assert wishes.port is not None
    if part.journal is not None:
        journal = JournalFile.going_on(part.journal_path, part.journal)
    else:
        confirms = sender.link.confirms
        name, count = str(part.path), len(part.job.cuts)
        head = Header(name, part.sha256, part.job.profile.name, wishes.port, count, confirms)
        journal = JournalFile(part.journal_path, head)
    try:
        if wishes.resume:
            journal.write({"resumed": part.rest.first, **({"told": True} if wishes.first is not None else {})})
        with _ended_by_signals():
            return sender.run(journal)
    finally:
        journal.close()


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """While a job runs, the end of the terminal or of the session holds the machine, as Ctrl-C does."""

    def stop(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = [(name, signal.signal(name, stop)) for name in names]
    try:
        yield
    finally:
        for name, handler in before:
            signal.signal(name, handler)


def _agreed(part: Part, wishes: Wishes, number: int) -> Any:
    """What the operator agrees to before a program is sent; UsageError where he cannot be asked, or does not."""
    from cutkit.cli.send_talk import confirmed, is_terminal
    from cutkit.machine.send.link import Greeting

    assert part.rest is not None
    greeting = Greeting(wishes.home and number == 0, wishes.unlock, wishes.reset, wishes.resume)
    if number > 0 and not wishes.windows_ready:
        say("Move the cloth on as `cutkit cut` told for this window, and set the machine's zero there.")
        if not confirmed(f"Send {part.path} now?"):
            raise UsageError(f"stopped before {part.path}")
    if wishes.resume and not (wishes.registered or wishes.home or wishes.unlock):
        told = "The machine's zero must lie on the cloth where it lay before."
        if not is_terminal():
            raise UsageError(
                "before a job is resumed its zero must be sure",
                where=str(part.path),
                hint=f"{told} --home sends the machine home ($H); --registered says that the zero is set.",
            )
        say(told)
        if not confirmed("Is it set (without homing from here)?"):
            raise UsageError("not resumed: the zero is not sure", hint="--home sends the machine home first.")
    _agree_on_blade(part, wishes)
    return greeting


def _agree_on_blade(part: Part, wishes: Wishes) -> None:
    from cutkit.cli.send_talk import confirmed, is_terminal

    assert part.rest is not None
    point = part.rest.point_deg
    if point is None:
        return
    text = f"Point the blade to {point % 360:.0f} degrees (0: cutting towards +x, counted counter-clockwise)"
    if not wishes.resume or wishes.blade_set:
        say(
            f"{text}." if not wishes.resume else f"The blade must point to {point % 360:.0f} degrees.",
            quiet=wishes.quiet,
        )
    elif not is_terminal():
        raise UsageError(f"{text}, and say so: --blade-set", where=str(part.path))
    else:
        say(f"{text}.")
        if not confirmed("Does it point there?"):
            raise UsageError("not resumed: the blade would cut off the line")


def _start_text(part: Part, *, listening: bool) -> str:
    from cutkit.machine.send.resume import until_text

    assert part.rest is not None
    turn = ", after the blade is turned in the waste" if part.rest.aligned else ""
    keys = "; p pauses, q stops, Ctrl-C holds" if listening else ""
    time = format_duration(part.rest.job.run.time_s)
    return f"{part.path}: sending {until_text(part.rest)} of {len(part.job.cuts)}{turn}, about {time}{keys}"


def _raise_unfinished(part: Part, wishes: Wishes, outcome: Outcome) -> None:
    """What is said, and how it ends, where a program was not sent to its end."""
    from cutkit.cli.send_talk import certain_text

    assert part.rest is not None
    if outcome.ended == "finished":
        return
    sure = certain_text(part.job, part.rest, outcome, part.made_before)
    resume = f"Go on with:\n{_resume_line(part, wishes, outcome)}"
    if outcome.fault is not None:
        hint = "\n".join(text for text in (sure, outcome.fault.remedy, resume) if text)
        raise MachineError(outcome.fault.message, where=str(part.path), hint=hint)
    held = " The machine is held, with lines in its memory: --reset throws these away." if outcome.held else ""
    click.echo(f"{part.path}: stopped. {sure}{held}\n{resume}", err=True)
    raise click.exceptions.Exit(EXIT_INTERRUPTED)


def _resume_line(part: Part, wishes: Wishes, outcome: Outcome) -> str:
    words = ["cutkit", "send", str(part.path), "--cutter", wishes.cutter, "--port", str(wishes.port)]
    words += ["--journal", str(wishes.journal)] if wishes.journal else []
    words += (
        ["--resume"]
        + ([] if outcome.confirmed else ["--from", "CUT"])
        + (["--reset"] if outcome.held or _can_be_reset(part, outcome) else [])
    )
    return shlex.join(words)


def _can_be_reset(part: Part, outcome: Outcome) -> bool:
    """Whether it has stopped itself and is woken from here; a Marlin has a button for that."""
    alarmed = outcome.fault is not None and outcome.fault.kind == "alarm"
    return alarmed and part.job.profile.controller != "marlin"
