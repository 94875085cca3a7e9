"""Balance, effective sizes, rounding and the table of constructs: what all designs share."""

import math
import re
import statistics

import duckdb
import pytest

from analysis.studies.designs.constructs import CONSTRUCTS
from analysis.studies.designs.potential import BASES, ROWS
from analysis.studies.designs.prepared import (
    Comparison,
    PreparedDesign,
    effective_size,
    facts_of,
    rounded,
    standardised_differences,
)
from analysis.studies.estimation.equations import Equation
from support import REPOSITORY


def compare(values, before="true", after="true", variables=("x",)):
    """Balance of rows (side, weight, x) of which `before` and `after` say which count when."""
    connection = duckdb.connect()
    connection.execute("create table t (side integer, weight double, x double)")
    if values:
        connection.executemany("insert into t values (?, ?, ?)", values)
    return standardised_differences(
        connection,
        "a_design",
        variables,
        Comparison(f"select * from t where {before}", "side"),
        Comparison(f"select * from t where {after}", "side", "weight"),
    )


def test_a_standardised_difference_divides_by_the_spread_before_in_both_columns():
    values = [(1, 1, 4.0), (1, 1, 6.0), (0, 1, 1.0), (0, 1, 5.0), (0, 3, 6.0)]
    (row,) = compare(values, after="x >= 4")
    spread = math.sqrt((statistics.variance([4, 6]) + statistics.variance([1, 5, 6])) / 2)
    assert row["standardised_difference_before"] == pytest.approx((5 - 4) / spread)
    assert row["standardised_difference_after"] == pytest.approx((5 - (5 + 3 * 6) / 4) / spread)
    assert (row["n_one"], row["n_zero"]) == (2, 2)
    assert row["effective_size_zero"] == pytest.approx(4**2 / (1 + 9))
    assert row["design"] == "a_design"


def test_no_difference_is_made_up_where_a_group_is_empty_or_nothing_varies():
    (empty,) = compare([])
    assert empty["standardised_difference_before"] is None
    assert empty["n_one"] == 0
    (constant,) = compare([(1, 1, 2.0), (0, 1, 2.0)])
    assert constant["standardised_difference_after"] is None
    assert constant["n_one"] == 1
    (one_sided,) = compare([(1, 1, 2.0), (1, 1, 3.0)])
    assert one_sided["standardised_difference_before"] is None


def test_nulls_count_neither_as_rows_nor_as_values():
    (row,) = compare([(1, 1, 4.0), (1, 1, None), (0, 1, 1.0), (0, 1, 3.0)])
    assert (row["n_one"], row["n_zero"]) == (1, 2)
    assert row["standardised_difference_before"] == pytest.approx((4 - 2) / math.sqrt((0 + 2) / 2))


def test_kishs_size_is_the_number_of_rows_only_under_equal_weights():
    facts = facts_of(
        duckdb.connect(),
        f"""
        select {effective_size("w")} as size, {effective_size("w / w")} as equal
        from (values (1.0::double), (1.0), (4.0)) as t(w)""",
    )
    assert facts == {"size": 2.0, "equal": 3.0}


def test_facts_keep_twelve_significant_digits():
    assert rounded(0.1 + 0.2) == 0.3
    assert rounded(1 / 3) == 0.333333333333
    assert rounded(7) == 7
    assert rounded(None) is None
    assert rounded(math.nan) is None


def test_terms_that_are_no_controls_are_of_interest():
    equation = Equation("likes", ("log_rank", "log_age", "log_crowd_30"))
    design = PreparedDesign("d", {"headline": equation}, {}, controls=("log_age",))
    assert design.interest("headline") == ("log_rank", "log_crowd_30")


def test_every_construct_names_columns_that_exist():
    sources = "".join(
        (REPOSITORY / path).read_text("utf-8")
        for path in (
            "analysis/studies/samples/entrants.sql",
            "analysis/studies/designs/potential.py",
        )
    )
    assert {row["construct"] for row in CONSTRUCTS} >= {
        "project",
        "potential",
        "competition",
        "investment",
        "maturation",
        "quality",
        "priority reward",
        "those who do not race",
        "instruments for competition",
    }
    for row in CONSTRUCTS:
        assert list(row) == ["construct", "there", "their_page", "here", "columns", "caveat"]
        for column in filter(None, row["columns"].split(", ")):
            assert re.search(rf"\b{column}\b", sources), column
    unmeasured = {row["construct"] for row in CONSTRUCTS if not row["columns"]}
    assert unmeasured == {"investment"}
    pages = {row["construct"]: row["their_page"] for row in CONSTRUCTS if row["their_page"]}
    assert pages == {
        "potential": "1140-1141", "competition": "1132-1133", "maturation": "1130-1131",
        "investment": "1130", "quality": "1130",
    }  # fmt: skip
    naive = next(row for row in CONSTRUCTS if row["construct"] == "naive potential")
    assert naive["caveat"].startswith("post-treatment")
    assert {BASES, ROWS} == {"potential_bases", "potential"}
