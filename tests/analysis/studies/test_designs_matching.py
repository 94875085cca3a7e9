"""Window and coarsened matching against exhaustive search, and in worlds with a known truth."""

import math
import statistics
import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from designed_entrants import (
    ENTRANT_TYPES,
    ORIGIN,
    connect,
    entrant,
    fetch,
    random_entrants,
    ranked,
)

from analysis.studies.designs.near_ties import near_ties
from analysis.studies.designs.window_matching import coarsened_matching, window_matching
from analysis.studies.estimation import fit


def in_sample(rows):
    return [row for row in rows if row["sample_exclusion"] is None]


def roles(rows):
    """(parent, child) -> 1 early, 0 later, None where a tie hides it: every order of ties tried."""
    events = {}
    for row in rows:
        events.setdefault((row["parent_id"], row["release_event_rank"]), set()).add(row["owner"])
    found = {}
    for row in in_sample(rows):
        rank = row["release_event_rank"]
        possible_places = range(rank, rank + len(events[row["parent_id"], rank]))
        is_surely_early = all(place <= 3 for place in possible_places)
        role = 0 if rank > 3 else 1 if is_surely_early else None
        found[row["parent_id"], row["child_id"]] = role
    return found


def exhaustive_pairs(rows, days):
    """{early child: its matches} by looking at every pair of the sample."""
    role = roles(rows)
    spread = statistics.stdev(row["log_owner_releases"] for row in in_sample(rows))
    pairs = {}
    for early in in_sample(rows):
        if role[early["parent_id"], early["child_id"]] != 1:
            continue
        candidates = []
        for later in in_sample(rows):
            gap = abs(later["created_at"] - early["created_at"])
            size_gap = abs(later["log_size"] - early["log_size"])
            owner_gap = abs(later["log_owner_releases"] - early["log_owner_releases"])
            if (
                role[later["parent_id"], later["child_id"]] == 0
                and later["parent_id"] == early["parent_id"]
                and later["relation"] == early["relation"]
                and later["size_unknown"] == early["size_unknown"]
                and gap <= timedelta(days=days)
                and size_gap <= 0.5
                and owner_gap <= 0.5 * spread
            ):
                distance = (size_gap / 0.5) ** 2 + (owner_gap / (0.5 * spread)) ** 2
                candidates.append((gap, round(distance, 9), later["child_id"]))
        if candidates:
            pairs[early["child_id"]] = [child for _, _, child in sorted(candidates)[:3]]
    return pairs


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("days", [3, 14])
def test_the_matched_sets_are_those_of_an_exhaustive_search(seed, days):
    rows = random_entrants(seed)
    connection = connect(rows)
    design = window_matching(connection, days)
    found = {}
    for row in fetch(connection, f"select * from {design.name}"):
        parent, early = row["set_id"].split(" ")
        assert row["parent_id"] == parent
        if row["is_early"]:
            assert (row["child_id"], row["log_rank_gap"], row["set_weight"]) == (early, 0, 1)
            found.setdefault(early, [])
        else:
            found.setdefault(early, []).append(row["child_id"])
    expected = exhaustive_pairs(rows, days)
    assert {early: sorted(later) for early, later in found.items()} == {
        early: sorted(later) for early, later in expected.items()
    }
    counted = Counter(child for later in expected.values() for child in later)
    assert design.facts["n_pairs"] == counted.total()
    assert design.facts["n_distinct_later"] == len(counted)
    role = roles(rows)
    n_early = sum(r == 1 for r in role.values())
    assert design.facts["n_early"] == n_early
    assert design.facts["share_early_matched"] == pytest.approx(len(expected) / n_early)
    assert design.facts["n_order_unknown"] == sum(r is None for r in role.values())


def test_the_gap_is_that_of_log_ranks_and_a_sets_matches_share_a_weight_of_one():
    rows = ranked(entrant("b", f"c{n}", n / 10, likes=1) for n in range(1, 8))
    connection = connect(rows)
    design = window_matching(connection, 3)
    members = fetch(
        connection, f"select * from {design.name} where set_id = 'b c2' order by child_id"
    )
    assert [row["child_id"] for row in members] == ["c2", "c4", "c5", "c6"]
    assert [row["log_rank_gap"] for row in members] == pytest.approx(
        [0, math.log(4 / 2), math.log(5 / 2), math.log(6 / 2)]
    )
    assert [row["set_weight"] for row in members] == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3])
    # c4, c5 and c6 serve all three early ones: three rows of equal weight, whatever their uses.
    assert design.facts["effective_later"] == pytest.approx(3)
    assert design.facts["n_bases_matched"] == 1


