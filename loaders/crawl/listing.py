"""The listing of models, page by page: one request at a time, through huggingface_hub's helpers.

Pages are raw: `HfApi.list_models` would drop fields that its classes do not have, fail on an item
that they cannot hold, and show neither cursor nor headers. Every request goes to the given endpoint
and to no other host, since it carries the token.
"""

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit
from urllib.request import getproxies

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import (
    build_hf_headers,
    get_session,
    hf_raise_for_status,
    http_stream_backoff,
)

from hub_lineage.errors import IntegrityError, Problem, RefusedError, UnavailableError, UsageError
from loaders import __version__
from loaders.crawl.masking import Mask
from loaders.crawl.pacing import RETRIED_STATUSES, Clock, Overdue, Pacer, retry_wait
from loaders.landing.slicing import BrokenPage, Item, UnsoundPage, slice_page

PATH = "/api/models"
SORT = "createdAt"
LARGEST_PAGE = 1_000
BROKEN_PAGE_TRIES = 3
SLOW_ANSWER_TRIES = 3
SLOWEST_ANSWER = 10
"""An answer may take this many times `timeout`, which limits only the silence within it."""
LARGEST_ANSWER = 256 * 1024 * 1024
"""Bytes, unpacked: some ninety times an ordinary page, and few enough to hold in memory."""

OLDEST_FIRST, NEWEST_FIRST = 1, -1
"""The two directions that a listing can be asked for."""
LINEAGE_FIELDS = (
    "author", "baseModels", "cardData", "config", "createdAt", "disabled", "downloads",
    "downloadsAllTime", "gated", "gguf", "lastModified", "library_name", "likes", "pipeline_tag",
    "private", "safetensors", "sha", "tags", "trendingScore",
)  # fmt: skip
FULL_FIELDS = tuple(
    sorted((
        *LINEAGE_FIELDS, "evalResults", "inferenceProviderMapping", "model-index", "siblings",
        "transformersInfo", "widgetData",
    ), key=str.lower)
)  # fmt: skip
PROFILES = {"lineage": LINEAGE_FIELDS, "full": FULL_FIELDS}

SHORTEST_TOKEN = 4
"""A shorter token would occur in too many texts to be masked in them."""

_BAD_TOKEN = "Invalid credentials in Authorization header"
_MESSAGE_LENGTH = 400
_ERROR_LENGTH = 64 * 1024
# Headers about how a body was sent, which no longer apply once it has been received.
_SENT_AS = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
# Printable, without blanks or a fragment, and no longer than servers accept.
_ADDRESS = re.compile(r"""[!"$-~]{1,8000}""")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# The client's telemetry would be a request that nobody asked for.
constants.HF_HUB_DISABLE_TELEMETRY = True


def default_endpoint() -> str:
    """Return the endpoint huggingface_hub would use: HF_ENDPOINT, else the Hub."""
    return constants.ENDPOINT


def client_version() -> str:
    """Return the version of huggingface_hub."""
    return version("huggingface_hub")


