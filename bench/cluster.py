"""A Spark cluster of separate processes on this machine: build, kill a worker, compare.

A standalone master, workers with one core each, and a Connect server as the driver, all on the
loopback address. The marts are built on a generated Hub by DuckDB and by the cluster; Spark's event
log shows how the tasks spread; then the rows are compared. With --kill one worker and its executor
are killed (SIGKILL) in the middle of the build. Nothing restarts them.

    python -m bench.cluster --models 250000 --kill

Exit codes: 0 all rows are equal; 1 some differ, or the build failed; 2 something is not installed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.landings import make_landing
from bench.measuring import BenchError, cost_of
from hub_lineage.build import MODELS_AND_SEEDS
from hub_lineage.errors import SparkError
from hub_lineage.paths import PROJECT
from hub_lineage.spark.building import run_dbt
from hub_lineage.spark.comparing import compare_marts
from hub_lineage.spark.processes import HOST, connect_server, free_port, java, running

HALFWAY = "int_lineage_edges_resolved"
"""The table after which the worker is killed: two thirds of the dbt models are still to run."""
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.cluster",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", type=int, default=250_000, help="models to draw (%(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="workers (%(default)s)")
    parser.add_argument("--memory", default="2g", help="memory of each executor (%(default)s)")
    parser.add_argument("--driver-memory", default="2g", help="memory of the driver (%(default)s)")
    parser.add_argument("--kill", action="store_true", help="kill a worker in the middle")
    parser.add_argument(
        "--folder", type=Path, default=PROJECT / "results" / "cluster", help="workplace"
    )
    return parser


@dataclass
class Watched:
    """What a process and its children used, by /proc."""

    cpu_seconds: float = 0.0
    peak_gigabytes: float = 0.0


@dataclass
class Spread:
    """How a build spread over the executors, by Spark's event log."""

    jobs: int = 0
    stages: int = 0
    stages_retried: int = 0
    executors: dict[str, dict[str, float]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)


def run(options: argparse.Namespace) -> int:
    """Build on both engines, print and save the measurements; return 1 if any row differs."""
    java()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        landing = make_landing(folder / f"landing-{options.models}", options.models)
        exports, cost = on_duckdb(landing, folder / f"duckdb-{options.models}")
    except BenchError as error:
        raise SparkError(str(error)) from error
    place = folder / f"spark-{options.models}{'-killed' if options.kill else ''}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    measured = on_cluster(landing, place, options)
    compared = compare_marts(exports, place / "warehouse")
    result = {
        "models": options.models,
        "duckdb": cost,
        **measured,
        "spread": asdict(read_events(place / "events")),
        "marts": {
            comparison.mart: {
                "rows": comparison.n_rows,
                "differing": comparison.n_differing
                + comparison.n_missing_here
                + comparison.n_missing_there
                + len(comparison.faults),
            }
            for comparison in compared
        },
    }
    (place / "result.json").write_text(json.dumps(result, indent=2), encoding="utf-8")
    print(json.dumps(result, indent=2))
    print("\n".join(str(comparison) for comparison in compared))
    return int(not all(comparison.is_same for comparison in compared))


def on_duckdb(landing: Path, place: Path) -> tuple[Path, dict]:
    """Build with DuckDB, unless that was done before; return the exports and the build's cost."""
    kept = place / "cost.json"
    if not kept.exists():
        place.mkdir(parents=True, exist_ok=True)
        cost = cost_of(
            [sys.executable, PROJECT / "build.py", *MODELS_AND_SEEDS],
            {
                "HUB_LANDING": str(landing),
                "HUB_DATABASE": str(place / "hub_lineage.duckdb"),
                "HUB_EXPORTS": str(place / "exports"),
            },
            place / "build.log",
        )
        kept.write_text(json.dumps(asdict(cost)), encoding="utf-8")
    return place / "exports", json.loads(kept.read_text(encoding="utf-8"))


def on_cluster(landing: Path, place: Path, options: argparse.Namespace) -> dict:
    """Build on a cluster that is started for the build; return what its processes used."""
    (place / "events").mkdir()
    with contextlib.ExitStack() as stack:
        master, workers = stack.enter_context(standalone(place, options.workers, options.memory))
        settings = {
            "spark.driver.memory": options.driver_memory,
            "spark.executor.memory": options.memory,
            "spark.executor.cores": "1",
            "spark.sql.shuffle.partitions": str(2 * options.workers),
            # Otherwise executors on the same machine would read each other's files from disk.
            "spark.shuffle.readHostLocalDisk": "false",
            "spark.eventLog.enabled": "true",
            "spark.eventLog.compress": "false",
            "spark.eventLog.rolling.enabled": "false",
            "spark.eventLog.dir": str(place / "events"),
        }
        address = stack.enter_context(connect_server(place, settings, master))
        watcher = stack.enter_context(watching())
        killed: dict = {}
        if options.kill:
            victim = threading.Thread(
                target=kill_halfway, args=(place, workers[-1].pid, killed), daemon=True
            )
            victim.start()
        started = time.monotonic()
        run_dbt(landing, address, place, MODELS_AND_SEEDS)
        seconds = time.monotonic() - started
        if options.kill and not killed:
            raise SparkError("the build ended before the worker was killed")
    used = {role: asdict(watched) for role, watched in sorted(watcher.items())}
    return {
        "spark": {
            "seconds": round(seconds, 1),
            "cpu_seconds": round(sum(watched.cpu_seconds for watched in watcher.values()), 1),
            "processes": used,
        },
        "killed": killed,
    }


