"""Every mart of the lineage, built once from hundreds of random graphs, against the definitions.

Two builds: one as the project comes, over 400 graphs, and one over 80 other graphs with the rule
for models without parents and the limit for bulk owners changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from oracles import definitions, reference
from oracles.comparison import assert_same, by_key, differences
from oracles.definitions import WINDOWS, Lineage
from oracles.graphs import SNAPSHOT_AT, Graph, bulk_graph, random_graphs
from support import build, read, write_landing

STRENGTH = ("hub", "typed_tag", "untyped_tag", "card", "adapter_config")
FINITE_WINDOWS = {name: days for name, days in WINDOWS.items() if days is not None}


@dataclass(frozen=True)
class Settings:
    """A build to make: its graphs, and the variables it runs with."""

    numbers: range
    bulk_owner_releases: int
    zero_parent_rule: str
    variables: dict | None


SETTINGS = {
    "defaults": Settings(range(400), 100, "exclude", None),
    "variables": Settings(
        range(400, 480), 3, "one", {"bulk_owner_releases": 3, "zero_parent_rule": "one"}
    ),
}


@dataclass(frozen=True)
class Run:
    """A finished build with the graphs it was made from."""

    settings: Settings
    graphs: dict[str, Graph]
    database: Path

    def rows(self, mart: str) -> list[dict]:
        return read(self.database, f"select * from marts.{mart}")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("defaults", marks=pytest.mark.xdist_group("defaults")),
        pytest.param("variables", marks=[pytest.mark.slow, pytest.mark.xdist_group("variables")]),
    ],
)
def run(request, tmp_path_factory) -> Run:
    settings = SETTINGS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    graphs = [*random_graphs(settings.numbers), bulk_graph(settings.bulk_owner_releases)]
    items = [item for graph in graphs for item in graph.items]
    landing = write_landing(folder / "landing", {SNAPSHOT_AT: items})
    build(landing, folder / "hub_lineage.duckdb", settings.variables)
    return Run(settings, {graph.name: graph for graph in graphs}, folder / "hub_lineage.duckdb")


@dataclass(frozen=True)
class Mart:
    """How a mart is keyed, and what the definitions say its rows are."""

    key: tuple[str, ...]
    expected: Callable[[Lineage, Settings], dict]


def as_tuples(rows: dict[str, dict]) -> dict[tuple, dict]:
    return {(key,): row for key, row in rows.items()}


MARTS = {
    "disruption": Mart(
        ("model_id", "window_name"),
        lambda lineage, settings: definitions.disruption(lineage, settings.zero_parent_rule),
    ),
    "release_races": Mart(
        ("child_id", "parent_id"), lambda lineage, _: definitions.release_races(lineage)
    ),
    "crowding": Mart(
        ("child_id", "parent_id", "window_days"),
        lambda lineage, settings: definitions.crowding(lineage, settings.bulk_owner_releases),
    ),
    "hub_models": Mart(
        ("model_id",),
        lambda lineage, settings: as_tuples(
            definitions.lineage_columns(lineage, settings.bulk_owner_releases)
        ),
    ),
    "families": Mart(("root_id",), lambda lineage, _: as_tuples(definitions.families(lineage))),
    "lineage_edges": Mart(
        ("child_id", "parent_id"), lambda lineage, _: definitions.lineage_edges(lineage)
    ),
    "owners": Mart(("owner",), lambda lineage, _: as_tuples(definitions.owners(lineage))),
    "owner_flows": Mart(
        ("base_owner", "owner", "month"), lambda lineage, _: definitions.owner_flows(lineage)
    ),
    "family_members": Mart(
        ("root_id", "model_id"), lambda lineage, _: definitions.family_members(lineage)
    ),
    "base_weeks": Mart(("parent_id", "week"), lambda lineage, _: definitions.base_weeks(lineage)),
}

OWNERS = ("owner", "base_owner", "root_owner")
"""Columns of owners, who are one whatever the case in which models write them."""


@pytest.mark.parametrize("mart", MARTS)
def test_every_row_of_the_mart_is_what_the_definitions_say(run, mart):
    expected = {}
    for graph in run.graphs.values():
        expected |= MARTS[mart].expected(graph.lineage, run.settings)
    rows = run.rows(mart)
    for row in rows:
        row |= {column: row[column].lower() for column in OWNERS if row.get(column)}
        if "path_share" in row:
            # To the ninth digit: walkers are whole ones.
            row["path_share"] = round(row["path_share"], 9)
    assert_same(expected, by_key(rows, MARTS[mart].key), run.graphs, mart)


def test_edges_name_the_phases_that_say_so_strongest_first(run):
    expected = {}
    for graph in run.graphs.values():
        for edge, phases in graph.evidence.items():
            expected[edge] = {
                "evidence": sorted(phases, key=STRENGTH.index),
                "first_evidence": min(phases, key=STRENGTH.index),
            }
    actual = by_key(run.rows("lineage_edges"), ("child_id", "parent_id"))
    assert_same(expected, actual, run.graphs, "lineage_edges")


def test_every_self_reference_is_rejected_with_its_reason_and_nothing_else_is(run):
    expected = {
        reference: {"reason": "self_reference"}
        for graph in run.graphs.values()
        for reference in graph.self_references
    }
    actual = by_key(run.rows("lineage_rejections"), ("child_id", "claimed_parent", "evidence"))
    assert_same(expected, actual, run.graphs, "lineage_rejections")


def test_concentration_is_what_the_definitions_say(run):
    expected = definitions.concentration(graph.lineage for graph in run.graphs.values())
    actual = by_key(run.rows("concentration"), ("year", "measure"))
    assert differences(expected, actual) == []


# The same marts against other people's libraries


def test_counts_give_the_value_of_cdindex_to_the_last_digit(run):
    actual = by_key(run.rows("disruption"), ("model_id", "window_name"))
    compared = nonzero = 0
    for graph in run.graphs.values():
        if not reference.all_dates_known(graph.lineage):
            continue
        other = reference.cdindex_graph(graph.lineage)
        for focal in graph.lineage.created_at:
            for name, days in FINITE_WINDOWS.items():
                if (focal, name) not in actual:
                    continue
                row = actual[focal, name]
                everyone = row["n_i"] + row["n_j"] + row["n_k"]
                counted = (row["n_i"] - row["n_j"]) / everyone if everyone else None
                expected = reference.cd(other, focal, days)
                assert counted == expected, f"{focal} {name}\n{graph}"
                if row["undefined_reason"] is None:
                    assert row["mdi"] == expected, f"{focal} {name}\n{graph}"
                compared += 1
                nonzero += bool(expected)
    assert compared > 2000
    assert nonzero > 200


def test_cycles_roots_and_descendants_agree_with_networkx(run):
    models = by_key(run.rows("hub_models"), ("model_id",))
    edges = by_key(run.rows("lineage_edges"), ("child_id", "parent_id"))
    for graph in run.graphs.values():
        other = reference.digraph(graph.lineage)
        distances = reference.distances_to_roots(other)
        cyclic = reference.cyclic_edges(other)
        for model in graph.lineage.created_at:
            row = models[model,]
            assert row["n_descendants"] == reference.n_descendants(other, model), (
                f"{model}\n{graph}"
            )
            assert row["n_roots"] == len(distances[model]), f"{model}\n{graph}"
            nearest = min(distances[model].values(), default=None)
            assert row["generation"] == nearest, f"{model}\n{graph}"
            assert distances[model].get(row["root_id"]) == nearest, f"{model}\n{graph}"
        for child, parent in other.edges:
            expected = (child, parent) in cyclic or not distances[child]
            assert edges[child, parent]["is_in_cycle"] == expected, f"{child} {parent}\n{graph}"
