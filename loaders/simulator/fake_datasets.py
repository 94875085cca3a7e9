"""Data sets of the fake Hub: folders served as repositories, an archive and a dump of its models.

The archive has the form of the public one, `models/<day>/models.parquet`: dumps of the listing in
typed columns, whose names and types change over the weeks. The dump of the present Hub is one such
file, `models.parquet`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from hub_lineage.sql import files_in_sql, literal
from loaders.simulator.fake_models import END, EXPANDABLE, Models

__all__ = ["ARCHIVE", "DUMP", "Dataset", "File", "write_archive", "write_dump"]

ARCHIVE = "hfmlsoc/hub_weekly_snapshots"
DUMP = "cfahlgren1/hub-stats"

_NOW = datetime.fromtimestamp(END, UTC).replace(tzinfo=None)
_LAST_WEEK = _NOW - timedelta(days=1)
_DUMPED_AFTER = timedelta(days=3)
"""A week is dumped some days after the day that names it, so it holds models created after it."""

_COLUMNS = {
    "_id": "VARCHAR",
    "id": "VARCHAR",
    "author": "VARCHAR",
    "createdAt": "TIMESTAMP",
    "lastModified": "TIMESTAMP",
    "downloads": "BIGINT",
    "likes": "BIGINT",
    "tags": "VARCHAR[]",
    "pipeline_tag": "VARCHAR",
    "library_name": "VARCHAR",
    "siblings": "STRUCT(rfilename VARCHAR)[]",
    "config": "JSON",
    "gated": "VARCHAR",
    "private": "BOOLEAN",
    "sha": "VARCHAR",
    "cardData": "JSON",
    "downloadsAllTime": "BIGINT",
    "trendingScore": "DOUBLE",
    "baseModels": "STRUCT(models STRUCT(_id VARCHAR, id VARCHAR)[], relation VARCHAR)",
    "safetensors": "STRUCT(parameters MAP(VARCHAR, BIGINT), total BIGINT)",
    "gguf": "STRUCT(total BIGINT, architecture VARCHAR, context_length BIGINT)",
}
_WRITTEN_AS = {
    "siblings": "list_transform(siblings, lambda file: file.rfilename)",
    "config": "CAST(config AS VARCHAR)",
    "cardData": 'CAST("cardData" AS VARCHAR)',
}
_MISSING_IN = (
    ("cardData", "downloadsAllTime", "trendingScore", "baseModels", "safetensors", "gguf"),
    ("baseModels", "safetensors", "gguf"),
    ("gated", "private", "sha"),
)
"""The columns that the first, the second and the last third of the weeks lack."""


@dataclass(frozen=True)
class File:
    """A file of a repository: its path there, its size, its git id, and its place on disk."""

    path: str
    size: int
    oid: str
    place: Path


class Dataset:
    """A folder as a repository of one revision, with the files that it holds when opened."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.files = {file.path: file for file in _files(folder)}
        listed = "\n".join(f"{file.oid} {file.path}" for file in self.files.values())
        self.commit = hashlib.sha1(listed.encode()).hexdigest()

    def has(self, revision: str) -> bool:
        """Say whether a branch or a commit is one of this repository."""
        return revision in ("main", self.commit)

    def description(self) -> dict:
        """Return the API's description of the repository."""
        return {
            "_id": self.commit[:24],
            "id": self.name,
            "author": self.name.partition("/")[0],
            "sha": self.commit,
            "private": False,
            "gated": False,
            "disabled": False,
            "tags": [],
            "downloads": 0,
            "likes": 0,
            "siblings": [{"rfilename": path} for path in self.files],
        }

    def tree(self, folder: str, *, is_recursive: bool, is_expanded: bool = False) -> list[dict]:
        """Return the files and folders below a folder, in order; empty if there is none.

        If expanded, each file says when it was written.
        """
        start = f"{folder.strip('/')}/".lstrip("/")
        entries: dict[str, dict] = {}
        for file in self.files.values():
            if not file.path.startswith(start):
                continue
            steps = file.path.removeprefix(start).split("/")
            for depth in range(1, len(steps) if is_recursive else min(len(steps), 2)):
                path = start + "/".join(steps[:depth])
                oid = hashlib.sha1(path.encode()).hexdigest()
                entries[path] = {"type": "directory", "oid": oid, "size": 0, "path": path}
            if is_recursive or len(steps) == 1:
                entries[file.path] = {
                    "type": "file", "oid": file.oid, "size": file.size, "path": file.path,
                }  # fmt: skip
                if is_expanded:
                    entries[file.path]["lastCommit"] = {
                        "id": self.commit,
                        "title": f"Update {file.path}",
                        "date": f"{_written_at(file.path).isoformat()}.000Z",
                    }
        return [entries[path] for path in sorted(entries)]


