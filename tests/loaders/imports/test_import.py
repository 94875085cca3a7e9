"""`python -m loaders import`: values survive, nothing is invented, errors are one line."""

import gzip
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub_lineage.landing import list_snapshots
from loaders.__main__ import main
from loaders.imports import importing

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"
AS_OF = ("--as-of", "2026-08-22T12:00:00")
ID = "20260822T120000Z"

needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the public data sets do not lie beside the repository"
)


@pytest.fixture
def command(landing: Path, capsys: pytest.CaptureFixture[str]):
    """Run an import and return exit code, stdout and stderr."""

    def _command(*arguments: object, into: Path | None = landing) -> tuple[int, str, str]:
        where = ["--landing", str(into)] if into else []
        try:
            code = main(["import", *map(str, arguments), *where])
        except SystemExit as stop:
            code = stop.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return _command


@pytest.fixture
def refused(command, landing: Path, tree):
    """Run an import that has to fail in one line and leave the landing as it is."""

    def _refused(*arguments: object, code: int = 1) -> str:
        before = tree(landing)
        got, out, err = command(*arguments)
        assert got == code, err
        assert out == ""
        lines = err.splitlines()
        if code == 1 or lines[0].startswith("error:"):
            assert len(lines) == 1, err
        assert tree(landing) == before
        assert landing.exists() == bool(before)
        return lines[-1]

    return _refused


# what an import says


def test_one_line_per_snapshot_goes_to_stdout(command, write) -> None:
    file = write("a.parquet", "SELECT 'org/' || i AS id FROM range(45_000) AS numbers (i)")
    assert command(file, *AS_OF) == (0, f"snapshot {ID}: 45,000 models in 3 parts\n", "")


def test_rows_are_paged_in_the_order_of_the_file(command, write, landing, rows) -> None:
    file = write("a.parquet", "SELECT 'org/' || i AS id FROM range(2_500) AS numbers (i)")
    command(file, *AS_OF, "--source", "radar")
    landed = rows(landing)
    assert [row["model_id"] for row in landed] == [f"org/{i}" for i in range(2_500)]
    assert [(row["page_number"], row["item_number"]) for row in landed] == [
        divmod(i, 1000) for i in range(2_500)
    ]
    assert {(row["fetched_at"], row["source"]) for row in landed} == {
        (datetime(2026, 8, 22, 12), "radar")
    }


def test_rows_keep_their_order_whatever_is_read_of_them(command, write, landing, rows) -> None:
    file = write(
        "a.parquet",
        "SELECT 'org/' || i AS id, DATE '2024-01-01' AS \"createdAt\", '[]' AS tags, 1 AS private, "
        "'7' AS likes, '{}' AS config FROM range(50_000) AS numbers (i) WHERE i % 3 > 0",
        # Row groups are what threads share out.
        "FORMAT parquet, ROW_GROUP_SIZE 2048",
    )
    command(file, *AS_OF, "--where", "id <> 'org/1'")
    wanted = [f"org/{i}" for i in range(2, 50_000) if i % 3]
    assert [row["model_id"] for row in rows(landing)] == wanted


def test_details_of_the_import_are_in_the_manifest(command, write, landing) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id, 'x/y' AS parent")
    command(file, *AS_OF, "--map", "parent=cardData.base_model", "--where", "id = 'a/b'")
    (snapshot,) = list_snapshots(landing)
    assert snapshot.source == "import"
    assert snapshot.details == {
        "files": ["a.parquet"],
        "rows_read": 1,
        "rows_without_id": 0,
        "numbers_without_json_form": 0,
        "map": ["parent=cardData.base_model"],
        "where": "id = 'a/b'",
    }


@pytest.mark.parametrize(
    "text",
    ["2026-08-22T12:00:00", "2026-08-22T12:00:00Z", "2026-08-22T14:00+02:00", "20260822T120000Z"],
)
def test_as_of_is_an_iso_time_in_utc_unless_it_says_otherwise(command, write, text) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id")
    assert command(file, "--as-of", text)[1].startswith(f"snapshot {ID}:")


def test_as_of_may_be_a_date(command, write) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id")
    assert command(file, "--as-of", "2026-08-22")[1].startswith("snapshot 20260822T000000Z:")


def test_the_landing_can_come_from_the_environment(command, write, landing, monkeypatch) -> None:
    monkeypatch.setenv("HUB_LANDING", str(landing))
    file = write("a.parquet", "SELECT 'a/b' AS id")
    assert command(file, *AS_OF, into=None)[0] == 0
    assert [snapshot.snapshot_id for snapshot in list_snapshots(landing)] == [ID]


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_landing_none_is_guessed(command, write, monkeypatch, value) -> None:
    monkeypatch.delenv("HUB_LANDING", raising=False)
    if value is not None:
        monkeypatch.setenv("HUB_LANDING", value)
    code, out, err = command(write("a.parquet", "SELECT 'a/b' AS id"), *AS_OF, into=None)
    assert (code, out) == (2, "")
    assert "--landing" in err


def test_foreign_columns_are_kept_and_named_once(command, write, landing, rows) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id, 1 AS slug, 2 AS likes, true AS \"Löwe's x\"")
    code, _, err = command(file, *AS_OF)
    assert code == 0
    assert err.splitlines() == [
        "notice: kept under their own names, as the Hub's API has no such field: slug, Löwe's x"
    ]
    assert json.loads(rows(landing)[0]["raw_json"]) == {
        "id": "a/b", "slug": 1, "likes": 2, "Löwe's x": True,
    }  # fmt: skip


def test_ids_come_first_and_the_rest_keeps_the_order_of_the_columns(imported, write) -> None:
    file = write("a.parquet", "SELECT 1 AS likes, 'a/b' AS id, 'x' AS sha, '66f0' AS _id")
    assert list(imported(file)[0]) == ["_id", "id", "likes", "sha"]


# values survive


VALUES = {
    "TINYINT": st.integers(-(2**7), 2**7 - 1),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "UBIGINT": st.integers(0, 2**64 - 1),
    "DECIMAL(38, 12)": st.decimals(
        min_value=-(10**20), max_value=10**20, places=12, allow_nan=False
    ),
    "DOUBLE": st.floats(allow_nan=False, allow_infinity=False),
    "BOOLEAN": st.booleans(),
    "VARCHAR": st.text(max_size=20),
}
OTHERS = {
    "VARCHAR[]": st.lists(st.none() | st.text(max_size=5), max_size=3),
    "DOUBLE[][]": st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=2), max_size=2
    ),
    "MAP(VARCHAR, BIGINT)": st.dictionaries(st.text(max_size=4), st.integers(0, 2**62), max_size=3),
}
ALL = VALUES | OTHERS
ROWS = st.lists(st.tuples(*(st.none() | values for values in ALL.values())), min_size=1, max_size=8)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(table=ROWS)
def test_every_value_survives_and_every_null_is_absent(tmp_path, imported, table) -> None:
    file = tmp_path / "values.parquet"
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{kind}" {kind}' for kind in ALL)
        connection.execute(f"CREATE TABLE given (id VARCHAR, {columns})")
        marks = ", ".join(f"CAST(${n + 2} AS {kind})" for n, kind in enumerate(ALL))
        for number, row in enumerate(table):
            values = [str(value) if isinstance(value, Decimal) else _as_map(value) for value in row]
            connection.execute(f"INSERT INTO given SELECT $1, {marks}", [f"a/{number}", *values])
        connection.execute(f"COPY given TO '{file}' (FORMAT parquet)")
    for row, item in zip(table, imported(file), strict=True):
        wanted = dict(zip(ALL, row, strict=True))
        assert set(item) == {"id", *(kind for kind, value in wanted.items() if value is not None)}
        for kind, value in wanted.items():
            if value is not None:
                assert _comparable(item[kind], kind) == _comparable(value, kind)


def _as_map(value: object) -> object:
    """Give DuckDB a dictionary as the map it is to be."""
    if isinstance(value, dict):
        return {"key": list(value), "value": list(value.values())}
    return value


def _comparable(value: object, kind: str) -> object:
    if kind.startswith("DECIMAL"):
        return Decimal(value)
    if kind.startswith("DOUBLE"):
        return _floats(value)
    return value


