"""Weights: whom a regression is made to speak for.

* `inverse_probability`: rows that were observed (benchmarked: RR17; size known: DM9) stand for all.
* `fixed_composition`: periods with the same mix of cells (DM8).

Each makes a temporary table. `source` is a view's or table's name, or a query in parentheses; `key`
its columns that tell rows apart: rows are kept in their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import pandas as pd

from analysis.studies.designs.prepared import (
    Comparison,
    Names,
    PreparedDesign,
    effective_size,
    facts_of,
    standardised_differences,
)
from analysis.studies.estimation import Fit, fit
from analysis.studies.estimation.equations import Equation, EstimationError

ENTRANT = ("parent_id", "child_id")
FOCAL = ("model_id",)

FEWEST_CELLS = 3
LEAST_MATCHED = 0.5

SMALLEST_PROBABILITY = 0.01
"""No row stands for more than a hundred; smaller predictions are raised to it and counted."""


def inverse_probability(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    observed: str,
    terms: Sequence[str],
    name: str,
    *,
    factors: Sequence[str] = (),
    unit: str = "parent_id",
    key: Sequence[str] = ENTRANT,
    folds: int = 5,
    seed: int = 1,
) -> PreparedDesign:
    """Weights with which the observed rows look like all rows, as far as `terms` and `factors`
    tell.

    The weight is P(observed) / p, where p is the probability of being observed by a logit fitted on
    the other folds (Horvitz & Thompson 1952, stabilised; cross-fitted as in Chernozhukov et al.
    2018). Folds deal out the values of `unit` by a hash of seed and value, so that no family helps
    to predict itself. A level of a factor, or value of a term, that is always or never observed has
    no place in a logit, whose separated rows leave: its rows take the share of its level in the
    other folds, which is 0 or 1, or the share of all where the level is new.
    Probabilities under `SMALLEST_PROBABILITY` are raised to it.

    A `mean_weight` far from 1 says that folds differ: mostly one family fills one of them.

    Identified if nothing but `terms` and `factors` decides both who is observed and the outcome.
    For benchmarks that is doubtful, and balance shows only what was modelled.

    observed: a SQL condition, for example `benchmark_score is not null`. terms: numeric columns;
    rows with a null among them leave. Table `name`: the observed rows with observation_weight.
    Balance compares observed (group 1, weighted after) with all rows (group 0).
    """
    names = Names(name)
    everyone = names.step("everyone")
    listed = ", ".join(dict.fromkeys([*terms, *factors]))
    complete = " and ".join(f"{column} is not null" for column in [*terms, *factors]) or "true"
    connection.execute(
        f"""
        create or replace temp table {everyone} as
        select
            *,
            cast(coalesce({observed}, false) as integer) as is_observed,
            cast(md5_number_lower($seed || ' ' || {unit}) % $folds as integer) as fold
        from {source}
        where {complete}
        order by {", ".join(key)}""",
        {"seed": str(seed), "folds": folds},
    )
    frame = connection.execute(
        f"select rowid as place, fold, is_observed, {listed} from {everyone} order by rowid"
    ).df()
    probabilities, reason = _probabilities(frame, terms, factors)
    predicted = pd.DataFrame({"place": frame["place"], "probability": probabilities})
    connection.register("predicted_probabilities", predicted)
    connection.execute(
        f"""
        create or replace temp table {name} as
        with overall as (select avg(is_observed) as share from {everyone})

        select
            everyone.* exclude (place, is_observed, fold),
            predicted.probability < $smallest as is_clipped,
            overall.share
            / case when is_clipped then $smallest else predicted.probability end
                as observation_weight
        from (select *, rowid as place from {everyone}) as everyone
        inner join predicted_probabilities as predicted on everyone.place = predicted.place
        cross join overall
        where everyone.is_observed = 1 and predicted.probability is not null
        order by everyone.place""",
        {"smallest": SMALLEST_PROBABILITY},
    )
    connection.unregister("predicted_probabilities")
    facts = facts_of(
        connection,
        f"""
        select
            (select count(*) from {everyone}) as n_all,
            count(*) as n_rows,
            count(*) / nullif((select count(*) from {everyone}), 0) as share_matched,
            count(*) filter (where is_clipped) as n_clipped,
            avg(observation_weight) as mean_weight,
            max(observation_weight) as largest_weight,
            {effective_size("observation_weight")} as effective_sample_size
        from {name}""",
    )
    compared = ", ".join(terms)
    of_all = f"union all by name select 0 as side, 1 as weight, {compared} from {everyone}"
    balance = standardised_differences(
        connection,
        name,
        terms,
        Comparison(
            f"select is_observed as side, 1 as weight, {compared} from {everyone}"
            f" where is_observed = 1 {of_all}",
            "side",
        ),
        Comparison(
            f"select 1 as side, observation_weight as weight, {compared} from {name} {of_all}",
            "side",
            "weight",
        ),
    )
    names.drop(connection)
    shared = {fact: facts[fact] for fact in ("share_matched", "effective_sample_size")}
    balance = tuple(row | shared for row in balance)
    return PreparedDesign(name, {}, facts, balance, reason=reason)


def _probabilities(
    frame: pd.DataFrame, terms: Sequence[str], factors: Sequence[str]
) -> tuple[np.ndarray, str | None]:
    """Each row's probability of being observed, from the other folds; (n,), and why there is
    none."""
    nothing = np.full(len(frame), np.nan)
    if not frame["is_observed"].any():
        return nothing, f"none of {len(frame)} rows is observed"
    if frame["is_observed"].all():
        return np.ones(len(frame)), None
    equation = Equation("is_observed", tuple(terms), factors=tuple(factors), estimator="logit")
    probabilities = nothing.copy()
    for fold in sorted(frame["fold"].unique()):
        own = (frame["fold"] == fold).to_numpy()
        training = frame[~own]
        try:
            found = fit(training, equation, of_interest=())
        except EstimationError as error:
            return nothing, f"who is observed cannot be predicted: {error}"
        probabilities[own] = _predicted(found, training, frame[own], terms, factors)
    return probabilities, None


def _predicted(
    found: Fit,
    training: pd.DataFrame,
    rows: pd.DataFrame,
    terms: Sequence[str],
    factors: Sequence[str],
) -> np.ndarray:
    """The probabilities of `rows` by a logit that was fitted on `training`; (n,)."""
    estimates = dict(zip(found.terms, found.estimates, strict=True))
    index = np.full(len(rows), estimates.pop("constant", 0.0))
    for term, estimate in estimates.items():
        if term in rows.columns:
            index += estimate * rows[term].to_numpy(float)
    for factor in factors:
        labels = factor + "[" + rows[factor].astype(str) + "]"
        index += labels.map(estimates).fillna(0.0).to_numpy(float)
    probabilities = 1 / (1 + np.exp(-index))
    used = training.iloc[found.rows]
    # A term of which the rows in use have one value left is in no fit.
    levelled = [*factors, *(term for term in terms if used[term].nunique() == 1)]
    for column in levelled:
        outside = ~rows[column].isin(used[column].unique()).to_numpy()
        shares = training.groupby(column)["is_observed"].mean()
        own_shares = rows[column].map(shares).fillna(training["is_observed"].mean())
        probabilities = np.where(outside, own_shares.to_numpy(float), probabilities)
    return probabilities


def fixed_composition(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    cells: Sequence[str],
    name: str = "fixed_composition",
    *,
    period: str = "quarter",
    key: Sequence[str] = FOCAL,
) -> PreparedDesign:
    """Weights with which every period has the mix of cells that all periods have together.

    What then still moves from period to period is not a change of composition (DiNardo, Fortin &
    Lemieux 1996, with cells instead of a logit). A cell that some period lacks cannot be reweighted
    there: it leaves in all periods, and `share_matched` says what is left. Weights have mean 1 in
    each period. Fewer than `FEWEST_CELLS` cells, or `LEAST_MATCHED` of the rows, are no mix that
    could be held fixed: there is a `reason` then.

    cells: columns whose combinations are the cells. Table `name`: the rows kept, with cell_weight.
    """
    listed = ", ".join(cells)
    complete = " and ".join(f"{column} is not null" for column in [*cells, period])
    connection.execute(f"""
        create or replace temp table {name} as
        with counted as (
            select {listed}, {period}, count(*) as n
            from {source}
            where {complete}
            group by {listed}, {period}
        ),

        common as (
            select *
            from counted
            qualify
                count(*) over (partition by {listed})
                = (select count(distinct {period}) from counted)
        ),

        weighed as (
            select
                {listed},
                {period},
                (sum(n) over (partition by {listed}) / sum(n) over ())
                / (n / sum(n) over (partition by {period})) as cell_weight
            from common
        )

        select rows_of_source.*, weighed.cell_weight
        from (select * from {source}) as rows_of_source
        inner join weighed using ({listed}, {period})
        order by {", ".join(key)}""")
    facts = facts_of(
        connection,
        f"""
        select
            (select count(*) from {source}) as n_all,
            count(*) as n_rows,
            count(*) / nullif((select count(*) from {source}), 0) as share_matched,
            count(distinct {period}) as n_periods,
            (select count(*) from (select distinct {listed} from {name})) as n_cells,
            max(cell_weight) as largest_weight,
            {effective_size("cell_weight")} as effective_sample_size
        from {name}""",
    )
    reason = None
    if not facts["n_rows"]:
        reason = f"no cell of {listed} is there in every {period}"
    elif facts["n_cells"] < FEWEST_CELLS or facts["share_matched"] < LEAST_MATCHED:
        noun = "cell" if facts["n_cells"] == 1 else "cells"
        reason = (
            f"{facts['n_cells']} {noun} of {listed} with {facts['share_matched']:.0%} of the rows "
            f"in every {period}: at least {FEWEST_CELLS} with {LEAST_MATCHED:.0%} are a mix"
        )
    return PreparedDesign(name, {}, facts, reason=reason)
