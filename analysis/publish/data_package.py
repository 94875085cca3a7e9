"""A Frictionless data package: written here, validated by frictionless.

Frictionless reads Parquet through pandas, which turns nullable whole numbers into floats and lists
into numpy arrays. Such columns are declared as `number` and `any`, so that its own check passes;
`parquetType` names the type in the file. It cannot check the size or hash of Parquet files either:
those are in `checksums.sha256`.
"""

from __future__ import annotations

import json
from pathlib import Path

import frictionless

from analysis.publish.facts import Facts
from hub_lineage.dbt import Column
from hub_lineage.errors import StudyError

TYPES = {
    "VARCHAR": "string",
    "BIGINT": "integer",
    "INTEGER": "integer",
    "DOUBLE": "number",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "datetime",
    "DATE": "date",
    "VARCHAR[]": "any",
}


def write_data_package(facts: Facts, folder: Path) -> None:
    """Write `<folder>/datapackage.json`."""
    licence = {"name": facts.licence}
    package = {
        "name": f"hub-lineage-{facts.snapshot_id.lower()}",
        "title": facts.title,
        "description": facts.summary,
        "version": facts.version,
        "licenses": [licence],
        **({"sources": [{"title": facts.attribution}]} if facts.attribution else {}),
        "resources": [
            {
                "name": table.mart.name,
                "type": "table",
                "path": f"data/{table.path.name}",
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "description": table.mart.description,
                "schema": {
                    "fields": [field(column) for column in table.mart.columns],
                    "primaryKey": list(table.mart.grain),
                    # An empty text is a value: cards claim it as a parent.
                    "missingValues": [],
                },
            }
            for table in facts.tables
        ],
    }
    text = json.dumps(package, indent=2, ensure_ascii=False)
    (folder / "datapackage.json").write_text(text + "\n", encoding="utf-8")


def field(column: Column) -> dict:
    """The description of a column."""
    kind = TYPES[column.type]
    described = {
        "name": column.name,
        "type": "number" if kind == "integer" and column.is_nullable else kind,
        "parquetType": column.type,
        "description": column.description,
    }
    return described if column.is_nullable else described | {"constraints": {"required": True}}


def check_data_package(folder: Path, limit: int) -> int:
    """Have frictionless validate the package and each table's first rows; return their number.

    A StudyError if it finds a fault.
    """
    try:
        report = frictionless.Package(str(folder / "datapackage.json")).validate(limit_rows=limit)
    except frictionless.FrictionlessException as error:
        raise StudyError(f"frictionless refuses datapackage.json: {error}") from error
    found = [error for task in report.tasks for error in task.errors] + list(report.errors)
    if found:
        tables = [task.name for task in report.tasks if task.errors]
        raise StudyError(
            f"frictionless refuses the data package, {', '.join(tables)}: {found[0].message}"
        )
    return sum(task.stats.get("rows") or 0 for task in report.tasks)
