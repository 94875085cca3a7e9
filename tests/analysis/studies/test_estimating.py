"""One specification, from rows to tidy estimates: planted truths, counts, reasons."""

import dataclasses
import math

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis.studies import estimating
from analysis.studies.estimating import effect_of
from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import EstimationError
from analysis.studies.specifications import record
from hub_lineage.exports import Exports

ENTRY = {
    "id": "T1", "study": "racing", "role": "test", "title": "t", "question": "q",
    "view": "entrants", "sample": "true", "outcome": "likes", "estimator": "poisson",
    "interest": {"log_rank": -1, "log_crowd_30": -1}, "controls": ["log_age"],
    "fixed_effects": ["parent_id"], "clusters": ["parent_id"],
}  # fmt: skip
RANK, CROWD = -0.4, -0.2


def entrants(n_bases=60, per_base=20, seed=3) -> pd.DataFrame:
    """Likes with a known elasticity to rank and crowding."""
    draw = np.random.default_rng(seed)
    n = n_bases * per_base
    base = np.repeat(np.arange(n_bases), per_base)
    log_rank = np.log(np.tile(np.arange(1, per_base + 1), n_bases))
    log_crowd = draw.uniform(0, 3, n)
    log_age = draw.uniform(3, 6, n)
    mean = np.exp(draw.normal(1.5, 0.5, n_bases)[base] + RANK * log_rank + CROWD * log_crowd)
    return pd.DataFrame({
        "parent_id": [f"base/{b:03}" for b in base],
        "child_id": [f"child/{i:05}" for i in range(n)],
        "likes": draw.poisson(mean),
        "log_rank": log_rank, "log_crowd_30": log_crowd, "log_age": log_age,
    })  # fmt: skip


def opened(frame: pd.DataFrame, tmp_path) -> Exports:
    connection = duckdb.connect()
    connection.register("given", frame)
    connection.execute("create table entrants as from given")
    return Exports(connection, tmp_path, "20260903T040000Z", "hash")


def estimated(frame, tmp_path, seed=1, **changes):
    specification = record(ENTRY | changes, "T1")
    return estimating.estimate(opened(frame, tmp_path), specification, seed)


def row_of(result, term):
    return next(row for row in result.estimates if row["term"] == term)


def test_planted_effects_lie_in_their_intervals(tmp_path):
    result = estimated(entrants(), tmp_path)
    assert result.status == "ok"
    for term, truth in (("log_rank", RANK), ("log_crowd_30", CROWD)):
        row = row_of(result, term)
        assert row["interval_low"] < truth < row["interval_high"]
        assert row["is_of_interest"]
        assert row["expected_sign"] == -1


def test_the_effect_of_a_doubled_rank_is_told_in_percent(tmp_path):
    row = row_of(estimated(entrants(), tmp_path), "log_rank")
    assert row["effect_of"] == "rank doubled"
    assert row["effect"] == pytest.approx(2 ** row["estimate"] - 1)
    assert row["effect_low"] < row["effect"] < row["effect_high"]


def test_an_effect_beyond_any_meaning_is_not_told_with_300_digits():
    row = {"estimate": 3.0, "interval_low": -2.0, "interval_high": 500.0}
    told = effect_of(row, 1, "rank doubled")
    assert told["effect"] == pytest.approx(math.expm1(3))
    assert told["effect_low"] == pytest.approx(math.expm1(-2))
    assert told["effect_high"] is None
    assert effect_of(row | {"estimate": 20.0}, 1, "rank doubled")["effect"] is None


@pytest.mark.parametrize(("n_bases", "status"), [(9, "refused"), (10, "ok")])
def test_an_estimate_from_too_few_clusters_is_no_estimate(tmp_path, n_bases, status):
    frame = entrants()
    bases = sorted(frame["parent_id"].unique())[:n_bases]
    result = estimated(frame[frame["parent_id"].isin(bases)], tmp_path)
    assert result.status == status
    if status == "refused":
        assert result.reason == "9 clusters in use, fewer than 10"
        assert result.estimates == []


def test_late_and_crowded_is_the_sum_of_both(tmp_path):
    result = estimated(entrants(), tmp_path)
    together = row_of(result, "late_and_crowded")
    rank, crowd = row_of(result, "log_rank"), row_of(result, "log_crowd_30")
    expected = math.log(50) * rank["estimate"] + math.log(31) * crowd["estimate"]
    assert together["estimate"] == pytest.approx(expected)
    assert row_of(result, "late_and_crowded: all zero")["p_value"] < 1e-6


def test_the_jackknife_stands_beside_the_clusters_for_headlines_only(tmp_path):
    assert "jackknife_low" not in row_of(estimated(entrants(), tmp_path), "log_rank")
    row = row_of(estimated(entrants(), tmp_path, jackknife=True), "log_rank")
    assert row["jackknife_low"] < row["estimate"] < row["jackknife_high"]
    assert row["jackknife_groups"] > 1
    assert row["seed"] == 1


def test_every_row_that_drops_out_is_counted(tmp_path):
    frame = entrants()
    frame.loc[:4, "log_age"] = None
    frame.loc[frame["parent_id"] == "base/007", "likes"] = 0
    single = frame.iloc[[50]].assign(parent_id="base/single", child_id="child/single")
    result = estimated(pd.concat([frame, single]), tmp_path)
    row = row_of(result, "log_rank")
    assert (row["n_null"], row["n_singleton"], row["n_separated"]) == (5, 1, 20)
    assert row["n_in"] == len(frame) + 1
    assert row["n_used"] == row["n_in"] - 26
    assert row["n_bases"] == 59


