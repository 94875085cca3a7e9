"""The claims of the replication page as data, and the number that each test of one measures.

Claims and their tests stand in `claims.yml`; nothing here knows what a paper says. The verdicts are
those of `analysis.studies.judging`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import yaml

from analysis.studies.shares import FEWEST_CLUSTERS, LEAST_WORTH, Clustered, clustered_share
from analysis.studies.verdicts import SIGNIFICANCE, Measure, Target, on_own_scale
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports

FILE = Path(__file__).with_name("claims.yml")
WORDS = Path(__file__).with_name("claims_in_words.yml")
SOURCES = ("specification", "share", "every_share", "value", "dealt_out")
"""The ways to measure a claim; a test names one."""

DEALS = 1999
"""How often prominence is dealt out anew over the bases."""


@dataclass(frozen=True)
class Results:
    """What a run found, as far as claims are judged by it: rows of the tables of these names."""

    estimates: Sequence[Mapping]
    specifications: Sequence[Mapping]
    curve: Sequence[Mapping] = ()
    curve_inference: Sequence[Mapping] = ()
    contrasts: Sequence[Mapping] = ()
    by_term: Mapping = field(init=False)
    status: Mapping = field(init=False)

    def __post_init__(self) -> None:
        by_term = {
            (row["specification_id"], row["term"]): row
            for row in self.estimates
            if row["scale"] == "coefficient"
        }
        object.__setattr__(self, "by_term", by_term)
        object.__setattr__(
            self, "status", {row["specification_id"]: row for row in self.specifications}
        )


@cache
def document() -> Mapping:
    """The parsed file."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


@cache
def words() -> Mapping:
    """How each claim's number is told, by its id."""
    return yaml.safe_load(WORDS.read_text(encoding="utf-8"))


def tests_of(claim: Mapping) -> list[tuple[str, Mapping]]:
    """The primary test, what the paper's own form would say, and further choices."""
    return [
        ("test", claim["test"]),
        *(("paper", test) for test in claim.get("paper", ())),
        *(("other", test) for test in claim.get("others", ())),
    ]


def step_of(test: Mapping, results: Results) -> float:
    """The change of the regressor that a test's effect is told for; 1 for a share."""
    return smallest_of(test, results).get("by", 1.0)


def is_ratio(test: Mapping) -> bool:
    """Whether a test's coefficient is that of a count, told as a ratio."""
    return test.get("smallest", {}).get("of") in ("likes", "downloads")


def target_of(test: Mapping, results: Results) -> Target:
    """Where the number of a primary test lies if the claim holds, on the number's own scale."""
    ((direction, than),) = test["claimed"].items()
    if direction == "within":
        return Target("within", than[0], other_end=than[1])
    smallest = smallest_of(test, results)
    effect = smallest["effect"]
    if "specification" in test:
        effect = on_own_scale(effect, smallest["by"], direction, is_ratio=is_ratio(test))
    return Target(direction, than, effect)


def smallest_of(test: Mapping, results: Results) -> Mapping:
    """The smallest effect of interest with its change as a number, in units of the outcome.

    A change "by contrast" is the landing's own: the step between the ends of the predictor in the
    table `contrasts`, which also tells what a standard deviation of the outcome is. Where that has
    no row there is no estimate either, and the step of one stands for nothing.
    """
    smallest = dict(test.get("smallest", {}))
    if smallest.get("by") != "contrast":
        return smallest
    name = (test["specification"], test["term"])
    rows = [row for row in results.contrasts if (row["specification_id"], row["term"]) == name]
    if not rows or not rows[0]["contrast"] or not rows[0]["in_standard_deviations"]:
        return smallest | {"by": 1.0}
    step = rows[0]["predictor_high"] - rows[0]["predictor_low"]
    deviation = rows[0]["contrast"] / rows[0]["in_standard_deviations"]
    unit = deviation if smallest.get("in") == "standard_deviations" else 1.0
    return smallest | {"by": step, "effect": smallest["effect"] * unit}


# measuring


def primary_measure(exports: Exports, claim: Mapping, results: Results, seed: int) -> Measure:
    """The number that a claim is judged by; with a reason where the landing cannot speak to it."""
    if not can_speak(exports, claim):
        return Measure(reason=claim.get("otherwise", "this landing cannot speak to the claim"))
    return measure_of(exports, claim["test"], results, seed)


