"""The tables in Python: marts, results of the studies, and SQL over both.

    import hub_lineage

    hub_lineage.marts("families").order("n_models desc, root_id").limit(5).df()
    hub_lineage.sql("select relation, count(*) as n from lineage_edges group by relation")
    hub_lineage.results("claims", "hf://datasets/owner/name").df()

Each returns a DuckDB relation, whose rows are read only when needed: `.df()` turns it into a pandas
DataFrame, `.pl()` into one of Polars, `.filter()`, `.aggregate()` and `.join()` refine it, and a
notebook shows it as a table. Nothing is written.

`source` says where the tables are: a folder of exports or of results, a folder that `publish`
wrote, or a published data set, `hf://datasets/owner/name`, of which only the columns in use are
fetched. By default they are in the folders that HUB_EXPORTS and HUB_RESULTS name.
"""

from __future__ import annotations

import difflib
import functools
import os
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from hub_lineage.errors import Problem
from hub_lineage.exports import MARK
from hub_lineage.paths import folder_from
from hub_lineage.sql import files_in_sql, identifier, memory_limit

__all__ = ["TableError", "marts", "results", "sql"]

REMOTE = "hf://"


class TableError(Problem):
    """A table that does not exist, or must not be read at the moment."""


def marts(name: str, source: str | os.PathLike | None = None) -> duckdb.DuckDBPyRelation:
    """A mart as a relation, for example `marts("disruption")`; a TableError if it is not there."""
    folder = marts_folder(source)
    return table(folder, name, "`make build`, or set HUB_EXPORTS")


def results(name: str, source: str | os.PathLike | None = None) -> duckdb.DuckDBPyRelation:
    """A table of the studies as a relation, for example `results("claims")`."""
    folder = results_folder(source)
    return table(folder, name, "`make study`, or set HUB_RESULTS")


def sql(query: str, source: str | os.PathLike | None = None) -> duckdb.DuckDBPyRelation:
    """The answer to a query on the marts, each a table of its name, as a relation.

    Tables of the studies have the schema `results`: `select * from results.claims`.
    """
    folder = marts_folder(source)
    refuse_half_replaced(folder)
    connection = connection_to(folder)
    for schema, place in (("main", folder), ("results", results_folder(source))):
        connection.execute(f"create schema if not exists {schema}")
        for name, files in tables_in(place).items():
            # A view on a remote table fetches its footer, so only those the query names are made.
            if re.search(rf"\b{re.escape(name)}\b", query):
                connection.execute(
                    f"create or replace view {schema}.{identifier(name)} as from {scan(files)}"
                )
    return connection.sql(query)


# where the tables are


def marts_folder(source: str | os.PathLike | None) -> str:
    """The folder of the marts."""
    return folder_of(source, "data", "HUB_EXPORTS", "exports")


def results_folder(source: str | os.PathLike | None) -> str:
    """The folder of the studies' tables."""
    return folder_of(source, "results", "HUB_RESULTS", "results")


def folder_of(
    source: str | os.PathLike | None, published_as: str, variable: str, default: str
) -> str:
    """The folder of tables in a source, published or not; without one, the environment's."""
    if source is None:
        return str(folder_from(variable, default))
    text = os.fspath(source).rstrip("/")
    if text.startswith(REMOTE) or (Path(text) / "data").is_dir():
        return f"{text}/{published_as}"
    return os.path.abspath(text)


def tables_in(folder: str) -> dict[str, tuple[str, ...]]:
    """The tables of a folder, each with its file, or with the files in the subfolder so named."""
    if folder.startswith(REMOTE):
        return remote_tables(folder)
    place = Path(folder)
    paths = [*place.glob("*.parquet"), *place.glob("[!.]*/*.parquet")]
    return by_table(folder, sorted(map(str, paths)))


@functools.cache
def remote_tables(folder: str) -> dict[str, tuple[str, ...]]:
    """The tables of a published data set, looked up once; none if it does not exist."""
    files = file_system()
    try:
        paths = files.glob(f"{folder}/*.parquet") + files.glob(f"{folder}/*/*.parquet")
    except FileNotFoundError:
        return {}
    return by_table(folder, sorted(f"{REMOTE}{path}" for path in paths))


def by_table(folder: str, paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Files grouped by the table they hold or are a part of."""
    found: dict[str, tuple[str, ...]] = {}
    for path in paths:
        name = path.removeprefix(f"{folder}/").removesuffix(".parquet").split("/")[0]
        if not name.isidentifier():
            raise TableError(
                f"{name!r} in {folder} is neither a mart nor a result: move it elsewhere"
            )
        found[name] = (*found.get(name, ()), path)
    found.pop("variants", None)
    return found


def refuse_half_replaced(folder: str) -> None:
    """A TableError for exports that a build is replacing, or was replacing when it was killed."""
    if not folder.startswith(REMOTE) and (Path(folder) / MARK).exists():
        raise TableError(
            f"the tables in {folder} are being replaced, or a build was killed while it did so: "
            "wait for it, or run `make build` again"
        )


# reading


def table(folder: str, name: str, instead: str) -> duckdb.DuckDBPyRelation:
    """A table of a folder; if it does not exist, a TableError that lists those that do."""
    refuse_half_replaced(folder)
    tables = tables_in(folder)
    if not tables:
        raise TableError(f"no tables in {folder}: run {instead}")
    if name not in tables:
        near = difflib.get_close_matches(name, tables, n=1)
        raise TableError(
            f"no table {name!r} in {folder}{f', do you mean {near[0]}?' if near else ''}; "
            f"there are {', '.join(tables)}"
        )
    return connection_to(folder).sql(f"from {scan(tables[name])}")


def scan(files: Sequence[str]) -> str:
    """The SQL that reads some files as one table."""
    return f"read_parquet({files_in_sql(*files)}, hive_partitioning = false)"


@functools.cache
def connection_to(folder: str) -> duckdb.DuckDBPyConnection:
    """The one connection for a folder, so that its tables can be joined with each other."""
    connection = duckdb.connect(config={"memory_limit": memory_limit()})
    if folder.startswith(REMOTE):
        connection.register_filesystem(file_system())
    return connection


@functools.cache
def file_system():
    """The Hub's files. The client is slow to load and not needed for local tables."""
    from huggingface_hub import HfFileSystem

    return HfFileSystem()
