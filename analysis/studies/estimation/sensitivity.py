"""How strong something unobserved would have to be to undo an estimate.

Robustness values and benchmark bounds follow Cinelli & Hazlett (2020, Journal of the Royal
Statistical Society B 82, 39-67), coefficient stability Oster (2019, Journal of Business & Economic
Statistics 37, 187-204).

All of them are statements about least squares. They read a design from which fixed effects and
factors have been partialled out (`partial_out`), which changes no coefficient (Frisch & Waugh
1933). Robustness values and bounds rest on classical standard errors, as their theory wants, with
the degrees of freedom that the absorbed effects leave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.sparse import csr_array, hstack
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import lsmr

from analysis.studies.estimation.equations import (
    Equation,
    EstimationError,
    NotConverged,
    NotIdentified,
)
from analysis.studies.estimation.pruning import as_codes, as_numbers, usable_rows

ABSORBING_TOLERANCE = 1e-12
ABSORBING_ITERATIONS = 10_000
VANISHED = 1e-16
"""Share of a column's sum of squares below which what is left of it is rounding."""

MULTIPLES = (1.0, 2.0, 3.0)

BOUND_COLUMNS = {
    "benchmark": "str",
    "multiple": "float64",
    "r2_treatment": "float64",
    "r2_outcome": "float64",
    "adjusted_estimate": "float64",
    "adjusted_standard_error": "float64",
    "adjusted_low": "float64",
    "adjusted_high": "float64",
}


@dataclass(frozen=True)
class Partialled:
    """A least squares design without its fixed effects and factors; n rows, K controls.

    `total` is the outcome's sum of squares around its mean before anything was partialled out,
    `degrees_of_freedom` those of the residuals of the long regression. `dropped` are controls that
    the fixed effects determine.
    """

    term: str
    outcome: np.ndarray  # (n,)
    treatment: np.ndarray  # (n,)
    controls: np.ndarray  # (n, K)
    names: tuple[str, ...]  # (K,)
    dropped: tuple[str, ...]
    total: float
    degrees_of_freedom: int


@dataclass(frozen=True)
class Movement:
    """How a coefficient and R2 move from the short regression to the long one (Oster 2019).

    The short regression holds the treatment and what is always held (fixed effects), the long one
    the observed controls too. `treatment_variance` is what the always-held leave of the treatment's
    variance, `treatment_residual_variance` what the controls leave of that. `outcome_variance` has
    the R2s' denominator: all of the outcome's variance if they are ordinary R2s.
    """

    short_estimate: float
    short_r2: float
    long_estimate: float
    long_r2: float
    outcome_variance: float
    treatment_variance: float
    treatment_residual_variance: float

    def __post_init__(self):
        _refuse_what_is_not_finite(**vars(self))
        if not 0 <= self.short_r2 <= self.long_r2 <= 1:
            raise EstimationError(
                f"R2 goes from {self.short_r2:.6g} to {self.long_r2:.6g}: it has to lie between 0 "
                "and 1 and cannot fall as controls are added"
            )
        if not 0 < self.treatment_residual_variance <= self.treatment_variance:
            raise EstimationError(
                "the controls leave no variance of the treatment, or more than all"
            )
        if self.outcome_variance <= 0:
            raise EstimationError("the outcome does not vary")


@dataclass(frozen=True)
class Sensitivity:
    """What `sensitivity` finds for one term.

    `standard_error` is classical. `robustness_value` is the share of the residual variance of both
    outcome and treatment that an unobserved variable would have to explain to bring the estimate to
    zero, `robustness_value_significance` to make it insignificant at `alpha`. `oster_delta`: how
    many times as strong as the controls selection on unobservables would have to be to bring it to
    zero; `oster_estimate`: the estimate if it is as strong. `bounds` as in `benchmark_bounds`.
    """

    term: str
    estimate: float
    standard_error: float
    degrees_of_freedom: int
    alpha: float
    partial_r2: float
    robustness_value: float
    robustness_value_significance: float
    short_estimate: float
    short_r2: float
    long_r2: float
    max_r2: float
    oster_delta: float
    oster_estimate: float
    oster_other_root: float
    bounds: pd.DataFrame


