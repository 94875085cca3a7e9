"""Tables of designs and further studies: balance, survival, contrasts, curves, missing edges."""

from collections.abc import Sequence

from analysis.figures.wording import MINUS, interval, label, number, percent, rounded
from analysis.studies.printed.cells import Row, bracketed, distinct, snapshot_note
from analysis.studies.printed.table_formats import Table


def balance_tables(balance: Sequence[Row]) -> list[Table]:
    """Standardised differences between the compared groups, before and after each design."""
    return [
        Table(
            name="balance",
            title="Balance of the designs",
            stub="variable",
            columns=(
                "difference before", "difference after", "N, group 1", "N, group 0",
                "effective N, group 1", "effective N, group 0",
            ),
            groups=tuple(
                (
                    f"{specification_id}: {design}",
                    tuple(
                        (
                            label(str(row["variable"])),
                            number(row["standardised_difference_before"]),
                            number(row["standardised_difference_after"]),
                            number(row["n_one"]),
                            number(row["n_zero"]),
                            number(row["effective_size_one"], 1),
                            number(row["effective_size_zero"], 1),
                        )
                        for row in balance
                        if (row["specification_id"], row["design"]) == (specification_id, design)
                    ),
                )
                for specification_id, design in distinct(
                    (row["specification_id"], row["design"]) for row in balance
                )
            ),
            notes=(
                "Differences of means, group 1 less group 0, in standard deviations before the "
                "design. Effective N is Kish's: (sum of weights)² / sum of squared weights.",
            ),
        )
    ]  # fmt: skip


def survival_tables(survival: Sequence[Row]) -> list[Table]:
    """The share still waiting after so many days, by relation."""
    return [
        Table(
            name="survival",
            title="Models for which the event has not come, by Kaplan and Meier",
            stub="days",
            columns=("share", "95 % interval", "at risk", "events", "N", "families", "median days"),
            groups=tuple(
                (
                    f"{specification_id}: {relation}",
                    tuple(
                        (
                            number(row["days"]),
                            percent(row["survival"]),
                            interval(row["interval_low"], row["interval_high"]),
                            *(number(row[name]) for name in ("n_at_risk", "n_events", "n")),
                            number(row["n_clusters"]),
                            number(row["median_days"]),
                        )
                        for row in survival
                        if (row["specification_id"], row["relation"])
                        == (specification_id, relation)
                    ),
                )
                for specification_id, relation in distinct(
                    (row["specification_id"], row["relation"]) for row in survival
                )
            ),
            notes=(
                "Who was followed for less long leaves the share when the snapshot cuts the time. "
                "Intervals by log(-log) with errors clustered by family; none where the share is 0 "
                "or 1. No median: more than half still wait.",
                *snapshot_note(survival),
            ),
        )
    ]


def contrast_tables(contrasts: Sequence[Row]) -> list[Table]:
    """Outcomes at the 90th percentile of a predictor less those at the 10th."""
    return [
        Table(
            name="contrasts",
            title="Potential and competition: contrasts in units of the outcome",
            stub="specification, term",
            columns=(
                "unit", "from", "to", "contrast", "95 % interval", "in standard deviations",
                "draws", "N", "clusters or groups",
            ),
            groups=tuple(
                (
                    str(errors),
                    tuple(contrast_row(row) for row in contrasts if row["errors"] == errors),
                )
                for errors in distinct(row["errors"] for row in contrasts)
            ),
            notes=(
                "From the 10th to the 90th percentile of the predictor: of potential over bases, "
                "each once; of crowding over entrants; of a race from none to one. Potential is a "
                "predicted percentile, and its rank another predictor of another spread: compare "
                "contrasts, not slopes. Of an interaction, the contrast of those who race less the "
                "others'.",
                "Owners drawn: groups of base owners are drawn with replacement, potential is "
                "learned from their models and the second regression taken on their entrants in "
                "each draw; the interval lies around the estimate by the spread of the draws.",
            ),
        )
    ]  # fmt: skip


def contrast_row(row: Row) -> tuple[str, ...]:
    """The row of a contrast."""
    return (
        f"{row['specification_id']}, {label(str(row['term']))}",
        str(row["unit"]),
        number(row["predictor_low"]),
        number(row["predictor_high"]),
        number(row["contrast"]),
        interval(row["contrast_low"], row["contrast_high"]),
        number(row["in_standard_deviations"]),
        number(row["draws"]),
        number(row["n"]),
        number(row["n_clusters"]),
    )


