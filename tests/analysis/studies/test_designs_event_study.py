"""Panel, bursts and their weeks against plain loops, and in worlds with a planted effect."""

import math
import random
from datetime import timedelta

import numpy as np
import pytest
from designed_entrants import ORIGIN, add, connect, entrant, fetch, ranked

from analysis.studies.designs.event_study import crowding_panel, event_study, event_term
from analysis.studies.estimation import fit

METRIC_TYPES = {
    "snapshot_id": "varchar",
    "snapshot_at": "timestamp",
    "model_id": "varchar",
    "likes": "bigint",
    "likes_change": "bigint",
}
WEEK = timedelta(days=7)


def counted(rows, moments, likes):
    """model_metrics: `likes(row, k)` of every entrant at each snapshot k after its creation."""
    made = []
    for row in rows:
        previous = None
        for k, moment in enumerate(moments):
            if moment < row["created_at"]:
                continue
            now = likes(row, k)
            made.append(
                {
                    "snapshot_id": f"s{k:02d}",
                    "snapshot_at": moment,
                    "model_id": row["child_id"],
                    "likes": now,
                    "likes_change": None if previous is None else now - previous,
                }
            )
            previous = now
    return made


def opened(rows, metrics):
    connection = connect(rows)
    add(connection, metrics, METRIC_TYPES, "model_metrics")
    return connection


def random_panel(seed):
    """A few bases with bursts of entry, weekly snapshots that start at different hours."""
    draw = random.Random(seed)
    rows = []
    for base in range(3):
        for number in range(60):
            days = draw.choice([draw.uniform(0, 120), draw.gauss(40 + 20 * base, 4)])
            rows.append(
                entrant(
                    f"base/{base}",
                    f"c{base}-{number:02d}",
                    max(days, 0.0),
                    owner=f"o{draw.randrange(20)}",
                    relation=draw.choice(["finetune", "finetune", "adapter", "quantized"]),
                    sample_exclusion=draw.choice([None] * 8 + ["several_parents"]),
                )
            )
    moments = [ORIGIN + week * WEEK + timedelta(hours=draw.uniform(-4, 4)) for week in range(1, 18)]
    levels = {row["child_id"]: 0 for row in rows}

    def likes(row, k):
        # One in ten is never liked.
        levels[row["child_id"]] += draw.choice([-1, 0, 0, 1, 2]) * (row["child_id"][-1] != "7")
        return levels[row["child_id"]]

    rows = ranked(rows)
    return rows, moments, counted(rows, moments, likes)


def events_before(rows, parent, relation, moment, without=None):
    """Events (one owner, one day) of a base's relation in the 7 days before a moment."""
    firsts = {}
    for row in rows:
        if row["parent_id"] == parent and row["relation"] == relation and row["owner"] != without:
            key = (row["owner"], row["created_at"].date())
            firsts[key] = min(firsts.get(key, row["created_at"]), row["created_at"])
    return sum(moment - WEEK <= first < moment for first in firsts.values())


@pytest.mark.parametrize("seed", range(3))
def test_the_panel_is_that_of_plain_loops(seed):
    rows, moments, metrics = random_panel(seed)
    connection = opened(rows, metrics)
    design = crowding_panel(connection)
    expected = {}
    liked = {m["model_id"] for m in metrics if (m["likes_change"] or 0) > 0}
    for row in rows:
        for metric in metrics:
            if (
                row["sample_exclusion"] is None
                and row["child_id"] in liked
                and metric["model_id"] == row["child_id"]
                and metric["likes_change"] is not None
            ):
                moment = metric["snapshot_at"]
                rivals = events_before(
                    rows, row["parent_id"], row["relation"], moment, without=row["owner"]
                )
                age = (moment - row["created_at"]) / timedelta(days=1)
                expected[row["child_id"], metric["snapshot_id"]] = (
                    max(metric["likes_change"], 0),
                    rivals,
                    pytest.approx(math.log1p(rivals)),
                    pytest.approx(math.log(age)),
                    f"{row['parent_id']} {metric['snapshot_id']}",
                )
    names = ("likes_gained", "n_rivals", "log_crowd_week", "log_age_now", "base_interval")
    found = {
        (row["child_id"], row["snapshot_id"]): tuple(row[name] for name in names)
        for row in fetch(connection, f"from {design.name}")
    }
    assert found == expected
    assert len({values[1] for values in found.values()}) > 4
    losses = [
        m for m in metrics if (m["model_id"], m["snapshot_id"]) in found and m["likes_change"] < 0
    ]
    assert design.facts["n_losses"] == len(losses)
    assert len(moments) - design.facts["n_intervals"] == 1
    followed = {
        row["child_id"]
        for row in rows
        if row["sample_exclusion"] is None and row["created_at"] < moments[-2]
    }
    assert design.facts["n_models_followed"] == len(followed)
    assert design.facts["n_models"] == len(followed & liked) < len(followed)


