"""The verdict on each claim, with its reason and what stands beside it in the table `claims`.

The claims and what they measure are those of `analysis.studies.claims`, the rule that turns an
interval into a verdict that of `analysis.studies.verdicts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.figures.wording import number
from analysis.studies.claims import (
    SOURCES,
    Results,
    document,
    measure_of,
    primary_measure,
    step_of,
    target_of,
    tests_of,
    words,
)
from analysis.studies.estimating import rounded
from analysis.studies.multiplicity import holm
from analysis.studies.verdicts import (
    INCONCLUSIVE,
    SIGNIFICANCE,
    SUPPORTED,
    Measure,
    Target,
    decide,
    in_words,
    minimum_detectable_effect,
)
from hub_lineage.exports import Exports

SEED = 20260413


def judge(exports: Exports, results: Results, seed: int = SEED) -> list[dict]:
    """One row per claim and test, with the claim's verdict: the columns of `records.CLAIMS`.

    `seed` is that of the deals of `concentration`, the same in every run: a verdict must not depend
    on which run of some specifications came last.
    """
    measured = {
        claim["claim_id"]: primary_measure(exports, claim, results, seed)
        for claim in document()["claims"]
    }
    targets = {
        claim["claim_id"]: target_of(claim["test"], results) for claim in document()["claims"]
    }
    verdicts = concluded(document()["claims"], measured, targets, results)
    rows = []
    for claim in document()["claims"]:
        name = claim["claim_id"]
        verdict, reason, p_adjusted = verdicts[name]
        common = {
            key: claim.get(key)
            for key in ("claim_id", "study", "source", "claim", "published", "family")
        } | {
            "verdict": verdict,
            "verdict_reason": reason,
            "smallest_effect": targets[name].smallest,
            "tolerance": tolerance(claim, targets[name], results),
            "minimum_detectable_effect": minimum_detectable_effect(
                measured[name], targets[name], document()["power"]
            ),
            "p_adjusted": p_adjusted,
            "snapshot_id": exports.snapshot_id,
        }
        common |= curve_of(claim, results)
        for role, test in tests_of(claim):
            measure = measured[name] if role == "test" else measure_of(exports, test, results, seed)
            row = common | said(role, test, claim, measure, targets[name], results)
            rows.append({key: rounded(value) for key, value in row.items()})
    return rows


def concluded(
    claims: Sequence[Mapping],
    measured: Mapping[str, Measure],
    targets: Mapping[str, Target],
    results: Results,
) -> dict[str, tuple[str, str, float | None]]:
    """Verdict, reason and Holm's p-value of each claim, by its id.

    Within a family an interval alone supports nothing: of those judged by p-values Holm's adjusted
    one must be below 5 % too.
    """
    adjusted = adjusted_within_families(claims, measured)
    found = {}
    for claim in claims:
        name = claim["claim_id"]
        measure, target = measured[name], targets[name]
        verdict = decide(measure, target)
        reason = measure.reason
        p_adjusted = adjusted.get(name)
        if verdict == SUPPORTED and p_adjusted is not None and p_adjusted >= SIGNIFICANCE:
            verdict = INCONCLUSIVE
            reason = (
                f"the interval alone would do, but of several claims judged together Holm's p is "
                f"{p_adjusted:.2f}"
            )
        if verdict == INCONCLUSIVE and not reason:
            reason = within_reach(claim, measure, target, results)
        found[name] = (verdict, reason, p_adjusted)
    return found


def adjusted_within_families(
    claims: Sequence[Mapping], measured: Mapping[str, Measure]
) -> dict[str, float]:
    """Holm's p-values by claim, over the claims of each family that have one."""
    families: dict[str, dict[str, float]] = {}
    for claim in claims:
        # Against zero: for a claim that there is no rise a p-value says nothing.
        is_of_effect = bool({"less", "more"} & set(claim["test"]["claimed"]))
        measure = measured[claim["claim_id"]]
        if is_of_effect and measure.p_value is not None and not measure.reason:
            families.setdefault(claim["family"], {})[claim["claim_id"]] = measure.p_value
    adjusted: dict[str, float] = {}
    for p_values in families.values():
        adjusted |= dict(zip(p_values, holm([*p_values.values()]), strict=True))
    return adjusted


