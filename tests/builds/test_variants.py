"""Panels under other choices of the data: the same formulas, a folder for each choice."""

import json
from argparse import Namespace

import duckdb
import pytest

from analysis.studies import variants
from analysis.studies.variants import (
    MARTS,
    Variant,
    build_variants,
    list_variants,
    models_that_depend_on,
)
from hub_lineage.errors import BuildError
from support import build, item, slow_in_group, write_landing

CONFIGURED = Variant("as_configured", "As it is.", {})
OTHER_OWNERS = Variant("other_owners", "No edge within an owner.", {"edge_owners": "other_owner"})
SNAPSHOT = "20261003T131904Z"


def small_hub():
    """A base with four entrants, one of its own owner, and what is built on them."""
    return [
        item("lab/base", "2025-01-01", likes=9),
        item("lab/own", "2025-01-05", ["lab/base"], "finetune", likes=5),
        item("ann/tune", "2025-01-08", ["lab/base"], "finetune", likes=4),
        item("bob/quant", "2025-02-01", ["lab/base"], "quantized", likes=1),
        item("ann/merge", "2025-03-01", ["lab/base", "ann/tune"], "merge", likes=2),
        item("cat/leaf", "2025-03-02", ["ann/tune"], "adapter", likes=0),
    ]


def rows(path, order="all"):
    with duckdb.connect() as connection:
        return connection.execute(f"from '{path}' order by {order}").fetchall()


on_built_variants = slow_in_group("variants")


@pytest.fixture(scope="module")
def landing(tmp_path_factory):
    return write_landing(tmp_path_factory.mktemp("variants") / "landing", {SNAPSHOT: small_hub()})


@pytest.fixture(scope="module")
def exports(landing):
    """Two variants of the small Hub, built one after the other."""
    folder = landing.parent / "exports"
    build_variants(landing, folder, variants=[CONFIGURED, OTHER_OWNERS])
    return folder


@on_built_variants
def test_a_variant_is_what_a_whole_build_with_its_variables_gives(landing, exports, tmp_path):
    for variant in (CONFIGURED, OTHER_OWNERS):
        database = tmp_path / f"{variant.name}.duckdb"
        build(landing, database, variant.variables)
        with duckdb.connect(str(database), read_only=True) as connection:
            for mart in MARTS:
                whole = connection.execute(f"from marts.{mart} order by all").fetchall()
                assert whole == rows(exports / "variants" / variant.name / f"{mart}.parquet")


@on_built_variants
def test_ranks_follow_from_the_choice(exports):
    def ranks(name):
        path = exports / "variants" / name / "recognition_panel.parquet"
        with duckdb.connect() as connection:
            found = connection.execute(
                f"select child_id, release_rank from '{path}' where parent_id = 'lab/base'"
            )
            return dict(found.fetchall())

    configured = {"lab/own": 1, "ann/tune": 2, "bob/quant": 3, "ann/merge": 4}
    assert ranks("as_configured") == configured
    assert ranks("other_owners") == {"ann/tune": 1, "bob/quant": 2, "ann/merge": 3}


@on_built_variants
def test_a_record_says_what_a_variant_is(exports):
    record = json.loads((exports / "variants" / "other_owners" / "variant.json").read_text())
    assert record["variables"] == {"edge_owners": "other_owner"}
    assert record["snapshot_id"] == SNAPSHOT
    assert record["rows"]["recognition_panel"] == 4
    assert len(record["content_hash"]) == 64


@on_built_variants
def test_nothing_else_is_left_behind(exports):
    assert [path.name for path in exports.iterdir()] == ["variants"]
    for folder in (exports / "variants").iterdir():
        assert {path.name for path in folder.iterdir()} == {
            "variant.json",
            *(f"{mart}.parquet" for mart in MARTS),
        }


@on_built_variants
def test_only_what_is_out_of_date_is_built(landing, exports, monkeypatch):
    def no_dbt(*_):
        raise AssertionError("dbt was called")

    monkeypatch.setattr(variants.build, "run_dbt", no_dbt)
    assert build_variants(landing, exports, variants=[CONFIGURED, OTHER_OWNERS]) == []
    (landing / "benchmarks").mkdir()
    duckdb.sql("select 'lab/base' as model_id").write_parquet(str(landing / "benchmarks/a.parquet"))
    with pytest.raises(AssertionError, match="dbt was called"):
        build_variants(landing, exports, variants=[CONFIGURED, OTHER_OWNERS])


