"""A snapshot that grows in place, part by part; each part carries the state to resume from.

A part is written under a hidden name, flushed, and put in place by one rename. The resume state is
in the part's own Parquet metadata, so that the rename commits rows and state together and no other
file can contradict them. The manifest is derived from the parts and can be rebuilt from them.
"""

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_origin, get_type_hints

import duckdb

from hub_lineage.errors import IntegrityError, LandingError, system_message
from hub_lineage.files import digest_of, flush, is_locked, locked, replacing, take_lock
from hub_lineage.landing import (
    COLUMNS,
    MANIFEST,
    TABLE,
    Part,
    Snapshot,
    is_text,
    manifest_text,
    read_manifest,
    snapshot_exists,
    snapshot_folder,
    snapshot_folders,
    snapshot_id_of,
)
from hub_lineage.sql import files_in_sql, literal, one_line
from loaders.landing.committing import NEW, building_folder, clear_abandoned
from loaders.landing.slicing import Item

SOURCE = "crawl"
RUNNING, INTERRUPTED, COMPLETE, SUSPECT = "running", "interrupted", "complete", "suspect"
UNFINISHED = (RUNNING, INTERRUPTED)
STATE_FORMAT = 1

_STATE_KEY = "resume_state"
_PROCESS = "process"


@dataclass
class State:
    """How far a crawl has come with a part, as kept in the part's metadata.

    Counts are those of the snapshot up to and including the part, except `part_*`, which are the
    part's own. `next_query` is the path and query of the next page, null when there is none.
    `short_pages` counts pages with fewer items than an earlier one, although more pages followed;
    `is_another` says that `--new-snapshot` began the snapshot.
    """

    snapshot_id: str
    started_at: str
    endpoint: str
    request: str
    request_hash: str
    next_query: str | None
    next_page: int = 0
    order: str | None = None
    first_oid: str | None = None
    last_oid: str | None = None
    last_fetched_at: str | None = None
    rows: int = 0
    private_dropped: int = 0
    json_bad: int = 0
    bytes: int = 0
    largest_page: int = 0
    short_pages: int = 0
    is_another: bool = False
    part_first_page: int = 0
    part_first_oid: str | None = None
    part_rows: int = 0
    http: dict[str, float] = field(default_factory=dict)
    loader: str = ""
    client: str = ""
    format: int = STATE_FORMAT

    @property
    def is_last(self) -> bool:
        """Whether the listing ends with this part."""
        return self.next_query is None


def read_state(part: Path) -> State | None:
    """Return the state a part carries; None for a part of another source.

    LandingError on a file that is not Parquet, or whose state this version cannot read.
    """
    try:
        with duckdb.connect() as connection:
            found = connection.execute(
                f"SELECT decode(value) FROM parquet_kv_metadata({files_in_sql(part)}) "
                "WHERE decode(key) = $1",
                [_STATE_KEY],
            ).fetchall()
        return _sound_state(State(**json.loads(found[0][0]))) if found else None
    except (duckdb.Error, ValueError, TypeError, RecursionError) as error:
        raise LandingError(f"{part.name} cannot be read: {one_line(error)}") from error


def _sound_state(state: State) -> State:
    """Return the state; ValueError if one of its values is unsound."""
    for name, hint in get_type_hints(State).items():
        value = getattr(state, name)
        expected = get_origin(hint) if name == "http" else hint
        is_flag = isinstance(value, bool) and hint is not bool
        if is_flag or not isinstance(value, expected):
            raise ValueError(f"its resume state has no valid {name}")
    if not all(isinstance(value, int | float) for value in state.http.values()):
        raise ValueError("its resume state has no valid http")
    if state.next_query is not None and not state.next_query.startswith("/"):
        # appended to the service's address it would name another host
        raise ValueError("its resume state has no valid next_query")
    return state


def last_state(folder: Path) -> State | None:
    """Return the state of a snapshot's last part; None if it has no part, or was not crawled."""
    parts = parts_of(folder)
    return read_state(parts[-1]) if parts else None


def parts_of(folder: Path) -> list[Path]:
    """Return the parts in a snapshot's folder, in order."""
    return sorted(folder.glob("part-*.parquet"))


def part_name(number: int) -> str:
    """Return the name of a part."""
    return f"part-{number:05d}.parquet"


def is_being_written(folder: Path) -> bool:
    """Say whether a running crawl holds the snapshot."""
    return is_locked(folder)


def is_unfinished(snapshot: Snapshot) -> bool:
    """Say whether a crawl must be resumed: it was stopped, or ended at doubtful pages."""
    return snapshot.status in UNFINISHED or (
        snapshot.status == SUSPECT and snapshot.details.get("finished_at") is None
    )


def crawled(landing: Path) -> list[Snapshot]:
    """Return the snapshots of a landing that were crawled, oldest first.

    One whose manifest cannot be read is left out: `verify` repairs it, and `crawl` refuses.
    """
    found = []
    for folder in snapshot_folders(landing):
        with contextlib.suppress(LandingError):
            found.append(read_manifest(folder))
    return [one for one in found if one.source == SOURCE]


