"""Owners drawn anew: a draw is the regression on repeated rows, and its interval covers."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from designed_entrants import SNAPSHOT, add, connect, entrant
from scipy.stats import binom, poisson, t
from test_designs_potential import EDGE_TYPES, MODEL_TYPES, ridge_by_least_squares

from analysis.studies.bootstrapping import bases_of, bootstrap, ends_of, sums_of
from analysis.studies.designs.potential import TRAITS, learner, potential
from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.hill_stein import spread_of

N_MODELS, N_OWNERS, HORIZON = 800, 100, 30
MEANS = {"text-generation": 8, "text-to-image": 1}
SLOPE = 0.05
N_WORLDS, N_DRAWS = 20, 60


def expected_percentiles():
    """What a model's percentile is on average, by its task, half of the models having each."""
    counts = np.arange(60)
    many, few = (poisson.pmf(counts, mean) for mean in MEANS.values())
    above = many @ (np.cumsum(few) - few / 2)
    return dict(zip(MEANS, (25 + 50 * above, 25 + 50 * (1 - above)), strict=True))


def drawn_world(seed):
    """A Hub where a task raises derivatives, and each percentile of potential raises the crowd by
    SLOPE; owners differ for reasons of their own."""
    draw = np.random.default_rng(seed)
    promise = expected_percentiles()
    mood = draw.normal(0, 1, N_OWNERS)
    models, edges, rows = [], [], []
    for number in range(N_MODELS):
        task = draw.choice(list(MEANS))
        owner, name = number % N_OWNERS, f"owner{number % N_OWNERS}/model-{number}"
        created = SNAPSHOT - timedelta(hours=int(draw.integers(40 * 24, 800 * 24)))
        models.append({
            "model_id": name, "owner": f"owner{owner}", "created_at": created,
            "is_created_at_floor": False, "pipeline_tag": task,
        })  # fmt: skip
        edges += [
            {
                "child_id": f"{name}-{child}", "parent_id": name, "is_same_owner": False,
                "child_created_at": created + timedelta(days=draw.uniform(0, HORIZON)),
            }
            for child in range(draw.poisson(MEANS[task]))
        ]  # fmt: skip
        base = mood[owner] + draw.normal(0, 0.3)
        rows += [
            entrant(
                name, f"{name}-entrant-{place}", float(draw.uniform(0, 300)),
                log_crowd_30=SLOPE * promise[task] + base + draw.normal(0, 0.5),
                log_size=draw.normal(20, 1), size_unknown=int(draw.random() < 0.2),
                is_bulk_owner=bool(draw.random() < 0.3),
                relation=draw.choice(["finetune", "adapter"]),
            )
            for place in range(2)
        ]  # fmt: skip
    connection = connect(rows)
    add(connection, models, MODEL_TYPES, "hub_models")
    add(connection, edges, EDGE_TYPES, "lineage_edges")
    connection.execute("create table model_metrics as select $at as snapshot_at", {"at": SNAPSHOT})
    return connection, potential(connection, horizon_days=HORIZON, least_training=60)


@pytest.fixture(scope="module")
def world():
    return drawn_world(1)


def rows_and_equation(world, name):
    connection, design = world
    rows = connection.execute(f"from {design.name} where {design.conditions[name]}").df()
    return rows, design.equations[name]


