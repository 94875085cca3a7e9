"""The same questions asked of other people's libraries: `cdindex` and `networkx`."""

from datetime import datetime

import cdindex
import networkx

from oracles.definitions import Lineage

DAY_IN_MILLISECONDS = 86_400_000


def all_dates_known(lineage: Lineage) -> bool:
    return all(lineage.created_at.values())


def cdindex_graph(lineage: Lineage) -> cdindex.Graph:
    """The lineage for cdindex, times in milliseconds. Unlisted parents get time 0: being nobody's
    child they are never later, and as parents their time is not looked at."""
    vertices = [
        {"name": model, "time": milliseconds(lineage.created_at.get(model))}
        for model in sorted(lineage.models)
    ]
    edges = [{"source": child, "target": parent} for child, parent in lineage.relation_of]
    return cdindex.Graph(vertices=vertices, edges=edges)


def milliseconds(moment: datetime | None) -> int:
    if moment is None:
        return 0
    since = moment - datetime(1970, 1, 1)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def cd(graph: cdindex.Graph, focal: str, days: int) -> float | None:
    return graph.cdindex(focal, days * DAY_IN_MILLISECONDS)


def digraph(lineage: Lineage) -> networkx.DiGraph:
    """Edges from child to parent, as they are declared."""
    graph = networkx.DiGraph()
    graph.add_nodes_from(lineage.models)
    graph.add_edges_from(lineage.relation_of)
    return graph


def cyclic_edges(graph: networkx.DiGraph) -> set[tuple[str, str]]:
    """Edges whose ends lie in one strongly connected component."""
    component = {
        model: number
        for number, members in enumerate(networkx.strongly_connected_components(graph))
        for model in members
    }
    return {
        (child, parent) for child, parent in graph.edges if component[child] == component[parent]
    }


def distances_to_roots(graph: networkx.DiGraph) -> dict[str, dict[str, int]]:
    """model -> the roots above it with their shortest distances."""
    roots = [model for model in graph if not graph.out_degree(model) and graph.in_degree(model)]
    found: dict[str, dict[str, int]] = {model: {} for model in graph}
    for root in roots:
        lengths = networkx.single_source_shortest_path_length(graph.reverse(copy=False), root)
        for model, distance in lengths.items():
            found[model][root] = distance
    return found


def n_descendants(graph: networkx.DiGraph, model: str) -> int:
    return len(networkx.ancestors(graph, model))
