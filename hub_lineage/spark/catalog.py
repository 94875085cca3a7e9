"""The files of a landing as a table, for Spark.

Spark does not see files whose names begin with an underscore, as manifests do. The catalog tells it
what is landed. It is a copy: whoever lands or removes a snapshot writes it anew.
"""

import os
from pathlib import Path

import duckdb

from hub_lineage.errors import LandingError
from hub_lineage.sql import one_line

CATALOG = Path("catalog") / "files.parquet"
"""Columns: file (path below the landing), size (bytes), last_modified (UTC), content (the text of a
manifest; null for all others)."""

PATTERNS = (
    "hub_models/snapshot_id=*/_manifest.json",
    "hub_models/snapshot_id=*/part-*.parquet",
    "benchmarks/*.parquet",
    "hub_aliases/*.parquet",
    "owners/*.parquet",
    "release_dates/*.parquet",
)


def write_catalog(landing: Path) -> int:
    """Write the catalog in one step; the number of files in it. A LandingError if there is none."""
    files = sorted(path for pattern in PATTERNS for path in landing.glob(pattern))
    if not files:
        raise LandingError(f"no landing at {landing}: land a snapshot first")
    rows = [
        (
            path.relative_to(landing).as_posix(),
            path.stat().st_size,
            path.stat().st_mtime,
            path.read_text(encoding="utf-8", errors="replace") if path.suffix == ".json" else None,
        )
        for path in files
    ]
    target = landing / CATALOG
    target.parent.mkdir(exist_ok=True)
    unfinished = target.with_name(f".{target.name}")
    with duckdb.connect() as connection:
        connection.execute(
            "create table files (file varchar, size bigint, last_modified double, content varchar)"
        )
        connection.executemany("insert into files values (?, ?, ?, ?)", rows)
        try:
            connection.execute(
                "copy (select * replace (make_timestamp(cast(last_modified * 1e6 as bigint)) "
                "as last_modified) from files order by file) to "
                f"'{str(unfinished).replace(chr(39), chr(39) * 2)}' (format parquet)"
            )
        except duckdb.Error as error:
            raise LandingError(f"cannot write {target} ({one_line(error)})") from error
    os.replace(unfinished, target)
    return len(rows)
