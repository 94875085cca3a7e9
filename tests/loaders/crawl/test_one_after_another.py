"""Which snapshot a crawl goes on with, and what becomes of crawls that start together."""

import json
import os
import re
import time

import pytest
from crawls import finish, landed, served, start_process

from loaders.crawl.listing import LINEAGE_FIELDS
from loaders.landing import growing


def statuses(landing) -> list[str]:
    paths = sorted(landing.glob("hub_models/*/_manifest.json"))
    return [json.loads(path.read_text())["status"] for path in paths]


# --new-snapshot


@pytest.mark.parametrize("has_one_before", [False, True])
def test_the_same_new_snapshot_command_goes_on_with_what_it_began(
    hub, crawl, landing, has_one_before: bool
) -> None:
    service = hub(1_000)
    if has_one_before:
        assert crawl(service).code == 0
    before = len(service.requests)
    codes = [crawl(service, "--new-snapshot", "--max-pages", 4).code for _ in range(3)]
    assert codes == [75, 75, 0]
    assert len(service.requests) - before == 10, "no page is asked for twice"
    assert statuses(landing) == ["complete"] * (1 + has_one_before)
    assert crawl(service, "--new-snapshot").code == 0
    assert statuses(landing) == ["complete"] * (2 + has_one_before), "complete: another one"


def test_a_plain_crawl_goes_on_with_a_new_snapshot_too(hub, crawl, landing) -> None:
    service = hub(1_000)
    assert crawl(service).code == 0
    assert crawl(service, "--new-snapshot", "--max-pages", 4).code == 75
    assert crawl(service).code == 0
    assert (statuses(landing), len(service.requests)) == (["complete", "complete"], 20)


def test_a_new_snapshot_begun_with_another_request_is_left(hub, crawl, landing) -> None:
    service = hub(1_000)
    assert crawl(service, "--new-snapshot", "--max-pages", 4).code == 75
    assert crawl(service, "--new-snapshot", "--page-size", 50).code == 0
    assert statuses(landing) == ["interrupted", "complete"]


def test_a_dry_run_says_what_a_new_snapshot_would_go_on_with(hub, crawl, landing) -> None:
    service = hub(1_000)
    assert crawl(service, "--new-snapshot", "--max-pages", 4).code == 75
    assert "would resume snapshot" in crawl(service, "--new-snapshot", "--dry-run").out


# an older one


def test_an_older_unfinished_snapshot_is_gone_on_with_once_a_newer_is_complete(
    hub, crawl, command, landing
) -> None:
    service = hub(1_000)
    assert crawl(service, "--max-pages", 4).code == 75
    (first,) = landing.glob("hub_models/*")
    assert crawl(service, "--new-snapshot").code == 0
    assert statuses(landing) == ["interrupted", "complete"]
    name = first.name.partition("=")[2]
    assert f"next: crawl goes on with {name}, left unfinished before " in command("status").out
    done = crawl(service)
    assert done.code == 0
    assert f"warning: snapshot {name} was left unfinished before " in done.err
    assert len(service.requests) == 20, "no page is asked for twice"
    assert statuses(landing) == ["complete", "complete"]
    assert landed(landing) == 2 * served(service.models, LINEAGE_FIELDS)
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 20)
    assert "--new-snapshot starts another" in done.out


def test_an_older_one_begun_with_another_request_bars_no_crawl(hub, crawl, landing) -> None:
    service = hub(1_000)
    assert crawl(service, "--max-pages", 4, "--page-size", 50).code == 75
    assert crawl(service, "--new-snapshot").code == 0
    assert crawl(service).code == 0
    assert statuses(landing) == ["interrupted", "complete"]


def test_an_older_one_whose_part_is_torn_bars_no_crawl(hub, crawl, landing) -> None:
    service = hub(1_000)
    assert crawl(service, "--max-pages", 4).code == 75
    (part,) = landing.glob("hub_models/*/part-00001.parquet")
    part.write_bytes(b"torn")
    assert crawl(service, "--new-snapshot").code == 0
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 14)
    assert "Traceback" not in done.text


# together


@pytest.mark.parametrize("options", [(), ("--new-snapshot",)], ids=["plain", "new snapshot"])
def test_of_crawls_that_start_together_one_lands_and_the_others_are_told_who_does(
    hub, landing, options: tuple[str, ...]
) -> None:
    service = hub(2_000, latency=0.2)
    command = ["crawl", "--endpoint", service.url, "--landing", landing, "--page-size", 100]
    processes = [start_process(*command, *options) for _ in range(3)]
    outcomes = [finish(process) for process in processes]
    assert sorted(outcome.code for outcome in outcomes) == [0, 1, 1]
    (winner,) = (
        process.pid for process, done in zip(processes, outcomes, strict=True) if done.code == 0
    )
    for outcome in outcomes:
        assert "Traceback" not in outcome.text
        if outcome.code == 1:
            error = outcome.err.splitlines()[-1]
            said = rf"error: another crawl is writing snapshot_id=\d+T\d+Z \(process {winner}\); "
            assert re.match(said, error), error
    assert statuses(landing) == ["complete"]
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)


def test_of_crawls_that_go_on_together_one_does(hub, crawl, landing) -> None:
    service = hub(2_000, latency=0.1)
    assert crawl(service, "--max-pages", 4).code == 75
    command = [
        "crawl", "--endpoint", service.url, "--landing", landing, "--page-size", 100,
        "--pages-per-part", 3,
    ]  # fmt: skip
    processes = [start_process(*command) for _ in range(2)]
    outcomes = [finish(process) for process in processes]
    assert sorted(outcome.code for outcome in outcomes) == [0, 1]
    winner = processes[[outcome.code for outcome in outcomes].index(0)].pid
    (loser,) = (outcome for outcome in outcomes if outcome.code == 1)
    assert f"(process {winner}); wait for it, or stop it first" in loser.err
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)


def test_a_new_snapshot_beside_a_living_crawl_is_turned_away(hub, crawl, landing) -> None:
    service = hub(1_000)
    crawl(service, "--max-pages", 2)
    (snapshot,) = growing.crawled(landing)
    first = growing.GrowingSnapshot.resume(snapshot)
    try:
        done = crawl(service, "--new-snapshot")
    finally:
        first.close()
    assert (done.code, len(service.requests)) == (1, 2)
    assert f"(process {os.getpid()})" in done.err


def test_the_number_of_a_process_that_is_gone_is_not_given(hub, crawl, landing) -> None:
    service = hub(1_000)
    crawl(service, "--max-pages", 2)
    (snapshot,) = growing.crawled(landing)
    first = growing.GrowingSnapshot.resume(snapshot)
    gone = start_process("status", "--landing", landing)
    finish(gone)
    path = snapshot.folder / "_manifest.json"
    manifest = json.loads(path.read_text())
    manifest["details"]["process"] = gone.pid
    path.write_text(json.dumps(manifest))
    began = time.monotonic()
    try:
        done = crawl(service)
    finally:
        first.close()
    assert done.code == 1
    assert f"is writing {snapshot.folder.name}; wait" in done.err
    assert time.monotonic() - began < 10


def test_a_finished_snapshot_names_no_process(hub, crawl, landing) -> None:
    assert crawl(hub(200)).code == 0
    (manifest,) = landing.rglob("_manifest.json")
    assert "process" not in manifest.read_text()
