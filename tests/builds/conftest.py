"""Copies of the shared build of the sample, to be built upon."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def workplace(built, tmp_path) -> Path:
    """A copy of the shared build, to be built upon."""
    folder = tmp_path / "work"
    shutil.copytree(built, folder)
    return folder
