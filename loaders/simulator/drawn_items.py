"""The items of a drawn Hub, assembled by DuckDB.

`Generator` loads the arrays from `drawing.draw` into DuckDB, where each model's item is written as
the API would, so that no Python loop runs over the models. All random bits come from numpy, so that
neither threads nor DuckDB's hash function can change a byte.
"""

from collections.abc import Sequence

import duckdb
import numpy as np

from loaders.simulator.drawing import (
    BENCHMARKS,
    DAY,
    FLOOR,
    JUNK,
    PAGE_SIZE,
    SIZES_IN_MILLIONS,
    Ecosystem,
)

NAMES = """
create or replace macro pick(words, bits, shift) as
    words[1 + ((bits >> shift) % len(words)::ubigint)::int];
create or replace macro family_word(bits) as pick([
    'Heron', 'Otter', 'Falco', 'Lynx', 'Mistle', 'Corvid', 'Tern', 'Marten', 'Wren', 'Ibis',
    'Panda', 'Orca', 'Finch', 'Kestrel', 'Gecko', 'Bison', 'Crane', 'Dingo', 'Egret', 'Civet',
    'bert-sparrow', 'wav2owl', 'vit-toad', 'sdxl-moth'], bits, 0);
-- what the family of each word is made as; diffusion models have no such thing
create or replace macro family_body(bits) as pick([
    'Llama', 'Llama', 'Qwen2', 'Llama', 'Mistral', 'Qwen2', 'Gemma2', 'Llama', 'Qwen2', 'Phi3',
    'Llama', 'Mistral', 'Qwen2', 'Llama', 'Gemma2', 'Llama', 'Qwen2', 'Mistral', 'Llama', 'Phi3',
    'Bert', 'Wav2Vec2', 'ViT', null], bits, 0);
create or replace macro head_of(body, has_new_head) as case
    when body = 'ViT' then 'ForImageClassification'
    when has_new_head then 'ForSequenceClassification'
    when body = 'Bert' then 'ForMaskedLM'
    when body = 'Wav2Vec2' then 'ForCTC'
    else 'ForCausalLM' end;
create or replace macro family_version(bits) as
    pick(['', '', '-2', '-2.5', '-3', '-3.1', '-v0.1', '-4'], bits, 8);
create or replace macro family_role(bits) as
    pick(['', '', '', '-base', '-Instruct', '-chat', '-it'], bits, 12);
create or replace macro size_label(size) as
    (['22M', '66M', '110M', '135M', '335M', '0.5B', '1.5B', '3B', '7B', '8B', '14B', '32B', '70B']
    )[1 + size];
create or replace macro suffix(kind, bits) as case kind
    when 0 then pick(['sft', 'dpo', 'finetuned', 'emotion', 'ner', 'code', 'math', 'roleplay',
                      'medical', 'fr', 'news', 'reward', 'grpo', 'squad'], bits, 16)
    when 1 then pick(['lora', 'qlora', 'style-lora', 'sft-lora', 'adapter', 'peft', 'ner-lora'],
                     bits, 16)
    when 2 then pick(['GGUF', 'GGUF', 'i1-GGUF', 'AWQ', 'GPTQ-Int4', 'bnb-4bit', 'mlx-4bit',
                      '8bit'], bits, 16)
    when 3 then pick(['slerp', 'dare-ties', 'merged', 'linear', 'model-stock'], bits, 16)
    else pick(['test', 'emotion', 'demo', 'scratch', 'cartpole', 'tiny', 'custom', 'results'],
              bits, 16) end;
create or replace macro owner_name(owner) as
    (['amber', 'brisk', 'calm', 'dusty', 'eager', 'faint', 'gentle', 'hazel', 'icy', 'jolly',
      'keen', 'lucid', 'mellow', 'noble', 'olive', 'plain', 'quiet', 'rapid', 'solid', 'tidy']
    )[1 + owner % 20]
    || case when owner % 7 = 0 then '-' else '' end
    || (['anchor', 'beacon', 'cedar', 'delta', 'ember', 'forge', 'grove', 'harbor', 'inlet',
         'juniper', 'kiln', 'lantern', 'meadow', 'nook', 'orchard', 'pier', 'quarry', 'ridge',
         'studio', 'tower'])[1 + owner // 20 % 20]
    || case when owner >= 400 then (owner // 400)::varchar else '' end;
"""

