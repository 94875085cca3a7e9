"""Each page that code, YAML or another page names is there, with the heading that it names."""

import re
from pathlib import Path

import pytest

from conventions.test_repository import files
from support import REPOSITORY

NAMED = re.compile(r"(?<![\w./*{}-])((?:[\w.-]+/)*[\w-]+\.md)(?:#([\w-]+))?\b(?!\()")
LINKED = re.compile(r"\]\(((?:[\w.-]+/)*[\w-]+\.md)(?:#([\w-]+))?\)")
SUFFIXES = {".py", ".sql", ".yml", ".yaml", ".md", ".toml", ".css"}
WRITTEN = {"DICTIONARY.md", "families/index.md"}
"""What `publish` and `report` make."""

HISTORY = "CHANGELOG.md"
"""Names pages as they were called then."""


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def places(file: Path, name: str) -> list[Path]:
    """Where a name may lead: from the repository, the file, the docs, the pages of the report."""
    folders = (REPOSITORY, file.parent, REPOSITORY / "docs", REPOSITORY / "analysis/report/pages")
    return [folder / name for folder in folders]


def missing(file: Path, text: str) -> list[str]:
    """The pages, and headings of pages, that a text names and that are not there."""
    found = []
    pattern = LINKED if file.suffix == ".md" else NAMED
    for name, anchor in pattern.findall(text):
        pages = [place for place in places(file, name) if place.is_file()]
        if name in WRITTEN:
            continue
        if not pages or (anchor and not any(anchor in anchors(page) for page in pages)):
            found.append(f"{name}#{anchor}" if anchor else name)
    return found


def mentioning() -> list[Path]:
    return [
        path
        for path in files()
        if path.suffix in SUFFIXES
        and path.name != HISTORY
        and "tests" not in path.relative_to(REPOSITORY).parts
    ]


@pytest.mark.parametrize("path", mentioning(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_page_that_is_named_is_there(path: Path) -> None:
    assert missing(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text", ["counts of nowhere.md 3.1", "(docs/definitions.md#no-such-heading)", "docs/gone.md"]
)
def test_a_page_that_is_not_there_is_found(text: str) -> None:
    assert missing(REPOSITORY / "macros/any.sql", text)


def test_a_heading_that_is_there_is_found() -> None:
    assert missing(REPOSITORY / "macros/any.sql", "docs/definitions.md#the-creation-floor") == []
