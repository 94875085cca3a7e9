"""The tables of the studies as HTML, LaTeX, Markdown and CSV, made from the tidy results.

    write_tables(results)   writes results/tables/<name>.{html,tex,md,csv}

A `Table` is plain text in rows and columns; one function per format turns it into a document, and
escapes whatever the text holds. Regressions stand side by side without stars: the estimate, its
standard error in brackets, 95 % intervals, what was absorbed, what was dropped and why. What could
not be estimated keeps its column, with the reason below.

The LaTeX needs the packages booktabs and caption.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import great_tables
import pandas as pd

from analysis.figures import STUDY_FIGURES, write_figures
from analysis.figures.wording import (
    MINUS,
    interval,
    label,
    number,
    parts,
    percent,
    rounded,
    with_interval,
)
from analysis.studies.records import write_table
from analysis.studies.verdicts import says_nothing
from hub_lineage.errors import StudyError
from hub_lineage.files import UNWRITABLE, files_of, list_files, listed_files, why
from hub_lineage.spreadsheets import safe_cell
from hub_lineage.sql import files_in_sql

Row = Mapping[str, Any]
"""A row of a Parquet file, by column."""

MOST_COLUMNS = 6
"""A row of the design with more variants than this is spread over several tables."""

OVERVIEW_ROLES = ("replication", "referee", "headline")
"""The roles whose regressions, without variants, stand side by side in one table per study."""

ADJUSTMENTS = {"holm": "Holm", "benjamini_hochberg": "Benjamini and Hochberg"}

STUDIES = {"racing": "Racing to Release", "disruption": "Identifying Disruptive Models"}


@dataclass(frozen=True)
class Table:
    """A table in words: headings, groups of rows, notes.

    name: of its files. title: its caption. stub: heading of the first column. columns: the other
    headings. groups: (heading, rows), each row a label and a cell per column; a label that begins
    with a space belongs to the row above. notes: sentences below. is_numeric: cells are numbers,
    which read best aligned on the right.
    """

    name: str
    title: str
    stub: str
    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]
    notes: tuple[str, ...] = ()
    is_numeric: bool = True


# writing


def write_tables(results_folder: Path | str) -> list[tuple[str, str, str]]:
    """Write every table that the Parquet files of a folder of results give.

    Returns (name, ok | not_written, reason) per table, or per kind of table where its file is
    missing or empty.
    """
    results_folder = Path(results_folder)
    folder = results_folder / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    for name in listed_files(results_folder) or ():
        if name.startswith("tables/"):
            (results_folder / name).unlink(missing_ok=True)
    report = []
    for kind, (files, make) in KINDS.items():
        missing = [
            f"{name}.parquet" for name in files if not (results_folder / f"{name}.parquet").exists()
        ]
        given = [] if missing else [read(results_folder / f"{name}.parquet") for name in files]
        tables = make(*given) if given and given[0] else []
        if not tables:
            reason = f"no {' and no '.join(missing)}" if missing else f"{files[0]}.parquet is empty"
            report.append((kind, "not_written", reason))
        for table in tables:
            for suffix, render in FORMATS.items():
                (folder / f"{table.name}.{suffix}").write_text(
                    render(table), encoding="utf-8", newline="\n"
                )
            report.append((table.name, "ok", ""))
    return report


def write_beside(
    results_folder: Path,
    exports_folder: Path,
    made: Mapping[str, tuple[Sequence[Row] | pd.DataFrame, Mapping[str, str] | None]],
) -> None:
    """Write further tables, rows and columns by their name, beside those of a run, with the printed
    tables and the figures that show them.

    A StudyError where they cannot be written.
    """
    try:
        results_folder.mkdir(parents=True, exist_ok=True)
        others = {*files_of(results_folder)} - (listed_files(results_folder) or set())
        for name, (rows, columns) in made.items():
            write_table(name, rows, results_folder, columns)
        write_tables(results_folder)
        shown = [one for one in STUDY_FIGURES if {*one.reads} & {*made}]
        write_figures(results_folder, exports_folder, shown)
        list_files(results_folder, others)
    except UNWRITABLE as error:
        raise StudyError(f"cannot write the results to {results_folder} ({why(error)})") from error


def read(path: Path) -> list[dict]:
    """The rows of a Parquet file in their order, missing values as None."""
    with duckdb.connect() as connection:
        cursor = connection.execute(f"from read_parquet({files_in_sql(path)})")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# regressions


def regression_tables(estimates: Sequence[Row], specifications: Sequence[Row]) -> list[Table]:
    """One overview per study, then each row of the design that was estimated, with its variants."""
    by_row: dict[str, list[Row]] = {}
    for one in specifications:
        by_row.setdefault(one["row"], []).append(one)
    tables = []
    for study, title in STUDIES.items():
        overview = [
            one for one in specifications
            if one["study"] == study and one["specification_id"] == one["row"]
            and one["role"] in OVERVIEW_ROLES and one["method"] == "regression"
        ]  # fmt: skip
        if overview:
            name = f"regressions_{study}"
            tables.append(regression_table(name, f"{title}: main regressions", overview, estimates))
    estimated = {row["row"] for row in estimates}
    for row, members in by_row.items():
        if row not in estimated:
            continue
        pieces = [members[at : at + MOST_COLUMNS] for at in range(0, len(members), MOST_COLUMNS)]
        for place, piece in enumerate(pieces, start=1):
            name, title = f"regression_{row}", f"{row}: {members[0]['title']}"
            if len(pieces) > 1:
                name, title = f"{name}_{place}", f"{title} (part {place} of {len(pieces)})"
            tables.append(regression_table(name, title, piece, estimates))
    return tables


def regression_table(
    name: str, title: str, specifications: Sequence[Row], estimates: Sequence[Row]
) -> Table:
    """Specifications side by side, in the order given; `estimates` may hold others too."""
    ids = [one["specification_id"] for one in specifications]
    found: dict[str, list[Row]] = {one: [] for one in ids}
    for row in estimates:
        if row["specification_id"] in found:
            found[row["specification_id"]].append(row)
    # What a specification was estimated with is said by its estimates; without any, by its entry.
    facts = [found[one["specification_id"]][0] if found[one["specification_id"]] else one
             for one in specifications]  # fmt: skip
    groups = [
        (scale.capitalize() + "s", tuple(term_rows(scale, [found[one] for one in ids])))
        for scale in distinct(row["scale"] for one in ids for row in found[one])
    ]
    groups.append(("Model", tuple(model_rows(facts))))
    groups.append(("Sample and fit", tuple(sample_rows(specifications, facts))))
    return Table(
        name=name,
        title=title,
        stub="term",
        columns=tuple(ids),
        groups=tuple(groups),
        notes=tuple(regression_notes(specifications, found)),
    )


def distinct(values: Iterable) -> list:
    """The values in the order in which they first come."""
    return list(dict.fromkeys(values))


def term_rows(scale: str, found: Sequence[Sequence[Row]]) -> list[tuple[str, ...]]:
    """Estimate, standard error and intervals of each term, terms of interest first.

    `found` holds the tidy rows of each column. Dummies ("relation[adapter]") are left to a row
    that says that they are there.
    """
    rows = [row for column in found for row in column if row["scale"] == scale]
    rows = [row for row in rows if "[" not in row["term"]]
    interest = [row["term"] for row in rows if row["is_of_interest"]]
    tests = [row["term"] for row in rows if row["estimate"] is None]
    terms = distinct((*interest, *tests, *(row["term"] for row in rows)))
    lines: list[tuple[str, ...]] = []
    for term in terms:
        cells = [
            next((row for row in column if row["scale"] == scale and row["term"] == term), None)
            for column in found
        ]
        lines += term_lines(term, cells)
    return lines


def term_lines(term: str, cells: Sequence[Row | None]) -> list[tuple[str, ...]]:
    """The lines of one term; a line that would be empty in every column is left out."""
    of_interest = any(row and row["is_of_interest"] for row in cells)
    effects = distinct(row["effect_of"] for row in cells if row and row["effect_of"])
    is_test = all(row is None or row["estimate"] is None for row in cells)
    name, colon, test = term.partition(":")
    said = f"{label(name)}{colon}{test}"
    lines: list[tuple[str, Callable[[Row], str]]] = [
        (said, lambda row: number(row["estimate"])),
        (" standard error", lambda row: bracketed(row["standard_error"])),
    ]
    if of_interest:
        lines += [
            (" 95 % interval", lambda row: interval(row["interval_low"], row["interval_high"])),
            (
                " 95 % interval, jackknife",
                lambda row: interval(row["jackknife_low"], row["jackknife_high"]),
            ),
            (" p, adjusted", lambda row: number(row["p_adjusted"])),
        ]
        lines += [
            (
                " change of the outcome" + (f", {says}" if says != said else ""),
                partial(effect_of, says=says),
            )
            for says in effects
        ]
    if is_test:
        lines = [(f"{said} (p)", lambda row: number(row["p_value"]))]
    filled = [(text, *(say(row) if row else "" for row in cells)) for text, say in lines]
    return [line for line in filled if any(line[1:])]


def bracketed(standard_error: float | None) -> str:
    return "" if standard_error is None else f"({number(standard_error)})"


def effect_of(row: Row, says: str) -> str:
    """The change in per cent with its interval, if it is the one that `says` names.

    An interval that next to anything would fit says nothing, and the table says so; so does one
    whose end is beyond the largest effect that is told, which has no number.
    """
    if row["effect_of"] != says:
        return ""
    low, high = (row[end] for end in ("effect_low", "effect_high"))
    if row["effect"] is None or low is None or high is None:
        return "says nothing"
    if says_nothing(100 * low, 100 * high, "ratio"):
        return "says nothing"
    return with_interval(100 * row["effect"], 100 * low, 100 * high, " %")


def model_rows(facts: Sequence[Row]) -> list[tuple[str, ...]]:
    """Outcome, estimator, and a row of yes and no per fixed effect and per set of dummies."""
    rows = [
        ("outcome", *(str(one["outcome"] or "") for one in facts)),
        ("estimator", *(label(str(one["estimator"] or "")) for one in facts)),
    ]
    for column, says in (("fixed_effects", "fixed effects"), ("factors", "dummies")):
        for name in distinct(part for one in facts for part in parts(one[column])):
            has = ("yes" if name in parts(one[column]) else "no" for one in facts)
            rows.append((f"{says}: {label(name)}", *has))
    clusters = (", ".join(map(label, parts(one["clusters"]))) or "none" for one in facts)
    rows.append(("errors clustered by", *clusters))
    return rows


SAMPLE_LINES: tuple[tuple[str, str, Callable], ...] = (
    ("rows selected", "n_in", number),
    ("dropped: a value is missing", "n_null", number),
    ("dropped: a value is infinite", "n_infinite", number),
    ("dropped: alone in a fixed effect", "n_singleton", number),
    ("dropped: outcome does not vary (separated)", "n_separated", number),
    ("N used", "n_used", number),
    ("families in use", "n_bases", number),
    ("clusters", "n_clusters", number),
    ("effective clusters, by rows", "effective_clusters_rows", lambda value: number(value, 1)),
    (
        "effective clusters, by outcome",
        "effective_clusters_outcome",
        lambda value: number(value, 1),
    ),
    ("largest cluster, share of rows", "largest_cluster_share", percent),
    ("mean of the outcome", "outcome_mean", number),
    ("R²", "r2", number),
    ("R² within", "r2_within", number),
    ("pseudo R²", "pseudo_r2", number),
)


def sample_rows(specifications: Sequence[Row], facts: Sequence[Row]) -> list[tuple[str, ...]]:
    """Status, what was dropped and why, N, clusters, fit."""
    rows = [("status", *(str(one["status"]).replace("_", " ") for one in specifications))]
    for text, column, say in SAMPLE_LINES:
        line = (text, *(say(one.get(column)) for one in facts))
        if any(line[1:]):
            rows.append(line)
    return rows


def regression_notes(
    specifications: Sequence[Row], found: Mapping[str, Sequence[Row]]
) -> list[str]:
    """How to read the table, then what must be known of single columns."""
    rows = [row for one in specifications for row in found[one["specification_id"]]]
    notes = [
        "Standard errors in brackets, 95 % intervals in square brackets. An association, not an "
        "effect, unless a note says otherwise."
    ]
    if any(row["jackknife_low"] is not None for row in rows):
        notes.append(
            "Jackknife intervals leave out one group of families at a time; they hold their level "
            "where few families carry most of the sample."
        )
    if any(row["estimator"] == "cox" for row in rows):
        notes.append(
            "Of a Cox regression coefficients are of the log hazard, fixed effects are strata, and "
            "the mean of the outcome is the share of times that ended in the event."
        )
    adjustments = distinct(row["adjustment"] for row in rows if row["adjustment"])
    if adjustments:
        named = ", ".join(ADJUSTMENTS.get(name, name) for name in adjustments)
        notes.append(f"p-values adjusted by the method of {named}.")
    conventions: dict[str, list[str]] = {}
    for row in rows:
        text = f"{row['small_sample']} ({row['engine']} {row['engine_version'] or ''})".replace(
            " )", ")"
        )
        conventions.setdefault(text, []).append(row["specification_id"])
    for text, ids in conventions.items():
        notes.append(f"Small-sample correction of {', '.join(distinct(ids))}: {text}.")
    for one in specifications:
        name = one["specification_id"]
        said = [f"{name}: {one['title']}."]
        if one["status"] != "ok":
            said.append(f"Status {str(one['status']).replace('_', ' ')}: {one['reason']}.")
        if one["caution"]:
            said.append(one["caution"])
        dropped = parts(found[name][0]["dropped_terms"]) if found[name] else []
        if dropped:
            said.append(f"Left out as collinear: {', '.join(dropped)}.")
        notes.append(" ".join(said))
    snapshots = distinct(row["snapshot_id"] for row in rows)
    if snapshots:
        notes.append(f"Snapshot {', '.join(snapshots)}.")
    return notes


# other tables


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
    """A claim with its verdict, the reason of it and the curve's word, on one line."""
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
    """Whether a number is counted and not estimated: both ends are the number itself."""
    return row["estimate"] is not None and (
        row["estimate"] == row["interval_low"] == row["interval_high"]
    )


