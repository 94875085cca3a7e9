"""Simulates how missing edges change the index: `python -m analysis missing-edges`.

Three parents in ten are not declared. Edges of the landing are hidden, or guessed ones are added,
and the index is counted anew each time; how much it changes is printed beside it.

    random      every edge is hidden with the same probability
    labelled    a child hides all its edges, as often as labelled models of its relation do
    candidates  a model without a parent gets its best candidate, as often as its score says

The first two hide further edges in the way that edges are missing already: the index changes from
the truth to the landing roughly as it does from the landing to the drawn lineage. The third adds
guessed edges, for this count only.

The counts come from the marts' own dbt models; a draw depends on the seed, its number and the
edges' ids alone. No Python loop goes through the models.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd
import yaml

from analysis.studies.estimating import estimate
from analysis.studies.null_worlds.rewiring import COMPONENTS, rendered_models
from analysis.studies.records import COUNT, NUMBER, TEXT
from analysis.studies.result_tables import write_beside
from analysis.studies.specifications import Specification, all_specifications
from analysis.studies.variables import QUERIES, open_exports
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports
from hub_lineage.progress import Progress, nothing_shown

FILE = Path(__file__).with_suffix(".yml")
NEEDED = (
    "disruption", "disruption_panel", "hub_models", "lineage_candidates", "lineage_edges",
    "recognition_panel",
)  # fmt: skip
FORMS = ("mdi", "mdi_no_k", "mdi_bypass", "mdi_net", "mdi_l2")
SCENARIOS = ("random", "labelled", "candidates")
N_DRAWS = 20
N_TOP = 100
FEWEST_LABELS = 5

MISSING_EDGES = {
    "scenario": TEXT, "form": TEXT, "window_name": TEXT, "measure": TEXT, "observed": NUMBER,
    "mean": NUMBER, "low": NUMBER, "high": NUMBER, "n_draws": COUNT, "n_observed": COUNT,
    "mean_n": NUMBER, "mean_edges": NUMBER, "n_edges": COUNT, "seed": COUNT, "snapshot_id": TEXT,
    "landing_hash": TEXT,
}  # fmt: skip
"""One row per scenario, form, window and measure: `share_disruptive` among the focals with an
index, `top_100_kept` the share of the whole lineage's first hundred that remain so,
`rank_correlation` (Spearman) over the focals with an index in both. 95 % of the draws lie between
`low` and `high`."""

MODELS = {
    "scenario": TEXT, "model_id": TEXT, "mdi": NUMBER, "mean": NUMBER, "low": NUMBER,
    "high": NUMBER, "n_draws": COUNT, "n_draws_defined": COUNT, "share_disruptive": NUMBER,
    "seed": COUNT, "snapshot_id": TEXT,
}  # fmt: skip
"""One row per scenario and focal with an index (90 days): its index over the draws."""

ESTIMATES = {
    "scenario": TEXT, "specification_id": TEXT, "term": TEXT, "observed": NUMBER, "mean": NUMBER,
    "low": NUMBER, "high": NUMBER, "n_draws": COUNT, "n_draws_estimated": COUNT, "reason": TEXT,
    "seed": COUNT, "snapshot_id": TEXT,
}  # fmt: skip
"""One row per scenario, specification and term of interest: its estimate over the draws."""

PREPARED = """
    create or replace temp table lineage_nodes as
    with named as (
        select child_id as model_id from lineage_edges
        union
        select parent_id from lineage_edges
        union
        select child_id from lineage_candidates where score is not null
        union
        select candidate_id from lineage_candidates where score is not null
    )
    select
        row_number() over (order by named.model_id) as node_key,
        named.model_id,
        models.model_id is not null as is_listed,
        epoch_us(models.created_at) as created_us,
        models.created_at is not null and not models.is_created_at_floor as is_dated
    from named
    left join hub_models as models on named.model_id = models.model_id;

    create or replace temp table declared_edges as
    select
        children.node_key as child_key,
        parents.node_key as parent_key,
        edges.relation,
        children.model_id as child_id,
        parents.model_id as parent_id
    from lineage_edges as edges
    inner join lineage_nodes as children on edges.child_id = children.model_id
    inner join lineage_nodes as parents on edges.parent_id = parents.model_id;

    create or replace temp table best_candidates as
    select
        children.node_key as child_key,
        parents.node_key as parent_key,
        candidates.child_id,
        candidates.score
    from (
        from lineage_candidates
        where score is not null
        qualify row_number() over (
            partition by child_id order by score desc, candidate_id, signal
        ) = 1
    ) as candidates
    inner join lineage_nodes as children on candidates.child_id = children.model_id
    inner join lineage_nodes as parents on candidates.candidate_id = parents.model_id;

    create or replace temp table disruption_windows as
    select distinct window_name, window_days from disruption;

    create or replace temp macro chance(id) as
        cast('0x' || left(md5(getvariable('draw') || ' ' || id), 12) as bigint)
        / 281474976710656.0;
