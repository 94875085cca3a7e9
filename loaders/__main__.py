"""The command line of the loaders: `python -m loaders --help`.

A subcommand is a module with `add_arguments(parser)` and `run(arguments) -> exit code`.
Exit codes: 0 done, 1 a problem with the data or the landing, 2 wrong usage, 3 the service refuses,
4 the service does not answer, 5 what was received or landed is unsound or suspect, 75 stopped early
(the same command resumes), 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from hub_lineage.errors import EXIT_DATA, Problem, system_message
from hub_lineage.sql import is_interruption
from loaders.crawl import crawling, resolving
from loaders.imports import (
    archive,
    benchmarks,
    cards,
    compared_weights,
    dump,
    importing,
    owners,
    release_dates,
)
from loaders.landing import cataloguing, checking, status
from loaders.simulator import fake_hub, sample

EXIT_INTERRUPTED = 130

_COMMANDS = {
    "crawl": (crawling, "land a snapshot of the Hub, or resume the unfinished one"),
    "status": (status, "say what is landed, what is unfinished, what crawl would do"),
    "verify": (checking, "check the parts of a landing, repair its manifests"),
    "fake-hub": (fake_hub, "serve a made-up Hub on this machine, to crawl and practise on"),
    "import": (importing, "land tabular dumps (Parquet, CSV, JSON lines) as snapshots"),
    "archive": (archive, "land weeks of the Hub's public archive, fetched in part"),
    "dump": (dump, "land the daily dump of the Hub as it is now, fetched in part"),
    "benchmarks": (benchmarks, "land tables of benchmark scores, wide or long"),
    "release-dates": (release_dates, "land tables of known release dates"),
    "owners": (owners, "land tables of who stands behind an owner's name"),
    "cards": (cards, "land dumps of model cards, whose prose names parents"),
    "weights": (compared_weights, "land tables of models whose weights were compared"),
    "resolve-parents": (resolving, "look up where unlisted parents have gone"),
    "catalog": (cataloguing, "list the files of a landing in a table, which Spark reads"),
    "sample": (sample, "write a landing with a small made-up Hub"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; argparse itself exits with 2."""
    parser = argparse.ArgumentParser(prog="python -m loaders", description="Fill the landing.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in _COMMANDS.items():
        description, *_ = (module.__doc__ or "").split("\n")
        command = commands.add_parser(name, help=summary, description=description)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    parsed = parser.parse_args(arguments)
    try:
        code = _run(parsed)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of the output has gone (`| head`), after everything was landed.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        return EXIT_DATA


def _run(parsed: argparse.Namespace) -> int:
    try:
        return parsed.run(parsed)
    except Problem as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"error: {system_message(error)}{where}", file=sys.stderr)
        return EXIT_DATA
    except Exception as error:
        if not is_interruption(error):
            raise
        return _interrupted()
    except KeyboardInterrupt:
        return _interrupted()


def _interrupted() -> int:
    print("interrupted: nothing was landed", file=sys.stderr)
    return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
