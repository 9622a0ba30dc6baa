"""Print and cut: the fit of measured marks, and that the cut goes where the print lies."""

from __future__ import annotations

from dataclasses import replace
from math import cos, radians, sin, tan

import numpy as np
import pytest
from garment_markers import garments
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import affine_transform
from shapely.geometry import MultiLineString

from cutkit.cut.picklist import pick_list
from cutkit.cut.plan import plan_cut, window_starts
from cutkit.cut.registration import fit_registration, refuse_contradictions, registration_notices
from cutkit.errors import InputError, LimitError
from cutkit.formats.profile import load_profile
from cutkit.formats.program import program_text, program_texts
from cutkit.machine.emulator import run_program
from cutkit.machine.judge import judge
from cutkit.machine.registered import laid_back, laid_out
from cutkit.toolpath import Registration, RegistrationMark, Windows

CORNERS = ((0.0, 0.0), (1200.0, 0.0), (1200.0, 1400.0), (0.0, 1400.0), (600.0, 700.0))
GRBL, HPGL = load_profile("grbl-servo"), load_profile("hpgl-generic")


def print_matrix(turn_deg=0.0, scale=(1.0, 1.0), shear_deg=0.0, shift=(0.0, 0.0)):
    """A print turned, its y axis leaning towards x by the shear, longer by the scales."""
    c, s, k = cos(radians(turn_deg)), sin(radians(turn_deg)), tan(radians(shear_deg))
    (along, across), (x, y) = scale, shift
    return (c * along, (c * k - s) * across, s * along, (s * k + c) * across, x, y)


def marks_of(matrix, at=CORNERS, off=()):
    """Marks measured on such a print; ``off`` are errors in mm by the mark's place in the list."""
    a, b, d, e, x, y = matrix
    found = []
    for k, (px, py) in enumerate(at):
        ox, oy = dict(off).get(k, (0.0, 0.0))
        found.append(
            RegistrationMark("ABCDEFGH"[k], (px, py), (a * px + b * py + x + ox, d * px + e * py + y + oy), k + 2)
        )
    return found


@given(
    st.floats(-180, 180),
    st.tuples(st.floats(0.9, 1.1), st.floats(0.9, 1.1)),
    st.floats(-5, 5),
    st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
    st.integers(3, 5),
)
@settings(max_examples=60, deadline=None)
def test_the_fit_finds_what_the_print_was_given(turn, scale, shear, shift, count):
    fit = fit_registration(marks_of(print_matrix(turn, scale, shear, shift), CORNERS[:count]), "marks.csv")
    assert fit.kind == "affine"
    assert fit.registration.matrix == pytest.approx(print_matrix(turn, scale, shear, shift), abs=1e-7)
    assert cos(radians(fit.registration.turn_deg - turn)) == pytest.approx(1.0)
    assert fit.scale == pytest.approx(scale)
    assert fit.shear_deg == pytest.approx(shear, abs=1e-6)
    assert fit.shift_mm == pytest.approx(shift, abs=1e-6)
    assert (fit.rms_mm, max(fit.residuals_mm)) == pytest.approx((0, 0), abs=1e-6)
    assert fit.is_checked == (count > 3)


def test_few_marks_tell_less():
    matrix = print_matrix(2.0, (1.01, 1.01), 0.0, (5.0, 7.0))
    two = fit_registration(marks_of(matrix, CORNERS[:2]), "m")
    assert (two.kind, two.registration.matrix) == ("similarity", pytest.approx(matrix))
    line = fit_registration(marks_of(matrix, ((0, 0), (300, 0.1), (900, 0.3))), "m")
    assert (line.kind, line.registration.matrix) == ("similarity", pytest.approx(matrix))
    one = fit_registration(marks_of(print_matrix(shift=(5.0, 7.0)), CORNERS[:1]), "m")
    assert (one.kind, one.registration.matrix) == ("shift", (1, 0, 0, 1, 5, 7))
    assert [registration_notices(fit)[0].code for fit in (one, two)] == ["unchecked-marks"] * 2
    assert registration_notices(line) == []


def test_errors_of_measuring_are_spread_over_all_marks():
    generator = np.random.default_rng(3)
    errors = {k: tuple(generator.normal(0, 0.1, 2)) for k in range(5)}
    true = Registration(print_matrix(1.0, (1.002, 0.998), 0.1, (20, 10)))
    fit = fit_registration(marks_of(true.matrix, off=errors.items()), "m")
    middle = [(600.0, 700.0)]
    assert fit.registration.points(middle)[0] == pytest.approx(true.points(middle)[0], abs=0.1)
    assert 0 < fit.rms_mm < 0.2
    refuse_contradictions(fit, 0.5, "m")
    with pytest.raises(InputError):
        refuse_contradictions(fit, fit.rms_mm / 2, "m")


@pytest.mark.parametrize("count", [4, 5])
@pytest.mark.parametrize("wrong", range(4))
def test_the_mark_that_is_off_is_named(count, wrong):
    marks = marks_of(print_matrix(1.0, (1.0, 1.0), 0.0, (20, 10)), CORNERS[:count], off={wrong: (4.0, -3.0)}.items())
    with pytest.raises(InputError) as caught:
        refuse_contradictions(fit_registration(marks, "marks.csv"), 0.5, "marks.csv")
    assert caught.value.where == f"marks.csv, line {wrong + 2}"
    assert f"without mark {'ABCDE'[wrong]} the others agree" in caught.value.message
    assert caught.value.exit_code == 3


