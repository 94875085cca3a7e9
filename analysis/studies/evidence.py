"""Measures how accurate and complete each phase of evidence is, on models with known parents.

    python -m analysis evidence LABELS --population "the most downloaded text-generation models"

LABELS is a table (Parquet, CSV) with a row per model: `model_id`, and `parents` as looked up by
hand, joined by `,` or `;` (none: the model was built from nothing). The exports must be of a build
with the phases in use: phases without an edge among the labelled models are reported as having
none. The table is printed as Markdown and written as `evidence` into HUB_RESULTS.

*Precision*: of a phase's edges whose child has a readable label, the share whose parent is in the
label. *Recall*: of the derived models, the share for which the phase names a true parent. A label
without an owner stands for the model's name, and a sentence for the parents whose names it
contains; if it contains none ("unknown"), its model counts as derived and not found, and its edges
are not judged. Intervals treat owners, not models, as independent draws (`shares.clustered_share`).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import duckdb

from analysis.studies.records import COUNT, NUMBER, TEXT
from analysis.studies.result_tables import write_beside
from analysis.studies.shares import Clustered, clustered_share
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports, open_marts
from hub_lineage.sql import files_in_sql, one_line

NEEDED = ("hub_models", "lineage_edges")

DECLARED = ("hub", "typed_tag", "untyped_tag", "card", "adapter_config")
INFERRED = ("card_text", "name", "weights")
SETS = {
    **{phase: (phase,) for phase in (*DECLARED, *INFERRED)},
    "declared": DECLARED,
    "declared and name": (*DECLARED, "name"),
    "declared and card_text": (*DECLARED, "card_text"),
    "all": (*DECLARED, *INFERRED),
}
"""Each phase by itself, and the declared ones with an inferred one added."""

EVIDENCE = {
    "phases": TEXT, "measure": TEXT, "estimate": NUMBER, "interval_low": NUMBER,
    "interval_high": NUMBER, "n_right": COUNT, "n": COUNT, "n_owners": COUNT, "reason": TEXT,
    "n_labelled": COUNT, "n_derived": COUNT, "n_unreadable": COUNT, "n_not_listed": COUNT,
    "population": TEXT, "snapshot_id": TEXT, "landing_hash": TEXT,
}  # fmt: skip
"""One row per set of phases and measure (precision, recall)."""

LABELLED = """
    create or replace temp table labelled as
    with labels as (
        select lower(trim(model_id)) as model_id_lower, nullif(trim(parents), '') as parents
        from {file}
    )
    select
        models.model_id,
        split_part(labels.model_id_lower, '/', 1) as owner,
        labels.parents is not null as is_derived,
        lower(labels.parents) as label,
        list_filter(
            list_transform(
                string_split(replace(coalesce(labels.parents, ''), ';', ','), ','),
                lambda text: lower(trim(text))
            ),
            lambda text: regexp_full_match(text, '[a-z0-9_.-]+(/[a-z0-9_.-]+)?')
                and text not in ('unknown', 'none', 'null')
        ) as true_parents
    from labels
    left join hub_models as models on labels.model_id_lower = lower(models.model_id)
"""

JUDGED = """
    create or replace temp table judged as
    with claimed as (
        select
            edges.child_id,
            lower(edges.parent_id) as parent_id,
            split_part(lower(edges.parent_id), '/', -1) as parent_name,
            edges.evidence,
            labelled.*
        from lineage_edges as edges
        inner join labelled on edges.child_id = labelled.model_id
    ),

    -- A label may be a sentence that contains the parent's name.
    told as (
        select
            *,
            is_derived and len(true_parents) = 0 and regexp_matches(
                label, '(^|[^a-z0-9_.-])' || regexp_escape(parent_name) || '([^a-z0-9_.-]|[.]?$)'
            ) as is_told
        from claimed
    )

    select
        child_id,
        owner,
        evidence,
        not is_derived or len(true_parents) > 0 or is_told as is_readable,
        is_told
        or list_contains(true_parents, parent_id)
        or list_contains(true_parents, parent_name) as is_right
    from told
"""

PRECISION = """
    select owner, count(*) filter (is_right), count(*)
    from judged
    where is_readable and list_has_any(evidence, $phases)
    group by owner
    order by owner
"""

RECALL = """
    select
        labelled.owner,
        count(*) filter (labelled.model_id in (
            select child_id from judged where is_right and list_has_any(evidence, $phases)
        )),
        count(*)
    from labelled
    where labelled.is_derived and labelled.model_id is not null
    group by labelled.owner
    order by labelled.owner
