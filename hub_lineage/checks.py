"""Checks of arguments, landing and database before a build, and of its snapshots once read."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import yaml

from hub_lineage.errors import BuildError, LandingError, first_line
from hub_lineage.files import digest_of
from hub_lineage.landing import COLUMNS, Snapshot, iso, list_snapshots
from hub_lineage.paths import PROJECT
from hub_lineage.sql import files_in_sql, one_value

SET_HERE = {
    "-t", "--target", "--profile", "--profiles-dir", "--project-dir", "--target-path", "--log-path",
    "--empty", "--sample",
}  # fmt: skip

FEW = 100
SHARE_GONE = 0.05
"""A snapshot that lost more items than both this number and this share is doubtful."""


def check_arguments(arguments: Sequence[str]) -> None:
    """A BuildError for options that would defeat the build, and for unknown variables."""
    for argument in arguments:
        option = argument.split("=")[0]
        if option in SET_HERE:
            raise BuildError(
                f"{option} cannot be used with build.py, which sets it itself or publishes what it "
                "makes: use plain `dbt build` for that",
                2,
            )
    known = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    for name in given_variables(arguments):
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            raise BuildError(
                f"unknown variable {name!r}{f', do you mean {near[0]}?' if near else ''}; "
                f"known: {', '.join(known)}",
                2,
            )


def given_variables(arguments: Sequence[str]) -> dict:
    """The variables given with --vars; a BuildError if they are not a YAML mapping."""
    text = "{}"
    for number, argument in enumerate(arguments):
        if argument == "--vars":
            text = "".join(arguments[number + 1 : number + 2])
        elif argument.startswith("--vars="):
            text = argument.removeprefix("--vars=")
    try:
        given = yaml.safe_load(text)
    except yaml.YAMLError:
        given = None
    if not isinstance(given, dict):
        raise BuildError(
            f"--vars {text!r} is not a YAML mapping such as --vars '{{zero_parent_rule: one}}'",
            2,
        )
    return given


def name_of(snapshot: Snapshot) -> str:
    """The snapshot's name in dbt: that of its folder, whatever its manifest says."""
    return snapshot.folder.name.partition("=")[2]