"""

DRAWN = {
    "": "select child_key, parent_key from declared_edges",
    "random": """
        select child_key, parent_key from declared_edges
        where chance(child_id || ' ' || parent_id) >= getvariable('hidden')
    """,
    "labelled": """
        select declared_edges.child_key, declared_edges.parent_key
        from declared_edges
        left join hidden_shares using (relation)
        where chance(child_id) >= coalesce(hidden_shares.share, getvariable('hidden'))
    """,
    "candidates": """
        select child_key, parent_key from declared_edges
        union all
        select child_key, parent_key from best_candidates
        where chance(child_id) < score
    """,
}
"""The edges of a drawn lineage by scenario; without one, those of the landing."""

LINEAGE = """
    create or replace temp table int_lineage_edges_resolved as
    with edges as (from drawn_edges)
    select
        edges.child_key,
        edges.parent_key,
        count(*) over (partition by edges.child_key) as n_parents,
        children.created_us as child_created_us,
        parents.created_us as parent_created_us
    from edges
    inner join lineage_nodes as children on edges.child_key = children.node_key
    inner join lineage_nodes as parents on edges.parent_key = parents.node_key;

    create or replace temp table int_lineage_positions_summed as
    with ends as (
        select child_key as node_key, 1 as n_parents, 0 as n_children
        from int_lineage_edges_resolved
        union all
        select parent_key as node_key, 0 as n_parents, 1 as n_children
        from int_lineage_edges_resolved
    )
    select node_key, sum(n_parents) as n_parents, sum(n_children) as n_children
    from ends
    group by node_key;

    create or replace temp table int_lineage_nodes_numbered as
    select node_key, is_listed from lineage_nodes;
"""

INDICES = f"""
    select
        nodes.model_id,
        components.window_name,
        components.n_i,
        components.n_j,
        components.n_k,
        components.n_j_l2,
        {{{{ mdi() }}}} as mdi,
        {{{{ mdi_no_k() }}}} as mdi_no_k,
        {{{{ mdi_bypass() }}}} as mdi_bypass,
        {{{{ mdi_net() }}}} as mdi_net,
        {{{{ mdi(n_j='n_j_l2') }}}} as mdi_l2,
        {{{{ dependence() }}}} as dependence
    from {{{{ ref('{COMPONENTS}') }}}} as components
    inner join lineage_nodes as nodes on components.focal_key = nodes.node_key
    where
        components.n_parents > 0
        and nodes.is_dated
        and components.n_i + components.n_j + components.n_k > 0
        and (
            components.window_days is null
            or nodes.created_us + components.window_days * 86400000000
                <= getvariable('snapshot_us')
        )
"""
"""Every focal with an index, by window. The mart gives the reason for focals without one."""

MEASURED = """
    with long as (
        unpivot (from {indices}) on {forms} into name form value value
    ),

    placed as (
        select
            *,
            row_number() over (
                partition by form, window_name order by value desc, n_i desc, model_id
            ) as place
        from long
    ),

    whole as (
        unpivot (from whole_indices) on {forms} into name form value value
    ),

    whole_placed as (
        select
            *,
            row_number() over (
                partition by form, window_name order by value desc, n_i desc, model_id
            ) as place
        from whole
    ),

    shares as (
        select form, window_name, count(*) as n, count(*) filter (value > 0) / count(*) as share
        from long
        group by form, window_name
    ),

    kept as (
        select
            whole_placed.form,
            whole_placed.window_name,
            count(placed.model_id) / count(*) as share
        from whole_placed
        left join placed
            on whole_placed.form = placed.form
            and whole_placed.window_name = placed.window_name
            and whole_placed.model_id = placed.model_id
            and placed.place <= {n_top}
        where whole_placed.place <= {n_top}
        group by whole_placed.form, whole_placed.window_name
    ),

    both_defined as (
        select
            whole.form,
            whole.window_name,
            whole.value as whole_value,
            long.value as drawn_value
        from whole
        inner join long using (form, window_name, model_id)
    ),

    -- Twice the mid-rank, so that all sums are of whole numbers.
    ranked as (
        select
            form,
            window_name,
            2 * rank() over (partition by form, window_name order by whole_value)
            + count(*) over (partition by form, window_name, whole_value) as x,
            2 * rank() over (partition by form, window_name order by drawn_value)
            + count(*) over (partition by form, window_name, drawn_value) as y
        from both_defined
    ),

    summed as (
        select
            form,
            window_name,
            count(*) * sum(x * y) - sum(x) * sum(y) as covariance,
            count(*) * sum(x * x) - sum(x) * sum(x) as whole_variance,
            count(*) * sum(y * y) - sum(y) * sum(y) as drawn_variance
        from ranked
        group by form, window_name
    ),

    correlated as (
        select
            form,
            window_name,
            covariance / nullif(sqrt(whole_variance) * sqrt(drawn_variance), 0) as correlation
        from summed
    )

    select form, window_name, n, shares.share, kept.share as kept, correlation
    from shares
    left join kept using (form, window_name)
    left join correlated using (form, window_name)
    inner join disruption_windows using (window_name)
    order by form, window_days nulls last
