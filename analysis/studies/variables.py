"""The exported marts with the studies' variables on top of them.

The SQL files in `samples/` are views on the marts. A run that reads them two hundred times keeps
the largest as tables (`keep`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from hub_lineage.exports import Exports, StudyError, open_marts

QUERIES = Path(__file__).with_name("samples")
SAMPLES = {
    "entrants": ("recognition_panel",),
    "focals": ("disruption_panel",),
    "focal_windows": ("disruption_panel", "disruption"),
    "first_takers": ("disruption_panel", "lineage_edges"),
    "next_entrants": ("recognition_panel",),
}
"""The views with the studies' variables and the marts that each needs, in the order in which they
build on each other. Variants of the data have no `lineage_edges`."""

KEYS = {
    "entrants": ("parent_id", "child_id"),
    "focals": ("model_id",),
    "focal_windows": ("model_id", "window_name"),
    "first_takers": ("model_id",),
    "next_entrants": ("parent_id", "child_id"),
}
"""The columns that order the rows of each view."""

KEPT = {"entrants": ("base_month", "base_week"), "focals": ("parent_quarter",)}
"""The views that are worth a table, since most specifications read one of them; and their columns
that only tell rows of one kind from others, whose names nobody reads."""

PANELS = ("recognition_panel", "disruption_panel", "disruption")
"""The marts that the variables are made of."""

NEEDED = (*PANELS, "ecosystem_months", "hub_models", "lineage_edges", "model_metrics")
"""The marts without which the studies cannot run."""


def open_exports(
    folder: Path,
    needed: Sequence[str] = NEEDED,
    memory_limit: str | None = None,
    *,
    is_kept: bool = False,
) -> Exports:
    """Open `<HUB_EXPORTS>` with those views of `SAMPLES` whose marts are there.

    is_kept: whether the views in `KEPT` are tables instead. A StudyError as from `open_marts`.
    """
    exports = open_marts(folder, needed, memory_limit)
    there = {path.stem for path in exports.folder.glob("*.parquet")}
    try:
        for sample, marts in SAMPLES.items():
            if there >= set(marts):
                text = (QUERIES / f"{sample}.sql").read_text("utf-8")
                if is_kept and sample in KEPT:
                    keep(exports.connection, sample, text)
                else:
                    exports.connection.execute(f"create view {sample} as {text}")
    except duckdb.Error as error:
        raise StudyError(
            f"the exports in {folder} cannot be read ({str(error).strip().splitlines()[0]}): "
            "make them again with `make build`"
        ) from error
    return exports


def keep(connection: duckdb.DuckDBPyConnection, sample: str, text: str) -> None:
    """Make a table of a view's query, rows in the order of their keys, texts coded once for all.

    Texts become enumerations, which pandas takes over as categories; columns without names
    (`KEPT`) whole numbers. Keys that no other row shares, and columns without a text, stay.
    """
    connection.execute(f"create temp view given as {text}")
    described = connection.execute("describe given").fetchall()
    unique = KEYS[sample][-1]
    replaced = []
    for name in (name for name, kind, *_ in described if kind == "VARCHAR" and name != unique):
        levels = f"select distinct {name} from given where {name} is not null order by {name}"
        if not connection.execute(f"select exists ({levels})").fetchone()[0]:
            continue
        connection.execute(f"create type {sample}_{name} as enum ({levels})")
        coded = f"cast({name} as {sample}_{name})"
        replaced.append(f"{f'enum_code({coded})' if name in KEPT[sample] else coded} as {name}")
    changed = f"replace ({', '.join(replaced)})" if replaced else ""
    connection.execute(
        f"create table {sample} as select * {changed} from given order by {', '.join(KEYS[sample])}"
    )
    connection.execute("drop view given")
