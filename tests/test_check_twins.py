"""The referee against the naive twin of each of its rules, on random markers made by hand, right and wrong."""

from __future__ import annotations

import pytest
from naive_rules import twin_faults, twin_findings
from rule_markers import edited, rule_marker

from cutkit.check import check_marker, rule_figures

LOCAL = ("overlap", "gap", "block", "outside-fabric", "block-outside", "defect", "zone", "fold", "tie", "angle")
"""Rules of which both must blame the same placements; of the others, the same garments or pieces have several names."""
AT_LEAST = ("edges", "gap", "blocks", "flaws", "zones", "sections")
"""Rules whose figure must not be below its limit; the others' must not be above."""
ROUNDING = 1e-6
SEEDS = range(160)


def told(findings) -> set:
    """What was found, without words: the code, and the placements where they are the same for everybody."""
    return {(code, tuple(sorted(placements)) if code in LOCAL else ()) for code, placements in findings}


def of_referee(marker) -> set:
    return told((fault.code, fault.placements) for fault in check_marker(marker))


def of_twin(marker) -> set:
    return told((code, placements) for code, placements, _ in twin_findings(marker))


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_a_right_marker_is_right_for_both(seed):
    marker = rule_marker(seed)
    assert check_marker(marker) == []
    assert twin_faults(marker) == []
    for figure in rule_figures(marker):
        if figure.worst is not None and figure.limit is not None:
            room = figure.worst - figure.limit
            assert (room if figure.rule in AT_LEAST else -room) >= -ROUNDING, figure


@pytest.mark.parametrize("part", range(8))
def test_both_find_the_same_faults(part):
    for seed in SEEDS[part::8]:
        marker = edited(rule_marker(seed), seed)
        assert of_referee(marker) == of_twin(marker), seed


def test_the_edits_break_every_rule():
    """What the test above compares is not nothing: each code is found in some of its markers."""
    found = {code for seed in SEEDS for code, _ in of_referee(edited(rule_marker(seed), seed))}
    assert found >= {
        *LOCAL,
        "block-outline",
        "too-long",
        "spread",
        "unknown-zone",
        "match",
        "count",
        "mirrored-count",
        "pair",
        "nap",
        "span",
        "section",
        "stated-length",
        "stated-efficiency",
    }
