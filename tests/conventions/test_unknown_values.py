"""No SQL of the project turns an unknown value into a number without saying so.

DuckDB's `least`, `greatest`, `concat` and `concat_ws` pass over nulls: `least(null, 7)` is 7. So
does Spark with the first two. A `case` says the same and keeps what is unknown:
`case when x > 7 then 7 else x end`; and `||` is null where a part is.
"""

import re
from pathlib import Path

import pytest
from project import REPOSITORY

FOLDERS = ("models", "macros", "analysis", "hub_lineage", "loaders", "bench", "notebooks")
KINDS = (".sql", ".yml", ".py", ".md")

PASSES_OVER_NULL = re.compile(r"\b(least|greatest|concat|concat_ws)\((?=[^)])", re.IGNORECASE)

PARTS_THAT_MAY_LACK = "puts together the members or parts that are there"
EXEMPT = {
    "loaders/imports/items.py": ("concat_ws", PARTS_THAT_MAY_LACK),
    "loaders/imports/json_text.py": ("concat_ws", PARTS_THAT_MAY_LACK),
    "loaders/imports/benchmarks.py": ("concat_ws", PARTS_THAT_MAY_LACK),
    "loaders/simulator/drawn_items.py": ("concat_ws", PARTS_THAT_MAY_LACK),
}
"""File -> the call that it may make, and why nothing unknown becomes known by it."""

LIBRARY_CALLS = re.compile(r"\b(?:pd|pandas|functions|pl|alt|layers)\.concat\(")
"""Frames put together, which are no SQL."""


def files() -> list[Path]:
    return sorted(
        path
        for folder in FOLDERS
        for path in (REPOSITORY / folder).rglob("*")
        if path.suffix in KINDS and path.is_file()
    )


def found_in(text: str) -> list[str]:
    """The calls that pass over nulls, as they stand in a text, without SQL's comments."""
    code = re.sub(r"(^|\s)--\s[^\n]*", " ", LIBRARY_CALLS.sub("", text))
    return [call.group(1).lower() for call in PASSES_OVER_NULL.finditer(code)]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_no_call_passes_over_an_unknown_value(path):
    allowed, _ = EXEMPT.get(path.relative_to(REPOSITORY).as_posix(), (None, None))
    found = found_in(path.read_text(encoding="utf-8"))
    assert [call for call in found if call != allowed] == []


@pytest.mark.parametrize("name", EXEMPT)
def test_every_exemption_is_needed(name):
    assert EXEMPT[name][0] in found_in((REPOSITORY / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("sql", "calls"),
    [
        ("select least(a, 1), GREATEST(b, 0)", ["least", "greatest"]),
        ('{columns: {cut: "least(likes, 7)"}}', ["least"]),
        ("select concat(a, b), concat_ws(' ', a, b)", ["concat", "concat_ws"]),
        ("select case when a > 7 then 7 else a end, a || b", []),
        ("pd.concat([one, other])", []),
        ("-- at least (or so); greatest(a, b) would do", []),
    ],
)
def test_a_call_that_passes_over_an_unknown_value_is_found(sql, calls):
    assert found_in(sql) == calls
