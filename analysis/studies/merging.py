"""Merges a run of some specifications into earlier results: its rows replace their earlier ones.

Other rows are kept only if they are of the same exports, so that landings are never mixed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

import duckdb
import pandas as pd

from analysis.studies import records
from analysis.studies.records import Rows
from analysis.studies.result_tables import read
from analysis.studies.specifications import Specification, all_specifications
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports
from hub_lineage.sql import files_in_sql

OWN = (
    "estimates", "specifications", "claims", "curve", "calibration", "arithmetic",
    "verdict_calibration",
)  # fmt: skip
"""The tables that are not additional ones of a specification."""


@dataclass(frozen=True)
class Earlier:
    """The results in a folder, without the rows of the specifications that are run anew.

    `runs`: the manifest's descriptions of the runs that they come from; `run_of`: the number of
    each specification's run.
    """

    estimates: list[dict] = field(default_factory=list)
    specifications: list[dict] = field(default_factory=list)
    curve: list[dict] = field(default_factory=list)
    tables: Mapping[str, Rows] = field(default_factory=dict)
    runs: list[dict] = field(default_factory=list)
    run_of: Mapping[str, int] = field(default_factory=dict)


def earlier(folder: Path, exports: Exports, asked: Sequence[Specification]) -> Earlier:
    """The results in a folder that are kept when only `asked` is run; empty if there are none.

    A StudyError if they are of other exports or cannot be read, so that they are not lost.
    """
    if not (folder / "estimates.parquet").exists():
        return Earlier()
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        is_same = manifest["landing_hash"] == exports.content_hash
        if is_same:
            return kept(folder, manifest, asked)
    except (OSError, ValueError, KeyError, duckdb.Error) as error:
        raise StudyError(
            f"the results in {folder} cannot be read ({' '.join(str(error).split())}), so these "
            "specifications cannot join them: run all of them, or set HUB_RESULTS to another folder"
        ) from error
    raise StudyError(
        f"the results in {folder} are of other exports, which these specifications cannot join: "
        "run all of them, or set HUB_RESULTS to another folder"
    )


def kept(folder: Path, manifest: Mapping, asked: Sequence[Specification]) -> Earlier:
    """The rows in a folder of specifications that are not asked for."""
    names = {one.specification_id for one in asked}
    every = {one.specification_id for one in all_specifications()}

    def stays(specification_id: str) -> bool:
        owner = owner_of(specification_id, every)
        return owner is not None and owner not in names

    def rows(name: str) -> list[dict]:
        return [row for row in read(folder / f"{name}.parquet") if stays(row["specification_id"])]

    has_curve = any(one.method == "curve" for one in asked)
    further = [path.stem for path in sorted(folder.glob("*.parquet")) if path.stem not in OWN]
    return Earlier(
        estimates=rows("estimates"),
        specifications=rows("specifications"),
        curve=[] if has_curve else read(folder / "curve.parquet"),
        tables={
            name: frame_of(folder / f"{name}.parquet", stays) if name in records.FURTHER
            else rows(name)
            for name in further
        },
        runs=manifest["runs"],
        run_of={
            name: told["run"] for name, told in manifest["specifications"].items() if stays(name)
        },
    )  # fmt: skip


def owner_of(specification_id: str, every: set[str]) -> str | None:
    """The specification that made a row: itself, or the one that has it as a further equation.

    None if there is no such specification any more.
    """
    name = specification_id
    while name not in every:
        name, dot, _ = name.rpartition(".")
        if not dot:
            return None
    return name


def frame_of(path: Path, stays: Callable[[str], bool]) -> pd.DataFrame:
    """The rows to keep of a table with a row per model."""
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select distinct specification_id from read_parquet({files_in_sql(path)})"
        ).fetchall()
        names = [name for (name,) in found if stays(name)]
        return connection.execute(
            f"from read_parquet({files_in_sql(path)}) "
            "where list_contains($names, specification_id)",
            {"names": names},
        ).df()


@overload
def joined(before: list[dict], new: list[dict]) -> list[dict]: ...
@overload
def joined(before: Rows, new: Rows) -> Rows: ...
def joined(before: Rows, new: Rows) -> Rows:
    """Both in the order of the specifications; the rows of each keep their order."""
    order = {one.specification_id: place for place, one in enumerate(all_specifications())}
    every = set(order)

    def place(specification_id: str) -> int:
        return order[owner_of(specification_id, every) or specification_id]

    if isinstance(new, pd.DataFrame) or isinstance(before, pd.DataFrame):
        both = pd.concat([pd.DataFrame(part) for part in (before, new) if len(part)])
        return both.sort_values(
            "specification_id", key=lambda column: column.map(place), kind="stable"
        )
    return sorted([*before, *new], key=lambda row: place(row["specification_id"]))
