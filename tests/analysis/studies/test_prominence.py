"""Other measures of prominence: what is planted is taken away, what is unknown is left out."""

import numpy as np
import pandas as pd
import pytest
from drawn_views import PROXIES, entrants, estimates, liked, run
from scipy.stats import binom

TERMS = ("log_rank", "log_crowd_30")


def prominent(seed: int, effect: float = 0.4) -> pd.DataFrame:
    """What is built on the owner's models falls by .5 with ln(rank), and raises likes by `effect`;
    rank and crowding do nothing."""
    rows = entrants(seed)
    name = PROXIES["owner"]
    rows[name] -= 0.5 * rows["log_rank"]
    return liked(rows, effect * (rows[name] - 1), seed)


def parts(result) -> pd.DataFrame:
    return pd.DataFrame(result.tables["prominence"]).set_index(["term", "proxy"])


def test_prominence_that_late_entrants_lack_is_taken_away_and_nothing_else():
    """95 % would be 28 of 30; fewer than 25 come in one of 60 such tests."""
    assert binom.cdf(24, 30, 0.95) < 1 / 60
    known, covered, found = PROXIES["owner"], 0, []
    for seed in range(30):
        result = run("RR25.owner_derivatives", {"entrants": prominent(seed)})
        rank = estimates(result).loc["log_rank"]
        covered += rank["interval_low"] <= 0 <= rank["interval_high"]
        found.append(parts(result).loc[("log_rank", known), "takes_away"])
    assert covered >= 25
    # -.5 x .4, whatever the draw.
    assert np.mean(found) == pytest.approx(-0.2, abs=0.02)


def test_all_measures_together_tell_which_one_it_is():
    tables = [parts(run("RR25.all_at_entry.months", {"entrants": prominent(s)})) for s in range(8)]
    taken = pd.DataFrame([table["takes_away"] for table in tables])
    assert taken[("log_rank", PROXIES["owner"])].mean() == pytest.approx(-0.2, abs=0.03)
    for term in TERMS:
        for name in ("releases", "base", "elsewhere"):
            assert taken[(term, PROXIES[name])].mean() == pytest.approx(0, abs=0.01)
    assert taken[("log_crowd_30", PROXIES["owner"])].mean() == pytest.approx(0, abs=0.03)


def test_the_parts_of_all_measures_add_up_and_the_estimate_has_a_jackknife():
    result = run("RR25.all_at_entry", {"entrants": prominent(3)})
    for term in TERMS:
        table, row = parts(result).loc[term], estimates(result).loc[term]
        whole = table["estimate_without"].iloc[0] - table["estimate_with"].iloc[0]
        assert table["takes_away"].drop("all").sum() == pytest.approx(whole, rel=1e-5)
        assert table["estimate_with"].iloc[0] == pytest.approx(row["estimate"], rel=1e-6)
        assert row["jackknife_low"] < row["estimate"] < row["jackknife_high"]


def test_a_measure_that_the_landing_does_not_know_is_left_out_and_that_is_said():
    rows = prominent(4)
    unknown = rows.assign(**{PROXIES["base"]: np.nan})
    result = run("RR25.all_at_entry", {"entrants": unknown})
    assert PROXIES["base"] not in result.specification.controls
    assert f"known in 0 of {len(rows):,} rows" in result.specification.caution
    row = parts(result).loc[("log_rank", PROXIES["base"])]
    assert (row["reason"], np.isnan(row["takes_away"])) == (
        f"known in 0 of {len(rows):,} rows",
        True,
    )
    assert estimates(result)["n_null"].iloc[0] == 0


def test_a_measure_that_few_rows_know_costs_no_row_and_one_that_most_know_costs_the_others():
    rows = prominent(5)
    few, most = rows.copy(), rows.copy()
    few.loc[few.index[: len(few) // 2], PROXIES["base"]] = np.nan
    most.loc[most.index[:20], PROXIES["base"]] = np.nan
    assert estimates(run("RR25.all_at_entry", {"entrants": few}))["n_null"].iloc[0] == 0
    kept = run("RR25.all_at_entry", {"entrants": most})
    assert estimates(kept)["n_null"].iloc[0] == 20
    assert PROXIES["base"] in kept.specification.controls


def test_a_specification_about_a_measure_that_nobody_knows_is_not_run_and_says_what_it_takes():
    rows = prominent(6).assign(log_base_likes_at_entry=np.nan)
    result = run("RR25.base_likes", {"entrants": rows})
    assert result.status == "not_run"
    assert result.reason.startswith("log_base_likes_at_entry is unknown in all")
    assert result.reason.endswith("needed: a snapshot before the entry")


@pytest.mark.parametrize(
    "variant",
    ["owner_likes", "base_likes", "base_downloads", "base_downloads_all_time", "all_with_counters"],
)
def test_what_an_earlier_snapshot_tells_is_held_fixed_where_there_is_one(variant):
    rows = prominent(8)
    rng = np.random.default_rng(8)
    counters = ("owner_likes", "base_likes", "base_downloads", "base_downloads_all_time")
    later = rng.random(len(rows)) < 0.8
    for name in counters:
        rows[f"log_{name}_at_entry"] = np.where(later, rng.normal(3, 1, len(rows)), np.nan)
    result = run(f"RR25.{variant}.months", {"entrants": rows})
    assert estimates(result)["n_used"].iloc[0] <= later.sum()
    table = parts(result).drop(index="all", level="proxy", errors="ignore")
    assert set(table.loc["log_rank"].index) == set(result.specification.options["proxies"])
    assert table["takes_away"].notna().all()


def test_a_measure_that_is_the_same_everywhere_takes_nothing_away():
    rows = prominent(7).assign(**{PROXIES["base"]: 0.0})
    table = parts(run("RR25.all_at_entry", {"entrants": rows}))
    row = table.loc[("log_rank", PROXIES["base"])]
    assert np.isnan(row["takes_away"])
    assert row["reason"] == "the fixed effects and the other controls determine it"


@pytest.mark.parametrize(
    ("name", "proxy"), [("owner_record", PROXIES["owner"]), ("base_record", PROXIES["base"])]
)
@pytest.mark.parametrize("suffix", ["", ".months"])
def test_the_interaction_with_prominence_is_the_one_that_was_planted(name, proxy, suffix):
    """At average prominence rank does -.2; each log point of it adds .15, and -.1 to crowding."""
    truth = {
        "log_rank": -0.2, "log_crowd_30": 0.1, f"log_rank_x_{name}": 0.15,
        f"log_crowd_30_x_{name}": -0.1,
    }  # fmt: skip
    found = []
    for seed in range(12):
        rows = entrants(seed)
        apart = rows[proxy] - rows[proxy].mean()
        level = rows["log_rank"] * (-0.2 + 0.15 * apart)
        level += rows["log_crowd_30"] * (0.1 - 0.1 * apart) + 0.2 * apart
        result = run(f"RR25.by_{name}{suffix}", {"entrants": liked(rows, level, seed)})
        found.append(estimates(result)["estimate"][list(truth)])
    found = pd.DataFrame(found)
    error = found.std() / np.sqrt(len(found))
    for term, value in truth.items():
        assert abs(found[term].mean() - value) < 3.5 * error[term] + 0.005, term
        assert error[term] < 0.08
