"""Tests whether a whole specification curve differs from chance (Simonsohn, Simmons & Nelson 2020).

A curve's estimates share their rows, so that they agree even without any effect. How they would
look then is shown by permuting the regressors: order and crowding, all measures of both together,
among the entrants of one base, month and week (as in RR21); size and kind among the models of one
parent and quarter. Every draw gives a whole curve; three statistics measure how extreme the real
one is:

    median                         of the estimates
    share of the predominant sign
    share significant in it        beyond 1.96 in the direction of that sign

No draw is fitted. For each combination of choices there is one regression without the terms of
interest; the score of a term, the sum of x times its residual, is what the term would add (for a
Poisson, the first step of the fit from there). Permuting x changes only the score, whose mean and
variance over all permutations within cells are known (Strasser & Weber 1999): mean 0 once x is
centred in its cell, covariance the sum over cells of x'x r'r / (n - 1). So each estimate is
expressed in standard deviations of its own permutations, other terms held fixed. Real and permuted
curves are treated alike, hence p = (1 + curves as extreme or more) / (1 + curves) is exact if the
values are exchangeable within a cell.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.studies.curves import (
    AGES,
    CROWDING,
    DERIVED,
    FIXED_EFFECTS,
    FORMS,
    ORDERS,
    OUTCOMES,
    SAMPLES,
    TAKERS,
    WINDOWS,
    columns_of,
    drawn,
    known_prominence,
    recognition_equation,
)
from analysis.studies.estimating import rounded
from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.estimation.ordered_rows import TOGETHER
from analysis.studies.null_worlds.permuting import CELLS
from hub_lineage.exports import Exports

N_RESIDUALS = 16
"""The number of regressions without the terms of interest that are drawn for the recognition
curve's test; each stands for all combinations of measures of order and crowding."""

BEYOND = 1.96
DETERMINED = 1e-9
"""The share of a term's variance that the others must leave, or its estimate is meaningless."""

OUT_OF = {
    "recognition": "order and crowding within base, month and week",
    "disruption": "size and kind within parent and quarter",
}
"""What is permuted, by curve."""

TRAITS = ("log_size", "size_unknown", "is_finetune", "is_merge", "is_unknown")
COLUMNS = (
    "curve", "term", "statistic", "observed", "chance_low", "chance_median", "chance_high",
    "p_value", "n_combinations", "n_undefined", "n_draws", "n_movable", "n_cells", "dealt_out",
    "reason", "snapshot_id", "seed",
)  # fmt: skip
STATISTICS = ("median", "share of the predominant sign", "share significant in it")


@dataclass(frozen=True)
class Combination:
    """A term of interest under one combination of choices.

    `residual` is the column of its residuals, `column` that of the term among the permuted values,
    `given` the columns that are held fixed.
    """

    term: str
    residual: int
    column: int
    given: tuple[int, ...]


def curve_inference(exports: Exports, n_draws: int, seed: int) -> list[dict]:
    """One row per curve, term and statistic: the observed value, quantiles of the draws, p."""
    rows = []
    for curve, prepare in (("recognition", recognition), ("disruption", disruption)):
        values, residuals, cell, combinations = prepare(exports, seed)
        common = dict.fromkeys(COLUMNS) | {
            "curve": curve, "dealt_out": OUT_OF[curve], "reason": "",
            "snapshot_id": exports.snapshot_id,
        }  # fmt: skip
        try:
            found = joint_tests(values, residuals, cell, combinations, n_draws, seed)
        except EstimationError as error:
            rows.append(common | {"reason": str(error)})
            continue
        rows += [common | {name: rounded(value) for name, value in row.items()} for row in found]
    return rows