def _floats(value: object) -> object:
    return [_floats(one) for one in value] if isinstance(value, list) else float(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner,
                                                                 max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    cards=st.lists(st.dictionaries(st.text(max_size=6), JSON, max_size=4), min_size=1, max_size=8),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 2]),
)
def test_json_text_becomes_the_json_it_holds(tmp_path, imported, cards, ascii_only, indent) -> None:
    file = tmp_path / "cards.parquet"
    texts = [json.dumps(card, ensure_ascii=ascii_only, indent=indent) for card in cards]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE given AS SELECT 'a/b' AS id, unnest($1) AS cardData",
                           [texts])  # fmt: skip
        connection.execute(f"COPY given TO '{file}' (FORMAT parquet)")
    assert [item["cardData"] for item in imported(file)] == cards


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("3400446695", "3400446695"),
        ("9007199254740993::BIGINT", "9007199254740993"),
        ("123456789012345678901234567890::DECIMAL(38)", "123456789012345678901234567890"),
        ("1.10::DECIMAL(10, 2)", "1.10"),
        ("0.5::DOUBLE", "0.5"),
        ("0.1::FLOAT", "0.1"),
        ("true", "true"),
        ("'a\"b'", '"a\\"b"'),
        ("[1, NULL]", "[1,null]"),
        ("[]::VARCHAR[]", "[]"),
        ("{'a': 1, 'b': NULL, 'c': {'d': NULL}}", '{"a":1,"c":{}}'),
        ("[{'rfilename': 'README.md'}]", '[{"rfilename":"README.md"}]'),
        ("MAP {'F32': 1, 'I64': NULL}", '{"F32":1,"I64":null}'),
        ("TIMESTAMP '2024-09-23 01:14:34'", '"2024-09-23T01:14:34.000Z"'),
        ("TIMESTAMP_MS '2024-09-23 01:14:34.120'", '"2024-09-23T01:14:34.120Z"'),
        ("TIMESTAMP '2024-09-23 01:14:34.123456'", '"2024-09-23T01:14:34.123456Z"'),
        ("TIMESTAMP_NS '2024-09-23 01:14:34.123456789'", '"2024-09-23T01:14:34.123456789Z"'),
        ("TIMESTAMPTZ '2024-09-23 01:14:34+02:00'", '"2024-09-22T23:14:34.000Z"'),
        ("[TIMESTAMP '2024-09-23 01:14:34']", '["2024-09-23T01:14:34.000Z"]'),
        ("DATE '2024-09-23'", '"2024-09-23"'),
        ("'66e0c1aa-5e1f-4b2c-8d4e-5f6066e0c1aa'::UUID",
         '"66e0c1aa-5e1f-4b2c-8d4e-5f6066e0c1aa"'),
    ],
)  # fmt: skip
def test_a_value_is_written_by_its_type(command, write, landing, rows, value, text) -> None:
    file = write("a.parquet", f"SELECT 'a/b' AS id, {value} AS slug")
    assert command(file, *AS_OF)[0] == 0
    assert rows(landing)[0]["raw_json"] == f'{{"id":"a/b","slug":{text}}}'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("DATE '2024-09-23'", "2024-09-23T00:00:00.000Z"),
        ("'2024-09-23 01:14:34+00:00'", "2024-09-23T01:14:34.000Z"),
        ("'2024-09-23T01:14:34.000Z'", "2024-09-23T01:14:34.000Z"),
        ("'2024-09-23T03:14:34.5+02:00'", "2024-09-23T01:14:34.500Z"),
        ("'last week'", "last week"),
        ("'2024-09-23 01:14:34.123456789'", "2024-09-23 01:14:34.123456789"),
    ],
)
def test_a_time_of_the_api_is_written_as_the_api_does(imported, write, value, text) -> None:
    file = write("a.parquet", f"SELECT 'a/b' AS id, {value} AS \"createdAt\"")
    assert imported(file, "--allow-unread") == [{"id": "a/b", "createdAt": text}]


NOTHING = """
    SELECT 'a/b' AS id, {'license': 'mit', 'n': null, 'deep': {'n': null}} AS "cardData",
        null AS "createdAt", null AS slug, [null] AS tags, MAP {'k': null} AS gguf,
        [{'n': null}] AS siblings, null AS config, 'x/y' AS b
"""


def test_a_column_or_field_without_a_type_is_absent(command, imported, write) -> None:
    file = write("a.parquet", NOTHING)
    rest = {"id": "a/b", "tags": [None], "gguf": {"k": None}, "siblings": [{}]}
    card = {"license": "mit", "deep": {}}
    assert imported(file) == [rest | {"cardData": card, "b": "x/y"}]
    assert (
        "slug"
        not in command(file, "--as-of", "2026-08-22", "--replace", "--where", "slug IS NULL")[2]
    )
    for name in ("base_model", "n", "deep.n"):
        (item,) = imported(file, "--map", f"b=cardData.{name}")
        wanted = card | ({"deep": {"n": "x/y"}} if "." in name else {name: "x/y"})
        assert item == rest | {"cardData": wanted}
    (item,) = imported(file, "--map", "b=config.model_type", "--map", "slug=likes")
    assert item == rest | {"cardData": card, "config": {"model_type": "x/y"}}


def test_an_id_without_a_type_is_no_id(refused, imported, write) -> None:
    file = write("a.parquet", "SELECT null AS id, 1 AS n")
    assert "name one with --map COLUMN=id (there are: n)" in refused(file, *AS_OF)
    file = write("b.parquet", "SELECT null AS id, null AS _id, 'a/b' AS \"modelId\"")
    assert "1 row of _id hold null" in refused(file, "--snapshot-column", "_id")
    assert imported(file) == [{"id": "a/b"}]


def test_values_that_json_cannot_hold_are_left_out_and_counted(
    command, write, landing, rows
) -> None:
    file = write(
        "a.parquet",
        "SELECT 'a/b' AS id, 'nan'::DOUBLE AS likes, ['inf'::DOUBLE, 1] AS slug, "
        "{'x': '-inf'::FLOAT, 'y': 1} AS gguf, 'infinity'::TIMESTAMP AS createdAt",
    )
    _, _, err = command(file, *AS_OF)
    assert err.splitlines()[-1].startswith("warning: left out 4 values")
    assert rows(landing)[0]["raw_json"] == '{"id":"a/b","slug":[null,1.0],"gguf":{"y":1}}'
    assert list_snapshots(landing)[0].details["numbers_without_json_form"] == 4


@pytest.mark.parametrize(
    ("text", "embedded"),
    [
        ('{"a": 1e3, "b": 0.50, "n": null}', '{"a": 1e3, "b": 0.50, "n": null}'),
        ('{"a": 123456789012345678901234567890}', '{"a": 123456789012345678901234567890}'),
        ('["x"]', '["x"]'),
        ('{"a": NaN, "b": [-Infinity, "NaN,]"],}', '{"a": null, "b": [null, "NaN,]"]}'),
        ('{"a": "\\ud800"}', '{"a":"\\ud800"}'),
        ("{'a': <object>}", "\"{'a': <object>}\""),
        ("en", '"en"'),
    ],
)
def test_json_text_is_embedded_as_it_stands_when_it_is_json(
    command, write, landing, rows, text, embedded
) -> None:
    file = write("a.parquet", f"SELECT 'a/b' AS id, $${text}$$ AS \"cardData\"")
    assert command(file, *AS_OF, "--allow-unread")[0] == 0
    raw = rows(landing)[0]["raw_json"]
    assert raw == f'{{"id":"a/b","cardData":{embedded}}}'
    json.loads(raw)


def test_text_that_looks_like_json_stays_text_in_other_fields(imported, write) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id, '[1]' AS pipeline_tag, '{}' AS slug")
    assert imported(file) == [{"id": "a/b", "pipeline_tag": "[1]", "slug": "{}"}]


