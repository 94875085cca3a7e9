"""Landings that are damaged, foreign or made to harm: one line and an exit code."""

import json
import os

import duckdb
import pytest
from crawls import manifest_path, run_here

READERS = ["status", "verify", "crawl"]


@pytest.fixture
def run(hub, capsys, landing):
    """Run one of the commands that read manifests, on the landing as it is."""
    service = hub(1_000)

    def _run(name: str, *arguments: object):
        asked = ["--endpoint", service.url, "--page-size", 100] if name == "crawl" else []
        done = run_here(capsys, name, "--landing", landing, *asked, *arguments)
        assert "Traceback" not in done.text
        return done

    _run.service = service
    return _run


# manifests

KEYS = {"snapshot_id": "20261003T131904Z", "started_at": "2026-10-03T13:19:04Z"}
UNREADABLE = {
    "deep": "[" * 100_000,
    "deep inside": json.dumps(KEYS)[:-1] + ',"status":"complete","details":' + '{"a":' * 50_000,
    "a list": "[]",
    "text": '"complete"',
    "null": "null",
    "empty": "",
    "bytes": "\x00\x01",
    "no text for a status": json.dumps(KEYS | {"status": ["complete"]}),
    "no text for an id": json.dumps(KEYS | {"snapshot_id": 20261003, "status": "complete"}),
    "no time": json.dumps(KEYS | {"started_at": 5, "status": "complete"}),
    "no day": json.dumps(KEYS | {"started_at": "yesterday", "status": "complete"}),
    "a huge number": json.dumps(KEYS)[:-1] + ',"status":"complete","rows":' + "9" * 9_000 + "}",
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize(("name", "code"), [("status", 0), ("verify", 5), ("crawl", 1)])
def test_a_manifest_that_cannot_be_read_is_one_line(
    run, landing, text: str, name: str, code: int
) -> None:
    folder = landing / "hub_models" / "snapshot_id=20261003T131904Z"
    folder.mkdir(parents=True)
    (folder / "_manifest.json").write_text(text)
    done = run(name)
    assert done.code == code
    assert max(map(len, done.text.splitlines())) < 500
    assert ("verify" if name != "verify" else "no readable manifest") in done.text
    assert len(run.service.requests) == 0


@pytest.mark.parametrize("name", READERS)
def test_a_manifest_that_is_a_folder_is_one_line(run, landing, name: str) -> None:
    (landing / "hub_models" / "snapshot_id=20261003T131904Z" / "_manifest.json").mkdir(parents=True)
    assert run(name).code == {"status": 0, "verify": 5, "crawl": 1}[name]


ODD = {
    "rows": ["many", None, -1, 1.5, True, [], 10**30],
    "details": [None, [], "text", 7, {"endpoint": [], "note": {}, "bytes": "x"}],
    "parts": [None, "text", [1], [{}], [{"name": 1, "rows": "x", "sha256": None}],
              [{"name": "part-00000.parquet", "rows": "1", "sha256": "x", "pages": []}]],
    "source": [None, 7, [], {}],
    "columns": [None, 7],
}  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [(key, value) for key in ODD for value in ODD[key]])
def test_a_manifest_of_odd_values_ends_no_command_with_a_traceback(
    run, landing, key: str, value: object
) -> None:
    assert run("crawl").code == 0
    path = manifest_path(landing)
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert run("status").code == 0
    assert run("crawl").code in (0, 1, 5)
    assert run("crawl", "--dry-run", "--new-snapshot").code in (0, 1)
    assert run("crawl", "--new-snapshot").code in (0, 1, 5)
    assert run("verify").code in (0, 5)


def test_a_manifest_that_names_an_absent_part(run, landing) -> None:
    assert run("crawl").code == 0
    path = manifest_path(landing)
    manifest = json.loads(path.read_text())
    absent = manifest["parts"][0] | {"name": "part-00007.parquet"}
    path.write_text(json.dumps(manifest | {"parts": [*manifest["parts"], absent]}))
    done = run("verify")
    assert done.code == 5
    assert "part-00007.parquet is missing" in done.out
    assert run("status").code == 0
    assert run("crawl").code == 0
    assert run("crawl", "--new-snapshot").code == 0