def hill_stein_tables(rows: Sequence[Row]) -> list[Table]:
    """Hill and Stein's printed results beside ours, a group per equation."""
    return [
        Table(
            name="hill_stein",
            title="Hill and Stein's results, and what stands beside them here",
            stub="outcome",
            columns=(
                "theirs", "unit", "N", "their contrast", "ours", "estimate", "error of draws", "N",
                "our contrast", "unit", "in standard deviations", "what differs",
            ),
            groups=tuple(
                (
                    str(equation),
                    tuple(hill_stein_row(row) for row in rows if row["equation"] == equation),
                )
                for equation in distinct(row["equation"] for row in rows)
            ),
            notes=(
                "Theirs: Hill and Stein, Race to the Bottom, QJE 140(2), 2025; standard errors in "
                "brackets, robust to heteroskedasticity. Ours: clustered by base, because all "
                "entrants of a base share its potential; error of draws as in the table of "
                "contrasts. Year effects there, month effects and the relation here.",
                "Contrast: from the 10th to the 90th percentile of potential, 31 to 63 there, here "
                "as the table of contrasts says, with the interval of draws where there is one.",
                "X is the size of the molecule there, ln(parameters) here, each with its square. "
                "Equation (8) is for discussion alone: whether potential moves the outcome by "
                "competition only is doubted by its authors too.",
            ),
            is_numeric=False,
        )
    ]  # fmt: skip


def hill_stein_row(row: Row) -> tuple[str, ...]:
    """The row of one of their results beside ours."""
    theirs = [f"{row[name]:g}" for name in ("their_estimate", "their_standard_error") if row[name]]
    estimate = f"{number(row['our_estimate'])} {bracketed(row['our_standard_error'])}".strip()
    contrast = number(row["our_contrast"])
    ends = interval(row["our_contrast_low"], row["our_contrast_high"])
    return (
        str(row["of"]),
        " ".join([theirs[0].replace("-", MINUS), *(f"({error})" for error in theirs[1:])]),
        str(row["their_unit"]),
        number(row["their_n"]),
        number(row["their_contrast"]),
        str(row["our_equation"] or "none"),
        estimate or str(row["reason"] or ""),
        number(row["our_bootstrap_standard_error"]),
        number(row["our_n"]),
        f"{contrast} {ends}".strip(),
        str(row["our_unit"] or ""),
        number(row["our_contrast_in_standard_deviations"]),
        str(row["differs"]),
    )


def prominence_tables(prominence: Sequence[Row]) -> list[Table]:
    """What each measure of prominence takes away from rank and crowding."""
    return [
        Table(
            name="prominence",
            title="What measures of prominence at entry take away",
            stub="measure",
            columns=(
                "without any", "with all", "takes away", "95 % interval", "N", "clusters",
                "why not",
            ),
            groups=tuple(
                (
                    f"{specification_id}: {label(term)}",
                    tuple(
                        (
                            "all together" if row["proxy"] == "all" else label(row["proxy"]),
                            number(row.get("estimate_without")),
                            number(row.get("estimate_with")),
                            number(row.get("takes_away")),
                            interval(row.get("interval_low"), row.get("interval_high")),
                            number(row.get("n_used")),
                            number(row.get("n_clusters")),
                            row["reason"],
                        )
                        for row in prominence
                        if (row["specification_id"], row["term"]) == (specification_id, term)
                    ),
                )
                for specification_id, term in distinct(
                    (row["specification_id"], row["term"]) for row in prominence
                )
            ),
            notes=(
                "Coefficients without any measure of prominence and with all of the "
                "specification's, on the same rows. What each takes away adds up to the "
                "difference, in whatever order they are added (Gelbach 2016; for a Poisson with "
                "weights that make the sum exact).",
                "A part of the coefficient's own sign says how much of it is prominence; one of "
                "the other sign, how much prominence hid. Errors clustered by base, weights taken "
                "as given.",
                "Derivatives elsewhere leave out what is built on the base itself: that is the "
                "race, which rank and crowding count.",
            ),
        )
    ]  # fmt: skip


