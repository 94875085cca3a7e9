"""What a build reads within objects is read in other hands too, or is said to be unreadable."""

import csv
import itertools
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.__main__ import main
from loaders.imports.written import mended, unread

AS_OF = ("--as-of", "2026-08-22")

READ = [
    ("safetensors", {"total": "7,000,000,000"}, {"total": 7000000000}),
    ("safetensors", {"total": {"$numberLong": "7"}}, {"total": 7}),
    ("safetensors", {"total": 7, "parameters": "{'BF16': 7}"},
     {"total": 7, "parameters": {"BF16": 7}}),
    ("safetensors", {"parameters": {"BF16": "7 000", "F32": 1}},
     {"parameters": {"BF16": 7000, "F32": 1}}),
    ("safetensors", {"parameters": [{"BF16": 7}]}, {"parameters": {"BF16": 7}}),
    ("safetensors", [{"total": 7}], {"total": 7}),
    ("gguf", {"total": "1_234"}, {"total": 1234}),
    ("safetensors", {"total": "7'000'000'000"}, {"total": 7000000000}),
    ("safetensors", {"total": "7,000.00"}, {"total": 7000}),
    ("safetensors", "{'total': np.int64(7), 'parameters': {'F32': Decimal('7')}}",
     {"total": 7, "parameters": {"F32": "7"}}),
    ("createdAt", "2024-07-11 00:55:12 +0000 UTC", "2024-07-11T00:55:12.000Z"),
    ("createdAt", "2024-07-11T00:55:12,000Z", "2024-07-11T00:55:12.000Z"),
    ("createdAt", "2024-07-11T005512Z", "2024-07-11T00:55:12.000Z"),
    ("createdAt", "2024-07-11T02:55:12 +02:00", "2024-07-11T00:55:12.000Z"),
    ("createdAt", "{'$date': 1720659312000}", "2024-07-11T00:55:12.000Z"),
    ("_id", "ObjectId(66f0c1aa5e1f4b2c3d4e5f61)", "66f0c1aa5e1f4b2c3d4e5f61"),
    ("_id", "{'$oid': '66f0c1aa5e1f4b2c3d4e5f61'}", "66f0c1aa5e1f4b2c3d4e5f61"),
    ("likes", "1,234.0", 1234),
    ("cardData", "{license: mit, language: [en, de]}",
     {"license": "mit", "language": ["en", "de"]}),
    ("cardData", json.dumps('{"license": "mit"}'), {"license": "mit"}),
    ("cardData", "{'license': 'mit', 'date': datetime.date(2024, 7, 11)}",
     {"license": "mit", "date": "2024-07-11T00:00:00.000Z"}),
    ("cardData", {"license": "[mit, apache-2.0]"}, {"license": ["mit", "apache-2.0"]}),
    ("cardData", {"language": "{en,de}"}, {"language": ["en", "de"]}),
    ("tags", "[gguf, license:mit]", ["gguf", "license:mit"]),
    ("tags", "{gguf,license:mit}", ["gguf", "license:mit"]),
    ("tags", json.dumps("['gguf', 'en']"), ["gguf", "en"]),
    ("cardData", {"license": {"name": "mit"}}, {"license": "mit"}),
    ("cardData", {"license": {"key": "mit", "name": "MIT License", "spdx_id": "MIT"}},
     {"license": "mit"}),
    ("cardData", {"license": ["mit", {"id": "apache-2.0"}]}, {"license": ["mit", "apache-2.0"]}),
    ("cardData", {"license": "['mit', 'apache-2.0']"}, {"license": ["mit", "apache-2.0"]}),
    ("cardData", {"license": [["mit"]]}, {"license": ["mit"]}),
    ("cardData", {"license": [None, "mit"]}, {"license": ["mit"]}),
    ("cardData", {"language": "('en', 'de')"}, {"language": ["en", "de"]}),
    ("cardData", {"language": "en, de"}, {"language": ["en", "de"]}),
    ("cardData", {"language": ["en", False]}, {"language": ["en", "no"]}),
    ("cardData", {"language": {"code": "en", "name": "English"}}, {"language": "en"}),
    ("config", {"architectures": "['LlamaForCausalLM']"}, {"architectures": ["LlamaForCausalLM"]}),
    ("config", {"peft": "{'base_model_name_or_path': 'x/y'}"},
     {"peft": {"base_model_name_or_path": "x/y"}}),
    ("baseModels", {"relation": ["adapter"], "models": {"id": "x/y"}},
     {"relation": "adapter", "models": [{"id": "x/y"}]}),
    ("baseModels", {"models": "x/y, x/z"}, {"models": ["x/y", "x/z"]}),
    ("baseModels", {"models": [{"_id": {"$oid": "66f0c1aa5e1f4b2c3d4e5f61"}, "id": "x/y"}]},
     {"models": [{"_id": "66f0c1aa5e1f4b2c3d4e5f61", "id": "x/y"}]}),
    ("tags", ["gguf", {"name": "license:mit"}], ["gguf", "license:mit"]),
    ("tags", [["gguf", "en"]], ["gguf", "en"]),
    ("pipeline_tag", ["text-generation"], "text-generation"),
    ("pipeline_tag", "['text-generation']", "text-generation"),
    ("library_name", {"name": "transformers"}, "transformers"),
    ("gated", ["auto"], "auto"),
]  # fmt: skip
UNREAD = [
    ("safetensors.total", {"safetensors": {"total": "7B"}}, "7B"),
    ("safetensors.total", {"safetensors": {"total": -1}}, "-1"),
    ("safetensors.total", {"safetensors": {"total": 1.5}}, "1.5"),
    ("safetensors.total", {"safetensors": {"total": "7.234"}}, "7.234"),
    ("likes", {"likes": "1.234"}, "1.234"),
    ("safetensors.total", {"safetensors": {"total": True}}, "true"),
    ("safetensors.parameters", {"safetensors": {"parameters": {"BF16": "7B"}}}, '{"BF16": "7B"}'),
    ("safetensors.parameters", {"safetensors": {"parameters": 7}}, "7"),
    ("gguf.total", {"gguf": {"total": [7]}}, "[7]"),
    ("cardData.license", {"cardData": {"license": {"mit": True}}}, '{"mit": true}'),
    ("cardData.license", {"cardData": {"license": 2}}, "2"),
    ("cardData.language", {"cardData": {"language": ["en", 5]}}, '["en", 5]'),
    ("config.architectures", {"config": {"architectures": True}}, "true"),
    ("config.peft", {"config": {"peft": "LORA"}}, "LORA"),
    ("baseModels.relation", {"baseModels": {"relation": ["adapter", "merge"]}},
     '["adapter", "merge"]'),
    ("tags", {"tags": ["gguf", {"n": 1}]}, '["gguf", {"n": 1}]'),
    ("pipeline_tag", {"pipeline_tag": ["a", "b"]}, '["a", "b"]'),
    ("gated", {"gated": ["auto", "manual"]}, '["auto", "manual"]'),
]  # fmt: skip
AS_THE_API_WRITES_THEM = [
    '{"safetensors": {"total": 7, "parameters": {"BF16": 7, "F32": null}}, "tags": ["a", "b,c"]}',
    '{"cardData": {"license": ["mit", "other"], "language": ["en"], "license_name": ""}}',
    '{"cardData": null, "gguf": {"total": null}, "config": {"peft": {}, "architectures": []}}',
    '{"gated": false, "pipeline_tag": null, "baseModels": {"relation": "merge", "models": []}}',
    '{"gated": "manual", "cardData": {"license": "(mit)", "language": "en"}, "baseModels": []}',
    '{"cardData": {"license": "[More Information Needed]"}, "safetensors": {"total": 7e3}}',
]