"""

PANEL = """
    select panel.* replace (
        indices.mdi as mdi, indices.mdi_no_k as mdi_no_k, indices.mdi_bypass as mdi_bypass,
        indices.mdi_net as mdi_net, indices.mdi_l2 as mdi_l2, indices.dependence as dependence,
        coalesce(indices.n_i, 0) as n_i, coalesce(indices.n_j, 0) as n_j,
        coalesce(indices.n_k, 0) as n_k, coalesce(indices.n_j_l2, 0) as n_j_l2,
        coalesce(indices.n_i + indices.n_j, 0) as n_takers,
        indices.mdi > 0 as is_disruptive, indices.mdi < 0 as is_consolidative,
        case when indices.mdi is null then coalesce(panel.sample_exclusion, 'not_in_draw') end
            as sample_exclusion
    )
    from disruption_panel as panel
    left join {indices} as indices
        on panel.model_id = indices.model_id and indices.window_name = '90d'
    order by panel.model_id
"""
"""The panel with the index of a drawn lineage. The focal's traits are those of the landing; a focal
without a parent in the landing has none and is left out."""


@dataclass(frozen=True)
class Hidden:
    """How often labelled models hide their parents: overall, and by relation."""

    share: float
    by_relation: dict[str, float]


@cache
def document() -> dict:
    """The parsed `missing_edges.yml`."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def hidden_shares() -> Hidden:
    """The shares of `missing_edges.yml`."""
    labelled = document()
    return Hidden(
        labelled["undeclared"] / labelled["derived"],
        {
            relation: counts["undeclared"] / counts["derived"]
            for relation, counts in labelled["by_relation"].items()
            if counts["derived"] >= FEWEST_LABELS
        },
    )


def estimated_specifications() -> list[Specification]:
    """The specifications that `missing_edges.yml` names, without their variants."""
    names = document()["specifications"]
    return [one for one in all_specifications() if one.specification_id in names]


