"""How often verdicts err where the truth is known, on the sample's own families."""

import numpy as np
import pandas as pd
import pytest

from analysis.studies import claims
from analysis.studies.null_worlds.calibrating import CalibrationError
from analysis.studies.null_worlds.verdict_calibration import (
    COLUMNS,
    calibrate_verdicts,
    holds,
    summarised,
    summary,
)
from analysis.studies.null_worlds.verdict_cases import CHANCES, RACING, Case
from analysis.studies.variables import open_exports
from analysis.studies.verdicts import Measure, Target

N_DRAWS = 20

pytestmark = pytest.mark.xdist_group("sample_results")


@pytest.fixture(scope="module")
def calibrated(sample_exports) -> pd.DataFrame:
    return calibrate_verdicts(open_exports(sample_exports), n_draws=N_DRAWS, seed=2)


@pytest.mark.slow
def test_a_false_claim_is_rarely_supported(calibrated):
    """At an error rate of 2.5 % more than three of twenty come once in 700 such rows."""
    false = calibrated[calibrated["is_true"] == "no"]
    assert len(false) > 40
    worst = false.loc[false["share_supported"].astype(float).idxmax()]
    assert worst["share_supported"] <= 3 / N_DRAWS, worst.to_dict()


@pytest.mark.slow
def test_a_true_claim_is_rarely_contradicted(calibrated):
    true = calibrated[calibrated["is_true"] == "yes"]
    worst = true.loc[true["share_contradicted"].astype(float).idxmax()]
    assert worst["share_contradicted"] <= 4 / N_DRAWS, worst.to_dict()


@pytest.mark.slow
def test_better_models_that_come_early_do_not_make_a_cost_of_being_late(calibrated):
    """RR4 finds one in such a world; RR28 holds the place in the race fixed."""
    row = calibrated.set_index(["world", "claim_id"]).loc[("early_better", "B1")]
    assert abs(row["mean_estimate"]) < 3 * row["deviation"] / np.sqrt(row["n_judged"])


@pytest.mark.slow
def test_each_claim_is_drawn_or_says_why_not(calibrated):
    assert set(calibrated["claim_id"]) == {
        claim["claim_id"] for claim in claims.document()["claims"]
    }
    without = calibrated[calibrated["world"].isna()]
    assert without["reason"].astype(bool).all()
    drawn = calibrated[calibrated["world"].notna()]
    assert set(drawn.loc[drawn["claim_id"] == "B1", "world"]) == set(RACING)
    assert set(drawn.loc[drawn["claim_id"] == "A4", "world"]) == set(CHANCES)
    shares = drawn[[name for name in COLUMNS if name.startswith("share_")]].astype(float)
    assert np.allclose(shares.sum(axis=1), 1)


def test_the_same_seed_gives_the_same_rows_whatever_the_workers(sample_exports):
    exports = open_exports(sample_exports)
    one, two = (
        calibrate_verdicts(exports, worlds=["none"], n_draws=3, seed=5, n_workers=n) for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one, two)


def test_too_few_draws_are_refused_in_one_line(sample_exports):
    with pytest.raises(CalibrationError, match="two draws"):
        calibrate_verdicts(open_exports(sample_exports), n_draws=1)


# the pieces


@pytest.mark.parametrize(
    ("truth", "target", "said"),
    [
        (-0.2, Target("less", 0.0, 0.15), "yes"),
        (-0.15, Target("less", 0.0, 0.15), "yes"),
        (-0.1, Target("less", 0.0, 0.15), "no effect of interest"),
        (0.0, Target("less", 0.0, 0.15), "no"),
        (0.2, Target("less", 0.0, 0.15), "no"),
        (0.5, Target("more", 0.5), "no"),
        (0.6, Target("more", 0.5), "yes"),
        (0.0, Target("at_most", 0.0, 0.15), "yes"),
        (0.15, Target("at_most", 0.0, 0.15), "no"),
        (0.3, Target("within", 0.27, other_end=0.31), "yes"),
        (0.32, Target("within", 0.27, other_end=0.31), "no"),
    ],
)
def test_a_world_makes_a_claim_true_or_false(truth, target, said):
    assert holds(truth, target) == said


def test_verdicts_are_counted_and_coverage_is_of_judged_draws():
    target = Target("less", 0.0, 0.15)
    claim = {"claim_id": "B1", "claim": "c", "family": "f", "test": {
        "choice": "t", "specification": "RR28", "term": "log_rank", "claimed": {"less": 0},
        "smallest": {"change": "c", "by": 1, "effect": 0.1, "of": "likes"}}}  # fmt: skip
    ends = [(-0.5, -0.1), (-0.3, 0.1), (0.05, 0.2)]
    draws = [
        {"B1": Measure(estimate=(low + high) / 2, low=low, high=high, p_value=0.01, n=200)}
        for low, high in ends
    ] + [{"B1": Measure(reason="too few")}]
    case = Case("none", {"B1": 0.0}, lambda draw: draws[draw])
    [row] = summarised(case, draws, {"B1": claim}, {"B1": target})
    words = ("supported", "contradicted", "inconclusive", "not_testable_here")
    assert [row[f"share_{verdict}"] for verdict in words] == [0.25] * 4
    assert (row["n_draws"], row["n_judged"]) == (4, 3)
    assert row["coverage"] == pytest.approx(1 / 3)


def test_the_summary_takes_the_worst_world_of_each_claim():
    rows = [
        {"world": "none", "claim_id": "B1", "is_true": "no", "share_supported": 0.02,
         "coverage": 0.95, "n_judged": 200, "reason": None},
        {"world": "hype", "claim_id": "B1", "is_true": "no", "share_supported": 0.04,
         "coverage": 0.94, "n_judged": 200, "reason": None},
        {"world": "twice", "claim_id": "B1", "is_true": "yes", "share_supported": 0.4,
         "coverage": 0.9, "n_judged": 5, "reason": None},
        {"world": None, "claim_id": "L2", "is_true": None, "share_supported": None,
         "coverage": None, "n_judged": None, "reason": "another summer"},
    ]  # fmt: skip
    first, second = summary(pd.DataFrame(rows))
    assert (first["error_rate"], first["error_world"]) == (0.04, "hype")
    assert (first["power"], first["power_world"]) == (0.4, "twice")
    # Five intervals say nothing of coverage.
    assert (first["coverage"], first["coverage_world"]) == (0.94, "hype")
    assert second["reason"] == "another summer"
