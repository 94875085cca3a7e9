"""Lists Parquet files of the Hub's data sets, and fetches only the columns that are wanted.

A partial copy has the original's size, but only the footer and the wanted columns are filled in;
the rest are holes, which take no room on the disk. What has been fetched is noted beside it, so
that a download resumes where it was cut off or killed.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import httpx2
from huggingface_hub import HfApi, HfFileSystem
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import logging as hub_logging

from hub_lineage.errors import (
    DataError,
    LandingError,
    RefusedError,
    UnavailableError,
    UsageError,
    system_message,
)
from hub_lineage.sql import files_in_sql, one_line

__all__ = ["Partial", "RemoteFile", "Repository", "Span", "columns_of", "spans_of", "speed_of"]

PIECE = 8 * 2**20
"""The most bytes of one request: what a cut connection costs, and a step of the progress."""
LARGEST_GAP = 128 * 2**10
"""Spans no further apart than this are fetched together: a request costs more than the gap."""
FOOTER = 256 * 2**10
"""Bytes at the end of a file that are requested first; most footers are shorter."""

Span = tuple[int, int]
"""The bytes from the first number up to, but without, the second."""

_MAGIC = b"PAR1"


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set: its path, its size, and the hash of its content there."""

    path: str
    size: int
    oid: str
    changed_at: datetime | None = None


class Repository:
    """A data set at one commit, so that everything read from it belongs together."""

    def __init__(self, name: str, endpoint: str, token: bool | None) -> None:
        """Look up the latest commit. `token` is False to send none."""
        # The client would log each retry with its address.
        hub_logging.set_verbosity_error()
        self.name, self.endpoint = name, endpoint
        self.host = urlsplit(endpoint).hostname or endpoint
        self._token = token
        self._api = HfApi(endpoint=endpoint, token=token)
        self._files = HfFileSystem(endpoint=endpoint, token=token, skip_instance_cache=True)
        with self._asking():
            self.commit = self._api.repo_info(name, repo_type="dataset").sha

    def files(self, folder: str = "") -> list[RemoteFile]:
        """The files in and below a folder, each with the time of its last change."""
        with self._asking():
            entries = list(
                self._api.list_repo_tree(
                    self.name, folder or None, recursive=True, expand=True, revision=self.commit,
                    repo_type="dataset",
                )
            )  # fmt: skip
        return [
            RemoteFile(one.path, one.size, _hash_of(one), _changed_at(one))
            for one in entries
            if isinstance(one, RepoFile)
        ]

    def read(self, file: RemoteFile, span: Span) -> bytes:
        """The bytes of a span, by one request; the client retries if the connection is cut."""
        path = f"datasets/{self.name}@{self.commit}/{file.path}"
        with (
            self._asking(),
            self._files.open(path, "rb", cache_type="none", size=file.size) as opened,
        ):
            opened.seek(span[0])
            content = opened.read(span[1] - span[0])
        if len(content) != span[1] - span[0]:
            raise UnavailableError(
                f"{self.host} serves {file.path} short of its {file.size:,} bytes"
            )
        return content

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """Turn the client's errors into one line."""
        try:
            yield
        except OfflineModeIsEnabled as error:
            raise UsageError("HF_HUB_OFFLINE is set: unset it to ask the Hub") from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            said = f"{self.host} answers {status} for the data set {self.name}"
            if status >= 500 or status == 429:
                raise UnavailableError(f"{said}: try again later") from error
            raise RefusedError(f"{said}: it does not exist, or may not be read") from error
        except httpx2.HTTPError as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())
            raise UnavailableError(f"{self.host} cannot be reached ({said})") from error


def _hash_of(file: RepoFile) -> str:
    return file.lfs.sha256 if file.lfs else file.blob_id


def _changed_at(file: RepoFile) -> datetime | None:
    """When a file last changed, UTC; None if the service does not say."""
    if file.last_commit is None:
        return None
    return file.last_commit.date.astimezone(UTC).replace(tzinfo=None)


