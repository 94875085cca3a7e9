"""Lands tabular dumps: `python -m loaders import`.

DuckDB turns each row of Parquet, CSV and JSON lines into an item of the Hub's API, and these are
landed as complete snapshots. Either every snapshot of a run is landed or none.
"""

import argparse
import filecmp
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import duckdb
from tqdm import tqdm

from hub_lineage.errors import DataError, LandingError, UsageError
from hub_lineage.landing import Snapshot, snapshot_exists, snapshot_id_of
from hub_lineage.sql import confine, one_line
from loaders.arguments import add_landing_argument, landing_of
from loaders.imports import items, sources, written
from loaders.landing.committing import (
    ITEMS_PER_PAGE,
    SnapshotQuery,
    commit_snapshots,
    refuse_existing,
)

__all__ = ["Request", "UnreadFieldError", "add_arguments", "import_files", "run"]

DEFAULT_SOURCE = "import"

_FOLDER_FORMS = ("%Y-%m-%d", "%Y%m%dT%H%M%SZ")
"""How a folder may name the time of its snapshot: the archive's days, the landing's own ids."""


_SHARED = 6 + len(items.ID_COUNTS)
"""How many counts precede those of single fields in a row of counts."""


class UnreadFieldError(DataError):
    """No value of a field that a build reads can be read."""


@dataclass(frozen=True)
class Request:
    """What to import: files or glob patterns, into which landing, and how to read them.

    `maps` gives (column, dotted field of the API). The time is given in one of three ways: `as_of`
    (naive is UTC) is that of the only snapshot, `snapshot_column` holds that of each row's
    snapshot, and with `as_of_folder` the files of a folder are a snapshot, whose time is the
    folder's name. A snapshot that exists is refused, unless the run is to `replace` it or to
    `skip_existing` ones. With `allow_unread` a field is landed as it is even if none of its values
    can be read. If `file_format` is None, the files' names determine it. If `columns` is given, no
    others are read; `origin` is kept in the manifest.
    """

    files: Sequence[str]
    landing: Path
    as_of: datetime | None = None
    snapshot_column: str | None = None
    as_of_folder: bool = False
    maps: Sequence[tuple[str, str]] = ()
    where: str | None = None
    source: str = DEFAULT_SOURCE
    replace: bool = False
    skip_existing: bool = False
    allow_unread: bool = False
    file_format: str | None = None
    columns: Collection[str] | None = None
    origin: Mapping[str, str | None] | None = None


@dataclass(frozen=True)
class Report:
    """What an import did: the snapshots in order of time, and notes for the user."""

    snapshots: list[Snapshot]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Count:
    """Counts of one snapshot's rows; `moment` is its time."""

    moment: datetime
    rows: int
    without_id: int
    without_form: int
    without_object: int
    ids: "_Ids"
    unread: tuple[written.Unread, ...]


@dataclass(frozen=True)
class _Ids:
    """Counts of the ids that are repeated, links, not ids of the Hub, or without an owner."""

    repeated: int
    links: int
    unsound: int
    without_owner: int
    unsound_example: str | None
    without_owner_example: str | None


@dataclass(frozen=True)
class _Table:
    """Files read as one relation; `moment` is the time of all, None if a column holds it."""

    moment: datetime | None
    source: sources.Source

    @property
    def names(self) -> str:
        """The files as a short text."""
        return sources.names_of(self.source.files)


