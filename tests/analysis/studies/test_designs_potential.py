"""Potential: traits and ridge against plain loops, and what may not play a part plays none."""

import hashlib
import math
import random
from bisect import bisect_left
from collections import defaultdict
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from designed_entrants import SNAPSHOT, add, connect, entrant, fetch, ranked

from analysis.studies.designs.potential import PENALTY, TRAITS, potential
from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation

MODEL_TYPES = {
    "model_id": "varchar",
    "owner": "varchar",
    "created_at": "timestamp",
    "is_created_at_floor": "boolean",
    "parameter_count": "bigint",
    "gated": "varchar",
    "pipeline_tag": "varchar",
    "license": "varchar",
    "relation": "varchar",
}
EDGE_TYPES = {
    "child_id": "varchar",
    "parent_id": "varchar",
    "child_created_at": "timestamp",
    "is_same_owner": "boolean",
}
FOLDS = 3
HORIZON = 30
CUT = datetime(2025, 4, 1)


def drawn_hub(seed, n_models=500, n_owners=30):
    """Models and edges in which owners differ in how much is built on what they release."""
    draw = random.Random(seed)
    talents = [draw.gauss(0, 1) for _ in range(n_owners)]
    models, edges = [], []
    for number in range(n_models):
        owner = draw.randrange(n_owners)
        created = SNAPSHOT - timedelta(hours=draw.randrange(700 * 24))
        model = {
            "model_id": f"owner{owner}/model-{number:03d}",
            "owner": f"Owner{owner}" if draw.random() < 0.5 else f"owner{owner}",
            "created_at": created,
            "is_created_at_floor": False,
            "parameter_count": draw.choice([None, 0, 10**9, 7 * 10**9, 7 * 10**10]),
            "gated": draw.choice([None, "false", "auto", "manual"]),
            "pipeline_tag": draw.choice([None, "text-generation", "text-to-image", "robotics"]),
            "license": draw.choice(
                [
                    None,
                    "mit",
                    "apache-2.0",
                    "llama3",
                    "cc-by-nc-4.0",
                    "my; drop table",
                    "bsd-3-clause",
                ]
            ),
            "relation": draw.choice([None, None, "finetune", "quantized"]),
        }
        models.append(model)
        appeal = talents[owner] + (model["pipeline_tag"] == "text-generation")
        for child in range(int(math.exp(appeal + draw.gauss(0, 0.5)))):
            later = created + timedelta(hours=draw.randrange(-24, 90 * 24))
            edges.append(
                {
                    "child_id": f"child/{number}-{child}",
                    "parent_id": model["model_id"],
                    "child_created_at": draw.choice([later] * 9 + [None]),
                    "is_same_owner": draw.random() < 0.1,
                }
            )
    models.append(models[0] | {"model_id": "old/floor", "is_created_at_floor": True})
    models.append(models[0] | {"model_id": "un/dated", "created_at": None})
    return models, edges


def raced(models, edges, **fields):
    """The entrants that the edges make."""
    dates = {model["model_id"]: model["created_at"] for model in models}
    rows = []
    for edge in edges:
        created = edge["child_created_at"]
        if created is None or created >= SNAPSHOT or dates[edge["parent_id"]] is None:
            continue
        days = (created - datetime(2024, 1, 1)) / timedelta(days=1)
        rows.append(entrant(edge["parent_id"], edge["child_id"], days, **fields))
    return ranked(rows)


def opened(models, edges, entrants):
    connection = connect(entrants)
    add(connection, models, MODEL_TYPES, "hub_models")
    add(connection, edges, EDGE_TYPES, "lineage_edges")
    connection.execute("create table model_metrics as select $at as snapshot_at", {"at": SNAPSHOT})
    return connection


def predicted(models, edges, **options):
    """{model: potential}, over tables without entrants."""
    connection = opened(models, edges, [])
    options = {"horizon_days": HORIZON, "folds": FOLDS, "least_training": 40} | options
    potential(connection, **options)
    return {
        row["model_id"]: row["potential"]
        for row in fetch(connection, "select model_id, potential from potential_bases")
    }