class Partial:
    """A copy of a remote file that holds some of its bytes, and survives a kill.

    A span is noted after its bytes are on the disk. The copy is named after the content's hash, so
    that it is never taken for that of a file that has changed since.
    """

    def __init__(self, repository: Repository, file: RemoteFile, folder: Path) -> None:
        self.repository, self.file = repository, file
        self.path = folder / f"{file.oid}.parquet"
        self._notes = self.path.with_suffix(".spans")
        self._notes.touch()
        self._filled = [(start, end) for start, end in _notes_in(self._notes) if end <= file.size]
        with self.path.open("ab") as opened:
            opened.truncate(file.size)

    def fill_footer(self) -> None:
        """Fetch the file's footer; a DataError if it is not a Parquet file."""
        size = self.file.size
        self.fill([(max(0, size - FOOTER), size)])
        with self.path.open("rb") as opened:
            opened.seek(max(0, size - 8))
            length, magic = int.from_bytes(opened.read(4), "little"), opened.read(4)
        if magic != _MAGIC or length + 8 > size:
            raise DataError(f"{self.file.path} is not a Parquet file, or is cut short")
        self.fill([(size - 8 - length, size)])

    def missing(self, spans: Sequence[Span]) -> list[Span]:
        """The parts of spans that are not filled in yet."""
        left = list(spans)
        for start, end in self._filled:
            left = [
                piece
                for span in left
                for piece in ((span[0], min(span[1], start)), (max(span[0], end), span[1]))
                if piece[0] < piece[1]
            ]
        return left

    def fill(self, spans: Sequence[Span], fetched: Callable[[int], None] = lambda n: None) -> None:
        """Fetch what is missing of spans; `fetched` is called with the bytes of each piece."""
        try:
            with self.path.open("r+b") as opened, self._notes.open("a") as notes:
                for start, end in self.missing(spans):
                    for at in range(start, end, PIECE):
                        piece = (at, min(at + PIECE, end))
                        opened.seek(at)
                        opened.write(self.repository.read(self.file, piece))
                        opened.flush()
                        os.fsync(opened.fileno())
                        notes.write(f"{piece[0]} {piece[1]}\n")
                        notes.flush()
                        self._filled.append(piece)
                        fetched(piece[1] - piece[0])
        except OSError as error:
            raise LandingError(f"cannot write {self.path}: {system_message(error)}") from error

    def remove(self) -> None:
        """Remove the copy and its notes."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)


def _notes_in(path: Path) -> Iterator[Span]:
    for line in path.read_text().splitlines(keepends=True):
        start, _, end = line.partition(" ")
        # The last line may have been cut off with the process that wrote it.
        if line.endswith("\n") and start.isdigit() and end.strip().isdigit():
            yield int(start), int(end)


def columns_of(path: Path) -> tuple[list[str], int]:
    """The columns of a Parquet file and its number of rows, from its footer."""
    name = files_in_sql(path)
    try:
        with duckdb.connect() as connection:
            columns = connection.execute(
                f"SELECT DISTINCT split_part(path_in_schema, ', ', 1) FROM parquet_metadata({name})"
                " ORDER BY 1"
            ).fetchall()
            rows = connection.execute(
                f"SELECT coalesce(sum(num_rows), 0) FROM parquet_file_metadata({name})"
            ).fetchall()
    except duckdb.Error as error:
        raise DataError(f"the footer cannot be read ({one_line(error)})") from error
    return [column for (column,) in columns], int(rows[0][0])


def spans_of(path: Path, columns: Collection[str]) -> list[Span]:
    """Where columns lie in a Parquet file, from its footer; close spans are joined."""
    with duckdb.connect() as connection:
        chunks = connection.execute(
            "SELECT CASE WHEN dictionary_page_offset BETWEEN 1 AND data_page_offset "
            "THEN dictionary_page_offset ELSE data_page_offset END AS first, total_compressed_size "
            f"FROM parquet_metadata({files_in_sql(path)}) "
            "WHERE list_contains($1, split_part(path_in_schema, ', ', 1)) ORDER BY first",
            [list(columns)],
        ).fetchall()
    spans: list[Span] = []
    for first, size in chunks:
        if spans and first - spans[-1][1] <= LARGEST_GAP:
            spans[-1] = (spans[-1][0], max(spans[-1][1], first + size))
        else:
            spans.append((first, first + size))
    return spans


def speed_of(repository: Repository, file: RemoteFile, span: Span) -> float:
    """Bytes per second, measured with one piece that is thrown away."""
    end = min(span[1], span[0] + PIECE)
    began = time.monotonic()
    repository.read(file, (span[0], end))
    return (end - span[0]) / max(time.monotonic() - began, 1e-3)
