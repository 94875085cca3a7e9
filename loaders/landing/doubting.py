"""Reasons to doubt that a listing read to its end is the whole Hub."""

import re
from pathlib import Path

import duckdb

from hub_lineage.landing import Snapshot, snapshot_folder
from hub_lineage.sql import files_in_sql, one_line
from loaders.landing import growing
from loaders.landing.growing import State

TOLERANCE = 0.05
"""A snapshot is suspect if its size differs from the previous one's by more than this share."""
HUB_HOST = "huggingface.co"
OLDEST_STAMPS = ("621ffdc0", "621ffdc1")
"""The Hub's oldest `_id`s begin with the second (or the next) of its back-fill date."""

ASCENDING, DESCENDING = "ascending", "descending"
SMALLEST_GAP = 100
"""Fewer neighbouring models that vanish together are not a sign of missing pages."""
GAP_SHARE = 0.9
"""The share of a page that must vanish: without private models, it has fewer rows than items."""


def doubt_about(landing: Path, snapshot_id: str, state: State) -> str | None:
    """Say why a listing read to its end may not be the whole Hub; None if nothing suggests that."""
    if state.rows == 0:
        return "the listing holds no models"
    oldest = state.first_oid if state.order == ASCENDING else state.last_oid
    if state.endpoint == HUB_HOST and not (oldest or "").startswith(OLDEST_STAMPS):
        return "the listing does not reach the oldest models of the Hub"
    previous = previous_snapshot(landing, state.endpoint, before=snapshot_id)
    if previous is None or previous.rows is None:
        return None
    if abs(state.rows - previous.rows) > TOLERANCE * previous.rows:
        return (
            f"{state.rows:,} models are more than {TOLERANCE:.0%} off the {previous.rows:,} of "
            f"snapshot {previous.snapshot_id}"
        )
    return gap_in(landing, snapshot_id, state, previous)


def previous_snapshot(landing: Path, endpoint: str, before: str | None = None) -> Snapshot | None:
    """Return the last complete snapshot of the same service."""
    found = [
        one
        for one in growing.crawled(landing)
        if one.status == growing.COMPLETE
        and one.details.get("endpoint") == endpoint
        and one.rows is not None
        and (before is None or one.snapshot_id < before)
    ]
    return found[-1] if found else None


def gap_in(landing: Path, snapshot_id: str, state: State, previous: Snapshot) -> str | None:
    """Describe a long run of neighbouring models of a snapshot that the next one lacks, if any."""
    later = files_in_sql(*growing.parts_of(snapshot_folder(landing, snapshot_id)))
    earlier = files_in_sql(*growing.parts_of(previous.folder))
    longest_gap = f"""
        WITH now AS (SELECT hub_oid FROM read_parquet({later}, hive_partitioning = false)),
        before AS (
            SELECT hub_oid, row_number() OVER (ORDER BY hub_oid) AS place
            FROM read_parquet({earlier}, hive_partitioning = false)
        ),
        missing AS (
            SELECT hub_oid, place - row_number() OVER (ORDER BY place) AS gap
            FROM before ANTI JOIN now USING (hub_oid)
        )
        SELECT count(*) AS n_models, min(hub_oid), max(hub_oid)
        FROM missing GROUP BY gap ORDER BY n_models DESC, min(hub_oid) LIMIT 1"""
    try:
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            found = connection.execute(longest_gap).fetchone()
    except duckdb.Error as error:
        return f"it cannot be compared with snapshot {previous.snapshot_id}: {one_line(error)}"
    least = max(SMALLEST_GAP, GAP_SHARE * page_size(state))
    if found is None or found[0] < least:
        return None
    missing, first, last = found
    return (
        f"{missing:,} models that stand side by side in snapshot {previous.snapshot_id} are all "
        f"missing, _id {first} to {last}"
    )


def page_size(state: State) -> int:
    """Return how many models a page was asked for."""
    found = re.search(r"[?&]limit=([0-9]+)", state.request)
    return int(found[1]) if found else 0
