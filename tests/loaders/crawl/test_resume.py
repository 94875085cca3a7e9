"""Killed at any moment, the crawl ends with exactly the models served, each once."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from crawls import ROOT, finish, landed, manifest_path, run_here, served, start_process

from loaders.crawl.listing import LINEAGE_FIELDS
from loaders.crawl.pacing import Stopped
from loaders.landing import growing
from loaders.landing.doubting import doubt_about
from loaders.simulator.fake_faults import Fault
from loaders.simulator.fake_models import Models

# the kill loop


def kill_until_done(service, landing: Path, kills: int, seed: int) -> int:
    """Crawl, killing at random moments until the landing is complete; count the kills."""
    chance = random.Random(seed)
    command = [
        "crawl", "--endpoint", service.url, "--landing", landing, "--page-size", 100,
        "--pages-per-part", 5,
    ]  # fmt: skip
    for killed in range(3 * kills + 20):
        process = start_process(*command)
        if killed < kills:
            _sleep_until_at_work(service, process, chance.uniform(0, 0.4))
            process.send_signal(chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        outcome = finish(process)
        assert "Traceback" not in outcome.text
        assert outcome.code in (0, 75, -signal.SIGKILL)
        if outcome.code == 0:
            return killed
        assert_landed_is_a_beginning(service, landing)
    raise AssertionError("the crawl does not get on")


def _sleep_until_at_work(service, process: subprocess.Popen, seconds: float) -> None:
    """Wait for the process to ask, as its start takes longer than all the rest."""
    asked = service.listings
    for _ in range(1_000):
        if service.listings > asked or process.poll() is not None:
            break
        time.sleep(0.005)
    time.sleep(seconds)


def assert_landed_is_a_beginning(service, landing: Path) -> None:
    if list(landing.rglob("part-*.parquet")):
        rows = landed(landing)
        assert rows == served(service.models, LINEAGE_FIELDS)[: len(rows)]


def kill_loop(hub, landing: Path, models: int, kills: int) -> int:
    service = hub(Models(models, dirt_share=0.05), latency=0.03)
    killed = kill_until_done(service, landing, kills, seed=models)
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)
    assert not list(landing.rglob("*.tmp"))
    verified = finish(start_process("verify", "--landing", landing))
    assert (verified.code, "sound" in verified.out) == (0, True)
    pages = json.loads(manifest_path(landing).read_text())["details"]["pages"]
    print(f"{models:,} models, {killed} kills: {service.listings} requests for {pages}")
    # A kill costs at most the pages of a part, and the one in flight.
    assert service.listings <= pages + killed * (5 + 1)
    return killed


def test_killed_a_few_times_it_lands_all_once(hub, landing) -> None:
    killed = kill_loop(hub, landing, 4_000, kills=4)
    assert killed >= 2


@pytest.mark.slow
@pytest.mark.parametrize("models", [20_000, 20_001])
def test_killed_dozens_of_times_it_lands_all_once(hub, landing, models: int) -> None:
    killed = kill_loop(hub, landing, models, kills=40)
    assert killed >= 20


@pytest.mark.parametrize("step", ["COPY", "flush", "rename", "rename done", "manifest"])
def test_killed_at_each_step_of_a_commit_it_lands_all_once(hub, crawl, landing, step: str) -> None:
    """SIGKILL from within, at the moments a random one would rarely meet."""
    service = hub(1_000)
    done = _die_at(step, service.url, landing)
    assert done.returncode == -signal.SIGKILL, done.stderr
    parts = list(landing.rglob("part-*.parquet"))
    assert len(parts) == (2 if step in ("rename done", "manifest") else 1)
    assert crawl(service).code == 0
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)
    assert not list(landing.rglob("*.tmp"))


def _die_at(step: str, url: str, landing: Path) -> subprocess.CompletedProcess:
    code = f"""
import os, signal, sys
from pathlib import Path
from hub_lineage import files
from loaders.__main__ import main
commits, step = 0, {step!r}
def die():
    os.kill(os.getpid(), signal.SIGKILL)
