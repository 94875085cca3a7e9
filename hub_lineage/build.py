"""Build the marts into a new database file, export them, and only then replace the old ones.

    python build.py                            every model, seed and test
    python build.py --full-refresh             the same, and every snapshot's JSON is read again
    python build.py --select +crowding         a part, on top of a copy of the present database
    python build.py --vars '{zero_parent_rule: one}'

All arguments go to `dbt build`. HUB_LANDING, HUB_DATABASE and HUB_EXPORTS say what is read and
written (by default the sample, hub_lineage.duckdb and exports/ in this folder, where relative paths
start as well). HUB_MEMORY bounds the memory (4GB).
The values of --vars become part of the SQL that is run: give none that you do not trust.

Snapshots whose files have not changed since the last build are not read again: what was read then
is carried over.

`dbt build` by itself does the same work in place: a failure in the middle would leave new tables
beside old ones. Here dbt works on a file of its own, and the previous database and exports stay as
they were until every model is built and every test has passed. Readers of the old files are not
disturbed. A build that is killed leaves nothing but a hidden folder, which the next one clears; if
it is killed while it replaces files, a mark among the exports warns their readers until a build
succeeds.

A mart that a partial build leaves out keeps its rows and the name of their snapshot.

On a terminal a bar shows how many steps are done and what runs now, elsewhere a line every ten
seconds; dbt's own log is logs/<name of the database>.log.

Whatever goes wrong is told in one line on stderr. Exit codes: 0 built; 1 a model or a test failed,
or the landing holds nothing to build; 2 wrong use or environment (a database that is being written
to, a folder that cannot be written, an unknown argument or variable).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

import duckdb

from hub_lineage import dbt
from hub_lineage.checks import (
    check_arguments,
    check_database,
    check_landing,
    damaged_parts,
    doubtful_weeks,
    given_variables,
    in_time,
    name_of,
)
from hub_lineage.dbt import (
    ALL_BUT_UNIT_TESTS,
    MODELS_AND_SEEDS,
    SELECTIONS,
    keep_parse,
    kept_parse,
    without_unit_tests,
)
from hub_lineage.errors import BuildError, DbtError, first_line
from hub_lineage.exporting import FILE, export_marts, views_left_out
from hub_lineage.exports import MARK
from hub_lineage.files import empty_folder, hidden_folder, replace_files
from hub_lineage.landing import Snapshot
from hub_lineage.paths import folder_from
from hub_lineage.sql import files_in_sql, identifier, memory_limit, one_value
from hub_lineage.steps import Steps

__all__ = [
    "ALL_BUT_UNIT_TESTS",
    "FILE",
    "MARK",
    "MODELS_AND_SEEDS",
    "BuildError",
    "build",
    "building_folder",
    "doubtful_weeks",
    "main",
    "run_dbt",
]

READ = (
    "stg_hub__items", "stg_hub__item_rejections", "stg_hub__repositories", "stg_hub__versions",
    "stg_hub__sightings", "stg_hub__turns",
)  # fmt: skip
"""What was read from the snapshots: the tables that a build takes over from the last database."""

ITEMS_AT_ONCE = 5_000_000
"""How many unread items of a history one run of dbt reads; the next run continues. This bounds the
memory of a statement and the items without news that the database holds at a time."""

READING = (
    "--select", "+stg_hub__turns", "--exclude", "resource_type:test", "resource_type:unit_test",
)  # fmt: skip
"""Selects the models that read snapshots, and everything before them."""


SECONDS_OF_DBT = 20.0
SECONDS_AN_ITEM = 5e-5
SECONDS_TO_READ_AN_ITEM = 1.2e-5
"""The time of a build with tests on two free cores, measured at 600 and 2,556,240 models
(docs/benchmark.md), and what reading earlier snapshots adds to it (docs/performance.md)."""


# the two hidden folders where the new files are made


@contextlib.contextmanager
def building_folder(
    path: Path, variable: str, others: str, home: Path | None = None
) -> Iterator[int]:
    """Keep an empty folder to this process; yield its lock, for child processes to hold as well.

    What a killed run had set aside is put back into `home`, and what else it left is cleared.
    """
    with contextlib.ExitStack() as stack:
        try:
            lock = stack.enter_context(hidden_folder(path, home))
        except BlockingIOError as error:
            raise BuildError(
                f"another build into {path.parent / others} is under way: wait for it, or set "
                f"{variable} to another place",
                2,
            ) from error
        except OSError as error:
            raise BuildError(
                f"cannot write to {path.parent} ({first_line(error)}): set {variable} to a place "
                "that can be written",
                2,
            ) from error
        yield lock


# dbt


def run_dbt(
    arguments: Sequence[str],
    landing: Path,
    snapshots: Sequence[Snapshot],
    workshop: Path,
    lock: int,
) -> None:
    """Run `dbt build` on the database in the workshop; a BuildError unless all of it passes."""
    environment = {
        "HUB_LANDING": str(landing),
        "HUB_DATABASE": str(workshop / FILE),
        "HUB_MEMORY": memory_limit(),
        # So that a crawl that finishes while dbt runs is not read half-way through.
        "HUB_SNAPSHOTS": json.dumps([name_of(one) for one in snapshots]),
        "DBT_EMPTY": "false",
    }
    arguments = without_unit_tests(arguments)
    # Tests between tables hold in a partial build only if all of these are in it or upstream.
    names = {argument.split("=")[0] for argument in arguments}
    if names & {"-s", "--select"} and "--indirect-selection" not in names:
        arguments = [*arguments, "--indirect-selection", "buildable"]
    options = ["--log-format", "json", "--log-format-file", "text"]
    kept = kept_parse()
    if kept.is_file():
        options += ["--partial-parse-file-path", str(kept)]
    try:
        with Steps() as steps:
            stderr = dbt.run(
                ["build", *arguments, *options],
                workshop,
                target="file",
                environment=environment,
                note=steps.note,
                lock=lock,
            )
    except DbtError as error:
        # Only footers were checked before; now that something is wrong, all bytes are.
        damaged = next(damaged_parts(snapshots), None)
        why = f"{damaged} is damaged, land its snapshot again; " if damaged else ""
        raise BuildError(
            f"{why}{error}; the previous database and exports are as they were, the unfinished "
            f"database and dbt's log are in {workshop}",
            error.exit_code,
        ) from error
    keep_parse(workshop / "target" / "partial_parse.msgpack", kept)
    sys.stderr.write(stderr)


# all of it


def build(arguments: Sequence[str]) -> None:
    """Build, test, export and replace; if anything fails, a BuildError, and nothing is changed."""
    started = time.monotonic()
    landing = folder_from("HUB_LANDING", "sample")
    database = folder_from("HUB_DATABASE", "hub_lineage.duckdb")
    exports = folder_from("HUB_EXPORTS", "exports")
    check_arguments(arguments)
    memory_limit()
    snapshots = check_landing(landing)
    check_database(database)
    is_part = bool({argument.split("=")[0] for argument in arguments} & SELECTIONS)
    items = n_items_of(snapshots)
    workshop = database.parent / f".{database.name}.building"
    staged = exports / ".building"
    with (
        building_folder(workshop, "HUB_DATABASE", database.name) as lock,
        building_folder(staged, "HUB_EXPORTS", "") as _,
    ):
        if is_part:
            try:
                copy_database(database, workshop / FILE)
            except OSError as error:
                empty_folder(workshop)
                raise BuildError(
                    f"cannot copy {database} to {workshop} for a partial build "
                    f"({first_line(error)}): make room, or set HUB_DATABASE to another place",
                    2,
                ) from error
        else:
            if not {"--full-refresh", "-f"} & {*arguments}:
                carry_readings_over(database, workshop / FILE)
            # What is carried over and read here must not be read again; everything else is new.
            arguments = [one for one in arguments if one not in ("--full-refresh", "-f")]
            variables = ("--vars", json.dumps(given_variables(arguments)))
            read = snapshots_read(workshop / FILE)
            print(expected(snapshots, items, read), flush=True)
            for part in parts_of_history(snapshots, items, read):
                print(f"reading {len(part)} of {len(snapshots)} snapshots first", flush=True)
                run_dbt([*READING, *variables], landing, part, workshop, lock)
        run_dbt(arguments, landing, snapshots, workshop, lock)
        keep_log(
            workshop / "logs" / "dbt.log",
            folder_from("DBT_LOG_PATH", "logs") / f"{database.name}.log",
        )
        try:
            doubts = list(doubtful_weeks(workshop / FILE)) if not is_part else []
            left = views_left_out(workshop, exports) if is_part else set()
            snapshot_id, counts = export_marts(workshop, staged, leave=left)
            replace_files(replacements(workshop, database, staged, exports))
        except (OSError, duckdb.Error) as error:
            raise BuildError(
                f"cannot put {database} and {exports} in place ({first_line(error)}): the previous "
                "ones are as they were; set HUB_DATABASE and HUB_EXPORTS to places that can be "
                "written",
                2,
            ) from error
        finally:
            empty_folder(staged)
        empty_folder(workshop)
    for doubt in doubts:
        print(f"notice: {doubt}", file=sys.stderr)
    width = max((len(mart) for mart, _ in counts), default=0)
    of_snapshot = f", snapshot {snapshot_id}" if snapshot_id else ""
    print(f"\n{database} and {len(counts)} marts in {exports}{of_snapshot}:")
    for mart, rows in counts:
        print(f"  {mart:<{width}} {rows:>12,} rows")
    print(f"built in {time.monotonic() - started:.1f} s")


def n_items_of(snapshots: Sequence[Snapshot]) -> dict[str, int]:
    """The items of each snapshot, from the footers of its parts."""
    with duckdb.connect() as connection:
        return {
            name_of(one): one_value(
                connection,
                "select sum(num_rows) from parquet_file_metadata("
                f"{files_in_sql(*sorted(one.folder.glob('part-*.parquet')))})",
            )
            for one in snapshots
        }


def expected(snapshots: Sequence[Snapshot], items: Mapping[str, int], read: Collection[str]) -> str:
    """What a build reads, and roughly how long it takes."""
    *before, latest = map(name_of, in_time(snapshots))
    n_new = sum(items[name] for name in before if name not in read)
    seconds = SECONDS_OF_DBT + items[latest] * SECONDS_AN_ITEM + n_new * SECONDS_TO_READ_AN_ITEM
    n_items = sum(items.values())
    n_snapshots = f"{len(items):,} snapshot{'s' if len(items) > 1 else ''}"
    takes = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"building {n_items:,} items of {n_snapshots}: about {takes} on two free cores"


def parts_of_history(
    snapshots: Sequence[Snapshot], items: Mapping[str, int], read: Collection[str]
) -> Iterator[list[Snapshot]]:
    """Growing lists of snapshots, each to be read in one run of dbt before the build.

    Each list adds snapshots of at most `ITEMS_AT_ONCE` unread items, or a single larger snapshot.
    The last of them is left to the build itself.
    """
    held = [one for one in snapshots if name_of(one) in read]
    n_new = 0
    for one in in_time(snapshots):
        if name_of(one) not in read:
            if n_new and n_new + items[name_of(one)] > ITEMS_AT_ONCE:
                yield [*held]
                n_new = 0
            held.append(one)
            n_new += items[name_of(one)]


def snapshots_read(database: Path) -> set[str]:
    """The snapshots that a database has read; none if it does not exist."""
    if not database.exists():
        return set()
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute("select distinct snapshot_id from staging.stg_hub__sightings")
        return {name for (name,) in found.fetchall()}


def keep_log(log: Path, place: Path) -> None:
    """Keep dbt's log; if it cannot be copied, the build goes on without it."""
    with contextlib.suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(log, place)


