"""Lands dumps of model cards: `python -m loaders cards`.

Each dump (in the form of librarian-bots/model_cards_with_metadata: an id and a text per model)
becomes `cards/<source>.parquet` with `model_id`, `card`, `source`. The build reads what the prose
says about a model's parents, as evidence of the phase `card_text`.
"""

import argparse
from dataclasses import dataclass

from hub_lineage.sql import literal
from loaders.imports import side_tables, sources

__all__ = ["Request", "add_arguments", "land_cards", "run"]


@dataclass(frozen=True, kw_only=True)
class Request(side_tables.Request):
    """What to land, from which column."""

    card: str = "card"


def land_cards(request: Request) -> side_tables.Report:
    """Land one dump of cards; UsageError, DataError or LandingError leave the landing as it was.

    A model without a card has no row and is not counted; a card without an id is left out. The
    texts are landed unchanged.
    """
    return side_tables.land_table(
        request, "cards", lambda source: _query(request, source), "model_id IS NOT NULL"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders cards`."""
    side_tables.add_common_arguments(parser, source="whose dump it is", rows="cards")
    parser.add_argument("--card", default="card", metavar="COLUMN", help="default: card")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders cards`."""
    report = land_cards(Request(**side_tables.common_of(arguments), card=arguments.card))
    side_tables.report_left_out(report, "without an id")
    print(f"cards {report.path.stem}: {report.rows:,}")
    return 0


def _query(request: Request, source: sources.Source) -> str:
    """Return the query of the cards; an empty card has no row."""
    card = side_tables.column_named(source, "--card", request.card).text
    return (
        f"SELECT {side_tables.model_id_of(source, request.model_id)} AS model_id, "
        f"{card} AS card, {literal(request.source)} AS source FROM {source.relation} AS item "
        f"WHERE nullif(trim({card}), '') IS NOT NULL"
    )
