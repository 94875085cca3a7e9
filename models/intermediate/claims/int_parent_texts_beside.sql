-- One row per distinct text that names a model in the landed tables of compared weights and of model cards.
select claimed_child as claimed_text from {{ ref('stg_weights__pairs') }}
where fault is null
union
select claimed_parent as claimed_text from {{ ref('stg_weights__pairs') }}
where fault is null
union
select claimed_parent as claimed_text from {{ ref('stg_cards__parent_mentions') }}
