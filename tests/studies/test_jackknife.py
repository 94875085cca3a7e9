"""The delete-group jackknife is the one of the textbooks, the same by each engine, and covers where
clustered errors do not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyfixest
import pytest
from made_up_families import families
from scipy import stats

from analysis.engines import Equation, EstimationError, NotIdentified, TooFewClusters, fit
from analysis.jackknife import delete_group_jackknife

FRAME = families()
OUTCOME = {"ols": "log_likes", "poisson": "likes", "logit": "has_likes"}


def equation(estimator: str) -> Equation:
    return Equation(
        OUTCOME[estimator],
        ("log_rank", "size"),
        factors=("relation",),
        fixed_effects=("parent_id", "month"),
        estimator=estimator,
        clusters=("parent_id",),
    )


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_pyfixest_and_fereg_give_the_same_jackknife(estimator):
    pytest.importorskip("fereg")
    slow, fast = (
        delete_group_jackknife(FRAME, equation(estimator), "parent_id", 6, 4, engine=engine)
        for engine in ("pyfixest", "fereg")
    )
    assert (slow.engine, fast.engine) == ("pyfixest", "fereg")
    assert slow.terms == fast.terms == ("log_rank", "size")
    np.testing.assert_allclose(fast.estimates, slow.estimates, rtol=1e-8)
    np.testing.assert_allclose(fast.covariance, slow.covariance, rtol=1e-7)
    assert slow.groups.equals(fast.groups)


@pytest.mark.parametrize("outcome", ["log_likes", "likes"])
def test_with_a_group_for_each_cluster_it_is_the_cluster_jackknife(outcome):
    """pyfixest's CRV3 without factors lacks only (H - 1) / H; of a Poisson too."""
    asked = Equation(
        outcome,
        ("log_rank", "size"),
        fixed_effects=("month",),
        estimator="ols" if outcome == "log_likes" else "poisson",
        clusters=("owner",),
    )
    found = delete_group_jackknife(FRAME, asked, "owner")
    n_groups = FRAME["owner"].nunique()
    estimate = pyfixest.feols if outcome == "log_likes" else pyfixest.fepois
    model = estimate(
        f"{outcome} ~ log_rank + size | month",
        FRAME,
        vcov={"CRV3": "owner"},
        ssc=pyfixest.ssc(k_adj=False, G_adj=False),
    )
    assert len(found.estimates) == n_groups
    by_engine = fit(FRAME, asked, engine="pyfixest", small_sample="cr3")
    np.testing.assert_allclose(by_engine.covariance, model._vcov, rtol=1e-5)
    np.testing.assert_allclose(found.covariance * n_groups / (n_groups - 1), model._vcov, rtol=1e-5)


def test_the_jackknife_of_a_mean_is_the_textbook_standard_error():
    """Rows as clusters, a constant fitted through a difference of two halves: s^2/n each."""
    random = np.random.default_rng(3)
    y = random.normal(0, 1, 60)
    half = np.repeat([0.0, 1.0], 30)
    frame = pd.DataFrame({"y": y, "half": half, "row": np.arange(60)})
    found = delete_group_jackknife(frame, Equation("y", ("half",)), "row")
    # Without one of 30 rows its mean moves by (y - mean) / 29.
    moves = np.concatenate([(part - part.mean()) / 29 for part in (y[:30], y[30:])])
    row = found.row("half")
    assert row["standard_error"] == pytest.approx(np.sqrt(59 / 60 * (moves**2).sum()), rel=1e-9)
    assert found.degrees_of_freedom == 59
    reach = stats.t(59).ppf(0.975) * row["standard_error"]
    assert (row["low"], row["high"]) == pytest.approx(
        (row["estimate"] - reach, row["estimate"] + reach)
    )
    expected = 2 * stats.t(59).sf(abs(row["estimate"]) / row["standard_error"])
    assert row["p_value"] == pytest.approx(expected)


def test_each_group_is_the_fit_without_its_clusters():
    asked = equation("poisson")
    found = delete_group_jackknife(FRAME, asked, "parent_id", 3, 5)
    for group in (0, 4, 7):
        left = found.groups.index[found.groups != group]
        without = fit(FRAME[FRAME["parent_id"].isin(left)], asked)
        np.testing.assert_allclose(found.estimates[group], without.estimates[:2], rtol=1e-7)


def test_the_largest_clusters_leave_alone_and_the_rest_in_even_groups():
    asked = equation("poisson")
    found = delete_group_jackknife(FRAME, asked, "parent_id", 6, 4)
    used = FRAME.iloc[fit(FRAME, asked).rows]
    likes = used.groupby("parent_id")["likes"].sum()
    assert set(found.groups.index) == set(likes.index)
    sizes = found.groups.value_counts().sort_index()
    assert sizes[:6].tolist() == [1] * 6
    assert sizes[6:].max() - sizes[6:].min() <= 1
    alone = found.groups[found.groups < 6].sort_values()
    assert likes[alone.index].tolist() == sorted(likes)[-6:][::-1]


