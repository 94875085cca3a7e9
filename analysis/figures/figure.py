"""The definition of a figure: its name, what it reads, draws and counts, and what it says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import altair as alt
import pandas as pd

from analysis.figures.wording import number
from hub_lineage.sql import literal

QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True)
class Figure:
    """The definition of a figure.

    name: that of its files, and of its query unless `query_name` is given.
    title: its subject.
    conclude: the rows of the query -> what they show, which becomes the title; empty if they allow
        no conclusion.
    reads: the marts or results that its query reads, all in one folder.
    query_name: the file in `queries/`; the figure's own name if None.
    variables: what the query reads with `getvariable`.
    preludes: further files of `queries/` that the query builds on, in their order.
    draw: the rows of the query -> a chart without a title.
    count: the rows of the query -> how many observations the figure rests on.
    unit: what is counted.
    filter: which observations are included, and what the intervals are.
    describe: the rows of the query -> a description for a reader who cannot see the figure.
    needs: what data the figure needs to be drawn.
    mark: the column that is null where there are too few observations to draw.
    note: the rows of the query -> a sentence that ends the caption; empty for most.
    """

    name: str
    title: str
    reads: tuple[str, ...]
    draw: Callable[[pd.DataFrame], alt.TopLevelMixin]
    count: Callable[[pd.DataFrame], int]
    unit: str
    filter: str
    describe: Callable[[pd.DataFrame], str]
    needs: str
    mark: str
    preludes: tuple[str, ...] = ()
    query_name: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    note: Callable[[pd.DataFrame], str] = lambda frame: ""
    conclude: Callable[[pd.DataFrame], str] = lambda frame: ""

    def headline(self, frame: pd.DataFrame) -> str:
        """The title for some rows: what they show, or else the figure's subject."""
        return self.conclude(frame) or self.title

    def has_marks(self, frame: pd.DataFrame) -> bool:
        """Whether there is anything to draw."""
        return bool(frame[self.mark].notna().any())

    @property
    def query(self) -> str:
        """The SQL of the figure's rows, to run after its preludes."""
        return text_of(self.query_name or self.name)

    @property
    def prelude(self) -> str:
        """The statements that the query builds on; they can be run repeatedly."""
        variables = [
            f"set variable {name} = {literal(text)};" for name, text in self.variables.items()
        ]
        return "\n".join([*variables, *(text_of(name) for name in self.preludes)])

    def caption(self, frame: pd.DataFrame) -> str:
        """N, snapshot, filter and interval in a sentence or two."""
        counted = f"N = {number(self.count(frame))} {self.unit}"
        name = snapshot_id(frame)
        dated = f"; snapshot of {name[:4]}-{name[4:6]}-{name[6:8]}" if name else ""
        return f"{counted}{dated}. {self.filter} {self.note(frame)}".rstrip()


def text_of(name: str) -> str:
    """The text of a file in `queries/`."""
    return (QUERIES / f"{name}.sql").read_text("utf-8")


def snapshot_id(frame: pd.DataFrame) -> str:
    """The snapshot that the rows name, for example 20261003T131904Z; empty if they name none."""
    names = frame.snapshot_id.dropna()
    return str(names.iloc[0]) if len(names) else ""
