"""Publishing as a user does, and tables read back."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb

from support import REPOSITORY

SALT = "a secret that no other test knows"


def publish(*arguments: object, exports: Path, salt: str = "") -> subprocess.CompletedProcess:
    """`python -m analysis publish` as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "analysis", "publish", *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ
        | {"HUB_EXPORTS": str(exports), "HUB_RESULTS": str(exports / "none"), "HUB_SALT": salt},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(sql: str) -> list[tuple]:
    """The rows of a query in a database of its own."""
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()
