"""Streams that are closed, full or of another encoding, and Ctrl-C where it hurts: the right code, no traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import click
import pytest

from cutkit.cli import common
from cutkit.cli.common import run

CUTKIT = [sys.executable, "-m", "cutkit"]


def test_a_reader_that_went_away():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*CUTKIT, "cutters", "--json"], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (6, b"")


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_stream_that_the_shell_has_closed(closed):
    line = " ".join(f"'{word}'" for word in [*CUTKIT, "cutters"])
    done = subprocess.run(["sh", "-c", f"{line} {closed}"], capture_output=True, check=False)
    assert done.returncode == 0
    assert b"fault" not in done.stdout + done.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
def test_json_is_utf8_whatever_the_locale(encoding):
    code = "from cutkit.cli.common import print_json; print_json({'path': 'Ärmel b\\udcffd'})"
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment)
    assert json.loads(done.stdout.decode("utf-8")) == {"path": "Ärmel b\ufffdd"}


def command_that(fails):
    @click.group()
    def group():
        pass

    @group.command("go")
    def go():
        fails()

    return group


def test_ctrl_c_while_an_extension_module_loads(monkeypatch, capsys):
    def loads():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("numpy._core.multiarray failed to import") from None

    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(common, "_PYTHONS_OWN", before)
    monkeypatch.setattr(sys, "argv", ["cutkit", "go"])
    try:
        assert run(command_that(loads)) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "cutkit: interrupted\n"


def test_a_fault_of_ones_own_is_no_interrupt(monkeypatch, capsys):
    def fails():
        raise ImportError("numpy is not there")

    monkeypatch.setattr(sys, "argv", ["cutkit", "go"])
    monkeypatch.delenv("CUTKIT_DEBUG", raising=False)
    assert run(command_that(fails)) == 1
    assert "a fault of cutkit itself: ImportError" in capsys.readouterr().err