@on_built_variants
def test_variables_of_the_build_stay_under_each_choice(tmp_path):
    landing = write_landing(tmp_path / "landing", {SNAPSHOT: small_hub()})
    common = {"edge_relations": ["finetune", "merge"]}
    exports = tmp_path / "exports"
    build_variants(landing, exports, variants=[CONFIGURED, OTHER_OWNERS], variables=common)
    record = json.loads((exports / "variants" / "other_owners" / "variant.json").read_text())
    assert record["variables"] == {**common, "edge_owners": "other_owner"}
    entrants = {
        name: {
            child
            for (child,) in duckdb.sql(
                f"select child_id from '{exports}/variants/{name}/recognition_panel.parquet'"
            ).fetchall()
        }
        for name in ("as_configured", "other_owners")
    }
    assert entrants["as_configured"] - entrants["other_owners"] == {"lab/own"}
    assert "bob/quant" not in entrants["as_configured"]


@on_built_variants
def test_a_build_that_fails_leaves_the_variant_as_it_was(landing, exports):
    before = rows(exports / "variants" / "other_owners" / "recognition_panel.parquet")
    with pytest.raises(BuildError, match=r"variant other_owners: .*benchmarks has no column") as no:
        build_variants(landing, exports, variants=[OTHER_OWNERS])
    assert "\n" not in str(no.value)
    assert rows(exports / "variants" / "other_owners" / "recognition_panel.parquet") == before


def test_the_choices_of_the_project_change_one_thing_each():
    choices = list_variants()
    assert choices[0].variables == {}
    assert all(len(choice.variables) == 1 for choice in choices[1:])
    assert len({json.dumps(choice.variables) for choice in choices}) == len(choices)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {name: a}", "is not a choice"),
        ("- {name: A b, description: x, variables: {}}", "is not a choice"),
        ("- {name: a, description: x, variables: {edge_owner: all}}", "mean edge_owners"),
        ("[{name: a, description: x, variables: {}}, {name: a, description: x, variables: {}}]",
         "two choices are called a"),
    ],
)  # fmt: skip
def test_a_choice_that_makes_no_sense_is_refused(tmp_path, text, said):
    (tmp_path / "variants.yml").write_text(text)
    with pytest.raises(BuildError, match=said):
        list_variants(tmp_path / "variants.yml")


def test_a_name_that_is_no_variant_is_refused_in_one_line(tmp_path, capsys):
    arguments = Namespace(names=["no_bulk"], vars="{}", exports=tmp_path / "exports")
    assert variants.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: unknown variant no_bulk; known: as_configured, ")
    assert said.count("\n") == 1
    assert not (tmp_path / "exports").exists()


def test_a_variable_of_the_build_that_nobody_knows_is_refused_in_one_line(tmp_path, capsys):
    arguments = Namespace(names=[], vars="{edge_phase: [hub]}", exports=tmp_path / "exports")
    assert variants.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: unknown variable 'edge_phase', do you mean edge_phases?; known")


def test_models_that_depend_on_a_variable_are_found_through_macros():
    def model(name, code, macros=()):
        return {
            "name": name, "resource_type": "model", "raw_code": code,
            "depends_on": {"macros": list(macros)},
        }  # fmt: skip

    manifest = {
        "nodes": {
            "a": model("a", "select 1"),
            "b": model("b", "{{ outer() }}", ["m.outer"]),
            "c": model("disruption", "from b"),
            "d": model("unneeded", "{{ var('wanted') }}"),
            "e": model("recognition_panel", "{{ var('other') }}"),
        },
        "macros": {
            "m.outer": {"macro_sql": "{{ inner() }}", "depends_on": {"macros": ["m.inner"]}},
            "m.inner": {"macro_sql": '{{ var("wanted") }}', "depends_on": {"macros": []}},
        },
        "parent_map": {"c": ["b"], "b": ["a"], "e": ["a"], "d": ["a"], "a": []},
        "child_map": {"a": ["b", "e", "d"], "b": ["c"], "c": [], "d": [], "e": []},
    }
    assert models_that_depend_on(["wanted"], manifest) == ["b", "disruption"]
    assert models_that_depend_on(["other"], manifest) == ["recognition_panel"]