def partial_r2(t_statistic: float, degrees_of_freedom: float) -> float:
    """t^2 / (t^2 + dof): the share of the outcome's residual variance that a term explains."""
    _check_statistic(t_statistic, degrees_of_freedom)
    return t_statistic**2 / (t_statistic**2 + degrees_of_freedom)


def robustness_value(
    t_statistic: float, degrees_of_freedom: float, *, q: float = 1.0, alpha: float | None = None
) -> float:
    """The least partial R2 with both treatment and outcome that removes q of an estimate.

    With f = q |t| / sqrt(dof): RV = (sqrt(f^4 + 4 f^2) - f^2) / 2. With `alpha`, the least that
    makes the difference from (1 - q) times the estimate insignificant: f less
    f* = t_alpha(dof - 1) / sqrt(dof - 1) takes the place of f, and RV is 0 if that is negative.
    Where f > 1 / f*, a variable that explains less of the outcome than of the treatment does it
    first, and RV = (f^2 - f*^2) / (1 + f^2) (Cinelli & Hazlett 2020, section 4.2).
    """
    _check_statistic(t_statistic, degrees_of_freedom)
    if not 0 < q < np.inf:
        raise EstimationError(f"q = {q} is not a positive share of the estimate")
    strength = q * abs(t_statistic) / np.sqrt(degrees_of_freedom)
    if alpha is None:
        return _equal_strength(strength)
    if not 0 < alpha < 1:
        raise EstimationError(f"alpha = {alpha} does not lie between 0 and 1")
    if degrees_of_freedom <= 1:
        raise EstimationError("one degree of freedom leaves none for an unobserved variable")
    freedom = degrees_of_freedom - 1
    critical = stats.t.isf(alpha / 2, freedom) / np.sqrt(freedom)
    if strength <= critical:
        return 0.0
    if strength * critical > 1:
        return (strength**2 - critical**2) / (1 + strength**2)
    return _equal_strength(strength - critical)


def adjusted(
    estimate: float,
    standard_error: float,
    degrees_of_freedom: float,
    *,
    r2_treatment: float,
    r2_outcome: float,
) -> tuple[float, float]:
    """Estimate and standard error had a variable been controlled for that pulls it towards zero.

    `r2_treatment`: its partial R2 with the treatment, given the controls; `r2_outcome`: with the
    outcome, given treatment and controls. |bias| = se sqrt(dof) sqrt(Ry Rd / (1 - Rd)), and the
    standard error becomes se sqrt((1 - Ry) / (1 - Rd)) sqrt(dof / (dof - 1)). The estimate changes
    its sign if the bias is larger.
    """
    _check_statistic(estimate / _positive(standard_error), degrees_of_freedom)
    if degrees_of_freedom <= 1:
        raise EstimationError("one degree of freedom leaves none for an unobserved variable")
    _check_share("R2 with the treatment", r2_treatment)
    if not 0 <= r2_outcome <= 1:
        raise EstimationError(f"R2 with the outcome is {r2_outcome}: it lies between 0 and 1")
    odds = r2_treatment / (1 - r2_treatment)
    bias = standard_error * np.sqrt(degrees_of_freedom * r2_outcome * odds)
    inflation = (1 - r2_outcome) / (1 - r2_treatment)
    error = standard_error * np.sqrt(inflation * degrees_of_freedom / (degrees_of_freedom - 1))
    return float(estimate - np.copysign(bias, estimate)), float(error)


