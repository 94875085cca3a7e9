"""Describes a figure for a reader who cannot see it: the drawn rows in, a text out."""

from collections.abc import Callable

import pandas as pd

from analysis.figures.wording import MINUS, label, number, percent, rounded


def distribution(frame: pd.DataFrame) -> str:
    """The shares of models at the ends, at zero and undefined, for each kind of focal."""
    places = {"undefined": "undefined", "-1": f"at {MINUS}1", "0": "at 0", "1": "at 1"}

    def part(focals: str) -> str:
        shares = frame[frame.focals == focals].set_index("mdi_range").share
        said = [f"{percent(shares.get(key, 0))} {place}" for key, place in places.items()]
        return f"{focals}: {', '.join(said)}"

    return "Bar chart. " + ". ".join(part(focals) for focals in frame.focals.unique()) + "."


def sizes(frame: pd.DataFrame) -> str:
    """The lowest and the highest mean index by relation and size."""
    known = frame.dropna(subset="mean_mdi").sort_values("mean_mdi")
    if known.empty:
        return "Dot plot in which no cell holds enough focals for a mean."
    low, high = known.iloc[0], known.iloc[-1]
    return (
        f"Dot plot of {len(known)} means with intervals, by relation within size. "
        f"Lowest {rounded(low.mean_mdi, 3)} ({low.relation}, {low.size_class}), "
        f"highest {rounded(high.mean_mdi, 3)} ({high.relation}, {high.size_class})."
    )


def months(frame: pd.DataFrame) -> str:
    """The first, last, lowest and highest monthly share."""
    known = frame[frame.focals == "all relations"].dropna(subset="share")
    if known.empty:
        return "Line chart in which no month holds enough focals for a share."
    first, last = known.iloc[0], known.iloc[-1]
    return (
        f"Line chart of monthly shares with intervals. {first.month:%Y-%m}: {percent(first.share)} "
        f"of {number(first.n)}; {last.month:%Y-%m}: {percent(last.share)} of {number(last.n)}; "
        f"lowest {percent(known.share.min())}, highest {percent(known.share.max())}."
    )


def windows(frame: pd.DataFrame) -> str:
    """The share in each window, for each kind of focal."""

    def part(focals: str) -> str:
        of_focals = frame[frame.focals == focals]
        shares = [f"{row.window_name} {percent(row.share)}" for row in of_focals.itertuples()]
        return f"{focals}: {', '.join(shares)}"

    return "Dot plot. " + "; ".join(part(focals) for focals in frame.focals.unique()) + "."


def degrees(frame: pd.DataFrame) -> str:
    """The mean index by number of children."""
    known = frame.dropna(subset="mean_mdi")
    means = [f"{row.children} children {rounded(row.mean_mdi, 3)}" for row in known.itertuples()]
    return f"Dot plot of mean indices. {', '.join(means)}."


def likes_by_age(frame: pd.DataFrame) -> str:
    """The median likes in the first and the last week drawn."""
    known = frame.dropna(subset="median_likes")
    first, last = known.iloc[0], known.iloc[-1]
    return (
        f"Line with a band: median likes of the models of {first.root_id} by age. "
        f"Week {first.age_weeks}: {rounded(first.median_likes, 1)} of {number(int(first.n))} "
        f"models; week {last.age_weeks}: {rounded(last.median_likes, 1)} of {number(int(last.n))}."
    )


def order(frame: pd.DataFrame) -> str:
    """The recognition in the earliest and the latest bin, for each outcome."""

    def part(outcome: str) -> str:
        of_outcome = frame[frame.outcome == outcome]
        first, last = of_outcome.iloc[0], of_outcome.iloc[-1]
        return (
            f"{outcome}: {rounded(first.mean_recognition, 2)} in the earliest bin, "
            f"{rounded(last.mean_recognition, 2)} in the latest"
        )

    return "Binned scatter. " + "; ".join(part(name) for name in frame.outcome.unique()) + "."


def heatmap(frame: pd.DataFrame) -> str:
    """The cells with the lowest and the highest recognition."""
    known = frame.dropna(subset="mean_recognition").sort_values("mean_recognition")
    low, high = known.iloc[0], known.iloc[-1]

    def cell(row) -> str:
        return (
            f"{rounded(row.mean_recognition, 2)} (percentile {row.release_percentile}, "
            f"{row.rivals} rivals)"
        )

    return f"Table of colours with {len(known)} cells. Lowest {cell(low)}, highest {cell(high)}."


