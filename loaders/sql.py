"""Quoting for DuckDB SQL, and DuckDB's errors as one line."""

import re
from pathlib import Path

import duckdb

_MESSAGE_LENGTH = 300


def identifier(name: str) -> str:
    """Return a column or table name quoted for SQL, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | Path) -> str:
    """Return a text (or a path) as an SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def one_line(error: Exception) -> str:
    """Return what an error says, without DuckDB's query excerpt, hints and option dump."""
    text = re.split(r"\n\s*\n|\nPossible |\nLINE \d+:", str(error).strip())[0]
    text = re.sub(r"\s*\n\s*", "; ", text)
    text = re.sub(r"^(?:INTERNAL|[A-Z][a-z]+(?: [A-Z][a-z]+)*|IO) Error: ", "", text)
    return text if len(text) <= _MESSAGE_LENGTH else text[: _MESSAGE_LENGTH - 3] + "..."


def is_interruption(error: BaseException) -> bool:
    """Say whether an error is Ctrl-C: DuckDB turns the signal into errors of its own."""
    return isinstance(error, KeyboardInterrupt | duckdb.InterruptException) or (
        isinstance(error, RuntimeError) and "interrupted" in str(error).lower()
    )
