"""New files take the old ones' place; killed or out of room, a build says so."""

import errno
import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest
from running import DATABASE, PART_WITHOUT_TESTS, SAMPLE, contents, run_build

from analysis.studies.variables import open_exports
from hub_lineage import build, dbt
from hub_lineage.build import MARK
from hub_lineage.errors import BuildError, StudyError
from hub_lineage.files import replace_files
from support import item, write_landing

LATER = "20270101T000000Z"


@pytest.fixture
def places(tmp_path) -> dict[str, Path]:
    """Old files where a build puts them, and the new ones where it makes them."""
    database, exports = tmp_path / "hub_lineage.duckdb", tmp_path / "exports"
    workshop, staged = tmp_path / ".hub_lineage.duckdb.building", exports / ".building"
    for folder in (exports, workshop, staged):
        folder.mkdir()
    database.write_text("old")
    (tmp_path / "hub_lineage.duckdb.wal").write_text("old")
    (workshop / build.FILE).write_text("new")
    for name in ("a", "b"):
        (exports / f"{name}.parquet").write_text("old")
        (staged / f"{name}.parquet").write_text("new")
    return {"workshop": workshop, "database": database, "staged": staged, "exports": exports}


def in_place(places: dict[str, Path]) -> dict[str, str]:
    """The text of each file that a reader may open."""
    paths = [places["database"], build.write_ahead_log(places["database"])]
    paths += sorted(places["exports"].glob("*.parquet"))
    return {path.name: path.read_text() for path in paths if path.exists()}


EXPORTED = ("a.parquet", "b.parquet")
OLD = dict.fromkeys(("hub_lineage.duckdb", "hub_lineage.duckdb.wal", *EXPORTED), "old")
NEW = dict.fromkeys(("hub_lineage.duckdb", *EXPORTED), "new")


def killed_at(step: int, places: dict[str, Path]) -> bool:
    """Put the files in place in a process that ends before a step; whether it did."""
    child = os.fork()
    if child == 0:
        left = [step]

        def counted(change):
            def changed(*arguments, **options):
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
                return change(*arguments, **options)

            return changed

        os.replace, os.link = counted(os.replace), counted(os.link)
        Path.unlink = counted(Path.unlink)
        replace_files(build.replacements(**places))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("step", range(12))
def test_a_kill_between_any_two_steps_is_told(places, step):
    was_killed = killed_at(step, places)
    found = in_place(places)
    if (places["exports"] / MARK).exists():
        assert was_killed
        with pytest.raises(StudyError, match="killed while it replaced them"):
            open_exports(places["exports"])
    else:
        assert found == (OLD if was_killed and found["hub_lineage.duckdb"] == "old" else NEW)
    assert was_killed == (step < 11), "each step is tried, and the last leaves nothing to do"


@pytest.mark.parametrize("name", ["a.parquet", "b.parquet"])
def test_a_swap_that_fails_puts_back_all_files_the_log_of_a_crashed_program_too(places, name):
    (places["exports"] / name).unlink()
    (places["exports"] / name).mkdir()
    before = contents(places["exports"].parent)
    with pytest.raises(OSError, match=name):
        replace_files(build.replacements(**places))
    after = contents(places["exports"].parent)
    assert {path: after.get(path) for path in before if "building" not in path} == {
        path: digest for path, digest in before.items() if "building" not in path
    }
    assert not (places["exports"] / MARK).exists()


def test_a_part_does_not_vouch_for_files_that_it_leaves_alone(places):
    """After a kill some of them may be of the build before."""
    (places["exports"] / MARK).touch()
    (places["exports"] / "c.parquet").write_text("of either build")
    replace_files(build.replacements(**places))
    assert (places["exports"] / MARK).exists()
    (places["exports"] / "c.parquet").unlink()
    for name in ("a", "b"):
        (places["staged"] / f"{name}.parquet").write_text("new")
    (places["workshop"] / build.FILE).write_text("new")
    replace_files(build.replacements(**places))
    assert not (places["exports"] / MARK).exists()


