"""Bad input of every kind, over all commands: the contract's exit code, one clear message, no traceback, no output.

A case is a command line in which ``FILE`` stands for the bad file, and ``OUT`` for the output.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import subprocess
import sys

import pytest
from builders import make_marker, rectangle
from conftest import REPOSITORY

from cutkit.formats.marker import write_marker
from cutkit.model import InputFile, OrderedPiece, Placement

READING = {
    "inspect": (".dxf", ["inspect", "FILE"]),
    "nest": (".dxf", ["nest", "FILE", "--width", "150cm", "-o", "OUT"]),
    "nest json": (".json", ["nest", "FILE", "-o", "OUT"]),
    "nest --order": (".csv", ["nest", "PATTERN", "--width", "150cm", "--order", "FILE", "-o", "OUT"]),
    "nest --rul": (".rul", ["nest", "AAMA", "--rul", "FILE", "--width", "150cm", "-o", "OUT"]),
    "nest --fabric": (".toml", ["nest", "PATTERN", "--fabric", "FILE", "-o", "OUT"]),
    "nest --rules": (".toml", ["nest", "PATTERN", "--width", "150cm", "--rules", "FILE", "-o", "OUT"]),
    "check": (".marker.json", ["check", "FILE"]),
    "cut": (".marker.json", ["cut", "FILE", "--cutter", "grbl-servo", "-o", "OUT"]),
    "cut --cutter": (".toml", ["cut", "MARKER", "--cutter", "FILE", "-o", "OUT"]),
    "cutters": (".toml", ["cutters", "FILE"]),
    "simulate": (".gcode", ["simulate", "FILE", "--cutter", "grbl-servo"]),
    "simulate --marker": (".marker.json", ["simulate", "PROGRAM", "--cutter", "grbl-servo", "--marker", "FILE"]),
}
WRITING = {
    "inspect --svg": ["inspect", "PATTERN", "--svg", "OUT"],
    "nest": ["nest", "PATTERN", "--width", "150cm", "--rounds", "1", "-o", "OUT"],
    "nest --svg": ["nest", "PATTERN", "--width", "150cm", "--rounds", "1", "-o", "OTHER", "--svg", "OUT"],
    "nest --dxf": ["nest", "PATTERN", "--width", "150cm", "--rounds", "1", "-o", "OTHER", "--dxf", "OUT"],
    "cut": ["cut", "MARKER", "--cutter", "grbl-servo", "-o", "OUT"],
    "simulate --svg": ["simulate", "PROGRAM", "--cutter", "grbl-servo", "--svg", "OUT"],
    "simulate --trace": ["simulate", "PROGRAM", "--cutter", "grbl-servo", "--trace", "OUT"],
}


@pytest.fixture
def shop(tmp_path, cutkit):
    """A folder with good files, and a function that runs a case in it."""
    return Shop(tmp_path, cutkit)


class Shop:
    """Good files to spoil, and commands run on them."""

    def __init__(self, folder, cutkit):
        self.folder = folder
        self._cutkit = cutkit
        self.paths = {
            "PATTERN": folder / "tshirt.dxf",
            "AAMA": folder / "tshirt-aama.dxf",
            "MARKER": folder / "good.marker.json",
            "PROGRAM": folder / "good.gcode",
            "OTHER": folder / "other.out",
            "OUT": folder / "new.out",
        }
        for name in ("tshirt.dxf", "tshirt-aama.dxf"):
            shutil.copy(REPOSITORY / "patterns" / name, folder)
        write_marker(self.paths["MARKER"], small_marker())
        assert cutkit("cut", self.paths["MARKER"], "--cutter", "grbl-servo", "-o", self.paths["PROGRAM"]).code == 0

    def run(self, words, **paths):
        """Run a case; ``paths`` stand in for the words of their name."""
        known = {**self.paths, **paths}
        before = self.snapshot()
        ran = self._cutkit(*[known.get(word, word) for word in words])
        self.new = {name for name, data in self.snapshot().items() if before.get(name) != data}
        return ran

    def snapshot(self):
        return {p.name: p.read_bytes() for p in self.folder.iterdir() if p.is_file()}


def small_marker():
    piece = OrderedPiece("FRONT-M", "FRONT", "M", rectangle(100, 50), 2, material="SHELL", style="S")
    places = [Placement("FRONT-M", 1, 0.0, 0.0, 0.0), Placement("FRONT-M", 2, 100.0, 0.0, 0.0)]
    return make_marker([piece], places, inputs=(InputFile("s.dxf", "0" * 64),))


def assert_refused(ran, code, *says):
    """The exit code, nothing on stdout, and one message: a line, and below it at most hints."""
    assert (ran.code, ran.out) == (code, ""), ran.both
    assert "Traceback" not in ran.err
    assert "a fault of cutkit itself" not in ran.err
    lines = [line for line in ran.err.splitlines() if not line.startswith("note [")]
    heads = [line for line in lines if line.startswith(("cutkit: ", "Error: "))]
    assert len(heads) == 1, ran.err
    for text in says:
        assert str(text) in ran.err


@pytest.mark.parametrize("case", READING)
def test_a_missing_file(shop, case):
    suffix, words = READING[case]
    path = shop.folder / f"none{suffix}"
    ran = shop.run(words, FILE=path)
    assert_refused(ran, 3, path, "no such file")
    assert shop.new == set()


@pytest.mark.parametrize("case", READING)
def test_a_folder(shop, case):
    suffix, words = READING[case]
    path = shop.folder / f"folder{suffix}"
    path.mkdir()
    assert_refused(shop.run(words, FILE=path), 3, path, "folder")
    assert shop.new == set()


@pytest.mark.parametrize("case", READING)
def test_an_empty_file(shop, case):
    suffix, words = READING[case]
    path = shop.folder / f"empty{suffix}"
    path.touch()
    assert_refused(shop.run(words, FILE=path), 3, path, "empty")
    assert shop.new == set()


@pytest.mark.parametrize("case", [case for case in READING if case != "simulate"])
@pytest.mark.parametrize("kind", ["noise", "zeros", "picture", "text"])
def test_a_file_of_another_kind(shop, case, kind):
    suffix, words = READING[case]
    path = shop.folder / f"bad{suffix}"
    data = {
        "noise": random.Random(1).randbytes(3000),
        "zeros": bytes(3000),
        "picture": b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(500),
        "text": b"Dear Sir, please find the pattern enclosed.\n",
    }[kind]
    path.write_bytes(b"{" + data if case == "nest json" else data)
    assert_refused(shop.run(words, FILE=path), 3, path)
    assert shop.new == set()


@pytest.mark.parametrize("case", ["simulate"])
@pytest.mark.parametrize("data", [bytes(3000), random.Random(1).randbytes(3000), b"Dear Sir,\n"])
def test_a_program_of_another_kind(shop, case, data):
    """Whatever a machine is sent is a program: the emulator tells what the machine would make of it."""
    path = shop.folder / "bad.gcode"
    path.write_bytes(data)
    ran = shop.run(READING[case][1], FILE=path)
    assert ran.code in (3, 5)
    assert "Traceback" not in ran.both
    assert "a fault of cutkit itself" not in ran.err


@pytest.mark.parametrize("case", ["inspect", "nest", "check", "cut", "nest json", "simulate --marker"])
@pytest.mark.parametrize("part", [0.05, 0.5, 0.9])
def test_a_truncated_file(shop, case, part):
    suffix, words = READING[case]
    source = shop.paths["PATTERN" if suffix == ".dxf" else "MARKER"]
    data = source.read_bytes()
    if case == "nest json":
        data = json.dumps(strip_instance()).encode()
    path = shop.folder / f"half{suffix}"
    path.write_bytes(data[: int(part * len(data))])
    assert_refused(shop.run(words, FILE=path), 3, path)
    assert shop.new == set()


def strip_instance():
    square = {"type": "simple_polygon", "data": [[0, 0], [10, 0], [10, 10], [0, 10]]}
    return {"name": "n", "strip_height": 40, "items": [{"id": 0, "demand": 2, "shape": square}]}


@pytest.mark.parametrize("case", ["inspect", "nest"])
@pytest.mark.parametrize("scale", [1e-6, 1e9, 1e300])
def test_a_pattern_of_absurd_scale(shop, case, scale):
    import ezdxf

    drawing = ezdxf.new("R12")
    block = drawing.blocks.new("FRONT")
    points = [(x * scale, y * scale) for x, y in ((0, 0), (600, 0), (600, 400), (0, 400))]
    block.add_polyline2d(points, close=True, dxfattribs={"layer": "1"})
    block.add_text("Piece Name: FRONT", dxfattribs={"layer": "1"})
    drawing.modelspace().add_blockref("FRONT", (0, 0))
    path = shop.folder / "absurd.dxf"
    drawing.saveas(path)
    assert_refused(shop.run(READING[case][1], FILE=path), 3, path)
    assert shop.new == set()


def test_a_strip_packing_instance_of_absurd_scale(shop):
    value = strip_instance()
    value["items"][0]["shape"]["data"][1] = [1e300, 0]
    path = shop.folder / "absurd.json"
    path.write_text(json.dumps(value))
    assert_refused(shop.run(READING["nest json"][1], FILE=path), 3, path, "item 0")


@pytest.mark.parametrize("case", ["check", "cut", "simulate --marker"])
def test_a_marker_from_a_newer_version(shop, case):
    value = json.loads(shop.paths["MARKER"].read_text())
    path = shop.folder / "newer.marker.json"
    path.write_text(json.dumps({**value, "schema": "cutkit.marker/2"}))
    assert_refused(shop.run(READING[case][1], FILE=path), 3, path, "version 2")


def test_a_marker_with_faults_is_not_cut(shop):
    value = json.loads(shop.paths["MARKER"].read_text())
    value["placements"][1]["x_mm"] -= 10
    path = shop.folder / "edited.marker.json"
    path.write_text(json.dumps(value))
    assert_refused(shop.run(READING["cut"][1], FILE=path), 5, path, "overlap", "FRONT-M (placement 0, bundle 1)")
    assert shop.new == set()


@pytest.mark.parametrize("words", [w for _, w in READING.values() if "grbl-servo" in w] + [["cutters", "grbl-servo"]])
def test_an_unknown_profile(shop, words):
    words = ["grbl-srevo" if word == "grbl-servo" else word for word in words]
    file = "PROGRAM" if words[0] == "simulate" else "MARKER"
    ran = shop.run([{"FILE": file if "--marker" not in words else "MARKER"}.get(word, word) for word in words])
    assert_refused(ran, 2, "grbl-srevo", "grbl-servo")
    assert shop.new == set()


@pytest.mark.parametrize("case", WRITING)
def test_an_output_that_would_replace_an_input(shop, case):
    words = WRITING[case]
    source = shop.paths[words[1]]
    ran = shop.run(words, OUT=source)
    assert_refused(ran, 2, source, "replace an input")
    assert shop.new <= {"other.out"}


def test_an_output_that_would_replace_an_order(shop):
    path = shop.folder / "week.csv"
    path.write_text("size,count\nM,1\n")
    words = ["nest", "PATTERN", "--width", "150cm", "--rounds", "1", "--order", "FILE", "-o", "FILE"]
    assert_refused(shop.run(words, FILE=path), 2, path, "replace an input")


@pytest.mark.parametrize("case", WRITING)
@pytest.mark.parametrize("where", ["missing/new.out", "good.gcode/new.out", "."])
def test_a_folder_that_cannot_be_written_to(shop, case, where):
    """A path below a regular file stands for a read-only folder too: root may write to those."""
    path = shop.folder / where
    ran = shop.run(WRITING[case], OUT=path)
    assert ran.code == 6, ran.both
    assert "cannot be written" in ran.err
    assert "Traceback" not in ran.err
    assert shop.new <= {"other.out"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only folders")
@pytest.mark.parametrize("case", WRITING)
def test_a_read_only_folder(shop, case):
    folder = shop.folder / "locked"
    folder.mkdir(mode=0o555)
    ran = shop.run(WRITING[case], OUT=folder / "new.out")
    assert ran.code == 6, ran.both
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("case", WRITING)
def test_a_full_disk(shop, case, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    ran = shop.run(WRITING[case])
    assert ran.code == 6, ran.both
    assert "No space left on device" in ran.err
    assert "Traceback" not in ran.err
    assert shop.new == set()


LIMITED = """
import resource, sys
from cutkit.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
sys.argv = ["cutkit", *sys.argv[1:]]
main()
"""


def test_a_file_that_may_not_grow(shop):
    """The operating system's own refusal in the middle of a write, in a process of its own."""
    words = ["cut", shop.paths["MARKER"], "--cutter", "grbl-servo", "-o", shop.folder / "new.out"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 6, done.stderr
    assert "cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not [name for name in os.listdir(shop.folder) if "new.out" in name]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nest", "PATTERN", "-o", "OUT"], 2, "width"),
        (["nest", "PATTERN", "--width", "150", "-o", "OUT"], 2, "no unit"),
        (["nest", "PATTERN", "--width", "0mm", "-o", "OUT"], 2, "width"),
        (["nest", "PATTERN", "--width", "-150cm", "-o", "OUT"], 2, "width"),
        (["nest", "PATTERN", "--width", "150cm", "--selvedge", "80cm", "-o", "OUT"], 2, "usable width"),
        (["nest", "PATTERN", "--width", "150cm", "--gap", "-1mm", "-o", "OUT"], 2, "gap"),
        (["nest", "PATTERN", "--width", "150cm", "--gap", "2m", "-o", "OUT"], 2, "the gap of 2000 mm is wider"),
        (["nest", "PATTERN", "--width", "150cm", "--max-length", "0mm", "-o", "OUT"], 2, "--max-length"),
        (["nest", "PATTERN", "--width", "150cm", "--max-length", "-1m", "-o", "OUT"], 2, "--max-length"),
        (["nest", "PATTERN", "--width", "1000000000m", "-o", "OUT"], 2, "--width must be at most 10 km"),
        (["nest", "PATTERN", "--width", "150cm", "--gap", "1000000000m", "-o", "OUT"], 2, "--gap must be at most"),
        (["nest", "PATTERN", "--width", "150cm", "--min-efficiency", "nan", "-o", "OUT"], 2, "--min-efficiency"),
        (["nest", "PATTERN", "--width", "150cm"], 2, "output"),
        (["nest", "--width", "150cm", "-o", "OUT"], 2, "INPUT"),
        (["nest", "PATTERN", "--width", "150cm", "--time", "20", "-o", "OUT"], 2, "no unit"),
        (["nest", "PATTERN", "--width", "150cm", "--time", "5s", "--rounds", "2", "-o", "OUT"], 2, "--rounds"),
        (["nest", "PATTERN", "--width", "150cm", "--nap", "no-way", "-o", "OUT"], 2, "no-way"),
        (["nest", "PATTERN", "--width", "150cm", "--order", "M:1", "-o", "OUT"], 2, "M:1"),
        (["nest", "PATTERN", "--width", "150cm", "--order", "M=0", "-o", "OUT"], 2, "count is 0"),
        (["nest", "PATTERN", "--width", "150cm", "--order", "M=9999999", "-o", "OUT"], 3, "at most"),
        (["nest", "PATTERN", "--width", "150cm", "--order", "4XS=1", "-o", "OUT"], 3, "4XS"),
        (["nest", "PATTERN", "--width", "150cm", "--material", "SILK", "-o", "OUT"], 2, "SILK"),
        (["nest", "PATTERN", "--width", "150cm", "--frobnicate", "-o", "OUT"], 2, "frobnicate"),
        (["nest", "PATTERN", "PATTERN", "--width", "150cm", "-o", "OUT"], 2, "same style"),
        (["cut", "MARKER", "-o", "OUT"], 2, "--cutter"),
        (["cut", "MARKER", "--cutter", "grbl-servo"], 2, "output"),
        (["simulate", "PROGRAM"], 2, "--cutter"),
        (["inspect"], 2, "FILE"),
        (["inspect", "PATTERN", "--units", "parsec"], 2, "parsec"),
    ],
)
def test_what_is_typed_wrong(shop, words, code, says):
    assert_refused(shop.run(words), code, says)
    assert shop.new == set()


