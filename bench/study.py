"""Measures each specification of the studies: its CPU seconds and its peak memory.

    python -m bench.study --models N ...                 draw, build and run at each size; a table
    python -m bench.study --exports FOLDER --results FOLDER    on existing exports; JSON

CPU seconds are the process's, including the threads of libraries. The peak is the largest resident
set while the specification ran: Linux can reset it before each, elsewhere it only grows.
"""

import argparse
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
from bench.report import study_table

STUDIES = [40_000, 250_000, 1_000_000]
"""The sizes of the landings on which the specifications are measured."""

CURVES = ("recognition_curve", "disruption_curve", "data_curve")


def costs_of_specifications(exports: Path, results: Path) -> list[dict]:
    """Run all specifications once; return a row for each, each curve and each other step."""
    rows: list[dict] = []

    def measured(name_of: Callable, function: Callable) -> Callable:
        def run(*arguments, **options):
            reset_peak()
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
    steps = {
        "open_exports": "opening the exports",
        "curve_inference": "inference for the curves",
        "write": "claims, tables and figures",
    }
    for name, label in steps.items():
        setattr(running, name, measured(lambda *_, label=label: label, getattr(running, name)))
    running.run(exports, results)
    return rows


def reset_peak() -> None:
    """Reset the largest resident set, if the system can."""
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
    """Draw a Hub, build its marts, and run the studies on them; return their costs."""
    place = folder / f"study-{n_models}"
    landing = make_landing(folder / f"landing-{n_models}", n_models)
    place.mkdir(parents=True, exist_ok=True)
    variables = {
        "HUB_LANDING": str(landing),
        "HUB_DATABASE": str(place / "hub.duckdb"),
        "HUB_EXPORTS": str(place / "exports"),
    }
    cost_of([sys.executable, "build.py"], variables, place / "build.log")
    command = [sys.executable, "-m", "bench.study"]
    command += ["--exports", place / "exports", "--results", place / "results"]
    finished = subprocess.run(
        command, cwd=PROJECT, check=False, capture_output=True, text=True,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    if finished.returncode:
        raise BenchError(f"bench.study: {finished.stderr.strip().splitlines()[-1]}")
    shutil.rmtree(place)
    return {"models_drawn": n_models, "specifications": json.loads(finished.stdout)}


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of one command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.study", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument(
        "--models", type=int, nargs="+", default=STUDIES, metavar="N",
        help="sizes of the landings to draw, in models (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--most", type=int, default=20, help="rows of the table (%(default)s)")
    parser.add_argument("--folder", type=Path, default=Path("results/bench"), help="workplace")
    parser.add_argument(
        "--exports", type=Path, metavar="FOLDER", help="existing exports, instead of drawing"
    )
    parser.add_argument(
        "--results", type=Path, metavar="FOLDER", help="folder for the results on these exports"
    )
    options = parser.parse_args(arguments)
    if (options.exports is None) != (options.results is None):
        parser.error("--exports and --results must be given together")
    return options


def main(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    options = parse(arguments)
    if options.exports:
        print(json.dumps(costs_of_specifications(options.exports, options.results)))
        return 0
    folder = options.folder.resolve()
    try:
        measured = [study(folder, size) for size in sorted(options.models)]
    except (BenchError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(study_table({"study": measured}, options.most))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
