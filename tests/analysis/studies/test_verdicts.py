"""One rule from interval to verdict, and what a landing could have seen."""

import math

import pytest
from scipy import stats

from analysis.studies.verdicts import (
    Measure,
    Target,
    decide,
    in_words,
    minimum_detectable_effect,
    on_own_scale,
)

LESS = Target("less", 0.0, 0.15)


def measure(low, high, **further):
    return Measure(estimate=(low + high) / 2, low=low, high=high, n=500, **further)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.50, -0.10, "supported"),
        (-0.50, 0.10, "inconclusive"),
        # Too precise to hold an effect of interest, although zero is excluded.
        (-0.14, -0.01, "contradicted"),
        (-0.14, 0.30, "contradicted"),
        (0.01, 0.30, "contradicted"),
        # Ends that touch: zero is not excluded, the smallest effect is not either.
        (-0.50, 0.0, "inconclusive"),
        (-0.15, 0.30, "inconclusive"),
    ],
)
def test_an_interval_supports_contradicts_or_leaves_open(low, high, verdict):
    assert decide(measure(low, high), LESS) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.5, -0.1, "contradicted"), (0.1, 0.5, "supported"), (-0.5, 0.5, "inconclusive")],
)
def test_the_claimed_direction_decides(low, high, verdict):
    assert decide(measure(low, high), Target("more", 0.0, 0.15)) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.10, 0.10, "supported"),
        # An open trend is no evidence that there is none.
        (-0.10, 0.30, "inconclusive"),
        (0.16, 0.30, "contradicted"),
        (-0.50, -0.20, "supported"),
    ],
)
def test_no_rise_takes_an_interval_below_the_smallest_rise(low, high, verdict):
    assert decide(measure(low, high), Target("at_most", 0.0, 0.15)) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.28, 0.30, "supported"),
        (0.27, 0.31, "supported"),
        (0.20, 0.30, "inconclusive"),
        (0.20, 0.40, "inconclusive"),
        (0.32, 0.40, "contradicted"),
    ],
)
def test_a_range_must_hold_the_whole_interval(low, high, verdict):
    assert decide(measure(low, high), Target("within", 0.27, other_end=0.31)) == verdict


def test_a_measure_with_a_reason_is_not_judged():
    assert decide(Measure(reason="one snapshot"), LESS) == "not_testable_here"
    assert decide(measure(-0.5, -0.1, reason="3 clusters"), LESS) == "not_testable_here"


def test_the_smallest_detectable_effect_is_seen_in_four_of_five_draws():
    error, freedom = 0.2, 30
    one = measure(-0.4, 0.4, standard_error=error, degrees_of_freedom=freedom)
    effect = minimum_detectable_effect(one, LESS, 0.8)
    reach = stats.t.ppf(0.975, freedom) * error
    # The chance that the upper end lies below zero when the truth is -effect.
    power = stats.t.cdf((effect - reach) / error, freedom)
    assert power == pytest.approx(0.8)


def test_without_a_standard_error_nothing_is_said_of_power():
    assert minimum_detectable_effect(measure(1, 1), LESS, 0.8) is None
    assert minimum_detectable_effect(Measure(reason="none"), LESS, 0.8) is None


def test_effects_go_to_the_scale_of_the_coefficient():
    # A tenth fewer likes when the rank doubles is exp(b ln 2) = 0.9.
    assert on_own_scale(0.1, math.log(2), "less", is_ratio=True) == pytest.approx(
        -math.log(0.9) / math.log(2)
    )
    assert on_own_scale(0.1, math.log(2), "more", is_ratio=True) == pytest.approx(
        math.log(1.1) / math.log(2)
    )
    assert on_own_scale(0.02, 4, "at_most", is_ratio=False) == 0.005


def test_numbers_are_told_in_units_that_a_reader_knows():
    likes = {"change": "rank doubled", "by": math.log(2), "of": "likes"}
    assert in_words(measure(-1.0, -0.2), likes, kind="ratio") == (
        "rank doubled: likes \N{MINUS SIGN}34 % (\N{MINUS SIGN}50 to \N{MINUS SIGN}13)"
    )
    chance = {"change": "a finetune", "by": 1, "of": "chance to be disruptive"}
    assert in_words(measure(0.1, 0.3), chance, kind="slope") == (
        "a finetune: chance to be disruptive +20.0 points (+10.0 to +30.0)"
    )
    assert in_words(measure(0.4, 0.6), {"of": "share of models"}, kind="share") == (
        "share of models 50.0 % (40.0 to 60.0)"
    )


def test_an_interval_that_says_nothing_says_so():
    likes = {"change": "rank doubled", "by": math.log(2), "of": "likes"}
    told = in_words(measure(-5.0, 8.0), likes, kind="ratio")
    assert told == "rank doubled: likes anywhere from \N{MINUS SIGN}97 % to over tenfold"
