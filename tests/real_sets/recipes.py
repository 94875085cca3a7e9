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

# Parents lie in a file of their own. The seven labs' models give the bases their dates.
OPEN_NAMED_RECIPE = Recipe((
    Step(("--map", "base_model=cardData.base_model", "--map", "license=cardData.license",
          "--as-of", "2025-10-03T18:12:25"), prepared=f"""
        select * from (
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


def land(recipe: Recipe, folder: Path) -> Path:
    """Make the landing of a recipe below a folder with the importer's command line."""
    landing = folder / "landing"
    for number, step in enumerate(recipe.steps):
        file = step.file
        if step.prepared:
            file = folder / f"prepared-{number}.parquet"
            with duckdb.connect() as connection:
                connection.execute(f"copy ({step.prepared}) to '{file}'")
        command = [sys.executable, "-m", "loaders", "import", str(file), "--landing", str(landing)]
        subprocess.run([*command, *step.arguments], cwd=REPOSITORY, check=True, capture_output=True)
    return landing
