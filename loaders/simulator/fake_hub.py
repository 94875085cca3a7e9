"""A fake Hub on loopback: the listing's HTTP contract, faults on command, models without end.

    python -m loaders fake-hub --models 100000 --fault stall@5 --fault 429@9x2

It serves `/api/models` as the Hub does (Link cursors, `expand` with its 400, rate limits, tokens,
private models, gzip), `/api/models/<id>` with redirects of renamed models, and data sets as far as
downloads need them (`/api/datasets/<name>`, its tree, `/datasets/<name>/resolve/...`).

Of the listing's parameters it knows `expand`, `sort`, `direction`, `limit`, `cursor`, and of the
filters `author`, `search` and `filter` (tags); any other is ignored, as the Hub ignores what it
does not know. With a filter the Hub's cursors belong to its search index; these never do.
"""

import argparse
import base64
import gzip
import hashlib
import itertools
import json
import math
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import uuid
import zlib
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

from hub_lineage.errors import UsageError
from loaders.simulator.fake_datasets import ARCHIVE, DUMP, Dataset, write_archive, write_dump
from loaders.simulator.fake_models import DEFAULTS, EXPANDABLE, Models

__all__ = ["FAULTS", "FakeHub", "Fault", "add_arguments", "run"]

TOKEN = "hf_fake_owner"
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
    "not-utf8": "a body that is no UTF-8",
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

_LARGEST_PAGE = 1_000
_MOST_WEEKS = 200
_SORTS = ("createdAt", "lastModified", "downloads", "likes", "trendingScore")
_FLAGS = {
    "full": ("author", "disabled", "gated", "lastModified", "sha", "siblings"),
    "config": ("config",),
    "cardData": ("cardData",),
}
"""What was asked for before there was `expand`, and what each adds to the defaults."""
_QUOTAS = {"api": 1, "resolvers": 6}
"""Downloads have a quota of their own, for the anonymous six times that of the API."""
_FOREIGN = "http://127.0.0.2:1"
_HTML = b"<!DOCTYPE html><html><body><h1>Service unavailable</h1></body></html>"


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
            raise argparse.ArgumentTypeError(f"{text!r} is no KIND@REQUEST or KIND@REQUESTxTIMES")
        return cls(found[1], int(found[2]), int(found[3] or 1))

    @classmethod
    def parsed_of_a_file(cls, text: str) -> "Fault":
        """Read the same of a download."""
        return cls.parsed(text, FILE_FAULTS)


@dataclass
class _Window:
    """A fixed window of the rate limit."""

    ends: float = 0.0
    used: int = 0


