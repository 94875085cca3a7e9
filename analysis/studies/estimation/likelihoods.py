"""Estimators without absorbed fixed effects: statsmodels.

Estimates come from statsmodels, brought to the top of the likelihood by Newton steps; covariances
from its scores and Hessian, by the same rules for each estimator.
"""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Protocol

import numpy as np
import pandas as pd
import statsmodels
import statsmodels.api as sm
from scipy.special import logit

from analysis.studies.estimation.equations import Equation
from analysis.studies.estimation.matrices import (
    COLLINEARITY,
    CONSTANT,
    Convention,
    Design,
    Solution,
    in_units_of_data,
    scaled_to_variance_one,
)

# Newton steps end when one would gain less than this in log-likelihood. Less curvature than
# `FLATNESS` of the largest is a ridge, not a top; a loss of `ROUNDING` of the height is none.
NEWTON_STEPS = 50
NEWTON_HALVINGS = 30
NEWTON_GAIN = 1e-16
FLATNESS = 1e-10
ROUNDING = 1e-13

# With which a negative binomial begins at least.
LEAST_ALPHA = 0.01


class Likelihood(Protocol):
    """A log-likelihood and its derivatives, by the names that statsmodels gives them."""

    def loglike(self, estimates: np.ndarray) -> float: ...

    def score(self, estimates: np.ndarray) -> np.ndarray:
        """The gradient; (k,)."""

    def hessian(self, estimates: np.ndarray) -> np.ndarray:
        """The second derivatives; (k, k)."""


class ScoredLikelihood(Likelihood, Protocol):
    """A log-likelihood that is a sum over rows, or over families of them."""

    def score_obs(self, estimates: np.ndarray) -> np.ndarray:
        """What each row, or family, adds to the score; (n, k)."""


class StatsmodelsLikelihood(ScoredLikelihood, Protocol):
    """What is used of a model of statsmodels."""

    def predict(self, estimates: np.ndarray) -> np.ndarray:
        """The means of the rows; (n,)."""


def solve_by_statsmodels(design: Design, equation: Equation, convention: Convention) -> Solution:
    """Everything without absorbed fixed effects.

    Estimates come from statsmodels, brought to the top of the likelihood by Newton steps; the
    covariance from its scores and Hessian, by the same rules for each estimator.
    """
    design = scaled_to_variance_one(design)
    columns = independent_columns(design.x, None)
    x = np.column_stack([design.x[:, columns], np.ones(len(design.x))])
    columns = np.append(columns, -1)
    if equation.estimator == "ols":
        return _linear_by_statsmodels(design, equation, convention, x, columns)
    model, start = _model(design, equation, x)
    top = top_of(model, start)
    estimates = top.estimates
    covariance = covariance_of(
        top, model.score_obs(estimates), design.clusters, equation, convention
    )
    names, back = in_units_of_data(design, columns)
    is_count = equation.estimator == "negative_binomial"
    if is_count:
        names, back = (*names[:-1], "alpha", CONSTANT), _with_alpha(back)
    log_likelihood = pseudo_r2 = None
    if is_count and top.converged:
        log_likelihood = float(model.loglike(estimates))
        pseudo_r2 = _pseudo_r2(design, equation, log_likelihood)
    return Solution(
        terms=names,
        estimates=back @ estimates,
        covariance=back @ covariance @ back.T,
        fitted=np.asarray(model.predict(estimates), dtype=np.float64),
        engine="statsmodels",
        engine_version=statsmodels.__version__,
        converged=top.converged,
        iterations=top.n_steps,
        log_likelihood=log_likelihood,
        pseudo_r2=pseudo_r2,
    )


def independent_columns(x: np.ndarray, families: np.ndarray | None) -> np.ndarray:
    """The columns (k,) of `x` (n, K) that those before them leave more than 1e-9 of their
    variation; within families (n,), where there are any."""
    if families is not None:
        sizes = np.bincount(families)
        means = [np.bincount(families, weights=column) / sizes for column in x.T]
        x = x - np.column_stack([mean[families] for mean in means]) if means else x
    gram = x.T @ x / len(x)
    kept: list[int] = []
    for j in range(len(gram)):
        left = gram[j, j]
        if kept:
            inner, across = gram[np.ix_(kept, kept)], gram[kept, j]
            left -= across @ np.linalg.solve(inner, across)
        if left > COLLINEARITY:
            kept.append(j)
    return np.array(kept, dtype=np.int64)