IDENTITIES = """
create or replace table drawn_ids as
with named as (
    select
        idx,
        case
            when is_bulk then 'bulk-' || owner_name(owner)
            when owner % 5 = 0 then 'Lab-' || owner_name(owner)
            else owner_name(owner)
        end as owner_name,
        family_word(stem_bits) || family_version(stem_bits) || '-' || size_label(size)
        || case
            when kind >= 0 then '-' || suffix(kind, bits)
            when bits >> 24 & 1 = 0 then family_role(bits)
            else '-' || suffix(-1, bits)
        end as name
    from drawn_models
), numbered as (
    select
        *,
        row_number() over (partition by lower(owner_name), lower(name) order by idx) as copy_number
    from named
), renamed as (
    select
        idx,
        owner_name,
        name || case when copy_number > 1 then '-v' || copy_number else '' end as name
    from numbered
)
select
    idx,
    owner_name as owner,
    owner_name || '/' || name as id,
    -- before a rename the repository had another name, or another owner
    case
        when drawn_models.renamed >= 0 and bits >> 30 & 1 = 0
            then owner_name || '/' || name || '-preview'
        when drawn_models.renamed >= 0 then owner_name || '-labs/' || name
    end as old_id,
    -- the Hub's identifiers: time, machine, counter
    printf('%08x', released)
    || case
        when released < $floor_end then '36468d709f'
        else pick(['7c6a26cba1', '04d0e6ed2b', 'e4b5c1d80f', '1f53a97b62'], more_bits, 0)
    end as oid_head,
    idx + case when released < $floor_end then 1507328 else 0 end as oid_counter
from renamed inner join drawn_models using (idx)
union all
select
    $n_models + ghost as idx,
    'gone-' || owner_name((ghost * 7) % 400) as owner,
    'gone-' || owner_name((ghost * 7) % 400) || '/' || 'Lost-' || ghost as id,
    null as old_id,
    printf('%08x', $floor_end + ghost * 9973) || '7c6a26cba1' as oid_head,
    ghost + 9000000 as oid_counter
from range($n_ghosts) as ghosts(ghost);
"""

# What a card says and what the Hub makes of it. The Hub tags only parents it can resolve, under
# their present names; of several parents it keeps the first in byte order, unless it is a merge.
REFERENCES = """
create or replace table drawn_references as
with claims as (
    select
        drawn_edges.child,
        drawn_edges.slot,
        models.kind,
        parent_ids.oid,
        -- the name that the parent has at this snapshot
        case
            when parents.renamed > {snapshot} then parent_ids.old_id else parent_ids.id
        end as parent_id,
        parent_ids.old_id,
        parents.renamed,
        coalesce(parents.is_stable, false) as is_stable,
        edge_bits,
        models.more_bits,
        models.first_seen as child_first_seen,
        -- parents that never existed, or that nobody knows, get no tag
        drawn_edges.parent < {n_models} or edge_bits % 2 = 0 as is_resolvable,
        count(*) over (partition by drawn_edges.child) as n_claims
    from drawn_edges
    inner join drawn_models as models on models.idx = drawn_edges.child
    inner join drawn_oids as parent_ids on parent_ids.idx = drawn_edges.parent
    left join drawn_models as parents on parents.idx = drawn_edges.parent
    where
        models.first_seen <= {snapshot}
        and (models.gone > {snapshot} or models.back <= {snapshot})
        and models.declared <= {snapshot}
), habits as (
    select
        *,
        more_bits >> 8 & 1023 < 37 as is_untagged,
        -- then the tags come from the adapter's configuration, or from no visible source
        n_claims = 1 and is_resolvable and more_bits >> 8 & 1023 >= 37
        and more_bits >> 18 & 1023 < case when kind = 1 then 40 else 4 end as is_undeclared
    from claims
), spoken as (
    select
        *,
        case
            when n_claims = 1 and is_untagged and is_stable and edge_bits >> 4 & 3 < 2
                then lower(parent_id)
            when n_claims = 1 and not is_untagged and is_stable and edge_bits >> 4 & 127 = 0
                then upper(parent_id)
            -- a card keeps the name that the parent had when it was written
            when n_claims = 1 and not is_untagged and renamed = 0 and edge_bits >> 4 & 1 = 0
                then old_id
            when n_claims = 1 and not is_untagged and renamed > 0 and child_first_seen < renamed
                then old_id
            else parent_id
        end as spoken_id
    from habits
)
select
    child,
    any_value(n_claims) as n_claims,
    any_value(is_undeclared) as is_undeclared,
    string_agg('"' || spoken_id || '"', ',' order by slot, parent_id) as declared,
    min(spoken_id) as first_declared,
    case
        when any_value(is_untagged) then null
        when any_value(kind) = 3
            then string_agg('"base_model:' || parent_id || '"', ',' order by parent_id)
                filter (is_resolvable)
        else '"base_model:' || min(parent_id) filter (is_resolvable) || '"'
    end as plain_tags,
    case
        when any_value(is_untagged) then null
        when any_value(kind) = 3
            then string_agg('"base_model:merge:' || parent_id || '"', ',' order by parent_id)
                filter (is_resolvable)
        else '"base_model:' || any_value(kind_names.name) || ':'
            || min(parent_id) filter (is_resolvable) || '"'
    end as typed_tags,
    case
        when any_value(is_untagged) then null
        when any_value(kind) = 3
            then string_agg(
                '{{"_id":"' || oid || '","id":"' || parent_id || '"}}', ',' order by parent_id
            ) filter (is_resolvable)
        else '{{"_id":"' || arg_min(oid, parent_id) filter (is_resolvable) || '","id":"'
            || min(parent_id) filter (is_resolvable) || '"}}'
    end as hub_models
from spoken
inner join (values (0, 'finetune'), (1, 'adapter'), (2, 'quantized'), (3, 'merge'))
    as kind_names(kind, name) using (kind)
group by child;
"""