def import_files(request: Request) -> Report:
    """Import files as snapshots.

    Raises UsageError (a request that makes no sense), DataError (files that cannot be read or hold
    no items; UnreadFieldError if a field cannot be read) or LandingError (a snapshot that exists, a
    folder that cannot be written), and then leaves the landing as it was.
    """
    times = (request.as_of is not None, request.snapshot_column is not None, request.as_of_folder)
    if sum(times) != 1:
        raise UsageError(
            "give the time of the snapshot: one of --as-of, --snapshot-column, --as-of-folder"
        )
    files = sources.find_files(request.files)
    file_format = request.file_format or sources.format_of(files)
    groups: list[tuple[datetime | None, list[Path]]] = (
        [*_by_folder(files).items()] if request.as_of_folder else [(request.as_of, files)]
    )
    wanted_groups = [
        (moment, group) for moment, group in groups if moment is None or _is_wanted(request, moment)
    ]
    n_skipped = len(groups) - len(wanted_groups)
    _refuse_existing(request, [moment for moment, _ in wanted_groups if moment is not None])
    with _connection() as connection:
        items.prepare(connection)
        tables = [
            _Table(moment, sources.open_source(connection, group, file_format))
            for moment, group in wanted_groups
        ]
        _check_columns(request, tables)
        if request.where:
            confine(connection, files, [request.landing])
        made: list[items.Item] = []
        set_aside: dict[str, str] = {}
        counts: list[_Count] = []
        wanted: list[tuple[_Table, SnapshotQuery]] = []
        for table in tables:
            item, others = _item(connection, table, request)
            set_aside |= others
            counted = _counts(connection, table, item, request)
            left = [count for count in counted if _is_wanted(request, count.moment)]
            n_skipped += len(counted) - len(left)
            made.append(item)
            counts += left
            wanted += [(table, _snapshot_query(table, item, request, count)) for count in left]
        _refuse_existing(request, [count.moment for count in counts])
        repeats = list(_repeats(groups))
        snapshots = _commit(request, connection, wanted)
    return Report(snapshots, [*repeats, *_notes(made, counts, n_skipped, set_aside)])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders import`."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="Parquet, CSV or JSON lines (.gz too), or a glob"
    )
    when = parser.add_mutually_exclusive_group(required=True)
    when.add_argument(
        "--as-of",
        type=moment_of_option,
        metavar="TIME",
        help="time of the snapshot, ISO; UTC without zone",
    )
    when.add_argument(
        "--snapshot-column", metavar="COLUMN", help="column with the time of each row's snapshot"
    )
    when.add_argument(
        "--as-of-folder",
        action="store_true",
        help="a snapshot per folder, its time the folder's name, such as 2026-09-30",
    )
    add_landing_argument(parser)
    parser.add_argument(
        "--map",
        dest="maps",
        action="append",
        default=[],
        type=_map,
        metavar="COLUMN=FIELD",
        help="the API's field that a column holds, dotted if inside an object; may be repeated",
    )
    parser.add_argument(
        "--where",
        metavar="CONDITION",
        help="SQL condition on the columns, which can read no other file; it becomes part of the "
        "SQL that is run, so give none that you do not trust",
    )
    parser.add_argument(
        "--source",
        default=DEFAULT_SOURCE,
        metavar="NAME",
        help="name kept with each row (default %(default)s)",
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument("--replace", action="store_true", help="replace existing snapshots")
    existing.add_argument(
        "--skip-existing", action="store_true", help="land only snapshots that do not exist yet"
    )
    parser.add_argument(
        "--allow-unread",
        action="store_true",
        help="land a field as it is even if none of its values can be read",
    )
    parser.add_argument("--format", choices=sources.FORMATS, help="default: by the files' names")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders import`: snapshots to stdout, notes to stderr."""
    request = Request(
        files=arguments.files,
        landing=landing_of(arguments),
        as_of=arguments.as_of,
        snapshot_column=arguments.snapshot_column,
        as_of_folder=arguments.as_of_folder,
        maps=arguments.maps,
        where=arguments.where,
        source=arguments.source,
        replace=arguments.replace,
        skip_existing=arguments.skip_existing,
        allow_unread=arguments.allow_unread,
        file_format=arguments.format,
    )
    try:
        report = import_files(request)
    except UnreadFieldError as error:
        raise DataError(f"{error}; --allow-unread lands the field as it stands") from error
    tell(report, lambda line: print(line, file=sys.stderr))
    return 0


def tell(report: Report, note: Callable[[str], None]) -> None:
    """Print what was landed, a line per snapshot, and pass the notes on it to `note`."""
    for line in report.notes:
        note(line)
    for snapshot in report.snapshots:
        parts = len(snapshot.parts)
        print(
            f"snapshot {snapshot.snapshot_id}: {snapshot.rows:,} models "
            f"in {parts:,} part{'s' if parts > 1 else ''}",
            flush=True,
        )


def moment_of_option(text: str) -> datetime:
    """The time that an option gives, as naive UTC; argparse's error if it is not an ISO time."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an ISO time; write 2026-08-22, 2026-08-22T12:00:00 or ...+02:00"
        ) from None


