"""The simulation of missing edges against the definitions: every drawn lineage, every form."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from analysis.studies.missing_edges import (
    DRAWN,
    FORMS,
    SCENARIOS,
    Simulation,
    hidden_shares,
    quantile,
    spread,
)
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports
from oracles.definitions import Lineage, disruption
from oracles.graphs import SNAPSHOT_AT, random_graphs

GRAPHS = range(60)
SEED = 7


def table(connection: duckdb.DuckDBPyConnection, name: str, columns: str, rows: list) -> None:
    connection.execute(f"create table {name} ({columns})")
    connection.executemany(
        f"insert into {name} values ({', '.join('?' * len(columns.split(',')))})", rows
    )


@pytest.fixture(scope="module")
def lineage() -> Lineage:
    """All random graphs as one lineage: their models share no name."""
    created_at: dict[str, datetime | None] = {}
    relation_of = {}
    for graph in random_graphs(GRAPHS):
        created_at |= graph.lineage.created_at
        relation_of |= graph.lineage.relation_of
    return Lineage(SNAPSHOT_AT, created_at, relation_of)


@pytest.fixture(scope="module")
def candidates(lineage) -> list[tuple]:
    """For every model without a parent two candidates, the first of them as good as certain."""
    models = sorted(lineage.created_at)
    found = []
    for place, model in enumerate(models):
        others = [other for other in (models[place - 1], models[place - 2]) if other != model]
        if not lineage.parents[model] and len(others) == 2:
            found.append((model, others[0], "name_overlap", 0.5))
            found.append((model, others[1], "parameter_total", 0.25))
            found.append((model, others[1], "chat_template", None))
    return found


@pytest.fixture(scope="module")
def exports(lineage, candidates) -> Exports:
    """The marts that the simulation reads, as the definitions make them."""
    connection = duckdb.connect()
    floor = datetime(2022, 3, 3)
    table(
        connection,
        "hub_models",
        "model_id varchar, created_at timestamp, is_created_at_floor bool",
        [(model, at, at is not None and at < floor) for model, at in lineage.created_at.items()],
    )  # fmt: skip
    table(
        connection, "lineage_edges", "child_id varchar, parent_id varchar, relation varchar",
        [(*edge, relation) for edge, relation in lineage.relation_of.items()],
    )  # fmt: skip
    table(
        connection, "lineage_candidates",
        "child_id varchar, candidate_id varchar, signal varchar, score double", candidates,
    )  # fmt: skip
    numbers = ("n_parents", "n_i", "n_j", "n_k", *FORMS)
    table(
        connection, "disruption",
        "model_id varchar, window_name varchar, window_days integer, undefined_reason varchar, "
        + ", ".join(f"{name} double" for name in numbers),
        [
            (*key, row["window_days"], row["undefined_reason"], *(row[name] for name in numbers))
            for key, row in disruption(lineage).items()
        ],
    )  # fmt: skip
    return Exports(connection, Path("nowhere"), f"{SNAPSHOT_AT:%Y%m%dT%H%M%SZ}", "0" * 64)


@pytest.fixture(scope="module")
def simulation(exports) -> Simulation:
    return Simulation(exports, SEED)


def drawn_edges(simulation: Simulation) -> set[tuple[str, str]]:
    return set(
        simulation.connection.execute(
            """
            select children.model_id, parents.model_id
            from drawn_edges
            inner join lineage_nodes as children on child_key = children.node_key
            inner join lineage_nodes as parents on parent_key = parents.node_key
            """
        ).fetchall()
    )


def indices(simulation: Simulation, name: str) -> dict[tuple[str, str], tuple]:
    found = simulation.connection.execute(
        f"select model_id, window_name, n_i, n_j, n_k, {', '.join(FORMS)} from {name}"
    ).fetchall()
    return {row[:2]: row[2:] for row in found}


@pytest.mark.parametrize("number", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_index_of_a_drawn_lineage_is_what_the_definitions_say(
    simulation, lineage, scenario, number
):
    simulation.draw(scenario, number, "drawn_indices")
    edges = drawn_edges(simulation)
    drawn = Lineage(
        SNAPSHOT_AT,
        lineage.created_at,
        {edge: lineage.relation_of.get(edge, "unknown") for edge in edges},
    )
    expected = {
        key: tuple(row[name] for name in ("n_i", "n_j", "n_k", *FORMS))
        for key, row in disruption(drawn).items()
        if row["undefined_reason"] is None
    }
    found = indices(simulation, "drawn_indices")
    assert found.keys() == expected.keys()
    assert len(found) > 100
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, rel=1e-12, nan_ok=False), key


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_draw_is_a_function_of_the_seed_and_its_number(simulation, exports, scenario):
    simulation.draw(scenario, 1, "drawn_indices")
    first = drawn_edges(simulation)
    simulation.draw(scenario, 2, "drawn_indices")
    assert drawn_edges(simulation) != first
    simulation.draw(scenario, 1, "drawn_indices")
    assert drawn_edges(simulation) == first
    simulation.seed += 1
    simulation.draw(scenario, 1, "drawn_indices")
    simulation.seed -= 1
    assert drawn_edges(simulation) != first


def test_a_child_of_the_labelled_pattern_hides_all_its_edges_or_none(simulation, lineage):
    simulation.draw("labelled", 1, "drawn_indices")
    kept = drawn_edges(simulation)
    children = {child for child, _ in lineage.relation_of}
    for child in children:
        edges = {(child, parent) for parent in lineage.parents[child]}
        assert edges <= kept or not edges & kept


def test_edges_are_hidden_as_often_as_the_labels_say(simulation, lineage):
    """Over 30 draws the shares are within four standard errors of what was asked."""
    shares, n_draws = hidden_shares(), 30
    by_relation: dict[str, list[int]] = {}
    n_random = 0
    for number in range(1, n_draws + 1):
        simulation.draw("random", number, "drawn_indices")
        n_random += len(drawn_edges(simulation))
        simulation.draw("labelled", number, "drawn_indices")
        kept = {child for child, _ in drawn_edges(simulation)}
        for child in {child for child, _ in lineage.relation_of}:
            by_relation.setdefault(lineage.relation(child), []).append(child in kept)
    n = len(lineage.relation_of) * n_draws
    assert_share(n_random, n, 1 - shares.share)
    for relation, kept_children in by_relation.items():
        hidden = shares.by_relation.get(relation, shares.share)
        assert_share(sum(kept_children), len(kept_children), 1 - hidden)
    assert {"finetune", "quantized", "merge"} <= by_relation.keys()


def assert_share(n_found: int, n: int, share: float) -> None:
    error = (share * (1 - share) / n) ** 0.5
    assert n_found / n == pytest.approx(share, abs=4 * error)


def test_only_the_best_candidate_of_a_model_is_shown_and_only_beside_all_declared(
    simulation, lineage, candidates
):
    best = {child: candidate for child, candidate, _, score in candidates if score == 0.5}
    simulation.draw("candidates", 1, "drawn_indices")
    kept = drawn_edges(simulation)
    assert set(lineage.relation_of) <= kept
    shown = kept - set(lineage.relation_of)
    assert shown
    assert shown <= set(best.items())
    assert_share(len(shown), len(best), 0.5)


def test_measures_compare_a_draw_with_the_whole(simulation):
    whole = {row[:2]: row for row in simulation.measured("whole_indices")}
    for _, _, n, share, kept, correlation in whole.values():
        assert (kept, n > 0, 0 <= share <= 1) == (1.0, True, True)
        assert correlation is None or correlation == pytest.approx(1.0)
    simulation.draw("random", 1, "drawn_indices")
    drawn = {row[:2]: row for row in simulation.measured("drawn_indices")}
    values = indices(simulation, "drawn_indices")
    of_90_days = [row[3] for key, row in values.items() if key[1] == "90d"]
    assert drawn["mdi", "90d"][2] == len(of_90_days)
    assert drawn["mdi", "90d"][3] == sum(value > 0 for value in of_90_days) / len(of_90_days)
    assert 0 < drawn["mdi", "90d"][4] < 1


def test_a_lineage_of_another_build_is_refused(exports):
    other = exports.connection.cursor()
    other.execute("create or replace temp table lineage_edges as from memory.lineage_edges limit 9")
    with pytest.raises(StudyError, match="make the exports again"):
        Simulation(Exports(other, exports.folder, exports.snapshot_id, "0" * 64), SEED)


def test_the_interval_of_draws_lies_between_them():
    assert spread([None, None]) == {"mean": None, "low": None, "high": None}
    assert spread([3.0]) == {"mean": 3.0, "low": 3.0, "high": 3.0}
    assert quantile([0.0, 10.0], 0.025) == pytest.approx(0.25)
    found = spread([float(number) for number in range(41)])
    assert found == {"mean": 20.0, "low": 1.0, "high": 39.0}


def test_every_scenario_has_its_edges():
    assert {*SCENARIOS, ""} == DRAWN.keys()
