"""The figures of the marts: what each is called, reads, draws, counts and says.

They are `Figure`s like those of the studies, with queries of their own folder; each is written as
SVG, CSV (the numbers drawn) and SQL (where they come from).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from analysis.figures import theme
from analysis.figures.catalogue import QUERIES as SHARED_QUERIES
from analysis.figures.catalogue import Figure
from analysis.figures.wording import number, percent, rounded, with_interval
from analysis.figures.writing import SIGNIFICANT_DIGITS, stand_alone_query
from analysis.report import drawings
from analysis.studies.verdicts import share_in_words
from hub_lineage.spreadsheets import safe_for_spreadsheets
from hub_lineage.sql import literal

QUERIES = Path(__file__).parent / "queries"
CLUSTERED = "95 % intervals over families, none below ten"
FEWEST = "months below 30 models are not drawn"


@dataclass(frozen=True)
class MartFigure(Figure):
    """A figure whose query lies in `report/queries/`; its preludes there or among the studies'."""

    @property
    def query(self) -> str:
        """The SQL that gives the figure's rows, once its preludes have run."""
        return text_of(self.query_name or self.name)

    @property
    def prelude(self) -> str:
        """The statements that the query builds on; running them twice does no harm."""
        variables = [
            f"set variable {name} = {literal(text)};" for name, text in self.variables.items()
        ]
        return "\n".join([*variables, *(text_of(name) for name in self.preludes)])


def text_of(name: str) -> str:
    """A query of the report, or else one that all figures share."""
    own = QUERIES / f"{name}.sql"
    return (own if own.is_file() else SHARED_QUERIES / f"{name}.sql").read_text("utf-8")


@dataclass(frozen=True)
class Drawn:
    """A figure that was made, or the reason why it was not.

    name: of its files. title, caption, description: plain text, hostile where ids are in it.
    svg: what to put into a page; empty if it was not made, and then `reason` says why.
    has_png: whether there is a PNG beside the SVG.
    """

    name: str
    title: str
    caption: str = ""
    description: str = ""
    svg: str = ""
    reason: str = ""
    has_png: bool = False


def draw(
    figure: Figure,
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    is_prepared: bool = False,
) -> Drawn:
    """Draw a figure and write `<folder>/<name>.{svg,csv,sql}`; nothing where it has no data.

    is_prepared: the preludes have run on this connection.
    """
    if not is_prepared:
        connection.execute(figure.prelude)
    frame = connection.execute(figure.query).df()
    if frame.empty or not figure.has_marks(frame):
        return Drawn(figure.name, figure.title, reason=f"needs {figure.needs}")
    floats = frame.select_dtypes("float")
    frame[floats.columns] = floats.map(lambda value: float(f"{value:.{SIGNIFICANT_DIGITS}g}"))
    title, caption, description = (
        figure.headline(frame), figure.caption(frame), figure.describe(frame),
    )  # fmt: skip
    text = theme.rendered(theme.titled(figure.draw(frame), title, caption))
    svg = theme.svg(text, figure.name, title, f"{description} {caption}")
    (folder / f"{figure.name}.svg").write_text(svg, "utf-8")
    safe_for_spreadsheets(frame).to_csv(
        folder / f"{figure.name}.csv", index=False, lineterminator="\n"
    )
    (folder / f"{figure.name}.sql").write_text(stand_alone_query(figure), "utf-8")
    return Drawn(figure.name, title, caption, description, svg)


def first_of(column: str) -> Callable[[pd.DataFrame], int]:
    return lambda frame: int(frame[column].iloc[0])


def _describe_funnel(frame: pd.DataFrame) -> str:
    stages = [
        f"{row.stage.replace('_', ' ')} {number(int(row.n_models))}" for row in frame.itertuples()
    ]
    return f"Bar chart of models per stage: {', '.join(stages)}."


def _describe_monthly(as_text: Callable[[float], str]) -> Callable[[pd.DataFrame], str]:
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


def _describe_descent(frame: pd.DataFrame) -> str:
    said = [f"{row.owner} {percent(row.value)}" for row in frame.itertuples()]
    return f"Dot plot of shares with intervals, in {frame.month.iloc[0]:%B %Y}: {', '.join(said)}."


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