def claim_number(row: Row) -> str:
    """The number of a claim's test: a count, which bears no interval, without decimals."""
    value = row["estimate"]
    is_whole = value is not None and is_counted(row) and float(value).is_integer()
    return number(int(value) if is_whole else value)


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
    """Who still waits after so many days, by relation."""
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
    """Their printed results, a group per equation, each with ours beside it."""
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


def calibration_tables(calibration: Sequence[Row]) -> list[Table]:
    """What each specification finds in worlds whose truth is known, beside the real estimate."""
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
                "Families, dates, owners and controls are the real ones; outcomes are drawn anew. "
                "Coverage is the share of 95 % intervals that hold the truth. A real estimate "
                "inside 95 % of the draws needs no effect to explain it.",
                *snapshot_note(calibration),
            ),
        )
    ]  # fmt: skip


def verdict_calibration_tables(rows: Sequence[Row]) -> list[Table]:
    """How often each verdict comes in worlds whose truth is known."""
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
                "Families, dates, owners and controls are the real ones; outcomes are drawn anew "
                "and judged as a run is. Supported where a claim does not hold is its error rate, "
                "wanted at 5 % or less; where it holds it is its power. Intervals should hold the "
                "truth in at least 93 % of the draws.",
                *(("Not calibrated: " + " ".join(left_out),) if left_out else ()),
                *snapshot_note(rows),
            ),
        )
    ]  # fmt: skip


