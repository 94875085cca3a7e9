"""Tables beside the snapshots name parents: compared weights and the prose of model cards."""

from pathlib import Path

import duckdb
import pytest

from support import dbt, item, read, write_landing

NO_TESTS = ("--resource-type", "model", "--resource-type", "seed")

pytestmark = pytest.mark.xdist_group("evidence_beside")

ALL_PHASES = (
    "{edge_phases: [hub, typed_tag, untyped_tag, card, adapter_config, card_text, name, weights]}"
)

WEIGHTS = """
    select *, 'tool' as tool, 'list' as source
    from (values
        ('LAB/secret', 'acme/base-7b', 0.9), ('lab/tune', 'acme/Base-7B', null),
        ('lab/gone', 'acme/Base-7B', 1.0)
    ) as pairs (child_id, parent_id, score)
"""
CARDS = """
    select *, 'dump' as source
    from (values
        ('lab/prose', 'A fine-tuned version of [Base](https://huggingface.co/acme/Base-7B).'),
        ('lab/tune', 'Base model: acme/Base-7B')
    ) as cards (model_id, card)
"""


@pytest.fixture(scope="module")
def landing(tmp_path_factory) -> Path:
    """A base, a child that declares it, and children of which only a table or a name tells."""
    folder = tmp_path_factory.mktemp("beside")
    items = [
        item("acme/Base-7B", "2025-01-01"),
        item("lab/tune", "2025-02-01", declared=["acme/Base-7B"]),
        item("lab/secret", "2025-02-02"),
        item("lab/prose", "2025-02-03"),
        item("lab/Base-7B-GGUF", "2025-02-04"),
    ]
    write_landing(folder / "landing", {"20261003T131904Z": items})
    for table, rows in {"weights": WEIGHTS, "cards": CARDS}.items():
        (folder / "landing" / table).mkdir()
        duckdb.sql(rows).write_parquet(str(folder / "landing" / table / "one.parquet"))
    return folder / "landing"


def built_from(landing: Path, folder: Path, *arguments: str) -> Path:
    """A database of the edges and of what became of the claims."""
    database = folder / "hub_lineage.duckdb"
    chosen = ("--select", "+lineage_edges", "+lineage_rejections", "+weight_pairs")
    dbt("build", *chosen, *NO_TESTS, *arguments, landing=landing, database=database)
    return database


def test_weights_and_cards_make_no_edge_until_their_phase_is_in_use(landing, tmp_path):
    database = built_from(landing, tmp_path)
    edges = read(database, "select child_id, evidence from marts.lineage_edges")
    assert edges == [{"child_id": "lab/tune", "evidence": ["card"]}]
    kept = read(
        database,
        "select child_id, evidence, reason from marts.lineage_rejections order by all",
    )
    assert [tuple(row.values()) for row in kept] == [
        ("lab/Base-7B-GGUF", "name", "phase_not_in_use"),
        ("lab/prose", "card_text", "phase_not_in_use"),
        ("lab/secret", "weights", "phase_not_in_use"),
        ("lab/tune", "card_text", "phase_not_in_use"),
        ("lab/tune", "weights", "phase_not_in_use"),
    ]
    reasons = read(
        database, "select child_id, rejection_reason from marts.weight_pairs order by all"
    )
    assert [tuple(row.values()) for row in reasons] == [
        ("lab/gone", "child_not_listed"),
        ("lab/secret", "phase_not_in_use"),
        ("lab/tune", "phase_not_in_use"),
    ]


@pytest.mark.slow
def test_in_use_they_make_edges_that_say_whence_they_come(landing, tmp_path):
    database = built_from(landing, tmp_path, "--vars", ALL_PHASES)
    edges = read(
        database,
        "select child_id, parent_id, evidence, first_evidence from marts.lineage_edges "
        "order by all",
    )
    assert [tuple(row.values()) for row in edges] == [
        ("lab/Base-7B-GGUF", "acme/Base-7B", ["name"], "name"),
        ("lab/prose", "acme/Base-7B", ["card_text"], "card_text"),
        ("lab/secret", "acme/Base-7B", ["weights"], "weights"),
        ("lab/tune", "acme/Base-7B", ["card", "card_text", "weights"], "card"),
    ]
    scores = read(
        database,
        "select parent_id, score from marts.weight_pairs "
        "where rejection_reason is null order by all",
    )
    assert [tuple(row.values()) for row in scores] == [
        ("acme/Base-7B", 0.9),
        ("acme/Base-7B", None),
    ]
