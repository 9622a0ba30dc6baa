"""What the commands share: option types, talk on stderr, and how an error is shown."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cutkit.errors import CutkitError
from cutkit.units import parse_duration, parse_length

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


def say(text: str, *, quiet: bool = False) -> None:
    """A line of talk on stderr."""
    if not quiet:
        click.echo(text, err=True)


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False))


def is_plain(stream: Any) -> bool:
    """True where neither colour nor a progress bar belongs: no terminal, or NO_COLOR is set."""
    return bool(os.environ.get("NO_COLOR")) or not stream.isatty()


def run(group: click.Group) -> int:
    """Run the command line and return the exit code that the contract gives to what happened."""
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
    except BrokenPipeError:
        # The reader of our output went away (`cutkit inspect F | head`): not worth a word.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INPUT_OUTPUT
    except OSError as error:
        click.echo(f"cutkit: {error.filename or 'a device'}: {error.strerror or error}", err=True)
        return EXIT_INPUT_OUTPUT
    except MemoryError:
        click.echo("cutkit: out of memory; nest fewer pieces at once", err=True)
        return EXIT_OWN_FAULT
    except Exception as error:  # the last line of defence: no traceback reaches the user
        if os.environ.get("CUTKIT_DEBUG"):
            raise
        click.echo(
            f"cutkit: a fault of cutkit itself: {type(error).__name__}: {error}\n"
            "  Please report it; with CUTKIT_DEBUG=1 in the environment it shows where.",
            err=True,
        )
        return EXIT_OWN_FAULT
    return result if isinstance(result, int) else 0


def show_error(error: CutkitError) -> None:
    """``cutkit: where: message`` on stderr, and below it what to do."""
    lines = str(error).splitlines() or [""]
    click.echo(f"cutkit: {lines[0]}", err=True)
    for line in lines[1:]:
        click.echo(f"  {line}", err=True)
