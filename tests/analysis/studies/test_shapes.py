"""How an effect grows, where in the distribution it lies, how the index moves: as planted."""

import numpy as np
import pandas as pd
import pytest
from drawn_views import entrants, estimates, liked, run
from scipy.stats import binom

from analysis.studies.null_worlds.worlds import Design


@pytest.mark.parametrize("suffix", ["", ".months"])
def test_bins_of_crowding_find_the_step_that_was_planted(suffix):
    steps = {"crowd_1": 0.0, "crowd_2_5": 0.0, "crowd_6_10": -0.6, "crowd_11_20": -0.6}
    found = []
    for seed in range(10):
        rows = entrants(seed)
        rows = liked(rows, np.where(rows["crowd_30"] > 5, -0.6, 0.0), seed)
        result = run(f"RR26{suffix}", {"entrants": rows})
        found.append(estimates(result)["estimate"].reindex([*steps, "log_rank"]))
    means = pd.DataFrame(found).mean()
    for term, truth in steps.items():
        assert means[term] == pytest.approx(truth, abs=0.15), term
    assert means["log_rank"] == pytest.approx(0, abs=0.06)


def test_bins_that_no_entrant_reaches_leave_and_the_others_stay():
    rows = liked(entrants(1, Design(n_bases=150, largest=12, likes=2.0)), 0, 1)
    result = run("RR26", {"entrants": rows})
    assert {"crowd_51_100", "crowd_101"} <= set(result.estimates[0]["dropped_terms"].split("+"))
    assert "crowd_1" in estimates(result).index


def test_an_effect_on_the_tail_is_found_in_the_tail_and_not_at_the_first_like():
    """Half of the entrants have 1 to 4 likes, whenever they come; the later, the fewer reach 5."""
    found, zero = [], []
    for seed in range(12):
        rows = entrants(seed)
        rng = np.random.default_rng(seed)
        n = len(rows)
        is_liked = rng.random(n) < 0.5
        reaches = is_liked & (rng.random(n) < 0.95 - 0.2 * rows["log_rank"])
        rows["likes"] = np.where(reaches, rng.integers(5, 9, n), is_liked * rng.integers(1, 5, n))
        row = {
            likes: estimates(run(f"RR26.at_least_{likes}", {"entrants": rows}))["estimate"]
            for likes in (1, 2, 5)
        }
        found.append({likes: values["log_rank"] for likes, values in row.items()})
        zero.append(run("RR26.at_least_10", {"entrants": rows}))
    found = pd.DataFrame(found)
    error = found.std() / np.sqrt(len(found))
    # .5 x -.2: points of probability per log point of rank.
    assert abs(found[1].mean()) < 3.5 * error[1]
    assert abs(found[5].mean() + 0.1) < 3.5 * error[5]
    assert found[5].mean() < -2 * error[5]
    assert found[1].mean() - found[5].mean() > 2 * (found[1] - found[5]).std() / np.sqrt(12)
    assert {one.status for one in zero} == {"not_run"}
    assert {one.reason for one in zero} == {"reaches_10 is 0 in every row that has one"}


# the index over windows


def focal_windows(seed: int, n: int = 300) -> pd.DataFrame:
    """Focals of 40 families in four windows; finetunes fall by .1 per log point of the window,
    larger ones rise by .05, and who starts high is what the model's own effect holds fixed."""
    rng = np.random.default_rng(seed)
    root = rng.integers(0, 40, n)
    relation = rng.choice(["adapter", "finetune", "quantized", "merge"], n)
    log_size = rng.normal(20, 1, n)
    size_unknown = (rng.random(n) < 0.2).astype(int)
    start = rng.normal(0, 0.5, n) + 0.4 * (relation == "finetune")
    rows = []
    for days, name in ((30, "30d"), (90, "90d"), (180, "180d"), (365, "365d")):
        slope = -0.1 * (relation == "finetune") + 0.05 * np.where(size_unknown, 0, log_size - 20)
        rows.append(pd.DataFrame({
            "model_id": np.arange(n), "window_name": name, "window_days": float(days),
            "root_id": root, "relation": relation, "size_unknown": size_unknown,
            "log_size": np.where(size_unknown, 0.0, log_size), "undefined_reason": None,
            "mdi": start + (0.02 + slope) * np.log(days / 30) + rng.normal(0, 0.1, n),
        }))  # fmt: skip
    return pd.concat(rows).astype({"undefined_reason": object})


def test_the_index_of_one_model_moves_as_it_was_made_to_by_kind_and_size():
    found = estimates(run("DM7.trajectory.by_kind", {"focal_windows": focal_windows(1)}))
    truth = {"log_window": 0.02, "log_window_x_finetune": -0.1, "log_window_x_size": 0.05}
    for term, value in truth.items():
        row = found.loc[term]
        assert row["interval_low"] < value < row["interval_high"], term
        assert row["standard_error"] < 0.02


def test_the_path_of_the_index_is_told_against_thirty_days():
    rows = focal_windows(2)
    found = estimates(run("DM7.trajectory", {"focal_windows": rows}))
    own = rows.pivot_table(index="model_id", columns="window_name", values="mdi")
    for window in ("90", "180", "365"):
        expected = (own[f"{window}d"] - own["30d"]).mean()
        assert found.loc[f"to_{window}_days", "estimate"] == pytest.approx(expected, rel=1e-6)


def test_a_model_that_lacks_a_window_is_no_part_of_the_path():
    """Else who closes late would move the path by who is in it."""
    rows = focal_windows(3)
    is_gone = (rows["model_id"] < 60) & (rows["window_name"] == "365d")
    cut = rows.assign(
        undefined_reason=np.where(is_gone, "window_open", None),
        mdi=np.where(rows["model_id"] < 60, rows["mdi"] + 5, rows["mdi"]),
    )
    found = estimates(run("DM7.trajectory", {"focal_windows": cut}))
    assert found["n_used"].iloc[0] == 240 * 4
    kept = rows[rows["model_id"] >= 60]
    again = estimates(run("DM7.trajectory", {"focal_windows": kept}))
    assert found["estimate"].to_numpy() == pytest.approx(again["estimate"].to_numpy())


# owners as clusters


def test_owners_who_are_late_and_liked_alike_are_covered_by_clusters_of_owners_as_well():
    """The owners' own level and lateness: bases alone are too sure of rank."""
    design = Design(n_bases=100, tail=0.5, largest=12)
    covered = {"RR4": 0, "RR4.owner_clusters": 0}
    widths = {name: [] for name in covered}
    for seed in range(24):
        rng = np.random.default_rng([seed, 3])
        rows = entrants(seed, design).assign(base_mean=2.0)
        rows["owner"] = rng.integers(0, 60, len(rows))
        lateness, level = rng.normal(0, 1, 60), rng.normal(0, 0.5, 60)
        rows["log_rank"] = lateness[rows["owner"]] + rng.normal(0, 0.2, len(rows))
        rows = liked(rows, level[rows["owner"]], seed)
        for name in covered:
            row = estimates(run(name, {"entrants": rows})).loc["log_rank"]
            covered[name] += row["interval_low"] <= 0 <= row["interval_high"]
            widths[name].append(row["standard_error"])
    # Of 24, 95 % would be 23; fewer than 20 come in one of 40 such tests.
    assert binom.cdf(19, 24, 0.95) < 1 / 40
    assert covered["RR4"] < 20 <= covered["RR4.owner_clusters"]
    assert np.mean(widths["RR4.owner_clusters"]) > 1.3 * np.mean(widths["RR4"])
