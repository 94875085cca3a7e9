"""`make report` and `make docs` make what they need, and only that.

The programs behind the targets are stand-ins that write down how they were called.
"""

import os
import shutil
import subprocess

import pytest

from support import REPOSITORY

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make on this system")

STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$*" in
    build.py*) mkdir -p "$HUB_EXPORTS"; touch "$HUB_EXPORTS/hub_models.parquet" "$HUB_DATABASE";;
    "-m analysis run"*)
        test -z "$LEAVES_RESULTS" || touch "$HUB_RESULTS/manifest.json"
        exit $STUDY;;
esac
"""


@pytest.fixture
def make(tmp_path):
    """Runs a target with stand-ins; the exit code and the calls in their order."""
    for name in ("python", "dbt"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(STAND_IN)
        program.chmod(0o755)
    (tmp_path / "results").mkdir()

    def run(target: str, study: int = 0, leaves_results: bool = True) -> tuple[int, list[str]]:
        calls = tmp_path / "calls"
        calls.write_text("")
        finished = subprocess.run(
            ["make", "--old-file=environment", f"BIN={tmp_path / 'bin'}", target],
            cwd=REPOSITORY, capture_output=True, text=True, check=False,
            env=os.environ | {
                "CALLS": str(calls), "STUDY": str(study),
                "LEAVES_RESULTS": "yes" if leaves_results else "",
                "HUB_DATABASE": str(tmp_path / "hub_lineage.duckdb"),
                "HUB_EXPORTS": str(tmp_path / "exports"),
                "HUB_RESULTS": str(tmp_path / "results"),
            },
        )  # fmt: skip
        return finished.returncode, calls.read_text().splitlines()

    return run


def test_a_report_from_nothing_builds_estimates_and_renders(make):
    assert make("report") == (0, ["python build.py", "python -m analysis run", "python -m report"])
    assert make("report") == (0, ["python -m report"])


def test_a_study_that_leaves_nothing_ends_the_report(make):
    code, calls = make("report", study=1, leaves_results=False)
    assert code != 0
    assert "python -m report" not in calls


def test_docs_from_nothing_build_first(make):
    generate = "dbt docs generate --static"
    assert make("docs") == (0, ["python build.py", generate])
    assert make("docs") == (0, [generate])
