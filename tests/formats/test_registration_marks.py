"""Measured print marks: what a file of them says, and what a wrong one is told."""

from __future__ import annotations

import pytest

from cutkit.errors import InputError
from cutkit.formats.registration import read_registration
from cutkit.toolpath import RegistrationMark

HEAD = "mark,x_mm,y_mm,measured_x_mm,measured_y_mm\n"


def test_marks_in_their_order(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text(HEAD + "A,0,0,10.5,-2\n\nB, 1000 ,0,1010,3.25\n")
    assert read_registration(path) == (
        RegistrationMark("A", (0, 0), (10.5, -2), 2),
        RegistrationMark("B", (1000, 0), (1010, 3.25), 4),
    )


def test_as_a_spreadsheet_saves_it(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + "A,0,0,1,2\n").replace(",", ";").upper().replace("\n", "\r\n").encode())
    assert read_registration(path)[0].measured_mm == (1, 2)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("A,0,0,1,2\n", ", line 1", "the first line must be mark,x_mm,y_mm,measured_x_mm,measured_y_mm, not A,0,0,1,2"),
        (HEAD.replace("mark,", ""), ", line 1", "the first line must be"),
        (HEAD, "", "has no mark"),
        (" \n", "", "there are no marks"),
        (HEAD + "A,0,0,1\n", ", line 2", "4 entries, not 5"),
        (HEAD + "A,0,0,1,2\n,0,0,1,2\n", ", line 3", "the mark has no name"),
        (HEAD + "A,0,0,1,2\n\nA,5,0,1,2\n", ", line 4", "mark A is given in line 2 too"),
        (HEAD + "A,0,zero,1,2\n", ", line 2", "y_mm of mark A: 'zero' is not a number"),
        (HEAD + "A,0,0,nan,2\n", ", line 2", "measured_x_mm of mark A: 'nan' is no place"),
        (HEAD.replace(",", ";") + "A;0;0;1,5;2\n", ", line 2", "decimals with a point"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(tmp_path, text, line, told):
    path = tmp_path / "marks.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_registration(path)
    assert caught.value.where == f"{path}{line}"
    assert told in str(caught.value)


def test_a_file_that_is_missing(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_registration(tmp_path / "marks.csv")
