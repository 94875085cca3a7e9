"""The specifications as frozen records, read from `specifications.yml` and checked.

The file is the reviewable design of both studies; this module only expands its variants and refuses
what makes no sense. Names of columns are checked by the selection itself.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from analysis.studies.estimation.equations import Equation
from analysis.studies.variables import KEYS, SAMPLES
from hub_lineage.errors import StudyError

FILE = Path(__file__).with_name("specifications.yml")
STUDIES = ("racing", "disruption")
FAMILIES = ("primary", "exploratory")
NOT_HANDED_ON = {"jackknife": False, "family": "exploratory", "further": {}}
"""The fields that a variant does not inherit from its specification, with their values instead."""

FAMILY_COLUMN = {
    "entrants": "parent_id",
    "focals": "root_id",
    "focal_windows": "root_id",
    "first_takers": "root_id",
    "next_entrants": "parent_id",
}
"""The column of the family in each view, for leaving out the largest families."""


@dataclass(frozen=True)
class Specification:
    """One regression. The fields are explained at the head of `specifications.yml`.

    `specification_id` is "RR4" or "RR4.weeks", `row` the part before the dot; `interest` maps each
    term of interest to its expected sign (-1, 1, 0 for none expected, None for no claim).
    """

    specification_id: str
    row: str
    study: str
    role: str
    title: str
    question: str
    view: str
    sample: str
    outcome: str
    estimator: str
    interest: Mapping[str, int | None]
    event: str | None = None
    condition: str = "true"
    columns: Mapping[str, str] = field(default_factory=dict)
    controls: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    fixed_effects: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    weights: str | None = None
    jackknife: bool = False
    family: str = "exploratory"
    method: str = "regression"
    options: Mapping[str, Any] = field(default_factory=dict)
    further: Mapping[str, Mapping] = field(default_factory=dict)
    needs: str | None = None
    caution: str | None = None

    @property
    def equation(self) -> Equation:
        """The regression in the form for the engines, terms of interest first."""
        return Equation(
            outcome=self.outcome,
            terms=(*self.interest, *self.controls),
            factors=self.factors,
            fixed_effects=self.fixed_effects,
            estimator=self.estimator,
            clusters=self.clusters,
            weights=self.weights,
            event=self.event,
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that identify the rows of the view, and order them."""
        return KEYS[self.view]

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """The columns to select: keys, the equation's columns and the family, each once."""
        equation = self.equation
        return tuple(
            dict.fromkeys([
                *self.keys,
                FAMILY_COLUMN[self.view],
                *equation.numeric_columns,
                *equation.key_columns,
            ])
        )  # fmt: skip

    def sql(self, columns: Iterable[str] | None = None, order: Iterable[str] | None = None) -> str:
        """The query of the regression's rows, ordered by the view's keys or by `order`."""
        derived = "".join(f", {text} as {name}" for name, text in self.columns.items())
        selected = ", ".join(self.needed_columns if columns is None else columns)
        return (
            f"with sampled as (select * from {self.view} where {sample_sql(self.sample)}), "
            f"prepared as (select *{derived} from sampled) "
            f"select {selected} from prepared where {self.condition} "
            f"order by {', '.join(self.keys if order is None else order)}"
        )


@cache
def document() -> Mapping:
    """The parsed file."""
    return MappingProxyType(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def sample_sql(sample: str) -> str:
    """The condition of a named sample, or the SQL given in its place."""
    named = document()["samples"].get(sample)
    return named["sql"] if named else sample


def sample_says(sample: str) -> str:
    """A sample in words, or its SQL."""
    named = document()["samples"].get(sample)
    return named["says"] if named else sample


@cache
def all_specifications() -> tuple[Specification, ...]:
    """Every specification in the file's order, each followed by its variants.

    Headlines have the robustness checks as variants too.
    """
    made = [made for entry in document()["specifications"] for made in spread(entry)]
    for specification_id, number in Counter(one.specification_id for one in made).items():
        if number > 1:
            raise StudyError(f"specification {specification_id} is defined twice in {FILE.name}")
    return tuple(made)


def spread(entry: Mapping) -> list[Specification]:
    """One entry of the file and its variants."""
    base = {key: value for key, value in entry.items() if key != "variants"}
    variants = dict(entry.get("variants", {}))
    if base.get("jackknife") and base.get("method", "regression") == "regression":
        for name, change in document()["robustness"].items():
            if base["view"] == "entrants":
                variants.setdefault(name, fitted_to(change, base))
    made = [record(base, base["id"])]
    for name, change in variants.items():
        merged = base | NOT_HANDED_ON | change
        merged["title"] = f"{base['title']}: {change['title']}"
        if "role" not in change and base["role"] == "headline":
            merged["role"] = "robustness"
        made.append(record(merged, f"{base['id']}.{name}"))
    return made


def fitted_to(change: Mapping, base: Mapping) -> Mapping:
    """A robustness check with its specification's family, outcome and sample filled in."""
    words = {
        "family": FAMILY_COLUMN[base["view"]],
        "outcome": base["outcome"],
        "sample": base["sample"],
    }

    def put(value):
        if isinstance(value, str):
            return re.sub(r"\{(family|outcome|sample)\}", lambda found: words[found[1]], value)
        if isinstance(value, dict):
            return {name: put(text) for name, text in value.items()}
        return value

    return {key: put(value) for key, value in change.items()}


def record(entry: Mapping, specification_id: str) -> Specification:
    """A Specification from plain YAML; a StudyError for unknown fields and values."""
    entry = dict(entry)
    row = entry.pop("id")
    entry["condition"] = str(entry.pop("and", "true"))
    for name in ("controls", "factors", "fixed_effects", "clusters"):
        entry[name] = tuple(entry.get(name) or ())
    for name in ("columns", "options", "interest", "further"):
        entry[name] = MappingProxyType(dict(entry.get(name) or {}))
    known = {each.name for each in dataclasses.fields(Specification)}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise StudyError(f"{FILE.name}: {specification_id} has an unknown field {unknown[0]!r}")
    checks = {"study": STUDIES, "family": FAMILIES, "view": SAMPLES}
    for name, allowed in checks.items():
        value = entry.get(name, FAMILIES[1])
        if value not in allowed:
            raise StudyError(
                f"{FILE.name}: {specification_id}: {name} {value!r} is none of {', '.join(allowed)}"
            )
    return Specification(specification_id=specification_id, row=row, **entry)


def chosen(patterns: Iterable[str]) -> tuple[Specification, ...]:
    """The specifications that a user names by an id, or by a row with all its variants.

    An empty choice means all. A StudyError for an unknown name.
    """
    every = all_specifications()
    picked: list[Specification] = []
    for pattern in patterns:
        found = [one for one in every if pattern in (one.specification_id, one.row)]
        if not found:
            raise StudyError(
                f"no specification {pattern!r}; there are "
                f"{', '.join(dict.fromkeys(one.row for one in every))}, and variants such as "
                f"{next(one.specification_id for one in every if '.' in one.specification_id)}",
                2,
            )
        picked += [one for one in found if one not in picked]
    return tuple(picked) if picked else every
