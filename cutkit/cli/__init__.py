"""The ``cutkit`` command. Only this package knows click; a command's module is imported when it is called."""

from __future__ import annotations

import importlib
import sys

import click

from cutkit import __version__

COMMANDS: dict[str, str] = {
    "inspect": "Show what is in pattern files: pieces, sizes, areas, marks, warnings.",
    "export": "Write a pattern or a marker as ASTM or AAMA DXF.",
    "nest": "Nest patterns on the fabric: pattern files or a strip-packing instance to a marker.",
    "check": "Referee a marker file.",
    "cut": "Turn a marker into a program for a cutter.",
    "simulate": "Run a program on the emulated cutter and judge it.",
    "emulate": "Be a cutter: the emulated one as a device, on a pseudo-terminal or TCP.",
    "send": "Stream a program to a cutter, and go on after an interruption.",
    "report": "Report where the cloth of markers went: balance, waste, money, time.",
    "explain": "Explain a marker: what each rule costs, and where the waste lies.",
    "compare": "Compare markers or reports: waste against waste.",
    "estimate": "Tell the length and cloth of an order before it is nested.",
    "batch": "Run many jobs by a queue that loses none.",
    "cutters": "List the machine profiles, or show one.",
}
"""Every command with its line of help; the module ``cutkit.cli.NAME`` holds it as ``command``."""


class _CommandsOnDemand(click.Group):
    """A group that imports a command's module only when it is called, so that ``--help`` starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"cutkit.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and name not in COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(name, COMMANDS, 1)
            ctx.fail(f"No such command {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_CommandsOnDemand, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cutkit")
def group() -> None:
    """Fabric nesting and automated cutting.

    From pattern files (DXF, SVG) to a marker, to a program for a cutter, to a report of the waste. Every step reads and
    writes a file, so each can be run, looked at and run again. `cutkit COMMAND --help` tells the rest.
    """


def main() -> None:
    """Run the command line; a failure ends with its exit code and one clear message, never a traceback."""
    from cutkit.cli.common import run

    sys.exit(run(group))
