"""Opens the exported marts in DuckDB.

Nothing is copied: each mart is a view on its Parquet file. `analysis.studies.variables` adds the
studies' variables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hub_lineage.errors import StudyError
from hub_lineage.files import digest_of
from hub_lineage.paths import PROJECT
from hub_lineage.sql import files_in_sql, identifier, one_value
from hub_lineage.sql import memory_limit as limit_of_memory

MARK = ".being_replaced"
"""A file in the exports' folder while a build replaces the marts there."""


@dataclass(frozen=True)
class Exports:
    """The marts of one landing, opened.

    connection: DuckDB, with one view per mart.
    folder: where the Parquet files are.
    snapshot_id: the latest snapshot, as the files' own metadata names it.
    content_hash: SHA-256 over the bytes of all marts, sorted by name. It identifies the data that
        every result is computed from.
    """

    connection: duckdb.DuckDBPyConnection
    folder: Path
    snapshot_id: str
    content_hash: str


def open_marts(
    folder: Path, needed: Sequence[str] = (), memory_limit: str | None = None
) -> Exports:
    """Open `<HUB_EXPORTS>`; a StudyError if marts are missing, damaged or of two snapshots.

    Files that are not marts are refused as well, and so are marts that a killed build left half
    replaced.
    """
    paths = {path.stem: path for path in sorted(Path(folder).glob("*.parquet"))}
    if (Path(folder) / MARK).exists():
        raise StudyError(
            f"the exports in {folder} are being replaced, or a build was killed while it replaced "
            "them: wait for the build, or make them again with `make build`"
        )
    others = sorted(paths.keys() - marts_of_the_project())
    if others:
        raise StudyError(
            f"{others[0]!r}.parquet in {folder} is not a mart of this project: move it elsewhere"
        )
    missing = [mart for mart in needed if mart not in paths]
    if missing:
        raise StudyError(
            f"no {' and no '.join(f'{mart}.parquet' for mart in missing)} in {folder}: make the "
            "exports with `make build`, or set HUB_EXPORTS to the folder that holds them"
        )
    connection = duckdb.connect(config={"memory_limit": memory_limit or limit_of_memory()})
    try:
        snapshots = {mart: snapshot_of(connection, path) for mart, path in paths.items()}
        for mart, path in paths.items():
            connection.execute(
                f"create view {identifier(mart)} as from read_parquet({files_in_sql(path)})"
            )
    except duckdb.Error as error:
        raise StudyError(
            f"the exports in {folder} cannot be read ({str(error).strip().splitlines()[0]}): "
            "make them again with `make build`"
        ) from error
    seen = {one for named in snapshots.values() for one in named.split(" + ")}
    if len(seen) > 1:
        raise StudyError(
            f"the exports in {folder} are of different snapshots "
            f"({', '.join(sorted(seen))}): make them again with `make build`"
        )
    return Exports(connection, Path(folder), next(iter(seen), ""), hash_of(paths.values()))


def marts_of_the_project() -> set[str]:
    """The names that a file of the exports may have."""
    return {path.stem for path in (PROJECT / "models" / "marts").glob("*.sql")}


def snapshot_of(connection: duckdb.DuckDBPyConnection, path: Path) -> str:
    """The snapshot that a mart's file names in its metadata; empty if it names none."""
    found = connection.execute(
        f"select decode(value) from parquet_kv_metadata({files_in_sql(path)}) "
        "where decode(key) = 'snapshot_id'"
    ).fetchall()
    return found[0][0] if found else ""


def n_models(exports: Exports) -> int:
    """How many models the latest snapshot holds; running times are estimated from it."""
    return one_value(exports.connection, "select count(*) from hub_models")


def hash_of(paths) -> str:
    """The SHA-256 over the names and contents of some files, sorted by path."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.name.encode())
        digest.update(bytes.fromhex(digest_of(path)))
    return digest.hexdigest()
