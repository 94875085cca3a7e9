"""Weights against their definitions, and in worlds where they must mend something."""

import math

import duckdb
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from designed_entrants import fetch

from analysis.studies.designs.weights import (
    SMALLEST_PROBABILITY,
    fixed_composition,
    inverse_probability,
)


def table(rows, name="source"):
    connection = duckdb.connect(config={"threads": 1})
    connection.register("given", pd.DataFrame(rows))
    connection.execute(f"create table {name} as select * from given")
    connection.unregister("given")
    return connection


def drawn_selection(seed, n=4000):
    """Large ones are measured more often, and score more; so are those of one task."""
    rng = np.random.default_rng(seed)
    size = rng.normal(0, 1, n)
    task = rng.choice(["text", "image", "audio"], n, p=[0.6, 0.3, 0.1])
    chance = 1 / (1 + np.exp(-(-0.5 + size + 0.8 * (task == "image"))))
    measured = rng.random(n) < chance
    score = 10 + 2 * size + rng.normal(0, 1, n)
    return pd.DataFrame(
        {
            "parent_id": [f"b{number}" for number in rng.integers(0, 150, n)],
            "child_id": [f"c{number:05d}" for number in range(n)],
            "log_size": size,
            "task": task,
            "score": np.where(measured, score, np.nan),
            "true_score": score,
        }
    )


OBSERVED = "score is not null and not isnan(score)"


def test_weights_mend_the_selection_that_the_logit_can_see():
    rows = drawn_selection(2)
    connection = table(rows)
    design = inverse_probability(
        connection, "source", OBSERVED, ("log_size",), "weighted", factors=("task",)
    )
    made = connection.table("weighted").df()
    assert len(made) == rows["score"].notna().sum() == design.facts["n_rows"]
    naive = made["score"].mean()
    mended = np.average(made["score"], weights=made["observation_weight"])
    truth = rows["true_score"].mean()
    assert naive - truth > 0.5
    assert abs(mended - truth) < 0.15
    (balance,) = design.balance
    assert balance["standardised_difference_before"] > 0.3
    assert abs(balance["standardised_difference_after"]) < 0.05
    assert design.facts["mean_weight"] == pytest.approx(1, abs=0.03)
    assert design.facts["effective_sample_size"] < design.facts["n_rows"]
    assert design.facts["share_matched"] == pytest.approx(len(made) / len(rows))


def test_each_fold_is_predicted_by_a_logit_on_the_others():
    """The same probabilities by another library's logit, the folds taken as they came."""
    rows = drawn_selection(3, n=1500)
    rows["is_image"] = (rows["task"] == "image").astype(float)
    connection = table(rows)
    folds = {
        row["parent_id"]: row["fold"]
        for row in fetch(
            connection,
            """
            select distinct parent_id, cast(md5_number_lower('1 ' || parent_id) % 5 as int) as fold
            from source""",
        )
    }
    inverse_probability(connection, "source", OBSERVED, ("log_size", "is_image"), "weighted")
    made = connection.table("weighted").df().set_index("child_id")["observation_weight"]
    rows["fold"] = rows["parent_id"].map(folds)
    observed = rows["score"].notna()
    x = sm.add_constant(rows[["log_size", "is_image"]])
    for fold in range(5):
        others = rows["fold"] != fold
        logit = sm.Logit(observed[others].astype(float), x[others]).fit(disp=False, tol=1e-12)
        own = rows[~others & observed]
        expected = observed.mean() / logit.predict(x.loc[own.index])
        assert made[own["child_id"]].to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-6)


def test_levels_always_or_never_observed_take_their_own_share():
    rows = drawn_selection(4)
    rows.loc[rows["task"] == "audio", "score"] = 1.0
    rows.loc[rows["task"] == "image", "score"] = np.nan
    connection = table(rows)
    design = inverse_probability(
        connection, "source", OBSERVED, ("log_size",), "weighted", factors=("task",)
    )
    made = connection.table("weighted").df()
    share = rows["score"].notna().mean()
    assert set(made["task"]) == {"text", "audio"}
    audio = made[made["task"] == "audio"]["observation_weight"]
    assert audio.to_numpy() == pytest.approx(share)
    assert design.reason is None


def test_no_row_stands_for_more_than_a_hundred():
    rng = np.random.default_rng(5)
    n = 3000
    size = rng.normal(0, 4, n)
    observed = rng.random(n) < 1 / (1 + np.exp(-1.5 * size))
    rows = pd.DataFrame(
        {
            "parent_id": [f"b{number % 200}" for number in range(n)],
            "child_id": [f"c{number:05d}" for number in range(n)],
            "log_size": size,
            "score": np.where(observed, 1.0, np.nan),
        }
    )
    rows.loc[rows["log_size"].idxmin(), "score"] = 1.0
    connection = table(rows)
    design = inverse_probability(connection, "source", OBSERVED, ("log_size",), "weighted")
    assert design.facts["n_clipped"] >= 1
    share = rows["score"].notna().mean()
    assert design.facts["largest_weight"] == pytest.approx(share / SMALLEST_PROBABILITY)