def joint_tests(
    values: np.ndarray,
    residuals: np.ndarray,
    cell: np.ndarray,
    combinations: Sequence[Combination],
    n_draws: int,
    seed: int,
) -> list[dict]:
    """The statistics of each term's curve, and where they lie among those of `n_draws` draws.

    `values` (n, K) are permuted within `cell` (n,); `residuals` (n, J) are those of the regressions
    without the terms, 0 for rows that these do not use. Draw number d depends on the seed and d
    alone. Raises EstimationError if no rows can be permuted.
    """
    if n_draws < 1:
        raise EstimationError("a permutation test needs at least one permutation")
    if not combinations:
        raise EstimationError("no combination of choices can be estimated")
    is_known = np.isfinite(values).all(axis=1)
    values, residuals, cell = values[is_known], residuals[is_known], cell[is_known]
    cell = np.unique(cell, return_inverse=True)[1] if len(cell) else cell
    values, residuals = centred(values, cell), centred(residuals, cell)
    can_move = np.isin(cell, cell[(np.abs(values) > 1e-12).any(axis=1)])
    if not can_move.any():
        raise EstimationError("no two rows of one cell differ in what is dealt out")
    # Rows by cell, so that sorting cell + a random number below 1 shuffles within cells: 0.01 CPU
    # seconds on 700,000 rows, where `permute_within`, for rows in any order, takes 0.16.
    by_cell = np.flatnonzero(can_move)
    by_cell = by_cell[np.argsort(cell[by_cell], kind="stable")]
    values, residuals = values[by_cell], residuals[by_cell]
    cell = np.unique(cell[by_cell], return_inverse=True)[1]

    covariances = covariances_of(values, residuals, cell)
    weights = np.array([standardising(covariances[one.residual], one) for one in combinations])
    by_residual = np.array([one.residual for one in combinations], dtype=int)

    def curve(positions: np.ndarray) -> np.ndarray:
        # A block's values lie close together, since a cell's do, and stay in the cache.
        scores = np.zeros((values.shape[1], residuals.shape[1]))
        for start in range(0, len(cell), TOGETHER):
            block = slice(start, start + TOGETHER)
            scores += values[positions[block]].T @ residuals[block]
        return (weights * scores[:, by_residual].T).sum(axis=1)

    real = curve(np.arange(len(cell)))
    permuted = np.array([
        curve(np.argsort(cell + np.random.default_rng(child).random(len(cell)), kind="stable"))
        for child in np.random.SeedSequence(seed).spawn(n_draws)
    ])  # fmt: skip
    rows = []
    for term in dict.fromkeys(one.term for one in combinations):
        is_term = np.array([one.term == term for one in combinations])
        is_defined = is_term & np.isfinite(real)
        facts = {
            "term": term,
            "n_combinations": int(is_defined.sum()),
            "n_undefined": int((is_term & ~is_defined).sum()),
            "n_draws": n_draws,
            "n_movable": len(cell),
            "n_cells": int(cell.max()) + 1,
            "seed": seed,
        }
        if not is_defined.any():
            rows.append(facts | {"reason": "nothing of it is left in any combination"})
            continue
        rows += [facts | row for row in placed(real[is_defined], permuted[:, is_defined])]
    return rows


def placed(real: np.ndarray, permuted: np.ndarray) -> list[dict]:
    """The statistics of a curve (C,), and their place among those of permuted curves (D, C)."""
    observed, chance = statistics(real[None, :])[0], statistics(permuted)
    rows = []
    for at, name in enumerate(STATISTICS):
        # The median may be extreme on either side; equal values must count as equally far although
        # the last digits of sums vary.
        reach = np.abs(observed[at]) * (1 - 1e-9)
        n_as_far = int((np.abs(chance[:, at]) >= reach).sum())
        low, middle, high = np.quantile(chance[:, at], (0.025, 0.5, 0.975))
        rows.append(
            {
                "statistic": name,
                "observed": float(observed[at]),
                "chance_low": float(low),
                "chance_median": float(middle),
                "chance_high": float(high),
                "p_value": (1 + n_as_far) / (1 + len(chance)),
            }
        )
    return rows


def statistics(curves: np.ndarray) -> np.ndarray:
    """For each curve (D, C): median, share of the predominant sign, share significant in it."""
    below, above = (curves < 0).mean(axis=1), (curves > 0).mean(axis=1)
    far_below, far_above = (curves < -BEYOND).mean(axis=1), (curves > BEYOND).mean(axis=1)
    return np.column_stack(
        [
            np.median(curves, axis=1),
            np.maximum(below, above),
            np.where(below > above, far_below, far_above),
        ]
    )


