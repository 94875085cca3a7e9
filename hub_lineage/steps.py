"""dbt's steps as they come out of its log in JSON: how many are done, and what runs now."""

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
        """Take a line of dbt's output: a step that begins or ends is shown, a warning is said."""
        try:
            event = json.loads(line)
            info, data = event["info"], event["data"]
            name, level, says = info["name"], info["level"], info["msg"]
        except (ValueError, LookupError, TypeError):
            # Not of dbt's log: a library has something to say.
            print(line, end="", flush=True)
            return
        if name.startswith("LogHook"):
            return
        if name == "LogStartLine":
            self._begun(data)
        elif "index" in data and self._progress is not None:
            self._progress.advance()
        elif level == "warn":
            self._say(says)

    def _begun(self, data: dict) -> None:
        if self._progress is None:
            shown = Progress("build", data["total"], "steps", stream=sys.stdout)
            self._progress = self._shown.enter_context(shown)
        self._progress.advance(0, data["node_info"]["node_name"])

    def _say(self, line: str) -> None:
        if self._progress is None:
            print(line, flush=True)
        else:
            self._progress.say(line)
