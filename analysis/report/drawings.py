"""One function per figure of the marts: the rows of its query in, a chart without title out.

Every chart says how many models or edges stand behind its marks; shares and means bear 95 %
intervals.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import altair as alt
import pandas as pd

from analysis.figures.charts import hues, rows
from analysis.figures.theme import RELATIONS, colour
from analysis.figures.wording import number, percent

PLOT = 380
"""Width of a plot beside an axis with short labels."""

YOUNG_DAYS = 90
LABEL_LENGTH = 34


def shortened(text: str, length: int = LABEL_LENGTH) -> str:
    """A label on one line that fits: its end is what an ellipsis stands for."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= length else text[: length - 3] + "..."


def data_funnel(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 1: models per stage, the number beside each bar, edges behind it."""
    drawn = frame.assign(
        name=frame.stage.str.replace("_", " "),
        count=[
            number(models) + (f" ({number(int(edges))} edges)" if pd.notna(edges) else "")
            for models, edges in zip(frame.n_models, frame.n_edges, strict=True)
        ],
    )
    base = alt.Chart(rows(drawn)).encode(
        y=alt.Y(
            "name:N",
            sort=list(drawn.name),
            axis=alt.Axis(title=None, ticks=False, domain=False, labelLimit=200, minExtent=130),
        )
    )
    widest = max(1, frame.n_models.max())
    x = alt.X(
        "n_models:Q",
        scale=alt.Scale(domain=[0, widest * 1.62], nice=False),
        axis=alt.Axis(title="models", tickCount=4, format=",d", grid=False),
    )
    bars = base.mark_bar(color=colour("blue"), height=13).encode(x=x, x2=alt.datum(0))
    counts = base.mark_text(align="left", dx=5, fontSize=11.5).encode(x=x, text="count:N")
    return alt.layer(bars, counts).properties(width=PLOT - 60, height=alt.Step(21))


def descent(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Shares of owners among the roots of new models, the number beside each point."""
    drawn = frame.assign(
        name=[shortened(str(owner), 28) for owner in frame.owner],
        count=[f"N {number(int(n))}" for n in frame.n_of_owner],
    )
    top = float(drawn[["high", "value"]].max().max())
    scale = alt.Scale(domain=[0, min(1.0, top * 1.05) * 1.25], nice=False)
    x = alt.X(
        "value:Q",
        scale=scale,
        axis=alt.Axis(title="share of the month's models", format="%", tickCount=5),
    )
    base = alt.Chart(rows(drawn)).encode(
        y=alt.Y(
            "name:N",
            sort=list(drawn.name),
            axis=alt.Axis(title=None, ticks=False, domain=False, labelLimit=200, minExtent=110),
        )
    )
    bars = base.mark_bar(height=14, color=colour("above-1")).encode(x=x, x2=alt.datum(0))
    intervals = base.mark_rule(strokeWidth=2, color=colour("blue")).encode(
        x=alt.X("low:Q", scale=scale), x2="high:Q"
    )
    points = base.mark_point(size=50, color=colour("blue")).encode(x=x)
    counts = base.transform_calculate(
        at="isValid(datum.high) ? datum.high : datum.value"
    ).mark_text(align="left", dx=8, fontSize=11.5).encode(
        x=alt.X("at:Q", scale=scale), text="count:N"
    )  # fmt: skip
    return alt.layer(bars, intervals, points, counts).properties(
        width=PLOT - 40, height=alt.Step(24)
    )


def monthly(
    title: str, format: str = "%", unit: str = "models", floor: float | None = 0
) -> Callable[[pd.DataFrame], alt.TopLevelMixin]:
    """Figures 2, 11 and 23: a panel per series by month with 95 % intervals, counts below.

    title: of the vertical axes; format: of their labels; unit: what the strip below counts;
    floor: where the axes begin, None for the data's own range.
    """

    def draw(frame: pd.DataFrame) -> alt.TopLevelMixin:
        frame = frame[frame.month >= frame[frame.n > 0].month.min()]
        next_month = frame.month + pd.offsets.MonthBegin(1)
        drawn = frame.assign(next_month=next_month, within=frame.month + pd.Timedelta(days=14))
        ends = [str(drawn.month.min())[:10], str(next_month.max())[:10]]
        # Years that hold next to nothing would squeeze what there is to see.
        seen = drawn.dropna(subset="value")
        if len(seen):
            ends[0] = str(max(drawn.month.min(), seen.month.min()))[:10]
        time = alt.Scale(type="utc", domain=ends)

        def x(column: str, has_labels: bool = False) -> alt.X:
            axis = alt.Axis(
                title=None,
                format="%Y-%m",
                tickCount=4,
                labels=has_labels,
                ticks=has_labels,
                labelOverlap=True,
            )
            return alt.X(f"{column}:T", scale=time, axis=axis)

        def panel(name: str) -> alt.TopLevelMixin:
            of_panel = drawn[(drawn.panel == name) & (drawn.month >= ends[0])]
            known = of_panel.dropna(subset="value")
            top = known[["value", "high"]].max().max() if len(known) else 1
            bottom = floor if floor is not None else known[["value", "low"]].min().min()
            margin = 0.06 * (top - bottom) or 0.01
            scale = alt.Scale(
                domain=[bottom if floor is not None else bottom - margin, top + margin], nice=False
            )
            base = alt.Chart(rows(of_panel))
            look, shape = RELATIONS.get(name, ("blue", "circle"))
            y = alt.Y("value:Q", scale=scale, axis=alt.Axis(format=format, title=None, tickCount=3))
            intervals = base.mark_rule(strokeWidth=2, opacity=0.45, color=colour(look)).encode(
                x=x("within"), y=alt.Y("low:Q", scale=scale), y2="high:Q"
            )
            line = base.mark_line(strokeWidth=1, color=colour(look)).encode(x=x("within"), y=y)
            points = base.mark_point(size=22, color=colour(look), shape=shape).encode(
                x=x("within"), y=y
            )
            return alt.layer(intervals, line, points).properties(
                width=PLOT,
                height=74 if frame.panel.nunique() > 1 else 200,
                title=alt.TitleParams(f"{name}{title}", fontSize=12.5, offset=4),
            )

        first = drawn.panel.iloc[0]
        strip = (
            alt.Chart(rows(drawn[(drawn.panel == first) & (drawn.month >= ends[0])]))
            .mark_bar(color=colour("grey"))
            .encode(
                x=x("month", has_labels=True),
                x2="next_month:T",
                y=alt.Y("n:Q", axis=alt.Axis(title=None, tickCount=2, format=",d")),
                y2=alt.datum(0),
            )
            .properties(
                width=PLOT,
                height=44,
                title=alt.TitleParams(f"{unit} in the month (N)", fontSize=12.5, offset=4),
            )
        )
        panels = [panel(name) for name in drawn.panel.unique()]
        return alt.vconcat(*panels, strip, spacing=10)

    return draw


def concentration(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 9: the Lorenz curve of edges over bases, and the line of equality."""
    origin = pd.DataFrame([{"share_of_bases": 0.0, "share_of_edges": 0.0}])
    curve = pd.concat([origin, frame[["share_of_bases", "share_of_edges"]]], ignore_index=True)
    x = alt.X(
        "share_of_bases:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", title="share of bases, smallest first", tickCount=5),
    )
    y = alt.Y(
        "share_of_edges:Q",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", title="share of edges", tickCount=5),
    )
    equal = (
        alt.Chart(
            alt.InlineData(
                values=[{"share_of_bases": at, "share_of_edges": at} for at in (0.0, 1.0)]
            )
        )
        .mark_line(color=colour("muted"), strokeDash=[4, 3], strokeWidth=1)
        .encode(x=x, y=y)
    )
    base = alt.Chart(rows(curve))
    area = base.mark_area(color=colour("shade"), opacity=1).encode(x=x, y=y, y2=alt.datum(0))
    line = base.mark_line(color=colour("blue"), strokeWidth=2).encode(x=x, y=y)
    note = (
        alt.Chart(alt.InlineData(values=[{"x": 0.36, "y": 0.5, "text": "all bases alike"}]))
        .mark_text(align="right", color=colour("muted"), fontSize=11.5)
        .encode(x=alt.X("x:Q"), y=alt.Y("y:Q"), text="text:N")
    )
    return alt.layer(area, equal, line, note).properties(width=PLOT - 60, height=PLOT - 120)


MOSTLY_OF_ONE = 0.5
"""A family of whose models one owner made more than this share is marked."""


def growth_of_families(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 10: cumulative derivatives by week, a panel per family, one logarithmic axis."""
    last_week = max(1, int(frame.week.max()))
    highest = max(10, int(frame.n_to_date.max()))
    x = alt.X(
        "week:Q",
        scale=alt.Scale(domain=[0, last_week], nice=False),
        axis=alt.Axis(title="weeks since the root's release", tickCount=4),
    )
    y = alt.Y(
        "n_to_date:Q",
        scale=alt.Scale(type="log", domain=[1, highest]),
        axis=alt.Axis(title=None, tickCount=3, format=",d"),
    )

    def panel(place: int) -> alt.TopLevelMixin:
        of_family = frame[frame.place == place]
        end = of_family.tail(1).assign(count=[f"N {number(int(of_family.n_to_date.iloc[-1]))}"])
        line = (
            alt.Chart(rows(of_family))
            .mark_line(interpolate="step-after", strokeWidth=2, color=colour("blue"))
            .encode(x=x, y=y)
        )
        at_end = alt.Chart(rows(end)).encode(x=x, y=y)
        is_late = end.week.iloc[0] > 0.7 * last_week
        dot = at_end.mark_point(size=30, color=colour("blue"))
        count = at_end.mark_text(
            align="right" if is_late else "left",
            dx=-6 if is_late else 6,
            dy=-8 if is_late else 0,
            fontSize=11,
        ).encode(text="count:N")
        name = shortened(str(of_family.root_id.iloc[0]), 30)
        share = of_family.largest_owner_share.iloc[0]
        marked = f"{percent(share, 0)} of it by one owner" if share > MOSTLY_OF_ONE else ""
        title = alt.TitleParams(
            name, fontSize=11.5, offset=4, subtitle=marked, subtitleFontSize=10.5, subtitlePadding=2
        )
        return alt.layer(line, dot, count).properties(width=178, height=84, title=title)

    panels = [panel(place) for place in frame.place.unique()]
    pairs = [alt.hconcat(*panels[at : at + 2], spacing=16) for at in range(0, len(panels), 2)]
    return alt.vconcat(*pairs, spacing=12)


CALENDAR = ((1, 1, "above-1"), (2, 9, "above-2"), (10, None, "above-3"))
"""Classes of releases in four weeks: from, to, colour."""
CALENDAR_MONTHS = 26


def entry_calendar(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 12: releases per four weeks since the base's own, a row per base.

    A pointer over a cell shows its base, weeks and count.
    """
    names = [f"{low}" if low == high else f"{low} to {high}" if high else f"{low} or more"
             for low, high, _ in CALENDAR]  # fmt: skip

    def class_of(n: int) -> str:
        return next(
            name
            for name, (low, high, _) in zip(names, CALENDAR, strict=True)
            if n >= low and (high is None or n <= high)
        )

    kept = frame[frame.four_weeks < CALENDAR_MONTHS]
    bases = [
        f"{shortened(str(base), 30)}|N {number(int(n))}"
        for base, n in zip(kept.parent_id, kept.n_entrants, strict=True)
    ]
    drawn = kept.assign(
        name=bases,
        range=[class_of(int(n)) for n in kept.n],
        left=kept.four_weeks * 4,
        right=kept.four_weeks * 4 + 4,
        told=[
            f"{base}: {number(int(n))} released in weeks {4 * place} to {4 * place + 3}"
            for base, n, place in zip(kept.parent_id, kept.n, kept.four_weeks, strict=True)
        ],
    )
    last = 4 * (int(kept.four_weeks.max()) + 1)
    base = alt.Chart(rows(drawn)).encode(
        y=alt.Y(
            "name:N",
            sort=list(drawn.name.unique()),
            axis=alt.Axis(
                title=None, domain=False, ticks=False, labelLimit=190, labelFontSize=10.5,
                minExtent=150, labelExpr="split(datum.label, '|')", grid=False,
            ),
        )
    )  # fmt: skip
    x_scale = alt.Scale(domain=[0, last], nice=False)
    cells = base.mark_rect(stroke=colour("page"), strokeWidth=0.5, aria=True).encode(
        description="told:N",
        x=alt.X(
            "left:Q",
            scale=x_scale,
            axis=alt.Axis(title="weeks since the base's release", tickCount=6, grid=False),
        ),
        x2="right:Q",
        color=alt.Color(
            "range:N",
            scale=alt.Scale(domain=names, range=[colour(name) for _, _, name in CALENDAR]),
            legend=alt.Legend(
                title="releases in four weeks", symbolType="square", symbolStrokeWidth=0
            ),
        ),
    )
    return cells.properties(width=PLOT - 80, height=alt.Step(30))


def family_growth(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 10 for one family: cumulative descendants by week, on a logarithmic axis."""
    end = frame.tail(1).assign(count=[f"N {number(int(frame.n_to_date.iloc[-1]))}"])
    last = max(1, int(frame.week.max()))
    x = alt.X(
        "week:Q",
        scale=alt.Scale(domain=[0, last * 1.12], nice=False),
        axis=alt.Axis(title="weeks since the base's release", tickCount=6),
    )
    y = alt.Y(
        "n_to_date:Q",
        scale=alt.Scale(type="log", domain=[1, max(10, int(frame.n_to_date.max()))]),
        axis=alt.Axis(title="descendants to date", tickCount=4, format=",d"),
    )
    line = (
        alt.Chart(rows(frame))
        .mark_line(interpolate="step-after", strokeWidth=2, color=colour("blue"))
        .encode(x=x, y=y)
    )
    at_end = alt.Chart(rows(end)).encode(x=x, y=y)
    dot = at_end.mark_point(size=40, color=colour("blue"))
    count = at_end.mark_text(align="right", dx=-4, dy=-10).encode(text="count:N")
    return alt.layer(line, dot, count).properties(width=PLOT, height=180)


def family_relations(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 11 for one family: share of each relation, with its count."""
    drawn = frame.assign(
        count=[
            f"{percent(share)}  (N {number(int(n))})"
            for share, n in zip(frame.share, frame.n_of_relation, strict=True)
        ]
    )
    base = alt.Chart(rows(drawn)).encode(
        y=alt.Y(
            "relation:N",
            sort=list(drawn.relation),
            axis=alt.Axis(title=None, ticks=False, domain=False, minExtent=70),
        )
    )
    scale = alt.Scale(domain=[0, 1.45], nice=False)
    known = {name: RELATIONS[name] for name in drawn.relation}
    bars = base.mark_bar(height=14).encode(
        x=alt.X(
            "share:Q",
            scale=scale,
            axis=alt.Axis(
                title="share of descendants", format="%", values=[0, 0.25, 0.5, 0.75, 1], grid=False
            ),
        ),
        x2=alt.datum(0),
        color=alt.Color("relation:N", scale=hues(known), legend=None),
    )
    counts = base.mark_text(align="left", dx=6, fontSize=11.5).encode(
        x=alt.X("share:Q", scale=scale), text="count:N"
    )
    return alt.layer(bars, counts).properties(width=PLOT - 30, height=alt.Step(26))


def family_release_ranks(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 13 for one base: mean ln(1 + likes) by rank of release, N below each bin.

    Bins in which most entrants are young are hollow and shaded: their likes have had no time.
    """
    drawn = frame.assign(
        name=[
            f"{low}" if low == high else f"{low}|to {high}"
            for low, high in zip(frame.rank_from, frame.rank_to, strict=True)
        ],
        count=[f"N {number(int(n))}" for n in frame.n],
        is_young=2 * frame.n_young > frame.n,
    )
    top = max(0.5, float(drawn[["high", "mean_recognition"]].max().max()))
    bottom = min(0.0, float(drawn[["low", "mean_recognition"]].min().min()))
    scale = alt.Scale(domain=[bottom - 0.16 * (top - bottom), top * 1.05], nice=False)
    base = alt.Chart(rows(drawn)).encode(
        x=alt.X(
            "name:N",
            sort=list(drawn.name),
            axis=alt.Axis(
                title="release rank",
                labelAngle=0,
                grid=False,
                labelOverlap=False,
                labelExpr="split(datum.label, '|')",
                labelFontSize=11,
            ),
        )
    )
    y = alt.Y(
        "mean_recognition:Q",
        scale=scale,
        axis=alt.Axis(title="mean ln(1 + likes)", tickCount=5),
    )
    shade = base.transform_filter("datum.is_young").mark_bar(
        color=colour("shade"), width=alt.RelativeBandSize(1), opacity=1
    ).encode(y=alt.value(0), y2=alt.value(190))  # fmt: skip
    intervals = base.mark_rule(strokeWidth=2, color=colour("blue")).encode(
        y=alt.Y("low:Q", scale=scale), y2="high:Q"
    )
    points = base.transform_filter("!datum.is_young").mark_point(
        size=60, color=colour("blue")
    ).encode(y=y)  # fmt: skip
    young = base.transform_filter("datum.is_young").mark_point(
        size=60, color=colour("blue"), filled=False, strokeWidth=2
    ).encode(y=y)  # fmt: skip
    counts = base.mark_text(dy=-4, baseline="bottom", fontSize=10.5).encode(
        y=alt.value(190), text="count:N"
    )
    return alt.layer(shade, intervals, points, young, counts).properties(width=PLOT, height=190)


def family_tree(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 19: the family's most reused models, by weeks since the base, parents joined to
    children, and by dashed lines to the further parents of those that have several."""
    placed = in_tree_order(frame)
    at = placed.set_index("model_id")
    placed = placed.assign(
        parent_weeks=[at.weeks.get(via) for via in placed.via],
        parent_row=[at.row.get(via) for via in placed.via],
    )
    weeks = [0.0 if pd.isna(week) else float(week) for week in placed.weeks]
    last = max(1.0, *weeks)
    placed = placed.assign(weeks=weeks, parent_weeks=placed.parent_weeks.fillna(0.0))
    dashes = further_parents(placed)
    labels = []
    for row in placed.itertuples():
        is_told = row.distance == 0 or row.n_descendants > 0
        text = str(row.model_id) if row.distance == 0 else str(row.owner or row.model_id)
        labels.append(shortened(text, 26) if is_told else "")
    placed = placed.assign(
        label=labels,
        is_left=[math.sqrt(week / last) > 0.72 for week in weeks],
    )
    scale = {
        name: RELATIONS[name]
        for name in ("none", "finetune", "adapter", "merge", "quantized", "unknown")
        if (placed.relation == name).any()
    }
    shown = {name: "base" if name == "none" else name for name in scale}
    placed = placed.assign(
        kind=placed.relation.map(shown),
        told=[
            f"{model_id}: {shown[relation]}, {number(0 if pd.isna(below) else int(below))} below"
            for model_id, relation, below in zip(
                placed.model_id, placed.relation, placed.n_descendants, strict=True
            )
        ],
    )
    looks = {shown[name]: look for name, look in scale.items()}
    x_scale = alt.Scale(type="sqrt", domain=[0, last * 1.02], nice=False)
    y_scale = alt.Scale(domain=[-1, len(placed)], reverse=True, nice=False)
    ticks = [week for week in (0, 1, 4, 12, 26, 52, 104, 156) if week <= last]
    x = alt.X(
        "weeks:Q",
        scale=x_scale,
        axis=alt.Axis(
            title="weeks since the base's release (square root)", values=ticks, format="d"
        ),
    )
    hidden = alt.Axis(title=None, labels=False, ticks=False, domain=False, grid=False)
    y = alt.Y("row:Q", scale=y_scale, axis=hidden)
    base = alt.Chart(rows(placed))
    children = base.transform_filter("datum.parent_row !== null")
    stems = children.mark_rule(color=colour("muted"), opacity=0.55, strokeWidth=0.8).encode(
        x=alt.X("parent_weeks:Q", scale=x_scale), x2="weeks:Q", y=y
    )
    falls = children.mark_rule(color=colour("muted"), opacity=0.55, strokeWidth=0.8).encode(
        x=alt.X("parent_weeks:Q", scale=x_scale),
        y=alt.Y("parent_row:Q", scale=y_scale, axis=hidden),
        y2="row:Q",
    )  # fmt: skip
    others = (
        alt.Chart(rows(dashes))
        .mark_rule(color=colour("muted"), strokeDash=[4, 3], strokeWidth=1.2)
        .encode(
            x=alt.X("from_weeks:Q", scale=x_scale),
            x2="weeks:Q",
            y=alt.Y("from_row:Q", scale=y_scale, axis=hidden),
            y2="row:Q",
        )
    )
    legend = alt.Legend(title=None, symbolOpacity=1, columns=6)
    points = base.mark_point(size=48, aria=True).encode(
        description="told:N",
        x=x,
        y=y,
        color=alt.Color("kind:N", scale=hues(looks), legend=legend),
        shape=alt.Shape(
            "kind:N",
            scale=alt.Scale(domain=list(looks), range=[shape for _, shape in looks.values()]),
            legend=legend,
        ),
    )
    # Stems must not strike labels through: the page's colour stands behind each.
    labels = [
        base.transform_filter(f"{'' if is_left else '!'}datum.is_left")
        .mark_text(
            align="right" if is_left else "left", dx=-8 if is_left else 8, fontSize=10.5, **behind
        )
        .encode(x=x, y=y, text="label:N")
        for is_left in (False, True)
        for behind in ({"stroke": colour("page"), "strokeWidth": 3}, {})
    ]
    lines = [falls, stems, others] if len(dashes) else [falls, stems]
    return alt.layer(*lines, points, *labels).properties(
        width=PLOT + 60, height=max(80, 11 * len(placed))
    )


def further_parents(placed: pd.DataFrame) -> pd.DataFrame:
    """A line per child and further parent, `from_weeks` and `from_row` to `weeks` and `row`."""
    at = placed.set_index("model_id")
    return pd.DataFrame(
        [
            {
                "from_weeks": float(at.weeks[parent]), "from_row": int(at.row[parent]),
                "weeks": float(child.weeks), "row": int(child.row),
            }
            for child in placed.itertuples()
            if isinstance(child.other_parents, str)
            for parent in json.loads(child.other_parents)
        ]
    )  # fmt: skip


def in_tree_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows with `row`: each model below its parent, before its parent's next child.

    Children stand in order of release. A model whose parent is not drawn stands below the base.
    """
    base = frame[frame.distance == 0].model_id.iloc[0]
    there = set(frame.model_id)
    children: dict[str, list[str]] = {}
    dated = frame.sort_values(["weeks", "model_id"], na_position="first")
    for row in dated.itertuples():
        if row.model_id != base:
            children.setdefault(row.via if row.via in there else base, []).append(row.model_id)
    order: list[str] = []
    waiting = [base]
    while waiting:
        model_id = waiting.pop()
        order.append(model_id)
        waiting.extend(reversed(children.get(model_id, ())))
    # What a cycle keeps from being reached comes last.
    order += [one for one in dated.model_id if one not in set(order)]
    row_of = {model_id: place for place, model_id in enumerate(order)}
    via = [parent if parent in there else base for parent in frame.via]
    placed = frame.assign(row=frame.model_id.map(row_of), via=via)
    placed.loc[placed.model_id == base, "via"] = None
    return placed.sort_values("row")