flush, rename = files.flush, os.replace
def is_part(path):
    return Path(path).name == ".part-00001.parquet.tmp"
def flush_or_die(path):
    if is_part(path) and step == "COPY": die()
    flush(path)
    if is_part(path) and step == "flush": die()
def rename_or_die(path, target):
    if is_part(path) and step == "rename": die()
    if path.name == "._manifest.json.tmp" and (target.parent / "part-00001.parquet").exists(): die()
    rename(path, target)
    if Path(target).name == "part-00001.parquet" and step == "rename done": die()
files.flush, os.replace = flush_or_die, rename_or_die
sys.exit(main(["crawl", "--endpoint", {url!r}, "--landing", {str(landing)!r},
    "--page-size", "100", "--pages-per-part", "3"]))
"""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_stop_during_a_wait_is_heard_at_once(hub, landing) -> None:
    service = hub(1_000, faults=["503@4x99"])
    process = start_process(
        "crawl", "--endpoint", service.url, "--landing", landing, "--page-size", 100
    )
    for _ in range(1_000):
        if service.listings >= 4:
            break
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    done = finish(process)
    assert (done.code, time.monotonic() - began < 5) == (75, True)
    assert len(landed(landing)) == len(served(service.models, ())[:300])


def test_a_stop_during_a_stalled_request_is_heard_at_once(hub, landing) -> None:
    service = hub(1_000, faults=["stall@4x99"])
    process = start_process(
        "crawl", "--endpoint", service.url, "--landing", landing, "--page-size", 100
    )
    for _ in range(1_000):
        if service.listings >= 4:
            break
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    done = finish(process)
    assert (done.code, time.monotonic() - began < 5) == (75, True)
    assert "300 models in 3 pages are landed" in done.err


def test_a_stop_before_the_first_page_leaves_nothing(hub, crawl, landing, monkeypatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise Stopped

    monkeypatch.setattr("loaders.crawl.listing.http_stream_backoff", stop)
    assert crawl(hub(10)).code == 75
    assert not list(landing.rglob("snapshot_id=*"))


# in steps


def test_max_pages_goes_on_where_it_ended(hub, crawl, landing) -> None:
    service = hub(1_000)
    codes = [crawl(service, "--max-pages", 4).code for _ in range(3)]
    assert codes == [75, 75, 0]
    assert len(service.requests) == 10
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)


def test_oldest_first_goes_on_too(hub, crawl, landing) -> None:
    service = hub(1_000, ascending=True)
    assert [crawl(service, "--max-pages", 6).code for _ in range(2)] == [75, 0]
    assert landed(landing) == served(service.models, LINEAGE_FIELDS, newest_first=False)


def test_an_order_that_flips_between_runs_is_heard(hub, crawl, landing) -> None:
    service = hub(1_000)
    crawl(service, "--max-pages", 3)
    service.faults.append(Fault("flip", service.listings + 1))
    assert crawl(service).code == 5
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)[:300]


def test_on_the_hub_the_oldest_models_must_be_reached(landing) -> None:
    def doubt(first: str, last: str, order: str, host: str = "huggingface.co") -> str | None:
        oids = {"first_oid": first + "0" * 16, "last_oid": last + "0" * 16}
        state = growing.State("", "", host, "", "", None, order=order, rows=9, **oids)
        return doubt_about(landing, "20261003T131904Z", state)

    assert doubt("6abd9f67", "621ffdc0", "descending") is None
    assert doubt("621ffdc1", "6abd9f67", "ascending") is None
    assert doubt("6abd9f67", "66000000", "descending", "127.0.0.1:1") is None
    assert "oldest" in doubt("6abd9f67", "66000000", "descending")
    assert "oldest" in doubt("66000000", "6abd9f67", "ascending")


def test_pages_and_places_are_those_of_the_listing(hub, crawl, landing, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_fake_owner")
    models = Models(300, private_share=0.2)
    service = hub(models)
    crawl(service, "--max-pages", 1)
    crawl(service)
    rows = landed(landing, "hub_oid, page_number, item_number, source, model_id")
    for oid, page, place, source, model_id in rows:
        number = 299 - (100 * page + place)
        assert (oid, model_id) == (models.oid(number), models.name(number))
        assert source == "crawl"


def test_a_complete_snapshot_is_left_alone(hub, crawl, landing) -> None:
    service = hub(200)
    crawl(service)
    before = {path: path.stat().st_mtime_ns for path in landing.rglob("*")}
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 2)
    assert "--new-snapshot" in done.out
    assert {path: path.stat().st_mtime_ns for path in landing.rglob("*")} == before


def test_a_new_snapshot_leaves_the_unfinished_one(hub, crawl, landing) -> None:
    service = hub(1_000)
    assert crawl(service, "--max-pages", 2).code == 75
    assert crawl(service, "--new-snapshot").code == 0
    statuses = sorted(
        json.loads(path.read_text())["status"] for path in landing.rglob("_manifest.json")
    )
    assert statuses == ["complete", "interrupted"]


@pytest.mark.parametrize(
    "change", [("--expand-profile", "full"), ("--page-size", "50")], ids=["fields", "page size"]
)
def test_another_request_does_not_resume(hub, crawl, landing, change: tuple[str, str]) -> None:
    service = hub(1_000)
    crawl(service, "--max-pages", 2)
    done = crawl(service, *change)
    assert (done.code, len(service.requests)) == (2, 2)
    assert "--new-snapshot" in done.err


def test_another_service_does_not_resume(hub, crawl) -> None:
    crawl(hub(1_000), "--max-pages", 2)
    other = hub(1_000)
    assert crawl(other).code == 2
    assert len(other.requests) == 0


def test_a_second_crawl_is_turned_away(hub, crawl, landing) -> None:
    service = hub(1_000)
    crawl(service, "--max-pages", 2)
    (snapshot,) = growing.crawled(landing)
    first = growing.GrowingSnapshot.resume(snapshot)
    try:
        done = crawl(service)
    finally:
        first.close()
    assert done.code == 1
    assert "another crawl is writing" in done.err


def test_all_pages_landed_but_not_closed(hub, crawl, landing, monkeypatch) -> None:
    service = hub(300)
    with monkeypatch.context() as patch:
        patch.setattr(growing.GrowingSnapshot, "write_manifest", lambda *_: _stop())
        assert crawl(service).code == 75
    assert crawl(service).code == 0
    assert len(service.requests) == 3
    assert json.loads(manifest_path(landing).read_text())["status"] == "complete"


def _stop() -> None:
    raise Stopped


def test_the_sample_is_not_crawled_into(hub, crawl, landing) -> None:
    from datetime import datetime

    from loaders.landing.committing import commit_items

    commit_items(landing, datetime(2026, 1, 1), [{"id": "a/b"}], source="sample")
    service = hub(10)
    assert crawl(service).code == 2
    assert len(service.requests) == 0


def test_imports_do_not_disturb_a_crawl(hub, crawl, landing) -> None:
    from datetime import datetime

    from loaders.landing.committing import commit_items

    commit_items(landing, datetime(2026, 1, 1), [{"id": "a/b"}], source="import")
    assert crawl(hub(200)).code == 0


def test_the_landing_must_be_named(crawl, capsys) -> None:
    from loaders.__main__ import main

    assert main(["crawl"]) == 2
    assert "HUB_LANDING" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [("--page-size", 0), ("--page-size", 1001), ("--rate-share", 0), ("--rate-share", 1.5),
     ("--timeout", 0), ("--timeout", "nan"), ("--max-pages", 0), ("--pages-per-part", "x")],
)  # fmt: skip
def test_options_that_make_no_sense(hub, crawl, arguments: tuple) -> None:
    assert crawl(hub(1), *arguments).code == 2


# nobody listens


@pytest.mark.parametrize("command", ["crawl", "status", "verify"])
def test_output_that_nobody_reads_is_no_error(hub, crawl, landing, command: str) -> None:
    """`| head -0`: what is landed is landed, and there is no traceback."""
    service = hub(3_000)
    if command != "crawl":
        assert crawl(service).code == 0
    arguments = ["--endpoint", service.url, "--page-size", "100"] if command == "crawl" else []
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "loaders", command, "--landing", str(landing), *arguments],
        cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)


def test_progress_that_nobody_reads_does_not_end_the_crawl(hub, landing) -> None:
    service = hub(3_000)
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "loaders", "crawl", "--endpoint", service.url, "--page-size", "100",
         "--landing", str(landing)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=writer, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == 0
    assert ": complete, " in done.stdout


# the disk


def test_no_permission_is_one_line(hub, crawl, landing) -> None:
    if os.geteuid() == 0:
        landing.write_text("a file where the folder should be")
    else:
        landing.mkdir(mode=0o500)
    service = hub(100)
    done = crawl(service)
    assert (done.code, len(service.requests)) == (1, 0)
    assert done.err.splitlines()[-1].startswith("error: the landing cannot be written: ")
    assert "Traceback" not in done.text


def test_a_landing_that_can_no_longer_be_written_costs_no_request(
    hub, crawl, landing, monkeypatch
) -> None:
    service = hub(1_000)
    assert crawl(service, "--max-pages", 4).code == 75

    def no_permission(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", no_permission)
        done = crawl(service)
    assert (done.code, len(service.requests)) == (1, 4)
    assert "error: the landing cannot be written: Permission denied" in done.err
    assert crawl(service).code == 0
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)


@pytest.mark.parametrize("command", ["crawl", "status", "verify", "resolve-parents"])
def test_a_landing_that_cannot_be_read_is_one_line(hub, capsys, landing, monkeypatch, command):
    """As for another user's landing; the tests may run as one who may read everything."""
    landing.mkdir()

    def no_permission(path: Path, pattern: str) -> list[Path]:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "glob", no_permission)
    endpoint = [] if command in ("status", "verify") else ["--endpoint", hub(10).url]
    done = run_here(capsys, command, "--landing", landing, *endpoint)
    assert (done.code, done.out) == (1, "")
    assert done.err == f"error: Permission denied: {landing}/hub_models\n"


