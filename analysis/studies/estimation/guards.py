"""What is refused before a fit, and how few clusters many clusters can be."""

import numpy as np
import pandas as pd

from analysis.studies.estimation.equations import (
    ABSORBING,
    BASE_FIXED_EFFECTS,
    ESTIMATORS,
    Equation,
    EstimationError,
    NotIdentified,
)


def refuse_unidentified(equation: Equation, frame: pd.DataFrame | None = None) -> None:
    """Raises NotIdentified where linear lag and age stand beside fixed effects of the base.

    Within a base the day of release is the base's day plus the lag and the snapshot's day minus the
    age: once a base has an effect of its own, lag and age are one variable, whatever else is in the
    equation. Their logarithms differ by functional form only. A fixed effect is one of the base
    when its name is in `BASE_FIXED_EFFECTS` or, given `frame`, when each of its levels lies in one
    base (`parent_id`).
    """
    if not {"lag_days", "age_days"} <= set(equation.terms):
        return
    for name in (*equation.fixed_effects, *equation.factors):
        if name in BASE_FIXED_EFFECTS or _is_within(frame, name, "parent_id"):
            raise NotIdentified(
                f"'lag_days' and 'age_days' are one variable beside the fixed effects of {name!r}"
            )


def effective_clusters(sizes: np.ndarray) -> float:
    """How many clusters of equal size would be as concentrated: (sum x)^2 / sum x^2.

    `sizes` (G,) are non-negative: rows, or outcome, per cluster. 0 where nothing is there.
    """
    sizes = np.asarray(sizes, dtype=np.float64)
    if not np.isfinite(sizes).all() or (sizes < 0).any():
        raise EstimationError("sizes of clusters must be finite and not negative")
    largest = sizes.max(initial=0.0)
    if largest == 0:
        return 0.0
    shares = sizes / largest
    return float(shares.sum() ** 2 / (shares**2).sum())


def check_equation(equation: Equation) -> None:
    """The equation is one that can be asked."""
    estimator = equation.estimator
    if estimator not in ESTIMATORS:
        raise EstimationError(f"unknown estimator {estimator!r}; known: {', '.join(ESTIMATORS)}")
    if equation.fixed_effects and estimator not in ABSORBING:
        raise EstimationError(f"{estimator} absorbs no fixed effects; give dummies as factors")
    if estimator == "conditional_logit" and len(equation.fixed_effects) != 1:
        raise EstimationError("conditional_logit takes exactly one fixed effect, the family")
    named = [*equation.terms, *equation.factors, *equation.fixed_effects, *equation.instruments]
    if equation.outcome in named:
        raise EstimationError(f"outcome {equation.outcome!r} is on both sides of the equation")
    for name in named:
        if named.count(name) > 1:
            raise EstimationError(f"{name!r} is named twice in the equation")
    if estimator == "iv":
        if len(equation.endogenous) != 1 or equation.endogenous[0] not in equation.terms:
            raise EstimationError("iv takes one endogenous term, and that among the terms")
        if not equation.instruments:
            raise EstimationError("iv needs an instrument")
    elif equation.endogenous or equation.instruments:
        raise EstimationError(f"endogenous terms and instruments belong to iv, not to {estimator}")
    if (equation.event is None) == (estimator == "cox"):
        raise EstimationError("a cox regression needs an event, and nothing else takes one")
    if "iid" in equation.clusters and len(equation.clusters) > 1:
        raise EstimationError("'iid' errors have no clusters")


def _is_within(frame: pd.DataFrame | None, name: str, outer: str) -> bool:
    """Whether each level of column `name` lies in one level of column `outer`."""
    if frame is None or name not in frame or outer not in frame:
        return False
    pairs = frame[[name, outer]].dropna().drop_duplicates()
    return len(pairs) > 0 and not pairs[name].duplicated().any()