def details_of(state: State, *, finished: bool, note: str | None = None) -> dict[str, Any]:
    """Return what the manifest of a crawled snapshot says in addition to rows and parts."""
    details: dict[str, Any] = {
        "finished_at": state.last_fetched_at if finished else None,
        "endpoint": state.endpoint,
        "request": state.request,
        "order": state.order,
        "first_oid": state.first_oid,
        "last_oid": state.last_oid,
        "pages": state.next_page,
        # the order of `_id` is strict, so no two rows share one
        "distinct_oids": state.rows,
        "private_dropped": state.private_dropped,
        "json_bad": state.json_bad,
        "short_pages": state.short_pages,
        "bytes": state.bytes,
        "http": state.http,
        "loader": state.loader,
        "huggingface_hub": state.client,
    }
    return details | ({"note": note} if note else {})


class GrowingSnapshot:
    """The unfinished snapshot that a crawl writes; it holds a lock on the folder until closed."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.parts: list[Part] = []
        self.state: State | None = None
        self._lock = lock
        self._connection = duckdb.connect()
        # One thread: a part's bytes must not depend on scheduling, and the crawl waits for the
        # network anyway. No spilling: a few pages fit into memory.
        self._connection.execute(
            "SET threads = 1; SET temp_directory = ''; SET enable_progress_bar = false"
        )
        self._clear()

    # life

    @classmethod
    def start(cls, landing: Path, after: Snapshot | None = None) -> "GrowingSnapshot":
        """Create an empty snapshot that starts now; `after` is the latest one known.

        LandingError if there is a later one by now: of several crawls that start together, only
        one makes the snapshot.
        """
        with _landing_errors():
            root = Path(landing) / TABLE
            with building_folder(root) as building:
                started_at = _free_second(landing)
                final = snapshot_folder(landing, snapshot_id_of(started_at))
                made = building / NEW / final.name
                made.mkdir()
                details = {_PROCESS: os.getpid()}
                snapshot = Snapshot(
                    snapshot_id_of(started_at), started_at, RUNNING, SOURCE, 0, (), details, final
                )
                _write(made / MANIFEST, manifest_text(snapshot))
                lock = _lock(made)
                with locked(root):
                    latest = crawled(landing)[-1:]
                    if latest and (after is None or latest[0].snapshot_id != after.snapshot_id):
                        raise _held_by_another(latest[0].folder)
                    os.replace(made, final)
                    flush(root)
        return cls(final, lock)

    @classmethod
    def resume(cls, snapshot: Snapshot) -> "GrowingSnapshot":
        """Open an unfinished snapshot at its last part; remove what a kill left half written."""
        with _landing_errors():
            growing = cls(snapshot.folder, _lock(snapshot.folder))
            try:
                # first of all, so that other crawls can say which process holds it
                _rewrite(snapshot.folder, details=snapshot.details | {_PROCESS: os.getpid()})
                for left in snapshot.folder.glob(".*.tmp"):
                    left.unlink()
                with locked(snapshot.folder.parent):
                    clear_abandoned(snapshot.folder.parent)
                growing.parts, growing.state = derive_parts(snapshot.folder, snapshot.parts)
            except BaseException:
                growing.close()
                raise
        return growing

    @property
    def snapshot_id(self) -> str:
        """The id, from the folder's name."""
        return self.folder.name.partition("=")[2]

    def close(self) -> None:
        """Release the lock; remove a snapshot that has no part."""
        self._connection.close()
        if not parts_of(self.folder):
            with contextlib.suppress(OSError):
                shutil.rmtree(self.folder)
                self.folder.parent.rmdir()
        os.close(self._lock)

    # rows and parts

    def add_page(self, page_number: int, items: list[tuple[int, Item]], at: datetime) -> None:
        """Keep the items of a page, each with its position in it, for the next part."""
        columns = [
            [_storable(item.oid) for _, item in items],
            [_storable(item.model_id) for _, item in items],
            [item.text for _, item in items],
            [place for place, _ in items],
        ]
        with _landing_errors():
            self._connection.execute(
                "INSERT INTO waiting SELECT hub_oid, model_id, raw_json, "
                "coalesce(json_valid(raw_json), false), $5, item_number, $6, $7 FROM (SELECT "
                "unnest($1::VARCHAR[]) AS hub_oid, unnest($2::VARCHAR[]) AS model_id, "
                "unnest($3::VARCHAR[]) AS raw_json, unnest($4::INTEGER[]) AS item_number)",
                [*columns, page_number, at, SOURCE],
            )

    def count_unreadable(self) -> int:
        """Count the waiting rows whose text DuckDB cannot read as JSON."""
        query = "SELECT count(*) FROM waiting WHERE NOT is_json_valid"
        return self._connection.execute(query).fetchall()[0][0]

    def commit(self, state: State) -> None:
        """Commit the waiting rows as the next part, with the state after them."""
        path = self.folder / part_name(len(self.parts))
        text = json.dumps(vars(state), separators=(",", ":"))
        with _landing_errors(), replacing(path) as hidden:
            self._connection.execute(
                f"COPY waiting TO {literal(hidden)} (FORMAT parquet, COMPRESSION zstd, "
                f"USE_TMP_FILE false, KV_METADATA {{{_STATE_KEY}: {literal(text)}}})"
            )
            digest = digest_of(hidden)
        pages = state.next_page - state.part_first_page
        self.parts.append(Part(path.name, state.part_rows, digest, pages))
        self.state = state
        self._clear()

    def write_manifest(self, status: str, note: str | None = None) -> Snapshot:
        """Write the manifest for the parts and the given status."""
        with _landing_errors():
            return write_manifest(self.folder, self.parts, self.state, status, note)

    def _clear(self) -> None:
        columns = ", ".join(f"{name} {type_}" for name, type_ in COLUMNS.items())
        self._connection.execute(f"CREATE OR REPLACE TABLE waiting ({columns})")


