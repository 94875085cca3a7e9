"""The bill of materials: valid by the schema, true to the edges, the same each time."""

import json
from pathlib import Path

import duckdb
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from publications import publish, rows

from analysis.publish.cyclonedx import FILE, Bill, bill_named, write_bill
from analysis.studies.variables import open_exports
from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports

pytestmark = pytest.mark.xdist_group("publishing")

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)

EDGES = [
    ("o/mix", "o/left", "merge", "card", ["typed_tag", "card"], True),
    ("o/mix", "gone/right", "merge", "card", ["card"], False),
    ("o/left", "root", "finetune", "hub", ["hub"], True),
    ("o/leaf", "o/mix", "quantized", "inferred", ["typed_tag"], True),
    ("o/left", "o/leaf", "finetune", "hub", ["card"], True),
    ("o/other", "root", "finetune", "hub", ["hub"], True),
]
"""A merge with an unlisted parent, a chain, a cycle o/left -> o/leaf -> o/mix -> o/left."""


@pytest.fixture
def made_up() -> Exports:
    connection = duckdb.connect()
    connection.execute(
        "create table lineage_edges (child_id varchar, parent_id varchar, relation varchar, "
        "relation_source varchar, evidence varchar[], is_parent_listed boolean)"
    )
    connection.executemany("insert into lineage_edges values (?, ?, ?, ?, ?, ?)", EDGES)
    connection.execute(
        """
        create table hub_models as
        select id as model_id, licence as license, timestamp '2025-01-01 00:00:00.5' as created_at
        from (values ('root', 'mit'), ('o/left', null), ('o/mix', 'a "quoted" licence'),
                     ('o/leaf', 'mit'), ('o/other', 'mit'), ('o/alone', 'mit')) as t (id, licence)
        """
    )
    return Exports(connection, Path("nowhere"), "20260910T040000Z", "f" * 64)


def bill_of(exports: Exports, what: str, folder: Path) -> dict:
    """The document, which the schema of CycloneDX must allow."""
    write_bill(exports, bill_named(what), "1.0", folder)
    text = (folder / FILE).read_text("utf-8")
    assert VALIDATOR.validate_str(text) is None
    return json.loads(text)


def edges_in(document: dict) -> set[tuple]:
    """(child, parent, relation, source, evidence) of every ancestor."""
    found = set()
    for component in document["components"]:
        for ancestor in component.get("pedigree", {}).get("ancestors", []):
            said = [(one["name"], one["value"]) for one in ancestor["properties"]]
            named = dict(said)
            found.add((
                component["bom-ref"],
                ancestor["purl"].removeprefix("pkg:huggingface/"),
                named["hub_lineage:relation"],
                named["hub_lineage:relation_source"],
                tuple(value for name, value in said if name == "hub_lineage:evidence"),
                named["hub_lineage:is_listed"] == "true",
            ))  # fmt: skip
    return found


def test_a_bill_of_all_models_holds_every_edge_with_its_relation_and_evidence(made_up, tmp_path):
    document = bill_of(made_up, "all", tmp_path)
    assert edges_in(document) == {(*edge[:4], tuple(edge[4]), edge[5]) for edge in EDGES}
    assert [component["bom-ref"] for component in document["components"]] == [
        "gone/right", "o/alone", "o/leaf", "o/left", "o/mix", "o/other", "root",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "models"),
    [
        ("model:o/mix", {"o/mix", "o/left", "gone/right", "root", "o/leaf"}),
        ("model:O/Other", {"o/other", "root"}),
        ("model:gone/right", {"gone/right"}),
        ("family:gone/right", {"gone/right", "o/mix", "o/leaf", "o/left"}),
        ("family:root", {"root", "o/left", "o/mix", "o/leaf", "o/other"}),
        ("family:o/alone", {"o/alone"}),
    ],
)
def test_a_bill_holds_all_above_a_model_or_all_below_a_root(made_up, tmp_path, what, models):
    document = bill_of(made_up, what, tmp_path)
    assert {component["bom-ref"] for component in document["components"]} == models


def test_a_model_that_is_not_listed_says_so_and_claims_no_date(made_up, tmp_path):
    document = bill_of(made_up, "model:gone/right", tmp_path)
    assert document["components"][0]["properties"] == [
        {"name": "hub_lineage:is_listed", "value": "false"}
    ]


def test_the_same_exports_give_the_same_bytes_and_other_bills_other_numbers(made_up, tmp_path):
    numbers = set()
    for what in ("all", "model:o/mix", "family:root"):
        write_bill(made_up, bill_named(what), "1.0", tmp_path)
        first = (tmp_path / FILE).read_bytes()
        write_bill(made_up, bill_named(what), "1.0", tmp_path)
        assert (tmp_path / FILE).read_bytes() == first
        numbers.add(json.loads(first)["serialNumber"])
    assert len(numbers) == 3


@pytest.mark.parametrize(
    "what", ["", "everything", "all:o/mix", "all:", "model", "model:", "family:"]
)
def test_what_is_no_bill_is_refused_in_one_line(what):
    with pytest.raises(StudyError, match="give all, model:OWNER/NAME or family:OWNER/NAME"):
        bill_named(what)


def test_a_model_that_nobody_knows_is_refused(made_up, tmp_path):
    with pytest.raises(StudyError, match="hold no model o/nobody"):
        write_bill(made_up, Bill("model", "o/nobody"), "1.0", tmp_path)


def test_the_schema_would_find_a_document_that_is_wrong(made_up, tmp_path):
    document = bill_of(made_up, "all", tmp_path)
    document["components"][0]["pedigree"] = {"ancestors": [{"type": "model", "name": "x"}]}
    assert VALIDATOR.validate_str(json.dumps(document)) is not None


@pytest.mark.slow
def test_publish_adds_the_bill_of_the_sample_with_every_parent(exports, tmp_path):
    done = publish("--to", tmp_path / "data", "--cyclonedx", "all", exports=exports)
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "data" / FILE).read_text("utf-8")
    assert VALIDATOR.validate_str(text) is None
    document = json.loads(text)
    edges = rows(
        "select child_id, parent_id, relation, relation_source, evidence, is_parent_listed "
        f"from '{exports}/lineage_edges.parquet'"
    )
    assert edges_in(document) == {(*edge[:4], tuple(edge[4]), edge[5]) for edge in edges}
    n_models = rows(f"select count(*) from '{exports}/hub_models.parquet'")[0][0]
    n_listed = sum(
        {"name": "hub_lineage:is_listed", "value": "true"} in component["properties"]
        for component in document["components"]
    )
    assert n_listed == n_models
    assert f"{FILE}: CycloneDX 1.6, {len(document['components']):,} models" in done.stdout
    assert f" {FILE}\n" in (tmp_path / "data" / "checksums.sha256").read_text()


def test_a_bill_of_hashed_owners_is_refused(exports, tmp_path):
    done = publish(
        "--to", tmp_path / "data", "--cyclonedx", "all", "--hash-owners", exports=exports
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "leave out --hash-owners" in done.stderr
    assert not (tmp_path / "data").exists()


def test_one_familys_bill_has_the_models_of_the_family(exports, tmp_path):
    opened = open_exports(exports)
    root, n_models = opened.connection.execute(
        "select root_id, n_models from families order by n_models desc, root_id limit 1"
    ).fetchall()[0]
    document = bill_of(opened, f"family:{root}", tmp_path)
    assert len(document["components"]) == n_models + 1
