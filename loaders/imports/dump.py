"""Lands the daily dump of the present Hub: `python -m loaders dump`.

One file of a data set, which becomes a snapshot of the time when it was written there: the whole
Hub in minutes, where a crawl takes an hour. It is fetched and resumed as with `archive`.
"""

from __future__ import annotations

import argparse
import sys

from hub_lineage.errors import EXIT_DATA, RefusedError
from hub_lineage.landing import snapshot_exists, snapshot_id_of
from loaders.arguments import add_landing_argument, landing_of, refuse_sample
from loaders.imports.fetching import (
    RemoteFile,
    Repository,
    add_fetching_arguments,
    fetch,
    repository_of,
)
from loaders.imports.importing import moment_of_option

DUMP = "cfahlgren1/hub-stats"
SOURCE = "hub_stats"
_PATH = "models.parquet"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders dump`."""
    add_landing_argument(parser)
    parser.add_argument(
        "--as-of", type=moment_of_option, metavar="TIME",
        help="time of the snapshot, ISO; default: when the file was written to the data set",
    )  # fmt: skip
    parser.add_argument(
        "--accept", action="store_true", help="land the dump even if it looks wrong"
    )
    add_fetching_arguments(parser, DUMP)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders dump`: the snapshot to stdout, everything else to stderr."""
    landing = landing_of(arguments)
    refuse_sample(landing)
    repository = repository_of(arguments)
    file = dump_of(repository)
    moment = arguments.as_of or file.changed_at
    if moment is None:
        raise RefusedError(f"{repository.host} does not say when {_PATH} was written: give --as-of")
    moment = moment.replace(microsecond=0)
    name = snapshot_id_of(moment)
    print(
        f"{repository.name} at {repository.host}: a dump of {moment.isoformat()}Z", file=sys.stderr
    )
    if snapshot_exists(landing, name):
        print(f"snapshot {name} is landed already: the data set has no newer dump")
        return 0
    failed = fetch(
        arguments, repository, landing, SOURCE, [("the dump", moment, file, arguments.accept)]
    )
    return EXIT_DATA if failed else 0


def dump_of(repository: Repository) -> RemoteFile:
    """The file of the models; RefusedError if the data set has none."""
    for file in repository.files():
        if file.path == _PATH:
            return file
    raise RefusedError(f"{repository.name} at {repository.host} holds no {_PATH}")
