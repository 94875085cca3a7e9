"""The studies' command line.

    python -m analysis run                  estimate every specification of both studies
    python -m analysis run RR4 DM2.linear   only these (a row with its variants, or one); the
                                            results of the others stay
    python -m analysis register --why TEXT  record the design as it is now, before it is run
    python -m analysis calibrate            the same forms in worlds where nothing is to be found
    python -m analysis variants             panels under other choices of the data, for the curves
    python -m analysis publish --to FOLDER  the tables as a described, checked data set for others

They read the marts in HUB_EXPORTS (default: exports) and write into HUB_RESULTS (default: results).
Exit codes: 0 done, whatever the landing lets be estimated; 1 the exports or the results cannot be
used; 2 wrong use.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

# Before numpy is read: many small products gain nothing from threads that wait for each other, and
# sums in one order have one result.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from analysis.publish import publishing
from analysis.studies import registration, running, variants
from analysis.studies.estimation.equations import EstimationError
from analysis.studies.null_worlds import calibration_command
from hub_lineage.exports import StudyError
from hub_lineage.paths import folder_from


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m analysis",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("run", help="estimate the specifications of both studies")
    add_folders(one)
    one.add_argument("specifications", nargs="*", metavar="ID", help="RR4, DM2.linear, ...")
    one.add_argument("--seed", type=int, default=20260413, help="of every random draw")
    one.add_argument("--draws", type=positive, help="draws of permutations and rewired graphs")
    one.add_argument(
        "--curve-size",
        type=int,
        default=running.CURVE_SIZE,
        help="combinations of the recognition curve, 0 for all (%(default)s)",
    )
    one.add_argument("--quiet", action="store_true", help="no line per specification")
    one.set_defaults(main=running.main)
    registration.add_arguments(
        commands.add_parser(
            "register", help="append the design to analysis/studies/registration.yml"
        )
    )
    for name, module, says in (
        (
            "calibrate",
            calibration_command,
            "how often estimates and verdicts err where the truth is known",
        ),
        ("variants", variants, "build the panels under other choices of the data"),
        ("publish", publishing, "write the tables as a described and checked data set for others"),
    ):
        module.add_arguments(add_folders(commands.add_parser(name, help=says)))
    return made


def add_folders(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The folders that every command reads and writes."""
    command.add_argument("--exports", type=Path, default=folder_from("HUB_EXPORTS", "exports"))
    command.add_argument("--results", type=Path, default=folder_from("HUB_RESULTS", "results"))
    return command


def main() -> int:
    arguments = parser().parse_args()
    try:
        return arguments.main(arguments)
    except (StudyError, EstimationError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: stopped; earlier results are as they were", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
