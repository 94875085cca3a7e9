"""The tables in Python: marts, results and SQL from folders and from a published set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import hub_lineage
from hub_lineage.errors import Problem
from loaders.simulator.fake_datasets import Dataset
from loaders.simulator.fake_hub import FakeHub
from loaders.simulator.fake_models import Models
from support import REPOSITORY


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Exports with a mart in one file and one in a file per snapshot, and results."""
    exports, results = tmp_path / "exports", tmp_path / "results"
    write(exports / "families.parquet", "select 'a/root' as root_id, 3 as n_models")
    write(exports / "hub_models.parquet", "select 'a/root' as model_id union all select 'a/leaf'")
    for day in (1, 2):
        write(exports / f"model_metrics/{day}.parquet", f"select {day} as likes")
    write(exports / "variants/one/families.parquet", "select 1 as other")
    write(results / "claims.parquet", "select 'RR1' as claim_id, 'supported' as verdict")
    monkeypatch.setenv("HUB_EXPORTS", str(exports))
    monkeypatch.setenv("HUB_RESULTS", str(results))
    return tmp_path


def write(path: Path, select: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({select}) to '{path}' (format parquet)")


def test_a_mart_is_a_relation(folders) -> None:
    assert hub_lineage.marts("families").fetchall() == [("a/root", 3)]
    assert hub_lineage.marts("families").df().n_models.tolist() == [3]


def test_a_mart_may_be_a_folder_of_files(folders) -> None:
    assert hub_lineage.marts("model_metrics").order("likes").fetchall() == [(1,), (2,)]


def test_marts_can_be_joined_with_each_other(folders) -> None:
    joined = hub_lineage.marts("hub_models").join(
        hub_lineage.marts("families"), "model_id = root_id"
    )
    assert joined.fetchall() == [("a/root", "a/root", 3)]


def test_sql_knows_marts_and_results_by_their_names(folders) -> None:
    rows = hub_lineage.sql("select n_models, verdict from families cross join results.claims")
    assert rows.fetchall() == [(3, "supported")]


def test_a_result_is_a_relation(folders) -> None:
    assert hub_lineage.results("claims").filter("verdict = 'supported'").fetchall() == [
        ("RR1", "supported")
    ]


def test_what_a_build_has_put_in_place_since_is_seen(folders) -> None:
    hub_lineage.sql("from families").fetchall()
    write(folders / "exports/families.parquet", "select 'b/root' as root_id, 9 as n_models")
    assert hub_lineage.marts("families").fetchall() == [("b/root", 9)]
    assert hub_lineage.sql("from families").fetchall() == [("b/root", 9)]


def test_a_source_is_a_folder_published_or_not(folders) -> None:
    elsewhere = folders / "elsewhere [1]"
    shutil.copytree(folders / "exports", elsewhere / "data")
    shutil.copytree(folders / "results", elsewhere / "results")
    shutil.rmtree(folders / "exports")
    assert hub_lineage.marts("families", elsewhere).fetchall() == [("a/root", 3)]
    assert hub_lineage.marts("families", elsewhere / "data").fetchall() == [("a/root", 3)]
    assert hub_lineage.results("claims", elsewhere).fetchall() == [("RR1", "supported")]
    assert hub_lineage.sql("from results.claims", elsewhere).fetchall() == [("RR1", "supported")]


@pytest.mark.parametrize(
    ("name", "says"), [("familys", "do you mean families?"), ("x", "there are families, hub_")]
)
def test_a_table_that_is_not_there_is_answered_with_those_that_are(folders, name, says) -> None:
    with pytest.raises(hub_lineage.TableError, match=f"no table '{name}' in .*{says}"):
        hub_lineage.marts(name)


def test_a_folder_without_tables_says_how_to_make_them(folders) -> None:
    shutil.rmtree(folders / "results")
    with pytest.raises(hub_lineage.TableError, match="run `make study`, or set HUB_RESULTS"):
        hub_lineage.results("claims")


def test_exports_that_are_being_replaced_are_refused(folders) -> None:
    (folders / "exports/.being_replaced").touch()
    for ask in (hub_lineage.marts, hub_lineage.sql):
        with pytest.raises(hub_lineage.TableError, match="being replaced"):
            ask("families")


def test_a_file_that_is_no_table_is_refused(folders) -> None:
    write(folders / "exports" / "x; drop.parquet", "select 1 as one")
    for ask in (hub_lineage.marts, hub_lineage.sql):
        with pytest.raises(hub_lineage.TableError, match=r"'x; drop' in .* is neither a mart"):
            ask("families")


def test_a_wrong_memory_limit_is_told(folders, monkeypatch) -> None:
    monkeypatch.setenv("HUB_MEMORY", "plenty")
    monkeypatch.setenv("HUB_EXPORTS", f"{folders}/exports/../exports")
    with pytest.raises(Problem, match="HUB_MEMORY is 'plenty'"):
        hub_lineage.marts("families", folders / "exports/../exports/../exports")


def test_a_published_set_is_read_from_afar_as_far_as_it_is_asked_for(folders) -> None:
    published = folders / "published"
    shutil.copytree(folders / "exports", published / "data")
    shutil.copytree(folders / "results", published / "results")
    code = """
import hub_lineage
source = "hf://datasets/me/lineage"
print(hub_lineage.marts("families", source).fetchall())
print(hub_lineage.marts("model_metrics", source).order("likes").fetchall())
print(hub_lineage.results("claims", source).fetchall())
print(hub_lineage.sql("select count(*) from hub_models", source).fetchall())
try:
    hub_lineage.marts("families", "hf://datasets/me/nothing")
except hub_lineage.TableError as error:
    print(error)
"""
    with FakeHub(Models(10), datasets=[Dataset("me/lineage", published)]) as hub:
        environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(folders / "home")}
        finished = subprocess.run(
            [sys.executable, "-c", code],
            cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert finished.stdout.splitlines() == [
        "[('a/root', 3)]",
        "[(1,), (2,)]",
        "[('RR1', 'supported')]",
        "[(2,)]",
        "no tables in hf://datasets/me/nothing/data: run `make build`, or set HUB_EXPORTS",
    ], finished.stderr
