"""Build the marts from a landing into a new database file, export them, and only then replace the old ones.

    python build.py                            every model, seed and test
    python build.py --select +crowding         a part, on top of a copy of the present database
    python build.py --vars '{zero_parent_rule: one}'

All arguments go to `dbt build`. HUB_LANDING, HUB_DATABASE and HUB_EXPORTS say what is read and
written (by default the sample, hub_lineage.duckdb and exports/ in this folder).

`dbt build` by itself does the same work in place: a failure in the middle would leave new tables
beside old ones. Here dbt works on a file of its own, and the previous database and exports stay as
they were until every model stands and every test has passed. Readers of the old file are not
disturbed.

Exit codes: 0 built; 1 a model or a test failed, or the landing holds nothing to build; 2 wrong use
or environment (a locked database, a folder that cannot be written, an argument dbt does not know).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb

from loaders.landing import LandingError, list_snapshots

PROJECT = Path(__file__).resolve().parent
SELECTIONS = ("-s", "--select", "--exclude", "--selector", "--models", "-m")


class BuildError(Exception):
    """One line that says what is wrong and what to do, and the exit code."""

    def __init__(self, message: str, exit_code: int):
        super().__init__(message)
        self.exit_code = exit_code


def folder_from(variable: str, default: str) -> Path:
    """The absolute path in an environment variable, taken from the project's folder if relative."""
    return (PROJECT / os.environ.get(variable, "").strip()).resolve() if os.environ.get(
        variable, ""
    ).strip() else PROJECT / default


def complete_snapshots(landing: Path) -> list[str]:
    """Ids of the complete snapshots in a landing; a BuildError where there is none."""
    try:
        snapshots = list_snapshots(landing)
    except LandingError as error:
        raise BuildError(str(error), 1) from error
    if not snapshots:
        raise BuildError(
            f"no landing at {landing}: set HUB_LANDING to a folder with "
            "hub_models/snapshot_id=*/_manifest.json, or make one with `python -m loaders import`",
            1,
        )
    complete = [snapshot.snapshot_id for snapshot in snapshots if snapshot.status == "complete"]
    if not complete:
        raise BuildError(
            f"no complete snapshot in {landing}: {len(snapshots)} there, none with status "
            "'complete' in its _manifest.json; finish the crawl or import a snapshot",
            1,
        )
    return sorted(complete)


def check_not_open(database: Path) -> None:
    """A BuildError if another program has the database open, or if it is no DuckDB file."""
    if not database.exists():
        return
    try:
        duckdb.connect(str(database)).close()
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise BuildError(
                f"{database} is open in another program: close it there, or set HUB_DATABASE to "
                "another file (readers do best with the exports)",
                2,
            ) from error
        raise BuildError(
            f"{database} cannot be opened as a DuckDB database: {first_line(error)}; move it away "
            "or set HUB_DATABASE to another file",
            2,
        ) from error


def first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def prepare_workshop(database: Path, keeps_present: bool) -> Path:
    """A fresh folder beside the database, where the new one is made.

    The folder is named after the database, so what a killed run left there is cleared by the next.
    """
    workshop = database.parent / f".{database.name}.building"
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(workshop, ignore_errors=True)
        workshop.mkdir()
        if keeps_present and database.exists():
            shutil.copyfile(database, workshop / database.name)
    except OSError as error:
        raise BuildError(
            f"cannot write beside {database}: {error.strerror or error}; "
            "set HUB_DATABASE to a place that can be written",
            2,
        ) from error
    return workshop


