"""Writes the marts for publication: copied, or with their owners' handles replaced by hashes.

The hash of a handle is a SHA-256 over a secret salt and the handle in lower case, the same in every
table. In an id `owner/name` the owner is replaced, also where the name repeats it, and so is any
other owner's handle that is a word of the name; in an id without an owner only such handles are. A
claimed text that is not such an id may be a path, an address or a bare handle, so all of it is
replaced. So are a link that a table names as its source, and a task, library or licence that is not
in the Hub's own lists (`words.yml`), since users can write anything there. Rows are ordered anew,
as the old order would reveal the alphabetical place of each handle.

Before publication, all files are searched for every owner and id of the exports.
"""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from analysis.publish.handles import PREPARED, find_handles, handle_in
from hub_lineage.dbt import Column, Mart
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports
from hub_lineage.sql import files_in_sql, identifier, literal

IDS = (
    "model_id", "parent_id", "child_id", "candidate_id", "root_id", "root", "first_parent_id",
    "present_model_id",
)  # fmt: skip
OWNERS = ("owner", "base_owner", "root_owner", "parent_organisation")
REPOSITORIES = ("hub_oid",)
TEXTS = ("claimed_parent", "claimed_owner", "claimed_country", "claimed_kind")
CHANGES = ("before", "after")
LANDED = ("benchmark", "benchmark_source", "file_name", "source", "tool")
"""Names given to landed tables and their sources: words, or links that may name an owner."""
NO_HANDLE = (
    "added", "after_snapshot_id", "base_country", "base_relation", "before_snapshot_id",
    "change", "child_class", "counter", "country", "country_status", "doubt", "dropped",
    "dropped_on_the_way",
    "entry_snapshot_id", "evidence", "first_evidence", "kind", "kind_status",
    "licence_class", "measure", "modality", "model_series", "note", "parameter_source",
    "parent_class", "previous_snapshot_id", "published_source", "reason", "rejection_reason",
    "relation", "relation_doubt", "relation_source", "root_class", "root_owner_country",
    "sample_exclusion", "signal", "size_class", "snapshot_id", "stage", "trait",
    "trend", "undefined_reason", "window_name",
)  # fmt: skip
"""Text columns that name nobody, but hold words of this project. A text column that is in none of
these lists stops the publication."""

WORDS = {
    name: tuple(itertools.chain(*lines))
    for name, lines in yaml.safe_load(
        Path(__file__).with_name("words.yml").read_text("utf-8")
    ).items()
}
"""Columns in which users can write anything (their names may have a prefix such as `base_`), and
the words in them that are not hidden."""

ID = "[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9._-]+"

SHORTEST_SALT = 16
HASH = f"""
    {PREPARED}
    create or replace temp macro hashed(kind, text) as
        kind || '_' || left(sha256(getvariable('salt') || ':' || kind || ':' || text), 16);
    create or replace temp macro owner_hashed(handle) as hashed('owner', lower(handle));
    create or replace temp macro name_without(name, handle) as
        case when contains(lower(name), lower(handle))
            then regexp_replace(name, regexp_escape(handle), owner_hashed(handle), 'gi')
        else name end;
    create or replace temp macro text_hashed(text) as
        case when regexp_full_match(text, '{ID}')
            then coalesce(
                (select shown_id from ids_with_handles where plain_id = text),
                owner_hashed(split_part(text, '/', 1)) || '/'
                    || name_without(split_part(text, '/', 2), split_part(text, '/', 1))
            )
        else hashed('text', text) end;
    create or replace temp macro id_hashed(id) as
        case when strpos(id, '/') = 0 then id else text_hashed(id) end;
    create or replace temp macro time_or_hashed(text) as
        case when regexp_full_match(text, '[0-9]{{4}}-[0-9-]{{5}} [0-9:.]{{8,15}}') then text
        else hashed('repository', text) end;
"""


@dataclass(frozen=True)
class Table:
    """A written mart: its file and its number of rows."""

    mart: Mart
    path: Path
    n_rows: int


def write_tables(
    exports: Exports, marts: Mapping[str, Mart], folder: Path, salt: str | None
) -> list[Table]:
    """Write each mart as `<folder>/<mart>.parquet`, owners hashed if there is a salt.

    A StudyError if the exports do not fit these marts, or hold a text column that may name owners
    and that no rule covers.
    """
    folder.mkdir()
    if salt is not None:
        exports.connection.execute("set variable salt = ?", [salt])
        exports.connection.execute(HASH)
        ids = ids_in(marts.values(), (*IDS, *TEXTS, *CHANGES))
        find_handles(exports.connection, ids, ids_in(marts.values(), IDS))
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
    """The SQL of a column without owners' handles."""
    if name in IDS:
        return f'id_hashed("{name}")'
    if name in OWNERS:
        return f'owner_hashed("{name}")'
    if name in REPOSITORIES:
        return f"hashed('repository', \"{name}\")"
    if name in TEXTS:
        return f'text_hashed("{name}")'
    if name in CHANGES:
        listed = f"string_split(\"{name}\", ', ')"
        each = f"unnest({listed}) as part, generate_subscripts({listed}, 1) as place"
        # For a repository recreated under its name: the times, or the Hub's ids of the two.
        return (
            f"case when change = 'recreated' then time_or_hashed(\"{name}\") "
            f"else (select string_agg(text_hashed(part), ', ' order by place) "
            f"from (select {each})) end"
        )
    if name in LANDED:
        return (
            f"case when strpos(\"{name}\", '/') > 0 then hashed('text', \"{name}\") "
            f'else "{name}" end'
        )
    if plain_name(name) in WORDS:
        words = ", ".join(map(literal, WORDS[plain_name(name)]))
        return (
            f'case when lower("{name}") in ({words}) then "{name}" '
            f"else hashed('text', \"{name}\") end"
        )
    if "VARCHAR" in kind and name not in NO_HANDLE:
        raise StudyError(
            f"it is not known whether the column {name} names owners: add it to a list in "
            f"{Path(__file__).name}"
        )
    return f'"{name}"'


