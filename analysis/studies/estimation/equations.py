"""What is estimated, and the errors that estimating may end in.

An `Equation` is plain data: the engines (`analysis.studies.estimation`), the pruning of samples
(`analysis.studies.estimation.pruning`) and the jackknife (`analysis.studies.estimation.jackknife`)
all read the same one.
"""

from dataclasses import dataclass

ESTIMATORS = (
    "ols",
    "poisson",
    "logit",
    "iv",
    "fractional_logit",
    "conditional_logit",
    "negative_binomial",
    "cox",
)

# The estimators that can absorb fixed effects; the others take dummies (`factors`) only. Those of a
# Cox regression are strata, each combination with a baseline hazard of its own.
ABSORBING = ("ols", "poisson", "logit", "iv", "conditional_logit", "cox")

# Within a base, age = snapshot - release and lag = release - release of the base, so that these
# fixed effects make the two one variable; finer ones (base x month) do so all the more.
BASE_FIXED_EFFECTS = ("parent_id", "base_month", "base_week")


class EstimationError(Exception):
    """An equation that cannot be estimated on these rows; the message is one line."""


class NotIdentified(EstimationError):
    """A term that the rest of the equation determines, so that its estimate means nothing."""


class NotConverged(EstimationError):
    """An iteration that ended without a solution."""


class TooFewClusters(EstimationError):
    """Fewer than two clusters: their spread cannot be measured."""


@dataclass(frozen=True)
class Equation:
    """One regression, as data.

    `terms` are numeric columns in the order of the results, `factors` categorical controls whose
    dummies leave out the most frequent level (ties by name), `fixed_effects` absorbed columns
    (an interaction is a column of its own), `estimator` one of `ESTIMATORS`.

    `clusters` names the columns that errors may correlate within: none for
    heteroskedasticity-robust errors, ("iid",) for classical ones. `endogenous` and `instruments`
    belong to `estimator="iv"`; the endogenous one is among the `terms`. `event` belongs to
    `estimator="cox"`, whose outcome is a time: the column that is 1 where the time ended in the
    event, 0 where it was cut before.
    """

    outcome: str
    terms: tuple[str, ...]
    factors: tuple[str, ...] = ()
    fixed_effects: tuple[str, ...] = ()
    estimator: str = "ols"
    clusters: tuple[str, ...] = ()
    weights: str | None = None
    endogenous: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    event: str | None = None

    @property
    def formula(self) -> str:
        """The equation as one reads it; no spaces between fixed effects.

        >>> Equation("likes", ("log_rank",), fixed_effects=("parent_id", "month")).formula
        'likes ~ log_rank | parent_id+month'
        """
        exogenous = [term for term in self.terms if term not in self.endogenous]
        right = " + ".join([*exogenous, *self.factors]) or "1"
        left = f"({self.outcome}, {self.event})" if self.event else self.outcome
        parts = [f"{left} ~ {right}"]
        if self.fixed_effects:
            parts.append("+".join(self.fixed_effects))
        if self.endogenous:
            parts.append(f"{' + '.join(self.endogenous)} ~ {' + '.join(self.instruments)}")
        return " | ".join(parts)

    @property
    def cluster_columns(self) -> tuple[str, ...]:
        """The cluster columns, none of them for classical or heteroskedasticity-robust errors."""
        return () if self.clusters == ("iid",) else self.clusters

    @property
    def numeric_columns(self) -> tuple[str, ...]:
        """Every column that is read as a number, once."""
        single = [name for name in (self.weights, self.event) if name is not None]
        return tuple(dict.fromkeys([self.outcome, *self.terms, *self.instruments, *single]))

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Every column that is read as a label, once."""
        return tuple(dict.fromkeys([*self.factors, *self.fixed_effects, *self.cluster_columns]))
