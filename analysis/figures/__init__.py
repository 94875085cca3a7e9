"""Every figure of the project, each from one query on the marts or on the studies' results.

`catalogue` lists them, `charts` draws them, `theme` styles them, and `writing` writes them: those
of the studies beside their results, those of the marts into the report.
"""

from analysis.figures.catalogue import FIGURES, MART_FIGURES, STUDY_FIGURES, family_figures
from analysis.figures.figure import Figure, text_of
from analysis.figures.writing import (
    DRAWN,
    NOT_DRAWN,
    Drawn,
    data_of,
    draw,
    open_tables,
    read_drawn,
    write_figures,
)

__all__ = [
    "DRAWN",
    "FIGURES",
    "MART_FIGURES",
    "NOT_DRAWN",
    "STUDY_FIGURES",
    "Drawn",
    "Figure",
    "data_of",
    "draw",
    "family_figures",
    "open_tables",
    "read_drawn",
    "text_of",
    "write_figures",
]
