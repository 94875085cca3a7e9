"""A curve's joint test: exact where nothing is there, sure where something is."""

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from analysis.studies import curves
from analysis.studies.curve_inference import (
    COLUMNS,
    N_RESIDUALS,
    STATISTICS,
    Combination,
    covariances_of,
    curve_inference,
    disruption,
    joint_tests,
    known_residuals,
    placed,
    recognition,
    standardising,
    statistics,
)
from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.null_worlds.permuting import permute_within
from analysis.studies.variables import open_exports

MEASURES = ("log_rank", "is_not_first", "crowd_7", "crowd_30")
OUTCOMES = {"likes": "poisson", "log_likes": "ols", "has_likes": "ols"}
PAIRS = [
    (name, column, given)
    for order, crowding in itertools.product((0, 1), (2, 3))
    for name, column, given in (("order", order, crowding), ("crowding", crowding, order))
]


def entrants(seed: int, rank: float = 0.0, crowd: float = 0.0, n_cells: int = 60) -> pd.DataFrame:
    """Cells of six entrants with several measures of order and crowding; size moves likes too."""
    rng = np.random.default_rng(seed)
    n = 6 * n_cells
    cell = np.repeat(np.arange(n_cells), 6)
    log_rank = rng.exponential(1, n)
    crowd_30 = 0.5 * log_rank + rng.exponential(1, n)
    size = rng.normal(0, 1, n)
    level = 0.3 + rng.normal(0, 0.7, n_cells)[cell] + 0.4 * size
    likes = rng.poisson(np.exp(level + rank * log_rank + crowd * crowd_30) * rng.gamma(2, 0.5, n))
    return pd.DataFrame({
        "base_month": cell // 2, "cell": cell, "size": size, "log_rank": log_rank,
        "is_not_first": (log_rank > 0.3).astype(float), "crowd_7": np.minimum(crowd_30, 1.5),
        "crowd_30": crowd_30, "likes": likes, "log_likes": np.log1p(likes),
        "has_likes": (likes > 0).astype(float),
    })  # fmt: skip


def equation(outcome: str, terms: tuple[str, ...] = ("size",)) -> Equation:
    return Equation(
        outcome, terms, fixed_effects=("base_month",), estimator=OUTCOMES[outcome],
        clusters=("base_month",),
    )  # fmt: skip


def residuals_of(rows: pd.DataFrame) -> np.ndarray:
    """What the regressions on size and base_month leave of each outcome; (n, outcomes)."""
    left = np.zeros((len(rows), len(OUTCOMES)))
    for at, outcome in enumerate(OUTCOMES):
        found = fit(rows, equation(outcome))
        left[found.rows, at] = rows[outcome].to_numpy()[found.rows] - found.fitted
    return left


def combinations(n_residuals: int = len(OUTCOMES)) -> list[Combination]:
    return [
        Combination(name, at, column, (given,))
        for at in range(n_residuals)
        for name, column, given in PAIRS
    ]


def joint(rows: pd.DataFrame, n_draws: int, seed: int = 1) -> pd.DataFrame:
    found = joint_tests(
        rows[list(MEASURES)].to_numpy(), residuals_of(rows), rows["cell"].to_numpy(),
        combinations(), n_draws, seed,
    )  # fmt: skip
    return pd.DataFrame(found).set_index(["term", "statistic"])


def test_p_values_are_uniform_where_nothing_is_there():
    p_values = np.array([joint(entrants(seed), 19, seed)["p_value"] for seed in range(60)])
    # Of the median, whose values are never equal, p is 1/20 ... 20/20, each as likely; of shares
    # equal values count as far, so that their p may only be too large.
    for bound in (0.25, 0.5, 0.75):
        error = 3.5 * np.sqrt(bound * (1 - bound) / 60)
        at_most = (p_values <= bound + 1e-9).mean(axis=0).reshape(2, 3)
        assert (np.abs(at_most[:, 0] - bound) < error).all()
        assert (at_most[:, 1:] < bound + error).all()


@pytest.mark.parametrize(
    ("planted", "term", "other"), [("rank", "order", "crowding"), ("crowd", "crowding", "order")]
)
def test_an_effect_of_one_is_found_in_its_own_curve_with_its_sign(planted, term, other):
    found = joint(entrants(3, **{planted: -0.4}, n_cells=150), 99)
    own = found.loc[term]
    # Estimates that are alike have one sign by chance too: that they have one here proves little.
    for statistic in ("median", "share significant in it"):
        assert own.loc[statistic, "p_value"] == pytest.approx(1 / 100)
    assert own.loc["median", "observed"] < own.loc["median", "chance_low"] < -1
    assert own.loc["share of the predominant sign", "observed"] == 1
    assert abs(found.loc[(other, "median"), "observed"]) < abs(own.loc["median", "observed"]) / 2


