"""Charts of likes: by age, by order of release, by crowding."""

import itertools

import altair as alt
import pandas as pd

from analysis.figures.charts.marks import (
    PLOT,
    rows,
)
from analysis.figures.theme import SERIES, colour
from analysis.figures.wording import number, rounded


def growth_of_the_largest_family(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Likes by week of age: the median of the family's models, and the middle half of them."""
    base = alt.Chart(rows(frame.dropna(subset="median_likes"))).encode(
        x=alt.X("age_weeks:Q", axis=alt.Axis(title="age (weeks)", tickMinStep=1))
    )
    # Likes are counts of very different sizes, some of them zero.
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
        # Digits are light on the two darkest colours.
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