def test_two_outputs_that_are_one_file(shop):
    link = shop.folder / "link.svg"
    link.symlink_to(shop.paths["OUT"])
    words = ["nest", "PATTERN", "--width", "150cm", "--rounds", "1", "-o", "OUT", "--svg", "LINK"]
    assert_refused(shop.run(words, LINK=link), 2, "two outputs have this name")
    assert shop.new == set()


def test_a_strip_packing_instance_with_a_gap_beyond_its_height(shop):
    path = shop.folder / "strip.json"
    path.write_text(json.dumps(strip_instance()))
    words = ["nest", "FILE", "--gap", "9m", "-o", "OUT"]
    assert_refused(shop.run(words, FILE=path), 2, "the gap of 9000 mm is wider")


@pytest.mark.parametrize(("option", "value"), [("--selvedge", "5mm"), ("--nap", "one-way"), ("--width", "1m")])
def test_a_strip_packing_instance_with_what_it_says_itself(shop, option, value):
    path = shop.folder / "strip.json"
    path.write_text(json.dumps(strip_instance()))
    ran = shop.run(["nest", "FILE", option, value, "--rounds", "1", "-o", "OUT"], FILE=path)
    assert_refused(ran, 2, f"{option} does not go with a strip-packing instance")


@pytest.mark.parametrize("text", ["null", "3", '"x"', json.dumps(strip_instance()).encode("utf-16")])
def test_a_json_file_that_is_no_object(shop, text):
    path = shop.folder / "strip.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert_refused(
        shop.run(READING["nest json"][1], FILE=path), 3, path, "JSON" if isinstance(text, bytes) else "strip"
    )


def test_a_fabric_that_is_too_narrow(shop):
    ran = shop.run(["nest", "PATTERN", "--width", "15cm", "--rounds", "1", "-o", "OUT"])
    assert ran.code == 4, ran.both
    assert "not placed" in ran.err
    assert "Traceback" not in ran.err
