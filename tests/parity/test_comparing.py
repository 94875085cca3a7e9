"""A difference between two marts is found and named, whatever it is."""

from pathlib import Path

import duckdb
import pytest

from hub_lineage.spark.comparing import Comparison, compare

ROWS = """
    select * from (values
        ('a', 1, 0.1::double, true, timestamp '2025-01-01 00:00:00.5', ['x', 'y']),
        ('b', 2, 0.2, false, null, []),
        ('c', null, null, null, timestamp '2025-01-02', null)
    ) as rows (id, n, share, flag, moment, words)
"""


@pytest.fixture
def compared(tmp_path):
    """Compares the rows above with another query's."""

    def run(sql: str) -> Comparison:
        here, there = tmp_path / "here.parquet", tmp_path / "there.parquet"
        write(ROWS, here)
        write(sql, there)
        return compare("mart", [here], [there], ["id"])

    return run


def write(sql: str, path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"copy ({sql}) to '{path}' (format parquet)")


def test_equal_rows_in_another_order_and_other_widths_are_the_same(compared):
    found = compared(f"""
        select id, n::bigint as n, share, flag, moment::timestamptz as moment, words
        from ({ROWS}) order by id desc
    """)
    assert found.is_same
    assert str(found) == "mart: 3 rows here, 3 there, all equal"


def test_the_last_digits_of_a_fraction_are_not_compared(compared):
    assert compared(f"select * replace (share + 1e-15 as share) from ({ROWS})").is_same
    assert not compared(f"select * replace (share + 1e-9 as share) from ({ROWS})").is_same


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("n", "coalesce(n, 0)"),
        ("n", "case when id = 'b' then 3 else n end"),
        ("share", "case when id = 'a' then -0.1 else share end"),
        ("flag", "coalesce(flag, false)"),
        ("moment", "date_trunc('second', moment)"),
        ("words", "coalesce(words, [])"),
        ("words", "list_reverse(words)"),
    ],
)
def test_another_value_is_named_by_column_and_row(compared, column, value):
    found = compared(f"select * replace ({value} as {column}) from ({ROWS})")
    assert [c.name for c in found.columns] == [column]
    assert found.n_differing == 1
    [[(key,), here, there]] = found.columns[0].examples
    assert f"('{key}',): {here!r} here, {there!r} there" in str(found)


def test_a_missing_row_and_a_row_too_many_are_named(compared):
    found = compared(
        f"select * replace (case id when 'c' then 'd' else id end as id) from ({ROWS})"
    )
    assert (found.missing_there, found.missing_here) == ((("c",),), (("d",),))
    assert not found.is_same


def test_a_doubled_row_is_a_fault(compared):
    found = compared(f"from ({ROWS}) union all (from ({ROWS}) limit 1)")
    assert found.faults == ("1 keys hold for several rows there",)


def test_a_missing_column_and_one_too_many_are_faults(compared):
    found = compared(f"select * exclude (n), n as m from ({ROWS})")
    assert found.faults == ("column n is only here", "column m is only there")
