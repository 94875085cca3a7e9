"""The landing format, and that a snapshot is in the landing whole or not at all."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import pytest

from hub_lineage.errors import LandingError
from hub_lineage.landing import list_snapshots, snapshot_exists, snapshot_id_of
from loaders.landing import committing as module
from loaders.landing.committing import (
    SnapshotQuery,
    commit_items,
    commit_snapshot,
    commit_snapshots,
)

ROOT = Path(__file__).resolve().parents[3]
T0 = datetime(2026, 10, 3, 13, 19, 4)
ID = "20261003T131904Z"
FIRST = {"_id": "66f0", "id": "acme/Alpha", "downloads": 3_400_446_695}
SECOND = {"id": "acme/Beta", "cardData": {"license": "mit"}}
QUERY = """
    SELECT printf('%024x', i) AS hub_oid, 'org/' || i AS model_id,
        json_object('id', 'org/' || i) AS raw_json, CAST(i // 1000 AS INTEGER) AS page_number,
        CAST(i % 1000 AS INTEGER) AS item_number, TIMESTAMP '2026-10-03 13:19:04' AS fetched_at
    FROM range({rows}) AS numbers (i)
"""


def commit(landing: Path, query: str, **options: object) -> module.Snapshot:
    with duckdb.connect() as connection:
        return commit_snapshot(landing, T0, connection, query, source="test", **options)


# ids


@pytest.mark.parametrize(
    "moment",
    [
        T0,
        T0.replace(tzinfo=UTC),
        datetime(2026, 10, 3, 15, 19, 4, 999_999, timezone(timedelta(hours=2))),
    ],
)
def test_snapshot_id_is_the_start_in_utc(moment: datetime) -> None:
    assert snapshot_id_of(moment) == ID


# format


def test_parts_have_the_columns_of_the_contract(landing: Path, rows) -> None:
    commit_items(landing, T0, [FIRST, SECOND], source="test")
    part = landing / "hub_models" / f"snapshot_id={ID}" / "part-00000.parquet"
    with duckdb.connect() as connection:
        opened = connection.sql(f"SELECT * FROM read_parquet('{part}', hive_partitioning = false)")
        assert dict(zip(opened.columns, map(str, opened.types), strict=True)) == {
            "hub_oid": "VARCHAR",
            "model_id": "VARCHAR",
            "raw_json": "VARCHAR",
            "is_json_valid": "BOOLEAN",
            "page_number": "INTEGER",
            "item_number": "INTEGER",
            "fetched_at": "TIMESTAMP",
            "source": "VARCHAR",
        }
        compressions = connection.execute(
            f"SELECT DISTINCT compression FROM parquet_metadata('{part}')"
        ).fetchall()
    assert compressions == [("ZSTD",)]
    assert rows(landing)[0] == {
        "hub_oid": "66f0",
        "model_id": "acme/Alpha",
        "raw_json": '{"_id":"66f0","id":"acme/Alpha","downloads":3400446695}',
        "is_json_valid": True,
        "page_number": 0,
        "item_number": 0,
        "fetched_at": T0,
        "source": "test",
    }
    assert rows(landing)[1]["hub_oid"] is None


def test_manifest_says_what_the_parts_hold(landing: Path) -> None:
    snapshot = commit(landing, QUERY.format(rows=5), rows_per_part=2, details={"note": "x"})
    manifest = json.loads((snapshot.folder / "_manifest.json").read_text())
    assert manifest["schema_version"] == 1
    assert manifest["snapshot_id"] == ID
    assert manifest["started_at"] == "2026-10-03T13:19:04Z"
    assert manifest["status"] == "complete"
    assert manifest["source"] == "test"
    assert manifest["rows"] == 5
    assert manifest["details"] == {"note": "x"}
    assert list(manifest["columns"]) == list(module.COLUMNS)
    assert [(part["name"], part["rows"]) for part in manifest["parts"]] == [
        ("part-00000.parquet", 2),
        ("part-00001.parquet", 2),
        ("part-00002.parquet", 1),
    ]
    for part in manifest["parts"]:
        digest = hashlib.sha256((snapshot.folder / part["name"]).read_bytes()).hexdigest()
        assert part["sha256"] == digest


def test_manifest_names_no_folder_of_the_machine(landing: Path) -> None:
    snapshot = commit_items(landing, T0, [FIRST], source="test")
    assert str(landing.parent) not in (snapshot.folder / "_manifest.json").read_text()


def test_rows_keep_the_order_of_the_query_across_parts(landing: Path, rows) -> None:
    commit(landing, QUERY.format(rows=70_000) + " ORDER BY hash(i)", rows_per_part=9_999)
    with duckdb.connect() as connection:
        wanted = connection.execute(
            "SELECT 'org/' || i FROM range(70_000) AS numbers (i) ORDER BY hash(i)"
        ).fetchall()
    assert [row["model_id"] for row in rows(landing)] == [name for (name,) in wanted]


def test_pages_can_be_numbered_by_the_landing(landing: Path, rows) -> None:
    query = f"SELECT * EXCLUDE (page_number, item_number) FROM ({QUERY.format(rows=7)})"
    commit(landing, query, items_per_page=3, rows_per_part=4)
    assert [(row["page_number"], row["item_number"]) for row in rows(landing)] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (2, 0),
    ]  # fmt: skip


def test_fetched_at_with_a_zone_becomes_utc(landing: Path, rows) -> None:
    moment = "TIMESTAMPTZ '2026-10-03 15:19:04+02' AS fetched_at"
    query = QUERY.replace("TIMESTAMP '2026-10-03 13:19:04' AS fetched_at", moment)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'Asia/Tokyo'")
        commit_snapshot(landing, T0, connection, query.format(rows=1), source="test")
    assert rows(landing)[0]["fetched_at"] == T0


def test_texts_are_landed_byte_for_byte_and_broken_json_is_flagged(landing: Path, rows) -> None:
    texts = [
        '{"id" : "a/b", "x":1e3, "y":0.50, "n":12345678901234567890123}',
        '{"id":"a/c","x":"\\ud800"}',
        "no json",
        "[1]",
    ]
    commit_items(landing, T0, texts, source="test")
    landed = rows(landing)
    assert [row["raw_json"] for row in landed] == texts
    assert [row["model_id"] for row in landed] == ["a/b", "a/c", None, None]
    assert [row["is_json_valid"] for row in landed] == [True, False, False, True]


def test_a_source_with_a_quote_is_kept(landing: Path, rows) -> None:
    commit_items(landing, T0, [FIRST], source="it's")
    assert rows(landing)[0]["source"] == "it's"


# same input, same bytes


def test_threads_and_runs_do_not_change_the_bytes(tmp_path: Path, tree) -> None:
    seen = []
    for number, threads in enumerate((1, 2, 7)):
        with duckdb.connect() as connection:
            connection.execute(f"SET threads = {threads}")
            folder = tmp_path / str(number)
            commit_snapshot(
                folder, T0, connection, QUERY.format(rows=60_000), source="test",
                rows_per_part=25_000,
            )  # fmt: skip
            assert connection.execute("SELECT current_setting('threads')").fetchall() == [
                (threads,)
            ]
        seen.append(tree(folder))
    assert seen[0] == seen[1] == seen[2]


# what is there


def test_snapshots_are_listed_in_order_of_time(landing: Path) -> None:
    assert list_snapshots(landing) == []
    commit_items(landing, T0 + timedelta(days=7), [FIRST, SECOND], source="test")
    made = commit_items(landing, T0, [FIRST], source="test")
    listed = list_snapshots(landing)
    assert [snapshot.snapshot_id for snapshot in listed] == [ID, "20261010T131904Z"]
    assert listed[0] == made
    assert snapshot_exists(landing, ID)
    assert not snapshot_exists(landing, "20250101T000000Z")


def test_a_manifest_needs_only_id_start_and_status(landing: Path) -> None:
    folder = landing / "hub_models" / f"snapshot_id={ID}"
    folder.mkdir(parents=True)
    manifest = {"snapshot_id": ID, "started_at": "2026-10-03T13:19:04Z", "status": "running"}
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    (snapshot,) = list_snapshots(landing)
    assert (snapshot.status, snapshot.rows, snapshot.parts) == ("running", None, ())
    assert snapshot.started_at == T0.replace(tzinfo=UTC)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"status": "complete"}'])
def test_a_manifest_that_cannot_be_read_is_named(landing: Path, text: str | None) -> None:
    folder = landing / "hub_models" / f"snapshot_id={ID}"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "_manifest.json").write_text(text)
    with pytest.raises(LandingError, match=ID) as caught:
        list_snapshots(landing)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", [None, "{", "[]", "null", b"\xff"])
def test_snapshots_without_a_readable_manifest_can_be_left_out(landing: Path, text) -> None:
    made = commit_items(landing, T0 + timedelta(days=7), [FIRST], source="test")
    folder = landing / "hub_models" / f"snapshot_id={ID}"
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "_manifest.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(LandingError, match=ID):
        list_snapshots(landing)
    assert list_snapshots(landing, skip_unreadable=True) == [made]


def test_a_manifest_that_lacks_something_is_not_left_out(landing: Path) -> None:
    folder = landing / "hub_models" / f"snapshot_id={ID}"
    folder.mkdir(parents=True)
    (folder / "_manifest.json").write_text('{"status": "complete"}')
    with pytest.raises(LandingError, match=ID):
        list_snapshots(landing, skip_unreadable=True)


# refusals


def test_a_second_commit_is_refused_and_leaves_the_first(landing: Path, tree) -> None:
    commit_items(landing, T0, [FIRST], source="test")
    before = tree(landing)
    with pytest.raises(LandingError, match=rf"{ID}.*--replace"):
        commit_items(landing, T0, [SECOND], source="test")
    assert tree(landing) == before


def test_replace_puts_the_new_snapshot_in_place(landing: Path, rows) -> None:
    commit(landing, QUERY.format(rows=5), rows_per_part=1)
    commit_items(landing, T0, [SECOND], source="test", replace=True)
    assert [row["model_id"] for row in rows(landing)] == ["acme/Beta"]
    assert [path.name for path in (landing / "hub_models").iterdir()] == [f"snapshot_id={ID}"]


def test_a_snapshot_without_rows_is_refused(landing: Path) -> None:
    with pytest.raises(LandingError, match="empty"):
        commit_items(landing, T0, [], source="test")
    assert not landing.exists()


def test_a_query_without_the_columns_is_refused(landing: Path) -> None:
    with pytest.raises(LandingError, match="raw_json"):
        commit(landing, "SELECT 'a' AS hub_oid, 'b' AS model_id")
    assert not landing.exists()


def test_an_item_that_is_no_json_is_refused(landing: Path) -> None:
    with pytest.raises(LandingError, match="item"):
        commit_items(landing, T0, [{"id": "a/b", "x": float("nan")}], source="test")


def test_two_snapshots_of_one_second_are_refused(landing: Path) -> None:
    wanted = [
        SnapshotQuery(T0, QUERY.format(rows=1)),
        SnapshotQuery(T0.replace(microsecond=5), QUERY.format(rows=1)),
    ]
    with duckdb.connect() as connection, pytest.raises(LandingError, match=ID):
        commit_snapshots(landing, connection, wanted, source="test")


def test_parts_of_no_rows_are_refused(landing: Path) -> None:
    with pytest.raises(LandingError, match="rows_per_part"):
        commit(landing, QUERY.format(rows=1), rows_per_part=0)


# failures leave the landing as it was

FAILING = QUERY.replace(
    "'org/' || i AS model_id", "if(i < 40_000, 'org/' || i, error('boom')) AS model_id"
).format(rows=50_000)


@pytest.mark.parametrize("query", [FAILING, "SELECT nonsense", "no sql"])
def test_a_query_that_fails_leaves_no_trace(landing: Path, query: str) -> None:
    with pytest.raises(LandingError, match=ID) as caught:
        commit(landing, query)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value.__cause__, duckdb.Error)
    assert not landing.exists()


def test_a_query_that_fails_keeps_the_snapshot_it_was_to_replace(landing: Path, tree) -> None:
    commit_items(landing, T0, [FIRST], source="test")
    before = tree(landing)
    with pytest.raises(LandingError, match="boom"):
        commit(landing, FAILING, replace=True)
    assert tree(landing) == before


def test_of_several_snapshots_none_is_landed_when_one_fails(landing: Path, tree) -> None:
    commit_items(landing, T0, [FIRST], source="test")
    before = tree(landing)
    wanted = [
        SnapshotQuery(T0, QUERY.format(rows=2)),
        SnapshotQuery(T0 + timedelta(days=1), QUERY.format(rows=2)),
        SnapshotQuery(T0 + timedelta(days=2), FAILING),
    ]
    with duckdb.connect() as connection, pytest.raises(LandingError, match="boom"):
        commit_snapshots(landing, connection, wanted, source="test", replace=True)
    assert tree(landing) == before


@pytest.mark.parametrize("failing", range(4))
@pytest.mark.parametrize("failure", [OSError, KeyboardInterrupt])
def test_a_rename_that_fails_leaves_the_landing_as_it_was(
    landing: Path, tree, monkeypatch: pytest.MonkeyPatch, failing: int, failure: type[BaseException]
) -> None:
    commit_items(landing, T0, [FIRST], source="test")
    commit_items(landing, T0 + timedelta(days=1), [FIRST], source="test")
    before = tree(landing)
    calls = []
    rename = os.replace

    def rename_or_fail(path: Path, target: Path) -> None:
        calls.append(path)
        if len(calls) - 1 == failing:
            raise failure(28, "No space left on device")
        rename(path, target)

    monkeypatch.setattr(os, "replace", rename_or_fail)
    wanted = [
        SnapshotQuery(T0, QUERY.format(rows=2)),
        SnapshotQuery(T0 + timedelta(days=1), QUERY.format(rows=2)),
    ]
    with (
        duckdb.connect() as connection,
        pytest.raises((LandingError, KeyboardInterrupt)) as caught,
    ):
        commit_snapshots(landing, connection, wanted, source="test", replace=True)
    if isinstance(caught.value, LandingError):
        assert "No space left on device" in str(caught.value)
    assert tree(landing) == before


def test_a_landing_that_is_a_file_is_an_error_of_one_line(tmp_path: Path) -> None:
    file = tmp_path / "landing"
    file.write_text("x")
    with pytest.raises(LandingError, match="cannot be written") as caught:
        commit_items(file, T0, [FIRST], source="test")
    assert "\n" not in str(caught.value)
    assert file.read_text() == "x"


def killed(landing: Path, preparation: str) -> None:
    """Replace the snapshot in a process that kills itself where `preparation` says."""
    code = f"""
import os, pathlib, signal
from datetime import datetime
from loaders.landing import committing as landing
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
{preparation}
landing.commit_items(
    {str(landing)!r}, datetime(2026, 10, 3, 13, 19, 4), [{{"id": "new/one"}}],
    source="test", replace=True,
)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -9


def test_a_kill_while_writing_leaves_only_what_the_next_run_clears(landing: Path, rows) -> None:
    commit_items(landing, T0, [FIRST], source="test")
    killed(landing, "landing._write_manifest = die")
    assert [row["model_id"] for row in rows(landing)] == ["acme/Alpha"]
    with duckdb.connect() as connection:
        seen = connection.execute(
            f"SELECT count(*) FROM read_parquet('{landing}/hub_models/*/part-*.parquet')"
        ).fetchall()
    assert seen == [(1,)], "a part being written must match no glob over snapshots"
    commit_items(landing, T0 + timedelta(days=1), [SECOND], source="test")
    assert len(list((landing / "hub_models").iterdir())) == 2


def test_a_kill_between_the_renames_is_healed_by_the_next_run(landing: Path, tree) -> None:
    commit_items(landing, T0, [FIRST], source="test")
    before = tree(landing)
    aside = "rename = os.replace\nos.replace = lambda *a: (rename(*a), die())"
    killed(landing, aside)
    assert not snapshot_exists(landing, ID)
    with pytest.raises(LandingError, match="empty"):
        commit_items(landing, T0 + timedelta(days=1), [], source="test")
    assert tree(landing) == before


def test_a_building_folder_in_use_is_left_alone(landing: Path) -> None:
    root = landing / "hub_models"
    alive, dead = root / ".alive.building", root / ".dead.building"
    for folder in (alive, dead):
        (folder / "new").mkdir(parents=True)
    lock = os.open(alive, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        commit_items(landing, T0, [FIRST], source="test")
        assert alive.exists()
        assert not dead.exists()
    finally:
        os.close(lock)


@pytest.mark.parametrize("parts", [3, "all", [1, 2], [{"name": "part-00000.parquet"}], None])
def test_another_loaders_manifest_may_say_what_it_likes_of_parts(tmp_path, parts):
    folder = tmp_path / "hub_models" / "snapshot_id=20261003T131904Z"
    folder.mkdir(parents=True)
    manifest = {
        "snapshot_id": "20261003T131904Z",
        "started_at": "2026-10-03T13:19:04Z",
        "status": "complete",
        "rows": "many",
        "parts": parts,
    }
    (folder / "_manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (snapshot,) = list_snapshots(tmp_path)
    assert snapshot.status == "complete"
    assert snapshot.parts == ()
