"""Benchmark tables, wide and long, into the landing."""

import duckdb
import pytest

from support import SHARED_DATA, needs_shared_data

WIDE = """model_id,date,mmlu,arc
acme/A,2024-05-05T12:00:00Z,61.5,40
acme/B,,,nan
,2024-05-05,1,2
acme/A,2024-05-05T12:00:00Z,61.5,40
"""
LONG = """id,suite,task,score
acme/A,en,mmlu,0.5
acme/A,ja,mmlu,0.25
"""
SHARED = SHARED_DATA / "open_llm_leaderboard"


def scores(landing) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            "SELECT model_id, benchmark, score, CAST(measured_at AS VARCHAR), source "
            f"FROM '{landing}/benchmarks/*.parquet' ORDER BY ALL"
        ).fetchall()


def test_a_wide_table(command, landing, tmp_path) -> None:
    (tmp_path / "wide.csv").write_text(WIDE)
    done = command(
        "benchmarks", tmp_path / "wide.csv", "--source", "board", "--scores", "mmlu,arc",
        "--measured-at", "date",
    )  # fmt: skip
    assert done.code == 0
    assert "left out 3" in done.err, "an infinite score and a row without an id"
    assert scores(landing) == [
        ("acme/A", "arc", 40.0, "2024-05-05 12:00:00", "board"),
        ("acme/A", "mmlu", 61.5, "2024-05-05 12:00:00", "board"),
    ]


def test_a_time_that_cannot_be_read_is_told_and_none_of_them_is_an_error(
    command, landing, tmp_path
) -> None:
    (tmp_path / "a.csv").write_text("id,arc,on\nacme/A,1,11/07/2024\nacme/B,2,11 Jul 2024\n")
    (tmp_path / "b.csv").write_text("id,arc,on\nacme/A,1,11/07/2024\nacme/B,2,\n")
    options = ("--source", "board", "--scores", "arc", "--measured-at", "on")
    done = command("benchmarks", tmp_path / "b.csv", *options)
    assert (done.code, done.out) == (1, "")
    assert "none of 1 value of on can be read as a time, for example 11/07/2024" in done.err
    assert not landing.exists()
    done = command("benchmarks", tmp_path / "a.csv", *options)
    assert done.code == 0
    assert done.err == (
        "warning: 1 of 2 values of on cannot be read as a time, for example 11/07/2024; "
        "landed as unknown\n"
    )
    assert scores(landing) == [
        ("acme/A", "arc", 1.0, None, "board"),
        ("acme/B", "arc", 2.0, "2024-07-11 00:00:00", "board"),
    ]


def test_a_long_table(command, landing, tmp_path) -> None:
    (tmp_path / "long.csv").write_text(LONG)
    arguments = (
        "benchmarks", tmp_path / "long.csv", "--source", "board", "--scores", "score",
        "--benchmark", "suite,task",
    )  # fmt: skip
    assert command(*arguments).code == 0
    assert scores(landing) == [
        ("acme/A", "en/mmlu", 0.5, None, "board"),
        ("acme/A", "ja/mmlu", 0.25, None, "board"),
    ]
    before = (landing / "benchmarks" / "board.parquet").read_bytes()
    assert command(*arguments).code == 1
    assert command(*arguments, "--replace").code == 0
    assert (landing / "benchmarks" / "board.parquet").read_bytes() == before
    assert [path.name for path in (landing / "benchmarks").iterdir()] == ["board.parquet"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--source", "../x", "--scores", "score"), 2),
        (("--source", "x", "--scores", "nope"), 2),
        (("--source", "x", "--scores", "score,task", "--benchmark", "suite"), 2),
        (("--source", "x", "--scores", "score", "--measured-at", "nope"), 2),
        (("--source", "x", "--scores", "suite"), 1),
    ],
)
def test_what_makes_no_table(command, landing, tmp_path, arguments: tuple, code: int) -> None:
    (tmp_path / "long.csv").write_text(LONG)
    done = command("benchmarks", tmp_path / "long.csv", *arguments)
    assert done.code == code
    assert "Traceback" not in done.text
    assert not landing.exists()


@needs_shared_data
@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("v1", ("--scores", "average,arc,hellaswag", "--measured-at", "date")),
        ("v2", ("--scores", "average,ifeval,bbh", "--measured-at", "submission_date")),
        ("swallow_2026_06", ("--scores", "score", "--benchmark", "suite,task")),
    ],
)
def test_the_public_leaderboards(command, landing, file: str, options: tuple) -> None:
    done = command("benchmarks", SHARED / f"{file}.parquet", "--source", "board", *options)
    assert (done.code, done.err) == (0, "")
    assert len(scores(landing)) >= 3_480
