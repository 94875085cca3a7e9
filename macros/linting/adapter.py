"""What sqlfluff takes for dbt's `adapter`: macros are dispatched to their DuckDB bodies, the dialect in which they are linted."""

from collections.abc import Callable

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, macro: str, package: str) -> Callable:
    """The body of a macro on DuckDB."""
    return context[f"duckdb__{macro}"]
