"""The arrays that engines work on, and what they say of them.

Columns are centred and scaled to length one: engines drop a column whose residual sum of squares,
given the columns before it and the fixed effects, is below 1e-9, whatever its unit.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.estimation.pruning import as_codes, as_labels, as_numbers

CONSTANT = "constant"
LEVEL = 0.95
# Of a column of length one, what the other columns must leave: the rule of pyfixest and fereg.
COLLINEARITY = 1e-9
# A column that varies by less than this share of its largest value is constant but for rounding.
ROUNDING = 1e-14
LINEAR = ("ols", "iv")


@dataclass(frozen=True)
class Convention:
    """A small-sample correction, in the words of pyfixest: N rows, K coefficients, G clusters.

    `k_adj` multiplies by (N-1)/(N-K), or N/(N-K) without clusters, K counting fixed effects as
    `k_fixef` says; `G_adj` by G/(G-1), with the smallest G of several cluster dimensions.
    """

    k_adj: bool
    k_fixef: str = "nonnested"
    G_adj: bool = True


SMALL_SAMPLE = {
    # K counts the fixed effects that no cluster contains: pyfixest's and fixest's own choice.
    "nonnested": Convention(True),
    # K counts no fixed effects: plm "sss", Stata's xtreg.
    "none": Convention(True, "none"),
    # G/(G-1) alone: Stata's poisson and ppmlhdfe, maximum likelihood without clusters.
    "clusters_only": Convention(False),
    # Nothing.
    "cr0": Convention(False, G_adj=False),
}


@dataclass(frozen=True, eq=False)
class Design:
    """The pruned rows as arrays; columns of `x` and `z` centred and scaled to length one."""

    outcome: np.ndarray  # (n,)
    x: np.ndarray  # (n, K), column by column in memory
    names: tuple[str, ...]  # (K,)
    centre: np.ndarray  # (K,)
    scale: np.ndarray  # (K,)
    z: np.ndarray  # (n, L) instruments
    is_endogenous: np.ndarray  # (K,)
    fixed_effects: np.ndarray  # (n, F) codes
    clusters: np.ndarray  # (n, C) codes
    weights: np.ndarray | None  # (n,)
    constant_columns: tuple[str, ...]  # left out: they do not vary
    event: np.ndarray  # (n,) 1 where the time of a cox ended in the event; else 1 in all rows


@dataclass(frozen=True, eq=False)
class Solution:
    """What an engine says of a `Design`, in the units of the data."""

    terms: tuple[str, ...]  # (k,) the constant last
    estimates: np.ndarray  # (k,)
    covariance: np.ndarray  # (k, k)
    fitted: np.ndarray  # (n,) means of the outcome, NaN where the estimator has none
    engine: str
    engine_version: str
    degrees_of_freedom: float = np.inf  # residual
    converged: bool = True
    r2: float | None = None
    r2_within: float | None = None
    pseudo_r2: float | None = None
    log_likelihood: float | None = None
    iterations: int | None = None
    demeaner: str | None = None
    tolerance: float | None = None
    first_stage: dict | None = None


Solver = Callable[[Design, Equation, Convention], Solution]


def columns_of(rows: pd.DataFrame, equation: Equation) -> dict[str, np.ndarray]:
    """The terms, then the dummies of the factors, by name; (n,) each, in the units of the data."""
    columns = {name: as_numbers(rows[name]) for name in equation.terms}
    for factor in equation.factors:
        columns |= dummies_of(rows, factor)
    return columns


def design_of(rows: pd.DataFrame, equation: Equation) -> Design:
    """The arrays of the pruned rows."""
    kept: list[str] = []
    constant: list[str] = []
    units: list[tuple[float, float]] = []
    columns = columns_of(rows, equation)
    x = np.empty((len(rows), len(columns)), order="F")
    for name, column in columns.items():
        unit, centre, scale = standardised(column)
        if scale == 0:
            constant.append(name)
        else:
            x[:, len(kept)] = unit
            kept.append(name)
            units.append((centre, scale))
    size = len(rows)
    instruments = [standardised(as_numbers(rows[name]))[0] for name in equation.instruments]
    return Design(
        outcome=as_numbers(rows[equation.outcome]),
        x=x[:, : len(kept)],
        names=tuple(kept),
        centre=np.array([centre for centre, _ in units]),
        scale=np.array([scale for _, scale in units]),
        z=np.column_stack(instruments) if instruments else np.empty((size, 0)),
        is_endogenous=np.isin(np.array(kept, dtype=object), equation.endogenous),
        fixed_effects=_code_matrix(rows, equation.fixed_effects),
        clusters=_code_matrix(rows, equation.cluster_columns),
        weights=None if equation.weights is None else as_numbers(rows[equation.weights]),
        constant_columns=tuple(constant),
        event=np.ones(size) if equation.event is None else as_numbers(rows[equation.event]),
    )


def standardised(column: np.ndarray) -> tuple[np.ndarray, float, float]:
    """(column - centre) / scale of length one, centre, scale; scale 0 where it does not vary."""
    # Centred twice, and after division by the largest: huge or close values keep their variation.
    largest = max(column.max(), -column.min()) or 1.0
    unit = column / largest
    centre = unit.mean()
    unit -= centre
    unit -= unit.mean()
    length = np.sqrt(unit @ unit)
    if length <= ROUNDING * np.sqrt(len(column)):
        return np.zeros(len(column)), float(centre * largest), 0.0
    unit /= length
    return unit, float(centre * largest), float(length * largest)


def scaled_to_variance_one(design: Design) -> Design:
    """The same with columns of variance one, as optimizers like them."""
    root = np.sqrt(len(design.outcome))
    return replace(design, x=design.x * root, scale=design.scale / root)


def dummies_of(rows: pd.DataFrame, factor: str) -> dict[str, np.ndarray]:
    """A dummy (n,) for each level of a column but the most frequent (ties by name), as
    "relation[finetune]", in the order of names."""
    codes = as_codes(rows[factor])
    labels = as_labels(rows[factor].iloc[np.unique(codes, return_index=True)[1]]).tolist()
    if len(set(labels)) < len(labels):
        raise EstimationError(f"factor {factor!r} has two levels of one name")
    counts = np.bincount(codes)
    reference = min(range(len(labels)), key=lambda level: (-counts[level], labels[level]))
    return {
        f"{factor}[{label}]": (codes == level).astype(np.float64)
        for label, level in sorted(zip(labels, range(len(labels)), strict=True))
        if level != reference
    }


def _code_matrix(rows: pd.DataFrame, names: tuple[str, ...]) -> np.ndarray:
    """The levels of several columns as codes, one column each; (n, len(names))."""
    if not names:
        return np.empty((len(rows), 0), dtype=np.int64)
    return np.column_stack([as_codes(rows[name]) for name in names]).astype(np.int64)


def in_units_of_data(design: Design, columns: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Names (k,) of the design's columns (-1: the constant) in order, the constant last, and the
    matrix (k, k) that carries coefficients of the standardised columns, as they come, to them."""
    order = np.argsort(np.where(columns < 0, len(design.names), columns))
    slopes = columns[order][columns[order] >= 0]
    back = np.diag(np.append(1 / design.scale[slopes], np.ones(len(columns) - len(slopes))))
    names = tuple(design.names[j] for j in slopes)
    if len(columns) > len(slopes):
        back[-1, :-1] = -design.centre[slopes] / design.scale[slopes]
        names = (*names, CONSTANT)
    reordered = np.empty_like(back)
    reordered[:, order] = back
    return names, reordered
