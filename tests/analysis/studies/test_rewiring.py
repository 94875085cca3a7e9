"""MDI under pure chance: what the rewiring keeps, that it is fair, and that it counts rightly."""

import itertools
from collections import Counter as Multiset
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import analysis.studies.null_worlds.rewiring
from analysis.studies.null_worlds.rewiring import (
    UNKNOWN,
    WINDOW_DAYS,
    Counter,
    Lineage,
    drawn,
    may_move,
    mdi_under_chance,
    months,
    read_lineage,
    rewire,
)
from analysis.studies.null_worlds.worlds import draw_lineage
from hub_lineage.errors import StudyError
from oracles import definitions
from oracles.graphs import random_graph, random_graphs

EPOCH = datetime(1970, 1, 1)
PARTS = ("n_i", "n_j", "n_k")


def microseconds(moment: datetime | None) -> int:
    return UNKNOWN if moment is None else (moment - EPOCH) // timedelta(microseconds=1)


def lineage_of(graph: definitions.Lineage) -> Lineage:
    """A graph of the oracles as arrays, without the models that have no edge."""
    names = sorted({name for edge in graph.relation_of for name in edge})
    place = {name: index for index, name in enumerate(names)}
    edges = sorted(graph.relation_of)
    return Lineage(
        child=np.array([place[child] for child, _ in edges], dtype=np.int64),
        parent=np.array([place[parent] for _, parent in edges], dtype=np.int64),
        created_us=np.array([microseconds(graph.created_at.get(name)) for name in names]),
        is_dated=np.array([graph.usable_date(name) is not None for name in names]),
        is_listed=np.array([name in graph.created_at for name in names]),
        names=np.array(names, dtype=object),
    )


def graph_of(lineage: Lineage, like: definitions.Lineage) -> definitions.Lineage:
    """Arrays as a graph of the oracles, with the dates of another."""
    pairs = zip(lineage.names[lineage.child], lineage.names[lineage.parent], strict=True)
    return definitions.Lineage(like.snapshot_at, like.created_at, dict.fromkeys(pairs, "merge"))


def grown(n_models: int = 4000, seed: int = 1) -> Lineage:
    """A lineage by preferential attachment with many models of several parents."""
    models, edges = draw_lineage(n_models, seed, grandparents=0.4, merges=0.2)
    yes = np.ones(n_models, dtype=bool)
    return Lineage(
        child=edges["child_key"].to_numpy(),
        parent=edges["parent_key"].to_numpy(),
        created_us=models["created_us"].to_numpy(),
        is_dated=yes,
        is_listed=yes,
        names=models["node_key"].astype(str).to_numpy(object),
    )


def connected(graph: definitions.Lineage, counted: pd.DataFrame) -> duckdb.DuckDBPyConnection:
    """The three marts that `mdi_under_chance` reads, from a graph and its counts."""
    connection = duckdb.connect()
    edges = pd.DataFrame(
        {
            "child_id": child,
            "parent_id": parent,
            "is_parent_listed": parent in graph.created_at,
            "child_created_at": created(graph, child),
            "parent_created_at": created(graph, parent),
        }
        for child, parent in graph.relation_of
    )
    models = pd.DataFrame(
        [
            (name, moment is not None and definitions.is_on_floor(moment))
            for name, moment in graph.created_at.items()
        ],
        columns=["model_id", "is_created_at_floor"],
    )
    for name, frame in (("edges", edges), ("hub_models", models), ("disruption", counted)):
        connection.register(f"{name}_frame", frame)
        connection.execute(f"create table {name} as from {name}_frame")
    connection.execute(
        "create view lineage_edges as select * replace (child_created_at::timestamp as "
        "child_created_at, parent_created_at::timestamp as parent_created_at) from edges"
    )
    return connection


def created(graph: definitions.Lineage, name: str) -> str | None:
    moment = graph.created_at.get(name)
    return None if moment is None else moment.isoformat()


def disruption_of(graph: definitions.Lineage) -> pd.DataFrame:
    """The 90-day rows of the mart, by the definitions."""
    rows = definitions.disruption(graph)
    return pd.DataFrame(
        [
            {"model_id": focal, **row}
            for (focal, window), row in rows.items()
            if window == f"{WINDOW_DAYS}d"
        ]
    )


# what is kept


