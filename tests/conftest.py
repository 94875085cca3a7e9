"""One build of the sample by build.py, shared by all workers and all tests that only read it."""

import os
import subprocess
import sys
from pathlib import Path

# Before numpy is read, as `python -m analysis` does; two workers leave no core for more threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest

from hub_lineage.build import MODELS_AND_SEEDS
from support import REPOSITORY, once


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def built(shared) -> Path:
    """The sample's database `hub_lineage.duckdb` and its `exports`. Not to be written to.

    That every test passes on them is seen in test_mutated_landings_and_marts.py.
    """

    def make(folder: Path) -> None:
        finished = subprocess.run(
            [
                sys.executable,
                REPOSITORY / "build.py",
                *MODELS_AND_SEEDS,
            ],
            env=os.environ
            | {
                "HUB_LANDING": str(REPOSITORY / "sample"),
                "HUB_DATABASE": str(folder / "hub_lineage.duckdb"),
                "HUB_EXPORTS": str(folder / "exports"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr

    return once(shared / "built", make)
