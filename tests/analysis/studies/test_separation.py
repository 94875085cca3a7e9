"""Rows leave as separated if and only if a linear program finds the combination that separates."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from analysis.studies.estimation import Equation, EstimationError, average_marginal_effects, fit
from analysis.studies.estimation.pruning import as_codes, usable_rows


def rows_that_stay(frame: pd.DataFrame, asked: Equation) -> np.ndarray:
    """The positions that can be used, less those that the program separates, less those of levels
    that are left without variation; none where that leaves nothing."""
    rows = usable_rows(frame, asked, keep_singletons=True)[0]
    used = frame.iloc[rows]
    columns = [np.ones(len(used)), *(used[term].to_numpy(float) for term in asked.terms)]
    for name in (*asked.factors, *asked.fixed_effects):
        codes = as_codes(used[name])
        columns += [(codes == level).astype(float) for level in range(codes.max() + 1)]
    columns = np.column_stack(columns)
    outcome = used[asked.outcome].to_numpy(float)
    towards = np.where(outcome == 0, -1.0, 1.0)
    # A Poisson's rows with an outcome stand still; all others may move towards their edge, each by
    # at most one that counts, and as many as can do.
    is_still = outcome > 0 if asked.estimator == "poisson" else np.zeros(len(used), dtype=bool)
    moving = columns[~is_still] * towards[~is_still, None]
    n_columns, n_moving = columns.shape[1], len(moving)
    program = {
        "c": np.concatenate([np.zeros(n_columns), -np.ones(n_moving)]),
        "A_ub": np.hstack([-moving, np.eye(n_moving)]),
        "b_ub": np.zeros(n_moving),
        "bounds": [(None, None)] * n_columns + [(0, 1)] * n_moving,
    }
    if is_still.any():
        n_still = int(is_still.sum())
        program["A_eq"] = np.hstack([columns[is_still], np.zeros((n_still, n_moving))])
        program["b_eq"] = np.zeros(n_still)
    stays = np.ones(len(used), dtype=bool)
    stays[~is_still] = linprog(**program).x[n_columns:] < 0.5
    rows = rows[stays]
    if not len(rows):
        return rows
    try:
        return rows[usable_rows(frame.iloc[rows], asked, keep_singletons=True)[0]]
    except EstimationError:
        return rows[:0]


def small_sample(seed: int) -> pd.DataFrame:
    """Fifteen to sixty rows, with a rare dummy and now and then a term with long tails."""
    random = np.random.default_rng(seed)
    n = int(random.integers(15, 60))
    x = [
        random.normal(0, 1, n),
        random.integers(0, 3, n).astype(float),
        np.exp(random.normal(0, 1, n)),
    ][seed % 3]
    group = random.integers(0, 4, n)
    index = [0, 1.5, -1.5][seed % 3] * x + random.normal(0, 2, 4)[group]
    return pd.DataFrame(
        {
            "x": x,
            "rare": (random.random(n) < 0.15).astype(float),
            "group": group,
            "other": random.integers(0, 4, n),
            "likes": random.poisson(np.exp(np.clip(index - 1, -10, 8))),
            "has_likes": (random.random(n) < 1 / (1 + np.exp(-index))).astype(int),
        }
    )


@pytest.mark.parametrize("estimator", ["poisson", "logit"])
@pytest.mark.parametrize(
    "parts", [{}, {"factors": ("group",)}, {"fixed_effects": ("group", "other")}]
)
@pytest.mark.parametrize("seed", range(12))
def test_rows_leave_where_a_linear_program_separates_them_and_nowhere_else(seed, parts, estimator):
    frame = small_sample(seed)
    asked = Equation(
        "likes" if estimator == "poisson" else "has_likes",
        ("x", "rare"),
        estimator=estimator,
        clusters=("iid",),
        **parts,
    )
    try:
        found = fit(frame, asked, of_interest=(), keep_singletons=True)
    except EstimationError:
        # Too little is left to fit; what would be left must be little indeed.
        assert len(rows_that_stay(frame, asked)) <= 15
        return
    np.testing.assert_array_equal(found.rows, rows_that_stay(frame, asked))


@pytest.mark.parametrize("estimator", ["poisson", "logit"])
def test_a_mean_that_is_next_to_nothing_is_no_separation(estimator):
    """One row far out: its mean is 1e-12, and other rows say how steep the slope is."""
    random = np.random.default_rng(2)
    x = np.append(random.normal(0, 1, 400), 14.0)
    outcome = np.append(random.poisson(np.exp(-2 * x[:-1])), 0)
    asked = Equation("y", ("x",), estimator=estimator, clusters=("iid",))
    if estimator == "logit":
        outcome = np.append(random.random(400) < 1 / (1 + np.exp(2 * x[:-1])), 0)
    frame = pd.DataFrame({"y": outcome.astype(int), "x": x})
    found = fit(frame, asked)
    assert found.fitted[-1] < 1e-8
    assert (found.n_used, found.n_separated) == (401, 0)
    if estimator == "logit":
        effect = average_marginal_effects(found, frame, asked).row("x")["estimate"]
        probability = found.fitted
        expected = (probability * (1 - probability)).mean() * found.row("x")["estimate"]
        assert effect == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("estimator", ["ols", "poisson"])
def test_a_fit_of_every_row_is_refused(estimator):
    """Four rows and four coefficients."""
    four = pd.DataFrame(
        {"y": [1, 2, 3, 5], "x": [0.0, 1, 0, 2], "f": [1, 1, 2, 2], "h": [1, 2, 1, 2]}
    )
    asked = Equation("y", ("x",), fixed_effects=("f", "h"), estimator=estimator)
    for engine in ("auto", "pyfixest"):
        with pytest.raises(EstimationError, match=r"a perfect fit|not finite"):
            fit(four, asked, engine=engine)
    noisy = pd.concat([four, four.assign(y=four["y"] + [1, 0, 0, 0])])
    assert fit(noisy, replace(asked, fixed_effects=("f",))).n_used == 8