def verdict_row(row: Row) -> tuple[str, ...]:
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
    """The share of disruptive models and the ranking beside their intervals under missing edges."""
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
    """The regressions of the index beside their intervals under missing edges."""
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
    """The interval of a share over draws, in per cent; empty where nothing was counted."""
    if row["low"] is None:
        return ""
    return f"[{rounded(100 * row['low'], 1)}, {rounded(100 * row['high'], 1)}]"


def specification_tables(specifications: Sequence[Row]) -> list[Table]:
    """What was asked and what became of it, one table per study."""
    return [
        Table(
            name=f"specifications_{study}",
            title=f"{STUDIES.get(study, study)}: specifications",
            stub="id",
            columns=(
                "title", "outcome", "terms and expected signs", "controls", "fixed effects",
                "clusters", "estimator", "sample", "N used", "status",
            ),
            groups=tuple(
                (
                    str(role),
                    tuple(
                        specification_row(one)
                        for one in specifications
                        if (one["study"], one["role"]) == (study, role)
                    ),
                )
                for role in distinct(one["role"] for one in specifications if one["study"] == study)
            ),
            is_numeric=False,
        )
        for study in distinct(one["study"] for one in specifications)
    ]  # fmt: skip


def specification_row(one: Row) -> tuple[str, ...]:
    is_ok = one["status"] == "ok"
    status = str(one["status"]).replace("_", " ")
    return (
        str(one["specification_id"]),
        str(one["title"]),
        str(one["outcome"]),
        str(one["expected_signs"] or ""),
        ", ".join((*map(label, parts(one["controls"])), *map(label, parts(one["factors"])))),
        ", ".join(map(label, parts(one["fixed_effects"]))) or "none",
        ", ".join(map(label, parts(one["clusters"]))) or "none",
        label(str(one["estimator"])),
        str(one["sample"]),
        number(one["n_used"]) if is_ok else "",
        status if is_ok else f"{status}: {one['reason']}",
    )


