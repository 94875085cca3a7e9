"""Charts of one family: its tree over time, its growth, its relations, its release ranks."""

import json
import math

import altair as alt
import pandas as pd

from analysis.figures.charts.marks import (
    PLOT,
    hues,
    rows,
)
from analysis.figures.theme import RELATIONS, colour
from analysis.figures.wording import number, percent, shortened

YOUNG_DAYS = 90


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
    return alt.layer(line, dot, count).properties(width=PLOT - 20, height=180)


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
    return alt.layer(bars, counts).properties(width=PLOT - 50, height=alt.Step(26))


def family_release_ranks(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 13 for one base: mean ln(1 + likes) by rank of release, N below each bin.

    Bins of mostly young entrants are hollow and shaded: these have had no time to gain likes.
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
    return alt.layer(shade, intervals, points, young, counts).properties(
        width=PLOT - 20, height=190
    )


def family_tree(frame: pd.DataFrame) -> alt.TopLevelMixin:
    """Figure 19: the models with most descendants, by weeks since the base.

    Lines join each model to its parent, dashed ones to its further parents, if any.
    """
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
        is_labelled = row.distance == 0 or row.n_descendants > 0
        text = str(row.model_id) if row.distance == 0 else str(row.owner or row.model_id)
        labels.append(shortened(text, 26) if is_labelled else "")
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
    drops = children.mark_rule(color=colour("muted"), opacity=0.55, strokeWidth=0.8).encode(
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
    # An outline in the page's colour keeps stems from striking through the labels.
    labels = [
        base.transform_filter(f"{'' if is_left else '!'}datum.is_left")
        .mark_text(
            align="right" if is_left else "left", dx=-8 if is_left else 8, fontSize=10.5, **behind
        )
        .encode(x=x, y=y, text="label:N")
        for is_left in (False, True)
        for behind in ({"stroke": colour("page"), "strokeWidth": 3}, {})
    ]
    lines = [drops, stems, others] if len(dashes) else [drops, stems]
    return alt.layer(*lines, points, *labels).properties(
        width=PLOT + 40, height=max(80, 11 * len(placed))
    )


def further_parents(placed: pd.DataFrame) -> pd.DataFrame:
    """A row per child and further parent: `from_weeks` and `from_row` to `weeks` and `row`."""
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
    """The rows with their place, `row`: each model below its parent, above its next sibling.

    Children are in order of release. A model whose parent is not drawn is put below the base.
    """
    base = frame[frame.distance == 0].model_id.iloc[0]
    drawn = set(frame.model_id)
    children: dict[str, list[str]] = {}
    dated = frame.sort_values(["weeks", "model_id"], na_position="first")
    for row in dated.itertuples():
        if row.model_id != base:
            children.setdefault(row.via if row.via in drawn else base, []).append(row.model_id)
    order: list[str] = []
    waiting = [base]
    while waiting:
        model_id = waiting.pop()
        order.append(model_id)
        waiting.extend(reversed(children.get(model_id, ())))
    # Models that a cycle makes unreachable come last.
    order += [one for one in dated.model_id if one not in set(order)]
    row_of = {model_id: place for place, model_id in enumerate(order)}
    via = [parent if parent in drawn else base for parent in frame.via]
    placed = frame.assign(row=frame.model_id.map(row_of), via=via)
    placed.loc[placed.model_id == base, "via"] = None
    return placed.sort_values("row")
