"""Tables of known release dates into the landing: `python -m loaders release-dates`.

The Hub's `createdAt` is the making of a repository; some know when a model was made public. Each
table becomes `release_dates/<source>.parquet` with `model_id`, `released_at`, `source`.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from loaders import items, sources
from loaders.crawling import add_landing_argument, landing_of
from loaders.errors import DataError
from loaders.sql import literal
from loaders.tables import column_named, commit_table, model_id_of, target_of

__all__ = ["Request", "add_arguments", "land_release_dates", "run"]

TABLE = "release_dates"


@dataclass(frozen=True)
class Request:
    """What to land, from which columns."""

    files: Sequence[str]
    landing: Path
    source: str
    released_at: str
    model_id: str | None = None
    replace: bool = False


@dataclass(frozen=True)
class Report:
    """What was landed, and how many dates were left out for want of an id or a time."""

    path: Path
    rows: int
    left_out: int


def land_release_dates(request: Request) -> Report:
    """Land one table of dates; UsageError, DataError or LandingError leave the landing as it was.

    An empty date is none and not counted; a text that is no time and a row without an id are. A
    date without a time of day is its midnight, UTC.
    """
    target = target_of(request.landing, TABLE, request.source, replace=request.replace)
    files = sources.find_files(request.files)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        items.prepare(connection)
        source = sources.open_source(connection, files, sources.format_of(files))
        released = column_named(source, "--released-at", request.released_at)
        query = (
            f"SELECT {model_id_of(source, request.model_id)} AS model_id, "
            f"CAST({items.moment_of(released)} AS TIMESTAMP) AS released_at, "
            f"{literal(request.source)} AS source FROM {source.relation} AS item "
            f"WHERE nullif(trim({released.text}), '') IS NOT NULL"
        )
        with sources.reading(source.files):
            connection.execute(f"CREATE TABLE found AS {query}")
        usable = "model_id IS NOT NULL AND released_at IS NOT NULL"
        connection.execute(f"CREATE TABLE kept AS SELECT DISTINCT * FROM found WHERE {usable}")
        rows, left_out = connection.execute(
            f"SELECT (SELECT count(*) FROM kept), count(*) FILTER (NOT ({usable})) FROM found"
        ).fetchall()[0]
        if rows == 0:
            raise DataError(f"there are no release dates in {sources.names_of(source.files)}")
        commit_table(connection, "FROM kept", target)
    return Report(target, rows, left_out)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders release-dates`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="Parquet, CSV or JSON lines")
    add_landing_argument(parser)
    parser.add_argument("--source", required=True, metavar="NAME", help="who knows the dates")
    parser.add_argument(
        "--released-at",
        required=True,
        metavar="COLUMN",
        help="dates or times, UTC unless they say otherwise",
    )
    parser.add_argument("--model-id", metavar="COLUMN", help="default: model_id, id or modelId")
    parser.add_argument("--replace", action="store_true", help="replace dates that are there")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders release-dates`."""
    report = land_release_dates(
        Request(
            files=arguments.files,
            landing=landing_of(arguments),
            source=arguments.source,
            released_at=arguments.released_at,
            model_id=arguments.model_id,
            replace=arguments.replace,
        )
    )
    if report.left_out:
        print(f"warning: left out {report.left_out:,} without an id or a time", file=sys.stderr)
    print(f"release dates {report.path.stem}: {report.rows:,}")
    return 0
