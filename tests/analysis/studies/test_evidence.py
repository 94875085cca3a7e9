"""Precision and recall of each phase of evidence, on models whose parents are known."""

from pathlib import Path

import duckdb
import pytest

from analysis.studies.evidence import SETS, markdown, measure
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports

EDGES = [
    ("q/right-gguf", "O/Base", ["name"]),
    ("q/Short", "org/Base-7B", ["typed_tag", "card"]),
    ("q/wrong", "org/other", ["card"]),
    ("q/nothing", "org/base", ["name"]),
    ("q/told", "Qwen/Qwen2.5-1.5B", ["name"]),
    ("q/untold", "org/base", ["name"]),
    ("q/merge", "a/one", ["card"]),
    ("q/merge", "c/three", ["card"]),
    ("q/nobody-labelled", "org/base", ["name"]),
]
LABELS = """model_id,parents
Q/right-GGUF,o/base
q/short,base-7b
q/wrong,org/right
q/nothing,
q/told,exported from Qwen2.5-1.5B using a tool.
q/untold,Unknown
q/merge,a/one;b/two
q/found-by-nobody,"o/base, o/more"
q/not-listed,o/base
"""


@pytest.fixture
def labels(tmp_path) -> Path:
    (tmp_path / "labels.csv").write_text(LABELS)
    return tmp_path / "labels.csv"


@pytest.fixture
def exports() -> Exports:
    connection = duckdb.connect()
    connection.execute(
        "create table lineage_edges (child_id varchar, parent_id varchar, evidence varchar[])"
    )
    connection.executemany("insert into lineage_edges values (?, ?, ?)", EDGES)
    connection.execute(
        """
        create table hub_models as
        select distinct child_id as model_id from lineage_edges
        union all select 'q/found-by-nobody'
        """
    )
    return Exports(connection, Path("nowhere"), "20260910T040000Z", "f" * 64)


def counted(rows: list[dict]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row["phases"], row["measure"]): (row["n_right"], row["n"]) for row in rows}


def test_an_edge_is_right_where_its_parent_is_among_the_labels(exports, labels):
    found = counted(measure(exports, labels))
    # right-gguf and the told one; one that was built from nothing; the untold one is not judged.
    assert found["name", "precision"] == (2, 3)
    # A name without an owner is the model's; of the merge one of two is right.
    assert found["card", "precision"] == (2, 4)
    assert found["typed_tag", "precision"] == (1, 1)
    assert found["hub", "precision"] == (0, 0)


def test_a_derived_model_is_found_by_one_right_parent(exports, labels):
    found = counted(measure(exports, labels))
    # All labelled and listed but the one built from nothing; unreadable labels count as not found.
    assert found["name", "recall"] == (2, 7)
    assert found["declared", "recall"] == (2, 7)
    assert found["declared and name", "recall"] == (4, 7)
    assert found["all", "recall"] == (4, 7)


def test_the_table_says_whom_it_is_about(exports, labels):
    rows = measure(exports, labels, "somebody's models")
    assert [row["phases"] for row in rows[::2]] == list(SETS)
    assert {row["population"] for row in rows} == {"somebody's models"}
    assert {(row["n_labelled"], row["n_derived"], row["n_unreadable"], row["n_not_listed"])
            for row in rows} == {(9, 8, 2, 1)}  # fmt: skip
    text = markdown(rows)
    assert "9 labelled models (somebody's models), 1 of them not in this landing" in text
    assert "| name | 3 | 2 | 66.7 % (no interval: 1 owner, fewer than 10) | 7 | 2 |" in text


def test_owners_are_the_draws_of_the_intervals(exports, labels):
    """The same shares over twelve owners instead of one have an interval."""
    labels.write_text(LABELS + "".join(f"o{number}/x,o/base\n" for number in range(12)))
    exports.connection.execute(
        "insert into hub_models select 'o' || number || '/x' from range(12) as t (number)"
    )
    exports.connection.execute(
        "insert into lineage_edges "
        "select 'o' || number || '/x', 'o/base', ['name'] from range(12) as t (number)"
    )
    (row,) = [
        row for row in measure(exports, labels)
        if (row["phases"], row["measure"]) == ("name", "precision")
    ]  # fmt: skip
    assert row["estimate"] == pytest.approx(14 / 15)
    assert row["interval_low"] < row["estimate"] < row["interval_high"]
    assert row["n_owners"] == 13


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model,parents\nq/short,o/base\n", "columns model_id and parents"),
        ("model_id,parents\nsomebody/else,o/base\n", "none of the models"),
        ("model_id,parents\nq/Short,o/base\nq/short,o/base\n", "appears twice"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(exports, labels, text, said):
    labels.write_text(text)
    with pytest.raises(StudyError, match=said):
        measure(exports, labels)


def test_labels_that_are_not_there_are_refused(exports, tmp_path):
    with pytest.raises(StudyError, match="cannot be read"):
        measure(exports, tmp_path / "none.parquet")
