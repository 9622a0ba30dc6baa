"""Orders as they are typed, and as spreadsheets save them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutkit.errors import InputError, UsageError
from cutkit.formats.orders import read_order
from cutkit.model import Order, OrderLine


def lines(*entries) -> Order:
    return Order(tuple(OrderLine(*entry) for entry in entries))


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("S=1,M=2,L=1", lines(("S", 1), ("M", 2), ("L", 1))),
        (" 38 = 2 , 40=10", lines(("38", 2), ("40", 10))),
        ("XL/34=1", lines(("XL/34", 1))),
        ("S=1,M=1,S=2", lines(("S", 3), ("M", 1))),
        ("3", lines(("", 3))),
    ],
)
def test_orders_as_typed(text, order):
    assert read_order(text) == order


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "an entry is empty"),
        ("S=1,", "an entry is empty"),
        ("S=1;M=2", "separated by commas"),
        ("S=1,M", "'M' is not SIZE=COUNT"),
        ("S:1", "'S:1' is not SIZE=COUNT"),
        ("S=1,2", "'2' names no size"),
        ("=2", "'=2' names no size"),
        ("S=", "the count is missing"),
        ("S=0", "the count is 0"),
        ("0", "the count is 0"),
        ("S=-1", "'-1' is not a whole number"),
        ("S=1.5", "'1.5' is not a whole number"),
        ("S=two", "'two' is not a whole number"),
        ("S=٣", "not a whole number"),
        ("S=" + "9" * 5000, "not a whole number"),
    ],
)
def test_what_is_wrong_with_an_entry(text, says):
    with pytest.raises(UsageError) as caught:
        read_order(text)
    assert says in str(caught.value)
    assert "S=1,M=2,L=1" in caught.value.hint


@given(st.dictionaries(st.from_regex(r"[A-Z0-9]{1,4}", fullmatch=True), st.integers(1, 999), min_size=1, max_size=6))
def test_what_is_typed_is_what_is_ordered(counts):
    order = read_order(",".join(f"{size}={count}" for size, count in counts.items()))
    assert {line.size: line.count for line in order.lines} == counts


def written(tmp_path, text: str | bytes, name: str = "order.csv") -> str:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


@pytest.mark.parametrize(
    "text",
    [
        "size,count\nS,1\nM,2\n",
        "\ufeffsize,count\r\nS,1\r\nM,2\r\n",
        "Size;Count\nS;1\nM;2",
        "count\tsize\n1\tS\n2\tM\n",
        "\n size , count ,\n\n S , 1 ,\n,,\nM,2,\n",
        '"size","count"\n"S","1"\n"M","2"\n',
        "size,count\nS,1\nM,1\nM,1\n",
    ],
)
def test_tables_as_spreadsheets_save_them(tmp_path, text):
    assert read_order(written(tmp_path, text)) == lines(("S", 1), ("M", 2))


def test_styles_and_bundles(tmp_path):
    path = written(tmp_path, "style;size;count;bundle\nSHIRT;M;2;10\nSHIRT;M;1;\nTROUSERS;M;1;\nSHIRT;M;1;\n")
    assert read_order(path) == lines(("M", 2, "SHIRT", 10), ("M", 2, "SHIRT"), ("M", 1, "TROUSERS"))


def test_a_file_by_any_name(tmp_path):
    assert read_order(written(tmp_path, "size,count\nS,1\n", "week 12.orders")) == lines(("S", 1))


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("\n \n", "order.csv: ", "no lines"),
        ("size,count\n", "order.csv: ", "no garment"),
        ("S,1\nM,2\n", "line 1", "unknown column 'S'"),
        ("size,counts\nS,1\n", "line 1", "Did you mean 'count'?"),
        ("size,colour,count\nS,red,1\n", "line 1", "unknown column 'colour'"),
        ("size,size,count\nS,S,1\n", "line 1", "'size' is there twice"),
        ("style,size\nA,S\n", "line 1", "no column count"),
        ("size,count\nS,1\nM,0\n", "line 3", "the count is 0"),
        ("size,count\nS,1\n\nM,-2\n", "line 4", "'-2'"),
        ("size,count\nS\n", "line 2", "the count is missing"),
        ("size,count\nS,1,2\n", "line 2", "'2' stands in no named column"),
        ("size,count,bundle\nS,1,A\n", "line 2", "the bundle 'A'"),
        ('size,count\n"S,1\n', "line 2", "not a table"),
        (b"size,count\nS\xe4,1\n", "order.csv: ", "not UTF-8"),
        ("size,count\nS,1\n".encode("utf-16"), "order.csv: ", "not UTF-8"),
        (b"size,count\nS\x00,1\n", "order.csv: ", "not a text file"),
        (b"", "order.csv: ", "empty"),
    ],
)
def test_what_is_wrong_with_a_table(tmp_path, text, where, says):
    with pytest.raises(InputError) as caught:
        read_order(written(tmp_path, text))
    assert where in str(caught.value)
    assert says in str(caught.value)


def test_a_table_that_is_missing(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_order(str(tmp_path / "none.csv"))
