"""Charts of undeclared parents: how much evidence finds, and how gaps change the index."""

import altair as alt
import pandas as pd

from analysis.figures.charts.marks import PLOT, dots, named_rows, rows, symbols
from analysis.figures.theme import colour
from analysis.figures.wording import number

MEASURES = {
    "recall": "recall: of derived models, those with a true parent found",
    "precision": "precision: of edges, those that are true",
}

LOOKS = {"as landed": ("grey", "diamond"), "random": ("blue", "circle"),
         "labelled": ("vermilion", "square"), "candidates": ("green", "triangle-up")}  # fmt: skip
"""The lineage as it is and the scenarios of `analysis missing-edges`: colour and shape."""


def evidence_by_phase(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """A panel for recall and one for precision, a row per phase or set of phases."""
    phases = list(dict.fromkeys(frame.phases))
    scale = dict.fromkeys(phases, ("blue", "circle"))
    measures = [one for one in MEASURES if one in set(frame.measure)]

    def panel(measure: str) -> alt.TopLevelMixin:
        of_measure = frame[frame.measure == measure].assign(series=lambda shown: shown.phases)
        is_last = measure == measures[-1]
        x = alt.X(
            "value:Q",
            scale=alt.Scale(domain=[0, 1], nice=False),
            axis=alt.Axis(
                title="share" if is_last else None, format="%", tickCount=5,
                labels=is_last, ticks=is_last,
            ),
        )  # fmt: skip
        return alt.layer(*dots(of_measure, scale, x, extent=120)).properties(
            width=PLOT - 110,
            height=alt.Step(18),
            title=alt.TitleParams(MEASURES[measure], fontSize=12, offset=2, dy=2),
        )

    return alt.vconcat(*(panel(one) for one in measures), spacing=8)


def index_under_missing_edges(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """A panel per window: the share as landed, and the share in each scenario."""
    windows = list(dict.fromkeys(frame.window_name))
    scale = {name: look for name, look in LOOKS.items()
             if name in {"as landed", *frame.scenario}}  # fmt: skip
    landed = frame.drop_duplicates("window_name").assign(
        scenario="as landed", value=lambda one: one.observed, low=None, high=None
    )
    drawn = pd.concat([landed, frame.astype({"low": object, "high": object})], ignore_index=True)
    top = float(frame[["observed", "value", "high"]].max(axis=None))
    x_scale = alt.Scale(domain=[0, max(0.01, min(1.0, 1.1 * top))], nice=False)

    def panel(window: str) -> alt.TopLevelMixin:
        is_last = window == windows[-1]
        of_window = drawn[drawn.window_name == window]
        n = number(int(of_window.n_observed.iloc[0]))
        looks = {name: one.legend(None) for name, one in symbols("scenario", scale).items()}
        base = alt.Chart(rows(of_window)).encode(y=named_rows(scale, "scenario", extent=76))
        x = alt.X(
            "value:Q",
            scale=x_scale,
            axis=alt.Axis(
                title="disruptive, share of defined" if is_last else None, format=".1~%",
                tickCount=5, labels=is_last, ticks=is_last,
            ),
        )  # fmt: skip
        observed = (
            alt.Chart(alt.InlineData(values=[{"at": float(of_window.observed.iloc[0])}]))
            .mark_rule(color=colour("muted"), strokeDash=[4, 3])
            .encode(x=alt.X("at:Q", scale=x_scale))
        )
        intervals = base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", scale=x_scale), x2="high:Q", color=looks["color"]
        )
        points = base.mark_point(size=50).encode(x=x, **looks)
        name = "no end" if window == "all" else f"{window.removesuffix('d')} days"
        return alt.layer(observed, intervals, points).properties(
            width=PLOT - 60,
            height=alt.Step(17),
            title=alt.TitleParams(f"{name}: {n} focals", fontSize=12, offset=2, dy=2),
        )

    return alt.vconcat(*(panel(window) for window in windows), spacing=6)
