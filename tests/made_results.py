"""Tidy results made up by hand for tests of tables and figures: few rows, every case."""

from pathlib import Path

from analysis.studies import records

SNAPSHOT = "20260903T000000Z"
HOSTILE = "<script>alert(1)</script> $x_1$ & `rm` | 50% ~ \\input{x} =cmd()"


def specification(specification_id: str, **fields) -> dict:
    """An entry of specifications.parquet that went well, unless told otherwise."""
    row = specification_id.split(".")[0]
    return {
        "specification_id": specification_id,
        "row": row,
        "study": "disruption" if row.startswith("DM") else "racing",
        "role": "headline",
        "family": "primary",
        "title": "Poisson, base and month fixed effects",
        "question": "Do later entrants have fewer likes?",
        "outcome": "likes",
        "terms": "log_rank+log_crowd_30",
        "controls": "log_size",
        "factors": "relation",
        "fixed_effects": "parent_id+month",
        "clusters": "parent_id",
        "estimator": "poisson",
        "method": "regression",
        "sample": "the main sample",
        "sample_sql": "select 1",
        "expected_signs": "log_rank -1, log_crowd_30 -1",
        "jackknife": True,
        "caution": None,
        "status": "ok",
        "reason": "",
        "n_in": 1300,
        "n_used": 1234,
    } | fields


def estimate(specification_id: str, term: str, value: float | None = -0.1234, **fields) -> dict:
    """A row of estimates.parquet with a jackknife interval, unless told otherwise."""
    entry = specification(specification_id)
    shared = {
        name: entry[name]
        for name in ("specification_id", "row", "study", "role", "family", "title", "outcome",
                     "estimator", "fixed_effects", "factors", "clusters", "n_in", "n_used")
    }  # fmt: skip
    low, high = (value - 0.0987, value + 0.0987) if value is not None else (None, None)
    return (
        dict.fromkeys(records.ESTIMATES)
        | shared
        | {
            "term": term,
            "scale": "coefficient",
            "is_of_interest": term.startswith("log_rank") or term.startswith("log_crowd"),
            "expected_sign": -1,
            "estimate": value,
            "standard_error": None if value is None else 0.0503,
            "interval_low": low,
            "interval_high": high,
            "p_value": 0.0141,
            "jackknife_standard_error": 0.07,
            "jackknife_low": None if low is None else low - 0.1,
            "jackknife_high": None if high is None else high + 0.1,
            "jackknife_p_value": 0.08,
            "jackknife_groups": 100,
            "p_adjusted": 0.0456,
            "adjustment": "holm",
            "n_null": 11,
            "n_infinite": 2,
            "n_singleton": 33,
            "n_separated": 20,
            "n_bases": 77,
            "n_clusters": 77,
            "effective_clusters_rows": 12.34,
            "effective_clusters_outcome": 5.67,
            "largest_cluster_share": 0.2345,
            "outcome_mean": 3.21,
            "dropped_terms": "",
            "r2": None,
            "r2_within": 0.0123,
            "pseudo_r2": 0.456,
            "log_likelihood": -1000.0,
            "small_sample": "fixed effects not counted",
            "engine": "pyfixest",
            "engine_version": "0.60.0",
            "demeaner": "lsmr",
            "tolerance": 1e-10,
            "converged": True,
            "iterations": 7,
            "formula": "likes ~ log_rank + log_crowd_30 | parent_id+month",
            "sample_sql": "select 1",
            "snapshot_id": SNAPSHOT,
            "landing_hash": "0" * 64,
            "seed": 1,
        }
        | fields
    )


def write(
    folder: Path, specifications: list[dict], estimates: list[dict], **others: list[dict]
) -> Path:
    """The Parquet files of a folder of results; `others` by name, such as balance=[...]."""
    folder.mkdir(parents=True, exist_ok=True)
    records.write_table("specifications", specifications, folder, records.SPECIFICATIONS)
    records.write_table("estimates", estimates, folder, records.ESTIMATES)
    columns = {"claims": records.CLAIMS, "curve": records.CURVE}
    for name, rows in others.items():
        records.write_table(name, rows, folder, columns.get(name))
    return folder