def replacements(
    workshop: Path, database: Path, staged: Path, exports: Path
) -> list[tuple[Path, Path]]:
    """The new files and what each replaces, in order: the mark is set first and removed last."""
    marts = [(path, exports / path.name) for path in sorted(staged.glob("*.parquet"))]
    mark = exports / MARK
    # After a killed build, files that this build does not replace may be either old or new.
    is_whole = not mark.exists() or set(exports.glob("*.parquet")) <= {old for _, old in marts}
    (staged / MARK).touch()
    nothing = staged / "nothing"
    return [
        (staged / MARK, mark),
        # What a crashed program wrote beside the old database does not belong to the new one.
        (write_ahead_log(workshop / FILE), write_ahead_log(database)),
        (workshop / FILE, database),
        *marts,
        *([(nothing, mark)] if is_whole else []),
    ]


def copy_database(source: Path, target: Path) -> None:
    """Copy a database, if there is one, and its write-ahead log."""
    for old, new in ((source, target), (write_ahead_log(source), write_ahead_log(target))):
        if old.exists():
            shutil.copyfile(old, new)


def carry_readings_over(source: Path, target: Path) -> None:
    """Begin the new database with what the old one has read from the snapshots, if possible.

    dbt reads those snapshots again whose files or reading statement have changed, and all later
    ones. What cannot be carried over is read from the landing. Copying the file is cheaper than
    copying the tables: a year of the Hub is a hundred million rows.
    """
    if not source.exists():
        return
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit(),
        "storage_compatibility_version": "v1.4.0",
    }
    try:
        copy_database(source, target)
        with duckdb.connect(str(target), config=settings) as connection:
            found = connection.execute(
                "select 'view', schema_name, view_name from duckdb_views() where not internal "
                "union all select 'table', schema_name, table_name from duckdb_tables() "
                "order by 1 desc"
            ).fetchall()
            kept = {("table", "staging", name) for name in READ}
            if not kept <= set(found):
                raise duckdb.CatalogException("it does not hold all tables that were read")
            for kind, schema, name in found:
                if (kind, schema, name) not in kept:
                    connection.execute(f"drop {kind} {identifier(schema)}.{identifier(name)}")
    except (duckdb.Error, OSError):
        target.unlink(missing_ok=True)
        write_ahead_log(target).unlink(missing_ok=True)


def write_ahead_log(database: Path) -> Path:
    """Where DuckDB keeps what is not yet written into a database's file."""
    return database.with_name(f"{database.name}.wal")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if {"-h", "--help"} & {*arguments}:
        print(__doc__)
        return 0
    try:
        build(arguments)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"error: {first_line(error)}; the previous database and exports are as they were",
              file=sys.stderr)  # fmt: skip
        return 2
    except KeyboardInterrupt:
        print("error: stopped; the previous database and exports are as they were", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
