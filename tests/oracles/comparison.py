"""Row by row: what the definitions say against what a mart holds, with a message to repeat from."""

import math
from collections.abc import Mapping, Sequence

from oracles.graphs import Graph

Key = tuple
Rows = Mapping[Key, Mapping[str, object]]

SHOWN_ROWS, SHOWN_GRAPHS = 12, 2


def by_key(rows: Sequence[Mapping], key: Sequence[str]) -> dict[Key, Mapping[str, object]]:
    """The rows of a mart by its grain; a grain that holds twice is a mistake of its own."""
    found: dict[Key, Mapping[str, object]] = {}
    for row in rows:
        name = tuple(row[column] for column in key)
        if name in found:
            raise AssertionError(f"two rows for {dict(zip(key, name, strict=True))}")
        found[name] = row
    return found


def equal(expected: object, actual: object) -> bool:
    """Equal to the last digits of a double; null is equal to null only."""
    if isinstance(expected, float) and isinstance(actual, int | float):
        return math.isclose(expected, actual, rel_tol=1e-12, abs_tol=1e-12)
    return expected == actual


def differences(expected: Rows, actual: Rows) -> list[tuple[Key, str]]:
    """What does not agree, by key: missing rows, rows too many, and columns of another value."""
    found = [(key, "no such row in the mart") for key in expected.keys() - actual.keys()]
    found += [(key, "not a row by the definitions") for key in actual.keys() - expected.keys()]
    for key in expected.keys() & actual.keys():
        wrong = [
            f"{column} is {actual[key].get(column, 'no column')!r}, by definition {value!r}"
            for column, value in expected[key].items()
            if column not in actual[key] or not equal(value, actual[key][column])
        ]
        if wrong:
            found.append((key, "; ".join(wrong)))
    return sorted(found, key=repr)


def assert_same(expected: Rows, actual: Rows, graphs: Mapping[str, Graph], what: str) -> None:
    """Fail with the rows that differ and the graphs they come from."""
    found = differences(expected, actual)
    if not found:
        return
    lines = [f"{what}: {len(found)} of {len(expected)} rows differ"]
    lines += [f"  {key}: {text}" for key, text in found[:SHOWN_ROWS]]
    names = dict.fromkeys(graph_name(key) for key, _ in found)
    lines.append(f"in {len(names)} graphs; to repeat, oracles.graphs.random_graph(<number>):")
    lines += [
        str(graphs.get(name, f"{name}: no such graph")) for name in list(names)[:SHOWN_GRAPHS]
    ]
    raise AssertionError("\n".join(lines))


def graph_name(key: Key) -> str:
    """The graph that a row belongs to: its models' owners begin with the name."""
    return key[0].split("-")[0].lower()
