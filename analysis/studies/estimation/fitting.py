"""From an equation and rows to a fit: prune, solve, look for separation, check what is left."""

import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammaln, xlogy

from analysis.studies.estimation.absorbing import absorbing_solver, has_engine
from analysis.studies.estimation.conditional import solve_conditional_logit
from analysis.studies.estimation.equations import (
    Equation,
    EstimationError,
    NotConverged,
    NotIdentified,
    TooFewClusters,
)
from analysis.studies.estimation.guards import check_equation, refuse_unidentified
from analysis.studies.estimation.hazards import solve_cox
from analysis.studies.estimation.likelihoods import solve_by_statsmodels
from analysis.studies.estimation.matrices import (
    LEVEL,
    LINEAR,
    SMALL_SAMPLE,
    Convention,
    Design,
    Solution,
    Solver,
    design_of,
)
from analysis.studies.estimation.pruning import Dropped, usable_rows
from analysis.studies.estimation.separation import is_separated

SEPARATION_ROUNDS = 20
# What is left of the outcome is rounding where it is below this share: in OLS beside fixed effects,
# and in a Poisson or logit, which ends where the deviance does.
PERFECT = 1e-20
PERFECT_AT_THE_END = 1e-10

# Rows from which "auto" solves equations with one fixed effect by fereg. On 930,647 rows a Poisson
# took 2.4 CPU seconds where pyfixest took 24 (base x month).
LARGE = 50_000

# In the order in which "auto" asks them.
ABSORBED = ("ols", "poisson", "logit", "iv")
ENGINES = {
    "pyfixest": ABSORBED,
    "statsmodels": (
        "ols",
        "poisson",
        "logit",
        "fractional_logit",
        "negative_binomial",
    ),
    "fereg": ABSORBED,
    "numpy": ("cox", "conditional_logit"),
}


@dataclass(frozen=True, eq=False)
class Fit:
    """What an engine found.

    `terms` (K,) name the rows of `estimates` (K,) and `covariance` (K, K): the equation's terms,
    the dummies of its factors ("relation[finetune]"), "alpha" of the negative binomial, and the
    constant last as "constant" where there is one. `dropped_terms` were collinear.

    `degrees_of_freedom` are those of the t intervals: G - 1 of the smallest cluster dimension;
    without clusters the residual ones for OLS and IV, infinite (normal intervals) for the rest.
    Statistics that an estimator has not are None. `fitted` (n_used,) are the means of the outcome
    (NaN for a conditional logit and a cox), `rows` (n_used,) the positions in the frame of the
    rows used. `first_stage` belongs to iv, see `analysis.studies.estimation.two_stage`.
    """

    terms: tuple[str, ...]
    estimates: np.ndarray
    covariance: np.ndarray
    n_used: int
    n_null: int
    n_infinite: int
    n_singleton: int
    n_separated: int
    dropped_terms: tuple[str, ...]
    n_clusters: tuple[int, ...]
    degrees_of_freedom: float
    r2: float | None
    r2_within: float | None
    pseudo_r2: float | None
    log_likelihood: float | None
    converged: bool
    iterations: int | None
    engine: str
    engine_version: str
    demeaner: str | None
    small_sample: str
    tolerance: float | None
    first_stage: dict | None
    fitted: np.ndarray
    rows: np.ndarray

    def row(self, term: str) -> dict[str, float]:
        """Estimate, standard_error, low, high (95 %) and p_value (two-sided) of one term.

        Raises NotIdentified for a dropped term, EstimationError for an unknown one or a negative
        variance (two cluster dimensions can give one).
        """
        if term in self.dropped_terms:
            raise NotIdentified(f"term {term!r} is determined by the rest of the equation")
        if term not in self.terms:
            raise EstimationError(f"term {term!r} is not in the fit")
        position = self.terms.index(term)
        estimate, variance = self.estimates[position], self.covariance[position, position]
        if not variance >= 0:
            raise EstimationError(f"the variance of term {term!r} came out negative")
        return with_interval(estimate, np.sqrt(variance), self.degrees_of_freedom)


class EngineStopped(EstimationError):
    """An engine gave up where another may not."""


