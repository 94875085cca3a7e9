"""What was crawled is built: the whole way from the fake Hub to the marts."""

import pytest
from crawls import served

from support import build, read


@pytest.mark.slow
def test_two_crawled_snapshots_become_marts(hub, crawl, landing, tmp_path) -> None:
    service = hub(3_000)
    assert crawl(service).code == 0
    first, renamed = service.models.oid(2_990), 2_990
    service.models.renamed[renamed] = "new-home/Renamed"
    service.models.deleted.add(2_980)
    service.models.create(20)
    service.models.age += 5
    assert crawl(service, "--new-snapshot").code == 0
    service.models.create(5)
    assert crawl(service, "--new-snapshot", "--max-pages", 4).code == 75, "unfinished: not read"
    service.models.count -= 5

    database = tmp_path / "crawled.duckdb"
    build(landing, database)
    names = {row["hub_oid"]: row["model_id"] for row in read(database, "from marts.hub_models")}
    wanted = {oid for oid, _ in served(service.models, ())}
    assert set(names) == wanted
    assert names[first] == "new-home/Renamed"
    edges = read(database, "select count(*) as n from marts.lineage_edges")[0]["n"]
    assert edges > 800
    changes = read(database, "select change, count(*) as n from marts.snapshot_changes group by 1")
    counts = {row["change"]: row["n"] for row in changes}
    assert counts["added"] == sum(service.models.is_served(n, False) for n in range(3_000, 3_020))
    assert counts["renamed"] == 1
    assert counts["removed"] == 1
