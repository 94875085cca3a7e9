"""What the instruments of an equation are worth."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import stats

from analysis.studies.estimation.equations import Equation, NotIdentified
from analysis.studies.estimation.matrices import (
    LEVEL,
    Convention,
    Design,
    Solution,
    Solver,
    standardised,
)

# OLS of an outcome (n,) on columns (n, k), with the fixed effects, weights and covariance of an
# equation; its terms are named x0, x1, ...
Regression = Callable[[np.ndarray, np.ndarray], Solution]


def first_stage(solve: Solver, design: Design, equation: Equation, convention: Convention) -> dict:
    """The diagnostics of an iv equation, with its fixed effects, weights and covariance.

    f_statistic: Wald F of the instruments on the endogenous term. n_instruments: those that are
    not collinear. wu_hausman, wu_hausman_p: F and p-value of the first stage's residual added to
    OLS, small where the term is exogenous (None where the instruments leave no residual).
    effective_f: Montiel Olea & Pflueger (2013), equal to f_statistic with one instrument or
    classical errors. anderson_rubin_shape, _low and _high, with one instrument: see
    `_anderson_rubin`; else None.

    Raises NotIdentified where no instrument is left beside the exogenous terms.
    """
    reduced = np.column_stack([design.z, design.x[:, ~design.is_endogenous]])
    linear = replace(equation, estimator="ols", endogenous=(), instruments=())

    def regress(outcome: np.ndarray, columns: np.ndarray) -> Solution:
        width = columns.shape[1]
        plain = replace(
            design,
            outcome=outcome,
            x=columns,
            names=tuple(f"x{j}" for j in range(width)),
            centre=np.zeros(width),
            scale=np.ones(width),
            is_endogenous=np.zeros(width, dtype=bool),
        )
        return solve(plain, linear, convention)

    endogenous = design.x[:, design.is_endogenous][:, 0]
    first = regress(endogenous, reduced)
    kept = [j for j in range(design.z.shape[1]) if f"x{j}" in first.terms]
    if not kept:
        raise NotIdentified(f"{equation.formula}: no instrument is left, all collinear")
    residual = design.x.shape[1]
    augmented = regress(design.outcome, np.column_stack([design.x, endogenous - first.fitted]))
    degrees = augmented.degrees_of_freedom
    if design.clusters.shape[1]:
        degrees = min(codes.max() for codes in design.clusters.T)
    hausman = _wald(augmented, [residual]) if f"x{residual}" in augmented.terms else None
    found = {
        "f_statistic": _wald(first, kept),
        "n_instruments": len(kept),
        "wu_hausman": hausman,
        "wu_hausman_p": None if hausman is None else float(stats.f.sf(hausman, 1, degrees)),
        "effective_f": _effective_f(regress, design, first, kept),
        "anderson_rubin_shape": None,
        "anderson_rubin_low": None,
        "anderson_rubin_high": None,
    }
    if len(kept) == design.z.shape[1] == 1:
        found |= _anderson_rubin(regress, design, reduced, first, degrees)
    return found


def _wald(solution: Solution, columns: list[int]) -> float:
    """F of the coefficients of several columns together."""
    at = [solution.terms.index(f"x{j}") for j in columns]
    estimates, covariance = solution.estimates[at], solution.covariance[np.ix_(at, at)]
    return float(estimates @ np.linalg.pinv(covariance) @ estimates) / len(at)


def _effective_f(regress: Regression, design: Design, first: Solution, kept: list[int]) -> float:
    """p' Q p / tr(V Q), Q the cross products of the instruments once the rest is taken out of them,
    p and V their first-stage coefficients and covariance."""
    exogenous = design.x[:, ~design.is_endogenous]
    within = np.column_stack(
        [column - regress(column, exogenous).fitted for column in design.z[:, kept].T]
    )
    weights = np.ones(len(within)) if design.weights is None else design.weights
    gram = within.T @ (within * weights[:, None])
    at = [first.terms.index(f"x{j}") for j in kept]
    estimates, covariance = first.estimates[at], first.covariance[np.ix_(at, at)]
    return float(estimates @ gram @ estimates / np.trace(covariance @ gram))


def _anderson_rubin(
    regress: Regression, design: Design, reduced: np.ndarray, first: Solution, degrees: float
) -> dict:
    """The 95 % set of values b at which the instrument says nothing of y - b x, valid however weak
    the instrument: shape "interval" (low to high), "rays" (up to low, from high) or "line" (all).

    There the instrument's coefficient is g - b p and its variance v_y - 2 b c + b^2 v_x, all from
    regressions on the instrument, so that the bounds are the roots of a quadratic.
    """
    outcome, _, scale = standardised(design.outcome)
    endogenous = design.x[:, design.is_endogenous][:, 0]
    of_outcome, of_difference = regress(outcome, reduced), regress(outcome - endogenous, reduced)
    at = first.terms.index("x0")
    g, p = of_outcome.estimates[at], first.estimates[at]
    v_y, v_x = of_outcome.covariance[at, at], first.covariance[at, at]
    c = (v_y + v_x - of_difference.covariance[at, at]) / 2
    critical = stats.t.ppf((1 + LEVEL) / 2, degrees) ** 2
    a, b, d = p**2 - critical * v_x, -2 * (g * p - critical * c), g**2 - critical * v_y
    discriminant = b**2 - 4 * a * d
    if a <= 0 and discriminant <= 0:
        shape, low, high = "line", -np.inf, np.inf
    else:
        shape = "interval" if a > 0 else "rays"
        low, high = sorted((-b + sign * np.sqrt(discriminant)) / (2 * a) for sign in (-1, 1))
    unit = scale / design.scale[design.is_endogenous][0]
    return {
        "anderson_rubin_shape": shape,
        "anderson_rubin_low": float(low * unit),
        "anderson_rubin_high": float(high * unit),
    }
