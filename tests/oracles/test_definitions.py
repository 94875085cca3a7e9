"""The definitions themselves, checked against hand counts and against other people's libraries.

No dbt here: if these fail, the oracle is wrong, and the comparisons with the marts mean nothing.
"""

import math
from collections import Counter
from datetime import datetime, timedelta

import pytest

from oracles import definitions, reference
from oracles.definitions import WINDOWS, Lineage
from oracles.graphs import FLOOR_DATES, bulk_graph, random_graphs
from oracles.worked_example import (
    CLOSED_AT,
    CREATED_AT,
    F_DEPENDENCE,
    F_DI_2,
    GOLDEN_CREATED_AT,
    GOLDEN_EDGES,
    RAW_ROWS,
    TABLE,
)

DAY = timedelta(days=1)
FINITE_WINDOWS = {name: days for name, days in WINDOWS.items() if days is not None}
RANDOM_GRAPHS = random_graphs(range(150))


def lineage_of(created_at, claims, snapshot_at=CLOSED_AT):
    """A lineage from raw rows, of which an edge keeps the first relation."""
    relation_of, _ = definitions.clean_edges(created_at, claims)
    return Lineage(snapshot_at, created_at, relation_of)


@pytest.fixture(scope="module")
def worked() -> Lineage:
    return lineage_of(CREATED_AT, RAW_ROWS)


# The worked example


def test_sixteen_raw_rows_are_fourteen_edges_and_one_self_reference():
    relation_of, rejected = definitions.clean_edges(CREATED_AT, RAW_ROWS)
    assert len(RAW_ROWS) == 16
    assert len(relation_of) == 14
    assert rejected == {("F", "F")}


@pytest.mark.parametrize("focal", TABLE)
def test_worked_example_has_the_published_counts_and_indices(worked, focal):
    expected = TABLE[focal]
    row = definitions.disruption(worked, zero_parent_rule="one")[focal, "90d"]
    assert (row["n_i"], row["n_j"], row["n_k"]) == expected.counts
    assert row["n_parents"] == expected.n_parents
    assert row["mdi"] == expected.cd
    assert row["mdi_no_k"] == expected.no_k
    assert row["mdi_bypass"] == expected.bypass


def test_worked_example_second_forms_of_the_focal(worked):
    row = definitions.disruption(worked)["F", "90d"]
    assert row["mdi_l2"] == F_DI_2
    assert row["dependence"] == F_DEPENDENCE
    assert row["mdi_net"] == (2 - 1 - 3) / 6


@pytest.mark.parametrize(
    ("rule", "shares"),
    [
        ("one", {"positive": 2, "negative": 1, "zero": 6, "undefined": 3}),
        ("exclude", {"positive": 1, "negative": 1, "zero": 6, "undefined": 4}),
    ],
)
def test_worked_example_shares_under_both_rules_for_models_without_parents(worked, rule, shares):
    rows = definitions.disruption(worked, zero_parent_rule=rule)
    values = [row["mdi"] for (_, window), row in rows.items() if window == "90d"]
    signs = Counter(
        "undefined"
        if value is None
        else ("zero", "positive", "negative")[(value > 0) - (value < 0)]
        for value in values
    )
    assert signs == shares


# What the usual mistakes would give: the example tells all of them from the right answer


