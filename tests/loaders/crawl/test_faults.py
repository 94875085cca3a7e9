"""Every fault the service can have: what the crawl does, its exit code, and what it keeps."""

import json
import time

import pytest
from crawls import finish, landed, manifest_path, served, start_process

from loaders.crawl import listing, pacing
from loaders.crawl.listing import LINEAGE_FIELDS
from loaders.simulator import fake_faults
from loaders.simulator.fake_answers import Handler
from loaders.simulator.fake_faults import Fault
from loaders.simulator.fake_hub import TOKEN
from loaders.simulator.fake_models import Models


def assert_all_landed(landing, models: Models, **order) -> None:
    assert landed(landing) == served(models, LINEAGE_FIELDS, **order)


# faults that pass


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ("429", 2), ("429-left", 1), ("429-later", 2), ("408", 1), ("500", 1), ("502", 1),
        ("503", 1), ("504", 1), ("drop", 1), ("truncate", 1), ("broken-gzip", 1),
        ("broken-json", 1), ("not-utf8", 1), ("html", 1), ("object", 1),
    ],
)  # fmt: skip
def test_a_fault_that_passes_is_waited_out(
    hub, crawl, landing, waits, fault: str, seconds: float
) -> None:
    service = hub(500, faults=[f"{fault}@4"])
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 6)
    assert_all_landed(landing, service.models)
    assert sum(waits) == pytest.approx(seconds)
    assert f"waiting {seconds} s: " in done.err
    http = json.loads(manifest_path(landing).read_text())["details"]["http"]
    assert (http["requests"], http["retries"]) == (6, 1)
    assert http["rate_limited"] == fault.startswith("429")


def test_a_stall_is_cut_and_tried_again(hub, crawl, landing, waits) -> None:
    service = hub(500, faults=["stall@2"])
    done = crawl(service, "--timeout", "0.3")
    assert done.code == 0
    assert "ReadTimeout" in done.err
    assert_all_landed(landing, service.models)


def test_waits_between_retries_are_the_clients(hub, crawl, waits) -> None:
    service = hub(500, faults=["503@2x5"])
    assert crawl(service).code == 0
    assert sum(waits) == pytest.approx(1 + 2 + 4 + 8 + 8)


# faults that end the crawl


@pytest.mark.parametrize(
    ("fault", "code", "says"),
    [
        ("503@6x9", 4, "503"), ("429@6x9", 4, "429"), ("drop@6x9", 4, "Protocol"),
        ("truncate@6x9", 4, "Protocol"), ("501@6", 4, "501"),
        ("400@6", 3, "400"), ("401@6", 3, "401"), ("403@6", 3, "403"), ("404@6", 3, "404"),
        ("broken-json@6x3", 5, "not JSON"), ("html@6x3", 5, "not JSON"),
        ("object@6x3", 5, "an object"), ("numbers@6", 5, "a number"),
        ("foreign-redirect@6", 5, "127.0.0.2"), ("redirect@6", 5, "307"),
        ("foreign-next@6", 5, "another host"), ("foreign-path@6", 5, "/api/datasets"),
        ("same-next@6", 5, "does not move"), ("other-next@6", 5, "other fields"),
        ("repeat@6", 5, "repeats"), ("again@6", 5, "repeats"), ("flip@6", 5, "flips"),
        ("no-oid@6", 5, "without a sound _id"), ("no-id@6", 5, "without an id"),
    ],
)  # fmt: skip
def test_a_fault_that_stays_keeps_what_is_sound(
    hub, crawl, command, landing, waits, fault: str, code: int, says: str
) -> None:
    service = hub(700, faults=[fault])
    done = crawl(service)
    assert done.code == code
    error = done.err.splitlines()[-1]
    assert error.startswith("error: ")
    assert says in error
    assert "Traceback" not in done.text
    wanted = served(service.models, LINEAGE_FIELDS)
    assert landed(landing) == wanted[:500], "five sound pages stay"
    assert json.loads(manifest_path(landing).read_text())["status"] == "interrupted"
    assert command("verify").code == 0
    service.faults.clear()
    assert crawl(service).code == 0
    assert landed(landing) == wanted


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b'"no"', b"5", b"null", b'{"errors":[1]}', b'{"errors":5}', b'{"error":{"a":[]}}',
        b'{"error":"\\ud800"}', b"\xff\xfe\x00", b"", b"[" * 50_000, b"9" * 50_000,
        b"x" * 9_000_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize(("status", "code"), [(403, 3), (503, 4)])
