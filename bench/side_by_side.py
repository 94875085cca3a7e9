"""Runs the project and other tools in turn, on the same questions and the same edges.

Their answers are compared row by row, and the bench fails unless they are equal.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from bench.answers import OURS
from bench.measuring import PROJECT, BenchError
from bench.peers import PEERS
from bench.questions import EDGES, QUESTIONS
from hub_lineage.sql import files_in_sql

PARTS = (64, 16, 4, 1)
"""A tool is first asked a 64th of the edges, and more if that was quick."""

ALMOST = 1e-12
"""Fractions may differ in their last digits, since tools sum and divide in different orders."""


def side_by_side(place: Path, budget: float, n_pairs: int, python: Path) -> Iterator[dict]:
    """For each question, tool and place of the answer, yield what both took in each pair of runs.

    `place` is the folder of a build. A tool and ours get the largest part of the edges for which
    the tool is not expected to take more than `budget` CPU seconds; if it does, there is only one
    pair. `python` has requirements/bench.txt; a tool that cannot be run has a reason (`skipped`) in
    place of costs.
    """
    with duckdb.connect(str(place / "bench.duckdb"), read_only=True) as connection:
        (n_edges,) = connection.execute(
            f"copy ({EDGES}) to '{place / 'edges.parquet'}' (format parquet)"
        ).fetchall()[0]
    for name, question in QUESTIONS.items():
        for tool, peer in PEERS.items():
            if name not in peer.answers:
                continue
            theirs = python if peer.is_extra else Path(sys.executable)
            if not theirs.exists():
                skipped = f"no {theirs.name} with requirements/bench.txt"
                yield {"question": question.text, "tool": tool, "skipped": skipped}
                continue
            size = largest_part(name, tool, place, n_edges, budget, theirs)
            for kept in ("memory", "written"):
                pairs = []
                while len(pairs) < n_pairs and not (pairs and pairs[0][1] > budget):
                    is_even = len(pairs) % 2 == 0
                    pairs.append(one_pair(name, tool, kept, place, size, theirs, is_even))
                yield {
                    "question": question.text,
                    "tool": tool,
                    "kept": kept,
                    "edges": size,
                    "rows": equal_rows(name, tool, place),
                    "ours": [ours for ours, _ in pairs],
                    "theirs": [theirs for _, theirs in pairs],
                }


def largest_part(
    name: str, tool: str, place: Path, n_edges: int, budget: float, python: Path
) -> int:
    """How many edges a tool gets: four times as many while 16 times the cost is within the budget.

    Tools that look at each pair of siblings take 16 times as long for four times the edges.
    """
    size = n_edges
    for part in PARTS:
        size = n_edges // part
        if part > 1 and cpu_seconds(name, tool, "memory", place, size, python) * 16 > budget:
            break
    return size


def one_pair(
    name: str, tool: str, kept: str, place: Path, size: int, python: Path, ours_first: bool
) -> tuple[float, float]:
    """CPU seconds of ours and of the tool, run one after the other; the answers must be equal."""
    costs = {}
    runs = [(OURS, Path(sys.executable)), (tool, python)]
    for one, its_python in runs if ours_first else reversed(runs):
        costs[one] = cpu_seconds(name, one, kept, place, size, its_python)
    equal_rows(name, tool, place)
    return costs[OURS], costs[tool]


def cpu_seconds(name: str, tool: str, kept: str, place: Path, size: int, python: Path) -> float:
    """The CPU seconds of answering a question once in a separate process (`bench.answers`)."""
    answer = answer_of(tool, place)
    command = [python, "-m", "bench.answers", name, tool, kept, place, size, answer]
    finished = subprocess.run(
        [*map(str, command)], cwd=PROJECT, check=False, capture_output=True, text=True
    )
    if finished.returncode:
        raise BenchError(f"{tool}, {name}: {finished.stderr.strip().splitlines()[-1]}")
    return json.loads(finished.stdout)["cpu_seconds"]


def answer_of(tool: str, place: Path) -> Path:
    """The file of a tool's last answer."""
    return place / f"answer of {tool}.parquet"


def equal_rows(name: str, tool: str, place: Path) -> int:
    """How many rows our and a tool's last answers have; a BenchError if the answers differ."""
    keys = QUESTIONS[name].keys
    ours, theirs = (f"read_parquet({files_in_sql(answer_of(one, place))})" for one in (OURS, tool))
    with duckdb.connect() as connection:
        columns, other_columns = (
            [column for column, *_ in connection.execute(f"describe from {one}").fetchall()]
            for one in (ours, theirs)
        )
        if sorted(columns) != sorted(other_columns):
            raise BenchError(f"{tool}, {name}: its columns differ from ours")
        same = " and ".join(map(same_value, sorted({*columns} - {*keys})))
        rows, n_equal = connection.execute(
            f"select count(*), count(*) filter (where is_ours and is_theirs and {same}) "
            f"from (select *, true as is_ours from {ours}) as ours "
            f"full join (select *, true as is_theirs from {theirs}) as theirs "
            f"using ({', '.join(keys)})"
        ).fetchall()[0]
    if n_equal < rows:
        raise BenchError(f"{tool}, {name}: {rows - n_equal:,} of {rows:,} rows differ from ours")
    return rows


def same_value(column: str) -> str:
    """The SQL of whether a column is equal; some tools give nan for unknown values."""
    one, other = (f"nullif(cast({side}.{column} as double), 'nan')" for side in ("ours", "theirs"))
    return f"coalesce(abs({one} - {other}) <= {ALMOST}, {one} is null and {other} is null)"