def can_speak(exports: Exports, claim: Mapping) -> bool:
    return "testable" not in claim or bool(rows_of(exports, claim["testable"])[0][0])


def measure_of(exports: Exports, test: Mapping, results: Results, seed: int) -> Measure:
    """The number of one test with its interval, or why there is none."""
    if "specification" in test:
        return estimated(test, results)
    if "value" in test:
        return counted(rows_of(exports, test["value"])[0])
    if "share" in test:
        return share_of(rows_of(exports, test["share"]))
    if "every_share" in test:
        found = rows_of(exports, test["every_share"])
        return lowest_share(found, test["fewest_periods"], test["fewest_models"])
    return concentration(rows_of(exports, test["dealt_out"]), seed)


def estimated(test: Mapping, results: Results) -> Measure:
    """An estimate of the run by its headline interval: the jackknife's where there is one."""
    name = test["specification"]
    row = results.by_term.get((name, test["term"]))
    if row is None:
        known = results.status.get(name)
        if known is None:
            return Measure(reason=f"{name} was not run")
        return Measure(reason=f"{name}: {known['reason'] or 'the term is not in the fit'}")
    has_jackknife = row.get("jackknife_low") is not None
    before = "jackknife_" if has_jackknife else ""
    interval = "jackknife" if has_jackknife else "interval"
    freedom = row["jackknife_degrees_of_freedom"] if has_jackknife else None
    if freedom is None:
        freedom = row["n_clusters"] - 1 if row["n_clusters"] else np.inf
    measure = Measure(
        estimate=row["estimate"],
        low=row[f"{interval}_low"],
        high=row[f"{interval}_high"],
        standard_error=row[f"{before}standard_error"],
        degrees_of_freedom=freedom,
        p_value=row[f"{before}p_value"],
        n=row["n_used"],
        n_clusters=row["n_clusters"],
        effective_clusters=row.get("effective_clusters_outcome"),
        groups_worth=row.get("jackknife_worth"),
    )
    return replace(measure, reason=too_little(measure))


def too_little(measure: Measure) -> str:
    """Why an estimate rests on too little for a verdict; empty where it does not."""
    fewest = document()["fewest_rows"]
    if measure.low is None or measure.high is None:
        return "the estimate has no interval"
    if measure.n is not None and measure.n < fewest:
        return f"{measure.n} rows, fewer than {fewest}"
    if measure.n_clusters is None:
        return ""
    if measure.n_clusters < FEWEST_CLUSTERS:
        return f"{measure.n_clusters} clusters, fewer than {FEWEST_CLUSTERS}"
    worth = measure.effective_clusters
    if worth is not None and worth < LEAST_WORTH:
        return (
            f"{measure.n_clusters} clusters that are worth {worth:.1f} by the outcome, less than "
            f"{LEAST_WORTH}"
        )
    if measure.groups_worth is not None and measure.groups_worth < LEAST_WORTH:
        return (
            "what varies of the term with all else held fixed lies in clusters that are worth "
            f"{measure.groups_worth:.1f}, less than {LEAST_WORTH}"
        )
    return ""


def counted(row: Sequence) -> Measure:
    """A number that is counted: nothing is sampled, and both ends are the number itself."""
    value, n = row
    if not n:
        return Measure(n=0, reason="no row of this landing can be counted")
    value = float(value)
    return Measure(estimate=value, low=value, high=value, n=n)


def share_of(rows: Sequence[Sequence], level: float = 0.95) -> Measure:
    """A share over families, each row (family, successes, total)."""
    found = clustered_share([row[1] for row in rows], [row[2] for row in rows], level)
    reason = found.reason
    if not reason and found.n < document()["fewest_rows"]:
        reason = f"{found.n} models, fewer than {document()['fewest_rows']}"
    return from_share(found, reason)


def from_share(found: Clustered, reason: str) -> Measure:
    return Measure(
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        standard_error=found.standard_error,
        degrees_of_freedom=max(found.degrees_of_freedom, 1),
        n=found.n,
        n_clusters=found.n_clusters,
        effective_clusters=found.effective_clusters,
        reason=reason,
    )