def test_whatever_an_error_holds_it_is_one_line(
    hub, crawl, landing, waits, monkeypatch, body: bytes, status: int, code: int
) -> None:
    def odd(handler, fault: str, authorization: str | None) -> None:
        handler._send(status, body, "application/json", {})

    monkeypatch.setattr(Handler, "_status", odd)
    done = crawl(hub(700, faults=[f"{status}@6x9"]))
    assert done.code == code
    error = done.err.splitlines()[-1]
    assert error.startswith("error: ")
    assert f"{status} " in error
    assert len(error) < 700
    assert "Traceback" not in done.text
    assert len(landed(landing)) == len(served(Models(700), ())[:500])


@pytest.mark.parametrize(
    "url",
    ["", "x", "/api/models?cursor=a", "http://[", "{own}/api/models", "{own}/api/models?cursor=",
     "{own}/api/models?sort=createdAt&cursor=" + "a" * 70_000,
     "{own}/api/models?{query}&cursor=" + "a" * 70_000, "{own}/api/models?{query}&cursor=\xe9",
     "{own}/api/models?{query}&cursor=a\tb", "{own}/api/models?{query}&cursor=a b",
     "{own}/api/models?{query}&cursor=a#b", "{own}/api/models?{query}&cursor=a&cursor=b",
     "HTTP://user@{host}/api/models?{query}&cursor=a", "{own}:1/api/models?{query}&cursor=a"],
)  # fmt: skip
def test_a_next_link_that_is_none_is_not_followed(
    hub, crawl, landing, monkeypatch, url: str
) -> None:
    def odd(link: str | None, query: object) -> str:
        own, _, rest = link.partition("/api/models?")
        asked = rest.partition("&cursor=")[0]
        return url.format(own=own, query=asked, host=own.partition("//")[2])

    monkeypatch.setitem(fake_faults.SPOILED_LINKS, "same-next", odd)
    service = hub(700, faults=["same-next@6"])
    done = crawl(service)
    assert (done.code, len(service.requests)) == (5, 6), done.err
    error = done.err.splitlines()[-1]
    assert error.startswith("error: the next link ")
    assert len(error) < 700
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)[:500]


def test_a_next_link_with_the_token_in_it_is_not_kept(hub, crawl, landing, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setitem(
        fake_faults.SPOILED_LINKS, "same-next", lambda link, query: f"{link}&token={TOKEN}"
    )
    done = crawl(hub(700, faults=["same-next@2"]))
    assert done.code == 5
    assert TOKEN not in done.text
    assert not any(TOKEN.encode() in path.read_bytes() for path in landing.rglob("*.*"))


@pytest.mark.parametrize(("fault", "code"), [("401@1", 3), ("503@1x9", 4), ("html@1x3", 5)])
def test_a_fault_on_the_first_page_leaves_nothing(
    hub, crawl, landing, waits, fault: str, code: int
) -> None:
    assert crawl(hub(100, faults=[fault])).code == code
    assert not list(landing.rglob("*.parquet"))
    assert not list(landing.rglob("snapshot_id=*"))


# answers without end


@pytest.mark.parametrize("fault", ["trickle", "trickle-headers"])
def test_an_answer_that_trickles_is_cut_and_tried_again(
    hub, crawl, landing, waits, monkeypatch, fault: str
) -> None:
    monkeypatch.setattr(listing, "SLOWEST_ANSWER", 3)
    service = hub(500, faults=[f"{fault}@4x2"])
    done = crawl(service, "--timeout", "0.2")
    assert (done.code, len(service.requests)) == (0, 7)
    assert "the answer is still incomplete after 1 s" in done.err
    assert_all_landed(landing, service.models)


@pytest.mark.parametrize("fault", ["trickle", "trickle-headers"])
def test_answers_that_trickle_end_the_crawl_and_keep_what_is_sound(
    hub, crawl, landing, waits, monkeypatch, fault: str
) -> None:
    """No read is ever silent for the timeout, so that only a clock beside the request ends it."""
    monkeypatch.setattr(listing, "SLOWEST_ANSWER", 3)
    service = hub(700, faults=[f"{fault}@6x9"])
    done = crawl(service, "--timeout", "0.2")
    assert (done.code, len(service.requests)) == (4, 5 + 3)
    error = done.err.splitlines()[-1]
    assert "after 3 tries: the answer is still incomplete after 1 s" in error
    assert "500 models are landed, the same command goes on from there" in error
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)[:500]
    service.faults.clear()
    assert crawl(service).code == 0
    assert_all_landed(landing, service.models)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_body_without_end_ends_the_crawl_and_keeps_what_is_sound(
    hub, crawl, command, landing, monkeypatch, encoding: str
) -> None:
    monkeypatch.setattr(listing, "LARGEST_ANSWER", 1_000_000)
    monkeypatch.setattr(listing, "build_hf_headers", lambda **_: {"accept-encoding": encoding})
    service = hub(700, faults=["endless@6"])
    done = crawl(service)
    assert (done.code, len(service.requests)) == (5, 6)
    error = done.err.splitlines()[-1]
    assert error.startswith("error: the answer is larger than 1,000,000 bytes, ")
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)[:500]
    assert command("verify").code == 0
    assert crawl(service).code == 0
    assert_all_landed(landing, service.models)


