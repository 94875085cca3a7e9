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
import math
import signal
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path

from hub_lineage.errors import UsageError
from loaders.simulator.fake_answers import Handler
from loaders.simulator.fake_datasets import ARCHIVE, DUMP, Dataset, write_archive, write_dump
from loaders.simulator.fake_faults import ALIASES, FAULTS, FILE_FAULTS, Fault
from loaders.simulator.fake_models import Models

TOKEN = "hf_fake_owner"

_MOST_WEEKS = 200
_QUOTAS = {"api": 1, "resolvers": 6}
"""Downloads have a quota of their own, for the anonymous six times that of the API."""


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

        class Answers(Handler):
            pass

        Answers.hub = hub
        self._server = _Server(("127.0.0.1", self.port), Answers)
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
                    return ALIASES.get(fault.kind, fault.kind)
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
        """A reader that goes away is not worth a report."""


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
