"""Little data is no evidence: landings too small for a claim leave it open, or say why not."""

import shutil
from pathlib import Path

import duckdb
import pytest

from analysis.studies import claims, judging
from analysis.studies.methods import METHODS, Context
from analysis.studies.running import entry
from analysis.studies.specifications import all_specifications
from analysis.studies.variables import open_exports
from hub_lineage.sql import files_in_sql, literal

ON_ENTRANTS = ("B1", "B2", "B3", "B4", "B5", "H1", "H2", "H3", "H4", "H5", "H6", "H7")
ON_LIKES = ("B1", "B2", "B3", "B4", "B5")
FAMILY = "(select root_id from hub_models group by root_id order by count(*) desc, root_id limit 1)"
LANDINGS = {
    "one family": {
        "hub_models": f"select * from hub_models where root_id = {FAMILY}",
        "recognition_panel": f"select * from recognition_panel where root_id = {FAMILY}",
        "disruption_panel": f"select * from disruption_panel where root_id = {FAMILY}",
        "disruption": "select disruption.* from disruption inner join hub_models using (model_id) "
        f"where root_id = {FAMILY}",
    },
    "no likes": {
        "recognition_panel": "select * replace (null::bigint as likes, "
        "null::bigint as base_likes_at_snapshot) from recognition_panel",
        "hub_models": "select * replace (null::bigint as likes) from hub_models",
    },
    "fifty entrants": {
        "recognition_panel": "select * from recognition_panel where sample_exclusion is null "
        "order by md5(child_id || parent_id) limit 50",
    },
}
"""What of the sample is left, as SQL over its marts."""


def landing(sample: Path, folder: Path, changes: dict[str, str]) -> Path:
    """The sample's exports with some marts changed."""
    folder.mkdir()
    with duckdb.connect() as connection:
        for path in sample.glob("*.parquet"):
            connection.execute(
                f'create view "{path.stem}" as from read_parquet({files_in_sql(path)})'
            )
            if path.stem not in changes:
                shutil.copy(path, folder)
        snapshot = connection.execute("select max(snapshot_id) from model_metrics").fetchall()[0][0]
        for mart, sql in changes.items():
            connection.execute(
                f"copy ({sql}) to {literal(folder / f'{mart}.parquet')} "
                f"(format parquet, kv_metadata {{snapshot_id: {literal(snapshot)}}})"
            )
    return folder


def verdicts_on(folder: Path) -> dict[str, dict]:
    """The row of each claim's test, from the specifications that carry a verdict."""
    exports = open_exports(folder)
    wanted = {
        claim["test"]["specification"] for claim in claims.document()["claims"]
        if "specification" in claim["test"]
    }  # fmt: skip
    wanted |= {name.split(".")[0] for name in wanted if name.startswith("RR24")}
    context = Context(exports, 1, 5)
    results = [
        result
        for one in all_specifications()
        if one.specification_id in wanted
        for result in METHODS[one.method](context, one)
    ]
    tables = [row for result in results for row in result.tables.get("contrasts", ())]
    found = claims.Results(
        [row for result in results for row in result.estimates],
        [entry(result) for result in results],
        contrasts=tables,
    )
    return {row["claim_id"]: row for row in judging.judge(exports, found) if row["role"] == "test"}


@pytest.mark.parametrize(
    ("name", "judged"),
    [("one family", None), ("no likes", ON_LIKES), ("fifty entrants", ON_ENTRANTS)],
)
def test_too_little_data_supports_nothing(sample_exports, tmp_path, name, judged):
    found = verdicts_on(landing(sample_exports, tmp_path / "exports", LANDINGS[name]))
    for claim_id in judged or found:
        row = found[claim_id]
        assert row["verdict"] in ("inconclusive", "not_testable_here"), row
        assert row["verdict_reason"], row


def test_one_snapshot_judges_nothing_at_a_fixed_age(sample_exports):
    """The sample has one snapshot: likes at 30 days are no choice that carries a verdict there."""
    rows = judging.judge(open_exports(sample_exports), claims.Results((), ()))
    at_fixed_age = [row for row in rows if row["specification_id"] == "RR6"]
    assert at_fixed_age
    assert {row["role"] for row in at_fixed_age} == {"other"}
