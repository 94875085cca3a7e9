"""The public archive and the daily dump, fetched in part from the fake Hub's data sets."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from crawls import Outcome, run_here, start_process
from huggingface_hub.utils import _http

from hub_lineage.landing import list_snapshots
from loaders.imports import fetching, remote
from loaders.simulator.fake_datasets import ARCHIVE, DUMP, Dataset, write_dump
from loaders.simulator.fake_faults import Fault
from loaders.simulator.fake_hub import FakeHub
from loaders.simulator.fake_models import Models
from support import REPOSITORY

DAYS = ("2026-09-02", "2026-09-09", "2026-09-16", "2026-09-23", "2026-09-30")
MODELS = """
    SELECT
        printf('%024x', range) AS _id,
        'owner/model-' || range AS id,
        TIMESTAMP '{day} 10:00:00' - INTERVAL (range) DAY AS "createdAt",
        ['en', 'base_model:owner/model-0'] AS tags,
        range + {week} AS downloads,
        {week} AS likes,
        list_transform(generate_series(1, 40), lambda n: md5(range || '-{day}-' || n)) AS siblings,
    FROM range(600)
"""
"""A week whose files of repositories take much more room than all the rest."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The archive's repository: five weeks."""
    for week, day in enumerate(DAYS):
        write_week(tmp_path / "repository", day, MODELS.format(day=day, week=week))
    return tmp_path / "repository"


def write_week(folder: Path, day: str, select: str) -> Path:
    path = folder / "models" / day / "models.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return path


@pytest.fixture
def service(hub, folder: Path) -> Callable[..., FakeHub]:
    """Serve the repository as it is now: `service("truncate@3")`."""

    def serve(*faults: str) -> FakeHub:
        found = [Fault.parsed_of_a_file(text) for text in faults]
        return hub(10, datasets=[Dataset(ARCHIVE, folder)], file_faults=found)

    return serve


@pytest.fixture
def archive(landing: Path, capsys) -> Callable[..., Outcome]:
    """Run `archive` in this process."""

    def run(service: FakeHub, *arguments: object) -> Outcome:
        where = ("--endpoint", service.url, "--no-token", "--landing", landing)
        return run_here(capsys, "archive", *where, *arguments)

    return run


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let no time pass between the client's tries; the naps that it would have taken."""
    taken: list[float] = []
    monkeypatch.setattr(_http.time, "sleep", taken.append)
    return taken


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """The spans that are asked for, with the file of each; in small pieces."""
    asked: list[tuple[str, int, int]] = []
    read = remote.Repository.read
    monkeypatch.setattr(remote, "PIECE", 2_000)
    monkeypatch.setattr(remote, "FOOTER", 8_000)

    def noting(repository, file, span):
        content = read(repository, file, span)
        asked.append((file.path, *span))
        return content

    monkeypatch.setattr(remote.Repository, "read", noting)
    monkeypatch.setattr(fetching, "speed_of", lambda *_: 1e6)
    return asked


def landed(landing: Path) -> list[str]:
    return [one.snapshot_id[:8] for one in list_snapshots(landing)] if landing.exists() else []


def days(*places: int) -> list[str]:
    return [DAYS[place].replace("-", "") for place in places]


def items(rows, landing: Path, day: str) -> list[dict]:
    name = day.replace("-", "") + "T000000Z"
    return [json.loads(row["raw_json"]) for row in rows(landing, name)]


def error_of(done: Outcome) -> str:
    """The one line that says what went wrong."""
    (line,) = [line for line in done.err.splitlines() if line.startswith("error: ")]
    return line


DYING = """
import os, signal, sys
from loaders.__main__ import main
from loaders.imports import fetching, remote
remote.PIECE = 2_000
fetching.speed_of = lambda *_: 1e6
remote.FOOTER = 8_000
read, left = remote.Repository.read, [12]
def dying(repository, file, span):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    content = read(repository, file, span)
    print(file.path, *span, flush=True)
    return content
remote.Repository.read = dying
main(sys.argv[1:])
"""
"""A command that is killed as it asks for its twelfth piece."""


