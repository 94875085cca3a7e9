"""How files and folders are locked, compared and replaced, so that a crash leaves them whole.

New files are made under a hidden name beside their target and renamed to it at the end. A process
that works in a hidden folder holds a lock on it, which the kernel releases when the process ends:
so the next run can tell what a killed run left behind from the work of a running one. If a swap was
interrupted before the new folder was in place, the old one is put back; the rest is cleared.

In the folders of the report, the studies' results and the published data set, others may keep files
of their own: our files are replaced, and any other file stays or stops the folder's replacement.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import duckdb

from hub_lineage.errors import DISK_FULL, StudyError, first_line

LIST = "files.txt"
"""In a folder of results: the paths of the files that we made, one per line."""

ASIDE = "aside"
"""In a hidden folder: what a swap has set aside until its replacement is in place."""

UNWRITABLE = (OSError, duckdb.IOException, duckdb.TransactionException)


# digests


def digest_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Flush a file, or a folder's entries, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# locks


def take_lock(folder: Path) -> int:
    """Lock a folder and return the descriptor whose closing unlocks it.

    BlockingIOError if it is locked already.
    """
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise
    return lock


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, after waiting for its present holder."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def is_locked(folder: Path) -> bool:
    """Whether a running process holds a folder's lock."""
    try:
        os.close(take_lock(folder))
    except BlockingIOError:
        return True
    return False


def make_and_lock(folder: Path) -> int:
    """Make a folder and lock it; BlockingIOError if it stays locked for two more seconds."""
    for is_last in [False] * 20 + [True]:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock = take_lock(folder)
        except BlockingIOError:
            if is_last:
                raise
        else:
            # The last holder may have removed the folder between the two calls.
            if folder.exists() and os.path.samestat(os.fstat(lock), folder.stat()):
                return lock
            os.close(lock)
        time.sleep(0.1)
    raise BlockingIOError


# hidden folders


@contextlib.contextmanager
def without_empty_folders(path: Path) -> Iterator[None]:
    """Remove those folders of a path that were made here and are still empty at the end."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        yield
    finally:
        # rmdir refuses folders that hold something.
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def hidden_folder(place: Path, home: Path | None = None, *, is_kept: bool = False) -> Iterator[int]:
    """Keep a hidden folder to this process, and yield its lock.

    A child process that works in the folder must hold the lock too. What a killed run had set aside
    is put back into `home`; what else it left is cleared, unless it `is_kept` to be resumed.
    BlockingIOError if another process holds the folder. It is removed at the end if empty.
    """
    with without_empty_folders(place.parent):
        lock = make_and_lock(place)
        try:
            put_back(place, home or place.parent)
            if not is_kept:
                empty_folder(place)
            yield lock
        finally:
            if place.exists() and not any(place.iterdir()):
                place.rmdir()
            os.close(lock)


def empty_folder(path: Path) -> None:
    """Remove everything in a folder."""
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@contextlib.contextmanager
def workshop(target: Path, what: str, instead: str) -> Iterator[Path]:
    """An empty hidden folder beside the target, for this process alone; removed at the end.

    what: what is made there, and instead: how to name another target, both for messages. A
    StudyError if another run holds the folder, or something in it cannot be written.
    """
    place = target.with_name(f".{target.name}.building")
    try:
        with hidden_folder(place):
            try:
                yield place
            finally:
                shutil.rmtree(place, ignore_errors=True)
    except BlockingIOError as error:
        raise StudyError(f"another run is writing {target}: wait for it, or {instead}") from error
    except UNWRITABLE as error:
        raise StudyError(f"cannot write {what} to {target} ({why(error)}): {instead}") from error


def why(error: Exception) -> str:
    """What went wrong, in a few words; DuckDB has errors of its own for files it cannot write."""
    if DISK_FULL.search(str(error)) or not isinstance(error, OSError):
        return first_line(error)
    return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"


# swaps


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden path beside a file; what is written there replaces the file, unless that fails."""
    hidden = path.with_name(f".{path.name}.tmp")
    try:
        yield hidden
        flush(hidden)
        os.replace(hidden, path)
        flush(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            hidden.unlink()
        raise


def swap(pairs: Sequence[tuple[Path, Path]], place: Path) -> None:
    """Put finished folders in the place of their targets, all of them or none.

    place: the hidden folder that keeps the old ones until all new ones are in place.
    """
    waiting = [(new, target, place / ASIDE / target.name) for new, target in pairs]
    try:
        for new, target, aside in waiting:
            if target.exists():
                aside.parent.mkdir(exist_ok=True)
                os.replace(target, aside)
            os.replace(new, target)
        for folder in {target.parent for _, target in pairs}:
            flush(folder)
    except BaseException:
        for new, target, aside in reversed(waiting):
            if target.exists() and not new.exists():
                os.replace(target, new)
            if aside.exists() and not target.exists():
                os.replace(aside, target)
        raise
    shutil.rmtree(place / ASIDE, ignore_errors=True)


def put_back(place: Path, home: Path) -> None:
    """Put back into `home` what an interrupted swap has set aside in `place`."""
    for old in sorted((place / ASIDE).glob("*")):
        if not (home / old.name).exists():
            os.replace(old, home / old.name)


def replace_files(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Replace old files by new ones, each by one rename, or remove those that have no new one.

    If one fails, all of them are put back. No reader finds an old file gone before the new one is
    in place.
    """
    kept: list[tuple[Path, Path | None]] = []
    try:
        for new, old in pairs:
            copy = None
            if old.exists():
                copy = new.with_name(f"{new.name}.previous")
                link_or_copy(old, copy)
            if new.exists():
                os.replace(new, old)
            else:
                old.unlink(missing_ok=True)
            kept.append((old, copy))
    except BaseException:
        for old, copy in reversed(kept):
            os.replace(copy, old) if copy else old.unlink(missing_ok=True)
        raise


def link_or_copy(source: Path, target: Path) -> None:
    """Hard-link a file, or copy it where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def replace_folder(new: Path, target: Path, ours: Collection[str] | None = None) -> None:
    """Replace a target by the finished folder of a `workshop`; files that are not ours are kept.

    ours: the paths below the target that we made; None if we made all of them.
    """
    if ours is not None:
        for path in entries(target):
            name = path.relative_to(target).as_posix()
            if name not in ours:
                keep(path, new / name)
    swap([(new, target)], new.parent)


def keep(path: Path, copy: Path) -> None:
    """Link a file of someone else's into the new folder; a StudyError if its name is one of ours.

    Where links are impossible it is copied.
    """
    if os.path.lexists(copy):
        raise StudyError(f"{path} is not ours, and would be replaced: move it elsewhere")
    copy.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink():
        copy.symlink_to(os.readlink(path))
    elif path.is_dir():
        copy.mkdir()
    else:
        link_or_copy(path, copy)


# lists


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
    """Write the files of a folder to its `LIST`, except those of others."""
    names = {LIST, *files_of(folder)} - {*others}
    (folder / LIST).write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")


def listed_files(folder: Path) -> set[str] | None:
    """The files that a folder's `LIST` names; None where there is no list."""
    try:
        return set((folder / LIST).read_text("utf-8").splitlines())
    except (FileNotFoundError, NotADirectoryError):
        return None