"""


@dataclass(frozen=True)
class Labels:
    """How many models are labelled, derived, derived from an unnamed parent, and not listed."""

    n: int
    n_derived: int
    n_unreadable: int
    n_not_listed: int


def measure(exports: Exports, labels: Path, population: str = "") -> list[dict]:
    """A row per set of phases and measure; a StudyError for labels that cannot be read."""
    counted = read_labels(exports, labels)
    common = {
        "n_labelled": counted.n,
        "n_derived": counted.n_derived,
        "n_unreadable": counted.n_unreadable,
        "n_not_listed": counted.n_not_listed,
        "population": population,
        "snapshot_id": exports.snapshot_id,
        "landing_hash": exports.content_hash,
    }
    rows = []
    for name, phases in SETS.items():
        for measure_name, sql in (("precision", PRECISION), ("recall", RECALL)):
            owners = exports.connection.execute(sql, {"phases": list(phases)}).fetchall()
            n_right = sum(row[1] for row in owners)
            share = clustered_share([row[1] for row in owners], [row[2] for row in owners])
            rows.append(
                {"phases": name, "measure": measure_name, "n_right": n_right, **told(share)}
                | common
            )
    return rows


def read_labels(exports: Exports, labels: Path) -> Labels:
    """Read the labels and judge the edges by them, in tables beside the exports.

    A StudyError if they cannot be read, repeat a model, or fit no exported model.
    """
    connection = exports.connection
    reader = "read_parquet" if labels.suffix == ".parquet" else "read_csv"
    options = "" if labels.suffix == ".parquet" else ", all_varchar = true"
    try:
        connection.execute(LABELLED.format(file=f"{reader}({files_in_sql(labels)}{options})"))
    except duckdb.Error as error:
        raise StudyError(
            f"the labels in {labels} cannot be read ({one_line(error)}): a table with the columns "
            "model_id and parents is needed"
        ) from error
    connection.execute(JUDGED)
    found = connection.execute(
        """
        select
            count(*),
            count(*) filter (is_derived),
            count(*) filter (is_derived and len(true_parents) = 0),
            count(*) filter (model_id is null),
            count(distinct model_id)
        from labelled
        """
    ).fetchall()[0]
    if found[0] == found[3]:
        raise StudyError(f"none of the models in {labels} is in the exports")
    if found[4] != found[0] - found[3]:
        raise StudyError(f"a model appears twice in {labels}")
    return Labels(*found[:4])


def told(share: Clustered) -> dict:
    """The columns of a share, with owners in place of families."""
    return {
        "estimate": share.estimate,
        "interval_low": share.low,
        "interval_high": share.high,
        "n": share.n,
        "n_owners": share.n_clusters,
        "reason": share.reason.replace("families", "owners").replace("family", "owner"),
    }


def markdown(rows: list[dict]) -> str:
    """The table as in the documents, and a line on the labelled models."""
    first = rows[0]
    lines = [
        "| evidence | edges judged | right | precision | derived models | found | recall |",
        "| --- | ---: | ---: | --- | ---: | ---: | --- |",
    ]
    for precision, recall in zip(rows[::2], rows[1::2], strict=True):
        lines.append(
            f"| {precision['phases']} | {precision['n']} | {precision['n_right']} | "
            f"{in_words(precision)} | {recall['n']} | {recall['n_right']} | {in_words(recall)} |"
        )
    lines += [
        "",
        f"{first['n_labelled']} labelled models{of_whom(first['population'])}, "
        f"{first['n_not_listed']} of them not in this landing; {first['n_derived']} derived, "
        f"{first['n_unreadable']} of them from what the label does not name.",
    ]
    return "\n".join(lines)


def of_whom(population: str) -> str:
    """The population in brackets, if it is given."""
    return f" ({population})" if population else ""


def in_words(row: dict) -> str:
    """A share with its 95 % interval in per cent."""
    if row["estimate"] is None:
        return "-"
    if row["interval_low"] is None:
        return f"{100 * row['estimate']:.1f} % (no interval: {row['reason']})"
    return (
        f"{100 * row['estimate']:.1f} % "
        f"[{100 * row['interval_low']:.1f}, {100 * row['interval_high']:.1f}]"
    )


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `python -m analysis evidence`, besides the folders."""
    command.description = __doc__
    command.add_argument(
        "labels", type=Path, metavar="LABELS", help="table with model_id and parents"
    )
    command.add_argument("--population", default="", help="which models the labels are of")
    command.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Measure, write the table and print it; a StudyError if anything is wrong."""
    exports = open_marts(arguments.exports, needed=NEEDED)
    rows = measure(exports, arguments.labels, " ".join(arguments.population.split()))
    write_beside(arguments.results, arguments.exports, {"evidence": (rows, EVIDENCE)})
    print(markdown(rows))
    return 0