@contextlib.contextmanager
def standalone(place: Path, n_workers: int, memory: str) -> Iterator[tuple[str, list]]:
    """A master and its workers; the master's address and the workers' processes."""
    port = free_port()
    deploy = "org.apache.spark.deploy"
    with contextlib.ExitStack() as stack:
        command = ["spark-class", f"{deploy}.master.Master", "--host", HOST, "--port", port]
        command += ["--webui-port", free_port()]
        stack.enter_context(running(command, place / "master.log", port))
        workers = []
        for number in range(1, n_workers + 1):
            own = free_port()
            command = ["spark-class", f"{deploy}.worker.Worker", f"spark://{HOST}:{port}"]
            command += ["--host", HOST, "--port", own, "--cores", 1, "--memory", more_than(memory)]
            command += ["--work-dir", place / f"worker-{number}", "--webui-port", free_port()]
            log = place / f"worker-{number}.log"
            workers.append(stack.enter_context(running(command, log, own)))
        yield f"spark://{HOST}:{port}", workers


def more_than(memory: str) -> str:
    """The memory of a worker that fits one executor with Spark's overhead."""
    return f"{int(memory.removesuffix('g')) + 1}g"


def kill_halfway(place: Path, worker: int, killed: dict) -> None:
    """Kill a worker and its executor after a table in the middle of the build is complete."""
    table = place / "warehouse" / "intermediate.db" / HALFWAY / "_SUCCESS"
    while not table.exists():
        time.sleep(0.2)
    # During the next model, not between two models.
    time.sleep(3)
    victims = [worker, *children(worker)]
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    killed.update(processes=len(victims), after=HALFWAY)


# what the processes use


@contextlib.contextmanager
def watching() -> Iterator[dict[str, Watched]]:
    """Sum up, twice a second, what the descendants of this process use, by their role."""
    used: dict[str, Watched] = {}
    seen: dict[tuple[int, str], tuple[str, float]] = {}
    base: dict[tuple[int, str], float] = {}
    stopped = threading.Event()

    def look(is_first: bool = False) -> None:
        for pid in children(os.getpid()):
            with contextlib.suppress(OSError, IndexError, ValueError):
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
                cpu = (int(fields[11]) + int(fields[12])) / TICKS
                key = (pid, fields[19])
                if is_first:
                    base[key] = cpu
                role = role_of(command)
                seen[key] = (role, cpu - base.get(key, 0.0))
                watched = used.setdefault(role, Watched())
                size = int(fields[21]) * PAGE / 1e9
                watched.peak_gigabytes = max(watched.peak_gigabytes, round(size, 2))
        for role, watched in used.items():
            watched.cpu_seconds = round(sum(cpu for of, cpu in seen.values() if of == role), 1)

    def keep_looking() -> None:
        while not stopped.wait(0.5):
            look()

    look(is_first=True)
    thread = threading.Thread(target=keep_looking, daemon=True)
    thread.start()
    try:
        yield used
    finally:
        stopped.set()
        thread.join()
        look()


def role_of(command: str) -> str:
    """What a process does in the cluster, by its command line."""
    if "CoarseGrainedExecutorBackend" in command:
        number = command.partition("--executor-id ")[2].split(" ")[0]
        return f"executor {number}"
    for sign, role in (
        ("deploy.master.Master", "master"),
        ("deploy.worker.Worker", "workers"),
        ("SparkConnectServer", "driver"),
    ):
        if sign in command:
            return role
    return "dbt"


def children(pid: int) -> list[int]:
    """All descendants of a process."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        next_ones = parents.get(waiting.pop(), [])
        found += next_ones
        waiting += next_ones
    return found


# what Spark says about the build


def read_events(folder: Path) -> Spread:
    """How tasks, failures and shuffled bytes spread over the executors, from the event log."""
    spread = Spread()
    stages, retried = set(), set()
    for path in sorted(folder.iterdir()):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            kind = event["Event"]
            if kind == "SparkListenerTaskEnd":
                count_task(spread, event)
            elif kind == "SparkListenerStageCompleted":
                stage = event["Stage Info"]
                stages.add((stage["Stage ID"], stage["Stage Attempt ID"]))
                if stage["Stage Attempt ID"]:
                    retried.add(stage["Stage ID"])
            elif kind == "SparkListenerJobStart":
                spread.jobs += 1
            elif kind == "SparkListenerExecutorRemoved":
                spread.removed.append(f"{event['Executor ID']}: {event['Removed Reason'][:80]}")
    spread.stages, spread.stages_retried = len(stages), len(retried)
    return spread


def count_task(spread: Spread, event: dict) -> None:
    """Add a finished task to the counts of its executor."""
    info, metrics = event["Task Info"], event.get("Task Metrics") or {}
    shuffled = metrics.get("Shuffle Read Metrics") or {}
    counted = spread.executors.setdefault(
        info["Executor ID"],
        {
            "tasks": 0,
            "failed": 0,
            "cpu_seconds": 0.0,
            "cpu_seconds_repeated": 0.0,
            "megabytes_from_others": 0.0,
        },
    )
    counted["tasks"] += 1
    counted["failed"] += bool(info["Failed"] or info["Killed"])
    cpu = metrics.get("Executor CPU Time", 0) / 1e9
    counted["cpu_seconds"] = round(counted["cpu_seconds"] + cpu, 2)
    # A stage is repeated when results that it needs are lost.
    if event["Stage Attempt ID"]:
        counted["cpu_seconds_repeated"] = round(counted["cpu_seconds_repeated"] + cpu, 2)
    megabytes = shuffled.get("Remote Bytes Read", 0) / 1e6
    counted["megabytes_from_others"] = round(counted["megabytes_from_others"] + megabytes, 2)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    try:
        return run(parser().parse_args(arguments))
    except SparkError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: stopped", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
