"""Opens files as one relation that DuckDB can read, with the SQL of each column's value."""

import contextlib
import csv
import glob
import gzip
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import duckdb

from hub_lineage.errors import DataError
from hub_lineage.sql import files_in_sql, identifier, literal, one_line, sound_json
from loaders.landing.slicing import BrokenPage, UnsoundPage, slice_page

FORMATS = ("parquet", "csv", "jsonl")

_SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
Type = duckdb.sqltypes.DuckDBPyType
_NUMBERS = frozenset({
    "bigint", "decimal", "double", "float", "hugeint", "integer", "smallint", "tinyint",
    "ubigint", "uinteger", "usmallint", "utinyint",
})  # fmt: skip
_JSON_TYPES = frozenset({"ARRAY", "BIGINT", "BOOLEAN", "DOUBLE", "OBJECT", "UBIGINT", "VARCHAR"})
_BATCH = 1_000
_DELIMITERS = ",;\t|"
_LONGEST_ROW = 32 * 1024 * 1024  # bytes; a model card alone can be megabytes
# By default DuckDB takes buffers of many times the longest row.
_ROW_OPTIONS = f"max_line_size = {_LONGEST_ROW}, buffer_size = {_LONGEST_ROW}"

# DuckDB types of JSON values, for --where; other or mixed ones stay JSON.
_WHERE_TYPES = (
    ({"VARCHAR"}, "VARCHAR"),
    ({"BOOLEAN"}, "BOOLEAN"),
    ({"BIGINT", "UBIGINT"}, "HUGEINT"),
    ({"BIGINT", "UBIGINT", "DOUBLE"}, "DOUBLE"),
)


_KEYS = """CASE WHEN json_valid(document) THEN
    CASE json_type(document) WHEN 'OBJECT' THEN json_keys(document) END
END"""
_NOT_BLANK = r"NOT regexp_full_match(line, '\s*')"


@dataclass(frozen=True)
class Column:
    """A column of the files: its name and the SQL of its value in the relation.

    `kind` says what the value is: "typed" (a DuckDB value of `type`), "text" (CSV, which has no
    types) or "json" (JSON text, an explicit null included); `json_types` are the types of the
    values of a "json" column.
    """

    name: str
    value: str
    type: Type
    kind: str
    json_types: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The SQL of the value as plain text."""
        if self.kind == "json":
            return f"json_extract_string({self.value}, '$')"
        return f"CAST({self.value} AS VARCHAR)"


@dataclass(frozen=True)
class Source:
    """Opened files: the relation (what follows FROM) and its columns in their order.

    `item`, for JSON lines only, is the SQL of the whole line as it is in the file.
    """

    files: tuple[Path, ...]
    relation: str
    columns: tuple[Column, ...]
    item: str | None = None


def find_files(patterns: Sequence[str]) -> list[Path]:
    """Return the files that names and glob patterns match, each once; DataError if none."""
    found: list[str] = []
    for pattern in patterns:
        if Path(pattern).is_dir():
            raise DataError(f"{pattern} is a folder; name files, for example {pattern}/*.parquet")
        if Path(pattern).exists():
            found.append(pattern)
            continue
        matches = [name for name in sorted(glob.glob(pattern, recursive=True))
                   if Path(name).is_file()]  # fmt: skip
        if not matches:
            raise DataError(f"{pattern}: there is no such file")
        found.extend(matches)
    return [Path(name) for name in dict.fromkeys(found)]


def format_of(files: Sequence[Path]) -> str:
    """Return the format by the files' names; DataError if they do not agree on a known one."""
    formats = set()
    for file in files:
        name = file.name.lower().removesuffix(".gz")
        if Path(name).suffix not in _SUFFIXES:
            raise DataError(
                f"{file}: the name does not show a format; give --format {'|'.join(FORMATS)}"
            )
        formats.add(_SUFFIXES[Path(name).suffix])
    if len(formats) > 1:
        raise DataError(f"files of several formats ({', '.join(sorted(formats))}): import each "
                        "format by itself")  # fmt: skip
    return formats.pop()


def open_source(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], file_format: str
) -> Source:
    """Open files of one format as one relation; DataError names the file that cannot be read.

    The rows keep the order of the files. Columns that only some files have are null in the others.
    """
    for file in files:
        try:
            file.open("rb").close()
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror}") from error
    opener = {"parquet": _open_parquet, "csv": _open_csv, "jsonl": _open_jsonl}[file_format]
    return opener(connection, tuple(files))


@contextmanager
def reading(files: Sequence[Path]) -> Iterator[None]:
    """Turn DuckDB's errors into a DataError that names the files."""
    try:
        yield
    except duckdb.InterruptException:
        raise
    except duckdb.Error as error:
        raise DataError(f"cannot read {names_of(files)}: {one_line(error)}") from error


