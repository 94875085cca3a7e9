"""A landing in which everything stands that two engines read differently.

Two snapshots, written as loaders/README.md describes it, with the optional tables beside them.
Times, parents and counters sit on the edges of what the models decide.
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from oracles.graphs import random_graphs
from support import item, write_landing

FIRST, SECOND = datetime(2025, 6, 1, 12), datetime(2025, 7, 1, 12)
BASE = datetime(2024, 1, 31, 23, 59, 59, 500_000)
"""Half a second before the end of a month."""
LISTED_TWICE = "lab/Twice"


def write_nasty_landing(folder: Path) -> Path:
    """Write the landing; its folder."""
    early, late = items()
    graphs = [entry for graph in random_graphs(range(30)) for entry in graph.items]
    write_landing(folder, {FIRST: early, SECOND: [*late, *graphs]})
    for table, rows in {
        "benchmarks": benchmarks(),
        "cards": cards(),
        "hub_aliases": aliases(),
        "owners": owners(),
        "release_dates": release_dates(),
        "weights": weights(),
    }.items():
        (folder / table).mkdir()
        duckdb.sql(rows).write_parquet(str(folder / table / "part.parquet"))
    return folder


def items() -> tuple[list, list]:
    """The items of the two snapshots; of some the second differs."""
    always = [*raced(), *shaped(), *described(), *typed(), *unreadable(), *circular(), *merged()]
    early = [
        *always,
        item("lab/renamed-later", BASE, declared="lab/Base") | {"_id": "f" * 24, "likes": 3},
        item("lab/gone-later", BASE, declared="lab/Base"),
        item("lab/eight-days-old", FIRST - timedelta(days=8), declared="lab/Base", likes=8),
        item("lab/remade", BASE) | {"_id": "e" * 24},
        item("lab/relicensed", BASE, cardData={"license": "mit"}),
        item("again/base", BASE) | {"_id": "a1" * 12},
        item("again/kid", None, declared="again/base"),
    ]
    late = [
        *always,
        item("lab/renamed-now", BASE, declared="lab/Base") | {"_id": "f" * 24, "likes": 2},
        item("lab/remade", BASE + timedelta(days=400)) | {"_id": "d" * 24},
        item("lab/relicensed", BASE, cardData={"license": ["cc-by-4.0"]}),
        item("again/base-old", BASE) | {"_id": "a1" * 12},
        item("again/base", BASE + timedelta(days=90)) | {"_id": "a2" * 12},
        item("again/kid", None, declared="again/base"),
        item("again/older", BASE + timedelta(days=80), declared="AGAIN/base"),
        item("again/younger", BASE + timedelta(days=100), declared="again/base"),
        item("again/told", BASE + timedelta(days=80), declared="again/base")
        | {"baseModels": {"models": [{"_id": "a2" * 12, "id": "again/base"}]}},
        item("lab/child-of-old-name", BASE, declared="lab/renamed-later"),
        item("lab/eight-days-old", FIRST - timedelta(days=8), declared="lab/Base", likes=9),
    ]
    return early, late


def raced() -> list:
    """A base whose entrants tie, on edges of windows, at ends of months and half seconds."""
    moments = [
        BASE,
        BASE,
        BASE + timedelta(milliseconds=500),
        BASE + timedelta(milliseconds=1),
        datetime(2024, 2, 29, 23, 59, 59, 999_000),
        datetime(2024, 3, 1),
        datetime(2023, 12, 31, 23, 59, 59, 999_000),
        datetime(2022, 3, 2, 23, 29, 4),
        datetime(2022, 3, 3),
        None,
    ]
    for days in (7, 14, 30, 60, 90, 180, 365):
        moments += [
            BASE + timedelta(days=days, milliseconds=milliseconds) for milliseconds in (-1, 0, 1)
        ]
    relations = ["finetune", "adapter", "quantized", "merge"]
    entrants = [
        item(
            f"Owner{number % 5}/Entrant-{number}-7B.GGUF",
            moment,
            ["lab/base" if number % 2 else "LAB/Base"],
            relations[number % 4],
            likes=number % 7,
            downloads=1000 - number,
        )
        for number, moment in enumerate(moments)
    ]
    children = [
        item(
            f"other/child-{number}", (moment or BASE) + timedelta(days=10), [entry["id"]], "adapter"
        )
        for number, (moment, entry) in enumerate(zip(moments, entrants, strict=True))
    ]
    return [item("lab/Base", datetime(2023, 12, 1), likes=10), *entrants, *children]


def shaped() -> list:
    """Lists, objects and nulls where a card may hold anything."""
    parents = [
        None, [], [None], ["lab/Base", None, 4, {"name": "x"}, ["nested"]], 4, 0.5, True, {"a": 1},
        "lab/Base, lab/gone-later", "lab/Base,", ",", "./a,b", " lab/Base ", "\u00a0lab/Base\u3000",
        "[lab/Base](https://huggingface.co/lab/Base)", "https://huggingface.co/LAB/base/tree/main",
        "hf.co/lab/Base?x=1", "huggingface.co/datasets/lab/data", "https://example.com/lab/Base",
        "C:\\models\\base", "models--lab--Base", "/data/models--lab--Base/snapshots/1", "~/base",
        "TODO", "your-base-model", "none", "", " ", "Base", "'lab/Base'", "`lab/Base`",
        "- lab/Base",
        "lab/Base (merge)", "lab/Base\nlab/gone-later", "lab/Base\t", "lab/Bäse", "İstanbul/ß",
        "lab/base/extra", "lab//base", "lab/Base@main", "lab/Base#1", "missing/parent",
        "lab/Base lab/gone-later", "- lab/Base\n- lab/gone-later\n", "1. lab/Base 2) a/b; c/d",
        "lab/Base and a/b+c/d", "lab/Base / a/b", "lab/Base & two words",
        [["lab/Base"], [{"a": 1}]],
        {"model": "lab/Base", "id": None}, {"name": "x", "url": "https://hf.co/lab/Base"},
        "https://huggingface.co/lab/Base https://hf.co/a/b?x=1", "hf.co/lab/Base:Q4_K_M",
        "hf://lab/Base", "hf-hub:lab/Base", "git@hf.co:lab/Base.git", "lab/Base.", "lab / Base",
        "https://huggingface.co/api/models/lab%2FBase", "https://hf-mirror.com/lab/Base",
        "https://evilhuggingface.co/lab/Base", "\u201clab/Base\u201d\u200b", "<b>lab/Base</b>",
        '<a href="https://hf.co/lab/Base">x</a>', "\u2022 lab/Base", "@lab/Base", "lab\uff0fBase",
        "datasets/squad", "10.5281/zenodo.1", "your-org/x", "<owner>/<name>", "lab/[NAME]",
        "lab/..", "lab/a--b", "lab/" + "x" * 97, "lab/Base/file.gguf", "nobody/here/file.gguf",
        "Missing/Parent", "MISSING/parent", '["lab/Base"]', "null", "it's/quoted", "a\\'b/c",
    ]  # fmt: skip
    made = [
        item(
            f"shapes/card-{number:02d}",
            BASE + timedelta(hours=number),
            cardData={"base_model": parent},
        )
        for number, parent in enumerate(parents)
    ]
    made += [
        item(
            f"shapes/adapter-{number:02d}",
            BASE,
            config={"peft": {"base_model_name_or_path": parent}},
        )
        for number, parent in enumerate(parents)
    ]
    hub = [
        None, [], {}, "lab/Base",
        {"relation": "Merge", "models": [{"_id": "x", "id": "lab/Base"}, None]},
        {"relation": None, "models": "lab/Base"},
        {"models": [{"id": 5}, {"_id": None}, "lab/Base"]},
        [{"id": "lab/Base"}], {"relation": "finetune", "models": []},
        {"relation": ["x"], "models": [[]]},
    ]  # fmt: skip
    made += [
        item(f"shapes/hub-{number}", BASE, baseModels=value) for number, value in enumerate(hub)
    ]
    tags = [
        None, [], "no list", [None], ["LoRA", None, 4, {"a": 1}], ["license:mit", "license:gpl"],
        ["license:"], ["base_model:lab/Base", "base_model:finetune:lab/Base"],
        ["base_model:finetune:"],
        ["base_model:merge:a:b/c", "base_model:"], ["GPTQ"], ["merge", "mergekit"], {"a": "b"},
    ]  # fmt: skip
    made += [
        item(f"shapes/tags-{number}", BASE, declared="lab/Base") | {"tags": value}
        for number, value in enumerate(tags)
    ]
    cards = [
        None, [], "text", {"license": []}, {"license": ["mit", "x"]}, {"license": [4]},
        {"license": 4},
        {"license": None}, {"license": "\u00a0mit "}, {"license": "Apache License 2.0"},
        {"license": "[More Information Needed]"}, {"license": ["CC BY 4.0"]}, {"license": "GPLv3"},
        {"library_name": ["peft"]},
        {"pipeline_tag": " text-generation "}, {"base_model_relation": "Quantized"},
        {"base_model_relation": "LoRA adapter"},
    ]  # fmt: skip
    return made + [
        item(f"shapes/fields-{number}", BASE, ["lab/Base"]) | {"cardData": value}
        for number, value in enumerate(cards)
    ]


def described() -> list:
    """Licences, languages, makes and names in every shape, on a line of their own."""
    licences = [
        "Apache-2.0", ["mit", "gpl-3.0"], "other", "llama3.1", "[More Information Needed]", None,
        4, {"name": "x"}, "cc-by-nc-4.0", "Acme Non-Commercial", "unknown", [], "openrail++",
        "cc0-1.0",
    ]  # fmt: skip
    names = ["Llama 3.1 Community License", "acme", None, " ", 3, ["gemma"]]
    languages = ["en", ["fr", "EN ", "en"], [], None, 4, [None, {"a": 1}, "de"], "\u00a0zh"]
    configs = [
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}, {"architectures": "Bert"},
        {"architectures": [], "model_type": ["x"]}, {"architectures": [4], "model_type": 4}, "text",
        None,
    ]  # fmt: skip
    series = [
        "Qwen3-30B-A3B", "Meta-Llama-3.1-8B", "qwen_0.5_dpo", "DeepSeek-R1-Distill", "bertje",
        "phi-1_5", "Mixtral-8x7B-v0.1", "whisper-v3", "TinyLlama", "gemma", "T5", "GPT2",
    ]  # fmt: skip
    made = []
    for number in range(84):
        card = {
            "license": licences[number % len(licences)],
            "license_name": names[number % len(names)],
            "language": languages[number % len(languages)],
        }
        parents = [made[number // 3]["id"], made[number // 2]["id"]] if number > 3 else []
        made.append(
            item(
                f"terms{number % 3}/{series[number % len(series)]}-{number}",
                BASE + timedelta(days=number),
                sorted({*parents}),
                "merge" if number % 2 else "quantized",
                cardData=card,
                config=configs[number % len(configs)],
                pipeline_tag=["text-generation", "Text-To-Image", None][number % 3],
                library_name=["timm", "SetFit", None][number % 3],
            )
        )
    return made


def typed() -> list:
    """Numbers, times and flags as text, as numbers, and as neither."""
    numbers = [
        "12", "3.0", "1e3", 1e3, 12.7, "12.999999", -1, -0.3, "-0", 0, True, None,
        "many", "", " 7 ",
        9223372036854775807, 9223372036854775808, 1e30, "1e400", [4], {"n": 4}, "0x1F", "NaN",
        "Infinity", "-inf", "1.5d", "2F", "+5", ".5", "5.", "1,000",
    ]  # fmt: skip
    made = [
        item(
            f"numbers/n{number:02d}-0.5B",
            BASE,
            ["lab/Base"],
            "quantized",
            likes=value,
            downloads=value,
            downloadsAllTime=value,
            trendingScore=value,
            safetensors={"total": value},
            gguf={"total": value},
        )
        for number, value in enumerate(numbers)
    ]
    counts = [
        {}, {"F32": 5}, {"F32": 5, "I8": "7"}, {"F32": None}, {"F32": -1}, {"F32": 1e3, "x": "y"},
        {"F32": 999999999999999, "I8": 1}, [5], "5", None, {"F32": None, "I8": 7},
    ]  # fmt: skip
    made += [
        item(f"counts/c{number}", BASE, safetensors={"parameters": value, "total": 6})
        for number, value in enumerate(counts)
    ]
    times = [
        "2024", "2024-05", "2024-05-06", "2024-05-06T07", "2024-05-06 07:08", "2024-05-06T07:08:09",
        "2024-05-06T07:08:09.5Z", "2024-05-06T07:08:09.123456Z", "2024-05-06T07:08:09+02:00",
        "2024-05-06T07:08:09.000+0530", "12:00", "T12:00", "soon", "now", "today",
        "epoch", "infinity",
        "", " 2024-05-06 ", "1969-12-31", "9999-12-31T23:59:59Z", "10000-01-01", "2024-02-30",
        "2024-12-31T23:59:59.999Z", 1714979289, None, True, ["2024-05-06"],
    ]  # fmt: skip
    made += [
        item(f"times/t{number:02d}", None, ["lab/Base"])
        | {"createdAt": value, "lastModified": value}
        for number, value in enumerate(times)
    ]
    flags = [False, True, "auto", "Manual", " manual ", "", None, 0, "\u2003auto"]
    made += [
        item(f"flags/f{number}", BASE) | {"gated": value, "private": value}
        for number, value in enumerate(flags)
    ]
    names = [
        "x-1.5B-chat",
        "x_8x7b",
        "x-70B.gguf",
        "x-4bit",
        "x-0_5b-it",
        "x-135M",
        "x-1T",
        "x-9999t",
    ]
    return made + [item(f"named/{name}", BASE, ["lab/Base"]) for name in names]


def unreadable() -> list:
    """Items that are no JSON, no object, no model, or twice there."""
    return [
        '{"id": "broken/cut',
        '{"id": "broken/trailing"} x',
        '{"id": "broken/two"} {"id": "broken/three"}',
        '{"id": "broken/comma"}, {"id": "broken/four"}',
        '{"id": "broken/nan", "likes": NaN}',
        '{"id": "broken/control\n"}',
        "{'id': 'broken/single'}",
        '["broken/list"]',
        '"broken/text"',
        "null",
        "",
        " ",
        '  {"id": "whole/spaces"}  ',
        '{"id": "whole/half", "library_name": "x\\ud83d"}',
        '{"id": "whole/pair", "library_name": "x\\ud83d\\ude00"}',
        '{"id": "whole/escapes\\u0041", "library_name": "a\\"b\\\\c\\td"}',
        '{"id": "whole/deep", "x": ' + "[" * 60 + "]" * 60 + "}",
        '{"id": "whole/numbers", "x": 123456789012345678901234567890.123456789e-5}',
        '{"_id": "noid"}',
        '{"id": null, "modelId": "whole/by-model-id"}',
        '{"id": 7, "modelId": "whole/beside-a-number"}',
        '{"id": "https://huggingface.co/whole/link/tree/main"}',
        '{"id": "whole/two words"}',
        '{"id": "datasets/squad"}',
        '{"id": "None"}',
        '{"id": 5}',
        '{"id": {"a": 1}}',
        '{"id": "private/model", "private": true}',
        item(LISTED_TWICE, BASE, likes=1),
        item(LISTED_TWICE, BASE, likes=2),
        item("LAB/twice", BASE) | {"_id": "c" * 24},
        json.dumps(item("whole/unicode", BASE, library_name="日本語"), ensure_ascii=True),
    ]


def circular() -> list:
    """Cycles of two, of three with a root beside them, what hangs below, a model on itself."""
    return [
        item("cycle/a", BASE, declared="cycle/b"),
        item("cycle/b", BASE, declared="cycle/a"),
        item("cycle/below", BASE + timedelta(days=1), declared="cycle/a"),
        item("cycle/below-that", BASE + timedelta(days=2), declared="cycle/below"),
        item("ring/a", BASE, declared=["ring/c", "lab/Base"]),
        item("ring/b", BASE, declared="ring/a"),
        item("ring/c", BASE, declared="ring/b"),
        item("self/alone", BASE, declared="self/alone"),
        item("self/and-other", BASE, declared=["Self/And-Other", "lab/Base"]),
    ]


def merged() -> list:
    """Several parents: equal sets, sets that share two or one, chains of merges, depth."""
    parents = [item(f"merge/p{n}", BASE + timedelta(days=n)) for n in range(4)]
    sets = [(0, 1), (0, 1), (0, 1, 2), (1, 2), (0, 1, 2, 3), (3, 2, 1, 0), (2, 3)]
    merges = [
        item(
            f"merge/m{number}",
            BASE + timedelta(days=5 + number),
            [f"merge/p{parent}" for parent in members],
            "merge",
        )
        for number, members in enumerate(sets)
    ]
    takers = [
        item(
            f"merge/t{number}",
            BASE + timedelta(days=20 + number),
            [f"merge/m{number}", f"merge/p{sets[number][0]}", f"merge/p{sets[number][1]}"],
            "merge",
        )
        for number in range(len(sets))
    ]
    chain = [
        item(f"chain/c{n:02d}", BASE + timedelta(days=n), [f"chain/c{n - 1:02d}"] if n else ())
        for n in range(20)
    ]
    return [*parents, *merges, *takers, *chain]


def benchmarks() -> str:
    """Scores that tie, repeat, are no numbers or belong to nobody."""
    return """
        select * from (values
            ('lab/base', 'mmlu', 70.5::double, timestamp '2024-05-01 00:00:00.5', 'board'),
            ('LAB/Base', 'mmlu', 70.5, timestamp '2024-05-01 00:00:00.5', 'board'),
            ('https://hf.co/merge/p1', 'mmlu', 55, timestamp '2024-05-01', 'board'),
            (' lab/Base', 'mmlu', 71.25, null, 'board'),
            ('merge/p0', 'mmlu', 12.1, timestamp '2024-05-01', 'board'),
            ('merge/p1', 'mmlu', 99.9, timestamp '2024-05-01', 'board'),
            ('merge/p2', 'mmlu', 'nan', timestamp '2024-05-01', 'board'),
            ('merge/p3', 'mmlu', 'infinity', timestamp '2024-05-01', 'board'),
            ('merge/p0', 'arc', 0.1, timestamp '2024-05-01', 'other'),
            ('merge/p1', 'arc', 0.2, timestamp '2024-05-01', 'other'),
            ('merge/p2', 'arc', 0.3, timestamp '2024-05-01', 'other'),
            ('merge/p2', 'one', 5, timestamp '2024-05-01', 'other'),
            ('nobody/here', 'mmlu', 1e13, timestamp '2024-05-01', 'board'),
            (null, 'mmlu', 1, null, 'board'),
            ('lab/base', null, 1, null, 'board'),
            ('lab/base', 'mmlu', null, null, null)
        ) as scores (model_id, benchmark, score, measured_at, source)
    """


def aliases() -> str:
    """Names that lead on, lead nowhere, and were asked for twice."""
    return """
        select * from (values
            ('Missing/Parent', 'lab/Base', 'renamed', timestamp '2025-01-01'),
            ('missing/parent', 'merge/p0', 'renamed', timestamp '2024-01-01'),
            ('old/gone', null, 'absent', timestamp '2025-01-01'),
            (null, 'lab/Base', 'renamed', timestamp '2025-01-01')
        ) as names (alias, model_id, outcome, resolved_at)
    """


def owners() -> str:
    """Owners as links, in two cases, twice, in words that nobody knows, and nobody."""
    return """
        select * from (values
            ('lab', 'Company', 'us', 'Lab Holding', 'list'),
            (' LAB ', 'company', 'USA', 'lab holding', 'other list'),
            ('https://huggingface.co/merge', 'university', 'France', null, 'list'),
            ('@merge', 'university', 'eu', null, 'other list'),
            ('race', 'company', 'us', null, 'list'),
            ('race', 'person', 'china', null, 'other list'),
            ('terms', 'guild', 'Atlantis', null, null),
            ('Missing', null, 'unknown', null, 'list'),
            ('lab/model', null, 'other', null, 'list'),
            ('  ', null, 'us', null, 'list'),
            (null, null, null, null, null)
        ) as owners (owner, kind, country, parent_organisation, source)
    """


def release_dates() -> str:
    """Dates at midnight, at half a second, twice for one model, and for nobody."""
    return """
        select * from (values
            ('lab/Base', timestamp '2023-12-05 00:00:00.5', 'list'),
            ('LAB/base ', timestamp '2023-12-04', 'other list'),
            ('merge/m0', timestamp '2024-02-29 23:59:59.999', 'list'),
            ('nobody/here', timestamp '2024-01-01', 'list'),
            (null, timestamp '2024-01-01', 'list'),
            ('merge/m1', null, 'list')
        ) as dates (model_id, released_at, source)
    """


def cards() -> str:
    """Cards with metadata of every ending, brackets, lists, odd spaces, and of nobody."""
    return """
        select * from (values
            ('merge/m0', E'---\nlicense: mit\nbase_model: no/prose\n---\n# x\n'
                || 'quantized version of [lab/Base](https://huggingface.co/lab/Base).', 'dump'),
            ('MERGE/m1 ', E'\ufeff---\r\nlicense: mit\r\n---\r\n'
                || 'Fine-tuned from model : lab/Base.', 'dump'),
            ('merge/m2', E'The following models were included in the merge:\n'
                || E'* [a](https://hf.co/lab/Base)\n* [b](https://huggingface.co/merge/m0)\n\n'
                || E'## Other\n[c](https://hf.co/other/one)', 'dump'),
            ('nobody/here', 'Original model: https://huggingface.co/lab/Base', 'dump'),
            ('merge/m3', '', 'dump'),
            (null, 'Base model: lab/Base', 'dump'),
            ('merge/m3', null, 'dump')
        ) as cards (model_id, card, source)
    """


def weights() -> str:
    """Pairs with and without a score, twice, of a child that is not listed, and of nobody."""
    return """
        select * from (values
            ('merge/m0', 'lab/Base', 0.5, 'tool', 'list'),
            ('MERGE/m0 ', 'lab/Base', 'nan'::double, 'tool', 'list'),
            ('merge/m0', 'merge/m0', 1.0, 'tool', 'list'),
            ('nobody/here', 'lab/Base', 1.0, null, 'list'),
            (null, 'lab/Base', 1.0, 'tool', 'list'),
            ('merge/m1', null, 1.0, 'tool', 'list')
        ) as pairs (child_id, parent_id, score, tool, source)
    """
