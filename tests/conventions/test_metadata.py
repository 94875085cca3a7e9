"""Macros, tests, variables and layers are described and used, and dbt-bouncer finds nothing."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from project import REPOSITORY, described, load

from support import dbt

BOUNCER = REPOSITORY / "dbt-bouncer.yml"


def macros() -> dict[str, list[str]]:
    """All macros of the project with their arguments, as their files define them.

    A macro's bodies for the engines are described with it.
    """
    found = {
        name: [argument.split("=")[0].strip() for argument in arguments.split(",") if argument]
        for path in (REPOSITORY / "macros").rglob("*.sql")
        for name, arguments in re.findall(
            r"\{%-? *macro (\w+)\((.*?)\) *-?%\}", path.read_text(encoding="utf-8")
        )
    }
    return {
        name: arguments for name, arguments in found.items() if name.partition("__")[2] not in found
    }


def test_every_macro_and_its_arguments_are_described():
    entries = load(REPOSITORY / "macros/_macros.yml")["macros"]
    assert {
        entry["name"]: [argument["name"] for argument in entry.get("arguments", [])]
        for entry in entries
    } == macros()
    for entry in entries:
        for described_thing in (entry, *entry.get("arguments", [])):
            assert described_thing["description"].strip()


def test_columns_of_crowding_name_the_windows_of_the_seed():
    seed = (REPOSITORY / "seeds/crowding_windows.csv").read_text("utf-8").split()[1:]
    text = (REPOSITORY / "macros/crowding_windows.sql").read_text("utf-8")
    listed = re.search(r"macro crowding_windows\(\) -%}\s*{{ return\(\[(.*)\]\) }}", text)
    assert listed is not None
    assert listed[1].split(", ") == seed


def test_every_generic_test_is_described():
    generic = {f"test_{path.stem}" for path in (REPOSITORY / "tests/generic").glob("*.sql")}
    assert {name for name in described("macros") if name.startswith("test_")} == generic


def opening(path: Path) -> str:
    """The comment with which a file begins, as one line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    said = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return " ".join(line.removeprefix("--").strip() for line in lines[:said])


def test_every_invariant_is_described_as_its_file_begins():
    entries = load(REPOSITORY / "tests/_tests.yml")["data_tests"]
    assert {entry["name"]: " ".join(entry["description"].split()) for entry in entries} == {
        path.stem: opening(path) for path in (REPOSITORY / "tests/invariants").glob("*.sql")
    }


def test_check_variables_knows_every_variable():
    """dbt takes any name with --vars; the macro refuses those that it does not list."""
    text = (REPOSITORY / "macros/check_variables.sql").read_text(encoding="utf-8")
    _, _, known = text.partition("macro known_variables()")
    assert re.findall(r"'(\w+)'", known) == list(load(REPOSITORY / "dbt_project.yml")["vars"])


@pytest.mark.parametrize("name", load(REPOSITORY / "dbt_project.yml")["vars"])
def test_every_variable_is_used_by_a_model(name):
    texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "models").rglob("*.sql")]
    texts += [
        path.read_text(encoding="utf-8")
        for path in (REPOSITORY / "macros").rglob("*.sql")
        if path.stem != "check_variables"
    ]
    assert any(re.search(rf"""var\(['"]{name}['"]""", text) for text in texts)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory) -> Path:
    """What `dbt parse` makes of the project."""
    folder = tmp_path_factory.mktemp("parsed")
    dbt("parse", landing=REPOSITORY / "sample", database=folder / "hub_lineage.duckdb")
    return folder / "hub_lineage-dbt" / "target"


def bounced(artifacts: Path, folder: Path, changed: dict | None = None) -> tuple[int, str]:
    """The verdict of dbt-bouncer with the project's configuration, or with a changed one."""
    configuration = yaml.safe_load(BOUNCER.read_text(encoding="utf-8")) | (changed or {})
    configuration["dbt_artifacts_dir"] = str(artifacts)
    (folder / "dbt-bouncer.yml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    command = shutil.which("dbt-bouncer", path=str(Path(sys.executable).parent))
    assert command, "dbt-bouncer is not installed beside this Python"
    finished = subprocess.run(
        [command, "run", "--config-file", str(folder / "dbt-bouncer.yml"), "--show-all-failures"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stdout + finished.stderr


@pytest.mark.xdist_group("bouncer")
def test_dbt_bouncer_finds_nothing(artifacts, tmp_path):
    code, output = bounced(artifacts, tmp_path)
    assert code == 0, output[-6000:]
    assert re.search(r"SUCCESS=\d{3,} WARN=0 ERROR=0", output)


@pytest.mark.xdist_group("bouncer")
def test_dbt_bouncer_would_find_a_layer_that_is_skipped(artifacts, tmp_path):
    skipped = {
        "name": "check_lineage_permitted_upstream_models",
        "include": "^models/marts",
        "upstream_path_pattern": "^models/marts",
    }
    code, output = bounced(artifacts, tmp_path, {"manifest_checks": [skipped]})
    assert code == 1
    assert "hub_models" in output