def bound(
    r2_treatment: float, r2_outcome: float, multiple: float = 1.0
) -> tuple[float, float] | None:
    """Largest partial R2s of a variable `multiple` times as strong as an observed benchmark.

    `r2_treatment` r_d and `r2_outcome` r_y: the benchmark's own partial R2s, with the treatment
    given the other controls, and with the outcome given treatment and other controls. With k the
    multiple (Cinelli & Hazlett 2020, section 4.4): Rd = k r_d / (1 - r_d), and
    Ry = ((sqrt(k) + sqrt(h)) / sqrt(1 - h))^2 r_y / (1 - r_y), at most 1, where
    h = k r_d^2 / ((1 - k r_d) (1 - r_d)).

    None where no variable can be that strong: it would explain all of the treatment.
    """
    _check_share("the benchmark's R2 with the treatment", r2_treatment)
    _check_share("the benchmark's R2 with the outcome", r2_outcome)
    if not 0 < multiple < np.inf:
        raise EstimationError(f"a benchmark cannot be taken {multiple} times")
    with_treatment = multiple * r2_treatment / (1 - r2_treatment)
    if with_treatment >= 1 or multiple * r2_treatment >= 1:
        return None
    shared = multiple * r2_treatment**2 / ((1 - multiple * r2_treatment) * (1 - r2_treatment))
    if shared >= 1:
        return None
    factor = (np.sqrt(multiple) + np.sqrt(shared)) / np.sqrt(1 - shared)
    return float(with_treatment), float(min(1.0, factor**2 * r2_outcome / (1 - r2_outcome)))


def oster_estimates(movement: Movement, max_r2: float) -> tuple[float, float]:
    """The estimate if selection on unobservables is as strong as on the controls; the other root.

    `max_r2`: the R2 if the unobserved were controlled for. With m = short - long estimate, t and x
    the variance of the treatment after and before the controls, r and u the outcome's variance that
    the controls and the unobserved explain, the bias v solves (Oster 2019, proposition 1)
    t m x v^2 + (r t + x t m^2 - u (x - t)) v - u m x = 0. It has two real roots. The first that is
    returned is the one nearer to the long regression's estimate, which is a choice: nothing in the
    data makes it. NaN for a second root that is not there (m = 0).
    """
    moved, explained, unexplained = _moved(movement, max_r2)
    before, after = movement.treatment_variance, movement.treatment_residual_variance
    square = after * moved * before
    linear = explained * after + before * after * moved**2 - unexplained * (before - after)
    constant = -unexplained * moved * before
    # The form of the roots that does not subtract nearly equal numbers.
    half = -(linear + np.copysign(np.sqrt(linear**2 - 4 * square * constant), linear)) / 2
    if half == 0:
        raise EstimationError("the controls move neither estimate nor R2: they say nothing")
    biases = [constant / half, half / square if square else np.nan]
    nearer, other = sorted(biases, key=lambda bias: (np.isnan(bias), abs(bias)))
    return float(movement.long_estimate - nearer), float(movement.long_estimate - other)


def oster_delta(movement: Movement, max_r2: float, target: float = 0.0) -> float:
    """How strong selection on unobservables, against that on controls, makes the estimate `target`.

    Oster (2019), proposition 2. Negative where it would have to go the other way, infinite where no
    strength does it.
    """
    moved, explained, unexplained = _moved(movement, max_r2)
    before, after = movement.treatment_variance, movement.treatment_residual_variance
    bias = movement.long_estimate - target
    cubic = bias**3 * after * (before - after)
    pulled = bias * explained * after + bias * before * after * moved**2
    pulled += 2 * bias**2 * after * moved * before + cubic
    pulling = unexplained * moved * before + bias * unexplained * (before - after)
    pulling += bias**2 * after * moved * before + cubic
    if pulling == 0:
        return float(np.copysign(np.inf, pulled)) if pulled else float("nan")
    return float(pulled / pulling)