def plain_name(column: str) -> str:
    """A column's name without `base_`, `_before` and the like: `license` for `base_license`."""
    return re.sub("^(base|parent|child|root)_|_(before|after)$", "", column)


def check_hidden(exports: Exports, tables: Sequence[Table], folder: Path) -> int:
    """Search all files of a folder for the owners and ids of the exports; return how many.

    A StudyError that names the file in which one is found. A handle counts if it is a whole cell,
    is before a slash, or is a word of a repository's name after one. Text files are searched only
    for ids, and only for listed ones: claims such as `n/a` occur in SQL.
    """
    connection = exports.connection
    named = [
        parts_of(column, f'"{table.mart.name}"')
        for table in tables
        for column in table.mart.columns
        if column.name in (*IDS, *TEXTS, *CHANGES)
    ]
    repositories = [
        parts_of(column, f'"{table.mart.name}"')
        for table in tables
        for column in table.mart.columns
        if column.name in (*REPOSITORIES, *CHANGES)
    ]
    connection.execute(
        f"""
        create or replace temp table sought as
        with named as ({" union ".join(named)}),
        repositories as ({" union ".join(repositories)})
        select part as text, 'id' as kind from named where regexp_full_match(part, '{ID}')
        union
        select split_part(part, '/', 1), 'handle' from named where regexp_full_match(part, '{ID}')
        union
        select part, 'repository' from repositories
        where regexp_full_match(part, '[0-9a-f]{{24}}')
        """
    )
    for table in tables:
        for column in table.mart.columns:
            if "VARCHAR" in column.type and column.name not in NO_HANDLE:
                stays = [*WORDS.get(plain_name(column.name), ()), ""]
                # An id without an owner, or a leaderboard, may equal somebody's handle.
                is_word = column.name in (*IDS, *LANDED)
                is_whole = "false" if is_word else f"part not in {tuple(stays)}"
                written = parts_of(column, f"read_parquet({files_in_sql(table.path)})")
                found = connection.execute(
                    f"""
                    select part from ({written})
                    where part in (from sought select text where kind != 'handle')
                        or case when strpos(part, '/') > 0 then split_part(part, '/', 1)
                            when {is_whole} then part end
                            in (from sought select text where kind = 'handle')
                    limit 1
                    """
                ).fetchone()
                refuse(found, table.path.name)
                if column.name in (*IDS, *TEXTS, *CHANGES):
                    ids = f"select part from ({written}) where strpos(part, '/') > 0"
                    refuse(handle_in(connection, ids), table.path.name)
    shown = (
        "select lower(model_id) from hub_models "
        "union all select text from sought where kind = 'repository'"
    )
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".parquet":
            tokens = sorted({*re.findall(r"[\w.-]+/[\w.-]+|\b[0-9a-f]{24}\b", text_of(path))})
            found = connection.execute(
                "select token from (select unnest($1::varchar[]) as token) "
                f"where token in ({shown}) limit 1",
                [tokens],
            ).fetchone()
            refuse(found, path.name)
    return connection.execute("select count(*) from sought").fetchall()[0][0]


def texts_of(column: Column, rows: str) -> str:
    """The SQL of the distinct texts in a column's cells, which may be lists."""
    name = identifier(column.name)
    texts = name if column.type.endswith("[]") else f"string_split({name}, ', ')"
    return f"select distinct unnest({texts}) as part from {rows}"


def parts_of(column: Column, rows: str) -> str:
    """The SQL of the same texts in lower case."""
    return f"select distinct lower(part) as part from ({texts_of(column, rows)})"


def ids_in(marts: Iterable[Mart], names: Collection[str]) -> str:
    """The SQL of all ids `owner/name` in the columns of these names."""
    texts = " union ".join(
        texts_of(column, identifier(mart.name))
        for mart in marts
        for column in mart.columns
        if column.name in names
    )
    return f"select part from ({texts}) where regexp_full_match(part, '{ID}')"


def text_of(path: Path) -> str:
    """The text of a file in lower case."""
    return path.read_text("utf-8").lower()


def refuse(found: tuple | None, file: str) -> None:
    """A StudyError if a row with an owner or an id was found."""
    if found:
        raise StudyError(f"{file} would name {found[0]!r} although owners are to be hashed")
