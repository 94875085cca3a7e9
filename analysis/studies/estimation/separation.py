"""Rows that a Poisson or a logit fits only at its limit.

Where a combination of terms is zero on every row with an outcome and not on some rows without, the
likelihood grows as the mean of those rows goes to zero; the estimate of that combination is minus
infinity, or any large number at which the iterations stopped, with a small standard error. See
Correia, Guimaraes & Zylkin (2021), "Verifying the existence of maximum likelihood estimates for
generalized linear models".

A small mean that still moves is a suspicion, and a slow iteration gives it too. The proof is the
combination itself, which `_proven` looks for among the suspects: rows leave with a proof only.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.linalg import qr
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack
from scipy.special import logit

from analysis.studies.estimation.equations import Equation
from analysis.studies.estimation.matrices import SMALL_SAMPLE, Design, Solution, Solver

# A row is suspect when its fitted mean is below this share of the mean outcome, and there is
# something to prove when one is below the floor, or one more Newton step still moves it: by one
# where it runs to infinity, by next to nothing where the fit has converged.
SEPARATION_FLOOR = 1e-8
SEPARATION_SUSPICION = 1e-3
SEPARATION_STEP = 0.1

# The search for a proof: the steps of a projection and how exact they are, the share of the largest
# entry below which an entry is zero, the directions with which a search of the space begins and
# ends, and the rows up to which all are searched where the suspects prove nothing.
STEPS = 100
EXACT = 1e-9
ZERO = 1e-5
DIRECTIONS = (4, 64)
FEW = 20_000
# Of a column of length one, what the others must leave, or they determine it.
DETERMINED = 1e-8


def is_separated(
    design: Design, solution: Solution, equation: Equation, solve: Solver
) -> np.ndarray:
    """Rows (n,) that a Poisson or logit fits only at its limit: mean 0, or 1; `solve` does OLS.

    Iterations stop when the deviance does, where many rows leave the separated ones at a small but
    ordinary mean. So each suspect is asked whether it still moves: at the solution one more Newton
    step is a weighted regression of the working outcome, whose linear predictor is that of the
    solution, but smaller by one (or more) wherever the true mean is zero.
    """
    outcome, mean = design.outcome, solution.fitted
    if equation.estimator not in ("poisson", "logit") or not np.isfinite(mean).all():
        return np.zeros(len(outcome), dtype=bool)
    average = np.average(outcome, weights=design.weights)
    edge = np.where(outcome == 0, mean / average, np.inf)
    if equation.estimator == "logit":
        edge = np.where(outcome == 1, (1 - mean) / (1 - average), edge)
    suspects = edge < SEPARATION_SUSPICION
    is_unproven = (edge < SEPARATION_FLOOR).any() or (
        suspects.any() and _moves(design, solution, equation, solve, suspects)
    )
    if not is_unproven:
        return np.zeros(len(outcome), dtype=bool)
    proven = _proven(design, equation, solve, suspects)
    if proven.any() or len(outcome) > FEW:
        return proven
    # Iterations that end far too early leave some of the rows of one combination unsuspected.
    return _proven(design, equation, solve, np.isfinite(edge))


def _moves(
    design: Design, solution: Solution, equation: Equation, solve: Solver, suspects: np.ndarray
) -> bool:
    """Whether one more Newton step takes a suspect closer to its edge."""
    outcome, mean = design.outcome, solution.fitted
    slope = mean if equation.estimator == "poisson" else mean * (1 - mean)
    predictor = np.log(mean) if equation.estimator == "poisson" else logit(mean)
    working = predictor + (outcome - mean) / slope
    weights = slope if design.weights is None else slope * design.weights
    step = solve(
        replace(design, outcome=working, weights=weights / weights.mean()),
        replace(equation, estimator="ols", clusters=("iid",), weights="weights"),
        SMALL_SAMPLE["cr0"],
    )
    move = np.where(outcome == 0, predictor - step.fitted, step.fitted - predictor)
    return bool((move[suspects] > SEPARATION_STEP).any())


def _proven(design: Design, equation: Equation, solve: Solver, suspects: np.ndarray) -> np.ndarray:
    """The suspects (n,) that a combination of the columns moves to their edge, and no other row.

    Such combinations, zero but on suspects, are a linear space; those that only move to the edge a
    cone in it. A vector of ones on the suspects has something in common with each vector of the
    cone: if the space has none of it, there is no such vector. If its projection points to the edge
    only, it is the proof; if not, a linear program looks for the widest vector of the cone.
    """
    towards = np.where(design.outcome[suspects] == 0, -1.0, 1.0)
    residual = _residual_of(design, equation, solve)

    def left(direction: np.ndarray) -> np.ndarray:
        """What the columns leave of a direction of the suspects (s,), on the suspects."""
        column = np.zeros(len(design.outcome))
        column[suspects] = towards * direction
        return towards * residual(column)[suspects]

    found = np.zeros(len(design.outcome), dtype=bool)
    direction = _projected(np.ones(int(suspects.sum())), left)
    if direction.max() > ZERO and direction.min() < -ZERO * direction.max():
        direction = _widest(_basis(len(direction), left))
    if direction.max() > ZERO:
        found[suspects] = direction > ZERO * direction.max()
    return found


def _residual_of(
    design: Design, equation: Equation, solve: Solver
) -> Callable[[np.ndarray], np.ndarray]:
    """What the columns and the fixed effects leave of a column (n,), asked for many times.

    The fixed effects are taken out of the design's own columns once.
    """
    plain = replace(
        equation, terms=(), factors=(), estimator="ols", clusters=("iid",), weights=None
    )
    effects_alone = replace(
        design, x=design.x[:, :0], names=(), centre=design.centre[:0], scale=design.scale[:0],
        is_endogenous=design.is_endogenous[:0], weights=None,
    )  # fmt: skip

    def within(column: np.ndarray) -> np.ndarray:
        if not design.fixed_effects.shape[1]:
            return column - column.mean()
        given = replace(effects_alone, outcome=column)
        return column - solve(given, plain, SMALL_SAMPLE["cr0"]).fitted

    # Of length one as they are, a column of which effects leave rounding falls.
    columns = np.column_stack([within(column) for column in design.x.T])
    basis, triangle, _ = qr(columns, mode="economic", pivoting=True)
    basis = basis[:, np.abs(np.diag(triangle)) > DETERMINED]

    def residual(column: np.ndarray) -> np.ndarray:
        rest = within(column)
        return rest - basis @ (basis.T @ rest)

    return residual


def _basis(size: int, left: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Orthogonal directions (s, q) of which the columns leave nothing; all, up to a bound."""
    random = np.random.default_rng(0)
    wanted, most = DIRECTIONS
    projected: list[np.ndarray] = []
    while True:
        projected += [
            _projected(random.normal(size=size), left) for _ in range(wanted - len(projected))
        ]
        basis, lengths, _ = np.linalg.svd(np.column_stack(projected), full_matrices=False)
        rank = int((lengths > ZERO * lengths[0]).sum())
        if rank < wanted or wanted >= min(most, size):
            return basis[:, :rank]
        wanted = min(2 * wanted, most, size)


def _widest(basis: np.ndarray) -> np.ndarray:
    """The combination (s,) of the basis (s, q) without a negative entry that has most positive."""
    size, rank = basis.shape
    found = linprog(
        np.concatenate([np.zeros(rank), -np.ones(size)]),
        A_ub=hstack([-csr_array(basis), eye_array(size)]),
        b_ub=np.zeros(size),
        bounds=[(None, None)] * rank + [(0, 1)] * size,
    )
    return np.zeros(size) if found.x is None else found.x[rank:]


def _projected(direction: np.ndarray, left: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The part of a direction (s,) of which the columns leave nothing, by conjugate gradients.

    `left` is a positive semi-definite map; the rest of the direction is in its range.
    """
    solution = np.zeros_like(direction)
    residual = left(direction)
    search, size = residual, residual @ residual
    for _ in range(STEPS):
        if size <= EXACT**2 * (direction @ direction):
            break
        image = left(search)
        length = size / (search @ image)
        solution = solution + length * search
        residual = residual - length * image
        size, last = residual @ residual, size
        search = residual + size / last * search
    return direction - solution
