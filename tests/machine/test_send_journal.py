"""The journal survives what a job does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cutkit.errors import InputError, MachineError
from cutkit.machine.send.journal import Header, JournalFile, claimed, is_begun, read_journal

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
        (b"", "nothing was begun"),
        (b'{"schema": "cutkit.jou', "nothing was begun"),
        (b"hello", "no journal of cutkit send"),
        (b'{"schema": "other/1"}\n', "no journal of cutkit send"),
        (b"hello\n", "no JSON object"),
        (b'{"schema": "cutkit.journal/1"}\n', "not whole"),
    ],
)
def test_other_files_are_refused(path, text, what):
    path.write_bytes(text)
    with pytest.raises(InputError, match=what):
        read_journal(path)


def test_a_device_is_no_journal(tmp_path):
    for path in (tmp_path, Path("/dev/full")):  # to read that one would never end
        with pytest.raises(InputError, match="a journal is a file"):
            is_begun(path)


def test_a_missing_one_says_what_to_do(path):
    with pytest.raises(InputError, match="nothing to resume"):
        read_journal(path)


def test_what_the_operator_has_made_anew_is_not_finished(path):
    entries = [{"cut": k, "done": True} for k in range(1, 5)] + [{"finished": True}]
    journal = written(path, *entries, {"resumed": 2, "told": True}, {"cut": 2, "done": True})
    assert (journal.finished, journal.next_cut) == (False, 3)


def test_only_one_sender_works_by_a_journal(path):
    with claimed(path, None):
        with pytest.raises(MachineError, match="another cutkit send works by this journal"), claimed(path, None):
            pass
        assert path.exists()
    assert not path.exists()  # nothing was written


def test_a_journal_that_another_sender_has_gone_on_with_is_read_anew(path):
    journal = written(path, {"cut": 1, "done": True})
    with claimed(path, journal):
        pass
    written(path, {"cut": 1, "done": True}, {"cut": 2, "done": True})
    for read in (journal, None):
        with pytest.raises(MachineError, match="has changed since it was read"), claimed(path, read):
            pass


def test_a_sender_killed_before_the_first_line_leaves_nothing_begun(path):
    path.write_bytes(b'{"schema": "cutkit.journal/1", "prog')
    assert not is_begun(path)
    with claimed(path, None):
        assert written(path).next_cut == 1
    assert is_begun(path)
