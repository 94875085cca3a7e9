"""Killed at any file operation, a command leaves old or new, and the next call puts it right.

Each case is a command with what was there before it. It runs once to the end, which shows what is
to be there afterwards; then again from the start for each step, killed there, and once more. All
steps take minutes and are slow tests; some of them are always tried.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest
from commands import KILLED, Commands, Ended, steps_to_try, tree

from analysis.studies.variables import open_exports
from hub_lineage.build import MODELS_AND_SEEDS
from hub_lineage.errors import StudyError
from hub_lineage.landing import list_snapshots
from loaders.__main__ import main
from loaders.simulator.fake_hub import FakeHub
from support import REPOSITORY, dbt, item, slow_in_group, snapshot_id, write_landing

LOADERS = "loaders.__main__:main"
SOME, ALL = 7, 1


def _nothing(folder: Path) -> None:
    """Nothing is there before."""


@dataclass
class Case:
    """A command, what is there before it, and what must hold of the folder it was killed in."""

    entry: str
    arguments: Callable[[Path], list[object]]
    environment: Callable[[Path], dict[str, object]] = lambda folder: {}
    before: Callable[[Path], None] = _nothing
    is_sound: Callable[[Path], None] = _nothing
    kept: Callable[[Path], object] = tree
    """What is to be the same after a kill and another call as after one call."""
    leftovers: tuple[str, ...] = field(
        default=(".*.tmp", "*.tmp", ".*.building", ".building", ".*.previous", "*.previous")
    )
    most_steps: int = 200
    """More are not tried one by one: half of these at the end, where things are put in place."""

    def run(self, commands: Commands, folder: Path, at: int = 0, deed: str = "kill") -> Ended:
        ended = commands.run(
            self.entry, *self.arguments(folder), below=folder, at=at, deed=deed,
            **self.environment(folder),
        )  # fmt: skip
        assert "Traceback" not in ended.said, ended.said
        return ended


def killed_at_each_step(case: Case, commands: Commands, tmp_path: Path, every: int) -> None:
    """The proof itself."""
    first = tmp_path / "first"
    first.mkdir()
    case.before(first)
    whole = case.run(commands, first)
    assert whole.code == 0, whole.said
    assert whole.operations > 5, "the command's operations are not seen"
    wanted = case.kept(first)
    for step in steps_to_try(whole.operations, every, case.most_steps):
        folder = tmp_path / f"step-{step}"
        folder.mkdir()
        case.before(folder)
        killed = case.run(commands, folder, at=step)
        assert killed.code == KILLED, f"step {step} of {whole.operations}: {killed}"
        case.is_sound(folder)
        again = case.run(commands, folder)
        assert again.code == 0, f"after a kill at step {step}: {again.said}"
        assert case.kept(folder) == wanted, f"after a kill at step {step}"
        left = [path for pattern in case.leftovers for path in folder.rglob(pattern)]
        assert left == [], f"after a kill at step {step}"
        shutil.rmtree(folder)


some_steps = pytest.mark.parametrize("every", [SOME, pytest.param(ALL, marks=pytest.mark.slow)])


# crawl


def crawl_case(service: FakeHub, *options: str) -> Case:
    def arguments(folder: Path) -> list[object]:
        return [
            "crawl", "--endpoint", service.url, "--landing", folder / "landing", "--page-size",
            100, "--pages-per-part", 3, *options,
        ]  # fmt: skip

    return Case(LOADERS, arguments, is_sound=every_row_once, kept=rows_landed)


def rows_landed(folder: Path) -> list[tuple]:
    """The rows of the landing's snapshots in their order; what depends on the clock left out."""
    found = (folder / "landing").glob("hub_models/snapshot_id=*/part-*.parquet")
    parts = [str(path) for path in sorted(found)]
    if not parts:
        return []
    with duckdb.connect() as connection:
        return connection.execute(
            "SELECT hub_oid, model_id, raw_json, page_number, item_number "
            "FROM read_parquet($1, hive_partitioning = false, filename = true) "
            "ORDER BY filename, page_number, item_number",
            [parts],
        ).fetchall()


def every_row_once(folder: Path) -> None:
    rows = rows_landed(folder)
    assert len({oid for oid, *_ in rows}) == len(rows)
    for snapshot in list_snapshots(folder / "landing"):
        assert snapshot.status != "complete" or snapshot.rows == len(rows)


