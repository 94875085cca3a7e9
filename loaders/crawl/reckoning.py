"""How many models a service has, by a few pages: it tells no total."""

import base64
import copy
import itertools
import json
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from hub_lineage.errors import IntegrityError
from loaders.crawl.listing import LARGEST_PAGE, OLDEST_FIRST, Listing, Page

PAGES = 12
"""So many pages are walked; a service with more models is reckoned from as many more."""


@dataclass(frozen=True)
class Reckoned:
    """A number of models, and how it is known."""

    models: int
    how: str


def reckoned_models(listing: Listing) -> Reckoned:
    """The models of a service: counted where there are few, else reckoned.

    Pages at times from the newest model to the oldest say how many were made in a second then; the
    sum over time is the number. Where the service does not answer so, it is what was counted.
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
        return Reckoned(counted, "counted")
    try:
        times = [_second(item.oid) for item in (pages[0].items[0], pages[-1].items[-1])]
        oldest = asking.first_oid(OLDEST_FIRST)
        if oldest is None or times[0] <= times[1]:
            raise IntegrityError("the order is not newest first")
        beyond = _made_between(asking, _second(oldest), times[1])
    except (IntegrityError, TypeError, ValueError):
        return Reckoned(counted, "at least: how many more the service does not tell")
    return Reckoned(counted + round(beyond), f"by {PAGES} pages from its newest to its oldest")


def _made_between(listing: Listing, oldest: float, newest: float) -> float:
    """Models made between two times, by their number in a second at times between them."""
    step = (newest - oldest) / PAGES
    moments = [newest - number * step for number in range(PAGES)]
    found = [(moment, _rate_before(listing, moment)) for moment in moments]
    # Before the oldest model none were made.
    found.append((oldest, 0.0))
    return sum(
        (later - earlier) * (rate + rate_before) / 2
        for (later, rate), (earlier, rate_before) in itertools.pairwise(found)
    )


def _rate_before(listing: Listing, moment: float) -> float:
    """Models a second just before a time."""
    text = json.dumps({"_id": {"$lt": f"{int(moment):08x}" + "0" * 16}}, separators=(",", ":"))
    cursor = urlencode({"cursor": base64.b64encode(text.encode()).decode()})
    items = listing.fetch(f"{listing.request.first_query()}&{cursor}").items
    return len(items) / max(moment - _second(items[-1].oid), 1.0) if items else 0.0


def _second(oid: str | None) -> int:
    """When a model was made: its `_id` begins with the second."""
    return int(str(oid)[:8], 16)
