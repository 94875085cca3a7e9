"""The fake Hub's data sets: the bulk shape, fetched with the public client and imported."""

import http.client
import json
import re
from pathlib import Path

import duckdb
import pytest
from crawls import run_here, start_process
from huggingface_hub import HfApi, HfFileSystem, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from loaders.simulator.fake_datasets import ARCHIVE, Dataset, write_archive
from loaders.simulator.fake_hub import TOKEN
from loaders.simulator.fake_models import EXPANDABLE, Models

WEEKS = ["2026-09-16", "2026-09-23", "2026-09-30"]
FILES = [f"models/{week}/models.parquet" for week in WEEKS]


@pytest.fixture(scope="module")
def models() -> Models:
    return Models(2_000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models: Models) -> Path:
    """Three weeks of the archive."""
    made = tmp_path_factory.mktemp("archive")
    write_archive(models, made, 3)
    return made


@pytest.fixture
def service(hub, models: Models, folder: Path):
    return hub(models, datasets=[Dataset(ARCHIVE, folder)])


def ask(service, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, {name.lower(): value for name, value in response.getheaders()}, body


# the archive


def test_the_archive_has_a_folder_per_week(folder: Path) -> None:
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*")) == FILES


def test_its_columns_change_and_it_has_younger_models_than_its_days(folder: Path) -> None:
    columns, youngest = [], []
    with duckdb.connect() as connection:
        for week, file in zip(WEEKS, FILES, strict=True):
            relation = connection.sql(f"SELECT * FROM '{folder / file}'")
            columns.append(dict(zip(relation.columns, map(str, relation.types), strict=True)))
            query = f"SELECT max(\"createdAt\") > TIMESTAMP '{week}' FROM '{folder / file}'"
            youngest += connection.execute(query).fetchall()[0]
    assert [("cardData" in one, "baseModels" in one, "gated" in one) for one in columns] == [
        (False, False, True), (True, False, True), (True, True, False),
    ]  # fmt: skip
    assert columns[2]["cardData"] == "VARCHAR"
    assert columns[2]["createdAt"] == "TIMESTAMP"
    assert columns[2]["tags"] == columns[2]["siblings"] == "VARCHAR[]"
    assert any(youngest)


def test_the_archive_is_a_function_of_the_models(folder: Path, models, tmp_path: Path) -> None:
    write_archive(models, tmp_path, 3)
    assert [(tmp_path / file).read_bytes() for file in FILES] == [
        (folder / file).read_bytes() for file in FILES
    ]


def test_the_last_week_is_imported_as_the_listing_shows_it(
    folder: Path, models, landing, capsys
) -> None:
    pattern = folder / "models" / "*" / "models.parquet"
    done = run_here(capsys, "import", pattern, "--as-of-folder", "--landing", landing)
    assert (done.code, done.err) == (0, "")
    clean = Models(models.count, dirt_share=0, age=2)
    wanted = {}
    for number in range(models.count):
        if clean.is_served(number, is_owner=False):
            item = json.loads(clean.item(number, EXPANDABLE))
            item["siblings"] = [file["rfilename"] for file in item["siblings"]]
            wanted[item["_id"]] = item
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT raw_json FROM '{landing}/hub_models/*=20260930T000000Z/*.parquet'"
        ).fetchall()
    assert len(found) == len(wanted)
    for (text,) in found:
        item = json.loads(text)
        shown = wanted[item["_id"]]
        if "gguf" in item:
            shown["gguf"] = {name: shown["gguf"][name] for name in item["gguf"]}
        assert item == {name: shown[name] for name in item}
        assert {"cardData", "baseModels", "tags"} & set(shown) <= set(item)


# the routes


def test_the_public_client_downloads_a_file(service, folder: Path, tmp_path: Path) -> None:
    path = hf_hub_download(
        ARCHIVE, FILES[2], repo_type="dataset", endpoint=service.url, cache_dir=tmp_path,
        token=False,
    )  # fmt: skip
    assert Path(path).read_bytes() == (folder / FILES[2]).read_bytes()
    asked = [line.split()[:2] for line in service.requests]
    file = f"/datasets/{ARCHIVE}/resolve/main/{FILES[2]}"
    assert ["HEAD", file] in asked
    assert ["GET", file] in asked


def test_the_public_client_fetches_the_archive_for_the_import(
    service, landing, tmp_path: Path, capsys
) -> None:
    """As the README has it: by pattern, into the client's own folders of links."""
    got = snapshot_download(
        ARCHIVE, repo_type="dataset", endpoint=service.url, cache_dir=tmp_path, token=False,
        allow_patterns="models/*/models.parquet",
    )  # fmt: skip
    pattern = Path(got) / "models" / "*" / "models.parquet"
    done = run_here(capsys, "import", pattern, "--as-of-folder", "--landing", landing)
    assert done.code == 0
    assert [line.split(":")[0] for line in done.out.splitlines()] == [
        f"snapshot {week.replace('-', '')}T000000Z" for week in WEEKS
    ]


