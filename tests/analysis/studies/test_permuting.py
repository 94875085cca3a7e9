"""Dealing order and crowding out anew: what moves, what stays, and what the p-value means."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.null_worlds.permuting import _Step, permute, permute_within

TERMS = ("log_rank", "log_crowd_30")
EQUATION = Equation(
    "likes", (*TERMS, "log_age"), fixed_effects=("base_month",), estimator="poisson",
    clusters=("parent_id",),
)  # fmt: skip


def entrants(seed: int, within_weeks: float = 0.0, between_weeks: float = 0.0) -> pd.DataFrame:
    """30 base-months of 4 weeks of 5 entrants; likes depend on order within or between weeks."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"base_month": np.repeat(np.arange(30), 20)})
    frame["parent_id"] = frame["base_month"] // 2
    frame["week"] = np.tile(np.repeat(np.arange(4), 5), 30)
    frame["log_rank"] = 0.2 * frame["week"] + rng.random(600)
    frame["log_crowd_30"] = frame["log_rank"] / 2 + rng.random(600)
    frame["log_age"] = rng.normal(3, 0.3, 600)
    in_week = frame.groupby(["base_month", "week"])["log_rank"]
    mean = 3 * np.exp(
        within_weeks * (frame["log_rank"] - in_week.transform("mean"))
        + between_weeks * in_week.transform("mean")
    )
    frame["likes"] = rng.poisson(mean)
    return frame


# what moves, and what stays


def test_rows_stay_in_their_cells_and_every_cell_keeps_its_rows():
    rng = np.random.default_rng(1)
    cell = rng.integers(0, 40, 300)
    positions = permute_within(cell, rng)
    assert (cell[positions] == cell).all()
    assert sorted(positions) == list(range(300))
    assert (positions != np.arange(300)).mean() > 0.5


def test_every_order_of_a_cell_is_equally_likely():
    rng = np.random.default_rng(2)
    seen = Counter(tuple(permute_within(np.array([7, 3, 7, 7]), rng)) for _ in range(6000))
    assert len(seen) == 6
    assert all(position[1] == 1 for position in seen)
    # Each of six with probability 1/6: 1,000 plus or minus 4 standard deviations.
    assert all(abs(number - 1000) < 4 * np.sqrt(6000 * 5 / 36) for number in seen.values())


def test_terms_move_together_and_within_their_cells(monkeypatch):
    frame = entrants(1)
    seen = []
    original = _Step.estimates

    def watching(step, terms):
        seen.append(terms)
        return original(step, terms)

    monkeypatch.setattr(_Step, "estimates", watching)
    permute(frame, EQUATION, TERMS, n_permutations=3, seed=1)
    real, *permuted = seen
    cell = frame["base_month"].to_numpy() * 10 + frame["week"].to_numpy()

    def dealt(terms):
        return Counter(zip(cell.tolist(), *terms.T.tolist(), strict=True))

    assert len(permuted) == 3
    for terms in permuted:
        assert not np.array_equal(terms, real)
        assert dealt(terms) == dealt(real)


# what a step is


def permuted_frames(frame: pd.DataFrame, seed: int, number: int):
    """The rows of each permutation, made as `permute` makes them where every row can move."""
    cell = frame.groupby(["base_month", "week"], sort=False).ngroup().to_numpy()
    for child in np.random.SeedSequence(seed).spawn(number):
        positions = permute_within(cell, np.random.default_rng(child))
        yield frame.assign(**{name: frame[name].to_numpy()[positions] for name in TERMS})


@pytest.mark.parametrize("fixed_effects", [("base_month",), ()])
def test_for_least_squares_a_step_is_the_refit(fixed_effects):
    frame = entrants(6, within_weeks=0.4)
    frame["kind"] = np.where(frame.index % 3 == 0, "a", "b")
    frame["weight"] = 1.0 + frame.index % 4
    ols = Equation(
        "likes", (*TERMS, "log_age"), factors=("kind",), fixed_effects=fixed_effects,
        weights="weight",
    )  # fmt: skip
    found = permute(frame, ols, TERMS, n_permutations=5, seed=3)
    expected = [
        [fit(rows, ols).row(term)["estimate"] for term in TERMS]
        for rows in permuted_frames(frame, 3, 5)
    ]
    np.testing.assert_allclose(found.estimates, expected, rtol=1e-8)
    own = [fit(frame, ols).row(term)["estimate"] for term in TERMS]
    np.testing.assert_allclose(found.table["estimate"], own, rtol=1e-8)


@pytest.mark.parametrize("estimator", ["poisson", "logit"])
def test_for_counts_a_step_goes_with_the_refit(estimator):
    frame = entrants(7, within_weeks=0.4)
    frame["has_likes"] = (frame["likes"] > 2).astype(int)
    asked = replace(
        EQUATION, outcome="likes" if estimator == "poisson" else "has_likes", estimator=estimator
    )
    found = permute(frame, asked, TERMS, n_permutations=30, seed=3)
    refits = np.array([
        [fit(rows, asked).row(term)["estimate"] for term in TERMS]
        for rows in permuted_frames(frame, 3, 30)
    ])  # fmt: skip
    for place in range(len(TERMS)):
        steps = found.estimates[:, place]
        assert np.corrcoef(steps, refits[:, place])[0, 1] > 0.998
        assert np.abs(steps - refits[:, place]).max() < 0.2 * refits[:, place].std()


