"""What each specification of the studies costs, on exports, in a process of their own.

    python -m bench.study EXPORTS RESULTS      JSON: one object per specification

CPU seconds are the process's, libraries' threads included. The peak is the largest resident set
while the specification ran: Linux forgets the one before on request, and elsewhere it only grows.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from analysis.studies import curves, running
from bench.landings import make_landing
from bench.measuring import PROJECT, BenchError, cost_of

CURVES = ("recognition_curve", "disruption_curve", "data_curve")


def costs_of_specifications(exports: Path, results: Path) -> list[dict]:
    """Run all specifications once; a row for each, for each curve, and for the writing."""
    rows: list[dict] = []

    def measured(name_of: Callable, function: Callable) -> Callable:
        def run(*arguments, **options):
            forget_the_peak()
            cpu, started = time.process_time(), time.monotonic()
            found = function(*arguments, **options)
            rows.append(
                {
                    "specification": name_of(*arguments),
                    "seconds": time.monotonic() - started,
                    "cpu_seconds": time.process_time() - cpu,
                    "gigabytes": peak_gigabytes(),
                }
            )
            return found

        return run

    running.results_of = measured(
        lambda context, specification: specification.specification_id, running.results_of
    )
    for name in CURVES:
        setattr(curves, name, measured(lambda *_, name=name: name, getattr(curves, name)))
    running.write = measured(lambda *_: "tables and figures", running.write)
    running.run(exports, results)
    return rows


def forget_the_peak() -> None:
    """Let the largest resident set start anew, where the system can."""
    path = Path("/proc/self/clear_refs")
    if path.exists():
        path.write_text("5")


def peak_gigabytes() -> float:
    """The largest resident set, in 10^9 bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e9


def study(folder: Path, n_models: int) -> dict:
    """Draw a Hub, build its marts, and run the studies on them; entrants and costs."""
    place = folder / f"study-{n_models}"
    landing = make_landing(folder / f"landing-{n_models}", n_models)
    place.mkdir(parents=True, exist_ok=True)
    variables = {
        "HUB_LANDING": str(landing),
        "HUB_DATABASE": str(place / "hub.duckdb"),
        "HUB_EXPORTS": str(place / "exports"),
    }
    cost_of([sys.executable, "build.py"], variables, place / "build.log")
    finished = subprocess.run(
        [sys.executable, "-m", "bench.study", place / "exports", place / "results"],
        cwd=PROJECT, check=False, capture_output=True, text=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    if finished.returncode:
        raise BenchError(f"bench.study: {finished.stderr.strip().splitlines()[-1]}")
    shutil.rmtree(place)
    return {"models_drawn": n_models, "specifications": json.loads(finished.stdout)}


if __name__ == "__main__":
    print(json.dumps(costs_of_specifications(Path(sys.argv[1]), Path(sys.argv[2]))))