def mistaken_counts(
    focal,
    *,
    keep_self_references=False,
    keep_duplicates=False,
    far_end_is_open=False,
    ties_are_later=False,
    whole_dates=False,
    window_days=90,
    skip_the_focal=True,
):
    """n_i, n_j, n_k counted over raw rows with one or more mistakes made on purpose."""
    rows = [
        (child, parent) for child, parent, _ in RAW_ROWS if keep_self_references or child != parent
    ]
    rows = rows if keep_duplicates else sorted(set(rows))
    when = {
        model: datetime.combine(moment, datetime.min.time()) if whole_dates else moment
        for model, moment in CREATED_AT.items()
    }
    parents = {parent for child, parent in rows if child == focal}
    counts = Counter()
    for later in when:
        if skip_the_focal and later == focal:
            continue
        is_after = when[later] >= when[focal] if ties_are_later else when[later] > when[focal]
        is_before_end = window_days is None or (
            when[later] < when[focal] + window_days * DAY
            if far_end_is_open
            else when[later] <= when[focal] + window_days * DAY
        )
        if not (is_after and is_before_end):
            continue
        takes_focal = rows.count((later, focal))
        takes_parents = sum((later, parent) in rows for parent in parents)
        if takes_focal:
            counts["n_j" if takes_parents else "n_i"] += takes_focal
        elif takes_parents:
            counts["n_k"] += 1
    return counts["n_i"], counts["n_j"], counts["n_k"]


@pytest.mark.parametrize(
    ("focal", "mistake", "counts"),
    [
        ("F", {"keep_self_references": True}, (0, 3, 3)),
        ("H", {"keep_self_references": True}, (0, 0, 4)),
        ("F", {"keep_duplicates": True}, (3, 1, 3)),
        ("F", {"far_end_is_open": True}, (1, 1, 3)),
        ("G", {"far_end_is_open": True}, (0, 0, 2)),
        ("F", {"ties_are_later": True}, (3, 1, 3)),
        ("F", {"whole_dates": True}, (3, 1, 3)),
        ("F", {"window_days": None}, (3, 1, 3)),
        ("R", {"window_days": None}, (5, 0, 0)),
        ("F", {"ties_are_later": True, "skip_the_focal": False}, (3, 1, 4)),
    ],
)
def test_each_mistake_would_show_in_the_worked_example(worked, focal, mistake, counts):
    assert mistaken_counts(focal, **mistake) == counts
    right = definitions.disruption_counts(worked, focal, 90)
    assert (right["n_i"], right["n_j"], right["n_k"]) != counts


@pytest.mark.parametrize("focal", TABLE)
def test_the_counting_without_a_mistake_gives_the_worked_example(focal):
    assert mistaken_counts(focal) == TABLE[focal].counts


def test_a_later_model_that_shares_two_parents_counts_once():
    lineage = lineage_of(CREATED_AT, [*RAW_ROWS, ("B", "Q", "merge")])
    rows = definitions.disruption(lineage, zero_parent_rule="one")
    assert rows["B", "90d"]["n_k"] == 5
    assert rows["Q", "90d"]["n_i"] == 2


def test_index_is_undefined_while_the_window_is_open():
    snapshot_at = datetime(2025, 3, 15)
    created_at = {model: moment for model, moment in CREATED_AT.items() if moment <= snapshot_at}
    rows = [row for row in RAW_ROWS if row[0] in created_at]
    row = definitions.disruption(lineage_of(created_at, rows, snapshot_at))["F", "90d"]
    assert row["undefined_reason"] == "window_open"
    assert row["is_window_closed"] is False
    assert row["mdi"] is None
    assert (row["n_i"], row["n_j"], row["n_k"]) == (1, 1, 3)


# cdindex


@pytest.mark.parametrize("days", [1825, 1827, None])
def test_golden_graph_of_the_cdindex_package(days):
    lineage = lineage_of(GOLDEN_CREATED_AT, [(*edge, "finetune") for edge in GOLDEN_EDGES])
    counts = definitions.disruption_counts(lineage, "4Z", days)
    assert (counts["n_i"], counts["n_j"], counts["n_k"]) == (3, 2, 1)
    forms = definitions.index_forms(3, 2, 1, counts["n_j_l2"], counts["shared"])
    assert forms["mdi"] == 1 / 6
    assert counts["n_j_l2"] == 1  # 9Z takes from 1Z and 3Z, 6Z from 2Z only
    assert reference.cd(reference.cdindex_graph(lineage), "4Z", days or 10_000) == 1 / 6