def test_the_public_file_system_lists_and_reads_in_parts(service, folder: Path) -> None:
    files = HfFileSystem(endpoint=service.url, token=False)
    root = f"datasets/{ARCHIVE}"
    assert files.ls(root, detail=False) == [f"{root}/models"]
    assert files.glob(f"{root}/models/*/*.parquet") == [f"{root}/{file}" for file in FILES]
    with files.open(f"{root}/{FILES[0]}", "rb") as file:
        file.seek(-4, 2)
        assert file.read() == b"PAR1"
    assert files.info(f"{root}/{FILES[0]}")["size"] == (folder / FILES[0]).stat().st_size


def test_what_is_not_there_is_told_apart_as_the_hub_does(service, tmp_path: Path) -> None:
    options = {"repo_type": "dataset", "endpoint": service.url, "cache_dir": tmp_path}
    with pytest.raises(RepositoryNotFoundError):
        hf_hub_download("no/where", "x", token=False, **options)
    with pytest.raises(RemoteEntryNotFoundError):
        hf_hub_download(ARCHIVE, "x", token=False, **options)
    with pytest.raises(RevisionNotFoundError):
        hf_hub_download(ARCHIVE, FILES[0], token=False, revision="other", **options)
    with pytest.raises(RepositoryNotFoundError):
        HfApi(endpoint=service.url, token=False).dataset_info("no/where")


def test_the_headers_of_a_file(service, folder: Path) -> None:
    path = f"/datasets/{ARCHIVE}/resolve/main/{FILES[0]}"
    size = (folder / FILES[0]).stat().st_size
    status, headers, body = ask(service, "HEAD", path)
    assert (status, body) == (200, b"")
    assert headers["content-length"] == str(size)
    assert re.fullmatch('"[0-9a-f]{40}"', headers["etag"])
    commit = headers["x-repo-commit"]
    assert re.fullmatch("[0-9a-f]{40}", commit)
    assert '"resolvers";r=' in headers["ratelimit"], "downloads have a quota of their own"
    assert ask(service, "GET", path.replace("main", commit))[0] == 200
    status, headers, body = ask(service, "GET", path, Range="bytes=4-7")
    assert (status, headers["content-range"]) == (206, f"bytes 4-7/{size}")
    assert body == (folder / FILES[0]).read_bytes()[4:8]
    assert ask(service, "GET", path, Authorization="Bearer hf_wrong")[0] == 401
    assert ask(service, "GET", path, Authorization=f"Bearer {TOKEN}")[0] == 200


def test_downloads_do_not_use_up_the_quota_of_the_api(hub, models, folder: Path) -> None:
    service = hub(models, datasets=[Dataset(ARCHIVE, folder)], quota=1)
    path = f"/datasets/{ARCHIVE}/resolve/main/{FILES[0]}"
    assert [ask(service, "HEAD", path)[0] for _ in range(7)] == [200] * 6 + [429]
    assert ask(service, "GET", "/api/models")[0] == 200


@pytest.mark.parametrize(
    "path",
    ["../{secret}", "%2e%2e/{secret}", "models/../../{secret}", "..%2f{secret}", "/etc/passwd",
     "%2fetc%2fpasswd", "models", "models/"],
)  # fmt: skip
def test_nothing_beside_the_folder_is_served(hub, models, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    served = tmp_path / "served" / "models"
    served.mkdir(parents=True)
    (served / "a.txt").write_text("a")
    service = hub(models, datasets=[Dataset(ARCHIVE, served.parent)])
    path = path.format(secret="secret.txt")
    status, _, body = ask(service, "GET", f"/datasets/{ARCHIVE}/resolve/main/{path}")
    assert status == 404
    assert b"secret" not in body


@pytest.mark.parametrize("query", ["", "?recursive=false&expand=false", "?recursive=true"])
def test_a_tree_is_one_level_or_all(service, query: str) -> None:
    tree = json.loads(ask(service, "GET", f"/api/datasets/{ARCHIVE}/tree/main/models{query}")[2])
    days = [f"models/{week}" for week in WEEKS]
    wanted = sorted(days + FILES) if "true" in query else days
    assert [one["path"] for one in tree] == wanted
    assert {one["type"] for one in tree} == ({"directory", "file"} if "true" in query
                                             else {"directory"})  # fmt: skip
    assert ask(service, "GET", f"/api/datasets/{ARCHIVE}/tree/main/none{query}")[0] == 404


# by hand


def test_a_person_can_have_an_archive() -> None:
    process = start_process("fake-hub", "--models", "50", "--weeks", "1")
    try:
        url = process.stdout.readline().strip().partition("=")[2]
        files = HfApi(endpoint=url, token=False).list_repo_files(ARCHIVE, repo_type="dataset")
        assert files == [FILES[2]]
    finally:
        process.terminate()
        process.communicate(timeout=10)
    assert process.returncode == 0


@pytest.mark.parametrize("weeks", ["-1", "201", "x"])
def test_weeks_that_make_no_sense(capsys, weeks: str) -> None:
    assert run_here(capsys, "fake-hub", "--weeks", weeks).code == 2
