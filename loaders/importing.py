"""Tabular dumps into the landing: `python -m loaders import`.

Parquet, CSV and JSON lines go through DuckDB into items of the Hub's API, a row each, and into
the landing as complete snapshots. Either every snapshot of a run is landed or none.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from loaders import items, sources
from loaders.errors import DataError, LandingError, UsageError
from loaders.landing import (
    ITEMS_PER_PAGE,
    Snapshot,
    SnapshotQuery,
    commit_snapshots,
    refuse_existing,
    snapshot_id_of,
)
from loaders.sql import one_line

__all__ = ["Request", "add_arguments", "import_files", "run"]

DEFAULT_SOURCE = "import"


@dataclass(frozen=True)
class Request:
    """What to import: files or glob patterns, into which landing, and how to read them.

    `maps` gives (column, dotted field of the API). Either `as_of` (naive is UTC) is the time of
    the one snapshot, or `snapshot_column` holds the time of each row's snapshot. `file_format`
    is told by the names of the files when None.
    """

    files: Sequence[str]
    landing: Path
    as_of: datetime | None = None
    snapshot_column: str | None = None
    maps: Sequence[tuple[str, str]] = ()
    where: str | None = None
    source: str = DEFAULT_SOURCE
    replace: bool = False
    file_format: str | None = None


@dataclass(frozen=True)
class Report:
    """What an import did: the snapshots in order of time, and lines for the user to know."""

    snapshots: list[Snapshot]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Count:
    """What one snapshot's rows hold; `moment` is its time."""

    moment: datetime
    rows: int
    without_id: int
    without_form: int
    without_object: int


