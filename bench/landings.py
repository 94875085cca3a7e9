"""Landings to measure: the drawn Hub, two shapes that break careless steps, a second week."""

import os
import shutil
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import duckdb

from bench.measuring import cost_of
from hub_lineage.landing import list_snapshots
from hub_lineage.sql import files_in_sql, literal
from loaders.landing.committing import commit_snapshot

SHAPES = ("hub", "family", "merges")
"""The Hub's own shape; with another family of 5 % of the edges; with 10 % more merges."""

SMALLEST = 600
"""The models of a landing with next to nothing to do, which shows what dbt itself takes."""

DRAWING_MEMORY = "8GB"
"""For the drawing, which is not measured: that of ten million models fails in 4 GB."""

FAMILY = "draw % 50 = 0"
MERGES = "draw % 10 = 0 and place > 70"
PARENTS_OF_A_MERGE = """
    list_distinct([
        ids[1 + (hash(place, number) % if(place > 2, place - 1, 1))::integer]
        for number in range(2 + (-1.9 * ln((draw // 10 % 9999 + 1) / 10000.0))::integer)
    ])
"""


def make_landing(
    folder: Path, n_models: int, shape: str = "hub", n_snapshots: int = 1, *, lively: bool = False
) -> Path:
    """Draw a Hub into a folder, unless that exists; return its path."""
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [sys.executable, "-m", "loaders", "sample", "--landing", unfinished]
        command += ["--models", n_models, "--snapshots", n_snapshots, "--full-width"]
        command += ["--lively"] if lively else []
        variables = {"HUB_MEMORY": DRAWING_MEMORY}
        cost_of(command, variables, folder.with_name(f"{folder.name}.log"))
        if shape != "hub":
            reshape(sorted(unfinished.glob("hub_models/*/part-*.parquet")), shape)
        unfinished.rename(folder)
    return folder


def reshape(parts: Sequence[Path], shape: str) -> None:
    """Give models that declare no parent the parents of a shape.

    `family`: one in fifty models builds on the last model of the first part. `merges`: one in ten
    builds on 2 to 65 earlier models of its part, 3.9 on average, like the drawn Hub's merges.
    (With many more parents, the ancestors of a model would grow with the number of models, and the
    pairs to count with its square.)
    """
    chosen, parents = (MERGES, PARENTS_OF_A_MERGE) if shape == "merges" else (FAMILY, "[$2]")
    with duckdb.connect() as connection:
        (base,) = connection.execute(
            "select max_by(model_id, file_row_number) "
            f"from read_parquet({files_in_sql(parts[0])}, file_row_number = true) "
            "where model_id is not null"
        ).fetchall()[0]
        for part in parts:
            reshaped = part.with_suffix(".reshaped")
            connection.execute(
                f"""
                copy (
                    with items as (
                        select *, file_row_number as place, hash(file_row_number, $1) as draw
                        from read_parquet({files_in_sql(part)}, file_row_number = true)
                    ),
                    drawn as (
                        select items.*, {parents} as parents
                        from items
                        cross join (
                            select list(coalesce(model_id, 'org/none') order by place) as ids
                            from items
                        )
                    )
                    select * exclude (file_row_number, place, draw, parents) replace (
                        case
                            when {chosen} and $2 is not null
                                and starts_with(raw_json, '{{"_id"')
                                and not contains(raw_json, 'base_model')
                                and not contains(raw_json, 'baseModels')
                                then '{{"baseModels":' || json_object(
                                    'models', [{{'id': parent}} for parent in parents]
                                ) || ',' || raw_json[2:]
                            else raw_json
                        end as raw_json
                    )
                    from drawn
                    order by place
                ) to {literal(reshaped)} (format parquet, compression zstd)
                """,
                [part.name, base],
            )
            reshaped.replace(part)


def make_second_week(landing: Path, folder: Path) -> Path:
    """Make a landing of another's last complete snapshot and one a week later, unless it exists.

    One item in twenty has other likes in the second; none is added, removed or changes its parents.
    """
    if folder.exists():
        return folder
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    first = [snapshot for snapshot in list_snapshots(landing) if snapshot.status == "complete"][-1]
    # Links keep the files' times, by which a build recognises those it has read.
    target = unfinished / first.folder.relative_to(landing)
    shutil.copytree(first.folder, target, copy_function=os.link)
    parts = files_in_sql(*sorted(first.folder.glob("part-*.parquet")))
    with duckdb.connect() as connection:
        commit_snapshot(
            unfinished,
            first.started_at + timedelta(days=7),
            connection,
            f"""
            select
                hub_oid,
                model_id,
                case
                    when hash(file_row_number, parse_filename(filename)) % 20 = 0
                        then replace(raw_json, '"likes":', '"likes":1')
                    else raw_json
                end as raw_json,
                page_number,
                item_number,
                fetched_at + interval 7 days as fetched_at
            from read_parquet({parts}, filename = true, file_row_number = true)
            """,
            source=first.source,
        )
    unfinished.rename(folder)
    return folder
