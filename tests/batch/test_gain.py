"""Which marker gets more time."""

from __future__ import annotations

import pytest

from cutkit.batch.gain import CONVERGED, SLICE_AT_LEAST_S, SLICE_AT_MOST_S, Improvement


def improvement(*trace, spent_s, width_mm=1000.0):
    one = Improvement(width_mm)
    one.learn(trace, spent_s, ended_early=False)
    return one


def test_the_last_doubling_stands_for_the_next():
    one = improvement((1, 1200.0), (5, 1100.0), (9, 1000.0), spent_s=10.0)
    assert one.expected_gain() == pytest.approx(0.6 * 100.0 * 1000.0 / 10.0)


def test_what_still_improves_goes_before_what_does_not():
    falling = improvement((1, 1200.0), (9, 1000.0), spent_s=10.0)
    still = improvement((1, 1200.0), (2, 1000.0), spent_s=10.0)
    wide = improvement((1, 1200.0), (9, 1000.0), spent_s=10.0, width_mm=1500.0)
    assert wide.expected_gain() > falling.expected_gain() > still.expected_gain() > 0.0


def test_what_was_unlucky_once_is_tried_before_what_has_had_much_time():
    unlucky = improvement((1, 1000.0), spent_s=10.0)
    long = improvement((1, 1010.0), (190, 999.0), (390, 997.0), spent_s=400.0)
    assert unlucky.expected_gain() > long.expected_gain() > 0.0


def test_two_slices_without_gain_are_enough():
    one = improvement((1, 1200.0), (9, 1000.0), spent_s=10.0)
    one.learn(((15, 1000.0 * (1 - CONVERGED / 2)),), 20.0, False)
    assert not one.converged
    one.learn((), 40.0, False)
    assert one.converged
    assert one.expected_gain() == 0.0


def test_a_gain_begins_the_count_anew():
    one = improvement((1, 1200.0), spent_s=10.0)
    one.learn((), 20.0, False)
    one.learn(((25, 1100.0),), 40.0, False)
    one.learn((), 80.0, False)
    assert not one.converged
    assert one.length_mm == 1100.0


def test_a_search_that_ended_by_itself_has_converged():
    one = Improvement(1000.0)
    one.learn(((1, 1200.0),), 2.0, ended_early=True)
    assert one.converged


def test_slices_grow_with_the_time_spent_within_reason():
    lengths = [improvement((0, 1.0), spent_s=s).next_slice_s for s in (1.0, 45.0, 5000.0)]
    assert lengths == [SLICE_AT_LEAST_S, 45.0, SLICE_AT_MOST_S]