def import_files(request: Request) -> Report:
    """Import files as snapshots.

    Raises UsageError (a request that makes no sense), DataError (files that cannot be read or
    hold no items) or LandingError (a snapshot that is there, a folder that cannot be written),
    and then leaves the landing as it was.
    """
    if (request.as_of is None) == (request.snapshot_column is None):
        raise UsageError("give the time of the snapshot: either --as-of or --snapshot-column")
    files = sources.find_files(request.files)
    file_format = request.file_format or sources.format_of(files)
    with _connection() as connection:
        items.prepare(connection)
        source = sources.open_source(connection, files, file_format)
        item = items.item_of(source, _checked_maps(request, source), request.snapshot_column)
        _check_where(connection, source, request.where)
        counts = _counts(connection, source, item, request)
        if not request.replace:
            refuse_existing(request.landing, [snapshot_id_of(count.moment) for count in counts])
        wanted = [
            SnapshotQuery(
                count.moment,
                _query(source, item, request, count.moment),
                _details(request, files, count),
            )
            for count in counts
        ]
        snapshots = _commit(request, connection, files, wanted)
    return Report(snapshots, list(_notes(item, counts)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders import`."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="Parquet, CSV or JSON lines (.gz too), or a glob"
    )
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "--as-of", type=_moment, metavar="TIME", help="time of the snapshot, ISO; UTC without zone"
    )
    when.add_argument(
        "--snapshot-column", metavar="COLUMN", help="column with the time of each row's snapshot"
    )
    parser.add_argument(
        "--landing",
        type=Path,
        metavar="DIR",
        default=os.environ.get("HUB_LANDING") or None,
        help="the landing; default: HUB_LANDING",
    )
    parser.add_argument(
        "--map",
        dest="maps",
        action="append",
        default=[],
        type=_map,
        metavar="COLUMN=FIELD",
        help="field of the API a column is, dotted for one inside an object; may be repeated",
    )
    parser.add_argument("--where", metavar="CONDITION", help="SQL condition on the columns")
    parser.add_argument(
        "--source",
        default=DEFAULT_SOURCE,
        metavar="NAME",
        help="name kept with each row (default %(default)s)",
    )
    parser.add_argument("--replace", action="store_true", help="replace a snapshot that is there")
    parser.add_argument("--format", choices=sources.FORMATS, help="default: told by the names")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders import`: snapshots to stdout, notes to stderr."""
    if arguments.landing is None:
        raise UsageError("name the landing to import into: --landing DIR, or set HUB_LANDING")
    report = import_files(
        Request(
            files=arguments.files,
            landing=arguments.landing,
            as_of=arguments.as_of,
            snapshot_column=arguments.snapshot_column,
            maps=arguments.maps,
            where=arguments.where,
            source=arguments.source,
            replace=arguments.replace,
            file_format=arguments.format,
        )
    )
    for note in report.notes:
        print(note, file=sys.stderr)
    for snapshot in report.snapshots:
        parts = len(snapshot.parts)
        print(
            f"snapshot {snapshot.snapshot_id}: {snapshot.rows:,} models "
            f"in {parts:,} part{'s' if parts > 1 else ''}"
        )
    return 0


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no ISO time; write 2026-08-22, 2026-08-22T12:00:00 or ...+02:00"
        ) from None


def _map(text: str) -> tuple[str, str]:
    column, _, name = text.rpartition("=")
    if not column or not all(name.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN=FIELD")
    return column, name


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a DuckDB whose times are UTC and which spills to a folder of its own."""
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET temp_directory = $1", [spill])
        yield connection


def _checked_maps(
    request: Request, source: sources.Source
) -> Mapping[str, Sequence[tuple[str, ...]]]:
    names = {column.name for column in source.columns}
    asked = [("--map", column) for column, _ in request.maps]
    if request.snapshot_column is not None:
        asked.append(("--snapshot-column", request.snapshot_column))
    for option, name in asked:
        if name not in names:
            raise UsageError(
                f"{option}: there is no column {name} (there are: {items.column_names(source)})"
            )
    maps: dict[str, list[tuple[str, ...]]] = {}
    for column, name in request.maps:
        maps.setdefault(column, []).append(tuple(name.split(".")))
    return maps


def _check_where(
    connection: duckdb.DuckDBPyConnection, source: sources.Source, where: str | None
) -> None:
    if where is None:
        return
    try:
        connection.sql(f"SELECT 1 FROM {source.relation} AS item WHERE ({where}\n) LIMIT 0")
    except duckdb.Error as error:
        raise UsageError(f"--where: {one_line(error)}") from error


def _rows(source: sources.Source, request: Request) -> str:
    """Return the FROM and WHERE of the rows asked for."""
    condition = f" WHERE ({request.where}\n)" if request.where else " WHERE true"
    return f"FROM {source.relation} AS item{condition}"


def _moment_column(source: sources.Source, request: Request) -> sources.Column | None:
    return next(
        (column for column in source.columns if column.name == request.snapshot_column), None
    )


def _counts(
    connection: duckdb.DuckDBPyConnection,
    source: sources.Source,
    item: items.Item,
    request: Request,
) -> list[_Count]:
    """Count the rows of each snapshot, in order of time; DataError on one without a time."""
    column = _moment_column(source, request)
    moment = items.moment_of(column) if column else "NULL"
    example = column.text if column else "NULL"
    try:
        with sources.reading(source.files):
            counted = connection.execute(
                "SELECT moment, count(*), count(*) FILTER (model_id IS NULL), "
                "coalesce(sum(without_form), 0), coalesce(sum(without_object), 0), min(example) "
                f"FROM (SELECT {moment} AS moment, {item.model_id} AS model_id, "
                f"{item.without_form or 0} AS without_form, "
                f"{item.without_object or 0} AS without_object, "
                f"{example} AS example {_rows(source, request)}) "
                "GROUP BY moment ORDER BY moment NULLS FIRST"
            ).fetchall()
    except DataError as error:
        if request.where and isinstance(error.__cause__, duckdb.ConversionException):
            raise UsageError(f"--where: {one_line(error.__cause__)}") from error
        raise
    if column is None:
        counts = [_Count(request.as_of, *row[1:5]) for row in counted]
    else:
        if counted and counted[0][0] is None:
            _, rows, *_, shown = counted[0]
            raise DataError(
                f"--snapshot-column: {rows:,} row{'s' if rows > 1 else ''} of {column.name} "
                + (f"hold no ISO time, for example {shown}" if shown else "hold null")
            )
        counts = [_Count(*row[:5]) for row in counted]
    _check_counts(counts, request, source)
    return counts


def _check_counts(counts: list[_Count], request: Request, source: sources.Source) -> None:
    if not any(count.rows for count in counts):
        reason = "no row meets --where" if request.where else "there are no rows"
        raise DataError(f"nothing to import from {sources.names_of(source.files)}: {reason}")
    without = [snapshot_id_of(one.moment) for one in counts if one.rows == one.without_id]
    if without:
        raise DataError(f"every row of snapshot {', '.join(without)} is without an id")


def _query(
    source: sources.Source,
    item: items.Item,
    request: Request,
    moment: datetime,
) -> str:
    """Return the query of one snapshot, its rows in the order of the files."""
    stamp = f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
    column = _moment_column(source, request)
    of_snapshot = f" AND {items.moment_of(column)} = {stamp}" if column else ""
    return (
        f"SELECT {item.hub_oid} AS hub_oid, {item.model_id} AS model_id, "
        f"{item.raw_json} AS raw_json, {stamp} AS fetched_at "
        f"{_rows(source, request)} AND {item.model_id} IS NOT NULL{of_snapshot}"
    )


def _details(request: Request, files: Sequence[Path], count: _Count) -> dict[str, Any]:
    details: dict[str, Any] = {
        "files": [file.name for file in files],
        "rows_read": count.rows,
        "rows_without_id": count.without_id,
        "numbers_without_json_form": count.without_form,
    }
    if count.without_object:
        details["values_without_object"] = count.without_object
    if request.maps:
        details["map"] = [f"{column}={name}" for column, name in request.maps]
    if request.where:
        details["where"] = request.where
    if request.snapshot_column:
        details["snapshot_column"] = request.snapshot_column
    return details


def _commit(
    request: Request,
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    wanted: Sequence[SnapshotQuery],
) -> list[Snapshot]:
    try:
        return commit_snapshots(
            request.landing,
            connection,
            wanted,
            source=request.source,
            replace=request.replace,
            items_per_page=ITEMS_PER_PAGE,
        )
    except LandingError as error:
        cause = error.__cause__
        # DuckDB reads the files and writes the parts in one go: its message tells which failed.
        if isinstance(cause, duckdb.Error) and ".building" not in str(cause):
            raise DataError(f"cannot read {sources.names_of(files)}: {one_line(cause)}") from error
        raise


def _notes(item: items.Item, counts: Sequence[_Count]) -> Iterator[str]:
    if item.foreign:
        yield (
            "notice: kept under their own names, as the Hub's API has no such field: "
            + ", ".join(item.foreign)
        )
    without_object = sum(count.without_object for count in counts)
    if without_object:
        yield (
            f"notice: left out {without_object:,} mapped value{'s' if without_object > 1 else ''}: "
            f"{', '.join(item.added_to)} of their rows is no JSON object to add to"
        )
    without_id = sum(count.without_id for count in counts)
    if without_id:
        yield f"warning: skipped {without_id:,} row{'s' if without_id > 1 else ''} without an id"
    without_form = sum(count.without_form for count in counts)
    if without_form:
        yield (
            f"warning: left out {without_form:,} value{'s' if without_form > 1 else ''} that JSON "
            "has no form for (NaN or infinite)"
        )
