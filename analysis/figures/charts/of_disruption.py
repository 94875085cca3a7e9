"""Charts of the disruption index by relation, size, month, window and number of children."""

import altair as alt
import pandas as pd

from analysis.figures.charts.marks import (
    PLOT,
    TWO_LINES,
    faint_below,
    padded,
    rows,
    symbols,
    zero_line,
)
from analysis.figures.theme import RELATIONS, SERIES, colour
from analysis.figures.wording import MINUS, number

SIZE_CLASSES = ("<1B", "1-3B", "3-8B", "8-15B", "15-40B", "40-100B", ">100B", "unknown")


def mdi_distribution(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 3: shares of the mass points, the ranges between them, and undefined."""
    labels = (
        f"{{'0':'undefined','2':'{MINUS}1','5':'{MINUS}0.5','8':'0','11':'0.5','14':'1'}}"
        "[datum.value]"
    )
    kinds = {"mass point": "blue", "range of 0.2": "grey", "undefined": "amber"}
    drawn = frame.assign(
        left=frame.slot - 0.4,
        right=frame.slot + 0.4,
        kind=[
            "mass point" if is_mass_point else "undefined" if slot == 0 else "range of 0.2"
            for slot, is_mass_point in zip(frame.slot, frame.is_mass_point, strict=True)
        ],
        count=[number(n) for n in frame.n],
        top=frame.high.fillna(frame.share),
    )

    def panel(focals: str) -> alt.TopLevelMixin:
        of_focals = drawn[drawn.focals == focals]
        x = alt.X(
            "left:Q",
            scale=alt.Scale(domain=[-0.8, 14.8], nice=False),
            axis=alt.Axis(
                values=[0, 2, 5, 8, 11, 14], labelExpr=labels, grid=False, title="disruption index"
            ),
        )
        y = alt.Y(
            "share:Q",
            scale=alt.Scale(type="sqrt", domain=[0, 1]),
            axis=alt.Axis(
                values=[0, 0.01, 0.05, 0.1, 0.25, 0.5, 1],
                format=".0%",
                title="share of focals (square root)",
            ),
        )
        base = alt.Chart(rows(of_focals))
        bars = base.mark_bar().encode(
            x=x,
            x2="right:Q",
            y=y,
            y2=alt.datum(0),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(
                    domain=list(kinds), range=[colour(name) for name in kinds.values()]
                ),
                legend=alt.Legend(title=None, symbolType="square"),
            ),
        )
        intervals = base.mark_rule(color=colour("ink")).encode(
            x=alt.X("slot:Q"), y="low:Q", y2="high:Q"
        )
        counts = (
            base.transform_filter("datum.kind != 'range of 0.2'")
            .mark_text(dy=-6, baseline="bottom", fontSize=11)
            .encode(x="slot:Q", y="top:Q", text="count:N")
        )
        return alt.layer(bars, intervals, counts).properties(
            width=PLOT,
            height=190,
            title=alt.TitleParams(
                f"{focals}: {number(of_focals.n_focals.iloc[0])} focals", fontSize=13, offset=6
            ),
        )

    return alt.vconcat(*(panel(focals) for focals in drawn.focals.unique()), spacing=18)


def mdi_by_relation_and_size(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 4: mean index by relation, one panel per size."""
    scale = {name: look for name, look in RELATIONS.items() if name in set(frame.relation)}
    sizes = [size for size in SIZE_CLASSES if size in set(frame.size_class)]
    low, high = padded(frame.low.min(), frame.high.max(), frame.mean_mdi)
    drawn = frame.assign(count=[number(n) for n in frame.n])

    def panel(size: str) -> alt.TopLevelMixin:
        of_size = drawn[drawn.size_class == size]
        is_last = size == sizes[-1]
        x = alt.X(
            "mean_mdi:Q",
            scale=alt.Scale(domain=[low, high], nice=False),
            axis=alt.Axis(
                title="mean disruption index" if is_last else None,
                labels=is_last,
                ticks=is_last,
                tickCount=5,
            ),
        )
        y = alt.Y(
            "relation:N",
            sort=list(scale),
            axis=alt.Axis(title=None, domain=False, ticks=False, grid=False),
        )
        base = alt.Chart(rows(of_size)).encode(y=y)
        looks = symbols("relation", scale)
        looks = {name: encoding.legend(None) for name, encoding in looks.items()}
        intervals = base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", scale=alt.Scale(domain=[low, high])), x2="high:Q", color=looks["color"]
        )
        points = base.mark_point(size=50).encode(x=x, **looks)
        counts = base.mark_text(align="right", fontSize=11).encode(
            x=alt.value(PLOT - 30), text="count:N", color=faint_below(30)
        )
        return alt.layer(intervals, points, zero_line("x"), counts).properties(
            width=PLOT - 60,
            height=alt.Step(17),
            title=alt.TitleParams(
                "size unknown" if size == "unknown" else f"{size} parameters",
                fontSize=12,
                offset=2,
                dy=2,
            ),
        )

    return alt.vconcat(*(panel(size) for size in sizes), spacing=6)


