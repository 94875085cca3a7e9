"""Cox regressions: stratified, ties by Efron's method, errors of clusters.

statsmodels' PHReg goes through strata and failure times one by one and through everybody at risk at
each of them for its robust errors, which families of 200,000 children do not allow; here sums over
who is at risk are running sums within strata, and a fit takes time in proportion to its rows. The
tests hold it to PHReg, to printed results and to the partial likelihood spelt out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from analysis.studies.estimation.equations import Equation, NotConverged, NotIdentified
from analysis.studies.estimation.likelihoods import independent_columns, solution_at, top_of
from analysis.studies.estimation.matrices import (
    Convention,
    Design,
    Solution,
    columns_of,
    design_of,
    scaled_to_variance_one,
)
from analysis.studies.estimation.pruning import usable_rows


class PartialLikelihood:
    """The log partial likelihood of a stratified Cox regression, its derivatives and residuals.

    Of the d events at one time of a stratum, Efron's method lets those that failed leave in d equal
    steps: the l-th of them (l = 0 ... d - 1) is compared with all at risk less l / d of the d.
    """

    def __init__(
        self, time: np.ndarray, event: np.ndarray, x: np.ndarray, strata: np.ndarray
    ) -> None:
        """`time` (n,), `event` (n,) 1 where it ended in one, `x` (n, k), `strata` (n,) codes."""
        # Latest first: who is at risk at a time are the rows up to the end of that time's.
        self.order = np.lexsort((-time, strata))
        self.x, self.event = x[self.order], event[self.order] == 1
        self.stratum = strata[self.order]
        starts = np.append(True, (np.diff(self.stratum) != 0) | (np.diff(time[self.order]) != 0))
        self.moment = np.cumsum(starts) - 1  # (n,) numbers of stratum and time
        self.last = np.append(np.flatnonzero(starts)[1:], len(time)) - 1
        self.stratum_of_moment = self.stratum[self.last]
        self.n_events = np.bincount(self.moment, weights=self.event)
        # One row per event: the moment, and the share of the tied events that have left before.
        self.failed = np.flatnonzero(self.event)
        self.at = self.moment[self.failed]
        first = np.searchsorted(self.at, self.at)
        self.share_left = (np.arange(len(self.at)) - first) / self.n_events[self.at]

        self._reached: _Reached | None = None

    def loglike(self, estimates: np.ndarray) -> float:
        """Minus infinity where the estimates are so large that nobody at risk has a risk left."""
        here = self.at_estimates(estimates)
        if not (here.at_risk > 0).all():
            return -np.inf
        return float(here.predictor[self.failed].sum() - np.log(here.at_risk).sum())

    def score(self, estimates: np.ndarray) -> np.ndarray:
        """The first derivatives (k,)."""
        means = self.at_estimates(estimates).means
        return self.x[self.failed].sum(axis=0) - means.sum(axis=0)

    def hessian(self, estimates: np.ndarray) -> np.ndarray:
        """The second derivatives (k, k)."""
        here = self.at_estimates(estimates)
        weight = here.risk * self._exposure(1 / here.at_risk)
        return here.means.T @ here.means - self.x.T @ (self.x * weight[:, None])

    def score_obs(self, estimates: np.ndarray) -> np.ndarray:
        """The score residuals (n, k), in the order of the rows given (Therneau & Grambsch 2000)."""
        here = self.at_estimates(estimates)
        residuals = np.zeros_like(self.x)
        residuals[self.failed] = self.schoenfeld(estimates)
        residuals -= self.x * (here.risk * self._exposure(1 / here.at_risk))[:, None]
        for j in range(self.x.shape[1]):
            residuals[:, j] += here.risk * self._exposure(here.means[:, j] / here.at_risk)
        given = np.empty_like(residuals)
        given[self.order] = residuals
        return given

    def schoenfeld(self, estimates: np.ndarray) -> np.ndarray:
        """Of each event its covariates less their mean over those at risk; (events, k).

        Tied events share the mean of their means. The rows are in the order of `failed`.
        """
        of_moment = np.column_stack(
            [
                np.bincount(self.at, mean, minlength=len(self.last))
                for mean in self.at_estimates(estimates).means.T
            ]
        )
        return self.x[self.failed] - of_moment[self.at] / self.n_events[self.at, None]

    def at_estimates(self, estimates: np.ndarray) -> _Reached:
        """The sums at estimates (k,). Those last asked for are kept: a step asks several times."""
        if self._reached is None or not np.array_equal(self._reached.estimates, estimates):
            self._reached = _Reached(self, estimates.copy())
        return self._reached

    def sums_at_risk(self, values: np.ndarray) -> np.ndarray:
        """The sums of values (n, ...) over those at risk at each event, tied ones partly;
        (events, ...)."""
        # pandas sums each stratum by itself, with Kahan's correction.
        columns = pd.DataFrame(values.reshape(len(values), -1), copy=False)
        running = columns.groupby(self.stratum, sort=False).cumsum().to_numpy()
        found = running[self.last[self.at]]
        for j, column in enumerate(columns.to_numpy().T):
            tied = np.bincount(self.moment, weights=column * self.event)
            found[:, j] -= self.share_left * tied[self.at]
        return found.reshape(-1, *values.shape[1:])

    def _exposure(self, values: np.ndarray) -> np.ndarray:
        """The sum of values (events,) over the events at which each row was at risk; (n,).

        A row that failed itself counts those of its own time by what is left of it at each.
        """
        by_moment = np.bincount(self.at, weights=values, minlength=len(self.last))
        # Moments stand latest first within a stratum.
        so_far = pd.Series(by_moment[::-1]).groupby(self.stratum_of_moment[::-1]).cumsum()
        missed = np.bincount(self.at, weights=values * self.share_left, minlength=len(self.last))
        return so_far.to_numpy()[::-1][self.moment] - self.event * missed[self.moment]


class _Reached:
    """A partial likelihood's sums at estimates (k,)."""

    def __init__(self, model: PartialLikelihood, estimates: np.ndarray) -> None:
        self.model, self.estimates = model, estimates
        predictor = model.x @ estimates
        starts = np.flatnonzero(np.append(True, np.diff(model.stratum) != 0))
        largest = np.maximum.reduceat(predictor, starts)
        predictor -= np.repeat(largest, np.diff(np.append(starts, len(predictor))))
        # x b and exp(x b) (n,), within each stratum relative to its largest.
        self.predictor, self.risk = predictor, np.exp(predictor)
        self.at_risk = model.sums_at_risk(self.risk)

    @cached_property
    def means(self) -> np.ndarray:
        """The means of the covariates over those at risk at each event; (events, k)."""
        weighted = self.risk[:, None] * self.model.x
        return self.model.sums_at_risk(weighted) / self.at_risk[:, None]


