"""States what a figure shows in a sentence for its title: the drawn rows in, a conclusion out.

A conclusion needs intervals: two numbers differ if theirs do not overlap, and a number differs from
zero if its interval excludes zero. Without intervals it is empty, and the title names the subject.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pandas as pd

from analysis.figures.charts.of_inheritance import TRAITS
from analysis.figures.charts.of_lineage import MOSTLY_OF_ONE
from analysis.figures.wording import number, percent, share_in_words, shortened, with_interval

Conclusion = Callable[[pd.DataFrame], str]


def in_window(name: str) -> str:
    """A window of the disruption index in words."""
    return "without an end" if name == "all" else f"within {name.removesuffix('d')} days"


def share_of(row, value: str = "share") -> str:
    """A row's share with its interval, in per cent."""
    return with_interval(100 * getattr(row, value), 100 * row.low, 100 * row.high, " %")


def known(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that have an interval."""
    return frame.dropna(subset=["low", "high"])


def lies(first, last) -> str:
    """Whether the last row's interval lies "above" or "below" the first's; "" if they overlap."""
    if last.low > first.high:
        return "above"
    return "below" if last.high < first.low else ""


def distribution(frame: pd.DataFrame) -> str:
    """Which share of the models with a parent is at exactly zero."""
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
    """Compare the last row with the first, each put into words by `told`.

    words: the sentences for "above", "below" and "", with places for both rows.
    """

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
        "": "The disruptive share shows no clear change: {}, {}",
    },
)

share_by_window = first_and_last(
    lambda frame: frame[frame.focals == frame.focals.iloc[0]],
    lambda row: f"{share_of(row)} {in_window(row.window_name)}",
    {
        "above": "The longer the window, the more models are disruptive: {}, {}",
        "below": "The longer the window, the fewer models are disruptive: {}, {}",
        "": "The length of the window makes no clear difference: {}, {}",
    },
)

# Models without a child are left out, since their index is always zero.
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
    """Whether the highest of several means lies above the lowest; `apart` has places for both."""

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

    none: the sentence if there are none of either, {} being their number. some: the sentence
    otherwise, with {0} below, {1} above and {2} in all.
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
    """The median likes of a family's models at the highest age drawn: a count, not an estimate."""
    rows = frame.dropna(subset="median_likes")
    if rows.empty:
        return ""
    last = rows.iloc[-1]
    return (
        f"Half of the models of {last.root_id} have {last.median_likes:,g} likes or fewer "
        f"in week {int(last.age_weeks)}"
    )


def curve(frame: pd.DataFrame) -> str:
    """How many combinations of a specification curve find less, more, or cannot tell."""
    one_each = frame.drop_duplicates("place")
    n, below, above = len(one_each), int((one_each.high < 0).sum()), int((one_each.low > 0).sum())
    return (
        f"Of {number(n)} combinations of choices {number(below)} find less, {number(above)} find "
        f"more, and {number(n - below - above)} cannot tell"
    )


def calibration(frame: pd.DataFrame) -> str:
    """How many real estimates are within what chance alone gives."""
    real = frame.dropna(subset=["real_estimate"])
    if real.empty:
        return ""
    inside = int(real.real_estimate.between(real.null_low, real.null_high).sum())
    return (
        f"In {number(inside)} of {number(len(real))} cases worlds drawn anew give estimates as far "
        "out as the real one"
    )


def leading_owner(frame: pd.DataFrame) -> str:
    """The owner that most new models descend from, without a full stop."""
    first = frame.iloc[0]
    month = f"{first.month:%B %Y}"
    if pd.isna(first.low):
        return (
            f"Of {number(int(first.n))} new models in {month} that descend from a model of another "
            f"owner, {number(int(first.n_of_owner))} descend from {first.owner}; their families "
            "are too few, or one is too large, for anything to be said beyond them"
        )
    told = with_interval(100 * first.value, 100 * first.low, 100 * first.high)
    said, _, ends = told.partition(" (")
    return (
        f"Of 100 new models in {month} that descend from a model of another owner, {said} descend "
        f"from {first.owner} (95 % interval {ends}"
    )


def funnel(frame: pd.DataFrame) -> str:
    """Which share of all models has a disruption index."""
    stages = frame.set_index("stage").n_models
    if not {"hub_models", "mdi_defined"} <= set(stages.index) or not stages["hub_models"]:
        return ""
    n, defined = int(stages["hub_models"]), int(stages["mdi_defined"])
    share = share_in_words(100 * defined / n, 0)
    return f"Of {number(n)} models {number(defined)} have a disruption index: {share}"


def latest(frame: pd.DataFrame, panel: str | None = None):
    """The latest month of a panel that has an interval; None if none has."""
    rows = known(frame).dropna(subset=["value"])
    rows = rows if panel is None else rows[rows.panel == panel]
    return rows.sort_values("month").iloc[-1] if len(rows) else None


def faults(frame: pd.DataFrame) -> str:
    """Which share of the latest month's models declares no parent."""
    row = latest(frame, "no parent declared")
    if row is None:
        return ""
    return f"Of the models of {row.month:%B %Y} {share_of(row, 'value')} declare no parent"


def leader(frame: pd.DataFrame) -> str:
    """Which panel leads in the latest month, if any does."""
    row = latest(frame)
    if row is None:
        return ""
    month = known(frame[frame.month == row.month])
    first, *others = (one for _, one in month.sort_values("value", ascending=False).iterrows())
    if any(other.high >= first.low for other in others):
        names = " nor ".join(str(one.panel) for one in (first, others[0]))
        return f"Neither {names} leads for certain in {row.month:%B %Y}"
    leading = str(first.panel).capitalize()
    return f"{leading} leads in {row.month:%B %Y} with {share_of(first, 'value')}"


def countries(frame: pd.DataFrame) -> str:
    """For which share of the latest month's models the root's country is unknown."""
    row = latest(frame, "not known")
    if row is None:
        return ""
    return (
        f"Of the models of {row.month:%B %Y} below a root {share_of(row, 'value')} have one whose "
        "country is not known"
    )


def obligations(frame: pd.DataFrame) -> str:
    """On which share of the latest month's edges the obligations stay the same."""
    row = latest(frame, "same obligations")
    if row is None:
        return ""
    return (
        f"On {share_of(row, 'value')} of the edges of {row.month:%B %Y} with known terms the "
        "obligations stay the same"
    )


def parents(frame: pd.DataFrame) -> str:
    """How many parents a model of the latest month declares."""
    row = latest(frame)
    if row is None:
        return ""
    told = with_interval(row.value, row.low, row.high)
    return f"A model with a parent declares {told} of them in {row.month:%B %Y}"


def concentration(frame: pd.DataFrame) -> str:
    """The share of edges of the largest tenth of bases, interpolated linearly."""
    points = [(0.0, 0.0), *zip(frame.share_of_bases, frame.share_of_edges, strict=True)]
    (x0, y0), (x1, y1) = next(
        pair for pair in itertools.pairwise(points) if pair[1][0] >= 0.9 - 1e-12
    )
    held = 1 - (y0 + (y1 - y0) * (0.9 - x0) / (x1 - x0))
    return f"A tenth of the bases holds {percent(held, 0)} of all edges"


def growth_of_families(frame: pd.DataFrame) -> str:
    """Which family is the largest, and how many of those shown are one owner's."""
    first = frame[frame.place == frame.place.min()].iloc[-1]
    n_of_one = frame[frame.largest_owner_share > MOSTLY_OF_ONE].place.nunique()
    verb = "is" if n_of_one == 1 else "are"
    marked = f"; {n_of_one} of those shown {verb} mostly one owner's" if n_of_one else ""
    return (
        f"{first.root_id} has the largest family, {number(int(first.n_to_date))} dated "
        f"models{marked}"
    )


def calendar(frame: pd.DataFrame) -> str:
    """How many entrants were released within four weeks of their base."""
    first = int(frame[frame.four_weeks == 0].n.sum())
    n = int(frame.n.sum())
    return f"Of {number(n)} entrants {number(first)} came within four weeks of their base"


def family_tree(frame: pd.DataFrame) -> str:
    """Which descendant has most models below it."""
    below = frame[frame.distance > 0]
    if below.empty or not below.n_descendants.fillna(0).max():
        return ""
    first = below.sort_values(["n_descendants", "model_id"], ascending=[False, True]).iloc[0]
    name = shortened(str(first.model_id), 60)
    below_it = number(int(first.n_descendants))
    return f"Of the descendants {name} has most below it: {below_it} models"


def family_growth(frame: pd.DataFrame) -> str:
    """The week by which half of the descendants had been released."""
    half = frame[frame.n_to_date * 2 >= frame.n_to_date.iloc[-1]].iloc[0]
    n = number(int(frame.n_to_date.iloc[-1]))
    return f"Half of the {n} dated descendants were there in week {number(int(half.week))}"


def family_relations(frame: pd.DataFrame) -> str:
    """Which relation most descendants have."""
    first = frame.sort_values(["n_of_relation", "relation"], ascending=[False, True]).iloc[0]
    n, most = number(int(first.n)), number(int(first.n_of_relation))
    return f"Of {n} descendants {most} are of the relation {first.relation}"


family_ranks = first_and_last(
    # Entrants too young to have likes say nothing about their rank.
    lambda frame: frame[2 * frame.n_young <= frame.n],
    lambda row: with_interval(row.mean_recognition, row.low, row.high),
    {
        "above": "The latest entrants have more likes than the first: mean ln(1 + likes) {} and {}",
        "below": "The latest entrants have fewer likes than the first: mean ln(1 + likes) {} and "
        "{}",
        "": "The first and the latest entrants cannot be told apart: mean ln(1 + likes) {} and {}",
    },
)


def trait_drift(frame: pd.DataFrame) -> str:
    """Which trait finetunes change least and which most."""
    rows = known(frame[frame.relation == "finetune"]).dropna(subset="value")
    ordered = list(rows.sort_values(["value", "trait"]).itertuples())
    if len(ordered) < 2:
        return ""
    low, high = ordered[0], ordered[-1]
    if not lies(low, high):
        return "No trait of finetunes can be told to change more often than another"
    said = [f"{TRAITS[one.trait]} on {share_of(one, 'value')} of edges" for one in (low, high)]
    return f"Finetunes change the {said[0]} and the {said[1]}"


def base_momentum(frame: pd.DataFrame) -> str:
    """How many bases clearly gain or lose."""
    first = frame.iloc[0]
    n, losing, gaining = (int(first[name]) for name in ("n_bases", "n_losing", "n_gaining"))
    bases = "base" if n == 1 else "bases"
    return (
        f"Of {number(n)} {bases} with 20 new children or more, {number(losing)} "
        f"{'loses' if losing == 1 else 'lose'} for certain and {number(gaining)} "
        f"{'gains' if gaining == 1 else 'gain'}"
    )


def time_to_quantization(frame: pd.DataFrame) -> str:
    """Which share of bases has its first quantization within a month of its release."""
    rows = known(frame[(frame.quantization_number == 1) & (frame.age <= 30)]).dropna(subset="value")
    if rows.empty:
        return ""
    last = rows.iloc[-1]
    days = "a day" if last.age == 1 else f"{int(last.age)} days"
    return f"{share_of(last, 'value')} of bases have a quantization within {days}"


def blast_radius(frame: pd.DataFrame) -> str:
    """Which deleted or relicensed model has most models below it."""
    first, n = frame.iloc[0], int(frame.n_models.iloc[0])
    name, below = shortened(str(first.model_id), 60), number(int(first.n_descendants))
    if n == 1:
        return f"Below {name}, which was {first.event}, stand {below} models"
    return (
        f"Of {number(n)} models that were deleted or relicensed {name} has most below it: {below}"
    )


def evidence_by_phase(frame: pd.DataFrame) -> str:
    """For which share of derived models a declared parent is true."""
    recall = frame[frame.measure == "recall"].set_index("phases")
    if "declared" not in recall.index:
        return ""
    found = recall.loc["declared"]
    has_interval = pd.notna(found.low)
    told = share_of(found, "value") if has_interval else f"{percent(found.value)} (no interval)"
    return f"What is declared names a true parent of {told} of the derived models"


def index_under_missing_edges(frame: pd.DataFrame) -> str:
    """How the share of disruptive models changes if edges are hidden as in labelled models."""
    rows = known(frame[frame.scenario == "labelled"])
    if rows.empty:
        return ""
    chosen = rows[rows.window_name == "90d"]
    row = (chosen if len(chosen) else rows).iloc[0]
    return (
        f"{percent(row.observed)} of models are disruptive as landed, {share_of(row, 'value')} "
        "with as many edges hidden as labelled models hide"
    )