def lowest_share(rows: Sequence[Sequence], fewest_periods: int, fewest_models: int) -> Measure:
    """The lowest share of all periods, each row (period, family, successes, total).

    "In every period" holds where it holds in each at 95 %; that some period denies it takes an
    interval that is wider, since many are looked at (Bonferroni). So the lower end is the lowest of
    all 95 % ends, the upper one the lowest of the wider ones.
    """
    periods: dict[object, list[Sequence]] = {}
    for period, *counts in rows:
        periods.setdefault(period, []).append(counts)
    large = {
        period: counts
        for period, counts in periods.items()
        if sum(total for _, _, total in counts) >= fewest_models
    }
    shares = {
        period: clustered_share([s for _, s, _ in counts], [n for _, _, n in counts])
        for period, counts in large.items()
    }
    usable = [period for period, found in shares.items() if not found.reason]
    if len(usable) < fewest_periods:
        return Measure(
            n=len(usable),
            reason=f"{len(usable)} months have {fewest_models} such models in enough families, "
            f"fewer than {fewest_periods}",
        )
    level = 1 - SIGNIFICANCE / len(usable)
    wider = {
        period: clustered_share([s for _, s, _ in large[period]], [n for _, _, n in large[period]],
                                level)
        for period in usable
    }  # fmt: skip
    lowest = min(usable, key=lambda period: (shares[period].estimate, str(period)))
    return replace(
        from_share(shares[lowest], ""),
        standard_error=None,
        low=min(shares[period].interval[0] for period in usable),
        high=min(wider[period].interval[1] for period in usable),
        n=sum(shares[period].n for period in usable),
    )


def concentration(rows: Sequence[Sequence], seed: int) -> Measure:
    """The share of entrants at the most prominent tenth of bases, beyond what chance gives.

    Each row is (prominence, entrants) of a base. Where prominence is dealt out at random over the
    bases, a tenth of them has a tenth of the entrants on average, but now and then the largest base
    is among them: the spread of the deals is the interval's, their share as far or farther the
    p-value.
    """
    # Groups come in any order, and what is dealt to whom must not depend on it.
    rows = sorted(rows, key=tuple)
    prominence = np.array([row[0] for row in rows], dtype=np.float64)
    entrants = np.array([row[1] for row in rows], dtype=np.float64)
    n = int(entrants.sum())
    worth = float(n**2 / (entrants**2).sum()) if n else 0.0
    measure = Measure(n=n, n_clusters=len(rows), effective_clusters=worth)
    if len(rows) < FEWEST_CLUSTERS:
        return replace(measure, reason=f"{len(rows)} bases, fewer than {FEWEST_CLUSTERS}")
    if n < document()["fewest_rows"]:
        return replace(measure, reason=f"{n} entrants, fewer than {document()['fewest_rows']}")
    if prominence.min() == prominence.max():
        return replace(measure, reason="all bases are equally prominent")
    belongs = top_tenth(prominence)
    observed = entrants @ belongs / n
    rng = np.random.default_rng(seed)
    dealt = np.array([rng.permutation(belongs) @ entrants / n for _ in range(DEALS)])
    expected = float(belongs.mean())
    excess = float(observed - expected)
    # Sums in another order differ in their last digits.
    n_as_far = int((np.abs(dealt - expected) >= abs(excess) * (1 - 1e-9)).sum())
    low, high = np.quantile(dealt, (0.025, 0.975))
    return replace(
        measure,
        estimate=excess,
        low=float(observed - high),
        high=float(observed - low),
        standard_error=float(dealt.std(ddof=1)),
        p_value=(1 + n_as_far) / (1 + DEALS),
    )


def top_tenth(values: np.ndarray) -> np.ndarray:
    """How far each base belongs to the tenth with the largest values, 0 to 1; (n,).

    Those who tie at the border share what is left of the tenth.
    """
    n = len(values)
    border = np.sort(values)[::-1][int(np.ceil(n / 10)) - 1]
    above = values > border
    at_border = values == border
    return above + at_border * (n / 10 - above.sum()) / at_border.sum()


def rows_of(exports: Exports, sql: str) -> list[tuple]:
    try:
        return exports.connection.execute(sql).fetchall()
    except duckdb.CatalogException as error:
        raise StudyError(
            f"a claim needs a mart that is not in {exports.folder} "
            f"({str(error).splitlines()[0]}): make the exports with `make build`"
        ) from error
