"""Other measures of prominence (RR25): which proxies a landing has, and what each takes away.

Some proxies come from a snapshot before the entry, which many landings do not have. A proxy that is
known in too few rows is left out of its specification, with a note, so that the known ones can be
held fixed.
"""

from __future__ import annotations

import dataclasses

import pandas as pd

from analysis.figures.wording import label
from analysis.studies.decomposing import ALL, decompose
from analysis.studies.estimating import Result, estimate_on, rounded, select
from analysis.studies.estimation.equations import EstimationError
from analysis.studies.specifications import Specification
from hub_lineage.exports import Exports


def with_proxies(exports: Exports, specification: Specification, seed: int) -> Result:
    """The estimate with the known proxies, and the table of what each takes away.

    The specification's options name the `proxies`, which are among its controls, and with
    `known_share` the share of the rows in which each must be known.
    """
    frame = select(exports, specification)
    specification, left_out = without_unknown(frame, specification)
    result = estimate_on(frame, specification, specification.equation, exports, seed)
    if result.status != "ok":
        return result
    known = [name for name in specification.options["proxies"] if name not in left_out]
    rows = [*taken_away(frame, specification, known), *told(specification, left_out)]
    return dataclasses.replace(result, tables={"prominence": rows})


def without_unknown(
    frame: pd.DataFrame, specification: Specification
) -> tuple[Specification, dict[str, str]]:
    """The specification without proxies known in too few rows, and a text on each of them.

    If none would be left, all are kept: the specification is about its proxies.
    """
    proxies = specification.options["proxies"]
    share = specification.options.get("known_share", 0)
    n_known = {name: int(frame[name].notna().sum()) for name in proxies}
    left_out = {
        name: f"known in {n:,} of {len(frame):,} rows"
        for name, n in n_known.items()
        if not n or n < share * len(frame)
    }
    if not left_out or len(left_out) == len(proxies):
        return specification, {}
    said = "; ".join(f"{label(name)}, {why}" for name, why in left_out.items())
    caution = " ".join(filter(None, [specification.caution, f"Left out: {said}."]))
    controls = tuple(name for name in specification.controls if name not in left_out)
    return dataclasses.replace(specification, controls=controls, caution=caution), left_out


def taken_away(frame: pd.DataFrame, specification: Specification, known: list[str]) -> list[dict]:
    """What each known proxy takes away from each term of interest, or why it is unknown."""
    terms = tuple(specification.interest)
    try:
        found = decompose(frame, specification.equation, terms, known)
    except EstimationError as error:
        return [{"term": term, "proxy": ALL, "reason": str(error)} for term in terms]
    if len(known) == 1:
        found = found[found["control"] != ALL]
    return [
        {
            "term": row["term"],
            "proxy": row["control"],
            "estimate_without": rounded(row["estimate_without"]),
            "estimate_with": rounded(row["estimate_with"]),
            "takes_away": rounded(row["contribution"]),
            "standard_error": rounded(row["standard_error"]),
            "interval_low": rounded(row["low"]),
            "interval_high": rounded(row["high"]),
            "n_used": row["n_used"],
            "n_clusters": row["n_clusters"],
            "reason": ""
            if pd.notna(row["contribution"])
            else "the fixed effects and the other controls determine it",
        }
        for row in found.to_dict("records")
    ]


def told(specification: Specification, left_out: dict[str, str]) -> list[dict]:
    """A row per term and left-out proxy, with the reason."""
    return [
        {"term": term, "proxy": name, "reason": why}
        for term in specification.interest
        for name, why in left_out.items()
    ]
