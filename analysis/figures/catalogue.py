"""The figures of the studies: what each is called, reads, draws, counts and says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import altair as alt
import pandas as pd

from analysis.figures import charts, conclusions
from analysis.figures.wording import MINUS, label, number, percent, rounded

QUERIES = Path(__file__).parent / "queries"
DAYS_90 = "window of 90 days"


@dataclass(frozen=True)
class Figure:
    """A figure before its data.

    name: of its files, and of its query unless another is named.
    title: its subject.
    conclude: the rows of the query -> what they show, which the title then says; empty where they
        carry no conclusion.
    reads: the marts or results its query reads, all of one folder.
    query_name: of the file in `queries/`; the figure's own name if None.
    variables: what the query asks for by `getvariable`.
    preludes: further files of `queries/` that the query builds on, in their order.
    draw: the rows of the query -> a chart without title.
    count: the rows of the query -> how many observations the figure rests on.
    unit: what is counted.
    filter: which observations, and what the intervals are.
    describe: the rows of the query -> what a reader who sees nothing should know.
    needs: what must be there for the figure to be drawn.
    mark: the column that is null where too few observations leave nothing to draw.
    note: the rows of the query -> a sentence that ends the caption; empty for most.
    """

    name: str
    title: str
    reads: tuple[str, ...]
    draw: Callable[[pd.DataFrame], alt.TopLevelMixin]
    count: Callable[[pd.DataFrame], int]
    unit: str
    filter: str
    describe: Callable[[pd.DataFrame], str]
    needs: str
    mark: str
    preludes: tuple[str, ...] = ()
    query_name: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    note: Callable[[pd.DataFrame], str] = lambda frame: ""
    conclude: Callable[[pd.DataFrame], str] = lambda frame: ""

    def headline(self, frame: pd.DataFrame) -> str:
        """The title above the rows: what they show, or else their subject."""
        return self.conclude(frame) or self.title

    def has_marks(self, frame: pd.DataFrame) -> bool:
        """Whether any row gives something to draw."""
        return bool(frame[self.mark].notna().any())

    @property
    def query(self) -> str:
        """The SQL that gives the figure's rows, once its preludes have run."""
        return _sql(self.query_name or self.name)

    @property
    def prelude(self) -> str:
        """The statements that the query builds on; running them twice does no harm."""
        variables = [f"set variable {name} = '{text}';" for name, text in self.variables.items()]
        return "\n".join([*variables, *(_sql(name) for name in self.preludes)])

    def caption(self, frame: pd.DataFrame) -> str:
        """N, snapshot, filter and interval in a sentence or two."""
        counted = f"N = {number(self.count(frame))} {self.unit}"
        name = snapshot_id(frame)
        dated = f"; snapshot of {name[:4]}-{name[4:6]}-{name[6:8]}" if name else ""
        return f"{counted}{dated}. {self.filter} {self.note(frame)}".rstrip()


