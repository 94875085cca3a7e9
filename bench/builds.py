"""Builds a landing, and measures what each dbt model takes."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import duckdb

from bench.measuring import PROJECT, BenchError, Cost, cost_of
from hub_lineage import dbt
from hub_lineage.checks import name_of
from hub_lineage.dbt import ALL_BUT_UNIT_TESTS
from hub_lineage.landing import Snapshot


def build(
    landing: Path,
    folder: Path,
    memory: str,
    arguments: Sequence[str] = ALL_BUT_UNIT_TESTS,
    keep: bool = False,
    snapshots: Sequence[Snapshot] | None = None,
) -> Cost:
    """Run `dbt build` into folder/bench.duckdb, which is made anew unless `keep`; return its cost.

    It reads the given snapshots of the landing, or all of them. dbt has read the project before, as
    in each build.py but the first.
    """
    database = folder / "bench.duckdb"
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    variables = {
        "HUB_LANDING": str(landing),
        "HUB_DATABASE": str(database),
        "HUB_MEMORY": memory,
        "HUB_SNAPSHOTS": json.dumps(snapshots and [name_of(one) for one in snapshots]),
    }
    if not keep:
        cost_of(dbt.command(["parse", "--quiet"], folder, "file"), variables, folder / "parse.log")
    command = dbt.command(["build", "--quiet", *arguments], folder, "file")
    return cost_of(command, variables, folder / "build.log")


def times_of_tests(folder: Path) -> dict[str, float]:
    """Seconds of each data test in the last build of a folder, without dbt's own waiting.

    Tests run in parallel, so the sum is more than the time they took together.
    """
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return {
        result["unique_id"].split(".")[2]: next(
            (
                step_seconds(step)
                for step in result["timing"]
                if step["name"] == "execute" and step["completed_at"]
            ),
            0.0,
        )
        for result in results
        if result["unique_id"].startswith("test.")
    }


def step_seconds(step: dict) -> float:
    """How long a step of dbt's `timing` took."""
    begun, ended = (
        datetime.fromisoformat(step[name].replace("Z", "+00:00"))
        for name in ("started_at", "completed_at")
    )
    return (ended - begun).total_seconds()


def rows_of(folder: Path) -> dict[str, int]:
    """The numbers of models and edges of a build, and the most children of a model."""
    with duckdb.connect(str(folder / "bench.duckdb"), read_only=True) as connection:
        models, edges, largest = connection.execute(
            "select (select count(*) from bench.marts.hub_models), "
            "(select count(*) from bench.marts.lineage_edges), "
            "(select coalesce(max(n_children), 0) from bench.marts.hub_models)"
        ).fetchall()[0]
    return {"models": models, "edges": edges, "most_children": largest}


def floor(landing: Path, folder: Path) -> Cost:
    """The cost of reading the raw columns once and writing the marts' bytes."""
    target = folder / "floor"
    target.mkdir(exist_ok=True)
    try:
        return cost_of(
            [sys.executable, "-m", "bench.floor", landing, folder / "bench.duckdb", target],
            log=folder / "floor.log",
        )
    finally:
        shutil.rmtree(target)


def sums_of_marts(folder: Path) -> dict[str, str]:
    """Each mart's number of rows and sum of row hashes: equal for equal marts in any order."""
    with duckdb.connect(str(folder / "bench.duckdb"), read_only=True) as connection:
        marts = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' "
            "union all select view_name from duckdb_views() where schema_name = 'marts' order by 1"
        ).fetchall()
        return {
            mart: " ".join(
                map(str, connection.execute(
                    f"select count(*), sum(cast(hash(mart) as hugeint)) from bench.marts.{mart}"
                    " as mart"
                ).fetchall()[0])
            )
            for (mart,) in marts
        }  # fmt: skip


def costs_of_statements(folder: Path, *threads: int) -> dict[str, dict[str, float]]:
    """What each dbt model's statement takes, run one after another in a separate process."""
    command = [sys.executable, "-m", "bench.ours", *map(str, [folder, *threads])]
    finished = subprocess.run(
        command, cwd=PROJECT, check=False, capture_output=True, text=True
    )  # fmt: skip
    if finished.returncode:
        raise BenchError(f"bench.ours: {finished.stderr.strip().splitlines()[-1]}")
    return json.loads(finished.stdout)


def run(name: str, drawn: int, cost: Cost, **more) -> dict:
    """One measured run as a JSON object."""
    return {"run": name, "models_drawn": drawn, **asdict(cost), **more}
