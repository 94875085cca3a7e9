"""Potential of a base, predicted from what was known when it was released (RR24).

Hill & Stein (Race to the Bottom, QJE 140(2), 2025): projects of higher potential draw more
competition, are finished faster and are worse. Three regressions, not one, and potential must come
from before the race. What a base has gathered by now (likes, derivatives) is an outcome of the
race: that naive potential is offered beside it, in equations whose names end in `_post_treatment`.

Theirs is a predicted percentile, and so is this one: what is learned is the percentile of a model's
derivatives by other owners in its first days, among models that could be learned from at the same
time. Ridge regression on traits of the model at its release, out of fold: owners are dealt into
folds by a hash of seed and name, so that no owner's models help to predict each other. With
`only_earlier` a model is predicted from races that were over before its quarter began, so that
nothing later than itself plays a part; without, from all races of other folds, whatever their
dates.

Traits are read as the latest snapshot shows them: a card that was edited later, or an owner's
models that were deleted, are beyond what one snapshot can tell.

Sums of products are taken in SQL, one pass, by group of owners; Python solves systems of the size
of the traits. A draw of owners (`analysis.studies.bootstrapping`) is another weighting
of the same sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from analysis.studies.designs.prepared import MAIN_SAMPLE, Names, PreparedDesign, facts_of
from analysis.studies.estimation.equations import Equation

BASES = "potential_bases"
ROWS = "potential"
SUMS = "potential_sums"

GROUPS_PER_FOLD = 100
"""Owners are drawn anew in so many groups per fold: sums by owner would be as long as the Hub."""

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

SIZE = ("log_size", "log_size_squared", "size_unknown")
EXPOSURE = ("log_age",)
PERCENTILE, RANK = "base_potential_percentile", "base_potential_rank"
RACING = ("races", "potential_x_races")
UNITS = (("", "true", "log_crowd_30"), ("first_", "is_first = 1", "is_raced_7"))
"""What each name begins with, whom it takes, and what competition is to them."""


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
    """Predicts every dated model's potential, and sets out Hill and Stein's chain from it.

    The outcome learned from is the percentile (0-100, ties in the middle of their ranks) of
    derivatives by other owners within `horizon_days` of release, among the other models of its fold
    whose horizon ended in the same quarter and by the latest snapshot. Traits: `TRAITS`; an owner's
    record are its releases, and the derivatives of its models by others, strictly before.

    `potential_bases`, one row per dated listed model: model_id, owner, created_at, quarter_at,
    owner_group, fold, n_derivatives, derivatives_percentile (null until the horizon is over),
    is_finished, the traits, n_training, potential (the predicted percentile; null with fewer than
    `least_training` rows to learn from), potential_rank (0-100, among the quarter's models that
    were built on at all; ties share the lowest). `potential_sums`: what `learner` reads.

    Rows of `potential`: entrants of the sample whose base is predicted, with
    base_potential_percentile (the predicted percentile), base_potential_rank, races (0 for bulk
    owners and for the base's own, less moved by priority), potential_x_races, log_size_squared.

    Equations, base_potential_percentile as the term of interest, month fixed effects, errors
    clustered by base. Their (5), without those who do not race: `competition` (log rivals of 30
    days; theirs +), `lag` (log release lag, -: here the days since the base, not time of work),
    `quality` (benchmark score, -), and `recognition` (likes, Poisson). With `_owners` also effects
    of the entrant's owner; `_by_racing`, their (6), everybody, the slope of those who race apart
    from the others'; `_on_competition`, their (7), competition on the right; `_instrumented`, their
    (8), by potential; `_ranked` the rank of the prediction in its place, `_post_treatment`
    ln(1 + likes of the base now).

    The same with `first_` on the first entrants of their bases, their unit: competition is whether
    another owner released within 7 days after. `_without_size` leaves their X out.
    """
    names = Names(ROWS)
    traits = _traits(connection, names, horizon_days, folds, seed)
    _sums(connection, traits)
    learned = learner(connection, only_earlier=only_earlier)
    connection.register("learned_coefficients", learned.table(least_training))
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

        ranks as (
            select
                model_id,
                100 * percent_rank() over (partition by quarter_at order by potential)
                    as potential_rank
            from predicted
            where potential is not null and model_id in (select parent_id from entrants)
        )

        select predicted.*, ranks.potential_rank
        from predicted
        left join ranks on predicted.model_id = ranks.model_id
        order by predicted.model_id""")
    connection.unregister("learned_coefficients")
    names.drop(connection)
    connection.execute(f"""
        create or replace temp table {ROWS} as
        select
            entrants.*,
            bases.potential as {PERCENTILE},
            bases.potential_rank as {RANK},
            cast(not (entrants.is_bulk_owner or entrants.is_same_owner) as integer) as races,
            races * bases.potential as potential_x_races,
            entrants.log_size ** 2 as log_size_squared
        from (select * from entrants where {sample}) as entrants
        inner join {BASES} as bases on entrants.parent_id = bases.model_id
        where bases.potential is not null
        order by entrants.parent_id, entrants.child_id""")
    facts = facts_of(
        connection,
        f"""
        with bases as (
            select
                count(*) as n_models,
                count(*) filter (where is_finished) as n_finished,
                count(potential) as n_predicted,
                count(potential_rank) as n_bases_predicted,
                corr(potential, derivatives_percentile) filter (where is_finished)
                    as out_of_fold_correlation,
                out_of_fold_correlation * abs(out_of_fold_correlation) as out_of_fold_r2
            from {BASES}
        ),

        entered as (
            select
                count(*) as n_rows,
                count(distinct parent_id) as n_bases,
                count(*) filter (where is_first = 1) as n_first_entrants,
                avg(races) as share_racers,
                count(*) filter (where races is null) as n_racing_unknown
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
    equations, conditions = _chain()
    controls = (*SIZE, *EXPOSURE)
    return PreparedDesign(
        ROWS, equations, facts, controls=controls, reason=reason, conditions=conditions
    )


def _chain() -> tuple[dict[str, Equation], dict[str, str]]:
    """The chain's regressions by name, and which rows each takes."""
    equations, conditions = {}, {}

    def add(name: str, condition: str, outcome: str, *terms: str, owners: bool = False, **fields):
        equations[name] = Equation(
            outcome,
            terms,
            factors=("relation",),
            fixed_effects=("month", "owner") if owners else ("month",),
            clusters=("parent_id",),
            **fields,
        )
        conditions[name] = condition

    for unit, everybody, crowd in (
        ("", "true", "log_crowd_30"),
        ("first_", "is_first = 1", "is_raced_7"),
    ):
        racers = f"{everybody} and races = 1"
        linear = {"competition": crowd, "lag": "log_lag", "quality": "benchmark_score"}
        for link, outcome in linear.items():
            add(f"{unit}{link}", racers, outcome, PERCENTILE, *SIZE)
            add(f"{unit}{link}_owners", racers, outcome, PERCENTILE, *SIZE, owners=True)
            if unit:
                add(f"{unit}{link}_without_size", racers, outcome, PERCENTILE)
            else:
                add(f"{link}_ranked", racers, outcome, RANK, *SIZE)
                add(f"{link}_post_treatment", racers, outcome, "log_base_likes_now", *SIZE)
            if link == "competition":
                continue
            add(f"{unit}{link}_by_racing", everybody, outcome, PERCENTILE, *RACING, *SIZE)
            add(f"{unit}{link}_on_competition", racers, outcome, crowd, *SIZE)
            add(
                f"{unit}{link}_instrumented", racers, outcome, crowd, *SIZE,
                estimator="iv", endogenous=(crowd,), instruments=(PERCENTILE,),
            )  # fmt: skip
        aged = (*SIZE, *EXPOSURE)
        add(f"{unit}recognition", racers, "likes", PERCENTILE, *aged, estimator="poisson")
    now = ("log_base_likes_now", *SIZE, *EXPOSURE)
    add("recognition_post_treatment", "races = 1", "likes", *now, estimator="poisson")
    return equations, conditions


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
        ),

        described as (
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
                cast(md5_number_lower($seed || ' ' || owner_or_self) % $groups as integer)
                    as owner_group,
                n_derivatives,
                {listed}
            from known
        )

        select
            *,
            owner_group % $folds as fold,
            -- Among other models that were over by then and of the same fold: neither later ones
            -- nor those that are predicted move what is learned. Alone, a model is in the middle.
            case when is_finished then
                coalesce(
                    100 * (
                        rank() over (
                            partition by learned_at, is_finished, owner_group % $folds
                            order by n_derivatives
                        ) - 1
                        + (count(*) over (
                            partition by
                                learned_at, is_finished, owner_group % $folds, n_derivatives
                        ) - 1) / 2
                    ) / nullif(count(*) over (
                        partition by learned_at, is_finished, owner_group % $folds
                    ) - 1, 0),
                    50
                )
            end as derivatives_percentile
        from described""",
        {
            "horizon": horizon_days,
            "seed": str(seed),
            "folds": folds,
            "groups": folds * GROUPS_PER_FOLD,
        },
    )
    return traits


def _sums(connection: duckdb.DuckDBPyConnection, traits: str) -> None:
    """Sums of products of (1, traits, outcome) per group of owners and quarter, in `SUMS`.

    Columns: owner_group, fold, quarter_at (from which on the rows may be learned from), then
    `p_<i>_<j>` for i <= j. A quarter that is only to be predicted has a row without a group, a
    group without a finished model one without a quarter. Summed by Kahan's method, since the order
    of the rows is not given.
    """
    columns = ["1", *TRAITS, "derivatives_percentile"]
    products = ",\n".join(
        f"fsum({columns[i]} * {columns[j]}) as p_{i}_{j}"
        for i in range(len(columns))
        for j in range(i, len(columns))
    )
    connection.execute(f"""
        create or replace temp table {SUMS} as
        select owner_group, fold, learned_at as quarter_at, {products}
        from {traits} where is_finished group by all
        union all by name
        select distinct quarter_at from {traits}
        union all by name
        select distinct owner_group, fold from {traits}""")


@dataclass(frozen=True, eq=False)
class Learner:
    """What potential is learned from: sums of products by group of owners and quarter.

    `quarters` (Q,) and `groups` (G,) in their order, `fold_of` (G,) the fold of each group,
    `products` (G, Q, K, K) of (1, traits, outcome) over the models that may be learned from in that
    quarter for the first time.
    """

    quarters: pd.DatetimeIndex
    groups: np.ndarray
    fold_of: np.ndarray
    products: np.ndarray
    only_earlier: bool

    def coefficients(
        self, weights: np.ndarray, least_training: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """Intercept and slopes (draws, folds, Q, K - 1) by ridge on the other folds; the rows.

        `weights` (draws, G) says how often each group of owners counts. Not a number where fewer
        than `least_training` rows are there to learn from; their number is (draws, folds, Q).
        """
        folds = self.fold_of.max(initial=0) + 1
        by_fold = np.stack(
            [
                np.tensordot(weights[:, of_fold], self.products[of_fold], axes=1)
                for of_fold in self.fold_of == np.arange(folds)[:, None]
            ],
            axis=1,
        )
        known = by_fold.cumsum(axis=2) if self.only_earlier else by_fold.sum(axis=2, keepdims=True)
        others = np.einsum("gf,df...->dg...", 1 - np.eye(folds), known)
        others = np.broadcast_to(others, by_fold.shape)
        rows = others[..., 0, 0]
        is_enough = rows >= least_training
        found = np.full((*rows.shape, others.shape[-1] - 1), np.nan)
        found[is_enough] = _ridge(others[is_enough])
        return found, rows

    def table(self, least_training: int) -> pd.DataFrame:
        """The coefficients of everybody once: fold, quarter_at, n_training, intercept, `b_<trait>`.

        Where there is too little to learn from there is no row.
        """
        (found,), (rows,) = self.coefficients(np.ones((1, len(self.groups))), least_training)
        fold, quarter = np.nonzero(rows >= least_training)
        names = ["intercept", *(f"b_{trait}" for trait in TRAITS)]
        frame = pd.DataFrame(found[fold, quarter], columns=names, dtype="float64")
        frame["fold"] = fold.astype("int64")
        frame["quarter_at"] = self.quarters[quarter]
        frame["n_training"] = rows[fold, quarter].astype("int64")
        return frame


def learner(connection: duckdb.DuckDBPyConnection, *, only_earlier: bool = True) -> Learner:
    """What `potential` left in `potential_sums`, as arrays."""
    sums = connection.execute(
        f"from {SUMS} order by owner_group nulls last, quarter_at nulls last"
    ).df()
    quarters = pd.DatetimeIndex(sums["quarter_at"].dropna().unique().astype("datetime64[us]"))
    quarters = quarters.sort_values()
    of_group = sums.dropna(subset="owner_group").drop_duplicates("owner_group")
    groups = of_group["owner_group"].to_numpy(int)
    size = len(TRAITS) + 2
    rows, columns = np.triu_indices(size)
    products = np.zeros((len(groups), len(quarters), size, size))
    learned = sums.dropna(subset=["owner_group", "quarter_at"])
    at = (
        np.searchsorted(groups, learned["owner_group"].to_numpy(int)),
        quarters.get_indexer(pd.DatetimeIndex(learned["quarter_at"].astype("datetime64[us]"))),
    )
    upper = [f"p_{i}_{j}" for i, j in zip(rows, columns, strict=True)]
    filled = np.zeros((len(learned), size, size))
    filled[:, rows, columns] = filled[:, columns, rows] = learned[upper].to_numpy(float)
    products[at] = filled
    return Learner(quarters, groups, of_group["fold"].to_numpy(int), products, only_earlier)


def _ridge(products: np.ndarray) -> np.ndarray:
    """Intercepts and slopes on the raw scale (N, K - 1), by products (N, K, K) as of a `Learner`.

    The penalty is on standardised traits, not on the intercept; a trait that does not vary gets 0.
    """
    n = products[:, 0, 0, None]
    means = products[:, 0, 1:] / n
    centred = products[:, 1:, 1:] - n[:, :, None] * means[:, :, None] * means[:, None, :]
    diagonal = np.diagonal(centred, axis1=1, axis2=2)[:, :-1]
    spread = np.sqrt(np.maximum(diagonal, 0) / n)
    # Rounding leaves a little variance in a constant.
    least = 1e-9 * np.sqrt(np.diagonal(products, axis1=1, axis2=2)[:, 1:-1] / n)
    scale = np.where(spread > least, spread, np.inf)
    scaled = centred[:, :-1, :-1] / (scale[:, :, None] * scale[:, None, :])
    right = centred[:, :-1, -1] / scale
    penalty = PENALTY * np.eye(spread.shape[1])
    slopes = np.linalg.solve(scaled + penalty, right[:, :, None])[:, :, 0] / scale
    intercepts = means[:, -1] - np.einsum("nk,nk->n", means[:, :-1], slopes)
    return np.column_stack([intercepts, slopes])
