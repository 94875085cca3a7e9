"""Measures a command: its seconds, CPU seconds and peak memory, in a process of its own.

If others use the machine as well, seconds say little. Linux counts how long each thread waited for
a core; from this the seconds are estimated that the command would take if a core were always free.
"""

import contextlib
import math
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_lineage.paths import PROJECT


class BenchError(Exception):
    """One line that says what went wrong."""


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    seconds: float
    cpu_seconds: float
    gigabytes: float
    """The largest resident set of the process, in 10^9 bytes."""
    free_seconds: float
    """The seconds it would have taken if each thread had always had a free core."""


def free_seconds(seconds: float, cpu_seconds: float, waited: float) -> float:
    """The elapsed seconds, reduced by the share of their time that threads waited for a core."""
    return seconds * cpu_seconds / (cpu_seconds + waited) if waited else seconds


def seconds_in_line(process: int | str = "self") -> dict[str, float]:
    """How long each thread of a process has waited for a core; empty if it is not counted."""
    waited = {}
    for task in Path(f"/proc/{process}/task").glob("*"):
        # A thread may end before its file is read.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            waited[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return waited


def cost_of(
    command: Sequence[str | Path],
    variables: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> Cost:
    """Run a command in the project's folder and measure it with all its children.

    Its output goes to the log. A BenchError with the log's last line if it fails.
    """
    variables = variables or {}
    output = log or Path(os.devnull)
    started = time.monotonic()
    with output.open("w") as file:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=PROJECT,
            env=os.environ | variables,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        ended, waited = 0, {}
        while not ended:
            waited |= seconds_in_line(process.pid)
            time.sleep(0.05)
            ended, status, usage = os.wait4(process.pid, os.WNOHANG)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - started
    if process.returncode:
        lines = output.read_text(errors="replace").strip().splitlines() or ["no output"]
        raise BenchError(f"{' '.join(map(str, command[:4]))} failed: {lines[-1]} (see {output})")
    # Linux counts kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    cpu_seconds = usage.ru_utime + usage.ru_stime
    free = free_seconds(seconds, cpu_seconds, sum(waited.values()))
    return Cost(seconds, cpu_seconds, usage.ru_maxrss * unit / 1e9, free)


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """The slope of log(cost) over log(size) by least squares; None with fewer than two sizes.

    1 is linear, 2 quadratic.
    """
    points = [(math.log(size), math.log(cost)) for size, cost in zip(sizes, costs, strict=True)]
    mean_x = sum(x for x, _ in points) / max(len(points), 1)
    mean_y = sum(y for _, y in points) / max(len(points), 1)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return None
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
