"""The arguments that all loaders have."""

import argparse
import os
from pathlib import Path

from hub_lineage.errors import UsageError


def add_landing_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--landing`, as all commands have it that work on a landing."""
    parser.add_argument(
        "--landing",
        type=Path,
        metavar="DIR",
        default=os.environ.get("HUB_LANDING") or None,
        help="the landing; default: HUB_LANDING",
    )


def landing_of(arguments: argparse.Namespace) -> Path:
    """Return the landing a command line names; UsageError if it names none."""
    if arguments.landing is None:
        raise UsageError("name the landing: --landing DIR, or set HUB_LANDING")
    return arguments.landing