def write_archive(models: Models, folder: Path, weeks: int) -> None:
    """Write `weeks` weekly dumps of models, the last with the newest ones; counters grow weekly.

    A week lacks models created after it, and all private ones. There is no dirt: typed columns
    cannot hold lone surrogates, which the listing has.
    """
    with duckdb.connect() as connection:
        # one thread, so that the bytes depend on the seed alone and not on scheduling
        connection.execute("SET threads = 1; SET enable_progress_bar = false")
        for number in range(weeks):
            day = _LAST_WEEK - timedelta(weeks=weeks - 1 - number)
            dump = Models(models.count, models.seed, models.private_share, 0.0, age=number)
            target = folder / "models" / f"{day:%Y-%m-%d}" / "models.parquet"
            target.parent.mkdir(parents=True)
            missing = _MISSING_IN[min(number * len(_MISSING_IN) // weeks, len(_MISSING_IN) - 1)]
            _write_week(connection, dump, day + _DUMPED_AFTER, target, missing)


def write_dump(models: Models, folder: Path) -> None:
    """Write the dump of the present models, with all columns."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1; SET enable_progress_bar = false")
        dump = Models(models.count, models.seed, models.private_share, 0.0, age=models.age)
        folder.mkdir(parents=True, exist_ok=True)
        _write_week(connection, dump, _NOW, folder / "models.parquet", ())


def _written_at(path: str) -> datetime:
    """When a file was written to its repository: some days after the day in its path, else now."""
    day = re.search(r"(\d{4})-(\d{2})-(\d{2})/", path)
    return datetime.fromisoformat(day[0][:-1]) + _DUMPED_AFTER if day else _NOW


def _write_week(
    connection: duckdb.DuckDBPyConnection,
    models: Models,
    end: datetime,
    target: Path,
    missing: tuple[str, ...],
) -> None:
    lines = target.with_suffix(".jsonl")
    with lines.open("w", encoding="utf-8") as file:
        for text in _items(models, end.replace(tzinfo=UTC).timestamp()):
            file.write(text + "\n")
    columns = {name: type_ for name, type_ in _COLUMNS.items() if name not in missing}
    read = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in columns.items())
    written = ", ".join(f'{_WRITTEN_AS.get(name, chr(34) + name + chr(34))} AS "{name}"'
                        for name in columns)  # fmt: skip
    connection.execute(
        f"COPY (SELECT {written} FROM read_json({files_in_sql(lines)}, columns = {{{read}}}, "
        f"format = 'newline_delimited')) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd)"
    )
    lines.unlink()


def _items(models: Models, end: float) -> Iterator[str]:
    for number in range(models.count):
        if models.second(number) < end and models.is_served(number, is_owner=False):
            yield models.item(number, EXPANDABLE)


def _files(folder: Path) -> Iterator[File]:
    for place in sorted(folder.rglob("*")):
        if place.is_file():
            with place.open("rb") as file:
                oid = hashlib.file_digest(file, "sha1").hexdigest()
            yield File(place.relative_to(folder).as_posix(), place.stat().st_size, oid, place)