@some_steps
def test_a_crawl_killed_at_any_step_lands_every_model_once(
    commands, hub, tmp_path, every: int
) -> None:
    killed_at_each_step(crawl_case(hub), commands, tmp_path, every)


@pytest.mark.slow
def test_a_new_snapshot_killed_at_any_step_goes_on(commands, hub, tmp_path) -> None:
    case = crawl_case(hub, "--new-snapshot")
    # killed after its very last page it is complete, and the next call starts another
    case.kept = lambda folder: sorted(set(rows_landed(folder)))
    killed_at_each_step(case, commands, tmp_path, ALL)


# import


def import_case(tmp_path: Path) -> Case:
    """A snapshot is replaced by one of other items; a second stands beside it."""
    for name in ("old", "new", "other"):
        lines = [json.dumps({"id": f"{name}/Model-{number}"}) for number in range(50)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))

    def before(folder: Path) -> None:
        shutil.copytree(landed, folder / "landing")

    def arguments(folder: Path) -> list[object]:
        return [
            "import", tmp_path / "new.jsonl", "--as-of", "2026-01-01", "--replace", "--landing",
            folder / "landing",
        ]  # fmt: skip

    def is_sound(folder: Path) -> None:
        """A reader sees the old snapshot, the new one, or for a moment none; never half of one."""
        for snapshot in list_snapshots(folder / "landing"):
            rows = sum(part.rows for part in snapshot.parts)
            assert (snapshot.status, rows) == ("complete", 50)
        rows = rows_landed(folder)
        owners = {model_id.partition("/")[0] for _, model_id, *_ in rows}
        assert owners in ({"old", "other"}, {"new", "other"}, {"other"})
        assert len(rows) == 50 * len(owners)

    landed = tmp_path / "landed"
    for name, day in (("old", "2026-01-01"), ("other", "2026-01-08")):
        source = str(tmp_path / f"{name}.jsonl")
        assert main(["import", source, "--as-of", day, "--landing", str(landed)]) == 0
    return Case(LOADERS, arguments, before=before, is_sound=is_sound)


@some_steps
def test_an_import_killed_at_any_step_leaves_whole_snapshots(
    commands, tmp_path, every: int
) -> None:
    killed_at_each_step(import_case(tmp_path), commands, tmp_path, every)


# build, report, publish: what reads marts


