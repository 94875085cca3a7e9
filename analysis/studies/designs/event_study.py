"""Likes gained between snapshots, around bursts of entry (RR20).

Why: likes of a snapshot add up a whole life; likes gained in an interval do not, and the same model
seen before and after a burst of rivals is its own control. Needs repeated snapshots, a week apart
or less.

`crowding_panel` makes the panel and the continuous form; `event_study` the burst's weeks -4 to +8.

Rivals of an entrant at a snapshot: release events (one owner, base, relation and day) of its base
and relation, of other owners, in the 7 days before the snapshot. They must differ between siblings,
since base x interval effects absorb whatever a base's entrants share: that is why relation counts.

Seen are models that the latest snapshot still lists. Deletions are not (`snapshot_changes` has
them).
"""

from __future__ import annotations

from functools import partial

import duckdb

from analysis.studies.designs.prepared import MAIN_SAMPLE, Names, PreparedDesign, facts_of
from analysis.studies.estimation.equations import Equation

CROWDING_DAYS = 7
FIRST_WEEK, REFERENCE_WEEK, LAST_WEEK = -4, -1, 8
BURST_PERCENTILE = 0.95
LEAST_RIVALS = 5
"""A burst has at least this many events: in a base of three entrants each would be one."""

_likes_gained = partial(
    Equation,
    "likes_gained",
    estimator="poisson",
    fixed_effects=("child_id", "base_interval"),
    clusters=("parent_id",),
)

CONTROLS = ("log_age_now",)
PANEL = "crowding_panel"
STUDY = "event_study"


def event_term(week: int) -> str:
    """The 0/1 column of a week since the burst: `week_minus_4` ... `week_plus_8`."""
    return f"week_minus_{-week}" if week < 0 else f"week_plus_{week}"


def crowding_panel(
    connection: duckdb.DuckDBPyConnection, *, sample: str = MAIN_SAMPLE
) -> PreparedDesign:
    """The model x interval panel, and likes gained on crowding of the last week.

    Rows of `crowding_panel`: one per entrant of the sample and snapshot with a predecessor in
    `model_metrics`: child_id, parent_id, owner, relation, snapshot_id, snapshot_at, likes_gained
    (likes_change, losses as 0: `n_losses`), log_crowd_week = ln(1 + rivals), log_age_now = ln(days
    since creation), base_interval (base x snapshot). Models that never gained a like are left out:
    a Poisson regression with model effects learns nothing from them, and they are most
    (`n_models_followed`).

    Poisson with model and base x interval fixed effects. Estimand: the elasticity of the likes an
    existing model gains in an interval to the rivals of its relation in the last week, against its
    siblings of other relations in the same interval.
    """
    names = Names(PANEL)
    snapshots = _snapshots(connection, names)
    crowds = _crowds(connection, names, snapshots)
    connection.execute(f"""
        create or replace temp table {PANEL} as
        with of_relations as (
            select parent_id, relation, snapshot_id, sum(n_events) as n_events
            from {crowds}
            group by parent_id, relation, snapshot_id
        )

        select
            entrants.child_id,
            entrants.parent_id,
            entrants.owner,
            entrants.relation,
            snapshots.snapshot_id,
            snapshots.snapshot_at,
            metrics.likes_change < 0 as is_loss,
            case when metrics.likes_change < 0 then 0 else metrics.likes_change end as likes_gained,
            cast(coalesce(of_relations.n_events, 0) - coalesce(own.n_events, 0) as bigint)
                as n_rivals,
            ln(1 + n_rivals) as log_crowd_week,
            ln(epoch_us(snapshots.snapshot_at - entrants.created_at) / 86400000000) as log_age_now,
            entrants.parent_id || ' ' || snapshots.snapshot_id as base_interval
        from (
            select parent_id, child_id, owner, relation, created_at
            from entrants
            where
                {sample}
                and child_id in (select model_id from model_metrics where likes_change > 0)
        ) as entrants
        inner join model_metrics as metrics on entrants.child_id = metrics.model_id
        inner join {snapshots} as snapshots on metrics.snapshot_id = snapshots.snapshot_id
        left join of_relations
            on
                entrants.parent_id = of_relations.parent_id
                and entrants.relation = of_relations.relation
                and snapshots.snapshot_id = of_relations.snapshot_id
        left join {crowds} as own
            on
                entrants.parent_id = own.parent_id
                and entrants.relation = own.relation
                and entrants.owner = own.owner
                and snapshots.snapshot_id = own.snapshot_id
        where
            snapshots.has_predecessor
            and metrics.likes_change is not null
            and snapshots.snapshot_at > entrants.created_at
        order by entrants.parent_id, entrants.child_id, snapshots.snapshot_at""")
    names.drop(connection)
    facts = facts_of(
        connection,
        f"""
        select
            count(*) as n_rows,
            count(distinct child_id) as n_models,
            count(distinct parent_id) as n_bases,
            (select count(distinct snapshot_id) from model_metrics) as n_snapshots,
            (
                select count(*)
                from entrants
                where
                    {sample}
                    and child_id in (
                        select model_id from model_metrics where likes_change is not null
                    )
            ) as n_models_followed,
            count(distinct snapshot_id) as n_intervals,
            cast(coalesce(sum(likes_gained), 0) as bigint) as n_likes_gained,
            count(*) filter (where is_loss) as n_losses
        from {PANEL}""",
    )
    equation = _likes_gained(("log_crowd_week", *CONTROLS))
    return PreparedDesign(
        PANEL, {"crowding": equation}, facts, controls=CONTROLS, reason=_reason(facts)
    )


