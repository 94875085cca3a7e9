"""Intervals that survive heavy-tailed families: the delete-group jackknife.

Clustered standard errors go by the number of clusters, although a few families may hold as much of
the outcome as all others. So the largest clusters are left out one by one, the rest in random
groups, and the uncertainty is the spread of the estimates without each.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.studies.estimation import (
    Equation,
    EstimationError,
    Fit,
    NotIdentified,
    TooFewClusters,
    effective_clusters,
    fit,
    has_engine,
    with_interval,
)
from analysis.studies.estimation.leaving_out import LeftOut, leave_out
from analysis.studies.estimation.matrices import standardised
from analysis.studies.estimation.ordered_rows import Columns
from analysis.studies.estimation.pruning import (
    as_codes,
    as_labels,
    as_numbers,
    informative_rows,
    usable_rows,
)

ESTIMATORS = ("ols", "poisson", "logit")
# Two ways to the same estimate may differ by this share of a standard error.
AGREEMENT = 1e-5
# Dummies are columns, and all columns are in memory: beyond these bounds groups are fitted again.
MOST_COLUMNS = 250
MOST_NUMBERS = 150_000_000


@dataclass(frozen=True, eq=False)
class Jackknife:
    """What leaving out each group of clusters does to the estimates.

    `terms` (K,) are the terms of the equation (no dummies of factors, no constant) that are
    identified without any one group; `centre` (K,) their estimates on all rows, `estimates` (H, K)
    those without each group, `covariance` (K, K) what follows (see `delete_group_jackknife`),
    `independent` (K, K) what would follow from independent rows of one variance (None but for OLS),
    `variation` (H, K, K) what each group adds to the variation of the terms with all else held
    fixed (None where the groups are not left out by cross products),
    `degrees_of_freedom` those of as many clusters as they are worth by the outcome, H - 1 at most
    (see `delete_group_jackknife`). `groups` gives the group, 0 to H - 1, of each cluster (its
    index).
    """

    terms: tuple[str, ...]
    centre: np.ndarray
    estimates: np.ndarray
    covariance: np.ndarray
    degrees_of_freedom: float
    groups: pd.Series
    engine: str
    independent: np.ndarray | None = None
    variation: np.ndarray | None = None

    def row(self, term: str) -> dict[str, float]:
        """Estimate, standard_error, low, high (95 %) and p_value (two-sided) of one term.

        Raises NotIdentified for a term that is not among `terms`.
        """
        if term not in self.terms:
            raise NotIdentified(f"term {term!r} has no jackknife: it falls with a group, or before")
        at = self.terms.index(term)
        weights = np.eye(len(self.terms))[at]
        error = np.sqrt(self.variance_of(weights))
        return with_interval(self.centre[at], error, self.degrees_of_freedom_of(weights))

    def variance_of(self, weights: np.ndarray) -> float:
        """That of the combination weights'b; `weights` (K,).

        At least that of independent rows. Where an outcome of 0 and 1 is rare and a term skewed,
        few rows tell a coefficient: if by chance they are zeros, estimate and spread come out small
        together, and the interval misses what is above it.
        """
        found = weights @ self.covariance @ weights
        if self.independent is None:
            return float(found)
        return float(max(found, weights @ self.independent @ weights))

    def degrees_of_freedom_of(self, weights: np.ndarray) -> float:
        """Those of the combination weights'b; `weights` (K,).

        Where leaving out a few groups moves it and leaving out the others does not, its spread
        rests on those few: moves m count as 3 (sum m^2)^2 / sum m^4 groups, which is all of them
        where the moves are normal. At most one less than the worth of the groups by the variation
        of the terms (`worth_of`), since the moves of few groups may be alike by chance.
        """
        freedom = self.degrees_of_freedom
        worth = self.worth_of(weights)
        if worth is not None:
            freedom = min(freedom, worth - 1)
        moves = (self.estimates - self.centre) @ weights
        largest = np.abs(moves).max(initial=0.0)
        if largest > 0:
            squares = (moves / largest) ** 2
            freedom = min(freedom, 3 * squares.sum() ** 2 / (squares**2).sum() - 1)
        return float(max(freedom, 1))

    def worth_of(self, weights: np.ndarray) -> float | None:
        """The effective number of groups behind the combination weights'b; None if it is unknown.

        With v_h, the share of group h in the variation of the terms in `weights` (K,) while all
        else is held fixed, it is (sum v)^2 / sum v^2: that of Carter, Schnepel & Steigerwald (2017)
        for independent rows of one variance.
        """
        if self.variation is None:
            return None
        return effective_clusters(np.maximum(weights @ self.variation @ weights, 0.0))


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
    whole: Fit | None = None,
) -> Jackknife:
    """The jackknife over groups of clusters of an OLS, Poisson or logit `equation` on `frame`.

    Of the rows that the equation can use, the `n_large` clusters (levels of column `cluster`) with
    the largest sum of the absolute outcome are groups of their own; the others fall at random,
    drawn with `seed`, into `n_random` groups of as many clusters (one more or less). With no more
    clusters than groups each cluster is one. With b on all rows, b_h without group h, H groups:

        covariance = (H - 1) / H  sum over h of (b_h - b)(b_h - b)'

    the cluster jackknife (CV3) of MacKinnon, Nielsen & Webb (2023), its groups the clusters. An OLS
    is never surer than independent rows of one variance would make it (`Jackknife.variance_of`).
    Intervals are Student's t. Where a few clusters hold most of the outcome, the spread rests on
    those few: of G clusters worth (sum y)^2 / sum y^2 by their outcome y, the degrees of freedom
    are that worth less one, H - 1 at most and one at least; and for a term that few groups move,
    those of the groups that do; and by the variation of the term, at most `worth_of` less one.

    The groups leave from the equation's cross products (`analysis.studies.estimation.leaving_out`),
    which is held against the engine's estimates on all rows; what that cannot solve is fitted
    again, by fereg where `engine` is "auto" and it is installed. `of_interest` names terms that
    must be identified without any one group; others leave `terms`. `whole` is the fit on all rows
    where it is there already.

    Raises EstimationError (one line), as `fit` does and naming the group, where a fit fails or two
    ways disagree.
    """
    _check(equation, n_large, n_random)
    whole = whole or fit(frame, equation, engine=engine, of_interest=of_interest or ())
    used = frame.iloc[whole.rows]
    clusters = _Clusters.of(used, cluster)
    outcome = as_numbers(used[equation.outcome])
    groups, of_row = clusters.groups(outcome, np.arange(len(used)), n_large, n_random, seed)
    terms = tuple(term for term in equation.terms if term in whole.terms)
    design = _Prepared.of(used, equation, terms, clusters.codes)
    left_out = None
    if design is not None:
        every = np.arange(len(used))
        left_out = design.leave_out(every, outcome, equation.estimator, of_row, whole.fitted)
    if left_out is None:
        without = np.full((groups.max() + 1, len(terms)), np.nan)
        is_solved = np.zeros(len(without), dtype=bool)
    else:
        without, is_solved = left_out.without, left_out.is_solved
        for term, own in zip(terms, left_out.on_all, strict=True):
            found = whole.row(term)
            if not abs(own - found["estimate"]) <= AGREEMENT * found["standard_error"]:
                raise EstimationError(
                    f"cross products and {whole.engine} disagree on the estimate of {term!r}"
                )
    is_term = np.ones(len(terms), dtype=bool)
    if not is_solved.all():
        whole, engine = _on_all_rows(frame, equation, engine, of_interest, whole)
        compact = _compact(used, equation)
        # The covariance of each fit is not looked at.
        plain = replace(equation, clusters=("iid",))
        for group in np.flatnonzero(~is_solved):
            try:
                one = fit(
                    compact[of_row != group], plain, engine=engine, of_interest=of_interest or ()
                )
            except EstimationError as error:
                raise type(error)(f"without group {group} of {len(without)}: {error}") from error
            is_there = np.array([term in one.terms for term in terms], dtype=bool)
            is_term &= is_there
            without[group, is_there] = _estimates(one, np.array(terms)[is_there])
    terms = tuple(np.array(terms, dtype=object)[is_term])
    worth = clusters.worth(outcome, np.arange(len(used)))
    independent = variation = None
    if left_out is not None:
        variation = left_out.variation[:, is_term][:, :, is_term]
    if left_out is not None and left_out.independent is not None:
        independent = left_out.independent[np.ix_(is_term, is_term)]
    elif equation.estimator == "ols":
        alone = fit(frame, replace(equation, clusters=("iid",)), engine=engine, of_interest=terms)
        places = [alone.terms.index(term) for term in terms]
        independent = alone.covariance[np.ix_(places, places)]
    return _jackknife(
        terms, _estimates(whole, terms), without[:, is_term], groups, worth, whole.engine,
        independent, variation,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class PreparedJackknife:
    """An equation's rows made ready once, for outcomes that are drawn over and over.

    Of the columns of `frame` only the outcome may change.
    """

    frame: pd.DataFrame
    equation: Equation
    cluster: str
    rows: np.ndarray
    codes: dict[str, np.ndarray]
    clusters: "_Clusters"
    design: "_Prepared | None"

    def jackknife(
        self,
        outcome: np.ndarray,
        n_large: int = 50,
        n_random: int = 50,
        seed: int = 0,
        *,
        of_interest: tuple[str, ...] | None = None,
    ) -> Jackknife:
        """`delete_group_jackknife` of the frame with this outcome (rows of the frame,).

        No engine is asked (`Jackknife.engine` is "cross products") unless a group, or the rows as
        a whole, take one. Raises EstimationError as it does.
        """
        _check(self.equation, n_large, n_random)
        outcome = np.asarray(outcome, dtype=np.float64)
        own = outcome[self.rows]
        if self.design is not None and np.isfinite(own).all() and _is_in_range(own, self.equation):
            kept = informative_rows(np.arange(len(own)), own, self.codes, self.equation)[0]
            if len(kept) and own[kept].min() < own[kept].max():
                groups, of_row = self.clusters.groups(own[kept], kept, n_large, n_random, seed)
                found = self.design.leave_out(kept, own[kept], self.equation.estimator, of_row)
                if found is not None and found.is_solved.all():
                    return _jackknife(
                        self.equation.terms, found.on_all, found.without, groups,
                        self.clusters.worth(own[kept], kept), "cross products", found.independent,
                        found.variation,
                    )  # fmt: skip
        return delete_group_jackknife(
            self.frame.assign(**{self.equation.outcome: outcome}),
            self.equation,
            self.cluster,
            n_large,
            n_random,
            seed,
            of_interest=of_interest,
        )


def prepare(frame: pd.DataFrame, equation: Equation, cluster: str) -> PreparedJackknife:
    """What the jackknife of an equation needs whatever the outcome, made once.

    Raises EstimationError as `fit` does for columns that are not there.
    """
    _check(equation, 1, 1)
    rows, _ = usable_rows(
        frame.assign(**{equation.outcome: 0.0}), replace(equation, estimator="ols")
    )
    used = frame.iloc[rows]
    clusters = _Clusters.of(used, cluster)
    codes = {name: as_codes(used[name]) for name in (*equation.fixed_effects, *equation.factors)}
    design = _Prepared.of(used, equation, equation.terms, clusters.codes)
    return PreparedJackknife(frame, equation, cluster, rows, codes, clusters, design)


def _check(equation: Equation, n_large: int, n_random: int) -> None:
    """There is a jackknife of this equation with so many groups."""
    if equation.estimator not in ESTIMATORS:
        raise EstimationError(f"no jackknife of {equation.estimator}; of {', '.join(ESTIMATORS)}")
    if n_large < 0 or n_random < 0 or n_large + n_random < 2:
        raise EstimationError(f"{n_large} + {n_random} groups are too few for a jackknife")


def _is_in_range(outcome: np.ndarray, equation: Equation) -> bool:
    """Whether the outcome is one that the estimator is made for."""
    if equation.estimator == "logit":
        return bool(np.isin(outcome, (0, 1)).all())
    return equation.estimator == "ols" or bool((outcome >= 0).all())


def _jackknife(
    terms: tuple[str, ...],
    centre: np.ndarray,
    without: np.ndarray,
    groups: pd.Series,
    worth: float,
    engine: str,
    independent: np.ndarray | None,
    variation: np.ndarray | None,
) -> Jackknife:
    """The jackknife that follows from the estimates (H, K) without each group."""
    n_groups = len(without)
    apart = without - centre
    return Jackknife(
        terms=terms,
        centre=centre,
        estimates=without,
        covariance=(n_groups - 1) / n_groups * apart.T @ apart,
        degrees_of_freedom=float(max(min(n_groups, worth) - 1, 1)),
        groups=groups,
        engine=engine,
        independent=independent,
        variation=variation,
    )


@dataclass(frozen=True, eq=False)
class _Prepared:
    """The columns of an equation as `leave_out` takes them, with the lengths of its terms."""

    columns: Columns
    scale: np.ndarray

    @classmethod
    def of(
        cls,
        used: pd.DataFrame,
        equation: Equation,
        terms: tuple[str, ...],
        cluster: np.ndarray,
    ) -> "_Prepared | None":
        """None where there would be too many columns, or a term does not vary."""
        codes = {
            name: as_codes(used[name]) for name in (*equation.fixed_effects, *equation.factors)
        }
        absorbed, dummies = _absorbed(codes, equation, cluster)
        n_columns = len(terms) + sum(int(codes[name].max()) + 1 for name in dummies)
        if n_columns > MOST_COLUMNS or n_columns * len(used) > MOST_NUMBERS:
            return None
        weights = np.ones(len(used))
        if equation.weights is not None:
            weights = as_numbers(used[equation.weights])
        standard = [standardised(as_numbers(used[name])) for name in terms]
        scale = np.array([length for _, _, length in standard])
        if not scale.all():
            return None
        heights = tuple(np.bincount(codes[name]) ** -0.5 for name in dummies)
        n_nuisance = n_columns - len(terms) + (absorbed is None)
        x = np.zeros((len(used), n_nuisance + len(terms)))
        if absorbed is None:
            x[:, 0] = len(used) ** -0.5
        place = int(absorbed is None)
        for name, height in zip(dummies, heights, strict=True):
            x[np.arange(len(used)), place + codes[name]] = height[codes[name]]
            place += len(height)
        for column, _, _ in standard:
            x[:, place] = column
            place += 1
        columns = Columns(
            x=x,
            n_nuisance=n_nuisance,
            absorbed=codes[absorbed] if absorbed else None,
            levels=tuple(codes[name] for name in dummies),
            heights=heights,
            weights=weights,
        )
        return cls(columns.within_levels(), scale)

    def leave_out(
        self,
        rows: np.ndarray,
        outcome: np.ndarray,
        estimator: str,
        group: np.ndarray,
        mean: np.ndarray | None = None,
    ) -> LeftOut | None:
        """`leave_out` of some rows (m,), in the units of the terms; all of them are not copied."""
        columns = self.columns if len(rows) == len(self.columns.x) else self.columns.at(rows)
        found = leave_out(columns, outcome, estimator, group, mean)
        return None if found is None else found.in_units_of(self.scale)


def _absorbed(
    codes: dict[str, np.ndarray], equation: Equation, cluster: np.ndarray
) -> tuple[str | None, list[str]]:
    """The fixed effect to absorb and what must be dummies: the others, but for those it makes
    redundant. Of those that can be, it is the one with most levels: of an OLS each can, of a
    Poisson those of which each level lies in one cluster."""
    able = list(equation.fixed_effects) if equation.estimator == "ols" else []
    if equation.estimator == "poisson":
        able = [name for name in equation.fixed_effects if _is_nested(codes[name], cluster)]
    absorbed = max(able, key=lambda name: codes[name].max(), default=None)
    others = [
        name
        for name in equation.fixed_effects
        if absorbed is None or not _is_nested(codes[absorbed], codes[name])
    ]
    return absorbed, [*others, *equation.factors]


def _is_nested(inner: np.ndarray, outer: np.ndarray) -> bool:
    """Whether each level (n,) of `inner` lies in one of `outer`."""
    of_level = np.empty(inner.max() + 1, dtype=np.int64)
    of_level[inner] = outer
    return bool((of_level[inner] == outer).all())


@dataclass(frozen=True, eq=False)
class _Clusters:
    """The clusters of some rows: `codes` (n,) by their first row, the label of each cluster, and
    its place among their names, which are texts, or numbers in the order of texts."""

    name: str
    codes: np.ndarray
    labels: pd.Series
    place: np.ndarray

    @classmethod
    def of(cls, used: pd.DataFrame, cluster: str) -> "_Clusters":
        if cluster not in used:
            raise EstimationError(f"column {cluster!r} is not in the rows")
        codes = as_codes(used[cluster])
        if codes.min() < 0:
            raise EstimationError(
                f"cluster {cluster!r} is null in {(codes < 0).sum()} of the rows used"
            )
        labels = used[cluster].iloc[np.unique(codes, return_index=True)[1]]
        names = labels.to_numpy()
        if not pd.api.types.is_integer_dtype(labels.dtype):
            names = as_labels(labels).to_numpy(dtype=object).astype(str)
        return cls(cluster, codes, labels, np.unique(names, return_inverse=True)[1])

    def groups(
        self, outcome: np.ndarray, rows: np.ndarray, n_large: int, n_random: int, seed: int
    ) -> tuple[pd.Series, np.ndarray]:
        """The group of each cluster among `rows`, clusters in the order of their first row, and
        that of each row."""
        codes = self.codes[rows]
        n_rows = np.bincount(codes, minlength=len(self.labels))
        present = np.flatnonzero(n_rows)
        n_clusters = len(present)
        if n_clusters < 2:
            raise TooFewClusters(f"all {len(rows)} rows are in one cluster of {self.name!r}")
        if n_clusters <= n_large + n_random:
            n_large = n_clusters
        sums = np.bincount(codes, weights=np.abs(outcome), minlength=len(self.labels))[present]
        place = self.place[present]
        # By name where outcomes tie, so that the order of the rows decides nothing.
        by_size = np.lexsort((place, -sums))
        group = np.empty(n_clusters, dtype=np.int64)
        group[by_size[:n_large]] = np.arange(n_large)
        rest = np.sort(place[by_size[n_large:]])
        if len(rest):
            draw = np.random.default_rng(seed).permutation(len(rest)) % n_random
            rank = np.searchsorted(rest, place[by_size[n_large:]])
            group[by_size[n_large:]] = n_large + draw[rank]
        of_cluster = np.full(len(self.labels), -1)
        of_cluster[present] = group
        first = np.argsort(np.unique(codes, return_index=True)[1], kind="stable")
        index = pd.Index(self.labels.iloc[present[first]], name=self.name)
        return pd.Series(group[first], index=index, name="group"), of_cluster[codes]

    def worth(self, outcome: np.ndarray, rows: np.ndarray) -> float:
        """How many equal clusters those of `rows` are worth by the absolute outcome."""
        return effective_clusters(np.bincount(self.codes[rows], weights=np.abs(outcome)))


def _on_all_rows(
    frame: pd.DataFrame,
    equation: Equation,
    engine: str,
    of_interest: tuple[str, ...] | None,
    whole: Fit,
) -> tuple[Fit, str]:
    """The fit on all rows, and the engine for those without a group."""
    if engine != "auto" or whole.engine not in ("pyfixest", "fereg") or not has_engine("fereg"):
        return whole, whole.engine
    other = "fereg" if whole.engine == "pyfixest" else "pyfixest"
    check = fit(frame, equation, engine=other, of_interest=of_interest or ())
    slow, fast = (check, whole) if other == "pyfixest" else (whole, check)
    for term in equation.terms:
        if (term in fast.terms) != (term in slow.terms):
            raise EstimationError(f"fereg and pyfixest disagree whether {term!r} is identified")
        if term in slow.terms:
            expected, found = slow.row(term), fast.row(term)
            gap = abs(found["estimate"] - expected["estimate"])
            if not gap <= AGREEMENT * expected["standard_error"]:
                raise EstimationError(f"fereg and pyfixest disagree on the estimate of {term!r}")
    return fast, "fereg"


def _compact(used: pd.DataFrame, equation: Equation) -> pd.DataFrame:
    """The columns of the equation only, numbers as doubles and labels as codes: fast to cut."""
    numbers = {name: as_numbers(used[name]) for name in equation.numeric_columns}
    codes = {name: as_codes(used[name]) for name in equation.key_columns}
    return pd.DataFrame(codes | numbers)


def _estimates(one: Fit, terms: tuple[str, ...]) -> np.ndarray:
    """The estimates (len(terms),) of `terms`."""
    return one.estimates[[one.terms.index(term) for term in terms]]
