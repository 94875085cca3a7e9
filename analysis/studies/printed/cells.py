"""What the tables of the studies share: rows as read, names of studies, notes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.figures.wording import number

Row = Mapping[str, Any]
"""A row of a Parquet file, by column."""


STUDIES = {"racing": "Racing to Release", "disruption": "Identifying Disruptive Models"}


def distinct(values: Iterable) -> list:
    """The values in the order in which they first come."""
    return list(dict.fromkeys(values))


def bracketed(standard_error: float | None) -> str:
    return "" if standard_error is None else f"({number(standard_error)})"


def snapshot_note(rows: Sequence[Row]) -> tuple[str, ...]:
    names = distinct(str(row["snapshot_id"]) for row in rows if row.get("snapshot_id"))
    return (f"Snapshot {', '.join(names)}.",) if names else ()