def fold_of(owner, seed=1):
    digest = hashlib.md5(f"{seed} {owner.lower()}".encode()).digest()
    return int.from_bytes(digest[8:], "little") % FOLDS


def loops(models, edges):
    """Traits, derivatives and dates of every dated model, by looking at its owner's others."""
    dated = [m for m in models if m["created_at"] is not None and not m["is_created_at_floor"]]
    by_id = {m["model_id"]: m for m in dated}
    outside = [
        (by_id[e["parent_id"]], e["child_created_at"])
        for e in edges
        if not e["is_same_owner"] and e["child_created_at"] and e["parent_id"] in by_id
    ]
    released, built_upon = defaultdict(list), defaultdict(list)
    for model in dated:
        released[model["owner"].lower()].append(model["created_at"])
    for parent, at in outside:
        built_upon[parent["owner"].lower()].append((parent, at))
    made = {}
    for model in dated:
        owner, created = model["owner"].lower(), model["created_at"]
        releases = sum(at < created for at in released[owner])
        record = sum(at < created for _, at in built_upon[owner])
        own = sum(
            parent is model and created < at <= created + timedelta(days=HORIZON)
            for parent, at in built_upon[owner]
        )
        size, licence = model["parameter_count"] or 0, model["license"] or ""
        task, relation = model["pipeline_tag"], model["relation"]
        made[model["model_id"]] = {
            "owner": owner,
            "created_at": created,
            "n_derivatives": own,
            "traits": {
                "owner_releases": math.log1p(releases),
                "owner_derivatives": math.log1p(record),
                "owner_derivatives_per_release": math.log1p(record / (1 + releases)),
                "size": math.log(size) if size > 0 else 0.0,
                "is_size_unknown": float(size <= 0),
                "is_gated": float(model["gated"] in ("auto", "manual")),
                "months": (created.year - 2022) * 12 + created.month - 3,
                "is_text_generation": float(task == "text-generation"),
                "is_text_to_image": float(task == "text-to-image"),
                "is_task_none": float(task is None),
                "is_licence_permissive": float(licence in ("mit", "apache-2.0", "bsd-3-clause")),
                "is_licence_own_terms": float(licence == "llama3"),
                "is_licence_non_commercial": float(licence == "cc-by-nc-4.0"),
                "is_licence_none": float(model["license"] is None),
                "is_finetune": float(relation == "finetune"),
                "is_quantized": float(relation == "quantized"),
            },
        }
    return made


