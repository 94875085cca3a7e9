"""One function per figure: the rows of its query in, a chart without title out.

Every chart shows how many observations stand behind each mark and a 95 % interval around it, and
tells series apart by shape as well as by colour.
"""

import itertools
import json

import altair as alt
import pandas as pd

from analysis.figures.theme import RELATIONS, SERIES, colour
from analysis.figures.wording import MINUS, label, number, parts, rounded

PLOT = 400
"""Width of a plot beside an axis with short labels."""


def rows(frame: pd.DataFrame) -> alt.InlineData:
    """The rows as they stand in the chart: null for what is missing, dates as text."""
    plain = frame.copy()
    for column in plain.select_dtypes("datetime"):
        plain[column] = plain[column].dt.strftime("%Y-%m-%d")
    plain = plain.astype(object).where(plain.notna(), None)
    # As one text: Altair copies and checks lists row by row, many times over.
    values = json.dumps(plain.to_dict("records"), ensure_ascii=False)
    return alt.InlineData(values=values, format=alt.JsonDataFormat(type="json"))


def symbols(series: str, scale: dict[str, tuple[str, str]], title: str | None = None) -> dict:
    """Encodings that give each series its colour and its shape, in one legend."""
    legend = alt.Legend(title=title, symbolOpacity=1)
    shapes = alt.Scale(domain=list(scale), range=[shape for _, shape in scale.values()])
    return {
        "color": alt.Color(f"{series}:N", scale=hues(scale), legend=legend),
        "shape": alt.Shape(f"{series}:N", scale=shapes, legend=legend),
    }


def hues(scale: dict[str, tuple[str, str]]) -> alt.Scale:
    """The colours alone of series with colour and shape."""
    return alt.Scale(domain=list(scale), range=[colour(name) for name, _ in scale.values()])


def zero_line(axis: str, at: float = 0) -> alt.Chart:
    """A dashed line at a value of one axis."""
    line = alt.Chart(alt.InlineData(values=[{"at": at}])).mark_rule(
        color=colour("muted"), strokeDash=[4, 3]
    )
    return line.encode(**{axis: alt.datum(at)})


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
    low, high = _padded(frame.low.min(), frame.high.max(), frame.mean_mdi)
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
            x=alt.value(PLOT - 30), text="count:N", color=_faint_below(30)
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


SIZE_CLASSES = ("<1B", "1-3B", "3-8B", "8-15B", "15-40B", "40-100B", ">100B", "unknown")


