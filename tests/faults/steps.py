"""Runs a command up to its Nth file operation, where it is killed or finds the disk full.

    python steps.py          one request per line on stdin, one answer per line on stdout (JSON)

It loads the command's modules once and forks for each request, so that every step can be tried.
Operations are what Python tells its audit hooks of the files below one folder: opened, made,
renamed, linked, removed. What DuckDB writes by itself lies between two of them.
"""

import importlib
import json
import os
import signal
import sys
import traceback
from pathlib import Path

WATCHED = {
    "open": 1, "os.mkdir": 1, "os.rmdir": 1, "os.remove": 1, "os.truncate": 1, "os.rename": 2,
    "os.link": 2, "os.symlink": 2,
}  # fmt: skip
"""The events, each with the number of paths it begins with."""

TAKES_ROOM = {"os.mkdir", "os.link", "os.symlink"}
_FOLDER_AT = {"os.mkdir": 2, "os.rmdir": 1, "os.remove": 1, "os.rename": 2, "os.link": 2}
"""Where the events name the open folder that a relative path is meant from."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Steps:
    """Counts the operations below a folder, and does the deed at one of them."""

    def __init__(self, folder: str, at: int, deed: str) -> None:
        self.folder = os.path.realpath(folder)
        self.at = at
        self.deed = deed
        self.counted = 0

    def __call__(self, event: str, arguments: tuple) -> None:
        if event not in WATCHED or not self._is_below(event, arguments):
            return
        self.counted += 1
        if not self.at or self.counted < self.at:
            return
        if self.deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        is_writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if is_writing or event in TAKES_ROOM:
            raise OSError(28, "No space left on device", str(arguments[0]))

    def _is_below(self, event: str, arguments: tuple) -> bool:
        paths = [path for path in arguments[: WATCHED[event]] if isinstance(path, str | bytes)]
        return any(
            self._absolute(event, arguments, os.fsdecode(path)).startswith(self.folder)
            for path in paths
        )

    def _absolute(self, event: str, arguments: tuple, path: str) -> str:
        if os.path.isabs(path):
            return path
        number = arguments[_FOLDER_AT[event]] if event in _FOLDER_AT else -1
        folder = os.readlink(f"/proc/self/fd/{number}") if number >= 0 else os.getcwd()
        return os.path.join(folder, path)


def run(request: dict) -> None:
    """Carry out one request in this process, and leave its account in a file."""
    os.environ.update(request["environment"])
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = request["arguments"]
    module, _, function = request["entry"].partition(":")
    main = getattr(importlib.import_module(module), function)
    steps = Steps(request["folder"], request["at"], request["deed"])
    sys.addaudithook(steps)
    code = 1
    try:
        code = main() or 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 2
    except BaseException:
        traceback.print_exc()
    finally:
        steps.at = 0
        sys.stdout.flush()
        sys.stderr.flush()
        Path(request["counted"]).write_text(str(steps.counted))
        os._exit(code)


def serve() -> None:
    """Answer requests until there are no more."""
    for line in sys.stdin:
        request = json.loads(line)
        importlib.import_module(request["entry"].partition(":")[0])
        child = os.fork()
        if not child:
            run(request)
        _, status = os.waitpid(child, 0)
        print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)


if __name__ == "__main__":
    serve()
