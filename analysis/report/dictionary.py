"""The data dictionary: dbt's descriptions of each mart and its columns."""

from __future__ import annotations

import json
from pathlib import Path

from hub_lineage import dbt
from hub_lineage.dbt import Mart, marts_in
from hub_lineage.errors import DbtError, StudyError


def read_dictionary(manifest: Path | None, scratch: Path) -> list[Mart]:
    """The marts of dbt's manifest, sorted by name; dbt writes one if None is given."""
    path = manifest or parsed(scratch)
    try:
        return marts_in(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise StudyError(
            f"{path} is not a readable manifest of dbt: `make build` writes one"
        ) from error


def parsed(scratch: Path) -> Path:
    """Have dbt parse the project, without a database; return the path of its manifest."""
    try:
        dbt.run(["parse", "--quiet"], scratch)
    except DbtError as error:
        raise StudyError(f"dbt cannot read the project for the dictionary: {error}") from error
    return scratch / "target" / "manifest.json"
