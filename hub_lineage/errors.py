"""Foreseeable problems, each one line that says what is wrong and what to do, with an exit code."""

import errno
import re

EXIT_DATA = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_UNAVAILABLE = 4
EXIT_INTEGRITY = 5
EXIT_STOPPED = 75


DISK_FULL = re.compile(
    "No space left on device|Disk quota exceeded|failed to offload data block", re.IGNORECASE
)
"""What is said when a file, or what does not fit into memory, finds no room."""


class Problem(Exception):
    """One line for whoever ran the command, and the exit code of the command."""

    exit_code = EXIT_DATA

    def __init__(self, message: str, exit_code: int | None = None):
        super().__init__(re.sub(r"\s*\n\s*", " ", message.strip()))
        if exit_code is not None:
            self.exit_code = exit_code


class BuildError(Problem):
    """The build cannot begin, or did not go through; what stood before still stands."""


class DbtError(Problem):
    """dbt did not go through, for the reason that this is."""


class StudyError(Problem):
    """The exports, the results, or what was asked of them cannot be used."""


class LandingError(Problem):
    """The landing refuses, or cannot be read or written; it is as it was."""


class DataError(Problem):
    """The files given cannot be turned into items."""


class UsageError(Problem):
    """The command line asks for something that makes no sense."""

    exit_code = EXIT_USAGE


class RefusedError(Problem):
    """The service refuses the request: asking again would change nothing."""

    exit_code = EXIT_REFUSED


class UnavailableError(Problem):
    """The service does not answer, or not now, after all retries."""

    exit_code = EXIT_UNAVAILABLE


class IntegrityError(Problem):
    """What came, or what is landed, is not what it must be."""

    exit_code = EXIT_INTEGRITY


class SparkError(Problem):
    """Spark cannot be started, or a build on it did not go through."""


class StoppedError(Problem):
    """The user has stopped a command that goes on where it stood."""

    exit_code = EXIT_STOPPED


def first_line(error: BaseException) -> str:
    """What an error says, in one line; a full disk is called so, whoever met it."""
    said = str(error).strip() or type(error).__name__
    return "the disk is full" if DISK_FULL.search(said) else said.splitlines()[0]


def said_by(error: OSError) -> str:
    """Return what the system says; of a full disk, that it is one."""
    said = str(error.strerror or error)
    return f"the disk is full ({said})" if error.errno in (errno.ENOSPC, errno.EDQUOT) else said
