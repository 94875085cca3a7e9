"""The table of promises names tests that are there, and has a line for every page."""

import ast
import re

import pytest

from loaders.simulator.fake_faults import FAULTS
from support import REPOSITORY

TABLE = REPOSITORY / "docs" / "promises.md"
NAMED = re.compile(r"`([a-z_/]+/[a-z0-9_]+\.(?:py|sql))(?:::(test_[a-z0-9_]+))?`")


def rows(text: str) -> list[list[str]]:
    """The cells of all tables' rows, without their headings."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[-1] not in ("tests", "---")]


def missing(text: str) -> list[str]:
    """The tests that a text names and that are not there."""
    found = []
    for file, test in NAMED.findall(text):
        path = REPOSITORY / "tests" / file
        is_there = path.is_file() and (not test or test in functions(path.read_text("utf-8")))
        if not is_there:
            found.append(f"{file}::{test}" if test else file)
    return found


def functions(source: str) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


def test_every_test_that_a_promise_names_is_there() -> None:
    assert missing(TABLE.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "named",
    [
        "loaders/crawl/test_faults.py::test_that_is_not_there",
        "loaders/crawl/test_nowhere.py::test_a",
    ],
)
def test_a_test_that_is_not_there_is_found(named: str) -> None:
    assert missing(f"| promise | `{named}` |") == [named]


def test_every_promise_names_a_test() -> None:
    promises = rows(TABLE.read_text("utf-8"))
    assert len(promises) > 50
    assert [row for row in promises if not NAMED.search(row[-1])] == []


def test_every_page_has_a_promise() -> None:
    text = TABLE.read_text("utf-8")
    pages = {path.name for path in (REPOSITORY / "docs").glob("*.md")} - {TABLE.name}
    assert {page for page in pages if f"[{page}]" not in text} == set()
    assert "## README" in text
    assert "## loaders/README" in text


def test_every_way_the_fake_hub_can_go_wrong_is_tried_on_the_crawler() -> None:
    tests = "\n".join(
        path.read_text("utf-8")
        for path in (REPOSITORY / "tests" / "loaders" / "crawl").glob("test_*.py")
    )
    tried = set(re.findall(r"[\"'( ]([a-z0-9-]+)(?:@|[\"'])", tests))
    assert set(FAULTS) - tried == set()
