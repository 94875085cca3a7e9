-- One row per child x model whose name the child's own name repeats, for children that declare no parent.
with models as (
    select * from {{ ref('int_models_listed') }}
),

latest as (
    select snapshot_id from {{ ref('stg_hub__snapshots') }}
    where is_latest
),

declared as (
    select distinct claims.child_key
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join latest on claims.snapshot_id = latest.snapshot_id
),

conversion_endings as (
    select word from {{ ref('relation_signals') }}
    where signal = 'name_ending'
),

undeclared as (
    select
        models.model_key as child_key,
        lower(models.repository_name) as name,
        regexp_extract(lower(models.repository_name), '[-_.]([a-z0-9]+)$', 1) as ending
    from models
    left join declared on models.model_key = declared.child_key
    where declared.child_key is null
),

-- mistral-7b-i1-gguf is stripped of gguf, then of i1.
stripped_once as (
    select
        undeclared.child_key,
        left(undeclared.name, length(undeclared.name) - length(undeclared.ending) - 1) as stem
    from undeclared
    inner join conversion_endings on undeclared.ending = conversion_endings.word
),

stripped_twice as (
    select
        stripped_once.child_key,
        left(stripped_once.stem, length(stripped_once.stem) - length(conversion_endings.word) - 1) as stem
    from stripped_once
    inner join conversion_endings
        on regexp_extract(stripped_once.stem, '[-_.]([a-z0-9]+)$', 1) = conversion_endings.word
),

stems as (
    select * from stripped_once
    union
    select * from stripped_twice
),

-- Some re-packagers write the parent's owner into the name: owner_-_name.
candidates as (
    select
        stems.child_key,
        models.model_id
    from stems
    inner join models
        on replace(stems.stem, '_-_', '/') = models.model_id_lower
    where contains(stems.stem, '_-_')
    union
    select
        stems.child_key,
        models.model_id
    from stems
    inner join models on stems.stem = lower(models.repository_name)
    where models.model_key != stems.child_key
)

select
    child_key,
    min(model_id) as claimed_parent
from candidates
group by child_key
having count(*) = 1
