"""Measures the build on one core and on more, and its statements with one thread and with more."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.builds import build, costs_of_statements
from bench.landings import SMALLEST, make_landing
from bench.measuring import BenchError


@contextmanager
def limited_to(n_cores: int) -> Iterator[None]:
    """Limit this process and its children to a number of cores."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:n_cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def cores(folder: Path, n_models: int, memory: str, threads: Sequence[int]) -> dict:
    """Measure builds on each number of cores that exists, and statements with each of `threads`.

    If there are more threads than cores they take turns; `free_seconds` do not count the waiting.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise BenchError("the cores of a process can be limited on Linux only")
    place = folder / "build-cores"
    builds = []
    for n_cores in threads:
        if n_cores > len(os.sched_getaffinity(0)):
            continue
        with limited_to(n_cores):
            for size in sorted({SMALLEST, n_models}):
                cost = build(make_landing(folder / f"landing-{size}", size), place, memory)
                # With fewer cores than threads, its own threads wait for each other.
                free = max(cost.free_seconds, cost.cpu_seconds / n_cores)
                about = {"models_drawn": size, "cores": n_cores}
                builds.append(about | asdict(cost) | {"free_seconds": free})
    statements = [
        {"threads": n_threads, "statements": costs_of_statements(place, n_threads)}
        for n_threads in threads
    ]
    return {"models_drawn": n_models, "builds": builds, "statements": statements}
