"""A placebo test (RR21): order and crowding are permuted within base, month and week.

Within such a cell entrants differ by days at most; without an effect of order and crowding, any of
them could have had any other's. The terms are permuted together, so that they keep their
correlation. Outcome, controls and cells are unchanged.

The equation is fitted once, without the terms. Each draw is then estimated by one Newton step from
there: the terms' score over their information, fixed effect and controls partialled out. For OLS
that is the coefficient itself; for a Poisson or a logit it is close to it (correlation 1.000 on
RR21) and as good a statistic, since the real order goes through the same step: `estimate` is its
step, which differs from the coefficient of RR5.

Differences between weeks are kept, so an association between them remains in every permutation, and
the permuted estimates may be centred at another value than 0: their `centre`, the mean of all
estimates including the real one. The distance from the centre treats real and permuted estimates
alike, so that p = (1 + permutations as far or farther) / (1 + permutations) is exact under the
hypothesis that order within the week has no effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation, EstimationError, NotIdentified
from analysis.studies.estimation.matrices import columns_of, standardised
from analysis.studies.estimation.pruning import as_codes, as_numbers, usable_rows

CELLS = ("base_month", "week")
N_PERMUTATIONS = 999
ESTIMATORS = ("ols", "poisson", "logit")
# The share of a term's (weighted) variation that the others must leave.
DETERMINED = 1e-9


@dataclass(frozen=True)
class Permutations:
    """The results of permuting one equation's terms.

    `table` has one row per term: `term`, `estimate` (by one step), `centre`, `deviation` (standard
    deviation of the permuted estimates), `p_value`, `n_permutations`, `n_failed` (permutations that
    could not be estimated; they count as far away), `n_used`, `n_movable` (rows whose cell holds
    more than one value of the terms), `n_cells` (such cells) and `seed`. `estimates`
    (n_permutations, terms) are the permuted ones, NaN where they failed.
    """

    table: pd.DataFrame
    estimates: np.ndarray


def permute_within(cell: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions (n,) that shuffle rows within their cells, with all orders equally likely.

    `cell` (n,) are whole numbers. It takes a tenth of the time if rows are in the order of cells.
    """
    by_cell = np.argsort(cell, kind="stable")
    positions = np.empty(len(cell), dtype=np.int64)
    # A cell's number and a random one below 1 sort by both at once.
    positions[by_cell] = by_cell[np.argsort(cell[by_cell] + rng.random(len(cell)))]
    return positions


def permute(
    frame: pd.DataFrame,
    equation: Equation,
    terms: Sequence[str],
    *,
    cells: Sequence[str] = CELLS,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
) -> Permutations:
    """Estimate an equation on its rows, and on `n_permutations` permutations of `terms` in `cells`.

    Permutation k depends on the seed and k alone, whatever the number of permutations. Raises
    EstimationError for terms that are not in the equation, for estimators and several fixed effects
    that the step does not support, for fewer than one permutation, if no cell has rows to permute,
    and if the rows themselves cannot be estimated.
    """
    terms = list(terms)
    if not terms or not set(terms) <= set(equation.terms):
        raise EstimationError(f"terms to permute must be among {', '.join(equation.terms)}")
    if equation.estimator not in ESTIMATORS or len(equation.fixed_effects) > 1:
        raise EstimationError(
            f"permutation tests support {', '.join(ESTIMATORS)} with at most one fixed effect"
        )
    if n_permutations < 1:
        raise EstimationError("a permutation test needs at least one permutation")
    missing = [name for name in cells if name not in frame.columns]
    if missing:
        raise EstimationError(f"column {missing[0]!r} is not in the rows")
    used = frame.iloc[usable_rows(frame, equation)[0]]
    controls = tuple(name for name in equation.terms if name not in terms)
    null = replace(equation, terms=controls, clusters=("iid",))
    fitted = fit(used, null, of_interest=())
    used = used.iloc[fitted.rows]
    cell = used.groupby(list(cells), sort=False, dropna=False).ngroup().to_numpy()
    is_movable = _movable(used[terms], cell)
    if not is_movable.any():
        raise EstimationError(f"no two rows of one {' and '.join(cells)} differ in the terms")
    # In the order of their cells: see `permute_within`.
    movable = np.flatnonzero(is_movable)
    movable = movable[np.argsort(cell[movable], kind="stable")]
    values = np.column_stack([standardised(as_numbers(used[term]))[0] for term in terms])
    length = np.array([standardised(as_numbers(used[term]))[2] for term in terms])
    step = _Step.of(used, null, fitted.fitted, values, movable)
    own = step.estimates(values[movable])
    if own is None:
        raise NotIdentified(f"terms {', '.join(terms)} are determined by the rest of the equation")
    permuted = np.full((n_permutations, len(terms)), np.nan)
    for draw, child_seed in enumerate(np.random.SeedSequence(seed).spawn(n_permutations)):
        positions = permute_within(cell[movable], np.random.default_rng(child_seed))
        found = step.estimates(values[movable[positions]])
        if found is not None:
            permuted[draw] = found
    table = _table(terms, own / length, permuted / length, len(used), cell[is_movable], seed)
    return Permutations(table, permuted / length)


