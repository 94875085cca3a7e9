"""The index in its comparable forms: percentiles by counting, intervals by resampling."""

import itertools
import math

import duckdb
import numpy as np
import pytest

from analysis.studies.index_forms import index_forms, percentile, resampled
from analysis.studies.records import INDEX_NULL
from analysis.studies.variables import open_exports

pytestmark = pytest.mark.xdist_group("studies")


@pytest.fixture(scope="module")
def exports(sample_exports):
    return open_exports(sample_exports)


@pytest.fixture(scope="module")
def forms(exports):
    return index_forms(exports, 4, 11)


def test_every_focal_with_an_index_has_one_row(exports, forms):
    expected = exports.connection.execute("""
        select model_id, mdi, n_i + n_j + n_k as n_later from disruption
        where window_name = '90d' and mdi is not null order by model_id
    """).df()
    assert forms["model_id"].tolist() == expected["model_id"].tolist()
    assert forms["mdi"].tolist() == expected["mdi"].tolist()
    assert forms["n_later"].tolist() == expected["n_later"].tolist()
    assert {*INDEX_NULL} - {*forms} == {"specification_id", "snapshot_id"}


def test_a_percentile_counts_those_below_and_half_of_those_level(exports, forms):
    traits = exports.connection.execute("select model_id, root_id from focals").df()
    rows = forms.merge(traits, on="model_id").to_dict("records")
    for kind, column in (("root_id", "percentile_in_family"),
                         ("relation", "percentile_in_relation")):  # fmt: skip
        cells = {}
        for row in rows:
            cells.setdefault((row[kind], row["quarter"]), []).append(row)
        assert any(len(cell) == 1 for cell in cells.values())
        for cell in cells.values():
            values = np.array([row["mdi"] for row in cell])
            for row in cell:
                if len(cell) == 1:
                    assert math.isnan(row[column])
                else:
                    below, level = (values < row["mdi"]).sum(), (values == row["mdi"]).sum()
                    assert row[column] == pytest.approx((below + level / 2) / len(cell))


def test_percentiles_of_a_cell_are_one_half_on_average():
    rows = "(values (1, 0.5), (1, 0.5), (1, -1.0), (1, 1.0), (2, 0.0)) as focals(cell, mdi)"
    found = duckdb.sql(f"select mdi, {percentile('cell')} as place from {rows} order by all")
    assert found.fetchall() == [(-1.0, 0.125), (0.0, None), (0.5, 0.5), (0.5, 0.5), (1.0, 0.875)]


def test_the_interval_is_the_one_of_the_report(forms):
    """Bonett and Price as the methods page spells it out."""
    for row in forms[forms["mdi"] != 0].to_dict("records"):
        n = row["n_later"]
        assert -1 <= row["interval_low"] <= row["interval_high"] <= 1
        assert row["interval_low"] < row["mdi"] or row["interval_low"] == -1
        middle = n * row["mdi"] / (n + 2)
        assert row["interval_low"] <= middle <= row["interval_high"]


@pytest.mark.parametrize("counts", [(1, 1, 2), (3, 0, 2), (0, 2, 4)])
def test_resampled_ends_are_those_of_all_samples(counts):
    """All n^n samples with replacement, their 2.5 and 97.5 % points, up to the noise of 999."""
    values = np.repeat([1, -1, 0], counts)
    every = [sum(one) / len(one) for one in itertools.product(values, repeat=len(values))]
    (low,), (high,) = resampled(np.array([counts]), 3)
    for end, share in ((low, 0.025), (high, 0.975)):
        near = np.quantile(every, [share - 0.015, share + 0.015])
        assert near[0] <= end <= near[1]


def test_focals_with_the_same_counts_have_the_same_interval_and_one_kind_has_no_spread(forms):
    rows = forms[forms["mdi"].abs() == 1]
    assert len(rows)
    assert (rows["bootstrap_low"] == rows["mdi"]).all()
    assert (rows["bootstrap_high"] == rows["mdi"]).all()
    assert (rows["interval_high"] - rows["interval_low"] > 0).all()


def test_resampling_is_a_function_of_the_seed():
    counts = np.array([[5, 3, 9], [1, 1, 1]])
    one, again, other = (resampled(counts, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    low, high = resampled(np.zeros((0, 3), dtype=np.int64), 1)
    assert len(low) == len(high) == 0
