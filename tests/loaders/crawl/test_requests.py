"""What goes over the wire: request lines, headers, the token, and what a dry run asks."""

import base64
import os
import re
import tomllib
from urllib.parse import quote

import pytest
from crawls import ROOT, Outcome, finish, landed, run_here, start_process

from loaders import __version__
from loaders.crawl.dry_run import BYTES_PER_MODEL
from loaders.crawl.listing import FULL_FIELDS, LINEAGE_FIELDS, Request
from loaders.crawl.model_count import PAGES
from loaders.simulator import fake_faults
from loaders.simulator.fake_hub import TOKEN
from loaders.simulator.fake_models import Models

LINEAGE = (
    "expand=author&expand=baseModels&expand=cardData&expand=config&expand=createdAt&"
    "expand=disabled&expand=downloads&expand=downloadsAllTime&expand=gated&expand=gguf&"
    "expand=lastModified&expand=library_name&expand=likes&expand=pipeline_tag&expand=private&"
    "expand=safetensors&expand=sha&expand=tags&expand=trendingScore"
)


def test_requests_are_those_of_the_client_and_the_link_verbatim(hub, crawl) -> None:
    service = hub(Models(250, private_share=0))
    assert crawl(service).code == 0
    first, second, third = service.requests
    assert first == f"GET /api/models?sort=createdAt&limit=100&{LINEAGE} HTTP/1.1"
    for line, number in ((second, 150), (third, 50)):
        predicate = f'{{"_id":{{"$lt":"{service.models.oid(number)}"}}}}'
        cursor = quote(base64.b64encode(predicate.encode()).decode(), safe="")
        assert line == (
            f"GET /api/models?sort=createdAt&limit=100&{LINEAGE}&cursor={cursor} HTTP/1.1"
        )


def test_the_order_of_the_parameters_is_that_of_list_models(hub) -> None:
    """The same call through the public client gives the same line."""
    from huggingface_hub import HfApi

    service = hub(5)
    api = HfApi(endpoint=service.url, token=False)
    list(
        api.list_models(sort="created_at", limit=3, expand=["baseModels", "cardData", "createdAt"])
    )
    ours = Request(service.url, ("baseModels", "cardData", "createdAt"), 3).first_query()
    assert service.requests[-1] == f"GET {ours} HTTP/1.1"


def test_profiles() -> None:
    assert len(LINEAGE_FIELDS) == 19
    assert set(FULL_FIELDS) - set(LINEAGE_FIELDS) == {
        "siblings", "transformersInfo", "evalResults", "widgetData", "model-index",
        "inferenceProviderMapping",
    }  # fmt: skip


def test_the_full_profile_is_served(hub, crawl, landing) -> None:
    service = hub(30)
    assert crawl(service, "--expand-profile", "full").code == 0
    assert '"model-index":null' in landed(landing)[0][1]


def test_a_process_makes_no_request_beside_the_listing(hub, landing) -> None:
    service = hub(50)
    done = finish(start_process("crawl", "--landing", landing, HF_ENDPOINT=service.url))
    assert (done.code, len(service.requests)) == (0, 1)
    assert "Traceback" not in done.text


# the dry run


def told_by(done) -> dict[str, str]:
    return dict(line.split(":", 1) for line in done.out.splitlines())


def test_a_dry_run_counts_the_models_of_a_small_service_and_writes_nothing(
    hub, crawl, landing
) -> None:
    service = hub(Models(2_500, private_share=0.0))
    done = crawl(service, "--dry-run", small=False)
    assert done.code == 0
    assert service.requests[0] == f"GET /api/models?sort=createdAt&limit=1&{LINEAGE} HTTP/1.1"
    assert len(service.requests) == 4
    assert not landing.exists()
    told = told_by(done)
    assert told["models"] == "   about 2,500 (counted)"
    assert told["requests"] == " 3"
    assert int(told["minutes"]) <= 1
    assert int(told["bytes"].replace(",", "")) == 2_500 * BYTES_PER_MODEL


def test_a_dry_run_estimates_the_models_of_a_large_service_from_a_few_pages(hub, crawl) -> None:
    service = hub(Models(60_000, private_share=0.0))
    done = crawl(service, "--dry-run", small=False)
    assert len(service.requests) <= 2 * PAGES + 2
    models = int(told_by(done)["models"].split()[1].replace(",", ""))
    assert models == pytest.approx(60_000, rel=0.05)
    assert "by 12 pages from its newest to its oldest" in done.out


def test_a_dry_run_of_a_service_that_lists_the_oldest_first_says_what_it_has_seen(
    hub, crawl
) -> None:
    done = crawl(hub(Models(20_000, private_share=0.0), ascending=True), "--dry-run", small=False)
    assert "about 12,000 (at least: how many more the service does not tell)" in done.out


def test_a_dry_run_estimates_with_the_quota(hub, crawl) -> None:
    service = hub(Models(4_500, private_share=0.0), quota=10)
    done = crawl(service, "--dry-run", "--page-size", 100, small=False)
    assert "minutes:  25" in done.out, "six windows of 8 requests: five waits of 5 minutes"


