"""Parents that were looked up by hand, against what each phase of evidence says of them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from analysis.studies.missing_edges import document
from real_sets import recipes
from support import REPOSITORY, needs_shared_data

pytestmark = [
    needs_shared_data,
    pytest.mark.slow,
    pytest.mark.xdist_group("real_set_labelled"),
]

PAGE = REPOSITORY / "docs" / "evidence.md"
MODELS_ONLY = ("--resource-type", "model", "--resource-type", "seed")
POPULATION = "the most downloaded tenth of text-generation models"


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> list[str]:
    """The lines that the command prints on the labelled landing."""
    folder = tmp_path_factory.mktemp("labelled")
    landing = recipes.land(recipes.LABELLED_RECIPE, folder)
    labels = folder / "labels.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({recipes.LABELS}) to '{labels}'")
    variables = ("--vars", json.dumps(recipes.LABELLED_RECIPE.variables))
    run(folder, landing, "build.py", *MODELS_ONLY, *variables)
    return run(
        folder, landing, "-m", "analysis", "evidence", str(labels), "--population", POPULATION
    ).splitlines()


def run(folder: Path, landing: Path, *arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env=os.environ
        | {
            "HUB_LANDING": str(landing),
            "HUB_DATABASE": str(folder / "hub_lineage.duckdb"),
            "HUB_EXPORTS": str(folder / "exports"),
            "HUB_RESULTS": str(folder / "results"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    return finished.stdout


@pytest.mark.parametrize("phases", ["declared", "name", "declared and name"])
def test_the_page_shows_what_the_command_prints(printed, phases):
    (line,) = [line for line in printed if line.startswith(f"| {phases} |")]
    assert line in PAGE.read_text("utf-8").splitlines()


def test_the_labels_are_those_that_the_simulation_hides_by(printed):
    """The counts of `missing_edges.yml` follow from the labels."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"""
            with derived as (
                select
                    case
                        when relation ilike 'fine%' then 'finetune'
                        when relation ilike 'quanti%' then 'quantized'
                        else relation
                    end as relation,
                    declared_parents is null as is_undeclared
                from (
                    select *, coalesce(labelled_relation, declared_relation) as relation
                    from '{recipes.LABELLED}'
                )
                where coalesce(labelled_parents, declared_parents) is not null
            )
            select relation, count(*), count(*) filter (is_undeclared)
            from derived group by rollup (relation)
            """
        ).fetchall()
    counts = {relation: pair for relation, *pair in found}
    said = document()
    assert counts[None] == [said["derived"], said["undeclared"]]
    for relation, of_relation in said["by_relation"].items():
        assert counts[relation] == [of_relation["derived"], of_relation["undeclared"]]
