"""Publishes the tables as a data set: one folder, described in formats that other tools read.

    python -m analysis publish --to FOLDER                        write and validate it
    python -m analysis publish --to FOLDER --hash-owners          without owners' handles
    python -m analysis publish --to FOLDER --push ME/SET --dry-run   what would be sent

The folder holds the marts as Parquet (data/), the studies' tables if they were made from the same
exports (results/), the SQL of each published number (sql/), a dataset card, a data dictionary,
Croissant metadata, a Frictionless data package and checksums. The same exports, results and options
give the same bytes. An earlier publication in the folder is replaced at the end, other files never.

Nothing is sent without --push. The repository is private unless --public is given; the token is the
one that huggingface_hub finds (HF_TOKEN, or its login). Files of an earlier push are kept.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import disable_progress_bars, validate_repo_id

from analysis.publish.card import card, dictionary
from analysis.publish.cyclonedx import FILE as BILL
from analysis.publish.cyclonedx import VERSION as CYCLONEDX
from analysis.publish.cyclonedx import Bill, bill_named, write_bill
from analysis.publish.facts import Facts
from analysis.publish.project import Project, compiled
from analysis.publish.published_tables import SHORTEST_SALT, check_hidden, write_tables
from analysis.publish.queries import write_queries
from analysis.studies.variables import open_exports
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports, n_models
from hub_lineage.files import digest_of, replace_folder, workshop
from hub_lineage.paths import PROJECT, version
from hub_lineage.progress import Progress
from hub_lineage.scopes import SCOPES, scope_of
from hub_lineage.sql import one_line

CHECKSUMS = "checksums.sha256"
FEWEST = 6
"""The fewest different characters, and steps between neighbours, of a safe salt."""

SECONDS = 25.0
SECONDS_A_MODEL = 1e-5
"""The time of a publication on one core."""

CHECKED_ROWS = 200
"""How many rows of each table the formats' own tools read, at a millisecond or more for each."""


@dataclass(frozen=True)
class Options:
    """What the publisher says about the data; see `--help`."""

    scope: str = "selection"
    licence: str = "other"
    attribution: str = ""
    salt: str | None = None
    repository: str | None = None
    bill: Bill | None = None


def add_arguments(command) -> None:
    """Declare the options of `python -m analysis publish`."""
    command.description = __doc__
    command.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    command.add_argument(
        "--scope",
        choices=SCOPES,
        help="what the landing holds (default: sample if it is the sample, else selection)",
    )
    command.add_argument(
        "--license",
        default=None,
        metavar="ID",
        help="licence of the data: cc-by-4.0, other (default)",
    )
    command.add_argument(
        "--attribution", default="", help="source of the data, a line for the card"
    )
    command.add_argument(
        "--hash-owners",
        action="store_true",
        help="replace owners by hashes, salted with the secret in HUB_SALT",
    )
    command.add_argument(
        "--cyclonedx",
        metavar="WHAT",
        help="add a bill of materials: all, model:OWNER/NAME or family:OWNER/NAME",
    )
    command.add_argument("--push", metavar="OWNER/NAME", help="send it to the Hub as a data set")
    command.add_argument("--public", action="store_true", help="with --push: a public repository")
    command.add_argument(
        "--dry-run", action="store_true", help="with --push: list files and sizes, send nothing"
    )
    command.set_defaults(main=main)


def main(arguments) -> int:
    """Carry out `python -m analysis publish`; a StudyError if anything is wrong."""
    if (arguments.dry_run or arguments.public) and not arguments.push:
        print("error: --dry-run and --public need --push OWNER/NAME", file=sys.stderr)
        return 2
    if arguments.cyclonedx and arguments.hash_owners:
        print("error: a bill of materials names owners; leave out --hash-owners", file=sys.stderr)
        return 2
    bill = bill_named(arguments.cyclonedx) if arguments.cyclonedx else None
    if arguments.push:
        check_repository(arguments.push)
    target = Path(os.path.abspath(arguments.to))
    check_target(target)
    with workshop(target, "the data set", "name another folder with --to"):
        pass  # finds out at once whether the folder can be written
    salt = salt_from_environment() if arguments.hash_owners else None
    project = compiled()
    exports = open_exports(arguments.exports, needed=tuple(project.marts))
    scope = scope_of(exports.snapshot_id, arguments.scope)
    licence = arguments.license or ("apache-2.0" if scope == "sample" else "other")
    options = Options(
        scope, licence, " ".join(arguments.attribution.split()), salt, arguments.push, bill
    )
    checked = publish(exports, arguments.results, target, project, options)
    for line in checked:
        print(line)
    if arguments.push and arguments.dry_run:
        list_files(target, arguments.push)
    elif arguments.push:
        print(push(target, arguments.push, arguments.public))
    return 0


