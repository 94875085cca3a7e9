"""Java processes of Spark on this machine, each stopped at the end of its `with` block."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from hub_lineage.dbt import end_with_parent
from hub_lineage.errors import SparkError

HOST = "127.0.0.1"
OLDEST_JAVA = 17
STARTING = 120.0
"""Seconds after which a process that still does not listen is given up on."""

SMALL_DATA = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
"""For a few thousand rows, where compiling costs more than running (tests)."""

SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.driver.host": HOST,
    "spark.driver.bindAddress": HOST,
}


def java() -> Path:
    """The Java for Spark; a SparkError that says what to install if there is none."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    advice = (
        f"Spark needs Java {OLDEST_JAVA} or newer: install a JRE (on Debian: "
        "apt install openjdk-17-jre-headless) or set JAVA_HOME"
    )
    if not found:
        raise SparkError(f"no Java found; {advice}", 2)
    answer = subprocess.run([found, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(\d+)', answer.stderr + answer.stdout)
    if not version or int(version[1]) < OLDEST_JAVA:
        raise SparkError(f"{found} is too old or not Java; {advice}", 2)
    return Path(found)


def spark_home() -> Path:
    """Where pip installed Spark; a SparkError that says how to install it if it is missing."""
    found = find_spec("pyspark")
    if found is None or found.origin is None:
        raise SparkError(
            "Spark is not installed in this environment: "
            "pip install -r requirements/spark.txt (`make parity` has one of its own)",
            2,
        )
    return Path(found.origin).parent


def free_port() -> int:
    """A port of this machine that no process listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def running(
    arguments: Sequence[str | Path],
    log: Path,
    port: int,
    variables: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen]:
    """Start a program of Spark's `bin`, wait until it listens, and end it after the block.

    Its output goes to the log. Spark's scripts run Java in their own process, so ending that ends
    Java; on Linux it also ends when we are killed.
    """
    java()
    home = spark_home()
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": HOST,
        **(variables or {}),
    }
    environment.pop("SPARK_REMOTE", None)
    program, *rest = [str(argument) for argument in arguments]
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(home / "bin" / program), *rest],
            cwd=log.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_parent,
        )
    try:
        wait_until_listening(program, process, port, log)
        yield process
    finally:
        end(process)


def wait_until_listening(program: str, process: subprocess.Popen, port: int, log: Path) -> None:
    """Wait until the process accepts connections; a SparkError if it ends or takes too long."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.2)
    last = (log.read_text(errors="replace").strip().splitlines() or ["no output"])[-1]
    raise SparkError(f"{program} does not start: {last[:300]} (see {log})")


def end(process: subprocess.Popen) -> None:
    """Ask a process to end, and kill it if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def connect_server(
    folder: Path, settings: Mapping[str, str] | None = None, master: str = "local[2]"
) -> Iterator[str]:
    """Run a Spark Connect server on a free port; yield its address. Tables go to folder/warehouse.

    The catalog is kept in memory: it starts empty and ends with the server, while the files stay.
    """
    port = free_port()
    settings = {
        **SESSION,
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": str(port),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        **(settings or {}),
    }
    # The options of the driver's own Java must be in the command, not in the settings.
    memory = settings.pop("spark.driver.memory", "2g")
    options = settings.pop("spark.driver.extraJavaOptions", "")
    command = ["spark-submit", "--master", master, "--driver-memory", memory]
    command += ["--driver-java-options", options] if options else []
    for name, value in settings.items():
        command += ["--conf", f"{name}={value}"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    with running([*command, "spark-internal"], folder / "connect-server.log", port):
        yield f"sc://{HOST}:{port}"
