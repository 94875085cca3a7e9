"""The weekly archive in one call: `models/<day>/models.parquet`, columns as each week had them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from hub_lineage.landing import list_snapshots
from loaders.__main__ import main
from support import REPOSITORY, build, read

# The first week has neither cards nor all-time downloads, the second has them, the third has
# structs instead of tags alone and no `gated`; types change as they did in the public archive.
FIRST = """
    SELECT '66f0' AS _id, 'a/Base' AS id, 'a' AS author, false AS gated, 10 AS downloads,
        TIMESTAMP_NS '2024-07-01 10:00:00' AS "createdAt", ['en', 'license:mit'] AS tags
    UNION ALL BY NAME
    SELECT '66f1' AS _id, 'a/Child' AS id, 'a' AS author, false AS gated, 5 AS downloads,
        TIMESTAMP_NS '2024-07-20 10:00:00.5' AS "createdAt",
        ['base_model:a/Base', 'base_model:finetune:a/Base'] AS tags
"""
SECOND = """
    SELECT '66f0' AS _id, 'a/Base' AS id, 'manual' AS gated, 20 AS downloads,
        3400446695 AS "downloadsAllTime", 7 AS "trendingScore",
        TIMESTAMPTZ '2024-07-01 12:00:00+02' AS "createdAt", ['en', 'license:mit'] AS tags,
        '{"license": "mit", "note": 1e3}' AS "cardData"
    UNION ALL BY NAME
    SELECT '66f1' AS _id, 'a/Renamed' AS id, 'false' AS gated, 3 AS downloads,
        90 AS "downloadsAllTime", 0 AS "trendingScore",
        TIMESTAMPTZ '2024-07-20 10:00:00.5Z' AS "createdAt",
        ['base_model:a/Base', 'base_model:finetune:a/Base'] AS tags,
        '{"base_model": ["a/Base"]}' AS "cardData"
    UNION ALL BY NAME
    SELECT '66f2' AS _id, 'b/Late' AS id, 'false' AS gated, 1 AS downloads,
        1 AS "downloadsAllTime", 0 AS "trendingScore",
        TIMESTAMPTZ '2025-03-08 10:00:00Z' AS "createdAt", NULL::VARCHAR[] AS tags
"""
THIRD = """
    SELECT '66f1' AS _id, 'a/Renamed' AS id, 4 AS downloads, 80 AS "downloadsAllTime",
        0.5::DOUBLE AS "trendingScore", TIMESTAMP_MS '2024-07-20 10:00:00.5' AS "createdAt",
        ['base_model:a/Base', 'base_model:finetune:a/Base'] AS tags,
        '{"base_model": ["a/Base"]}' AS "cardData",
        {'models': [{'_id': '66f0', 'id': 'a/Base'}], 'relation': 'finetune'} AS "baseModels",
        {'parameters': {'F32': 5, 'BF16': NULL::BIGINT}, 'total': 5} AS safetensors,
        ['README.md'] AS siblings, '{"model_type": "llama"}' AS config
    UNION ALL BY NAME
    SELECT '66f3' AS _id, 'b/Late' AS id, 2 AS downloads, 2 AS "downloadsAllTime",
        2::DOUBLE AS "trendingScore", TIMESTAMP_MS '2025-09-01 00:00:00' AS "createdAt"
"""
ARCHIVE = {"2024-07-24": FIRST, "2025-03-05": SECOND, "2025-09-24": THIRD}
IDS = ["20240724T000000Z", "20250305T000000Z", "20250924T000000Z"]


@pytest.fixture
def archive(tmp_path: Path) -> Callable[..., Path]:
    """Write weeks as the public archive has them, and return its `models` folder."""

    def _archive(weeks: dict[str, str] = ARCHIVE, name: str = "models.parquet") -> Path:
        for week, select in weeks.items():
            folder = tmp_path / "archive" / "models" / week
            folder.mkdir(parents=True, exist_ok=True)
            with duckdb.connect() as connection:
                connection.execute(f"COPY ({select}) TO '{folder / name}' (FORMAT parquet)")
        return tmp_path / "archive" / "models"

    return _archive


@pytest.fixture
def load(landing: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Import files by their folders and return exit code, stdout and stderr."""

    def _load(*arguments: object, into: Path = landing) -> tuple[int, str, str]:
        command = ["import", *map(str, arguments), "--as-of-folder", "--landing", str(into)]
        try:
            code = main(command)
        except SystemExit as stop:
            code = stop.code
        return code, *capsys.readouterr()

    return _load


