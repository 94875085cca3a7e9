"""Tables of who stands behind an owner's name into the landing: `python -m loaders owners`.

Each table becomes `owners/<source>.parquet` with `owner`, `kind`, `country`, `parent_organisation`,
`source`, in the words of the table: what they mean, and where tables contradict each other, is
settled when the marts are built.
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
"""What is landed, and how tables call it: the first name that is there, unless another is given."""


@dataclass(frozen=True, kw_only=True)
class Request(side_tables.Request):
    """What to land, from which columns; a column of None is looked for under its usual names."""

    owner: str | None = None
    kind: str | None = None
    country: str | None = None
    parent_organisation: str | None = None


def land_owners(request: Request) -> side_tables.Report:
    """Land one table of owners; UsageError, DataError or LandingError leave the landing as it was.

    Rows without an owner are left out, and so are columns of other names, which are told. A row
    that says nothing of its owner is kept: that nothing is known is said, too.
    """
    unused: list[str] = []
    report = side_tables.land_table(
        request, "owners", lambda source: _query(request, source, unused), "owner IS NOT NULL"
    )
    if unused:
        shown = ", ".join(map(written.shown, unused))
        print(f"notice: not landed, as nothing is known of such a column: {shown}", file=sys.stderr)
    return report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders owners`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="Parquet, CSV or JSON lines")
    add_landing_argument(parser)
    parser.add_argument(
        "--source",
        metavar="NAME",
        help="who says so, unless a column source does (default: the name of the one file)",
    )
    for name, usual in COLUMNS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            metavar="COLUMN",
            help=f"default: {' or '.join(usual)}",
        )
    parser.add_argument("--replace", action="store_true", help="replace owners that are there")


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
    """Return a source named after the one file."""
    if len(files) > 1:
        raise UsageError("several files are one source: name it with --source")
    return re.sub(r"[^a-z0-9_-]+", "_", Path(files[0]).stem.lower()).strip("_-") or "owners"


def _query(request: Request, source: sources.Source, unused: list[str]) -> str:
    """Return the query of the descriptions, a row each; `unused` gets the other columns."""
    used = {name: _column_of(request, source, name) for name in COLUMNS}
    said_by = _usual(source, ("source",))
    unused += [one.name for one in source.columns if one.name not in {*used.values(), said_by}]
    texts = {name: _text(source, name, column) for name, column in used.items()}
    texts["source"] = literal(request.source)
    if said_by is not None:
        texts["source"] = f"coalesce({_text(source, 'source', said_by)}, {texts['source']})"
    selected = ", ".join(f"CAST({text} AS VARCHAR) AS {name}" for name, text in texts.items())
    return f"SELECT {selected} FROM {source.relation} AS item"


def _column_of(request: Request, source: sources.Source, name: str) -> str | None:
    """Return the column that is named for a field, else the first that is called so."""
    named = getattr(request, name) or _usual(source, COLUMNS[name])
    # Without any owner the refusal says which columns there are.
    return named or (COLUMNS["owner"][0] if name == "owner" else None)


def _usual(source: sources.Source, names: Sequence[str]) -> str | None:
    """Return the first column that has one of these names, in any case, with blanks or without."""
    there = {re.sub(r"[\s_-]+", "_", one.name.strip().lower()): one.name for one in source.columns}
    return next((there[name] for name in names if name in there), None)


def _text(source: sources.Source, name: str, column: str | None) -> str:
    """Return the SQL of a column as text, null where there is none."""
    if column is None:
        return "NULL"
    found = side_tables.column_named(source, f"--{name.replace('_', '-')}", column)
    return f"nullif(trim({found.text}), '')"
