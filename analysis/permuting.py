"""A placebo (RR21): order and crowding are dealt out anew within base, month and week.

Within such a cell entrants differ by days at most; if order and crowding did nothing, any of them
could have had any other's. The terms move together, from entrant to entrant, so that they keep
their own correlation. Outcome, controls and cells stay where they are.

What differs between weeks is not touched, so an association there stays in every permutation, and
the permuted estimates may lie around some other value than 0: their `centre`, the mean of all
estimates, the real one among them. The distance from the centre treats real and permuted estimates
alike, so that p = (1 + permutations as far or farther) / (1 + permutations) is exact for "order
within the week means nothing".
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.engines import fit
from analysis.equations import Equation, EstimationError
from analysis.pruning import prune

CELLS = ("base_month", "week")
N_PERMUTATIONS = 999


@dataclass(frozen=True)
class Permutations:
    """What the permutations of one equation show.

    `table` has one row per term: `term`, `estimate`, `centre`, `deviation` (standard deviation of
    the permuted estimates), `p_value`, `n_permutations`, `n_failed` (permutations that could not be
    estimated; they count as far away), `n_used`, `n_movable` (rows whose cell holds more than one
    value of the terms), `n_cells` (such cells) and `seed`. `estimates` (n_permutations, terms) are
    the permuted ones, NaN where they failed.
    """

    table: pd.DataFrame
    estimates: np.ndarray


def permute_within(cell: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions that shuffle rows inside of their cells, every order being equally likely; (n,)."""
    positions = np.empty(len(cell), dtype=np.int64)
    positions[np.argsort(cell, kind="stable")] = np.lexsort((rng.random(len(cell)), cell))
    return positions


def permute(
    frame: pd.DataFrame,
    equation: Equation,
    terms: Sequence[str],
    *,
    cells: Sequence[str] = CELLS,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
    engine: str = "fereg",
    n_workers: int = 1,
) -> Permutations:
    """Estimate an equation on its rows, and on `n_permutations` permutations of `terms` in `cells`.

    Permutation k is a function of the seed and k alone, whatever the number of permutations and of
    workers. Raises EstimationError for terms that are not in the equation, for fewer than one
    permutation, for cells in which nothing can move, and where the rows themselves cannot be
    estimated.
    """
    terms = list(terms)
    if not terms or not set(terms) <= set(equation.terms):
        raise EstimationError(f"terms to permute must be among {', '.join(equation.terms)}")
    if n_permutations < 1 or n_workers < 1:
        raise EstimationError("a permutation test needs one permutation and one worker at least")
    missing = [name for name in cells if name not in frame.columns]
    if missing:
        raise EstimationError(f"column {missing[0]!r} is not in the rows")
    used = prune(frame, equation)[0].reset_index(drop=True)
    cell = used.groupby(list(cells), sort=False, dropna=False).ngroup().to_numpy()
    is_movable = _movable(used[terms], cell)
    if not is_movable.any():
        raise EstimationError(f"no two rows of one {' and '.join(cells)} differ in the terms")
    real = fit(used, equation, engine=engine, of_interest=tuple(terms))
    values = used[terms].to_numpy(np.float64)

    def estimates(child_seed: np.random.SeedSequence) -> np.ndarray:
        positions = permute_within(cell, np.random.default_rng(child_seed))
        permuted = used.assign(**dict(zip(terms, values[positions].T, strict=True)))
        try:
            found = fit(permuted, equation, engine=engine, of_interest=tuple(terms))
        except EstimationError:
            return np.full(len(terms), np.nan)
        return np.array([found.row(term)["estimate"] for term in terms])

    seeds = np.random.SeedSequence(seed).spawn(n_permutations)
    with ThreadPoolExecutor(n_workers) as workers:
        permuted = np.array(list(workers.map(estimates, seeds)))
    own = np.array([real.row(term)["estimate"] for term in terms])
    return Permutations(_table(terms, own, permuted, real.n_used, cell[is_movable], seed), permuted)


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