@pytest.fixture
def refused(load, landing: Path, tree) -> Callable[..., str]:
    """Import what has to fail in one line and leave the landing as it is."""

    def _refused(*arguments: object, code: int) -> str:
        before = tree(landing)
        got, out, err = load(*arguments)
        assert (got, out, len(err.splitlines())) == (code, "", 1), err
        assert err.startswith("error: ")
        assert tree(landing) == before
        assert landing.exists() == bool(before)
        return err

    return _refused


def items(rows, landing: Path, snapshot_id: str) -> list[dict]:
    return [json.loads(row["raw_json"], parse_float=str) for row in rows(landing, snapshot_id)]


# what is landed


def test_every_week_becomes_a_snapshot_of_its_day(load, archive, landing) -> None:
    code, out, err = load(archive() / "*" / "models.parquet", "--source", "hub_weekly")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"snapshot {IDS[0]}: 2 models in 1 part",
        f"snapshot {IDS[1]}: 3 models in 1 part",
        f"snapshot {IDS[2]}: 2 models in 1 part",
    ]
    snapshots = list_snapshots(landing)
    assert [one.started_at.date().isoformat() for one in snapshots] == list(ARCHIVE)
    assert {(one.status, one.source) for one in snapshots} == {("complete", "hub_weekly")}
    assert snapshots[1].details["files"] == ["2025-03-05/models.parquet"]


def test_each_week_keeps_the_columns_and_types_it_has(load, archive, landing, rows) -> None:
    load(archive() / "*" / "models.parquet")
    lineage = ["base_model:a/Base", "base_model:finetune:a/Base"]
    assert items(rows, landing, IDS[0]) == [
        {
            "_id": "66f0", "id": "a/Base", "author": "a", "gated": False, "downloads": 10,
            "createdAt": "2024-07-01T10:00:00.000Z", "tags": ["en", "license:mit"],
        },
        {
            "_id": "66f1", "id": "a/Child", "author": "a", "gated": False, "downloads": 5,
            "createdAt": "2024-07-20T10:00:00.500Z", "tags": lineage,
        },
    ]  # fmt: skip
    base, renamed, late = items(rows, landing, IDS[1])
    assert base == {
        "_id": "66f0", "id": "a/Base", "gated": "manual", "downloads": 20,
        "downloadsAllTime": 3400446695, "trendingScore": 7,
        "createdAt": "2024-07-01T10:00:00.000Z", "tags": ["en", "license:mit"],
        "cardData": {"license": "mit", "note": "1e3"},
    }  # fmt: skip
    assert renamed["cardData"] == {"base_model": ["a/Base"]}
    assert "tags" not in late, "a null is an absent key"
    assert items(rows, landing, IDS[2])[0] == {
        "_id": "66f1", "id": "a/Renamed", "downloads": 4, "downloadsAllTime": 80,
        "trendingScore": "0.5", "createdAt": "2024-07-20T10:00:00.500Z", "tags": lineage,
        "cardData": {"base_model": ["a/Base"]},
        "baseModels": {"models": [{"_id": "66f0", "id": "a/Base"}], "relation": "finetune"},
        "safetensors": {"parameters": {"F32": 5}, "total": 5},
        "siblings": ["README.md"], "config": {"model_type": "llama"},
    }  # fmt: skip
    assert [row["hub_oid"] for row in rows(landing, IDS[2])] == ["66f1", "66f3"]
    assert {row["fetched_at"] for row in rows(landing, IDS[2])} == {datetime(2025, 9, 24)}


def test_one_call_lands_the_bytes_of_a_call_per_week(load, archive, landing, tmp_path) -> None:
    """No week's columns may reach into another's: not their names, not their types."""
    folder = archive()
    assert load(folder / "*" / "models.parquet")[0] == 0
    for week in ARCHIVE:
        file = str(folder / week / "models.parquet")
        command = ["import", file, "--as-of", week, "--landing", str(tmp_path / "single")]
        assert main(command) == 0
    together, apart = list_snapshots(landing), list_snapshots(tmp_path / "single")
    assert [one.parts for one in together] == [one.parts for one in apart]
    assert len(together) == 3


