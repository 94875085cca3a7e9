"""The data dictionary: what dbt knows of each mart and its columns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hub_lineage.errors import StudyError
from hub_lineage.paths import PROJECT


@dataclass(frozen=True)
class Mart:
    """A mart as described: columns are (name, type, description)."""

    name: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[tuple[str, str, str], ...]


def read_dictionary(manifest: Path | None, scratch: Path) -> list[Mart]:
    """The marts of dbt's manifest, sorted by name; dbt is asked to write it if None is given."""
    path = manifest or parsed(scratch)
    try:
        nodes = json.loads(path.read_text("utf-8"))["nodes"].values()
        return sorted(
            (
                Mart(
                    node["name"],
                    node["description"].strip(),
                    tuple(node["config"].get("meta", {}).get("grain", ())),
                    tuple(
                        (column["name"], column["data_type"] or "", column["description"].strip())
                        for column in node["columns"].values()
                    ),
                )
                for node in nodes
                if node["resource_type"] == "model" and "marts" in node["fqn"]
            ),
            key=lambda mart: mart.name,
        )
    except (OSError, ValueError, KeyError) as error:
        raise StudyError(
            f"{path} is no manifest of dbt that can be read: `make build` writes one"
        ) from error


def parsed(scratch: Path) -> Path:
    """Let dbt read the project, without a database, and name its manifest."""
    dbt = Path(sys.executable).with_name("dbt")
    command = [
        str(dbt), "--no-use-colors", "--quiet", "parse", "--target", "memory", "--target-path",
        str(scratch), "--log-path", str(scratch),
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
    ]  # fmt: skip
    made = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, env=os.environ | {"NO_COLOR": "1"}
    )
    if made.returncode:
        said = (made.stdout + made.stderr).strip().splitlines() or ["no message"]
        raise StudyError(f"dbt cannot read the project for the dictionary: {said[-1]}")
    return scratch / "manifest.json"
