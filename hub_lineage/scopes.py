"""How much of the Hub a landing holds, in words that the data set and the report share."""

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
    """The scope of a landing: as given, else `sample` or `selection` by its snapshot.

    A StudyError if the sample is given another scope, or another landing the scope `sample`.
    """
    is_sample = (SAMPLE / f"snapshot_id={snapshot_id}").is_dir()
    if asked and is_sample != (asked == "sample"):
        made_up = "" if is_sample else "not "
        raise StudyError(
            f"--scope {asked}: snapshot {snapshot_id} is {made_up}the made-up sample", 2
        )
    return asked or ("sample" if is_sample else "selection")
