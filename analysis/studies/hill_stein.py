"""Hill and Stein's results beside ours: contrasts in units of the outcome, and their table (RR24).

Slopes per percentile point cannot be compared between predictors of different spread. Contrasts as
Hill and Stein print them can: the outcome at the 90th percentile of predicted potential less that
at the 10th. Their figures are in `hill_stein.yml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import yaml
from scipy import stats

from analysis.studies.bootstrapping import INTERACTION, Drawn, ends_of
from analysis.studies.designs.potential import PERCENTILE, RANK
from analysis.studies.estimating import Result, rounded

FILE = Path(__file__).with_suffix(".yml")

UNITS = MappingProxyType({
    "is_raced_7": "chance of a race",
    "log_crowd_30": "ln(1 + rivals)",
    "log_lag": "ln(1 + days)",
    "benchmark_score": "points of the score",
    "likes": "share of expected likes",
})  # fmt: skip
"""The unit of each outcome's contrast."""

OF_BASES = (PERCENTILE, RANK, "log_base_likes_now")
"""Predictors of a base, for which each base counts once; other predictors are the entrants'."""

CLUSTERED = "clustered by base"
DRAWN = "owners drawn, potential estimated in each draw"


COMPARED = (
    "equation", "of", "their_estimate", "their_standard_error", "their_unit", "their_n",
    "their_page", "their_contrast", "our_equation", "our_outcome", "our_term", "our_estimate",
    "our_standard_error", "our_bootstrap_standard_error", "our_n", "our_predictor_low",
    "our_predictor_high", "our_contrast", "our_contrast_low", "our_contrast_high", "our_unit",
    "our_contrast_in_standard_deviations", "differs", "reason",
)  # fmt: skip
"""The columns of the comparison."""


