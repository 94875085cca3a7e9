"""What others do with a lake. Each call is a process of the lake's Python, with its own DuckDB.

    python clients.py FUNCTION CATALOG ARGUMENT...

prints what the function returns as JSON. An error of DuckDB that nothing catches ends the process.
"""

import json
import sys
import time
from pathlib import Path

import duckdb


def attached(catalog: str, options: str = "", stop: str | None = None) -> duckdb.DuckDBPyConnection:
    """A client of its own; it waits for a build that makes the lake until `stop` is there."""
    connection = duckdb.connect()
    connection.load_extension("ducklake")
    while True:
        is_last = stop is None or Path(stop).exists()
        try:
            connection.execute(f"attach 'ducklake:{catalog}' as lake ({options})")
        except duckdb.Error:
            if is_last:
                raise
            time.sleep(0.1)
        else:
            return connection


def two(catalog: str, folder: str) -> list[duckdb.DuckDBPyConnection]:
    """Two clients of a lake that is made here as a build makes it, with 1,000 rows in `numbers`."""
    made = f"data_path '{folder}/tables'"
    if catalog.startswith("sqlite:"):
        made += ", meta_journal_mode 'wal'"
    first = attached(catalog, made)
    first.execute("call lake.set_option('data_inlining_row_limit', 0)")
    first.execute("create table lake.numbers as select range::integer as n from range(1000)")
    return [first, attached(catalog, "create_if_not_exists false")]


def append(catalog: str, stop: str) -> int:
    """Append row after row to a table of one's own until a file `stop` is there; how many."""
    connection = attached(catalog, "create_if_not_exists false", stop)
    connection.execute("create schema lake.notes")
    connection.execute("create table lake.notes.appended (n integer)")
    n_appended = 0
    while not Path(stop).exists():
        connection.execute(f"insert into lake.notes.appended values ({n_appended})")
        n_appended += 1
        time.sleep(0.5)
    return n_appended


def watch(catalog: str, stop: str) -> list[dict[str, list[str]]]:
    """Read all marts that are there, again and again until a file `stop` is, and once more.

    For each round the number of rows of each mart, and the sum of their hashes.
    """
    connection = attached(catalog, "read_only", stop)
    rounds = []
    is_last = False
    while not is_last:
        is_last = Path(stop).exists()
        marts = connection.execute(
            "select table_name from information_schema.tables"
            " where table_catalog = 'lake' and table_schema = 'marts'"
        ).fetchall()
        rounds.append({})
        for (mart,) in marts:
            [row] = connection.execute(
                f"select count(*), sum(hash(rows)) from lake.marts.{mart} as rows"
            ).fetchall()
            rounds[-1][mart] = [str(value) for value in row]
        time.sleep(1)
    return rounds


def export(catalog: str, folder: str, *marts: str) -> dict:
    """Write marts as Parquet files; what else there is to know of the lake."""
    connection = attached(catalog, "read_only")
    for mart in marts:
        connection.execute(f"copy (from lake.marts.{mart}) to '{folder}/{mart}.parquet'")
    options = connection.execute("select option_name, value from ducklake_options('lake')")
    options = dict(options.fetchall())
    notes = "select table_name from information_schema.tables where table_schema = 'notes'"
    appended = "select n from lake.notes.appended order by n"
    return {
        "options": options,
        "appended": [n for (n,) in connection.execute(appended).fetchall()]
        if connection.execute(notes).fetchall()
        else [],
    }


def meet(catalog: str, folder: str, one: str, other: str) -> dict:
    """One client's transaction runs `one`; before it commits, another client runs `other`.

    What the first is told, the rows that are left, and those after the first has tried again.
    """
    first, second = two(catalog, folder)
    count = "select count(*), min(n), max(n) from lake.numbers"
    first.execute("begin")
    first.execute(one)
    second.execute(other)
    try:
        first.execute("commit")
        told = None
    except duckdb.Error as error:
        told = str(error)
    [left] = second.execute(count).fetchall()
    if told:
        first.execute(one)
    [finally_left] = second.execute(count).fetchall()
    return {"told": told, "left": left, "finally": finally_left}


def look_back(catalog: str, folder: str) -> dict:
    """A table is replaced while a client reads it: what it sees, and what can still be read."""
    writer, reader = two(catalog, folder)
    [(version,)] = writer.execute("select max(snapshot_id) from lake.snapshots()").fetchall()

    def rows(table: str) -> int:
        [(n,)] = reader.execute(f"select count(*) from {table}").fetchall()
        return n

    reader.execute("begin")
    seen = {"before": rows("lake.numbers")}
    writer.execute("create or replace table lake.numbers as select 1 as n")
    seen["in the same transaction"] = rows("lake.numbers")
    reader.execute("commit")
    seen["after it"] = rows("lake.numbers")
    seen["at the version before"] = rows(f"lake.numbers at (version => {version})")
    reader.execute(f"attach 'ducklake:{catalog}' as before (snapshot_version {version})")
    seen["in the lake of the version before"] = rows("before.numbers")
    return seen


if __name__ == "__main__":
    functions = {f.__name__: f for f in (append, watch, export, meet, look_back)}
    name, *arguments = sys.argv[1:]
    print(json.dumps(functions[name](*arguments)))
