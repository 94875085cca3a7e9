"""Same landing, same bytes: whatever the threads, the memory, or the order of files and rows."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from running import SAMPLE, contents, run_build, surroundings

from hub_lineage.build import MODELS_AND_SEEDS
from support import REPOSITORY, read, slow_in_group

MARTS = sorted(path.stem for path in (REPOSITORY / "models/marts").glob("*.sql"))

PLACES = ["part_number", "part_row"]
"""Where an item lies in the landing: the one thing that follows the order of its rows."""


def shuffled(source: Path, target: Path, seed: int) -> Path:
    """The same snapshots with their rows in another order, cut into other parts."""
    draw = random.Random(seed)
    for folder in source.glob("hub_models/snapshot_id=*"):
        made = target / "hub_models" / folder.name
        made.mkdir(parents=True)
        manifest = json.loads((folder / "_manifest.json").read_text())
        manifest.pop("parts", None)
        (made / "_manifest.json").write_text(json.dumps(manifest))
        with duckdb.connect() as connection:
            connection.execute(f"select setseed({draw.random()})")
            connection.execute(
                "create table items as select *, random() as place "
                f"from read_parquet('{folder}/part-*.parquet', hive_partitioning = false)"
            )
            for number in range(3):
                connection.execute(
                    "copy (select * exclude (place) from items "
                    f"where floor(place * 3) = {number} order by place) "
                    f"to '{made}/part-{number:05d}.parquet' (format parquet)"
                )
    for table in ("benchmarks", "owners", "weights"):
        shutil.copytree(source / table, target / table)
    return target


def on_one_core() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def rows(path: Path, columns: str = "*") -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(f"select {columns} from '{path}'").fetchall()


@pytest.fixture(scope="session")
def elsewise(tmp_path_factory) -> Path:
    """The exports of a shuffled landing, built on one core with one thread and little memory."""
    folder = tmp_path_factory.mktemp("elsewise")
    landing = shuffled(SAMPLE, folder / "landing", seed=20261003)
    finished = subprocess.run(
        [sys.executable, str(REPOSITORY / "build.py"), "--threads", "1", *MODELS_AND_SEEDS],
        env=surroundings(folder, landing=landing, HUB_MEMORY="600MB"),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=on_one_core if hasattr(os, "sched_setaffinity") else None,
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr
    return folder / "exports"


@slow_in_group("elsewise")
@pytest.mark.parametrize("mart", [mart for mart in MARTS if mart != "landing_rejections"])
def test_neither_threads_nor_order_reach_the_bytes(elsewise, built, mart):
    made, again = built / f"exports/{mart}.parquet", elsewise / f"{mart}.parquet"
    assert rows(made) == rows(again)
    assert made.read_bytes() == again.read_bytes()


@slow_in_group("elsewise")
def test_rejections_differ_by_their_places_alone(elsewise, built):
    columns = f"* exclude ({', '.join(PLACES)})"
    made, again = (
        rows(folder / "landing_rejections.parquet", columns)
        for folder in (built / "exports", elsewise)
    )
    assert len(made) > 10
    assert sorted(made, key=repr) == sorted(again, key=repr)


@slow_in_group("elsewise")
def test_no_file_is_left_over(elsewise, built):
    expected = {f"{mart}.parquet" for mart in MARTS}
    assert set(contents(built / "exports")) == set(contents(elsewise)) == expected


@pytest.mark.slow
def test_the_same_landing_gives_the_same_bytes(built, tmp_path):
    assert run_build(tmp_path).returncode == 0
    assert contents(tmp_path / "exports") == contents(built / "exports")


# what an export is


@pytest.mark.parametrize("mart", MARTS)
def test_an_export_is_the_mart_in_order(built, mart):
    path = built / f"exports/{mart}.parquet"
    with duckdb.connect(str(built / "hub_lineage.duckdb"), read_only=True) as connection:
        there = connection.execute(f"from hub_lineage.marts.{mart} order by all").fetchall()
        types = connection.execute(f"describe hub_lineage.marts.{mart}").fetchall()
        assert there
        assert connection.execute(f"from '{path}'").fetchall() == there
        exported = connection.execute(f"describe from '{path}'").fetchall()
    assert [column[:2] for column in exported] == [column[:2] for column in types]


@pytest.mark.parametrize("mart", MARTS)
def test_an_export_is_zstd_and_names_its_snapshot(built, mart):
    path = built / f"exports/{mart}.parquet"
    with duckdb.connect() as connection:
        codecs = connection.execute(f"select distinct compression from parquet_metadata('{path}')")
        assert codecs.fetchall() == [("ZSTD",)]
        pairs = connection.execute(
            f"select decode(key), decode(value) from parquet_kv_metadata('{path}')"
        ).fetchall()
    assert dict(pairs) == {
        "mart": mart,
        "snapshot_id": "20260903T040000Z",
        "snapshot_at": "2026-09-03 04:00:00",
    }


def test_the_database_opens_from_duckdb_1_4_on(built):
    [found] = read(
        built / "hub_lineage.duckdb",
        "select tags['storage_version'] as version from duckdb_databases() where not internal",
    )
    assert found["version"].startswith("v1.4.0")


def test_the_database_is_one_file_without_paths(built):
    assert sorted(path.name for path in built.iterdir()) == ["exports", "hub_lineage.duckdb"]
    text = (built / "hub_lineage.duckdb").read_bytes()
    assert str(REPOSITORY).encode() not in text
