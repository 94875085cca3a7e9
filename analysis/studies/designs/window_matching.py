"""Matching early entrants to later ones of the same race and the same days (RR15).

Why: a late entrant differs from an early one in exposure, in hype and in who still enters. Within a
few days of each other, of one base and one relation, of like size and like owners, little of that
is left. Window matching as in Rosenbaum & Rubin 1985 (calipers); coarsened exact matching as in
Iacus, King & Porro 2012 (Political Analysis 20(1)).

Estimand: the elasticity of recognition to release rank *for early entrants that have a close
follower*: large and fast families only. The share of early entrants matched says how few that is.

Cost: at most three entrants of a base are early, so the pairs looked at are at most three times its
entrants, whatever their dates.
"""

from __future__ import annotations

import duckdb

from analysis.studies.designs.prepared import (
    MAIN_SAMPLE,
    Comparison,
    Fact,
    Names,
    PreparedDesign,
    effective_size,
    facts_of,
    standardised_differences,
    table_name,
)
from analysis.studies.estimation.equations import Equation

WINDOWS = (3, 7, 14, 30)
"""Days between an early entrant and its match, from the most to the least credible."""

LAST_EARLY_RANK = 3
CONTROLS_PER_SET = 3
SIZE_CALIPER = 0.5
PROMINENCE_CALIPER = 0.5
FIFTHS = [0.2, 0.4, 0.6, 0.8]

BALANCED = (
    "log_owner_releases",
    "log_size",
    "size_unknown",
    "log_age",
    "log_crowd_30",
    "is_bulk_owner",
    "is_same_owner",
)
"""Variables whose balance is shown. Matching is on the first three; crowding differs by design."""


def window_matching(
    connection: duckdb.DuckDBPyConnection,
    days: float = 14,
    *,
    outcome: str = "likes",
    sample: str = MAIN_SAMPLE,
) -> PreparedDesign:
    """Sets of one early entrant and up to three later ones, at most `days` apart.

    Early: the event is among the base's first three however ties are broken; later: its rank is
    over three. An event that ties across that border is neither (`n_order_unknown`). Later entrants
    of the same base and relation qualify with log size within .5 (or both unknown) and log earlier
    releases of the owner within .5 standard deviations of the sample. The three nearest in time are
    taken, ties by distance in size and prominence (each in calipers), then by id; one may serve in
    several sets.

    Rows of `window_matching_<days>d`: one per set and member, the columns of `entrants` with
    set_id, is_early (0/1), set_weight (1, or 1 / matches of the set), log_rank_gap (log rank minus
    that of the early member) and estimate_weight. The equation is a Poisson regression of `outcome`
    on that gap with set fixed effects, so weighted that both sides of a set weigh the same: on a
    dummy, sets with a wide gap would carry more, and the estimand would drift.

    Such a regression weighs each set by its outcome: a set without any says nothing. Balance after
    matching is that of the estimate, with `estimate_weight`: set_weight times the set's weighted
    mean outcome, 0 where the row's own is unknown.
    """
    name = table_name("window_matching", days, "d")
    names = Names(name)
    roles = _roles(connection, names, sample)
    pairs = names.step("pairs")
    connection.execute(
        f"""
        create or replace temp table {pairs} as
        with spread as (
            select nullif(stddev_samp(log_owner_releases), 0) * $prominence as caliper from {roles}
        ),

        qualified as (
            select
                early.set_id,
                early.log_rank as early_log_rank,
                early.log_age as early_log_age,
                later.parent_id,
                later.child_id,
                later.log_age,
                later.log_owner_releases - early.log_owner_releases as prominence_gap,
                abs(epoch_us(later.created_at) - epoch_us(early.created_at)) as gap_us,
                ((later.log_size - early.log_size) / $size) ** 2
                + coalesce((prominence_gap / spread.caliper) ** 2, 0) as distance
            from {roles} as early
            inner join {roles} as later
                on
                    early.parent_id = later.parent_id
                    and early.relation = later.relation
                    and early.size_unknown = later.size_unknown
                    and later.is_early = 0
            cross join spread
            where
                early.is_early = 1
                and gap_us <= $microseconds
                and abs(later.log_size - early.log_size) <= $size
                and abs(prominence_gap) <= coalesce(spread.caliper, 0)
            qualify row_number() over (
                partition by early.set_id order by gap_us, distance, later.child_id
            ) <= $matches
        )

        select *, 1 / count(*) over (partition by set_id) as set_weight from qualified""",
        {
            "microseconds": round(days * 86_400_000_000),
            "size": SIZE_CALIPER,
            "prominence": PROMINENCE_CALIPER,
            "matches": CONTROLS_PER_SET,
        },
    )
    connection.execute(f"""
        create or replace temp table {name} as
        with members as (
            select set_id, parent_id, child_id, 1 as is_early, cast(1 as double) as set_weight,
                cast(0 as double) as log_rank_gap
            from {roles}
            where is_early = 1 and set_id in (select set_id from {pairs})
            union all
            select
                pairs.set_id, pairs.parent_id, pairs.child_id, 0, pairs.set_weight,
                entrants.log_rank - pairs.early_log_rank
            from {pairs} as pairs
            inner join {roles} as entrants using (parent_id, child_id)
        )

        select
            members.set_id, members.is_early, members.set_weight, members.log_rank_gap,
            case
                when entrants.{outcome} is null then 0
                else members.set_weight
                    * sum(members.set_weight * entrants.{outcome}) over one_set
                    / sum(members.set_weight) filter (where entrants.{outcome} is not null)
                        over one_set
            end as estimate_weight,
            entrants.*
        from members
        inner join ({_entrants(sample)}) as entrants using (parent_id, child_id)
        window one_set as (partition by members.set_id)
        order by members.set_id, members.is_early desc, entrants.child_id""")

    facts = _facts(connection, roles, name, "set_weight") | facts_of(
        connection,
        f"""
        with sets as (
            select avg(early_log_age) - avg(log_age) as log_age_gap from {pairs} group by set_id
        )

        select
            avg(log_age_gap) as mean_log_age_gap,
            (select count(*) from {pairs}) as n_pairs,
            (select count(distinct child_id) from {pairs}) as n_distinct_later,
            (select count(distinct set_id) from {name} where estimate_weight > 0)
                as n_sets_with_outcome
        from sets""",
    )
    equation = Equation(
        outcome,
        ("log_rank_gap",),
        fixed_effects=("set_id",),
        estimator="poisson",
        clusters=("parent_id",),
        weights="set_weight",
    )
    return _prepared(connection, names, roles, "estimate_weight", {"rank_gap": equation}, facts)


