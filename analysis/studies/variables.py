"""The exported marts with the studies' variables on top of them.

The SQL files in `samples/` are views on the marts. A run reads them two hundred times, and so keeps
the largest as tables (`keep`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports, open_marts

QUERIES = Path(__file__).with_name("samples")
SAMPLES = {
    "entrants": ("recognition_panel",),
    "focals": ("disruption_panel",),
    "focal_windows": ("disruption_panel", "disruption"),
    "first_takers": ("disruption_panel", "lineage_edges"),
    "next_entrants": ("recognition_panel",),
}
"""The views with the studies' variables and the marts that each needs, in order of dependency.
Variants of the data have no `lineage_edges`."""

KEYS = {
    "entrants": ("parent_id", "child_id"),
    "focals": ("model_id",),
    "focal_windows": ("model_id", "window_name"),
    "first_takers": ("model_id",),
    "next_entrants": ("parent_id", "child_id"),
}
"""The columns that order the rows of each view."""

KEPT = {"entrants": ("base_month", "base_week"), "focals": ("parent_quarter",)}
"""The views worth a table, since most specifications read one of them; and their columns that only
group rows, whose texts are never shown."""

PANELS = ("recognition_panel", "disruption_panel", "disruption")
"""The marts from which the variables are made."""

NEEDED = (*PANELS, "ecosystem_months", "hub_models", "lineage_edges", "model_metrics")
"""The marts without which the studies cannot run."""


PLACE = "kept_place"
"""The number of a kept view's row in the order of its keys, which takes a tenth of the time to
sort."""


@dataclass(frozen=True)
class StudyExports(Exports):
    """The marts with the studies' variables.

    coded: for each view that is kept as a table, its columns with coded texts.
    """

    coded: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)


def open_exports(
    folder: Path,
    needed: Sequence[str] = NEEDED,
    memory_limit: str | None = None,
    *,
    is_kept: bool = False,
) -> StudyExports:
    """Open `<HUB_EXPORTS>` with those views of `SAMPLES` whose marts exist.

    is_kept: whether the views in `KEPT` become tables. A StudyError as from `open_marts`.
    """
    exports = open_marts(folder, needed, memory_limit)
    existing = {path.stem for path in exports.folder.glob("*.parquet")}
    coded = {}
    try:
        for sample, marts in SAMPLES.items():
            if existing >= set(marts):
                text = (QUERIES / f"{sample}.sql").read_text("utf-8")
                if is_kept and sample in KEPT:
                    coded[sample] = keep(exports.connection, sample, text)
                else:
                    exports.connection.execute(f"create view {sample} as {text}")
    except duckdb.Error as error:
        raise StudyError(
            f"the exports in {folder} cannot be read ({str(error).strip().splitlines()[0]}): "
            "make them again with `make build`"
        ) from error
    return StudyExports(
        exports.connection, exports.folder, exports.snapshot_id, exports.content_hash, coded
    )


def keep(connection: duckdb.DuckDBPyConnection, sample: str, text: str) -> frozenset[str]:
    """Make a table of a view's query, with rows in the order of their keys and coded texts.

    Texts become enumerations, which pandas reads as categories, and the columns in `KEPT` whole
    numbers. Unique keys and columns without a text are unchanged. `PLACE` numbers the rows. Returns
    the columns that are enumerations.
    """
    # Computed once, and not again for the levels of each column.
    connection.execute(f"create temp table given as {text}")
    described = connection.execute("describe given").fetchall()
    unique = KEYS[sample][-1]
    replaced, coded = [], set()
    for name in (name for name, kind, *_ in described if kind == "VARCHAR" and name != unique):
        levels = f"select distinct {name} from given where {name} is not null order by {name}"
        [(has_text,)] = connection.execute(f"select exists ({levels})").fetchall()
        if not has_text:
            continue
        connection.execute(f"create type {sample}_{name} as enum ({levels})")
        label = f"cast({name} as {sample}_{name})"
        if name in KEPT[sample]:
            label = f"enum_code({label})"
        else:
            coded.add(name)
        replaced.append(f"{label} as {name}")
    changed = f"replace ({', '.join(replaced)})" if replaced else ""
    connection.execute(
        f"create table {sample} as select *, row_number() over () as {PLACE} "
        f"from (select * {changed} from given order by {', '.join(KEYS[sample])})"
    )
    connection.execute("drop table given")
    return frozenset(coded)