HUB_STATS = """
    SELECT '66f0' AS _id, 'a/b' AS id, 'a' AS author, TIMESTAMP_MS '2024-09-23 01:14:34' AS
        "createdAt", 3400446695 AS "downloadsAllTime", 0.5::DOUBLE AS "trendingScore",
        ['gguf', 'base_model:x/y'] AS tags, '{"base_model":["x/y"],"license":"mit"}' AS "cardData",
        {'models': [{'_id': '66e0', 'id': 'x/y'}], 'relation': 'quantized'} AS "baseModels",
        %s AS safetensors, ['README.md', 'a.gguf'] AS siblings, '{"model_type":"llama"}' AS config
    UNION ALL BY NAME SELECT '66f1' AS _id, 'a/c' AS id
"""


@pytest.mark.parametrize(
    "safetensors",
    [
        "{'parameters': MAP {'F32': 5}, 'total': 5}",
        "{'parameters': {'F32': 5, 'BF16': NULL::BIGINT}, 'total': 5}",
    ],
)
def test_the_shape_of_hub_stats_becomes_the_shape_of_the_api(
    command, imported, write, landing, rows, safetensors
) -> None:
    file = write("models.parquet", HUB_STATS % safetensors)
    full, empty = imported(file)
    assert full == {
        "_id": "66f0",
        "id": "a/b",
        "author": "a",
        "createdAt": "2024-09-23T01:14:34.000Z",
        "downloadsAllTime": 3400446695,
        "trendingScore": "0.5",
        "tags": ["gguf", "base_model:x/y"],
        "cardData": {"base_model": ["x/y"], "license": "mit"},
        "baseModels": {"models": [{"_id": "66e0", "id": "x/y"}], "relation": "quantized"},
        "safetensors": {"parameters": {"F32": 5}, "total": 5},
        "siblings": ["README.md", "a.gguf"],
        "config": {"model_type": "llama"},
    }
    assert empty == {"_id": "66f1", "id": "a/c"}
    assert [row["hub_oid"] for row in rows(landing)] == ["66f0", "66f1"]
    assert "notice" not in command(file, *AS_OF)[2]


# ids


@pytest.mark.parametrize(
    ("columns", "item"),
    [
        ("'a/b' AS modelId", {"id": "a/b"}),
        ("'a/b' AS model_id, 'o' AS hub_oid", {"_id": "o", "id": "a/b"}),
        ("'x' AS model_id, 'a/b' AS modelId", {"id": "a/b", "model_id": "x"}),
        ("'x' AS model_id, 'a/b' AS id", {"id": "a/b", "model_id": "x"}),
        ("'x' AS hub_oid, 'a/b' AS id, 'o' AS _id", {"_id": "o", "id": "a/b", "hub_oid": "x"}),
    ],
)
def test_the_id_is_taken_from_the_best_column(
    imported, write, landing, rows, columns, item
) -> None:
    assert imported(write("a.parquet", f"SELECT {columns}")) == [item]
    assert rows(landing)[0]["model_id"] == "a/b"
    assert rows(landing)[0]["hub_oid"] == item.get("_id")


def test_rows_without_an_id_are_skipped_and_counted(command, write, landing, rows) -> None:
    file = write("a.parquet", "SELECT unnest(['a/b', NULL, '', e' \\t', 'a/c']) AS id, 1 AS likes")
    code, out, err = command(file, *AS_OF)
    assert (code, out) == (0, f"snapshot {ID}: 2 models in 1 part\n")
    assert err == "warning: skipped 3 rows without an id\n"
    assert [(row["model_id"], row["item_number"]) for row in rows(landing)] == [
        ("a/b", 0), ("a/c", 1),
    ]  # fmt: skip
    assert list_snapshots(landing)[0].details["rows_without_id"] == 3


def test_the_same_id_twice_is_kept_twice(imported, write) -> None:
    file = write("a.parquet", "SELECT unnest(['a/b', 'A/B', 'a/b']) AS id")
    assert [item["id"] for item in imported(file)] == ["a/b", "A/B", "a/b"]


def test_a_file_without_an_id_is_refused(refused, write) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS name, 1 AS likes")
    line = refused(file, *AS_OF)
    assert "--map COLUMN=id" in line
    assert "name, likes" in line


def test_a_file_with_no_id_in_any_row_is_refused(refused, write) -> None:
    assert "without an id" in refused(write("a.parquet", "SELECT '' AS id"), *AS_OF)


# --map


def test_maps_build_one_object_and_hide_the_columns(imported, write) -> None:
    file = write(
        "a.parquet",
        "SELECT 'a/b' AS name, 'x/y, x/z' AS base_model, 7::BIGINT AS params, 'mit' AS license, "
        "'x/q' AS peft UNION ALL SELECT 'a/c', NULL, NULL, NULL, NULL",
    )
    full, empty = imported(
        file, "--map", "name=id", "--map", "base_model=cardData.base_model",
        "--map", "params=safetensors.total", "--map", "license=cardData.license",
        "--map", "peft=config.peft.base_model_name_or_path",
    )  # fmt: skip
    assert full == {
        "id": "a/b",
        "cardData": {"base_model": "x/y, x/z", "license": "mit"},
        "safetensors": {"total": 7},
        "config": {"peft": {"base_model_name_or_path": "x/q"}},
    }
    assert empty == {"id": "a/c"}


def test_a_column_can_go_to_several_fields(imported, write) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id, DATE '2025-03-19' AS week")
    assert imported(file, "--map", "week=createdAt", "--map", "week=week") == [
        {"id": "a/b", "createdAt": "2025-03-19T00:00:00.000Z", "week": "2025-03-19"}
    ]


def test_a_field_can_join_an_object_that_is_there(imported, write) -> None:
    columns = ["{'license': 'mit'} AS cardData", "'x/y' AS base_model"]
    for order in (columns, columns[::-1]):
        file = write("a.parquet", f"SELECT 'a/b' AS id, {', '.join(order)}")
        (item,) = imported(file, "--map", "base_model=cardData.base_model")
        assert item == {"id": "a/b", "cardData": {"license": "mit", "base_model": "x/y"}}


ADDED = [
    ('{"license": "mit", "n": 1e3}', "x/y", '{"license": "mit", "n": 1e3,"base_model":"x/y"}'),
    ('{"a": "}" }\n', "x/y", '{"a": "}" ,"base_model":"x/y"}\n'),
    (' { } ', 'x"\\1', ' { "base_model":"x\\"\\\\1"} '),
    ("{}", None, "{}"),
    ('{"a": {"base_model": 1}}', "x/y", '{"a": {"base_model": 1},"base_model":"x/y"}'),
    ('{"base_model": "q", "n": 1}', None, '{"base_model": "q", "n": 1}'),
    ('{"base_model":"q","\\"é":[1],"n":null,"base_model":3}', "x/y",
     '{"\\"é":[1],"n":null,"base_model":"x/y"}'),
    ('{"base\\u005fmodel":"q"}', "x/y", '{"base_model":"x/y"}'),
    ("null", "x/y", '{"base_model":"x/y"}'),
    (None, "x/y", '{"base_model":"x/y"}'),
    (None, None, None),
]  # fmt: skip


@pytest.mark.parametrize("first", ["cardData", "b"])
@pytest.mark.parametrize("kind", ["VARCHAR", "JSON"])
def test_a_field_joins_json_text_that_stays_as_it_is(
    command, tmp_path, landing, rows, kind, first
) -> None:
    file = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(f'CREATE TABLE given (id VARCHAR, "cardData" {kind}, b VARCHAR)')
        connection.executemany("INSERT INTO given VALUES ($3, $1, $2)",
                               [(*row[:2], f"a/{n}") for n, row in enumerate(ADDED)])  # fmt: skip
        order = 'id, "cardData", b' if first == "cardData" else 'id, b, "cardData"'
        connection.execute(f"COPY (SELECT {order} FROM given) TO '{file}' (FORMAT parquet)")
    assert command(file, *AS_OF, "--map", "b=cardData.base_model")[::2] == (0, "")
    assert [row["raw_json"] for row in rows(landing)] == [
        f'{{"id":"a/{n}"' + (f',"cardData":{card}' if card else "") + "}"
        for n, (*_, card) in enumerate(ADDED)
    ]
    assert "values_without_object" not in list_snapshots(landing)[0].details


