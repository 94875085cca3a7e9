"""The command that calibrates estimators in worlds without effect, and verdicts in known worlds.

python -m analysis calibrate                    the headlines, their warnings and rivals; verdicts
python -m analysis calibrate RR4 DM2            these rows with their variants; no verdicts
python -m analysis calibrate --verdicts-only    verdicts alone
"""

from __future__ import annotations

import argparse

import pandas as pd

from analysis.figures.wording import percent
from analysis.studies.estimating import rounded
from analysis.studies.estimation import has_engine
from analysis.studies.null_worlds import calibrating, verdict_calibration
from analysis.studies.null_worlds.arithmetic import in_degree_by_arithmetic
from analysis.studies.null_worlds.calibrating import DISRUPTION_WORLDS, RACING_WORLDS
from analysis.studies.null_worlds.verdict_calibration import calibrate_verdicts, summary
from analysis.studies.null_worlds.verdict_cases import WORLDS
from analysis.studies.result_tables import write_beside
from analysis.studies.specifications import all_specifications, chosen
from analysis.studies.variables import open_exports
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports
from hub_lineage.files import workshop
from hub_lineage.progress import Progress


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `python -m analysis calibrate`, besides the folders."""
    command.add_argument("specifications", nargs="*", metavar="ID",
                         help="RR4, DM2.linear, ...; then verdicts are not calibrated")  # fmt: skip
    command.add_argument("--worlds", nargs="+", metavar="WORLD", help="only these worlds")
    command.add_argument("--draws", type=int, default=60, help="draws of each world (%(default)s)")
    command.add_argument("--jackknife-draws", type=int, default=10,
                         help="how many of them with a jackknife (%(default)s)")  # fmt: skip
    command.add_argument("--verdict-draws", type=int, default=200,
                         help="draws of each world for verdicts, or 0 (%(default)s)")  # fmt: skip
    command.add_argument("--verdicts-only", action="store_true", help="calibrate verdicts alone")
    command.add_argument("--seed", type=int, default=20260413, help="the seed of every random draw")
    command.add_argument("--workers", type=int, default=2, help="draws at once (%(default)s)")
    command.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Calibrate on the exports, write the results, and print the error rates.

    The tables `calibration`, `arithmetic` and `verdict_calibration` are written with the printed
    tables and figures that show them.
    """
    worlds = arguments.worlds
    known = dict.fromkeys((*RACING_WORLDS, *DISRUPTION_WORLDS, *WORLDS))
    for world in worlds or ():
        if world not in known:
            raise StudyError(f"there is no world {world!r}; there are {', '.join(known)}", 2)
    with workshop(arguments.results, "the results", "set HUB_RESULTS to another folder"):
        pass  # finds out whether they can be written before the hours that it takes to make them
    exports = open_exports(arguments.exports)
    made: dict[str, tuple[pd.DataFrame, dict | None]] = {}
    lines = []
    if not arguments.verdicts_only:
        made |= estimators(arguments, exports)
    if arguments.verdict_draws and not arguments.specifications:
        with Progress("verdicts", 0, "draws") as shown:
            verdicts = calibrate_verdicts(
                exports,
                worlds=worlds,
                n_draws=arguments.verdict_draws,
                seed=arguments.seed,
                n_workers=arguments.workers,
                shown=shown,
            )
        made["verdict_calibration"] = (verdicts, verdict_calibration.COLUMNS)
        lines = said_of(verdicts)
    write_beside(
        arguments.results,
        arguments.exports,
        {name: (plain_rows(table), columns) for name, (table, columns) in made.items()},
    )
    print(f"{arguments.results}: wrote {', '.join(sorted(made))}")
    for line in lines:
        print(line)
    return 0


def estimators(
    arguments: argparse.Namespace, exports: Exports
) -> dict[str, tuple[pd.DataFrame, dict | None]]:
    """The tables `calibration` and `arithmetic` with their columns."""
    specifications = chosen(arguments.specifications)
    if not arguments.specifications:
        specifications = tuple(
            one for one in specifications if one.specification_id in calibrating.BY_DEFAULT
        )
    null = next(one for one in all_specifications() if one.specification_id == calibrating.NULL)
    worlds = arguments.worlds and [
        world for world in arguments.worlds if world in (*RACING_WORLDS, *DISRUPTION_WORLDS)
    ]
    with Progress("estimates", 0, "draws") as shown:
        calibration = calibrating.calibrate(
            exports.connection,
            specifications,
            null,
            worlds=worlds,
            n_draws=arguments.draws,
            n_jackknife=arguments.jackknife_draws,
            seed=arguments.seed,
            engine="fereg" if has_engine("fereg") else "auto",
            n_workers=arguments.workers,
            shown=shown,
        )
    calibration["snapshot_id"] = exports.snapshot_id
    calibration["landing_hash"] = exports.content_hash
    return {
        "calibration": (calibration, calibrating.COLUMNS),
        "arithmetic": (in_degree_by_arithmetic(seed=arguments.seed), None),
    }


def said_of(verdicts: pd.DataFrame) -> list[str]:
    """A line per claim with its error rate, power and coverage."""
    lines = []
    for row in summary(verdicts):
        if row["reason"]:
            lines.append(f"{row['claim_id']}: not calibrated: {row['reason']}")
            continue
        parts = [f"{row['claim_id']}:"]
        if row["error_world"] is not None:
            parts.append(
                f"supported where false in at most {percent(row['error_rate'])} "
                f"({row['error_world']});"
            )
        if row["power_world"] is not None:
            parts.append(f"where true in {percent(row['power'])} ({row['power_world']});")
        if row["coverage"] is not None:
            parts.append(f"intervals hold the truth in at least {percent(row['coverage'])}")
            parts.append(f"({row['coverage_world']})")
        lines.append(" ".join(parts))
    return lines


def plain_rows(table: pd.DataFrame) -> list[dict]:
    """The rows of a table with floats rounded as in all results, null as None."""
    return [
        {name: rounded(value) for name, value in row.items()}
        for row in table.astype(object).where(table.notna(), None).to_dict("records")
    ]