def derive_parts(folder: Path, known: tuple[Part, ...]) -> tuple[list[Part], State | None]:
    """Return the parts and the state of the last one, as the files themselves give them.

    Digests come from the manifest's parts, `known`, where these include a part, else from its
    bytes. IntegrityError if a part is missing or was not crawled.
    """
    digests = {part.name: part.sha256 for part in known}
    parts, state = [], None
    for number, path in enumerate(parts_of(folder)):
        if path.name != part_name(number):
            raise IntegrityError(f"{folder.name} lacks {part_name(number)}; see `verify`")
        state = read_state(path)
        if state is None:
            raise IntegrityError(f"{folder.name}/{path.name} was not crawled; see `verify`")
        digest = digests.get(path.name) or digest_of(path)
        pages = state.next_page - state.part_first_page
        parts.append(Part(path.name, state.part_rows, digest, pages))
    return parts, state


def write_manifest(
    folder: Path, parts: list[Part], state: State | None, status: str, note: str | None = None
) -> Snapshot:
    """Write the manifest of a crawled snapshot by one rename."""
    details = {}
    if state is not None:
        is_finished = state.is_last and status in (COMPLETE, SUSPECT)
        details = details_of(state, finished=is_finished, note=note)
    if status == RUNNING:
        details[_PROCESS] = os.getpid()
    snapshot = Snapshot(
        snapshot_id=folder.name.partition("=")[2],
        started_at=started_at_of(folder),
        status=status,
        source=SOURCE,
        rows=state.rows if state else 0,
        parts=tuple(parts),
        details=details,
        folder=folder,
    )
    _write(folder / MANIFEST, manifest_text(snapshot))
    return snapshot


def rewrite_status(folder: Path, status: str, note: str) -> None:
    """Change the status and the note in a snapshot's manifest, and nothing else there."""
    details = read_manifest(folder).details | {"note": note}
    with _landing_errors():
        _rewrite(folder, status=status, details=details)


def _rewrite(folder: Path, **changed: Any) -> None:
    snapshot = Snapshot(**(vars(read_manifest(folder)) | changed))
    _write(folder / MANIFEST, manifest_text(snapshot))


def started_at_of(folder: Path) -> datetime:
    """Return the start time in the name of a snapshot's folder; LandingError if there is none."""
    try:
        return datetime.strptime(folder.name, "snapshot_id=%Y%m%dT%H%M%SZ")
    except ValueError as error:
        raise LandingError(f"{folder.name} is not a snapshot's folder") from error


def _storable(value: object) -> str | None:
    return value if isinstance(value, str) and is_text(value) else None


def _free_second(landing: Path) -> datetime:
    """Return the current second; while a snapshot of it exists, wait for the next one."""
    while True:
        now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        if not snapshot_exists(landing, snapshot_id_of(now)):
            return now
        time.sleep(1 - datetime.now(UTC).microsecond / 1e6)


def _lock(folder: Path) -> int:
    try:
        return take_lock(folder)
    except BlockingIOError:
        raise _held_by_another(folder) from None


def _held_by_another(folder: Path) -> LandingError:
    return LandingError(
        f"another crawl is writing {folder.name}{holder_of(folder)}; wait for it, or stop it first"
    )


def holder_of(folder: Path) -> str:
    """Return ` (process 4711)` for a snapshot that is being written; nothing if it is unknown.

    A process that has just taken the snapshot is about to write its number into the manifest.
    """
    for _ in range(20):
        with contextlib.suppress(LandingError):
            process = read_manifest(folder).details.get(_PROCESS)
            if isinstance(process, int) and _is_running(process):
                return f" (process {process})"
        time.sleep(0.05)
    return ""


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return process > 0


def _write(path: Path, text: str) -> None:
    with replacing(path) as hidden:
        hidden.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _landing_errors() -> Iterator[None]:
    """Turn an error of the disk into one line; what is committed stays."""
    try:
        yield
    except OSError as error:
        raise LandingError(
            f"the landing cannot be written: {system_message(error)}; what is landed stays"
        ) from error
    except duckdb.Error as error:
        raise LandingError(
            f"the landing cannot be written: {one_line(error)}; what is landed stays"
        ) from error
