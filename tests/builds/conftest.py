"""One build of the sample by build.py, shared by all workers."""

import shutil
import sys
from pathlib import Path

import pytest
from running import MODELS_ONLY, once, run_build

from support import REPOSITORY

sys.path.append(str(REPOSITORY))


@pytest.fixture(scope="session")
def shared(tmp_path_factory, worker_id) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def built(shared) -> Path:
    """The sample's database and exports as build.py leaves them. Not to be written to.

    That every test passes on them is seen in test_mutated_landings_and_marts.py.
    """

    def make(folder: Path) -> None:
        finished = run_build(folder, *MODELS_ONLY)
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr

    return once(shared / "built", make)


@pytest.fixture
def workplace(built, tmp_path) -> Path:
    """A copy of the shared build, to be built upon."""
    folder = tmp_path / "work"
    shutil.copytree(built, folder)
    return folder
