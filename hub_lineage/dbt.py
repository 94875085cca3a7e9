"""dbt as a subprocess, and what its manifest says about the project."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_lineage.errors import DISK_FULL, DbtError
from hub_lineage.paths import PROJECT

COMMAND = (sys.executable, "-m", "hub_lineage.dbt_command")

RESOURCE_TYPES = {
    "--resource-type", "--resource-types", "--exclude-resource-type", "--exclude-resource-types",
}  # fmt: skip
SELECTIONS = RESOURCE_TYPES | {"-s", "--select", "-m", "--models", "--exclude", "--selector"}
ALL_BUT_UNIT_TESTS = ("--selector", "all_but_unit_tests")
MODELS_AND_SEEDS = ("--selector", "models_and_seeds")

PARSES = PROJECT / "target" / "build"
"""Where dbt's parse of the project is kept, from the last successful build."""
READ = (
    "*.yml",
    "macros/**/*",
    "models/**/*",
    "seeds/**/*",
    "tests/**/*.sql",
    "tests/**/*.yml",
    "analysis/questions/**/*",
)
"""The files that dbt parses."""


# the runner


def run(
    arguments: Sequence[str],
    place: Path,
    *,
    target: str = "memory",
    environment: Mapping[str, str] | None = None,
    note: Callable[[str], None] | None = None,
    lock: int | None = None,
) -> str:
    """Run dbt on this project and return its stderr; its artifacts and log go to `place`.

    environment: variables on top of ours. note: called with each line of its output, which is
    otherwise dropped. lock: that of the folder dbt works in, which it holds as long as it runs. A
    DbtError with the reason if dbt fails.
    """
    with (
        tempfile.TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(
            command(arguments, place, target),
            cwd=PROJECT,
            env=os.environ | dict(environment or {}),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            pass_fds=[] if lock is None else [lock],
            preexec_fn=end_with_parent,
        ) as dbt,
    ):
        try:
            for line in dbt.stdout or ():
                if note is not None:
                    note(line)
            dbt.wait()
        except BaseException:
            dbt.kill()
            raise
        errors.seek(0)
        stderr = errors.read()
    if dbt.returncode:
        raise DbtError(reason(place, stderr), 1 if dbt.returncode == 1 else 2)
    return stderr


def command(arguments: Sequence[str], place: Path, target: str) -> list[str]:
    """The command line of dbt on this project."""
    options = {
        "--project-dir": PROJECT,
        "--profiles-dir": PROJECT,
        "--target": target,
        "--target-path": place / "target",
        "--log-path": place / "logs",
    }
    return [*COMMAND, *arguments, *(str(text) for option in options.items() for text in option)]


def without_unit_tests(arguments: Sequence[str]) -> list[str]:
    """The arguments of `dbt build`, without unit tests unless types of resources are given."""
    names = {argument.split("=")[0] for argument in arguments}
    if not names & SELECTIONS:
        return [*arguments, *ALL_BUT_UNIT_TESTS]
    if not names & RESOURCE_TYPES:
        # dbt would take a selector as the whole selection and ignore the one that is given.
        return [*arguments, "--exclude-resource-type", "unit_test"]
    return list(arguments)


def end_with_parent() -> None:
    """Have Linux end this process when its parent ends, so that a killed build leaves no dbt."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def kept_parse() -> Path:
    """The file for dbt's parse of the project in its present state; it may not exist.

    dbt could start from the parse of an earlier state, but fails where a macro with a description
    has been removed since, until everything is parsed anew.
    """
    digest = hashlib.sha256()
    for path in sorted({path for pattern in READ for path in PROJECT.glob(pattern)}):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(PROJECT)} {len(content)}\n".encode() + content)
    return PARSES / f"{digest.hexdigest()}.msgpack"


def keep_parse(made: Path, kept: Path) -> None:
    """Keep dbt's parse of the project for the next build, in place of earlier ones.

    It only saves time: where it cannot be kept, the next build parses all files again.
    """
    with contextlib.suppress(OSError):
        content = made.read_bytes()
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as copy:
            copy.write(content)
        os.replace(copy.name, kept)
        for other in set(kept.parent.glob("*.msgpack")) - {kept}:
            other.unlink(missing_ok=True)


def reason(workshop: Path, stderr: str) -> str:
    """Why dbt failed: its failed steps, what stopped it, or what it said about its arguments."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        results = json.loads((workshop / "target" / "run_results.json").read_text())["results"]
        failed = [
            f"{result['unique_id'].split('.')[2]} "
            f"({sentence_of(result['message'] or result['status'])})"
            for result in results
            if result["status"] in ("error", "fail", "runtime error")
        ]
        if failed:
            more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
            return f"dbt build failed in {failed[0]}{more}"
    with contextlib.suppress(OSError):
        log = (workshop / "logs" / "dbt.log").read_text(encoding="utf-8", errors="replace")
        _, found, text = log.rpartition("Encountered an error:")
        if found:
            return sentence_of(text)
    if DISK_FULL.search(stderr):
        return "the disk is full"
    for line in stderr.splitlines():
        if line.startswith("Error: "):
            return f"dbt: {line.removeprefix('Error: ')}"
    return " ".join(stderr.split())[-300:] or "dbt ended without a message"


def sentence_of(text: str) -> str:
    """The sentence in a message of dbt, without the heading, SQL and macros around it."""
    text = re.sub(r"\x1b\[\d+m", "", text).strip()
    if DISK_FULL.search(text):
        return "the disk is full"
    sentence, *_ = re.split(r"\n\s*\n|\n\d\d:\d\d:\d\d|\n.*Traceback", text, maxsplit=1)
    heading, _, rest = sentence.partition("\n")
    return " ".join((rest if rest and " Error" in heading else sentence).split())[:400]


# the manifest


@dataclass(frozen=True)
class Column:
    """A column of a mart; its type as the contract names it."""

    name: str
    type: str
    description: str
    is_nullable: bool


@dataclass(frozen=True)
class Mart:
    """A mart as its YAML describes it; the columns of `grain` identify a row."""

    name: str
    description: str
    grain: tuple[str, ...]
    columns: tuple[Column, ...]


def read_manifest(place: Path) -> dict:
    """The manifest that dbt left in the folder of its run."""
    return json.loads((place / "target" / "manifest.json").read_text("utf-8"))


def marts_in(manifest: Mapping) -> list[Mart]:
    """The marts, sorted by name."""
    nodes = manifest["nodes"].values()
    models = [one for one in nodes if one["resource_type"] == "model" and "marts" in one["fqn"]]
    return [mart_of(one) for one in sorted(models, key=lambda one: one["name"])]


def mart_of(node: Mapping) -> Mart:
    """A mart from its node in the manifest."""
    columns = tuple(
        Column(
            name,
            column["data_type"] or "",
            column["description"].strip(),
            all(constraint["type"] != "not_null" for constraint in column.get("constraints", ())),
        )
        for name, column in node["columns"].items()
    )
    grain = tuple(node["config"].get("meta", {}).get("grain", ()))
    return Mart(node["name"], node["description"].strip(), grain, columns)
