"""Grade rule tables, and the sizes they make."""

from __future__ import annotations

import pytest
from dxf_builder import BOX, block, file_of, grain, insert, line, piece, point, polyline, save, text

from cutkit.errors import InputError
from cutkit.formats.patterns import read_pattern
from cutkit.formats.rul import find_rule_table, read_rule_table

HEAD = "ASTM/D13Proposal 1 Version: D 6673-04\nUNITS: METRIC\nGRADE RULE TABLE: DEMO\nNUMBER OF SIZES: 3\n"
HEAD += "SIZE LIST: S M L\nSAMPLE SIZE: M\n"
PAIRS = {1: "-5.000, 0.000  0.000, 0.000  5.000, 0.000", 2: "-5.000, -10.000  0.000, 0.000  5.000, 10.000"}
TABLE = HEAD + "".join(f"RULE: DELTA {n}\n  {pairs}\n" for n, pairs in PAIRS.items()) + "END\n"


def read_table(tmp_path, content):
    return read_rule_table(save(tmp_path, content, "demo.rul"))


def layouts():
    one_line = HEAD + "".join(f"RULE: DELTA {n} {pairs}\n" for n, pairs in PAIRS.items()) + "END"
    two = [p.replace("  ", "\n", 1) for p in PAIRS.values()]
    each = [p.replace("  ", "\n") for p in PAIRS.values()]
    dense = [p.replace(", ", ",") for p in PAIRS.values()]
    yield "gerber", TABLE
    yield "polypattern", one_line
    for name, rules in (("optitex", two), ("boke", each), ("dense", dense)):
        yield name, HEAD + "".join(f"RULE: DELTA {n}\n{r}\n" for n, r in enumerate(rules, 1)) + "END\n"
    yield "aama", "\r\nANSI/AAMA VERSION: 1.0.0\r\nAUTHOR: X\r\n" + TABLE.replace("\n", "\r\n")
    yield "no end", TABLE.replace("END\n", "")


@pytest.mark.parametrize("content", [c for _, c in layouts()], ids=[name for name, _ in layouts()])
def test_every_layout_of_the_numbers(tmp_path, content):
    table = read_table(tmp_path, content)
    assert (table.sizes, table.sample_size) == (("S", "M", "L"), "M")
    assert table.rules == {1: ((-5, 0), (0, 0), (5, 0)), 2: ((-5, -10), (0, 0), (5, 10))}
    assert table.delta(2, "S", "M") == (-5, -10)
    assert table.delta(2, "L", "S") == (10, 20)


def test_the_unit_of_the_table_is_its_own(tmp_path):
    table = read_table(tmp_path, TABLE.replace("METRIC", "ENGLISH"))
    assert table.delta(1, "L", "M") == (127, 0)
    path = save(tmp_path, TABLE.replace("UNITS: METRIC\n", ""), "demo.rul")
    assert read_rule_table(path, "cm").delta(1, "L", "M") == (50, 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hello", "no grade rule table"),
        (HEAD, "RULE"),
        (TABLE.replace("SIZE LIST: S M L\n", ""), "SIZE LIST"),
        (TABLE.replace("5.000, 10.000\n", "5.000\n"), "5 numbers where 3 sizes need 6"),
        (TABLE.replace("SAMPLE SIZE: M", "SAMPLE SIZE: XL"), "SAMPLE SIZE"),
        (TABLE.replace("NUMBER OF SIZES: 3", "NUMBER OF SIZES: 4"), "NUMBER OF SIZES"),
        (TABLE.replace("5.000, 10.000", "5.000, 1e9"), "more than 5 m"),
        (TABLE.replace("S M L", "S M M"), "twice"),
    ],
)
def test_tables_that_are_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_table(tmp_path, content)
    assert "demo.rul" in caught.value.where


def test_a_damaged_rule_names_its_line(tmp_path):
    with pytest.raises(InputError) as caught:
        read_table(tmp_path, TABLE.replace("5.000, 10.000\n", "5.000\n"))
    assert "line 9, rule 2" in caught.value.where


def test_the_table_beside_the_pattern_is_found_however_it_is_written(tmp_path):
    pattern = save(tmp_path, "x", "Shirt.dxf")
    assert find_rule_table(pattern) is None
    beside = save(tmp_path, TABLE, "SHIRT.RUL")
    assert find_rule_table(pattern) == beside


def test_the_table_that_the_pattern_names_is_found(tmp_path):
    style = ("Style Name: DEMO", "Units: METRIC", "Sample Size: M", "Grade Rule Table: MISSES")
    path = save(tmp_path, file_of([piece("A", LABELS)], style=style))
    alone = read_pattern(path)
    assert alone.sizes == ("M",)
    (notice,) = [n for n in alone.notices if n.code == "grade-table-missing"]
    assert "4 points have grade rules, but their table, which it calls 'MISSES', is not beside" in notice.message
    save(tmp_path, STILL, "misses.rul")
    assert read_pattern(path).sizes == ("S", "M", "L")
    save(tmp_path, STILL.replace("5.000", "9.000"), "demo.rul")  # the one of the pattern's own name goes first
    assert read_pattern(path).pieces[-1].outline.bounds[2] == 409


