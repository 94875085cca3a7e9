"""The fake Hub's answers over HTTP: its listing, single models and data sets, faults included."""

import gzip
import hashlib
import itertools
import json
import re
import shutil
import socket
import uuid
import zlib
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

from loaders.simulator import fake_faults
from loaders.simulator.fake_datasets import Dataset
from loaders.simulator.fake_listing import BadRequest, Query
from loaders.simulator.fake_models import EXPANDABLE

if TYPE_CHECKING:
    from loaders.simulator.fake_hub import FakeHub

_JSON = "application/json; charset=utf-8"
_API_OF_DATASETS = re.compile(
    r"/api/datasets/([^/]+/[^/]+)(?:/(tree|revision)/([^/]+)(?:/(.*))?)?/?"
)
_PATHS_OF_DATASETS = re.compile(r"/api/datasets/([^/]+/[^/]+)/(paths-info)/([^/]+)()")
_FILE_OF_DATASETS = re.compile(r"/datasets/([^/]+/[^/]+)/(resolve)/([^/]+)/(.+)")
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"
_TRICKLE = 0.05
"""Seconds between two bytes of an answer that trickles."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a reader to the fake Hub."""

    hub: "FakeHub"
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
        if not self._is_admitted(authorization):
            return
        if fault in fake_faults.STATUSES:
            self._status(fault, authorization)
            return
        try:
            query = Query(self.path, self.hub, self.headers.get("Host"), authorization)
            numbers, after = query.page(self.hub.models, is_owner=authorization is not None)
        except BadRequest as error:
            self._error(400, str(error))
            return
        if fault in fake_faults.CHANGES:
            fake_faults.CHANGES[fault](self.hub.models, numbers)
            numbers, after = query.page(self.hub.models, is_owner=authorization is not None)
        items = [self.hub.models.item(number, query.fields) for number in numbers]
        link = query.link(after) if after else None
        self._page(fault, query, items, link)

    def _page(self, fault: str | None, query: Query, items: list[str], link: str | None) -> None:
        if fault in fake_faults.SPOILED_ITEMS:
            items = fake_faults.SPOILED_ITEMS[fault](items, query)
        if fault in fake_faults.SPOILED_LINKS:
            link = fake_faults.SPOILED_LINKS[fault](link, query)
        body = ("[" + ",".join(items) + "]").encode()
        if fault in fake_faults.SPOILED_BODIES:
            body = fake_faults.SPOILED_BODIES[fault](body)
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
            self._send(status, fake_faults.HTML, "text/html; charset=utf-8", self.limits)
            return
        elif fault == "echo-redirect":
            token = (authorization or "nobody").removeprefix("Bearer ")
            place = {"Location": f"http://{token}.example/api/models"}
            self._send(307, b"", _JSON, self.limits | place)
            return
        elif fault in fake_faults.REDIRECTS:
            self._send(status, b"", _JSON, self.limits | {"Location": fake_faults.REDIRECTS[fault]})
            return
        self.limits |= headers
        self._error(status, f"No. You came with {authorization}" if status == 401 else "No.")

    def _is_admitted(self, authorization: str | None) -> bool:
        """Whether the token and its quota allow an answer; a refusal is sent."""
        if not self._is_known(authorization):
            self._error(401, "Invalid credentials in Authorization header")
            return False
        is_granted, self.limits = self.hub.account(authorization or "anonymous")
        if not is_granted:
            self._error(429, "We had to rate limit you: you have used up your api quota.")
        return is_granted

    # one model

    def _detail(self, name: str, authorization: str | None) -> None:
        if not self._is_admitted(authorization):
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
        if fault in fake_faults.STATUSES:
            self._send(int(fault), fake_faults.HTML, "text/html; charset=utf-8", self.limits)
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


_WITHOUT_END = {
    "trickle": lambda handler: handler._trickle(
        _HEAD + b"Content-Length: 1000000\r\n\r\n[", b'{"id":"acme/Endless"},'
    ),
    "trickle-headers": lambda handler: handler._trickle(_HEAD, b"X-Again: 1\r\n"),
    "endless": lambda handler: handler._pour(),
}