def names_of(files: Sequence[Path]) -> str:
    """Return the files as a short text."""
    shown = ", ".join(map(str, files[:3]))
    return shown if len(files) <= 3 else f"{shown} and {len(files) - 3} more"


def _open_parquet(connection: duckdb.DuckDBPyConnection, files: tuple[Path, ...]) -> Source:
    schemas = []
    for file in files:
        with reading([file]):
            opened = connection.sql(f"SELECT * FROM {_parquet(file)} LIMIT 0")
        schemas.append(dict(zip(opened.columns, opened.types, strict=True)))
    types: dict[str, list[Type]] = {}
    for schema in schemas:
        for name, type_ in schema.items():
            types.setdefault(name, []).append(type_)
    mixed = {name for name, there in types.items() if not _agree(there)}
    relation = _parquet(*files)
    if mixed:
        # DuckDB would cast one type to the other, and lose what does not fit.
        selects = (
            f"SELECT * REPLACE ({_as_json(mixed & schema.keys())}) FROM {_parquet(file)}"
            if mixed & schema.keys()
            else f"SELECT * FROM {_parquet(file)}"
            for file, schema in zip(files, schemas, strict=True)
        )
        relation = f"({' UNION ALL BY NAME '.join(selects)})"
    with reading(files):
        opened = connection.sql(f"SELECT * FROM {relation} LIMIT 0")
    columns = [
        Column(name, identifier(name), type_, "json" if name in mixed else "typed", _JSON_TYPES)
        for name, type_ in zip(opened.columns, opened.types, strict=True)
    ]
    return Source(files, relation, tuple(columns))


def _parquet(*files: Path) -> str:
    options = "union_by_name = true, hive_partitioning = false"
    return f"read_parquet({files_in_sql(*files)}, {options})"


def _agree(types: Sequence[Type]) -> bool:
    """Say whether values of all these types fit into one column unchanged."""
    distinct = [type_ for number, type_ in enumerate(types) if type_ not in types[:number]]
    distinct = [type_ for type_ in distinct if type_.id != "null"]
    if len(distinct) < 2 or all(type_.id in _NUMBERS for type_ in distinct):
        return True
    if len({type_.id for type_ in distinct}) > 1 or distinct[0].id not in {"struct", "list"}:
        return False
    members: dict[str, list[Type]] = {}
    for type_ in distinct:
        for name, child in children_of(type_):
            members.setdefault(name, []).append(child)
    return all(map(_agree, members.values()))


def children_of(type_: Type) -> list[tuple[str, Type]]:
    """The members of a nested type, each with its name; for a list, its elements' type."""
    return cast("list[tuple[str, Type]]", type_.children)


def _as_json(names: Iterable[str]) -> str:
    return ", ".join(f"to_json({identifier(name)}) AS {identifier(name)}" for name in sorted(names))


def _open_csv(connection: duckdb.DuckDBPyConnection, files: tuple[Path, ...]) -> Source:
    selects = []
    names: dict[str, None] = {}
    for file in files:
        header, delimiter = _csv_header(file)
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
        selects.append(
            f"SELECT * FROM read_csv({files_in_sql(file)}, auto_detect = false, header = true, "
            f"columns = {{{columns}}}, delim = {literal(delimiter)}, quote = '\"', "
            f"escape = '\"', comment = '', {_ROW_OPTIONS})"
        )
        names |= dict.fromkeys(header)
    relation = f"({' UNION ALL BY NAME '.join(selects)})"
    with reading(files):
        opened = connection.sql(f"SELECT * FROM {relation} LIMIT 0")
    named = zip(opened.columns, opened.types, strict=True)
    return Source(
        files,
        relation,
        tuple(Column(name, identifier(name), type_, "text") for name, type_ in named),
    )


def _csv_header(file: Path) -> tuple[list[str], str]:
    """Return the column names of a CSV file and its delimiter."""
    try:
        with _opened(file) as lines:
            first = lines.readline()
            lines.seek(0)
            delimiter = max(_DELIMITERS, key=first.count)
            header = next(csv.reader(lines, delimiter=delimiter), [])
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {file}: {error}") from error
    if not any(name.strip() for name in header):
        raise DataError(f"cannot read {file}: it is empty, there is no line of column names")
    names = [name.strip() or f"column{number}" for number, name in enumerate(header)]
    lower = [name.lower() for name in names]
    twice = [name for name in names if lower.count(name.lower()) > 1]
    if twice:
        raise DataError(f"cannot read {file}: there are several columns {', '.join(twice)}")
    return names, delimiter


