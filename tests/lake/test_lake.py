"""The marts in a DuckLake that others read and write are those of DuckDB's own file.

DuckLake has an environment of its own (`make lake`), with an older DuckDB; without it this is
skipped. The catalog is an SQLite file, which takes one writer at a time, or a database of a
PostgreSQL server, which is started here where PostgreSQL is installed.
"""

import itertools
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub_lineage.build import MODELS_AND_SEEDS
from hub_lineage.spark.comparing import compare, grains
from support import REPOSITORY

PYTHON = REPOSITORY / ".venv-lake" / "bin" / "python"
CLIENTS = Path(__file__).with_name("clients.py")
CATALOGS = ["sqlite", "postgres"]
TOLD = {"sqlite": "database is locked", "postgres": "Transaction conflict"}

pytestmark = [
    pytest.mark.skipif(not PYTHON.exists(), reason="DuckLake is not installed here: make lake"),
    pytest.mark.xdist_group("lake"),
]


# processes of the lake's Python


def start(*command: object, **variables: object) -> subprocess.Popen:
    return subprocess.Popen(
        [str(PYTHON), *map(str, command)],
        cwd=REPOSITORY,
        env=os.environ | {name: str(value) for name, value in variables.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen) -> str:
    output, errors = process.communicate()
    assert process.returncode == 0, output[-3000:] + errors[-3000:]
    return output


def client(*arguments: object):
    return json.loads(finish(start(CLIENTS, *arguments)))


# catalogs


def postgres_programs() -> Path:
    """The folder of `initdb`; Debian keeps it off the path."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found and not debian:
        pytest.skip("PostgreSQL is not installed here: no initdb")
    return Path(found or debian[-1]).resolve().parent


@pytest.fixture(scope="module")
def postgres() -> Iterator[Callable[[str], str]]:
    """Makes databases of a server of these tests' own, without TCP; gives their catalogs."""
    programs = postgres_programs()
    # PostgreSQL does not run as root. A socket's path must be short, hence no folder of pytest's.
    identity = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="lake-"))
    if identity:
        try:
            shutil.chown(folder, **identity)
        except LookupError:
            folder.rmdir()
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")

    def run(program: str, *arguments: object) -> None:
        # The server would keep a pipe open for as long as it runs.
        with tempfile.TemporaryFile("w+") as output:
            finished = subprocess.run(
                [programs / program, *map(str, arguments)],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                extra_groups=[] if identity else None,
                check=False,
                **identity,
            )
            output.seek(0)
            assert finished.returncode == 0, output.read()[-3000:]

    def make(name: str) -> str:
        run("createdb", "--host", folder, "--username", "hub", name)
        return f"postgres:dbname={name} host={folder} user=hub"

    data = folder / "data"
    try:
        run(
            "initdb",
            "--no-sync",
            "--no-locale",
            "--encoding=UTF8",
            "--auth=trust",
            "-U",
            "hub",
            data,
        )
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "start", "--wait", "-D", data, "-l", folder / "log", "-o", options)
        try:
            yield make
        finally:
            run("pg_ctl", "stop", "--mode=immediate", "-D", data)
    finally:
        shutil.rmtree(folder)


NUMBERS = itertools.count()


