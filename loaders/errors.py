"""The errors a loader tells its user about: one clear line each, no traceback."""

EXIT_DATA = 1
EXIT_USAGE = 2


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
