"""A folder is written anew beside files of others, and without a trace of the killed."""

import errno
import fcntl
import os
from pathlib import Path

import duckdb
import pytest

from hub_lineage.exports import StudyError
from hub_lineage.files import list_files, listed_files, replace_folder, workshop

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