def test_the_standardised_score_is_the_estimate_in_standard_deviations_of_its_permutations():
    """One regression per permutation, as RR21 runs them, against no regression at all."""
    rows = entrants(5, rank=-0.15)
    terms = ("log_rank", "crowd_30", "size")
    rng = np.random.default_rng(1)
    estimates = []
    for _ in range(300):
        positions = permute_within(rows["cell"].to_numpy(), rng)
        dealt = {name: rows[name].to_numpy()[positions] for name in ("log_rank", "crowd_30")}
        found = fit(rows.assign(**dealt), equation("log_likes", terms))
        estimates.append(found.row("log_rank")["estimate"])
    real = fit(rows, equation("log_likes", terms)).row("log_rank")["estimate"]
    expected = (real - np.mean(estimates)) / np.std(estimates, ddof=1)
    single = [Combination("order", 1, 0, (3,))]
    found = joint_tests(
        rows[list(MEASURES)].to_numpy(), residuals_of(rows), rows["cell"].to_numpy(), single, 9, 1
    )
    # 300 permutations know a standard deviation to 4 %.
    assert found[0]["observed"] == pytest.approx(expected, abs=0.1 + 0.08 * abs(expected))


def test_the_covariance_of_scores_is_that_over_all_permutations():
    rng = np.random.default_rng(2)
    cell = np.array([0, 0, 0, 1, 1, 1])
    values, residual = rng.normal(size=(6, 2)), rng.normal(size=6)
    for one in (0, 1):
        values[cell == one] -= values[cell == one].mean(axis=0)
        residual[cell == one] -= residual[cell == one].mean()
    orders = list(itertools.permutations(range(3)))
    scores = np.array([
        values[[*first, *(3 + at for at in second)]].T @ residual
        for first in orders
        for second in orders
    ])  # fmt: skip
    assert scores.mean(axis=0) == pytest.approx(0, abs=1e-12)
    found = covariances_of(values, residual[:, None], cell)
    assert found[0] == pytest.approx(scores.T @ scores / 36)


def test_a_term_that_the_others_determine_is_undefined_and_counted():
    rows = entrants(6)
    values = rows[list(MEASURES)].assign(crowd_7=2 * rows["log_rank"]).to_numpy()
    found = pd.DataFrame(
        joint_tests(values, residuals_of(rows), rows["cell"].to_numpy(), combinations(), 9, 1)
    ).set_index(["term", "statistic"])
    counts = found.loc[("order", "median"), ["n_combinations", "n_undefined"]]
    assert counts.tolist() == [9, 3]
    singular = standardising(np.ones((2, 2)), Combination("order", 0, 0, (1,)))
    assert np.isnan(singular).all()


def test_a_regression_that_could_not_be_run_leaves_undefined_combinations():
    rows = entrants(7)
    left = residuals_of(rows)
    left[:, 2] = 0
    found = joint_tests(
        rows[list(MEASURES)].to_numpy(), left, rows["cell"].to_numpy(), combinations(), 9, 1
    )
    assert {(row["n_combinations"], row["n_undefined"]) for row in found} == {(8, 4)}


def test_rows_that_are_unknown_or_alone_do_not_move_and_change_nothing_else():
    rows = entrants(8)
    values, left, cell = (
        rows[list(MEASURES)].to_numpy(), residuals_of(rows), rows["cell"].to_numpy()
    )  # fmt: skip
    alone = np.vstack([values, [[9.0, 1, 9, 9], [np.nan, 1, 9, 9]]])
    more = np.vstack([left, np.ones((2, 3))])
    args = (combinations(), 19, 4)
    one = joint_tests(values, left, cell, *args)
    other = joint_tests(alone, more, np.append(cell, [1000, 0]), *args)
    for row, same in zip(one, other, strict=True):
        assert row["n_movable"] == same["n_movable"] == 360
        assert row["observed"] == pytest.approx(same["observed"])
        assert row["p_value"] == same["p_value"]