@dataclass
class FakeHub:
    """The service. In a test: `with FakeHub(Models(5_000)) as hub: ... hub.url`."""

    models: Models
    port: int = 0
    token: str = TOKEN
    quota: int = 1_000_000
    window: int = 300
    latency: float = 0.0
    stall: float = 30.0
    faults: list[Fault] = field(default_factory=list)
    file_faults: list[Fault] = field(default_factory=list)
    """What goes wrong with which download of a file, of the kinds of `FILE_FAULTS`."""
    ascending: bool = False
    """What a sort means without `direction`: the real service has changed its mind before."""
    datasets: list[Dataset] = field(default_factory=list)
    requests: deque = field(default_factory=lambda: deque(maxlen=100_000))
    """The request lines, newest last."""
    authorizations: deque = field(default_factory=lambda: deque(maxlen=100_000))

    def __post_init__(self) -> None:
        self.listings = self.downloads = 0
        self._windows: dict[tuple[str, str], _Window] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    # life

    def __enter__(self) -> "FakeHub":
        self._ended.clear()
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._close()

    def go_away(self) -> None:
        """Refuse connections for the time of a stall, from this moment on."""
        self._close()
        threading.Thread(target=self._come_back, daemon=True).start()

    def _open(self) -> None:
        hub = self

        class Handler(_Handler):
            pass

        Handler.hub = hub
        self._server = _Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def _close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def _come_back(self) -> None:
        if not self._ended.wait(self.stall):
            self._open()

    @property
    def url(self) -> str:
        """The endpoint to crawl."""
        return f"http://127.0.0.1:{self.port}"

    # what the handler asks

    def note(self, line: str, authorization: str | None) -> None:
        """Keep a request line and its token."""
        with self._lock:
            self.requests.append(line)
            self.authorizations.append(authorization)

    def next_fault(self) -> str | None:
        """Count a listing request, and return what is to go wrong with it."""
        with self._lock:
            self.listings += 1
            for fault in self.faults:
                if fault.at <= self.listings < fault.at + fault.times:
                    return _ALIASES.get(fault.kind, fault.kind)
        return None

    def next_file_fault(self) -> str | None:
        """Count a download of a file or a part of one, and return what is to go wrong with it."""
        with self._lock:
            self.downloads += 1
            for fault in self.file_faults:
                if fault.at <= self.downloads < fault.at + fault.times:
                    return fault.kind
        return None

    def wait(self, seconds: float) -> bool:
        """Let time pass, but no longer than the service lives; say whether it has ended."""
        return self._ended.wait(seconds)

    def account(self, reader: str, bucket: str = "api") -> tuple[bool, dict[str, str]]:
        """Count a request against its reader's window: whether it is granted, and headers."""
        quota = self.quota * _QUOTAS[bucket]
        with self._lock:
            now = time.monotonic()
            window = self._windows.setdefault((reader, bucket), _Window())
            if now >= window.ends:
                window.ends, window.used = now + self.window, 0
            is_granted = window.used < quota
            window.used += is_granted
            return is_granted, self.limits(quota - window.used, window.ends - now, bucket)

    def limits(self, left: int, seconds: float, bucket: str = "api") -> dict[str, str]:
        """Return the rate-limit headers."""
        quota = self.quota * _QUOTAS[bucket]
        return {
            "RateLimit": f'"{bucket}";r={left};t={math.ceil(seconds)}',
            "RateLimit-Policy": f'"fixed window";"{bucket}";q={quota};w={self.window}',
        }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader that goes away is no news."""


class BadRequest(Exception):
    """A request the listing answers with 400."""


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"
    server_version = "fake-hub"
    sys_version = ""
    disable_nagle_algorithm = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are kept by the hub, not printed."""

    def do_GET(self) -> None:
        authorization = self.headers.get("Authorization")
        self.hub.note(self.requestline, authorization)
        path = urlsplit(self.path).path
        if path == "/api/models":
            self._listing(authorization)
        elif path.startswith("/api/models/"):
            self._detail(unquote(path.removeprefix("/api/models/")), authorization)
        elif found := _API_OF_DATASETS.fullmatch(path) or _FILE_OF_DATASETS.fullmatch(path):
            self._dataset(found, authorization)
        else:
            self._error(404, "Sorry, we can't find the page you are looking for.")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        authorization = self.headers.get("Authorization")
        self.hub.note(self.requestline, authorization)
        self.asked = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        found = _PATHS_OF_DATASETS.fullmatch(urlsplit(self.path).path)
        if found:
            self._dataset(found, authorization)
        else:
            self._error(404, "Sorry, we can't find the page you are looking for.")

    # the listing

    def _listing(self, authorization: str | None) -> None:
        fault = self.hub.next_fault()
        if self.hub.latency:
            self.hub.wait(self.hub.latency)
        if fault == "drop":
            self._cut()
            return
        if fault == "stall":
            self.hub.wait(self.hub.stall)
            self._cut()
            return
        if fault in _WITHOUT_END:
            _WITHOUT_END[fault](self)
            self._cut()
            return
        if fault == "gone":
            self.hub.go_away()
        if not self._is_known(authorization):
            self._error(401, "Invalid credentials in Authorization header")
            return
        is_granted, self.limits = self.hub.account(authorization or "anonymous")
        if not is_granted:
            self._error(429, "We had to rate limit you: you have used up your api quota.")
            return
        if fault in _STATUSES:
            self._status(fault, authorization)
            return
        try:
            query = _Query(self.path, self.hub, self.headers.get("Host"), authorization)
            numbers, after = query.page(self.hub.models, is_owner=authorization is not None)
        except BadRequest as error:
            self._error(400, str(error))
            return
        if fault in _CHANGES:
            _CHANGES[fault](self.hub.models, numbers)
            numbers, after = query.page(self.hub.models, is_owner=authorization is not None)
        items = [self.hub.models.item(number, query.fields) for number in numbers]
        link = query.link(after) if after else None
        self._page(fault, query, items, link)

    def _page(self, fault: str | None, query: "_Query", items: list[str], link: str | None) -> None:
        if fault in _SPOILED_ITEMS:
            items = _SPOILED_ITEMS[fault](items, query)
        if fault in _SPOILED_LINKS:
            link = _SPOILED_LINKS[fault](link, query)
        body = ("[" + ",".join(items) + "]").encode()
        if fault in _SPOILED_BODIES:
            body = _SPOILED_BODIES[fault](body)
        headers = dict(self.limits)
        if link is not None:
            headers["Link"] = f'<{link}>; rel="next"'
        if fault == "gone":
            headers["Connection"] = "close"
        kind = "text/html; charset=utf-8" if fault == "html" else _JSON
        self._send(200, body, kind, headers, fault)

    def _status(self, fault: str, authorization: str | None) -> None:
        status, headers = int(fault[:3]) if fault[:3].isdigit() else 307, {}
        if fault == "429":
            headers = self.hub.limits(0, 1)
        elif fault == "429-left":
            headers = self.hub.limits(9, 200)
        elif fault == "429-later":
            self.limits, headers = {}, {"Retry-After": "1"}
        elif status >= 500:
            self._send(status, _HTML, "text/html; charset=utf-8", self.limits)
            return
        elif fault == "echo-redirect":
            token = (authorization or "nobody").removeprefix("Bearer ")
            place = {"Location": f"http://{token}.example/api/models"}
            self._send(307, b"", _JSON, self.limits | place)
            return
        elif fault in _REDIRECTS:
            self._send(status, b"", _JSON, self.limits | {"Location": _REDIRECTS[fault]})
            return
        self.limits |= headers
        self._error(status, f"No. You came with {authorization}" if status == 401 else "No.")

    # one model

    def _detail(self, name: str, authorization: str | None) -> None:
        if not self._is_known(authorization):
            self._error(401, "Invalid credentials in Authorization header")
            return
        is_granted, self.limits = self.hub.account(authorization or "anonymous")
        if not is_granted:
            self._error(429, "We had to rate limit you: you have used up your api quota.")
            return
        models = self.hub.models
        number = models.number_of(name)
        if number is None or not models.is_served(number, authorization is not None):
            # absent, deleted and private are not told apart
            self._error(401, "Invalid username or password.")
        elif models.name(number).lower() != name.lower():
            place = f"/api/models/{quote(models.name(number))}"
            self._send(307, b"", _JSON, self.limits | {"Location": place})
        else:
            self._send(200, models.item(number, EXPANDABLE).encode(), _JSON, self.limits)

    # data sets

    def _dataset(self, asked: re.Match[str], authorization: str | None) -> None:
        if not self._is_known(authorization):
            self._error(401, "Invalid credentials in Authorization header")
            return
        name, route, revision, path = (unquote(one or "") for one in asked.groups())
        bucket = "resolvers" if route == "resolve" else "api"
        is_granted, self.limits = self.hub.account(authorization or "anonymous", bucket)
        dataset = next((one for one in self.hub.datasets if one.name == name), None)
        if not is_granted:
            self._error(429, f"We had to rate limit you: you have used up your {bucket} quota.")
        elif dataset is None:
            # absent and private are not told apart
            self._error(401, "Invalid username or password.", "RepoNotFound")
        elif revision and not dataset.has(revision):
            self._error(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        elif route == "tree":
            query = dict(parse_qsl(urlsplit(self.path).query))
            tree = dataset.tree(
                path,
                is_recursive=query.get("recursive", "").lower() == "true",
                is_expanded=query.get("expand", "").lower() == "true",
            )
            if tree or not path:
                self._send(200, json.dumps(tree).encode(), _JSON, self.limits)
            else:
                self._error(404, f"{path} does not exist on this revision", "EntryNotFound")
        elif route == "paths-info":
            form = parse_qs(self.asked)
            is_expanded = form.get("expand", ["false"])[0].lower() == "true"
            entries = dataset.tree("", is_recursive=True, is_expanded=is_expanded)
            wanted = [one for one in entries if one["path"] in form.get("paths", ())]
            self._send(200, json.dumps(wanted).encode(), _JSON, self.limits)
        elif route == "resolve" and path in dataset.files:
            self._file(dataset, path)
        elif route == "resolve":
            self._error(404, "Entry not found", "EntryNotFound")
        else:
            self._send(200, json.dumps(dataset.description()).encode(), _JSON, self.limits)

    def _file(self, dataset: Dataset, path: str) -> None:
        fault = self.hub.next_file_fault() if self.command == "GET" else None
        if fault in ("drop", "stall"):
            self.hub.wait(self.hub.stall if fault == "stall" else 0)
            self._cut()
            return
        if fault in _STATUSES:
            self._send(int(fault), _HTML, "text/html; charset=utf-8", self.limits)
            return
        file = dataset.files[path]
        first, last = 0, file.size - 1
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""), re.ASCII)
        if part and int(part[1]) < file.size:
            first, last = int(part[1]), min(int(part[2] or last), last)
        is_part = (first, last) != (0, file.size - 1)
        self.send_response(206 if is_part else 200)
        headers = self.limits | {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(last - first + 1),
            "Accept-Ranges": "bytes",
            "ETag": f'"{file.oid}"',
            "X-Repo-Commit": dataset.commit,
            "X-Request-Id": f"Root=1-{uuid.uuid4()}",
        }
        if is_part:
            headers["Content-Range"] = f"bytes {first}-{last}/{file.size}"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        with file.place.open("rb") as content:
            content.seek(first)
            if fault == "truncate":
                self.wfile.write(content.read((last - first + 1) // 2))
                self._cut()
            elif is_part:
                self.wfile.write(content.read(last - first + 1))
            else:
                shutil.copyfileobj(content, self.wfile)

    # answers

    limits: dict[str, str]

    def _is_known(self, authorization: str | None) -> bool:
        self.limits = {}
        return authorization in (None, f"Bearer {self.hub.token}")

    def _error(self, status: int, message: str, code: str | None = None) -> None:
        body = json.dumps({"error": message}, separators=(",", ":")).encode()
        headers = getattr(self, "limits", {}) | {"X-Error-Message": message.replace("\n", " ")}
        if code is not None:
            headers["X-Error-Code"] = code
        self._send(status, body, _JSON, headers)

    def _send(
        self, status: int, body: bytes, kind: str, headers: dict[str, str], fault: str | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("X-Request-Id", f"Root=1-{uuid.uuid4()}")
        if status == 200:
            self.send_header("ETag", f'W/"{len(body):x}-{hashlib.md5(body).hexdigest()}"')
        if status == 200 and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, 1, mtime=0)
            self.send_header("Content-Encoding", "gzip")
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault == "broken-gzip":
            body = body[:40] + bytes(len(body) - 40)
        if fault == "truncate":
            self.wfile.write(body[: len(body) // 2])
            self._cut()
            return
        self.wfile.write(body)

    def _trickle(self, head: bytes, again: bytes) -> None:
        self.wfile.write(head)
        for byte in itertools.cycle(again):
            self.wfile.write(bytes([byte]))
            if self.hub.wait(_TRICKLE):
                return

    def _pour(self) -> None:
        """Send the beginning of a list for ever, in chunks, packed if the reader takes that."""
        is_packed = "gzip" in self.headers.get("Accept-Encoding", "")
        self.wfile.write(_HEAD + b"Transfer-Encoding: chunked\r\n")
        self.wfile.write(b"Content-Encoding: gzip\r\n\r\n" if is_packed else b"\r\n")
        packer = zlib.compressobj(1, wbits=31)
        piece = b'[{"tags":[' + b'"again",' * 10_000
        while not self.hub.wait(0):
            sent = piece
            if is_packed:
                sent = packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(sent), sent))

    def _cut(self) -> None:
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class _Query:
    """What a listing request asks for."""

    def __init__(
        self, path: str, hub: FakeHub, host: str | None, authorization: str | None = None
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
        self.limit = min(int(limit or _LARGEST_PAGE), _LARGEST_PAGE)
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
        predicate = self._predicate().get("_id", {})
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
            at, below = self._predicate()["$or"][:2]
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

    def _predicate(self) -> dict:
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


_JSON = "application/json; charset=utf-8"
_API_OF_DATASETS = re.compile(
    r"/api/datasets/([^/]+/[^/]+)(?:/(tree|revision)/([^/]+)(?:/(.*))?)?/?"
)
_PATHS_OF_DATASETS = re.compile(r"/api/datasets/([^/]+/[^/]+)/(paths-info)/([^/]+)()")
_FILE_OF_DATASETS = re.compile(r"/datasets/([^/]+/[^/]+)/(resolve)/([^/]+)/(.+)")
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
_TRICKLE = 0.05
"""Seconds between two bytes of an answer that trickles."""
_WITHOUT_END = {
    "trickle": lambda handler: handler._trickle(
        _HEAD + b"Content-Length: 1000000\r\n\r\n[", b'{"id":"acme/Endless"},'
    ),
    "trickle-headers": lambda handler: handler._trickle(_HEAD, b"X-Again: 1\r\n"),
    "endless": lambda handler: handler._pour(),
}
_REDIRECTS = {
    "307": "/api/models?sort=createdAt",
    "302": f"{_FOREIGN}/api/models",
}
_STATUSES = frozenset({
    "429", "429-left", "429-later", "408", "500", "501", "502", "503", "504", "400", "401", "403",
    "404", "302", "307", "echo-redirect",
})  # fmt: skip
_ALIASES = {"foreign-redirect": "302", "redirect": "307"}


def _delete(models: Models, numbers: list[int]) -> None:
    models.deleted.add(numbers[2])


def _rename(models: Models, numbers: list[int]) -> None:
    models.renamed[numbers[2]] = f"new-home/Renamed-{numbers[2]}"


def _age(models: Models, numbers: list[int]) -> None:
    models.age += 1


_CHANGES = {
    "create": lambda models, numbers: models.create(10),
    "delete": _delete,
    "rename": _rename,
    "metrics": _age,
}


def _again(items: list[str], query: _Query) -> list[str]:
    oid = query._predicate().get("_id", {}).get("$lt")
    models = query.hub.models
    return [models.item(models.at_or_after(oid), query.fields), *items] if oid else items


def _big(items: list[str], query: _Query) -> list[str]:
    return [items[0][:-1] + ',"cardText":"' + "é card " * 700_000 + '"}', *items[1:]]


def _deep(items: list[str], query: _Query) -> list[str]:
    deep = "[" * 5_000 + "]" * 5_000
    return [f'{items[0][:-1]},"deep":{deep},"many":{"9" * 5_000}}}', *items[1:]]


def _echo(items: list[str], query: _Query) -> list[str]:
    oid = json.loads(items[0])["_id"]
    spelt = "".join(f"\\u{ord(letter):04x}" for letter in query.token)
    item = {"_id": oid, "id": f"acme/{query.token}", "tags": [f"base_model:acme/{query.token}"]}
    return [json.dumps(item)[:-1] + f',"escaped":"{spelt}"}}', *items[1:]]


def _echo_next(link: str | None, query: _Query) -> str:
    cursor = base64.b64encode(json.dumps({"_id": {"$lt": query.token}}).encode()).decode()
    pairs = [pair for pair in query.pairs if pair[0] != "cursor"]
    return f"{query.url}/api/models?{urlencode([*pairs, ('cursor', cursor)])}"


_SPOILED_ITEMS = {
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
_SPOILED_LINKS = {
    "empty": lambda link, query: None,
    "end": lambda link, query: None,
    "echo-next": _echo_next,
    "same-next": lambda link, query: f"{query.url}/api/models?{urlencode(query.pairs)}",
    "other-next": lambda link, query: link and link.replace("expand=tags", "expand=sha"),
    "foreign-next": lambda link, query: link and link.replace(query.url, _FOREIGN),
    "foreign-path": lambda link, query: link and link.replace("/api/models", "/api/datasets"),
}
_SPOILED_BODIES = {
    "broken-json": lambda body: body[: len(body) // 2],
    "not-utf8": lambda body: body[:-1] + b'\xff"]',
    "html": lambda body: _HTML,
    "object": lambda body: b'{"error":"Something went wrong"}',
}


# the command line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line of `python -m loaders fake-hub`."""
    parser.add_argument("--models", type=int, default=100_000, help="default %(default)s")
    parser.add_argument(
        "--port", type=int, default=0, help="default: any that is free, named on the first line"
    )
    parser.add_argument("--seed", type=int, default=0, help="default %(default)s")
    parser.add_argument(
        "--quota", type=int, default=500, help="requests a window (default %(default)s, the Hub's)"
    )
    parser.add_argument(
        "--window", type=int, default=300, help="seconds of a window (default %(default)s)"
    )
    parser.add_argument(
        "--token", default=TOKEN, help="the one token it knows, the private models' owner's"
    )
    parser.add_argument("--latency", type=float, default=0.0, help="seconds a page takes")
    parser.add_argument("--stall", type=float, default=30.0, help="seconds a stall takes")
    parser.add_argument(
        "--weeks",
        type=int,
        default=0,
        metavar="N",
        help=f"serve a weekly archive of its models too, as the data set {ARCHIVE}",
    )
    parser.add_argument(
        "--dump", action="store_true", help=f"serve a dump of them too, as the data set {DUMP}"
    )
    parser.add_argument("--ascending", action="store_true", help="list the oldest models first")
    parser.add_argument(
        "--fault",
        dest="faults",
        action="append",
        default=[],
        type=Fault.parsed,
        metavar="KIND@REQUEST[xTIMES]",
        help="what goes wrong at which listing request; may be repeated: " + ", ".join(FAULTS),
    )
    parser.add_argument(
        "--file-fault",
        dest="file_faults",
        action="append",
        default=[],
        type=Fault.parsed_of_a_file,
        metavar="KIND@REQUEST[xTIMES]",
        help="the same at which download of a file: " + ", ".join(FILE_FAULTS),
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry out `python -m loaders fake-hub`: serve until interrupted."""
    if not 1 <= arguments.models < 1 << 24:
        raise UsageError("--models takes 1 to 16,777,215: the `_id`s count no further")
    if arguments.quota < 1 or arguments.window < 1:
        raise UsageError("--quota and --window take 1 or more")
    if not 0 <= arguments.weeks <= _MOST_WEEKS:
        raise UsageError(f"--weeks takes 0 to {_MOST_WEEKS}")
    try:
        with tempfile.TemporaryDirectory() as folder:
            hub = FakeHub(
                # counters have grown since the archive's last week
                Models(arguments.models, arguments.seed, age=arguments.weeks),
                port=arguments.port,
                token=arguments.token,
                quota=arguments.quota,
                window=arguments.window,
                latency=arguments.latency,
                stall=arguments.stall,
                faults=arguments.faults,
                file_faults=arguments.file_faults,
                ascending=arguments.ascending,
                datasets=_datasets(arguments, Path(folder)),
            )
            _serve(hub)
    except KeyboardInterrupt:
        pass
    except OSError as error:
        raise UsageError(f"port {arguments.port} cannot be had: {error.strerror}") from error
    return 0


def _datasets(arguments: argparse.Namespace, folder: Path) -> list[Dataset]:
    models = Models(arguments.models, arguments.seed)
    datasets = []
    if arguments.weeks:
        print(f"writing {arguments.weeks:,} weeks of {ARCHIVE}", file=sys.stderr)
        write_archive(models, folder / "archive", arguments.weeks)
        datasets.append(Dataset(ARCHIVE, folder / "archive"))
    if arguments.dump:
        models.age = arguments.weeks
        write_dump(models, folder / "dump")
        datasets.append(Dataset(DUMP, folder / "dump"))
    return datasets


def _serve(hub: FakeHub) -> None:
    # ended like Ctrl-C, so that the archive's folder goes
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with hub:
        print(f"serving {hub.models.count:,} models; stop with Ctrl-C", file=sys.stderr)
        print(f"HF_ENDPOINT={hub.url}", flush=True)
        while True:
            time.sleep(3_600)
