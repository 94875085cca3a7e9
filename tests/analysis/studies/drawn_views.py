"""Drawn entrants as the views that specifications read, so that a specification is run as it is."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from analysis.studies.estimating import Result
from analysis.studies.methods import METHODS, Context
from analysis.studies.null_worlds.worlds import Design, draw_entrants
from analysis.studies.specifications import chosen
from hub_lineage.exports import Exports

DESIGN = Design(n_bases=150, tail=0.8, largest=60, likes=2.0, popularity=0.0)
PROXIES = {
    "releases": "log_owner_releases",
    "owner": "log_owner_derivatives_elsewhere",
    "base": "log_base_owner_derivatives_elsewhere",
    "elsewhere": "log_entries_elsewhere_30",
}


def entrants(seed: int, design: Design = DESIGN) -> pd.DataFrame:
    """The entrants of a drawn design with what specifications of the main sample read.

    Measures of prominence are noise, and likes are still to be drawn.
    """
    rows = draw_entrants(design, seed)
    rng = np.random.default_rng([seed, 1])
    rows["crowd_30"] = np.rint(np.expm1(rows["log_crowd_30"])).astype(int)
    for name in PROXIES.values():
        rows[name] = rng.normal(2, 1, len(rows))
    return rows.assign(size_unknown=0, sample_exclusion=pd.Series([None] * len(rows), dtype=object))


def liked(rows: pd.DataFrame, level: np.ndarray | float, seed: int) -> pd.DataFrame:
    """The rows with Poisson likes whose log mean is `level` above the base's."""
    mean = rows["base_mean"] * np.exp(level)
    return rows.assign(likes=np.random.default_rng([seed, 2]).poisson(mean))


def run(specification_id: str, views: Mapping[str, pd.DataFrame], seed: int = 0) -> Result:
    """A specification on tables that stand in for the views."""
    (specification,) = (
        one
        for one in chosen([specification_id.split(".")[0]])
        if one.specification_id == specification_id
    )
    with duckdb.connect(config={"threads": 1}) as connection:
        for name, rows in views.items():
            connection.register("given", rows)
            connection.execute(f"create table {name} as from given")
        exports = Exports(connection, Path(), "20260903T040000Z", "0" * 64)
        return METHODS[specification.method](Context(exports, seed), specification)[0]


def estimates(result: Result) -> pd.DataFrame:
    """The coefficients of a result by their terms."""
    assert result.status == "ok", result.reason
    return pd.DataFrame(result.estimates).set_index("term")
