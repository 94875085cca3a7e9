"""From an interval to a verdict: one rule, with the error rate of its interval.

    supported      the interval lies where the claim says and holds an effect of interest
    contradicted   it holds no effect of interest in the claimed direction
    inconclusive   anything else: too little data is not evidence against a claim

In worlds without an effect, a claim of a direction is supported as often as one end of the interval
misses (2.5 % for one of 95 %), and less often if the effect is reversed. `claims.yml` says which
test judges which claim; `analysis.studies.null_worlds.verdict_calibration` counts how often each
verdict is reached where the truth is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy import stats

from analysis.figures.wording import digits_between, number, rounded, share_in_words

SUPPORTED = "supported"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"
NOT_TESTABLE = "not_testable_here"
VERDICTS = (SUPPORTED, CONTRADICTED, INCONCLUSIVE, NOT_TESTABLE)

WIDEST_RATIO = 5
"""An interval whose upper end is at least this many times the lower one says nothing."""

LARGEST_PER_CENT = 900
"""A larger rise, more than tenfold, is reported as "over" this."""

LEVEL = 0.95
SIGNIFICANCE = 0.05


@dataclass(frozen=True)
class Measure:
    """A number with its 95 % interval and what it rests on.

    `n` are rows, `n_clusters` families; `effective_clusters` is their effective number by the
    outcome, `groups_worth` that of a jackknife's groups by the variation of the term with all else
    held fixed. A `reason` says why there is no number to judge; everything else may then be None.
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
    groups_worth: float | None = None
    reason: str = ""

    @property
    def interval(self) -> tuple[float, float]:
        """Both ends; ValueError if there is no interval."""
        if self.low is None or self.high is None:
            raise ValueError(f"a measure without an interval: {self.reason}")
        return self.low, self.high


@dataclass(frozen=True)
class Target:
    """Where a number lies if its claim holds.

    direction: "less" and "more" than `than` claim an effect, "at_most" `than` claims no upward
        effect, "within" claims that the number lies between `than` and `other_end`.
    smallest: the smallest effect of interest, 0 or more, on the number's own scale.
    """

    direction: str
    than: float
    smallest: float = 0.0
    other_end: float = math.inf

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
        """The part of that interval in which the number matters."""
        low, high = self.claimed
        if self.direction == "less":
            high = self.than - self.smallest
        if self.direction == "more":
            low = self.than + self.smallest
        return low, high


def decide(measure: Measure, target: Target) -> str:
    """The verdict by the interval; `NOT_TESTABLE` if the measure has a reason."""
    if measure.reason:
        return NOT_TESTABLE
    low, high = measure.interval
    least, most = target.of_interest
    # An end that equals an effect includes it.
    if low > most or high < least:
        return CONTRADICTED
    least, most = target.claimed
    is_inside = (least < low or math.isinf(least)) and (high < most or math.isinf(most))
    if target.direction == "within":
        is_inside = least <= low and high <= most
    return SUPPORTED if is_inside else INCONCLUSIVE


def minimum_detectable_effect(measure: Measure, target: Target, power: float) -> float | None:
    """The smallest effect that would be detected in a share `power` of landings like this one.

    On the number's own scale, 0 or more; None without a standard error. For claims of no rise and
    of a range it is the smallest tolerance that could have been shown to hold if the number lay at
    `than` or in the middle of the range.
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


def in_words(measure: Measure, words: Mapping, by: float = 1.0) -> str:
    """The number with its 95 % interval as a sentence; empty if there is no number.

    words: an entry of `claims_in_words.yml`. by: the change of the regressor to report.
    """
    if measure.estimate is None:
        return ""
    kind = words["kind"]
    if kind == "count":
        return words["told"].format(number(round(measure.estimate)))
    estimate = as_told(measure.estimate, kind, by)
    if measure.low is None:
        return words["told"].format(change_in_words(estimate, words))
    low, high = sorted(as_told(end, kind, by) for end in measure.interval)
    if says_nothing(low, high, kind):
        least, most = (change_in_words(end, words) for end in (low, high))
        told = words["told"].format(f"anything from {least} to {most}")
        return f"{told}, which says nothing"
    digits = digits_between(low, high)
    told = words["told"].format(change_in_words(estimate, words, digits))
    return f"{told} ({interval_in_words(low, high, words, digits)})"


def as_told(value: float, kind: str, by: float = 1.0) -> float:
    """A number on its scale in sentences: per cent, points, or the outcome's own units."""
    if kind == "ratio":
        return 100 * math.expm1(min(value * by, 700.0))
    return value * by * (1 if kind == "units" else 100)


def says_nothing(low: float, high: float, kind: str) -> bool:
    """Whether an interval that includes zero is so wide that almost anything would fit."""
    if kind == "ratio":
        return low < 0 < high and 100 + high >= WIDEST_RATIO * (100 + low)
    if kind == "points":
        return low < 0 < high and high - low >= 100
    return kind == "share" and high - low >= 80


def change_in_words(value: float, words: Mapping, digits: int | None = None) -> str:
    """A number in words, with its direction: "48 % fewer", "12 points less", "31 %"."""
    kind = words["kind"]
    if digits is None:
        digits = 2 if kind == "units" else 0
    if kind == "share":
        return share_in_words(value, digits)
    direction = words["less"] if value < 0 else words["more"]
    if kind == "ratio" and value > LARGEST_PER_CENT:
        return f"over {LARGEST_PER_CENT} % {direction}"
    said = rounded(abs(value), digits)
    if kind == "ratio" and -100 < value < 0 and said == "100":
        said = "over 99"
    unit = {"ratio": " %", "points": " point" if said == "1" else " points", "units": ""}[kind]
    return f"{said}{unit} {direction}"


def interval_in_words(low: float, high: float, words: Mapping, digits: int) -> str:
    """Both ends in words, with a common direction given once.

    For example "4 to 72 %" or "35 % fewer to 24 % more".
    """
    if words["kind"] == "share":
        return f"{rounded(low, digits)} to {rounded(high, digits)} %"
    if low < 0 < high or high > LARGEST_PER_CENT:
        return " to ".join(change_in_words(end, words, digits) for end in (low, high))
    near, far = sorted((abs(low), abs(high)))
    far_end = change_in_words(math.copysign(far, low + high), words, digits)
    return f"{rounded(near, digits)} to {far_end}"