def run_dbt(arguments: list[str], landing: Path, workshop: Path, database_name: str) -> int:
    """Run `dbt build` in the workshop; its exit code."""
    environment = os.environ | {
        "HUB_LANDING": str(landing),
        "HUB_DATABASE": str(workshop / database_name),
        "DBT_TARGET_PATH": str(workshop / "target"),
        "DBT_LOG_PATH": str(workshop / "logs"),
    }
    command = [sys.executable, "-m", "dbt.cli.main", "build", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode


def failures(workshop: Path) -> list[str]:
    """One line for each model or test that failed in the workshop's last run."""
    try:
        results = json.loads((workshop / "target" / "run_results.json").read_text())["results"]
    except (OSError, ValueError, KeyError):
        return []
    return [
        f"{result['unique_id']}: {' '.join((result['message'] or result['status']).split())[:300]}"
        for result in results
        if result["status"] in ("error", "fail", "runtime error")
    ]


def export_marts(database: Path, exports: Path) -> list[tuple[str, int]]:
    """Write each mart as zstd Parquet into a folder beside its final place; its rows.

    Rows are ordered by all columns, keys first, so equal marts give equal bytes. The snapshot is
    named in each file's metadata.
    """
    staged = exports / ".building"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    counts = []
    with duckdb.connect(str(database), read_only=True) as connection:
        snapshot_id, snapshot_at = connection.execute(
            "select snapshot_id, cast(snapshot_at as varchar) from staging.stg_hub__snapshots where is_latest"
        ).fetchone()
        marts = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        ).fetchall()
        for (mart,) in marts:
            path = str(staged / f"{mart}.parquet").replace("'", "''")
            rows = connection.execute(
                f"copy (from marts.{mart} order by all) to '{path}' "
                "(format parquet, compression zstd, row_group_size 122880, "
                f"kv_metadata {{mart: '{mart}', snapshot_id: '{snapshot_id}', snapshot_at: '{snapshot_at}'}})"
            ).fetchone()[0]
            counts.append((mart, rows))
    return counts


def put_in_place(workshop: Path, database: Path, exports: Path) -> None:
    """Replace the database and the exports by the new ones, each file by one rename."""
    os.replace(workshop / database.name, database)
    for path in sorted((exports / ".building").iterdir()):
        os.replace(path, exports / path.name)
    (exports / ".building").rmdir()
    shutil.rmtree(workshop)


def build(arguments: list[str]) -> int:
    """Build, test, export and replace; 0, or a BuildError."""
    started = time.monotonic()
    landing = folder_from("HUB_LANDING", "sample")
    database = folder_from("HUB_DATABASE", "hub_lineage.duckdb")
    exports = folder_from("HUB_EXPORTS", "exports")
    if {"-h", "--help"} & set(arguments):
        print(__doc__)
        return 0
    snapshots = complete_snapshots(landing)
    check_not_open(database)
    is_partial = any(argument.split("=")[0] in SELECTIONS for argument in arguments)
    workshop = prepare_workshop(database, keeps_present=is_partial)
    exit_code = run_dbt(arguments, landing, workshop, database.name)
    if exit_code:
        for line in failures(workshop)[:10]:
            print(f"failed: {line}", file=sys.stderr)
        raise BuildError(
            f"dbt build failed (its exit code {exit_code}): {database} and {exports} are as they were; "
            f"the unfinished database and dbt's log are in {workshop}",
            1 if exit_code == 1 else 2,
        )
    try:
        exports.mkdir(parents=True, exist_ok=True)
        counts = export_marts(workshop / database.name, exports)
        put_in_place(workshop, database, exports)
    except OSError as error:
        raise BuildError(
            f"cannot write the exports to {exports}: {error.strerror or error}; "
            "set HUB_EXPORTS to a folder that can be written",
            2,
        ) from error
    width = max(len(mart) for mart, _ in counts)
    print(f"\n{database.name} and {len(counts)} marts in {exports}, snapshot {snapshots[-1]}:")
    for mart, rows in counts:
        print(f"  {mart:<{width}} {rows:>12,} rows")
    print(f"built in {time.monotonic() - started:.1f} s")
    return 0


def main() -> int:
    try:
        return build(sys.argv[1:])
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped: the previous database and exports are as they were", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