def test_counts_give_the_value_of_cdindex_to_the_last_digit():
    compared = defined = 0
    for graph in RANDOM_GRAPHS:
        if not reference.all_dates_known(graph.lineage):
            continue
        other = reference.cdindex_graph(graph.lineage)
        for focal in graph.lineage.created_at:
            for days in FINITE_WINDOWS.values():
                counts = definitions.disruption_counts(graph.lineage, focal, days)
                n_i, n_j, n_k = counts["n_i"], counts["n_j"], counts["n_k"]
                forms = definitions.index_forms(n_i, n_j, n_k, 0, [])
                assert forms["mdi"] == reference.cd(other, focal, days), (focal, days, str(graph))
                compared += 1
                defined += forms["mdi"] not in (None, 0)
    assert compared > 3000
    assert defined > 500


# networkx


def test_roots_generations_and_descendants_agree_with_networkx():
    for graph in RANDOM_GRAPHS:
        other = reference.digraph(graph.lineage)
        assert definitions.root_distances(graph.lineage) == reference.distances_to_roots(other), (
            str(graph)
        )
        for model in graph.lineage.models:
            n_below = len(definitions.below(graph.lineage, model))
            assert n_below == reference.n_descendants(other, model), (model, str(graph))


def test_edges_in_cycles_agree_with_networkx():
    for graph in RANDOM_GRAPHS:
        other = reference.digraph(graph.lineage)
        fed = reference.distances_to_roots(other)
        unfed = {edge for edge in other.edges if not fed[edge[0]]}
        expected = reference.cyclic_edges(other) | unfed
        assert definitions.edges_in_cycle(graph.lineage) == expected, str(graph)


# Races, crowding, families: small cases counted by hand


def race() -> Lineage:
    """A base and its entrants at days 0, 2, 2, 9, one on the floor and one without a date."""
    base_at = datetime(2024, 1, 1)
    created_at = {"lab/base": base_at, "floor/e": FLOOR_DATES[0], "nobody/f": None}
    for model, day in {"ann/a": 0, "bob/b": 2, "Ann/c": 2, "eve/d": 9}.items():
        created_at[model] = base_at + day * DAY
    relations = {"ann/a": "adapter", "bob/b": "adapter", "Ann/c": "finetune", "eve/d": "adapter"}
    rows = [
        (model, "lab/base", relations.get(model, "adapter"))
        for model in created_at
        if model != "lab/base"
    ]
    return lineage_of(created_at, rows)


def test_race_ranks_the_dated_entrants_and_counts_all():
    rows = definitions.release_races(race())
    ranks = {child: row["release_rank"] for (child, _), row in rows.items()}
    assert ranks == {
        "ann/a": 1,
        "bob/b": 2,
        "Ann/c": 2,
        "eve/d": 4,
        "floor/e": None,
        "nobody/f": None,
    }
    assert {row["n_entrants"] for row in rows.values()} == {6}
    last = rows["eve/d", "lab/base"]
    assert last["release_percentile"] == 1
    assert last["previous_gap_days"] == 7
    assert last["release_lag_days"] == 9
    assert last["n_before"] == 3
    assert last["release_rank_same_relation"] == 3
    assert last["n_ties"] == 0
    tied = rows["bob/b", "lab/base"]
    assert tied["release_percentile"] == 1 / 3
    assert (tied["n_before"], tied["n_ties"], tied["previous_gap_days"]) == (1, 1, 2)
    first = rows["ann/a", "lab/base"]
    assert (first["is_first"], first["previous_gap_days"], first["release_lag_days"]) == (
        True,
        None,
        0,
    )
    undated = rows["floor/e", "lab/base"]
    assert {name for name, value in undated.items() if value is not None} == {
        "relation",
        "n_entrants",
    }


def test_race_of_one_has_no_percentile():
    lineage = lineage_of({"a/a": datetime(2024, 1, 1)}, [("a/a", "gone/b", "finetune")])
    row = definitions.release_races(lineage)["a/a", "gone/b"]
    assert (row["release_rank"], row["release_percentile"]) == (1, None)


