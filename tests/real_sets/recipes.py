"""How each public set becomes a landing: what is prepared first, and what the importer is told.

`docs/real_sets.md` shows the same recipes as commands. A preparation is one select over the set's
own files, written as Parquet; the importer does the rest.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from support import REPOSITORY, SHARED_DATA

RADAR = SHARED_DATA / "radar_2026_08"
LLMFIT = SHARED_DATA / "llmfit_2026_10"
WEEKLY = SHARED_DATA / "weekly_relations_2025"
OPEN_NAMED = SHARED_DATA / "open_named_2025_10"
FAMILY_TREES = SHARED_DATA / "family_trees_2025_04"
HUB_CENSUS = SHARED_DATA / "hub_census_2022_02"


@dataclass(frozen=True)
class Step:
    """One run of the importer. `prepared` is a select that makes the file, if there is one."""

    arguments: Sequence[str]
    file: Path | None = None
    prepared: str | None = None


@dataclass(frozen=True)
class Recipe:
    """A set as a landing: the importer's runs in their order, and the variables of the build."""

    steps: Sequence[Step]
    variables: Mapping = field(default_factory=dict)


# The state of the last commit is `models.parquet`, which has the tags too; the other twelve states
# are rows of `snapshots.parquet`.
RADAR_MAPS = ("--map", "base_model=cardData.base_model", "--map", "params=safetensors.total")
RADAR_RECIPE = Recipe((
    Step((*RADAR_MAPS, "--snapshot-column", "snapshot_at", "--where", "snapshot_no < 13"),
         RADAR / "snapshots.parquet"),
    Step((*RADAR_MAPS, "--as-of", "2026-08-22T20:00:29"), RADAR / "models.parquet"),
))  # fmt: skip

# What became of the radar's models six weeks later: another list of October, with likes and
# downloads of those that both know (0 where the date is missing means not asked). The radar's
# lineage stays. Between the two lie 44 days, so that a counter at a fixed age may span as many.
RADAR_LATER_RECIPE = Recipe((
    *RADAR_RECIPE.steps,
    Step((*RADAR_MAPS, "--as-of", "2026-10-06"), prepared=f"""
        with later as (
            from '{LLMFIT}/models.parquet'
            where release_date is not null
            qualify row_number() over (partition by lower(id) order by likes desc, id) = 1
        ),

        quantized as (
            select lower(gguf_repo) as id, min(id) as base_model
            from '{LLMFIT}/gguf_sources.parquet'
            group by all
        )

        select radar.* replace (later.likes as likes, later.downloads as downloads)
        from '{RADAR}/models.parquet' as radar
        left join later on lower(radar.id) = lower(later.id)
        where not radar.removed
        union all by name
        select
            later.id, later.release_date::timestamp as createdAt, later.likes, later.downloads,
            later.pipeline_tag, later.params, quantized.base_model
        from later
        left join quantized on lower(later.id) = quantized.id
        where lower(later.id) not in (select lower(id) from '{RADAR}/models.parquet')
        order by lower(id), id
    """),
), {"horizon_gap_days": 45})  # fmt: skip

WEEKLY_MAPS = (
    "--map", "base_model=cardData.base_model", "--map", "relation=cardData.base_model_relation",
)  # fmt: skip
WEEKLY_RECIPE = Recipe((
    Step((*WEEKLY_MAPS, "--map", "week=createdAt", "--where", "list = 'added'",
          "--as-of", "2025-07-02"),
         WEEKLY / "weekly_models.parquet"),
))  # fmt: skip

# The week of a deletion is no creation date. Additions come last: the last row of an id counts.
WEEKLY_WHOLE_RECIPE = Recipe((
    Step((*WEEKLY_MAPS, "--as-of", "2025-07-02"), prepared=f"""
        select id, case when list = 'added' then week end as createdAt, base_model, relation
        from '{WEEKLY}/weekly_models.parquet'
        order by list desc, week, position
    """),
))  # fmt: skip

# Parents lie in a file of their own. The seven labs' models give the bases their dates. Downloads
# are null where the Hub said 0.
OPEN_NAMED_RECIPE = Recipe((
    Step(("--map", "base_model=cardData.base_model", "--map", "license=cardData.license",
          "--as-of", "2025-10-03T18:12:25"), prepared=f"""
        select * from (
            select * replace (coalesce(downloads, 0) as downloads)
            from '{OPEN_NAMED}/models.parquet'
            union all by name
            from '{OPEN_NAMED}/labs_models.parquet'
            anti join '{OPEN_NAMED}/models.parquet' using (id)
        )
        left join '{OPEN_NAMED}/edges_raw.parquet' using (id)
    """),
))  # fmt: skip

# The card is YAML text in the record. Of several crawls the latest with a date counts.
FAMILY_TREES_RECIPE = Recipe((
    Step((*WEEKLY_MAPS, "--map", "params=safetensors.total", "--as-of", "2025-04-26T00:05:39"),
         prepared=rf"""
        select
            id, metadata_raw ->> '_id' as _id, author, createdAt, lastModified, downloads, likes,
            pipeline_tag, library_name, tags, gated, private, params,
            metadata_raw -> 'gguf' as gguf,
            nullif(list_transform(string_split(regexp_extract(metadata_raw ->> 'card_data',
                '(?m)^base_model:\s+(?:- )?(.*(?:\n- .*)*)', 1), chr(10) || '- '),
                lambda text: trim(text, ' ''"')), ['']) as base_model,
            nullif(regexp_extract(metadata_raw ->> 'card_data',
                '(?m)^base_model_relation: *(.*)$', 1), '') as relation
        from '{FAMILY_TREES}/models.parquet'
        where metadata_raw is not null
        qualify row_number() over (
            partition by lower(id) order by createdAt is null, crawl desc, family) = 1
        order by lower(id)
    """),
))  # fmt: skip