@cache
def published() -> Mapping:
    """The parsed file."""
    return MappingProxyType(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def predictor_ends(used: pd.DataFrame, predictor: str) -> np.ndarray:
    """The values (2,) that a contrast compares: 0 and 1, or the 10th and the 90th percentile."""
    if predictor in OF_BASES:
        used = used.drop_duplicates("parent_id")
    values = used[predictor].to_numpy(float)
    is_binary = np.isin(values, (0, 1)).all()
    return np.array([0.0, 1.0]) if is_binary else ends_of(values)


def contrast_rows(result: Result, used: pd.DataFrame, drawn: Drawn | None = None) -> list[dict]:
    """The contrasts of one equation: a row per term of interest and kind of interval.

    `used` are the rows that the equation was estimated on, `drawn` its results in draws of owners.
    Each row has the slope with its standard_error, predictor_low and predictor_high, and the
    contrast between them in units of the outcome (`unit`) and in its standard deviations, with
    contrast_low and contrast_high (95 %). The interval of draws is centred at the estimate, with
    the spread of the draws, each with its own predictor and its own ends.
    """
    by_term = {row["term"]: row for row in result.estimates if row["is_of_interest"]}
    deviation: float | None = float(used[result.specification.outcome].std())
    rows = []
    for term, estimate in by_term.items():
        predictor = PERCENTILE if term == INTERACTION else term
        low, high = predictor_ends(used, predictor)
        step = high - low
        common = {
            "specification_id": result.specification.specification_id,
            "outcome": result.specification.outcome,
            "term": term,
            "unit": UNITS[result.specification.outcome],
            "predictor_low": low,
            "predictor_high": high,
        }
        told = {
            "slope": estimate["estimate"],
            "standard_error": estimate["standard_error"],
            "contrast": estimate["estimate"] * step,
            "contrast_low": estimate["interval_low"] * step,
            "contrast_high": estimate["interval_high"] * step,
        }
        rows.append(
            common
            | {"errors": CLUSTERED}
            | told
            | {"draws": None, "n": estimate["n_used"], "n_clusters": estimate["n_clusters"]}
        )
        if drawn is None or term not in drawn.terms or len(drawn.slopes) < 2:
            continue
        slopes = drawn.slopes[:, drawn.terms.index(term)]
        steps = drawn.ends[:, 1] - drawn.ends[:, 0]
        reach = float(stats.t.ppf(0.975, drawn.n_groups - 1)) * spread_of(slopes * steps)
        rows.append(
            common
            | {"errors": DRAWN}
            | told
            | {
                "standard_error": steady(spread_of(slopes)),
                "contrast_low": steady(told["contrast"] - reach),
                "contrast_high": steady(told["contrast"] + reach),
                "draws": len(slopes),
                "n": estimate["n_used"],
                "n_clusters": drawn.n_groups,
            }
        )
    if result.specification.estimator == "poisson":
        deviation = None
        for row in rows:
            for name in ("contrast", "contrast_low", "contrast_high"):
                row[name] = float(np.expm1(row[name]))
    for row in rows:
        row["in_standard_deviations"] = row["contrast"] / deviation if deviation else None
    return [{name: rounded(value) for name, value in row.items()} for row in rows]


def spread_of(draws: np.ndarray) -> float:
    """The standard deviation of draws by their middle 95 %.

    A single draw in which a slope is hardly identified would dominate the usual one.
    """
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(high - low) / (2 * stats.norm.ppf(0.975))


def steady(value: float) -> float:
    """Round to the digits that draws reproduce: sums of floats vary with the order of rows."""
    return float(f"{value:.6g}")


def comparison(
    results: Sequence[Result], contrasts: Iterable[Mapping], facts: Mapping[str, object]
) -> list[dict]:
    """Theirs beside ours: a row per printed figure and equation of ours.

    `results` are those of RR24, its first equation first; `contrasts` the rows of `contrast_rows`,
    `facts` those of the design.
    """
    row_id = results[0].specification.row
    by_id = {result.specification.specification_id: result for result in results}
    # Of two terms of interest the last one is compared: the interaction.
    by_contrast = {(row["specification_id"], row["errors"]): row for row in contrasts}
    between = published()["contrast"]
    rows = []
    for printed in published()["printed"]:
        theirs = {
            "equation": printed["equation"],
            "of": printed["of"],
            "their_unit": printed["unit"],
            "their_estimate": printed["coefficient"],
            "their_standard_error": printed.get("standard_error"),
            "their_n": printed.get("n"),
            "their_page": printed.get("page"),
            "their_contrast": (
                printed["coefficient"] * (between["high"] - between["low"])
                if "per point" in printed["unit"]
                else None
            ),
        }
        for ours, differs in printed["ours"].items():
            row = theirs | {"differs": differs}
            kind, _, name = ours.rpartition(" ")
            if kind == "fact":
                row |= {"our_equation": f"{row_id}, {name}", "our_estimate": facts.get(name)}
            elif name != "none":
                name = row_id if name == "competition" else f"{row_id}.{name}"
                row |= ours_of(by_id[name], by_contrast)
            rows.append({key: rounded(value) for key, value in row.items()})
    return [{name: row.get(name) for name in COMPARED} for row in rows]


def ours_of(result: Result, contrasts: Mapping[tuple[str, str], Mapping]) -> dict:
    """Our side of a row: the estimate and its contrast, or why there is none."""
    name = result.specification.specification_id
    told = {"our_equation": name, "our_outcome": result.specification.outcome}
    clustered, drawn = contrasts.get((name, CLUSTERED)), contrasts.get((name, DRAWN))
    if clustered is None:
        return told | {"reason": result.reason}
    return told | {
        "our_term": clustered["term"],
        "our_unit": clustered["unit"],
        "our_estimate": clustered["slope"],
        "our_standard_error": clustered["standard_error"],
        "our_bootstrap_standard_error": drawn["standard_error"] if drawn else None,
        "our_n": clustered["n"],
        "our_predictor_low": clustered["predictor_low"],
        "our_predictor_high": clustered["predictor_high"],
        "our_contrast": clustered["contrast"],
        "our_contrast_low": (drawn or clustered)["contrast_low"],
        "our_contrast_high": (drawn or clustered)["contrast_high"],
        "our_contrast_in_standard_deviations": clustered["in_standard_deviations"],
    }
