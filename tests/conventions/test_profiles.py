"""How much runs at once follows from the memory that it may take."""

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
