"""Counts how often each verdict is reached where the truth is known.

    python -m analysis calibrate --verdict-draws 200

Families, dates, owners, controls and samples are those of the landing; outcomes are drawn anew, go
through the primary tests of `claims.yml` with their own intervals, and end in verdicts. The share
of *supported* in worlds where a claim is false is its error rate (at most 5 %), the same share
where it is true its power; the share of intervals that hold the truth is counted too.

The worlds are those of `analysis.studies.null_worlds.verdict_cases`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from scipy import stats

from analysis.studies import claims, judging
from analysis.studies.null_worlds.calibrating import CalibrationError
from analysis.studies.null_worlds.verdict_cases import (
    NOTHING,
    Case,
    chain_cases,
    chance_cases,
    concentration_cases,
    racing_cases,
    share_cases,
)
from analysis.studies.records import COUNT, NUMBER, TEXT
from analysis.studies.verdicts import VERDICTS, Measure, Target
from hub_lineage.exports import Exports
from hub_lineage.progress import Progress, nothing_shown

FEWEST_JUDGED = 20
"""The fewest draws with an interval for a coverage to say anything."""

COLUMNS = {
    "world": TEXT, "claim_id": TEXT, "claim": TEXT, "truth": NUMBER, "is_true": TEXT,
    **{f"share_{verdict}": NUMBER for verdict in VERDICTS}, "supported_low": NUMBER,
    "supported_high": NUMBER, "coverage": NUMBER, "mean_estimate": NUMBER, "deviation": NUMBER,
    "n_draws": COUNT, "n_judged": COUNT, "reason": TEXT, "seed": COUNT, "snapshot_id": TEXT,
    "landing_hash": TEXT,
}  # fmt: skip
"""Columns of the table `verdict_calibration`: one row per world and claim. `is_true`: whether the
claim holds in the world, "no effect of interest" where it does by less than would matter.
`supported_low`, `supported_high`: Wilson's interval. `n_judged`: the draws with an interval."""


def calibrate_verdicts(
    exports: Exports,
    *,
    worlds: Sequence[str] | None = None,
    n_draws: int = 200,
    seed: int = 0,
    n_workers: int = 1,
    shown: Progress | None = None,
) -> pd.DataFrame:
    """One row per world and claim: how often each verdict is reached (`COLUMNS`).

    `worlds` are the worlds (all by default), with `n_draws` of each. A claim whose test cannot be
    made on this landing, or whose outcome no world redraws, has one row without a world and with
    the reason. `shown` counts the draws. The same arguments give the same rows, whatever the number
    of workers.
    """
    if n_draws < 2 or n_workers < 1:
        raise CalibrationError("calibration needs at least two draws and one worker")
    every = {claim["claim_id"]: claim for claim in claims.document()["claims"]}
    cases: list[Case] = []
    reasons: dict[str, str] = {}
    for make in (racing_cases, chance_cases, chain_cases, share_cases, concentration_cases):
        made, without = make(exports, list(every.values()), seed)
        cases += made
        reasons |= without
    wanted = [case for case in cases if worlds is None or case.world in worlds]
    drawn = {name for case in cases for name in case.truths}
    targets = {name: claims.target_of(claim["test"], NOTHING) for name, claim in every.items()}
    rows = []
    shown = shown or nothing_shown()
    shown.expect(n_draws * len(wanted))
    for case in wanted:
        shown.advance(0, f"{case.world}, {', '.join(case.truths)}")
        draws = []
        with ThreadPoolExecutor(n_workers) as workers:
            for measured in workers.map(case.measures, range(n_draws)):
                draws.append(measured)
                shown.advance()
        rows += summarised(case, draws, every, {**targets, **case.targets})
    rows += [
        {
            "claim_id": name,
            "claim": every[name]["claim"],
            "reason": reasons.get(name, "no world redraws what it is judged by"),
        }
        for name in every
        if name not in drawn
    ]
    common = {
        "seed": seed,
        "snapshot_id": exports.snapshot_id,
        "landing_hash": exports.content_hash,
    }
    return pd.DataFrame([row | common for row in rows], columns=list(COLUMNS))


def summarised(
    case: Case,
    draws: Sequence[Mapping[str, Measure]],
    every: Mapping[str, Mapping],
    targets: Mapping[str, Target],
) -> list[dict]:
    """The rows of one world: each draw is judged like a run, with its families together."""
    together = [every[name] for name in case.truths]
    verdicts = [judging.concluded(together, measures, targets, NOTHING) for measures in draws]
    rows = []
    for name, truth in case.truths.items():
        found = [verdict[name][0] for verdict in verdicts]
        judged = [one[name] for one in draws if not one[name].reason]
        intervals = [one.interval for one in judged]
        n_supported = found.count(VERDICTS[0])
        wilson = stats.binomtest(n_supported, len(found)).proportion_ci(method="wilson")
        estimates = np.array([one.estimate for one in judged])
        row = {
            "world": case.world,
            "claim_id": name,
            "claim": every[name]["claim"],
            "truth": truth,
            "is_true": holds(truth, targets[name]),
            **{f"share_{verdict}": found.count(verdict) / len(found) for verdict in VERDICTS},
            "supported_low": float(wilson.low),
            "supported_high": float(wilson.high),
            "n_draws": len(found),
            "n_judged": len(judged),
        }
        if judged:
            row |= {
                "coverage": float(np.mean([low <= truth <= high for low, high in intervals])),
                "mean_estimate": float(estimates.mean()),
                "deviation": float(estimates.std(ddof=1)) if len(judged) > 1 else None,
            }
        else:
            row["reason"] = draws[0][name].reason
        rows.append(row)
    return rows


def summary(table: pd.DataFrame) -> list[dict]:
    """The worst case of each claim over its worlds.

    claim_id; error_rate and error_world: the largest share of *supported* where the claim is false;
    power and power_world: the largest where it is true; coverage and coverage_world: the smallest
    over worlds with at least twenty intervals. None if there is no such world; `reason` if nothing
    was drawn.
    """
    rows = []
    for claim_id, found in table.groupby("claim_id", sort=False):
        drawn = found[found["world"].notna()]
        row = dict.fromkeys(
            ("error_rate", "error_world", "power", "power_world", "coverage", "coverage_world")
        ) | {"claim_id": claim_id, "reason": "" if len(drawn) else found["reason"].iloc[0]}
        for name, part, pick in (
            ("error_rate", drawn[drawn["is_true"] == "no"], "idxmax"),
            ("power", drawn[drawn["is_true"] == "yes"], "idxmax"),
            ("coverage", drawn[drawn["n_judged"] >= FEWEST_JUDGED], "idxmin"),
        ):
            column = "coverage" if name == "coverage" else "share_supported"
            if len(part):
                worst = part.loc[getattr(part[column].astype(float), pick)()]
                row[name] = float(worst[column])
                row[f"{name.removesuffix('_rate')}_world"] = worst["world"]
        rows.append(row)
    return rows


def holds(truth: float, target: Target) -> str:
    """Whether a claim holds if the number is `truth`: yes, no, or too little to matter."""
    # A planted effect equals the smallest one except for the last digits.
    slack = 1e-9 * max(1.0, abs(truth))
    low, high = target.of_interest
    if low - slack <= truth <= high + slack and not (target.direction == "at_most" and
                                                     truth >= high - slack):  # fmt: skip
        # Without a smallest effect, a share at the border of a claim is not beyond it.
        border = target.direction in ("less", "more") and abs(truth - target.than) <= slack
        return "no" if border else "yes"
    low, high = target.claimed
    return "no effect of interest" if low + slack < truth < high - slack else "no"
