"""Helpers shared by all tests: landings written by hand, dbt as a subprocess, tables read back.

Nothing here imports the loaders: the landing is written from its description in loaders/README.md,
so that a mistake in the loaders cannot hide in the tests of the models, nor the reverse.
"""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from hub_lineage.build import ALL_BUT_UNIT_TESTS
from hub_lineage.dbt import COMMAND, kept_parse

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED_DATA = REPOSITORY.parent / "shared" / "data"

needs_shared_data = pytest.mark.skipif(
    not SHARED_DATA.is_dir(),
    reason="the public data sets do not lie beside the repository (../shared/data)",
)


def slow_in_group(group: str) -> Callable:
    """Marks a test as slow, and as one that shares a worker, and what it builds, with its group."""
    return lambda test: pytest.mark.slow(pytest.mark.xdist_group(group)(test))


Item = Mapping | str
"""One item of a listing: API-shaped, or the raw text as it came over the wire."""

PAGE_SIZE = 1000


# times and identities


def utc(text: str) -> datetime:
    """The time that an ISO text (with or without zone, `Z` allowed) or a snapshot id names."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def snapshot_id(moment: datetime | str) -> str:
    """The name of the snapshot taken at `moment`, for example `20261003T131904Z`."""
    moment = utc(moment) if isinstance(moment, str) else moment
    return moment.strftime("%Y%m%dT%H%M%SZ")


def hub_time(moment: datetime | str | None) -> str | None:
    """`moment` as the Hub writes it, for example `2024-09-23T01:14:34.000Z`."""
    if moment is None:
        return None
    moment = utc(moment) if isinstance(moment, str) else moment
    return moment.isoformat(timespec="milliseconds") + "Z"


def hub_oid(model_id: str) -> str:
    """The Hub's `_id` that `item` gives to a model: 24 hexadecimal digits, a function of its id."""
    return hashlib.sha256(model_id.encode()).hexdigest()[:24]


# items and landings


def item(
    model_id: str,
    created_at: datetime | str | None = None,
    parents: Sequence[str] = (),
    relation: str | None = None,
    *,
    declared: Sequence[str] | str | None = None,
    hub: Sequence[str] | None = None,
    **fields,
) -> dict:
    """An item of the Hub's listing.

    `parents` are said by tags: `base_model:<relation>:<id>` with its untyped twin, or the untyped
    tag alone when `relation` is None. `declared` is what the card says (`cardData.base_model`),
    `hub` what the Hub says (`baseModels`). Any other keyword becomes a field of the item, over
    what was built; `tags=[...]` are put before the lineage tags.
    """
    fields = dict(fields)
    tags = list(fields.pop("tags", ()))
    for parent in parents:
        tags.append(f"base_model:{parent}")
        if relation is not None:
            tags.append(f"base_model:{relation}:{parent}")
    made: dict = {"_id": hub_oid(model_id), "id": model_id}
    if created_at is not None:
        made["createdAt"] = hub_time(created_at)
    made |= {"private": False, "gated": False, "downloads": 0, "likes": 0, "tags": tags}
    if hub is not None:
        made["baseModels"] = {
            "relation": relation,
            "models": [{"_id": hub_oid(parent), "id": parent} for parent in hub],
        }
    if declared is not None:
        card: dict = {"base_model": declared if isinstance(declared, str) else list(declared)}
        if relation is not None:
            card["base_model_relation"] = relation
        made["cardData"] = card | fields.pop("cardData", {})
    return made | fields


def write_landing(
    folder: Path | str,
    snapshots: Mapping[datetime | str, Sequence[Item]],
    status: str = "complete",
) -> Path:
    """Write one folder per snapshot in the format that loaders/README.md describes, and return the
    landing."""
    folder = Path(folder)
    for moment, items in snapshots.items():
        _write_snapshot(folder, utc(moment) if isinstance(moment, str) else moment, items, status)
    return folder


