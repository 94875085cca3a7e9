"""How a specification is run: as a plain regression, or by one of the designs.

Each method takes the run's context and a specification and returns one Result or more: a design has
further equations besides its first, named <id>.<equation> (`further` in specifications.yml).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.studies.bootstrapping import bootstrap
from analysis.studies.designs import (
    event_study,
    instruments,
    near_ties,
    potential,
    weights,
    window_matching,
)
from analysis.studies.designs.constructs import CONSTRUCTS
from analysis.studies.designs.prepared import PreparedDesign
from analysis.studies.estimating import Result, estimate, estimate_on, rounded, select
from analysis.studies.estimation import drifts, jackknife
from analysis.studies.estimation.equations import EstimationError
from analysis.studies.estimation.pruning import usable_rows
from analysis.studies.estimation.sensitivity import partial_out, sensitivity
from analysis.studies.estimation.splines import knots_within, natural_spline
from analysis.studies.hill_stein import comparison, contrast_rows
from analysis.studies.index_forms import index_forms
from analysis.studies.null_worlds.permuting import permute
from analysis.studies.null_worlds.rewiring import RewiringError
from analysis.studies.prominence import with_proxies
from analysis.studies.records import INDEX_NULL, Rows
from analysis.studies.specifications import FAMILY_COLUMN, Specification, sample_sql
from analysis.studies.survival import survival_rows
from hub_lineage.exports import Exports

MOST_SHUFFLED = 200_000_000
FEWEST_DRAWS = 199
"""With a million rows, 200 permutations give a p-value to half a per cent in ten CPU seconds."""


@dataclass(frozen=True)
class Context:
    """What a run depends on: the exports, the seed, and the number of draws.

    `draws` overrides the specifications' numbers of draws; None keeps them.
    """

    exports: Exports
    seed: int
    draws: int | None = None

    def draws_of(self, specification: Specification, n_rows: int = 0) -> int:
        """The number of draws of a specification, each of which shuffles `n_rows` rows.

        It is the specification's own number if all of them shuffle at most `MOST_SHUFFLED` rows,
        else fewer, but not below `FEWEST_DRAWS`. Tables show the number.
        """
        own = int(specification.options["draws"])
        at_scale = max(FEWEST_DRAWS, MOST_SHUFFLED // max(n_rows, 1))
        return self.draws or min(own, at_scale)


def regression(context: Context, specification: Specification) -> list[Result]:
    """One query, one fit; and what proxies of prominence take away, if some are named."""
    if "proxies" in specification.options:
        return [with_proxies(context.exports, specification, context.seed)]
    return [estimate(context.exports, specification, context.seed)]


def spline(context: Context, specification: Specification) -> list[Result]:
    """The regression with a natural cubic spline of a count, without knots that few rows reach."""
    options = specification.options
    column, knots = options["column"], options["knots"]
    names = [name for name in specification.needed_columns if name not in knots]
    sql = specification.sql(dict.fromkeys([*names, column]))
    frame = context.exports.connection.execute(sql).df()
    counts = frame[column].to_numpy(float, na_value=math.nan)
    within = knots_within(counts, knots, options["fewest"])
    if not within:
        reason = f"fewer than {options['fewest']} rows reach the first knot of {column}"
        return [Result(specification, "not_run", reason, n_in=len(frame))]
    frame = frame.assign(**natural_spline(counts, within))
    interest = {
        term: sign
        for term, sign in specification.interest.items()
        if term not in knots or term in within
    }
    specification = dataclasses.replace(specification, interest=interest)
    return [
        estimate_on(
            frame, specification, specification.equation, context.exports, context.seed,
            f"{sql} (with a spline of {column})",
        )
    ]  # fmt: skip


# designs that make rows of their own


def design(prepare: Callable[..., PreparedDesign]) -> Callable:
    """The method of a design that needs only the views and the specification's options."""

    def method(context: Context, specification: Specification) -> list[Result]:
        sample = f"({sample_sql(specification.sample)}) and ({specification.condition})"
        prepared = prepare(context.exports.connection, sample=sample, **dict(specification.options))
        return estimates_of(context, specification, prepared)

    return method