def test_crowding_counts_rivals_of_the_window_only():
    rows = definitions.crowding(race(), bulk_owner_releases=1)
    week = rows["eve/d", "lab/base", 7]
    assert week == {
        "n_rivals_before": 2,  # at exactly 7 days
        "n_rivals_after": 0,
        "n_rivals_around": 0,  # the ends of "around" are open
        "n_rivals_before_same_relation": 1,
        "n_rivals_before_other_owner": 2,
        "n_rivals_before_not_bulk": 1,  # Ann and ann are one owner, who released two
        "n_rivals_before_same_relation_other_owner": 1,
        "n_rivals_before_other_owner_events": 2,
        "n_rivals_after_other_owner": 0,
    }
    tied = rows["Ann/c", "lab/base", 7]
    assert (tied["n_rivals_before"], tied["n_rivals_after"], tied["n_rivals_around"]) == (1, 1, 2)
    assert tied["n_rivals_before_other_owner"] == 0
    assert set(rows["floor/e", "lab/base", 90].values()) == {None}


def test_root_is_the_nearest_then_the_earliest_released_then_the_first_by_id():
    day = datetime(2024, 1, 1)
    created_at = {
        "o/far": day - 9 * DAY,
        "o/late": day + DAY,
        "o/early": day,
        "o/middle": day + 2 * DAY,
        "o/child": day + 3 * DAY,
        "o/of-unlisted": day + 3 * DAY,
        "o/of-floor": day + 3 * DAY,
        "o/floor": FLOOR_DATES[0],
        "o/alone": day,
    }
    rows = [
        ("o/middle", "o/far", "merge"),
        ("o/child", "o/middle", "merge"),
        ("o/child", "o/late", "merge"),
        ("o/child", "o/early", "merge"),
        ("o/of-unlisted", "x/b", "merge"),
        ("o/of-unlisted", "x/a", "merge"),
        ("o/of-floor", "o/early", "merge"),
        ("o/of-floor", "o/floor", "merge"),
    ]
    columns = definitions.lineage_columns(lineage_of(created_at, rows))
    found = {
        model: (row["generation"], row["root_id"], row["n_roots"]) for model, row in columns.items()
    }
    assert found["o/child"] == (1, "o/early", 3)
    assert found["o/of-unlisted"] == (1, "x/a", 2)
    assert found["o/of-floor"] == (1, "o/floor", 2)
    assert found["o/early"] == (0, "o/early", 1)
    assert found["o/alone"] == (None, None, 0)
    assert columns["o/far"]["n_descendants"] == 2


def test_family_counts_descendants_without_their_root():
    lineage = race()
    family = definitions.families(lineage)["lab/base"]
    assert (family["n_models"], family["n_adapter"], family["n_finetune"]) == (6, 5, 1)
    assert family["max_generation"] == 1
    assert family["first_release_at"] == lineage.created_at["ann/a"]
    assert family["last_release_at"] == lineage.created_at["eve/d"]
    assert family["n_owners"] == 5
    assert family["owner_hhi"] == pytest.approx((2 / 6) ** 2 + 4 * (1 / 6) ** 2)


def test_cycle_without_a_root_has_no_generation_and_what_it_feeds_is_flagged():
    created_at = dict.fromkeys(("o/a", "o/b", "o/c"), datetime(2024, 1, 1))
    rows = [("o/a", "o/b", "merge"), ("o/b", "o/a", "merge"), ("o/c", "o/a", "merge")]
    lineage = lineage_of(created_at, rows)
    assert definitions.edges_in_cycle(lineage) == {("o/a", "o/b"), ("o/b", "o/a"), ("o/c", "o/a")}
    columns = definitions.lineage_columns(lineage)
    assert {row["generation"] for row in columns.values()} == {None}
    assert {model: row["n_descendants"] for model, row in columns.items()} == {
        "o/a": 2,
        "o/b": 2,
        "o/c": 0,
    }


