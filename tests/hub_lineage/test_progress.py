"""What a command shows while it runs: a bar on a terminal, lines anywhere else."""

import io
import json
import os
import pty
import sys
import termios

import pytest

from hub_lineage import progress
from hub_lineage.progress import Progress, about
from hub_lineage.steps import Steps


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that a test moves."""
    seconds = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: seconds[0])
    return seconds


def test_where_no_terminal_is_there_is_a_line_every_ten_seconds(capsys, clock) -> None:
    with Progress("build", 1_200, "steps") as shown:
        for second in range(25):
            clock[0] = float(second)
            shown.advance(40, f"model {second}")
    assert capsys.readouterr().err.splitlines() == [
        "build: 440 of 1,200 steps, 10 s; now model 10",
        "build: 840 of 1,200 steps, 20 s; now model 20",
    ]


def test_bytes_are_counted_in_short(capsys, clock) -> None:
    with Progress("fetched", 2_000_000_000, "B", scaled=True) as shown:
        clock[0] = 11.0
        shown.advance(500_000_000)
    assert capsys.readouterr().err == "fetched: 500M of 2.00G B, 11 s\n"


def test_what_takes_no_time_is_not_shown(capsys, clock) -> None:
    with Progress("build", 3, "steps") as shown:
        shown.advance(3)
    assert capsys.readouterr().err == ""


def test_what_is_known_later_is_added(capsys, clock) -> None:
    with Progress("estimates", 0, "draws") as shown:
        shown.expect(60)
        shown.expect(40)
        clock[0] = 11.0
        shown.advance(1, "no_effect")
    assert capsys.readouterr().err == "estimates: 1 of 100 draws, 11 s; now no_effect\n"


def test_a_quiet_one_counts_and_shows_nothing(capsys, clock) -> None:
    with Progress("report", 3, "steps", is_quiet=True) as shown:
        clock[0] = 11.0
        shown.advance(2)
        shown.say("hello")
    assert (shown.done, shown.total) == (2, 3)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (4, "less than 10 s"), (38, "about 40 s"), (99, "about 100 s"), (150, "about 2 min"),
        (3_000, "about 50 min"), (9_000, "about 2 h"),
    ],
)  # fmt: skip
def test_a_time_to_wait_is_told_as_well_as_it_is_known(seconds, said) -> None:
    assert about(seconds) == said


def test_that_nobody_reads_it_ends_nothing(clock) -> None:
    stream = io.TextIOWrapper(io.BufferedWriter(Broken(), buffer_size=1))
    with Progress("build", 3, "steps", stream=stream) as shown:
        clock[0] = 11.0
        shown.advance()
        shown.say("hello")


class Broken(io.RawIOBase):
    """A pipe whose reader has gone."""

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:
        raise BrokenPipeError


def test_on_a_terminal_there_is_a_bar() -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    with os.fdopen(theirs, "w") as terminal, Progress("build", 4, "steps", stream=terminal) as bar:
        bar.advance(3, "crowding")
        bar.say("a line above it")
        drawn = ""
        # A terminal hands on what has come so far, not what was written at once.
        while "crowding" not in drawn:
            drawn += os.read(ours, 10_000).decode()
    os.close(ours)
    assert "build: 3 of 4 steps" in drawn
    assert "crowding" in drawn


def event(name: str, level: str = "info", msg: str = "", **data: object) -> str:
    return json.dumps({"info": {"name": name, "level": level, "msg": msg}, "data": data}) + "\n"


def test_steps_of_dbt_are_counted_and_the_one_that_runs_is_named(capsys, clock) -> None:
    with Steps() as steps:
        steps.note(event("LogHookStartLine", index=1, total=3))
        steps.note(event("LogStartLine", index=1, total=8, node_info={"node_name": "items"}))
        steps.note(event("LogModelResult", index=1, total=8, node_info={"node_name": "items"}))
        steps.note(event("LogStartLine", index=2, total=8, node_info={"node_name": "is_unique"}))
        steps.note(event("LogTestResult", index=2, num_models=8))
        clock[0] = 12.0
        steps.note(event("LogStartLine", index=3, total=8, node_info={"node_name": "claims"}))
    assert capsys.readouterr().out == "build: 2 of 8 steps, 12 s; now claims\n"


def test_warnings_of_dbt_and_words_of_others_are_passed_on(capsys) -> None:
    with Steps() as steps:
        steps.note(event("Deprecation", "warn", "mind the gap"))
        steps.note("a library says this\n")
        steps.note(event("Formatting"))
        steps.note('{"no": "event"}\n')
    out = capsys.readouterr().out
    assert out == 'mind the gap\na library says this\n{"no": "event"}\n'


def test_the_stream_is_the_one_of_the_moment(capsys, clock) -> None:
    with Progress("x", 2, "y", stream=sys.stdout) as shown:
        clock[0] = 10.0
        shown.advance()
    assert capsys.readouterr().out == "x: 1 of 2 y, 10 s\n"
