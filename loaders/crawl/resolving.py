"""Looks up parents that no snapshot lists, one by one: `python -m loaders resolve-parents`.

The Hub redirects the old name of a renamed model to the new one. What is found is landed in
`hub_aliases/`, a row per name looked up: `alias`, `model_id` (null if the name leads to no model
that may be seen), `outcome`, `n_children`, `resolved_at`, `source`.
"""

import argparse
import re
import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import duckdb
import httpx2

from hub_lineage.errors import EXIT_STOPPED, DataError, IntegrityError, LandingError, Problem
from hub_lineage.landing import Snapshot, list_snapshots, snapshot_id_of
from hub_lineage.sql import files_in_sql, one_line, sound_json
from loaders.arguments import add_landing_argument, landing_of, refuse_sample, whole_number
from loaders.crawl import crawling
from loaders.crawl.crawl_progress import Progress
from loaders.crawl.listing import Listing
from loaders.crawl.pacing import Stopped
from loaders.landing import growing
from loaders.landing.committing import commit_table

__all__ = ["add_arguments", "missing_parents", "run"]

TABLE = "hub_aliases"
RENAMED, PRESENT, ABSENT = "renamed", "present", "absent"
FEWEST_CHILDREN = 10
LOOKUPS_PER_FILE = 200

_NAME = re.compile(r"[\w.-]{1,96}(?:/[\w.-]{1,96})?", re.ASCII)
_ANSWERS = frozenset({301, 302, 307, 308, 401, 403, 404})

# Parents in tags, in the Hub's own list, in the card and in the adapter's configuration; a relation
# before the name is removed.
_CLAIMS = rf"""
    WITH landed AS (
        SELECT lower(model_id) AS child, {sound_json("raw_json")} AS readable FROM landed_items
    ),
    items AS (
        SELECT child, try(from_json(readable, '{{"tags":["VARCHAR"],"cardData":"JSON",'
            || '"config":"JSON","baseModels":{{"models":[{{"id":"VARCHAR"}}]}}}}')) AS item
        FROM landed
    ),
    claims AS (
        SELECT child, regexp_replace(
            unnest(list_filter(item.tags, lambda tag: starts_with(tag, 'base_model:'))),
            '^base_model:((finetune|adapter|quantized|merge):)?', '') AS parent
        FROM items
        UNION ALL
        SELECT child, unnest(item.baseModels.models).id FROM items
        UNION ALL
        SELECT child, unnest(CASE json_type(item.cardData, '$.base_model')
            WHEN 'VARCHAR' THEN [json_extract_string(item.cardData, '$.base_model')]
            WHEN 'ARRAY' THEN json_extract_string(item.cardData, '$.base_model[*]') END)
        FROM items
        UNION ALL
        SELECT child, json_extract_string(item.config, '$.peft.base_model_name_or_path') FROM items
    )
    SELECT min(parent), count(DISTINCT child) AS n_children
    FROM claims
    WHERE lower(parent) NOT IN (SELECT child FROM landed WHERE child IS NOT NULL)
        AND lower(parent) NOT IN (SELECT unnest($known::VARCHAR[]))
        AND regexp_full_match(parent, '[A-Za-z0-9_.-]{{1,96}}(/[A-Za-z0-9_.-]{{1,96}})?')
        AND NOT regexp_matches(parent, '^[./]+$')
    GROUP BY lower(parent)
    HAVING n_children >= $fewest
    ORDER BY n_children DESC, min(parent)
"""


@dataclass(frozen=True)
class Answer:
    """What a name leads to."""

    alias: str
    model_id: str | None
    outcome: str
    n_children: int
    resolved_at: datetime


