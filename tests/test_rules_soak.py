"""A short run of the soak of rules; ``make rules-soak`` runs the long one."""

import pytest
from rules_soak import ROUND_WORK, random_job, rules_in, run

from cutkit.nest import search


@pytest.mark.parametrize("first", [0, 5, 10, 15])
def test_random_rules_make_valid_markers_or_are_refused(first, monkeypatch):
    monkeypatch.setattr(search, "ROUND_WORK", ROUND_WORK)
    rules: set[str] = set()
    for number in range(first, first + 5):
        job = random_job(number)
        outcome = run(job)
        assert outcome.faults == [], number
        assert outcome.markers or outcome.refused
        rules |= {rule for marker in outcome.markers for rule in rules_in(marker, job)}
    assert len(rules) > 5
