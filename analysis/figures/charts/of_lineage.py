"""Charts of the whole lineage: coverage, descent, relations, concentration, growth, entry."""

from collections.abc import Callable

import altair as alt
import pandas as pd

from analysis.figures.charts.marks import (
    PLOT,
    rows,
)
from analysis.figures.theme import RELATIONS, colour
from analysis.figures.wording import number, percent, shortened


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
    return alt.layer(bars, counts).properties(width=PLOT - 80, height=alt.Step(21))


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
        width=PLOT - 60, height=alt.Step(24)
    )


def monthly(
    unit: str, format: str = "%", floor: float | None = 0
) -> Callable[[pd.DataFrame], alt.TopLevelMixin]:
    """Figures 2, 11 and 23: a panel per series by month with 95 % intervals, counts below.

    unit: what the strip below counts. format: that of the labels of the vertical axes. floor: where
    these start, None for the data's own range.
    """

    def draw(frame: pd.DataFrame) -> alt.TopLevelMixin:
        frame = frame[frame.month >= frame[frame.n > 0].month.min()]
        next_month = frame.month + pd.offsets.MonthBegin(1)
        drawn = frame.assign(next_month=next_month, within=frame.month + pd.Timedelta(days=14))
        ends = [str(drawn.month.min())[:10], str(next_month.max())[:10]]
        # Years with hardly any models would squeeze the others.
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
                width=PLOT - 20,
                height=74 if frame.panel.nunique() > 1 else 200,
                title=alt.TitleParams(name, fontSize=12.5, offset=4),
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
                width=PLOT - 20,
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
    return alt.layer(area, equal, line, note).properties(width=PLOT - 80, height=PLOT - 140)


MOSTLY_OF_ONE = 0.5
"""A family is marked if one owner made more than this share of its models."""


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

    A cell under the pointer shows its base, weeks and count.
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
    return cells.properties(width=PLOT - 100, height=alt.Step(30))
