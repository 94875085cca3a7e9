"""The fake Hub keeps the HTTP contract, seen with plain requests and with huggingface_hub."""

import base64
import gzip
import http.client
import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from crawls import start_process
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError

from loaders.simulator.fake_faults import FAULTS
from loaders.simulator.fake_hub import TOKEN
from loaders.simulator.fake_models import EXPANDABLE, Models


def get(service, path: str, **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


def test_items_are_a_function_of_seed_and_number() -> None:
    one, other, third = Models(5_000), Models(5_000), Models(5_000, seed=1)
    for number in (0, 17, 4_999):
        assert one.item(number, EXPANDABLE) == other.item(number, EXPANDABLE)
        assert one.item(number, EXPANDABLE) != third.item(number, EXPANDABLE)


def test_new_models_leave_the_others_as_they_are() -> None:
    models = Models(1_000)
    before = [models.item(number, EXPANDABLE) for number in range(1_000)]
    assert list(models.create(10)) == list(range(1_000, 1_010))
    assert [models.item(number, EXPANDABLE) for number in range(1_000)] == before
    assert models.oid(1_000) > models.oid(999)


@pytest.mark.parametrize("count", [1, 10, 100_000])
def test_identifiers_rise_and_are_found(count: int) -> None:
    models = Models(count)
    numbers = range(0, count, max(count // 500, 1))
    oids = [models.oid(number) for number in numbers]
    assert oids == sorted(set(oids))
    assert all(re.fullmatch("[0-9a-f]{24}", oid) for oid in oids)
    assert [models.at_or_after(oid) for oid in oids] == list(numbers)
    assert all(models.number_of(models.name(number)) == number for number in numbers)


def test_items_have_the_traps_of_the_real_ones() -> None:
    models = Models(30_000, dirt_share=0.05)
    items = [json.loads(models.item(number, EXPANDABLE)) for number in range(3, 30_000, 7)]
    assert {one["gated"] for one in items} == {False, "auto", "manual"}
    assert any(one["trendingScore"] % 1 for one in items)
    assert any(one["downloadsAllTime"] > 2**31 for one in items)
    assert any("baseModels" not in one for one in items)
    assert all(one["model-index"] is None for one in items)
    assert {type(one["cardData"].get("base_model")) for one in items if "cardData" in one} == {
        type(None), str, list, dict, int,
    }  # fmt: skip
    assert {one["baseModels"]["relation"] for one in items if "baseModels" in one} == {
        "adapter", "finetune", "merge", "quantized",
    }  # fmt: skip
    assert any("\ud800" in one.get("cardData", {}).get("note", "") for one in items)
    for one in items[::50]:
        assert int(one["_id"][:8], 16) == _seconds(one["createdAt"])


def _seconds(text: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(text).timestamp())


def test_the_first_page_and_its_link(hub) -> None:
    service = hub(250)
    query = "limit=100&expand[]=tags&sort=createdAt&unknown=1&expand=sha"
    status, headers, body = get(service, f"/api/models?{query}")
    assert status == 200
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["etag"].startswith('W/"')
    assert re.fullmatch(r'"api";r=\d+;t=\d+', headers["ratelimit"])
    assert re.fullmatch(r'"fixed window";"api";q=\d+;w=300', headers["ratelimit-policy"])
    assert "x-request-id" in headers
    items = json.loads(body)
    assert list(items[0]) == ["_id", "id", "tags", "sha"]
    assert items == sorted(items, key=lambda one: one["_id"], reverse=True)
    url = re.fullmatch(r'<(.*)>; rel="next"', headers["link"])[1]
    assert url.startswith(service.url + "/api/models?limit=100&expand=tags&sort=createdAt")
    name, cursor = parse_qsl(urlsplit(url).query)[-1]
    assert name == "cursor"
    assert json.loads(base64.b64decode(cursor)) == {"_id": {"$lt": items[-1]["_id"]}}


def test_the_link_names_the_host_as_the_reader_does(hub) -> None:
    service = hub(250)
    link = get(service, "/api/models?limit=100", Host=f"localhost:{service.port}")[1]["link"]
    assert link.startswith(f"<http://localhost:{service.port}/api/models?limit=100&")


def test_the_last_page_has_no_link_even_if_it_is_full(hub) -> None:
    service = hub(Models(200, private_share=0))
    seen, path = [], "/api/models?limit=100&sort=createdAt"
    while path:
        _, headers, body = get(service, path)
        seen.append(len(json.loads(body)))
        found = re.search("<(.*)>", headers.get("link", ""))
        path = found and found[1].removeprefix(service.url)
    assert seen == [100, 100]


@pytest.mark.parametrize("limit", ["", "&limit=1000", "&limit=5000"])
def test_the_limit_is_a_thousand(hub, limit: str) -> None:
    service = hub(Models(1_200, private_share=0))
    assert len(json.loads(get(service, f"/api/models?sort=createdAt{limit}")[2])) == 1_000


@pytest.mark.parametrize("name", ["nope", "childrenModelCount", "usedStorage"])
def test_an_unknown_field_is_refused_as_the_hub_does(hub, name: str) -> None:
    service = hub(10)
    status, _, body = get(service, f"/api/models?expand={name}")
    assert status == 400
    message = json.loads(body)["error"]
    assert message.startswith('"expand" must be one of [author, baseModels, ')
    with pytest.raises(BadRequestError):
        list(HfApi(endpoint=service.url, token=False).list_models(expand=[name]))


@pytest.mark.parametrize("cursor", ["!", "AAAA", "eyJhIjoxfQ==", "WzFd"])
def test_a_cursor_that_is_none_is_refused(hub, cursor: str) -> None:
    assert get(hub(10), f"/api/models?sort=createdAt&cursor={cursor}")[0] == 400


@pytest.mark.parametrize("sort", [None, "downloads", "likes", "trendingScore", "createdAt"])
def test_the_public_client_walks_every_order(hub, sort: str | None) -> None:
    models = Models(730)
    service = hub(models)
    api = HfApi(endpoint=service.url, token=False)
    wanted = {models.name(number) for number in range(730) if models.is_served(number, False)}
    found = [one.id for one in _walk(api, sort)]
    assert len(found) == len(wanted)
    assert set(found) == wanted


def _walk(api: HfApi, sort: str | None):
    # a page of 100 is asked for by hand: list_models would take the limit for the end as well
    from huggingface_hub.utils import build_hf_headers
    from huggingface_hub.utils._pagination import paginate

    parameters = {"limit": 100} | ({"sort": sort} if sort else {})
    from huggingface_hub.hf_api import ModelInfo

    headers = build_hf_headers(token=False)
    return (ModelInfo(**one) for one in paginate(f"{api.endpoint}/api/models", parameters, headers))


def test_gzip_when_asked(hub) -> None:
    service = hub(50)
    _, headers, body = get(service, "/api/models", **{"Accept-Encoding": "gzip, deflate"})
    assert headers["content-encoding"] == "gzip"
    plain = get(service, "/api/models")
    assert "content-encoding" not in plain[1]
    assert json.loads(gzip.decompress(body)) == json.loads(plain[2])


def test_the_window_counts_and_opens_again(hub) -> None:
    service = hub(10, quota=2, window=1)
    left = [re.search("r=([0-9]+)", get(service, "/api/models")[1]["ratelimit"])[1] for _ in "12"]
    assert left == ["1", "0"]
    status, headers, _ = get(service, "/api/models")
    assert (status, "r=0" in headers["ratelimit"]) == (429, True)
    other = get(service, "/api/models", Authorization=f"Bearer {TOKEN}")
    assert other[0] == 200, "each reader has a window of its own"
    service.wait(1.05)
    assert get(service, "/api/models")[0] == 200


def test_tokens(hub) -> None:
    models = Models(500, private_share=0.2)
    service = hub(models)
    assert get(service, "/api/models", Authorization="Bearer hf_other")[0] == 401
    anonymous = json.loads(get(service, "/api/models?sort=createdAt")[2])
    owner = json.loads(
        get(service, "/api/models?sort=createdAt", Authorization=f"Bearer {TOKEN}")[2]
    )
    assert len(owner) == 500
    assert [one for one in owner if not one["private"]] == anonymous
    (secret, *_) = [one["id"] for one in owner if one["private"]]
    assert get(service, f"/api/models/{secret}")[0] == 401


def test_details_and_renames(hub) -> None:
    models = Models(100, private_share=0)
    service = hub(models)
    name = models.name(40)
    assert json.loads(get(service, f"/api/models/{name}")[2])["id"] == name
    models.renamed[40] = "new/Home"
    status, headers, _ = get(service, f"/api/models/{name}")
    assert (status, headers["location"]) == (307, "/api/models/new/Home")
    assert get(service, "/api/models/new/Home")[0] == 200
    assert HfApi(endpoint=service.url, token=False).model_info(name).id == "new/Home"
    assert get(service, "/api/models/no/where")[0] == 401
    assert get(service, "/api/agent-harnesses")[0] == 404


def test_every_fault_is_named_in_the_help() -> None:
    process = start_process("fake-hub", "--help")
    out, _ = process.communicate(timeout=30)
    assert all(kind in "".join(out.split()) for kind in FAULTS)


def test_a_person_can_start_it() -> None:
    process = start_process("fake-hub", "--models", "50", "--fault", "503@1")
    try:
        line = process.stdout.readline()
        url = re.fullmatch(r"HF_ENDPOINT=http://127\.0\.0\.1:(\d+)\n", line)
        assert url, line
        connection = http.client.HTTPConnection("127.0.0.1", int(url[1]), timeout=10)
        for status in (503, 200):
            connection.request("GET", "/api/models")
            response = connection.getresponse()
            response.read()
            assert response.status == status
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0


@pytest.mark.parametrize("arguments", [("--models", "0"), ("--quota", "0"), ("--fault", "x@1")])
def test_options_that_make_no_sense(arguments: tuple[str, str], capsys) -> None:
    from crawls import run_here

    assert run_here(capsys, "fake-hub", *arguments).code == 2


def test_a_port_that_is_taken(hub, capsys) -> None:
    from crawls import run_here

    done = run_here(capsys, "fake-hub", "--port", hub(1).port)
    assert done.code == 2
    assert "cannot be had" in done.err


def test_filters_are_those_of_the_public_client(hub) -> None:
    models = Models(2_000)
    api = HfApi(endpoint=hub(models).url, token=False)
    items = [
        json.loads(models.item(number, None))
        for number in range(2_000)
        if models.is_served(number, is_owner=False)
    ]
    owner = items[500]["id"].partition("/")[0]
    wanted = {one["id"] for one in items if one["id"].startswith(f"{owner}/")}
    assert {one.id for one in api.list_models(author=owner)} == wanted
    wanted = {one["id"] for one in items if "bert" in one["id"].lower()}
    assert {one.id for one in api.list_models(search="BERT", sort="created_at")} == wanted
    tags = ["license:apache-2.0", "text-generation"]
    wanted = {one["id"] for one in items if set(tags) <= set(one["tags"])}
    assert {one.id for one in api.list_models(filter=tags, sort="likes")} == wanted
    assert len(wanted) > 10


def test_filtered_pages_follow_one_upon_the_other(hub) -> None:
    models = Models(1_000)
    service = hub(models)
    seen, path = [], "/api/models?limit=20&sort=createdAt&search=bert"
    while path:
        _, headers, body = get(service, path)
        seen += [one["id"] for one in json.loads(body)]
        found = re.search("<(.*)>", headers.get("link", ""))
        path = found and found[1].removeprefix(service.url)
    served = [number for number in range(999, -1, -1) if models.is_served(number, False)]
    assert seen == [name for name in map(models.name, served) if "bert" in name.lower()]


def test_the_flags_of_old_add_to_the_default_fields(hub) -> None:
    service = hub(Models(50, private_share=0))
    plain = json.loads(get(service, "/api/models?sort=createdAt")[2])
    full = json.loads(get(service, "/api/models?sort=createdAt&full=true&cardData=true")[2])
    assert all(one.items() <= more.items() for one, more in zip(plain, full, strict=True))
    assert {"author", "sha", "siblings"} <= set(full[0]) - set(plain[0])
    assert any("cardData" in more for more in full)
    api = HfApi(endpoint=service.url, token=False)
    assert next(api.list_models(full=True)).sha is not None


def test_parameters_it_does_not_know_are_ignored(hub) -> None:
    service = hub(50)
    plain = get(service, "/api/models?sort=createdAt")[2]
    assert get(service, "/api/models?sort=createdAt&gated=true&num_parameters=min:6B")[2] == plain
