"""Checks a landing against its manifests: `python -m loaders verify`.

Every part is read and hashed again. If a crawled snapshot's manifest is missing, unreadable or
behind its parts, it is built anew from them; a part that differs from its digest is only reported.
"""

import argparse
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from hub_lineage.errors import EXIT_INTEGRITY, LandingError, UsageError
from hub_lineage.files import digest_of
from hub_lineage.landing import (
    COLUMNS,
    Part,
    Snapshot,
    read_manifest,
    snapshot_folder,
    snapshot_folders,
)
from hub_lineage.sql import files_in_sql, one_line
from loaders.arguments import add_landing_argument, landing_of
from loaders.landing import growing
from loaders.landing.doubting import ASCENDING, doubt_about
from loaders.landing.growing import State

__all__ = ["Finding", "add_arguments", "run", "verify"]

_PART = re.compile(r"part-[0-9]{5}\.parquet")


@dataclass
class Finding:
    """What was found about one snapshot."""

    snapshot_id: str
    rows: int = 0
    parts: int = 0
    is_checked: bool = True
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _ReadPart:
    part: Part
    state: State | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders verify`."""
    add_landing_argument(parser)
    parser.add_argument("snapshots", nargs="*", metavar="SNAPSHOT", help="default: all of them")
    parser.add_argument(
        "--accept",
        action="store_true",
        help="let the named suspect snapshot be built, because you have found it right",
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders verify`: a line per snapshot, a line per problem."""
    landing = landing_of(arguments)
    if arguments.accept and len(arguments.snapshots) != 1:
        raise UsageError("--accept needs exactly one snapshot, the one to accept")
    folders = _folders(landing, arguments.snapshots)
    is_sound = True
    for folder in folders:
        finding = verify(landing, folder)
        is_sound &= not finding.problems
        if arguments.accept and not finding.problems:
            finding.notes.append(_accept(folder))
        print(f"{finding.snapshot_id}: {_verdict(finding)}")
        for line in [*finding.problems, *finding.notes]:
            print(f"  {line}")
    if not folders:
        raise LandingError(f"no snapshots in {landing}: name the landing with --landing")
    return 0 if is_sound else EXIT_INTEGRITY


def _verdict(finding: Finding) -> str:
    if not finding.is_checked:
        return "being written, not checked"
    verdict = "unsound" if finding.problems else "sound"
    plural = "" if finding.parts == 1 else "s"
    return f"{verdict}, {finding.rows:,} models in {finding.parts:,} part{plural}"


def verify(landing: Path, folder: Path) -> Finding:
    """Check one snapshot, and repair its manifest if the parts determine it."""
    finding = Finding(folder.name.partition("=")[2])
    try:
        manifest = read_manifest(folder)
    except LandingError:
        manifest = None
    if manifest is not None and manifest.source == growing.SOURCE and _is_alive(folder):
        finding.is_checked = False
        return finding
    found = _read_parts(folder, finding)
    finding.parts, finding.rows = len(found), sum(one.part.rows for one in found)
    _compare(manifest, found, finding)
    states = [one.state for one in found if one.state is not None]
    if found and len(states) == len(found):
        finding.problems += _breaks(states)
        finding.problems += _double_rows(folder, found, states[-1])
        if not finding.problems:
            _repair(landing, folder, manifest, found, states[-1], finding)
    elif manifest is None:
        finding.problems.append("no readable manifest, and no crawled parts to build it from")
    return finding


def _folders(landing: Path, names: list[str]) -> list[Path]:
    if not names:
        return snapshot_folders(landing)
    folders = [snapshot_folder(landing, name.removeprefix("snapshot_id=")) for name in names]
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"the landing holds no {folder.name}")
    return folders


def _is_alive(folder: Path) -> bool:
    return growing.is_being_written(folder)


def _read_parts(folder: Path, finding: Finding) -> list[_ReadPart]:
    found: list[_ReadPart] = []
    parts: list[Path] = []
    for path in growing.parts_of(folder):
        if _PART.fullmatch(path.name):
            parts.append(path)
        else:
            finding.problems.append(_stray(path.name))
    with duckdb.connect() as connection:
        for number, path in enumerate(parts):
            if path.name != growing.part_name(number):
                finding.problems.append(f"{growing.part_name(number)} is missing")
                return found
            try:
                rows = connection.execute(
                    # the sum over the text reads every page of the column, as a build would
                    f"SELECT count(*), sum(length(raw_json)), {', '.join(map(_any, COLUMNS))} "
                    f"FROM read_parquet({files_in_sql(path)}, hive_partitioning = false)"
                ).fetchall()[0][0]
                state = growing.read_state(path)
            except (duckdb.Error, LandingError) as error:
                finding.problems.append(f"{path.name} cannot be read: {one_line(error)}")
                continue
            pages = state.next_page - state.part_first_page if state else None
            found.append(_ReadPart(Part(path.name, rows, digest_of(path), pages), state))
    return found


def _stray(name: str) -> str:
    return f"{name} is not a part of the snapshot, but a build would read it"


def _any(column: str) -> str:
    return f"max({column})"


def _compare(manifest: Snapshot | None, found: list[_ReadPart], finding: Finding) -> None:
    """Report parts that differ from what the manifest recorded when they were written."""
    known = {one.part.name: one.part for one in found}
    for noted in manifest.parts if manifest else ():
        part = known.get(noted.name)
        if part is None:
            if not any(noted.name in problem for problem in finding.problems):
                finding.problems.append(f"{noted.name} is missing")
        elif part.sha256 != noted.sha256:
            finding.problems.append(f"{noted.name} is not the file that was landed (its sha256)")
        elif part.rows != noted.rows:
            finding.problems.append(f"{noted.name} holds {part.rows:,} rows, not {noted.rows:,}")
    # A crawl's manifest may be behind its parts, whose own states say whether they belong to it.
    if manifest is not None and manifest.parts and manifest.source != growing.SOURCE:
        noted_names = {noted.name for noted in manifest.parts}
        finding.problems += [_stray(name) for name in known if name not in noted_names]


def _breaks(states: list[State]) -> Iterator[str]:
    """Say where the parts of a crawl do not follow one another."""
    page = rows = 0
    last: State | None = None
    for number, state in enumerate(states):
        name = growing.part_name(number)
        if state.part_first_page != page:
            yield f"{name} begins with page {state.part_first_page:,}, not {page:,}"
        if state.rows - state.part_rows != rows:
            yield f"{name} counts {state.rows - state.part_rows:,} rows before it, not {rows:,}"
        if last is not None and last.request_hash != state.request_hash:
            yield f"{name} answers another request"
        if last is not None and last.last_oid and state.part_first_oid:
            is_rising = state.part_first_oid > last.last_oid
            if is_rising != (state.order == ASCENDING):
                yield f"{name} does not follow the order of the listing"
        page, rows, last = state.next_page, state.rows, state


def _double_rows(folder: Path, found: list[_ReadPart], last: State) -> Iterator[str]:
    """Say whether models are landed twice, or the number of rows differs from the states' count."""
    files = files_in_sql(*(folder / one.part.name for one in found))
    counted = last.rows
    try:
        with duckdb.connect() as connection:
            rows, oids = connection.execute(
                f"SELECT count(*), count(DISTINCT hub_oid) FROM read_parquet({files}, "
                "hive_partitioning = false)"
            ).fetchall()[0]
    except duckdb.Error:
        return  # reported as a part that cannot be read
    if rows != counted:
        yield f"the parts hold {rows:,} rows, their states count {counted:,}"
    if oids != rows:
        yield f"{rows - oids:,} models are landed twice"


