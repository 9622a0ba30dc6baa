"""``cutkit emulate``: the emulated cutter as a device, for any sender to stream to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, print_json, quiet_option, say
from cutkit.errors import CheckError, UsageError

if TYPE_CHECKING:
    from cutkit.cli.programs import Outcome
    from cutkit.machine.device import Device
    from cutkit.machine.device.ports import ServerPort


@click.command("emulate")
@click.option("--cutter", required=True, metavar="NAME|FILE", help="A machine profile, or a TOML file of your own.")
@click.option("--pty", "on_pty", is_flag=True, help="Serve a pseudo-terminal; its path is printed on stdout.")
@click.option("--tcp", metavar="HOST:PORT", help="Listen there instead; port 0 takes a free one, which is printed.")
@click.option(
    "--fault",
    "fault_texts",
    metavar="SPEC",
    multiple=True,
    help="What goes wrong, as often as wanted: power@12.5s, cable@20s, cable@byte:500, drop@byte:1000,"
    " corrupt@byte:1000, reset@3s, limit@8s, hold@5s:2s, knife@9s, lost-ok@40, slow@0.2s.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="N times as fast as a real machine. By default as fast as the processor allows.",
)
@click.option("--once", is_flag=True, help="End when the first client closes the port.")
@click.option("--marker", "marker_path", metavar="MARKER", help="Judge what was cut against this marker, at the end.")
@click.option("--svg", "svg_path", metavar="OUT", help="Write a picture of what the blade did.")
@click.option("--trace", "trace_path", metavar="OUT.jsonl", help="Write the timed trace, one JSON object a line.")
@json_option
@quiet_option
def command(**options: Any) -> None:
    """Be a cutter: take a program as the machine would, answer as it would, and judge at the end what was cut.

    Ctrl-C ends it, or with --once the client's closing the port: what the machine still has in its memory is made to
    its end, then comes the report, as of simulate. Any violation ends in exit code 5; a receive buffer that has run
    over is one. With --json the port's address goes to stderr. Without --speed the time of faults is working time.
    After a power failure the machine is on again for the next client, its tool over the table's zero.
    """
    emulate(**options)


def emulate(
    *,
    cutter: str,
    on_pty: bool,
    tcp: str | None,
    fault_texts: tuple[str, ...],
    speed: float | None,
    once: bool,
    marker_path: str | None,
    svg_path: str | None,
    trace_path: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """The command, with what it was given."""
    from cutkit.cli.simulate import write_outputs
    from cutkit.formats.files import is_toml_path, refuse_bad_outputs
    from cutkit.formats.marker import read_marker
    from cutkit.formats.profile import load_profile
    from cutkit.machine.device import make_device, parse_fault

    if on_pty == bool(tcp):
        raise UsageError("a device has one port", hint="Give either --pty or --tcp HOST:PORT.")
    faults = [parse_fault(text) for text in fault_texts]
    inputs: list[str | Path] = [*([marker_path] if marker_path else []), *([cutter] if is_toml_path(cutter) else [])]
    refuse_bad_outputs([svg_path, trace_path], inputs)
    profile = load_profile(cutter)
    marker = read_marker(marker_path) if marker_path else None
    device = make_device(profile, faults)
    port = _open_port(tcp)
    # With --json, stdout holds the report and nothing else.
    click.echo(port.address, err=as_json)
    try:
        _serve(device, port, speed, once, quiet)
    finally:
        port.close()
    outcome = _outcome(device, marker, port.address)
    write_outputs(outcome, svg_path, trace_path, inputs)
    _tell(device, outcome, as_json=as_json, quiet=quiet)
    if outcome.violations:
        raise click.exceptions.Exit(CheckError.exit_code)


def _open_port(tcp: str | None) -> ServerPort:
    from cutkit.machine.device.ports import PtyPort, TcpPort

    return TcpPort.parse(tcp) if tcp else PtyPort()


def _serve(device: Device, port: ServerPort, speed: float | None, once: bool, quiet: bool) -> None:
    from cutkit.machine.device.server import Server

    say(f"{device.profile.name} is on; Ctrl-C ends it", quiet=quiet)
    try:
        Server(device, port, speed, once, lambda text: say(text, quiet=quiet)).run()
    except KeyboardInterrupt:
        say("ended; the machine finishes what it has", quiet=quiet)


def _outcome(device: Device, marker: Any, address: str) -> Outcome:
    from cutkit.cli.programs import Outcome, Sources
    from cutkit.machine.judge import judge

    run = device.finish()
    verdict = judge(run, marker) if marker else None
    return Outcome(run, marker, verdict, Sources((Path(address.removeprefix("socket://")),), (0,)), run.remarks)


def _tell(device: Device, outcome: Outcome, *, as_json: bool, quiet: bool) -> None:
    from cutkit.cli.simulate import outcome_json, print_outcome

    figures = device.figures
    for remark in outcome.run.remarks:
        say(f"note [{remark.code}] {remark.message}", quiet=quiet)
    if as_json:
        stream = {
            "bytes": figures.received,
            "lost_bytes": figures.ring.lost,
            "commands": figures.commands,
            "answered": figures.answered,
            "ring_mean_bytes": round(figures.ring.mean_bytes, 1),
            "ring_over_half": round(figures.ring.over_half, 4),
            "planner_mean_blocks": round(figures.planner.mean_blocks, 2),
            "planner_starved": figures.planner.starved,
            "planner_starved_s": round(figures.planner.starved_s, 4),
        }
        print_json({**outcome_json(outcome), "schema": "cutkit.emulate/1", "stream": stream})
        return
    ring, planner = figures.ring, figures.planner
    click.echo(f"{'received':<15}  {figures.received} bytes, {figures.commands} commands, {ring.lost} bytes lost")
    fill = f"{ring.mean_bytes:.0f} of {device.ring.usable_bytes} bytes, {planner.mean_blocks:.1f} blocks in the mean"
    click.echo(f"{'buffers':<15}  {fill}; starved {planner.starved} times for {planner.starved_s:.2f} s")
    print_outcome(outcome)
