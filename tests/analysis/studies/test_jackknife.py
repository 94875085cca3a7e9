"""The delete-group jackknife is the one of the textbooks, the same by each engine, and covers where
clustered errors do not."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyfixest
import pytest
from made_up_families import families
from scipy import stats

from analysis.studies.estimation import (
    Equation,
    EstimationError,
    NotIdentified,
    TooFewClusters,
    fit,
    jackknife,
    leaving_out,
    ordered_rows,
)
from analysis.studies.estimation.jackknife import Jackknife, delete_group_jackknife, prepare
from analysis.studies.null_worlds.verdict_cases import toss

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
    student = stats.t(found.degrees_of_freedom_of(np.array([1.0])))
    reach = student.ppf(0.975) * row["standard_error"]
    assert (row["low"], row["high"]) == pytest.approx(
        (row["estimate"] - reach, row["estimate"] + reach)
    )
    expected = 2 * student.sf(abs(row["estimate"]) / row["standard_error"])
    assert row["p_value"] == pytest.approx(expected)


def test_a_term_that_one_group_moves_has_the_freedom_of_few():
    """Of moves 1, 0, 0, ... one group is left, told as three; of equal ones all groups are."""
    one = Jackknife(
        ("x",), np.zeros(1), np.eye(50)[:, :1], np.eye(1), 49.0, pd.Series(dtype=int), "none"
    )
    assert one.degrees_of_freedom_of(np.array([1.0])) == pytest.approx(2)
    even = np.where(np.arange(50) % 2 == 0, 1.0, -1.0)[:, None]
    assert replace(one, estimates=even).degrees_of_freedom_of(np.array([1.0])) == 49


def test_clusters_count_by_what_they_are_worth():
    """Sixty clusters of one outcome are worth sixty; one that holds half of it is worth four."""
    half = np.tile([0.0, 1.0], 60)
    frame = pd.DataFrame({"half": half, "cluster": np.repeat(np.arange(60), 2)})
    even = frame.assign(y=np.where(np.arange(120) % 4 < 2, 1.0, -1.0) * (1 - 2 * half))
    found = delete_group_jackknife(even, Equation("y", ("half",)), "cluster")
    assert found.degrees_of_freedom == pytest.approx(59)
    outcome = np.ones(120)
    outcome[:2] = 59
    heavy = frame.assign(y=outcome * np.where(half == 1, 1.0, -1.0))
    found = delete_group_jackknife(heavy, Equation("y", ("half",)), "cluster")
    # (59 + 59)^2 / (59^2 + 59) in units of two: 118^2 / 3540 = 3.93 clusters.
    assert found.degrees_of_freedom == pytest.approx(118**2 / 3540 - 1)


def test_each_group_is_the_fit_without_its_clusters():
    asked = equation("poisson")
    found = delete_group_jackknife(FRAME, asked, "parent_id", 3, 5)
    for group in (0, 4, 7):
        left = found.groups.index[found.groups != group]
        without = fit(FRAME[FRAME["parent_id"].isin(left)], asked)
        np.testing.assert_allclose(found.estimates[group], without.estimates[:2], rtol=1e-7)


def test_effects_whose_levels_the_groups_cut_leave_from_their_means():
    """Owners enter many families, and too many owners to be dummies: no group is fitted again."""
    rng = np.random.default_rng(5)
    n = 3_000
    frame = pd.DataFrame({
        "family": rng.integers(0, 60, n), "owner": rng.integers(0, 700, n),
        "month": rng.integers(0, 9, n), "weight": rng.uniform(0.5, 2, n),
        "x": rng.normal(size=n), "z": rng.normal(size=n),
    })  # fmt: skip
    # An owner of one family, one whose only other row leaves with a group, and one alone.
    frame.loc[:40, "owner"] = 1000 + frame.loc[:40, "family"]
    frame["y"] = frame["x"] + rng.normal(size=700)[frame["owner"] % 700] + rng.normal(size=n)
    asked = Equation(
        "y", ("x", "z"), fixed_effects=("owner", "month"), clusters=("family",), weights="weight"
    )
    found = delete_group_jackknife(frame, asked, "family", 4, 6)
    for group in range(10):
        left = found.groups.index[found.groups != group]
        without = fit(frame[frame["family"].isin(left)], asked)
        np.testing.assert_allclose(found.estimates[group], without.estimates, rtol=1e-8, atol=1e-10)
    rows = fit(frame, asked).rows
    ready = prepare(frame, asked, "family")
    assert ready.design is not None
    assert ready.design.columns.x.shape[1] < 20
    again = ready.jackknife(frame["y"].to_numpy(), 4, 6)
    assert (again.engine, len(rows)) == ("cross products", len(ready.rows))
    np.testing.assert_allclose(again.estimates, found.estimates, rtol=1e-8)
    independent = pyfixest.feols(
        "y ~ x + z | owner + month", frame.iloc[rows], vcov="iid", weights="weight",
        ssc=pyfixest.ssc(k_fixef="full"),
    )  # fmt: skip
    np.testing.assert_allclose(found.independent, independent._vcov, rtol=1e-8)


@pytest.mark.parametrize("rows", [1, 7, 64])
@pytest.mark.parametrize("effects", [("parent_id", "month"), ("month",), ()])
@pytest.mark.parametrize("estimator", ["poisson", "logit"])
def test_the_size_of_the_blocks_in_which_rows_are_read_changes_nothing(
    estimator, effects, rows, monkeypatch
):
    """Blocks of one level, of parts of a group and of whole groups; and of few groups at once."""
    asked = replace(equation(estimator), fixed_effects=effects)
    whole = delete_group_jackknife(FRAME, asked, "parent_id", 6, 4)
    fitted = []
    monkeypatch.setattr(ordered_rows, "TOGETHER", rows)
    monkeypatch.setattr(leaving_out, "BLOCK", 3 * rows)
    monkeypatch.setattr(jackknife, "fit", lambda *given, **options: fitted.append(given))
    found = delete_group_jackknife(
        FRAME, asked, "parent_id", 6, 4, whole=fit(FRAME, asked, of_interest=())
    )
    assert not fitted
    np.testing.assert_allclose(found.estimates, whole.estimates, rtol=1e-9)
    np.testing.assert_allclose(found.covariance, whole.covariance, rtol=1e-8)
    np.testing.assert_allclose(found.variation, whole.variation, rtol=1e-8)


def test_blocks_hold_every_row_once_and_cut_no_level():
    random = np.random.default_rng(11)
    # Groups of a hundred to four rows, so that the rest of a large one has room for a small one.
    group = np.sort(random.choice(9, 400, p=np.arange(9, 0, -1) / 45))
    # Levels of one to sixty rows, each in one group.
    level = np.cumsum(np.append(0, (np.diff(group) != 0) | (random.random(399) < 0.1)))
    columns = ordered_rows.Columns(np.ones((400, 1)), 0, level, (), (), np.ones(400))
    rows = ordered_rows.OrderedRows.sorted(columns, random.normal(size=400), group)
    whole_groups = set(rows.group_starts.tolist())
    for together in (5, 30, 40, 50, 60, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ordered_rows, "TOGETHER", together)
            blocks = replace(rows).blocks
        assert np.concatenate([block.order for block in blocks]).tolist() == rows.order.tolist()
        for block in blocks:
            end = block.start + len(block.outcome)
            own = rows.columns.absorbed[block.start : end]
            assert not set(own) & set(rows.columns.absorbed[: block.start])
            assert not set(own) & set(rows.columns.absorbed[end:])
            assert {block.start, end} <= whole_groups or block.n_groups == 1
            assert np.diff(block.group_starts).sum() == len(block.outcome)


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


def test_cross_products_that_disagree_with_the_engine_are_an_error(monkeypatch):
    def skewed(*arguments, **options):
        found = fit(*arguments, **options)
        return replace(found, estimates=found.estimates * 1.001)

    monkeypatch.setattr("analysis.studies.estimation.jackknife.fit", skewed)
    with pytest.raises(EstimationError, match=r"cross products and \w+ disagree"):
        delete_group_jackknife(FRAME, equation("ols"), "parent_id", 3, 3)


def test_engines_that_disagree_are_an_error(monkeypatch):
    pytest.importorskip("fereg")

    def skewed(frame, equation, *, engine="auto", **options):
        found = fit(frame, equation, engine=engine, **options)
        return replace(found, estimates=found.estimates * (1 if engine == "auto" else 1.001))

    monkeypatch.setattr("analysis.studies.estimation.jackknife.fit", skewed)
    monkeypatch.setattr("analysis.studies.estimation.jackknife.leave_out", lambda *arguments: None)
    with pytest.raises(EstimationError, match="fereg and pyfixest disagree on the estimate"):
        delete_group_jackknife(FRAME, equation("ols"), "parent_id", 3, 3)


def gaps_to_refits(found, frame, asked) -> np.ndarray:
    """How far each group's estimates are from a refit's, in jackknife standard errors; (H,)."""
    used = frame.iloc[fit(frame, asked).rows]
    gaps = []
    for group, estimates in enumerate(found.estimates):
        left = found.groups.index[found.groups != group]
        without = fit(used[used[asked.clusters[0]].isin(left)], asked, of_interest=())
        refitted = [without.row(term)["estimate"] for term in found.terms]
        gaps.append(np.abs(estimates - refitted) / np.sqrt(np.diag(found.covariance)))
    return np.max(gaps, axis=1)


def uneven_families(seed: int) -> pd.DataFrame:
    """Heavy-tailed families whose likes are heavy-tailed too, with terms that are almost one, a
    relation and months that only a few rows have."""
    random = np.random.default_rng(seed)
    sizes = np.minimum(1 + (1 / random.random(60) ** 0.9).astype(int), 200)
    base = np.repeat(np.arange(60), sizes)
    n = len(base)
    x = random.exponential(1, n)
    mean = np.exp(random.normal(0, 1.5, 60)[base] - 0.2 * x) * random.gamma(0.3, 1 / 0.3, n)
    month = random.integers(0, 12, n) + base % 5
    likes = random.poisson(mean)
    return pd.DataFrame(
        {
            "base": base,
            "month": month,
            "base_month": base * 100 + month,
            "relation": random.choice(list("abcd"), n, p=[0.6, 0.3, 0.08, 0.02]),
            "x": x,
            "almost_x": 0.9 * x + 0.1 * random.normal(0, 1, n),
            "likes": likes,
            "log_likes": np.log1p(likes),
            "has_likes": (likes > 0).astype(int),
            "weight": random.integers(1, 4, n),
        }
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("estimator", "fixed_effects", "options"),
    [
        ("ols", ("base", "month"), {}),
        ("ols", ("base", "base_month"), {"weights": "weight"}),
        ("ols", ("month",), {}),
        ("poisson", ("base", "month"), {"weights": "weight"}),
        ("poisson", ("base_month",), {}),
        ("poisson", (), {}),
        ("logit", ("month",), {}),
        ("logit", (), {"weights": "weight"}),
    ],
)
def test_without_each_group_it_is_the_refit_on_uneven_families(
    seed, estimator, fixed_effects, options
):
    frame = uneven_families(seed)
    asked = Equation(
        OUTCOME[estimator],
        ("x", "almost_x"),
        factors=("relation",),
        fixed_effects=fixed_effects,
        estimator=estimator,
        clusters=("base",),
        **options,
    )
    found = delete_group_jackknife(frame, asked, "base", 8, 4)
    assert gaps_to_refits(found, frame, asked).max() < (1e-9 if estimator == "ols" else 1e-6)


def prepared_and_not(frame: pd.DataFrame, asked: Equation):
    """The jackknife of prepared rows, held against that of the frame."""
    plain = delete_group_jackknife(frame, asked, "base", 8, 4, seed=2)
    prepared = prepare(frame.assign(**{asked.outcome: 7.0}), asked, "base")
    found = prepared.jackknife(frame[asked.outcome], 8, 4, seed=2)
    assert found.terms == plain.terms
    assert found.groups.equals(plain.groups)
    np.testing.assert_allclose(found.estimates, plain.estimates, rtol=1e-7, atol=1e-9)
    return found


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_prepared_rows_give_the_jackknife_of_each_outcome(estimator):
    fixed_effects = ("month",) if estimator == "logit" else ("base", "month")
    for seed in range(3):
        asked = Equation(
            OUTCOME[estimator],
            ("x", "almost_x"),
            factors=("relation",),
            fixed_effects=fixed_effects,
            estimator=estimator,
            clusters=("base",),
        )
        prepared_and_not(uneven_families(seed), asked)


def test_prepared_rows_with_an_unknown_outcome_leave_as_from_the_frame():
    frame = uneven_families(0)
    frame["likes"] = frame["likes"].where(frame.index % 7 > 0)
    asked = Equation("likes", ("x",), fixed_effects=("base",), estimator="poisson")
    prepared_and_not(frame, asked)


def families_of_six(outcome_of_the_last: list[float]) -> pd.DataFrame:
    """Nine families of six rows; the outcome of the last is given."""
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "base": np.repeat(np.arange(9), 6),
            "month": np.tile([0, 0, 1, 1, 2, 2], 9),
            "x": random.normal(0, 1, 54),
            "likes": random.poisson(2.0, 54) + 1.0,
        }
    )
    frame.loc[frame["base"] == 8, "likes"] = outcome_of_the_last
    return frame


def test_a_month_that_a_group_alone_gives_likes_leaves_with_it():
    frame = families_of_six([3, 5, 4, 1, 2, 2])
    frame.loc[(frame["month"] == 2) & (frame["base"] < 8), "likes"] = 0
    asked = Equation(
        "likes", ("x",), fixed_effects=("base", "month"), estimator="poisson", clusters=("base",)
    )
    found = prepared_and_not(frame, asked)
    assert gaps_to_refits(found, frame, asked).max() < 1e-6


def test_rows_that_are_separated_without_a_group_leave_as_in_a_refit():
    """Only the last family has a like where the dummy is one."""
    frame = families_of_six([3, 5, 4, 1, 2, 2])
    frame["rare"] = ((frame.index % 6 == 0) & (frame["base"] > 3)).astype(float)
    frame.loc[(frame["rare"] == 1) & (frame["base"] < 8), "likes"] = 0
    asked = Equation(
        "likes", ("x", "rare"), fixed_effects=("base",), estimator="poisson", clusters=("base",)
    )
    found = prepared_and_not(frame, asked)
    assert found.terms == ("x",)
    assert gaps_to_refits(found, frame, asked).max() < 1e-6


def test_rows_alone_in_a_month_without_a_group_say_nothing():
    frame = families_of_six([3, 5, 4, 1, 2, 2])
    frame.loc[[0, 50], "month"] = 9
    for outcome, estimator in (("likes", "poisson"), ("likes", "ols")):
        asked = Equation(
            outcome, ("x",), fixed_effects=("base", "month"), estimator=estimator,
            clusters=("base",),
        )  # fmt: skip
        found = prepared_and_not(frame, asked)
        assert gaps_to_refits(found, frame, asked).max() < 1e-6


def test_a_perfect_fit_without_one_group_is_refused_as_in_a_refit():
    frame = families_of_six([3, 5, 4, 1, 2, 2])
    is_last = frame["base"] == 8
    frame["y"] = np.where(is_last, frame["likes"], 2 * frame["x"] + frame["base"])
    asked = Equation("y", ("x",), fixed_effects=("base",), clusters=("base",))
    for attempt in (
        lambda: delete_group_jackknife(frame, asked, "base"),
        lambda: prepare(frame, asked, "base").jackknife(frame["y"]),
    ):
        with pytest.raises(EstimationError, match=r"without group \d of 9: .* a perfect fit"):
            attempt()


def test_without_fereg_pyfixest_does_all(monkeypatch):
    for module in ("analysis.studies.estimation.jackknife", "analysis.studies.estimation.fitting"):
        monkeypatch.setattr(f"{module}.has_engine", lambda name: False)
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


# never surer than independent rows


def test_an_ols_is_not_surer_than_independent_rows_would_make_it():
    """Residuals that cancel in every cluster leave the estimate where it is, whoever leaves: no
    spread over clusters at all."""
    frame = pd.DataFrame(
        {
            "y": np.tile([0.0, 1.0, 1.0, 0.0], 30),
            "x": np.tile([0.0, 0.0, 1.0, 1.0], 30),
            "family": np.repeat([f"f{number}" for number in range(30)], 4),
        }
    )
    equation = Equation("y", ("x",), clusters=("family",))
    found = delete_group_jackknife(frame, equation, "family").row("x")
    classical = fit(frame, replace(equation, clusters=("iid",))).row("x")
    assert found["standard_error"] == pytest.approx(classical["standard_error"], rel=1e-9)
    drawn = prepare(frame, equation, "family").jackknife(frame["y"].to_numpy()).row("x")
    assert drawn == pytest.approx(found)


def test_intervals_hold_the_truth_where_the_outcome_is_rare_and_the_term_skewed():
    """600 rows in 40 families, a tenth ones that families share, one row in fifty whose term is not
    zero: by the spread over families alone the interval held the truth in 80 % of 250 draws."""
    rng = np.random.default_rng(5)
    family = np.repeat(np.arange(40), 15)
    few = rng.random(len(family)) < 0.02
    frame = pd.DataFrame(
        {
            "x": np.where(few, rng.lognormal(0, 0.8, len(family)), 0.0),
            "family": [f"f{number}" for number in family],
            "y": 0.0,
        }
    )
    ready = prepare(frame, Equation("y", ("x",), clusters=("family",)), "family")
    held = 0
    for _ in range(100):
        tossed = toss(np.full(len(family), 0.1), family, 0.3, rng)
        found = ready.jackknife(tossed).row("x")
        held += found["low"] <= 0 <= found["high"]
    assert held >= 93


# a term that few clusters tell


@pytest.mark.parametrize("estimator", ["ols", "poisson", "logit"])
def test_groups_are_worth_what_they_add_to_the_variation_of_the_term(estimator):
    """By the residuals of the term on all else, each row weighed as the fit weighs it."""
    asked = replace(equation(estimator), fixed_effects=("month",))
    found = delete_group_jackknife(FRAME, asked, "parent_id", 6, 4)
    whole = fit(FRAME, asked)
    used = FRAME.iloc[whole.rows].reset_index(drop=True)
    mean = whole.fitted
    weight = {"ols": np.ones(len(mean)), "poisson": mean, "logit": mean * (1 - mean)}[estimator]
    others = pd.get_dummies(used[["relation", "month"]].astype(str), dtype=float).assign(
        size=used["size"]
    )
    root = np.sqrt(weight)
    term = used["log_rank"].to_numpy() * root
    left = others.to_numpy() * root[:, None]
    residual = term - left @ np.linalg.lstsq(left, term, rcond=None)[0]
    group = used["parent_id"].map(found.groups).to_numpy()
    added = np.bincount(group, weights=residual**2)
    assert found.worth_of(np.array([1.0, 0.0])) == pytest.approx(
        added.sum() ** 2 / (added**2).sum(), rel=1e-6
    )


def test_a_term_that_three_clusters_tell_is_worth_three_and_has_the_freedom_of_two():
    frame = pd.DataFrame({"family": np.repeat(np.arange(60), 10), "y": 0.0})
    frame["x"] = np.where(frame["family"] < 3, np.tile([-1.0, 1.0], 300), 0.0)
    ready = prepare(frame, Equation("y", ("x",), clusters=("family",)), "family")
    found = ready.jackknife(np.random.default_rng(1).normal(size=600))
    assert found.worth_of(np.ones(1)) == pytest.approx(3)
    assert found.degrees_of_freedom_of(np.ones(1)) <= 2


def test_intervals_hold_the_truth_where_few_clusters_tell_the_term():
    """Two thousand rows in 200 families that have a level of their own, two of which tell most of
    the term: of 1,000 draws the interval by the moves alone held the truth in 92.8 %, this one in
    98.7 %."""
    rng = np.random.default_rng(11)
    family = np.repeat(np.arange(200), 10)
    strength = np.array([6.0, 6.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0] + [0.4] * 192)
    x = np.where(rng.random(len(family)) < 0.6, strength[family], 0.0)
    frame = pd.DataFrame({"x": x, "family": family, "y": 0.0})
    ready = prepare(frame, Equation("y", ("x",), clusters=("family",)), "family")
    held = 0
    for _ in range(300):
        level = rng.normal(size=200)
        found = ready.jackknife(rng.normal(size=len(family)) + level[family]).row("x")
        held += found["low"] <= 0 <= found["high"]
    assert held >= 0.95 * 300
