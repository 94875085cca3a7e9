"""Compares the marts of two engines row by row; names each difference by mart, column and key.

DuckDB reads both sides as Parquet. Fractions are compared to ten digits, since engines add them up
in different orders, and times in UTC; everything else must be equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import yaml

from hub_lineage.errors import SparkError
from hub_lineage.paths import PROJECT
from hub_lineage.sql import files_in_sql, one_value

MARTS = PROJECT / "models" / "marts"
SHOWN = 3
"""How many rows are shown of each difference."""


@dataclass(frozen=True)
class Column:
    """A column in which rows with the same key differ."""

    name: str
    n_rows: int
    examples: tuple[tuple[tuple, object, object], ...]
    """(key, value here, value there)"""


@dataclass(frozen=True)
class Comparison:
    """One mart on both sides."""

    mart: str
    n_rows: int
    n_rows_there: int
    missing_there: tuple[tuple, ...] = ()
    """Keys of rows that only the first side has; the first few, in order."""
    missing_here: tuple[tuple, ...] = ()
    n_missing_there: int = 0
    n_missing_here: int = 0
    columns: tuple[Column, ...] = ()
    n_differing: int = 0
    """Rows with the same key in which any column differs."""
    faults: tuple[str, ...] = field(default=())
    """What kept the rows from being compared: a missing column, a key of several rows."""

    @property
    def is_same(self) -> bool:
        """Whether both sides were compared and are equal."""
        return not (self.faults or self.n_missing_here or self.n_missing_there or self.n_differing)

    def __str__(self) -> str:
        heading = f"{self.mart}: {self.n_rows} rows here, {self.n_rows_there} there, "
        if self.is_same:
            return heading + "all equal"
        lines = [
            f"{heading}{self.n_differing} differ, {self.n_missing_there} only here, "
            f"{self.n_missing_here} only there"
        ]
        lines += [f"  {fault}" for fault in self.faults]
        lines += [f"  only here: {key}" for key in self.missing_there]
        lines += [f"  only there: {key}" for key in self.missing_here]
        for column in self.columns:
            lines.append(f"  {column.name} differs in {column.n_rows} rows")
            lines += [
                f"    {key}: {here!r} here, {there!r} there" for key, here, there in column.examples
            ]
        return "\n".join(lines)


def grains() -> dict[str, list[str]]:
    """The key of each mart, from the models' descriptions."""
    described = (
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(MARTS.glob("*.yml"))
    )
    return {
        model["name"]: model["config"]["meta"]["grain"]
        for content in described
        for model in content["models"]
    }


def compare_marts(
    exports: Path, warehouse: Path, keys: Mapping[str, Sequence[str]] | None = None
) -> list[Comparison]:
    """Each mart of a folder of exports against the tables of a Spark warehouse."""
    compared = []
    for mart, key in (keys or grains()).items():
        here = exports / f"{mart}.parquet"
        there = warehouse / "marts.db" / mart
        if not here.is_file():
            raise SparkError(f"{here} is not there: build the exports first")
        if not any(there.glob("*.parquet")):
            raise SparkError(f"{there} holds no Parquet file: build the marts on Spark first")
        compared.append(compare(mart, [here], sorted(there.glob("*.parquet")), key))
    return compared


