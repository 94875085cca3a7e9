"""The project and other tools on the same question and the same edges, in turn.

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
"""Fractions may differ by their last digits: one tool adds up what another divides once."""


def side_by_side(place: Path, budget: float, n_pairs: int, python: Path) -> Iterator[dict]:
    """For each question, tool and place of the answer: what both took in each pair of runs.

    `place` is the folder of a build. A tool gets the largest part of the edges over which it is not
    likely to take more than `budget` CPU seconds, and so do we beside it; if it does, one pair has
    to do. `python` has requirements/bench.txt; what cannot be run has no edges and says why
    (`skipped`).
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
    """How many edges a tool is asked: four times as many, as long as 16 times the cost would fit.

    Tools that look at each pair of siblings take that much.
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
    """CPU seconds of ours and of the tool, one after the other; their answers have to be equal."""
    costs = {}
    runs = [(OURS, Path(sys.executable)), (tool, python)]
    for one, its_python in runs if ours_first else reversed(runs):
        costs[one] = cpu_seconds(name, one, kept, place, size, its_python)
    equal_rows(name, tool, place)
    return costs[OURS], costs[tool]


def cpu_seconds(name: str, tool: str, kept: str, place: Path, size: int, python: Path) -> float:
    """Answer a question once in a process of its own (`bench.answers`)."""
    answer = answer_of(tool, place)
    command = [python, "-m", "bench.answers", name, tool, kept, place, size, answer]
    finished = subprocess.run(
        [*map(str, command)], cwd=PROJECT, check=False, capture_output=True, text=True
    )
    if finished.returncode:
        raise BenchError(f"{tool}, {name}: {finished.stderr.strip().splitlines()[-1]}")
    return json.loads(finished.stdout)["cpu_seconds"]


def answer_of(tool: str, place: Path) -> Path:
    return place / f"answer of {tool}.parquet"


def equal_rows(name: str, tool: str, place: Path) -> int:
    """How many rows the last answers of ours and of a tool have; a BenchError if they differ."""
    keys = QUESTIONS[name].keys
    ours, theirs = (f"read_parquet({files_in_sql(answer_of(one, place))})" for one in (OURS, tool))
    with duckdb.connect() as connection:
        columns, other_columns = (
            [column for column, *_ in connection.execute(f"describe from {one}").fetchall()]
            for one in (ours, theirs)
        )
        if sorted(columns) != sorted(other_columns):
            raise BenchError(f"{tool}, {name}: its columns are not those of ours")
        same = " and ".join(map(same_value, sorted({*columns} - {*keys})))
        rows, n_equal = connection.execute(
            f"select count(*), count(*) filter (where is_ours and is_theirs and {same}) "
            f"from (select *, true as is_ours from {ours}) as ours "
            f"full join (select *, true as is_theirs from {theirs}) as theirs "
            f"using ({', '.join(keys)})"
        ).fetchall()[0]
    if n_equal < rows:
        raise BenchError(f"{tool}, {name}: {rows - n_equal:,} of {rows:,} rows are not as ours")
    return rows


def same_value(column: str) -> str:
    """A condition; nan is what some tools say where nothing is known."""
    one, other = (f"nullif(cast({side}.{column} as double), 'nan')" for side in ("ours", "theirs"))
    return f"coalesce(abs({one} - {other}) <= {ALMOST}, {one} is null and {other} is null)"