def test_the_order_of_the_files_does_not_matter(load, archive, landing, tmp_path, tree) -> None:
    files = [archive() / week / "models.parquet" for week in ARCHIVE]
    assert load(*files)[0] == load(*files[::-1], into=tmp_path / "other")[0] == 0
    assert tree(landing) == tree(tmp_path / "other")


def test_the_files_of_one_folder_are_one_snapshot(load, archive, landing, rows) -> None:
    archive({"2024-07-24": FIRST}, "models-0.parquet")
    folder = archive({"2024-07-24": SECOND}, "models-1.parquet")
    assert load(folder / "*" / "*.parquet")[0] == 0
    assert len(items(rows, landing, IDS[0])) == 5


def test_a_folder_may_bear_the_id_of_a_snapshot(load, archive) -> None:
    folder = archive({"20261003T131904Z": FIRST})
    assert "snapshot 20261003T131904Z: " in load(folder / "*" / "*.parquet")[1]


def test_links_into_a_cache_are_dated_by_the_folder_of_the_link(load, archive, tmp_path) -> None:
    """As huggingface_hub's cache has it: the files are blobs elsewhere."""
    file = archive({"blobs": FIRST}) / "blobs" / "models.parquet"
    week = tmp_path / "snapshots" / "models" / "2024-07-24"
    week.mkdir(parents=True)
    (week / "models.parquet").symlink_to(file)
    assert f"snapshot {IDS[0]}: " in load(week / "models.parquet")[1]


def test_a_file_beside_the_caller_is_dated_by_the_folder_he_is_in(
    load, archive, monkeypatch
) -> None:
    monkeypatch.chdir(archive({"2024-07-24": FIRST}) / "2024-07-24")
    assert f"snapshot {IDS[0]}: " in load("models.parquet")[1]


def test_a_map_takes_the_column_where_there_is_one(load, archive, landing, rows) -> None:
    weeks = {
        "2024-07-24": "SELECT 'a/b' AS id",
        "2024-07-31": "SELECT 'a/b' AS id, 'x/y' AS parent",
    }
    code, _, err = load(archive(weeks) / "*" / "*", "--map", "parent=cardData.base_model")
    assert (code, err) == (0, "")
    assert items(rows, landing, "20240724T000000Z") == [{"id": "a/b"}]
    assert items(rows, landing, "20240731T000000Z") == [
        {"id": "a/b", "cardData": {"base_model": "x/y"}}
    ]


def test_what_is_odd_in_any_week_is_said_once(load, archive) -> None:
    weeks = {
        "2024-07-24": "SELECT 'a/b' AS id, 1 AS slug UNION ALL SELECT NULL, 2",
        "2024-07-31": "SELECT 'a/b' AS id, 1 AS slug, 2 AS other UNION ALL SELECT NULL, 2, 3",
    }
    code, _, err = load(archive(weeks) / "*" / "*")
    assert code == 0
    assert err.splitlines() == [
        "notice: kept under their own names, as the Hub's API has no such field: slug, other",
        "warning: skipped 2 rows without an id",
    ]


def test_a_week_that_repeats_the_one_before_is_said(load, archive) -> None:
    """The archive takes the last commit before a week's end, which may be that of a week before."""
    weeks = {"2024-07-24": FIRST, "2024-07-31": FIRST, "2024-08-07": SECOND}
    code, out, err = load(archive(weeks) / "*" / "*")
    assert (code, len(out.splitlines()), len(err.splitlines())) == (0, 3, 1)
    assert "2024-07-31/models.parquet is byte for byte " in err


