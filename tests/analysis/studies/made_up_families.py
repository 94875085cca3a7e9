"""Families with a known mean, for the tests of the estimators."""

import numpy as np
import pandas as pd


def families(n_rows: int = 1500, n_bases: int = 150, seed: int = 1) -> pd.DataFrame:
    """Entrants of bases of very different size; likes are Poisson around
    exp(base + month + 0.3 size - 0.2 log_rank + 0.2 [relation is merge])."""
    random = np.random.default_rng(seed)
    base = (n_bases * random.random(n_rows) ** 2).astype(int)
    month = random.integers(0, 8, n_rows)
    relation = random.choice(["adapter", "finetune", "merge"], n_rows, p=[0.5, 0.3, 0.2])
    level = random.normal(-0.5, 1, n_bases)[base] + random.normal(0, 0.3, 8)[month]
    log_rank = random.exponential(1, n_rows) + 0.3 * level
    size = random.normal(0, 1, n_rows) + 0.2 * level
    mean = np.exp(level + 0.3 * size - 0.2 * log_rank + 0.2 * (relation == "merge"))
    likes = random.poisson(mean)
    instrument = random.normal(0, 1, n_rows)
    hidden = random.normal(0, 1, n_rows)
    crowd = 0.6 * instrument + hidden + random.normal(0, 1, n_rows)
    return pd.DataFrame(
        {
            "parent_id": [f"base {number}" for number in base],
            "month": [f"2026-{number + 1:02d}" for number in month],
            "owner": [f"owner {number}" for number in random.integers(0, 40, n_rows)],
            "relation": relation,
            "likes": likes,
            "log_likes": np.log1p(likes),
            "has_likes": (likes > 0).astype(int),
            "share": 1 / (1 + np.exp(-0.5 * size - random.normal(0, 1, n_rows))),
            "log_rank": log_rank,
            "size": size,
            "instrument": instrument,
            "second_instrument": random.normal(0, 1, n_rows) + 0.5 * instrument,
            "crowd": crowd,
            "recognition": 0.5 * crowd + hidden + 0.3 * size + random.normal(0, 1, n_rows),
            "weight": random.integers(1, 4, n_rows),
        }
    )
