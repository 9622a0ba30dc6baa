"""Small random jobs of every kind, every marker valid; ``make soak`` runs a thousand of them."""

import pytest
from random_jobs import random_job
from soak import ROUND_WORK, faults_of

from cutkit.nest import search

SOME = [7, *range(100, 116)]
"""Number 7 holds needles whose no-fit polygons cannot be closed."""


@pytest.mark.parametrize("number", SOME)
def test_the_marker_of_a_random_job_has_no_fault(number, monkeypatch):
    monkeypatch.setattr(search, "ROUND_WORK", ROUND_WORK)
    assert faults_of(random_job(number)) == []
