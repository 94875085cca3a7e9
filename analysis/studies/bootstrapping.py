"""Bootstraps owners, with potential estimated anew in each draw (RR24).

Potential is itself an estimate, which errors clustered by base treat as known. Hill & Stein draw
their sample 200 times and predict potential in each draw, in one table of their appendix. Here
groups of base owners are drawn with replacement: their models, from which potential is learned, and
the entrants of those models count as often as they are drawn. In every draw, the percentile of a
model's derivatives is that in the landing.

A draw is a weighting of sums: of the products from which potential is learned, by group of owners
and quarter (`potential.Learner`), and of the products of the second regression, by base. The rows
are read only once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
from scipy import sparse

from analysis.studies.designs.potential import BASES, PERCENTILE, ROWS, TRAITS, learner
from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.estimation.pruning import as_labels, usable_rows

FROM, TO = 0.1, 0.9
"""The contrast that Hill and Stein print: the 90th against the 10th percentile of potential."""

AT_ONCE = 20
"""The draws whose sums are computed in one product of matrices."""

INTERACTION = "potential_x_races"
"""The one of the two terms with potential that is not potential itself."""


@dataclass(frozen=True, eq=False)
class Bases:
    """The bases of the entrants: the predictors of their potential, and their owners.

    `positions` by model_id; `traits` (B, K - 1) with a leading 1, `fold` and `quarter` (B,) the
    place of their coefficients, `group` (B,) the position of the owner's group in the learner.
    """

    positions: pd.Series
    traits: np.ndarray
    fold: np.ndarray
    quarter: np.ndarray
    group: np.ndarray

    def potential(self, coefficients: np.ndarray) -> np.ndarray:
        """The predicted potential (draws, B) for coefficients (draws, folds, Q, K - 1)."""
        predicted = np.empty((len(coefficients), len(self.traits)))
        for fold, quarter in np.unique(np.column_stack([self.fold, self.quarter]), axis=0):
            of_cell = (self.fold == fold) & (self.quarter == quarter)
            predicted[:, of_cell] = coefficients[:, fold, quarter] @ self.traits[of_cell].T
        return predicted


@dataclass(frozen=True, eq=False)
class Drawn:
    """The solutions of an equation in the draws in which it could be solved.

    `terms` are those with potential; `slopes` (draws, terms); `ends` (draws, 2) the potential at
    `FROM` and `TO` of the drawn bases; `n_groups` the number of groups of owners with a base among
    the equation's rows.
    """

    terms: tuple[str, ...]
    slopes: np.ndarray
    ends: np.ndarray
    n_groups: int


@dataclass(frozen=True, eq=False)
class Sums:
    """A linear regression on potential as sums over cells of one base and one multiplier.

    `base` and `group` (C,) of each cell, `n_rows` (C,), `multipliers` (C, M) by which potential
    enters each term; `sums` (C, J, sparse) of the other columns, the outcome last, and their
    `products` (G, J, J) by group of owners.
    """

    terms: tuple[str, ...]
    base: np.ndarray
    group: np.ndarray
    n_rows: np.ndarray
    multipliers: np.ndarray
    sums: sparse.csr_array
    products: np.ndarray

    def slopes(
        self, weights: np.ndarray, potential: np.ndarray, products: np.ndarray
    ) -> np.ndarray:
        """The slopes (M,) of the terms with potential.

        `weights` (G,) is how often each group counts, `potential` (B,) that of each base, and
        `products` (J, J) those of the rows that count.
        """
        scaled = potential[self.base, None] * self.multipliers
        weighted = weights[self.group, None] * scaled
        n_terms = scaled.shape[1]
        across = (self.sums.T @ weighted).T
        gram = np.block([
            [(weighted * self.n_rows[:, None]).T @ scaled, across],
            [across.T, products],
        ])  # fmt: skip
        # Columns on one scale. Those that are empty in a draw, and dummies that add up to one, drop
        # out by the pseudo-inverse without changing the slopes of potential.
        scale = np.sqrt(np.diag(gram))
        scale[scale == 0] = 1
        gram /= np.outer(scale, scale)
        found = np.linalg.lstsq(gram[:-1, :-1], gram[:-1, -1], rcond=1e-11)[0]
        return found[:n_terms] * scale[-1] / scale[:n_terms]

    def ends(self, weights: np.ndarray, potential: np.ndarray, order: np.ndarray) -> np.ndarray:
        """The ends (2,) over the bases, each counted as often as drawn.

        `order` (B,) sorts the potential.
        """
        of_base = np.zeros(len(potential))
        of_base[self.base] = weights[self.group]
        return ends_of(potential, of_base, order)


def ends_of(
    values: np.ndarray, weights: np.ndarray | None = None, order: np.ndarray | None = None
) -> np.ndarray:
    """The smallest values (2,) below or at which the shares `FROM` and `TO` of the weight lie."""
    order = np.argsort(values, kind="stable") if order is None else order
    below = np.cumsum(np.ones(len(values)) if weights is None else weights[order])
    return values[order[np.searchsorted(below, np.array([FROM, TO]) * below[-1])]]


def bootstrap(
    connection: duckdb.DuckDBPyConnection,
    frames: Mapping[str, tuple[pd.DataFrame, Equation]],
    *,
    draws: int,
    seed: int,
) -> dict[str, Drawn]:
    """The solutions of linear equations on potential when owners are resampled, by their names.

    `frames`: rows of the table `potential`, with the equation to solve on them. The tables that
    `designs.potential.potential` makes must exist. Equations whose bases belong to fewer than two
    groups of owners are left out, and so are draws in which a base cannot be predicted.
    """
    learned = learner(connection)
    bases = bases_of(connection, learned.groups, learned.quarters)
    sums = {
        name: sums_of(frame, equation, bases, len(learned.groups))
        for name, (frame, equation) in frames.items()
    }
    n_groups = {name: len(np.unique(one.group)) for name, one in sums.items()}
    sums = {name: one for name, one in sums.items() if n_groups[name] >= 2}
    found: dict[str, list[np.ndarray]] = {name: [] for name in sums}
    ends: dict[str, list[np.ndarray]] = {name: [] for name in sums}
    n = len(learned.groups)
    random = np.random.default_rng(seed)
    times = random.multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    for weights in np.array_split(times, math.ceil(draws / AT_ONCE)):
        coefficients, _ = learned.coefficients(weights)
        potential = bases.potential(coefficients)
        orders = np.argsort(potential, axis=1)
        for name, one in sums.items():
            products = np.tensordot(weights, one.products, axes=1)
            every = zip(weights, potential, orders, products, strict=True)
            for drawn, predicted, order, product in every:
                is_drawn = drawn[one.group] > 0
                if not is_drawn.any() or np.isnan(predicted[one.base[is_drawn]]).any():
                    continue
                known = np.nan_to_num(predicted)
                found[name].append(one.slopes(drawn, known, product))
                ends[name].append(one.ends(drawn, known, order))
    return {
        name: Drawn(
            one.terms,
            np.reshape(found[name], (-1, len(one.terms))),
            np.reshape(ends[name], (-1, 2)),
            n_groups[name],
        )
        for name, one in sums.items()
    }


def bases_of(
    connection: duckdb.DuckDBPyConnection, groups: np.ndarray, quarters: pd.DatetimeIndex
) -> Bases:
    """The bases of all entrants in the table `potential`."""
    frame = connection.execute(f"""
        select model_id, owner_group, fold, quarter_at, {", ".join(TRAITS)}
        from {BASES} where model_id in (select parent_id from {ROWS}) order by model_id""").df()
    ones = np.ones((len(frame), 1))
    return Bases(
        positions=pd.Series(np.arange(len(frame)), index=frame["model_id"]),
        traits=np.hstack([ones, frame[list(TRAITS)].to_numpy(float)]),
        fold=frame["fold"].to_numpy(int),
        quarter=quarters.get_indexer(pd.DatetimeIndex(frame["quarter_at"]).as_unit("us")),
        group=np.searchsorted(groups, frame["owner_group"].to_numpy(int)),
    )


def sums_of(frame: pd.DataFrame, equation: Equation, bases: Bases, n_groups: int) -> Sums:
    """The sums over the rows that `equation` can use."""
    if equation.estimator != "ols" or equation.weights:
        raise EstimationError(f"{equation.formula}: only plain least squares can be bootstrapped")
    used = frame.iloc[usable_rows(frame, equation)[0]]
    terms = tuple(term for term in equation.terms if term in (PERCENTILE, INTERACTION))
    multipliers = np.column_stack([
        used["races"].to_numpy(float) if term == INTERACTION else np.ones(len(used))
        for term in terms
    ])  # fmt: skip
    others = [term for term in equation.terms if term not in terms]
    columns = sparse.hstack(
        [
            sparse.csr_array(used[others].to_numpy(float)),
            *(dummies(used[name]) for name in (*equation.factors, *equation.fixed_effects)),
            sparse.csr_array(used[[equation.outcome]].to_numpy(float)),
        ],
        format="csr",
    )
    base = bases.positions.loc[used["parent_id"]].to_numpy()
    group = bases.group[base]
    # A cell is a base or, if potential has two slopes, its entrants who race or do not.
    key = 2 * base + (multipliers[:, -1] > 0)
    cells, first, of_row = np.unique(key, return_index=True, return_inverse=True)
    membership = one_hot(of_row, len(cells))
    of_base = base[first]
    # The groups' columns lie side by side, so that one product gives the sums of all groups.
    width = columns.shape[1]
    apart = sparse.csr_array(
        (
            columns.data,
            columns.indices + np.repeat(width * group, np.diff(columns.indptr)),
            columns.indptr,
        ),
        shape=(len(used), width * n_groups),
    )
    products = (apart.T @ columns).toarray().reshape(n_groups, width, width)
    return Sums(
        terms=terms,
        base=of_base,
        group=bases.group[of_base],
        n_rows=np.bincount(of_row, minlength=len(cells)).astype(float),
        multipliers=multipliers[first],
        sums=(membership.T @ columns).tocsr(),
        products=products,
    )


def dummies(column: pd.Series) -> sparse.csr_array:
    """The dummies (n, levels) of a column."""
    codes, levels = pd.factorize(as_labels(column), sort=True)
    return one_hot(codes, len(levels))


def one_hot(codes: np.ndarray, n: int) -> sparse.csr_array:
    """A matrix (len(codes), n) with a 1 in the column of each row's code."""
    rows = np.arange(len(codes))
    return sparse.csr_array((np.ones(len(codes)), (rows, codes)), shape=(len(codes), n))