def test_concentration_of_rows_and_outcome_is_told(tmp_path):
    row = row_of(estimated(entrants(), tmp_path), "log_rank")
    assert row["n_clusters"] == 60
    assert row["effective_clusters_rows"] == pytest.approx(60)
    assert row["effective_clusters_outcome"] < 60
    assert row["largest_cluster_share"] == pytest.approx(1 / 60)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"sample": "likes < 0"}, "not_run", "no row of this landing"),
        ({"sample": "likes < 0", "needs": "two snapshots"}, "not_run", "needed: two snapshots"),
        ({"columns": {"unknown": "null::double"}, "controls": ["unknown"]}, "not_run",
         "unknown is unknown in all 1,200 rows"),
        ({"columns": {"same": "1"}, "outcome": "same"}, "not_run", "same is 1 in every row"),
        ({"columns": {"twice": "2 * log_rank"}, "controls": ["twice"]}, "refused", "log_rank"),
    ],
)  # fmt: skip
def test_what_cannot_be_estimated_says_why(tmp_path, change, status, words):
    result = estimated(entrants(), tmp_path, **change)
    assert result.status == status
    assert words in result.reason
    assert result.estimates == []


def test_base_effects_with_linear_lag_and_age_are_refused(tmp_path):
    frame = entrants().assign(lag_days=lambda f: np.arange(len(f)), age_days=lambda f: f["likes"])
    result = estimated(
        frame, tmp_path, interest={"lag_days": -1}, controls=["age_days"], outcome="log_age",
        estimator="ols",
    )  # fmt: skip
    assert result.status == "refused"


def test_a_collinear_control_leaves_and_is_named(tmp_path):
    result = estimated(
        entrants(), tmp_path, columns={"twice": "2 * log_age"}, controls=["log_age", "twice"]
    )
    assert result.status == "ok"
    assert row_of(result, "log_rank")["dropped_terms"] in ("twice", "log_age")


def test_marginal_effects_stand_on_a_scale_of_their_own(tmp_path):
    result = estimated(
        entrants(), tmp_path, columns={"is_liked": "cast(likes > 3 as integer)"},
        outcome="is_liked",
        estimator="logit", fixed_effects=[], options={"average_marginal_effects": True},
    )  # fmt: skip
    scales = {row["scale"] for row in result.estimates if row["term"] == "log_rank"}
    assert scales == {"coefficient", "average marginal effect"}


def test_results_are_the_engines_rounded(tmp_path):
    frame = entrants()
    specification = record(ENTRY, "T1")
    found = fit(frame, specification.equation).row("log_rank")
    row = row_of(estimated(frame, tmp_path), "log_rank")
    assert row["estimate"] == pytest.approx(found["estimate"], rel=1e-9)
    assert row["estimate"] == float(f"{row['estimate']:.12g}")


def test_the_order_of_rows_changes_nothing(tmp_path):
    frame = entrants()
    one = estimated(frame, tmp_path, jackknife=True).estimates
    other = estimated(frame.sample(frac=1, random_state=1), tmp_path, jackknife=True).estimates
    assert one == other


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_what_is_not_finite_is_null(value):
    assert estimating.rounded(value) is None


def test_a_linear_combination_has_the_variance_of_its_parts():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    found = estimating.linear_combination(
        np.array([1.0, 2.0]), np.array([0.5, 0.25]), covariance, math.inf
    )
    assert found["estimate"] == 1.0
    assert found["standard_error"] == pytest.approx(math.sqrt(0.04 + 4 * 0.09 + 4 * 0.01))


def test_specifications_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        record(ENTRY, "T1").outcome = "downloads"


def test_an_empty_bin_leaves_and_the_others_stay(tmp_path):
    bins = {"late": "cast(log_rank > 2 as integer)", "later": "cast(log_rank > 9 as integer)"}
    change = {"columns": bins, "interest": {"late": -1, "later": -1}}
    assert estimated(entrants(), tmp_path, **change).status == "refused"
    result = estimated(entrants(), tmp_path, **change, options={"terms_may_leave": True})
    assert result.status == "ok"
    assert row_of(result, "late")["estimate"] < 0
    assert "later" not in {row["term"] for row in result.estimates}


def fit_with_negative_variance_of(term):
    """A fit as two cluster dimensions can give one."""
    frame = entrants(n_bases=10)
    fitted = fit(frame, record(ENTRY, "T1").equation)
    covariance = fitted.covariance.copy()
    covariance[fitted.terms.index(term), fitted.terms.index(term)] *= -1
    return dataclasses.replace(fitted, covariance=covariance)


def test_a_control_whose_variance_came_out_negative_has_an_estimate_alone(tmp_path, monkeypatch):
    broken = fit_with_negative_variance_of("log_age")
    monkeypatch.setattr(estimating, "fit", lambda *_, **__: broken)
    result = estimated(entrants(n_bases=10), tmp_path)
    assert result.status == "ok"
    assert row_of(result, "log_age")["estimate"] == pytest.approx(broken.estimates[2])
    assert "standard_error" not in row_of(result, "log_age")
    assert row_of(result, "log_rank")["standard_error"] > 0


def test_a_term_of_interest_whose_variance_came_out_negative_is_no_estimate(tmp_path, monkeypatch):
    broken = fit_with_negative_variance_of("log_rank")
    monkeypatch.setattr(estimating, "fit", lambda *_, **__: broken)
    result = estimated(entrants(n_bases=10), tmp_path)
    assert (result.status, result.estimates) == ("not_run", [])
    assert "variance of term 'log_rank' came out negative" in result.reason


def test_a_contrast_with_a_negative_variance_is_an_error_and_not_a_certainty():
    with pytest.raises(EstimationError, match="came out negative"):
        estimating.linear_combination(
            np.array([1.0, 1.0]), np.ones(2), np.array([[1.0, -2.0], [-2.0, 1.0]]), 9
        )
