"""A short campaign of seeded faults; ``make faults`` plays more."""

from __future__ import annotations

import faults
import pytest


@pytest.mark.parametrize("seed", range(len(faults.KINDS) + 4))
def test_after_a_fault_no_cut_is_left_out_and_none_made_twice(seed):
    story = faults.play(seed)
    assert story.good, story


def test_the_campaign_sees_a_cut_that_is_left_out(monkeypatch):
    """A sender that believes a mere ok would skip the cut in work: the table must tell."""
    real = faults.read_journal

    def believing(path):
        journal = real(path)
        journal.done.add(journal.next_cut)
        return journal

    monkeypatch.setattr(faults, "read_journal", believing)
    assert any(faults.play(seed).skipped for seed in (0, 1, 3))