def _describe_lorenz(frame: pd.DataFrame) -> str:
    half = frame[frame.share_of_bases <= 0.9]
    share = 1 - (half.share_of_edges.iloc[-1] if len(half) else 0)
    at = 1 - (half.share_of_bases.iloc[-1] if len(half) else 0)
    return f"Lorenz curve. The largest {percent(at)} of bases hold {percent(share)} of edges."


def _describe_families(frame: pd.DataFrame) -> str:
    ends = frame.groupby("place", sort=True).tail(1)
    said = [f"{row.root_id} {number(int(row.n_to_date))}" for row in ends.itertuples()]
    return f"Step lines of cumulative derivatives. At the snapshot: {', '.join(said)}."


def _describe_calendar(frame: pd.DataFrame) -> str:
    first = frame[frame.four_weeks == 0].n.sum()
    return (
        f"Heat strips for {frame.parent_id.nunique()} bases. {percent(first / frame.n.sum())} of "
        "their entrants came within four weeks."
    )


def _n_calendar(frame: pd.DataFrame) -> int:
    return int(frame.n.sum())


def _n_families(frame: pd.DataFrame) -> int:
    return int(frame.n_new.sum())


def _n_monthly(frame: pd.DataFrame) -> int:
    """Models of the months that are drawn: each month counts once."""
    known = frame.dropna(subset="value").drop_duplicates("month")
    return int(known.n.sum())


def _conclude_funnel(frame: pd.DataFrame) -> str:
    stages = frame.set_index("stage").n_models
    if not {"hub_models", "mdi_defined"} <= set(stages.index) or not stages["hub_models"]:
        return ""
    n, defined = int(stages["hub_models"]), int(stages["mdi_defined"])
    share = share_in_words(100 * defined / n, 0)
    return f"Of {number(n)} models {number(defined)} have a disruption index: {share}"


def _latest(frame: pd.DataFrame, panel: str | None = None):
    """The latest month of a panel that has an interval; None if none has."""
    known = frame.dropna(subset=["value", "low", "high"])
    known = known if panel is None else known[known.panel == panel]
    return known.sort_values("month").iloc[-1] if len(known) else None


def _share(row: pd.Series) -> str:
    return with_interval(100 * row.value, 100 * row.low, 100 * row.high, " %")


def _conclude_faults(frame: pd.DataFrame) -> str:
    row = _latest(frame, "no parent declared")
    if row is None:
        return ""
    return f"Of the models of {row.month:%B %Y} {_share(row)} declare no parent"


def _conclude_leader(frame: pd.DataFrame) -> str:
    """Which panel leads in the latest month, if any does."""
    row = _latest(frame)
    if row is None:
        return ""
    month = frame[frame.month == row.month].dropna(subset=["low", "high"])
    first, *others = (one for _, one in month.sort_values("value", ascending=False).iterrows())
    if any(other.high >= first.low for other in others):
        names = " and ".join(str(one.panel) for one in (first, *others[:1]))
        return f"Neither of {names} leads for certain in {row.month:%B %Y}"
    return f"{str(first.panel).capitalize()} leads in {row.month:%B %Y} with {_share(first)}"


def _conclude_parents(frame: pd.DataFrame) -> str:
    row = _latest(frame)
    if row is None:
        return ""
    told = with_interval(row.value, row.low, row.high)
    return f"A model with a parent declares {told} of them in {row.month:%B %Y}"


def _conclude_concentration(frame: pd.DataFrame) -> str:
    """What the largest tenth of bases hold; between two points the curve is straight."""
    points = [(0.0, 0.0), *zip(frame.share_of_bases, frame.share_of_edges, strict=True)]
    (x0, y0), (x1, y1) = next(
        pair for pair in itertools.pairwise(points) if pair[1][0] >= 0.9 - 1e-12
    )
    held = 1 - (y0 + (y1 - y0) * (0.9 - x0) / (x1 - x0))
    return f"A tenth of the bases holds {percent(held, 0)} of all edges"


