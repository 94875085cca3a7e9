"""Another dbt project builds upon the marts, and upon nothing before them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import REPOSITORY, read, slow_in_group


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of somebody else's with this one as its package, as docs/as_a_package.md has it."""
    (tmp_path / "models").mkdir()
    (tmp_path / "packages.yml").write_text(f"packages:\n  - local: {REPOSITORY}\n")
    (tmp_path / "dbt_project.yml").write_text(
        "name: somebody\nversion: '1.0'\nprofile: hub_lineage\nmodels: {+materialized: table}\n"
    )
    (tmp_path / "profiles.yml").write_text((REPOSITORY / "profiles.yml").read_text("utf-8"))
    return tmp_path


def dbt(project: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = os.environ | {
        "HUB_LANDING": str(REPOSITORY / "sample"),
        "HUB_DATABASE": str(project / "somebody.duckdb"),
    }
    return subprocess.run(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *arguments],
        cwd=project, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def model(project: Path, name: str, of: str) -> None:
    text = "select count(*) as n from {{ ref('hub_lineage', '" + of + "') }}\n"
    (project / "models" / f"{name}.sql").write_text(text)


@slow_in_group("package")
def test_a_model_of_another_project_is_built_with_the_marts_behind_it(project) -> None:
    model(project, "n_families", "families")
    assert dbt(project, "deps").returncode == 0
    options = ("--exclude-resource-type", "unit_test", "--indirect-selection", "buildable")
    finished = dbt(project, "build", "--select", "+n_families", *options)
    assert finished.returncode == 0, finished.stdout[-3_000:]
    found = read(
        project / "somebody.duckdb",
        "select (select n from main.n_families) as n, (select count(*) from marts.families) as m",
    )
    assert found[0]["n"] == found[0]["m"] > 0


@slow_in_group("package")
def test_a_step_before_the_marts_is_not_to_be_referred_to(project) -> None:
    model(project, "n_nodes", "int_lineage_nodes_numbered")
    assert dbt(project, "deps").returncode == 0
    finished = dbt(project, "parse")
    assert finished.returncode == 2
    assert "int_lineage_nodes_numbered" in finished.stdout
    assert "not allowed because the referenced node is protected" in finished.stdout
