"""Writes each figure as SVG, PNG, CSV (the numbers drawn), SQL (where they come from) and JSON."""

import json
from pathlib import Path

import duckdb
import pandas as pd

from analysis.figures import theme
from analysis.figures.catalogue import FIGURES, Figure, snapshot_id
from hub_lineage.spreadsheets import safe_for_spreadsheets
from hub_lineage.sql import files_in_sql, identifier

SUFFIXES = ("svg", "png", "csv", "sql", "json")
DRAWN = "ok"
NOT_DRAWN = "not_drawn"
SIGNIFICANT_DIGITS = 9
"""Sums of floating-point numbers are kept to so many digits, in the files and in the charts."""


def write_figures(
    results_folder: Path | str, exports_folder: Path | str
) -> list[tuple[str, str, str]]:
    """Write `<results>/figures/<name>.<suffix>`; (name, ok | not_drawn, reason) per figure.

    A figure without data is not drawn, what an earlier run left of it is removed, and the reason
    says what is missing.
    """
    folder = Path(results_folder) / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    with open_tables(results_folder, exports_folder) as connection:
        return [_write(figure, connection, folder) for figure in FIGURES]


def open_tables(
    results_folder: Path | str, exports_folder: Path | str
) -> duckdb.DuckDBPyConnection:
    """DuckDB with a view on each Parquet file of the two folders."""
    # One thread adds in one order.
    connection = duckdb.connect(config={"threads": 1})
    for folder in (Path(exports_folder), Path(results_folder)):
        for path in sorted(folder.glob("*.parquet")):
            connection.execute(
                f"create or replace view {identifier(path.stem)} as "
                f"from read_parquet({files_in_sql(path)})"
            )
    return connection


def data_of(
    figure: Figure, connection: duckdb.DuckDBPyConnection
) -> tuple[pd.DataFrame | None, str]:
    """The rows of a figure, or None and the reason why it cannot be drawn."""
    there = {
        name for (name,) in connection.execute("select view_name from duckdb_views()").fetchall()
    }
    missing = [f"{name}.parquet" for name in figure.reads if name not in there]
    if missing:
        return None, f"no {' and no '.join(missing)}"
    connection.execute(figure.prelude)
    frame = connection.execute(figure.query).df()
    if frame.empty or not figure.has_marks(frame):
        return None, f"needs {figure.needs}"
    floats = frame.select_dtypes("float")
    frame[floats.columns] = floats.map(lambda value: float(f"{value:.{SIGNIFICANT_DIGITS}g}"))
    return frame, ""


def _write(
    figure: Figure, connection: duckdb.DuckDBPyConnection, folder: Path
) -> tuple[str, str, str]:
    files = {suffix: folder / f"{figure.name}.{suffix}" for suffix in SUFFIXES}
    frame, reason = data_of(figure, connection)
    if frame is None:
        for path in files.values():
            path.unlink(missing_ok=True)
        return figure.name, NOT_DRAWN, reason
    title, caption, description = (
        figure.headline(frame), figure.caption(frame), figure.describe(frame),
    )  # fmt: skip
    text = theme.rendered(theme.titled(figure.draw(frame), title, caption))
    files["svg"].write_text(
        theme.svg(text, figure.name, title, f"{description} {caption}"), "utf-8"
    )
    files["png"].write_bytes(theme.png(text))
    safe_for_spreadsheets(frame).to_csv(files["csv"], index=False, lineterminator="\n")
    files["sql"].write_text(stand_alone_query(figure), "utf-8")
    about = {
        "name": figure.name,
        "title": title,
        "subject": figure.title,
        "caption": caption,
        "alternative_text": description,
        "n": figure.count(frame),
        "snapshot_id": snapshot_id(frame),
    }
    files["json"].write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return figure.name, DRAWN, ""


def stand_alone_query(figure: Figure) -> str:
    """The figure's SQL with all it needs, to be run in the folder that holds its Parquet files."""
    files = [f"{name}.parquet" for name in figure.reads]
    views = [f"create temp view {name} as from '{name}.parquet';" for name in figure.reads]
    head = f"-- The numbers of {figure.name}.csv; run it in the folder with {', '.join(files)}."
    return "\n".join([head, *views, "", figure.prelude, figure.query.rstrip() + ";", ""])
