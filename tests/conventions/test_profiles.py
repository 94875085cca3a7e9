"""How much runs at once follows from the memory that it may take, and freed memory is kept."""

import duckdb
import jinja2
import pytest
import yaml

from support import REPOSITORY


@pytest.mark.parametrize(
    ("memory", "threads"),
    [(None, 1), ("4GB", 1), ("2GB", 1), ("7.9 GiB", 1), ("8gb", 2), ("64GB", 4), ("500MB", 1)],
)
def test_one_statement_at_a_time_runs_for_every_four_gigabytes(memory, threads):
    profiles = yaml.safe_load((REPOSITORY / "profiles.yml").read_text(encoding="utf-8"))
    environment = jinja2.Environment()
    environment.filters["as_number"] = int
    expression = environment.from_string(profiles["hub_lineage"]["outputs"]["file"]["threads"])
    found = expression.render(env_var=lambda name, default: memory or default)
    assert found == str(threads)


@pytest.mark.parametrize("memory", ["100MB", "4GB", "100TB"])
def test_freed_memory_is_kept_and_the_limit_stays_even_one_beyond_the_machine(memory):
    macros = (REPOSITORY / "macros/engines/memory.sql").read_text(encoding="utf-8")
    template = jinja2.Environment().from_string(macros)
    hook = template.make_module({"env_var": lambda name, default: f" {memory} "})
    with duckdb.connect() as limited, duckdb.connect() as connection:
        limit = "select current_setting('memory_limit')"
        limited.execute(f"set memory_limit = '{memory}'")
        # Each of dbt's cursors sets the limit again, and a run may be one of several in a process.
        for _ in range(2):
            connection.execute(hook.duckdb__keep_freed_memory())
            connection.execute(f"set memory_limit = '{memory}'")
        assert connection.execute(limit).fetchall() == limited.execute(limit).fetchall()
        ((kept,),) = connection.execute(
            "select current_setting('block_allocator_memory')"
        ).fetchall()
        assert kept != "0 bytes"
