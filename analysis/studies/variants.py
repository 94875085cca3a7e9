"""Builds the panels under other choices of the data: `python -m analysis variants`.

`variants.yml` lists the choices as variables of the dbt project. Each is built from the landing by
dbt itself, so that ranks, crowding and the index follow from it by the same formulas, and is put
into `<HUB_EXPORTS>/variants/<name>/` with a record, `variant.json`. A variant whose record is still
valid is not built again. HUB_DATABASE is never touched.

Only some models use the variables that a choice changes. One scratch database is built without any
change; each variant rebuilds these models, and those that depend on them, in a copy of it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from hub_lineage import build
from hub_lineage.checks import check_arguments, check_landing, given_variables
from hub_lineage.dbt import read_manifest
from hub_lineage.errors import BuildError, first_line
from hub_lineage.exporting import export_marts
from hub_lineage.files import digest_of, empty_folder, swap
from hub_lineage.landing import Snapshot, list_snapshots
from hub_lineage.paths import PROJECT, folder_from
from hub_lineage.progress import Progress

SECONDS = 17.0
SECONDS_AN_ITEM = 5e-5
"""The time of one variant on one core, most of which dbt takes to parse the project."""

MARTS = ("disruption", "disruption_panel", "recognition_panel")
RECORD = "variant.json"
FILE = Path(__file__).with_suffix(".yml")
ALL_NEEDED = [f"+{mart}" for mart in MARTS]


@dataclass(frozen=True)
class Variant:
    """A named choice of the data, with the variables that it sets."""

    name: str
    description: str
    variables: Mapping[str, object]


def list_variants(file: Path = FILE) -> list[Variant]:
    """The choices in their file's order; a BuildError for an entry that is not a choice."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8"))
    variants = []
    for entry in entries if isinstance(entries, list) else [entries]:
        is_sound = (
            isinstance(entry, dict)
            and set(entry) == {"name", "description", "variables"}
            and isinstance(entry["variables"], dict)
            and re.fullmatch("[a-z][a-z0-9_]*", str(entry["name"]))
        )
        if not is_sound:
            raise BuildError(
                f"{file.name}: {entry!r} is not a choice: name (small letters, digits, _), "
                "description and variables are needed",
                2,
            )
        variants.append(Variant(**entry))
    names = [variant.name for variant in variants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BuildError(f"{file.name}: two choices are called {', '.join(twice)}", 2)
    for variant in variants:
        check_arguments(arguments_of(variant.variables))
    return variants


def build_variants(
    landing: Path,
    exports: Path,
    names: Collection[str] | None = None,
    variants: Sequence[Variant] | None = None,
    variables: Mapping[str, object] | None = None,
) -> list[Path]:
    """Build the variants that are out of date, and return their folders.

    `names` chooses some of them, `variants` replaces those of the file; `variables` are those of
    the build that the variants are compared with, if they differ from dbt_project.yml. A variant's
    folder is replaced as a whole once it is complete. After a BuildError, variants built before it
    are kept and the others unchanged. Folders of variants that the file no longer lists are removed
    when all are asked for.
    """
    known = list_variants() if variants is None else list(variants)
    common = dict(variables or {})
    wanted = [
        replace(variant, variables={**common, **variant.variables})
        for variant in chosen(known, names)
    ]
    snapshots = check_landing(landing)
    sources = hash_of_sources(landing)
    folder = exports / "variants"
    built = []
    workshop = exports / ".variants.building"
    with build.building_folder(workshop, "HUB_EXPORTS", "variants", home=folder) as lock:
        scratch = Scratch(workshop, landing, snapshots, common, lock)
        stale = [one for one in wanted if not is_up_to_date(folder / one.name, one, sources)]
        with Progress("variants", len(stale), "variants") as progress:
            if stale:
                n_items = sum(build.n_items_of(snapshots).values())
                progress.announce(len(stale) * (SECONDS + SECONDS_AN_ITEM * n_items))
            for variant in stale:
                progress.advance(0, variant.name)
                made = scratch.make(variant, sources)
                folder.mkdir(parents=True, exist_ok=True)
                swap([(made, folder / variant.name)], workshop)
                built.append(folder / variant.name)
                progress.advance()
        if names is None:
            for record in sorted(folder.glob(f"*/{RECORD}")):
                if record.parent.name not in {variant.name for variant in known}:
                    shutil.rmtree(record.parent)
        empty_folder(workshop)
    return built


def chosen(known: Sequence[Variant], names: Collection[str] | None) -> list[Variant]:
    """The variants of these names, all for None; a BuildError for an unknown name."""
    if names is None:
        return list(known)
    unknown = sorted(set(names) - {variant.name for variant in known})
    if unknown:
        raise BuildError(
            f"unknown variant {', '.join(unknown)}; known: "
            f"{', '.join(variant.name for variant in known)}",
            2,
        )
    return [variant for variant in known if variant.name in names]


# what a variant depends on


def hash_of_sources(landing: Path) -> str:
    """SHA-256 over the dbt project and the landing.

    A manifest of our own loaders holds the hash of each part; other parts are read.
    """
    digest = hashlib.sha256()
    project = [PROJECT / "dbt_project.yml"]
    for part in ("models", "macros", "seeds"):
        project += (path for path in (PROJECT / part).rglob("*") if path.is_file())
    tables = [path for path in landing.glob("*/*.parquet") if path.parent.name != "hub_models"]
    manifests = list(landing.glob("hub_models/snapshot_id=*/_manifest.json"))
    hashed_there = {
        snapshot.folder
        for snapshot in list_snapshots(landing, skip_unreadable=True)
        if snapshot.parts
    }
    parts = [
        path
        for path in landing.glob("hub_models/snapshot_id=*/part-*.parquet")
        if path.parent not in hashed_there
    ]
    for root, paths in ((PROJECT, project), (landing, [*manifests, *tables, *parts])):
        for path in sorted(paths):
            digest.update(f"{path.relative_to(root).as_posix()}\0{digest_of(path)}\n".encode())
    return digest.hexdigest()


def hash_of(variant: Variant, sources: str) -> str:
    """SHA-256 of a variant's variables and sources."""
    text = json.dumps([sources, variant.variables], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def is_up_to_date(folder: Path, variant: Variant, sources: str) -> bool:
    """Whether a folder holds the whole variant, made from the same variables and sources."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return record["content_hash"] == hash_of(variant, sources) and all(
            (folder / f"{mart}.parquet").is_file() for mart in MARTS
        )
    except (OSError, ValueError, LookupError, TypeError):
        return False


# the builds


class Scratch:
    """A folder with a database without any change, from which variants are made."""

    def __init__(
        self,
        workshop: Path,
        landing: Path,
        snapshots: Sequence[Snapshot],
        common: Mapping[str, object],
        lock: int,
    ):
        """Nothing is built yet: the database is built with the first variant."""
        self.workshop = workshop
        self.landing = landing
        self.snapshots = snapshots
        self.common = common
        self.lock = lock
        self.base = workshop / "base"

    def make(self, variant: Variant, sources: str) -> Path:
        """Build a variant and return the folder with its files."""
        if not (self.base / build.FILE).exists():
            self.base.mkdir()
            self._run(self.base, variant, self.common, ALL_NEEDED)
        place = self.base
        changed = self._changed_models(variant.variables)
        if changed:
            place = self.workshop / "changed"
            if place.exists():
                shutil.rmtree(place)
            place.mkdir()
            build.copy_database(self.base / build.FILE, place / build.FILE)
            self._run(place, variant, variant.variables, changed)
        made = self.workshop / "made"
        made.mkdir()
        snapshot_id, counts = export_marts(place, made, MARTS)
        record = {
            "name": variant.name,
            "description": variant.description,
            "variables": variant.variables,
            "snapshot_id": snapshot_id,
            "rows": dict(counts),
            "content_hash": hash_of(variant, sources),
        }
        (made / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        return made

    def _run(
        self, place: Path, variant: Variant, variables: Mapping, selection: Sequence[str]
    ) -> None:
        """Have dbt build and test a selection; tests run if all they read is in it."""
        options = ["--quiet", "--full-refresh", "--indirect-selection", "cautious"]
        try:
            build.run_dbt(
                [*options, "--select", *selection, *arguments_of(variables)],
                self.landing,
                self.snapshots,
                place,
                self.lock,
            )
        except BuildError as error:
            raise BuildError(f"variant {variant.name}: {error}", error.exit_code) from error

    def _changed_models(self, variables: Mapping[str, object]) -> list[str]:
        """The models behind the marts that change with the values of variables."""
        project = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
        configured = {**yaml.safe_load(project)["vars"], **self.common}
        changed = [name for name, value in variables.items() if value != configured[name]]
        return models_that_depend_on(changed, read_manifest(self.base)) if changed else []


def models_that_depend_on(variables: Collection[str], manifest: Mapping) -> list[str]:
    """The models that the marts need and that depend on a variable; sorted.

    A model depends on a variable if its text, or that of a macro it uses, names it, or if it reads
    such a model. `manifest` is dbt's.
    """
    names = "|".join(map(re.escape, variables))
    reading = re.compile(rf"\bvar\(\s*['\"]({names})['\"]")
    models = {
        key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"
    }
    readers = {
        key for key, node in models.items() if any(map(reading.search, texts_of(node, manifest)))
    }
    needed = reached(
        [key for key in models if models[key]["name"] in MARTS], manifest["parent_map"]
    )
    changed = reached(readers, manifest["child_map"])
    return sorted(models[key]["name"] for key in needed & changed & models.keys())


def texts_of(node: Mapping, manifest: Mapping) -> Iterator[str]:
    """The text of a model and of all macros that it uses."""
    yield node["raw_code"]
    for name in reached(
        node["depends_on"]["macros"],
        {name: macro["depends_on"]["macros"] for name, macro in manifest["macros"].items()},
    ):
        yield manifest["macros"][name]["macro_sql"]


def reached(start: Collection[str], following: Mapping[str, Sequence[str]]) -> set[str]:
    """All nodes that can be reached from some nodes of a graph, including these."""
    found: set[str] = set()
    ahead = list(start)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += following.get(name, ())
    return found


def arguments_of(variables: Mapping[str, object]) -> list[str]:
    """The arguments of dbt that set variables."""
    return ["--vars", json.dumps(variables, sort_keys=True)] if variables else []


# the command


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Declare the arguments of `python -m analysis variants`, besides the folders."""
    command.add_argument(
        "names", nargs="*", metavar="NAME", help="a variant of variants.yml; default: all"
    )
    command.add_argument(
        "--vars",
        default="{}",
        metavar="YAML",
        help="variables of the build that the variants are compared with, as given to build.py; "
        "they become part of the SQL that is run, so give none that you do not trust",
    )
    command.set_defaults(main=main)


def main(arguments: argparse.Namespace) -> int:
    """Build the variants from HUB_LANDING into the exports; return the exit code of a build."""
    landing = folder_from("HUB_LANDING", "sample")
    exports = Path(os.path.abspath(arguments.exports))
    try:
        given = ["--vars", arguments.vars]
        check_arguments(given)
        variables = given_variables(given)
        built = build_variants(landing, exports, arguments.names or None, variables=variables)
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        print(f"error: cannot write the variants ({first_line(error)})", file=sys.stderr)
        return 2
    for folder in built:
        rows = json.loads((folder / RECORD).read_text(encoding="utf-8"))["rows"]
        print(f"{folder.name}: " + ", ".join(f"{mart} {n:,}" for mart, n in rows.items()))
    print(f"{len(built)} variants built in {exports / 'variants'}, the others are up to date")
    return 0
