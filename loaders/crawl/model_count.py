"""Estimates from a few pages how many models a service has, since it gives no total."""

import base64
import copy
import itertools
import json
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from hub_lineage.errors import IntegrityError
from loaders.crawl.listing import LARGEST_PAGE, OLDEST_FIRST, Listing, Page

PAGES = 12
"""How many pages are counted; if there are more, the number is estimated from as many others."""


@dataclass(frozen=True)
class ModelCount:
    """A number of models, and how it is known."""

    models: int
    how: str


def estimated_models(listing: Listing) -> ModelCount:
    """The number of a service's models: counted if there are few, else estimated.

    Pages at several times between the newest and the oldest model give the rate at which models
    were created then; integrating it over time gives the number. If the service does not support
    this, the number is what was counted.
    """
    asking = copy.copy(listing)
    asking.request = replace(listing.request, expand=("createdAt",), page_size=LARGEST_PAGE)
    query: str | None = asking.request.first_query()
    counted = 0
    pages: list[Page] = []
    while query is not None and len(pages) < PAGES:
        pages.append(asking.fetch(query))
        counted += len(pages[-1].items)
        query = pages[-1].next_query
    if query is None:
        return ModelCount(counted, "counted")
    try:
        times = [_second(item.oid) for item in (pages[0].items[0], pages[-1].items[-1])]
        oldest = asking.first_oid(OLDEST_FIRST)
        if oldest is None or times[0] <= times[1]:
            raise IntegrityError("the order is not newest first")
        beyond = _made_between(asking, _second(oldest), times[1])
    except (IntegrityError, TypeError, ValueError):
        return ModelCount(counted, "at least: how many more the service does not tell")
    return ModelCount(counted + round(beyond), f"by {PAGES} pages from its newest to its oldest")


def _made_between(listing: Listing, oldest: float, newest: float) -> float:
    """Models created between two times (seconds), from their rates at times in between."""
    step = (newest - oldest) / PAGES
    moments = [newest - number * step for number in range(PAGES)]
    found = [(moment, _rate_before(listing, moment)) for moment in moments]
    # No models were created before the oldest one.
    found.append((oldest, 0.0))
    return sum(
        (later - earlier) * (rate + rate_before) / 2
        for (later, rate), (earlier, rate_before) in itertools.pairwise(found)
    )


def _rate_before(listing: Listing, moment: float) -> float:
    """Models created per second just before a time."""
    text = json.dumps({"_id": {"$lt": f"{int(moment):08x}" + "0" * 16}}, separators=(",", ":"))
    cursor = urlencode({"cursor": base64.b64encode(text.encode()).decode()})
    items = listing.fetch(f"{listing.request.first_query()}&{cursor}").items
    return len(items) / max(moment - _second(items[-1].oid), 1.0) if items else 0.0


def _second(oid: str | None) -> int:
    """The second in which a model was created, with which its `_id` begins."""
    return int(str(oid)[:8], 16)
