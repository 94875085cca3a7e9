"""Writes each figure as SVG, PNG, CSV (the drawn numbers), SQL (their source) and JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from analysis.figures import theme
from analysis.figures.catalogue import STUDY_FIGURES
from analysis.figures.figure import Figure, snapshot_id
from hub_lineage.spreadsheets import safe_for_spreadsheets
from hub_lineage.sql import files_in_sql, identifier

SUFFIXES = ("svg", "png", "csv", "sql", "json")
DRAWN = "ok"
NOT_DRAWN = "not_drawn"
SIGNIFICANT_DIGITS = 9
"""How many digits of a floating-point number the files and charts keep."""


@dataclass(frozen=True)
class Drawn:
    """A figure that was drawn, or the reason why it was not.

    name: that of its files. title: what it shows. subject: what it is about. caption, description:
    what its numbers are, and what they say. All are plain text, and may hold hostile ids.
    svg: the picture for a page; empty if it was not drawn, and then `reason` says why.
    suffixes: those of the files that were written.
    """

    name: str
    title: str
    subject: str = ""
    caption: str = ""
    description: str = ""
    svg: str = ""
    reason: str = ""
    suffixes: tuple[str, ...] = ()


def write_figures(
    results_folder: Path | str,
    exports_folder: Path | str,
    figures: Sequence[Figure] = STUDY_FIGURES,
) -> list[tuple[str, str, str]]:
    """Write `<results>/figures/<name>.<suffix>`; return (name, ok | not_drawn, reason) per figure.

    A figure without data is not drawn, its files from an earlier run are removed, and the reason
    says what is missing.
    """
    folder = Path(results_folder) / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    with open_tables(results_folder, exports_folder) as connection:
        made = [draw(figure, connection, folder) for figure in figures]
    return [(one.name, NOT_DRAWN if one.reason else DRAWN, one.reason) for one in made]


def open_tables(
    results_folder: Path | str, exports_folder: Path | str
) -> duckdb.DuckDBPyConnection:
    """DuckDB with a view on each Parquet file of the two folders."""
    # One thread, so that sums are always added in the same order.
    connection = duckdb.connect(config={"threads": 1})
    for folder in (Path(exports_folder), Path(results_folder)):
        for path in sorted(folder.glob("*.parquet")):
            connection.execute(
                f"create or replace view {identifier(path.stem)} as "
                f"from read_parquet({files_in_sql(path)})"
            )
    return connection


def data_of(
    figure: Figure, connection: duckdb.DuckDBPyConnection, *, is_prepared: bool = False
) -> tuple[pd.DataFrame | None, str]:
    """The rows of a figure, or None and the reason why it cannot be drawn.

    is_prepared: whether its preludes have run on this connection.
    """
    existing = {
        name for (name,) in connection.execute("select view_name from duckdb_views()").fetchall()
    }
    missing = [f"{name}.parquet" for name in figure.reads if name not in existing]
    if missing:
        return None, f"no {' and no '.join(missing)}"
    if not is_prepared:
        connection.execute(figure.prelude)
    frame = connection.execute(figure.query).df()
    if frame.empty or not figure.has_marks(frame):
        return None, f"needs {figure.needs}"
    floats = frame.select_dtypes("float")
    frame[floats.columns] = floats.map(lambda value: float(f"{value:.{SIGNIFICANT_DIGITS}g}"))
    return frame, ""


def draw(
    figure: Figure,
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    suffixes: Sequence[str] = SUFFIXES,
    *,
    is_prepared: bool = False,
) -> Drawn:
    """Draw a figure and write `<folder>/<name>.<suffix>`.

    If a figure has no data, its files from an earlier run are removed.
    """
    files = {suffix: folder / f"{figure.name}.{suffix}" for suffix in suffixes}
    frame, reason = data_of(figure, connection, is_prepared=is_prepared)
    if frame is None:
        for path in files.values():
            path.unlink(missing_ok=True)
        return Drawn(figure.name, figure.title, reason=reason)
    title, caption, description = (
        figure.headline(frame), figure.caption(frame), figure.describe(frame),
    )  # fmt: skip
    picture = theme.rendered(theme.titled(figure.draw(frame), title, caption))
    svg = theme.svg(picture, figure.name, title, f"{description} {caption}")
    about = {
        "name": figure.name,
        "title": title,
        "subject": figure.title,
        "caption": caption,
        "alternative_text": description,
        "n": figure.count(frame),
        "snapshot_id": snapshot_id(frame),
    }
    texts = {
        "svg": lambda: svg,
        "csv": lambda: safe_for_spreadsheets(frame).to_csv(index=False, lineterminator="\n"),
        "sql": lambda: stand_alone_query(figure),
        "json": lambda: json.dumps(about, indent=2, ensure_ascii=False) + "\n",
    }
    for suffix, path in files.items():
        if suffix == "png":
            path.write_bytes(theme.png(picture))
        else:
            path.write_text(texts[suffix](), "utf-8")
    return Drawn(
        figure.name, title, figure.title, caption, description, svg, suffixes=tuple(suffixes)
    )


def read_drawn(svg: Path) -> Drawn:
    """A figure that an earlier run drew, read from the files beside its SVG."""
    about = json.loads(svg.with_suffix(".json").read_text("utf-8"))
    return Drawn(
        svg.stem, about["title"], about.get("subject", ""), about["caption"],
        about["alternative_text"], svg.read_text("utf-8"),
        suffixes=tuple(one for one in SUFFIXES if svg.with_suffix(f".{one}").is_file()),
    )  # fmt: skip


def stand_alone_query(figure: Figure) -> str:
    """The figure's SQL with everything it needs to run in the folder of its Parquet files."""
    files = [f"{name}.parquet" for name in figure.reads]
    views = [f"create temp view {name} as from '{name}.parquet';" for name in figure.reads]
    head = f"-- The numbers of {figure.name}.csv; run it in the folder with {', '.join(files)}."
    return "\n".join([head, *views, "", figure.prelude, figure.query.rstrip() + ";", ""])
