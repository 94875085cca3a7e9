"""Lands tables of models whose weights were compared: `python -m loaders weights`.

A row says that one model's weights were found to derive from another's. Each table becomes
`weights/<source>.parquet` with `child_id`, `parent_id`, `score`, `tool`, `source`. Such pairs are
evidence of the phase `weights`, which makes no edges unless the variable edge_phases names it.
"""

import argparse
from dataclasses import dataclass

from hub_lineage.sql import literal
from loaders.imports import side_tables, sources

__all__ = ["Request", "add_arguments", "land_weights", "run"]


@dataclass(frozen=True, kw_only=True)
class Request(side_tables.Request):
    """What to land: `model_id` names the column of children; `score` and `tool` are optional."""

    parent: str
    score: str | None = None
    tool: str | None = None


def land_weights(request: Request) -> side_tables.Report:
    """Land one table of pairs; UsageError, DataError or LandingError leave the landing as it was.

    A pair that lacks a child or a parent is left out. A score that is not a finite number becomes
    null, and the pair is kept, since it was compared all the same.
    """
    scores = [
        side_tables.Value("--score", name, "a number", _score)
        for name in filter(None, [request.score])
    ]
    return side_tables.land_table(
        request,
        "weights",
        lambda source: _query(request, source),
        "child_id IS NOT NULL AND parent_id IS NOT NULL",
        scores,
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders weights`."""
    side_tables.add_common_arguments(
        parser, source="whose table it is", rows="pairs", model_id="--child", default="child"
    )
    parser.add_argument("--parent", default="parent", metavar="COLUMN", help="default: parent")
    parser.add_argument("--score", metavar="COLUMN", help="what the tool measured; default: none")
    parser.add_argument("--tool", metavar="COLUMN", help="what compared them; default: unknown")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders weights`."""
    report = land_weights(
        Request(
            **side_tables.common_of(arguments),
            parent=arguments.parent,
            score=arguments.score,
            tool=arguments.tool,
        )
    )
    side_tables.report_left_out(report, "without a child or a parent")
    print(f"weights {report.path.stem}: {report.rows:,} pairs")
    return 0


def _query(request: Request, source: sources.Source) -> str:
    """Return the query of the pairs, one per row."""

    def text_of(option: str, name: str | None) -> str:
        if name is None:
            return "CAST(NULL AS VARCHAR)"
        return f"nullif(trim({side_tables.column_named(source, option, name).text}), '')"

    score = "CAST(NULL AS DOUBLE)"
    if request.score is not None:
        score = _score(side_tables.column_named(source, "--score", request.score))
    return (
        f"SELECT {text_of('--child', request.model_id)} AS child_id, "
        f"{text_of('--parent', request.parent)} AS parent_id, "
        f"{score} AS score, "
        f"{text_of('--tool', request.tool)} AS tool, {literal(request.source)} AS source "
        f"FROM {source.relation} AS item"
    )


def _score(column: sources.Column) -> str:
    """Return the SQL of a column as a finite number, null where it is not one."""
    number = f"TRY_CAST(trim({column.text}) AS DOUBLE)"
    return f"CASE WHEN isfinite({number}) THEN {number} END"
