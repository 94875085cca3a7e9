"""Other tools on the same edges, each in a process of its own.

    python -m bench.peers TOOL EDGES N_EDGES

EDGES is a Parquet file (child, parent, child_us, parent_us) in the order of the child's creation;
the first N_EDGES of it are the graph. Prints one JSON object: `work_seconds` and `cpu_seconds`
without reading the file and loading the tool, and `checksum`, by which tools with the same task are
held against each other.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import numpy as np

from hub_lineage.sql import files_in_sql

WINDOW_US = 90 * 86_400_000_000


def disruption_by_package(name: str) -> Callable[[dict[str, np.ndarray]], float]:
    """The sum of the index over all focals with a parent, 90 days, by cdindex or its kin."""

    def disruption(edges: dict[str, np.ndarray]) -> float:
        graph = importlib.import_module(name).Graph()
        keys = np.concatenate([edges["child"], edges["parent"]])
        times = np.concatenate([edges["child_us"], edges["parent_us"]])
        keys, first = np.unique(keys, return_index=True)
        for key, moment in zip(keys.tolist(), times[first].tolist(), strict=True):
            graph.add_vertex(key, moment)
        for child, parent in zip(edges["child"].tolist(), edges["parent"].tolist(), strict=True):
            graph.add_edge(child, parent)
        if hasattr(graph, "prepare_for_searching"):
            graph.prepare_for_searching()
        values = (graph.cdindex(focal, WINDOW_US) for focal in np.unique(edges["child"]).tolist())
        return sum(value for value in values if value is not None and value == value)

    return disruption


def disruption_by_pyscisci(edges: dict[str, np.ndarray]) -> float:
    """The sum of the index over the focals with a child: it has years for windows, so none."""
    import pandas
    from pyscisci.methods.disruption import disruption_index

    names = {"CitingPublicationId": edges["child"], "CitedPublicationId": edges["parent"]}
    return float(disruption_index(pandas.DataFrame(names))["DisruptionIndex"].sum())


def ranks_by_pandas(edges: dict[str, np.ndarray]) -> float:
    """The sum of the release ranks within each base."""
    import pandas

    frame = pandas.DataFrame(edges)
    return float(frame.groupby("parent")["child_us"].rank(method="min").sum())


def ranks_by_polars(edges: dict[str, np.ndarray]) -> float:
    """The same by polars."""
    import polars

    ranks = polars.col("child_us").rank("min").over("parent").cast(polars.Int64)
    return float(polars.DataFrame(edges).select(ranks.sum()).item())


def crowding_by_pandas(edges: dict[str, np.ndarray]) -> float:
    """The sum of the rivals in the 90 days before: a search in each base's sorted times."""
    import pandas

    def before(times):
        ordered = np.sort(times.to_numpy())
        return (
            np.searchsorted(ordered, ordered, "left")
            - np.searchsorted(ordered, ordered - WINDOW_US, "left")
        ).sum()

    return float(pandas.DataFrame(edges).groupby("parent")["child_us"].agg(before).sum())


def crowding_by_polars(edges: dict[str, np.ndarray]) -> float:
    """The same by polars: what came before an instant, at both ends of the window."""
    import polars

    entrants = polars.DataFrame(edges).select("parent", "child_us").sort("parent", "child_us")
    earlier = entrants.with_columns(
        until=polars.int_range(1, polars.len() + 1, dtype=polars.Int64).over("parent")
    )
    at_window = entrants.with_columns(polars.col("child_us") - WINDOW_US).join_asof(
        earlier, on="child_us", by="parent", strategy="backward", allow_exact_matches=False,
        check_sortedness=False,
    )  # fmt: skip
    ranks = polars.col("child_us").rank("min").over("parent").cast(polars.Int64)
    at_entry = entrants.select((ranks - 1).sum()).item()
    return float(at_entry - at_window["until"].fill_null(0).sum())


