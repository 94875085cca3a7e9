-- One row per listed model x candidate x signal: bases that share something with the model, the three that most owners build on.
-- Models are never joined to their siblings: traits that many share are looked up in a list of three. Declared children are
-- included; they show how often a signal is right.
with models as (
    select
        model_key,
        lower(repository_name) as name,
        architecture,
        safetensors_parameters,
        chat_template_hash,
        released_us
    from {{ ref('int_models_listed') }}
),

-- The traits that a base and its children may share, as one text.
shared as (
    select
        base_key,
        n_owners,
        released_us,
        'parameter_total' as signal,
        architecture || ' ' || cast(safetensors_parameters as string) as trait
    from {{ ref('int_bases_built_on') }}
    union all
    select
        base_key,
        n_owners,
        released_us,
        'chat_template' as signal,
        chat_template_hash as trait
    from {{ ref('int_bases_built_on') }}
    union all
    select
        base_key,
        n_owners,
        released_us,
        'name_overlap' as signal,
        name as trait
    from {{ ref('int_bases_built_on') }}
),

placed as (
    select
        *,
        count(*) over (partition by signal, trait) as n_candidates,
        row_number() over (partition by signal, trait order by n_owners desc, base_key asc) as place
    from shared
    where trait is not null
),

best as (
    select * from placed
    where place <= 3
),

-- A name without its last part, its last two, up to its last five: parts are cut from the beginning of the reversed name, which is
-- three times as fast as a pattern from the end of the name.
reversed as (
    select
        *,
        reverse(replace(replace(name, '_', '-'), '.', '-')) as reversed_0
    from models
),

{%- for part in range(1, 6) %}
cut_{{ part }} as (
    select
        *,
        case
            when position('-' in reversed_{{ part - 1 }}) > 1
                then substr(reversed_{{ part - 1 }}, position('-' in reversed_{{ part - 1 }}) + 1)
        end as reversed_{{ part }}
    from {{ 'reversed' if part == 1 else 'cut_' ~ (part - 1) }}
),
{% endfor %}
base_names as (
    select distinct trait as name from best
    where signal = 'name_overlap'
),

-- Only the longest beginning that is a base's name counts.
named as (
    select
        cut_5.model_key,
        cut_5.released_us,
        coalesce(base_1.name, base_2.name, base_3.name, base_4.name, base_5.name) as base_name
    from cut_5
    left join base_names as base_1 on substr(cut_5.name, 1, length(cut_5.reversed_1)) = base_1.name
    left join base_names as base_2 on substr(cut_5.name, 1, length(cut_5.reversed_2)) = base_2.name
    left join base_names as base_3 on substr(cut_5.name, 1, length(cut_5.reversed_3)) = base_3.name
    left join base_names as base_4 on substr(cut_5.name, 1, length(cut_5.reversed_4)) = base_4.name
    left join base_names as base_5 on substr(cut_5.name, 1, length(cut_5.reversed_5)) = base_5.name
),

traits as (
    select
        model_key,
        released_us,
        'parameter_total' as signal,
        architecture || ' ' || cast(safetensors_parameters as string) as trait
    from models
    union all
    select
        model_key,
        released_us,
        'chat_template' as signal,
        chat_template_hash as trait
    from models
    union all
    select
        model_key,
        released_us,
        'name_overlap' as signal,
        base_name as trait
    from named
)

select
    traits.model_key,
    best.base_key,
    traits.signal,
    best.place,
    best.n_candidates,
    count(*) over (partition by traits.model_key, best.base_key) as n_signals
from traits
inner join best on traits.signal = best.signal and traits.trait = best.trait
where
    traits.model_key != best.base_key
    -- No model is built from a later one; an unknown date rules nothing out.
    and coalesce(traits.released_us > best.released_us, true)
