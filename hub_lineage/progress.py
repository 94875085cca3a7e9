"""What a command shows while it runs: a bar on a terminal, an occasional line elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm

SECONDS_BETWEEN_LINES = 10.0
_FORMAT = "{desc}: {n_fmt} of {total_fmt} {unit} |{bar}| {elapsed}, {remaining} left{postfix}"


class Progress:
    """Counts finished units, in a `with`; a closed stream does not stop the command.

    done, total: how many units, so far and in all.
    """

    def __init__(
        self,
        what: str,
        total: int,
        unit: str,
        *,
        scaled: bool = False,
        stream: TextIO | None = None,
        is_quiet: bool = False,
    ) -> None:
        """`what` is done to `total` units; `scaled` writes 1.2G for a count of bytes.

        stream: where it is shown; stderr unless the command writes everything to stdout.
        is_quiet: nothing is shown at all.
        """
        self._what, self.total, self._unit = what, total, unit
        self._stream = stream or sys.stderr
        self._scaled = scaled
        self._is_quiet = is_quiet
        self.done = 0
        self._now = ""
        self._started = self._last_line = time.monotonic()
        self._bar = None
        if self._stream.isatty() and not is_quiet:
            self._bar = tqdm(
                desc=what, total=total, unit=unit, unit_scale=scaled, dynamic_ncols=True,
                leave=False, file=self._stream, bar_format=_FORMAT, mininterval=0,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def expect(self, more: int) -> None:
        """Add so many units to the total."""
        self.total += more
        if self._bar is not None:
            self._bar.total = self.total

    def advance(self, done: int = 1, now: str | None = None) -> None:
        """Note that so many more units are done, and what runs now."""
        self.done += done
        self._now = self._now if now is None else now
        with contextlib.suppress(OSError):
            if self._bar is not None:
                self._bar.set_postfix_str(self._now, refresh=False)
                self._bar.update(done)
            elif time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
                self._line()

    def say(self, line: str) -> None:
        """Write a line, above the bar if there is one."""
        if self._is_quiet:
            return
        with contextlib.suppress(OSError):
            if self._bar is not None:
                self._bar.write(line, file=self._stream)
            else:
                print(line, file=self._stream, flush=True)

    def announce(self, seconds: float) -> None:
        """Say beforehand how long all of it will take."""
        self.say(f"{self._what}: {about(seconds)} on a free core")

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            with contextlib.suppress(OSError):
                self._bar.close()

    def _line(self) -> None:
        self._last_line = time.monotonic()
        now = f"; now {self._now}" if self._now else ""
        self.say(
            f"{self._what}: {self._count(self.done)} of {self._count(self.total)} {self._unit}, "
            f"{self._last_line - self._started:,.0f} s{now}"
        )

    def _count(self, number: int) -> str:
        return tqdm.format_sizeof(number) if self._scaled else f"{number:,}"


def nothing_shown() -> Progress:
    """A progress that shows nothing."""
    return Progress("", 0, "", is_quiet=True)


def about(seconds: float) -> str:
    """An estimated time in words, rounded as far as the estimate is good."""
    if seconds < 10:
        return "less than 10 s"
    if seconds < 100:
        return f"about {round(seconds, -1):.0f} s"
    if seconds < 100 * 60:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.0f} h"