@dataclass(frozen=True)
class Request:
    """What a snapshot asks for; two runs may share a snapshot only if they ask for the same."""

    endpoint: str
    expand: tuple[str, ...] = LINEAGE_FIELDS
    page_size: int = LARGEST_PAGE

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.endpoint)
            is_sound = parts.scheme in _DEFAULT_PORTS and parts.hostname and _origin(parts)
            # as the client reads the name, and as the system looks it up
            httpx2.URL(self.endpoint).raw_host.decode().encode("idna")
        except (ValueError, httpx2.InvalidURL):
            is_sound = False
        if not is_sound or parts.query or parts.fragment or "@" in parts.netloc:
            # not shown: it may hold a password
            raise UsageError(
                "the endpoint must be an http(s) address without user, query and fragment"
            )

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @property
    def path(self) -> str:
        """The path of the listing, below whatever path the endpoint has."""
        return urlsplit(self.endpoint).path.rstrip("/") + PATH

    @property
    def host(self) -> str:
        """Host, and port unless it is the scheme's default."""
        return urlsplit(self.endpoint).netloc.lower()

    def first_query(self, limit: int | None = None) -> str:
        """Return path and query of the first page."""
        parameters = [("sort", SORT), ("limit", str(limit or self.page_size))]
        parameters += [("expand", name) for name in self.expand]
        return f"{self.path}?{urlencode(parameters)}"

    @property
    def is_open(self) -> bool:
        """Whether requests can be read on their way: no TLS, and not this machine."""
        parts = urlsplit(self.endpoint)
        return parts.scheme == "http" and not _is_this_machine(parts.hostname or "")

    @property
    def open_proxy(self) -> str | None:
        """The scheme of a proxy that can read requests and is reached without TLS, if any."""
        parts = urlsplit(self.endpoint)
        proxies = getproxies()
        proxy = proxies.get("http") or proxies.get("all")
        if parts.scheme != "http" or not proxy or _is_exempt(parts.hostname or "", proxies):
            return None
        scheme = proxy.partition("://")[0].lower() if "://" in proxy else "http"
        return None if scheme == "https" else scheme

    @property
    def digest(self) -> str:
        """A hash of everything that must be the same in all runs of one snapshot."""
        facts = [self.origin, self.path, SORT, self.page_size, sorted(self.expand)]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Page:
    """One answer: its items, the query of the next page (None at the end), its time and size."""

    items: list[Item]
    next_query: str | None
    fetched_at: datetime
    bytes: int
    wait: float = field(default=0.0)
    """Seconds to wait before the next request."""


class EmptyPage(IntegrityError):
    """A page without models although a next one follows, however often it is requested."""