def test_whoever_ties_across_the_third_place_is_neither_early_nor_later():
    days = {"a": 0, "b": 1, "c": 2, "d": 2, "e": 3}
    rows = ranked(entrant("base", child, day, likes=1) for child, day in days.items())
    connection = connect(rows)
    design = window_matching(connection, 30)
    found = fetch(connection, f"select distinct child_id, is_early from {design.name} order by all")
    assert [(row["child_id"], row["is_early"]) for row in found] == [("a", 1), ("b", 1), ("e", 0)]
    assert design.facts["n_order_unknown"] == 2


def matches(rows, days):
    connection = connect(ranked(rows))
    design = window_matching(connection, days)
    found = fetch(connection, f"from {design.name} where set_id = 'b c1' and is_early = 0")
    return sorted(row["child_id"] for row in found)


def three_early(**fields):
    return [entrant("b", f"c{n}", n / 24, **fields) for n in (1, 2, 3)]


def test_of_matches_at_one_instant_the_most_alike_are_taken_then_the_first_by_id():
    sizes = {"d1": 20.4, "d2": 20.1, "d3": 20.1, "d4": 20.2, "d5": 20.6}
    later = [entrant("b", child, 2, log_size=size) for child, size in sizes.items()]
    assert matches([*three_early(), *later], 7) == ["d2", "d3", "d4"]
    # Being sooner beats being alike.
    later.append(entrant("b", "soon", 1.9, log_size=20.5))
    assert matches([*three_early(), *later], 7) == ["d2", "d3", "soon"]


def test_the_window_is_closed_to_the_microsecond():
    last = three_early()[0]["created_at"] + timedelta(days=7)
    inside = entrant("b", "d1", 7) | {"created_at": last}
    outside = inside | {
        "child_id": "d2",
        "owner": "d2",
        "created_at": last + timedelta(microseconds=1),
    }
    assert matches([*three_early(), inside, outside], 7) == ["d1"]


def test_an_unknown_size_is_like_no_known_one():
    unknown = three_early(log_size=0.0, size_unknown=1)
    later = [
        entrant("b", "tiny", 2, log_size=0.0, size_unknown=0),
        entrant("b", "unknown", 3, log_size=0.0, size_unknown=1),
    ]
    assert matches([*unknown, *later], 7) == ["unknown"]


def test_ties_are_counted_over_the_whole_race_not_over_the_sample():
    days = {"a": 0, "b": 1, "c": 2, "e": 3}
    whole = [entrant("base", child, day, likes=1) for child, day in days.items()]
    whole.append(entrant("base", "d", 2, sample_exclusion="no_counters"))
    connection = connect(ranked(whole))
    design = window_matching(connection, 30)
    found = fetch(connection, f"select distinct child_id from {design.name} where is_early = 1")
    assert sorted(row["child_id"] for row in found) == ["a", "b"]


def cells(rows, bin_days):
    """The cells of coarsened matching by definition: {cell: (early children, later children)}."""
    role = roles(rows)
    sample = in_sample(rows)

    def fifths(values):
        ordered = sorted(values)
        # The least value that at least the share of all values does not exceed.
        return [
            ordered[math.ceil(share * len(ordered) - 1e-9) - 1] for share in (0.2, 0.4, 0.6, 0.8)
        ]

    sizes = fifths(row["log_size"] for row in sample if not row["size_unknown"])
    owners = fifths(row["log_owner_releases"] for row in sample)
    found = {}
    for row in sample:
        side = role[row["parent_id"], row["child_id"]]
        if side is None:
            continue
        cell = (
            row["parent_id"],
            row["relation"],
            (row["created_at"] - type(row["created_at"])(1970, 1, 1)) // timedelta(days=bin_days),
            "unknown" if row["size_unknown"] else sum(cut <= row["log_size"] for cut in sizes),
            sum(cut <= row["log_owner_releases"] for cut in owners),
        )
        found.setdefault(cell, ([], []))[0 if side else 1].append(row["child_id"])
    return {cell: sides for cell, sides in found.items() if all(sides)}


@pytest.mark.parametrize("seed", range(6))
def test_coarsened_cells_and_weights_are_those_of_the_definition(seed):
    rows = random_entrants(seed, n=600, n_bases=20)
    connection = connect(rows)
    design = coarsened_matching(connection, 30)
    expected = {}
    kept = cells(rows, 30)
    all_early = sum(len(early) for early, _ in kept.values())
    all_later = sum(len(later) for _, later in kept.values())
    for early, later in kept.values():
        expected |= dict.fromkeys(early, 1.0)
        expected |= dict.fromkeys(later, len(early) / len(later) * all_later / all_early)
    found = {
        row["child_id"]: row["cell_weight"] for row in fetch(connection, f"from {design.name}")
    }
    assert found == pytest.approx(expected)
    assert len(expected) > 10
    assert design.facts["n_cells"] == len(kept)
    later_weights = fetch(
        connection,
        f"select sum(cell_weight) as w, count(*) as n from {design.name} where is_early = 0",
    )[0]
    assert later_weights["w"] == pytest.approx(later_weights["n"])