def fetched_until_killed(
    command: str, service: FakeHub, landing: Path, *arguments: object
) -> set[tuple[str, int, int]]:
    """Run a command until it is killed; the spans that it has surely noted."""
    where = ("--endpoint", service.url, "--no-token", "--landing", landing)
    killed = subprocess.run(
        [sys.executable, "-c", DYING, command, *map(str, [*where, *arguments])],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    spans = [line.split() for line in killed.stdout.splitlines() if ".parquet " in line]
    assert len(spans) == 11
    # the last one's note may not have come to the disk
    return {(path, int(start), int(end)) for path, start, end in spans[:-1]}


def fill_the_disk(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let a disk be full after so many pieces."""
    left = [after]
    fsync = os.fsync

    def filling(number: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(number)

    monkeypatch.setattr(remote.os, "fsync", filling)


# what is landed


def test_every_week_becomes_a_snapshot_of_the_columns_that_are_kept(
    service, archive, landing, rows
) -> None:
    done = archive(service())
    assert (done.code, landed(landing)) == (0, days(0, 1, 2, 3, 4))
    assert done.out.splitlines()[0] == "snapshot 20260902T000000Z: 600 models in 1 part"
    assert items(rows, landing, DAYS[2])[1] == {
        "_id": "000000000000000000000001", "id": "owner/model-1",
        "createdAt": "2026-09-15T10:00:00.000Z", "tags": ["en", "base_model:owner/model-0"],
        "downloads": 3, "likes": 2,
    }  # fmt: skip
    assert not (landing / fetching.FOLDER).exists()


def test_only_what_is_landed_is_fetched(service, archive, folder, reads) -> None:
    assert archive(service(), "--weeks", 1).code == 0
    with duckdb.connect() as connection:
        chunks = connection.execute(
            "SELECT coalesce(dictionary_page_offset, data_page_offset), total_compressed_size "
            f"FROM parquet_metadata('{folder}/models/{DAYS[4]}/models.parquet') "
            "WHERE path_in_schema LIKE 'siblings%'"
        ).fetchall()
    fetched = sum(end - start for _, start, end in reads)
    size = (folder / "models" / DAYS[4] / "models.parquet").stat().st_size
    assert {path for path, _, _ in reads} == {f"models/{DAYS[4]}/models.parquet"}
    assert fetched < size - sum(length for _, length in chunks) + remote.FOOTER
    first, length = chunks[0]
    assert not [span for span in reads if first < span[1] and span[2] < first + length - size // 2]


def test_a_part_is_the_same_as_the_whole(service, archive, landing, rows, tmp_path) -> None:
    archive(service(), "--weeks", 1)
    shutil.move(landing, tmp_path / "parts")
    assert archive(service(), "--weeks", 1, "--whole").code == 0
    name = days(4)[0] + "T000000Z"
    assert rows(landing, name) == rows(tmp_path / "parts", name)


def test_a_whole_file_is_kept_only_when_asked(service, archive, landing, folder) -> None:
    assert archive(service(), "--weeks", 1, "--whole").code == 0
    assert not (landing / fetching.KEPT_FOLDER).exists()
    assert archive(service(), "--weeks", 2, "--whole", "--keep").code == 0
    path = f"models/{DAYS[3]}/models.parquet"
    assert (landing / fetching.KEPT_FOLDER / path).read_bytes() == (folder / path).read_bytes()


@pytest.mark.parametrize(
    ("options", "places"),
    [
        (("--weeks", 2), (3, 4)),
        (("--from", "2026-09-10"), (2, 3, 4)),
        (("--to", "2026-09-09"), (0, 1)),
        (("--from", "2026-09-09", "--to", "2026-09-23"), (1, 2, 3)),
        (("--from", "2026-09-02", "--weeks", 1), (4,)),
        (("--every", 2), (0, 2, 4)),
        (("--weeks", 4, "--every", 3), (1, 4)),
    ],
)
def test_weeks_are_chosen(service, archive, landing, options, places) -> None:
    assert archive(service(), *options).code == 0
    assert landed(landing) == days(*places)


def test_weeks_that_are_landed_are_skipped(service, archive, landing, tree, reads) -> None:
    archive(service(), "--weeks", 2)
    before = tree(landing)
    reads.clear()
    done = archive(service(), "--weeks", 3)
    assert done.code == 0
    assert "3 asked for, 2 landed already" in done.err
    assert {path.split("/")[1] for path, _, _ in reads} == {DAYS[2]}
    assert before.items() <= tree(landing).items()
    assert archive(service(), "--weeks", 3).out == ""


def test_sizes_and_minutes_are_said_and_a_dry_run_lands_nothing(service, archive, landing) -> None:
    done = archive(service(), "--dry-run")
    assert (done.code, done.out) == (0, "")
    assert "5 weeks, 2026-09-02 to 2026-09-30; 5 asked for, 0 landed already" in done.err
    assert "5 files; to land: 3,000 models; about 1 min" in done.err
    assert not landing.exists()


# what goes wrong on the way


def test_connections_that_are_cut_are_made_again(service, archive, landing, naps, rows) -> None:
    done = archive(service("truncate@2", "drop@4x2", "503@8", "truncate@11"), "--weeks", 3)
    assert (done.code, landed(landing)) == (0, days(2, 3, 4))
    assert len(naps) == 5
    assert len(items(rows, landing, DAYS[3])) == 600


def test_a_service_that_goes_away_ends_it_in_a_line_and_the_next_call_goes_on(
    service, archive, landing, reads
) -> None:
    gone = service("drop@12x1000")
    done = archive(gone, "--weeks", 2)
    assert done.code == 4
    line = error_of(done)
    assert "files are done with, the same command goes on from there" in line
    assert len(landed(landing)) < 2
    before = set(reads)
    reads.clear()
    assert archive(service(), "--weeks", 2).code == 0
    assert landed(landing) == days(3, 4)
    assert before & set(reads) == set()


def test_killed_on_the_way_nothing_is_lost_and_nothing_fetched_twice(
    service, archive, landing, reads, rows
) -> None:
    running = service()
    before = fetched_until_killed("archive", running, landing, "--weeks", 2)
    assert archive(running, "--weeks", 2).code == 0
    assert landed(landing) == days(3, 4)
    assert len(items(rows, landing, DAYS[4])) == 600
    assert before & set(reads) == set()


def test_a_disk_that_fills_ends_it_in_a_line_and_the_next_call_goes_on(
    service, archive, landing, reads, monkeypatch
) -> None:
    with monkeypatch.context() as patched:
        fill_the_disk(patched, after=15)
        done = archive(service(), "--weeks", 2)
    assert done.code == 1
    line = error_of(done)
    assert "the disk is full" in line
    assert "the same command goes on from there" in line
    assert archive(service(), "--weeks", 2).code == 0
    assert landed(landing) == days(3, 4)


def test_a_disk_without_room_for_one_file_is_refused_before(
    service, archive, landing, monkeypatch
) -> None:
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(9, 9, 0))
    monkeypatch.setattr(remote, "FOOTER", 2_000)
    done = archive(service(), "--weeks", 1)
    assert done.code == 1
    assert "0 MB are free: make room, or name another landing" in done.err
    assert landed(landing) == []


def test_what_was_fetched_of_a_file_that_has_changed_is_not_used(
    service, archive, landing, folder, rows, reads
) -> None:
    assert archive(service("drop@4x1000"), "--weeks", 1).code == 4
    write_week(folder, DAYS[4], MODELS.format(day=DAYS[4], week=9))
    assert archive(service(), "--weeks", 1).code == 0
    assert {one["likes"] for one in items(rows, landing, DAYS[4])} == {9}


def test_two_at_once_do_not_meet(service, archive, landing) -> None:
    running = service()
    with fetching.fetching_folder(landing):
        done = archive(running)
    assert done.code == 1
    assert "another command is fetching into" in done.err


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://nowhere.invalid"])
@pytest.mark.parametrize("command", ["archive", "dump", "crawl"])
def test_without_a_network_it_names_the_offline_way_at_once(
    landing, capsys, command, endpoint
) -> None:
    began = time.monotonic()
    done = run_here(capsys, command, "--endpoint", endpoint, "--no-token", "--landing", landing)
    assert time.monotonic() - began < 2
    assert done.code == 4
    line = error_of(done)
    assert "python -m loaders fake-hub" in line
    assert not landing.exists()


# weeks that are not what they should be


@pytest.mark.parametrize(
    ("select", "says"),
    [
        (
            'SELECT * RENAME ("createdAt" AS created_at) FROM ({week})',
            "it has no column createdAt",
        ),
        ("SELECT * EXCLUDE (id) FROM ({week})", "it has no column id"),
        (
            "FROM ({week}) UNION ALL BY NAME SELECT * REPLACE (upper(id) AS id) FROM ({week}) "
            "WHERE likes >= 0 AND id = 'owner/model-7'",
            "it names 1 model twice, for example",
        ),
        (
            'SELECT * REPLACE ("createdAt" + INTERVAL 60 DAY AS "createdAt") FROM ({week})',
            "it holds models of 2026-11-22, long after its day",
        ),
    ],
)
def test_a_week_that_is_none_is_told_and_the_others_are_landed(
    service, archive, landing, folder, select, says
) -> None:
    write_week(folder, DAYS[3], select.format(week=MODELS.format(day=DAYS[3], week=3)))
    done = archive(service(), "--weeks", 3)
    assert (done.code, landed(landing)) == (1, days(2, 4))
    line = error_of(done)
    assert line.startswith(f"error: week {DAYS[3]}: ")
    assert says in line
    assert not (landing / fetching.FOLDER).exists()


def test_a_week_that_is_cut_short_is_told(service, archive, landing, folder) -> None:
    path = folder / "models" / DAYS[3] / "models.parquet"
    path.write_bytes(path.read_bytes()[:-500])
    done = archive(service(), "--weeks", 2)
    assert (done.code, landed(landing)) == (1, days(4))
    assert f"week {DAYS[3]}: models/{DAYS[3]}/models.parquet is not a Parquet file" in done.err


def test_a_week_whose_bytes_are_damaged_is_told_and_fetched_anew(
    service, archive, landing, folder
) -> None:
    path = folder / "models" / DAYS[3] / "models.parquet"
    sound = path.read_bytes()
    path.write_bytes(sound[:100] + b"\xff" * 3_000 + sound[3_100:])
    done = archive(service(), "--weeks", 2)
    assert (done.code, landed(landing)) == (1, days(4))
    assert f"error: week {DAYS[3]}: " in done.err
    path.write_bytes(sound)
    assert archive(service(), "--weeks", 2).code == 0
    assert landed(landing) == days(3, 4)


def test_an_old_file_under_a_new_day_is_told(
    service, archive, landing, folder, monkeypatch
) -> None:
    monkeypatch.setattr(fetching, "LARGE", 600)
    write_week(folder, DAYS[4], MODELS.format(day="2026-08-01", week=4))
    done = archive(service(), "--weeks", 1)
    assert (done.code, landed(landing)) == (1, [])
    assert "its youngest model is of 2026-08-01, long before its day" in done.err


def test_an_odd_week_is_landed_when_it_is_accepted(service, archive, landing, folder) -> None:
    week = MODELS.format(day=DAYS[4], week=3)
    write_week(folder, DAYS[4], f"FROM ({week}) UNION ALL FROM ({week}) WHERE id = 'owner/model-7'")
    assert archive(service(), "--weeks", 1).code == 1
    assert archive(service(), "--weeks", 1, "--accept", DAYS[4]).code == 0
    assert landed(landing) == days(4)


def test_a_week_with_a_field_of_which_nothing_is_read_is_odd(
    service, archive, landing, folder
) -> None:
    week = MODELS.format(day=DAYS[4], week=4)
    write_week(folder, DAYS[4], f"FROM ({week}) SELECT * REPLACE (-likes AS likes)")
    done = archive(service(), "--weeks", 1)
    assert (done.code, landed(landing)) == (1, [])
    assert (
        "none of 600 values of likes can be read as a count, for example -4; if it is" in done.err
    )
    assert archive(service(), "--weeks", 1, "--accept", DAYS[4]).code == 0
    assert landed(landing) == days(4)


def test_a_week_that_the_archive_lacks_is_said(service, archive, landing, folder) -> None:
    shutil.rmtree(folder / "models" / DAYS[2])
    done = archive(service())
    assert (done.code, landed(landing)) == (0, days(0, 1, 3, 4))
    assert f"notice: the archive has no week between {DAYS[1]} and {DAYS[3]}" in done.err


def test_a_week_that_repeats_the_one_before_is_left_out(service, archive, landing, folder) -> None:
    shutil.copy(
        folder / "models" / DAYS[2] / "models.parquet",
        folder / "models" / DAYS[3] / "models.parquet",
    )
    done = archive(service())
    assert (done.code, landed(landing)) == (0, days(0, 1, 2, 4))
    assert f"warning: week {DAYS[3]} is left out: its file is byte for byte" in done.err
    assert archive(service(), "--accept", DAYS[3]).code == 0
    assert landed(landing) == days(0, 1, 2, 3, 4)


# wrong use


@pytest.mark.parametrize(
    "options",
    [
        ("--weeks", "0"), ("--from", "yesterday"), ("--every", "-1"), ("--keep",),
        ("--from", "2030-01-01"), ("--accept", "x"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_wrong_use(service, archive, landing, options) -> None:
    done = archive(service(), *options)
    assert (done.code, landed(landing)) == (2, [])


def test_a_data_set_that_is_not_there(service, archive) -> None:
    done = archive(service(), "--repository", "no/where")
    assert done.code == 3
    assert "answers 401 for the data set no/where" in done.err


def test_the_sample_is_no_landing_to_add_to(service, capsys) -> None:
    where = ("--endpoint", service().url, "--no-token", "--landing", REPOSITORY / "sample")
    assert run_here(capsys, "archive", *where).code == 2


# the dump


@pytest.fixture
def dumped(tmp_path: Path) -> Path:
    """The repository of a dump of 2,000 models."""
    write_dump(Models(2_000), tmp_path / "dump")
    return tmp_path / "dump"


@pytest.fixture
def dump_service(hub, dumped: Path) -> Callable[..., FakeHub]:
    """Serve the dump as it is now: `dump_service("truncate@3")`."""

    def serve(*faults: str) -> FakeHub:
        found = [Fault.parsed_of_a_file(text) for text in faults]
        return hub(10, datasets=[Dataset(DUMP, dumped)], file_faults=found)

    return serve


@pytest.fixture
def dump(dump_service, landing: Path, capsys) -> Callable[..., Outcome]:
    """Run `dump` in this process, on a service with these faults."""

    def run(*arguments: object, faults: Sequence[str] = ()) -> Outcome:
        where = ("--endpoint", dump_service(*faults).url, "--no-token", "--landing", landing)
        return run_here(capsys, "dump", *where, *arguments)

    return run


def test_the_dump_is_a_snapshot_of_when_it_was_written(dump, landing) -> None:
    done = dump()
    assert done.code == 0
    (snapshot,) = list_snapshots(landing)
    assert snapshot.started_at == datetime(2026, 10, 1, tzinfo=UTC)
    assert snapshot.source == "hub_stats"
    assert done.out == f"snapshot 20261001T000000Z: {snapshot.rows:,} models in 1 part\n"
    again = dump()
    assert (again.code, len(list_snapshots(landing))) == (0, 1)
    assert "is landed already" in again.out


def test_the_dump_holds_what_a_crawl_lands(dump, landing, rows) -> None:
    dump()
    clean = Models(2_000, dirt_share=0)
    for row in rows(landing):
        number = clean.at_or_after(row["hub_oid"])
        item = json.loads(row["raw_json"])
        shown = json.loads(clean.item(number, tuple(fetching.KEPT - {"_id", "id"})))
        assert item.keys() <= shown.keys()
        for name in ("id", "createdAt", "downloads", "likes", "baseModels", "cardData"):
            assert item.get(name) == shown.get(name) or shown.get(name) is None


def test_the_time_of_a_dump_can_be_said(dump, landing) -> None:
    assert dump("--as-of", "2026-10-01T12:00:00").code == 0
    assert landed(landing) == ["20261001"]


def test_a_dump_whose_connections_are_cut_is_whole(dump, landing, reads, naps) -> None:
    assert dump(faults=["truncate@2", "drop@4x2", "503@8"]).code == 0
    (snapshot,) = list_snapshots(landing)
    assert len(naps) == 4
    assert dump("--as-of", "2026-11-01").code == 0
    assert {one.rows for one in list_snapshots(landing)} == {snapshot.rows}


def test_a_dump_that_is_cut_off_goes_on_where_it_stood(dump, landing, reads) -> None:
    gone = dump(faults=["drop@12x1000"])
    assert (gone.code, landed(landing)) == (4, [])
    assert "0 of 1 files are done with, the same command goes on from there" in error_of(gone)
    before = set(reads)
    reads.clear()
    assert (dump().code, landed(landing)) == (0, ["20261001"])
    assert before & set(reads) == set()


def test_a_dump_that_is_killed_goes_on_where_it_stood(dump, dump_service, landing, reads) -> None:
    before = fetched_until_killed("dump", dump_service(), landing)
    assert (dump().code, landed(landing)) == (0, ["20261001"])
    assert before & set(reads) == set()


def test_a_dump_onto_a_disk_that_fills_goes_on_where_it_stood(
    dump, landing, reads, monkeypatch
) -> None:
    with monkeypatch.context() as patched:
        fill_the_disk(patched, after=9)
        full = dump()
    assert (full.code, landed(landing)) == (1, [])
    assert "the disk is full" in error_of(full)
    before = set(reads[:9])
    reads.clear()
    assert (dump().code, landed(landing)) == (0, ["20261001"])
    assert before & set(reads) == set()


def test_a_dump_that_has_changed_in_between_is_fetched_anew(dump, landing, dumped, reads) -> None:
    assert dump(faults=["drop@12x1000"]).code == 4
    write_dump(Models(1_500), dumped)
    assert dump().code == 0
    (snapshot,) = list_snapshots(landing)
    assert snapshot.rows <= 1_500


@pytest.mark.parametrize("column", ["id", "downloads"])
def test_a_dump_with_other_columns_is_told(dump, landing, dumped, column) -> None:
    path = dumped / "models.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (SELECT * RENAME ("{column}" AS other) FROM '{path}') """
            f"TO '{path}.new' (FORMAT parquet)"
        )
    path.with_name("models.parquet.new").replace(path)
    done = dump()
    assert (done.code, landed(landing)) == (1, [])
    assert error_of(done).startswith(f"error: the dump: it has no column {column}")
    assert "to fetch" not in done.err


def test_a_data_set_without_a_dump_is_told(dump, landing, dumped) -> None:
    (dumped / "models.parquet").rename(dumped / "datasets.parquet")
    done = dump()
    assert (done.code, landed(landing)) == (3, [])
    assert "holds no models.parquet" in error_of(done)


def test_a_person_can_practise_on_a_dump(landing, capsys) -> None:
    process = start_process("fake-hub", "--models", "50", "--dump")
    try:
        url = process.stdout.readline().strip().partition("=")[2]
        done = run_here(capsys, "dump", "--endpoint", url, "--no-token", "--landing", landing)
        assert (done.code, len(list_snapshots(landing))) == (0, 1)
    finally:
        process.terminate()
        process.communicate(timeout=10)
