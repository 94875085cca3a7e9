"""Parts that charts share: rows as data, colours with shapes, a line at zero, axes that fit."""

import json
from collections.abc import Iterable

import altair as alt
import pandas as pd

from analysis.figures.theme import colour
from analysis.figures.wording import number, shortened

PLOT = 400
"""The width of a plot beside an axis with short labels."""


TWO_LINES = "split(datum.label, '|')"


def rows(frame: pd.DataFrame) -> alt.InlineData:
    """Rows as a chart's data, with null for missing values and dates as text."""
    plain = frame.copy()
    for column in plain.select_dtypes("datetime"):
        plain[column] = plain[column].dt.strftime("%Y-%m-%d")
    plain = plain.astype(object).where(plain.notna(), None)
    # As one text, since Altair would copy and check a list row by row, many times over.
    values = json.dumps(plain.to_dict("records"), ensure_ascii=False)
    return alt.InlineData(values=values, format=alt.JsonDataFormat(type="json"))


def symbols(series: str, scale: dict[str, tuple[str, str]], title: str | None = None) -> dict:
    """Encodings that give each series its colour and shape, in one legend."""
    legend = alt.Legend(title=title, symbolOpacity=1)
    shapes = alt.Scale(domain=list(scale), range=[shape for _, shape in scale.values()])
    return {
        "color": alt.Color(f"{series}:N", scale=hues(scale), legend=legend),
        "shape": alt.Shape(f"{series}:N", scale=shapes, legend=legend),
    }


def hues(scale: dict[str, tuple[str, str]]) -> alt.Scale:
    """The scale of colours of series that have a colour and a shape."""
    return alt.Scale(domain=list(scale), range=[colour(name) for name, _ in scale.values()])


def named_rows(names: Iterable[str], column: str = "series", extent: int = 0) -> alt.Y:
    """The axis of a chart with a named row per item, in order; `extent`: room for the longest name.

    The numbers that `told_apart` puts before names are not shown.
    """
    axis = alt.Axis(
        title=None, domain=False, ticks=False, grid=False, labelLimit=220, labelPadding=7,
        labelExpr=f"slice(datum.label, indexof(datum.label, '{AFTER_NUMBER}') + 1)",
        **({"minExtent": extent} if extent else {}),
    )  # fmt: skip
    return alt.Y(f"{column}:N", sort=list(names), axis=axis)


AFTER_NUMBER = "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"


def told_apart(ids: Iterable[str]) -> list[str]:
    """Ids shortened to one line, and numbered so that they differ even if shortened alike."""
    return [f"{place}{AFTER_NUMBER}{shortened(str(one), 30)}" for place, one in enumerate(ids)]


def dots(
    frame: pd.DataFrame, scale: dict[str, tuple[str, str]], x: alt.X, extent: int = 0
) -> list[alt.Chart]:
    """A row per `series`: its value with its interval, and its number of observations."""
    drawn = frame.assign(count=[number(int(n)) for n in frame.n])
    base = alt.Chart(rows(drawn)).encode(y=named_rows(scale, extent=extent))
    looks = {name: one.legend(None) for name, one in symbols("series", scale).items()}
    intervals = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=x["scale"]), x2="high:Q", color=looks["color"]
    )
    points = base.mark_point(size=50).encode(x=x, **looks)
    counts = base.mark_text(align="left", dx=6, fontSize=11).encode(
        x=alt.value("width"), text="count:N", color=faint_below(30)
    )
    return [intervals, points, counts]


def zero_line(axis: str, at: float = 0) -> alt.Chart:
    """A dashed line at a value of one axis."""
    line = alt.Chart(alt.InlineData(values=[{"at": at}])).mark_rule(
        color=colour("muted"), strokeDash=[4, 3]
    )
    return line.encode(**{axis: alt.datum(at)})


def padded(low: float, high: float, means: pd.Series) -> tuple[float, float]:
    """The ends of an axis that covers zero, every mean and every interval, with a margin."""
    ends = [end for end in (low, high, means.min(), means.max(), 0.0) if pd.notna(end)]
    margin = max(0.01, 0.05 * (max(ends) - min(ends)))
    return min(ends) - margin, max(ends) + margin


def faint_below(n: int) -> alt.Color:
    """A colour of text that is faint for counts too small to say much."""
    return (
        alt.when(f"datum.n < {n}")
        .then(alt.value(colour("muted")))
        .otherwise(alt.value(colour("ink")))
    )


def clipped(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[float]]:
    """Cut the intervals of rows to an axis that no single wide interval can stretch.

    Returns the rows with `low` and `high` cut, `shown` (the estimate if it is on the axis),
    `is_cut_low` and `is_cut_high`, and the two ends of the axis.
    """
    # The median interval determines how wide the axis may be.
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
    """Intervals, marks at the estimates, and arrow heads where an interval is cut off."""
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