class Simulation:
    """The lineage of some exports, from which lineages are drawn."""

    def __init__(self, exports: Exports, seed: int):
        """Prepare the lineage; a StudyError if it does not reproduce the exported index."""
        self.exports = exports
        self.seed = seed
        self.connection = exports.connection
        self.models, self.indices = rendered_models(INDICES)
        hidden = hidden_shares()
        self.connection.execute(PREPARED)
        self.connection.execute("set variable hidden = ?", [hidden.share])
        self.connection.execute(
            "create or replace temp table hidden_shares (relation varchar, share double)"
        )
        self.connection.executemany(
            "insert into hidden_shares values (?, ?)", list(hidden.by_relation.items())
        )
        self.connection.execute(
            "set variable snapshot_us = (select epoch_us(strptime(?, '%Y%m%dT%H%M%SZ')))",
            [exports.snapshot_id],
        )
        self.draw("", 0, "whole_indices")
        self.n_edges = self.count("declared_edges")
        self._check()

    def draw(self, scenario: str, number: int, table: str) -> None:
        """Draw a lineage and make `table`: one row per window and focal with an index."""
        self.connection.execute("set variable draw = ?", [f"{self.seed} {scenario} {number}"])
        self.connection.execute(f"create or replace temp table drawn_edges as {DRAWN[scenario]}")
        self.connection.execute(LINEAGE)
        for name, model in self.models:
            self.connection.execute(f"create or replace temp table {name} as {model}")
        self.connection.execute(f"create or replace temp table {table} as {self.indices}")

    def count(self, table: str) -> int:
        """The number of rows of a table."""
        return self.connection.execute(f"select count(*) from {table}").fetchall()[0][0]

    def measured(self, indices: str) -> list[tuple]:
        """Rows (form, window, focals with an index, share disruptive, top kept, correlation)."""
        return self.connection.execute(
            MEASURED.format(indices=indices, forms=", ".join(FORMS), n_top=N_TOP)
        ).fetchall()

    def estimates(self, indices: str) -> Iterator[tuple[str, str, float | None, str]]:
        """Yield (specification, term of interest, estimate or None, why there is none)."""
        with duckdb.connect() as connection:
            panel = self.connection.execute(PANEL.format(indices=indices)).df()
            connection.register("disruption_panel", panel)
            connection.execute(
                f"create view focals as {(QUERIES / 'focals.sql').read_text('utf-8')}"
            )
            drawn = replace(self.exports, connection=connection)
            for specification in estimated_specifications():
                # The draws show the spread; the interval of each one is not needed.
                result = estimate(drawn, replace(specification, jackknife=False), self.seed)
                found = {row["term"]: row["estimate"] for row in result.estimates}
                for term in specification.interest:
                    yield specification.specification_id, term, found.get(term), result.reason

    def _check(self) -> None:
        """A StudyError unless the whole lineage has the exported index in every form."""
        same = " and ".join(f"counted.{form} is not distinct from mart.{form}" for form in FORMS)
        n_other = self.connection.execute(
            f"""
            select count(*)
            from (from disruption where n_parents > 0 and undefined_reason is null) as mart
            full join whole_indices as counted using (model_id, window_name)
            where not ({same})
            """
        ).fetchall()[0][0]
        if n_other:
            raise StudyError(
                f"{n_other} focals have another index in disruption.parquet than "
                "lineage_edges.parquet gives: make the exports again with `make build`"
            )


@dataclass(frozen=True)
class Tables:
    """The rows of the three tables of results."""

    measures: list[dict]
    models: pd.DataFrame
    estimates: list[dict]


def simulate(
    exports: Exports,
    n_draws: int,
    seed: int,
    scenarios: Sequence[str] = SCENARIOS,
    shown: Progress | None = None,
) -> Tables:
    """Draw each scenario `n_draws` times; return how index, ranking and regressions change.

    `shown` counts the draws.
    """
    shown = shown or nothing_shown()
    shown.expect(n_draws * len(scenarios))
    simulation = Simulation(exports, seed)
    connection = simulation.connection
    observed = {row[:2]: row for row in simulation.measured("whole_indices")}
    expected = list(simulation.estimates("whole_indices"))
    common = {"seed": seed, "snapshot_id": exports.snapshot_id}
    measures: list[dict] = []
    models: list[pd.DataFrame] = []
    estimates: list[dict] = []
    for scenario in scenarios:
        connection.execute(
            "create or replace temp table drawn_mdi (number integer, model_id varchar, mdi double)"
        )
        drawn: list[tuple] = []
        estimated: list[tuple] = []
        n_edges: list[int] = []
        for number in range(1, n_draws + 1):
            shown.advance(0, scenario)
            simulation.draw(scenario, number, "drawn_indices")
            drawn += simulation.measured("drawn_indices")
            estimated += simulation.estimates("drawn_indices")
            n_edges.append(simulation.count("drawn_edges"))
            connection.execute(
                "insert into drawn_mdi select ?, model_id, mdi from drawn_indices "
                "where window_name = '90d'",
                [number],
            )
            shown.advance()
        mean_edges = sum(n_edges) / n_draws
        shown.say(f"{scenario}: {n_draws} draws, {mean_edges:,.0f} of {simulation.n_edges:,} edges")
        facts = common | {
            "scenario": scenario,
            "n_draws": n_draws,
            "n_edges": simulation.n_edges,
            "mean_edges": mean_edges,
            "landing_hash": exports.content_hash,
        }
        measures += measure_rows(observed, drawn, facts)
        estimates += estimate_rows(expected, estimated, facts)
        models.append(models_drawn(connection, facts))
    return Tables(measures, pd.concat(models, ignore_index=True), estimates)