def bursts(rows, moments, least_rivals):
    """{base: {relation: first burst}}: thresholds from all cells, empty ones written out."""
    found = {}
    for parent in {row["parent_id"] for row in rows}:
        own = [row for row in rows if row["parent_id"] == parent]
        relations = {row["relation"] for row in own}
        seen = [moment for moment in moments if moment > min(row["created_at"] for row in own)]
        cells = {
            (relation, moment): events_before(rows, parent, relation, moment)
            for relation in relations
            for moment in seen
        }
        threshold = sorted(cells.values())[math.ceil(0.95 * len(cells)) - 1]
        for (relation, moment), n in sorted(cells.items(), key=lambda cell: cell[0][1]):
            if n >= threshold and n >= least_rivals:
                found.setdefault(parent, {}).setdefault(relation, moment)
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("least_rivals", [1, 5])
def test_bursts_and_their_weeks_are_those_of_the_definition(seed, least_rivals):
    rows, moments, metrics = random_panel(seed)
    connection = opened(rows, metrics)
    design = event_study(connection, least_rivals=least_rivals)
    expected = {}
    by_base = bursts(rows, moments, least_rivals)
    for row in fetch(connection, "from crowding_panel"):
        own = by_base.get(row["parent_id"])
        if own is None:
            continue
        first, burst = min(own.values()), own.get(row["relation"])
        if burst == first:
            # Snapshots are hours from whole weeks apart: the nearest whole week.
            week = round((row["snapshot_at"] - first) / WEEK)
        elif burst is None or row["snapshot_at"] < burst:
            week = None
        else:
            continue
        expected[row["child_id"], row["snapshot_id"]] = week
    found = {
        (row["child_id"], row["snapshot_id"]): row
        for row in fetch(connection, f"from {design.name}")
    }
    assert {key: row["event_week"] for key, row in found.items()} == expected
    assert len(set(expected.values())) > 5
    for key, row in found.items():
        week = expected[key]
        assert row["is_treated"] == (week is not None)
        on = [name for name in row if name.startswith("week_") and row[name]]
        if week is None or week == -1:
            assert on == []
        else:
            assert on == [event_term(min(max(week, -4), 8))]


def test_of_siblings_that_burst_later_only_the_weeks_before_are_controls():
    moments = [ORIGIN + week * WEEK for week in range(1, 9)]
    # Adapters burst in the third week, quantised in the sixth.
    rows = [
        *[
            entrant("b", f"early-{relation}", 1, relation=relation)
            for relation in ("adapter", "quantized")
        ],
        *[entrant("b", f"a{n}", 15 + n / 10, relation="adapter") for n in range(6)],
        *[entrant("b", f"q{n}", 36 + n / 10, relation="quantized") for n in range(6)],
    ]
    rows = ranked(rows)
    connection = opened(rows, counted(rows, moments, lambda row, k: k))
    design = event_study(connection)
    seen = fetch(
        connection,
        f"""
        select child_id, is_treated, list(snapshot_id order by snapshot_id) as snapshots
        from {design.name} where child_id like 'early-%' group by all order by child_id""",
    )
    assert [(row["child_id"], row["is_treated"]) for row in seen] == [
        ("early-adapter", 1),
        ("early-quantized", 0),
    ]
    assert seen[0]["snapshots"] == [f"s{k:02d}" for k in range(1, 8)]
    # The quantised burst is seen on snapshot 5 (day 42).
    assert seen[1]["snapshots"] == [f"s{k:02d}" for k in range(1, 5)]
    # Adapters burst on snapshot 2 (day 21): weeks -1 to 2 have both sides.
    assert design.equations["event_study"].terms == (
        "week_plus_0",
        "week_plus_1",
        "week_plus_2",
        "log_age_now",
    )