def event_study(
    connection: duckdb.DuckDBPyConnection,
    *,
    sample: str = MAIN_SAMPLE,
    least_rivals: int = LEAST_RIVALS,
) -> PreparedDesign:
    """Likes gained in the weeks around the first burst of entry of a base.

    A relation of a base bursts at the first snapshot at which its events of the last 7 days reach
    the 95th percentile over all the base's relations and snapshots since its first entrant (weeks
    of none included) and `least_rivals`. Of a base only the first burst counts. Models of the
    relation that bursts are treated; models of the base's other relations are controls until a
    burst of their own, then leave: as base x interval effects keep every base by itself, each
    comparison has one date of treatment, and no model that was treated earlier serves as a control
    (the trouble of staggered adoption; Goodman-Bacon 2021).

    Rows of `event_study`: those of `crowding_panel` (made if need be) of bases with a burst, with
    is_treated, event_week (whole weeks since the burst; half a day of slack, for crawls do not
    start at the minute; null for controls) and a 0/1 column per week from `week_minus_4` (that and
    earlier) to `week_plus_8` (that and later), without -1, the reference. Weeks in which no base
    has both sides are left out of the equation. Before the burst the estimates are placebos.
    """
    panel = crowding_panel(connection, sample=sample)
    names = Names(STUDY)
    snapshots = _snapshots(connection, names)
    crowds = _crowds(connection, names, snapshots)
    bursts = names.step("bursts")
    connection.execute(
        f"""
        create or replace temp table {bursts} as
        with cells as (
            select parent_id, relation, snapshot_id, sum(n_events) as n_events
            from {crowds}
            group by parent_id, relation, snapshot_id
        ),

        -- Cells without an entry are not written out: they are the smallest, so their number does.
        bases as (
            select
                entrants.parent_id,
                count(distinct entrants.relation) as n_relations,
                min(entrants.created_at) as first_entry_at
            from entrants
            where entrants.created_at is not null and entrants.release_event_rank is not null
            group by entrants.parent_id
        ),

        sized as (
            select bases.parent_id, any_value(bases.n_relations) * count(*) as n_cells
            from bases
            inner join {snapshots} as snapshots on bases.first_entry_at < snapshots.snapshot_at
            group by bases.parent_id
        ),

        placed as (
            select
                cells.*,
                sized.n_cells - count(*) over (partition by cells.parent_id)
                + row_number() over (
                    partition by cells.parent_id
                    order by cells.n_events, cells.relation, cells.snapshot_id
                ) as place,
                ceil($percentile * sized.n_cells) as threshold_place
            from cells
            inner join sized on cells.parent_id = sized.parent_id
        ),

        thresholds as (
            select parent_id, min(n_events) as threshold
            from placed
            where place >= threshold_place
            group by parent_id
        )

        select
            placed.parent_id,
            placed.relation,
            min(snapshots.snapshot_at) as burst_at,
            min(burst_at) over (partition by placed.parent_id) as base_burst_at
        from placed
        inner join thresholds on placed.parent_id = thresholds.parent_id
        inner join {snapshots} as snapshots on placed.snapshot_id = snapshots.snapshot_id
        where placed.n_events >= thresholds.threshold and placed.n_events >= $least_rivals
        group by placed.parent_id, placed.relation""",
        {"percentile": BURST_PERCENTILE, "least_rivals": least_rivals},
    )
    weeks = [week for week in range(FIRST_WEEK, LAST_WEEK + 1) if week != REFERENCE_WEEK]
    dummies = ",\n".join(
        f"cast(coalesce({_is_week(week)}, false) as integer) as {event_term(week)}"
        for week in weeks
    )
    connection.execute(f"""
        create or replace temp table {STUDY} as
        with sided as (
            select
                panel.*,
                coalesce(own.burst_at = own.base_burst_at, false) as is_first_burst,
                case
                    when is_first_burst
                        then cast(floor(
                            (epoch_us(panel.snapshot_at) - epoch_us(own.burst_at) + 43200000000)
                            / 604800000000
                        ) as bigint)
                end as event_week
            from {PANEL} as panel
            left join {bursts} as own
                on panel.parent_id = own.parent_id and panel.relation = own.relation
            where
                panel.parent_id in (select parent_id from {bursts})
                and (
                    own.burst_at is null
                    or own.burst_at = own.base_burst_at
                    or panel.snapshot_at < own.burst_at
                )
        )

        select
            * exclude (is_first_burst),
            cast(is_first_burst as integer) as is_treated,
            {dummies}
        from sided
        order by parent_id, child_id, snapshot_at""")
    facts = facts_of(
        connection,
        f"""
        with crossing as (
            select child_id from {STUDY} group by child_id
            having min(event_week) < 0 and max(event_week) >= 0
        )

        select
            count(*) as n_rows,
            count(distinct child_id) as n_models,
            count(distinct child_id) filter (where is_treated = 1) as n_treated_models,
            (select count(*) from crossing) as n_models_seen_before_and_after,
            count(distinct parent_id) as n_bases,
            count(distinct parent_id) / nullif({panel.facts["n_bases"]}, 0) as share_of_bases
        from {STUDY}""",
    )
    names.drop(connection)
    supported = _supported_weeks(connection, weeks)
    terms = (*(event_term(week) for week in weeks if week in supported), *CONTROLS)
    equation = _likes_gained(terms)
    reason = _reason(panel.facts)
    if reason is None and not facts["n_rows"]:
        reason = (
            f"no relation of a base had {least_rivals} release events within {CROWDING_DAYS} days"
        )
    elif reason is None and terms == CONTROLS:
        reason = "in no week a base has models of a relation that bursts and of another one"
    return PreparedDesign(STUDY, {"event_study": equation}, facts, controls=CONTROLS, reason=reason)


