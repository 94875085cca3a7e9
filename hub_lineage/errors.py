"""Foreseeable problems: one line that says what is wrong and what to do, and an exit code."""

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
"""How the system and DuckDB report a full disk, also when DuckDB spills from memory to disk."""


class Problem(Exception):
    """One line for the person who ran the command, and the command's exit code."""

    exit_code = EXIT_DATA

    def __init__(self, message: str, exit_code: int | None = None):
        super().__init__(re.sub(r"\s*\n\s*", " ", message.strip()))
        if exit_code is not None:
            self.exit_code = exit_code


class BuildError(Problem):
    """The build cannot begin, or failed; the previous database and exports are unchanged."""


class DbtError(Problem):
    """dbt failed; the message is the reason."""


class StudyError(Problem):
    """The exports or results cannot be used, or cannot answer the request."""


class LandingError(Problem):
    """The landing cannot take the data, or cannot be read or written; it is unchanged."""


class DataError(Problem):
    """The given files cannot be turned into items."""


class UsageError(Problem):
    """The command line asks for something that makes no sense."""

    exit_code = EXIT_USAGE


class RefusedError(Problem):
    """The service refuses the request: asking again would change nothing."""

    exit_code = EXIT_REFUSED


class UnavailableError(Problem):
    """The service did not answer, even after all retries."""

    exit_code = EXIT_UNAVAILABLE


class IntegrityError(Problem):
    """Data received, or already landed, is damaged or contradicts itself."""

    exit_code = EXIT_INTEGRITY


class SparkError(Problem):
    """Spark cannot be started, or a build on it failed."""


class StoppedError(Problem):
    """The user has stopped a command that can be resumed where it stopped."""

    exit_code = EXIT_STOPPED


def first_line(error: BaseException) -> str:
    """The first line of an error's message; always "the disk is full" where that is the cause."""
    message = str(error).strip() or type(error).__name__
    return "the disk is full" if DISK_FULL.search(message) else message.splitlines()[0]


def system_message(error: OSError) -> str:
    """Return the system's message, with a note if the disk is full."""
    message = str(error.strerror or error)
    return (
        f"the disk is full ({message})" if error.errno in (errno.ENOSPC, errno.EDQUOT) else message
    )
