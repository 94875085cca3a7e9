"""Runs all specifications of both studies on one set of exports, and writes tidy tables.

Results go into `<HUB_RESULTS>`: estimates, specifications, claims and additional tables as Parquet
and CSV, the printed tables and figures made from them, and `manifest.json`. Everything is made in a
hidden folder and put in place when complete, so that a stopped run leaves the old results. The
first file there is `registration.json`, written before the exports are opened. A run of some
specifications keeps the rows of the others (`analysis.studies.merging`). Other files in the folder
are kept.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb
import pandas as pd

from analysis.figures import write_figures
from analysis.studies import claims, curves, judging, records, registration
from analysis.studies.curve_inference import curve_inference
from analysis.studies.estimating import Result
from analysis.studies.estimation.equations import EstimationError
from analysis.studies.merging import Earlier, earlier, joined
from analysis.studies.methods import METHODS, Context
from analysis.studies.multiplicity import adjust
from analysis.studies.records import Rows
from analysis.studies.result_tables import write_tables
from analysis.studies.specifications import Specification, chosen, sample_says
from analysis.studies.variables import open_exports
from hub_lineage.exports import Exports, n_models
from hub_lineage.files import list_files, listed_files, replace_folder, workshop
from hub_lineage.paths import PROJECT
from hub_lineage.progress import Progress
from hub_lineage.sql import files_in_sql, identifier

LIBRARIES = (
    "duckdb",
    "fereg",
    "linearmodels",
    "numpy",
    "pandas",
    "pyfixest",
    "scipy",
    "statsmodels",
)
SECONDS = 55.0
SECONDS_A_MODEL = 7e-4
"""The time of a run of all specifications on one core, measured at 4,220 and 2,750,000 models."""

CURVE_SIZE = 240
"""How many combinations of the recognition curve are drawn, of up to 25,920."""


def run(
    exports_folder: Path,
    results_folder: Path,
    patterns: Sequence[str] = (),
    *,
    seed: int = 20260413,
    draws: int | None = None,
    curve_size: int = CURVE_SIZE,
    say: Callable[[str], None] = lambda line: None,
    step: Callable[[str], None] = lambda name: None,
    begin: Callable[[float], None] = lambda seconds: None,
) -> list[Result]:
    """Run specifications and write all results; return the results in the specifications' order.

    exports_folder: the marts as Parquet (`make build`), with `variants/` beside them if built.
    results_folder: where rows of other specifications on the same exports are kept.
    patterns: rows or ids of specifications; none means all.
    seed: that of every random draw; draws: their number in specifications that draw (None: the
    specification's own). curve_size: combinations of the recognition curve, 0 for all.
    say: called with a line on each specification without an estimate; step: with the id of each
    finished one; begin: with the seconds that a run of all takes, once the exports are open.

    Raises StudyError for exports that cannot be used, for unknown specifications, for results of
    other exports that some specifications cannot join, and for a design that changes during the
    run.
    """
    specifications = chosen(patterns)
    results_folder = Path(os.path.abspath(results_folder))
    instead = "set HUB_RESULTS to a folder that can be written"
    with workshop(results_folder, "the results", instead) as place:
        staged = place / "results"
        staged.mkdir()
        registered = registration.registered()
        registration.write(registered, staged)
        exports = open_exports(exports_folder, is_kept=True)
        if not patterns:
            begin(SECONDS + SECONDS_A_MODEL * n_models(exports))
        before = earlier(results_folder, exports, specifications) if patterns else Earlier()
        context = Context(exports, seed, draws)
        results = []
        for specification in specifications:
            if specification.method == "curve":
                continue
            for result in results_of(context, specification):
                results.append(result)
                if result.status != "ok":
                    say(told(result))
            step(specification.specification_id)
        curve = list(curve_rows(exports, specifications, seed, curve_size))
        n_rows = max((row.get("n_in") or 0 for row in curve), default=0)
        results += [
            curve_result(one, curve, curve_inference(exports, context.draws_of(one, n_rows), seed))
            for one in specifications
            if one.method == "curve"
        ]
        registration.refuse_a_change(registered)
        keep_calibration(results_folder, staged, exports)
        write(context, registered, results, curve, before, patterns, staged, say)
        list_files(staged)
        # Results without a list are those of an earlier version, which wrote the same files.
        ours = listed_files(results_folder)
        replace_folder(staged, results_folder, listed_files(staged) if ours is None else ours)
    return results


def results_of(context: Context, specification: Specification) -> list[Result]:
    """The results of a specification; an EstimationError becomes a failed result.

    The tables that a design made are dropped afterwards to free memory.
    """
    try:
        return METHODS[specification.method](context, specification)
    except EstimationError as error:
        return [Result(specification, "failed", str(error))]
    finally:
        connection = context.exports.connection
        made = connection.execute("select table_name from duckdb_tables() where temporary")
        for (name,) in made.fetchall():
            connection.execute(f"drop table temp.{identifier(name)}")


def curve_rows(exports: Exports, specifications, seed: int, size: int) -> list[dict]:
    """The rows of all specification curves, if a specification needs them."""
    if not any(one.method == "curve" for one in specifications):
        return []
    return [
        *curves.recognition_curve(exports, size, seed),
        *curves.disruption_curve(exports),
        *curves.data_curve(exports.folder / "variants", exports.snapshot_id),
    ]


def curve_result(
    specification: Specification, curve: Sequence[dict], inference: Sequence[dict]
) -> Result:
    """The curve's own entry among the specifications, with its inference as a table."""
    tables = {"curve_inference": list(inference)}
    made = [row for row in curve if row["status"] == "ok" and row["curve"] == "recognition"]
    if not made:
        reason = "no combination of choices could be estimated"
        return Result(specification, "not_run", reason, tables=tables)
    n_used = max(row["n_used"] for row in made)
    return Result(specification, "ok", tables=tables, n_in=made[0]["n_in"], n_used=n_used)


def told(result: Result) -> str:
    """A specification's status in one line."""
    name = f"{result.specification.specification_id:<34}"
    if result.status != "ok":
        return f"{name} {result.status}: {result.reason}"
    return f"{name} ok, {result.n_used:,} of {result.n_in:,} rows"


# writing


CALIBRATED = {
    "calibration": ("calibration", "arithmetic"),
    "verdict_calibration": ("verdict_calibration",),
    "evidence": ("evidence",),
    "missing_edges": ("missing_edges", "missing_edges_estimates", "missing_edges_models"),
}
"""The tables of other commands, by the one whose rows name the exports they were made from."""


def keep_calibration(old: Path, new: Path, exports: Exports) -> None:
    """Copy the results of other commands on the same exports, which are not made here."""
    for table, names in CALIBRATED.items():
        path = old / f"{table}.parquet"
        if not path.exists():
            continue
        with duckdb.connect() as connection:
            hashes = connection.execute(
                f"select distinct landing_hash from read_parquet({files_in_sql(path)})"
            ).fetchall()
        if hashes == [(exports.content_hash,)]:
            for name in names:
                for path in old.glob(f"{name}.*"):
                    shutil.copy2(path, new / path.name)


def write(
    context: Context,
    registered: dict,
    results: Sequence[Result],
    curve: Sequence[dict],
    before: Earlier,
    patterns: Sequence[str],
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Write all tables, figures and the manifest; p-values and claims are over all rows."""
    exports = context.exports
    estimates = joined(before.estimates, [row for result in results for row in result.estimates])
    adjust(estimates)
    new = [entry(result) for result in results]
    listed = joined(before.specifications, new)
    curve = [*before.curve, *curve]
    further = further_tables(results)
    tables = {
        name: joined(before.tables.get(name, []), further.get(name, []))
        for name in sorted({*further, *before.tables})
    }
    inference, contrasts = (rows_of(tables, name) for name in ("curve_inference", "contrasts"))
    found = claims.Results(estimates, listed, curve, inference, contrasts)
    judged = judging.judge(exports, found)
    records.write_table("estimates", estimates, folder, records.ESTIMATES)
    records.write_table("specifications", listed, folder, records.SPECIFICATIONS)
    records.write_table("claims", judged, folder, records.CLAIMS)
    records.write_table("curve", curve, folder, records.CURVE)
    for name, rows in tables.items():
        if len(rows):
            records.write_table(name, rows, folder, records.FURTHER.get(name))
    printed = write_tables(folder)
    figures = write_figures(folder, exports.folder)
    for name, status, reason in (*printed, *figures):
        if status != "ok":
            say(f"{name}: {status}: {reason}")
    this = {
        "asked": list(patterns),
        "seed": context.seed,
        "draws": context.draws,
        "design_hash": registered["hash"],
        "project": revision(),
        "lock_hash": hashlib.sha256(
            (PROJECT / "requirements" / "studies.txt").read_bytes()
        ).hexdigest(),
        "versions": {"python": platform.python_version()} | versions(),
        "threads": os.cpu_count(),
    }
    run_of = dict(before.run_of) | {row["specification_id"]: len(before.runs) for row in new}
    manifest = {
        "snapshot_id": exports.snapshot_id,
        "landing_hash": exports.content_hash,
        "registration": registered,
        **this,
        "runs": [*before.runs, this],
        "specifications": {
            row["specification_id"]: {
                "status": row["status"],
                "reason": row["reason"],
                "run": run_of[row["specification_id"]],
            }
            for row in listed
        },
        "tables": {name: {"status": status, "reason": reason} for name, status, reason in printed},
        "figures": {name: {"status": status, "reason": reason} for name, status, reason in figures},
    }
    (folder / "manifest.json").write_text(
        json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def rows_of(tables: Mapping[str, Rows], name: str) -> Sequence[Mapping]:
    """The rows of a table; none if it does not exist."""
    table = tables.get(name, [])
    return table.to_dict("records") if isinstance(table, pd.DataFrame) else table


def further_tables(results: Sequence[Result]) -> dict[str, Rows]:
    """The rows of designs in addition to estimates, by table; empty tables are left out."""
    further: dict[str, Rows] = {}
    for result in results:
        common = {"specification_id": result.specification.specification_id}
        for name, rows in result.tables.items():
            if not len(rows):
                continue
            named: Rows = (
                rows.assign(**common)
                if isinstance(rows, pd.DataFrame)
                else [common | row for row in rows]
            )
            further[name] = joined(further.get(name, []), named)
    return further


def entry(result: Result) -> dict:
    """A specification as a row: its design and its status."""
    one = result.specification
    return {
        "specification_id": one.specification_id,
        "row": one.row,
        "study": one.study,
        "role": one.role,
        "family": one.family,
        "title": one.title,
        "question": one.question,
        "outcome": one.outcome,
        "terms": "+".join(one.interest),
        "controls": "+".join(one.controls),
        "factors": "+".join(one.factors),
        "fixed_effects": "+".join(one.fixed_effects),
        "clusters": "+".join(one.clusters),
        "estimator": one.estimator,
        "method": one.method,
        "sample": " and ".join(
            part for part in (sample_says(one.sample), one.condition) if part != "true"
        ),
        "sample_sql": one.sql(["*"]),
        "expected_signs": ", ".join(
            f"{term} {'?' if sign is None else f'{sign:+d}' if sign else '0'}"
            for term, sign in one.interest.items()
        ),
        "jackknife": one.jackknife,
        "caution": one.caution,
        "status": result.status,
        "reason": result.reason,
        "n_in": result.n_in,
        "n_used": result.n_used,
    }


def versions() -> dict[str, str | None]:
    """The versions of the libraries behind the estimates; None if one is not installed."""
    found: dict[str, str | None] = {}
    for library in LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            found[library] = None
    return found


def revision() -> dict:
    """The project's commit and whether files differ from it; null without git."""

    commit = registration.git("rev-parse", "HEAD")
    changed = registration.git("status", "--porcelain", "--untracked-files=no", folder=PROJECT)
    return {"commit": commit, "is_changed": None if changed is None else bool(changed)}


def without_estimate(results: Sequence[Result]) -> list[Result]:
    """The primary specifications that cannot be estimated on this landing."""
    return [
        result
        for result in results
        if result.specification.family == "primary" and result.status != "ok"
    ]


def main(arguments) -> int:
    """Carry out `python -m analysis run`; 0 if results are written, however much was estimated."""
    wanted = chosen(arguments.specifications)
    with Progress("study", len(wanted), "specifications") as shown:
        results = run(
            arguments.exports,
            arguments.results,
            arguments.specifications,
            seed=arguments.seed,
            draws=arguments.draws,
            curve_size=arguments.curve_size,
            say=(lambda line: None) if arguments.quiet else shown.say,
            step=lambda name: shown.advance(now=name),
            begin=shown.announce,
        )
    counts = {status: sum(one.status == status for one in results) for status in
              ("ok", "not_run", "refused", "failed")}  # fmt: skip
    print(
        f"{arguments.results}: {len(results)} specifications, "
        + ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in counts.items())
    )
    for result in without_estimate(results):
        print(
            f"not testable here: {result.specification.specification_id}, a primary specification "
            f"({result.status.replace('_', ' ')}: {result.reason})"
        )
    return 0
