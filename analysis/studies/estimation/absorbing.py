"""OLS, Poisson, logit and IV with absorbed fixed effects: pyfixest, and fereg behind its names.

pyfixest is the engine of what is published. fereg is an optional package, written in Rust: the same
numbers from far less time, which jackknives and permutations need. Private attributes read here:
`_coefnames`, `_beta_hat`, `_vcov`, `_df_t`, `_Y_hat_response`, `_r2_within` and, of fereg,
`_irls_iterations`; a test holds both libraries to them.
"""

import gc
import importlib
from dataclasses import replace
from types import ModuleType

import numpy as np
import pandas as pd
import pyfixest

from analysis.studies.estimation.equations import Equation
from analysis.studies.estimation.matrices import (
    LINEAR,
    Convention,
    Design,
    Solution,
    Solver,
    in_units_of_data,
)
from analysis.studies.estimation.two_stage import first_stage

# Of the demeaning, and of the deviance's relative change at which a Poisson or logit stops.
TOLERANCE = 1e-10
DEMEANING_ITERATIONS = 10_000
GLM_TOLERANCE = 1e-12
GLM_ITERATIONS = 200

LARGE = 1_000_000
"""The values of a matrix from which freeing it is worth the tenth of a second that it takes."""


def has_engine(name: str) -> bool:
    """Whether the library of that name is installed."""
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def absorbing_solver(engine: str) -> Solver:
    """The solver of "pyfixest" or "fereg"; ImportError where the package is absent."""
    library = importlib.import_module(engine)

    def solve(design: Design, equation: Equation, convention: Convention) -> Solution:
        solution = _solve_by_absorbing(library, design, equation, convention)
        if equation.estimator != "iv":
            return solution
        return replace(solution, first_stage=first_stage(solve, design, equation, convention))

    return solve


def _solve_by_absorbing(
    library: ModuleType, design: Design, equation: Equation, convention: Convention
) -> Solution:
    """OLS, Poisson, logit and IV with absorbed fixed effects, by pyfixest or fereg."""
    is_linear, is_pyfixest = equation.estimator in LINEAR, library is pyfixest
    terms = [f"x{j}" for j in range(len(design.names))]
    exogenous = [t for t, is_in in zip(terms, design.is_endogenous, strict=True) if not is_in]
    endogenous = [t for t, is_in in zip(terms, design.is_endogenous, strict=True) if is_in]
    effects = [f"f{j}" for j in range(design.fixed_effects.shape[1])]
    clusters = [f"c{j}" for j in range(design.clusters.shape[1])]
    instruments = [f"z{j}" for j in range(design.z.shape[1])]
    data = dict(zip(terms, design.x.T, strict=True))
    data |= dict(zip(effects, design.fixed_effects.T, strict=True))
    data |= dict(zip(clusters, design.clusters.T, strict=True))
    if endogenous:
        data |= dict(zip(instruments, design.z.T, strict=True))
    data["y"] = design.outcome

    parts = ["y ~ " + (" + ".join(exogenous) or "1")]
    if effects:
        parts.append("+".join(effects))
    if endogenous:
        parts.append(f"{' + '.join(endogenous)} ~ {' + '.join(instruments)}")
    vcov: str | dict[str, str] = "hetero"
    if equation.clusters == ("iid",):
        vcov = "iid"
    elif clusters:
        vcov = {"CRV1": "+".join(clusters)}
    options: dict[str, object] = {
        "vcov": vcov,
        "ssc": library.ssc(
            k_adj=convention.k_adj,
            k_fixef=convention.k_fixef,
            G_adj=convention.G_adj,
            G_df="min",
        ),
        "fixef_rm": "none",
        "copy_data": False,
    }
    if is_pyfixest:
        options["demeaner"] = pyfixest.LsmrDemeaner(
            backend="within",
            fixef_atol=TOLERANCE,
            fixef_btol=TOLERANCE,
            fixef_maxiter=DEMEANING_ITERATIONS,
        )
    else:
        # One thread: two wait for each other longer than they work (RR5.owners took twice the CPU).
        options |= {"fixef_tol": TOLERANCE, "nthreads": 1}
    if design.weights is not None:
        data["w"] = design.weights
        options["weights"] = "w"
    if not is_linear:
        options |= {"iwls_tol": GLM_TOLERANCE, "iwls_maxiter": GLM_ITERATIONS}
        # Rows were pruned; what still separates is found after the fit.
        options["separation_check"] = []
    if equation.estimator == "logit":
        options["family"] = "logit"
    estimate = {"poisson": library.fepois, "logit": library.feglm}.get(
        equation.estimator, library.feols
    )
    model = estimate(" | ".join(parts), pd.DataFrame(data, copy=False), **options)

    positions = {name: j for j, name in enumerate(terms)} | {"Intercept": -1}
    columns = np.array([positions[name] for name in model._coefnames], dtype=np.int64)
    names, back = in_units_of_data(design, columns)
    size = (len(columns), len(columns))
    fitted = np.asarray(model._Y_hat_response, dtype=np.float64).ravel()
    r2 = r2_within = None
    if equation.estimator == "ols":
        # An equation of fixed effects alone gets none from pyfixest.
        r2 = _r2(design, fitted)
        r2_within = (float(model._r2_within) if names else 0.0) if effects else None
    solution = Solution(
        terms=names,
        estimates=back @ np.asarray(model._beta_hat, dtype=np.float64).ravel(),
        covariance=back @ np.asarray(model._vcov, dtype=np.float64).reshape(size) @ back.T,
        fitted=fitted,
        engine=library.__name__,
        engine_version=library.__version__,
        degrees_of_freedom=float(model._df_t) if is_linear and names else np.inf,
        converged=is_linear or bool(model.convergence),
        r2=r2,
        r2_within=r2_within,
        iterations=getattr(model, "_irls_iterations", None),
        demeaner=("LSMR (within)" if is_pyfixest else "fereg") if effects else None,
        tolerance=TOLERANCE if effects else None,
    )
    if is_pyfixest and design.x.size >= LARGE:
        # Its models refer to themselves, and Python frees such objects only after it has made many
        # new ones: a few matrices of a hundred megabytes would be kept from fit to fit.
        del model
        gc.collect()
    return solution


def _r2(design: Design, fitted: np.ndarray) -> float:
    """The share of the outcome's (weighted) variation that the fitted values (n,) explain."""
    weights = np.ones(len(fitted)) if design.weights is None else design.weights
    residual = design.outcome - fitted
    spread = design.outcome - np.average(design.outcome, weights=weights)
    return float(1 - weights @ residual**2 / (weights @ spread**2))
