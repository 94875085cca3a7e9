"""Every file that DuckDB reads is named by `files_in_sql`, which takes no name for a pattern."""

import ast
import re
from pathlib import Path

import duckdb
import pytest
from project import REPOSITORY

from hub_lineage.sql import files_in_sql

GUARD = "files_in_sql"
FOLDERS = ("analysis", "bench", "docs", "loaders", "hub_lineage", "notebooks")
READERS = r"\b(read_(parquet|csv|json|ndjson|text|blob)|parquet_\w+|sniff_csv|glob)\w*\(\s*"
BEFORE_A_NAME = re.compile(rf"{READERS}$|\b(from|join)\s+'$", re.I)
WITH_A_NAME = re.compile(rf"{READERS}[^\s)]", re.I)
FOR_READERS = {
    ("analysis/figures/writing.py", "from '{...}"),
    ("analysis/publish/card.py", 'read_parquet("...'),
}
"""Queries that are handed on with their files, whose names are those of our own tables."""
METHODS = re.compile(r"(read|from)_(parquet|csv\w*|json|arrow)")


def sources() -> list[Path]:
    nested = (path for folder in FOLDERS for path in (REPOSITORY / folder).rglob("*.py"))
    return sorted([*nested, REPOSITORY / "build.py"])


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def calls_guard(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", None) == GUARD


def guarded_names(tree: ast.AST) -> set[str]:
    """Names that hold nothing but what the guard returned."""
    values: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values.setdefault(node.targets[0].id, []).append(node.value)
    return {name for name, given in values.items() if all(map(calls_guard, given))}


def faults(code: str) -> list[str]:
    """The forms in which a file's name comes into SQL past the guard."""
    tree = ast.parse(code)
    guarded = guarded_names(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for text, inserted in zip(node.values, node.values[1:], strict=False):
                reader = isinstance(text, ast.Constant) and BEFORE_A_NAME.search(text.value)
                value = getattr(inserted, "value", None)
                if reader and not calls_guard(value) and getattr(value, "id", None) not in guarded:
                    found.append(f"{reader[0]}{{...}}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if reader := WITH_A_NAME.search(node.value):
                found.append(f"{reader[0]}...")
        elif (
            isinstance(node, ast.Attribute)
            and METHODS.fullmatch(node.attr)
            and getattr(node.value, "id", None) not in {"pd", "pandas"}
        ):
            found.append(f".{node.attr}")
    return found


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_no_file_name_reaches_sql_as_a_pattern(path):
    found = faults(path.read_text(encoding="utf-8"))
    assert [form for form in found if (name_of(path), form) not in FOR_READERS] == []


@pytest.mark.parametrize(
    "code",
    [
        'f"from read_parquet({literal(path)})"',
        "f\"from read_parquet('{path}')\"",
        'f"from read_csv([{one}, {other}])"',
        "f\"select * from '{path}'\"",
        'connection.execute("from read_parquet(?)", [str(path)])',
        'connection.execute("from parquet_schema($1)", [name])',
        'name = literal(path); f"from read_text({name})"',
        "duckdb.read_parquet(str(path))",
        "connection.from_parquet(str(path))",
    ],
)
def test_a_name_past_the_guard_is_found(code):
    assert len(faults(code)) == 1


@pytest.mark.parametrize(
    "code",
    [
        'f"from read_parquet({files_in_sql(path)}, file_row_number = true)"',
        'parts = files_in_sql(*paths); f"from parquet_schema({parts})"',
        'f"select * from {relation} join {other}"',
        'f"copy t to {literal(path)}"',
        "pd.read_csv(path)",
        "path.read_text()",
    ],
)
def test_a_guarded_name_and_what_is_no_name_of_a_file_pass(code):
    assert faults(code) == []


@pytest.mark.parametrize(
    "name", ["d[1].parquet", "d*.parquet", "d?.parquet", "~d.parquet", "it's [d].parquet"]
)
def test_a_file_is_read_under_the_name_it_has(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, there in enumerate([name, "d1.parquet", "dx.parquet"]):
        duckdb.sql(f"select {number} as number").write_parquet("new")
        Path("new").rename(there)
    for file in (name, tmp_path / name):
        assert duckdb.sql(f"from read_parquet({files_in_sql(file)})").fetchall() == [(0,)]


def test_an_address_stays_one():
    files = files_in_sql("hf://datasets/me/set/data/families.parquet")
    assert files == "['hf://datasets/me/set/data/families.parquet']"
