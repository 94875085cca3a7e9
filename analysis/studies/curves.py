"""Specification curves: the terms of interest over every combination of defensible choices (RR22).

There are two kinds of choice. The analyst's: outcome, measure of order, crowding window, fixed
effects, age, sample; for the index: form, window, who is counted. And those of the data: which
evidence, relations and owners count for edges; each of these is a build of its own
(`python -m analysis variants`), so that ranks, crowding and the index follow from it.

Signs are oriented so that negative means "later is weaker" for each measure of order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from analysis.studies.estimating import rounded, why_absent
from analysis.studies.estimation import fit
from analysis.studies.estimation.equations import Equation, EstimationError
from analysis.studies.specifications import Specification, all_specifications
from analysis.studies.variables import PANELS, open_exports
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports

OUTCOMES = {
    "likes, Poisson": ("likes", "poisson"),
    "log(1 + likes)": ("log_likes", "ols"),
    "any like": ("has_likes", "ols"),
    "all-time downloads, Poisson": ("downloads_all_time", "poisson"),
}
ORDERS = {
    "log rank": "log_rank",
    "not first": "is_not_first",
    "percentile": "release_percentile",
    "log lag": "log_lag",
}
CROWDING = {
    "7 days": "log_crowd_7",
    "30 days": "log_crowd_30",
    "90 days": "log_crowd_90",
    "30 days, same relation": "log_crowd_30_same_relation",
}
FIXED_EFFECTS = {
    "none": (),
    "month": ("month",),
    "base": ("parent_id",),
    "base, month": ("parent_id", "month"),
    "base x month": ("base_month",),
}
AGES = {"no age": ((), ()), "log age": (("log_age",), ()), "age in 40 bins": ((), ("age_bin",))}
SAMPLES = {
    "main": "sample_exclusion is null",
    "90 days old": "sample_exclusion is null and age_days >= 90",
    "without bulk owners": "sample_exclusion is null and not is_bulk_owner",
}
CONTROLS = ("log_size", "size_unknown")
PROMINENCE = {
    "none": (),
    "owner's releases": ("log_owner_releases",),
    "built on the owner's models": ("log_owner_derivatives_elsewhere",),
    "built on the base owner's models": ("log_base_owner_derivatives_elsewhere",),
    "entries elsewhere": ("log_entries_elsewhere_30",),
    "owner's likes before": ("log_owner_likes_at_entry",),
    "base's likes before": ("log_base_likes_at_entry",),
    "base's downloads before": ("log_base_downloads_at_entry",),
    "all but likes and downloads": (
        "log_owner_releases", "log_owner_derivatives_elsewhere",
        "log_base_owner_derivatives_elsewhere", "log_entries_elsewhere_30",
    ),
}  # fmt: skip
"""Measures of prominence known at entry; the likes and downloads need a snapshot before it."""
DERIVED = {"is_not_first": "1 - is_first"}

FORMS = {
    "mdi": "mdi", "mdi without n_k": "mdi_no_k", "bypass": "mdi_bypass", "net": "mdi_net",
    "two shared parents": "mdi_l2",
}  # fmt: skip
WINDOWS = ("30d", "60d", "90d", "180d", "365d", "all")
TAKERS = {"built upon": "has_takers = 1", "everybody": "true"}
IN_EVERY_DATA_CHOICE = ("RR3", "RR4", "RR5", "DM1", "DM2", "DM5")
"""The specifications that are run on each variant of the data."""


def recognition_curve(exports: Exports, size: int, seed: int) -> list[dict]:
    """Rank and crowding over the analyst's choices, at most `size` of them, 0 for all.

    A smaller number is drawn with the seed and kept in the grid's order. A measure of prominence
    that the landing does not have is not a choice, and has one row that says so.
    """
    prominence, rows = known_prominence(exports)
    grid = list(
        itertools.product(OUTCOMES, ORDERS, CROWDING, FIXED_EFFECTS, AGES, prominence, SAMPLES)
    )
    chosen = drawn(grid, size, seed)
    equations = [recognition_equation(*choices[:-1]) for choices in chosen]
    columns = columns_of(equations)
    frames = {name: entrants(exports, condition, columns) for name, condition in SAMPLES.items()}
    for (*choices, sample), equation in zip(chosen, equations, strict=True):
        outcome, order, crowding, effects, age, measure = choices
        described = {
            "curve": "recognition", "data": "as built", "outcome": outcome, "order": order,
            "crowding": crowding, "fixed_effects": effects, "age": age, "prominence": measure,
            "sample": sample,
        }  # fmt: skip
        interest = {ORDERS[order]: "order", CROWDING[crowding]: "crowding"}
        rows += fitted(frames[sample], equation, interest, described, exports)
    return rows


def known_prominence(exports: Exports) -> tuple[list[str], list[dict]]:
    """The measures of prominence known in the main sample, and a row for each other one."""
    columns = sorted({column for columns in PROMINENCE.values() for column in columns})
    counts = ", ".join(f"count({column})" for column in columns)
    found = exports.connection.execute(
        f"select count(*), {counts} from entrants where {SAMPLES['main']}"
    ).fetchall()
    n_rows, *n_known = found[0]
    unknown = {column for column, n in zip(columns, n_known, strict=True) if not n}
    absent = {name: unknown & set(columns) for name, columns in PROMINENCE.items()}
    rows = [
        {
            "curve": "recognition", "data": "as built", "prominence": name, "sample": "main",
            "n_in": n_rows, "snapshot_id": exports.snapshot_id, "status": "not_run",
            "reason": f"{', '.join(sorted(missing))} is unknown in all {n_rows:,} rows",
        }
        for name, missing in absent.items()
        if missing
    ]  # fmt: skip
    return [name for name, missing in absent.items() if not missing], rows


def recognition_equation(
    outcome: str, order: str, crowding: str, effects: str, age: str, prominence: str
) -> Equation:
    """The equation of one combination of choices, by their names."""
    column, estimator = OUTCOMES[outcome]
    terms, bins = AGES[age]
    return Equation(
        outcome=column,
        terms=(ORDERS[order], CROWDING[crowding], *CONTROLS, *PROMINENCE[prominence], *terms),
        factors=("relation",),
        fixed_effects=(*FIXED_EFFECTS[effects], *bins),
        estimator=estimator,
        clusters=("parent_id",),
    )


def columns_of(equations: Sequence[Equation]) -> list[str]:
    """The columns that equations use, each once, since whole views can take several gigabytes."""
    return list(
        dict.fromkeys(
            column
            for equation in equations
            for column in (*equation.numeric_columns, *equation.key_columns)
        )
    )


def entrants(exports: Exports, condition: str, columns: Sequence[str]):
    """The entrants that meet a condition, in the order of their keys.

    Labels are categories, which take one to four bytes where a text takes thirty, and are coded
    once for all equations.
    """
    selected = ", ".join(
        f"{DERIVED[name]} as {name}" if name in DERIVED else name for name in columns
    )
    frame = exports.connection.execute(
        f"select {selected} from entrants where {condition} order by parent_id, child_id"
    ).df()
    return frame.astype(dict.fromkeys(frame.select_dtypes(["object", "str"]).columns, "category"))


def disruption_curve(exports: Exports) -> list[dict]:
    """Size and finetune over forms of the index, windows, and who is counted."""
    rows: list[dict] = []
    for window, (taking, condition) in itertools.product(WINDOWS, TAKERS.items()):
        forms = ", ".join(f"cast({form} > 0 as integer) as is_{form}" for form in FORMS.values())
        kinds = ", ".join(
            f"cast(relation = '{kind}' as integer) as is_{kind}"
            for kind in ("finetune", "merge", "unknown")
        )
        frame = exports.connection.execute(
            f"select log_size, size_unknown, quarter, root_id, {forms}, {kinds} "
            "from focal_windows where undefined_reason is null "
            f"and window_name = '{window}' and {condition} order by model_id"
        ).df()
        for name, form in FORMS.items():
            equation = Equation(
                outcome=f"is_{form}",
                terms=(
                    "log_size", "is_finetune", "size_unknown", "is_merge", "is_unknown",
                ),
                factors=("quarter",),
                clusters=("root_id",),
            )  # fmt: skip
            choices = {
                "curve": "disruption", "data": "as built", "outcome": f"{name} > 0",
                "window_name": window, "sample": taking,
            }  # fmt: skip
            interest = {"log_size": "size", "is_finetune": "finetune"}
            rows += fitted(frame, equation, interest, choices, exports)
    return rows


def data_curve(variants: Path, snapshot_id: str) -> list[dict]:
    """The headlines on each variant of the data from the same snapshot."""
    rows: list[dict] = []
    for folder in sorted(path for path in variants.glob("*") if path.is_dir()):
        try:
            exports = open_exports(folder, PANELS)
        except StudyError:
            continue
        if exports.snapshot_id != snapshot_id:
            continue
        for specification in all_specifications():
            if specification.specification_id in IN_EVERY_DATA_CHOICE:
                frame = exports.connection.execute(specification.sql()).df()
                choices = {
                    "curve": "data", "data": folder.name, "outcome": specification.outcome,
                    "sample": specification.specification_id,
                }  # fmt: skip
                interest = {term: term for term in specification.interest}
                rows += fitted(
                    frame, specification.equation, interest, choices, exports, specification
                )
    return rows


def fitted(
    frame,
    equation: Equation,
    interest: Mapping[str, str],
    choices: Mapping[str, str],
    exports: Exports,
    specification: Specification | None = None,
) -> Iterator[dict]:
    """One row per term of interest; without an estimate, one row with the reason."""
    common = dict(choices) | {
        "estimator": equation.estimator,
        "formula": equation.formula,
        "n_in": len(frame),
        "snapshot_id": exports.snapshot_id,
        "status": "ok",
    }
    try:
        absent = why_absent(frame, equation, specification.needs if specification else None)
        if absent:
            raise EstimationError(absent)
        found = fit(frame, equation, of_interest=tuple(interest))
    except EstimationError as error:
        yield common | {"status": "not_run", "reason": str(error)}
        return
    for term, name in interest.items():
        values = found.row(term)
        yield common | {
            key: rounded(value)
            for key, value in {
                "term": name,
                "estimate": values["estimate"],
                "standard_error": values["standard_error"],
                "interval_low": values["low"],
                "interval_high": values["high"],
                "p_value": values["p_value"],
                "n_used": found.n_used,
                "n_clusters": min(found.n_clusters),
                "engine": found.engine,
            }.items()
        }


def drawn(grid: list, size: int, seed: int) -> list:
    """The whole grid, or `size` entries drawn with the seed, in the grid's order."""
    if not 0 < size < len(grid):
        return grid
    places = np.random.default_rng(seed).choice(len(grid), size, replace=False)
    return [grid[place] for place in sorted(places)]
