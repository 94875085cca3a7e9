"""The floor of a build: read the raw columns once, write the marts' bytes, and nothing else.

    python -m bench.floor LANDING DATABASE FOLDER

The marts are copied from the database of a build to a new database in the folder.
"""

import sys
from pathlib import Path

import duckdb

from hub_lineage.sql import files_in_sql


def main(landing: str, database: str, folder: str) -> None:
    """Read and write; the caller removes the folder with the new database."""
    parts = files_in_sql(*sorted(Path(landing).glob("hub_models/*/part-*.parquet")))
    with duckdb.connect(str(Path(folder) / "floor.duckdb")) as connection:
        connection.execute(
            "select sum(strlen(raw_json)), count(model_id), count(hub_oid), count(fetched_at) "
            f"from read_parquet({parts})"
        ).fetchall()
        connection.execute(f"attach '{database}' as built (read_only)")
        marts = connection.execute(
            "select table_name from duckdb_tables() "
            "where database_name = 'built' and schema_name = 'marts' order by 1"
        ).fetchall()
        for (mart,) in marts:
            connection.execute(f"create table {mart} as from built.marts.{mart}")


if __name__ == "__main__":
    main(*sys.argv[1:])
