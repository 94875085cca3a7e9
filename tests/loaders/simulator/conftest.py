"""Puts the repository on the path, for the loaders, and gives the sample's build to its tests."""

import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.append(str(REPOSITORY))


@pytest.fixture(scope="session")
def committed() -> Path:
    """The landing that the repository ships."""
    return REPOSITORY / "sample"


@pytest.fixture(scope="session")
def marts(built):
    """The sample's database, as a function from SQL to rows."""
    from support import read

    return lambda sql: read(built / "hub_lineage.duckdb", sql)