def _is_week(week: int) -> str:
    """SQL: whether event_week is `week`; beyond it too, at both ends. Null for controls."""
    sign = {FIRST_WEEK: "<=", LAST_WEEK: ">="}.get(week, "=")
    return f"event_week {sign} {week}"


def _reason(facts: dict) -> str | None:
    if facts["n_snapshots"] < 2:
        return "needs two snapshots or more: one does not say what was gained in an interval"
    if not facts["n_models_followed"]:
        return "no entrant of the sample was counted in two snapshots"
    if not facts["n_rows"]:
        return f"none of {facts['n_models_followed']} entrants gained a like between two snapshots"
    return None


def _snapshots(connection: duckdb.DuckDBPyConnection, names: Names) -> str:
    """The snapshots and whether there is an earlier one; the table's name."""
    snapshots = names.step("snapshots")
    connection.execute(f"""
        create or replace temp table {snapshots} as
        select
            snapshot_id,
            min(snapshot_at) as snapshot_at,
            row_number() over (order by min(snapshot_at), snapshot_id) > 1 as has_predecessor
        from model_metrics
        group by snapshot_id""")
    return snapshots


def _crowds(connection: duckdb.DuckDBPyConnection, names: Names, snapshots: str) -> str:
    """Release events of the last days per base, relation, owner and snapshot; the table's name.

    An event is in as many rows as there are snapshots in the days after it.
    """
    crowds = names.step("crowds")
    connection.execute(
        f"""
        create or replace temp table {crowds} as
        with events as (
            select parent_id, relation, owner, min(created_at) as event_at
            from entrants
            where created_at is not null and release_event_rank is not null
            group by parent_id, relation, owner, date_trunc('day', created_at)
        )

        select
            events.parent_id,
            events.relation,
            events.owner,
            snapshots.snapshot_id,
            count(*) as n_events
        from events
        inner join {snapshots} as snapshots
            on
                snapshots.snapshot_at > events.event_at
                and snapshots.snapshot_at <= events.event_at + to_days($days)
        group by all""",
        {"days": CROWDING_DAYS},
    )
    return crowds


def _supported_weeks(connection: duckdb.DuckDBPyConnection, weeks: list[int]) -> set[int]:
    """The weeks since the burst in which some base has treated models and controls."""
    found = connection.execute(f"""
        select distinct
            case
                when event_week < {FIRST_WEEK} then {FIRST_WEEK}
                when event_week > {LAST_WEEK} then {LAST_WEEK}
                else event_week
            end
        from {STUDY}
        where
            is_treated = 1
            and base_interval in (select base_interval from {STUDY} where is_treated = 0)
        """).fetchall()
    return {week for (week,) in found} & set(weeks)
