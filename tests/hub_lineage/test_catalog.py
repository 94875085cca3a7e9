"""The catalog of a landing's files, which Spark reads."""

import json
from pathlib import Path

import duckdb

from hub_lineage.spark.catalog import CATALOG, write_catalog
from support import item, write_landing


def test_a_crawl_that_finishes_while_the_catalog_is_written_is_whole_or_unfinished(
    tmp_path, monkeypatch
):
    """What is read as complete has all its parts in the catalog, however late they came."""
    landing = write_landing(
        tmp_path, {"2026-01-05": [item("acme/base", "2026-01-01")]}, status="running"
    )
    (manifest,) = landing.rglob("_manifest.json")
    (part,) = landing.rglob("part-*.parquet")
    read_text = Path.read_text

    def finished_first(path: Path, *arguments, **named) -> str:
        part.with_name("part-00001.parquet").write_bytes(part.read_bytes())
        manifest.write_text(json.dumps(json.loads(manifest.read_bytes()) | {"status": "complete"}))
        return read_text(path, *arguments, **named)

    monkeypatch.setattr(Path, "read_text", finished_first)
    assert write_catalog(landing) == 3
    found = duckdb.sql(
        f"select file, content is not null from '{landing / CATALOG}' order by file"
    ).fetchall()
    assert [(Path(file).name, is_manifest) for file, is_manifest in found] == [
        ("_manifest.json", True),
        ("part-00000.parquet", False),
        ("part-00001.parquet", False),
    ]
