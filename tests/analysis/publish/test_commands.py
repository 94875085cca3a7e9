"""The commands of the README and of the pages for users, run as they are printed.

They run in a copy of the repository, against a fake Hub in place of the real one. What is not run
is listed with its reason; that it exists and takes its options is held by test_readme.py.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from loaders.simulator.fake_datasets import ARCHIVE, DUMP, Dataset, write_archive, write_dump
from loaders.simulator.fake_hub import FakeHub
from loaders.simulator.fake_models import Models
from support import REPOSITORY, slow_in_group

PAGES = (
    "README.md", "docs/queries.md", "docs/studies.md", "docs/report.md", "docs/own_data.md",
    "docs/publishing.md",
)  # fmt: skip
NOT_RUN = {
    "pip install": "installs from a package index",
    "make parity": "needs Java and an environment of its own; CI runs it",
    ".venv-spark/": "needs Java and an environment of its own; tests/parity runs it",
    "analysis calibrate": "takes minutes for each of many worlds; test_calibrating.py has fewer",
    "analysis register": "appends to the design; test_registration.py has a design of its own",
    "pytest": "runs tests such as these",
    "marimo": "serves until it is stopped; test_notebook.py runs the cells",
    "fake-hub": "serves until it is stopped; the fake Hub of these tests stands in for it",
    "dump.parquet": "stands for a file of the reader's own",
    "archive/models": "stands for files of the reader's own",
    "../shared/data": "a public set that lies elsewhere; tests/real_sets runs it",
}
"""Words in a command that is not run, and why."""


def lines() -> list[tuple[str, str]]:
    """Each command of the pages as a shell takes it, with its page, in order."""
    found = []
    for page in PAGES:
        text = (REPOSITORY / page).read_text(encoding="utf-8")
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            found += [(page, line) for line in block.replace("\\\n", " ").splitlines()]
    return [(page, line) for page, line in found if line.strip()]


def reason(line: str) -> str | None:
    """Why a command is not run; None if it is."""
    return next((why for words, why in NOT_RUN.items() if words in line), None)


def test_every_reason_is_that_of_a_command() -> None:
    assert {words for words in NOT_RUN if not any(words in line for _, line in lines())} == set()


def test_most_commands_are_run() -> None:
    assert sum(reason(line) is None for _, line in lines()) >= 15


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git has, with the environment of these tests as its own."""
    folder = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    environment = folder / ".venv"
    environment.mkdir()
    for path in Path(sys.prefix).iterdir():
        if not path.name.startswith("installed"):
            (environment / path.name).symlink_to(path)
    for path in (folder / "requirements").glob("*.txt"):
        (environment / f"installed-{path.stem}").touch()
    return folder


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A fake Hub with the archive and the dump."""
    folder = tmp_path_factory.mktemp("datasets")
    models = Models(1_000)
    write_archive(models, folder / "archive", 2)
    write_dump(models, folder / "dump")
    sets = [Dataset(ARCHIVE, folder / "archive"), Dataset(DUMP, folder / "dump")]
    with FakeHub(models, datasets=sets) as hub:
        yield hub.url


@slow_in_group("commands")
@pytest.mark.parametrize(
    ("page", "line"),
    [pair for pair in lines() if reason(pair[1]) is None],
    ids=[f"{page}: {line[:60]}" for page, line in lines() if reason(line) is None],
)
def test_a_command_works_as_it_is_printed(checkout, endpoint, page, line) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    finished = subprocess.run(
        ["bash", "-c", re.sub(r"http://127\.0\.0\.1:8765", endpoint, line)],
        cwd=checkout,
        env=kept | {"HF_ENDPOINT": endpoint, "HUB_SALT": "5f1d7a84c2e94b3bb0a6e8d97c3f2516"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-2_000:] + finished.stderr[-2_000:]
    assert "Traceback" not in finished.stderr
