"""Hill and Stein's table: their figures agree with each other, ours are those of the estimates."""

import bisect
import dataclasses
from datetime import timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest

from analysis.studies.bootstrapping import Drawn
from analysis.studies.designs.potential import potential
from analysis.studies.estimating import Result
from analysis.studies.hill_stein import (
    CLUSTERED,
    DRAWN,
    UNITS,
    comparison,
    contrast_rows,
    published,
)
from analysis.studies.printed.design_tables import contrast_tables, hill_stein_tables
from analysis.studies.printed.table_formats import as_markdown
from analysis.studies.specifications import chosen
from analysis.studies.variables import open_exports

(RR24,) = chosen(["RR24"])
POTENTIAL = "base_potential_percentile"


def named(label, **fields):
    """The specification of one equation of RR24."""
    further = RR24.further.get(label)
    name = f"RR24.{label}" if further else "RR24"
    interest = further["interest"] if further else RR24.interest
    return dataclasses.replace(RR24, specification_id=name, interest=interest, **fields)


def estimated(label, outcome, **slopes):
    """A result with these slopes of its terms, each with an error of a tenth of it."""
    rows = [
        {
            "term": term, "is_of_interest": True, "estimate": slope,
            "standard_error": abs(slope) / 10, "interval_low": slope - abs(slope) / 5,
            "interval_high": slope + abs(slope) / 5, "n_used": 20, "n_clusters": 10,
        }
        for term, slope in slopes.items()
    ]  # fmt: skip
    return Result(named(label, outcome=outcome), "ok", "", rows)


def used_rows(n_bases=10, **columns):
    """Two entrants of the first base, one of each other one; potential 1, 2, ..."""
    parents = ["b00", *(f"b{number:02d}" for number in range(n_bases))]
    frame = pd.DataFrame({"parent_id": parents, POTENTIAL: [int(p[1:]) + 1.0 for p in parents]})
    return frame.assign(**columns)


def test_a_contrast_goes_from_the_10th_to_the_90th_percentile_of_bases():
    result = estimated("lag", "log_lag", **{POTENTIAL: -0.5})
    used = used_rows(log_lag=np.arange(11.0))
    (row,) = contrast_rows(result, used)
    assert (row["predictor_low"], row["predictor_high"]) == (1, 9)
    assert (row["contrast"], row["contrast_low"], row["contrast_high"]) == (-4, -4.8, -3.2)
    assert row["in_standard_deviations"] == pytest.approx(-4 / used["log_lag"].std())
    assert (row["errors"], row["unit"], row["n"]) == (CLUSTERED, "ln(1 + days)", 20)


def test_of_a_race_the_contrast_is_one_against_none():
    result = estimated("first_lag_on_competition", "log_lag", is_raced_7=-0.3)
    used = used_rows(log_lag=np.arange(11.0), is_raced_7=[0, 1] * 5 + [0])
    (row,) = contrast_rows(result, used)
    assert (row["predictor_low"], row["predictor_high"], row["contrast"]) == (0, 1, -0.3)


def test_the_contrast_of_an_interaction_is_over_potential():
    result = estimated("lag_by_racing", "log_lag", **{POTENTIAL: 0.5, "potential_x_races": -0.25})
    used = used_rows(log_lag=np.arange(11.0), potential_x_races=0.0)
    rows = contrast_rows(result, used)
    assert [row["contrast"] for row in rows] == [4, -2]


def test_the_contrast_of_a_count_is_a_share():
    result = estimated("recognition", "likes", **{POTENTIAL: 0.1})
    result = dataclasses.replace(
        result, specification=dataclasses.replace(result.specification, estimator="poisson")
    )
    (row,) = contrast_rows(result, used_rows(likes=1))
    assert row["contrast"] == pytest.approx(np.exp(0.8) - 1)
    assert row["in_standard_deviations"] is None


def test_the_interval_of_draws_is_the_spread_of_their_contrasts():
    draw = np.random.default_rng(3)
    slopes = draw.normal(-0.4, 0.1, (200, 1))
    ends = np.column_stack([draw.normal(1, 0.1, 200), draw.normal(9, 0.1, 200)])
    drawn = Drawn((POTENTIAL,), slopes, ends, 41)
    result = estimated("lag", "log_lag", **{POTENTIAL: -0.5})
    clustered, row = contrast_rows(result, used_rows(log_lag=1.0), drawn)
    low, high = np.quantile(slopes[:, 0] * (ends[:, 1] - ends[:, 0]), [0.025, 0.975])
    spread = (high - low) / (2 * 1.95996)
    assert (clustered["errors"], row["errors"], row["draws"]) == (CLUSTERED, DRAWN, 200)
    # t with 40 degrees of freedom
    assert row["contrast_high"] - row["contrast"] == pytest.approx(2.0211 * spread, rel=1e-3)
    assert row["contrast"] == pytest.approx((row["contrast_low"] + row["contrast_high"]) / 2)
    assert row["standard_error"] == pytest.approx(slopes.std(ddof=1), rel=0.1)
    slopes[0] = 1e6  # one draw in which nothing is left to tell the slope by
    _, strayed = contrast_rows(result, used_rows(log_lag=1.0), drawn)
    assert strayed["standard_error"] == pytest.approx(row["standard_error"], rel=0.1)


