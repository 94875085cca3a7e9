"""One small run of both studies on the sample's exports, shared by all workers."""

from pathlib import Path

import pytest
from study_runs import DRAWS, analysis_as_process

from support import once


@pytest.fixture(scope="session")
def sample_results(shared, sample_exports) -> Path:
    """The results of both studies on the sample, and beside them `said`, what the run printed. Not
    to be written to."""

    def make(folder: Path) -> None:
        finished = analysis_as_process(
            "run", "--draws", DRAWS, "--curve-size", 12,
            exports=sample_exports, results=folder / "results",
        )  # fmt: skip
        # Some primary specifications cannot be estimated on the sample: no error.
        assert finished.returncode == 0, finished.stderr
        (folder / "said").write_text(finished.stdout, encoding="utf-8")

    return once(shared / "study_results", make) / "results"
