"""A figure before its data: what it is called, reads, draws, counts and says."""

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
    """A figure before its data.

    name: of its files, and of its query unless another is named.
    title: its subject.
    conclude: the rows of the query -> what they show, which the title then says; empty where they
        carry no conclusion.
    reads: the marts or results its query reads, all of one folder.
    query_name: of the file in `queries/`; the figure's own name if None.
    variables: what the query asks for by `getvariable`.
    preludes: further files of `queries/` that the query builds on, in their order.
    draw: the rows of the query -> a chart without title.
    count: the rows of the query -> how many observations the figure rests on.
    unit: what is counted.
    filter: which observations, and what the intervals are.
    describe: the rows of the query -> what a reader who sees nothing should know.
    needs: what must be there for the figure to be drawn.
    mark: the column that is null where too few observations leave nothing to draw.
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
        """The title above the rows: what they show, or else their subject."""
        return self.conclude(frame) or self.title

    def has_marks(self, frame: pd.DataFrame) -> bool:
        """Whether any row gives something to draw."""
        return bool(frame[self.mark].notna().any())

    @property
    def query(self) -> str:
        """The SQL that gives the figure's rows, once its preludes have run."""
        return text_of(self.query_name or self.name)

    @property
    def prelude(self) -> str:
        """The statements that the query builds on; running them twice does no harm."""
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
    """The text of a query of figures."""
    return (QUERIES / f"{name}.sql").read_text("utf-8")


def snapshot_id(frame: pd.DataFrame) -> str:
    """The snapshot that the rows name, for example 20261003T131904Z; empty if they name none."""
    names = frame.snapshot_id.dropna()
    return str(names.iloc[0]) if len(names) else ""
