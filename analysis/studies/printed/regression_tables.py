"""Tables of regressions side by side, without stars, and of specifications.

They show the estimate, its standard error in brackets, 95 % intervals, the absorbed effects, and
what was dropped and why. A specification without an estimate keeps its column, with the reason
below.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from analysis.figures.wording import interval, label, number, parts, percent, with_interval
from analysis.studies.printed.cells import STUDIES, Row, bracketed, distinct
from analysis.studies.printed.table_formats import Table
from analysis.studies.verdicts import says_nothing

MOST_COLUMNS = 6
"""A row of the design with more variants than this is split into several tables."""

OVERVIEW_ROLES = ("replication", "referee", "headline")
"""The roles whose regressions, without variants, are shown in one table per study."""

ADJUSTMENTS = {"holm": "Holm", "benjamini_hochberg": "Benjamini and Hochberg"}


def regression_tables(estimates: Sequence[Row], specifications: Sequence[Row]) -> list[Table]:
    """An overview per study, then each estimated row of the design with its variants."""
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
    # The facts of a specification are in its estimates or, if there are none, in its entry.
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


def term_rows(scale: str, found: Sequence[Sequence[Row]]) -> list[tuple[str, ...]]:
    """Estimate, standard error and intervals of each term, terms of interest first.

    `found` holds the tidy rows of each column. Dummies ("relation[adapter]") are not listed; a row
    says that they are included.
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
    """The lines of one term, without those that are empty in every column."""
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


def effect_of(row: Row, says: str) -> str:
    """The change in per cent with its interval, if it is the one that `says` names.

    An interval so wide that almost anything would fit is shown as "says nothing", and so is one
    with an end beyond the largest reported effect, which has no number.
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
    """Outcome, estimator, and a yes-or-no row per fixed effect and per set of dummies."""
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
    """Rows for status, dropped rows by reason, N, clusters and fit."""
    rows = [("status", *(str(one["status"]).replace("_", " ") for one in specifications))]
    for text, column, say in SAMPLE_LINES:
        line = (text, *(say(one.get(column)) for one in facts))
        if any(line[1:]):
            rows.append(line)
    return rows


def regression_notes(
    specifications: Sequence[Row], found: Mapping[str, Sequence[Row]]
) -> list[str]:
    """Notes on how to read the table, then on single columns."""
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


def specification_tables(specifications: Sequence[Row]) -> list[Table]:
    """The specifications and their status, one table per study."""
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
    """The row of a specification."""
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