def drawn_panel(seed, effect, n_bases=25):
    """Bases with two relations, one of which bursts; likes a week times exp(effect) from then on.

    What hits a base in a week hits both relations, harder when many enter: hype.
    """
    rng = np.random.default_rng(seed)
    moments = [ORIGIN + week * WEEK for week in range(1, 25)]
    rows, bursts_at, levels = [], {}, {}
    for base in range(n_bases):
        burst = int(rng.integers(7, 14))
        bursts_at[f"b{base}"] = burst
        for number in range(24):
            relation = ("adapter", "finetune")[number % 2]
            rows.append(entrant(f"b{base}", f"old{base}-{number}", number * 1.6, relation=relation))
        for number in range(15):
            rows.append(
                entrant(
                    f"b{base}",
                    f"new{base}-{number}",
                    7 * burst + rng.uniform(0.1, 6.9),
                    relation="adapter",
                )
            )
    hype = np.exp(rng.normal(0, 0.5, (n_bases, len(moments))))
    popularity = {row["child_id"]: math.exp(rng.normal(1, 0.6)) for row in rows}

    def likes(row, k):
        base = int(row["parent_id"][1:])
        burst = bursts_at[row["parent_id"]]
        mean = popularity[row["child_id"]] * hype[base, k] * (2 if k in (burst, burst + 1) else 1)
        if row["relation"] == "adapter" and k >= burst:
            mean *= math.exp(effect)
        levels[row["child_id"]] = levels.get(row["child_id"], 0) + rng.poisson(mean)
        return levels[row["child_id"]]

    # Only traits that the designs read: ranks are not.
    rows = [row | {"release_event_rank": 1} for row in rows]
    return opened(rows, counted(rows, moments, likes))


def test_a_planted_loss_shows_after_the_burst_and_nothing_before():
    connection = drawn_panel(1, effect=-0.4)
    design = event_study(connection)
    assert design.reason is None
    found = fit(connection.table(design.name).df(), design.equations["event_study"])
    before = [found.row(event_term(week)) for week in (-4, -3, -2)]
    after = [found.row(event_term(week)) for week in range(9)]
    assert all(abs(row["estimate"]) < 0.15 for row in before)
    assert all(-0.6 < row["estimate"] < -0.2 for row in after)
    assert all(row["high"] < 0 for row in after)
    assert design.facts["n_models_seen_before_and_after"] == 25 * 12


def test_hype_that_brings_entries_and_likes_to_a_base_is_no_effect_of_crowding():
    connection = drawn_panel(2, effect=0.0)
    design = event_study(connection)
    rows = connection.table(design.name).df()
    found = fit(rows, design.equations["event_study"])
    assert all(abs(found.row(event_term(week))["estimate"]) < 0.15 for week in range(9))
    panel = crowding_panel(connection)
    row = fit(connection.table(panel.name).df(), panel.equations["crowding"]).row("log_crowd_week")
    assert row["low"] < 0 < row["high"]


def test_crowding_itself_is_estimated_on_the_panel():
    connection = drawn_panel(3, effect=-0.4)
    panel = crowding_panel(connection)
    row = fit(connection.table(panel.name).df(), panel.equations["crowding"]).row("log_crowd_week")
    assert row["high"] < 0


def test_what_is_missing_is_said():
    rows = ranked([entrant("b", "c1", 0), entrant("b", "c2", 3, relation="adapter")])
    moments = [ORIGIN + week * WEEK for week in range(1, 4)]
    one = opened(rows, counted(rows, moments[:1], lambda row, k: k))
    assert crowding_panel(one).reason.startswith("needs two snapshots")
    assert event_study(one).reason.startswith("needs two snapshots")
    several = opened(rows, counted(rows, moments, lambda row, k: k))
    assert crowding_panel(several).reason is None
    assert event_study(several).reason.startswith("no relation of a base had 5")
    both = event_study(several, least_rivals=1)
    assert both.reason.startswith("in no week a base has models of a relation that bursts")
    nobody = opened([], counted(rows, moments, lambda row, k: k))
    design = event_study(nobody)
    assert design.reason == "no entrant of the sample was counted in two snapshots"
    assert fetch(nobody, f"from {design.name}") == []
    cold = opened(rows, counted(rows, moments, lambda row, k: 3))
    assert crowding_panel(cold).reason == "none of 2 entrants gained a like between two snapshots"
    assert event_study(cold).reason == crowding_panel(cold).reason
    empty = opened([], [])
    assert event_study(empty).reason.startswith("needs two snapshots")
    alone = ranked(entrant("b", f"c{n}", 8 + n / 10) for n in range(9))
    design = event_study(opened(alone, counted(alone, moments, lambda row, k: k)))
    assert (
        design.reason == "in no week a base has models of a relation that bursts and of another one"
    )
    assert design.facts["n_rows"] > 0
