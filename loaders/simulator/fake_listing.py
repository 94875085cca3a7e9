"""What a request for the fake Hub's listing asks for, and the page that it gets."""

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from loaders.simulator.fake_models import DEFAULTS, EXPANDABLE, Models

if TYPE_CHECKING:
    from loaders.simulator.fake_hub import FakeHub

LARGEST_PAGE = 1_000
_SORTS = ("createdAt", "lastModified", "downloads", "likes", "trendingScore")
_FLAGS = {
    "full": ("author", "disabled", "gated", "lastModified", "sha", "siblings"),
    "config": ("config",),
    "cardData": ("cardData",),
}
"""What was asked for before there was `expand`, and what each adds to the defaults."""


class BadRequest(Exception):
    """A request the listing answers with 400."""


class Query:
    """What a listing request asks for."""

    def __init__(
        self, path: str, hub: "FakeHub", host: str | None, authorization: str | None = None
    ) -> None:
        self.hub = hub
        self.token = (authorization or "").removeprefix("Bearer ")
        self.url = f"http://{host}" if host else hub.url
        pairs = parse_qsl(urlsplit(path).query, keep_blank_values=True)
        self.pairs = [(name.removesuffix("[]"), value) for name, value in pairs]
        self.expand = tuple(value for name, value in self.pairs if name == "expand") or None
        self._check_expand()
        values = dict(self.pairs)
        more = [name for flag, names in _FLAGS.items() if values.get(flag) == "true"
                for name in names]  # fmt: skip
        self.fields = self.expand or (*DEFAULTS, *more)
        self.sort = values.get("sort") or "trendingScore"
        if self.sort not in _SORTS:
            raise BadRequest(f'"sort" must be one of [{", ".join(_SORTS)}]')
        # the fake's lastModified follows creation closely enough to be listed by it
        self.is_by_time = self.sort in ("createdAt", "lastModified")
        direction = values.get("direction")
        self.is_ascending = direction == "1" if direction else hub.ascending
        limit = values.get("limit", "")
        if limit and not (limit.isascii() and limit.isdigit() and int(limit)):
            raise BadRequest('"limit" must be a positive number')
        self.limit = min(int(limit or LARGEST_PAGE), LARGEST_PAGE)
        self.cursor = values.get("cursor")
        self.author = values.get("author")
        self.search = values.get("search", "").lower()
        self.tags = {value for name, value in self.pairs if name == "filter"}

    def page(self, models: Models, *, is_owner: bool) -> tuple[list[int], dict | None]:
        """Return the numbers of the page's models, and the cursor of the next page."""
        order = self._by_time(models) if self.is_by_time else self._by_counter(models)
        served = (
            number
            for number in order
            if models.is_served(number, is_owner) and self._is_wanted(models, number)
        )
        numbers = [number for number, _ in zip(served, range(self.limit), strict=False)]
        if len(numbers) < self.limit or next(served, None) is None:
            return numbers, None
        return numbers, self._after(models, numbers[-1])

    def link(self, after: dict) -> str:
        """Return the absolute URL of the next page."""
        text = json.dumps(after, separators=(",", ":")).encode()
        pairs = [pair for pair in self.pairs if pair[0] != "cursor"]
        pairs.append(("cursor", base64.b64encode(text).decode()))
        return f"{self.url}/api/models?{urlencode(pairs)}"

    def _is_wanted(self, models: Models, number: int) -> bool:
        """Say whether a model passes the filters."""
        if self.author or self.search:
            name = models.name(number)
            if self.author and name.rpartition("/")[0] != self.author:
                return False
            if self.search not in name.lower():
                return False
        return not self.tags or self.tags <= set(json.loads(models.item(number, ("tags",)))["tags"])

    def _check_expand(self) -> None:
        if any(name not in EXPANDABLE for name in self.expand or ()):
            raise BadRequest(f'"expand" must be one of [{", ".join(EXPANDABLE)}]')

    def _by_time(self, models: Models) -> range:
        predicate = self.predicate().get("_id", {})
        oid = predicate.get("$gt" if self.is_ascending else "$lt") if self.cursor else None
        if self.cursor and not isinstance(oid, str):
            raise BadRequest("Invalid cursor")
        if self.is_ascending:
            if oid is None:
                return range(models.count)
            first = models.at_or_after(oid)
            is_there = first < models.count and models.oid(first) == oid
            return range(first + is_there, models.count)
        return range((models.count if oid is None else models.at_or_after(oid)) - 1, -1, -1)

    def _by_counter(self, models: Models):
        order, value = models.ranked(self.sort)
        if not self.cursor:
            return iter(order)
        try:
            at, below = self.predicate()["$or"][:2]
            last = (-float(below[self.sort]["$lt"]), at["_id"]["$gt"])
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise BadRequest("Invalid cursor") from error
        return (n for n in order if (-value(n), models.oid(n)) > last)

    def _after(self, models: Models, number: int) -> dict:
        if self.is_by_time:
            return {"_id": {"$gt" if self.is_ascending else "$lt": models.oid(number)}}
        value = models.ranked(self.sort)[1](number)
        return {
            "$or": [
                {self.sort: value, "_id": {"$gt": models.oid(number)}},
                {self.sort: {"$lt": value}},
                {self.sort: None},
            ]
        }

    def predicate(self) -> dict:
        if not self.cursor:
            return {}
        try:
            padded = self.cursor + "=" * (-len(self.cursor) % 4)
            predicate = json.loads(base64.b64decode(padded))
        except ValueError as error:
            raise BadRequest("Invalid cursor") from error
        if not isinstance(predicate, dict):
            raise BadRequest("Invalid cursor")
        return predicate