def test_what_they_print_agrees_with_itself():
    between = published()["contrast"]
    step = between["high"] - between["low"]
    for of, printed in between["steps"].items():
        slope = next(row["coefficient"] for row in published()["printed"] if row["of"] == of)
        assert slope * step == pytest.approx(printed, abs=0.05 if of == "quality" else 0.005)


def test_every_equation_that_stands_beside_theirs_is_one_of_ours():
    labels = {"competition", *RR24.further}
    named = [ours for row in published()["printed"] for ours in row["ours"]]
    equations = {ours for ours in named if ours != "none" and not ours.startswith("fact ")}
    assert equations <= labels
    assert len(equations) > 15


def results_of(*given):
    """A result for each equation of RR24: those given, and the rest without rows."""
    made = {result.specification.specification_id: result for result in given}
    every = [named(label) for label in ("competition", *RR24.further)]
    return [
        made.get(one.specification_id, Result(one, "not_run", "no scores here")) for one in every
    ]


def test_ours_stand_beside_theirs_or_say_why_not():
    result = estimated("first_competition", "is_raced_7", **{POTENTIAL: 0.02})
    drawn = Drawn((POTENTIAL,), np.array([[0.01], [0.03]]), np.array([[1.0, 9.0]] * 2), 30)
    contrasts = contrast_rows(result, used_rows(is_raced_7=[0, 1] * 5 + [0]), drawn)
    rows = comparison(results_of(result), contrasts, {"out_of_fold_r2": 0.12})
    ours = next(row for row in rows if row["our_equation"] == "RR24.first_competition")
    assert (ours["their_estimate"], ours["their_standard_error"]) == (0.0012, 0.0002)
    assert ours["their_contrast"] == pytest.approx(0.0012 * 32)
    assert (ours["our_estimate"], ours["our_standard_error"]) == (0.02, 0.002)
    assert ours["our_bootstrap_standard_error"] == pytest.approx(
        0.95 * 0.02 / (2 * 1.95996), rel=1e-5
    )
    assert ours["our_contrast"] == pytest.approx(0.16)
    # The interval of draws, t with 29 degrees of freedom, and not that of clusters.
    assert ours["our_contrast_high"] == pytest.approx(0.16 + 2.0452 * 8 * 0.0048473, rel=1e-3)
    assert ours["our_unit"] == UNITS["is_raced_7"]
    prediction = next(row for row in rows if row["equation"] == "prediction")
    assert (prediction["their_estimate"], prediction["our_estimate"]) == (0.18, 0.12)
    missing = next(row for row in rows if row["our_equation"] == "RR24.first_quality")
    assert (missing["our_estimate"], missing["reason"]) == (None, "no scores here")
    human = next(row for row in rows if "human" in row["equation"])
    assert human["our_equation"] is None
    assert human["differs"].startswith("No counterpart")
    assert all(row["differs"] for row in rows)


def test_both_tables_print_both_sides():
    result = estimated("first_competition", "is_raced_7", **{POTENTIAL: 0.02})
    contrasts = contrast_rows(result, used_rows(is_raced_7=[0, 1] * 5 + [0]))
    rows = comparison(results_of(result), contrasts, {})
    (table,) = hill_stein_tables(rows)
    lines = [row for heading, group in table.groups if heading.startswith("(5) with X,")
             for row in group]  # fmt: skip
    assert lines[0][:6] == (
        "competition", "0.0012 (0.0002)", "chance of a race per point", "16,215", "0.038",
        "RR24.first_competition",
    )  # fmt: skip
    assert lines[0][6:10] == ("0.020 (0.0020)", "", "20", "0.160 [0.128, 0.192]")
    text = as_markdown(table)
    assert "no scores here" in text
    assert "doubted by its authors too" in text
    (table,) = contrast_tables(contrasts)
    ((heading, (line,)),) = table.groups
    assert heading == CLUSTERED
    assert line[0] == "RR24.first_competition, predicted potential of the base, percentile"


# their unit, recounted


def test_first_entrants_and_their_races_are_those_of_a_count_by_hand(sample_exports):
    """By the lineage alone: who entered a base first, and whether another owner came in a week."""
    exports = open_exports(sample_exports)
    potential(exports.connection, seed=1)
    found = exports.connection.execute("""
        select parent_id, child_id, is_raced_7 from potential where is_first = 1""").fetchall()
    assert len(found) > 100
    by_base = entrants_of(exports.connection)
    raced = 0
    for parent, child, is_raced in found:
        entrants = by_base[parent]
        created, owner = next((at, owner) for at, name, owner in entrants if name == child)
        assert created == entrants[0][0]
        after = entrants[bisect.bisect_right([at for at, *_ in entrants], created) :]
        expected = any(
            other != owner and at - created <= timedelta(days=7) for at, _, other in after
        )
        assert is_raced == expected, (parent, child)
        raced += expected
    assert 0 < raced < len(found)


def entrants_of(connection: duckdb.DuckDBPyConnection) -> dict[str, list]:
    """{base: (creation, model, owner) of all its dated children, in order}."""
    rows = connection.execute("""
        select edges.parent_id, models.created_at, models.model_id, lower(models.owner)
        from lineage_edges as edges
        inner join hub_models as models on edges.child_id = models.model_id
        where models.created_at is not null and not models.is_created_at_floor
        order by 1, 2, 3""").fetchall()
    by_base: dict[str, list] = {}
    for parent, *entrant in rows:
        by_base.setdefault(parent, []).append(tuple(entrant))
    return by_base
