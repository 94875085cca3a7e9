"""A name that went to another repository: who said it before means the one that bore it then."""

from datetime import datetime
from pathlib import Path

import pytest
from running import DATABASE, PART_WITHOUT_TESTS, contents, run_build

from hub_lineage.build import MODELS_AND_SEEDS
from support import item, read, write_landing

FIRST, SECOND, THIRD = datetime(2024, 3, 1), datetime(2024, 8, 1), datetime(2024, 9, 1)
OLD, NEW = "a1" * 12, "b2" * 12


def base(name: str, oid: str, created_at: datetime) -> dict:
    return item(name, created_at) | {"_id": oid}


def child(name: str, created_at: datetime, oid: str | None = None, says: str | None = None) -> dict:
    """A child whose card says the name, and of which the Hub may give the parent's own id."""
    made = item(f"kid/{name}", created_at, declared="lab/base")
    if oid:
        made["baseModels"] = {"models": [{"_id": oid, "id": says or "lab/base"}]}
    return made


BEFORE = [
    base("lab/base", OLD, datetime(2024, 1, 1)),
    child("seen", datetime(2024, 2, 1)),
    child("told", datetime(2024, 2, 1), OLD),
]
AFTER = [
    base("lab/base-2023", OLD, datetime(2024, 1, 1)),
    base("lab/base", NEW, datetime(2024, 6, 1)),
    child("seen", datetime(2024, 2, 1)),
    child("told", datetime(2024, 2, 1), OLD, "lab/base-2023"),
    child("older", datetime(2024, 5, 1)),
    child("younger", datetime(2024, 7, 1)),
    child("moved", datetime(2024, 5, 1), NEW),
]
PARENTS = [
    ("kid/moved", "lab/base"),
    ("kid/older", "lab/base-2023"),
    ("kid/seen", "lab/base-2023"),
    ("kid/told", "lab/base-2023"),
    ("kid/younger", "lab/base"),
]


@pytest.fixture
def build(tmp_path):
    """Builds a landing, or a part of it, into a folder; its exports by name of file, as digests."""

    def run(name: str, landing: Path, *selection: str) -> dict[str, str]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        finished = run_build(folder, *(selection or MODELS_AND_SEEDS), landing=landing)
        assert finished.returncode == 0, finished.stderr + finished.stdout[-3000:]
        return dict(contents(folder / "exports"))

    return run


@pytest.mark.slow
def test_the_earlier_bearer_is_meant_and_a_name_means_the_same_in_the_snapshots_that_follow(
    build, tmp_path
):
    landing = write_landing(tmp_path / "landing", {FIRST: BEFORE, SECOND: AFTER, THIRD: AFTER})
    marts = ("--select", "+lineage_edges", "+snapshot_changes")
    build("built", landing, *marts, *PART_WITHOUT_TESTS)
    database = tmp_path / "built" / DATABASE
    edges = read(database, "select child_id, parent_id from marts.lineage_edges order by all")
    assert [tuple(edge.values()) for edge in edges] == PARENTS
    changes = read(database, "select model_id, change from marts.snapshot_changes order by all")
    assert [tuple(change.values()) for change in changes] == [
        ("kid/moved", "added"),
        ("kid/older", "added"),
        ("kid/younger", "added"),
        ("lab/base", "added"),
        ("lab/base-2023", "renamed"),
    ]


@pytest.mark.slow
def test_whichever_snapshot_came_first_the_same_bearer_is_meant(build, tmp_path):
    forth = write_landing(tmp_path / "forth", {FIRST: BEFORE})
    build("forth", forth)
    write_landing(forth, {SECOND: AFTER})
    back = write_landing(tmp_path / "back", {SECOND: AFTER})
    build("back", back)
    write_landing(back, {FIRST: BEFORE})
    assert build("forth", forth) == build("back", back)