def with_interval(
    estimate: float, standard_error: float, degrees_of_freedom: float
) -> dict[str, float]:
    """Estimate, standard_error, low, high (95 %) and p_value (two-sided) by Student's t."""
    reach = stats.t.ppf((1 + LEVEL) / 2, degrees_of_freedom) * standard_error
    statistic = abs(estimate) / standard_error if standard_error > 0 else np.inf
    return {
        "estimate": float(estimate),
        "standard_error": float(standard_error),
        "low": float(estimate - reach),
        "high": float(estimate + reach),
        "p_value": float(2 * stats.t.sf(statistic, degrees_of_freedom)),
    }


def fit(
    frame: pd.DataFrame,
    equation: Equation,
    *,
    engine: str = "auto",
    small_sample: str = "default",
    of_interest: tuple[str, ...] | None = None,
    keep_singletons: bool = False,
) -> Fit:
    """Estimates `equation` on the rows of `frame`.

    `engine`: "pyfixest", "statsmodels", "fereg" (an optional package), "numpy" (a cox, a
    conditional logit), or "auto": pyfixest where it can, else statsmodels, else fereg, else numpy;
    Poisson and logit without fixed effects by statsmodels; several fixed effects, and one beside
    `LARGE` rows or more, by fereg where it is installed.
    `small_sample`: a name of `SMALL_SAMPLE`, or "default":
    "nonnested" for OLS and IV, "clusters_only" for the rest. `of_interest`: the terms that must
    survive; every term of the equation where it is not given. `keep_singletons` keeps rows alone
    in a level of a fixed effect, which move no coefficient but N and R2.

    Raises EstimationError (one line) for rows or equations that cannot be estimated: NotIdentified
    for a term of interest that the rest determines, NotConverged, TooFewClusters.
    """
    try:
        return _fit(frame, equation, engine, small_sample, of_interest, keep_singletons)
    except EngineStopped:
        # fereg divides by zero on some rows that separate; pyfixest comes through.
        if engine != "auto":
            raise
        return _fit(frame, equation, "pyfixest", small_sample, of_interest, keep_singletons)


def _fit(
    frame: pd.DataFrame,
    equation: Equation,
    engine: str,
    small_sample: str,
    of_interest: tuple[str, ...] | None,
    keep_singletons: bool,
) -> Fit:
    """`fit` by one engine."""
    check_equation(equation)
    refuse_unidentified(equation, frame)
    small_sample = _correction(equation, small_sample)
    convention = SMALL_SAMPLE[small_sample]
    solve, solve_linear = _solvers(equation, engine, len(frame))
    rows, dropped = usable_rows(frame, equation, keep_singletons=keep_singletons)
    frame = frame[[*dict.fromkeys((*equation.numeric_columns, *equation.key_columns))]]
    for _ in range(SEPARATION_ROUNDS):
        design = design_of(frame.iloc[rows], equation)
        _check_design(design, equation)
        solution = solve(design, equation, convention)
        separated = is_separated(design, solution, equation, solve_linear)
        if not separated.any():
            _check_solution(design, solution, equation)
            return _finished(design, solution, equation, dropped, rows, small_sample, of_interest)
        if separated.all():
            raise EstimationError(f"{equation.formula}: the terms separate the outcome perfectly")
        rows = rows[~separated]
        kept, more = usable_rows(frame.iloc[rows], equation, keep_singletons=keep_singletons)
        rows = rows[kept]
        dropped += Dropped(n_separated=int(separated.sum())) + more
    raise NotConverged(f"{equation.formula}: rows still separate after {SEPARATION_ROUNDS} rounds")


def _correction(equation: Equation, small_sample: str) -> str:
    """The name of the small-sample correction, "default" resolved."""
    if small_sample == "default":
        return "nonnested" if equation.estimator in LINEAR else "clusters_only"
    if small_sample not in SMALL_SAMPLE:
        known = ", ".join(SMALL_SAMPLE)
        raise EstimationError(f"unknown small-sample correction {small_sample!r}; known: {known}")
    return small_sample