@pytest.fixture(scope="module")
def two_builds(tmp_path_factory) -> tuple[Path, Path]:
    """Folders with a landing, its database and exports: a week, and the week after as well."""
    items = [item("acme/Base", "2026-01-01"), item("acme/Child", "2026-01-02", ["acme/Base"])]
    more = [*items, item("other/Child", "2026-01-09", ["acme/Base"])]
    folders = []
    for name, weeks in (
        ("old", {"2026-01-05": items}),
        ("new", {"2026-01-05": items, "2026-01-12": more}),
    ):
        folder = tmp_path_factory.mktemp(name)
        write_landing(folder / "landing", weeks)
        built = subprocess.run(
            [sys.executable, REPOSITORY / "build.py", *MODELS_AND_SEEDS],
            env=os.environ | places(folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert built.returncode == 0, built.stdout[-2000:] + built.stderr
        folders.append(folder)
    return tuple(folders)


def places(folder: Path) -> dict[str, str]:
    return {
        "HUB_LANDING": str(folder / "landing"),
        "HUB_DATABASE": str(folder / "made" / "hub_lineage.duckdb"),
        "HUB_EXPORTS": str(folder / "made" / "exports"),
        "HUB_RESULTS": str(folder / "made" / "results"),
        "HUB_SITE": str(folder / "made" / "site"),
    }


def snapshots_made(folder: Path) -> set[str]:
    """The snapshots that the database and the exports say they are of, by what a reader does."""
    found = set()
    with duckdb.connect(places(folder)["HUB_DATABASE"], read_only=True) as connection:
        query = "SELECT max(snapshot_id) FROM marts.model_metrics"
        found.add(connection.execute(query).fetchone()[0])
    try:
        found.add(open_exports(Path(places(folder)["HUB_EXPORTS"])).snapshot_id)
    except StudyError:
        found.add("refused")
    return found


def build_case(two_builds: tuple[Path, Path], entry: str, *arguments: object) -> Case:
    """The second week is built where the first one is; dbt itself is replayed."""
    old, new = two_builds

    def before(folder: Path) -> None:
        shutil.copytree(old / "made", folder / "made")
        shutil.copytree(new / "landing", folder / "landing")

    def environment(folder: Path) -> dict[str, object]:
        replayed = Path(__file__).with_name("replayed_dbt")
        return places(folder) | {
            "PYTHONPATH": f"{replayed}:{REPOSITORY}",
            "REPLAYED_DATABASE": places(new)["HUB_DATABASE"],
        }

    def is_sound(folder: Path) -> None:
        """All is old or all is new, or who reads the exports is told that they are mixed."""
        made = snapshots_made(folder)
        assert "refused" in made or made in (
            {snapshot_id("2026-01-05")},
            {snapshot_id("2026-01-12")},
        )

    def kept(folder: Path) -> object:
        return tree(Path(places(folder)["HUB_EXPORTS"])), snapshots_made(folder)

    return Case(entry, lambda folder: [*arguments], environment, before, is_sound, kept)


@slow_in_group("faults")
def test_a_build_killed_at_any_step_of_its_swap_is_old_or_new_or_told(
    commands, two_builds, tmp_path
) -> None:
    killed_at_each_step(build_case(two_builds, "build:main"), commands, tmp_path, ALL)


@slow_in_group("faults")
def test_a_build_killed_between_the_parts_of_a_history_is_old_or_new_or_told(
    commands, two_builds, tmp_path
) -> None:
    case = build_case(two_builds, "build_in_parts:main", "--full-refresh")
    killed_at_each_step(case, commands, tmp_path, ALL)


def report_case(two_builds: tuple[Path, Path], manifest: Path, earlier: Path) -> Case:
    """The report of the second week replaces that of the first, which stands in `earlier`."""
    _, new = two_builds

    def before(folder: Path) -> None:
        shutil.copytree(new / "made", folder / "made")
        if (earlier / "made" / "site").exists():
            shutil.copytree(earlier / "made" / "site", folder / "made" / "site")

    def arguments(folder: Path) -> list[object]:
        return ["--quiet", "--families", 1, "--manifest", manifest]

    def is_sound(folder: Path) -> None:
        """The site is the first week's, or another that is whole, or between the two not there."""
        site = site_of(folder)
        if site and site != site_of(earlier):
            assert {"index.html", "ecosystem.html"} <= set(site)

    return Case(
        "analysis.report.__main__:main", arguments, places, before, is_sound, site_of, most_steps=8
    )


def site_of(folder: Path) -> dict[str, str]:
    return tree(folder / "made" / "site")


@pytest.fixture(scope="module")
def dbt_manifest(tmp_path_factory) -> Path:
    """The project's manifest, which the report takes its dictionary from."""
    folder = tmp_path_factory.mktemp("parsed")
    dbt("parse", landing=REPOSITORY / "sample", database=folder / "hub_lineage.duckdb")
    return folder / "hub_lineage-dbt" / "target" / "manifest.json"


@slow_in_group("faults")
def test_a_report_killed_at_any_step_is_old_or_new(
    commands, two_builds, dbt_manifest, tmp_path
) -> None:
    earlier = tmp_path / "earlier"
    shutil.copytree(two_builds[0] / "made", earlier / "made")
    case = report_case(two_builds, dbt_manifest, earlier)
    assert case.run(commands, earlier).code == 0
    killed_at_each_step(case, commands, tmp_path, ALL)


def publish_case(two_builds: tuple[Path, Path]) -> Case:
    _, new = two_builds

    def before(folder: Path) -> None:
        shutil.copytree(new / "made", folder / "made")

    def arguments(folder: Path) -> list[object]:
        return ["publish", "--to", folder / "made" / "data"]

    def is_sound(folder: Path) -> None:
        """The publication is not there, or holds every file its checksums name."""
        data = folder / "made" / "data"
        if data.exists():
            for line in (data / "checksums.sha256").read_text().splitlines():
                digest, _, name = line.partition("  ")
                assert tree(data)[name] == digest

    def kept(folder: Path) -> dict[str, str]:
        return tree(folder / "made" / "data")

    return Case("analysis.__main__:main", arguments, places, before, is_sound, kept, most_steps=8)


@slow_in_group("faults")
def test_a_publication_killed_at_any_step_is_whole_or_not_there(
    commands, two_builds, tmp_path
) -> None:
    killed_at_each_step(publish_case(two_builds), commands, tmp_path, ALL)
