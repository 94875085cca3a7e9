"""The results as tables: their columns, and how rows become Parquet and CSV.

Types are fixed, so that a table has the same columns whatever the landing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import duckdb
import pandas as pd

from hub_lineage.spreadsheets import safe_for_spreadsheets
from hub_lineage.sql import identifier, literal

Rows: TypeAlias = list[dict] | pd.DataFrame
"""The rows of a table; a frame if there is a row per model."""

TEXT, NUMBER, COUNT, FLAG = "varchar", "double", "bigint", "boolean"

SPECIFICATIONS = {
    "specification_id": TEXT, "row": TEXT, "study": TEXT, "role": TEXT, "family": TEXT,
    "title": TEXT, "question": TEXT, "outcome": TEXT, "terms": TEXT, "controls": TEXT,
    "factors": TEXT, "fixed_effects": TEXT, "clusters": TEXT, "estimator": TEXT, "method": TEXT,
    "sample": TEXT, "sample_sql": TEXT, "expected_signs": TEXT, "jackknife": FLAG, "caution": TEXT,
    "status": TEXT, "reason": TEXT, "n_in": COUNT, "n_used": COUNT,
}  # fmt: skip
"""One row per specification, with an estimate or not."""

ESTIMATES = {
    "specification_id": TEXT, "row": TEXT, "study": TEXT, "role": TEXT, "family": TEXT,
    "title": TEXT, "outcome": TEXT, "term": TEXT, "scale": TEXT, "is_of_interest": FLAG,
    "expected_sign": COUNT, "estimate": NUMBER, "standard_error": NUMBER, "interval_low": NUMBER,
    "interval_high": NUMBER, "p_value": NUMBER, "jackknife_standard_error": NUMBER,
    "jackknife_low": NUMBER, "jackknife_high": NUMBER, "jackknife_p_value": NUMBER,
    "jackknife_groups": COUNT, "jackknife_degrees_of_freedom": NUMBER, "jackknife_worth": NUMBER,
    "p_adjusted": NUMBER, "adjustment": TEXT, "effect_of": TEXT,
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
"""One row per specification and term; `scale` distinguishes coefficients from average marginal
effects."""

CLAIMS = {
    "claim_id": TEXT, "study": TEXT, "source": TEXT, "claim": TEXT, "published": TEXT,
    "family": TEXT, "verdict": TEXT, "verdict_reason": TEXT, "role": TEXT, "choice": TEXT,
    "in_words": TEXT, "specification_id": TEXT, "term": TEXT, "sql": TEXT, "estimate": NUMBER,
    "interval_low": NUMBER, "interval_high": NUMBER, "n": COUNT, "n_clusters": COUNT,
    "effective_clusters": NUMBER, "p_value": NUMBER, "p_adjusted": NUMBER,
    "smallest_effect": NUMBER, "minimum_detectable_effect": NUMBER, "tolerance": TEXT,
    "leans": TEXT, "reason": TEXT, "curve_n": COUNT, "curve_share_as_claimed": NUMBER,
    "curve_p_value": NUMBER, "snapshot_id": TEXT,
}  # fmt: skip
"""One row per claim and test of it. The verdict is the same in all rows of a claim and follows from
the row whose role is `test`; `paper` is the paper's own form, `other` another choice. `in_words` is
the number of the test in words, `tolerance` the smallest effect that counts. `leans`: whether an
interval lies "as claimed", "against" or "open"."""

CURVE = {
    "curve": TEXT, "data": TEXT, "outcome": TEXT, "order": TEXT, "crowding": TEXT,
    "fixed_effects": TEXT, "age": TEXT, "prominence": TEXT, "sample": TEXT, "estimator": TEXT,
    "term": TEXT, "window_name": TEXT, "estimate": NUMBER, "standard_error": NUMBER,
    "interval_low": NUMBER, "interval_high": NUMBER, "p_value": NUMBER, "n_in": COUNT,
    "n_used": COUNT, "n_clusters": COUNT, "status": TEXT, "reason": TEXT, "formula": TEXT,
    "engine": TEXT, "snapshot_id": TEXT,
}  # fmt: skip
"""One row per combination of choices and term."""


INDEX_NULL = {
    "specification_id": TEXT, "model_id": TEXT, "relation": TEXT, "quarter": TEXT, "mdi": NUMBER,
    "n_later": COUNT, "mdi_chance": NUMBER, "mdi_chance_deviation": NUMBER, "mdi_z": NUMBER,
    "share_at_or_above": NUMBER, "n_draws": COUNT, "reason": TEXT, "percentile_in_family": NUMBER,
    "percentile_in_relation": NUMBER, "interval_low": NUMBER, "interval_high": NUMBER,
    "bootstrap_low": NUMBER, "bootstrap_high": NUMBER, "snapshot_id": TEXT,
}  # fmt: skip
"""One row per focal with an index: its place under chance and among its kind, and intervals."""

SURVIVAL = {
    "specification_id": TEXT, "relation": TEXT, "days": COUNT, "n": COUNT, "n_at_risk": COUNT,
    "n_events": COUNT, "survival": NUMBER, "standard_error": NUMBER, "interval_low": NUMBER,
    "interval_high": NUMBER, "n_clusters": COUNT, "median_days": NUMBER, "snapshot_id": TEXT,
}  # fmt: skip
"""One row per specification, relation and day: the share still waiting, by Kaplan and Meier."""

FURTHER = {"index_null": INDEX_NULL, "survival": SURVIVAL}
"""The additional tables with fixed columns; the columns of others follow from their rows."""


def write_table(
    name: str,
    rows: Sequence[Mapping] | pd.DataFrame,
    folder: Path,
    columns: Mapping[str, str] | None = None,
) -> None:
    """Write rows as `<name>.parquet` and, safe for spreadsheets, `<name>.csv`, in the order given.

    `columns` maps names to DuckDB types; what a row lacks is null. Without it the columns are those
    of the rows, in order of first appearance, with inferred types. A table with a row per model is
    given as a DataFrame, with its columns.
    """
    if isinstance(rows, pd.DataFrame):
        frame, columns = rows, columns or inferred(rows.to_dict("records"))
    else:
        columns = columns or inferred(rows)
        frame = pd.DataFrame(
            {name: pd.Series([row.get(name) for row in rows], dtype=object) for name in columns}
        )
    selected = ", ".join(
        f"cast({identifier(column)} as {kind}) as {identifier(column)}"
        for column, kind in columns.items()
    )
    with duckdb.connect() as connection:
        for suffix, given, options in (
            ("parquet", frame, "format parquet, compression zstd"),
            ("csv", safe_for_spreadsheets(frame), "header"),
        ):
            connection.register("given", given)
            path = folder / f"{name}.{suffix}"
            connection.execute(f"create or replace table written as select {selected} from given")
            connection.execute(f"copy written to {literal(path)} ({options})")


def inferred(rows: Sequence[Mapping]) -> dict[str, str]:
    """The columns of rows and their types, inferred from the values; mixed types become text."""
    kinds: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            found = kinds.setdefault(name, set())
            if value is not None:
                found.add(kind_of(value))
    return {name: widest(found) for name, found in kinds.items()}


def kind_of(value: object) -> str:
    """The type of a value's column."""
    if isinstance(value, bool):
        return FLAG
    return {int: COUNT, float: NUMBER}.get(type(value), TEXT)


def widest(kinds: set[str]) -> str:
    """The type that holds values of all these types."""
    if kinds == {COUNT, NUMBER}:
        return NUMBER
    return next(iter(kinds)) if len(kinds) == 1 else TEXT
