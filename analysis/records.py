"""The results as tables: their columns, and how rows become Parquet and CSV.

Types are fixed, so that a table has the same columns whatever the landing made of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from analysis.exports import literal

TEXT, NUMBER, COUNT, FLAG = "varchar", "double", "bigint", "boolean"

SPECIFICATIONS = {
    "specification_id": TEXT, "row": TEXT, "study": TEXT, "role": TEXT, "family": TEXT,
    "title": TEXT, "question": TEXT, "outcome": TEXT, "terms": TEXT, "controls": TEXT,
    "factors": TEXT, "fixed_effects": TEXT, "clusters": TEXT, "estimator": TEXT, "method": TEXT,
    "sample": TEXT, "sample_sql": TEXT, "expected_signs": TEXT, "jackknife": FLAG, "caution": TEXT,
    "status": TEXT, "reason": TEXT, "n_in": COUNT, "n_used": COUNT,
}  # fmt: skip
"""One row per specification, whatever became of it."""

ESTIMATES = {
    "specification_id": TEXT, "row": TEXT, "study": TEXT, "role": TEXT, "family": TEXT,
    "title": TEXT, "outcome": TEXT, "term": TEXT, "scale": TEXT, "is_of_interest": FLAG,
    "expected_sign": COUNT, "estimate": NUMBER, "standard_error": NUMBER, "interval_low": NUMBER,
    "interval_high": NUMBER, "p_value": NUMBER, "jackknife_standard_error": NUMBER,
    "jackknife_low": NUMBER, "jackknife_high": NUMBER, "jackknife_p_value": NUMBER,
    "jackknife_groups": COUNT, "p_adjusted": NUMBER, "adjustment": TEXT, "effect_of": TEXT,
    "effect": NUMBER, "effect_low": NUMBER, "effect_high": NUMBER, "estimator": TEXT,
    "fixed_effects": TEXT, "factors": TEXT, "clusters": TEXT, "n_in": COUNT, "n_null": COUNT,
    "n_infinite": COUNT, "n_singleton": COUNT, "n_separated": COUNT, "n_used": COUNT,
    "n_bases": COUNT, "n_clusters": COUNT, "effective_clusters_rows": NUMBER,
    "effective_clusters_outcome": NUMBER, "largest_cluster_share": NUMBER, "outcome_mean": NUMBER,
    "dropped_terms": TEXT, "r2": NUMBER, "r2_within": NUMBER, "pseudo_r2": NUMBER,
    "log_likelihood": NUMBER, "small_sample": TEXT, "engine": TEXT, "engine_version": TEXT,
    "demeaner": TEXT, "tolerance": NUMBER, "converged": FLAG, "iterations": COUNT, "formula": TEXT,
    "sample_sql": TEXT, "snapshot_id": TEXT, "landing_hash": TEXT, "seed": COUNT,
}  # fmt: skip
"""One row per specification and term; `scale` tells coefficients from average marginal effects."""

CLAIMS = {
    "claim_id": TEXT, "study": TEXT, "source": TEXT, "claim": TEXT, "published": TEXT,
    "choice": TEXT, "test": TEXT,
    "specification_id": TEXT, "term": TEXT, "sql": TEXT, "estimate": NUMBER,
    "interval_low": NUMBER, "interval_high": NUMBER, "n": COUNT, "passes": FLAG, "verdict": TEXT,
    "reason": TEXT, "snapshot_id": TEXT,
}  # fmt: skip
"""One row per claim and test of it; the verdict is the claim's, the same in all its rows."""

CURVE = {
    "curve": TEXT, "data": TEXT, "outcome": TEXT, "order": TEXT, "crowding": TEXT,
    "fixed_effects": TEXT, "age": TEXT, "prominence": TEXT, "sample": TEXT, "estimator": TEXT,
    "term": TEXT, "window_name": TEXT, "estimate": NUMBER, "standard_error": NUMBER,
    "interval_low": NUMBER, "interval_high": NUMBER, "p_value": NUMBER, "n_in": COUNT,
    "n_used": COUNT, "n_clusters": COUNT, "status": TEXT, "reason": TEXT, "formula": TEXT,
    "engine": TEXT, "snapshot_id": TEXT,
}  # fmt: skip
"""One row per combination of choices and term."""


def write_table(
    name: str, rows: Sequence[Mapping], folder: Path, columns: Mapping[str, str] | None = None
) -> None:
    """Write rows as `<name>.parquet` and `<name>.csv`, in the order given.

    `columns` maps names to DuckDB types; what a row lacks is null. Without it the columns are those
    of the rows, in the order in which they first appear, and their types are inferred.
    """
    if columns is None:
        columns = inferred(rows)
    frame = pd.DataFrame(
        {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns}
    )
    selected = ", ".join(
        f'cast("{column}" as {kind}) as "{column}"' for column, kind in columns.items()
    )
    with duckdb.connect() as connection:
        connection.register("given", frame)
        connection.execute(f"create table written as select {selected} from given")
        parquet, csv = folder / f"{name}.parquet", folder / f"{name}.csv"
        connection.execute(f"copy written to {literal(parquet)} (format parquet, compression zstd)")
        connection.execute(f"copy written to {literal(csv)} (header)")


def inferred(rows: Sequence[Mapping]) -> dict[str, str]:
    """The columns of rows and their types, by the values that are there; text holds everything."""
    kinds: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            found = kinds.setdefault(name, set())
            if value is not None:
                found.add(kind_of(value))
    return {name: widest(found) for name, found in kinds.items()}


def kind_of(value: object) -> str:
    if isinstance(value, bool):
        return FLAG
    return {int: COUNT, float: NUMBER}.get(type(value), TEXT)


def widest(kinds: set[str]) -> str:
    if kinds == {COUNT, NUMBER}:
        return NUMBER
    return next(iter(kinds)) if len(kinds) == 1 else TEXT
