-- One row per child that only the Hub calls a quantized copy, with no other sign of it.
-- The Hub guesses the relation from files: it calls a full model `quantized` if it ships a small ONNX file next to its weights.
with children as (
    select distinct child_key
    from {{ ref('int_lineage_edges_resolved') }}
    where relation = 'quantized' and relation_source = 'hub'
)

select
    children.child_key,
    case
        when models.pipeline_tag in (
            'sentence-similarity', 'feature-extraction', 'fill-mask', 'text-ranking', 'text-classification',
            'token-classification', 'zero-shot-classification'
        ) then 'encoder_without_a_sign'
        else 'no_sign'
    end as doubt
from children
inner join {{ ref('int_child_relations_inferred') }} as inferred on children.child_key = inferred.child_key
inner join {{ ref('int_models_listed') }} as models on children.child_key = models.model_key
-- Only where the source would have shown the signs.
where
    models.has_signals
    and inferred.inferred_relation != 'quantized'
    and not {{ matches(
        'lower(models.repository_name)',
        'gguf|ggml|awq|gptq|exl(?:2|3)|mlx|quant|[2-8][-_]?bit|int(?:4|8)|fp(?:4|8)|nf4|mxfp|w(?:4|8)a|(?:^|[-_.])i?q[2-8](?:[-_.]|$)'
    ) }}
