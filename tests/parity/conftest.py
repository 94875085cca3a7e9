"""One Spark server for all parity tests, and each landing built once on both engines.

Without Spark (requirements/spark.txt) or Java these tests are skipped: `make parity` has an
environment for them.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from nasty import write_nasty_landing

from histories import weeks
from hub_lineage.build import ALL_BUT_UNIT_TESTS, MODELS_AND_SEEDS
from hub_lineage.errors import SparkError
from hub_lineage.spark import building, processes
from support import REPOSITORY, write_landing

HISTORY = 3
"""A seed whose weeks hold every change, gaps, and sources without the Hub's immutable ids."""


@pytest.fixture(scope="session")
def spark_server(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """The address of a Spark Connect server on this machine, and its folder."""
    if find_spec("pyspark") is None or find_spec("dbt.adapters.spark") is None:
        pytest.skip("Spark is not installed here: make parity")
    try:
        processes.java()
    except SparkError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("spark")
    with processes.connect_server(folder, processes.SMALL_DATA) as address:
        yield address, folder


@pytest.fixture(scope="session")
def built_on_both(spark_server, tmp_path_factory) -> Callable[[str], tuple[Path, Path]]:
    """From the name of a landing to (exports of DuckDB, warehouse of Spark)."""
    address, folder = spark_server
    done: dict[str, tuple[Path, Path]] = {}

    def build(name: str) -> tuple[Path, Path]:
        if name not in done:
            place = tmp_path_factory.mktemp(name)
            landing = landings()[name](place / "landing")
            on_duckdb(landing, place)
            arguments = MODELS_AND_SEEDS if name == "nasty" else ALL_BUT_UNIT_TESTS
            building.run_dbt(landing, address, place, arguments)
            # The next landing is built into the same tables.
            shutil.copytree(folder / "warehouse" / "marts.db", place / "warehouse" / "marts.db")
            done[name] = place / "exports", place / "warehouse"
        return done[name]

    return build


def landings() -> dict[str, Callable[[Path], Path]]:
    """How the landings come to be, by name."""
    return {
        "sample": lambda folder: shutil.copytree(REPOSITORY / "sample", folder),
        "nasty": write_nasty_landing,
        "history": lambda folder: write_landing(folder, dict(weeks(HISTORY, 5))),
    }


def on_duckdb(landing: Path, place: Path) -> None:
    """Build a landing by build.py."""
    finished = subprocess.run(
        [sys.executable, REPOSITORY / "build.py", *MODELS_AND_SEEDS],
        env=os.environ
        | {
            "HUB_LANDING": str(landing),
            "HUB_DATABASE": str(place / "hub_lineage.duckdb"),
            "HUB_EXPORTS": str(place / "exports"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr
