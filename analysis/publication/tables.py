"""The marts as they are handed on: copied, or with their owners' handles replaced by hashes.

The hash of a handle is a SHA-256 over a secret salt and the handle in lower case, the same in every
table. In an id `owner/name` only the owner is replaced, an id without an owner stays. A claimed
text that is no such id may be a path, an address or a bare handle: all of it is replaced. Rows are
ordered anew, as the old order would tell the alphabetical place of each handle.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analysis.exports import Exports, StudyError, literal
from analysis.publication.project import Mart
from loaders.sql import files_in_sql

IDS = (
    "model_id", "parent_id", "child_id", "root_id", "first_parent_id", "present_model_id",
)  # fmt: skip
OWNERS = ("owner", "base_owner")
REPOSITORIES = ("hub_oid",)
TEXTS = ("claimed_parent",)
CHANGES = ("before", "after")
NO_HANDLE = (
    "base_gated", "base_library_name", "base_license", "base_pipeline_tag", "base_relation",
    "benchmark", "benchmark_source", "change", "entry_snapshot_id", "evidence", "first_evidence",
    "gated", "library_name", "license", "measure", "note", "parameter_source", "pipeline_tag",
    "previous_snapshot_id", "reason", "rejection_reason", "relation", "relation_source",
    "sample_exclusion", "size_class", "snapshot_id", "source", "stage", "undefined_reason",
    "window_name",
)  # fmt: skip
"""Columns of text that name nobody. A column of text that stands in no list is not handed on."""

SHORTEST_SALT = 16
HASH = """
    create or replace temp macro hashed(kind, text) as
        kind || '_' || left(sha256(getvariable('salt') || ':' || kind || ':' || text), 16);
    create or replace temp macro owner_hashed(handle) as hashed('owner', lower(handle));
    create or replace temp macro text_hashed(text) as
        case when regexp_full_match(text, '[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._-]+')
            then owner_hashed(split_part(text, '/', 1)) || substr(text, strpos(text, '/'))
        else hashed('text', text) end;
    create or replace temp macro id_hashed(id) as
        case when strpos(id, '/') = 0 then id else text_hashed(id) end;
"""


@dataclass(frozen=True)
class Table:
    """A mart that was written: its file, and how many rows it has."""

    mart: Mart
    path: Path
    n_rows: int


def write_tables(
    exports: Exports, marts: Mapping[str, Mart], folder: Path, salt: str | None
) -> list[Table]:
    """Write each mart as `<folder>/<mart>.parquet`, owners hashed if there is a salt.

    A StudyError if the exports are not those of these marts, or hold text that may name an owner
    and that no rule covers.
    """
    folder.mkdir()
    if salt is not None:
        exports.connection.execute("set variable salt = ?", [salt])
        exports.connection.execute(HASH)
    tables = []
    for mart in marts.values():
        check_columns(exports, mart)
        path = folder / f"{mart.name}.parquet"
        if salt is None:
            shutil.copyfile(exports.folder / path.name, path)
        else:
            write_hashed(exports, mart, path)
        n_rows, n_keys = exports.connection.execute(
            f"select count(*), count(distinct ({', '.join(mart.grain)},)) "
            f"from read_parquet({files_in_sql(path)})"
        ).fetchall()[0]
        if n_rows != n_keys:
            raise StudyError(f"{mart.name} has {n_rows - n_keys} rows too many for its grain")
        tables.append(Table(mart, path, n_rows))
    return tables


def check_columns(exports: Exports, mart: Mart) -> None:
    """A StudyError unless the exported mart has the columns and types of its contract."""
    found = exports.connection.execute(f'describe "{mart.name}"').fetchall()
    promised = [(column.name, column.type) for column in mart.columns]
    if sorted((row[0], row[1]) for row in found) != sorted(promised):
        raise StudyError(
            f"{mart.name}.parquet in {exports.folder} does not have the columns of this version: "
            "make the exports again with `make build`"
        )


def write_hashed(exports: Exports, mart: Mart, path: Path) -> None:
    """Write one mart with its owners hashed, ordered by all columns."""
    selected = ", ".join(
        f'{hidden(column.name, column.type)} as "{column.name}"' for column in mart.columns
    )
    metadata = (
        f"mart: {literal(mart.name)}, snapshot_id: {literal(exports.snapshot_id)}, owners: 'hashed'"
    )
    try:
        exports.connection.execute(
            f'copy (select {selected} from "{mart.name}" order by all) to {literal(path)} '
            "(format parquet, compression zstd, row_group_size 122880, "
            f"kv_metadata {{{metadata}}})"
        )
    except duckdb.Error as error:
        raise StudyError(f"cannot write {path.name} ({str(error).splitlines()[0]})") from error


def hidden(name: str, kind: str) -> str:
    """The SQL for a column in which no owner's handle stands."""
    if name in IDS:
        return f'id_hashed("{name}")'
    if name in OWNERS:
        return f'owner_hashed("{name}")'
    if name in REPOSITORIES:
        return f"hashed('repository', \"{name}\")"
    if name in TEXTS:
        return f'text_hashed("{name}")'
    if name in CHANGES:
        each = f"list_transform(string_split(\"{name}\", ', '), lambda id: text_hashed(id))"
        return (
            f"case when change = 'recreated' then \"{name}\" else array_to_string({each}, ', ') end"
        )
    if "VARCHAR" in kind and name not in NO_HANDLE:
        raise StudyError(
            f"nothing says whether the column {name} names owners: add it to a list in "
            f"{Path(__file__).name}"
        )
    return f'"{name}"'