def missing_parents(
    snapshot: Snapshot, fewest: int, known: Collection[str] = frozenset()
) -> list[tuple[str, int]]:
    """Return well-formed parents that a snapshot does not list, with how many children each has.

    Those with most children come first; names in `known` are left out.
    """
    # the files in the folder, as a build reads them: not every manifest lists its parts
    parts = files_in_sql(*growing.parts_of(snapshot.folder))
    try:
        with duckdb.connect() as connection:
            connection.execute("SET enable_progress_bar = false")
            connection.execute(
                f"CREATE VIEW landed_items AS FROM read_parquet({parts}, hive_partitioning = false)"
            )
            values = {"known": sorted(known) or [""], "fewest": fewest}
            return connection.execute(_CLAIMS, values).fetchall()
    except duckdb.Error as error:
        raise LandingError(
            f"snapshot {snapshot.snapshot_id} cannot be read: {one_line(error)}"
        ) from error


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders resolve-parents`."""
    add_landing_argument(parser)
    parser.add_argument(
        "--min-children",
        type=whole_number(1),
        default=FEWEST_CHILDREN,
        metavar="N",
        help="look up parents with at least N children (default %(default)s)",
    )
    parser.add_argument(
        "--max-lookups",
        type=whole_number(1),
        metavar="N",
        help="stop after this run has sent N requests",
    )
    crawling.add_service_arguments(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="say how many requests it takes, send none"
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders resolve-parents`: one request per name, never repeated."""
    landing = landing_of(arguments)
    refuse_sample(landing)
    complete = [one for one in list_snapshots(landing) if one.status == growing.COMPLETE]
    if not complete:
        raise DataError("the landing holds no complete snapshot to take parents from")
    listing = crawling.listing_of(arguments)
    parents = missing_parents(complete[-1], arguments.min_children, _known(landing))
    print(f"{len(parents):,} parents to look up", file=sys.stderr)
    if arguments.dry_run:
        return 0
    with listing.clock.switch.installed():
        return _resolve(landing, listing, parents, arguments.max_lookups)


def _resolve(
    landing: Path, listing: Listing, parents: list[tuple[str, int]], most: int | None
) -> int:
    progress = Progress(0, len(parents))
    listing.clock.show = progress.waiting
    waiting: list[Answer] = []
    counts = dict.fromkeys((RENAMED, PRESENT, ABSENT), 0)
    code = EXIT_STOPPED if most is not None and most < len(parents) else 0
    try:
        for name, n_children in parents[:most]:
            waiting.append(look_up(listing, name, n_children))
            counts[waiting[-1].outcome] += 1
            if len(waiting) == LOOKUPS_PER_FILE:
                _land(landing, waiting)
                progress.say(f"{sum(counts.values()):,} of {len(parents):,} looked up")
                waiting = []
    except Stopped:
        code = EXIT_STOPPED
    except Problem:
        _land(landing, waiting)
        raise
    finally:
        progress.close()
    _land(landing, waiting)
    told = ", ".join(f"{number:,} {outcome}" for outcome, number in counts.items())
    print(f"aliases: {told}")
    return code


def look_up(listing: Listing, name: str, n_children: int = 0) -> Answer:
    """Request one model by name, following no redirect."""
    path = f"{listing.request.path}/"
    response = listing.answer(path + quote(name, safe="/"), _ANSWERS)
    outcome, model_id = ABSENT, None
    if response.status_code == 200:
        outcome, model_id = PRESENT, _id_in(response)
        if model_id.lower() != name.lower():
            outcome = RENAMED
    elif response.is_redirect:
        link = urlsplit(response.headers.get("location", ""))
        model_id = unquote(link.path.removeprefix(path))
        if link.netloc.lower() not in ("", listing.request.host) or not _NAME.fullmatch(model_id):
            raise IntegrityError(
                f"the redirect of {listing.line(name)} leads to no model of this service"
            )
        outcome = RENAMED
    if model_id is not None and listing.mask.finds(model_id):
        raise IntegrityError(
            f"the answer to {listing.line(name)} repeats the token; it is not landed"
        )
    if wait := listing.pacer.wait_after(response.headers):
        listing.clock.wait(wait, "the share of the rate limit is used up")
    now = datetime.now(UTC).replace(tzinfo=None)
    return Answer(name, model_id, outcome, n_children, now)


def _id_in(response: httpx2.Response) -> str:
    try:
        model_id = response.json()["id"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IntegrityError("the answer is not a model") from error
    if not isinstance(model_id, str) or not _NAME.fullmatch(model_id):
        raise IntegrityError("the answer is a model without a valid id")
    return model_id


def _known(landing: Path) -> set[str]:
    """Return the names that were looked up before."""
    files = sorted((landing / TABLE).glob("*.parquet"))
    if not files:
        return set()
    query = f"SELECT DISTINCT lower(alias) FROM read_parquet({files_in_sql(*files)})"
    try:
        with duckdb.connect() as connection:
            return {name for (name,) in connection.execute(query).fetchall()}
    except duckdb.Error as error:
        raise LandingError(f"{TABLE} cannot be read: {one_line(error)}") from error


def _land(landing: Path, answers: list[Answer]) -> None:
    """Write the answers to a new file, by one rename."""
    if not answers:
        return
    folder = landing / TABLE
    stamp = snapshot_id_of(answers[-1].resolved_at)
    number = len(list(folder.glob("aliases-*.parquet")))
    target = folder / f"aliases-{number:05d}-{stamp}.parquet"
    columns = [
        list(column) for column in zip(*(vars(one).values() for one in answers), strict=True)
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE answers AS SELECT unnest($1::VARCHAR[]) AS alias, "
            "unnest($2::VARCHAR[]) AS model_id, unnest($3::VARCHAR[]) AS outcome, "
            "unnest($4::INTEGER[]) AS n_children, unnest($5::TIMESTAMP[]) AS resolved_at, "
            "'crawl' AS source",
            columns,
        )
        commit_table(connection, "FROM answers", target)
