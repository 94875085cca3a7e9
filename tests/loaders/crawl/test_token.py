"""The token stays with the service: masked wherever it comes back, and shown to nobody else."""

import base64
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import duckdb
import pytest
from crawls import landed, run_here
from huggingface_hub import close_session

from hub_lineage.errors import UsageError
from loaders.crawl.listing import Request
from loaders.crawl.masking import Mask
from loaders.simulator import fake_answers
from loaders.simulator.fake_hub import TOKEN
from loaders.simulator.fake_models import Models

MIXED = "hf_FaKeOwNeR/x"


@pytest.fixture
def token(monkeypatch) -> str:
    monkeypatch.setenv("HF_TOKEN", MIXED)
    return MIXED


def spellings(token: str) -> list[bytes]:
    """The token in lower case, plain, escaped, percent-encoded, packed."""
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in token)
    packed = base64.b64encode(token.encode()).decode().rstrip("=")[:-1]
    percent = "".join(f"%{ord(letter):02x}" for letter in token)
    return [text.lower().encode() for text in (token, escaped, packed, percent)]


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def leaks(done, landing, token: str) -> list[str]:
    """Where the token can be read: in what was printed, in files, in the columns of Parquet."""
    said = {"output": done.text.lower().encode()}
    for folder, _, names in os.walk(landing):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                said[name] = file.read().lower()
            if name.endswith(".parquet"):
                with duckdb.connect() as connection:
                    rows = connection.execute(f"FROM '{path}'").fetchall()
                    state = connection.execute(f"FROM parquet_kv_metadata('{path}')").fetchall()
                said[f"columns of {name}"] = f"{rows} {state}".lower().encode()
    return [place for place, text in said.items() if any(s in text for s in spellings(token))]


# what comes back


def test_an_item_that_repeats_the_token_is_landed_without_it(hub, crawl, landing, token) -> None:
    done = crawl(hub(500, token=token, faults=["echo@2", "echo@4"]))
    assert done.code == 0
    assert leaks(done, landing, token) == []
    assert "warning: 127.0.0.1:" in done.err
    assert "repeats the token; it is landed as ***" in done.err
    rows = landed(landing, "model_id, is_json_valid, raw_json")
    echoed = [row for row in rows if row[0] == "acme/***"]
    assert len(echoed) == 2
    assert all(is_valid and text.count("***") == 3 for _, is_valid, text in echoed)


@pytest.mark.parametrize(("fault", "code"), [("echo-next", 5), ("echo-redirect", 5), ("401", 3)])
def test_an_answer_that_repeats_the_token_ends_the_crawl_without_it(
    hub, crawl, landing, token, fault: str, code: int
) -> None:
    done = crawl(hub(500, token=token, faults=[f"{fault}@4"]))
    assert done.code == code
    assert leaks(done, landing, token) == []
    assert "Traceback" not in done.text


@pytest.mark.parametrize(
    "place", ["acme/{token}", "/api/models/acme/{token}", "/api/models/acme/{percent}"]
)
def test_a_rename_to_the_token_is_neither_landed_nor_printed(
    hub, crawl, landing, capsys, monkeypatch, place: str
) -> None:
    token = MIXED.replace("/", "-")
    monkeypatch.setenv("HF_TOKEN", token)
    models = Models(100, private_share=0, dirt_share=0)
    old, models.renamed[7] = models.name(7), "new-home/Seven"
    for number in range(50, 70):
        models.replaced[number] = (
            f'{{"_id":"{models.oid(number)}","id":"{models.name(number)}",'
            f'"tags":["base_model:{old}"]}}'
        )
    service = hub(models, token=token)
    assert crawl(service).code == 0
    percent = "".join(f"%{ord(letter):02x}" for letter in token)
    target = place.format(token=token, percent=percent)

    def renamed(handler, name: str, authorization: str | None) -> None:
        if target.startswith("/"):
            handler._send(307, b"", "application/json", {"Location": target})
        else:
            handler._send(200, f'{{"id":"{target}"}}'.encode(), "application/json", {})

    monkeypatch.setattr(fake_answers.Handler, "_detail", renamed)
    done = run_here(capsys, "resolve-parents", "--endpoint", service.url, "--landing", landing)
    assert done.code == 5
    assert f"the answer to {old} repeats the token" in done.err
    assert leaks(done, landing, token) == []


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("hf_ab/c", "x hf_ab/c y"), ("hf_ab/c", "x HF_AB/C y"), ("hf_ab/c", r"x hf\u005fab\/c y"),
        ("hf_ab/c", "x hf%5Fab%2fc y"), ("hf_a.c", r"x \u0068f_\u0061.c y"),
        ("hf_ab/c", "x hf%255Fab%25252fc y"), ("hf_a.c", "x hf&#95;&#x61;.c y"),
        *((MIXED, f"x {packed(before + MIXED + 'z')} y") for before in ("", "u", "u:", "u:?")),
        (MIXED, f"x {packed('?>?' + MIXED).replace('+', '-').replace('/', '_')} y"),
    ],
)  # fmt: skip
def test_the_token_is_known_however_it_is_spelt(secret: str, text: str) -> None:
    assert Mask(secret)(text) == "x *** y"