def test_a_week_that_names_a_model_twice_is_said(load, archive) -> None:
    """Whatever the case of its letters; the other weeks are nothing odd."""
    again = "UNION ALL BY NAME SELECT '66f9' AS _id, 'A/base' AS id, 3 AS downloads"
    code, out, err = load(archive({**ARCHIVE, "2025-03-05": f"{SECOND} {again}"}) / "*" / "*")
    assert (code, len(out.splitlines())) == (0, 3)
    assert err.splitlines() == [
        "warning: snapshot 20250305T000000Z: 1 row names a model that another row names, of which "
        "one counts: take the others out and import it with --replace"
    ]


# what is refused


@pytest.mark.parametrize(
    "name",
    ["models", "2026-02-30", "2026-9-3", "2026", "20260930", "30-09-2026", "2026-09-30 (copy)",
     "week=2026-09-30", "\u0662\u0660\u0662\u0666-\u0660\u0669-\u0663\u0660", "0999-01-01"],
)  # fmt: skip
def test_a_folder_that_names_no_day_is_refused(refused, archive, name) -> None:
    folder = archive({"2024-07-24": FIRST, name: FIRST})
    line = refused(folder / "*" / "models.parquet", code=2)
    assert "lies in no folder named after a day, such as 2026-09-30" in line
    assert name in line


def test_two_folders_of_one_day_are_refused(refused, archive, tmp_path) -> None:
    folder = archive({"2024-07-24": FIRST})
    other = tmp_path / "archive" / "datasets"
    folder.rename(other)
    folder = archive({"2024-07-24": FIRST})
    line = refused(tmp_path / "archive" / "*" / "*" / "*.parquet", code=2)
    assert f"{other}/2024-07-24 and {folder}/2024-07-24 are both of 2024-07-24" in line


def test_a_day_and_an_id_of_the_same_moment_are_refused(refused, archive) -> None:
    folder = archive({"2024-07-24": FIRST, IDS[0]: FIRST})
    assert "are both of" in refused(folder / "*" / "*.parquet", code=2)


@pytest.mark.parametrize("other", [("--as-of", "2024-07-24"), ("--snapshot-column", "at")])
def test_the_time_is_said_in_one_way_only(load, archive, other) -> None:
    code, _, err = load(archive() / "*" / "*.parquet", *other)
    assert code == 2
    assert "not allowed with" in err


@pytest.mark.parametrize("week", list(ARCHIVE))
def test_one_damaged_week_and_none_is_landed(refused, archive, week) -> None:
    folder = archive(dict.fromkeys(ARCHIVE, f"SELECT * FROM ({FIRST}), range(9_000)"))
    damaged = folder / week / "models.parquet"
    content = bytearray(damaged.read_bytes())
    content[200:2_000] = b"\xff" * 1_800
    damaged.write_bytes(content)
    assert str(damaged) in refused(folder / "*" / "models.parquet", code=1)


@pytest.mark.parametrize(
    ("select", "word"),
    [
        ("SELECT 1 AS likes", "there is no column id"),
        ("SELECT NULL::VARCHAR AS id", "20250305T000000Z is without an id"),
        ("SELECT 'a/b' AS id LIMIT 0", "there are no rows"),
    ],
)
def test_one_week_without_models_and_none_is_landed(refused, archive, select, word) -> None:
    folder = archive(ARCHIVE | {"2025-03-05": select})
    line = refused(folder / "*" / "models.parquet", code=1)
    assert word in line
    assert "2025-03-05" in line or IDS[1] in line


def test_a_condition_that_fits_not_every_week_names_the_week(refused, archive) -> None:
    folder = archive()
    condition = ("--where", '"downloadsAllTime" > 0')
    line = refused(folder / "*" / "models.parquet", *condition, code=2)
    assert "2024-07-24/models.parquet: --where: " in line


def test_a_map_of_a_column_that_no_week_has_is_refused(refused, archive) -> None:
    line = refused(archive() / "*" / "models.parquet", "--map", "nope=cardData.x", code=2)
    assert "there is no column nope" in line


# once more


