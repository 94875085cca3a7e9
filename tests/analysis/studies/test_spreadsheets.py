"""No table that we write runs a formula in a spreadsheet or breaks in the middle of an id."""

import csv

import pandas as pd
import pytest

from analysis.studies import records
from analysis.studies.printed.table_formats import Table, as_csv
from hub_lineage.spreadsheets import safe_cell, safe_for_spreadsheets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=HYPERLINK(A1)", "'=HYPERLINK(A1)"),
        ("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("@SUM(1)", "'@SUM(1)"),
        ("-1+2", "'-1+2"),
        ("+1 -2", "'+1 -2"),
        ("  =1+1", "'  =1+1"),
        ("\t=1+1", r"\t=1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("owner/na\rme", r"owner/na\rme"),
        ("two\r\nlines", r"two\r\nlines"),
        ("a\x00b\u2028c", r"a\x00b\u2028c"),
        ("-0.123***", "-0.123***"),
        ("-0.12 (0.03)", "-0.12 (0.03)"),
        ("-17.4 % [-20.1, -14.6]", "-17.4 % [-20.1, -14.6]"),
        ("-0.12 to -0.03", "-0.12 to -0.03"),
        ("-1.5e-07", "-1.5e-07"),
        ("1,234", "1,234"),
        ("owner/name", "owner/name"),
        ("", ""),
    ],
)
def test_what_stands_in_a_cell(text, shown):
    assert safe_cell(text) == shown


def test_only_texts_are_made_safe():
    cells = pd.Series(["=1+1", None, -1.5, True], dtype=object)
    safe = safe_for_spreadsheets(pd.DataFrame({"mixed": cells, "number": [1, -2, 3, 4]}))
    assert safe["mixed"].tolist() == ["'=1+1", None, -1.5, True]
    assert safe["number"].tolist() == [1, -2, 3, 4]


def cells(path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_results_are_safe_as_csv_and_as_they_are_as_parquet(tmp_path):
    rows = [{"model": "=1+1", "n": -3}, {"model": "a/b\rc", "n": None}]
    records.write_table("tried", rows, tmp_path)
    assert cells(tmp_path / "tried.csv") == [["model", "n"], ["'=1+1", "-3"], [r"a/b\rc", ""]]
    from analysis.studies.result_tables import read

    assert read(tmp_path / "tried.parquet") == rows


def test_printed_tables_are_safe(tmp_path):
    table = Table("t", "Title", "model", ("n",), (("", (("-1+cmd|x", "-3"),)),), ())
    (tmp_path / "t.csv").write_text(as_csv(table))
    assert cells(tmp_path / "t.csv")[1] == ["", "'-1+cmd|x", "-3"]
