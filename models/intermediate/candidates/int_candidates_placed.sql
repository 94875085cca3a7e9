-- One row per listed model x candidate x signal: bases that share something with the model, the three that most owners build on.
-- No model meets its siblings: what many share is looked up in a list of three. Declared children are among the rows; they
-- tell how often a signal is right.
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

-- What a base and its children may share, as one text.
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

-- A name without its last part, up to five times; the longest beginning that is the name of a base counts.
{%- for part in range(1, 6) %}
beginning_{{ part }} as (
    select
        model_key,
        regexp_extract(name, '^(.+)[-_.][^-_.]+$', 1) as name
    from {{ 'models' if part == 1 else 'beginning_' ~ (part - 1) }}
    where {{ matches('name', '^.+[-_.][^-_.]+$') }}
),
{% endfor %}
beginnings as (
    {%- for part in range(1, 6) %}
    select
        model_key,
        name
    from beginning_{{ part }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

base_names as (
    select distinct trait as name from best
    where signal = 'name_overlap'
),

longest_beginnings as (
    select
        beginnings.model_key,
        max(length(beginnings.name)) as n_letters
    from beginnings
    inner join base_names on beginnings.name = base_names.name
    group by beginnings.model_key
),

traits as (
    select
        model_key,
        'parameter_total' as signal,
        architecture || ' ' || cast(safetensors_parameters as string) as trait
    from models
    union all
    select
        model_key,
        'chat_template' as signal,
        chat_template_hash as trait
    from models
    union all
    select
        models.model_key,
        'name_overlap' as signal,
        left(models.name, cast(longest_beginnings.n_letters as integer)) as trait
    from models
    inner join longest_beginnings on models.model_key = longest_beginnings.model_key
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
inner join models on traits.model_key = models.model_key
where
    traits.model_key != best.base_key
    -- Nothing is built from what came later; an unknown date contradicts nothing.
    and coalesce(models.released_us > best.released_us, true)