def drawn_world(seed, quality, n_bases=1200, n_entrants=40):
    """Races at very different speeds. Nobody loses by being late; `quality` falls over a year."""
    rng = np.random.default_rng(seed)
    n = n_bases * n_entrants
    base = np.repeat(np.arange(n_bases), n_entrants)
    pace = np.exp(rng.normal(0, 1.5, n_bases))[base]
    gap = rng.exponential(1.0, n) * pace
    day = np.cumsum(gap) - np.repeat(np.cumsum(gap)[::n_entrants] - gap[::n_entrants], n_entrants)
    rank = np.tile(np.arange(1, n_entrants + 1), n_bases)
    keep = day < 365
    day = np.minimum(day, 365)
    age = 730 - day
    mean = np.exp(
        np.repeat(rng.normal(0, 0.7, n_bases), n_entrants) + 0.3 * np.log(age) - quality * day / 100
    )
    created = pd.Timestamp(ORIGIN) + pd.to_timedelta(np.floor(day * 86400e6), unit="us")
    frame = pd.DataFrame(
        {
            "parent_id": [f"b{number:05d}" for number in base],
            "child_id": [f"c{number:06d}" for number in range(n)],
            "owner": [f"c{number:06d}" for number in range(n)],
            "relation": "finetune",
            "likes": rng.poisson(mean),
            "release_event_rank": rank,
            "log_rank": np.log(rank),
            "log_age": np.log(age),
            "log_size": rng.choice([20.0, 20.3, 22.0], n),
            "size_unknown": 0,
            "log_owner_releases": np.log1p(rng.integers(0, 4, n)),
            "is_bulk_owner": False,
            "is_same_owner": False,
            "created_at": created,
        }
    )
    return frame[keep].reset_index(drop=True)


def estimate(connection, design, term):
    (equation,) = design.equations.values()
    return fit(connection.table(design.name).df(), equation).row(term)


def test_selection_into_early_entry_fades_with_the_window():
    """No effect, better ones enter earlier: what is left is what quality changes in the window."""
    connection = connect(drawn_world(1, quality=0.5), ENTRANT_TYPES)
    found = {}
    for days in (10_000, 30, 3):
        design = window_matching(connection, days)
        found[days] = estimate(connection, design, "log_rank_gap"), design.facts
    estimates = {days: row["estimate"] for days, (row, _) in found.items()}
    # Without a window a test at 5 % rejects what is true; within three days it does not.
    assert found[10_000][0]["high"] < 0
    assert found[3][0]["low"] < 0 < found[3][0]["high"]
    assert abs(estimates[3]) < abs(estimates[30]) < abs(estimates[10_000])
    assert abs(estimates[3]) < abs(estimates[10_000]) / 5
    ages = {days: facts["mean_log_age_gap"] for days, (_, facts) in found.items()}
    assert ages[3] < ages[30] < ages[10_000]
    shares = {days: facts["share_early_matched"] for days, (_, facts) in found.items()}
    assert shares[3] < shares[30] < shares[10_000]


def test_a_true_loss_by_rank_is_found_within_the_window():
    world = drawn_world(2, quality=0.0)
    rng = np.random.default_rng(3)
    world["likes"] = rng.poisson(5 * world["release_event_rank"] ** -0.2)
    connection = connect(world, ENTRANT_TYPES)
    row = estimate(connection, window_matching(connection, 7), "log_rank_gap")
    assert row["low"] < -0.2 < row["high"]
    assert row["high"] < -0.1
    row = estimate(connection, coarsened_matching(connection, 14), "is_early")
    assert row["low"] > 0


def test_matching_on_traits_makes_them_alike():
    world = drawn_world(4, quality=0.0)
    late = world["release_event_rank"] > 3
    world.loc[late, "log_owner_releases"] += np.log1p(
        np.random.default_rng(5).integers(0, 3, late.sum())
    )
    connection = connect(world, ENTRANT_TYPES)
    balance = {row["variable"]: row for row in window_matching(connection, 30).balance}
    row = balance["log_owner_releases"]
    assert row["standardised_difference_before"] < -0.5
    assert abs(row["standardised_difference_after"]) < 0.1
    assert 0 < row["share_matched"] < 1


