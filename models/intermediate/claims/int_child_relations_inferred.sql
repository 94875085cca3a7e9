-- One row per child with a parent: the relation by its card, by the Hub, and by its traits.
with claims as (
    select * from {{ ref('int_parent_claims_identified') }}
),

-- The Hub's relation belongs to the child, so it counts even if its parent is rejected (the child itself, a local path).
children as (
    select
        child_key,
        count(distinct case when rejection_reason is null then parent_key end) as n_parents,
        max(claimed_relation_number) as hub_relation_number,
        bool_or(evidence = 'adapter_config') as has_adapter_config
    from claims
    group by child_key
    having count(case when rejection_reason is null then 1 end) > 0
),

traits as (
    select
        children.*,
        spellings.relation as declared_relation,
        models.tag_signal,
        libraries.relation as library_signal,
        endings.relation as name_signal,
        models.has_signals
    from children
    inner join {{ ref('int_models_listed') }} as models on children.child_key = models.model_key
    left join {{ ref('relation_spellings') }} as spellings
        on spellings.spelling = {{ trim_characters(replace_pattern("lower(models.card_relation)", "[^a-z0-9]+", "-"), "-") }}
    left join {{ ref('relation_signals') }} as libraries
        on libraries.signal = 'library' and libraries.word = lower(models.library_name)
    left join {{ ref('relation_signals') }} as endings
        on
            endings.signal = 'name_ending'
            and endings.word = regexp_extract(lower(models.repository_name), '[-_.]([a-z0-9]+)$', 1)
)

select
    child_key,
    n_parents,
    hub_relation_number,
    declared_relation,
    -- In this order: adapter files, then converted weights, then several parents.
    -- Without any of these it is a fine-tune, but only where the source would have shown them.
    case
        when has_adapter_config or 'adapter' in (library_signal, tag_signal, name_signal) then 'adapter'
        when 'quantized' in (library_signal, tag_signal, name_signal) then 'quantized'
        when tag_signal = 'merge' or n_parents > 1 then 'merge'
        when has_signals then 'finetune'
        else 'unknown'
    end as inferred_relation
from traits
