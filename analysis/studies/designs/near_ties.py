"""Near ties: two entrants of one race within hours of each other (RR16).

Why: within two days nobody learns of a rival and builds an answer, so who came first is close to
chance, and exposure, hype and the state of the race are the same. The analogue of Hill & Stein's
"Scooped!", where second finishers lose about a fifth of the citations.

Estimand: the log ratio of recognition of the second to the first, over pairs of neighbours in a
race, wherever in the race they are.

What cannot be seen: whether either knew of the other. That needs the day work started and the day
the model became public; metadata have neither. `created_at` is when the repository was created,
often days before the launch, so the order of repositories may differ from the order in public. The
short gap alone stands for ignorance, and the fact `ignorance` says so.
"""

from __future__ import annotations

from functools import partial

import duckdb

from analysis.studies.designs.prepared import (
    MAIN_SAMPLE,
    Comparison,
    Names,
    PreparedDesign,
    effective_size,
    facts_of,
    standardised_differences,
    table_name,
)
from analysis.studies.estimation.equations import Equation

HOURS = (6, 12, 24, 48, 72)
"""Largest gaps between first and second; the headline is 48."""

PLACEBOS = ("log_owner_releases", "log_size", "size_unknown")
"""Traits fixed before the entry: being second cannot change them, so their estimates must be
zero."""

BALANCED = (*PLACEBOS, "is_bulk_owner", "is_same_owner", "hour_of_day", "log_age")
"""The hour of the day (UTC) and the age differ by construction, the more the wider the gap."""


def near_ties(
    connection: duckdb.DuckDBPyConnection,
    hours: float = 48,
    *,
    outcome: str = "likes",
    sample: str = MAIN_SAMPLE,
) -> PreparedDesign:
    """Pairs of consecutive entrants of a base and relation, of different owners, `hours` apart or
    less.

    Entrants of the sample are put in the order of creation, ties by id; neighbours of different
    owners with a gap over zero and up to `hours` are a pair (equal times have no order:
    `n_exact_ties`). An entrant may be second in one pair and first in the next.

    Rows of `near_ties_<hours>h`: two per pair, the columns of `entrants` with pair_id (the first's
    base and id), is_second (0/1), gap_hours and hour_of_day. Equations: `second`, a Poisson
    regression of `outcome` on is_second with pair fixed effects; `placebo_<trait>`, the same by
    least squares on each of `PLACEBOS`.
    """
    name = table_name("near_ties", hours, "h")
    names = Names(name)
    neighbours = names.step("neighbours")
    connection.execute(
        f"""
        create or replace temp table {neighbours} as
        with ordered as (
            select
                parent_id,
                relation,
                child_id,
                owner,
                created_at,
                lead({{'child_id': child_id, 'owner': owner, 'created_at': created_at}}) over (
                    partition by parent_id, relation order by created_at, child_id
                ) as next
            from entrants
            where {sample} and created_at is not null
        ),

        compared as (
            select
                parent_id,
                child_id as first_id,
                next.child_id as second_id,
                epoch_us(next.created_at) - epoch_us(created_at) as gap_us,
                owner <> next.owner as has_two_owners
            from ordered
            where next is not null
        )

        select
            *,
            parent_id || ' ' || first_id as pair_id,
            gap_us / 3600000000 as gap_hours,
            has_two_owners and gap_us > 0 as is_ordered,
            gap_us <= $microseconds as is_close,
            is_ordered and is_close as is_pair
        from compared""",
        {"microseconds": round(hours * 3_600_000_000)},
    )

    def members(condition: str) -> str:
        return f"""
            select
                pairs.pair_id,
                pairs.is_second,
                pairs.gap_hours,
                hour(entrants.created_at) as hour_of_day,
                entrants.*
            from (
                select parent_id, first_id as child_id, pair_id, 0 as is_second, gap_hours
                from {neighbours}
                where {condition}
                union all
                select parent_id, second_id, pair_id, 1, gap_hours
                from {neighbours}
                where {condition}
            ) as pairs
            inner join entrants using (parent_id, child_id)"""

    connection.execute(f"""
        create or replace temp table {name} as
        {members("is_pair")}
        order by pairs.pair_id, pairs.is_second""")

    facts = facts_of(
        connection,
        f"""
        with neighbours as (
            select
                count(*) filter (where is_pair) as n_pairs,
                median(gap_hours) filter (where is_pair) as median_gap_hours,
                count(*) filter (where gap_us = 0 and has_two_owners) as n_exact_ties,
                count(*) filter (where is_close and gap_us > 0 and not has_two_owners)
                    as n_same_owner
            from {neighbours}
        ),

        members as (
            select
                count(*) as n_rows,
                count(distinct (parent_id, child_id)) as n_entrants,
                count(distinct parent_id) as n_bases,
                -- Half of the rows are firsts, half seconds.
                2 * avg(if(is_second = 1, -log_age, log_age)) as mean_log_age_gap,
                count(*) filter (where is_second = 0 and release_event_rank = 1)
                    as n_pairs_at_the_start
            from {name}
        ),

        bases as (
            select {effective_size("n")} as effective_bases
            from (select count(*) as n from {name} group by parent_id)
        )

        select
            *,
            n_entrants / nullif((select count(*) from entrants where {sample}), 0)
                as share_of_sample
        from neighbours
        cross join members
        cross join bases""",
    )
    facts["ignorance"] = "not observed: creation is the only date, and the short gap stands for it"
    balance = standardised_differences(
        connection,
        name,
        BALANCED,
        Comparison(members("is_ordered"), "is_second"),
        Comparison(f"select * from {name}", "is_second"),
    )
    shared = {
        "share_matched": facts["share_of_sample"],
        "effective_sample_size": facts["effective_bases"],
    }
    names.drop(connection)

    within_pairs = partial(Equation, fixed_effects=("pair_id",), clusters=("parent_id",))
    equations = {"second": within_pairs(outcome, ("is_second",), estimator="poisson")}
    for trait in PLACEBOS:
        equations[f"placebo_{trait}"] = within_pairs(trait, ("is_second",))
    reason = None
    if not facts["n_pairs"]:
        reason = f"no two entrants of a base, one relation and two owners within {hours:g} hours"
    balance = tuple(row | shared for row in balance)
    return PreparedDesign(name, equations, facts, balance, reason=reason)