@dataclass
class Listing:
    """The service's listing, and how the crawl asks for it."""

    request: Request
    clock: Clock
    pacer: Pacer
    token: str | bool | None = None
    timeout: float = 60.0
    max_retries: int = 5
    trusts_proxy: bool = False
    """Whether a proxy that is reached without TLS may have the token."""
    headers: dict[str, str] = field(init=False, repr=False)
    mask: Mask = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.headers = build_hf_headers(
            token=self.token, library_name="hub_lineage", library_version=__version__
        )
        secret = self.headers.get("authorization", "").removeprefix("Bearer ").strip()
        self.mask = Mask(secret)
        _check_client()
        if secret:
            self._check_token(secret)

    def _check_token(self, secret: str) -> None:
        """Raise UsageError for a malformed token, or one that would be exposed to others."""
        if not re.fullmatch(r"[!-~]+", secret):
            raise UsageError("the token holds characters that no token has (HF_TOKEN)")
        if len(secret) < SHORTEST_TOKEN:
            raise UsageError("the token is shorter than any token (HF_TOKEN)")
        if self.mask.finds(self.request.endpoint):
            raise UsageError("the endpoint holds the token: name the service without it")
        if self.request.open_proxy and not self.trusts_proxy:
            raise UsageError(
                f"the token would go unencrypted to the {self.request.open_proxy} proxy that the "
                "environment names: exempt the service with NO_PROXY, send no token (--no-token), "
                "or allow the proxy to have it (--token-through-proxy)"
            )

    @property
    def sends_token(self) -> bool:
        """Whether requests carry a token."""
        return "authorization" in self.headers

    def fetch(self, query: str) -> Page:
        """Return the page at a path and query, after as many tries as are allowed.

        RefusedError, UnavailableError, IntegrityError (a body that is not a page, a link that leads
        elsewhere), its subclass EmptyPage, or Stopped. An empty page to which a link led is
        requested again; it is returned only if it has no next one and so is the listing's end.
        """
        is_linked = bool(_asked(query)["cursor"])
        for attempt in range(1, BROKEN_PAGE_TRIES + 1):
            is_last_try = attempt == BROKEN_PAGE_TRIES
            response = self.answer(query)
            wait = float(attempt)
            try:
                page = self._page(query, response)
            except BrokenPage as error:
                reason = f"the answer is not a page of models: {error}"
                if is_last_try:
                    raise IntegrityError(
                        f"the answer is not a page of models, {attempt} times over: {error}"
                    ) from error
            except UnsoundPage as error:
                raise IntegrityError(f"the answer is not a page of models: {error}") from error
            else:
                is_end = page.next_query is None
                if page.items or (is_end and (is_last_try or not is_linked)):
                    return page
                if is_last_try:
                    raise EmptyPage(
                        f"the page is empty, {attempt} times over, although a next one follows; "
                        "it is not skipped"
                    )
                reason = "the page is empty"
                wait = max(wait, page.wait)
            self.clock.counters.retries += 1
            self.clock.wait(wait, reason)
        raise AssertionError("unreachable")

    def first_oid(self, direction: int) -> str | None:
        """Return the `_id` of the first model in one direction; None if it cannot be found out.

        This is one short request, made once; whatever goes wrong with it ends in None.
        """
        query = f"{self.request.first_query(limit=1)}&direction={direction}"
        self.clock.counters.requests += 1
        try:
            response = self._asked(query)
            page = self._page(query, response) if response.status_code == 200 else None
        except (httpx2.HTTPError, Overdue, IntegrityError, BrokenPage, UnsoundPage):
            return None
        found = page.items[0].oid if page and page.items else None
        return found if isinstance(found, str) and re.fullmatch("[0-9a-f]{24}", found) else None

    def answer(self, query: str, also: frozenset[int] = frozenset()) -> httpx2.Response:
        """Return the answer to one request: status 200, or one of `also`.

        Retries are counted, shown and can be interrupted. No redirect is followed. An answer that
        takes too long as a whole, or is larger than any page may be, ends the crawl.
        """
        failures = overdue = 0
        while True:
            status: int | None = None
            headers: Mapping[str, str] = {}
            message = ""
            self.clock.counters.requests += 1
            try:
                response = self._asked(query)
                _raise_for_status(response)
                if response.status_code != 200 and response.status_code not in also:
                    raise IntegrityError(self._redirected(response))
                return response
            except OfflineModeIsEnabled as error:
                raise UsageError("HF_HUB_OFFLINE is set: unset it to crawl") from error
            except HfHubHTTPError as error:
                status, headers = error.response.status_code, error.response.headers
                message = self._status_line(error)
                if status in also and headers.get("x-error-message") != _BAD_TOKEN:
                    return error.response
                if status not in RETRIED_STATUSES:
                    raise self._refusal(status, message) from None
            except httpx2.HTTPError as error:
                message = self.line(f"{type(error).__name__}: {error}")
            except Overdue:
                overdue += 1
                message = f"the answer is still incomplete after {self._longest:,.0f} s"
            if status == 429:
                self.clock.counters.rate_limited += 1
            failures += 1
            if failures > self.max_retries or overdue == SLOW_ANSWER_TRIES:
                raise UnavailableError(
                    f"{self.request.host} does not serve the listing after {failures} "
                    f"tr{'ies' if failures > 1 else 'y'}: {message}"
                )
            self.clock.counters.retries += 1
            self.clock.wait(retry_wait(failures, status, headers), message)

    @property
    def _longest(self) -> float:
        """Seconds that an answer may take as a whole."""
        return SLOWEST_ANSWER * self.timeout

    def _asked(self, query: str) -> httpx2.Response:
        """Send one request and read the answer, within the limits of size and time."""
        with (
            self.clock.switch.interruptible(self._longest),
            http_stream_backoff(
                "GET",
                self.request.origin + query,
                headers=self.headers,
                timeout=self.timeout,
                follow_redirects=False,
                max_retries=0,
                retry_on_status_codes=(),
            ) as answer,
        ):
            body = self._body(answer)
        headers = [pair for pair in answer.headers.raw if pair[0].lower() not in _SENT_AS]
        return httpx2.Response(
            answer.status_code, headers=headers, content=body, request=answer.request
        )

    def _body(self, answer: httpx2.Response) -> bytes:
        body = bytearray()
        for piece in answer.iter_bytes():
            body += piece
            if answer.status_code != 200 and len(body) > _ERROR_LENGTH:
                break  # more than enough to say what is wrong
            if len(body) > LARGEST_ANSWER:
                raise IntegrityError(
                    f"the answer is larger than {LARGEST_ANSWER:,} bytes, unlike any page of models"
                )
        return bytes(body)

    def _page(self, query: str, response: httpx2.Response) -> Page:
        try:
            text = response.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BrokenPage("not UTF-8") from error
        masked = self.mask(text)
        self.clock.counters.masked += masked != text
        return Page(
            items=slice_page(masked),
            next_query=self._next_query(query, response),
            fetched_at=datetime.now(UTC).replace(tzinfo=None),
            bytes=len(response.content),
            wait=self.pacer.wait_after(response.headers),
        )

    def _next_query(self, query: str, response: httpx2.Response) -> str | None:
        """Return path and query of the next link, refusing one that is not ours to follow."""
        url = response.links.get("next", {}).get("url")
        if url is None:
            return None
        if self.mask.finds_in_query(url):
            raise IntegrityError("the next link repeats the token; it is not followed")
        if not _ADDRESS.fullmatch(url):
            raise IntegrityError("the next link is not an address; it is not followed")
        try:
            link = urlsplit(url)
            is_ours = _origin(link) == _origin(urlsplit(self.request.endpoint))
        except ValueError:
            is_ours = False
        if not is_ours or "@" in link.netloc or link.path != self.request.path:
            where = self.line(f"{link.hostname}{link.path}") if is_ours else "another host"
            raise IntegrityError(f"the next link leads to {where}; it is not followed")
        asked, next_asked = _asked(query), _asked(link.query)
        if next_asked["cursor"] == asked["cursor"]:
            raise IntegrityError("the next link does not move: it repeats the page's own cursor")
        if len(next_asked["cursor"]) != 1:
            raise IntegrityError("the next link does not have exactly one cursor")
        if next_asked["rest"] != asked["rest"]:
            raise IntegrityError("the next link asks for other fields or another order")
        return f"{link.path}?{link.query}"

    def _redirected(self, response: httpx2.Response) -> str:
        host = urlsplit(response.headers.get("location", "")).hostname
        where = f"to {self.line(host)}" if host else "elsewhere"
        return (
            f"{self.request.host} answers {response.status_code} and points {where}, which is not "
            "followed: name the right service with --endpoint"
        )

    def _refusal(self, status: int, message: str) -> Problem:
        if status >= 500:
            return UnavailableError(f"{self.request.host} does not serve the listing: {message}")
        hint = ""
        if status in (401, 403) and self.sends_token:
            hint = "; with --no-token the public models can be crawled"
        return RefusedError(f"{self.request.host} refuses the request: {message}{hint}")

    def _status_line(self, error: HfHubHTTPError) -> str:
        message = self.line(error.server_message or "")
        return f"{error.response.status_code} {message or error.response.reason_phrase}"

    def line(self, text: str) -> str:
        """Return the service's text as one short line that cannot contain the token."""
        text = self.mask(text)
        text = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
        return text if len(text) <= _MESSAGE_LENGTH else text[: _MESSAGE_LENGTH - 3] + "..."


