"""Two examples whose every count is known from outside: docs/definitions.md, and `cdindex`'s own.

The first has 12 models and 16 raw edge rows, made so that each of the usual mistakes changes some
number. The second is the test case that the `cdindex` package publishes: 11 nodes, CD = 1/6.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from oracles.definitions import Edge

DAY = timedelta(days=1)

CREATED_AT = {
    "R": datetime(2024, 6, 15),
    "Q": datetime(2024, 12, 12),
    "H": datetime(2024, 12, 27),
    "F": datetime(2025, 1, 1),
    "G": datetime(2025, 1, 1),
    "A": datetime(2025, 1, 11),
    "B": datetime(2025, 1, 21),
    "C": datetime(2025, 1, 31),
    "X": datetime(2025, 2, 10),
    "K": datetime(2025, 3, 2),
    "D": datetime(2025, 4, 1),
    "E": datetime(2025, 4, 1, 0, 0, 1),
}
RAW_ROWS = [
    ("H", "F", "finetune"),
    ("F", "R", "finetune"),
    ("F", "F", "finetune"),
    ("G", "F", "finetune"),
    ("A", "F", "finetune"),
    ("A", "F", "quantized"),
    ("B", "F", "merge"),
    ("B", "R", "merge"),
    ("C", "R", "finetune"),
    ("X", "K", "merge"),
    ("X", "R", "merge"),
    ("K", "R", "merge"),
    ("K", "Q", "merge"),
    ("K", "X", "merge"),
    ("D", "F", "finetune"),
    ("E", "F", "finetune"),
]
CLOSED_AT = datetime(2025, 7, 1)
"""A snapshot after the 90 days of every model of the example."""


@dataclass(frozen=True)
class Expected:
    """A focal of the worked example in docs/definitions.md: 90 days, models without a parent
    counted as `one`."""

    n_parents: int
    n_i: int
    n_j: int
    n_k: int
    cd: float | None
    no_k: float | None
    bypass: float | None

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.n_i, self.n_j, self.n_k


TABLE = {
    "R": Expected(0, 0, 0, 0, None, None, None),
    "Q": Expected(0, 1, 0, 0, 1, 1, 1),
    "H": Expected(1, 0, 0, 3, 0, None, -1),
    "F": Expected(1, 2, 1, 3, 1 / 6, 1 / 3, 0),
    "G": Expected(1, 0, 0, 3, 0, None, -1),
    "A": Expected(1, 0, 0, 3, 0, None, -1),
    "B": Expected(2, 0, 0, 5, 0, None, -1),
    "C": Expected(1, 0, 0, 2, 0, None, -1),
    "X": Expected(2, 0, 1, 0, -1, -1, 1),
    "K": Expected(3, 0, 0, 0, None, None, None),
    "D": Expected(1, 0, 0, 1, 0, None, -1),
    "E": Expected(1, 0, 0, 0, None, None, None),
}
F_DI_2, F_DEPENDENCE = 0.4, 1 / 3

GOLDEN_CREATED_AT = {
    "0Z": datetime(1992, 1, 1),
    "1Z": datetime(1992, 1, 1),
    "2Z": datetime(1993, 1, 1),
    "3Z": datetime(1993, 1, 1),
    "4Z": datetime(1995, 1, 1),
    "5Z": datetime(1997, 1, 1),
    "6Z": datetime(1998, 1, 1),
    "7Z": datetime(1999, 1, 1),
    "8Z": datetime(1999, 1, 1),
    "9Z": datetime(1998, 1, 1),
    "10Z": datetime(1997, 1, 1),
}
GOLDEN_EDGES: list[Edge] = [
    ("4Z", "2Z"),
    ("4Z", "0Z"),
    ("4Z", "1Z"),
    ("4Z", "3Z"),
    ("5Z", "2Z"),
    ("6Z", "2Z"),
    ("6Z", "4Z"),
    ("7Z", "4Z"),
    ("8Z", "4Z"),
    ("9Z", "4Z"),
    ("9Z", "1Z"),
    ("9Z", "3Z"),
    ("10Z", "4Z"),
]
