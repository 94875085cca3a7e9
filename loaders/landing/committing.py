"""Commits whole snapshots to the landing, whose format `hub_lineage.landing` defines.

An imported snapshot is written in a hidden building folder and put in place by one rename, so that
a reader sees all of it or nothing. The same items give the same bytes. A crawled one grows in
place, part by part (`growing.py`), and is read once its manifest says `complete`.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from hub_lineage.errors import LandingError, system_message
from hub_lineage.files import (
    digest_of,
    flush,
    locked,
    put_back,
    replacing,
    swap,
    take_lock,
    without_empty_folders,
)
from hub_lineage.landing import (
    COLUMNS,
    MANIFEST,
    TABLE,
    Part,
    Snapshot,
    is_text,
    iso,
    manifest_text,
    snapshot_exists,
    snapshot_folder,
    snapshot_id_of,
)
from hub_lineage.sql import files_in_sql, literal, one_line

__all__ = [
    "SnapshotQuery",
    "commit_items",
    "commit_snapshot",
    "commit_snapshots",
    "commit_table",
    "refuse_existing",
]

ROWS_PER_PART = 20_000
ITEMS_PER_PAGE = 1_000
_ITEM_COLUMNS = ("hub_oid", "model_id", "raw_json", "fetched_at")
_PAGE_COLUMNS = ("page_number", "item_number")
_STAGED_ROW_GROUP = 20_480
_BATCH = 1_000
NEW = "new"
"""A folder one level below that of snapshots, so that no glob over these finds unfinished ones."""


@dataclass(frozen=True)
class SnapshotQuery:
    """A snapshot to commit: its start, the query for its items, and details for the manifest."""

    started_at: datetime
    query: str
    details: dict[str, Any] = field(default_factory=dict)


def refuse_existing(landing: Path, snapshot_ids: Iterable[str]) -> None:
    """Raise LandingError when one of the snapshots is already in the landing."""
    existing = [name for name in snapshot_ids if snapshot_exists(landing, name)]
    if existing:
        raise LandingError(
            f"the landing already holds snapshot {', '.join(existing)}; "
            "use --replace to put the new one in its place"
        )


def commit_snapshot(
    landing: Path,
    started_at: datetime,
    connection: duckdb.DuckDBPyConnection,
    query: str,
    *,
    source: str,
    replace: bool = False,
    rows_per_part: int = ROWS_PER_PART,
    items_per_page: int | None = None,
    details: dict[str, Any] | None = None,
) -> Snapshot:
    """Write one snapshot from a query; see `commit_snapshots`."""
    wanted = SnapshotQuery(started_at, query, details or {})
    return commit_snapshots(
        landing,
        connection,
        [wanted],
        source=source,
        replace=replace,
        rows_per_part=rows_per_part,
        items_per_page=items_per_page,
    )[0]


def commit_snapshots(
    landing: Path,
    connection: duckdb.DuckDBPyConnection,
    wanted: Sequence[SnapshotQuery],
    *,
    source: str,
    replace: bool = False,
    rows_per_part: int = ROWS_PER_PART,
    items_per_page: int | None = None,
    written: Callable[[Snapshot], None] = lambda snapshot: None,
) -> list[Snapshot]:
    """Write snapshots from DuckDB queries: all of them or, on any failure, none.

    Each query yields `hub_oid, model_id, raw_json, page_number, item_number, fetched_at` in the
    final order of the rows. With `items_per_page` (rows) the pages are numbered here and the query
    leaves the two numbers out: numbering a stream in SQL would keep it to one core.
    The rows are never all in memory: they are staged in the building folder and cut into parts of
    at most `rows_per_part` rows. `written` is called with each snapshot that is written, before any
    is in place.

    A snapshot that exists is refused unless `replace`; the old one is then removed only after the
    new one is in place. LandingError on a refusal, a query without rows, a query that fails (its
    DuckDB error is the cause) or a folder that cannot be written.
    """
    if rows_per_part < 1:
        raise LandingError(f"rows_per_part must be 1 or more, not {rows_per_part}")
    ids = [snapshot_id_of(one.started_at) for one in wanted]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise LandingError(f"several snapshots would have the same id: {', '.join(twice)}")
    if not replace:
        refuse_existing(landing, ids)
    root = Path(landing) / TABLE
    names = [snapshot_folder(landing, name).name for name in ids]
    with building_folder(root) as building:
        snapshots = []
        for one, name in zip(wanted, names, strict=True):
            snapshots.append(
                _write_snapshot(
                    connection, one, building, root / name, source, rows_per_part, items_per_page
                )
            )
            written(snapshots[-1])
        with locked(root):
            if not replace:
                refuse_existing(landing, ids)
            swap([(building / NEW / name, root / name) for name in names], building)
    return snapshots


def commit_items(
    landing: Path,
    started_at: datetime,
    items: Iterable[str | Mapping[str, Any]],
    *,
    source: str,
    replace: bool = False,
    rows_per_part: int = ROWS_PER_PART,
    details: dict[str, Any] | None = None,
) -> Snapshot:
    """Write one snapshot from items in memory: JSON texts (landed byte for byte) or mappings.

    Pages hold 1,000 items; every item is fetched at `started_at`. A text that is not JSON, or not
    an object, is landed too, with null ids where it has none. For samples and tests; errors as in
    `commit_snapshots`.
    """
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE items (hub_oid VARCHAR, model_id VARCHAR, text VARCHAR)")
        batch: list[tuple[str | None, str | None, str]] = []
        for item in items:
            batch.append(_identified(item))
            if len(batch) == _BATCH:
                _insert(connection, batch)
                batch = []
        if batch:
            _insert(connection, batch)
        return commit_snapshot(
            landing,
            started_at,
            connection,
            f"SELECT hub_oid, model_id, text AS raw_json, {_timestamp(started_at)} AS fetched_at "
            "FROM items",
            source=source,
            replace=replace,
            rows_per_part=rows_per_part,
            items_per_page=ITEMS_PER_PAGE,
            details=details,
        )


def _identified(item: str | Mapping[str, Any]) -> tuple[str | None, str | None, str]:
    if isinstance(item, str):
        text = item
        try:
            item = json.loads(text)
        except ValueError:
            item = {}
    else:
        try:
            text = json.dumps(dict(item), separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise LandingError(f"an item cannot be written as JSON: {error}") from error
    ids = (item.get(key) for key in ("_id", "id")) if isinstance(item, Mapping) else (None, None)
    hub_oid, model_id = (value if is_text(value) else None for value in ids)
    return hub_oid, model_id, text


def _insert(
    connection: duckdb.DuckDBPyConnection, batch: list[tuple[str | None, str | None, str]]
) -> None:
    columns = [list(column) for column in zip(*batch, strict=True)]
    connection.execute(
        "INSERT INTO items SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]), "
        "unnest($3::VARCHAR[])",
        columns,
    )


def _timestamp(moment: datetime) -> str:
    return f"TIMESTAMP '{iso(moment)[:-1].replace('T', ' ')}'"


def _write_snapshot(
    connection: duckdb.DuckDBPyConnection,
    wanted: SnapshotQuery,
    building: Path,
    final: Path,
    source: str,
    rows_per_part: int,
    items_per_page: int | None,
) -> Snapshot:
    """Write parts and manifest of one snapshot below the building folder."""
    snapshot_id = snapshot_id_of(wanted.started_at)
    folder = building / NEW / final.name
    folder.mkdir()
    staged = building / "staged.parquet"
    try:
        rows = _stage(connection, wanted.query, staged, source, numbered=items_per_page is None)
        if rows == 0:
            raise LandingError(f"snapshot {snapshot_id} would be empty: there are no items")
        parts = _cut(connection, staged, folder, rows, rows_per_part, items_per_page)
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise LandingError(
            f"snapshot {snapshot_id} is not written, the landing is as it was: {one_line(error)}"
        ) from error
    staged.unlink()
    snapshot = Snapshot(
        snapshot_id=snapshot_id,
        started_at=datetime.fromisoformat(iso(wanted.started_at)),
        status="complete",
        source=source,
        rows=rows,
        parts=tuple(parts),
        details=wanted.details,
        folder=final,
    )
    _write_manifest(snapshot, folder)
    flush(folder)
    return snapshot


def _stage(
    connection: duckdb.DuckDBPyConnection, query: str, staged: Path, source: str, *, numbered: bool
) -> int:
    """Write the query's rows to one file, in order and on all threads; return their number."""
    relation = connection.sql(f"SELECT * FROM ({query}\n) LIMIT 0")
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    needed = [*_ITEM_COLUMNS, *(_PAGE_COLUMNS if numbered else ())]
    missing = [name for name in needed if name not in types]
    if missing:
        raise LandingError(f"the query of a snapshot yields no column {', '.join(missing)}")
    values = {name: f"CAST({name} AS {COLUMNS[name]}) AS {name}" for name in needed}
    if types["fetched_at"] == "TIMESTAMP WITH TIME ZONE":
        values["fetched_at"] = "fetched_at AT TIME ZONE 'UTC' AS fetched_at"
    values["is_json_valid"] = "coalesce(json_valid(CAST(raw_json AS VARCHAR)), false)"
    values["is_json_valid"] += " AS is_json_valid"
    values["source"] = f"{literal(source)} AS source"
    with _settings(connection, preserve_insertion_order=True):
        connection.execute(
            f"COPY (SELECT {', '.join(values.values())} FROM ({query}\n)) TO {literal(staged)} "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
            f"ROW_GROUP_SIZE {_STAGED_ROW_GROUP})"
        )
    counted = connection.execute(f"SELECT count(*) FROM {_staged_rows(staged)}").fetchall()
    return counted[0][0]


