"""A model of the landing for which the glossary works out the disruption index by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

MOST_LATER = 12
"""The most later models of an example, so that a reader can count them."""


@dataclass(frozen=True)
class Example:
    """A focal with its parents and the later models of its 90 days, by what they build on."""

    model_id: str
    parents: Sequence[str]
    created_at: datetime
    mdi: float
    from_focal: Sequence[str]
    from_both: Sequence[str]
    from_parents: Sequence[str]


def worked_example(connection: duckdb.DuckDBPyConnection) -> Example | None:
    """The focal with later models of most kinds, and of these the fewest; None if there is none."""
    found = connection.execute(
        """
        select model_id, created_at, mdi
        from disruption_panel
        where mdi is not null and n_i + n_j + n_k between 2 and ?
        order by
            cast(n_i > 0 as integer) + cast(n_j > 0 as integer) + cast(n_k > 0 as integer) desc,
            n_i + n_j + n_k, model_id
        limit 1
        """,
        [MOST_LATER],
    ).fetchall()
    if not found:
        return None
    model_id, created_at, mdi = found[0]
    parents = [
        parent
        for (parent,) in connection.execute(
            "select parent_id from lineage_edges where child_id = ? order by parent_id", [model_id]
        ).fetchall()
    ]
    later = connection.execute(
        """
        select
            child_id,
            bool_or(parent_id = $focal) as takes_from_focal,
            bool_or(list_contains($parents, parent_id)) as takes_from_parent
        from lineage_edges
        where
            (parent_id = $focal or list_contains($parents, parent_id)) and child_id != $focal
            and child_created_at > $at and child_created_at <= $at + interval 90 days
        group by child_id
        order by child_id
        """,
        {"focal": model_id, "parents": parents, "at": created_at},
    ).fetchall()
    return Example(
        model_id, parents, created_at, mdi,
        [one for one, focal, parent in later if focal and not parent],
        [one for one, focal, parent in later if focal and parent],
        [one for one, focal, parent in later if parent and not focal],
    )  # fmt: skip
