"""Models that a listing leaves out: never passed over, asked for again, and said."""

import json

import pytest
from crawls import landed, served

from loaders.crawl.listing import LINEAGE_FIELDS
from loaders.simulator.fake_faults import Fault
from loaders.simulator.fake_models import Models


def statuses(landing) -> list[str]:
    paths = sorted(landing.glob("hub_models/*/_manifest.json"))
    return [json.loads(path.read_text())["status"] for path in paths]


# empty pages that are followed by another


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("fault", ["empty-next", "empty"])
def test_an_empty_page_is_asked_for_again(
    hub, crawl, landing, waits, fault: str, times: int
) -> None:
    service = hub(1_000, faults=[f"{fault}@4x{times}"])
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 10 + times)
    assert "waiting 1 s: the page is empty" in done.err
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)


@pytest.mark.parametrize("page", [4, 11, 19])
def test_empty_pages_without_end_are_suspect_and_not_passed_over(
    hub, crawl, command, landing, waits, page: int
) -> None:
    """They come from some page on, as many as are asked for; then the service recovers."""
    service = hub(2_000, faults=[f"empty-next@{page}x9999"])
    done = crawl(service)
    assert (done.code, len(service.requests)) == (5, page - 1 + 3)
    error = done.err.splitlines()[-1]
    assert error.startswith("error: the page is empty, 3 times over, although a next one follows")
    wanted = served(service.models, LINEAGE_FIELDS)
    assert landed(landing) == wanted[: 100 * (page - 1)]
    assert statuses(landing) == ["suspect"]
    assert "suspect" in command("status").out
    assert f"goes on with {only_snapshot(landing)} at page {page - 1}" in command("status").out
    assert command("verify").code == 0
    assert crawl(service).code == 5, "asked again, and empty still"
    service.faults.clear()
    assert crawl(service).code == 0
    assert landed(landing) == wanted
    assert statuses(landing) == ["complete"]


def only_snapshot(landing) -> str:
    (folder,) = landing.glob("hub_models/snapshot_id=*")
    return folder.name.partition("=")[2]


def test_a_few_empty_pages_in_a_later_snapshot_are_no_less_a_fault(
    hub, crawl, landing, waits
) -> None:
    """Nine of two hundred: fewer than the tolerance of five in a hundred would show."""
    service = hub(2_000)
    assert crawl(service, "--page-size", 10).code == 0
    service.faults.append(Fault("empty-next", service.listings + 50, 9))
    assert crawl(service, "--new-snapshot", "--page-size", 10).code == 5
    assert statuses(landing) == ["complete", "suspect"]
    service.faults.clear()
    assert crawl(service, "--page-size", 10).code == 0
    assert statuses(landing) == ["complete", "complete"]
    assert len(landed(landing)) == 2 * len(served(service.models, ()))


def test_an_empty_first_page_with_a_next_link_leaves_nothing(hub, crawl, landing, waits) -> None:
    done = crawl(hub(1_000, faults=["empty-next@1x9"]))
    assert done.code == 5
    assert not list(landing.rglob("snapshot_id=*"))


def test_an_empty_page_ends_a_listing_of_whole_pages(hub, crawl, landing, waits) -> None:
    """Whether a full last page has a next link is not known of the Hub; if so, that is the end.

    Unless, asked the other way round, the listing begins with models that did not come.
    """
    service = hub(Models(300, private_share=0), faults=["empty@3x3"])
    assert crawl(service).code == 5
    assert landed(landing) == served(service.models, LINEAGE_FIELDS)[:200]
    assert statuses(landing) == ["suspect"]
    service.models.deleted |= set(range(100))
    service.faults[0].at = service.listings + 3
    assert crawl(service, "--new-snapshot").code == 0
    assert statuses(landing) == ["suspect", "complete"]


# a listing that ends before its end, with nothing before to hold it against


@pytest.mark.parametrize("ascending", [False, True])
def test_a_listing_that_ends_too_early_is_suspect_when_its_other_end_lies_beyond(
    hub, crawl, landing, waits, ascending: bool
) -> None:
    service = hub(1_000, faults=["end@4"], ascending=ascending)
    done = crawl(service)
    assert done.code == 5
    assert "asked the other way round, the listing begins with _id " in done.err.splitlines()[-1]
    assert statuses(landing) == ["suspect"]


