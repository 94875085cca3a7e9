"""Lands files of the Hub's data sets, one snapshot each: for `archive` and `dump`.

Sizes and times are announced beforehand, and progress is shown. A file that cannot be a snapshot of
its day is reported in one line and left out; the others are landed all the same.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from hub_lineage.errors import (
    DataError,
    LandingError,
    Problem,
    StoppedError,
    UsageError,
    system_message,
)
from hub_lineage.files import hidden_folder
from hub_lineage.progress import Progress
from hub_lineage.sql import files_in_sql, one_line
from loaders.crawl.listing import LINEAGE_FIELDS, default_endpoint
from loaders.crawl.reaching import check_reachable
from loaders.imports.importing import Request, UnreadFieldError, import_files, tell
from loaders.imports.remote import (
    Partial,
    RemoteFile,
    Repository,
    Span,
    columns_of,
    spans_of,
    speed_of,
)

__all__ = ["KEPT", "add_fetching_arguments", "fetch", "repository_of"]

KEPT = frozenset({"_id", "id", *LINEAGE_FIELDS})
"""The columns that are landed: the fields that a crawl asks for."""
NEEDED = ("id", "createdAt", "tags", "downloads", "likes")
"""A file that lacks one of these is not a dump of the Hub."""
YOUNGEST = timedelta(days=14)
"""A dump may be written, and hold models created, this long after the day that names it."""
OLDEST = timedelta(days=28)
LARGE = 10_000
"""A real dump of at least this many models has one created within the last `OLDEST`."""
LANDED_A_SECOND = 20_000
"""Models: a cautious figure for one core, so that the announced time is rarely too short."""
ACCEPT = "if it is right all the same, --accept lands it"
FOLDER = ".fetched"
"""The folder in the landing for partial copies, until they are landed."""
KEPT_FOLDER = "fetched"


@dataclass
class Job:
    """A file on its way to a snapshot."""

    name: str
    moment: datetime
    file: RemoteFile
    is_accepted: bool
    partial: Partial
    spans: list[Span]
    n_rows: int

    @property
    def n_bytes(self) -> int:
        """What is left to fetch."""
        return sum(end - start for start, end in self.partial.missing(self.spans))


def add_fetching_arguments(parser: argparse.ArgumentParser, repository: str) -> None:
    """Declare where the files are and how they are fetched."""
    parser.add_argument(
        "--repository", default=repository, metavar="OWNER/NAME",
        help="the data set (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--whole", action="store_true",
        help="fetch whole files, instead of the columns that the landing keeps",
    )  # fmt: skip
    parser.add_argument(
        "--keep", action="store_true",
        help=f"with --whole: keep the files, in {KEPT_FOLDER}/ in the landing",
    )  # fmt: skip
    parser.add_argument(
        "--endpoint", metavar="URL", help="the service (default: HF_ENDPOINT, else the Hub)"
    )
    parser.add_argument(
        "--no-token", action="store_true", help="send no token, even if there is one"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="say what it would take, land nothing"
    )


def repository_of(arguments: argparse.Namespace) -> Repository:
    """The data set that a command line names, at its latest commit."""
    if arguments.keep and not arguments.whole:
        raise UsageError("--keep belongs to --whole")
    endpoint = (arguments.endpoint or default_endpoint()).rstrip("/")
    check_reachable(endpoint)
    return Repository(arguments.repository, endpoint, False if arguments.no_token else None)


def fetch(
    arguments: argparse.Namespace,
    repository: Repository,
    landing: Path,
    source: str,
    files: Sequence[tuple[str, datetime, RemoteFile, bool]],
) -> list[str]:
    """Land files, each as a snapshot; return the names of those that were not landed.

    files: of each its name, the snapshot's time, the file, and whether it is accepted unchecked.
    Each one that is not landed is reported in a line.
    """
    if not files:
        return []
    failed: list[str] = []
    with (
        tempfile.TemporaryDirectory() as nowhere,
        fetching_folder(Path(nowhere) if arguments.dry_run else landing) as folder,
    ):
        jobs = []
        for name, moment, file, is_accepted in files:
            with telling(name, failed):
                jobs.append(planned(repository, folder, name, moment, file, is_accepted, arguments))
        if not jobs:
            return failed
        announce(repository, jobs, arguments)
        if arguments.dry_run:
            return failed
        refuse_a_small_disk(landing, jobs)
        n_bytes = sum(job.n_bytes for job in jobs)
        with Progress("fetched", n_bytes, "B", scaled=True) as progress:
            for number, job in enumerate(jobs):
                now = f"{job.name} ({number + 1} of {len(jobs)})"
                try:
                    with telling(job.name, failed):
                        land(repository, landing, folder, source, job, arguments, progress, now)
                except (Problem, KeyboardInterrupt, duckdb.InterruptException) as error:
                    kind = type(error) if isinstance(error, Problem) else StoppedError
                    raise kind(
                        f"{job.name}: {str(error) or 'stopped'}; {number:,} of {len(jobs):,} files "
                        "are done with, the same command goes on from there"
                    ) from error
    return failed


@contextlib.contextmanager
def telling(name: str, failed: list[str]) -> Iterator[None]:
    """Report in one line what is wrong with a file, so that the next one can be landed."""
    try:
        yield
    except DataError as error:
        print(f"error: {name}: {error}", file=sys.stderr)
        failed.append(name)


@contextlib.contextmanager
def fetching_folder(landing: Path) -> Iterator[Path]:
    """The folder of partial copies, kept to this process; LandingError if that is impossible."""
    folder = landing / FOLDER
    try:
        with hidden_folder(folder, is_kept=True):
            yield folder
    except BlockingIOError as error:
        raise LandingError(f"another command is fetching into {landing}: wait for it") from error
    except OSError as error:
        raise LandingError(f"cannot write to {landing}: {system_message(error)}") from error


# before


def planned(
    repository: Repository,
    folder: Path,
    name: str,
    moment: datetime,
    file: RemoteFile,
    is_accepted: bool,
    arguments: argparse.Namespace,
) -> Job:
    """Read a file's footer and plan what to fetch; a DataError unless it is a dump of the Hub."""
    partial = Partial(repository, file, folder)
    partial.fill_footer()
    columns, n_rows = columns_of(partial.path)
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        partial.remove()
        raise DataError(
            f"it has no column {', '.join(missing)} (but {', '.join(columns)}): fetch the file and "
            "land it with `import --map`"
        )
    spans = [(0, file.size)] if arguments.whole else spans_of(partial.path, KEPT & {*columns})
    return Job(name, moment, file, is_accepted, partial, spans, n_rows)


