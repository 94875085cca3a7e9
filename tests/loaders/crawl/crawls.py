"""Helpers of the crawler's tests: commands in this process and in others, landings read back."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from loaders.__main__ import main
from loaders.simulator.fake_models import Models

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


def run_here(capsys: pytest.CaptureFixture[str], *arguments: object) -> Outcome:
    capsys.readouterr()
    try:
        code = main([str(argument) for argument in arguments])
    except SystemExit as exit_:
        code = exit_.code
    return Outcome(code, *capsys.readouterr())


def start_process(*arguments: object, **environment: str) -> subprocess.Popen:
    """Start a loader command as a process of its own, which hears Ctrl-C wherever the tests run.

    What a shell starts in the background ignores it, and hands that on.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    return subprocess.Popen(
        [sys.executable, "-m", "loaders", *map(str, arguments)],
        cwd=ROOT,
        env=clean | {"HF_HOME": "/nonexistent"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def finish(process: subprocess.Popen, seconds: float = 60) -> Outcome:
    """Wait for a process to end."""
    out, err = process.communicate(timeout=seconds)
    return Outcome(process.returncode, out, err)


def landed(landing: Path, columns: str = "hub_oid, raw_json") -> list[tuple[Any, ...]]:
    """Return the rows of all crawled parts in their order."""
    pattern = str(landing / "hub_models" / "*" / "part-*.parquet")
    with duckdb.connect() as connection:
        return connection.execute(
            f"SELECT {columns} FROM read_parquet('{pattern}', hive_partitioning = false, "
            "filename = true) ORDER BY filename, page_number, item_number"
        ).fetchall()


def served(models: Models, expand: tuple[str, ...], *, newest_first: bool = True) -> list[tuple]:
    """Return what an anonymous reader is to land: `_id` and exact text of every model."""
    order = range(models.count - 1, -1, -1) if newest_first else range(models.count)
    return [
        (models.oid(number), models.item(number, expand))
        for number in order
        if models.is_served(number, is_owner=False)
    ]


def manifest_path(landing: Path) -> Path:
    """Return the one manifest of a landing."""
    (path,) = landing.glob("hub_models/snapshot_id=*/_manifest.json")
    return path
