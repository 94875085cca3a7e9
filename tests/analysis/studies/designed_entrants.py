"""Entrants written by hand for the tests of the designs: rows as dictionaries, a DuckDB with them.

A table with the columns that designs read stands in for the view `entrants`, so that a mistake in
the view cannot hide one in a design. Ranks and crowding are counted here in plain Python.
"""

import math
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import duckdb
import pandas as pd

ORIGIN = datetime(2024, 1, 1)
SNAPSHOT = datetime(2026, 1, 1)

ENTRANT_TYPES = {
    "parent_id": "varchar",
    "child_id": "varchar",
    "owner": "varchar",
    "relation": "varchar",
    "sample_exclusion": "varchar",
    "likes": "bigint",
    "log_likes": "double",
    "release_event_rank": "bigint",
    "log_rank": "double",
    "log_age": "double",
    "log_lag": "double",
    "log_crowd_30": "double",
    "is_first": "integer",
    "is_raced_7": "integer",
    "log_size": "double",
    "size_unknown": "integer",
    "log_owner_releases": "double",
    "log_base_likes_now": "double",
    "benchmark_score": "double",
    "is_bulk_owner": "boolean",
    "is_same_owner": "boolean",
    "n_parents": "bigint",
    "month": "varchar",
    "created_at": "timestamp",
    "base_created_at": "timestamp",
}


def entrant(parent: str, child: str, days: float, **fields) -> dict:
    """An entrant `days` after ORIGIN; fields over plain defaults, ranks still missing."""
    created = ORIGIN + timedelta(days=days)
    age = (SNAPSHOT - created) / timedelta(days=1)
    return {
        "parent_id": parent,
        "child_id": child,
        "owner": child,
        "relation": "finetune",
        "sample_exclusion": None,
        "likes": 0,
        "log_age": math.log(age),
        "log_lag": math.log1p(days),
        "log_size": 20.0,
        "size_unknown": 0,
        "log_owner_releases": 0.0,
        "log_base_likes_now": 0.0,
        "benchmark_score": None,
        "is_bulk_owner": False,
        "is_same_owner": False,
        "n_parents": 1,
        "month": created.strftime("%Y-%m"),
        "created_at": created,
        "base_created_at": ORIGIN,
    } | fields


def ranked(rows: Iterable[dict]) -> list[dict]:
    """The rows with their place in the race, their rivals and log_likes, by definition.

    An event is one owner, one base, one day; its time is that of its first entrant, ties by id. Its
    further entrants leave the sample, as in the recognition panel.
    """
    rows = list(rows)
    events: dict[str, dict] = {}
    for row in rows:
        key = (row["owner"], row["created_at"].date())
        lead = (row["created_at"], row["child_id"])
        of_base = events.setdefault(row["parent_id"], {})
        of_base[key] = min(of_base.get(key, lead), lead)
    by_base: dict[str, list[dict]] = {}
    for row in rows:
        by_base.setdefault(row["parent_id"], []).append(row)
    made = []
    for row in rows:
        of_base = events[row["parent_id"]]
        own, lead_id = of_base[(row["owner"], row["created_at"].date())]
        rank = 1 + sum(time < own for time, _ in of_base.values())
        crowd = sum(
            other["owner"] != row["owner"]
            and timedelta(0) < row["created_at"] - other["created_at"] <= timedelta(days=30)
            for other in by_base[row["parent_id"]]
        )
        is_raced = any(
            other["owner"] != row["owner"]
            and timedelta(0) < other["created_at"] - row["created_at"] <= timedelta(days=7)
            for other in by_base[row["parent_id"]]
        )
        made.append(
            row
            | {
                "release_event_rank": rank,
                "log_rank": math.log(rank),
                "log_crowd_30": math.log1p(crowd),
                "is_first": int(rank == 1),
                "is_raced_7": int(is_raced),
                "log_likes": math.log1p(row["likes"]) if row["likes"] is not None else None,
                "sample_exclusion": row["sample_exclusion"]
                or (None if row["child_id"] == lead_id else "repeated_release_event"),
            }
        )
    return made


def random_entrants(seed: int, n: int = 120, n_bases: int = 4) -> list[dict]:
    """A few crowded bases with ties, equal traits, unknown sizes and rows outside of the sample."""
    draw = random.Random(seed)
    rows = []
    for number in range(n):
        # Whole hours of a few days: many exact ties.
        days = draw.choice([draw.randrange(10 * 24) / 24, draw.randrange(60)])
        is_unknown = draw.random() < 0.2
        rows.append(
            entrant(
                f"base/{draw.randrange(n_bases)}",
                f"child/{number:03d}",
                days,
                owner=f"owner-{draw.randrange(25)}",
                relation=draw.choice(["finetune", "adapter"]),
                likes=draw.choice([0, 0, 1, 5, None]),
                log_size=0.0 if is_unknown else draw.choice([20.0, 20.3, 20.5, 21.0, 22.0]),
                size_unknown=int(is_unknown),
                log_owner_releases=math.log1p(draw.randrange(6)),
                is_bulk_owner=draw.random() < 0.3,
                sample_exclusion=draw.choice([None] * 6 + ["too_young"]),
            )
        )
    return ranked(rows)


def connect(
    rows: Sequence[dict] | pd.DataFrame, types: dict[str, str] = ENTRANT_TYPES, table="entrants"
) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with `rows` as `table`; missing columns are null."""
    connection = duckdb.connect(config={"threads": 1})
    add(connection, rows, types, table)
    return connection


def add(
    connection: duckdb.DuckDBPyConnection,
    rows: Sequence[dict] | pd.DataFrame,
    types: dict[str, str],
    table: str,
) -> None:
    """Makes `table` with the columns of `types` out of `rows`."""
    frame = pd.DataFrame(rows, columns=list(types))
    listed = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
    connection.register("given", frame)
    connection.execute(f"create table {table} as select {listed} from given")
    connection.unregister("given")


def fetch(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict]:
    """The rows of `sql` as dictionaries."""
    found = connection.execute(sql)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
