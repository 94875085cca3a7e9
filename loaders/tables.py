"""Tables of a landing beside its snapshots: one Parquet file each, put in place by one rename."""

import contextlib
import re
from pathlib import Path

import duckdb

from loaders import items, sources
from loaders.errors import LandingError, UsageError
from loaders.landing import flush
from loaders.sql import literal, one_line

__all__ = ["column_named", "commit_table", "model_id_of", "target_of"]

_ID_COLUMNS = ("model_id", "id", "modelId")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def target_of(landing: Path, table: str, source: str, *, replace: bool) -> Path:
    """Return the file of one source's table; UsageError for its name, LandingError if it is there.

    With `replace` an older one may be there.
    """
    if not _SOURCE.fullmatch(source):
        raise UsageError("--source names the file: small letters, digits, - and _ only")
    target = landing / table / f"{source}.parquet"
    if target.exists() and not replace:
        raise LandingError(
            f"the landing already holds {table.replace('_', ' ')} of {source}; use --replace"
        )
    return target


def column_named(source: sources.Source, option: str, name: str) -> sources.Column:
    """Return a column of the files; UsageError if there is none of that name."""
    columns = {column.name: column for column in source.columns}
    if name not in columns:
        raise UsageError(
            f"{option}: there is no column {name} (there are: {items.column_names(source)})"
        )
    return columns[name]


def model_id_of(source: sources.Source, name: str | None) -> str:
    """Return the SQL of the model's id: the named column, else the first that is called so."""
    there = {column.name for column in source.columns}
    best = name or next((column for column in _ID_COLUMNS if column in there), _ID_COLUMNS[0])
    return f"nullif(trim({column_named(source, '--model-id', best).text}), '')"


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
