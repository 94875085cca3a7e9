"""Kaplan and Meier's curves: by hand, against statsmodels, and honest about clusters."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from analysis.studies.estimation.equations import Equation
from analysis.studies.survival import Curve, survival_rows

WAITING = Equation("days", (), estimator="cox", event="is_over")


def drawn(seed: int, n_clusters: int = 60, size: int = 5) -> pd.DataFrame:
    """Rows in clusters, each with a hazard of its own."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(n_clusters), size)
    time = rng.exponential(20 * np.exp(rng.normal(size=n_clusters))[cluster])
    cut = rng.uniform(1, 60, len(cluster))
    return pd.DataFrame({
        "cluster": cluster, "days": np.ceil(np.minimum(time, cut)),
        "is_over": (time <= cut).astype(int), "kind": "one",
    })  # fmt: skip


def curve_of(frame: pd.DataFrame, cluster: str = "cluster") -> Curve:
    return Curve(frame["days"].to_numpy(), frame["is_over"].to_numpy() == 1,
                 pd.factorize(frame[cluster])[0])  # fmt: skip


def test_a_curve_by_hand():
    """At 2 one of four leaves, at 3 one is cut, at 5 one of two leaves: 3/4, then 3/8."""
    curve = Curve(np.array([2.0, 3, 5, 8]), np.array([True, False, True, False]), np.arange(4))
    assert [curve.at(day)["survival"] for day in (1, 2, 4, 5, 8)] == pytest.approx(
        [1, 0.75, 0.75, 0.375, 0.375]
    )
    assert [curve.at(day)["n_at_risk"] for day in (1, 2, 4, 5, 8)] == [4, 4, 2, 2, 1]
    assert [curve.at(day)["n_events"] for day in (1, 2, 4, 5, 8)] == [0, 1, 1, 2, 2]
    assert curve.median == 5


@pytest.mark.parametrize("seed", range(5))
def test_without_clusters_the_error_is_greenwoods(seed):
    frame = drawn(seed)
    frame["row"] = np.arange(len(frame))
    curve, n = curve_of(frame, "row"), len(frame)
    other = SurvfuncRight(frame["days"], frame["is_over"])
    for day, error in zip(other.surv_times, other.surv_prob_se, strict=True):
        found = curve.at(day)
        if 0 < found["survival"] < 1:
            assert found["standard_error"] == pytest.approx(error * np.sqrt(n / (n - 1)), rel=1e-9)


def test_rows_that_are_there_twice_in_one_cluster_tell_nothing_new():
    frame = drawn(1)
    frame["row"] = np.arange(len(frame))
    twice = pd.concat([frame, frame], ignore_index=True)
    once, again = curve_of(frame, "row").at(10), curve_of(twice, "row").at(10)
    for name in ("survival", "standard_error", "interval_low", "interval_high", "n_clusters"):
        assert again[name] == pytest.approx(once[name], rel=1e-9)


def test_clustered_intervals_cover_and_those_of_rows_do_not():
    """150 worlds of 60 families of 20 with hazards of their own; the truth by 40,000 families."""
    truth = curve_of(drawn(0, 40_000, 20)).at(15)["survival"]
    held = {"cluster": 0, "row": 0}
    for seed in range(1, 151):
        frame = drawn(seed, 60, 20)
        frame["row"] = np.arange(len(frame))
        for name in held:
            row = curve_of(frame, name).at(15)
            held[name] += row["interval_low"] <= truth <= row["interval_high"]
    assert held["cluster"] >= 135
    assert held["row"] < 120


def test_the_table_has_a_row_per_kind_and_day_followed():
    frame = pd.concat([drawn(1), drawn(2, 1).assign(kind="other", is_over=0, days=4.0)])
    unknown = frame.iloc[:3].assign(kind="one", days=np.nan)
    rows = survival_rows(pd.concat([frame, unknown]), WAITING, "kind", "cluster", [1, 7])
    assert [(row["kind"], row["days"], row["n"]) for row in rows] == [
        ("one", 1, 300), ("one", 7, 300), ("other", 1, 5),
    ]  # fmt: skip
    assert rows[2]["survival"] == 1
    assert "interval_low" not in rows[2]
    assert rows[2]["median_days"] is None