def test_several_values_join_json_text(imported, write) -> None:
    file = write(
        "a.parquet",
        """SELECT 'a/b' AS id, '{"license":"q","n":1}' AS "cardData", 'x' AS b, 'mit' AS "o'k",
            7::BIGINT AS total, {'y': 1} AS s, {'peft': '{"r":8}'} AS config
        UNION ALL SELECT 'a/c', '{"license":"q"}', 'x', NULL, NULL, NULL, NULL
        UNION ALL SELECT 'a/d', NULL, NULL, NULL, NULL, NULL, NULL""",
    )
    items = imported(
        file, "--map", "b=cardData.base_model", "--map", "o'k=cardData.license",
        "--map", "s=cardData.\"it's\"", "--map", "total=config.peft.total",
    )  # fmt: skip
    assert items == [
        {
            "id": "a/b",
            "cardData": {"n": 1, "base_model": "x", "license": "mit", '"it\'s"': {"y": 1}},
            "config": {"peft": {"r": 8, "total": 7}},
        },
        {"id": "a/c", "cardData": {"license": "q", "base_model": "x"}},
        {"id": "a/d"},
    ]


TEXTS = ["{'license'", '["x"]', "mit", "[1", '"{}"']


def test_a_value_that_finds_no_object_is_counted(command, write, landing, rows) -> None:
    texts = [*TEXTS, "{}"]
    rows_of = " UNION ALL ".join(
        f"SELECT 'a/{n}' AS id, $${text}$$ AS \"cardData\", 'x' AS b, 'y' AS c"
        for n, text in enumerate(texts)
    )
    file = write("a.parquet", f"{rows_of} UNION ALL SELECT 'a/text', 'text', 'x', NULL")
    code, _, err = command(file, *AS_OF, "--map", "b=cardData.base_model", "--map", "c=cardData.c")
    assert code == 0
    assert err.splitlines() == [
        "notice: left out 9 mapped values: cardData of their rows is not a JSON object to add to",
        'warning: 5 of 7 values of cardData cannot be read as an object, for example ["x"]; '
        "landed as it stands",
    ]
    kept = [json.loads(row["raw_json"])["cardData"] for row in rows(landing)]
    card = {"base_model": "x", "c": "y"}
    assert kept == ["{'license'", ["x"], "mit", "[1", card, card, "text"]
    assert list_snapshots(landing)[0].details["values_without_object"] == 9


def test_a_field_joins_the_json_text_of_csv(imported, tmp_path) -> None:
    text = 'id,base,cardData\na/b,x/y,"{""license"":""mit""}"\na/c,x/y,\na/d,,mit\na/e,x/y,mit\n'
    assert imported(csv_file(tmp_path, text), "--map", "base=cardData.base_model") == [
        {"id": "a/b", "cardData": {"license": "mit", "base_model": "x/y"}},
        {"id": "a/c", "cardData": {"base_model": "x/y"}},
        {"id": "a/d", "cardData": "mit"},
        {"id": "a/e", "cardData": "mit"},
    ]


def test_a_field_joins_an_object_of_json_lines(command, imported, tmp_path) -> None:
    file = tmp_path / "a.jsonl"
    cards = ['{"a": 1}', '"{\\"a\\": 1}"', "{}", "null", '"mit"', "[]", '{"base_model": 1}']
    lines = [f'{{"id":"a/b","cardData":{card},"b":["x"]}}' for card in cards]
    lines += ['{"id":"a/b","b":"x"}', '{"id":"a/b","cardData":{"a": 1},"b":null}']
    file.write_text("\n".join(lines))
    assert [item.get("cardData") for item in imported(file, "--map", "b=cardData.base_model")] == [
        {"a": 1, "base_model": ["x"]}, {"a": 1, "base_model": ["x"]}, {"base_model": ["x"]},
        {"base_model": ["x"]}, "mit", [], {"base_model": ["x"]}, {"base_model": "x"}, {"a": 1},
    ]  # fmt: skip
    assert "2 mapped values" in command(file, *AS_OF, "--map", "b=cardData.base_model")[2]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    cards=st.lists(
        st.dictionaries(st.sampled_from(["k", '"', "", "é}"]) | st.text(max_size=3), JSON,
                        max_size=4),
        min_size=1, max_size=8,
    ),
    indent=st.sampled_from([None, 2]),
)  # fmt: skip
def test_a_field_joins_whatever_object(tmp_path, imported, cards, indent) -> None:
    file = tmp_path / "cards.parquet"
    texts = [json.dumps(card, indent=indent) for card in cards]
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE given AS SELECT 'a/b' AS id, 'x' AS b, unnest($1) AS cardData", [texts]
        )
        connection.execute(f"COPY given TO '{file}' (FORMAT parquet)")
    items = imported(file, "--map", "b=cardData.k")
    assert [item["cardData"] for item in items] == [card | {"k": "x"} for card in cards]


@pytest.mark.parametrize("name", ["id.x", "_id.x"])
def test_the_ids_of_json_lines_have_no_fields(refused, tmp_path, name) -> None:
    csv_file(tmp_path, '{"_id":"o","id":"a/b","b":"x"}\n', "a.jsonl")
    assert "not an object" in refused(tmp_path / "a.jsonl", *AS_OF, "--map", f"b={name}", code=2)


@pytest.mark.parametrize(
    ("maps", "word"),
    [
        (["nope=likes"], "no column nope (there are: id, a b, cardData, safetensors)"),
        (["a b=cardData"], "columns a b and cardData both go to cardData"),
        (["a b=id"], "both go to id"),
        (["a b=safetensors.total.x"], "not an object"),
        (["a b=safetensors.total"], "both go to safetensors.total"),
        (["a b=x.y", "cardData=x"], "not an object"),
        (["a b=id.x"], "not an object"),
        (["a b=card.base_model", "cardData=card"], "not an object"),
        (["a b=cardData.x.y"], "only one level"),
        (["a b=config.x.y", "cardData=config"], "only one level"),
        (["a b=cardData.x", "safetensors=cardData.x"], "both go to cardData.x"),
        (["likes"], "COLUMN=FIELD"),
        (["=likes"], "COLUMN=FIELD"),
        (["a b="], "COLUMN=FIELD"),
        (["a b=x..y"], "COLUMN=FIELD"),
    ],
)
def test_a_map_that_cannot_be_is_refused(refused, write, maps, word) -> None:
    file = write(
        "a.parquet",
        "SELECT 'a/b' AS id, 1 AS \"a b\", '{}' AS \"cardData\", {'total': 1} AS safetensors",
    )
    arguments = [part for one in maps for part in ("--map", one)]
    assert word in refused(file, *AS_OF, *arguments, code=2)


def test_names_are_only_names_whatever_they_hold(imported, tmp_path) -> None:
    names = ['a"b', "it's; DROP TABLE x", "naïve 😀", "a{b}", "x=y", "$1", "-- c", "a.b"]
    file = tmp_path / 'o\'dd "name" [1]*.parquet'
    with duckdb.connect() as connection:
        quoted = ", ".join(
            f'{n} AS "{name.replace(chr(34), chr(34) * 2)}"' for n, name in enumerate(names)
        )
        target = str(file).replace("'", "''")
        connection.execute(f"COPY (SELECT 'a/b' AS id, {quoted}) TO '{target}' (FORMAT parquet)")
    assert imported(file) == [{"id": "a/b"} | {name: n for n, name in enumerate(names)}]
    (item,) = imported(file, "--map", "it's; DROP TABLE x=cardData.it's \"so\"", "--map",
                       "x=y=likes")  # fmt: skip
    assert item["cardData"] == {'it\'s "so"': 1}
    assert item["likes"] == 4


# --where


def test_where_sees_the_columns_of_the_file(imported, write) -> None:
    file = write("a.parquet", "SELECT unnest(['a/b', 'a/c']) AS id, unnest([1, 2]) AS \"n o\"")
    assert imported(file, "--where", '"n o" > 1 OR false -- a comment') == [{"id": "a/c", "n o": 2}]


@pytest.mark.parametrize("where", ["nope = 1", "likes =", "likes = 'x'", "1 +", ")"])
def test_a_condition_that_is_no_sql_is_one_line(refused, write, where) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id, unnest([1, 2]) AS likes")
    assert "--where" in refused(file, *AS_OF, "--where", where, code=2)


