"""The figures of the studies, each from one query on the marts or on the studies' results.

`catalogue.FIGURES` lists them; `charts` draws them, `theme` gives them their look, `write_figures`
writes them.
"""

from analysis.figures.catalogue import FIGURES, Figure
from analysis.figures.writing import DRAWN, NOT_DRAWN, data_of, open_tables, write_figures

__all__ = ["DRAWN", "FIGURES", "NOT_DRAWN", "Figure", "data_of", "open_tables", "write_figures"]
