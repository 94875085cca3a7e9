"""Answers one question once, in a process of its own.

    python -m bench.answers QUESTION TOOL KEPT FOLDER N_EDGES ANSWER

The first N_EDGES of edges.parquet in the FOLDER of a build are the graph. TOOL is `ours` or one of
`bench.peers`; KEPT says whether the answer stays in memory or is `written` to a database file, to
which ours writes its steps as well. Prints one JSON object: `seconds` and `cpu_seconds` from the
edges in memory to the answer, without loading the tool. The answer is then copied to the file
ANSWER, to be compared with others.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from bench.peers import PEERS
from bench.questions import DISRUPTION_WINDOWS, QUESTIONS, Question, statement
from hub_lineage.sql import files_in_sql, literal

OURS = "ours"


def our_statements(question: Question, place: Path) -> Iterator[str]:
    """The project's statements, from the bare table `edges` to `bench.answer`.

    What a build has already computed (how many parents a model has, which models have edges) is
    computed here too, since other tools are not given it either.
    """
    yield "create schema bench.intermediate"
    yield "create schema bench.staging"
    # If one statement gives the answer, nothing else is computed.
    kind, n_parents = (
        ("table", "count(*) over (partition by child_key)") if question.steps else ("view", "null")
    )
    yield f"""
        create {kind} bench.intermediate.int_lineage_edges_resolved as
        select
            child_key,
            parent_key,
            relation,
            cast(owner as text) as child_owner,
            is_not_bulk_owner = 0 as is_child_bulk_owner,
            child_us as child_created_us,
            parent_us as parent_created_us,
            child_us as child_released_us,
            parent_us as parent_released_us,
            {n_parents} as n_parents
        from edges
    """
    yield """
        create view bench.intermediate.int_release_events_ranked as
        select child_key, parent_key, is_event_lead = 1 as is_release_event_lead from edges
    """
    yield """
        create view bench.intermediate.int_lineage_nodes_numbered as
        select distinct child_key as node_key, true as is_listed from edges
    """
    yield """
        create view bench.intermediate.int_lineage_positions_summed as
        select child_key as node_key, count(*) as n_parents, null as n_children
        from edges
        group by child_key
    """
    yield "create table bench.staging.disruption_windows (window_name text, window_days integer)"
    for name in question.windows:
        days = DISRUPTION_WINDOWS[name] or "null"
        yield f"insert into bench.staging.disruption_windows values ({literal(name)}, {days})"
    statements = {model: f"({statement(place, model)}\n)" for model in question.models}
    for step in question.steps:
        yield f"create table bench.intermediate.{step} as {statements[step]}"
    yield f"create table bench.answer as {question.answer.format_map(statements)}"


def answered(
    name: str, tool: str, is_written: bool, place: Path, n_edges: int, answer: Path
) -> dict[str, float]:
    """Answer a question once and copy the answer to a file; return the time it took."""
    database = answer.with_suffix(".duckdb")
    database.unlink(missing_ok=True)
    # The older storage format, as in a build, which other clients can read too.
    attached = (
        f"attach {literal(database)} as bench (storage_version 'v1.4.0')"
        if is_written
        else "attach ':memory:' as bench"
    )
    edges = f"from read_parquet({files_in_sql(place / 'edges.parquet')}) limit {n_edges}"
    with duckdb.connect() as connection:
        if tool == OURS:
            connection.execute(f"create table edges as {edges}")
            statements = list(our_statements(QUESTIONS[name], place))
            began, began_cpu = time.monotonic(), time.process_time()
            connection.execute(attached)
            for one in statements:
                connection.execute(one)
        else:
            arrays = connection.execute(edges).fetchnumpy()
            began, began_cpu = time.monotonic(), time.process_time()
            connection.register("found", PEERS[tool].answers[name](arrays))
            connection.execute(attached)
            if is_written:
                connection.execute("create table bench.answer as from found")
        connection.execute("checkpoint bench")
        cost = {
            "seconds": time.monotonic() - began,
            "cpu_seconds": time.process_time() - began_cpu,
        }
        found = "bench.answer" if tool == OURS or is_written else "found"
        connection.execute(f"copy {found} to {literal(answer)} (format parquet)")
    database.unlink(missing_ok=True)
    return cost


def main(name: str, tool: str, kept: str, folder: str, n_edges: str, answer: str) -> None:
    """Run one tool once and print the time it took."""
    about = (name, tool, kept == "written", Path(folder))
    # The first call loads the tool.
    answered(*about, 100, Path(answer))
    print(json.dumps(answered(*about, int(n_edges), Path(answer))))


if __name__ == "__main__":
    main(*sys.argv[1:])