def test_a_dry_run_estimates_with_the_previous_snapshot(hub, crawl) -> None:
    service = hub(250)
    crawl(service)
    done = crawl(service, "--dry-run", "--new-snapshot")
    assert "requests: 3" in done.out


def test_a_dry_run_beside_an_empty_snapshot_asks_the_service(hub, crawl, command) -> None:
    service = hub(100, faults=["empty@1"])
    assert crawl(service).code == 5
    (name,) = [line.split()[0] for line in command("status").out.splitlines()[:1]]
    assert command("verify", name, "--accept").code == 0
    done = crawl(service, "--dry-run", "--new-snapshot")
    assert done.code == 0
    assert "requests: 1" in done.out


# the token


def snooped(outcome: Outcome, landing, token: str) -> list[str]:
    """Return where the token can be read: output, and every file the crawl left."""
    found = ["output"] if token in outcome.text else []
    for folder, _, names in os.walk(landing):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                if token.encode() in file.read():
                    found.append(name)
    return found


def test_the_token_goes_to_the_endpoint_and_nowhere_else(hub, crawl, landing, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    service = hub(2_500)
    done = crawl(service)
    assert done.code == 0
    assert set(service.authorizations) == {f"Bearer {TOKEN}"}
    assert snooped(done, landing, TOKEN) == []


def test_no_token_sends_none(hub, crawl, monkeypatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    service = hub(50)
    assert crawl(service, "--no-token").code == 0
    assert set(service.authorizations) == {None}


@pytest.mark.parametrize("fault", ["foreign-next", "foreign-redirect"])
def test_the_token_does_not_follow_to_another_host(
    hub, crawl, landing, monkeypatch, fault: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    other = hub(10)
    service = hub(500, faults=[f"{fault}@2"])
    monkeypatch.setattr(fake_faults, "FOREIGN", other.url)
    monkeypatch.setitem(fake_faults.REDIRECTS, "302", f"{other.url}/api/models")
    done = crawl(service)
    assert done.code == 5
    assert len(other.requests) == 0
    assert snooped(done, landing, TOKEN) == []


def test_a_service_that_repeats_the_token_does_not_spread_it(hub, crawl, landing, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    done = crawl(hub(500, faults=["401@2"]))
    assert done.code == 3
    assert "Bearer ***" in done.err
    assert "--no-token" in done.err
    assert snooped(done, landing, TOKEN) == []


@pytest.mark.parametrize("token", ["hf_wrong", "hf_ümlaut", "hf two words"])
def test_a_wrong_token_is_refused_in_one_line(hub, crawl, monkeypatch, landing, token: str) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    done = crawl(hub(50))
    assert done.code == (3 if token == "hf_wrong" else 2)
    assert token not in done.text
    assert "Traceback" not in done.text


@pytest.mark.parametrize(
    "name", ["../../evil", "/evil", "a/b\\u0000", "C:\\\\x", "part-9.parquet", "~"]
)
def test_no_file_is_named_by_the_service(hub, crawl, landing, tmp_path, capsys, name: str) -> None:
    models = Models(300)
    parents = f'"tags":["base_model:{name}"],"cardData":{{"base_model":"{name}"}}'
    for number in range(100):
        models.replaced[number] = f'{{"_id":"{models.oid(number)}","id":"{name}",{parents}}}'
    service = hub(models)
    assert crawl(service).code == 0
    arguments = ("resolve-parents", "--endpoint", service.url, "--landing", landing)
    assert run_here(capsys, *arguments, "--min-children", 1).code in (0, 5)
    patterns = (
        r"landing(/hub_(models|aliases))?",
        r"landing/hub_models/snapshot_id=\d{8}T\d{6}Z(/part-\d{5}\.parquet|/_manifest\.json)?",
        r"landing/hub_aliases/aliases-\d{5}-\d{8}T\d{6}Z\.parquet",
    )
    for path in tmp_path.rglob("*"):
        relative = path.relative_to(tmp_path).as_posix()
        assert any(re.fullmatch(pattern, relative) for pattern in patterns), relative


def test_private_models_of_the_owner_are_dropped_and_counted(
    hub, crawl, landing, monkeypatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    models = Models(500, private_share=0.1)
    private = sum(map(models.is_private, range(500)))
    done = crawl(hub(models))
    assert done.code == 0
    assert f"{private} private dropped" in done.out
    assert len(landed(landing)) == 500 - private
    assert not any('"private":true' in text for _, text in landed(landing))


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "x", "http://", "http://me:secret@127.0.0.1:1", "http://a/?b", "http://a:b",
     "http://a..b", "http://ex\u2603ample", "http://[v1.x]", "http://[::1", "http://a\x00b",
     f"http://{'a' * 300}.example"],
)  # fmt: skip
def test_an_endpoint_that_is_none_is_a_usage_error(command, url: str) -> None:
    done = command("crawl", "--endpoint", url)
    assert done.code == 2
    assert "secret" not in done.text
    assert done.err.count("\n") == 1


def test_the_user_agent_and_the_manifest_name_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