def test_a_condition_that_no_row_meets_is_refused(refused, write) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id")
    assert "no row meets --where" in refused(file, *AS_OF, "--where", "id = 'x'")


# CSV


def csv_file(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path, "wt", encoding="utf-8", newline="") as file:
        file.write(text)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.CSV.gz"])
def test_csv_values_become_what_the_api_has(imported, tmp_path, name) -> None:
    text = (
        "id,downloads,trendingScore,private,gated,createdAt,tags,sha,slug,note\r\n"
        'a/b,3400446695,0.50,True,auto,2024-09-23 01:14:34,"[""x"",""y""]",007,"1,5","a\nb"\r\n'
        "a/c,n/a,,false,False,soon,gguf,1e5,,\r\n"
    )
    assert imported(csv_file(tmp_path, text, name)) == [
        {
            "id": "a/b", "downloads": 3400446695, "trendingScore": "0.50", "private": True,
            "gated": "auto", "createdAt": "2024-09-23T01:14:34.000Z", "tags": ["x", "y"],
            "sha": "007", "slug": "1,5", "note": "a\nb",
        },
        {
            "id": "a/c", "private": False, "gated": False,
            "createdAt": "soon", "tags": ["gguf"], "sha": "1e5",
        },
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_and_a_byte_order_mark_are_read(imported, tmp_path, delimiter) -> None:
    text = f"\ufeffid{delimiter}likes\n# a/b{delimiter}1\n"
    assert imported(csv_file(tmp_path, text)) == [{"id": "# a/b", "likes": 1}]


def test_mapped_csv_numbers_are_numbers(imported, tmp_path) -> None:
    file = csv_file(tmp_path, "id,params\na/b,7\n")
    assert imported(file, "--map", "params=safetensors.total") == [
        {"id": "a/b", "safetensors": {"total": 7}}
    ]


# fields that are not written as the API writes them

FRAME = """_id,id,createdAt,private,likes,downloads,tags,cardData,config,safetensors,baseModels
66f0c1aa5e1f4b2c3d4e5f60,lab/base,1720659312000,0,"1,234",5,['gguf'],license: mit,,\
"SafeTensorsInfo(parameters={'F32': 7}, total=7)",
ObjectId('66f0c1aa5e1f4b2c3d4e5f61'),lab/kid,2024-08-12 00:55:12+00:00,False,2,nan,\
"['peft', ""it's""]","base_model: lab/base
language:
- no",{'peft': {'base_model_name_or_path': 'lab/base'}},None,\
"{'relation': 'adapter', 'models': [{'_id': '66f0', 'id': 'lab/base'}]}"
"""


def test_a_frame_of_the_client_written_as_csv_becomes_what_the_api_has(imported, tmp_path) -> None:
    assert imported(csv_file(tmp_path, FRAME)) == [
        {
            "_id": "66f0c1aa5e1f4b2c3d4e5f60", "id": "lab/base", "private": False,
            "createdAt": "2024-07-11T00:55:12.000Z", "likes": 1234, "downloads": 5,
            "tags": ["gguf"], "cardData": {"license": "mit"},
            "safetensors": {"parameters": {"F32": 7}, "total": 7},
        },
        {
            "_id": "66f0c1aa5e1f4b2c3d4e5f61", "id": "lab/kid", "private": False,
            "createdAt": "2024-08-12T00:55:12.000Z", "likes": 2, "tags": ["peft", "it's"],
            "cardData": {"base_model": "lab/base", "language": ["no"]},
            "config": {"peft": {"base_model_name_or_path": "lab/base"}},
            "baseModels": {"relation": "adapter", "models": [{"_id": "66f0", "id": "lab/base"}]},
        },
    ]  # fmt: skip


def test_numbers_of_mongo_within_objects_become_numbers(command, tmp_path, landing, rows) -> None:
    """A text that only looks like one, and a line without one, stay as they are."""
    lines = [
        '{"id": "a/b", "safetensors": {"parameters": {"BF16": {"$numberLong": "7615616512"}}, '
        '"total": {"$numberLong": "7615616512"}}, "gguf": {"total": {"$numberDouble": "7e9"}}}',
        '{"id": "a/c", "cardData": {"x": "{\\"$numberLong\\": \\"5\\"}", '
        '"y": {"$numberInt": "5"}}}',
        '{"id": "a/d",  "safetensors": {"total": 7}}',
    ]
    (tmp_path / "mongo.jsonl").write_text("\n".join(lines))
    code, _, said = command(tmp_path / "mongo.jsonl", "--as-of", "2026-01-01")
    assert code == 0, said
    first, second, third = (row["raw_json"] for row in rows(landing))
    assert json.loads(first)["safetensors"] == {
        "parameters": {"BF16": 7615616512}, "total": 7615616512
    }  # fmt: skip
    assert json.loads(first)["gguf"] == {"total": 7e9}
    assert json.loads(second)["cardData"] == {"x": '{"$numberLong": "5"}', "y": 5}
    assert third == lines[2]


def test_ids_of_the_hub_that_number_rows_are_said(command, tmp_path, landing, rows) -> None:
    code, _, err = command(csv_file(tmp_path, "_id,id\n1,a/b\n2,a/c\n"), *AS_OF)
    assert code == 0
    assert err == (
        "warning: none of 2 values of _id can be read as an id of the Hub, for example 1; landed "
        "as it stands\n"
    )
    assert [row["hub_oid"] for row in rows(landing)] == ["1", "2"]


def test_lines_of_a_mongo_export_become_what_the_api_has(command, tmp_path, landing, rows) -> None:
    """The line that is written as the API writes it stays byte for byte."""
    sound = '{"_id": "66f0",  "id": "lab/a", "createdAt": "2024-07-11T00:55:12Z", "likes": 1e1}'
    odd = (
        '{"_id": {"$oid": "66f0c1aa5e1f4b2c3d4e5f61"}, "id": "lab/b", "private": 1, "x": 0.50, '
        '"createdAt": {"$date": "2024-07-11T00:55:12Z"}, "likes": {"$numberLong": "7"}, '
        '"tags": "[\'gguf\']"}'
    )
    (tmp_path / "a.jsonl").write_text(f"{sound}\n{odd}\n")
    assert command(tmp_path / "a.jsonl", *AS_OF)[0] == 0
    first, second = rows(landing)
    assert first["raw_json"] == sound
    assert second["hub_oid"] == "66f0c1aa5e1f4b2c3d4e5f61"
    assert json.loads(second["raw_json"]) == {
        "_id": "66f0c1aa5e1f4b2c3d4e5f61", "id": "lab/b", "private": True, "x": 0.5,
        "createdAt": "2024-07-11T00:55:12.000Z", "likes": 7, "tags": ["gguf"],
    }  # fmt: skip


@pytest.mark.parametrize("value", ["1720659312::BIGINT", "1720659312000::DOUBLE"])
def test_a_typed_epoch_is_a_time(imported, write, value) -> None:
    file = write("a.parquet", f"SELECT 'a/b' AS id, {value} AS \"lastModified\"")
    assert imported(file) == [{"id": "a/b", "lastModified": "2024-07-11T00:55:12.000Z"}]


def test_what_cannot_be_read_is_one_warning_a_field_with_an_example(command, tmp_path) -> None:
    text = (
        "id,createdAt,likes,tags\na/b,2024-07-11,7,['x']\na/c,11/07/2024,many,['x'\n"
        "a/d,07/11/2024,1.2k,[]\n"
    )
    code, _, err = command(csv_file(tmp_path, text), *AS_OF)
    assert code == 0
    assert err.splitlines() == [
        f"warning: {count} of 3 values of {field} cannot be read as a {kind}, "
        f"for example {example}; landed as it stands"
        for field, kind, count, example in [
            ("createdAt", "time", 2, "07/11/2024"),
            ("likes", "count", 2, "1.2k"),
            ("tags", "list", 1, "['x'"),
        ]
    ]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("tags", "text generation", "a list"),
        ("cardData", "en", "an object"),
        ("safetensors", "<SafeTensorsInfo object>", "an object"),
        ("baseModels", "<ModelInfo object>", "an object"),
        ("createdAt", "last week", "a time"),
        ("downloads", "1.2k", "a count"),
        ("private", "perhaps", "a boolean"),
    ],
)
def test_a_field_of_which_nothing_can_be_read_is_an_error_unless_allowed(
    command, refused, tmp_path, field, value, kind
) -> None:
    file = csv_file(tmp_path, f"id,{field}\na/b,{value}\na/c,\n")
    assert f"none of 1 value of {field} can be read as {kind}, for example {value}" in refused(
        file, *AS_OF
    )
    assert command(file, *AS_OF, "--allow-unread")[0] == 0


