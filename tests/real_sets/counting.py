"""Takers and followers counted once more, by bisection and sets: nothing of the models' SQL.

Every parent has a list of its children in the order of their times. The takers of a focal in a
window are a slice of its own list, its followers the union of the slices of its parents.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping


def disruption_counts(
    edges: Iterable[tuple[str, str]], time_of: Mapping[str, float], window: float
) -> dict[str, tuple[int, int, int]]:
    """(n_i, n_j, n_k) of every model with a time and an edge; `edges` are distinct, no self loops.

    Times and the window are numbers of one unit; a window is open on the left, closed on the right.
    """
    parents: dict[str, set[str]] = defaultdict(set)
    children: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for child, parent in edges:
        parents[child].add(parent)
        if child in time_of:
            children[parent].append((time_of[child], child))
    times = {}
    for parent, entrants in children.items():
        entrants.sort()
        times[parent] = [time for time, _ in entrants]

    def later(parent: str, start: float) -> slice:
        return slice(
            bisect_right(times.get(parent, ()), start),
            bisect_right(times.get(parent, ()), start + window),
        )

    counts = {}
    for focal in (parents.keys() | children.keys()) & time_of.keys():
        start, own = time_of[focal], parents.get(focal, set())
        takers = [taker for _, taker in children.get(focal, ())[later(focal, start)]]
        n_j = sum(not own.isdisjoint(parents[taker]) for taker in takers)
        if len(own) == 1:
            (parent,) = own
            span = later(parent, start)
            n_followers = span.stop - span.start
        else:
            followers: set[str] = set()
            for parent in own:
                followers.update(name for _, name in children[parent][later(parent, start)])
            n_followers = len(followers)
        counts[focal] = (len(takers) - n_j, n_j, n_followers - n_j)
    return counts
