"""Quoting for DuckDB SQL, and DuckDB's errors as one line."""

import contextlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from hub_lineage.errors import DISK_FULL, BuildError, first_line

_MESSAGE_LENGTH = 300
# A lone half of a surrogate pair, beside escaped backslashes and whole pairs, which are kept.
_LONE_SURROGATE = (
    r"(\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_PATTERN_SIGN = re.compile(r"([\[*?])")
# A thread's error comes as JSON inside the message of another.
_INNER_MESSAGE = '"exception_message":'


def identifier(name: str) -> str:
    """Return a column or table name quoted for SQL, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """Return a text (or a path) as an SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def files_in_sql(*files: str | Path) -> str:
    """Return files as the table functions of DuckDB take them, their names taken literally.

    Unescaped, `[`, `*` and `?` would make a name a pattern for other files, and a leading `~` would
    mean the home folder. Every path that DuckDB is to read goes through here; an address (`hf://`)
    stays as it is.
    """
    here = (
        file if str(file).startswith("hf://") else os.path.join(os.curdir, file) for file in files
    )
    names = (_PATTERN_SIGN.sub(r"[\1]", str(file)) for file in here)
    return f"[{', '.join(map(literal, names))}]"


def confine(
    connection: duckdb.DuckDBPyConnection, files: Iterable[Path], folders: Iterable[Path]
) -> None:
    """Permanently restrict a connection to these files and those in the folders.

    For a condition that a user gives: its subqueries can read nothing else, nor load anything.
    """
    # DuckDB checks both the name of a file and the pattern that matches it.
    names = [os.path.abspath(file) for file in files]
    patterns = [_PATTERN_SIGN.sub(r"[\1]", name) for name in names]
    spilled = connection.execute("SELECT current_setting('temp_directory')").fetchall()[0][0]
    connection.execute("SET allowed_paths = $1", [[*names, *patterns]])
    connection.execute("SET allowed_directories = $1", [[*map(os.path.abspath, folders), spilled]])
    connection.execute("SET enable_external_access = false")


def memory_limit() -> str:
    """HUB_MEMORY; a BuildError unless it is a size: DuckDB takes a negative one as no limit."""
    limit = os.environ.get("HUB_MEMORY", "").strip() or "4GB"
    try:
        if not re.fullmatch(r"(?=.*[1-9])[0-9]+(\.[0-9]+)? *[KMGT]i?B", limit, re.IGNORECASE):
            raise ValueError("it must be a size such as 4GB")
        duckdb.connect(config={"memory_limit": limit}).close()
    except (ValueError, duckdb.Error) as error:
        raise BuildError(f"HUB_MEMORY is {limit!r}: {first_line(error)}", 2) from error
    return limit


def one_value(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """Return the first value of a query that has a row, as a count does."""
    return connection.execute(query).fetchall()[0][0]


def sound_json(text: str) -> str:
    """Return the SQL of JSON without lone surrogates, for which DuckDB refuses a whole text."""
    without = f"regexp_replace({text}, '{_LONE_SURROGATE}', '\\1', 'g')"
    return f"CASE WHEN json_valid({text}) THEN {text} ELSE {without} END"


def one_line(error: Exception) -> str:
    """Return an error's message without DuckDB's query excerpt, hints and list of options."""
    text = str(error).strip()
    if _INNER_MESSAGE in text:
        with contextlib.suppress(ValueError, LookupError, TypeError, RecursionError):
            inner = json.loads(text[text.index("{") : text.rindex("}") + 1])
            text = str(inner["exception_message"])
    text = re.split(r"\n\s*\n|\nPossible |\nLINE \d+:", text)[0]
    text = re.sub(r"\s*\n\s*", "; ", text)
    text = re.sub(r"^(?:INTERNAL|[A-Z][a-z]+(?: [A-Z][a-z]+)*|IO) Error: ", "", text)
    if DISK_FULL.search(text):
        text = f"the disk is full: {text}"
    return text if len(text) <= _MESSAGE_LENGTH else text[: _MESSAGE_LENGTH - 3] + "..."


def is_interruption(error: BaseException) -> bool:
    """Say whether an error is Ctrl-C: DuckDB turns the signal into errors of its own."""
    return isinstance(error, KeyboardInterrupt | duckdb.InterruptException) or (
        isinstance(error, RuntimeError) and "interrupted" in str(error).lower()
    )