def partial_out(
    frame: pd.DataFrame, equation: Equation, term: str, held: Sequence[str] = ()
) -> Partialled:
    """The rows of an OLS equation that can be used, its fixed effects and factors partialled out.

    `term`, one of the equation's, is the treatment. `held` are terms that the short regression
    holds too; they are partialled out like fixed effects. All other terms are the controls.

    Raises NotIdentified if the fixed effects determine the term, EstimationError for an equation
    that is not unweighted least squares or has no degree of freedom left.
    """
    if equation.estimator != "ols" or equation.weights:
        raise EstimationError("sensitivity is a statement about unweighted least squares")
    for name in (term, *held):
        if name not in equation.terms:
            raise EstimationError(f"term {name!r} is not in {equation.formula}")
    if term in held:
        raise EstimationError(f"term {term!r} cannot be both studied and held")
    used, _ = usable_rows(frame, equation)
    rows = frame.iloc[used]
    names = [term, *(name for name in equation.terms if name not in (term, *held))]
    names_read = (equation.outcome, *names, *held)
    columns = np.column_stack([as_numbers(rows[name]) for name in names_read])
    columns -= columns.mean(axis=0)
    before = (columns**2).sum(axis=0)
    effects = [as_codes(rows[name]) for name in (*equation.factors, *equation.fixed_effects)]
    columns = absorb(columns, effects)
    columns, always = np.split(columns, [len(names) + 1], axis=1)
    before, always_before = np.split(before, [len(names) + 1])
    always = always[:, (always**2).sum(axis=0) > VANISHED * always_before]
    columns = _residuals(columns, always)
    is_left = (columns**2).sum(axis=0) > VANISHED * before
    if not is_left[0]:
        raise EstimationError(f"nothing is left of {equation.outcome!r} in {equation.formula}")
    if not is_left[1]:
        raise NotIdentified(f"term {term!r} is determined by the rest of {equation.formula}")
    taken = absorbed_rank(effects) + _rank(always) + _rank(columns[:, 1:][:, is_left[1:]])
    if len(rows) <= taken:
        raise EstimationError(f"{len(rows)} rows leave no degree of freedom for {equation.formula}")
    return Partialled(
        term=term,
        outcome=columns[:, 0],
        treatment=columns[:, 1],
        controls=columns[:, 2:][:, is_left[2:]],
        names=tuple(np.array(names[1:], dtype=object)[is_left[2:]]),
        dropped=tuple(np.array(names[1:], dtype=object)[~is_left[2:]]),
        total=float(before[0]),
        degrees_of_freedom=len(rows) - taken,
    )


def sensitivity(
    design: Partialled,
    benchmarks: Mapping[str, Sequence[str]],
    *,
    alpha: float = 0.05,
    max_r2: float | None = None,
) -> Sensitivity:
    """Robustness values, benchmark bounds and coefficient stability of a design's term.

    `benchmarks` names groups of controls to compare the unobserved with. `max_r2` is Oster's, a
    share of the outcome's whole variance; where it is not given, min(1, 1.3 R2) with the long
    regression's R2, fixed effects included. Without controls Oster's numbers are NaN.
    """
    long = _least_squares(design.outcome, design.treatment, design.controls)
    short = _least_squares(design.outcome, design.treatment, design.controls[:, :0])
    if long.left_of_outcome <= VANISHED * design.total:
        raise EstimationError("the long regression explains everything: nothing is unobserved")
    freedom = design.degrees_of_freedom
    error = _classical_error(long, freedom)
    statistic = long.estimate / error
    n = len(design.outcome)
    movement = Movement(
        short_estimate=short.estimate,
        short_r2=max(0.0, 1 - short.left_of_outcome / design.total),
        long_estimate=long.estimate,
        long_r2=max(0.0, 1 - min(long.left_of_outcome, short.left_of_outcome) / design.total),
        outcome_variance=design.total / n,
        treatment_variance=short.left_of_treatment / n,
        treatment_residual_variance=min(long.left_of_treatment, short.left_of_treatment) / n,
    )
    largest = min(1.0, 1.3 * movement.long_r2) if max_r2 is None else max_r2
    if design.names:
        oster, other = oster_estimates(movement, largest)
        delta = oster_delta(movement, largest)
    else:
        oster = other = delta = np.nan
    return Sensitivity(
        term=design.term,
        estimate=long.estimate,
        standard_error=error,
        degrees_of_freedom=freedom,
        alpha=alpha,
        partial_r2=partial_r2(statistic, freedom),
        robustness_value=robustness_value(statistic, freedom),
        robustness_value_significance=robustness_value(statistic, freedom, alpha=alpha),
        short_estimate=short.estimate,
        short_r2=movement.short_r2,
        long_r2=movement.long_r2,
        max_r2=largest,
        oster_delta=delta,
        oster_estimate=oster,
        oster_other_root=other,
        bounds=benchmark_bounds(design, benchmarks, alpha=alpha),
    )


