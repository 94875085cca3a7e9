"""Every question compiles, runs on the sample, and answers what its first line asks."""

import json
import shutil

import pytest

from support import REPOSITORY, dbt, read

QUESTIONS = REPOSITORY / "analysis/questions"
QUERIES = sorted(path.stem for path in QUESTIONS.glob("*.sql"))

pytestmark = pytest.mark.xdist_group("analyses")


@pytest.fixture(scope="module")
def compiled(built, tmp_path_factory):
    """The database of the sample, and the compiled text of each query."""
    folder = tmp_path_factory.mktemp("analyses")
    # dbt locks the database that it compiles for
    database = folder / "hub_lineage.duckdb"
    shutil.copy(built / "hub_lineage.duckdb", database)
    landing = REPOSITORY / "sample"
    dbt("compile", "--select", "resource_type:analysis", landing=landing, database=database)
    compiled_files = (folder / "hub_lineage-dbt" / "target").glob(
        "compiled/**/analysis/questions/*.sql"
    )
    texts = {path.stem: path.read_text() for path in compiled_files}
    return database, texts


def test_there_are_a_dozen_questions_or_more():
    assert len(QUERIES) >= 12


@pytest.mark.parametrize("query", QUERIES)
def test_query_opens_with_its_question(query):
    first_lines = (QUESTIONS / f"{query}.sql").read_text().split("\nselect")[0]
    assert first_lines.startswith("-- ")
    assert "?" in first_lines or query in ("family_page",)


@pytest.mark.parametrize("query", QUERIES)
def test_query_answers_on_the_sample(compiled, query):
    database, texts = compiled
    assert read(database, texts[query]), f"{query} has no row on the sample"


def test_dbt_shows_every_question(compiled):
    """dbt puts a limit of its own behind the text, which must not end in one."""
    database, _ = compiled
    landing = REPOSITORY / "sample"
    # All that are selected are run; those after the first are not printed.
    dbt("show", "--select", "top_disruptive_models", *QUERIES, landing=landing, database=database)
    ran = json.loads((database.parent / "hub_lineage-dbt/target/run_results.json").read_text())
    assert sorted(one["unique_id"].split(".")[-1] for one in ran["results"]) == QUERIES


def test_top_disruptive_models_show_counts_that_give_the_index(compiled):
    database, texts = compiled
    for row in read(database, texts["top_disruptive_models"]):
        assert row["n_i"] + row["n_j"] >= 3
        assert row["mdi"] == pytest.approx(
            (row["n_i"] - row["n_j"]) / (row["n_i"] + row["n_j"] + row["n_k"]), abs=5e-5
        )


def test_index_forms_count_every_focal_once_in_each_form(compiled):
    database, texts = compiled
    focals = read(database, "select count(*) as n from marts.disruption where window_name = '90d'")
    for row in read(database, texts["index_forms_side_by_side"]):
        counted = row["n_negative"] + row["n_zero"] + row["n_positive"] + row["n_undefined"]
        assert row["n_focals"] == counted == focals[0]["n"]


def test_most_crowded_base_is_the_one_with_most_entrants_within_30_days(compiled):
    database, texts = compiled
    expected = read(
        database,
        """
        select parent_id, count(*) as n
        from marts.lineage_edges
        where release_lag_days between 0 and 30
        group by parent_id
        order by n desc, parent_id
        limit 1
        """,
    )
    answer = read(database, texts["most_crowded_first_30_days"])[0]
    assert (answer["parent_id"], answer["n_entrants_in_30_days"]) == (
        expected[0]["parent_id"],
        expected[0]["n"],
    )


def test_family_page_lists_the_largest_family_from_its_root(compiled):
    database, texts = compiled
    rows = read(database, texts["family_page"])
    largest = read(database, "select max(n_models) as n from marts.families")[0]["n"]
    assert rows[0]["generation"] in (0, 1)
    assert rows[0]["n_descendants"] <= largest


def test_dbt_compiles_them_from_the_reading_that_the_build_kept(compiled):
    """Else each run of dbt within the tests reads the project anew, for seven CPU seconds."""
    database, _ = compiled
    log = (database.parent / "hub_lineage-dbt/logs/dbt.log").read_text()
    assert "Nothing changed, skipping partial parsing" in log
