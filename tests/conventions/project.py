"""The project as files: its models, its YAML, what it says of each."""

import functools
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from support import REPOSITORY

FOLDERS = ("models", "seeds", "macros", "tests", "analysis/questions")
IGNORED = "tests/analysis/studies"
"""Data of the Python tests, which .dbtignore keeps from dbt."""


def yaml_files() -> list[Path]:
    """Every YAML that dbt reads for properties."""
    return sorted(
        path
        for folder in FOLDERS
        for suffix in ("yml", "yaml")
        for path in (REPOSITORY / folder).rglob(f"*.{suffix}")
        if not path.is_relative_to(REPOSITORY / IGNORED)
    )


def name(path: Path) -> str:
    return str(path.relative_to(REPOSITORY))


@functools.cache
def load(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def described(kind: str) -> dict[str, dict]:
    """All entries of one kind (`models`, `seeds`, `macros` ...) in all YAML files, by name."""
    return {
        entry["name"]: entry for path in yaml_files() for entry in (load(path) or {}).get(kind, [])
    }


@dataclass(frozen=True)
class Model:
    """A model's file and its entry in the YAML of the folder."""

    path: Path
    entry: dict = field(repr=False)

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def layer(self) -> str:
        return self.path.relative_to(REPOSITORY / "models").parts[0]

    @property
    def sql(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def code(self) -> str:
        """The SQL without its comments."""
        return "\n".join(line.split("--")[0].rstrip() for line in self.sql.splitlines())

    @property
    def columns(self) -> dict[str, dict]:
        return {column["name"]: column for column in self.entry.get("columns", [])}

    @property
    def grain(self) -> list[str]:
        return self.entry.get("config", {}).get("meta", {}).get("grain", [])


def models() -> list[Model]:
    entries = described("models")
    return [
        Model(path, entries.get(path.stem, {}))
        for path in sorted((REPOSITORY / "models").rglob("*.sql"))
    ]