def test_a_full_disk_keeps_what_is_landed(hub, crawl, landing) -> None:
    """Files may not grow beyond 120 KB: the second part's do."""
    service = hub(2_000)
    assert crawl(service, "--max-pages", 3).code == 75
    before = landed(landing)
    command = [
        "crawl", "--endpoint", service.url, "--landing", str(landing), "--page-size", "100",
        "--pages-per-part", "17",
    ]  # fmt: skip
    limited = subprocess.run(
        [sys.executable, "-m", "loaders", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )
    assert limited.returncode == 1, limited.stderr
    error = limited.stderr.splitlines()[-1]
    assert error.startswith('error: the landing cannot be written: Could not write file "')
    assert error.endswith("File too large; what is landed stays")
    assert "Traceback" not in limited.stderr
    assert landed(landing) == before
    assert not list(landing.rglob("*.tmp"))
    assert crawl(service).code == 0
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)


@pytest.mark.parametrize("call", range(8))
def test_any_rename_may_fail(hub, crawl, landing, monkeypatch, call: int) -> None:
    calls = []
    rename = os.replace

    def rename_or_fail(path: Path, target: Path) -> None:
        calls.append(path)
        if len(calls) - 1 == call:
            raise OSError(28, "No space left on device")
        rename(path, target)

    service = hub(1_000)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", rename_or_fail)
        done = crawl(service)
    assert done.code == 1
    assert "No space left on device" in done.err
    assert not list(landing.rglob("*.tmp"))
    assert crawl(service).code == 0
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)
