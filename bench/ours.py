"""The dbt models that answer what other tools are asked, in a process of their own.

    python -m bench.ours TASK FOLDER

Runs the compiled statements of a build in FOLDER once more, on the tables that the build left, and
prints one JSON object: `cpu_seconds` and `work_seconds` with the writing of the tables.
"""

import json
import sys
import time
from pathlib import Path

import duckdb

from bench.peers import OURS


def main(task: str, folder: str) -> None:
    """Run the statements of a task, each into a table that is forgotten."""
    compiled = Path(folder) / "target/compiled/hub_lineage/models"
    statements = [next(compiled.rglob(f"{name}.sql")).read_text() for name in OURS[task]]
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{Path(folder) / 'bench.duckdb'}' as bench (read_only); "
            f"attach '{Path(folder) / 'ours.duckdb'}' as ours"
        )
        began, began_cpu = time.monotonic(), time.process_time()
        for statement in statements:
            connection.execute(f"create or replace table ours.made as ({statement}\n)")
        cost = {
            "cpu_seconds": time.process_time() - began_cpu,
            "work_seconds": time.monotonic() - began,
        }
    (Path(folder) / "ours.duckdb").unlink()
    print(json.dumps(cost))


if __name__ == "__main__":
    main(*sys.argv[1:])