def _staged_rows(staged: Path) -> str:
    return (
        f"read_parquet({files_in_sql(staged)}, file_row_number = true, hive_partitioning = false)"
    )


def _cut(
    connection: duckdb.DuckDBPyConnection,
    staged: Path,
    folder: Path,
    rows: int,
    rows_per_part: int,
    items_per_page: int | None,
) -> list[Part]:
    """Cut the staged file into parts, on one thread, so that the bytes do not vary."""
    values = dict.fromkeys(COLUMNS)
    if items_per_page is not None:
        values["page_number"] = f"CAST(file_row_number // {items_per_page} AS INTEGER)"
        values["item_number"] = f"CAST(file_row_number % {items_per_page} AS INTEGER)"
    columns = ", ".join(f"{value or name} AS {name}" for name, value in values.items())
    parts = []
    with _settings(connection, threads=1, preserve_insertion_order=True):
        for number, first in enumerate(range(0, rows, rows_per_part)):
            path = folder / f"part-{number:05d}.parquet"
            connection.execute(
                f"COPY (SELECT {columns} FROM {_staged_rows(staged)} WHERE "
                f"file_row_number >= {first} AND file_row_number < {first + rows_per_part}) "
                f"TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)"
            )
            flush(path)
            parts.append(Part(path.name, min(rows_per_part, rows - first), digest_of(path)))
    return parts


