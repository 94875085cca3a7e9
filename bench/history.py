"""Builds histories: what a week costs on top of those before it."""

import os
import shutil
from pathlib import Path

import duckdb

from bench.builds import build, sums_of_marts
from bench.landings import SMALLEST, make_landing
from bench.measuring import BenchError
from hub_lineage.build import READING, n_items_of, parts_of_history
from hub_lineage.landing import list_snapshots

OF_JSON = (
    "--select", "+stg_hub__items", "--exclude", "resource_type:test", "resource_type:unit_test",
)  # fmt: skip
"""Selects the one pass over the JSON, and nothing downstream of it."""


def history(folder: Path, n_models: int, n_weeks: int, memory: str, most_weeks: int) -> dict:
    """Build the first weeks of a drawn history from nothing, and the last one on top of them.

    The last week is also built alone, and the cost of reading JSON is estimated: each item of all
    weeks costs as much as one of the last week, without dbt's own time. A BenchError if the marts
    built on top differ from those built from nothing.
    """
    drawn = make_landing(
        folder / f"landing-{n_models}-lively", n_models, n_snapshots=most_weeks, lively=True
    )
    smallest = make_landing(folder / f"landing-{SMALLEST}", SMALLEST)
    weeks, alone_in, anew_in, on_top_in = (
        folder / name for name in ("weeks", "alone", "anew", "on_top")
    )
    # In both builds of the last week dbt has parsed the project, as from the second week on.
    json_of_one = -build(smallest, alone_in, memory, OF_JSON).cpu_seconds
    weeks_of(drawn, weeks, n_weeks - 1, n_weeks)
    json_of_one += build(weeks, alone_in, memory, OF_JSON).cpu_seconds
    (alone_in / "bench.duckdb").unlink()
    alone = build(weeks, alone_in, memory, keep=True)
    n_rows_of_one, n_bytes_of_one = size_of_history(alone_in)

    # As in build.py: what exceeds the items it reads at once is read first. From there, two builds:
    # all weeks but the last and then the last on top, and all weeks at once.
    weeks_of(drawn, weeks, 0, n_weeks)
    snapshots = list_snapshots(weeks)
    costs = []
    for part in parts_of_history(snapshots, n_items_of(snapshots), read=()):
        costs.append(build(weeks, anew_in, memory, READING, keep=bool(costs), snapshots=part))
    shutil.rmtree(on_top_in, ignore_errors=True)
    if costs:
        shutil.copytree(anew_in, on_top_in)
    build(weeks, on_top_in, memory, READING, keep=True, snapshots=snapshots[:-1])
    on_top = build(weeks, on_top_in, memory, keep=True)
    costs.append(build(weeks, anew_in, memory, keep=bool(costs)))
    if sums_of_marts(on_top_in) != sums_of_marts(anew_in):
        raise BenchError(f"the marts of week {n_weeks} on top differ from those from nothing")
    n_rows, n_bytes = size_of_history(on_top_in)
    for place in (weeks, alone_in, anew_in, on_top_in):
        shutil.rmtree(place)
    return {
        "models_drawn": n_models,
        "weeks": n_weeks,
        "item_rows": n_rows,
        "cpu_seconds": sum(cost.cpu_seconds for cost in costs),
        "reading_cpu_seconds": json_of_one / n_rows_of_one * n_rows,
        "gigabytes": max(cost.gigabytes for cost in costs),
        "last_week_alone_cpu_seconds": alone.cpu_seconds,
        "on_top_cpu_seconds": on_top.cpu_seconds,
        "bytes_a_row": (n_bytes - n_bytes_of_one) / (n_rows - n_rows_of_one),
    }


def weeks_of(landing: Path, folder: Path, first: int, last: int) -> Path:
    """Link some of a landing's complete snapshots to a folder; links keep the files' times."""
    shutil.rmtree(folder, ignore_errors=True)
    complete = [snapshot for snapshot in list_snapshots(landing) if snapshot.status == "complete"]
    for snapshot in complete[first:last]:
        target = folder / snapshot.folder.relative_to(landing)
        shutil.copytree(snapshot.folder, target, copy_function=os.link)
    return folder


def size_of_history(place: Path) -> tuple[int, int]:
    """The rows of all weeks, and the bytes of the database's used blocks."""
    with duckdb.connect(str(place / "bench.duckdb"), read_only=True) as connection:
        (rows,) = connection.execute(
            "select count(*) from bench.staging.stg_hub__sightings"
        ).fetchall()[0]
        (size,) = connection.execute(
            "select used_blocks * block_size from pragma_database_size() "
            "where database_name = 'bench'"
        ).fetchall()[0]
    return rows, size