def plain_tables(
    name: str, title: str, notes: tuple[str, ...] = ()
) -> Callable[[Sequence[Row]], list[Table]]:
    """What makes a table of all columns of a file, a group per specification."""

    def make(rows: Sequence[Row]) -> list[Table]:
        first, *others = [
            column for column in rows[0] if column not in ("specification_id", "seed")
        ]
        groups = tuple(
            (
                str(group or ""),
                tuple(
                    tuple(printed(row[column]) for column in (first, *others))
                    for row in rows
                    if row.get("specification_id") == group
                ),
            )
            for group in distinct(row.get("specification_id") for row in rows)
        )
        headings = tuple(column.replace("_", " ") for column in others)
        return [Table(name, title, first.replace("_", " "), headings, groups, notes)]

    return make


def printed(value: object) -> str:
    """A cell of any type as text; the names of columns and facts in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (int, float)):
        return number(value)
    text = str(value or "")
    is_name = re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", text)
    return text.replace("_", " ") if is_name and label(text) == text else label(text)


def snapshot_note(rows: Sequence[Row]) -> tuple[str, ...]:
    names = distinct(str(row["snapshot_id"]) for row in rows if row.get("snapshot_id"))
    return (f"Snapshot {', '.join(names)}.",) if names else ()


# formats


def plain(text: str) -> str:
    """One line without control characters: what hostile names may hold ends here."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def as_html(table: Table) -> str:
    """A fragment: a box that scrolls by keyboard, a caption, headers with their scope.

    Colours are the custom properties --table-ink, --table-page, --table-line and --table-strong,
    with light defaults. Ids begin with the table's name.
    """
    name = identifier(table.name)
    made = built(table, font_size="14px").as_raw_html()
    style, end, body = made.partition("</style>")
    style += end
    for value, kind in TABLE_COLOURS.items():
        style = style.replace(value, f"var(--table-{kind},{value})")
    # The library's reset of borders reaches beyond its table.
    tags = ("thead", "tbody", "tfoot", "tr", "td", "th")
    style = style.replace(
        f"#{name} thead, tbody, tfoot, tr, td, th {{",
        ", ".join(f"#{name} {tag}" for tag in tags) + " {",
    ).replace("\n tr {", f"\n#{name} tr {{")
    wrap = "nowrap" if table.is_numeric else "normal"
    style = style.replace(
        "</style>",
        f"#{name} .gt_caption {{ text-align: left; font-weight: bold; }}\n"
        f"#{name} .gt_row {{ white-space: {wrap}; vertical-align: top; }}\n</style>",
    )
    style = style.replace(
        f'<div id="{name}"',
        f'<div id="{name}" tabindex="0" role="region" aria-labelledby="{name}-caption"',
    )
    title = html.escape(plain(table.title))
    caption = f'<caption id="{name}-caption" class="gt_caption">{title}</caption>'
    body = re.sub(r"(<table [^>]*>)", lambda found: found.group(1) + caption, body, count=1)
    return style + body.strip() + "\n"


