"""Lands the Hub's listing: `python -m loaders crawl`.

One full snapshot, newest model first, with each item's text unchanged. If a run is killed at any
moment, the next one resumes after the last part: nothing is lost, nothing is landed twice.
"""

import argparse
import copy
import itertools
import math
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from huggingface_hub.utils import logging as hub_logging

from hub_lineage.errors import (
    EXIT_INTEGRITY,
    EXIT_STOPPED,
    IntegrityError,
    LandingError,
    Problem,
)
from hub_lineage.landing import Snapshot, iso
from loaders import __version__
from loaders.arguments import add_landing_argument, landing_of, refuse_sample, whole_number
from loaders.crawl.crawl_progress import Progress
from loaders.crawl.dry_run import dry_run
from loaders.crawl.listing import (
    LARGEST_PAGE,
    LINEAGE_FIELDS,
    NEWEST_FIRST,
    OLDEST_FIRST,
    PROFILES,
    EmptyPage,
    Listing,
    Page,
    Request,
    client_version,
    default_endpoint,
)
from loaders.crawl.masking import MASK
from loaders.crawl.pacing import Clock, Pacer, Stopped, StopSwitch
from loaders.crawl.reaching import check_reachable
from loaders.landing import growing
from loaders.landing.doubting import (
    ASCENDING,
    DESCENDING,
    HUB_HOST,
    doubt_about,
    page_size,
    previous_snapshot,
)
from loaders.landing.growing import GrowingSnapshot, State
from loaders.landing.resuming import unfinished_for
from loaders.landing.slicing import Item

__all__ = ["Options", "add_arguments", "crawl", "run"]

PAGES_PER_PART = 20


_OID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True)
class Options:
    """How to crawl; see `add_arguments` for what each means."""

    landing: Path
    request: Request
    new_snapshot: bool = False
    pages_per_part: int = PAGES_PER_PART
    max_pages: int | None = None


@dataclass
class Walk:
    """Goes through the listing: checks each page against those before, and keeps the counts."""

    state: State
    started_at: datetime
    pages_since_part: int = 0
    ends_doubtfully: bool = False
    """Whether the last page was full or empty, as is rare at the true end of a listing."""

    def take(self, page: Page) -> list[tuple[int, Item]]:
        """Return the items of a page to land, each with its position; IntegrityError if unsound.

        The state changes only if the whole page is sound.
        """
        oids = [_oid(item) for item in page.items]
        order = self._checked_order(oids)
        end = len(oids)
        next_query = page.next_query
        if order == ASCENDING and oids and oids[-1] >= self.newest():
            # Oldest first, a listing never ends: models created after the start are left out.
            end = next(place for place, oid in enumerate(oids) if oid >= self.newest())
            next_query = None
        public = [
            (place, item) for place, item in enumerate(page.items[:end]) if not item.is_private
        ]
        self._advance(page, order, oids[:end], next_query, len(public))
        return public

    def begin_part(self) -> None:
        """Reset the counts of the current part."""
        self.pages_since_part = 0
        self.state.part_first_page = self.state.next_page
        self.state.part_first_oid = None
        self.state.part_rows = 0

    def _advance(
        self, page: Page, order: str | None, oids: list[str], next_query: str | None, rows: int
    ) -> None:
        state = self.state
        state.order = order
        full = state.largest_page or page_size(state)
        self.ends_doubtfully = page.next_query is None and not 0 < len(page.items) < full
        if page.next_query is not None and len(page.items) < state.largest_page:
            state.short_pages += 1
        state.largest_page = max(state.largest_page, len(page.items))
        if oids:
            state.first_oid = state.first_oid or oids[0]
            state.part_first_oid = state.part_first_oid or oids[0]
            state.last_oid = oids[-1]
        state.next_query = next_query
        state.next_page += 1
        state.rows += rows
        state.part_rows += rows
        state.private_dropped += len(oids) - rows
        state.bytes += page.bytes
        state.last_fetched_at = iso(page.fetched_at)
        self.pages_since_part += 1

    def _checked_order(self, oids: list[str]) -> str | None:
        """Return the order so far; IntegrityError unless every `_id` follows the one before."""
        order = self.state.order
        chain = ([self.state.last_oid] if self.state.last_oid else []) + oids
        for before, after in itertools.pairwise(chain):
            if before == after:
                raise IntegrityError(f"the listing repeats the model with _id {after}")
            found = ASCENDING if before < after else DESCENDING
            if order is None:
                order = found
            elif found != order:
                raise IntegrityError(
                    f"the order of the listing flips at _id {after}: it was {order}"
                )
        return order

    def newest(self) -> str:
        """The smallest `_id` that a model created after the start can have."""
        seconds = int(self.started_at.replace(tzinfo=UTC).timestamp())
        return f"{seconds:08x}" + "0" * 16


