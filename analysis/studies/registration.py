"""The registered design: what is to be tested, fixed before the data are read.

The design is `specifications.yml` and `claims.yml`. Its hash is over their content, without layout
and comments. `registration.yml` is the committed record of all designs so far, to which
`python -m analysis register --why TEXT` appends. A run writes the hash before it opens the exports,
and fails if the design has changed by its end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from hub_lineage.errors import StudyError

FOLDER = Path(__file__).parent
DESIGN = ("specifications.yml", "claims.yml")
RECORD = "registration.yml"

Design = Mapping[str, Mapping]
"""The parsed files of a design, by name."""


def design_in(folder: Path = FOLDER) -> Design:
    """The present design in the files of a folder."""
    return {name: parsed(name, (folder / name).read_text("utf-8")) for name in DESIGN}


def parsed(name: str, text: str) -> Any:
    """The content of a YAML file; a StudyError if it cannot be read."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise StudyError(f"{name} cannot be read: {error}") from error


def hash_of(design: Design) -> str:
    """SHA-256 of the files' content, whatever their layout, comments and order of keys."""
    text = json.dumps(design, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def entries(folder: Path = FOLDER) -> list[dict]:
    """The record, oldest entry first; empty if nothing was ever registered."""
    path = folder / RECORD
    return (parsed(RECORD, path.read_text("utf-8")) or []) if path.exists() else []


def git(*arguments: str, folder: Path = FOLDER) -> str | None:
    """The output of git; None if it fails or is not installed."""
    try:
        found = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return found.stdout.strip()


# in a run


def registered(folder: Path = FOLDER) -> dict:
    """The design of a run: its hash, whether it is registered, and its primary tests.

    `status`: registered, changed_since (the last entry) or never_registered. `committed_on`: the
    day of the last commit that changed the design; null if the files differ from it, or without
    git.
    """
    design = design_in(folder)
    found, record = hash_of(design), entries(folder)
    last = record[-1] if record else None
    status = "never_registered"
    if last:
        status = "registered" if last["hash"] == found else "changed_since"
    is_committed = git("status", "--porcelain", "--", *DESIGN, folder=folder) == ""
    committed_on = git("log", "-1", "--format=%cs", "--", *DESIGN, folder=folder)
    return {
        "hash": found,
        "status": status,
        "last_registered_on": str(last["date"]) if last else None,
        "committed_on": (committed_on or None) if is_committed else None,
        "primary_tests": [
            {
                "claim_id": claim["claim_id"],
                "specification_id": claim["test"].get("specification"),
                "term": claim["test"].get("term"),
                "claimed": claim["test"]["claimed"],
                "smallest": claim["test"].get("smallest"),
            }
            for claim in design["claims.yml"].get("claims", ())
            if "test" in claim
        ],
    }


def write(design: Mapping, results: Path) -> None:
    """Write `registration.json`, the first file of a run."""
    (results / "registration.json").write_text(
        json.dumps(design, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def refuse_a_change(design: Mapping, folder: Path = FOLDER) -> None:
    """A StudyError if the design has changed since the run began."""
    if hash_of(design_in(folder)) != design["hash"]:
        raise StudyError(
            f"{' or '.join(DESIGN)} changed during the run: nothing was written; run again"
        )


# the record


def register(why: str, folder: Path = FOLDER, today: str | None = None) -> dict:
    """Append the present design to the record, and return the new entry.

    `today`: YYYY-MM-DD, by default the day in UTC. A StudyError if the design is the one registered
    last.
    """
    design, record = design_in(folder), entries(folder)
    found = hash_of(design)
    if record and record[-1]["hash"] == found:
        raise StudyError(f"nothing to register: the design is that of {record[-1]['date']}")
    entry = {
        "date": today or datetime.now(UTC).date().isoformat(),
        "hash": found,
        "changed": changes(committed_design(record[-1]["hash"], folder), design)
        if record
        else "everything: the first entry",
        "why": " ".join(why.split()),
    }
    text = yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=100)
    with (folder / RECORD).open("a", encoding="utf-8") as file:
        file.write(text)
    return entry


def committed_design(wanted: str, folder: Path = FOLDER) -> Design | None:
    """The design with a hash, from the latest commit that has it; None if there is none."""
    for commit in (git("log", "--format=%H", "--", *DESIGN, folder=folder) or "").split():
        texts = {name: git("show", f"{commit}:./{name}", folder=folder) for name in DESIGN}
        design = {name: parsed(name, text) for name, text in texts.items() if text is not None}
        if len(design) == len(texts) and hash_of(design) == wanted:
            return design
    return None


def changes(old: Design | None, new: Design) -> str:
    """Which specifications and claims were added, removed or changed, in words."""
    if old is None:
        return "unknown: no commit holds the design registered before"
    before, after = parts_of(old), parts_of(new)
    kinds = {
        "added": [name for name in after if name not in before],
        "removed": [name for name in before if name not in after],
        "changed": [name for name in after if name in before and before[name] != after[name]],
    }
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in kinds.items() if names)


def parts_of(design: Design) -> dict[str, object]:
    """The parts of a design by name: each specification, each claim, each other section."""
    parts: dict[str, object] = {}
    for document in design.values():
        for section, content in document.items():
            if section in ("specifications", "claims"):
                parts |= {one.get("id", one.get("claim_id")): one for one in content}
            else:
                parts[section] = content
    return parts


# the command


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `python -m analysis register`."""
    command.add_argument("--why", required=True, metavar="TEXT", help="why the design is this one")
    command.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Append the design to the record and say what was written."""
    if not arguments.why.strip():
        raise StudyError("--why is empty: say why the design is this one")
    entry = register(arguments.why)
    print(f"{RECORD}: {entry['date']} {entry['hash']}, {entry['changed']}")
    return 0