def test_the_order_of_rows_changes_nothing_and_the_seed_only_the_random_groups():
    asked = equation("poisson")
    one = delete_group_jackknife(FRAME, asked, "parent_id", 6, 4, seed=1)
    shuffled = FRAME.sample(frac=1, random_state=5)
    same = delete_group_jackknife(shuffled, asked, "parent_id", 6, 4, seed=1)
    other = delete_group_jackknife(FRAME, asked, "parent_id", 6, 4, seed=2)
    assert one.groups.sort_index().equals(same.groups.sort_index())
    np.testing.assert_allclose(same.estimates, one.estimates, rtol=1e-8)
    assert one.groups[one.groups < 6].equals(other.groups[other.groups < 6])
    assert not one.groups.equals(other.groups)


def test_a_term_that_one_group_carries_falls_or_is_an_error():
    asked = replace(equation("ols"), terms=("log_rank", "size", "only_here"), factors=())
    frame = FRAME.assign(
        only_here=np.where(FRAME["parent_id"] == FRAME["parent_id"].mode()[0], FRAME["size"], 0)
    )
    found = delete_group_jackknife(frame, asked, "parent_id", 6, 4)
    assert found.terms == ("log_rank", "size")
    with pytest.raises(NotIdentified, match="'only_here' has no jackknife"):
        found.row("only_here")
    with pytest.raises(NotIdentified, match=r"without group .* of 10: term 'only_here'"):
        delete_group_jackknife(frame, asked, "parent_id", 6, 4, of_interest=("size", "only_here"))


def test_engines_that_disagree_are_an_error(monkeypatch):
    pytest.importorskip("fereg")

    def skewed(frame, equation, *, engine="auto", **options):
        found = fit(frame, equation, engine=engine, **options)
        return replace(found, estimates=found.estimates * (1.001 if engine == "fereg" else 1))

    monkeypatch.setattr("analysis.jackknife.fit", skewed)
    with pytest.raises(EstimationError, match="fereg and pyfixest disagree on the estimate"):
        delete_group_jackknife(FRAME, equation("ols"), "parent_id", 3, 3)


def test_without_fereg_pyfixest_does_all(monkeypatch):
    monkeypatch.setattr("analysis.jackknife.has_engine", lambda name: False)
    found = delete_group_jackknife(FRAME, equation("ols"), "parent_id", 2, 2)
    assert found.engine == "pyfixest"
    assert len(found.estimates) == 4


@pytest.mark.parametrize(
    ("changes", "options", "error", "reason"),
    [
        ({"estimator": "negative_binomial"}, {}, EstimationError, "no jackknife of negative"),
        ({}, {"n_large": 1, "n_random": 0}, EstimationError, "too few for a jackknife"),
        ({}, {"cluster": "nothing"}, EstimationError, "'nothing' is not in the rows"),
        ({"outcome": "nothing"}, {}, EstimationError, "'nothing' is not in the rows"),
        ({}, {"cluster": "snapshot"}, TooFewClusters, "one cluster of 'snapshot'"),
        ({}, {"cluster": "holey"}, EstimationError, "'holey' is null"),
    ],
)
def test_what_cannot_be_jackknifed_is_said_in_one_line(changes, options, error, reason):
    frame = FRAME.assign(snapshot="s1", holey=FRAME["owner"].where(FRAME.index > 9))
    asked = replace(Equation("likes", ("size",)), **changes)
    with pytest.raises(error, match=reason) as raised:
        delete_group_jackknife(frame, asked, **({"cluster": "owner"} | options))
    assert "\n" not in str(raised.value)


def heavy_tailed(random: np.random.Generator, n_bases: int = 60) -> pd.DataFrame:
    """Families of very different size, worth about ten equal ones, each with a slope of its own
    around zero: the largest decide the estimate, and their own slopes its errors."""
    sizes = np.minimum(3 + (3 / random.random(n_bases) ** 1.7).astype(int), 800)
    base = np.repeat(np.arange(n_bases), sizes)
    x = random.normal(0, 1, len(base))
    y = random.normal(0, 1, n_bases)[base] * x + random.normal(0, 1, len(base))
    return pd.DataFrame({"y": y, "x": x, "base": base})


def test_it_covers_where_clustered_errors_do_not():
    """Why headlines carry it: of 95 % intervals those by clusters hold the truth less often."""
    pytest.importorskip("fereg")
    random = np.random.default_rng(7)
    asked = Equation("y", ("x",), fixed_effects=("base",), clusters=("base",))
    n_draws, clustered, jackknifed = 80, 0, 0
    for _ in range(n_draws):
        frame = heavy_tailed(random)
        row = fit(frame, asked, engine="fereg").row("x")
        clustered += row["low"] <= 0 <= row["high"]
        row = delete_group_jackknife(frame, asked, "base", 10, 10, engine="fereg").row("x")
        jackknifed += row["low"] <= 0 <= row["high"]
    assert jackknifed >= 0.9 * n_draws
    assert clustered <= jackknifed - 0.05 * n_draws