def benchmark_bounds(
    design: Partialled,
    benchmarks: Mapping[str, Sequence[str]],
    *,
    multiples: Sequence[float] = MULTIPLES,
    alpha: float = 0.05,
) -> pd.DataFrame:
    """The term's estimate under unobserved variables as strong as groups of observed controls.

    One row per group of `benchmarks` and multiple, in their order: benchmark, multiple,
    r2_treatment and r2_outcome (the bounds), adjusted_estimate, adjusted_standard_error,
    adjusted_low and adjusted_high (1 - alpha). All but the first two are null where no variable can
    be that strong.
    """
    long = _least_squares(design.outcome, design.treatment, design.controls)
    freedom = design.degrees_of_freedom
    error = _classical_error(long, freedom)
    reach = stats.t.isf(alpha / 2, max(freedom - 1, 1))
    rows = []
    for name, group in benchmarks.items():
        is_in_group = _members(design, name, group)
        without = _least_squares(design.outcome, design.treatment, design.controls[:, ~is_in_group])
        with_treatment = max(0.0, 1 - long.left_of_treatment / without.left_of_treatment)
        with_outcome = max(0.0, 1 - long.left_of_outcome / without.left_of_outcome)
        for multiple in multiples:
            row = {"benchmark": name, "multiple": float(multiple)}
            limits = bound(with_treatment, with_outcome, multiple)
            if limits is not None:
                estimate, adjusted_error = adjusted(
                    long.estimate, error, freedom, r2_treatment=limits[0], r2_outcome=limits[1]
                )
                row |= {
                    "r2_treatment": limits[0],
                    "r2_outcome": limits[1],
                    "adjusted_estimate": estimate,
                    "adjusted_standard_error": adjusted_error,
                    "adjusted_low": estimate - reach * adjusted_error,
                    "adjusted_high": estimate + reach * adjusted_error,
                }
            rows.append(row)
    return pd.DataFrame(rows, columns=list(BOUND_COLUMNS)).astype(BOUND_COLUMNS)


def absorb(columns: np.ndarray, effects: Sequence[np.ndarray]) -> np.ndarray:
    """The columns (n, K) less what the levels of `effects`, codes (n,) each, explain of them.

    One effect: group means. Several: LSMR on their dummies, each of length one, at 1e-12.
    """
    if not effects:
        return columns - columns.mean(axis=0)
    dummies = [_dummies(codes) for codes in effects]
    columns = columns - dummies[0] @ (dummies[0].T @ columns)
    if len(effects) == 1:
        return columns
    every = hstack(dummies, format="csr")
    left = np.empty_like(columns)
    for j, column in enumerate(columns.T):
        solution, reason, *_ = lsmr(
            every,
            column,
            atol=ABSORBING_TOLERANCE,
            btol=ABSORBING_TOLERANCE,
            conlim=0,
            maxiter=ABSORBING_ITERATIONS,
        )
        if reason == 7:
            raise NotConverged("the fixed effects could not be partialled out")
        left[:, j] = column - every @ solution
    return left


def absorbed_rank(effects: Sequence[np.ndarray]) -> int:
    """How many degrees of freedom the constant and the levels of `effects` take.

    Exact for up to two effects: the levels less the connected parts of the graph that joins them.
    Each further one is counted as its levels less one, which is never too few.
    """
    if not effects:
        return 1
    levels = [int(codes.max()) + 1 for codes in effects]
    if len(effects) == 1:
        return levels[0]
    first, second = effects[0], effects[1] + levels[0]
    size = levels[0] + levels[1]
    graph = csr_array((np.ones(len(first), dtype=np.int8), (first, second)), shape=(size, size))
    n_parts, _ = connected_components(graph, directed=False)
    return size - n_parts + sum(n - 1 for n in levels[2:])


@dataclass(frozen=True)
class _LeastSquares:
    """The treatment's coefficient, and the sums of squares that regressions leave."""

    estimate: float
    left_of_outcome: float  # by treatment and controls
    left_of_treatment: float  # by controls


