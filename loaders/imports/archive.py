"""Lands the Hub's weekly archive: `python -m loaders archive --weeks 52`.

A week is a file of the archive's data set and becomes a snapshot of its day. Of each file only the
footer and the columns that the landing keeps are fetched or, with --whole, all of it. Weeks that
are landed are skipped; a week is landed whole or not at all, and the same command resumes where an
earlier one stopped.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub_lineage.errors import EXIT_DATA, DataError, RefusedError, UsageError
from hub_lineage.landing import snapshot_exists, snapshot_id_of
from loaders.arguments import add_landing_argument, landing_of, refuse_sample, whole_number
from loaders.imports.fetching import (
    RemoteFile,
    Repository,
    add_fetching_arguments,
    fetch,
    repository_of,
)

ARCHIVE = "hfmlsoc/hub_weekly_snapshots"
SOURCE = "hub_weekly"
WEEKS = 52

_PATH = re.compile(r"models/(\d{4}-\d{2}-\d{2})/models\.parquet")
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Week:
    """A week of the archive: the day that names it, and its file."""

    day: date
    file: RemoteFile

    @property
    def moment(self) -> datetime:
        """The time of its snapshot."""
        return datetime.combine(self.day, datetime.min.time())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders archive`."""
    add_landing_argument(parser)
    parser.add_argument(
        "--weeks", type=whole_number(1), metavar="N",
        help=f"the last N weeks (default {WEEKS}, without --from and --to)",
    )  # fmt: skip
    parser.add_argument(
        "--from", dest="first", type=_day, metavar="DAY", help="from the week of this day on"
    )
    parser.add_argument(
        "--to", dest="last", type=_day, metavar="DAY", help="up to the week of this day"
    )
    parser.add_argument(
        "--every", type=whole_number(1), default=1, metavar="N",
        help="only every Nth of these weeks, counted from the last one (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--accept", type=_day, action="append", default=[], metavar="DAY",
        help="land the week of this day even if it looks wrong; may be repeated",
    )  # fmt: skip
    add_fetching_arguments(parser, ARCHIVE)


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders archive`: snapshots to stdout, everything else to stderr."""
    landing = landing_of(arguments)
    refuse_sample(landing)
    repository = repository_of(arguments)
    there = weeks_of(repository)
    asked = chosen(there, arguments)
    for line in gaps(asked, arguments.every):
        print(line, file=sys.stderr)
    new = [one for one in asked if not snapshot_exists(landing, snapshot_id_of(one.moment))]
    repeated = repeats(there) - {*arguments.accept}
    for one in new:
        if one.day in repeated:
            print(
                f"warning: week {one.day} is left out: its file is byte for byte that of the week "
                f"before; use --accept {one.day} to land it",
                file=sys.stderr,
            )
    wanted = [one for one in new if one.day not in repeated]
    print(
        f"{repository.name} at {repository.host}: {len(there):,} weeks, {there[0].day} to "
        f"{there[-1].day}; {len(asked):,} asked for, {len(asked) - len(new):,} landed already",
        file=sys.stderr,
    )
    failed = fetch(
        arguments, repository, landing, SOURCE,
        [(f"week {one.day}", one.moment, one.file, one.day in arguments.accept) for one in wanted],
    )  # fmt: skip
    return EXIT_DATA if failed else 0


def weeks_of(repository: Repository) -> list[Week]:
    """The weeks of an archive, in order; RefusedError if it has none."""
    weeks = []
    for file in repository.files("models"):
        found = _PATH.fullmatch(file.path)
        if found:
            weeks.append(Week(_day_of(found[1], file.path), file))
    if not weeks:
        raise RefusedError(
            f"{repository.name} at {repository.host} holds no models/<day>/models.parquet"
        )
    return sorted(weeks, key=lambda one: one.day)


def chosen(weeks: Sequence[Week], arguments: argparse.Namespace) -> list[Week]:
    """The weeks that a command line asks for; UsageError if there are none."""
    first, last = arguments.first or date.min, arguments.last or date.max
    found = [one for one in weeks if first <= one.day <= last]
    if arguments.weeks or not (arguments.first or arguments.last):
        found = found[-(arguments.weeks or WEEKS) :]
    if not found:
        raise UsageError(
            f"the archive has no week from {first} to {last}: it goes from {weeks[0].day} to "
            f"{weeks[-1].day}"
        )
    return found[:: -arguments.every][::-1]


def gaps(weeks: Sequence[Week], every: int) -> list[str]:
    """A line for each gap in the archive between the weeks asked for."""
    return [
        f"notice: the archive has no week between {before.day} and {after.day}"
        for before, after in itertools.pairwise(weeks)
        if every == 1 and after.day - before.day > _WEEK
    ]


def repeats(weeks: Sequence[Week]) -> set[date]:
    """The weeks whose file equals that of the week before, as when an archive missed one."""
    return {
        after.day
        for before, after in itertools.pairwise(weeks)
        if before.file.oid == after.file.oid
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-09-30") from None


def _day_of(text: str, path: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DataError(f"{path}: {text} is not a day") from None
