"""The main findings, in a few sentences that can be read without statistics.

Each is computed from the marts (the one on recognition from the studies) and has a 95 % interval.
If a landing does not allow a conclusion, the sentence says so, and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from analysis.figures import text_of
from analysis.figures.conclusions import leading_owner
from analysis.figures.wording import number, with_interval
from analysis.studies.shares import Clustered, clustered_share
from analysis.studies.verdicts import CONTRADICTED, INCONCLUSIVE, SUPPORTED

FEWEST = 100
"""The fewest models for which a share is reported as a finding."""

FOLLOWED_DAYS = 180
"""How long bases are followed; younger ones would show only their early entrants."""

RECOGNITION = "B1"
"""The claim about what being late costs."""


@dataclass(frozen=True)
class Finding:
    """A sentence, whether it states a conclusion, and where the site shows its numbers.

    text: plain, and may hold hostile ids. target: page and anchor, as in "data#dates".
    """

    text: str
    target: str
    is_conclusion: bool


def findings(connection: duckdb.DuckDBPyConnection, claims: Sequence[Mapping]) -> list[Finding]:
    """The findings in order; `claims` are the rows of the studies' claims, if these have run."""
    connection.execute(text_of("intervals"))
    made = [
        descent(connection.execute(text_of("descent")).df()),
        speed(connection),
        disruption(connection),
        recognition(claims),
        coverage(connection),
    ]
    return [one for one in made if one is not None]


def descent(frame: pd.DataFrame) -> Finding:
    """Whose models new models descend from."""
    target = "ecosystem#whose-models-new-models-descend-from"
    if frame.empty:
        return Finding(
            "Whose models new models descend from cannot be said: in no month of this landing do "
            f"{FEWEST} dated models descend from a model of another owner.",
            target,
            False,
        )
    is_told = bool(pd.notna(frame.low.iloc[0]))
    is_ahead = len(frame) == 1 or frame.n_of_owner.iloc[0] > frame.n_of_owner.iloc[1]
    rest = ", more than from anyone else" if is_ahead else ", as many as from others"
    rest = rest if is_told else ""
    return Finding(f"{leading_owner(frame)}{rest}.", target, is_told)


def speed(connection: duckdb.DuckDBPyConnection) -> Finding:
    """How soon others build on a model, for bases that were all followed equally long."""
    target = "ecosystem#calendar-of-entry"
    rows = connection.execute(
        f"""
        select count(*) filter (races.release_lag_days < 28) as k, count(*) as n
        from release_races as races
        inner join hub_models as bases on races.parent_id = bases.model_id
        cross join (select max(snapshot_at) as snapshot_at from model_metrics)
        where
            races.release_lag_days >= 0 and races.release_lag_days < {FOLLOWED_DAYS}
            and bases.created_at <= snapshot_at - interval {FOLLOWED_DAYS} days
        group by races.parent_id
        """
    ).fetchnumpy()
    found = clustered_share(rows["k"], rows["n"])
    what = (
        "of those who build on a model within half a year of its release come in the first four "
        "weeks"
    )
    return share_finding(found, what, "How soon others build on a model", target)


def disruption(connection: duckdb.DuckDBPyConnection) -> Finding:
    """How many models draw later models away from their own parents."""
    target = "verdicts#a2"
    rows = connection.execute(
        "select count(*) filter (mdi > 0) as k, count(*) as n from disruption_panel "
        "where mdi is not null group by coalesce(root_id, model_id)"
    ).fetchnumpy()
    found = clustered_share(rows["k"], rows["n"])
    what = (
        "of models with a disruption index after 90 days are disruptive: those who come later take "
        "from them and pass over what they were built from"
    )
    return share_finding(found, what, "How often a model displaces its own parents", target)


def coverage(connection: duckdb.DuckDBPyConnection) -> Finding:
    """How much of the lineage is declared at all."""
    rows = connection.execute(
        "select count(*) filter (n_parents > 0) as k, count(*) as n from hub_models "
        "group by coalesce(root_id, model_id)"
    ).fetchnumpy()
    found = clustered_share(rows["k"], rows["n"])
    what = "of models declare what they were built from; what the others hide, nobody can count"
    return share_finding(
        found, what, "How many models declare what they were built from",
        "data#coverage-and-faults",
    )  # fmt: skip


def share_finding(found: Clustered, what: str, question: str, target: str) -> Finding:
    """A share as a sentence, or why it cannot be reported."""
    if found.n < FEWEST:
        models = "model" if found.n == 1 else "models"
        return Finding(
            f"{question} cannot be said: {number(found.n)} {models} of this landing can be asked, "
            f"fewer than {FEWEST}.",
            target,
            False,
        )
    if found.low is None:
        return Finding(
            f"{question} cannot be said beyond this landing: {found.reason}. In it "
            f"{with_share(found)} {what}.",
            target,
            False,
        )
    return Finding(f"{with_share(found)} {what}.", target, True)


def with_share(found: Clustered) -> str:
    """A share such as "21 % (95 % interval 12 to 36 %)"; alone if there is no interval."""
    if found.low is None:
        return f"{number(100 * found.estimate, 1)} %"
    told = with_interval(100 * found.estimate, 100 * found.low, 100 * found.high, " %")
    said, _, ends = told.partition(" (")
    return f"{said} (95 % interval {ends[:-1]} %)"


def recognition(claims: Sequence[Mapping]) -> Finding | None:
    """What being late costs, by the studies' verdict; None if they have not run."""
    rows = [row for row in claims if row["claim_id"] == RECOGNITION and row["role"] == "test"]
    if not rows:
        return None
    row, target = rows[0], f"verdicts#{RECOGNITION.lower()}"
    told, why = row["in_words"] or "", row["verdict_reason"] or ""
    if row["verdict"] == SUPPORTED:
        return Finding(f"{capital(told)}.", target, True)
    if row["verdict"] == CONTRADICTED:
        return Finding(f"Being late costs no likes that count: {told}.", target, True)
    reason = why or "the interval leaves it open"
    if row["verdict"] == INCONCLUSIVE and told:
        reason = told if told.endswith("says nothing") else f"{told}, and {reason}"
    return Finding(
        f"Whether models that come late get fewer likes cannot be told here: {reason}.",
        target,
        False,
    )


def capital(text: str) -> str:
    """A text with its first letter capitalised."""
    return text[:1].upper() + text[1:]
