"""Tables of benchmark scores into the landing: `python -m loaders benchmarks`.

Leaderboards come wide (a column per benchmark) or long (a row per score). Either becomes
`benchmarks/<source>.parquet` with `model_id`, `benchmark`, `score`, `measured_at`, `source`.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from loaders import items, sources
from loaders.crawling import add_landing_argument, landing_of
from loaders.errors import DataError, LandingError, UsageError
from loaders.sql import literal
from loaders.tables import commit_table

__all__ = ["Request", "add_arguments", "land_benchmarks", "run"]

TABLE = "benchmarks"
_ID_COLUMNS = ("model_id", "id", "modelId")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Request:
    """What to land, from which columns; `benchmark` names columns of a long table."""

    files: Sequence[str]
    landing: Path
    source: str
    scores: Sequence[str]
    benchmark: Sequence[str] = ()
    model_id: str | None = None
    measured_at: str | None = None
    replace: bool = False


@dataclass(frozen=True)
class Report:
    """What was landed, and how many scores were left out for want of an id or a number."""

    path: Path
    rows: int
    left_out: int


def land_benchmarks(request: Request) -> Report:
    """Land one table of scores; UsageError, DataError or LandingError leave the landing as it was.

    An empty score is no score and not counted; infinite ones and rows without an id are.
    """
    if not _SOURCE.fullmatch(request.source):
        raise UsageError("--source names the file: small letters, digits, - and _ only")
    target = request.landing / TABLE / f"{request.source}.parquet"
    if target.exists() and not request.replace:
        raise LandingError(
            f"the landing already holds benchmarks of {request.source}; use --replace"
        )
    files = sources.find_files(request.files)
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        items.prepare(connection)
        source = sources.open_source(connection, files, sources.format_of(files))
        query = _long_query(request, source)
        with sources.reading(source.files):
            connection.execute(f"CREATE TABLE found AS {query}")
        usable = "coalesce(model_id <> '' AND benchmark <> '' AND isfinite(score), false)"
        connection.execute(f"CREATE TABLE kept AS SELECT DISTINCT * FROM found WHERE {usable}")
        rows, left_out = connection.execute(
            f"SELECT (SELECT count(*) FROM kept), count(*) FILTER (NOT ({usable})) FROM found"
        ).fetchall()[0]
        if rows == 0:
            raise DataError(f"there are no scores in {sources.names_of(source.files)}")
        commit_table(connection, "FROM kept", target)
    return Report(target, rows, left_out)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders benchmarks`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="Parquet, CSV or JSON lines")
    add_landing_argument(parser)
    parser.add_argument("--source", required=True, metavar="NAME", help="of the leaderboard")
    parser.add_argument(
        "--scores",
        required=True,
        type=_names,
        metavar="COLUMNS",
        help="wide: the columns with scores, named after the benchmarks; long: the one of scores",
    )
    parser.add_argument(
        "--benchmark",
        type=_names,
        default=(),
        metavar="COLUMNS",
        help="long: the columns that name the benchmark, joined by /",
    )
    parser.add_argument("--model-id", metavar="COLUMN", help="default: model_id, id or modelId")
    parser.add_argument("--measured-at", metavar="COLUMN", help="default: unknown")
    parser.add_argument("--replace", action="store_true", help="replace scores that are there")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders benchmarks`."""
    report = land_benchmarks(
        Request(
            files=arguments.files,
            landing=landing_of(arguments),
            source=arguments.source,
            scores=arguments.scores,
            benchmark=arguments.benchmark,
            model_id=arguments.model_id,
            measured_at=arguments.measured_at,
            replace=arguments.replace,
        )
    )
    if report.left_out:
        print(f"warning: left out {report.left_out:,} without an id or a number", file=sys.stderr)
    print(f"benchmarks {report.path.stem}: {report.rows:,} scores")
    return 0


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} names no columns")
    return names


def _long_query(request: Request, source: sources.Source) -> str:
    """Return the query of the scores, a row each; an empty score is no row."""
    if request.benchmark and len(request.scores) != 1:
        raise UsageError("with --benchmark the table is long: --scores names its one column")
    columns = {column.name: column for column in source.columns}

    def named(option: str, name: str) -> sources.Column:
        if name not in columns:
            raise UsageError(
                f"{option}: there is no column {name} (there are: {items.column_names(source)})"
            )
        return columns[name]

    best = request.model_id or next((name for name in _ID_COLUMNS if name in columns), "model_id")
    model_id = f"nullif(trim({named('--model-id', best).text}), '')"
    measured = "NULL"
    if request.measured_at is not None:
        measured = items.moment_of(named("--measured-at", request.measured_at))
    selects = []
    for name in request.scores:
        text = f"nullif(trim({named('--scores', name).text}), '')"
        benchmark = literal(name)
        if request.benchmark:
            parts = [named("--benchmark", one).text for one in request.benchmark]
            benchmark = f"concat_ws('/', {', '.join(parts)})"
        selects.append(
            f"SELECT {model_id} AS model_id, {benchmark} AS benchmark, "
            f"TRY_CAST({text} AS DOUBLE) AS score, CAST({measured} AS TIMESTAMP) AS measured_at, "
            f"{literal(request.source)} AS source FROM {source.relation} AS item "
            f"WHERE {text} IS NOT NULL"
        )
    return " UNION ALL ".join(selects)
