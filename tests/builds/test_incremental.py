"""A build that takes parsed items from the one before gives the bytes of a build from nothing."""

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from running import DATABASE, PART_WITHOUT_TESTS, SAMPLE, contents, run_build

from hub_lineage.build import MODELS_AND_SEEDS, READ
from support import REPOSITORY, read

FIRST, SECOND, THIRD = (
    f"hub_models/snapshot_id={moment}"
    for moment in ("20260820T040000Z", "20260827T040000Z", "20260903T040000Z")
)
STAGING_ONLY = (*PART_WITHOUT_TESTS, "--select", "path:models/staging/hub", "path:seeds")


@pytest.fixture
def two_snapshots(tmp_path) -> Path:
    """The sample without its third snapshot."""
    third = shutil.ignore_patterns(Path(THIRD).name)
    return Path(shutil.copytree(SAMPLE, tmp_path / "landing", ignore=third))


def exports_of(folder: Path, landing: Path, *arguments: str) -> dict[str, str]:
    """Build a landing on top of what the folder holds; the digests of the exports."""
    folder.mkdir(exist_ok=True)
    finished = run_build(folder, *arguments, landing=landing)
    assert finished.returncode == 0, finished.stderr + finished.stdout[-3000:]
    return dict(contents(folder / "exports"))


def add(landing: Path) -> None:
    """The third snapshot comes."""
    shutil.copytree(SAMPLE / THIRD, landing / THIRD)


def remove(landing: Path) -> None:
    """The first snapshot goes."""
    shutil.rmtree(landing / FIRST)


def replace(landing: Path) -> None:
    """The first snapshot is another one under its old id: that of a week later."""
    path = landing / FIRST / "_manifest.json"
    dated = {key: json.loads(path.read_text())[key] for key in ("snapshot_id", "started_at")}
    shutil.rmtree(landing / FIRST)
    shutil.copytree(SAMPLE / THIRD, landing / FIRST)
    path.write_text(json.dumps(json.loads(path.read_text()) | dated))


def change(landing: Path) -> None:
    """The items of the first snapshot are other ones, under a manifest that stays as it is."""
    part = landing / FIRST / "part-00000.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select * replace (replace(raw_json, '\"likes\":', '\"likes\":1') as raw_json) "
            f"from read_parquet('{part}', hive_partitioning = false)) "
            f"to '{part}.new' (format parquet)"
        )
    Path(f"{part}.new").replace(part)


def nothing(landing: Path) -> None:
    """The landing stays as it is."""


@pytest.mark.slow
def test_a_new_snapshot_is_built_on_what_was_read_before(built, two_snapshots, tmp_path):
    before = exports_of(tmp_path, two_snapshots, *MODELS_AND_SEEDS)
    add(two_snapshots)
    on_top = exports_of(tmp_path, two_snapshots, *MODELS_AND_SEEDS)
    assert len(on_top) > 10
    assert before != on_top == dict(contents(built / "exports"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("happens", "arguments"),
    [
        (remove, ()),
        (replace, ()),
        (change, ()),
        (nothing, ("--vars", "{creation_floor: '2024-01-01', edge_phases: [card, typed_tag]}")),
        (add, ("--full-refresh",)),
    ],
)
def test_whatever_happens_to_the_landing_the_bytes_are_those_of_a_new_build(
    happens, arguments, two_snapshots, tmp_path
):
    exports_of(tmp_path / "on_top", two_snapshots, *MODELS_AND_SEEDS)
    happens(two_snapshots)
    on_top = exports_of(tmp_path / "on_top", two_snapshots, *MODELS_AND_SEEDS, *arguments)
    assert on_top == exports_of(tmp_path / "anew", two_snapshots, *MODELS_AND_SEEDS, *arguments)


@pytest.mark.slow
def test_only_what_has_changed_is_read_again(two_snapshots, tmp_path):
    """A mark on each sighting in the database shows which of them a build has taken over.

    What a snapshot was the first to say is lost with it: what was read after it is read again.
    """
    folder = tmp_path / "on_top"
    exports_of(folder, two_snapshots, *STAGING_ONLY)

    def kept(*arguments: str) -> list[tuple[str, bool]]:
        with duckdb.connect(str(folder / DATABASE)) as connection:
            connection.execute("update staging.stg_hub__sightings set trending_score = -1")
        exports_of(folder, two_snapshots, *STAGING_ONLY, *arguments)
        rows = read(
            folder / DATABASE,
            "select snapshot_id, coalesce(bool_and(trending_score = -1), false) as is_kept "
            "from staging.stg_hub__sightings group by snapshot_id order by snapshot_id",
        )
        return [(row["snapshot_id"], row["is_kept"]) for row in rows]

    first, second, third = (name.split("=")[1] for name in (FIRST, SECOND, THIRD))
    assert kept() == [(first, True), (second, True)]
    add(two_snapshots)
    assert kept() == [(first, True), (second, True), (third, False)]
    change(two_snapshots)
    assert kept() == [(first, False), (second, False), (third, False)]
    shutil.rmtree(two_snapshots / THIRD)
    assert kept() == [(first, True), (second, False)]
    remove(two_snapshots)
    assert kept() == [(second, False)]
    assert kept() == [(second, True)]
    assert kept("--full-refresh") == [(second, False)]


def test_a_change_of_any_statement_that_keeps_what_is_read_reads_all_anew():
    """The version of a snapshot is made from the statements of all tables that are carried over."""
    macros = (REPOSITORY / "macros/reading.sql").read_text()
    (names,) = re.findall(r"set names = \[(.*?)\]", macros)
    assert {"stg_hub__items", *re.findall(r"\w+", names)} == {*READ}