def announce(repository: Repository, jobs: Sequence[Job], arguments: argparse.Namespace) -> None:
    """Announce sizes and minutes, measured with the speed of the service."""
    n_bytes = sum(job.n_bytes for job in jobs)
    whole = sum(job.file.size for job in jobs)
    rows = sum(job.n_rows for job in jobs)
    seconds = rows / LANDED_A_SECOND
    first = next((job for job in jobs if job.n_bytes), None)
    if first is not None:
        seconds += n_bytes / speed_of(repository, first.file, first.partial.missing(first.spans)[0])
    what = "whole files" if arguments.whole else f"only what is landed of {whole / 1e6:,.1f} MB"
    print(
        f"to fetch: {n_bytes / 1e6:,.1f} MB ({what}) of {len(jobs):,} "
        f"file{'s' if len(jobs) != 1 else ''}; to land: {rows:,} models; about "
        f"{math.ceil(seconds / 60):,} min",
        file=sys.stderr,
    )


def refuse_a_small_disk(landing: Path, jobs: Sequence[Job]) -> None:
    """A LandingError if the largest of the files does not fit on the disk."""
    largest = max(job.n_bytes for job in jobs)
    free = shutil.disk_usage(landing).free
    if largest > free:
        raise LandingError(
            f"a file needs {largest / 1e6:,.0f} MB at {landing}, where {free / 1e6:,.0f} MB are "
            "free: make room, or name another landing"
        )


# one file


def land(
    repository: Repository,
    landing: Path,
    folder: Path,
    source: str,
    job: Job,
    arguments: argparse.Namespace,
    progress: Progress,
    now: str,
) -> None:
    """Fetch what is missing of a file, check it, land it, and remove the copy or keep it."""
    progress.advance(0, now)
    job.partial.fill(job.spans, lambda n: progress.advance(n, now))
    progress.advance(0, f"{now}: landing")
    try:
        if not job.is_accepted:
            check(job)
        report = import_files(
            Request(
                [str(job.partial.path)], landing, as_of=job.moment, columns=KEPT, source=source,
                allow_unread=job.is_accepted,
                origin={"repository": repository.name, "commit": repository.commit,
                        "file": job.file.path, "oid": job.file.oid},
            )
        )  # fmt: skip
    except UnreadFieldError as error:
        job.partial.remove()
        raise DataError(f"{error}; {ACCEPT}") from error
    except DataError:
        # The copy itself may be damaged, so the next call fetches it anew.
        job.partial.remove()
        raise
    if arguments.keep:
        kept = landing / KEPT_FOLDER / job.file.path
        kept.parent.mkdir(parents=True, exist_ok=True)
        os.replace(job.partial.path, kept)
    job.partial.remove()
    tell(report, progress.say)


def check(job: Job) -> None:
    """A DataError for a file that names a model twice, or whose models do not fit its day."""
    name = files_in_sql(job.partial.path)
    try:
        with duckdb.connect() as connection:
            twice = connection.execute(
                f"SELECT min(id) AS id FROM read_parquet({name}) "
                "GROUP BY lower(id) HAVING count(*) > 1 ORDER BY id"
            ).fetchall()
            ((youngest,),) = connection.execute(
                f'SELECT max(TRY_CAST("createdAt" AS TIMESTAMP)) FROM read_parquet({name})'
            ).fetchall()
    except duckdb.Error as error:
        raise DataError(f"it cannot be read ({one_line(error)})") from error
    if twice:
        n_twice = f"{len(twice):,} model{'s' if len(twice) > 1 else ''}"
        raise DataError(f"it names {n_twice} twice, for example {twice[0][0]}; {ACCEPT}")
    if youngest is not None and youngest > job.moment + YOUNGEST:
        raise DataError(f"it holds models of {youngest.date()}, long after its day; {ACCEPT}")
    if youngest is not None and job.n_rows >= LARGE and youngest < job.moment - OLDEST:
        raise DataError(
            f"its youngest model is of {youngest.date()}, long before its day; {ACCEPT}"
        )