def _conclude_growth(frame: pd.DataFrame) -> str:
    first = frame[frame.place == frame.place.min()].iloc[-1]
    n_of_one = frame[frame.largest_owner_share > drawings.MOSTLY_OF_ONE].place.nunique()
    verb = "is" if n_of_one == 1 else "are"
    marked = f"; {n_of_one} of those shown {verb} mostly one owner's" if n_of_one else ""
    return (
        f"{first.root_id} has the largest family, {number(int(first.n_to_date))} dated "
        f"models{marked}"
    )


def _conclude_calendar(frame: pd.DataFrame) -> str:
    first = int(frame[frame.four_weeks == 0].n.sum())
    n = int(frame.n.sum())
    return f"Of {number(n)} entrants {number(first)} came within four weeks of their base"


FIGURES: tuple[MartFigure, ...] = (
    MartFigure(
        name="descent",
        title="Whose models new models descend from",
        reads=("hub_models", "disruption_panel"),
        draw=drawings.descent,
        count=first_of("n"),
        unit="models",
        filter="Models of the month with a parent, by the owner of their nearest root, the eight "
        "largest; without those whose root is their own owner's; 95 % intervals over families, "
        "none below ten.",
        describe=_describe_descent,
        needs="a month with 100 dated models that descend from a model of another owner",
        mark="value",
        preludes=("intervals",),
        conclude=leading_owner,
    ),
    MartFigure(
        name="data_funnel",
        title="What each step keeps",
        reads=("data_funnel", "disruption_panel"),
        conclude=_conclude_funnel,
        draw=drawings.data_funnel,
        count=first_of("n_models"),
        unit="landed items",
        filter="Latest complete snapshot; all are counted, so there is no interval.",
        describe=_describe_funnel,
        needs="a mart data_funnel with rows",
        mark="n_models",
    ),
    MartFigure(
        name="faults_by_month",
        title="Coverage and faults of the lineage by month of release",
        reads=("hub_models", "lineage_edges", "lineage_rejections", "disruption_panel"),
        conclude=_conclude_faults,
        draw=drawings.monthly(""),
        count=_n_monthly,
        unit="models",
        filter=f"Models with a known date; {CLUSTERED}; {FEWEST}.",
        describe=_describe_monthly(lambda share: percent(share)),
        needs="a month with 30 models of known date",
        mark="value",
        preludes=("intervals",),
    ),
    MartFigure(
        name="relation_mix",
        title="Relations of models with a parent, by month of release",
        reads=("hub_models", "disruption_panel"),
        conclude=_conclude_leader,
        draw=drawings.monthly("", unit="models with a parent"),
        count=_n_monthly,
        unit="models with a parent",
        filter=f"Models with a known date; {CLUSTERED}; {FEWEST}.",
        describe=_describe_monthly(lambda share: percent(share)),
        needs="a month with 30 models that declare a parent",
        mark="value",
        preludes=("intervals",),
    ),
    MartFigure(
        name="root_countries",
        title="Countries of the roots of new derivatives, by month of release",
        reads=("hub_models", "disruption_panel"),
        conclude=_conclude_leader,
        draw=drawings.monthly("", unit="models below a root"),
        count=_n_monthly,
        unit="models below a root",
        filter="Models below a root, with a known date; the country is that of the owner of the "
        f"nearest root, as far as landed tables say; {CLUSTERED}; {FEWEST}.",
        describe=_describe_monthly(lambda share: percent(share)),
        needs="a table of owners in the landing, and a month with 30 models below a root",
        mark="value",
        preludes=("intervals",),
    ),
    MartFigure(
        name="licences_kept",
        title="Obligations of the parent's licence in that of the child, by month of release",
        reads=("licence_changes", "hub_models", "disruption_panel"),
        conclude=_conclude_leader,
        draw=drawings.monthly("", unit="edges with known terms"),
        count=_n_monthly,
        unit="edges with known terms",
        filter="Edges with licences at both ends whose obligations the project has a reading of, "
        f"which is no legal advice; {CLUSTERED}; {FEWEST}.",
        describe=_describe_monthly(lambda share: percent(share)),
        needs="a month with 30 edges of which both licences are known",
        mark="value",
        preludes=("intervals",),
    ),
    MartFigure(
        name="parents_per_model",
        title="Declared parents per model, by month of release",
        reads=("hub_models", "disruption_panel"),
        conclude=_conclude_parents,
        draw=drawings.monthly("", format=".2f", unit="models with a parent", floor=None),
        count=_n_monthly,
        unit="models with a parent",
        filter=f"Models with a parent and a known date; {CLUSTERED}; {FEWEST}.",
        describe=_describe_monthly(lambda mean: rounded(mean, 2)),
        needs="a month with 30 models that declare a parent",
        mark="value",
        preludes=("intervals",),
    ),
    MartFigure(
        name="concentration",
        title="Concentration of derivatives on bases",
        reads=("lineage_edges", "disruption_panel"),
        conclude=_conclude_concentration,
        draw=drawings.concentration,
        count=first_of("n_edges_all"),
        unit="edges",
        filter="All edges, all bases with a child; counted in full, so there is no interval.",
        describe=_describe_lorenz,
        needs="an edge",
        mark="share_of_edges",
    ),
    MartFigure(
        name="growth_of_families",
        title="Growth of the ten largest families",
        reads=("families", "hub_models", "disruption_panel"),
        conclude=_conclude_growth,
        draw=drawings.growth_of_families,
        count=_n_families,
        unit="derivatives",
        filter="Derivatives with a known date, each in the family of its nearest root; counted in "
        "full, so there is no interval. Where the root has no date, weeks run from its first "
        "derivative.",
        describe=_describe_families,
        needs="a family with a dated derivative",
        mark="n_to_date",
    ),
    MartFigure(
        name="entry_calendar",
        title="Calendar of entry into the ten most built-upon bases",
        reads=("release_races", "disruption_panel"),
        conclude=_conclude_calendar,
        draw=drawings.entry_calendar,
        count=_n_calendar,
        unit="entrants",
        filter="Entrants after their base, both dates known; the first "
        f"{4 * drawings.CALENDAR_MONTHS} weeks are drawn, the CSV holds all. Counts: no interval.",
        describe=_describe_calendar,
        needs="an entrant released after its base",
        mark="n",
    ),
)
"""The figures that speak of the whole landing."""


