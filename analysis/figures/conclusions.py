"""What a figure shows, in a sentence that its title can be: the rows drawn in, a conclusion out.

A conclusion needs intervals: two numbers differ where theirs lie apart, one differs from zero where
its own leaves zero out. Where the rows carry none it is empty, and the title names the subject.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from analysis.figures.wording import number, with_interval

Conclusion = Callable[[pd.DataFrame], str]


def share_of(row, value: str = "share") -> str:
    """A row's share with its interval, in per cent."""
    return with_interval(100 * getattr(row, value), 100 * row.low, 100 * row.high, " %")


def known(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that have an interval."""
    return frame.dropna(subset=["low", "high"])


def lies(first, last) -> str:
    """How the last of two rows lies to the first: above, below, or "" where intervals overlap."""
    if last.low > first.high:
        return "above"
    return "below" if last.high < first.low else ""


def distribution(frame: pd.DataFrame) -> str:
    """How many models with a parent lie at exactly zero."""
    focals = known(frame[frame.focals == "with a declared parent"])
    at_zero = focals[focals.mdi_range.astype(str) == "0"]
    if at_zero.empty:
        return ""
    told = share_of(next(at_zero.itertuples()))
    return f"{told} of models with a parent have an index of exactly zero"


def first_and_last(
    of: Callable[[pd.DataFrame], pd.DataFrame],
    told: Callable[[object], str],
    words: dict[str, str],
) -> Conclusion:
    """Compare the last row with the first; words: for "above", "below" and "", with both told."""

    def conclude(frame: pd.DataFrame) -> str:
        rows = list(known(of(frame)).itertuples())
        if len(rows) < 2:
            return ""
        first, last = rows[0], rows[-1]
        return words[lies(first, last)].format(told(first), told(last))

    return conclude


share_over_time = first_and_last(
    lambda frame: frame[frame.focals == "all relations"],
    lambda row: f"{share_of(row)} in {row.month:%Y-%m}",
    {
        "above": "The disruptive share rose from {} to {}",
        "below": "The disruptive share fell from {} to {}",
        "": "No change of the disruptive share can be told: {}, {}",
    },
)

share_by_window = first_and_last(
    lambda frame: frame[frame.focals == frame.focals.iloc[0]],
    lambda row: f"{share_of(row)} ({row.window_name})",
    {
        "above": "The longer the window, the more models are disruptive: {}, {}",
        "below": "The longer the window, the fewer models are disruptive: {}, {}",
        "": "The window's length changes less than can be told: {}, {}",
    },
)

# Without a child the index is zero by arithmetic.
index_by_children = first_and_last(
    lambda frame: frame[frame.at_least > 0],
    lambda row: f"{with_interval(row.mean_mdi, row.low, row.high)} at {row.children} children",
    {
        "above": "The more children, the higher the index: {}, {}",
        "below": "The more children, the lower the index: {}, {}",
        "": "The index does not tell models with many children apart: {}, {}",
    },
)

likes_by_order = first_and_last(
    lambda frame: frame[frame.outcome == frame.outcome.iloc[0]],
    lambda row: with_interval(row.mean_recognition, row.low, row.high),
    {
        "above": "Late entrants are recognised more: mean ln(1 + likes) goes from {} to {}",
        "below": "Late entrants are recognised less: mean ln(1 + likes) goes from {} to {}",
        "": "Early and late entrants cannot be told apart: mean ln(1 + likes) {} and {}",
    },
)


def extremes(value: str, apart: str, alike: str) -> Conclusion:
    """Whether the highest of several means lies above the lowest; `apart` has both told."""

    def conclude(frame: pd.DataFrame) -> str:
        rows = list(known(frame).sort_values(value, kind="stable").itertuples())
        if len(rows) < 2:
            return ""
        low, high = rows[0], rows[-1]
        if not lies(low, high):
            return alike
        told = (with_interval(getattr(row, value), row.low, row.high) for row in (low, high))
        return apart.format(*told)

    return conclude


def leaving_zero_out(none: str, some: str, low: str, high: str) -> Conclusion:
    """How many intervals lie below zero and how many above.

    none: said where there is none of either, {} being all. some: {0} below, {1} above, {2} all.
    """

    def conclude(frame: pd.DataFrame) -> str:
        rows = frame.dropna(subset=[low, high])
        if rows.empty:
            return ""
        below, above = int((rows[high] < 0).sum()), int((rows[low] > 0).sum())
        if not below and not above:
            return none.format(number(len(rows)))
        return some.format(number(below), number(above), number(len(rows)))

    return conclude


likes_by_rank = leaving_zero_out(
    "No later rank can be told apart from the first entrant ({} estimates)",
    "Of {2} later ranks, below the first entrant with their interval: {0}; above: {1}",
    "interval_low", "interval_high",
)  # fmt: skip
likes_by_rivals = leaving_zero_out(
    "No crowd can be told apart from having no rival ({} estimates)",
    "Of {2} crowds, below having no rival with their interval: {0}; above: {1}",
    "interval_low", "interval_high",
)  # fmt: skip
coefficients = leaving_zero_out(
    "None of {} main estimates can be told apart from zero",
    "Of {2} main estimates, below zero with their interval: {0}; above: {1}",
    "interval_low", "interval_high",
)  # fmt: skip
weeks_of_a_burst = leaving_zero_out(
    "No week around a burst can be told apart from the week before it ({} weeks)",
    "Of {2} weeks, below the week before the burst with their interval: {0}; above: {1}",
    "interval_low", "interval_high",
)  # fmt: skip


def likes_by_age(frame: pd.DataFrame) -> str:
    """What half of a family's models have at the highest age that is drawn: counted, no sample."""
    rows = frame.dropna(subset="median_likes")
    if rows.empty:
        return ""
    last = rows.iloc[-1]
    return (
        f"Half of the models of {last.root_id} have {last.median_likes:,g} likes or fewer "
        f"in week {int(last.age_weeks)}"
    )


def curve(frame: pd.DataFrame) -> str:
    """What a specification curve comes to."""
    one_each = frame.drop_duplicates("place")
    n, below, above = len(one_each), int((one_each.high < 0).sum()), int((one_each.low > 0).sum())
    return (
        f"Of {number(n)} combinations of choices {number(below)} find less, {number(above)} find "
        f"more, and {number(n - below - above)} cannot tell"
    )


def calibration(frame: pd.DataFrame) -> str:
    """How many real estimates chance alone would give."""
    real = frame.dropna(subset=["real_estimate"])
    if real.empty:
        return ""
    inside = int(real.real_estimate.between(real.null_low, real.null_high).sum())
    return (
        f"In {number(inside)} of {number(len(real))} cases worlds drawn anew give estimates as far "
        "out as the real one"
    )