def _model(
    design: Design, equation: Equation, x: np.ndarray
) -> tuple[StatsmodelsLikelihood, np.ndarray]:
    """The statsmodels model on columns `x` (n, k), the constant last, and where to start."""
    outcome, weights = design.outcome, design.weights
    if equation.estimator in ("poisson", "logit", "fractional_logit"):
        mean = np.average(outcome, weights=weights)
        start = np.zeros(x.shape[1])
        if equation.estimator == "poisson":
            start[-1] = np.log(mean)
            family, discrete = sm.families.Poisson(), sm.Poisson
        else:
            start[-1] = logit(mean)
            family, discrete = sm.families.Binomial(), sm.Logit
        # The discrete classes take less time and memory than the GLM, which takes all else.
        if equation.estimator == "fractional_logit" or weights is not None:
            return sm.GLM(outcome, x, family=family, var_weights=weights), start
        return discrete(outcome, x), start
    # From a Poisson and the dispersion of its residuals (Cameron & Trivedi): statsmodels' own took
    # three quarters of the time. One step of it makes the model take alpha as it is.
    poisson, start = _model(design, replace(equation, estimator="poisson"), x)
    start = top_of(poisson, start).estimates
    mean = poisson.predict(start)
    alpha = max(((outcome - mean) ** 2 - mean).sum() / (mean @ mean), LEAST_ALPHA)
    model = sm.NegativeBinomial(outcome, x)
    found = model.fit(np.append(start, alpha), maxiter=1, disp=0, skip_hessian=True)
    return model, np.asarray(found.params)


@dataclass(frozen=True, eq=False)
class Top:
    """Where Newton's steps ended: `converged` says whether that is a top."""

    estimates: np.ndarray  # (k,)
    hessian: np.ndarray  # (k, k)
    converged: bool
    n_steps: int


def top_of(model: Likelihood, start: np.ndarray) -> Top:
    """The top of a likelihood by Newton steps from `start`.

    Where the likelihood curves upwards a step takes that curvature by its size, and any step is
    halved until the likelihood grows. A likelihood that still grows where it is flat has no top.
    """
    estimates, height = start, model.loglike(start)
    for n_steps in range(NEWTON_STEPS):
        score, hessian = model.score(estimates), model.hessian(estimates)
        if not (np.isfinite(score).all() and np.isfinite(hessian).all()):
            break
        curvature, directions = np.linalg.eigh(-(hessian + hessian.T) / 2)
        flat = FLATNESS * np.abs(curvature).max()
        step = directions @ (directions.T @ score / np.maximum(np.abs(curvature), flat))
        if score @ step < NEWTON_GAIN:
            return Top(estimates, hessian, bool(curvature.min() > flat), n_steps)
        for halving in 2.0 ** -np.arange(NEWTON_HALVINGS):
            there = model.loglike(estimates + halving * step)
            if there >= height - ROUNDING * abs(height):
                break
        else:
            break
        estimates, height = estimates + halving * step, there
    return Top(estimates, hessian, False, n_steps)


def solution_at(
    top: Top,
    model: ScoredLikelihood,
    design: Design,
    columns: np.ndarray,
    clusters: np.ndarray,
    equation: Equation,
    convention: Convention,
) -> Solution:
    """The solution at the maximum of a likelihood without means of the outcome: that of conditional
    logits and Cox regressions, which compare the rows of a family.

    columns: (k,) the design's columns in the likelihood; clusters: those of what `model` scores.
    """
    scores = model.score_obs(top.estimates)
    covariance = covariance_of(top, scores, clusters, equation, convention)
    names, back = in_units_of_data(design, columns)
    at_top, at_zero = model.loglike(top.estimates), model.loglike(np.zeros(len(columns)))
    return Solution(
        terms=names,
        estimates=back @ top.estimates,
        covariance=back @ covariance @ back.T,
        fitted=np.full(len(design.outcome), np.nan),
        engine="numpy",
        engine_version=np.__version__,
        converged=top.converged,
        iterations=top.n_steps,
        log_likelihood=at_top,
        pseudo_r2=1 - at_top / at_zero,
    )


