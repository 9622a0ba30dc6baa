"""The journal survives what a job does not."""

from __future__ import annotations

import pytest

from cutkit.errors import InputError
from cutkit.machine.send.journal import Header, JournalFile, read_journal

HEADER = Header("job.gcode", "ab" * 32, "grbl-servo", "/dev/ttyUSB0", 5, True)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "job.gcode.journal"


def written(path, *entries):
    file = JournalFile(path, HEADER)
    for entry in entries:
        file.write(entry)
    file.close()
    return read_journal(path)


def test_what_is_written_is_read(path):
    journal = written(path, {"cut": 1, "done": True}, {"cut": 2, "done": True})
    assert journal.header == HEADER
    assert (journal.done, journal.next_cut, journal.finished) == ({1, 2}, 3, False)


def test_a_torn_last_line_is_not_done_and_is_written_over(path):
    written(path, {"cut": 1, "done": True})
    with path.open("ab") as stream:
        stream.write(b'{"cut": 2, "do')
    journal = read_journal(path)
    assert journal.next_cut == 2
    file = JournalFile.going_on(path, journal)
    file.write({"cut": 2, "done": True})
    file.close()
    assert read_journal(path).next_cut == 3


def test_what_the_operator_says_counts_more_than_what_was_written(path):
    journal = written(path, *({"cut": k, "done": True} for k in range(1, 5)), {"resumed": 3, "told": True})
    assert journal.next_cut == 3
    assert written(path, {"cut": 1, "done": True}, {"resumed": 2}).done == {1}


def test_handed_over_is_not_made(path):
    journal = written(path, {"cut": 1, "sent": True})
    assert (journal.sent, journal.next_cut) == ({1}, 1)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"", "no journal of cutkit send"),
        (b'{"schema": "other/1"}\n', "no journal of cutkit send"),
        (b"hello\n", "no JSON object"),
        (b'{"schema": "cutkit.journal/1"}\n', "not whole"),
    ],
)
def test_other_files_are_refused(path, text, what):
    path.write_bytes(text)
    with pytest.raises(InputError, match=what):
        read_journal(path)


def test_a_missing_one_says_what_to_do(path):
    with pytest.raises(InputError, match="nothing to resume"):
        read_journal(path)
