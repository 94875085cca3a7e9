"""What is odd about a week is told in one line that names it and says what to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from hub_lineage.build import doubtful_weeks
from hub_lineage.landing import Part, Snapshot

FIRST = datetime(2025, 1, 6, tzinfo=UTC)
WHAT_TO_DO = "land the snapshot again, or remove its folder"


def week(number: int, *digests: str) -> Snapshot:
    """A complete snapshot of some week, with parts of these digests."""
    started_at = FIRST + timedelta(days=7 * number)
    name = f"{started_at:%Y%m%dT%H%M%SZ}"
    parts = tuple(Part(f"part-{place:05}.parquet", 1, text) for place, text in enumerate(digests))
    folder = Path(f"snapshot_id={name}")
    return Snapshot(name, started_at, "complete", "test", len(parts), parts, {}, folder)


@pytest.fixture
def database(tmp_path) -> Path:
    """What staging knows of two weeks of 1,000 items, in which nothing is odd."""
    path = tmp_path / "hub_lineage.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create schema staging;
            create table staging.stg_hub__snapshots as
            from (values
                ('20250106T000000Z', timestamp '2025-01-06 00:00:00', 1000),
                ('20250113T000000Z', timestamp '2025-01-13 00:00:00', 1000)
            ) as snapshots (snapshot_id, snapshot_at, n_landed_items);
            create table staging.stg_hub__versions as
            from (values
                ('20250106T000000Z', timestamp '2025-01-06 20:00:00'), ('20250113T000000Z', null)
            ) as versions (snapshot_id, created_at);
            create table staging.stg_hub__item_rejections as
            select '20250113T000000Z' as snapshot_id, 'duplicate_repository' as rejection_reason
            from range(10);
            """
        )
    return path


def test_ordinary_weeks_raise_no_doubt(database):
    """A few models that moved between two pages, and a clock that is hours off, are nothing odd."""
    assert list(doubtful_weeks(database, [week(1, "b"), week(0, "a")])) == []


def test_a_week_of_the_very_files_of_the_week_before_is_told(database):
    [line] = doubtful_weeks(database, [week(2, "a"), week(0, "a", "b"), week(1, "a", "b")])
    assert line.startswith("snapshot_id=20250113T000000Z has the very files of")
    assert "snapshot_id=20250106T000000Z" in line
    assert line.endswith(WHAT_TO_DO)


def test_weeks_may_write_their_zone_or_not(database):
    naive = replace(week(0, "a"), started_at=FIRST.replace(tzinfo=None))
    [line] = doubtful_weeks(database, [week(1, "a"), naive])
    assert line.startswith("snapshot_id=20250113T000000Z has the very files of")


def test_a_week_whose_models_were_created_after_it_is_told(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into staging.stg_hub__versions "
            "values ('20250106T000000Z', '2025-01-07 00:00:01')"
        )
    [line] = doubtful_weeks(database, [])
    assert line.startswith("snapshot_id=20250106T000000Z lists 1 model created after it")
    assert line.endswith(WHAT_TO_DO)


def test_a_week_that_names_its_models_twice_is_told(database):
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "insert into staging.stg_hub__item_rejections "
            "values ('20250113T000000Z', 'duplicate_id')"
        )
    [line] = doubtful_weeks(database, [])
    assert line.startswith("snapshot_id=20250113T000000Z names 11 models twice")
    assert line.endswith(WHAT_TO_DO)
