"""The replication page as data: claims, the tests they are put to, verdicts and reasons.

Claims and tests stand in `claims.yml`; nothing here knows what a paper says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb
import yaml
from statsmodels.stats.proportion import proportion_confint

from analysis.estimating import rounded
from analysis.exports import Exports, StudyError

FILE = Path(__file__).with_name("claims.yml")


@cache
def document() -> Mapping:
    """The parsed file."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def judge(
    exports: Exports, estimates: Sequence[Mapping], specifications: Sequence[Mapping]
) -> list[dict]:
    """One row per claim and test, with the claim's verdict: the columns of `records.CLAIMS`.

    `estimates` and `specifications` are the run's tidy rows.
    """
    by_term = {
        (row["specification_id"], row["term"]): row
        for row in estimates
        if row["scale"] == "coefficient"
    }
    status = {row["specification_id"]: row for row in specifications}
    rows = []
    for claim in document()["claims"]:
        tests = [
            tested(exports, test, by_term, status) | said(test, claim) for test in claim["tests"]
        ]
        if not can_speak(exports, claim):
            for test in tests:
                test |= {"passes": None, "reason": "this landing cannot speak to the claim"}
        verdict, reason = conclude(tests)
        for test in tests:
            test["reason"] = test["reason"] or reason
            rows.append(
                {
                    name: claim.get(name)
                    for name in ("claim_id", "study", "source", "claim", "published")
                }
                | {name: rounded(value) for name, value in test.items()}
                | {"verdict": verdict, "snapshot_id": exports.snapshot_id}
            )
    return rows


def can_speak(exports: Exports, claim: Mapping) -> bool:
    return "testable" not in claim or bool(single_row(exports, claim["testable"])[0])


def said(test: Mapping, claim: Mapping) -> dict:
    sql = test.get("share") or test.get("value")
    return {
        "choice": test["choice"],
        "test": test["passes"],
        "specification_id": test.get("specification"),
        "term": test.get("term"),
        "sql": sql,
    }


def tested(
    exports: Exports,
    test: Mapping,
    by_term: Mapping[tuple[str, str], Mapping],
    status: Mapping[str, Mapping],
) -> dict:
    """The number of one test, its interval and N, and whether it passes; null where it could not
    be made, with the reason."""
    is_estimate = "specification" in test
    number = estimated(test, by_term, status) if is_estimate else counted(exports, test)
    if number["reason"]:
        return number | {"passes": None}
    passes = passed(test["passes"], number)
    return number | {"passes": passes}


def estimated(
    test: Mapping, by_term: Mapping[tuple[str, str], Mapping], status: Mapping[str, Mapping]
) -> dict:
    nothing = dict.fromkeys(("estimate", "interval_low", "interval_high", "n"))
    name = test["specification"]
    row = by_term.get((name, test["term"]))
    if row is None:
        known = status.get(name)
        if known is None:
            return nothing | {"reason": f"{name} was not run"}
        return nothing | {"reason": f"{name}: {known['reason'] or 'the term is not in the fit'}"}
    has_jackknife = row.get("jackknife_low") is not None
    low, high = (
        ("jackknife_low", "jackknife_high") if has_jackknife else ("interval_low", "interval_high")
    )
    return {
        "estimate": row["estimate"],
        "interval_low": row[low],
        "interval_high": row[high],
        "n": row["n_used"],
        "reason": too_few(row, has_jackknife),
    }


def too_few(row: Mapping, has_jackknife: bool) -> str:
    """Why the clusters of an estimate carry no interval; empty where they do."""
    least, worth = document()["fewest_clusters"], document()["least_worth"]
    if row["n_clusters"] is None:
        return ""
    if row["n_clusters"] < least:
        return f"{row['n_clusters']} clusters, fewer than {least}"
    effective = row.get("effective_clusters_outcome")
    if effective is not None and effective < worth and not has_jackknife:
        return (
            f"{row['n_clusters']} clusters that are worth {effective:.1f} by the outcome, less "
            f"than {worth}, and no jackknife"
        )
    return ""


def counted(exports: Exports, test: Mapping) -> dict:
    first, n = single_row(exports, test.get("share") or test["value"])
    if not n:
        return dict.fromkeys(("estimate", "interval_low", "interval_high")) | {
            "n": 0,
            "reason": "no row of this landing can be counted",
        }
    if "value" in test:
        return {
            "estimate": float(first),
            "interval_low": None,
            "interval_high": None,
            "n": n,
            "reason": "",
        }
    low, high = proportion_confint(first, n, method="wilson")
    return {"estimate": first / n, "interval_low": low, "interval_high": high, "n": n, "reason": ""}


def passed(condition: str, number: Mapping) -> bool:
    """Whether a condition over estimate, interval_low, interval_high and n holds."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {condition} from (select cast(? as double) as estimate, cast(? as double) as "
            "interval_low, cast(? as double) as interval_high, cast(? as bigint) as n)",
            [number[name] for name in ("estimate", "interval_low", "interval_high", "n")],
        ).fetchall()
    return bool(found[0][0])


def single_row(exports: Exports, sql: str) -> tuple:
    try:
        return exports.connection.execute(sql).fetchall()[0]
    except duckdb.CatalogException as error:
        raise StudyError(
            f"a claim needs a mart that is not in {exports.folder} "
            f"({str(error).splitlines()[0]}): make the exports with `make build`"
        ) from error


def conclude(tests: Sequence[Mapping]) -> tuple[str, str]:
    """The verdict over all tests of a claim, and its reason in words."""
    made = [test for test in tests if test["passes"] is not None]
    passing = [test["choice"] for test in made if test["passes"]]
    failing = [
        test["choice"] + (" (zero lies in the interval)" if holds_zero(test) else "")
        for test in made
        if not test["passes"]
    ]
    if not made:
        return "not_testable_here", tests[0]["reason"]
    # The first test is the claim as it was made; the others cannot stand in for it.
    untested = "" if tests[0] in made else f". Not testable here: {tests[0]['choice']}"
    if not failing and not untested:
        return (
            "reproduced",
            f"holds under every choice that could be tested ({len(made)} of {len(tests)})",
        )
    if passing:
        against = f". Not under: {'; '.join(failing)}" if failing else ""
        return (
            "reproduced_under_a_named_choice",
            f"holds under: {'; '.join(passing)}{against}{untested}",
        )
    return "not_reproduced", f"not under: {'; '.join(failing)}{untested}"


def holds_zero(test: Mapping) -> bool:
    """Whether an estimate leaves the sign open."""
    ends = (test.get("interval_low"), test.get("interval_high"))
    return bool(test.get("specification_id")) and None not in ends and ends[0] <= 0 <= ends[1]
