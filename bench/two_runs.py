"""Compares two runs of the studies, whose results a change for speed must not alter.

    python -m bench.two_runs BEFORE AFTER      one line per column that differs, and 1 if one does

Both folders hold results of the same exports. Words and whole numbers must be equal; a float may
differ by a share of itself, or of its standard error if it has one, that no table prints. Columns
on the method and not the result (`WAYS`) are left out.
"""

import argparse
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from hub_lineage.sql import files_in_sql

WAYS = ("engine", "engine_version", "demeaner", "iterations", "tolerance")
"""Columns that say how an estimate was computed."""

KEYS = ("specification_id", "curve", "design", "claim_id")
"""Columns that identify a row in a reported difference, if a table has them."""

UNPRINTED = 1e-6
"""The share below which differences do not count: six digits are equal, and tables print four."""

NOTHING = 1e-12
"""The rounding error of a zero."""


def differences(before: Path, after: Path, share: float = UNPRINTED) -> list[str]:
    """A line per table that is in one folder only or has other rows, and per differing column."""
    names = [{path.stem for path in folder.glob("*.parquet")} for folder in (before, after)]
    lines = [f"{name}: in one folder only" for name in sorted(names[0] ^ names[1])]
    for name in sorted(names[0] & names[1]):
        one, other = (read(folder / f"{name}.parquet") for folder in (before, after))
        lines += [f"{name}{line}" for line in differing(one, other, share)]
    return lines


def read(path: Path) -> pd.DataFrame:
    """The rows of a Parquet file."""
    with duckdb.connect() as connection:
        return connection.execute(f"from read_parquet({files_in_sql(path)})").df()


def differing(one: pd.DataFrame, other: pd.DataFrame, share: float) -> list[str]:
    """What differs between two tables, as lines without the table's name."""
    if list(one.columns) != list(other.columns) or len(one) != len(other):
        shapes = [f"{len(table)} rows of {table.shape[1]} columns" for table in (one, other)]
        return [f": {', then '.join(shapes)}"]
    lines = []
    for column in one.columns.difference(WAYS, sort=False):
        is_other = differs(one, other, column, share)
        if is_other.any():
            row = one[is_other].iloc[0]
            named = " ".join(str(row[key]) for key in (*KEYS, "term") if key in one)
            lines.append(
                f".{column}: {is_other.sum()} of {len(one)} rows differ, as {named}: "
                f"{row[column]} and {other.loc[is_other, column].iloc[0]}"
            )
    return lines


def differs(one: pd.DataFrame, other: pd.DataFrame, column: str, share: float) -> np.ndarray:
    """Whether the values of a column differ; (rows,)."""
    left, right = one[column], other[column]
    if not pd.api.types.is_float_dtype(left) or not pd.api.types.is_numeric_dtype(right):
        return ~((left == right) | (left.isna() & right.isna())).to_numpy(bool)
    left, right = left.to_numpy(float), right.to_numpy(float)
    scale = np.fmax(np.abs(left), np.abs(right))
    if "standard_error" in one:
        scale = np.fmax(scale, one["standard_error"].to_numpy(float))
    is_unknown = np.isnan(left) | np.isnan(right)
    return np.where(
        is_unknown,
        np.isnan(left) != np.isnan(right),
        np.abs(left - right) > share * scale + NOTHING,
    )


def main(arguments: list[str]) -> int:
    """Run one command line; 1 if the runs differ."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.two_runs", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("before", type=Path, metavar="BEFORE")
    parser.add_argument("after", type=Path, metavar="AFTER")
    parser.add_argument("--share", type=float, default=UNPRINTED, help="(%(default)s)")
    options = parser.parse_args(arguments)
    lines = differences(options.before, options.after, options.share)
    print("\n".join(lines) or "the same")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
