"""The command that simulates missing edges: its tables, what it prints, what a run leaves alone."""

import json

import duckdb
import pytest
from study_runs import analysis

from analysis.studies.missing_edges import ESTIMATES, FORMS, MISSING_EDGES, MODELS, SCENARIOS
from analysis.studies.printed.design_tables import missing_edges_tables
from analysis.studies.printed.table_formats import as_markdown

pytestmark = pytest.mark.xdist_group("studies")


def rows(sql: str) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def simulated(sample_exports, tmp_path_factory):
    """The folder of results, and what the command printed."""
    folder = tmp_path_factory.mktemp("missing_edges")
    done = analysis("missing-edges", "--draws", "2", exports=sample_exports, results=folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_every_form_and_window_has_a_share_a_ranking_and_an_interval(simulated):
    folder, _ = simulated
    found = rows(
        f"""
        select scenario, form, count(distinct window_name), count(distinct measure),
            bool_and(low <= mean and mean <= high), min(n_draws), max(n_draws)
        from '{folder}/missing_edges.parquet'
        where low is not null
        group by scenario, form
        """
    )
    assert {row[:2] for row in found} == {(one, form) for one in SCENARIOS for form in FORMS}
    assert {row[2:] for row in found} == {(6, 3, True, 2, 2)}


def test_hiding_leaves_fewer_edges_and_candidates_add_some(simulated):
    folder, _ = simulated
    edges = dict(
        rows(
            f"select distinct scenario, mean_edges - n_edges from '{folder}/missing_edges.parquet'"
        )
    )
    assert edges["random"] < 0
    assert edges["labelled"] < 0
    assert edges["candidates"] >= 0


def test_the_observed_share_is_that_of_the_mart(simulated, sample_exports):
    folder, _ = simulated
    ((observed, n),) = rows(
        f"select distinct observed, n_observed from '{folder}/missing_edges.parquet' "
        "where form = 'mdi' and window_name = '90d' and measure = 'share_disruptive'"
    )
    ((share, n_defined),) = rows(
        f"select avg(cast(mdi > 0 as integer)), count(mdi) "
        f"from '{sample_exports}/disruption.parquet' where window_name = '90d' and n_parents > 0"
    )
    assert (observed, n) == (pytest.approx(share), n_defined)


def test_each_model_and_each_regression_has_its_interval(simulated):
    folder, _ = simulated
    for name, columns in (("models", MODELS), ("estimates", ESTIMATES)):
        found = rows(f"describe from '{folder}/missing_edges_{name}.parquet'")
        assert [column[0] for column in found] == list(columns)
    assert rows(f"select count(*) from '{folder}/missing_edges_estimates.parquet'") == [(12,)]
    ((n, n_models),) = rows(
        f"select count(*), count(distinct model_id) from '{folder}/missing_edges_models.parquet'"
    )
    assert n == n_models * len(SCENARIOS) > 0


def test_the_command_prints_the_index_with_its_intervals(simulated):
    folder, printed = simulated
    lines = printed.splitlines()
    assert lines[0] == "| form | window | focals | disruptive | random | labelled | candidates |"
    assert len(lines) == 2 + 6 * len(FORMS)
    assert [line.split(" | ")[1] for line in lines[2:8]] == [
        "30d", "60d", "90d", "180d", "365d", "all",
    ]  # fmt: skip
    assert (folder / "tables" / "missing_edges.html").exists()
    assert "tables/missing_edges_estimates.md" in (folder / "files.txt").read_text()


def test_the_same_seed_gives_the_same_bytes(simulated, sample_exports, tmp_path):
    folder, _ = simulated
    done = analysis("missing-edges", "--draws", "2", exports=sample_exports, results=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in ("missing_edges", "missing_edges_models", "missing_edges_estimates"):
        one, other = (path / f"{name}.parquet" for path in (folder, tmp_path))
        assert one.read_bytes() == other.read_bytes()


def test_no_draw_is_refused_in_one_line(sample_exports, tmp_path):
    done = analysis("missing-edges", "--draws", "0", exports=sample_exports, results=tmp_path)
    assert (done.returncode, done.stderr) == (2, "error: --draws 0: give 1 or more\n")
    assert json.dumps(sorted(path.name for path in tmp_path.iterdir())) == "[]"


def test_a_cell_without_a_draw_is_empty_in_the_printed_table():
    row = dict.fromkeys(MISSING_EDGES) | {
        "scenario": "random", "form": "mdi", "window_name": "90d", "observed": 0.25,
        "n_observed": 4, "snapshot_id": "s", "low": 0.1, "high": 0.5,
    }  # fmt: skip
    (table,) = missing_edges_tables(
        [
            row | {"measure": "share_disruptive"},
            row | {"measure": "top_100_kept", "low": None, "high": None},
        ]
    )
    assert table.groups[0][1] == (("90d", "4", "25.0 %", "[10.0, 50.0]", ""),)
    assert "90d" in as_markdown(table)
