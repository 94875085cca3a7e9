"""The errors a loader tells its user about: one clear line each, no traceback."""

import errno

EXIT_DATA = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_UNAVAILABLE = 4
EXIT_INTEGRITY = 5
EXIT_STOPPED = 75


class LoaderError(Exception):
    """A foreseeable problem; the message is one line saying what is wrong and what to do."""

    exit_code = EXIT_DATA


class LandingError(LoaderError):
    """The landing refuses, or cannot be read or written; it is as it was."""


class DataError(LoaderError):
    """The files given cannot be turned into items."""


class UsageError(LoaderError):
    """The command line asks for something that makes no sense."""

    exit_code = EXIT_USAGE


class RefusedError(LoaderError):
    """The service refuses the request: asking again would change nothing."""

    exit_code = EXIT_REFUSED


class UnavailableError(LoaderError):
    """The service does not answer, or not now, after all retries."""

    exit_code = EXIT_UNAVAILABLE


class IntegrityError(LoaderError):
    """What came, or what is landed, is not what it must be."""

    exit_code = EXIT_INTEGRITY


def said_by(error: OSError) -> str:
    """Return what the system says; of a full disk, that it is one."""
    said = str(error.strerror or error)
    return f"the disk is full ({said})" if error.errno in (errno.ENOSPC, errno.EDQUOT) else said
