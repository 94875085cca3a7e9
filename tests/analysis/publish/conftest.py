"""The sample published once by the command, and the project as dbt compiles it, for all tests."""

import socket
from pathlib import Path

import pytest
from publications import publish

from analysis.publish import publishing
from analysis.publish.project import Project, compiled
from support import once


@pytest.fixture(scope="session")
def exports(built) -> Path:
    """The marts of the sample as Parquet. Not to be written to."""
    return built / "exports"


@pytest.fixture(scope="session")
def published(shared, exports, project) -> Path:
    """A folder with the publication `data`, and `output`: what the dry run printed."""

    def make(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            # What the command would have dbt compile for seconds once more.
            patch.setattr(publishing, "compiled", lambda: project)
            finished = publish(
                *("--to", folder / "data", "--push", "somebody/hub_lineage", "--dry-run"),
                exports=exports,
            )
        assert finished.returncode == 0, finished.stderr
        (folder / "output").write_text(finished.stdout, encoding="utf-8")

    return once(shared / "published", make)


@pytest.fixture(scope="session")
def project() -> Project:
    return compiled()


@pytest.fixture
def no_network(monkeypatch) -> None:
    """Any connection, and any look-up of a name, fails the test."""

    def refuse(*arguments, **options):
        raise AssertionError(f"a connection was tried: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