def crawl(options: Options, listing: Listing, progress: Progress, snapshot: GrowingSnapshot) -> str:
    """Read the listing from where the snapshot stands to its end; return the final status.

    After Stopped or any error, all sound pages are landed and the snapshot can be resumed.
    """
    state = copy.deepcopy(snapshot.state) or _first_state(options, snapshot)
    walk = Walk(state, growing.started_at_of(snapshot.folder))
    walk.begin_part()
    counters = listing.clock.counters
    before = dict(state.http)
    unreadable = state.json_bad

    def commit() -> None:
        if walk.pages_since_part:
            state.http = _summed(before, vars(counters))
            state.json_bad = unreadable + snapshot.count_unreadable()
            snapshot.commit(copy.deepcopy(state))
            walk.begin_part()

    if snapshot.parts:
        # says that it runs again, and fails before any request if the landing is not writable
        snapshot.write_manifest(growing.RUNNING)
    pages = 0
    try:
        while state.next_query is not None:
            listing.clock.switch.check()
            if options.max_pages is not None and pages >= options.max_pages:
                raise Stopped
            page = listing.fetch(state.next_query)
            number = state.next_page
            snapshot.add_page(number, walk.take(page), page.fetched_at)
            pages += 1
            progress.page(number, state.rows)
            if walk.pages_since_part >= options.pages_per_part or state.is_last:
                commit()
                unreadable = state.json_bad
                if not state.is_last:
                    snapshot.write_manifest(growing.RUNNING)
            if page.wait and not state.is_last:
                listing.clock.wait(page.wait, "the share of the rate limit is used up")
    except LandingError:
        raise
    except (Problem, Stopped) as error:
        commit()
        note = None if isinstance(error, Stopped) else str(error)
        is_doubtful = isinstance(error, EmptyPage)
        snapshot.write_manifest(growing.SUSPECT if is_doubtful else growing.INTERRUPTED, note)
        raise
    doubt = doubt_about(options.landing, snapshot.snapshot_id, state)
    if doubt is None and walk.ends_doubtfully and _is_first(options.landing, state):
        doubt = _beyond_the_end(walk, listing, progress)
    status = growing.SUSPECT if doubt else growing.COMPLETE
    snapshot.write_manifest(status, doubt)
    return status


def _is_first(landing: Path, state: State) -> bool:
    """Say whether nothing known can confirm the listing's end: neither a snapshot nor the Hub."""
    before = previous_snapshot(landing, state.endpoint, before=state.snapshot_id)
    return state.endpoint != HUB_HOST and before is None


