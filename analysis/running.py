"""All specifications of both studies, run on one set of exports and written as tidy tables.

Results go into `<HUB_RESULTS>`: estimates, specifications, claims and further tables as Parquet and
CSV, the printed tables and figures made from them, and `manifest.json`. All of it is made in a
hidden folder and put in place when it stands, so that a run that is stopped leaves the old results.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from analysis import claims, curves, records
from analysis.equations import EstimationError
from analysis.estimating import Result
from analysis.exports import Exports, StudyError, open_exports
from analysis.figures import write_figures
from analysis.methods import METHODS, Context
from analysis.multiplicity import adjust
from analysis.specifications import Specification, chosen, sample_says
from analysis.tables import write_tables
from loaders.sql import files_in_sql

PROJECT = Path(__file__).resolve().parents[1]
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
CURVE_SIZE = 240
"""Combinations of the recognition curve that are drawn, of 2,880."""


def run(
    exports_folder: Path,
    results_folder: Path,
    patterns: Sequence[str] = (),
    *,
    seed: int = 20260413,
    draws: int | None = None,
    curve_size: int = CURVE_SIZE,
    say: Callable[[str], None] = lambda line: None,
) -> list[Result]:
    """Run specifications and write all results; the results, in the specifications' order.

    exports_folder: the marts as Parquet (`make build`), with `variants/` beside them if built.
    patterns: rows or ids of specifications; none means all.
    seed: of every random draw; draws: how many, where a specification draws (None: its own).
    curve_size: combinations of the recognition curve, 0 for all.
    say: takes one line of progress per specification.

    Raises StudyError for exports that cannot be used and for unknown specifications.
    """
    specifications = chosen(patterns)
    exports = open_exports(exports_folder)
    context = Context(exports, seed, draws)
    results = []
    for specification in specifications:
        if specification.method == "curve":
            continue
        for result in results_of(context, specification):
            results.append(result)
            say(told(result))
    curve = list(curve_rows(exports, specifications, seed, curve_size))
    results += [curve_result(one, curve) for one in specifications if one.method == "curve"]
    results_folder = Path(results_folder)
    staged = results_folder.with_name(f".{results_folder.name}.running")
    try:
        shutil.rmtree(staged, ignore_errors=True)
        staged.mkdir(parents=True)
        keep_calibration(results_folder, staged, exports)
        write(exports, context, results, curve, staged, say)
        replace_folder(staged, results_folder)
    except OSError as error:
        raise StudyError(
            f"cannot write the results to {results_folder} ({error.strerror or error}): set "
            "HUB_RESULTS to a folder that can be written"
        ) from error
    return results


def results_of(context: Context, specification: Specification) -> list[Result]:
    """What a specification gives; a failure of its own is told in its place and ends no run."""
    try:
        return METHODS[specification.method](context, specification)
    except EstimationError as error:
        return [Result(specification, "failed", str(error))]


def curve_rows(exports: Exports, specifications, seed: int, size: int) -> list[dict]:
    """The rows of all specification curves, if a specification asks for them."""
    if not any(one.method == "curve" for one in specifications):
        return []
    return [
        *curves.recognition_curve(exports, size, seed),
        *curves.disruption_curve(exports),
        *curves.data_curve(exports.folder / "variants", exports.snapshot_id),
    ]


def curve_result(specification: Specification, curve: Sequence[dict]) -> Result:
    """The curve's own entry among the specifications: how many combinations gave an estimate."""
    made = [row for row in curve if row["status"] == "ok" and row["curve"] == "recognition"]
    if not made:
        return Result(specification, "not_run", "no combination of choices could be estimated")
    return Result(specification, "ok", n_in=made[0]["n_in"], n_used=max(r["n_used"] for r in made))


def told(result: Result) -> str:
    """One line of progress."""
    name = f"{result.specification.specification_id:<34}"
    if result.status != "ok":
        return f"{name} {result.status}: {result.reason}"
    return f"{name} ok, {result.n_used:,} of {result.n_in:,} rows"


# writing


def keep_calibration(old: Path, new: Path, exports: Exports) -> None:
    """Take over what `calibrate` found on the same exports: it is not made anew here."""
    table = old / "calibration.parquet"
    if not table.exists():
        return
    with duckdb.connect() as connection:
        hashes = connection.execute(
            f"select distinct landing_hash from read_parquet({files_in_sql(table)})"
        ).fetchall()
    if hashes == [(exports.content_hash,)]:
        for name in ("calibration", "arithmetic"):
            for path in old.glob(f"{name}.*"):
                shutil.copy2(path, new / path.name)