def test_balance_after_matching_is_that_of_the_sets_the_estimate_rests_on():
    """Base a is unbalanced and has no like: a Poisson regression learns nothing from it."""
    rows = ranked(
        entrant(base, f"{base}{n}", n / 10, likes=likes, is_bulk_owner=base == "a" and n > 3)
        for base, likes in (("a", 0), ("b", 2))
        for n in range(1, 8)
    )
    design = window_matching(connect(rows), 3)
    balance = {row["variable"]: row for row in design.balance}
    assert balance["is_bulk_owner"]["standardised_difference_before"] < -0.5
    assert balance["is_bulk_owner"]["standardised_difference_after"] == 0
    assert design.facts["n_sets_with_outcome"] == 3
    assert balance["is_bulk_owner"]["n_one"] == 3


def test_the_estimate_gives_both_sides_of_a_set_the_same_weight():
    rows = ranked(
        entrant("b", f"c{n}", n / 10, likes=likes)
        for n, likes in enumerate((8, 4, 2, 3, 1, 1, 5), start=1)
    )
    connection = connect(rows)
    design = window_matching(connection, 3)
    members = connection.table(design.name).df()
    sets = pd.get_dummies(members["set_id"], dtype=float)
    fitted = sm.GLM(
        members["likes"], sets.assign(gap=members["log_rank_gap"]),
        family=sm.families.Poisson(), freq_weights=members["set_weight"],
    ).fit()  # fmt: skip
    found = fit(members, replace(design.equations["rank_gap"], clusters=("iid",)))
    assert found.row("log_rank_gap")["estimate"] == pytest.approx(fitted.params["gap"], rel=1e-6)


@pytest.mark.parametrize("spread_days", [3.0, 0.0], ids=["within_three_days", "at_one_instant"])
def test_a_burst_of_200000_entrants_does_not_explode(spread_days):
    """All pairs would be 4e10; little memory and nothing on disk, so that they cannot hide."""
    n = 200_000
    rng = np.random.default_rng(6)
    day = np.sort(rng.uniform(0, 1, n)) * spread_days
    world = pd.DataFrame(
        {
            "parent_id": "base",
            "child_id": [f"c{number:06d}" for number in range(n)],
            "owner": [f"o{number:06d}" for number in range(n)],
            "relation": "quantized",
            "likes": rng.poisson(1.0, n),
            "release_event_rank": np.arange(1, n + 1) if spread_days else 1,
            "log_rank": np.log(np.arange(1, n + 1)) if spread_days else 0.0,
            "log_age": 5.0,
            "log_size": 20.0,
            "size_unknown": 0,
            "log_owner_releases": np.log1p(rng.integers(0, 4, n)),
            "is_bulk_owner": False,
            "is_same_owner": False,
            "created_at": pd.Timestamp(ORIGIN) + pd.to_timedelta(day * 86400e6, unit="us"),
        }
    )
    connection = connect(world, ENTRANT_TYPES)
    connection.execute("set memory_limit = '400MB'; set temp_directory = ''")
    watch = threading.Timer(120, connection.interrupt)
    watch.start()
    try:
        matched = window_matching(connection, 30)
        coarsened = coarsened_matching(connection)
        tied = near_ties(connection, 48)
    finally:
        watch.cancel()
    if spread_days:
        assert matched.facts["n_pairs"] == 9
        assert coarsened.facts["n_early"] == 3
        assert tied.facts["n_pairs"] == n - 1
    else:
        assert matched.facts["n_order_unknown"] == n
        assert coarsened.reason is not None
        assert tied.facts["n_exact_ties"] == n - 1


@pytest.mark.parametrize("make", [window_matching, coarsened_matching])
def test_nothing_to_match_is_an_empty_table_with_a_reason(make):
    connection = connect([])
    design = make(connection)
    assert design.reason == "no base has a dated entrant that is surely among its first three"
    assert fetch(connection, f"from {design.name}") == []
    assert all(row["n_one"] == 0 for row in design.balance)
    connection = connect(ranked([entrant("b", "only", 0)]))
    design = make(connection)
    assert design.reason == "none of 1 early entrants has a later one like it in the window"
    assert design.facts["share_early_matched"] == 0


def test_steps_leave_no_tables_behind():
    connection = connect(random_entrants(1))
    names = {window_matching(connection, 3).name, coarsened_matching(connection, 14).name}
    tables = {row["table_name"] for row in fetch(connection, "from duckdb_tables()")}
    assert tables == {"entrants"} | names
