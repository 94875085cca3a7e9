"""Which rows an equation can use, and why the others fall.

Engines drop rows silently: nulls, infinities, levels of one row, families without any outcome.
Here each reason is counted, before any engine sees the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.studies.estimation.equations import Equation, EstimationError

# An all-zero level sends its fixed effect to minus infinity; with a logit so does an all-one level
# to plus infinity. A level without an event tells a Cox regression nothing, as a stratum or else.
SEPARATED_AT_ZERO = ("poisson", "logit", "conditional_logit", "cox")
SEPARATED_AT_ONE = ("logit", "conditional_logit")


@dataclass(frozen=True)
class Dropped:
    """Rows left out, by the first reason that met them."""

    n_null: int = 0
    n_infinite: int = 0
    n_singleton: int = 0
    n_separated: int = 0

    def __add__(self, other: "Dropped") -> "Dropped":
        """Both counts together."""
        return Dropped(
            self.n_null + other.n_null,
            self.n_infinite + other.n_infinite,
            self.n_singleton + other.n_singleton,
            self.n_separated + other.n_separated,
        )


def as_numbers(column: pd.Series) -> np.ndarray:
    """A numeric or boolean column as doubles, missing values as NaN; (rows,).

    Raises EstimationError for anything else: text that looks like numbers is still text.
    """
    kind = column.dtype
    is_number = pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind)
    if (
        not is_number
        or pd.api.types.is_complex_dtype(kind)
        or isinstance(kind, pd.CategoricalDtype)
    ):
        raise EstimationError(f"column {column.name!r} is {kind}, not a number")
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def as_codes(column: pd.Series) -> np.ndarray:
    """The levels of a column as 0, 1, ... by their first row, -1 where null; (rows,)."""
    try:
        return pd.factorize(column)[0]
    except TypeError as error:
        raise EstimationError(f"column {column.name!r} holds values that are no labels") from error


def as_labels(column: pd.Series) -> pd.Series:
    """The levels of a column as text, which names dummies; (rows,)."""
    return column.astype(str)


def prune(
    frame: pd.DataFrame, equation: Equation, *, keep_singletons: bool = False
) -> tuple[pd.DataFrame, Dropped]:
    """The rows that `equation` can use, in their order, and the count of the others.

    See `usable_rows` for the rules and the errors.
    """
    rows, dropped = usable_rows(frame, equation, keep_singletons=keep_singletons)
    return frame.iloc[rows], dropped


def usable_rows(
    frame: pd.DataFrame, equation: Equation, *, keep_singletons: bool = False
) -> tuple[np.ndarray, Dropped]:
    """The positions (n_used,) of the rows that `equation` can use, and the count of the others.

    First fall rows with a null, then rows with an infinity, in any column of the equation. Then,
    until nothing changes, rows alone in a level of a fixed effect (their residual is zero whatever
    the coefficients; `keep_singletons` leaves them) and rows of levels, of fixed effects and of
    factors, whose outcome is all zero (Poisson, logit) or all one (logit) or without an event
    (Cox): they say nothing about the coefficients (Correia, Guimaraes & Zylkin 2021).

    Raises EstimationError when a column is missing, there twice, of the wrong type or outside of
    the estimator's range, or when no row is left.
    """
    _check_columns(frame, equation)
    numbers = {name: as_numbers(frame[name]) for name in equation.numeric_columns}
    codes = {name: as_codes(frame[name]) for name in equation.key_columns}

    is_null = np.zeros(len(frame), dtype=bool)
    is_infinite = np.zeros(len(frame), dtype=bool)
    for values in numbers.values():
        is_null |= np.isnan(values)
        is_infinite |= np.isinf(values)
    for name, levels in codes.items():
        is_null |= levels < 0
        if pd.api.types.is_float_dtype(frame[name].dtype):
            is_infinite |= np.isinf(as_numbers(frame[name]))
    keep = ~is_null & ~is_infinite
    n_null, n_infinite = int(is_null.sum()), int((is_infinite & ~is_null).sum())
    if not keep.any():
        raise EstimationError(
            f"no row is left of {len(frame)}: {n_null} with nulls, {n_infinite} with infinities"
        )
    _check_range(numbers, keep, equation)

    outcome = numbers[equation.event or equation.outcome]
    rows, n_singleton, n_separated = informative_rows(
        np.flatnonzero(keep), outcome, codes, equation, keep_singletons
    )
    if not len(rows):
        raise EstimationError(
            f"no row is left of {len(frame)}: {n_null} with nulls, {n_infinite} with infinities, "
            f"{n_singleton} alone in a level, {n_separated} in levels without variation"
        )
    return rows, Dropped(n_null, n_infinite, n_singleton, n_separated)


def informative_rows(
    rows: np.ndarray,
    outcome: np.ndarray,
    codes: Mapping[str, np.ndarray],
    equation: Equation,
    keep_singletons: bool = False,
) -> tuple[np.ndarray, int, int]:
    """Of the positions `rows` those that say something about coefficients, and how many do not
    because they are alone in a level and because their level's outcome does not vary.

    `outcome` (of a Cox regression the event) and `codes` are of all rows. For the rules see
    `usable_rows`.
    """
    n_singleton = n_separated = 0
    changed = True
    while changed and len(rows):
        n_before = len(rows)
        if not keep_singletons:
            for name in equation.fixed_effects:
                levels = codes[name][rows]
                rows = rows[np.bincount(levels)[levels] > 1]
        n_singleton += n_before - len(rows)
        n_with_singletons_out = len(rows)
        for name in (*equation.fixed_effects, *equation.factors):
            rows = rows[~_is_separated(codes[name][rows], outcome[rows], equation.estimator)]
        n_separated += n_with_singletons_out - len(rows)
        changed = len(rows) < n_before
    return rows, n_singleton, n_separated


def _is_separated(levels: np.ndarray, outcome: np.ndarray, estimator: str) -> np.ndarray:
    """Rows (n,) of levels whose outcome is all zero or, for a logit, all one."""
    separated = np.zeros(len(levels), dtype=bool)
    if not len(levels):
        return separated
    if estimator in SEPARATED_AT_ZERO:
        separated |= (np.bincount(levels, weights=outcome > 0) == 0)[levels]
    if estimator in SEPARATED_AT_ONE:
        separated |= (np.bincount(levels, weights=outcome < 1) == 0)[levels]
    return separated


def _check_columns(frame: pd.DataFrame, equation: Equation) -> None:
    """Each column of the equation is there, once."""
    if not isinstance(frame, pd.DataFrame):
        raise EstimationError(f"rows are a {type(frame).__name__}, not a pandas DataFrame")
    columns = pd.Index(frame.columns)
    for name in dict.fromkeys([*equation.numeric_columns, *equation.key_columns]):
        n_found = int((columns == name).sum())
        if n_found == 0:
            raise EstimationError(f"column {name!r} is not in the rows")
        if n_found > 1:
            raise EstimationError(f"column {name!r} is {n_found} times in the rows")
    if not len(frame):
        raise EstimationError("there are no rows")


def _check_range(numbers: dict[str, np.ndarray], keep: np.ndarray, equation: Equation) -> None:
    """The outcome is one that the estimator is made for, and weights are positive."""
    outcome, name = numbers[equation.outcome][keep], equation.outcome
    if equation.estimator == "poisson" and (outcome < 0).any():
        raise EstimationError(
            f"outcome {name!r} is negative somewhere: not for {equation.estimator}"
        )
    if equation.estimator == "negative_binomial" and ((outcome < 0) | (outcome % 1 != 0)).any():
        raise EstimationError(
            f"outcome {name!r} holds more than counts: not for {equation.estimator}"
        )
    if equation.estimator in ("logit", "conditional_logit") and not np.isin(outcome, (0, 1)).all():
        raise EstimationError(f"outcome {name!r} holds more than 0 and 1: not for a logit")
    if equation.estimator == "fractional_logit" and ((outcome < 0) | (outcome > 1)).any():
        raise EstimationError(f"outcome {name!r} leaves 0 to 1: not for a fractional logit")
    if equation.estimator == "cox" and (outcome < 0).any():
        raise EstimationError(f"outcome {name!r} is negative somewhere: not for a time")
    if equation.event is not None and not np.isin(numbers[equation.event][keep], (0, 1)).all():
        raise EstimationError(f"event {equation.event!r} holds more than 0 and 1")
    if equation.weights is not None and (numbers[equation.weights][keep] <= 0).any():
        raise EstimationError(f"weights {equation.weights!r} are not all positive")