def lines(folder: Path, items: list[dict]) -> Path:
    path = folder / "items.jsonl"
    path.write_text("\n".join(map(json.dumps, items)))
    return path


def page(folder: Path, items: list[dict]) -> Path:
    path = folder / "page.json"
    path.write_text(json.dumps(items))
    return path


def texts_in_csv(folder: Path, items: list[dict]) -> Path:
    path = folder / "items.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, dict.fromkeys(key for item in items for key in item))
        writer.writeheader()
        for item in items:
            writer.writerow(
                {key: one if isinstance(one, str) else json.dumps(one) for key, one in item.items()}
            )
    return path


def texts_in_parquet(folder: Path, items: list[dict]) -> Path:
    path = folder / "texts.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM '{texts_in_csv(folder, items)}') TO '{path}'")
    return path


def structs_in_parquet(folder: Path, items: list[dict]) -> Path:
    path = folder / "structs.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (FROM read_json('{lines(folder, items)}', map_inference_threshold = -1)) "
            f"TO '{path}' (FORMAT parquet)"
        )
    return path


FORMATS = [lines, page, texts_in_csv, texts_in_parquet, structs_in_parquet]


def items_of_the_read() -> list[tuple[dict, dict]]:
    """Items with a value of `READ` in each field, until all have been in one, and as they land."""
    of_field: dict[str, list[tuple]] = {}
    for field, value, wanted in READ:
        of_field.setdefault(field, []).append((value, wanted))
    together = itertools.zip_longest(*of_field.values())
    found = []
    for row in together:
        there = {field: pair for field, pair in zip(of_field, row, strict=True) if pair}
        found.append(tuple({field: pair[n] for field, pair in there.items()} for n in (0, 1)))
    return found


