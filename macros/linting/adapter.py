"""What sqlfluff takes for the `adapter` of dbt: each macro is led to its body for DuckDB."""

from collections.abc import Callable

from jinja2 import pass_context
from jinja2.runtime import Context

USING_KEY = {"root_distances_walked", "inner_generations_walked"}
"""Recursions with DuckDB's `using key`, which sqlfluff cannot parse: it reads Spark's bodies."""


@pass_context
def dispatch(context: Context, macro: str, package: str) -> Callable:
    """The body of a macro that the linter reads."""
    return context[f"{'spark' if macro in USING_KEY else 'duckdb'}__{macro}"]
