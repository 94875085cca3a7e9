"""Each mart of a build as a Parquet file."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from hub_lineage.dbt import read_manifest
from hub_lineage.files import flush
from hub_lineage.sql import identifier, literal, memory_limit, one_value

FILE = "hub_lineage.duckdb"
"""The database's name while it is built, whatever its final name: DuckDB takes the catalog's name
from the file, and not every file name would work."""


def export_marts(
    workshop: Path,
    folder: Path,
    wanted: Sequence[str] | None = None,
    leave: Collection[str] = (),
) -> tuple[str, list[tuple[str, int]]]:
    """Write each mart of a build as zstd Parquet; return the snapshot and each mart's row count.

    `wanted` names the marts; by default all are written except those in `leave`.

    Rows are ordered by their columns from the left, so that equal marts give equal bytes. Each
    file's metadata name the snapshot of its rows: marts that a partial build left out may be of an
    earlier one.
    """
    counts = []
    seen: set[str] = set()
    lengths = columns_that_order(workshop)
    # Not read-only: closing it leaves all of the database in its one file.
    with duckdb.connect(
        str(workshop / FILE), config={"memory_limit": memory_limit()}
    ) as connection:
        marts = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' "
            "union all select view_name from duckdb_views() where schema_name = 'marts' order by 1"
        ).fetchall()
        snapshots = snapshots_of_models(connection)
        for (mart,) in marts:
            if mart in leave or (wanted is not None and mart not in wanted):
                continue
            path = folder / f"{mart}.parquet"
            of = snapshots.get(mart, {})
            named = {
                "mart": mart,
                "snapshot_id": " + ".join(of),
                "snapshot_at": " + ".join(of.values()),
            }
            seen |= of.keys()
            metadata = ", ".join(f"{key}: {literal(value)}" for key, value in named.items())
            order = ", ".join(map(str, range(1, lengths[mart] + 1))) if mart in lengths else "all"
            rows = one_value(
                connection,
                f"copy (from {Path(FILE).stem}.marts.{identifier(mart)} order by {order}) "
                f"to {literal(path)} (format parquet, compression zstd, row_group_size 122880, "
                f"kv_metadata {{{metadata}}})",
            )
            counts.append((mart, rows))
            flush(path)
    return ", ".join(sorted(seen)), counts


def columns_that_order(workshop: Path) -> dict[str, int]:
    """How many columns from the left contain the grain of each mart.

    Ordering by them is the same as ordering by all columns, but cheaper.
    """
    nodes = read_manifest(workshop)["nodes"].values()
    return {
        node["name"]: 1 + max(map(list(node["columns"]).index, node["config"]["meta"]["grain"]))
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["meta"].get("grain")
    }


def views_left_out(workshop: Path, exports: Path) -> set[str]:
    """Marts that are views, that a partial build left out, and that were exported before.

    Such a view already shows the new tables beneath it, while its export keeps the snapshot it was
    built for.
    """
    results = json.loads((workshop / "target" / "run_results.json").read_text("utf-8"))["results"]
    ran = {result["unique_id"].split(".")[2] for result in results}
    with duckdb.connect(str(workshop / FILE), read_only=True) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where schema_name = 'marts'"
        ).fetchall()
    return {view for (view,) in views if view not in ran and (exports / f"{view}.parquet").exists()}


def snapshots_of_models(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """The latest snapshot behind each model's rows, with its time.

    There are several where a partial build used tables of an earlier snapshot. dbt records them
    (macros/provenance.sql).
    """
    noted = connection.execute(
        f"select model, snapshots from {Path(FILE).stem}.main.snapshots_of_models"
    ).fetchall()
    return {model: dict(sorted(json.loads(snapshots).items())) for model, snapshots in noted}