ITEMS = """
create or replace table {table} as
with everything as (
    select
        models.idx,
        case when models.remade <= {snapshot} then reverse(oids.oid) else oids.oid end as oid,
        case when models.renamed > {snapshot} then oids.old_id else oids.id end as id,
        models.kind,
        models.size,
        case
            when models.remade <= {snapshot} then models.remade_at else models.released
        end as released,
        {last_modified} as last_modified,
        models.bits,
        models.more_bits,
        models.stem_bits,
        models.has_new_head,
        counters.downloads,
        counters.downloads_all_time,
        counters.likes,
        counters.trending_score,
        claims.* exclude (child),
        null::varchar as planted,
        oids.oid as sort_key,
        0 as sort_number
    from drawn_models as models
    inner join drawn_oids as oids using (idx)
    inner join drawn_counters_{snapshot} as counters using (idx)
    left join drawn_references as claims on claims.child = models.idx
    where
        models.first_seen <= {snapshot}
        and (models.gone > {snapshot} or models.back <= {snapshot})
    union all by name
    select oid, id, item as planted, sort_key, sort_number
    from {planted}
), placed as (
    select * , row_number() over (order by sort_key desc, sort_number) - 1 as position
    from everything
)
select
    * exclude (sort_key, sort_number),
    (position // {page_size})::integer as page_number,
    (position % {page_size})::integer as item_number
from placed
order by position;
"""

LIBRARIES = (
    "['transformers', 'transformers', 'transformers', 'diffusers', 'sentence-transformers', 'timm']"
)
TASKS = (
    "['text-generation', 'text-generation', 'text-classification', 'text-to-image', 'fill-mask', "
    "'automatic-speech-recognition', 'feature-extraction', 'reinforcement-learning']"
)
LICENSES = "['apache-2.0', 'apache-2.0', 'mit', 'other', 'openrail', 'cc-by-nc-4.0', 'gemma']"

