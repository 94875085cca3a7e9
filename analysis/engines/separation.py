"""Rows that a Poisson or a logit fits only at its limit.

Where a combination of terms is zero on every row with an outcome and not on some rows without, the
likelihood grows as the mean of those rows goes to zero; the estimate of that combination is minus
infinity, or any large number at which the iterations stopped, with a small standard error. See
Correia, Guimaraes & Zylkin (2021), "Verifying the existence of maximum likelihood estimates for
generalized linear models".
"""

from dataclasses import replace

import numpy as np
from scipy.special import logit

from analysis.engines.designs import SMALL_SAMPLE, Design, Solution, Solver
from analysis.equations import Equation

# A row is separated when its fitted mean is below this share of the mean outcome, or when it is
# small and one more Newton step still moves its linear predictor: by one where it runs to infinity,
# by next to nothing where the fit has converged.
SEPARATION_FLOOR = 1e-8
SEPARATION_SUSPICION = 1e-3
SEPARATION_STEP = 0.1


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
    at_zero = (outcome == 0) & (mean < SEPARATION_FLOOR * average)
    suspect_zero = (outcome == 0) & (mean < SEPARATION_SUSPICION * average)
    if equation.estimator == "logit":
        at_one = (outcome == 1) & (1 - mean < SEPARATION_FLOOR * (1 - average))
        suspect_one = (outcome == 1) & (1 - mean < SEPARATION_SUSPICION * (1 - average))
    else:
        at_one = suspect_one = np.zeros(len(outcome), dtype=bool)
    if (at_zero | at_one).any() or not (suspect_zero | suspect_one).any():
        return at_zero | at_one
    slope = mean if equation.estimator == "poisson" else mean * (1 - mean)
    predictor = np.log(mean) if equation.estimator == "poisson" else logit(mean)
    working = predictor + (outcome - mean) / slope
    if design.offset is not None:
        predictor, working = predictor - design.offset, working - design.offset
    weights = slope if design.weights is None else slope * design.weights
    step = solve(
        replace(design, outcome=working, weights=weights / weights.mean(), offset=None),
        replace(equation, estimator="ols", clusters=("iid",), weights="weights", offset=None),
        SMALL_SAMPLE["cr0"],
    )
    move = step.fitted - predictor
    return (suspect_zero & (move < -SEPARATION_STEP)) | (suspect_one & (move > SEPARATION_STEP))
