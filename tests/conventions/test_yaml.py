"""The YAML says what dbt understands: misspelt keys pass silently where dbt does not look.

dbt checks YAML against its own schemas for four cloud engines only. The schemas come with dbt, so
the same check is made here.
"""

import copy

import pytest
from dbt.jsonschemas.jsonschemas import (
    CustomDraft7Validator,
    project_schema,
    resources_schema,
)
from project import REPOSITORY, described, load, name, yaml_files


def faults(schema: dict, content: dict) -> list[str]:
    """What the schema has against a YAML, with the innermost of several reasons."""
    found = []
    for error in CustomDraft7Validator(schema).iter_errors(content):
        reasons = [error, *(error.context or [])]
        found += [
            f"{'.'.join(str(step) for step in reason.absolute_path)}: {reason.message[:200]}"
            for reason in reasons
            if reason.validator != "anyOf"
        ] or [error.message[:200]]
    return found


@pytest.mark.parametrize("path", yaml_files(), ids=name)
def test_properties_are_what_dbt_knows(path):
    assert faults(resources_schema(), load(path)) == []


def test_the_project_file_is_what_dbt_knows():
    assert faults(project_schema(), load(REPOSITORY / "dbt_project.yml")) == []


MART = REPOSITORY / "models/marts/hub_models.yml"


def misspelt_description(content: dict) -> None:
    content["models"][0]["descripton"] = content["models"][0].pop("description")


def misspelt_column_key(content: dict) -> None:
    content["models"][0]["columns"][0]["datatype"] = "varchar"


def meta_outside_config(content: dict) -> None:
    content["models"][0]["meta"] = {"grain": ["model_id"]}


def misspelt_top_level(content: dict) -> None:
    content["model"] = content.pop("models")


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (misspelt_description, "descripton"),
        (misspelt_column_key, "datatype"),
        (meta_outside_config, "meta"),
        (misspelt_top_level, "'model'"),
    ],
)
def test_a_misspelling_is_found(plant, told):
    content = copy.deepcopy(load(MART))
    plant(content)
    assert any(told in fault for fault in faults(resources_schema(), content))


def test_a_misspelling_in_the_project_file_is_found():
    content = copy.deepcopy(load(REPOSITORY / "dbt_project.yml"))
    content["model-path"] = content.pop("model-paths")
    assert any("model-path" in fault for fault in faults(project_schema(), content))


@pytest.mark.parametrize("kind", ["models", "seeds", "macros", "data_tests"])
def test_nothing_is_described_twice(kind):
    names = [entry["name"] for path in yaml_files() for entry in load(path).get(kind, [])]
    assert sorted(names) == sorted(described(kind))