# The parts of an item in the order of the API. Each is a JSON fragment with its comma, or empty:
# a key that the API would not give is absent.
FRAGMENTS = """
    '{{"_id":"' || oid || '","id":"' || id || '","author":"' || split_part(id, '/', 1) || '"'
    || case
        when hub_models is not null and bits >> 32 & 15 < 14
            then ',"baseModels":{{"relation":"' || kind_name
                || '","models":[' || hub_models || ']}}'
        else ''
    end
    || case when card <> '' then ',"cardData":{{' || card[2:] || '}}' else '' end
    || case when config <> '' then ',"config":{{' || config[2:] || '}}' else '' end
    || ',"createdAt":"' || strftime(make_timestamp(released * 1000000), '%Y-%m-%dT%H:%M:%S.000Z')
    || '","lastModified":"'
    || strftime(make_timestamp(last_modified * 1000000), '%Y-%m-%dT%H:%M:%S.000Z')
    || '","disabled":false,"gated":'
    || case bits >> 36 & 63 when 0 then '"auto"' when 1 then '"manual"' else 'false' end
    || ',"private":false,"downloads":' || downloads || ',"downloadsAllTime":' || downloads_all_time
    || ',"likes":' || likes
    || ',"trendingScore":' || case
        when trending_score = floor(trending_score) then trending_score::bigint::varchar
        else trending_score::varchar
    end
    || case when library is not null then ',"library_name":"' || library || '"' else '' end
    || case when task is not null then ',"pipeline_tag":"' || task || '"' else '' end
    {sha}
    || case
        when is_gguf then ',"gguf":{{"total":' || n_parameters
            || ',"architecture":"' || lower(coalesce(body, 'llama'))
            || '","context_length":32768}}'
        when has_weights and kind = 1 then ',"safetensors":{{"parameters":{{"F32":'
            || n_parameters // 300 || '}},"total":' || n_parameters // 300 || '}}'
        when has_weights and kind = 2 then ',"safetensors":{{"parameters":{{"I32":'
            || n_parameters // 8 || ',"F16":' || n_parameters // 50 || '}},"total":'
            || n_parameters // 8 + n_parameters // 50 || '}}'
        when has_weights then ',"safetensors":{{"parameters":{{"BF16":' || n_parameters
            || '}},"total":' || n_parameters || '}}'
        else ''
    end
    || ',"tags":['
    || concat_ws(
        ',',
        '"' || library || '"',
        case when has_weights and not is_gguf then '"safetensors"' end,
        '"' || task || '"',
        case when kind = 3 and bits >> 42 & 1 = 0 then '"mergekit","merge"' end,
        case when kind = 1 then '"lora"' end,
        {tags}
        -- adapters sometimes have the typed tag alone, a few models the plain tag alone
        case when kind = 1 and more_bits >> 40 & 63 = 0 then null else plain_tags end,
        case when kind = 0 and more_bits >> 40 & 4095 = 1 then null else typed_tags end,
        '"license:' || license || '"',
        '"region:us"'
    )
    || ']}}'
"""

# Large fields, of which marts read a hash at most: only in items of full width.
FULL_CONFIG = """
        || case when kind <> 2 and states_make
            then ',"tokenizer_config":{{"bos_token":"<s>","eos_token":"</s>","pad_token":"</s>",'
            || '"chat_template":"'
            || repeat('{{% for message in messages %}}', 1 + (stem_bits % 12)::int) || '"}}'
            else '' end
"""
FULL_SHA = """|| ',"sha":"' || md5(oid) || md5(id)[:8] || '"'"""
FULL_TAGS = """
        case when bits >> 47 & 3 = 0 then '"generated_from_trainer","trl"' end,
        case when bits >> 49 & 3 = 0 then '"conversational"' end,
        case when bits >> 51 & 3 = 0 then '"dataset:' || split_part(id, '/', 1) || '/corpus"' end,
        case when bits >> 53 & 7 = 0
            then '"arxiv:2' || (2 + bits % 4) || '0' || (1 + bits % 9) || '.'
                || lpad((more_bits % 18000)::varchar, 5, '0') || '"' end,
        case when bits >> 56 & 1 = 0 then '"autotrain_compatible","endpoints_compatible"' end,
        '"en","text-generation-inference","model-index","deploy:azure"',
        case when bits >> 57 & 1 = 0 then '"multilingual","zh","de","fr"' end,
        case when bits >> 58 & 1 = 0 then '"pytorch","tensorboard","onnx","custom_code"' end,
"""

