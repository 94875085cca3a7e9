"""What dbt knows of the project: the marts with their columns, and every query as it is run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hub_lineage.errors import StudyError
from hub_lineage.paths import PROJECT

LAYERS = ("staging", "intermediate", "marts")


@dataclass(frozen=True)
class Column:
    """A column of a mart: DuckDB type in upper case, one line of description."""

    name: str
    type: str
    description: str
    is_nullable: bool


@dataclass(frozen=True)
class Mart:
    """A mart as its YAML describes it; `grain` are the columns that tell its rows apart."""

    name: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Project:
    """The marts by name, and the compiled SQL of `<layer>/<model>` and of each question."""

    marts: Mapping[str, Mart]
    models: Mapping[str, str]
    questions: Mapping[str, str]


def compiled() -> Project:
    """Have dbt compile the project, in memory and without a landing; a StudyError if it cannot."""
    with tempfile.TemporaryDirectory(prefix="hub_lineage.") as folder:
        finished = subprocess.run(
            [
                *(sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet"),
                *("compile", "--target", "memory"),
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"),
            ],
            cwd=PROJECT,
            # No query may name a folder of this machine.
            env=os.environ | {"HUB_LANDING": "landing"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if finished.returncode:
            said = (finished.stdout + finished.stderr).strip()[-300:]
            raise StudyError(f"dbt cannot compile the project: {said}")
        return read_manifest(Path(folder) / "target" / "manifest.json")


def read_manifest(path: Path) -> Project:
    """The project in a manifest that `dbt compile` wrote."""
    nodes = json.loads(path.read_text("utf-8"))["nodes"]
    models, questions, marts = {}, {}, {}
    for _, node in sorted(nodes.items()):
        if node["resource_type"] == "analysis":
            questions[node["name"]] = without_database(node["compiled_code"], ("marts",))
        if node["resource_type"] == "model":
            layer = next(layer for layer in LAYERS if layer in Path(node["path"]).parts)
            models[f"{layer}/{node['name']}"] = without_database(node["compiled_code"])
            if layer == "marts":
                marts[node["name"]] = read_mart(node)
    return Project(marts, models, questions)


def read_mart(node: Mapping) -> Mart:
    columns = tuple(
        Column(
            name,
            # Contracts name types as every engine does, exports as DuckDB.
            column["data_type"].upper().replace("STRING", "VARCHAR"),
            " ".join(column["description"].split()),
            all(constraint["type"] != "not_null" for constraint in column["constraints"]),
        )
        for name, column in node["columns"].items()
    )
    described = " ".join(node["description"].split())
    return Mart(node["name"], described, tuple(node["config"]["meta"]["grain"]), columns)


def without_database(sql: str, dropped: tuple[str, ...] = ()) -> str:
    """SQL whose tables are `schema.name`, or just the name for the schemas that are dropped."""

    def shortened(found: re.Match) -> str:
        return found[2] if found[1] in dropped else f"{found[1]}.{found[2]}"

    return re.sub(r'"memory"\."(\w+)"\."(\w+)"', shortened, sql).strip() + "\n"
