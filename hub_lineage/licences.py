"""The licence of every package installed beside the project, and the groups that require it.

    python -m hub_lineage.licences        a line per package: name, version, licence, groups

The groups are those of `pyproject.toml`; a package belongs to each group that requires it, directly
or through others (the lock says which package requires which). A package under a GPL alone may
stand only in `[dependency-groups]`, which only developers install: otherwise a line on stderr names
it and the exit code is 1. To list another environment's packages, run this with its Python.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

from hub_lineage.paths import PROJECT

BUILD = "build"
"""The name of the group listed under `dependencies`."""


def main() -> int:
    """Print a line per installed package; 1 where one under a GPL alone is not for developers."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    lock = (PROJECT / "requirements" / "checks.txt").read_text("utf-8")
    groups = groups_of_packages(project, lock)
    for_developers = project["dependency-groups"].keys()
    n_wrong = 0
    for name, version, licence in installed():
        needing = groups.get(name, set())
        print(f"{name:<32} {version:<14} {licence[:60]:<60} {', '.join(sorted(needing)) or '-'}")
        if is_gpl_alone(licence) and needing - for_developers:
            n_wrong += 1
            needed_by = ", ".join(sorted(needing - for_developers))
            print(f"error: {name} is under {licence}, and {needed_by} needs it", file=sys.stderr)
    return 1 if n_wrong else 0


def installed() -> Iterator[tuple[str, str, str]]:
    """Each package once, sorted by name: its name, version and licence."""
    found = {normal(one.metadata["Name"]): one for one in importlib.metadata.distributions()}
    for name, distribution in sorted(found.items()):
        yield name, distribution.version, licence_of(distribution)


def licence_of(distribution: importlib.metadata.Distribution) -> str:
    """The licence a package states: in an expression, else in classifiers, a text or a file."""
    metadata = distribution.metadata
    classifiers = [
        line.split(" :: ")[-1]
        for line in metadata.get_all("Classifier") or []
        if line.startswith("License :: ") and line != "License :: OSI Approved"
    ]
    texts = [*(metadata.get_all("License-Expression") or []), " or ".join(classifiers)]
    texts += metadata.get_all("License") or []
    texts += [
        path.read_text("utf-8", errors="replace")
        for file in distribution.files or []
        if re.match("LICEN[CS]E|COPYING", file.name, re.IGNORECASE)
        and (path := Path(str(file.locate()))).is_file()
    ]
    statement = next((text.strip() for text in texts if text.strip()), "not said")
    return " ".join(statement.splitlines()[0].split())


def is_gpl_alone(licence: str) -> bool:
    """Whether a licence is a GPL, and no other may be chosen in its place."""
    choices = re.split(r"\bor\b(?! later)", licence, flags=re.IGNORECASE)
    gpl = re.compile(r"(?<!L)GPL|(?<!Lesser )General Public License", re.IGNORECASE)
    return all(gpl.search(choice) for choice in choices)


def groups_of_packages(project: Mapping, lock: str) -> Mapping[str, set[str]]:
    """The groups that need each package of the lock, from a parsed `pyproject.toml`."""
    groups: dict[str, set[str]] = {}
    for name, group in asked_for(project):
        groups.setdefault(name, set()).add(group)
    askers = dict(asked_by(lock))
    while True:
        before = sum(map(len, groups.values()))
        for name, others in askers.items():
            for other in others:
                groups.setdefault(name, set()).update(groups.get(other, ()))
        if sum(map(len, groups.values())) == before:
            return groups


def asked_for(project: Mapping) -> Iterator[tuple[str, str]]:
    """Each package that a `pyproject.toml` names, and its group; extras may name others."""
    about = project["project"]
    lists = {BUILD: about["dependencies"], **about["optional-dependencies"]}
    for group, wanted in {**lists, **project["dependency-groups"]}.items():
        inner = [extra for one in wanted for extra in re.findall(rf"^{about['name']}\[(\w+)", one)]
        for one in [*wanted, *(one for extra in inner for one in lists[extra])]:
            name = re.split(r"[^\w.-]", one)[0]
            if name != about["name"]:
                yield normal(name), group


def asked_by(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each package of a lock with those that require it."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        via = re.search(r"# via (.*)", entry)
        if via and (name := re.match(r"([\w.-]+)(?:\[.*\])?==", entry)):
            yield normal(name[1]), [normal(one) for one in re.findall(r"[\w.-]+", via[1])]


def normal(name: str) -> str:
    """A package's name in the normal form of package indexes."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    sys.exit(main())
