"""Parts that the tables of the studies share: rows as read, names of studies, notes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from analysis.figures.wording import number

Row = Mapping[str, Any]
"""A row of a Parquet file, by column."""


STUDIES = {"racing": "Racing to Release", "disruption": "Identifying Disruptive Models"}


def distinct(values: Iterable) -> list:
    """The distinct values in order of first appearance."""
    return list(dict.fromkeys(values))


def bracketed(standard_error: float | None) -> str:
    """A standard error in brackets; empty for None."""
    return "" if standard_error is None else f"({number(standard_error)})"


def snapshot_note(rows: Sequence[Row]) -> tuple[str, ...]:
    """A note that names the snapshots of some rows; none if they name none."""
    names = distinct(str(row["snapshot_id"]) for row in rows if row.get("snapshot_id"))
    return (f"Snapshot {', '.join(names)}.",) if names else ()