def _repair(
    landing: Path,
    folder: Path,
    manifest: Snapshot | None,
    found: list[_ReadPart],
    state: State,
    finding: Finding,
) -> None:
    parts = [one.part for one in found]
    note = manifest.details.get("note") if manifest else None
    status = manifest.status if manifest else growing.INTERRUPTED
    if state.is_last and (manifest is None or status in growing.UNFINISHED):
        note = doubt_about(landing, finding.snapshot_id, state)
        status = growing.SUSPECT if note else growing.COMPLETE
    is_right = manifest is not None and (manifest.parts, manifest.rows, manifest.status) == (
        tuple(parts),
        state.rows,
        status,
    )
    if not is_right and os.access(folder, os.W_OK):
        growing.write_manifest(folder, parts, state, status, note)
        finding.notes.append(f"the manifest is built anew: {status}")
    if status == growing.SUSPECT:
        finding.notes.append(f"suspect: {note}")


def _accept(folder: Path) -> str:
    """Mark a suspect snapshot as complete; return a note that says so."""
    snapshot = read_manifest(folder)
    if snapshot.status != growing.SUSPECT:
        raise UsageError(f"{folder.name} is not suspect and needs no acceptance")
    is_whole = not growing.is_unfinished(snapshot)
    growing.rewrite_status(folder, growing.COMPLETE, "accepted by hand, had been suspect")
    return "accepted: it is now complete" + (
        "" if is_whole else ", although the listing goes on after its last page"
    )
