"""Builds of a landing, and what each dbt model took."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import duckdb

from bench.measuring import PROJECT, BenchError, Cost, cost_of
from bench.peers import OURS, PEERS
from hub_lineage.build import ALL_BUT_UNIT_TESTS, name_of
from hub_lineage.landing import Snapshot

DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "build", "--quiet"]


def build(
    landing: Path,
    folder: Path,
    memory: str,
    arguments: Sequence[str] = ALL_BUT_UNIT_TESTS,
    keep: bool = False,
    snapshots: Sequence[Snapshot] | None = None,
) -> Cost:
    """One `dbt build` into folder/bench.duckdb: a new one, or with `keep` the one that is there.

    Of some snapshots of the landing, or of all.
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
    options = ["--target-path", folder / "target", "--log-path", folder / "logs"]
    return cost_of([*DBT, *arguments, *options], variables, folder / "build.log")


def times_of_tests(folder: Path) -> dict[str, float]:
    """Seconds of each data test in the last build of a folder, dbt's own waiting aside.

    Tests run beside each other, so they add up to more than they took.
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
    """Models, edges and the largest family of a build."""
    with duckdb.connect(str(folder / "bench.duckdb"), read_only=True) as connection:
        models, edges, largest = connection.execute(
            "select (select count(*) from bench.marts.hub_models), "
            "(select count(*) from bench.marts.lineage_edges), "
            "(select coalesce(max(n_children), 0) from bench.marts.hub_models)"
        ).fetchall()[0]
    return {"models": models, "edges": edges, "most_children": largest}


def floor(landing: Path, folder: Path) -> Cost:
    """Read the raw columns once and write the marts' bytes."""
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
    """Rows and a sum of hashes over all rows of each mart: equal for equal marts in any order."""
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


def costs_of_statements(folder: Path) -> dict[str, dict[str, float]]:
    """What each dbt model's statement takes, run alone in a process of their own."""
    command = [sys.executable, "-m", "bench.ours", str(folder)]
    finished = subprocess.run(
        command, cwd=PROJECT, check=False, capture_output=True, text=True
    )  # fmt: skip
    if finished.returncode:
        raise BenchError(f"bench.ours: {finished.stderr.strip().splitlines()[-1]}")
    return json.loads(finished.stdout)


def peers(
    folder: Path, budget: float, extra_python: Path, statements: dict[str, dict[str, float]]
) -> list[dict]:
    """Each tool on growing parts of the build's edges, until one exceeds the budget.

    Beside it what the `statements` that do its task cost (`costs_of_statements`).
    Tools that the project does not install run in an environment of their own. What cannot be run
    has no size and says why (`skipped`).
    """
    path = folder / "edges.parquet"
    with duckdb.connect(str(folder / "bench.duckdb"), read_only=True) as connection:
        (n_edges,) = connection.execute(
            "copy (select child_key as child, parent_key as parent, child_created_us as child_us, "
            "parent_created_us as parent_us from bench.intermediate.int_lineage_edges_resolved "
            "where child_created_us is not null and parent_created_us is not null "
            f"order by child_us, child, parent) to '{path}' (format parquet)"
        ).fetchall()[0]
    ours = {
        task: {
            kind: sum(statements[model][kind] for model in models)
            for kind in ("seconds", "cpu_seconds")
        }
        for task, models in OURS.items()
    }
    runs = []
    for tool, peer in PEERS.items():
        about = {
            "tool": tool,
            "task": peer.task,
            "all_edges": n_edges,
            "our_seconds": ours[peer.task]["seconds"],
            "our_cpu_seconds": ours[peer.task]["cpu_seconds"],
        }
        python = extra_python if peer.is_extra else Path(sys.executable)
        if not python.exists():
            runs.append(about | {"skipped": f"no {python.name} with requirements/bench.txt"})
            continue
        for divisor in (256, 64, 16, 4, 1):
            size = n_edges // divisor
            command = [str(python), "-m", "bench.peers", tool, str(path), str(size)]
            try:
                finished = subprocess.run(
                    command, cwd=PROJECT, env=os.environ, check=False, capture_output=True,
                    text=True, timeout=budget,
                )  # fmt: skip
            except subprocess.TimeoutExpired:
                if divisor == 256:
                    skipped = f"not done with {size:,} edges in {budget:.0f} s"
                    runs.append(about | {"skipped": skipped})
                break
            if finished.returncode:
                raise BenchError(f"{tool}: {finished.stderr.strip().splitlines()[-1]}")
            runs.append(about | {"edges": size, **json.loads(finished.stdout)})
    return runs


def run(name: str, drawn: int, cost: Cost, **more) -> dict:
    """One measured run as a JSON object."""
    return {"run": name, "models_drawn": drawn, **asdict(cost), **more}