@pytest.mark.parametrize("number", range(40))
def test_every_margin_is_kept_exactly(number):
    before = lineage_of(random_graph(number).lineage) if number else grown()
    after = rewire(before, np.random.default_rng(number), 7)

    # Each child with its number of parents, each node with its date: the very same arrays.
    assert after.child is before.child
    assert after.created_us is before.created_us

    # Each parent's number of children in each month of their creation.
    month = months(before.created_us[before.child])
    assert Multiset(zip(after.parent, month, strict=True)) == Multiset(
        zip(before.parent, month, strict=True)
    )

    # No self reference, no pair twice.
    assert (after.child != after.parent).all()
    assert len(set(zip(after.child, after.parent, strict=True))) == len(before.child)

    # Who may not move has not, who has moved takes from an older one: no new cycle of their own.
    moves = may_move(before)
    assert (after.parent == before.parent)[~moves].all()
    created_us = before.created_us
    assert (created_us[after.parent] < created_us[after.child])[moves].all()


def test_edges_move_until_they_agree_with_the_real_ones_by_chance_only():
    before = grown()
    after = rewire(before, np.random.default_rng(1))
    kept = (after.parent == before.parent).mean()
    # By chance an edge gets its own parent back in proportion to that parent's edges in the month.
    edges = pd.DataFrame(
        {"month": months(before.created_us[before.child]), "parent": before.parent}
    )
    in_cell = edges.groupby(["month", "parent"])["parent"].transform("size")
    by_chance = (in_cell / edges.groupby("month")["parent"].transform("size")).mean()
    assert by_chance < 0.2
    assert kept == pytest.approx(by_chance, abs=0.03)


def test_children_without_a_release_date_and_parents_that_are_not_older_stay():
    graph = definitions.Lineage(
        datetime(2025, 1, 1),
        {
            "old": datetime(2024, 1, 1),
            "tied": datetime(2024, 3, 5),
            "later": datetime(2024, 3, 9),
            "floor": datetime(2022, 3, 2, 23, 29, 4),
            "undated": None,
            "child": datetime(2024, 3, 5),
            "other": datetime(2024, 3, 20),
        },
        dict.fromkeys(
            [
                ("child", "old"),
                ("child", "tied"),
                ("child", "later"),
                ("child", "unlisted"),
                ("floor", "undated"),
                ("undated", "old"),
                ("other", "later"),
            ],
            "merge",
        ),
    )
    lineage = lineage_of(graph)
    moving = {
        (lineage.names[child], lineage.names[parent])
        for child, parent, moves in zip(
            lineage.child, lineage.parent, may_move(lineage), strict=True
        )
        if moves
    }
    assert moving == {("child", "old"), ("child", "unlisted"), ("other", "later")}


# that it is fair


def one_month(parents_of: dict[str, list[str]], day_of: dict[str, int]) -> definitions.Lineage:
    """Children on days of March 2024 and their parents, January's where no day is given."""
    names = {*parents_of, *itertools.chain(*parents_of.values())}
    return definitions.Lineage(
        datetime(2025, 1, 1),
        {
            name: datetime(2024, 3, day_of[name]) if name in day_of else datetime(2024, 1, 1)
            for name in sorted(names)
        },
        {(child, parent): "merge" for child, parents in parents_of.items() for parent in parents},
    )


FEW = one_month(
    {"a": ["p"], "b": ["p", "q"], "c": ["q", "r"], "d": ["a"], "e": ["b"]},
    {"a": 2, "b": 4, "c": 6, "d": 8, "e": 10},
)
"""Seven edges of one month, two of them to parents that are born in it."""

FEWER = one_month({"a": ["p", "q"], "b": ["p", "r"], "c": ["r"]}, {"a": 2, "b": 4, "c": 6})
"""Five edges in which pairs often stand in each other's way."""


@cache
def allowed(graph: str) -> list[tuple[int, ...]]:
    """Every set of edges that keeps the margins and rules, by trying all deals of parents.

    An edge is one number, 100 times the child and the parent.
    """
    lineage = lineage_of({"few": FEW, "fewer": FEWER}[graph])
    child, created_us = lineage.child.tolist(), lineage.created_us.tolist()
    found = set()
    for parents in set(itertools.permutations(lineage.parent.tolist())):
        pairs = set(zip(child, parents, strict=True))
        if len(pairs) == len(child) and all(created_us[p] < created_us[c] for c, p in pairs):
            found.add(tuple(sorted(c * 100 + p for c, p in pairs)))
    return sorted(found)


def edges_of(lineage: Lineage) -> tuple[int, ...]:
    return tuple(sorted((lineage.child * 100 + lineage.parent).tolist()))


