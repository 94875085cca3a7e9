"""Where the project lies, and which folders a command reads and writes."""

from __future__ import annotations

import importlib.metadata
import os
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
IS_INSTALLED = not (CHECKOUT / "dbt_project.yml").exists()

PROJECT = Path(__file__).resolve().parent / "project" if IS_INSTALLED else CHECKOUT
"""The dbt project: the checkout, or the copy that travels with the installed package."""


def folder_from(variable: str, default: str) -> Path:
    """The absolute path that an environment variable holds, or that of the default.

    Relative paths start at the checkout, or at the current folder if the package is installed.
    """
    start = Path.cwd() if IS_INSTALLED else CHECKOUT
    return Path(os.path.abspath(start / (os.environ.get(variable, "").strip() or default)))


def version() -> str:
    """The version of the software, from the installed package or the checkout."""
    if IS_INSTALLED:
        return importlib.metadata.version("hub_lineage")
    text = (CHECKOUT / "pyproject.toml").read_text("utf-8")
    return tomllib.loads(text)["project"]["version"]
