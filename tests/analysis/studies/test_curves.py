"""The specification curve's axes: what the landing does not know is no choice, and is told."""

import pytest

from analysis.studies import curves
from analysis.studies.variables import open_exports

pytestmark = pytest.mark.xdist_group("studies")


@pytest.fixture(scope="module")
def exports(sample_exports):
    return open_exports(sample_exports)


def test_a_measure_of_prominence_that_the_landing_does_not_know_is_told_once_and_not_drawn(exports):
    rows = curves.recognition_curve(exports, 30, 1)
    unknown = [row for row in rows if row.get("order") is None]
    assert {row["prominence"] for row in unknown} == {
        "owner's likes before", "base's likes before", "base's downloads before",
    }  # fmt: skip
    for row in unknown:
        assert row["status"] == "not_run"
        assert row["reason"].endswith(f"is unknown in all {row['n_in']:,} rows")
    drawn = {row["prominence"] for row in rows if row.get("order")}
    assert len(drawn) > 3
    assert not drawn & {row["prominence"] for row in unknown}


def test_each_measure_of_prominence_makes_its_own_equation():
    made = {
        name: curves.recognition_equation(
            "any like", "log rank", "30 days", "base", "log age", name
        ).terms
        for name in curves.PROMINENCE
    }
    assert len(set(made.values())) == len(made)
    for name, columns in curves.PROMINENCE.items():
        assert set(columns) <= set(made[name])
        assert made[name][:2] == ("log_rank", "log_crowd_30")
