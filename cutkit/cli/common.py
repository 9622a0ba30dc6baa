"""What the commands share: option types, talk on stderr, and how an error is shown."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cutkit.errors import CutkitError, UsageError
from cutkit.units import parse_duration, parse_length

if TYPE_CHECKING:
    from cutkit.formats.dxf.layers import LayerRoles
    from cutkit.toolpath import CutterProfile

_PYTHONS_OWN = signal.default_int_handler
F = TypeVar("F", bound=Callable[..., Any])
EXIT_OWN_FAULT = 1
EXIT_USAGE = 2
EXIT_INPUT_OUTPUT = 6
EXIT_INTERRUPTED = 130
PROCESS_BEGAN = time.monotonic()
"""When the command line was loaded, some hundredths of a second after the process began."""


class _Quantity(click.ParamType[float]):
    def __init__(self, name: str, parse: Callable[[str], float]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        try:
            return self._parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


LENGTH = _Quantity("length", parse_length)
"""An option's length with its unit, handed on in millimetres."""
DURATION = _Quantity("time", parse_duration)
"""An option's time with its unit, handed on in seconds."""


def json_option(command: F) -> F:
    """``--json``: one JSON object on stdout and nothing else there."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")(command)


def quiet_option(command: F) -> F:
    """``--quiet``: no talk and no progress on stderr."""
    return click.option("--quiet", is_flag=True, help="No talk and no progress on stderr.")(command)


def layer_options(command: F) -> F:
    """``--cut-layer``, ``--mark-layer``, ``--ignore-layer``: names or colours, each as often as wanted."""
    many: dict[str, Any] = {"multiple": True, "metavar": "NAME"}
    for option in (
        click.option("--ignore-layer", **many, help="A layer that is not read at all, as often as wanted."),
        click.option("--mark-layer", **many, help="A layer whose lines are drawn on the pieces, never cut."),
        click.option(
            "--cut-layer",
            **many,
            help="A layer whose closed lines are pieces and cut-outs; in a drawing without garment layers all others"
            " are then drawn. NAME may hold * and ?, or be a colour: colour:red.",
        ),
    ):
        command = option(command)
    return command


def layer_roles(options: dict[str, Any]) -> LayerRoles:
    """What ``layer_options`` were given; UsageError where a colour is none. Takes them out of ``options``."""
    from cutkit.formats.dxf.layers import LayerRoles

    try:
        return LayerRoles(*(options.pop(name) for name in ("cut_layer", "mark_layer", "ignore_layer")))
    except ValueError as error:
        raise UsageError(str(error)) from error


def stroke_options(command: F) -> F:
    """``--notches``, ``--common-lines``, ``--bridges``, ``--bridge``, ``--blocks``: otherwise than the profile says.

    Program and judge must go by the same choices, so the commands that judge take them too.
    """
    for option in (
        click.option(
            "--blocks",
            type=click.Choice(["ruled", "cut", "outline"]),
            help="Cut the block where a piece's rules have it cut again by hand, of every piece with one, or of none.",
        ),
        click.option("--bridge", "bridge_mm", metavar="LEN", type=LENGTH, help="How long a bridge is."),
        click.option(
            "--bridges",
            metavar="N",
            type=click.IntRange(0),
            help="Leave so many places of every outline uncut; they hold the piece in the cloth.",
        ),
        click.option(
            "--common-lines/--no-common-lines",
            default=None,
            help="Where pieces lie flush, cut the line between them once.",
        ),
        click.option(
            "--notches",
            type=click.Choice(["before", "with", "after"]),
            help="Notches before the outline of their piece, where it passes them, or after it.",
        ),
    ):
        command = option(command)
    return command


def order_option(command: F) -> F:
    """``--order``: which piece is cut when; nothing that a judge asks for."""
    return click.option(
        "--order",
        type=click.Choice(["shortest", "piece", "column"]),
        help="The shortest way; all of a piece before the next; or column after column along the cloth.",
    )(command)


def with_choices(profile: CutterProfile, choices: dict[str, Any]) -> CutterProfile:
    """The profile with what ``stroke_options`` and ``order_option`` were given in place of its own ``[strokes]``.

    UsageError for a bridge without length.
    """
    from cutkit.outputs.programs import with_strokes

    if choices["bridge_mm"] is not None and choices["bridge_mm"] <= 0:
        raise UsageError("--bridge must be longer than nothing", hint="Leave bridges out with --bridges 0.")
    return with_strokes(profile, choices)


def say(text: str, *, quiet: bool = False) -> None:
    """A line of talk on stderr."""
    if not quiet:
        click.echo(text, err=True)


def print_json(value: Any) -> None:
    """One JSON object on stdout; in ASCII where stdout is not UTF-8, for JSON is UTF-8 whatever the locale."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    # A path's bytes that are not text in this locale come as half surrogate pairs, which JSON cannot carry.
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        text = json.dumps(json.loads(text), indent=1)
    click.echo(text)


def is_plain(stream: Any) -> bool:
    """True where neither colour nor a progress bar belongs: no terminal, or NO_COLOR is set."""
    return bool(os.environ.get("NO_COLOR")) or not stream.isatty()


def run(group: click.Group) -> int:
    """Run the command line and return the exit code that the contract gives to what happened."""
    _replace_closed_streams()
    interrupts = _note_interrupts()
    try:
        result = group.main(standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except CutkitError as error:
        show_error(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("cutkit: interrupted", err=True)
        return EXIT_INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # The reader of our output went away (`cutkit inspect F | head`), which click turns into SystemExit: not worth
        # a word.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_INPUT_OUTPUT
    except OSError as error:
        click.echo(f"cutkit: {error.filename or 'a device'}: {error.strerror or error}", err=True)
        return EXIT_INPUT_OUTPUT
    except MemoryError:
        click.echo("cutkit: out of memory; nest fewer pieces at once", err=True)
        return EXIT_OWN_FAULT
    except Exception as error:  # the last line of defence: no traceback reaches the user
        if interrupts:  # extension modules make an ImportError of a Ctrl-C that comes while they are loaded
            click.echo("cutkit: interrupted", err=True)
            return EXIT_INTERRUPTED
        if os.environ.get("CUTKIT_DEBUG"):
            raise
        click.echo(
            f"cutkit: a fault of cutkit itself: {type(error).__name__}: {error}\n"
            "  Please report it; with CUTKIT_DEBUG=1 in the environment it shows where.",
            err=True,
        )
        return EXIT_OWN_FAULT
    return result if isinstance(result, int) else 0


@contextmanager
def first_interrupt_stops() -> Iterator[Callable[[], bool]]:
    """Within it, the first Ctrl-C (or SIGTERM) asks for a stop, which the yielded function reports; a second one ends
    the program at once."""
    stopped: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_signal(number: int, _frame: object) -> None:
        stopped.append(number)
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield lambda: bool(stopped)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _replace_closed_streams() -> None:
    """Where the shell has closed stdout or stderr (``>&-``), what is written there goes nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (for as long as the process lives)


def _note_interrupts() -> list[int]:
    """Ctrl-C raises KeyboardInterrupt as ever, and is noted in the list that comes back."""
    noted: list[int] = []

    def on_interrupt(number: int, _frame: object) -> None:
        noted.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is _PYTHONS_OWN:
        signal.signal(signal.SIGINT, on_interrupt)
    return noted


def show_error(error: CutkitError) -> None:
    """``cutkit: where: message`` on stderr, and below it what to do."""
    lines = str(error).splitlines() or [""]
    click.echo(f"cutkit: {lines[0]}", err=True)
    for line in lines[1:]:
        click.echo(f"  {line}", err=True)
