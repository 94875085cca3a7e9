"""Potential of a base, predicted from what was known when it was released (RR24).

Hill & Stein (Race to the Bottom, QJE 140(2), 2025): projects of higher potential draw more
competition, are finished faster and are worse. Three regressions, not one, and potential must come
from before the race. What a base has gathered by now (likes, derivatives) is an outcome of the
race: that naive potential is offered beside it, in equations whose names end in `_post_treatment`.

Prediction: ridge regression of ln(1 + derivatives of other owners in the first days) on traits of
the model at its release, out of fold: owners are dealt into folds by a hash of seed and name, so
that no owner's models help to predict each other. With `only_earlier` a model is predicted from
races that were over before its quarter began, so that nothing later than itself plays a part;
without, from all races of other folds, whatever their dates.

Traits are read as the latest snapshot shows them: a card that was edited later, or an owner's
models that were deleted, are beyond what one snapshot can tell.

Sums of products are taken in SQL, one pass; Python solves systems of the size of the traits.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from analysis.designs.prepared import MAIN_SAMPLE, Names, PreparedDesign, facts_of
from analysis.equations import Equation

BASES = "potential_bases"
ROWS = "potential"

PENALTY = 10.0
"""Of the ridge: standardised traits shrink as if ten rows more had said zero."""

LEAST_TRAINING = 200
"""Fewer finished races than this predict nothing."""

TASKS = (
    "text-generation",
    "image-text-to-text",
    "text-to-image",
    "text-classification",
    "feature-extraction",
    "sentence-similarity",
    "automatic-speech-recognition",
    "text-to-speech",
)
RELATIONS = ("finetune", "adapter", "quantized", "merge", "unknown")
LICENCES = {
    "permissive": "regexp_matches(license, '^(apache-2.0|mit|bsd(-.*)?|cc-by-4.0|cc0-1.0)$')",
    "own_terms": "regexp_matches(license, '^(llama|gemma|qwen|deepseek|creativeml|big|openrail)')",
    "non_commercial": "regexp_matches(license, '(^|-)nc(-|$)')",
    "none": "license is null",
}
"""Words are fixed here rather than learned: what the data will hold later must not change a
trait."""

TRAITS = {
    "owner_releases": "ln(1 + n_owner_releases)",
    "owner_derivatives": "ln(1 + n_owner_derivatives)",
    "owner_derivatives_per_release": "ln(1 + n_owner_derivatives / (1 + n_owner_releases))",
    "size": "case when parameter_count > 0 then ln(parameter_count) else 0 end",
    "is_size_unknown": "cast(coalesce(parameter_count, 0) <= 0 as integer)",
    "is_gated": "cast(coalesce(gated, 'false') <> 'false' as integer)",
    "months": "datediff('month', timestamp '2022-03-01', created_at)",
    **{
        f"is_{task.replace('-', '_')}": f"cast(coalesce(pipeline_tag = '{task}', false) as integer)"
        for task in TASKS
    },
    "is_task_none": "cast(pipeline_tag is null as integer)",
    **{
        f"is_licence_{name}": f"cast(coalesce({sql}, false) as integer)"
        for name, sql in LICENCES.items()
    },
    **{
        f"is_{word}": f"cast(coalesce(relation = '{word}', false) as integer)" for word in RELATIONS
    },
}
"""Traits known at release, as SQL over a model and its owner's record strictly before."""

CONTROLS = ("log_size", "size_unknown")
EXPOSURE = ("log_age",)


