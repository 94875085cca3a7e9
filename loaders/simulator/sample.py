"""Writes a small made-up Hub: a drawn ecosystem, hand-planted families, every known kind of dirt.

    python -m loaders sample --landing sample

writes the landing that the repository ships: three snapshots a week apart, a fourth that was never
completed, and scores of leaderboards. The drawn part (`drawing.py`) has the real Hub's shape; the
planted part has known answers, kept with the tests (`tests/loaders/simulator/expected`). Its names
are made up, except three legacy names whose short forms are part of the dirt; so are all its
numbers.

The same arguments give the same bytes.
"""

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from hub_lineage import landing
from hub_lineage.errors import LandingError, UsageError
from hub_lineage.sql import memory_limit
from loaders.landing import committing
from loaders.landing.committing import commit_table
from loaders.simulator import drawing, drawn_items
from loaders.simulator.planted_models import planted, unfinished

FIRST_SNAPSHOT = datetime(2026, 8, 20, 4, 0, 0)
WEEK = timedelta(days=7)
MODELS = 3900
SNAPSHOTS = 3
MOST_SNAPSHOTS = 100
SEED = 20260903
SOURCE = "sample"
SCORES = "benchmarks/sample.parquet"
"""The landed benchmark scores of both made-up leaderboards."""

OWNERS = "owners/sample.parquet"
"""A made-up table's descriptions of owners."""

PAIRS = "weights/sample.parquet"
"""The landed comparisons of weights of two made-up tools."""

# benchmark scores


PLANTED_SCORES = (
    # a board with the mean 20 and the standard deviation 10, under every kind of name
    ("worked-example/R", "planted", 10.0, "2025-01-01", "planted_board"),
    (" Worked-Example/q ", "planted", 20.0, "2025-01-01", "planted_board"),
    ("nobody/never-listed", "planted", 30.0, "2025-01-01", "planted_board"),
    # measured again, lower; and again, without a number
    ("worked-example/R", "planted", 90.0, "2024-12-01", "planted_board"),
    ("worked-example/R", "planted", float("nan"), "2025-02-01", "planted_board"),
    # a board with the mean 1 and the standard deviation 1, one model under its former name
    ("history/old-name", "renamed", 0.0, None, "planted_board"),
    ("history/base", "renamed", 1.0, None, "planted_board"),
    ("worked-example/R", "renamed", 2.0, None, "planted_board"),
    # nothing to compare with
    ("history/base", "constant", 5.0, None, "planted_board"),
    ("worked-example/F", "constant", 5.0, None, "planted_board"),
    ("worked-example/A", "alone", 5.0, None, "planted_board"),
    # no score
    ("dirt/infinite-score", "planted", float("inf"), None, "planted_board"),
    ("worked-example/B", "planted", None, None, "planted_board"),
    ("worked-example/C", "planted", 1e300, None, "planted_board"),
    ("worked-example/C", "  ", 1.0, None, "planted_board"),
    (None, "planted", 1.0, None, "planted_board"),
    ("  ", "planted", 2.0, None, "planted_board"),
)
"""Scores with known answers: model, benchmark, score, time of measurement, leaderboard."""


def _write_scores(connection: duckdb.DuckDBPyConnection, drawn: str, target: Path) -> None:
    """Land the drawn scores and the planted ones; an older file is replaced."""
    connection.execute(
        "create or replace table planted_scores (model_id varchar, benchmark varchar, "
        "score double, measured_at timestamp, source varchar)"
    )
    connection.executemany("insert into planted_scores values (?, ?, ?, ?, ?)", PLANTED_SCORES)
    commit_table(connection, f"{drawn} union all from planted_scores", target)


# owners


PLANTED_OWNERS = (
    # two sources that agree, one of them in more detail, and a third one with a link
    ("worked-example", "company", "FR", "Example Holding", "planted_list"),
    ("Worked-Example", "Corporation", "eu", "example holding", "other_list"),
    ("https://huggingface.co/worked-example", None, None, None, "third_list"),
    # sources that contradict each other
    ("history", "company", "us", None, "planted_list"),
    ("@history", "university", "China", None, "other_list"),
    # words that the seeds do not list, and owners of whom the source knows nothing
    ("race-a", "guild", "Atlantis", None, "planted_list"),
    ("race-b", "person", "unknown", None, "planted_list"),
    ("race-c", "community", "other", None, "planted_list"),
    # nobody's name
    ("  ", "company", "us", None, "planted_list"),
    ("dirt/some-model", "company", "us", None, "planted_list"),
    ("never-listed", "government", "Japan", None, "planted_list"),
)
"""Descriptions with known answers: owner, kind, country, parent organisation, source."""


def _write_owners(connection: duckdb.DuckDBPyConnection, drawn: str, target: Path) -> None:
    """Land the descriptions of drawn and of planted owners; an older file is replaced."""
    connection.execute(
        "create or replace table planted_owners (owner varchar, kind varchar, country varchar, "
        "parent_organisation varchar, source varchar)"
    )
    connection.executemany("insert into planted_owners values (?, ?, ?, ?, ?)", PLANTED_OWNERS)
    commit_table(connection, f"from ({drawn}) union all from planted_owners", target)


# compared weights


PLANTED_PAIRS = (
    # two tools on one pair, which no card declares
    ("history/counters-rise", "history/base", 0.98, "planted_tool"),
    ("history/counters-rise", "history/base", 0.91, "other_tool"),
    # a pair without a score, and models that were never listed
    ("history/likes-fall", "history/other-base", None, "planted_tool"),
    ("history/downloads-fall", "never-listed/parent", 0.87, "planted_tool"),
    ("never-listed/child", "worked-example/A", 0.99, "planted_tool"),
    # nobody's child
    ("  ", "worked-example/A", 1.0, "planted_tool"),
)
"""Comparisons of weights: child, parent, score, tool. By themselves they make no edge."""


