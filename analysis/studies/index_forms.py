"""Each focal's index in comparable forms: against chance, among its kind, and with its interval.

*Among its kind* is the percentile, the form of a field-normalised indicator in bibliometrics:
percentiles within a field and a period are robust to skewed indices, while a ratio to a mean that
may be zero or negative is meaningless. The field is the family (the models that could be built on
instead), the period the quarter; `relation` takes the place of the type of document. The difference
to the mean of a field is what fixed effects estimate (DM3).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.figures import text_of
from analysis.studies.null_worlds.rewiring import mdi_under_chance
from hub_lineage.exports import Exports

N_RESAMPLED = 999
AT_ONCE = 2_000
"""How many distinct counts are resampled together, which takes 48 MB."""


@lru_cache(maxsize=1)
def index_forms(exports: Exports, n_draws: int, seed: int) -> pd.DataFrame:
    """One row per focal of the 90-day window with an index, ordered by its id.

    Columns: those of `rewiring.mdi_under_chance`, its `n_draws_defined` as `n_draws`; `relation`,
    `quarter`; `n_later` = n_i + n_j + n_k; `percentile_in_family` and `percentile_in_relation`, the
    share of the focals of the same family (relation) and quarter with a lower index, equal ones
    counted half, 0 to 1, null for a focal that is alone; `interval_low`, `interval_high` by Bonett
    and Price; `bootstrap_low`, `bootstrap_high`, the 2.5 and 97.5 % points when the later models of
    the window are resampled. The last result is cached, since several specifications need it.
    """
    connection = exports.connection
    chance = mdi_under_chance(connection, n_draws=n_draws, seed=seed)
    chance = chance.rename(columns={"n_draws_defined": "n_draws"})
    counts = connection.execute(
        "select distinct n_i, n_j, n_k from focals where mdi is not null order by all"
    ).df()
    low, high = resampled(counts.to_numpy(np.int64), seed)
    connection.execute(text_of("intervals"))
    connection.register("chance", chance)
    connection.register("resampled", counts.assign(bootstrap_low=low, bootstrap_high=high))
    forms = connection.execute(
        f"""
        select
            chance.*, focals.relation, focals.quarter, n_i + n_j + n_k as n_later,
            {percentile("root_id, quarter")} as percentile_in_family,
            {percentile("relation, quarter")} as percentile_in_relation,
            difference_low(n_i, n_j, n_i + n_j + n_k) as interval_low,
            difference_high(n_i, n_j, n_i + n_j + n_k) as interval_high,
            resampled.bootstrap_low, resampled.bootstrap_high
        from focals
        inner join chance on focals.model_id = chance.model_id
        inner join resampled using (n_i, n_j, n_k)
        order by chance.model_id
        """
    ).df()
    for name in ("chance", "resampled"):
        connection.unregister(name)
    return forms


def percentile(cell: str) -> str:
    """The SQL of the mid-rank percentile within a cell, null if the cell has only one row."""
    n, n_same = (f"count(*) over (partition by {by})" for by in (cell, f"{cell}, focals.mdi"))
    n_below = f"(rank() over (partition by {cell} order by focals.mdi) - 1)"
    return f"case when {n} > 1 then ({n_below} + {n_same} / 2) / {n} end"


def resampled(counts: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The 2.5 and 97.5 % points (m,) of the index when its later models are drawn with replacement.

    `counts` (m, 3): n_i, n_j, n_k, not all zero. If a focal's later models are all of one kind,
    resampling shows no spread, unlike the interval of Bonett and Price.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, 0)))
    ends = []
    for start in range(0, len(counts), AT_ONCE):
        some = counts[start : start + AT_ONCE]
        total = some.sum(axis=1)
        drawn = rng.multinomial(
            total[:, None], (some / total[:, None])[:, None, :], size=(len(some), N_RESAMPLED)
        )
        index = (drawn[:, :, 0] - drawn[:, :, 1]) / total[:, None]
        ends.append(np.quantile(index, (0.025, 0.975), axis=1))
    low, high = np.concatenate(ends, axis=1) if ends else np.zeros((2, 0))
    return low, high