def snapshots_named(exports: Path) -> dict[str, str]:
    """The snapshot that each mart's file names."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "select file_name, decode(value) from parquet_kv_metadata(?) "
            "where decode(key) = 'snapshot_id'",
            [f"{exports}/*.parquet"],
        ).fetchall()
    return {Path(name).stem: snapshot for name, snapshot in found}


def test_a_part_names_the_new_snapshot_on_what_was_built_from_it_alone(workplace, tmp_path):
    exports = workplace / "exports"
    before = contents(exports)
    old = snapshots_named(exports)
    landing = shutil.copytree(SAMPLE, tmp_path / "landing")
    items = [item("acme/base", "2024-01-01"), item("acme/tune", "2024-02-01", ["acme/base"])]
    write_landing(landing, {LATER: items})
    finished = run_build(
        workplace, "--select", "+landing_rejections", *PART_WITHOUT_TESTS, landing=landing
    )
    assert finished.returncode == 0, finished.stderr + finished.stdout[-2000:]
    assert snapshots_named(exports) == old | {"landing_rejections": LATER}
    after = contents(exports)
    assert {name for name in before if after[name] != before[name]} == {
        "landing_rejections.parquet"
    }
    with pytest.raises(StudyError, match=f"of different snapshots .*{LATER}"):
        open_exports(exports)
    # A mart that is built anew upon tables of the snapshot before is of that one.
    finished = run_build(workplace, "--select", "families", *PART_WITHOUT_TESTS, landing=landing)
    assert finished.returncode == 0, finished.stderr
    assert snapshots_named(exports) == old | {"landing_rejections": LATER}


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def surrounded(tmp_path, monkeypatch) -> Path:
    """Folders of a build for this process, with a database and exports to lose."""
    monkeypatch.setenv("HUB_LANDING", str(SAMPLE))
    monkeypatch.setenv("HUB_DATABASE", str(tmp_path / DATABASE))
    monkeypatch.setenv("HUB_EXPORTS", str(tmp_path / "exports"))
    duckdb.connect(str(tmp_path / DATABASE)).close()
    return tmp_path


def test_no_room_for_the_copy_that_a_part_is_built_upon(surrounded, monkeypatch):
    before = contents(surrounded)
    monkeypatch.setattr(shutil, "copyfile", full_disk)
    with pytest.raises(BuildError, match=r"cannot copy .* \(the disk is full\)") as told:
        build.build(["--select", "families"])
    assert told.value.exit_code == 2
    assert contents(surrounded) == before


def test_no_room_for_the_exports(surrounded, monkeypatch):
    before = contents(surrounded)
    monkeypatch.setattr(build, "run_dbt", lambda *arguments: None)
    monkeypatch.setattr(build, "doubtful_weeks", lambda *arguments: iter(()))
    monkeypatch.setattr(build, "export_marts", full_disk)
    with pytest.raises(BuildError, match=r"cannot put .* \(the disk is full\)"):
        build.build([])
    assert {name: digest for name, digest in contents(surrounded).items()
            if ".building" not in name} == before  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        "Runtime Error in model x\n  IO Error: Could not write file: No space left on device",
        "Traceback (most recent call last):\nOSError: [Errno 28] No space left on device",
    ],
)
def test_what_dbt_says_of_a_full_disk(tmp_path, said):
    assert dbt.sentence_of(said) == "the disk is full"
    assert dbt.reason(tmp_path, said) == "the disk is full"


@pytest.mark.parametrize("size", ["-1GB", "-1", "0GB", "none", "lots", "80%", "4"])
def test_a_memory_limit_that_is_none(surrounded, monkeypatch, size):
    monkeypatch.setenv("HUB_MEMORY", size)
    with pytest.raises(BuildError, match=f"HUB_MEMORY is '{size}'") as told:
        build.build([])
    assert told.value.exit_code == 2


def test_manifests_that_are_damaged_are_told_in_one_line(tmp_path):
    landing = shutil.copytree(SAMPLE, tmp_path / "landing")
    latest = landing / "hub_models/snapshot_id=20260903T040000Z/_manifest.json"
    manifest = json.loads(latest.read_text())
    absent = {"name": "part-00009.parquet", "rows": 0, "sha256": "0" * 64}
    latest.write_text(json.dumps(manifest | {"parts": [*manifest["parts"], absent]}))
    with pytest.raises(BuildError, match=r"lacks part-00009\.parquet"):
        build.check_landing(landing)
    for damage in (
        lambda: latest.write_text("[" * 200_000 + "]" * 200_000),
        lambda: latest.write_bytes(b"\xff\xfe{"),
        lambda: latest.unlink() or latest.mkdir(),
    ):
        damage()
        read = [snapshot.snapshot_id for snapshot in build.check_landing(landing)]
        assert read == ["20260820T040000Z", "20260827T040000Z"]