def test_a_step_and_the_way_back_are_equally_likely():
    lineage, every = lineage_of(FEWER), allowed("fewer")
    assert len(every) == 5
    steps = np.zeros((5, 5))
    for start, edges in enumerate(every):
        child, parent = np.divmod(edges, 100)
        at = replace(lineage, child=child, parent=parent)
        for number in range(1500):
            end = rewire(at, np.random.default_rng([start, number]), 1)
            steps[start, every.index(edges_of(end))] += 1
    there, back = steps[np.triu_indices(5, 1)], steps.T[np.triu_indices(5, 1)]
    are_met = there + back > 0
    statistic = ((there - back)[are_met] ** 2 / (there + back)[are_met]).sum()
    assert stats.chi2.sf(statistic, are_met.sum()) > 0.001


def test_all_lineages_with_the_same_margins_are_equally_likely():
    lineage = lineage_of(FEW)
    every = allowed("few")
    assert len(every) > 20
    seen = Multiset()
    for seed in range(1500):
        seen[edges_of(rewire(lineage, np.random.default_rng(seed), 20))] += 1
    assert set(seen) == set(every)
    assert stats.chisquare([seen[one] for one in every]).pvalue > 0.001


def test_the_mean_under_chance_is_the_mean_over_all_those_lineages():
    lineage = lineage_of(FEW)
    focals = ["a", "b"]
    by_focal = {focal: [] for focal in focals}
    for edges in allowed("few"):
        pairs = [(lineage.names[key // 100], lineage.names[key % 100]) for key in edges]
        graph = definitions.Lineage(FEW.snapshot_at, FEW.created_at, dict.fromkeys(pairs, "merge"))
        rows = definitions.disruption(graph)
        for focal in focals:
            by_focal[focal].append(rows[focal, "90d"]["mdi"])
    found = mdi_under_chance(connected(FEW, disruption_of(FEW)), 60, seed=1, n_steps=20)
    found = found.set_index("model_id")
    for focal, values in by_focal.items():
        values = np.array([value for value in values if value is not None])
        one = found.loc[focal]
        error = values.std() / np.sqrt(one["n_draws_defined"])
        assert values.std() > 0
        assert one["mdi_chance"] == pytest.approx(values.mean(), abs=4 * error)
        real = definitions.disruption(FEW)[focal, "90d"]["mdi"]
        assert one["mdi_excess"] == pytest.approx(real - one["mdi_chance"])


def plant(monkeypatch, indices_of) -> None:
    """Let draw `number` give the indices `indices_of(number)` by model, whatever is drawn."""

    def planted(counter, number, seed, n_steps):
        counted = counter.count(counter.lineage.parent)
        models = counter.lineage.names[counted["node_key"]]
        return counted.assign(mdi=[indices_of(number).get(model, np.nan) for model in models])

    monkeypatch.setattr(analysis.studies.null_worlds.rewiring, "counted_by_chance", planted)


def test_draws_without_an_index_do_not_count(monkeypatch):
    indices = {"a": [0.5, 0.0, np.nan, 1.0], "b": [np.nan] * 4}

    plant(monkeypatch, lambda number: {name: values[number] for name, values in indices.items()})
    found = mdi_under_chance(connected(FEW, disruption_of(FEW)), 4).set_index("model_id")
    assert found["n_draws_defined"].tolist() == [3, 0]
    assert found.loc["a", "mdi_chance"] == pytest.approx(0.5)
    assert found.loc["a", "mdi_chance_deviation"] == pytest.approx(0.5)
    assert found.loc["a", "is_disruptive_chance"] == pytest.approx(2 / 3)
    assert found.loc["b", ["mdi_chance", "mdi_excess", "is_disruptive_chance"]].isna().all()
    real = found.loc["a", "mdi"]
    assert found.loc["a", "mdi_z"] == pytest.approx((real - 0.5) / 0.5)
    assert found.loc["a", "share_at_or_above"] == np.mean(np.array([0.5, 0.0, 1.0]) >= real)
    assert found["reason"].isna().tolist() == [True, False]
    assert found.loc["b", "reason"] == "defined in fewer than two draws"


def test_an_index_that_is_the_same_in_every_draw_has_no_z(monkeypatch):
    """Thirds and tenths, whose squares less the square of their mean would not be zero."""
    values = {"a": 1 / 3, "b": 0.1}

    plant(monkeypatch, lambda number: values)
    found = mdi_under_chance(connected(FEW, disruption_of(FEW)), 7)
    assert (found["mdi_chance_deviation"] == 0).all()
    assert found["mdi_z"].isna().all()
    assert found["reason"].tolist() == ["the same in every draw"] * 2
    assert found["mdi_chance"].tolist() == pytest.approx([1 / 3, 0.1])


@pytest.mark.slow
def test_a_z_is_large_where_the_lineage_is_not_one_of_chance_and_small_where_it_is():
    """Of a lineage that was itself rewired, z lies within 2 for nineteen in twenty or so."""
    graphs = [graph.lineage for graph in random_graphs(range(150))]
    together = definitions.Lineage(
        graphs[0].snapshot_at,
        {model: moment for graph in graphs for model, moment in graph.created_at.items()},
        {edge: relation for graph in graphs for edge, relation in graph.relation_of.items()},
    )
    shuffled = graph_of(rewire(lineage_of(together), np.random.default_rng(9), 40), together)
    beyond = {}
    for name, graph in (("real", together), ("shuffled", shuffled)):
        found = mdi_under_chance(connected(graph, disruption_of(graph)), 40, seed=2)
        z = found["mdi_z"].dropna()
        assert len(z) > 50
        beyond[name] = (z.abs() > 2).mean()
    assert beyond["shuffled"] < 0.1
    assert beyond["real"] > 2 * beyond["shuffled"]


# that it counts rightly


def test_counts_are_those_of_the_definitions_before_and_after():
    graphs = [graph.lineage for graph in random_graphs(range(100))]
    # Graphs share no model, so that all of them make one, in which rewiring mixes them.
    together = definitions.Lineage(
        graphs[0].snapshot_at,
        {model: moment for graph in graphs for model, moment in graph.created_at.items()},
        {edge: relation for graph in graphs for edge, relation in graph.relation_of.items()},
    )
    lineage = lineage_of(together)
    counter = Counter(lineage)
    for arrays in (lineage, rewire(lineage, np.random.default_rng(1), 5)):
        expected = graph_of(arrays, together)
        counted = counter.count(arrays.parent)
        names = lineage.names[counted["node_key"]]
        assert set(names) == set(lineage.names) & set(expected.created_at)
        for name, row in zip(names, counted.to_dict("records"), strict=True):
            by_hand = definitions.disruption_counts(expected, name, WINDOW_DAYS)
            assert {part: row[part] for part in PARTS} == {part: by_hand[part] for part in PARTS}, (
                name
            )


def test_marts_become_the_lineage_that_they_were_made_of():
    graph = random_graph(3).lineage
    read = read_lineage(connected(graph, disruption_of(graph)))
    expected = lineage_of(graph)
    for name in ("names", "created_us", "is_dated", "is_listed"):
        np.testing.assert_array_equal(getattr(read, name), getattr(expected, name))
    np.testing.assert_array_equal(read.child, expected.child)
    np.testing.assert_array_equal(read.parent, expected.parent)


def test_draws_repeat_with_their_number_and_the_seed_also_side_by_side():
    counter = Counter(grown(500))
    first, second, other_seed = drawn(counter, 0, 7), drawn(counter, 1, 7), drawn(counter, 0, 8)
    assert not first.equals(second)
    assert not first.equals(other_seed)
    with ThreadPoolExecutor(3) as workers:
        again = list(workers.map(lambda number: drawn(counter, number % 2, 7), range(6)))
    for number, one in enumerate(again):
        pd.testing.assert_frame_equal(one, (first, second)[number % 2])


def test_marts_that_do_not_belong_together_are_refused():
    wrong = disruption_of(FEW)
    wrong.loc[wrong["model_id"] == "a", "n_k"] += 1
    with pytest.raises(StudyError, match=r"1 of 2 focals have other counts.*make build"):
        mdi_under_chance(connected(FEW, wrong), 2)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"child": np.array([0, 0])}, "edge appears twice"),
        ({"child": np.array([1, 2])}, "its own parent"),
        ({"child": np.array([0])}, "a child and a parent"),
        ({"child": np.array([0, 9])}, "does not exist"),
        ({"created_us": np.array([1])}, "differ in length"),
    ],
)
def test_arrays_that_are_no_lineage_are_refused_in_one_line(change, says):
    yes = np.ones(3, dtype=bool)
    arrays = {
        "child": np.array([0, 2]),
        "parent": np.array([1, 1]),
        "created_us": np.array([5, 1, 7]),
        "is_dated": yes,
        "is_listed": yes,
        "names": np.array(["a", "b", "c"], dtype=object),
    }
    Lineage(**arrays)
    with pytest.raises(StudyError, match=says) as caught:
        Lineage(**arrays | change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda lineage: rewire(lineage, np.random.default_rng(0), 0), "0 steps"),
        (lambda lineage: mdi_under_chance(connected(FEW, disruption_of(FEW)), 0), "0 draws"),
        (lambda lineage: Counter(lineage, 0), "window of 0 days"),
    ],
)
def test_numbers_that_draw_nothing_are_refused_in_one_line(call, says):
    with pytest.raises(StudyError, match=says):
        call(lineage_of(FEW))
