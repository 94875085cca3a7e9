"""Unknown in, unknown out: no derived variable of the studies turns a null into a value.

Each input column in turn is made null in some rows. What a derived column then says there has to be
null, or else what it says whatever the input is. `KNOWN_ALL_THE_SAME` lists the columns that take
an unknown for a value, and why.
"""

import re
from pathlib import Path

import duckdb
import pytest

from analysis.studies.specifications import KEYS, all_specifications, document, fitted_to
from analysis.studies.variables import SAMPLES
from hub_lineage.sql import files_in_sql
from support import REPOSITORY

INPUTS = {
    "entrants": "recognition_panel",
    "focals": "disruption_panel",
    "focal_windows": "disruption",
}
"""The mart that each view transforms. `focal_windows` reads `focals` too, which has its turn."""

WAITING = {"first_takers": "focals", "next_entrants": "entrants"}
"""Views that add waiting times to another: there an event that is not known has not come yet."""

OWN_GROUP = "clusters and fixed effects: what nobody shares is a group of its own"
CATEGORY = "unknown is a category of its own"
OF_THE_KNOWN = "the mean of those of the family that are known"
KNOWN_ALL_THE_SAME = {
    "owner": OWN_GROUP,
    "base_owner": OWN_GROUP,
    "root_id": OWN_GROUP,
    "first_parent_id": CATEGORY,
    "parent_quarter": CATEGORY,
    "size_class": CATEGORY,
    "task": CATEGORY,
    "library": CATEGORY,
    "log_size": "0 beside the dummy size_unknown, which takes its place",
    "size_unknown": CATEGORY,
    "log_window_x_size": "0 beside the dummy size_unknown, as log_size",
    "family_log_rank": OF_THE_KNOWN,
    "family_log_crowd_30": OF_THE_KNOWN,
    "family_log_age": OF_THE_KNOWN,
}
"""Derived column -> why an unknown input gives a value."""

N_ROWS, N_UNKNOWN = 24, 4

VALUES = {
    "VARCHAR": ("'finetune'", "'none'"),
    "BOOLEAN": ("true", "false"),
    "DATE": ("date '2023-01-31'", "date '2026-02-01'"),
    "TIMESTAMP": ("timestamp '2023-01-31 10:00:00'", "timestamp '2026-02-01 11:00:00'"),
}
NUMBERS = ("0", "1", "-1", "1000")


def values_of(kind: str) -> tuple[str, ...]:
    """What an input of this type is set to in turn; the second fills the gaps."""
    return VALUES.get(kind, NUMBERS)


def filled(connection: duckdb.DuckDBPyConnection, name: str, source: str) -> dict[str, str]:
    """A table of some rows of `source` in which nothing is unknown; its columns and their types."""
    described = connection.execute(f"describe from {source}").fetchall()
    types = {column: kind for column, kind, *_ in described if column != "place"}
    columns = ", ".join(
        f"coalesce({column}, max({column}) over (), cast({values_of(kind)[1]} as {kind}))"
        f" as {column}"
        for column, kind in types.items()
    )
    connection.execute(
        f"create or replace table {name} as select row_number() over () as place, {columns} "
        f"from (from {source} limit {N_ROWS})"
    )
    return types


