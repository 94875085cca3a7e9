"""Estimates one specification, from its rows to tidy estimates.

    select -> count what drops out -> fit -> intervals -> tidy rows

A specification without an estimate has a `Result` with a status and a reason, never a blank:
`not_run` if the landing lacks the data, `refused` if an estimate would be meaningless, `failed` if
an iteration did not converge.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.studies.estimation import Fit, average_marginal_effects, effective_clusters, fit
from analysis.studies.estimation.equations import (
    Equation,
    EstimationError,
    NotConverged,
    NotIdentified,
)
from analysis.studies.estimation.jackknife import Jackknife, delete_group_jackknife
from analysis.studies.estimation.pruning import as_codes
from analysis.studies.records import Rows
from analysis.studies.specifications import FAMILY_COLUMN, Specification, document
from analysis.studies.variables import PLACE, StudyExports
from hub_lineage.exports import Exports

SIGNIFICANT_DIGITS = 12
"""The digits that results are rounded to, since engines do not reproduce the last ones."""

LARGEST_EFFECT = 1e4
"""Effects are reported up to ten thousand times the outcome."""


@dataclass(frozen=True)
class Result:
    """The result of one specification.

    `status`: ok, not_run, refused or failed, with the `reason` in one line (mostly "" when ok).
    `estimates`: tidy rows (see `tidy`); `tables`: rows of additional tables by name, such as
    "balance". `n_in` rows were selected, `n_used` used. `first_stage`: the strength of an iv's
    instruments (`analysis.studies.estimation.two_stage`).
    """

    specification: Specification
    status: str
    reason: str = ""
    estimates: list[dict] = field(default_factory=list)
    tables: Mapping[str, Rows] = field(default_factory=dict)
    n_in: int = 0
    n_used: int = 0
    first_stage: dict | None = None


def estimate(exports: Exports, specification: Specification, seed: int) -> Result:
    """Estimate a specification whose rows are selected by one query."""
    frame = select(exports, specification)
    return estimate_on(frame, specification, specification.equation, exports, seed)


def select(
    exports: Exports, specification: Specification, further: Sequence[str] = ()
) -> pd.DataFrame:
    """The rows of a specification in the order of its view's keys, with `further` columns.

    If a run keeps the view as a table, labels that only group rows are read as the codes of their
    texts, in the same order, and the rows' own names are not read: for 930,647 rows with eleven
    columns this takes a third of the time.
    """
    columns = dict.fromkeys([*specification.needed_columns, *further])
    coded = exports.coded.get(specification.view) if isinstance(exports, StudyExports) else None
    if coded is None:
        return exports.connection.execute(specification.sql(columns)).df()
    equation = specification.equation
    told_apart = {*equation.fixed_effects, *equation.cluster_columns, *specification.keys}
    told_apart |= {FAMILY_COLUMN[specification.view]}
    numbered = (told_apart & coded) - {*equation.factors, *further}
    unread = {*specification.keys[-1:]} - {*equation.key_columns, *further}
    selected = [
        f"enum_code({name}) as {name}" if name in numbered else name
        for name in columns
        if name not in unread
    ]
    return exports.connection.execute(specification.sql(selected, [PLACE])).df()


def estimate_on(
    frame: pd.DataFrame,
    specification: Specification,
    equation: Equation,
    exports: Exports,
    seed: int,
    sample_sql: str | None = None,
) -> Result:
    """Estimate `equation` on `frame` for a specification."""
    n_in = len(frame)
    absent = why_absent(frame, equation, specification.needs)
    if absent:
        return Result(specification, "not_run", absent, n_in=n_in)
    try:
        fitted = fit(frame, equation, of_interest=must_stay(specification))
        few = too_few_clusters(fitted)
        if few:
            return Result(specification, "refused", few, n_in=n_in)
        refuse_what_controls_determine(frame, fitted, specification, equation)
        jackknife, reason = jackknifed(frame, specification, equation, fitted, seed)
        effects = (
            average_marginal_effects(fitted, frame, equation)
            if specification.options.get("average_marginal_effects")
            and equation.estimator == "logit"
            else None
        )
        rows = [tidy(specification, fitted, term, jackknife) for term in fitted.terms]
        rows += taken_together(specification, fitted, jackknife)
    except NotIdentified as error:
        return Result(specification, "refused", str(error), n_in=n_in)
    except NotConverged as error:
        return Result(specification, "failed", str(error), n_in=n_in)
    except EstimationError as error:
        return Result(specification, "not_run", str(error), n_in=n_in)
    common = facts(frame, fitted, specification, equation, exports, seed, sample_sql)
    rows = [common | row for row in rows]
    if effects is not None:
        rows += [
            common | {"scale": "average marginal effect"} | tidy(specification, effects, term)
            for term in effects.terms
        ]
    rows = [{key: rounded(value) for key, value in row.items()} for row in rows]
    return Result(specification, "ok", reason, rows, {}, n_in, fitted.n_used, fitted.first_stage)


def why_absent(frame: pd.DataFrame, equation: Equation, needed: str | None = None) -> str:
    """Why there is nothing to estimate, with `needed` added; empty if there is something."""
    needs = f"; needed: {needed}" if needed else ""
    if not len(frame):
        return f"no row of this landing is in the sample{needs}"
    for name in equation.numeric_columns:
        if frame[name].isna().all():
            return f"{name} is unknown in all {len(frame):,} rows of the sample{needs}"
    counted = equation.event or equation.outcome
    outcome = pd.to_numeric(frame[counted]).dropna()
    if outcome.nunique() == 1 and (equation.event is None or outcome.iloc[0] == 0):
        return f"{counted} is {outcome.iloc[0]:g} in every row that has one"
    return ""


def too_few_clusters(fitted: Fit) -> str:
    """Why a fit has too few clusters for their spread; empty if it has enough."""
    fewest = document()["fewest_clusters"]
    if not fitted.n_clusters or min(fitted.n_clusters) >= fewest:
        return ""
    number = min(fitted.n_clusters)
    return f"{number} cluster{'' if number == 1 else 's'} in use, fewer than {fewest}"


def must_stay(specification: Specification) -> tuple[str, ...]:
    """The terms without which an estimate is meaningless: all of interest, except for bins."""
    return () if specification.options.get("terms_may_leave") else tuple(specification.interest)


def refuse_what_controls_determine(
    frame: pd.DataFrame, fitted: Fit, specification: Specification, equation: Equation
) -> None:
    """NotIdentified if a term of interest could have been dropped in place of a dropped control.

    Of collinear terms an engine keeps the first; if those of interest are put last, they must still
    be kept. Which terms determine each other the rows say, whatever the estimator: OLS is asked.
    """
    if not fitted.dropped_terms or not must_stay(specification):
        return
    last = tuple(term for term in equation.terms if term in specification.interest)
    first = tuple(term for term in equation.terms if term not in last)
    reordered = replace(equation, terms=(*first, *last))
    if equation.estimator != "iv":
        reordered = replace(reordered, estimator="ols", event=None, clusters=("iid",))
    fit(frame.iloc[fitted.rows], reordered, of_interest=last)


def jackknifed(
    frame: pd.DataFrame, specification: Specification, equation: Equation, fitted: Fit, seed: int
) -> tuple[Jackknife | None, str]:
    """The delete-group jackknife over families for headlines, or why there is none."""
    if not specification.jackknife:
        return None, ""
    try:
        jackknife = delete_group_jackknife(
            frame,
            equation,
            specification.clusters[0],
            seed=seed,
            of_interest=must_stay(specification),
            whole=fitted,
        )
    except EstimationError as error:
        return None, f"no jackknife: {error}"
    return jackknife, ""


def facts(
    frame: pd.DataFrame,
    fitted: Fit,
    specification: Specification,
    equation: Equation,
    exports: Exports,
    seed: int,
    sample_sql: str | None,
) -> dict:
    """The columns that all rows of a specification share: its design, its sample, its engine."""
    family = FAMILY_COLUMN[specification.view]
    read = {equation.event or equation.outcome, family, *equation.cluster_columns[:1]}
    used = frame[[name for name in frame.columns if name in read]].iloc[fitted.rows]
    # For a time, what counts is whether it ended in the event: the mean is the share of events.
    counted = equation.event or equation.outcome
    outcome = pd.to_numeric(used[counted]).to_numpy(dtype=float)
    cluster = equation.cluster_columns[0] if equation.cluster_columns else None
    sizes: np.ndarray = np.zeros(0)
    sums: np.ndarray = np.zeros(0)
    if cluster:
        codes = as_codes(used[cluster])
        sizes = np.bincount(codes).astype(float)
        sums = np.bincount(codes, weights=np.abs(outcome))
    return {
        "specification_id": specification.specification_id,
        "row": specification.row,
        "study": specification.study,
        "role": specification.role,
        "family": specification.family,
        "title": specification.title,
        "outcome": equation.outcome,
        "estimator": equation.estimator,
        "scale": "coefficient",
        "fixed_effects": "+".join(equation.fixed_effects),
        "factors": "+".join(equation.factors),
        "clusters": "+".join(equation.clusters),
        "n_in": len(frame),
        "n_null": fitted.n_null,
        "n_infinite": fitted.n_infinite,
        "n_singleton": fitted.n_singleton,
        "n_separated": fitted.n_separated,
        "n_used": fitted.n_used,
        "n_bases": int(used[family].nunique()) if family in used else None,
        "n_clusters": min(fitted.n_clusters) if fitted.n_clusters else None,
        "effective_clusters_rows": effective_clusters(sizes) if cluster else None,
        "effective_clusters_outcome": effective_clusters(sums) if cluster else None,
        "largest_cluster_share": float(sizes.max() / sizes.sum()) if cluster else None,
        "outcome_mean": float(outcome.mean()),
        "dropped_terms": "+".join(fitted.dropped_terms),
        "r2": fitted.r2,
        "r2_within": fitted.r2_within,
        "pseudo_r2": fitted.pseudo_r2,
        "log_likelihood": fitted.log_likelihood,
        "small_sample": fitted.small_sample,
        "engine": fitted.engine,
        "engine_version": fitted.engine_version,
        "demeaner": fitted.demeaner,
        "tolerance": fitted.tolerance,
        "converged": fitted.converged,
        "iterations": fitted.iterations,
        "formula": equation.formula,
        "sample_sql": sample_sql or specification.sql(),
        "snapshot_id": exports.snapshot_id,
        "landing_hash": exports.content_hash,
        "seed": seed if specification.jackknife else None,
    }


def of_interest(specification: Specification, term: str) -> dict:
    """The columns on whether a term is of interest, and its expected sign."""
    return {
        "term": term,
        "is_of_interest": term in specification.interest,
        "expected_sign": specification.interest.get(term),
    }


def tidy(
    specification: Specification,
    fitted: Fit,
    term: str,
    jackknife: Jackknife | None = None,
) -> dict:
    """One term: estimate, errors, intervals, and for counts its effect as a share.

    A control with a negative variance has only its estimate; for a term of interest this is an
    EstimationError.
    """
    row = of_interest(specification, term)
    try:
        found = fitted.row(term)
    except EstimationError:
        if row["is_of_interest"]:
            raise
        return row | {"estimate": fitted.estimates[fitted.terms.index(term)]}
    row |= {
        "estimate": found["estimate"],
        "standard_error": found["standard_error"],
        "interval_low": found["low"],
        "interval_high": found["high"],
        "p_value": found["p_value"],
    }
    if jackknife is not None and term in jackknife.terms:
        row |= jackknife_of(jackknife, term)
    change = document()["changes"].get(term)
    if change and specification.estimator in ("poisson", "negative_binomial", "cox"):
        row |= effect_of(row, change["by"], change["says"])
    return row


def effect_of(row: dict, by: float, says: str) -> dict:
    """exp(estimate x by) - 1 with its interval, the jackknife's where there is one.

    An end beyond `LARGEST_EFFECT` is None, since it says nothing.
    """
    ends = {
        "effect": row["estimate"],
        "effect_low": row.get("jackknife_low", row["interval_low"]),
        "effect_high": row.get("jackknife_high", row["interval_high"]),
    }
    largest = math.log1p(LARGEST_EFFECT)
    told = {
        name: math.expm1(value * by) if value * by <= largest else None
        for name, value in ends.items()
    }
    return {"effect_of": says} | told


def jackknife_of(jackknife: Jackknife, term: str) -> dict:
    """The jackknife's columns of a term."""
    found = jackknife.row(term)
    weights = np.array([one == term for one in jackknife.terms], dtype=float)
    return {
        "jackknife_standard_error": found["standard_error"],
        "jackknife_low": found["low"],
        "jackknife_high": found["high"],
        "jackknife_p_value": found["p_value"],
        "jackknife_groups": len(jackknife.estimates),
        "jackknife_degrees_of_freedom": jackknife.degrees_of_freedom_of(weights),
        "jackknife_worth": jackknife.worth_of(weights),
    }


