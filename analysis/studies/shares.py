"""Shares and means with intervals for which the sample is families, not models.

The models of a family are alike, and a few families hold most models: an interval that treats
models as independent draws is several times too narrow. Here each family (cluster) is one draw. The
variance is the jackknife's over clusters, so that a large family that pulls the estimate towards
itself does not hide its own distance; the degrees of freedom are those of the effective number of
clusters. `figures/queries/intervals.sql` does the same in SQL, for figures whose numbers readers
can recompute; a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.studies.specifications import document

FEWEST_CLUSTERS: int = document()["fewest_clusters"]
LEAST_WORTH: float = document()["least_worth"]

CLUSTERS_ADDED = 4
"""A share's variance is shrunk towards that of clusters whose models are all alike, as if this many
more clusters held the rarer outcome: if few do, their observed spread is too small by chance."""


Numbers = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Clustered:
    """A share or mean over `n` models in `n_clusters` families, with its 95 % interval.

    `effective_clusters` is the number of equal families with the same concentration,
    (sum n)^2 / sum n^2. `low`, `high` and `standard_error` are None if `reason` says why there is
    no interval; the estimate is None only if nothing could be counted.
    """

    estimate: float | None
    low: float | None
    high: float | None
    standard_error: float | None
    n: int
    n_clusters: int
    effective_clusters: float
    reason: str = ""

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends; ValueError if there is no interval."""
        if self.low is None or self.high is None:
            raise ValueError(f"a share without an interval: {self.reason}")
        return self.low, self.high

    @property
    def degrees_of_freedom(self) -> float:
        """Those of Student's t for the interval."""
        return self.effective_clusters - 1


def clustered_share(
    successes: Numbers,
    totals: Numbers,
    level: float = 0.95,
) -> Clustered:
    """The share of successes among the models of all families, with an interval within 0 and 1.

    `successes` and `totals` have one number per family; families without a model do not count.
    The interval is Wilson's, with p (1 - p) / variance as the number of draws and Student's t in
    place of the normal, so that it is valid at shares of 0 and 1; `level` is its coverage. Raises
    ValueError for numbers that are not counts of a part and its whole.
    """
    successes, totals = counted(successes, totals)
    if np.any(successes < 0) or np.any(successes > totals):
        raise ValueError("a family has fewer than 0 successes, or more than models")
    n, clusters, worth, reason = worth_of(totals)
    if not n:
        return Clustered(None, None, None, None, 0, 0, 0.0, reason)
    share = float(successes.sum() / n)
    if reason:
        return Clustered(share, None, None, None, n, clusters, worth, reason)
    draws = independent_draws(successes, totals)
    t = float(stats.t.ppf((1 + level) / 2, worth - 1))
    centre = (share + t**2 / (2 * draws)) / (1 + t**2 / draws)
    reach = t * math.sqrt(share * (1 - share) / draws + t**2 / (4 * draws**2)) / (1 + t**2 / draws)
    return Clustered(
        estimate=share,
        # Rounding must not put an end beyond the estimate, as it could at a share of 0.
        low=min(max(centre - reach, 0.0), share),
        high=max(min(centre + reach, 1.0), share),
        standard_error=math.sqrt(share * (1 - share) / draws),
        n=n,
        n_clusters=clusters,
        effective_clusters=worth,
    )


def clustered_mean(sums: Numbers, totals: Numbers) -> Clustered:
    """The mean over the models of all families, with an interval by Student's t.

    `sums` has the sum of the values in each family, `totals` their number.
    """
    sums, totals = counted(sums, totals)
    n, clusters, worth, reason = worth_of(totals)
    if not n:
        return Clustered(None, None, None, None, 0, 0, 0.0, reason)
    mean = float(sums.sum() / n)
    if reason:
        return Clustered(mean, None, None, None, n, clusters, worth, reason)
    error = math.sqrt(jackknife_variance(sums, totals))
    reach = float(stats.t.ppf(0.975, worth - 1)) * error
    return Clustered(mean, mean - reach, mean + reach, error, n, clusters, worth)


def counted(values: Numbers, totals: Numbers) -> tuple[np.ndarray, np.ndarray]:
    """Both as doubles, without families that have no model; ValueError unless they are counts."""
    values, totals = np.asarray(values, dtype=float), np.asarray(totals, dtype=float)
    if values.shape != totals.shape or values.ndim != 1:
        raise ValueError("there must be one value and one total for each family")
    if not (np.isfinite(values).all() and np.isfinite(totals).all()) or np.any(totals < 0):
        raise ValueError("a family's value is unknown, or its total is not a count")
    return values[totals > 0], totals[totals > 0]


def worth_of(totals: np.ndarray) -> tuple[int, int, float, str]:
    """Models, families, the effective number of families, and why they are too few, if so."""
    if not len(totals):
        return 0, 0, 0.0, "nothing could be counted"
    clusters = len(totals)
    worth = float(totals.sum() ** 2 / (totals**2).sum())
    reason = ""
    if clusters < FEWEST_CLUSTERS:
        families = "family" if clusters == 1 else "families"
        reason = f"{clusters} {families}, fewer than {FEWEST_CLUSTERS}"
    elif worth < LEAST_WORTH:
        reason = f"{clusters} families that are worth {worth:.1f} by size, less than {LEAST_WORTH}"
    return int(totals.sum()), clusters, worth, reason


def jackknife_variance(sums: np.ndarray, totals: np.ndarray) -> float:
    """The variance of sum(sums) / sum(totals) from leaving out each cluster once."""
    n, clusters = totals.sum(), len(totals)
    apart = (sums - totals * (sums.sum() / n)) / (n - totals)
    return float((clusters - 1) / clusters * (apart**2).sum())


def independent_draws(successes: np.ndarray, totals: np.ndarray) -> float:
    """How many independent models would give a share with the variance of this one.

    The variance is the jackknife's, shrunk towards that of clusters whose models are all alike (see
    `CLUSTERS_ADDED`), and at least that of independent models.
    """
    n = totals.sum()
    worth = n**2 / (totals**2).sum()
    share = successes.sum() / n
    rarer = successes if share <= 0.5 else totals - successes
    if not rarer.any():
        return float(worth)
    of_one = share * (1 - share)
    alike = of_one / worth
    found = jackknife_variance(successes, totals)
    holders = rarer.sum() ** 2 / (rarer**2).sum()
    variance = (holders * found + CLUSTERS_ADDED * max(alike, found)) / (holders + CLUSTERS_ADDED)
    return float(min(n, of_one / variance))
