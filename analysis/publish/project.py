"""The project as dbt compiles it: the marts with their columns, and every query as it is run."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hub_lineage import dbt
from hub_lineage.dbt import Mart, marts_in
from hub_lineage.errors import DbtError, StudyError

LAYERS = ("staging", "intermediate", "marts")


@dataclass(frozen=True)
class Project:
    """The marts by name, and the compiled SQL of `<layer>/<model>` and of each question."""

    marts: Mapping[str, Mart]
    models: Mapping[str, str]
    questions: Mapping[str, str]


def compiled() -> Project:
    """Have dbt compile the project, in memory and without a landing; a StudyError if it cannot."""
    with tempfile.TemporaryDirectory(prefix="hub_lineage.") as folder:
        place = Path(folder)
        try:
            # A relative landing, so that no query names a local folder.
            dbt.run(["compile", "--quiet"], place, environment={"HUB_LANDING": "landing"})
        except DbtError as error:
            raise StudyError(f"dbt cannot compile the project: {error}") from error
        return project_in(dbt.read_manifest(place))


def project_in(manifest: Mapping) -> Project:
    """The project in a manifest that `dbt compile` wrote."""
    models, questions = {}, {}
    for _, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] == "analysis":
            questions[node["name"]] = without_database(node["compiled_code"], ("marts",))
        if node["resource_type"] == "model":
            layer = next(layer for layer in LAYERS if layer in Path(node["path"]).parts)
            models[f"{layer}/{node['name']}"] = without_database(node["compiled_code"])
    marts = {mart.name: in_plain_lines(mart) for mart in marts_in(manifest)}
    return Project(marts, models, questions)


def in_plain_lines(mart: Mart) -> Mart:
    """A mart with descriptions of one line, and DuckDB's types in upper case."""
    columns = tuple(
        replace(
            column,
            # Contracts name types in a form that all engines know, exports in DuckDB's.
            type=column.type.upper().replace("STRING", "VARCHAR"),
            description=" ".join(column.description.split()),
        )
        for column in mart.columns
    )
    return replace(mart, description=" ".join(mart.description.split()), columns=columns)


def without_database(sql: str, dropped: tuple[str, ...] = ()) -> str:
    """SQL with its tables as `schema.name`, or without the schema if that is in `dropped`."""

    def shortened(found: re.Match) -> str:
        return found[2] if found[1] in dropped else f"{found[1]}.{found[2]}"

    return re.sub(r'"memory"\."(\w+)"\."(\w+)"', shortened, sql).strip() + "\n"
