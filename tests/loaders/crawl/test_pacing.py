"""The arithmetic of waiting."""

import os
import signal
import time

import pytest

from loaders.crawl import pacing
from loaders.crawl.pacing import Clock, Overdue, Pacer, Stopped, StopSwitch, retry_wait


def limits(left: int, seconds: int, quota: int | None = 500) -> dict[str, str]:
    headers = {"ratelimit": f'"api";r={left};t={seconds}'}
    policy = {"ratelimit-policy": f'"fixed window";"api";q={quota};w=300'}
    return headers | (policy if quota else {})


@pytest.mark.parametrize(
    ("share", "left", "wait"),
    [(1, 1, 0), (1, 0, 43), (0.8, 101, 0), (0.8, 100, 43), (0.5, 251, 0), (0.5, 250, 43),
     (0.1, 450, 43), (0.1, 451, 0)],
)  # fmt: skip
def test_the_crawl_rests_when_its_share_is_used(share: float, left: int, wait: float) -> None:
    assert Pacer(share).wait_after(limits(left, 42)) == wait


def test_a_service_without_limits_is_not_waited_for() -> None:
    assert Pacer(0.5).wait_after({}) == 0
    assert Pacer(0.5).wait_after({"ratelimit": "what?"}) == 0


def test_an_unnamed_quota_is_what_was_left_at_most() -> None:
    pacer = Pacer(0.5)
    assert pacer.wait_after(limits(400, 9, quota=None)) == 0
    assert pacer.wait_after(limits(201, 9, quota=None)) == 0
    assert pacer.wait_after(limits(200, 9, quota=None)) == 10


@pytest.mark.parametrize(
    ("failures", "status", "headers", "wait"),
    [
        (1, 429, limits(0, 2), 3), (1, 429, limits(7, 200), 1), (3, 503, {}, 4), (9, None, {}, 8),
        (1, 503, {"retry-after": "1"}, 2), (2, 429, {"retry-after": "Wed, 21 Oct 2015"}, 2),
        (1, 503, limits(0, 200), 1), (1, 429, {"retry-after": "٣"}, 1),
    ],
)  # fmt: skip
def test_waits_before_a_retry(failures: int, status: int, headers: dict, wait: float) -> None:
    assert retry_wait(failures, status, headers) == wait


def test_no_header_makes_it_sleep_for_ever(waits) -> None:
    Clock(StopSwitch()).wait(retry_wait(1, 429, {"retry-after": "9" * 5_000}), "a bad joke")
    assert sum(waits) == pytest.approx(pacing.LONGEST_WAIT)


def test_a_signal_ends_a_wait() -> None:
    switch = StopSwitch()
    before = signal.getsignal(signal.SIGTERM)
    with switch.installed():
        os.kill(os.getpid(), signal.SIGTERM)
        began = time.monotonic()
        with pytest.raises(Stopped):
            Clock(switch).wait(30, "nothing")
    assert time.monotonic() - began < 1
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_ends_a_request_but_not_a_commit() -> None:
    # where the tests run in the background, SIGINT is ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        _end_a_request_but_not_a_commit(StopSwitch())
    finally:
        signal.signal(signal.SIGINT, before)


def _end_a_request_but_not_a_commit(switch: StopSwitch) -> None:
    with switch.installed():
        with pytest.raises(Stopped), switch.interruptible():
            signal.raise_signal(signal.SIGINT)
        switch.is_requested = False
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)  # no exception: outside of a request the signal is only noted
        assert switch.is_requested


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    """`nohup`, and a shell's own background jobs, are meant to survive it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        switch = StopSwitch()
        with switch.installed(), switch.interruptible():
            signal.raise_signal(signal.SIGHUP)
        assert not switch.is_requested
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_request_ends_when_its_time_is_over() -> None:
    switch = StopSwitch()
    began = time.monotonic()
    with switch.installed():
        with pytest.raises(Overdue), switch.interruptible(0.1):
            time.sleep(5)
        with switch.interruptible(0.1):
            pass
        time.sleep(0.2)  # no exception: the clock stops with the request
    assert time.monotonic() - began < 2
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_without_signals_there_is_no_clock() -> None:
    """Whoever uses the listing as a library keeps his signals and his own alarm."""
    before = signal.getsignal(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, 600)
    try:
        with StopSwitch().interruptible(0.01):
            time.sleep(0.05)
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 500
        assert signal.getsignal(signal.SIGALRM) == before
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