# the service goes away


def test_a_service_that_comes_back_is_waited_for(hub, crawl, landing, waits, monkeypatch) -> None:
    service = hub(700, faults=["gone@5"], stall=600)

    def nap(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 10:
            service.__enter__()

    monkeypatch.setattr(pacing, "sleep", nap)
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 7), "each page is asked for once"
    assert "waiting 1 s: ConnectError" in done.err
    assert "waiting 2 s: ConnectError" in done.err
    assert sum(waits) == pytest.approx(1 + 2)
    assert_all_landed(landing, service.models)


def test_a_service_that_stays_gone_ends_the_crawl_and_the_next_one_goes_on(
    hub, crawl, command, landing, waits
) -> None:
    service = hub(700, faults=["gone@5"], stall=600)
    done = crawl(service)
    assert done.code == 4
    error = done.err.splitlines()[-1]
    assert "does not serve the listing after 6 tries: ConnectError: " in error
    assert "500 models are landed, the same command goes on from there" in error
    assert sum(waits) == pytest.approx(1 + 2 + 4 + 8 + 8)
    waits.clear()
    again = crawl(service)
    assert (again.code, waits) == (4, []), "a service that is not there is told at once"
    assert "cannot be reached" in again.err
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)[:500]
    assert "at page 5 (" in command("status").out
    with service:
        assert crawl(service).code == 0
        assert len(service.requests) == 7, "each page is asked for once, over all runs"
    assert_all_landed(landing, service.models)


def test_a_service_killed_and_started_anew_is_gone_on_with(landing) -> None:
    """Processes of their own, as when a machine is restarted while the crawl runs on."""
    options = ("--models", 3_000, "--latency", 0.1)
    first = start_process("fake-hub", *options)
    url = first.stdout.readline().strip().partition("=")[2]
    crawling = start_process(
        "crawl", "--endpoint", url, "--landing", landing, "--page-size", 100,
        "--pages-per-part", 3,
    )  # fmt: skip
    while not list(landing.rglob("part-*.parquet")):
        assert crawling.poll() is None
        time.sleep(0.02)
    first.kill()
    finish(first)
    second = start_process("fake-hub", *options, "--port", url.rpartition(":")[2])
    try:
        done = finish(crawling)
    finally:
        second.kill()
        finish(second)
    assert (done.code, "Traceback" in done.err) == (0, False)
    assert "waiting 1 s: " in done.err
    assert_all_landed(landing, Models(3_000))


def test_a_service_that_is_not_there(crawl, waits, hub) -> None:
    service = hub(10)
    service.__exit__()
    done = crawl(service, "--retries", "1")
    assert done.code == 4
    assert "cannot be reached" in done.err
    assert waits == [], "nobody waits for what is not there"


# a list that is odd but sound


def test_an_early_end_is_suspect_beside_the_snapshot_before(
    hub, crawl, command, landing, waits
) -> None:
    service = hub(1_000)
    assert crawl(service).code == 0
    service.faults.append(Fault("end", service.listings + 4))
    done = crawl(service, "--new-snapshot")
    assert done.code == 5
    assert "suspect" in done.err
    whole = len(served(service.models, ()))
    assert len(landed(landing)) == whole + 400, "what came is kept beside the whole"
    statuses = [
        json.loads(path.read_text())["status"]
        for path in sorted(landing.glob("hub_models/*/_manifest.json"))
    ]
    assert statuses == ["complete", "suspect"]
    again = crawl(service)
    assert again.code == 5, "a suspect snapshot is not taken for complete"
    suspect = sorted(landing.glob("hub_models/*"))[-1].name.removeprefix("snapshot_id=")
    assert command("verify", suspect, "--accept").code == 0
    assert crawl(service).code == 0


def test_five_percent_more_or_fewer_are_no_doubt(hub, crawl, landing) -> None:
    service = hub(1_000)
    assert crawl(service).code == 0
    service.models.create(45)
    assert crawl(service, "--new-snapshot").code == 0
    service.models.create(100)
    assert crawl(service, "--new-snapshot").code == 5


