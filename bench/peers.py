"""Other tools: each answers the questions it can answer, from arrays of edges.

The columns of the edges and of the answers are those of `bench.questions`.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Literal

import numpy as np

from bench.questions import CROWDING_WINDOWS, DISRUPTION_WINDOWS, QUESTIONS

Columns = Mapping[str, np.ndarray]
Answerer = Callable[[Columns], Columns]
Group = tuple[str, ...]

DAY_US = 86_400_000_000

RACE = ("parent_key",)
RELATION = (*RACE, "relation")
OWNER = (*RACE, "owner")
RELATION_AND_OWNER = (*RELATION, "owner")

RIVALS = {
    "before": ("before", [(RACE, None)]),
    "after": ("after", [(RACE, None)]),
    "around": ("around", [(RACE, None)]),
    "before_same_relation": ("before", [(RELATION, None)]),
    "before_other_owner": ("before", [(RACE, None), (OWNER, None)]),
    "before_not_bulk": ("before", [(RACE, "is_not_bulk_owner")]),
    "before_same_relation_other_owner": (
        "before", [(RELATION, None), (RELATION_AND_OWNER, None)]
    ),
    "before_other_owner_events": ("before", [(RACE, "is_event_lead"), (OWNER, "is_event_lead")]),
    "after_other_owner": ("after", [(RACE, None), (OWNER, None)]),
}  # fmt: skip
"""For each kind of rival, the side of the entrant that is searched, and one or two groups: rivals
are those in the first and not in the second group, all of them or those with a mark."""


def index_by_package(name: str, question: str) -> Answerer:
    """The index of each focal with a parent, by cdindex or a package like it."""

    def answer(edges: Columns) -> Columns:
        graph = importlib.import_module(name).Graph()
        keys = np.concatenate([edges["child_key"], edges["parent_key"]])
        times = np.concatenate([edges["child_us"], edges["parent_us"]])
        keys, first = np.unique(keys, return_index=True)
        for key, moment in zip(keys.tolist(), times[first].tolist(), strict=True):
            graph.add_vertex(key, moment)
        children, parents = edges["child_key"].tolist(), edges["parent_key"].tolist()
        for child, parent in zip(children, parents, strict=True):
            graph.add_edge(child, parent)
        if hasattr(graph, "prepare_for_searching"):
            graph.prepare_for_searching()
        focals = np.unique(edges["child_key"])
        whole = int(times.max() - times.min())
        windows = {
            window: whole if days is None else days * DAY_US
            for window, days in DISRUPTION_WINDOWS.items()
            if window in QUESTIONS[question].windows
        }
        values = [graph.cdindex(key, us) for us in windows.values() for key in focals.tolist()]
        return {
            "focal_key": np.tile(focals, len(windows)),
            "window_name": np.repeat(np.array(list(windows), dtype=object), focals.size),
            "mdi": np.array(values, dtype=float),
        }

    return answer


def ranks_by_pandas(edges: Columns) -> Columns:
    """The rank of each entrant: one more than the number of earlier ones."""
    import pandas

    ranks = pandas.DataFrame(edges).groupby("parent_key")["child_us"].rank(method="min")
    return keys_of(edges) | {"release_rank": ranks.to_numpy().astype(np.int64)}


def ranks_by_polars(edges: Columns) -> Columns:
    """The rank of each entrant, by polars."""
    import polars

    rank = polars.col("child_us").rank("min").over("parent_key").cast(polars.Int64)
    answer = polars.DataFrame(edges).select("child_key", "parent_key", release_rank=rank)
    return {name: answer[name].to_numpy() for name in answer.columns}


def keys_of(edges: Columns) -> dict[str, np.ndarray]:
    """The columns that identify an edge."""
    return {name: edges[name] for name in ("child_key", "parent_key")}


def rivals_by_pandas(kinds: Sequence[str], windows: Sequence[int]) -> Answerer:
    """Counts rivals by searching the ends of each window in all entrants by group and time.

    pandas numbers the groups and numpy searches: a group and an instant form one whole number.
    """

    def answer(edges: Columns) -> Columns:
        import pandas

        frame = pandas.DataFrame(edges)
        instants, at = np.unique(edges["child_us"], return_inverse=True)

        @cache
        def sorted_entrants(group: Group, mark: str | None) -> tuple[np.ndarray, np.ndarray]:
            starts = frame.groupby(list(group)).ngroup().to_numpy() * (instants.size + 1)
            entrants = starts + at
            return starts, np.sort(entrants[edges[mark] == 1] if mark else entrants)

        def count(side: str, days: int, group: Group, mark: str | None) -> np.ndarray:
            starts, entrants = sorted_entrants(group, mark)

            def earlier(us: int, until: Literal["left", "right"]) -> np.ndarray:
                places = np.searchsorted(instants, instants + us, until)[at]
                return np.searchsorted(entrants, starts + places)

            us = days * DAY_US
            if side == "before":
                return earlier(0, "left") - earlier(-us, "left")
            if side == "after":
                return earlier(us, "right") - earlier(0, "right")
            return earlier(us, "left") - earlier(-us, "right") - 1

        return keys_of(edges) | rivals_of(count, kinds, windows)

    return answer


def rivals_by_polars(kinds: Sequence[str], windows: Sequence[int]) -> Answerer:
    """Counts rivals with the rolling windows of polars."""

    def answer(edges: Columns) -> Columns:
        import polars

        def count(side: str, days: int, group: Group, mark: str | None) -> polars.Expr:
            us = days * DAY_US
            counted = polars.col(mark).sum() if mark else polars.len().cast(polars.Int64)
            if side == "before":
                window = counted.rolling("child_us", period=f"{us}i", closed="left")
            elif side == "after":
                window = counted.rolling("child_us", period=f"{us}i", offset="0i", closed="right")
            else:
                window = (
                    counted.rolling(
                        "child_us", period=f"{2 * us}i", offset=f"-{us}i", closed="none"
                    )
                    - 1
                )
            return window.over(group)

        found = polars.DataFrame(edges).select(
            "child_key", "parent_key", **rivals_of(count, kinds, windows)
        )
        return {name: found[name].to_numpy() for name in found.columns}

    return answer


def rivals_of(count: Callable, kinds: Sequence[str], windows: Sequence[int]) -> dict:
    """The columns of the answer, each from one count or the difference of two."""
    columns = {}
    for kind, days in product(kinds, windows):
        side, groups = RIVALS[kind]
        first, *others = (count(side, days, group, mark) for group, mark in groups)
        columns[f"n_rivals_{kind}_{days}d"] = first - others[0] if others else first
    return columns


def descendants_by_networkx(edges: Columns) -> Columns:
    """The number of descendants of each model with a child."""
    import networkx

    graph = networkx.DiGraph()
    parents, children = edges["parent_key"], edges["child_key"]
    graph.add_edges_from(zip(parents.tolist(), children.tolist(), strict=True))
    nodes = np.unique(parents)
    found = [len(networkx.descendants(graph, node)) for node in nodes.tolist()]
    return {"node_key": nodes, "n_descendants": np.array(found, dtype=np.int64)}


def descendants_by_scipy(edges: Columns) -> Columns:
    """The numbers of descendants by breadth-first search in a sparse matrix."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order

    keys, parents, children = numbered(edges)
    graph = csr_matrix(
        (np.ones(parents.size, np.int8), (parents, children)), shape=(keys.size, keys.size)
    )
    nodes = np.unique(parents)
    orders = (breadth_first_order(graph, node, return_predecessors=False) for node in nodes)
    found = [order.size - 1 for order in orders]
    return {"node_key": keys[nodes], "n_descendants": np.array(found, dtype=np.int64)}


