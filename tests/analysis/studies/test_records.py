"""Results as tables: the same columns whatever came out."""

import duckdb
import pytest

from analysis.studies.records import ESTIMATES, inferred, write_table


def read(path):
    return duckdb.sql(f"from '{path}'")


def test_a_table_without_rows_has_all_its_columns(tmp_path):
    write_table("estimates", [], tmp_path, ESTIMATES)
    table = read(tmp_path / "estimates.parquet")
    assert table.columns == list(ESTIMATES)
    assert [str(kind).lower() for kind in table.types] == list(ESTIMATES.values())
    assert (tmp_path / "estimates.csv").read_text().split(",")[0] == "specification_id"


def test_what_a_row_lacks_is_null_and_order_is_kept(tmp_path):
    write_table("t", [{"b": 2.5}, {"a": "x", "b": 1}], tmp_path)
    assert read(tmp_path / "t.parquet").fetchall() == [(2.5, None), (1.0, "x")]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "bigint"), ([1, 2.5], "double"), ([2.5, 1], "double"), ([True], "boolean"),
        ([None, "a"], "varchar"), ([None], "varchar"), ([1, "a"], "varchar"),
        ([True, 2], "varchar"),
    ],
)  # fmt: skip
def test_types_follow_from_the_values(values, kind):
    assert inferred([{"a": value} for value in values]) == {"a": kind}


def test_the_same_rows_give_the_same_bytes(tmp_path):
    rows = [{"a": "x", "b": 0.1}] * 5
    for name in ("one", "two"):
        write_table(name, rows, tmp_path)
    for ending in ("parquet", "csv"):
        one, two = (tmp_path / f"{name}.{ending}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()