@dataclass(frozen=True, eq=False)
class _Step:
    """One Newton step from the fit without the terms, for terms that differ in some rows only.

    `residual`, `curvature` (m,) and `controls` (m, K) of these rows, `level` (m,) their fixed
    effect's; controls are times the curvature, less the levels' means. `totals` (L,) sums of the
    curvature by level, `bread` (K, K) the inverse of the controls' information. `score`
    (k,), `square` (k, k), `cross` (K, k) and `sums` (L, k) are the parts of the other rows.
    """

    residual: np.ndarray
    curvature: np.ndarray
    controls: np.ndarray
    level: np.ndarray
    totals: np.ndarray
    bread: np.ndarray
    score: np.ndarray
    square: np.ndarray
    cross: np.ndarray
    sums: np.ndarray

    @classmethod
    def of(
        cls,
        used: pd.DataFrame,
        null: Equation,
        mean: np.ndarray,
        values: np.ndarray,
        movable: np.ndarray,
    ) -> "_Step":
        """From the rows (n,), their means without the terms, the terms (n, k) and movable rows."""
        weights = np.ones(len(used)) if null.weights is None else as_numbers(used[null.weights])
        slope = {"ols": np.ones_like(mean), "poisson": mean, "logit": mean * (1 - mean)}
        curvature = weights * slope[null.estimator]
        residual = weights * (as_numbers(used[null.outcome]) - mean)
        level = np.zeros(len(used), dtype=np.int64)
        if null.fixed_effects:
            level = as_codes(used[null.fixed_effects[0]])
        totals = np.bincount(level, weights=curvature)
        columns = [standardised(column)[0] for column in columns_of(used, null).values()]
        controls = np.column_stack(columns) if columns else np.empty((len(used), 0))
        for column in controls.T:
            column -= (np.bincount(level, weights=curvature * column) / totals)[level]
        information = controls.T @ (controls * curvature[:, None])
        controls *= curvature[:, None]
        stays = np.ones(len(used), dtype=bool)
        stays[movable] = False
        fixed = values[stays]
        return cls(
            residual=residual[movable],
            curvature=curvature[movable],
            controls=controls[movable],
            level=level[movable],
            totals=totals,
            bread=np.linalg.pinv(information, rcond=1e-12, hermitian=True),
            score=fixed.T @ residual[stays],
            square=fixed.T @ (fixed * curvature[stays, None]),
            cross=controls[stays].T @ fixed,
            sums=_by_level(level[stays], fixed * curvature[stays, None], len(totals)),
        )

    def estimates(self, terms: np.ndarray) -> np.ndarray | None:
        """The step (k,) for terms (m, k) of movable rows; None if the rest determines a term."""
        weighted = terms * self.curvature[:, None]
        score = self.score + terms.T @ self.residual
        square = self.square + terms.T @ weighted
        sums = self.sums + _by_level(self.level, weighted, len(self.totals))
        cross = self.cross + self.controls.T @ terms
        left = square - sums.T @ (sums / self.totals[:, None]) - cross.T @ self.bread @ cross
        length = np.sqrt(np.diag(square))
        try:
            factor = np.linalg.cholesky(left / np.outer(length, length))
        except np.linalg.LinAlgError:
            return None
        if (np.diag(factor) ** 2 <= DETERMINED).any():
            return None
        return np.linalg.solve(left, score)


def _by_level(level: np.ndarray, values: np.ndarray, n_levels: int) -> np.ndarray:
    """Sums (n_levels, k) of values (n, k)."""
    return np.column_stack([np.bincount(level, column, n_levels) for column in values.T])


def _movable(values: pd.DataFrame, cell: np.ndarray) -> np.ndarray:
    """Whether a row's cell holds more than one value of the terms; (n,)."""
    value = values.groupby(list(values.columns), sort=False, dropna=False).ngroup().to_numpy()
    order = np.lexsort((value, cell))
    differs = (np.diff(cell[order]) == 0) & (np.diff(value[order]) != 0)
    mixed = np.zeros(cell.max(initial=-1) + 1, dtype=bool)
    mixed[cell[order][1:][differs]] = True
    return mixed[cell]


def _table(
    terms: Sequence[str],
    own: np.ndarray,
    permuted: np.ndarray,
    n_used: int,
    movable_cell: np.ndarray,
    seed: int,
) -> pd.DataFrame:
    """One row per term; see `Permutations`."""
    n = len(permuted)
    failed = np.isnan(permuted).any(axis=1)
    every = np.vstack([own, permuted[~failed]])
    centre = every.mean(axis=0)
    # Equal estimates must count as equally far although the last digits of sums wobble.
    reach = np.abs(own - centre) * (1 - 1e-9)
    n_as_far = (np.abs(permuted[~failed] - centre) >= reach).sum(axis=0) + failed.sum()
    with np.errstate(invalid="ignore"):
        deviation = permuted[~failed].std(axis=0, ddof=1) if n - failed.sum() > 1 else np.nan
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": own,
            "centre": centre,
            "deviation": deviation,
            "p_value": (1 + n_as_far) / (1 + n),
            "n_permutations": n,
            "n_failed": int(failed.sum()),
            "n_used": n_used,
            "n_movable": len(movable_cell),
            "n_cells": len(np.unique(movable_cell)),
            "seed": seed,
        }
    )
