"""The timing of requests: the service's rate limit, the waits between retries, and how to stop."""

import contextlib
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from huggingface_hub.utils import RateLimitInfo, parse_ratelimit_headers

sleep = time.sleep

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
LONGEST_BACKOFF = 8
LONGEST_WAIT = 3600
"""Whatever a header says, a crawl never sleeps longer than this many seconds at a time."""

_SLICE = 0.2


class Stopped(BaseException):
    """A signal asked the crawl to stop; like KeyboardInterrupt this is not an error."""


class Overdue(BaseException):
    """A request has used up its time; a BaseException, so that no client code catches it."""


class StopSwitch:
    """Makes SIGINT, SIGTERM and SIGHUP stop the crawl at the next point where stopping is safe.

    A signal ends a request or a wait at once. While a part is being written it is only noted.
    """

    def __init__(self) -> None:
        self.is_requested = False
        self._is_open = False
        self._is_installed = False

    @contextlib.contextmanager
    def installed(self) -> Iterator["StopSwitch"]:
        """Handle signals inside the block; afterwards the previous handlers are restored.

        A signal that was ignored before, as under `nohup`, stays ignored.
        """
        before = {
            number: signal.signal(number, self._answer)
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if signal.getsignal(number) != signal.SIG_IGN
        }
        before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._ring)
        self._is_installed = True
        try:
            yield self
        finally:
            self._is_installed = False
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextlib.contextmanager
    def interruptible(self, seconds: float | None = None) -> Iterator[None]:
        """Raise Stopped in the block when a signal comes, and Overdue after so many seconds.

        The client's own timeout only limits the silence between two bytes; a service that sends a
        byte now and then, in a body or in the headers, needs a limit on the whole time.
        """
        timed = seconds if self._is_installed else None
        self._is_open = True
        try:
            self.check()
            if timed is not None:
                # repeatedly: an exception raised inside a finalizer would be swallowed
                signal.setitimer(signal.ITIMER_REAL, timed, 1.0)
            yield
        finally:
            self._is_open = False
            if timed is not None:
                signal.setitimer(signal.ITIMER_REAL, 0)

    def check(self) -> None:
        """Raise Stopped if a signal has come."""
        if self.is_requested:
            raise Stopped

    def _answer(self, number: int, frame: object) -> None:
        # the flag too: an exception raised inside a finalizer would be swallowed
        self.is_requested = True
        if self._is_open:
            self._is_open = False
            raise Stopped

    def _ring(self, number: int, frame: object) -> None:
        if self._is_open:
            raise Overdue


@dataclass
class Counters:
    """Counts of the requests sent to the service."""

    requests: int = 0
    retries: int = 0
    rate_limited: int = 0
    seconds_waited: float = 0.0
    masked: int = 0
    """Answers that repeated the token, which was masked in them."""


@dataclass
class Clock:
    """Waits, shows what it is waiting for, and ends a wait when the crawl is stopped."""

    switch: StopSwitch
    counters: Counters = field(default_factory=Counters)
    show: Callable[[float, str], None] = lambda seconds, reason: None

    def wait(self, seconds: float, reason: str) -> None:
        """Sleep; Stopped if a signal comes meanwhile."""
        seconds = min(seconds, LONGEST_WAIT)
        self.show(seconds, reason)
        left = seconds
        while left > 0:
            self.switch.check()
            nap = min(left, _SLICE)
            sleep(nap)
            left -= nap
            self.counters.seconds_waited += nap
        self.switch.check()


@dataclass
class Pacer:
    """Keeps the crawl to its share of the quota, of which the service says how much is left."""

    share: float
    limit: RateLimitInfo | None = None
    """What the last good answer said about the quota."""
    _quota: int = 0

    def wait_after(self, headers: Mapping[str, str]) -> float:
        """Return the seconds until the next request may go out after a good answer."""
        self.limit = limit = parse_ratelimit_headers(headers)
        if limit is None:
            return 0.0
        # Without a named quota, it is at least the largest remainder seen so far.
        self._quota = limit.limit or max(self._quota, limit.remaining)
        reserve = math.ceil(self._quota * (1 - self.share) - 1e-9)
        return limit.reset_in_seconds + 1.0 if limit.remaining <= reserve else 0.0


def retry_wait(failures: int, status: int | None, headers: Mapping[str, str]) -> float:
    """Return the seconds before the next try, by the rules of huggingface_hub's http_backoff.

    The quota's reset if it is used up, else Retry-After in seconds, else 1, 2, 4, 8, 8.
    """
    limit: RateLimitInfo | None = parse_ratelimit_headers(headers) if status == 429 else None
    if limit is not None and limit.remaining == 0:
        return limit.reset_in_seconds + 1.0
    retry_after = headers.get("retry-after", "").strip()
    if status is not None and retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:9]) + 1.0
    return float(min(LONGEST_BACKOFF, 2 ** (failures - 1)))