@pytest.mark.parametrize("fault", ["400@6", "drop@6", "html@6", "numbers@6", "empty@6"])
def test_where_nothing_tells_whether_a_listing_was_whole_that_is_said(
    hub, crawl, landing, waits, fault: str
) -> None:
    """It is asked the other way round once; no answer to that ends a crawl that is through."""
    service = hub(1_000, faults=["end@5", fault])
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 6)
    assert "warning: nothing tells whether the listing was whole" in done.err
    assert statuses(landing) == ["complete"]


def test_a_service_that_knows_one_direction_only_tells_nothing(
    hub, crawl, waits, monkeypatch
) -> None:
    monkeypatch.setattr("loaders.crawl.crawling.OLDEST_FIRST", -1)
    done = crawl(hub(1_000, faults=["end@5"]))
    assert done.code == 0
    assert "warning: nothing tells whether the listing was whole" in done.err


def test_a_whole_listing_whose_last_page_is_full_is_complete(hub, crawl, landing, waits) -> None:
    """Asked the other way round, it begins where it ended."""
    service = hub(Models(300, private_share=0))
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 3 + 1)
    assert "warning" not in done.err
    assert statuses(landing) == ["complete"]


def test_a_last_page_that_is_short_is_no_doubt(hub, crawl) -> None:
    service = hub(1_000)
    done = crawl(service)
    assert (done.code, len(service.requests)) == (0, 10)
    assert "warning" not in done.err


def test_with_a_snapshot_before_it_is_that_one_which_tells(hub, crawl, waits) -> None:
    service = hub(Models(300, private_share=0))
    assert crawl(service).code == 0
    assert crawl(service, "--new-snapshot").code == 0
    assert len(service.requests) == (3 + 1) + 3


def test_what_goes_on_after_an_empty_page_can_be_accepted_as_it_is(
    hub, crawl, command, landing, waits
) -> None:
    service = hub(1_000, faults=["empty-next@4x9999"])
    assert crawl(service).code == 5
    done = command("verify", only_snapshot(landing), "--accept")
    assert done.code == 0
    assert "although the listing goes on after its last page" in done.out
    assert statuses(landing) == ["complete"]


# pages that are there, but not whole


def test_pages_shorter_than_others_are_said(hub, crawl, landing) -> None:
    service = hub(1_000, faults=["short-next@4x2"])
    done = crawl(service)
    assert done.code == 0
    assert "warning: 2 pages held fewer models than others, although more followed" in done.err
    (manifest,) = landing.rglob("_manifest.json")
    assert json.loads(manifest.read_text())["details"]["short_pages"] == 2


def test_pages_of_the_size_the_service_likes_are_no_short_ones(hub, crawl, monkeypatch) -> None:
    monkeypatch.setattr("loaders.simulator.fake_listing.LARGEST_PAGE", 50)
    done = crawl(hub(1_000))
    assert done.code == 0
    assert "warning" not in done.err


def test_a_page_whose_models_all_vanish_makes_the_next_snapshot_suspect(
    hub, crawl, command, landing
) -> None:
    """Less than the tolerance, but side by side, as no hundred models are deleted."""
    service = hub(4_000)
    assert crawl(service).code == 0
    service.models.deleted |= set(range(1_000, 1_110))
    done = crawl(service, "--new-snapshot")
    assert done.code == 5
    assert " models that stand side by side in snapshot " in done.err.splitlines()[-1]
    first, last = service.models.oid(1_000), service.models.oid(1_109)
    assert f"are all missing, _id {first} to {last}" in done.err
    assert statuses(landing) == ["complete", "suspect"]


def test_models_deleted_here_and_there_are_no_gap(hub, crawl) -> None:
    service = hub(4_000)
    assert crawl(service).code == 0
    service.models.deleted |= set(range(0, 4_000, 25))
    assert crawl(service, "--new-snapshot").code == 0


def test_a_snapshot_before_that_cannot_be_read_is_said(hub, crawl, landing) -> None:
    service = hub(1_000)
    assert crawl(service).code == 0
    (landing / "hub_models" / f"snapshot_id={only_snapshot(landing)}" / "part-00001.parquet"
     ).write_bytes(b"no Parquet")  # fmt: skip
    done = crawl(service, "--new-snapshot")
    assert done.code == 5
    assert "cannot be compared with snapshot" in done.err
    assert "Traceback" not in done.text