def test_rows_that_cannot_move_count_in_every_step():
    """Half of the weeks hold one value each; the other half is dealt out as in the refit."""
    frame = entrants(8)
    frame.loc[frame["week"] < 2, list(TERMS)] = [1.0, 2.0]
    ols = Equation("likes", (*TERMS, "log_age"), fixed_effects=("base_month",))
    found = permute(frame, ols, TERMS, n_permutations=1, seed=4)
    movable = frame["week"].to_numpy() >= 2
    cell = frame.groupby(["base_month", "week"], sort=False).ngroup().to_numpy()[movable]
    child = np.random.SeedSequence(4).spawn(1)[0]
    positions = np.flatnonzero(movable)[permute_within(cell, np.random.default_rng(child))]
    rows = frame.copy()
    rows.loc[movable, list(TERMS)] = frame[list(TERMS)].to_numpy()[positions]
    expected = [fit(rows, ols).row(term)["estimate"] for term in TERMS]
    np.testing.assert_allclose(found.estimates[0], expected, rtol=1e-8)


# what the p-value means


def test_an_effect_within_weeks_is_beyond_every_permutation():
    found = permute(entrants(2, within_weeks=0.8), EQUATION, TERMS, n_permutations=99, seed=1)
    rank = found.table.set_index("term").loc["log_rank"]
    assert rank["p_value"] == pytest.approx(1 / 100)
    assert rank["estimate"] > rank["centre"] + 4 * rank["deviation"]
    assert abs(rank["centre"]) < 0.1
    assert found.estimates.shape == (99, 2)


def test_what_lies_between_weeks_moves_the_centre_and_not_the_p_value():
    p_values, centres = [], []
    for seed in range(8):
        frame = entrants(seed, between_weeks=1.5)
        table = permute(frame, EQUATION, TERMS, n_permutations=39, seed=seed).table
        p_values.append(table["p_value"].iloc[0])
        centres.append(table["centre"].iloc[0])
    assert np.mean(centres) > 0.2
    assert np.mean(p_values) > 0.3


def test_p_values_are_uniform_where_order_means_nothing():
    ols = Equation("likes", TERMS, fixed_effects=("base_month",))
    p_values = np.array([
        permute(entrants(seed), ols, TERMS, n_permutations=19, seed=seed).table["p_value"]
        for seed in range(40)
    ])  # fmt: skip
    # With 19 permutations p is 1/20 ... 20/20, each as likely: exact, not nearly.
    for bound in (0.25, 0.5, 0.75):
        share = (p_values <= bound + 1e-9).mean(axis=0)
        assert (np.abs(share - bound) < 3.5 * np.sqrt(bound * (1 - bound) / 40)).all()


def test_permutations_that_cannot_be_estimated_count_as_far(monkeypatch):
    original, calls = _Step.estimates, []

    def failing(step, terms):
        calls.append(1)
        return None if len(calls) > 1 and len(calls) % 2 else original(step, terms)

    monkeypatch.setattr(_Step, "estimates", failing)
    found = permute(entrants(2, within_weeks=0.8), EQUATION, TERMS, n_permutations=10, seed=1)
    assert found.table["n_failed"].tolist() == [5, 5]
    assert found.table["p_value"].iloc[0] == pytest.approx(6 / 11)
    assert np.isnan(found.estimates).any(axis=1).sum() == 5


# that it repeats


def test_permutations_are_a_function_of_the_seed_whatever_the_number():
    frame = entrants(3)
    few = permute(frame, EQUATION, TERMS, n_permutations=4, seed=5)
    many = permute(frame, EQUATION, TERMS, n_permutations=8, seed=5)
    other = permute(frame, EQUATION, TERMS, n_permutations=4, seed=6)
    np.testing.assert_allclose(few.estimates, many.estimates[:4], rtol=1e-10)
    assert not np.allclose(few.estimates, other.estimates)


def test_rows_that_cannot_move_are_told_from_those_that_can():
    frame = entrants(4)
    frame.loc[frame["week"] == 0, list(TERMS)] = 1.0
    table = permute(frame, EQUATION, TERMS, n_permutations=2, seed=1).table
    used, movable, cells = table.loc[0, ["n_used", "n_movable", "n_cells"]]
    assert (used, movable, cells) == (600, 450, 90)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"terms": ("log_lag",)}, "must be among log_rank"),
        ({"terms": ()}, "must be among log_rank"),
        ({"n_permutations": 0}, "one permutation"),
        ({"equation": replace(EQUATION, fixed_effects=("base_month", "week"))}, "one fixed effect"),
        ({"equation": replace(EQUATION, estimator="negative_binomial")}, "support ols, poisson"),
        ({"cells": ("base_week",)}, "'base_week' is not in the rows"),
        ({"cells": ("row",)}, "no two rows of one row differ"),
    ],
)
def test_arguments_without_meaning_are_refused_in_one_line(change, says):
    frame = entrants(5).assign(row=np.arange(600))
    with pytest.raises(EstimationError, match=says) as caught:
        permute(frame, **{"equation": EQUATION, "terms": TERMS, "n_permutations": 2} | change)
    assert "\n" not in str(caught.value)
