"""Charts of what children inherit, which bases gain, and how many models descend from one."""

import altair as alt
import pandas as pd

from analysis.figures.charts.marks import PLOT, dots, named_rows, rows, symbols, told_apart
from analysis.figures.theme import RELATIONS, SERIES, colour
from analysis.figures.wording import number

TRAITS = {
    "task": "task",
    "language": "language (mean distance of sets)",
    "license": "licence",
    "size_class": "size class",
    "architecture": "architecture",
}
"""The traits of the mart trait_drift, and the titles of their panels."""

COURSES = {
    "gaining": ("blue", "triangle-up"),
    "losing": ("vermilion", "triangle-down"),
    "neither for certain": ("grey", "circle"),
}
"""Whether a base clearly gains or loses: colour and shape."""

EVENTS = {"deleted": "vermilion", "relicensed": "blue"}


def trait_drift(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Rates by relation, a panel per trait, published ones as hollow diamonds in their row."""
    known = frame[frame.value.notna()]
    scale = {name: look for name, look in RELATIONS.items() if name in set(known.relation)}
    traits = [trait for trait in TRAITS if trait in set(known.trait)]

    def panel(trait: str) -> alt.TopLevelMixin:
        is_last = trait == traits[-1]
        x = alt.X(
            "value:Q",
            scale=alt.Scale(domain=[0, 1], nice=False),
            axis=alt.Axis(
                title="edges that differ" if is_last else None,
                labels=is_last, ticks=is_last, format="%", tickCount=5,
            ),
        )  # fmt: skip
        of_trait = known[known.trait == trait].assign(series=lambda shown: shown.relation)
        published = (
            alt.Chart(rows(of_trait.dropna(subset="published")))
            .mark_point(shape="diamond", size=90, filled=False, strokeWidth=2, color=colour("ink"))
            .encode(y=named_rows(scale), x=alt.X("published:Q", scale=x["scale"]))
        )
        return alt.layer(*dots(of_trait, scale, x), published).properties(
            width=PLOT - 60,
            height=alt.Step(17),
            title=alt.TitleParams(TRAITS[trait], fontSize=12, offset=2, dy=2),
        )

    return alt.vconcat(*(panel(trait) for trait in traits), spacing=6)


def base_momentum(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """A ratio of shares with its interval per base, on a logarithmic axis."""
    drawn = frame.assign(series=told_apart(frame.parent_id))
    # A base without any recent child has a far longer interval than all others.
    ends = [float(one) for one in (*frame.low.clip(lower=0.005), *frame.high.clip(upper=200), 1)]
    domain = [min(ends) / 1.2, max(ends) * 1.2]
    steps = (0.2, 0.5, 1, 2, 5) if domain[1] < 50 * domain[0] else (0.01, 0.1, 1, 10, 100)
    drawn = drawn.assign(
        low=drawn.low.clip(lower=domain[0]),
        high=drawn.high.clip(upper=domain[1]),
        shown=drawn.ratio.where(drawn.ratio.between(*domain)),
        told=[
            f"{number(int(before))}, then {number(int(now))}"
            for before, now in zip(frame.n_before, frame.n_now, strict=True)
        ],
    )
    scale = alt.Scale(type="log", domain=domain, nice=False)
    base = alt.Chart(rows(drawn)).encode(y=named_rows(drawn.series, extent=150))
    looks = symbols("course", COURSES)
    level = (
        alt.Chart(alt.InlineData(values=[{"at": 1}]))
        .mark_rule(color=colour("muted"), strokeDash=[4, 3])
        .encode(x=alt.X("at:Q", scale=scale))
    )
    intervals = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale), x2="high:Q", color=looks["color"]
    )
    points = base.mark_point(size=60).encode(
        x=alt.X(
            "shown:Q",
            scale=scale,
            axis=alt.Axis(
                title="share of new children over that of before",
                values=[one for one in steps if domain[0] <= one <= domain[1]],
                format="~g",
            ),
        ),
        **looks,
    )  # fmt: skip
    counts = base.mark_text(align="left", dx=4, fontSize=11).encode(
        x=alt.value(PLOT - 130), text="told:N"
    )
    return alt.layer(level, intervals, points, counts).properties(
        width=PLOT - 130, height=alt.Step(22)
    )


def time_to_quantization(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Kaplan-Meier shares of bases with their 1st, 10th and 100th quantization by age."""
    names = {1: "first", 10: "tenth", 100: "hundredth"}
    drawn = frame.assign(
        order=[f"{names[int(one)]} quantization" for one in frame.quantization_number]
    ).dropna(subset="value")
    drawn = drawn[drawn.groupby("order").n_reached.transform("max") > 0]
    scale = dict(zip(dict.fromkeys(drawn.order), SERIES, strict=False))
    last = float(drawn.age.max())
    x = alt.X(
        "age:Q",
        scale=alt.Scale(type="sqrt", domain=[0, last], nice=False),
        axis=alt.Axis(
            title="days since the base's release (square root)",
            values=[one for one in (1, 7, 30, 90, 180, 365) if one <= last],
        ),
    )
    highest = float(min(1, 1.05 * drawn[["high", "value"]].max(axis=None)))
    y_scale = alt.Scale(domain=[0, max(0.05, highest)], nice=False)
    looks = symbols("order", scale)
    base = alt.Chart(rows(drawn)).encode(x=x)
    intervals = base.mark_rule(strokeWidth=2, opacity=0.5).encode(
        y=alt.Y("low:Q", scale=y_scale), y2="high:Q", color=looks["color"]
    )
    y = alt.Y(
        "value:Q", scale=y_scale, axis=alt.Axis(format="%", title="bases that have it", tickCount=5)
    )
    line = base.mark_line(strokeWidth=1).encode(y=y, color=looks["color"])
    points = base.mark_point(size=40).encode(y=y, **looks)
    return alt.layer(intervals, line, points).properties(width=PLOT, height=230)


def blast_radius(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """The descendants of deleted or relicensed models, with the number beside each bar."""
    drawn = frame.assign(
        name=told_apart(frame.model_id),
        count=[number(int(one)) for one in frame.n_descendants],
    )
    base = alt.Chart(rows(drawn)).encode(y=named_rows(drawn.name, "name", extent=150))
    widest = max(1, int(frame.n_descendants.max()))
    x = alt.X(
        "n_descendants:Q",
        scale=alt.Scale(domain=[0, widest * 1.2], nice=False),
        axis=alt.Axis(title="models below", tickCount=4, format=",d", tickMinStep=1, grid=False),
    )
    bars = base.mark_bar(height=13).encode(
        x=x,
        x2=alt.datum(0),
        color=alt.Color(
            "event:N",
            scale=alt.Scale(domain=list(EVENTS), range=[colour(one) for one in EVENTS.values()]),
            legend=alt.Legend(title=None, symbolType="square", symbolStrokeWidth=0),
        ),
    )
    counts = base.mark_text(align="left", dx=5, fontSize=11.5).encode(x=x, text="count:N")
    return alt.layer(bars, counts).properties(width=PLOT - 100, height=alt.Step(22))