TABLE_COLOURS = {
    "#333333": "ink",
    "#FFFFFF": "page",
    "#D3D3D3": "line",
    "#A8A8A8": "strong",
    "#F4F4F4": "stripe",
}
"""The library's colours, and the custom property that each becomes."""


def as_latex(table: Table) -> str:
    """A table environment with the rules of booktabs."""
    text = built(table, font_size="10px").tab_header(plain(table.title)).as_latex()
    # Not in the encoding that LaTeX reads by default.
    return text.strip().replace(MINUS, "$-$") + "\n"


def built(table: Table, font_size: str) -> great_tables.GT:
    """The table in the library that renders HTML and LaTeX, which escapes its text."""
    keys = [f"c{place}" for place in range(len(table.columns))]
    # Without a heading the library would leave an empty one, which says nothing to anybody.
    group = "group" if any(plain(heading) for heading, _ in table.groups) else None
    rows = [
        {"group": plain(heading), "label": plain(line[0]), "is_below": line[0].startswith(" ")}
        | {key: plain(cell) for key, cell in zip(keys, line[1:], strict=True)}
        for heading, lines in table.groups
        for line in lines
    ]
    columns = [*([group] if group else []), "label", *keys]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    headings = {key: plain(text) for key, text in zip(keys, table.columns, strict=True)}
    made = (
        great_tables.GT(frame, id=identifier(table.name), rowname_col="label", groupname_col=group)
        .tab_stubhead(plain(table.stub))
        .cols_label(None, **headings)
        .cols_align("right" if table.is_numeric else "left", columns=keys)
        .tab_options(
            table_font_size=font_size,
            data_row_padding="3px",
            row_group_padding="5px",
            row_group_font_weight="bold",
            column_labels_font_weight="bold",
        )
    )
    below = [place for place, row in enumerate(rows) if row["is_below"]]
    if below:
        made = made.tab_stub_indent(rows=below, indent=2)
    for note in table.notes:
        made = made.tab_source_note(plain(note))
    return made


