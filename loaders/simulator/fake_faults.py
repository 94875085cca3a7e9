"""What a fake Hub does wrong on command: the faults by name, and what each does to an answer."""

import argparse
import base64
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode

from loaders.simulator.fake_listing import Query
from loaders.simulator.fake_models import Models

FAULTS = {
    "429": "429 with nothing left of the quota for a second",
    "429-left": "429 although something is left of the quota",
    "429-later": "429 with Retry-After: 1 alone",
    "408": "status 408",
    "500": "status 500, as the next ones with an HTML body",
    "501": "status 501, which no client retries",
    "502": "status 502",
    "503": "status 503",
    "504": "status 504",
    "400": "status 400",
    "401": "status 401; the message repeats the token sent",
    "403": "status 403",
    "404": "status 404",
    "drop": "the connection is cut before the headers",
    "truncate": "the body ends half way",
    "stall": "nothing happens for --stall seconds",
    "trickle": "the body comes byte by byte and does not end",
    "trickle-headers": "the headers come byte by byte and do not end",
    "endless": "the body comes as fast as it can and does not end",
    "gone": "after the page no connection is taken for --stall seconds",
    "broken-gzip": "a body that is not the gzip it says it is",
    "broken-json": "JSON that ends half way, whole by Content-Length",
    "not-utf8": "a body that is not UTF-8",
    "html": "a page of HTML with status 200",
    "object": "an object instead of the list",
    "numbers": "a list of numbers",
    "empty": "an empty list without a next link",
    "empty-next": "an empty list with the link the page would have had",
    "short-next": "half a page with the link the whole would have had",
    "end": "the page without its next link",
    "echo": "an item whose id and tags repeat the token sent",
    "echo-next": "a next link whose cursor holds the token sent",
    "echo-redirect": "status 307 to a host named after the token sent",
    "same-next": "a next link with the page's own cursor",
    "other-next": "a next link that asks for other fields",
    "foreign-next": "a next link to another host",
    "foreign-path": "a next link to another path of this host",
    "foreign-redirect": "status 302 to another host",
    "redirect": "status 307 to this host",
    "repeat": "the page with its last item twice",
    "again": "the page with the last item of the page before in front",
    "flip": "the page in reverse order",
    "no-oid": "an item without _id",
    "no-id": "an item without id",
    "big-card": "the first item with a card of 5 MB",
    "deep-card": "the first item with lists 5,000 deep and a number of 5,000 digits",
    "create": "before the page, ten models are created",
    "delete": "before the page, its third model is deleted",
    "rename": "before the page, its third model is renamed",
    "metrics": "before the page, every counter moves",
}

FILE_FAULTS = ("drop", "truncate", "stall", "500", "503")
"""What can go wrong with the download of a file: as with a listing."""

FOREIGN = "http://127.0.0.2:1"
HTML = b"<!DOCTYPE html><html><body><h1>Service unavailable</h1></body></html>"


@dataclass
class Fault:
    """Something that goes wrong: at the `at`-th listing request (from 1), `times` in a row."""

    kind: str
    at: int
    times: int = 1

    @classmethod
    def parsed(cls, text: str, kinds: Collection[str] = FAULTS) -> "Fault":
        """Read `KIND@REQUEST`, `KIND@REQUESTxTIMES`."""
        found = re.fullmatch(r"([\w-]+)@(\d+)(?:x(\d+))?", text)
        if found is None or found[1] not in kinds:
            raise argparse.ArgumentTypeError(f"{text!r} is not KIND@REQUEST or KIND@REQUESTxTIMES")
        return cls(found[1], int(found[2]), int(found[3] or 1))

    @classmethod
    def parsed_of_a_file(cls, text: str) -> "Fault":
        """Read the same of a download."""
        return cls.parsed(text, FILE_FAULTS)


# what each does to an answer

REDIRECTS = {
    "307": "/api/models?sort=createdAt",
    "302": f"{FOREIGN}/api/models",
}
STATUSES = frozenset({
    "429", "429-left", "429-later", "408", "500", "501", "502", "503", "504", "400", "401", "403",
    "404", "302", "307", "echo-redirect",
})  # fmt: skip
ALIASES = {"foreign-redirect": "302", "redirect": "307"}


def _delete(models: Models, numbers: list[int]) -> None:
    models.deleted.add(numbers[2])


def _rename(models: Models, numbers: list[int]) -> None:
    models.renamed[numbers[2]] = f"new-home/Renamed-{numbers[2]}"


def _age(models: Models, numbers: list[int]) -> None:
    models.age += 1


CHANGES = {
    "create": lambda models, numbers: models.create(10),
    "delete": _delete,
    "rename": _rename,
    "metrics": _age,
}


def _again(items: list[str], query: Query) -> list[str]:
    oid = query.predicate().get("_id", {}).get("$lt")
    models = query.hub.models
    return [models.item(models.at_or_after(oid), query.fields), *items] if oid else items


def _big(items: list[str], query: Query) -> list[str]:
    return [items[0][:-1] + ',"cardText":"' + "é card " * 700_000 + '"}', *items[1:]]


def _deep(items: list[str], query: Query) -> list[str]:
    deep = "[" * 5_000 + "]" * 5_000
    return [f'{items[0][:-1]},"deep":{deep},"many":{"9" * 5_000}}}', *items[1:]]


def _echo(items: list[str], query: Query) -> list[str]:
    oid = json.loads(items[0])["_id"]
    spelt = "".join(f"\\u{ord(letter):04x}" for letter in query.token)
    item = {"_id": oid, "id": f"acme/{query.token}", "tags": [f"base_model:acme/{query.token}"]}
    return [json.dumps(item)[:-1] + f',"escaped":"{spelt}"}}', *items[1:]]


def _echo_next(link: str | None, query: Query) -> str:
    cursor = base64.b64encode(json.dumps({"_id": {"$lt": query.token}}).encode()).decode()
    pairs = [pair for pair in query.pairs if pair[0] != "cursor"]
    return f"{query.url}/api/models?{urlencode([*pairs, ('cursor', cursor)])}"


SPOILED_ITEMS = {
    "numbers": lambda items, query: ["1", "2", "3"],
    "empty": lambda items, query: [],
    "empty-next": lambda items, query: [],
    "short-next": lambda items, query: items[: len(items) // 2],
    "echo": _echo,
    "repeat": lambda items, query: [*items, items[-1]],
    "again": _again,
    "flip": lambda items, query: items[::-1],
    "no-oid": lambda items, query: [*items[:1], '{"id":"acme/NoOid"}', *items[1:]],
    "no-id": lambda items, query: [items[0].replace('"id":', '"idea":', 1), *items[1:]],
    "big-card": _big,
    "deep-card": _deep,
}
SPOILED_LINKS = {
    "empty": lambda link, query: None,
    "end": lambda link, query: None,
    "echo-next": _echo_next,
    "same-next": lambda link, query: f"{query.url}/api/models?{urlencode(query.pairs)}",
    "other-next": lambda link, query: link and link.replace("expand=tags", "expand=sha"),
    "foreign-next": lambda link, query: link and link.replace(query.url, FOREIGN),
    "foreign-path": lambda link, query: link and link.replace("/api/models", "/api/datasets"),
}
SPOILED_BODIES = {
    "broken-json": lambda body: body[: len(body) // 2],
    "not-utf8": lambda body: body[:-1] + b'\xff"]',
    "html": lambda body: HTML,
    "object": lambda body: b'{"error":"Something went wrong"}',
}
