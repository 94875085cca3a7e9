"""Splines whose coefficients are heights: as another library draws them, and as planted."""

import numpy as np
import pandas as pd
import patsy
import pytest
from drawn_views import entrants, estimates, liked, run

from analysis.studies.estimation.splines import knots_within, natural_spline

KNOTS = {"crowd_at_3": 3, "crowd_at_10": 10, "crowd_at_30": 30}
HEIGHTS = {"crowd_at_3": 0.4, "crowd_at_10": 0.2, "crowd_at_30": -0.5}


def curve(counts: np.ndarray) -> np.ndarray:
    basis = natural_spline(np.asarray(counts, dtype=float), KNOTS)
    return sum(HEIGHTS[name] * values for name, values in basis.items())


def test_a_coefficient_is_the_height_of_the_curve_at_its_knot_against_none():
    assert curve([0, 3, 10, 30]) == pytest.approx([0, 0.4, 0.2, -0.5])


def test_it_is_the_natural_cubic_spline_of_patsy():
    """Through the same heights, and straight beyond the last knot, which patsy's is as well."""
    counts = np.arange(0, 200)
    at = np.log1p(counts)
    inner = np.log1p([3, 10])
    basis = patsy.dmatrix(
        "cr(at, knots=inner, lower_bound=0, upper_bound=np.log1p(30)) - 1",
        {"at": at, "inner": inner, "np": np},
    )
    at_knots = np.asarray(basis)[[0, 3, 10, 30]]
    theirs = np.asarray(basis) @ np.linalg.solve(at_knots, [0, 0.4, 0.2, -0.5])
    assert curve(counts) == pytest.approx(theirs, abs=1e-9)
    slopes = np.diff(curve([30, 60, 120])) / np.diff(np.log1p([30, 60, 120]))
    assert slopes[0] == pytest.approx(slopes[1])


def test_a_straight_line_in_the_log_is_a_spline():
    counts = np.array([0, 1, 2, 5, 10, 20, 50, 500], dtype=float)
    basis = natural_spline(counts, KNOTS)
    line = sum(np.log1p(KNOTS[name]) * values for name, values in basis.items())
    assert line == pytest.approx(np.log1p(counts))


def test_an_unknown_count_stays_unknown_in_every_function():
    assert all(np.isnan(values[0]) for values in natural_spline(np.array([np.nan]), KNOTS).values())


def test_knots_that_few_rows_reach_are_left_out():
    counts = np.array([0, 3, 3, 10, 11, 40, np.nan])
    assert knots_within(counts, KNOTS, 3) == {"crowd_at_3": 3, "crowd_at_10": 10}
    assert knots_within(counts, KNOTS, 6) == {}


@pytest.mark.parametrize("suffix", ["", ".months"])
def test_the_specification_finds_the_planted_curve(suffix):
    """Of few rows beyond 10 rivals nothing is asked."""
    truth = {"crowd_at_3": 0.5, "crowd_at_10": -0.3, "log_rank": 0.0}
    found = []
    for seed in range(12):
        rows = entrants(seed)
        assert (rows["crowd_30"] >= 30).sum() < 30
        basis = natural_spline(rows["crowd_30"].to_numpy(float), {"a": 3, "b": 10})
        rows = liked(rows, 0.5 * basis["a"] - 0.3 * basis["b"], seed)
        result = run(f"RR26.spline{suffix}", {"entrants": rows})
        assert set(result.specification.interest) == set(truth)
        found.append(estimates(result)["estimate"][list(truth)])
    found = pd.DataFrame(found)
    error = found.std() / np.sqrt(len(found))
    for term, value in truth.items():
        assert abs(found[term].mean() - value) < 3.5 * error[term], term
        assert error[term] < 0.15


def test_a_landing_without_crowds_has_no_curve_and_says_why():
    rows = liked(entrants(1), 0, 1)
    rows["crowd_30"] = np.minimum(rows["crowd_30"], 2)
    result = run("RR26.spline", {"entrants": rows})
    assert result.status == "not_run"
    assert result.reason == "fewer than 30 rows reach the first knot of crowd_30"
