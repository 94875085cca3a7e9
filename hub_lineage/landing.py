"""The landing as its readers see it: the one place that knows its folders, columns and manifests.

    <landing>/hub_models/snapshot_id=<T0>/part-NNNNN.parquet
    <landing>/hub_models/snapshot_id=<T0>/_manifest.json

Loaders write it (`loaders.landing`); a build reads the snapshots whose manifest says `complete`.
"""

import contextlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub_lineage.errors import LandingError

SCHEMA_VERSION = 1
TABLE = "hub_models"
MANIFEST = "_manifest.json"
COLUMNS = {
    "hub_oid": "VARCHAR",
    "model_id": "VARCHAR",
    "raw_json": "VARCHAR",
    "is_json_valid": "BOOLEAN",
    "page_number": "INTEGER",
    "item_number": "INTEGER",
    "fetched_at": "TIMESTAMP",
    "source": "VARCHAR",
}


@dataclass(frozen=True)
class Part:
    """One Parquet file of a snapshot: its name, its rows and the sha256 of its bytes.

    A crawled part also says how many pages of the listing it holds.
    """

    name: str
    rows: int
    sha256: str
    pages: int | None = None


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as its manifest describes it; `rows` and `source` are None if not given there."""

    snapshot_id: str
    started_at: datetime
    status: str
    source: str | None
    rows: int | None
    parts: tuple[Part, ...]
    details: dict[str, Any]
    folder: Path


def snapshot_id_of(started_at: datetime) -> str:
    """Return the snapshot id of a start time, `20261003T131904Z`; a naive time is UTC."""
    return iso(started_at)[:19].replace("-", "").replace(":", "") + "Z"


def snapshot_folder(landing: Path, snapshot_id: str) -> Path:
    """Return the folder a snapshot has, or would have, in a landing."""
    return Path(landing) / TABLE / f"snapshot_id={snapshot_id}"


def snapshot_exists(landing: Path, snapshot_id: str) -> bool:
    """Say whether a landing holds a snapshot, complete or not."""
    return snapshot_folder(landing, snapshot_id).exists()


def list_snapshots(landing: Path, *, skip_unreadable: bool = False) -> list[Snapshot]:
    """Return the snapshots of a landing in the order of their ids, whatever their status.

    A landing that does not exist holds none. LandingError when a manifest cannot be read; with
    `skip_unreadable` a folder whose manifest is missing or not a JSON object is left out instead.
    """
    folders = snapshot_folders(landing)
    if skip_unreadable:
        folders = [folder for folder in folders if _holds_manifest(folder)]
    return [read_manifest(folder) for folder in folders]


def snapshot_folders(landing: Path) -> list[Path]:
    """Return the folders of a landing's snapshots, oldest first; none if there is no landing.

    OSError when the landing cannot be read, which a glob would silently ignore.
    """
    root = Path(landing) / TABLE
    folders = sorted(root.glob("snapshot_id=*"))
    if not folders:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.scandir(root).close()
    return folders


def is_text(value: object) -> bool:
    """Say whether a JSON value is text that UTF-8 can hold (a lone surrogate is not)."""
    try:
        return isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:
        return False


def iso(moment: datetime) -> str:
    """Return a time as manifests write it; a naive time is UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat() + "Z"


def manifest_text(snapshot: Snapshot) -> str:
    """Return the manifest of a snapshot as it is written."""
    parts = [
        {key: value for key, value in vars(part).items() if value is not None}
        for part in snapshot.parts
    ]
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "snapshot_id": snapshot.snapshot_id,
        "started_at": iso(snapshot.started_at),
        "status": snapshot.status,
        "source": snapshot.source,
        "rows": snapshot.rows,
        "columns": COLUMNS,
        "parts": parts,
        "details": snapshot.details,
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _holds_manifest(folder: Path) -> bool:
    """Say whether there is a manifest and it is a JSON object."""
    try:
        return isinstance(json.loads((folder / MANIFEST).read_text(encoding="utf-8")), dict)
    except (OSError, ValueError, RecursionError):
        return False


def _parts(listed: Any) -> tuple[Part, ...]:
    """The parts that a manifest of ours lists; none where they are in another form."""
    try:
        parts = tuple(
            Part(part["name"], part["rows"], part["sha256"], part.get("pages")) for part in listed
        )
    except (TypeError, KeyError, AttributeError):
        return ()
    is_ours = all(
        is_text(part.name) and isinstance(part.sha256, str) and _number(part.rows) is not None
        for part in parts
    )
    return parts if is_ours else ()


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def read_manifest(folder: Path) -> Snapshot:
    """Return a snapshot as its manifest describes it; LandingError when that cannot be read.

    Every reader needs three keys. Another loader's manifest may hold anything beside them: what is
    not in our form is ignored.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for key in ("snapshot_id", "started_at", "status"):
            if not is_text(manifest[key]):
                raise TypeError(f"{key} is not a text")
        source, details = manifest.get("source"), manifest.get("details")
        return Snapshot(
            snapshot_id=manifest["snapshot_id"],
            started_at=datetime.fromisoformat(manifest["started_at"]),
            status=manifest["status"],
            source=source if is_text(source) else None,
            rows=_number(manifest.get("rows")),
            parts=_parts(manifest.get("parts")),
            details=details if isinstance(details, dict) else {},
            folder=folder,
        )
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
    ) as error:
        raise LandingError(
            f"{folder.name} has no readable {MANIFEST} ({type(error).__name__}: {error}); "
            "`python -m loaders verify` repairs a crawled one; otherwise land the snapshot again"
        ) from error