def _open_jsonl(connection: duckdb.DuckDBPyConnection, files: tuple[Path, ...]) -> Source:
    lines = [_lines(connection, file, number) for number, file in enumerate(files)]
    with reading(files):
        keys = _keys(connection, files, lines)
    if not keys:
        raise DataError(f"cannot read {names_of(files)}: there is nothing in it")
    columns = []
    exposed = {"__line": "line", "__document": "document"}
    taken = set(exposed)
    for key, types in keys.items():
        extracted = f"json_extract({{}}, {literal(_pointer(key))})"
        value = extracted.format("__document")
        columns.append(Column(key, value, duckdb.sqltype("JSON"), "json", frozenset(types)))
        if key.lower() not in taken:
            taken.add(key.lower())
            exposed[key] = _where_value(extracted.format("document"), types)
    selected = ", ".join(f"{value} AS {identifier(name)}" for name, value in exposed.items())
    item = "CASE WHEN json_valid(__line) THEN strict_json(__line) ELSE __line END"
    return Source(files, f"(SELECT {selected} FROM {_documents(lines)})", tuple(columns), item)


def _keys(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], lines: Sequence[str]
) -> dict[str, set[str]]:
    """Return the keys of JSON lines in order of appearance, with the types of their values."""
    found = connection.execute(
        f"SELECT {_KEYS} AS keys "
        f"FROM (SELECT row_number() OVER () AS number, document FROM {_documents(lines)}) "
        "GROUP BY keys ORDER BY min(number)"
    ).fetchall()
    if any(names is None for (names,) in found):
        raise DataError(_broken_line(connection, files, lines))
    keys = list(dict.fromkeys(key for (names,) in found for key in names))
    if not keys:
        return {}
    pointers = ", ".join(literal(_pointer(key)) for key in keys)
    types = connection.execute(
        f"SELECT DISTINCT json_type(document, [{pointers}]) FROM {_documents(lines)}"
    ).fetchall()
    return {
        key: {row[0][number] for row in types} - {None, "NULL"} for number, key in enumerate(keys)
    }


def _documents(lines: Sequence[str]) -> str:
    """Return the lines that are not blank, each with its JSON in a form that DuckDB reads."""
    all_lines = " UNION ALL ".join(lines)
    return f"(SELECT line, {sound_json('line')} AS document FROM ({all_lines}) WHERE {_NOT_BLANK})"


def _lines(connection: duckdb.DuckDBPyConnection, file: Path, number: int) -> str:
    """Return a query of the objects in a file: one per line, or all in one JSON list."""
    if _is_list(file):
        return _listed(connection, file, f"list_{number}")
    return (
        f"SELECT line FROM read_csv({files_in_sql(file)}, auto_detect = false, header = false, "
        "columns = {'line': 'VARCHAR'}, delim = '', quote = '', escape = '', comment = '', "
        f"strict_mode = false, {_ROW_OPTIONS})"
    )


def _opened(file: Path) -> TextIO:
    """Open a text file, gzipped or not, that may begin with a byte order mark."""
    opener = gzip.open if file.name.lower().endswith(".gz") else open
    return opener(file, "rt", encoding="utf-8-sig", newline="")


def _is_list(file: Path) -> bool:
    with contextlib.suppress(OSError, EOFError, UnicodeDecodeError), _opened(file) as text:
        while beginning := text.read(1024):
            if beginning.strip():
                return beginning.lstrip().startswith("[")
    return False  # the reader of lines reports a file that cannot be read


def _listed(connection: duckdb.DuckDBPyConnection, file: Path, table: str) -> str:
    """Cut a JSON list, such as a saved page of the listing, into the exact texts of its items."""
    try:
        with _opened(file) as text:
            found = [item.text for item in slice_page(text.read())]
    except (OSError, EOFError, UnicodeDecodeError, BrokenPage, UnsoundPage) as error:
        raise DataError(f"cannot read {file} as a JSON list of objects: {error}") from error
    connection.execute(f"CREATE TEMP TABLE {table} (line VARCHAR)")
    for start in range(0, len(found), _BATCH):
        batch = found[start : start + _BATCH]
        connection.execute(f"INSERT INTO {table} SELECT unnest($1::VARCHAR[])", [batch])
    return f"SELECT line FROM {table}"


def _broken_line(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], lines: Sequence[str]
) -> str:
    """Name the first line that is not a JSON object."""
    for file, its_lines in zip(files, lines, strict=True):
        numbered = f"SELECT row_number() OVER () AS number, line FROM ({its_lines})"
        found = connection.execute(
            f"SELECT number, left(line, 60) FROM (SELECT *, {sound_json('line')} AS document "
            f"FROM ({numbered}) WHERE {_NOT_BLANK}) WHERE {_KEYS} IS NULL ORDER BY number LIMIT 1"
        ).fetchall()
        if found:
            number, line = found[0]
            return f"cannot read {file}: line {number} is not a JSON object: {line}"
    raise AssertionError("the first line that is not a JSON object is gone")


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _where_value(value: str, types: set[str]) -> str:
    for known, sql_type in _WHERE_TYPES:
        if types and types <= known:
            return f"TRY_CAST(json_extract_string({value}, '$') AS {sql_type})"
    return value
