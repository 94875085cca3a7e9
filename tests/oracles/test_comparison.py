"""The comparison itself: it finds every kind of difference, and says enough to repeat it."""

import pytest

from oracles import definitions
from oracles.comparison import assert_same, by_key, differences
from oracles.graphs import random_graph

GRAPH = random_graph(17)
EXPECTED = definitions.release_races(GRAPH.lineage)
EDGE = next(edge for edge, row in EXPECTED.items() if row["release_percentile"])


def actual_with(**changes):
    return EXPECTED | {EDGE: EXPECTED[EDGE] | changes}


def test_equal_rows_pass_whatever_columns_the_mart_has_besides():
    assert differences(EXPECTED, actual_with(another_column=1)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"release_rank": EXPECTED[EDGE]["release_rank"] + 1},
        {"release_rank": None},
        {"release_percentile": EXPECTED[EDGE]["release_percentile"] + 1e-9},
        {"is_first": None},
    ],
)
def test_one_changed_value_is_one_difference(changes):
    assert [key for key, _ in differences(EXPECTED, actual_with(**changes))] == [EDGE]


def test_a_null_by_definition_must_be_null_in_the_mart():
    assert differences({("a",): {"mdi": None}}, {("a",): {"mdi": 0.0}})
    assert differences({("a",): {"mdi": None}}, {("a",): {}})


def test_missing_rows_and_rows_too_many_are_differences():
    fewer = {edge: row for edge, row in EXPECTED.items() if edge != EDGE}
    assert differences(EXPECTED, fewer) == [(EDGE, "no such row in the mart")]
    assert differences(fewer, EXPECTED) == [(EDGE, "not a row by the definitions")]


def test_the_message_shows_the_row_and_the_whole_graph():
    with pytest.raises(AssertionError) as failure:
        assert_same(EXPECTED, actual_with(release_rank=99), {GRAPH.name: GRAPH}, "release_races")
    message = str(failure.value)
    assert "release_rank is 99, by definition" in message
    assert str(GRAPH) in message


def test_a_grain_that_holds_twice_fails():
    with pytest.raises(AssertionError, match="two rows"):
        by_key([{"model_id": "a"}, {"model_id": "a"}], ["model_id"])
