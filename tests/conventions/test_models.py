"""Models read alike: their first line, their columns, their descriptions, their SQL."""

import re

import pytest
from project import REPOSITORY, described, models

MODELS = models()
MARTS = [model for model in MODELS if model.layer == "marts"]
AFTER_STAGING = [model for model in MODELS if model.layer != "staging"]
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
every_mart = pytest.mark.parametrize("model", MARTS, ids=lambda model: model.name)
every_later_model = pytest.mark.parametrize("model", AFTER_STAGING, ids=lambda model: model.name)

PROMISED = {
    "hub_models": """
        model_id, hub_oid, owner, created_at, is_created_at_floor, last_modified_at, downloads,
        downloads_all_time, likes, trending_score, pipeline_tag, library_name, license, gated,
        parameter_count, parameter_source, size_class, relation, n_parents, n_children,
        n_descendants, generation, root_id, n_roots, is_bulk_owner""",
    "lineage_edges": """
        child_id, parent_id, relation, relation_source, evidence, first_evidence, is_parent_listed,
        child_created_at, parent_created_at, release_lag_days, is_time_inverted, is_same_owner,
        is_in_cycle""",
    "lineage_rejections": "child_id, claimed_parent, evidence, reason",
    "families": """
        root_id, n_models, n_finetune, n_adapter, n_quantized, n_merge, max_generation,
        first_release_at, last_release_at, n_owners, owner_hhi""",
    "release_races": """
        parent_id, child_id, relation, n_entrants, release_rank, release_percentile,
        release_lag_days, previous_gap_days, n_before, release_rank_same_relation, is_first,
        n_ties""",
    "crowding": """
        parent_id, child_id, window_days, n_rivals_before, n_rivals_after, n_rivals_around,
        n_rivals_before_same_relation, n_rivals_before_other_owner, n_rivals_before_not_bulk""",
    "disruption": """
        model_id, window_name, window_days, n_parents, n_i, n_j, n_k, mdi, mdi_no_k, mdi_bypass,
        mdi_net, mdi_l2, dependence, is_window_closed, undefined_reason""",
    "model_metrics": """
        snapshot_id, snapshot_at, model_id, hub_oid, downloads, downloads_all_time, likes,
        trending_score, downloads_change, downloads_all_time_change, likes_change,
        is_counter_reset""",
    "snapshot_changes": "previous_snapshot_id, snapshot_id, model_id, change, before, after",
    "ecosystem_months": """
        month, relation, n_models, share_with_parent, n_disruptive, n_zero, n_consolidative,
        n_undefined, mean_parents""",
    "concentration": """
        year, n_bases, n_edges, gini, hhi, top_10_share, top_100_share, top_1_percent_share""",
    "data_funnel": "stage_number, stage, n_models, n_edges, note",
    "recognition_panel": "parent_id, child_id, sample_exclusion",
    "disruption_panel": "model_id, sample_exclusion",
}
"""The columns that must exist, that users rely on."""

GRAINS = {
    "hub_models": ["model_id"],
    "lineage_edges": ["child_id", "parent_id"],
    "lineage_rejections": ["child_id", "claimed_parent", "evidence"],
    "families": ["root_id"],
    "release_races": ["parent_id", "child_id"],
    "crowding": ["parent_id", "child_id", "window_days"],
    "disruption": ["model_id", "window_name"],
    "model_metrics": ["snapshot_id", "model_id"],
    "ecosystem_months": ["month", "relation"],
    "concentration": ["year", "measure"],
    "recognition_panel": ["parent_id", "child_id"],
    "disruption_panel": ["model_id"],
}
"""The grains of the same section, where it names them by columns."""


# the files


@every_model
def test_a_model_begins_with_its_grain(model):
    assert model.sql.startswith("-- One row per ")


@every_model
def test_a_model_is_described_once_and_beside_its_file(model):
    assert model.entry, "no YAML describes the model"
    assert model.entry["description"].strip().endswith(".")


def test_no_yaml_describes_a_model_that_is_not_there():
    assert set(described("models")) == {model.name for model in MODELS}


@every_model
def test_every_column_is_described(model):
    assert model.columns
    bare = [name for name, column in model.columns.items() if not column.get("description")]
    assert bare == []


@every_model
def test_the_grain_is_said_and_tested_alike(model):
    """In `meta`, in the description, and in a test of uniqueness."""
    assert model.grain
    assert set(model.grain) <= set(model.columns)
    assert f"Primary key {', '.join(model.grain)}." in " ".join(model.entry["description"].split())
    tested = [
        test["is_unique_by"]["arguments"]["columns"]
        for test in model.entry.get("data_tests", [])
        if "is_unique_by" in test
    ]
    assert tested == [model.grain]


@every_model
def test_every_test_has_a_name(model):
    """Without one, dbt makes one up of the test, its columns and a hash."""
    tests = model.entry.get("data_tests", [])
    tests = tests + [
        test for column in model.columns.values() for test in column.get("data_tests", [])
    ]
    for test in tests:
        assert isinstance(test, dict), test
        [arguments] = test.values()
        assert arguments.get("name"), test


# the marts and what users rely on


def test_every_mart_of_the_contract_is_there():
    assert set(PROMISED) <= {model.name for model in MARTS}


@every_mart
def test_a_mart_has_the_columns_of_the_contract(model):
    promised = {name.strip() for name in PROMISED.get(model.name, "").split(",")} - {""}
    assert promised - set(model.columns) == set()


