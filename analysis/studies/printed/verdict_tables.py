"""Tables of claims with their verdicts, and of how often estimates and verdicts are right."""

from collections.abc import Sequence

from analysis.figures.wording import interval, label, number, percent
from analysis.studies.printed.cells import STUDIES, Row, bracketed, distinct, snapshot_note
from analysis.studies.printed.table_formats import Table

DRAWN_ANEW = "Families, dates, owners and controls are the real ones; outcomes are drawn anew"
"""What a world is in which the truth is known, for the notes under its tables."""


def claims_tables(claims: Sequence[Row]) -> list[Table]:
    """The replication page: a group per claim, a row per test of it."""
    tables = []
    for study in distinct(row["study"] for row in claims):
        of_study = [row for row in claims if row["study"] == study]
        groups = []
        for claim_id in distinct(row["claim_id"] for row in of_study):
            tests = [row for row in of_study if row["claim_id"] == claim_id]
            groups.append((claim_heading(tests[0]), tuple(claim_row(row) for row in tests)))
        tables.append(
            Table(
                name=f"claims_{study}",
                title=f"{STUDIES.get(study, study)}: claims and tests",
                stub="what is measured",
                columns=(
                    "role",
                    "from",
                    "estimate",
                    "95 % interval",
                    "N",
                    "clusters (worth)",
                    "lies",
                    "why not judged",
                ),
                groups=tuple(groups),
                notes=(
                    "The verdict follows from the test alone, by the rule in claims.yml. The "
                    "paper's form and other choices stand beside it and carry none. Worth: as many "
                    "equal clusters would be as concentrated.",
                    *snapshot_note(of_study),
                ),
                is_numeric=False,
            )
        )
    return tables


def claim_heading(row: Row) -> str:
    """A claim with its verdict, the reason and the curve's result, on one line."""
    said = [f"{row['claim_id']}. {row['claim']} ({row['source']})"]
    if row["published"]:
        said.append(f"Published: {row['published']}.")
    said.append(f"Verdict: {str(row['verdict']).replace('_', ' ')}.")
    if row["in_words"]:
        said.append(f"{row['in_words'][:1].upper()}{row['in_words'][1:]}.")
    if row["verdict_reason"]:
        said.append(f"{row['verdict_reason'][:1].upper()}{row['verdict_reason'][1:]}.")
    if row["curve_n"]:
        share = percent(row["curve_share_as_claimed"], 0)
        chance = "" if row["curve_p_value"] is None else f", p {number(row['curve_p_value'])}"
        said.append(f"Of {row['curve_n']} combinations of choices {share} agree in sign{chance}.")
    return " ".join(said)


ROLES = {"test": "the test", "paper": "paper's form", "other": "other choice"}


def claim_row(row: Row) -> tuple[str, ...]:
    """The row of a claim's test."""
    source = row["specification_id"] and f"{row['specification_id']}, {label(row['term'])}"
    ends = "" if is_counted(row) else interval(row["interval_low"], row["interval_high"])
    clusters = number(row["n_clusters"])
    if row["effective_clusters"] is not None:
        clusters += f" ({number(row['effective_clusters'], 1)})"
    cells = (
        ROLES[row["role"]], source or "count", claim_number(row), ends, number(row["n"]),
        clusters, row["leans"], row["reason"],
    )  # fmt: skip
    return (str(row["choice"]), *(str(cell or "") for cell in cells))


def is_counted(row: Row) -> bool:
    """Whether a number is counted and not estimated, so that both ends equal it."""
    return row["estimate"] is not None and (
        row["estimate"] == row["interval_low"] == row["interval_high"]
    )


def claim_number(row: Row) -> str:
    """The number of a claim's test; a count, which has no interval, without decimals."""
    value = row["estimate"]
    is_whole = value is not None and is_counted(row) and float(value).is_integer()
    return number(int(value) if is_whole else value)


def calibration_tables(calibration: Sequence[Row]) -> list[Table]:
    """The estimates of each specification in worlds of known truth, beside the real one."""
    return [
        Table(
            name="calibration",
            title="Calibration: the same specifications where the truth is known",
            stub="specification, term",
            columns=(
                "truth", "mean of draws", "bias (error)", "rejects at 5 %", "covers, clustered",
                "covers, jackknife", "draws", "95 % of draws", "real estimate", "p against draws",
            ),
            groups=tuple(
                (
                    f"World: {str(world).replace('_', ' ')}",
                    tuple(calibration_row(row) for row in calibration if row["world"] == world),
                )
                for world in distinct(row["world"] for row in calibration)
            ),
            notes=(
                f"{DRAWN_ANEW}. Coverage is the share of 95 % intervals that hold the truth. A "
                "real estimate inside 95 % of the draws needs no effect to explain it.",
                *snapshot_note(calibration),
            ),
        )
    ]  # fmt: skip


def verdict_calibration_tables(rows: Sequence[Row]) -> list[Table]:
    """How often each verdict is reached in worlds of known truth."""
    drawn = [row for row in rows if row["world"] is not None]
    left_out = [f"{row['claim_id']}: {row['reason']}." for row in rows if row["world"] is None]
    return [
        Table(
            name="verdict_calibration",
            title="How often each verdict comes where the truth is known",
            stub="claim",
            columns=(
                "truth", "the claim holds", "supported", "95 % interval", "contradicted",
                "inconclusive", "not testable", "intervals hold the truth", "draws",
            ),
            groups=tuple(
                (
                    f"World: {str(world).replace('_', ' ')}",
                    tuple(verdict_row(row) for row in drawn if row["world"] == world),
                )
                for world in distinct(row["world"] for row in drawn)
            ),
            notes=(
                f"{DRAWN_ANEW} and judged as a run is. Supported where a claim does not hold is "
                "its error rate, wanted at 5 % or less; where it holds it is its power. Intervals "
                "should hold the truth in at least 93 % of the draws.",
                *(("Not calibrated: " + " ".join(left_out),) if left_out else ()),
                *snapshot_note(rows),
            ),
        )
    ]  # fmt: skip


def verdict_row(row: Row) -> tuple[str, ...]:
    """The row of a claim in one world."""
    return (
        str(row["claim_id"]),
        number(row["truth"]),
        str(row["is_true"]),
        percent(row["share_supported"]),
        f"[{percent(row['supported_low'])}, {percent(row['supported_high'])}]",
        percent(row["share_contradicted"]),
        percent(row["share_inconclusive"]),
        percent(row["share_not_testable_here"]),
        percent(row["coverage"]),
        number(row["n_draws"]),
    )


def calibration_row(row: Row) -> tuple[str, ...]:
    """The row of a specification's term in one world."""
    return (
        f"{row['specification_id']}, {label(str(row['term']))}",
        number(row["truth"]),
        number(row["mean_estimate"]),
        f"{number(row['bias'])} {bracketed(row['bias_error'])}".strip(),
        percent(row["rejection_rate"]),
        percent(row["coverage_clustered"]),
        percent(row["coverage_jackknife"]),
        number(row["n_draws"]),
        interval(row["null_low"], row["null_high"]),
        number(row["real_estimate"]),
        number(row["p_against_null"]),
    )