def centred(columns: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Columns (n, K) less their means in each cell, 0, 1, ... (n,)."""
    return columns - (sums_within(columns, cell) / np.bincount(cell)[:, None])[cell]


def sums_within(columns: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """The sums of columns (n, K) over each cell; (cells, K)."""
    return np.column_stack([np.bincount(cell, weights=column) for column in columns.T])


def covariances_of(values: np.ndarray, residuals: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """The covariances of the scores (J, K, K) over all permutations within cells, by residual.

    Values (n, K) and residuals (n, J) must be centred in their cells.
    """
    shares = sums_within(residuals**2, cell) / np.maximum(np.bincount(cell) - 1, 1)[:, None]
    found = np.empty((residuals.shape[1], values.shape[1], values.shape[1]))
    for at, column in enumerate(values.T):
        found[:, at] = shares.T @ sums_within(values * column[:, None], cell)
    return found


def standardising(covariance: np.ndarray, one: Combination) -> np.ndarray:
    """Weights (K,) that turn scores into the term's score given the others, in standard deviations.

    NaN if the others determine the term.
    """
    given = list(one.given)
    weights = np.zeros(len(covariance))
    weights[one.column] = 1.0
    weights[given] = -np.linalg.lstsq(
        covariance[np.ix_(given, given)], covariance[given, one.column], rcond=1e-12
    )[0]
    variance = weights @ covariance @ weights
    if not variance > DETERMINED * covariance[one.column, one.column]:
        return np.full(len(covariance), np.nan)
    return weights / np.sqrt(variance)


# what is permuted


Prepared = tuple[np.ndarray, np.ndarray, np.ndarray, list[Combination]]


def recognition(exports: Exports, seed: int) -> Prepared:
    """Order and crowding of entrants, and residuals for a draw of the other choices."""
    prominence, _ = known_prominence(exports)
    grid = list(itertools.product(OUTCOMES, FIXED_EFFECTS, AGES, prominence, SAMPLES))
    chosen = drawn(grid, N_RESIDUALS, seed)
    terms = [*ORDERS.values(), *CROWDING.values()]
    order, crowding = next(iter(ORDERS)), next(iter(CROWDING))
    equations = [
        without(recognition_equation(outcome, order, crowding, effects, age, measure), terms)
        for outcome, effects, age, measure, _ in chosen
    ]
    columns = dict.fromkeys([*terms, *CELLS, *columns_of(equations)])
    selected = ", ".join(
        f"{DERIVED[name]} as {name}" if name in DERIVED else name for name in columns
    )
    samples = ", ".join(f'{condition} as "{name}"' for name, condition in SAMPLES.items())
    frame = exports.connection.execute(
        f"select {selected}, {samples} from entrants "
        f"where {' or '.join(f'({condition})' for condition in SAMPLES.values())} "
        "order by parent_id, child_id"
    ).df()
    residuals = np.zeros((len(frame), len(chosen)))
    for at, ((*_, sample), equation) in enumerate(zip(chosen, equations, strict=True)):
        places = np.flatnonzero(frame[sample].to_numpy(dtype=bool, na_value=False))
        try:
            found = fit(frame.iloc[places], equation, of_interest=())
        except EstimationError:
            # Its combinations are undefined, and counted as such.
            continue
        rows = places[found.rows]
        outcome = frame[equation.outcome].to_numpy(np.float64, na_value=np.nan)
        residuals[rows, at] = outcome[rows] - found.fitted
    place_of = {term: at for at, term in enumerate(terms)}
    combinations = [
        Combination(name, at, place_of[term], (place_of[other],))
        for at in range(len(chosen))
        for order, crowding in itertools.product(ORDERS.values(), CROWDING.values())
        for name, term, other in (("order", order, crowding), ("crowding", crowding, order))
    ]
    cell = frame.groupby(list(CELLS), sort=False, dropna=False).ngroup().to_numpy()
    values = frame[terms].to_numpy(np.float64, na_value=np.nan)
    return values, residuals, cell, combinations


def without(equation: Equation, terms: Sequence[str]) -> Equation:
    """The equation without the terms of interest."""
    return replace(equation, terms=tuple(term for term in equation.terms if term not in terms))


def disruption(exports: Exports, _: int) -> Prepared:
    """Size and kind of focals, and every form of the index in every window.

    The curve's regressions contain only the quarter besides these, and cells lie within quarters,
    so the outcome itself is the residual.
    """
    kinds = ", ".join(
        f"cast(relation = '{kind}' as integer) as is_{kind}"
        for kind in ("finetune", "merge", "unknown")
    )
    choices = itertools.product(WINDOWS, TAKERS.values(), FORMS.values())
    outcomes = {
        f"outcome_{number}": f"max(cast({form} > 0 as integer)) "
        f"filter (where window_name = '{window}' and {condition})"
        for number, (window, condition, form) in enumerate(choices)
    }
    frame = exports.connection.execute(
        f"""
        with outcomes as (
            select model_id, {", ".join(f"{sql} as {name}" for name, sql in outcomes.items())}
            from focal_windows
            where undefined_reason is null
            group by model_id
        )

        select parent_quarter, log_size, size_unknown, {kinds}, outcomes.* exclude (model_id)
        from focals
        inner join outcomes on focals.model_id = outcomes.model_id
        order by focals.model_id"""
    ).df()
    cell = pd.factorize(frame["parent_quarter"])[0]
    found = frame[list(outcomes)].to_numpy(np.float64, na_value=np.nan)
    places = {trait: at for at, trait in enumerate(TRAITS)}
    interest: Mapping[str, str] = {"size": "log_size", "finetune": "is_finetune"}
    combinations = [
        Combination(
            name, at, places[trait], tuple(places[other] for other in TRAITS if other != trait)
        )
        for at in range(len(outcomes))
        for name, trait in interest.items()
    ]
    values = frame[list(TRAITS)].to_numpy(np.float64)
    return values, known_residuals(found, cell), cell, combinations


def known_residuals(outcomes: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Outcomes (n, J) less the mean of those known in their cell (n,), 0 where unknown."""
    is_known = ~np.isnan(outcomes)
    sums = sums_within(np.where(is_known, outcomes, 0.0), cell)
    means = sums / np.maximum(sums_within(is_known, cell), 1)
    return np.where(is_known, outcomes - means[cell], 0.0)