@pytest.mark.parametrize("name", ["competition", "lag", "lag_by_racing"])
def test_everybody_drawn_once_is_the_estimate_itself(world, name):
    rows, equation = rows_and_equation(world, name)
    learned = learner(world[0])
    bases = bases_of(world[0], learned.groups, learned.quarters)
    ones = np.ones(len(learned.groups))
    (foretold,) = bases.potential(learned.coefficients(ones[None])[0])
    base = bases.positions.loc[rows["parent_id"]].to_numpy()
    assert foretold[base] == pytest.approx(rows["base_potential_percentile"], abs=1e-9)
    sums = sums_of(rows, equation, bases, len(ones))
    found = sums.slopes(ones, foretold, sums.products.sum(axis=0))
    fitted = fit(rows, equation)
    expected = [fitted.row(term)["estimate"] for term in sums.terms]
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_draw_is_learned_and_regressed_on_rows_as_often_as_their_owner_is_drawn(world):
    connection, _ = world
    rows, equation = rows_and_equation(world, "competition")
    learned = learner(connection)
    bases = bases_of(connection, learned.groups, learned.quarters)
    n = len(learned.groups)
    weights = np.random.default_rng(5).multinomial(n, np.full(n, 1 / n))
    (foretold,) = bases.potential(learned.coefficients(weights[None].astype(float))[0])
    sums = sums_of(rows, equation, bases, n)
    found = sums.slopes(weights, foretold, np.tensordot(weights, sums.products, axes=1))

    models = connection.execute("from potential_bases").df()
    often = dict(zip(learned.groups, weights, strict=True))
    times = models["owner_group"].map(often)
    by_cell = {}
    for name, position in list(bases.positions.items())[::5]:
        model = models[models["model_id"] == name].iloc[0]
        cell = model["fold"], model["quarter_at"]
        if cell not in by_cell:
            others = (models["fold"] != cell[0]) & models["is_finished"]
            repeated = models[others & (models["learned_at"] <= cell[1])]
            repeated = repeated.loc[repeated.index.repeat(times[repeated.index])]
            by_cell[cell] = ridge_by_least_squares(
                repeated[list(TRAITS)].to_numpy(), repeated["derivatives_percentile"].to_numpy()
            )
        predicted = by_cell[cell](model[list(TRAITS)].to_numpy(float))
        assert foretold[position] == pytest.approx(predicted, abs=1e-6)

    used = rows.groupby("month").filter(lambda month: len(month) > 1)
    base = bases.positions.loc[used["parent_id"]].to_numpy()
    columns = np.column_stack([
        foretold[base],
        used[["log_size", "log_size_squared", "size_unknown"]],
        pd.get_dummies(used["relation"], dtype=float),
        pd.get_dummies(used["month"], dtype=float),
    ])  # fmt: skip
    repeated = np.repeat(np.arange(len(used)), weights[bases.group[base]])
    outcome = used["log_crowd_30"].to_numpy()
    expected = np.linalg.lstsq(columns[repeated], outcome[repeated], rcond=None)[0][0]
    assert found == pytest.approx([expected], rel=1e-5)
    drawn = np.repeat(foretold[np.unique(base)], weights[bases.group[np.unique(base)]])
    assert sums.ends(weights, foretold, np.argsort(foretold)) == pytest.approx(
        np.quantile(drawn, [0.1, 0.9], method="inverted_cdf")
    )


def test_potential_that_raises_competition_is_found_and_the_interval_covers():
    """95 % would be 19 of 20; fewer than 16 come in one of 100 such tests."""
    assert binom.cdf(15, N_WORLDS, 0.95) < 0.01
    covered, slopes, errors = 0, [], []
    for seed in range(N_WORLDS):
        world = drawn_world(100 + seed)
        rows, equation = rows_and_equation(world, "competition")
        drawn = bootstrap(world[0], {"competition": (rows, equation)}, draws=N_DRAWS, seed=seed)[
            "competition"
        ]
        assert drawn.slopes.shape == (N_DRAWS, 1)
        estimate = fit(rows, equation).row("base_potential_percentile")["estimate"]
        error = spread_of(drawn.slopes[:, 0])
        covered += abs(estimate - SLOPE) <= t.ppf(0.975, drawn.n_groups - 1) * error
        slopes.append(estimate)
        errors.append(error)
    assert covered >= 16
    assert np.mean(slopes) == pytest.approx(SLOPE, rel=0.1)
    # The spread of the draws is that of the estimates over worlds.
    assert 0.6 < np.mean(errors) / np.std(slopes, ddof=1) < 1.7


def test_draws_follow_from_the_seed(world):
    frames = {"competition": rows_and_equation(world, "competition")}
    one, same, other = (
        bootstrap(world[0], frames, draws=3, seed=seed)["competition"] for seed in (1, 1, 2)
    )
    assert one.slopes == pytest.approx(same.slopes)
    assert one.slopes != pytest.approx(other.slopes)


def test_what_belongs_to_one_group_of_owners_is_not_drawn(world):
    rows, equation = rows_and_equation(world, "competition")
    lone = rows[rows["parent_id"].str.startswith("owner7/")].assign(month="2025-01")
    assert bootstrap(world[0], {"competition": (lone, equation)}, draws=3, seed=1) == {}


def test_only_least_squares_are_drawn(world):
    rows, _ = rows_and_equation(world, "competition")
    counts = Equation("likes", ("base_potential_percentile",), estimator="poisson")
    with pytest.raises(EstimationError, match="only plain least squares"):
        bootstrap(world[0], {"recognition": (rows, counts)}, draws=3, seed=1)


def test_the_ends_of_a_contrast_are_values_that_occur():
    values = np.array([5.0, 1.0, 3.0, 2.0, 4.0, 9.0, 7.0, 6.0, 8.0, 10.0])
    assert ends_of(values).tolist() == [1.0, 9.0]
    assert ends_of(values[:2], np.array([9.0, 1.0])).tolist() == [1.0, 5.0]
