"""Effects planted in a drawn Hub come back through landing, marts and panel.

The generator knows ranks and crowding from the lineage that it drew, in numpy; the marts find both
in cards and tags, in SQL. What lies between is the dirt: lost parents, old names, dates on the
floor.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from scipy.stats import binom

from analysis.exports import open_exports
from analysis.jackknife import delete_group_jackknife
from analysis.specifications import chosen
from loaders import generate, sample
from support import REPOSITORY, once

N_MODELS = 12_000
MOMENTS = [sample.FIRST_SNAPSHOT]
PLANTED = generate.Effects(rank=-0.3, crowding=-0.15)
TRUTH = {"log_rank": PLANTED.rank, "log_crowd_30": PLANTED.crowding}
N_DRAWS = 20

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("planted_effects")]


@pytest.fixture(scope="module")
def exports(shared) -> Path:
    """The marts of a drawn Hub with planted effects."""

    def make(folder: Path) -> None:
        sample.write_sample(folder / "landing", n_models=N_MODELS, n_snapshots=1, effects=PLANTED)
        environment = {
            "HUB_LANDING": str(folder / "landing"),
            "HUB_DATABASE": str(folder / "hub.duckdb"),
            "HUB_EXPORTS": str(folder / "exports"),
        }
        subprocess.run(
            [sys.executable, "build.py", "--quiet"],
            cwd=REPOSITORY, env=os.environ | environment, check=True,
        )  # fmt: skip

    return once(shared / "planted_effects", make) / "exports"


@pytest.fixture(scope="module")
def likes() -> pd.DataFrame:
    """Everybody's likes, one column per draw; the index is the id in lower case."""
    drawn = {}
    for stream in range(N_DRAWS):
        effects = replace(PLANTED, stream=stream)
        ecosystem = generate.draw(N_MODELS, MOMENTS, sample.SEED, effects)
        drawn[stream] = ecosystem.counters[0]["likes"]
    with duckdb.connect() as connection:
        generate.Generator(connection, ecosystem)
        names = connection.execute("select id from drawn_ids order by idx").df()["id"]
    return pd.DataFrame(drawn, index=names[:N_MODELS].str.lower())


def test_the_landed_likes_are_the_first_draw(exports, likes):
    with duckdb.connect() as connection:
        panel = connection.execute(
            f"select lower(child_id), likes from '{exports}/recognition_panel.parquet'"
        ).fetchall()
    drawn = [(child, found) for child, found in panel if child in likes.index]
    assert len(drawn) > 3000
    assert all(likes.loc[child, 0] == found for child, found in drawn)


def test_the_jackknife_of_the_headline_covers_what_was_planted(exports, likes):
    """95 % would be 19 of 20; fewer than 16 come in one of 100 such tests."""
    headline = next(one for one in chosen(["RR4"]) if one.specification_id == "RR4")
    rows = open_exports(exports).connection.execute(headline.sql(headline.needed_columns)).df()
    drawn = rows["child_id"].str.lower().isin(likes.index)
    rows = rows[drawn].reset_index(drop=True)
    covered = dict.fromkeys(TRUTH, 0)
    found = []
    for draw in likes:
        rows["likes"] = likes.loc[rows["child_id"].str.lower(), draw].to_numpy()
        fitted = delete_group_jackknife(
            rows, headline.equation, "parent_id", of_interest=tuple(TRUTH)
        )
        row = {term: fitted.row(term) for term in TRUTH}
        found.append({term: row[term]["estimate"] for term in TRUTH})
        for term, truth in TRUTH.items():
            covered[term] += row[term]["low"] <= truth <= row[term]["high"]
    assert binom.cdf(15, N_DRAWS, 0.95) < 0.01
    assert min(covered.values()) >= 16, covered
    means = pd.DataFrame(found).mean()
    for term, truth in TRUTH.items():
        assert means[term] == pytest.approx(truth, abs=0.03)
