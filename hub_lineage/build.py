"""Build the marts into a new database file, export them, and only then replace the old ones.

    python build.py                            every model, seed and test
    python build.py --full-refresh             the same, and every snapshot's JSON is read again
    python build.py --select +crowding         a part, on top of a copy of the present database
    python build.py --vars '{zero_parent_rule: one}'

All arguments go to `dbt build`. HUB_LANDING, HUB_DATABASE and HUB_EXPORTS say what is read and
written (by default the sample, hub_lineage.duckdb and exports/ in this folder; relative paths are
meant from this folder). HUB_MEMORY bounds the memory (4GB).
The values of --vars become part of the SQL that is run: give none that you do not trust.

Snapshots whose files are those of the last build are not read again: what was read of them is
carried over.

`dbt build` by itself does the same work in place: a failure in the middle would leave new tables
beside old ones. Here dbt works on a file of its own, and the previous database and exports stay as
they were until every model stands and every test has passed. Readers of the old files are not
disturbed. A build that is killed leaves nothing but a hidden folder, which the next one clears; if
it is killed in the moment of replacing, a mark among the exports says so to whoever reads them
until a build goes through.

A mart that a part leaves out keeps its rows and the name of the snapshot that they are of.

On a terminal a bar shows the steps done of all and what runs now, elsewhere a line every ten
seconds; dbt's own log is logs/<name of the database>.log.

Whatever goes wrong is told in one line on stderr. Exit codes: 0 built; 1 a model or a test failed,
or the landing holds nothing to build; 2 wrong use or environment (a database that is being written
to, a folder that cannot be written, an argument or a variable that nobody knows).
"""

from __future__ import annotations

import contextlib
import ctypes
import difflib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import yaml

from hub_lineage.errors import DISK_FULL, BuildError, LandingError, first_line
from hub_lineage.files import digest_of, empty_folder, flush, hidden_folder, replace_files
from hub_lineage.landing import COLUMNS, Snapshot, iso, list_snapshots
from hub_lineage.paths import PROJECT, folder_from
from hub_lineage.sql import files_in_sql, identifier, literal, one_value
from hub_lineage.steps import Steps

RESOURCE_TYPES = {
    "--resource-type", "--resource-types", "--exclude-resource-type", "--exclude-resource-types",
}  # fmt: skip
SELECTIONS = RESOURCE_TYPES | {"-s", "--select", "-m", "--models", "--exclude", "--selector"}
ALL_BUT_UNIT_TESTS = ("--selector", "all_but_unit_tests")
MODELS_AND_SEEDS = ("--selector", "models_and_seeds")
SET_HERE = {
    "-t", "--target", "--profile", "--profiles-dir", "--project-dir", "--target-path", "--log-path",
    "--empty", "--sample",
}  # fmt: skip
FILE = "hub_lineage.duckdb"
"""The database's name while it is made, whatever it is called in the end: its schemas are found
under the name of the file, and not every name will do."""

READ = (
    "stg_hub__items", "stg_hub__item_rejections", "stg_hub__repositories", "stg_hub__versions",
    "stg_hub__sightings", "stg_hub__turns",
)  # fmt: skip
"""The tables that a build takes from the database before it: what was read of the snapshots."""

ITEMS_AT_ONCE = 5_000_000
"""Of a history that was not read yet one run of dbt reads so many items, and the next goes on: what
a statement keeps in memory, and the database in items that say nothing new, is bounded then."""

READING = (
    "--select", "+stg_hub__sightings", "--exclude", "resource_type:test", "resource_type:unit_test",
)  # fmt: skip
"""The models that read snapshots, down to what is kept of them."""

MARK = ".being_replaced"
"""In the exports' folder from before the first file is replaced until after the last one is."""


SECONDS_OF_DBT = 20.0
SECONDS_AN_ITEM = 5e-5
SECONDS_TO_READ_AN_ITEM = 1.2e-5
"""Of a build with tests on two free cores, at 600 and at 2,556,240 models (docs/benchmark.md); what
snapshots before the latest add to it when they are read (docs/performance.md)."""