def descendants_by_networkx(edges: dict[str, np.ndarray]) -> float:
    """The sum of the descendants over all models with a child."""
    import networkx

    graph = networkx.DiGraph()
    graph.add_edges_from(zip(edges["parent"].tolist(), edges["child"].tolist(), strict=True))
    parents = np.unique(edges["parent"]).tolist()
    return float(sum(len(networkx.descendants(graph, parent)) for parent in parents))


def descendants_by_scipy(edges: dict[str, np.ndarray]) -> float:
    """The same by breadth-first search in a sparse matrix."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import breadth_first_order

    keys, places = np.unique(np.concatenate([edges["parent"], edges["child"]]), return_inverse=True)
    parents, children = np.split(places, 2)
    graph = csr_matrix(
        (np.ones(parents.size, np.int8), (parents, children)), shape=(keys.size, keys.size)
    )
    orders = (
        breadth_first_order(graph, parent, return_predecessors=False)
        for parent in np.unique(parents)
    )
    return float(sum(order.size - 1 for order in orders))


def descendants_by_igraph(edges: dict[str, np.ndarray]) -> float:
    """The same by igraph, all models with a child in one call."""
    import igraph

    keys, places = np.unique(np.concatenate([edges["parent"], edges["child"]]), return_inverse=True)
    parents, children = np.split(places, 2)
    graph = igraph.Graph(keys.size, np.column_stack([parents, children]), directed=True)
    sizes = graph.neighborhood_size(np.unique(parents).tolist(), order=keys.size, mode="out")
    return float(sum(sizes) - len(sizes))


@dataclass(frozen=True)
class Peer:
    """A tool: what it is asked, by which function, and whether the project does not install it."""

    task: str
    function: Callable[[dict[str, np.ndarray]], float]
    is_extra: bool = False


PEERS = {
    "cdindex": Peer("disruption", disruption_by_package("cdindex")),
    "xfast-cdindex": Peer("disruption", disruption_by_package("xfast_cdindex"), is_extra=True),
    "pyscisci, no window": Peer("disruption", disruption_by_pyscisci, is_extra=True),
    "pandas ranks": Peer("ranks", ranks_by_pandas),
    "polars ranks": Peer("ranks", ranks_by_polars, is_extra=True),
    "pandas crowding": Peer("crowding", crowding_by_pandas),
    "polars crowding": Peer("crowding", crowding_by_polars, is_extra=True),
    "networkx": Peer("descendants", descendants_by_networkx),
    "scipy": Peer("descendants", descendants_by_scipy),
    "igraph": Peer("descendants", descendants_by_igraph, is_extra=True),
}

OURS = {
    "disruption": [
        "int_takers_counted",
        "int_shared_takers_counted",
        "int_parent_sets_numbered",
        "int_parent_set_overlaps",
        "int_followers_counted",
        "int_disruption_components_summed",
    ],
    "ranks": ["int_entrants_ranked"],
    "crowding": ["int_rivals_counted"],
    "descendants": [
        "int_inner_edges_selected",
        "int_inner_ancestors_walked",
        "int_leaf_parent_sets",
        "int_leaf_set_ancestors_walked",
        "int_descendants_counted",
    ],
}
"""The dbt models that do a task. They do more of it: six windows, 24 kinds of rivals."""


def main(tool: str, path: str, n_edges: str) -> None:
    """Run one tool once and print what it took."""
    query = f"select * from read_parquet({files_in_sql(path)}) limit {int(n_edges)}"
    edges = duckdb.sql(query).fetchnumpy()
    edges = {name: np.asarray(values, dtype=np.int64) for name, values in edges.items()}
    # A first call loads what the tool loads.
    PEERS[tool].function({name: values[:100] for name, values in edges.items()})
    started, started_cpu = time.monotonic(), time.process_time()
    checksum = PEERS[tool].function(edges)
    cost = {
        "work_seconds": time.monotonic() - started,
        "cpu_seconds": time.process_time() - started_cpu,
    }
    print(json.dumps(cost | {"checksum": checksum}))


if __name__ == "__main__":
    main(*sys.argv[1:])
