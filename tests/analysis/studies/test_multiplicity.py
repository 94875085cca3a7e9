"""Adjusted p-values, against statsmodels' own implementations."""

import itertools

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from analysis.studies.multiplicity import adjust, holm

NUMBERS = itertools.count()
"""Each row is one of rows of its own, if nothing else is said."""


def row(p_value, family="exploratory", study="racing", **further):
    return {
        "study": study, "family": family, "is_of_interest": True, "scale": "coefficient",
        "p_value": p_value, "term": "log_rank", "sample_sql": f"select {next(NUMBERS)}",
        "formula": "likes ~ log_rank", "estimator": "poisson", "fixed_effects": "parent_id",
        "clusters": "parent_id",
    } | further  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_holm_equals_statsmodels(seed):
    p_values = np.random.default_rng(seed).uniform(0, 0.2, 12).round(2).tolist()
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1].tolist())


def test_the_primary_family_is_adjusted_by_holm_and_the_rest_by_benjamini_hochberg():
    rows = [row(p, "primary") for p in (0.01, 0.02, 0.5)] + [row(p) for p in (0.03, 0.04, 0.9)]
    adjust(rows)
    assert [r["p_adjusted"] for r in rows[:3]] == pytest.approx([0.03, 0.04, 0.5])
    expected = multipletests([0.03, 0.04, 0.9], method="fdr_bh")[1].tolist()
    assert [r["p_adjusted"] for r in rows[3:]] == pytest.approx(expected)
    assert [r["adjustment"] for r in rows] == ["holm"] * 3 + ["benjamini_hochberg"] * 3


def test_the_jackknife_p_value_goes_first():
    rows = [row(0.001, "primary", jackknife_p_value=0.2)]
    adjust(rows)
    assert rows[0]["p_adjusted"] == pytest.approx(0.2)


def test_controls_marginal_effects_and_rows_without_a_p_value_stay_out():
    out = [
        row(0.01, is_of_interest=False), row(0.01, scale="average marginal effect"), row(None),
    ]  # fmt: skip
    rows = [*out, row(0.04)]
    adjust(rows)
    assert [r["p_adjusted"] for r in rows] == [None, None, None, pytest.approx(0.04)]


def test_studies_are_families_of_their_own():
    rows = [row(0.04), row(0.04, study="disruption")]
    adjust(rows)
    assert [r["p_adjusted"] for r in rows] == pytest.approx([0.04, 0.04])


def test_the_primary_family_is_rank_and_crowding_without_their_contrast():
    rows = [
        row(0.01, "primary"),
        row(0.02, "primary", term="log_crowd_30"),
        row(0.001, "primary", term="late_and_crowded"),
    ]
    adjust(rows)
    assert [r["p_adjusted"] for r in rows] == [0.02, 0.02, None]


def test_a_coefficient_that_two_specifications_have_counts_once():
    same = {"sample_sql": "select the same"}
    rows = [row(0.01, **same), row(0.04), row(0.01, **same), row(0.02, term="log_crowd_30", **same)]
    adjust(rows)
    expected = multipletests([0.01, 0.04, 0.02], method="fdr_bh")[1]
    assert [r["p_adjusted"] for r in rows] == pytest.approx(
        [expected[0], expected[1], None, expected[2]]
    )
