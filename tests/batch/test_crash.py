"""A short kill campaign; ``make crash`` is the long one."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash import campaign, total


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it finds the workers in /proc")
def test_kills_lose_nothing_do_nothing_twice_and_leave_nothing_half_written(tmp_path, capsys):
    whole = total(campaign(tmp_path, 3, jobs=8, seed=5, kills_a_batch=2))
    assert sum(whole.kills.values()) == 3
    assert whole.faults == 0, capsys.readouterr().out