def taken_together(
    specification: Specification, fitted: Fit, jackknife: Jackknife | None
) -> list[dict]:
    """The named contrasts of several terms, and the joint tests that all of the terms are zero."""
    rows = []
    for name, contrast in document()["contrasts"].items():
        terms = list(contrast["terms"])
        if not all(term in fitted.terms and term in specification.interest for term in terms):
            continue
        positions = [fitted.terms.index(term) for term in terms]
        weights = np.array([contrast["terms"][term] for term in terms])
        row = {"term": name, "is_of_interest": True, "expected_sign": -1}
        row |= linear_combination(
            weights,
            fitted.estimates[positions],
            fitted.covariance[np.ix_(positions, positions)],
            fitted.degrees_of_freedom,
        )
        if jackknife is not None and set(terms) <= set(jackknife.terms):
            there = [jackknife.terms.index(term) for term in terms]
            combined = np.zeros(len(jackknife.terms))
            combined[there] = weights
            freedom = jackknife.degrees_of_freedom_of(combined)
            found = linear_combination(
                np.ones(1),
                weights @ fitted.estimates[positions, None],
                np.array([[jackknife.variance_of(combined)]]),
                freedom,
            )
            row |= {
                "jackknife_standard_error": found["standard_error"],
                "jackknife_low": found["interval_low"],
                "jackknife_high": found["interval_high"],
                "jackknife_p_value": found["p_value"],
                "jackknife_groups": len(jackknife.estimates),
                "jackknife_degrees_of_freedom": freedom,
                "jackknife_worth": jackknife.worth_of(combined),
            }
        if specification.estimator == "poisson":
            row |= effect_of(row, 1, contrast["says"])
        covariance = fitted.covariance[np.ix_(positions, positions)]
        values = fitted.estimates[positions]
        joint = {"term": f"{name}: all zero", "is_of_interest": False, "expected_sign": None}
        statistic = float(values @ np.linalg.pinv(covariance) @ values) / len(terms)
        joint["p_value"] = float(f_tail(statistic, len(terms), fitted.degrees_of_freedom))
        rows += [row, joint]
    return rows


