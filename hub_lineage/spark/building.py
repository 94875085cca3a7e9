"""dbt on a Spark Connect server."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from hub_lineage import dbt
from hub_lineage.dbt import without_unit_tests
from hub_lineage.errors import DbtError, Problem, SparkError
from hub_lineage.paths import folder_from
from hub_lineage.spark.catalog import write_catalog
from hub_lineage.spark.processes import connect_server, java

SCHEMAS = ("landing", "staging", "intermediate", "marts")


def build(arguments: Sequence[str]) -> Path:
    """Build and test HUB_LANDING in HUB_SPARK_WAREHOUSE; return the folder of the marts.

    This runs on the server that HUB_SPARK_REMOTE names, or else on one started here for the master
    HUB_SPARK_MASTER.
    """
    landing = folder_from("HUB_LANDING", "sample")
    work = folder_from("HUB_SPARK_WAREHOUSE", "spark-warehouse")
    remote = os.environ.get("HUB_SPARK_REMOTE", "").strip()
    with server(work) if not remote else contextlib.nullcontext(remote) as address:
        run_dbt(landing, address, work, without_unit_tests(arguments))
    return work / "warehouse" / "marts.db"


@contextlib.contextmanager
def server(work: Path) -> Iterator[str]:
    """A server of our own, with the tables of an earlier one removed from its warehouse."""
    java()
    for schema in SCHEMAS:
        shutil.rmtree(work / "warehouse" / f"{schema}.db", ignore_errors=True)
    memory = os.environ.get("HUB_SPARK_DRIVER_MEMORY", "2g")
    master = os.environ.get("HUB_SPARK_MASTER", "").strip() or "local[2]"
    with connect_server(work, {"spark.driver.memory": memory}, master) as address:
        yield address


def run_dbt(landing: Path, address: str, work: Path, arguments: Sequence[str]) -> None:
    """Run `dbt build` of a landing on a server; a SparkError unless everything passes."""
    if find_spec("dbt.adapters.spark") is None:
        raise SparkError("dbt-spark is not installed: pip install -r requirements/spark.txt", 2)
    if landing.is_dir():
        try:
            write_catalog(landing)
        except (Problem, OSError) as error:
            raise SparkError(f"{error}") from error
    try:
        dbt.run(
            ["build", *arguments],
            work,
            target="spark_connect",
            environment={"HUB_LANDING": str(landing), "HUB_SPARK_REMOTE": address},
            note=lambda line: print(line, end="", flush=True),
        )
    except DbtError as error:
        raise SparkError(f"{error} on Spark; its log is in {work / 'logs'}") from error
