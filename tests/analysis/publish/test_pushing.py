"""`--push`: one private repository, one commit, and a line when the Hub says no."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from analysis.publish import publishing
from hub_lineage.errors import StudyError


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/datapackage.json").write_text('{"title": "a snapshot"}')
    return tmp_path / "out"


class Recorder:
    """Stands in for HfApi and keeps the calls."""

    def __init__(self, calls):
        self.calls = calls

    def create_repo(self, repository, **options):
        self.calls.append(("create_repo", repository, options))

    def upload_folder(self, **options):
        self.calls.append(("upload_folder", options))


@pytest.mark.parametrize("is_public", [False, True])
def test_a_push_makes_the_repository_and_one_commit(folder, monkeypatch, is_public):
    calls = []
    monkeypatch.setattr(publishing, "HfApi", partial(Recorder, calls))
    assert "somebody/data" in publishing.push(folder, "somebody/data", is_public)
    assert calls == [
        ("create_repo", "somebody/data",
         {"repo_type": "dataset", "private": not is_public, "exist_ok": True}),
        ("upload_folder",
         {"repo_id": "somebody/data", "repo_type": "dataset", "folder_path": folder,
          "commit_message": "a snapshot"}),
    ]  # fmt: skip


def test_a_dry_run_asks_nobody(folder, monkeypatch, capsys, no_network):
    monkeypatch.setattr(publishing, "HfApi", None)
    publishing.list_files(folder, "somebody/data")
    assert "23  datapackage.json" in capsys.readouterr().out


class Refusing(BaseHTTPRequestHandler):
    """A Hub that knows no token."""

    def do_POST(self):
        self.server.seen.append((self.path, self.headers["Authorization"]))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


def test_a_refused_token_is_told_in_one_line_without_the_token(folder, monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(publishing, "HfApi", partial(HfApi, endpoint, token="hf_not_a_token"))
    try:
        with pytest.raises(StudyError) as told:
            publishing.push(folder, "somebody/data", False)
    finally:
        server.shutdown()
        server.server_close()
    assert server.seen == [("/api/repos/create", "Bearer hf_not_a_token")]
    assert "401" in str(told.value)
    assert "\n" not in str(told.value)
    assert "hf_not_a_token" not in str(told.value)


class Odd(BaseHTTPRequestHandler):
    """A Hub, or what stands before it, that answers in a way of its own."""

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, kind, body = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.mark.parametrize(
    "answer",
    [
        (200, "text/html", b"<html>Log in to the hotel</html>"),
        (200, "application/json", b"[]"),
        (200, "application/json", b"{}"),
        (200, "application/json", b"null"),
        (200, "application/json", b'{"url": 5}'),
        (200, "application/json", b"[" * 100_000),
        (200, "application/json", b"\xff\xfe"),
        (204, "application/json", b""),
        (302, "text/html", b""),
        (418, "text/plain", b"a teapot\nwith two lines"),
        (500, "text/html", b"<html>" * 1000),
    ],
    ids=str,
)
def test_an_odd_answer_is_told_in_one_line(folder, monkeypatch, answer):
    server = HTTPServer(("127.0.0.1", 0), Odd)
    server.answer = answer
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(publishing, "HfApi", partial(HfApi, endpoint, token="hf_not_a_token"))
    try:
        with pytest.raises(StudyError, match="the folder itself is complete") as told:
            publishing.push(folder, "somebody/data", False)
    finally:
        server.shutdown()
        server.server_close()
    assert "\n" not in str(told.value)
    assert "hf_not_a_token" not in str(told.value)


def test_a_hub_that_is_not_there_is_told_in_one_line(folder, monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    server.server_close()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(publishing, "HfApi", partial(HfApi, endpoint, token=False))
    with pytest.raises(StudyError, match=r"cannot send .* the folder itself is complete"):
        publishing.push(folder, "somebody/data", False)
