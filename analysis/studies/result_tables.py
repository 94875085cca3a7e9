"""The tables of the studies as HTML, LaTeX, Markdown and CSV, made from the tidy results.

    write_tables(results)   writes results/tables/<name>.{html,tex,md,csv}

The content of the tables is made in `analysis.studies.printed`; results without a table of their
own are printed column by column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from analysis.figures import STUDY_FIGURES, write_figures
from analysis.figures.wording import (
    label,
    number,
)
from analysis.studies.printed.cells import Row, distinct
from analysis.studies.printed.design_tables import (
    balance_tables,
    contrast_tables,
    curve_inference_tables,
    hill_stein_tables,
    missing_edges_estimates_tables,
    missing_edges_tables,
    prominence_tables,
    survival_tables,
)
from analysis.studies.printed.regression_tables import regression_tables, specification_tables
from analysis.studies.printed.table_formats import FORMATS, Table
from analysis.studies.printed.verdict_tables import (
    calibration_tables,
    claims_tables,
    verdict_calibration_tables,
)
from analysis.studies.records import write_table
from hub_lineage.errors import StudyError
from hub_lineage.files import UNWRITABLE, files_of, list_files, listed_files, why
from hub_lineage.sql import files_in_sql

# writing


def write_tables(results_folder: Path | str) -> list[tuple[str, str, str]]:
    """Write every table that can be made from the Parquet files in a folder of results.

    Returns (name, ok | not_written, reason) per table, or per kind of table if its file is missing
    or empty.
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
    """Write additional tables beside those of a run, with their printed tables and figures.

    made: the rows and columns of each, by name. A StudyError if they cannot be written.
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
    """The rows of a Parquet file in order, missing values as None."""
    with duckdb.connect() as connection:
        cursor = connection.execute(f"from read_parquet({files_in_sql(path)})")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def plain_tables(
    name: str, title: str, notes: tuple[str, ...] = ()
) -> Callable[[Sequence[Row]], list[Table]]:
    """A function that makes a table of all columns of a file, with a group per specification."""

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
    """A cell of any type as text, with the names of columns and facts in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (int, float)):
        return number(value)
    text = str(value or "")
    is_name = re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", text)
    return text.replace("_", " ") if is_name and label(text) == text else label(text)


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
"""Notes for readers of tables that show a file as it is."""

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
"""The kinds of tables: the files of results that each needs, and the function that makes it."""