KEPT_PARSE = PROJECT / "target" / "build" / "partial_parse.msgpack"
"""dbt's reading of the project, from the last build that went through."""


# before the build


def memory_limit() -> str:
    """HUB_MEMORY; a BuildError for what is no size: DuckDB takes a negative one for no limit."""
    limit = os.environ.get("HUB_MEMORY", "").strip() or "4GB"
    try:
        if not re.fullmatch(r"(?=.*[1-9])[0-9]+(\.[0-9]+)? *[KMGT]i?B", limit, re.IGNORECASE):
            raise ValueError("it must be a size such as 4GB")
        duckdb.connect(config={"memory_limit": limit}).close()
    except (ValueError, duckdb.Error) as error:
        raise BuildError(f"HUB_MEMORY is {limit!r}: {first_line(error)}", 2) from error
    return limit


def check_arguments(arguments: Sequence[str]) -> None:
    """A BuildError for options that would defeat the build, and for variables nobody reads."""
    for argument in arguments:
        option = argument.split("=")[0]
        if option in SET_HERE:
            raise BuildError(
                f"{option} does not go with build.py, which sets it itself or publishes what it "
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
    """What --vars gives; a BuildError where it is no YAML mapping."""
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
            f"--vars {text!r} is no YAML mapping; it goes like --vars '{{zero_parent_rule: one}}'",
            2,
        )
    return given


def name_of(snapshot: Snapshot) -> str:
    """What dbt knows a snapshot by: the name of its folder, whatever its manifest says."""
    return snapshot.folder.name.partition("=")[2]