def _write_snapshot(folder: Path, moment: datetime, items: Sequence[Item], status: str) -> None:
    name = snapshot_id(moment)
    target = folder / "hub_models" / f"snapshot_id={name}"
    target.mkdir(parents=True)
    rows = [_landing_row(entry) for entry in items]
    with duckdb.connect() as connection:
        connection.execute(
            """
            create table part as
            select
                unnest($oids::varchar[]) as hub_oid,
                unnest($ids::varchar[]) as model_id,
                unnest($texts::varchar[]) as raw_json,
                unnest($valid::boolean[]) as is_json_valid,
                unnest($pages::integer[]) as page_number,
                unnest($numbers::integer[]) as item_number,
                $fetched_at::timestamp as fetched_at,
                'test' as source
            """,
            {
                "oids": [oid for oid, _, _, _ in rows],
                "ids": [model_id for _, model_id, _, _ in rows],
                "texts": [text for _, _, text, _ in rows],
                "valid": [is_valid for _, _, _, is_valid in rows],
                "pages": [number // PAGE_SIZE + 1 for number in range(len(rows))],
                "numbers": [number % PAGE_SIZE + 1 for number in range(len(rows))],
                "fetched_at": moment,
            },
        )
        part = str(target / "part-00000.parquet").replace("'", "''")
        connection.execute(f"copy part to '{part}' (format parquet)")
    manifest = {
        "snapshot_id": name,
        "started_at": moment.isoformat() + "Z",
        "status": status,
    }
    (target / "_manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _landing_row(entry: Item) -> tuple[str | None, str | None, str, bool]:
    text = entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)
    try:
        parsed = json.loads(text)
    except ValueError:
        return None, None, text, False
    parsed = parsed if isinstance(parsed, dict) else {}
    return _text(parsed.get("_id")), _text(parsed.get("id")), text, True


def _text(value: object) -> str | None:
    """`value` if it is text, halves of surrogate pairs replaced: Parquet cannot hold them."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


# dbt


def dbt(
    *arguments: str,
    landing: Path | str,
    database: Path | str,
    variables: Mapping | None = None,
    expect: int | Iterable[int] = 0,
) -> subprocess.CompletedProcess:
    """Run the environment's dbt in the repository, writing only beside `database`.

    Every database has its own target and log folders, so runs may go side by side; a database of
    the name that build.py gives saves the reading of the project, if it was kept. The test fails
    with the end of dbt's output when the exit code is not one of `expect`.
    """
    database = Path(database).resolve()
    database.parent.mkdir(parents=True, exist_ok=True)
    work = database.with_name(database.stem + "-dbt")
    # Where the target is not named, dbt reads anew what was read with its name.
    command = [*COMMAND, *arguments, "--no-use-colors", "--target", "file"]
    command += ["--project-dir", str(REPOSITORY), "--profiles-dir", str(REPOSITORY)]
    command += ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
    kept = kept_parse()
    if kept.is_file():
        command += ["--partial-parse-file-path", str(kept)]
    if variables:
        command += ["--vars", json.dumps(variables)]
    environment = os.environ | {
        "HUB_LANDING": str(Path(landing).resolve()),
        "HUB_DATABASE": str(database),
        "HUB_EXPORTS": str(work / "exports"),
        "HUB_RESULTS": str(work / "results"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    finished = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    expected = {expect} if isinstance(expect, int) else set(expect)
    if finished.returncode not in expected:
        pytest.fail(
            f"dbt {' '.join(arguments)} ended with {finished.returncode}, "
            f"expected {sorted(expected)}:\n{_summary(finished.stdout)}{finished.stderr[-2000:]}",
            pytrace=False,
        )
    return finished


def _summary(output: str) -> str:
    """What dbt says once all steps are done, or the end of its output if it never came so far."""
    _, found, summary = output.partition("Completed with")
    return (found + summary)[:6000] if found else output[-6000:]


def build(
    landing: Path | str, database: Path | str, variables: Mapping | None = None
) -> subprocess.CompletedProcess:
    """`dbt build`; fails the test unless every model and every data test passes.

    Unit tests bring their own rows: another landing tells nothing new about them.
    """
    return dbt(
        "build", *ALL_BUT_UNIT_TESTS, landing=landing, database=database, variables=variables
    )


def read(database: Path | str, sql: str, parameters: Sequence | Mapping = ()) -> list[dict]:
    """The rows of a query on a built database, opened read-only."""
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(sql, parameters or None)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# commands


def called(main: Callable, *arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """What a command line's `main` returns and says, without the seconds that a process of its own
    takes to read its libraries.

    `environment` stands on top of ours for as long as it runs.
    """
    words = [str(argument) for argument in arguments]
    said, complained = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    ):
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
    return subprocess.CompletedProcess(words, code, said.getvalue(), complained.getvalue())


# shared by all workers


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Have the first of all workers make a folder; the others wait for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            make(making)
            making.rename(folder)
    return folder