def estimates_of(
    context: Context, specification: Specification, prepared: PreparedDesign
) -> list[Result]:
    """The results of a design's equations: the first has the specification's id."""
    labels = list(prepared.equations)
    named = {labels[0]: specification} | {
        label: dataclasses.replace(
            specification,
            specification_id=f"{specification.specification_id}.{label}",
            title=f"{specification.title}: {further['title']}",
            interest=further["interest"],
            role=further.get("role", specification.role),
            caution=further.get("caution", specification.caution),
            further={},
        )
        for label, further in specification.further.items()
    }
    results = []
    for label, one in named.items():
        rows = rows_of(prepared, label)
        equation = prepared.equations[label]
        one = dataclasses.replace(
            one,
            outcome=equation.outcome,
            estimator=equation.estimator,
            controls=tuple(term for term in equation.terms if term not in one.interest),
            factors=equation.factors,
            fixed_effects=equation.fixed_effects,
            weights=equation.weights,
            jackknife=one.jackknife and equation.estimator in jackknife.ESTIMATORS,
            interest={t: s for t, s in one.interest.items() if t in equation.terms} or one.interest,
        )
        if prepared.reason:
            needs = f"; needed: {one.needs}" if one.needs else ""
            results.append(Result(one, "not_run", f"{prepared.reason}{needs}"))
            continue
        frame = frame_of(context, prepared, label, FAMILY_COLUMN[one.view])
        results.append(
            estimate_on(frame, one, equation, context.exports, context.seed, f"{rows} (a design)")
        )
    tables = {
        "designs": [fact(prepared.name, name, value) for name, value in prepared.facts.items()],
        "balance": [dict(row) for row in prepared.balance],
    }
    results[0] = dataclasses.replace(results[0], tables={**results[0].tables, **tables})
    return results


def rows_of(prepared: PreparedDesign, label: str) -> str:
    """The rows of one equation of a design, as FROM and WHERE of a query."""
    condition = prepared.conditions.get(label)
    return f"from {prepared.name}" + (f" where {condition}" if condition else "")


def frame_of(context: Context, prepared: PreparedDesign, label: str, *further: str) -> pd.DataFrame:
    """The rows of one equation of a design, with its columns and further ones."""
    equation = prepared.equations[label]
    columns = dict.fromkeys([*equation.numeric_columns, *equation.key_columns, *further])
    rows = rows_of(prepared, label)
    return context.exports.connection.execute(f"select {', '.join(columns)} {rows}").df()


def fact(design: str, name: str, value: object) -> dict:
    """One fact of a design as a row: a number, or words."""
    found = {"design": design, "fact": name, "value": None, "words": None}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return found | {"value": rounded(float(value))}
    return found if value is None else found | {"words": str(value)}


def with_instruments(context: Context, specification: Specification) -> list[Result]:
    """The queue of re-quantisers as an instrument: two stages, and the Anderson-Rubin set.

    A table lists what speaks against each candidate instrument.
    """
    prepared = instruments.instruments(
        context.exports.connection, sample=sample_sql(specification.sample)
    )
    # The instrumented estimate comes first; the design lists its equations in order of work.
    order = ["two_stage", *(name for name in prepared.equations if name != "two_stage")]
    prepared = dataclasses.replace(
        prepared, equations={name: prepared.equations[name] for name in order}
    )
    results = estimates_of(context, specification, prepared)
    tables = dict(results[0].tables) | {
        "instruments": [dict(row) for row in instruments.CANDIDATES]
    }
    if not prepared.reason:
        strength = results[0].first_stage or {"reason": results[0].reason}
        tables["designs"] = [
            *tables["designs"],
            *(
                fact(prepared.name, f"first_stage_{name}", value)
                for name, value in strength.items()
            ),
        ]
    results[0] = dataclasses.replace(results[0], tables=tables)
    return results


