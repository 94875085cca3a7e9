"""Folders that are written anew, in which others may keep files of their own.

The report, the studies' results and the published data set are each made in a hidden folder beside
their place, which they take by a rename at the end. What stood there and was made by us goes; any
other file stays, or keeps the folder from being replaced. Whoever is killed on the way leaves the
hidden folder, which the next run clears.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import duckdb

from hub_lineage.build import DISK_FULL, empty_folder, first_line, link_or_copy, lock_folder
from hub_lineage.exports import StudyError

LIST = "files.txt"
"""In a folder of results: the paths of the files that we made, one a line."""

PREVIOUS = "previous"
UNWRITABLE = (OSError, duckdb.IOException, duckdb.TransactionException)


@contextlib.contextmanager
def workshop(target: Path, what: str, instead: str) -> Iterator[Path]:
    """An empty hidden folder beside the target, to ourselves; it is gone afterwards.

    what: that is made there; instead: how to name another target. A StudyError if another run holds
    the folder, or something in it cannot be written.
    """
    place = target.with_name(f".{target.name}.building")
    missing = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
    try:
        lock = lock_folder(place)
        try:
            if (place / PREVIOUS).exists() and not target.exists():
                # Killed between the two renames.
                os.replace(place / PREVIOUS, target)
            empty_folder(place)
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)
            os.close(lock)
    except BlockingIOError as error:
        raise StudyError(f"another run is writing {target}: wait for it, or {instead}") from error
    except UNWRITABLE as error:
        raise StudyError(f"cannot write {what} to {target} ({why(error)}): {instead}") from error
    finally:
        # Folders made for a target that never came; rmdir leaves those that hold one.
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


def why(error: Exception) -> str:
    """What went wrong in a few words; DuckDB has errors of its own for what cannot be written."""
    if DISK_FULL.search(str(error)) or not isinstance(error, OSError):
        return first_line(error)
    return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"


def replace_folder(new: Path, target: Path, ours: Collection[str] | None = None) -> None:
    """Put a finished folder where the target stands, with the target's files that are not ours.

    ours: paths below the target that we made; None if all of them are.
    """
    previous = new.with_name(PREVIOUS)
    if ours is not None:
        for path in entries(target):
            name = path.relative_to(target).as_posix()
            if name not in ours:
                keep(path, new / name)
    if target.exists():
        os.replace(target, previous)
    try:
        os.replace(new, target)
    except OSError:
        if previous.exists():
            os.replace(previous, target)
        raise
    shutil.rmtree(previous, ignore_errors=True)


def keep(path: Path, copy: Path) -> None:
    """Link a file of others into the new folder; a StudyError where its name is one of ours."""
    if os.path.lexists(copy):
        raise StudyError(f"{path} is not ours, and would be replaced: move it elsewhere")
    copy.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        copy.symlink_to(os.readlink(path))
    elif path.is_dir():
        copy.mkdir()
    else:
        link_or_copy(path, copy)


def entries(folder: Path) -> Iterator[Path]:
    """Every file, link and empty folder below a folder."""
    for path, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(path) / name).is_symlink()]
        for name in (*files, *links):
            yield Path(path) / name
        if not folders and not files and Path(path) != Path(folder):
            yield Path(path)


def files_of(folder: Path) -> list[str]:
    """The paths of all files below a folder, sorted."""
    return sorted(path.relative_to(folder).as_posix() for path in entries(folder))


def list_files(folder: Path, others: Collection[str] = ()) -> None:
    """Note in `LIST` the files of a folder, but for those of others."""
    names = {LIST, *files_of(folder)} - {*others}
    (folder / LIST).write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")


def listed_files(folder: Path) -> set[str] | None:
    """The files that `LIST` names; None where there is no list."""
    try:
        return set((folder / LIST).read_text("utf-8").splitlines())
    except (FileNotFoundError, NotADirectoryError):
        return None