def test_a_minus_sign_is_a_minus(tmp_path):
    table = read_table(tmp_path, TABLE.replace("-5.000", "\u22125.000"))
    assert table.delta(1, "S", "M") == (-5, 0)
    with pytest.raises(InputError, match="'x' among the numbers"):
        read_table(tmp_path, TABLE.replace("-5.000", "x5.000"))


def test_sample_sizes_that_differ_are_told(tmp_path):
    pattern, sizes = graded(tmp_path, table=STILL.replace("SAMPLE SIZE: M", "SAMPLE SIZE: S"))
    assert {"sample-size-differs", "grade-sample-moves"} <= {notice.code for notice in pattern.notices}
    assert sizes["M"].outline.bounds[2] == 400
    small_letters = STILL.replace("S M L", "s m l").replace("SAMPLE SIZE: M", "SAMPLE SIZE: m")
    pattern, _ = graded(tmp_path, table=small_letters)
    assert pattern.sample_size == "m"


def test_a_long_list_of_sizes_runs_over_several_lines(tmp_path):
    wrapped = TABLE.replace("SIZE LIST: S M L\nSAMPLE SIZE: M\n", "SAMPLE SIZE: M\nSIZE LIST: S\n  M\nL\n")
    assert read_table(tmp_path, wrapped).sizes == ("S", "M", "L")


# --- grading ---------------------------------------------------------------------------------------------------

LABELS = text("# 1", (400, 0), 2) + text("# 2", (400, 300), 2) + text("# 3", (0, 0), 2) + text("# 3", (0, 300), 2)
STILL = TABLE.replace("END\n", "RULE: DELTA 3\n 0,0 0,0 0,0\nEND\n")


def graded(tmp_path, *entities, table=STILL, blocks=()):
    save(tmp_path, table, "demo.rul")
    pattern = read_pattern(save(tmp_path, file_of([piece("A", LABELS, *entities), *blocks])))
    return pattern, {p.size: p for p in pattern.pieces if p.name == "A"}


def test_points_move_as_their_rules_say(tmp_path):
    pattern, sizes = graded(tmp_path)
    assert pattern.sizes == ("S", "M", "L")
    assert pattern.sample_size == "M"
    assert list(sizes) == ["S", "M", "L"]
    assert set(sizes["M"].outline.exterior.coords) == set(map(tuple, BOX))
    assert set(sizes["S"].outline.exterior.coords) == {(0, 0), (395, 0), (395, 290), (0, 300)}
    assert set(sizes["L"].outline.exterior.coords) == {(0, 0), (405, 0), (405, 310), (0, 300)}


def test_points_without_a_rule_move_with_their_neighbours(tmp_path):
    outline = [(0, 0), (400, 0), (400, 100), (400, 300), (0, 300)]
    save(tmp_path, STILL, "demo.rul")
    pattern = read_pattern(save(tmp_path, file_of([piece("A", LABELS, outline=outline)])))
    large = next(p for p in pattern.pieces if p.size == "L")
    (between,) = [p for p in large.outline.exterior.coords if p[1] not in (0, 300, 310)]
    assert between == pytest.approx((405, 100 + 10 / 3))


def test_marks_are_graded_along(tmp_path):
    notch = point((400, 150), 4, 30, 6)
    labelled = point((200, 0), 4, 30, 6) + text("# 1", (200, 0), 4)
    drill = point((380, 150), 13) + point((20, 150), 13) + text("# 2", (20, 150), 13)
    inner = line((0, 150), (400, 150), 8)
    _, sizes = graded(tmp_path, notch, labelled, drill, inner)
    large = sizes["L"]
    notches = [m.points[0] for m in large.marks if m.kind == "notch"]
    assert notches == [pytest.approx((405, 155)), pytest.approx((205, 0))]
    near, own = [m.points[0] for m in large.marks if m.kind == "drill"]
    assert own == pytest.approx((25, 160))
    assert 3 < near[0] - 380 <= 5
    (internal,) = [m for m in large.marks if m.kind == "internal"]
    assert list(internal.points) == [pytest.approx((0, 150)), pytest.approx((405, 155))]
    (direction,) = [m for m in large.marks if m.kind == "grain"]
    assert direction.points[0][1] == pytest.approx(direction.points[1][1])


def test_a_label_between_two_points_makes_a_point(tmp_path):
    _, sizes = graded(tmp_path, text("# 2", (400, 150), 3))
    assert (405, 160) in [(round(x, 6), round(y, 6)) for x, y in sizes["L"].outline.exterior.coords]


def test_a_half_piece_is_graded_before_it_is_unfolded(tmp_path):
    _, sizes = graded(tmp_path, line((0, 0), (400, 0), 6))
    assert sizes["L"].outline.area == pytest.approx(2 * (405 * 300 + 405 * 10 / 2))


