"""The arguments that loaders share, and their types."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from hub_lineage.errors import UsageError
from hub_lineage.landing import list_snapshots


def add_landing_argument(parser: argparse.ArgumentParser) -> None:
    """Declare `--landing`, for all commands that work on a landing."""
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


def refuse_sample(landing: Path) -> None:
    """Raise UsageError when a landing is the sample, which `make` uses if none is named."""
    if any(one.source == "sample" for one in list_snapshots(landing)):
        raise UsageError(
            "this landing is the sample: name a folder of your own with --landing or HUB_LANDING"
        )


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return the type of an option that takes whole numbers from `least` to `most`."""

    def parsed(text: str) -> int:
        number = int(text)
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(
                f"{number} is not {least} to {most}" if most else f"{number} is less than {least}"
            )
        return number

    parsed.__name__ = "whole number"
    return parsed
