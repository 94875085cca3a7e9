"""Lands tables of who stands behind an owner's name: `python -m loaders owners`.

Each table becomes `owners/<source>.parquet` with `owner`, `kind`, `country`, `parent_organisation`,
`source`, in the table's own words. The build interprets them and settles contradictions.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_lineage.errors import UsageError
from hub_lineage.sql import literal
from loaders.arguments import add_landing_argument, landing_of
from loaders.imports import side_tables, sources, written

__all__ = ["Request", "add_arguments", "land_owners", "run"]

COLUMNS = {
    "owner": ("owner", "org", "organization", "organisation", "author", "handle"),
    "kind": ("kind", "type", "organization_type", "organisation_type"),
    "country": ("country", "region"),
    "parent_organisation": ("parent_organisation", "parent_organization", "parent"),
}
"""The landed columns with their usual names in tables, of which the first that exists is taken."""


@dataclass(frozen=True, kw_only=True)
class Request(side_tables.Request):
    """What to land, from which columns; None looks for a column under its usual names."""

    owner: str | None = None
    kind: str | None = None
    country: str | None = None
    parent_organisation: str | None = None


def land_owners(request: Request) -> side_tables.Report:
    """Land one table of owners; UsageError, DataError or LandingError leave the landing as it was.

    Rows without an owner are left out, and so are columns with other names, which a notice lists.
    A row that says nothing about its owner is kept, as a statement that nothing is known.
    """
    unused: list[str] = []
    report = side_tables.land_table(
        request, "owners", lambda source: _query(request, source, unused), "owner IS NOT NULL"
    )
    if unused:
        shown = ", ".join(map(written.shown, unused))
        print(f"notice: not landed, as these columns are unknown: {shown}", file=sys.stderr)
    return report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders owners`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="Parquet, CSV or JSON lines")
    add_landing_argument(parser)
    parser.add_argument(
        "--source",
        metavar="NAME",
        help="whose table it is, where no column source says so (default: the one file's name)",
    )
    for name, usual in COLUMNS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar="COLUMN",
            help=f"default: {' or '.join(usual)}",
        )
    parser.add_argument("--replace", action="store_true", help="replace existing owners")


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders owners`."""
    report = land_owners(
        Request(
            files=arguments.files,
            landing=landing_of(arguments),
            source=arguments.source or _source_of(arguments.files),
            replace=arguments.replace,
            **{name: getattr(arguments, name) for name in COLUMNS},
        )
    )
    side_tables.report_left_out(report, "without an owner")
    print(f"owners {report.path.stem}: {report.rows:,} descriptions")
    return 0


def _source_of(files: Sequence[str]) -> str:
    """Return a source named after the one file; UsageError if there are several."""
    if len(files) > 1:
        raise UsageError("several files become one source: name it with --source")
    return re.sub(r"[^a-z0-9_-]+", "_", Path(files[0]).stem.lower()).strip("_-") or "owners"


def _query(request: Request, source: sources.Source, unused: list[str]) -> str:
    """Return the query of the descriptions, one per row; add the other columns to `unused`."""
    used = {name: _column_of(request, source, name) for name in COLUMNS}
    source_column = _usual(source, ("source",))
    known = {*used.values(), source_column}
    unused += [one.name for one in source.columns if one.name not in known]
    texts = {name: _text(source, name, column) for name, column in used.items()}
    texts["source"] = literal(request.source)
    if source_column is not None:
        texts["source"] = f"coalesce({_text(source, 'source', source_column)}, {texts['source']})"
    selected = ", ".join(f"CAST({text} AS VARCHAR) AS {name}" for name, text in texts.items())
    return f"SELECT {selected} FROM {source.relation} AS item"


def _column_of(request: Request, source: sources.Source, name: str) -> str | None:
    """Return the column that the request names for a field, else the first with a usual name."""
    named = getattr(request, name) or _usual(source, COLUMNS[name])
    # If no column fits the owner, the refusal lists the columns that there are.
    return named or (COLUMNS["owner"][0] if name == "owner" else None)


def _usual(source: sources.Source, names: Sequence[str]) -> str | None:
    """Return the first column with one of these names, in any case, with blanks or underscores."""
    there = {re.sub(r"[\s_-]+", "_", one.name.strip().lower()): one.name for one in source.columns}
    return next((there[name] for name in names if name in there), None)


def _text(source: sources.Source, name: str, column: str | None) -> str:
    """Return the SQL of a column as text, null where there is none."""
    if column is None:
        return "NULL"
    found = side_tables.column_named(source, f"--{name.replace('_', '-')}", column)
    return f"nullif(trim({found.text}), '')"