def test_where_no_single_mark_is_off_the_farthest_is_named():
    marks = marks_of(print_matrix(), CORNERS, off={0: (9.0, 0.0), 1: (0.0, 7.0), 2: (-5.0, 3.0)}.items())
    fit = fit_registration(marks, "m")
    worst = "ABCDE"[int(np.argmax(fit.residuals_mm))]
    with pytest.raises(InputError, match=f"{worst} is .* mm off their common fit"):
        refuse_contradictions(fit, 0.5, "m")


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        (marks_of(print_matrix(), ((5, 5), (5, 5), (5, 5))), "same place"),
        (marks_of((1, 0, 0, -1, 0, 0)), "mirror image"),
        (marks_of((1, 0, 0, 0, 0, 0)), "mirror image"),
    ],
)
def test_marks_that_tell_no_place(marks, told):
    with pytest.raises(InputError, match=told):
        fit_registration(marks, "m")


def test_a_print_far_from_square_is_doubted():
    fit = fit_registration(marks_of(print_matrix(0.0, (1.0, 1.05))), "m")
    (doubt,) = registration_notices(fit)
    assert doubt.code == "distorted-print"
    assert "1.0500 times as wide" in doubt.message


LAID = Registration(print_matrix(1.5, (1.004, 0.997), 0.3, (80.0, 25.0)))


@pytest.mark.parametrize("profile", [GRBL, HPGL], ids=lambda p: p.name)
def test_the_cut_goes_where_the_print_lies(profile):
    marker = garments()
    path = plan_cut(marker, profile, registration=LAID)
    run = run_program(program_text(path, profile, "t").encode(), profile)
    assert run.violations == ()
    verdict = judge(laid_back(run, LAID), marker)
    assert (verdict.violations, verdict.cut_once) == ((), len(marker.placements))
    assert verdict.worst_deviation_mm <= 0.05
    assert judge(run, marker).cut_once == 0, "where the marker has its pieces nothing is cut"
    for placement, polygon in enumerate(marker.polygons):
        parts = [s.points for s in path.strokes if (s.kind, s.placement) == ("boundary", placement)]
        laid = affine_transform(polygon.exterior, LAID.matrix)
        assert MultiLineString(parts).hausdorff_distance(laid) < 0.01


def test_a_print_longer_than_the_table_is_cut_in_windows():
    marker = garments()
    table = replace(GRBL, table=replace(GRBL.table, length_mm=900.0), windows=Windows(feed="M101 P{advance_mm}"))
    path = plan_cut(marker, table, registration=LAID)
    (text,) = program_texts(path, table, "t")
    run = run_program(text.encode(), table)
    assert len(path.windows) == len(run.windows_mm) >= 2
    assert run.windows_mm == pytest.approx(window_starts(marker, table, LAID))
    verdict = judge(laid_back(run, LAID), marker)
    assert (run.violations, verdict.violations, verdict.cut_once) == ((), (), len(marker.placements))


def test_the_blade_leads_on_the_print_not_before_it_is_laid():
    """A drag blade's holder stands its offset away from the tip, whatever the scale of the print."""
    big = Registration(print_matrix(10.0, (1.1, 1.1), 0.0, (400.0, 20.0)))
    path = plan_cut(garments(), GRBL, registration=big)
    for stroke in path.strokes:
        if stroke.kind == "boundary" and stroke.holder:
            (x, y), (hx, hy) = stroke.points[-1], stroke.holder[-1]
            assert np.hypot(x - hx, y - hy) == pytest.approx(GRBL.knife.offset_mm)


def test_limits_hold_for_where_the_print_lies():
    with pytest.raises(LimitError, match="along the width of the table"):
        plan_cut(garments(), GRBL, registration=Registration(print_matrix(shift=(0.0, 900.0))))
    with pytest.raises(LimitError, match="reaches x = -"):
        plan_cut(garments(), GRBL, registration=Registration(print_matrix(shift=(-50.0, 0.0))))
    with pytest.raises(LimitError, match="along the length of the table"):
        plan_cut(garments(), GRBL, windows=False, registration=Registration(print_matrix(shift=(9000.0, 0.0))))


def test_pieces_are_picked_where_the_print_lies():
    marker = garments()
    for pick in pick_list(marker, plan_cut(marker, HPGL, registration=LAID), HPGL):
        assert pick.centre_mm == pytest.approx(LAID.points([marker.polygons[pick.placement].centroid.coords[0]])[0])
        assert pick.angle_deg == pytest.approx(marker.placements[pick.placement].angle_deg + 1.5)


def test_there_and_back():
    points = ((0.0, 0.0), (100.0, -20.0))
    assert LAID.inverse.points(LAID.points(points)) == tuple(pytest.approx(p) for p in points)
    path = plan_cut(garments(), HPGL)
    run = run_program(program_text(path, HPGL, "t").encode(), HPGL)
    found = judge(laid_back(run, LAID), garments()).violations
    assert found
    at = [v.at_mm for v in found if v.at_mm]
    assert [v.at_mm for v in laid_out(found, LAID) if v.at_mm] == [pytest.approx(LAID.points([p])[0]) for p in at]
