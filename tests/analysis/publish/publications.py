"""Publishing as a user does, and tables read back."""

import subprocess
from pathlib import Path

import duckdb

from analysis.__main__ import main
from support import called

SALT = "a secret that no other test knows"


def publish(*arguments: object, exports: Path, salt: str = "") -> subprocess.CompletedProcess:
    """What `python -m analysis publish` does and says."""
    places = {"HUB_EXPORTS": str(exports), "HUB_RESULTS": str(exports / "none")}
    return called(main, "publish", *arguments, **places, HUB_SALT=salt)


def rows(sql: str) -> list[tuple]:
    """The rows of a query in a database of its own."""
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()