def disruptive_share_over_time(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 5: share by month of release, months with open windows shaded, counts below."""
    frame = frame[frame.month >= frame[frame.n > 0].month.min()]
    series = sorted(frame.focals.unique())
    seen = set(frame.dropna(subset="share").focals)
    scale = {name: look for name, look in zip(series, SERIES, strict=False) if name in seen}
    next_month = frame.month + pd.offsets.MonthBegin(1)
    # Series are drawn side by side within their month.
    days = {name: pd.Timedelta(days=11 + 8 * place) for place, name in enumerate(series)}
    drawn = frame.assign(next_month=next_month, within=frame.month + frame.focals.map(days))
    time = alt.Scale(type="utc", domain=[str(drawn.month.min())[:10], str(next_month.max())[:10]])
    highest = max(0.05, min(1, 1.1 * frame[["high", "share"]].max(axis=None)))
    looks = symbols("focals", scale)

    def x(column: str, has_labels: bool = False) -> alt.X:
        axis = alt.Axis(
            title=None, format="%Y-%m", tickCount=6, labels=has_labels, ticks=has_labels
        )
        return alt.X(f"{column}:T", scale=time, axis=axis)

    y_scale = alt.Scale(domain=[0, highest], nice=False)
    y = alt.Y(
        "share:Q",
        scale=y_scale,
        axis=alt.Axis(format="%", title="disruptive, share of defined", tickCount=5),
    )
    base = alt.Chart(rows(drawn))
    open_months = (
        base.transform_filter("datum.has_open_windows && datum.focals == 'all relations'")
        .mark_rect(color=colour("shade"), opacity=1)
        .encode(x=x("month"), x2="next_month:T")
    )
    base = base.transform_filter({"field": "focals", "oneOf": list(scale)})
    intervals = base.mark_rule(strokeWidth=2, opacity=0.5).encode(
        x=x("within"), y=alt.Y("low:Q", scale=y_scale), y2="high:Q", color=looks["color"]
    )
    # The line breaks where a month has too few focals.
    line = base.mark_line(strokeWidth=1).encode(x=x("within"), y=y, color=looks["color"])
    points = base.mark_point(size=30).encode(x=x("within"), y=y, **looks)
    shares = alt.layer(open_months, intervals, line, points).properties(width=PLOT, height=210)
    strip = (
        alt.Chart(rows(drawn[drawn.focals == "all relations"]))
        .mark_bar(color=colour("grey"))
        .encode(
            x=x("month", has_labels=True),
            x2="next_month:T",
            y=alt.Y("n:Q", axis=alt.Axis(title="defined", tickCount=2, format="~s")),
            y2=alt.datum(0),
        )
        .properties(width=PLOT, height=48)
    )
    return alt.vconcat(shares, strip, spacing=8)


def disruptive_share_by_window(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 6: share by length of the window, with the count beside each point."""
    scale = dict(zip(sorted(frame.focals.unique()), SERIES, strict=False))
    names = {"all": "no end"} | {name: name[:-1] for name in frame.window_name if name != "all"}
    drawn = frame.assign(
        window=[names[name] for name in frame.window_name],
        count=[number(n) for n in frame.n],
        top=frame.high.fillna(frame.share),
    )
    order = [names[name] for name in frame.sort_values("days").window_name.unique()]
    base = alt.Chart(rows(drawn)).encode(
        x=alt.X(
            "window:N",
            sort=order,
            axis=alt.Axis(title="window (days)", labelAngle=0, grid=False),
            scale=alt.Scale(paddingInner=0.1),
        ),
        xOffset=alt.XOffset("focals:N", sort=list(scale), scale=alt.Scale(paddingOuter=0.4)),
    )
    looks = symbols("focals", scale)
    highest = max(0.05, min(1, 1.15 * frame[["high", "share"]].max(axis=None)))
    y_scale = alt.Scale(domain=[0, highest], nice=False)
    intervals = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", scale=y_scale), y2="high:Q", color=looks["color"]
    )
    points = base.mark_point(size=60).encode(
        y=alt.Y(
            "share:Q",
            scale=y_scale,
            axis=alt.Axis(format="%", title="disruptive, share of defined", tickCount=6),
        ),
        **looks,
    )
    counts = base.mark_text(baseline="bottom", dy=-4, fontSize=10).encode(y="top:Q", text="count:N")
    return alt.layer(intervals, points, counts).properties(width=PLOT, height=240)


def mdi_by_in_degree(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 7: mean index by number of children, with the count under each bin."""
    low, high = padded(frame.low.min(), frame.high.max(), frame.mean_mdi)
    drawn = frame.assign(
        label=[
            f"{children}|{number(n)}" for children, n in zip(frame.children, frame.n, strict=True)
        ]
    )
    base = alt.Chart(rows(drawn)).encode(
        x=alt.X(
            "label:N",
            sort=list(drawn.label),
            axis=alt.Axis(
                title="children (focals below)", labelAngle=0, grid=False, labelExpr=TWO_LINES
            ),
        )
    )
    y_scale = alt.Scale(domain=[low, high], nice=False)
    intervals = base.mark_rule(strokeWidth=2, color=colour("blue")).encode(
        y=alt.Y("low:Q", scale=y_scale), y2="high:Q"
    )
    points = base.mark_point(size=60, color=colour("blue"), shape="circle").encode(
        y=alt.Y(
            "mean_mdi:Q",
            scale=y_scale,
            axis=alt.Axis(title="mean disruption index", tickCount=6),
        )
    )
    return alt.layer(zero_line("y"), intervals, points).properties(width=PLOT, height=240)
