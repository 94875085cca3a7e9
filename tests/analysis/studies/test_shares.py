"""Shares and means over families: intervals that hold what they promise, or a reason."""

import math

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from analysis.figures import text_of
from analysis.studies.shares import (
    FEWEST_CLUSTERS,
    clustered_mean,
    clustered_share,
    jackknife_variance,
)

DRAWS = 400

INTERVALS = text_of("intervals")


def families(generator, count: int, tail: float, share: float, alike: float):
    """Successes and totals of drawn families: Pareto sizes, a share of its own in each.

    `alike` is the correlation of two models of a family.
    """
    totals = np.maximum(1, np.floor(generator.pareto(tail, count) + 1)).astype(int)
    strength = (1 - alike) / alike
    own = generator.beta(share * strength, (1 - share) * strength, count)
    return generator.binomial(totals, own), totals


@pytest.mark.parametrize("share", [0.02, 0.5, 0.95])
@pytest.mark.parametrize("alike", [0.05, 0.3])
@pytest.mark.parametrize(
    ("count", "tail"), [(15, 1.2), (60, 1.2), (400, 1.1), (400, 2.5), (3000, 1.2)]
)
def test_intervals_of_shares_hold_the_truth_in_93_of_100_draws(count, tail, share, alike):
    """Family sizes have no variance in all but one of these worlds."""
    generator = np.random.default_rng(20260413)
    held = made = 0
    while made < DRAWS:
        found = clustered_share(*families(generator, count, tail, share, alike))
        if not found.reason:
            made += 1
            held += found.low <= share <= found.high
    # By luck alone a method of 93 % falls below 91 % in one of 20 sets of so many draws.
    assert held / DRAWS >= 0.93 - 1.645 * math.sqrt(0.93 * 0.07 / DRAWS)


@pytest.mark.parametrize("tail", [1.2, 2.5])
def test_intervals_of_means_hold_the_truth_in_93_of_100_draws(tail):
    generator = np.random.default_rng(20260413)
    held = made = 0
    while made < DRAWS:
        totals = np.maximum(1, np.floor(generator.pareto(tail, 200) + 1)).astype(int)
        sums = totals * generator.normal(0.3, 1, 200) + generator.normal(0, np.sqrt(totals))
        found = clustered_mean(sums, totals)
        if not found.reason:
            made += 1
            held += found.low <= 0.3 <= found.high
    assert held / DRAWS >= 0.93 - 1.645 * math.sqrt(0.93 * 0.07 / DRAWS)


def test_an_interval_that_takes_models_for_independent_would_fail_in_the_same_worlds():
    generator = np.random.default_rng(20260413)
    held = 0
    for _ in range(DRAWS):
        successes, totals = families(generator, 400, 1.2, 0.5, 0.3)
        low, high = proportion_confint(successes.sum(), totals.sum(), method="wilson")
        held += low <= 0.5 <= high
    assert held / DRAWS < 0.7


def test_with_one_model_per_family_the_interval_is_wilsons_with_students_t():
    """The jackknife's variance is p (1 - p) / (n - 1) there: less than Wilson's n would say."""
    successes = np.array([1] * 120 + [0] * 280)
    found = clustered_share(successes, np.ones(400))
    low, high = proportion_confint(120, 400, method="wilson")
    assert found.low == pytest.approx(low, abs=3e-4)
    assert found.high == pytest.approx(high, abs=3e-4)
    assert (found.n, found.n_clusters, found.effective_clusters) == (400, 400, 400)


def test_models_of_a_family_that_are_all_alike_count_as_one():
    generator = np.random.default_rng(1)
    of_family = generator.integers(0, 2, 300)
    alone = clustered_share(of_family, np.ones(300))
    repeated = clustered_share(20 * of_family, np.full(300, 20))
    assert (repeated.low, repeated.high) == pytest.approx((alone.low, alone.high), abs=1e-12)
    assert repeated.n == 20 * alone.n