def in_time(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    """Snapshots from the first to the last; manifests may or may not write their zone."""
    return sorted(snapshots, key=lambda one: (iso(one.started_at), one.snapshot_id))


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
    broken = f"{', '.join(unreadable)}: _manifest.json is missing, unreadable or no JSON object"
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


def check_date(snapshot: Snapshot) -> None:
    """A BuildError where the name of the folder and the manifest are of different days.

    A folder may be named in another way, and then says no date.
    """
    try:
        named = datetime.strptime(snapshot.folder.name, "snapshot_id=%Y%m%dT%H%M%SZ")
    except ValueError:
        return
    started_at = datetime.fromisoformat(iso(snapshot.started_at)[:-1])
    if abs(started_at - named) > timedelta(days=1):
        raise BuildError(
            f"{snapshot.folder} bears another date than its _manifest.json, which says "
            f"{iso(started_at)}: land the snapshot again under its true date, or remove its folder",
            1,
        )


def check_parts(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> None:
    """A BuildError unless the footers of all parts are sound and hold what the manifest says."""
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
    # Only what our own loaders promise is held against the parts.
    if snapshot.parts and snapshot.rows not in (None, n_rows):
        raise BuildError(
            f"{snapshot.folder} has {n_rows} rows in its parts where its _manifest.json promises "
            f"{snapshot.rows}: {again}",
            1,
        )


def damaged_parts(snapshots: Sequence[Snapshot]) -> Iterator[Path]:
    """Parts whose bytes are not those that the manifest was written for."""
    for snapshot in snapshots:
        for part in snapshot.parts:
            if digest_of(snapshot.folder / part.name) != part.sha256:
                yield snapshot.folder / part.name


def check_database(database: Path) -> None:
    """A BuildError if another program writes to the database, or if it is no DuckDB file."""
    if set("?#") & set(str(database.parent)):
        raise BuildError(
            f"dbt takes the ? or # in {database.parent} for the end of the path: set HUB_DATABASE "
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


# the two hidden folders where the new files are made


@contextlib.contextmanager
def building_folder(
    path: Path, variable: str, others: str, home: Path | None = None
) -> Iterator[int]:
    """Keep an empty folder to ourselves; yield the lock, which whoever works in it must hold.

    What a killed run left is cleared, once what it had set aside is back in `home`.
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
    environment = os.environ | {
        "HUB_LANDING": str(landing),
        "HUB_DATABASE": str(workshop / FILE),
        "HUB_MEMORY": memory_limit(),
        # A crawl that finishes while dbt runs does not come in half-way.
        "HUB_SNAPSHOTS": json.dumps([name_of(one) for one in snapshots]),
    }
    environment.pop("DBT_EMPTY", None)
    arguments = without_unit_tests(arguments)
    # Laws between tables hold for a part only where all of them are the part's or beneath it.
    names = {argument.split("=")[0] for argument in arguments}
    if names & {"-s", "--select"} and "--indirect-selection" not in names:
        arguments = [*arguments, "--indirect-selection", "buildable"]
    options = {
        "--project-dir": PROJECT,
        "--profiles-dir": PROJECT,
        "--target": "file",
        "--target-path": workshop / "target",
        "--log-path": workshop / "logs",
        "--log-format": "json",
        "--log-format-file": "text",
    }
    if KEPT_PARSE.is_file():
        options["--partial-parse-file-path"] = KEPT_PARSE
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(
            [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "build", *arguments]
            + [str(text) for option in options.items() for text in option],
            cwd=PROJECT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            pass_fds=[lock],
            preexec_fn=end_with_parent,
        ) as dbt,
        Steps() as steps,
    ):
        try:
            for line in dbt.stdout or ():
                steps.note(line)
            dbt.wait()
        except BaseException:
            dbt.kill()
            raise
        errors.seek(0)
        said = errors.read()
    if dbt.returncode:
        # Only footers were looked at before; now that something is wrong, all bytes are.
        damaged = next(damaged_parts(snapshots), None)
        why = f"{damaged} is damaged, land its snapshot again; " if damaged else ""
        raise BuildError(
            f"{why}{reason(workshop, said)}; the previous database and exports are as "
            f"they were, the unfinished database and dbt's log are in {workshop}",
            1 if dbt.returncode == 1 else 2,
        )
    keep_parse(workshop / "target" / KEPT_PARSE.name)
    sys.stderr.write(said)


def keep_parse(made: Path) -> None:
    """Keep dbt's reading of the project for the next build; dbt itself sees what has changed since.

    It saves time and nothing else: where it cannot be kept, the next build reads all files again.
    """
    with contextlib.suppress(OSError):
        content = made.read_bytes()
        KEPT_PARSE.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=KEPT_PARSE.parent, delete=False) as copy:
            copy.write(content)
        os.replace(copy.name, KEPT_PARSE)


def without_unit_tests(arguments: Sequence[str]) -> list[str]:
    """The arguments of `dbt build`, unit tests left out unless types of resources are given."""
    names = {argument.split("=")[0] for argument in arguments}
    if not names & SELECTIONS:
        return [*arguments, *ALL_BUT_UNIT_TESTS]
    if not names & RESOURCE_TYPES:
        # dbt would take a selector for the whole selection, and not look at the one that is given.
        return [*arguments, "--exclude-resource-type", "unit_test"]
    return list(arguments)


def end_with_parent() -> None:
    """Have Linux end this process when its parent ends, so that a killed build leaves no dbt."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def reason(workshop: Path, stderr: str) -> str:
    """Why dbt failed: its failed steps, what stopped it, or what it said of its arguments."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        results = json.loads((workshop / "target" / "run_results.json").read_text())["results"]
        failed = [
            f"{result['unique_id'].split('.')[2]} ({told(result['message'] or result['status'])})"
            for result in results
            if result["status"] in ("error", "fail", "runtime error")
        ]
        if failed:
            more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
            return f"dbt build failed in {failed[0]}{more}"
    with contextlib.suppress(OSError):
        log = (workshop / "logs" / "dbt.log").read_text(encoding="utf-8", errors="replace")
        _, found, text = log.rpartition("Encountered an error:")
        if found:
            return told(text)
    if DISK_FULL.search(stderr):
        return "the disk is full"
    for line in stderr.splitlines():
        if line.startswith("Error: "):
            return f"dbt build: {line.removeprefix('Error: ')}"
    return " ".join(stderr.split())[-300:] or "dbt build ended without a word"


def told(text: str) -> str:
    """The sentence in a message of dbt, without its heading, the SQL and the macros around it."""
    text = re.sub(r"\x1b\[\d+m", "", text).strip()
    if DISK_FULL.search(text):
        return "the disk is full"
    sentence, *_ = re.split(r"\n\s*\n|\n\d\d:\d\d:\d\d|\n.*Traceback", text, maxsplit=1)
    heading, _, rest = sentence.partition("\n")
    return " ".join((rest if rest and " Error" in heading else sentence).split())[:400]


# after the build


def doubtful_weeks(database: Path, snapshots: Sequence[Snapshot]) -> Iterator[str]:
    """What is odd about a snapshot's files, one line each: it was read, and its rows are there."""
    again = "land the snapshot again, or remove its folder"
    for before, one in itertools.pairwise(in_time(snapshots)):
        digests = [part.sha256 for part in one.parts]
        if digests and digests == [part.sha256 for part in before.parts]:
            yield (
                f"{one.folder.name} has the very files of {before.folder.name}, so that nothing "
                f"changed in between: {again}"
            )
    with duckdb.connect(str(database)) as connection:
        early = connection.execute(
            "select snapshot_id, count(*) from staging.stg_hub__versions "
            "inner join staging.stg_hub__snapshots using (snapshot_id) "
            "where created_at > snapshot_at + interval 1 day group by snapshot_id order by 1"
        ).fetchall()
        twice = connection.execute(
            "select snapshot_id, count(*) from staging.stg_hub__item_rejections "
            "inner join staging.stg_hub__snapshots using (snapshot_id) "
            "where rejection_reason in ('duplicate_repository', 'duplicate_id') "
            "group by snapshot_id, n_landed_items having count(*) > n_landed_items / 100 order by 1"
        ).fetchall()
    for snapshot_id, n in early:
        yield (
            f"snapshot_id={snapshot_id} lists {models(n)} created after it, so that its "
            f"date is doubtful: {again}"
        )
    for snapshot_id, n in twice:
        yield f"snapshot_id={snapshot_id} names {models(n)} twice, the last counts: {again}"


def models(n: int) -> str:
    return f"{n:,} model{'' if n == 1 else 's'}"


# the exports


def export_marts(
    workshop: Path,
    folder: Path,
    wanted: Sequence[str] | None = None,
    leave: Collection[str] = (),
) -> tuple[str, list[tuple[str, int]]]:
    """Write each mart of a build as zstd Parquet; the snapshot, and the rows of each mart.

    `wanted` names the marts; by default they are all that there are, but for those to `leave`.

    Rows are in the order of their columns from the left, so equal marts give equal bytes. Each
    file's metadata name the snapshot that its rows are of: marts that a part of a build left out
    may be of an earlier one.
    """
    counts = []
    seen: set[str] = set()
    lengths = columns_that_order(workshop)
    # Not read-only: closing it leaves all of the database in its one file.
    with duckdb.connect(
        str(workshop / FILE), config={"memory_limit": memory_limit()}
    ) as connection:
        marts = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts' "
            "union all select view_name from duckdb_views() where schema_name = 'marts' order by 1"
        ).fetchall()
        snapshots = snapshots_of_models(connection)
        for (mart,) in marts:
            if mart in leave or (wanted is not None and mart not in wanted):
                continue
            path = folder / f"{mart}.parquet"
            of = snapshots.get(mart, {})
            named = {
                "mart": mart,
                "snapshot_id": " + ".join(of),
                "snapshot_at": " + ".join(of.values()),
            }
            seen |= of.keys()
            metadata = ", ".join(f"{key}: {literal(value)}" for key, value in named.items())
            order = ", ".join(map(str, range(1, lengths[mart] + 1))) if mart in lengths else "all"
            rows = one_value(
                connection,
                f"copy (from {Path(FILE).stem}.marts.{identifier(mart)} order by {order}) "
                f"to {literal(path)} (format parquet, compression zstd, row_group_size 122880, "
                f"kv_metadata {{{metadata}}})",
            )
            counts.append((mart, rows))
            flush(path)
    return ", ".join(sorted(seen)), counts


def columns_that_order(workshop: Path) -> dict[str, int]:
    """How many columns from the left tell the rows of each mart apart: they hold its grain.

    To order by them is to order by all, without the work.
    """
    nodes = json.loads((workshop / "target" / "manifest.json").read_text("utf-8"))["nodes"].values()
    return {
        node["name"]: 1 + max(map(list(node["columns"]).index, node["config"]["meta"]["grain"]))
        for node in nodes
        if node["resource_type"] == "model" and node["config"]["meta"].get("grain")
    }


def views_left_out(workshop: Path, exports: Path) -> set[str]:
    """Marts that are views, that a part of a build left out, and that have been exported before.

    A view shows what was built beneath it; its export is of the snapshot that it was built for.
    """
    results = json.loads((workshop / "target" / "run_results.json").read_text("utf-8"))["results"]
    ran = {result["unique_id"].split(".")[2] for result in results}
    with duckdb.connect(str(workshop / FILE), read_only=True) as connection:
        views = connection.execute(
            "select view_name from duckdb_views() where schema_name = 'marts'"
        ).fetchall()
    return {view for (view,) in views if view not in ran and (exports / f"{view}.parquet").exists()}


def snapshots_of_models(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """The latest snapshot, and its time, that each model's rows are of: more than one where a
    part was built on tables of an earlier snapshot. dbt notes them (macros/provenance.sql)."""
    noted = connection.execute(
        f"select model, snapshots from {Path(FILE).stem}.main.snapshots_of_models"
    ).fetchall()
    return {model: dict(sorted(json.loads(snapshots).items())) for model, snapshots in noted}


# all of it


def build(arguments: Sequence[str]) -> None:
    """Build, test, export and replace; a BuildError, and all as it was, if anything fails."""
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
                    f"cannot copy {database} to {workshop}, where a part is built upon it "
                    f"({first_line(error)}): make room, or set HUB_DATABASE to another place",
                    2,
                ) from error
        else:
            if not {"--full-refresh", "-f"} & {*arguments}:
                carry_readings_over(database, workshop / FILE)
            # What is carried over and read here is not to be read again; all else is new.
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
            doubts = list(doubtful_weeks(workshop / FILE, snapshots)) if not is_part else []
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
    """What a build reads, and about how long it takes."""
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
    """The snapshots to read before all of them are built: each time those before and some more.

    Beside those that were read already there are `ITEMS_AT_ONCE` more items each time, or one
    snapshot that has more. The last part is left to the build.
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
    """The snapshots of which a database holds what was read; none if it is not there."""
    if not database.exists():
        return set()
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute("select distinct snapshot_id from staging.stg_hub__sightings")
        return {name for (name,) in found.fetchall()}


def keep_log(log: Path, place: Path) -> None:
    """Keep what dbt has logged; where that cannot be, the build goes on without."""
    with contextlib.suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        shutil.copyfile(log, place)


def replacements(
    workshop: Path, database: Path, staged: Path, exports: Path
) -> list[tuple[Path, Path]]:
    """What takes the place of what, in this order: the mark comes first and goes last."""
    marts = [(path, exports / path.name) for path in sorted(staged.glob("*.parquet"))]
    mark = exports / MARK
    # Where a build was killed, files that this one leaves alone may be of either side.
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
    """Copy a database, if there is one, with what was not yet written into its file."""
    for old, new in ((source, target), (write_ahead_log(source), write_ahead_log(target))):
        if old.exists():
            shutil.copyfile(old, new)


def carry_readings_over(source: Path, target: Path) -> None:
    """Begin the new database with what the old one has read of the snapshots, if it can give it.

    dbt reads the snapshots anew whose files or reading statement have changed, and what was read
    after them. What cannot be carried over is read from the landing. A copy of the file costs less
    than one of the tables: a year of the Hub is a hundred million rows.
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
                raise duckdb.CatalogException("it does not hold all that was read")
            for kind, schema, name in found:
                if (kind, schema, name) not in kept:
                    connection.execute(f"drop {kind} {identifier(schema)}.{identifier(name)}")
    except (duckdb.Error, OSError):
        target.unlink(missing_ok=True)
        write_ahead_log(target).unlink(missing_ok=True)


def write_ahead_log(database: Path) -> Path:
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