def coarsened_matching(
    connection: duckdb.DuckDBPyConnection,
    bin_days: float = 14,
    *,
    outcome: str = "likes",
    sample: str = MAIN_SAMPLE,
) -> PreparedDesign:
    """Early and later entrants of the same cell, weighted to the early ones.

    Cells: base x relation x `bin_days` from 1970 on x fifth of log size (unknown sizes apart) x
    fifth of log earlier releases of the owner; fifths of the sample, bins [cut, next). Kept are
    cells with both. Early entrants weigh 1; later ones n_early / n_later of the cell, times later /
    early over all kept cells, so that weights of both groups sum to their numbers of rows (Iacus,
    King & Porro 2012).

    Rows of `coarsened_matching_<bin_days>d`: the columns of `entrants` with is_early, cell_id and
    cell_weight. The equation compares weighted means of `outcome` (Poisson, no fixed effects):
    exp(coefficient) is the ratio, for early entrants that share a cell with a later one.
    """
    name = table_name("coarsened_matching", bin_days, "d")
    names = Names(name)
    roles = _roles(connection, names, sample)
    cells = names.step("cells")
    connection.execute(
        f"""
        create or replace temp table {cells} as
        with cuts as (
            select
                quantile_disc(log_size, {FIFTHS}) filter (where size_unknown = 0) as sizes,
                quantile_disc(log_owner_releases, {FIFTHS}) as prominences
            from {roles}
        ),

        celled as (
            select
                roles.parent_id,
                roles.child_id,
                roles.is_early,
                roles.parent_id
                || ' ' || roles.relation
                || ' ' || cast(floor(epoch_us(roles.created_at) / $microseconds) as bigint)
                || ' ' || case
                    when roles.size_unknown = 1 then -1
                    when roles.log_size is not null
                        then len(list_filter(cuts.sizes, lambda cut: cut <= roles.log_size))
                end
                || ' ' || case
                    when roles.log_owner_releases is not null
                        then len(list_filter(
                            cuts.prominences, lambda cut: cut <= roles.log_owner_releases
                        ))
                end as cell_id
            from {roles} as roles
            cross join cuts
        ),

        counted as (
            select
                *,
                sum(is_early) over cell as n_early,
                sum(1 - is_early) over cell as n_later
            from celled
            -- What decides the cell is unknown: like nobody.
            where cell_id is not null
            window cell as (partition by cell_id)
        ),

        kept as (
            select *, sum(is_early) over () as all_early, sum(1 - is_early) over () as all_later
            from counted
            where n_early > 0 and n_later > 0
        )

        select
            parent_id,
            child_id,
            is_early,
            cell_id,
            case when is_early = 1 then 1 else (n_early / n_later) * (all_later / all_early) end
                as cell_weight
        from kept""",
        {"microseconds": round(bin_days * 86_400_000_000)},
    )
    connection.execute(f"""
        create or replace temp table {name} as
        select cells.is_early, cells.cell_id, cells.cell_weight, entrants.*
        from {cells} as cells
        inner join ({_entrants(sample)}) as entrants using (parent_id, child_id)
        order by cells.cell_id, cells.is_early desc, entrants.child_id""")

    facts = _facts(connection, roles, name, "cell_weight") | facts_of(
        connection, f"select count(distinct cell_id) as n_cells from {name}"
    )
    equation = Equation(
        outcome, ("is_early",), estimator="poisson", clusters=("parent_id",), weights="cell_weight"
    )
    return _prepared(connection, names, roles, "cell_weight", {"is_early": equation}, facts)


