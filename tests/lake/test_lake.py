"""The marts in a DuckLake are those of DuckDB's own file.

DuckLake has an environment of its own (`make lake`), with an older DuckDB; without it this is
skipped.
"""

import os
import subprocess

import pytest

from spark.comparing import compare, grains
from support import REPOSITORY

PYTHON = REPOSITORY / ".venv-lake" / "bin" / "python"
EXTENSION = "lib/python*/site-packages/duckdb_extension_ducklake/extensions/*/*.duckdb_extension"
EXPORT = """
import sys
import duckdb

extension, catalog, folder, *marts = sys.argv[1:]
connection = duckdb.connect()
connection.load_extension(extension)
connection.execute(f"attach 'ducklake:{catalog}' as lake (read_only)")
for mart in marts:
    connection.execute(f"copy (from lake.marts.{mart}) to '{folder}/{mart}.parquet'")
"""


def run(*command: object, **variables: object) -> None:
    finished = subprocess.run(
        [str(PYTHON), "-c", *map(str, command)],
        cwd=REPOSITORY,
        env=os.environ | {name: str(value) for name, value in variables.items()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]


@pytest.mark.skipif(not PYTHON.exists(), reason="DuckLake is not installed here: make lake")
def test_every_mart_in_a_lake_is_the_one_of_a_file(built, tmp_path):
    [extension] = (REPOSITORY / ".venv-lake").glob(EXTENSION)
    lake, exports = tmp_path / "lake", tmp_path / "exports"
    lake.mkdir()
    exports.mkdir()
    # DuckDB keeps the extension in the home folder.
    here = {"HOME": tmp_path, "HUB_LAKE": lake, "HUB_LANDING": REPOSITORY / "sample"}
    dbt = "from dbt.cli.main import cli; cli()"
    options = ["--target-path", tmp_path / "target", "--log-path", tmp_path / "logs"]
    kinds = ["--resource-type", "model", "--resource-type", "seed"]
    run(dbt, "build", "--target", "lake", *kinds, *options, HUB_LAKE_EXTENSION=extension, **here)
    run(EXPORT, extension, lake / "catalog.ducklake", exports, *grains(), **here)
    compared = [
        compare(mart, f"{built}/exports/{mart}.parquet", f"{exports}/{mart}.parquet", key)
        for mart, key in grains().items()
    ]
    assert [str(comparison) for comparison in compared if not comparison.is_same] == []
    assert all(comparison.n_rows for comparison in compared)