def measure_rows(observed: dict, drawn: Sequence[tuple], facts: dict) -> Iterator[dict]:
    """A row per form, window and measure."""
    for (form, window), whole in observed.items():
        of_cell = [row for row in drawn if row[:2] == (form, window)]
        for place, measure in ((3, "share_disruptive"), (4, "top_100_kept"),
                               (5, "rank_correlation")):  # fmt: skip
            yield facts | {
                "form": form,
                "window_name": window,
                "measure": measure,
                "observed": whole[place],
                "n_observed": whole[2],
                "mean_n": sum(row[2] for row in of_cell) / facts["n_draws"],
                **spread([row[place] for row in of_cell]),
            }


def estimate_rows(expected: Sequence, estimated: Sequence, facts: dict) -> Iterator[dict]:
    """A row per specification and term of interest."""
    for specification, term, estimate_of_all, reason in expected:
        found = [row[2] for row in estimated if row[:2] == (specification, term)]
        yield facts | {
            "specification_id": specification,
            "term": term,
            "observed": estimate_of_all,
            "reason": reason,
            "n_draws_estimated": sum(value is not None for value in found),
            **spread(found),
        }


def models_drawn(connection: duckdb.DuckDBPyConnection, facts: dict) -> pd.DataFrame:
    """A row per focal of the whole lineage with an index in the 90-day window."""
    frame = connection.execute(
        """
        select
            whole.model_id,
            whole.mdi,
            avg(drawn.mdi order by drawn.number) as mean,
            quantile_cont(drawn.mdi, 0.025) as low,
            quantile_cont(drawn.mdi, 0.975) as high,
            count(drawn.mdi) as n_draws_defined,
            count(*) filter (drawn.mdi > 0) / nullif(count(drawn.mdi), 0) as share_disruptive
        from whole_indices as whole
        left join drawn_mdi as drawn on whole.model_id = drawn.model_id
        where whole.window_name = '90d'
        group by whole.model_id, whole.mdi
        order by whole.model_id
        """
    ).df()
    return frame.assign(**{name: facts[name] for name in MODELS if name in facts})[list(MODELS)]


def spread(values: Sequence[float | None]) -> dict:
    """The mean of the known numbers, and the interval that holds 95 % of them; else nulls."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return {"mean": None, "low": None, "high": None}
    return {
        "mean": sum(known) / len(known),
        "low": quantile(known, 0.025),
        "high": quantile(known, 0.975),
    }


def quantile(ordered: Sequence[float], share: float) -> float:
    """A quantile of some ordered numbers, interpolated linearly."""
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `python -m analysis missing-edges`, besides the folders."""
    command.description = __doc__
    command.add_argument("--draws", type=int, default=N_DRAWS, help="per scenario (%(default)s)")
    command.add_argument("--seed", type=int, default=20260413, help="the seed of every random draw")
    command.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Simulate, write the tables, and print the index with its intervals."""
    if arguments.draws < 1:
        print(f"error: --draws {arguments.draws}: give 1 or more", file=sys.stderr)
        return 2
    exports = open_exports(arguments.exports, needed=NEEDED)
    with Progress("missing edges", 0, "draws") as shown:
        tables = simulate(exports, arguments.draws, arguments.seed, shown=shown)
    write_beside(
        arguments.results,
        arguments.exports,
        {
            "missing_edges": (tables.measures, MISSING_EDGES),
            "missing_edges_models": (tables.models, MODELS),
            "missing_edges_estimates": (tables.estimates, ESTIMATES),
        },
    )
    print(markdown(tables.measures))
    return 0


def markdown(rows: Sequence[dict]) -> str:
    """The share of disruptive models in each form and window, with an interval per scenario."""
    cells = {
        (row["form"], row["window_name"], row["scenario"]): row
        for row in rows
        if row["measure"] == "share_disruptive"
    }
    scenarios = list(dict.fromkeys(row["scenario"] for row in rows))
    lines = [
        f"| form | window | focals | disruptive | {' | '.join(scenarios)} |",
        f"| --- | --- | ---: | ---: |{' --- |' * len(scenarios)}",
    ]
    for form, window in dict.fromkeys(key[:2] for key in cells):
        found = [cells[form, window, scenario] for scenario in scenarios]
        lines.append(
            f"| {form} | {window} | {found[0]['n_observed']:,} | {percent(found[0]['observed'])} | "
            + " | ".join(interval(row) for row in found)
            + " |"
        )
    return "\n".join(lines)


def percent(value: float) -> str:
    """A share in per cent."""
    return f"{100 * value:.1f} %"


def interval(row: dict) -> str:
    """The interval of a share over the draws, in per cent."""
    if row["low"] is None:
        return "-"
    return f"[{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