def curve_inference_tables(inference: Sequence[Row]) -> list[Table]:
    """The joint tests of the specification curves."""
    tested = [row for row in inference if row.get("statistic")]
    notes = (
        "Estimates in standard deviations of their own permutations, other terms held fixed. Each "
        "chance curve deals out anew, at once for all combinations: "
        + "; ".join(distinct(f"{row['curve']}, {row['dealt_out']}" for row in inference)) + ".",
        "p is two-sided for the median, one-sided for the shares, and exact for \"within a cell it "
        "means nothing who has which\" (Simonsohn, Simmons and Nelson 2020). Estimates that are "
        "much alike have one sign by chance too, so that the share of one sign says little alone.",
    )  # fmt: skip
    untested = tuple(
        " ".join(filter(None, ["Not tested:", row["curve"], row.get("term")]))
        + f": {row['reason']}."
        for row in inference
        if not row.get("statistic")
    )
    return [
        Table(
            name="curve_inference",
            title="The specification curves as a whole, against chance",
            stub="statistic",
            columns=(
                "observed", "median by chance", "95 % by chance", "p", "combinations", "undefined",
                "draws", "rows that move",
            ),
            groups=tuple(
                (
                    f"{curve}: {term}",
                    tuple(
                        (
                            row["statistic"],
                            number(row["observed"]),
                            number(row["chance_median"]),
                            interval(row["chance_low"], row["chance_high"]),
                            number(row["p_value"]),
                            number(row["n_combinations"]),
                            number(row["n_undefined"]),
                            number(row["n_draws"]),
                            number(row["n_movable"]),
                        )
                        for row in tested
                        if (row["curve"], row["term"]) == (curve, term)
                    ),
                )
                for curve, term in distinct((row["curve"], row["term"]) for row in tested)
            ),
            notes=(*notes, *untested, *snapshot_note(inference)),
        )
    ]  # fmt: skip


def missing_edges_tables(measures: Sequence[Row]) -> list[Table]:
    """The share of disruptive models and the ranking, with intervals under missing edges."""
    cells = {
        (row["form"], row["window_name"], row["measure"], row["scenario"]): row for row in measures
    }
    scenarios = distinct(row["scenario"] for row in measures)

    def line(form: str, window: str) -> tuple[str, ...]:
        shares = [cells[form, window, "share_disruptive", scenario] for scenario in scenarios]
        kept = [cells[form, window, "top_100_kept", scenario] for scenario in scenarios]
        return (
            window,
            number(shares[0]["n_observed"]),
            percent(shares[0]["observed"]),
            *(interval_of_draws(row) for row in shares),
            *(interval_of_draws(row) for row in kept),
        )

    return [
        Table(
            name="missing_edges",
            title="Disruptive models and their ranking under missing edges",
            stub="window",
            columns=(
                "focals", "disruptive, %",
                *(f"disruptive, {scenario}" for scenario in scenarios),
                *(f"first 100 kept, {scenario}" for scenario in scenarios),
            ),
            groups=tuple(
                (
                    label(form),
                    tuple(
                        line(form, window)
                        for window in distinct(
                            row["window_name"] for row in measures if row["form"] == form
                        )
                    ),
                )
                for form in distinct(row["form"] for row in measures)
            ),
            notes=(
                "Intervals in per cent hold 95 % of the draws. Random: each edge is hidden as "
                "often as labelled models declare no parent; labelled: children hide all their "
                "edges, by their relation; candidates: models without a parent take their best "
                "candidate as often as its score says. The lineage that is drawn from lacks edges "
                "already.",
                *snapshot_note(measures),
            ),
        )
    ]  # fmt: skip


def missing_edges_estimates_tables(estimates: Sequence[Row]) -> list[Table]:
    """The regressions of the index, with intervals under missing edges."""
    cells = {(row["specification_id"], row["term"], row["scenario"]): row for row in estimates}
    scenarios = distinct(row["scenario"] for row in estimates)
    groups = []
    for specification in distinct(row["specification_id"] for row in estimates):
        terms = distinct(
            row["term"] for row in estimates if row["specification_id"] == specification
        )
        lines = []
        for term in terms:
            found = [cells[specification, term, scenario] for scenario in scenarios]
            lines.append(
                (
                    label(term),
                    number(found[0]["observed"]),
                    *(interval(row["low"], row["high"]) for row in found),
                )
            )
        groups.append((specification, tuple(lines)))
    return [
        Table(
            name="missing_edges_estimates",
            title="Regressions of the index under missing edges",
            stub="term",
            columns=("estimate", *scenarios),
            groups=tuple(groups),
            notes=(
                "Square brackets hold 95 % of the draws' estimates, and tell nothing of the error "
                "of each.",
                *snapshot_note(estimates),
            ),
        )
    ]


def interval_of_draws(row: Row) -> str:
    """The interval of a share over draws, in per cent; empty if nothing was counted."""
    if row["low"] is None:
        return ""
    return f"[{rounded(100 * row['low'], 1)}, {rounded(100 * row['high'], 1)}]"
