"""The tables of marts in README, overview and exposures, made from the marts' own descriptions.

    python -m hub_lineage.mart_tables            write them anew
    python -m hub_lineage.mart_tables --check    only say which of them are out of date

Each `models/marts/<mart>.yml` says in `meta` its topic, what a row is and what the mart answers.
Exit codes: 0 if they are up to date or were written; 1 with --check if a table differs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import yaml

from hub_lineage.paths import PROJECT

TOPICS = ("lineage", "races", "disruption", "history", "owners", "licences", "ecosystem", "panels")
"""The topics, in the order in which the tables list them."""

BEGIN = "<!-- marts: written by python -m hub_lineage.mart_tables -->"
END = "<!-- end of marts -->"
PAGES = (Path("README.md"), Path("models/_overview.md"))
EXPOSURES = Path("models/_exposures.yml")
EXPORTED = re.compile(
    r"(  - name: exported_marts\n.*?    depends_on:\n)(?:      - [^\n]*\n)+", re.S
)


class Mart(NamedTuple):
    """What a mart says about itself."""

    name: str
    topic: str
    row: str
    answers: str


def marts(project: Path = PROJECT) -> list[Mart]:
    """Every mart, sorted by topic and name."""
    found = []
    for path in sorted((project / "models" / "marts").glob("*.yml")):
        for model in yaml.safe_load(path.read_text("utf-8"))["models"]:
            meta = model["config"]["meta"]
            found.append(Mart(model["name"], meta["topic"], meta["row"], meta["answers"]))
    return sorted(found, key=lambda mart: (TOPICS.index(mart.topic), mart.name))


def table(listed: Sequence[Mart]) -> str:
    """The marts as a Markdown table."""
    lines = ["| mart | one row per | it answers |", "| --- | --- | --- |"]
    lines += [f"| `{mart.name}` | {mart.row} | {mart.answers} |" for mart in listed]
    return "\n".join(lines)


def written(name: Path, text: str, listed: Sequence[Mart]) -> str:
    """A file's text with its table brought up to date."""
    if name == EXPOSURES:
        references = "".join(f"      - ref('{mart.name}')\n" for mart in listed)
        return EXPORTED.sub(lambda found: found[1] + references, text)
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(listed)}\n\n{END}{after}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m hub_lineage.mart_tables",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="write nothing, only say what differs")
    options = parser.parse_args(arguments)
    listed = marts()
    differing = []
    for name in (*PAGES, EXPOSURES):
        text = (PROJECT / name).read_text("utf-8")
        new = written(name, text, listed)
        if new != text:
            differing.append(name)
            if not options.check:
                (PROJECT / name).write_text(new, "utf-8")
    for name in differing:
        print(f"{name}: {'differs' if options.check else 'written'}")
    return int(options.check and bool(differing))


if __name__ == "__main__":
    sys.exit(main())