@pytest.mark.parametrize(("successes", "edge"), [(0, 0.0), (5, 1.0)])
def test_a_share_of_none_or_all_has_an_interval_as_wide_as_its_families_are_few(successes, edge):
    few = clustered_share(np.full(20, successes), np.full(20, 5))
    many = clustered_share(np.full(200, successes), np.full(200, 5))
    assert few.estimate == edge
    assert 0 <= few.low <= edge <= few.high <= 1
    # Wilson's interval of none out of n has the width t^2 / (n + t^2).
    t = stats.t.ppf(0.975, 19)
    assert few.high - few.low == pytest.approx(t**2 / (20 + t**2))
    assert many.high - many.low < (few.high - few.low) / 5


def test_the_jackknife_is_what_leaving_out_each_family_gives():
    successes, totals = np.array([3.0, 0, 5, 1]), np.array([4.0, 2, 9, 1])
    without = [
        np.delete(successes, at).sum() / np.delete(totals, at).sum() for at in range(len(totals))
    ]
    expected = 3 / 4 * sum((one - successes.sum() / totals.sum()) ** 2 for one in without)
    assert jackknife_variance(successes, totals) == pytest.approx(expected, rel=1e-12)


def test_a_mean_has_students_interval_over_equal_families():
    generator = np.random.default_rng(2)
    means = generator.normal(size=40)
    found = clustered_mean(5 * means, np.full(40, 5))
    expected = stats.t.interval(0.95, 39, means.mean(), stats.sem(means))
    assert (found.low, found.high) == pytest.approx(expected)


def test_too_few_families_give_no_interval_but_a_reason():
    few = clustered_share(np.ones(FEWEST_CLUSTERS - 1), np.full(FEWEST_CLUSTERS - 1, 2))
    assert few.estimate == 0.5
    assert (few.low, few.high, few.standard_error) == (None, None, None)
    assert few.reason == "9 families, fewer than 10"
    one_holds_most = clustered_share(np.ones(12), np.array([1000] + [2] * 11))
    assert one_holds_most.low is None
    assert one_holds_most.reason == "12 families that are worth 1.0 by size, less than 5"
    assert clustered_share([1], [2]).reason == "1 family, fewer than 10"


def test_families_without_a_model_do_not_count_and_nothing_at_all_is_said():
    counted = clustered_share([1] * 12, [2] * 12)
    assert clustered_share([1] * 12 + [0] * 50, [2] * 12 + [0] * 50) == counted
    nothing = clustered_share([], [])
    assert (nothing.estimate, nothing.n, nothing.reason) == (None, 0, "nothing could be counted")
    assert clustered_mean([0.0], [0]).reason == "nothing could be counted"


@pytest.mark.parametrize(
    ("successes", "totals"),
    [([3], [2]), ([-1], [2]), ([1], [-2]), ([math.nan], [2]), ([1, 2], [3]), ([1], [math.inf])],
)
def test_numbers_that_are_no_part_and_whole_are_refused(successes, totals):
    with pytest.raises(ValueError, match="famil"):
        clustered_share(successes, totals)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.4, 0.97, 1.0])
@pytest.mark.parametrize("count", [8, 15, 200])
def test_figures_find_the_same_intervals_in_sql(share, count):
    """To what the expansion of Student's t leaves: 0.1 % of the width."""
    generator = np.random.default_rng(count)
    successes, totals = families(generator, count, 1.5, min(max(share, 0.2), 0.8), 0.3)
    if share in (0, 1):
        successes = (share * totals).astype(int)
    elif share in (0.01, 0.97):
        successes = np.where(np.arange(count) < 2, successes, 0 if share < 0.5 else totals)
    mean = clustered_mean(successes * 1.7, totals)
    expected = clustered_share(successes, totals)
    given = pd.DataFrame({"k": successes, "n": totals})
    with duckdb.connect() as connection:
        connection.execute(INTERVALS)
        connection.register("given", given)
        low, high, half = connection.execute(
            "select clustered_low(k, n, all_k, all_n), clustered_high(k, n, all_k, all_n), "
            "clustered_half_width(1.7 * k, n, 1.7 * all_k, all_n) "
            "from (select *, sum(k) over () as all_k, sum(n) over () as all_n from given)"
        ).fetchall()[0]
    if expected.reason:
        assert (low, high, half) == (None, None, None)
    else:
        tolerance = 1e-3 * (expected.high - expected.low)
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=tolerance)
        assert half == pytest.approx(mean.high - mean.estimate, rel=1e-3)