HUB_CENSUS_STEPS = (
    Step(("--map", "card_parent_link=cardText.base_model", "--as-of", "2022-02-21"),
         HUB_CENSUS / "models.parquet"),
)  # fmt: skip
DEFAULT_PHASES = ["hub", "typed_tag", "untyped_tag", "card", "adapter_config"]
HUB_CENSUS_RECIPE = Recipe(HUB_CENSUS_STEPS, {"edge_phases": [*DEFAULT_PHASES, "card_text"]})
HUB_CENSUS_DEFAULT_RECIPE = Recipe(HUB_CENSUS_STEPS)


LABELLED = SHARED_DATA / "labelled_parents_2025" / "labelled.parquet"
ALL_PHASES = [*DEFAULT_PHASES, "card_text", "name", "weights"]
NAMED = "^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$"

# Models whose parents were looked up, among others whose names can be meant. Of one model the first
# set that knows it counts; what was looked up is no part of the landing.
LABELLED_RECIPE = Recipe((
    Step((*WEEKLY_MAPS, "--as-of", "2025-10-03"), prepared=f"""
        with models as (
            select model_id as id, declared_parents as base_model, declared_relation as relation,
                0 as place
            from '{LABELLED}'
            union all
            select id, base_model, null, 1 from '{RADAR}/models.parquet'
            union all
            select id, base_model, null, 2 from '{OPEN_NAMED}/edges_raw.parquet'
            union all
            select gguf_repo, min(id), null, 2 from '{LLMFIT}/gguf_sources.parquet'
            group by gguf_repo
            union all
            select id, null, null, 3 from (
                select id from '{OPEN_NAMED}/models.parquet'
                union select id from '{OPEN_NAMED}/labs_models.parquet'
                union select id from '{LLMFIT}/models.parquet'
                union select id from '{SHARED_DATA}/open_llm_leaderboard/v1.parquet'
                union select id from '{SHARED_DATA}/tracked_models_2026_08/models.parquet'
                union select id from '{SHARED_DATA}/growth_2025_02/models.parquet'
                union select id from '{SHARED_DATA}/jan_catalog_2025_2026/daily.parquet'
                union select rtrim(base_model, '/')
                from '{SHARED_DATA}/model_atlas_2025_01/card_extracted_parents.parquet'
            )
        )

        select id, base_model, relation
        from models
        where regexp_matches(id, '{NAMED}')
        qualify row_number() over (
            partition by lower(id) order by place, base_model is null, id) = 1
        order by lower(id)
    """),
), {"edge_phases": ALL_PHASES})  # fmt: skip
LABELS = f"""
    select model_id, coalesce(labelled_parents, declared_parents) as parents from '{LABELLED}'
"""


LEADERBOARDS = SHARED_DATA / "open_llm_leaderboard"
TRACKED = SHARED_DATA / "tracked_models_2026_08"

# What a landing may hold beside its models: scores and dates that others know. Averages over
# benchmarks are no benchmarks.
BESIDE = (
    ("benchmarks", LEADERBOARDS / "v1.parquet", "--source", "open_llm_v1", "--model-id", "id",
     "--measured-at", "date", "--scores", "arc,hellaswag,mmlu,truthfulqa,winogrande,gsm8k"),
    ("benchmarks", LEADERBOARDS / "v2.parquet", "--source", "open_llm_v2", "--model-id", "id",
     "--measured-at", "submission_date", "--scores", "ifeval,bbh,math_lvl_5,gpqa,musr,mmlu_pro"),
    ("benchmarks", LEADERBOARDS / "swallow_2026_06.parquet", "--source", "swallow",
     "--model-id", "id", "--measured-at", "date", "--scores", "score",
     "--benchmark", "suite,task"),
    ("release-dates", TRACKED / "release_date_corrections.parquet", "--source", "tracked_models",
     "--model-id", "id", "--released-at", "actual_release_date"),
    ("release-dates", SHARED_DATA / "mteb_meta_2026_10" / "models.parquet", "--source", "mteb",
     "--model-id", "id", "--released-at", "release_date"),
)  # fmt: skip


def land(recipe: Recipe, folder: Path) -> Path:
    """Make the landing of a recipe below a folder with the importer's command line."""
    landing = folder / "landing"
    for number, step in enumerate(recipe.steps):
        file = step.file
        if step.prepared:
            file = folder / f"prepared-{number}.parquet"
            with duckdb.connect() as connection:
                connection.execute(f"copy ({step.prepared}) to '{file}'")
        load("import", file, landing, step.arguments)
    return landing


def land_beside(landing: Path) -> None:
    """Add the scores and the dates that others know."""
    for name, file, *arguments in BESIDE:
        load(name, file, landing, arguments)


def load(name: str, file: Path, landing: Path, arguments: Sequence[str]) -> None:
    command = [sys.executable, "-m", "loaders", name, str(file), "--landing", str(landing)]
    subprocess.run([*command, *arguments], cwd=REPOSITORY, check=True, capture_output=True)
