"""dbt's steps as its JSON log reports them: how many are done, and what runs now."""

from __future__ import annotations

import contextlib
import json
import sys

from hub_lineage.progress import Progress


class Steps:
    """Follows one run of dbt, line by line, in a `with`."""

    def __init__(self) -> None:
        self._shown = contextlib.ExitStack()
        self._progress: Progress | None = None

    def __enter__(self) -> Steps:
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.close()

    def note(self, line: str) -> None:
        """Read a line of dbt's output: show a step that begins or ends, and repeat a warning."""
        try:
            event = json.loads(line)
            info, data = event["info"], event["data"]
            name, level, message = info["name"], info["level"], info["msg"]
        except (ValueError, LookupError, TypeError):
            # Not a line of dbt's log, but the output of a library.
            print(line, end="", flush=True)
            return
        if name.startswith("LogHook"):
            return
        if name == "LogStartLine":
            self._begin(data)
        elif "index" in data and self._progress is not None:
            self._progress.advance()
        elif level == "warn":
            self._say(message)

    def _begin(self, data: dict) -> None:
        if self._progress is None:
            shown = Progress("build", data["total"], "steps", stream=sys.stdout)
            self._progress = self._shown.enter_context(shown)
        self._progress.advance(0, data["node_info"]["node_name"])

    def _say(self, line: str) -> None:
        if self._progress is None:
            print(line, flush=True)
        else:
            self._progress.say(line)
