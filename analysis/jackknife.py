"""Intervals that survive heavy-tailed families: the delete-group jackknife.

Clustered standard errors count clusters, and a few families that hold most of the outcome count as
many as all others. So the largest clusters leave one by one, the rest in random groups, and what
the estimates do is their uncertainty.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.engines import (
    Equation,
    EstimationError,
    Fit,
    NotIdentified,
    TooFewClusters,
    fit,
    has_engine,
    with_interval,
)
from analysis.pruning import as_codes, as_labels, as_numbers

ESTIMATORS = ("ols", "poisson", "logit")
# Engines may differ by this share of a standard error.
AGREEMENT = 1e-5


@dataclass(frozen=True, eq=False)
class Jackknife:
    """What leaving out each group of clusters does to the estimates.

    `terms` (K,) are the terms of the equation (no dummies of factors, no constant) that are
    identified without any one group; `centre` (K,) their estimates on all rows, `estimates` (H, K)
    those without each group, `covariance` (K, K) what follows (see `delete_group_jackknife`),
    `degrees_of_freedom` H - 1. `groups` gives the group, 0 to H - 1, of each cluster (its index).
    """

    terms: tuple[str, ...]
    centre: np.ndarray
    estimates: np.ndarray
    covariance: np.ndarray
    degrees_of_freedom: float
    groups: pd.Series
    engine: str

    def row(self, term: str) -> dict[str, float]:
        """Estimate, standard_error, low, high (95 %) and p_value (two-sided) of one term.

        Raises NotIdentified for a term that is not among `terms`.
        """
        if term not in self.terms:
            raise NotIdentified(f"term {term!r} has no jackknife: it falls with a group, or before")
        at = self.terms.index(term)
        error = np.sqrt(self.covariance[at, at])
        return with_interval(self.centre[at], error, self.degrees_of_freedom)


def delete_group_jackknife(
    frame: pd.DataFrame,
    equation: Equation,
    cluster: str,
    n_large: int = 50,
    n_random: int = 50,
    seed: int = 0,
    *,
    engine: str = "auto",
    of_interest: tuple[str, ...] | None = None,
) -> Jackknife:
    """The jackknife over groups of clusters of an OLS, Poisson or logit `equation` on `frame`.

    Of the rows that the equation can use, the `n_large` clusters (levels of column `cluster`) with
    the largest sum of the absolute outcome are groups of their own; the others fall at random,
    drawn with `seed`, into `n_random` groups of as many clusters (one more or less). With no more
    clusters than groups each cluster is one. With b on all rows, b_h without group h, H groups:

        covariance = (H - 1) / H  sum over h of (b_h - b)(b_h - b)'

    the cluster jackknife (CV3) of MacKinnon, Nielsen & Webb (2023), its groups the clusters;
    intervals are t with H - 1 degrees of freedom.

    `engine` "auto" takes fereg where it is installed, and holds its estimates on all rows against
    pyfixest's. `of_interest` names terms that must be identified without any one group; others
    leave `terms`.

    Raises EstimationError (one line), as `fit` does and naming the group, where a fit fails or the
    engines disagree.
    """
    if equation.estimator not in ESTIMATORS:
        raise EstimationError(f"no jackknife of {equation.estimator}; of {', '.join(ESTIMATORS)}")
    if n_large < 0 or n_random < 0 or n_large + n_random < 2:
        raise EstimationError(f"{n_large} + {n_random} groups are too few for a jackknife")
    whole, engine = _on_all_rows(frame, equation, engine, of_interest)
    used = frame.iloc[whole.rows]
    groups = _groups(used, equation.outcome, cluster, n_large, n_random, seed)
    of_row = groups.to_numpy()[as_codes(used[cluster])]
    compact = _compact(used, equation)
    # The covariance of each fit is not looked at.
    plain = replace(equation, clusters=("iid",))
    n_groups = int(groups.max()) + 1
    without = []
    for group in range(n_groups):
        try:
            without.append(
                fit(compact[of_row != group], plain, engine=engine, of_interest=of_interest or ())
            )
        except EstimationError as error:
            raise type(error)(f"without group {group} of {n_groups}: {error}") from error
    terms = tuple(
        term
        for term in equation.terms
        if term in whole.terms and all(term in one.terms for one in without)
    )
    centre = _estimates(whole, terms)
    estimates = np.array([_estimates(one, terms) for one in without])
    apart = estimates - centre
    covariance = (n_groups - 1) / n_groups * apart.T @ apart
    return Jackknife(
        terms=terms,
        centre=centre,
        estimates=estimates,
        covariance=covariance,
        degrees_of_freedom=float(n_groups - 1),
        groups=groups,
        engine=engine,
    )


def _on_all_rows(
    frame: pd.DataFrame, equation: Equation, engine: str, of_interest: tuple[str, ...] | None
) -> tuple[Fit, str]:
    """The fit on all rows, and the engine for the others."""
    of_interest = of_interest or ()
    if engine != "auto":
        return fit(frame, equation, engine=engine, of_interest=of_interest), engine
    found = fit(frame, equation, of_interest=of_interest)
    if found.engine not in ("pyfixest", "fereg") or not has_engine("fereg"):
        return found, found.engine
    other = "fereg" if found.engine == "pyfixest" else "pyfixest"
    check = fit(frame, equation, engine=other, of_interest=of_interest)
    slow, fast = (check, found) if other == "pyfixest" else (found, check)
    for term in equation.terms:
        if (term in fast.terms) != (term in slow.terms):
            raise EstimationError(f"fereg and pyfixest disagree whether {term!r} is identified")
        if term in slow.terms:
            expected, found = slow.row(term), fast.row(term)
            gap = abs(found["estimate"] - expected["estimate"])
            if not gap <= AGREEMENT * expected["standard_error"]:
                raise EstimationError(f"fereg and pyfixest disagree on the estimate of {term!r}")
    return fast, "fereg"


def _groups(
    used: pd.DataFrame, outcome: str, cluster: str, n_large: int, n_random: int, seed: int
) -> pd.Series:
    """The group of each cluster, clusters in the order of their first row."""
    if cluster not in used:
        raise EstimationError(f"column {cluster!r} is not in the rows")
    codes = as_codes(used[cluster])
    if codes.min() < 0:
        raise EstimationError(
            f"cluster {cluster!r} is null in {(codes < 0).sum()} of the rows used"
        )
    first_rows = np.unique(codes, return_index=True)[1]
    labels = used[cluster].iloc[first_rows]
    n_clusters = len(labels)
    if n_clusters < 2:
        raise TooFewClusters(f"all {len(used)} rows are in one cluster of {cluster!r}")
    if n_clusters <= n_large + n_random:
        n_large = n_clusters
    names = as_labels(labels).to_numpy(dtype=object)
    sums = np.bincount(codes, weights=np.abs(as_numbers(used[outcome])))
    # By name where outcomes tie, so that the order of the rows decides nothing.
    by_size = np.lexsort((names.astype(str), -sums))
    group = np.empty(n_clusters, dtype=np.int64)
    group[by_size[:n_large]] = np.arange(n_large)
    rest = np.sort(names[by_size[n_large:]].astype(str))
    if len(rest):
        draw = np.random.default_rng(seed).permutation(len(rest)) % n_random
        rank = np.searchsorted(rest, names[by_size[n_large:]].astype(str))
        group[by_size[n_large:]] = n_large + draw[rank]
    return pd.Series(group, index=pd.Index(labels, name=cluster), name="group")


def _compact(used: pd.DataFrame, equation: Equation) -> pd.DataFrame:
    """The columns of the equation only, numbers as doubles and labels as codes: fast to cut."""
    numbers = {name: as_numbers(used[name]) for name in equation.numeric_columns}
    codes = {name: as_codes(used[name]) for name in equation.key_columns}
    return pd.DataFrame(codes | numbers)


def _estimates(one: Fit, terms: tuple[str, ...]) -> np.ndarray:
    """The estimates (len(terms),) of `terms`."""
    return one.estimates[[one.terms.index(term) for term in terms]]