@pytest.mark.parametrize("text", ["", "x", "hf_axc", "%", "%zz", "\\u00", "hf_%a.c\\u0041"])
def test_text_without_the_token_is_as_it_was(text: str) -> None:
    assert Mask("hf_a.c")(text) == text
    assert Mask("")(text) == text


# who is shown it


@pytest.mark.parametrize("token", ["a", "abc"])
def test_what_is_too_short_for_a_token_is_none(crawl, hub, monkeypatch, token: str) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    service = hub(10)
    assert (crawl(service).code, len(service.requests)) == (2, 0)


def test_an_endpoint_with_the_token_in_it_is_refused(command, landing, token) -> None:
    done = command("crawl", "--endpoint", f"https://mirror.example/{token.lower()}")
    assert done.code == 2
    assert leaks(done, landing, token) == []
    assert not landing.exists()


class Proxy(BaseHTTPRequestHandler):
    """A proxy that keeps what it is shown, and answers nothing of use."""

    seen: list[str | None]

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization"))
        self.send_error(403)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def proxy(monkeypatch):
    """A proxy without TLS, which the environment names."""
    Proxy.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("NO_PROXY", "no_proxy", "http_proxy", "ALL_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("variable", "prefix"),
    [("HTTP_PROXY", "http://"), ("http_proxy", ""), ("ALL_PROXY", "http://")],
)
def test_a_proxy_without_tls_is_not_given_the_token(
    hub, crawl, landing, monkeypatch, token, proxy, variable: str, prefix: str
) -> None:
    monkeypatch.setenv(variable, f"{prefix}me:pass-word@{proxy}")
    service = hub(10, token=token)
    done = crawl(service)
    assert (done.code, Proxy.seen, len(service.requests)) == (2, [], 0)
    assert done.err.startswith("error: the token would go unencrypted to the http proxy")
    assert "pass-word" not in done.text
    assert not landing.exists()
    assert crawl(service, "--no-token").code == 3
    assert Proxy.seen == [None]


def test_a_proxy_is_given_the_token_when_told_to(hub, crawl, monkeypatch, token, proxy) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
    assert crawl(hub(10, token=token), "--token-through-proxy").code == 3
    assert Proxy.seen == [f"Bearer {token}"]


def test_a_service_that_needs_no_proxy_is_given_the_token(
    hub, crawl, monkeypatch, token, proxy
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy}")
    monkeypatch.setenv("NO_PROXY", "other.example, 127.0.0.1")
    assert crawl(hub(10, token=token)).code == 0
    assert Proxy.seen == []


@pytest.mark.parametrize(
    ("endpoint", "variables", "scheme"),
    [
        ("http://hub.example", {"HTTP_PROXY": "socks5://p:1"}, "socks5"),
        ("http://hub.example", {"HTTP_PROXY": "https://p:1"}, None),
        ("https://hub.example", {"HTTPS_PROXY": "http://p:1"}, None),
        ("http://hub.example", {"HTTPS_PROXY": "http://p:1"}, None),
        ("http://a.hub.example", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "hub.example"}, None),
        ("http://hub.example", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "*"}, None),
        ("http://hub.example", {"HTTP_PROXY": "http://p:1", "NO_PROXY": ".hub.example"}, "http"),
        ("http://hub.example", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "ub.example,"}, "http"),
    ],
)
def test_which_proxies_can_read_what_is_sent(
    monkeypatch, endpoint: str, variables: dict[str, str], scheme: str | None
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Request(endpoint).open_proxy == scheme


@pytest.mark.parametrize(
    ("endpoint", "is_open"),
    [
        ("http://hub.example", True), ("http://10.0.0.7:8080", True),
        ("http://[2001:db8::1]", True), ("https://hub.example", False),
        ("http://127.0.0.1:1", False), ("http://[::1]:1", False),
        ("http://localhost", False), ("http://127.9.9.9", False),
    ],
)  # fmt: skip
def test_plain_http_to_another_machine_is_warned_of(
    command, monkeypatch, token, endpoint: str, is_open: bool
) -> None:
    assert Request(endpoint).is_open == is_open

    def no_request(*_: object, **__: object) -> None:
        raise UsageError("no request in this test")

    monkeypatch.setattr("loaders.crawl.crawling.check_reachable", no_request)
    done = command("crawl", "--endpoint", endpoint)
    warned = "is reached over plain http: the token and all answers can be read, and changed"
    assert (warned in done.err) == is_open
    assert done.code == 2


# the client


@pytest.mark.parametrize(
    "variables",
    [
        {"HTTP_PROXY": "foo://me:pass-word@x:1"}, {"ALL_PROXY": "socks5://127.0.0.1:1"},
        {"HTTPS_PROXY": "http://me:pass-word@a:b"}, {"http_proxy": "://"},
        {"SSL_CERT_FILE": "/nonexistent"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["crawl", "resolve-parents"])
def test_an_environment_that_allows_no_request_is_a_usage_error(
    command, crawl, hub, landing, monkeypatch, variables: dict[str, str], name: str
) -> None:
    service = hub(10)
    if name == "resolve-parents":
        assert crawl(service).code == 0
        close_session()  # a client is made with the environment of that moment
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    done = command(name, "--endpoint", service.url)
    assert done.code == 2
    assert done.err.startswith("error: no request can be made: ")
    assert done.err.count("\n") == 1
    assert "pass-word" not in done.text
    assert TOKEN not in done.text