def coefficients(frame: pd.DataFrame) -> str:
    """Each estimate with its interval, by term."""
    said = [
        f"{row.specification_id} {rounded(row.estimate, 3)} "
        f"({rounded(row.interval_low, 3)} to {rounded(row.interval_high, 3)})"
        for row in frame.itertuples()
    ]
    by_term = pd.Series(said).groupby(frame.term.to_numpy(), sort=False).agg(", ".join)
    parts = [f"{label(term)}: {text}" for term, text in by_term.items()]
    return "Dot plot of coefficients with intervals. " + "; ".join(parts) + "."


def points(name: str, values: str) -> Callable[[pd.DataFrame], str]:
    """A description that lists the estimates; the column `values` names their places."""

    def describe(frame: pd.DataFrame) -> str:
        said = [
            f"{place} {rounded(estimate, 2)}"
            for place, estimate in zip(frame[values], frame.estimate, strict=True)
        ]
        return f"{name}: {', '.join(said)}."

    return describe


def curve(frame: pd.DataFrame) -> str:
    """How many specifications of a curve have an interval below, above and around zero."""
    one_each = frame.drop_duplicates("place")
    n, below, above = len(one_each), (one_each.high < 0).sum(), (one_each.low > 0).sum()
    return (
        f"Specification curve over a matrix of choices. Of {number(n)} specifications "
        f"{number(below)} have an interval below zero, {number(above)} above zero, "
        f"{number(n - below - above)} one that holds zero."
    )


def calibration(frame: pd.DataFrame) -> str:
    """How many real estimates lie inside 95 % of the draws."""
    known = frame.dropna(subset="real_estimate")
    inside = known.real_estimate.between(known.null_low, known.null_high).sum()
    return (
        f"Dot plot of estimates in {frame.world.nunique()} worlds. In {number(inside)} of "
        f"{len(known)} cases the real estimate lies inside 95 % of the draws."
    )


def funnel(frame: pd.DataFrame) -> str:
    """The number of models at each stage."""
    stages = [
        f"{row.stage.replace('_', ' ')} {number(int(row.n_models))}" for row in frame.itertuples()
    ]
    return f"Bar chart of models per stage: {', '.join(stages)}."


def monthly(as_text: Callable[[float], str]) -> Callable[[pd.DataFrame], str]:
    """First, last, lowest and highest month of each series."""

    def describe(frame: pd.DataFrame) -> str:
        parts = []
        for name in frame.panel.unique():
            known = frame[frame.panel == name].dropna(subset="value")
            if known.empty:
                continue
            first, last = known.iloc[0], known.iloc[-1]
            parts.append(
                f"{name}: {as_text(first.value)} in {first.month:%Y-%m}, {as_text(last.value)} in "
                f"{last.month:%Y-%m}, lowest {as_text(known.value.min())}, highest "
                f"{as_text(known.value.max())}"
            )
        return f"Line charts by month. {'; '.join(parts)}."

    return describe


shares_by_month = monthly(percent)
means_by_month = monthly(lambda mean: rounded(mean, 2))


def descent(frame: pd.DataFrame) -> str:
    """The share of each owner."""
    said = [f"{row.owner} {percent(row.value)}" for row in frame.itertuples()]
    return f"Dot plot of shares with intervals, in {frame.month.iloc[0]:%B %Y}: {', '.join(said)}."


def lorenz(frame: pd.DataFrame) -> str:
    """The share of edges that the largest bases hold."""
    half = frame[frame.share_of_bases <= 0.9]
    share = 1 - (half.share_of_edges.iloc[-1] if len(half) else 0)
    at = 1 - (half.share_of_bases.iloc[-1] if len(half) else 0)
    return f"Lorenz curve. The largest {percent(at)} of bases hold {percent(share)} of edges."


def families(frame: pd.DataFrame) -> str:
    """The size of each family at the snapshot."""
    ends = frame.groupby("place", sort=True).tail(1)
    said = [f"{row.root_id} {number(int(row.n_to_date))}" for row in ends.itertuples()]
    return f"Step lines of cumulative derivatives. At the snapshot: {', '.join(said)}."