def solve_cox(design: Design, equation: Equation, convention: Convention) -> Solution:
    """The top of the partial likelihood; the fixed effects are its strata."""
    design = scaled_to_variance_one(design)
    strata = strata_of(design)
    columns = independent_columns(design.x, strata)
    if not len(columns):
        raise NotIdentified(f"{equation.formula}: no term varies within strata")
    model = PartialLikelihood(design.outcome, design.event, design.x[:, columns], strata)
    top = top_of(model, np.zeros(len(columns)))
    if not top.converged:
        raise NotConverged(
            f"{equation.formula}: the partial likelihood has no top, as where a kind of rows that "
            "a term tells apart has no event at all"
        )
    return solution_at(top, model, design, columns, design.clusters, equation, convention)


def strata_of(design: Design) -> np.ndarray:
    """The stratum of each row (n,): a code for each combination of the fixed effects."""
    if not design.fixed_effects.shape[1]:
        return np.zeros(len(design.outcome), dtype=np.int64)
    return pd.MultiIndex.from_arrays(list(design.fixed_effects.T)).factorize()[0]


# whether hazards are proportional


@dataclass(frozen=True)
class Drift:
    """How the effect of a term moves with time: the correlation of its scaled Schoenfeld residuals
    with one less the share that still waits, and the p-value of none, events taken as independent.
    """

    term: str
    correlation: float
    p_value: float


def drifts(frame: pd.DataFrame, equation: Equation, estimates: Mapping[str, float]) -> list[Drift]:
    """The check of Grambsch and Therneau (Biometrika 1994) at the estimates of a Cox regression.

    `frame` holds the rows that were given to `fit`, `estimates` the coefficients of its terms.
    """
    rows, _ = usable_rows(frame, equation)
    used = frame.iloc[rows]
    design = design_of(used, equation)
    columns = columns_of(used, equation)
    x = np.column_stack([columns[term] for term in estimates])
    # Residuals do not depend on where a column is centred; sums over it do less harm.
    x = x - x.mean(axis=0)
    model = PartialLikelihood(design.outcome, design.event, x, strata_of(design))
    at = np.array(list(estimates.values()))
    variance = np.linalg.inv(-model.hessian(at))
    scaled = len(model.failed) * model.schoenfeld(at) @ variance
    place = waited(design.outcome, design.event)[model.order][model.failed]
    place = place - place.mean()
    found = []
    for number, term in enumerate(estimates):
        along = float(place @ scaled[:, number])
        deviation = scaled[:, number] - scaled[:, number].mean()
        spread = float(place @ place)
        if spread == 0:
            raise NotIdentified("all events came at one time: no effect can be seen to move")
        found.append(
            Drift(
                term,
                along / float(np.sqrt(spread * (deviation @ deviation))),
                float(
                    stats.chi2.sf(along**2 / (len(place) * variance[number, number] * spread), 1)
                ),
            )
        )
    return found


def waited(time: np.ndarray, event: np.ndarray) -> np.ndarray:
    """One less the share that still waits just before each time (n,), by Kaplan and Meier."""
    fitted = SurvfuncRight(time, event)
    before = np.append(1.0, fitted.surv_prob)
    return 1 - before[np.searchsorted(fitted.surv_times, time, side="left")]
