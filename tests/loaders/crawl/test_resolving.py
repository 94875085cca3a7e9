"""Unlisted parents looked up: renamed, absent, none twice."""

import json

import duckdb
import pytest
from crawls import run_here

from loaders.simulator.fake_answers import Handler
from loaders.simulator.fake_models import Models


@pytest.fixture
def models() -> Models:
    """Children 50 to 69 name a parent by its old name, 70 to 84 one that never was."""
    models = Models(100, private_share=0, dirt_share=0)
    old, models.renamed[7] = models.name(7), "new-home/Seven"
    for number in range(50, 85):
        tags = [f"base_model:{old}", f"base_model:finetune:{old}"]
        item = {"_id": models.oid(number), "id": models.name(number), "tags": tags}
        if number >= 70:
            item |= {
                "tags": [],
                "cardData": {"base_model": ["no/Where", "/content/model", "Alpha:x"]},
            }
        models.replaced[number] = json.dumps(item)
    models.old = old
    return models


@pytest.fixture
def resolve(hub, crawl, models, landing, capsys):
    service = hub(models)
    assert crawl(service).code == 0

    def _resolve(*arguments: object):
        before = len(service.requests)
        command = ["resolve-parents", "--endpoint", service.url, "--landing", landing, *arguments]
        return run_here(capsys, *command), list(service.requests)[before:]

    _resolve.service = service
    return _resolve


def aliases(landing) -> list[tuple]:
    with duckdb.connect() as connection:
        return connection.execute(
            "SELECT alias, model_id, outcome, n_children "
            f"FROM '{landing}/hub_aliases/*.parquet' ORDER BY n_children DESC"
        ).fetchall()


def test_missing_parents_are_looked_up_once(resolve, models, landing) -> None:
    done, requests = resolve()
    assert done.code == 0
    assert requests == [
        f"GET /api/models/{models.old} HTTP/1.1", "GET /api/models/no/Where HTTP/1.1",
    ]  # fmt: skip
    assert aliases(landing) == [
        (models.old, "new-home/Seven", "renamed", 20),
        ("no/Where", None, "absent", 15),
    ]
    assert done.out == "aliases: 1 renamed, 0 present, 1 absent\n"
    again, requests = resolve()
    assert (again.code, requests) == (0, [])


def test_items_with_half_a_surrogate_pair_are_listed_and_make_claims(
    resolve, models, landing, command, crawl
) -> None:
    """DuckDB cannot read such an item as it stands; its id and its parents count all the same."""
    torn = ',"note":"half a pair \\ud800"}'
    models.replaced[7] = json.dumps({"_id": models.oid(7), "id": "new-home/Seven"})[:-1] + torn
    for number in range(50, 85):
        item = json.loads(models.replaced[number])
        item["tags"] = [*item["tags"], "base_model:new-home/Seven"]
        models.replaced[number] = json.dumps(item)[:-1] + torn
    assert crawl(resolve.service, "--new-snapshot").code == 0
    done, requests = resolve()
    assert done.code == 0
    assert requests == [
        f"GET /api/models/{models.old} HTTP/1.1", "GET /api/models/no/Where HTTP/1.1",
    ]  # fmt: skip


def test_every_phase_of_evidence_makes_claims(resolve, models, landing, crawl) -> None:
    places = {
        "tags": ["base_model:adapter:lost/Tag"],
        "baseModels": {"relation": "adapter", "models": [{"id": "lost/Hub"}]},
        "cardData": {"base_model": "lost/Card"},
        "config": {"peft": {"base_model_name_or_path": "lost/Config"}},
    }
    for number, (key, value) in enumerate(places.items(), start=90):
        item = {"_id": models.oid(number), "id": models.name(number), key: value}
        models.replaced[number] = json.dumps(item)
    assert crawl(resolve.service, "--new-snapshot").code == 0
    assert resolve("--min-children", 1)[0].code == 0
    found = {alias for alias, *_ in aliases(landing) if alias.startswith("lost/")}
    assert found == {"lost/Tag", "lost/Hub", "lost/Card", "lost/Config"}


@pytest.mark.parametrize(
    "arguments", [("--max-lookups", -1), ("--max-lookups", 0), ("--min-children", 0)]
)
def test_options_that_make_no_sense(command, arguments: tuple) -> None:
    assert command("resolve-parents", *arguments).code == 2


def test_few_children_are_not_worth_a_request(resolve) -> None:
    assert len(resolve("--min-children", 16)[1]) == 1
    assert len(resolve("--min-children", 21)[1]) == 0


def test_lookups_can_be_limited_and_gone_on_with(resolve, landing) -> None:
    assert resolve("--max-lookups", 1)[0].code == 75
    assert resolve()[0].code == 0
    assert len(aliases(landing)) == 2


def test_a_dry_run_asks_for_nothing(resolve, landing) -> None:
    done, requests = resolve("--dry-run")
    assert (done.code, requests) == (0, [])
    assert "2 parents" in done.err
    assert not (landing / "hub_aliases").exists()


def test_a_wrong_token_is_not_taken_for_absence(resolve, landing, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert resolve()[0].code == 3
    assert not (landing / "hub_aliases").exists()


def test_what_was_found_before_a_failure_stays(resolve, landing, waits, monkeypatch) -> None:
    detail = Handler._detail

    def fail_at_the_second(handler, name: str, authorization: str | None) -> None:
        if name == "no/Where":
            handler.limits = {}
            handler._error(503, "No.")
        else:
            detail(handler, name, authorization)

    with monkeypatch.context() as patch:
        patch.setattr(Handler, "_detail", fail_at_the_second)
        assert resolve()[0].code == 4
    assert len(aliases(landing)) == 1
    assert len(resolve()[1]) == 1


def test_a_redirect_to_another_host_is_refused(resolve, landing, monkeypatch) -> None:
    def away(handler, name: str, authorization: str | None) -> None:
        handler._send(307, b"", "text/plain", {"Location": "http://127.0.0.2:1/api/models/a/b"})

    monkeypatch.setattr(Handler, "_detail", away)
    assert resolve()[0].code == 5
    assert not (landing / "hub_aliases").exists()


def test_nothing_to_take_parents_from(command) -> None:
    assert command("resolve-parents").code == 1


def test_a_table_of_aliases_that_cannot_be_read_is_one_line(resolve, landing) -> None:
    (landing / "hub_aliases").mkdir()
    (landing / "hub_aliases" / "aliases-00000.parquet").write_bytes(b"no Parquet")
    done, requests = resolve()
    assert (done.code, requests) == (1, [])
    assert done.err.startswith("error: hub_aliases cannot be read: ")


def test_parents_are_read_where_a_manifest_lists_no_parts(resolve, models, landing) -> None:
    """The contract asks for no more of a manifest than its id, start and status."""
    (path,) = landing.rglob("_manifest.json")
    manifest = json.loads(path.read_text())
    path.write_text(
        json.dumps({key: manifest[key] for key in ("snapshot_id", "started_at", "status")})
    )
    done, requests = resolve()
    assert (done.code, len(requests)) == (0, 2)
