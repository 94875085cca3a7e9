"""Fixtures of the fault harness: commands that stop at a step, a small disk."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import Commands

from loaders.simulator.fake_hub import FakeHub
from loaders.simulator.fake_models import Models


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[Commands]:
    """Commands in forks of one process."""
    folder = tmp_path / "commands"
    folder.mkdir()
    made = Commands(folder)
    yield made
    made.close()


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A fake Hub with 900 models."""
    with FakeHub(Models(900)) as service:
        yield service


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A file system of its own: `small_disk("300k")` makes it, called again it changes its size."""
    folder = tmp_path / "disk"

    def _small_disk(size: str) -> Path:
        options = f"size={size}" + (",remount" if folder.exists() else "")
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        try:
            mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("there is no mount command")
        if mounted.returncode:
            folder.rmdir()
            pytest.skip(f"no small disk can be had here: {mounted.stderr.strip()}")
        return folder

    yield _small_disk
    if folder.exists():
        subprocess.run(["umount", str(folder)], check=True)
