"""Effects of a logit on the scale of the probability."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.estimation.fitting import Fit
from analysis.studies.estimation.matrices import columns_of, dummies_of
from analysis.studies.estimation.pruning import as_numbers


def average_marginal_effects(fit: Fit, frame: pd.DataFrame, equation: Equation) -> Fit:
    """The effects on the probability, averaged over the rows, of a logit without fixed effects.

    `fit` is that of `equation` on `frame`. A term that takes only 0 and 1 moves from 0 to 1; the
    dummies of a factor move from the reference level to their own; any other term gives the mean
    derivative p (1 - p) b. Standard errors by the delta method, with the covariance of `fit`.

    Returns `fit` with the effects for its terms (no constant). Raises EstimationError for other
    estimators and for absorbed fixed effects, whose own uncertainty is unknown.
    """
    if equation.estimator not in ("logit", "fractional_logit") or equation.fixed_effects:
        raise EstimationError("marginal effects are for a logit without fixed effects")
    rows, size = frame.iloc[fit.rows], len(fit.rows)
    columns = columns_of(rows, equation)
    x = np.column_stack([columns[term] for term in fit.terms[:-1]] + [np.ones(size)])
    weights = np.ones(size) if equation.weights is None else as_numbers(rows[equation.weights])
    weights = weights / weights.sum()
    siblings = {
        dummy: [name for name in dummies_of(rows, factor) if name in fit.terms]
        for factor in equation.factors
        for dummy in dummies_of(rows, factor)
    }

    def mean_change(rows: np.ndarray) -> tuple[float, np.ndarray]:
        """The mean probability at `rows`, and its gradient in the coefficients."""
        probability = expit(rows @ fit.estimates)
        return weights @ probability, rows.T @ (weights * probability * (1 - probability))

    effects: list[float] = []
    gradients: list[np.ndarray] = []
    for position, term in enumerate(fit.terms[:-1]):
        if np.isin(x[:, position], (0, 1)).all():
            low = x.copy()
            low[:, [fit.terms.index(name) for name in siblings.get(term, [term])]] = 0
            high = low.copy()
            high[:, position] = 1
            (at_high, slope_high), (at_low, slope_low) = mean_change(high), mean_change(low)
            effects.append(at_high - at_low)
            gradients.append(slope_high - slope_low)
        else:
            probability = expit(x @ fit.estimates)
            slope = weights * probability * (1 - probability)
            estimate = fit.estimates[position]
            gradient = estimate * (x.T @ (slope * (1 - 2 * probability)))
            gradient[position] += slope.sum()
            effects.append(estimate * slope.sum())
            gradients.append(gradient)
    by_term = np.array(gradients).reshape(len(effects), len(fit.terms))
    return replace(
        fit,
        terms=fit.terms[:-1],
        estimates=np.array(effects),
        covariance=by_term @ fit.covariance @ by_term.T,
    )