def identifier(name: str) -> str:
    """A name as HTML and CSS take it for an id."""
    return "table-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def as_markdown(table: Table) -> str:
    """A pipe table; groups are rows in bold, notes a list."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    width = len(table.columns)
    text = [
        f"**{marked(table.title)}**",
        "",
        line(marked(cell) for cell in (table.stub, *table.columns)),
    ]
    text.append(line(["---"] + ["---:" if table.is_numeric else "---"] * width))
    for heading, lines in table.groups:
        if heading:
            text.append(line([f"**{marked(heading)}**"] + [""] * width))
        text += [line(map(marked, cells)) for cells in lines]
    text += ["", *(f"- {marked(note)}" for note in table.notes)]
    return "\n".join(text).strip() + "\n"


def marked(text: str) -> str:
    """Text that Markdown shows as it is, HTML and all."""
    return escaped(plain(text))


def escaped(line: str) -> str:
    """The same for a part of a line, its spaces kept."""
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", html.escape(line, quote=False))


def as_csv(table: Table) -> str:
    """Cells as printed, with a plain minus, safe for spreadsheets."""

    def cell(text: str) -> str:
        return safe_cell(plain(text).replace(MINUS, "-"))

    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(["group", *map(cell, (table.stub, *table.columns))])
    for heading, lines in table.groups:
        writer.writerows([cell(heading), *map(cell, line)] for line in lines)
    return written.getvalue()


FORMATS: Mapping[str, Callable[[Table], str]] = {
    "html": as_html, "tex": as_latex, "md": as_markdown, "csv": as_csv,
}  # fmt: skip

NOTES: Mapping[str, tuple[str, ...]] = {
    "designs": (
        "What each design rests on. Shares matched say for how much of the sample it speaks; "
        "effective sample sizes are Kish's: (sum of weights)² / sum of squared weights.",
        "Rewiring: the mean index and the share above zero, and the same where each focal keeps "
        "its takers and they take from others by chance.",
    ),
    "sensitivity": (
        "Least squares on classical errors, after Cinelli and Hazlett (2020). Robustness value: "
        "the share of what is left of both outcome and term that an unseen cause would have to "
        "explain to bring the estimate to zero, or (significance) its interval to hold zero.",
        "Short: without controls; long: with them. After Oster (2019): delta is how strong the "
        "unseen would have to be, against the controls, for an estimate of zero, with R² up to max "
        "R²; the Oster estimate is what is left if it were as strong, the other root what else "
        "solves the equation.",
    ),
    "bounds": (
        "The estimate if an unseen cause explained as much of term and outcome as the benchmark "
        "does, times the multiple (Cinelli and Hazlett, 2020), with its 95 % interval.",
    ),
    "permutations": (
        "Order and crowding of entrants are dealt out anew within cells in which no cause could "
        "tell them apart. An estimate here is one step from the fit without order and crowding, "
        "not the coefficient. Centre and deviation are those of the permuted ones, p the share of "
        "them that lie as far from the centre as the real one, which counts as one of them; a "
        "permutation that failed counts as far away.",
        "Movable are rows of cells that hold more than one value: the test rests on them alone.",
    ),
}
"""What readers must know of a table that shows a file as it is."""

KINDS: Mapping[str, tuple[tuple[str, ...], Callable[..., list[Table]]]] = {
    "regressions": (("estimates", "specifications"), regression_tables),
    "claims": (("claims",), claims_tables),
    "balance": (("balance",), balance_tables),
    "calibration": (("calibration",), calibration_tables),
    "verdict_calibration": (("verdict_calibration",), verdict_calibration_tables),
    "prominence": (("prominence",), prominence_tables),
    "curve_inference": (("curve_inference",), curve_inference_tables),
    "missing_edges": (("missing_edges",), missing_edges_tables),
    "missing_edges_estimates": (("missing_edges_estimates",), missing_edges_estimates_tables),
    "specifications": (("specifications",), specification_tables),
    "survival": (("survival",), survival_tables),
    "contrasts": (("contrasts",), contrast_tables),
    "hill_stein": (("hill_stein",), hill_stein_tables),
    **{
        name: ((name,), plain_tables(name, title, NOTES.get(name, ())))
        for name, title in {
            "designs": "Facts of the designs",
            "sensitivity": "How strong an unseen cause would have to be",
            "bounds": "Bounds by observed controls",
            "permutations": "Order and crowding dealt out anew",
            "instruments": "Candidate instruments",
            "constructs": "Constructs of Hill and Stein, and what stands for them here",
            "arithmetic": "In-degree and disruption in lineages without causes",
        }.items()
    },
}
"""The kinds of tables: the files of results that each reads, and what makes it."""