def within_reach(claim: Mapping, measure: Measure, target: Target, results: Results) -> str:
    """What an inconclusive landing could have shown, in the units of the claim."""
    detectable = minimum_detectable_effect(measure, target, document()["power"])
    if detectable is None:
        return "the interval leaves it open"
    told = words()[claim["claim_id"]]
    if told["kind"] == "share":
        return (
            "this landing could only have seen a share that is at least "
            f"{100 * detectable:.0f} points from {100 * target.than:g} %"
        )
    sign = -1 if target.direction == "less" else 1
    effect = Measure(estimate=sign * detectable)
    said = in_words(effect, told, step_of(claim["test"], results))
    return f"this landing could only have seen effects of at least this size: {said}"


def tolerance(claim: Mapping, target: Target, results: Results) -> str:
    """The smallest effect that counts as one, in the units of the claim."""
    told = words()[claim["claim_id"]]
    if target.direction == "within":
        low, high = (
            number(round(end)) if told["kind"] == "count" else f"{100 * end:.0f} %"
            for end in target.of_interest
        )
        return f"from {low} to {high} counts as the same"
    if not target.smallest:
        return f"any distance from {100 * target.than:g} % counts"
    sign = -1 if target.direction == "less" else 1
    effect = Measure(estimate=sign * target.smallest)
    said = in_words(effect, told, step_of(claim["test"], results))
    return f"an effect counts from this size on: {said}"


def said(
    role: str,
    test: Mapping,
    claim: Mapping,
    measure: Measure,
    target: Target,
    results: Results,
) -> dict:
    """The columns of one test."""
    sql = next((test[name] for name in SOURCES[1:] if name in test), None)
    told = ""
    if role == "test":
        told = in_words(measure, words()[claim["claim_id"]], step_of(test, results))
    return {
        "role": role,
        "choice": test["choice"],
        "specification_id": test.get("specification"),
        "term": test.get("term"),
        "sql": sql,
        "estimate": measure.estimate,
        "interval_low": measure.low,
        "interval_high": measure.high,
        "n": measure.n,
        "n_clusters": measure.n_clusters,
        "effective_clusters": measure.effective_clusters,
        "p_value": measure.p_value,
        "leans": leaning(measure, target),
        "in_words": told,
        "reason": measure.reason,
    }


def leaning(measure: Measure, target: Target) -> str | None:
    """Whether an interval lies where the claim says, elsewhere, or on both sides."""
    if measure.reason or measure.low is None:
        return None
    low, high = measure.interval
    least, most = target.claimed
    if low >= least and high <= most:
        return "as claimed"
    return "against" if low > most or high < least else "open"


def curve_of(claim: Mapping, results: Results) -> dict:
    """How many combinations of choices have the claimed sign, and how that compares with chance."""
    asked = claim.get("curve")
    if asked is None:
        return {}
    wanted = (asked["curve"], asked["term"])
    estimates = [
        row["estimate"]
        for row in results.curve
        if (row["curve"], row.get("term")) == wanted and row.get("estimate") is not None
    ]
    sign = -1 if "less" in claim["test"]["claimed"] else 1
    inference = [
        row["p_value"]
        for row in results.curve_inference
        if (row["curve"], row["term"], row["statistic"]) == (*wanted, "median")
    ]
    return {
        "curve_n": len(estimates) or None,
        "curve_share_as_claimed": sum(sign * value > 0 for value in estimates) / len(estimates)
        if estimates
        else None,
        "curve_p_value": inference[0] if inference else None,
    }
