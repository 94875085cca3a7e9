"""Candidate instruments for crowding and order, and why none carries a headline (RR19).

The best on the list: automated re-quantisers work off a queue, in which a base and a relation come
up without regard to the quality of whoever enters next. Their uploads of the last week shift
crowding by part of its own definition (relevance is mechanical); that they touch recognition only
through crowding cannot be shown, and their uploads of the *next* week give a test that can fail.

Anderson & Rubin 1949 sets hold their coverage however weak the instrument; the effective F of
Montiel Olea & Pflueger 2013 (an engine reports it) says how weak.
"""

from __future__ import annotations

from functools import partial

import duckdb

from analysis.studies.designs.prepared import MAIN_SAMPLE, PreparedDesign, facts_of
from analysis.studies.estimation.equations import Equation

ROWS = "instruments"
QUEUE_DAYS = 7
ENDOGENOUS = "log_crowd_30"
INSTRUMENT = "log_queue_7"
CLOCK = ("is_base_release_weekend", "base_release_hour_sine", "base_release_hour_cosine")
CONTROLS = ("log_rank", "log_age", "log_size", "size_unknown", "log_owner_releases")

CANDIDATES = (
    {
        "instrument": "uploads by bulk owners to the same base and relation in the last 7 days",
        "shifts": "crowding",
        "columns": INSTRUMENT,
        "relevance": "mechanical: they are part of the crowd of the last 30 days",
        "exclusion_worry": (
            "queues are filled by popularity, and a base that draws converters draws visitors; "
            "converted copies may feed or replace interest in other entrants directly"
        ),
        "verdict": "best of the list for crowding; read with its leads, no headline",
    },
    {
        "instrument": "predicted potential of the base",
        "shifts": "crowding",
        "columns": "base_potential_percentile",
        "relevance": "strong between bases, none within a base",
        "exclusion_worry": "violated: potential is itself a cause of recognition",
        "verdict": "invalid; shown as a warning (RR24.lag_instrumented and its like)",
    },
    {
        "instrument": "entries into all other families in the last 7 days",
        "shifts": "crowding",
        "columns": "",
        "relevance": "none beside month or week effects, which hold the same number",
        "exclusion_worry": "attention is shared over the whole Hub: it moves likes directly",
        "verdict": "absorbed; not estimated",
    },
    {
        "instrument": "outages of the Hub or of a cloud in a rival's time zone",
        "shifts": "order",
        "columns": "",
        "relevance": "hours out of days: a tiny first stage",
        "exclusion_worry": "plausible, but outages also keep visitors away",
        "verdict": "needs a dated list of outages and owners' time zones, which no metadata holds",
    },
    {
        "instrument": "weekday and hour of the base's release",
        "shifts": "order",
        "columns": " ".join(CLOCK),
        "relevance": "hours at most; one value per base, so that base effects absorb it (within a "
        "base it would take the owners' time zones, which are unknown)",
        "exclusion_worry": "publishers choose the hour for attention",
        "verdict": "first stage shown without base effects; of use inside near ties at most",
    },
)
"""Each candidate with what it shifts, its columns (empty: not in the data), and the two doubts."""


def instruments(
    connection: duckdb.DuckDBPyConnection,
    *,
    outcome: str = "log_likes",
    sample: str = MAIN_SAMPLE,
) -> PreparedDesign:
    """The queue of automated re-quantisers as an instrument for the crowd of the last 30 days.

    Rows of `instruments`: entrants of the sample that are no bulk owners' and have `outcome`, with
    n_queue_7 (release events of bulk owners, one owner, base, relation and day each, from 7 days
    before to just before), n_queue_lead_7 (the same after), their log_ = ln(1 + n), and the clock
    of the base's release (UTC).

    Equations: `first_stage`, `reduced_form`, `two_stage` (its fit holds the strength of the
    instrument and the Anderson-Rubin set), `leads` (the reduced form with next week's queue, whose
    coefficient must be zero), `clock` (log rank on the hour of the base's release, without base
    effects). Estimand of `two_stage`: the effect of the crowding that the queue moves.
    """
    connection.execute(
        f"""
        create or replace temp table {ROWS} as
        with timeline as (
            select
                parent_id,
                relation,
                null as child_id,
                epoch_us(min(created_at)) as created_us,
                1 as is_queued
            from entrants
            where is_bulk_owner and created_at is not null and release_event_rank is not null
            group by parent_id, relation, owner, date_trunc('day', created_at)
            union all
            select parent_id, relation, child_id, epoch_us(created_at), 0
            from entrants
            where not is_bulk_owner and created_at is not null
        ),

        queued as (
            select
                parent_id,
                child_id,
                coalesce(sum(is_queued) over week_before, 0) as n_queue_7,
                coalesce(sum(is_queued) over week_after, 0) as n_queue_lead_7
            from timeline
            window
                week_before as (
                    partition by parent_id, relation order by created_us
                    range between $week preceding and 1 preceding
                ),
                week_after as (
                    partition by parent_id, relation order by created_us
                    range between 1 following and $week following
                )
            qualify is_queued = 0
        )

        select
            entrants.*,
            queued.n_queue_7,
            queued.n_queue_lead_7,
            ln(1 + queued.n_queue_7) as {INSTRUMENT},
            ln(1 + queued.n_queue_lead_7) as log_queue_lead_7,
            cast(isodow(entrants.base_created_at) >= 6 as integer) as is_base_release_weekend,
            sin(2 * pi() * hour(entrants.base_created_at) / 24) as base_release_hour_sine,
            cos(2 * pi() * hour(entrants.base_created_at) / 24) as base_release_hour_cosine
        from (select * from entrants where {sample}) as entrants
        inner join queued using (parent_id, child_id)
        where entrants.{outcome} is not null
        order by entrants.parent_id, entrants.child_id""",
        {"week": QUEUE_DAYS * 86_400_000_000},
    )
    facts = facts_of(
        connection,
        f"""
        select
            count(*) as n_rows,
            count(distinct parent_id) as n_bases,
            count(*) filter (where n_queue_7 > 0) as n_rows_with_queue,
            count(*) filter (where n_queue_7 > 0) / nullif(count(*), 0) as share_with_queue,
            corr({INSTRUMENT}, {ENDOGENOUS}) as correlation_with_crowding,
            corr({INSTRUMENT}, log_queue_lead_7) as correlation_with_lead
        from {ROWS}""",
    )
    reason = None
    if not facts["n_rows"]:
        reason = "no entrant of the sample belongs to an owner that does not release in bulk"
    elif not facts["n_rows_with_queue"]:
        reason = f"no bulk owner entered a race in the {QUEUE_DAYS} days before any entrant"
    return PreparedDesign(ROWS, _equations(outcome), facts, controls=CONTROLS, reason=reason)


def _equations(outcome: str) -> dict[str, Equation]:
    by_month = partial(
        Equation, factors=("relation",), fixed_effects=("month",), clusters=("parent_id",)
    )
    within_bases = partial(by_month, fixed_effects=("parent_id", "month"))
    return {
        "first_stage": within_bases(ENDOGENOUS, (INSTRUMENT, *CONTROLS)),
        "reduced_form": within_bases(outcome, (INSTRUMENT, *CONTROLS)),
        "two_stage": within_bases(
            outcome,
            (ENDOGENOUS, *CONTROLS),
            estimator="iv",
            endogenous=(ENDOGENOUS,),
            instruments=(INSTRUMENT,),
        ),
        "leads": within_bases(outcome, (INSTRUMENT, "log_queue_lead_7", *CONTROLS)),
        "clock": by_month("log_rank", (*CLOCK, *CONTROLS[1:])),
    }