def in_time(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Snapshots from first to last; manifests may or may not give the time zone."""
    return sorted(snapshots, key=lambda one: (iso(one.started_at), one.snapshot_id))


def check_date(snapshot: Snapshot) -> None:
    """A BuildError if the folder's name and the manifest are more than a day apart.

    A folder may be named in another way, and then has no date to compare.
    """
    try:
        named = datetime.strptime(snapshot.folder.name, "snapshot_id=%Y%m%dT%H%M%SZ")
    except ValueError:
        return
    started_at = datetime.fromisoformat(iso(snapshot.started_at)[:-1])
    if abs(started_at - named) > timedelta(days=1):
        raise BuildError(
            f"{snapshot.folder} has another date than its _manifest.json, which says "
            f"{iso(started_at)}: land the snapshot again under its true date, or remove its folder",
            1,
        )


def check_landing(landing: Path) -> list[Snapshot]:
    """The complete snapshots of a landing; a BuildError if there is none, or one cannot be read."""
    try:
        snapshots = list_snapshots(landing, skip_unreadable=True)
    except LandingError as error:
        raise BuildError(f"in {landing}: {error}", 1) from error
    unreadable = sorted(
        {folder.name for folder in landing.glob("hub_models/snapshot_id=*")}
        - {snapshot.folder.name for snapshot in snapshots}
    )
    if not snapshots and not unreadable:
        raise BuildError(
            f"no landing at {landing}: set HUB_LANDING to a folder with "
            "hub_models/snapshot_id=*/_manifest.json, or make one with `python -m loaders import`",
            1,
        )
    complete = [snapshot for snapshot in snapshots if snapshot.status == "complete"]
    broken = f"{', '.join(unreadable)}: _manifest.json is missing, unreadable or not a JSON object"
    if not complete:
        raise BuildError(
            f"no complete snapshot in {landing}: {len(snapshots) + len(unreadable)} there, none "
            "with status 'complete' in its _manifest.json; finish the crawl or import a snapshot"
            + (f" ({broken}: land the snapshot again)" if unreadable else ""),
            1,
        )
    if unreadable:
        print(f"notice: not read: {broken}", file=sys.stderr)
    with duckdb.connect() as connection:
        for snapshot in complete:
            check_date(snapshot)
            check_parts(connection, snapshot)
    return complete


def check_parts(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
    """A BuildError unless the footers of all parts are readable and agree with the manifest."""
    again = "land the snapshot again, or remove its folder"
    parts = sorted(snapshot.folder.glob("part-*.parquet"))
    if not parts:
        raise BuildError(f"{snapshot.folder} is complete and has no part-*.parquet: {again}", 1)
    absent = {part.name for part in snapshot.parts} - {part.name for part in parts}
    if absent:
        raise BuildError(
            f"{snapshot.folder} lacks {', '.join(sorted(absent))}, which its _manifest.json names: "
            f"{again}",
            1,
        )
    n_rows = 0
    for part in parts:
        name = files_in_sql(part)
        try:
            n_rows += one_value(
                connection, f"select sum(num_rows) from parquet_file_metadata({name})"
            )
            columns = connection.execute(f"select name from parquet_schema({name})").fetchall()
        except duckdb.Error as error:
            raise BuildError(f"{part} cannot be read ({first_line(error)}): {again}", 1) from error
        missing = [column for column in COLUMNS if (column,) not in columns]
        if missing:
            raise BuildError(f"{part} has no column {', '.join(missing)}: {again}", 1)
    # Only manifests of our own loaders are compared with the parts.
    if snapshot.parts and snapshot.rows not in (None, n_rows):
        raise BuildError(
            f"{snapshot.folder} has {n_rows} rows in its parts where its _manifest.json promises "
            f"{snapshot.rows}: {again}",
            1,
        )


def damaged_parts(snapshots: Sequence[Snapshot]) -> Iterator[Path]:
    """Parts whose bytes differ from those that the manifest was written for."""
    for snapshot in snapshots:
        for part in snapshot.parts:
            if digest_of(snapshot.folder / part.name) != part.sha256:
                yield snapshot.folder / part.name


def check_database(database: Path) -> None:
    """A BuildError if another program writes to the database, or it is not a DuckDB file."""
    if set("?#") & set(str(database.parent)):
        raise BuildError(
            f"dbt takes the ? or # in {database.parent} as the end of the path: set HUB_DATABASE "
            "to a file in another folder",
            2,
        )
    if not database.exists():
        return
    try:
        duckdb.connect(str(database), read_only=True).close()
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise BuildError(
                f"{database} is open for writing in another program: close it there, or set "
                "HUB_DATABASE to another file (readers do best with the exports)",
                2,
            ) from error
        raise BuildError(
            f"{database} cannot be opened as a DuckDB database ({first_line(error)}): move it away "
            "or set HUB_DATABASE to another file",
            2,
        ) from error


def doubtful_weeks(database: Path) -> Iterator[str]:
    """What is odd about the snapshots, one line each; their rows are built all the same."""
    again = "land the snapshot again, or remove its folder"
    with duckdb.connect(str(database)) as connection:
        short = connection.execute(
            "select later.snapshot_id, later.n_landed_items, earlier.snapshot_id, "
            "earlier.n_landed_items from staging.stg_hub__snapshots as later "
            "inner join staging.stg_hub__snapshots as earlier "
            "on later.previous_snapshot_id = earlier.snapshot_id "
            "where earlier.n_landed_items - later.n_landed_items > $1 "
            "and later.n_landed_items < (1 - $2) * earlier.n_landed_items order by 1",
            [FEW, SHARE_GONE],
        ).fetchall()
        early = connection.execute(
            "select snapshot_id, count(*) from staging.stg_hub__versions "
            "inner join staging.stg_hub__snapshots using (snapshot_id) "
            # The public archive names a week after its first day, but lists the Hub on its last.
            "where created_at > snapshot_at + interval 8 days group by snapshot_id order by 1"
        ).fetchall()
        twice = connection.execute(
            "select snapshot_id, count(*) from staging.stg_hub__item_rejections "
            "inner join staging.stg_hub__snapshots using (snapshot_id) "
            "where rejection_reason in ('duplicate_repository', 'duplicate_id') "
            "group by snapshot_id, n_landed_items having count(*) > n_landed_items / 100 order by 1"
        ).fetchall()
        repeated = list(repeated_weeks(connection))
    for snapshot_id, before in repeated:
        yield (
            f"snapshot_id={snapshot_id} repeats snapshot_id={before} in everything, counters "
            f"included, as if nothing had changed in between: {again}"
        )
    for snapshot_id, n, before, n_before in short:
        yield (
            f"snapshot_id={snapshot_id} has {n:,} items, where snapshot_id={before} has "
            f"{n_before:,}: if it was cut short, {again}"
        )
    for snapshot_id, n in early:
        yield (
            f"snapshot_id={snapshot_id} lists {models(n)} created more than a week after it, so "
            f"its date is doubtful: {again}"
        )
    for snapshot_id, n in twice:
        yield f"snapshot_id={snapshot_id} names {models(n)} twice, the last counts: {again}"


def repeated_weeks(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Snapshots that equal the one before, each with that one.

    Counters are compared only where no repository was added, removed or otherwise changed.
    """
    still = connection.execute(
        "select snapshot_id, previous_snapshot_id from staging.stg_hub__snapshots "
        "where previous_snapshot_id is not null "
        "and snapshot_id not in (select snapshot_id from staging.stg_hub__turns) order by 1"
    ).fetchall()
    counters = "downloads, downloads_all_time, likes, trending_score"
    of_snapshot = (
        f"select repository_key, {counters} from staging.stg_hub__sightings where snapshot_id = "
    )
    for snapshot_id, before in still:
        moved = connection.execute(
            f"({of_snapshot} $1 except {of_snapshot} $2) limit 1", [snapshot_id, before]
        ).fetchall()
        if not moved:
            yield snapshot_id, before


def models(n: int) -> str:
    """A number of models in words."""
    return f"{n:,} model{'' if n == 1 else 's'}"