def test_a_word_for_nothing_is_no_value(imported, tmp_path) -> None:
    text = "id,createdAt,likes,tags,library_name\na/b,NaT,nan,None,<NA>\n"
    assert imported(csv_file(tmp_path, text)) == [{"id": "a/b"}]


def test_a_header_may_have_blanks_and_line_breaks(command, tmp_path, rows, landing) -> None:
    file = csv_file(tmp_path, 'id,"slug\n(short)", createdAt\na/b,x,2024-07-11\n')
    _, _, err = command(file, *AS_OF)
    assert err == (
        "notice: kept under their own names, as the Hub's API has no such field: slug (short)\n"
    )
    assert json.loads(rows(landing)[0]["raw_json"])["createdAt"] == "2024-07-11T00:00:00.000Z"


@pytest.mark.parametrize("other", ["['x/y', 'z/w']", "{'models': ['x/y']}"])
def test_several_types_of_one_column_stay_what_they_are(imported, write, other) -> None:
    one = write("1.parquet", "SELECT 'a/b' AS id, 'x/y' AS parent, {'base_model': 'x/y'} AS card")
    two = write("2.parquet", f"SELECT 'a/c' AS id, {other} AS parent, {{'base_model': 7}} AS card")
    first, second = imported(
        one, two, "--map", "parent=cardData.base_model", "--map", "card=cardText"
    )
    assert first["cardData"] == {"base_model": "x/y"}
    assert first["cardText"] == {"base_model": "x/y"}
    assert second["cardText"] == {"base_model": 7}
    assert second["cardData"]["base_model"] == json.loads(other.replace("'", '"'))


def test_text_and_list_of_one_card_field_in_two_files_are_read(imported, write) -> None:
    one = write("1.parquet", "SELECT 'a/b' AS id, {'base_model': 'x/y', 'n': 1} AS \"cardData\"")
    two = write("2.parquet", "SELECT 'a/c' AS id, {'base_model': ['x/y']} AS \"cardData\"")
    three = write("3.parquet", "SELECT 'a/d' AS id, 'license: mit' AS \"cardData\"")
    assert [item["cardData"] for item in imported(one, two, three)] == [
        {"base_model": "x/y", "n": 1}, {"base_model": ["x/y"]}, {"license": "mit"},
    ]  # fmt: skip


# ids


def test_a_number_beside_the_id_with_an_owner_is_no_id(command, tmp_path, rows, landing) -> None:
    file = csv_file(tmp_path, "id,modelId,likes\n1,lab/a,3\n2,lab/b,4\n")
    _, _, err = command(file, *AS_OF)
    assert err == "notice: left out id, which holds no owner: the ids are those of modelId\n"
    assert [row["model_id"] for row in rows(landing)] == ["lab/a", "lab/b"]
    assert json.loads(rows(landing)[0]["raw_json"]) == {"id": "lab/a", "likes": 3}


def test_ids_that_are_none_are_counted(command, tmp_path) -> None:
    text = "id\nlab/a\nlab/b c\nlab/..\nhttps://huggingface.co/lab/d\ngpt2\n"
    assert command(csv_file(tmp_path, text), *AS_OF)[2].splitlines() == [
        "notice: 1 of 5 ids are links to the Hub, which a build reads as ids",
        "warning: 2 of 5 ids are not valid for a model, and a build rejects their rows, "
        "for example lab/..",
    ]


def test_ids_of_which_none_has_an_owner_are_doubted(command, tmp_path) -> None:
    _, _, err = command(csv_file(tmp_path, "id\n1\n2\n"), *AS_OF)
    assert err == "warning: none of 2 ids has an owner, for example 1\n"


# JSON lines


@pytest.mark.parametrize("name", ["page.json", "page.jsonl.gz"])
def test_a_saved_page_of_the_listing_is_read_item_by_item(
    command, tmp_path, landing, rows, name
) -> None:
    texts = ['{"id":  "a/b", "likes": 1e0}', '{"id": "a/c",\n "x": "\\ud800"}']
    page = f" \n[{texts[0]},\n {texts[1]}]\n"
    packed = gzip.compress(page.encode()) if name.endswith(".gz") else page.encode()
    (tmp_path / name).write_bytes(packed)
    assert command(tmp_path / name, *AS_OF)[0] == 0
    assert [row["raw_json"] for row in rows(landing)] == texts


def test_json_lines_are_landed_as_they_stand(command, tmp_path, landing, rows) -> None:
    lines = [
        '{"_id": "66f0", "id": "a/b",  "x": 1e3, "y": 0.50, "big": 12345678901234567890123}',
        '{"id":"a/c","pipeline_tag":null,"cardData":{"base_model":["x/y"]}}',
        '{"id":"a/d","cardData":{"t":"\\ud83d\\ude00 \\ud800"}}',
    ]
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join([lines[0], "", *lines[1:]]))
    assert command(file, *AS_OF)[0] == 0
    landed = rows(landing)
    assert [row["raw_json"] for row in landed] == lines
    assert [row["model_id"] for row in landed] == ["a/b", "a/c", "a/d"]
    assert [row["hub_oid"] for row in landed] == ["66f0", None, None]
    assert [row["is_json_valid"] for row in landed] == [True, True, False]


def test_json_lines_can_be_mapped_and_filtered(imported, tmp_path) -> None:
    file = tmp_path / "a.jsonl.gz"
    records = [
        {"name": "a/b", "list": "added", "n": 2, "a/~b": {"k": [1]}, "parent": "x/y"},
        {"name": "a/c", "list": "deleted", "n": 3},
        {"name": "a/d", "list": "added", "n": 1},
        {"name": "a/e", "list": "added", "n": 10, "t": "2024-09-23T01:14:34.000Z", "parent": None},
    ]
    with gzip.open(file, "wt") as lines:
        lines.write("\n".join(map(json.dumps, records)))
    assert imported(
        file, "--map", "name=id", "--map", "parent=cardData.base_model", "--map", "a/~b=config",
        "--where", "list = 'added' AND n > 1",
    ) == [
        {"id": "a/b", "list": "added", "n": 2, "config": {"k": [1]},
         "cardData": {"base_model": "x/y"}},
        {"id": "a/e", "list": "added", "n": 10, "cardData": {"base_model": None},
         "t": "2024-09-23T01:14:34.000Z"},
    ]  # fmt: skip


