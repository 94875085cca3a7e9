"""The series that names claim, held against the architectures that leaderboards state."""

import re

import duckdb
import pytest

from support import SHARED_DATA, dbt, item, needs_shared_data, read, write_landing

LEADERBOARDS = SHARED_DATA / "open_llm_leaderboard"

FITTING = {
    "Aya": "Cohere",
    "BLOOM": "Bloom",
    "BLOOMZ": "Bloom",
    "Baichuan": "Bai[cC]huan|Llama",
    "ChatGLM": "ChatGLM",
    "Code Llama": "Llama",
    "CodeGemma": "Gemma",
    "Codestral": "Mistral",
    "Command R": "Cohere",
    "DeepSeek": "Llama|Deepseek|DeepSeek|Qwen",
    "EXAONE": "Exaone|Llama",
    "ERNIE": "Ernie",
    "Falcon": "Falcon|RW|Llama",
    "Flan-T5": "T5",
    "GLM": "Glm|ChatGLM",
    "GPT-2": "GPT2",
    "GPT-J": "GPTJ",
    "GPT-Neo": "GPTNeo",
    "GPT-NeoX": "GPTNeoX",
    "Gemma": "Gemma",
    "Granite": "Granite|Llama",
    "Hunyuan": "Hun[yY]uan",
    "InternLM": "InternLM|Llama",
    "Jamba": "Jamba",
    "LFM": "Lfm",
    "Llama": "Llama|Mllama",
    "MPT": "MPT",
    "Mamba": "Mamba",
    "MiniCPM": "MiniCPM|Llama",
    "Ministral": "Mistral",
    "Mistral": "Mistral",
    "Mixtral": "Mixtral",
    "Nemotron": "Nemotron|Llama",
    "OLMo": "Olmo|OLMo",
    "Phi": "Phi|MixFormer",
    "Pythia": "GPTNeoX",
    "QwQ": "Qwen",
    "Qwen": "Qwen|QWen",
    "RWKV": "Rwkv|RWKV",
    "RoBERTa": "Roberta",
    "SmolLM": "Llama",
    "StableLM": "Stable[lL][mM]|GPTNeoX",
    "StarCoder": "Starcoder|GPTBigCode",
    "T5": "T5",
    "TinyLlama": "Llama",
    "Vicuna": "Llama",
    "Yi": "Llama|Yi",
    "Zephyr": "Mistral|StableLm|Gemma",
    "mT5": "MT5",
}
"""Series -> how the architectures begin that its models have, conversions of the weights aside."""


def fits(series: str, architecture: str) -> bool:
    known = max((name for name in FITTING if series.startswith(name)), key=len, default=None)
    return known is not None and bool(re.match(FITTING[known], architecture))


@needs_shared_data
@pytest.mark.slow
def test_nineteen_names_in_twenty_say_a_series_that_fits_the_architecture(tmp_path) -> None:
    with duckdb.connect() as connection:
        models = connection.execute(
            f"""
            select id, max(architecture) from (
                select id, architecture from '{LEADERBOARDS}/v1.parquet'
                union all
                select id, architecture from '{LEADERBOARDS}/v2.parquet'
            )
            where id like '%/%' group by id having count(distinct architecture) = 1 order by id
            """
        ).fetchall()
    items = [item(model, config={"architectures": [kind]}) for model, kind in models]
    landing = write_landing(tmp_path / "landing", {"2025-03-01": items})
    dbt(
        *("build", "--select", "+int_model_makes_read", "--resource-type", "model"),
        *("--resource-type", "seed"),
        landing=landing,
        database=tmp_path / "hub_lineage.duckdb",
    )
    rows = read(
        tmp_path / "hub_lineage.duckdb",
        "select makes.model_series, models.architecture "
        "from intermediate.int_model_makes_read as makes "
        "inner join intermediate.int_models_listed as models using (model_key) "
        "where makes.model_series is not null and models.architecture not in ('?', 'Unknown')",
    )
    assert len(rows) > 3800
    right = sum(fits(row["model_series"], row["architecture"]) for row in rows)
    assert right / len(rows) > 0.94
