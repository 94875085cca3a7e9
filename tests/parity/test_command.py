"""`python -m spark` says in one line what is missing."""

import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from bench import cluster
from hub_lineage.spark import comparing, processes
from hub_lineage.spark.__main__ import main
from support import REPOSITORY


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HUB_SPARK_WAREHOUSE", str(tmp_path / "warehouse"))


@pytest.mark.parametrize("command", [lambda: main(["build"]), lambda: cluster.main([])])
def test_without_java_one_line_says_what_to_install(no_java, capsys, command):
    assert command() == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: no Java found; Spark needs Java 17 or newer: install")


def test_an_old_java_is_not_taken(monkeypatch, tmp_path, capsys):
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert main(["build"]) == 2
    assert f"error: {old} is too old or not Java" in capsys.readouterr().err


def test_a_java_that_is_new_enough_is_taken(monkeypatch, tmp_path):
    new = tmp_path / "bin" / "java"
    new.parent.mkdir()
    new.write_text("#!/bin/sh\necho 'openjdk version \"21\" 2023-09-19' >&2\n")
    new.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert processes.java() == new


def test_marts_that_are_not_there_are_told(tmp_path, capsys):
    exports = tmp_path / "exports"
    first = exports / f"{next(iter(comparing.grains()))}.parquet"
    assert main(["compare", str(exports), str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {first} is not")
    exports.mkdir()
    duckdb.sql("select 1 as n").write_parquet(str(first))
    assert main(["compare", str(exports), str(tmp_path)]) == 1
    assert "build the marts on Spark first" in capsys.readouterr().err


def test_a_difference_makes_the_exit_code_1(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("hub_lineage.spark.comparing.grains", lambda: {"mart": ["id"]})
    table = tmp_path / "warehouse" / "marts.db" / "mart"
    table.mkdir(parents=True)
    duckdb.sql("select 'a' as id, 1 as n").write_parquet(str(tmp_path / "mart.parquet"))
    duckdb.sql("select 'a' as id, 1 as n").write_parquet(str(table / "part.parquet"))
    assert main(["compare", str(tmp_path), str(tmp_path / "warehouse")]) == 0
    duckdb.sql("select 'a' as id, 2 as n").write_parquet(str(table / "part.parquet"))
    assert main(["compare", str(tmp_path), str(tmp_path / "warehouse")]) == 1
    assert "n differs in 1 rows" in capsys.readouterr().out


STARTS = """
import sys, time
from pathlib import Path
from hub_lineage.spark import processes

processes.java = lambda: None
processes.spark_home = lambda: Path(sys.argv[1])
port = processes.free_port()
with processes.running(["listens", port], Path(sys.argv[1]) / "log", port) as process:
    print(process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with their parent")
def test_spark_ends_with_whoever_started_it_even_if_that_is_killed(tmp_path):
    program = tmp_path / "bin" / "listens"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m http.server --bind 127.0.0.1 "$1"\n')
    program.chmod(0o755)
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS, str(tmp_path)],
        cwd=REPOSITORY, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    pid = int(starter.stdout.readline())
    os.kill(pid, 0)
    starter.kill()
    starter.communicate()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and is_running(pid):
        time.sleep(0.1)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Whether there is such a process; one that has ended and is not yet waited for is none."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