@pytest.mark.parametrize(("item", "wanted"), items_of_the_read())
@pytest.mark.parametrize("write", FORMATS)
def test_a_value_within_an_object_is_read_whatever_the_format(
    imported, tmp_path, write, item, wanted
) -> None:
    items = imported(write(tmp_path, [{"id": "a/b"} | item]))
    assert items == [{"id": "a/b"} | wanted]


@pytest.mark.parametrize(("field", "item", "example"), UNREAD)
@pytest.mark.parametrize("write", FORMATS)
def test_what_cannot_be_read_within_an_object_is_told_with_its_field(
    tmp_path, landing, capsys, write, field, item, example
) -> None:
    """A field of which nothing can be read is an error, unless that is allowed."""
    file = write(tmp_path, [{"id": "a/b"} | item, {"id": "a/c"}])
    command = ["import", str(file), *AS_OF, "--landing", str(landing)]
    assert main(command) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"none of 1 value of {field} can be read as " in line
    assert not landing.exists()
    assert main([*command, "--allow-unread"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert f"none of 1 value of {field} can be read as " in line
    shown = line.partition("for example ")[2].partition("; landed as it stands")[0]
    assert shown.replace(" ", "") == example.replace(" ", "")


def test_a_field_within_objects_is_one_warning_with_counts(tmp_path, landing, capsys, rows) -> None:
    totals = [7, "7,000", "7B", None, "8B"]
    items = [{"id": f"a/{n}", "safetensors": {"total": one}} for n, one in enumerate(totals)]
    assert main(["import", str(lines(tmp_path, items)), *AS_OF, "--landing", str(landing)]) == 0
    assert capsys.readouterr().err == (
        "warning: 2 of 4 values of safetensors.total cannot be read as a count, for example 7B; "
        "landed as it stands\n"
    )
    landed = [json.loads(row["raw_json"])["safetensors"]["total"] for row in rows(landing)]
    assert landed == [7, 7000, "7B", None, "8B"]


def test_a_mapped_column_is_read_as_the_field_it_becomes(tmp_path, imported) -> None:
    file = tmp_path / "a.csv"
    file.write_text('id,licence,n\na/b,"{""key"": ""mit""}","7,000"\n')
    assert imported(file, "--map", "licence=cardData.license", "--map", "n=safetensors.total") == [
        {"id": "a/b", "cardData": {"license": "mit"}, "safetensors": {"total": 7000}}
    ]


def test_all_but_the_value_that_is_read_stays_byte_for_byte(tmp_path, landing, rows) -> None:
    text = (
        '{"id": "a/b",  "x": 1e3, "y": 0.50, "cardData": {"license": %s , "t": "\\ud800"}, '
        '"z": 12345678901234567890123}'
    )
    (tmp_path / "a.jsonl").write_text(text % '{"name" : "mit"}')
    command = ["import", str(tmp_path / "a.jsonl"), *AS_OF, "--landing", str(landing)]
    assert main(command) == 0
    assert [row["raw_json"] for row in rows(landing)] == [text % '"mit"']


@pytest.mark.parametrize("item", AS_THE_API_WRITES_THEM)
def test_an_item_as_the_api_writes_it_is_left_alone(item) -> None:
    assert mended(item) == item
    assert set(unread(item)) == {None}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(-1e9, 1e9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["license", "total", "parameters", "models", "peft", "name"])
            | st.text(),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["cardData", "safetensors", "config", "tags", "x"]), JSON))
def test_whatever_stands_in_an_item_it_stays_one_and_is_mended_once(item) -> None:
    once = mended(json.dumps(item))
    assert json.loads(once).keys() == item.keys()
    assert mended(once) == once
    assert unread(once) == unread(json.dumps(item))