def _beyond_the_end(walk: Walk, listing: Listing, progress: Progress) -> str | None:
    """Return a doubt if the listing, requested in reverse, begins beyond where the walk ended.

    If the service does not say, a warning is shown, and there is no doubt.
    """
    last = walk.state.last_oid or ""
    if walk.state.order == ASCENDING:
        found = listing.first_oid(NEWEST_FIRST)
        is_beyond = found is not None and last < found < walk.newest()
    else:
        found = listing.first_oid(OLDEST_FIRST)
        is_beyond = found is not None and found < last
    if is_beyond:
        return (
            f"asked the other way round, the listing begins with _id {found}, which lies beyond "
            f"its end at {last}"
        )
    if found != last:
        progress.say(
            "warning: nothing tells whether the listing was whole: there is no earlier snapshot "
            "of this service, and asked the other way round it does not begin where it ended"
        )
    return None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders crawl`."""
    add_landing_argument(parser)
    parser.add_argument(
        "--new-snapshot",
        action="store_true",
        help="start another snapshot even if the last is complete or unfinished; repeated after "
        "an interruption, resume the one it started",
    )
    parser.add_argument(
        "--expand-profile",
        choices=PROFILES,
        default="lineage",
        help="fields to request (default %(default)s: all that the marts use)",
    )
    parser.add_argument(
        "--page-size",
        type=whole_number(1, LARGEST_PAGE),
        default=LARGEST_PAGE,
        metavar="N",
        help="models per request (default %(default)s, the most that the Hub allows)",
    )
    parser.add_argument(
        "--pages-per-part",
        type=whole_number(1, 1_000),
        default=PAGES_PER_PART,
        metavar="N",
        help="pages per part file, the most that a kill can cost (default %(default)s)",
    )
    parser.add_argument(
        "--max-pages",
        type=whole_number(1),
        metavar="N",
        help="stop after this run has read N pages",
    )
    add_service_arguments(parser)
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="request a few pages, say what a crawl would take, write nothing",
    )


def add_service_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options for requests to the service."""
    parser.add_argument(
        "--rate-share",
        type=_share,
        default=0.8,
        metavar="SHARE",
        help="share of the service's rate limit to use (default %(default)s)",
    )
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="silence after which a request is repeated (default %(default)s)",
    )
    parser.add_argument(
        "--retries",
        type=whole_number(0, 100),
        default=5,
        metavar="N",
        help="retries of one request before giving up (default %(default)s)",
    )
    parser.add_argument(
        "--endpoint",
        default=None,
        metavar="URL",
        help="the service (default: HF_ENDPOINT, else the Hub)",
    )
    parser.add_argument(
        "--no-token", action="store_true", help="send no token, even if there is one"
    )
    parser.add_argument(
        "--token-through-proxy",
        action="store_true",
        help="send the token even to a proxy that is reached without TLS and can read it",
    )


def listing_of(
    arguments: argparse.Namespace,
    fields: tuple[str, ...] = LINEAGE_FIELDS,
    page_size: int = LARGEST_PAGE,
) -> Listing:
    """Return the listing of the service that a command line names, with its options."""
    # The client would log each retry with its address; the crawl reports it in its own words.
    hub_logging.set_verbosity_error()
    endpoint = (arguments.endpoint or default_endpoint()).rstrip("/")
    request = Request(endpoint, fields, page_size)
    listing = Listing(
        request,
        Clock(StopSwitch()),
        Pacer(arguments.rate_share),
        token=False if arguments.no_token else None,
        timeout=arguments.timeout,
        max_retries=arguments.retries,
        trusts_proxy=arguments.token_through_proxy,
    )
    if request.is_open:
        exposed = "the token and all answers" if listing.sends_token else "all answers"
        print(
            f"warning: {request.host} is reached over plain http: {exposed} can be read, and "
            "changed, on the way",
            file=sys.stderr,
        )
    return listing


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders crawl`: the outcome to stdout, everything else to stderr."""
    listing = listing_of(arguments, PROFILES[arguments.expand_profile], arguments.page_size)
    switch = listing.clock.switch
    with switch.installed():
        try:
            if arguments.dry_run:
                return dry_run(arguments, listing)
            options = Options(
                landing_of(arguments),
                listing.request,
                arguments.new_snapshot,
                arguments.pages_per_part,
                arguments.max_pages,
            )
            return _run(options, listing)
        except Stopped:
            print("stopped before anything was landed", file=sys.stderr)
            return EXIT_STOPPED


def _run(options: Options, listing: Listing) -> int:
    crawled = _crawled(options.landing)
    latest = crawled[-1] if crawled else None
    unfinished = unfinished_for(crawled, options.request.digest, options.new_snapshot)
    if unfinished is None and latest is not None and not options.new_snapshot:
        print(
            f"snapshot {latest.snapshot_id} is {latest.status}: {latest.rows or 0:,} models; "
            "--new-snapshot starts another"
        )
        return EXIT_INTEGRITY if latest.status == growing.SUSPECT else 0
    check_reachable(options.request.endpoint)
    if unfinished is None:
        snapshot = GrowingSnapshot.start(options.landing, after=latest)
    else:
        snapshot = GrowingSnapshot.resume(unfinished)
        if latest is not None and unfinished is not latest:
            print(
                f"warning: snapshot {unfinished.snapshot_id} was left unfinished before "
                f"{latest.snapshot_id}; the rest of it is read as it is now",
                file=sys.stderr,
            )
    try:
        return _walk(options, listing, snapshot)
    finally:
        snapshot.close()


def _walk(options: Options, listing: Listing, snapshot: GrowingSnapshot) -> int:
    landed = snapshot.state.rows if snapshot.state else 0
    previous = previous_snapshot(options.landing, options.request.host, before=snapshot.snapshot_id)
    progress = Progress(landed, previous.rows if previous else None)
    listing.clock.show = progress.waiting
    verb = "resuming" if snapshot.state else "starting"
    page = snapshot.state.next_page if snapshot.state else 0
    token = "with a token" if listing.sends_token else "without a token"
    host = options.request.host
    progress.say(
        f"{verb} snapshot {snapshot.snapshot_id} at page {page:,} ({landed:,} models landed), "
        f"from {host} {token}"
    )
    try:
        status = crawl(options, listing, progress, snapshot)
    except Stopped:
        state = snapshot.state
        progress.say(
            f"stopped: {state.rows:,} models in {state.next_page:,} pages are landed; "
            "the same command goes on from there"
            if state
            else "stopped before anything was landed"
        )
        return EXIT_STOPPED
    except Problem as error:
        if snapshot.state and not isinstance(error, LandingError):
            raise type(error)(
                f"{error}; {snapshot.state.rows:,} models are landed, the same command goes on "
                "from there"
            ) from error
        raise
    finally:
        if listing.clock.counters.masked:
            progress.say(f"warning: {host} repeats the token; it is landed as {MASK}")
        progress.close()
    return _report(snapshot, status)


def _report(snapshot: GrowingSnapshot, status: str) -> int:
    parts, state = len(snapshot.parts), snapshot.state
    if state is None:
        raise AssertionError("a listing read to its end has a part")
    if state.short_pages:
        print(
            f"warning: {state.short_pages:,} page{'s' if state.short_pages != 1 else ''} held "
            "fewer models than others, although more followed: some may be missing",
            file=sys.stderr,
        )
    requests = int(state.http.get("requests", 0))
    private = f", {state.private_dropped:,} private dropped" if state.private_dropped else ""
    print(
        f"snapshot {snapshot.snapshot_id}: {status}, {state.rows:,} models in {parts:,} "
        f"part{'s' if parts != 1 else ''}, {requests:,} requests{private}"
    )
    if status == growing.SUSPECT:
        doubt = growing.read_manifest(snapshot.folder).details["note"]
        raise IntegrityError(
            f"snapshot {snapshot.snapshot_id} is suspect: {doubt}; it is kept but not built "
            "(`verify --accept` if it is right)"
        )
    return 0


def _crawled(landing: Path) -> list[Snapshot]:
    """Return the crawled snapshots; refuse a landing that cannot be read, or the sample."""
    refuse_sample(landing)
    return growing.crawled(landing)


def _first_state(options: Options, snapshot: GrowingSnapshot) -> State:
    request = options.request
    return State(
        snapshot_id=snapshot.snapshot_id,
        started_at=iso(growing.started_at_of(snapshot.folder)),
        endpoint=request.host,
        request=request.first_query(),
        request_hash=request.digest,
        next_query=request.first_query(),
        is_another=options.new_snapshot,
        loader=__version__,
        client=client_version(),
    )


def _summed(before: dict[str, float], added: dict[str, float]) -> dict[str, float]:
    return {name: round(before.get(name, 0) + value, 1) for name, value in added.items()}


def _oid(item: Item) -> str:
    if not isinstance(item.oid, str) or not _OID.fullmatch(item.oid):
        raise IntegrityError("the listing holds a model without a sound _id")
    if not isinstance(item.model_id, str) or not item.model_id:
        raise IntegrityError(f"the listing holds a model without an id (_id {item.oid})")
    return item.oid


# the types of the options


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and at most 1")
    return share


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds")
    return seconds
