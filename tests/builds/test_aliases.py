"""Redirects that were looked up on the Hub resolve parents that nothing else explains."""

import duckdb
import pytest
from running import PART_WITHOUT_TESTS

from support import dbt, item, read, write_landing


@pytest.mark.xdist_group("aliases")
def test_a_redirect_leads_from_an_old_name_to_the_listed_model(tmp_path):
    items = [
        item("acme/present", "2025-01-01"),
        item("lab/tune", "2025-02-01", declared=["acme/old-name"]),
        item("lab/other", "2025-03-01", declared=["acme/never-looked-up"]),
    ]
    landing = write_landing(tmp_path / "landing", {"20261003T131904Z": items})
    (landing / "hub_aliases").mkdir()
    duckdb.sql("""
        select
            'acme/Old-Name' as alias, 'acme/present' as model_id, 'renamed' as outcome,
            1 as n_children, timestamp '2026-10-04' as resolved_at, 'hub_api' as source
    """).write_parquet(str(landing / "hub_aliases" / "aliases.parquet"))
    database = tmp_path / "hub_lineage.duckdb"
    chosen = (*PART_WITHOUT_TESTS, "--select", "+lineage_edges")
    dbt("build", *chosen, landing=landing, database=database)
    edges = read(
        database,
        "select child_id, parent_id, is_parent_listed from marts.lineage_edges order by child_id",
    )
    assert edges == [
        {
            "child_id": "lab/other",
            "parent_id": "acme/never-looked-up",
            "is_parent_listed": False,
        },
        {"child_id": "lab/tune", "parent_id": "acme/present", "is_parent_listed": True},
    ]
    learned = read(database, "select learned_from from intermediate.int_names_learned")
    assert learned == [{"learned_from": "hub_redirect"}]
