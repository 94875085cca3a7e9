"""No file names a machine, a person's folder or a package index."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from support import REPOSITORY

SKIPPED = {".git", ".venv", ".hypothesis", ".pytest_cache", ".ruff_cache", "__pycache__"}
MADE = {"target", "logs", "exports", "results", "work"}
TEXT = {
    "", ".cfg", ".cff", ".csv", ".css", ".html", ".ini", ".js", ".json", ".md", ".py", ".sh",
    ".sql", ".sqlfluff", ".toml", ".txt", ".yaml", ".yml",
}  # fmt: skip

# Spelled in pieces, so that this file does not find itself.
FOLDERS = [
    "/" + "home/[a-z]",
    "/" + "Users/[A-Za-z]",
    "/" + "root/",
    "/" + "tmp/[a-z]",
    "[A-Z]:" + r"\\(Users|Documents)",
]
PATHS = [*FOLDERS, "/" + "work/(main|shared|\\.library)"]
CLAIMED = (
    "loaders/simulator/drawing.py",
    "loaders/simulator/planted_models.py",
    "models/intermediate/claims/_claims__unit_tests.yml",
    "tests/oracles/",
    "tests/loaders/simulator/",
)
"""Files about cards that give a folder of their author's machine as the parent of a model."""

HOSTS = [
    "pypi" + r"\.org",
    "files\\.python" + "hosted",
    "npm" + "js\\.org",
    "(index|extra-index|find-links)" + "-url",
    "trusted" + "-host [a-z0-9]",
    "local" + "host:[0-9]{4}",
]


def files() -> list[Path]:
    """The files of the repository: those git knows or would take, else all but what is made."""
    if (REPOSITORY / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split("\0")
        found = [REPOSITORY / name for name in listed if name]
    else:
        found = [
            path
            for path in REPOSITORY.rglob("*")
            if not (SKIPPED | MADE) & set(path.relative_to(REPOSITORY).parts)
        ]
    return sorted(path for path in found if path.is_file() and path.suffix in TEXT)


def mentions(patterns: list[str], text: str) -> list[str]:
    return [found.group() for pattern in patterns for found in re.finditer(pattern, text)]


def test_no_file_names_a_machine_or_a_package_index():
    found = {}
    for path in files():
        text = path.read_text(encoding="utf-8", errors="replace")
        name = path.relative_to(REPOSITORY).as_posix()
        named = set(mentions(PATHS + HOSTS, text))
        if name.startswith(CLAIMED):
            named -= set(mentions(FOLDERS, text))
        if named:
            found[name] = sorted(named)
    # pip-compile is told to leave them out.
    assert found.pop("Makefile", []) in ([], ["index" + "-url"])
    assert found == {}


@pytest.mark.parametrize(
    "text", ["see /" + "home/ada/x", "--index" + "-url https://a.b", "https://pypi" + ".org/simple"]
)
def test_a_machine_is_found(text):
    assert mentions(PATHS + HOSTS, text)


LOCKS = ["requirements/checks.txt", "requirements/spark.txt"]


@pytest.mark.parametrize("lock", [*LOCKS, "requirements/lake.txt"])
def test_requirements_are_pinned_and_name_no_index(lock):
    lines = (REPOSITORY / lock).read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line and not line.lstrip().startswith("#"):
            assert re.match(r"[a-z0-9][a-z0-9._\[\]-]*==[0-9]\S* |    --hash=", line), line
    assert not mentions(HOSTS, "\n".join(lines))


def pins(lock: str) -> dict[str, str]:
    text = (REPOSITORY / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[\S*\])?==(\S+)", text, re.M))


def test_both_locks_hold_the_same_versions():
    plain, spark = map(pins, LOCKS)
    both = plain.keys() & spark.keys()
    assert {"dbt-core", "duckdb", "pytest"} <= both
    assert {name: plain[name] for name in both} == {name: spark[name] for name in both}


def test_files_were_looked_at():
    names = {str(path.relative_to(REPOSITORY)) for path in files()}
    assert {"build.py", "dbt_project.yml", "models/marts/hub_models.sql"} <= names