def _map(text: str) -> tuple[str, str]:
    column, _, name = text.rpartition("=")
    if not column or not all(name.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN=FIELD")
    return column, name


@contextmanager
def _connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB whose times are UTC and which spills to a folder of its own."""
    with tempfile.TemporaryDirectory() as spill, duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET temp_directory = $1", [spill])
        yield connection


def _by_folder(files: Sequence[Path]) -> dict[datetime, list[Path]]:
    """Return the files by the times in their folders' names, in order of time."""
    groups: dict[datetime, list[Path]] = {}
    for file in files:
        groups.setdefault(_moment_of_folder(file), []).append(file)
    for moment, group in groups.items():
        folders = list(dict.fromkeys(os.path.abspath(file.parent) for file in group))
        if len(folders) > 1:
            raise UsageError(
                f"--as-of-folder: {folders[0]} and {folders[1]} are both of {moment.isoformat()}; "
                "import one of them"
            )
    return dict(sorted(groups.items()))


def _moment_of_folder(file: Path) -> datetime:
    # not resolved: if files are links into a cache, the link's own folder has the name
    name = file.absolute().parent.name
    for form in _FOLDER_FORMS:
        try:
            moment = datetime.strptime(name, form)
        except ValueError:
            continue
        if moment.strftime(form) == name:
            return moment
    raise UsageError(
        f"--as-of-folder: {file} lies in no folder named after a day, such as 2026-09-30"
    )


def _repeats(groups: Sequence[tuple[datetime | None, list[Path]]]) -> Iterator[str]:
    """Say which snapshots are copies of the one before, as happens when an archive misses a day."""
    for (_, before), (_, after) in itertools.pairwise(groups):
        if len(before) == len(after) and all(
            filecmp.cmp(one, other, shallow=False) for one, other in zip(before, after, strict=True)
        ):
            yield (
                f"warning: {sources.names_of(after)} is byte for byte {sources.names_of(before)}: "
                "nothing changes between the two snapshots"
            )


def _is_wanted(request: Request, moment: datetime) -> bool:
    is_there = snapshot_exists(request.landing, snapshot_id_of(moment))
    return not (request.skip_existing and is_there)


def _refuse_existing(request: Request, moments: Sequence[datetime]) -> None:
    if not request.replace:
        refuse_existing(request.landing, map(snapshot_id_of, moments))


def _check_columns(request: Request, tables: Sequence[_Table]) -> None:
    """Raise UsageError when an option names a column that no file has."""
    names = dict.fromkeys(column.name for table in tables for column in table.source.columns)
    asked = [("--map", column) for column, _ in request.maps]
    if request.snapshot_column is not None:
        asked.append(("--snapshot-column", request.snapshot_column))
    for option, name in asked:
        if tables and name not in names:
            raise UsageError(f"{option}: there is no column {name} (there are: {', '.join(names)})")


def _item(
    connection: duckdb.DuckDBPyConnection, table: _Table, request: Request
) -> tuple[items.Item, dict[str, str]]:
    """Return the item that a table's rows become, and columns of ids set aside for a better one.

    Maps of columns that the table does not have are ignored.
    """
    names = {column.name for column in table.source.columns}
    maps: dict[str, list[tuple[str, ...]]] = {}
    for column, name in request.maps:
        if column in names:
            maps.setdefault(column, []).append(tuple(name.split(".")))
    try:
        set_aside = _set_aside(connection, table.source, maps)
        leave_out = {*set_aside, *filter(None, [request.snapshot_column])}
        if request.columns is not None:
            leave_out |= names - set(request.columns)
        item = items.item_of(table.source, maps, leave_out)
        _check_where(connection, table.source, request.where)
    except (UsageError, DataError) as error:
        if not request.as_of_folder:
            raise
        raise type(error)(f"{table.names}: {error}") from error
    return item, set_aside


def _set_aside(
    connection: duckdb.DuckDBPyConnection,
    source: sources.Source,
    maps: Mapping[str, Sequence[tuple[str, ...]]],
) -> dict[str, str]:
    """Return the columns of ids that hold no owner in any row, each with the column that does.

    So an `id` that merely numbers the rows of a table gives way to the Hub's `modelId`.
    """
    candidates = [one for one in items.id_candidates(source) if one.name not in maps]
    if len(candidates) < 2 or any(("id",) in paths for paths in maps.values()):
        return {}
    owned = ", ".join(f"count_if(contains({one.text}, '/'))" for one in candidates)
    with sources.reading(source.files):
        counts = connection.execute(f"SELECT {owned} FROM {source.relation} AS item").fetchall()[0]
    best = next((number for number, count in enumerate(counts) if count), 0)
    return {one.name: candidates[best].name for one in candidates[:best]}


def _check_where(
    connection: duckdb.DuckDBPyConnection, source: sources.Source, where: str | None
) -> None:
    if where is None:
        return
    try:
        # A condition that closes our bracket could continue as another query.
        duckdb.SQLExpression(where)
        if len(connection.extract_statements(f"SELECT 1 WHERE ({where}\n)")) != 1:
            raise UsageError("--where: give one condition, not several statements")
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
    table: _Table,
    item: items.Item,
    request: Request,
) -> list[_Count]:
    """Count the rows of each snapshot, in order of time; DataError on one without a time."""
    source = table.source
    column = _moment_column(source, request)
    inner = {
        "moment": items.moment_of(column) if column else "NULL",
        "model_id": item.model_id,
        "without_form": item.without_form or "0",
        "without_object": item.without_object or "0",
        "example": column.text if column else "NULL",
    }
    outer = [
        "count(*)",
        "count(*) FILTER (model_id IS NULL)",
        "coalesce(sum(without_form), 0)",
        "coalesce(sum(without_object), 0)",
        *items.ID_COUNTS,
        "min(example)",
    ]
    for number, check in enumerate(item.checks):
        inner[f"is_given_{number}"] = check.is_given
        inner[f"unread_{number}"] = check.unread
        outer += [
            f"count(*) FILTER (is_given_{number})",
            f"count(unread_{number})",
            f"min(unread_{number})",
        ]
    selected = ", ".join(f"{value} AS {name}" for name, value in inner.items())
    try:
        with sources.reading(source.files):
            counted = connection.execute(
                f"SELECT moment, {', '.join(outer)} "
                f"FROM (SELECT {selected} {item.judged(_rows(source, request))}) "
                "GROUP BY moment ORDER BY moment NULLS FIRST"
            ).fetchall()
    except DataError as error:
        if request.where and isinstance(error.__cause__, duckdb.ConversionException):
            raise UsageError(f"--where: {one_line(error.__cause__)}") from error
        raise
    if column is not None and counted and counted[0][0] is None:
        rows, shown = counted[0][1], counted[0][_SHARED - 1]
        raise DataError(
            f"--snapshot-column: {rows:,} row{'s' if rows > 1 else ''} of {column.name} "
            + (f"hold no ISO time, for example {shown}" if shown else "hold null")
        )
    # Without a column of times, the table has one time for all rows.
    counts = [
        _count(cast(datetime, table.moment) if column is None else row[0], row, item)
        for row in counted
    ]
    _check_counts(counts, request, source)
    if not request.allow_unread:
        _check_unread(counts, item, source)
    return counts


