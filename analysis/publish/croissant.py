"""Croissant metadata, written and read back with mlcroissant, without a network."""

from __future__ import annotations

import itertools
import json
import logging
from pathlib import Path

import mlcroissant

from analysis.publish.facts import Facts
from hub_lineage.errors import StudyError
from hub_lineage.scopes import SCOPES

TYPES = {
    "VARCHAR": mlcroissant.DataType.TEXT,
    "BIGINT": mlcroissant.DataType.INTEGER,
    "INTEGER": mlcroissant.DataType.INTEGER,
    "DOUBLE": mlcroissant.DataType.FLOAT,
    "BOOLEAN": mlcroissant.DataType.BOOL,
    "TIMESTAMP": mlcroissant.DataType.DATETIME,
    "DATE": mlcroissant.DataType.DATE,
}
PARQUET = "application/x-parquet"


def write_croissant(facts: Facts, folder: Path, hashes: dict[str, str]) -> None:
    """Write `<folder>/croissant.json`; `hashes` maps paths in the folder to SHA-256."""
    metadata = mlcroissant.Metadata(
        name="hub_lineage",
        description=f"{facts.title}. {facts.summary}",
        version=facts.version,
        license=[facts.licence],
        creators=[mlcroissant.Organization(name="The hub_lineage authors")],
        cite_as=f"The hub_lineage authors. {facts.title}. {facts.attribution}".strip(),
        keywords=["lineage", "Hugging Face Hub", "disruption index"],
        data_limitations=[SCOPES[facts.scope]],
        distribution=[
            mlcroissant.FileObject(
                id=table.path.name,
                name=table.path.name,
                description=table.mart.description,
                content_url=f"data/{table.path.name}",
                content_size=f"{table.path.stat().st_size} B",
                encoding_formats=[PARQUET],
                sha256=hashes[f"data/{table.path.name}"],
            )
            for table in facts.tables
        ],
        record_sets=[
            mlcroissant.RecordSet(
                id=table.mart.name,
                name=table.mart.name,
                description=table.mart.description,
                key=[f"{table.mart.name}/{name}" for name in table.mart.grain],
                fields=[
                    mlcroissant.Field(
                        id=f"{table.mart.name}/{column.name}",
                        name=column.name,
                        description=column.description,
                        data_types=[TYPES[column.type.removesuffix("[]")]],
                        **({"is_array": True, "array_shape": "-1"}
                           if column.type.endswith("[]") else {}),
                        source=mlcroissant.Source(
                            file_object=table.path.name,
                            extract=mlcroissant.Extract(column=column.name),
                        ),
                    )
                    for column in table.mart.columns
                ],
            )
            for table in facts.tables
        ],
    )  # fmt: skip
    text = json.dumps(metadata.to_json(), indent=2, ensure_ascii=False, default=str)
    (folder / "croissant.json").write_text(text + "\n", encoding="utf-8")


def check_croissant(facts: Facts, folder: Path, limit: int) -> int:
    """Read the first records of each table through `croissant.json`; return how many were read.

    A StudyError if the file is not valid, or a table does not have the records it promises.
    """
    logging.getLogger("absl").setLevel(logging.ERROR)
    n_read = 0
    try:
        dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
        for table in facts.tables:
            records = itertools.islice(iter(dataset.records(table.mart.name)), limit)
            found = sum(1 for _ in records)
            if found != min(limit, table.n_rows):
                raise StudyError(
                    f"mlcroissant read {found} records of {table.mart.name}, "
                    f"not {min(limit, table.n_rows)}"
                )
            n_read += found
    except (mlcroissant.ValidationError, mlcroissant.GenerationError, ValueError) as error:
        raise StudyError(f"mlcroissant refuses croissant.json: {str(error)[:400]}") from error
    return n_read
