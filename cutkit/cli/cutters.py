"""``cutkit cutters``: the machine profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, print_json, quiet_option, say

if TYPE_CHECKING:
    from cutkit.toolpath import CutterProfile


@click.command("cutters")
@click.argument("name", required=False, metavar="[NAME|FILE]")
@json_option
@quiet_option
def command(name: str | None, as_json: bool, quiet: bool) -> None:
    """List the machine profiles, or show all of one."""
    from cutkit.formats.profile import load_profile, profile_names

    profiles = [load_profile(name)] if name else [load_profile(known) for known in profile_names()]
    if as_json:
        print_json({"schema": "cutkit.cutters/1", "cutters": [_json(profile, full=bool(name)) for profile in profiles]})
    elif name:
        _show(profiles[0])
    else:
        _list(profiles)
        say(
            "\n`cutkit cutters NAME` shows all of one. tried: on the real machine, not only on the emulated one.",
            quiet=quiet,
        )


def _json(profile: CutterProfile, *, full: bool) -> dict[str, Any]:
    head: dict[str, Any] = {
        "name": profile.name,
        "dialect": profile.dialect,
        "title": profile.title,
        "table_mm": [profile.table.length_mm, profile.table.width_mm],
        "tried_on_hardware": profile.tried_on_hardware,
    }
    return {**head, "tools": list(profile.tools), "profile": _plain(profile)} if full else head


def _plain(profile: CutterProfile) -> Any:
    import msgspec

    return msgspec.to_builtins(profile)


def _list(profiles: list[CutterProfile]) -> None:
    rows = [
        ("name", "dialect", "table, m", "tools", "knife, mm", "tried"),
        *(
            (p.name, p.dialect, _table(p), " ".join(p.tools), _knife(p), "yes" if p.tried_on_hardware else "no")
            for p in profiles
        ),
    ]
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _table(profile: CutterProfile) -> str:
    length = profile.table.length_mm
    along = "endless" if length is None else f"{length / 1000:.3g}"
    return f"{along} x {profile.table.width_mm / 1000:.3g}"


def _knife(profile: CutterProfile) -> str:
    if "knife" not in profile.tools:
        return "-"
    kind = profile.knife.kind
    if kind == "drag":
        return f"drag {profile.knife.offset_mm:g}"
    return "no offset" if kind == "none" else kind


def _show(profile: CutterProfile) -> None:
    """Every key of a profile with its value, as the TOML file has it."""
    click.echo(f"{profile.name}: {profile.title}")
    for key, value in _flat(_plain(profile)):
        if key not in ("name", "title"):
            click.echo(f"  {key:<30} {value}")


def _flat(value: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [row for key, inner in value.items() for row in _flat(inner, f"{path}.{key}".lstrip("."))]
    if isinstance(value, (list, tuple)):
        return [(path if k == 0 else "", str(item)) for k, item in enumerate(value)]
    if isinstance(value, str):
        return [(path, value.replace("\n", " | ").strip(" |") or '""')]
    if path == "table.length_mm" and value is None:
        return [(path, "endless")]
    return [(path, "-" if value is None else "yes" if value is True else "no" if value is False else f"{value}")]
