"""Helpers of the loader tests: landings read back, files written."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[2]

# How long an example takes says how busy the machine is, and every run draws the same ones.
settings.register_profile("hub_lineage", deadline=None, derandomize=True)
settings.load_profile("hub_lineage")


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """A landing that does not exist yet."""
    return tmp_path / "landing"


@pytest.fixture
def tree() -> Callable[[Path], dict[str, str]]:
    """Return every file and folder below a folder, hidden ones too, with the bytes' digest."""

    def _tree(folder: Path) -> dict[str, str]:
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            if path.is_file()
            else "folder"
            for path in sorted(folder.rglob("*"))
        }

    return _tree


@pytest.fixture
def rows() -> Callable[..., list[dict[str, Any]]]:
    """Return the rows of one snapshot in their order, from its parts alone."""

    def _rows(landing: Path, snapshot_id: str = "*") -> list[dict[str, Any]]:
        parts = sorted(landing.glob(f"hub_models/snapshot_id={snapshot_id}/part-*.parquet"))
        with duckdb.connect() as connection:
            names = ", ".join("'" + str(part).replace("'", "''") + "'" for part in parts)
            found = connection.sql(
                f"SELECT * FROM read_parquet([{names}], hive_partitioning = false)"
            )
            return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

    return _rows


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write the rows of a DuckDB select as a file named as asked."""

    def _write(name: str, select: str, options: str = "FORMAT parquet") -> Path:
        path = tmp_path / name
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            target = "'" + str(path).replace("'", "''") + "'"
            connection.execute(f"COPY ({select}) TO {target} ({options})")
        return path

    return _write


@pytest.fixture
def imported(landing: Path, rows: Callable[..., list[dict[str, Any]]]) -> Callable[..., list]:
    """Import with the command line and return the items landed, numbers kept as text."""
    from loaders.__main__ import main

    def _imported(*arguments: object) -> list[dict[str, Any]]:
        command = ["import", *map(str, arguments), "--as-of", "2026-08-22"]
        assert main([*command, "--landing", str(landing), "--replace"]) == 0
        return [
            json.loads(row["raw_json"], parse_float=str, parse_constant=_refuse)
            for row in rows(landing)
        ]

    return _imported


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")
