"""The licence of every package that is installed beside the project, and who asked for it.

    python licences.py        a line per package: name, version, licence, groups

The groups are the headings of `requirements.in`; a package belongs to each group that asks for it,
directly or through others (`requirements.txt` says who asks for whom). What is under a GPL alone
may stand in the group `checks` only, which nobody needs who runs the project: otherwise a line on
stderr names it and the exit code is 1. The Python of another environment lists that one's packages.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
CHECKS = "checks"


def main() -> int:
    groups = groups_of_packages(PROJECT / "requirements.in", PROJECT / "requirements.txt")
    n_wrong = 0
    for name, version, licence in installed():
        asked = groups.get(name, set())
        print(f"{name:<32} {version:<14} {licence[:60]:<60} {', '.join(sorted(asked)) or '-'}")
        if is_gpl_alone(licence) and asked - {CHECKS}:
            n_wrong += 1
            print(f"error: {name} is under {licence}, and not only the checks need it",
                  file=sys.stderr)  # fmt: skip
    return 1 if n_wrong else 0


def installed() -> Iterator[tuple[str, str, str]]:
    """Each package once, by name: name, version, licence."""
    found = {normal(one.metadata["Name"]): one for one in importlib.metadata.distributions()}
    for name, distribution in sorted(found.items()):
        yield name, distribution.version, licence_of(distribution)


def licence_of(distribution: importlib.metadata.Distribution) -> str:
    """What a package says of its licence: an expression, else classifiers, a text, a file."""
    metadata = distribution.metadata
    classifiers = [
        line.split(" :: ")[-1]
        for line in metadata.get_all("Classifier") or []
        if line.startswith("License :: ") and line != "License :: OSI Approved"
    ]
    texts = [metadata.get("License-Expression"), " or ".join(classifiers), metadata.get("License")]
    texts += [
        file.locate().read_text("utf-8", errors="replace")
        for file in distribution.files or []
        if re.match("LICEN[CS]E|COPYING", file.name, re.IGNORECASE) and file.locate().is_file()
    ]
    said = next((text.strip() for text in texts if text and text.strip()), "not said")
    return " ".join(said.splitlines()[0].split())


def is_gpl_alone(licence: str) -> bool:
    """Whether a licence is a GPL, and no other may be chosen in its place."""
    choices = re.split(r"\bor\b(?! later)", licence, flags=re.IGNORECASE)
    gpl = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public License", re.IGNORECASE)
    return all(gpl.search(choice) for choice in choices)


def groups_of_packages(wanted: Path, lock: Path) -> Mapping[str, set[str]]:
    """The groups that need each package of the lock."""
    groups: dict[str, set[str]] = {}
    for name, group in asked_for(wanted.read_text("utf-8")):
        groups.setdefault(name, set()).add(group)
    askers = dict(asked_by(lock.read_text("utf-8")))
    while True:
        before = sum(map(len, groups.values()))
        for name, others in askers.items():
            for other in others:
                groups.setdefault(name, set()).update(groups.get(other, ()))
        if sum(map(len, groups.values())) == before:
            return groups


def asked_for(text: str) -> Iterator[tuple[str, str]]:
    """Each package of a list with the heading it stands under; the first ones run the build."""
    group = "the build"
    lines = text.splitlines()
    for before, line in zip(["the title", *lines], lines, strict=False):
        if line.startswith("# ") and not before.strip():
            group = line.removeprefix("# ")
        elif re.match(r"[A-Za-z0-9]", line):
            yield normal(re.match(r"[\w.-]+", line)[0]), group


def asked_by(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each package of a lock with those that ask for it."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        via = re.search(r"# via (.*)", entry)
        if via and (name := re.match(r"([\w.-]+)(?:\[.*\])?==", entry)):
            yield normal(name[1]), [normal(one) for one in re.findall(r"[\w.-]+", via[1])]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
