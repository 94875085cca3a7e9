"""The data of the pages: the exported marts, and the studies' results if there are any."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from analysis.studies.variables import open_exports
from hub_lineage.exports import Exports
from hub_lineage.sql import files_in_sql

MARTS = (
    "base_weeks", "concentration", "data_funnel", "disruption", "disruption_panel",
    "ecosystem_months", "families", "hub_models", "landing_rejections", "licence_changes",
    "lineage_edges", "lineage_rejections", "model_metrics", "recognition_panel", "release_races",
    "relicensed_models", "snapshot_changes", "trait_drift",
)  # fmt: skip
"""The marts that the report reads."""


@dataclass(frozen=True)
class Results:
    """The studies' results; empty if they were not run.

    folder: where they are, None if there are none. missing: why some are missing and how to make
    them; "" if none are. claims: rows of claims.parquet. manifest: the run's own description.
    """

    folder: Path | None
    missing: str
    claims: tuple[Mapping, ...] = ()
    manifest: Mapping = field(default_factory=dict)

    def table(self, name: str) -> Path | None:
        """The HTML of a printed table, if the run made it."""
        return self._file(f"tables/{name}.html")

    def figure(self, name: str) -> Path | None:
        """The SVG of a figure, if the run made it."""
        return self._file(f"figures/{name}.svg")

    def names(self, folder: str, suffix: str) -> list[str]:
        """Names of all tables or figures that the run made, sorted, RR2 before RR10."""
        if self.folder is None:
            return []
        names = (path.stem for path in (self.folder / folder).glob(f"*.{suffix}"))
        return sorted(
            names,
            key=lambda name: [
                (part.isdigit(), int(part) if part.isdigit() else 0, part)
                for part in re.split(r"(\d+)", name)
            ],
        )

    def reason(self, kind: str, name: str) -> str:
        """Why a table or a figure is missing."""
        if self.folder is None:
            return self.missing
        return self.manifest.get(kind, {}).get(name, {}).get("reason") or "the run did not make it"

    def _file(self, name: str) -> Path | None:
        path = self.folder / name if self.folder else None
        return path if path and path.is_file() else None


def open_marts(folder: Path) -> Exports:
    """The exports, on one thread for the same sums; a StudyError says what is missing."""
    exports = open_exports(folder, needed=MARTS)
    exports.connection.execute("set threads = 1")
    return exports


def open_results(folder: Path, exports: Exports) -> Results:
    """The results of `python -m analysis run`, or why there are none that can be shown."""
    how = "`make study` makes them, then `make report` shows them"
    claims = folder / "claims.parquet"
    if not claims.is_file():
        return Results(None, f"The studies have not been run on this landing: {how}.")
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        with duckdb.connect() as connection:
            found = connection.execute(f"from read_parquet({files_in_sql(claims)})")
            names = [column[0] for column in found.description]
            rows = tuple(dict(zip(names, row, strict=True)) for row in found.fetchall())
    except (OSError, ValueError, duckdb.Error):
        return Results(None, f"The studies' results cannot be read: {how}.")
    if manifest.get("snapshot_id") != exports.snapshot_id:
        return Results(
            None,
            f"The studies' results are of snapshot {manifest.get('snapshot_id')}, the marts of "
            f"{exports.snapshot_id}: {how}.",
        )
    missing = ""
    if manifest.get("landing_hash") != exports.content_hash:
        missing = (
            "The studies were run on other exports of the same snapshot, so their counts may "
            f"differ from the marts': {how}."
        )
    return Results(folder, missing, rows, manifest)
