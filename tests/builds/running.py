"""build.py as a subprocess, what it leaves and what it says."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support import REPOSITORY

SAMPLE = REPOSITORY / "sample"
DATABASE = "hub_lineage.duckdb"
PART_WITHOUT_TESTS = ("--resource-type", "model", "--resource-type", "seed")
"""Beside `--select`, where dbt takes no selector."""


def surroundings(
    folder: Path,
    *,
    landing: Path | str = SAMPLE,
    database: Path | str | None = None,
    exports: Path | str | None = None,
    **others: str,
) -> dict[str, str]:
    """The environment of a build that writes below `folder` only, unless told otherwise."""
    return os.environ | {
        "HUB_LANDING": str(landing),
        "HUB_DATABASE": str(database or folder / DATABASE),
        "HUB_EXPORTS": str(exports or folder / "exports"),
        **others,
    }


def run_build(
    folder: Path, *arguments: str, program: Path = REPOSITORY / "build.py", **options: str | Path
) -> subprocess.CompletedProcess:
    """Run build.py to its end, whatever that is."""
    return subprocess.run(
        [sys.executable, str(program), *arguments],
        cwd=folder,
        env=surroundings(folder, **options),
        capture_output=True,
        text=True,
        check=False,
    )


def contents(folder: Path) -> Mapping[str, str]:
    """Every file below a folder, hidden ones too, with the digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def refusal(finished: subprocess.CompletedProcess) -> str:
    """The one line in which build.py says what is wrong; fails unless it is exactly one line."""
    assert finished.returncode in (1, 2), f"{finished.returncode}: {finished.stdout[-2000:]}"
    lines = finished.stderr.splitlines()
    assert len(lines) == 1, finished.stderr
    assert lines[0].startswith("error: ")
    return lines[0]
