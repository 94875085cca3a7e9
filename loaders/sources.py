"""Files as one relation DuckDB can read, with the SQL of each column's value."""

import csv
import glob
import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from loaders.errors import DataError
from loaders.sql import files_in_sql, identifier, literal, one_line

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
_DELIMITERS = ",;\t|"
_LONGEST_ROW = 32 * 1024 * 1024  # bytes; a model card alone can be megabytes
# Left to itself, DuckDB takes buffers of many times the longest row.
_ROW_OPTIONS = f"max_line_size = {_LONGEST_ROW}, buffer_size = {_LONGEST_ROW}"

# DuckDB types for the values JSON holds, for --where; whatever else or mixed stays JSON.
_WHERE_TYPES = (
    ({"VARCHAR"}, "VARCHAR"),
    ({"BOOLEAN"}, "BOOLEAN"),
    ({"BIGINT", "UBIGINT"}, "HUGEINT"),
    ({"BIGINT", "UBIGINT", "DOUBLE"}, "DOUBLE"),
)

# A lone surrogate makes DuckDB refuse a whole line of JSON that is fine otherwise: take it out
# (and leave escaped backslashes and proper pairs alone).
LONE_SURROGATE = (
    r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_DOCUMENT = f"""CASE
    WHEN json_valid(line) THEN line
    ELSE regexp_replace(line, '{LONE_SURROGATE}', '\\1', 'g')
END"""
_KEYS = """CASE WHEN json_valid(document) THEN
    CASE json_type(document) WHEN 'OBJECT' THEN json_keys(document) END
END"""
_NOT_BLANK = r"NOT regexp_full_match(line, '\s*')"


@dataclass(frozen=True)
class Column:
    """A column of the files: its name and the SQL of its value in the relation.

    `kind` says what the value is: "typed" (a DuckDB value of `type`), "text" (CSV, which has no
    types) or "json" (JSON text, an explicit null included); `may_be_text` says of the last whether
    some row holds a text.
    """

    name: str
    value: str
    type: duckdb.sqltypes.DuckDBPyType
    kind: str
    may_be_text: bool = False

    @property
    def text(self) -> str:
        """The SQL of the value as plain text."""
        if self.kind == "json":
            return f"json_extract_string({self.value}, '$')"
        return f"CAST({self.value} AS VARCHAR)"


@dataclass(frozen=True)
class Source:
    """Files opened: the relation (what follows FROM) and its columns in their order.

    `item`, of JSON lines only, is the SQL of the whole line as it stands in the file.
    """

    files: tuple[Path, ...]
    relation: str
    columns: tuple[Column, ...]
    item: str | None = None


def find_files(patterns: Sequence[str]) -> list[Path]:
    """Return the files that names and glob patterns stand for, each once; DataError if none."""
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
    """Return the format the names of the files tell; DataError when they do not agree on one."""
    formats = set()
    for file in files:
        name = file.name.lower().removesuffix(".gz")
        if Path(name).suffix not in _SUFFIXES:
            raise DataError(f"{file}: the name tells no format; say --format {'|'.join(FORMATS)}")
        formats.add(_SUFFIXES[Path(name).suffix])
    if len(formats) > 1:
        raise DataError(f"files of several formats ({', '.join(sorted(formats))}): import each "
                        "format by itself")  # fmt: skip
    return formats.pop()


def open_source(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], file_format: str
) -> Source:
    """Open files of one format as one relation; DataError names the file that cannot be read.

    The rows keep the order of the files. Columns that only some of the files have are null in
    the rest.
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
    for file in files:
        with reading([file]):
            connection.sql(f"SELECT * FROM read_parquet({files_in_sql(file)}) LIMIT 0")
    relation = (
        f"read_parquet({files_in_sql(*files)}, union_by_name = true, hive_partitioning = false)"
    )
    with reading(files):
        opened = connection.sql(f"SELECT * FROM {relation} LIMIT 0")
    columns = [
        Column(name, identifier(name), type_, "typed")
        for name, type_ in zip(opened.columns, opened.types, strict=True)
    ]
    return Source(files, relation, tuple(columns))


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
    columns = [
        Column(name, identifier(name), type_, "text")
        for name, type_ in zip(opened.columns, opened.types, strict=True)
    ]
    return Source(files, relation, tuple(columns))


def _csv_header(file: Path) -> tuple[list[str], str]:
    """Return the column names of a CSV file and its delimiter."""
    opener = gzip.open if file.name.lower().endswith(".gz") else open
    try:
        with opener(file, "rt", encoding="utf-8-sig", newline="") as lines:
            first = lines.readline()
            lines.seek(0)
            delimiter = max(_DELIMITERS, key=first.count)
            header = next(csv.reader(lines, delimiter=delimiter), [])
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"cannot read {file}: {error}") from error
    if not any(name.strip() for name in header):
        raise DataError(f"cannot read {file}: it is empty, there is no line of column names")
    names = [name or f"column{number}" for number, name in enumerate(header)]
    lower = [name.lower() for name in names]
    twice = [name for name in names if lower.count(name.lower()) > 1]
    if twice:
        raise DataError(f"cannot read {file}: there are several columns {', '.join(twice)}")
    return names, delimiter


def _open_jsonl(connection: duckdb.DuckDBPyConnection, files: tuple[Path, ...]) -> Source:
    with reading(files):
        keys = _keys(connection, files)
    if not keys:
        raise DataError(f"cannot read {names_of(files)}: there is nothing in it")
    columns = []
    exposed = {"__line": "line", "__document": "document"}
    taken = set(exposed)
    for key, types in keys.items():
        extracted = f"json_extract({{}}, {literal(_pointer(key))})"
        value = extracted.format("__document")
        columns.append(Column(key, value, duckdb.sqltype("JSON"), "json", "VARCHAR" in types))
        if key.lower() not in taken:
            taken.add(key.lower())
            exposed[key] = _where_value(extracted.format("document"), types)
    selected = ", ".join(f"{value} AS {identifier(name)}" for name, value in exposed.items())
    item = "CASE WHEN json_valid(__line) THEN strict_json(__line) ELSE __line END"
    return Source(files, f"(SELECT {selected} FROM {_documents(files)})", tuple(columns), item)


def _keys(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> dict[str, set[str]]:
    """Return the keys of JSON lines in the order they turn up, with the types of their values."""
    found = connection.execute(
        f"SELECT {_KEYS} AS keys "
        f"FROM (SELECT row_number() OVER () AS number, document FROM {_documents(files)}) "
        "GROUP BY keys ORDER BY min(number)"
    ).fetchall()
    if any(names is None for (names,) in found):
        raise DataError(_broken_line(connection, files))
    keys = list(dict.fromkeys(key for (names,) in found for key in names))
    if not keys:
        return {}
    pointers = ", ".join(literal(_pointer(key)) for key in keys)
    types = connection.execute(
        f"SELECT DISTINCT json_type(document, [{pointers}]) FROM {_documents(files)}"
    ).fetchall()
    return {
        key: {row[0][number] for row in types} - {None, "NULL"} for number, key in enumerate(keys)
    }


def _documents(files: Sequence[Path]) -> str:
    """Return the lines that are not blank, each with the JSON that DuckDB can read of it."""
    lines = " UNION ALL ".join(map(_lines, files))
    return f"(SELECT line, {_DOCUMENT} AS document FROM ({lines}) WHERE {_NOT_BLANK})"


def _lines(file: Path) -> str:
    return (
        f"SELECT line FROM read_csv({files_in_sql(file)}, auto_detect = false, header = false, "
        "columns = {'line': 'VARCHAR'}, delim = '', quote = '', escape = '', comment = '', "
        f"strict_mode = false, {_ROW_OPTIONS})"
    )


def _broken_line(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    """Say which is the first line that is no JSON object."""
    for file in files:
        numbered = f"SELECT row_number() OVER () AS number, line FROM ({_lines(file)})"
        found = connection.execute(
            f"SELECT number, left(line, 60) FROM (SELECT *, {_DOCUMENT} AS document "
            f"FROM ({numbered}) WHERE {_NOT_BLANK}) WHERE {_KEYS} IS NULL ORDER BY number LIMIT 1"
        ).fetchall()
        if found:
            number, line = found[0]
            return f"cannot read {file}: line {number} is no JSON object: {line}"
    raise AssertionError("the first line that is no JSON object is gone")


def _pointer(key: str) -> str:
    return "/" + key.replace("~", "~0").replace("/", "~1")


def _where_value(value: str, types: set[str]) -> str:
    for known, sql_type in _WHERE_TYPES:
        if types and types <= known:
            return f"TRY_CAST(json_extract_string({value}, '$') AS {sql_type})"
    return value