def _solvers(equation: Equation, engine: str, n_rows: int) -> tuple[Solver, Solver]:
    """The function that solves `equation`, and the one for the OLS on its way.

    Of the engines that can, "auto" takes pyfixest, but for Poisson and logit without fixed effects,
    where it stops a step short of statsmodels, and where fereg takes a tenth of its time or less:
    with several fixed effects, and with many rows.
    """
    if engine == "auto":
        objections = {name: _objection(name, equation) for name in ENGINES}
        able = [name for name, objection in objections.items() if objection is None]
        if not able:
            reasons = "; ".join(dict.fromkeys(filter(None, objections.values())))
            raise EstimationError(f"{equation.formula}: {reasons}")
        preferred = able[0]
        is_linear = equation.estimator in LINEAR
        if not is_linear and not equation.fixed_effects:
            preferred = "statsmodels"
        elif len(equation.fixed_effects) > 1 or n_rows >= LARGE:
            preferred = "fereg"
        engine = preferred if preferred in able else able[0]
    if engine not in ENGINES:
        raise EstimationError(f"unknown engine {engine!r}; known: auto, {', '.join(ENGINES)}")
    objection = _objection(engine, equation)
    if objection is not None:
        raise EstimationError(objection)
    by_numpy = solve_cox if equation.estimator == "cox" else solve_conditional_logit
    others: dict[str, Solver] = {"statsmodels": solve_by_statsmodels, "numpy": by_numpy}
    # Of many rows, the OLS on the way to separated ones is asked for often.
    is_fast = n_rows >= LARGE and has_engine("fereg")
    linear = ("fereg" if is_fast else "pyfixest") if engine in others else engine
    solve_linear = absorbing_solver(linear)
    solve = others.get(engine, solve_linear)
    return partial(_guarded, engine, solve), partial(_guarded, linear, solve_linear)


def _objection(engine: str, equation: Equation) -> str | None:
    """Why this engine cannot solve `equation`, None where it can."""
    estimator, n_clusters = equation.estimator, len(equation.cluster_columns)
    if estimator not in ENGINES[engine]:
        return f"engine {engine!r} has no {estimator}"
    if engine == "fereg" and not has_engine("fereg"):
        return "engine 'fereg' is not installed"
    if engine == "pyfixest":
        if estimator == "logit" and equation.weights:
            return "engine 'pyfixest' has no logit with weights"
        if n_clusters > 2:
            return "engine 'pyfixest' clusters by at most two columns"
    if engine == "statsmodels" and equation.fixed_effects:
        return "engine 'statsmodels' absorbs no fixed effects"
    if equation.weights and estimator in ("negative_binomial", "conditional_logit", "cox"):
        return f"{estimator} takes no weights"
    return None


def _check_design(design: Design, equation: Equation) -> None:
    """There are clusters, an outcome that varies, and more rows than coefficients."""
    for name, codes in zip(equation.cluster_columns, design.clusters.T, strict=True):
        if not codes.any():
            raise TooFewClusters(f"all {len(codes)} rows are in one cluster of {name!r}")
    lowest, highest = design.outcome.min(), design.outcome.max()
    if lowest == highest:
        raise EstimationError(
            f"outcome {equation.outcome!r} is {lowest:g} in all {len(design.outcome)} rows used"
        )
    n_coefficients = len(design.names) + _n_levels(design, equation)
    if len(design.outcome) <= n_coefficients:
        raise EstimationError(f"{len(design.outcome)} rows for {n_coefficients} coefficients")


def _n_levels(design: Design, equation: Equation) -> int:
    """The least number of coefficients besides the terms: one for the constant, or for each level
    of the largest fixed effect. A conditional logit's families and a Cox's strata have none."""
    if not equation.fixed_effects:
        return 1
    if equation.estimator in ("conditional_logit", "cox"):
        return 0
    return int(design.fixed_effects.max()) + 1