def new_catalog(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        return f"sqlite:{folder}/catalog.sqlite"
    return request.getfixturevalue("postgres")(f"lake_{next(NUMBERS)}")


# a build that others read and write beside


@dataclass(frozen=True)
class Lake:
    """A lake that the sample was built into, and what others saw and did during the build."""

    exports: Path
    options: dict[str, str]
    rounds: list[dict[str, list[str]]]
    """All marts as a reader saw them, again and again; the last after the build."""
    n_appended: int | None
    """Rows that another writer was told it had appended; null where there was none."""
    appended: list[int]
    """Those that are there."""


@pytest.fixture(scope="module", params=CATALOGS)
def lake(request, tmp_path_factory) -> Lake:
    folder = tmp_path_factory.mktemp(request.param)
    catalog = new_catalog(request.param, folder, request)
    stop, exports = folder / "stop", folder / "exports"
    exports.mkdir()
    reader = start(CLIENTS, "watch", catalog, stop)
    # SQLite takes one writer at a time: test_of_two_that_append_to_an_sqlite_lake_one_is_told
    writer = start(CLIENTS, "append", catalog, stop) if request.param == "postgres" else None
    build = start(
        *["-c", "from dbt.cli.main import cli; cli()", "build", "--target", "lake"],
        *MODELS_AND_SEEDS,
        *["--target-path", folder / "target", "--log-path", folder / "logs"],
        HUB_LAKE=folder,
        HUB_LAKE_CATALOG=catalog,
        HUB_LANDING=REPOSITORY / "sample",
        DBT_SEND_ANONYMOUS_USAGE_STATS=False,
    )
    try:
        finish(build)
    finally:
        stop.touch()
    rounds = json.loads(finish(reader))
    n_appended = json.loads(finish(writer)) if writer else None
    found = client("export", catalog, exports, *grains())
    return Lake(exports, found["options"], rounds, n_appended, found["appended"])


def test_every_mart_in_a_lake_is_the_one_of_a_file(lake, built):
    compared = [
        compare(mart, [built / f"exports/{mart}.parquet"], [lake.exports / f"{mart}.parquet"], key)
        for mart, key in grains().items()
    ]
    assert [str(comparison) for comparison in compared if not comparison.is_same] == []
    assert all(comparison.n_rows for comparison in compared)


def test_who_reads_during_a_build_sees_whole_marts_only(lake):
    done = lake.rounds[-1]
    assert set(done) == set(grains())
    assert [seen for seen in lake.rounds if not seen.items() <= done.items()] == []
    assert any(0 < len(seen) < len(done) for seen in lake.rounds), "nobody read during the build"


@pytest.mark.parametrize("lake", ["postgres"], indirect=True)
def test_who_writes_during_a_build_loses_nothing(lake):
    assert lake.n_appended > 0
    assert lake.appended == list(range(lake.n_appended))


def test_small_changes_to_a_lake_are_files(lake):
    assert lake.options["data_inlining_row_limit"] == "0"


# clients that meet; `numbers` holds 0 to 999


@pytest.fixture(params=CATALOGS)
def meet(request, tmp_path) -> Callable[[str, str], dict]:
    catalog = new_catalog(request.param, tmp_path, request)
    return lambda one, other: (
        client("meet", catalog, tmp_path, one, other) | {"is_clear": TOLD[request.param]}
    )


def test_of_two_that_replace_a_table_one_is_told(meet):
    met = meet(
        "create or replace table lake.numbers as select 1 as n",
        "create or replace table lake.numbers as select 2 as n",
    )
    assert met["is_clear"] in met["told"]
    assert met["left"] == [1, 2, 2]
    assert met["finally"] == [1, 1, 1]


def test_of_two_that_delete_the_same_rows_one_is_told(meet):
    """With small deletes kept in the catalog, as DuckLake does by itself, rows came back."""
    met = meet("delete from lake.numbers where n < 10", "delete from lake.numbers where n < 20")
    assert met["is_clear"] in met["told"]
    assert met["left"] == met["finally"] == [980, 20, 999]


@pytest.mark.parametrize("meet", ["postgres"], indirect=True)
def test_two_that_append_to_a_postgres_lake_both_do(meet):
    met = meet("insert into lake.numbers values (-1)", "insert into lake.numbers values (1000)")
    assert met["told"] is None
    assert met["left"] == [1002, -1, 1000]


@pytest.mark.parametrize("meet", ["sqlite"], indirect=True)
def test_of_two_that_append_to_an_sqlite_lake_one_is_told(meet):
    met = meet("insert into lake.numbers values (-1)", "insert into lake.numbers values (1000)")
    assert met["is_clear"] in met["told"]
    assert met["left"] == [1001, 0, 1000]
    assert met["finally"] == [1002, -1, 1000]


@pytest.mark.parametrize("kind", CATALOGS)
def test_a_transaction_reads_one_snapshot_and_older_ones_stay_readable(kind, request, tmp_path):
    assert client("look_back", new_catalog(kind, tmp_path, request), tmp_path) == {
        "before": 1000,
        "in the same transaction": 1000,
        "after it": 1,
        "at the version before": 1000,
        "in the lake of the version before": 1000,
    }
