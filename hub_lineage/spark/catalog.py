"""The files of a landing as a table, for Spark.

Spark ignores files whose names begin with an underscore, as those of manifests do. The catalog
tells it what is landed. It is a copy: whatever lands or removes a snapshot writes it anew.
"""

from pathlib import Path

import duckdb

from hub_lineage.errors import LandingError
from hub_lineage.files import replacing
from hub_lineage.sql import literal, one_line

CATALOG = Path("catalog") / "files.parquet"
"""Columns: file (path below the landing), size (bytes), last_modified (UTC), content (the text of a
manifest; null for other files)."""

MANIFESTS = "hub_models/snapshot_id=*/_manifest.json"
PARQUET = (
    "hub_models/snapshot_id=*/part-*.parquet",
    "benchmarks/*.parquet",
    "cards/*.parquet",
    "hub_aliases/*.parquet",
    "owners/*.parquet",
    "release_dates/*.parquet",
    "weights/*.parquet",
)


def write_catalog(landing: Path) -> int:
    """Write the catalog in one step; return its number of files. A LandingError if it has none."""
    # Manifests first: a snapshot whose manifest says `complete` has all its parts by then.
    contents: dict[Path, str | None] = {
        path: path.read_text(encoding="utf-8", errors="replace") for path in landing.glob(MANIFESTS)
    }
    contents |= {path: None for pattern in PARQUET for path in landing.glob(pattern)}
    if not contents:
        raise LandingError(f"no landing at {landing}: land a snapshot first")
    rows = [
        (path.relative_to(landing).as_posix(), path.stat().st_size, path.stat().st_mtime, content)
        for path, content in contents.items()
    ]
    target = landing / CATALOG
    target.parent.mkdir(exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(
            "create table files (file varchar, size bigint, last_modified double, content varchar)"
        )
        connection.executemany("insert into files values (?, ?, ?, ?)", rows)
        try:
            with replacing(target) as hidden:
                connection.execute(
                    "copy (select * replace (make_timestamp(cast(last_modified * 1e6 as bigint)) "
                    f"as last_modified) from files order by file) to {literal(hidden)} "
                    "(format parquet)"
                )
        except duckdb.Error as error:
            raise LandingError(f"cannot write {target} ({one_line(error)})") from error
    return len(rows)
