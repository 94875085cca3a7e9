"""The notebook runs as a script on the sample, asks nobody, and says what the marts say."""

import importlib.util
import os
import shutil
import subprocess
import sys

import pytest
from publications import rows

from support import REPOSITORY

NOTEBOOK = REPOSITORY / "notebooks/tour.py"

pytestmark = pytest.mark.xdist_group("readme")


@pytest.fixture
def answers(exports, monkeypatch, no_network):
    """What the cells define, once all of them have run without a network."""
    monkeypatch.setenv("HUB_EXPORTS", str(exports))
    found = importlib.util.spec_from_file_location("tour", NOTEBOOK)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    _, definitions = module.app.run()
    return definitions


def test_three_questions_are_answered_as_the_marts_say(answers, exports):
    (largest,) = rows(
        f"select root_id, n_models from '{exports}/families.parquet' "
        "order by n_models desc, root_id limit 1"
    )
    first = answers["families"].iloc[0]
    assert (first.root_id, first.n_models) == largest

    (expected,) = rows(
        f"""
        select count(*), count(mdi), count(*) filter (where mdi > 0)
        from '{exports}/disruption.parquet'
        where window_days = 90 and is_window_closed and n_parents > 0
        """
    )
    form = answers["forms"].set_index("form").loc["mdi"]
    assert (form.n_focals, form.n_defined, form.n_disruptive) == expected
    assert list(answers["forms"].form) == ["mdi", "mdi_bypass", "mdi_net", "mdi_no_k"]

    (crowded,) = rows(
        f"""
        select parent_id, count(*)
        from '{exports}/lineage_edges.parquet'
        where release_lag_days between 0 and 30
        group by parent_id
        order by 2 desc, 1
        limit 1
        """
    )
    race = answers["races"].iloc[0]
    assert (race.parent_id, race.n_in_30_days) == crowded


def test_the_figure_draws_every_entrant_of_the_five_races(answers):
    drawn = answers["figure"].data
    assert len(drawn) == answers["races"].n_in_30_days.sum()
    assert answers["snapshot"] in answers["figure"].title


def test_it_runs_as_a_script_and_leaves_the_exports_alone(exports, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in exports.iterdir()}
    finished = subprocess.run(
        [sys.executable, NOTEBOOK],
        cwd=tmp_path,
        env=os.environ | {"HUB_EXPORTS": str(exports)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    (largest,) = rows(
        f"select root_id from '{exports}/families.parquet' order by n_models desc, root_id limit 1"
    )
    assert "## 1. On whom is most built" in finished.stdout
    assert largest[0] in finished.stdout
    assert "mdi_bypass" in finished.stdout
    assert {path: path.stat().st_mtime_ns for path in exports.iterdir()} == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (".being_replaced", "run `make build` again"),
        ('x as select 1; copy (select 1) to "planted"; --.parquet', "is neither a mart"),
        ('y" as select 1; --.parquet', "is neither a mart"),
    ],
)
def test_exports_that_are_not_what_a_build_leaves_are_refused(exports, tmp_path, name, says):
    folder = tmp_path / "exports"
    shutil.copytree(exports, folder)
    shutil.copy(exports / "families.parquet", folder / name)
    finished = subprocess.run(
        [sys.executable, NOTEBOOK],
        cwd=tmp_path,
        env=os.environ | {"HUB_EXPORTS": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode != 0
    assert says in finished.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["exports"]


def test_without_exports_it_says_what_to_do(tmp_path):
    finished = subprocess.run(
        [sys.executable, NOTEBOOK],
        env=os.environ | {"HUB_EXPORTS": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode != 0
    assert "run `make build`, or set HUB_EXPORTS" in finished.stderr
