"""Run both studies on the real sets and print the tables of docs/replication.md.

    PYTHONPATH=.:tests .venv/bin/python tests/real_sets/study.py FOLDER [SET ...] \\
        [--no-variants] [--verdict-draws N]

Sets: radar, radar_later, open_named, weekly. Each gets landing, database, exports and results in
FOLDER/SET; what is there already is not made again. Without variants the curves over choices of the
data are missing, with 0 verdict draws the calibration.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb

from real_sets import recipes
from support import REPOSITORY

SETS = {
    "radar": recipes.RADAR_RECIPE,
    "radar_later": recipes.RADAR_LATER_RECIPE,
    "open_named": recipes.OPEN_NAMED_RECIPE,
    "weekly": recipes.WEEKLY_RECIPE,
}

STATUSES = """
    select study, status, count(*) as specifications from '{results}/specifications.parquet'
    group by all order by all
"""
TESTS = """
    select
        claim_id as claim, role, choice, coalesce(specification_id, '') as specification,
        estimate, interval_low, interval_high, n, n_clusters as families,
        cast(round(effective_clusters) as bigint) as worth, leans as lies
    from '{results}/claims.parquet'
    where estimate is not null and reason = ''
    order by claim_id, role = 'test' desc, role = 'paper' desc, choice
"""
MEASURES = """
    select
        claim_id as claim, replace(verdict, '_', ' ') as verdict, in_words as "what was measured",
        verdict_reason as reason
    from '{results}/claims.parquet'
    where role = 'test' order by claim_id
"""
ERRORS = """
    select
        claim_id as claim,
        max(share_supported) filter (where is_true = 'no') as "supported where false, at most",
        max(share_supported) filter (where is_true = 'yes') as "supported where true, at most",
        min(coverage) filter (where n_judged >= 20) as "intervals hold the truth, at least",
        max(n_draws) as "draws of each world"
    from '{results}/verdict_calibration.parquet'
    where world is not null
    group by claim_id order by claim_id
"""
VERDICTS = """
    pivot (
        select
            claim_id || '. ' || claim as claim, replace(verdict, '_', ' ') as verdict,
            regexp_extract(filename, '/([a-z_]+)/results/', 1) as landing
        from read_parquet({files}, filename = true) where role = 'test'
    ) on landing using any_value(verdict) order by claim
"""


def make(folder: Path, recipe: recipes.Recipe, *, variants: bool, verdict_draws: int) -> None:
    """Landing to results, each with the project's own command."""
    environment = os.environ | {
        "HUB_LANDING": str(folder / "landing"),
        "HUB_DATABASE": str(folder / "hub_lineage.duckdb"),
        "HUB_EXPORTS": str(folder / "exports"),
        "HUB_RESULTS": str(folder / "results"),
    }

    def run(*arguments: str) -> None:
        done = subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, env=environment)
        if done.returncode:
            sys.exit(done.returncode)

    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "landing").exists():
        recipes.land_beside(recipes.land(recipe, folder))
    variables = ("--vars", json.dumps(recipe.variables)) if recipe.variables else ()
    if not (folder / "hub_lineage.duckdb").exists():
        run("build.py", *variables)
    if variants:
        run("-m", "analysis", "variants", *variables)
    if not (folder / "results" / "manifest.json").exists():
        run("-m", "analysis", "run", "--quiet")
    if verdict_draws and not (folder / "results" / "verdict_calibration.parquet").exists():
        run("-m", "analysis", "calibrate", "--draws", "60", "--verdict-draws", str(verdict_draws))


def as_markdown(sql: str) -> str:
    """The rows of a query as a pipe table; floats with three decimals."""
    found = duckdb.sql(sql)
    lines = ["| " + " | ".join(found.columns) + " |", "|" + " --- |" * len(found.columns)]
    for row in found.fetchall():
        cells = (
            {float: "{:.3f}", int: "{:,}", type(None): ""}.get(type(value), "{}").format(value)
            for value in row
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("sets", nargs="*", choices=[*SETS, []], default=[])
    parser.add_argument("--no-variants", action="store_true")
    parser.add_argument("--verdict-draws", type=int, default=200, help="0: no calibration")
    asked = parser.parse_args()
    folders = {name: asked.folder.resolve() / name for name in asked.sets or SETS}
    for name, folder in folders.items():
        make(
            folder,
            SETS[name],
            variants=not asked.no_variants,
            verdict_draws=asked.verdict_draws,
        )
    for name, folder in folders.items():
        print(f"\n## {name}\n")
        errors = (ERRORS,) if asked.verdict_draws else ()
        for sql in (STATUSES, MEASURES, *errors, TESTS):
            print(as_markdown(sql.format(results=folder / "results")), end="\n\n")
    files = [str(folder / "results" / "claims.parquet") for folder in folders.values()]
    print(as_markdown(VERDICTS.format(files=files)))


if __name__ == "__main__":
    main()