@pytest.mark.parametrize(
    ("scores", "n_rows", "reason"),
    [
        ([], 0, "none of 0 rows is observed"),
        ([math.nan] * 8, 0, "none of 8 rows is observed"),
        ([1.0] * 8, 8, None),
        ([1.0] + [math.nan] * 7, 0, "who is observed cannot be predicted"),
    ],
)
def test_too_little_to_weigh_is_said(scores, n_rows, reason):
    rows = pd.DataFrame(
        {
            "parent_id": [f"b{n}" for n in range(len(scores))],
            "child_id": [f"c{n}" for n in range(len(scores))],
            "log_size": np.arange(len(scores), dtype=float),
            "score": np.array(scores, dtype=float),
        }
    )
    connection = table(rows)
    typed = "(select * replace (cast(parent_id as varchar) as parent_id) from source)"
    design = inverse_probability(connection, typed, OBSERVED, ("log_size",), "weighted")
    assert design.facts["n_rows"] == n_rows
    if reason is None:
        assert design.reason is None
        assert fetch(connection, "select distinct observation_weight as w from weighted") == [
            {"w": 1}
        ]
    else:
        assert design.reason.startswith(reason)


def test_every_period_gets_the_mix_of_all_periods():
    quarters = {
        "Q1": {"small": 6, "large": 2},
        "Q2": {"small": 2, "large": 6, "huge": 3},
        "Q3": {"small": 1, "large": 1},
    }
    rows = [
        {"model_id": f"{quarter}{size}{n}", "quarter": quarter, "size": size}
        for quarter, sizes in quarters.items()
        for size, count in sizes.items()
        for n in range(count)
    ]
    connection = table(rows)
    design = fixed_composition(connection, "source", ("size",))
    found = fetch(
        connection,
        """
        select quarter, size, sum(cell_weight) as weight, count(*) as n
        from fixed_composition group by all order by all""",
    )
    assert {row["size"] for row in found} == {"small", "large"}
    # 9 small and 9 large over all quarters: half and half in each.
    for row in found:
        n_of_quarter = sum(other["n"] for other in found if other["quarter"] == row["quarter"])
        assert row["weight"] == pytest.approx(n_of_quarter / 2)
    assert design.facts["n_cells"] == 2
    assert design.facts["n_periods"] == 3
    assert design.facts["share_matched"] == pytest.approx(18 / 21)
    assert design.facts["largest_weight"] == pytest.approx(2)


def test_a_trend_that_is_all_composition_is_gone_after_reweighting():
    rng = np.random.default_rng(6)
    rows = [
        {
            "model_id": f"{quarter}-{n}",
            "quarter": quarter,
            "relation": (relation := rng.choice(["finetune", "adapter"], p=[1 - p, p])),
            "is_disruptive": float(rng.random() < (0.4 if relation == "finetune" else 0.1)),
        }
        for quarter, p in (("Q1", 0.2), ("Q2", 0.5), ("Q3", 0.8))
        for n in range(2000)
    ]
    connection = table(rows)
    fixed_composition(connection, "source", ("relation",))
    means = fetch(
        connection,
        """
        select avg(is_disruptive) as plain,
            sum(is_disruptive * cell_weight) / sum(cell_weight) as fixed
        from fixed_composition group by quarter order by quarter""",
    )
    assert means[0]["plain"] - means[2]["plain"] > 0.12
    assert abs(means[0]["fixed"] - means[2]["fixed"]) < 0.04


@pytest.mark.parametrize(
    ("n_common", "n_rare", "reason"),
    [
        (1, 0, "1 cell of size with 100% of the rows in every quarter"),
        (2, 0, "2 cells of size with 100% of the rows in every quarter"),
        (3, 0, None),
        (3, 3, None),
        (3, 10, "3 cells of size with 38% of the rows in every quarter"),
    ],
)
def test_few_cells_or_few_rows_are_no_mix_to_hold_fixed(n_common, n_rare, reason):
    rows = [
        {"model_id": f"{quarter}{n}", "quarter": quarter, "size": f"size {n}"}
        for quarter in ("Q1", "Q2")
        for n in range(n_common)
    ] + [{"model_id": f"rare{n}", "quarter": "Q1", "size": f"rare {n}"} for n in range(n_rare)]
    design = fixed_composition(table(rows), "source", ("size",))
    if reason is None:
        assert design.reason is None
    else:
        assert design.reason.startswith(reason)
    assert design.facts["n_cells"] == n_common


def test_rows_that_are_certain_to_be_observed_have_a_probability_of_one():
    """Merges are always measured: a logit drops them as separated, and knows nothing of them."""
    generator = np.random.default_rng(5)
    is_merge = np.arange(600) % 4 == 0
    size = generator.normal(size=600)
    observed = is_merge | (generator.random(600) < 1 / (1 + np.exp(1 - size)))
    rows = pd.DataFrame(
        {
            "parent_id": [f"b{number % 60}" for number in range(600)],
            "child_id": [f"c{number:03d}" for number in range(600)],
            "is_merge": is_merge.astype(int),
            "log_size": size,
            "score": np.where(observed, 1.0, np.nan),
        }
    )
    connection = table(rows)
    inverse_probability(connection, "source", OBSERVED, ("is_merge", "log_size"), "weighted")
    weights = fetch(
        connection, "select distinct observation_weight as w from weighted where is_merge = 1"
    )
    assert [row["w"] for row in weights] == pytest.approx([observed.mean()])


def test_without_a_common_cell_the_reason_is_said():
    rows = [
        {"model_id": "a", "quarter": "Q1", "size": "small"},
        {"model_id": "b", "quarter": "Q2", "size": "large"},
        {"model_id": "c", "quarter": "Q2", "size": None},
    ]
    connection = table(rows)
    design = fixed_composition(connection, "source", ("size",))
    assert design.reason == "no cell of size is there in every quarter"
    assert design.facts["n_rows"] == 0
    connection.execute("delete from source")
    assert fixed_composition(connection, "source", ("size",)).facts["n_all"] == 0
