"""Small lineages to build from: random ones full of what real metadata does, and a bulk upload.

Every graph is a function of its number. Its models belong to owners that no other graph has, so
hundreds of graphs fit into one landing without touching each other.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from oracles.definitions import CREATION_FLOOR, CROWDING_DAYS, WINDOWS, Edge, Lineage, clean_edges
from support import hub_time, item

SNAPSHOT_AT = datetime(2025, 7, 1, 12, 0, 0)
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
WINDOW_DAYS = sorted({*CROWDING_DAYS, *(days for days in WINDOWS.values() if days)})
FLOOR_DATES = (
    datetime(2022, 3, 2, 23, 29, 4),
    datetime(2022, 3, 2, 23, 29, 5),
    CREATION_FLOOR - SECOND,
)
RELATIONS = ("finetune", "adapter", "quantized", "merge")


@dataclass
class Draft:
    """A graph while it is made: models in order, and what each child says of its parents."""

    name: str
    created_at: dict[str, datetime | None] = field(default_factory=dict)
    items: list[dict] = field(default_factory=list)
    claims: list[tuple[str, str, str, str]] = field(default_factory=list)
    """(child, claimed parent, relation, phase)"""

    def add(
        self,
        model: str,
        created_at: datetime | None,
        relation: str | None = None,
        **said: list[str],
    ) -> None:
        """Add a model; `said` are the arguments of `item` that name parents."""
        self.created_at[model] = created_at
        likes = len(self.items)
        last_modified = None if created_at is None else hub_time(created_at + DAY)
        self.items.append(
            item(
                model,
                created_at,
                relation=relation,
                likes=likes,
                downloads=7 * likes,
                lastModified=last_modified,
                **said,
            )
        )
        phases = {
            "parents": ("typed_tag", "untyped_tag"),
            "declared": ("card",),
            "hub": ("hub",),
        }
        for argument, names in said.items():
            for phase in phases[argument]:
                self.claims += [(model, name, relation, phase) for name in names]


@dataclass(frozen=True)
class Graph:
    """A finished graph: the items of its landing, and the lineage that they say."""

    name: str
    items: list[dict]
    lineage: Lineage
    evidence: dict[Edge, set[str]]
    """edge -> the phases that say so"""
    self_references: set[tuple[str, str, str]]
    """(child, claimed parent, phase)"""

    def __str__(self) -> str:
        """The whole graph as a person can read it, parents after the arrow."""
        lines = [f"{self.name}, snapshot {self.lineage.snapshot_at}"]
        for model, created_at in self.lineage.created_at.items():
            parents = sorted(self.lineage.parents[model])
            self_reference = any(child == model for child, _, _ in self.self_references)
            lines.append(
                f"  {model}  {created_at or 'no date'}"
                + (f"  {self.lineage.relation(model)} <- {', '.join(parents)}" if parents else "")
                + ("  (and itself)" if self_reference else "")
            )
        return "\n".join(lines)


def finish(draft: Draft, snapshot_at: datetime = SNAPSHOT_AT) -> Graph:
    """The graph of a draft, its claims resolved by the definitions."""
    claims = [(child, claimed, relation) for child, claimed, relation, _ in draft.claims]
    relation_of, _ = clean_edges(draft.created_at, claims)
    evidence: dict[Edge, set[str]] = {}
    self_references = set()
    for child, claimed, relation, phase in draft.claims:
        resolved, rejected = clean_edges(draft.created_at, [(child, claimed, relation)])
        for edge in resolved:
            evidence.setdefault(edge, set()).add(phase)
        self_references |= {(*claim, phase) for claim in rejected}
    lineage = Lineage(snapshot_at, draft.created_at, relation_of)
    return Graph(draft.name, draft.items, lineage, evidence, self_references)


def random_graphs(numbers: Iterable[int]) -> list[Graph]:
    return [random_graph(number) for number in numbers]


def random_graph(number: int) -> Graph:
    """The graph of a number: 2 to 45 models, each graph with its own mix of dirt."""
    rng = random.Random(number)
    draft = Draft(f"g{number:03d}")
    n_models = rng.choice((rng.randint(2, 8), rng.randint(6, 25), rng.randint(20, 45)))
    is_dirty = rng.random() < 0.55
    floor_share, undated_share = (0.12, 0.12) if is_dirty else (0.0, 0.0)
    is_cyclic = rng.random() < 0.35
    start, span = _period(rng)

    n_owners = rng.randint(1, 4)
    owners = [rng.randrange(n_owners) for _ in range(n_models)]
    if rng.random() < 0.3:
        # A batch: one owner releases most of it.
        owners = [0 if rng.random() < 0.8 else owner for owner in owners]
    change = rng.randint(0, n_models)
    models = [
        # Owners change their spelling at one point of the sequence, so that ids sort the same way
        # with and without regard to case.
        f"{draft.name}-o{owner}{'X' if index < change else 'x'}/m{index:02d}"
        for index, owner in enumerate(owners)
    ]
    unlisted = [
        f"{draft.name}-{'away' if rng.random() < 0.7 else 'o0x'}/unlisted{index}"
        for index in range(rng.randint(0, 3))
    ]
    parents = _parents(rng, models, unlisted, is_cyclic)

    known: list[datetime] = []
    for index, model in enumerate(models):
        relatives = [
            draft.created_at[parent]
            for parent in parents[model]
            if draft.created_at.get(parent) is not None
        ]
        created_at: datetime | None = _moment(rng, relatives, known, start, span)
        if rng.random() < floor_share:
            created_at = rng.choice(FLOOR_DATES)
        elif rng.random() < undated_share:
            created_at = None
        if created_at is not None:
            known.append(created_at)
        said = sorted(parents[model])
        if rng.random() < 0.06:
            said.insert(rng.randint(0, len(said)), model)
        if not said:
            draft.add(model, created_at)
            continue
        relation = rng.choice(RELATIONS if len(said) == 1 else (*RELATIONS, *("merge",) * 8))
        draft.add(model, created_at, relation, **_said(rng, said, set(models[:index])))
    return finish(draft)


def _period(rng: random.Random) -> tuple[datetime, timedelta]:
    """When a graph's models appear: around the floor, long ago, or up to the snapshot."""
    span = timedelta(days=rng.choice((3, 25, 120, 400, 700)))
    latest = SNAPSHOT_AT - span
    start = rng.choice(
        (
            CREATION_FLOOR,
            latest,
            latest - timedelta(days=rng.choice(WINDOW_DAYS)),
            CREATION_FLOOR + rng.random() * (latest - CREATION_FLOOR),
        )
    )
    return start.replace(microsecond=0), span


