"""Commands run up to a step, and folders compared before and after."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from support import REPOSITORY

KILLED = -signal.SIGKILL


@dataclass
class Ended:
    """How a command ended: its exit code, what it said, how many operations it made."""

    code: int
    said: str
    operations: int

    @property
    def error(self) -> str:
        """The last line."""
        return self.said.splitlines()[-1] if self.said.strip() else ""


class Commands:
    """Runs commands in forks of one process that has loaded their modules."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("steps.py")],
            cwd=REPOSITORY,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        entry: str,
        *arguments: object,
        below: Path,
        at: int = 0,
        deed: str = "kill",
        **environment: object,
    ) -> Ended:
        """Run `module:function` with a command line; the deed is done at the `at`-th operation."""
        output, counted = self._folder / "output", self._folder / "counted"
        counted.write_text("0")
        request = {
            "entry": entry,
            "arguments": [entry, *map(str, arguments)],
            "environment": {name: str(value) for name, value in environment.items()},
            "folder": str(below),
            "at": at,
            "deed": deed,
            "output": str(output),
            "counted": str(counted),
        }
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        code = json.loads(self._server.stdout.readline())
        return Ended(code, output.read_text(errors="replace"), int(counted.read_text()))

    def close(self) -> None:
        """End the process."""
        self._server.stdin.close()
        self._server.wait()
        self._server.stdout.close()


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "HUB_", "HUGGING_FACE"))
    }
    return kept | {
        "HF_HOME": "/nonexistent",
        "PYTHONPATH": str(REPOSITORY),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def steps_to_try(operations: int, every: int, most: int) -> list[int]:
    """Every so many steps of a command; if they are more than `most`, its end and some before."""
    steps = list(range(1, operations + 1))[::every]
    if len(steps) <= most:
        return steps
    early, end = steps[: -most // 2], steps[-most // 2 :]
    return [*early[:: len(early) // (most // 2) + 1], *end]


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, hidden ones too, with the digest of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
