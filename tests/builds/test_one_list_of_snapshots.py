"""A build reads the snapshots that were complete when it began, whatever a crawl does meanwhile."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import DATABASE, PART_WITHOUT_TESTS, surroundings

from support import REPOSITORY, item, read, write_landing

FIRST, LATE = "20261003T131904Z", "20261010T131904Z"
PATH = ("--select", "+stg_hub__models")


@pytest.fixture
def landing(tmp_path) -> Path:
    """A complete snapshot, and a crawl whose parts are all there and whose manifest is not yet."""
    items = [item("acme/base", "2024-01-01"), item("acme/tune", "2024-02-01", ["acme/base"])]
    write_landing(tmp_path / "landing", {FIRST: items})
    return write_landing(tmp_path / "landing", {LATE: items}, status="running")


@pytest.fixture
def project(tmp_path, landing) -> Path:
    """A copy of the project in which the crawl finishes once dbt has begun to build."""
    copy = tmp_path / "project"
    copy.mkdir()
    for name in ("models", "macros", "seeds", "tests", "hub_lineage", "analysis"):
        shutil.copytree(
            REPOSITORY / name, copy / name, ignore=shutil.ignore_patterns("*.pyc", "__pycache__")
        )
    for name in ("build.py", "dbt_project.yml", "profiles.yml", "selectors.yml"):
        shutil.copy(REPOSITORY / name, copy / name)
    manifest = landing / f"hub_models/snapshot_id={LATE}/_manifest.json"
    finished = json.loads(manifest.read_text()) | {"status": "complete"}
    written = json.dumps(finished).replace("'", "''")
    hook = f"copy (select '{written}') to '{manifest}' (format csv, header false, quote '')"
    model = copy / "models/staging/hub/stg_hub__snapshots.sql"
    model.write_text(f"{{{{ config(pre_hook={json.dumps(hook)}) }}}}\n{model.read_text()}")
    return copy


def is_complete(landing: Path, snapshot: str) -> bool:
    text = (landing / f"hub_models/snapshot_id={snapshot}/_manifest.json").read_text()
    return json.loads(text)["status"] == "complete"


@pytest.mark.parametrize("command", ["build.py", pytest.param("dbt", marks=pytest.mark.slow)])
def test_a_crawl_that_finishes_during_a_build_comes_with_the_next_one(
    project, landing, tmp_path, command
):
    plain = ("-c", "from dbt.cli.main import cli; cli()", "build", "--project-dir", project,
             "--profiles-dir", project)  # fmt: skip
    arguments = (project / "build.py",) if command == "build.py" else plain
    finished = subprocess.run(
        [sys.executable, *map(str, arguments), *PATH, *PART_WITHOUT_TESTS],
        cwd=project,
        env=surroundings(tmp_path, landing=landing),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr
    assert is_complete(landing, LATE)
    database = tmp_path / DATABASE
    seen = read(database, "select snapshot_id, is_latest from staging.stg_hub__snapshots")
    assert seen == [{"snapshot_id": FIRST, "is_latest": True}]
    models = read(database, "select distinct snapshot_id from staging.stg_hub__models")
    assert models == [{"snapshot_id": FIRST}]