def chain_of_potential(context: Context, specification: Specification) -> list[Result]:
    """Hill and Stein's chain in units of the outcome, beside their results and constructs."""
    prepared = potential.potential(
        context.exports.connection, seed=context.seed, sample=sample_sql(specification.sample)
    )
    results = estimates_of(context, specification, prepared)
    labels = [next(iter(prepared.equations)), *specification.further]
    estimated = {
        label: result
        for label, result in zip(labels, results, strict=True)
        if result.status == "ok"
    }

    def rows(label: str) -> pd.DataFrame:
        return frame_of(context, prepared, label, "parent_id")

    drawn = (
        bootstrap(
            context.exports.connection,
            {label: (rows(label), prepared.equations[label]) for label in drawn_anew(estimated)},
            draws=context.draws_of(specification),
            seed=context.seed,
        )
        if estimated
        else {}
    )
    contrasts = [
        row
        for label, result in estimated.items()
        for frame in [rows(label)]
        for row in contrast_rows(
            result,
            frame.iloc[usable_rows(frame, prepared.equations[label])[0]],
            drawn.get(label),
        )
    ]
    facts = dict(prepared.facts)
    for label in estimated:
        strength = estimated[label].first_stage or {}
        facts |= {f"{label}_{name}": value for name, value in strength.items()}
    tables = dict(results[0].tables) | {
        "constructs": list(CONSTRUCTS),
        "contrasts": contrasts,
        "hill_stein": comparison(results, contrasts, facts),
        "designs": [fact(prepared.name, name, value) for name, value in facts.items()],
    }
    results[0] = dataclasses.replace(results[0], tables=tables)
    return results


def drawn_anew(labels: Iterable[str]) -> list[str]:
    """The equations of the chain to bootstrap: linear, on potential, without owner effects."""
    forms = ("competition", "lag", "quality", "lag_by_racing", "quality_by_racing")
    return [label for label in labels if label.removeprefix("first_") in forms]


# weights


def weighted_by_chance(context: Context, specification: Specification) -> list[Result]:
    """The regression on the observed rows, weighted to represent all rows."""
    options = specification.options
    source = f"({specification.sql(['*'])})"
    name = table_name(specification)
    prepared = weights.inverse_probability(
        context.exports.connection, source, options["observed"], options["terms"], name,
        factors=("relation",) if specification.view == "entrants" else (),
        unit=options["unit"], key=specification.keys, seed=context.seed,
    )  # fmt: skip
    return weighted(context, specification, prepared, "observation_weight")


def fixed_composition(context: Context, specification: Specification) -> list[Result]:
    """The regression on quarters reweighted to one mix of cells."""
    prepared = weights.fixed_composition(
        context.exports.connection, f"({specification.sql(['*'])})",
        specification.options["cells"], table_name(specification),
    )  # fmt: skip
    return weighted(context, specification, prepared, "cell_weight")


def weighted(
    context: Context, specification: Specification, prepared: PreparedDesign, weight: str
) -> list[Result]:
    """The results of a specification with the weights of a prepared table."""
    one = dataclasses.replace(specification, weights=weight)
    prepared = dataclasses.replace(prepared, equations={"weighted": one.equation})
    return estimates_of(context, one, prepared)


def table_name(specification: Specification) -> str:
    """The name of the table of a specification's rows."""
    return specification.specification_id.replace(".", "_").lower() + "_rows"


# chance, and unobserved causes


def permutation(context: Context, specification: Specification) -> list[Result]:
    """The estimate, and its place among those with permuted order and crowding."""
    result = estimate(context.exports, specification, context.seed)
    if result.status != "ok":
        return [result]
    frame = select(context.exports, specification, ["week"])
    try:
        found = permute(
            frame,
            specification.equation,
            tuple(specification.interest),
            n_permutations=context.draws_of(specification, result.n_used),
            seed=context.seed,
        )
    except EstimationError as error:
        return [dataclasses.replace(result, status="not_run", reason=str(error), estimates=[])]
    rows = [{k: rounded(v) for k, v in row.items()} for row in found.table.to_dict("records")]
    return [dataclasses.replace(result, tables={"permutations": rows})]


