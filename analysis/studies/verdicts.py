"""From an interval to a verdict: one rule, with the error rate of its interval.

    supported      the interval lies where the claim says and holds an effect of interest
    contradicted   it holds no effect of interest in the claimed direction
    inconclusive   anything else: too little data is no evidence against a claim

A claim of a direction is supported in as many worlds without an effect as one end of the interval
misses (2.5 % for one of 95 %), and in fewer where the effect is reversed. Which claims are judged
on what stands in `claims.yml`; `analysis.studies.null_worlds.verdict_calibration` counts how often
each verdict comes where the truth is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy import stats

SUPPORTED = "supported"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"
NOT_TESTABLE = "not_testable_here"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE)

LEVEL = 0.95
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Measure:
    """A number with its 95 % interval and what it rests on.

    `n` are rows, `n_clusters` families; `effective_clusters` what those are worth. A `reason` says
    why there is no number to judge, and everything else may then be None.
    """

    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None
    degrees_of_freedom: float = math.inf
    p_value: float | None = None
    n: int | None = None
    n_clusters: int | None = None
    effective_clusters: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Target:
    """Where a number lies if its claim holds.

    direction: "less" and "more" than `than` claim an effect, "at_most" `than` claims that there is
        none upwards, "within" that the number lies between `than` and `other_end`.
    smallest: the smallest effect of interest, 0 or more, on the number's own scale.
    """

    direction: str
    than: float
    smallest: float = 0.0
    other_end: float | None = None

    @property
    def claimed(self) -> tuple[float, float]:
        """The open interval in which the claim puts the number."""
        return {
            "less": (-math.inf, self.than),
            "more": (self.than, math.inf),
            "at_most": (-math.inf, self.than + self.smallest),
            "within": (self.than, self.other_end),
        }[self.direction]

    @property
    def of_interest(self) -> tuple[float, float]:
        """The part of it in which the number matters."""
        low, high = self.claimed
        if self.direction == "less":
            high = self.than - self.smallest
        if self.direction == "more":
            low = self.than + self.smallest
        return low, high


def decide(measure: Measure, target: Target) -> str:
    """The verdict that an interval gives; `NOT_TESTABLE` where the measure has a reason."""
    if measure.reason:
        return NOT_TESTABLE
    low, high = target.of_interest
    # Ends that touch hold the effect they touch.
    if measure.low > high or measure.high < low:
        return CONTRADICTED
    low, high = target.claimed
    is_inside = (low < measure.low or math.isinf(low)) and (measure.high < high or math.isinf(high))
    if target.direction == "within":
        is_inside = low <= measure.low and measure.high <= high
    return SUPPORTED if is_inside else INCONCLUSIVE


def minimum_detectable_effect(measure: Measure, target: Target, power: float) -> float | None:
    """The smallest effect that would be seen in a share `power` of landings like this one.

    On the number's own scale, 0 or more; None where there is no standard error. For claims of no
    rise and of a range it is the smallest tolerance that could have been shown to hold if the
    number lay at `than` or in the middle of the range.
    """
    if measure.reason or measure.standard_error is None:
        return None
    ends = (1 + power) / 2 if target.direction == "within" else power
    reach = stats.t.ppf((1 + LEVEL) / 2, measure.degrees_of_freedom)
    return float((reach + stats.t.ppf(ends, measure.degrees_of_freedom)) * measure.standard_error)


def on_own_scale(effect: float, by: float, direction: str, *, is_ratio: bool) -> float:
    """An effect in units of the outcome as a coefficient's distance from zero, 0 or more.

    A ratio's effect is a share: 0.1 is a tenth less for "less", a tenth more for the others.
    """
    if not is_ratio:
        return effect / by
    return abs(math.log1p(-effect if direction == "less" else effect)) / by


def in_words(measure: Measure, smallest: Mapping, *, kind: str) -> str:
    """The number with its interval in the units that a reader knows.

    `kind`: "ratio" (a Poisson's coefficient, told in per cent for a change), "slope" (told for a
    change, in units of the outcome) or "share" (told in per cent).
    """
    if measure.estimate is None:
        return ""
    values = [v for v in (measure.estimate, measure.low, measure.high) if v is not None]
    of = smallest.get("of", "share of models")
    if kind == "share":
        return _told(of, [f"{100 * value:.1f}" for value in values], " %")
    change, by = smallest["change"], smallest["by"]
    if kind == "ratio":
        moved = [100 * math.expm1(min(value * by, 700.0)) for value in values]
        if len(values) == 3 and moved[2] > 1000 and moved[1] < 0:
            return f"{change}: {of} anywhere from {_signed(moved[1], 0)} % to over tenfold"
        return _told(f"{change}: {of}", [_signed(value, 0) for value in moved], " %")
    moved = [value * by for value in values]
    if "chance" in of:
        return _told(f"{change}: {of}", [_signed(100 * v, 1) for v in moved], " points")
    return _told(f"{change}: {of}", [_signed(value, 2) for value in moved], "")


def _signed(value: float, digits: int) -> str:
    text = f"{value:+,.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return text if text.strip("+\N{MINUS SIGN}0.,") else text[1:]


def _told(what: str, values: list[str], unit: str) -> str:
    if len(values) < 3:
        return f"{what} {values[0]}{unit}"
    return f"{what} {values[0]}{unit} ({values[1]} to {values[2]})"
