"""The layout: what stands below does not know what stands above it."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from support import REPOSITORY

ABOVE = {
    "hub_lineage": ("loaders", "analysis", "bench"),
    "loaders": ("analysis", "bench"),
    "loaders/landing": ("loaders.crawl", "loaders.imports", "loaders.simulator"),
    "loaders/crawl": ("loaders.imports", "loaders.simulator"),
    "loaders/imports": ("loaders.simulator",),
    "analysis": ("loaders", "bench"),
    "analysis/figures": ("analysis.studies", "analysis.report", "analysis.publish"),
    "analysis/studies": ("analysis.report", "analysis.publish"),
    "analysis/studies/estimation": (
        "analysis.studies.designs",
        "analysis.studies.null_worlds",
        "analysis.figures",
    ),
    "analysis/publish": ("analysis.report",),
    "analysis/report": ("analysis.publish",),
}
"""For each folder the packages that it must not import."""


def imported(path: Path) -> set[str]:
    """The modules that a file imports, each with the names taken from it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found


def upward(folder: str) -> list[str]:
    return [
        f"{path.relative_to(REPOSITORY)} imports {module}"
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        for module in sorted(imported(path))
        if any(module == above or module.startswith(f"{above}.") for above in ABOVE[folder])
    ]


@pytest.mark.parametrize("folder", ABOVE)
def test_no_import_runs_upward(folder: str) -> None:
    assert upward(folder) == []


def test_an_import_that_runs_upward_is_found(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def f():\n    from loaders.landing import growing\n")
    assert "loaders.landing.growing" in imported(path)


def test_no_module_name_has_two_meanings() -> None:
    modules = [
        path.stem
        for folder in ("hub_lineage", "loaders", "analysis", "bench")
        for path in (REPOSITORY / folder).rglob("*.py")
        if not path.stem.startswith("__")
    ]
    assert [name for name, count in Counter(modules).items() if count > 1] == []
