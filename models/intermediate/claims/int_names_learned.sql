-- One row per old or short name of a model: its present id, as the data themselves show it.
--
-- What the data show about names that no listed model has, and what is learned from it:
--
--   old name      seen                                                         present name
--   a/llama       in an earlier snapshot, with the immutable id of b/llama     b/llama
--   bert          looked up: the Hub redirects it                              google/bert
--   c/old         claimed by a child beside the immutable id of c/new          c/new
--   d/qwen        on the cards of children whose one tag says e/qwen           e/qwen
--   f/gpt         on such cards, whose tags say g/gpt here and h/gpt there     nothing: they disagree
with models as (
    select * from {{ ref('stg_hub__models') }}
),

listed as (
    select
        model_id_lower,
        hub_oid
    from {{ ref('int_models_listed') }}
),

-- Only names that no listed model has today need to be learned. They are few, and so are the
-- claims that mention them.
unlisted_texts as (
    select
        texts.claimed_parent,
        texts.parent_id_lower
    from {{ ref('int_parent_texts_cleaned') }} as texts
    left join listed on texts.parent_id_lower = listed.model_id_lower
    where texts.fault is null and listed.model_id_lower is null
),

unlisted_claims as (
    select
        claims.snapshot_id,
        claims.child_key,
        claims.evidence,
        claims.claimed_oid,
        unlisted_texts.parent_id_lower
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join unlisted_texts on claims.claimed_parent = unlisted_texts.claimed_parent
    where claims.is_text
),

-- The same repository under another id in an earlier snapshot.
renamed as (
    select distinct
        lower(versions.model_id) as old_name,
        listed.model_id_lower as present_name,
        1 as witness_number,
        versions.hub_oid as witness
    from {{ ref('stg_hub__versions') }} as versions
    inner join listed on versions.hub_oid = listed.hub_oid
    where lower(versions.model_id) != listed.model_id_lower
),

-- Names that were looked up, and that the Hub redirects.
redirected as (
    select
        old_name,
        present_name,
        2 as witness_number,
        old_name as witness
    from {{ ref('stg_hub__aliases') }}
),

-- Claims in which the Hub gives the parent's immutable id with the name it had.
identified as (
    select distinct
        claims.parent_id_lower as old_name,
        listed.model_id_lower as present_name,
        3 as witness_number,
        children.model_id_lower as witness
    from unlisted_claims as claims
    inner join listed on claims.claimed_oid = listed.hub_oid
    inner join models as children on claims.snapshot_id = children.snapshot_id and claims.child_key = children.model_key
),

-- If a child's card and its tags name one parent each, both mean the same model.
doubtful_children as (
    select distinct
        snapshot_id,
        child_key
    from unlisted_claims
    where evidence = 'card'
),

single_parents as (
    select
        claims.snapshot_id,
        claims.child_key,
        min(case when claims.evidence = 'card' then texts.parent_id_lower end) as card_parent,
        min(case when claims.evidence in ('hub', 'typed_tag', 'untyped_tag') then texts.parent_id_lower end) as tag_parent
    from {{ ref('stg_hub__parent_claims') }} as claims
    inner join doubtful_children using (snapshot_id, child_key)
    inner join {{ ref('int_parent_texts_cleaned') }} as texts on claims.claimed_parent = texts.claimed_parent
    where claims.is_text and texts.fault is null
    group by claims.snapshot_id, claims.child_key
    having
        count(distinct case when claims.evidence = 'card' then texts.parent_id_lower end) = 1
        and count(distinct case when claims.evidence in ('hub', 'typed_tag', 'untyped_tag') then texts.parent_id_lower end) = 1
),

-- Pairs of equal names are kept: a name that the Hub leaves unchanged means itself.
tagged as (
    select distinct
        single_parents.card_parent as old_name,
        single_parents.tag_parent as present_name,
        4 as witness_number,
        children.model_id_lower as witness
    from single_parents
    inner join models as children
        on single_parents.snapshot_id = children.snapshot_id and single_parents.child_key = children.model_key
    where single_parents.tag_parent != children.model_id_lower and contains(single_parents.tag_parent, '/')
),

witnesses as (
    select
        old_name,
        present_name,
        witness_number,
        witness
    from renamed
    union all
    select
        old_name,
        present_name,
        witness_number,
        witness
    from redirected
    union all
    select
        old_name,
        present_name,
        witness_number,
        witness
    from identified
    union all
    select
        old_name,
        present_name,
        witness_number,
        witness
    from tagged
),

unanimous as (
    select
        old_name,
        witness_number,
        min(present_name) as present_name,
        count(distinct witness) as n_witnesses
    from witnesses
    group by old_name, witness_number
    having count(distinct present_name) = 1
),

-- A name that a listed model has today means that model.
strongest as (
    select
        unanimous.old_name,
        unanimous.present_name,
        unanimous.witness_number,
        unanimous.n_witnesses
    from unanimous
    left join listed on unanimous.old_name = listed.model_id_lower
    where listed.model_id_lower is null and unanimous.old_name != unanimous.present_name
    qualify row_number() over (partition by unanimous.old_name order by unanimous.witness_number) = 1
),

-- Names changed several times, up to four, lead to the last one.
followed_twice as (
    select
        first_step.old_name,
        coalesce(second_step.present_name, first_step.present_name) as present_name,
        first_step.witness_number,
        first_step.n_witnesses
    from strongest as first_step
    left join strongest as second_step on first_step.present_name = second_step.old_name
),

followed_four_times as (
    select
        first_step.old_name,
        coalesce(second_step.present_name, first_step.present_name) as present_name,
        first_step.witness_number,
        first_step.n_witnesses
    from followed_twice as first_step
    left join followed_twice as second_step on first_step.present_name = second_step.old_name
)

select
    old_name,
    present_name,
    case witness_number
        when 1 then 'renamed_repository'
        when 2 then 'hub_redirect'
        when 3 then 'hub_oid'
        else 'tag_beside_card'
    end as learned_from,
    n_witnesses
from followed_four_times
where old_name != present_name
