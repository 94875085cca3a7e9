"""Measures each dbt model's statement, run again by itself on the tables of a build.

    python -m bench.ours FOLDER [THREADS]

Prints one JSON object: `cpu_seconds`, `seconds` and `free_seconds` (`bench.measuring`) of each
model that is a table, including writing it. Models that read the landing are left out, since only
dbt has access to it. DuckDB has a thread for each core, or THREADS.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

from bench.measuring import free_seconds, seconds_in_line


def main(folder: str, threads: str | None = None) -> None:
    """Run the compiled statements of a build in a folder, each into a table that is discarded."""
    place = Path(folder)
    nodes = json.loads((place / "target/manifest.json").read_text())["nodes"].values()
    compiled = place / "target/compiled/hub_lineage"
    costs = {}
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{place / 'bench.duckdb'}' as bench (read_only); "
            f"attach '{place / 'ours.duckdb'}' as ours; set TimeZone = 'UTC'; "
            "set block_allocator_memory = '100%'"
        )
        if threads:
            connection.execute(f"set threads = {int(threads)}")
        for node in nodes:
            if node["resource_type"] != "model" or node["config"]["materialized"] == "view":
                continue
            if any(name.startswith("source.") for name in node["depends_on"]["nodes"]):
                continue
            statement = (compiled / node["original_file_path"]).read_text()
            waited = sum(seconds_in_line().values())
            began, began_cpu = time.monotonic(), time.process_time()
            connection.execute(f"create or replace table ours.made as ({statement}\n)")
            cpu_seconds, seconds = time.process_time() - began_cpu, time.monotonic() - began
            waited = sum(seconds_in_line().values()) - waited
            costs[node["name"]] = {
                "cpu_seconds": cpu_seconds,
                "seconds": seconds,
                "free_seconds": free_seconds(seconds, cpu_seconds, waited),
            }
    (place / "ours.duckdb").unlink()
    print(json.dumps(costs))


if __name__ == "__main__":
    main(*sys.argv[1:])
