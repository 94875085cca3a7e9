"""Questions to both the project and other tools, and how the project answers them.

An answer is a table: the keys of a question, and a column for each value asked for. The project
answers with its compiled dbt models, of which the `steps` are first made as tables.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from hub_lineage.paths import PROJECT

EDGES = """
    select
        edges.child_key,
        edges.parent_key,
        dense_rank() over (order by edges.relation) as relation,
        dense_rank() over (order by coalesce(edges.child_owner, '/' || edges.child_key)) as owner,
        cast(not edges.is_child_bulk_owner as bigint) as is_not_bulk_owner,
        cast(events.is_release_event_lead as bigint) as is_event_lead,
        edges.child_created_us as child_us,
        edges.parent_created_us as parent_us
    from bench.intermediate.int_lineage_edges_resolved as edges
    inner join bench.intermediate.int_release_events_ranked as events
        on edges.child_key = events.child_key and edges.parent_key = events.parent_key
    where edges.child_created_us = edges.child_released_us and edges.parent_created_us is not null
    order by child_us, edges.child_key, edges.parent_key
"""
"""The edges given to all tools: whole numbers, in the order of the child's creation. Both ends have
a date, so that the same edges serve all questions; an id without an owner is its own owner."""

with (PROJECT / "seeds/disruption_windows.csv").open() as file:
    DISRUPTION_WINDOWS = {
        row["window_name"]: int(row["window_days"]) if row["window_days"] else None
        for row in csv.DictReader(file)
    }
"""The days of each window, None if it has no end."""

CROWDING_WINDOWS = (7, 14, 30, 90)

DISRUPTION_STEPS = (
    "int_takers_counted", "int_shared_takers_counted", "int_leaf_edges_selected",
    "int_parent_sets_numbered", "int_parent_set_overlaps", "int_followers_counted",
    "int_disruption_components_summed",
)  # fmt: skip

DESCENDANT_STEPS = (
    "int_inner_edges_selected", "int_inner_ancestors_walked", "int_leaf_edges_selected",
    "int_parent_sets_numbered", "int_parent_set_ancestors_walked",
)  # fmt: skip

INDEX = """
    select focal_key, window_name, (n_i - n_j) / nullif(n_i + n_j + n_k, 0) as mdi
    from bench.intermediate.int_disruption_components_summed
"""


@dataclass(frozen=True)
class Question:
    """A question and the project's answer.

    `keys` identify a row of the answer; `answer` is a query in which {a_dbt_model} stands for that
    model's compiled statement.
    """

    text: str
    keys: tuple[str, ...]
    answer: str
    steps: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()

    @property
    def models(self) -> list[str]:
        """The dbt models whose statements answer the question."""
        return [*self.steps, *(word[1:-1] for word in self.answer.split() if word[0] == "{")]


QUESTIONS = {
    "index": Question(
        "disruption index, 90 days", ("focal_key", "window_name"), INDEX,
        DISRUPTION_STEPS, ("90d",),
    ),
    "indices": Question(
        "disruption index, six windows", ("focal_key", "window_name"), INDEX,
        DISRUPTION_STEPS, tuple(DISRUPTION_WINDOWS),
    ),
    "ranks": Question(
        "rank of release", ("child_key", "parent_key"),
        "select child_key, parent_key, release_rank from ( {int_entrants_ranked} )",
    ),
    "rivals": Question(
        "rivals in the 90 days before", ("child_key", "parent_key"),
        "select child_key, parent_key, n_rivals_before_90d from ( {int_rivals_counted} )",
    ),
    "all rivals": Question(
        "nine kinds of rivals, four windows", ("child_key", "parent_key"), "{int_rivals_counted}"
    ),
    "descendants": Question(
        "descendants", ("node_key",), "{int_descendants_counted}", DESCENDANT_STEPS
    ),
}  # fmt: skip


MODELS_ASKED = {
    "int_release_events_ranked",
    *(model for question in QUESTIONS.values() for model in question.models),
}
"""The dbt models behind the edges and the answers."""


def statement(place: Path, model: str) -> str:
    """The compiled statement of a dbt model in the folder of a build."""
    (path,) = (place / "target/compiled/hub_lineage/models").rglob(f"{model}.sql")
    return path.read_text()