def covariance_of(
    top: Top,
    scores: np.ndarray,
    clusters: np.ndarray,
    equation: Equation,
    convention: Convention,
) -> np.ndarray:
    """The covariance (k, k) at the top of a likelihood with scores (n, k); NaN where it has none.

    Classical errors: the inverse of the information. Else see `_sandwich`.
    """
    size, width = scores.shape
    if not top.converged:
        return np.full((width, width), np.nan)
    bread = np.linalg.inv(-top.hessian)
    if equation.clusters == ("iid",):
        return bread * ((size - 1) / (size - width) if convention.k_adj else 1.0)
    return _sandwich(bread, scores, clusters, convention)


def _sandwich(
    bread: np.ndarray, scores: np.ndarray, clusters: np.ndarray, convention: Convention
) -> np.ndarray:
    """Covariance (k, k) from a bread (k, k) and the scores (n, k) of the rows.

    Its meat is the sum over rows, or clusters (n, C), of the outer products of their scores; of
    several cluster dimensions by inclusion and exclusion (Cameron, Gelbach & Miller 2011).
    """
    size, width = scores.shape
    if not clusters.shape[1]:
        factor = size / (size - width) if convention.k_adj else 1.0
        return factor * bread @ (scores.T @ scores) @ bread
    smallest = min(codes.max() + 1 for codes in clusters.T)
    meat = np.zeros((width, width))
    for n_joint in range(1, clusters.shape[1] + 1):
        for joint in combinations(range(clusters.shape[1]), n_joint):
            codes = pd.MultiIndex.from_arrays([clusters[:, j] for j in joint]).factorize()[0]
            sums = np.column_stack([np.bincount(codes, weights=column) for column in scores.T])
            meat += (-1) ** (n_joint + 1) * (sums.T @ sums)
    if convention.G_adj:
        meat *= smallest / (smallest - 1)
    factor = (size - 1) / (size - width) if convention.k_adj else 1.0
    return factor * bread @ meat @ bread


def _linear_by_statsmodels(
    design: Design, equation: Equation, convention: Convention, x: np.ndarray, columns: np.ndarray
) -> Solution:
    """OLS or weighted least squares."""
    weights = np.ones(len(x)) if design.weights is None else design.weights
    result = sm.WLS(design.outcome, x, weights=weights).fit()
    estimates = np.asarray(result.params)
    size, width = x.shape
    residuals = design.outcome - x @ estimates
    bread = np.linalg.inv(x.T @ (x * weights[:, None]))
    if equation.clusters == ("iid",):
        covariance = (weights * residuals) @ residuals / (size - width) * bread
    else:
        scores = x * (weights * residuals)[:, None]
        covariance = _sandwich(bread, scores, design.clusters, convention)
    names, back = in_units_of_data(design, columns)
    return Solution(
        terms=names,
        estimates=back @ estimates,
        covariance=back @ covariance @ back.T,
        fitted=x @ estimates,
        engine="statsmodels",
        engine_version=statsmodels.__version__,
        degrees_of_freedom=float(size - width),
        r2=float(result.rsquared),
    )


def _with_alpha(back: np.ndarray) -> np.ndarray:
    """The matrix (k + 1, k + 1) of `in_units_of_data` for parameters with alpha behind them, as
    statsmodels has it, to names with the constant last."""
    whole = np.zeros((len(back) + 1, len(back) + 1))
    whole[:-2, :-1] = back[:-1]
    whole[-2, -1] = 1
    whole[-1, :-1] = back[-1]
    return whole


def _pseudo_r2(design: Design, equation: Equation, log_likelihood: float) -> float:
    """1 - l / l(constants only), by fitting those."""
    ones = np.ones((len(design.outcome), 1))
    model, start = _model(design, equation, ones)
    return float(1 - log_likelihood / model.loglike(top_of(model, start).estimates))
