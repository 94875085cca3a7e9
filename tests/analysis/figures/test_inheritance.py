"""The numbers of the figures on drift, momentum, quantizations and models below deleted ones.

Each is computed here again by other means, from the sample's marts.
"""

from pathlib import Path

import networkx
import numpy as np
import pandas as pd
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from analysis.figures import FIGURES, conclusions, data_of, open_tables
from analysis.studies.shares import clustered_share


@pytest.fixture(scope="module")
def marts(sample_exports: Path):
    """A connection with a view on each mart of the sample."""
    with open_tables(sample_exports, sample_exports) as connection:
        yield connection


def rows_of(marts, name: str) -> pd.DataFrame:
    """The rows that a figure draws."""
    frame, reason = data_of(next(one for one in FIGURES if one.name == name), marts)
    assert reason == ""
    return frame


def ask(marts, sql: str) -> pd.DataFrame:
    return marts.execute(sql).df()


def test_drift_has_the_marts_rates_and_intervals_over_families(marts):
    shown = rows_of(marts, "trait_drift").set_index(["trait", "relation"])
    mart = ask(marts, "from trait_drift where n_both >= 30").set_index(["trait", "relation"])
    rates = shown.value.dropna()
    assert len(rates) > 10
    pd.testing.assert_series_equal(
        rates, mart.mutation_rate[rates.index], check_names=False, rtol=1e-8
    )
    edges = ask(
        marts,
        "select edges.relation, coalesce(changes.root_id, edges.parent_id) as family, "
        "children.architecture as child, parents.architecture as parent "
        "from lineage_edges as edges join licence_changes as changes using (child_id, parent_id) "
        "join hub_models as children on child_id = children.model_id "
        "join hub_models as parents on parent_id = parents.model_id",
    ).dropna()
    for relation in ("finetune", "merge"):
        chosen = edges[edges.relation == relation]
        differs = (chosen.child != chosen.parent).astype(int)
        families = differs.groupby(chosen.family).agg(["sum", "size"])
        expected = clustered_share(families["sum"], families["size"])
        row = shown.loc[("architecture", relation)]
        assert (row.n, row.n_clusters) == (expected.n, expected.n_clusters)
        tolerance = 1e-3 * (expected.high - expected.low)
        ends = (expected.low, expected.high)
        assert (row.low, row.high) == pytest.approx(ends, abs=tolerance)


def test_published_rates_stand_beside_finetunes_alone(marts):
    shown = rows_of(marts, "trait_drift").dropna(subset="published")
    assert set(shown.relation) == {"finetune"}
    assert set(shown.trait) == {"task", "language", "license"}


def test_curves_of_quantization_are_those_of_kaplan_and_meier(marts):
    shown = rows_of(marts, "time_to_quantization").set_index(["quantization_number", "age"])
    edges = ask(marts, "from lineage_edges where is_parent_listed")
    end = ask(marts, "select max(snapshot_at) as at from model_metrics")["at"].iloc[0]
    bases = edges.groupby("parent_id").parent_created_at.max()
    bases = bases[bases >= pd.Timestamp("2022-03-03")]
    copies = edges[(edges.relation == "quantized") & (edges.release_lag_days >= 0)]
    for number in (1, 10):
        reached = copies.groupby("parent_id").release_lag_days.apply(
            lambda lags, number=number: np.sort(lags)[number - 1] if len(lags) >= number else None
        )
        reached = reached.reindex(bases.index).astype(float)
        watched = reached.fillna((end - bases) / pd.Timedelta(days=1))
        found = SurvfuncRight(watched.to_numpy(), reached.notna().to_numpy().astype(int))
        for age in (7, 30, 365):
            before = found.surv_times <= age
            share, error = found.surv_prob[before][-1], found.surv_prob_se[before][-1]
            row = shown.loc[(number, age)]
            assert row.n == len(bases)
            assert row.value == pytest.approx(1 - share)
            # On the scale of log(-log), by the delta method.
            step = 1.959964 * error / (share * np.log(share))
            ends = (1 - share ** np.exp(step), 1 - share ** np.exp(-step))
            assert (row.low, row.high) == pytest.approx(ends)