def _count(moment: datetime, row: Sequence[Any], item: items.Item) -> _Count:
    unread = [
        written.Unread(check.field, check.words, *row[start : start + 3])
        for check, start in zip(item.checks, range(_SHARED, len(row), 3), strict=True)
    ]
    rows, without_id, without_form, without_object = row[1:5]
    ids = _Ids(*row[5 : _SHARED - 1])
    return _Count(moment, rows, without_id, without_form, without_object, ids, tuple(unread))


def _check_unread(counts: list[_Count], item: items.Item, source: sources.Source) -> None:
    """Raise UnreadFieldError when no value of a field in use can be read."""
    for check, *found in zip(item.checks, *(count.unread for count in counts), strict=True):
        one = _added(found)
        if one.is_all and not check.is_used_unread:
            raise UnreadFieldError(f"{sources.names_of(source.files)}: {one}")


def _added(found: Sequence[written.Unread]) -> written.Unread:
    """Return the sum of several counts of one field."""
    return replace(
        found[0],
        given=sum(one.given for one in found),
        unread=sum(one.unread for one in found),
        example=min((one.example for one in found if one.example is not None), default=None),
    )


def _check_counts(counts: list[_Count], request: Request, source: sources.Source) -> None:
    if not any(count.rows for count in counts):
        reason = "no row meets --where" if request.where else "there are no rows"
        raise DataError(f"nothing to import from {sources.names_of(source.files)}: {reason}")
    without = [snapshot_id_of(one.moment) for one in counts if one.rows == one.without_id]
    if without:
        raise DataError(f"every row of snapshot {', '.join(without)} is without an id")


def _snapshot_query(
    table: _Table, item: items.Item, request: Request, count: _Count
) -> SnapshotQuery:
    """Return the query of one snapshot to commit, its rows in the order of the files."""
    source = table.source
    stamp = f"TIMESTAMP '{count.moment.isoformat(sep=' ')}'"
    column = _moment_column(source, request)
    of_snapshot = f" AND {items.moment_of(column)} = {stamp}" if column else ""
    query = (
        "SELECT * REPLACE (as_the_api_writes(raw_json) AS raw_json) "
        f"FROM (SELECT {item.hub_oid} AS hub_oid, {item.model_id} AS model_id, "
        f"{item.raw_json} AS raw_json, {stamp} AS fetched_at "
        f"{_rows(source, request)} AND {item.model_id} IS NOT NULL{of_snapshot})"
    )
    return SnapshotQuery(count.moment, query, _details(request, source.files, count))