def test_json_lines_of_hub_stats_open_their_json_text(imported, tmp_path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text(
        '{"id":"a/b","cardData":"{\\"license\\":\\"mit\\"}"}\n'
        '{"id":"a/c","cardData":"{\'license\'"}\n'
    )
    assert imported(file) == [
        {"id": "a/b", "cardData": {"license": "mit"}},
        {"id": "a/c", "cardData": "{'license'"},
    ]


def test_a_number_json_has_no_form_for_is_null_in_a_line(imported, tmp_path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"id": "a/b", "x": NaN, "y": "NaN"}\n')
    assert imported(file) == [{"id": "a/b", "x": None, "y": "NaN"}]


# several files, several snapshots


def test_several_files_are_one_snapshot_in_the_order_given(imported, write) -> None:
    write("1.parquet", "SELECT 'a/' || i AS id, i AS likes FROM range(5_000) AS numbers (i)")
    write("2.parquet", "SELECT i AS downloads, 'b/' || i AS id FROM range(5_000) AS numbers (i)")
    file = write("z.parquet", "SELECT 'c/d' AS id")
    items = imported(file, file.parent / "[12].parquet", file)
    wanted = [{"id": "c/d"}]
    wanted += [{"id": f"a/{i}", "likes": i} for i in range(5_000)]
    wanted += [{"id": f"b/{i}", "downloads": i} for i in range(5_000)]
    assert items == wanted


@pytest.mark.parametrize("name", ["d[1]", "d*", "d?", "~d", "[!a]d"])
@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_a_file_is_landed_under_the_name_it_has(
    imported, tmp_path, monkeypatch, name, suffix
) -> None:
    """Not the files that its name would stand for as a pattern."""
    monkeypatch.chdir(tmp_path)
    options = {"parquet": "FORMAT parquet", "csv": "FORMAT csv, HEADER", "jsonl": "FORMAT json"}
    for stem in (name, "d1", "dx", "bd"):
        with duckdb.connect() as connection:
            connection.execute(f"COPY (SELECT 'org/{stem}' AS id) TO 'new' ({options[suffix]})")
        Path("new").rename(f"{stem}.{suffix}")
    for file in (f"{name}.{suffix}", tmp_path / f"{name}.{suffix}"):
        assert [item["id"] for item in imported(file)] == [f"org/{name}"]


def test_csv_and_json_files_join_by_name_too(imported, tmp_path) -> None:
    csv_file(tmp_path, "id,likes\na/b,1\n", "1.csv")
    csv_file(tmp_path, "downloads;id\n2;a/c\n", "2.csv")
    assert imported(tmp_path / "*.csv") == [
        {"id": "a/b", "likes": 1}, {"id": "a/c", "downloads": 2},
    ]  # fmt: skip
    csv_file(tmp_path, '{"id":"a/b"}', "1.jsonl")
    csv_file(tmp_path, '{"downloads":2,"id":"a/c"}', "2.jsonl")
    assert imported(tmp_path / "*.jsonl") == [{"id": "a/b"}, {"downloads": 2, "id": "a/c"}]


@pytest.mark.parametrize(
    "times",
    [
        "TIMESTAMP '2026-08-21 00:00:00', TIMESTAMP '2026-08-20 12:30:00.5'",
        "DATE '2026-08-21', DATE '2026-08-20'",
        "'2026-08-21', '2026-08-20T14:30:00.500+02:00'",
        "TIMESTAMPTZ '2026-08-21 00:00:00Z', TIMESTAMPTZ '2026-08-20 12:30:00.5Z'",
    ],
)
def test_a_snapshot_column_gives_a_snapshot_per_time(command, write, landing, rows, times) -> None:
    first, second = times.split(", ")
    file = write(
        "a.parquet",
        f"SELECT 'a/b' AS id, {first} AS at, 1 AS likes UNION ALL SELECT 'a/b', {second}, 2 "
        f"UNION ALL SELECT 'a/c', {first}, 3",
    )
    code, out, err = command(file, "--snapshot-column", "at")
    early = "20260820T000000Z" if "DATE" in times else "20260820T123000Z"
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"snapshot {early}: 1 models in 1 part", "snapshot 20260821T000000Z: 2 models in 1 part",
    ]  # fmt: skip
    assert [row["raw_json"] for row in rows(landing, "20260821T000000Z")] == [
        '{"id":"a/b","likes":1}', '{"id":"a/c","likes":3}',
    ]  # fmt: skip
    assert [row["item_number"] for row in rows(landing, "20260821T000000Z")] == [0, 1]


def test_a_snapshot_column_of_csv_and_json_lines_is_read(command, tmp_path) -> None:
    csv_file(tmp_path, "id,at\na/b,2026-08-21\n")
    assert command(tmp_path / "a.csv", "--snapshot-column", "at")[0] == 0
    csv_file(tmp_path, '{"id":"a/b","at":"2026-08-22T00:00:00Z"}', "a.jsonl")
    assert "20260822T000000Z" in command(tmp_path / "a.jsonl", "--snapshot-column", "at")[1]


@pytest.mark.parametrize(
    ("times", "word"),
    [
        ("['2026-08-21', NULL, NULL]", "2 rows of at hold null"),
        ("['2026-08-21', 'soon']", "1 row of at hold no ISO time, for example soon"),
        ("[1, 2]", "no ISO time"),
        ("['2026-08-21T00:00:00.1', '2026-08-21T00:00:00.2']", "same id: 20260821T000000Z"),
    ],
)
def test_a_snapshot_column_without_a_time_is_refused(refused, write, times, word) -> None:
    file = write("a.parquet", f"SELECT 'a/b' AS id, unnest({times}) AS at")
    assert word in refused(file, "--snapshot-column", "at")


def test_several_snapshots_are_refused_before_any_is_written(command, refused, write) -> None:
    command(write("a.parquet", "SELECT 'a/b' AS id"), "--as-of", "2026-08-22")
    file = write("b.parquet", "SELECT 'a/b' AS id, unnest(['2026-08-21', '2026-08-22']) AS at")
    assert "20260822T000000Z" in refused(file, "--snapshot-column", "at")
    assert command(file, "--snapshot-column", "at", "--replace")[0] == 0


def test_a_snapshot_column_that_is_not_there_is_refused(refused, write) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id")
    assert "there is no column at" in refused(file, "--snapshot-column", "at", code=2)


# same input, same bytes; once only


def test_two_imports_of_the_same_file_give_the_same_bytes(command, write, tmp_path, tree) -> None:
    file = write(
        "a.parquet",
        "SELECT 'a/' || i AS id, i AS likes, ['x', 'y' || i] AS tags "
        "FROM range(150_000) AS numbers (i)",
    )
    for name in ("one", "two"):
        assert command(file, *AS_OF, into=tmp_path / name)[0] == 0
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_a_second_import_is_refused_unless_it_replaces(
    command, refused, write, landing, rows
) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id")
    assert command(file, *AS_OF)[0] == 0
    line = refused(write("b.parquet", "SELECT 'a/c' AS id"), *AS_OF)
    assert ID in line
    assert "--replace" in line
    assert command(file.with_name("b.parquet"), *AS_OF, "--replace")[0] == 0
    assert [row["model_id"] for row in rows(landing)] == ["a/c"]


# files that cannot be read


