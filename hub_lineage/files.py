"""How files and folders are locked, replaced and told apart: the same way after every crash.

What is written anew is made under a hidden name beside its place, which it takes by a rename at the
end. Whoever works in a hidden folder holds a lock on it, which the kernel frees when they end; so
the next run tells what a killed one left from what a living one makes. What a swap has set aside
goes back where the new never came, and the rest is cleared.

The report, the studies' results and the published data set are folders in which others may keep
files of their own: what we made goes, any other file stays or keeps the folder from being replaced.
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
"""In a folder of results: the paths of the files that we made, one a line."""

ASIDE = "aside"
"""In a hidden folder: what a swap has set aside until the new stands."""

UNWRITABLE = (OSError, duckdb.IOException, duckdb.TransactionException)


# digests


def digest_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder, before a rename relies on it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# locks


def take_lock(folder: Path) -> int:
    """Lock a folder until the number that is returned is closed; BlockingIOError where it is."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise
    return lock


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, waiting for whoever has it."""
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def is_locked(folder: Path) -> bool:
    """Whether a living process holds a folder's lock."""
    try:
        os.close(take_lock(folder))
    except BlockingIOError:
        return True
    return False


def make_and_lock(folder: Path) -> int:
    """Make a folder and lock it; BlockingIOError when others hold it for two seconds more."""
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
    """Remove the folders of a path that were made for what never came."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        yield
    finally:
        # rmdir leaves those that hold something.
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


@contextlib.contextmanager
def hidden_folder(place: Path, home: Path | None = None, *, is_kept: bool = False) -> Iterator[int]:
    """Keep a folder to ourselves; its lock, which whoever works in it must hold.

    What a killed run left in it is cleared, once what it set aside is back in `home`, unless it
    `is_kept` for us to go on with. BlockingIOError when others hold the folder. An empty one is
    gone afterwards.
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
    """Remove all that a folder holds."""
    for entry in path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@contextlib.contextmanager
def workshop(target: Path, what: str, instead: str) -> Iterator[Path]:
    """An empty hidden folder beside the target, to ourselves; it is gone afterwards.

    what: that is made there; instead: how to name another target. A StudyError if another run holds
    the folder, or something in it cannot be written.
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
    """What went wrong in a few words; DuckDB has errors of its own for what cannot be written."""
    if DISK_FULL.search(str(error)) or not isinstance(error, OSError):
        return first_line(error)
    return f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"


# swaps


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden path beside a file; what is written there takes the file's place, or leaves it."""
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
    """Put finished folders where their targets stand, all of them or none.

    place: the hidden folder in which the old ones wait until all new ones stand.
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
    """Put back into `home` what a swap has set aside in `place` and nothing has replaced."""
    for old in sorted((place / ASIDE).glob("*")):
        if not (home / old.name).exists():
            os.replace(old, home / old.name)


def replace_files(pairs: Sequence[tuple[Path, Path]]) -> None:
    """Replace old files by new ones, each by one rename, or remove those that have no new one.

    Should one fail, all of them are put back. No reader finds an old file gone before its successor
    stands.
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
    """A second name for a file, or a copy where the disk knows no such thing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def replace_folder(new: Path, target: Path, ours: Collection[str] | None = None) -> None:
    """Put a finished folder of a `workshop` where the target stands, with what is not ours.

    ours: paths below the target that we made; None if all of them are.
    """
    if ours is not None:
        for path in entries(target):
            name = path.relative_to(target).as_posix()
            if name not in ours:
                keep(path, new / name)
    swap([(new, target)], new.parent)


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
    """Note in `LIST` the files of a folder, but for those of others."""
    names = {LIST, *files_of(folder)} - {*others}
    (folder / LIST).write_text("".join(f"{name}\n" for name in sorted(names)), "utf-8")


def listed_files(folder: Path) -> set[str] | None:
    """The files that `LIST` names; None where there is no list."""
    try:
        return set((folder / LIST).read_text("utf-8").splitlines())
    except (FileNotFoundError, NotADirectoryError):
        return None