def write(
    exports: Exports,
    context: Context,
    results: Sequence[Result],
    curve: Sequence[dict],
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Every table, figure and the manifest, into one folder."""
    estimates = [row for result in results for row in result.estimates]
    adjust(estimates)
    listed = [entry(result) for result in results]
    judged = claims.judge(exports, estimates, listed)
    records.write_table("estimates", estimates, folder, records.ESTIMATES)
    records.write_table("specifications", listed, folder, records.SPECIFICATIONS)
    records.write_table("claims", judged, folder, records.CLAIMS)
    records.write_table("curve", curve, folder, records.CURVE)
    for name, rows in sorted(further_tables(results).items()):
        records.write_table(name, rows, folder)
    tables = write_tables(folder)
    figures = write_figures(folder, exports.folder)
    for name, status, reason in (*tables, *figures):
        if status != "ok":
            say(f"{name}: {status}: {reason}")
    manifest = {
        "snapshot_id": exports.snapshot_id,
        "landing_hash": exports.content_hash,
        "seed": context.seed,
        "draws": context.draws,
        "project": revision(),
        "lock_hash": hashlib.sha256((PROJECT / "requirements.txt").read_bytes()).hexdigest(),
        "versions": {"python": platform.python_version()} | versions(),
        "threads": os.cpu_count(),
        "specifications": {
            row["specification_id"]: {"status": row["status"], "reason": row["reason"]}
            for row in listed
        },
        "tables": {name: {"status": status, "reason": reason} for name, status, reason in tables},
        "figures": {name: {"status": status, "reason": reason} for name, status, reason in figures},
    }
    (folder / "manifest.json").write_text(
        json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def further_tables(results: Sequence[Result]) -> dict[str, list[dict]]:
    """The rows that designs give beside estimates, by table; a table without rows is left out."""
    further: dict[str, list[dict]] = {}
    for result in results:
        for name, rows in result.tables.items():
            for row in rows:
                identified = {"specification_id": result.specification.specification_id} | row
                further.setdefault(name, []).append(identified)
    return further


def entry(result: Result) -> dict:
    """A specification as a row: what was asked, and what became of it."""
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
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            found[library] = None
    return found


def revision() -> dict:
    """The project's commit and whether files differ from it; null where git does not know."""

    def git(*arguments: str) -> str | None:
        try:
            found = subprocess.run(
                ["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
        return found.stdout.strip()

    commit = git("rev-parse", "HEAD")
    changed = git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "is_changed": None if changed is None else bool(changed)}


def replace_folder(new: Path, old: Path) -> None:
    """Put a finished folder in the place of another, which is removed afterwards."""
    previous = old.with_name(f".{old.name}.previous")
    shutil.rmtree(previous, ignore_errors=True)
    if old.exists():
        os.replace(old, previous)
    os.replace(new, old)
    shutil.rmtree(previous, ignore_errors=True)


def unsound(results: Sequence[Result]) -> list[Result]:
    """The primary specifications that came to nothing for a reason other than the landing's."""
    return [
        result
        for result in results
        if result.specification.family == "primary" and result.status in ("refused", "failed")
    ]


def main(arguments) -> int:
    """`python -m analysis run`; 1 if a primary specification was refused or failed."""
    say = (lambda line: None) if arguments.quiet else (lambda line: print(line, file=sys.stderr))
    results = run(
        arguments.exports,
        arguments.results,
        arguments.specifications,
        seed=arguments.seed,
        draws=arguments.draws,
        curve_size=arguments.curve_size,
        say=say,
    )
    counts = {status: sum(one.status == status for one in results) for status in
              ("ok", "not_run", "refused", "failed")}  # fmt: skip
    print(
        f"{arguments.results}: {len(results)} specifications, "
        + ", ".join(f"{number} {status.replace('_', ' ')}" for status, number in counts.items())
    )
    for result in unsound(results):
        print(
            f"error: {result.specification.specification_id}, a primary specification, was "
            f"{result.status}: {result.reason}",
            file=sys.stderr,
        )
    return 1 if unsound(results) else 0