def test_the_draws_are_a_function_of_the_seed_and_of_nothing_else():
    one, same, other = (joint(entrants(9), 29, seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(one, same)
    assert not one["chance_low"].equals(other["chance_low"])
    few = joint(entrants(9), 5, 5)
    assert few["observed"].tolist() == pytest.approx(one["observed"].tolist())


def test_the_statistics_of_a_curve_are_what_their_names_say():
    curve = np.array([[-3.0, -2.5, -1.0, 0.5, 2.5], [1.0, 2.0, 3.0, -2.5, 0.0]])
    assert statistics(curve) == pytest.approx(np.array([[-1, 0.6, 0.4], [1, 0.6, 0.4]]))
    rows = placed(np.array([-3.0, -2.5, -1.0]), np.array([[2.5, 3, 4], [0, 0, 0], [-1, 1, 1]]))
    assert [row["statistic"] for row in rows] == list(STATISTICS)
    # Two sided: the first permuted curve lies as far out on the other side.
    assert rows[0]["p_value"] == pytest.approx(2 / 4)
    assert Counter(row["observed"] for row in rows) == Counter([-2.5, 1.0, 2 / 3])


def test_residuals_count_where_an_outcome_is_known_and_are_centred_in_their_cell():
    outcomes = np.array([[1.0, np.nan], [0.0, 1.0], [np.nan, 1.0], [5.0, np.nan]])
    left = known_residuals(outcomes, np.array([0, 0, 0, 1]))
    assert left == pytest.approx(np.array([[0.5, 0], [-0.5, 0], [0, 0], [0, 0]]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_draws": 0}, "one permutation"),
        ({"cell": np.arange(360)}, "no two rows of one cell differ"),
        ({"combinations": []}, "no combination"),
        ({"values": np.full((360, 4), np.nan)}, "no two rows of one cell differ"),
    ],
)
def test_what_has_no_meaning_is_refused_in_one_line(change, says):
    rows = entrants(1)
    given = {
        "values": rows[list(MEASURES)].to_numpy(), "residuals": residuals_of(rows),
        "cell": rows["cell"].to_numpy(), "combinations": combinations(), "n_draws": 9, "seed": 1,
    }  # fmt: skip
    with pytest.raises(EstimationError, match=says) as caught:
        joint_tests(**given | change)
    assert "\n" not in str(caught.value)


# on the sample's exports


@pytest.fixture(scope="module")
def exports(sample_exports):
    return open_exports(sample_exports)


@pytest.mark.xdist_group("studies")
def test_every_pair_of_measures_is_combined_with_every_regression_that_was_drawn(exports):
    values, left, cell, found = recognition(exports, 1)
    n_pairs = len(curves.ORDERS) * len(curves.CROWDING)
    assert len(found) == 2 * n_pairs * N_RESIDUALS
    assert len(set(found)) == len(found)
    assert values.shape == (len(cell), len(curves.ORDERS) + len(curves.CROWDING))
    assert left.shape == (len(cell), N_RESIDUALS)
    # A regression with a constant or fixed effects leaves nothing on the whole.
    assert np.abs(left.sum(axis=0)).max() < 1e-4 * np.abs(left).sum()


@pytest.mark.xdist_group("studies")
def test_forms_of_the_index_count_where_they_are_defined(exports):
    values, left, cell, found = disruption(exports, 1)
    n_forms = len(curves.WINDOWS) * len(curves.TAKERS) * len(curves.FORMS)
    assert left.shape == (len(cell), n_forms)
    assert len(found) == 2 * n_forms
    defined = exports.connection.execute(
        "select count(*) from focal_windows where window_name = '90d' and mdi is not null"
    ).fetchall()[0][0]
    at = [
        place
        for place, (window, taking, form) in enumerate(
            itertools.product(curves.WINDOWS, curves.TAKERS, curves.FORMS)
        )
        if (window, taking, form) == ("90d", "everybody", "mdi")
    ]
    assert 0 < (left[:, at[0]] != 0).sum() <= defined
    assert np.isfinite(values).all()


@pytest.mark.xdist_group("studies")
def test_the_table_has_a_row_per_curve_term_and_statistic_and_repeats(exports):
    one, other = (curve_inference(exports, 9, 3) for _ in range(2))
    assert one == other
    assert all(tuple(row) == COLUMNS for row in one)
    assert Counter((row["curve"], row["term"]) for row in one) == {
        ("recognition", "order"): 3, ("recognition", "crowding"): 3,
        ("disruption", "size"): 3, ("disruption", "finetune"): 3,
    }  # fmt: skip
    for row in one:
        assert 1 / 10 <= row["p_value"] <= 1
        assert row["chance_low"] <= row["chance_median"] <= row["chance_high"]


@pytest.mark.xdist_group("studies")
def test_a_landing_in_which_nothing_can_move_says_so_in_the_same_columns(sample_exports):
    exports = open_exports(sample_exports)
    exports.connection.execute("create temp table single as from entrants limit 1")
    exports.connection.execute("create temp view entrants as from single")
    rows = curve_inference(exports, 9, 3)
    assert tuple(rows[0]) == COLUMNS
    assert rows[0]["reason"] == "no two rows of one cell differ in what is dealt out"
    assert rows[0]["p_value"] is None
