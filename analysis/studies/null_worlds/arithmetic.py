"""In-degree and the index in lineages without causes, where they are related by arithmetic."""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import pandas as pd

from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation
from analysis.studies.null_worlds.rewiring import Counter, Lineage
from analysis.studies.null_worlds.worlds import DAY_IN_MICROSECONDS, draw_lineage


def in_degree_by_arithmetic(
    n_models: int = 30_000, seed: int = 0, window_days: int = 90
) -> pd.DataFrame:
    """How models with takers come out as disruptive even where nothing causes anything.

    One row per lineage, sample and term of the linear probability of mdi > 0, with and without
    in-degree among the terms: `lineage`, `sample`, `has_in_degree`, `term`, `estimate`,
    `standard_error`, `z`, `n_used`, `seed`.

    Lineages by preferential attachment: `direct`, a child names its parent; `with_grandparents`,
    three in five also name that one's parent; `leaves_reused_less`, adapters and quantized models
    are built on a tenth as often. In the first two, size and kind have no effect at all; in the
    third, kind has only this one. Samples: `eligible`, focals with a parent, a closed window and a
    later model in it; `built_upon`, those of them with a taker. In-degree is n_i + n_j.
    """
    lineages: dict[str, Callable[[int, int], tuple[pd.DataFrame, pd.DataFrame]]] = {
        "direct": draw_lineage,
        "with_grandparents": partial(draw_lineage, grandparents=0.6),
        "leaves_reused_less": partial(draw_lineage, reuse_of_leaves=0.1),
    }
    traits = ("log_size", "is_finetune")
    rows = []
    for name, draw in lineages.items():
        focals = _focals_of(*draw(n_models, seed), window_days)
        samples = {"eligible": focals, "built_upon": focals[focals["n_takers"] > 0]}
        for sample, terms in product(samples, (("log_in_degree", *traits), traits)):
            fitted = fit(samples[sample], Equation("is_disruptive", terms))
            for term in terms:
                found = fitted.row(term)
                rows.append(
                    {
                        "lineage": name,
                        "sample": sample,
                        "has_in_degree": terms != traits,
                        "term": term,
                        "estimate": found["estimate"],
                        "standard_error": found["standard_error"],
                        "z": found["estimate"] / found["standard_error"],
                        "n_used": fitted.n_used,
                        "seed": seed,
                    }
                )
    return pd.DataFrame(rows)


def _focals_of(models: pd.DataFrame, edges: pd.DataFrame, window_days: int) -> pd.DataFrame:
    """The eligible focals of a drawn lineage, with columns of the view `focals`."""
    everyone = np.ones(len(models), dtype=bool)
    lineage = Lineage(
        child=edges["child_key"].to_numpy(),
        parent=edges["parent_key"].to_numpy(),
        created_us=models["created_us"].to_numpy(),
        is_dated=everyone,
        is_listed=everyone,
        names=models["node_key"].to_numpy(),
    )
    counted = Counter(lineage, window_days).count(lineage.parent).set_index("node_key")
    last = models["created_us"].max() - window_days * DAY_IN_MICROSECONDS
    focals = models.join(counted, on="node_key")
    has_parent = models["node_key"].isin(edges["child_key"])
    focals = focals[has_parent & (focals["created_us"] <= last) & focals["mdi"].notna()]
    n_takers = focals["n_i"] + focals["n_j"]
    return focals.assign(
        n_takers=n_takers,
        log_in_degree=np.log1p(n_takers.to_numpy(np.float64)),
        is_disruptive=(focals["mdi"] > 0).astype(np.int64),
        is_finetune=(focals["relation"] == "finetune").astype(np.int64),
    )
