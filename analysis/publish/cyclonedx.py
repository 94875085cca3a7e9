"""A bill of materials of the lineage, as CycloneDX: `lineage.cdx.json`.

Each model is a component of the type `machine-learning-model`, and its parents are its pedigree's
ancestors, with the relation and each phase of evidence as properties. Every parent is a component
too, so that a lineage can be followed up as far as it is known. Nothing is guessed: the edges are
those of `lineage_edges`.

    all                   every model of the snapshot, and the parents that it does not list
    model:OWNER/NAME      one model, and everything above it
    family:OWNER/NAME     a root, and everything below it
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub_lineage.errors import StudyError
from hub_lineage.exports import Exports

FILE = "lineage.cdx.json"
VERSION = "1.6"
AT_ONCE = 10_000
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "hub_lineage/cyclonedx")

WITHIN = {
    "all": "select model_id from hub_models union select parent_id from lineage_edges",
    "model": """
        select $start as model_id
        union
        select parent_id from lineage_edges inner join within on child_id = within.model_id
    """,
    "family": """
        select $start as model_id
        union
        select child_id from lineage_edges inner join within on parent_id = within.model_id
    """,
}
"""The models in a bill. The recursion is on sets of ids, so that it ends even in cycles."""

COMPONENTS = """
    with recursive within as ({within}),

    parents as (
        select
            edges.child_id,
            list(struct_pack(
                model_id := edges.parent_id,
                is_listed := edges.is_parent_listed,
                relation := edges.relation,
                relation_source := edges.relation_source,
                evidence := edges.evidence
            ) order by edges.parent_id) as parents
        from lineage_edges as edges
        inner join within on edges.child_id = within.model_id
        group by edges.child_id
    )

    select
        within.model_id,
        models.model_id is not null as is_listed,
        models.license,
        models.created_at,
        coalesce(parents.parents, []) as parents
    from within
    left join hub_models as models on within.model_id = models.model_id
    left join parents on within.model_id = parents.child_id
    order by within.model_id
"""


@dataclass(frozen=True)
class Bill:
    """What a bill of materials covers: a key of `WITHIN`, and the model it starts from."""

    scope: str
    model_id: str = ""


def bill_named(text: str) -> Bill:
    """The bill that `--cyclonedx` names; a StudyError for anything else."""
    scope, _, model_id = text.partition(":")
    if (
        scope not in WITHIN
        or (scope == "all" and text != "all")
        or (scope != "all" and not model_id)
    ):
        raise StudyError(f"--cyclonedx {text}: give all, model:OWNER/NAME or family:OWNER/NAME")
    return Bill(scope, model_id)


def write_bill(exports: Exports, bill: Bill, version: str, folder: Path) -> tuple[int, int]:
    """Write `<folder>/lineage.cdx.json`; return how many models and parents of them it names.

    `version` is that of the software. A StudyError if the exports do not hold the model.
    """
    start = spelled(exports, bill)
    cursor = exports.connection.execute(
        COMPONENTS.format(within=WITHIN[bill.scope]), {"start": start} if start else None
    )
    n_models = n_parents = 0
    with (folder / FILE).open("w", encoding="utf-8", newline="\n") as file:
        file.write(opened(exports, bill, version))
        for component, n in components(cursor):
            file.write((",\n" if n_models else "") + json.dumps(component, ensure_ascii=False))
            n_models += 1
            n_parents += n
        file.write("\n]}\n")
    return n_models, n_parents


def spelled(exports: Exports, bill: Bill) -> str | None:
    """The id of the model that a bill starts from, as the exports spell it."""
    if bill.scope == "all":
        return None
    found = exports.connection.execute(
        """
        with named as (
            select model_id from hub_models union select parent_id from lineage_edges
        )
        select model_id from named
        where lower(model_id) = lower($named)
        order by model_id = $named desc, model_id
        limit 1
        """,
        {"named": bill.model_id},
    ).fetchone()
    if found is None:
        raise StudyError(f"--cyclonedx: the exports hold no model {bill.model_id}")
    return found[0]


def opened(exports: Exports, bill: Bill, version: str) -> str:
    """The document up to its first component.

    Its time is the snapshot's, and its serial number is derived from its content.
    """
    moment = datetime.strptime(exports.snapshot_id, "%Y%m%dT%H%M%SZ")
    content = f"{exports.content_hash} {bill.scope} {bill.model_id.lower()}"
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, content)}",
        "version": 1,
        "metadata": {
            "timestamp": f"{moment.isoformat()}Z",
            "tools": {
                "components": [{"type": "application", "name": "hub_lineage", "version": version}]
            },
            "properties": [
                property_of("scope", bill.scope),
                property_of("snapshot_id", exports.snapshot_id),
            ],
        },
        "components": [],
    }
    return json.dumps(document).removesuffix("]}") + "\n"


def components(cursor) -> Iterator[tuple[dict, int]]:
    """Each model as a component, and how many parents it has."""
    while rows := cursor.fetchmany(AT_ONCE):
        for model_id, is_listed, licence, created_at, parents in rows:
            component = component_of(model_id, is_listed) | {"bom-ref": model_id}
            if licence:
                component["licenses"] = [{"license": {"name": licence}}]
            if created_at:
                component["properties"].append(
                    property_of("created_at", f"{created_at.isoformat()}Z")
                )
            if parents:
                component["pedigree"] = {"ancestors": [ancestor_of(parent) for parent in parents]}
            yield component, len(parents)


def component_of(model_id: str, is_listed: bool) -> dict:
    """The component of a model, as such or as an ancestor. Ids from before 2022 have no owner."""
    owner, slash, name = model_id.rpartition("/")
    return {
        "type": "machine-learning-model",
        **({"group": owner} if slash else {}),
        "name": name,
        "purl": f"pkg:huggingface/{model_id}",
        "properties": [property_of("is_listed", "true" if is_listed else "false")],
    }


def ancestor_of(parent: dict) -> dict:
    """A parent as an ancestor of one child, with what the edge says."""
    ancestor = component_of(parent["model_id"], parent["is_listed"])
    ancestor["properties"] += [
        property_of("relation", parent["relation"]),
        property_of("relation_source", parent["relation_source"]),
        *(property_of("evidence", phase) for phase in parent["evidence"]),
    ]
    return ancestor


def property_of(name: str, value: str) -> dict:
    """A property in this project's own namespace."""
    return {"name": f"hub_lineage:{name}", "value": value}