def test_only_the_owner_above_the_rate_is_a_bulk_owner():
    assert definitions.bulk_owners(bulk_graph().lineage) == {"bulk-over"}


@pytest.mark.parametrize(
    ("counts", "gini", "hhi"),
    [([5], 0, 1), ([2, 2, 2, 2], 0, 0.25), ([1, 3], 0.25, 0.625), ([1, 2, 3], 2 / 9, 14 / 36)],
)
def test_concentration_of_small_cases(counts, gini, hhi):
    row = definitions.concentration_of(counts)
    assert math.isclose(row["gini"], gini)
    assert math.isclose(row["hhi"], hhi)
    assert row["top_10_share"] == 1


def test_concentration_by_year_takes_the_release_of_the_child():
    created_at = {
        "o/base": None,
        "o/a": datetime(2023, 12, 31, 23, 59, 59),
        "o/b": datetime(2024, 1, 1),
        "o/c": datetime(2024, 5, 1),
        "o/floor": FLOOR_DATES[0],
    }
    rows = [
        ("o/a", "o/base", "adapter"),
        ("o/b", "o/a", "adapter"),
        ("o/c", "o/base", "merge"),
        ("o/c", "o/a", "merge"),
        ("o/floor", "o/base", "merge"),
    ]
    found = definitions.concentration([lineage_of(created_at, rows)])
    assert {key: (row["n_bases"], row["n_edges"]) for key, row in found.items()} == {
        (2023, "new_edges"): (1, 1),
        (2023, "new_adapter_edges"): (1, 1),
        (2023, "edges_to_date"): (1, 1),
        (2024, "new_edges"): (2, 3),
        (2024, "new_adapter_edges"): (1, 1),
        (2024, "new_merge_edges"): (2, 2),
        (2024, "edges_to_date"): (2, 4),
    }


def test_top_one_percent_is_rounded_up_to_whole_bases():
    counts = [10, *[1] * 100]
    assert definitions.concentration_of(counts)["top_1_percent_share"] == 11 / 110
    assert definitions.concentration_of(counts)["top_10_share"] == 19 / 110


# The random graphs hold what they are for


def test_random_graphs_hold_every_kind_of_dirt():
    seen = Counter()
    for graph in RANDOM_GRAPHS:
        lineage = graph.lineage
        dates = [moment for moment in lineage.created_at.values() if moment is not None]
        seen["floor"] += sum(map(definitions.is_on_floor, dates))
        seen["missing date"] += len(lineage.created_at) - len(dates)
        seen["self reference"] += len(graph.self_references)
        seen["cycle"] += len(definitions.edges_in_cycle(lineage))
        seen["seven parents"] += sum(len(found) >= 7 for found in lineage.parents.values())
        for model in lineage.models - set(lineage.created_at):
            seen["unlisted parent of several"] += len(lineage.children[model]) > 1
        for edge, row in definitions.release_races(lineage).items():
            seen["tie"] += bool(row["n_ties"])
            seen["inverted"] += (row["release_lag_days"] or 0) < 0
            seen["several phases"] += len(graph.evidence[edge]) > 2
        for (focal, _), row in definitions.disruption(lineage).items():
            seen[row["undefined_reason"]] += 1
            seen["shares two"] += row["n_j_l2"] > 0
            if row["window_days"] and lineage.created_at[focal]:
                end = lineage.created_at[focal] + row["window_days"] * DAY
                seen["window closes at the snapshot"] += end == lineage.snapshot_at
                for later in lineage.children[focal]:
                    seen["exact end"] += lineage.created_at[later] == end
                    seen["one second beyond"] += lineage.created_at[later] == end + DAY / 86_400
    scarce = {kind: number for kind, number in seen.items() if number < 10}
    assert not scarce
    reasons = {
        None,
        "no_declared_parent",
        "creation_date_floor",
        "window_open",
        "no_later_activity",
        "no_creation_date",
    }
    assert reasons <= set(seen)
