"""The marts built from the sample give the known answers, and the lineage that was drawn."""

import duckdb
import pytest
from expectations import differences, expected

from loaders.simulator import drawing, drawn_items, planted_models, sample

pytestmark = pytest.mark.xdist_group("planted")

WITHOUT_ANSWER = {"dirt/ambiguous-one", "dirt/ambiguous-two"}
"""Children whose rejections the definitions leave open: a text with two meanings beside tags."""


def children_with_answers():
    """Every child all of whose claims are known to end as edges or as rejections."""
    return {row["child_id"] for name in ("edges", "rejections") for row in expected(name)}


def in_list(names):
    return ", ".join(f"'{name}'" for name in sorted(names))


@pytest.mark.parametrize(
    ("mart", "table", "keys"),
    [
        ("lineage_edges", "edges", ("child_id", "parent_id")),
        ("disruption", "disruption", ("model_id", "window_name")),
        ("release_races", "races", ("parent_id", "child_id")),
        ("crowding", "crowding", ("parent_id", "child_id", "window_days")),
        ("hub_models", "positions", ("model_id",)),
        ("hub_models", "models", ("model_id",)),
        ("snapshot_changes", "snapshot_changes", ("snapshot_id", "model_id", "change")),
        ("model_metrics", "metrics", ("snapshot_id", "model_id")),
        ("benchmark_scores", "benchmark_scores", ("model_id", "benchmark", "source")),
        ("owners", "owners", ("owner",)),
        ("owner_claims", "owner_claims", ("source", "claimed_owner")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_known_answers(marts, mart, table, keys):
    assert differences(table, marts(f"from marts.{mart}"), keys) == []


def test_no_other_edge_of_these_children(marts):
    children = children_with_answers()
    rows = marts(f"from marts.lineage_edges where child_id in ({in_list(children)})")
    answers = {(row["child_id"], row["parent_id"]) for row in expected("edges")}
    assert {(row["child_id"], row["parent_id"]) for row in rows} == answers


def test_exactly_these_rejections(marts):
    children = children_with_answers() - WITHOUT_ANSWER
    rows = marts(f"from marts.lineage_rejections where child_id in ({in_list(children)})")
    columns = ("child_id", "claimed_parent", "evidence", "reason")
    found = sorted(tuple(row[column] for column in columns) for row in rows)
    assert found == sorted(
        tuple(row[column] for column in columns) for row in expected("rejections")
    )


def test_claims_without_a_value_make_no_edge(marts):
    children = [
        f"dirt/{kind}" for kind in ("null", "empty-text", "empty-list", "empty-list-literal")
    ]
    assert marts(f"from marts.lineage_edges where child_id in ({in_list(children)})") == []
    listed = marts(f"select model_id from marts.hub_models where model_id in ({in_list(children)})")
    assert len(listed) == len(children)


def test_ties_are_counted(marts):
    rows = marts("select child_id, n_ties from marts.release_races where parent_id = 'race/base'")
    ties = {row["child_id"]: row["n_ties"] for row in rows}
    alone = ties.pop("race-a/one")
    assert ties.pop("race-b/two") == ties.pop("race-c/three") == alone + 1
    assert set(ties.values()) == {alone}


def test_models_without_a_date_have_no_crowding(marts):
    undated = in_list(["race-a/on-floor", "race-b/undated"])
    rows = marts(
        "select n_rivals_before, n_rivals_after, n_rivals_around from marts.crowding "
        f"where child_id in ({undated})"
    )
    assert all(value is None for row in rows for value in row.values())


def test_family_of_the_chain(marts):
    (row,) = marts("from marts.families where root_id = 'chain/link-00'")
    assert row["n_models"] in (39, 40)
    assert (row["n_finetune"], row["n_adapter"], row["n_quantized"], row["n_merge"]) == (
        39,
        0,
        0,
        0,
    )
    assert (row["max_generation"], row["n_owners"], row["owner_hhi"]) == (39, 1, 1)


def test_what_cannot_be_read_or_is_private_is_no_model(marts):
    names = in_list(["dirt/private-true", "dirt/broken-json"])
    assert marts(f"from marts.hub_models where model_id in ({names})") == []
    assert marts("from marts.hub_models where model_id is null") == []


def test_ids_are_unique_whatever_their_case(marts):
    rows = marts(
        "select lower(model_id) as name from marts.hub_models group by all having count(*) > 1"
    )
    assert rows == []
    twins = marts("select model_id from marts.hub_models where lower(model_id) = 'dirt/case-twin'")
    assert len(twins) == 1


def test_unfinished_snapshot_is_not_read(marts):
    assert marts("from marts.model_metrics where snapshot_id > '20260903T040000Z'") == []
    assert marts("from marts.snapshot_changes where snapshot_id > '20260903T040000Z'") == []
    assert marts("from marts.hub_models where owner = 'unfinished'") == []
    assert marts("from marts.lineage_edges where child_id = 'unfinished/of-F'") == []


def test_no_other_change_of_these_models(marts):
    models = {row["model_id"] for row in expected("snapshot_changes")}
    models |= {row["model_id"] for row in expected("metrics")}
    models |= {"history/base", "history/other-base", "worked-example/F", "dirt/twice"}
    rows = marts(f"from marts.snapshot_changes where model_id in ({in_list(models)})")
    columns = ("snapshot_id", "model_id", "change")
    found = sorted(tuple(row[column] for column in columns) for row in rows)
    answers = expected("snapshot_changes")
    assert found == sorted(tuple(row[column] for column in columns) for row in answers)


def test_edges_are_what_was_drawn(marts):
    """The generator knows the lineage behind the dirty references of the drawn part."""
    moments = [sample.FIRST_SNAPSHOT + week * sample.WEEK for week in range(sample.SNAPSHOTS)]
    ecosystem = drawing.draw(sample.MODELS, moments, sample.SEED)
    with duckdb.connect() as connection:
        generator = drawn_items.Generator(connection, ecosystem)
        drawn = set(connection.execute(generator.edges(sample.SNAPSHOTS - 1)).fetchall())
    planted = {row[1].split("/")[0] for row in planted_models.planted(2) if row[1]}
    rows = marts("select child_id, parent_id from marts.lineage_edges")
    built = {
        (row["child_id"], row["parent_id"])
        for row in rows
        if row["child_id"].split("/")[0] not in planted
    }
    assert len(drawn) > 1200
    assert built - drawn == set()
    assert drawn - built == set()
