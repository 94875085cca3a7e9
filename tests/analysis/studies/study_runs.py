"""`python -m analysis`, in this process or as a subprocess."""

import os
import subprocess
import sys
from pathlib import Path

from analysis.__main__ import main
from support import REPOSITORY, called

DRAWS = 9
"""Draws of permutations and rewired graphs: enough to run through, too few to conclude."""


def analysis(*arguments: object, exports: Path, results: Path) -> subprocess.CompletedProcess:
    """What `python -m analysis` does and says."""
    return called(main, *arguments, HUB_EXPORTS=str(exports), HUB_RESULTS=str(results))


def analysis_as_process(
    *arguments: object, exports: Path, results: Path
) -> subprocess.CompletedProcess:
    """`python -m analysis` as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "analysis", *map(str, arguments)],
        cwd=REPOSITORY,
        env=os.environ | {"HUB_EXPORTS": str(exports), "HUB_RESULTS": str(results)},
        capture_output=True,
        text=True,
        check=False,
    )
