"""The sample's exports."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def sample_exports(built) -> Path:
    """The marts of the sample as Parquet. Not to be written to."""
    return built / "exports"