def disruptive_share_over_time(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 5: share by month of release, months with open windows shaded, counts below."""
    frame = frame[frame.month >= frame[frame.n > 0].month.min()]
    series = sorted(frame.focals.unique())
    seen = set(frame.dropna(subset="share").focals)
    scale = {name: look for name, look in zip(series, SERIES, strict=False) if name in seen}
    next_month = frame.month + pd.offsets.MonthBegin(1)
    # Series stand side by side in their month.
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
    low, high = _padded(frame.low.min(), frame.high.max(), frame.mean_mdi)
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


TWO_LINES = "split(datum.label, '|')"


def growth_of_the_largest_family(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Likes by week of age: the median of the family's models, and the middle half of them."""
    base = alt.Chart(rows(frame.dropna(subset="median_likes"))).encode(
        x=alt.X("age_weeks:Q", axis=alt.Axis(title="age (weeks)", tickMinStep=1))
    )
    # Likes are counts of very different size, and some are none.
    y_scale = alt.Scale(type="symlog", nice=False)
    half = base.mark_area(color=colour("blue"), opacity=0.25, interpolate="step-after").encode(
        y=alt.Y("low:Q", scale=y_scale), y2="high:Q"
    )
    median = base.mark_line(color=colour("blue"), interpolate="step-after").encode(
        y=alt.Y("median_likes:Q", scale=y_scale, axis=alt.Axis(title="likes", tickCount=5))
    )
    return alt.layer(half, median).properties(width=PLOT, height=240)


def recognition_by_release_order(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 13: binned scatter within base and month, one panel per outcome."""
    outcomes = list(frame.outcome.unique())
    extent = [float(frame.release_percentile.min()), float(frame.release_percentile.max())]
    margin = 0.04 * (extent[1] - extent[0])
    x_scale = alt.Scale(domain=[extent[0] - margin, extent[1] + margin], nice=False)

    def panel(place: int, outcome: str) -> alt.TopLevelMixin:
        of_outcome = frame[frame.outcome == outcome]
        hue, shape = SERIES[place % len(SERIES)]
        base = alt.Chart(rows(of_outcome)).encode(
            x=alt.X(
                "release_percentile:Q",
                scale=x_scale,
                axis=alt.Axis(
                    format="%",
                    tickCount=6,
                    title="release percentile" if outcome == outcomes[-1] else None,
                ),
            )
        )
        y_scale = alt.Scale(zero=False)
        intervals = base.mark_rule(strokeWidth=2, color=colour(hue)).encode(
            y=alt.Y("low:Q", scale=y_scale), y2="high:Q"
        )
        points = base.mark_point(size=50, color=colour(hue), shape=shape).encode(
            y=alt.Y(
                "mean_recognition:Q",
                scale=y_scale,
                axis=alt.Axis(title=f"mean ln(1 + {outcome.split()[0]})", tickCount=5),
            )
        )
        n, per_bin = of_outcome.n_outcome.iloc[0], of_outcome.n
        heading = f"{outcome}: {number(n)} entrants, {number(per_bin.min())}"
        heading += f" to {number(per_bin.max())} per bin" if per_bin.nunique() > 1 else " per bin"
        return alt.layer(intervals, points).properties(
            width=PLOT,
            height=170,
            title=alt.TitleParams(heading, fontSize=13, offset=6),
        )

    return alt.vconcat(
        *(panel(place, outcome) for place, outcome in enumerate(outcomes)), spacing=14
    )


def recognition_by_order_and_crowding(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 14: mean recognition by release percentile and rivals before, blank below 30."""
    classes = ("below-3", "below-2", "below-1", "level", "above-1", "above-2", "above-3")
    reach = max(0.07, float(frame.mean_recognition.abs().max()))
    width = 2 * reach / len(classes)
    edges = [-reach + width * place for place in range(len(classes) + 1)]
    names = [f"{rounded(a, 2)} to {rounded(b, 2)}" for a, b in itertools.pairwise(edges)]

    def place(mean: float) -> int:
        return min(len(classes) - 1, int((mean + reach) / width))

    is_drawn = frame.mean_recognition.notna()
    places = [
        place(mean) if known else None
        for mean, known in zip(frame.mean_recognition, is_drawn, strict=True)
    ]
    drawn = frame.assign(
        range=[None if at is None else names[at] for at in places],
        # Digits are light on the two darkest classes.
        text_colour=[
            colour("muted") if at is None else colour("page") if at in (0, 6) else colour("ink")
            for at in places
        ],
        mean_text=[
            rounded(mean, 2) if known else ""
            for mean, known in zip(frame.mean_recognition, is_drawn, strict=True)
        ],
        interval_text=[
            f"{rounded(low, 2)} to {rounded(high, 2)}" if pd.notna(low) else ""
            for low, high in zip(frame.low, frame.high, strict=True)
        ],
        count=[f"N {number(n)}" for n in frame.n],
    )
    base = alt.Chart(rows(drawn)).encode(
        x=alt.X(
            "release_percentile:N",
            sort=list(frame.sort_values("percentile_bin").release_percentile.unique()),
            axis=alt.Axis(
                title="release percentile", labelAngle=0, grid=False, domain=False, ticks=False
            ),
        ),
        y=alt.Y(
            "rivals:N",
            sort=list(frame.sort_values("rivals_at_least", ascending=False).rivals.unique()),
            axis=alt.Axis(
                title="rivals in the 30 days before", grid=False, domain=False, ticks=False
            ),
        ),
    )
    cells = (
        base.transform_filter("datum.range !== null")
        .mark_rect(stroke=colour("page"))
        .encode(
            color=alt.Color(
                "range:N",
                scale=alt.Scale(domain=names, range=[colour(name) for name in classes]),
                legend=alt.Legend(
                    title="mean ln(1 + likes), net of base and month",
                    titleLimit=400,
                    symbolType="square",
                    columns=4,
                    symbolStrokeWidth=0,
                    symbolSize=140,
                ),
            )
        )
    )
    digits = alt.Color("text_colour:N", scale=None)
    means = base.mark_text(fontSize=13, dy=-11).encode(text="mean_text:N", color=digits)
    intervals = base.mark_text(fontSize=10, dy=3).encode(text="interval_text:N", color=digits)
    counts = base.mark_text(fontSize=10, dy=15).encode(text="count:N", color=digits)
    return alt.layer(cells, means, intervals, counts).properties(
        width=alt.Step(76), height=alt.Step(44)
    )


def coefficients(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 15: estimates of the main specifications, one panel per term, both intervals."""
    terms = list(frame.term.unique())
    scale = {"clustered, 95 %": SERIES[0], "jackknife, 95 %": SERIES[1]}
    if frame.jackknife_low.isna().all():
        del scale["jackknife, 95 %"]
    names = [
        f"{row.specification_id}  {row.outcome}, {label(row.estimator)}"
        f"|{', '.join(map(label, parts(row.fixed_effects))) or 'no fixed effects'}; "
        f"N {number(row.n_used)}"
        for row in frame.itertuples()
    ]
    drawn = frame.assign(name=names)
    by_kind = pd.concat(
        [
            drawn.assign(kind="clustered, 95 %", low=frame.interval_low, high=frame.interval_high),
            drawn.assign(
                kind="jackknife, 95 %", low=frame.jackknife_low, high=frame.jackknife_high
            ),
        ]
    ).dropna(subset=["estimate", "low", "high"])

    def panel(term: str) -> alt.TopLevelMixin:
        of_term = by_kind[by_kind.term == term]
        data, domain = clipped(of_term)
        x_scale = alt.Scale(domain=domain, nice=False)
        base = alt.Chart(rows(data)).encode(
            y=alt.Y(
                "name:N",
                sort=list(of_term.name.unique()),
                axis=alt.Axis(
                    title=None, labelExpr=TWO_LINES, domain=False, ticks=False, labelLimit=260,
                    labelFontSize=11.5, minExtent=220, grid=False,
                ),
            ),
            yOffset=alt.YOffset("kind:N", sort=list(scale), scale=alt.Scale(paddingOuter=0.6)),
        )  # fmt: skip
        return alt.layer(
            zero_line("x"), *estimates_with_ends(base, "kind", scale, x_scale)
        ).properties(
            width=PLOT - 170,
            height=alt.Step(10 if len(scale) > 1 else 22, **{"for": "offset"}),
            title=alt.TitleParams(label(term), fontSize=13, offset=6),
        )

    return alt.vconcat(*(panel(term) for term in terms), spacing=14)


def clipped(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[float]]:
    """Rows with `low`, `high` and `estimate`, cut to an axis that a single wild interval cannot
    stretch, and the axis. `is_cut_low` and `is_cut_high` say which end goes on."""
    # Half of the intervals decide how wide the axis may be; every estimate is on it where possible.
    reach = 3 * float(frame[["low", "high"]].abs().max(axis=1).median())
    low, high = max(-reach, min(0, frame.low.min())), min(reach, max(0, frame.high.max()))
    margin = 0.04 * (high - low) or 0.01
    return frame.assign(
        is_cut_low=frame.low < low,
        is_cut_high=frame.high > high,
        low=frame.low.clip(low, high),
        high=frame.high.clip(low, high),
        shown=frame.estimate.where(frame.estimate.between(low, high)),
    ), [low - margin, high + margin]


def estimates_with_ends(
    base: alt.Chart,
    series: str,
    scale: dict[str, tuple[str, str]],
    x_scale: alt.Scale,
) -> list[alt.Chart]:
    """Intervals, marks at the estimates, and arrow heads where an interval goes on."""
    looks = symbols(series, scale)
    intervals = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=x_scale), x2="high:Q", color=looks["color"]
    )
    points = base.mark_point(size=45).encode(
        x=alt.X(
            "shown:Q",
            scale=x_scale,
            axis=alt.Axis(title="coefficient", tickCount=5, format=",.4~g"),
        ),
        **looks,
    )
    heads = [
        base.transform_filter(f"datum.is_cut_{end}")
        .mark_point(shape=f"triangle-{'left' if end == 'low' else 'right'}", size=40)
        .encode(x=alt.X(f"{end}:Q", scale=x_scale), color=looks["color"])
        for end in ("low", "high")
    ]
    return [intervals, points, *heads]


def recognition_by_rank_bin(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 13, second form: coefficients of bins of rank, against the first."""
    return recognition_by_bin(frame, "rank_bin", "release rank", "the first")


def recognition_by_crowding(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Coefficients of bins of crowding, against entrants without a rival."""
    return recognition_by_bin(frame, "rivals", "release events of others in 30 days", "none")


def recognition_by_bin(
    frame: pd.DataFrame, column: str, title: str, against: str
) -> alt.TopLevelMixin:
    """Coefficients of the bins in `column`, by their fixed effects."""
    scale = dict(zip(sorted(frame.effects.unique()), SERIES, strict=False))
    base = alt.Chart(rows(frame)).encode(
        x=alt.X(
            f"{column}:N",
            sort=list(frame.sort_values("at_least")[column].unique()),
            axis=alt.Axis(title=title, labelAngle=0, grid=False),
        ),
        xOffset=alt.XOffset("effects:N", sort=list(scale), scale=alt.Scale(paddingOuter=0.6)),
    )
    return with_vertical_intervals(base, frame, "effects", scale, f"ln(likes), against {against}")


def likes_around_a_burst(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 18: coefficients of the weeks around a burst, the week before being the reference."""
    first, last = int(frame.week.min()), int(frame.week.max())
    weeks = {week: f"{rounded(week, 0)}" for week in range(first, last + 1)}
    weeks |= {first: f"{weeks[first]} or less", last: f"{weeks[last]} or more"}
    drawn = frame.assign(
        name=[weeks[week] for week in frame.week],
        period=["before" if week < 0 else "after" for week in frame.week],
    )
    base = alt.Chart(rows(drawn)).encode(
        x=alt.X(
            "name:N",
            sort=list(weeks.values()),
            axis=alt.Axis(
                title="weeks since the burst", labelAngle=0, grid=False,
                labelExpr="replace(datum.label, ' ', '|') == datum.label ? datum.label : "
                "split(replace(datum.label, ' ', '|'), '|')",
            ),
        )
    )  # fmt: skip
    scale = {"before": SERIES[1], "after": SERIES[0]}
    return with_vertical_intervals(base, frame, "period", scale, "ln(likes gained per interval)")


def with_vertical_intervals(
    base: alt.Chart,
    frame: pd.DataFrame,
    series: str,
    scale: dict[str, tuple[str, str]],
    title: str,
) -> alt.TopLevelMixin:
    """Points with upright 95 % intervals and a line at zero."""
    low, high = _padded(frame.interval_low.min(), frame.interval_high.max(), frame.estimate)
    y_scale = alt.Scale(domain=[low, high], nice=False)
    looks = symbols(series, scale)
    intervals = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("interval_low:Q", scale=y_scale), y2="interval_high:Q", color=looks["color"]
    )
    points = base.mark_point(size=55).encode(
        y=alt.Y("estimate:Q", scale=y_scale, axis=alt.Axis(title=title, tickCount=6)), **looks
    )
    return alt.layer(zero_line("y"), intervals, points).properties(width=PLOT, height=240)


SIGNS = {
    "below zero": ("vermilion", "square"),
    "holds zero": ("grey", "circle"),
    "above zero": ("blue", "triangle-up"),
}
"""What a 95 % interval says of the sign, and how it looks."""


def specification_curve(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 16: estimates in order, in standard errors, over the choices that each made."""
    one_each = frame.drop_duplicates("place").sort_values("place")
    ends = zip(one_each.low, one_each.high, strict=True)
    one_each = one_each.assign(
        sign=[
            "below zero" if high < 0 else "above zero" if low > 0 else "holds zero"
            for low, high in ends
        ]
    )
    n = int(frame.n_specifications.iloc[0])
    x_scale = alt.Scale(domain=[0, n + 1], nice=False)
    hidden = alt.Axis(title=None, labels=False, ticks=False, domain=False, grid=False)
    width, extent = PLOT - 130, 170
    base = alt.Chart(rows(one_each)).encode(x=alt.X("place:Q", scale=x_scale, axis=hidden))
    looks = symbols("sign", SIGNS, "95 % interval")
    curve = alt.layer(
        zero_line("y"),
        base.mark_rule(strokeWidth=1, opacity=0.5).encode(
            y=alt.Y("low:Q"), y2="high:Q", color=looks["color"]
        ),
        base.mark_point(size=14 if n > 60 else 30).encode(
            y=alt.Y(
                "height:Q",
                axis=alt.Axis(
                    title="estimate / standard error", tickCount=6, minExtent=extent, titleX=-38
                ),
            ),
            **looks,
        ),
    ).properties(width=width, height=180)
    matrix = frame.merge(one_each[["place", "sign"]], on="place")

    def panel(choice: str) -> alt.TopLevelMixin:
        made = matrix[matrix.choice == choice].sort_values(["median_height", "level"])
        return (
            alt.Chart(rows(made))
            .mark_tick(thickness=max(0.8, min(4, 0.8 * width / n)), height=9)
            .encode(
                x=alt.X("place:Q", scale=x_scale, axis=hidden),
                y=alt.Y(
                    "level:N",
                    sort=list(made.level.unique()),
                    axis=alt.Axis(
                        title=None, domain=False, ticks=False, grid=True, labelLimit=extent,
                        minExtent=extent, labelFontSize=11,
                    ),
                ),
                color=alt.Color("sign:N", scale=hues(SIGNS), legend=None),
            )
            .properties(
                width=width,
                height=alt.Step(14),
                title=alt.TitleParams(choice, fontSize=11.5, offset=2, color=colour("muted")),
            )
        )  # fmt: skip

    choices = list(matrix.choice.unique())
    return alt.vconcat(curve, *(panel(choice) for choice in choices), spacing=4)


def calibration(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Where the real estimate lies among those of worlds without effect, one panel per term."""
    scale = {
        "95 % of draws, and their mean": ("grey", "circle"),
        "real estimate": ("vermilion", "diamond"),
    }
    draws, real = scale
    names = [f"{row.specification_id}  {row.world.replace('_', ' ')}" for row in frame.itertuples()]
    drawn = frame.assign(name=names)
    long = pd.concat(
        [
            drawn.assign(
                kind=draws, low=frame.null_low, high=frame.null_high, estimate=frame.mean_estimate
            ),
            drawn.assign(
                kind=real,
                low=frame.real_estimate,
                high=frame.real_estimate,
                estimate=frame.real_estimate,
            ),
        ]
    ).dropna(subset=["estimate", "low", "high"])
    terms = list(frame.term.unique())

    def panel(term: str) -> alt.TopLevelMixin:
        of_term = long[long.term == term]
        data, domain = clipped(of_term)
        x_scale = alt.Scale(domain=domain, nice=False)
        base = alt.Chart(rows(data)).encode(
            y=alt.Y(
                "name:N",
                sort=list(of_term.name.unique()),
                axis=alt.Axis(
                    title=None, domain=False, ticks=False, grid=True, labelLimit=210, minExtent=170
                ),
            )
        )
        truth = (
            alt.Chart(rows(data))
            .mark_tick(thickness=2, color=colour("ink"), height=11)
            .encode(
                x=alt.X("truth:Q", scale=x_scale),
                y=alt.Y("name:N", sort=list(of_term.name.unique())),
            )
        )
        return alt.layer(
            zero_line("x"), truth, *estimates_with_ends(base, "kind", scale, x_scale)
        ).properties(
            width=PLOT - 120,
            height=alt.Step(16),
            title=alt.TitleParams(label(term), fontSize=13, offset=6),
        )

    return alt.vconcat(*(panel(term) for term in terms), spacing=14)


def _padded(low: float, high: float, means: pd.Series) -> tuple[float, float]:
    """An axis that holds zero, every mean and every interval, and a little more."""
    ends = [end for end in (low, high, means.min(), means.max(), 0.0) if pd.notna(end)]
    margin = max(0.01, 0.05 * (max(ends) - min(ends)))
    return min(ends) - margin, max(ends) + margin


def _faint_below(n: int) -> alt.Color:
    """Digits of counts that are too few to say much stand back."""
    return (
        alt.when(f"datum.n < {n}")
        .then(alt.value(colour("muted")))
        .otherwise(alt.value(colour("ink")))
    )