def test_momentum_compares_the_last_twelve_complete_weeks_with_the_twelve_before(marts):
    shown = rows_of(marts, "base_momentum").set_index("parent_id")
    edges = ask(marts, "from lineage_edges where child_created_at >= timestamp '2022-03-03'")
    end = ask(marts, "select max(week) as at from base_weeks where is_week_complete")["at"].iloc[0]
    monday = edges.child_created_at.dt.to_period("W").dt.start_time
    weeks_ago = (end - monday) // pd.Timedelta(weeks=1)
    now = edges[(weeks_ago >= 0) & (weeks_ago < 12)].parent_id.value_counts()
    before = edges[(weeks_ago >= 12) & (weeks_ago < 24)].parent_id.value_counts()
    both = now.add(before, fill_value=0)
    # A base whose first child is younger gains by being new.
    old = weeks_ago.groupby(edges.parent_id).max() >= 23
    assert set(shown.index) == {base for base in both[both >= 20].index if old[base]} != set()
    assert "race/bulk-base" in set(both[both >= 20].index) - set(shown.index)
    for base, row in shown.iterrows():
        a, b = now.get(base, 0), before.get(base, 0)
        assert (row.n_now, row.n_before) == (a, b)
        ratio = ((a + 0.5) / now.sum()) / ((b + 0.5) / before.sum())
        half = 1.959964 * np.sqrt(1 / (a + 0.5) + 1 / (b + 0.5))
        expected = (ratio, ratio / np.exp(half), ratio * np.exp(half))
        assert (row.ratio, row.low, row.high) == pytest.approx(expected)
        assert row.course == (
            "losing" if row.high < 1 else "gaining" if row.low > 1 else "neither for certain"
        )


def test_below_a_deleted_model_stands_all_that_descends_from_it(marts):
    shown = rows_of(marts, "blast_radius").set_index("model_id")
    edges = ask(marts, "select parent_id, child_id from lineage_edges")
    graph = networkx.DiGraph(edges.itertuples(index=False))
    listed = set(ask(marts, "select model_id from hub_models").model_id)
    gone = set(
        ask(marts, "select model_id from snapshot_changes where change = 'removed'").model_id
    )
    expected = {name for name in gone - listed if name in graph and graph.out_degree(name)}
    assert expected == set(shown[shown.event == "deleted"].index) != set()
    for name in expected:
        assert shown.loc[name, "n_descendants"] == len(networkx.descendants(graph, name))
    assert shown.loc["history/base", "event"] == "relicensed"


def drift(*rows: tuple) -> pd.DataFrame:
    columns = ["trait", "relation", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def test_drift_names_two_traits_where_their_intervals_lie_apart_and_none_elsewhere():
    apart = drift(
        ("task", "finetune", 0.4, 0.3, 0.5), ("size_class", "finetune", 0.02, 0.01, 0.04),
        ("task", "merge", 0.9, 0.8, 0.95), ("language", "finetune", 0.6, None, None),
    )  # fmt: skip
    assert conclusions.trait_drift(apart) == (
        "Finetunes change the size class on 2.0 % (1.0 to 4.0) of edges and the task on 40 % "
        "(30 to 50) of edges"
    )
    alike = drift(("task", "finetune", 0.4, 0.1, 0.6), ("license", "finetune", 0.5, 0.3, 0.7))
    assert conclusions.trait_drift(alike).startswith("No trait of finetunes can be told")
    assert conclusions.trait_drift(drift(("task", "merge", 0.4, 0.1, 0.6))) == ""


def test_a_single_model_that_is_gone_is_compared_with_no_other():
    one = pd.DataFrame([{"event": "deleted", "model_id": "a/b", "n_descendants": 4, "n_models": 1}])
    assert conclusions.blast_radius(one) == "Below a/b, which was deleted, stand 4 models"


def test_recall_is_told_with_its_interval_or_without_one():
    told = pd.DataFrame(
        [
            {
                "phases": "declared",
                "measure": "recall",
                "value": 0.669,
                "low": 0.539,
                "high": 0.778,
            },
            {"phases": "all", "measure": "recall", "value": 0.706, "low": 0.578, "high": 0.808},
        ]
    )
    assert conclusions.evidence_by_phase(told) == (
        "What is declared names a true parent of 67 % (54 to 78) of the derived models"
    )
    few = told.assign(low=None, high=None).astype({"low": float, "high": float})
    assert "66.9 % (no interval) of" in conclusions.evidence_by_phase(few)
    assert conclusions.evidence_by_phase(told[told.phases == "all"]) == ""


def test_what_hidden_edges_do_is_told_for_90_days_where_that_window_is_there():
    rows = pd.DataFrame(
        [
            {"window_name": window, "scenario": scenario, "observed": 0.1, "value": value,
             "low": value - 0.01, "high": value + 0.01}
            for window, scenario, value in (
                ("30d", "labelled", 0.05), ("90d", "random", 0.07), ("90d", "labelled", 0.08)
            )
        ]
    )  # fmt: skip
    assert conclusions.index_under_missing_edges(rows).startswith(
        "10.0 % of models are disruptive as landed, 8.0 % (7.0 to 9.0) with"
    )
    random = rows[rows.scenario == "random"]
    assert conclusions.index_under_missing_edges(random) == ""