def family_figures(base: str, slug: str) -> tuple[MartFigure, ...]:
    """The four figures of one base's family page; `slug` prefixes their files."""
    name = drawings.shortened(base, 60)
    shared: Mapping = {
        "preludes": ("intervals", "family"),
        "variables": {"base": base},
    }
    walked = ("lineage_edges", "hub_models", "disruption")
    return (
        MartFigure(
            name=f"{slug}-tree",
            query_name="family_tree",
            title=f"Descendants of {name} over time",
            reads=(*walked, "disruption_panel"),
            conclude=_conclude_tree,
            draw=drawings.family_tree,
            count=first_of("n_family"),
            unit="descendants",
            filter="Drawn: the base and up to 60 dated descendants, those that most models descend "
            "from first, then those with most likes, each joined to one parent; dashed: further "
            "parents among them. No interval: every model is counted.",
            describe=_describe_tree,
            needs="a dated descendant",
            mark="weeks",
            **shared,
        ),
        MartFigure(
            name=f"{slug}-growth",
            query_name="family_growth",
            title=f"Growth of the family of {name}",
            reads=(*walked, "disruption_panel"),
            conclude=_conclude_family_growth,
            draw=drawings.family_growth,
            count=lambda frame: int(frame.n_to_date.iloc[-1]),
            unit="dated descendants",
            filter="Descendants over all generations, released after the base; counted in full, so "
            "there is no interval.",
            describe=_describe_growth,
            needs="a descendant released after the base",
            mark="n_to_date",
            **shared,
        ),
        MartFigure(
            name=f"{slug}-relations",
            query_name="family_relations",
            title=f"Relations in the family of {name}",
            reads=(*walked, "disruption_panel"),
            conclude=_conclude_family_relations,
            draw=drawings.family_relations,
            count=first_of("n"),
            unit="descendants",
            filter="Each descendant by its relation to the parent it was reached by. No interval: "
            "every descendant is counted, and all are one family.",
            describe=_describe_relations,
            needs="a descendant",
            mark="share",
            **shared,
        ),
        MartFigure(
            name=f"{slug}-ranks",
            query_name="family_release_ranks",
            title=f"Likes by release rank among the entrants of {name}",
            reads=(*walked, "recognition_panel", "disruption_panel"),
            conclude=_conclude_ranks,
            draw=drawings.family_release_ranks,
            count=lambda frame: int(frame.n.sum()),
            unit="ranked entrants",
            filter="Children of this base; 95 % intervals by Student's t, none below 5 entrants. "
            f"Hollow on grey: most entrants are younger than {drawings.YOUNG_DAYS} days.",
            describe=_describe_ranks,
            needs="an entrant with a rank",
            mark="mean_recognition",
            **shared,
        ),
    )


