"""Builds of a history: what a week costs beside those before it."""

import os
import shutil
from pathlib import Path

import duckdb

from bench.builds import build, sums_of_marts
from bench.landings import make_landing
from bench.measuring import BenchError
from hub_lineage.landing import list_snapshots

READING = [
    *("--select", "+stg_hub__item_rejections"),
    *("--exclude", "resource_type:test", "resource_type:unit_test"),
]
"""The one pass over the JSON, and what is read: of each week once, whatever comes after."""


def history(folder: Path, n_models: int, n_weeks: int, memory: str, most_weeks: int) -> dict:
    """The first weeks of a drawn history: built from nothing, and the last on top of the others.

    Beside them the last week alone, and what is spent on reading JSON. A BenchError if the marts
    on top differ from those from nothing.
    """
    drawn = make_landing(
        folder / f"landing-{n_models}-lively", n_models, n_snapshots=most_weeks, lively=True
    )
    place = folder / "build"
    costs = {}
    for name, first, last in (
        ("last_week_alone", n_weeks - 1, n_weeks), ("anew", 0, n_weeks),
        ("before", 0, n_weeks - 1), ("on_top", 0, n_weeks),
    ):  # fmt: skip
        landing = weeks_of(drawn, folder / "weeks", first, last)
        costs[name] = build(landing, place, memory, keep=name == "on_top")
        if name == "anew":
            sums = sums_of_marts(place)
            n_rows, n_bytes = size_of_history(place)
        elif name == "last_week_alone":
            _, bytes_of_one = size_of_history(place)
    if sums_of_marts(place) != sums:
        raise BenchError(f"the marts of week {n_weeks} on top differ from those from nothing")
    landing = weeks_of(drawn, folder / "weeks", 0, n_weeks)
    reading = build(landing, place, memory, READING)
    shutil.rmtree(folder / "weeks")
    return {
        "models_drawn": n_models,
        "weeks": n_weeks,
        "item_rows": n_rows,
        "cpu_seconds": costs["anew"].cpu_seconds,
        "reading_cpu_seconds": reading.cpu_seconds,
        "gigabytes": costs["anew"].gigabytes,
        "last_week_alone_cpu_seconds": costs["last_week_alone"].cpu_seconds,
        "on_top_cpu_seconds": costs["on_top"].cpu_seconds,
        "bytes_a_row": (n_bytes - bytes_of_one) / n_rows,
    }


def weeks_of(landing: Path, folder: Path, first: int, last: int) -> Path:
    """Some of the complete snapshots of a landing; links keep the times of its files."""
    shutil.rmtree(folder, ignore_errors=True)
    complete = [snapshot for snapshot in list_snapshots(landing) if snapshot.status == "complete"]
    for snapshot in complete[first:last]:
        target = folder / snapshot.folder.relative_to(landing)
        shutil.copytree(snapshot.folder, target, copy_function=os.link)
    return folder


def size_of_history(place: Path) -> tuple[int, int]:
    """Rows of all weeks, and bytes of the blocks that hold something in the database."""
    with duckdb.connect(str(place / "bench.duckdb"), read_only=True) as connection:
        (rows,) = connection.execute(
            "select count(*) from bench.staging.stg_hub__sightings"
        ).fetchall()[0]
        (size,) = connection.execute(
            "select used_blocks * block_size from pragma_database_size() "
            "where database_name = 'bench'"
        ).fetchall()[0]
    return rows, size
