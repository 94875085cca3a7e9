"""The facts that all descriptions of a publication share, such as its snapshot and licence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.publish.published_tables import Table
from hub_lineage.scopes import SCOPES


@dataclass(frozen=True)
class Facts:
    """The facts about what is published.

    snapshot_id: the latest snapshot, named by its start (UTC); content_hash: SHA-256 of the
    exports. scope: a key of SCOPES; licence: an identifier of the Hub's list; attribution: the
    source of the data in a line, or empty. version: that of the software. tables: sorted by name;
    results: the names of the studies' tables. repository: the data set on the Hub, if it is known.
    """

    snapshot_id: str
    content_hash: str
    scope: str
    licence: str
    attribution: str
    version: str
    are_owners_hashed: bool
    n_models: int
    n_edges: int
    n_snapshots: int
    tables: Sequence[Table]
    results: Sequence[str]
    repository: str = "OWNER/NAME"

    @property
    def title(self) -> str:
        """The title of the data set, with the snapshot's day and the scope."""
        day = self.snapshot_id
        return f"hub_lineage, snapshot of {day[:4]}-{day[4:6]}-{day[6:8]} ({self.scope})"

    @property
    def summary(self) -> str:
        """The data set in one sentence: snapshot, scope and counts."""
        snapshots = "1 snapshot" if self.n_snapshots == 1 else f"{self.n_snapshots} snapshots"
        return (
            f"Snapshot {self.snapshot_id}, {SCOPES[self.scope]}: N = {self.n_models:,} models, "
            f"{self.n_edges:,} lineage edges, counters of {snapshots}."
        )
