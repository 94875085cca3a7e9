"""What loaders and analyses share, and the tables in Python: `hub_lineage.marts("disruption")`."""

# The function `sql` shadows the module of that name, which is loaded before it.
from hub_lineage.tables import TableError, marts, results, sql

__all__ = ["TableError", "marts", "results", "sql"]