# the states that parts carry

STATES = {
    "no JSON": "{",
    "a list": "[]",
    "deep": "[" * 50_000,
    "an unknown key": '{"snapshot_id":"x","nonsense":1}',
    "text for a number": {"rows": "many"},
    "a flag for a number": {"next_page": True},
    "null for a number": {"part_rows": None},
    "text in the counts": {"http": {"requests": "many"}},
    "another host": {"next_query": "@127.0.0.2:1/api/models?cursor=a"},
    "a longer host": {"next_query": ".example/api/models?cursor=a"},
    "no text for a query": {"next_query": 5},
}


@pytest.mark.parametrize("odd", STATES.values(), ids=STATES)
@pytest.mark.parametrize("name", READERS)
def test_a_part_with_an_odd_state_is_one_line(run, landing, monkeypatch, odd, name: str) -> None:
    """Nor does the token follow where such a state leads."""
    monkeypatch.setenv("HF_TOKEN", "hf_fake_owner")
    assert run("crawl", "--max-pages", 3, "--pages-per-part", 3).code == 75
    (part,) = landing.rglob("part-*.parquet")
    with duckdb.connect() as connection:
        query = (
            "SELECT decode(value) FROM parquet_kv_metadata($1) WHERE decode(key) = 'resume_state'"
        )
        state = connection.execute(query, [str(part)]).fetchone()[0]
        text = odd if isinstance(odd, str) else json.dumps(json.loads(state) | odd)
        quoted = text.replace("'", "''")
        connection.execute(f"CREATE TABLE rows AS FROM '{part}'")
        connection.execute(
            f"COPY rows TO '{part}' (FORMAT parquet, KV_METADATA {{resume_state: '{quoted}'}})"
        )
    done = run(name)
    assert done.code == {"status": 1, "verify": 5, "crawl": 1}[name]
    assert "part-00000.parquet cannot be read" in done.text
    assert len(run.service.requests) == 3


# landings that are not there


@pytest.mark.parametrize("kind", ["missing", "empty", "a file", "empty inside", "a lost link"])
def test_verify_of_a_landing_without_snapshots_is_no_success(command, landing, kind: str) -> None:
    if kind == "empty":
        landing.mkdir()
    elif kind == "empty inside":
        (landing / "hub_models").mkdir(parents=True)
    elif kind == "a file":
        landing.write_text("no folder")
    elif kind == "a lost link":
        landing.symlink_to("nowhere")
    done = command("verify")
    assert (done.code, done.out) == (1, "")
    assert done.err == f"error: no snapshots in {landing}: name the landing with --landing\n"


@pytest.mark.parametrize("name", ["status", "verify", "crawl", "resolve-parents"])
def test_a_landing_that_may_not_be_read_is_no_empty_one(run, landing, monkeypatch, name) -> None:
    """A glob passes over a folder that it may not read, and finds nothing in it."""
    (landing / "hub_models").mkdir(parents=True)

    def no_permission(path: os.PathLike) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("hub_lineage.landing.os.scandir", no_permission)
    done = run(name)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-1] == f"error: Permission denied: {landing}/hub_models"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_another_users_landing_is_not_verified(command, landing) -> None:
    (landing / "hub_models").mkdir(parents=True)
    (landing / "hub_models").chmod(0)
    assert command("verify").code == 1


def test_a_landing_on_a_path_that_is_no_sql_is_crawled(hub, crawl, tmp_path, capsys) -> None:
    service = hub(300)
    odd = tmp_path / "it's [a] *landing*?"
    command = ["--endpoint", service.url, "--landing", odd, "--page-size", 100]
    assert run_here(capsys, "crawl", *command, "--max-pages", 1).code == 75
    assert run_here(capsys, "crawl", *command).code == 0
    assert run_here(capsys, "verify", "--landing", odd).code == 0
    assert run_here(capsys, "crawl", *command, "--new-snapshot").code == 0
