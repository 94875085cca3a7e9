"""What charts share: rows as data, colour with shape, a line at zero, axes that hold everything."""

import json
from collections.abc import Iterable

import altair as alt
import pandas as pd

from analysis.figures.theme import colour
from analysis.figures.wording import number, shortened

PLOT = 400
"""Width of a plot beside an axis with short labels."""


TWO_LINES = "split(datum.label, '|')"


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


def named_rows(names: Iterable[str], column: str = "series", extent: int = 0) -> alt.Y:
    """The axis of a chart whose rows bear names, in their order; `extent`: room for the longest.

    Of names that `told_apart` has numbered the number is not shown.
    """
    axis = alt.Axis(
        title=None, domain=False, ticks=False, grid=False, labelLimit=220, labelPadding=7,
        labelExpr=f"slice(datum.label, indexof(datum.label, '{AFTER_NUMBER}') + 1)",
        **({"minExtent": extent} if extent else {}),
    )  # fmt: skip
    return alt.Y(f"{column}:N", sort=list(names), axis=axis)


AFTER_NUMBER = "\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}"


def told_apart(ids: Iterable[str]) -> list[str]:
    """Ids on one line that fits, which stay apart where two are shortened to the same text."""
    return [f"{place}{AFTER_NUMBER}{shortened(str(one), 30)}" for place, one in enumerate(ids)]


def dots(
    frame: pd.DataFrame, scale: dict[str, tuple[str, str]], x: alt.X, extent: int = 0
) -> list[alt.Chart]:
    """A row per `series`: its value with its interval, and how many it rests on at the right."""
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
    """An axis that holds zero, every mean and every interval, and a little more."""
    ends = [end for end in (low, high, means.min(), means.max(), 0.0) if pd.notna(end)]
    margin = max(0.01, 0.05 * (max(ends) - min(ends)))
    return min(ends) - margin, max(ends) + margin


def faint_below(n: int) -> alt.Color:
    """Digits of counts that are too few to say much stand back."""
    return (
        alt.when(f"datum.n < {n}")
        .then(alt.value(colour("muted")))
        .otherwise(alt.value(colour("ink")))
    )


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
