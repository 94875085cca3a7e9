"""Build the marts on Spark, and compare them with DuckDB's.

    python -m spark build                        `dbt build` on a Spark Connect server
    python -m spark compare exports spark-warehouse/warehouse

`build` starts a server of its own unless HUB_SPARK_REMOTE names one (sc://host:port);
HUB_SPARK_MASTER names the master for its own server (local[2]). HUB_LANDING is read and
HUB_SPARK_WAREHOUSE (spark-warehouse) written. All other arguments of `build` go to `dbt build`.

Exit codes: 0 built, or equal; 1 a model or a test failed, or rows differ; 2 wrong use, or something
is not installed. Needs Java 17 or newer and requirements/spark.txt.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from hub_lineage.errors import SparkError
from hub_lineage.spark import building, comparing


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if arguments[:1] == ["build"] and not {"-h", "--help"} & set(arguments):
            print(f"\nmarts in {building.build(arguments[1:])}")
            return 0
        options = parse(arguments)
        compared = comparing.compare_marts(options.exports, options.warehouse)
        print("\n".join(str(comparison) for comparison in compared))
        return int(not all(comparison.is_same for comparison in compared))
    except SparkError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: stopped", file=sys.stderr)
        return 130


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options of one command line."""
    parser = argparse.ArgumentParser(
        prog="python -m spark", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("build", help="dbt build on Spark; all further arguments go to dbt")
    compare = commands.add_parser("compare", help="compare the marts of both engines row by row")
    compare.add_argument("exports", type=Path, help="folder with DuckDB's marts as Parquet")
    compare.add_argument("warehouse", type=Path, help="warehouse of Spark, with marts.db")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
