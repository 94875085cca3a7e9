"""Lands tables of known release dates: `python -m loaders release-dates`.

The Hub's `createdAt` is when a repository was created; some tables know when a model was released.
Each becomes `release_dates/<source>.parquet` with `model_id`, `released_at`, `source`.
"""

import argparse
from dataclasses import dataclass

from hub_lineage.sql import literal
from loaders.imports import items, side_tables, sources

__all__ = ["Request", "add_arguments", "land_release_dates", "run"]


@dataclass(frozen=True, kw_only=True)
class Request(side_tables.Request):
    """What to land, from which column."""

    released_at: str


def land_release_dates(request: Request) -> side_tables.Report:
    """Land one table of dates; UsageError, DataError or LandingError leave the landing as it was.

    Empty dates are ignored and not counted; texts that are not times and rows without an id are
    left out. A date without a time of day counts as midnight, UTC.
    """
    return side_tables.land_table(
        request,
        "release_dates",
        lambda source: _query(request, source),
        "model_id IS NOT NULL AND released_at IS NOT NULL",
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders release-dates`."""
    side_tables.add_common_arguments(parser, source="whose table it is", rows="dates")
    parser.add_argument(
        "--released-at",
        required=True,
        metavar="COLUMN",
        help="dates or times, UTC unless they say otherwise",
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders release-dates`."""
    report = land_release_dates(
        Request(**side_tables.common_of(arguments), released_at=arguments.released_at)
    )
    side_tables.report_left_out(report, "without an id or a time")
    print(f"release dates {report.path.stem}: {report.rows:,}")
    return 0


def _query(request: Request, source: sources.Source) -> str:
    """Return the query of the dates; an empty date has no row."""
    released = side_tables.column_named(source, "--released-at", request.released_at)
    return (
        f"SELECT {side_tables.model_id_of(source, request.model_id)} AS model_id, "
        f"CAST({items.moment_of(released)} AS TIMESTAMP) AS released_at, "
        f"{literal(request.source)} AS source FROM {source.relation} AS item "
        f"WHERE nullif(trim({released.text}), '') IS NOT NULL"
    )
