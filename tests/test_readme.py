"""What README.md and docs/commands.md say about the commands is true and whole.

``CUTKIT_RENEW=1 pytest tests/test_readme.py`` writes docs/commands.md again.
"""

from __future__ import annotations

import inspect
import os
import re
import shlex
import textwrap

import click
import pytest
from conftest import REPOSITORY

from cutkit.cli import COMMANDS, group

README = REPOSITORY / "README.md"
REFERENCE = REPOSITORY / "docs" / "commands.md"
HEAD = """# The commands and their options

Written from the commands themselves; `cutkit COMMAND --help` prints the same. Lengths carry a unit (`150cm`, `60in`,
`1.5m`), times too (`90s`, `10m`, `2h`). Results go to stdout, talk and progress to stderr. The exit codes are in the
[README](../README.md).
"""


def commands() -> dict[str, click.Command]:
    """Every command by what is typed for it; of a group of commands, the group and each of them."""
    context = click.Context(group, info_name="cutkit")
    found = {}
    for name in COMMANDS:
        found[name] = group.get_command(context, name)
        if isinstance(found[name], click.Group):
            found |= {f"{name} {sub}": command for sub, command in found[name].commands.items()}
    return found


def options(command: click.Command) -> list[click.Option]:
    return [param for param in command.params if isinstance(param, click.Option)]


def spelled(option: click.Option) -> str:
    """``-o, --output MARKER`` as it is typed."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    if option.is_flag or option.count:
        return names
    if option.metavar:
        return f"{names} {option.metavar}"
    if isinstance(option.type, click.Choice):
        return f"{names} {'|'.join(map(str, option.type.choices))}"
    if isinstance(option.type, click.types.IntRange):
        return f"{names} N"
    return f"{names} {option.type.name.upper()}"


def described(option: click.Option) -> str:
    default = option.default if option.show_default and option.default is not None else None
    text = " ".join((option.help or "").split())
    if option.required:
        text += " Required."
    return (f"{text} [{default}]" if default is not None else text).replace("|", "\\|")


def reference() -> str:
    parts = [HEAD]
    for name, command in commands().items():
        arguments = [p.metavar or p.name.upper() for p in command.params if isinstance(p, click.Argument)]
        takes = "COMMAND" if isinstance(command, click.Group) else "[OPTIONS]"
        parts.append(f"\n## cutkit {' '.join([name, *arguments])} {takes}\n\n{paragraphs(command.help)}\n")
        rows = [f"| `{spelled(o).replace('|', chr(92) + '|')}` | {described(o)} |" for o in options(command)]
        parts.append("\n| option | |\n|---|---|\n" + "\n".join(rows) + "\n" if rows else "")
    return "".join(parts)


def paragraphs(text: str | None) -> str:
    plain = inspect.cleandoc((text or "").replace("\b", ""))
    return "\n\n".join(textwrap.fill(p, 120) for p in plain.split("\n\n"))


def test_the_reference_is_what_the_commands_say():
    if os.environ.get("CUTKIT_RENEW"):
        REFERENCE.write_text(reference())
    assert REFERENCE.read_text() == reference(), "run it with CUTKIT_RENEW=1 to write docs/commands.md again"


@pytest.mark.parametrize("name", commands())
def test_every_option_has_a_word_of_help(name):
    command = commands()[name]
    assert command.help
    assert [o.opts for o in options(command) if not o.help] == []


@pytest.mark.parametrize("name", commands())
def test_the_readme_shows_every_command(name):
    assert f"cutkit {name}" in README.read_text()


@pytest.mark.parametrize("target", ["make demo", "make test", "make check", "make bench"])
def test_the_readme_names_the_targets(target):
    assert target in README.read_text()
    assert f"\n{target.split()[1]}:" in (REPOSITORY / "Makefile").read_text()


def readme_lines() -> list[str]:
    """The lines of code in the README that call cutkit, joined where they go on."""
    blocks = re.findall(r"```(?:\w*)\n(.*?)```", README.read_text(), re.S)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith("cutkit ")]


@pytest.mark.parametrize("line", readme_lines())
def test_what_the_readme_types_can_be_typed(line):
    _, name, *words = shlex.split(line, comments=True)
    if isinstance(commands()[name], click.Group):
        name = f"{name} {words.pop(0)}"
    known = {spelling for option in options(commands()[name]) for spelling in option.opts}
    assert {word for word in words if word.startswith("-")} <= known


def test_the_readme_types_something():
    assert len(readme_lines()) >= len(COMMANDS) - 1


def test_what_the_readme_points_at_is_there():
    targets = re.findall(r"\]\(([^)#:]+)\)", README.read_text())
    assert targets
    assert [target for target in targets if not (REPOSITORY / target).exists()] == []
