"""How much of the Hub a landing holds, in the words of the data set and of the report alike."""

from __future__ import annotations

from hub_lineage.errors import StudyError
from hub_lineage.paths import PROJECT

SAMPLE = PROJECT / "sample" / "hub_models"

SCOPES = {
    "sample": "the made-up sample that comes with the software: no row describes a real model",
    "selection": "a selection of the Hub's models, not the whole Hub",
    "full": "a crawl of every public model that the Hub listed",
}


def scope_of(snapshot_id: str, asked: str | None = None) -> str:
    """What the landing holds: what was said, unless it is the sample that comes with the software.

    A StudyError if one is said to be the other.
    """
    is_sample = (SAMPLE / f"snapshot_id={snapshot_id}").is_dir()
    if asked and is_sample != (asked == "sample"):
        made_up = "" if is_sample else "not "
        raise StudyError(
            f"--scope {asked}: snapshot {snapshot_id} is {made_up}the made-up sample", 2
        )
    return asked or ("sample" if is_sample else "selection")