def _moment(
    rng: random.Random,
    relatives: list[datetime],
    known: list[datetime],
    start: datetime,
    span: timedelta,
) -> datetime:
    """A creation time, often exactly on an edge of some window, one second beside it, or tied."""
    choice = rng.random()
    near = rng.choice(relatives) if relatives and rng.random() < 0.7 else None
    near = near or (rng.choice(known) if known else None)
    if choice < 0.1:
        near = SNAPSHOT_AT - timedelta(days=rng.choice(WINDOW_DAYS))
        moment = near + rng.choice((-1, 0, 1)) * SECOND
    elif choice < 0.3 and near:
        moment = near
    elif choice < 0.6 and near:
        days = rng.choice(WINDOW_DAYS) * rng.choice((1, 1, 1, -1))
        moment = near + timedelta(days=days) + rng.choice((-1, 0, 0, 1)) * SECOND
    else:
        moment = start + timedelta(seconds=rng.randrange(int(span / SECOND)))
        if rng.random() < 0.05:
            moment += timedelta(milliseconds=1)
    # A crawl takes an hour or so, and lists what is created meanwhile.
    latest = SNAPSHOT_AT + rng.choice((0, 0, 0, 3600)) * SECOND
    return max(CREATION_FLOOR, min(moment, latest))


def _parents(
    rng: random.Random, models: list[str], unlisted: list[str], is_cyclic: bool
) -> dict[str, set[str]]:
    """Parents mostly among a few favourites, so that races, merges and shared parents are many."""
    favourites = models[: rng.randint(1, 4)] + unlisted
    most = rng.randint(2, 8)
    found: dict[str, set[str]] = {}
    for index, model in enumerate(models):
        earlier = models[:index] + unlisted
        n_parents = rng.choice((0, 1, 1, 1, 1, 2, 2, rng.randint(2, most)))
        pool = favourites if n_parents <= len(favourites) and rng.random() < 0.6 else earlier
        chosen = set(rng.sample(pool, min(n_parents, len(pool))))
        if is_cyclic and rng.random() < 0.15:
            chosen.add(rng.choice(models))
        found[model] = chosen - {model}
    if is_cyclic and len(models) > 3 and rng.random() < 0.6:
        # A ring at the top: no root feeds it, unless one of its members has another parent.
        ring = models[: rng.choice((2, 2, 3))]
        keep = rng.random() < 0.3
        for child, parent in zip(ring, ring[1:] + ring[:1], strict=True):
            found[child] = (found[child] if keep else set()) | {parent}
    return found


def _said(rng: random.Random, parents: list[str], listed: set[str]) -> dict[str, list[str]]:
    """Where a child says its parents: in tags, on its card, through the Hub, or several of them."""
    if rng.random() < 0.1:
        parents = [*parents, parents[0]]
    on_card = [
        _other_case(parent) if parent in listed and rng.random() < 0.2 else parent
        for parent in parents
    ]
    choice = rng.random()
    if choice < 0.5:
        return {"parents": parents}
    if choice < 0.65:
        return {"declared": on_card}
    if choice < 0.8:
        return {"parents": parents, "hub": parents}
    if choice < 0.9:
        return {"parents": parents, "declared": on_card}
    # What the Hub does to a list unless the relation is merge: the tags keep the first name only.
    return {"parents": [min(parents)], "declared": parents}


def _other_case(model: str) -> str:
    owner, name = model.split("/")
    return f"{owner}/{name.upper()}"


def bulk_graph(releases: int = 100) -> Graph:
    """Three owners upload around a base, one of them one release above the limit.

    `over` releases one more than `releases` within exactly 30 days, `beside` as many within 30
    days and one second, `under` as many dated ones, one on the floor and one without a date.
    """
    draft = Draft("bulk")
    start = datetime(2024, 1, 1)
    draft.add("bulk-lab/base", start - DAY)
    for owner, last in (
        ("bulk-over", start + 30 * DAY),
        ("bulk-beside", start + 30 * DAY + SECOND),
        ("bulk-under", None),
    ):
        for index in range(releases):
            # The first alone at the start, the others after it.
            moment = start + (DAY + index * timedelta(hours=5) if index else 0 * DAY)
            spelling = owner.upper() if index % 2 else owner
            draft.add(f"{spelling}/m{index:03d}", moment, "quantized", parents=["bulk-lab/base"])
        draft.add(f"{owner}/last", last, "quantized", parents=["bulk-lab/base"])
    draft.add("bulk-under/floor", FLOOR_DATES[0], "quantized", parents=["bulk-lab/base"])
    return finish(draft)