def rewiring(context: Context, specification: Specification) -> list[Result]:
    """The regression of a form of the index net of chance or of the model's kind."""
    connection, outcome = context.exports.connection, specification.outcome
    n_draws = context.draws_of(specification)
    try:
        forms = index_forms(context.exports, n_draws, context.seed)
    except RewiringError as error:
        return [Result(specification, "not_run", str(error))]
    connection.register("forms", forms[["model_id", outcome]])
    columns = [name for name in specification.needed_columns if name != outcome]
    frame = connection.execute(
        f"select prepared.*, forms.{outcome} from ({specification.sql(columns)}) as prepared "
        "left join forms on prepared.model_id = forms.model_id order by prepared.model_id"
    ).df()
    connection.unregister("forms")
    result = estimate_on(
        frame, specification, specification.equation, context.exports, context.seed,
        f"{specification.sql(columns)} (with {outcome} of index_null)",
    )  # fmt: skip
    defined = forms["mdi_excess"].dropna()
    if not len(defined):
        return [result]
    facts = {
        "n_focals": len(forms),
        "n_defined_under_chance": len(defined),
        "draws": n_draws,
        "mean_mdi": forms["mdi"].mean(),
        "mean_mdi_under_chance": forms["mdi_chance"].mean(),
        "share_disruptive": (forms["mdi"] > 0).mean(),
        "share_disruptive_under_chance": forms["is_disruptive_chance"].mean(),
        "n_with_z": forms["mdi_z"].count(),
        "share_beyond_2_deviations": (forms["mdi_z"].dropna().abs() > 2).mean(),
    }
    rows = [fact("rewiring", name, float(value)) for name, value in facts.items()]
    tables: dict[str, Rows] = {"designs": rows}
    if specification.options.get("keeps_each_focal"):
        kept = [name for name in INDEX_NULL if name in forms]
        tables["index_null"] = forms[kept].assign(snapshot_id=context.exports.snapshot_id)
    return [dataclasses.replace(result, tables=tables)]


# waiting times


def hazard(context: Context, specification: Specification) -> list[Result]:
    """A Cox regression, tests of proportional hazards, and Kaplan and Meier's curves."""
    equation, level = specification.equation, "relation"
    frame = select(context.exports, specification, [level])
    result = estimate_on(frame, specification, equation, context.exports, context.seed)
    waiting = survival_rows(
        frame, equation, level, specification.clusters[0], specification.options["days"],
    )  # fmt: skip
    waiting = [row | {"snapshot_id": context.exports.snapshot_id} for row in waiting]
    estimates = {
        row["term"]: row["estimate"] for row in result.estimates if "constant" not in row["term"]
    }
    tables = {"survival": waiting}
    if result.status == "ok":
        tables["designs"] = [
            fact("proportional hazards", f"{measure}: {drift.term}", getattr(drift, measure))
            for drift in drifts(frame, equation, estimates)
            for measure in ("correlation", "p_value")
        ]
    return [dataclasses.replace(result, tables=tables)]


def unseen_causes(context: Context, specification: Specification) -> list[Result]:
    """The estimate, with robustness values, bounds by observed controls, and Oster's stability."""
    result = estimate(context.exports, specification, context.seed)
    if result.status != "ok":
        return [result]
    frame = select(context.exports, specification)
    rows, bounds = [], []
    for term in specification.interest:
        try:
            designed = partial_out(frame, specification.equation, term)
            found = sensitivity(
                designed, {name: [name] for name in specification.options["benchmark"]}
            )
        except EstimationError as error:
            rows.append({"term": term, "reason": str(error)})
            continue
        values = dataclasses.asdict(found)
        values.pop("bounds")
        rows.append({name: rounded(value) for name, value in values.items()})
        bounds += [
            {"term": term} | {name: rounded(value) for name, value in row.items()}
            for row in found.bounds.to_dict("records")
        ]
    return [dataclasses.replace(result, tables={"sensitivity": rows, "bounds": bounds})]


METHODS: Mapping[str, Callable[[Context, Specification], list[Result]]] = {
    "regression": regression,
    "spline": spline,
    "window_matching": design(window_matching.window_matching),
    "coarsened_matching": design(window_matching.coarsened_matching),
    "near_ties": design(near_ties.near_ties),
    "crowding_panel": design(event_study.crowding_panel),
    "event_study": design(event_study.event_study),
    "potential": chain_of_potential,
    "instruments": with_instruments,
    "weighted_by_chance": weighted_by_chance,
    "fixed_composition": fixed_composition,
    "permutation": permutation,
    "rewiring": rewiring,
    "hazard": hazard,
    "sensitivity": unseen_causes,
}