def truncated(path: Path, part: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    return path


BROKEN = {
    "missing.parquet": None,
    "none-*.parquet": None,
    "text.parquet": b"this is no Parquet file at all",
    "empty.parquet": b"",
    "empty.csv": b"",
    "blank.csv": b"\n",
    "header.csv": b"id,likes\n",
    "twice.csv": b"id,likes,Likes\n1,2,3\n",
    "short.csv": b"id,likes\na/b,1\na/c\n",
    "long.csv": b"id,likes\na/b,1,2\n",
    "latin.csv": "id,likes\na/b,\u00e9\n".encode("latin-1"),
    "latin-header.csv": "id,\u00e9\na/b,1\n".encode("latin-1"),
    "not.csv.gz": b"id\na/b\n",
    "empty.jsonl": b"",
    "broken.jsonl": b'{"id":"a/b"}\n\n{"id":"a/c"\n{"id":"a/d"}\n',
    "torn-list.json": b'[{"id":"a/b"}, {"id"',
    "texts.json": b'["a/b"]',
    "latin-list.json": '[{"id":"\u00e9"}]'.encode("latin-1"),
    "list.json.gz": b'[{"id":"a/b"}]',
    "latin.jsonl": '{"id":"\u00e9"}'.encode("latin-1"),
    "unknown.xlsx": b"x",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_that_cannot_be_read_is_named_in_one_line(refused, tmp_path, name) -> None:
    if BROKEN[name] is not None:
        (tmp_path / name).write_bytes(BROKEN[name])
    assert name in refused(tmp_path / name, *AS_OF)


def test_a_broken_line_is_named_by_its_number(refused, tmp_path) -> None:
    csv_file(tmp_path, '{"id":"a/b"}\n\n{"id":"a/c"\n{"id":"a/d"}\n', "a.jsonl")
    assert 'line 3 is not a JSON object: {"id":"a/c"' in refused(tmp_path / "a.jsonl", *AS_OF)


def test_a_truncated_file_is_named(refused, write, tmp_path) -> None:
    select = "SELECT 'a/' || i AS id, md5('' || i) AS sha FROM range(50_000) AS numbers (i)"
    file = truncated(write("a.parquet", select), 0.5)
    assert "a.parquet" in refused(file, *AS_OF)
    packed = truncated(write("a.csv.gz", select, "FORMAT csv, HEADER, COMPRESSION gzip"), 0.5)
    assert "a.csv.gz" in refused(packed, *AS_OF)


def test_a_file_that_is_broken_inside_is_named_and_nothing_is_landed(refused, write) -> None:
    select = "SELECT 'a/' || i AS id, md5('' || i) AS sha FROM range(50_000) AS numbers (i)"
    file = write("a.parquet", select, "FORMAT parquet, COMPRESSION zstd")
    with duckdb.connect() as connection:
        (offset,) = connection.execute(
            f"SELECT data_page_offset FROM parquet_metadata('{file}') WHERE path_in_schema = 'sha'"
        ).fetchall()[0]
    content = bytearray(file.read_bytes())
    content[offset : offset + 400] = bytes(400)
    file.write_bytes(content)
    refused(file, *AS_OF)
    assert "a.parquet" in refused(file, "--snapshot-column", "sha", "--where", "sha > ''")


def test_a_disk_that_is_full_is_an_error_of_the_landing(write, landing, tree) -> None:
    file = write("a.parquet", "SELECT 'a/' || uuid() AS id FROM range(20_000)")
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
        "from loaders.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "import", str(file), *AS_OF, "--landing", str(landing)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "the landing is as it was" in done.stderr
    assert not landing.exists()


def test_one_broken_file_among_several_is_the_one_named(refused, write, tmp_path) -> None:
    write("1.parquet", "SELECT 'a/b' AS id")
    (tmp_path / "2.parquet").write_text("no Parquet")
    line = refused(tmp_path / "*.parquet", *AS_OF)
    assert "2.parquet" in line
    assert "1.parquet" not in line


def test_files_of_several_formats_are_refused(refused, write, tmp_path) -> None:
    write("1.parquet", "SELECT 'a/b' AS id")
    csv_file(tmp_path, "id\na/c\n")
    assert "csv, parquet" in refused(tmp_path / "1.parquet", tmp_path / "a.csv", *AS_OF)


def test_a_folder_is_no_file(refused, tmp_path) -> None:
    assert "is a folder" in refused(tmp_path, *AS_OF)


def test_the_format_can_be_said(imported, tmp_path) -> None:
    csv_file(tmp_path, '{"id":"a/b"}\n', "dump.txt")
    assert imported(tmp_path / "dump.txt", "--format", "jsonl") == [{"id": "a/b"}]


# usage


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--as-of", "yesterday"], "not an ISO time"),
        (["--as-of", "2026-13-01"], "not an ISO time"),
        (["--as-of", "0001-01-01T00:00:00+12:00"], "not an ISO time"),
        ([], "--as-of"),
        (["--as-of", "2026-08-22", "--snapshot-column", "at"], "not allowed"),
        (["--as-of", "2026-08-22", "--format", "xlsx"], "invalid choice"),
    ],
)
def test_wrong_usage_exits_with_2(command, write, landing, arguments, word) -> None:
    code, out, err = command(write("a.parquet", "SELECT 'a/b' AS id"), *arguments)
    assert (code, out) == (2, "")
    assert word in err.splitlines()[-1]
    assert not landing.exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt, duckdb.InterruptException, RuntimeError])
def test_an_interruption_is_one_line_and_130(command, write, monkeypatch, error) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise error("Query interrupted")

    monkeypatch.setattr(importing, "commit_snapshots", interrupt)
    code, out, err = command(write("a.parquet", "SELECT 'a/b' AS id"), *AS_OF)
    assert (code, out) == (130, "")
    assert err == "interrupted: nothing was landed\n"


def test_a_mistake_of_ours_is_not_hidden(command, write, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(importing, "commit_snapshots", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        command(write("a.parquet", "SELECT 'a/b' AS id"), *AS_OF)


def test_the_module_runs_and_leaves_nothing_in_the_working_folder(write, tmp_path) -> None:
    file = write("a.parquet", "SELECT 'a/b' AS id")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    environment = os.environ | {"HUB_LANDING": "landing", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "loaders", "import", str(file), *AS_OF],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == f"snapshot {ID}: 1 models in 1 part\n", done.stderr
    assert [path.name for path in folder.iterdir()] == ["landing"]


# the real sets


@needs_data
@pytest.mark.parametrize(
    ("arguments", "rows_expected"),
    [
        (["radar_2026_08/models.parquet", "--map", "base_model=cardData.base_model",
          "--map", "params=safetensors.total", "--map", "license=cardData.license"], 15_904),
        (["open_named_2025_10/models.parquet", "--map", "license=cardData.license"], 20_070),
        (["family_trees_2025_04/models.parquet", "--where", "crawl IS NOT NULL",
          "--map", "metadata_raw=record"], 2_788),
        (["hub_census_2022_02/models.parquet", "--map", "model_type=config.model_type",
          "--map", "architectures=config.architectures"], 29_432),
        (["model_atlas_2025_01/card_extracted_parents.parquet",
          "--map", "base_model=cardText.base_model"], 21_891),
    ],
)  # fmt: skip
def test_real_sets_are_imported_whole(command, landing, arguments, rows_expected) -> None:
    code, out, err = command(DATA / arguments[0], *arguments[1:], *AS_OF)
    assert (code, out.split(" models")[0]) == (0, f"snapshot {ID}: {rows_expected:,}"), err
    with duckdb.connect() as connection:
        parts = f"read_parquet('{landing}/hub_models/*/part-*.parquet')"
        assert connection.execute(
            f"SELECT count(*), bool_and(is_json_valid) FROM {parts}"
        ).fetchall() == [(rows_expected, True)]


@needs_data
def test_radar_values_equal_those_of_the_file(command, landing) -> None:
    file = DATA / "radar_2026_08" / "models.parquet"
    assert command(file, *AS_OF, "--map", "base_model=cardData.base_model")[0] == 0
    with duckdb.connect() as connection:
        differing = connection.execute(
            f"""
            SELECT count(*) FROM read_parquet('{landing}/hub_models/*/part-*.parquet')
            POSITIONAL JOIN read_parquet('{file}')
            WHERE model_id IS DISTINCT FROM id
                OR raw_json ->> '$.cardData.base_model' IS DISTINCT FROM base_model
                OR CAST(raw_json ->> '$.createdAt' AS TIMESTAMP) IS DISTINCT FROM "createdAt"
                OR CAST(raw_json ->> '$.params' AS BIGINT) IS DISTINCT FROM params
                OR CAST(raw_json -> '$.tags' AS VARCHAR[]) IS DISTINCT FROM tags
                OR json_exists(raw_json, '$.pipeline_tag') IS DISTINCT FROM
                    (pipeline_tag IS NOT NULL)
            """
        ).fetchall()
    assert differing == [(0,)]


@needs_data
def test_the_radar_history_gives_a_snapshot_per_state(command, landing) -> None:
    file = DATA / "radar_2026_08" / "snapshots.parquet"
    code, out, _ = command(file, "--snapshot-column", "snapshot_at", "--map",
                           "base_model=cardData.base_model")  # fmt: skip
    assert code == 0
    snapshots = list_snapshots(landing)
    assert len(out.splitlines()) == len(snapshots) == 13
    assert sum(snapshot.rows for snapshot in snapshots) == 170_074
    assert snapshots[-1].started_at - snapshots[0].started_at < timedelta(days=4)


@needs_data
def test_half_a_million_weekly_rows_take_seconds(command, landing) -> None:
    file = DATA / "weekly_relations_2025" / "weekly_models.parquet"
    code, out, _ = command(
        file, "--as-of", "2025-07-02", "--where", "list = 'added'",
        "--map", "week=createdAt", "--map", "base_model=cardData.base_model",
        "--map", "relation=cardData.base_model_relation",
    )  # fmt: skip
    assert (code, out) == (0, "snapshot 20250702T000000Z: 436,427 models in 22 parts\n")