def potential(
    connection: duckdb.DuckDBPyConnection,
    *,
    horizon_days: int = 90,
    folds: int = 5,
    seed: int = 1,
    only_earlier: bool = True,
    sample: str = MAIN_SAMPLE,
    least_training: int = LEAST_TRAINING,
) -> PreparedDesign:
    """Predicts every dated model's potential, and sets out the chain from potential to recognition.

    The outcome learned from is ln(1 + derivatives by other owners within `horizon_days` of
    release), of models whose horizon had passed by the latest snapshot. Traits: `TRAITS`; an
    owner's record are its releases, and the derivatives of its models by others, strictly before.

    `potential_bases`, one row per dated listed model: model_id, owner, created_at, quarter_at,
    fold, n_derivatives, log_derivatives, is_finished, the traits, n_training, potential (predicted;
    null with fewer than `least_training` rows to learn from), base_potential_percentile (0-100,
    among the quarter's models that were built on at all; ties share the lowest).

    Rows of `potential`: entrants of the sample whose base is predicted, with base_potential,
    base_potential_percentile, is_non_racer (a bulk owner, or the base's own: less moved by
    priority) and potential_x_non_racer. Equations, base_potential_percentile as the term of
    interest, month fixed effects, errors clustered by base: `competition` (log rivals of 30 days;
    Hill & Stein: +), `lag` (log release lag, -: here the days since the base, not time of work),
    `quality` (benchmark score, -), `recognition` (likes, Poisson); each `_by_racing` with the
    interaction, and `_post_treatment` with ln(1 + likes of the base now) instead.
    """
    names = Names(ROWS)
    traits = _traits(connection, names, horizon_days, folds, seed)
    coefficients = _coefficients(
        _sums(connection, traits), folds, only_earlier=only_earlier, least_training=least_training
    )
    connection.register("learned_coefficients", coefficients)
    predicted = " + ".join(["learned.intercept", *(f"learned.b_{t} * traits.{t}" for t in TRAITS)])
    connection.execute(f"""
        create or replace temp table {BASES} as
        with predicted as (
            select
                traits.*,
                coalesce(learned.n_training, 0) as n_training,
                -- Ten decimals: the last ones of a sum depend on the order of its rows.
                round({predicted}, 10) as potential
            from {traits} as traits
            left join learned_coefficients as learned
                on traits.fold = learned.fold and traits.quarter_at = learned.quarter_at
        ),

        percentiles as (
            select
                model_id,
                100 * percent_rank() over (partition by quarter_at order by potential)
                    as base_potential_percentile
            from predicted
            where potential is not null and model_id in (select parent_id from entrants)
        )

        select predicted.*, percentiles.base_potential_percentile
        from predicted
        left join percentiles on predicted.model_id = percentiles.model_id
        order by predicted.model_id""")
    connection.unregister("learned_coefficients")
    names.drop(connection)
    connection.execute(f"""
        create or replace temp table {ROWS} as
        select
            entrants.*,
            bases.potential as base_potential,
            bases.base_potential_percentile,
            cast(entrants.is_bulk_owner or entrants.is_same_owner as integer) as is_non_racer,
            is_non_racer * bases.base_potential_percentile as potential_x_non_racer
        from (select * from entrants where {sample}) as entrants
        inner join {BASES} as bases on entrants.parent_id = bases.model_id
        where bases.base_potential_percentile is not null
        order by entrants.parent_id, entrants.child_id""")
    facts = facts_of(
        connection,
        f"""
        with bases as (
            select
                count(*) as n_models,
                count(*) filter (where is_finished) as n_finished,
                count(potential) as n_predicted,
                count(base_potential_percentile) as n_bases_predicted,
                corr(potential, log_derivatives) filter (where is_finished)
                    as out_of_fold_correlation
            from {BASES}
        ),

        entered as (
            select
                count(*) as n_rows,
                count(distinct parent_id) as n_bases,
                avg(is_non_racer) as share_non_racers
            from {ROWS}
        )

        select
            *,
            n_rows / nullif((select count(*) from entrants where {sample}), 0) as share_of_sample
        from bases
        cross join entered""",
    )
    reason = None
    if not facts["n_predicted"]:
        reason = (
            f"no quarter has {least_training} models of other folds whose {horizon_days} days were"
            f" over {'before it' if only_earlier else 'by the snapshot'}"
        )
    elif not facts["n_rows"]:
        reason = "no entrant of the sample has a base whose potential is predicted"
    return PreparedDesign(ROWS, _chain(), facts, controls=(*CONTROLS, *EXPOSURE), reason=reason)


def _chain() -> dict[str, Equation]:
    """The chain's regressions by name."""
    links = {
        "competition": ("log_crowd_30", "ols", ()),
        "lag": ("log_lag", "ols", ()),
        "quality": ("benchmark_score", "ols", ()),
        "recognition": ("likes", "poisson", EXPOSURE),
    }
    forms = {
        "": ("base_potential_percentile",),
        "_by_racing": ("base_potential_percentile", "is_non_racer", "potential_x_non_racer"),
        "_post_treatment": ("log_base_likes_now",),
    }
    return {
        f"{link}{form}": Equation(
            outcome,
            (*terms, *CONTROLS, *controls),
            factors=("relation",),
            fixed_effects=("month",),
            estimator=estimator,
            clusters=("parent_id",),
        )
        for link, (outcome, estimator, controls) in links.items()
        for form, terms in forms.items()
    }


