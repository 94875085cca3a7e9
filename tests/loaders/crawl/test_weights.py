"""Tables of models whose weights were compared into the landing."""

import duckdb
import pytest

PAIRS = """child,parent,similarity,tool
acme/A,acme/base,0.98,moths
acme/A,acme/base,0.98,moths
acme/B,acme/base,inf,moths
acme/C,acme/base,high,moths
,acme/base,1,moths
acme/D,,1,moths
"""
OPTIONS = ("--source", "list", "--score", "similarity", "--tool", "tool")


def pairs(landing) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT child_id, parent_id, score, tool, source FROM '{landing}/weights/*.parquet' "
            "ORDER BY ALL"
        ).fetchall()


@pytest.fixture
def table(tmp_path):
    (tmp_path / "pairs.csv").write_text(PAIRS)
    return tmp_path / "pairs.csv"


def test_a_pair_without_a_score_is_a_pair_and_one_without_a_model_is_none(
    command, landing, table
) -> None:
    done = command("weights", table, *OPTIONS)
    assert done.code == 0
    assert "left out 2 without a child or a parent" in done.err
    assert (
        "warning: 2 of 6 values of similarity cannot be read as a number, for example high; "
        "landed as unknown" in done.err
    )
    assert pairs(landing) == [
        ("acme/A", "acme/base", 0.98, "moths", "list"),
        ("acme/B", "acme/base", None, "moths", "list"),
        ("acme/C", "acme/base", None, "moths", "list"),
    ]


def test_a_score_of_which_nothing_can_be_read_is_an_error(command, landing, tmp_path) -> None:
    (tmp_path / "pairs.csv").write_text("child,parent,similarity\nacme/A,acme/base,98 %\n")
    done = command("weights", tmp_path / "pairs.csv", "--source", "list", "--score", "similarity")
    assert (done.code, landing.exists()) == (1, False)
    assert "none of 1 value of similarity can be read as a number, for example 98 %" in done.err


def test_columns_may_have_other_names_and_scores_and_tools_may_be_missing(
    command, landing, tmp_path
) -> None:
    (tmp_path / "named.csv").write_text("model,built_from\nacme/A,acme/base\n")
    options = ("--source", "named", "--child", "model", "--parent", "built_from")
    assert command("weights", tmp_path / "named.csv", *options).code == 0
    assert pairs(landing) == [("acme/A", "acme/base", None, None, "named")]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--source", "list", "--child", "model"), 2, "--child: there is no column model"),
        (("--source", "list", "--parent", "base"), 2, "--parent: there is no column base"),
        (("--source", "list", "--score", "loss"), 2, "--score: there is no column loss"),
        (("--source", "list", "--tool", "by"), 2, "--tool: there is no column by"),
        (("--source", "../up"), 2, "--source"),
    ],
)
def test_what_cannot_be_landed_is_told_in_one_line(
    command, landing, table, options, code, said
) -> None:
    done = command("weights", table, *options)
    assert done.code == code
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert said in done.err
    assert not (landing / "weights").exists()


def test_a_table_without_a_pair_is_refused(command, landing, tmp_path) -> None:
    (tmp_path / "none.csv").write_text("child,parent\nacme/A,\n")
    done = command("weights", tmp_path / "none.csv", "--source", "list")
    assert (done.code, "there are no weights in" in done.err) == (1, True)
    assert not (landing / "weights").exists()
