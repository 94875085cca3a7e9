"""The queue against loops, and a planted effect."""

import math
from datetime import timedelta

import numpy as np
import pytest
from designed_entrants import (
    ENTRANT_TYPES,
    ORIGIN,
    connect,
    entrant,
    fetch,
    random_entrants,
    ranked,
)

from analysis.studies.designs.instruments import CANDIDATES, INSTRUMENT, instruments
from analysis.studies.estimation import fit


@pytest.mark.parametrize("seed", range(4))
def test_the_queue_is_that_of_plain_loops(seed):
    rows = random_entrants(seed)
    connection = connect(rows)
    design = instruments(connection)

    def queue(row, sign):
        events = {}
        for other in rows:
            race = (other["parent_id"], other["relation"])
            if other["is_bulk_owner"] and race == (row["parent_id"], row["relation"]):
                event = (other["owner"], other["created_at"].date())
                events[event] = min(events.get(event, other["created_at"]), other["created_at"])
        return sum(
            timedelta(0) < sign * (row["created_at"] - event) <= timedelta(days=7)
            for event in events.values()
        )

    expected = {
        row["child_id"]: (queue(row, 1), queue(row, -1))
        for row in rows
        if row["sample_exclusion"] is None and not row["is_bulk_owner"] and row["likes"] is not None
    }
    found = fetch(connection, f"from {design.name}")
    assert {row["child_id"]: (row["n_queue_7"], row["n_queue_lead_7"]) for row in found} == expected
    assert len({before for before, _ in expected.values()}) > 2
    for row in found:
        assert row["log_queue_7"] == pytest.approx(math.log1p(row["n_queue_7"]))


def test_the_clock_is_that_of_the_bases_release():
    saturday_at_six = ORIGIN + timedelta(days=5, hours=6)  # ORIGIN is a Monday
    rows = ranked(
        [
            entrant("b", "c1", 9, base_created_at=saturday_at_six),
            entrant("c", "c2", 9),
            entrant("c", "c3", 9),
        ]
    )
    connection = connect(rows)
    design = instruments(connection)
    first, second, _ = fetch(connection, f"from {design.name} order by child_id")
    assert first["is_base_release_weekend"] == 1
    assert first["base_release_hour_sine"] == pytest.approx(1)
    assert second["is_base_release_weekend"] == 0
    assert second["base_release_hour_cosine"] == pytest.approx(1)


def drawn_races(seed, n_bases=40):
    """Races with queues of a re-quantiser: each rival of the last 30 days costs recognition."""
    rng = np.random.default_rng(seed)
    rows = []
    for base in range(n_bases):
        for burst in range(4):
            start = 10 + 40 * burst
            n_bulk = int(rng.integers(0, 12))
            rows += [
                entrant(
                    f"b{base}",
                    f"bulk{base}-{burst}-{k}",
                    start + k / 10,
                    owner=f"bot{k}",
                    is_bulk_owner=True,
                    relation="quantized",
                )
                for k in range(n_bulk)
            ]
            rows += [
                entrant(
                    f"b{base}",
                    f"c{base}-{burst}-{k}",
                    start + rng.uniform(-4, 6),
                    relation="quantized",
                    log_size=rng.normal(20, 1),
                    size_unknown=int(rng.random() < 0.2),
                    log_owner_releases=rng.normal(1, 1),
                )
                for k in range(int(rng.integers(1, 6)))
            ]
    rows = ranked(rows)
    for row in rows:
        row["base_created_at"] = ORIGIN - timedelta(hours=7 * int(row["parent_id"][1:]))
        row["likes"] = 1
        row["log_likes"] = 3 - 0.3 * row["log_crowd_30"] + rng.normal(0, 0.3)
    return rows


def test_every_equation_of_the_design_runs_and_finds_the_planted_effect():
    connection = connect(drawn_races(9))
    design = instruments(connection)
    assert design.reason is None
    table = connection.table(design.name).df()
    found = {
        name: fit(table, equation, of_interest=design.interest(name))
        for name, equation in design.equations.items()
        if name != "two_stage"
    }
    assert found["first_stage"].row(INSTRUMENT)["low"] > 0
    two_stage = fit(table, design.equations["two_stage"], of_interest=design.interest("two_stage"))
    strength = two_stage.first_stage
    assert strength["anderson_rubin_shape"] == "interval"
    assert strength["anderson_rubin_low"] < -0.3 < strength["anderson_rubin_high"] < 0
    ratio = (
        found["reduced_form"].row(INSTRUMENT)["estimate"]
        / found["first_stage"].row(INSTRUMENT)["estimate"]
    )
    assert two_stage.row("log_crowd_30")["estimate"] == pytest.approx(ratio, rel=1e-6)
    lead = found["leads"].row("log_queue_lead_7")
    assert lead["low"] < 0 < lead["high"]


def test_each_candidate_says_what_is_wrong_with_it():
    assert len(CANDIDATES) == 5
    for row in CANDIDATES:
        assert list(row) == [
            "instrument",
            "shifts",
            "columns",
            "relevance",
            "exclusion_worry",
            "verdict",
        ]
        assert all(row[name] for name in row if name != "columns")
        assert row["shifts"] in ("crowding", "order")


def test_without_rows_or_without_a_queue_the_reason_is_said():
    design = instruments(connect([]))
    assert (
        design.reason
        == "no entrant of the sample belongs to an owner that does not release in bulk"
    )
    quiet = ranked([entrant("b", "c1", 0), entrant("b", "c2", 1)])
    connection = connect(quiet, ENTRANT_TYPES)
    design = instruments(connection)
    assert design.reason.startswith("no bulk owner entered a race")
    assert design.facts["n_rows"] == 2
