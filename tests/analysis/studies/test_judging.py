"""Verdicts that are not forgiving, and what stands beside them."""

import pytest
from made_claims import NO_RESULTS, TEST, claim_of, verdict_of

from analysis.studies import claims, judging
from analysis.studies.verdicts import Measure, Target


def test_an_inconclusive_verdict_says_what_could_have_been_seen():
    measure = Measure(estimate=-0.1, low=-0.5, high=0.3, standard_error=0.2, n=500,
                      degrees_of_freedom=50, p_value=0.6)  # fmt: skip
    verdict, reason, _ = verdict_of(measure)
    assert verdict == "inconclusive"
    # exp(-ln 2 x .2 x (2.01 + .85)) - 1
    assert reason == (
        "this landing could only have seen effects of at least this size: entrants twice as late "
        "get 33 % fewer likes"
    )


def test_claims_of_one_family_must_survive_each_other():
    """With p = .03 a claim alone is supported; beside three others Holm's p is .12."""
    measure = Measure(estimate=-0.4, low=-0.7, high=-0.05, standard_error=0.15, p_value=0.03, n=500)
    names = ("B1", "B2", "B3", "B4")
    alone = judging.concluded(
        [claim_of()], {"B1": measure}, {"B1": Target("less", 0.0, 0.15)}, NO_RESULTS
    )
    assert alone["B1"][0] == "supported"
    together = judging.concluded(
        [claim_of(name) for name in names],
        dict.fromkeys(names, measure),
        dict.fromkeys(names, Target("less", 0.0, 0.15)),
        NO_RESULTS,
    )
    for verdict, reason, p_adjusted in together.values():
        assert verdict == "inconclusive"
        assert p_adjusted == pytest.approx(0.12)
        assert "Holm's p is 0.12" in reason


def test_no_rise_is_judged_by_its_interval_alone():
    """A p-value against zero says nothing for a claim that there is no rise."""
    claim = claim_of(test={**TEST, "claimed": {"at_most": 0}})
    flat = Measure(estimate=0.0, low=-0.01, high=0.01, standard_error=0.005, p_value=0.9, n=500)
    assert verdict_of(flat, claim, Target("at_most", 0.0, 0.05))[0] == "supported"


def test_the_curve_counts_the_signs_that_are_claimed():
    claim = claim_of() | {"curve": {"curve": "recognition", "term": "order"}}
    curve = [
        {"curve": "recognition", "term": "order", "estimate": value}
        for value in (-0.1, -0.2, 0.3, None)
    ] + [{"curve": "data", "term": "order", "estimate": 1.0}]
    inference = [
        {"curve": "recognition", "term": "order", "statistic": "median", "p_value": 0.2},
        {"curve": "recognition", "term": "order", "statistic": "other", "p_value": 0.4},
    ]
    found = judging.curve_of(claim, claims.Results((), (), curve, inference))
    assert found == {"curve_n": 3, "curve_share_as_claimed": 2 / 3, "curve_p_value": 0.2}
    assert judging.curve_of(claim_of(), NO_RESULTS) == {}


def test_each_claim_shows_the_smallest_effect_that_counts():
    by_id = {claim["claim_id"]: claim for claim in claims.document()["claims"]}
    told = {
        name: judging.tolerance(
            by_id[name], claims.target_of(by_id[name]["test"], NO_RESULTS), NO_RESULTS
        )
        for name in ("A1", "A3", "B1", "L3", "A8")
    }
    assert told == {
        "A1": "any distance from 50 % counts",
        "A3": "an effect counts from this size on: models with twice the parameters are 1 point "
        "more likely to be disruptive",
        "B1": "an effect counts from this size on: entrants twice as late get 10 % fewer likes",
        "L3": "from 27 % to 31 % counts as the same",
        "A8": "from 2,505,115 to 2,607,365 counts as the same",
    }
