"""A full disk is called so, and costs nothing; once there is room, the same call goes on."""

import hashlib
import json
import shutil

import duckdb
import pytest
from commands import steps_to_try, tree
from test_kills import LOADERS, crawl_case, import_case, rows_landed, some_steps

from hub_lineage.landing import list_snapshots
from loaders.simulator.fake_models import Models

# at every step that Python makes


def full_at_each_step(case, commands, tmp_path, every: int) -> None:
    first = tmp_path / "first"
    first.mkdir()
    case.before(first)
    whole = case.run(commands, first)
    assert whole.code == 0, whole.said
    wanted = case.kept(first)
    refused = 0
    for step in steps_to_try(whole.operations, every, case.most_steps):
        folder = tmp_path / f"step-{step}"
        folder.mkdir()
        case.before(folder)
        full = case.run(commands, folder, at=step, deed="full")
        case.is_sound(folder)
        if full.code == 0:
            assert case.kept(folder) == wanted, "nothing was left to write"
            continue
        refused += 1
        assert full.code == 1, full.said
        assert full.error.startswith("error: "), full.said
        assert "the disk is full (No space left on device)" in full.error
        left = [path for pattern in case.leftovers for path in folder.rglob(pattern)]
        assert left == [], f"full at step {step}"
        again = case.run(commands, folder)
        assert again.code == 0, f"full at step {step}: {again.said}"
        assert case.kept(folder) == wanted
        shutil.rmtree(folder)
    assert refused > 1, "no step found the disk full"


@some_steps
def test_a_crawl_that_finds_the_disk_full_says_so_and_goes_on_later(
    commands, hub, tmp_path, every: int
) -> None:
    full_at_each_step(crawl_case(hub), commands, tmp_path, every)


@some_steps
def test_an_import_that_finds_the_disk_full_says_so_and_leaves_the_landing(
    commands, tmp_path, every: int
) -> None:
    full_at_each_step(import_case(tmp_path), commands, tmp_path, every)


# a disk that is full, with whatever DuckDB writes


def test_a_crawl_onto_a_small_disk(commands, hub, small_disk) -> None:
    hub.models = Models(6_000)
    disk = small_disk("400k")
    case = crawl_case(hub)
    full = case.run(commands, disk)
    assert full.code == 1
    assert full.error.startswith("error: the landing cannot be written: the disk is full: ")
    assert full.error.endswith("what is landed stays")
    (snapshot,) = list_snapshots(disk / "landing")
    landed = rows_landed(disk)
    assert 0 < len(landed) == snapshot.rows
    small_disk("20m")
    assert case.run(commands, disk).code == 0
    assert rows_landed(disk)[: len(landed)] == landed
    assert len({oid for oid, *_ in rows_landed(disk)}) == sum(
        hub.models.is_served(number, False) for number in range(6_000)
    )


def test_an_import_onto_a_small_disk(commands, tmp_path, small_disk) -> None:
    disk = small_disk("3m")
    source = tmp_path / "many.jsonl"
    shas = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(60_000))
    lines = (json.dumps({"id": f"acme/M-{sha[:9]}", "sha": sha}) for sha in shas)
    source.write_text("\n".join(lines))
    small = tmp_path / "few.jsonl"
    small.write_text('{"id":"acme/Model"}')

    def imported(path, day: str):
        landing = disk / "landing"
        return commands.run(
            LOADERS, "import", path, "--as-of", day, "--landing", landing, below=disk
        )

    assert imported(small, "2026-01-01").code == 0
    before = tree(disk)
    full = imported(source, "2026-01-08")
    assert full.code == 1
    assert "the disk is full: " in full.error
    assert "Traceback" not in full.said
    assert tree(disk) == before, "the landing is as it was"
    small_disk("60m")
    assert imported(source, "2026-01-08").code == 0
    with duckdb.connect() as connection:
        parts = f"{disk}/landing/hub_models/*/part-*.parquet"
        counted = f"SELECT count(*) FROM read_parquet('{parts}')"
        assert connection.execute(counted).fetchone() == (60_001,)


@pytest.mark.parametrize("name", ["status", "verify"])
def test_a_full_disk_keeps_nobody_from_reading(commands, hub, small_disk, name: str) -> None:
    disk = small_disk("400k")
    assert crawl_case(hub).run(commands, disk).code == 0
    filler = disk / "filler"
    with pytest.raises(OSError, match="No space left"):
        filler.write_bytes(b"x" * 10_000_000)
    done = commands.run(LOADERS, name, "--landing", disk / "landing", below=disk)
    assert done.code == 0, done.said


def test_other_tables_onto_a_full_disk(commands, tmp_path, small_disk) -> None:
    disk = small_disk("40k")
    source = tmp_path / "scores.csv"
    rows = (f"acme/M-{n},{hashlib.sha256(str(n).encode()).hexdigest()},1" for n in range(5_000))
    source.write_text("\n".join(["model_id,benchmark,score", *rows]))
    full = commands.run(
        LOADERS, "benchmarks", source, "--source", "s", "--benchmark", "benchmark", "--scores",
        "score", "--landing", disk / "landing", below=disk,
    )  # fmt: skip
    assert full.code == 1
    assert full.error.startswith("error: the landing cannot be written: the disk is full: ")
    assert tree(disk) == {}