def quarter(moment):
    return datetime(moment.year, 3 * ((moment.month - 1) // 3) + 1, 1)


def percentile(row, known):
    """The row's derivatives among those of its fold whose horizon ended in its quarter."""

    def learned(one):
        over = one["created_at"] + timedelta(days=HORIZON)
        return quarter(over - timedelta(microseconds=1)) if over <= SNAPSHOT else None

    peers = [
        one["n_derivatives"]
        for one in known.values()
        if learned(one) == learned(row) and fold_of(one["owner"]) == fold_of(row["owner"])
    ]
    below = sum(n < row["n_derivatives"] for n in peers)
    equal = sum(n == row["n_derivatives"] for n in peers) - 1
    return 100 * (below + equal / 2) / (len(peers) - 1) if len(peers) > 1 else 50


def ridge_by_least_squares(x, y):
    """Ridge as ordinary least squares with one made-up row per trait; returns a predictor."""
    varies = x.std(axis=0) > 1e-9
    mean, spread = x.mean(axis=0)[varies], x.std(axis=0)[varies]
    z = (x[:, varies] - mean) / spread
    rows = np.vstack([z, math.sqrt(PENALTY) * np.eye(z.shape[1])])
    outcome = np.concatenate([y - y.mean(), np.zeros(z.shape[1])])
    slopes = np.linalg.lstsq(rows, outcome, rcond=None)[0]
    return lambda one: y.mean() + (one[varies] - mean) / spread @ slopes


@pytest.mark.parametrize("only_earlier", [True, False])
def test_predictions_are_those_of_least_squares_on_the_other_folds(only_earlier):
    models, edges = drawn_hub(1)
    found = predicted(models, edges, only_earlier=only_earlier)
    known = loops(models, edges)
    assert set(found) == set(known)
    traits = list(known[models[0]["model_id"]]["traits"])
    assert set(traits) <= set(TRAITS)
    percentiles = {model: percentile(row, known) for model, row in known.items()}
    n_predicted = 0
    for model, row in known.items():
        start = quarter(row["created_at"]) if only_earlier else SNAPSHOT
        learned = [
            name
            for name, other in known.items()
            if fold_of(other["owner"]) != fold_of(row["owner"])
            and other["created_at"] + timedelta(days=HORIZON) <= start
        ]
        if len(learned) < 40:
            assert found[model] is None
            continue
        n_predicted += 1
        if n_predicted % 7:
            continue  # one in seven is proof enough
        predict = ridge_by_least_squares(
            np.array([[known[other]["traits"][trait] for trait in traits] for other in learned]),
            np.array([percentiles[other] for other in learned]),
        )
        expected = predict(np.array([row["traits"][trait] for trait in traits]))
        assert found[model] == pytest.approx(expected, abs=1e-6)
    assert n_predicted > 200


def test_nothing_later_plays_a_part():
    """Whatever happens from the cut on, what was predicted before it stays."""
    models, edges = drawn_hub(2)
    before = predicted(models, edges)
    draw = random.Random(3)
    changed = []
    for model in models:
        if model["created_at"] is not None and model["created_at"] >= CUT:
            if draw.random() < 0.3:
                continue
            changed.append(model | {"parameter_count": draw.randrange(10**12), "license": "new"})
        else:
            changed.append(model)
    kept = {model["model_id"] for model in changed}
    later = [
        {
            "child_id": f"x{n}",
            "parent_id": parent,
            "child_created_at": CUT + timedelta(days=n % 9),
            "is_same_owner": False,
        }
        for n, parent in enumerate(sorted(kept) * 3)
    ]
    past = [e for e in edges if e["child_created_at"] is None or e["child_created_at"] < CUT]
    after = predicted(changed, [e for e in past if e["parent_id"] in kept] + later)
    early = [m["model_id"] for m in models if m["created_at"] and m["created_at"] < CUT]
    early = [model for model in early if model != "old/floor"]
    assert sum(before[model] is not None for model in early) > 100
    for model in early:
        assert after[model] == pytest.approx(before[model], abs=1e-9), model
    late = [m for m in kept if m in before and m not in early and before[m] is not None]
    assert max(abs(after[model] - before[model]) for model in late) > 1


def test_no_owner_helps_to_predict_its_own_fold():
    models, edges = drawn_hub(4)
    before = predicted(models, edges, only_earlier=False)
    star = "owner3"
    of_star = [m for m in models if m["owner"].lower() == star and m["created_at"]]
    flood = [
        {
            "child_id": f"f{n}",
            "parent_id": model["model_id"],
            "child_created_at": model["created_at"] + timedelta(days=1),
            "is_same_owner": False,
        }
        for model in of_star
        for n in range(300)
    ]
    after = predicted(models, edges + flood, only_earlier=False)
    owners = {m["model_id"]: m["owner"].lower() for m in models}
    own_fold = [m for m in before if fold_of(owners[m]) == fold_of(star) and owners[m] != star]
    others = [m for m in before if fold_of(owners[m]) != fold_of(star)]
    assert len({owners[m] for m in own_fold}) > 3
    assert all(after[m] == pytest.approx(before[m], abs=1e-9) for m in own_fold)
    assert max(abs(after[m] - before[m]) for m in others) > 1
    # Nor do a model's own derivatives: the first release of the star has no record yet.
    first = min(of_star, key=lambda m: m["created_at"])["model_id"]
    assert after[first] == pytest.approx(before[first], abs=1e-9)


def test_folds_depend_on_seed_and_owner_alone():
    models, edges = drawn_hub(5, n_models=200)
    connection = opened(models, edges, [])
    potential(connection, folds=FOLDS, seed=7, least_training=1)
    rows = fetch(connection, "select distinct owner, fold from potential_bases")
    assert len(rows) == len({row["owner"] for row in rows})
    assert {row["owner"]: row["fold"] for row in rows} == {
        row["owner"]: fold_of(row["owner"], seed=7) for row in rows
    }
    assert {row["fold"] for row in rows} == set(range(FOLDS))


def test_ranks_run_over_the_bases_of_a_quarter_that_were_built_on():
    models, edges = drawn_hub(6)
    entrants = raced(models, edges)
    connection = opened(models, edges, entrants)
    design = potential(connection, horizon_days=HORIZON, folds=FOLDS, least_training=40)
    rows = fetch(connection, "from potential_bases")
    raced_bases = {row["parent_id"] for row in entrants}
    for row in rows:
        if row["potential"] is None or row["model_id"] not in raced_bases:
            assert row["potential_rank"] is None
            continue
        peers = sorted(
            other["potential"]
            for other in rows
            if other["model_id"] in raced_bases
            and other["potential"] is not None
            and quarter(other["created_at"]) == quarter(row["created_at"])
        )
        below = bisect_left(peers, row["potential"])
        expected = 100 * below / (len(peers) - 1) if len(peers) > 1 else 0
        assert row["potential_rank"] == pytest.approx(expected)
    n_rows = fetch(connection, f"select count(*) as n from {design.name}")[0]["n"]
    assert design.facts["n_rows"] == n_rows > 0
    assert design.facts["out_of_fold_correlation"] > 0.3


@pytest.fixture(scope="module")
def chain():
    """A drawn Hub with the columns that the chain regresses, and its design."""
    models, edges = drawn_hub(8)
    rows = raced(models, edges)
    draw = random.Random(9)
    for row in rows:
        row["owner"] = f"entrant-{draw.randrange(60)}"
        row["benchmark_score"] = draw.choice([None, draw.gauss(50, 10)])
        row["log_base_likes_now"] = draw.gauss(3, 1)
        row["log_size"] = draw.gauss(20, 1)
        row["size_unknown"] = int(draw.random() < 0.2)
        row["relation"] = draw.choice(["finetune", "adapter"])
        row["likes"] = draw.randrange(5)
        row["is_bulk_owner"] = draw.random() < 0.3
        row["is_same_owner"] = draw.choice([False] * 9 + [None])
    connection = opened(models, edges, ranked(rows))
    design = potential(connection, horizon_days=HORIZON, folds=FOLDS, least_training=40)
    return connection, design


def rows_of(chain, name):
    connection, design = chain
    return connection.execute(f"from {design.name} where {design.conditions[name]}").df()


def test_every_equation_of_the_chain_can_be_fitted(chain):
    _, design = chain
    for name, equation in design.equations.items():
        naive = name.endswith("_post_treatment")
        assert ("log_base_likes_now" in equation.terms) == naive
        found = fit(rows_of(chain, name), equation)
        assert np.isfinite(found.row(equation.terms[0])["standard_error"]), name
    # Owners who are built on more draw more rivals: that is how the hub was drawn.
    found = fit(rows_of(chain, "competition"), design.equations["competition"])
    assert found.row("base_potential_percentile")["low"] > 0


def test_those_who_do_not_race_are_left_out_but_where_they_are_told_apart(chain):
    _, design = chain
    everybody = chain[0].table(design.name).df()
    bulk_or_own = everybody["is_bulk_owner"].astype("boolean") | everybody["is_same_owner"].astype(
        "boolean"
    )
    expected = 1 - bulk_or_own.astype("Float64")
    assert everybody["races"].astype("Float64").equals(expected)
    assert expected.isna().any()  # not known whether the base is its own: unknown, and left out
    times = everybody["races"] * everybody["base_potential_percentile"]
    assert np.allclose(everybody["potential_x_races"], times, equal_nan=True)
    for name, equation in design.equations.items():
        apart = name.endswith("_by_racing")
        assert apart == ("potential_x_races" in equation.terms)
        assert set(rows_of(chain, name)["races"].dropna()) == ({0, 1} if apart else {1}), name


def test_size_is_squared_and_owner_effects_are_absorbed_where_the_name_says_so(chain):
    _, design = chain
    table = rows_of(chain, "competition")
    assert np.allclose(table["log_size_squared"], table["log_size"] ** 2)
    for name, equation in design.equations.items():
        has_size = {"log_size", "log_size_squared"} <= set(equation.terms)
        assert has_size != name.endswith("_without_size"), name
        assert ("owner" in equation.fixed_effects) == name.endswith("_owners"), name


def test_competition_on_the_right_is_least_squares_and_by_potential_two_stages(chain):
    _, design = chain
    for unit, crowd in (("", "log_crowd_30"), ("first_", "is_raced_7")):
        for outcome in ("lag", "quality"):
            plain = design.equations[f"{unit}{outcome}_on_competition"]
            assert (plain.estimator, plain.terms[0]) == ("ols", crowd)
            staged = design.equations[f"{unit}{outcome}_instrumented"]
            assert (staged.endogenous, staged.instruments) == (
                (crowd,),
                ("base_potential_percentile",),
            )


def test_first_entrants_are_one_event_per_base(chain):
    _, design = chain
    everybody = chain[0].table(design.name).df()
    first = rows_of(chain, "first_lag_by_racing")
    earliest = everybody.groupby("parent_id")["created_at"].transform("min")
    lead = everybody[everybody["release_event_rank"] == 1]
    assert set(first["child_id"]) == set(lead["child_id"])
    assert (everybody["created_at"][lead.index] == earliest[lead.index]).all()
    assert design.facts["n_first_entrants"] == len(first) > 30


def test_the_first_of_many_comes_early_though_nobody_hurries():
    """Lags that nothing moves: who is raced and whose base promises more is still first sooner.

    So a release lag of first entrants proves no rush, and no claim may rest on it.
    """
    draw = np.random.default_rng(12)
    rows = []
    for number in range(600):
        popular = number % 2
        days = draw.uniform(0, 60, 1 + draw.poisson(12 if popular else 1))
        rows += [
            entrant(f"base/{number}", f"child/{number}-{n}", day, log_size=popular)
            for n, day in enumerate(days)
        ]
    frame = pd.DataFrame(ranked(rows))
    first = frame[frame["is_first"] == 1]
    on_race = fit(first, Equation("log_lag", ("is_raced_7",), clusters=("parent_id",)))
    assert on_race.row("is_raced_7")["high"] < -0.3
    on_promise = fit(first, Equation("log_lag", ("log_size",), clusters=("parent_id",)))
    assert on_promise.row("log_size")["high"] < -0.5
    # All entrants have the lags that were drawn.
    pooled = fit(frame, Equation("log_lag", ("log_size",), clusters=("parent_id",)))
    assert abs(pooled.row("log_size")["estimate"]) < 0.1


def test_too_little_to_learn_from_is_said():
    models, edges = drawn_hub(10, n_models=30)
    connection = opened(models, edges, raced(models, edges))
    design = potential(connection)
    assert design.reason == (
        "no quarter has 200 models of other folds whose 90 days were over before it"
    )
    assert fetch(connection, f"from {design.name}") == []
    assert design.facts["n_predicted"] == 0
    assert potential(connection, only_earlier=False).reason.endswith("over by the snapshot")
    empty = opened([], [], [])
    assert potential(empty).reason.startswith("no quarter")
    assert fetch(empty, "from potential_bases") == []
    nobody = opened(*drawn_hub(11), [])
    assert potential(nobody, least_training=40).reason == (
        "no entrant of the sample has a base whose potential is predicted"
    )
