"""Near ties against a walk through each race, and in worlds where being second costs something."""

import math
import random
from datetime import timedelta
from itertools import pairwise

import pytest
from designed_entrants import (
    ORIGIN,
    connect,
    entrant,
    fetch,
    random_entrants,
    ranked,
)

from analysis.studies.designs.near_ties import HOURS, PLACEBOS, near_ties
from analysis.studies.estimation import fit


def walked_pairs(rows, hours):
    """The pairs [(first, second)] by walking through each race in its order."""
    pairs = []
    races = {(row["parent_id"], row["relation"]) for row in rows}
    for race in sorted(races):
        runners = sorted(
            (row["created_at"], row["child_id"], row["owner"])
            for row in rows
            if (row["parent_id"], row["relation"]) == race and row["sample_exclusion"] is None
        )
        for first, second in pairwise(runners):
            gap = second[0] - first[0]
            if first[2] != second[2] and timedelta(0) < gap <= timedelta(hours=hours):
                pairs.append((first[1], second[1]))
    return pairs


def found_pairs(connection, design):
    return [
        (row["first_id"], row["second_id"])
        for row in fetch(
            connection,
            f"""
            select
                max(child_id) filter (where is_second = 0) as first_id,
                max(child_id) filter (where is_second = 1) as second_id
            from {design.name} group by pair_id having count(*) = 2""",
        )
    ]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("hours", [6, 48])
def test_the_pairs_are_those_of_a_walk_through_each_race(seed, hours):
    rows = random_entrants(seed)
    connection = connect(rows)
    design = near_ties(connection, hours)
    expected = walked_pairs(rows, hours)
    assert len(expected) > 2
    assert sorted(found_pairs(connection, design)) == sorted(expected)
    assert design.facts["n_pairs"] == len(expected)
    assert design.facts["n_rows"] == 2 * len(expected)
    entrants = {child for pair in expected for child in pair}
    n_sample = sum(row["sample_exclusion"] is None for row in rows)
    assert design.facts["share_of_sample"] == pytest.approx(len(entrants) / n_sample)


def test_equal_times_and_equal_owners_make_no_pair_and_are_counted():
    connection = connect(
        ranked(
            [
                entrant("b", "c1", 0.0),
                entrant("b", "c2", 0.0),
                entrant("b", "c3", 1.0, owner="twice"),
                entrant("b", "c4", 2.0, owner="twice"),
                entrant("b", "c5", 2.5, relation="adapter"),
            ]
        )
    )
    design = near_ties(connection, 48)
    assert found_pairs(connection, design) == [("c2", "c3")]
    assert design.facts["n_exact_ties"] == 1
    assert design.facts["n_same_owner"] == 1
    assert design.facts["mean_log_age_gap"] == pytest.approx(math.log(731 / 730))
    assert design.facts["n_pairs_at_the_start"] == 1


def test_the_gap_may_be_as_long_as_the_window_to_the_microsecond():
    inside = ranked([entrant("b", "c1", 0), entrant("b", "c2", 2)])
    outside = [inside[0], inside[1] | {"created_at": ORIGIN + timedelta(days=2, microseconds=1)}]
    assert near_ties(connect(inside), 48).facts["n_pairs"] == 1
    assert near_ties(connect(outside), 48).facts["n_pairs"] == 0


def drawn_pairs(seed, scoop, n_bases=60, n_pairs=12):
    """Lone pairs, weeks apart, within 30 hours; the second's likes are multiplied by exp(scoop)."""
    draw = random.Random(seed)
    rows = []
    for base in range(n_bases):
        popularity = math.exp(draw.gauss(1.5, 0.7))
        for pair in range(n_pairs):
            day = 20 * pair + draw.random()
            hype = math.exp(draw.gauss(0, 0.7))
            for place in (0, 1):
                mean = popularity * hype * math.exp(scoop * place)
                rows.append(
                    entrant(
                        f"b{base}",
                        f"c{base}-{pair}-{place}",
                        day + place * draw.uniform(0.01, 1.2),
                        likes=sum(draw.random() < mean / 200 for _ in range(200)),
                        release_event_rank=2 * pair + place + 1,
                        log_size=draw.gauss(20, 1),
                        size_unknown=int(draw.random() < 0.2),
                        log_owner_releases=math.log1p(draw.randrange(30)),
                    )
                )
    return rows


def test_a_planted_loss_of_the_second_is_found_and_no_trait_pretends_one():
    connection = connect(drawn_pairs(1, scoop=-0.21))
    design = near_ties(connection, 48)
    rows = connection.table(design.name).df()
    found = {
        name: fit(rows, equation).row("is_second") for name, equation in design.equations.items()
    }
    assert found["second"]["low"] < -0.21 < found["second"]["high"]
    assert found["second"]["high"] < -0.1
    assert set(found) == {"second", *(f"placebo_{trait}" for trait in PLACEBOS)}
    for trait in PLACEBOS:
        assert found[f"placebo_{trait}"]["low"] < 0 < found[f"placebo_{trait}"]["high"]


def test_nothing_is_found_where_being_second_costs_nothing():
    connection = connect(drawn_pairs(2, scoop=0.0))
    design = near_ties(connection, 48)
    row = fit(connection.table(design.name).df(), design.equations["second"]).row("is_second")
    assert row["low"] < 0 < row["high"]


def test_a_placebo_and_the_balance_see_that_the_better_known_come_first():
    rows = drawn_pairs(3, scoop=0.0)
    for row in rows:
        row["log_owner_releases"] -= 0.5 * (row["release_event_rank"] % 2 == 0)
    connection = connect(rows)
    design = near_ties(connection, 48)
    table = connection.table(design.name).df()
    placebo = fit(table, design.equations["placebo_log_owner_releases"]).row("is_second")
    assert placebo["high"] < 0
    balance = {row["variable"]: row for row in design.balance}
    assert balance["log_owner_releases"]["standardised_difference_after"] < -0.2
    assert abs(balance["log_size"]["standardised_difference_after"]) < 0.15


def test_wider_windows_hold_the_pairs_of_narrower_ones():
    connection = connect(random_entrants(9))
    pairs = [set(found_pairs(connection, near_ties(connection, hours))) for hours in HOURS]
    assert all(narrow <= wide for narrow, wide in pairwise(pairs))
    assert pairs[0] < pairs[-1]


def test_without_neighbours_there_is_an_empty_table_and_a_reason():
    for rows in ([], ranked([entrant("b", "c1", 0)])):
        connection = connect(rows)
        design = near_ties(connection)
        assert design.reason.startswith("no two entrants")
        assert fetch(connection, f"from {design.name}") == []
        tables = [row["table_name"] for row in fetch(connection, "from duckdb_tables()")]
        assert sorted(tables) == ["entrants", "near_ties_48h"]
