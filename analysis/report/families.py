"""Families of bases: which bases get a page, and what it shows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from analysis.figures import text_of
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports

MOST_LISTED = 1_000
"""The most descendants in the browsable tree of one page."""

INTERVAL = (
    "95 % interval of Bonett and Price, as if each later model chose by itself. Own takers are by "
    "the owner of the model itself. n_i take "
    "from the focal alone, n_j from it and a parent of it, n_k from a parent alone."
)
"""The note below tables of the index."""


@dataclass(frozen=True)
class Base:
    """A base with a page of its own: its id (hostile text) and the name of its page's file."""

    model_id: str
    slug: str


def slug_of(model_id: str) -> str:
    """A file name unique to an id, whatever the id contains."""
    words = re.sub(r"[^a-z0-9]+", "-", model_id.lower()).strip("-")[:48].strip("-")
    return f"{words or 'base'}-{hashlib.sha256(model_id.encode()).hexdigest()[:8]}"


def chosen_bases(exports: Exports, named: Sequence[str], n_largest: int) -> list[Base]:
    """The roots of the largest families, then the bases asked for, each once.

    A StudyError for a name that is neither a model nor a parent of one in this snapshot.
    """
    largest = exports.connection.execute(
        "select root_id from families order by n_models desc, root_id limit ?", [n_largest]
    ).fetchall()
    ids = [root for (root,) in largest] + [found(exports, name) for name in named]
    return [Base(model_id, slug_of(model_id)) for model_id in dict.fromkeys(ids)]


def found(exports: Exports, name: str) -> str:
    """The id for a name on the command line: the name itself, or the same in another case."""
    rows = exports.connection.execute(
        """
        select distinct id
        from (
            select model_id as id from hub_models
            union all
            select parent_id as id from lineage_edges
        )
        where lower(id) = lower(?)
        order by id <> ?, id
        """,
        [name, name],
    ).fetchall()
    if not rows:
        raise StudyError(
            f"no model {name!r} in snapshot {exports.snapshot_id}: give --base an id as the Hub "
            "spells it, owner/name",
            2,
        )
    return rows[0][0]


def walk(connection: duckdb.DuckDBPyConnection, base: str) -> None:
    """Create the temporary table `family` of the base's descendants (`queries/family.sql`)."""
    connection.execute("set variable base = " + "'" + base.replace("'", "''") + "'")
    connection.execute(text_of("intervals"))
    connection.execute(text_of("family"))


def facts(connection: duckdb.DuckDBPyConnection) -> dict:
    """The numbers in the text of a family's page, from the table `family`."""
    return one_row(
        connection,
        """
        select
            count(*) filter (distance > 0) as n_descendants,
            count(*) filter (distance = 1) as n_children,
            coalesce(max(distance), 0) as n_generations,
            count(distinct lower(coalesce(owner, model_id))) filter (distance > 0) as n_owners,
            strftime(min(created_at) filter (distance = 0), '%Y-%m-%d') as released,
            strftime(max(created_at) filter (distance > 0), '%Y-%m-%d') as last_release,
            count(mdi) filter (distance > 0) as n_defined,
            count(*) filter (distance > 0 and mdi > 0) as n_disruptive,
            max(likes) filter (distance = 0) as likes,
            max(downloads) filter (distance = 0) as downloads,
            bool_or(owner is not null) filter (distance = 0) as is_listed
        from family
        """,
    )


def most_descended(connection: duckdb.DuckDBPyConnection) -> list[dict]:
    """The descendants for the browsable tree: by their descendants, then by likes."""
    return all_rows(
        connection,
        f"""
        select model_id, via, relation, created_at, n_descendants, likes
        from family
        where distance > 0
        order by n_descendants desc, likes desc nulls last, model_id
        limit {MOST_LISTED}
        """,
    )


def top_by_disruption(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    """The descendants with the highest defined index and at least one taker."""
    return connection.execute(
        """
        select
            family.model_id, family.relation, family.mdi,
            difference_low(family.n_i, family.n_j, family.n_i + family.n_j + family.n_k),
            difference_high(family.n_i, family.n_j, family.n_i + family.n_j + family.n_k),
            family.n_i, family.n_j, family.n_k, coalesce(ranked.n_own, 0), family.n_children,
            family.likes
        from family
        left join ranked_focals as ranked on family.model_id = ranked.model_id
        where family.distance > 0 and family.mdi is not null and family.n_i + family.n_j > 0
        order by family.mdi desc, family.n_i + family.n_j desc, family.model_id
        limit 15
        """
    ).fetchall()


def most_built_upon(connection: duckdb.DuckDBPyConnection) -> list[tuple]:
    """The descendants with most children, with their index or the reason why it is undefined."""
    return connection.execute(
        """
        select
            model_id, n_children, mdi,
            case when mdi is not null then difference_low(n_i, n_j, n_i + n_j + n_k) end,
            case when mdi is not null then difference_high(n_i, n_j, n_i + n_j + n_k) end,
            n_i, n_j, n_k, replace(undefined_reason, '_', ' ')
        from family
        where distance > 0 and n_children > 0
        order by n_children desc, model_id
        limit 15
        """
    ).fetchall()


def all_rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    """Every row of a query, as a mapping from columns to values."""
    made = connection.execute(sql)
    names = [column[0] for column in made.description]
    return [dict(zip(names, row, strict=True)) for row in made.fetchall()]


def one_row(connection: duckdb.DuckDBPyConnection, sql: str) -> dict:
    """The first row of a query, as a mapping from columns to values."""
    return all_rows(connection, sql)[0]
