"""Run both studies on the real sets and print the tables of docs/studies.md.

    PYTHONPATH=. .venv/bin/python tests/real_sets/study.py FOLDER [SET ...]

Sets: radar, radar_later, open_named, weekly. Each gets landing, database, exports and results in
FOLDER/SET; what is there already is not made again.
"""

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

CLAIMS = """
    select
        claims.claim_id, claims.claim, claims.choice, coalesce(claims.specification_id, '') as row,
        claims.verdict, claims.passes, claims.estimate, claims.interval_low, claims.interval_high,
        claims.n, estimates.n_clusters as clusters,
        round(estimates.effective_clusters_outcome, 0) as worth
    from '{results}/claims.parquet' as claims
    left join '{results}/estimates.parquet' as estimates
        on claims.specification_id = estimates.specification_id and claims.term = estimates.term
        and estimates.scale = 'coefficient'
    order by claims.claim_id, claims.choice
"""
STATUSES = """
    select study, status, count(*) as specifications from '{results}/specifications.parquet'
    group by all order by all
"""


def make(folder: Path, recipe: recipes.Recipe) -> None:
    """Landing to results, each with the project's own command."""
    environment = os.environ | {
        "HUB_LANDING": str(folder / "landing"),
        "HUB_DATABASE": str(folder / "hub.duckdb"),
        "HUB_EXPORTS": str(folder / "exports"),
        "HUB_RESULTS": str(folder / "results"),
    }

    def run(*arguments: str) -> None:
        # A primary specification without an estimate is a finding about the set.
        done = subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, env=environment)
        if done.returncode and "run" not in arguments:
            sys.exit(done.returncode)

    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "landing").exists():
        recipes.land_beside(recipes.land(recipe, folder))
    variables = ("--vars", json.dumps(recipe.variables)) if recipe.variables else ()
    if not (folder / "hub.duckdb").exists():
        run("build.py", *variables)
        run("-m", "analysis", "variants", *variables)
    if not (folder / "results" / "manifest.json").exists():
        run("-m", "analysis", "run", "--quiet")
    if not (folder / "results" / "calibration.parquet").exists():
        run("-m", "analysis", "calibrate", "--draws", "60")


def main() -> None:
    target, *names = sys.argv[1:]
    for name in names or SETS:
        folder = Path(target).resolve() / name
        make(folder, SETS[name])
        print(f"\n## {name}\n", flush=True)
        for sql in (STATUSES, CLAIMS):
            table = duckdb.sql(sql.format(results=folder / "results")).df()
            print(table.to_markdown(index=False, floatfmt=".2f"), "\n", flush=True)


if __name__ == "__main__":
    main()
