"""Both engines build the same marts from the same landing, row by row."""

import shutil

import pytest

from hub_lineage.spark.catalog import write_catalog
from hub_lineage.spark.comparing import compare_marts, grains


@pytest.mark.parametrize("landing", ["sample", "nasty"])
def test_every_mart_is_the_same_on_both_engines(built_on_both, landing):
    """The sample is built on Spark with the data tests of every model, which have to pass there."""
    compared = compare_marts(*built_on_both(landing))
    assert {comparison.mart for comparison in compared} == set(grains())
    different = [str(comparison) for comparison in compared if not comparison.is_same]
    assert not different, "\n".join(different)
    # Nothing is proven by tables without rows.
    assert not [comparison.mart for comparison in compared if not comparison.n_rows]


def test_what_is_landed_during_a_build_comes_with_the_next_one(built_on_both, spark_server):
    """Spark's tables of the landing are those of the moment when the build began."""
    from pyspark.sql import SparkSession

    exports, _ = built_on_both("nasty")
    (landing,) = exports.parent.glob("*landing*")
    asked = "select count(*) from landing.snapshot_manifests"
    # Closed while the server is there: at the end of the process its client would wait for it.
    with SparkSession.builder.remote(spark_server[0]).getOrCreate() as spark:
        before = spark.sql(asked).collect()
        assert before[0][0] > 0
        snapshot = next(landing.glob("hub_models/snapshot_id=*"))
        shutil.copytree(snapshot, snapshot.with_name("snapshot_id=20991231T000000Z"))
        write_catalog(landing)
        assert spark.sql(asked).collect() == before


HISTORICAL = {"model_metrics", "snapshot_changes", "outcomes_at_age", "growth_curves"}


def test_a_history_with_renames_and_gaps_is_the_same_on_both_engines(built_on_both):
    compared = compare_marts(*built_on_both("history"))
    different = [str(comparison) for comparison in compared if not comparison.is_same]
    assert not different, "\n".join(different)
    assert {comparison.mart for comparison in compared if comparison.n_rows} >= HISTORICAL
