-- One row per child in the latest snapshot x evidence phase x text: parents named by tables that were landed next to the snapshots.
with texts as (
    select
        claimed_parent as claimed_text,
        parent_key,
        is_parent_listed
    from {{ ref('int_parent_texts_resolved') }}
),

-- Children's names are read by the rules for parents' names.
compared as (
    select
        children.parent_key as child_key,
        'weights' as evidence,
        pairs.claimed_parent
    from {{ ref('stg_weights__pairs') }} as pairs
    inner join texts as children on pairs.claimed_child = children.claimed_text
    where pairs.fault is null and children.is_parent_listed
),

-- Dumps hold the cards of most models; their names are looked up as written, then as old names.
mentioned as (
    select
        models.model_key as child_key,
        mentions.claimed_parent,
        mentions.phrase_number
    from {{ ref('stg_cards__parent_mentions') }} as mentions
    inner join texts on mentions.claimed_parent = texts.claimed_text
    left join {{ ref('int_names_learned') }} as learned on mentions.claimed_model_lower = learned.old_name
    inner join {{ ref('int_models_listed') }} as models
        on coalesce(learned.present_name, mentions.claimed_model_lower) = models.model_id_lower
    -- Two words joined by a slash count only if they are a listed model. Cards often name their own model.
    where (mentions.is_link or texts.is_parent_listed) and coalesce(texts.parent_key != models.model_key, true)
),

-- Only a card's strongest phrase counts; for a merge, all its parents.
best_mentions as (
    select
        *,
        min(phrase_number) over (partition by child_key) as best_number
    from mentioned
)

select
    child_key,
    evidence,
    claimed_parent
from compared
union
select
    child_key,
    'card_text' as evidence,
    claimed_parent
from best_mentions
where phrase_number = best_number
