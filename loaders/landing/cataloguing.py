"""The files of a landing as a table, for Spark: `python -m loaders catalog`."""

import argparse

from hub_lineage.spark.catalog import CATALOG, write_catalog
from loaders.arguments import add_landing_argument, landing_of

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders catalog`."""
    add_landing_argument(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the catalog of a landing."""
    landing = landing_of(arguments)
    n_files = write_catalog(landing)
    print(f"{landing / CATALOG}: {n_files} files")
    return 0
