"""The known answers beside this file, and how to compare rows with them.

The tables in `expected/` are written by hand from docs/definitions.md. In their cells
`*` is not asserted, an empty cell is null, `3/8` is a number, `a;b` a list in no order.
"""

import csv
from datetime import datetime
from fractions import Fraction
from pathlib import Path

EXPECTED = Path(__file__).parent / "expected"


def expected(name: str) -> list[dict[str, str]]:
    """The rows of a table of known answers."""
    with (EXPECTED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def agrees(cell: str, value: object) -> bool:
    """Whether a value of a mart is what a cell says."""
    if cell == "*":
        return True
    if cell == "" or value is None:
        return cell == "" and value is None
    if isinstance(value, bool):
        return cell == str(value).lower()
    if isinstance(value, datetime):
        return datetime.fromisoformat(cell) == value
    if isinstance(value, list):
        return sorted(cell.split(";")) == sorted(value)
    if isinstance(value, int | float):
        return abs(float(Fraction(cell)) - value) < 1e-6
    return cell == str(value)


def differences(name: str, rows: list[dict], keys: tuple[str, ...]) -> list[str]:
    """What in `rows` is not as the table of known answers says: missing rows and other values."""
    found: dict[tuple, list[dict]] = {}
    for row in rows:
        found.setdefault(tuple(str(row[key]) for key in keys), []).append(row)
    problems = []
    for answer in expected(name):
        key = tuple(answer[column] for column in keys)
        here = found.get(key, [])
        if len(here) != 1:
            problems.append(f"{key}: {len(here)} rows")
            continue
        problems += [
            f"{key}: {column} is {here[0][column]!r}, expected {cell!r}"
            for column, cell in answer.items()
            if not agrees(cell, here[0][column])
        ]
    return problems
