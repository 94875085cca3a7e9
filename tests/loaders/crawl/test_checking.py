"""`status` and `verify`: what is landed, what is wrong with it, manifests built anew."""

import json

import duckdb
import pytest
from crawls import landed, manifest_path

from loaders.landing import growing


@pytest.fixture
def whole(hub, crawl):
    """A landing with one complete snapshot of four parts."""
    service = hub(1_000)
    assert crawl(service).code == 0
    return service


def part(landing, number: int):
    return manifest_path(landing).parent / f"part-{number:05d}.parquet"


# status


def test_status_of_nothing(command) -> None:
    done = command("status")
    assert (done.code, done.out) == (0, "no snapshots\nnext: crawl starts the first snapshot\n")


def test_status_says_what_crawl_would_do(hub, crawl, command) -> None:
    service = hub(1_000)
    crawl(service, "--max-pages", 4)
    out = command("status").out
    assert "unfinished" in out
    assert "at page 4 (" in out
    crawl(service)
    out = command("status").out
    assert "complete" in out
    assert "--new-snapshot" in out


def test_status_tells_a_live_crawl(hub, crawl, command, landing) -> None:
    crawl(hub(1_000), "--max-pages", 4)
    (snapshot,) = growing.crawled(landing)
    held = growing.GrowingSnapshot.resume(snapshot)
    try:
        assert "being written" in command("status").out
        assert "being written" in command("verify").out
    finally:
        held.close()


def test_status_of_an_unreadable_manifest(whole, command, landing) -> None:
    manifest_path(landing).write_text("{")
    done = command("status")
    assert done.code == 0
    assert "verify" in done.out


# verify


def test_a_sound_landing(whole, command) -> None:
    done = command("verify")
    assert done.code == 0
    assert ": sound, " in done.out


@pytest.mark.parametrize("how", ["missing", "torn", "behind"])
def test_the_manifest_is_built_anew(whole, command, landing, how: str) -> None:
    path = manifest_path(landing)
    before = path.read_text()
    if how == "missing":
        path.unlink()
    elif how == "torn":
        path.write_text(before[:100])
    else:
        manifest = json.loads(before) | {"status": "running"}
        manifest["parts"] = manifest["parts"][:2]
        path.write_text(json.dumps(manifest))
    done = command("verify")
    assert done.code == 0
    assert "built anew: complete" in done.out
    assert path.read_text() == before


def test_an_unfinished_snapshot_is_mended_as_unfinished(hub, crawl, command, landing) -> None:
    service = hub(1_000)
    crawl(service, "--max-pages", 4)
    path = manifest_path(landing)
    path.unlink()
    assert crawl(service).code == 1, "crawl names verify, and does nothing itself"
    assert "built anew: interrupted" in command("verify").out
    assert crawl(service).code == 0


def test_a_part_that_was_changed(whole, command, landing) -> None:
    path = part(landing, 1)
    copy = path.with_name("copy")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM '{path}') TO '{copy}' (FORMAT parquet)")
    copy.rename(path)
    before = manifest_path(landing).read_text()
    done = command("verify")
    assert done.code == 5
    assert "part-00001.parquet is not the file that was landed" in done.out
    assert manifest_path(landing).read_text() == before, "what is wrong is not blessed"


def test_a_part_that_rotted(whole, command, landing) -> None:
    path = part(landing, 2)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    done = command("verify")
    assert done.code == 5
    assert "part-00002.parquet" in done.out
    assert "Traceback" not in done.text


def test_a_part_that_was_cut(whole, command, landing) -> None:
    path = part(landing, 3)
    path.write_bytes(path.read_bytes()[:1_000])
    done = command("verify")
    assert done.code == 5
    assert "part-00003.parquet cannot be read" in done.out


@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_part_that_is_missing(whole, command, landing, number: int) -> None:
    part(landing, number).unlink()
    done = command("verify")
    assert done.code == 5
    assert f"part-{number:05d}.parquet is missing" in done.out


def test_a_part_in_the_place_of_another(whole, command, landing) -> None:
    part(landing, 1).write_bytes(part(landing, 2).read_bytes())
    manifest_path(landing).unlink()
    done = command("verify")
    assert done.code == 5
    assert "landed twice" in done.out
    assert "begins with page" in done.out


def test_a_gap_stops_a_resume(hub, crawl, landing) -> None:
    service = hub(2_000)
    crawl(service, "--max-pages", 9)
    part(landing, 1).unlink()
    done = crawl(service)
    assert done.code == 5
    assert "verify" in done.err


def test_imports_are_verified_too(command, landing) -> None:
    from datetime import datetime

    from loaders.landing.committing import commit_items

    commit_items(landing, datetime(2026, 1, 1), [{"id": "a/b"}], source="import")
    assert command("verify").code == 0
    manifest_path(landing).unlink()
    assert command("verify").code == 5


@pytest.mark.parametrize("name", ["part-00001.parquet", "part-1.parquet", "part-extra.parquet"])
def test_a_file_that_a_build_would_read_and_nobody_landed(command, landing, name: str) -> None:
    from datetime import datetime

    from loaders.landing.committing import commit_items

    commit_items(landing, datetime(2026, 1, 1), [{"id": "a/b"}], source="import")
    (landed_part,) = landing.rglob("part-*.parquet")
    landed_part.with_name(name).write_bytes(landed_part.read_bytes())
    done = command("verify")
    assert done.code == 5
    assert f"{name} is not a part of the snapshot" in done.out


def test_a_strange_file_beside_the_parts_of_a_crawl(whole, command, landing) -> None:
    part(landing, 0).with_name("part-extra.parquet").write_bytes(part(landing, 0).read_bytes())
    before = manifest_path(landing).read_text()
    done = command("verify")
    assert done.code == 5
    assert "part-extra.parquet is not a part of the snapshot" in done.out
    assert manifest_path(landing).read_text() == before


def test_one_snapshot_can_be_named(whole, command, landing) -> None:
    name = manifest_path(landing).parent.name.removeprefix("snapshot_id=")
    assert command("verify", name).code == 0
    assert command("verify", "20200101T000000Z").code == 2
    assert command("verify", "--accept").code == 2
    assert command("verify", name, "--accept").code == 2


def test_what_is_landed_is_what_the_import_lands(whole, landing) -> None:
    """The columns and types that loaders/README.md names, readable by the glob dbt reads."""
    rows = landed(landing, "typeof(COLUMNS(*))")
    assert rows[0][:8] == (
        "VARCHAR", "VARCHAR", "VARCHAR", "BOOLEAN", "INTEGER", "INTEGER", "TIMESTAMP", "VARCHAR",
    )  # fmt: skip


def test_the_same_pages_give_the_same_bytes(hub, crawl, landing, monkeypatch) -> None:
    from datetime import datetime

    class Frozen(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime(2026, 10, 3, 13, 19, 4, tzinfo=zone)

    service = hub(300)
    digests = []
    for _ in range(2):
        with monkeypatch.context() as patch:
            patch.setattr("loaders.crawl.listing.datetime", Frozen)
            patch.setattr("loaders.landing.growing.datetime", Frozen)
            patch.setattr(
                "loaders.landing.growing.started_at_of", lambda folder: datetime(2026, 10, 3)
            )
            assert crawl(service).code == 0
        digests.append(
            [part["sha256"] for part in json.loads(manifest_path(landing).read_text())["parts"]]
        )
        for path in sorted(landing.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    assert digests[0] == digests[1]
