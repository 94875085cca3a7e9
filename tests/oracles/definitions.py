"""The definitions of docs/definitions.md, spelled out in plain Python over one small graph.

Written from that page alone, never from the SQL, for reading rather than for speed: one loop per
sentence. Where the definitions leave a choice open, the docstring of the
function names the choice.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np

CREATION_FLOOR = datetime(2022, 3, 3)
WINDOWS: dict[str, int | None] = {
    "30d": 30,
    "60d": 60,
    "90d": 90,
    "180d": 180,
    "365d": 365,
    "all": None,
}
CROWDING_DAYS = (7, 14, 30, 90)
BULK_DAYS = 30
DAY = timedelta(days=1)

Edge = tuple[str, str]
"""(child, parent)."""


@dataclass(frozen=True)
class Lineage:
    """What one snapshot says, once the claims have become edges.

    `created_at` has every listed model, with None where no date is known; a parent that is not
    in it is unlisted. `relation_of` has every edge once, self references left out.
    """

    snapshot_at: datetime
    created_at: Mapping[str, datetime | None]
    relation_of: Mapping[Edge, str]

    @cached_property
    def models(self) -> set[str]:
        """Listed models and unlisted parents."""
        return set(self.created_at) | {parent for _, parent in self.relation_of}

    @cached_property
    def parents(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {model: set() for model in self.models}
        for child, parent in self.relation_of:
            found[child].add(parent)
        return found

    @cached_property
    def children(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {model: set() for model in self.models}
        for child, parent in self.relation_of:
            found[parent].add(child)
        return found

    def usable_date(self, model: str) -> datetime | None:
        """The release date: None when unknown, and when on the floor (see `is_on_floor`)."""
        created_at = self.created_at.get(model)
        return None if created_at is None or is_on_floor(created_at) else created_at

    def relation(self, model: str) -> str | None:
        """The relation of a child to its parents: one per child, None without parents."""
        relations = {self.relation_of[model, parent] for parent in self.parents[model]}
        if len(relations) > 1:
            raise ValueError(f"{model} has more than one relation: {sorted(relations)}")
        return relations.pop() if relations else None


def owner(model: str) -> str:
    """The part before the slash; owners are compared without regard to case."""
    return model.split("/")[0].lower()


def is_on_floor(created_at: datetime) -> bool:
    """A back-filled date, not a release: docs/definitions.md, "The creation floor"."""
    return created_at < CREATION_FLOOR


def clean_edges(
    listed: Iterable[str], claims: Iterable[tuple[str, str, str]]
) -> tuple[dict[Edge, str], set[Edge]]:
    """Definitions 1 and 2 for claims (child, claimed parent, relation) with well-formed names.

    Gives the distinct edges with their relation, and the claims that name the child itself. A
    claimed name is the listed model of that exact id, else of that id in another case, else a
    parent that is not listed. Of several relations for a pair the first claimed stands.
    """
    exact = set(listed)
    by_lower_case = {model.lower(): model for model in sorted(exact, reverse=True)}
    relation_of: dict[Edge, str] = {}
    rejected: set[Edge] = set()
    for child, claimed, relation in claims:
        if claimed.lower() == child.lower():
            rejected.add((child, claimed))
            continue
        parent = claimed if claimed in exact else by_lower_case.get(claimed.lower(), claimed)
        relation_of.setdefault((child, parent), relation)
    return relation_of, rejected


# Model disruption index: docs/definitions.md, "Later, before, around" and "Disruption"


def is_later(moment: datetime | None, focal: datetime | None, days: int | None) -> bool:
    """Ties are not later, the far end belongs to the window, no date never does."""
    if moment is None or focal is None or moment <= focal:
        return False
    return days is None or moment <= focal + days * DAY


def disruption(
    lineage: Lineage, zero_parent_rule: str = "exclude"
) -> dict[tuple[str, str], dict[str, object]]:
    """(focal, window) -> the row of `disruption`, for every listed model with an edge."""
    with_edge = {model for edge in lineage.relation_of for model in edge}
    distances = root_distances(lineage)
    places = {
        focal: {
            "same_owner": any(owner(parent) == owner(focal) for parent in lineage.parents[focal])
            if lineage.parents[focal]
            else None,
            "root": nearest_root(lineage, distances[focal]),
        }
        for focal in lineage.created_at
    }
    return {
        (focal, name): _disruption_row(lineage, focal, name, days, zero_parent_rule) | places[focal]
        for focal in lineage.created_at
        if focal in with_edge
        for name, days in WINDOWS.items()
    }


def disruption_counts(lineage: Lineage, focal: str, days: int | None) -> dict[str, object]:
    """n_i, n_j, n_k, n_j_l2 and the numbers of shared parents of the n_i + n_j takers.

    Counted on `created_at` as it stands, floor dates included; parents count whatever their own
    dates are, and whether or not they are listed.
    """
    n_i = n_j = n_k = n_j_l2 = 0
    shared_by_takers = []
    for later in lineage.created_at:
        created_at = lineage.created_at[later]
        if not is_later(created_at, lineage.created_at[focal], days):
            continue
        shared = len(lineage.parents[later] & lineage.parents[focal])
        if focal in lineage.parents[later]:
            shared_by_takers.append(shared)
            n_i += shared == 0
            n_j += shared >= 1
            n_j_l2 += shared >= 2
        else:
            n_k += shared >= 1
    return {"n_i": n_i, "n_j": n_j, "n_k": n_k, "n_j_l2": n_j_l2, "shared": shared_by_takers}


def _disruption_row(
    lineage: Lineage, focal: str, window_name: str, days: int | None, zero_parent_rule: str
) -> dict[str, object]:
    created_at = lineage.created_at[focal]
    counts = disruption_counts(lineage, focal, days)
    n_i, n_j, n_k, n_j_l2 = (counts[name] for name in ("n_i", "n_j", "n_k", "n_j_l2"))
    if days is None:
        is_window_closed = True
    elif created_at is None:
        is_window_closed = None
    else:
        is_window_closed = lineage.snapshot_at >= created_at + days * DAY
    reason = undefined_reason(
        has_parent=bool(lineage.parents[focal]) or zero_parent_rule == "one",
        created_at=created_at,
        is_window_closed=is_window_closed,
        has_later_activity=n_i + n_j + n_k > 0,
    )
    row = {
        "window_days": days,
        "n_parents": len(lineage.parents[focal]),
        "n_i": n_i,
        "n_j": n_j,
        "n_k": n_k,
        "n_j_l2": n_j_l2,
        "is_window_closed": is_window_closed,
        "undefined_reason": reason,
    }
    indices = index_forms(n_i, n_j, n_k, n_j_l2, counts["shared"])
    return row | {name: value if reason is None else None for name, value in indices.items()}


def undefined_reason(
    *,
    has_parent: bool,
    created_at: datetime | None,
    is_window_closed: bool | None,
    has_later_activity: bool,
) -> str | None:
    """The first that holds, in the definitions' order. Nothing is known to be open, or to be
    without later activity, where the date is unknown."""
    if not has_parent:
        return "no_declared_parent"
    if created_at is not None and is_on_floor(created_at):
        return "creation_date_floor"
    if is_window_closed is False:
        return "window_open"
    if created_at is not None and not has_later_activity:
        return "no_later_activity"
    if created_at is None:
        return "no_creation_date"
    return None


def index_forms(
    n_i: int, n_j: int, n_k: int, n_j_l2: int, shared: Sequence[int]
) -> dict[str, float | None]:
    """Every form of the index; null where its own denominator is 0."""
    everyone, takers = n_i + n_j + n_k, n_i + n_j
    return {
        "mdi": _ratio(n_i - n_j, everyone),
        "mdi_no_k": _ratio(n_i - n_j, takers),
        "mdi_bypass": _ratio(n_i + n_j - n_k, everyone),
        "mdi_net": _ratio(n_i - n_j - n_k, everyone),
        "mdi_l2": _ratio(n_i - n_j_l2, n_i + n_j_l2 + n_k),
        "dependence": _ratio(sum(shared), takers),
    }


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


# Races and crowding: docs/definitions.md, "Races" and "Crowding"


def release_races(lineage: Lineage) -> dict[Edge, dict[str, object]]:
    """(child, parent) -> the row of `release_races`.

    The percentile's n is the number of ranked entrants; `n_entrants` counts all of them.
    `previous_gap_days` looks back to the latest strictly earlier entrant, so ties share it.
    """
    rows = {}
    for (child, parent), relation in lineage.relation_of.items():
        released_at = lineage.usable_date(child)
        row: dict[str, object] = {
            "relation": relation,
            "n_entrants": len(lineage.children[parent]),
            "release_lag_days": release_lag_days(lineage, child, parent),
        } | dict.fromkeys(
            (
                "release_rank",
                "release_percentile",
                "previous_gap_days",
                "n_before",
                "release_rank_same_relation",
                "is_first",
                "n_ties",
            )
        )
        if released_at is not None:
            others = {
                entrant: lineage.usable_date(entrant)
                for entrant in lineage.children[parent]
                if entrant != child and lineage.usable_date(entrant) is not None
            }
            earlier = [entrant for entrant, moment in others.items() if moment < released_at]
            of_relation = [
                entrant for entrant in earlier if lineage.relation_of[entrant, parent] == relation
            ]
            row |= {
                "release_rank": len(earlier) + 1,
                "n_before": len(earlier),
                "release_rank_same_relation": len(of_relation) + 1,
                "is_first": not earlier,
                "n_ties": sum(moment == released_at for moment in others.values()),
                # The other ranked entrants are the n - 1 of the definition.
                "release_percentile": len(earlier) / len(others) if others else None,
            }
            if earlier:
                row["previous_gap_days"] = (
                    released_at - max(others[entrant] for entrant in earlier)
                ) / DAY
        rows[child, parent] = row
    return rows


def release_lag_days(lineage: Lineage, child: str, parent: str) -> float | None:
    """Days from the parent to the child; negative where the child is the older one."""
    child_at, parent_at = lineage.usable_date(child), lineage.usable_date(parent)
    return None if child_at is None or parent_at is None else (child_at - parent_at) / DAY


def crowding(
    lineage: Lineage, bulk_owner_releases: int = 100
) -> dict[tuple[str, str, int], dict[str, object]]:
    """(child, parent, window in days) -> the row of `crowding`."""
    bulk = bulk_owners(lineage, bulk_owner_releases)
    rows = {}
    for (child, parent), relation in lineage.relation_of.items():
        released_at = lineage.usable_date(child)
        for days in CROWDING_DAYS:
            if released_at is None:
                rows[child, parent, days] = dict.fromkeys(
                    (
                        "n_rivals_before",
                        "n_rivals_after",
                        "n_rivals_around",
                        "n_rivals_before_same_relation",
                        "n_rivals_before_other_owner",
                        "n_rivals_before_not_bulk",
                        "n_rivals_before_same_relation_other_owner",
                        "n_rivals_before_other_owner_events",
                        "n_rivals_after_other_owner",
                    )
                )
                continue
            before, after, around = [], [], []
            # What one owner puts out on one day is one event, and stands where it began.
            began: dict[tuple, datetime] = {}
            for rival in lineage.children[parent] - {child}:
                moment = lineage.usable_date(rival)
                if moment is None:
                    continue
                if released_at - days * DAY <= moment < released_at:
                    before.append(rival)
                if released_at < moment <= released_at + days * DAY:
                    after.append(rival)
                if abs(moment - released_at) < days * DAY:
                    around.append(rival)
                if owner(rival) != owner(child):
                    event = (owner(rival), moment.date())
                    began[event] = min(moment, began.get(event, moment))
            rows[child, parent, days] = {
                "n_rivals_before": len(before),
                "n_rivals_after": len(after),
                "n_rivals_around": len(around),
                "n_rivals_before_same_relation": sum(
                    lineage.relation_of[rival, parent] == relation for rival in before
                ),
                "n_rivals_before_other_owner": sum(
                    owner(rival) != owner(child) for rival in before
                ),
                "n_rivals_before_not_bulk": sum(owner(rival) not in bulk for rival in before),
                "n_rivals_before_same_relation_other_owner": sum(
                    lineage.relation_of[rival, parent] == relation and owner(rival) != owner(child)
                    for rival in before
                ),
                "n_rivals_before_other_owner_events": sum(
                    released_at - days * DAY <= moment < released_at for moment in began.values()
                ),
                "n_rivals_after_other_owner": sum(owner(rival) != owner(child) for rival in after),
            }
    return rows


def bulk_owners(lineage: Lineage, releases: int = 100) -> set[str]:
    """Owners with more than `releases` models of usable date within some 30 days, ends included."""
    found = set()
    for model in lineage.created_at:
        last = lineage.usable_date(model)
        if last is None:
            continue
        batch = [
            other
            for other in lineage.created_at
            if owner(other) == owner(model)
            and lineage.usable_date(other) is not None
            and last - BULK_DAYS * DAY <= lineage.usable_date(other) <= last
        ]
        if len(batch) > releases:
            found.add(owner(model))
    return found


# Generations, roots, families: docs/definitions.md, "Generations, roots, descendants"


def roots(lineage: Lineage) -> set[str]:
    """Models without parents that have children, listed or not."""
    return {
        model for model in lineage.models if not lineage.parents[model] and lineage.children[model]
    }


def below(lineage: Lineage, model: str) -> dict[str, int]:
    """Every model below `model` with its shortest distance; never `model` itself."""
    distances = {model: 0}
    frontier = [model]
    while frontier:
        reached = []
        for parent in frontier:
            for child in lineage.children[parent]:
                if child not in distances:
                    distances[child] = distances[parent] + 1
                    reached.append(child)
        frontier = reached
    del distances[model]
    return distances


def root_distances(lineage: Lineage) -> dict[str, dict[str, int]]:
    """model -> the roots that feed it with their shortest distances; a root feeds itself, at 0."""
    found: dict[str, dict[str, int]] = {model: {} for model in lineage.models}
    for root in roots(lineage):
        found[root][root] = 0
        for model, distance in below(lineage, root).items():
            found[model][root] = distance
    return found


def lineage_columns(
    lineage: Lineage, bulk_owner_releases: int = 100
) -> dict[str, dict[str, object]]:
    """model -> the lineage columns of `hub_models`, for every listed model.

    Of the roots at the shortest distance the earliest created gives `root_id`, whether or not its
    date is on the floor; unknown dates, among them those of unlisted roots, come last; then id.
    A model alone, like one that no root feeds, has null generation and root and `n_roots` 0.
    """
    distances = root_distances(lineage)
    bulk = bulk_owners(lineage, bulk_owner_releases)
    rows = {}
    for model, created_at in lineage.created_at.items():
        generation = min(distances[model].values(), default=None)
        rows[model] = {
            "owner": owner(model),
            "created_at": created_at,
            "is_created_at_floor": created_at is not None and is_on_floor(created_at),
            "relation": lineage.relation(model),
            "n_parents": len(lineage.parents[model]),
            "n_children": len(lineage.children[model]),
            "n_descendants": len(below(lineage, model)),
            "generation": generation,
            "root_id": nearest_root(lineage, distances[model]),
            "n_roots": len(distances[model]),
            "is_bulk_owner": owner(model) in bulk,
            "root_owner": nearest_root_owner(lineage, distances[model]),
        }
    return rows


def nearest_root(lineage: Lineage, distances: Mapping[str, int]) -> str | None:
    """Of the roots at the shortest distance the first in `_root_order`; None if there is none."""
    nearest = [root for root in distances if distances[root] == min(distances.values())]
    return min(nearest, key=lambda root: _root_order(lineage, root), default=None)


def nearest_root_owner(lineage: Lineage, distances: Mapping[str, int]) -> str | None:
    root = nearest_root(lineage, distances)
    return None if root is None else owner(root)


def owners(lineage: Lineage) -> dict[str, dict[str, object]]:
    """owner -> the counts of `owners`, for owners of listed models and of unlisted parents."""
    distances = root_distances(lineage)
    rooted = {
        model: nearest_root_owner(lineage, distances[model])
        for model in lineage.models
        if distances[model] and min(distances[model].values()) > 0
    }
    rows = {}
    for name in {owner(model) for model in lineage.models}:
        own = {model for model in lineage.models if owner(model) == name}
        children = {child for model in own for child in lineage.children[model]}
        family = [model for model, of in rooted.items() if of == name]
        releases = [lineage.usable_date(model) for model in own if lineage.usable_date(model)]
        rows[name] = {
            "n_models": len(own & set(lineage.created_at)),
            "n_derived": sum(bool(lineage.parents[model]) for model in own),
            "n_bases": sum(bool(lineage.children[model]) for model in own),
            "n_derivatives": len(children),
            "n_derivatives_by_others": sum(owner(child) != name for child in children),
            "n_families": len(own & roots(lineage)),
            "n_family_models": len(family),
            "n_family_models_by_others": sum(owner(model) != name for model in family),
            "first_release_at": min(releases, default=None),
            "last_release_at": max(releases, default=None),
        }
    return rows


def owner_flows(lineage: Lineage) -> dict[tuple[str, str, date], dict[str, object]]:
    """(owner that is built on, owner that builds, month) -> the row of `owner_flows`."""
    distances = root_distances(lineage)
    rows: dict[tuple[str, str, date], dict[str, object]] = {}

    def count(base_owner: str, model: str, column: str) -> None:
        released_at = lineage.usable_date(model)
        if released_at is not None:
            key = (base_owner, owner(model), released_at.date().replace(day=1))
            row = rows.setdefault(key, {"n_new_children": 0, "n_new_descendants": 0})
            row[column] += 1

    for child, parent in lineage.relation_of:
        count(owner(parent), child, "n_new_children")
    for model in lineage.models:
        if distances[model] and min(distances[model].values()) > 0:
            count(nearest_root_owner(lineage, distances[model]), model, "n_new_descendants")
    return rows


def _root_order(lineage: Lineage, root: str) -> tuple[bool, datetime, str]:
    created_at = lineage.created_at.get(root)
    return created_at is None, created_at or datetime.max, root


def families(lineage: Lineage) -> dict[str, dict[str, object]]:
    """root -> the row of `families`: all descendants of the root, the root itself not among them.

    Relations are the descendants' own, generations their distance to whichever root is nearest,
    release dates only the usable ones.
    """
    distances = root_distances(lineage)
    rows = {}
    for root in roots(lineage):
        members = below(lineage, root)
        relations = Counter(lineage.relation(member) for member in members)
        releases = [lineage.usable_date(member) for member in members]
        releases = [moment for moment in releases if moment is not None]
        owned = Counter(owner(member) for member in members)
        rows[root] = {
            "n_models": len(members),
            "n_finetune": relations["finetune"],
            "n_adapter": relations["adapter"],
            "n_quantized": relations["quantized"],
            "n_merge": relations["merge"],
            "max_generation": max(min(distances[member].values()) for member in members),
            "first_release_at": min(releases, default=None),
            "last_release_at": max(releases, default=None),
            "n_owners": len(owned),
            "owner_hhi": hhi(owned.values()),
        }
    return rows


def family_members(lineage: Lineage) -> dict[tuple[str, str], dict[str, object]]:
    """(root, member) -> the row of `family_members`.

    The path share is the probability that who starts at the member, and at each model takes every
    parent that leads to a root alike, ends at the root: what the equations say, solved exactly.
    """
    distances = root_distances(lineage)
    tops = roots(lineage)
    fed = sorted(model for model in lineage.models if distances[model])
    place = {model: number for number, model in enumerate(fed)}
    steps = np.eye(len(fed))
    for model in fed:
        parents = [parent for parent in lineage.parents[model] if parent in place]
        for parent in parents:
            steps[place[model], place[parent]] -= 1 / len(parents)
    rows = {}
    for root in tops:
        ends = np.zeros(len(fed))
        ends[place[root]] = 1
        shares = np.linalg.solve(steps, ends)
        for member, distance in below(lineage, root).items():
            rows[root, member] = {
                "distance": distance,
                "path_share": round(float(shares[place[member]]), 9),
                "is_nearest_root": root == nearest_root(lineage, distances[member]),
            }
    return rows


def base_weeks(lineage: Lineage) -> dict[tuple[str, date], dict[str, object]]:
    """(base, Monday) -> what `base_weeks` counts of one base, whatever else was built."""
    last = monday(lineage.snapshot_at)
    rows: dict[tuple[str, date], dict[str, object]] = {}
    for base in lineage.models:
        entrants = {
            child: monday(lineage.usable_date(child))
            for child in lineage.children[base]
            if lineage.usable_date(child)
        }
        for first in set(entrants.values()):
            for week in (first + later * 7 * DAY for later in range(5)):
                if week > last:
                    continue
                new = [child for child, entered in entrants.items() if entered == week]
                kinds = Counter(lineage.relation_of[child, base] for child in new)
                rows[base, week] = {
                    "n_new_children": len(new),
                    "n_finetune": kinds["finetune"],
                    "n_adapter": kinds["adapter"],
                    "n_quantized": kinds["quantized"],
                    "n_merge": kinds["merge"],
                    "n_new_children_by_others": sum(owner(child) != owner(base) for child in new),
                    "n_owners": len({owner(child) for child in new}),
                    "is_week_complete": week < last,
                }
    return rows


def monday(moment: datetime) -> date:
    return (moment - moment.weekday() * DAY).date()


def edges_in_cycle(lineage: Lineage) -> set[Edge]:
    """Edges on a directed cycle, and edges whose child no root feeds."""
    distances = root_distances(lineage)
    return {
        (child, parent)
        for child, parent in lineage.relation_of
        if parent in below(lineage, child) or not distances[child]
    }


def lineage_edges(lineage: Lineage) -> dict[Edge, dict[str, object]]:
    """(child, parent) -> the row of `lineage_edges`, except which phase said so.

    `is_time_inverted` is given only where both release dates are known: the definitions do not
    say what it is elsewhere.
    """
    cyclic = edges_in_cycle(lineage)
    distances = root_distances(lineage)
    rows = {}
    for (child, parent), relation in lineage.relation_of.items():
        lag = release_lag_days(lineage, child, parent)
        rows[child, parent] = {
            "relation": relation,
            "is_parent_listed": parent in lineage.created_at,
            "child_created_at": lineage.created_at[child],
            "parent_created_at": lineage.created_at.get(parent),
            "release_lag_days": lag,
            "is_same_owner": owner(child) == owner(parent),
            "is_in_cycle": (child, parent) in cyclic,
            "root_owner": nearest_root_owner(lineage, distances[parent]),
        } | ({} if lag is None else {"is_time_inverted": lag < 0})
    return rows


# Concentration


def gini(counts: Iterable[int]) -> float:
    """Mean absolute difference between all pairs over twice the mean; 0 = all equal."""
    values = Counter(counts)
    n, total = values.total(), sum(value * times for value, times in values.items())
    differences = sum(
        times * other_times * abs(value - other)
        for value, times in values.items()
        for other, other_times in values.items()
    )
    return differences / (2 * n * total)


def hhi(counts: Iterable[int]) -> float:
    """Sum of squared shares; 1 = one holds everything."""
    values = list(counts)
    return sum((value / sum(values)) ** 2 for value in values)


def top_share(counts: Iterable[int], top: int) -> float:
    """The share of the `top` largest in the total; all of it when there are not so many."""
    values = sorted(counts, reverse=True)
    return sum(values[:top]) / sum(values)


def concentration_of(counts: Iterable[int]) -> dict[str, float]:
    """The columns of `concentration` for the numbers of edges of some bases.

    The top 1 percent are rounded up to whole bases, so there is always one.
    """
    values = list(counts)
    return {
        "n_bases": len(values),
        "n_edges": sum(values),
        "gini": gini(values),
        "hhi": hhi(values),
        "top_10_share": top_share(values, 10),
        "top_100_share": top_share(values, 100),
        "top_1_percent_share": top_share(values, math.ceil(len(values) / 100)),
    }


def concentration(lineages: Iterable[Lineage]) -> dict[tuple[int, str], dict[str, float]]:
    """(year, measure) -> the row of `concentration` over all lineages of a snapshot.

    The contract leaves the measures open; they are the edges whose child was released in the
    year, all of them and by relation, and the edges of all years up to its end. Only usable dates
    have a year.
    """
    released = [
        (lineage.usable_date(child).year, relation, parent)
        for lineage in lineages
        for (child, parent), relation in lineage.relation_of.items()
        if lineage.usable_date(child) is not None
    ]
    bases: dict[tuple[int, str], Counter] = {}
    for this_year in {year for year, _, _ in released}:
        for year, relation, parent in released:
            measures = ["new_edges", f"new_{relation}_edges"] if year == this_year else []
            measures += ["edges_to_date"] if year <= this_year else []
            for measure in measures:
                bases.setdefault((this_year, measure), Counter())[parent] += 1
    return {key: concentration_of(counts.values()) for key, counts in bases.items()}
