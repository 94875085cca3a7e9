"""The share still waiting after so many days, by Kaplan and Meier, with clustered errors.

Models of one family are not independent draws. A cluster's influence on the logarithm of the curve
is the sum of its rows' influences; the variance is the sum of the clusters' squares (the
infinitesimal jackknife). If each row is its own cluster this is Greenwood's, except for the factor
G / (G - 1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from analysis.studies.estimating import rounded
from analysis.studies.estimation.equations import Equation

LEVEL = 0.95


def survival_rows(
    frame: pd.DataFrame, equation: Equation, by: str, cluster: str, days: Sequence[int]
) -> list[dict]:
    """One row per level of `by` and day: `records.SURVIVAL` without the specification's columns.

    Times and events are those of a Cox regression's `equation`. A day to which no row of a level
    has been followed is left out. Rows with an unknown time are not counted. `survival` is the
    share without the event by the end of the day; its interval is null if the share is 0 or 1 or if
    there is only one cluster.
    """
    time, event = equation.outcome, equation.event
    known = frame.dropna(subset=[time, event, cluster])
    rows = []
    for level, group in known.groupby(by, sort=True):
        times, events = group[time].to_numpy(float), group[event].to_numpy() == 1
        clusters = pd.factorize(group[cluster])[0]
        curve = Curve(times, events, clusters)
        for day in days:
            if day <= times.max():
                row = {by: level, "days": day, "n": len(group)} | curve.at(day)
                rows.append({name: rounded(value) for name, value in row.items()})
    return rows


class Curve:
    """One curve of Kaplan and Meier, from `time`, `event` (bool) and `cluster` codes, (n,) each."""

    def __init__(self, time: np.ndarray, event: np.ndarray, cluster: np.ndarray) -> None:
        self.time, self.event, self.cluster = time, event, cluster
        self.n_clusters = int(cluster.max()) + 1
        self.median = float("nan")
        self.moments = self.left = self.steps = np.zeros(0)
        if event.any():
            fitted = SurvfuncRight(time, event.astype(int))
            self.median = float(fitted.quantile(0.5))
            n_events, n_at_risk = fitted.n_events, fitted.n_risk
            self.moments, self.left = fitted.surv_times, n_at_risk - n_events
            with np.errstate(divide="ignore"):
                self.steps = n_events / (n_at_risk * self.left)
            self.survival = fitted.surv_prob

    def at(self, day: float) -> dict:
        """The curve at the end of a day, the number at risk on it, and the events until then."""
        place = np.searchsorted(self.moments, day, side="right")
        survival = float(self.survival[place - 1]) if place else 1.0
        row = {
            "n_at_risk": int((self.time >= day).sum()),
            "n_events": int((self.event & (self.time <= day)).sum()),
            "survival": survival,
            "n_clusters": self.n_clusters,
            "median_days": self.median,
        }
        if self.n_clusters > 1 and 0 < survival < 1:
            row |= self.interval(day, survival)
        return row

    def interval(self, day: float, survival: float) -> dict:
        """Standard error and interval, on the scale of log(-log) and therefore within 0 and 1."""
        so_far = np.append(0.0, np.cumsum(self.steps))
        until = np.searchsorted(self.moments, np.minimum(self.time, day), side="right")
        influence = so_far[until]
        failed = self.event & (self.time <= day)
        influence[failed] -= 1 / self.left[until[failed] - 1]
        sums = np.bincount(self.cluster, weights=influence)
        error = np.sqrt(self.n_clusters / (self.n_clusters - 1) * (sums @ sums))
        reach = stats.t.ppf((1 + LEVEL) / 2, self.n_clusters - 1) * error / -np.log(survival)
        return {
            "standard_error": float(survival * error),
            "interval_low": float(survival ** np.exp(reach)),
            "interval_high": float(survival ** np.exp(-reach)),
        }
