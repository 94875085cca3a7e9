"""`python -m spark` says in one line what is missing."""

import duckdb
import pytest

from spark import processes
from spark.__main__ import main


@pytest.fixture
def no_java(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HUB_SPARK_WAREHOUSE", str(tmp_path / "warehouse"))


@pytest.mark.parametrize("command", [["build"], ["cluster"]])
def test_without_java_one_line_says_what_to_install(no_java, capsys, command):
    assert main(command) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: no Java found; Spark needs Java 17 or newer: install")


def test_an_old_java_is_not_taken(monkeypatch, tmp_path, capsys):
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert main(["build"]) == 2
    assert f"error: {old} is too old or no Java" in capsys.readouterr().err


def test_a_java_that_is_new_enough_is_taken(monkeypatch, tmp_path):
    new = tmp_path / "bin" / "java"
    new.parent.mkdir()
    new.write_text("#!/bin/sh\necho 'openjdk version \"21\" 2023-09-19' >&2\n")
    new.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert processes.java() == new


def test_marts_that_are_not_there_are_told(tmp_path, capsys):
    exports = tmp_path / "exports"
    assert main(["compare", str(exports), str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"error: {exports / 'hub_models.parquet'} is not")
    exports.mkdir()
    duckdb.sql("select 1 as n").write_parquet(str(exports / "hub_models.parquet"))
    assert main(["compare", str(exports), str(tmp_path)]) == 1
    assert "build the marts on Spark first" in capsys.readouterr().err


def test_a_difference_makes_the_exit_code_1(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("spark.comparing.grains", lambda: {"mart": ["id"]})
    table = tmp_path / "warehouse" / "marts.db" / "mart"
    table.mkdir(parents=True)
    duckdb.sql("select 'a' as id, 1 as n").write_parquet(str(tmp_path / "mart.parquet"))
    duckdb.sql("select 'a' as id, 1 as n").write_parquet(str(table / "part.parquet"))
    assert main(["compare", str(tmp_path), str(tmp_path / "warehouse")]) == 0
    duckdb.sql("select 'a' as id, 2 as n").write_parquet(str(table / "part.parquet"))
    assert main(["compare", str(tmp_path), str(tmp_path / "warehouse")]) == 1
    assert "n differs in 1 rows" in capsys.readouterr().out
