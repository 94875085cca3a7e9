"""The exported marts with the studies' variables on top of them.

The SQL files in `samples/` are views on the marts; nothing is copied.
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

PANELS = ("recognition_panel", "disruption_panel", "disruption")
"""The marts that the variables are made of."""

NEEDED = (*PANELS, "ecosystem_months", "hub_models", "lineage_edges", "model_metrics")
"""The marts without which the studies cannot run."""


def open_exports(
    folder: Path, needed: Sequence[str] = NEEDED, memory_limit: str = "4GB"
) -> Exports:
    """Open `<HUB_EXPORTS>` with those views of `SAMPLES` whose marts are there.

    A StudyError as from `open_marts`.
    """
    exports = open_marts(folder, needed, memory_limit)
    there = {path.stem for path in exports.folder.glob("*.parquet")}
    try:
        for sample, marts in SAMPLES.items():
            if there >= set(marts):
                text = (QUERIES / f"{sample}.sql").read_text("utf-8")
                exports.connection.execute(f"create view {sample} as {text}")
    except duckdb.Error as error:
        raise StudyError(
            f"the exports in {folder} cannot be read ({str(error).strip().splitlines()[0]}): "
            "make them again with `make build`"
        ) from error
    return exports
