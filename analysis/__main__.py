"""The studies' command line.

    python -m analysis study                `variants`, then `run`: what `make study` does
    python -m analysis run                  estimate every specification of both studies
    python -m analysis run RR4 DM2.linear   only these (a row with its variants, or one); the
                                            results of the others stay
    python -m analysis register --why TEXT  record the design as it is now, before it is run
    python -m analysis calibrate            how often the specifications err in worlds with a known
                                            truth
    python -m analysis evidence LABELS      how accurate and complete the phases of evidence are
    python -m analysis missing-edges        what undeclared parents do to the index
    python -m analysis variants             panels under other choices of the data, for the curves
    python -m analysis publish --to FOLDER  the tables as a described, checked data set for others

They read the marts in HUB_EXPORTS (default: exports) and write into HUB_RESULTS (default: results).
Exit codes: 0 done, however much could be estimated; 1 the exports or the results cannot be used; 2
wrong use.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

# Set before numpy is imported: many small products gain nothing from threads, and sums in one order
# give one result.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from analysis.publish import publishing
from analysis.studies import evidence, missing_edges, registration, running, variants
from analysis.studies.estimation.equations import EstimationError
from analysis.studies.null_worlds import calibration_command
from analysis.studies.specifications import chosen
from hub_lineage.errors import Problem
from hub_lineage.paths import folder_from


def positive(text: str) -> int:
    """The type of an option that takes whole numbers from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number


def parser() -> argparse.ArgumentParser:
    """The parser of all commands and their options."""
    made = argparse.ArgumentParser(
        prog="python -m analysis",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, main_of_command, summary in (
        ("study", study, "build the panels' variants, then estimate both studies"),
        ("run", running.main, "estimate the specifications of both studies"),
    ):
        one = add_folders(commands.add_parser(name, help=summary))
        one.add_argument("specifications", nargs="*", metavar="ID", help="RR4, DM2.linear, ...")
        one.add_argument("--seed", type=int, default=20260413, help="the seed of every random draw")
        one.add_argument("--draws", type=positive, help="draws of permutations and rewired graphs")
        one.add_argument(
            "--curve-size",
            type=int,
            default=running.CURVE_SIZE,
            help="combinations of the recognition curve, 0 for all (%(default)s)",
        )
        one.add_argument("--quiet", action="store_true", help="no line on what cannot be estimated")
        one.set_defaults(main=main_of_command)
    registration.add_arguments(
        commands.add_parser(
            "register", help="append the design to analysis/studies/registration.yml"
        )
    )
    for name, module, summary in (
        (
            "calibrate",
            calibration_command,
            "how often estimates and verdicts err where the truth is known",
        ),
        (
            "evidence",
            evidence,
            "how accurate and complete each phase is, judged by models looked up by hand",
        ),
        ("missing-edges", missing_edges, "what undeclared parents do to the index"),
        ("variants", variants, "build the panels under other choices of the data"),
        ("publish", publishing, "write the tables as a described and checked data set for others"),
    ):
        module.add_arguments(add_folders(commands.add_parser(name, help=summary)))
    return made


def add_folders(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Declare the folders that every command reads and writes; return the command."""
    command.add_argument("--exports", type=Path, default=folder_from("HUB_EXPORTS", "exports"))
    command.add_argument("--results", type=Path, default=folder_from("HUB_RESULTS", "results"))
    return command


def study(arguments: argparse.Namespace) -> int:
    """`python -m analysis study`: the variants, and then the specifications."""
    chosen(arguments.specifications)
    code = variants.main(argparse.Namespace(exports=arguments.exports, names=[], vars="{}"))
    return code or running.main(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; argparse itself exits with 2."""
    parsed = parser().parse_args(arguments)
    try:
        return parsed.main(parsed)
    except Problem as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except EstimationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: stopped; earlier results are as they were", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