def _check_client() -> None:
    """Raise UsageError when the client cannot be made with the environment's settings."""
    try:
        get_session()
    except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
        # not shown: a proxy's address may hold a password
        variables = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY"
        cause = f"one of {variables} names a proxy of an unsupported kind"
        if isinstance(error, OSError):
            cause = f"SSL_CERT_FILE or SSL_CERT_DIR cannot be used ({error.strerror or error})"
        raise UsageError(f"no request can be made: {cause}") from error


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_exempt(host: str, proxies: dict[str, str]) -> bool:
    """Say whether NO_PROXY certainly exempts a host; spellings that programs disagree on do not."""
    names = [name.strip().lower() for name in proxies.get("no", "").split(",")]
    return any(
        name == "*" or host == name or (name and host.endswith("." + name.lstrip(".")))
        for name in names
    )


def _raise_for_status(response: httpx2.Response) -> None:
    """Raise HfHubHTTPError for a failure's status, whatever the body holds."""
    try:
        hf_raise_for_status(response)
    except HfHubHTTPError:
        raise
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        # The client looks for a message in the body, and expects only an object there.
        raise HfHubHTTPError(response.reason_phrase, response=response) from error


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _asked(query: str) -> dict[str, list]:
    """Return the cursor of a query, and the parameters that choose the fields and their order."""
    pairs = parse_qsl(query.partition("?")[2] or query, keep_blank_values=True)
    rest = sorted(
        (name.removesuffix("[]"), value)
        for name, value in pairs
        if name.removesuffix("[]") in ("expand", "sort")
    )
    return {"cursor": [value for name, value in pairs if name == "cursor"], "rest": rest}