@every_mart
def test_a_mart_has_the_grain_of_the_contract(model):
    assert sorted(model.grain) == sorted(GRAINS.get(model.name, model.grain))


@every_mart
def test_a_mart_has_typed_columns(model):
    untyped = [name for name, column in model.columns.items() if not column.get("data_type")]
    assert untyped == []


@every_mart
def test_keys_of_a_mart_are_never_null(model):
    nullable = [
        name
        for name in model.grain
        if "not_null" not in [one["type"] for one in model.columns[name].get("constraints", [])]
    ]
    assert nullable == []


@every_mart
def test_every_fraction_of_a_mart_is_finite(model):
    """1 / 0 and ln(0) are infinite, not null: each floating-point column is tested for it."""
    untested = [
        name
        for name, column in model.columns.items()
        if column["data_type"] == "double"
        and not any("is_finite" in test for test in column.get("data_tests", []))
    ]
    assert untested == []


def test_the_readme_lists_every_mart_and_no_other():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    _, found, table = text.partition("| mart | one row per |")
    assert found
    rows = table.split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", rows, re.M)) == {model.name for model in MARTS}


# the SQL


@every_mart
def test_the_final_select_of_a_mart_lists_its_columns(model):
    final = re.split(r"^\)$", model.code, flags=re.M)[-1]
    assert not re.search(r"\bselect\s+(\w+\.)?\*", final)


BANNED = {
    r"\basof\b": "no other engine has it; use a RANGE frame",
    r"(?<!:)//": "errors on 0 in one engine, null in another; use floor(a / b)",
    r"\bquantile_cont\b": "differs between engines",
    r"\*\s*(exclude|replace)\b": "list the columns",
    r"\\": "engines read backslashes differently",
    r"\bregexp_replace\(": "the replacement is spelled differently: replace_pattern",
    r"::": "use cast(x as type)",
    r"\bpositional join\b": "the linter cannot read it",
    r"\bdistinct on\b": "use qualify",
    r"\bjson_\w+\(|->>?": "JSON is for staging",
    r"\bunnest\(": "arrays are for staging",
    r"\b(now|random|uuid|gen_random_uuid|today)\(|\bcurrent_(date|time|timestamp)\b": (
        "everything is a function of the landing"
    ),
}


def banned(code: str) -> list[str]:
    # Texts between quotes and what stands between braces is no SQL of the model.
    bare = re.sub(r"\{\{.*?\}\}", " ", re.sub(r"'[^'\n]*'", "''", code), flags=re.S)
    return [form for form in BANNED if re.search(form, bare, re.I)]


@every_later_model
def test_later_models_speak_plain_sql(model):
    found = banned(model.code)
    assert not found, [BANNED[form] for form in found]


@pytest.mark.parametrize(
    "code",
    [
        "from a asof join b",
        "select 7 // 2",
        "select quantile_cont(x, 0.5)",
        "select * exclude (x)",
        "select regexp_replace(x, 'a', 'b')",
        "select x::int",
        "select json_extract(x, '$.a')",
        "select now()",
    ],
)
def test_a_banned_form_is_found(code):
    assert banned(code)


def test_a_banned_form_may_stand_in_a_text():
    assert banned("select 'https://huggingface.co::'") == []


NEVER_NULL = r"""
    (\w+\.)?
    (\w+_key | \w+_id_lower | \w+_number | n_\w+ | parent_keys | child_id | parent_id | spelled_id
     | old_name | word | phase)
"""
"""Columns that are filled by what they are: keys, counts, numbers of an order."""

FILLED_HERE = {("int_lineage_positions_summed", "parents.generation")}
"""Columns that may be null elsewhere, and are not where they are ordered by."""


def orders(code: str) -> list[str]:
    """The terms of each `order by` within parentheses: windows and ordered aggregates."""
    terms = []
    for found in re.finditer(r"\border by\b", code):
        depth, clause = 0, ""
        for sign in code[found.end() :]:
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth < 0:
                break
            clause += sign
        clause = re.split(r"\b(?:rows|range|groups)\s+between\b", clause)[0]
        terms += [" ".join(term.split()) for term in re.split(r",(?![^(]*\))", clause)]
    return terms


@every_later_model
def test_the_place_of_nulls_in_an_order_is_said(model):
    """Engines put nulls at different ends: where a value can be null, the SQL says which."""
    silent = [
        term
        for term in orders(model.code)
        if not term.endswith(("nulls first", "nulls last"))
        and not re.fullmatch(NEVER_NULL, re.sub(r" (asc|desc)$", "", term), re.X)
        and (model.name, term) not in FILLED_HERE
    ]
    assert silent == []


@pytest.mark.parametrize("topic", ["rivals", "walks"])
def test_the_place_of_nulls_is_said_in_the_bodies_for_an_engine_too(topic):
    code = (REPOSITORY / f"macros/engines/{topic}.sql").read_text(encoding="utf-8")
    terms = orders(code)
    assert terms
    assert [term for term in terms if not term.endswith("nulls last")] == []


def test_terms_of_an_order_are_found():
    code = "row_number() over (partition by a order by b desc nulls last, coalesce(c, d)\n rows"
    code += " between 1 preceding and current row) as x, list(y order by z)"
    assert orders(code) == ["b desc nulls last", "coalesce(c, d)", "z"]
