"""The landing that a report describes: its date, source and selection, and their effects."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from analysis.figures.wording import percent
from hub_lineage.scopes import SCOPES

RECENT_DAYS = 31
MOSTLY_RECENT = 0.5
"""A landing is young if more than this share of its models is recent; its growth is selection."""


@dataclass(frozen=True)
class Landing:
    """The landing of the exports, and what the author of the report says about it.

    snapshot_id: the latest snapshot, named by its start (UTC). scope: a key of `SCOPES`. licence,
    attribution: those of the data; empty if not given. share_recent: the share of the dated models
    that was released in the `RECENT_DAYS` before the snapshot; None if none is dated.
    """

    snapshot_id: str
    scope: str
    licence: str
    attribution: str
    share_recent: float | None

    @property
    def is_sample(self) -> bool:
        """Whether it is the made-up sample."""
        return self.scope == "sample"

    @property
    def is_young(self) -> bool:
        """Whether more than `MOSTLY_RECENT` of the dated models are recent."""
        return self.share_recent is not None and self.share_recent > MOSTLY_RECENT

    @property
    def day(self) -> str:
        """The snapshot's day, as in 2026-08-22."""
        return f"{self.snapshot_id[:4]}-{self.snapshot_id[4:6]}-{self.snapshot_id[6:8]}"

    @property
    def facts(self) -> Mapping[str, str]:
        """What a reader must know about the landing, in a word or a sentence each."""
        time = f"{self.snapshot_id[9:11]}:{self.snapshot_id[11:13]} UTC"
        licence = "apache-2.0" if self.is_sample and not self.licence else self.licence
        return {
            "snapshot": f"{self.day}, {time}",
            "selection": SCOPES[self.scope],
            "licence of the data": licence or "not said (`--license` says it)",
            "source and credit": self.attribution
            or (
                "made up by the software"
                if self.is_sample
                else "not said (`--attribution` says it)"
            ),
        }

    @property
    def caution(self) -> str:
        """A caution about growth in a young landing; empty for others."""
        if not self.is_young:
            return ""
        return (
            f"{percent(self.share_recent, 0)} of this landing's dated models were released in the "
            f"{RECENT_DAYS} days before the snapshot. What grows on these last days is the way "
            "the models were chosen, not the Hub."
        )

    def as_line(self) -> str:
        """The same as HTML on one line, for the head of every page."""
        said = html.escape
        if self.is_sample:
            return (
                "<strong>Made-up sample.</strong> No number on this page says anything about the "
                f"Hub: {said(SCOPES[self.scope].partition(': ')[2])}."
            )
        licence = f"licence {said(self.licence)}" if self.licence else "licence not said"
        source = said(self.attribution) if self.attribution else "source not said"
        return (
            f"<strong>Snapshot of {self.day}</strong> · {said(SCOPES[self.scope])} · "
            f"{source} · {licence}"
        )


def landing_of(
    connection: duckdb.DuckDBPyConnection,
    snapshot_id: str,
    scope: str,
    licence: str,
    attribution: str,
) -> Landing:
    """The landing by the marts and the given scope, licence and attribution."""
    ((recent, dated),) = connection.execute(
        f"""
        select
            count(*) filter (where created_at > snapshot_at - interval {RECENT_DAYS} days),
            count(*)
        from hub_models
        cross join (select max(snapshot_at) as snapshot_at from model_metrics)
        where created_at is not null and not is_created_at_floor
        """
    ).fetchall()
    share = recent / dated if dated else None
    return Landing(snapshot_id, scope, licence, " ".join(attribution.split()), share)
