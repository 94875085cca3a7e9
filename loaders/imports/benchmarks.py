"""Lands tables of benchmark scores: `python -m loaders benchmarks`.

Leaderboards are wide (a column per benchmark) or long (a row per score). Either becomes
`benchmarks/<source>.parquet` with `model_id`, `benchmark`, `score`, `measured_at`, `source`.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from hub_lineage.errors import UsageError
from hub_lineage.sql import literal
from loaders.imports import items, side_tables, sources
from loaders.imports.side_tables import column_named

__all__ = ["Request", "add_arguments", "land_benchmarks", "run"]


@dataclass(frozen=True, kw_only=True)
class Request(side_tables.Request):
    """What to land, from which columns; `benchmark` names columns of a long table."""

    scores: Sequence[str]
    benchmark: Sequence[str] = ()
    measured_at: str | None = None


def land_benchmarks(request: Request) -> side_tables.Report:
    """Land one table of scores; UsageError, DataError or LandingError leave the landing as it was.

    Empty scores are ignored and not counted; infinite ones and rows without an id are left out.
    """
    measured_at = [
        side_tables.Value("--measured-at", name, "a time", items.moment_of)
        for name in filter(None, [request.measured_at])
    ]
    return side_tables.land_table(
        request,
        "benchmarks",
        lambda source: _long_query(request, source),
        "model_id <> '' AND benchmark <> '' AND isfinite(score)",
        measured_at,
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders benchmarks`."""
    side_tables.add_common_arguments(parser, source="of the leaderboard", rows="scores")
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
    parser.add_argument("--measured-at", metavar="COLUMN", help="default: unknown")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders benchmarks`."""
    report = land_benchmarks(
        Request(
            **side_tables.common_of(arguments),
            scores=arguments.scores,
            benchmark=arguments.benchmark,
            measured_at=arguments.measured_at,
        )
    )
    side_tables.report_left_out(report, "without an id or a number")
    print(f"benchmarks {report.path.stem}: {report.rows:,} scores")
    return 0


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise argparse.ArgumentTypeError(f"{text!r} names no columns")
    return names


def _long_query(request: Request, source: sources.Source) -> str:
    """Return the query of the scores, one per row; an empty score has no row."""
    if request.benchmark and len(request.scores) != 1:
        raise UsageError("with --benchmark the table is long: --scores names its one column")
    model_id = side_tables.model_id_of(source, request.model_id)
    measured = "NULL"
    if request.measured_at is not None:
        measured = items.moment_of(column_named(source, "--measured-at", request.measured_at))
    selects = []
    for name in request.scores:
        text = f"nullif(trim({column_named(source, '--scores', name).text}), '')"
        benchmark = literal(name)
        if request.benchmark:
            parts = [column_named(source, "--benchmark", one).text for one in request.benchmark]
            benchmark = f"concat_ws('/', {', '.join(parts)})"
        selects.append(
            f"SELECT {model_id} AS model_id, {benchmark} AS benchmark, "
            f"TRY_CAST({text} AS DOUBLE) AS score, CAST({measured} AS TIMESTAMP) AS measured_at, "
            f"{literal(request.source)} AS source FROM {source.relation} AS item "
            f"WHERE {text} IS NOT NULL"
        )
    return " UNION ALL ".join(selects)
