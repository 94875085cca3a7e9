"""Tables of a landing beside its snapshots: one Parquet file each, put in place by one rename."""

import contextlib
from pathlib import Path

import duckdb

from loaders.errors import LandingError
from loaders.landing import flush
from loaders.sql import literal, one_line

__all__ = ["commit_table"]


def commit_table(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Write the rows of a query, ordered by all columns, as `target`; LandingError leaves it as is.

    Same rows, same bytes, whatever the number of threads.
    """
    hidden = target.with_name(f".{target.name}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        connection.execute("SET threads = 1")
        connection.execute(
            f"COPY (FROM ({query}) ORDER BY ALL) TO {literal(hidden)} "
            "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
        )
        flush(hidden)
        hidden.rename(target)
        flush(target.parent)
    except (OSError, duckdb.Error) as error:
        said = one_line(error) if isinstance(error, duckdb.Error) else error.strerror or error
        raise LandingError(f"the landing cannot be written: {said}") from error
    finally:
        with contextlib.suppress(OSError):
            hidden.unlink()
        with contextlib.suppress(OSError):
            target.parent.rmdir()  # made for what never came; one that holds something stays
