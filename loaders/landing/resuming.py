"""Which snapshot a crawl resumes."""

import contextlib
from collections.abc import Sequence

from hub_lineage.errors import LandingError, UsageError
from hub_lineage.landing import Snapshot
from loaders.landing import growing


def unfinished_for(
    crawled: Sequence[Snapshot], request_hash: str | None, new_snapshot: bool = False
) -> Snapshot | None:
    """Return the snapshot that a crawl resumes; None if it starts one, or has nothing to do.

    That is the latest one, if it is unfinished; with `--new-snapshot` only if that option started
    it. If the latest is complete, it is the youngest unfinished one before it that was begun with
    the same request (`request_hash`; None for any). UsageError when the unfinished latest was begun
    with another request.
    """
    if not crawled:
        return None
    *earlier, latest = crawled
    if growing.is_unfinished(latest):
        return latest if _is_resumed(latest, request_hash, new_snapshot) else None
    if new_snapshot or latest.status != growing.COMPLETE:
        return None
    for snapshot in reversed(earlier):
        if growing.is_unfinished(snapshot):
            with contextlib.suppress(LandingError):  # `status` and `verify` report it
                state = growing.last_state(snapshot.folder)
                if state is not None and request_hash in (None, state.request_hash):
                    return snapshot
    return None


def _is_resumed(latest: Snapshot, request_hash: str | None, new_snapshot: bool) -> bool:
    """Say whether the latest, unfinished snapshot is resumed."""
    if new_snapshot and growing.is_being_written(latest.folder):
        return True  # resuming it raises the error that another crawl holds it
    try:
        state = growing.last_state(latest.folder)
    except LandingError:
        if new_snapshot:
            return False
        raise
    if state is None:
        return True  # nothing landed yet
    is_same = request_hash in (None, state.request_hash)
    if new_snapshot:
        return is_same and state.is_another
    if not is_same:
        raise UsageError(
            f"snapshot {latest.snapshot_id} was begun with another request, {state.request} from "
            f"{state.endpoint}: repeat its endpoint, page size and profile, or start anew with "
            "--new-snapshot"
        )
    return True