# the folder


def publish(
    exports: Exports, results: Path, target: Path, project: Project, options: Options
) -> list[str]:
    """Write and validate the folder; return lines on what it holds and what was checked."""
    # Imported here: these take seconds to load, and other commands load this module too.
    from analysis.publish.croissant import check_croissant, write_croissant
    from analysis.publish.data_package import check_data_package, write_data_package

    with new_folder(target) as folder, Progress("publish", 4, "steps") as shown:
        shown.announce(SECONDS + SECONDS_A_MODEL * n_models(exports))
        shown.advance(0, "tables")
        tables = write_tables(exports, project.marts, folder / "data", options.salt)
        names = () if options.salt else copy_results(exports, results, folder / "results")
        n_rows = {table.mart.name: table.n_rows for table in tables}
        n_snapshots = exports.connection.execute(
            "select count(distinct snapshot_id) from model_metrics"
        ).fetchall()[0][0]
        facts = Facts(
            exports.snapshot_id, exports.content_hash, options.scope, options.licence,
            options.attribution, version(), options.salt is not None, n_rows["hub_models"],
            n_rows["lineage_edges"], n_snapshots, tables, names,
            options.repository or Facts.repository,
        )  # fmt: skip
        shown.advance(1, "queries and descriptions")
        write_queries(project, folder / "sql", names)
        (folder / "README.md").write_text(card(facts), encoding="utf-8")
        (folder / "DICTIONARY.md").write_text(dictionary(facts), encoding="utf-8")
        shutil.copyfile(PROJECT / "CITATION.cff", folder / "CITATION.cff")
        if options.bill:
            n_billed, n_parents = write_bill(exports, options.bill, facts.version, folder)
        write_data_package(facts, folder)
        write_croissant(facts, folder, hashes_of(folder))
        hashes = hashes_of(folder)
        lines = [f"{digest}  {name}\n" for name, digest in hashes.items()]
        (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
        if options.salt:
            n_sought = check_hidden(exports, tables, folder)
        shown.advance(1, "check by mlcroissant")
        n_records = check_croissant(facts, folder, CHECKED_ROWS)
        shown.advance(1, "check by frictionless")
        n_checked = check_data_package(folder, CHECKED_ROWS)
    size = sum(path.stat().st_size for path in files_of(target))
    beside = f", {len(names)} tables of results" if names else ""
    return [
        f"{target}: {len(tables)} tables{beside}, {len(hashes) + 1} files, {size:,} bytes; "
        f"snapshot {facts.snapshot_id} ({facts.scope}), {facts.n_models:,} models",
        f"croissant.json: valid, {n_records:,} records read by mlcroissant",
        f"datapackage.json: valid, {n_checked:,} rows checked by frictionless",
        *(
            [f"{BILL}: CycloneDX {CYCLONEDX}, {n_billed:,} models with {n_parents:,} parents"]
            if options.bill
            else []
        ),
        *([f"owners are hashed: none of {n_sought:,} names and ids found"] if options.salt else []),
    ]


def copy_results(exports: Exports, results: Path, folder: Path) -> tuple[str, ...]:
    """Copy the studies' tables if they were made from these exports; return their names."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        made_from = json.loads((results / "manifest.json").read_text("utf-8"))["landing_hash"]
        if made_from == exports.content_hash:
            folder.mkdir()
            paths = sorted(results.glob("*.parquet"))
            others = [path.name for path in paths if not path.stem.isidentifier()]
            if others:
                raise StudyError(
                    f"{others[0]!r} in {results} is not a table of results: move it elsewhere"
                )
            for path in paths:
                shutil.copyfile(path, folder / path.name)
            return tuple(path.stem for path in paths)
    return ()


def salt_from_environment() -> str:
    """The secret in HUB_SALT; a StudyError if it is missing or easy to guess."""
    salt = os.environ.get("HUB_SALT", "")
    if is_guessable(salt):
        raise StudyError(
            f"--hash-owners needs a secret of {SHORTEST_SALT} characters or more in HUB_SALT that "
            "nobody can guess, such as `openssl rand -hex 16` prints; keep it, so that the next "
            "snapshot gets the same hashes",
            2,
        )
    return salt


def is_guessable(salt: str) -> bool:
    """Whether a salt is short, a repeated text, or a run such as `abcdef` or `123456`."""
    text = "".join(salt.split()).lower()
    steps = {ord(later) - ord(one) for one, later in itertools.pairwise(text)}
    is_repeated = text in (text + text)[1:-1]
    return len(text) < SHORTEST_SALT or is_repeated or min(len({*text}), len(steps)) < FEWEST


def files_of(folder: Path) -> list[Path]:
    """All files below a folder, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def hashes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of each file, by its path in the folder."""
    return {path.relative_to(folder).as_posix(): digest_of(path) for path in files_of(folder)}


def check_target(target: Path) -> None:
    """A StudyError unless the folder is missing, empty, or holds only a publication."""
    if not target.exists():
        return
    if not target.is_dir():
        raise StudyError(f"{target} is not a folder")
    found = {path.relative_to(target).as_posix() for path in files_of(target)}
    ours = {CHECKSUMS}
    with contextlib.suppress(OSError, ValueError):
        lines = (target / CHECKSUMS).read_text("utf-8").splitlines()
        ours |= {line[66:] for line in lines}
    if found - ours:
        raise StudyError(
            f"{target} holds files that do not belong to a publication ({min(found - ours)}): "
            "choose an empty folder"
        )


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A hidden folder beside the target, which it replaces if all goes well."""
    with workshop(target, "the data set", "name another folder with --to") as place:
        folder = place / "new"
        folder.mkdir()
        try:
            yield folder
        except duckdb.Error as error:
            raise StudyError(
                f"cannot write {target} ({one_line(error)}): it is as it was"
            ) from error
        # Files may have been added while the folder was made.
        check_target(target)
        replace_folder(folder, target)


# the Hub


def check_repository(name: str) -> None:
    """A StudyError unless the name is `owner/name` as the Hub allows it."""
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise StudyError(f"--push: {error}", 2) from error
    if "/" not in name:
        raise StudyError(f"--push: {name} names no owner; write OWNER/NAME", 2)


def list_files(folder: Path, repository: str) -> None:
    """Print what `push` would send."""
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files_of(folder)}
    print(f"dry run: nothing was sent; these files would go to the data set {repository}:")
    for name, size in sizes.items():
        print(f"{size:>14,}  {name}")
    print(f"{sum(sizes.values()):>14,}  bytes in {len(sizes)} files")


def push(folder: Path, repository: str, is_public: bool) -> str:
    """Send the folder to the Hub in one commit; return a line that says where it is.

    A StudyError if it cannot be sent.
    """
    api = HfApi()
    disable_progress_bars()
    package = json.loads((folder / "datapackage.json").read_text("utf-8"))
    try:
        api.create_repo(repository, repo_type="dataset", private=not is_public, exist_ok=True)
        api.upload_folder(
            repo_id=repository,
            repo_type="dataset",
            folder_path=folder,
            commit_message=package["title"],
        )
    except Exception as error:
        # The library may raise anything for an odd answer, for example a KeyError.
        said = str(error).strip().splitlines() or [""]
        kind = "" if isinstance(error, HfHubHTTPError | OSError) else f"{type(error).__name__}: "
        raise StudyError(
            f"cannot send {folder} to {repository} ({kind}{said[0]}); the folder itself is complete"
        ) from error
    return f"sent to the data set {repository}"