def calendar(frame: pd.DataFrame) -> str:
    """The share of entrants within four weeks of their base."""
    first = frame[frame.four_weeks == 0].n.sum()
    return (
        f"Heat strips for {frame.parent_id.nunique()} bases. {percent(first / frame.n.sum())} of "
        "their entrants came within four weeks."
    )


def family_tree(frame: pd.DataFrame) -> str:
    """How many descendants are drawn, and how many of them have further parents."""
    several = int(frame.other_parents.notna().sum())
    return (
        f"Tree over time with {number(len(frame) - 1)} of "
        f"{number(int(frame.n_family.iloc[0]))} descendants, {number(several)} of them with "
        "further parents in it. The list below has them as text."
    )


def family_growth(frame: pd.DataFrame) -> str:
    """How many descendants there are, and the week by which half had been released."""
    half = frame[frame.n_to_date * 2 >= frame.n_to_date.iloc[-1]].iloc[0]
    return (
        f"Step line that reaches {number(int(frame.n_to_date.iloc[-1]))} descendants in week "
        f"{number(int(frame.week.iloc[-1]))}, half of them by week {number(int(half.week))}."
    )


def family_relations(frame: pd.DataFrame) -> str:
    """The share of each relation."""
    return (
        "Bar chart. "
        + ", ".join(f"{row.relation} {percent(row.share)}" for row in frame.itertuples())
        + "."
    )


def family_ranks(frame: pd.DataFrame) -> str:
    """The mean recognition in each range of ranks."""
    said = [
        f"ranks {row.rank_from} to {row.rank_to} {rounded(row.mean_recognition, 2)}"
        for row in frame.itertuples()
    ]
    return f"Dot plot of mean ln(1 + likes): {', '.join(said)}."


def trait_drift(frame: pd.DataFrame) -> str:
    """How often each trait changes, by relation, beside the published rates."""
    known = frame.dropna(subset="value")
    said = [f"{row.trait} of {row.relation} {percent(row.value)}" for row in known.itertuples()]
    published = [
        f"{row.trait} {percent(row.published)}"
        for row in frame.dropna(subset="published").itertuples()
    ]
    beside = f" Published, of finetunes: {', '.join(published)}." if published else ""
    return f"Dot plot of the share of edges that differ: {', '.join(said)}.{beside}"


def base_momentum(frame: pd.DataFrame) -> str:
    """The ratio of shares of each base, and its course."""
    said = [f"{row.parent_id} {rounded(row.ratio, 2)} ({row.course})" for row in frame.itertuples()]
    return f"Dot plot of ratios of shares with intervals: {', '.join(said)}."


def time_to_quantization(frame: pd.DataFrame) -> str:
    """The ends of each curve."""

    def part(order: int) -> str:
        known = frame[(frame.quantization_number == order)].dropna(subset="value")
        ends = [
            f"{percent(row.value)} by day {row.age}" for row in known.iloc[[0, -1]].itertuples()
        ]
        return f"quantization number {order}: {', '.join(ends)}"

    drawn = frame.dropna(subset="value").quantization_number.unique()
    return f"Curves of shares of bases by age. {'; '.join(part(int(one)) for one in drawn)}."


def blast_radius(frame: pd.DataFrame) -> str:
    """How many models descend from each model."""
    said = [
        f"{row.model_id} ({row.event}) {number(int(row.n_descendants))}"
        for row in frame.itertuples()
    ]
    return f"Bar chart of models below: {', '.join(said)}."


def evidence_by_phase(frame: pd.DataFrame) -> str:
    """Recall and precision of each phase."""
    said = [
        f"{row.measure} of {row.phases} {percent(row.value)} of {number(int(row.n))}"
        for row in frame.itertuples()
    ]
    return f"Dot plot of shares with intervals: {', '.join(said)}."


def index_under_missing_edges(frame: pd.DataFrame) -> str:
    """The share in each window and scenario, against the observed one."""
    said = [
        f"{row.window_name}, {row.scenario} {percent(row.value)} against {percent(row.observed)}"
        for row in frame.itertuples()
    ]
    return f"Dot plot of shares of disruptive models: {', '.join(said)}."
