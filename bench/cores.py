"""The build on one core and on more, and its statements with one thread and with more."""

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
    """Keep this process, and what it starts, to so many cores."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[:n_cores])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def cores(folder: Path, n_models: int, memory: str, threads: Sequence[int]) -> dict:
    """Builds on as many cores as there are of `threads`, statements with each of them.

    Threads beyond the cores take turns, and `free_seconds` leave out that they wait.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise BenchError("cores can be kept from a process on Linux only")
    place = folder / "build-cores"
    builds = []
    for n_cores in threads:
        if n_cores > len(os.sched_getaffinity(0)):
            continue
        with limited_to(n_cores):
            for size in sorted({SMALLEST, n_models}):
                cost = build(make_landing(folder / f"landing-{size}", size), place, memory)
                # Its own threads wait for each other where there are fewer cores than threads.
                free = max(cost.free_seconds, cost.cpu_seconds / n_cores)
                about = {"models_drawn": size, "cores": n_cores}
                builds.append(about | asdict(cost) | {"free_seconds": free})
    statements = [
        {"threads": n_threads, "statements": costs_of_statements(place, n_threads)}
        for n_threads in threads
    ]
    return {"models_drawn": n_models, "builds": builds, "statements": statements}
