"""Estimates what a crawl would take, from a few pages: `python -m loaders crawl --dry-run`."""

import argparse
import math
import time

from huggingface_hub.utils import RateLimitInfo

from hub_lineage.landing import Snapshot
from loaders.arguments import refuse_sample
from loaders.crawl.crawl_progress import Progress
from loaders.crawl.listing import Listing
from loaders.crawl.model_count import ModelCount, estimated_models
from loaders.crawl.reaching import check_reachable
from loaders.landing import growing
from loaders.landing.doubting import previous_snapshot
from loaders.landing.resuming import unfinished_for

BYTES_PER_MODEL = 2_900
"""Measured with the profile `lineage` on the Hub on 2026-10-03; `full` brings about twice that."""


def dry_run(arguments: argparse.Namespace, listing: Listing) -> int:
    """Say what a crawl would take; nothing is written."""
    request = listing.request
    listing.clock.show = Progress(0, None).waiting
    check_reachable(request.endpoint)
    began = time.monotonic()
    listing.fetch(request.first_query(limit=1))
    latency = time.monotonic() - began
    previous = unfinished = None
    if arguments.landing is not None:
        previous = previous_snapshot(arguments.landing, request.host)
        refuse_sample(arguments.landing)
        crawled = growing.crawled(arguments.landing)
        unfinished = unfinished_for(crawled, request.digest, arguments.new_snapshot)
    if previous is not None and not previous.rows:
        previous = None  # accepted by hand; an empty listing says nothing about the next one
    if previous is None:
        number, size = estimated_models(listing), float(BYTES_PER_MODEL)
    else:
        number = ModelCount(previous.rows or 0, "previous snapshot")
        size = _bytes_of(previous, number.models) / number.models
    models = number.models
    left = models
    if unfinished is not None:
        landed = unfinished.rows or 0
        left = max(models - landed, 0)
        print(f"would resume snapshot {unfinished.snapshot_id}, {landed:,} models landed")
    requests = math.ceil(left / request.page_size)
    seconds = _estimated_seconds(requests, latency, listing.pacer.limit, arguments.rate_share)
    print(f"service:  {request.host}, {'with' if listing.sends_token else 'without'} a token")
    print(f"models:   about {left:,} ({number.how})")
    print(f"requests: {requests:,}")
    print(f"minutes:  {math.ceil(seconds / 60):,}")
    print(f"bytes:    {math.ceil(left * size):,}")
    return 0


def _bytes_of(snapshot: Snapshot, rows: int) -> float:
    """Return the bytes of a snapshot's answers; estimated if its manifest does not say."""
    noted = snapshot.details.get("bytes")
    return noted if isinstance(noted, int) else BYTES_PER_MODEL * rows


def _estimated_seconds(
    requests: int, latency: float, limit: RateLimitInfo | None, share: float
) -> float:
    seconds = requests * latency
    if limit is not None and limit.limit and limit.window_seconds:
        per_window = max(1, math.floor(limit.limit * share))
        seconds = max(seconds, max(0, math.ceil(requests / per_window) - 1) * limit.window_seconds)
    return seconds
