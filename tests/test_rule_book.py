"""Rules of pieces: which ones hold for a piece, and which of several wins."""

from __future__ import annotations

import pytest
from builders import make_piece

from cutkit.rules import Edge, PieceRules, PointName, Rule, RuleBook, parse_edge, parse_point

POCKET = make_piece("BACK_POCKET", "M", category="POCKET")


def test_a_piece_wins_over_its_category_and_this_over_its_style_each_key_for_itself():
    book = RuleBook(
        (
            Rule("piece", "BACK_*", PieceRules(nap="ignore"), "order"),
            Rule("category", "POCKET", PieceRules(nap="one-way", quality="B"), "user"),
            Rule("style", "JEANS", PieceRules(nap="per-bundle", quality="A", buffer_mm=2.0), "built in"),
            Rule("style", "SHIRT", PieceRules(tilt_deg=1.0), "built in"),
        ),
        default=PieceRules(tilt_deg=3.0, buffer_mm=0.0),
    )
    assert book.rules_for("Jeans", POCKET) == PieceRules(nap="ignore", quality="B", buffer_mm=2.0, tilt_deg=3.0)
    origins = book.origins("JEANS", POCKET)
    assert {key: rule and rule.where for key, rule in origins.items()} == {
        "tilt_deg": None,
        "buffer_mm": "built in",
        "quality": "user",
        "nap": "order",
    }


def test_among_rules_of_a_kind_the_priority_wins_and_then_the_later_one():
    rules = (
        Rule("piece", "*POCKET", PieceRules(quality="A", buffer_mm=1.0, tilt_deg=1.0)),
        Rule("piece", "BACK*", PieceRules(quality="B", buffer_mm=2.0)),
    )
    later = RuleBook(rules).rules_for("", POCKET)
    assert (later.quality, later.buffer_mm, later.tilt_deg) == ("B", 2.0, 1.0)
    first = Rule(rules[0].kind, rules[0].name, rules[0].rules, priority=1)
    assert RuleBook((first, rules[1])).rules_for("", POCKET).quality == "A"


def test_false_and_nothing_are_said_too():
    book = RuleBook(
        (
            Rule("style", "*", PieceRules(pairs=True, zones=("left",), buffer_mm=3.0)),
            Rule("piece", "*", PieceRules(pairs=False, zones=(), buffer_mm=0.0)),
        )
    )
    assert book.rules_for("", POCKET) == PieceRules(pairs=False, zones=(), buffer_mm=0.0)


@pytest.mark.parametrize(
    ("name", "holds"),
    [("back_pocket", True), (" Back* ", True), ("BACK?POCKET", True), ("BACK", False), ("[BF]ACK_POCKET", False)],
)
def test_names_are_globs_without_regard_to_case(name, holds):
    assert Rule("piece", name, PieceRules()).holds_for("", POCKET) is holds


def test_a_bracket_in_a_name_is_a_bracket():
    assert Rule("piece", "TAB [L]", PieceRules()).holds_for("", make_piece("TAB [L]"))
    assert not Rule("piece", "TAB [L]", PieceRules()).holds_for("", make_piece("TAB L"))


def test_rules_that_hold_for_nothing_are_found():
    idle = Rule("piece", "SLEEVE*", PieceRules(quality="B"))
    book = RuleBook((Rule("style", "JEANS", PieceRules(quality="A")), idle))
    assert book.idle([("JEANS", POCKET)]) == [idle]


def test_points_by_name():
    assert parse_point("notch:3") == PointName("notch", 3)
    assert parse_point(" layer : MATCH X : 2 ") == PointName("layer", 2, "MATCH X")
    assert [str(parse_point(text)) for text in ("corner:1", "layer:9:1")] == ["corner:1", "layer:9:1"]
    assert parse_edge("top") == Edge("top")
    assert parse_edge("notch:1-corner:2") == Edge(None, (PointName("notch", 1), PointName("corner", 2)))


@pytest.mark.parametrize("text", ["notch", "notch:0", "hole:1", "layer:9", "layer::1", "notch:-1", ""])
def test_what_names_no_point_is_refused(text):
    with pytest.raises(ValueError, match="is no point of a piece"):
        parse_point(text)
    with pytest.raises(ValueError, match="is no"):
        parse_edge(text)