def _least_squares(
    outcome: np.ndarray, treatment: np.ndarray, controls: np.ndarray
) -> _LeastSquares:
    """Outcome on treatment and controls, in the two steps of Frisch & Waugh."""
    both = _residuals(np.column_stack([outcome, treatment]), controls)
    outcome_left, treatment_left = both.T
    squares = treatment_left @ treatment_left
    if squares <= VANISHED * (treatment @ treatment):
        raise NotIdentified("the controls determine the term")
    estimate = treatment_left @ outcome_left / squares
    residuals = outcome_left - estimate * treatment_left
    return _LeastSquares(float(estimate), float(residuals @ residuals), float(squares))


def _classical_error(long: _LeastSquares, degrees_of_freedom: int) -> float:
    """The standard error of the estimate if errors are independent and of one variance."""
    return float(np.sqrt(long.left_of_outcome / degrees_of_freedom / long.left_of_treatment))


def _residuals(columns: np.ndarray, controls: np.ndarray) -> np.ndarray:
    """The columns (n, m) less their projection on the controls (n, K)."""
    if not controls.shape[1]:
        return columns
    scaled = controls / np.sqrt((controls**2).sum(axis=0))
    return columns - scaled @ np.linalg.lstsq(scaled, columns, rcond=1e-10)[0]


def _rank(columns: np.ndarray) -> int:
    """How many of the columns (n, K) say something of their own."""
    if not columns.shape[1]:
        return 0
    return int(np.linalg.matrix_rank(columns / np.sqrt((columns**2).sum(axis=0)), tol=1e-10))


def _dummies(codes: np.ndarray) -> csr_array:
    """A column of length one for each level, zero outside of its rows; (n, levels)."""
    shape = (len(codes), int(codes.max()) + 1)
    values = 1 / np.sqrt(np.bincount(codes, minlength=shape[1]))[codes]
    return csr_array((values, (np.arange(shape[0]), codes)), shape=shape)


def _members(design: Partialled, name: str, group: Sequence[str]) -> np.ndarray:
    """Which controls (K,) a group holds, apart from those that the fixed effects determine."""
    for control in group:
        if control not in (*design.names, *design.dropped):
            raise EstimationError(f"{control!r} of group {name!r} is none of the controls")
    members = np.isin(np.array(design.names, dtype=object), list(group))
    if not members.any():
        raise EstimationError(f"group {name!r} holds no control that the fixed effects leave")
    return members


def _equal_strength(strength: float) -> float:
    """The partial R2 with treatment and outcome alike that makes up this Cohen's f."""
    return float((np.sqrt(strength**4 + 4 * strength**2) - strength**2) / 2)


def _moved(movement: Movement, max_r2: float) -> tuple[float, float, float]:
    """How far the estimate moved; the outcome's variance that controls and unobserved explain."""
    if not movement.long_r2 <= max_r2 <= 1:
        raise EstimationError(
            f"the largest R2 is {max_r2:.6g}: it lies between the long regression's "
            f"{movement.long_r2:.6g} and 1"
        )
    return (
        movement.short_estimate - movement.long_estimate,
        (movement.long_r2 - movement.short_r2) * movement.outcome_variance,
        (max_r2 - movement.long_r2) * movement.outcome_variance,
    )


def _check_statistic(t_statistic: float, degrees_of_freedom: float) -> None:
    """A t statistic is finite and has a positive number of degrees of freedom."""
    _refuse_what_is_not_finite(t_statistic=t_statistic)
    if not degrees_of_freedom > 0:
        raise EstimationError(f"{degrees_of_freedom} degrees of freedom: at least one is needed")


def _positive(standard_error: float) -> float:
    if not 0 < standard_error < np.inf:
        raise EstimationError(f"a standard error of {standard_error} is none")
    return standard_error


def _check_share(what: str, share: float) -> None:
    """A partial R2 is at least 0 and less than 1."""
    if not 0 <= share < 1:
        raise EstimationError(f"{what} is {share}: it lies between 0 and less than 1")


def _refuse_what_is_not_finite(**values: float) -> None:
    for name, value in values.items():
        if not np.isfinite(value):
            raise EstimationError(f"{name} is {value}, not a number")