@contextlib.contextmanager
def _settings(connection: duckdb.DuckDBPyConnection, **wanted: int | bool) -> Iterator[None]:
    before = {
        name: connection.execute(f"SELECT current_setting('{name}')").fetchall()[0][0]
        for name in wanted
    }
    try:
        for name, value in wanted.items():
            connection.execute(f"SET {name} = {value}")
        yield
    finally:
        for name, value in before.items():
            connection.execute(f"SET {name} = {value}")


def _write_manifest(snapshot: Snapshot, folder: Path) -> None:
    path = folder / MANIFEST
    path.write_text(manifest_text(snapshot), encoding="utf-8")
    flush(path)


@contextlib.contextmanager
def building_folder(root: Path) -> Iterator[Path]:
    """Yield a hidden folder, which is removed at the end with whatever is still in it.

    It is locked, so that the next run can tell it from one that a killed run left, and clear that.
    """
    try:
        with without_empty_folders(root):
            root.mkdir(parents=True, exist_ok=True)
            with locked(root):
                clear_abandoned(root)
                building = Path(tempfile.mkdtemp(prefix=".", suffix=".building", dir=root))
                lock = take_lock(building)
            try:
                (building / NEW).mkdir()
                yield building
            finally:
                _discard(root, building)
                os.close(lock)
    except OSError as error:
        raise LandingError(
            f"the landing cannot be written: {system_message(error)}"
            + (f" ({error.filename})" if error.filename else "")
        ) from error


def clear_abandoned(root: Path) -> None:
    """Remove the building folders that killed runs left; the caller holds the lock on `root`."""
    for abandoned in root.glob(".*.building"):
        with contextlib.suppress(BlockingIOError):
            lock = take_lock(abandoned)
            try:
                _discard(root, abandoned)
            finally:
                os.close(lock)


def _discard(root: Path, building: Path) -> None:
    """Remove a building folder; an old snapshot is put back if its successor is not in place."""
    put_back(building, root)
    shutil.rmtree(building)


def commit_table(connection: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Write a query's rows, ordered by all columns, to `target`; unchanged on a LandingError.

    The same rows give the same bytes, whatever the number of threads.
    """
    try:
        with without_empty_folders(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as hidden:
                connection.execute("SET threads = 1")
                connection.execute(
                    f"COPY (FROM ({query}) ORDER BY ALL) TO {literal(hidden)} "
                    "(FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false)"
                )
    except (OSError, duckdb.Error) as error:
        message = one_line(error) if isinstance(error, duckdb.Error) else system_message(error)
        raise LandingError(f"the landing cannot be written: {message}") from error
