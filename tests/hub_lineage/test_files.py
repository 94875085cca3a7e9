"""A folder is written anew beside files of others, and without a trace of the killed."""

import errno
import fcntl
import os
from pathlib import Path

import duckdb
import pytest

from hub_lineage.errors import StudyError
from hub_lineage.files import (
    ASIDE,
    hidden_folder,
    is_locked,
    list_files,
    listed_files,
    replace_folder,
    replacing,
    swap,
    workshop,
)

OURS = {"index.html", "pages/old.html"}


@pytest.fixture
def site(tmp_path) -> Path:
    """A folder that we made, in which a user keeps files of every kind."""
    site = tmp_path / "site"
    for name in (*OURS, "CNAME", ".git/objects/ab/cd", ".git/HEAD", "pages/notes.txt"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(name)
    (site / "drafts").mkdir()
    (site / "elsewhere").symlink_to("/nowhere")
    return site


def written_anew(site: Path, *names: str) -> None:
    with workshop(site, "the report", "name another") as place:
        new = place / "new"
        for name in names:
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_text("new")
        replace_folder(new, site, OURS)


def test_files_of_others_stay_and_ours_go(site):
    written_anew(site, "index.html", "pages/new.html")
    assert (site / "index.html").read_text() == "new"
    assert (site / "pages/new.html").read_text() == "new"
    assert not (site / "pages/old.html").exists()
    for name in ("CNAME", ".git/objects/ab/cd", ".git/HEAD", "pages/notes.txt"):
        assert (site / name).read_text() == name
    assert (site / "drafts").is_dir()
    assert os.readlink(site / "elsewhere") == "/nowhere"
    assert [path.name for path in site.parent.iterdir()] == ["site"]


@pytest.mark.parametrize("name", ["CNAME", "pages/notes.txt", "elsewhere"])
def test_a_file_of_others_in_the_way_stops_the_run(site, name):
    with pytest.raises(StudyError, match=f"{name} is not ours"):
        written_anew(site, "index.html", name)
    assert (site / "index.html").read_text() == "index.html"
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def killed_at(site: Path, step: int) -> bool:
    """Write the folder anew in a process that ends before a rename; whether it did."""
    child = os.fork()
    if child == 0:
        rename, left = os.replace, [step]

        def counted(*arguments):
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            rename(*arguments)

        os.replace = counted
        written_anew(site, "index.html", "pages/new.html")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("step", [0, 1])
def test_what_the_killed_leave_is_cleared_and_nothing_is_lost(site, step):
    assert killed_at(site, step)
    written_anew(site, "index.html")
    assert (site / "index.html").read_text() == "new"
    assert (site / "CNAME").read_text() == "CNAME"
    assert (site / "pages/notes.txt").read_text() == "pages/notes.txt"
    assert not (site / "pages/old.html").exists()
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def fail_with(site: Path, error: Exception) -> None:
    with workshop(site, "the report", "name another"):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "page.html"),
        duckdb.IOException("IO Error: Could not write file: No space left on device"),
        duckdb.TransactionException("Failed to commit: No space left on device"),
    ],
)
def test_a_full_disk_is_named_as_such(site, error):
    with pytest.raises(StudyError, match=r"cannot write the report to .* \(the disk is full\)"):
        fail_with(site, error)
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_two_runs_do_not_write_one_folder(site):
    place = site.with_name(".site.building")
    place.mkdir()
    lock = os.open(place, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with pytest.raises(StudyError, match="another run is writing"):
            written_anew(site, "index.html")
    finally:
        os.close(lock)


def test_a_list_names_our_files_alone(tmp_path):
    assert listed_files(tmp_path) is None
    for name in ("claims.csv", "mine.txt"):
        (tmp_path / name).write_text("")
    list_files(tmp_path, {"mine.txt"})
    assert listed_files(tmp_path) == {"claims.csv", "files.txt"}


# swaps and locks


@pytest.fixture
def shelf(tmp_path) -> Path:
    """Two old folders, and new ones for them in a hidden folder."""
    for name in ("one", "two"):
        for folder, text in ((tmp_path, "old"), (tmp_path / ".building" / "new", "new")):
            (folder / name).mkdir(parents=True)
            (folder / name / "text").write_text(text)
    return tmp_path


def texts(shelf: Path) -> list[str]:
    return [(shelf / name / "text").read_text() for name in ("one", "two")]


def swap_both(shelf: Path) -> None:
    place = shelf / ".building"
    swap([(place / "new" / name, shelf / name) for name in ("one", "two")], place)


def test_folders_are_swapped_and_nothing_stays_aside(shelf):
    swap_both(shelf)
    assert texts(shelf) == ["new", "new"]
    assert not (shelf / ".building" / ASIDE).exists()


@pytest.mark.parametrize("failing", range(4))
def test_folders_are_swapped_all_or_none(shelf, monkeypatch, failing):
    rename, calls = os.replace, []

    def rename_or_fail(*arguments):
        calls.append(arguments)
        if len(calls) - 1 == failing:
            raise OSError(errno.ENOSPC, "No space left on device")
        rename(*arguments)

    monkeypatch.setattr(os, "replace", rename_or_fail)
    with pytest.raises(OSError, match="No space"):
        swap_both(shelf)
    assert texts(shelf) == ["old", "old"]


@pytest.mark.parametrize("step", range(4))
def test_what_a_killed_swap_has_set_aside_goes_back(shelf, step):
    child = os.fork()
    if child == 0:
        rename, left = os.replace, [step]

        def counted(*arguments):
            left[0] -= 1
            if left[0] < 0:
                os._exit(9)
            rename(*arguments)

        os.replace = counted
        swap_both(shelf)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    with hidden_folder(shelf / ".building"):
        assert texts(shelf) == ["new" if step >= 2 else "old", "old"]
    assert not (shelf / ".building").exists()


def test_a_file_that_cannot_be_finished_leaves_the_old_one_and_no_other(tmp_path):
    path = tmp_path / "table"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as hidden:
        hidden.write_text(f"{1 / 0}")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    with replacing(path) as hidden:
        hidden.write_text("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_kept_keeps_what_a_killed_run_left(tmp_path):
    place = tmp_path / "made" / ".partial"
    with hidden_folder(place, is_kept=True):
        (place / "piece").touch()
        assert is_locked(place)
    with hidden_folder(place, is_kept=True):
        assert (place / "piece").exists()
    assert not is_locked(place)
    with hidden_folder(place):
        assert not (place / "piece").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "made"]