def _conclude_tree(frame: pd.DataFrame) -> str:
    below = frame[frame.distance > 0]
    if below.empty or not below.n_descendants.fillna(0).max():
        return ""
    first = below.sort_values(["n_descendants", "model_id"], ascending=[False, True]).iloc[0]
    name = drawings.shortened(str(first.model_id), 60)
    return f"Of the descendants {name} has most below it: {number(int(first.n_descendants))} models"


def _conclude_family_growth(frame: pd.DataFrame) -> str:
    half = frame[frame.n_to_date * 2 >= frame.n_to_date.iloc[-1]].iloc[0]
    n = number(int(frame.n_to_date.iloc[-1]))
    return f"Half of the {n} dated descendants were there in week {number(int(half.week))}"


def _conclude_family_relations(frame: pd.DataFrame) -> str:
    first = frame.sort_values(["n_of_relation", "relation"], ascending=[False, True]).iloc[0]
    n, most = number(int(first.n)), number(int(first.n_of_relation))
    return f"Of {n} descendants {most} are of the relation {first.relation}"


def _conclude_ranks(frame: pd.DataFrame) -> str:
    # Entrants without time for likes tell nothing of their rank.
    is_old = 2 * frame.n_young <= frame.n
    known = list(frame[is_old].dropna(subset=["low", "high"]).itertuples())
    if len(known) < 2:
        return ""
    first, last = known[0], known[-1]
    told = [with_interval(row.mean_recognition, row.low, row.high) for row in (first, last)]
    where = f"mean ln(1 + likes) {told[0]} and {told[1]}"
    if last.high < first.low:
        return f"The latest entrants have fewer likes than the first: {where}"
    if last.low > first.high:
        return f"The latest entrants have more likes than the first: {where}"
    return f"The first and the latest entrants cannot be told apart: {where}"


def _describe_tree(frame: pd.DataFrame) -> str:
    several = int(frame.other_parents.notna().sum())
    return (
        f"Tree over time with {number(len(frame) - 1)} of "
        f"{number(int(frame.n_family.iloc[0]))} descendants, {number(several)} of them with "
        "further parents in it. The list below has them as text."
    )


def _describe_growth(frame: pd.DataFrame) -> str:
    half = frame[frame.n_to_date * 2 >= frame.n_to_date.iloc[-1]].iloc[0]
    return (
        f"Step line that reaches {number(int(frame.n_to_date.iloc[-1]))} descendants in week "
        f"{number(int(frame.week.iloc[-1]))}, half of them by week {number(int(half.week))}."
    )


def _describe_relations(frame: pd.DataFrame) -> str:
    return (
        "Bar chart. "
        + ", ".join(f"{row.relation} {percent(row.share)}" for row in frame.itertuples())
        + "."
    )


def _describe_ranks(frame: pd.DataFrame) -> str:
    said = [
        f"ranks {row.rank_from} to {row.rank_to} {rounded(row.mean_recognition, 2)}"
        for row in frame.itertuples()
    ]
    return f"Dot plot of mean ln(1 + likes): {', '.join(said)}."