def compare(
    mart: str, here: Sequence[Path], there: Sequence[Path], key: Sequence[str]
) -> Comparison:
    """Compare two tables in Parquet files (one or several each), their rows joined by key."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, files in (("here", here), ("there", there)):
            connection.execute(
                f"create view {name} as select * from read_parquet({files_in_sql(*files)})"
            )
        types = {name: dict(described(connection, name)) for name in ("here", "there")}
        n_rows, n_rows_there = (
            one_value(connection, f"select count(*) from {name}") for name in ("here", "there")
        )
        faults = [
            f"column {column} is only {side}"
            for side, other in (("here", "there"), ("there", "here"))
            for column in types[side]
            if column not in types[other]
        ]
        columns = [column for column in types["here"] if column in types["there"]]
        faults += [
            f"{n_twice} keys hold for several rows {name}"
            for name in ("here", "there")
            if not faults and (n_twice := n_repeated(connection, name, key))
        ]
        if faults:
            return Comparison(mart, n_rows, n_rows_there, faults=tuple(faults))
        join(connection, columns, types["here"], key)
        bare = Comparison(mart, n_rows, n_rows_there)
        return with_differences(connection, bare, [c for c in columns if c not in key], key)


def described(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, str]]:
    """The columns of a view with their types."""
    return [row[:2] for row in connection.execute(f"describe {name}").fetchall()]


def n_repeated(connection: duckdb.DuckDBPyConnection, name: str, key: Sequence[str]) -> int:
    """How many keys several rows of a view share."""
    listed = ", ".join(quoted(column) for column in key)
    return one_value(
        connection,
        f"select count(*) from (select {listed} from {name} group by {listed} having count(*) > 1)",
    )


def join(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[str],
    types: Mapping[str, str],
    key: Sequence[str],
) -> None:
    """Create the table `rows`: the rows of both sides joined by key, values made comparable."""
    for name in ("here", "there"):
        values = ", ".join(f"{comparable(c, types[c])} as {quoted(c)}" for c in columns)
        connection.execute(
            f"create view {name}_values as select true as is_row, {values} from {name}"
        )
    condition = " and ".join(
        f"here_values.{quoted(c)} is not distinct from there_values.{quoted(c)}" for c in key
    )
    listed = ", ".join(
        [
            f"coalesce(here_values.{quoted(c)}, there_values.{quoted(c)}) as {quoted('key ' + c)}"
            for c in key
        ]
        + [
            f"{side}_values.{quoted(c)} as {quoted(f'{side} {c}')}"
            for side in ("here", "there")
            for c in ("is_row", *columns)
        ]
    )
    connection.execute(
        f"create table rows as select {listed} from here_values "
        f"full join there_values on {condition}"
    )


def with_differences(
    connection: duckdb.DuckDBPyConnection,
    bare: Comparison,
    columns: Sequence[str],
    key: Sequence[str],
) -> Comparison:
    """The comparison, completed with the differences that the joined rows show."""
    keys = ", ".join(quoted(f"key {c}") for c in key)

    def only(side: str) -> tuple[tuple[tuple, ...], int]:
        other = "there" if side == "here" else "here"
        found = f"from rows where {quoted(f'{other} is_row')} is null"
        shown = connection.execute(f"select {keys} {found} order by all limit {SHOWN}").fetchall()
        return tuple(shown), one_value(connection, f"select count(*) {found}")

    both = '"here is_row" and "there is_row"'
    differing = {
        c: f"{both} and {quoted(f'here {c}')} is distinct from {quoted(f'there {c}')}"
        for c in columns
    }
    found = []
    for column, condition in differing.items():
        n = one_value(connection, f"select count(*) from rows where {condition}")
        if n:
            examples = connection.execute(
                f"select {keys}, {quoted(f'here {column}')}, {quoted(f'there {column}')} "
                f"from rows where {condition} order by {keys} limit {SHOWN}"
            ).fetchall()
            shown = tuple((row[: len(key)], row[-2], row[-1]) for row in examples)
            found.append(Column(column, n, shown))
    any_column = " or ".join(f"({condition})" for condition in differing.values()) or "false"
    n_differing = one_value(connection, f"select count(*) from rows where {any_column}")
    missing_there, n_missing_there = only("here")
    missing_here, n_missing_here = only("there")
    return replace(
        bare,
        missing_there=missing_there,
        missing_here=missing_here,
        n_missing_there=n_missing_there,
        n_missing_here=n_missing_here,
        columns=tuple(found),
        n_differing=n_differing,
    )


def comparable(column: str, type_name: str) -> str:
    """The SQL of a value as it is compared: fractions to ten digits, else in the first type."""
    if type_name in ("DOUBLE", "FLOAT"):
        return f"printf('%.9e', cast({quoted(column)} as double))"
    return f"cast({quoted(column)} as {type_name})"


def quoted(name: str) -> str:
    """A column's name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'