def _traits(
    connection: duckdb.DuckDBPyConnection, names: Names, horizon_days: int, folds: int, seed: int
) -> str:
    """Each dated model with its traits, fold and derivatives; the table's name."""
    traits = names.step("traits")
    listed = ",\n".join(f"cast({sql} as double) as {name}" for name, sql in TRAITS.items())
    connection.execute(
        f"""
        create or replace temp table {traits} as
        with models as (
            select *, lower(coalesce(owner, model_id)) as owner_or_self
            from hub_models
            where created_at is not null and not is_created_at_floor
        ),

        derivatives as (
            select
                edges.parent_id,
                models.owner_or_self,
                models.created_at as parent_created_at,
                edges.child_created_at
            from lineage_edges as edges
            inner join models on edges.parent_id = models.model_id
            where not edges.is_same_owner and edges.child_created_at is not null
        ),

        counted as (
            select parent_id as model_id, count(*) as n_derivatives
            from derivatives
            where
                child_created_at > parent_created_at
                and child_created_at <= parent_created_at + to_days($horizon)
            group by parent_id
        ),

        happenings as (
            select owner_or_self, model_id, epoch_us(created_at) as happened_us, 1 as is_release
            from models
            union all
            select owner_or_self, null, epoch_us(child_created_at), 0 from derivatives
        ),

        records as (
            select
                model_id,
                sum(is_release) over earlier as n_owner_releases,
                sum(1 - is_release) over earlier as n_owner_derivatives
            from happenings
            window earlier as (
                partition by owner_or_self
                order by happened_us
                range between unbounded preceding and 1 preceding
            )
            qualify is_release = 1
        ),

        known as (
            select
                models.*,
                coalesce(records.n_owner_releases, 0) as n_owner_releases,
                coalesce(records.n_owner_derivatives, 0) as n_owner_derivatives,
                coalesce(counted.n_derivatives, 0) as n_derivatives,
                models.created_at + to_days($horizon) as finished_at
            from models
            inner join records on models.model_id = records.model_id
            left join counted on models.model_id = counted.model_id
        )

        select
            model_id,
            owner_or_self as owner,
            created_at,
            date_trunc('quarter', created_at) as quarter_at,
            -- The first quarter whose models may learn from this one.
            case
                when date_trunc('quarter', finished_at) = finished_at then finished_at
                else date_trunc('quarter', finished_at) + interval 3 months
            end as learned_at,
            finished_at <= (select max(snapshot_at) from model_metrics) as is_finished,
            cast(md5_number_lower($seed || ' ' || owner_or_self) % $folds as integer) as fold,
            n_derivatives,
            ln(1 + n_derivatives) as log_derivatives,
            {listed}
        from known""",
        {"horizon": horizon_days, "seed": str(seed), "folds": folds},
    )
    return traits


def _sums(connection: duckdb.DuckDBPyConnection, traits: str) -> pd.DataFrame:
    """Sums of products of (1, traits, outcome) per fold and quarter, and every quarter to predict.

    Columns: fold (null where there is nothing to learn), at (the quarter from which on the row may
    be learned from, or the quarter to predict), then `p_<i>_<j>` for i <= j.
    """
    columns = ["1", *TRAITS, "log_derivatives"]
    products = ",\n".join(
        f"sum({columns[i]} * {columns[j]}) as p_{i}_{j}"
        for i in range(len(columns))
        for j in range(i, len(columns))
    )
    return connection.execute(f"""
        select fold, learned_at as quarter_at, true as is_learned, {products}
        from {traits} where is_finished group by all
        union all by name
        select distinct quarter_at, false as is_learned from {traits}
        order by quarter_at, is_learned desc, fold""").df()


def _coefficients(
    sums: pd.DataFrame, folds: int, *, only_earlier: bool, least_training: int
) -> pd.DataFrame:
    """Ridge coefficients on the raw scale per fold and quarter to predict, from the other folds.

    Columns: fold, quarter_at, n_training, intercept, `b_<trait>`; quarters with fewer than
    `least_training` rows to learn from are left out.
    """
    size = len(TRAITS) + 2
    upper = [sums.columns.get_loc(f"p_{i}_{j}") for i in range(size) for j in range(i, size)]
    learned = sums["is_learned"].to_numpy(bool)
    fold_of = sums["fold"].fillna(-1).to_numpy(int)
    grams = np.zeros((len(sums), size, size))
    rows, columns = np.triu_indices(size)
    grams[:, rows, columns] = grams[:, columns, rows] = sums.iloc[:, upper].to_numpy(float)
    quarters = sums["quarter_at"]
    found = []
    for quarter in quarters[~learned]:
        known = learned & (quarters <= quarter).to_numpy() if only_earlier else learned
        for fold in range(folds):
            gram = grams[known & (fold_of != fold)].sum(axis=0)
            if gram[0, 0] >= least_training:
                found.append([fold, quarter, int(gram[0, 0]), *_ridge(gram)])
    names = ["fold", "quarter_at", "n_training", "intercept", *(f"b_{trait}" for trait in TRAITS)]
    return pd.DataFrame(found, columns=names).astype(
        dict.fromkeys(names[3:], "float64")
        | {"fold": "int64", "n_training": "int64"}
        | {"quarter_at": "datetime64[us]"}
    )


def _ridge(gram: np.ndarray) -> np.ndarray:
    """Intercept and slopes on the raw scale from the products of (1, traits, outcome); (K + 1,).

    The penalty is on standardised traits, not on the intercept; a trait that does not vary gets 0.
    """
    n = gram[0, 0]
    means = gram[0, 1:] / n
    centred = gram[1:, 1:] - n * np.outer(means, means)
    spread = np.sqrt(np.maximum(np.diag(centred)[:-1], 0) / n)
    # Rounding leaves a little variance in a constant.
    varies = spread > 1e-9 * np.sqrt(np.diag(gram)[1:-1] / n)
    scaled = spread[varies]
    products = centred[:-1, :-1][np.ix_(varies, varies)] / np.outer(scaled, scaled)
    slopes = np.zeros(len(spread))
    slopes[varies] = (
        np.linalg.solve(products + PENALTY * np.eye(len(scaled)), centred[:-1, -1][varies] / scaled)
        / scaled
    )
    return np.array([means[-1] - means[:-1] @ slopes, *slopes])