ROWS = """
with described as (
    select
        *,
        -- the place of the task and the library is the family's, as fine-tuning keeps them
        case when stem_bits >> 20 & 7 < 6 then pick({tasks}, stem_bits, 24) end as task,
        case
            when kind = 1 then 'peft'
            when kind = 2 and contains(id, 'GGUF') then 'gguf'
            when stem_bits >> 28 & 7 < 6 then pick({libraries}, stem_bits, 32)
        end as library,
        case
            when more_bits >> 44 & 7 = 0 then pick({licenses}, bits, 20)
            when stem_bits >> 36 & 7 < 4 then pick({licenses}, stem_bits, 40)
        end as license,
        kind = 2 and contains(id, 'GGUF') as is_gguf,
        more_bits >> 47 & 15 < 9 as has_weights,
        family_body(stem_bits) as body,
        (({sizes})[1 + size]::bigint * 1000000 * (1000 + (stem_bits >> 44) % 60::ubigint)::bigint)
        // 1000 as n_parameters,
        (['finetune', 'adapter', 'quantized', 'merge'])[1 + kind] as kind_name
    from {table}
), made as (
    select
        *,
        -- adapters say what they adapt, GGUF files have no configuration
        body is not null and kind <> 1 and not is_gguf
        and (kind = 2 or bits >> 45 & 3 < 3) as states_make
    from described
), carded as (
    select
        *,
        case
            when kind = 1 and first_declared is not null and more_bits >> 30 & 3 < 3
                then ',"peft":{{"base_model_name_or_path":"' || first_declared
                || '","task_type":"CAUSAL_LM"}}'
            else ''
        end
        || case
            when states_make
                then ',"architectures":["' || body || head_of(body, has_new_head)
                || '"],"model_type":"' || lower(body) || '"'
            else ''
        end
        || case
            when kind = 2 and not is_gguf
                then ',"quantization_config":{{"bits":4,"quant_method":"awq"}}'
            else ''
        end
        {config} as config,
        case
            when declared is null and kind < 0 and bits >> 26 & 127 = 0
                then ',"base_model":"' || pick({junk}, more_bits, 12) || '"'
            when declared is null or is_undeclared then ''
            when n_claims > 1 or bits >> 26 & 3 = 0 then ',"base_model":[' || declared || ']'
            else ',"base_model":' || declared
        end
        || case
            when declared is not null and not is_undeclared
                and bits >> 38 & 15 < case when kind = 3 then 6 else 2 end
                then ',"base_model_relation":"' || kind_name || '"'
            else ''
        end
        || case when license is not null then ',"license":"' || license || '"' else '' end
        || case
            when (stem_bits >> 50 & 3) = 0 then ',"language":["en"]'
            when (stem_bits >> 50 & 31) = 1 then ',"language":"zh"'
            else ''
        end as card
    from made
)
select
    oid as hub_oid,
    id as model_id,
    coalesce(planted, {fragments}) as raw_json,
    page_number,
    item_number,
    timestamp '{started_at}' + to_seconds(page_number + 1) as fetched_at
from carded
order by position
"""


