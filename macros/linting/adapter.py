"""What sqlfluff takes for the `adapter` of dbt: each macro is led to its body for DuckDB."""

from collections.abc import Callable

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, macro: str, package: str) -> Callable:
    """The body of a macro on DuckDB."""
    return context[f"duckdb__{macro}"]
