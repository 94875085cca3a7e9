"""Lands tables beside the snapshots: one Parquet file each, put in place by one rename."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hub_lineage.errors import DataError, LandingError, UsageError
from loaders.arguments import add_landing_argument, landing_of
from loaders.imports import items, sources
from loaders.imports.written import Unread
from loaders.landing.committing import commit_table

__all__ = [
    "Report",
    "Request",
    "Value",
    "add_common_arguments",
    "column_named",
    "common_of",
    "land_table",
    "model_id_of",
    "report_left_out",
]

_ID_COLUMNS = ("model_id", "id", "modelId")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to land: the files, their source, and the column of ids if its name is unusual."""

    files: Sequence[str]
    landing: Path
    source: str
    model_id: str | None = None
    replace: bool = False


@dataclass(frozen=True)
class Report:
    """What was landed, how many unusable rows were left out, and which values are unreadable."""

    path: Path
    rows: int
    left_out: int
    unread: tuple[Unread, ...] = ()


@dataclass(frozen=True)
class Value:
    """A column that an option names, its kind in words, and the SQL that reads it.

    A value that cannot be read is unknown.
    """

    option: str
    column: str
    words: str
    reader: Callable[[sources.Column], str]

    def unread(self, connection: duckdb.DuckDBPyConnection, source: sources.Source) -> Unread:
        """Count the values that cannot be read; DataError if these are all."""
        column = column_named(source, self.option, self.column)
        text, is_unread = f"nullif(trim({column.text}), '')", f"({self.reader(column)}) IS NULL"
        with sources.reading(source.files):
            counts = connection.execute(
                f"SELECT count({text}), count({text}) FILTER ({is_unread}), "
                f"min({text}) FILTER ({is_unread}) FROM {source.relation} AS item"
            ).fetchall()[0]
        found = Unread(self.column, self.words, *counts)
        if found.is_all:
            raise DataError(f"{sources.names_of(source.files)}: {found}")
        return found


def land_table(
    request: Request,
    table: str,
    query_of: Callable[[sources.Source], str],
    usable: str,
    values: Sequence[Value] = (),
) -> Report:
    """Land the distinct usable rows of a query on the files as `<table>/<source>.parquet`.

    `query_of` makes the query, `usable` is a condition on its columns, which may be null, and
    `values` are columns that a row may lack. UsageError, DataError or LandingError leave the
    landing as it was.
    """
    target = _target_of(request.landing, table, request.source, replace=request.replace)
    files = sources.find_files(request.files)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        items.prepare(connection)
        source = sources.open_source(connection, files, sources.format_of(files))
        query = query_of(source)
        unread = [value.unread(connection, source) for value in values]
        with sources.reading(source.files):
            connection.execute(f"CREATE TABLE found AS {query}")
        usable = f"coalesce({usable}, false)"
        connection.execute(f"CREATE TABLE kept AS SELECT DISTINCT * FROM found WHERE {usable}")
        rows, left_out = connection.execute(
            f"SELECT (SELECT count(*) FROM kept), count(*) FILTER (NOT ({usable})) FROM found"
        ).fetchall()[0]
        if rows == 0:
            what = table.replace("_", " ")
            raise DataError(f"there are no {what} in {sources.names_of(source.files)}")
        commit_table(connection, "FROM kept", target)
    return Report(target, rows, left_out, tuple(one for one in unread if one.unread))


def add_common_arguments(
    parser: argparse.ArgumentParser,
    *,
    source: str,
    rows: str,
    model_id: str = "--model-id",
    default: str | None = None,
) -> None:
    """Declare the arguments that all such commands share; `source` and `rows` are for the help.

    `model_id` is the option that names the column of ids, `default` the column without the option.
    """
    parser.add_argument("files", nargs="+", metavar="FILE", help="Parquet, CSV or JSON lines")
    add_landing_argument(parser)
    parser.add_argument("--source", required=True, metavar="NAME", help=source)
    parser.add_argument(
        model_id,
        dest="model_id",
        metavar="COLUMN",
        default=default,
        help=f"default: {default or 'model_id, id or modelId'}",
    )
    parser.add_argument("--replace", action="store_true", help=f"replace existing {rows}")


def common_of(arguments: argparse.Namespace) -> dict:
    """The arguments of `Request` from a parsed command line."""
    return {
        "files": arguments.files,
        "landing": landing_of(arguments),
        "source": arguments.source,
        "model_id": arguments.model_id,
        "replace": arguments.replace,
    }


def report_left_out(report: Report, why: str) -> None:
    """Warn of values that could not be read, and of rows that were left out."""
    for one in report.unread:
        print(f"warning: {one}; landed as unknown", file=sys.stderr)
    if report.left_out:
        print(f"warning: left out {report.left_out:,} {why}", file=sys.stderr)


def _target_of(landing: Path, table: str, source: str, *, replace: bool) -> Path:
    """Return the file of one source's table; UsageError if the source's name is unsuitable.

    LandingError if the file exists, unless it is to be replaced.
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
    """Return a column of the files by name; UsageError if there is none."""
    columns = {column.name: column for column in source.columns}
    if name not in columns:
        raise UsageError(
            f"{option}: there is no column {name} (there are: {items.column_names(source)})"
        )
    return columns[name]


def model_id_of(source: sources.Source, name: str | None) -> str:
    """Return the SQL of the model's id: the named column, else the first with a usual name."""
    there = {column.name for column in source.columns}
    best = name or next((column for column in _ID_COLUMNS if column in there), _ID_COLUMNS[0])
    return f"nullif(trim({column_named(source, '--model-id', best).text}), '')"