def test_an_empty_listing_is_suspect(hub, crawl, landing) -> None:
    service = hub(100, faults=["empty@1x2"])
    done = crawl(service)
    assert done.code == 5
    assert "no models" in done.err


def test_oldest_first_is_walked_too(hub, crawl, landing) -> None:
    service = hub(1_000, ascending=True)
    assert crawl(service).code == 0
    assert_all_landed(landing, service.models, newest_first=False)
    assert json.loads(manifest_path(landing).read_text())["details"]["order"] == "ascending"


def test_oldest_first_ends_at_the_start_of_the_crawl(hub, crawl, landing, monkeypatch) -> None:
    """What is created while the crawl chases it belongs to the next snapshot."""
    service = hub(1_000, ascending=True)
    late = service.models.oid(850)
    monkeypatch.setattr("loaders.crawl.crawling.Walk.newest", lambda walk: late)
    assert crawl(service).code == 0
    wanted = served(service.models, LINEAGE_FIELDS, newest_first=False)
    assert landed(landing) == [row for row in wanted if row[0] < late]


def test_a_list_that_changes_between_pages(hub, crawl, landing) -> None:
    faults = ["create@3", "delete@4", "rename@5", "metrics@6"]
    service = hub(1_000, faults=faults)
    assert crawl(service).code == 0
    rows = landed(landing, "hub_oid, model_id, json_extract_string(raw_json, '$.downloads')")
    models = service.models
    fresh = {models.oid(number) for number in range(1_000, 1_010)}
    oids = [oid for oid, _, _ in rows]
    wanted = [oid for oid, _ in served(models, ()) if oid not in fresh]
    assert oids == wanted, "each once; what is created meanwhile is the next snapshot's"
    (renamed,) = models.renamed
    assert (models.oid(renamed), f"new-home/Renamed-{renamed}") in [row[:2] for row in rows]


@pytest.mark.parametrize("fault", ["big-card@2", "deep-card@2"])
def test_monstrous_cards_are_landed(hub, crawl, landing, fault: str) -> None:
    service = hub(300, faults=[fault])
    assert crawl(service).code == 0
    rows = landed(landing)
    assert len(rows) == len(served(service.models, ()))
    assert max(len(text) for _, text in rows) > 10_000


def test_surrogates_zeros_and_spellings_are_landed_byte_for_byte(hub, crawl, landing) -> None:
    models = Models(200, dirt_share=0.5)
    odd = '{ "_id" : "%s","id":"a/b\\ud800", "x":1e3 ,"x":0.50,"n":-0.0,"u":"\\u0000é😀" }'
    models.replaced[50] = odd % models.oid(50)
    service = hub(models)
    assert crawl(service).code == 0
    assert_all_landed(landing, models)
    rows = landed(landing, "model_id, is_json_valid, raw_json")
    bad = [row for row in rows if not row[1]]
    assert len(bad) == json.loads(manifest_path(landing).read_text())["details"]["json_bad"] > 50
    assert (None, False, models.replaced[50]) in rows, "Parquet cannot hold half a pair: no id"


# pace and progress


def test_the_crawl_keeps_to_its_share_of_the_quota(hub, crawl, landing, waits) -> None:
    service = hub(1_000, quota=100, window=300)
    done = crawl(service, "--rate-share", "0.04")
    assert done.code == 0
    assert "share of the rate limit" in done.err
    assert len(waits) > 0
    assert len(service.requests) == 10


def test_a_real_window_is_waited_for(hub, crawl, landing) -> None:
    service = hub(400, quota=3, window=1)
    done = crawl(service, "--rate-share", "1")
    assert done.code == 0
    http = json.loads(manifest_path(landing).read_text())["details"]["http"]
    assert (http["requests"], http["rate_limited"]) == (4, 0)
    assert 1 <= http["seconds_waited"] <= 3


def test_progress_is_a_line_every_25_pages(hub, crawl) -> None:
    done = crawl(hub(3_000), "--page-size", "50")
    lines = [line for line in done.err.splitlines() if line.startswith("page ")]
    assert [line.split(":")[0] for line in lines] == ["page 24", "page 49"]


def test_a_terminal_gets_a_bar() -> None:
    import io

    from loaders.crawl.crawl_progress import Progress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    progress = Progress(0, 200, screen)
    progress.page(0, 100)
    progress.waiting(7, "the service rests")
    progress.close()
    assert "100/200" in screen.getvalue()
    assert "waiting 7 s: the service rests" in screen.getvalue()


def test_offline_mode_is_said(landing) -> None:
    done = finish(start_process("crawl", "--landing", landing, HF_HUB_OFFLINE="1"))
    assert done.code == 2
    assert "HF_HUB_OFFLINE" in done.err
