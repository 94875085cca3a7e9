"""`status` and `verify` say in a line what is wrong with a landing, however it is damaged."""

import json
import shutil
from pathlib import Path

import pytest

from loaders.__main__ import main

SAMPLE = Path(__file__).resolve().parents[3] / "sample"
LATEST = "hub_models/snapshot_id=20260903T040000Z/_manifest.json"


@pytest.fixture
def manifest(landing) -> Path:
    """The manifest of the sample's latest snapshot, to be damaged."""
    shutil.copytree(SAMPLE, landing)
    return landing / LATEST


def changed(manifest: Path, **values: object) -> None:
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | values))


DAMAGES = {
    "absent part": lambda path: changed(
        path, parts=[{"name": "part-00000.parquet", "rows": 1, "sha256": "0" * 64},
                     {"name": "part-00007.parquet", "rows": 1, "sha256": "0" * 64}],
    ),
    "part elsewhere": lambda path: changed(
        path, parts=[{"name": "../../../../etc/passwd", "rows": 1, "sha256": "0" * 64}]
    ),
    "deep list": lambda path: path.write_text("[" * 200_000 + "]" * 200_000),
    "deep object": lambda path: path.write_text('{"a":' * 200_000 + "1" + "}" * 200_000),
    "folder": lambda path: path.unlink() or path.mkdir(),
    "loop": lambda path: path.unlink() or path.symlink_to(path.name),
    "bytes": lambda path: path.write_bytes(b"\xff\xfe{"),
    "status": lambda path: changed(path, status=["complete"]),
    "time": lambda path: changed(path, started_at=5),
    "missing": lambda path: path.unlink(),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_finds_it_and_status_still_lists(manifest, landing, capsys, damage):
    DAMAGES[damage](manifest)
    assert main(["verify", "--landing", str(landing)]) == 5
    said = capsys.readouterr()
    assert "20260903T040000Z: unsound" in said.out
    assert said.err == ""
    assert main(["status", "--landing", str(landing)]) == 0
    said = capsys.readouterr()
    assert "20260903T040000Z" in said.out
    assert said.err == ""


@pytest.mark.parametrize("values", [{"rows": "many"}, {"details": "x"}, {"source": ["a"]}])
def test_what_another_loader_notes_in_its_own_way_hurts_nobody(manifest, landing, capsys, values):
    changed(manifest, **values)
    assert main(["status", "--landing", str(landing)]) == 0
    assert "20260903T040000Z  complete" in capsys.readouterr().out
    assert main(["verify", "--landing", str(landing)]) == 0


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch])
def test_a_landing_that_holds_nothing_is_not_sound(landing, capsys, make):
    make(landing)
    assert main(["verify", "--landing", str(landing)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"error: no snapshots in {landing}: name the landing with --landing\n"
