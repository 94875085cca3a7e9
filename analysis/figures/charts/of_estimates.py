"""Charts of the studies' results: coefficients, specification curves, calibration."""

import altair as alt
import pandas as pd

from analysis.figures.charts.marks import (
    PLOT,
    TWO_LINES,
    clipped,
    estimates_with_ends,
    hues,
    padded,
    rows,
    symbols,
    zero_line,
)
from analysis.figures.theme import SERIES, colour
from analysis.figures.wording import label, number, parts, rounded


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
    low, high = padded(frame.interval_low.min(), frame.interval_high.max(), frame.estimate)
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
"""What a 95 % interval says about the sign, with its colour and shape."""


def specification_curve(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 16: estimates in order, in standard errors, above the choices behind each."""
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
    """The real estimate among those of worlds without an effect, one panel per term."""
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