def descendants_by_igraph(edges: Columns) -> Columns:
    """The numbers of descendants by igraph, for all models with a child in one call."""
    import igraph

    keys, parents, children = numbered(edges)
    graph = igraph.Graph(keys.size, np.column_stack([parents, children]), directed=True)
    nodes = np.unique(parents)
    sizes = graph.neighborhood_size(nodes.tolist(), order=keys.size, mode="out")
    return {"node_key": keys[nodes], "n_descendants": np.array(sizes, dtype=np.int64) - 1}


def numbered(edges: Columns) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All keys, and the places of parents and children among them."""
    both = np.concatenate([edges["parent_key"], edges["child_key"]])
    keys, places = np.unique(both, return_inverse=True)
    return keys, *np.split(places, 2)


@dataclass(frozen=True)
class Peer:
    """A tool: its answers by question; `is_extra` if the project does not install it."""

    answers: Mapping[str, Answerer]
    is_extra: bool = False


def indices_by(package: str) -> dict[str, Answerer]:
    """The answers of a package to both questions about the index."""
    return {question: index_by_package(package, question) for question in ("index", "indices")}


PEERS = {
    "cdindex": Peer(indices_by("cdindex")),
    "xfast-cdindex": Peer(indices_by("xfast_cdindex"), is_extra=True),
    "pandas": Peer({
        "ranks": ranks_by_pandas,
        "rivals": rivals_by_pandas(["before"], [90]),
        "all rivals": rivals_by_pandas(list(RIVALS), CROWDING_WINDOWS),
    }),
    "polars": Peer({
        "ranks": ranks_by_polars,
        "rivals": rivals_by_polars(["before"], [90]),
        "all rivals": rivals_by_polars(list(RIVALS), CROWDING_WINDOWS),
    }, is_extra=True),
    "networkx": Peer({"descendants": descendants_by_networkx}),
    "scipy": Peer({"descendants": descendants_by_scipy}),
    "igraph": Peer({"descendants": descendants_by_igraph}, is_extra=True),
}  # fmt: skip