def test_deltas_turn_with_the_grade_reference_line(tmp_path):
    _, sizes = graded(tmp_path, line((100, 100), (100, 200), 5))
    assert (400.0, 5.0) in sizes["L"].outline.exterior.coords


@pytest.mark.parametrize("laid", [(), (41, -1), (42, -1), (50, 90), (50, 180), (50, 30, 41, -1)])
def test_deltas_turn_and_mirror_with_the_insert(tmp_path, laid):
    save(tmp_path, STILL, "demo.rul")
    pattern = read_pattern(save(tmp_path, file_of([piece("A", LABELS)], entities=insert("A_M", *laid))))
    areas = {p.size: p.outline.area for p in pattern.pieces}
    assert areas == {"S": pytest.approx(395 * 295), "M": 120_000, "L": pytest.approx(405 * 305)}


def test_an_unknown_rule_and_a_piece_without_rules_are_told(tmp_path):
    other = block("B", text("Piece Name: B"), text("Size: M"), text("Quantity: 1"), polyline(BOX), grain())
    pattern, _ = graded(tmp_path, table=TABLE, blocks=[other])
    assert {("grade-rule-missing", "A"), ("grade-none", "B")} <= {(n.code, n.piece) for n in pattern.notices}
    assert len({p.outline.wkt for p in pattern.pieces if p.name == "B"}) == 1


def test_a_size_that_the_file_draws_stays_as_drawn(tmp_path):
    drawn = [(x * 1.5, y) for x, y in BOX]
    pattern, sizes = graded(tmp_path, blocks=[piece("A", size="L", outline=drawn), piece("A", size="4XL")])
    assert sizes["L"].outline.bounds == (0, 0, 600, 300)
    assert sizes["S"].outline.bounds[2] == 395
    assert pattern.sizes == ("S", "M", "L", "4XL")


def test_a_table_can_be_given(tmp_path):
    elsewhere = tmp_path / "tables"
    elsewhere.mkdir()
    table = save(elsewhere, STILL, "other.rul")
    pattern = read_pattern(save(tmp_path, file_of([piece("A", LABELS)])), rul=table)
    assert pattern.sizes == ("S", "M", "L")
    with pytest.raises(InputError, match="no such file"):
        read_pattern(save(tmp_path, file_of([piece("A", LABELS)])), rul=tmp_path / "none.rul")


# --- tables that are doubtful ------------------------------------------------------------------------------------


def test_a_rule_given_twice_with_different_numbers_is_refused(tmp_path):
    again = TABLE.replace("END", f"RULE: DELTA 1\n{PAIRS[2]}\nEND")
    with pytest.raises(InputError, match=r"rule 1: the rule is given twice"):
        read_table(tmp_path, again)
    assert read_table(tmp_path, TABLE.replace("END", f"RULE: DELTA 1\n{PAIRS[1]}\nEND")).rules[1][0] == (-5, 0)


@pytest.mark.parametrize(
    ("unit", "moved"), [("Millimeters", 5), ("CM", 50), ("Inches", 127), ("english", 127), ("MM.", 5)]
)
def test_every_word_for_a_unit_is_known(tmp_path, unit, moved):
    table = read_rule_table(save(tmp_path, TABLE.replace("METRIC", unit), "demo.rul"), "cm")
    assert table.delta(1, "L", "M") == pytest.approx((moved, 0))


def test_an_unknown_unit_is_refused(tmp_path):
    with pytest.raises(InputError, match="'FURLONG'"):
        read_table(tmp_path, TABLE.replace("METRIC", "FURLONG"))


@pytest.mark.parametrize(
    ("table", "code"),
    [
        (TABLE.replace("END\n", ""), "rules-without-end"),
        (TABLE.replace("METRIC", "ENGLISH"), "grade-implausible"),
        (TABLE.replace("5.000", "0.500").replace("10.000", "0.600"), "grade-implausible"),
    ],
)
def test_a_doubtful_table_is_told_of(tmp_path, table, code):
    assert code in {notice.code for notice in graded(tmp_path, table=table)[0].notices}
    assert code not in {notice.code for notice in graded(tmp_path, table=TABLE)[0].notices}


def test_a_graded_outline_that_crosses_itself_names_size_and_table(tmp_path):
    notch = [(0, 0), (400, 0), (400, 300), (220, 300), (210, 100), (200, 300), (0, 300)]
    labels = [text("# 1", (210, 100), 1), *(text("# 2", at, 1) for at in notch if at != (210, 100))]
    far = HEAD + "RULE: DELTA 1\n 0,-900  0,0  0,5\nRULE: DELTA 2\n 0,0 0,0 0,0\nEND\n"
    save(tmp_path, far, "demo.rul")
    path = save(tmp_path, file_of([piece("A", *labels, outline=notch)]))
    with pytest.raises(InputError, match="crosses itself") as caught:
        read_pattern(path)
    assert "size S" in str(caught.value)
    assert "unit of the grade rule table" in str(caught.value)