def _sql(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text("utf-8")


def snapshot_id(frame: pd.DataFrame) -> str:
    """The snapshot that the rows name, for example 20261003T131904Z; empty if they name none."""
    names = frame.snapshot_id.dropna()
    return str(names.iloc[0]) if len(names) else ""


def _describe_distribution(frame: pd.DataFrame) -> str:
    places = {"undefined": "undefined", "-1": f"at {MINUS}1", "0": "at 0", "1": "at 1"}

    def part(focals: str) -> str:
        shares = frame[frame.focals == focals].set_index("mdi_range").share
        said = [f"{percent(shares.get(key, 0))} {place}" for key, place in places.items()]
        return f"{focals}: {', '.join(said)}"

    return "Bar chart. " + ". ".join(part(focals) for focals in frame.focals.unique()) + "."


def _describe_sizes(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset="mean_mdi").sort_values("mean_mdi")
    if known.empty:
        return "Dot plot in which no cell holds enough focals for a mean."
    low, high = known.iloc[0], known.iloc[-1]
    return (
        f"Dot plot of {len(known)} means with intervals, by relation within size. "
        f"Lowest {rounded(low.mean_mdi, 3)} ({low.relation}, {low.size_class}), "
        f"highest {rounded(high.mean_mdi, 3)} ({high.relation}, {high.size_class})."
    )


def _describe_months(frame: pd.DataFrame) -> str:
    known = frame[frame.focals == "all relations"].dropna(subset="share")
    if known.empty:
        return "Line chart in which no month holds enough focals for a share."
    first, last = known.iloc[0], known.iloc[-1]
    return (
        f"Line chart of monthly shares with intervals. {first.month:%Y-%m}: {percent(first.share)} "
        f"of {number(first.n)}; {last.month:%Y-%m}: {percent(last.share)} of {number(last.n)}; "
        f"lowest {percent(known.share.min())}, highest {percent(known.share.max())}."
    )


def _describe_windows(frame: pd.DataFrame) -> str:
    def part(focals: str) -> str:
        of_focals = frame[frame.focals == focals]
        shares = [f"{row.window_name} {percent(row.share)}" for row in of_focals.itertuples()]
        return f"{focals}: {', '.join(shares)}"

    return "Dot plot. " + "; ".join(part(focals) for focals in frame.focals.unique()) + "."


def _describe_degrees(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset="mean_mdi")
    means = [f"{row.children} children {rounded(row.mean_mdi, 3)}" for row in known.itertuples()]
    return f"Dot plot of mean indices. {', '.join(means)}."


def _describe_growth(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset="median_likes")
    first, last = known.iloc[0], known.iloc[-1]
    return (
        f"Line with a band: median likes of the models of {first.root_id} by age. "
        f"Week {first.age_weeks}: {rounded(first.median_likes, 1)} of {number(int(first.n))} "
        f"models; week {last.age_weeks}: {rounded(last.median_likes, 1)} of {number(int(last.n))}."
    )


def _describe_order(frame: pd.DataFrame) -> str:
    def part(outcome: str) -> str:
        of_outcome = frame[frame.outcome == outcome]
        first, last = of_outcome.iloc[0], of_outcome.iloc[-1]
        return (
            f"{outcome}: {rounded(first.mean_recognition, 2)} in the earliest bin, "
            f"{rounded(last.mean_recognition, 2)} in the latest"
        )

    return "Binned scatter. " + "; ".join(part(name) for name in frame.outcome.unique()) + "."


def _describe_heatmap(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset="mean_recognition").sort_values("mean_recognition")
    low, high = known.iloc[0], known.iloc[-1]

    def cell(row) -> str:
        return (
            f"{rounded(row.mean_recognition, 2)} (percentile {row.release_percentile}, "
            f"{row.rivals} rivals)"
        )

    return f"Table of colours with {len(known)} cells. Lowest {cell(low)}, highest {cell(high)}."


def _describe_coefficients(frame: pd.DataFrame) -> str:
    said = [
        f"{row.specification_id} {rounded(row.estimate, 3)} "
        f"({rounded(row.interval_low, 3)} to {rounded(row.interval_high, 3)})"
        for row in frame.itertuples()
    ]
    by_term = pd.Series(said).groupby(frame.term.to_numpy(), sort=False).agg(", ".join)
    parts = [f"{label(term)}: {text}" for term, text in by_term.items()]
    return "Dot plot of coefficients with intervals. " + "; ".join(parts) + "."


def _describe_points(name: str, values: str) -> Callable[[pd.DataFrame], str]:
    """A description that reads the estimates out, `values` being the column of their places."""

    def describe(frame: pd.DataFrame) -> str:
        said = [
            f"{place} {rounded(estimate, 2)}"
            for place, estimate in zip(frame[values], frame.estimate, strict=True)
        ]
        return f"{name}: {', '.join(said)}."

    return describe


def _describe_curve(frame: pd.DataFrame) -> str:
    one_each = frame.drop_duplicates("place")
    n, below, above = len(one_each), (one_each.high < 0).sum(), (one_each.low > 0).sum()
    return (
        f"Specification curve over a matrix of choices. Of {number(n)} specifications "
        f"{number(below)} have an interval below zero, {number(above)} above zero, "
        f"{number(n - below - above)} one that holds zero."
    )


def _joint_test(frame: pd.DataFrame) -> str:
    """The test of the whole curve; empty for a curve that has none."""
    found = frame.iloc[0]
    if pd.isna(found.p_median):
        return ""
    return (
        f"Joint test of {number(int(found.n_tested))} combinations against "
        f"{number(int(found.n_draws))} curves by chance: p = {number(found.p_median)} (median), "
        f"{number(found.p_sign)} (share of one sign), {number(found.p_significant)} (share "
        "significant in it)."
    )


def _describe_calibration(frame: pd.DataFrame) -> str:
    known = frame.dropna(subset="real_estimate")
    inside = known.real_estimate.between(known.null_low, known.null_high).sum()
    return (
        f"Dot plot of estimates in {frame.world.nunique()} worlds. In {number(inside)} of "
        f"{len(known)} cases the real estimate lies inside 95 % of the draws."
    )


CLUSTERED = "95 % intervals over families, none below ten"

ORIENTED = " Negative: less for later entrants, whatever measures order."

CURVES = (
    ("order", "order of release", "recognition", "order", ORIENTED),
    ("crowding", "crowding", "recognition", "crowding", ""),
    ("size", "size and disruption", "disruption", "size", ""),
    ("finetune", "finetuning and disruption", "disruption", "finetune", ""),
    ("order_by_data", "order of release, by data", "data", "log_rank", ""),
    ("crowding_by_data", "crowding, by data", "data", "log_crowd_30", ""),
    ("size_by_data", "size and disruption, by data", "data", "log_size", ""),
    ("finetune_by_data", "finetuning and disruption, by data", "data", "is_finetune", ""),
)
"""Curves: end of the name, title, and the rows of curve.parquet."""

STUDIES = (
    ("racing", "RR", "Racing to Release"),
    ("disruption", "DM", "Identifying Disruptive Models"),
)
"""Studies: name, first letters of their specifications' ids, title."""

FIGURES = (
    Figure(
        name="mdi_distribution",
        title="Distribution of the disruption index",
        reads=("disruption_panel", "hub_models"),
        conclude=conclusions.distribution,
        draw=charts.mdi_distribution,
        count=lambda frame: int(frame.groupby("focals").n_focals.first().sum()),
        unit="focals",
        filter=f"Focals with a known date and a closed {DAYS_90}; {CLUSTERED}.",
        describe=_describe_distribution,
        needs="a focal with a known date and a closed window",
        mark="share",
        preludes=("intervals",),
    ),
    Figure(
        name="mdi_by_relation_and_size",
        title="Mean disruption index by relation and size",
        reads=("disruption_panel",),
        conclude=conclusions.extremes(
            "mean_mdi",
            "The index differs by relation and size: from {} to {}",
            "No relation or size can be told apart by its mean index",
        ),
        draw=charts.mdi_by_relation_and_size,
        count=lambda frame: int(frame.n.sum()),
        unit="focals (right of each row)",
        filter=f"Focals with a defined index, {DAYS_90}; {CLUSTERED}; no mean below 10 focals or "
        "10 families.",
        describe=_describe_sizes,
        needs="10 focals of 10 families with a defined index in one cell",
        mark="mean_mdi",
        preludes=("intervals",),
    ),
    Figure(
        name="disruptive_share_over_time",
        title="Share of disruptive models by month of release",
        reads=("disruption_panel",),
        conclude=conclusions.share_over_time,
        draw=charts.disruptive_share_over_time,
        count=lambda frame: int(frame[frame.focals == "all relations"].n.sum()),
        unit="focals (bars)",
        filter=f"Focals with a defined index, {DAYS_90}; {CLUSTERED}; months below 30 focals are "
        "not drawn; shaded: months with open windows.",
        describe=_describe_months,
        needs="a month with 30 focals whose index is defined",
        mark="share",
        preludes=("intervals",),
    ),
    Figure(
        name="disruptive_share_by_window",
        title="Share of disruptive models by length of the window",
        reads=("disruption", "disruption_panel", "hub_models"),
        conclude=conclusions.share_by_window,
        draw=charts.disruptive_share_by_window,
        count=lambda frame: int(frame[frame.focals == "all defined in the window"].n.max()),
        unit="focals in the largest window (above each point)",
        filter=f"Focals with a closed window and a defined index; {CLUSTERED}; points below 30 "
        "focals are not drawn.",
        describe=_describe_windows,
        needs="a window with 30 focals whose index is defined",
        mark="share",
        preludes=("intervals",),
    ),
    Figure(
        name="mdi_by_in_degree",
        title="Mean disruption index by number of children",
        reads=("disruption_panel",),
        conclude=conclusions.index_by_children,
        draw=charts.mdi_by_in_degree,
        count=lambda frame: int(frame.n.sum()),
        unit="focals",
        filter=f"Focals with a defined index, {DAYS_90}; children at the snapshot; {CLUSTERED}; no "
        "mean below 10 focals or 10 families.",
        describe=_describe_degrees,
        needs="10 focals of 10 families with a defined index in one bin",
        mark="mean_mdi",
        preludes=("intervals",),
    ),
    Figure(
        name="growth_of_the_largest_family",
        title="Likes of the largest family's models by age",
        reads=("growth_curves", "families", "hub_models"),
        conclude=conclusions.likes_by_age,
        draw=charts.growth_of_the_largest_family,
        count=lambda frame: int(frame.n.sum()),
        unit="models x weeks of age",
        filter="Models with a usable date, at the last snapshot in each week of their age; band: "
        "the middle half; weeks below 10 models are not drawn.",
        describe=_describe_growth,
        needs="ten models of one family seen at one age in weeks",
        mark="median_likes",
    ),
    Figure(
        name="recognition_by_release_order",
        title="Recognition by release percentile, net of base and month",
        reads=("recognition_panel",),
        conclude=conclusions.likes_by_order,
        draw=charts.recognition_by_release_order,
        count=lambda frame: int(frame.groupby("outcome").n_outcome.first().max()),
        unit="entrants",
        filter="Main sample, bases with two entrants or more. Both axes net of base and month "
        "effects, plus the overall mean; bins of equal size; 95 % intervals with errors clustered "
        "by base.",
        describe=_describe_order,
        needs="60 entrants of the main sample that share their base with another",
        preludes=("intervals", "within_base_and_month"),
        mark="mean_recognition",
    ),
    Figure(
        name="recognition_by_order_and_crowding",
        title="Recognition by release percentile and crowding",
        reads=("recognition_panel",),
        conclude=conclusions.extremes(
            "mean_recognition",
            "Order and crowding together tell entrants apart: from {} to {}",
            "No order and crowding can be told apart by recognition",
        ),
        draw=charts.recognition_by_order_and_crowding,
        count=lambda frame: int(frame.n.sum()),
        unit="entrants",
        filter="Main sample, bases with two entrants or more. Each cell: mean net of base and "
        "month effects, 95 % interval with errors clustered by base, N; below 30 entrants blank; "
        "rivals: release events of other owners.",
        describe=_describe_heatmap,
        needs="a cell with 30 entrants of the main sample that share their base with another",
        preludes=("intervals", "within_base_and_month"),
        mark="mean_recognition",
    ),
    Figure(
        name="recognition_by_rank_bin",
        title="Likes by release rank, against the first entrant",
        reads=("estimates",),
        conclude=conclusions.likes_by_rank,
        draw=charts.recognition_by_rank_bin,
        count=lambda frame: int(frame.n_used.max()),
        unit="entrants at most",
        filter="Main sample, specification RR12.bins (Poisson); 95 % intervals with errors "
        "clustered by base.",
        describe=_describe_points("Dot plot of coefficients by release rank", "rank_bin"),
        needs="an estimate of RR12.bins",
        mark="interval_low",
    ),
    Figure(
        name="recognition_by_crowding",
        title="Likes by crowding, against entrants without a rival",
        reads=("estimates",),
        conclude=conclusions.likes_by_rivals,
        draw=charts.recognition_by_crowding,
        count=lambda frame: int(frame.n_used.max()),
        unit="entrants at most",
        filter="Main sample, specification RR26 (Poisson); rivals: release events of other owners "
        "in the 30 days before; 95 % intervals with errors clustered by base.",
        describe=_describe_points("Dot plot of coefficients by rivals", "rivals"),
        needs="an estimate of RR26",
        mark="interval_low",
    ),
    Figure(
        name="coefficients_racing",
        title="Order and crowding: main specifications",
        reads=("estimates",),
        conclude=conclusions.coefficients,
        draw=charts.coefficients,
        count=lambda frame: int(frame.n_used.max()),
        unit="entrants at most (each at its row)",
        filter="Counts and logarithms as outcomes; errors clustered by base; an arrow head marks "
        "an interval that goes on.",
        describe=_describe_coefficients,
        needs="an estimated main specification of Racing to Release",
        mark="estimate",
    ),
    Figure(
        name="coefficients_disruption",
        title="Size and finetuning: main specifications",
        reads=("estimates",),
        conclude=conclusions.coefficients,
        draw=charts.coefficients,
        count=lambda frame: int(frame.n_used.max()),
        unit="focals at most (each at its row)",
        filter="Linear coefficients, and average marginal effects of logits, in points; errors "
        "clustered by family or parent; an arrow head marks an interval that goes on.",
        describe=_describe_coefficients,
        needs="an estimated main specification of the disruption study",
        mark="estimate",
    ),
    *(
        Figure(
            name=f"specification_curve_{name}",
            title=f"Specification curve: {title}",
            reads=("curve", "curve_inference"),
            conclude=conclusions.curve,
            draw=charts.specification_curve,
            count=lambda frame: int(frame.n_specifications.iloc[0]),
            unit="specifications",
            filter=f"Estimates and 95 % intervals (clustered) in standard errors, in order; below, "
            f"what each chose, levels by their median.{orientation}",
            describe=_describe_curve,
            needs=f"two estimated specifications of the {curve} curve",
            mark="height",
            query_name="specification_curve",
            variables={"curve_name": curve, "term_name": term},
            note=_joint_test,
        )
        for name, title, curve, term, orientation in CURVES
    ),
    Figure(
        name="likes_around_a_burst",
        title="Likes gained around a burst of entry",
        reads=("estimates",),
        conclude=conclusions.weeks_of_a_burst,
        draw=charts.likes_around_a_burst,
        count=lambda frame: int(frame.n_used.max()),
        unit="models x intervals",
        filter="Specification RR20 (Poisson, entrant and base x interval effects), against the "
        "week before the burst; 95 % intervals with errors clustered by base.",
        describe=_describe_points("Dot plot of coefficients by week", "week"),
        needs="an estimate of RR20, which needs several snapshots a week or so apart",
        mark="interval_low",
    ),
    *(
        Figure(
            name=f"calibration_{study}",
            title=f"Calibration of {title}",
            reads=("calibration",),
            conclude=conclusions.calibration,
            draw=charts.calibration,
            count=lambda frame: int(frame.n_draws.max()),
            unit="draws of each world",
            filter="Bars: 95 % of what the specification finds where outcomes are drawn anew; "
            "ticks: the truth there; diamonds: the real estimate. At most seven specifications; "
            "the table has all.",
            describe=_describe_calibration,
            needs=f"a calibrated specification of {title}",
            mark="null_low",
            query_name="calibration",
            variables={"first_letters": letters},
        )
        for study, letters, title in STUDIES
    ),
)