def f_tail(statistic: float, numerator: int, denominator: float) -> float:
    """The upper tail of F; with an infinite denominator, of chi-squared over its freedom."""
    if math.isinf(denominator):
        return stats.chi2.sf(statistic * numerator, numerator)
    return stats.f.sf(statistic, numerator, denominator)


def linear_combination(
    weights: np.ndarray, estimates: np.ndarray, covariance: np.ndarray, degrees_of_freedom: float
) -> dict:
    """weights'b with its standard error, 95 % interval and p-value.

    `weights`, `estimates` (k,), `covariance` (k, k). Raises EstimationError for a negative
    variance (two cluster dimensions can give one).
    """
    estimate = float(weights @ estimates)
    variance = float(weights @ covariance @ weights)
    if variance < 0:
        raise EstimationError("the variance of terms taken together came out negative")
    error = math.sqrt(variance)
    reach = float(stats.t.ppf(0.975, degrees_of_freedom)) * error
    return {
        "estimate": estimate,
        "standard_error": error,
        "interval_low": estimate - reach,
        "interval_high": estimate + reach,
        "p_value": float(2 * stats.t.sf(abs(estimate) / error, degrees_of_freedom))
        if error > 0
        else None,
    }


def rounded(value):
    """A float to the digits that engines reproduce; None if it is not finite."""
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value
