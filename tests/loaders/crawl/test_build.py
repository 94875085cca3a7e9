"""What was crawled is built: the whole way from the fake Hub to the marts."""

import json

import pytest
from crawls import run_here, served

from loaders.simulator.fake_models import Models
from support import build, read

RENAMED, VANISHED, REMADE, CHILD, PARENT = 2_990, 2_980, 2_970, 2_960, 2_950


@pytest.fixture(scope="module")
def models() -> Models:
    """A child names its parent by a name from before the first crawl, as one of many owners."""
    models = Models(3_000, age=9)
    old, models.renamed[PARENT] = models.name(PARENT), "new-home/Parent"
    item = {"_id": models.oid(CHILD), "id": models.name(CHILD), "tags": [f"base_model:{old}"]}
    models.replaced[CHILD] = json.dumps(item)
    return models


@pytest.mark.slow
def test_crawled_snapshots_become_marts(hub, crawl, command, models, landing, tmp_path, capsys):
    service = hub(models)
    assert crawl(service).code == 0
    name_made_again = models.name(REMADE)
    models.renamed[RENAMED] = "new-home/Renamed"
    models.deleted |= {VANISHED, REMADE}
    (again, *_) = models.create(20)
    models.renamed[again] = name_made_again
    models.age = 5
    assert crawl(service, "--new-snapshot").code == 0
    looked_up = run_here(
        capsys, "resolve-parents", "--endpoint", service.url, "--landing", landing,
        "--min-children", 1,
    )  # fmt: skip
    assert looked_up.code == 0
    models.create(5)
    assert crawl(service, "--new-snapshot", "--max-pages", 4).code == 75, "unfinished: not read"
    models.count -= 5

    database = tmp_path / "hub_lineage.duckdb"
    build(landing, database)
    names = {row["hub_oid"]: row["model_id"] for row in read(database, "from marts.hub_models")}
    assert set(names) == {oid for oid, _ in served(models, ())}
    assert names[models.oid(RENAMED)] == "new-home/Renamed"
    assert names[models.oid(again)] == name_made_again

    edges = read(database, "select child_id, parent_id, is_parent_listed from marts.lineage_edges")
    assert len(edges) > 800
    wanted = {"parent_id": "new-home/Parent", "is_parent_listed": True}
    assert {"child_id": models.name(CHILD)} | wanted in edges, "the Hub's redirect says who it is"

    changes = read(database, "select change, model_id, before from marts.snapshot_changes")
    told = {change: [row for row in changes if row["change"] == change] for change in
            {row["change"] for row in changes}}  # fmt: skip
    added = sum(models.is_served(n, False) for n in range(3_000, 3_020) if n != again)
    assert {change: len(rows) for change, rows in told.items()} == {
        "added": added, "removed": 1, "renamed": 1, "recreated": 1,
    }  # fmt: skip
    assert told["renamed"][0]["model_id"] == "new-home/Renamed"
    assert told["recreated"][0]["model_id"] == name_made_again
    assert told["removed"][0]["before"] == models.name(VANISHED)

    metrics = read(
        database,
        "select is_counter_reset, downloads_change from marts.model_metrics "
        f"where hub_oid = '{models.oid(RENAMED)}' order by snapshot_id",
    )
    assert [tuple(row.values()) for row in metrics] == [(False, None), (True, -4)]