class Generator:
    """The drawn ecosystem in a DuckDB connection, from which it makes each snapshot's items."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, ecosystem: Ecosystem):
        """Load the ecosystem; its arrays are not kept."""
        self.connection = connection
        self.n_models = ecosystem.n_models
        self.moments = ecosystem.moments
        of = "counters" if ecosystem.is_lively else "models"
        self.last_modified = f"{of}.last_modified"
        self._load(ecosystem)

    def _load(self, ecosystem: Ecosystem) -> None:
        connection = self.connection
        connection.execute(NAMES)
        self._table("drawn_models", ecosystem.models)
        self._table("drawn_edges", ecosystem.edges)
        for number, counters in enumerate(ecosystem.counters):
            self._table(f"drawn_counters_{number}", counters)
        self._table("drawn_scores", ecosystem.scores)
        statement = IDENTITIES
        for name, value in (
            ("$floor_end", FLOOR + DAY),
            ("$n_models", ecosystem.n_models),
            ("$n_ghosts", ecosystem.n_ghosts),
        ):
            statement = statement.replace(name, str(value))
        connection.execute(statement)
        connection.execute(
            """
            create or replace table drawn_oids as
            select idx, id, old_id, oid_head || printf('%06x', oid_counter) as oid
            from drawn_ids
            """
        )

    def _table(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        self.connection.register("arrays", arrays)
        self.connection.execute(f"create or replace table {name} as from arrays")
        self.connection.unregister("arrays")

    def items(
        self, snapshot: int, planted: Sequence[tuple] = (), *, full_width: bool = False
    ) -> str:
        """Make the items of a snapshot, newest first as the Hub lists them, and return their query.

        `planted` rows (hub_oid, model_id, text of the item, sort key, sort number) are inserted in
        the order of their sort keys, which are `_id`s. Items of full width also have large fields
        that hardly any mart reads, for measurements.
        """
        connection, table = self.connection, f"drawn_items_{snapshot}"
        connection.execute(
            """
            create or replace table planted_items as
            select
                unnest($oids::varchar[]) as oid,
                unnest($ids::varchar[]) as id,
                unnest($texts::varchar[]) as item,
                unnest($keys::varchar[]) as sort_key,
                unnest($numbers::integer[]) as sort_number
            """,
            dict(
                zip(
                    ("oids", "ids", "texts", "keys", "numbers"),
                    ([row[column] for row in planted] for column in range(5)),
                    strict=True,
                )
            ),
        )
        connection.execute(REFERENCES.format(snapshot=snapshot, n_models=self.n_models))
        connection.execute(
            ITEMS.format(
                table=table,
                planted="planted_items",
                snapshot=snapshot,
                page_size=PAGE_SIZE,
                last_modified=self.last_modified,
            )
        )
        fragments = FRAGMENTS.format(
            sha=FULL_SHA if full_width else "",
            tags=FULL_TAGS if full_width else "",
        )
        return ROWS.format(
            table=table,
            fragments=fragments,
            config=FULL_CONFIG.format() if full_width else "",
            tasks=TASKS,
            libraries=LIBRARIES,
            licenses=LICENSES,
            junk=[*JUNK],
            sizes=[*SIZES_IN_MILLIONS],
            started_at=self.moments[snapshot].replace(tzinfo=None).isoformat(" "),
        )

    def scores(self) -> str:
        """A query for the drawn benchmark scores, in the columns of a landed table.

        Leaderboards do not follow renames: they list a model under its first name.
        """
        boards, names = ([row[column] for row in BENCHMARKS] for column in (0, 1))
        return f"""
            select
                case when models.renamed >= 0 then ids.old_id else ids.id end as model_id,
                {names}[drawn_scores.benchmark + 1] as benchmark,
                drawn_scores.score,
                make_timestamp(drawn_scores.measured * 1000000) as measured_at,
                {boards}[drawn_scores.benchmark + 1] as source
            from drawn_scores
            inner join drawn_models as models using (idx)
            inner join drawn_ids as ids using (idx)
        """

    def owners(self) -> str:
        """A query for a made-up table of drawn owners, in the columns of a landed table.

        It holds two owners in five. What it says depends on the name alone, so that it does not
        change what else is drawn.
        """
        return """
            with named as (select distinct split_part(id, '/', 1) as owner from drawn_ids),
            numbered as (
                select owner, ('0x' || md5(owner)[:8])::bigint as number from named
                where owner <> ''
            )
            select
                owner,
                (['company', 'university', 'community', 'person'])[1 + number % 4] as kind,
                (['us', 'China', 'eu', 'fr', 'other', 'unknown'])[1 + number // 4 % 6] as country,
                null::varchar as parent_organisation,
                'sample' as source
            from numbered
            where number // 24 % 5 < 2
        """

    def edges(self, snapshot: int) -> str:
        """A query for the drawn lineage: child_id and parent_id at a snapshot.

        Self references are not edges. References by an old name or in another case count under
        the parent's name at the snapshot.
        """
        return f"""
            select distinct
                case
                    when children.renamed > {snapshot} then child_ids.old_id else child_ids.id
                end as child_id,
                case
                    when parents.renamed > {snapshot} then parent_ids.old_id else parent_ids.id
                end as parent_id
            from drawn_edges
            inner join drawn_models as children on children.idx = drawn_edges.child
            left join drawn_models as parents on parents.idx = drawn_edges.parent
            inner join drawn_ids as child_ids on child_ids.idx = drawn_edges.child
            inner join drawn_ids as parent_ids on parent_ids.idx = drawn_edges.parent
            where
                drawn_edges.child <> drawn_edges.parent
                and children.first_seen <= {snapshot}
                and (children.gone > {snapshot} or children.back <= {snapshot})
                and children.declared <= {snapshot}
            order by all
        """
