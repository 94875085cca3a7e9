"""One rule from interval to verdict, and what a landing could have seen."""

import math

import pytest
from scipy import stats

from analysis.studies import claims
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


LIKES = {
    "kind": "ratio", "told": "entrants twice as late get {} likes", "less": "fewer", "more": "more",
}  # fmt: skip
CHANCE = {
    "kind": "points", "told": "finetunes are {} likely to be disruptive", "less": "less",
    "more": "more",
}  # fmt: skip
SHARE = {"kind": "share", "told": "{} of models are disruptive"}


def test_numbers_are_told_in_units_that_a_reader_knows():
    assert in_words(measure(-1.0, -0.2), LIKES, by=math.log(2)) == (
        "entrants twice as late get 34 % fewer likes (13 to 50 % fewer)"
    )
    assert in_words(measure(-0.2, 0.2), LIKES, by=math.log(2)) == (
        "entrants twice as late get 0 % more likes (13 % fewer to 15 % more)"
    )
    assert in_words(measure(0.1, 0.3), CHANCE) == (
        "finetunes are 20 points more likely to be disruptive (10 to 30 points more)"
    )
    assert in_words(measure(0.4, 0.6), SHARE) == "50 % of models are disruptive (40 to 60 %)"
    assert in_words(Measure(reason="none"), SHARE) == ""


def test_digits_follow_the_width_of_the_interval():
    assert in_words(measure(0.401, 0.403), SHARE) == (
        "40.20 % of models are disruptive (40.10 to 40.30 %)"
    )
    assert in_words(Measure(estimate=0.002, low=0.0, high=0.18), SHARE) == (
        "under 1 % of models are disruptive (0 to 18 %)"
    )
    assert in_words(Measure(estimate=0.998, low=0.8, high=1.0), SHARE) == (
        "over 99 % of models are disruptive (80 to 100 %)"
    )


def test_an_interval_that_says_nothing_says_so():
    told = in_words(measure(-5.0, 8.0), LIKES, by=math.log(2))
    assert told == (
        "entrants twice as late get anything from 97 % fewer to over 900 % more likes, which says "
        "nothing"
    )
    assert in_words(measure(-0.9, 0.8), CHANCE).endswith("which says nothing")
    assert in_words(measure(0.05, 0.95), SHARE) == (
        "anything from 5 % to 95 % of models are disruptive, which says nothing"
    )


def test_every_claim_has_words_for_its_number_and_both_directions():
    assert claims.words().keys() == {one["claim_id"] for one in claims.document()["claims"]}
    for entry in claims.words().values():
        assert entry["told"].count("{}") == 1
        assert entry["kind"] in ("share", "points", "ratio", "units", "count")
        if entry["kind"] in ("points", "ratio", "units"):
            assert entry["less"] != entry["more"]