def _details(request: Request, files: Sequence[Path], count: _Count) -> dict[str, Any]:
    folder = f"{files[0].absolute().parent.name}/" if request.as_of_folder else ""
    details: dict[str, Any] = {
        "files": [folder + file.name for file in files],
        **(request.origin or {}),
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
    wanted: Sequence[tuple[_Table, SnapshotQuery]],
) -> list[Snapshot]:
    if not wanted:
        return []
    written: list[Snapshot] = []
    # A long history takes hours and is in place only at the end, so a terminal shows progress.
    with tqdm(total=len(wanted), unit=" snapshots", disable=None, leave=False) as bar:

        def note(snapshot: Snapshot) -> None:
            written.append(snapshot)
            bar.update()

        try:
            return commit_snapshots(
                request.landing,
                connection,
                [query for _, query in wanted],
                source=request.source,
                replace=request.replace,
                items_per_page=ITEMS_PER_PAGE,
                written=note,
            )
        except LandingError as error:
            cause = error.__cause__
            # DuckDB reads the files and writes the parts in one go; its message shows which failed.
            if isinstance(cause, duckdb.Error) and ".building" not in str(cause):
                names = wanted[len(written)][0].names
                raise DataError(f"cannot read {names}: {one_line(cause)}") from error
            raise


def _notes(
    made: Sequence[items.Item],
    counts: Sequence[_Count],
    n_skipped: int,
    set_aside: Mapping[str, str],
) -> Iterator[str]:
    foreign = dict.fromkeys(name for item in made for name in item.foreign)
    added_to = dict.fromkeys(name for item in made for name in item.added_to)
    if n_skipped:
        yield (
            f"notice: skipped {n_skipped:,} of {n_skipped + len(counts):,} snapshots, "
            "which were there already"
        )
    if foreign:
        yield (
            "notice: kept under their own names, as the Hub's API has no such field: "
            + ", ".join(map(written.shown, foreign))
        )
    for name, best in set_aside.items():
        yield f"notice: left out {name}, which holds no owner: the ids are those of {best}"
    without_object = sum(count.without_object for count in counts)
    if without_object:
        yield (
            f"notice: left out {without_object:,} mapped value{'s' if without_object > 1 else ''}: "
            f"{', '.join(added_to)} of their rows is not a JSON object to add to"
        )
    for count in counts:
        n = count.ids.repeated
        if n:
            yield (
                f"warning: snapshot {snapshot_id_of(count.moment)}: {n:,} row"
                f"{'s name models' if n > 1 else ' names a model'} that another row names, of "
                "which one counts: take the others out and import it with --replace"
            )
    yield from _notes_on_ids(counts)
    without_id = sum(count.without_id for count in counts)
    if without_id:
        yield f"warning: skipped {without_id:,} row{'s' if without_id > 1 else ''} without an id"
    without_form = sum(count.without_form for count in counts)
    if without_form:
        yield (
            f"warning: left out {without_form:,} value{'s' if without_form > 1 else ''} that JSON "
            "has no form for (NaN or infinite)"
        )
    fields: dict[str, list[written.Unread]] = {}
    for count in counts:
        for one in count.unread:
            fields.setdefault(one.field, []).append(one)
    for one in map(_added, fields.values()):
        if one.unread:
            yield f"warning: {one}; landed as it stands"


def _notes_on_ids(counts: Sequence[_Count]) -> Iterator[str]:
    rows = sum(count.rows - count.without_id for count in counts)
    links = sum(count.ids.links for count in counts)
    if links:
        yield f"notice: {links:,} of {rows:,} ids are links to the Hub, which a build reads as ids"
    unsound = sum(count.ids.unsound for count in counts)
    if unsound:
        example = min(filter(None, (count.ids.unsound_example for count in counts)))
        yield (
            f"warning: {unsound:,} of {rows:,} ids are not valid for a model, and a build rejects "
            f"their rows, for example {written.shown(example)}"
        )
    without_owner = sum(count.ids.without_owner for count in counts)
    if rows and without_owner == rows:
        example = min(filter(None, (count.ids.without_owner_example for count in counts)))
        yield f"warning: none of {rows:,} ids has an owner, for example {written.shown(example)}"