def swallowed(
    connection: duckdb.DuckDBPyConnection, table: str, inputs: dict[str, str], derived: str
) -> set[tuple[str, str]]:
    """The (input, output) pairs in which an unknown input gives a value that the input decides.

    `derived` is a query on `varied`, the table with an input changed; it keeps the column `place`.
    """

    def rows_with(column: str, value: str) -> list[dict]:
        connection.execute(
            f"create or replace temp view varied as select * replace (case when place <= "
            f"{N_UNKNOWN} then cast({value} as {inputs[column]}) else {column} end as {column}) "
            f"from {table}"
        )
        found = connection.execute(
            f"select * exclude (place) from ({derived}) where place <= {N_UNKNOWN} order by place"
        )
        names = [one[0] for one in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    pairs = set()
    for column, kind in inputs.items():
        unknown = rows_with(column, "null")
        known = [rows_with(column, value) for value in values_of(kind)]
        for place, row in enumerate(unknown):
            for output, value in row.items():
                alternatives = {repr(rows[place][output]) for rows in known}
                if value is not None and alternatives != {repr(value)}:
                    pairs.add((column, output))
    return pairs


def on_varied(view: str) -> str:
    """A view's SQL, on the changed rows and with their `place`."""
    text = (REPOSITORY / "analysis" / "studies" / "samples" / f"{view}.sql").read_text("utf-8")
    text = re.sub(rf"\bfrom {INPUTS[view]}\b", "from varied", text)
    head, _, tail = text.rpartition("select\n")
    return f"{head}select place, {tail}"


def without_keys(view: str, types: dict[str, str]) -> dict[str, str]:
    """The columns that can be unknown."""
    return {column: kind for column, kind in types.items() if column not in KEYS[view]}


@pytest.fixture(scope="module")
def panels(sample_exports):
    """The sample's marts, one thread."""
    with duckdb.connect(config={"threads": 1}) as connection:
        for path in sorted(Path(sample_exports).glob("*.parquet")):
            connection.execute(
                f"create view mart_{path.stem} as from read_parquet({files_in_sql(path)})"
            )
        yield connection


@pytest.fixture(scope="module")
def views(panels):
    """Per view: the columns and types of a small table of its name in which nothing is unknown,
    and the pairs of input and output that swallow an unknown."""
    made = {}
    for view, mart in INPUTS.items():
        inputs = filled(panels, mart, f"mart_{mart}")
        panels.execute(f"create or replace temp view varied as from {mart}")
        panels.execute(f"create or replace table made_{view} as {on_varied(view)}")
        pairs = swallowed(panels, mart, without_keys(view, inputs), on_varied(view))
        types = filled(panels, view, f"made_{view}")
        # The next view builds on this one, and has a place of its own.
        panels.execute(f"create or replace table small_{view} as from {view}")
        panels.execute(f"alter table {view} drop column place")
        made[view] = types, pairs
    return made


WRITTEN = {
    (WAITING.get(one.view, one.view), name, sql): one.specification_id
    for one in reversed(all_specifications())
    for name, sql in one.columns.items()
}
"""Each column that a specification writes, as (view, name, SQL) -> the first that does."""


def swallowed_by(panels, views, view: str, name: str, sql: str) -> set[tuple[str, str]]:
    types, _ = views[view]
    inputs = {
        column: kind
        for column, kind in without_keys(view, types).items()
        if re.search(rf"\b{column}\b", sql)
    }
    return swallowed(panels, f"small_{view}", inputs, f"select place, {sql} as {name} from varied")


def test_every_view_has_its_turn():
    assert {*INPUTS, *WAITING} == set(SAMPLES)


@pytest.mark.parametrize("view", INPUTS)
def test_an_unknown_input_stays_unknown_through_every_column_of_a_view(views, view):
    _, pairs = views[view]
    assert {pair for pair in pairs if pair[1] not in KNOWN_ALL_THE_SAME} == set()


@pytest.mark.parametrize(
    ("view", "name", "sql"), WRITTEN, ids=[f"{WRITTEN[key]}-{key[1]}" for key in WRITTEN]
)
def test_an_unknown_input_stays_unknown_through_a_column_of_a_specification(
    panels, views, view, name, sql
):
    pairs = swallowed_by(panels, views, view, name, sql)
    assert name in KNOWN_ALL_THE_SAME or pairs == set()


def test_every_exception_is_needed(panels, views):
    """A column that keeps the unknown is held to the rule like all others."""
    pairs = set.union(*(pairs for _, pairs in views.values()))
    for view, name, sql in WRITTEN:
        if name in KNOWN_ALL_THE_SAME:
            pairs |= swallowed_by(panels, views, view, name, sql)
    assert set(KNOWN_ALL_THE_SAME) - {output for _, output in pairs} == set()


@pytest.mark.parametrize(
    "sql", ["coalesce(likes, 0)", "case when likes <= 1 then 'few' else 'many' end"]
)
def test_a_column_that_takes_an_unknown_for_a_value_is_found(panels, views, sql):
    assert swallowed_by(panels, views, "entrants", "made", sql) == {("likes", "made")}


@pytest.mark.parametrize("sql", ["likes + 1", "likes > 1 or true", "cast(likes > 1 as integer)"])
def test_a_column_that_keeps_an_unknown_or_need_not_know_it_is_let_pass(panels, views, sql):
    assert swallowed_by(panels, views, "entrants", "made", sql) == set()


def test_a_cut_outcome_is_cut_at_the_quantile_of_those_that_are_known():
    base = {"sample": "main", "view": "entrants", "outcome": "likes"}
    sql = fitted_to(document()["robustness"]["winsorised"], base)["columns"]["outcome_cut"]
    with duckdb.connect() as connection:
        connection.execute("create table given as select unnest([1, 2, 3, 100, null]) as likes")
        found = connection.execute(f"select {sql} from given").fetchall()
        [(cut,)] = connection.execute(
            "select quantile_cont(likes, 0.99) from given where likes is not null"
        ).fetchall()
    assert [value for (value,) in found] == [1, 2, 3, cut, None]
