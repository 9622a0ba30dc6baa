"""The trailing blade: the exact solution, against small steps of its differential equation and known figures."""

import math
from itertools import pairwise

import pytest
from shapely.geometry import LineString
from shapely.geometry import Point as ShapelyPoint

from cutkit.machine.physics import Blade


def tips(blade, *holder):
    path = [blade.tip(holder[0])]
    for start, end in pairwise(holder):
        path += [tip for _, _, tip in blade.drag(start, end)]
    return path


@pytest.mark.parametrize(("offset_mm", "missed_mm"), [(0.25, 0.17), (0.9, 0.60), (3.0, 1.99)])
def test_a_right_angle_without_compensation_misses_the_corner(offset_mm, missed_mm):
    path = tips(Blade(offset_mm), (0.0, 0.0), (60.0, 0.0), (60.0, 60.0))
    assert LineString(path).distance(ShapelyPoint(60, 0)) == pytest.approx(missed_mm, abs=0.005)


@pytest.mark.parametrize(("offset_mm", "missed_mm"), [(0.25, 0.001), (0.9, 0.002), (3.0, 0.006)])
def test_a_right_angle_with_an_arc_about_the_corner_keeps_it(offset_mm, missed_mm):
    d = offset_mm
    step = 2 * math.acos(1 - 0.0005 / d)
    turns = [math.pi / 2 * k / math.ceil(math.pi / 2 / step) for k in range(math.ceil(math.pi / 2 / step) + 1)]
    arc = [(60 + d * math.cos(t), d * math.sin(t)) for t in turns]
    path = tips(Blade(d), (d, 0.0), *arc, (60.0, 60.0 + d))
    assert LineString(path).distance(ShapelyPoint(60, 0)) < missed_mm
    assert LineString([(0, 0), (60, 0), (60, 60)]).hausdorff_distance(LineString(path)) < 2 * missed_mm


def test_four_offsets_leave_two_percent_of_the_error():
    blade = Blade(0.5, math.radians(20))
    list(blade.drag((0.0, 0.0), (2.0, 0.0)))
    assert math.tan(blade.heading_rad / 2) / math.tan(math.radians(10)) == pytest.approx(math.exp(-4))


def test_pushed_exactly_backwards_it_never_turns():
    blade = Blade(0.5, math.pi)
    list(blade.drag((0.0, 0.0), (50.0, 0.0)))
    assert blade.heading_rad == pytest.approx(math.pi)


@pytest.mark.parametrize("start_deg", [5, 60, 90, -120, 170, -179])
def test_the_solution_satisfies_its_differential_equation(start_deg):
    d, steps = 0.7, 20000
    phi = math.radians(start_deg)
    for _ in range(steps):
        middle = phi - math.sin(phi) / d * (1.5 / steps) / 2
        phi -= math.sin(middle) / d * (1.5 / steps)
    blade = Blade(d, math.radians(start_deg))
    list(blade.drag((0.0, 0.0), (1.5, 0.0)))
    assert blade.heading_rad == pytest.approx(phi, abs=1e-5)


@pytest.mark.parametrize("start_deg", [30, 90, 170])
def test_samples_are_close_enough_to_the_curve(start_deg):
    d = 2.0
    coarse = tips(Blade(d, math.radians(start_deg)), (0.0, 0.0), (30.0, 0.0))
    fine = tips(Blade(d, math.radians(start_deg)), *[(0.01 * k, 0.0) for k in range(3001)])
    assert LineString(coarse).hausdorff_distance(LineString(fine)) < 0.01 * d


def test_without_offset_the_tip_is_the_holder():
    assert list(Blade(0.0).drag((0.0, 0.0), (3.0, 4.0))) == [(5.0, (3.0, 4.0), (3.0, 4.0))]
