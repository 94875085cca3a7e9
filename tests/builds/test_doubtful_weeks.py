"""What is odd about a week is told in one line that names it and says what to do."""

from pathlib import Path

import duckdb
import pytest

from hub_lineage.build import doubtful_weeks

FIRST, SECOND = "20250106T000000Z", "20250113T000000Z"
WHAT_TO_DO = "land the snapshot again, or remove its folder"


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
                ('20250106T000000Z', null, timestamp '2025-01-06 00:00:00', 1000),
                ('20250113T000000Z', '20250106T000000Z', timestamp '2025-01-13 00:00:00', 1000)
            ) as snapshots (snapshot_id, previous_snapshot_id, snapshot_at, n_landed_items);
            create table staging.stg_hub__versions as
            from (values
                ('20250106T000000Z', timestamp '2025-01-13 20:00:00'), ('20250113T000000Z', null)
            ) as versions (snapshot_id, created_at);
            create table staging.stg_hub__sightings as
            select
                snapshot_id, repository_key, 5 as downloads, 90 as downloads_all_time,
                null::bigint as likes, 0.5 as trending_score
            from range(990) as repositories (repository_key)
            cross join staging.stg_hub__snapshots;
            create table staging.stg_hub__turns as select '20250113T000000Z' as snapshot_id;
            create table staging.stg_hub__item_rejections as
            select '20250113T000000Z' as snapshot_id, 'duplicate_repository' as rejection_reason
            from range(10);
            """
        )
    return path


@pytest.fixture
def told(database):
    """What is told after some statements."""

    def run(*statements: str) -> list[str]:
        with duckdb.connect(str(database)) as connection:
            for statement in statements:
                connection.execute(statement)
        return list(doubtful_weeks(database))

    return run


def test_ordinary_weeks_raise_no_doubt(told):
    """A few models move between two pages, and the archive names a week after its first day."""
    assert told() == []


def test_a_week_that_repeats_the_week_before_is_told(told):
    """The same file under another day: no model says anything new, and no counter has moved."""
    [line] = told("delete from staging.stg_hub__turns")
    assert line.startswith(f"snapshot_id={SECOND} repeats snapshot_id={FIRST} in everything")
    assert line.endswith(WHAT_TO_DO)


@pytest.mark.parametrize("counter", ["downloads", "downloads_all_time", "likes", "trending_score"])
def test_a_week_in_which_one_counter_moves_repeats_none(told, counter):
    moved = f"""
        update staging.stg_hub__sightings set {counter} = 7
        where snapshot_id = '{SECOND}' and repository_key = 3
        """
    assert told("delete from staging.stg_hub__turns", moved) == []


def test_a_week_that_is_cut_short_is_told(told):
    """A hundred may leave a small Hub from one week to the next, and one in twenty a large one."""
    holds = "update staging.stg_hub__snapshots set n_landed_items = {} where snapshot_id = '{}'"
    assert told(holds.format(1_100, FIRST)) == []
    [line] = told(holds.format(1_101, FIRST))
    assert line.startswith(f"snapshot_id={SECOND} has 1,000 items, where snapshot_id={FIRST} has")
    assert line.endswith(WHAT_TO_DO)
    assert told(holds.format(10_000, FIRST), holds.format(9_500, SECOND)) == []
    assert told(holds.format(20_000, SECOND)) == []


def test_a_week_whose_models_were_created_after_it_is_told(told):
    [line] = told(
        "insert into staging.stg_hub__versions values ('20250106T000000Z', '2025-01-14 00:00:01')"
    )
    assert line.startswith(f"snapshot_id={FIRST} lists 1 model created more than a week after it")
    assert line.endswith(WHAT_TO_DO)


def test_a_week_that_names_its_models_twice_is_told(told):
    [line] = told(
        "insert into staging.stg_hub__item_rejections values ('20250113T000000Z', 'duplicate_id')"
    )
    assert line.startswith(f"snapshot_id={SECOND} names 11 models twice")
    assert line.endswith(WHAT_TO_DO)
