{#
    Rivals among the `entrants` of a race, in two forms. DuckDB reads the ends of a window at the first and the last entrant in
    it. On Spark the number of entries so far is looked up at each entrant's release and at both ends of each window, and a
    window's rivals are the difference between two such numbers.
#}

{# The rest of a statement that begins with the query `entrants`: for each of them its rivals in all windows. #}
{% macro counted_rivals() -%}
    {{ return(adapter.dispatch('counted_rivals', 'hub_lineage')()) }}
{%- endmacro %}


{% macro duckdb__counted_rivals() -%}
-- The ends of a window are read at the first and last entrant in it. A frame for each kind in each window, even over
-- entrants that share their owner with no other (nine in ten), took 1.6 times as long.
counted_from_start as (
    select
        child_key,
        parent_key,
        relation,
        owner_or_self,
        released_us,
        event_lead_key,
        count(*) over (partition by parent_key, owner_or_self) > 1 as shares_owner,
        {{ record_of({
            'released_us': 'released_us',
            'n_before': 'rank() over race - 1',
            'n_until': 'count(*) over race',
            'n_before_not_bulk': 'count(not_bulk_child_key) over earlier',
            'n_before_events': 'count(event_lead_key) over earlier',
        }) }} as own,
        rank() over (partition by parent_key, relation order by released_us nulls last) - 1 as n_before_same_relation
    from entrants
    window
        race as (partition by parent_key order by released_us nulls last),
        earlier as (
            partition by parent_key
            order by released_us nulls last
            range between unbounded preceding and 1 preceding
        )
),

counted_in_windows as (
    select
        child_key,
        parent_key,
        own,
        n_before_same_relation,
        {{ race_windows(crowding_windows()) }}
    from counted_from_start
),

of_same_owner as (
    select
        child_key,
        parent_key,
        {{ rivals_of_same_owner(crowding_windows()) }}
    from counted_from_start
    where shares_owner
)

select
    counted.child_key,
    counted.parent_key,
    {{ rivals_in_windows(crowding_windows()) }}
from counted_in_windows as counted
left join of_same_owner using (child_key, parent_key)
{%- endmacro %}


{% macro spark__counted_rivals() -%}
-- Spark reads a sliding frame again for each entrant, and did not finish on 1,083,714 of them. Here counts are looked up at
-- both ends of each entrant's windows, and only frames that grow from the start are read. In DuckDB, which moves only the
-- ends of a sliding frame, this form took nine times as long.
asked as (
    select
        *,
        {{ ends_of_windows(crowding_windows()) }} as days
    from entrants
),

moments as (
    select
        child_key,
        parent_key,
        relation,
        owner_or_self,
        days,
        released_us + days * 86400000000 as moment_us,
        case when days = 0 then child_key end as entrant_key,
        case when days = 0 then not_bulk_child_key end as not_bulk_child_key,
        case when days = 0 then event_lead_key end as event_lead_key
    from asked
),

counted_from_start as (
    select
        child_key,
        parent_key,
        days,
        count(entrant_key) over race_before as n_before,
        count(entrant_key) over race_until as n_until,
        count(not_bulk_child_key) over race_before as n_before_not_bulk,
        count(event_lead_key) over race_before as n_before_events,
        count(entrant_key) over relation_before as n_before_same_relation,
        count(entrant_key) over owner_before as n_before_same_owner,
        count(entrant_key) over owner_until as n_until_same_owner,
        count(event_lead_key) over owner_before as n_before_same_owner_events,
        count(entrant_key) over relation_owner_before as n_before_same_relation_same_owner
    from moments
    window
        {{ moments_before('race', 'parent_key') }},
        {{ moments_until('race', 'parent_key') }},
        {{ moments_before('relation', 'parent_key, relation') }},
        {{ moments_before('owner', 'parent_key, owner_or_self') }},
        {{ moments_until('owner', 'parent_key, owner_or_self') }},
        {{ moments_before('relation_owner', 'parent_key, relation, owner_or_self') }}
)

select
    child_key,
    parent_key,
    {{ rivals_between_moments(crowding_windows()) }}
from counted_from_start
group by child_key, parent_key
{%- endmacro %}


{#
    The number of entrants of the same base that were released between two instants around each entrant's
    own. `from_bound` and `to_bound` are frame bounds in microseconds. The row itself is in the
    count if the frame includes its instant.
#}
{% macro entrants_between(from_bound, to_bound, within='parent_key', counted='*') -%}
    count({{ counted }}) over (
        partition by {{ within }}
        order by released_us nulls last
        range between {{ from_bound }} and {{ to_bound }}
    )
{%- endmacro %}


{% macro microseconds_before(days) -%}
    {{ (days | int) * 86400000000 }} preceding
{%- endmacro %}


{% macro microseconds_after(days) -%}
    {{ (days | int) * 86400000000 }} following
{%- endmacro %}


{#
    The first and the last entrant of each window, with what was counted up to their releases. A window before an
    entrant includes the entrant itself, so that it is never empty.
#}
{% macro race_windows(windows) -%}
    {%- set race = 'partition by parent_key order by released_us nulls last range between ' -%}
    {%- set relation_race = 'partition by parent_key, relation order by released_us nulls last range between ' -%}
    {%- for days in windows -%}
    first_value(own) over ({{ race ~ microseconds_before(days) }} and current row) as first_{{ days }}d,
    first_value(n_before_same_relation) over ({{ relation_race ~ microseconds_before(days) }} and current row)
        as n_before_same_relation_{{ days }}d,
    last_value(own) over ({{ race }}current row and {{ microseconds_after(days) }}) as last_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# In each window, the rivals that have the entrant's own owner. #}
{% macro rivals_of_same_owner(windows) -%}
    {%- for days in windows -%}
    {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, owner_or_self') }} as n_before_{{ days }}d,
    {{ entrants_between('1 following', microseconds_after(days), within='parent_key, owner_or_self') }} as n_after_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, relation, owner_or_self') }}
        as n_before_same_relation_{{ days }}d,
    {{ entrants_between(microseconds_before(days), '1 preceding', within='parent_key, owner_or_self', counted='event_lead_key') }}
        as n_before_events_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The columns n_rivals_<kind>_<days>d of every window, over entrants of bases (docs/definitions.md#crowding). #}
{% macro rivals_in_windows(windows) -%}
    {%- for days in windows -%}
    {%- set first = 'counted.first_' ~ days ~ 'd' -%}
    {%- set last = 'counted.last_' ~ days ~ 'd' -%}
    {%- set before = 'counted.own.n_before - ' ~ first ~ '.n_before' -%}
    {%- set before_same_relation = 'counted.n_before_same_relation - counted.n_before_same_relation_' ~ days ~ 'd' -%}
    {%- set after = last ~ '.n_until - counted.own.n_until' -%}
    {{ before }} as n_rivals_before_{{ days }}d,
    {{ after }} as n_rivals_after_{{ days }}d,
    {{ entrants_inside(first, last, days) }} - 1 as n_rivals_around_{{ days }}d,
    {{ before_same_relation }} as n_rivals_before_same_relation_{{ days }}d,
    {{ before }} - coalesce(of_same_owner.n_before_{{ days }}d, 0) as n_rivals_before_other_owner_{{ days }}d,
    counted.own.n_before_not_bulk - {{ first }}.n_before_not_bulk as n_rivals_before_not_bulk_{{ days }}d,
    {{ before_same_relation }} - coalesce(of_same_owner.n_before_same_relation_{{ days }}d, 0)
        as n_rivals_before_same_relation_other_owner_{{ days }}d,
    counted.own.n_before_events - {{ first }}.n_before_events - coalesce(of_same_owner.n_before_events_{{ days }}d, 0)
        as n_rivals_before_other_owner_events_{{ days }}d,
    {{ after }} - coalesce(of_same_owner.n_after_{{ days }}d, 0)
        as n_rivals_after_other_owner_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# Days from an entrant's release to the ends of its windows, and to itself, one row each. #}
{% macro ends_of_windows(windows) -%}
    {%- set ends = [0] -%}
    {%- for days in windows -%} {%- do ends.extend([-days, days]) -%} {%- endfor -%}
    {{ each_value('array(' ~ ends | join(', ') ~ ')') }}
{%- endmacro %}


{# Frames over the moments of a race at which counts are looked up: strictly before, and until. #}
{% macro moments_before(name, within) -%}
    {{ name }}_before as (
            partition by {{ within }}
            order by moment_us nulls last
            range between unbounded preceding and 1 preceding
        )
{%- endmacro %}


{% macro moments_until(name, within) -%}
    {{ name }}_until as (
            partition by {{ within }}
            order by moment_us nulls last
            range between unbounded preceding and current row
        )
{%- endmacro %}


{# The count from the start at one of an entrant's moments, `days` from its release. #}
{% macro counted_at(days, count) -%}
    max(case when days = {{ days }} then {{ count }} end)
{%- endmacro %}


{# The columns n_rivals_<kind>_<days>d of every window, from counts at the ends of windows. #}
{% macro rivals_between_moments(windows) -%}
    {%- for days in windows -%}
    {%- for kind, count in {
        'before': 'n_before',
        'before_same_relation': 'n_before_same_relation',
        'before_other_owner': 'n_before - n_before_same_owner',
        'before_not_bulk': 'n_before_not_bulk',
        'before_same_relation_other_owner': 'n_before_same_relation - n_before_same_relation_same_owner',
        'before_other_owner_events': 'n_before_events - n_before_same_owner_events',
    }.items() -%}
    {{ counted_at(0, count) }} - {{ counted_at(-days, count) }} as n_rivals_{{ kind }}_{{ days }}d,
    {% endfor -%}
    {%- for kind, count in {'after': 'n_until', 'after_other_owner': 'n_until - n_until_same_owner'}.items() -%}
    {{ counted_at(days, count) }} - {{ counted_at(0, count) }} as n_rivals_{{ kind }}_{{ days }}d,
    {% endfor -%}
    {{ counted_at(days, 'n_before') }} - {{ counted_at(-days, 'n_until') }} - 1 as n_rivals_around_{{ days }}d{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# Entrants around an entrant, itself included: those exactly as many days before or after it are outside. #}
{% macro entrants_inside(first, last, days) -%}
    {%- set window_us = (days | int) * 86400000000 -%}
    case when {{ last }}.released_us - counted.own.released_us = {{ window_us }} then {{ last }}.n_before else {{ last }}.n_until end
    - case when counted.own.released_us - {{ first }}.released_us = {{ window_us }} then {{ first }}.n_until else {{ first }}.n_before end
{%- endmacro %}
