"""Both engines build the same marts from the same landing, row by row."""

import pytest

from hub_lineage.spark.comparing import compare_marts, grains


@pytest.mark.parametrize("landing", ["sample", "nasty"])
def test_every_mart_is_the_same_on_both_engines(built_on_both, landing):
    """The sample is built on Spark with the data tests of every model, which have to pass there."""
    compared = compare_marts(*built_on_both(landing))
    assert {comparison.mart for comparison in compared} == set(grains())
    different = [str(comparison) for comparison in compared if not comparison.is_same]
    assert not different, "\n".join(different)
    # Nothing is proven by tables without rows.
    assert [comparison.mart for comparison in compared if not comparison.n_rows] == []
