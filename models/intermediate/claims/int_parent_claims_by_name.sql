-- One row per child without a declared parent whose name is another model's plus the ending of a conversion: that model.
with models as (
    select
        model_key,
        model_id,
        model_id_lower,
        owner_lower,
        lower(repository_name) as name
    from {{ ref('int_models_listed') }}
),

latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

claims as (
    select
        claims.child_key,
        lower({{ trim_spaces('claims.claimed_parent') }}) as parent_id_lower
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join latest on claims.snapshot_id = latest.snapshot_id
),

declared as (
    select child_key from claims
    {%- if 'card_text' in var('edge_phases') %}
    union
    -- Where the card names a parent and cards are read, nothing is guessed from the name.
    select models.model_key as child_key
    from {{ ref('stg_cards__parent_mentions') }} as mentions
    inner join models on mentions.claimed_model_lower = models.model_id_lower
    {%- endif %}
),

undeclared as (
    select distinct
        models.model_key as child_key,
        models.owner_lower,
        models.name
    from models
    left join declared on models.model_key = declared.child_key
    where declared.child_key is null
),

-- mistral-7b-i1-gguf is stripped of gguf, then of i1; and so on, four times.
stripped_once as (
    select
        child_key,
        owner_lower,
        {{ without_conversion_ending('name') }} as stem
    from undeclared
    where {{ has_conversion_ending('name') }}
),

{%- for before, after in [('once', 'twice'), ('twice', 'thrice'), ('thrice', 'four_times')] %}
stripped_{{ after }} as (
    select
        child_key,
        owner_lower,
        {{ without_conversion_ending('stem') }} as stem
    from stripped_{{ before }}
    where {{ has_conversion_ending('stem') }}
),
{% endfor %}
stems as (
    {%- for times in ['once', 'twice', 'thrice', 'four_times'] %}
    select
        child_key,
        owner_lower,
        stem,
        {{ loop.index }} as n_stripped
    from stripped_{{ times }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

numbered_stems as (
    select
        *,
        n_stripped = max(n_stripped) over (partition by child_key) as is_whole
    from stems
    where stem != ''
),

-- Some re-packagers put the parent's owner into the name: owner_-_name, owner_name, owner-name, owner.name.
owners_written as (
    select distinct
        stem,
        translate(replace(stem, '_-_', '-'), '_.', '--') as plain_stem
    from numbered_stems
),

written_out as (
    select
        owners_written.stem,
        models.model_key,
        models.model_id
    from owners_written
    inner join models on owners_written.plain_stem = translate(models.model_id_lower, '_./', '---')
    where contains(models.model_id_lower, '/')
),

sought_names as (
    select distinct stem from numbered_stems
),

bearers as (
    select models.*
    from models
    inner join sought_names on models.name = sought_names.stem
),

-- How many owners name a candidate as a parent, and whether it is a copy: it declares a parent of its own name.
builders as (
    select
        bearers.model_key,
        count(distinct children.owner_lower) as n_owners
    from bearers
    inner join claims on bearers.model_id_lower = claims.parent_id_lower
    inner join models as children on claims.child_key = children.model_key
    where children.owner_lower != bearers.owner_lower
    group by bearers.model_key
),

copies as (
    select distinct bearers.model_key
    from bearers
    inner join claims on bearers.model_key = claims.child_key
    where {{ name_of('claims.parent_id_lower') }} = bearers.name and claims.parent_id_lower != bearers.model_id_lower
),

-- Only its own owner converts a conversion; others start from the model itself, not from a copy.
candidates as (
    select
        stems.child_key,
        bearers.model_key as parent_key,
        bearers.model_id as parent_id,
        stems.n_stripped,
        coalesce(stems.owner_lower = bearers.owner_lower, false) as is_same_owner,
        coalesce(builders.n_owners, 0) as n_owners
    from numbered_stems as stems
    inner join bearers on stems.stem = bearers.name
    left join builders on bearers.model_key = builders.model_key
    left join copies on bearers.model_key = copies.model_key
    where
        bearers.model_key != stems.child_key
        and (stems.owner_lower = bearers.owner_lower or (stems.is_whole and copies.model_key is null))
),

placed as (
    select
        *,
        count(*) over (partition by child_key) as n_candidates,
        row_number() over by_use as place,
        lead(n_owners) over by_use as next_n_owners
    from candidates
    window by_use as (partition by child_key order by n_owners desc, is_same_owner desc nulls last, n_stripped asc, parent_id asc)
),

-- The only candidate; or one that far more build on than on any other; or the nearest of the owner's own.
chosen as (
    select
        child_key,
        parent_id,
        case
            when n_candidates = 1 then 2
            when place = 1 and n_owners > 3 * next_n_owners then 3
            when is_same_owner then 4
        end as reason_number,
        n_stripped
    from placed
    union all
    select
        stems.child_key,
        written_out.model_id as parent_id,
        1 as reason_number,
        stems.n_stripped
    from numbered_stems as stems
    inner join written_out on stems.stem = written_out.stem
    where written_out.model_key != stems.child_key
)

select
    child_key,
    parent_id as claimed_parent
from chosen
where reason_number is not null
qualify row_number() over (partition by child_key order by reason_number, n_stripped, parent_id) = 1
