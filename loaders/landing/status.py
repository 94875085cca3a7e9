"""What a landing holds: `python -m loaders status`."""

import argparse
from pathlib import Path

from hub_lineage.errors import LandingError
from hub_lineage.landing import Snapshot, read_manifest, snapshot_folders
from loaders.arguments import add_landing_argument, landing_of
from loaders.landing import growing
from loaders.landing.resuming import unfinished_for

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders status`."""
    add_landing_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders status`: a line per snapshot, then what crawl would do."""
    for line in describe(landing_of(arguments)):
        print(line)
    return 0


def describe(landing: Path) -> list[str]:
    """Return the lines of the status."""
    lines: list[str] = []
    crawled: list[Snapshot] = []
    is_readable = True
    for folder in snapshot_folders(landing):
        try:
            snapshot = read_manifest(folder)
        except LandingError:
            is_readable = False
            lines.append(f"{folder.name.partition('=')[2]}  unreadable manifest: run `verify`")
            continue
        lines.append(_line(snapshot))
        if snapshot.source == growing.SOURCE:
            crawled.append(snapshot)
    if not lines:
        lines.append("no snapshots")
    lines.append(
        f"next: {_next(crawled) if is_readable else 'run `verify`; crawl does nothing before that'}"
    )
    return lines


def _line(snapshot: Snapshot) -> str:
    rows = "?" if snapshot.rows is None else f"{snapshot.rows:,}"
    status = snapshot.status
    if snapshot.source == growing.SOURCE and status in growing.UNFINISHED:
        status = "unfinished"
        if growing.is_being_written(snapshot.folder):
            status = f"being written{growing.holder_of(snapshot.folder)}"
    facts = [
        snapshot.snapshot_id, status, f"{rows} models", _parts(len(snapshot.parts)),
        f"from {snapshot.source or 'an unnamed source'}",
    ]  # fmt: skip
    if endpoint := snapshot.details.get("endpoint"):
        facts[-1] += f" {endpoint}"
    if note := snapshot.details.get("note"):
        facts.append(note)
    return "  ".join(facts)


def _parts(number: int) -> str:
    return f"{number:,} part{'' if number == 1 else 's'}"


def _next(crawled: list[Snapshot]) -> str:
    if not crawled:
        return "crawl starts the first snapshot"
    latest, unfinished = crawled[-1], unfinished_for(crawled, request_hash=None)
    if unfinished is None:
        return f"crawl does nothing, {latest.snapshot_id} is {latest.status}; " + (
            "crawl --new-snapshot starts another"
        )
    if growing.is_being_written(unfinished.folder):
        return f"a crawl is writing {unfinished.snapshot_id}; another would be refused"
    state = growing.last_state(unfinished.folder)
    if state is None:
        return f"crawl starts {unfinished.snapshot_id} at its first page"
    if state.is_last:
        return f"crawl closes {unfinished.snapshot_id}, all pages are landed"
    older = "" if unfinished is latest else f", left unfinished before {latest.snapshot_id},"
    return (
        f"crawl goes on with {unfinished.snapshot_id}{older} at page {state.next_page:,} "
        f"({state.rows:,} models landed)"
    )
