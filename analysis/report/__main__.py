"""The report's command line.

    python -m report                        a report on the present exports and results
    python -m report --base owner/name      with a family page for this base too
    python -m report --attribution "Radar HuggingFace Dataset, 686f6c61" --license cc-by-4.0
                                            with source and licence of the data on every page

It reads the marts in HUB_EXPORTS (default: exports) and the studies in HUB_RESULTS (default:
results; they may be missing), and writes the folder HUB_SITE (default: site), whose index.html
opens by double click.
Exit codes: 0 written; 1 the exports cannot be used or the folder cannot be written; 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.report import site as report_site
from hub_lineage.errors import Problem
from hub_lineage.paths import folder_from
from hub_lineage.progress import Progress
from hub_lineage.scopes import SCOPES


def parser() -> argparse.ArgumentParser:
    """The parser of the options, with the environment's folders as defaults."""
    made = argparse.ArgumentParser(
        prog="python -m report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--exports", type=Path, default=folder_from("HUB_EXPORTS", "exports"))
    made.add_argument("--results", type=Path, default=folder_from("HUB_RESULTS", "results"))
    made.add_argument("--to", type=Path, default=folder_from("HUB_SITE", "site"), metavar="DIR")
    made.add_argument(
        "--base", action="append", default=[], metavar="ID", help="a base to get its own page"
    )
    made.add_argument(
        "--families", type=int, default=report_site.LARGEST, metavar="N",
        help="how many of the largest families get a page (%(default)s)",
    )  # fmt: skip
    made.add_argument(
        "--scope", choices=SCOPES,
        help="what the landing holds (default: sample if it is the sample, else selection)",
    )  # fmt: skip
    made.add_argument(
        "--license", default="", metavar="ID", help="licence of the data, such as cc-by-4.0"
    )
    made.add_argument(
        "--attribution", default="", help="source of the data, a line for the head of every page"
    )
    made.add_argument("--manifest", type=Path, help="dbt's manifest, if it is not to be made anew")
    made.add_argument("--quiet", action="store_true", help="show no progress")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the report and return the exit code."""
    arguments = parser().parse_args(arguments)
    site = arguments.to.absolute()
    try:
        with Progress("report", 0, "steps", is_quiet=arguments.quiet) as shown:
            account = report_site.build(
                arguments.exports.absolute(),
                arguments.results.absolute(),
                site,
                arguments.base,
                n_families=max(0, arguments.families),
                manifest=arguments.manifest,
                scope=arguments.scope,
                licence=arguments.license,
                attribution=arguments.attribution,
                shown=shown,
            )
    except Problem as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: stopped; the earlier report is as it was", file=sys.stderr)
        return 130
    print(report_site.summary(account, site))
    return 0


if __name__ == "__main__":
    sys.exit(main())