def test_weeks_that_are_there_are_refused_replaced_or_skipped(
    load, refused, archive, landing, rows, tree
) -> None:
    folder = archive({"2025-03-05": FIRST})
    assert load(folder / "*" / "*.parquet")[0] == 0
    first = tree(landing)
    archive()
    line = refused(folder / "*" / "*.parquet", code=1)
    assert f"already holds snapshot {IDS[1]}" in line

    code, out, err = load(folder / "*" / "*.parquet", "--skip-existing")
    assert (code, len(out.splitlines())) == (0, 2)
    assert err == "notice: skipped 1 of 3 snapshots, which were there already\n"
    assert first.items() <= tree(landing).items(), "what was there is untouched"

    code, out, err = load(folder / "*" / "*.parquet", "--skip-existing")
    assert (code, out) == (0, "")
    assert "skipped 3 of 3" in err

    assert load(folder / "*" / "*.parquet", "--replace")[0] == 0
    assert len(rows(landing, IDS[1])) == 3
    assert load(folder / "*" / "*.parquet", "--replace", "--skip-existing")[0] == 2


def test_skipping_goes_by_the_column_of_times_too(archive, landing, capsys) -> None:
    weeks = "SELECT 'a/b' AS id, unnest(['2024-07-24', '2024-07-31']) AS day"
    file = archive({"x": f"SELECT * FROM ({weeks}) WHERE day < '2024-07-30'"}) / "x/models.parquet"
    command = ["--snapshot-column", "day", "--landing", str(landing)]
    assert main(["import", str(file), *command]) == 0
    archive({"x": weeks})
    assert main(["import", str(file), *command, "--skip-existing"]) == 0
    assert [one.snapshot_id for one in list_snapshots(landing)] == [
        "20240724T000000Z", "20240731T000000Z",
    ]  # fmt: skip
    assert "skipped 1 of 2" in capsys.readouterr().err


def test_killed_on_the_way_none_is_landed_and_the_next_call_lands_all(
    load, archive, landing
) -> None:
    folder = archive()
    code = """
import os, signal, sys
from loaders.imports import importing
from loaders.__main__ import main
commit = importing.commit_snapshots
def commit_and_die(*arguments, written, **options):
    def die(snapshot):
        if snapshot.snapshot_id.startswith("2025"):
            os.kill(os.getpid(), signal.SIGKILL)
    return commit(*arguments, written=die, **options)
importing.commit_snapshots = commit_and_die
main(sys.argv[1:])
"""
    command = ["import", folder / "*" / "*.parquet", "--as-of-folder", "--landing", landing]
    killed = subprocess.run(
        [sys.executable, "-c", code, *map(str, command)], cwd=REPOSITORY, check=False
    )
    assert killed.returncode == -9
    assert list_snapshots(landing) == []
    assert load(folder / "*" / "*.parquet")[0] == 0
    assert [one.snapshot_id for one in list_snapshots(landing)] == IDS
    assert sorted(os.listdir(landing / "hub_models")) == [f"snapshot_id={name}" for name in IDS]


# what becomes of it


@pytest.mark.slow
def test_the_archive_becomes_a_history(load, archive, landing, tmp_path) -> None:
    assert load(archive() / "*" / "models.parquet", "--source", "hub_weekly")[0] == 0
    database = tmp_path / "history.duckdb"
    build(landing, database)
    changes = read(
        database,
        "select snapshot_id, change, model_id, before, after from marts.snapshot_changes "
        "order by snapshot_id, change, model_id",
    )
    assert [tuple(row.values()) for row in changes] == [
        (IDS[1], "added", "b/Late", None, "b/Late"),
        (IDS[1], "renamed", "a/Renamed", "a/Child", "a/Renamed"),
        (IDS[2], "recreated", "b/Late", "2025-03-08 10:00:00", "2025-09-01 00:00:00"),
        (IDS[2], "removed", "a/Base", "a/Base", None),
    ]
    metrics = read(
        database,
        "select snapshot_id, downloads, downloads_all_time, downloads_change, "
        "downloads_all_time_change, is_counter_reset from marts.model_metrics "
        "where hub_oid = '66f1' order by snapshot_id",
    )
    assert [tuple(row.values()) for row in metrics] == [
        (IDS[0], 5, None, None, None, False),
        (IDS[1], 3, 90, -2, None, False),
        (IDS[2], 4, 80, 1, -10, True),
    ]
    (edge,) = read(
        database, "select child_id, parent_id, is_parent_listed from marts.lineage_edges"
    )
    assert tuple(edge.values()) == ("a/Renamed", "a/Base", False)