def _write_pairs(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Land planted comparisons of weights; an older file is replaced."""
    connection.execute(
        "create or replace table planted_pairs "
        "(child_id varchar, parent_id varchar, score double, tool varchar)"
    )
    connection.executemany("insert into planted_pairs values (?, ?, ?, ?)", PLANTED_PAIRS)
    commit_table(connection, "select *, 'planted_list' as source from planted_pairs", target)


# the landing


def write_sample(
    folder: Path,
    *,
    n_models: int = MODELS,
    n_snapshots: int = SNAPSHOTS,
    seed: int = SEED,
    threads: int | None = None,
    full_width: bool = False,
    effects: drawing.Effects | None = None,
    lively: bool = False,
    replace: bool = False,
    progress=lambda line: None,
) -> None:
    """Write the landing of a made-up Hub, small by default but of any size.

    `n_models` counts the drawn models of all snapshots together. The planted part is the same at
    any size; the expected answers of the tests hold for three snapshots.
    """
    moments = [FIRST_SNAPSHOT + number * WEEK for number in range(n_snapshots)]
    stopped = FIRST_SNAPSHOT + n_snapshots * WEEK
    if not replace:
        committing.refuse_existing(folder, map(landing.snapshot_id_of, [*moments, stopped]))
        for table in (SCORES, OWNERS, PAIRS):
            if (folder / table).exists():
                raise LandingError(f"the landing already holds {table}; use --replace")
    ecosystem = drawing.draw(n_models, moments, seed, effects, lively=lively)
    progress(f"drawn: {n_models:,} models, {ecosystem.edges['child'].size:,} claimed parents")
    details: dict[str, Any] = {"n_models": n_models, "seed": seed, "full_width": full_width}
    if effects is not None:
        details["effects"] = asdict(effects)
    if lively:
        details["lively"] = True
    # a database on disk: a Hub of full size needs more than the memory limit
    with (
        tempfile.TemporaryDirectory(prefix="hub-sample-") as workshop,
        duckdb.connect(str(Path(workshop) / "drawn.duckdb")) as connection,
    ):
        connection.execute(f"set memory_limit = '{memory_limit()}'")
        if threads is not None:
            connection.execute(f"set threads = {int(threads)}")
        generator = drawn_items.Generator(connection, ecosystem)
        del ecosystem
        wanted = []
        for number, moment in enumerate(moments):
            query = generator.items(number, planted(number), full_width=full_width)
            wanted.append(committing.SnapshotQuery(moment, query, details))
            progress(f"mixed: the snapshot of {moment:%Y-%m-%d}")
        committing.commit_snapshots(folder, connection, wanted, source=SOURCE, replace=replace)
        _write_unfinished(folder, stopped, Path(workshop))
        _write_scores(connection, generator.scores(), folder / SCORES)
        _write_owners(connection, generator.owners(), folder / OWNERS)
        _write_pairs(connection, folder / PAIRS)
    progress(f"written: {n_snapshots} snapshots and an unfinished one")


def _write_unfinished(folder: Path, started_at: datetime, workshop: Path) -> None:
    """Add a snapshot whose crawl has not ended; an older one is replaced."""
    made = committing.commit_items(workshop, started_at, unfinished(), source=SOURCE)
    manifest = made.folder / landing.MANIFEST
    content = json.loads(manifest.read_text(encoding="utf-8")) | {"status": "running"}
    manifest.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    target = landing.snapshot_folder(folder, made.snapshot_id)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(made.folder, target)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m loaders sample`."""
    parser.add_argument("--landing", type=Path, required=True, help="folder of the landing")
    parser.add_argument(
        "--models", type=int, default=MODELS, help="models to draw (default %(default)s)"
    )
    parser.add_argument(
        "--snapshots", type=int, default=SNAPSHOTS, help="weekly snapshots (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=SEED, help="default %(default)s")
    parser.add_argument("--threads", type=int, help="DuckDB threads (never change the result)")
    parser.add_argument(
        "--full-width",
        action="store_true",
        help="items with large fields that hardly any mart reads, for measurements",
    )
    parser.add_argument(
        "--effects",
        type=float,
        nargs=2,
        metavar=("RANK", "CROWDING"),
        help="draw likes with these elasticities to release rank and crowding",
    )
    parser.add_argument(
        "--lively",
        action="store_true",
        help="weeks that differ as on the Hub: commits, deleted models that return or are remade",
    )
    parser.add_argument("--replace", action="store_true", help="replace existing snapshots")


def run(arguments: argparse.Namespace) -> int:
    """`python -m loaders sample`."""
    fewest, most = drawing.FEWEST_MODELS, drawing.MOST_MODELS
    if not fewest <= arguments.models <= most:
        raise UsageError(f"--models takes {fewest} to {most}, not {arguments.models}")
    if not 1 <= arguments.snapshots <= MOST_SNAPSHOTS:
        raise UsageError(f"--snapshots takes 1 to {MOST_SNAPSHOTS}, not {arguments.snapshots}")
    if arguments.threads is not None and arguments.threads < 1:
        raise UsageError(f"--threads takes 1 or more, not {arguments.threads}")
    write_sample(
        arguments.landing,
        n_models=arguments.models,
        n_snapshots=arguments.snapshots,
        seed=arguments.seed,
        threads=arguments.threads,
        full_width=arguments.full_width,
        effects=drawing.Effects(*arguments.effects) if arguments.effects else None,
        lively=arguments.lively,
        replace=arguments.replace,
        progress=lambda line: print(line, file=sys.stderr),
    )
    return 0