def _guarded(
    engine: str, solve: Solver, design: Design, equation: Equation, convention: Convention
) -> Solution:
    """The engine's solution, its complaints turned into one line of ours."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            solution = solve(design, equation, convention)
    except (EstimationError, MemoryError):
        raise
    except Exception as error:  # Its own text stays with the cause: it speaks of x0, not of rank.
        reason = str(error)
        if "Step-halving" in reason:
            raise NotConverged(
                f"{equation.formula}: no step helps; do the terms separate the outcome perfectly?"
            ) from error
        if "ollinear" in reason:
            names = ", ".join(map(repr, design.names))
            raise NotIdentified(
                f"no term of {equation.formula} is left: the rest determines {names}"
            ) from error
        if isinstance(error, np.linalg.LinAlgError):
            raise NotIdentified(
                f"{equation.formula}: its {len(design.names)} terms cannot be told apart in the "
                f"{len(design.outcome):,} rows used"
            ) from error
        if isinstance(error, ZeroDivisionError):
            raise EngineStopped(
                f"{equation.formula}: a perfect fit, with a coefficient for each row"
            ) from error
        if "onverge" in reason:
            raise NotConverged(
                f"{equation.formula}: the iterations ended without a solution"
            ) from error
        raise EstimationError(
            f"{equation.formula}: the engine {engine} could not estimate it"
        ) from error
    return solution


def _check_solution(design: Design, solution: Solution, equation: Equation) -> None:
    """The iterations ended, numbers are numbers, and something is left to measure errors by."""
    if not solution.converged:
        raise NotConverged(f"{equation.formula}: the iterations ended without a solution")
    if not (np.isfinite(solution.estimates).all() and np.isfinite(solution.covariance).all()):
        raise EstimationError(f"{equation.formula}: estimates or variances are not finite")
    if _is_perfect(design, solution, equation):
        raise EstimationError(f"{equation.formula}: a perfect fit, nothing is left to explain")


def _is_perfect(design: Design, solution: Solution, equation: Equation) -> bool:
    """Whether each row has its own outcome for a mean; a Poisson's rows count by their variance."""
    if equation.estimator == "ols" and equation.fixed_effects:
        variance, least = np.ones(len(design.outcome)), PERFECT
    elif equation.estimator in ("poisson", "logit"):
        variance, least = solution.fitted, PERFECT_AT_THE_END
        if equation.estimator == "logit":
            variance = variance * (1 - variance)
    else:
        return False
    residual = design.outcome - solution.fitted
    spread = design.outcome - design.outcome.mean()
    average = variance.mean()
    is_there = variance > 0
    left = residual[is_there] ** 2 / variance[is_there]
    return bool(left.sum() <= least * (spread @ spread) / average)


def _finished(
    design: Design,
    solution: Solution,
    equation: Equation,
    dropped: Dropped,
    rows: np.ndarray,
    small_sample: str,
    of_interest: tuple[str, ...] | None,
) -> Fit:
    """The fit, if every term of interest is in it."""
    for term in equation.terms if of_interest is None else of_interest:
        if term in solution.terms:
            continue
        if term in design.constant_columns:
            raise NotIdentified(f"term {term!r} does not vary over the {len(rows)} rows used")
        if term in design.names:
            raise NotIdentified(f"term {term!r} is determined by the rest of {equation.formula}")
        raise EstimationError(f"term of interest {term!r} is not in {equation.formula}")
    clusters = tuple(int(codes.max()) + 1 for codes in design.clusters.T)
    log_likelihood, pseudo_r2 = solution.log_likelihood, solution.pseudo_r2
    if equation.estimator in ("poisson", "logit"):
        log_likelihood, pseudo_r2 = _likelihood(design, solution.fitted, equation.estimator)
    return Fit(
        terms=solution.terms,
        estimates=solution.estimates,
        covariance=solution.covariance,
        n_used=len(rows),
        n_null=dropped.n_null,
        n_infinite=dropped.n_infinite,
        n_singleton=dropped.n_singleton,
        n_separated=dropped.n_separated,
        dropped_terms=tuple(
            name for name in (*design.constant_columns, *design.names) if name not in solution.terms
        ),
        n_clusters=clusters,
        degrees_of_freedom=float(min(clusters) - 1) if clusters else solution.degrees_of_freedom,
        r2=solution.r2,
        r2_within=solution.r2_within,
        pseudo_r2=pseudo_r2,
        log_likelihood=log_likelihood,
        converged=solution.converged,
        iterations=solution.iterations,
        engine=solution.engine,
        engine_version=solution.engine_version,
        demeaner=solution.demeaner,
        small_sample=small_sample,
        tolerance=solution.tolerance,
        first_stage=solution.first_stage,
        fitted=solution.fitted,
        rows=rows,
    )


def _likelihood(design: Design, fitted: np.ndarray, estimator: str) -> tuple[float, float | None]:
    """Log-likelihood of a Poisson or logit, and McFadden's 1 - l / l(constant only)."""
    outcome = design.outcome
    weights = np.ones(len(outcome)) if design.weights is None else design.weights
    average = weights @ outcome / weights.sum()

    def likelihood(mean: np.ndarray) -> float:
        if estimator == "poisson":
            return float(weights @ (xlogy(outcome, mean) - mean - gammaln(outcome + 1)))
        return float(weights @ (xlogy(outcome, mean) + xlogy(1 - outcome, 1 - mean)))

    flat = np.full(len(outcome), average)
    at_fit, at_flat = likelihood(fitted), likelihood(flat)
    return at_fit, 1 - at_fit / at_flat if at_flat else None
