"""The queue against loops, Anderson-Rubin sets against tests at their ends, a planted effect."""

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
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
from scipy import stats

from analysis.designs.instruments import CANDIDATES, INSTRUMENT, anderson_rubin, instruments
from analysis.engines import fit
from analysis.equations import Equation, EstimationError


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
        assert row["outcome_less_crowding"] == pytest.approx(row["log_likes"] - row["log_crowd_30"])


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


def drawn_chain(seed, strength, effect=-0.5, n=1500):
    """x = strength * z + shared, y = effect * x - shared + noise, in 60 clusters."""
    rng = np.random.default_rng(seed)
    z, other = rng.normal(size=(2, n))
    shared = rng.normal(size=n)
    x = strength * z + shared + 0.5 * other
    y = effect * x - shared + 0.5 * rng.normal(size=n)
    return pd.DataFrame(
        {"x": x, "y": y, "y_less_x": y - x, "z": z, "w": other, "g": rng.integers(0, 60, n)}
    )


def three_fits(frame, terms=("z", "w"), **options):
    base = Equation("x", terms, clusters=("g",))
    return [
        fit(frame, replace(base, outcome=outcome), **options) for outcome in ("x", "y", "y_less_x")
    ]


@pytest.mark.parametrize("strength", [1.0, 0.2, 0.06, 0.0])
@pytest.mark.parametrize("seed", range(3))
def test_at_each_end_of_the_set_the_test_just_fails_to_reject(strength, seed):
    frame = drawn_chain(seed, strength)
    fits = three_fits(frame)
    found = anderson_rubin(*fits, ("z",))
    limit = stats.t.ppf(0.975, fits[0].degrees_of_freedom)

    def statistic(b):
        tested = frame.assign(less=frame["y"] - b * frame["x"])
        row = fit(tested, Equation("less", ("z", "w"), clusters=("g",))).row("z")
        return abs(row["estimate"] / row["standard_error"])

    ends = [end for interval in found for end in interval if np.isfinite(end)]
    for end in ends:
        assert statistic(end) == pytest.approx(limit, rel=1e-5)
    estimate = fits[1].row("z")["estimate"] / fits[0].row("z")["estimate"]
    assert any(low <= estimate <= high for low, high in found)
    for low, high in found:
        inside = [value for value in (low, high) if np.isfinite(value)]
        if len(inside) == 2:
            assert statistic(sum(inside) / 2) < limit
    # Unbounded exactly where the first stage is not significant.
    first = abs(fits[0].row("z")["estimate"] / fits[0].row("z")["standard_error"])
    assert any(np.isinf(end) for interval in found for end in interval) == (first < limit)


def test_a_strong_instrument_finds_what_least_squares_misses():
    frame = drawn_chain(5, strength=1.0)
    (interval,) = anderson_rubin(*three_fits(frame), ("z",))
    assert interval[0] < -0.5 < interval[1]
    assert interval[1] - interval[0] < 0.3
    naive = fit(frame, Equation("y", ("x", "w"), clusters=("g",))).row("x")
    assert naive["high"] < interval[0]


def test_several_instruments_share_one_set_or_refuse_every_value():
    rng = np.random.default_rng(6)
    frame = drawn_chain(7, strength=0.8)
    frame["z2"] = rng.normal(size=len(frame))
    frame["x"] += 0.8 * frame["z2"]
    frame["y"] += -0.5 * 0.8 * frame["z2"]
    frame["y_less_x"] = frame["y"] - frame["x"]
    (interval,) = anderson_rubin(*three_fits(frame, ("z", "z2")), ("z", "z2"))
    assert interval[0] < -0.5 < interval[1]
    # An instrument with a way of its own to the outcome disagrees with the other.
    frame["y"] += 2 * frame["z2"]
    frame["y_less_x"] = frame["y"] - frame["x"]
    assert anderson_rubin(*three_fits(frame, ("z", "z2")), ("z", "z2")) == []


def test_fits_on_different_rows_are_refused():
    frame = drawn_chain(8, strength=1.0)
    first, reduced, difference = three_fits(frame)
    shorter = fit(frame[:900], Equation("x", ("z", "w"), clusters=("g",)))
    with pytest.raises(EstimationError, match="on the same rows"):
        anderson_rubin(shorter, reduced, difference, ("z",))
    assert first.n_used == 1500


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
    sets = anderson_rubin(found["first_stage"], found["reduced_form"], found["difference"])
    assert len(sets) == 1
    assert sets[0][0] < -0.3 < sets[0][1] < 0
    two_stage = fit(table, design.equations["two_stage"], of_interest=design.interest("two_stage"))
    assert sets[0][0] < two_stage.row("log_crowd_30")["estimate"] < sets[0][1]
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
    assert design.reason == "no entrant of the sample is of an owner that is no bulk owner"
    quiet = ranked([entrant("b", "c1", 0), entrant("b", "c2", 1)])
    connection = connect(quiet, ENTRANT_TYPES)
    design = instruments(connection)
    assert design.reason.startswith("no bulk owner entered a race")
    assert design.facts["n_rows"] == 2
