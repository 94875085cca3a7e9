"""What a crawl shows while it runs: a bar on a terminal, occasional lines elsewhere."""

import contextlib
import sys
import time
from typing import TextIO

from tqdm import tqdm

LINES_EVERY_PAGES = 25
_SHORT_WAIT = 0.5


class Progress:
    """Counts models on stderr, and says what the crawl is waiting for."""

    def __init__(self, landed: int, expected: int | None, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._first = self._landed = landed
        self._expected = expected
        self._pages = 0
        self._started = time.monotonic()
        self._bar = None
        if self._stream.isatty():
            self._bar = tqdm(
                total=expected,
                initial=landed,
                unit=" models",
                unit_scale=True,
                dynamic_ncols=True,
                file=self._stream,
            )

    def page(self, number: int, landed: int) -> None:
        """Note a page: its number in the listing and the models so far."""
        if self._bar is not None:
            with contextlib.suppress(OSError):
                self._bar.set_postfix_str(f"page {number:,}", refresh=False)
                self._bar.update(landed - self._landed)
        self._landed = landed
        self._pages += 1
        if self._bar is None and self._pages % LINES_EVERY_PAGES == 0:
            share = f" of about {self._expected:,}" if self._expected else ""
            seconds = max(time.monotonic() - self._started, 1e-9)
            speed = (landed - self._first) / seconds
            self.say(f"page {number:,}: {landed:,} models{share}, {speed:,.0f} a second")

    def waiting(self, seconds: float, reason: str) -> None:
        """Say why nothing happens for a while."""
        if seconds < _SHORT_WAIT:
            return
        self.say(f"waiting {seconds:,.0f} s: {reason}")

    def say(self, line: str) -> None:
        """Write a line, above the bar if there is one; a closed stream does not stop the crawl."""
        with contextlib.suppress(OSError):
            if self._bar is not None:
                self._bar.write(line, file=self._stream)
            else:
                print(line, file=self._stream, flush=True)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            with contextlib.suppress(OSError):
                self._bar.close()