def _entrants(sample: str) -> str:
    return f"select * from entrants where {sample}"


def _roles(connection: duckdb.DuckDBPyConnection, names: Names, sample: str) -> str:
    """The table of who is early (1) or later (0), null where a tie hides it; its name.

    Ties are counted over all entrants, in the sample or not: they all took part in the race.
    """
    roles = names.step("roles")
    connection.execute(f"""
        create or replace temp table {roles} as
        with places as (
            select
                parent_id,
                release_event_rank,
                release_event_rank + count(distinct owner) - 1 as last_place
            from entrants
            where release_event_rank <= {LAST_EARLY_RANK}
            group by parent_id, release_event_rank
        )

        select
            entrants.parent_id || ' ' || entrants.child_id as set_id,
            entrants.parent_id,
            entrants.child_id,
            entrants.relation,
            entrants.created_at,
            entrants.log_rank,
            entrants.log_age,
            entrants.log_size,
            entrants.size_unknown,
            entrants.log_owner_releases,
            case
                when entrants.release_event_rank > {LAST_EARLY_RANK} then 0
                when places.last_place <= {LAST_EARLY_RANK} then 1
            end as is_early
        from entrants
        left join places using (parent_id, release_event_rank)
        where {sample} and entrants.created_at is not null
        order by entrants.parent_id, entrants.child_id""")
    return roles


def _facts(
    connection: duckdb.DuckDBPyConnection, roles: str, name: str, weight: str
) -> dict[str, Fact]:
    """How much of the sample the design speaks for."""
    # A later entrant that serves in several sets counts once, with the sum of its weights.
    return facts_of(
        connection,
        f"""
        with whole as (
            select
                count(*) filter (where is_early = 1) as n_early,
                count(*) filter (where is_early = 0) as n_later,
                count(*) filter (where is_early is null) as n_order_unknown,
                count(distinct parent_id) filter (where is_early = 1) as n_bases
            from {roles}
        ),

        matched as (
            select
                count(*) as n_rows,
                count(*) filter (where is_early = 1) as n_early_matched,
                count(distinct parent_id) as n_bases_matched
            from {name}
        ),

        used as (
            select sum({weight}) as weight
            from {name}
            where is_early = 0
            group by parent_id, child_id
        )

        select
            whole.*,
            matched.*,
            matched.n_early_matched / nullif(whole.n_early, 0) as share_early_matched,
            matched.n_bases_matched / nullif(whole.n_bases, 0) as share_bases_matched,
            (select {effective_size("weight")} from used) as effective_later
        from whole
        cross join matched""",
    )


def _prepared(
    connection: duckdb.DuckDBPyConnection,
    names: Names,
    roles: str,
    weight: str,
    equations: dict[str, Equation],
    facts: dict,
) -> PreparedDesign:
    """Balance, the reason if nothing matched, and the steps cleared away."""
    balance = standardised_differences(
        connection,
        names.name,
        BALANCED,
        Comparison(
            f"select roles.is_early, entrants.* from {roles} as roles"
            " inner join entrants using (parent_id, child_id) where roles.is_early is not null",
            "is_early",
        ),
        Comparison(f"select * from {names.name}", "is_early", weight),
    )
    shared = {
        "share_matched": facts["share_early_matched"],
        "effective_sample_size": facts["effective_later"],
    }
    balance = tuple(row | shared for row in balance)
    names.drop(connection)
    reason = None
    if not facts["n_early"]:
        reason = "no base has a dated entrant that is surely among its first three"
    elif not facts["n_early_matched"]:
        reason = f"none of {facts['n_early']} early entrants has a later one like it in the window"
    return PreparedDesign(names.name, equations, facts, balance, reason=reason)
