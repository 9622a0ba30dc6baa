"""cncjs, a sender of others, streams to the emulated device.

cncjs 1.11 counts lines without their ends and its own questions ($G) not at all: with short lines it keeps up to 139
bytes on the way, more than a Grbl can store. Most jobs come through; one that does not must be told, never passed.

Opt-in: ``npm install cncjs@1.11`` in some folder, and the environment's CUTKIT_CNCJS names that folder.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from builders import make_marker
from shapely.geometry import Point, box

from cutkit.cut.plan import plan_cut
from cutkit.formats.marker import marker_text
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text
from cutkit.model import Fabric, OrderedPiece, Placement

CNCJS = Path(os.environ.get("CUTKIT_CNCJS", "nowhere"))
DRIVE = Path(__file__).with_name("cncjs_drive.js")
SECRET = "for-this-test-only"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CNCJS / "node_modules/.bin/cncjs").exists() or shutil.which("node") is None,
        reason="CUTKIT_CNCJS names no folder with cncjs in it",
    ),
]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("cncjs does not listen")


def started(stack, *command, **options):
    """A process that is ended with the test."""
    process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options))
    stack.callback(process.kill)
    return process


def test_cncjs_cuts_a_marker(tmp_path):
    round_piece = OrderedPiece("A", "Yoke", "M", Point(0, 0).buffer(90), 1)
    square = OrderedPiece("B", "Front", "M", box(0, 0, 300, 120), 1)
    places = [Placement("A", 1, 110.0, 110.0, 0.0), Placement("B", 1, 220.0, 20.0, 0.0)]
    profile, marker = load_profile("grbl-servo"), make_marker([round_piece, square], places, fabric=Fabric(400.0))
    program, written, settings = tmp_path / "job.gcode", tmp_path / "job.marker.json", tmp_path / "cncrc.json"
    program.write_text(program_text(plan_cut(marker, profile), profile, "test"))
    written.write_text(marker_text(marker))
    settings.write_text(json.dumps({"secret": SECRET, "state": {"checkForUpdates": False}}))
    port = free_port()
    with ExitStack() as stack:
        emulate = [sys.executable, "-m", "cutkit", "emulate", "--cutter", "grbl-servo", "--pty", "--once", "--json"]
        device = started(stack, *emulate, "--marker", str(written), text=True)
        address = device.stderr.readline().strip()
        server = [str(CNCJS / "node_modules/.bin/cncjs"), "-H", "127.0.0.1", "-p", str(port), "-c", str(settings)]
        started(stack, *server)
        wait_for(port)
        driver = ["node", str(DRIVE), str(port), address, str(program), SECRET]
        environment = {**os.environ, "NODE_PATH": str(CNCJS / "node_modules")}
        driven = subprocess.run(driver, capture_output=True, text=True, timeout=120, env=environment)
        output, _ = device.communicate(timeout=60)
    report = json.loads(output)
    assert report["stream"]["bytes"] > 0.2 * len(program.read_bytes())
    if report["stream"]["lost_bytes"]:
        assert device.returncode == 5
        assert "link-overrun" in {violation["code"] for violation in report["violations"]}
        return
    assert driven.returncode == 0, driven.stdout + driven.stderr
    assert (device.returncode, report["violations"]) == (0, [])
    assert report["pieces"] == {"expected": 2, "cut_once": 2, "missed": 0, "cut_twice": 0}
